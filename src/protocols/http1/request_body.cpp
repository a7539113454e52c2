#include "protocols/http1/request_body.h"

#include <algorithm>

namespace turnout {

RequestBody::RequestBody(Wire& wire, Session& session, const Framing& framing, bool expects_continue)
    : wire_(wire), session_(session), body_(framing, session.limits()), expects_continue_(expects_continue) {}

RequestContent RequestBody::content() const noexcept {
  if (body_.kind() == BodyKind::length) return {false, body_.bytes() + body_.left()};
  if (body_.kind() == BodyKind::chunked) return {false, std::nullopt};
  return {before_.empty(), before_.size()};
}

// A rate below the limit, once the body has had time to begin. Only time spent waiting for the client counts, and only
// where the length is known: a chunked body may be an open stream of events.
bool RequestBody::is_too_slow() const noexcept {
  const Limits& limits = session_.limits();
  const auto grace_ms = static_cast<std::uint64_t>(limits.body_idle.count());
  if (body_.kind() != BodyKind::length || waited_ms_ <= grace_ms) return false;
  return body_.bytes() < (waited_ms_ - grace_ms) * limits.body_bytes_per_second_min / 1000;
}

Task<Result<Bytes>> RequestBody::read() {
  return read_within(SharedBuffers::bytes_each);
}

Task<Result<Bytes>> RequestBody::read_within(std::size_t unread_max) {
  if (before_used_ < before_.size()) {
    const Bytes all = as_bytes(std::string_view(before_).substr(before_used_));
    before_used_ = before_.size();
    co_return all;
  }
  while (true) {
    Code failure = Code::ok;
    const Bytes part = body_.take(wire_, failure);
    if (failure != Code::ok) co_return fail(failure);
    if (!part.empty()) {
      expects_continue_ = false;  // it did not wait
      co_return part;
    }
    if (body_.is_finished()) co_return Bytes();
    if (std::exchange(expects_continue_, false)) {
      wire_.expires_after(session_.limits().send_stall);
      const Result<void> sent = co_await wire_.write("HTTP/1.1 100 Continue\r\n\r\n");
      if (!sent) co_return std::unexpected(sent.error());
    }
    wire_.expires_after(session_.limits().body_idle);
    const std::uint64_t began_ms = session_.worker().now_ms();
    const Result<std::size_t> more = co_await wire_.fill(unread_max);
    waited_ms_ += session_.worker().now_ms() - began_ms;
    if (!more && more.error().code == Code::draining) continue;  // a request that runs may finish
    if (!more) co_return std::unexpected(more.error());
    if (*more == 0) co_return fail(Code::end);
    if (is_too_slow()) co_return fail(Code::timed_out);
  }
}

Task<Result<bool>> RequestBody::read_whole(PooledString& into, std::size_t bytes_max) {
  if (body_.kind() == BodyKind::length && body_.left() > bytes_max) co_return false;
  while (true) {
    // An offer is waiting for this body: what lies behind it is held, but no more than the limit (law L1).
    const Result<Bytes> part = co_await read_within(session_.limits().early_bytes_max);
    if (!part) co_return std::unexpected(part.error());
    if (part->empty()) co_return true;
    into.append(as_text(*part));
    if (into.size() > bytes_max) co_return false;
  }
}

bool RequestBody::finish_from_what_arrived() {
  before_used_ = before_.size();
  Code failure = Code::ok;
  while (!body_.take(wire_, failure).empty()) {
  }
  body_.settle(wire_);
  return body_.is_finished();
}

}  // namespace turnout
