#include "protocols/http1/http1_exchange.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "codec/http/date_now.h"
#include "codec/http1/chunked.h"
#include "codec/http1/response_writer.h"

namespace turnout {
namespace {

// A head and as much of the content as is worth a copy.
constexpr std::size_t with_head_bytes_max = 32 * 1024;

}  // namespace

Task<Result<Bytes>> Http1Exchange::read() {
  if (has_failed()) co_return std::unexpected(failure_);
  reading_ = true;
  const Result<Bytes> part = co_await body_.read();
  reading_ = false;
  if (!part && part.error().code != Code::cancelled) failure_ = part.error();
  co_return part;
}

void Http1Exchange::cancel_read() noexcept {
  if (reading_) wire_.stream().interrupt(Side::read, Code::cancelled);
}

// What is known about the connection's end when the head of the answer is written.
void Http1Exchange::decide_connection() {
  // A body that is still to come would be read as the next request by somebody who answered early (class S9).
  if (!body_.finish_from_what_arrived()) keep_alive_ = false;
  if (close_if_bytes_wait_ && !wire_.peek().empty()) keep_alive_ = false;
  if (session().is_draining()) keep_alive_ = false;
}

HeadTail Http1Exchange::tail(const ResponseHead& head, std::optional<std::uint64_t> length) const {
  HeadTail end;
  end.date = http_date(session().worker().wall_ms());
  end.content_length = length;
  end.chunked = coding_ == Coding::chunked;
  // RFC 9110 section 7.8: whoever sends Upgrade names it in Connection.
  const bool upgrade = head.fields.has("upgrade");
  if (!keep_alive_) {
    end.connection = upgrade ? "close, Upgrade" : "close";
  } else if (request().version == HttpVersion::http10) {
    end.connection = upgrade ? "keep-alive, Upgrade" : "keep-alive";
  } else if (upgrade) {
    end.connection = "Upgrade";
  }
  return end;
}

Task<Result<void>> Http1Exchange::send_head(const ResponseHead& head, const HeadTail& end, Bytes body) {
  status_ = head.status;
  wire_.expires_after(session().limits().send_stall);
  const std::span<char> scratch = session().worker().scratch().first(with_head_bytes_max);
  const std::size_t head_bytes_max = response_head_bytes_max(head, end);
  if (head_bytes_max + std::min(body.size(), first_bytes_max) > scratch.size()) {
    PooledString text;
    append_response_head(text, head, end);
    const Bytes with_head = body.first(std::min(body.size(), first_bytes_max));
    text.append(as_text(with_head));
    const Result<void> sent = co_await wire_.write(std::string_view(text));
    if (!sent || with_head.size() == body.size()) co_return sent;
    co_return co_await wire_.write(body.subspan(with_head.size()));
  }
  // Head and content in one write, as far as there is room; the rest follows from where it lies.
  std::size_t n = write_response_head(scratch, head, end).bytes;
  const std::size_t with_head = copy_some(std::as_writable_bytes(scratch.subspan(n)), body);
  n += with_head;
  const Result<void> sent = co_await wire_.write(std::string_view(scratch.data(), n));
  if (!sent || with_head == body.size()) co_return sent;
  co_return co_await wire_.write(body.subspan(with_head));
}

Result<void> Http1Exchange::done(Result<void> sent) noexcept {
  if (!sent && !has_failed()) failure_ = sent.error();
  return sent;
}

Task<Result<void>> Http1Exchange::respond(ResponseHead head, Bytes body) {
  if (has_failed()) co_return std::unexpected(failure_);
  decide_connection();
  sends_content_ = request().method != "HEAD" && head.status != 204 && head.status != 304;
  coding_ = Coding::length;
  // A 304 without a body to leave out says nothing about a length (RFC 9110 section 8.6).
  std::optional<std::uint64_t> length = body.size();
  if (head.status == 304 && body.empty()) length.reset();
  const Result<void> sent = co_await send_head(head, tail(head, length), sends_content_ ? body : Bytes());
  bytes_out_ = sends_content_ ? body.size() : 0;
  finished_ = sent.has_value();
  co_return done(sent);
}

Task<Result<void>> Http1Exchange::start(ResponseHead head, std::optional<std::uint64_t> length, Bytes first) {
  if (has_failed()) co_return std::unexpected(failure_);
  if (request().version == HttpVersion::http10 && !length) keep_alive_ = false;
  sends_content_ = request().method != "HEAD" && head.status != 204 && head.status != 304;
  if (length) {
    coding_ = Coding::length;
    left_ = *length;
  } else {
    coding_ = request().version == HttpVersion::http10 ? Coding::until_close : Coding::chunked;
  }
  // An answer in pieces may still read the request's body while it goes out, so only what is certain is decided now.
  if (session().is_draining()) keep_alive_ = false;
  // Whoever refuses or redirects does not wait for the rest of it.
  if (body_.is_through() || head.status >= 300) decide_connection();
  if (!count_piece(first.size())) co_return done(fail(Code::internal, Source::internal));
  if (!sends_content_ || first.empty()) co_return done(co_await send_head(head, tail(head, length), {}));
  bytes_out_ = first.size();
  if (coding_ != Coding::chunked) co_return done(co_await send_head(head, tail(head, length), first));
  std::array<char, chunk_head_bytes_max> chunk_head;
  PooledString chunk(write_chunk_head(chunk_head, first.size()));
  chunk.append(as_text(first)).append(chunk_end);
  co_return done(co_await send_head(head, tail(head, length), as_bytes(chunk)));
}

/// False where the content is longer than was announced.
bool Http1Exchange::count_piece(std::size_t bytes) noexcept {
  if (coding_ != Coding::length) return true;
  if (bytes > left_) return false;
  left_ -= bytes;
  return true;
}

Task<Result<void>> Http1Exchange::send(Bytes bytes) {
  wire_.expires_after(session().limits().send_stall);
  if (coding_ != Coding::chunked) co_return co_await wire_.write(bytes);
  co_return co_await write_chunks(wire_, bytes);
}

Task<Result<void>> Http1Exchange::write(Bytes bytes) {
  if (has_failed()) co_return std::unexpected(failure_);
  if (!count_piece(bytes.size())) co_return done(fail(Code::internal, Source::internal));
  if (!sends_content_ || bytes.empty()) co_return Result<void>();
  bytes_out_ += bytes.size();
  co_return done(co_await send(bytes));
}

Task<Result<void>> Http1Exchange::send_file(int descriptor, std::uint64_t offset, std::uint64_t size) {
  if (has_failed()) co_return std::unexpected(failure_);
  if (!sends_content_) {
    left_ -= std::min(left_, size);
    co_return Result<void>();
  }
  if (coding_ == Coding::length && size <= left_) {
    wire_.expires_after(session().limits().send_stall);
    const Result<void> sent = co_await wire_.send_file(descriptor, offset, size);
    if (sent || sent.error().code != Code::unsupported) {
      left_ -= size;
      bytes_out_ += size;
      co_return done(sent);
    }
  }
  // Through TLS and in chunks a file goes out in pieces, each in memory only while it is written.
  constexpr std::size_t piece_bytes = 16 * 1024;
  while (size != 0) {
    PooledVector<std::byte> piece(static_cast<std::size_t>(std::min<std::uint64_t>(size, piece_bytes)));
    const ssize_t n = ::pread(descriptor, piece.data(), piece.size(), static_cast<off_t>(offset));
    // Shorter than it was when the answer began: the length that was promised cannot be kept.
    if (n <= 0) co_return done(fail(Code::internal, Source::internal));
    const Result<void> sent = co_await write(Bytes(piece).first(static_cast<std::size_t>(n)));
    if (!sent) co_return sent;
    offset += static_cast<std::uint64_t>(n);
    size -= static_cast<std::uint64_t>(n);
  }
  co_return Result<void>();
}

Task<Result<void>> Http1Exchange::finish(const FieldList& trailers) {
  if (has_failed()) co_return std::unexpected(failure_);
  if (coding_ == Coding::length && sends_content_ && left_ != 0) {
    co_return done(fail(Code::internal, Source::internal));
  }
  // The head said that the connection goes on; where the request's body was not read to its end, it must not.
  if (!body_.finish_from_what_arrived()) keep_alive_ = false;
  if (close_if_bytes_wait_ && !wire_.peek().empty()) keep_alive_ = false;
  Result<void> sent;
  if (coding_ == Coding::chunked && sends_content_) {
    wire_.expires_after(session().limits().send_stall);
    PooledString text;
    (void)append_last_chunk(text, trailers);
    sent = co_await wire_.write(std::string_view(text));
  }
  finished_ = sent.has_value();
  co_return done(sent);
}

Task<Result<void>> Http1Exchange::send_interim(ResponseHead head) {
  if (has_failed()) co_return std::unexpected(failure_);
  // RFC 9110 section 15.2: a client of HTTP/1.0 does not know of them. 101 is not an answer to pass on but a switch.
  if (request().version == HttpVersion::http10 || has_started() || head.status == 101) co_return Result<void>();
  PooledString text;
  append_response_head(text, head, {});
  wire_.expires_after(session().limits().send_stall);
  co_return done(co_await wire_.write(std::string_view(text)));
}

void Http1Exchange::when_gone(Waiter* waiter) {
  gone_ = waiter;
  if (waiter != nullptr && body_.is_through() && watch_.running() == 0) watch_.spawn(watch());
}

// Only reading finds out that a connection has broken. What arrives meanwhile is the next request, or was sent ahead of
// an answer to an offer: it is held, up to the limit (law L1).
Task<void> Http1Exchange::watch() {
  while (true) {
    const Result<std::size_t> more = co_await wire_.fill(session().limits().early_bytes_max);
    if (more && *more != 0) continue;
    if (more) co_return;
    switch (more.error().code) {
      case Code::draining:   // what runs may finish
      case Code::timed_out:  // the deadline is that of a write
        continue;
      case Code::cancelled:
      case Code::too_large: co_return;
      default: break;
    }
    if (gone_ != nullptr) session().worker().post(*std::exchange(gone_, nullptr));
    co_return;
  }
}

Task<void> Http1Exchange::stop_watching() {
  gone_ = nullptr;
  if (watch_.running() == 0) co_return;
  wire_.stream().interrupt(Side::read, Code::cancelled);
  co_await watch_.join();
}

}  // namespace turnout
