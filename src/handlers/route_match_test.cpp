#include "handlers/route_match.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <tuple>

#include "codec/http/host.h"
#include "codec/http/path.h"

namespace turnout {
namespace {

RoutePattern route(std::vector<std::string> hosts, std::string_view path, std::vector<std::string> methods = {}) {
  return {std::move(hosts), PathPattern::parse(path).value(), std::move(methods)};
}

/// The index of the route that was found; "405 GET, HEAD" or "404".
std::string find(const RouteTable& table, std::string_view host, std::string_view path,
                 std::string_view method = "GET") {
  const RouteChoice choice = table.find(host, path, method);
  switch (choice.kind) {
    case RouteChoice::Kind::found: return std::to_string(choice.route);
    case RouteChoice::Kind::method_not_allowed: return "405 " + choice.allow;
    case RouteChoice::Kind::not_found: return "404";
  }
  return "?";
}

TEST(RouteTable, ExactBeforeLongestPrefixBeforePatternBeforeAny) {
  const RouteTable table({route({}, "/**"), route({}, "/v*/a/**"), route({}, "/v1/**"), route({}, "/v1/a/**"),
                          route({}, "/v1/a/b"), route({}, "/*/longer/x")});
  EXPECT_EQ(find(table, "h", "/v1/a/b"), "4");
  EXPECT_EQ(find(table, "h", "/v1/a/b/"), "3");
  EXPECT_EQ(find(table, "h", "/v1/a"), "3");
  EXPECT_EQ(find(table, "h", "/v1/ab"), "2");
  EXPECT_EQ(find(table, "h", "/v1"), "2");
  EXPECT_EQ(find(table, "h", "/v2/a/b"), "1");
  EXPECT_EQ(find(table, "h", "/v1x"), "0");
  EXPECT_EQ(find(table, "h", "/"), "0");
}

TEST(RouteTable, PatternsWithMoreFixedBytesComeFirst) {
  const RouteTable table({route({}, "/*/x"), route({}, "/a*/x"), route({}, "/ab*/x")});
  EXPECT_EQ(find(table, "h", "/abc/x"), "2");
  EXPECT_EQ(find(table, "h", "/acc/x"), "1");
  EXPECT_EQ(find(table, "h", "/c/x"), "0");
  EXPECT_EQ(find(table, "h", "/c/y"), "404");
}

TEST(RouteTable, NearerHostsComeFirst) {
  const RouteTable table({route({}, "/exact"), route({"*.example.com"}, "/**"), route({"*.b.example.com"}, "/**"),
                          route({"example.com", "a.b.example.com"}, "/only/**")});
  EXPECT_EQ(find(table, "example.com", "/only/x"), "3");
  EXPECT_EQ(find(table, "Example.COM:8080", "/only/x"), "3");
  EXPECT_EQ(find(table, "example.com.", "/only/x"), "3") << "the final dot is no way around a host's routes";
  EXPECT_EQ(find(table, "a.b.example.com", "/only/x"), "3");
  EXPECT_EQ(find(table, "a.b.example.com", "/exact"), "2") << "routes of a less near host still count";
  EXPECT_EQ(find(table, "c.example.com", "/exact"), "1");
  EXPECT_EQ(find(table, "x.y.z.example.com", "/"), "1") << "one or more labels";
  EXPECT_EQ(find(table, ".example.com", "/"), "404") << "a label is not empty";
  EXPECT_EQ(find(table, "example.com", "/exact"), "0");
  EXPECT_EQ(find(table, "badexample.com", "/"), "404");
  EXPECT_EQ(find(table, "", "/exact"), "0");
  EXPECT_EQ(find(table, std::string(5000, '.'), "/exact"), "0");
}

TEST(RouteTable, Ipv6Hosts) {
  const RouteTable table({route({"[::1]"}, "/**")});
  EXPECT_EQ(find(table, "[::1]:8101", "/"), "0");
  EXPECT_EQ(find(table, "[::2]:8101", "/"), "404");
}

TEST(RouteTable, MethodsAreMatchedToo) {
  const RouteTable table({route({}, "/a"), route({}, "/a", {"GET", "HEAD"}), route({}, "/b/**", {"GET", "HEAD"}),
                          route({}, "/b/c", {"POST", "GET"}), route({"h"}, "/b/**", {"PUT"})});
  EXPECT_EQ(find(table, "x", "/a", "GET"), "1") << "a route that lists its methods is nearer";
  EXPECT_EQ(find(table, "x", "/a", "POST"), "0");
  EXPECT_EQ(find(table, "x", "/b/c", "HEAD"), "2") << "a route that does not take the method is passed over";
  EXPECT_EQ(find(table, "x", "/b/c", "DELETE"), "405 POST, GET, HEAD");
  EXPECT_EQ(find(table, "h", "/b/c", "DELETE"), "405 PUT, POST, GET, HEAD");
  EXPECT_EQ(find(table, "x", "/b/c", "get"), "405 POST, GET, HEAD") << "methods have a letter case (RFC 9110 9.1)";
  EXPECT_EQ(find(table, "x", "/c", "DELETE"), "404");
}

TEST(RouteTable, WithoutRoutes) {
  EXPECT_EQ(find(RouteTable(), "example.com", "/"), "404");
  EXPECT_EQ(find(RouteTable(), "example.com", "*", "OPTIONS"), "404");
}

// No spelling of a path reaches another route than the one that guards it.
TEST(SEC_S10, GuardedRoutesAreNotPassed) {
  const RouteTable table({route({}, "/**"), route({}, "/private/**"), route({}, "/public/**")});
  const auto find_raw = [&](std::string_view raw) {
    PooledString storage;
    const Result<std::string_view> path = normalise_path(raw, storage);
    return path ? find(table, "h", *path) : std::string("400");
  };
  for (std::string_view spelling : {"/private/x", "//private/x", "/private//x", "/%70rivate/x", "/p%72ivat%65/x",
                                    "/private", "/private/%78", "///private///x", "/private/%2541"}) {
    EXPECT_EQ(find_raw(spelling), "1") << spelling;
  }
  for (std::string_view escape :
       {"/public/../private/x", "/public/%2e%2e/private/x", "/public/.%2E/private/x", "/public/..%2fprivate/x",
        "/public%2f../private/x", "/./private/x", "/%2e/private/x", "/private%2fx", "/private%00", "/public/.."}) {
    EXPECT_EQ(find_raw(escape), "400") << escape;
  }
}

// The rules once more, without trees: every route is tried and the nearest kept.
std::string find_by_trying(const std::vector<RoutePattern>& routes, std::string_view authority, std::string_view path,
                           std::string_view method) {
  using Rank = std::tuple<std::size_t, int, std::size_t, bool, int>;  // host, kind, length, methods, place
  std::optional<Rank> best;
  bool fits_but_for_method = false;
  const std::string host(host_of(authority));
  for (std::size_t i = 0; i < routes.size(); ++i) {
    std::size_t host_rank = routes[i].hosts.empty() ? 1 : 0;
    for (const std::string& pattern : routes[i].hosts) {
      if (pattern == host) host_rank = 1000;
      const bool below = pattern.front() == '*' && host.size() >= pattern.size() && host.ends_with(pattern.substr(1));
      if (below) host_rank = std::max(host_rank, pattern.size());
    }
    if (host_rank == 0 || !routes[i].path.matches(path)) continue;
    const std::vector<std::string>& methods = routes[i].methods;
    if (!methods.empty() && std::ranges::find(methods, method) == methods.end()) {
      fits_but_for_method = true;
      continue;
    }
    int kind = 0;
    std::size_t length = 0;
    switch (routes[i].path.kind()) {
      case PathPattern::Kind::exact: kind = 3; break;
      case PathPattern::Kind::prefix:
        kind = 2;
        length = routes[i].path.literal().size();
        break;
      case PathPattern::Kind::pattern:
        kind = 1;
        length = routes[i].path.fixed_bytes();
        break;
      case PathPattern::Kind::any: break;
    }
    const Rank rank{host_rank, kind, length, !methods.empty(), -static_cast<int>(i)};
    if (!best || rank > *best) best = rank;
  }
  if (best) return std::to_string(-std::get<4>(*best));
  return fits_but_for_method ? "405" : "404";
}

TEST(RouteTable, AgreesWithTryingEveryRoute) {
  std::mt19937 random(3);
  const auto pick = [&](const auto& from) { return std::string(from[random() % std::size(from)]); };
  const std::string_view hosts[] = {"example.com", "a.example.com", "*.example.com", "*.a.example.com", "*.com"};
  const std::string_view asked[] = {"example.com", "a.example.com:80", "b.a.example.com", "x.com", "other"};
  const std::string_view pieces[] = {"/a", "/b", "/a*", "/*", "/**"};
  const std::string_view names[] = {"/a", "/b", "/ab", "/c"};
  const std::string_view methods[] = {"GET", "HEAD", "POST"};
  int found = 0;
  for (int round = 0; round < 500; ++round) {
    std::vector<RoutePattern> routes;
    while (routes.size() < 12) {
      std::string path;
      for (std::size_t n = 1 + random() % 3; n > 0; --n) path += pick(pieces);
      const auto parsed = PathPattern::parse(path);
      if (!parsed) continue;
      RoutePattern next{{}, *parsed, {}};
      for (std::size_t n = random() % 3; n > 0; --n) next.hosts.push_back(pick(hosts));
      if (random() % 2 == 0) next.methods.push_back(pick(methods));
      routes.push_back(std::move(next));
    }
    const RouteTable table(routes);
    for (int request = 0; request < 40; ++request) {
      std::string path;
      for (std::size_t n = 1 + random() % 3; n > 0; --n) path += pick(names);
      if (random() % 4 == 0) path += "/";
      const std::string host = pick(asked);
      const std::string method = pick(methods);
      const std::string expected = find_by_trying(routes, host, path, method);
      found += expected != "404" && expected != "405";
      ASSERT_EQ(find(table, host, path, method).substr(0, expected.size()), expected)
          << host << " " << method << " " << path;
    }
  }
  EXPECT_GT(found, 5000);
}

TEST(SEC_D8, ManyRoutesAndDeepPaths) {
  std::vector<RoutePattern> routes;
  for (int i = 0; i < 10'000; ++i) {
    routes.push_back(route({"h" + std::to_string(i % 100) + ".example"}, "/p" + std::to_string(i) + "/**"));
  }
  const RouteTable table(std::move(routes));
  for (int i = 0; i < 10'000; ++i) {
    const std::string path = "/p" + std::to_string(i) + "/x";
    ASSERT_EQ(find(table, "h" + std::to_string(i % 100) + ".example", path), std::to_string(i));
    ASSERT_EQ(find(table, "h" + std::to_string((i + 1) % 100) + ".example", path), "404");
  }
  std::string deep = "/p7";
  for (int i = 0; i < 4000; ++i) deep += "/p7";
  EXPECT_EQ(find(table, "h7.example", deep), "7");
}

}  // namespace
}  // namespace turnout
