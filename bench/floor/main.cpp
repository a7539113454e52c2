// The command line of the floor.
#include "bench/floor/floor.h"
#include "bench/shared/listener.h"

namespace {

constexpr const char* usage =
    "usage: floor MODE --listen ADDRESS:PORT\n"
    "  http        answers every request with 13 bytes\n"
    "  relay       copies both ways: --backend ADDRESS:PORT [--buffer-size BYTES] [--socket-buffer BYTES]\n"
    "  websocket   echoes messages";

}

int main(int argc, char** argv) {
  using namespace turnout::bench;
  const Options options(argc, argv, usage, {"listen", "backend", "buffer-size", "socket-buffer"}, {});
  raise_open_files();
  if (options.mode() == "http") return serve_http(options);
  if (options.mode() == "relay") return serve_relay(options);
  if (options.mode() == "websocket") return serve_websocket(options);
  options.refuse("no such mode:", options.mode());
}
