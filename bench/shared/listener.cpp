#include "bench/shared/listener.h"

#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "bench/shared/clock.h"

namespace turnout::bench {

Listener::Listener(Poller& poller, const Address& address, Accepted accepted)
    : fd_(listen_on(address)), accepted_(std::move(accepted)) {
  poller.add(fd_, *this, EPOLLIN);
}

void Listener::on_events(std::uint32_t) {
  const int fd = accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return;
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  accepted_(fd);
}

namespace {
volatile std::sig_atomic_t stopped = 0;
}

int serve(Poller& poller) {
  const auto stop = [](int) { stopped = 1; };
  std::signal(SIGPIPE, SIG_IGN);
  for (const int number : {SIGTERM, SIGINT}) {
    struct sigaction action = {};
    action.sa_handler = stop;  // without SA_RESTART: the wait has to end
    sigaction(number, &action, nullptr);
  }
  std::puts("listening");
  std::fflush(stdout);
  while (!stopped) poller.wait(second_ns);  // a signal just before the wait does not end it
  return 0;
}

void raise_open_files() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace turnout::bench
