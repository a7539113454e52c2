// Url: the places that a client can be sent to.
//
//   auto url = parse_url("http://[::1]:8101/index.html?a=b#c");
//   url->host          // "::1"
//   url->authority     // "[::1]:8101", for the field Host
//   url->target        // "/index.html?a=b"
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace turnout::client {

struct Url {
  bool secure = false;     // https, wss
  bool websocket = false;  // ws, wss
  std::string host;        // lower case; an IPv6 address without its brackets
  std::uint16_t port = 80;
  std::string authority;  // without the port where that is the scheme's own
  std::string target;     // path and query, as written; "/" at least
  std::string socket;     // where the server is found by a path of this machine instead

  /// "127.0.0.1:8101", "[::1]:80", "/run/turnout/7.sock": for messages.
  std::string place() const;
};

/// Without a scheme it is http. The error is a sentence that says what to write instead.
std::expected<Url, std::string> parse_url(std::string_view text);

}  // namespace turnout::client
