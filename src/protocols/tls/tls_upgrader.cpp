#include "protocols/tls/tls_upgrader.h"

#include "protocols/tls/tls.h"
#include "switching/session.h"

namespace turnout {
namespace {

/// The highest that was listed and is spoken here, wherever it stands in the list.
TlsVersion best_version(const UpgradeTokens& tokens) {
  TlsVersion best = TlsVersion::none;
  for (const UpgradeToken& token : tokens) {
    if (!iequals(token.name, "TLS")) continue;
    for (const TlsVersion version : {TlsVersion::tls_1_2, TlsVersion::tls_1_3}) {
      if (iequals(token.text, text(version)) && version > best) best = version;
    }
  }
  return best;
}

Why objection_to_method(const RequestHead& request, TlsUpgrader::Requests requests) {
  if (request.method == "OPTIONS" && request.target == "*") return Why::none;
  if (requests == TlsUpgrader::Requests::options_only) return Why::tls_options_only;
  return request.method == "GET" || request.method == "POST" ? Why::none : Why::method_not_for_token;
}

}  // namespace

Task<Verdict> TlsUpgrader::consider(const UpgradeOffer& offer, const UpgradeToken& /*token*/, Session& session) const {
  if (offer.via != UpgradeOffer::Via::h1_upgrade) co_return Decline{Why::unknown_protocol};
  if (session.is_secure()) co_return Decline{Why::already_tls};
  if (!context_) co_return Decline{Why::tls_upgrade_off};
  if (session.has_made(Switched::tls)) co_return Decline{Why::already_switched};
  const TlsVersion version = best_version(*offer.tokens);
  if (version == TlsVersion::none) co_return Decline{Why::no_common_tls_version};
  if (const Why why = objection_to_method(offer.request->head, requests_); why != Why::none) co_return Decline{why};
  // Plaintext that was sent before TLS began must never count as sent inside it (law L6, attack class T1).
  if (offer.early_bytes != 0) co_return Refuse{400, Why::plaintext_before_tls, {}};

  // The offer was made on this hop and is settled; inside TLS the request is an ordinary one (law L5).
  for (const std::string_view name : {"upgrade", "http2-settings"}) offer.request->head.fields.remove(name);
  Accept accepted;
  accepted.token = token();
  // RFC 9110 section 7.8: layers in ascending order.
  accepted.upgrade.append(text(version)).append(", HTTP/1.1");
  accepted.kind = Switched::tls;
  accepted.successor = std::make_unique<Tls>(context_, version, std::move(*offer.request));
  co_return accepted;
}

}  // namespace turnout
