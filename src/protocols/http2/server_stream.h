// Http2ServerStream: what a server knows about a stream beside its bytes.
#pragma once

#include <memory>

#include "protocols/http2/request_builder.h"
#include "transport/http2/stream_state.h"

namespace turnout {

class Http2Connection;

class Http2ServerStream final : public Http2StreamState {
 public:
  explicit Http2ServerStream(Http2Connection& connection) noexcept;

  Http2Connection& connection() const noexcept { return connection_; }

  /// An answer ahead of the answer has been queued; its head has left.
  void interim_queued() noexcept { ++interim_; }
  void head_sent() noexcept;
  bool has_interim() const noexcept { return interim_ != 0; }

  std::unique_ptr<Http2RequestBuilder> builder;  // of the request, until it is served

 private:
  Http2Connection& connection_;
  std::uint32_t interim_ = 0;
};

}  // namespace turnout
