// check_websocket: speaks WebSocket on a connection that has switched: a ping, a message to see whether it comes back,
// what else the ask wants, and the closing handshake.
//
//   Check check = co_await check_websocket(channel, deflate, ask, timeout);
#pragma once

#include <optional>

#include "codec/websocket/extensions.h"
#include "probe/channel.h"
#include "probe/facts.h"

namespace turnout::probe {

Task<Check> check_websocket(Channel& channel, std::optional<websocket::Deflate> deflate, const Ask& ask,
                            Millis timeout);

}  // namespace turnout::probe
