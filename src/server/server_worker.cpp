#include "server/server_worker.h"

#include <pthread.h>
#include <signal.h>

#include <cstring>

#include "server/log.h"
#include "switching/drive.h"

namespace turnout {
namespace {

constexpr std::uint64_t report_every_ms = 10'000;

}  // namespace

ServerWorker::DrainLimit::DrainLimit(ServerWorker& owner) noexcept
    : Timer([](Timer& timer) noexcept { static_cast<DrainLimit&>(timer).worker.sessions_.abort(); }), worker(owner) {}

ServerWorker::ServerWorker(Options options)
    : options_(std::move(options)),
      sessions_(options_.index + 1, options_.count),
      metrics_(loop_),
      drain_limit_(*this) {}

ServerWorker::~ServerWorker() {
  join();
}

void ServerWorker::start() {
  thread_ = std::thread([this] { run(); });
}

void ServerWorker::join() {
  if (thread_.joinable()) thread_.join();
}

void ServerWorker::drain() {
  loop_.post_from_elsewhere([this] { begin_drain(); });
}

void ServerWorker::abort() {
  loop_.post_from_elsewhere([this] {
    begin_drain();
    sessions_.abort();
  });
}

void ServerWorker::run() {
  // Signals are for the thread that waits for them; and sendfile() to a broken connection raises SIGPIPE here.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);

  if (options_.is_watched) recorders_.add(&metrics_);
  if (options_.access_log) {
    access_ = std::make_unique<AccessRecorder>(loop_, options_.access_log);
    recorders_.add(access_.get());
  }
  if (options_.is_watched || options_.transcript_file) {
    transcripts_ = std::make_unique<TranscriptStore>(loop_, *options_.transcript_policy, options_.transcript_file);
    recorders_.add(transcripts_.get());
  }
  if (!recorders_.empty()) sessions_.recorder = &recorders_;
  listen();
  if (options_.index == 0) options_.site->begin(loop_);
  loop_.at_turn_end = [this] { at_turn_end(); };
  loop_.run();

  // Here, because memory out of a thread's pool goes back to that pool.
  listening_.clear();
  visits_.clear();
  sessions_.recorder = nullptr;
  log_lines_dropped_ = log_lines_dropped();
  access_.reset();
  transcript_counts_ = transcript_counts();
  transcripts_.reset();
  ended_.store(true, std::memory_order_release);
  options_.on_end();
}

void ServerWorker::listen() {
  for (ServerListener* listener : options_.listeners) {
    auto at = std::make_unique<Listening>();
    at->listener = listener;
    take_spoken(*at);
    auto on_accept = [this, at = at.get()](std::unique_ptr<TcpStream> stream, const Address& remote,
                                           const Address& local) {
      auto places = options_.connection_limits->admit(remote, at->spoken->https != nullptr);
      if (!places) {
        metrics_.refused(at->spoken->index);
        return report_refusal(*at->listener, remote);
      }
      metrics_.accepted(at->spoken->index);
      Incoming incoming{std::move(stream), at->spoken, Peers{remote, local}, std::move(*places)};
      serve(loop_.connections, *this, incoming);
    };
    at->tcp = std::make_unique<TcpListener>(loop_, listener->take_socket(options_.index), std::move(on_accept));
    at->tcp->on_pause = [this, listener](int error) { report_pause(*listener, error); };
    listening_.push_back(std::move(at));
  }
}

void ServerWorker::take_spoken(Listening& at) {
  // With a count of its own: workers that accept at the same time do not fight over the one of all.
  std::shared_ptr<const Spoken> shared = at.listener->spoken();
  const Spoken* spoken = shared.get();
  at.spoken = std::shared_ptr<const Spoken>(spoken, [keep = std::move(shared)](const Spoken*) {});
}

void ServerWorker::refresh() {
  loop_.post_from_elsewhere([this] {
    for (const auto& at : listening_) take_spoken(*at);
  });
}

TaskGroup::Child ServerWorker::serve(TaskGroup& /*group*/, ServerWorker& worker, Incoming& incoming) {
  const std::shared_ptr<const Spoken> spoken = std::move(incoming.spoken);
  const ClientCounts::Place place = std::move(incoming.places.connection);
  Session session(worker.loop_, *worker.options_.site, spoken->listener, worker.sessions_, incoming.peers);
  session.hold_handshake(std::move(incoming.places.handshake));
  {
    Succession protocols(spoken->make_first_protocol(), Wire(std::move(incoming.stream)), session);
    while (co_await protocols.next()) {
    }
  }
  worker.metrics_.ended(spoken->index);
}

void ServerWorker::visit_sessions(std::function<void(Session&)> each, std::function<void()> done) {
  go_on(visits_.emplace_back(sessions_, std::move(each), std::move(done)));
}

void ServerWorker::go_on(Visit& visit) {
  if (visit.walk.visit(sessions_per_slice, visit.each)) {
    loop_.post_from_elsewhere([this, &visit] { go_on(visit); });
    return;
  }
  const std::function<void()> done = std::move(visit.done);
  visits_.remove_if([&](const Visit& one) { return &one == &visit; });
  done();
}

void ServerWorker::begin_drain() noexcept {
  if (std::exchange(draining_, true)) return;
  for (const auto& at : listening_) at->tcp->close();
  sessions_.drain();
  loop_.set_timer(drain_limit_, options_.site->limits().drain);
}

void ServerWorker::at_turn_end() noexcept {
  if (access_) access_->at_turn_end();
  if (!draining_ || loop_.connections.running() != 0) return;
  if (!std::exchange(stopping_locals_, true)) {
    loop_.connections.spawn(loop_.stop_locals());
    if (loop_.connections.running() != 0) return;
  }
  loop_.stop();
}

void ServerWorker::report_pause(const ServerListener& listener, int error) {
  if (pause_reported_ms_ != 0 && loop_.now_ms() < pause_reported_ms_ + report_every_ms) return;
  pause_reported_ms_ = loop_.now_ms();
  operational_log().warn("{}: no connection can be accepted for now: {} (raise the limit of open files: ulimit -n)",
                         text(listener.address()), std::strerror(error));
}

void ServerWorker::report_refusal(const ServerListener& listener, const Address& remote) {
  if (refusal_reported_ms_ != 0 && loop_.now_ms() < refusal_reported_ms_ + report_every_ms) return;
  refusal_reported_ms_ = loop_.now_ms();
  operational_log().warn("{}: {} has as many connections or handshakes as one client may; the next ones are closed",
                         text(listener.address()), ip_text(remote));
}

}  // namespace turnout
