// attempt: one request over the network, the answer to it, and what the new protocol says where there is one. Whatever
// happens is a fact and no error.
//
//   const Attempt done = co_await attempt(network, Ask{.url = url, .token = "websocket"});
#pragma once

#include <optional>

#include "probe/facts.h"
#include "probe/network.h"
#include "runtime/task.h"
#include "transport/wire.h"

namespace turnout::probe {

Task<Attempt> attempt(Network& network, Ask ask);

/// Only up to the switch: the connection, for whoever speaks the new protocol. Nothing where there was no switch; then
/// `attempt` says why.
Task<std::optional<Wire>> switch_to(Network& network, Attempt& attempt);

}  // namespace turnout::probe
