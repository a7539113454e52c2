// One run of the generator: what it is aimed at, what it has counted, and the time that it measures.
//
//   Run run(options);
//   run.open_all(64, [&](std::size_t number) { connections[number]->open(); });
//   run.measure();
//   return run.report();
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "bench/load/cpu_of.h"
#include "bench/load/histogram.h"
#include "bench/load/tls.h"
#include "bench/shared/clock.h"
#include "bench/shared/options.h"
#include "bench/shared/poller.h"

namespace turnout::bench {

class Run {
 public:
  explicit Run(const Options& of);

  const Options& options;
  const Address to;
  const std::string host;
  const std::string path;
  const std::size_t connections;
  Tls tls;  // without a context where there is none
  Poller poller;

  /// Called in every round while it measures; says when it wants to be called again.
  std::function<std::int64_t(std::int64_t now)> pace;
  /// Called when the window ends. What has waited since before `stalled`, for 2 s, has come to a stop.
  std::function<void(std::int64_t stalled, std::int64_t end)> on_window_end;

  /// Opens so many, some at a time, and waits until each has called opened() or fail(). False where one never did.
  bool open_all(std::size_t count, const std::function<void(std::size_t)>& open_one);
  void opened() noexcept { ++opened_; }
  /// The warm-up, then the window.
  void measure();
  /// Polls until the condition holds, or for so long.
  bool poll_until(const std::function<bool()>& done, std::int64_t timeout_ns);

  /// An operation is over. Counts inside the window only.
  void complete(std::int64_t begun, std::int64_t now, std::uint64_t operations, std::uint64_t bytes) noexcept {
    if (!counting_) return;
    latency_.add(now - begun);
    operations_ += operations;
    bytes_ += bytes;
  }
  /// Bytes that are operations themselves.
  void receive(std::uint64_t bytes) noexcept {
    if (counting_) operations_ += bytes, bytes_ += bytes;
  }
  /// A latency of something that is not over when the window ends.
  void add_unfinished(std::int64_t so_far_ns) noexcept {
    latency_.add(so_far_ns);
    ++unfinished_;
  }
  void fail(std::string_view what);
  /// So many errors that nothing can be measured any more.
  bool is_hopeless() const noexcept { return errors_ >= errors_max; }
  std::uint64_t errors() const noexcept { return errors_; }
  const std::string& first_error() const noexcept { return first_error_; }
  void count_reconnection() noexcept { ++reconnections_; }
  bool counting() const noexcept { return counting_; }

  /// Prints the JSON object, and returns the exit code.
  int report() const;

 private:
  static constexpr std::uint64_t errors_max = 100;

  void poll(std::int64_t deadline);

  std::vector<pid_t> roots_;
  CpuOf cpu_before_;
  CpuOf cpu_after_;
  std::int64_t load_cpu_ns_ = 0;
  std::int64_t window_ns_ = 0;
  bool counting_ = false;
  std::size_t opened_ = 0;
  std::uint64_t operations_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t unfinished_ = 0;
  std::uint64_t reconnections_ = 0;
  std::uint64_t errors_ = 0;
  std::string first_error_;
  Histogram latency_;
};

}  // namespace turnout::bench
