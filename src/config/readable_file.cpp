#include "config/readable_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

namespace turnout {
namespace {

std::string system_message(int error) {
  return std::error_code(error, std::generic_category()).message();
}

}  // namespace

// O_NONBLOCK: a pipe in the place of a file must not stop us here.
ReadableFile::ReadableFile(const std::string& name)
    : descriptor_(::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  struct stat status{};
  if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0) {
    fault_ = system_message(errno);
  } else if (S_ISDIR(status.st_mode)) {
    fault_ = system_message(EISDIR);
  } else if (!S_ISREG(status.st_mode)) {
    fault_ = "Not a regular file";
  }
}

ReadableFile::~ReadableFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::expected<std::string, std::string> ReadableFile::read(std::size_t bytes_max) const {
  std::string text;
  std::array<char, 16 * 1024> piece;
  while (true) {
    const ssize_t n = ::read(descriptor_, piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::unexpected(system_message(errno));
    if (n == 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(n));
    if (text.size() > bytes_max) return std::unexpected("longer than " + std::to_string(bytes_max) + " bytes");
  }
}

std::string resolved(const std::string& folder, const std::string& name) {
  return (std::filesystem::path(folder) / name).lexically_normal().string();
}

}  // namespace turnout
