// ServerWorker: one thread of the server: its loop, its sockets, its connections.
//
// Nothing on the path of a request is shared with another worker. Others reach it only through drain() and abort(),
// which post to its loop.
#pragma once

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "runtime/epoll_loop.h"
#include "server/access_recorder.h"
#include "server/connection_limits.h"
#include "server/server_listener.h"
#include "switching/session.h"
#include "transport/tcp_listener.h"

namespace turnout {

class ServerWorker {
 public:
  struct Options {
    std::size_t index = 0;
    std::size_t count = 1;  // of all workers
    const Site* site = nullptr;
    std::vector<ServerListener*> listeners;
    ConnectionLimits* connection_limits = nullptr;
    std::shared_ptr<LogFile> access_log;  // may be nullptr
    std::function<void()> on_end;         // called on the worker's thread as the last thing
  };

  explicit ServerWorker(Options options);
  ServerWorker(const ServerWorker&) = delete;
  ServerWorker& operator=(const ServerWorker&) = delete;
  ~ServerWorker();

  void start();
  void join();

  /// From any thread, any number of times.
  void drain();
  void abort();
  /// New connections speak what their listener speaks now.
  void refresh();

 private:
  struct DrainLimit : Timer {
    explicit DrainLimit(ServerWorker& owner) noexcept;
    ServerWorker& worker;
  };

  struct Listening {
    ServerListener* listener = nullptr;
    std::shared_ptr<const Spoken> spoken;
    std::unique_ptr<TcpListener> tcp;
  };

  /// What serve() begins with; gone when it waits for the first time, for its frame stays as long as the connection.
  struct Incoming : Pooled {
    std::unique_ptr<TcpStream> stream;
    std::shared_ptr<const Spoken> spoken;
    Peers peers;
    ConnectionLimits::Places places;
  };

  void run();
  void listen();
  void take_spoken(Listening& at);
  void begin_drain() noexcept;
  void at_turn_end() noexcept;
  Task<void> serve(std::unique_ptr<Incoming> incoming);
  void report_refusal(const ServerListener& listener, const Address& remote);
  void report_pause(const ServerListener& listener, int error);

  Options options_;
  EpollLoop loop_;
  Sessions sessions_;
  std::unique_ptr<AccessRecorder> recorder_;
  std::vector<std::unique_ptr<Listening>> listening_;
  DrainLimit drain_limit_;
  bool draining_ = false;
  bool stopping_locals_ = false;
  std::uint64_t pause_reported_ms_ = 0;
  std::uint64_t refusal_reported_ms_ = 0;
  std::thread thread_;
};

}  // namespace turnout
