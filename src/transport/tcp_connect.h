// tcp_connect: a connection to somebody else.
//
//   Result<std::unique_ptr<TcpStream>> stream = co_await tcp_connect(loop, address, Millis(5'000));
#pragma once

#include <memory>

#include "base/address.h"
#include "runtime/task.h"
#include "transport/tcp_stream.h"

namespace turnout {

/// Ends with `refused`, or with `timed_out` when `limit` is over.
Task<Result<std::unique_ptr<TcpStream>>> tcp_connect(EpollLoop& loop, Address address, Millis limit);

}  // namespace turnout
