// The command line of the load generator.
#include <sys/prctl.h>

#include <csignal>

#include "bench/load/modes.h"
#include "bench/shared/listener.h"

namespace {

constexpr const char* usage =
    "usage: load MODE --to ADDRESS:PORT [OPTIONS]\n"
    "  requests    GETs over kept connections: [--rate R [--arrivals even|exponential]] [--body-bytes N | --expect "
    "FILE]\n"
    "              [--requests-per-connection K]\n"
    "  handshakes  TLS, one GET, close: [--resume]\n"
    "  switches    connect, 101, close: --protocol websocket|h2c|TOKEN [--rate R [--arrivals even|exponential]]\n"
    "  tunnels     messages and their echoes: --protocol websocket|TOKEN [--message-bytes 64] [--hold N] [--deflate]\n"
    "              [--rate R [--arrivals even|exponential]]\n"
    "  bulk        a stream to the client through each tunnel: --protocol websocket|TOKEN\n"
    "  idle        holds connections until standard input ends: --kind tunnel|keepalive|tls|websocket [--protocol "
    "TOKEN]\n"
    "  h2tunnels   WebSockets on streams of HTTP/2: --streams N [--message-bytes 64 | --bulk]\n"
    "  backend     what stands behind a proxy: --listen ADDRESS:PORT\n"
    "every mode: [--connections N] [--seconds 3] [--warm-up 0.5] [--cpu-of PID]... [--tls] [--host NAME] [--path /]";

struct Mode {
  std::string_view name;
  int (*run)(const turnout::bench::Options& options);
};

}  // namespace

int main(int argc, char** argv) {
  using namespace turnout::bench;
  const Options options(
      argc, argv, usage,
      {"to", "connections", "seconds", "warm-up", "cpu-of", "host", "path", "rate", "arrivals", "body-bytes", "expect",
       "requests-per-connection", "protocol", "message-bytes", "hold", "kind", "streams", "listen"},
      {"tls", "resume", "deflate", "bulk"});
  raise_open_files();
  std::signal(SIGPIPE, SIG_IGN);
  prctl(PR_SET_TIMERSLACK, 1UL);  // an open loop sends when it is due
  constexpr Mode modes[] = {
      {"requests", run_requests},   {"handshakes", run_handshakes},
      {"switches", run_switches},   {"tunnels", run_tunnels},
      {"bulk", run_bulk},           {"idle", run_idle},
      {"h2tunnels", run_h2tunnels}, {"backend", run_backend},
  };
  for (const auto& [name, run] : modes) {
    if (name == options.mode()) return run(options);
  }
  options.refuse("no such mode:", options.mode());
}
