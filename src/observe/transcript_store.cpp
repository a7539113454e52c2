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

/// Texts and numbers, one behind the other.
void put(std::string_view text, std::string& out) {
  const auto size = static_cast<std::uint16_t>(std::min<std::size_t>(text.size(), 0xffff));
  out.append(reinterpret_cast<const char*>(&size), sizeof size);
  out.append(text.substr(0, size));
}

/// A text that is written by `append` itself, with its size in front.
template <class Append>
void put_with(std::string& out, Append append) {
  const std::size_t at = out.size();
  out.append(sizeof(std::uint16_t), '\0');
  append(out);
  const auto size = static_cast<std::uint16_t>(out.size() - at - sizeof(std::uint16_t));
  std::memcpy(out.data() + at, &size, sizeof size);
}

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
  while (bytes > bytes_max) {
    bytes -= entries.front().bytes();
    entries.pop_front();
  }
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
  if (record.outcome == "declined") {
    keep(stored(record), KeptFor::declined);
  } else if (record.outcome == "refused") {
    keep(stored(record), KeptFor::refused);
  } else if (!rules_.empty() && rule_holds(record, true)) {
    keep(stored(record), KeptFor::rule);
  }
}

void TranscriptStore::opened(const Record& record) {
  if (keeps_at_opening_ && rule_holds(record, false)) {
    keep(stored(record), KeptFor::rule);
  } else if (recent_.bytes_max != 0) {
    recent_.add(stored(record));
  }
}

void TranscriptStore::closed(const Record& record) {
  if (Stored* kept = keeps_at_opening_ ? find_kept(record.tunnel_id) : nullptr; kept != nullptr) {
    kept_.bytes -= kept->bytes();
    note_end(record, *kept);
    kept_.bytes += kept->bytes();
    if (log_) write_line(*kept);
    return;
  }
  Stored* recent = find_recent(record.tunnel_id);
  const bool is_error = !is_orderly(record.close_reason);
  if (!is_error && (rules_.empty() || !rule_holds(record, true))) {
    if (recent == nullptr) return;
    recent_.bytes -= recent->bytes();
    note_end(record, *recent);
    recent_.bytes += recent->bytes();
    return;
  }
  Stored entry;
  if (recent != nullptr) {
    recent_.bytes -= recent->bytes();
    entry = *recent;
    recent->texts = std::string();
    recent->is_elsewhere = true;
    recent_.bytes += recent->bytes();
    note_end(record, entry);
  } else {
    entry = stored(record);
  }
  keep(std::move(entry), is_error ? KeptFor::error : KeptFor::rule);
}

TranscriptStore::Stored TranscriptStore::stored(const Record& record) {
  Stored to;
  const std::uint64_t taken_ms = worker_.now_ms() - std::min(record.began_ms, worker_.now_ms());
  to.tunnel_id = record.tunnel_id;
  to.time_ms = worker_.wall_ms() - static_cast<std::int64_t>(taken_ms);
  to.via = record.via;
  to.status = static_cast<std::uint16_t>(std::clamp(record.status, 0, 999));
  to.reason = record.reason;
  std::string& texts = scratch_;
  texts.clear();
  if (record.session != nullptr) {
    to.client = record.session->peers().remote;
    to.listener = record.session->peers().local;
    to.secure = record.session->is_secure();
  }
  put(record.route != nullptr ? cut(record.route->name) : std::string_view(), texts);
  put(cut(record.offer), texts);
  put(cut(record.token), texts);
  put(record.token_name, texts);
  put(record.outcome, texts);
  static const RequestHead unknown;
  const RequestHead& head = record.request != nullptr ? *record.request : unknown;
  to.version = head.version;
  put(cut(head.method), texts);
  put_with(texts, [&](std::string& out) { mask_.append_value("host", head.authority, out); });
  put_with(texts, [&](std::string& out) { mask_.append_url(head.target, out); });
  const std::size_t fields_at = texts.size();
  for (const Field field : head.fields) {
    if (texts.size() - fields_at >= fields_bytes_max) {
      ++to.fields_left_out;
      continue;
    }
    ++to.fields;
    put(cut(field.name), texts);
    put_with(texts, [&](std::string& out) { mask_.append_value(field.name, field.value, out); });
  }
  append_end(record, to, texts);
  to.texts.assign(texts);
  return to;
}

/// What is known by now, in the place of what was known before.
void TranscriptStore::note_end(const Record& record, Stored& stored) const {
  std::string texts(stored.texts, 0, stored.end_at);
  append_end(record, stored, texts);
  texts.shrink_to_fit();
  stored.texts = std::move(texts);
}

void TranscriptStore::append_end(const Record& record, Stored& stored, std::string& out) const {
  stored.end_at = static_cast<std::uint32_t>(out.size());
  stored.bytes_in = record.bytes_in;
  stored.bytes_out = record.bytes_out;
  stored.is_over = record.kind != RecordKind::open;
  stored.time_taken_ms = worker_.now_ms() - std::min(record.began_ms, worker_.now_ms());
  stored.close_reason = record.close_reason;
  put(record.closed_by, out);
  if (record.session == nullptr) {
    put("", out);
    return;
  }
  put(cut(record.session->upstream()), out);
  const Transcript& transcript = record.session->transcript();
  stored.events_left_out = transcript.dropped();
  transcript.for_each([&](const TranscriptEvent& event) {
    const StoredEvent one{event.kind, event.why, event.status, event.bytes, event.at_ms};
    out.append(reinterpret_cast<const char*>(&one), sizeof one);
    put(event.name, out);
  });
}

void TranscriptStore::keep(Stored stored, KeptFor cause) {
  switch (cause) {
    case KeptFor::recent: break;
    case KeptFor::declined: ++counts_.declined; break;
    case KeptFor::refused: ++counts_.refused; break;
    case KeptFor::error: ++counts_.error; break;
    case KeptFor::rule: ++counts_.rule; break;
  }
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
  const auto at = std::ranges::find_if(kept_.entries, [&](const Stored& one) { return one.tunnel_id == tunnel_id; });
  return at == kept_.entries.end() ? nullptr : &*at;
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
  TextReader texts(stored.texts);
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
  std::string closed_by = texts.next();
  entry.upstream = texts.next();
  while (!texts.at_end()) {
    const auto event = texts.number<StoredEvent>();
    entry.events.push_back({event.kind, event.why, event.status, event.bytes, event.at_ms, texts.next()});
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

std::vector<TranscriptEntry> TranscriptStore::snapshot(bool recent_too) const {
  std::vector<const Stored*> all;
  for (const Stored& stored : kept_.entries) all.push_back(&stored);
  if (recent_too) {
    for (const Stored& stored : recent_.entries) {
      if (!stored.is_elsewhere) all.push_back(&stored);
    }
  }
  // By time, and within a millisecond as they came.
  std::vector<std::pair<std::int64_t, std::size_t>> order;
  for (std::size_t i = 0; i < all.size(); ++i) order.emplace_back(all[i]->time_ms, i);
  std::ranges::sort(order);
  std::vector<TranscriptEntry> entries;
  entries.reserve(all.size());
  for (const auto& [time_ms, i] : order) entries.push_back(entry_of(*all[i]));
  return entries;
}

TranscriptCounts TranscriptStore::counts() const noexcept {
  TranscriptCounts counts = counts_;
  if (log_) counts.lines_dropped = log_->dropped();
  return counts;
}

}  // namespace turnout
