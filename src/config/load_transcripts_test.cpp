#include "config/load_transcripts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/config_text.h"

namespace turnout {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view chat = "[[route]]\nname = \"chat\"\nmatch = { path = \"/chat\" }\necho = {}\n";

TEST(LoadTranscripts, ThereAreSomeWithoutATable) {
  const TranscriptPolicy policy = loaded("").transcripts;
  EXPECT_EQ(policy, TranscriptPolicy());
  EXPECT_EQ(policy.kept_bytes, 256U * 1024);
  EXPECT_EQ(policy.recent_bytes, 128U * 1024);
  EXPECT_EQ(policy.file, "");
}

TEST(LoadTranscripts, AllThatCanBeSaid) {
  const TranscriptPolicy policy = loaded(std::string(chat) + R"(
[transcripts]
file = "logs/transcripts.jsonl"
kept_bytes = "1MiB"
recent_bytes = 0
mask_fields = ["X-Customer"]
mask_query = ["Ticket", "user.id"]
[[transcripts.keep]]
route = "chat"
[[transcripts.keep]]
status = "500-599"
time_taken = "30s"
[[transcripts.keep]]
status = ["101", "400-499"]
)",
                                         "/etc/turnout/turnout.toml")
                                      .transcripts;
  EXPECT_EQ(policy.file, "/etc/turnout/logs/transcripts.jsonl");
  EXPECT_EQ(policy.kept_bytes, 1024U * 1024);
  EXPECT_EQ(policy.recent_bytes, 0U);
  EXPECT_THAT(policy.mask_fields, ElementsAre("x-customer"));
  EXPECT_THAT(policy.mask_query, ElementsAre("ticket", "user.id"));
  EXPECT_THAT(policy.keep, ElementsAre(TranscriptRule{.route = "chat"},
                                       TranscriptRule{.statuses = {{500, 599}}, .time_taken_min = Millis(30'000)},
                                       TranscriptRule{.statuses = {{101, 101}, {400, 499}}}));
}

TEST(LoadTranscripts, ADashIsStandardOutput) {
  EXPECT_EQ(loaded("[transcripts]\nfile = \"-\"", "/etc/turnout/turnout.toml").transcripts.file, "-");
}

TEST(LoadTranscripts, ARuleNamesARouteThatThereIs) {
  EXPECT_THAT(problems(std::string(chat) + "[[transcripts.keep]]\nroute = \"chatt\""),
              ElementsAre("6:9: no route has the name \"chatt\"; did you mean \"chat\"?"));
  EXPECT_THAT(problems("[[transcripts.keep]]\nroute = \"chat\""), ElementsAre("2:9: no route has the name \"chat\""));
  EXPECT_TRUE(
      problems("[[transcripts.keep]]\nroute = \"/a\"\n[[route]]\nmatch = { path = \"/a\" }\necho = {}\n").empty())
      << "by the name that its path gives it, and wherever it stands in the file";
}

TEST(LoadTranscripts, ARuleNeedsACondition) {
  EXPECT_THAT(problems("[[transcripts.keep]]\n"),
              ElementsAre(HasSubstr("1:1: a rule needs at least one of route, status and time_taken")));
}

TEST(LoadTranscripts, FaultsInARule) {
  const auto rule_problems = [](const std::string& line) { return problems("[[transcripts.keep]]\n" + line); };
  for (const std::string status : {"5xx", "500-", "-500", "599-500", "99", "600", "1000", "", "100-599-600", " 200"}) {
    EXPECT_THAT(rule_problems("status = \"" + status + "\""),
                ElementsAre(HasSubstr("2:10: \"" + status + "\" is not a status or a range of them")));
  }
  EXPECT_THAT(rule_problems("status = [\"101\", \"x\"]"), ElementsAre(HasSubstr("2:18: \"x\" is not a status")));
  EXPECT_THAT(rule_problems("status = 500"), ElementsAre(HasSubstr("2:10: \"status\" is a string or an array")));
  EXPECT_THAT(rule_problems("status = []"), ElementsAre(HasSubstr("2:10: \"status\" is not empty")));
  EXPECT_THAT(rule_problems("time_taken = \"0s\""), ElementsAre("2:14: \"time_taken\" is at least 1ms"));
  EXPECT_THAT(rule_problems("time_taken = 30"), ElementsAre(HasSubstr("is a duration with its unit")));
  EXPECT_THAT(rule_problems("time_taken = \"1s\"\nhost = \"a\""), ElementsAre(HasSubstr("3:1: unknown key \"host\"")));
}

TEST(LoadTranscripts, FaultsInTheTable) {
  const auto table_problems = [](const std::string& line) { return problems("[transcripts]\n" + line); };
  EXPECT_THAT(table_problems("file = \"\""), ElementsAre(HasSubstr("2:8: \"file\" is not empty")));
  EXPECT_THAT(table_problems("kept_bytes = \"1GiB\""), ElementsAre("2:14: \"kept_bytes\" is between 0B and 8MiB"));
  EXPECT_THAT(table_problems("mask_fields = [\"a b\"]"), ElementsAre("2:16: \"a b\" is not the name of a field"));
  EXPECT_THAT(table_problems("mask_query = [\"a\", \"b%63\", \"c=d\"]"),
              ElementsAre(HasSubstr("2:20: \"b%63\" is not the name of a query parameter"), HasSubstr("\"c=d\"")));
  EXPECT_EQ(table_problems("mask_fields = [\"" + std::string(65, 'a') + "\"]").size(), 1U);
  EXPECT_THAT(table_problems("keep = {}"), ElementsAre(HasSubstr("written as [[transcripts.keep]]")));
  EXPECT_THAT(table_problems("keeps = 1"), ElementsAre(HasSubstr("did you mean \"keep\"?")));
}

}  // namespace
}  // namespace turnout
