#include "server/run.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "base/descriptor.h"
#include "server/log.h"

namespace turnout {
namespace {

// What a second signal leaves to connections and logs before the process is gone.
constexpr int last_words_ms = 300;

sigset_t signals_of_ours() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGUSR1, SIGHUP}) sigaddset(&signals, signal);
  return signals;
}

bool is_readable(int descriptor, int timeout_ms) {
  pollfd wait{.fd = descriptor, .events = POLLIN, .revents = 0};
  return poll(&wait, 1, timeout_ms) > 0;
}

/// Handles signals until the server has ended.
class SignalLoop {
 public:
  SignalLoop(Server& server, Descriptor signals) : server_(server), signals_(std::move(signals)) {}

  void run() {
    while (true) {
      pollfd wait[2] = {{.fd = signals_.get(), .events = POLLIN, .revents = 0},
                        {.fd = server_.ended_descriptor(), .events = POLLIN, .revents = 0}};
      if (poll(wait, 2, -1) < 0) continue;  // EINTR, by a debugger
      if (wait[1].revents != 0) return;
      signalfd_siginfo info{};
      if (read(signals_.get(), &info, sizeof info) == sizeof info) handle(static_cast<int>(info.ssi_signo));
    }
  }

 private:
  void handle(int signal) {
    switch (signal) {
      case SIGUSR1: reopen_logs(); break;
      case SIGHUP: reload(); break;
      default: stop(signal); break;
    }
  }

  void stop(int signal) {
    if (std::exchange(stopping_, true)) {
      server_.abort();
      (void)is_readable(server_.ended_descriptor(), last_words_ms);
      std::_Exit(128 + signal);
    }
    operational_log().info("stopping: finishing what runs; another signal ends it at once");
    server_.drain();
  }

  void reopen_logs() {
    if (const std::error_code error = server_.reopen_logs(); error) {
      operational_log().error("a log cannot be opened again, the old file stays in use: {}", error.message());
    }
  }

  void reload() {
    if (const auto reloaded = server_.reload_certificates(); reloaded) {
      operational_log().info("certificates were read again");
    } else {
      operational_log().error("certificates stay as they were: {}", reloaded.error());
    }
  }

  Server& server_;
  Descriptor signals_;
  bool stopping_ = false;
};

}  // namespace

std::string ready_line(const std::vector<Server::Listening>& listeners) {
  std::string http;
  std::string https;
  for (const Server::Listening& listener : listeners) {
    std::string& list = listener.is_https ? https : http;
    list.append(list.empty() ? "" : ",").append(text(listener.address));
  }
  std::string line = "ready";
  if (!http.empty()) line += " http=" + http;
  if (!https.empty()) line += " https=" + https;
  return line;
}

int run(Server& server, const std::function<void(const std::vector<Server::Listening>&)>& before_ready) {
  // Blocked before there is another thread, so that they come here and nowhere else.
  const sigset_t ours = signals_of_ours();
  sigprocmask(SIG_BLOCK, &ours, nullptr);
  signal(SIGPIPE, SIG_IGN);
  Descriptor signals(signalfd(-1, &ours, SFD_CLOEXEC));

  if (const auto started = server.start(); !started) {
    fmt::print(stderr, "turnout: {}\n", started.error());
    return 1;
  }
  for (const Server::Listening& listener : server.listeners()) {
    if (!listener.fingerprint.empty()) {
      fmt::print(stderr, "{}: self-signed certificate for {}, SHA-256 {}\n", text(listener.address),
                 listener.is_https ? "https" : "TLS by Upgrade", listener.fingerprint);
    }
  }
  if (const std::string socket = server.admin_socket(); !socket.empty()) {
    fmt::print(stderr, "admin socket: {}\n", socket);
  }
  if (const std::string url = server.admin_url(); !url.empty())
    fmt::print(stderr, "admin, to be opened once: {}\n", url);
  if (before_ready) before_ready(server.listeners());
  fmt::print(stderr, "{}\n", ready_line(server.listeners()));
  SignalLoop(server, std::move(signals)).run();
  server.wait();
  return 0;
}

}  // namespace turnout
