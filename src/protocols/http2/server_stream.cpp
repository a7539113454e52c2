#include "protocols/http2/server_stream.h"

#include "protocols/http2/connection.h"

namespace turnout {

Http2ServerStream::Http2ServerStream(Http2Connection& connection) noexcept
    : Http2StreamState(connection), connection_(connection) {}

void Http2ServerStream::head_sent() noexcept {
  if (interim_ == 0) return;
  --interim_;
  wake(Side::write);
}

}  // namespace turnout
