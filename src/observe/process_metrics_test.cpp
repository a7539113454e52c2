#include "observe/process_metrics.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>

namespace turnout {
namespace {

TEST(ProcessMetrics, KnowsThisProcess) {
  const ProcessMetrics process = process_metrics();
  EXPECT_GE(process.cpu_seconds.value(), 0.0);
  EXPECT_GT(process.resident_bytes.value(), 100'000U);
  EXPECT_GT(process.virtual_bytes.value(), process.resident_bytes.value());
  EXPECT_GE(process.threads.value(), 1U);
  EXPECT_GE(process.descriptors_max.value(), process.open_descriptors.value());
  const auto now = static_cast<double>(
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count());
  // The clock may have been set since the machine began, but not by a day.
  EXPECT_NEAR(process.start_time_seconds.value(), now, 86'400);
}

TEST(ProcessMetrics, CountsDescriptors) {
  const std::uint64_t before = process_metrics().open_descriptors.value();
  const int another = dup(0);
  ASSERT_GE(another, 0);
  EXPECT_EQ(process_metrics().open_descriptors.value(), before + 1);
  close(another);
  EXPECT_EQ(process_metrics().open_descriptors.value(), before);
}

constexpr std::string_view fields =
    " S 1 2 3 0 -1 4194560 5 6 7 8 150 25 9 10 20 0 6 0 4242 123456789 1000 18446744073709551615 1 1";

TEST(ProcessMetrics, ReadsTheFieldsOfStat) {
  // The name of a program is whatever its file is called.
  for (const std::string name : {"1 (turnout)", "1 (a b)", "1 (:) 9 9 9 (x)", "1 ())"}) {
    const auto stat = parse_process_stat(name + std::string(fields));
    ASSERT_TRUE(stat) << name;
    EXPECT_EQ(stat->cpu_ticks, 175U);
    EXPECT_EQ(stat->threads, 6U);
    EXPECT_EQ(stat->start_ticks, 4242U);
    EXPECT_EQ(stat->virtual_bytes, 123456789U);
    EXPECT_EQ(stat->resident_pages, 1000U);
  }
}

TEST(ProcessMetrics, WhatHasAnotherFormIsNothing) {
  for (const std::string_view text : {"", "1", "1 (turnout", "1 (turnout)", "1 (turnout) S 1 2 3",
                                      "1 (turnout) S 1 2 3 0 -1 4194560 5 6 7 8 x 25 9 10 20 0 6 0 4242 1 1"}) {
    EXPECT_FALSE(parse_process_stat(text)) << text;
  }
}

}  // namespace
}  // namespace turnout
