#include "config/config.h"

namespace turnout {

std::string default_route_name(const RouteConfig& route) {
  if (route.connect) return "CONNECT";
  return route.match.hosts.empty() ? route.match.path : route.match.hosts.front() + route.match.path;
}

}  // namespace turnout
