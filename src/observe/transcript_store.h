// TranscriptStore: why something switched or did not, remembered by one worker. Touched by its thread only.
//
//   TranscriptStore store(worker, policy, file);          // file: LogFile or nullptr
//   store.write(record);                                  // as a Recorder
//   for (const TranscriptEntry& entry : store.snapshot(true)) ...
//
// Two rings, bounded in bytes. Recent: every switch from when it opens; the oldest goes. Kept: what somebody will ask
// about, which recent ones never push out: offers that were declined or refused, switches that ended with an error, and
// what a rule of the policy asks for. What a rule tells by the opening is kept from then on; the rest when it ends.
//
// Secrets are masked before anything is remembered (O9): neither a dump of the memory nor the file has them from here.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/transcript_policy.h"
#include "observe/log_writer.h"
#include "observe/transcript_entry.h"
#include "observe/transcript_mask.h"
#include "runtime/worker.h"
#include "switching/record.h"

namespace turnout {

/// How many were kept since the worker began, each counted once: by the cause that was there first.
struct TranscriptCounts {
  std::uint64_t declined = 0;
  std::uint64_t refused = 0;
  std::uint64_t error = 0;
  std::uint64_t rule = 0;
  std::uint64_t lines_dropped = 0;  // of the file, because it took nothing

  friend bool operator==(const TranscriptCounts&, const TranscriptCounts&) = default;
};

class TranscriptStore final : public Recorder {
 public:
  /// A line waits no longer than this.
  static constexpr Millis delay_max{200};
  /// Of one transcript: its fields, together; the rest of them is counted.
  static constexpr std::size_t fields_bytes_max = 4 * 1024;

  TranscriptStore(Worker& worker, const TranscriptPolicy& policy, std::shared_ptr<LogFile> file);

  using Recorder::write;
  void write(const Record& record) noexcept override;

  /// The kept ones and, where asked for, the recent ones: the oldest first.
  std::vector<TranscriptEntry> snapshot(bool recent_too, const TranscriptFilter& filter = {}) const;
  TranscriptCounts counts() const noexcept;

 private:
  /// One transcript as it is remembered: what is a number, and all texts one behind the other.
  struct Stored {
    std::uint64_t tunnel_id = 0;
    std::int64_t time_ms = 0;
    std::uint64_t time_taken_ms = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    Address client;
    Address listener;
    KeptFor kept = KeptFor::recent;
    Via via = Via::none;
    HttpVersion version = HttpVersion::http11;
    bool secure = false;
    bool is_over = false;
    bool is_elsewhere = false;  // among the kept ones by now; its place here goes with its time
    Why reason = Why::none;
    Why close_reason = Why::none;
    std::uint16_t status = 0;
    std::uint16_t fields = 0;
    std::uint16_t fields_left_out = 0;
    std::uint32_t events_left_out = 0;
    std::string asked{};     // what the request said
    std::string happened{};  // what came of it: events and who ended it

    std::size_t bytes() const noexcept { return sizeof(Stored) + asked.capacity() + happened.capacity(); }
  };
  struct Ring {
    std::deque<Stored> entries;
    std::size_t bytes = 0;
    std::size_t bytes_max = 0;

    void add(Stored stored);
    /// Lets `change` at one of them, which may be gone afterwards.
    template <class Change>
    void change(Stored& stored, Change change);
    void make_room();
  };
  struct Flush : Timer {
    explicit Flush(TranscriptStore& owner) noexcept;
    TranscriptStore& store;
  };

  void opened(const Record& record);
  void closed(const Record& record);
  Stored stored(const Record& record);
  void note_what_happened(const Record& record, Stored& stored);
  void count(KeptFor cause) noexcept;
  void keep(Stored stored, KeptFor cause);
  void write_line(const Stored& stored);
  bool rule_holds(const Record& record, bool is_over) const noexcept;
  Stored* find_recent(std::uint64_t tunnel_id) noexcept;
  Stored* find_kept(std::uint64_t tunnel_id) noexcept;
  static TranscriptEntry entry_of(const Stored& stored);
  void flush() noexcept;

  Worker& worker_;
  const TranscriptMask mask_;
  const std::vector<TranscriptRule> rules_;
  Ring recent_;
  Ring kept_;
  const bool keeps_at_opening_;
  TranscriptCounts counts_;
  // Where texts are put together before they are kept in as many bytes as they have.
  std::string scratch_;
  std::string masked_;
  std::optional<LogWriter> log_;
  Flush flush_;
};

}  // namespace turnout
