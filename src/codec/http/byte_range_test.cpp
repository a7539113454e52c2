#include "codec/http/byte_range.h"

#include <gtest/gtest.h>

#include <string>

namespace turnout {
namespace {

/// "0+5 10+1", "whole" or "unsatisfiable".
std::string chosen(std::string_view field, std::uint64_t size = 100) {
  const RangeChoice choice = choose_ranges(field, size);
  if (choice.kind == RangeChoice::Kind::whole) return "whole";
  if (choice.kind == RangeChoice::Kind::unsatisfiable) return "unsatisfiable";
  std::string text;
  for (const ByteRange& range : choice.parts()) {
    if (!text.empty()) text += " ";
    text += std::to_string(range.first) + "+" + std::to_string(range.size);
  }
  return text;
}

TEST(ByteRange, Single) {
  EXPECT_EQ(chosen("bytes=0-0"), "0+1");
  EXPECT_EQ(chosen("bytes=0-49"), "0+50");
  EXPECT_EQ(chosen("bytes=50-"), "50+50");
  EXPECT_EQ(chosen("bytes=99-"), "99+1");
  EXPECT_EQ(chosen("bytes=-1"), "99+1");
  EXPECT_EQ(chosen("bytes=-100"), "0+100");
  EXPECT_EQ(chosen("BYTES=1-2"), "1+2");
}

TEST(ByteRange, WhatReachesBehindTheEndEndsThere) {
  EXPECT_EQ(chosen("bytes=90-100"), "90+10");
  EXPECT_EQ(chosen("bytes=-101"), "0+100");
  EXPECT_EQ(chosen("bytes=90-18446744073709551615"), "90+10");
  EXPECT_EQ(chosen("bytes=90-99999999999999999999999999"), "90+10");
}

TEST(ByteRange, Unsatisfiable) {
  EXPECT_EQ(chosen("bytes=100-"), "unsatisfiable");
  EXPECT_EQ(chosen("bytes=100-200,300-"), "unsatisfiable");
  EXPECT_EQ(chosen("bytes=-0"), "unsatisfiable");
  EXPECT_EQ(chosen("bytes=18446744073709551616-"), "unsatisfiable");
}

TEST(ByteRange, Several) {
  EXPECT_EQ(chosen("bytes=0-4, 10-10 ,\t-5,"), "0+5 10+1 95+5");
  EXPECT_EQ(chosen("bytes=50-59,0-9"), "50+10 0+10") << "in the order of the request";
  EXPECT_EQ(chosen("bytes=0-0,500-"), "0+1") << "one that cannot be satisfied is left out";
}

TEST(ByteRange, WhatIsNotUnderstoodIsIgnored) {
  for (const std::string_view field :
       {"", "bytes", "bytes=", "bytes=,", "bytes 0-1", "lines=0-1", "bytes=a-b", "bytes=0", "bytes=-", "bytes=5-4",
        "bytes=0-1;", "bytes= 0 - 1", "bytes=+1-2", "bytes=0x0-1", "bytes=1-2-3", "bytes=--1", "bytes=0-1,x"}) {
    EXPECT_EQ(chosen(field), "whole") << field;
  }
}

TEST(ByteRange, AnEmptyRepresentationIsSentWhole) {
  EXPECT_EQ(chosen("bytes=0-", 0), "whole");
  EXPECT_EQ(chosen("bytes=-1", 0), "whole");
}

TEST(ByteRange, OverlapsAndManyRangesAreIgnored) {
  EXPECT_EQ(chosen("bytes=0-10,5-15"), "whole");
  EXPECT_EQ(chosen("bytes=0-,0-"), "whole");
  EXPECT_EQ(chosen("bytes=0-9,-95"), "whole");
  std::string field = "bytes=0-0";
  for (std::size_t i = 1; i < RangeChoice::ranges_max; ++i)
    field += "," + std::to_string(2 * i) + "-" + std::to_string(2 * i);
  EXPECT_NE(chosen(field), "whole");
  EXPECT_EQ(chosen(field + ",50-50"), "whole");
  EXPECT_EQ(chosen(field + ",500-"), "whole") << "those that cannot be satisfied count too";
}

TEST(ByteRange, TheGreatestSizes) {
  constexpr std::uint64_t greatest = 18446744073709551615U;
  EXPECT_EQ(chosen("bytes=0-", greatest), "0+18446744073709551615");
  EXPECT_EQ(chosen("bytes=18446744073709551614-", greatest), "18446744073709551614+1");
  EXPECT_EQ(chosen("bytes=-1,0-0", greatest), "18446744073709551614+1 0+1");
}

}  // namespace
}  // namespace turnout
