#include "codec/http/base64.h"

#include <gtest/gtest.h>

#include <string>

namespace turnout {
namespace {

std::optional<std::string> text_of(const std::optional<PooledVector<std::byte>>& bytes) {
  if (!bytes) return std::nullopt;
  return std::string(as_text(*bytes));
}

struct Pair {
  std::string_view plain, standard, url;
};

constexpr Pair pairs[] = {
    {"", "", ""},  // RFC 4648 section 10
    {"f", "Zg==", "Zg"},
    {"fo", "Zm8=", "Zm8"},
    {"foo", "Zm9v", "Zm9v"},
    {"foob", "Zm9vYg==", "Zm9vYg"},
    {"fooba", "Zm9vYmE=", "Zm9vYmE"},
    {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
    {"\xfb\xff\xfe", "+//+", "-__-"},
    {"the sample nonce", "dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ"},
};

TEST(Base64, BothWays) {
  for (const Pair& pair : pairs) {
    EXPECT_EQ(base64_encode(as_bytes(pair.plain)), pair.standard);
    EXPECT_EQ(base64url_encode(as_bytes(pair.plain)), pair.url);
    EXPECT_EQ(text_of(base64_decode(pair.standard)), pair.plain);
    EXPECT_EQ(text_of(base64url_decode(pair.url)), pair.plain);
  }
}

TEST(Base64, EveryByteSurvives) {
  std::string all;
  for (int i = 0; i < 256; ++i) {
    all.push_back(static_cast<char>(i));
    EXPECT_EQ(text_of(base64_decode(base64_encode(as_bytes(all)))), all);
    EXPECT_EQ(text_of(base64url_decode(base64url_encode(as_bytes(all)))), all);
  }
}

TEST(Base64, OneSpellingOnly) {
  for (std::string_view text : {"Zg", "Zg=", "Zg===", "Z", "=", "==", "====", "Zh==", "Zm9=", "Zm8=Zm8=", "Zm 8",
                                "Zm8=\n", " Zm8=", "Zm-v", "Zm_v", "Zm9v====", "Z===", "=m9v"}) {
    EXPECT_FALSE(base64_decode(text)) << text;
  }
  for (std::string_view text :
       {"Zg==", "Zm8=", "Z", "Zh", "Zm9", "Zm+v", "Zm/v", "Zm8 ", "AAMAAABkAARAAAAAAAIAAAAA="}) {
    EXPECT_FALSE(base64url_decode(text)) << text;
  }
  EXPECT_FALSE(base64_decode(std::string_view("Zm\0v", 4)));
  EXPECT_FALSE(base64_decode("Zm9\xe9"));
}

}  // namespace
}  // namespace turnout
