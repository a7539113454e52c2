#include "observe/metrics.h"

#include "switching/site.h"

namespace turnout {
namespace {

constexpr std::string_view nameless = "-";

UpgradeOutcome counted_outcome(std::string_view text) noexcept {
  if (text == "accepted") return UpgradeOutcome::accepted;
  if (text == "declined") return UpgradeOutcome::declined;
  if (text == "refused") return UpgradeOutcome::refused;
  return UpgradeOutcome::none;
}

CloseBy counted_close_by(std::string_view text) noexcept {
  if (text == "client") return CloseBy::client;
  if (text == "server") return CloseBy::server;
  if (text == "upstream") return CloseBy::upstream;
  return CloseBy::none;
}

std::uint16_t counted_code(int status) noexcept {
  return status >= 100 && status <= 599 ? static_cast<std::uint16_t>(status) : std::uint16_t{0};
}

/// Parts of a key that have 8 bits each.
template <class... Parts>
std::uint64_t packed(std::uint64_t first, Parts... parts) noexcept {
  ((first = first << 8 | static_cast<std::uint8_t>(parts)), ...);
  return first;
}

}  // namespace

std::uint64_t MetricsSnapshot::AnswerKey::bits() const noexcept {
  return packed(std::uint64_t{route} << 16 | code, version);
}

std::uint64_t MetricsSnapshot::SwitchKey::bits() const noexcept {
  return std::uint64_t{route} << 32 | token;
}

std::uint64_t MetricsSnapshot::OfferKey::bits() const noexcept {
  return packed(tunnels, via, outcome, reason);
}

std::uint64_t MetricsSnapshot::CloseKey::bits() const noexcept {
  return packed(token, by, reason);
}

std::uint64_t MetricsSnapshot::HandshakeKey::bits() const noexcept {
  return packed(0, version, resumed, upgraded, failure);
}

void MetricsSnapshot::add(const MetricsSnapshot& other) {
  // The same name has another index there.
  std::vector<std::uint32_t> route_here, token_here, tunnels_here;
  for (const auto& [name, requests] : other.routes.entries()) {
    route_here.push_back(routes.index_of(name));
    Requests& here = routes.entry(route_here.back()).value;
    here.durations.add(requests.durations);
    here.body_bytes_in += requests.body_bytes_in;
    here.body_bytes_out += requests.body_bytes_out;
  }
  for (const auto& [name, nothing] : other.tokens.entries()) token_here.push_back(tokens.index_of(name));
  for (const auto& [key, there] : other.tunnels.entries()) {
    tunnels_here.push_back(tunnels.index_of(SwitchKey{route_here[key.route], token_here[key.token]}));
    Tunnels& here = tunnels.entry(tunnels_here.back()).value;
    here.opened += there.opened;
    here.closed += there.closed;
    here.bytes_in += there.bytes_in;
    here.bytes_out += there.bytes_out;
    here.durations.add(there.durations);
  }
  for (auto [key, count] : other.answers.entries()) {
    key.route = route_here[key.route];
    answers[key] += count;
  }
  for (auto [key, count] : other.offers.entries()) {
    key.tunnels = tunnels_here[key.tunnels];
    offers[key] += count;
  }
  for (auto [key, count] : other.closes.entries()) {
    key.token = token_here[key.token];
    closes[key] += count;
  }
  for (const auto& [key, count] : other.handshakes.entries()) handshakes[key] += count;
  if (listeners.size() < other.listeners.size()) listeners.resize(other.listeners.size());
  for (std::size_t i = 0; i < other.listeners.size(); ++i) {
    listeners[i].accepted += other.listeners[i].accepted;
    listeners[i].ended += other.listeners[i].ended;
    listeners[i].refused += other.listeners[i].refused;
  }
}

void WorkerMetrics::write(const Record& record) noexcept {
  // By its name and not by its address, which another route may have after a reload.
  const std::uint32_t route =
      counts_.routes.index_of(record.route != nullptr ? std::string_view(record.route->name) : nameless);
  if (record.kind == RecordKind::request) {
    count_request(record, route);
    if (const UpgradeOutcome outcome = counted_outcome(record.outcome); outcome != UpgradeOutcome::none) {
      count_offer(record, tunnels_of(record, route), outcome);
    }
    return;
  }
  const std::uint32_t index = tunnels_of(record, route);
  auto& [key, tunnels] = counts_.tunnels.entry(index);
  tunnels.bytes_in += record.new_bytes_in;
  tunnels.bytes_out += record.new_bytes_out;
  if (record.kind == RecordKind::open) {
    ++tunnels.opened;
    count_offer(record, index, UpgradeOutcome::accepted);
  } else if (record.kind == RecordKind::close) {
    ++tunnels.closed;
    tunnels.durations.add_ms(worker_.now_ms() - record.began_ms);
    ++counts_.closes[MetricsSnapshot::CloseKey{key.token, counted_close_by(record.closed_by), record.close_reason}];
  }
}

void WorkerMetrics::write(const Session& /*session*/, const Handshake& handshake) noexcept {
  const MetricsSnapshot::HandshakeKey succeeded{handshake.version, handshake.resumed, handshake.upgraded};
  const MetricsSnapshot::HandshakeKey failed{.failure = handshake.failure};
  ++counts_.handshakes[handshake.failure == Why::none ? succeeded : failed];
}

void WorkerMetrics::count_request(const Record& record, std::uint32_t route) {
  const HttpVersion version = record.request != nullptr ? record.request->version : HttpVersion::http11;
  ++counts_.answers[MetricsSnapshot::AnswerKey{route, version, counted_code(record.status)}];
  MetricsSnapshot::Requests& requests = counts_.routes.entry(route).value;
  requests.durations.add_ms(worker_.now_ms() - record.began_ms);
  requests.body_bytes_in += record.bytes_in;
  requests.body_bytes_out += record.bytes_out;
}

void WorkerMetrics::count_offer(const Record& record, std::uint32_t tunnels, UpgradeOutcome outcome) {
  ++counts_.offers[MetricsSnapshot::OfferKey{tunnels, record.via, outcome, record.reason}];
}

std::uint32_t WorkerMetrics::tunnels_of(const Record& record, std::uint32_t route) {
  const std::string_view name = *record.token_name != '\0' ? std::string_view(record.token_name) : nameless;
  return counts_.tunnels.index_of(MetricsSnapshot::SwitchKey{route, counts_.tokens.index_of(name)});
}

MetricsSnapshot::Connections& WorkerMetrics::at(std::size_t listener) {
  if (listener >= counts_.listeners.size()) counts_.listeners.resize(listener + 1);
  return counts_.listeners[listener];
}

}  // namespace turnout
