// Health probes: one question to a backend over a connection of its own, in the version of HTTP that it speaks.
//
//   const auto status = co_await probe(worker, connector, server, check, &cancellation);
//   if (!status) log(text(status.error().error));
#pragma once

#include <expected>

#include "proxy/connector.h"
#include "proxy/upstream.h"
#include "runtime/deadline.h"

namespace turnout {

using ProbeResult = std::expected<int, ConnectError>;  // the status of the answer

/// GET of the check's path. Its time limit is for everything together. References outlive the task.
Task<ProbeResult> probe(Worker& worker, const Connector& connector, const UpstreamServer& server,
                        const HealthCheck& check, Cancellation* cancellation);

/// True for the status that the check wants, or any 2xx or 3xx.
bool is_healthy(const HealthCheck& check, int status) noexcept;

/// The second half, over a connection that is there.
Task<ProbeResult> probe_http1(Wire& wire, const UpstreamServer& server, const HealthCheck& check, Deadline deadline);
Task<ProbeResult> probe_http2(Wire& wire, const UpstreamServer& server, const HealthCheck& check, Deadline deadline);

/// Why nothing more came, or went.
ConnectError probe_error(Code code);

}  // namespace turnout
