// Loading a configuration: TOML text to a Config, or everything that is wrong with it, in the order of the file.
//
//   auto config = load_config("/etc/turnout/turnout.toml");
//   if (!config) for (const Diagnostic& problem : config.error()) std::cerr << text(problem) << '\n';
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/diagnostic.h"

namespace turnout {

inline constexpr std::size_t config_bytes_max = 1024 * 1024;

struct LoadOptions {
  bool listeners_required = true;  // false where the command line names listeners
};

std::expected<Config, std::vector<Diagnostic>> load_config(const std::string& file, const LoadOptions& options = {});

/// Relative file names in `toml` are resolved against the folder of `file`, which need not exist.
std::expected<Config, std::vector<Diagnostic>> parse_config(std::string_view toml, const std::string& file,
                                                            const LoadOptions& options = {});

}  // namespace turnout
