// Http1Client: asks in HTTP/1.1, offers another protocol where that is wanted, and goes on in it once the 101 has
// been found to be valid. Not one byte of the new protocol is sent before (RFC 9931).
#pragma once

#include <memory>

#include "client/conversation.h"
#include "client/pump.h"
#include "codec/http1/response_parser.h"
#include "codec/websocket/handshake.h"
#include "switching/protocol.h"

namespace turnout::client {

class Http1Client final : public Protocol {
 public:
  enum class Part : std::uint8_t {
    whole,        // send the request, then read the answer
    answer_only,  // the request went out before the switch to TLS (RFC 2817 section 3.3)
  };
  Http1Client(Conversation& conversation, Part part) : conversation_(conversation), part_(part) {}

  const char* name() const noexcept override { return "http/1.1"; }
  Task<Outcome> run(Wire wire, Session& session) override;

 private:
  using Successor = std::unique_ptr<Protocol>;

  bool offers() const noexcept { return part_ == Part::whole && conversation_.request.offer.has_value(); }
  bool write_head();
  Task<Successor> converse(Wire& wire, const Limits& limits, const Pump& pump);
  /// The final answer: what is not one yet (1xx) is only shown.
  Task<Result<ParsedResponse>> read_head(Wire& wire, const Limits& limits);
  Task<bool> read_body(Wire& wire, const Limits& limits, Framing framing);
  Task<bool> read_chunked(Wire& wire, const Limits& limits);
  Successor accept(const ParsedResponse& answer, bool request_was_sent);
  void decline(const ResponseHead& answer);
  void fail_bad_answer(std::string_view what);
  void fail_bad_switch(std::string_view what);

  Conversation& conversation_;
  Part part_;
  PooledString head_;
  websocket::ClientOffer websocket_;
};

}  // namespace turnout::client
