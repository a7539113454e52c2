// bulk: tunnels through which the other side sends without end; the first megabyte is checked, the rest only counted.
#include <memory>
#include <vector>

#include "bench/load/message.h"
#include "bench/load/modes.h"
#include "bench/load/upgrade_connection.h"
#include "bench/shared/pattern.h"

namespace turnout::bench {
namespace {

constexpr std::uint64_t checked_bytes = 1 << 20;
constexpr std::size_t discarded_at_once = 1 << 20;
constexpr int reads_at_once = 16;  // then the others get their turn

class BulkConnection final : public UpgradeConnection {
 public:
  BulkConnection(Run& run, std::size_t number, const Upgrade& upgrade, const Message& message)
      : UpgradeConnection(run, number, upgrade), message_(message) {}

  /// Asks for the stream.
  void start() { send(message_.wire); }
  std::uint64_t received() const noexcept { return received_; }

 private:
  void on_switched(std::string_view) override { run_.opened(); }

  void on_readable() override {
    if (!switched()) return UpgradeConnection::on_readable();
    for (int reads = 0; readable(); ++reads) {
      if (reads == reads_at_once) return run_.poller.again(*this);
      const bool looks = received_ < checked_bytes || run_.tls.is_on();
      const std::size_t count = looks ? receive(read_buffer, sizeof read_buffer) : discard(discarded_at_once);
      if (count == 0) return;
      if (looks) {
        on_bytes({read_buffer, count});
      } else {
        count_in(count);
      }
    }
  }

  void on_bytes(std::string_view bytes) override {
    if (received_ < checked_bytes && !check(bytes)) return fail("the stream is not what was sent");
    count_in(bytes.size());
  }

  bool check(std::string_view bytes) {
    if (!is_websocket()) {
      const bool right = is_pattern(bytes, place_);
      place_ += bytes.size();
      return right;
    }
    while (const auto piece = reader_.next(bytes)) {
      if (!is_pattern(piece->payload, place_)) return false;
      place_ += piece->payload.size();
    }
    return !reader_.bad();
  }

  void count_in(std::size_t count) {
    received_ += count;
    run_.receive(count);
  }

  const Message& message_;
  FrameReader reader_;
  std::uint64_t received_ = 0;
  std::uint64_t place_ = 0;
};

}  // namespace

int run_bulk(const Options& options) {
  Run run(options);
  const Upgrade upgrade(run, options.text("protocol", "websocket"));
  const Message message(options.number("message-bytes", 64), upgrade.is_websocket, false);
  std::vector<std::unique_ptr<BulkConnection>> connections;
  connections.reserve(run.connections);
  for (std::size_t i = 0; i < run.connections; ++i) {
    connections.push_back(std::make_unique<BulkConnection>(run, i, upgrade, message));
  }
  if (run.open_all(connections.size(), [&](std::size_t i) { connections[i]->open(); })) {
    for (const auto& connection : connections) connection->start();
    run.on_window_end = [&](std::int64_t, std::int64_t) {
      for (const auto& connection : connections) {
        if (connection->received() == 0) run.fail("a tunnel without a byte");
      }
    };
    run.measure();
  }
  return run.report();
}

}  // namespace turnout::bench
