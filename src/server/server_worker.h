// ServerWorker: one thread of the server: its loop, its sockets, its connections.
//
// Nothing on the path of a request is shared with another worker. Others reach it only through drain(), abort() and
// what an AdminWorker offers, which post to its loop.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <thread>
#include <vector>

#include "admin/host.h"
#include "observe/metrics.h"
#include "observe/transcript_store.h"
#include "runtime/epoll_loop.h"
#include "server/access_recorder.h"
#include "server/connection_limits.h"
#include "server/recorders.h"
#include "server/server_listener.h"
#include "switching/session.h"
#include "transport/tcp_listener.h"

namespace turnout {

class ServerWorker final : public AdminWorker {
 public:
  struct Options {
    std::size_t index = 0;
    std::size_t count = 1;  // of all workers
    const Site* site = nullptr;
    std::vector<ServerListener*> listeners;
    ConnectionLimits* connection_limits = nullptr;
    std::shared_ptr<LogFile> access_log;  // may be nullptr
    const TranscriptPolicy* transcript_policy = nullptr;
    std::shared_ptr<LogFile> transcript_file;  // may be nullptr
    bool is_watched = false;                   // there is an admin listener that asks for what is counted
    std::function<void()> on_end;              // called on the worker's thread as the last thing
  };

  explicit ServerWorker(Options options);
  ServerWorker(const ServerWorker&) = delete;
  ServerWorker& operator=(const ServerWorker&) = delete;
  ~ServerWorker() override;

  void start();
  void join();

  /// From any thread, any number of times.
  void drain();
  void abort();
  /// New connections speak what their listener speaks now.
  void refresh();

  bool has_ended() const noexcept override { return ended_.load(std::memory_order_acquire); }
  void post(std::function<void()> job) override { loop_.post_from_elsewhere(std::move(job)); }
  void visit_sessions(std::function<void(Session&)> each, std::function<void()> done) override;
  const WorkerMetrics& metrics() const noexcept override { return metrics_; }
  const TranscriptStore* transcripts() const noexcept override { return transcripts_.get(); }
  TranscriptCounts transcript_counts() const noexcept override {
    return transcripts_ ? transcripts_->counts() : transcript_counts_;
  }
  std::uint64_t log_lines_dropped() const noexcept override {
    return access_ ? access_->dropped() : log_lines_dropped_;
  }

 private:
  /// A walk through all sessions that somebody asked for.
  struct Visit {
    Visit(Sessions& sessions, std::function<void(Session&)> for_each, std::function<void()> at_end)
        : walk(sessions), each(std::move(for_each)), done(std::move(at_end)) {}
    Sessions::Walk walk;
    std::function<void(Session&)> each;
    std::function<void()> done;
  };
  static constexpr std::size_t sessions_per_slice = 32;
  struct DrainLimit : Timer {
    explicit DrainLimit(ServerWorker& owner) noexcept;
    ServerWorker& worker;
  };

  struct Listening {
    ServerListener* listener = nullptr;
    std::shared_ptr<const Spoken> spoken;
    std::unique_ptr<TcpListener> tcp;
  };

  /// What serve() begins with.
  struct Incoming {
    std::unique_ptr<TcpStream> stream;
    std::shared_ptr<const Spoken> spoken;
    Peers peers;
    ConnectionLimits::Places places;
  };

  void run();
  void listen();
  void go_on(Visit& visit);
  void take_spoken(Listening& at);
  void begin_drain() noexcept;
  void at_turn_end() noexcept;
  /// One connection. `incoming` is only looked at before it waits for the first time: its frame stays as long as the
  /// connection, and so would everything that is passed by value.
  static TaskGroup::Child serve(TaskGroup& group, ServerWorker& worker, Incoming& incoming);
  void report_refusal(const ServerListener& listener, const Address& remote);
  void report_pause(const ServerListener& listener, int error);

  Options options_;
  EpollLoop loop_;
  Sessions sessions_;
  WorkerMetrics metrics_;
  std::unique_ptr<AccessRecorder> access_;
  std::unique_ptr<TranscriptStore> transcripts_;
  TranscriptCounts transcript_counts_;  // these two: once it has ended
  std::uint64_t log_lines_dropped_ = 0;
  Recorders recorders_;
  std::vector<std::unique_ptr<Listening>> listening_;
  std::list<Visit> visits_;
  DrainLimit drain_limit_;
  bool draining_ = false;
  bool stopping_locals_ = false;
  std::atomic<bool> ended_ = false;
  std::uint64_t pause_reported_ms_ = 0;
  std::uint64_t refusal_reported_ms_ = 0;
  std::thread thread_;
};

}  // namespace turnout
