#include "observe/metrics_text.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>
#include <sstream>

namespace turnout {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

/// Three digits of each status code.
constexpr auto code_texts = [] {
  std::array<std::array<char, 3>, 600> texts{};
  for (std::size_t code = 100; code < texts.size(); ++code) {
    texts[code] = {static_cast<char>('0' + code / 100), static_cast<char>('0' + code / 10 % 10),
                   static_cast<char>('0' + code % 10)};
  }
  return texts;
}();

std::string_view code_label(std::uint16_t code) noexcept {
  return code != 0 ? std::string_view(code_texts[code].data(), 3) : "-";
}

/// "1.1" of "HTTP/1.1", as the label is called version already.
std::string_view version_label(std::string_view name) noexcept {
  return name == "HTTP/2.0" ? "2" : name.substr(name.find('/') + 1);
}

std::string_view outcome_label(UpgradeOutcome outcome) noexcept {
  switch (outcome) {
    case UpgradeOutcome::none: break;
    case UpgradeOutcome::accepted: return "accepted";
    case UpgradeOutcome::declined: return "declined";
    case UpgradeOutcome::refused: return "refused";
  }
  return "-";
}

std::string_view closer_label(CloseBy by) noexcept {
  switch (by) {
    case CloseBy::none: break;
    case CloseBy::client: return "client";
    case CloseBy::server: return "server";
    case CloseBy::upstream: return "upstream";
  }
  return "-";
}

std::string_view truth_label(bool value) noexcept {
  return value ? "true" : "false";
}

double as_double(std::uint64_t count) noexcept {
  return static_cast<double>(count);
}

template <const auto& Bounds>
ClientMetric::Histogram histogram_of(const Histogram<Bounds>& from) {
  ClientMetric::Histogram to;
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < Bounds.size(); ++i) {
    below += from.counts[i];
    to.bucket.push_back({below, as_double(Bounds[i]) / 1000});
  }
  to.sample_count = from.count();
  to.sample_sum = as_double(from.sum_ms) / 1000;
  return to;
}

/// What becomes of two series whose labels are the same: Prometheus takes a name with its labels once only.
enum class Same : std::uint8_t { sum, least };

/// One family at a time: its series are put in order and written, and their memory is used again.
class Page {
 public:
  void begin(MetricType type, const char* name, const char* help, std::initializer_list<const char*> labels = {}) {
    family().name = name;
    family().help = help;
    family().type = type;
    labels_ = labels;
  }

  void add(std::initializer_list<std::string_view> values, double value) {
    ClientMetric& metric = labelled(values);
    metric.counter.value = value;
    metric.gauge.value = value;
  }
  void add(std::initializer_list<std::string_view> values, std::uint64_t value) { add(values, as_double(value)); }
  void add(std::initializer_list<std::string_view> values, ClientMetric::Histogram histogram) {
    labelled(values).histogram = std::move(histogram);
  }

  void end(Same same = Same::sum) {
    std::vector<ClientMetric>& metrics = family().metric;
    if (metrics.empty()) return;
    std::ranges::sort(metrics, {}, &ClientMetric::label);
    std::size_t kept = 0;
    for (std::size_t i = 1; i < metrics.size(); ++i) {
      if (metrics[i].label == metrics[kept].label) {
        merge(metrics[kept], metrics[i].gauge.value, same);
      } else if (++kept != i) {
        metrics[kept] = std::move(metrics[i]);
      }
    }
    metrics.resize(kept + 1);
    prometheus::TextSerializer().Serialize(out_, families_);
    metrics.clear();
  }

  /// A family of one series.
  void single(MetricType type, const char* name, const char* help, double value) {
    begin(type, name, help);
    add({}, value);
    end();
  }

  std::string take() { return std::move(out_).str(); }

 private:
  MetricFamily& family() noexcept { return families_.front(); }

  ClientMetric& labelled(std::initializer_list<std::string_view> values) {
    ClientMetric& metric = family().metric.emplace_back();
    metric.label.reserve(labels_.size());
    for (const std::string_view value : values) {
      metric.label.push_back({labels_[metric.label.size()], std::string(value)});
    }
    return metric;
  }

  static void merge(ClientMetric& into, double value, Same same) noexcept {
    const double both = same == Same::sum ? into.gauge.value + value : std::min(into.gauge.value, value);
    into.gauge.value = both;
    into.counter.value = both;
  }

  std::vector<MetricFamily> families_{1};
  std::vector<const char*> labels_;
  std::ostringstream out_;
};

