#include "protocols/http2/upgraders.h"

#include "protocols/http2/http2.h"
#include "protocols/http2/settings.h"
#include "switching/session.h"

namespace turnout {
namespace {

constexpr std::string_view settings_field = "http2-settings";

/// What stands against HTTP/2 on this connection, whatever the offer says.
Why objection(const UpgradeOffer& offer, const Session& session) {
  // A stream of HTTP/2 is no place for another one.
  if (offer.via != UpgradeOffer::Via::h1_upgrade) return Why::no_such_token;
  if (session.is_secure()) return Why::h2c_over_tls;
  if (session.has_made(Switched::http2)) return Why::already_switched;
  // Where TLS is needed, the 426 of HTTP/1.1 says how to get it; HTTP/2 has no such answer.
  if (offer.route->require_tls) return Why::upgrade_required;
  return Why::none;
}

Verdict accept(const char* token, std::string upgrade, Http2Settings settings, OwnedRequest& request) {
  // It is answered in HTTP/2. What was for HTTP/1.1, or for the hop that ends here, goes no further (law L5).
  request.head.version = HttpVersion::http2;
  for (const std::string_view name : {"connection", "upgrade", "http2-settings", "keep-alive", "proxy-connection",
                                      "transfer-encoding", "te", "expect", "host"}) {
    request.head.fields.remove(name);
  }
  Accept accept;
  accept.token = token;
  accept.upgrade = std::move(upgrade);
  accept.successor = std::make_unique<Http2>(std::move(settings), std::move(request));
  accept.kind = Switched::http2;
  return accept;
}

}  // namespace

Task<Verdict> H2cUpgrader::consider(const UpgradeOffer& offer, const UpgradeToken& /*token*/, Session& session) const {
  if (const Why why = objection(offer, session); why != Why::none) co_return Decline{why};
  const FieldList& fields = offer.request->head.fields;
  // RFC 7540 section 3.2.1: exactly one, named in Connection; else there is no upgrade.
  if (fields.count(settings_field) != 1) co_return Decline{Why::settings_missing};
  if (!fields.has_token("connection", settings_field)) co_return Decline{Why::settings_not_nominated};
  auto settings = decode_http2_settings(*fields.find(settings_field), session.limits());
  if (!settings) co_return Decline{Why::settings_invalid};
  co_return accept("h2c", "h2c", std::move(*settings), *offer.request);
}

Task<Verdict> HttpUpgrader::consider(const UpgradeOffer& offer, const UpgradeToken& token, Session& session) const {
  if (token.version != "2.0") co_return Decline{Why::early_http};
  if (const Why why = objection(offer, session); why != Why::none) co_return Decline{why};
  const FieldList& fields = offer.request->head.fields;
  Http2Settings settings;
  if (const std::size_t count = fields.count(settings_field); count != 0) {
    auto decoded = count == 1 ? decode_http2_settings(*fields.find(settings_field), session.limits()) : std::nullopt;
    if (!decoded) co_return Decline{Why::settings_invalid};
    settings = std::move(*decoded);
  }
  co_return accept("HTTP", "HTTP/2.0", std::move(settings), *offer.request);
}

}  // namespace turnout
