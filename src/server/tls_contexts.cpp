#include "server/tls_contexts.h"

#include <fmt/format.h>

#include "codec/tls/self_signed.h"
#include "server/log.h"

namespace turnout {
namespace {

std::expected<TlsCertificate, std::string> get_certificate(const CertificateConfig& config) {
  if (config.self_signed_for.empty()) return TlsCertificate::load(config.certificate, config.key);
  return make_self_signed({.common_name = config.self_signed_for.front(), .names = config.self_signed_for});
}

std::expected<std::shared_ptr<const TlsContext>, Diagnostic> make_context(const Config& config,
                                                                          const ListenerConfig& listener,
                                                                          const TlsContext* before) {
  TlsOptions options{.listener = text(listener.address)};
  for (std::size_t i = 0; i < listener.tls.size(); ++i) {
    const CertificateConfig& wanted = listener.tls[i];
    if (before != nullptr && !wanted.self_signed_for.empty()) {
      options.certificates.push_back(before->certificates()[i]);
      continue;
    }
    auto certificate = get_certificate(wanted);
    if (!certificate) return std::unexpected(Diagnostic{config.file, wanted.position, certificate.error()});
    for (const std::string& warning : certificate->warnings()) operational_log().warn("{}", warning);
    options.certificates.push_back(std::move(*certificate));
  }
  // After an upgrade it is HTTP/1.1 that goes on; who names protocols there is not a client of RFC 2817 (T2).
  if (listener.is_https()) options.alpn = {"h2", "http/1.1"};
  if (before != nullptr) options.ticket_keys = before->ticket_keys();
  auto context = TlsContext::make(std::move(options));
  if (!context) return std::unexpected(Diagnostic{config.file, listener.position, context.error()});
  return std::move(*context);
}

/// What stands against `upgrade` beside `https`; empty where nothing does.
std::string common_ground(const TlsContext& upgrade, const TlsContext& https) {
  for (const TlsCertificate& ours : upgrade.certificates()) {
    for (const TlsCertificate& theirs : https.certificates()) {
      if (same_key(ours, theirs)) return "the key of its certificate";
      if (auto name = shared_name(ours, theirs); name) return fmt::format("the name {}", *name);
    }
  }
  return {};
}

void check_opossum(const Config& config, const TlsContexts& contexts, std::vector<Diagnostic>& problems) {
  for (std::size_t i = 0; i < contexts.size(); ++i) {
    const ListenerConfig& listener = config.listeners[i];
    if (!contexts[i] || listener.is_https() || listener.accept_opossum_risk) continue;
    for (std::size_t j = 0; j < contexts.size(); ++j) {
      if (!contexts[j] || !config.listeners[j].is_https()) continue;
      const std::string shared = common_ground(*contexts[i], *contexts[j]);
      if (shared.empty()) continue;
      problems.push_back(
          {config.file, listener.position,
           fmt::format("the TLS upgrade on {} shares {} with the https listener {}: an attacker between "
                       "them can make https clients read answers to requests that they did not send; use "
                       "a certificate with another key for another name, or set accept_opossum_risk = true",
                       text(listener.address), shared, text(config.listeners[j].address))});
      break;
    }
  }
}

}  // namespace

std::expected<TlsContexts, std::vector<Diagnostic>> make_tls_contexts(const Config& config, const TlsContexts& before) {
  TlsContexts contexts;
  std::vector<Diagnostic> problems;
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    contexts.emplace_back();
    if (config.listeners[i].tls.empty()) continue;
    auto made = make_context(config, config.listeners[i], i < before.size() ? before[i].get() : nullptr);
    if (made) {
      contexts.back() = std::move(*made);
    } else {
      problems.push_back(made.error());
    }
  }
  check_opossum(config, contexts, problems);
  if (!problems.empty()) return std::unexpected(std::move(problems));
  return contexts;
}

}  // namespace turnout
