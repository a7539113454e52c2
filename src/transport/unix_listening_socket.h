// UnixListeningSocket: a socket of this machine that others find by its path. Only its owner may connect to it (0600).
//
//   auto socket = UnixListeningSocket::open("/run/turnout/4711.sock");   // or a sentence that says what is in the way
//   TcpListener listener(loop, socket->take(), ...);
//
// What a server that is gone has left behind at the path is removed; a socket where somebody answers is not. The path
// goes away with the object.
#pragma once

#include <sys/types.h>

#include <expected>
#include <string>

#include "base/descriptor.h"

namespace turnout {

class UnixListeningSocket {
 public:
  static std::expected<UnixListeningSocket, std::string> open(std::string path);

  UnixListeningSocket(UnixListeningSocket&& other) noexcept;
  UnixListeningSocket& operator=(UnixListeningSocket&& other) noexcept;
  ~UnixListeningSocket();

  const std::string& path() const noexcept { return path_; }
  /// Non-blocking; once.
  Descriptor take() noexcept { return std::move(socket_); }

 private:
  UnixListeningSocket(std::string path, Descriptor socket, dev_t device, ino_t inode) noexcept
      : path_(std::move(path)), socket_(std::move(socket)), device_(device), inode_(inode) {}

  std::string path_;
  Descriptor socket_;
  dev_t device_ = 0;  // which file at the path is ours
  ino_t inode_ = 0;
};

/// A folder for such sockets: made with mode 0700 where it is missing. What is there already has to be a folder, no
/// link, that belongs to this user and that nobody else may write to (attack class O6). The error is a sentence.
std::expected<void, std::string> prepare_socket_folder(const std::string& folder);

}  // namespace turnout
