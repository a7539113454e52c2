#include "handlers/root_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/temporary_folder.h"

namespace turnout {
namespace {

using Failure = RootFolder::Failure;

std::string content_of(const RootFolder::File& file) {
  std::string text(file.size(), '\0');
  const ssize_t n = ::pread(file.descriptor.get(), text.data(), text.size(), 0);
  return n < 0 ? "unreadable" : text.substr(0, static_cast<std::size_t>(n));
}

/// Each test for the kernel's way and for the one without its help.
class RootFolderTest : public testing::TestWithParam<RootFolder::Resolution> {
 protected:
  RootFolderTest() {
    folder.write("root/a.txt", "a");
    folder.write("root/sub/deep/b.txt", "b");
    folder.write("secret.txt", "secret");
    folder.write("root-2/c.txt", "a neighbour whose name begins alike");
  }

  std::expected<RootFolder::File, Failure> open(std::string_view path) { return root().open_file(path); }
  RootFolder root() { return std::move(*RootFolder::open(folder / "root", GetParam())); }
  void link(const std::string& target, std::string_view name) {
    std::filesystem::create_symlink(target, folder / "root" / name);
  }
  bool follows_links() const { return GetParam() == RootFolder::Resolution::openat2; }

  TemporaryFolder folder;
};

INSTANTIATE_TEST_SUITE_P(Resolutions, RootFolderTest,
                         testing::Values(RootFolder::Resolution::openat2, RootFolder::Resolution::by_segment));

TEST_P(RootFolderTest, OpensWhatIsBelow) {
  const auto file = open("a.txt");
  ASSERT_TRUE(file);
  EXPECT_EQ(content_of(*file), "a");
  EXPECT_TRUE(open("/a.txt"));
  const auto deep = open("sub/deep/b.txt");
  ASSERT_TRUE(deep);
  EXPECT_EQ(content_of(*deep), "b");
}

TEST_P(RootFolderTest, SaysWhatIsNoFile) {
  EXPECT_EQ(open("none").error(), Failure::not_found);
  EXPECT_EQ(open("none/a.txt").error(), Failure::not_found);
  EXPECT_EQ(open("a.txt/").error(), Failure::not_found);
  EXPECT_EQ(open("a.txt/b").error(), Failure::not_found);
  EXPECT_EQ(open("sub").error(), Failure::is_folder);
  EXPECT_EQ(open("").error(), Failure::is_folder);
  EXPECT_EQ(open(std::string(300, 'x')).error(), Failure::not_found);
  EXPECT_EQ(open(std::string(6000, '/') + "x").error(), Failure::not_found);
}

TEST_P(RootFolderTest, WhatIsNoRegularFileIsNotServedAndNotWaitedFor) {
  ASSERT_EQ(::mkfifo((folder / "root/pipe").c_str(), 0600), 0);
  EXPECT_EQ(open("pipe").error(), Failure::not_found);
}

TEST_P(RootFolderTest, WhatMayNotBeRead) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  ASSERT_EQ(::chmod((folder / "root/a.txt").c_str(), 0), 0);
  EXPECT_EQ(open("a.txt").error(), Failure::not_permitted);
}

TEST_P(RootFolderTest, PathsDoNotLeadOut) {
  for (const std::string_view path :
       {"../secret.txt", "sub/../../secret.txt", "..", "sub/..", "sub/../..", "../root-2/c.txt",
        "../root/../secret.txt", "/../secret.txt", "//../secret.txt"}) {
    const auto file = open(path);
    EXPECT_FALSE(file) << path;
  }
  EXPECT_EQ(open(folder.path().string() + "/secret.txt").error(), Failure::not_found)
      << "absolute is below the root too";
  EXPECT_EQ(open(std::string_view("a.txt\0.html", 11)).error(), Failure::not_found);
}

TEST_P(RootFolderTest, LinksThatLeadOutAreNotFound) {
  link("../secret.txt", "out");
  link(folder.path().string() + "/secret.txt", "absolute");
  link("..", "up");
  link("../root-2", "neighbour");
  link("/proc/self/root", "magic");
  link("loop", "loop");
  for (const std::string_view path : {"out", "absolute", "up/secret.txt", "up", "neighbour/c.txt", "magic/etc/passwd",
                                      "magic", "loop", "loop/a.txt", "up/root/a.txt"}) {
    const auto file = open(path);
    ASSERT_FALSE(file) << path;
    EXPECT_EQ(file.error(), Failure::not_found) << path;
  }
}

TEST_P(RootFolderTest, LinksThatStayBelow) {
  link("a.txt", "same.txt");
  link("../a.txt", "sub/up.txt");
  link("sub/deep", "short");
  for (const std::string_view path : {"same.txt", "sub/up.txt", "short/b.txt"}) {
    EXPECT_EQ(open(path).has_value(), follows_links()) << path;
  }
}

TEST(RootFolder, ItsOwnNameMayBeALink) {
  TemporaryFolder folder;
  folder.write("release-7/a.txt", "a");
  std::filesystem::create_symlink("release-7", folder / "current");
  const auto root = RootFolder::open(folder / "current");
  ASSERT_TRUE(root);
  EXPECT_TRUE(root->open_file("a.txt"));
}

TEST(RootFolder, TheMistakeIsNamed) {
  TemporaryFolder folder;
  folder.write("file", "");
  EXPECT_EQ(RootFolder::open("/nowhere/to/be/found").error(),
            "the folder /nowhere/to/be/found cannot be opened: No such file or directory");
  EXPECT_FALSE(RootFolder::open(folder / "file"));
}

}  // namespace
}  // namespace turnout
