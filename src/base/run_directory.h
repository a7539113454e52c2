// Where a running server leaves what others on the machine find it by: its admin socket, named after its process.
//
//   const std::string folder = run_directory();    // "/run/turnout", "/run/user/1000/turnout", "/tmp/turnout-1000"
//
// The folder need not exist. Server and client ask the same function, so that one finds the other.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace turnout {

/// What the rule depends on.
struct RunSurroundings {
  std::string_view runtime_directory{};      // $RUNTIME_DIRECTORY, which systemd sets for a service: "/run/a:/run/b"
  std::string_view xdg_runtime_directory{};  // $XDG_RUNTIME_DIR, which a login session has
  std::uint32_t user = 0;                    // the effective user id
};

std::string run_directory(const RunSurroundings& surroundings);

/// The one of this process.
std::string run_directory();

}  // namespace turnout
