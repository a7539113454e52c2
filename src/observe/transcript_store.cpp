#include "observe/transcript_store.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "observe/transcript_text.h"
#include "switching/session.h"

namespace turnout {
namespace {

/// Of any single text but those that the mask cuts.
constexpr std::size_t stored_text_bytes_max = 1024;
/// Of all that is remembered of a request: room for the fields and a dozen other texts.
constexpr std::size_t asked_bytes_max = 24 * 1024;
constexpr std::size_t happened_bytes_max = 8 * 1024;

/// Puts texts and numbers one behind the other into a string that is long enough for any of them; what does not fit all
/// the same is left out.
class TextWriter {
 public:
  TextWriter(std::string& room, std::size_t bytes_max) : begin_(grown(room, bytes_max)), end_(begin_ + bytes_max) {}

  void put(std::string_view text) noexcept {
    const auto fitting = static_cast<std::uint16_t>(std::min(text.size(), left()));
    number(fitting);
    if (fitting != 0) std::memcpy(at_, text.data(), fitting);
    at_ += fitting;
  }
  template <class T>
  void number(const T& value) noexcept {
    std::memcpy(at_, &value, sizeof value);
    at_ += sizeof value;
  }
  std::string_view written() const noexcept { return {begin_, static_cast<std::size_t>(at_ - begin_)}; }
  bool has_room_for(std::size_t bytes) const noexcept { return left() >= bytes; }

 private:
  static constexpr std::size_t spare_bytes = 64;  // for the sizes of texts
  static char* grown(std::string& room, std::size_t bytes_max) {
    if (room.size() < bytes_max + spare_bytes) room.resize(bytes_max + spare_bytes);
    return room.data();
  }
  std::size_t left() const noexcept { return at_ < end_ ? static_cast<std::size_t>(end_ - at_) : 0; }

