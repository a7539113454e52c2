#include "observe/transcript_text.h"

#include "codec/json/json_text.h"
#include "observe/second_text.h"

namespace turnout {
namespace {

// ===== JSON =====

void append_key(std::string_view key, std::string& out) {
  out.append(out.back() == '{' ? "\"" : ",\"").append(key).append("\":");
}

/// null where it is empty.
void append_member(std::string_view key, std::string_view value, std::string& out) {
  append_key(key, out);
  if (value.empty()) {
    out.append("null");
  } else {
    append_json_string(value, out);
  }
}

void append_member(std::string_view key, std::uint64_t value, std::string& out) {
  append_key(key, out);
  out.append(std::to_string(value));
}

/// A reason by its name and in a sentence.
void append_member(std::string_view key, Why why, std::string& out) {
  append_member(key, why == Why::none ? std::string_view() : text(why), out);
  append_member("explanation", why == Why::none ? std::string_view() : sentence(why), out);
}

void append_event(const TranscriptEntry::Event& event, std::string& out) {
  out.push_back('{');
  append_member("at_ms", event.at_ms, out);
  append_member("event", text(event.kind), out);
  if (!event.name.empty()) append_member("name", event.name, out);
  if (event.status != 0) append_member("status", event.status, out);
  if (event.kind == EventKind::switched) append_member("early_bytes", event.bytes, out);
  if (event.why != Why::none) append_member("reason", event.why, out);
  out.push_back('}');
}

// ===== For a person =====

/// Visible ASCII as it is, the rest as \xHH.
void append_visible(std::string_view text, std::string& out) {
  constexpr std::string_view lower_hex = "0123456789abcdef";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      out.push_back(c);
    } else {
      out.append("\\x").append({lower_hex[byte >> 4], lower_hex[byte & 15]});
    }
  }
}

void append_label(std::string_view label, std::string& out) {
  constexpr std::size_t column = 12;
  out.append("  ").append(label).append(column - 2 - label.size(), ' ');
}

/// "accepted" says nothing that the line does not.
bool is_worth_saying(Why why) noexcept {
  return why != Why::none && why != Why::accepted;
}

void append_because(Why why, std::string& out) {
  out.append(text(why)).append(" (").append(sentence(why)).append(")");
}

void append_request(const TranscriptEntry& entry, std::string& out) {
  append_label("from", out);
  out.append(text(entry.client)).append(" to ").append(text(entry.listener));
  out.append(entry.secure ? ", inside TLS\n" : ", in cleartext\n");
  append_label("route", out);
  append_visible(entry.route.empty() ? "-" : entry.route, out);
  if (!entry.upstream.empty()) append_visible(" -> " + entry.upstream, out);
  out.push_back('\n');
  append_label("request", out);
  append_visible(entry.method.empty() ? "-" : entry.method, out);
  out.push_back(' ');
  append_visible(entry.target, out);
  out.append(" ").append(text(entry.version)).append("\n");
  if (!entry.authority.empty()) {
    append_label("for", out);
    append_visible(entry.authority, out);
    out.push_back('\n');
  }
  for (const TranscriptEntry::Field& field : entry.fields) {
    append_label("", out);
    append_visible(field.name, out);
    out.append(": ");
    append_visible(field.value, out);
    out.push_back('\n');
  }
  if (entry.fields_left_out != 0) {
    append_label("", out);
    out.append("and ").append(std::to_string(entry.fields_left_out)).append(" more fields\n");
  }
}

void append_answer(const TranscriptEntry& entry, std::string& out) {
  if (!entry.offer.empty()) {
    append_label("offered", out);
    append_visible(entry.offer, out);
    out.append(" (").append(text(entry.via)).append(")\n");
  }
  append_label("answer", out);
  out.append(std::to_string(entry.status));
  if (!entry.token.empty()) {
    out.append(", ");
    append_visible(entry.token, out);
  }
  if (!entry.outcome.empty()) out.append(", ").append(entry.outcome);
  if (is_worth_saying(entry.reason)) {
    out.append(": ");
    append_because(entry.reason, out);
  }
  out.push_back('\n');
}

