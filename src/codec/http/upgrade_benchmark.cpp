// What an Upgrade field costs: its grammar, and the list of protocols that comes of it.
#include <benchmark/benchmark.h>

#include <string_view>

#include "codec/http/upgrade.h"

namespace turnout {
namespace {

void upgrade(benchmark::State& state, std::string_view value) {
  FieldList fields;
  fields.add("Host", "www.example.com");
  fields.add("Connection", "Upgrade");
  fields.add("Upgrade", value);
  for (auto _ : state) {
    auto tokens = parse_upgrade(fields);
    benchmark::DoNotOptimize(tokens);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(value.size()));
}
BENCHMARK_CAPTURE(upgrade, websocket, "websocket");
BENCHMARK_CAPTURE(upgrade, tls, "TLS/1.3, TLS/1.2, HTTP/2.0");
BENCHMARK_CAPTURE(upgrade, sixteen, "a/1, b/1, c/1, d/1, e/1, f/1, g/1, h/1, i/1, j/1, k/1, l/1, m/1, n/1, o/1, p/1");

/// What a request without an offer pays for the question.
void no_upgrade(benchmark::State& state) {
  FieldList fields;
  fields.add("Host", "www.example.com");
  fields.add("User-Agent", "Mozilla/5.0 (X11; Linux x86_64)");
  fields.add("Accept", "*/*");
  for (auto _ : state) {
    auto tokens = parse_upgrade(fields);
    benchmark::DoNotOptimize(tokens);
  }
}
BENCHMARK(no_upgrade);

}  // namespace
}  // namespace turnout