  char* begin_;
  char* end_;
  char* at_ = begin_;
};

class TextReader {
 public:
  explicit TextReader(std::string_view texts) noexcept : rest_(texts) {}
  bool at_end() const noexcept { return rest_.empty(); }
  std::string next() {
    const std::size_t size = number<std::uint16_t>();
    std::string text(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return text;
  }
  template <class T>
  T number() noexcept {
    T value;
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_.remove_prefix(sizeof value);
    return value;
  }

 private:
  std::string_view rest_;
};

struct StoredEvent {
  EventKind kind;
  Why why;
  std::uint16_t status;
  std::uint32_t bytes;
  std::uint32_t at_ms;
};

/// Ends that nobody has to ask about. What remains are the peer's faults, limits that cut something off, and time-outs
/// other than that of a connection on which nothing happened any more.
bool is_orderly(Why end) noexcept {
  switch (end) {
    case Why::none:
    case Why::done:
    case Why::peer_closed:
    case Why::upstream_closed:
    case Why::connection_close:
    case Why::draining:
    case Why::closed_by_operator:
    case Why::application_closed:
    case Why::idle_timeout:
    case Why::lifetime_over:
    case Why::accepted:
    case Why::alpn:
    case Why::prior_knowledge:
    case Why::detected: return true;
    default: return false;
  }
}

std::string_view cut(std::string_view text) noexcept {
  return text.substr(0, stored_text_bytes_max);
}

bool keeps_at_opening(const std::vector<TranscriptRule>& rules) noexcept {
  return std::ranges::any_of(rules, [](const TranscriptRule& rule) { return !rule.time_taken_min; });
}

}  // namespace

// ===== Ring =====

void TranscriptStore::Ring::add(Stored stored) {
  bytes += stored.bytes();
  entries.push_back(std::move(stored));
  make_room();
}

void TranscriptStore::Ring::make_room() {
  while (bytes > bytes_max) {
    bytes -= entries.front().bytes();
    entries.pop_front();
  }
}

template <class Change>
void TranscriptStore::Ring::change(Stored& stored, Change change) {
  bytes -= stored.bytes();
  change(stored);
  bytes += stored.bytes();
  make_room();
}

// ===== Writing =====

TranscriptStore::Flush::Flush(TranscriptStore& owner) noexcept
    : Timer([](Timer& timer) noexcept { static_cast<Flush&>(timer).store.flush(); }), store(owner) {}

TranscriptStore::TranscriptStore(Worker& worker, const TranscriptPolicy& policy, std::shared_ptr<LogFile> file)
    : worker_(worker),
      mask_(policy),
      rules_(policy.keep),
      keeps_at_opening_(keeps_at_opening(policy.keep)),
      flush_(*this) {
  recent_.bytes_max = policy.recent_bytes;
  kept_.bytes_max = policy.kept_bytes;
  if (file) log_.emplace(std::move(file));
}

void TranscriptStore::write(const Record& record) noexcept {
  switch (record.kind) {
    case RecordKind::progress: return;
    case RecordKind::open: return opened(record);
    case RecordKind::close: return closed(record);
    case RecordKind::request: break;
  }
  KeptFor cause = KeptFor::recent;
  if (record.outcome == "declined") {
    cause = KeptFor::declined;
  } else if (record.outcome == "refused") {
    cause = KeptFor::refused;
  } else if (!rules_.empty() && rule_holds(record, true)) {
    cause = KeptFor::rule;
  } else {
    return;
  }
  count(cause);
  keep(stored(record), cause);
}

void TranscriptStore::opened(const Record& record) {
  if (keeps_at_opening_ && rule_holds(record, false)) {
    count(KeptFor::rule);
    keep(stored(record), KeptFor::rule);
  } else if (recent_.bytes_max != 0) {
    recent_.add(stored(record));
  }
}

void TranscriptStore::closed(const Record& record) {
  const bool was_kept = keeps_at_opening_ && rule_holds(record, false);
  if (Stored* kept = was_kept ? find_kept(record.tunnel_id) : nullptr; kept != nullptr) {
    kept_.change(*kept, [&](Stored& stored) {
      note_what_happened(record, stored);
      if (log_) write_line(stored);
    });
    return;
  }
  Stored* recent = find_recent(record.tunnel_id);
  const bool is_error = !is_orderly(record.close_reason);
  if (!is_error && (rules_.empty() || !rule_holds(record, true))) {
    if (recent != nullptr) recent_.change(*recent, [&](Stored& stored) { note_what_happened(record, stored); });
    return;
  }
  Stored entry;
  if (recent != nullptr) {
    recent_.change(*recent, [&](Stored& stored) {
      entry = std::exchange(stored, Stored());
      stored.tunnel_id = record.tunnel_id;
      stored.is_elsewhere = true;
    });
    note_what_happened(record, entry);
  } else {
    entry = stored(record);
  }
  // What a rule had kept and later ones pushed out is counted already.
  const KeptFor cause = is_error && !was_kept ? KeptFor::error : KeptFor::rule;
  if (!was_kept) count(cause);
  keep(std::move(entry), cause);
}

TranscriptStore::Stored TranscriptStore::stored(const Record& record) {
  Stored to;
  const std::uint64_t taken_ms = worker_.now_ms() - std::min(record.began_ms, worker_.now_ms());
  to.tunnel_id = record.tunnel_id;
  to.time_ms = worker_.wall_ms() - static_cast<std::int64_t>(taken_ms);
  to.via = record.via;
  to.status = static_cast<std::uint16_t>(std::clamp(record.status, 0, 999));
  to.reason = record.reason;
  if (record.session != nullptr) {
    to.client = record.session->peers().remote;
    to.listener = record.session->peers().local;
    to.secure = record.session->is_secure();
  }
  static const RequestHead unknown;
  const RequestHead& head = record.request != nullptr ? *record.request : unknown;
  to.version = head.version;
  TextWriter texts(scratch_, asked_bytes_max);
  const auto put_masked = [&](auto append) {
    masked_.clear();
    append(masked_);
    texts.put(masked_);
  };
  texts.put(record.route != nullptr ? cut(record.route->name) : std::string_view());
  texts.put(cut(record.offer));
  texts.put(cut(record.token));
  texts.put(cut(record.token_name));
  texts.put(cut(record.outcome));
  texts.put(cut(head.method));
  put_masked([&](std::string& out) { mask_.append_value("host", head.authority, out); });
  put_masked([&](std::string& out) { mask_.append_url(head.target, out); });
  const std::size_t fields_end = texts.written().size() + fields_bytes_max;
  for (const Field field : head.fields) {
    if (texts.written().size() >= fields_end) {
      ++to.fields_left_out;
      continue;
    }
    ++to.fields;
    texts.put(cut(field.name));
    if (mask_.shows_whole(field.name, field.value)) {
      texts.put(field.value);
    } else {
      put_masked([&](std::string& out) { mask_.append_suspect(field.name, field.value, out); });
    }
  }
  to.asked = texts.written();
  note_what_happened(record, to);
  return to;
}

/// What is known by now, in the place of what was known before.
void TranscriptStore::note_what_happened(const Record& record, Stored& stored) {
  stored.bytes_in = record.bytes_in;
  stored.bytes_out = record.bytes_out;
  stored.is_over = record.kind != RecordKind::open;
  stored.time_taken_ms = worker_.now_ms() - std::min(record.began_ms, worker_.now_ms());
  stored.close_reason = record.close_reason;
  TextWriter texts(scratch_, happened_bytes_max);
  texts.put(cut(record.closed_by));
  texts.put(record.session != nullptr ? cut(record.session->upstream()) : std::string_view());
  if (record.session != nullptr) {
    const Transcript& transcript = record.session->transcript();
    stored.events_left_out = transcript.dropped();
    transcript.for_each([&](const TranscriptEvent& event) {
      const std::string_view name = cut(event.name);
      if (!texts.has_room_for(sizeof(StoredEvent) + name.size())) {
        ++stored.events_left_out;
        return;
      }
      texts.number(StoredEvent{event.kind, event.why, event.status, event.bytes, event.at_ms});
      texts.put(name);
    });
  }
  stored.happened = texts.written();
}

void TranscriptStore::count(KeptFor cause) noexcept {
  switch (cause) {
    case KeptFor::recent: break;
    case KeptFor::declined: ++counts_.declined; break;
    case KeptFor::refused: ++counts_.refused; break;
    case KeptFor::error: ++counts_.error; break;
    case KeptFor::rule: ++counts_.rule; break;
  }
}

void TranscriptStore::keep(Stored stored, KeptFor cause) {
  stored.kept = cause;
  if (log_) write_line(stored);
  kept_.add(std::move(stored));
}

bool TranscriptStore::rule_holds(const Record& record, bool is_over) const noexcept {
  const std::string_view route = record.route != nullptr ? std::string_view(record.route->name) : "";
  const std::uint64_t taken_ms = worker_.now_ms() - std::min(record.began_ms, worker_.now_ms());
  return std::ranges::any_of(rules_, [&](const TranscriptRule& rule) {
    if (is_over) return rule.holds(route, record.status, taken_ms);
    return !rule.time_taken_min && rule.holds(route, record.status);
  });
}

TranscriptStore::Stored* TranscriptStore::find_recent(std::uint64_t tunnel_id) noexcept {
  // They come in the order of their ids.
  const auto at = std::ranges::lower_bound(recent_.entries, tunnel_id, {}, &Stored::tunnel_id);
  if (at == recent_.entries.end() || at->tunnel_id != tunnel_id || at->is_elsewhere) return nullptr;
  return &*at;
}

TranscriptStore::Stored* TranscriptStore::find_kept(std::uint64_t tunnel_id) noexcept {
  // The latest first: most tunnels do not last long.
  const auto at = std::find_if(kept_.entries.rbegin(), kept_.entries.rend(),
                               [&](const Stored& one) { return one.tunnel_id == tunnel_id; });
  return at == kept_.entries.rend() ? nullptr : &*at;
}

// ===== The file =====

void TranscriptStore::write_line(const Stored& stored) {
  std::string line;
  append_json(entry_of(stored), line);
  log_->write_line(line);
  if (!flush_.is_set()) worker_.set_timer(flush_, delay_max);
}

void TranscriptStore::flush() noexcept {
  log_->flush();
  if (log_->waiting_bytes() != 0) worker_.set_timer(flush_, delay_max);
}

// ===== Reading =====

TranscriptEntry TranscriptStore::entry_of(const Stored& stored) {
  TranscriptEntry entry;
  entry.kept = stored.kept;
  entry.time_ms = stored.time_ms;
  entry.tunnel_id = stored.tunnel_id;
  entry.client = stored.client;
  entry.listener = stored.listener;
  entry.via = stored.via;
  entry.version = stored.version;
  entry.secure = stored.secure;
  entry.status = stored.status;
  entry.reason = stored.reason;
  TextReader texts(stored.asked);
  entry.route = texts.next();
  entry.offer = texts.next();
  entry.token = texts.next();
  entry.token_name = texts.next();
  entry.outcome = texts.next();
  entry.method = texts.next();
  entry.authority = texts.next();
  entry.target = texts.next();
  for (std::size_t i = 0; i < stored.fields; ++i) {
    std::string name = texts.next();
    entry.fields.push_back({std::move(name), texts.next()});
  }
  entry.fields_left_out = stored.fields_left_out;
  TextReader happened(stored.happened);
  std::string closed_by = happened.next();
  entry.upstream = happened.next();
  while (!happened.at_end()) {
    const auto event = happened.number<StoredEvent>();
    entry.events.push_back({event.kind, event.why, event.status, event.bytes, event.at_ms, happened.next()});
  }
  entry.events_left_out = stored.events_left_out;
  if (stored.is_over) entry.time_taken_ms = stored.time_taken_ms;
  if (stored.is_over && stored.tunnel_id != 0) {
    entry.closed = TranscriptEntry::Closed{std::move(closed_by), stored.close_reason};
  }
  entry.bytes_in = stored.bytes_in;
  entry.bytes_out = stored.bytes_out;
  return entry;
}

std::vector<TranscriptEntry> TranscriptStore::snapshot(bool recent_too, const TranscriptFilter& filter) const {
  std::vector<const Stored*> all;
  all.reserve(kept_.entries.size() + recent_.entries.size());
  for (const Stored& stored : kept_.entries) all.push_back(&stored);
  if (recent_too) {
    for (const Stored& stored : recent_.entries) {
      if (!stored.is_elsewhere) all.push_back(&stored);
    }
  }
  // By time, and within a millisecond as they came.
  std::vector<std::pair<std::int64_t, std::size_t>> order;
  order.reserve(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) order.emplace_back(all[i]->time_ms, i);
  std::ranges::sort(order);
  std::vector<TranscriptEntry> entries;
  for (const auto& [time_ms, i] : order) {
    TranscriptEntry entry = entry_of(*all[i]);
    if (matches(filter, entry)) entries.push_back(std::move(entry));
  }
  return entries;
}

TranscriptCounts TranscriptStore::counts() const noexcept {
  TranscriptCounts counts = counts_;
  if (log_) counts.lines_dropped = log_->dropped();
  return counts;
}

}  // namespace turnout
