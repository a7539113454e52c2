// What a transcript costs the traffic: a switch that opens and ends in order, and an offer that is declined.
#include <benchmark/benchmark.h>

#include "observe/transcript_store.h"
#include "runtime/sim_loop.h"
#include "switching/site.h"

namespace turnout {
namespace {

RequestHead browser_request(std::string_view target) {
  RequestHead head;
  head.method = "GET";
  head.target = target;
  head.authority = "www.example.com";
  head.fields.add("Host", "www.example.com");
  head.fields.add("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0");
  head.fields.add("Accept", "*/*");
  head.fields.add("Accept-Language", "en-US,en;q=0.5");
  head.fields.add("Accept-Encoding", "gzip, deflate, br, zstd");
  head.fields.add("Sec-WebSocket-Version", "13");
  head.fields.add("Origin", "https://www.example.com");
  head.fields.add("Sec-WebSocket-Extensions", "permessage-deflate");
  head.fields.add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
  head.fields.add("Connection", "keep-alive, Upgrade");
  head.fields.add("Cookie", "session=0123456789abcdef0123456789abcdef; theme=dark");
  head.fields.add("Upgrade", "websocket");
  return head;
}

void accepted_open_and_close(benchmark::State& state) {
  SimLoop loop;
  TranscriptStore store(loop, {}, nullptr);
  Route route;
  route.name = "chat";
  const RequestHead head = browser_request("/chat?room=7");
  Record record{.kind = RecordKind::open,
                .request = &head,
                .route = &route,
                .via = Via::h1_upgrade,
                .status = 101,
                .offer = "websocket",
                .token = "websocket",
                .outcome = "accepted",
                .token_name = "websocket",
                .reason = Why::accepted};
  for (auto _ : state) {
    ++record.tunnel_id;
    record.kind = RecordKind::open;
    store.write(record);
    record.kind = RecordKind::close;
    record.close_reason = Why::peer_closed;
    store.write(record);
  }
}
BENCHMARK(accepted_open_and_close);

void declined(benchmark::State& state) {
  SimLoop loop;
  TranscriptStore store(loop, {}, nullptr);
  Route route;
  const RequestHead head = browser_request("/chat?room=7&token=0123456789abcdef");
  const Record record{.request = &head,
                      .route = &route,
                      .via = Via::h1_upgrade,
                      .status = 200,
                      .offer = "h2c",
                      .outcome = "declined",
                      .token_name = "other",
                      .reason = Why::no_such_token};
  for (auto _ : state) store.write(record);
}
BENCHMARK(declined);

/// What a request without an offer pays.
void no_offer(benchmark::State& state) {
  SimLoop loop;
  TranscriptStore store(loop, {}, nullptr);
  Route route;
  const RequestHead head = browser_request("/");
  const Record record{.request = &head, .route = &route, .status = 200};
  for (auto _ : state) store.write(record);
}
BENCHMARK(no_offer);

}  // namespace
}  // namespace turnout
