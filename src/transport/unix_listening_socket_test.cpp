#include "transport/unix_listening_socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

#include "tests/support/temporary_folder.h"

namespace turnout {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

bool can_connect(const std::string& path) {
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  std::memcpy(at.sun_path, path.data(), path.size());
  const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return connect(socket.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
}

bool exists(const std::string& path) {
  struct stat found{};
  return lstat(path.c_str(), &found) == 0;
}

class UnixListeningSocketTest : public testing::Test {
 protected:
  TemporaryFolder folder;
  const std::string path = folder / "s.sock";
};
using SEC_O6 = UnixListeningSocketTest;

TEST_F(SEC_O6, OnlyItsOwnerMayConnect) {
  const mode_t before = umask(0);
  auto socket = UnixListeningSocket::open(path);
  umask(before);
  ASSERT_TRUE(socket) << socket.error();
  struct stat found{};
  ASSERT_EQ(lstat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0600u);
}

TEST_F(SEC_O6, WhatIsNoSocketStays) {
  std::ofstream(path) << "precious";
  EXPECT_THAT(UnixListeningSocket::open(path).error(), EndsWith("is there already and no socket; remove it"));
  EXPECT_TRUE(exists(path));
  const std::string link = folder / "link";
  ASSERT_EQ(symlink("/nowhere/at/all", link.c_str()), 0);
  EXPECT_FALSE(UnixListeningSocket::open(link));
  EXPECT_TRUE(exists(link));
}

TEST_F(SEC_O6, AFolderIsOursAlone) {
  const std::string ours = folder / "run";
  EXPECT_TRUE(prepare_socket_folder(ours));
  struct stat found{};
  ASSERT_EQ(stat(ours.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0700u);
  EXPECT_TRUE(prepare_socket_folder(ours)) << "again, as it is";
  ASSERT_EQ(chmod(ours.c_str(), 0777), 0);
  EXPECT_THAT(prepare_socket_folder(ours).error(), HasSubstr("others may write to"));
  const std::string link = folder / "link";
  ASSERT_EQ(symlink("/tmp", link.c_str()), 0);
  EXPECT_THAT(prepare_socket_folder(link).error(), EndsWith("is no folder"));
  EXPECT_THAT(prepare_socket_folder(folder / "a/b").error(), HasSubstr("cannot be made"));
}

TEST_F(UnixListeningSocketTest, IsGoneWithItsObject) {
  {
    auto socket = UnixListeningSocket::open(path);
    ASSERT_TRUE(socket) << socket.error();
    EXPECT_TRUE(can_connect(path));
    auto moved = std::move(*socket);
    EXPECT_TRUE(exists(path));
  }
  EXPECT_FALSE(exists(path));
}

TEST_F(UnixListeningSocketTest, AnotherServersSocketStays) {
  auto first = UnixListeningSocket::open(path);
  ASSERT_TRUE(first) << first.error();
  EXPECT_THAT(UnixListeningSocket::open(path).error(), EndsWith("is in use by another server"));
  EXPECT_TRUE(can_connect(path));
}

TEST_F(UnixListeningSocketTest, WhatADeadServerLeftIsReplaced) {
  {
    auto dead = UnixListeningSocket::open(path);
    ASSERT_TRUE(dead) << dead.error();
    ASSERT_EQ(link(path.c_str(), (path + ".left").c_str()), 0);
  }
  ASSERT_EQ(rename((path + ".left").c_str(), path.c_str()), 0);
  EXPECT_FALSE(can_connect(path));
  auto socket = UnixListeningSocket::open(path);
  ASSERT_TRUE(socket) << socket.error();
  EXPECT_TRUE(can_connect(path));
}

TEST_F(UnixListeningSocketTest, APathThatIsTooLongIsSaidSo) {
  EXPECT_THAT(UnixListeningSocket::open(folder / std::string(120, 'x')).error(), HasSubstr("has 1 to 107 bytes"));
  EXPECT_FALSE(UnixListeningSocket::open(""));
}

}  // namespace
}  // namespace turnout
