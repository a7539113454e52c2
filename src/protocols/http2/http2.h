// Http2: HTTP/2 (RFC 9113) as a protocol, the server's side.
//
//   registry->add_protocol("h2", &make_http2);       // by prior knowledge and by ALPN
//   co_return Switch{std::make_unique<Http2>(), std::move(wire), Why::prior_knowledge};
//
// Behind an HTTP/1.1 Upgrade it is given the request that asked for it, which is answered on stream 1 once the
// client's half of the preface has come (RFC 7540 section 3.2).
#pragma once

#include <memory>
#include <optional>

#include "protocols/http2/settings.h"
#include "switching/protocol.h"
#include "switching/upgrade.h"

namespace turnout {

struct Http2Upgrade;

class Http2 final : public Protocol {
 public:
  Http2();
  /// `settings` as decode_http2_settings() gave them; empty for the defaults of HTTP/2.
  Http2(Http2Settings settings, OwnedRequest first_request);
  ~Http2() override;

  const char* name() const noexcept override { return "http2"; }
  Task<Outcome> run(Wire wire, Session& session) override;

 private:
  std::unique_ptr<Http2Upgrade> upgrade_;
};

/// For Registry::add_protocol("h2", ...).
std::unique_ptr<Protocol> make_http2(std::optional<OwnedRequest> first_request);

}  // namespace turnout
