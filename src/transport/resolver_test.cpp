// The resolver in virtual time, with look-ups that end when the test says so (fault F22).
#include "transport/resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/sim_loop.h"

namespace turnout {
namespace {

/// What was asked and not yet answered.
struct Questions {
  std::vector<std::pair<std::string, NameLookup::Done>> open;
  int asked = 0;

  void answer(NameAnswer answer) {
    ASSERT_FALSE(open.empty()) << "nothing was asked";
    const auto done = std::move(open.front().second);
    open.erase(open.begin());
    done(std::move(answer));
  }
  void answer(const std::string& address, Millis ttl) {
    answer({.code = Code::ok, .addresses = {*parse_ip(address)}, .ttl = ttl});
  }
  void answer_failure(Code code) { answer({.code = code, .addresses = {}}); }
};

class AskedByHand final : public NameLookup {
 public:
  explicit AskedByHand(Questions& questions) : questions_(questions) {}
  ~AskedByHand() override {
    while (!questions_.open.empty()) questions_.answer_failure(Code::cancelled);
  }
  void start(const std::string& name, Done done) override {
    ++questions_.asked;
    questions_.open.emplace_back(name, std::move(done));
  }

 private:
  Questions& questions_;
};

Task<void> resolve(Resolver& resolver, std::string name, Millis limit, Cancellation* cancellation, std::string& into) {
  const auto addresses = co_await resolver.resolve(std::move(name), limit, cancellation);
  into.clear();
  if (!addresses) {
    into = text(addresses.error().code);
    co_return;
  }
  for (const Address& address : *addresses) into += (into.empty() ? "" : ",") + ip_text(address);
}

class ResolverTest : public ::testing::Test {
 protected:
  /// The answer, or "..." while there is none.
  std::string& ask(const std::string& name = "chat.test", Millis limit = Millis(5'000),
                   Cancellation* cancellation = nullptr) {
    answers_.push_back(std::make_unique<std::string>("..."));
    group_.spawn(resolve(resolver_, name, limit, cancellation, *answers_.back()));
    loop_.run();
    return *answers_.back();
  }

  SimLoop loop_;
  Questions questions_;
  Resolver resolver_{loop_, std::make_unique<AskedByHand>(questions_)};
  TaskGroup group_;

 private:
  std::vector<std::unique_ptr<std::string>> answers_;
};

TEST_F(ResolverTest, AnAddressIsItsOwnAnswer) {
  EXPECT_EQ(ask("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(ask("2001:db8::1"), "2001:db8::1");
  EXPECT_EQ(questions_.asked, 0);
}

TEST_F(ResolverTest, EverybodyWhoAsksMeanwhileGetsTheSameAnswer) {
  const std::string& one = ask();
  const std::string& two = ask();
  EXPECT_EQ(one, "...");
  questions_.answer("192.0.2.1", Millis(60'000));
  loop_.run();
  EXPECT_EQ(one, "192.0.2.1");
  EXPECT_EQ(two, "192.0.2.1");
  EXPECT_EQ(questions_.asked, 1);
}

TEST_F(ResolverTest, AnAnswerHoldsForItsTime) {
  ask();
  questions_.answer("192.0.2.1", Millis(60'000));
  loop_.advance(Millis(59'000));
  EXPECT_EQ(ask(), "192.0.2.1");
  EXPECT_EQ(questions_.asked, 1);
}

TEST_F(ResolverTest, WhatHasJustRunOutIsUsedWhileItIsAskedForAgain) {
  ask();
  questions_.answer("192.0.2.1", Millis(60'000));
  loop_.advance(Millis(61'000));
  EXPECT_EQ(ask(), "192.0.2.1");  // without waiting
  EXPECT_EQ(ask(), "192.0.2.1");
  EXPECT_EQ(questions_.asked, 2);
  questions_.answer("192.0.2.2", Millis(60'000));
  EXPECT_EQ(ask(), "192.0.2.2");
}

TEST_F(ResolverTest, WhatRanOutLongAgoWaitsForTheNewAnswerButShortly) {
  ask();
  questions_.answer("192.0.2.1", Millis(60'000));
  loop_.advance(Millis(600'000));
  const std::string& quick = ask();
  EXPECT_EQ(quick, "...");
  questions_.answer("192.0.2.2", Millis(1'000));
  loop_.run();
  EXPECT_EQ(quick, "192.0.2.2");

  loop_.advance(Millis(600'000));
  const std::string& slow = ask();
  loop_.advance(Resolver::stale_wait + Millis(20));
  EXPECT_EQ(slow, "192.0.2.2");
  EXPECT_EQ(questions_.open.size(), 1u);  // and the question goes on
}

TEST_F(ResolverTest, ATimeOfNothingStillHoldsForASecond) {
  ask();
  questions_.answer("192.0.2.1", Millis(0));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(ask(), "192.0.2.1");
  EXPECT_EQ(questions_.asked, 1);
  loop_.advance(Millis(1'020));
  ask();
  EXPECT_EQ(questions_.asked, 2);
}

TEST_F(ResolverTest, ATimeOfDaysHoldsForFiveMinutes) {
  ask();
  questions_.answer("192.0.2.1", Millis(86'400'000));
  loop_.advance(Millis(299'000));
  ask();
  EXPECT_EQ(questions_.asked, 1);
  loop_.advance(Millis(2'000));
  ask();
  EXPECT_EQ(questions_.asked, 2);
}

TEST_F(ResolverTest, TheLastGoodAnswerOutlivesLaterFailures) {
  ask();
  questions_.answer("192.0.2.1", Millis(1'000));
  for (const Code code : {Code::refused, Code::timed_out, Code::malformed}) {
    loop_.advance(Millis(60'000));
    const std::string& answer = ask();
    questions_.answer_failure(code);
    loop_.run();
    EXPECT_EQ(answer, "192.0.2.1") << text(code);
  }
}

TEST_F(ResolverTest, AFailureIsToldAndNotAskedForAgainAtOnce) {
  const std::string& first = ask();
  questions_.answer_failure(Code::refused);
  loop_.run();
  EXPECT_EQ(first, "refused");
  EXPECT_EQ(ask(), "refused");
  EXPECT_EQ(questions_.asked, 1);
  loop_.advance(Millis(1'020));
  const std::string& later = ask();
  EXPECT_EQ(questions_.asked, 2);
  questions_.answer("192.0.2.1", Millis(60'000));
  loop_.run();
  EXPECT_EQ(later, "192.0.2.1");
}

TEST_F(ResolverTest, NobodyWaitsLongerThanHisLimit) {
  const std::string& answer = ask("chat.test", Millis(300));
  loop_.advance(Millis(290));
  EXPECT_EQ(answer, "...");
  loop_.advance(Millis(30));
  EXPECT_EQ(answer, "timed-out");
  questions_.answer("192.0.2.1", Millis(60'000));  // the late answer is for those who come next
  EXPECT_EQ(ask(), "192.0.2.1");
}

TEST_F(ResolverTest, OneWhoIsCancelledLeavesTheOthersWaiting) {
  Cancellation cancellation;
  const std::string& gone = ask("chat.test", Millis(5'000), &cancellation);
  const std::string& stays = ask();
  cancellation.cancel();
  loop_.run();
  EXPECT_EQ(gone, "cancelled");
  EXPECT_EQ(stays, "...");
  questions_.answer("192.0.2.1", Millis(60'000));
  loop_.run();
  EXPECT_EQ(stays, "192.0.2.1");
}

TEST_F(ResolverTest, ShuttingDownCancelsEverybody) {
  const std::string& one = ask("a.test");
  const std::string& two = ask("b.test");
  resolver_.shut_down();
  loop_.run();
  EXPECT_EQ(one, "cancelled");
  EXPECT_EQ(two, "cancelled");
  EXPECT_EQ(ask("c.test"), "cancelled");
  EXPECT_EQ(group_.running(), 0u);
}

TEST_F(ResolverTest, RemembersNoMoreNamesThanItsLimit) {
  for (std::size_t i = 0; i < Resolver::names_max; ++i) {
    ask(std::to_string(i) + ".test");
    if (i % 2 == 0) continue;
    questions_.answer("192.0.2.1", Millis(60'000));  // of the one before
    questions_.answer("192.0.2.1", Millis(60'000));
    loop_.advance(Millis(16));
  }
  ask("one-more.test");
  EXPECT_EQ(questions_.open.size(), 1u);
  questions_.answer("192.0.2.1", Millis(60'000));
  const int asked = questions_.asked;
  EXPECT_EQ(ask("1000.test"), "192.0.2.1");
  EXPECT_EQ(questions_.asked, asked);
  ask("0.test");  // the one that nobody had asked for longest had to go
  EXPECT_EQ(questions_.asked, asked + 1);
  questions_.answer("192.0.2.1", Millis(60'000));
  loop_.run();
}

}  // namespace
}  // namespace turnout
