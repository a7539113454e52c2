// drive(): the protocols of one connection, one after the other.
//
//   (void)co_await drive(spoken->make_first_protocol(), std::move(wire), session);
//
// It is in a header so that its frame can be part of the caller's: every idle connection has one.
#pragma once

#include <memory>
#include <utility>

#include "switching/protocol.h"
#include "switching/session.h"

namespace turnout {

/// Until one of them says that it is over.
inline Task<Closed> drive(std::unique_ptr<Protocol> protocol, Wire wire, Session& session) {
  Closed closed{Why::too_many_switches};
  // The first protocol of a TCP connection only detects; it does not count as one of those in sequence (U18).
  for (std::uint32_t hop = 0; hop <= session.limits().switches_max + 1; ++hop) {
    session.use(wire.stream());
    session.note({.kind = EventKind::entered, .name = protocol->name()});
    Outcome outcome = co_await protocol->run(std::move(wire), session);
    if (const auto* end = std::get_if<Closed>(&outcome)) {
      closed = *end;
      break;
    }
    auto& next = std::get<Switch>(outcome);
    session.note({.kind = EventKind::switched,
                  .why = next.why,
                  .bytes = static_cast<std::uint32_t>(next.wire.peek().size()),
                  .name = next.protocol->name()});
    wire = std::move(next.wire);
    protocol = std::move(next.protocol);  // the old protocol ends here, after its coroutine (L7)
  }
  session.note({.kind = EventKind::closed, .why = closed.why});
  session.record_close(closed.why);
  co_return closed;
}

}  // namespace turnout
