#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "probe/cause.h"
#include "probe/run.h"
#include "probe/verdict.h"

namespace turnout::probe {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::Not;

Attempt answer(Purpose purpose, std::string token, int status) {
  Attempt attempt;
  attempt.ask.purpose = purpose;
  attempt.ask.token = std::move(token);
  attempt.ended = Ended::answered;
  attempt.status = status;
  attempt.version = "1.1";
  return attempt;
}

Attempt sound(Purpose purpose) {
  Attempt attempt = answer(purpose, "websocket", 101);
  attempt.switched = true;
  attempt.check.state = Check::State::sound;
  attempt.check.pong = true;
  return attempt;
}

Facts facts_of(std::vector<Attempt> attempts) {
  Facts facts;
  facts.wanted.tokens = {"websocket"};
  facts.attempts = std::move(attempts);
  return facts;
}

std::string first_of(const Facts& facts) {
  const std::vector<Finding> findings = diagnose(facts);
  return findings.empty() ? "" : std::string(findings.front().cause->id);
}

TEST(ProbeCatalogue, EachCauseSaysAllThatAPersonNeeds) {
  std::set<std::string_view> ids, names;
  for (const Cause& cause : catalogue()) {
    EXPECT_TRUE(ids.insert(cause.id).second) << cause.id;
    EXPECT_TRUE(names.insert(cause.name).second) << cause.name;
    EXPECT_EQ(cause.id.size(), 3u) << cause.id;
    for (const std::string_view text : {cause.summary, cause.section, cause.remedy})
      EXPECT_FALSE(text.empty()) << cause.id;
    EXPECT_TRUE(cause.section.starts_with("RFC ")) << cause.id;
    for (const Fix& fix : cause.fixes) EXPECT_FALSE(fix.text.empty()) << cause.id;
  }
  EXPECT_GE(ids.size(), 45u);
  EXPECT_EQ(find_cause("p06"), find_cause("no-extended-connect"));
  EXPECT_EQ(find_cause("P99"), nullptr);
}

TEST(ProbeCatalogue, NothingIsNamedWithoutFactsNorWhereAllIsSound) {
  EXPECT_THAT(diagnose(Facts()), IsEmpty());
  EXPECT_THAT(diagnose(facts_of({answer(Purpose::plain, "", 200), sound(Purpose::offer)})), IsEmpty());
}

TEST(ProbeCatalogue, WhatMakesTheDifferencePointsToTheCause) {
  Attempt offer = answer(Purpose::offer, "websocket", 403);
  offer.ask.origin = "https://app.example";
  EXPECT_EQ(first_of(facts_of({answer(Purpose::plain, "", 200), offer, sound(Purpose::without_origin)})), "P14");
  EXPECT_NE(first_of(facts_of({answer(Purpose::plain, "", 200), offer})), "P14");
  EXPECT_EQ(first_of(facts_of({answer(Purpose::plain, "", 200), answer(Purpose::offer, "websocket", 502)})), "P22");
  EXPECT_EQ(first_of(facts_of({answer(Purpose::plain, "", 502), answer(Purpose::offer, "websocket", 502)})), "P23");
  EXPECT_EQ(first_of(facts_of({answer(Purpose::offer, "websocket", 200), sound(Purpose::direct)})), "P01");
}

TEST(ProbeCatalogue, AStatusAloneIsEnoughForSome) {
  for (const auto& [status, id] : {std::pair(401, "P12"),
                                   {404, "P10"},
                                   {421, "P10"},
                                   {407, "P27"},
                                   {429, "P31"},
                                   {431, "P32"},
                                   {414, "P32"},
                                   {200, "P09"},
                                   {426, "P21"}}) {
    EXPECT_EQ(first_of(facts_of({answer(Purpose::plain, "", 200), answer(Purpose::offer, "websocket", status)})), id)
        << status;
  }
}

TEST(ProbeVerdict, TheExitCodeFollowsFromTheRows) {
  const auto exit = [](const Facts& facts) { return verdict(facts, diagnose(facts)); };
  EXPECT_EQ(exit(facts_of({sound(Purpose::offer)})), Exit::sound);
  EXPECT_EQ(exit(facts_of({answer(Purpose::offer, "websocket", 200)})), Exit::declined);
  EXPECT_EQ(exit(facts_of({answer(Purpose::offer, "websocket", 101)})), Exit::malformed);
  Attempt broken = sound(Purpose::offer);
  broken.check.state = Check::State::broken;
  EXPECT_EQ(exit(facts_of({broken})), Exit::broken);
  EXPECT_EQ(exit(facts_of({Attempt()})), Exit::network);
  // What was not asked for may be declined, but not go wrong.
  EXPECT_EQ(exit(facts_of({sound(Purpose::offer), answer(Purpose::offer, "h2c", 200)})), Exit::sound);
  EXPECT_EQ(exit(facts_of({sound(Purpose::offer), answer(Purpose::offer, "h2c", 101)})), Exit::malformed);
  Attempt foreign = sound(Purpose::foreign_origin);
  EXPECT_EQ(exit(facts_of({sound(Purpose::offer), foreign})), Exit::security);
}

TEST(ProbeArguments, Durations) {
  EXPECT_EQ(parse_duration_ms("90"), 90'000u);
  EXPECT_EQ(parse_duration_ms("250ms"), 250u);
  EXPECT_EQ(parse_duration_ms("5m"), 300'000u);
  EXPECT_EQ(parse_duration_ms("24h"), 86'400'000u);
  for (const std::string_view bad : {"", "0", "-1", "25h", "5 m", "m", "5d", "99999999999999999999"}) {
    EXPECT_EQ(parse_duration_ms(bad), std::nullopt) << bad;
  }
}

TEST(ProbeArguments, WhatIsAskedForFollowsFromTheUrl) {
  EXPECT_THAT(to_plan({.url = "wss://a/"})->wanted.tokens, testing::ElementsAre("websocket"));
  EXPECT_THAT(to_plan({.url = "https://a/"})->wanted.tokens, IsEmpty());
  EXPECT_EQ(to_plan({.url = "wss://a:8443/"})->origin, "https://a:8443");
  EXPECT_EQ(to_plan({.url = "wss://a/", .origin = "none"})->origin, std::nullopt);
  EXPECT_EQ(to_plan({.url = "http://a/", .data = "x", .has_data = true})->method, "POST");
  EXPECT_FALSE(to_plan({.url = "http://a/", .tokens = {"a\r\nb"}}));
  EXPECT_FALSE(to_plan({.url = "http://a/", .headers = {"a: b\r\nc: d"}}));
  EXPECT_FALSE(to_plan({.url = "http://a/", .origin = "a\nb"}));
}

}  // namespace
}  // namespace turnout::probe
