#include "handlers/router.h"

#include "codec/http/path.h"
#include "handlers/refusals.h"

namespace turnout {
namespace {

std::vector<RoutePattern> patterns_of(const std::vector<Router::Entry>& entries) {
  std::vector<RoutePattern> patterns;
  for (const Router::Entry& entry : entries) patterns.push_back(entry.match);
  return patterns;
}

/// A WebSocket is opened by GET in HTTP/1.1 and by extended CONNECT in HTTP/2 (RFC 8441): one route serves both.
std::string_view method_of(const RequestHead& request) noexcept {
  return request.protocol.empty() ? std::string_view(request.method) : "GET";
}

}  // namespace

Router::Router(std::vector<Entry> entries)
    : table_(patterns_of(entries)),
      not_found_(std::make_unique<NotFound>()),
      wrong_method_(std::make_unique<WrongMethod>(*this)),
      bad_path_(std::make_unique<BadPath>()),
      whole_server_(std::make_unique<WholeServer>()) {
  for (Entry& entry : entries) routes_.push_back(std::move(entry.route));
}

const Route& Router::find(const RequestHead& request) const {
  if (request.target == "*") return whole_server_.route;  // OPTIONS * (RFC 9110 section 9.3.7)
  PooledString storage;
  const Result<std::string_view> path = normalise_path(request.path(), storage);
  if (!path) return bad_path_.route;
  const RouteChoice choice = table_.find(request.authority, *path, method_of(request));
  switch (choice.kind) {
    case RouteChoice::Kind::found: return routes_[choice.route];
    case RouteChoice::Kind::method_not_allowed: return wrong_method_.route;
    case RouteChoice::Kind::not_found: break;
  }
  return not_found_.route;
}

std::string Router::allowed_methods(const RequestHead& request) const {
  PooledString storage;
  const Result<std::string_view> path = normalise_path(request.path(), storage);
  std::string allow;
  if (path) allow = table_.find(request.authority, *path, method_of(request)).allow;
  // Where OPTIONS is not a method of its own, the router answers it.
  if (allow.find("OPTIONS") == std::string::npos) allow += allow.empty() ? "OPTIONS" : ", OPTIONS";
  return allow;
}

}  // namespace turnout
