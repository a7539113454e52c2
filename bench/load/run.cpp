#include "bench/load/run.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <limits>

#include "bench/load/json.h"

namespace turnout::bench {
namespace {

constexpr std::size_t opening_at_once = 128;
constexpr std::int64_t stalled_ns_min = 2 * second_ns;
constexpr std::int64_t opening_ns_max = 15 * second_ns;  // without one more that is open

std::int64_t nanoseconds(double seconds) {
  return static_cast<std::int64_t>(seconds * static_cast<double>(second_ns));
}

}  // namespace

Run::Run(const Options& of)
    : options(of),
      to(of.address("to")),
      host(of.text("host", of.text("to"))),
      path(of.text("path", of.mode() == "bulk" || of.has("bulk") ? "/bulk" : "/")),
      connections(of.number("connections", 1)) {
  if (connections == 0) of.refuse("--connections has to be at least 1");
  for (const std::string_view root : of.all("cpu-of")) {
    roots_.push_back(static_cast<pid_t>(std::strtol(std::string(root).c_str(), nullptr, 10)));
  }
  if (of.has("tls")) tls.set_up(of.mode() == "h2tunnels" ? "h2" : "http/1.1", host);
}

void Run::fail(std::string_view what) {
  if (errors_++ == 0) first_error_ = what;
}

void Run::poll(std::int64_t deadline) {
  const std::int64_t now = now_ns();
  const std::int64_t wake = pace && window_ns_ != 0 ? std::min(deadline, pace(now)) : deadline;
  poller.wait(std::max<std::int64_t>(0, wake - now));
}

bool Run::poll_until(const std::function<bool()>& done, std::int64_t timeout_ns) {
  const std::int64_t deadline = now_ns() + timeout_ns;
  while (!done() && !is_hopeless() && now_ns() < deadline) poll(deadline);
  return done();
}

bool Run::open_all(std::size_t count, const std::function<void(std::size_t)>& open_one) {
  const std::size_t before = opened_ + errors_;
  const auto settled = [&] { return opened_ + errors_ - before; };
  std::size_t begun = 0;
  while (settled() < count) {
    for (; begun < count && begun - settled() < opening_at_once; ++begun) open_one(begun);
    const std::size_t last = settled();
    if (!poll_until([&] { return settled() != last; }, opening_ns_max)) {
      fail(is_hopeless() ? "too many connections failed" : "a connection was not opened for 15 s");
      return false;
    }
  }
  return errors_ == 0;
}

void Run::measure() {
  window_ns_ = nanoseconds(options.real("seconds", 3));
  const auto poll_until_time = [&](std::int64_t end) {
    while (!is_hopeless() && now_ns() < end) poll(end);
  };
  poll_until_time(now_ns() + nanoseconds(options.real("warm-up", 0.5)));
  cpu_before_ = CpuOf(roots_);
  const std::int64_t load_before = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
  const std::int64_t begin = now_ns();
  counting_ = true;
  poll_until_time(begin + window_ns_);
  counting_ = false;
  const std::int64_t end = now_ns();
  load_cpu_ns_ = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - load_before;
  cpu_after_ = CpuOf(roots_);
  window_ns_ = end - begin;
  if (on_window_end) on_window_end(end - stalled_ns_min, end);
  if (operations_ == 0) fail("nothing was completed");
}

int Run::report() const {
  Json json;
  json.text("mode", options.mode());
  json.number("operations", operations_);
  json.number("bytes", bytes_);
  json.real("seconds", static_cast<double>(window_ns_) / static_cast<double>(second_ns), 6);
  json.number("errors", errors_);
  json.text("first_error", first_error_);
  json.number("opened", opened_);
  json.number("reconnections", reconnections_);
  json.number("unfinished", unfinished_);
  json.open("server_cpu_ns");
  for (const pid_t root : roots_) json.number(std::to_string(root), cpu_after_.since(cpu_before_, root));
  json.close();
  json.number("load_cpu_ns", static_cast<std::uint64_t>(load_cpu_ns_));
  json.open("latency_us");
  if (latency_.count() != 0) {
    constexpr double in_us = 1e-3;
    for (const auto& [name, share] : {std::pair{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}}) {
      json.real(name, latency_.percentile(share) * in_us, 3);
    }
    json.real("max", static_cast<double>(latency_.max()) * in_us, 3);
  }
  json.close();
  std::puts(json.end().c_str());
  std::fflush(stdout);
  return errors_ == 0 ? 0 : 1;
}

}  // namespace turnout::bench
