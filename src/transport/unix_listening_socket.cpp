#include "transport/unix_listening_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace turnout {
namespace {

constexpr int queue_max = 64;

std::unexpected<std::string> because(std::string what, int error) {
  return std::unexpected(std::move(what) + ": " + std::strerror(error));
}

bool somebody_answers(const sockaddr_un& at) noexcept {
  const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!probe) return true;  // nobody knows
  if (connect(probe.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0) return true;
  return errno != ECONNREFUSED && errno != ENOENT;
}

/// Removes a socket that nobody listens on any more, and nothing else.
std::expected<void, std::string> clear_away(const std::string& path, const sockaddr_un& at) {
  struct stat found{};
  if (lstat(path.c_str(), &found) != 0) return {};
  if (!S_ISSOCK(found.st_mode)) return std::unexpected(path + " is there already and no socket; remove it");
  if (somebody_answers(at)) return std::unexpected(path + " is in use by another server");
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return because(path + " is left over and cannot be removed", errno);
  return {};
}

}  // namespace

std::expected<UnixListeningSocket, std::string> UnixListeningSocket::open(std::string path) {
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  if (path.empty() || path.find('\0') != std::string::npos || path.size() >= sizeof at.sun_path) {
    return std::unexpected("the path of a socket has 1 to " + std::to_string(sizeof at.sun_path - 1) +
                           " bytes: " + path);
  }
  std::memcpy(at.sun_path, path.data(), path.size());
  // It is made under another name and appears under its own only when it listens: so whoever finds one that does not
  // answer knows that it was left behind, and of two servers that start together one gets the name.
  const std::string before = path + "." + std::to_string(getpid());
  if (before.size() >= sizeof at.sun_path) return std::unexpected(path + ": the path is too long by a few bytes");
  sockaddr_un at_first{};
  at_first.sun_family = AF_UNIX;
  std::memcpy(at_first.sun_path, before.data(), before.size());
  (void)unlink(before.c_str());
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return because(path, errno);
  // The mode of the socket is that of the file which bind() makes: there is no moment in which others might connect.
  if (fchmod(socket.get(), S_IRUSR | S_IWUSR) != 0) return because(path, errno);
  if (bind(socket.get(), reinterpret_cast<const sockaddr*>(&at_first), sizeof at_first) != 0) {
    return because(path + " cannot be made", errno);
  }
  struct stat made{};
  int error = listen(socket.get(), queue_max) == 0 && lstat(before.c_str(), &made) == 0 ? 0 : errno;
  auto cleared = clear_away(path, at);
  if (error == 0 && cleared && link(before.c_str(), path.c_str()) != 0) error = errno;
  (void)unlink(before.c_str());
  if (!cleared) return std::unexpected(cleared.error());
  if (error != 0) return because(path + " cannot be made", error);
  return UnixListeningSocket(std::move(path), std::move(socket), made.st_dev, made.st_ino);
}

UnixListeningSocket::UnixListeningSocket(UnixListeningSocket&& other) noexcept
    : path_(std::exchange(other.path_, {})),
      socket_(std::move(other.socket_)),
      device_(other.device_),
      inode_(other.inode_) {}

UnixListeningSocket& UnixListeningSocket::operator=(UnixListeningSocket&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(socket_, other.socket_);
  std::swap(device_, other.device_);
  std::swap(inode_, other.inode_);
  return *this;
}

UnixListeningSocket::~UnixListeningSocket() {
  if (path_.empty()) return;
  struct stat found{};
  // Somebody may have put another one in its place.
  const bool is_ours = lstat(path_.c_str(), &found) == 0 && found.st_dev == device_ && found.st_ino == inode_;
  if (is_ours) (void)unlink(path_.c_str());
}

std::expected<void, std::string> prepare_socket_folder(const std::string& folder) {
  if (mkdir(folder.c_str(), S_IRWXU) != 0 && errno != EEXIST) return because(folder + " cannot be made", errno);
  struct stat found{};
  if (lstat(folder.c_str(), &found) != 0) return because(folder, errno);
  if (!S_ISDIR(found.st_mode)) return std::unexpected(folder + " is no folder");
  if (found.st_uid != geteuid()) return std::unexpected(folder + " belongs to another user");
  if ((found.st_mode & (S_IWGRP | S_IWOTH)) != 0) return std::unexpected("others may write to " + folder);
  return {};
}

}  // namespace turnout
