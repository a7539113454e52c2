// Detect: the first protocol of a cleartext connection. It tells HTTP/2 with prior knowledge (RFC 9113 section 3.3)
// from HTTP/1.1 by the first bytes, and leaves them unread for its successor.
#pragma once

#include "switching/protocol.h"

namespace turnout {

/// The client's connection preface of HTTP/2 (RFC 9113 section 3.4).
inline constexpr std::string_view http2_preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

class Detect final : public Protocol {
 public:
  const char* name() const noexcept override { return "detect"; }
  Task<Outcome> run(Wire wire, Session& session) override;
};

}  // namespace turnout
