// A protocol of your own: what a program needs to speak on a connection.
//
//   class Shout final : public turnout::Protocol {
//     const char* name() const noexcept override { return "shout"; }        // a literal, for the record
//     turnout::Task<turnout::Outcome> run(turnout::Wire wire, turnout::Session& session) override {
//       wire.expires_after(session.limits().tunnel_idle);                    // milliseconds, of the site's limits
//       const turnout::Result<std::size_t> more = co_await wire.fill();      // bytes; 0 is the peer's clean end
//       if (!more || *more == 0) co_return turnout::Closed{turnout::why_ended(more)};
//       const turnout::Result<void> sent = co_await wire.write(wire.peek());
//       if (!sent) co_return turnout::Closed{turnout::why_ended(sent)};
//       wire.consume(wire.peek().size());
//       co_return turnout::Closed{turnout::Why::done};                       // or a turnout::Switch
//     }
//   };
//
// What to know about it:
// - It runs on the one thread of its connection. It must not block, and other threads must not touch it.
// - The wire may have unread bytes when run() begins: look at peek() before fill(). They came behind the offer.
// - A view from peek() dies at the next co_await that has to wait; pin() keeps it. What write() is given may be such a
//   view.
// - An operation that fails says how (Error::code) and on which side (Error::source): `timed_out` when the deadline of
//   expires_after() is over, `draining` when the server is to stop, `reset` when the peer broke the connection off.
//   After the first two the operation may be repeated, so that a goodbye can still be written.
// - The session outlives the protocol and ends after it. `linger` closes so that the last bytes arrive.
//
// Sources: RFC 9110 section 7.8 (Upgrade). docs/architecture.md tells how connections live.
#pragma once

#include "switching/protocol.h"
#include "switching/session.h"
#include "transport/linger.h"

namespace turnout {

/// The reason to give where an operation of a wire was the last one: what went wrong, or that the peer has ended its
/// side. For a deadline it is idle_timeout.
template <class T>
Why why_ended(const Result<T>& result) noexcept {
  if (result) return Why::peer_closed;
  switch (result.error().code) {
    case Code::end: return Why::peer_closed;
    case Code::reset: return Why::peer_reset;
    case Code::timed_out: return Why::idle_timeout;
    case Code::draining: return Why::draining;
    case Code::malformed: return Why::malformed;
    case Code::too_large: return Why::limit;
    default: return Why::internal;
  }
}

}  // namespace turnout
