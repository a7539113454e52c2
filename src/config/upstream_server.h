// Servers and targets as a configuration writes them.
//
//   parse_upstream_server("https://10.0.0.4", "");       // TLS, 10.0.0.4, port 443
//   parse_upstream_server("unix:chat.sock", "/run");     // HTTP/1.1, /run/chat.sock
//   parse_host_port("db.example.com:5432");
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "config/upstream_config.h"

namespace turnout {

/// "http://HOST[:80]", "h2c://HOST[:80]", "https://HOST[:443]" or "unix:PATH"; a relative path is below `folder`. The
/// error is a sentence without a final full stop, and says what to write instead.
std::expected<UpstreamServerConfig, std::string> parse_upstream_server(std::string_view text,
                                                                       const std::string& folder);

/// "HOST:PORT". The error is a sentence without a final full stop.
std::expected<HostPort, std::string> parse_host_port(std::string_view text);

}  // namespace turnout
