// Errors are values: what went wrong, and on whose side (design: a proxy must know 400 from 502).
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

namespace turnout {

enum class Code : std::uint8_t {
  ok,
  would_block,  // not an error: the attempt has to be repeated when its side is ready again
  end,          // the peer ended its side where more was due
  timed_out,    // the deadline of the stream passed
  cancelled,    // whoever owns the operation wants it to stop
  draining,     // the server is stopping; the operation may be repeated to finish what runs
  reset,        // the connection is broken
  too_large,    // a limit with a name was reached
  malformed,    // the peer broke the protocol's grammar or rules
  unsupported,  // understood, but not spoken here
  refused,      // a peer or the system would not let us
  internal,     // our own fault
};

enum class Source : std::uint8_t { internal, downstream, upstream };

struct Error {
  Code code = Code::internal;
  Source source = Source::internal;

  friend bool operator==(const Error&, const Error&) = default;
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(Code code, Source source = Source::downstream) {
  return std::unexpected(Error{code, source});
}

constexpr std::string_view text(Code code) noexcept {
  switch (code) {
    case Code::ok: return "ok";
    case Code::would_block: return "would-block";
    case Code::end: return "end";
    case Code::timed_out: return "timed-out";
    case Code::cancelled: return "cancelled";
    case Code::draining: return "draining";
    case Code::reset: return "reset";
    case Code::too_large: return "too-large";
    case Code::malformed: return "malformed";
    case Code::unsupported: return "unsupported";
    case Code::refused: return "refused";
    case Code::internal: return "internal";
  }
  return "unknown";
}

}  // namespace turnout
