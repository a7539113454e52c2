#include "transport/tcp_connect.h"

#include <sys/socket.h>

#include <cerrno>

#include "transport/interrupt_hook.h"
#include "transport/socket_address.h"
#include "transport/wire.h"

namespace turnout {
namespace {

class Connected : public Operation<Connected> {
 public:
  explicit Connected(TcpStream& stream) noexcept : Operation(stream), tcp_(stream) {}
  bool attempt() noexcept {
    Code code = stream_.take_interrupt(Side::write);
    if (code == Code::ok) code = tcp_.try_connect();
    if (code == Code::would_block) return false;
    error_ = {code, Source::upstream};
    return true;
  }
  void suspended() noexcept { stream_.wait(Side::write, this); }
  Code await_resume() const noexcept { return error_.code; }

 private:
  TcpStream& tcp_;
};

}  // namespace

Task<Result<std::unique_ptr<TcpStream>>> tcp_connect(EpollLoop& loop, Address address, Millis limit,
                                                     Cancellation* cancellation) {
  const SocketAddress to = to_socket_address(address);
  Descriptor socket(::socket(to.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) co_return fail(Code::refused, Source::internal);
  send_without_delay(socket.get());
  // Before it is registered: a socket that is not even connecting reports a hang-up.
  if (connect(socket.get(), to.data(), to.size) != 0 && errno != EINPROGRESS)
    co_return fail(Code::refused, Source::upstream);
  Result<std::unique_ptr<TcpStream>> stream = TcpStream::adopt(loop, std::move(socket), TcpStream::Kind::connected);
  if (!stream) co_return stream;
  const InterruptHook hook(cancellation, **stream);
  (*stream)->expires_after(limit);
  const Code code = co_await Connected(**stream);
  (*stream)->expires_never();
  if (code != Code::ok) co_return fail(code, Source::upstream);
  co_return stream;
}

}  // namespace turnout
