// dial: a TCP connection to where a URL points.
//
//   auto wire = co_await dial(loop, request);       // or why not, in one line
//
// Names are looked up with getaddrinfo, which blocks: a process with a single connection has nothing else to do
// meanwhile, and gets what the machine is set up for (hosts file, mDNS, search domains). Addresses need no look-up.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "base/address.h"
#include "client/conversation.h"
#include "runtime/epoll_loop.h"
#include "runtime/task.h"
#include "transport/wire.h"

namespace turnout::client {

/// What a host may be reached at, or the resolver's words about why there is nothing.
std::expected<std::vector<Address>, std::string> look_up(const std::string& host, std::uint16_t port);

Task<std::expected<Wire, Failure>> dial(EpollLoop& loop, const Conversation& conversation);

}  // namespace turnout::client
