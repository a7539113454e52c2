// AdminConfig: where operators and monitoring ask the server about itself.
#pragma once

#include <optional>
#include <string>

#include "base/address.h"

namespace turnout {

struct AdminConfig {
  std::string socket;  // a path; empty: named after the process, in the run directory (base/run_directory.h)
  std::optional<Address> address;  // loopback, for browsers and scrapers; they have to know a secret
  std::string token_file;          // what programs send as a bearer token, at least 32 characters; empty: none
  bool write = false;              // tunnels may be ended
};

}  // namespace turnout
