// Dns: looks names up without blocking its loop, in the hosts file first and then with the system's name servers
// (c-ares). Both IPv6 and IPv4 addresses are asked for, and sorted by what can be reached from here (RFC 6724).
//
//   Dns dns(loop);
//   dns.start("chat.internal", [](NameAnswer answer) { ... });
#pragma once

#include <map>
#include <memory>

#include "runtime/epoll_loop.h"
#include "transport/name_lookup.h"

struct ares_channeldata;

namespace turnout {

struct DnsOptions {
  std::string servers{};                // "127.0.0.1:5353,[::1]:53"; empty: the system's
  Millis timeout{2'000};                // of the first try of a server; each further one has twice as long
  int tries = 2;                        // of each server
  bool hosts_from_environment = false;  // the hosts file is the one that CARES_HOSTS names
};

class Dns final : public NameLookup {
 public:
  static constexpr std::size_t addresses_max = 16;  // of one name; what is beyond is left out

  explicit Dns(EpollLoop& loop, const DnsOptions& options = {});
  ~Dns() override;
  Dns(const Dns&) = delete;
  Dns& operator=(const Dns&) = delete;

  void start(const std::string& name, Done done) override;

 private:
  struct Socket : EventSource {
    Socket(Dns& owner, int number) noexcept;
    Dns& dns;
    int descriptor;
  };
  struct Tick : Timer {
    explicit Tick(Dns& owner) noexcept;
    Dns& dns;
  };
  friend struct DnsCallbacks;

  void socket_wants(int descriptor, bool reading, bool writing);
  void process(int readable, int writable) noexcept;
  void set_timer() noexcept;

  EpollLoop& loop_;
  ares_channeldata* channel_ = nullptr;  // null: c-ares could not be set up
  int flags_ = 0;
  Tick tick_;
  std::map<int, std::unique_ptr<Socket>> sockets_;
};

}  // namespace turnout
