#include "probe/connect.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <optional>

#include "base/printable.h"
#include "client/pump.h"
#include "codec/websocket/connection.h"
#include "probe/attempt.h"
#include "probe/report.h"
#include "probe/request_text.h"
#include "probe/run.h"
#include "probe/standard_input.h"
#include "probe/verdict.h"
#include "runtime/pause.h"

namespace turnout::probe {
namespace {

using websocket::Event;
using websocket::MessageKind;

constexpr std::size_t line_bytes_max = 1024 * 1024;
constexpr Millis terminal_close_wait{5'000};
constexpr double wait_seconds_max = 86'400;

void note(std::string_view text) {
  fmt::print(stderr, "* {}\n", text);
}

bool print(std::string_view bytes) {
  return std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size() && std::fflush(stdout) == 0;
}

/// What both kinds of connection share: one task reads the wire, another one standard input.
class Terminal {
 public:
  Terminal(Wire wire, EpollLoop& loop, const ConnectArguments& arguments)
      : wire_(std::move(wire)), input_(std::make_unique<StandardInput>(loop)), arguments_(arguments) {}
  virtual ~Terminal() = default;

  Task<Exit> run() {
    TaskGroup reader;
    reader.spawn(read_input());
    co_await read_wire();
    input_.stream().interrupt(Side::read, Code::cancelled);
    co_await reader.join();
    co_return exit_;
  }

 protected:
  virtual Task<void> read_wire() = 0;
  virtual Task<void> read_input() = 0;

  Wire wire_;
  Wire input_;
  const ConnectArguments& arguments_;
  bool escapes_ = isatty(STDOUT_FILENO) == 1;
  Exit exit_ = Exit::sound;
};

/// Bytes, both ways, each with an end of its own.
class RawTerminal final : public Terminal {
 public:
  using Terminal::Terminal;

 private:
  Task<void> read_wire() override {
    while (true) {
      const std::string_view text = as_text(wire_.peek());
      if (!text.empty() && !print(escapes_ ? readable(text) : std::string(text))) {
        exit_ = Exit::output;
        co_return;
      }
      wire_.consume(text.size());
      const Result<std::size_t> more = co_await wire_.fill();
      if (more && *more != 0) continue;
      note(more ? "the other side has ended" : "the connection broke off");
      if (!more) exit_ = Exit::broken;
      co_return;
    }
  }

  Task<void> read_input() override {
    while (true) {
      const Result<std::size_t> more = co_await input_.fill();
      if (!more) co_return;
      if (*more == 0) break;
      input_.pin();
      const Result<void> written = co_await wire_.write(input_.peek());
      input_.consume(input_.peek().size());
      if (!written) co_return;
    }
    (void)co_await wire_.close_write();
    note("our side has ended");
  }
};

/// Lines of text, or with --binary what each read gives, as messages.
class WebSocketTerminal final : public Terminal {
 public:
  WebSocketTerminal(Wire wire, EpollLoop& loop, const ConnectArguments& arguments,
                    std::optional<websocket::Deflate> deflate)
      : Terminal(std::move(wire), loop, arguments),
        engine_(websocket::Role::client, {.deflate = deflate}),
        pump_(wire_, [this] { return next_to_send(); }),
        quiet_(loop) {}

 private:
  Bytes next_to_send() {
    engine_.take_pong(queued_);
    writing_.clear();
    std::swap(queued_, writing_);
    return std::as_const(writing_).bytes();
  }

  Task<void> read_wire() override {
    while (true) {
      MutableBytes input = wire_.peek_mutable();
      const std::size_t given = input.size();
      const Event event = engine_.next(input);
      const bool goes_on = handle(event);
      wire_.consume(given - input.size());
      pump_.start();
      if (!goes_on) break;
      if (event.kind != Event::Kind::need_more) continue;
      const Result<std::size_t> more = co_await wire_.fill();
      if (more && *more != 0) continue;
      note(engine_.close_sent() ? "closed, without an answer to our close frame (1006)"
                                : "the connection ended without a close frame (1006)");
      exit_ = Exit::broken;
      break;
    }
    wire_.expires_after(terminal_close_wait);
    input_.stream().interrupt(Side::read, Code::cancelled);
    is_over_ = true;
    quiet_.wake();
    if (!is_sending_) co_await pump_.join();
    (void)co_await wire_.close_write();
  }

  bool handle(const Event& event) {
    switch (event.kind) {
      case Event::Kind::need_more: return true;
      case Event::Kind::ping: note(fmt::format("ping, {} bytes", event.payload.size())); return true;
      case Event::Kind::pong: note(fmt::format("pong, {} bytes", event.payload.size())); return true;
      case Event::Kind::message: return show(event);
      case Event::Kind::close: {
        note(fmt::format("close {}{}{}", event.code, event.payload.empty() ? "" : " ",
                         printable(as_text(event.payload), 125)));
        const bool is_ordinary = event.code == 1000 || event.code == 1001 || event.code == 1005;
        if (!is_ordinary) exit_ = Exit::broken;
        if (!engine_.close_sent()) engine_.encode_close(event.code, "", queued_);
        return false;
      }
      case Event::Kind::error:
        note(sentence(event.why));
        engine_.encode_close(event.code, "", queued_);
        exit_ = Exit::broken;
        return false;
    }
    return false;
  }

  bool show(const Event& event) {
    ++messages_;
    const std::string_view text = as_text(event.payload);
    const bool is_text = event.message_kind == MessageKind::text;
    std::string out = escapes_ ? readable(text) : std::string(text);
    if (is_text && !arguments_.binary) out += '\n';
    if (print(out)) return true;
    exit_ = Exit::output;
    return false;
  }

  Task<void> read_input() override {
    std::string line;
    while (!is_over_) {
      const Result<std::size_t> more = co_await input_.fill();
      if (!more) co_return;
      const std::string_view arrived = as_text(input_.peek());
      if (arguments_.binary && *more != 0) {
        engine_.encode_message(MessageKind::binary, as_bytes(arrived), queued_);
      } else {
        line.append(arrived);
        send_lines(line, *more == 0);
      }
      input_.consume(arrived.size());
      co_await send();
      if (*more != 0) continue;
      co_await wait_for_silence();
      if (is_over_) co_return;
      engine_.encode_close(websocket::CloseCode::normal, "", queued_);
      co_await send();
      if (!is_over_) wire_.expires_after(terminal_close_wait);
      co_return;
    }
  }

  Task<void> send() {
    is_sending_ = true;
    pump_.start();
    co_await pump_.join();
    is_sending_ = false;
  }

  /// WebSocket has no end of one side alone: a server that gets a close frame says no more, so its answers are waited
  /// for first.
  Task<void> wait_for_silence() {
    const Millis limit(static_cast<std::int64_t>(arguments_.wait_seconds * 1000));
    std::uint64_t before = 0;
    do {
      before = messages_;
      (void)co_await quiet_.wait(limit);
    } while (!is_over_ && messages_ != before);
  }

  void send_lines(std::string& line, bool is_end) {
    std::size_t begin = 0;
    while (true) {
      const std::size_t end = line.find('\n', begin);
      if (end == std::string::npos) break;
      send_text(std::string_view(line).substr(begin, end - begin));
      begin = end + 1;
    }
    line.erase(0, begin);
    if ((is_end && !line.empty()) || line.size() > line_bytes_max) {
      send_text(line);
      line.clear();
    }
  }

  void send_text(std::string_view text) {
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (!websocket::is_utf8(as_bytes(text))) {
      note("a line that is no UTF-8 was not sent; --binary sends any bytes");
      return;
    }
    engine_.encode_message(MessageKind::text, as_bytes(text), queued_);
  }

  websocket::Engine engine_;
  websocket::Buffer queued_;
  websocket::Buffer writing_;
  client::Pump pump_;
  Pause quiet_;
  std::uint64_t messages_ = 0;
  bool is_over_ = false;
  bool is_sending_ = false;
};

std::optional<websocket::Deflate> agreed_deflate(const Attempt& attempt) {
  const auto field = attempt.fields.find("Sec-WebSocket-Extensions");
  const auto answer = field ? websocket::parse_extensions(*field) : std::nullopt;
  return answer ? websocket::check_deflate_answer(*answer, {}) : std::nullopt;
}

std::string why_not(const Attempt& attempt) {
  if (!attempt.answered()) return attempt.fault;
  if (!attempt.violations.empty()) return "the 101 is not valid: " + attempt.violations.front().text;
  return fmt::format("{}: the answer is {}, without a switch; `turnout probe` says why", attempt.ask.url.place(),
                     attempt.status);
}

Task<void> converse_in_terminal(Network& network, Ask ask, const ConnectArguments& arguments, Exit& exit) {
  Attempt attempt;
  attempt.ask = std::move(ask);
  std::optional<Wire> wire = co_await switch_to(network, attempt);
  if (arguments.verbose) fmt::print(stderr, "{}", annotated(attempt, {}));
  if (!wire) {
    fmt::print(stderr, "turnout: {}\n", printable(why_not(attempt), 600));
    const Soundness result = result_of(attempt);
    exit = result == Soundness::malformed  ? Exit::malformed
           : result == Soundness::declined ? Exit::declined
                                           : Exit::network;
  } else if (is_websocket(attempt.ask.token)) {
    if (const std::string_view chosen = attempt.field("Sec-WebSocket-Protocol"); !chosen.empty()) {
      note(fmt::format("subprotocol {}", printable(chosen, 100)));
    }
    wire->expires_never();
    WebSocketTerminal terminal(std::move(*wire), network.loop(), arguments, agreed_deflate(attempt));
    exit = co_await terminal.run();
  } else {
    wire->expires_never();
    RawTerminal terminal(std::move(*wire), network.loop(), arguments);
    exit = co_await terminal.run();
  }
  network.loop().stop();
}

/// The length of the character at the front of valid UTF-8, and its code point.
std::pair<std::size_t, std::uint32_t> decode(std::string_view text) noexcept {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t size = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  if (size == 0 || text.size() < size || !websocket::is_utf8(as_bytes(text.substr(0, size)))) return {0, 0};
  std::uint32_t point = size == 1 ? lead : lead & (0xffu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) point = point << 6 | (static_cast<unsigned char>(text[i]) & 0x3f);
  return {size, point};
}

bool steers(std::uint32_t point) noexcept {
  if (point == '\n' || point == '\t') return false;
  return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x61c || point == 0x200e || point == 0x200f ||
         point == 0x2028 || point == 0x2029 || (point >= 0x202a && point <= 0x202e) ||
         (point >= 0x2066 && point <= 0x2069);
}

}  // namespace

std::string readable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto [size, point] = decode(text);
    const std::size_t taken = size == 0 ? 1 : size;
    if (size == 0 || steers(point)) {
      out += printable(text.substr(0, taken));
    } else {
      out += text.substr(0, taken);
    }
    text.remove_prefix(taken);
  }
  return out;
}

