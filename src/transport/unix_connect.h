// unix_connect: a connection to a socket of this machine, by its path.
//
//   Result<std::unique_ptr<TcpStream>> stream = co_await unix_connect(loop, "/run/docker.sock", Millis(5'000));
#pragma once

#include <memory>
#include <string>

#include "runtime/cancellation.h"
#include "runtime/task.h"
#include "transport/tcp_stream.h"

namespace turnout {

/// Ends with `refused`, `cancelled`, or with `timed_out` where the server's queue was full until `limit` was over.
/// A path that is too long for the system is `too_large`.
Task<Result<std::unique_ptr<TcpStream>>> unix_connect(EpollLoop& loop, std::string path, Millis limit,
                                                      Cancellation* cancellation = nullptr);

}  // namespace turnout
