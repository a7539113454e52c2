#include "codec/http/upgrade.h"

#include "base/ascii.h"

namespace turnout {

std::optional<UpgradeTokens> parse_upgrade(const FieldList& fields) {
  UpgradeTokens tokens;
  bool sound = true;
  for (const Field field : fields) {
    if (!iequals(field.name, "upgrade")) continue;
    for_each_member(field.value, [&](std::string_view member) {
      // protocol = protocol-name ["/" protocol-version], both tokens.
      const std::size_t slash = member.find('/');
      UpgradeToken token{member, member.substr(0, slash), {}};
      if (slash != std::string_view::npos) token.version = member.substr(slash + 1);
      sound = tokens.size() < upgrade_tokens_max && is_token(token.name) &&
              (slash == std::string_view::npos || is_token(token.version));
      if (sound) tokens.push_back(token);
      return sound;
    });
    if (!sound) return std::nullopt;
  }
  return tokens;
}

}  // namespace turnout
