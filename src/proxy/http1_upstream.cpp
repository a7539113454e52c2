#include "proxy/http1_upstream.h"

#include <algorithm>

#include "codec/http/announced_length.h"
#include "codec/http1/request_writer.h"
#include "codec/http1/response_parser.h"

namespace turnout {
namespace {

std::unexpected<Error> upstream(Error error) {
  return std::unexpected(Error{error.code, Source::upstream});
}

Result<void> as_upstream(Result<void> result) {
  if (!result) result.error().source = Source::upstream;
  return result;
}

}  // namespace

Http1UpstreamExchange::~Http1UpstreamExchange() {
  const bool is_complete = sent_all_ && keep_alive_ && body_ && body_->is_finished();
  if (!wire_ || !is_complete || !give_back_) return;
  body_->settle(*wire_);
  // Bytes that nobody asked for may be meant for the next request's client (U6, S11).
  if (wire_->peek().empty()) give_back_(std::move(*wire_));
}

Task<Result<void>> Http1UpstreamExchange::send(const RequestHead& head, const RequestContent& content) {
  method_ = head.method;
  HeadTail tail;
  chunked_ = !content.is_empty && !content.length;
  tail.chunked = chunked_;
  // RFC 9110 section 8.6: a method that expects content says so where there is none.
  const bool expects_content = method_ == "POST" || method_ == "PUT" || method_ == "PATCH";
  if (!content.is_empty) {
    tail.content_length = content.length;
  } else if (expects_content) {
    tail.content_length = 0;
  }
  // What is of one hop is named in Connection (RFC 9110 section 7.6.1).
  const bool upgrades = head.fields.has("upgrade");
  if (head.fields.has("te")) {
    tail.connection = upgrades ? "Upgrade, TE" : "TE";
  } else if (upgrades) {
    tail.connection = "Upgrade";
  }
  PooledString text;
  const WrittenHead written = append_request_head(text, head, tail);
  // A head that cannot be written as it is must not be written otherwise (U9, H8).
  if (written.bytes == 0 || !written.complete) co_return fail(Code::malformed, Source::internal);
  sent_all_ = content.is_empty;
  wire_->expires_after(limits_.send_stall);
  co_return as_upstream(co_await wire_->write(std::string_view(text)));
}

Task<Result<void>> Http1UpstreamExchange::write(Bytes bytes) {
  wire_->stream().renew_deadline();
  if (chunked_) co_return as_upstream(co_await write_chunks(*wire_, bytes));
  co_return as_upstream(co_await wire_->write(bytes));
}

Task<Result<void>> Http1UpstreamExchange::finish(const FieldList& trailers) {
  if (chunked_) {
    PooledString text;
    (void)append_last_chunk(text, trailers);
    const Result<void> sent = co_await wire_->write(std::string_view(text));
    if (!sent) co_return as_upstream(sent);
  }
  sent_all_ = true;
  co_return Result<void>();
}

Task<Result<std::size_t>> Http1UpstreamExchange::head_size() {
  HeadScanner scanner(HeadScanner::Kind::response);
  while (true) {
    const auto scanned = scanner.feed(wire_->peek(), limits_);
    if (!scanned) co_return fail(Code::malformed, Source::upstream);
    if (*scanned != 0) co_return *scanned;
    const Result<std::size_t> more =
        co_await wire_->fill(std::max(limits_.head_bytes_max + 4, limits_.early_bytes_max));
    if (!more) co_return upstream(more.error());
    // Half a head is a broken answer; none at all is an old connection's end.
    if (*more != 0) used_before_ = false;
    if (*more == 0) co_return fail(wire_->peek().empty() ? Code::end : Code::malformed, Source::upstream);
  }
}

Task<Result<UpstreamAnswer>> Http1UpstreamExchange::answer(Millis limit) {
  idle_ = limit;
  wire_->expires_after(limit);
  const Result<std::size_t> size = co_await head_size();
  if (!size) co_return std::unexpected(size.error());
  auto parsed = parse_response(wire_->peek().first(*size), limits_, method_);
  if (!parsed) co_return fail(Code::malformed, Source::upstream);
  wire_->consume(*size);
  // There is no 101 in HTTP/1.0 (RFC 9110 section 15.2): it means something else to whoever sent it (U17).
  if (parsed->switches && parsed->version == HttpVersion::http10) co_return fail(Code::malformed, Source::upstream);
  UpstreamAnswer answer;
  answer.head = std::move(parsed->head);
  answer.version = parsed->version;
  answer.switches = parsed->switches;
  if (answer.is_interim()) {
    if (--interim_left_ == 0) co_return fail(Code::malformed, Source::upstream);
    co_return answer;
  }
  wire_->expires_never();
  if (answer.switches) co_return answer;
  body_.emplace(parsed->framing, limits_);
  keep_alive_ = parsed->keep_alive;
  answer.has_content = parsed->framing.kind != BodyKind::none;
  if (parsed->framing.kind == BodyKind::length) answer.length = parsed->framing.length;
  // HEAD and 304 tell of a length that does not follow; 0 is a length as well (RFC 9110 section 8.6).
  if (!answer.length) answer.length = announced_length(answer.head.fields);
  co_return answer;
}

Task<Result<Bytes>> Http1UpstreamExchange::read() {
  while (true) {
    Code failure = Code::ok;
    const Bytes part = body_->take(*wire_, failure);
    if (failure != Code::ok) co_return fail(failure, Source::upstream);
    if (!part.empty() || body_->is_finished()) co_return part;
    wire_->expires_after(idle_);
    const Result<std::size_t> more = co_await wire_->fill();
    if (!more) co_return upstream(more.error());
    if (*more != 0) continue;
    if (body_->end_of_connection()) co_return Bytes();
    co_return fail(Code::end, Source::upstream);
  }
}

Bytes Http1UpstreamExchange::read_arrived(std::size_t bytes_max) {
  // What frames the content only makes it longer.
  if (wire_->peek().size() > bytes_max) return {};
  Code failure = Code::ok;
  return body_->take(*wire_, failure);
}

const FieldList& Http1UpstreamExchange::trailers() const noexcept {
  static const FieldList none;
  return body_ ? body_->trailers() : none;
}

Wire Http1UpstreamExchange::take_wire() {
  Wire wire = std::move(*wire_);
  wire_.reset();
  wire.expires_never();
  return wire;
}

}  // namespace turnout
