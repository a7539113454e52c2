#include <turnout/server.h>

#include <fmt/format.h>
#include <nghttp2/nghttp2.h>
#include <openssl/crypto.h>
#include <sys/eventfd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

#include "admin/admin_server.h"
#include "base/descriptor.h"
#include "base/version.h"
#include "codec/http/host.h"
#include "config/describe.h"
#include "observe/metrics_text.h"
#include "server/configured_site.h"
#include "server/connection_limits.h"
#include "server/log.h"
#include "server/server_listener.h"
#include "server/server_worker.h"
#include "server/tls_contexts.h"

namespace turnout {
namespace {

std::string in_lines(const std::vector<Diagnostic>& problems) {
  std::string lines;
  for (const Diagnostic& problem : problems) lines.append(lines.empty() ? "" : "\n").append(text(problem));
  return lines;
}

/// Empty unless the certificate was made at start: the operator knows those that come from files.
std::string new_fingerprint(const ListenerConfig& listener, const TlsContext* context) {
  if (context == nullptr || listener.tls.front().self_signed_for.empty()) return {};
  return context->certificates().front().fingerprint();
}

}  // namespace

struct Server::Parts final : AdminHost {
  Config config;
  std::vector<ConfiguredSite::AddedRoute> added_routes;
  ServerListener::Upgraders added_upgraders;

  std::unique_ptr<const ConfiguredSite> site;
  std::optional<ConnectionLimits> connection_limits;
  std::shared_ptr<LogFile> access_log;
  std::shared_ptr<LogFile> transcript_file;
  mutable std::mutex tls_mutex;  // facts() looks from another thread
  TlsContexts tls;
  std::vector<std::unique_ptr<ServerListener>> listeners;
  std::vector<Listening> listening;
  // Before the workers, whose last jobs may still want to answer it.
  std::unique_ptr<AdminServer> admin;
  std::string described;
  std::vector<std::unique_ptr<ServerWorker>> server_workers;
  std::vector<AdminWorker*> admin_workers;
  std::atomic<bool> draining = false;
  std::atomic<std::size_t> running = 0;
  Descriptor ended{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};

  std::span<AdminWorker* const> workers() const noexcept override { return admin_workers; }
  bool is_draining() const noexcept override { return draining.load(std::memory_order_relaxed); }
  const std::string& config_json() const noexcept override { return described; }
  void add_certificates(ServerFacts& facts) const {
    const std::lock_guard lock(tls_mutex);
    for (std::size_t i = 0; i < tls.size(); ++i) {
      if (!tls[i]) continue;
      for (const TlsCertificate& certificate : tls[i]->certificates()) {
        const std::string name = certificate.names().empty() ? std::string() : certificate.names().front();
        facts.certificates.push_back(
            {.listener = facts.listeners[i], .name = name, .expires_at = certificate.expires_at()});
      }
    }
  }

  ServerFacts facts() const override {
    ServerFacts facts;
    const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
    const std::int64_t now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(since_1970).count();
    for (const Listening& one : listening) facts.listeners.push_back(text(one.address));
    site->visit_upstreams([&](const Upstream& upstream) {
      for (const Upstream::Server& server : upstream.servers()) {
        facts.upstreams.push_back({.upstream = upstream.name(),
                                   .server = server.state->name(),
                                   .up = server.state->is_up() && !server.state->is_marked(now_ms),
                                   .open = server.state->open()});
      }
    });
    add_certificates(facts);
    facts.build = {.version = std::string(version()),
                   .nghttp2 = nghttp2_version(0)->version_str,
                   .openssl = OpenSSL_version(OPENSSL_VERSION_STRING)};
    facts.workers = server_workers.size();
    return facts;
  }
  void tell_operator(const std::string& line) const override { operational_log().info(line); }

  std::expected<void, std::string> open_admin() {
    if (!config.admin) return {};
    described = describe(config);
    admin = std::make_unique<AdminServer>(*this, *config.admin);
    auto opened = admin->open();
    if (opened) return opened;
    admin.reset();
    const bool was_asked_for = !config.admin->socket.empty() || config.admin->address;
    if (was_asked_for) return opened;
    operational_log().warn("{}; the server runs without (admin.socket names another place)", opened.error());
    return {};
  }

  std::size_t workers_count() const {
    if (config.workers != 0) return config.workers;
    return std::max(1u, std::thread::hardware_concurrency());
  }

  void one_has_ended() noexcept {
    if (--running != 0) return;
    const std::uint64_t one = 1;
    (void)!::write(ended.get(), &one, sizeof one);
  }

  static std::expected<std::shared_ptr<LogFile>, std::string> open_log(std::string_view what, const std::string& name,
                                                                       LogFormat format) {
    auto file = LogFile::open(name, format, std::string(version()));
    if (file) return std::move(*file);
    return std::unexpected(fmt::format("{}: {} cannot be opened: {}", name, what, file.error().message()));
  }

  std::expected<void, std::string> open_logs() {
    if (config.access_log) {
      auto opened = open_log("the access log", config.access_log->file, config.access_log->format);
      if (!opened) return std::unexpected(opened.error());
      access_log = std::move(*opened);
    }
    if (!config.transcripts.file.empty()) {
      auto opened = open_log("the file of transcripts", config.transcripts.file, LogFormat::json);
      if (!opened) return std::unexpected(opened.error());
      transcript_file = std::move(*opened);
    }
    return {};
  }

