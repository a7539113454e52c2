// One field line of HTTP/1.1 (RFC 9112 section 5), strictly: no folding, no space before the colon, CR LF.
#pragma once

#include <expected>
#include <string_view>

#include "codec/http1/head_error.h"

namespace turnout {

struct FieldLine {
  std::string_view name;
  std::string_view value;  // without the whitespace around it
  const char* next;        // behind the CR LF
};

/// Reads one line from `at`, which must not be `end`. Never looks at `end` or beyond.
std::expected<FieldLine, HeadError> read_field_line(const char* at, const char* end);

/// The first byte in [at, end) that a field name may not hold, or end.
const char* find_name_end(const char* at, const char* end) noexcept;

/// The first byte in [at, end) that a field value may not hold, or end.
const char* find_value_end(const char* at, const char* end) noexcept;

}  // namespace turnout
