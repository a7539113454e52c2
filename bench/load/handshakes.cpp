// handshakes: connect, TLS 1.3, one GET, close; with a new session each time, or with that of the connection before.
#include <memory>
#include <vector>

#include "bench/load/http_connection.h"
#include "bench/load/modes.h"

namespace turnout::bench {
namespace {

class HandshakeConnection final : public HttpConnection {
 public:
  HandshakeConnection(Run& run, std::size_t number, Answers& answers, bool resumes)
      : HttpConnection(run, number, answers) {
    resumes_ = resumes;
    connections_per_address_ = 1;
  }

  void begin() {
    begun_ = now_ns();
    ++source_number_;  // ports of closed connections stay taken for a while
    open();
  }

 private:
  void on_open() override {
    if (proved_ && resumes_ && SSL_session_reused(ssl()) != 1) return fail("a session was not resumed");
    request(begun_);
  }

  void on_answer(std::int64_t now) override {
    close();
    if (resumes_ && !session()) return fail("no session to resume");
    if (!std::exchange(proved_, true)) return run_.opened();
    run_.complete(begun_, now, 1, 0);
    begin();
  }

  void on_closed_in_order() override {}

  std::int64_t begun_ = 0;
  bool proved_ = false;  // the first answer has come: there is a session
};

}  // namespace

int run_handshakes(const Options& options) {
  Run run(options);
  if (!run.tls.is_on()) run.tls.set_up("http/1.1", run.host);
  Answers answers(run);
  std::vector<std::unique_ptr<HandshakeConnection>> connections;
  connections.reserve(run.connections);
  for (std::size_t i = 0; i < run.connections; ++i) {
    connections.push_back(std::make_unique<HandshakeConnection>(run, i, answers, options.has("resume")));
  }
  // The first one alone: what it gets is what all others are compared with.
  if (run.open_all(1, [&](std::size_t) { connections[0]->begin(); }) &&
      run.open_all(connections.size() - 1, [&](std::size_t i) { connections[i + 1]->begin(); })) {
    for (const auto& connection : connections) connection->begin();
    run.measure();
  }
  return run.report();
}

}  // namespace turnout::bench
