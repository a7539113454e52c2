// What happens to a request of HTTP/2 between its head and its record.
#pragma once

#include "protocols/http2/request_builder.h"
#include "protocols/http2/server_stream.h"
#include "runtime/task.h"
#include "switching/upgrade.h"

namespace turnout {

/// Routes the request, has it answered, and puts that on record. An extended CONNECT becomes a tunnel where its offer
/// is accepted, and the task ends with the tunnel.
Task<void> serve_http2_request(Http2ServerStream& state, OwnedRequest& request);

/// Answers a request that broke a rule or a limit.
Task<void> refuse_http2_request(Http2ServerStream& state, OwnedRequest& request, Http2Refusal refusal);

}  // namespace turnout
