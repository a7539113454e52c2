#include "observe/metrics.h"

#include <gmock/gmock.h>

#include "observe/metrics_text.h"
#include "runtime/sim_loop.h"
#include "switching/registry.h"
#include "switching/session.h"
#include "tests/support/memory_server.h"

namespace turnout {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string as_text(const MetricsSnapshot& all, std::vector<std::string> listeners = {}) {
  return prometheus_text(all, {.listeners = std::move(listeners), .build = {"0", "0", "0"}});
}

Route route_named(const char* name) {
  Route route;
  route.name = name;
  return route;
}

struct Counted {
  SimLoop loop;
  WorkerMetrics metrics{loop};
  RequestHead http11;
  Route chat = route_named("chat");
  Route files = route_named("files");

  Record request(const Route& route, int status) const {
    return {.request = &http11, .route = &route, .status = status, .began_ms = loop.now_ms()};
  }
  Record offer(const Route& route, std::string_view outcome, Why reason) const {
    return {.request = &http11,
            .route = &route,
            .via = Via::h1_upgrade,
            .status = 400,
            .began_ms = loop.now_ms(),
            .offer = "websocket",
            .outcome = outcome,
            .token_name = "websocket",
            .reason = reason};
  }
  Record open(const Route& route) const {
    Record record = offer(route, "accepted", Why::accepted);
    record.kind = RecordKind::open;
    record.status = 101;
    record.tunnel_id = 1;
    return record;
  }
  Record later(Record record, RecordKind kind, std::uint64_t new_in, std::uint64_t new_out) const {
    record.kind = kind;
    record.new_bytes_in = new_in;
    record.new_bytes_out = new_out;
    if (kind == RecordKind::close) {
      record.closed_by = "client";
      record.close_reason = Why::peer_closed;
    }
    return record;
  }
  std::string text() const { return as_text(metrics.snapshot(), {"127.0.0.1:80"}); }
};

TEST(WorkerMetrics, CountsRequestsByRouteVersionAndCode) {
  Counted counted;
  RequestHead http10, http2;
  http10.version = HttpVersion::http10;
  http2.version = HttpVersion::http2;
  counted.metrics.write(counted.request(counted.files, 200));
  counted.metrics.write(counted.request(counted.files, 200));
  Record record = counted.request(counted.files, 404);
  record.request = &http2;
  counted.metrics.write(record);
  record.request = &http10;
  counted.metrics.write(record);
  EXPECT_THAT(counted.text(),
              AllOf(HasSubstr("turnout_http_requests_total{route=\"files\",version=\"1.1\",code=\"200\"} 2\n"),
                    HasSubstr("turnout_http_requests_total{route=\"files\",version=\"2\",code=\"404\"} 1\n"),
                    HasSubstr("turnout_http_requests_total{route=\"files\",version=\"1.0\",code=\"404\"} 1\n"),
                    Not(HasSubstr("turnout_upgrades_total"))));
}

TEST(WorkerMetrics, CountsTimeAndBodiesOfRequests) {
  Counted counted;
  Record record = counted.request(counted.files, 200);
  record.bytes_in = 5;
  record.bytes_out = 70'000;
  counted.metrics.write(record);
  counted.loop.advance(Millis(250));  // is 250 ms: at a bound, and therefore below it
  counted.metrics.write(record);
  counted.loop.advance(Millis(86'400'000));
  counted.metrics.write(record);
  EXPECT_THAT(counted.text(),
              AllOf(HasSubstr("turnout_http_request_duration_seconds_bucket{route=\"files\",le=\"0.1\"} 1\n"),
                    HasSubstr("turnout_http_request_duration_seconds_bucket{route=\"files\",le=\"0.25\"} 2\n"),
                    HasSubstr("turnout_http_request_duration_seconds_bucket{route=\"files\",le=\"60\"} 2\n"),
                    HasSubstr("turnout_http_request_duration_seconds_bucket{route=\"files\",le=\"+Inf\"} 3\n"),
                    HasSubstr("turnout_http_request_duration_seconds_count{route=\"files\"} 3\n"),
                    HasSubstr("turnout_http_request_duration_seconds_sum{route=\"files\"} 86400.5\n"),
                    HasSubstr("turnout_http_request_body_bytes_total{route=\"files\"} 15\n"),
                    HasSubstr("turnout_http_response_body_bytes_total{route=\"files\"} 210000\n")));
}

TEST(WorkerMetrics, WhatIsNoStatusAndNoRouteIsADash) {
  Counted counted;
  Record record = counted.request(counted.files, 0);
  record.route = nullptr;
  for (const int status : {-1, 0, 99, 600, 1'000'000}) {
    record.status = status;
    counted.metrics.write(record);
  }
  EXPECT_THAT(counted.text(), HasSubstr("turnout_http_requests_total{route=\"-\",version=\"1.1\",code=\"-\"} 5\n"));
}

TEST(WorkerMetrics, RoutesOfOneNameAreOneSeries) {
  Counted counted;
  const Route other = route_named("files");
  counted.metrics.write(counted.request(counted.files, 200));
  counted.metrics.write(counted.request(other, 200));
  EXPECT_THAT(counted.text(),
              HasSubstr("turnout_http_requests_total{route=\"files\",version=\"1.1\",code=\"200\"} 2\n"));
}

TEST(WorkerMetrics, ARouteAtTheAddressOfAnotherIsAnotherSeries) {
  Counted counted;
  counted.metrics.write(counted.request(counted.files, 200));
  counted.files.name = "docs";  // as after a reload
  counted.metrics.write(counted.request(counted.files, 200));
  EXPECT_THAT(counted.text(),
              AllOf(HasSubstr("turnout_http_requests_total{route=\"files\",version=\"1.1\",code=\"200\"} 1\n"),
                    HasSubstr("turnout_http_requests_total{route=\"docs\",version=\"1.1\",code=\"200\"} 1\n")));
}

TEST(WorkerMetrics, CountsAnOfferOnceWhateverBecomesOfIt) {
  Counted counted;
  counted.metrics.write(counted.offer(counted.files, "declined", Why::token_not_on_route));
  counted.metrics.write(counted.offer(counted.chat, "refused", Why::origin_not_allowed));
  const Record open = counted.open(counted.chat);
  counted.metrics.write(open);
  counted.metrics.write(counted.later(open, RecordKind::progress, 1, 1));
  counted.metrics.write(counted.later(open, RecordKind::close, 0, 0));
  EXPECT_THAT(counted.text(),
              AllOf(HasSubstr("turnout_upgrades_total{token=\"websocket\",route=\"files\",via=\"h1-upgrade\","
                              "outcome=\"declined\",reason=\"token-not-on-route\"} 1\n"),
                    HasSubstr("turnout_upgrades_total{token=\"websocket\",route=\"chat\",via=\"h1-upgrade\","
                              "outcome=\"refused\",reason=\"origin-not-allowed\"} 1\n"),
                    HasSubstr("turnout_upgrades_total{token=\"websocket\",route=\"chat\",via=\"h1-upgrade\","
                              "outcome=\"accepted\",reason=\"accepted\"} 1\n"),
                    // One that was only declined has no tunnels, one that was accepted is no request.
                    Not(HasSubstr("turnout_tunnels{token=\"websocket\",route=\"files\"}")),
                    HasSubstr("turnout_http_requests_total{route=\"chat\",version=\"1.1\",code=\"400\"} 1\n"),
                    Not(HasSubstr("code=\"101\""))));
}

TEST(WorkerMetrics, CountsTunnelsTheirBytesAndTheirEnds) {
  Counted counted;
  const Record first = counted.open(counted.chat);
  const Record second = counted.open(counted.chat);
  counted.metrics.write(first);
  counted.metrics.write(second);
  counted.loop.advance(Millis(4'000));
  counted.metrics.write(counted.later(first, RecordKind::progress, 100, 1'000));
  EXPECT_THAT(counted.text(),
              AllOf(HasSubstr("turnout_tunnels{token=\"websocket\",route=\"chat\"} 2\n"),
                    HasSubstr("turnout_tunnel_duration_seconds_count{token=\"websocket\",route=\"chat\"} 0\n"),
                    Not(HasSubstr("turnout_tunnel_closes_total"))));
  counted.metrics.write(counted.later(first, RecordKind::close, 10, 50));
  EXPECT_THAT(
      counted.text(),
      AllOf(HasSubstr("turnout_tunnels{token=\"websocket\",route=\"chat\"} 1\n"),
            HasSubstr("turnout_tunnel_bytes_total{token=\"websocket\",route=\"chat\",direction=\"in\"} 110\n"),
            HasSubstr("turnout_tunnel_bytes_total{token=\"websocket\",route=\"chat\",direction=\"out\"} 1050\n"),
            HasSubstr("turnout_tunnel_duration_seconds_bucket{token=\"websocket\",route=\"chat\",le=\"1\"} 0\n"),
            HasSubstr("turnout_tunnel_duration_seconds_bucket{token=\"websocket\",route=\"chat\",le=\"5\"} 1\n"),
            HasSubstr("turnout_tunnel_duration_seconds_sum{token=\"websocket\",route=\"chat\"} 4\n"),
            HasSubstr("turnout_tunnel_closes_total{token=\"websocket\",by=\"client\",reason=\"peer-closed\"} 1\n")));
}

TEST(WorkerMetrics, CountsHandshakes) {
  Counted counted;
  TestSite site;
  const Listener listener;
  Sessions sessions;
  const Session session(counted.loop, site, listener, sessions, {});
  WorkerMetrics& metrics = counted.metrics;
  metrics.write(session, {.version = TlsVersion::tls_1_3});
  metrics.write(session, {.version = TlsVersion::tls_1_3});
  metrics.write(session, {.version = TlsVersion::tls_1_2, .resumed = true, .upgraded = true});
  metrics.write(session, {.failure = Why::tls_failed});
  metrics.write(session, {.upgraded = true, .failure = Why::tls_failed});
  metrics.write(session, {.failure = Why::handshake_timeout});
  EXPECT_THAT(counted.text(),
              AllOf(HasSubstr("turnout_tls_handshakes_total{version=\"1.3\",resumed=\"false\",upgraded=\"false\"} 2\n"),
                    HasSubstr("turnout_tls_handshakes_total{version=\"1.2\",resumed=\"true\",upgraded=\"true\"} 1\n"),
                    HasSubstr("turnout_tls_handshake_failures_total{reason=\"tls-failed\"} 2\n"),
                    HasSubstr("turnout_tls_handshake_failures_total{reason=\"handshake-timeout\"} 1\n")));
}

TEST(WorkerMetrics, CountsConnections) {
  Counted counted;
  counted.metrics.accepted(1);
  counted.metrics.accepted(1);
  counted.metrics.accepted(0);
  counted.metrics.ended(1);
  counted.metrics.refused(0);
  EXPECT_THAT(as_text(counted.metrics.snapshot(), {"a:80", "b:443", "c:8080"}),
              AllOf(HasSubstr("turnout_connections{listener=\"a:80\"} 1\n"),
                    HasSubstr("turnout_connections{listener=\"b:443\"} 1\n"),
                    HasSubstr("turnout_connections{listener=\"c:8080\"} 0\n"),
                    HasSubstr("turnout_connections_total{listener=\"b:443\"} 2\n"),
                    HasSubstr("turnout_connections_refused_total{listener=\"a:80\"} 1\n"),
                    HasSubstr("turnout_connections_refused_total{listener=\"b:443\"} 0\n")));
}

/// What two workers saw, told to one and to two.
TEST(MetricsSnapshot, ASumIsWhatOneWorkerWouldHaveCounted) {
  Counted one, first, second;
  TestSite site;
  const Listener listener;
  Sessions sessions;
  const auto play = [&](Counted& by, bool other_order) {
    const Session session(by.loop, site, listener, sessions, {});
    by.metrics.accepted(other_order ? 1 : 0);
    if (other_order) by.metrics.write(by.offer(by.files, "declined", Why::no_such_token));
    Record open = by.open(by.chat);
    if (other_order) open.token_name = "h2c";
    by.metrics.write(open);
    by.metrics.write(by.request(by.files, other_order ? 200 : 500));
    by.metrics.write(by.request(by.files, 404));
    by.metrics.write(by.later(open, RecordKind::close, 3, 4));
    by.metrics.write(session, {.version = TlsVersion::tls_1_3, .resumed = other_order});
    by.metrics.ended(0);
    by.metrics.refused(0);
  };
  play(one, false);
  play(one, true);
  play(first, false);
  play(second, true);
  MetricsSnapshot sum = first.metrics.snapshot();
  sum.add(second.metrics.snapshot());
  EXPECT_EQ(as_text(sum, {"a", "b"}), as_text(one.metrics.snapshot(), {"a", "b"}));
  MetricsSnapshot other_way;
  other_way.add(second.metrics.snapshot());
  other_way.add(first.metrics.snapshot());
  EXPECT_EQ(as_text(other_way, {"a", "b"}), as_text(sum, {"a", "b"}));
}

TEST(MetricsSnapshot, StaysAsItWas) {
  Counted counted;
  counted.metrics.write(counted.request(counted.files, 200));
  const MetricsSnapshot before = counted.metrics.snapshot();
  const std::string text = as_text(before);
  counted.metrics.write(counted.request(counted.files, 200));
  counted.metrics.write(counted.request(counted.chat, 200));
  EXPECT_EQ(as_text(before), text);
  EXPECT_NE(as_text(counted.metrics.snapshot()), text);
}

}  // namespace
}  // namespace turnout
