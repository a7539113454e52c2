#include "runtime/splice_pipe.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string>

namespace turnout {
namespace {

std::string digits(std::size_t size) {
  std::string text(size, '0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('0' + i % 10);
  return text;
}

TEST(SplicePipe, GivesBackWhatWasNotTaken) {
  SplicePipe pipe;
  ASSERT_TRUE(pipe.open());
  const std::string text = digits(20'000);
  ASSERT_EQ(write(pipe.entrance(), text.data(), text.size()), 20'000);
  std::string back(text.size(), ' ');
  ASSERT_TRUE(pipe.empty_into(std::as_writable_bytes(std::span(back))));
  EXPECT_EQ(back, text);
}

TEST(SplicePipe, SaysSoWhereThereIsLessThanWasPutIn) {
  SplicePipe pipe;
  ASSERT_TRUE(pipe.open());
  std::string back(1, ' ');
  EXPECT_FALSE(pipe.empty_into(std::as_writable_bytes(std::span(back))));
  EXPECT_TRUE(pipe.open()) << "the next one begins anew";
}

TEST(SplicePipe, IsLookedAtWhenTheBytesHaveGoneOn) {
  SplicePipe pipe;
  ASSERT_TRUE(pipe.open());
  const std::string text = digits(20'000);
  for (int round = 0; round < 3; ++round) {
    ASSERT_EQ(write(pipe.entrance(), text.data(), text.size()), 20'000);
    ASSERT_TRUE(pipe.keep_a_look(text.size()));
    std::string gone(text.size(), ' ');
    ASSERT_TRUE(pipe.empty_into(std::as_writable_bytes(std::span(gone))));
    // The rest, and what lies behind what is of interest, is forgotten: the next round sees its own.
    std::array<std::byte, 16> room;
    SplicePipe::Look look(pipe, 15'000, room);
    EXPECT_EQ(as_text(look.read(3)), "012");
    look.skip(9'002);
    EXPECT_EQ(as_text(look.read(4)), "5678");
    EXPECT_EQ(look.left(), 15'000U - 3 - 9'002 - 4);
    EXPECT_EQ(look.read(look.left()).size(), room.size());
  }
}

}  // namespace
}  // namespace turnout
