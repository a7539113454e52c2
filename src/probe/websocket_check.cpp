#include "probe/websocket_check.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/printable.h"
#include "codec/websocket/connection.h"
#include "probe/clock.h"

namespace turnout::probe {
namespace {

using websocket::Event;
using websocket::MessageKind;

constexpr Millis pong_wait{3'000};
constexpr Millis echo_wait{400};
constexpr Millis close_wait{2'000};
constexpr Millis ping_every_min{250};
constexpr std::size_t received_bytes_max = 256;
constexpr std::uint16_t no_close_frame = 1006;  // RFC 6455 section 7.1.5

// Long enough to be compressed where that was agreed on, and the same text twice, so that a window that the two sides
// do not share is noticed.
constexpr std::string_view greeting =
    "turnout probe: is there an echo? turnout probe: is there an echo? turnout probe: is there an echo?";

class Checker {
 public:
  Checker(Channel& channel, std::optional<websocket::Deflate> deflate, const Ask& ask, Millis timeout)
      : channel_(channel), engine_(websocket::Role::client, {.deflate = deflate}), ask_(ask), timeout_(timeout) {
    check_.deflate = deflate.has_value();
  }

  Task<Check> run();

 private:
  /// Handles what comes until `wanted` is true, or the connection ends, or the time is over.
  Task<bool> until(bool Checker::* wanted, Millis limit);
  void handle(const Event& event);
  Task<bool> flush();
  Task<void> hold();
  Task<void> send_large();
  Task<void> close();
  void judge();

  bool is_over() const noexcept { return over_; }

  Channel& channel_;
  websocket::Engine engine_;
  const Ask& ask_;
  Millis timeout_;
  websocket::Buffer out_;
  Check check_;
  bool over_ = false;   // nothing can come any more
  bool never_ = false;  // for until(): never true
  bool pong_ = false;
  bool echoed_ = false;
  bool closed_ = false;
  std::uint64_t awaited_bytes_ = 0;  // of the large message
  std::string_view expected_;
};

Task<bool> Checker::flush() {
  engine_.take_pong(out_);
  if (out_.empty()) co_return true;
  const Code code = co_await channel_.send(std::as_const(out_).bytes(), timeout_);
  out_.clear();
  if (code == Code::ok) co_return true;
  over_ = true;
  check_.reset = true;
  co_return false;
}

Task<bool> Checker::until(bool Checker::* wanted, Millis limit) {
  const Clock clock;
  while (!is_over()) {
    MutableBytes input = channel_.input();
    const std::size_t given = input.size();
    if (check_.received.size() < received_bytes_max && given != 0) {
      check_.received.append(as_text(Bytes(input).first(std::min<std::size_t>(given, received_bytes_max))));
      if (check_.received.starts_with("HTTP/1.")) check_.text_follows = true;
      if (given >= 2 && (static_cast<unsigned>(input[1]) & 0x80) != 0 && !check_.text_follows) check_.masked = true;
    }
    const Event event = engine_.next(input);
    handle(event);
    channel_.consume(given - input.size());
    const bool flushed = co_await flush();
    if (this->*wanted || !flushed) break;
    if (event.kind != Event::Kind::need_more) continue;
    const Millis left = limit - Millis(static_cast<std::int64_t>(clock.ms()));
    if (left <= Millis(0)) break;
    const Code code = co_await channel_.fill(left);
    if (code == Code::ok) continue;
    if (code == Code::timed_out) break;
    over_ = true;
    check_.peer_ended = true;
    check_.reset = code == Code::reset;
    if (!check_.close_code) check_.close_code = no_close_frame;
  }
  co_return this->*wanted;
}

void Checker::handle(const Event& event) {
  switch (event.kind) {
    case Event::Kind::need_more:
    case Event::Kind::ping: return;
    case Event::Kind::pong: pong_ = true; return;
    case Event::Kind::message:
      if (awaited_bytes_ != 0 ? event.payload.size() == awaited_bytes_ : as_text(event.payload) == expected_) {
        echoed_ = true;
      }
      return;
    case Event::Kind::close:
      check_.close_code = event.code;
      check_.close_reason = printable(as_text(event.payload), 125);
      if (!engine_.close_sent()) engine_.encode_close(event.code, "", out_);
      closed_ = true;
      over_ = true;
      return;
    case Event::Kind::error:
      check_.fault = sentence(event.why);
      check_.frame_fault = true;
      check_.deflate_fault = event.why == Why::websocket_deflate || event.why == Why::websocket_utf8;
      engine_.encode_close(event.code, "", out_);
      over_ = true;
      return;
  }
}

Task<void> Checker::hold() {
  const bool pings = ask_.purpose == Purpose::hold_pinging;
  const Clock clock;
  const Millis whole(static_cast<std::int64_t>(ask_.hold_ms));
  const Millis every = std::max(ping_every_min, whole / 20);
  while (!is_over()) {
    const Millis left = whole - Millis(static_cast<std::int64_t>(clock.ms()));
    if (left <= Millis(0)) break;
    if (pings) engine_.encode_ping(as_bytes("hold"), out_);
    const bool flushed = co_await flush();
    if (!flushed) break;
    (void)co_await until(&Checker::never_, pings ? std::min(every, left) : left);
  }
  if (is_over()) check_.lasted_ms = static_cast<std::uint64_t>(clock.ms());
}

Task<void> Checker::send_large() {
  const std::string text(ask_.message_bytes, 'x');
  awaited_bytes_ = text.size();
  echoed_ = false;
  engine_.encode_message(MessageKind::binary, as_bytes(text), out_);
  const bool sent = co_await flush();
  const bool back = sent && co_await until(&Checker::echoed_, timeout_);
  if (back) {
    check_.message_taken_bytes = text.size();
  } else if (is_over()) {
    check_.message_refused_bytes = text.size();
    if (!check_.close_code) {
      // The reason may still be on its way, in front of the end.
      over_ = false;
      check_.reset = false;
      (void)co_await until(&Checker::closed_, close_wait);
    }
  }
}

Task<void> Checker::close() {
  check_.closed_by_us_first = !is_over();
  if (is_over()) {
    (void)co_await flush();
    co_return;
  }
  engine_.encode_close(websocket::CloseCode::normal, "", out_);
  const bool sent = co_await flush();
  if (sent) (void)co_await until(&Checker::closed_, close_wait);
}

Task<Check> Checker::run() {
  if (ask_.purpose == Purpose::hold_silent || ask_.purpose == Purpose::hold_pinging) {
    co_await hold();
    co_await close();
    judge();
    co_return std::move(check_);
  }
  const Clock clock;
  if (ask_.early.empty()) engine_.encode_ping(as_bytes("turnout"), out_);
  (void)co_await flush();
  check_.pong = co_await until(&Checker::pong_, std::min(pong_wait, timeout_));
  if (check_.pong) check_.ping_ms = clock.ms();
  for (int round = 0; round < 2 && !is_over() && check_.pong && ask_.early.empty(); ++round) {
    echoed_ = false;
    expected_ = greeting;
    engine_.encode_message(MessageKind::text, as_bytes(greeting), out_);
    (void)co_await flush();
    const bool echoed = co_await until(&Checker::echoed_, std::min(echo_wait, timeout_));
    if (round == 0) check_.echo = echoed;
    if (!echoed) break;
  }
  if (ask_.message_bytes != 0 && check_.echo && !is_over()) co_await send_large();
  co_await close();
  judge();
  co_return std::move(check_);
}

void Checker::judge() {
  const auto say = [this](std::string text) {
    if (!check_.text.empty()) check_.text += ", ";
    check_.text += text;
  };
  bool broken = false;
  if (check_.ping_ms) say(fmt::format("ping {:.1f} ms", *check_.ping_ms));
  if (check_.text_follows) {
    say("a second answer of HTTP/1.1 follows the 101");
    broken = true;
  } else if (check_.frame_fault) {
    say(check_.fault);
    broken = true;
  } else if (check_.lasted_ms) {
    say(fmt::format("ended by the other side after {:.1f} s", static_cast<double>(*check_.lasted_ms) / 1000));
  } else if (ask_.hold_ms != 0) {
    say(fmt::format("open for {:.1f} s", static_cast<double>(ask_.hold_ms) / 1000));
  } else if (!check_.pong) {
    say("no answer to a ping");
    broken = true;
  }
  if (check_.echo) say("echo");
  if (check_.message_taken_bytes) say(fmt::format("a message of {} bytes", *check_.message_taken_bytes));
  if (check_.message_refused_bytes) {
    say(fmt::format("a message of {} bytes refused", *check_.message_refused_bytes));
    broken = true;
  }
  if (check_.close_code) {
    const std::uint16_t code = *check_.close_code;
    say(code == no_close_frame ? "ended without a close frame (1006)" : fmt::format("close {}", code));
    if (!check_.close_reason.empty()) check_.text += " " + check_.close_reason;
    if (code == 1002 || code == 1007) broken = true;
  } else if (!check_.frame_fault) {
    say("no answer to a close frame");
  }
  check_.state = broken ? Check::State::broken : Check::State::sound;
}

}  // namespace

Task<Check> check_websocket(Channel& channel, std::optional<websocket::Deflate> deflate, const Ask& ask,
                            Millis timeout) {
  Checker checker(channel, deflate, ask, timeout);
  Check check = co_await checker.run();
  co_return std::move(check);
}

}  // namespace turnout::probe
