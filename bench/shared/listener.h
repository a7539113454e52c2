// Accepts connections, one for each event: level-triggered, so that no accept is made in vain.
//
//   Listener listener(poller, address, [&](int fd) { poller.add(fd, *new Connection(poller, fd)); });
#pragma once

#include <functional>

#include "bench/shared/address.h"
#include "bench/shared/poller.h"

namespace turnout::bench {

class Listener final : public Handler {
 public:
  using Accepted = std::function<void(int fd)>;

  Listener(Poller& poller, const Address& address, Accepted accepted);
  void on_events(std::uint32_t events) override;

 private:
  int fd_;
  Accepted accepted_;
};

/// Says "listening", and serves until SIGTERM or SIGINT.
int serve(Poller& poller);

/// The limit on open files as high as the system lets it be.
void raise_open_files();

}  // namespace turnout::bench
