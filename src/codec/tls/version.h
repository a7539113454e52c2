// TLS versions, with the names that RFC 2817 gives them as upgrade tokens.
//
//   text(TlsVersion::tls_1_3)      // "TLS/1.3"
#pragma once

#include <cstdint>
#include <string_view>

namespace turnout {

enum class TlsVersion : std::uint8_t { none, tls_1_2, tls_1_3 };

constexpr std::string_view text(TlsVersion version) noexcept {
  switch (version) {
    case TlsVersion::none: return "-";
    case TlsVersion::tls_1_2: return "TLS/1.2";
    case TlsVersion::tls_1_3: return "TLS/1.3";
  }
  return "-";
}

}  // namespace turnout
