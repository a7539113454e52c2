#include "protocols/detect/detect.h"

#include <algorithm>

#include "switching/registry.h"
#include "switching/session.h"

namespace turnout {
namespace {

// While the server stops, a connection that has not said anything yet gets this long: it may have been accepted in the
// last moment, with its first request on the way.
constexpr Millis drain_grace{250};

enum class Guess : std::uint8_t { undecided, http1, http2 };

Guess guess(std::string_view first_bytes) noexcept {
  const std::size_t n = std::min(first_bytes.size(), http2_preface.size());
  if (first_bytes.substr(0, n) != http2_preface.substr(0, n)) return Guess::http1;
  return n == http2_preface.size() ? Guess::http2 : Guess::undecided;
}

/// Why a connection is over that ended before it said what it is.
Why why_closed(Code code, bool said_something, bool is_draining) noexcept {
  switch (code) {
    case Code::timed_out: return said_something ? Why::header_timeout : is_draining ? Why::draining : Why::idle_timeout;
    case Code::reset: return Why::peer_reset;
    default: return Why::internal;
  }
}

}  // namespace

Task<Outcome> Detect::run(Wire wire, Session& session) {
  const Registry& registry = *session.listener().registry;
  wire.expires_after(session.limits().header_deadline);
  while (true) {
    const Guess what = guess(as_text(wire.peek()));
    if (what != Guess::undecided) {
      wire.expires_never();
      // Without HTTP/2 here, its preface is a request that HTTP/1.1 refuses: PRI is no method (law L5).
      if (what == Guess::http2) {
        auto http2 = registry.make_protocol("h2");
        if (http2) co_return Switch{std::move(http2), std::move(wire), Why::prior_knowledge};
      }
      co_return Switch{registry.make_protocol("http/1.1"), std::move(wire), Why::detected};
    }
    const Result<std::size_t> more = co_await wire.fill();
    if (more && *more != 0) continue;
    const bool said_something = !wire.peek().empty();
    if (more) co_return Closed{Why::peer_closed};
    if (more.error().code == Code::draining) {
      // Whoever has begun may finish, within the deadline.
      if (!said_something) wire.expires_after(drain_grace);
      continue;
    }
    co_return Closed{why_closed(more.error().code, said_something, session.is_draining())};
  }
}

}  // namespace turnout
