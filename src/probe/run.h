// run: `turnout probe` from the arguments to the exit code.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "probe/network.h"
#include "probe/plan.h"

namespace turnout::probe {

/// As the command line has them.
struct Arguments {
  std::string url{};
  std::vector<std::string> tokens{};
  std::string compare{};
  std::string hold{};
  std::string origin{};  // empty: the URL's own; "none": no such field
  std::vector<std::string> subprotocols{};
  std::vector<std::string> headers{};  // "Name: value"
  std::string method = "GET";
  std::string http{};  // "1.0", "1.1", "2"; empty: 1.1, and 2 where it is spoken
  std::string data{};
  bool has_data = false;
  std::string send{};
  bool has_send = false;
  bool half_close = false;
  bool early_bytes = false;
  std::uint64_t message_bytes = 0;
  bool security = false;
  bool json = false;
  bool verbose = false;
  bool insecure = false;
  std::string ca_file{};
  double timeout_seconds = 10;
};

/// What the arguments ask for, or a sentence about what is wrong with them.
std::expected<Plan, std::string> to_plan(const Arguments& arguments);

Settings to_settings(const Arguments& arguments);

/// "90", "5m", "1h": in milliseconds; nothing where it is no such thing, or longer than a day.
std::optional<std::uint64_t> parse_duration_ms(std::string_view text);

/// The exit code.
int run(const Arguments& arguments);

/// For --help.
extern const char* const exit_codes_help;

}  // namespace turnout::probe
