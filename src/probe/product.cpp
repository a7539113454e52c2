#include <algorithm>
#include <iterator>
#include <utility>

#include "base/ascii.h"
#include "probe/cause.h"

namespace turnout::probe {
namespace {

bool has(std::string_view text, std::string_view part) noexcept {
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [](char a, char b) { return lower(a) == lower(b); }) != text.end();
}

constexpr std::pair<std::string_view, Product> by_server[] = {
    {"nginx", Product::nginx},       {"openresty", Product::nginx},   {"haproxy", Product::haproxy},
    {"Apache", Product::apache},     {"Caddy", Product::caddy},       {"Traefik", Product::traefik},
    {"envoy", Product::envoy},       {"Microsoft-IIS", Product::iis}, {"Microsoft-HTTPAPI", Product::iis},
    {"lighttpd", Product::lighttpd}, {"h2o", Product::h2o},           {"nghttpx", Product::nghttpx},
};

}  // namespace

std::string_view text(Product product) noexcept {
  switch (product) {
    case Product::unknown: return "an unknown server";
    case Product::nginx: return "nginx";
    case Product::haproxy: return "HAProxy";
    case Product::apache: return "Apache";
    case Product::caddy: return "Caddy";
    case Product::traefik: return "Traefik";
    case Product::envoy: return "Envoy";
    case Product::iis: return "IIS";
    case Product::turnout: return "Turnout";
    case Product::lighttpd: return "lighttpd";
    case Product::h2o: return "h2o";
    case Product::nghttpx: return "nghttpx";
  }
  return "an unknown server";
}

Product product_of(const Attempt& attempt) noexcept {
  // What a proxy says of itself comes before what its backend does.
  for (const std::string_view name : {"Via", "Proxy-Status", "Server", "X-Powered-By"}) {
    const std::string_view value = attempt.field(name);
    if (value.empty()) continue;
    if (has(value, "turnout")) return Product::turnout;
    if (has(value, "ARR/")) return Product::iis;
    for (const auto& [mark, product] : by_server) {
      if (has(value, mark)) return product;
    }
  }
  const std::string_view body = attempt.body;
  // HAProxy does not name itself; its own errors look like this.
  if (body.starts_with("<html><body><h1>") && body.ends_with("</body></html>\n")) return Product::haproxy;
  if (body.starts_with("upstream connect error") || body.starts_with("no healthy upstream")) return Product::envoy;
  return Product::unknown;
}

Product product_of(const Facts& facts) noexcept {
  for (const Purpose purpose : {Purpose::offer, Purpose::plain}) {
    for (const Attempt& one : facts.attempts) {
      if (one.ask.purpose != purpose) continue;
      const Product product = product_of(one);
      if (product != Product::unknown) return product;
    }
  }
  return Product::unknown;
}

}  // namespace turnout::probe
