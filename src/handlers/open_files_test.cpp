#include "handlers/open_files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/sim_loop.h"
#include "tests/support/temporary_folder.h"

namespace turnout {
namespace {

using Failure = RootFolder::Failure;

std::size_t open_now() {
  std::size_t n = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++n;
  return n;
}

std::string large(char c) {
  return std::string(OpenFiles::in_memory_bytes_max + 1, c);
}

class OpenFilesTest : public testing::Test {
 protected:
  OpenFiles::Found find(std::string_view path) { return files.find(root, path); }
  std::string content(std::string_view path) {
    const OpenFiles::Found found = find(path);
    return found ? std::string((*found)->content) : "none";
  }
  /// As a deployment does it.
  void replace(const std::string& name, std::string_view with) {
    folder.write("root/.new", with);
    std::filesystem::rename(folder / "root/.new", folder / ("root/" + name));
  }
  void age(const std::string& name, std::time_t seconds) {
    const timespec times[2] = {{seconds, 0}, {seconds, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, (folder / ("root/" + name)).c_str(), times, 0), 0);
  }

  struct Folder : TemporaryFolder {
    Folder() { write("root/a.txt", "a"); }
  } folder;
  SimLoop loop{4'000'000'000'000};  // long after the files were made: their times are settled
  RootFolder root = std::move(*RootFolder::open(folder / "root"));
  OpenFiles files{loop};
};

TEST_F(OpenFilesTest, AFileIsOpenedOnceASecond) {
  const auto first = find("a.txt");
  ASSERT_TRUE(first);
  EXPECT_TRUE((*first)->in_memory);
  EXPECT_EQ((*first)->content, "a");
  EXPECT_EQ((*first)->media_type, "text/plain; charset=utf-8");
  EXPECT_EQ(*find("/a.txt"), *first) << "the same name";
  std::filesystem::remove(folder / "root/a.txt");
  loop.advance(Millis(OpenFiles::trust_ms - 1));
  EXPECT_EQ(*find("a.txt"), *first) << "nobody looked";
  loop.advance(Millis(1));
  EXPECT_EQ(find("a.txt").error(), Failure::not_found);
  EXPECT_EQ(files.size(), 0U);
}

TEST_F(OpenFilesTest, WhatHasNotChangedIsNotReadAgain) {
  const auto first = find("a.txt");
  loop.advance(Millis(3 * OpenFiles::trust_ms));
  EXPECT_EQ(*find("a.txt"), *first);
}

TEST_F(OpenFilesTest, AFileThatMayBeWrittenWithoutItsTimesTellingIsReadAgain) {
  SimLoop now(static_cast<std::int64_t>(std::time(nullptr)) * 1000);
  OpenFiles fresh(now);
  const auto first = fresh.find(root, "a.txt");
  now.advance(Millis(OpenFiles::trust_ms));
  EXPECT_NE(*fresh.find(root, "a.txt"), *first);
}

TEST_F(OpenFilesTest, AFileThatWasReplacedIsSeenWithinTheTime) {
  EXPECT_EQ(content("a.txt"), "a");
  const PooledString tag = (*find("a.txt"))->entity_tag;
  replace("a.txt", "b");
  loop.advance(Millis(OpenFiles::trust_ms));
  EXPECT_EQ(content("a.txt"), "b");
  EXPECT_NE((*find("a.txt"))->entity_tag, tag);
}

TEST_F(OpenFilesTest, WhoHoldsAFileHoldsWhatItWas) {
  const auto held = find("a.txt");
  replace("a.txt", "b");
  loop.advance(Millis(OpenFiles::trust_ms));
  EXPECT_EQ(content("a.txt"), "b");
  EXPECT_EQ((*held)->content, "a");
  loop.advance(Millis(2 * OpenFiles::unused_ms_max));
  EXPECT_EQ(files.size(), 0U);
  EXPECT_GE(::fcntl((*held)->file.descriptor.get(), F_GETFD), 0) << "still open";
}

TEST_F(OpenFilesTest, ALargeFileThatIsWrittenInPlaceIsSeenAtOnce) {
  folder.write("root/large", large('a'));
  const auto first = find("large");
  ASSERT_TRUE(first);
  EXPECT_FALSE((*first)->in_memory);
  EXPECT_EQ(*find("large"), *first);
  ASSERT_EQ(::truncate((folder / "root/large").c_str(), 3), 0);
  const auto second = find("large");
  ASSERT_TRUE(second);
  EXPECT_EQ((*second)->file.size(), 3U);
  EXPECT_EQ((*second)->content, "aaa");
}

TEST_F(OpenFilesTest, RootsAreKeptApart) {
  folder.write("other/a.txt", "other");
  RootFolder other = std::move(*RootFolder::open(folder / "other"));
  EXPECT_EQ(content("a.txt"), "a");
  EXPECT_EQ((*files.find(other, "a.txt"))->content, "other");
  EXPECT_EQ(content("a.txt"), "a");
  // As a reload does it: the new root may lie where the old one lay.
  other = std::move(*RootFolder::open(folder / "root"));
  EXPECT_EQ((*files.find(other, "a.txt"))->content, "a");
}

TEST_F(OpenFilesTest, ALinkThatIsTurnedOutwardsIsSeenWithinTheTime) {
  folder.write("secret.txt", "secret");
  std::filesystem::create_symlink("a.txt", folder / "root/link");
  EXPECT_EQ(content("link"), "a");
  std::filesystem::remove(folder / "root/link");
  std::filesystem::create_symlink("../secret.txt", folder / "root/link");
  loop.advance(Millis(OpenFiles::trust_ms));
  EXPECT_EQ(content("link"), "none");
}

TEST_F(OpenFilesTest, WhatIsNotThereIsNotRemembered) {
  EXPECT_EQ(find("b.txt").error(), Failure::not_found);
  EXPECT_EQ(files.size(), 0U);
  folder.write("root/b.txt", "b");
  EXPECT_EQ(content("b.txt"), "b") << "at once";
  EXPECT_EQ(find("").error(), Failure::is_folder);
}

TEST_F(OpenFilesTest, FilesThatNobodyAsksForAreClosed) {
  const std::size_t before = open_now();
  folder.write("root/b.txt", "b");
  EXPECT_EQ(content("a.txt"), "a");
  loop.advance(Millis(OpenFiles::unused_ms_max / 2));
  EXPECT_EQ(content("b.txt"), "b");
  EXPECT_EQ(open_now(), before + 2);
  loop.advance(Millis(OpenFiles::unused_ms_max / 2 + 100));
  EXPECT_EQ(files.size(), 1U) << "the other one is still new";
  loop.advance(Millis(OpenFiles::unused_ms_max));
  EXPECT_EQ(files.size(), 0U);
  EXPECT_EQ(open_now(), before);
}

TEST_F(OpenFilesTest, NotMoreThanSoMany) {
  for (std::size_t i = 0; i < OpenFiles::files_max + 10; ++i) {
    folder.write("root/" + std::to_string(i), "x");
    EXPECT_EQ(content("a.txt"), "a");
    EXPECT_EQ(content(std::to_string(i)), "x");
  }
  EXPECT_EQ(files.size(), OpenFiles::files_max);
  std::filesystem::remove(folder / "root/a.txt");
  EXPECT_EQ(content("a.txt"), "a") << "what was used last stays";
}

TEST_F(OpenFilesTest, WhatIsKeptMakesWayWhereDescriptorsAreShort) {
  folder.write("root/b.txt", "b");
  EXPECT_EQ(content("a.txt"), "a");
  struct rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const int next = ::dup(0);
  ASSERT_GE(next, 0);
  ::close(next);
  const struct rlimit none_left{static_cast<rlim_t>(next), before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none_left), 0);
  const std::string found = content("b.txt");
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(found, "b");
  EXPECT_EQ(files.size(), 1U);
}

TEST_F(OpenFilesTest, WhatIsInMemoryHasALimit) {
  folder.write("root/exact", std::string(OpenFiles::in_memory_bytes_max, 'x'));
  folder.write("root/large", large('x'));
  folder.write("root/empty", "");
  EXPECT_EQ((*find("exact"))->content.size(), OpenFiles::in_memory_bytes_max);
  EXPECT_TRUE((*find("large"))->content.empty());
  EXPECT_TRUE((*find("empty"))->in_memory);
}

TEST_F(OpenFilesTest, ADateInTheFutureIsThatOfNow) {
  age("a.txt", 4'100'000'000);
  EXPECT_EQ((*find("a.txt"))->modified.time_since_epoch().count(), 4'000'000'000);
  loop.advance(Millis(5'000));
  EXPECT_EQ((*find("a.txt"))->modified.time_since_epoch().count(), 4'000'000'005);
}

}  // namespace
}  // namespace turnout
