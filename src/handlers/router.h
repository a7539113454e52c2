// Router: finds the route of a request by its host, path and method.
//
//   Router router;
//   router.add({.path = *PathPattern::parse("/docs/**"), .methods = {"GET"}}, Route{.handler = &docs});
//   const Route& route = router.find(request);
//
// Of several routes that match, the one that names its place most exactly is meant: a named host before
// "*.example.com", and that before any; then an exact path before a prefix, the longest prefix before a shorter one,
// and prefixes before patterns; then a route that lists methods before one that takes all; then the one added first.
//
// Where none matches there is still a route: it answers 404; or 405 where only the method is wrong, and 400 where the
// path has no form in which it could be compared.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "codec/http/path_pattern.h"
#include "switching/exchange.h"
#include "switching/site.h"

namespace turnout {

struct RouteMatch {
  std::vector<std::string> hosts;  // empty: any; lower case, without port; "*.example.com" for whatever lies below it
  PathPattern path;
  std::vector<std::string> methods;  // empty: any; GET includes HEAD (RFC 9110 section 9.3.2)
};

class Router {
 public:
  Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;
  ~Router();

  /// `route.handler` outlives the router.
  void add(const RouteMatch& match, Route route);

  const Route& find(const RequestHead& request) const;

  /// The methods that some route takes at the place that the request names, as Allow lists them.
  std::string allowed_methods(const RequestHead& request) const;

 private:
  struct Entry;

  template <class Visit>
  void for_each_at(std::string_view host, std::string_view path, Visit visit) const;

  std::vector<std::unique_ptr<const Entry>> entries_;  // the most exact first

  std::unique_ptr<const Handler> not_found_;
  std::unique_ptr<const Handler> wrong_method_;
  std::unique_ptr<const Handler> bad_path_;
  std::unique_ptr<const Handler> whole_server_;
  Route not_found_route_;
  Route wrong_method_route_;
  Route bad_path_route_;
  Route whole_server_route_;
};

}  // namespace turnout
