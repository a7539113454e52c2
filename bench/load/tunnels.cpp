// tunnels: one message in flight on each of many switched connections, and its echo; as fast as they come, or at a
// rate.
#include <memory>
#include <vector>

#include "bench/load/modes.h"
#include "bench/load/pacer.h"
#include "bench/load/tunnel.h"

namespace turnout::bench {
namespace {

constexpr std::string_view deflate_offer =
    "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n";

class Tunnels {
 public:
  explicit Tunnels(const Options& options)
      : run_(options),
        upgrade_(run_, options.text("protocol", "websocket"), options.has("deflate") ? deflate_offer : ""),
        message_(options.number("message-bytes", 64), upgrade_.is_websocket, options.has("deflate")),
        pacer_(run_, [](Tunnel& tunnel, std::int64_t due) { tunnel.start(due); }) {
    if (message_.payload.empty()) options.refuse("--message-bytes has to be at least 1");
    const std::size_t held = options.number("hold", 0);
    for (std::size_t i = 0; i < run_.connections + held; ++i) {
      tunnels_.push_back(std::make_unique<Tunnel>(run_, i, upgrade_, message_,
                                                  [this](Tunnel& tunnel, std::int64_t now) { go_on(tunnel, now); }));
    }
  }

  int go() {
    if (run_.open_all(tunnels_.size(), [&](std::size_t i) { tunnels_[i]->open(); })) {
      const std::int64_t now = now_ns();
      // The last ones are busy; what was opened before them is only held.
      for (std::size_t i = tunnels_.size() - run_.connections; i < tunnels_.size(); ++i) {
        pacer_.is_on() ? pacer_.free(*tunnels_[i]) : tunnels_[i]->start(now);
      }
      run_.on_window_end = [this](std::int64_t stalled, std::int64_t end) { look_back(stalled, end); };
      run_.measure();
    }
    return run_.report();
  }

 private:
  void go_on(Tunnel& tunnel, std::int64_t now) {
    // A message there and one back: two operations of whatever lies between.
    run_.complete(tunnel.started_at(), now, 2, 2 * message_.payload.size());
    pacer_.is_on() ? pacer_.free(tunnel) : tunnel.start(now);
  }

  void look_back(std::int64_t stalled, std::int64_t end) {
    for (const auto& tunnel : tunnels_) {
      if (!tunnel->is_waiting()) continue;
      if (pacer_.is_on()) {
        run_.add_unfinished(end - tunnel->started_at());
      } else if (tunnel->started_at() < stalled) {
        run_.fail("no echo for 2 s");
      }
    }
    if (pacer_.is_on()) pacer_.for_each_late(end, [&](std::int64_t due) { run_.add_unfinished(end - due); });
  }

  Run run_;
  Upgrade upgrade_;
  Message message_;
  Pacer<Tunnel> pacer_;
  std::vector<std::unique_ptr<Tunnel>> tunnels_;
};

}  // namespace

int run_tunnels(const Options& options) {
  return Tunnels(options).go();
}

}  // namespace turnout::bench
