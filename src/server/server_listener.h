// ServerListener: one address that the server listens on, and what is spoken there. Shared by all workers.
#pragma once

#include <expected>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/descriptor.h"
#include "codec/tls/context.h"
#include "config/config.h"
#include "switching/registry.h"

namespace turnout {

/// What is spoken on a listener. Immutable; when certificates are loaded again, another one takes its place for the
/// connections that begin from then on.
struct Spoken {
  std::size_t index = 0;                    // of the listener among all of them
  Listener listener;                        // what sessions see of it
  std::shared_ptr<const TlsContext> https;  // nullptr on a cleartext listener
  bool proxy_protocol = false;              // every connection begins with its header

  std::unique_ptr<Protocol> make_first_protocol() const;
};

class ServerListener {
 public:
  using Upgraders = std::vector<std::shared_ptr<const Upgrader>>;

  /// `index` among the listeners; `added`: asked after the upgraders that are built in.
  ServerListener(std::size_t index, ListenerConfig config, WebSocketConfig websocket, Upgraders added);

  /// Before the first connection, and again with other certificates. From any thread.
  void speak(std::shared_ptr<const TlsContext> tls);
  std::shared_ptr<const Spoken> spoken() const;

  /// Binds `count` sockets. The error is a line for a person, with what to do about it.
  std::expected<void, std::string> open(std::size_t count);
  /// The socket of one worker; once for each.
  Descriptor take_socket(std::size_t worker) { return std::move(sockets_[worker]); }

  /// With the port that the system chose, once it is open.
  const Address& address() const noexcept { return config_.address; }
  bool is_https() const noexcept { return config_.is_https(); }

 private:
  const std::size_t index_;
  ListenerConfig config_;
  WebSocketConfig websocket_;
  Upgraders added_;
  std::vector<Descriptor> sockets_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Spoken> spoken_;
};

}  // namespace turnout
