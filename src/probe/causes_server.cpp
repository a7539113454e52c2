// Causes that lie in what the server is, or is set up for.
#include "base/ascii.h"
#include "probe/catalogue.h"
#include "probe/evidence.h"
#include "probe/request_text.h"

namespace turnout::probe {
namespace causes_server {
namespace {

using enum Product;

constexpr Fix alpn[] = {
    {nghttpx, "alpn-list=h2,http/1.1"},
    {haproxy, "bind :443 ssl crt site.pem alpn h2,http/1.1"},
    {turnout, "# an https listener speaks both, without being told"},
};
constexpr Fix extended_connect[] = {
    {apache, "H2WebSockets on"},
    {nginx, "# nginx has no extended CONNECT: browsers open a second connection in HTTP/1.1 by themselves"},
    {caddy, "# Caddy from 2.9 on; before, browsers open a second connection in HTTP/1.1 by themselves"},
    {envoy, "http2_protocol_options: {allow_connect: true}\nupgrade_configs: [{upgrade_type: websocket}]"},
};
constexpr Fix advertised[] = {
    {haproxy,
     "# let the method CONNECT pass as GET does: http-request deny if METH_CONNECT !{ req.hdr(:protocol) -m found }\n"
     "# or, in global: h2-workaround-bogus-websocket-clients"},
    {traefik, "# in the environment of Traefik: GODEBUG=http2xconnect=0"},
    {apache, "H2WebSockets off   # or: ProxyPass ... upgrade=websocket"},
};
constexpr Fix allow_token[] = {
    {apache, "ProxyPass /path http://backend/path upgrade=tcp   # or upgrade=ANY"},
    {envoy, "upgrade_configs: [{upgrade_type: tcp}]"},
    {turnout, "proxy = { to = \"backend\", switch = [\"websocket\", \"tcp\"] }"},
};
constexpr Fix ignored[] = {
    {nginx,
     "location /chat { proxy_pass http://backend; }   # is it this location that answers? and `turnout explain P01`"},
    {apache, "ProxyPass /chat http://backend/chat upgrade=websocket"},
    {caddy, "reverse_proxy /chat* backend:9000"},
    {lighttpd,
     "$HTTP[\"url\"] =~ \"^/chat\" { proxy.server = ( \"\" => (( \"host\" => \"127.0.0.1\", \"port\" => 9000 )) )\n"
     "  proxy.header = ( \"upgrade\" => \"enable\" ) }"},
};
constexpr Fix path[] = {
    {nginx, "server_name app.example.com;   # and a location that covers the path, its slash at the end included"},
    {haproxy, "use_backend chat if { path_beg /chat }"},
};
constexpr Fix redirect[] = {
    {caddy, "# a site written without http:// redirects to https: clients use wss://"},
    {nginx, "# no `return 301 https://...` for the path of WebSocket; clients: use the URL in Location"}};
constexpr Fix authentication[] = {
    {nginx, "auth_basic off;   # on this location, where the application has its own check"}};
constexpr Fix required[] = {
    {apache, "ProxyPass / http://backend/ upgrade=ANY   # else Apache strips Upgrade from the backend's 426"}};
constexpr Fix module_conflict[] = {
    {iis, "<webSocket enabled=\"false\" />   <!-- in web.config of that application -->"}};
constexpr Fix not_installed[] = {{iis, "Install-WindowsFeature Web-WebSockets"}};
constexpr Fix rate[] = {
    {nginx, "limit_req zone=clients burst=20 nodelay;   # limit_conn likewise: each WebSocket counts until it ends"},
    {haproxy, "http-request deny deny_status 429 if { sc_http_req_rate(0) gt 100 }   # raise the limit of such a rule"},
    {turnout, "limit_per_client = { upgrades = \"100/m\", tunnels = 50 }"},
};

std::optional<Evidence> alpn_chose_h2(const Facts& facts) {
  const Attempt* http2 = facts.find(Purpose::negotiation);
  const bool speaks_h2 = http2 != nullptr && http2->check.settings && http2->tls && http2->tls->alpn == "h2";
  if (!speaks_h2) return std::nullopt;
  for (const Attempt* offer : failed_offers(facts)) {
    if (offer->ask.over == Over::http2) continue;
    if (!offer->answered()) {
      return yes(94, "h2 is negotiated where it is offered, and an offer in HTTP/1.1 gets no answer of HTTP/1.1");
    }
  }
  return std::nullopt;
}

std::optional<Evidence> no_extended_connect(const Facts& facts) {
  const Attempt* http2 = facts.find(Purpose::negotiation);
  if (http2 == nullptr || !http2->check.settings || http2->check.extended_connect) return std::nullopt;
  for (const Attempt* offer : failed_offers(facts)) {
    if (offer->ask.over == Over::http2) {
      return yes(95, "the server's SETTINGS do not hold SETTINGS_ENABLE_CONNECT_PROTOCOL = 1");
    }
  }
  return std::nullopt;
}

std::optional<Evidence> extended_connect_broken(const Facts& facts) {
  const Attempt* http2 = facts.find(Purpose::negotiation);
  if (http2 == nullptr || !http2->check.extended_connect) return std::nullopt;
  const Attempt* over_http1 = facts.find(Purpose::offer, "websocket", Over::http1);
  const Attempt* over_http2 = facts.find(Purpose::offer, "websocket", Over::http2);
  if (over_http2 == nullptr || over_http2->is_sound()) return std::nullopt;
  // Where HTTP/1.1 fails too, the cause is another one.
  if (over_http1 == nullptr || !over_http1->is_sound()) return std::nullopt;
  std::string seen = over_http2->status != 0 ? std::to_string(over_http2->status)
                                             : fmt::format("reset with error {}", over_http2->check.stream_error);
  if (over_http2->switched) seen = over_http2->check.text;
  return yes(95, fmt::format("SETTINGS_ENABLE_CONNECT_PROTOCOL = 1, and extended CONNECT: {}; over HTTP/1.1 it works",
                             printable(seen, 160)));
}

std::optional<Evidence> token_not_allowed(const Facts& facts) {
  for (const Attempt* offer : declined_offers(facts)) {
    if (mentions(offer->body, "upgrade_failed") || mentions(offer->field("Proxy-Status"), "token-not-on-route")) {
      return yes(94, describe_answer(*offer));
    }
    if (accepted_variation(facts, Purpose::other_token, *offer) != nullptr && !offer->ask.body) {
      return yes(86,
                 fmt::format("{} for {}, and a switch to websocket", offer->status, printable(offer->ask.token, 60)));
    }
    if (offer->is_answer(501) && product_of(facts) != iis && offer->ask.over == Over::http2) {
      return yes(80, "501: extended CONNECT is spoken, but not for this protocol");
    }
  }
  return std::nullopt;
}

std::optional<Evidence> upgrade_ignored(const Facts& facts) {
  for (const Attempt* offer : declined_offers(facts)) {
    if (offer->status / 100 != 2 || offer->fields.has("Sec-WebSocket-Accept")) continue;
    return yes(60, fmt::format(
                       "an ordinary {} with {}", offer->status,
                       offer->field("Content-Type").empty() ? "no type" : printable(offer->field("Content-Type"), 60)));
  }
  return std::nullopt;
}

std::optional<Evidence> wrong_path_or_host(const Facts& facts) {
  for (const Attempt* offer : declined_offers(facts)) {
    if (offer->is_answer(421)) return yes(93, "421: this connection is not for that host");
    if (offer->is_answer(404) || offer->is_answer(410)) {
      return yes(75, fmt::format("{} for {} at host {}", offer->status, printable(offer->ask.url.target, 120),
                                 offer->ask.url.authority));
    }
  }
  return std::nullopt;
}

std::optional<Evidence> redirected(const Facts& facts) {
  for (const Attempt* offer : declined_offers(facts)) {
    if (offer->status / 100 == 3 && offer->fields.has("Location")) {
      return yes(96, fmt::format("{} to {}", offer->status, printable(offer->field("Location"), 200)));
    }
  }
  return std::nullopt;
}

std::optional<Evidence> credentials_required(const Facts& facts) {
  for (const Attempt* offer : declined_offers(facts)) {
    if (offer->is_answer(401)) {
      return yes(96, fmt::format("401, WWW-Authenticate: {}", printable(offer->field("WWW-Authenticate"), 120)));
    }
    if (offer->is_answer(403) && (offer->fields.has("WWW-Authenticate") || offer->fields.has("Set-Cookie"))) {
      return yes(79, "403 with a field that belongs to a login");
    }
  }
  return std::nullopt;
}

std::optional<Evidence> upgrade_required(const Facts& facts) {
  for (const Attempt* offer : declined_offers(facts)) {
    if (!offer->is_answer(426)) continue;
    const std::string_view wants = offer->field("Upgrade");
    if (wants.empty()) return yes(87, "426 without Upgrade: a hop has taken away what the server asks for");
    if (!mentions(wants, offer->ask.token)) {
      return yes(92, "426, and the server asks for " + printable(wants, 80));
    }
  }
  return std::nullopt;
}

std::optional<Evidence> iis_module_conflict(const Facts& facts) {
  if (product_of(facts) != iis) return std::nullopt;
  const Attempt* plain = plain_of(facts);
  for (const Attempt* offer : declined_offers(facts)) {
    const bool fails = offer->status == 400 || offer->status == 500 || offer->status == 502;
    if (fails && plain != nullptr && plain->status < 400) {
      return yes(88,
                 fmt::format("{} with an offer, {} without: IIS's own WebSocket module comes before the application",
                             offer->status, plain->status));
    }
  }
  return std::nullopt;
}

std::optional<Evidence> iis_feature_missing(const Facts& facts) {
  if (product_of(facts) != iis) return std::nullopt;
  for (const Attempt* offer : declined_offers(facts)) {
    if (offer->status == 200 || offer->status == 404 || offer->status == 501) {
      return yes(86, fmt::format("IIS answers the offer with {}, as if there was none", offer->status));
    }
  }
  return std::nullopt;
}

std::optional<Evidence> arr_compression(const Facts& facts) {
  if (product_of(facts) != iis) return std::nullopt;
  for (const Attempt* offer : accepted_offers(facts)) {
    const bool broken = offer->switched && offer->check.deflate && !offer->is_sound();
    if (broken && accepted_variation(facts, Purpose::without_extensions, *offer) != nullptr) {
      return yes(95, "broken with permessage-deflate, and sound without it, behind IIS");
    }
  }
  return std::nullopt;
}

std::optional<Evidence> too_many(const Facts& facts) {
  for (const Attempt& one : facts.attempts) {
    if (one.is_answer(429)) {
      return yes(97, fmt::format("429{}{}", one.fields.has("Retry-After") ? ", Retry-After: " : "",
                                 printable(one.field("Retry-After"), 40)));
    }
    if (one.is_answer(503) && one.fields.has("Retry-After")) {
      return yes(91, "503, Retry-After: " + printable(one.field("Retry-After"), 40));
    }
  }
  return std::nullopt;
}

constexpr Cause list[] = {
    {"P05", "alpn-chose-h2", "the server speaks HTTP/2 only, where there is no Upgrade", "RFC 9113 section 8.6",
     "let ALPN offer http/1.1 too, or open the WebSocket by extended CONNECT (RFC 8441)", alpn, &alpn_chose_h2},
    {"P06", "no-extended-connect", "the server does not offer extended CONNECT over HTTP/2", "RFC 8441 section 3",
     "ask over HTTP/1.1, or switch extended CONNECT on", extended_connect, &no_extended_connect},
    {"P07", "extended-connect-advertised-but-broken",
     "the server advertises extended CONNECT and then fails on it, so browsers fail that share an HTTP/2 connection",
     "RFC 8441 section 3", "stop advertising it, or let it reach the backend", advertised, &extended_connect_broken},
    {"P08", "token-not-allowed", "the server switches here, but not to this protocol", "RFC 9110 section 7.8",
     "allow the token on the route", allow_token, &token_not_allowed},
    {"P09", "upgrade-ignored", "what answers is an ordinary page: nobody looks at the offer", "RFC 9110 section 7.8",
     "ask where the application is, and check which route or service answers", ignored, &upgrade_ignored},
    {"P10", "wrong-path-or-vhost", "nothing is found under that path, or for that host", "RFC 9110 section 7.4",
     "correct the path, the host or the SNI", path, &wrong_path_or_host},
    {"P11", "redirect", "the answer is a redirect, which browsers do not follow for a WebSocket",
     "RFC 6455 section 4.2.2", "use the final URL, and do not redirect an offer", redirect, &redirected},
    {"P12", "auth-required", "the server wants credentials first", "RFC 9110 section 11.6.1",
     "send the credentials or the cookie with the offer (-H 'Authorization: ...')", authentication,
     &credentials_required},
    {"P21", "426-required", "the server wants another protocol than the one that was offered",
     "RFC 9110 section 15.5.22", "offer what its Upgrade names", required, &upgrade_required},
    {"P28", "module-conflict-iis", "IIS's WebSocket module takes the offer before the application behind it can",
     "RFC 9110 section 7.8", "switch the module off for an application with a WebSocket server of its own (Node.js)",
     module_conflict, &iis_module_conflict},
    {"P29", "feature-not-installed-iis", "the role service WebSocket Protocol is not installed in IIS",
     "RFC 9110 section 7.8", "install the role service, and restart the site", not_installed, &iis_feature_missing},
    {"P30",
     "arr-compression",
     "Application Request Routing passes compressed frames on wrongly",
     "RFC 7692 section 6",
     "take Sec-WebSocket-Extensions out of the request",
     {},
     &arr_compression},
    {"P31", "too-many-connections", "a limit of rate or of connections is reached", "RFC 6585 section 4",
     "ask less often, or raise the limit", rate, &too_many},
};

}  // namespace
}  // namespace causes_server

std::span<const Cause> causes_of_the_server() {
  return causes_server::list;
}

}  // namespace turnout::probe
