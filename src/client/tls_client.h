// TlsClient: the handshake, and then what ALPN says, or behind a 101 the answer in HTTP/1.1 (RFC 2817 section 3.3).
#pragma once

#include "client/conversation.h"
#include "codec/tls/version.h"
#include "switching/protocol.h"

namespace turnout {
class TlsStream;
}

namespace turnout::client {

class TlsClient final : public Protocol {
 public:
  enum class Begin : std::uint8_t { directly, upgraded };
  TlsClient(Conversation& conversation, Begin begin, TlsVersion version_max = TlsVersion::tls_1_3)
      : conversation_(conversation), begin_(begin), version_max_(version_max) {}

  const char* name() const noexcept override { return "tls"; }
  Task<Outcome> run(Wire wire, Session& session) override;

 private:
  std::shared_ptr<const TlsClientContext> make_context();
  void describe(const TlsStream& tls) const;
  void fail(const TlsStream& tls, Error error);

  Conversation& conversation_;
  Begin begin_;
  TlsVersion version_max_;
};

}  // namespace turnout::client
