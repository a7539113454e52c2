// Causes that the server finds in the request: what was asked, and how.
#include <algorithm>

#include "base/ascii.h"
#include "codec/http/base64.h"
#include "probe/catalogue.h"
#include "probe/evidence.h"
#include "probe/request_text.h"

namespace turnout::probe {
namespace causes_request {
namespace {

using enum Product;

constexpr Fix origin[] = {
    {nginx, "proxy_set_header Host $host;   # so that the backend compares Origin with the host that pages see"},
    {apache, "ProxyPreserveHost On"},
    {haproxy, "# HAProxy keeps Host; list the page's origin in the application"},
    {turnout, "[[route]]\nmatch = { path = \"/chat\" }\norigins = [\"https://app.example.com\"]"},
};
constexpr Fix version[] = {{nginx, "# remove: proxy_set_header Sec-WebSocket-Version ...;"}};
constexpr Fix key[] = {{nginx, "# remove: proxy_set_header Sec-WebSocket-Key ...;"}};
constexpr Fix subprotocol[] = {
    {nginx, "# remove: proxy_set_header Sec-WebSocket-Protocol ...; proxy_hide_header Sec-WebSocket-Protocol;"}};
constexpr Fix extension[] = {
    {nginx, "proxy_set_header Sec-WebSocket-Extensions \"\";   # no compression, where a hop cannot keep it apart"},
    {haproxy, "http-request del-header Sec-WebSocket-Extensions"},
    {traefik, "# no compress middleware on the router of WebSocket"},
};
constexpr Fix body_with_upgrade[] = {
    {haproxy, "# HAProxy drops the Upgrade of a request with a body: reach the backend past it, or ask with GET"}};
constexpr Fix method[] = {{nginx, "# remove: proxy_method ...;"}};
constexpr Fix header_size[] = {
    {nginx, "large_client_header_buffers 4 16k;"},
    {apache, "LimitRequestFieldSize 16380"},
    {haproxy, "tune.bufsize 32768   # global; a whole head has to fit"},
};
constexpr Fix http2_settings[] = {{nginx,
                                   "proxy_set_header Connection $http_connection;   # names HTTP2-Settings too; "
                                   "better: no h2c through a proxy at all"}};

bool has_field(const Attempt& attempt, std::string_view name) {
  return std::ranges::any_of(attempt.ask.fields, [&](const auto& one) { return iequals(one.first, name); });
}

std::optional<Evidence> origin_rejected(const Facts& facts) {
  for (const Attempt* offer : declined_offers(facts)) {
    if (offer->ask.origin && accepted_variation(facts, Purpose::without_origin, *offer) != nullptr) {
      return yes(96, fmt::format("{} with Origin: {}, and a switch without it", offer->status,
                                 printable(*offer->ask.origin, 120)));
    }
  }
  return std::nullopt;
}

std::optional<Evidence> websocket_version(const Facts& facts) {
  for (const Attempt* offer : declined_offers(facts)) {
    const std::string_view versions = offer->field("Sec-WebSocket-Version");
    if (!versions.empty() && !offer->fields.has_token("Sec-WebSocket-Version", "13")) {
      return yes(95, fmt::format("version 13 was offered, and {} is spoken here", printable(versions, 60)));
    }
    if (mentions(offer->body, "Sec-WebSocket-Version") || mentions(offer->body, "version 13 of WebSocket") ||
        mentions(offer->body, "unsupported version: 13 not found")) {
      return yes(93, describe_answer(*offer));
    }
  }
  return std::nullopt;
}

std::optional<Evidence> bad_key(const Facts& facts) {
  for (const Attempt* offer : declined_offers(facts)) {
    if (mentions(offer->body, "Sec-WebSocket-Key")) return yes(93, describe_answer(*offer));
  }
  return std::nullopt;
}

std::optional<Evidence> subprotocol_mismatch(const Facts& facts) {
  for (const Attempt& one : facts.attempts) {
    if (one.ask.purpose != Purpose::offer || !is_websocket(one.ask.token)) continue;
    for (const Violation& rule : one.violations) {
      if (rule.kind == Violation::Kind::subprotocol_not_offered) return yes(94, "the 101: " + rule.text);
    }
    if (one.ask.subprotocols.empty()) continue;
    if (one.accepted() && !one.fields.has("Sec-WebSocket-Protocol")) {
      return yes(86, fmt::format("{} was offered, and the 101 selects no subprotocol: browsers fail the connection",
                                 printable(one.ask.subprotocols.front(), 60)));
    }
    if (!one.accepted() && accepted_variation(facts, Purpose::without_subprotocol, one) != nullptr) {
      return yes(94, fmt::format("{} with the subprotocol, and a switch without it", one.status));
    }
  }
  for (const Attempt* offer : declined_offers(facts)) {
    if (mentions(offer->body, "subprotocol") || mentions(offer->body, "Sec-WebSocket-Protocol")) {
      return yes(90, describe_answer(*offer));
    }
  }
  return std::nullopt;
}

std::optional<Evidence> extension_mangled(const Facts& facts) {
  for (const Attempt& one : facts.attempts) {
    if (one.ask.purpose != Purpose::offer || !is_websocket(one.ask.token)) continue;
    for (const Violation& rule : one.violations) {
      if (rule.kind == Violation::Kind::extension_not_offered) return yes(94, "the 101: " + rule.text);
    }
    if (one.answered() && !one.accepted() && accepted_variation(facts, Purpose::without_extensions, one) != nullptr &&
        accepted_variation(facts, Purpose::without_origin, one) == nullptr) {
      return yes(86, fmt::format("{} with permessage-deflate offered, and a switch without it", one.status));
    }
  }
  return std::nullopt;
}

std::optional<Evidence> body_not_taken(const Facts& facts) {
  for (const Attempt* offer : failed_offers(facts)) {
    if (offer->ask.body && !has_field(*offer, "Expect") &&
        accepted_variation(facts, Purpose::as_get, *offer) != nullptr) {
      return yes(
          93, fmt::format("{} for {} with a body, and a switch for GET without one", offer->status, offer->ask.method));
    }
  }
  return std::nullopt;
}

std::optional<Evidence> wrong_method(const Facts& facts) {
  for (const Attempt* offer : declined_offers(facts)) {
    if (offer->ask.body) continue;
    if (offer->ask.method != "GET" && accepted_variation(facts, Purpose::as_get, *offer) != nullptr) {
      return yes(95, fmt::format("{} for {}, and a switch for GET", offer->status, offer->ask.method));
    }
    if (mentions(offer->body, "unsupported HTTP method") || mentions(offer->body, "handshake is a GET") ||
        mentions(offer->body, "request method is not GET")) {
      return yes(94, describe_answer(*offer));
    }
    if (offer->is_answer(405) && offer->ask.over == Over::http1) {
      return yes(78,
                 fmt::format("405 for {}, with Allow: {}", offer->ask.method, printable(offer->field("Allow"), 80)));
    }
  }
  return std::nullopt;
}

std::optional<Evidence> head_too_large(const Facts& facts) {
  for (const Attempt* offer : declined_offers(facts)) {
    if (offer->is_answer(431)) return yes(97, "the answer is 431");
    if (offer->is_answer(414)) return yes(94, "the answer is 414");
    for (const std::string_view sign : {"Header Or Cookie Too Large", "request header field exceeds",
                                        "header too large", "Header Fields Too Large", "header line is too long"}) {
      if (mentions(offer->body, sign)) return yes(97, describe_answer(*offer));
    }
    std::size_t added = 0;
    for (const auto& [name, value] : offer->ask.fields) added += name.size() + value.size();
    if (added >= 1024 && accepted_variation(facts, Purpose::without_fields, *offer) != nullptr) {
      return yes(88, fmt::format("{} with {} bytes of fields more, and a switch without them", offer->status, added));
    }
  }
  return std::nullopt;
}

std::optional<Evidence> expect_continue(const Facts& facts) {
  for (const Attempt* offer : accepted_offers(facts)) {
    for (const Violation& rule : offer->violations) {
      if (rule.kind == Violation::Kind::before_expected_continue) return yes(93, "the 101: " + rule.text);
    }
  }
  for (const Attempt* offer : failed_offers(facts)) {
    if (!has_field(*offer, "Expect")) continue;
    if (offer->is_answer(417)) return yes(95, "the answer is 417");
    if (accepted_variation(facts, Purpose::without_expect, *offer) != nullptr) {
      return yes(95, fmt::format("{} with Expect, and a switch without it",
                                 offer->status == 0 ? "no answer" : std::to_string(offer->status)));
    }
  }
  return std::nullopt;
}

/// What is wrong with the value of HTTP2-Settings (RFC 7540 section 3.2.1); empty: nothing.
std::string_view settings_fault(std::string_view value) {
  const auto payload = base64url_decode(value);
  if (!payload) return "it is not base64url without padding";
  return payload->size() % 6 != 0 ? "its length is no multiple of 6 bytes" : "";
}

std::optional<Evidence> http2_settings_invalid(const Facts& facts) {
  for (const Attempt* offer : failed_offers(facts)) {
    if (!iequals(offer->ask.token, "h2c") || offer->ask.url.secure) continue;
    for (const auto& [name, value] : offer->ask.fields) {
      if (!iequals(name, "HTTP2-Settings")) continue;
      const std::string_view fault = settings_fault(value);
      const bool is_repaired = accepted_variation(facts, Purpose::right_settings, *offer) != nullptr;
      if (is_repaired && !fault.empty())
        return yes(96, fmt::format("HTTP2-Settings: {}; a switch with a valid one", fault));
      if (is_repaired) return yes(88, "a switch with other HTTP2-Settings");
    }
    if (mentions(offer->body, "HTTP2-Settings")) return yes(91, describe_answer(*offer));
    if (accepted_variation(facts, Purpose::direct, *offer) != nullptr && offer->answered()) {
      return yes(82, fmt::format("{} here, and 101 at the backend itself: a hop drops HTTP2-Settings or Upgrade",
                                 offer->status));
    }
  }
  return std::nullopt;
}

std::optional<Evidence> h2c_over_tls(const Facts& facts) {
  for (const Attempt* offer : failed_offers(facts)) {
    if (offer->ask.url.secure && iequals(offer->ask.token, "h2c") && offer->answered()) {
      return yes(97, "h2c was offered inside TLS");
    }
  }
  return std::nullopt;
}

std::optional<Evidence> h2_token(const Facts& facts) {
  for (const Attempt* offer : failed_offers(facts)) {
    if (iequals(offer->ask.token, "h2") && offer->answered()) return yes(97, "the token h2 was offered");
  }
  return std::nullopt;
}

std::optional<Evidence> http10_client(const Facts& facts) {
  for (const Attempt* offer : failed_offers(facts)) {
    if (offer->ask.version == "1.0" && offer->ask.over == Over::http1) {
      return yes(97, fmt::format("the offer was made in HTTP/1.0; the answer is {}", offer->status));
    }
  }
  return std::nullopt;
}

constexpr Cause list[] = {
    {"P14", "origin-rejected", "the server does not let pages of that origin open a WebSocket", "RFC 6455 section 10.2",
     "list the origin of the page, or keep Host on the way so that the two agree", origin, &origin_rejected},
    {"P15", "websocket-version", "the server does not get, or does not speak, version 13 of WebSocket",
     "RFC 6455 section 4.4", "send Sec-WebSocket-Version: 13, once, and let no hop change it", version,
     &websocket_version},
    {"P16", "bad-key", "the Sec-WebSocket-Key that arrives is not 16 bytes in base64, once", "RFC 6455 section 4.2.1",
     "make a fresh key for each connection, and let no hop change or repeat it", key, &bad_key},
    {"P17", "subprotocol-mismatch", "the subprotocols that are offered and selected do not fit", "RFC 6455 section 4.1",
     "offer what the server speaks; let no hop merge, split or drop Sec-WebSocket-Protocol", subprotocol,
     &subprotocol_mismatch},
    {"P18", "extension-mangled",
     "Sec-WebSocket-Extensions is changed on the way, or answered with what was not offered", "RFC 6455 section 9.1",
     "repair the hop, or leave compression out", extension, &extension_mangled},
    {"P19", "body-with-upgrade", "an offer in a request with a body is not taken", "RFC 9110 section 7.8",
     "ask with GET and no body, or through hops that keep the offer of a POST", body_with_upgrade, &body_not_taken},
    {"P20", "method-wrong", "the method of the request is not the one that the protocol begins with",
     "RFC 6455 section 4.1", "open a WebSocket with GET, and let no hop change the method", method, &wrong_method},
    {"P32", "header-too-large", "the head of the request is larger than a hop takes", "RFC 6585 section 5",
     "send fewer or smaller cookies, or raise the limit", header_size, &head_too_large},
    {"P33",
     "expect-100",
     "the server does not keep the order of 100 and 101",
     "RFC 9110 section 7.8",
     "leave Expect out of a request that offers a switch",
     {},
     &expect_continue},
    {"P34", "h2c-settings-invalid", "HTTP2-Settings is missing, repeated, or no valid payload where it arrives",
     "RFC 7540 section 3.2.1", "send exactly one, in base64url without padding, and name it in Connection",
     http2_settings, &http2_settings_invalid},
    {"P35",
     "h2c-on-tls",
     "h2c is for cleartext; inside TLS HTTP/2 is negotiated by ALPN",
     "RFC 9113 section 3.2",
     "offer h2 by ALPN",
     {},
     &h2c_over_tls},
    {"P36",
     "h2-token",
     "h2 is a name for ALPN; as a token of Upgrade it has to be ignored",
     "RFC 7540 section 3.2",
     "offer h2c",
     {},
     &h2_token},
    {"P37",
     "http10-client",
     "the offer was made in HTTP/1.0, where Upgrade has to be ignored",
     "RFC 9110 section 7.8",
     "ask in HTTP/1.1",
     {},
     &http10_client},
};

}  // namespace
}  // namespace causes_request

std::span<const Cause> causes_of_the_request() {
  return causes_request::list;
}

}  // namespace turnout::probe
