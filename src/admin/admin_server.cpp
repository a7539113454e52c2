#include "admin/admin_server.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
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

constexpr int niceness = 10;
constexpr std::uint64_t slice_ns = 100'000;
constexpr Millis stop_limit{500};
constexpr std::size_t token_bytes_min = 32;
constexpr std::size_t token_bytes_max = 1024;

/// Whoever serves connections goes first, and is not kept waiting while a long list is written: this thread gets less
/// of the CPU, in slices of a tenth of a millisecond (Linux 6.12 and later; sched(7)).
void give_way() noexcept {
  struct {
    std::uint32_t size, policy;
    std::uint64_t flags;
    std::int32_t nice;
    std::uint32_t priority;
    std::uint64_t runtime, deadline, period;
  } attributes{.size = sizeof attributes,
               .policy = SCHED_OTHER,
               .flags = 0,
               .nice = niceness,
               .priority = 0,
               .runtime = slice_ns,
               .deadline = 0,
               .period = 0};
  static_assert(sizeof attributes == 48, "struct sched_attr, first version");
  (void)syscall(SYS_sched_setattr, 0, &attributes, 0);
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
      Listening{unix_socket_->take(), std::make_unique<AdminSite>(context(0, nullptr)), nullptr}));
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
  listening_.push_back(std::make_unique<Listening>(
      Listening{std::move(sockets->front()), std::make_unique<AdminSite>(context(at.port, &*credentials_)), nullptr}));
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
  auto on_accept = [this, site = at.site.get()](std::unique_ptr<TcpStream> stream, const Address& remote,
                                                const Address& local) {
    if (loop_.connections.running() >= connections_max * listening_.size()) return;
    loop_.connections.spawn(serve(std::move(stream), site, Peers{remote, local}));
  };
  at.listener = std::make_unique<TcpListener>(loop_, std::move(at.socket), std::move(on_accept));
}

Task<void> AdminServer::serve(std::unique_ptr<TcpStream> stream, const Site* site, Peers peers) {
  Session session(loop_, *site, offers_nothing_, sessions_, peers);
  Wire wire(std::move(stream));
  (void)co_await drive(std::make_unique<Http1>(), std::move(wire), session);
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
