// An open loop: operations become due at a rate, whether or not the server keeps up, and their latency counts from the
// time at which they were due. One that finds every connection busy waits for the first that is free.
//
//   Pacer pacer(run, [&](Tunnel& tunnel, std::int64_t due) { tunnel.start(due); });
//   pacer.free(tunnel);                              // it has nothing to do
#pragma once

#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "bench/load/run.h"

namespace turnout::bench {

template <class Connection>
class Pacer {
 public:
  using Start = std::function<void(Connection&, std::int64_t due)>;

  /// Without --rate nothing is paced: is_on() is false.
  Pacer(Run& run, Start start)
      : rate_(run.options.real("rate", 0)),
        is_exponential_(run.options.text("arrivals", "even") == "exponential"),
        start_(std::move(start)),
        free_(run.connections + 1) {
    if (is_on()) run.pace = [this](std::int64_t now) { return dispatch(now); };
  }

  bool is_on() const noexcept { return rate_ > 0; }

  void free(Connection& connection) {
    free_[last_] = &connection;
    last_ = next(last_);
  }

  /// Those that were due before the window ended, and were not begun.
  template <class Use>
  void for_each_late(std::int64_t end, Use use) {
    for (; due_ < end; advance()) use(due_);
  }

 private:
  std::int64_t dispatch(std::int64_t now) {
    if (due_ == 0) due_ = now;
    while (due_ <= now && first_ != last_) {
      Connection& connection = *free_[first_];
      first_ = next(first_);
      const std::int64_t due = due_;
      advance();
      start_(connection, due);
    }
    return first_ == last_ ? std::numeric_limits<std::int64_t>::max() : due_;
  }

  void advance() {
    const double mean = static_cast<double>(second_ns) / rate_;
    exact_ += is_exponential_ ? mean * -std::log(1.0 - uniform_(random_)) : mean;
    const auto whole = static_cast<std::int64_t>(exact_);
    due_ += whole;
    exact_ -= static_cast<double>(whole);
  }

  std::size_t next(std::size_t place) const noexcept { return place + 1 == free_.size() ? 0 : place + 1; }

  const double rate_;
  const bool is_exponential_;
  Start start_;
  std::vector<Connection*> free_;  // a ring: those that waited longest go first
  std::size_t first_ = 0;
  std::size_t last_ = 0;
  std::int64_t due_ = 0;
  double exact_ = 0;
  std::mt19937_64 random_{20260101};  // the same arrivals in every run
  std::uniform_real_distribution<double> uniform_;
};

}  // namespace turnout::bench
