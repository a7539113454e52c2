#include "probe/run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>

#include "base/ascii.h"
#include "base/printable.h"
#include "codec/http1/head_writer.h"
#include "probe/cause.h"
#include "probe/report.h"
#include "probe/request_text.h"
#include "probe/verdict.h"
#include "runtime/epoll_loop.h"

namespace turnout::probe {
namespace {

constexpr double timeout_seconds_max = 600;
constexpr std::uint64_t hold_ms_max = 24ull * 3600 * 1000;
constexpr std::uint64_t message_bytes_max = 8ull * 1024 * 1024;
constexpr std::size_t tokens_max = 16;

std::unexpected<std::string> bad(std::string message) {
  return std::unexpected(std::move(message));
}

/// A line on a terminal that says what is being waited for, and goes away again.
class ProgressLine {
 public:
  explicit ProgressLine(bool on) noexcept : on_(on) {}
  ~ProgressLine() { clear(); }
  void show(std::string_view what) {
    if (!on_) return;
    fmt::print(stderr, "\r\x1b[K{} ...", printable(what, 60));
    std::fflush(stderr);
    shown_ = true;
  }
  void clear() {
    if (!std::exchange(shown_, false)) return;
    fmt::print(stderr, "\r\x1b[K");
    std::fflush(stderr);
  }

 private:
  bool on_;
  bool shown_ = false;
};

Task<void> converse(Network& network, const Plan& plan, ProgressLine& line, Facts& facts) {
  facts = co_await probe(network, plan, [&line](std::string_view what) { line.show(what); });
  network.loop().stop();
}

bool wants_colours() {
  const char* no_color = std::getenv("NO_COLOR");  // https://no-color.org
  const char* term = std::getenv("TERM");
  return isatty(STDOUT_FILENO) == 1 && (no_color == nullptr || *no_color == '\0') &&
         (term == nullptr || std::string_view(term) != "dumb");
}

std::expected<std::pair<std::string, std::string>, std::string> parse_header(const std::string& text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos)
    return bad(fmt::format("--header '{}': write it as 'Name: value'", printable(text, 100)));
  std::pair<std::string, std::string> field(text.substr(0, colon), trim(std::string_view(text).substr(colon + 1)));
  if (!is_safe_field({field.first, field.second})) {
    return bad(fmt::format("--header '{}' is no field of HTTP", printable(text, 100)));
  }
  return field;
}

std::optional<std::string> check_token(const std::string& text) {
  // A list, perhaps with versions: "TLS/1.2, HTTP/1.1".
  const auto is_protocol = [](std::string_view one) {
    const std::size_t slash = one.find('/');
    return is_token(one.substr(0, slash)) && (slash == std::string_view::npos || is_token(one.substr(slash + 1)));
  };
  bool good = !text.empty() && text.size() <= 256;
  for_each_member(text, [&](std::string_view one) {
    good = good && is_protocol(one);
    return good;
  });
  if (good) return std::nullopt;
  return fmt::format("--token '{}' is no name of a protocol, such as websocket, h2c or TLS", printable(text, 100));
}

}  // namespace

const char* const exit_codes_help =
    "Exit codes:\n"
    "  0   switched, and the new protocol works\n"
    "  2   the URL or an option cannot be understood\n"
    "  10  declined: an ordinary answer instead of a switch\n"
    "  11  malformed: a 101 that breaks the rules, or no HTTP at all\n"
    "  12  switched, and then the new protocol does not work\n"
    "  13  network: no connection, TLS, or no answer in time\n"
    "  14  --security found something\n";

std::optional<std::uint64_t> parse_duration_ms(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number == 0 || number > hold_ms_max) return std::nullopt;
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  std::uint64_t factor = 0;
  if (unit.empty() || unit == "s") factor = 1000;
  if (unit == "ms") factor = 1;
  if (unit == "m") factor = 60'000;
  if (unit == "h") factor = 3'600'000;
  if (factor == 0 || number > hold_ms_max / factor) return std::nullopt;
  return number * factor;
}

