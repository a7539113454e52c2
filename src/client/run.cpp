#include "client/run.h"

#include <fmt/core.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "client/dial.h"
#include "client/get.h"

namespace turnout::client {
namespace {

constexpr std::size_t data_bytes_max = 64 * 1024 * 1024;  // a request's body is held in memory as a whole
constexpr double timeout_seconds_max = 86'400;

std::unexpected<Failure> usage(std::string message) {
  return std::unexpected(Failure{Exit::usage, std::move(message)});
}

std::expected<std::string, Failure> read_file(const std::string& name) {
  const bool is_stdin = name == "-";
  const auto close = [](std::FILE* file) {
    if (file != stdin) std::fclose(file);
  };
  const std::unique_ptr<std::FILE, decltype(close)> file(is_stdin ? stdin : std::fopen(name.c_str(), "rb"), close);
  std::string bytes;
  if (file) {
    char buffer[64 * 1024];
    std::size_t n = 0;
    while ((n = std::fread(buffer, 1, sizeof buffer, file.get())) != 0) {
      bytes.append(buffer, n);
      if (bytes.size() > data_bytes_max) return usage(fmt::format("'{}' is longer than 64 MiB", printable(name)));
    }
  }
  if (!file || std::ferror(file.get()) != 0) {
    return std::unexpected(
        Failure{Exit::output, fmt::format("'{}' cannot be read: {}", printable(name), std::strerror(errno))});
  }
  return bytes;
}

class Standard final : public Output {
 public:
  bool body(Bytes bytes) override {
    return std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size() && std::fflush(stdout) == 0;
  }
  void line(std::string_view text) override {
    // One call, so that a line stays whole where several processes share the terminal.
    fmt::print(stderr, "{}\n", text);
  }
};

Task<void> converse(EpollLoop& loop, const Request& request, Output& output, std::expected<Answer, Failure>& result) {
  const Conversation connecting(request, output);
  std::expected<Wire, Failure> wire = co_await dial(loop, connecting);
  if (wire) {
    result = co_await get(std::move(*wire), request, output);
  } else {
    result = std::unexpected(std::move(wire.error()));
  }
  loop.stop();
}

int report(const Failure& failure) {
  fmt::print(stderr, "turnout: {}\n", failure.message);
  return static_cast<int>(failure.exit);
}

}  // namespace

const char* const exit_codes_help =
    "Exit codes:\n"
    "  0  answered, whatever the status, and in the new protocol where --upgrade asked for one\n"
    "  1  standard output cannot be written, or FILE not be read\n"
    "  2  the URL or an option cannot be understood\n"
    "  3  no address for the name, or no server there\n"
    "  4  TLS failed: certificate, version\n"
    "  5  too slow: see --timeout\n"
    "  6  the server broke a rule, sent a 101 that is not valid, or ended early\n"
    "  7  the server declined the upgrade; its answer in HTTP/1.1 was printed\n";

std::expected<Request, Failure> to_request(const Arguments& arguments) {
  auto url = parse_url(arguments.url);
  if (!url) return usage(std::move(url.error()));
  Request request;
  request.url = std::move(*url);
  std::string upgrade = arguments.upgrade;
  if (upgrade.empty() && request.url.websocket) upgrade = "websocket";
  if (!upgrade.empty()) {
    request.offer = parse_offer(upgrade);
    if (!request.offer) {
      return usage(fmt::format("--upgrade '{}': HTTP/2.0, h2c, TLS (or TLS/1.2, TLS/1.3) and websocket are known",
                               printable(upgrade, 100)));
    }
  }
  if (!(arguments.timeout_seconds >= 0.001 && arguments.timeout_seconds <= timeout_seconds_max)) {
    return usage("--timeout takes seconds: 0.001 to 86400");
  }
  request.timeout = Millis(static_cast<std::int64_t>(arguments.timeout_seconds * 1000));
  request.http2_prior_knowledge = arguments.http2_prior_knowledge;
  request.verbose = arguments.verbose;
  request.tls.insecure = arguments.insecure;
  request.tls.ca_file = arguments.ca_file;
  if (auto sense = check(request); !sense) return usage(std::move(sense.error()));
  if (arguments.has_data && arguments.data.starts_with('@')) {
    auto bytes = read_file(arguments.data.substr(1));
    if (!bytes) return std::unexpected(std::move(bytes.error()));
    request.data = std::move(*bytes);
    request.data_is_binary = true;
  } else if (arguments.has_data) {
    request.data = arguments.data;
  }
  return request;
}

int run(const Arguments& arguments) {
  const std::expected<Request, Failure> request = to_request(arguments);
  if (!request) return report(request.error());
  EpollLoop loop;
  Standard output;
  std::expected<Answer, Failure> result = std::unexpected(Failure{});
  loop.connections.spawn(converse(loop, *request, output, result));
  loop.run();
  return result ? static_cast<int>(Exit::answered) : report(result.error());
}

}  // namespace turnout::client
