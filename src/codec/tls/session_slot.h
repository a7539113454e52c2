// TlsSessionSlot: the last TLS session with one server, for the next connection to it: a handshake without certificates
// and signatures, which for tunnels, each on a connection of its own, is most of what they cost to open.
//
//   auto slot = std::make_shared<TlsSessionSlot>();                       // one for each server
//   TlsEngine engine(context, {.host = "chat.internal", .session = slot});
//
// A resumed session is not verified again. So a slot belongs to one name and one context, and forgets after an hour.
#pragma once

#include <memory>
#include <mutex>

struct ssl_st;
struct ssl_session_st;

namespace turnout {

class TlsSessionSlot {
 public:
  static constexpr long age_seconds_max = 3600;

  /// From any thread.
  void put(const ssl_session_st* session) noexcept;
  /// Has the connection try to resume what is here, if anything is.
  void offer(ssl_st* ssl) noexcept;

 private:
  std::mutex mutex_;
  std::shared_ptr<ssl_session_st> session_;
};

}  // namespace turnout
