// HTTP/1.1 without reading it: each blank line is a request, and gets the same answer.
#include <string>

#include "bench/floor/floor.h"
#include "bench/shared/http_text.h"
#include "bench/shared/listener.h"
#include "bench/shared/outbox.h"

namespace turnout::bench {
namespace {

char buffer[65536];

constexpr std::size_t answers_at_once = 64;
const std::string answers = [] {
  std::string made;
  for (std::size_t i = 0; i < answers_at_once; ++i) made += hello_answer;
  return made;
}();

class HttpConnection final : public Handler {
 public:
  HttpConnection(Poller& poller, int fd) : poller_(poller), socket_(fd) {}

  void on_events(std::uint32_t events) override {
    socket_.note(events);
    while (outbox_.flush(socket_) && answer() && socket_.readable()) {
      requests_ = count_requests(socket_.receive(buffer, sizeof buffer));
    }
    if (socket_.ended() || socket_.error() != 0) {
      socket_.close();
      poller_.discard(this);
    }
  }

 private:
  /// The blank lines among so many new bytes, which may have begun among those before.
  std::size_t count_requests(std::size_t count) noexcept {
    constexpr std::string_view blank = "\r\n\r\n";
    std::string_view bytes(buffer, count);
    std::size_t found = 0;
    for (; matched_ != 0 && !bytes.empty(); bytes.remove_prefix(1)) found += step(bytes.front());
    for (auto at = bytes.find(blank); at != std::string_view::npos; at = bytes.find(blank)) {
      ++found;
      bytes.remove_prefix(at + blank.size());
    }
    for (const char byte : bytes.substr(bytes.size() - std::min<std::size_t>(bytes.size(), 3))) found += step(byte);
    return found;
  }

  std::size_t step(char byte) noexcept {
    const bool expected = byte == (matched_ % 2 == 0 ? '\r' : '\n');
    matched_ = expected ? matched_ + 1 : byte == '\r' ? 1 : 0;
    if (matched_ != 4) return 0;
    matched_ = 0;
    return 1;
  }

  /// True where every request has its answer.
  bool answer() {
    while (requests_ != 0) {
      const std::size_t count = std::min(requests_, answers_at_once);
      requests_ -= count;
      if (!outbox_.send(socket_, answers.data(), count * hello_answer.size())) return false;
    }
    return true;
  }

  Poller& poller_;
  Socket socket_;
  Outbox outbox_;
  std::size_t requests_ = 0;
  unsigned matched_ = 0;  // bytes of a blank line at the end of what was read
};

}  // namespace

int serve_http(const Options& options) {
  Poller poller;
  Listener listener(poller, options.address("listen"),
                    [&](int fd) { poller.add(fd, *new HttpConnection(poller, fd)); });
  return serve(poller);
}

}  // namespace turnout::bench