void write_switches(Page& page, const MetricsSnapshot& all) {
  const auto route_of = [&all](std::uint32_t tunnels) -> std::string_view {
    return all.routes.entry(all.tunnels.entry(tunnels).key.route).key;
  };
  const auto token_of = [&all](std::uint32_t tunnels) -> std::string_view {
    return all.tokens.entry(all.tunnels.entry(tunnels).key.token).key;
  };
  // A pair that was only ever asked for has no tunnels to speak of.
  const auto for_each_opened = [&](auto visit) {
    for (std::uint32_t i = 0; i < all.tunnels.size(); ++i) {
      const MetricsSnapshot::Tunnels& tunnels = all.tunnels.entry(i).value;
      if (tunnels.opened != 0) visit(token_of(i), route_of(i), tunnels);
    }
  };

  page.begin(MetricType::Counter, "turnout_upgrades_total", "Offers of another protocol, by what was decided and why",
             {"token", "route", "via", "outcome", "reason"});
  for (const auto& [key, count] : all.offers.entries()) {
    page.add(
        {token_of(key.tunnels), route_of(key.tunnels), text(key.via), outcome_label(key.outcome), text(key.reason)},
        count);
  }
  page.end();

  page.begin(MetricType::Gauge, "turnout_tunnels", "Switches that are open", {"token", "route"});
  for_each_opened([&](std::string_view token, std::string_view route, const MetricsSnapshot::Tunnels& tunnels) {
    page.add({token, route}, tunnels.opened - tunnels.closed);
  });
  page.end();

  page.begin(MetricType::Histogram, "turnout_tunnel_duration_seconds",
             "How long what was switched to lasted, counted when it ends", {"token", "route"});
  for_each_opened([&](std::string_view token, std::string_view route, const MetricsSnapshot::Tunnels& tunnels) {
    page.add({token, route}, histogram_of(tunnels.durations));
  });
  page.end();

  page.begin(MetricType::Counter, "turnout_tunnel_bytes_total",
             "Bytes behind switches, in from the client and out to it", {"token", "route", "direction"});
  for_each_opened([&](std::string_view token, std::string_view route, const MetricsSnapshot::Tunnels& tunnels) {
    page.add({token, route, "in"}, tunnels.bytes_in);
    page.add({token, route, "out"}, tunnels.bytes_out);
  });
  page.end();

  page.begin(MetricType::Counter, "turnout_tunnel_closes_total", "Ends of what was switched to, by whom and why",
             {"token", "by", "reason"});
  for (const auto& [key, count] : all.closes.entries()) {
    page.add({all.tokens.entry(key.token).key, closer_label(key.by), text(key.reason)}, count);
  }
  page.end();
}

void write_requests(Page& page, const MetricsSnapshot& all) {
  // A route that was only ever switched on has no requests to speak of.
  const auto for_each_asked = [&](auto visit) {
    for (const auto& [route, requests] : all.routes.entries()) {
      if (requests.durations.count() != 0) visit(route, requests);
    }
  };

  page.begin(MetricType::Counter, "turnout_http_requests_total", "Requests that were answered without a switch",
             {"route", "version", "code"});
  for (const auto& [key, count] : all.answers.entries()) {
    page.add({all.routes.entry(key.route).key, version_label(text(key.version)), code_label(key.code)}, count);
  }
  page.end();

  page.begin(MetricType::Histogram, "turnout_http_request_duration_seconds",
             "From a request's head to the end of its answer", {"route"});
  for_each_asked([&](std::string_view route, const MetricsSnapshot::Requests& requests) {
    page.add({route}, histogram_of(requests.durations));
  });
  page.end();

  page.begin(MetricType::Counter, "turnout_http_request_body_bytes_total", "Content of requests", {"route"});
  for_each_asked([&](std::string_view route, const MetricsSnapshot::Requests& requests) {
    page.add({route}, requests.body_bytes_in);
  });
  page.end();

  page.begin(MetricType::Counter, "turnout_http_response_body_bytes_total", "Content of answers", {"route"});
  for_each_asked([&](std::string_view route, const MetricsSnapshot::Requests& requests) {
    page.add({route}, requests.body_bytes_out);
  });
  page.end();
}

void write_connections(Page& page, const MetricsSnapshot& all, const std::vector<std::string>& names) {
  const auto each = [&](auto value_of) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      page.add({names[i]}, value_of(i < all.listeners.size() ? all.listeners[i] : MetricsSnapshot::Connections{}));
    }
    page.end();
  };
  using Connections = MetricsSnapshot::Connections;
  page.begin(MetricType::Gauge, "turnout_connections", "TCP connections that are open", {"listener"});
  each([](const Connections& of) { return of.accepted - of.ended; });
  page.begin(MetricType::Counter, "turnout_connections_total", "TCP connections that were served", {"listener"});
  each([](const Connections& of) { return of.accepted; });
  page.begin(MetricType::Counter, "turnout_connections_refused_total",
             "TCP connections that were closed at once, because their client had too many", {"listener"});
  each([](const Connections& of) { return of.refused; });
}

