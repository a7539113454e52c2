#include "codec/http/path_pattern.h"

#include <gtest/gtest.h>

#include <random>

namespace turnout {
namespace {

bool matches(std::string_view pattern, std::string_view path) {
  const auto parsed = PathPattern::parse(pattern);
  EXPECT_TRUE(parsed) << pattern << ": " << parsed.error();
  return parsed && parsed->matches(path);
}

TEST(PathPattern, Exact) {
  EXPECT_TRUE(matches("/index.html", "/index.html"));
  EXPECT_FALSE(matches("/index.html", "/index.html/"));
  EXPECT_FALSE(matches("/index.html", "/index.htm"));
  EXPECT_TRUE(matches("/", "/"));
  EXPECT_FALSE(matches("/", "/a"));
  EXPECT_TRUE(matches("/a%20b/%c3%a4", "/a b/\xc3\xa4"));
  EXPECT_TRUE(matches("/a%2Ab", "/a*b"));
  EXPECT_FALSE(matches("/a%2Ab", "/axb"));
}

TEST(PathPattern, Prefix) {
  EXPECT_TRUE(matches("/docs/**", "/docs"));
  EXPECT_TRUE(matches("/docs/**", "/docs/"));
  EXPECT_TRUE(matches("/docs/**", "/docs/a/b"));
  EXPECT_FALSE(matches("/docs/**", "/docsx"));
  EXPECT_FALSE(matches("/docs/**", "/doc"));
  EXPECT_FALSE(matches("/docs/**", "/x/docs/a"));
}

TEST(PathPattern, StarStaysWithinItsSegment) {
  EXPECT_TRUE(matches("/v1.*/exec", "/v1.41/exec"));
  EXPECT_TRUE(matches("/v1.*/exec", "/v1./exec"));
  EXPECT_FALSE(matches("/v1.*/exec", "/v1.4/1/exec"));
  EXPECT_TRUE(matches("/*", "/a"));
  EXPECT_TRUE(matches("/*", "/"));
  EXPECT_FALSE(matches("/*", "/a/b"));
  EXPECT_TRUE(matches("/*.html", "/a.b.html"));
  EXPECT_FALSE(matches("/*.html", "/a.htm"));
  EXPECT_TRUE(matches("/a*b*c", "/aXbbYc"));
  EXPECT_FALSE(matches("/a*b*c", "/acb"));
  EXPECT_FALSE(matches("/ab*ba", "/aba")) << "the two ends do not share a byte";
  EXPECT_TRUE(matches("/ab*ba", "/abba"));
}

TEST(PathPattern, DoubleStarCrosses) {
  EXPECT_TRUE(matches("/v1.*/exec/**", "/v1.41/exec"));
  EXPECT_TRUE(matches("/v1.*/exec/**", "/v1.41/exec/7/start"));
  EXPECT_FALSE(matches("/v1.*/exec/**", "/v1.41/execute/7"));
  EXPECT_TRUE(matches("/a/**/z", "/a/z"));
  EXPECT_TRUE(matches("/a/**/z", "/a/b/c/z"));
  EXPECT_FALSE(matches("/a/**/z", "/a/b/c/z/"));
  EXPECT_FALSE(matches("/a/**/z", "/z"));
  EXPECT_TRUE(matches("/**/x/y/**/z", "/x/x/y/q/z"));
  EXPECT_TRUE(matches("/**/x/y/**/z", "/x/y/z"));
  EXPECT_FALSE(matches("/**/x/y/**/z", "/x/q/y/z"));
  EXPECT_TRUE(matches("/**/*.php", "/a/b/c.php"));
  EXPECT_FALSE(matches("/a/**/b/**/b", "/a/b"));
}

TEST(PathPattern, KindsAndLiterals) {
  EXPECT_EQ(PathPattern::parse("/a/b")->kind(), PathPattern::Kind::exact);
  EXPECT_EQ(PathPattern::parse("/a/**")->kind(), PathPattern::Kind::prefix);
  EXPECT_EQ(PathPattern::parse("/a/**")->literal(), "/a");
  EXPECT_EQ(PathPattern::parse("/**")->kind(), PathPattern::Kind::any);
  EXPECT_EQ(PathPattern::parse("/**")->literal(), "");
  EXPECT_EQ(PathPattern::parse("/a/*/**")->kind(), PathPattern::Kind::pattern);
  EXPECT_EQ(PathPattern::parse("/a/b*/c/**")->literal(), "/a");
  EXPECT_EQ(PathPattern::parse("/%61/%2a*")->canonical(), PathPattern::parse("/a/%2A*")->canonical());
  EXPECT_NE(PathPattern::parse("/a/%2a")->canonical(), PathPattern::parse("/a/*")->canonical());
}

TEST(PathPattern, RefusesWhatCannotBeMeant) {
  for (std::string_view bad :
       {"", "docs/**", "/docs**", "/a/***", "/**x/", "/**/**", "/a//b", "/a/../b", "/./a", "/%2e%2e/a", "/a%2Fb", "/a%",
        "/a%2*", "/a?x=1", "/a#b", "/a\n", "http://example.com/"}) {
    EXPECT_FALSE(PathPattern::parse(bad)) << bad;
  }
  EXPECT_TRUE(PathPattern::parse("/.*")) << "every hidden name is not a dot segment";
  EXPECT_TRUE(PathPattern::parse("/*.."));
  EXPECT_FALSE(PathPattern::parse("/" + std::string(1024, 'a')));
  std::string many;
  for (int i = 0; i < 33; ++i) many += "/*";
  EXPECT_FALSE(PathPattern::parse(many));
}

// The slow and obviously right way, to compare with.
bool matches_by_trying(std::string_view pattern, std::string_view path) {
  if (pattern.empty()) return path.empty();
  if (pattern.starts_with("/**")) {
    // any number of whole segments
    if (!path.empty() && path.front() != '/') return false;
    for (std::size_t n = 0; n <= path.size(); ++n) {
      if ((n == path.size() || path[n] == '/') && matches_by_trying(pattern.substr(3), path.substr(n))) return true;
    }
    return false;
  }
  if (pattern.front() == '*') {
    for (std::size_t n = 0; n <= path.size(); ++n) {
      if (matches_by_trying(pattern.substr(1), path.substr(n))) return true;
      if (n < path.size() && path[n] == '/') return false;
    }
    return false;
  }
  return !path.empty() && pattern.front() == path.front() && matches_by_trying(pattern.substr(1), path.substr(1));
}

TEST(PathPattern, AgreesWithTryingEverything) {
  std::mt19937 random(11);
  const std::string_view segments[] = {"a", "b", "*", "a*", "*b", "**", "a*b", "*a*"};
  const std::string_view names[] = {"a", "b", "ab", "ba", "aab", ""};
  int matched = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string pattern;
    for (std::size_t n = 1 + random() % 4; n > 0; --n)
      pattern += "/" + std::string(segments[random() % std::size(segments)]);
    const auto parsed = PathPattern::parse(pattern);
    if (!parsed) continue;  // "**" twice in a row
    std::string path;
    for (std::size_t n = 1 + random() % 4; n > 0; --n) {
      path += "/" + std::string(names[random() % (n == 1 ? std::size(names) : std::size(names) - 1)]);
    }
    const bool expected = matches_by_trying(pattern, path);
    matched += expected;
    ASSERT_EQ(parsed->matches(path), expected) << pattern << " " << path;
  }
  EXPECT_GT(matched, 1000);
}

// What would take more steps than there are atoms if a star were ever tried again.
TEST(SEC_D8, PatternsTakeLinearTime) {
  std::string stars = "/";
  for (int i = 0; i < 500; ++i) stars += "*a";
  const std::string same = "/" + std::string(8000, 'a');
  EXPECT_FALSE(matches(stars + "*b", same + "c"));
  EXPECT_TRUE(matches(stars, same));

  std::string groups;
  for (int i = 0; i < 15; ++i) groups += "/**/a";
  std::string path;
  for (int i = 0; i < 4000; ++i) path += "/a";
  EXPECT_FALSE(matches(groups + "/**/b", path));
  EXPECT_TRUE(matches(groups, path));
  EXPECT_FALSE(matches("/**/" + std::string(900, 'a') + "b*/x", same + "/x"));
}

}  // namespace
}  // namespace turnout
