// What the certificates of a configuration become: one TlsContext for each listener that speaks TLS, from the first
// byte or after a switch.
//
//   auto contexts = make_tls_contexts(config, {});
//   if (!contexts) for (const Diagnostic& problem : contexts.error()) ...
#pragma once

#include <expected>
#include <memory>
#include <vector>

#include "codec/tls/context.h"
#include "config/config.h"
#include "config/diagnostic.h"

namespace turnout {

/// In the order of the listeners; nullptr for one without certificates.
using TlsContexts = std::vector<std::shared_ptr<const TlsContext>>;

/// `before`: those that are in use when certificates are loaded again, or none. Their tickets stay good, and
/// certificates that were made in memory stay as they are.
///
/// It is an error where a certificate for an upgrade shares its key or a name with one of an https listener, unless the
/// listener accepts that risk (attack class T2).
std::expected<TlsContexts, std::vector<Diagnostic>> make_tls_contexts(const Config& config, const TlsContexts& before);

}  // namespace turnout
