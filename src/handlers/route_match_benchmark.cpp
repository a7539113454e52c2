// What a request pays for being routed, with few routes and with many: it must hardly differ.
#include <benchmark/benchmark.h>

#include "handlers/route_match.h"

namespace turnout {
namespace {

RouteTable table_of(std::int64_t count, std::string_view behind) {
  std::vector<RoutePattern> routes;
  for (std::int64_t i = 0; i < count; ++i) {
    routes.push_back(
        {{"example.com"}, PathPattern::parse("/service-" + std::to_string(i) + std::string(behind)).value(), {}});
  }
  return RouteTable(std::move(routes));
}

void find_each(benchmark::State& state, std::string_view behind) {
  const RouteTable table = table_of(state.range(0), behind.empty() ? "" : "/**");
  std::vector<std::string> paths;
  for (std::int64_t i = 0; i < state.range(0); ++i)
    paths.push_back("/service-" + std::to_string(i) + std::string(behind));
  std::size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(table.find("example.com", paths[next], "GET"));
    if (++next == paths.size()) next = 0;
  }
}

void ExactRoute(benchmark::State& state) {
  find_each(state, "");
}
void PrefixRoute(benchmark::State& state) {
  find_each(state, "/a/b.html");
}
BENCHMARK(ExactRoute)->Arg(10)->Arg(10'000);
BENCHMARK(PrefixRoute)->Arg(10)->Arg(10'000);

}  // namespace
}  // namespace turnout
