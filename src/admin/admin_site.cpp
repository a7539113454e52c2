#include "admin/admin_site.h"

#include <utility>

#include "admin/pages.h"

namespace turnout {

AdminSite::AdminSite(AdminContext context) : context_(context) {
  std::vector<Router::Entry> entries;
  const auto add = [&](std::string_view path, std::unique_ptr<const AdminPage> page) {
    pages_.push_back(std::move(page));
    Route route;
    route.name = path;
    route.handler = pages_.back().get();
    entries.push_back({{{}, *PathPattern::parse(path), {}}, std::move(route)});
  };
  add("/", std::make_unique<IndexPage>(context_));
  add("/healthz", std::make_unique<HealthPage>(context_));
  add("/readyz", std::make_unique<ReadyPage>(context_));
  add("/metrics", std::make_unique<MetricsPage>(context_));
  add("/api/v1/config", std::make_unique<ConfigPage>(context_));
  add("/api/v1/transcripts", std::make_unique<TranscriptsPage>(context_));
  add("/api/v1/tunnels", std::make_unique<TunnelsPage>(context_));
  add("/api/v1/tunnels/close", std::make_unique<CloseTunnelsPage>(context_));
  router_ = std::make_unique<const Router>(std::move(entries));
  pages_.push_back(std::make_unique<NothingPage>(context_));
  nothing_.handler = pages_.back().get();
}

}  // namespace turnout
