#include "handlers/router.h"

#include <algorithm>
#include <functional>
#include <tuple>

#include "codec/http/authority.h"
#include "codec/http/path.h"
#include "handlers/refusals.h"

namespace turnout {
namespace {

bool is_wildcard(std::string_view host) noexcept {
  return host.starts_with("*.");
}

/// An empty pattern covers every host.
bool covers(std::string_view pattern, std::string_view host) noexcept {
  if (pattern.empty()) return true;
  if (!is_wildcard(pattern)) return pattern == host;
  const std::string_view suffix = pattern.substr(1);  // ".example.com"
  return host.size() > suffix.size() && host.ends_with(suffix);
}

std::string_view host_of(std::string_view authority) noexcept {
  const auto parsed = parse_authority(authority);
  if (!parsed) return {};
  std::string_view host = parsed->host;
  if (host.ends_with('.')) host.remove_suffix(1);  // the same name, written out to the root
  return host;
}

/// A WebSocket is opened by GET in HTTP/1.1 and by extended CONNECT in HTTP/2 (RFC 8441): one route serves both.
std::string_view method_of(const RequestHead& request) noexcept {
  return request.protocol.empty() ? std::string_view(request.method) : "GET";
}

}  // namespace

struct Router::Entry {
  std::string host;
  PathPattern path;
  std::vector<std::string> methods;
  Route route;

  bool takes(std::string_view method) const noexcept {
    if (methods.empty()) return true;
    return std::ranges::any_of(methods, [method](const std::string& allowed) {
      return allowed == method || (allowed == "GET" && method == "HEAD");
    });
  }

  /// The greater, the more exactly it says what it is for.
  auto rank() const noexcept {
    const int host_rank = host.empty() ? 0 : is_wildcard(host) ? 1 : 2;
    int path_rank = 0;
    switch (path.kind()) {
      case PathPattern::Kind::exact: path_rank = 3; break;
      case PathPattern::Kind::prefix: path_rank = 2; break;
      case PathPattern::Kind::pattern: path_rank = 1; break;
      case PathPattern::Kind::any: break;
    }
    return std::tuple(host_rank, host.size(), path_rank, path.fixed_bytes(), !methods.empty());
  }
};

Router::Router()
    : not_found_(std::make_unique<NotFound>()),
      wrong_method_(std::make_unique<WrongMethod>(*this)),
      bad_path_(std::make_unique<BadPath>()),
      whole_server_(std::make_unique<WholeServer>()) {
  not_found_route_.handler = not_found_.get();
  wrong_method_route_.handler = wrong_method_.get();
  bad_path_route_.handler = bad_path_.get();
  whole_server_route_.handler = whole_server_.get();
}

Router::~Router() = default;

void Router::add(const RouteMatch& match, Route route) {
  const std::vector<std::string> any_host{std::string()};
  for (const std::string& host : match.hosts.empty() ? any_host : match.hosts) {
    auto entry = std::make_unique<const Entry>(Entry{host, match.path, match.methods, route});
    const auto at = std::ranges::upper_bound(entries_, entry->rank(), std::greater(),
                                             [](const auto& other) { return other->rank(); });
    entries_.insert(at, std::move(entry));
  }
}

template <class Visit>
void Router::for_each_at(std::string_view host, std::string_view path, Visit visit) const {
  for (const auto& entry : entries_) {
    if (covers(entry->host, host) && entry->path.matches(path) && !visit(*entry)) return;
  }
}

const Route& Router::find(const RequestHead& request) const {
  if (request.target == "*") return whole_server_route_;  // OPTIONS * (RFC 9110 section 9.3.7)
  PooledString storage;
  const Result<std::string_view> path = normalise_path(request.path(), storage);
  if (!path) return bad_path_route_;
  const std::string_view method = method_of(request);
  const Route* found = nullptr;
  bool is_a_place = false;
  for_each_at(host_of(request.authority), *path, [&](const Entry& entry) {
    is_a_place = true;
    if (entry.takes(method)) found = &entry.route;
    return found == nullptr;
  });
  if (found != nullptr) return *found;
  return is_a_place ? wrong_method_route_ : not_found_route_;
}

std::string Router::allowed_methods(const RequestHead& request) const {
  PooledString storage;
  const Result<std::string_view> path = normalise_path(request.path(), storage);
  std::vector<std::string_view> methods{"OPTIONS"};
  const auto add = [&methods](std::string_view method) {
    if (std::ranges::find(methods, method) == methods.end()) methods.push_back(method);
  };
  if (path) {
    for_each_at(host_of(request.authority), *path, [&](const Entry& entry) {
      for (const std::string& method : entry.methods) {
        add(method);
        if (method == "GET") add("HEAD");
      }
      return true;
    });
  }
  std::ranges::sort(methods);
  std::string list;
  for (const std::string_view method : methods) list.append(list.empty() ? "" : ", ").append(method);
  return list;
}

}  // namespace turnout
