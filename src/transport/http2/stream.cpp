#include "transport/http2/stream.h"

#include <algorithm>

#include "transport/http2/link.h"

namespace turnout {

Http2Stream::Http2Stream(Http2StreamState& state, std::shared_ptr<Http2Link> link) noexcept
    : Stream(state.link().worker(), static_cast<std::uint8_t>(state.link().layer() + 1)),
      state_(state),
      link_(std::move(link)) {
  state_.attach(this);
}

Http2Stream::~Http2Stream() {
  state_.attach(nullptr);
  // As with a socket: what was written still goes out, and then the end.
  if (state_.failure() == Code::ok && !state_.is_ended()) state_.end();
  if (link_) link_->release(state_);
}

Io Http2Stream::try_read(MutableBytes into) noexcept {
  if (state_.failure() != Code::ok) return {0, state_.failure()};
  if (state_.has_unread()) return {state_.take(into), Code::ok};
  return {0, state_.has_ended() ? Code::ok : Code::would_block};
}

Io Http2Stream::try_write(Bytes from) noexcept {
  if (state_.failure() != Code::ok) return {0, state_.failure()};
  if (state_.is_ended() || state_.is_stopped()) return {0, Code::reset};
  const std::size_t n = std::min(from.size(), state_.room());
  if (n == 0) return {0, from.empty() ? Code::ok : Code::would_block};
  state_.append(from.first(n));
  return {n, Code::ok};
}

Code Http2Stream::try_close_write() noexcept {
  if (state_.failure() != Code::ok) return state_.failure();
  if (!state_.is_ended()) state_.end();
  return Code::ok;
}

void Http2Stream::abort() noexcept {
  // RFC 8441 section 5: the RST of a TCP connection is RST_STREAM with CANCEL.
  state_.link().reset(state_, NGHTTP2_CANCEL, Code::reset);
}

std::string_view Http2Stream::name() const noexcept {
  return state_.link().stream_name();
}

}  // namespace turnout
