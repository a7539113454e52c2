#include "codec/http/path.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace turnout {
namespace {

std::string normalised(std::string_view raw) {
  PooledString storage;
  const Result<std::string_view> path = normalise_path(raw, storage);
  if (!path) {
    EXPECT_EQ(path.error().code, Code::malformed);
    return "refused";
  }
  return std::string(*path);
}

TEST(Path, InOrderIsNotCopied) {
  PooledString storage;
  const std::string_view raw = "/docs/a.b/index.html";
  const Result<std::string_view> path = normalise_path(raw, storage);
  ASSERT_TRUE(path);
  EXPECT_EQ(path->data(), raw.data());
}

TEST(Path, HasOneSpelling) {
  EXPECT_EQ(normalised("/"), "/");
  EXPECT_EQ(normalised("/docs/"), "/docs/");
  EXPECT_EQ(normalised("/%64ocs"), "/docs");
  EXPECT_EQ(normalised("/a%20b%21"), "/a b!");
  EXPECT_EQ(normalised("/%C3%A4%c3%a4"), "/\xc3\xa4\xc3\xa4");
  EXPECT_EQ(normalised("//a///b//"), "/a/b/");
  EXPECT_EQ(normalised("///"), "/");
  EXPECT_EQ(normalised("/%2541"), "/%41") << "decoded once, not twice";
  EXPECT_EQ(normalised("/a%3Fb"), "/a?b");
  EXPECT_EQ(normalised("/.hidden"), "/.hidden");
  EXPECT_EQ(normalised("/..."), "/...");
  EXPECT_EQ(normalised("/a..b/c."), "/a..b/c.");
}

TEST(SEC_S10, PathsThatCouldLeaveTheirRouteAreRefused) {
  for (std::string_view bad : {"/..",
                               "/.",
                               "/../",
                               "/./",
                               "/a/..",
                               "/a/../b",
                               "/a/./b",
                               "/%2e%2e",
                               "/%2E./x",
                               "/.%2e/x",
                               "/a/%2e",
                               "/a/%2e%2e/b",
                               "/public/..//private",
                               "//..",
                               "//../x",
                               "/a%2fb",
                               "/a%2Fb",
                               "/..%2f..%2fetc/passwd",
                               "/a%00b",
                               "/%00",
                               "/%",
                               "/a%2",
                               "/a%zz",
                               "/a%2",
                               "/%u002e",
                               "/%-1",
                               "",
                               "*",
                               "a/b",
                               "http://example.com/"}) {
    EXPECT_EQ(normalised(bad), "refused") << bad;
  }
  EXPECT_EQ(normalised(std::string_view("/a\0b", 4)), "refused");
}

TEST(SEC_S10, RandomPathsHoldTheRules) {
  std::mt19937 random(7);
  const std::string_view pieces[] = {"/", "//", ".",   "..",  "%2e", "%2E", "%2f", "%",
                                     "a", "b/", "%41", "%25", "2e",  "%00", "~"};
  std::size_t accepted = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string raw = "/";
    for (int n = static_cast<int>(random() % 8); n > 0; --n) raw += pieces[random() % std::size(pieces)];
    PooledString storage;
    const Result<std::string_view> path = normalise_path(raw, storage);
    if (!path) continue;
    ++accepted;
    const std::string framed = std::string(*path) + "/";
    EXPECT_EQ(path->front(), '/') << raw;
    EXPECT_EQ(path->find("//"), std::string_view::npos) << raw;
    EXPECT_EQ(framed.find("/../"), std::string::npos) << raw;
    EXPECT_EQ(framed.find("/./"), std::string::npos) << raw;
    EXPECT_EQ(path->find('\0'), std::string_view::npos) << raw;
    EXPECT_LE(path->size(), raw.size());
  }
  EXPECT_GT(accepted, 1000U);
}

}  // namespace
}  // namespace turnout
