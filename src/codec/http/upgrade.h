// The grammar of Upgrade (RFC 9110 section 7.8): protocols in the order of the client's preference.
//
//   const auto tokens = parse_upgrade(request.fields);      // "Upgrade: foo, HTTP/2.0"
//   (*tokens)[1].name, (*tokens)[1].version                 // "HTTP", "2.0"
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/pool.h"
#include "codec/http/fields.h"

namespace turnout {

struct UpgradeToken {
  std::string_view text;     // "HTTP/2.0", as it came
  std::string_view name;     // "HTTP"; compared without letter case
  std::string_view version;  // "2.0", or empty
};

using UpgradeTokens = PooledVector<UpgradeToken>;

inline constexpr std::size_t upgrade_tokens_max = 16;

/// All protocols of all Upgrade fields, in order; views into `fields`. Empty without such a field, and nothing where
/// one of them breaks the grammar or there are more than upgrade_tokens_max: such an offer is ignored as a whole.
std::optional<UpgradeTokens> parse_upgrade(const FieldList& fields);

}  // namespace turnout
