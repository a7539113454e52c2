#include "server/check.h"

#include "config/load.h"
#include "server/configured_site.h"
#include "server/tls_contexts.h"

namespace turnout {

std::vector<Diagnostic> check_config_file(const std::string& file) {
  const auto config = load_config(file);
  if (!config) return config.error();
  std::vector<Diagnostic> problems;
  if (const auto contexts = make_tls_contexts(*config, {}); !contexts) problems = contexts.error();
  if (auto site = ConfiguredSite::make(*config, {}); !site) problems.push_back(site.error());
  return problems;
}

}  // namespace turnout