void append_events(const TranscriptEntry& entry, std::string& out) {
  bool is_first = true;
  for (const TranscriptEntry::Event& event : entry.events) {
    append_label(is_first ? "events" : "", out);
    is_first = false;
    out.append(std::to_string(event.at_ms)).append(" ms ").append(text(event.kind));
    if (!event.name.empty()) {
      out.push_back(' ');
      append_visible(event.name, out);
    }
    if (event.status != 0) out.append(" ").append(std::to_string(event.status));
    if (event.kind == EventKind::switched && event.bytes != 0) {
      out.append(", ").append(std::to_string(event.bytes)).append(" bytes had come for it");
    }
    if (is_worth_saying(event.why)) {
      out.append(": ");
      append_because(event.why, out);
    }
    out.push_back('\n');
  }
  if (entry.events_left_out != 0) {
    append_label("", out);
    out.append("and ").append(std::to_string(entry.events_left_out)).append(" more\n");
  }
}

void append_end(const TranscriptEntry& entry, std::string& out) {
  if (entry.closed) {
    append_label("closed", out);
    out.append("by ").append(entry.closed->by.empty() ? "-" : entry.closed->by).append(": ");
    append_because(entry.closed->reason, out);
    out.push_back('\n');
  } else if (entry.tunnel_id != 0) {
    append_label("closed", out);
    out.append("not yet\n");
  }
  if (!entry.time_taken_ms) return;
  append_label("took", out);
  out.append(std::to_string(*entry.time_taken_ms)).append(" ms, ");
  out.append(std::to_string(entry.bytes_in)).append(" bytes in, ");
  out.append(std::to_string(entry.bytes_out)).append(" bytes out\n");
}

}  // namespace

void append_json(const TranscriptEntry& entry, std::string& out) {
  out.push_back('{');
  append_member("version", transcript_json_version, out);
  append_member("kept", text(entry.kept), out);
  append_key("time", out);
  out.push_back('"');
  append_utc(entry.time_ms, out);
  out.push_back('"');
  // As a string: readers that keep numbers as doubles would change it beyond 2^53.
  append_member("tunnel_id", entry.tunnel_id == 0 ? std::string() : std::to_string(entry.tunnel_id), out);
  append_member("client", text(entry.client), out);
  append_member("listener", text(entry.listener), out);
  append_member("route", entry.route, out);
  append_member("upstream", entry.upstream, out);
  append_member("via", entry.via == Via::none ? std::string_view() : text(entry.via), out);
  append_member("http_version", text(entry.version), out);
  append_key("secure", out);
  out.append(entry.secure ? "true" : "false");
  append_member("method", entry.method, out);
  append_member("authority", entry.authority, out);
  append_member("target", entry.target, out);
  append_key("fields", out);
  out.push_back('[');
  for (const TranscriptEntry::Field& field : entry.fields) {
    out.append(out.back() == '[' ? "{" : ",{");
    append_key("name", out);
    append_json_string(field.name, out);
    append_key("value", out);
    append_json_string(field.value, out);
    out.push_back('}');
  }
  out.push_back(']');
  append_member("fields_left_out", entry.fields_left_out, out);
  append_member("offer", entry.offer, out);
  append_member("token", entry.token, out);
  append_member("status", entry.status < 0 ? 0 : static_cast<std::uint64_t>(entry.status), out);
  append_member("outcome", entry.outcome, out);
  append_member("reason", entry.reason, out);
  append_key("events", out);
  out.push_back('[');
  for (const TranscriptEntry::Event& event : entry.events) {
    if (out.back() != '[') out.push_back(',');
    append_event(event, out);
  }
  out.push_back(']');
  append_member("events_left_out", entry.events_left_out, out);
  append_key("closed", out);
  if (entry.closed) {
    out.push_back('{');
    append_member("by", entry.closed->by, out);
    append_member("reason", entry.closed->reason, out);
    out.push_back('}');
  } else {
    out.append("null");
  }
  append_key("time_taken_ms", out);
  out.append(entry.time_taken_ms ? std::to_string(*entry.time_taken_ms) : "null");
  append_member("bytes_in", entry.bytes_in, out);
  append_member("bytes_out", entry.bytes_out, out);
  out.append("}\n");
}

void append_text(const TranscriptEntry& entry, std::string& out) {
  append_utc(entry.time_ms, out);
  out.append("  ");
  if (entry.tunnel_id != 0) out.append("tunnel ").append(std::to_string(entry.tunnel_id)).append(", ");
  if (entry.kept == KeptFor::recent) {
    out.append("recent");
  } else {
    out.append("kept for: ").append(text(entry.kept));
  }
  out.push_back('\n');
  append_request(entry, out);
  append_answer(entry, out);
  append_events(entry, out);
  append_end(entry, out);
}

}  // namespace turnout
