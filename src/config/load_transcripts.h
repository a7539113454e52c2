// The [transcripts] table and the [[transcripts.keep]] tables in it.
#pragma once

#include <span>
#include <string>

#include "base/transcript_policy.h"
#include "config/config.h"
#include "config/toml_table.h"

namespace turnout {

/// A relative file name is resolved against `folder`. `routes` is what a rule may name.
TranscriptPolicy load_transcripts(const toml::table& table, const std::string& folder,
                                  std::span<const RouteConfig> routes, Problems& problems);

}  // namespace turnout
