#include "base/printable.h"

#include <gtest/gtest.h>

namespace turnout {
namespace {

TEST(SEC_O4, TextFromTheNetworkCannotSteerATerminal) {
  EXPECT_EQ(printable("plain ~ text"), "plain ~ text");
  EXPECT_EQ(printable("\x1b]0;owned\x07"), "\\x1b]0;owned\\x07");
  EXPECT_EQ(printable("a\r\n\tb"), "a\\x0d\\x0a\\x09b");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m\x9b\x7f"),
            "\\xc2\\x9b31m\\x9b\\x7f");
  EXPECT_EQ(printable("\\x1b"), "\\\\x1b") << "what was escaped and what looks so can be told apart";
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\\x00");
  EXPECT_EQ(printable("abcdef", 3), "abc...");
}

}  // namespace
}  // namespace turnout
