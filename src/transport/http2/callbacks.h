// What nghttp2 calls, and how its session is set up. Callbacks append to a stream's state and wake; nothing runs in
// them that could come back to nghttp2.
#pragma once

#include <nghttp2/nghttp2.h>

#include "base/limits.h"
#include "transport/http2/link.h"

namespace turnout {

class Http2StreamState;

/// nullptr where there is no memory for it.
nghttp2_session* make_http2_session(Http2Role role, const Limits& limits, Http2Link& link);

/// What the stream has to send, as a source of DATA frames.
nghttp2_data_provider http2_body_of(Http2StreamState& state) noexcept;

}  // namespace turnout
