// Authority: host[:port], as Host, :authority, CONNECT and absolute-form targets carry it (RFC 3986 section 3.2).
//
//   auto where = parse_authority("[::1]:8443");          // host "[::1]", port 8443
//   if (!where) ...                                      // user@host, "a,b", "host:99999", "" and their like
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace turnout {

struct Authority {
  std::string_view host;              // as written, brackets of an IPv6 literal included
  std::optional<std::uint16_t> port;  // nothing where it was left out or empty ("host:")
};

/// Strict: no user information, no comma, no zone, no empty host, a port of 1 to 65535.
std::optional<Authority> parse_authority(std::string_view text) noexcept;

}  // namespace turnout
