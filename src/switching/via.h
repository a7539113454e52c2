// Via: the way in which a peer asked for another protocol.
#pragma once

#include <cstdint>
#include <string_view>

namespace turnout {

enum class Via : std::uint8_t { none, h1_upgrade, h1_connect, h2_connect, h2_extended_connect };

/// As it is on record: "h1-upgrade". "-" where nothing was asked for.
constexpr std::string_view text(Via via) noexcept {
  switch (via) {
    case Via::none: return "-";
    case Via::h1_upgrade: return "h1-upgrade";
    case Via::h1_connect: return "h1-connect";
    case Via::h2_connect: return "h2-connect";
    case Via::h2_extended_connect: return "h2-extended-connect";
  }
  return "-";
}

}  // namespace turnout