std::expected<Plan, std::string> to_plan(const Arguments& arguments) {
  Plan plan;
  auto url = client::parse_url(arguments.url);
  if (!url) return bad(std::move(url.error()));
  plan.wanted.url = std::move(*url);
  if (!arguments.compare.empty()) {
    auto direct = client::parse_url(arguments.compare);
    if (!direct) return bad("--compare: " + direct.error());
    plan.wanted.compare = std::move(*direct);
  }
  if (arguments.tokens.size() > tokens_max) return bad(fmt::format("--token: {} at most", tokens_max));
  for (const std::string& token : arguments.tokens) {
    if (auto fault = check_token(token)) return bad(std::move(*fault));
  }
  plan.wanted.tokens = arguments.tokens;
  if (plan.wanted.tokens.empty() && plan.wanted.url.websocket) plan.wanted.tokens = {"websocket"};
  if (arguments.http == "2") {
    plan.wanted.over = Over::http2;
    if (plan.wanted.tokens.empty()) plan.wanted.tokens = {"websocket"};
  } else if (!arguments.http.empty()) {
    plan.version = arguments.http;
  }
  plan.wanted.security = arguments.security;
  if (!arguments.hold.empty()) {
    const auto hold = parse_duration_ms(arguments.hold);
    if (!hold)
      return bad(fmt::format("--hold '{}': write it as 90s, 5m or 1h; a day at most", printable(arguments.hold, 40)));
    plan.wanted.hold_ms = *hold;
  }
  if (arguments.origin.empty()) {
    plan.origin = own_origin(plan.wanted.url);
  } else if (arguments.origin != "none") {
    if (!is_safe_value(arguments.origin)) return bad("--origin is no value of a field");
    plan.origin = arguments.origin;
  }
  for (const std::string& one : arguments.subprotocols) {
    if (!is_token(one)) return bad(fmt::format("--subprotocol '{}' is no token", printable(one, 100)));
  }
  plan.subprotocols = arguments.subprotocols;
  for (const std::string& one : arguments.headers) {
    auto field = parse_header(one);
    if (!field) return bad(std::move(field.error()));
    plan.fields.push_back(std::move(*field));
  }
  if (!is_token(arguments.method)) return bad("--method is no method");
  plan.method = arguments.method;
  if (arguments.has_data) {
    plan.body = arguments.data;
    if (plan.method == "GET") plan.method = "POST";
  }
  if (arguments.has_send) plan.send = arguments.send;
  plan.half_close = arguments.half_close;
  plan.early_bytes = arguments.early_bytes;
  if (arguments.message_bytes > message_bytes_max) return bad("--message-bytes: 8388608 at most");
  plan.message_bytes = arguments.message_bytes;
  if (!(arguments.timeout_seconds >= 0.01 && arguments.timeout_seconds <= timeout_seconds_max)) {
    return bad("--timeout takes seconds: 0.01 to 600");
  }
  return plan;
}

Settings to_settings(const Arguments& arguments) {
  Settings settings;
  settings.timeout = Millis(static_cast<std::int64_t>(arguments.timeout_seconds * 1000));
  settings.tls.insecure = arguments.insecure;
  settings.tls.ca_file = arguments.ca_file;
  return settings;
}

int run(const Arguments& arguments) {
  const auto plan = to_plan(arguments);
  if (!plan) {
    fmt::print(stderr, "turnout: {}\n", plan.error());
    return static_cast<int>(Exit::usage);
  }
  const Settings settings = to_settings(arguments);
  if (plan->wanted.security) {
    fmt::print(stderr, "{}",
               "turnout: --security also sends: an offer of a made-up protocol, of h2c, of a WebSocket from "
               "another origin and\nof one in a version that nobody speaks, a CONNECT, and a second GET "
               "behind an offer; none of them changes anything\n");
  }
  Facts facts;
  {
    EpollLoop loop;
    Network network(loop, settings);
    ProgressLine line(isatty(STDERR_FILENO) == 1);
    loop.connections.spawn(converse(network, *plan, line, facts));
    loop.run();
  }
  const std::vector<Finding> findings = diagnose(facts);
  const Exit exit = verdict(facts, findings);
  if (exit == Exit::network && findings.empty() && !arguments.json && !arguments.verbose) {
    fmt::print(stderr, "turnout: {}\n", printable(sentence(facts, findings, exit), 600));
    return static_cast<int>(exit);
  }
  const std::string report = arguments.json
                                 ? to_json(facts, findings) + "\n"
                                 : to_text(facts, findings, {.colours = wants_colours(), .verbose = arguments.verbose});
  const bool written =
      std::fwrite(report.data(), 1, report.size(), stdout) == report.size() && std::fflush(stdout) == 0;
  if (!written) {
    fmt::print(stderr, "turnout: standard output cannot be written\n");
    return static_cast<int>(Exit::output);
  }
  return static_cast<int>(exit);
}

}  // namespace turnout::probe
