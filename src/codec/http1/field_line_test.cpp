#include "codec/http1/field_line.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "codec/http/grammar.h"
#include "codec/http1/head_scanner.h"

namespace turnout {
namespace {

/// Bytes at every alignment and of every length from 0 to 300 that end where their memory ends, so that ASan sees a
/// look beyond. They are taken from `usual`, but for one in a hundred, which may be anything.
template <class Check>
void for_random_texts(std::string_view usual, Check check) {
  std::mt19937 random(1);
  for (std::size_t alignment = 0; alignment < 16; ++alignment) {
    for (std::size_t size = 0; size <= 300; ++size) {
      std::vector<char> memory(alignment + size);
      for (char& byte : memory) {
        byte = random() % 100 == 0 ? static_cast<char>(random()) : usual[random() % usual.size()];
      }
      const char* const begin = memory.data() + alignment;
      ASSERT_NO_FATAL_FAILURE(check(begin, begin + size)) << "alignment " << alignment << ", size " << size;
    }
  }
}

constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";

TEST(FieldLineScan, NamesEndWhereOneByteAtATimeSaysSo) {
  for (const std::string_view usual : {letters, std::string_view("!#$%&'*+-.^_`|~aZ09")}) {
    for_random_texts(usual, [](const char* at, const char* end) {
      ASSERT_EQ(find_name_end(at, end) - at, skip(at, end, Chars::token) - at);
    });
  }
}

TEST(FieldLineScan, ValuesEndWhereOneByteAtATimeSaysSo) {
  for (const std::string_view usual : {letters, std::string_view(" \t~!\x80\xff,;=\"")}) {
    for_random_texts(usual, [](const char* at, const char* end) {
      ASSERT_EQ(find_value_end(at, end) - at, skip(at, end, Chars::value) - at);
    });
  }
}

TEST(FieldLineScan, EveryByteIsJudgedAsTheTableDoes) {
  for (int byte = 0; byte < 256; ++byte) {
    for (std::size_t place = 0; place < 40; ++place) {
      std::string text(40, 'a');
      text[place] = static_cast<char>(byte);
      const char* const at = text.data();
      const char* const end = at + text.size();
      ASSERT_EQ(find_name_end(at, end) - at, skip(at, end, Chars::token) - at) << byte << " at " << place;
      ASSERT_EQ(find_value_end(at, end) - at, skip(at, end, Chars::value) - at) << byte << " at " << place;
    }
  }
}

TEST(FieldLineScan, LineFeedsAreFoundFromEveryPlace) {
  for_random_texts("ab\n\r: cdefghijklmnopqrstuvwxyz", [](const char* at, const char* end) {
    const std::string_view text(at, static_cast<std::size_t>(end - at));
    for (std::size_t from = 0; from <= text.size(); from += 1 + from / 8) {
      ASSERT_EQ(find_line_feed(text, from), std::min(text.find('\n', from), text.size())) << from;
    }
  });
}

}  // namespace
}  // namespace turnout
