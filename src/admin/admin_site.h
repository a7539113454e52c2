// AdminSite: the pages of one admin listener, as the site that its connections are served under.
#pragma once

#include <memory>
#include <vector>

#include "admin/page.h"
#include "handlers/router.h"
#include "switching/site.h"

namespace turnout {

class AdminSite final : public Site {
 public:
  explicit AdminSite(AdminContext context);

  const Route& route(const RequestHead& request) const override {
    const Route& found = router_->find(request);
    // What the router itself would answer is not for everybody either.
    return found.name == Route().name ? nothing_ : found;
  }
  bool offers_extended_connect() const noexcept override { return false; }
  const Limits& limits() const noexcept override { return limits_; }
  const std::vector<Network>& trusted_proxies() const noexcept override { return nobody_; }

 private:
  const AdminContext context_;
  const Limits limits_;
  const std::vector<Network> nobody_;
  std::vector<std::unique_ptr<const AdminPage>> pages_;
  std::unique_ptr<const Router> router_;
  Route nothing_;
};

}  // namespace turnout
