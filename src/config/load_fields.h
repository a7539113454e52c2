// Fields and protocol names, where a table of a configuration lists them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/toml_table.h"

namespace turnout {

/// Fields that decide where a message ends or what a connection becomes. Nobody but the protocol writes those.
bool is_framing_field(std::string_view name);

/// Visible ASCII characters, with spaces between them.
bool is_field_text(std::string_view text);

/// What is wrong with a name that a key gives to a field; empty where nothing is.
using FieldNameCheck = std::string (*)(std::string_view name);

/// { Name = "value", Other = ["a", "b"] }, every fault with its place.
std::vector<std::pair<std::string, std::string>> load_fields(const toml::table& table, FieldNameCheck check,
                                                             Problems& problems);

/// The key "switch": names of protocols, in lower case. Nothing where it is missing.
std::optional<std::vector<std::string>> load_switch_tokens(TomlTable& table);

/// A PEM file: that it is there and may be read; what is in it is for whoever speaks TLS to judge.
void load_pem(TomlTable& table, std::string_view key, const std::string& folder, std::string& to);

}  // namespace turnout