void write_tls(Page& page, const MetricsSnapshot& all, const std::vector<CertificateFacts>& certificates) {
  page.begin(MetricType::Counter, "turnout_tls_handshakes_total", "TLS handshakes that succeeded",
             {"version", "resumed", "upgraded"});
  for (const auto& [key, count] : all.handshakes.entries()) {
    if (key.failure != Why::none) continue;
    page.add({version_label(text(key.version)), truth_label(key.resumed), truth_label(key.upgraded)}, count);
  }
  page.end();

  page.begin(MetricType::Counter, "turnout_tls_handshake_failures_total", "TLS handshakes that failed, by reason",
             {"reason"});
  for (const auto& [key, count] : all.handshakes.entries()) {
    if (key.failure != Why::none) page.add({text(key.failure)}, count);
  }
  page.end();

  page.begin(MetricType::Gauge, "turnout_tls_certificate_expiry_timestamp_seconds",
             "When a certificate in use ends, in seconds since 1970", {"listener", "name"});
  for (const CertificateFacts& certificate : certificates) {
    page.add({certificate.listener, certificate.name}, static_cast<double>(certificate.expires_at));
  }
  page.end(Same::least);
}

void write_upstreams(Page& page, const std::vector<UpstreamFacts>& upstreams) {
  page.begin(MetricType::Gauge, "turnout_upstream_up",
             "0 while a server is out of service: its health check fails, or too many requests did; else 1",
             {"upstream", "server"});
  for (const UpstreamFacts& of : upstreams) page.add({of.upstream, of.server}, of.up ? 1.0 : 0.0);
  page.end(Same::least);
  page.begin(MetricType::Gauge, "turnout_upstream_open", "Requests and tunnels that a server of an upstream has now",
             {"upstream", "server"});
  for (const UpstreamFacts& of : upstreams) page.add({of.upstream, of.server}, of.open);
  page.end();
}

void write_transcripts(Page& page, const TranscriptsKept& kept) {
  page.begin(MetricType::Counter, "turnout_transcripts_kept_total", "Transcripts that were kept, by cause", {"cause"});
  page.add({"declined"}, kept.declined);
  page.add({"refused"}, kept.refused);
  page.add({"error"}, kept.error);
  page.add({"rule"}, kept.rule);
  page.end();
  page.begin(MetricType::Counter, "turnout_transcripts_dropped_total",
             "Transcripts that were lost because their file took nothing", {});
  page.add({}, kept.lines_dropped);
  page.end();
}

void write_process(Page& page, const ProcessMetrics& process) {
  const auto gauge = [&page](const char* name, const char* help, std::optional<std::uint64_t> value) {
    if (value) page.single(MetricType::Gauge, name, help, as_double(*value));
  };
  if (process.cpu_seconds) {
    page.single(MetricType::Counter, "process_cpu_seconds_total", "CPU time, of the user and of the system",
                *process.cpu_seconds);
  }
  gauge("process_resident_memory_bytes", "Memory that is in use", process.resident_bytes);
  gauge("process_virtual_memory_bytes", "Address space that is in use", process.virtual_bytes);
  gauge("process_open_fds", "File descriptors that are open", process.open_descriptors);
  gauge("process_max_fds", "File descriptors that may be open", process.descriptors_max);
  if (process.start_time_seconds) {
    page.single(MetricType::Gauge, "process_start_time_seconds", "When the process began, in seconds since 1970",
                *process.start_time_seconds);
  }
  gauge("process_threads", "Threads", process.threads);
}

}  // namespace

std::string prometheus_text(const MetricsSnapshot& all, const ServerFacts& facts) {
  Page page;
  page.begin(MetricType::Gauge, "turnout_build_info", "1, with the versions as labels",
             {"version", "nghttp2", "openssl"});
  page.add({facts.build.version, facts.build.nghttp2, facts.build.openssl}, 1.0);
  page.end();
  page.single(MetricType::Gauge, "turnout_workers", "Threads that serve connections", as_double(facts.workers));
  write_switches(page, all);
  write_requests(page, all);
  write_connections(page, all, facts.listeners);
  write_tls(page, all, facts.certificates);
  write_upstreams(page, facts.upstreams);
  page.single(MetricType::Counter, "turnout_access_log_dropped_total",
              "Lines of the access log that were dropped because nobody took them",
              as_double(facts.access_log_dropped));
  write_transcripts(page, facts.transcripts);
  write_process(page, facts.process);
  return page.take();
}

}  // namespace turnout
