#include "config/quantity.h"

#include <gtest/gtest.h>

namespace turnout {
namespace {

TEST(Quantity, Durations) {
  EXPECT_EQ(parse_duration("250ms"), Millis(250));
  EXPECT_EQ(parse_duration("5s"), Millis(5000));
  EXPECT_EQ(parse_duration("10m"), Millis(600'000));
  EXPECT_EQ(parse_duration("1h"), Millis(3'600'000));
  EXPECT_EQ(parse_duration("0s"), Millis(0));
  EXPECT_EQ(parse_duration("8760h"), Millis(31'536'000'000));
  for (std::string_view bad : {"", "5", "s", "5 s", " 5s", "5s ", "-5s", "+5s", "5.5s", "5S", "5sec", "1m30s", "5d",
                               "1e3s", "8761h", "99999999999999999999s", "18446744073709551615h", "0x5s"}) {
    EXPECT_FALSE(parse_duration(bad)) << bad;
  }
}

TEST(Quantity, Sizes) {
  EXPECT_EQ(parse_size("512B"), 512U);
  EXPECT_EQ(parse_size("16KiB"), 16384U);
  EXPECT_EQ(parse_size("16MiB"), 16U * 1024 * 1024);
  EXPECT_EQ(parse_size("2GiB"), 2ULL << 30);
  EXPECT_EQ(parse_size("18446744073709551615B"), UINT64_MAX);
  for (std::string_view bad : {"", "16", "KiB", "16KB", "16kib", "16 KiB", "-1B", "1.5KiB", "16K",
                               "18446744073709551616B", "18446744073709551615KiB"}) {
    EXPECT_FALSE(parse_size(bad)) << bad;
  }
}

TEST(Quantity, Rates) {
  EXPECT_EQ(parse_rate("100/s"), (Rate{100, Millis(1000)}));
  EXPECT_EQ(parse_rate("1/m"), (Rate{1, Millis(60'000)}));
  EXPECT_EQ(parse_rate("4294967295/h"), (Rate{UINT32_MAX, Millis(3'600'000)}));
  for (std::string_view bad : {"", "100", "/s", "100/", "0/s", "-1/s", "+1/s", "1.5/s", "1 /s", "1/ s", "1/ms", "1/S",
                               "1/d", "1/s/s", "4294967296/s", "0x1/s"}) {
    EXPECT_FALSE(parse_rate(bad)) << bad;
  }
}

TEST(Quantity, TextsAreReadBack) {
  for (std::uint64_t value :
       {0ULL, 1ULL, 999ULL, 1000ULL, 1024ULL, 1500ULL, 60'000ULL, 90'000ULL, 3'600'000ULL, 1ULL << 20}) {
    const Millis duration(static_cast<Millis::rep>(value));
    EXPECT_EQ(parse_duration(duration_text(duration)), duration);
    EXPECT_EQ(parse_size(size_text(value)), value);
  }
  EXPECT_EQ(duration_text(Millis(60'000)), "1m");
  EXPECT_EQ(duration_text(Millis(1500)), "1500ms");
  EXPECT_EQ(duration_text(Millis(0)), "0ms");
  EXPECT_EQ(size_text(16384), "16KiB");
  EXPECT_EQ(size_text(1000), "1000B");
}

}  // namespace
}  // namespace turnout
