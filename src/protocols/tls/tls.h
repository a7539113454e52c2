// Tls: the handshake of a TLS server, from the first byte of a connection or after a 101 (RFC 2817). What speaks
// inside is chosen by ALPN, and is HTTP/1.1 where the client names nothing.
#pragma once

#include <memory>
#include <optional>

#include "codec/tls/context.h"
#include "codec/tls/version.h"
#include "switching/protocol.h"
#include "switching/upgrade.h"

namespace turnout {

class Tls final : public Protocol {
 public:
  /// A listener for https.
  explicit Tls(std::shared_ptr<const TlsContext> context);
  /// After a 101 that named `version_max`; `request` is answered inside.
  Tls(std::shared_ptr<const TlsContext> context, TlsVersion version_max, OwnedRequest request);
  ~Tls() override;

  const char* name() const noexcept override { return "tls"; }
  Task<Outcome> run(Wire wire, Session& session) override;

 private:
  std::shared_ptr<const TlsContext> context_;
  std::unique_ptr<OwnedRequest> request_;
  TlsVersion version_max_ = TlsVersion::tls_1_3;
};

}  // namespace turnout
