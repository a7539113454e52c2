// Answers the handshake, then sends back every frame as it arrives.
#include <string>

#include "bench/floor/floor.h"
#include "bench/shared/http_text.h"
#include "bench/shared/listener.h"
#include "bench/shared/outbox.h"
#include "bench/shared/websocket_echo.h"

namespace turnout::bench {
namespace {

char memory[WebSocketEcho::room + 262144];
char* const buffer = memory + WebSocketEcho::room;
constexpr std::size_t buffer_bytes = sizeof memory - WebSocketEcho::room;

class WebSocketConnection final : public Handler {
 public:
  WebSocketConnection(Poller& poller, int fd) : poller_(poller), socket_(fd) {}

  void on_events(std::uint32_t events) override {
    socket_.note(events);
    while (outbox_.flush(socket_) && !echo_.over() && socket_.readable()) {
      const std::size_t count = socket_.receive(buffer, buffer_bytes);
      if (count == 0) break;
      switched_ ? answer(count) : shake_hands(count);
    }
    if ((echo_.over() && outbox_.empty()) || socket_.ended() || socket_.error() != 0) {
      socket_.close();
      poller_.discard(this);
    }
  }

 private:
  void answer(std::size_t count) {
    const auto frames = echo_.turn(buffer, count);
    if (!frames.empty()) outbox_.send(socket_, frames.data(), frames.size());
  }

  void shake_hands(std::size_t count) {
    head_.append(buffer, count);
    const auto end = head_.find("\r\n\r\n");
    if (end == std::string::npos) return;
    const std::string offer = std::exchange(head_, {});
    const std::string accepted = switching_answer(std::string_view(offer).substr(0, end + 2), "websocket");
    // A client waits for the answer before its first frame.
    outbox_.send(socket_, accepted.data(), accepted.size());
    switched_ = true;
  }

  Poller& poller_;
  Socket socket_;
  Outbox outbox_;
  WebSocketEcho echo_;
  std::string head_;
  bool switched_ = false;
};

}  // namespace

int serve_websocket(const Options& options) {
  Poller poller;
  Listener listener(poller, options.address("listen"),
                    [&](int fd) { poller.add(fd, *new WebSocketConnection(poller, fd)); });
  return serve(poller);
}

}  // namespace turnout::bench
