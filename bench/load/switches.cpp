// switches: connect, offer, 101, close. Into HTTP/2 with the preface of the client and the first frame of the server.
// As fast as they come, or at a rate.
#include <memory>
#include <string>
#include <vector>

#include "bench/load/modes.h"
#include "bench/load/pacer.h"
#include "bench/load/upgrade_connection.h"
#include "bench/shared/http_text.h"

namespace turnout::bench {
namespace {

// RFC 9113, section 3.4: the client's preface, and its SETTINGS, which may be empty.
constexpr std::string_view preface("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33);
constexpr std::size_t frame_header_bytes_of_http2 = 9;

class SwitchConnection;
using SwitchPacer = Pacer<SwitchConnection>;

class SwitchConnection final : public UpgradeConnection {
 public:
  SwitchConnection(Run& run, std::size_t number, const Upgrade& upgrade, SwitchPacer& pacer)
      : UpgradeConnection(run, number, upgrade), pacer_(pacer), is_http2_(is_http2(upgrade.token)) {
    connections_per_address_ = 1;
  }

  void begin(std::int64_t due) {
    begun_ = due;
    is_waiting_ = true;
    ++source_number_;  // ports of closed connections stay taken for a while
    open();
  }
  std::int64_t begun() const noexcept { return begun_; }
  bool is_waiting() const noexcept { return is_waiting_; }

 private:
  static bool is_http2(std::string_view token) {
    return equal_ignoring_case(token, "h2c") || equal_ignoring_case(token, "HTTP/2.0");
  }

  void on_switched(std::string_view) override {
    switched_at_ = now_ns();
    if (!is_http2_) return finish();
    frame_.clear();
    send(preface);
  }

  void on_bytes(std::string_view bytes) override {
    if (!is_http2_) return;
    frame_ += bytes.substr(0, frame_header_bytes_of_http2 - frame_.size());
    if (frame_.size() < frame_header_bytes_of_http2) return;
    // A SETTINGS frame, of type 4, on stream 0, which is no acknowledgement.
    if (std::string_view(frame_).substr(3) != std::string_view("\4\0\0\0\0\0", 6)) {
      return fail("the first frame is not SETTINGS");
    }
    finish();
  }

  void finish() {
    run_.complete(begun_, switched_at_, 1, 0);
    close();
    is_waiting_ = false;
    if (pacer_.is_on()) {
      pacer_.free(*this);
    } else {
      begin(now_ns());
    }
  }

  SwitchPacer& pacer_;
  const bool is_http2_;
  bool is_waiting_ = false;
  std::string frame_;
  std::int64_t begun_ = 0;
  std::int64_t switched_at_ = 0;
};

}  // namespace

int run_switches(const Options& options) {
  Run run(options);
  const Upgrade upgrade(run, options.text("protocol", "websocket"));
  SwitchPacer pacer(run, [](SwitchConnection& connection, std::int64_t due) { connection.begin(due); });
  std::vector<std::unique_ptr<SwitchConnection>> connections;
  connections.reserve(run.connections);
  for (std::size_t i = 0; i < run.connections; ++i) {
    connections.push_back(std::make_unique<SwitchConnection>(run, i, upgrade, pacer));
  }
  for (const auto& connection : connections) pacer.is_on() ? pacer.free(*connection) : connection->begin(now_ns());
  run.on_window_end = [&](std::int64_t stalled, std::int64_t end) {
    for (const auto& connection : connections) {
      if (!connection->is_waiting()) continue;
      if (connection->begun() < stalled) run.fail("no answer for 2 s");
      if (pacer.is_on()) run.add_unfinished(end - connection->begun());
    }
    if (pacer.is_on()) pacer.for_each_late(end, [&](std::int64_t due) { run.add_unfinished(end - due); });
  };
  run.measure();
  return run.report();
}

}  // namespace turnout::bench
