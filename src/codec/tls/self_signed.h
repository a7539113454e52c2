// A certificate made on the spot, in memory, for a server that was given none.
//
//   auto made = make_self_signed({});
//   print("https://localhost:8443, fingerprint {}", made->fingerprint());
#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <vector>

#include "codec/tls/certificate.h"

namespace turnout {

struct SelfSignedOptions {
  std::string common_name = "localhost";
  std::vector<std::string> names = {"localhost", "127.0.0.1", "::1"};  // host names and addresses
  std::chrono::days valid_for{90};
};

/// P-256, not a CA, for server authentication only.
std::expected<TlsCertificate, std::string> make_self_signed(const SelfSignedOptions& options);

}  // namespace turnout
