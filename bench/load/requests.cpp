// requests: GETs over kept connections, one in flight on each; as fast as the answers come, or at a rate.
#include <memory>
#include <vector>

#include "bench/load/http_connection.h"
#include "bench/load/modes.h"
#include "bench/load/pacer.h"

namespace turnout::bench {
namespace {

class Requests;

class RequestConnection final : public HttpConnection {
 public:
  RequestConnection(Run& run, std::size_t number, Answers& answers, Requests& all)
      : HttpConnection(run, number, answers), all_(all) {}

  void start(std::int64_t due) {
    if (state() == State::open) {
      request(due);
    } else {
      due_ = due;
      open();
    }
  }

 private:
  void on_open() override;
  void on_answer(std::int64_t now) override;
  void on_closed_in_order() override { run_.count_reconnection(); }

  Requests& all_;
  std::int64_t due_ = 0;
  std::uint64_t answered_ = 0;
  bool was_open_ = false;
};

class Requests {
 public:
  explicit Requests(const Options& options)
      : per_connection_max(options.number("requests-per-connection", 0)),
        run_(options),
        answers_(run_),
        pacer(run_, [](RequestConnection& connection, std::int64_t due) { connection.start(due); }) {
    for (std::size_t i = 0; i < run_.connections; ++i) {
      connections_.push_back(std::make_unique<RequestConnection>(run_, i, answers_, *this));
    }
  }

  int go() {
    if (learn() && run_.open_all(connections_.size(), [&](std::size_t i) { connections_[i]->open(); })) {
      started = true;
      const std::int64_t now = now_ns();
      for (const auto& connection : connections_) pacer.is_on() ? pacer.free(*connection) : connection->start(now);
      run_.on_window_end = [this](std::int64_t stalled, std::int64_t end) { look_back(stalled, end); };
      run_.measure();
    }
    return run_.report();
  }

  std::uint64_t body_bytes() const noexcept { return answers_.body_bytes; }

  const std::uint64_t per_connection_max;
  bool started = false;

 private:
  /// The first answer, which all others have to be like.
  bool learn() {
    RequestConnection first(run_, 0, answers_, *this);
    first.start(now_ns());
    run_.poll_until([&] { return answers_.is_known && !first.is_waiting(); }, 10 * second_ns);
    run_.poller.forget(first);
    const bool learnt = answers_.is_known && run_.errors() == 0;
    if (!learnt) run_.fail("no first answer");
    return learnt;
  }

  void look_back(std::int64_t stalled, std::int64_t end) {
    for (const auto& connection : connections_) {
      if (!connection->is_waiting()) continue;
      if (pacer.is_on()) {
        run_.add_unfinished(end - connection->asked_at());
      } else if (connection->asked_at() < stalled) {
        run_.fail("no answer for 2 s");
      }
    }
    if (pacer.is_on()) pacer.for_each_late(end, [&](std::int64_t due) { run_.add_unfinished(end - due); });
  }

  Run run_;
  Answers answers_;

 public:
  Pacer<RequestConnection> pacer;

 private:
  std::vector<std::unique_ptr<RequestConnection>> connections_;
};

void RequestConnection::on_open() {
  answered_ = 0;
  if (due_ != 0) {
    request(std::exchange(due_, 0));
  } else if (!was_open_) {
    run_.opened();
  }
  was_open_ = true;
}

void RequestConnection::on_answer(std::int64_t now) {
  if (!all_.started) return;
  run_.complete(asked_at(), now, 1, all_.body_bytes());
  if (++answered_ == all_.per_connection_max) {
    run_.count_reconnection();
    close();
  }
  if (all_.pacer.is_on()) {
    all_.pacer.free(*this);
  } else {
    start(now);
  }
}

}  // namespace

int run_requests(const Options& options) {
  return Requests(options).go();
}

}  // namespace turnout::bench
