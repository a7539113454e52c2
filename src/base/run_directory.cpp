#include "base/run_directory.h"

#include <unistd.h>

#include <cstdlib>

namespace turnout {
namespace {

std::string_view variable(const char* name) noexcept {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

/// The XDG specification has relative names ignored; for systemd's they do not occur.
bool is_absolute(std::string_view folder) noexcept {
  return folder.starts_with('/');
}

}  // namespace

std::string run_directory(const RunSurroundings& surroundings) {
  const std::string_view first = surroundings.runtime_directory.substr(0, surroundings.runtime_directory.find(':'));
  if (is_absolute(first)) return std::string(first);
  if (surroundings.user == 0) return "/run/turnout";
  if (is_absolute(surroundings.xdg_runtime_directory))
    return std::string(surroundings.xdg_runtime_directory) + "/turnout";
  return "/tmp/turnout-" + std::to_string(surroundings.user);
}

std::string run_directory() {
  return run_directory({.runtime_directory = variable("RUNTIME_DIRECTORY"),
                        .xdg_runtime_directory = variable("XDG_RUNTIME_DIR"),
                        .user = ::geteuid()});
}

}  // namespace turnout
