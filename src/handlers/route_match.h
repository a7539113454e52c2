// RouteTable: which route a request is for.
//
//   RouteTable table({{{"example.com"}, *PathPattern::parse("/docs/**"), {"GET", "HEAD"}}, ...});
//   RouteChoice choice = table.find(head.authority, *normalise_path(head.path(), storage), head.method);
//   if (choice.kind == RouteChoice::Kind::found) routes[choice.route] ...
//
// Among the routes whose host, path and method all fit, the nearest is taken: a host by its name before
// "*.example.com" (the longer first) before any; then an exact path before the longest prefix before a pattern
// before any path ("/**"); then one that lists its methods. Where routes fit but for their method, the answer is
// 405 with all their methods, else 404.
//
// A request is looked up by the path of normalise_path(), which is what files are opened by too. Extended CONNECT
// (RFC 8441) is looked up as the GET that it stands for. The cost of exact and prefix routes depends on the path's
// segments, not on how many routes there are; patterns are tried one by one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/siphash.h"
#include "codec/http/path_pattern.h"

namespace turnout {

struct RoutePattern {
  std::vector<std::string> hosts;  // as parse_host_pattern() gives them; empty: any
  PathPattern path;
  std::vector<std::string> methods;  // empty: any
};

struct RouteChoice {
  enum class Kind : std::uint8_t { found, method_not_allowed, not_found };
  Kind kind = Kind::not_found;
  std::uint32_t route = 0;  // its place in the list that the table was made of
  std::string allow;        // of method_not_allowed: "GET, HEAD"
};

class RouteTable {
 public:
  RouteTable() : RouteTable(std::vector<RoutePattern>()) {}
  explicit RouteTable(std::vector<RoutePattern> routes);

  /// `authority` may have a port and any letter case.
  RouteChoice find(std::string_view authority, std::string_view path, std::string_view method) const;

 private:
  using RouteList = std::vector<std::uint32_t>;
  static constexpr std::uint32_t none = 0xffffffff;

  struct Node {  // of the tree of segments: "/docs/a" is two below the root, "/docs/" as well, its last one empty
    RouteList exact;
    RouteList prefix;
    std::uint32_t shorter_prefix = none;  // the nearest node above that has prefix routes
  };
  struct Host {
    std::uint32_t root = 0;
    RouteList patterns;  // the one with most fixed bytes first
    RouteList any_path;
  };

  struct Edge {
    std::uint32_t node;
    std::string segment;
  };
  struct EdgeView {
    std::uint32_t node;
    std::string_view segment;
  };
  struct EdgeHash {
    using is_transparent = void;
    SipKey key;
    std::size_t operator()(const Edge& edge) const noexcept { return (*this)(EdgeView{edge.node, edge.segment}); }
    std::size_t operator()(const EdgeView& edge) const noexcept {
      return siphash({key.first ^ edge.node, key.second}, edge.segment);
    }
  };
  struct EdgeEqual {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const noexcept {
      return a.node == b.node && std::string_view(a.segment) == std::string_view(b.segment);
    }
  };
  struct NameHash {
    using is_transparent = void;
    SipKey key;
    std::size_t operator()(std::string_view name) const noexcept { return siphash(key, name); }
  };
  struct NameEqual {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const noexcept { return a == b; }
  };
  using HostMap = std::unordered_map<std::string, std::uint32_t, NameHash, NameEqual>;

  std::uint32_t host_for(const std::string& pattern);
  void add(Host& host, std::uint32_t route);
  std::uint32_t add_node(std::uint32_t root, std::string_view path);
  void link_prefixes();
  template <class Visit>
  bool visit_host(std::uint32_t host, std::string_view path, Visit& visit) const;
  template <class Visit>
  void visit_all(std::string_view authority, std::string_view path, Visit visit) const;
  bool takes(std::uint32_t route, std::string_view method) const noexcept;

  std::vector<RoutePattern> routes_;
  std::vector<Host> hosts_;
  HostMap exact_hosts_;
  HostMap wildcard_hosts_;  // without "*."
  std::uint32_t any_host_ = none;
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> parents_;  // of the nodes
  std::unordered_map<Edge, std::uint32_t, EdgeHash, EdgeEqual> edges_;
};

}  // namespace turnout
