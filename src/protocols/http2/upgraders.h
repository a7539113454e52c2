// The two tokens of HTTP/1.1's Upgrade that lead to HTTP/2.
//
//   registry->add(std::make_unique<H2cUpgrader>());
//   registry->add(std::make_unique<HttpUpgrader>(lenient_upgrade));
//
// Both are between neighbours (law L11), for cleartext only, and once on a connection; the request that asked is
// answered on stream 1.
#pragma once

#include "switching/upgrade.h"

namespace turnout {

/// "h2c" (RFC 7540 section 3.2): with exactly one valid HTTP2-Settings that Connection names.
class H2cUpgrader final : public Upgrader {
 public:
  const char* token() const noexcept override { return "h2c"; }
  bool is_hop_by_hop() const noexcept override { return true; }
  Task<Verdict> consider(const UpgradeOffer& offer, const UpgradeToken& token, Session& session) const override;
};

/// "HTTP/2.0": the token of RFC 9110 section 16.7 with its version. It needs no HTTP2-Settings; without one the
/// defaults of HTTP/2 hold until the client's SETTINGS.
class HttpUpgrader final : public Upgrader {
 public:
  /// `lenient`: an offer without Connection: upgrade is taken up too.
  explicit HttpUpgrader(bool lenient) noexcept : lenient_(lenient) {}

  const char* token() const noexcept override { return "HTTP"; }
  bool takes_unnominated() const noexcept override { return lenient_; }
  bool is_hop_by_hop() const noexcept override { return true; }
  Task<Verdict> consider(const UpgradeOffer& offer, const UpgradeToken& token, Session& session) const override;

 private:
  bool lenient_;
};

}  // namespace turnout
