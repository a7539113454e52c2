// What a request and a switch pay for being counted, with few routes and with many; and what it costs to look.
#include <benchmark/benchmark.h>

#include "observe/metrics_text.h"
#include "runtime/sim_loop.h"
#include "switching/site.h"

namespace turnout {
namespace {

std::vector<Route> routes_of(std::int64_t count) {
  std::vector<Route> routes(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < routes.size(); ++i) routes[i].name = "service-with-a-name-" + std::to_string(i);
  return routes;
}

Record answered(const RequestHead& head) {
  return {.request = &head, .status = 200, .bytes_in = 10, .bytes_out = 100};
}

Record opened(const RequestHead& head) {
  return {.kind = RecordKind::open,
          .request = &head,
          .via = Via::h1_upgrade,
          .status = 101,
          .outcome = "accepted",
          .token_name = "websocket",
          .reason = Why::accepted};
}

void CountRequest(benchmark::State& state) {
  SimLoop loop;
  WorkerMetrics metrics(loop);
  const std::vector<Route> routes = routes_of(state.range(0));
  const RequestHead head;
  Record record = answered(head);
  std::size_t next = 0;
  for (auto _ : state) {
    record.route = &routes[next];
    if (++next == routes.size()) next = 0;
    metrics.write(record);
  }
}
BENCHMARK(CountRequest)->Arg(1)->Arg(10'000);

void CountOpenAndClose(benchmark::State& state) {
  SimLoop loop;
  WorkerMetrics metrics(loop);
  const std::vector<Route> routes = routes_of(state.range(0));
  const RequestHead head;
  const Record open = opened(head);
  Record close = open;
  close.kind = RecordKind::close;
  close.new_bytes_in = close.new_bytes_out = 1000;
  close.closed_by = "client";
  close.close_reason = Why::peer_closed;
  std::size_t next = 0;
  for (auto _ : state) {
    Record record = open;
    record.route = &routes[next];
    metrics.write(record);
    close.route = &routes[next];
    metrics.write(close);
    if (++next == routes.size()) next = 0;
  }
}
BENCHMARK(CountOpenAndClose)->Arg(1)->Arg(10'000);

/// Every route has been asked and switched on.
MetricsSnapshot counts_of(std::int64_t count) {
  SimLoop loop;
  WorkerMetrics metrics(loop);
  const RequestHead head;
  for (const Route& route : routes_of(count)) {
    Record record = answered(head);
    record.route = &route;
    metrics.write(record);
    record = opened(head);
    record.route = &route;
    metrics.write(record);
  }
  return metrics.snapshot();
}

/// On the worker's thread: its connections wait meanwhile.
void CopyCounts(benchmark::State& state) {
  const MetricsSnapshot counts = counts_of(state.range(0));
  for (auto _ : state) {
    MetricsSnapshot copy = counts;
    benchmark::DoNotOptimize(copy);
  }
}
BENCHMARK(CopyCounts)->Arg(1)->Arg(100)->Arg(10'000)->Unit(benchmark::kMicrosecond);

void AddCounts(benchmark::State& state) {
  const MetricsSnapshot counts = counts_of(state.range(0));
  MetricsSnapshot sum = counts;
  for (auto _ : state) sum.add(counts);
}
BENCHMARK(AddCounts)->Arg(100)->Arg(10'000)->Unit(benchmark::kMicrosecond);

void WriteText(benchmark::State& state) {
  const MetricsSnapshot counts = counts_of(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(prometheus_text(counts, {}));
}
BENCHMARK(WriteText)->Arg(100)->Arg(10'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace turnout
