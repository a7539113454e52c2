#include "transport/unix_connect.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "runtime/pause.h"

namespace turnout {
namespace {

// A full queue is not announced by any event: one can only ask again.
constexpr Millis retry_every{20};

}  // namespace

Task<Result<std::unique_ptr<TcpStream>>> unix_connect(EpollLoop& loop, std::string path, Millis limit,
                                                      Cancellation* cancellation) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (path.empty() || path.find('\0') != std::string::npos) co_return fail(Code::refused, Source::internal);
  if (path.size() >= sizeof to.sun_path) co_return fail(Code::too_large, Source::internal);
  std::memcpy(to.sun_path, path.data(), path.size());

  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) co_return fail(Code::refused, Source::internal);
  Pause pause(loop, cancellation);
  const std::uint64_t deadline_ms = loop.now_ms() + static_cast<std::uint64_t>(limit.count());
  while (connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    if (errno == EINTR) continue;
    if (errno != EAGAIN) co_return fail(Code::refused, Source::upstream);
    if (loop.now_ms() >= deadline_ms) co_return fail(Code::timed_out, Source::upstream);
    const Code how = co_await pause.wait(retry_every);
    if (how == Code::cancelled) co_return fail(how, Source::internal);
  }
  co_return TcpStream::adopt(loop, std::move(socket), TcpStream::Kind::unix_socket);
}

}  // namespace turnout