int run_connect(const ConnectArguments& arguments) {
  Arguments like_probe;
  like_probe.url = arguments.url;
  like_probe.tokens = {arguments.token.empty() ? "websocket" : arguments.token};
  like_probe.origin = arguments.origin.empty() ? "none" : arguments.origin;
  like_probe.subprotocols = arguments.subprotocols;
  like_probe.headers = arguments.headers;
  like_probe.insecure = arguments.insecure;
  like_probe.ca_file = arguments.ca_file;
  like_probe.timeout_seconds = arguments.timeout_seconds;
  auto plan = to_plan(like_probe);
  if (plan && !(arguments.wait_seconds >= 0.001 && arguments.wait_seconds <= wait_seconds_max)) {
    plan = std::unexpected("--wait takes seconds: 0.001 to 86400");
  }
  if (plan && (is_http2(like_probe.tokens.front()) || is_tls(like_probe.tokens.front()))) {
    plan = std::unexpected("nobody types HTTP/2 or TLS: `turnout get --upgrade` speaks them");
  }
  if (!plan) {
    fmt::print(stderr, "turnout: {}\n", plan.error());
    return static_cast<int>(Exit::usage);
  }
  const Settings settings = to_settings(like_probe);
  Ask ask;
  ask.url = plan->wanted.url;
  ask.token = plan->wanted.tokens.front();
  ask.fields = plan->fields;
  ask.subprotocols = plan->subprotocols;
  ask.origin = plan->origin;
  Exit exit = Exit::network;
  EpollLoop loop;
  Network network(loop, settings);
  loop.connections.spawn(converse_in_terminal(network, std::move(ask), arguments, exit));
  loop.run();
  return static_cast<int>(exit);
}

}  // namespace turnout::probe
