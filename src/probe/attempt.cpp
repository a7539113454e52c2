#include "probe/attempt.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/printable.h"
#include "client/http2_client.h"
#include "codec/http/base64.h"
#include "codec/http1/chunked.h"
#include "codec/http1/response_parser.h"
#include "codec/websocket/handshake.h"
#include "probe/answer.h"
#include "probe/channel.h"
#include "probe/clock.h"
#include "probe/http2_speaker.h"
#include "probe/request_text.h"
#include "probe/websocket_check.h"

namespace turnout::probe {
namespace {

constexpr std::size_t body_kept_max = 4096;
constexpr std::size_t body_read_max = 1024 * 1024;
constexpr std::size_t raw_read_max = 64 * 1024;
constexpr int interim_answers_max = 16;
constexpr Millis excerpt_wait{1'000};  // for the beginning of a body
constexpr Millis second_answer_wait{2'000};
constexpr Millis raw_wait{1'500};  // for what an unknown protocol says
constexpr Millis http2_wait{5'000};

Ended ended_by(Code code) noexcept {
  switch (code) {
    case Code::timed_out: return Ended::silent;
    case Code::reset: return Ended::reset;
    case Code::too_large: return Ended::not_http;
    default: return Ended::closed;
  }
}

std::string sentence_for(Ended ended, const std::string& place, Millis waited) {
  switch (ended) {
    case Ended::silent:
      return fmt::format("{}: no answer within {} s", place, static_cast<double>(waited.count()) / 1000);
    case Ended::reset: return fmt::format("{}: the server broke the connection off instead of answering", place);
    default: return fmt::format("{}: the server ended the connection without an answer", place);
  }
}

/// One attempt in HTTP/1.
class Exchange {
 public:
  Exchange(Network& network, Attempt& attempt) : network_(network), attempt_(attempt) {}

  Task<void> run();
  Task<std::optional<Wire>> open();

 private:
  Task<Code> write_request(Wire& wire);
  Task<bool> read_head(Wire& wire, Millis limit, Attempt& into);
  Task<bool> read_body(Wire& wire);
  Task<void> read_chunks(Wire& wire);
  Task<void> ask_again(Wire& wire);
  Task<void> go_on(Wire wire);
  Task<void> speak_websocket(Wire& wire);
  Task<void> speak_http2(Wire& wire);
  Task<void> speak_tls(Wire wire);
  Task<void> speak_unknown(Wire& wire);
  Millis timeout() const noexcept { return network_.settings().timeout; }
  void fail(Ended ended) {
    attempt_.ended = ended;
    attempt_.fault = sentence_for(ended, attempt_.ask.url.place(), timeout());
  }

  Network& network_;
  Attempt& attempt_;
};

/// The connection, where an answer came.
Task<std::optional<Wire>> Exchange::open() {
  std::optional<Wire> connected = co_await network_.connect(attempt_, {"http/1.1"});
  if (!connected) co_return std::nullopt;
  Wire wire(std::move(*connected));
  const Clock clock;
  (void)co_await write_request(wire);  // an answer may be there even where not all of it could be sent
  const bool answered = co_await read_head(wire, timeout(), attempt_);
  attempt_.answer_ms = clock.ms();
  if (!answered) co_return std::nullopt;
  attempt_.ended = Ended::answered;
  if (attempt_.status == 101 && !attempt_.ask.token.empty()) {
    attempt_.behind_head = as_text(wire.peek().first(std::min<std::size_t>(wire.peek().size(), 256)));
    attempt_.violations = find_violations(attempt_);
    attempt_.check.text_follows = attempt_.behind_head.starts_with("HTTP/1.");
    attempt_.switched = attempt_.violations.empty();
  }
  co_return std::move(wire);
}

Task<void> Exchange::run() {
  std::optional<Wire> opened = co_await open();
  if (!opened) co_return;
  Wire wire(std::move(*opened));
  if (attempt_.switched) co_await go_on(std::move(wire));
  const bool is_tunnel = attempt_.ask.purpose == Purpose::after_connect && attempt_.status / 100 == 2;
  if (attempt_.status == 101 || is_tunnel) co_return;
  const bool whole = co_await read_body(wire);
  if (whole && !attempt_.ask.second_target.empty()) co_await ask_again(wire);
}

Task<Code> Exchange::write_request(Wire& wire) {
  const Ask& ask = attempt_.ask;
  if (is_websocket(ask.token)) attempt_.key = websocket::make_key();
  for (const auto& [name, value] : ask.fields) {
    if (iequals(name, "Sec-WebSocket-Key")) attempt_.key = value;
  }
  attempt_.sent = request_text(ask, attempt_.key);
  std::string bytes = attempt_.sent + ask.early;
  const bool expects = std::ranges::any_of(ask.fields, [](const auto& f) { return iequals(f.first, "Expect"); });
  if (ask.body && !expects) bytes += *ask.body;
  wire.expires_after(timeout());
  const Result<void> written = co_await wire.write(bytes);
  co_return written ? Code::ok : written.error().code;
}

Task<bool> Exchange::read_head(Wire& wire, Millis limit, Attempt& into) {
  const Clock clock;
  const auto fail_in = [&](Ended ended) {
    into.ended = ended;
    into.fault = sentence_for(ended, attempt_.ask.url.place(), limit);
  };
  bool owes_body = attempt_.ask.body && &into == &attempt_ &&
                   std::ranges::any_of(attempt_.ask.fields, [](const auto& f) { return iequals(f.first, "Expect"); });
  for (int interim = 0; interim <= interim_answers_max;) {
    const std::string_view arrived = as_text(wire.peek());
    const std::string_view start = arrived.substr(0, 5);
    if (!start.empty() && start != std::string_view("HTTP/").substr(0, start.size())) {
      into.received = arrived.substr(0, 256);
      fail_in(Ended::not_http);
      into.fault = fmt::format("{}: the answer is no HTTP/1.1: it begins with {}", attempt_.ask.url.place(),
                               printable(into.received, 48));
      co_return false;
    }
    if (const auto size = head_size(arrived)) {
      const bool taken = take_head(arrived.substr(0, *size), into);
      wire.consume(*size);
      if (!taken) {
        fail_in(Ended::not_http);
        into.fault = fmt::format("{}: the answer has no status line", attempt_.ask.url.place());
        co_return false;
      }
      if (into.status == 101 || into.status >= 200) co_return true;
      into.interim.push_back(into.status);
      ++interim;
      if (into.status == 100 && std::exchange(owes_body, false)) {
        (void)co_await wire.write(*attempt_.ask.body);
      }
      continue;
    }
    const Millis left = limit - Millis(static_cast<std::int64_t>(clock.ms()));
    if (left <= Millis(0)) {
      fail_in(Ended::silent);
      co_return false;
    }
    wire.expires_after(left);
    const Result<std::size_t> more = co_await wire.fill();
    if (more && *more != 0) continue;
    fail_in(more ? Ended::closed : ended_by(more.error().code));
    if (into.ended == Ended::not_http) {
      into.fault = fmt::format("{}: the answer's head is larger than anyone needs", attempt_.ask.url.place());
    }
    co_return false;
  }
  fail_in(Ended::not_http);
  into.fault = fmt::format("{}: more interim answers (1xx) than anyone needs", attempt_.ask.url.place());
  co_return false;
}

/// True where it was read to its end, so that another answer may follow.
Task<bool> Exchange::read_body(Wire& wire) {
  const auto parsed = parse_response(as_bytes(attempt_.received), Limits(), attempt_.ask.method);
  const bool until_close = !parsed || parsed->framing.kind == BodyKind::until_close;
  if (parsed && parsed->framing.kind == BodyKind::none) co_return true;
  if (parsed && parsed->framing.kind == BodyKind::chunked) {
    co_await read_chunks(wire);
    co_return true;
  }
  std::uint64_t left = until_close ? body_read_max : std::min<std::uint64_t>(parsed->framing.length, body_read_max);
  const bool all_fits = !until_close && left == parsed->framing.length;
  if (attempt_.ask.second_target.empty()) left = std::min<std::uint64_t>(left, body_kept_max);
  const Clock clock;
  while (left != 0) {
    const std::string_view part = as_text(wire.peek()).substr(0, left);
    attempt_.body += part.substr(0, body_kept_max - std::min(body_kept_max, attempt_.body.size()));
    left -= part.size();
    wire.consume(part.size());
    if (left == 0) break;
    const Millis wait = excerpt_wait - Millis(static_cast<std::int64_t>(clock.ms()));
    if (wait <= Millis(0)) co_return false;
    wire.expires_after(wait);
    const Result<std::size_t> more = co_await wire.fill();
    if (!more || *more == 0) co_return false;
  }
  co_return all_fits;
}

Task<void> Exchange::read_chunks(Wire& wire) {
  const Limits limits;
  ChunkedDecoder decoder(limits);
  const Clock clock;
  std::size_t read = 0;
  while (read < body_read_max) {
    const ChunkedDecoder::Step step = decoder.step(wire.peek());
    attempt_.body += as_text(step.data).substr(0, body_kept_max - std::min(body_kept_max, attempt_.body.size()));
    read += step.data.size();
    wire.consume(step.consumed);
    if (step.state == ChunkedDecoder::State::done || step.state == ChunkedDecoder::State::error) co_return;
    if (step.state == ChunkedDecoder::State::data) continue;
    const Millis wait = excerpt_wait - Millis(static_cast<std::int64_t>(clock.ms()));
    if (wait <= Millis(0)) co_return;
    wire.expires_after(wait);
    const Result<std::size_t> more = co_await wire.fill();
    if (!more || *more == 0) co_return;
  }
}

Task<void> Exchange::ask_again(Wire& wire) {
  if (attempt_.ask.purpose != Purpose::optimistic) {
    wire.expires_after(second_answer_wait);
    const std::string bytes = second_request_text(attempt_.ask);
    const Result<void> written = co_await wire.write(bytes);
    if (!written) co_return;
  }
  Attempt second;
  second.ask.method = "GET";
  const bool answered = co_await read_head(wire, second_answer_wait, second);
  attempt_.second_received = second.received;
  if (answered) attempt_.second_status = second.status;
}

Task<void> Exchange::go_on(Wire wire) {
  const std::string& token = attempt_.ask.token;
  if (is_websocket(token)) {
    co_await speak_websocket(wire);
  } else if (is_http2(token)) {
    co_await speak_http2(wire);
  } else if (is_tls(token)) {
    co_await speak_tls(std::move(wire));
  } else {
    co_await speak_unknown(wire);
  }
}

Task<void> Exchange::speak_websocket(Wire& wire) {
  std::optional<websocket::Deflate> deflate;
  if (const auto field = attempt_.fields.find("Sec-WebSocket-Extensions")) {
    if (const auto answer = websocket::parse_extensions(*field)) deflate = websocket::check_deflate_answer(*answer, {});
  }
  WireChannel channel(wire);
  const std::uint64_t began_at_ms = network_.loop().now_ms();
  attempt_.check = co_await check_websocket(channel, deflate, attempt_.ask, timeout());
  attempt_.check.began_at_ms = began_at_ms;
}

/// The answer on stream 1, and a ping.
Task<void> Exchange::speak_http2(Wire& wire) {
  Check& check = attempt_.check;
  std::string settings_text;
  if (iequals(attempt_.ask.token, "h2c")) settings_text = client::http2_settings_field();
  for (const auto& [name, value] : attempt_.ask.fields) {
    if (iequals(name, "HTTP2-Settings")) settings_text = value;
  }
  const auto settings = base64url_decode(settings_text).value_or(PooledVector<std::byte>());
  Http2Speaker http2(wire);
  if (!http2.begin_upgraded(settings, attempt_.ask.method == "HEAD")) {
    check.state = Check::State::broken;
    check.text = check.fault = "HTTP/2 cannot be begun with these settings";
    co_return;
  }
  const Millis limit = std::min(http2_wait, timeout());
  http2.ping();
  Http2Speaker::StreamFacts& stream = http2.stream(1);
  const Code code = co_await http2.until(limit, [&] {
    // Not its end: of a long answer only as much comes as its window lets through.
    return (http2.settings && stream.status != 0 && http2.pong) || http2.goaway || stream.closed;
  });
  check.settings = http2.settings;
  check.extended_connect = http2.extended_connect;
  check.stream_status = stream.status;
  check.stream_server = std::string(stream.fields.find("server").value_or(""));
  check.pong = http2.pong;
  check.notes = http2.lines();
  check.received = http2.first_bytes;
  check.text_follows = http2.first_bytes.starts_with("HTTP/1.");
  if (http2.settings && stream.status != 0 && stream.error == 0 && (!http2.goaway || *http2.goaway == 0)) {
    check.state = Check::State::sound;
    check.text = fmt::format("SETTINGS, {} on stream 1{}", stream.status, http2.pong ? ", ping" : "");
  } else {
    check.state = Check::State::broken;
    check.fault = !http2.fault.empty() ? printable(http2.fault, 200)
                  : http2.goaway       ? fmt::format("GOAWAY with error {}", *http2.goaway)
                  : stream.error != 0  ? fmt::format("stream 1 was reset with error {}", stream.error)
                  : !http2.settings    ? fmt::format("no SETTINGS ({})", turnout::text(code))
                                       : fmt::format("no answer on stream 1 ({})", turnout::text(code));
    check.text = check.fault;
  }
  http2.goodbye();
  (void)co_await http2.until(Millis(200), [] { return true; });
  (void)co_await wire.close_write();
}

Task<void> Exchange::speak_tls(Wire wire) {
  Check& check = attempt_.check;
  if (!wire.peek().empty()) {
    // In TLS the client speaks first: these bytes are not the server's TLS (T1).
    check.text_follows = attempt_.behind_head.starts_with("HTTP/1.");
    check.state = Check::State::broken;
    check.text = check.fault = "bytes in the clear follow the 101, before TLS began";
    co_return;
  }
  const bool only_1_2 = attempt_.field("Upgrade").contains("TLS/1.2");
  const Attempt before = attempt_;
  std::optional<Wire> inside = co_await network_.start_tls(std::move(wire), attempt_, attempt_.tls.emplace(), {},
                                                           only_1_2 ? TlsVersion::tls_1_2 : TlsVersion::tls_1_3, true);
  attempt_.ended = before.ended;
  attempt_.fault.clear();
  if (!inside) {
    check.state = Check::State::broken;
    check.text = check.fault = "TLS: " + attempt_.tls->fault;
    co_return;
  }
  Attempt answer;
  answer.ask.method = attempt_.ask.method;
  const bool answered = co_await read_head(*inside, timeout(), answer);
  std::string names;
  for (const std::string& name : attempt_.tls->names) names.append(names.empty() ? "" : ", ").append(name);
  check.stream_status = answer.status;
  check.stream_server = std::string(answer.field("Server"));
  check.received = answer.received;
  check.state = answered ? Check::State::sound : Check::State::broken;
  check.text = fmt::format("{}, certificate for {} (not verified), {}", attempt_.tls->version, printable(names, 80),
                           answered ? std::to_string(answer.status) : "and no answer in it");
  (void)co_await inside->close_write();
}

/// Nothing is known of it: only what --send gives is said.
Task<void> Exchange::speak_unknown(Wire& wire) {
  Check& check = attempt_.check;
  check.state = Check::State::unchecked;
  WireChannel channel(wire);
  const std::string& send = attempt_.ask.send ? *attempt_.ask.send : attempt_.ask.early;
  if (send.empty()) {
    check.text = "101 valid; the protocol is not known to the probe";
    co_return;
  }
  if (attempt_.ask.send) (void)co_await channel.send(as_bytes(send), timeout());
  if (attempt_.ask.half_close) (void)co_await channel.end(timeout());
  const Clock clock;
  while (check.received.size() < raw_read_max) {
    const MutableBytes input = channel.input();
    check.received += as_text(input);
    channel.consume(input.size());
    if (!attempt_.ask.half_close && check.received.size() >= send.size()) break;
    const Millis left = raw_wait - Millis(static_cast<std::int64_t>(clock.ms()));
    if (left <= Millis(0)) break;
    const Code code = co_await channel.fill(left);
    check.peer_ended = code == Code::end;
    check.reset = code == Code::reset;
    if (code != Code::ok) break;
  }
  if (check.received.starts_with("HTTP/1.")) check.text_follows = true;
  check.state = check.text_follows       ? Check::State::broken
                : check.received.empty() ? Check::State::unchecked
                                         : Check::State::sound;
  check.text = check.text_follows ? "a second answer of HTTP/1.1 follows the 101"
                                  : fmt::format("{} bytes sent, {} received{}", send.size(), check.received.size(),
                                                check.peer_ended ? ", and its end" : "");
}

void take_stream(const Http2Speaker::StreamFacts& stream, Attempt& attempt) {
  attempt.ended = Ended::answered;
  attempt.status = stream.status;
  attempt.version = "2";
  attempt.fields = stream.fields;
  attempt.body = stream.data.substr(0, body_kept_max);
  attempt.received = fmt::format(":status: {}\r\n", stream.status);
  for (const Field field : stream.fields) attempt.received += fmt::format("{}: {}\r\n", field.name, field.value);
}

Task<void> run_http2(Network& network, Attempt& attempt) {
  std::vector<std::string> alpn{"h2"};
  if (attempt.ask.purpose == Purpose::negotiation) alpn.emplace_back("http/1.1");
  std::optional<Wire> connected = co_await network.connect(attempt, std::move(alpn));
  if (!connected) co_return;
  Wire wire(std::move(*connected));
  if (attempt.tls && attempt.tls->alpn != "h2") {
    attempt.ended = Ended::not_http;
    attempt.fault = fmt::format("{}: HTTP/2 is not negotiated by ALPN here", attempt.ask.url.place());
    co_return;
  }
  const Millis limit = std::min(http2_wait, network.settings().timeout);
  const Clock clock;
  Check& check = attempt.check;
  Http2Speaker http2(wire);
  if (!http2.begin()) co_return;
  const Code began = co_await http2.until(limit, [&] { return http2.settings; });
  check.settings = http2.settings;
  check.extended_connect = http2.extended_connect;
  if (began != Code::ok) {
    const bool is_http1 = http2.first_bytes.starts_with("HTTP/1.");
    attempt.ended = is_http1 ? Ended::not_http : ended_by(began);
    attempt.fault = is_http1 ? fmt::format("{}: HTTP/2 is not spoken here", attempt.ask.url.place())
                             : sentence_for(attempt.ended, attempt.ask.url.place(), limit);
    attempt.received = http2.first_bytes.substr(0, 256);
    check.notes = http2.lines();
    co_return;
  }
  const bool tunnel = !attempt.ask.token.empty();
  const std::int32_t id = http2.request(request_fields(attempt.ask), tunnel);
  Http2Speaker::StreamFacts& stream = http2.stream(id);
  const Code code = co_await http2.until(
      limit, [&] { return stream.status >= 200 || stream.closed || (http2.goaway && *http2.goaway != 0); });
  attempt.answer_ms = clock.ms();
  check.notes = http2.lines();
  if (stream.status == 0) {
    check.was_reset = stream.closed || http2.goaway.has_value();
    check.stream_error = http2.goaway && *http2.goaway != 0 ? *http2.goaway : stream.error;
    attempt.ended = check.was_reset ? Ended::reset : ended_by(code);
    attempt.fault = check.was_reset ? fmt::format("{}: the stream was reset with error {}", attempt.ask.url.place(),
                                                  check.stream_error)
                                    : sentence_for(attempt.ended, attempt.ask.url.place(), limit);
    co_return;
  }
  (void)co_await http2.until(Millis(100), [&] { return stream.ended || stream.closed || stream.status / 100 == 2; });
  take_stream(stream, attempt);
  if (tunnel && stream.status / 100 == 2 && is_websocket(attempt.ask.token)) {
    attempt.switched = true;
    std::optional<websocket::Deflate> deflate;
    if (const auto field = stream.fields.find("sec-websocket-extensions")) {
      if (const auto answer = websocket::parse_extensions(*field))
        deflate = websocket::check_deflate_answer(*answer, {});
    }
    const bool extended_connect = check.extended_connect;
    Http2Channel channel(http2, id);
    check = co_await check_websocket(channel, deflate, attempt.ask, network.settings().timeout);
    check.settings = true;
    check.extended_connect = extended_connect;
    check.notes = http2.lines();
  } else if (tunnel && stream.status / 100 == 2) {
    attempt.switched = true;
    check.state = Check::State::unchecked;
    check.text = "accepted; the protocol is not known to the probe";
  } else if (!tunnel) {
    check.state = Check::State::sound;
    check.text = fmt::format("SETTINGS, {} on stream {}", stream.status, id);
  }
  http2.goodbye();
  (void)co_await http2.until(Millis(200), [] { return true; });
}

}  // namespace

Task<std::optional<Wire>> switch_to(Network& network, Attempt& attempt) {
  Exchange exchange(network, attempt);
  std::optional<Wire> wire = co_await exchange.open();
  if (!attempt.switched) co_return std::nullopt;
  co_return std::move(wire);
}

Task<Attempt> attempt(Network& network, Ask ask) {
  Attempt done;
  done.ask = std::move(ask);
  if (done.ask.over == Over::http2) {
    co_await run_http2(network, done);
  } else {
    Exchange exchange(network, done);
    co_await exchange.run();
  }
  co_return std::move(done);
}

}  // namespace turnout::probe
