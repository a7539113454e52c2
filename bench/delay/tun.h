// A TUN device in a network namespace: a network card whose wire is a file descriptor.
//
//   const int fd = open_tun({.name_space = "client", .address = "10.77.0.1"});
#pragma once

#include <string>

namespace turnout::bench {

struct TunPlace {
  std::string name_space;  ///< as made by `ip netns add`
  std::string address;     ///< of this end, in a network of 24 bits
};

/// Makes the device, gives it its address, and sets it and the namespace's loopback up; non-blocking. Ends the program
/// with a message where that is not possible. The program is in its first namespace again afterwards.
int open_tun(const TunPlace& place);

}  // namespace turnout::bench
