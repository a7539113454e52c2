// run: `turnout get` from the request to the exit code, on an event loop of its own, with the answer on standard
// output and everything else on standard error.
#pragma once

#include <string>

#include "client/conversation.h"

namespace turnout::client {

/// As the command line has them.
struct Arguments {
  std::string url;
  std::string upgrade;
  std::string data;  // "@FILE": the bytes of FILE, "@-": of standard input
  bool has_data = false;
  bool verbose = false;
  bool insecure = false;
  bool http2_prior_knowledge = false;
  std::string ca_file;
  double timeout_seconds = 30;
};

/// The exit code. Failures are told in one line on standard error.
int run(const Arguments& arguments);

/// For --help.
extern const char* const exit_codes_help;

/// What the arguments ask for; reads the file of "@FILE".
std::expected<Request, Failure> to_request(const Arguments& arguments);

}  // namespace turnout::client
