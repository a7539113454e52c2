// Metrics: what happened, in numbers. WorkerMetrics counts on one worker; MetricsSnapshot is a value with its counts,
// which goes to another thread and is added to those of the other workers there.
//
//   WorkerMetrics metrics(worker);                 // worker's own thread
//   sessions.recorder = &metrics;                  // or by way of another Recorder
//   metrics.accepted(0);
//   MetricsSnapshot all = metrics.snapshot();
//   all.add(snapshot_of_another_worker);           // any thread
//   prometheus_text(all, facts);                   // metrics_text.h
//
// Series are told apart by names from the configuration and by fixed sets, never by what a client sent (O5): there are
// as many as the configuration and the backends' status codes give rise to. Two routes of one name are one series.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "observe/access_log.h"
#include "observe/histogram.h"
#include "observe/series_table.h"
#include "runtime/worker.h"
#include "switching/record.h"

namespace turnout {

inline constexpr std::array<std::uint64_t, 15> request_bounds_ms = {1,   2,    5,    10,   25,     50,     100,   250,
                                                                    500, 1000, 2500, 5000, 10'000, 30'000, 60'000};
inline constexpr std::array<std::uint64_t, 12> tunnel_bounds_ms = {
    100, 500, 1000, 5000, 15'000, 60'000, 300'000, 900'000, 3'600'000, 14'400'000, 43'200'000, 86'400'000};

struct MetricsSnapshot {
  struct Requests {  // of one route
    Histogram<request_bounds_ms> durations;
    std::uint64_t body_bytes_in = 0;
    std::uint64_t body_bytes_out = 0;
  };
  struct AnswerKey {
    std::uint32_t route = 0;
    HttpVersion version = HttpVersion::http11;
    std::uint16_t code = 0;  // 0: none of 100 to 599

    bool operator==(const AnswerKey&) const = default;
    std::uint64_t bits() const noexcept;
  };
  struct SwitchKey {
    std::uint32_t route = 0;
    std::uint32_t token = 0;

    bool operator==(const SwitchKey&) const = default;
    std::uint64_t bits() const noexcept;
  };
  struct Tunnels {  // of one route and token
    std::uint64_t opened = 0;
    std::uint64_t closed = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    Histogram<tunnel_bounds_ms> durations;
  };
  struct OfferKey {
    std::uint32_t tunnels = 0;  // index of its route and token
    Via via = Via::none;
    UpgradeOutcome outcome = UpgradeOutcome::none;
    Why reason = Why::none;

    bool operator==(const OfferKey&) const = default;
    std::uint64_t bits() const noexcept;
  };
  struct CloseKey {
    std::uint32_t token = 0;
    CloseBy by = CloseBy::none;
    Why reason = Why::none;

    bool operator==(const CloseKey&) const = default;
    std::uint64_t bits() const noexcept;
  };
  struct HandshakeKey {
    TlsVersion version = TlsVersion::none;
    bool resumed = false;
    bool upgraded = false;
    Why failure = Why::none;  // then the version is none

    bool operator==(const HandshakeKey&) const = default;
    std::uint64_t bits() const noexcept;
  };
  struct Connections {  // of one listener
    std::uint64_t accepted = 0;
    std::uint64_t ended = 0;
    std::uint64_t refused = 0;
  };
  struct Nothing {};

  SeriesTable<std::string, Requests> routes;  // their indexes are what keys say
  SeriesTable<std::string, Nothing> tokens;
  SeriesTable<AnswerKey, std::uint64_t> answers;
  SeriesTable<SwitchKey, Tunnels> tunnels;
  SeriesTable<OfferKey, std::uint64_t> offers;
  SeriesTable<CloseKey, std::uint64_t> closes;
  SeriesTable<HandshakeKey, std::uint64_t> handshakes;
  std::vector<Connections> listeners;

  void add(const MetricsSnapshot& other);
};

/// Belongs to its worker's thread.
class WorkerMetrics final : public Recorder {
 public:
  explicit WorkerMetrics(const Worker& worker) noexcept : worker_(worker) {}

  void write(const Record& record) noexcept override;
  void write(const Session& session, const Handshake& handshake) noexcept override;

  /// A TCP connection that is served, and its end. One that is refused is neither.
  void accepted(std::size_t listener) { ++at(listener).accepted; }
  void ended(std::size_t listener) { ++at(listener).ended; }
  /// A client had too many of them.
  void refused(std::size_t listener) { ++at(listener).refused; }

  MetricsSnapshot snapshot() const { return counts_; }

 private:
  void count_request(const Record& record, std::uint32_t route);
  void count_offer(const Record& record, std::uint32_t tunnels, UpgradeOutcome outcome);
  std::uint32_t tunnels_of(const Record& record, std::uint32_t route);
  MetricsSnapshot::Connections& at(std::size_t listener);

  const Worker& worker_;
  MetricsSnapshot counts_;
};

}  // namespace turnout
