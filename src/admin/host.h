// The server as its admin listener sees it: what it may ask, and on which thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace turnout {

class Session;
class TranscriptStore;
class WorkerMetrics;
struct ServerFacts;
struct TranscriptCounts;

/// One of the server's workers. What is posted runs on its own thread, as long as it has not ended.
class AdminWorker {
 public:
  virtual ~AdminWorker() = default;

  /// From any thread.
  virtual bool has_ended() const noexcept = 0;
  virtual void post(std::function<void()> job) = 0;

  // On the worker's own thread only.
  /// Calls `each` for every session that lasts long enough, in slices between which connections get their turn, and
  /// then `done`.
  virtual void visit_sessions(std::function<void(Session&)> each, std::function<void()> done) = 0;
  virtual const WorkerMetrics& metrics() const noexcept = 0;
  /// Nothing where none are kept, and once the worker has ended.
  virtual const TranscriptStore* transcripts() const noexcept = 0;
  virtual TranscriptCounts transcript_counts() const noexcept = 0;
  /// Lines of the access log that were lost.
  virtual std::uint64_t log_lines_dropped() const noexcept = 0;
};

/// From any thread.
class AdminHost {
 public:
  virtual ~AdminHost() = default;
  virtual std::span<AdminWorker* const> workers() const noexcept = 0;
  /// Nothing new begins.
  virtual bool is_draining() const noexcept = 0;
  /// What is known without the workers; how the process is doing is added to it.
  virtual ServerFacts facts() const = 0;
  /// The configuration that is in use, as JSON, without what is nobody's business.
  virtual const std::string& config_json() const noexcept = 0;
  /// A line for the operational log.
  virtual void tell_operator(const std::string& line) const = 0;
};

}  // namespace turnout
