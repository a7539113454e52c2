#include "observe/metrics_text.h"

#include <gmock/gmock.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <regex>
#include <set>

#include "runtime/sim_loop.h"
#include "switching/session.h"
#include "tests/support/memory_server.h"
#include "tests/support/temporary_folder.h"

namespace turnout {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

Route a_route(const char* name) {
  Route route;
  route.name = name;
  return route;
}

ServerFacts every_fact() {
  return {.listeners = {"127.0.0.1:8101", "[::1]:8443"},
          .upstreams = {{"chat", "http://10.0.0.1:9000", true, 12}, {"chat", "http://10.0.0.2:9000", false, 0}},
          .certificates = {{"[::1]:8443", "example.com", 1'900'000'000}},
          .transcripts = {.declined = 1, .refused = 2, .error = 3, .rule = 4},
          .access_log_dropped = 7,
          .build = {"0.1.0", "1.52.0", "3.0.17"},
          .workers = 4,
          .process = process_metrics()};
}

/// One of each kind that a worker counts.
MetricsSnapshot every_count() {
  SimLoop loop;
  TestSite site;
  const Listener listener;
  Sessions sessions;
  const Session session(loop, site, listener, sessions, {});
  WorkerMetrics metrics(loop);
  const RequestHead head;
  const Route route = a_route("chat");
  metrics.write({.request = &head, .route = &route, .status = 200, .bytes_in = 1, .bytes_out = 2});
  Record record{.kind = RecordKind::open,
                .request = &head,
                .route = &route,
                .via = Via::h1_upgrade,
                .status = 101,
                .outcome = "accepted",
                .token_name = "websocket",
                .reason = Why::accepted};
  metrics.write(record);
  record.kind = RecordKind::close;
  record.closed_by = "upstream";
  record.close_reason = Why::upstream_reset;
  metrics.write(record);
  metrics.write(session, {.version = TlsVersion::tls_1_3});
  metrics.write(session, {.failure = Why::tls_failed});
  metrics.accepted(0);
  return metrics.snapshot();
}

std::string text_of(const ServerFacts& facts) {
  return prometheus_text({}, facts);
}

TEST(MetricsText, SaysWhatAServerAtRestKnows) {
  EXPECT_EQ(text_of({.listeners = {"127.0.0.1:8101"}, .build = {"0.1.0", "1.52.0", "3.0.17"}, .workers = 2}),
            R"(# HELP turnout_build_info 1, with the versions as labels
# TYPE turnout_build_info gauge
turnout_build_info{version="0.1.0",nghttp2="1.52.0",openssl="3.0.17"} 1
# HELP turnout_workers Threads that serve connections
# TYPE turnout_workers gauge
turnout_workers 2
# HELP turnout_connections TCP connections that are open
# TYPE turnout_connections gauge
turnout_connections{listener="127.0.0.1:8101"} 0
# HELP turnout_connections_total TCP connections that were served
# TYPE turnout_connections_total counter
turnout_connections_total{listener="127.0.0.1:8101"} 0
# HELP turnout_connections_refused_total TCP connections that were closed at once, because their client had too many
# TYPE turnout_connections_refused_total counter
turnout_connections_refused_total{listener="127.0.0.1:8101"} 0
# HELP turnout_access_log_dropped_total Lines of the access log that were dropped because nobody took them
# TYPE turnout_access_log_dropped_total counter
turnout_access_log_dropped_total 0
# HELP turnout_transcripts_kept_total Transcripts that were kept, by cause
# TYPE turnout_transcripts_kept_total counter
turnout_transcripts_kept_total{cause="declined"} 0
turnout_transcripts_kept_total{cause="error"} 0
turnout_transcripts_kept_total{cause="refused"} 0
turnout_transcripts_kept_total{cause="rule"} 0
# HELP turnout_transcripts_dropped_total Transcripts that were lost because their file took nothing
# TYPE turnout_transcripts_dropped_total counter
turnout_transcripts_dropped_total 0
)");
}

TEST(MetricsText, SaysWhatTheServerKnowsBesides) {
  EXPECT_THAT(
      text_of(every_fact()),
      AllOf(HasSubstr("turnout_upstream_up{upstream=\"chat\",server=\"http://10.0.0.1:9000\"} 1\n"),
            HasSubstr("turnout_upstream_up{upstream=\"chat\",server=\"http://10.0.0.2:9000\"} 0\n"),
            HasSubstr("turnout_upstream_open{upstream=\"chat\",server=\"http://10.0.0.1:9000\"} 12\n"),
            HasSubstr("turnout_tls_certificate_expiry_timestamp_seconds{listener=\"[::1]:8443\",name=\"example.com\"} "
                      "1900000000\n"),
            HasSubstr("turnout_access_log_dropped_total 7\n"),
            HasSubstr("turnout_transcripts_kept_total{cause=\"refused\"} 2\n"), HasSubstr("\nprocess_open_fds ")));
}

TEST(MetricsText, TheOrderIsNotThatOfEvents) {
  const RequestHead head;
  const Route a = a_route("a");
  const Route b = a_route("b");
  SimLoop loop;
  WorkerMetrics one(loop), other(loop);
  for (const auto& [route, status] : {std::pair(&a, 200), std::pair(&b, 200), std::pair(&b, 404)}) {
    one.write({.request = &head, .route = route, .status = status});
  }
  for (const auto& [route, status] : {std::pair(&b, 404), std::pair(&a, 200), std::pair(&b, 200)}) {
    other.write({.request = &head, .route = route, .status = status});
  }
  EXPECT_EQ(prometheus_text(one.snapshot(), {}), prometheus_text(other.snapshot(), {}));
}

TEST(MetricsText, ASeriesIsThereOnce) {
  // A scrape with two of the same name and labels is thrown away as a whole.
  const std::string text = text_of({.listeners = {"a:80", "a:80"},
                                    .upstreams = {{"u", "s", true, 3}, {"u", "s", false, 4}},
                                    .certificates = {{"a:443", "a", 200}, {"a:443", "a", 100}, {"a:443", "a", 300}}});
  EXPECT_THAT(text, AllOf(HasSubstr("turnout_upstream_up{upstream=\"u\",server=\"s\"} 0\n"),
                          HasSubstr("turnout_upstream_open{upstream=\"u\",server=\"s\"} 7\n"),
                          HasSubstr("seconds{listener=\"a:443\",name=\"a\"} 100\n")));
  std::set<std::string> series;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_TRUE(series.insert(line.substr(0, line.rfind(' '))).second || line.starts_with('#')) << line;
  }
}

TEST(MetricsText, NamesCannotBreakALine) {
  EXPECT_THAT(text_of({.listeners = {"a\"} 1\nb\\"}}),
              HasSubstr("turnout_connections{listener=\"a\\\"} 1\\nb\\\\\"} 0\n"));
}

TEST(MetricsText, LargeCountsAreExact) {
  constexpr std::uint64_t large = (std::uint64_t{1} << 53) - 1;  // beyond it a number of Prometheus has gaps
  EXPECT_THAT(text_of({.access_log_dropped = large}),
              HasSubstr("turnout_access_log_dropped_total " + std::to_string(large) + "\n"));
}

TEST(MetricsText, EveryFamilyHasHelpAndType) {
  const std::string text = prometheus_text(every_count(), every_fact());
  std::istringstream lines(text);
  std::string help, type, kind;
  std::set<std::string> families;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string first, second, name;
    words >> first >> second >> name;
    if (line.starts_with("# HELP ")) {
      help = name;
    } else if (line.starts_with("# TYPE ")) {
      type = name;
      words >> kind;
      EXPECT_EQ(help, type);
      EXPECT_TRUE(families.insert(type).second) << type;
      EXPECT_EQ(kind == "counter", type.ends_with("_total")) << type;
    } else {
      EXPECT_TRUE(line.starts_with(type)) << line;
    }
  }
  EXPECT_EQ(families.size(), 29U) << text;
}

std::set<std::string> families_of(const std::string& text) {
  std::set<std::string> families;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# TYPE ")) families.insert(line.substr(7, line.rfind(' ') - 7));
  }
  return families;
}

