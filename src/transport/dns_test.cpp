// c-ares on a real loop, against a name server that does what the test says (fault F22).
#include "transport/dns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/support/dns_server.h"
#include "tests/support/tcp_sockets.h"
#include "tests/support/temporary_folder.h"
#include "transport/resolver.h"

namespace turnout {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using Question = DnsServer::Question;

std::vector<std::string> texts(const std::vector<Address>& addresses) {
  std::vector<std::string> out;
  for (const Address& address : addresses) out.push_back(ip_text(address));
  return out;
}

class DnsTest : public TcpTest {
 protected:
  void TearDown() override { run(); }  // the server's connections end with the client's

  std::unique_ptr<Dns> make_dns(Millis timeout = Millis(5'000)) {
    return std::make_unique<Dns>(loop, DnsOptions{.servers = server.address(), .timeout = timeout, .tries = 2});
  }
  NameAnswer ask(Dns& dns, const std::string& name) {
    std::optional<NameAnswer> answer;
    dns.start(name, [&](NameAnswer given) { answer = std::move(given); });
    loop.at_turn_end = [&] {
      if (answer) loop.stop();
    };
    loop.run();
    loop.at_turn_end = nullptr;
    return *answer;
  }
  NameAnswer ask(const std::string& name) {
    const auto dns = make_dns();
    return ask(*dns, name);
  }
  void reply_always(const DnsServer::Reply& reply) {
    server.script = [reply](const Question& question) { return question.reply(reply); };
  }

  DnsServer server{loop};
};

TEST_F(DnsTest, BothKindsOfAddresses) {
  reply_always({.addresses = {"127.0.0.2", "::1", "127.0.0.3"}, .ttl_seconds = 30});
  const NameAnswer answer = ask("chat.test");
  EXPECT_EQ(answer.code, Code::ok);
  EXPECT_THAT(texts(answer.addresses), UnorderedElementsAre("127.0.0.2", "127.0.0.3", "::1"));
  EXPECT_EQ(answer.ttl, Millis(30'000));
  EXPECT_EQ(answer.addresses.front().port, 0);
}

TEST_F(DnsTest, OneKindIsEnough) {
  reply_always({.addresses = {"127.0.0.2"}});
  EXPECT_THAT(texts(ask("four.test").addresses), ElementsAre("127.0.0.2"));
  reply_always({.addresses = {"::1"}});
  EXPECT_THAT(texts(ask("six.test").addresses), ElementsAre("::1"));
}

TEST_F(DnsTest, AliasesAreFollowed) {
  reply_always({.addresses = {"127.0.0.2"}, .alias = "other.test"});
  EXPECT_THAT(texts(ask("chat.test").addresses), ElementsAre("127.0.0.2"));
}

TEST_F(DnsTest, NobodyCanMakeUsRememberAThousandAddresses) {
  DnsServer::Reply reply;
  for (int i = 1; i < 60; ++i) reply.addresses.push_back("127.0.1." + std::to_string(i));
  reply_always(reply);
  EXPECT_EQ(ask("many.test").addresses.size(), Dns::addresses_max);
}

TEST_F(DnsTest, NoSuchNameAndServersThatFail) {
  for (const int rcode : {2, 3, 4, 5}) {
    reply_always({.rcode = rcode});
    const NameAnswer answer = ask("none.test");
    EXPECT_EQ(answer.code, Code::refused) << rcode;
    EXPECT_THAT(answer.addresses, IsEmpty());
  }
  reply_always({});  // the name is known, and has no address
  EXPECT_EQ(ask("empty.test").code, Code::refused);
}

TEST_F(DnsTest, AServerThatSaysNothingIsGivenUp) {
  server.script = [](const Question&) { return std::nullopt; };
  const auto dns = make_dns(Millis(30));
  EXPECT_EQ(ask(*dns, "silent.test").code, Code::timed_out);
  EXPECT_GE(server.asked.size(), 4u);  // each kind of address twice
}

TEST_F(DnsTest, WhatDidNotFitIsAskedForOverTcp) {
  server.script = [](const Question& question) {
    return question.reply({.addresses = {"127.0.0.2"}, .truncated = !question.tcp});
  };
  EXPECT_THAT(texts(ask("long.test").addresses), ElementsAre("127.0.0.2"));
  EXPECT_TRUE(std::ranges::any_of(server.asked, &Question::tcp));
}

TEST_F(DnsTest, GarbageIsNoAnswer) {
  const auto dns = make_dns(Millis(40));
  server.script = [](const Question&) { return "no message of DNS"; };
  EXPECT_EQ(ask(*dns, "garbage.test").code, Code::timed_out);
  server.script = [](const Question& question) {
    std::string reply = question.reply({.addresses = {"127.0.0.2", "::1"}});
    reply.resize(reply.size() - 3);
    return reply;
  };
  EXPECT_NE(ask(*dns, "cut.test").code, Code::ok);
  server.script = [](const Question& question) {  // a name that points to itself
    std::string reply = question.reply({.addresses = {"127.0.0.2", "::1"}});
    const std::size_t owner = question.message.size();
    reply[owner] = static_cast<char>(0xc0);
    reply[owner + 1] = static_cast<char>(owner);
    return reply;
  };
  EXPECT_NE(ask(*dns, "loop.test").code, Code::ok);
  reply_always({.addresses = {"127.0.0.2"}});
  EXPECT_EQ(ask(*dns, "fine.test").code, Code::ok);
}

TEST_F(DnsTest, AnAnswerToAnotherQuestionIsNotTaken) {
  const auto dns = make_dns(Millis(40));
  server.script = [](const Question& question) {
    Question other = question;
    other.message[0] = static_cast<char>(other.message[0] ^ 0x55);  // its identifier
    return other.reply({.addresses = {"127.0.0.66", "::66"}});
  };
  EXPECT_EQ(ask(*dns, "forged.test").code, Code::timed_out);
}

TEST_F(DnsTest, TheHostsFileComesFirst) {
  TemporaryFolder folder;
  folder.write("hosts", "127.0.0.9 in-the-file.test\n");
  ASSERT_EQ(setenv("CARES_HOSTS", (folder / "hosts").c_str(), 1), 0);
  reply_always({.addresses = {"127.0.0.2"}});
  Dns dns(loop, {.servers = server.address(), .hosts_from_environment = true});
  EXPECT_THAT(texts(ask(dns, "in-the-file.test").addresses), ElementsAre("127.0.0.9"));
  EXPECT_THAT(server.asked, IsEmpty());
  EXPECT_THAT(texts(ask(dns, "elsewhere.test").addresses), ElementsAre("127.0.0.2"));
  ASSERT_EQ(unsetenv("CARES_HOSTS"), 0);
}

TEST_F(DnsTest, WhatIsStillAskedIsCancelledAtTheEnd) {
  server.script = [](const Question&) { return std::nullopt; };
  auto dns = make_dns();
  std::vector<Code> codes;
  for (const char* name : {"a.test", "b.test"}) {
    dns->start(name, [&](const NameAnswer& answer) { codes.push_back(answer.code); });
  }
  EXPECT_THAT(codes, IsEmpty());
  dns.reset();
  EXPECT_THAT(codes, ElementsAre(Code::cancelled, Code::cancelled));
}

// ===== with the resolver on top =====

Task<void> resolve(Resolver& resolver, std::string name, Millis limit, std::optional<Code>& code) {
  const auto addresses = co_await resolver.resolve(std::move(name), limit);
  code = addresses ? Code::ok : addresses.error().code;
}

Task<void> tick(EpollLoop& loop, int& ticks, const std::optional<Code>& until) {
  Pause pause(loop);
  while (!until) {
    (void)co_await pause.wait(Millis(16));
    ++ticks;
  }
}

TEST_F(DnsTest, TheLoopGoesOnWhileAServerKeepsItWaiting) {
  server.script = [](const Question&) { return std::nullopt; };
  Resolver resolver(loop, make_dns(Millis(10'000)));
  std::optional<Code> code;
  int ticks = 0;
  loop.connections.spawn(resolve(resolver, "slow.test", Millis(200), code));
  loop.connections.spawn(tick(loop, ticks, code));
  run();
  EXPECT_EQ(code, Code::timed_out);
  EXPECT_GT(ticks, 3);
}

}  // namespace
}  // namespace turnout
