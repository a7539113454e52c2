#include "bench/shared/pattern.h"

#include <algorithm>
#include <string>

namespace turnout::bench {

std::string_view pattern() {
  static const std::string bytes = [] {
    std::string made(pattern_bytes, '\0');
    std::uint32_t state = 2463534242;  // xorshift: no run of it repeats within the round
    for (char& byte : made) {
      state ^= state << 13U;
      state ^= state >> 17U;
      state ^= state << 5U;
      byte = static_cast<char>(state);
    }
    return made;
  }();
  return bytes;
}

bool is_pattern(std::string_view bytes, std::uint64_t place) {
  while (!bytes.empty()) {
    const std::string_view expected = pattern().substr(static_cast<std::size_t>(place % pattern_bytes), bytes.size());
    if (!bytes.starts_with(expected)) return false;
    bytes.remove_prefix(expected.size());
    place += expected.size();
  }
  return true;
}

}  // namespace turnout::bench
