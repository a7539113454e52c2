// backend: what stands behind a proxy. Answers GET with 13 bytes, takes up every offer, then sends back what comes; on
// .../bulk it sends without end instead, once something came.
#include <string>

#include "bench/load/modes.h"
#include "bench/shared/http_text.h"
#include "bench/shared/listener.h"
#include "bench/shared/outbox.h"
#include "bench/shared/pattern.h"
#include "bench/shared/websocket_echo.h"

namespace turnout::bench {
namespace {

char memory[WebSocketEcho::room + 262144];
char* const buffer = memory + WebSocketEcho::room;
constexpr std::size_t buffer_bytes = sizeof memory - WebSocketEcho::room;
constexpr std::size_t head_bytes_max = 65536;
constexpr int writes_at_once = 16;  // then the others get their turn

class BackendConnection final : public Handler {
 public:
  BackendConnection(Poller& poller, int fd) : poller_(poller), socket_(fd) {}

  void on_events(std::uint32_t events) override {
    socket_.note(events);
    while (outbox_.flush(socket_) && !closing_ && socket_.readable()) {
      const std::size_t count = socket_.receive(buffer, buffer_bytes);
      if (count != 0) take(count);
    }
    if (block_ != nullptr) stream();
    if ((closing_ && outbox_.empty()) || socket_.ended() || socket_.error() != 0) {
      socket_.close();
      poller_.discard(this);
    }
  }

 private:
  enum class Mode { http, raw, websocket, raw_bulk, websocket_bulk };

  void take(std::size_t count) {
    switch (mode_) {
      case Mode::http: take_requests({buffer, count}); break;
      case Mode::raw: outbox_.send(socket_, buffer, count); break;
      case Mode::websocket: {
        const auto frames = echo_.turn(buffer, count);
        if (!frames.empty()) outbox_.send(socket_, frames.data(), frames.size());
        closing_ = echo_.over();
        break;
      }
      case Mode::raw_bulk:
      case Mode::websocket_bulk: block_ = &block_of(mode_ == Mode::websocket_bulk); break;
    }
  }

  void take_requests(std::string_view bytes) {
    if (!head_.empty()) {
      head_ += bytes;
      bytes = head_;
    }
    std::string answers;
    for (auto end = bytes.find("\r\n\r\n"); end != std::string_view::npos && mode_ == Mode::http;
         end = bytes.find("\r\n\r\n")) {
      answers += answer(bytes.substr(0, end + 2));
      bytes.remove_prefix(end + 4);
    }
    head_ = std::string(bytes);
    closing_ = head_.size() > head_bytes_max || (mode_ != Mode::http && !head_.empty());
    if (!answers.empty()) outbox_.send(socket_, answers.data(), answers.size());
  }

  std::string answer(std::string_view head) {
    const std::string_view token = field_value(head, "Upgrade");
    if (token.empty()) return std::string(hello_answer);
    const bool is_websocket = equal_ignoring_case(token, "websocket");
    const bool is_bulk = head.find("/bulk ") < head.find('\r');
    mode_ = is_websocket ? (is_bulk ? Mode::websocket_bulk : Mode::websocket) : (is_bulk ? Mode::raw_bulk : Mode::raw);
    return switching_answer(head, token);
  }

  /// A round of the pattern, bare or as one frame.
  static const std::string& block_of(bool is_websocket) {
    static const std::string raw(pattern());
    static const std::string frame = encode_frame({}, pattern());
    return is_websocket ? frame : raw;
  }

  void stream() {
    for (int writes = 0; socket_.writable() && outbox_.empty(); ++writes) {
      if (writes == writes_at_once) return poller_.again(*this);
      place_ += socket_.send(block_->data() + place_, block_->size() - place_);
      if (place_ == block_->size()) place_ = 0;
    }
  }

  Poller& poller_;
  Socket socket_;
  Outbox outbox_;
  WebSocketEcho echo_;
  std::string head_;
  const std::string* block_ = nullptr;
  std::size_t place_ = 0;
  Mode mode_ = Mode::http;
  bool closing_ = false;
};

}  // namespace

int run_backend(const Options& options) {
  Poller poller;
  Listener listener(poller, options.address("listen"),
                    [&](int fd) { poller.add(fd, *new BackendConnection(poller, fd)); });
  return serve(poller);
}

}  // namespace turnout::bench
