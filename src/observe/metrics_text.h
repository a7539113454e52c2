// prometheus_text: metrics in the text form that Prometheus reads (exposition format 0.0.4).
//
//   ServerFacts facts{.listeners = {"127.0.0.1:8101"}, .build = {version(), NGHTTP2_VERSION, openssl}, .workers = 4};
//   facts.process = process_metrics();
//   answer(metrics_content_type, prometheus_text(all, facts));
//
// A pure function for any thread; with many routes too slow for one that serves requests. Families and series have an
// order of their own, whatever the order of events was. A family without series is left out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "observe/metrics.h"
#include "observe/process_metrics.h"

namespace turnout {

inline constexpr std::string_view metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

struct UpstreamFacts {  // one server of one upstream
  std::string upstream = {};
  std::string server = {};
  bool up = false;
  std::uint64_t open = 0;  // requests and tunnels that it has now
};

struct CertificateFacts {
  std::string listener = {};
  std::string name = {};
  std::int64_t expires_at = 0;  // seconds since 1970, UTC
};

struct TranscriptsKept {  // by cause
  std::uint64_t declined = 0;
  std::uint64_t refused = 0;
  std::uint64_t error = 0;
  std::uint64_t rule = 0;
  std::uint64_t lines_dropped = 0;  // of their file
};

struct BuildFacts {
  std::string version = {};
  std::string nghttp2 = {};
  std::string openssl = {};
};

/// What workers do not count themselves.
struct ServerFacts {
  std::vector<std::string> listeners = {};  // names, in the order of WorkerMetrics::accepted()
  std::vector<UpstreamFacts> upstreams = {};
  std::vector<CertificateFacts> certificates = {};
  TranscriptsKept transcripts = {};
  std::uint64_t access_log_dropped = 0;
  BuildFacts build = {};
  std::uint64_t workers = 0;
  ProcessMetrics process = {};
};

std::string prometheus_text(const MetricsSnapshot& all, const ServerFacts& facts);

}  // namespace turnout
