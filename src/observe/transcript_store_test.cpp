#include "observe/transcript_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "observe/transcript_text.h"
#include "tests/support/memory_server.h"
#include "tests/support/temporary_folder.h"

namespace turnout {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class TranscriptStoreTest : public ::testing::Test {
 protected:
  TranscriptStoreTest() {
    route.name = "chat";
    request.method = "GET";
    request.target = "/chat?token=s3cret";
    request.authority = "example.com";
    request.fields.add("Host", "example.com");
    request.fields.add("Cookie", "s3cret");
  }

  Record open(std::uint64_t id) const {
    return {.kind = RecordKind::open,
            .request = &request,
            .route = &route,
            .via = Via::h1_upgrade,
            .status = 101,
            .began_ms = loop.now_ms(),
            .tunnel_id = id,
            .offer = "websocket",
            .token = "websocket",
            .outcome = "accepted",
            .token_name = "websocket",
            .reason = Why::accepted};
  }

  /// Of something that was opened `after` ago.
  Record close(std::uint64_t id, Why reason, Millis after = Millis(0)) const {
    Record record = open(id);
    record.kind = RecordKind::close;
    record.began_ms = loop.now_ms() - static_cast<std::uint64_t>(after.count());
    record.bytes_in = 11;
    record.bytes_out = 22;
    record.closed_by = "client";
    record.close_reason = reason;
    return record;
  }

  Record answered(std::string_view outcome, int status = 200) const {
    return {.request = &request,
            .route = &route,
            .status = status,
            .began_ms = loop.now_ms(),
            .offer = outcome.empty() ? "" : "h2c",
            .outcome = outcome,
            .reason = outcome.empty() ? Why::none : Why::no_such_token};
  }

  /// "kept:tunnel", in their order.
  static std::vector<std::string> names(const TranscriptStore& store, bool recent_too) {
    std::vector<std::string> all;
    for (const TranscriptEntry& entry : store.snapshot(recent_too)) {
      all.push_back(std::string(text(entry.kept)) + ":" + std::to_string(entry.tunnel_id));
    }
    return all;
  }

