// tcp_connect: a connection to somebody else.
//
//   Result<std::unique_ptr<TcpStream>> stream = co_await tcp_connect(loop, address, Millis(5'000));
#pragma once

#include <memory>

#include "base/address.h"
#include "runtime/cancellation.h"
#include "runtime/task.h"
#include "transport/tcp_stream.h"

namespace turnout {

/// It has no keep-alive before it is told to stay for long (Stream::stay_for_long): most connections are gone, or
/// waited for with a deadline, long before a probe would be due, and four calls for each are not for nothing. Ends with
/// `refused`, with `timed_out` when `limit` is over, or with `cancelled`.
Task<Result<std::unique_ptr<TcpStream>>> tcp_connect(EpollLoop& loop, Address address, Millis limit,
                                                     Cancellation* cancellation = nullptr);

}  // namespace turnout
