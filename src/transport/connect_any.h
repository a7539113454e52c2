// connect_any: a connection to whichever address of a name answers first (RFC 8305, "Happy Eyeballs").
//
//   auto stream = co_await connect_any(loop, *addresses, Millis(5'000));
//
// The next address is tried when one fails, or has not answered after 250 ms; the families take turns.
#pragma once

#include <memory>
#include <vector>

#include "base/address.h"
#include "runtime/cancellation.h"
#include "runtime/task.h"
#include "transport/tcp_stream.h"

namespace turnout {

inline constexpr Millis next_address_after{250};  // RFC 8305 section 5

/// Ends with what the last address said: `refused`, `timed_out`; or with `cancelled`. `limit` is for all together.
Task<Result<std::unique_ptr<TcpStream>>> connect_any(EpollLoop& loop, std::vector<Address> addresses, Millis limit,
                                                     Cancellation* cancellation = nullptr);

/// In the same order, but with the families taking turns, that of the first one first (RFC 8305 section 4).
std::vector<Address> in_turns(const std::vector<Address>& addresses);

}  // namespace turnout
