// DnsServer: a name server on the loopback interface that answers what a test tells it to, over UDP and TCP, on the
// test's own loop.
//
//   DnsServer server(loop);
//   server.script = [](const DnsServer::Question& question) {
//     return question.reply({.addresses = {"192.0.2.1"}, .ttl_seconds = 60});
//   };
//   Dns dns(loop, {.servers = server.address()});
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/descriptor.h"
#include "runtime/epoll_loop.h"
#include "transport/socket_address.h"
#include "transport/tcp_listener.h"
#include "transport/wire.h"

namespace turnout {

class DnsServer final : private EventSource {
 public:
  static constexpr std::uint16_t type_a = 1;
  static constexpr std::uint16_t type_aaaa = 28;

  struct Reply {
    std::vector<std::string> addresses{};  // those of the other family are left out
    std::uint32_t ttl_seconds = 60;
    int rcode = 0;  // 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED
    bool truncated = false;
    std::string alias{};  // a CNAME in front: the addresses are those of this name
  };
  struct Question {
    std::string name;
    std::uint16_t type = 0;
    bool tcp = false;
    std::string message;  // as it came

    std::string reply(const Reply& reply) const;
  };
  /// What goes back, as it is; nothing: no answer at all.
  using Script = std::function<std::optional<std::string>(const Question&)>;

  explicit DnsServer(EpollLoop& loop);
  ~DnsServer();

  /// As c-ares wants it.
  std::string address() const { return text(at_); }
  Script script;
  std::vector<Question> asked;

  /// Answers late: to whoever asked last over UDP.
  void send_late(std::string_view message);

 private:
  void receive() noexcept;
  Task<void> serve(Wire wire);
  static std::optional<Question> parse(std::string_view message);

  EpollLoop& loop_;
  Descriptor socket_;
  Address at_;
  SocketAddress last_;
  std::unique_ptr<TcpListener> tcp_;
};

}  // namespace turnout
