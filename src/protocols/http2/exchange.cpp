#include "protocols/http2/exchange.h"

#include "base/ascii.h"
#include "codec/http/announced_length.h"
#include "protocols/http2/connection.h"

namespace turnout {
Http2Exchange::Http2Exchange(Http2ServerStream& state, const RequestHead& request, const Route& route, Session& session,
                             Kind kind) noexcept
    : Exchange(request, route, session), state_(state), kind_(kind) {
  if (kind == Kind::declined_connect) return;
  content_.length = announced_length(request.fields);
  if (!state.has_ended()) {
    content_.is_empty = false;
    return;
  }
  // All of it is here already. With trailers it is none of the messages whose end is where their length is reached.
  content_.is_empty = state.received() == 0 && state.trailers().empty();
  if (state.trailers().empty()) content_.length = state.received();
}

std::unexpected<Error> Http2Exchange::broken(Code code, Source source) noexcept {
  if (failure_ == Code::ok) {
    failure_ = code;
    failure_source_ = source;
  }
  return fail(failure_, failure_source_);
}

Task<Result<Bytes>> Http2Exchange::read() {
  taken_.clear();
  if (failure_ != Code::ok) co_return fail(failure_, failure_source_);
  if (kind_ == Kind::declined_connect) co_return Bytes{};
  Worker& worker = state_.connection().worker();
  while (!state_.has_unread()) {
    if (state_.failure() != Code::ok) co_return broken(state_.failure());
    if (state_.has_ended()) co_return Bytes{};
    if (!std::exchange(said_continue_, true) && status_ == 0) {
      const auto expect = request().fields.find("expect");
      // RFC 9110 section 10.1.1: the client waits to be told that its body is wanted.
      if (expect && iequals(*expect, "100-continue")) state_.connection().submit_interim(state_, ResponseHead(100));
    }
    Http2StreamState::Deadline deadline(state_);
    const std::uint64_t since = worker.now_ms();
    // Behind the beginning of the answer it is a conversation, which may have pauses.
    const Limits& limits = session().limits();
    worker.set_timer(deadline, status_ == 0 ? limits.body_idle : limits.tunnel_idle);
    reading_ = true;
    co_await state_.change(Side::read);
    reading_ = false;
    if (std::exchange(read_cancelled_, false)) co_return fail(Code::cancelled);
    waited_ms_ += worker.now_ms() - since;
    if (deadline.is_over || is_too_slow()) co_return broken(Code::timed_out);
  }
  taken_ = state_.take_all();
  co_return as_bytes(taken_);
}

void Http2Exchange::cancel_read() noexcept {
  if (!reading_) return;
  read_cancelled_ = true;
  state_.wake(Side::read);
}

bool Http2Exchange::is_too_slow() const noexcept {
  // Whoever announced how much will come has no reason to be this slow (D2).
  if (!request().fields.has("content-length")) return false;
  const Limits& limits = session().limits();
  const auto grace_ms = static_cast<std::uint64_t>(limits.body_idle.count());
  return waited_ms_ > grace_ms + state_.received() * 1000 / limits.body_bytes_per_second_min;
}

bool Http2Exchange::is_without_body(int status) const noexcept {
  return request().method == "HEAD" || status == 204 || status == 304;
}

Result<void> Http2Exchange::send_head(ResponseHead head, std::optional<std::uint64_t> length, bool with_body) {
  if (failure_ != Code::ok) return fail(failure_, failure_source_);
  if (status_ != 0) return broken(Code::internal, Source::internal);
  if (state_.failure() != Code::ok) return broken(state_.failure());
  status_ = head.status;
  if (!state_.connection().submit_head(state_, head, length, with_body)) {
    return broken(Code::internal, Source::internal);
  }
  return {};
}

Task<Result<void>> Http2Exchange::respond(ResponseHead head, Bytes body) {
  if (kind_ == Kind::declined_connect && head.status < 300) {
    // To a client a 2xx would be the acceptance of its tunnel.
    head = ResponseHead(405);
    head.fields.add("allow", "GET");
    body = {};
  }
  // A 304 without a body to leave out says nothing about a length (RFC 9110 section 8.6).
  std::optional<std::uint64_t> length = body.size();
  if (head.status == 304 && body.empty()) length.reset();
  const bool with_body = !body.empty() && !is_without_body(head.status);
  // The body is there before the head goes out, so that both leave in one write.
  const Result<void> sent = send_head(std::move(head), length, with_body);
  finished_ = true;
  without_body_ = !with_body;
  if (!sent || !with_body) co_return sent;
  bytes_out_ = body.size();
  if (state_.try_append(body)) {
    state_.end();
    co_return sent;
  }
  co_await state_.deliver(body, true);
  co_return delivered();
}

Task<Result<void>> Http2Exchange::start(ResponseHead head, std::optional<std::uint64_t> length, Bytes first) {
  if (kind_ == Kind::declined_connect && head.status < 300) co_return co_await respond(std::move(head), {});
  without_body_ = is_without_body(head.status);
  left_ = length;
  const Result<void> started = send_head(std::move(head), length, !without_body_);
  if (!started || first.empty()) co_return started;
  co_return co_await write(first);
}

std::optional<Result<void>> Http2Exchange::check_piece(std::uint64_t size) {
  if (failure_ != Code::ok) return fail(failure_, failure_source_);
  if (status_ == 0) return broken(Code::internal, Source::internal);
  if (without_body_ || size == 0) return Result<void>{};
  if (finished_ || (left_ && size > *left_)) return broken(Code::internal, Source::internal);
  if (state_.failure() != Code::ok) return broken(state_.failure());
  if (left_) *left_ -= size;
  bytes_out_ += size;
  return std::nullopt;
}

Task<Result<void>> Http2Exchange::write(Bytes bytes) {
  if (auto instead = check_piece(bytes.size()); instead) co_return *instead;
  if (state_.try_append(bytes)) co_return Result<void>{};
  co_await state_.deliver(bytes);
  co_return delivered();
}

Task<Result<void>> Http2Exchange::send_file(int descriptor, std::uint64_t offset, std::uint64_t size) {
  if (auto instead = check_piece(size); instead) co_return *instead;
  co_await state_.deliver_file(descriptor, offset, size);
  co_return delivered();
}

Result<void> Http2Exchange::delivered() noexcept {
  if (state_.failure() != Code::ok) return broken(state_.failure());
  return {};
}

Task<Result<void>> Http2Exchange::finish(const FieldList& trailers) {
  if (failure_ != Code::ok) co_return fail(failure_, failure_source_);
  if (status_ == 0) co_return broken(Code::internal, Source::internal);
  if (std::exchange(finished_, true) || without_body_) co_return Result<void>{};
  if (left_ && *left_ != 0) co_return broken(Code::internal, Source::internal);
  if (state_.failure() != Code::ok) co_return broken(state_.failure());
  state_.end(trailers);
  co_return Result<void>{};
}

Task<Result<void>> Http2Exchange::send_interim(ResponseHead head) {
  if (failure_ != Code::ok) co_return fail(failure_, failure_source_);
  if (head.status == 100) co_return Result<void>{};                // read() says it, when it waits for the body
  const bool is_interim = head.status > 101 && head.status < 200;  // RFC 9113 section 8.6: there is no 101
  if (!is_interim || status_ != 0) co_return broken(Code::internal, Source::internal);
  if (state_.failure() != Code::ok) co_return broken(state_.failure());
  if (!state_.connection().submit_interim(state_, head)) co_return broken(Code::internal, Source::internal);
  // One at a time: a client that takes nothing must not make them pile up.
  while (state_.has_interim() && state_.failure() == Code::ok) co_await state_.change(Side::write);
  if (state_.failure() != Code::ok) co_return broken(state_.failure());
  co_return Result<void>{};
}

void Http2Exchange::when_gone(Waiter* waiter) {
  if (when_gone_ != nullptr) {
    state_.when_failed(nullptr);
    state_.connection().worker().unpost(*when_gone_);
  }
  when_gone_ = waiter;
  if (waiter != nullptr) state_.when_failed(waiter);
}

Task<void> Http2Exchange::settle() {
  if (status_ != 0 || state_.failure() != Code::ok) co_return;  // what is unfinished is broken off with the stream
  const int status = failure_ == Code::timed_out ? 408 : 500;
  failure_ = Code::ok;
  co_await Exchange::respond(status, status == 408 ? "the request body did not arrive in time\n"
                                                   : "the server failed to answer this request\n");
}

}  // namespace turnout
