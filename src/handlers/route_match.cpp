#include "handlers/route_match.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"
#include "codec/http/host.h"

namespace turnout {
namespace {

/// Takes the first segment, with its slash, off `path`, which is not empty.
std::string_view take_segment(std::string_view& path) noexcept {
  path.remove_prefix(1);
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

}  // namespace

RouteTable::RouteTable(std::vector<RoutePattern> routes)
    : routes_(std::move(routes)),
      exact_hosts_(0, NameHash{SipKey::random()}, NameEqual{}),
      wildcard_hosts_(0, NameHash{SipKey::random()}, NameEqual{}),
      edges_(0, EdgeHash{SipKey::random()}, EdgeEqual{}) {
  for (std::uint32_t route = 0; route < routes_.size(); ++route) {
    if (routes_[route].hosts.empty()) {
      add(hosts_[host_for("")], route);
    } else {
      for (const std::string& host : routes_[route].hosts) add(hosts_[host_for(host)], route);
    }
  }
  // The nearest first; among equals, the order in which they were given.
  const auto lists_methods = [&](std::uint32_t route) { return std::pair(routes_[route].methods.empty(), route); };
  for (Node& node : nodes_) {
    std::ranges::sort(node.exact, {}, lists_methods);
    std::ranges::sort(node.prefix, {}, lists_methods);
  }
  for (Host& host : hosts_) {
    std::ranges::sort(host.any_path, {}, lists_methods);
    std::ranges::sort(host.patterns, {}, [&](std::uint32_t route) {
      const auto fixed_bytes = static_cast<std::int64_t>(routes_[route].path.fixed_bytes());
      return std::pair(-fixed_bytes, lists_methods(route));
    });
  }
  link_prefixes();
}

std::uint32_t RouteTable::host_for(const std::string& pattern) {
  const auto fresh = [&] {
    hosts_.push_back(Host{static_cast<std::uint32_t>(nodes_.size()), {}, {}});
    nodes_.emplace_back();
    parents_.push_back(none);
    return static_cast<std::uint32_t>(hosts_.size() - 1);
  };
  if (pattern.empty()) {
    if (any_host_ == none) any_host_ = fresh();
    return any_host_;
  }
  const bool wildcard = pattern.starts_with("*.");
  const auto [at, is_new] =
      (wildcard ? wildcard_hosts_ : exact_hosts_).try_emplace(pattern.substr(wildcard ? 2 : 0), none);
  if (is_new) at->second = fresh();
  return at->second;
}

void RouteTable::add(Host& host, std::uint32_t route) {
  const PathPattern& path = routes_[route].path;
  switch (path.kind()) {
    case PathPattern::Kind::exact: nodes_[add_node(host.root, path.literal())].exact.push_back(route); break;
    case PathPattern::Kind::prefix: nodes_[add_node(host.root, path.literal())].prefix.push_back(route); break;
    case PathPattern::Kind::pattern: host.patterns.push_back(route); break;
    case PathPattern::Kind::any: host.any_path.push_back(route); break;
  }
}

std::uint32_t RouteTable::add_node(std::uint32_t root, std::string_view path) {
  std::uint32_t node = root;
  while (!path.empty()) {
    const std::string_view segment = take_segment(path);
    const auto fresh = static_cast<std::uint32_t>(nodes_.size());
    const auto [at, is_new] = edges_.try_emplace(Edge{node, std::string(segment)}, fresh);
    if (is_new) {
      nodes_.emplace_back();
      parents_.push_back(node);
    }
    node = at->second;
  }
  return node;
}

void RouteTable::link_prefixes() {
  // A node is always made after the one above it.
  for (std::uint32_t node = 0; node < nodes_.size(); ++node) {
    const std::uint32_t above = parents_[node];
    if (above == none) continue;
    nodes_[node].shorter_prefix = nodes_[above].prefix.empty() ? nodes_[above].shorter_prefix : above;
  }
}

bool RouteTable::takes(std::uint32_t route, std::string_view method) const noexcept {
  const std::vector<std::string>& methods = routes_[route].methods;
  return methods.empty() || std::ranges::find(methods, method) != methods.end();
}

/// Calls visit(route) for the routes of a host that fit the path, the nearest first, until it returns true.
template <class Visit>
bool RouteTable::visit_host(std::uint32_t host_index, std::string_view path, Visit& visit) const {
  const Host& host = hosts_[host_index];
  std::uint32_t node = host.root;
  std::string_view rest = path;
  while (!rest.empty()) {
    const auto edge = edges_.find(EdgeView{node, take_segment(rest)});
    if (edge == edges_.end()) break;
    node = edge->second;
    if (!rest.empty()) continue;
    if (std::ranges::any_of(nodes_[node].exact, visit)) return true;
    break;
  }
  // What was reached begins the path at a border of segments, and so does every node above it.
  for (; node != none; node = nodes_[node].shorter_prefix) {
    if (std::ranges::any_of(nodes_[node].prefix, visit)) return true;
  }
  for (std::uint32_t route : host.patterns) {
    if (routes_[route].path.matches(path) && visit(route)) return true;
  }
  return std::ranges::any_of(host.any_path, visit);
}

template <class Visit>
void RouteTable::visit_all(std::string_view authority, std::string_view path, Visit visit) const {
  const std::string_view given = host_of(authority);
  std::array<char, 256> lower_case;  // longer than any name of a pattern
  if (given.size() <= lower_case.size()) {
    std::ranges::transform(given, lower_case.begin(), lower);
    const std::string_view host(lower_case.data(), given.size());
    if (const auto at = exact_hosts_.find(host); at != exact_hosts_.end()) {
      if (visit_host(at->second, path, visit)) return;
    }
    if (!wildcard_hosts_.empty()) {
      for (std::size_t dot = host.find('.', 1); dot != std::string_view::npos; dot = host.find('.', dot + 1)) {
        const auto at = wildcard_hosts_.find(host.substr(dot + 1));
        if (at != wildcard_hosts_.end() && visit_host(at->second, path, visit)) return;
      }
    }
  }
  if (any_host_ != none) visit_host(any_host_, path, visit);
}

RouteChoice RouteTable::find(std::string_view authority, std::string_view path, std::string_view method) const {
  RouteChoice choice;
  visit_all(authority, path, [&](std::uint32_t route) {
    if (!takes(route, method)) {
      choice.kind = RouteChoice::Kind::method_not_allowed;
      return false;
    }
    choice.kind = RouteChoice::Kind::found;
    choice.route = route;
    return true;
  });
  if (choice.kind != RouteChoice::Kind::method_not_allowed) return choice;

  std::vector<std::string_view> methods;
  visit_all(authority, path, [&](std::uint32_t route) {
    for (const std::string& name : routes_[route].methods) {
      if (std::ranges::find(methods, name) == methods.end()) methods.push_back(name);
    }
    return false;
  });
  for (std::string_view name : methods) {
    if (!choice.allow.empty()) choice.allow += ", ";
    choice.allow += name;
  }
  return choice;
}

}  // namespace turnout
