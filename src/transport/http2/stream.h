// Http2Stream: a stream of an HTTP/2 connection as a Stream, so that any protocol runs on it (RFC 8441 section 5):
// END_STREAM is the end of one side, RST_STREAM breaks it off.
//
//   co_await drive(std::move(successor), Wire(std::make_unique<Http2Stream>(state)), child_session);
#pragma once

#include "transport/http2/stream_state.h"
#include "transport/stream.h"

namespace turnout {

class Http2Stream final : public Stream {
 public:
  /// With a link the stream holds the state, and keeps the link alive; without, somebody else does who outlives it.
  explicit Http2Stream(Http2StreamState& state, std::shared_ptr<Http2Link> link = nullptr) noexcept;
  ~Http2Stream() override;

  Io try_read(MutableBytes into) noexcept override;
  Io try_write(Bytes from) noexcept override;
  Code try_close_write() noexcept override;
  void abort() noexcept override;
  bool is_broken() const noexcept override { return state_.failure() != Code::ok; }
  std::string_view name() const noexcept override;

 private:
  Http2StreamState& state_;
  std::shared_ptr<Http2Link> link_;
};

}  // namespace turnout
