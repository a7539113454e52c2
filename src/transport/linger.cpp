#include "transport/linger.h"

namespace turnout {

Task<void> linger(Wire wire, Millis limit, std::size_t bytes_max) {
  wire.consume(wire.peek().size());
  wire.expires_after(limit);  // reading does not renew it: a peer that keeps sending gains no time
  Result<void> closed = co_await wire.close_write();
  // An interruption that was meant for the protocol before may have been waiting for this operation.
  if (!closed && closed.error().code != Code::reset) closed = co_await wire.close_write();
  if (!closed) co_return;

  std::size_t dropped = 0;
  while (dropped < bytes_max) {
    const Result<std::size_t> n = co_await wire.fill();
    if (!n && n.error().code == Code::draining) continue;
    if (!n || *n == 0) co_return;
    wire.consume(*n);
    dropped += *n;
  }
}

}  // namespace turnout
