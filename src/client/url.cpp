#include "client/url.h"

#include <fmt/core.h>

#include "base/ascii.h"
#include "base/printable.h"
#include "codec/http/authority.h"
#include "codec/http/grammar.h"

namespace turnout::client {
namespace {

constexpr std::size_t url_bytes_max = 8 * 1024;

struct Scheme {
  std::string_view name;
  bool secure;
  bool websocket;
};
constexpr Scheme schemes[] = {{"http", false, false}, {"https", true, false}, {"ws", false, true}, {"wss", true, true}};

const Scheme* find_scheme(std::string_view name) noexcept {
  for (const Scheme& scheme : schemes) {
    if (iequals(name, scheme.name)) return &scheme;
  }
  return nullptr;
}

std::unexpected<std::string> bad(std::string_view text, std::string_view reason) {
  return std::unexpected(fmt::format("'{}': {}", printable(text), reason));
}

}  // namespace

std::string Url::place() const {
  if (!socket.empty()) return socket;
  return fmt::format("{}:{}", host.contains(':') ? "[" + host + "]" : host, port);
}

std::expected<Url, std::string> parse_url(std::string_view text) {
  if (text.size() > url_bytes_max) return bad(text.substr(0, 64), "the URL is longer than 8192 bytes");
  Url url;
  std::string_view rest = text;
  const std::size_t mark = text.find("://");
  // A mark behind the first slash or question mark belongs to the path ("a.example/?to=http://b.example").
  if (mark != std::string_view::npos && text.find_first_of("/?#") > mark) {
    const Scheme* scheme = find_scheme(text.substr(0, mark));
    if (scheme == nullptr) return bad(text, "the scheme has to be http, https, ws or wss");
    url.secure = scheme->secure;
    url.websocket = scheme->websocket;
    rest = text.substr(mark + 3);
  }
  rest = rest.substr(0, rest.find('#'));  // a fragment never leaves the client (RFC 9110 section 4.2.5)

  const std::size_t host_end = rest.find_first_of("/?");
  const std::string_view authority = rest.substr(0, host_end);
  const std::string_view target = host_end == std::string_view::npos ? std::string_view() : rest.substr(host_end);
  // RFC 9110 section 4.2.4: user information misleads people, and ends up in logs.
  if (authority.contains('@')) {
    // The text is not repeated here: it may hold a password.
    return std::unexpected("a URL with user information (user:password@host) is not taken; leave it out");
  }
  if (authority.empty()) return bad(text, "there is no host in it; write http://HOST[:PORT]/PATH");
  const auto where = parse_authority(authority);
  if (!where || where->host.contains('%')) {
    return bad(text, "the host has to be a name, an IPv4 address or an [IPv6] address, and a port 1 to 65535");
  }
  if (!all_in(target, Chars::target)) {
    return bad(text, "spaces, control characters and letters outside of ASCII have to be percent-encoded (%20)");
  }

  url.port = where->port.value_or(url.secure ? 443 : 80);
  url.authority = to_lower(where->host);
  url.host = url.authority.starts_with('[') ? url.authority.substr(1, url.authority.size() - 2) : url.authority;
  if (url.port != (url.secure ? 443 : 80)) url.authority += fmt::format(":{}", url.port);
  if (!target.starts_with('/')) url.target = "/";
  url.target += target;
  return url;
}

}  // namespace turnout::client
