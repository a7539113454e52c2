#include "base/client_counts.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace turnout {
namespace {

Address ip(const std::string& text) {
  return *parse_ip(text);
}

TEST(RateMeter, AsManyAtOnceAndThenAsTheyComeBack) {
  RateMeter meter;
  const Rate rate{10, Millis(1000)};
  for (int i = 0; i < 10; ++i) EXPECT_EQ(meter.take(rate, 5), 0U);
  EXPECT_EQ(meter.take(rate, 5), 100U);
  EXPECT_EQ(meter.take(rate, 55), 50U);
  EXPECT_EQ(meter.take(rate, 105), 0U) << "one came back";
  EXPECT_EQ(meter.take(rate, 105), 100U) << "and no more than one";
  for (int i = 0; i < 10; ++i) EXPECT_EQ(meter.take(rate, 10'000), 0U);
  EXPECT_EQ(meter.take(rate, 10'000), 100U) << "what was not used does not pile up";
}

TEST(RateMeter, ExtremeRates) {
  RateMeter slow;
  EXPECT_EQ(slow.take(Rate{1, Millis(3'600'000)}, 0), 0U);
  EXPECT_EQ(slow.take(Rate{1, Millis(3'600'000)}, 0), 3'600'000U);
  EXPECT_EQ(slow.take(Rate{1, Millis(3'600'000)}, 3'600'000), 0U);
  RateMeter fast;
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(fast.take(Rate{UINT32_MAX, Millis(1000)}, 1), 0U);
  RateMeter back;
  EXPECT_EQ(back.take(Rate{1, Millis(1000)}, 2000), 0U);
  EXPECT_EQ(back.take(Rate{1, Millis(1000)}, 1990), 1010U) << "a clock that is a little behind";
}

TEST(SEC_D4, AClientIsAnAddressAndInIPv6ItsNetwork) {
  const ClientCounts counts;
  EXPECT_NE(counts.key(ip("192.0.2.1")), counts.key(ip("192.0.2.2")));
  EXPECT_EQ(counts.key(ip("192.0.2.1")), counts.key(ip("::ffff:192.0.2.1")));
  EXPECT_EQ(counts.key(ip("2001:db8:0:1::1")), counts.key(ip("2001:db8:0:1:ffff::2")));
  EXPECT_NE(counts.key(ip("2001:db8:0:1::1")), counts.key(ip("2001:db8:0:2::1")));
  EXPECT_NE(ClientCounts().key(ip("192.0.2.1")), counts.key(ip("192.0.2.1"))) << "nobody can tell which fall together";
}

TEST(SEC_D4, OpenOnesAreCountedForEachClient) {
  ClientCounts counts;
  EXPECT_TRUE(counts.open(7, 2));
  EXPECT_TRUE(counts.open(7, 2));
  EXPECT_FALSE(counts.open(7, 2));
  EXPECT_TRUE(counts.open(8, 2));
  EXPECT_FALSE(counts.open(9, 0));
  EXPECT_EQ(counts.open_clients(), 2U);
  counts.close(7);
  EXPECT_TRUE(counts.open(7, 2));
  for (int i = 0; i < 2; ++i) counts.close(7);
  counts.close(8);
  EXPECT_EQ(counts.open_clients(), 0U) << "nothing stays behind";
}

TEST(SEC_D4, MemoryIsBoundedAndTheBusiestAreRemembered) {
  ClientCounts counts;
  const Rate rate{2, Millis(60'000)};
  const std::uint64_t busy = counts.key(ip("192.0.2.1"));
  EXPECT_EQ(counts.take(busy, ClientCounts::requests, rate, 1), 0U);
  EXPECT_EQ(counts.take(busy, ClientCounts::requests, rate, 1), 0U);
  Address other = ip("2001:db8::");
  for (std::uint32_t i = 0; i < 4 * ClientCounts::ways * ClientCounts::sets; ++i) {
    for (std::size_t byte = 0; byte < 4; ++byte) other.bytes[4 + byte] = static_cast<std::uint8_t>(i >> (8 * byte));
    counts.take(counts.key(other), ClientCounts::requests, rate, 1);
  }
  EXPECT_NE(counts.take(busy, ClientCounts::requests, rate, 1), 0U)
      << "many that ask once do not make one forgotten that has used up its share";
}

TEST(WorkersClientCounts, AreShared) {
  ClientCounts counts;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&counts] {
      for (std::uint64_t i = 1; i <= 2000; ++i) {
        counts.take(i % 100 + 1, ClientCounts::requests, Rate{10, Millis(1000)}, i);
        if (counts.open(i % 100 + 1, 1000)) counts.close(i % 100 + 1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counts.open_clients(), 0U);
}

}  // namespace
}  // namespace turnout
