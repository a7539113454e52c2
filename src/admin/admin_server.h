// AdminServer: the listener for operators and monitoring: a unix socket, and where asked a loopback address. It has a
// thread of its own, with less of a claim to the CPU than the workers, so that a long list does not slow them down.
//
//   AdminServer admin(host, *config.admin);
//   if (auto opened = admin.open(); !opened) ...     // before other threads begin
//   admin.start();
//   ...                                              // the workers end
//   admin.stop();
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "admin/admin_site.h"
#include "config/admin_config.h"
#include "switching/session.h"
#include "transport/tcp_listener.h"
#include "transport/unix_listening_socket.h"

namespace turnout {

class AdminServer {
 public:
  /// Connections at the same time, on each listener.
  static constexpr std::size_t connections_max = 64;

  /// The host outlives the server.
  AdminServer(const AdminHost& host, AdminConfig config);
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;
  ~AdminServer();

  /// The error is a line for a person.
  std::expected<void, std::string> open();
  void start();
  /// Ends what runs and joins the thread. Again: nothing.
  void stop();

  std::string socket_path() const { return unix_socket_ ? unix_socket_->path() : std::string(); }
  /// The URL that logs a browser in, once; empty without a TCP listener.
  std::string login_url() const;

 private:
  struct StopLimit : Timer {
    explicit StopLimit(AdminServer& owner) noexcept;
    AdminServer& server;
  };
  struct Listening {
    Descriptor socket;
    std::unique_ptr<const AdminSite> site;
    std::unique_ptr<TcpListener> listener;
    std::size_t connections = 0;
  };

  std::expected<void, std::string> open_unix_socket();
  std::expected<void, std::string> open_address();
  AdminContext context(std::uint16_t port, AdminCredentials* credentials);
  void run();
  void listen(Listening& at);
  Task<void> serve(std::unique_ptr<TcpStream> stream, Listening& at, Peers peers);
  void begin_stop() noexcept;
  void at_turn_end() noexcept;

  const AdminHost& host_;
  const AdminConfig config_;
  EpollLoop loop_;
  Cancellation cancellation_;
  std::optional<UnixListeningSocket> unix_socket_;
  std::optional<AdminCredentials> credentials_;
  std::string login_url_;
  std::vector<std::unique_ptr<Listening>> listening_;
  Sessions sessions_;
  Listener offers_nothing_;
  StopLimit stop_limit_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace turnout
