// Server: everything between a Config and connections that are served.
//
//   turnout::Config config;
//   config.listeners.push_back({.address = *turnout::parse_address("127.0.0.1:0")});
//   turnout::Server server(std::move(config));
//   server.add_route("/hello", std::make_unique<Hello>());           // a Handler, see switching/exchange.h
//   server.add_upgrader(std::make_shared<ShoutUpgrader>());          // an Upgrader, see switching/upgrade.h
//   if (auto started = server.start(); !started) std::cerr << started.error() << '\n';
//   std::cout << text(server.listeners().front().address) << '\n';
//   server.wait();                                                   // until another thread calls drain() or abort()
//
// Handlers and upgraders are shared by all workers, so their functions are const and must be safe to call from several
// threads. Whatever belongs to a connection stays on the one thread that accepted it.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "config/config.h"
#include "switching/exchange.h"
#include "switching/registry.h"

namespace turnout {

struct RouteOptions {
  std::vector<std::string> hosts;          // empty: any; "example.com", "*.example.com"
  std::vector<std::string> methods;        // empty: any
  std::vector<std::string> switch_tokens;  // what Upgrade may ask for here beside HTTP and TLS
  OriginPolicy origins;
  bool require_tls = false;
};

class Server {
 public:
  explicit Server(Config config);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  /// Ends what still runs, at once.
  ~Server();

  /// Before start(). The path is a pattern (codec/http/path_pattern.h). The error is a sentence.
  std::expected<void, std::string> add_route(std::string_view path, std::unique_ptr<const Handler> handler,
                                             RouteOptions options = {});
  /// Before start(). It is asked on every listener, after those that are built in.
  void add_upgrader(std::shared_ptr<const Upgrader> upgrader);

  /// Opens all listeners and starts the workers. The error is a line for a person, with what to do about it.
  std::expected<void, std::string> start();

  struct Listening {
    Address address;  // with the port that the system chose where 0 was asked for
    bool is_https = false;
    std::string fingerprint;  // of a certificate that was made at start: its SHA-256; else empty
  };
  const std::vector<Listening>& listeners() const noexcept;

  /// Where operators ask the server about itself (config/admin_config.h); empty where there is no such listener. The URL
  /// logs a browser in, once.
  std::string admin_socket() const;
  std::string admin_url() const;

  /// Accepts nothing more, lets what runs end within `limits.drain`, and then ends. From any thread; returns at once.
  void drain() noexcept;
  /// Breaks every connection off and ends. From any thread; returns at once.
  void abort() noexcept;

  /// Until every worker has ended.
  void wait();
  /// A descriptor that becomes readable when every worker has ended, for those who wait for other things too.
  int ended_descriptor() const noexcept;

  /// Reads the certificate files again, for connections that begin from then on. On an error, which is a line for each
  /// problem, everything stays as it was. From the thread that called start().
  std::expected<void, std::string> reload_certificates();

  /// For log rotation. From any thread.
  std::error_code reopen_logs();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace turnout
