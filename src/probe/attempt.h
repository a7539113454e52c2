// attempt: one request over the network, the answer to it, and what the new protocol says where there is one. Whatever
// happens is a fact and no error.
//
//   const Attempt done = co_await attempt(network, Ask{.url = url, .token = "websocket"});
#pragma once

#include "probe/facts.h"
#include "probe/network.h"
#include "runtime/task.h"

namespace turnout::probe {

Task<Attempt> attempt(Network& network, Ask ask);

}  // namespace turnout::probe
