#include "config/upstream_server.h"

#include <sys/un.h>

#include <algorithm>
#include <optional>

#include "base/address.h"
#include "base/ascii.h"
#include "codec/http/authority.h"
#include "codec/http/host.h"
#include "config/readable_file.h"

namespace turnout {
namespace {

constexpr std::size_t unix_path_bytes_max = sizeof(sockaddr_un::sun_path) - 1;

std::unexpected<std::string> wrong(std::string message) {
  return std::unexpected(std::move(message));
}

/// The host of an authority: lower case, without brackets.
std::expected<std::string, std::string> to_host(std::string_view written) {
  if (written.starts_with('[')) return to_lower(written.substr(1, written.size() - 2));
  if (parse_ip(written)) return std::string(written);
  auto name = parse_host_pattern(written);
  if (!name) return wrong(name.error());
  if (name->starts_with('*')) return wrong("a server has a name of its own, without '*'");
  // Nothing but an IPv4 address ends in a number; the resolver of the system would read "10.1" as one.
  const std::string_view last = std::string_view(*name).substr(name->rfind('.') + 1);
  if (std::ranges::all_of(last, is_digit)) return wrong("that is not an IPv4 address, as \"192.0.2.1\"");
  return name;
}

std::expected<UpstreamServerConfig, std::string> parse_unix(std::string_view path, const std::string& folder) {
  if (path.starts_with("//")) path.remove_prefix(2);
  if (path.empty()) return wrong("name the socket: \"unix:/run/app.sock\"");
  if (std::ranges::any_of(path, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; })) {
    return wrong("the name of a socket has no control characters");
  }
  UpstreamServerConfig server;
  server.unix_path = resolved(folder, std::string(path));
  if (server.unix_path.size() > unix_path_bytes_max) {
    return wrong("the name of a unix socket has at most " + std::to_string(unix_path_bytes_max) +
                 " bytes, with its folder");
  }
  return server;
}

struct Scheme {
  UpstreamServerConfig::Speaks speaks;
  bool tls;
  std::uint16_t port;
};

std::optional<Scheme> scheme_of(std::string_view name) {
  using Speaks = UpstreamServerConfig::Speaks;
  if (iequals(name, "http")) return Scheme{Speaks::http1, false, 80};
  if (iequals(name, "h2c")) return Scheme{Speaks::http2, false, 80};
  if (iequals(name, "https")) return Scheme{Speaks::http1, true, 443};
  return std::nullopt;
}

std::string scheme_fault(std::string_view name) {
  if (iequals(name, "ws")) return "write http:// for it; the connection is switched to WebSocket by a request";
  if (iequals(name, "wss")) return "write https:// for it; the connection is switched to WebSocket by a request";
  if (iequals(name, "h2")) return "write https:// and http2 = true for HTTP/2 in TLS, and h2c:// without TLS";
  return "a server begins with http://, h2c:// (HTTP/2 without TLS), https:// or unix:";
}

}  // namespace

std::expected<UpstreamServerConfig, std::string> parse_upstream_server(std::string_view text,
                                                                       const std::string& folder) {
  if (text.size() >= 5 && iequals(text.substr(0, 5), "unix:")) {
    auto server = parse_unix(text.substr(5), folder);
    if (server) server->text = std::string(text);
    return server;
  }
  const std::size_t colon = text.find("://");
  const std::string_view name = text.substr(0, colon == std::string_view::npos ? 0 : colon);
  const std::optional<Scheme> scheme = scheme_of(name);
  if (!scheme) return wrong(scheme_fault(name));
  const std::string_view rest = text.substr(colon + 3);
  if (rest.find('@') != std::string_view::npos) {
    return wrong("a server has no user; set = { Authorization = \"...\" } of the route sends one");
  }
  if (rest.find_first_of("/?#") != std::string_view::npos) {
    return wrong(
        "a server has neither path nor query, not even a final '/': requests keep their own (strip_prefix of"
        " the route takes something off)");
  }
  const std::optional<Authority> authority = parse_authority(rest);
  if (!authority || rest.ends_with(':')) {
    return wrong("a server is SCHEME://HOST or SCHEME://HOST:PORT, as \"http://127.0.0.1:3000\"");
  }
  auto host = to_host(authority->host);
  if (!host) return wrong(host.error());
  return UpstreamServerConfig{.speaks = scheme->speaks,
                              .tls = scheme->tls,
                              .text = std::string(text),
                              .host = std::move(*host),
                              .port = authority->port.value_or(scheme->port),
                              .unix_path = {},
                              .position = {}};
}

std::expected<HostPort, std::string> parse_host_port(std::string_view text) {
  const std::optional<Authority> authority = parse_authority(text);
  if (!authority || !authority->port) {
    return wrong("a target is HOST:PORT, as \"db.example.com:5432\" or \"[2001:db8::1]:22\"");
  }
  auto host = to_host(authority->host);
  if (!host) return wrong(host.error());
  return HostPort{std::move(*host), *authority->port};
}

}  // namespace turnout
