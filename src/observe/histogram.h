// Histogram: how many durations fell between which bounds, and their sum.
//
//   inline constexpr std::array<std::uint64_t, 2> bounds_ms = {100, 1000};
//   Histogram<bounds_ms> durations;
//   durations.add_ms(250);                      // counts[1]: above 100 ms, up to a second
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>

namespace turnout {

template <const auto& UpperBoundsMs>
struct Histogram {
  static constexpr const auto& bounds_ms = UpperBoundsMs;

  std::array<std::uint64_t, bounds_ms.size() + 1> counts{};  // the last one: above all bounds
  std::uint64_t sum_ms = 0;

  void add_ms(std::uint64_t duration_ms) noexcept {
    std::size_t at = 0;
    while (at < bounds_ms.size() && duration_ms > bounds_ms[at]) ++at;
    ++counts[at];
    sum_ms += duration_ms;
  }
  void add(const Histogram& other) noexcept {
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += other.counts[i];
    sum_ms += other.sum_ms;
  }
  std::uint64_t count() const noexcept { return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}); }
};

}  // namespace turnout
