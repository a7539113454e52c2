// The server that runs without a configuration: on loopback, ready to be tried out.
//
//   WelcomeOptions options;                       // what the command line may say
//   Server server(welcome_config(options));
//   add_welcome_routes(server, options);
#pragma once

#include <string>
#include <vector>

#include <turnout/server.h>

namespace turnout {

inline constexpr std::string_view welcome_http = "127.0.0.1:8101";
inline constexpr std::string_view welcome_https = "127.0.0.1:8443";

struct WelcomeOptions {
  std::vector<Address> http;
  std::vector<Address> https;
  std::string root;  // files instead of the page; empty: the page
};

/// A cleartext listener as the command line names it. On loopback nobody sits in between, so it takes every offer:
/// HTTP/2.0 without Connection: upgrade, and TLS, with a certificate of its own for a name of its own (T2).
ListenerConfig http_listener(const Address& address);
/// With a certificate that is made at start.
ListenerConfig https_listener(const Address& address);

Config welcome_config(const WelcomeOptions& options);
/// Everything to one server, and what may become a WebSocket may do so there. Listeners as above.
Config proxy_config(const WelcomeOptions& options, UpstreamServerConfig server);
void add_welcome_routes(Server& server, const WelcomeOptions& options);

}  // namespace turnout
