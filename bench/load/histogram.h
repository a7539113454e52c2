// Latencies, counted in buckets whose width grows with the value: within 1 % of it, in 60 KB, whatever comes.
//
//   Histogram latency;
//   latency.add(now_ns() - begun);
//   const double p99_us = latency.percentile(0.99) / 1000;
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace turnout::bench {

class Histogram {
 public:
  void add(std::int64_t value_ns) noexcept {
    const auto value = value_ns < 0 ? 0U : static_cast<std::uint64_t>(value_ns);
    ++buckets_[bucket(value)];
    ++count_;
    if (value > max_) max_ = value;
  }

  std::uint64_t count() const noexcept { return count_; }
  std::uint64_t max() const noexcept { return max_; }

  /// The value that this share of all do not exceed; 0 where there are none.
  double percentile(double share) const noexcept {
    const auto rank = static_cast<std::uint64_t>(share * static_cast<double>(count_) + 0.999999);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size() && count_ != 0; ++i) {
      seen += buckets_[i];
      if (seen >= rank && seen != 0) return static_cast<double>(upper_bound(i) < max_ ? upper_bound(i) : max_);
    }
    return static_cast<double>(max_);
  }

 private:
  // Up to 256 each value has a bucket; above, each power of two has 128.
  static constexpr std::size_t steps = 128;

  static std::size_t bucket(std::uint64_t value) noexcept {
    if (value < 2 * steps) return static_cast<std::size_t>(value);
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - 8U;
    return steps * shift + static_cast<std::size_t>(value >> shift);
  }

  static std::uint64_t upper_bound(std::size_t index) noexcept {
    if (index < 2 * steps) return index;
    const std::size_t shift = index / steps - 1;
    const std::uint64_t step = index % steps + steps;
    return ((step + 1) << shift) - 1;
  }

  std::array<std::uint64_t, steps * 58> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace turnout::bench