/// The families that a text speaks of.
std::set<std::string> families_named_in(const char* file) {
  std::ifstream in(std::string(TURNOUT_SOURCE_DIR "/") + file);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  static const std::regex name("\\b(turnout|process)_[a-z0-9_]+");
  std::set<std::string> names;
  for (std::sregex_iterator at(text.begin(), text.end(), name), end; at != end; ++at) {
    const std::string found = at->str();
    names.insert(found.ends_with("_bucket") ? found.substr(0, found.size() - 7) : found);
  }
  return names;
}

TEST(MetricsText, TheGuideHasEveryFamily) {
  const auto families = families_of(prometheus_text(every_count(), every_fact()));
  const auto named = families_named_in("docs/guide.md");
  for (const std::string& family : families) EXPECT_TRUE(named.contains(family)) << family << " is not in the guide";
}

TEST(MetricsText, AlertsAreAboutFamiliesThatExist) {
  const auto families = families_of(prometheus_text(every_count(), every_fact()));
  const auto named = families_named_in("examples/alerts.yml");
  EXPECT_GE(named.size(), 9U);
  for (const std::string& name : named) EXPECT_TRUE(families.contains(name)) << name;
}

TEST(MetricsText, PromtoolFindsNothing) {
  const TemporaryFolder folder;
  const std::string file = (folder / "metrics").string();
  std::ofstream(file) << prometheus_text(every_count(), every_fact());
  FILE* promtool = popen(("promtool check metrics <'" + file + "' 2>&1").c_str(), "r");
  ASSERT_NE(promtool, nullptr);
  std::string said;
  std::array<char, 4096> part;
  while (const std::size_t count = fread(part.data(), 1, part.size(), promtool)) said.append(part.data(), count);
  const int status = pclose(promtool);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "promtool (Debian: prometheus) said: " << said;
  EXPECT_EQ(said, "");
}

}  // namespace
}  // namespace turnout
