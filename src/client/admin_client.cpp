#include "client/admin_client.h"

#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <expected>
#include <memory>
#include <vector>

#include "base/printable.h"
#include "base/run_directory.h"
#include "client/admin_socket.h"
#include "client/get.h"
#include "runtime/epoll_loop.h"
#include "transport/unix_connect.h"

namespace turnout::client {
namespace {

constexpr Millis connect_limit{5'000};
constexpr Millis answer_limit{30'000};

/// Held back until its status is known to be what was wanted.
class HeldAnswer final : public Output {
 public:
  bool body(Bytes bytes) override {
    if (bytes.size() > bytes_max - text_.size()) return false;
    text_.append(as_text(bytes));
    return true;
  }
  void line(std::string_view) override {}
  const std::string& text() const noexcept { return text_; }

 private:
  static constexpr std::size_t bytes_max = std::size_t{1024} * 1024 * 1024;
  std::string text_;
};

Failure no_server(const std::string& path) {
  return {Exit::connect, fmt::format("{}: no server answers there, or it belongs to another user", printable(path))};
}

Task<std::expected<Wire, Failure>> connect_to(EpollLoop& loop, std::string path) {
  auto stream = co_await unix_connect(loop, path, connect_limit);
  if (stream && (*stream)->is_of_this_user()) co_return Wire(std::move(*stream));
  co_return std::unexpected(no_server(path));
}

/// To the one server that there is.
Task<std::expected<Wire, Failure>> connect_to_found(EpollLoop& loop, std::string& path) {
  const std::string folder = run_directory();
  const auto candidates = admin_sockets(folder);
  if (!candidates) co_return std::unexpected(Failure{Exit::connect, candidates.error()});
  std::expected<Wire, Failure> connected = std::unexpected(Failure{});
  std::vector<std::string> answering;
  for (const std::string& candidate : *candidates) {
    auto wire = co_await connect_to(loop, candidate);  // what a server that was killed has left behind does not answer
    if (!wire) continue;
    answering.push_back(candidate);
    connected = std::move(wire);
  }
  if (answering.size() != 1) {
    co_return std::unexpected(Failure{Exit::connect, which_admin_socket(answering, folder)});
  }
  path = answering.front();
  co_return connected;
}

Task<void> ask(EpollLoop& loop, const AdminQuestion& question, Output& output, std::expected<Answer, Failure>& result) {
  Request request;
  request.timeout = answer_limit;
  request.url.host = request.url.authority = "localhost";
  request.url.target = question.target;
  request.accept = question.json ? "application/json" : "text/plain";
  if (question.changes) request.data.emplace();
  const char* named = std::getenv("TURNOUT_ADMIN_SOCKET");
  request.url.socket = question.socket.empty() && named != nullptr ? std::string(named) : question.socket;
  std::expected<Wire, Failure> wire = std::unexpected(Failure{});
  if (request.url.socket.empty()) {
    wire = co_await connect_to_found(loop, request.url.socket);
  } else {
    wire = co_await connect_to(loop, request.url.socket);
  }
  if (wire) {
    result = co_await get(std::move(*wire), request, output);
  } else {
    result = std::unexpected(std::move(wire.error()));
  }
  loop.stop();
}

/// What a server says when it does not do what it was asked: a few lines for a person.
void print_refusal(int status, std::string_view text) {
  fmt::print(stderr, "turnout: the server answered {}\n", status);
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    if (!line.empty()) fmt::print(stderr, "  {}\n", printable(line));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
}

/// Whoever answers: its lines move no cursor (attack class O4). JSON is text of that kind already.
std::string for_terminal(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  unsigned char before = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_c1 = before == 0xc2 && byte >= 0x80 && byte < 0xa0;  // U+0080 to U+009F steer a terminal too
    shown.push_back((byte < 0x20 && c != '\n') || byte == 0x7f || is_c1 ? '?' : c);
    before = byte;
  }
  return shown;
}

bool is_unreserved(char c) noexcept {  // RFC 3986 section 2.3
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

}  // namespace

const char* const admin_exit_codes_help =
    "The server is found by --socket, else TURNOUT_ADMIN_SOCKET, else it is the only one of this user that answers in\n"
    "the run directory: $RUNTIME_DIRECTORY, /run/turnout (root), $XDG_RUNTIME_DIR/turnout or /tmp/turnout-UID.\n"
    "Exit codes: 0 answered, 1 the server refused or standard output failed, 2 usage, 3 no server or more than one,\n"
    "5 too slow, 6 no valid answer\n";

AdminTarget& AdminTarget::add(std::string_view name, std::string_view value) {
  if (value.empty()) return *this;
  text_.push_back(std::exchange(has_query_, true) ? '&' : '?');
  text_.append(name).append("=");
  for (const char c : value) {
    if (is_unreserved(c)) {
      text_.push_back(c);
    } else {
      text_ += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return *this;
}

int ask_admin(const AdminQuestion& question) {
  EpollLoop loop;
  HeldAnswer held;
  std::expected<Answer, Failure> result = std::unexpected(Failure{});
  loop.connections.spawn(ask(loop, question, held, result));
  loop.run();
  if (!result) {
    fmt::print(stderr, "turnout: {}\n", result.error().message);
    return static_cast<int>(result.error().exit);
  }
  if (result->status < 200 || result->status > 299) {
    print_refusal(result->status, held.text());
    return 1;
  }
  const std::string shown = for_terminal(held.text());
  const bool is_written =
      std::fwrite(shown.data(), 1, shown.size(), stdout) == shown.size() && std::fflush(stdout) == 0;
  return is_written ? 0 : 1;
}

}  // namespace turnout::client
