#include "probe/standard_input.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace turnout::probe {

StandardInput::StandardInput(EpollLoop& loop) noexcept
    : Stream(loop, 0),
      EventSource([](EventSource& source, std::uint32_t /*events*/) noexcept {
        wake_now(static_cast<StandardInput&>(source).take_waiter(Side::read));
      }),
      loop_(loop) {
  // Refused for a file, which can always be read.
  (void)loop.add(STDIN_FILENO, *this);
}

StandardInput::~StandardInput() {
  loop_.forget(*this);
}

Io StandardInput::try_read(MutableBytes into) noexcept {
  // The descriptor blocks, so it is asked first; the loop tells of what comes later.
  pollfd readable{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  if (poll(&readable, 1, 0) <= 0) return {0, Code::would_block};
  const ssize_t n = ::read(STDIN_FILENO, into.data(), into.size());
  if (n >= 0) return {static_cast<std::size_t>(n), Code::ok};
  if (errno == EAGAIN || errno == EINTR) return {0, Code::would_block};
  return {0, Code::reset};
}

}  // namespace turnout::probe
