// SipHash-2-4: a hash with a secret key, for tables that are asked with bytes of a client (D8). Who does not know
// the key cannot choose names that fall together.
//
//   const SipKey key = SipKey::random();
//   std::uint64_t hash = siphash(key, name);
#pragma once

#include <cstdint>
#include <string_view>

namespace turnout {

struct SipKey {
  std::uint64_t first = 0;
  std::uint64_t second = 0;

  static SipKey random();
};

std::uint64_t siphash(const SipKey& key, std::string_view bytes) noexcept;

}  // namespace turnout
