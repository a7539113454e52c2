// idle: opens connections, says so, and holds them until standard input ends.
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <vector>

#include "bench/load/http_connection.h"
#include "bench/load/json.h"
#include "bench/load/modes.h"
#include "bench/load/tunnel.h"

namespace turnout::bench {
namespace {

/// A kept connection that has had one answer.
class KeptConnection final : public HttpConnection {
 public:
  using HttpConnection::HttpConnection;

 private:
  void on_open() override { request(now_ns()); }
  void on_answer(std::int64_t) override { run_.opened(); }
  void on_closed_in_order() override { run_.fail("closed by the server"); }
};

class StandardInput final : public Handler {
 public:
  explicit StandardInput(Poller& poller) { poller.add(STDIN_FILENO, *this, EPOLLIN); }
  void on_events(std::uint32_t) override {
    char bytes[256];
    if (read(STDIN_FILENO, bytes, sizeof bytes) <= 0) ended_ = true;
  }
  bool ended() const noexcept { return ended_; }

 private:
  bool ended_ = false;
};

int print(const Run& run, std::string_view kind, std::size_t count) {
  Json json;
  json.text("mode", "idle");
  json.text("kind", kind);
  json.number("opened", count);
  json.number("errors", run.errors());
  json.text("first_error", run.first_error());
  std::puts(json.end().c_str());
  std::fflush(stdout);
  return run.errors() == 0 ? 0 : 1;
}

}  // namespace

int run_idle(const Options& options) {
  const std::string_view kind = options.text("kind");
  Run run(options);
  if (kind == "tls" && !run.tls.is_on()) run.tls.set_up("http/1.1", run.host);
  const bool is_http = kind == "keepalive" || kind == "tls";
  if (!is_http && kind != "tunnel" && kind != "websocket") options.refuse("--kind tunnel, keepalive, tls or websocket");

  Answers answers(run);
  const Upgrade upgrade(run, kind == "websocket" ? kind : options.text("protocol", "bench"));
  Message message(options.number("message-bytes", 64), upgrade.is_websocket, false);
  std::vector<std::unique_ptr<Connection>> connections;
  for (std::size_t i = 0; i < run.connections; ++i) {
    if (is_http) {
      connections.push_back(std::make_unique<KeptConnection>(run, i, answers));
    } else {
      connections.push_back(std::make_unique<Tunnel>(run, i, upgrade, message, [](Tunnel&, std::int64_t) {}));
    }
  }
  // The first one alone: what it gets is what all others are compared with.
  bool opened = run.open_all(1, [&](std::size_t) { connections[0]->open(); });
  opened = opened && run.open_all(run.connections - 1, [&](std::size_t i) { connections[i + 1]->open(); });
  const int code = print(run, kind, opened ? run.connections : 0);
  if (!opened) return code;

  const StandardInput input(run.poller);
  while (!input.ended() && !run.is_hopeless()) run.poller.wait(-1);
  return print(run, kind, run.connections);
}

}  // namespace turnout::bench
