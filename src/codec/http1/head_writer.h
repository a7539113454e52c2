// What the writers of heads share: nothing goes out that could end a line early (classes U9, S11).
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

#include "codec/http/fields.h"
#include "codec/http/grammar.h"
#include "codec/http1/field_line.h"

namespace turnout {

inline bool is_safe_value(std::string_view value) noexcept {
  const char* end = value.data() + value.size();
  return find_value_end(value.data(), end) == end;
}

/// A name that is a token, and a value without CR, LF, NUL or another control character.
inline bool is_safe_field(Field field) noexcept {
  return !field.name.empty() && all_in(field.name, Chars::token) && is_safe_value(field.value);
}

/// Fields about the message's own length and connection: whoever writes the message decides those, nobody else.
inline bool is_own_field(std::string_view name) noexcept {
  switch (name.size()) {
    case 10: return iequals(name, "connection");
    case 14: return iequals(name, "content-length");
    case 17: return iequals(name, "transfer-encoding");
    default: return false;
  }
}

/// How the message ends and what becomes of the connection.
struct HeadTail {
  std::string_view date = {};  // the 29 bytes of an IMF-fixdate; empty: no Date field
  std::optional<std::uint64_t> content_length = {};
  bool chunked = false;              // wins over content_length
  std::string_view connection = {};  // the value of Connection, "close" or "Upgrade" say; empty: no such field
};

struct WrittenHead {
  std::size_t bytes = 0;  // 0: nothing was written
  bool complete = true;   // false: something could not be sent safely and was left out
};

/// Text put one behind the other, into memory that was measured before.
class HeadText {
 public:
  explicit HeadText(char* at) noexcept : at_(at) {}
  void put(std::string_view text) noexcept { at_ = std::copy(text.begin(), text.end(), at_); }
  void put(std::uint64_t number) noexcept { at_ = std::to_chars(at_, at_ + 20, number).ptr; }
  void field(std::string_view name, std::string_view value) noexcept {
    put(name);
    put(": ");
    put(value);
    put("\r\n");
  }
  char* at() const noexcept { return at_; }

 private:
  char* at_;
};

inline std::size_t field_bytes_max(const FieldList& fields) noexcept {
  std::size_t sum = 0;
  for (Field field : fields) sum += field.name.size() + field.value.size() + 4;
  return sum;
}

/// Room for what HeadTail makes, and for the empty line.
inline std::size_t tail_bytes_max(const HeadTail& tail) noexcept {
  return tail.date.size() + tail.connection.size() + 96;
}

/// Length or coding, then Connection. False where Connection was left out.
inline bool put_tail(HeadText& text, const HeadTail& tail, bool may_have_body) noexcept {
  if (may_have_body && tail.chunked) {
    text.put("Transfer-Encoding: chunked\r\n");
  } else if (may_have_body && tail.content_length) {
    text.put("Content-Length: ");
    text.put(*tail.content_length);
    text.put("\r\n");
  }
  if (tail.connection.empty()) return true;
  if (!is_safe_value(tail.connection)) return false;
  text.field("Connection", tail.connection);
  return true;
}

}  // namespace turnout
