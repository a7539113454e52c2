// Tunnels: the open switches of a server as an operator sees them: listed, filtered, and ended.
//
//   auto filter = TunnelFilter::parse("route=chat");
//   auto tunnels = co_await list_tunnels(asking, *filter);
//   tunnels_as_text(*tunnels, now_ms)                           // a table
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/gather.h"
#include "base/address.h"
#include "switching/record.h"

namespace turnout {

/// Which of them; what is not given holds for all.
struct TunnelFilter {
  std::optional<std::uint64_t> id;
  std::optional<std::string> route;
  std::optional<std::string> token;
  std::optional<Address> client;  // without a port
  std::optional<std::string> upstream;
  bool all = false;    // said so: nothing else is given
  bool force = false;  // when they are ended: at once, without a word

  /// Of the query of a URL. The error is a sentence.
  static std::expected<TunnelFilter, std::string> parse(std::string_view query);

  bool names_any() const noexcept { return id || route || token || client || upstream || all; }
  bool matches(const Record& open) const noexcept;
};

/// One open switch. Ordinary memory: it is made by one thread and read by another.
struct TunnelState {
  std::uint64_t id = 0;
  std::int64_t opened_ms = 0;  // since 1970
  std::uint64_t age_ms = 0;
  Address client;
  Address server;
  std::string route;
  std::string token;
  std::string_view via;  // a literal
  std::string_view http_version;
  std::string stream;  // "tcp/tls"
  std::string authority;
  std::string path;  // without the query, which may hold secrets
  std::string upstream;
  std::string user_agent;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  bool is_closing = false;
};

struct TunnelList {
  std::vector<TunnelState> tunnels;  // by their ids
  std::size_t late = 0;              // workers that did not answer
};

Task<TunnelList> list_tunnels(Asking asking, TunnelFilter filter);

struct ClosedTunnels {
  std::size_t count = 0;
  std::size_t late = 0;
};
/// Ends those that match, each with the courtesy of its protocol.
Task<ClosedTunnels> close_tunnels(Asking asking, TunnelFilter filter);

std::string tunnels_as_json(const TunnelList& list);
std::string tunnels_as_text(const TunnelList& list);

}  // namespace turnout
