// What --security looks for.
#include "probe/catalogue.h"
#include "probe/evidence.h"

namespace turnout::probe {
namespace causes_security {
namespace {

using enum Product;

constexpr Fix any_token[] = {
    {nginx, "map $http_upgrade $upgrade { default ''; ~*^websocket$ websocket; }\nproxy_set_header Upgrade $upgrade;"},
    {haproxy, "http-request del-header Upgrade unless { req.hdr(Upgrade) -i websocket }"},
    {apache, "ProxyPass /chat http://backend/chat upgrade=websocket   # instead of upgrade=ANY"},
    {turnout, "proxy = { to = \"backend\", switch = [\"websocket\"] }"},
};
constexpr Fix smuggle[] = {
    {nginx,
     "map $http_upgrade $upgrade { default ''; ~*^websocket$ websocket; }\nproxy_set_header Upgrade $upgrade;\n"
     "proxy_set_header HTTP2-Settings \"\";"},
    {haproxy,
     "http-request del-header Upgrade if { req.hdr(Upgrade) -i -m sub h2c }\nhttp-request del-header HTTP2-Settings"},
    {caddy,
     "reverse_proxy backend:9000 {\n    header_up -HTTP2-Settings\n}\n# and @h2c header Upgrade h2c / respond @h2c "
     "400"},
};
constexpr Fix foreign[] = {
    {nginx, "if ($http_origin !~ \"^(https://app\\.example\\.com)?$\") { return 403; }"},
    {haproxy, "http-request deny if { req.hdr(Origin) -m found } !{ req.hdr(Origin) https://app.example.com }"},
    {turnout, "# the origin of the server itself is all that is allowed, unless `origins` lists others"},
};
constexpr Fix refused_connect[] = {
    {haproxy, "http-request reject if METH_CONNECT   # a deny leaves the connection open"},
};

std::optional<Evidence> any_token_tunnel(const Facts& facts) {
  const Attempt* made_up = facts.find(Purpose::made_up_token);
  if (made_up == nullptr || !made_up->is_answer(101)) return std::nullopt;
  return yes(92, fmt::format("101 for the made-up token {}", made_up->ask.token));
}

std::optional<Evidence> h2c_smuggle(const Facts& facts) {
  const Attempt* smuggled = facts.find(Purpose::smuggled_h2c);
  if (smuggled == nullptr || !smuggled->is_answer(101) || !smuggled->check.settings) return std::nullopt;
  const Attempt* plain = plain_of(facts);
  const Attempt* http2 = facts.find(Purpose::negotiation);
  const bool speaks_itself = http2 != nullptr && http2->check.settings && !smuggled->ask.url.secure;
  const std::string_view front = plain == nullptr ? std::string_view() : plain->field("Server");
  const std::string& behind = smuggled->check.stream_server;
  if (!behind.empty() && !front.empty() && behind != front) {
    return yes(95, fmt::format("answers come from {}, and from {} inside the tunnel of h2c", printable(front, 60),
                               printable(behind, 60)));
  }
  if (smuggled->ask.url.secure) return yes(93, "h2c is accepted inside TLS: something behind the TLS speaks it");
  if (!speaks_itself) return yes(91, "h2c is accepted by a server that does not speak HTTP/2 by itself");
  return std::nullopt;
}

std::optional<Evidence> tunnel_without_101(const Facts& facts) {
  const Attempt* refused = facts.find(Purpose::after_refusal);
  const Attempt* alone = facts.find(Purpose::same_alone);
  if (refused == nullptr || alone == nullptr || refused->is_answer(101) || !refused->second_status ||
      !alone->answered()) {
    return std::nullopt;
  }
  const auto server_of = [](std::string_view head) {
    const std::size_t at = head.find("\nServer:");
    if (at == std::string_view::npos) return std::string_view();
    const std::string_view rest = head.substr(at + 8);
    return rest.substr(0, rest.find('\r'));
  };
  const bool other_server = server_of(refused->second_received) != server_of(alone->received);
  if (*refused->second_status == alone->status && !other_server) return std::nullopt;
  return yes(91, fmt::format("the same request gets {} alone, and {} on the connection of a refused offer ({})",
                             alone->status, *refused->second_status, refused->status));
}

std::optional<Evidence> foreign_origin_accepted(const Facts& facts) {
  const Attempt* foreign_page = facts.find(Purpose::foreign_origin);
  if (foreign_page == nullptr || !foreign_page->accepted()) return std::nullopt;
  return yes(90, fmt::format("a WebSocket is opened for Origin: {}", foreign_page->ask.origin.value_or("")));
}

std::optional<Evidence> connect_kept_open(const Facts& facts) {
  const Attempt* connect = facts.find(Purpose::after_connect);
  if (connect == nullptr || !connect->answered() || connect->status < 300 || !connect->second_status)
    return std::nullopt;
  return yes(93, fmt::format("CONNECT is refused with {}, and the request behind it is answered with {}",
                             connect->status, *connect->second_status));
}

std::optional<Evidence> optimistic_accepted(const Facts& facts) {
  const Attempt* optimistic = facts.find(Purpose::optimistic);
  if (optimistic == nullptr || optimistic->is_answer(101) || !optimistic->second_status) return std::nullopt;
  return yes(70, fmt::format("the offer is declined with {}, and the bytes behind it are run as a request: {}",
                             optimistic->status, *optimistic->second_status));
}

constexpr Cause list[] = {
    {"P60", "any-token-tunnel", "any name of a protocol opens a tunnel that nobody looks into", "RFC 9110 section 7.8",
     "pass on only the tokens that are needed", any_token, &any_token_tunnel},
    {"P61", "h2c-smuggle", "an offer of h2c is passed on: inside it, requests go past all rules of the proxy",
     "RFC 9113 section 3.1", "never pass h2c on", smuggle, &h2c_smuggle},
    {"P62",
     "tunnel-without-101",
     "the proxy opens a tunnel although the server refused",
     "RFC 9110 section 7.8",
     "open a tunnel only behind a 101 that fits the offer",
     {},
     &tunnel_without_101},
    {"P63", "foreign-origin", "pages of any origin can open a WebSocket in the name of whoever visits them",
     "RFC 6455 section 10.2", "check Origin against a list", foreign, &foreign_origin_accepted},
    {"P64", "connect-kept-open", "a connection is used further after a refused CONNECT", "RFC 9931 section 8",
     "close the connection with the refusal", refused_connect, &connect_kept_open},
    {"P65",
     "optimistic-accepted",
     "what a client sends ahead of the 101 is run as HTTP where the offer is declined",
     "RFC 9931 section 4",
     "clients: wait for the 101; servers: close where bytes were waiting behind a declined offer",
     {},
     &optimistic_accepted},
};

}  // namespace
}  // namespace causes_security

std::span<const Cause> causes_of_security() {
  return causes_security::list;
}

}  // namespace turnout::probe
