#include "client/admin_socket.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <utility>

#include "base/printable.h"

namespace turnout::client {

namespace fs = std::filesystem;

std::expected<std::vector<std::string>, std::string> admin_sockets(const std::string& folder) {
  std::vector<std::pair<std::uint64_t, std::string>> found;
  std::error_code error;
  fs::directory_iterator at(folder, error);
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    const std::string stem = at->path().stem().string();
    std::uint64_t process = 0;
    const auto [end, fault] = std::from_chars(stem.data(), stem.data() + stem.size(), process);
    if (fault != std::errc() || end != stem.data() + stem.size() || at->path().extension() != ".sock") continue;
    std::error_code ignored;
    if (at->is_socket(ignored)) found.emplace_back(process, at->path().string());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return std::unexpected(fmt::format("{}: {}", printable(folder), error.message()));
  }
  std::ranges::sort(found);
  std::vector<std::string> paths;
  paths.reserve(found.size());
  for (auto& [process, path] : found) paths.push_back(std::move(path));
  return paths;
}

std::string which_admin_socket(const std::vector<std::string>& paths, const std::string& folder) {
  if (paths.empty()) {
    return fmt::format(
        "no server of this user answers in {}; start one with turnout serve, or name its socket (it says at start "
        "where "
        "that is): --socket PATH, or TURNOUT_ADMIN_SOCKET",
        printable(folder));
  }
  std::string message = fmt::format("{} servers answer in {}; say which one:", paths.size(), printable(folder));
  for (const std::string& path : paths) message += fmt::format("\n  --socket {}", printable(path));
  return message;
}

}  // namespace turnout::client
