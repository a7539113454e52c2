// [admin]
#pragma once

#include <optional>

#include "config/admin_config.h"
#include "config/toml_table.h"

namespace turnout {

/// Nothing where it is switched off. Relative file names are resolved against `folder`.
std::optional<AdminConfig> load_admin(const toml::table& toml_table, const std::string& folder, Problems& problems);

}  // namespace turnout
