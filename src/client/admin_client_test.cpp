#include "client/admin_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/admin_socket.h"
#include "tests/support/temporary_folder.h"
#include "transport/unix_listening_socket.h"

namespace turnout::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(AdminTarget, HasTheParametersThatAreNotEmpty) {
  EXPECT_EQ(AdminTarget("/a").text(), "/a");
  EXPECT_EQ(AdminTarget("/a").add("route", "").set("force", false).text(), "/a");
  EXPECT_EQ(AdminTarget("/a").add("route", "/chat").add("id", "7").set("force", true).text(),
            "/a?route=%2Fchat&id=7&force=1");
}

TEST(AdminTarget, NoByteOfAValueEndsIt) {
  EXPECT_EQ(AdminTarget("/a").add("route", "a&b=c d\r\n%\xff#?+").text(),
            "/a?route=a%26b%3Dc%20d%0D%0A%25%FF%23%3F%2B");
}

TEST(AdminSockets, AreTheSocketsThatAreNamedAfterAProcess) {
  const TemporaryFolder folder;
  const auto path = [&](std::string_view name) { return (folder / name).string(); };
  EXPECT_THAT(admin_sockets(path("missing")).value(), IsEmpty());
  auto first = UnixListeningSocket::open(path("20.sock"));
  auto second = UnixListeningSocket::open(path("3.sock"));
  auto other = UnixListeningSocket::open(path("app.sock"));
  ASSERT_TRUE(first && second && other);
  folder.write("4.sock", "no socket");
  folder.write("5.pid", "");
  EXPECT_THAT(admin_sockets(folder.path().string()).value(), ElementsAre(path("3.sock"), path("20.sock")));
  EXPECT_THAT(admin_sockets(path("4.sock")).error(), HasSubstr("4.sock: Not a directory"));
}

TEST(AdminSockets, WhereThereIsNotOneItSaysWhatToDo) {
  EXPECT_THAT(which_admin_socket({}, "/run/turnout"), HasSubstr("no server of this user answers in /run/turnout"));
  EXPECT_EQ(which_admin_socket({"/r/1.sock", "/r/2.sock"}, "/r"),
            "2 servers answer in /r; say which one:\n  --socket /r/1.sock\n  --socket /r/2.sock");
}

}  // namespace
}  // namespace turnout::client
