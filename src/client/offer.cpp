#include "client/offer.h"

#include <fmt/core.h>

#include "base/ascii.h"
#include "base/printable.h"
#include "codec/http/upgrade.h"

namespace turnout::client {

std::optional<Offer> parse_offer(std::string_view text) {
  using Kind = Offer::Kind;
  if (iequals(text, "HTTP/2.0")) return Offer{Kind::http2, "HTTP/2.0"};
  if (iequals(text, "h2c")) return Offer{Kind::h2c, "h2c"};
  if (iequals(text, "TLS")) return Offer{Kind::tls, "TLS/1.3, TLS/1.2"};
  if (iequals(text, "TLS/1.2")) return Offer{Kind::tls, "TLS/1.2"};
  if (iequals(text, "TLS/1.3")) return Offer{Kind::tls, "TLS/1.3"};
  if (iequals(text, "websocket")) return Offer{Kind::websocket, "websocket"};
  return std::nullopt;
}

std::expected<std::string, std::string> check_switch(const ResponseHead& answer, const Offer& offer) {
  const FieldList& fields = answer.fields;
  if (!fields.has("Upgrade")) return std::unexpected("it has no Upgrade field");
  if (!fields.has_token("Connection", "upgrade")) return std::unexpected("its Connection field does not say upgrade");
  if (fields.has("Content-Length")) return std::unexpected("it has a Content-Length");
  if (fields.has("Transfer-Encoding")) return std::unexpected("it has a Transfer-Encoding");
  const auto named = parse_upgrade(fields);
  if (!named || named->empty()) return std::unexpected("its Upgrade field is not a list of protocols");

  // RFC 2817 section 3.3: the stack from below, TLS and then the HTTP/1.1 that goes on inside.
  const bool is_stack = offer.kind == Offer::Kind::tls && named->size() == 2 && iequals((*named)[1].text, "HTTP/1.1");
  if (named->size() != 1 && !is_stack) return std::unexpected("it names more than one protocol");

  std::optional<std::string> token;
  for_each_member(offer.tokens, [&](std::string_view offered) {
    if (iequals(offered, named->front().text)) token = offered;
    return !token;
  });
  if (!token) {
    return std::unexpected(
        fmt::format("it names {}, but {} was offered", printable(named->front().text, 64), offer.tokens));
  }
  return *token;
}

}  // namespace turnout::client
