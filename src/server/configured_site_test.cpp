// Which route of a configuration a request leads to, and under which policy.
#include "server/configured_site.h"

#include <gtest/gtest.h>

#include "switching/admission.h"
#include "tests/support/config_text.h"

namespace turnout {
namespace {

std::unique_ptr<const ConfiguredSite> site_of(std::string_view toml) {
  auto site = ConfiguredSite::make(loaded(toml), {});
  if (site) return std::move(*site);
  ADD_FAILURE() << text(site.error());
  return nullptr;
}

const Route& route_of(const ConfiguredSite& site, const char* method, const char* target) {
  RequestHead request;
  request.method = method;
  request.target = target;
  request.authority = "example.com";
  return site.route(request);
}

bool is_allowed(const Route& route, const char* address) {
  if (!route.admission) return true;
  return !route.admission->refuse_request({*parse_ip(address), ClientAddress::Source::peer}, 1);
}

TEST(ConfiguredSite, TheTargetOfConnectChoosesTheRouteAndItsPolicy) {
  const auto site = site_of(R"(
[[route]]
connect = ["open.test:1"]

[[route]]
connect = ["office.test:2", "[2001:db8::1]:2"]
allow = ["192.0.2.0/24"]
require_tls = true

[[route]]
respond = {}
deny = ["192.0.2.0/24"]
)");
  ASSERT_TRUE(site);
  const Route& open = route_of(*site, "CONNECT", "open.test:1");
  const Route& office = route_of(*site, "CONNECT", "OFFICE.test:2");
  const Route& nobody = route_of(*site, "CONNECT", "open.test:2");
  EXPECT_TRUE(is_allowed(open, "198.51.100.1"));
  EXPECT_FALSE(open.require_tls);
  EXPECT_FALSE(is_allowed(office, "198.51.100.1"));
  EXPECT_TRUE(is_allowed(office, "192.0.2.1"));
  EXPECT_TRUE(office.require_tls);
  EXPECT_EQ(&route_of(*site, "CONNECT", "[2001:db8::1]:2"), &office);
  ASSERT_NE(nobody.upgrader, nullptr) << "it says that the target is not listed";
  EXPECT_NE(&nobody, &open);
  EXPECT_FALSE(is_allowed(route_of(*site, "GET", "/"), "192.0.2.1"));
}

TEST(ConfiguredSite, WithoutTargetsConnectIsNotOffered) {
  const auto site = site_of("[[route]]\nrespond = {}\n");
  ASSERT_TRUE(site);
  EXPECT_EQ(route_of(*site, "CONNECT", "open.test:1").upgrader, nullptr);
}

}  // namespace
}  // namespace turnout
