// Causes that lie on the way: what proxies do to the offer, to the answer, or instead of passing either on.
#include "probe/catalogue.h"
#include "probe/evidence.h"
#include "probe/request_text.h"

namespace turnout::probe {
namespace causes_way {
namespace {

using enum Product;

constexpr Fix hop_headers[] = {
    {nginx,
     "map $http_upgrade $connection_upgrade { default upgrade; '' close; }   # in http {}\n"
     "location /chat {\n"
     "    proxy_pass http://backend;\n"
     "    proxy_http_version 1.1;\n"
     "    proxy_set_header Upgrade $http_upgrade;\n"
     "    proxy_set_header Connection $connection_upgrade;\n"
     "}"},
    {haproxy, "mode http   # passes Upgrade by itself; look for http-request del-header Upgrade"},
    {apache, "ProxyPass /chat http://backend/chat upgrade=websocket"},
    {caddy, "reverse_proxy backend:9000   # passes Upgrade by itself; look for header_up -Upgrade"},
    {traefik, "Traefik passes Upgrade by itself; look for a headers middleware that sets Connection or Upgrade"},
    {envoy, "upgrade_configs: [{upgrade_type: websocket}]   # in the HttpConnectionManager, or on the route"},
    {iis, "Application Request Routing with the role service WebSocket Protocol, and <webSocket enabled=\"true\" />"},
    {turnout, "[[route]]\nmatch = { path = \"/chat\" }\nproxy = { to = \"backend\", switch = [\"websocket\"] }"},
    {lighttpd, "proxy.header = ( \"upgrade\" => \"enable\" )"},
    {h2o, "proxy.websocket: ON"},
};

constexpr Fix connection_token[] = {
    {nginx,
     "proxy_set_header Connection $connection_upgrade;   # besides Upgrade; with the map of `turnout explain P01`"},
    {haproxy, "http-request set-header Connection Upgrade if { req.hdr(Upgrade) -m found }"},
};

constexpr Fix http_version[] = {
    {nginx, "proxy_http_version 1.1;   # before 1.29.7 nginx asks backends in HTTP/1.0"},
    {apache,
     "# remove these, where they are set:\n# SetEnv downgrade-1.0\n# SetEnv force-response-1.0\n"
     "# SetEnv proxy-initial-not-pooled, SetEnv force-proxy-request-1.0"},
};

constexpr Fix upgrade_in_answer[] = {{nginx, "# remove: proxy_hide_header Upgrade;"}};

constexpr Fix forward_auth[] = {
    {nginx,
     "location = /auth {\n"
     "    internal;\n"
     "    proxy_pass http://auth;\n"
     "    proxy_pass_request_body off;\n"
     "    proxy_set_header Content-Length \"\";\n"
     "    proxy_set_header Upgrade \"\";\n"
     "    proxy_set_header Connection \"\";\n"
     "}"},
    {caddy, "forward_auth auth:9000 {\n    header_up -Upgrade\n    header_up -Connection\n}"},
};

constexpr Fix error_rewrite[] = {
    {haproxy,
     "# HAProxy answers 502 where the backend's 101 breaks a rule (no Upgrade, no Connection: upgrade):\n"
     "# `turnout probe` of the backend itself names that one"},
    {nginx, "# the error log says why: \"upstream prematurely closed\", \"upstream sent invalid header\""},
};

constexpr Fix no_upstream[] = {
    {nginx, "upstream backend { server 127.0.0.1:9000; }   # is something listening there?"},
    {haproxy, "server backend 127.0.0.1:9000 check   # `show servers state` on the stats socket says what is up"},
    {apache, "ProxyPass /chat http://127.0.0.1:9000/chat upgrade=websocket"},
    {caddy, "reverse_proxy 127.0.0.1:9000"},
    {turnout, "[[upstream]]\nname = \"backend\"\nservers = [\"http://127.0.0.1:9000\"]"},
};

constexpr Fix upstream_tls[] = {
    {nginx, "proxy_pass https://backend;   # https for a backend that speaks TLS, http for one that does not"},
    {haproxy, "server backend 10.0.0.1:443 ssl verify required ca-file /etc/ssl/certs/ca-certificates.crt"},
    {apache, "ProxyPass /chat https://backend/chat upgrade=websocket   # and SSLProxyEngine on"},
    {caddy, "reverse_proxy https://backend"},
    {turnout, "[[upstream]]\nname = \"backend\"\nservers = [\"https://127.0.0.1:9443\"]"},
};

constexpr Fix upstream_h2[] = {
    {caddy, "reverse_proxy backend:9000 {\n    transport http {\n        versions 1.1\n    }\n}"},
    {haproxy, "server backend 10.0.0.1:443 ssl alpn h2,http/1.1 ws h1"},
    {nghttpx, "backend=127.0.0.1,9000;/chat;proto=http/1.1"},
    {envoy, "explicit_http_config: {http_protocol_options: {}}   # HTTP/1.1 for the cluster of WebSocket"},
};

constexpr Fix held[] = {
    {nginx,
     "proxy_buffering off;   # and no module that looks at bodies of responses on this location:\n"
     "modsecurity off;"},
};

std::optional<Evidence> hop_headers_stripped(const Facts& facts) {
  for (const Attempt* offer : declined_offers(facts)) {
    if (offer->ask.over == Over::http2 || offer->ask.version == "1.0") continue;
    // Asked to offer what was offered: what arrived there had lost it.
    if (offer->status == 426 && mentions(offer->field("Upgrade"), offer->ask.token)) {
      return yes(89, describe_answer(*offer) + ", and asks for the Upgrade that was sent: it did not arrive");
    }
    for (const std::string_view sign :
         {"missing upgrade", "Can \"Upgrade\" only to \"WebSocket\"", "invalid Connection header",
          "missing Connection header", "empty Connection header", "Upgrade header is missing", "no Upgrade header",
          "not a websocket handshake", "Expected WebSocket", "Upgrade Required"}) {
      if (mentions(offer->body, sign)) return yes(88, describe_answer(*offer) + ": the offer did not arrive");
    }
    const Attempt* direct = accepted_variation(facts, Purpose::direct, *offer);
    if (direct != nullptr) {
      return yes(80, fmt::format("{} here, and 101 at {} itself", offer->status, direct->ask.url.place()));
    }
  }
  return std::nullopt;
}

std::optional<Evidence> connection_token_missing(const Facts& facts) {
  for (const Attempt* offer : declined_offers(facts)) {
    for (const std::string_view sign :
         {"not found in 'Connection'", "without Connection: upgrade", "needs Connection: upgrade",
          "Connection header must", "Connection field does not"}) {
      if (mentions(offer->body, sign)) return yes(93, describe_answer(*offer));
    }
  }
  return std::nullopt;
}

std::optional<Evidence> upgrade_lost_in_answer(const Facts& facts) {
  for (const Attempt* offer : accepted_offers(facts)) {
    for (const Violation& one : offer->violations) {
      if (one.kind == Violation::Kind::upgrade_missing) {
        return yes(95, fmt::format("the 101 to the offer of {} has no Upgrade", printable(offer->ask.token, 60)));
      }
    }
  }
  return std::nullopt;
}

std::optional<Evidence> http10_hop(const Facts& facts) {
  for (const Attempt* offer : failed_offers(facts)) {
    if (!offer->answered() || offer->ask.version == "1.0" || offer->ask.over == Over::http2) continue;
    if (offer->version == "1.0") return yes(94, fmt::format("the answer is HTTP/1.0 {}", offer->status));
    for (const std::string_view sign : {"HTTP/1.0", "HTTP version", "needs HTTP/1.1"}) {
      if (mentions(offer->body, sign)) return yes(93, describe_answer(*offer));
    }
    // What python3-websockets says of any request in HTTP/1.0.
    if (mentions(offer->body, "did not receive a valid HTTP request")) return yes(85, describe_answer(*offer));
  }
  return std::nullopt;
}

std::optional<Evidence> forward_auth_broken(const Facts& facts) {
  const Attempt* plain = plain_of(facts);
  for (const Attempt* offer : declined_offers(facts)) {
    const bool without = plain != nullptr && plain->answered() && plain->status < 500;
    if (offer->status == 500 && without && product_of(facts) != iis) {
      return yes(82, fmt::format("500 with an offer, {} without: what is asked before the backend fails on the offer",
                                 plain->status));
    }
  }
  return std::nullopt;
}

std::optional<Evidence> error_rewritten(const Facts& facts) {
  const Attempt* plain = plain_of(facts);
  for (const Attempt* offer : declined_offers(facts)) {
    const bool without = plain != nullptr && plain->answered() && plain->status < 500;
    if (is_gateway_error(offer->status) && without && product_of(facts) != iis) {
      return yes(80, fmt::format("{} with an offer, {} without: the gateway did not like the backend's answer",
                                 offer->status, plain->status));
    }
  }
  return std::nullopt;
}

std::optional<Evidence> no_healthy_upstream(const Facts& facts) {
  const Attempt* plain = plain_of(facts);
  for (const Attempt* offer : declined_offers(facts)) {
    if (offer->fields.has("Retry-After")) continue;
    const bool also_plain = plain != nullptr && plain->answered() && is_gateway_error(plain->status);
    if (is_gateway_error(offer->status) && also_plain) {
      return yes(86, fmt::format("{} with an offer, and {} without", offer->status, plain->status));
    }
  }
  return std::nullopt;
}

std::optional<Evidence> upstream_tls_mismatch(const Facts& facts) {
  for (const Attempt* offer : declined_offers(facts)) {
    for (const std::string_view sign :
         {"plain HTTP request was sent to HTTPS port", "speaking plain HTTP to an SSL-enabled server port",
          "Client sent an HTTP request to an HTTPS server", "wrong version number", "TLS_error",
          "This combination of host and port requires TLS"}) {
      if (mentions(offer->body, sign)) return yes(96, describe_answer(*offer) + ": the last hop's scheme is wrong");
    }
    for (const std::string_view sign : {"tls_protocol_error", "tls_certificate_error", "tls_alert_received"}) {
      if (mentions(offer->field("Proxy-Status"), sign)) {
        return yes(96, "Proxy-Status: " + printable(offer->field("Proxy-Status"), 160));
      }
    }
  }
  return std::nullopt;
}

std::optional<Evidence> upstream_h2_only(const Facts& facts) {
  const Attempt* plain = plain_of(facts);
  for (const Attempt* offer : failed_offers(facts)) {
    if (offer->ask.over == Over::http2) continue;
    for (const std::string_view sign : {"invalid Upgrade request header", "HTTP_1_1_REQUIRED"}) {
      if (mentions(offer->body, sign)) return yes(96, describe_answer(*offer));
    }
    const std::string_view via = plain == nullptr ? std::string_view() : plain->field("Via");
    const bool from_h2 = via.starts_with("2 ") || via.starts_with("2.0 ") || via.starts_with("HTTP/2");
    if (from_h2 && !offer->accepted()) {
      return yes(90, fmt::format("Via: {} says that the backend speaks HTTP/2, where an Upgrade has no place",
                                 printable(via, 80)));
    }
  }
  return std::nullopt;
}

std::optional<Evidence> held_back(const Facts& facts) {
  const Attempt* plain = plain_of(facts);
  for (const Attempt* offer : failed_offers(facts)) {
    if (offer->ended == Ended::silent && plain != nullptr && plain->answered()) {
      return yes(85, fmt::format("no answer at all with the offer of {}; {} without", printable(offer->ask.token, 60),
                                 plain->status));
    }
  }
  return std::nullopt;
}

std::optional<Evidence> foreign_proxy(const Facts& facts) {
  constexpr std::string_view marks[] = {"squid",      "zscaler",  "bluecoat",   "forcepoint", "mcafee",
                                        "mwg",        "websense", "sophos",     "fortinet",   "fortigate",
                                        "cloudflare", "akamai",   "cloudfront", "umbrella",   "palo alto"};
  for (const Attempt* offer : failed_offers(facts)) {
    if (offer->is_answer(407)) return yes(96, "the answer is 407: a proxy on the way wants credentials");
    const bool refused = offer->is_answer(400) || offer->is_answer(403) || offer->is_answer(503);
    for (const std::string_view mark : marks) {
      for (const std::string_view name : {"Via", "Server", "Proxy-Status", "X-Squid-Error", "X-Cache"}) {
        if (refused && mentions(offer->field(name), mark)) {
          return yes(87, fmt::format("{} with {}: {}", offer->status, name, printable(offer->field(name), 100)));
        }
      }
      if (offer->tls && mentions(offer->tls->issuer, mark) && mark != "cloudflare" && mark != "akamai") {
        return yes(85, "the certificate was issued by " + printable(offer->tls->issuer, 120));
      }
    }
  }
  return std::nullopt;
}

constexpr Cause list[] = {
    {"P01", "hop-headers-stripped",
     "a hop on the way does not pass Upgrade and Connection on, so the server never sees the offer",
     "RFC 9110 sections 7.6.1 and 7.8",
     "let the proxy pass the offer on: both fields are for one hop only, and each proxy "
     "has to be told",
     hop_headers, &hop_headers_stripped},
    {"P02", "connection-token-missing", "Upgrade arrives at the server, but Connection does not name it",
     "RFC 9110 section 7.8", "send Connection: Upgrade with Upgrade, on every hop", connection_token,
     &connection_token_missing},
    {"P03", "upgrade-header-lost-in-response", "the 101 comes without Upgrade, and clients refuse it",
     "RFC 9110 section 15.2.2", "let the proxy keep Upgrade and Connection on a 101", upgrade_in_answer,
     &upgrade_lost_in_answer},
    {"P04", "http10-hop", "a hop speaks HTTP/1.0, which has no Upgrade", "RFC 9110 section 7.8",
     "make every hop speak HTTP/1.1", http_version, &http10_hop},
    {"P13", "forward-auth-broken", "the sub-request to an authentication service carries the offer, and fails on it",
     "RFC 9110 section 7.6.1", "take Upgrade and Connection out of the sub-request", forward_auth,
     &forward_auth_broken},
    {"P22", "error-rewritten", "the gateway turns the backend's answer to an offer into an error of its own",
     "RFC 9110 section 15.6.3",
     "look at the backend's own answer with --compare; the gateway's log says what it did not "
     "like",
     error_rewrite, &error_rewritten},
    {"P23", "no-healthy-upstream", "the gateway has no backend that answers, for any request", "RFC 9110 section 15.6",
     "start the backend, or correct its address", no_upstream, &no_healthy_upstream},
    {"P24", "upstream-tls-mismatch", "one side of the last hop speaks TLS and the other does not",
     "RFC 9110 section 4.2.2",
     "use https (wss) towards a backend that speaks TLS, and http (ws) towards one that does not", upstream_tls,
     &upstream_tls_mismatch},
    {"P25", "upstream-h2-only", "the gateway speaks HTTP/2 with the backend, where an Upgrade has no place",
     "RFC 9113 section 8.2.2",
     "speak HTTP/1.1 with the backend for this route, or let both speak extended CONNECT "
     "(RFC 8441)",
     upstream_h2, &upstream_h2_only},
    {"P26", "waf-or-buffering-holds-101", "something on the way waits for a body, and holds the 101 back",
     "RFC 9110 section 15.2", "exempt this path from filters of responses, and from buffering", held, &held_back},
    {"P27",
     "cdn-or-corporate-proxy",
     "a proxy that belongs to somebody else answers instead of the server",
     "RFC 9110 section 15.5.8",
     "use wss on port 443, which proxies tunnel; switch WebSocket on at the CDN",
     {},
     &foreign_proxy},
};

}  // namespace
}  // namespace causes_way

std::span<const Cause> causes_of_the_way() {
  return causes_way::list;
}

}  // namespace turnout::probe
