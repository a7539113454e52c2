// h2tunnels: WebSockets on streams of HTTP/2, with messages that come back or with bulk to the client.
#include <memory>
#include <vector>

#include "bench/load/h2_connection.h"
#include "bench/load/modes.h"

namespace turnout::bench {

int run_h2tunnels(const Options& options) {
  Run run(options);
  const bool is_bulk = options.has("bulk");
  Message message(options.number("message-bytes", 64), true, false);
  if (message.payload.empty()) options.refuse("--message-bytes has to be at least 1");
  std::vector<std::unique_ptr<H2Connection>> connections;
  connections.reserve(run.connections);
  for (std::size_t i = 0; i < run.connections; ++i) {
    connections.push_back(std::make_unique<H2Connection>(run, i, message, options.number("streams", 1), is_bulk));
  }
  if (run.open_all(connections.size(), [&](std::size_t i) { connections[i]->open(); })) {
    for (const auto& connection : connections) connection->start();
    run.on_window_end = [&](std::int64_t stalled, std::int64_t) {
      for (const auto& connection : connections) {
        if (connection->count_stalled(stalled) != 0) run.fail("a stream stood still for 2 s");
      }
    };
    run.measure();
  }
  return run.report();
}

}  // namespace turnout::bench
