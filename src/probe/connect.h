// connect: `turnout connect`: a terminal or a pipe on a switched connection.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace turnout::probe {

/// As the command line has them.
struct ConnectArguments {
  std::string url;
  std::string token;  // empty: websocket
  bool binary = false;
  bool verbose = false;
  bool insecure = false;
  std::string ca_file;
  std::string origin;  // empty: no such field
  std::vector<std::string> subprotocols;
  std::vector<std::string> headers;
  double timeout_seconds = 10;
  double wait_seconds = 1;  // WebSocket: behind the end of input, for the next message
};

/// The exit code; those of `turnout probe`.
int run_connect(const ConnectArguments& arguments);

/// For a terminal: as it is, but for what could steer it (controls, marks of direction) and what is no UTF-8.
std::string readable(std::string_view text);

}  // namespace turnout::probe
