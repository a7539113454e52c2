#include "bench/delay/tun.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace turnout::bench {
namespace {

constexpr const char* device = "delay0";
constexpr int queue_packets = 10000;  // of the device: a burst must not be dropped

int check(int result, const char* what, const std::string& which) {
  if (result >= 0) return result;
  std::fprintf(stderr, "%s %s: %s\n", what, which.c_str(), std::strerror(errno));
  std::exit(1);
}

ifreq request_for(const char* name) {
  ifreq request{};
  std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  return request;
}

void set_up(int socket, const char* name) {
  ifreq request = request_for(name);
  check(ioctl(socket, SIOCGIFFLAGS, &request), "flags of", name);
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  check(ioctl(socket, SIOCSIFFLAGS, &request), "set up", name);
}

void set_address(int socket, const std::string& text, unsigned long what) {
  ifreq request = request_for(device);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  inet_pton(AF_INET, text.c_str(), &address.sin_addr);
  std::memcpy(&request.ifr_addr, &address, sizeof address);
  check(ioctl(socket, what, &request), "address", text);
}

}  // namespace

int open_tun(const TunPlace& place) {
  const int before = check(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), "open", "/proc/self/ns/net");
  const std::string file = "/run/netns/" + place.name_space;
  const int there = check(open(file.c_str(), O_RDONLY | O_CLOEXEC), "open", file);
  check(setns(there, CLONE_NEWNET), "enter", file);

  const int fd = check(open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC), "open", "/dev/net/tun");
  ifreq request = request_for(device);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  check(ioctl(fd, TUNSETIFF, &request), "make", device);
  const int socket = check(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket in", place.name_space);
  set_address(socket, place.address, SIOCSIFADDR);
  set_address(socket, "255.255.255.0", SIOCSIFNETMASK);
  request = request_for(device);
  request.ifr_qlen = queue_packets;
  check(ioctl(socket, SIOCSIFTXQLEN, &request), "queue of", device);
  set_up(socket, device);
  set_up(socket, "lo");
  close(socket);

  check(setns(before, CLONE_NEWNET), "return to", "the first namespace");
  close(there);
  close(before);
  return fd;
}

}  // namespace turnout::bench
