#include "admin/admin_server.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

#include "base/ascii.h"
#include "base/run_directory.h"
#include "protocols/http1/http1.h"
#include "switching/drive.h"
#include "switching/registry.h"
#include "transport/socket_address.h"

namespace turnout {
namespace {

constexpr Millis stop_limit{500};
constexpr std::size_t token_bytes_min = 32;
constexpr std::size_t token_bytes_max = 1024;

/// Whoever serves connections goes first: a worker that wakes up takes the CPU from this thread at once, whatever is
/// being written. (At a lower priority it would wait for the end of a slice, which a tick decides: milliseconds.)
void give_way() noexcept {
  const sched_param nothing{};
  (void)sched_setscheduler(0, SCHED_IDLE, &nothing);  // 0: of this thread alone
}

std::expected<std::string, std::string> read_token(const std::string& file) {
  if (file.empty()) return std::string();
  std::ifstream in(file);
  std::string token(token_bytes_max + 1, '\0');
  in.read(token.data(), static_cast<std::streamsize>(token.size()));
  token.resize(static_cast<std::size_t>(in.gcount()));
  if (!in.eof()) return std::unexpected(file + ": admin.token_file cannot be read, or has more than 1024 bytes");
  token = trim(token.substr(0, token.find('\n')));
  if (token.size() < token_bytes_min) {
    return std::unexpected(file + ": a token has at least 32 characters, as of: openssl rand -base64 32");
  }
  return token;
}

}  // namespace

AdminServer::StopLimit::StopLimit(AdminServer& owner) noexcept
    : Timer([](Timer& timer) noexcept { static_cast<StopLimit&>(timer).server.sessions_.abort(); }), server(owner) {}

AdminServer::AdminServer(const AdminHost& host, AdminConfig config)
    : host_(host), config_(std::move(config)), stop_limit_(*this) {
  offers_nothing_.registry = std::make_shared<Registry>();
}

AdminServer::~AdminServer() {
  stop();
}

AdminContext AdminServer::context(std::uint16_t port, AdminCredentials* credentials) {
  return {.host = host_,
          .loop = loop_,
          .cancellation = cancellation_,
          .write = config_.write,
          .port = port,
          .credentials = credentials};
}

std::expected<void, std::string> AdminServer::open() {
  if (auto opened = open_unix_socket(); !opened) return opened;
  return config_.address ? open_address() : std::expected<void, std::string>();
}

std::expected<void, std::string> AdminServer::open_unix_socket() {
  std::string path = config_.socket;
  if (path.empty()) {
    const std::string folder = run_directory();
    if (auto prepared = prepare_socket_folder(folder); !prepared) {
      return std::unexpected("the admin socket needs its folder: " + prepared.error());
    }
    path = folder + "/" + std::to_string(getpid()) + ".sock";
  }
  auto socket = UnixListeningSocket::open(std::move(path));
  if (!socket) return std::unexpected("the admin socket cannot be opened: " + socket.error());
  unix_socket_.emplace(std::move(*socket));
  listening_.push_back(std::make_unique<Listening>(
      Listening{unix_socket_->take(), std::make_unique<AdminSite>(context(0, nullptr)), nullptr, 0}));
  return {};
}

std::expected<void, std::string> AdminServer::open_address() {
  auto token = read_token(config_.token_file);
  if (!token) return std::unexpected(token.error());
  auto sockets = open_listening_sockets(*config_.address, 1);
  if (!sockets) {
    return std::unexpected("the admin address " + text(*config_.address) +
                           " cannot be listened on: " + std::strerror(sockets.error()));
  }
  const Address at = local_address(sockets->front().get());
  credentials_.emplace(at.port, std::move(*token));
  login_url_ = "http://" + text(at) + credentials_->login_target();
  listening_.push_back(std::make_unique<Listening>(Listening{
      std::move(sockets->front()), std::make_unique<AdminSite>(context(at.port, &*credentials_)), nullptr, 0}));
  return {};
}

std::string AdminServer::login_url() const {
  return login_url_;
}

void AdminServer::start() {
  thread_ = std::thread([this] { run(); });
}

void AdminServer::stop() {
  if (!thread_.joinable()) return;
  loop_.post_from_elsewhere([this] { begin_stop(); });
  thread_.join();
}

void AdminServer::run() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  give_way();

  for (const auto& at : listening_) listen(*at);
  loop_.at_turn_end = [this] { at_turn_end(); };
  loop_.run();
  listening_.clear();
}

void AdminServer::listen(Listening& at) {
  auto on_accept = [this, &at](std::unique_ptr<TcpStream> stream, const Address& remote, const Address& local) {
    // Each has its own: whoever fills up the one on TCP does not shut out those who may use the socket.
    if (at.connections >= connections_max) return;
    loop_.connections.spawn(serve(std::move(stream), at, Peers{remote, local}));
  };
  at.listener = std::make_unique<TcpListener>(loop_, std::move(at.socket), std::move(on_accept));
}

Task<void> AdminServer::serve(std::unique_ptr<TcpStream> stream, Listening& at, Peers peers) {
  ++at.connections;
  Session session(loop_, *at.site, offers_nothing_, sessions_, peers);
  Wire wire(std::move(stream));
  (void)co_await drive(std::make_unique<Http1>(), std::move(wire), session);
  --at.connections;
}

void AdminServer::begin_stop() noexcept {
  stopping_ = true;
  for (const auto& at : listening_) at->listener->close();
  cancellation_.cancel();
  sessions_.drain();
  loop_.set_timer(stop_limit_, stop_limit);
}

void AdminServer::at_turn_end() noexcept {
  if (stopping_ && loop_.connections.running() == 0) loop_.stop();
}

}  // namespace turnout
