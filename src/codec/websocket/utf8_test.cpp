#include "codec/websocket/utf8.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace turnout::websocket {
namespace {

std::string encode(unsigned code_point) {
  const auto byte = [](unsigned value) { return static_cast<char>(value); };
  if (code_point < 0x80) return {byte(code_point)};
  if (code_point < 0x800) return {byte(0xC0 | code_point >> 6), byte(0x80 | (code_point & 0x3F))};
  if (code_point < 0x10000) {
    return {byte(0xE0 | code_point >> 12), byte(0x80 | (code_point >> 6 & 0x3F)), byte(0x80 | (code_point & 0x3F))};
  }
  return {byte(0xF0 | code_point >> 18), byte(0x80 | (code_point >> 12 & 0x3F)), byte(0x80 | (code_point >> 6 & 0x3F)),
          byte(0x80 | (code_point & 0x3F))};
}

TEST(SEC_W8, EveryCodePointButSurrogatesIsValid) {
  for (unsigned code_point = 0; code_point <= 0x10FFFF; ++code_point) {
    const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
    ASSERT_EQ(is_utf8(as_bytes(encode(code_point))), !surrogate) << code_point;
  }
  EXPECT_FALSE(is_utf8(as_bytes(encode(0x110000))));
  EXPECT_FALSE(is_utf8(as_bytes(encode(0x1FFFFF))));
}

struct Case {
  std::string text;
  std::size_t certain_at;  // how many bytes prove it; npos: only the end does
};

constexpr std::size_t at_end = std::string::npos;

const std::vector<Case>& invalid_texts() {
  using namespace std::string_literals;
  static const std::vector<Case> cases{
      {"\x80"s, 1},               // a continuation alone
      {"a\xBF"s, 2},              //
      {"\xC0\x80"s, 1},           // overlong NUL
      {"\xC1\xBF"s, 1},           // overlong
      {"\xE0\x80\x80"s, 2},       //
      {"\xE0\x9F\xBF"s, 2},       //
      {"\xF0\x80\x80\x80"s, 2},   //
      {"\xF0\x8F\xBF\xBF"s, 2},   //
      {"\xED\xA0\x80"s, 2},       // surrogates
      {"\xED\xBF\xBF"s, 2},       //
      {"\xF4\x90\x80\x80"s, 2},   // beyond 10FFFF
      {"\xF5\x80\x80\x80"s, 1},   //
      {"\xFE"s, 1},               // bytes that never occur
      {"\xFF"s, 1},               //
      {"\xC2\x41"s, 2},           // cut off by another character
      {"\xE2\x82\x41"s, 3},       //
      {"\xF0\x9F\x98\x41"s, 4},   //
      {"\xC2"s, at_end},          // cut off by the end
      {"\xE2\x82"s, at_end},      //
      {"\xF0\x9F\x98"s, at_end},  //
  };
  return cases;
}

TEST(SEC_W8, InvalidTextsAreRefusedWithTheByteThatProvesIt) {
  for (const Case& test : invalid_texts()) {
    // Behind every amount of ASCII, so that each path of the fast check is met.
    for (std::size_t before = 0; before < 40; ++before) {
      const std::string text = std::string(before, 'x') + test.text;
      Utf8Validator validator;
      for (std::size_t i = 0; i < text.size(); ++i) {
        const bool still = validator.feed(as_bytes(text).subspan(i, 1));
        const bool proven = test.certain_at != at_end && i + 1 >= before + test.certain_at;
        ASSERT_EQ(still, !proven) << before << " " << i;
      }
      EXPECT_FALSE(validator.complete());
      EXPECT_FALSE(is_utf8(as_bytes(text)));
      EXPECT_FALSE(is_utf8(as_bytes(text + std::string(40, 'x'))));
    }
  }
}

TEST(SEC_W8, ASplitAtAnyByteChangesNothing) {
  std::mt19937 random(11);
  for (int round = 0; round < 200; ++round) {
    std::string text;
    for (int i = 0; i < 40; ++i) {
      unsigned code_point = random() % 4 == 0 ? random() % 0x110000 : random() % 0x80;
      if (code_point >= 0xD800 && code_point <= 0xDFFF) code_point = 'x';
      text += encode(code_point);
    }
    if (round % 2 == 1) text[random() % text.size()] = static_cast<char>(random());
    const bool expected = is_utf8(as_bytes(text));
    if (round % 2 == 0) {
      ASSERT_TRUE(expected);
    }
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
      Utf8Validator validator;
      const bool first = validator.feed(as_bytes(text).first(cut));
      const bool second = validator.feed(as_bytes(text).subspan(cut));
      ASSERT_EQ(first && second && validator.complete(), expected);
    }
  }
}

}  // namespace
}  // namespace turnout::websocket
