#include "codec/http/media_type.h"

#include <gtest/gtest.h>

namespace turnout {
namespace {

TEST(MediaType, ByTheEndOfTheName) {
  EXPECT_EQ(media_type_of("index.html"), "text/html; charset=utf-8");
  EXPECT_EQ(media_type_of("app.min.js"), "text/javascript; charset=utf-8");
  EXPECT_EQ(media_type_of("archive.tar.gz"), "application/gzip");
  EXPECT_EQ(media_type_of("a.webmanifest"), "application/manifest+json");
  EXPECT_EQ(media_type_of("a.7z"), "application/x-7z-compressed");
  EXPECT_EQ(media_type_of("a.zst"), "application/zstd");
}

TEST(MediaType, LetterCaseDoesNotMatter) {
  EXPECT_EQ(media_type_of("PHOTO.JPG"), "image/jpeg");
}

TEST(MediaType, TheUnknownIsBytes) {
  for (const std::string_view name :
       {"README", "a.", "a.unknown", "a.averylongextension", "html", "", ".", "a.htm\xff"}) {
    EXPECT_EQ(media_type_of(name), "application/octet-stream") << name;
  }
}

}  // namespace
}  // namespace turnout
