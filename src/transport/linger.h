// linger: closes a connection so that the last answer arrives.
//
// Closing a socket with unread bytes in it sends RST, and that makes the peer's system throw away what it has not read
// yet: often the very answer that says why. So our side is ended first, and what still comes is read and dropped.
//
//   co_await linger(std::move(wire), session.limits().linger);
#pragma once

#include "runtime/task.h"
#include "transport/wire.h"

namespace turnout {

inline constexpr std::size_t linger_bytes_max = 1024 * 1024;

/// Until the peer has ended its side, `limit` is over, or `bytes_max` bytes were dropped.
Task<void> linger(Wire wire, Millis limit, std::size_t bytes_max = linger_bytes_max);

}  // namespace turnout
