// Router: the route of a request, and where none fits, one that answers 404, 405 or 400.
//
//   Router router({{{.path = *PathPattern::parse("/docs/**")}, Route{.handler = &docs}}, ...});
//   const Route& route = router.find(request);
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "handlers/route_match.h"
#include "switching/exchange.h"
#include "switching/site.h"

namespace turnout {

class Router {
 public:
  struct Entry {
    RoutePattern match;
    Route route;  // its handler outlives the router
  };

  explicit Router(std::vector<Entry> entries);
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  const Route& find(const RequestHead& request) const;

  /// The methods that are taken at the place that the request names, as Allow lists them.
  std::string allowed_methods(const RequestHead& request) const;

 private:
  RouteTable table_;
  std::vector<Route> routes_;

  struct Fixed {
    std::unique_ptr<const Handler> handler;
    Route route;
    explicit Fixed(std::unique_ptr<const Handler> answers) : handler(std::move(answers)) {
      route.handler = handler.get();
    }
  };
  Fixed not_found_;
  Fixed wrong_method_;
  Fixed bad_path_;
  Fixed whole_server_;
};

}  // namespace turnout
