#include "codec/tls/ticket_keys.h"

#include <gtest/gtest.h>

namespace turnout {
namespace {

using std::chrono::seconds;

struct KeysAtATime {
  seconds now{1'000'000};
  TicketKeys keys{[this] { return now; }};
};

TEST(TicketKeys, LiveOneHourAndOpenOneMore) {
  KeysAtATime test;
  const TicketKeys::Key first = test.keys.current().value();
  test.now += TicketKeys::lifetime - seconds(1);
  EXPECT_EQ(test.keys.current()->name, first.name);

  test.now += seconds(1);
  const TicketKeys::Key second = test.keys.current().value();
  EXPECT_NE(second.name, first.name);
  EXPECT_NE(second.aes, first.aes);
  EXPECT_NE(second.hmac, first.hmac);
  EXPECT_FALSE(test.keys.find(second.name)->retiring);
  ASSERT_TRUE(test.keys.find(first.name));
  EXPECT_TRUE(test.keys.find(first.name)->retiring);
  EXPECT_EQ(test.keys.find(first.name)->key.aes, first.aes);

  test.now += TicketKeys::lifetime;
  EXPECT_FALSE(test.keys.find(first.name));
  EXPECT_TRUE(test.keys.find(second.name)->retiring);
}

TEST(TicketKeys, AnIdleServerDoesNotKeepOldKeys) {
  KeysAtATime test;
  const TicketKeys::Key first = test.keys.current().value();
  test.now += 2 * TicketKeys::lifetime;
  EXPECT_FALSE(test.keys.find(first.name));
}

TEST(TicketKeys, AnUnknownNameOpensNothing) {
  KeysAtATime test;
  const std::array<unsigned char, 16> name{};
  EXPECT_FALSE(test.keys.find(name));
}

}  // namespace
}  // namespace turnout
