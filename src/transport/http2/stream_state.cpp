#include "transport/http2/stream_state.h"

#include <unistd.h>

#include <algorithm>
#include <span>

#include "transport/http2/link.h"
#include "transport/http2/stream.h"

namespace turnout {
namespace {

/// Forgets what was used of a buffer before more is put behind it: one that is never quite empty, because its reader is
/// slow but steady, would else grow with all that passes through it.
void forget_used(PooledString& buffer, std::size_t& at) {
  if (at != buffer.size() && at < Http2StreamState::buffer_bytes_max / 4) return;
  buffer.erase(0, at);
  at = 0;
}

}  // namespace

Http2StreamState::Stall::Stall(Http2StreamState& owner) noexcept
    : Timer([](Timer& timer) noexcept {
        Http2StreamState& stalled = static_cast<Stall&>(timer).state;
        stalled.link_.on_stall(stalled);
      }),
      state(owner) {}

Http2StreamState::Http2StreamState(Http2Link& link) noexcept
    : link_(link), began_ms_(link.worker().now_ms()), stall_(*this) {}

void Http2StreamState::receive(Bytes bytes) {
  forget_used(unread_, unread_at_);
  unread_.append(as_text(bytes));
  received_ += bytes.size();
  wake(Side::read);
}

std::size_t Http2StreamState::take(MutableBytes into) {
  const std::size_t n = copy_some(into, as_bytes(unread_).subspan(unread_at_));
  unread_at_ += n;
  if (!has_unread()) {
    unread_ = PooledString();  // an idle stream holds no buffer
    unread_at_ = 0;
  }
  link_.consumed(*this, n);
  return n;
}

PooledString Http2StreamState::take_all() {
  PooledString all = std::move(unread_);
  all.erase(0, unread_at_);
  unread_ = PooledString();
  unread_at_ = 0;
  link_.consumed(*this, all.size());
  return all;
}

void Http2StreamState::receive_all(PooledString body) noexcept {
  outside_window_ = true;
  received_end_ = true;
  unread_ = std::move(body);
  received_ = unread_.size();
}

std::size_t Http2StreamState::room() const noexcept {
  return buffer_bytes_max - std::min<std::size_t>(buffer_bytes_max, out_.size() - out_at_);
}

void Http2StreamState::append(Bytes bytes) {
  forget_used(out_, out_at_);
  out_.append(as_text(bytes));
  link_.has_more(*this);
}

bool Http2StreamState::try_append(Bytes bytes) {
  constexpr std::size_t copied_bytes_max = 16 * 1024;
  if (bytes.size() > std::min(copied_bytes_max, room())) return false;
  append(bytes);
  return true;
}

Task<void> Http2StreamState::deliver(Bytes bytes, bool ends) {
  PooledString copy;
  if (link_.worker().is_shared(bytes.data())) {
    copy.assign(as_text(bytes));
    bytes = as_bytes(copy);
  }
  source_ = bytes;
  if (ends) end_ = true;
  link_.has_more(*this);
  co_await left();
}

Task<void> Http2StreamState::deliver_file(int descriptor, std::uint64_t offset, std::uint64_t size) {
  file_ = descriptor;
  file_at_ = offset;
  file_left_ = size;
  link_.has_more(*this);
  co_await left();
}

Task<void> Http2StreamState::left() {
  while (pending() != 0 && !stopped_) co_await change(Side::write);
}

void Http2StreamState::end() {
  end_ = true;
  link_.has_more(*this);
}

void Http2StreamState::end(const FieldList& trailers) {
  if (!trailers.empty()) end_fields_ = std::make_unique<FieldList>(trailers);
  end();
}

bool Http2StreamState::move_pending(MutableBytes to) {
  const std::size_t buffered = copy_some(to, as_bytes(out_).subspan(out_at_));
  out_at_ += buffered;
  if (out_at_ == out_.size()) {
    out_ = PooledString();
    out_at_ = 0;
  }
  to = to.subspan(buffered);
  const std::size_t parked = copy_some(to, source_);
  source_ = source_.subspan(parked);
  to = to.subspan(parked);
  while (!to.empty()) {
    const ssize_t n = ::pread(file_, to.data(), to.size(), static_cast<off_t>(file_at_));
    if (n <= 0) return false;  // cut short since its length was announced, or unreadable
    const auto read = static_cast<std::size_t>(n);
    file_at_ += read;
    file_left_ -= read;
    to = to.subspan(read);
  }
  return true;
}

void Http2StreamState::stop_sending() noexcept {
  stopped_ = true;
  // What a frame's head has announced has to follow it, unless the frame is given up with its stream.
  PooledString rest(failure_ == Code::ok ? announced_ : 0, '\0');
  if (!move_pending(std::as_writable_bytes(std::span(rest)))) rest.clear();
  out_ = std::move(rest);
  out_at_ = 0;
  source_ = {};
  file_left_ = 0;
  link_.worker().wheel().clear(stall_);
  wake(Side::write);
}

void Http2StreamState::fail(Code why) noexcept {
  if (failure_ == Code::ok) failure_ = why;
  unread_ = PooledString();
  unread_at_ = 0;
  stop_sending();
  wake(Side::read);
  if (when_failed_ != nullptr) link_.worker().post(*std::exchange(when_failed_, nullptr));
}

void Http2StreamState::when_failed(Waiter* waiter) noexcept {
  when_failed_ = waiter;
  if (waiter != nullptr && failure_ != Code::ok) link_.worker().post(*std::exchange(when_failed_, nullptr));
}

void Http2StreamState::wake(Side side) noexcept {
  if (stream_ != nullptr) {
    stream_->wake_later(side);
    return;
  }
  Waiter*& slot = waiting_[static_cast<std::size_t>(side)];
  if (Waiter* waiter = std::exchange(slot, nullptr); waiter != nullptr) link_.worker().post(*waiter);
}

Http2StreamState::Deadline::Deadline(Http2StreamState& owner) noexcept
    : Timer([](Timer& timer) noexcept {
        auto& deadline = static_cast<Deadline&>(timer);
        deadline.is_over = true;
        deadline.state.wake(Side::read);
      }),
      state(owner) {}

Http2StreamState::Change::Change(Http2StreamState& state, Side side) noexcept
    : Waiter([](Waiter& waiter) noexcept { static_cast<Change&>(waiter).caller_.resume(); }),
      state_(state),
      side_(side) {}

void Http2StreamState::Change::await_suspend(std::coroutine_handle<> caller) noexcept {
  caller_ = caller;
  state_.waiting_[static_cast<std::size_t>(side_)] = this;
}

}  // namespace turnout
