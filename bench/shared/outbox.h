// What could not be sent at once. Holds memory only as long as there is something.
//
//   if (!outbox.send(socket, bytes, count)) return;  // the rest goes out from flush(), at the next event
#pragma once

#include <cstddef>
#include <string>

#include "bench/shared/socket.h"

namespace turnout::bench {

class Outbox {
 public:
  bool empty() const noexcept { return sent_ == pending_.size(); }

  /// True where all of it has gone. Only to be called when empty.
  bool send(Socket& socket, const char* bytes, std::size_t count) {
    const std::size_t sent = socket.writable() ? socket.send(bytes, count) : 0;
    if (sent == count) return true;
    pending_.assign(bytes + sent, count - sent);
    sent_ = 0;
    return false;
  }

  /// True where nothing is left.
  bool flush(Socket& socket) {
    if (!empty() && socket.writable()) sent_ += socket.send(pending_.data() + sent_, pending_.size() - sent_);
    if (!empty()) return false;
    if (pending_.capacity() > std::string().capacity()) std::string().swap(pending_);
    sent_ = 0;
    return true;
  }

 private:
  std::string pending_;
  std::size_t sent_ = 0;
};

}  // namespace turnout::bench
