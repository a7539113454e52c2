#include "admin/tunnels.h"

#include <fmt/format.h>

#include <algorithm>

#include "admin/query_number.h"
#include "base/ascii.h"
#include "base/printable.h"
#include "codec/http/query.h"
#include "codec/json/json.h"
#include "observe/second_text.h"
#include "switching/session.h"

namespace turnout {
namespace {

constexpr int json_version = 1;

std::string_view route_name(const Record& record) noexcept {
  return record.route != nullptr ? std::string_view(record.route->name) : "-";
}

TunnelState state_of(const Record& open) {
  const Session& session = *open.session;
  const Worker& worker = session.worker();
  TunnelState state;
  state.id = open.tunnel_id;
  state.age_ms = worker.now_ms() - open.began_ms;
  state.opened_ms = worker.wall_ms() - static_cast<std::int64_t>(state.age_ms);
  state.client = session.peers().remote;
  state.server = session.peers().local;
  state.route = route_name(open);
  state.token = open.token;
  state.via = text(open.via);
  state.http_version = text(open.request->version);
  state.stream = session.stream_name();
  state.authority = open.request->authority;
  state.path = open.request->path();
  state.upstream = session.upstream();
  state.user_agent = open.request->fields.find("user-agent").value_or("");
  state.bytes_in = open.bytes_in;
  state.bytes_out = open.bytes_out;
  state.is_closing = session.is_closing();
  return state;
}

std::string time_text(std::int64_t since_1970_ms) {
  std::string out;
  append_utc(since_1970_ms, out);
  return out;
}

std::string age_text(std::uint64_t ms) {
  const std::uint64_t seconds = ms / 1000;
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (seconds < 3600) return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
  if (seconds < 86'400) return fmt::format("{}h{:02}m", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{}d{:02}h", seconds / 86'400, seconds / 3600 % 24);
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::string_view units[] = {"", "K", "M", "G", "T"};
  if (bytes < 10'000) return fmt::format("{}", bytes);
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1000 && unit + 1 < std::size(units); ++unit) value /= 1024;
  return fmt::format("{:.1f}{}", value, units[unit]);
}

/// A cell of the table: nothing that a client sent moves a cursor (attack class O4), and no blank is in it.
std::string cell(std::string_view text) {
  constexpr std::size_t text_bytes_max = 60;
  if (text.empty()) return "-";
  std::string out;
  for (const char c : printable(text, text_bytes_max)) {
    if (c == ' ') {
      out += "\\x20";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::string as_json(const TunnelState& tunnel) {
  return JsonObject()
      .number("id", static_cast<std::int64_t>(tunnel.id))
      .text("opened", time_text(tunnel.opened_ms))
      .number("age_ms", static_cast<std::int64_t>(tunnel.age_ms))
      .text("client", text(tunnel.client))
      .text("server", text(tunnel.server))
      .text("route", tunnel.route)
      .text("token", tunnel.token)
      .text("via", tunnel.via)
      .text("http_version", tunnel.http_version)
      .text("stream", tunnel.stream)
      .text("authority", tunnel.authority)
      .text("path", tunnel.path)
      .text("upstream", tunnel.upstream)
      .text("user_agent", tunnel.user_agent)
      .number("bytes_in", static_cast<std::int64_t>(tunnel.bytes_in))
      .number("bytes_out", static_cast<std::int64_t>(tunnel.bytes_out))
      .flag("closing", tunnel.is_closing)
      .end();
}

using Row = std::vector<std::string>;

std::string as_table(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const Row& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i) out += fmt::format("{:<{}}  ", row[i], widths[i]);
    out.append(row.back()).append("\n");
  }
  return out;
}

}  // namespace

std::expected<TunnelFilter, std::string> TunnelFilter::parse(std::string_view query) {
  const auto parameters = QueryParameters::parse(query, {"id", "route", "token", "client", "upstream", "all", "force"});
  if (!parameters) return std::unexpected(parameters.error());
  TunnelFilter filter;
  if (const auto id = parameters->find("id")) {
    const auto number = parse_query_number(*id);
    if (!number) return std::unexpected("\"id\" is the number of a tunnel, as the list has it");
    filter.id = *number;
  }
  if (const auto client = parameters->find("client")) {
    filter.client = parse_ip(*client);
    if (!filter.client) return std::unexpected("\"client\" is an IP address without a port");
  }
  const auto read = [&](std::string_view name, std::optional<std::string>& to) {
    if (const auto value = parameters->find(name)) to.emplace(*value);
  };
  read("route", filter.route);
  read("token", filter.token);
  read("upstream", filter.upstream);
  filter.all = parameters->is_set("all");
  filter.force = parameters->is_set("force");
  if (filter.all && (filter.id || filter.route || filter.token || filter.client || filter.upstream)) {
    return std::unexpected("\"all\" stands alone");
  }
  return filter;
}

bool TunnelFilter::matches(const Record& open) const noexcept {
  if (id && *id != open.tunnel_id) return false;
  if (route && *route != route_name(open)) return false;
  if (token && !iequals(*token, open.token) && !iequals(*token, open.token_name)) return false;
  if (client && client->bytes != open.session->peers().remote.bytes) return false;
  return !upstream || *upstream == open.session->upstream();
}

Task<TunnelList> list_tunnels(Asking asking, TunnelFilter filter) {
  using Part = std::vector<TunnelState>;
  auto shared = std::make_shared<const TunnelFilter>(std::move(filter));
  auto gathered = co_await gather<Part>(asking, [shared](AdminWorker& worker, const Deliver<Part>& deliver) {
    auto part = std::make_shared<Part>();
    worker.visit_sessions(
        [shared, part](const Session& session) {
          session.for_each_open([&](const Record& open) {
            if (shared->matches(open)) part->push_back(state_of(open));
          });
        },
        [part, deliver] { deliver(std::move(*part)); });
  });
  TunnelList list;
  list.late = gathered.late;
  for (Part& part : gathered.parts) std::ranges::move(part, std::back_inserter(list.tunnels));
  std::ranges::sort(list.tunnels, {}, &TunnelState::id);
  co_return list;
}

Task<ClosedTunnels> close_tunnels(Asking asking, TunnelFilter filter) {
  auto shared = std::make_shared<const TunnelFilter>(std::move(filter));
  auto gathered =
      co_await gather<std::size_t>(asking, [shared](AdminWorker& worker, const Deliver<std::size_t>& deliver) {
        auto count = std::make_shared<std::size_t>(0);
        worker.visit_sessions(
            [shared, count](Session& session) {
              if (session.is_closing() && !shared->force) return;
              std::size_t matching = 0;
              session.for_each_open([&](const Record& open) { matching += shared->matches(open) ? 1 : 0; });
              if (matching == 0) return;
              *count += matching;
              session.close();
              if (shared->force) session.abort();
            },
            [count, deliver] { deliver(*count); });
      });
  ClosedTunnels closed;
  closed.late = gathered.late;
  for (const std::size_t count : gathered.parts) closed.count += count;
  co_return closed;
}

std::string tunnels_as_json(const TunnelList& list) {
  return JsonObject()
             .number("version", json_version)
             .number("count", static_cast<std::int64_t>(list.tunnels.size()))
             .number("workers_late", static_cast<std::int64_t>(list.late))
             .raw("tunnels", json_array(list.tunnels, &as_json))
             .end() +
         "\n";
}

std::string tunnels_as_text(const TunnelList& list) {
  std::string out;
  if (list.tunnels.empty()) {
    out = "no tunnel is open\n";
  } else {
    std::vector<Row> rows{{"ID", "AGE", "ROUTE", "TOKEN", "CLIENT", "UPSTREAM", "IN", "OUT", "PATH"}};
    for (const TunnelState& tunnel : list.tunnels) {
      rows.push_back({fmt::format("{}{}", tunnel.id, tunnel.is_closing ? "*" : ""), age_text(tunnel.age_ms),
                      cell(tunnel.route), cell(tunnel.token), text(tunnel.client), cell(tunnel.upstream),
                      bytes_text(tunnel.bytes_in), bytes_text(tunnel.bytes_out), cell(tunnel.path)});
    }
    out = as_table(rows);
    const bool any_closing = std::ranges::any_of(list.tunnels, &TunnelState::is_closing);
    if (any_closing) out += "* was told to close\n";
  }
  if (list.late != 0) out += fmt::format("{} of the workers did not answer; their tunnels are missing\n", list.late);
  return out;
}

}  // namespace turnout