  std::expected<void, std::string> open_listeners() {
    if (config.listeners.empty()) return std::unexpected("there is no address to listen on");
    auto contexts = make_tls_contexts(config, {});
    if (!contexts) return std::unexpected(in_lines(contexts.error()));
    tls = std::move(*contexts);
    for (std::size_t i = 0; i < config.listeners.size(); ++i) {
      auto listener = std::make_unique<ServerListener>(i, config.listeners[i], config.websocket, added_upgraders);
      listener->speak(tls[i]);
      if (auto opened = listener->open(workers_count()); !opened) return opened;
      listening.push_back(
          {listener->address(), listener->is_https(), new_fingerprint(config.listeners[i], tls[i].get())});
      listeners.push_back(std::move(listener));
    }
    return {};
  }

  std::expected<void, std::string> start_workers() {
    const std::size_t count = workers_count();
    for (std::size_t index = 0; index < count; ++index) {
      ServerWorker::Options options;
      options.index = index;
      options.count = count;
      options.site = site.get();
      options.connection_limits = &*connection_limits;
      for (const auto& listener : listeners) options.listeners.push_back(listener.get());
      options.access_log = access_log;
      options.transcript_policy = &config.transcripts;
      options.transcript_file = transcript_file;
      options.is_watched = admin != nullptr;
      options.on_end = [this] { one_has_ended(); };
      server_workers.push_back(std::make_unique<ServerWorker>(std::move(options)));
      admin_workers.push_back(server_workers.back().get());
    }
    for (const auto& worker : server_workers) {
      ++running;
      try {
        worker->start();
      } catch (const std::system_error& error) {
        --running;
        return std::unexpected(fmt::format("cannot start {} workers: {}; use fewer", count, error.what()));
      }
    }
    return {};
  }
};

Server::Server(Config config) : parts_(std::make_unique<Parts>()) {
  parts_->config = std::move(config);
}

Server::~Server() {
  abort();
  wait();
}

std::expected<void, std::string> Server::add_route(std::string_view path, std::unique_ptr<const Handler> handler,
                                                   RouteOptions options) {
  auto pattern = PathPattern::parse(path);
  if (!pattern) return std::unexpected(pattern.error());
  for (std::string& host : options.hosts) {
    auto host_pattern = parse_host_pattern(host);
    if (!host_pattern) return std::unexpected(host_pattern.error());
    host = std::move(*host_pattern);
  }
  parts_->added_routes.push_back({{std::move(options.hosts), std::move(*pattern), std::move(options.methods)},
                                  Route{.name = std::string(path),
                                        .handler = nullptr,
                                        .switch_tokens = std::move(options.switch_tokens),
                                        .origins = std::move(options.origins),
                                        .require_tls = options.require_tls},
                                  std::move(handler)});
  return {};
}

void Server::add_upgrader(std::shared_ptr<const Upgrader> upgrader) {
  parts_->added_upgraders.push_back(std::move(upgrader));
}

std::expected<void, std::string> Server::start() {
  auto site = ConfiguredSite::make(parts_->config, std::move(parts_->added_routes));
  if (!site) return std::unexpected(text(site.error()));
  parts_->site = std::move(*site);
  parts_->connection_limits.emplace(parts_->config.limits, parts_->config.trusted_proxies);
  if (auto opened = parts_->open_logs(); !opened) return opened;
  if (auto opened = parts_->open_listeners(); !opened) return opened;
  if (auto opened = parts_->open_admin(); !opened) return opened;
  if (auto started = parts_->start_workers(); !started) return started;
  if (parts_->admin) parts_->admin->start();
  return {};
}

const std::vector<Server::Listening>& Server::listeners() const noexcept {
  return parts_->listening;
}

std::string Server::admin_socket() const {
  return parts_->admin ? parts_->admin->socket_path() : std::string();
}

std::string Server::admin_url() const {
  return parts_->admin ? parts_->admin->login_url() : std::string();
}

void Server::drain() noexcept {
  parts_->draining = true;
  for (const auto& worker : parts_->server_workers) worker->drain();
}

void Server::abort() noexcept {
  parts_->draining = true;
  for (const auto& worker : parts_->server_workers) worker->abort();
}

void Server::wait() {
  for (const auto& worker : parts_->server_workers) worker->join();
  if (parts_->admin) parts_->admin->stop();
}

int Server::ended_descriptor() const noexcept {
  return parts_->ended.get();
}

std::expected<void, std::string> Server::reload_certificates() {
  auto contexts = make_tls_contexts(parts_->config, parts_->tls);
  if (!contexts) return std::unexpected(in_lines(contexts.error()));
  {
    const std::lock_guard lock(parts_->tls_mutex);
    parts_->tls = std::move(*contexts);
  }
  for (std::size_t i = 0; i < parts_->listeners.size(); ++i) parts_->listeners[i]->speak(parts_->tls[i]);
  for (const auto& worker : parts_->server_workers) worker->refresh();
  return {};
}

std::error_code Server::reopen_logs() {
  std::error_code first;  // the other file is opened again all the same
  for (const auto& file : {parts_->transcript_file, parts_->access_log}) {
    if (!file) continue;
    if (const std::error_code error = file->reopen(); error) first = error;
  }
  return first;
}

}  // namespace turnout