  static std::string content(const std::string& file) {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  SimLoop loop;
  Route route;
  RequestHead request;
};

TEST_F(TranscriptStoreTest, AnAcceptedSwitchIsRecent) {
  TranscriptStore store(loop, {}, nullptr);
  store.write(open(7));
  EXPECT_THAT(names(store, false), IsEmpty());
  const auto all = store.snapshot(true);
  ASSERT_EQ(all.size(), 1U);
  const TranscriptEntry& entry = all[0];
  EXPECT_EQ(entry.kept, KeptFor::recent);
  EXPECT_EQ(entry.tunnel_id, 7U);
  EXPECT_EQ(entry.time_ms, loop.wall_ms());
  EXPECT_EQ(entry.route, "chat");
  EXPECT_EQ(entry.via, Via::h1_upgrade);
  EXPECT_EQ(entry.method, "GET");
  EXPECT_EQ(entry.authority, "example.com");
  EXPECT_EQ(entry.offer, "websocket");
  EXPECT_EQ(entry.token, "websocket");
  EXPECT_EQ(entry.status, 101);
  EXPECT_EQ(entry.outcome, "accepted");
  EXPECT_EQ(entry.reason, Why::accepted);
  EXPECT_EQ(entry.fields.size(), 2U);
  EXPECT_FALSE(entry.closed);
  EXPECT_FALSE(entry.time_taken_ms);
  EXPECT_EQ(store.counts(), TranscriptCounts());
}

TEST_F(TranscriptStoreTest, SEC_O9_NoSecretIsRemembered) {
  TranscriptStore store(loop, {}, nullptr);
  request.target = "/chat?token=s3cret";
  request.authority = "s3cret@example.com";
  request.fields.add("Sec-WebSocket-Protocol", "token, s3cret");
  request.fields.add("Referer", "http://s3cret@example.com/?code=s3cret");
  store.write(open(1));
  store.write(answered("declined"));
  for (const TranscriptEntry& entry : store.snapshot(true)) {
    std::string shown;
    append_json(entry, shown);
    append_text(entry, shown);
    EXPECT_THAT(shown, Not(HasSubstr("s3cret")));
    EXPECT_THAT(shown, HasSubstr("/chat?token=[masked, 6 bytes]"));
  }
}

TEST_F(TranscriptStoreTest, AnOrderlyEndIsNotedAmongTheRecent) {
  TranscriptStore store(loop, {}, nullptr);
  store.write(open(1));
  store.write(open(2));
  loop.advance(Millis(500));
  store.write(close(1, Why::peer_closed, Millis(500)));
  const auto all = store.snapshot(true);
  ASSERT_EQ(all.size(), 2U);
  ASSERT_TRUE(all[0].closed);
  EXPECT_EQ(all[0].closed->by, "client");
  EXPECT_EQ(all[0].closed->reason, Why::peer_closed);
  EXPECT_EQ(all[0].time_taken_ms, 500U);
  EXPECT_EQ(all[0].bytes_in, 11U);
  EXPECT_EQ(all[0].bytes_out, 22U);
  EXPECT_EQ(all[0].fields.size(), 2U);
  EXPECT_FALSE(all[1].closed);
}

TEST_F(TranscriptStoreTest, ADeclinedOrRefusedOfferIsKept) {
  TranscriptStore store(loop, {}, nullptr);
  store.write(answered("declined"));
  store.write(answered("refused", 403));
  store.write(answered(""));
  EXPECT_THAT(names(store, false), ElementsAre("declined:0", "refused:0"));
  EXPECT_EQ(store.counts(), (TranscriptCounts{.declined = 1, .refused = 1}));
  const TranscriptEntry entry = store.snapshot(false)[0];
  EXPECT_EQ(entry.time_taken_ms, 0U);
  EXPECT_FALSE(entry.closed) << "nothing was open";
}

TEST_F(TranscriptStoreTest, ASwitchThatEndsWithAnErrorMovesToTheKeptOnes) {
  TranscriptStore store(loop, {}, nullptr);
  for (std::uint64_t id = 1; id <= 3; ++id) store.write(open(id));
  store.write(close(2, Why::websocket_frame));
  EXPECT_THAT(names(store, false), ElementsAre("error:2"));
  EXPECT_THAT(names(store, true), testing::UnorderedElementsAre("recent:1", "error:2", "recent:3"));
  const TranscriptEntry entry = store.snapshot(false)[0];
  EXPECT_EQ(entry.closed->reason, Why::websocket_frame);
  EXPECT_EQ(entry.fields.size(), 2U) << "with all that was known at its opening";
  store.write(close(2, Why::websocket_frame));
  EXPECT_EQ(store.counts(), (TranscriptCounts{.error = 2})) << "told twice, it is made of what it was told";
}

TEST_F(TranscriptStoreTest, ASwitchThatIsNoLongerRecentIsKeptWithWhatItsEndTells) {
  TranscriptStore store(loop, {.recent_bytes = 0}, nullptr);
  store.write(open(1));
  EXPECT_THAT(names(store, true), IsEmpty());
  store.write(close(1, Why::done));
  EXPECT_THAT(names(store, true), IsEmpty());
  store.write(open(2));
  store.write(close(2, Why::peer_reset));
  EXPECT_THAT(names(store, true), ElementsAre("error:2"));
}

TEST_F(TranscriptStoreTest, BothRingsAreBoundedAndRecentOnesPushOutNoKeptOnes) {
  TranscriptStore store(loop, {.kept_bytes = 4096, .recent_bytes = 8192}, nullptr);
  store.write(answered("declined"));
  for (std::uint64_t id = 1; id <= 1000; ++id) {
    store.write(open(id));
    loop.advance(Millis(1));
  }
  const auto all = names(store, true);
  EXPECT_EQ(all.front(), "declined:0");
  EXPECT_EQ(all.back(), "recent:1000");
  EXPECT_GT(all.size(), 10U);
  EXPECT_LT(all.size(), 50U);
  for (int i = 0; i < 1000; ++i) store.write(answered("refused", 403));
  const auto kept = names(store, false);
  EXPECT_EQ(kept.front(), "refused:0");
  EXPECT_GT(kept.size(), 5U);
  EXPECT_LT(kept.size(), 25U);
  EXPECT_THAT(names(store, true), testing::Contains("recent:1000"));
}

TEST_F(TranscriptStoreTest, SwitchesThatMovedAwayLeaveTheirPlacesInTheEnd) {
  TranscriptStore store(loop, {.kept_bytes = 4096, .recent_bytes = 4096}, nullptr);
  for (std::uint64_t id = 1; id <= 10'000; ++id) {
    store.write(open(id));
    store.write(close(id, Why::peer_reset));
  }
  EXPECT_EQ(store.counts().error, 10'000U);
  EXPECT_LT(names(store, true).size(), 25U);
}

TEST_F(TranscriptStoreTest, SEC_O9_OneRequestCannotTakeTheRoomOfAll) {
  TranscriptStore store(loop, {}, nullptr);
  for (int i = 0; i < 100; ++i) request.fields.add("X-" + std::to_string(i), std::string(900, 'x'));
  request.target = "/" + std::string(8000, 'a');
  const std::string offer(8000, 'o');
  Record record = answered("declined");
  record.offer = offer;
  for (int i = 0; i < 30; ++i) store.write(record);
  const auto all = store.snapshot(false);
  EXPECT_EQ(all.size(), 30U);
  EXPECT_EQ(all[0].fields.size() + all[0].fields_left_out, 102U);
  EXPECT_LT(all[0].fields.size(), 10U);
}

TEST_F(TranscriptStoreTest, RulesOfARequestAndOfATunnelsLength) {
  TranscriptPolicy policy;
  policy.keep.push_back({.statuses = {{500, 599}}});
  policy.keep.push_back({.route = "chat", .time_taken_min = Millis(30'000)});
  TranscriptStore store(loop, policy, nullptr);
  loop.advance(Millis(60'000));
  store.write(answered("", 404));
  store.write(answered("", 502));
  store.write(open(1));
  store.write(open(2));
  EXPECT_THAT(names(store, false), ElementsAre("rule:0"));
  store.write(close(1, Why::done, Millis(29'999)));
  store.write(close(2, Why::done, Millis(30'000)));
  route.name = "other";
  store.write(open(3));
  store.write(close(3, Why::done, Millis(30'000)));
  EXPECT_THAT(names(store, false), testing::UnorderedElementsAre("rule:0", "rule:2"));
  EXPECT_EQ(store.counts(), (TranscriptCounts{.rule = 2}));
}

TEST_F(TranscriptStoreTest, WhatARuleAsksForIsKeptFromItsOpening) {
  TranscriptPolicy policy;
  policy.recent_bytes = 1024;
  policy.keep.push_back({.route = "chat", .statuses = {{101, 101}}});
  TranscriptStore store(loop, policy, nullptr);
  store.write(open(1));
  route.name = "other";
  for (std::uint64_t id = 2; id < 100; ++id) store.write(open(id));
  EXPECT_THAT(names(store, false), ElementsAre("rule:1"));
  route.name = "chat";
  store.write(close(1, Why::done));
  const auto kept = store.snapshot(false);
  ASSERT_EQ(kept.size(), 1U) << "the same one, and its end";
  EXPECT_TRUE(kept[0].closed);
  EXPECT_EQ(store.counts(), (TranscriptCounts{.rule = 1}));
}

TEST_F(TranscriptStoreTest, WhatARuleKeptIsCountedOnceEvenIfItWasPushedOut) {
  TranscriptPolicy policy;
  policy.kept_bytes = 2048;
  policy.keep.push_back({.route = "chat"});
  TranscriptStore store(loop, policy, nullptr);
  for (std::uint64_t id = 1; id <= 20; ++id) store.write(open(id));
  for (std::uint64_t id = 1; id <= 20; ++id) store.write(close(id, id % 2 == 0 ? Why::done : Why::peer_reset));
  EXPECT_EQ(store.counts(), (TranscriptCounts{.rule = 20}));
  EXPECT_LT(names(store, false).size(), 10U);
  for (const TranscriptEntry& entry : store.snapshot(false)) EXPECT_TRUE(entry.closed);
}

TEST_F(TranscriptStoreTest, ProgressIsForOthers) {
  TranscriptStore store(loop, {}, nullptr);
  Record record = open(1);
  record.kind = RecordKind::progress;
  store.write(record);
  EXPECT_THAT(names(store, true), IsEmpty());
}

TEST_F(TranscriptStoreTest, KeptOnesAreWrittenToTheFileAsLines) {
  const TemporaryFolder folder;
  const std::string name = (folder / "transcripts.jsonl").string();
  TranscriptPolicy policy;
  policy.keep.push_back({.route = "chat", .statuses = {{101, 101}}});
  TranscriptStore store(loop, policy, LogFile::open(name, LogFormat::json, "test").value());
  store.write(answered("declined"));
  store.write(open(1));
  EXPECT_EQ(content(name), "");
  loop.advance(Millis(250));
  store.write(close(1, Why::done));
  loop.advance(Millis(250));
  const std::string lines = content(name);
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 3) << "one when it opens, one when it ends: " << lines;
  EXPECT_THAT(lines, HasSubstr("{\"version\":1,\"kept\":\"declined\",\"time\":\"2026-"));
  EXPECT_EQ(store.counts().lines_dropped, 0U);
}

TEST_F(TranscriptStoreTest, TheSameMillisecondKeepsTheOrder) {
  TranscriptStore store(loop, {}, nullptr);
  for (const std::string_view outcome : {"declined", "refused", "declined", "refused", "refused"}) {
    store.write(answered(outcome));
  }
  EXPECT_THAT(names(store, false), ElementsAre("declined:0", "refused:0", "declined:0", "refused:0", "refused:0"));
}

TEST(TranscriptStoreOfAServer, HasTheEventsOfTheConnection) {
  MemoryServer server;
  server.site.add("/hello", std::make_unique<Answer>("hello\n"));
  server.peers = {*parse_address("192.0.2.7:50000"), *parse_address("198.51.100.1:80")};
  TranscriptStore store(server.loop, {}, nullptr);
  server.sessions.recorder = &store;
  MemoryPeer client = server.connect();
  client.send("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: frob\r\n\r\n");
  server.loop.run();
  const auto kept = store.snapshot(false);
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(text(kept[0].client), "192.0.2.7:50000");
  EXPECT_EQ(text(kept[0].listener), "198.51.100.1:80");
  EXPECT_EQ(kept[0].offer, "frob");
  EXPECT_EQ(kept[0].status, 200);
  EXPECT_EQ(kept[0].reason, Why::no_such_token);
  ASSERT_FALSE(kept[0].events.empty());
  EXPECT_EQ(kept[0].events[0].kind, EventKind::entered);
  EXPECT_EQ(kept[0].events[0].name, "http/1.1");
  server.sessions.recorder = nullptr;
}

TEST(TranscriptFilterTest, EveryConditionHasToHold) {
  TranscriptEntry entry;
  entry.route = "chat";
  entry.token = "WebSocket";
  entry.token_name = "websocket";
  entry.outcome = "accepted";
  entry.reason = Why::accepted;
  entry.tunnel_id = 7;
  entry.client = *parse_address("192.0.2.7:1");
  entry.closed = TranscriptEntry::Closed{"client", Why::peer_reset};
  EXPECT_TRUE(matches({}, entry));
  EXPECT_TRUE(matches({.route = "chat",
                       .token = "websocket",
                       .outcome = "accepted",
                       .reason = "peer-reset",
                       .tunnel_id = 7,
                       .client = parse_network("192.0.2.0/24")},
                      entry));
  EXPECT_TRUE(matches({.reason = "accepted"}, entry));
  EXPECT_FALSE(matches({.route = "cha"}, entry));
  EXPECT_FALSE(matches({.token = "h2c"}, entry));
  EXPECT_FALSE(matches({.outcome = "declined"}, entry));
  EXPECT_FALSE(matches({.reason = "done"}, entry));
  EXPECT_FALSE(matches({.tunnel_id = 8}, entry));
  EXPECT_FALSE(matches({.client = parse_network("192.0.2.8")}, entry));
}

}  // namespace
}  // namespace turnout
