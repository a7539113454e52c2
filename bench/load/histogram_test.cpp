#include "bench/load/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <vector>

namespace turnout::bench {
namespace {

/// The value that this share of the sorted ones do not exceed.
std::int64_t exact(const std::vector<std::int64_t>& sorted, double share) {
  const double rank = std::ceil(share * static_cast<double>(sorted.size()));
  return sorted[static_cast<std::size_t>(std::max(1.0, rank)) - 1];
}

TEST(BenchHistogram, PercentilesAreWithinOnePercentOfThoseOfTheSortedValues) {
  std::mt19937_64 random(1);
  for (const double spread : {3.0, 8.0, 20.0}) {
    std::lognormal_distribution<double> values(spread, 1.5);
    const auto histogram = std::make_unique<Histogram>();
    std::vector<std::int64_t> sorted;
    for (int i = 0; i < 50'000; ++i) {
      sorted.push_back(static_cast<std::int64_t>(values(random)));
      histogram->add(sorted.back());
    }
    std::sort(sorted.begin(), sorted.end());
    EXPECT_EQ(histogram->count(), sorted.size());
    EXPECT_EQ(histogram->max(), static_cast<std::uint64_t>(sorted.back()));
    for (const double share : {0.0001, 0.5, 0.9, 0.99, 0.999, 1.0}) {
      const auto expected = static_cast<double>(exact(sorted, share));
      EXPECT_GE(histogram->percentile(share), expected) << share;
      EXPECT_LE(histogram->percentile(share), expected * 1.01) << share;
    }
  }
}

TEST(BenchHistogram, TakesTheExtremes) {
  const auto histogram = std::make_unique<Histogram>();
  EXPECT_EQ(histogram->percentile(0.5), 0);
  histogram->add(-5);
  EXPECT_EQ(histogram->percentile(1), 0);
  histogram->add(INT64_MAX);
  EXPECT_EQ(histogram->percentile(0.5), 0);
  EXPECT_EQ(histogram->percentile(1), static_cast<double>(INT64_MAX));
}

}  // namespace
}  // namespace turnout::bench
