#include "codec/http/path.h"

namespace turnout {
namespace {

bool is_dot_segment(std::string_view segment) noexcept {
  return segment == "." || segment == "..";
}

/// Nothing to decode, no empty segment but the last, no dot segment, no zero byte.
bool in_order(std::string_view path) noexcept {
  if (path.find('%') != std::string_view::npos || path.find('\0') != std::string_view::npos) return false;
  if (path.find("//") != std::string_view::npos || path.find("/.") != std::string_view::npos) return false;
  return true;
}

}  // namespace

Result<std::string_view> normalise_path(std::string_view raw, PooledString& storage) {
  if (raw.empty() || raw.front() != '/') return fail(Code::malformed);
  if (in_order(raw)) return raw;

  storage.clear();
  storage.reserve(raw.size());
  std::size_t segment_start = 1;  // in storage, once its first slash is there
  for (std::size_t i = 0; i < raw.size(); ++i) {
    char c = raw[i];
    if (c == '/') {
      if (!storage.empty()) {
        const std::string_view segment = std::string_view(storage).substr(segment_start);
        if (is_dot_segment(segment)) return fail(Code::malformed);
        if (segment.empty()) continue;
      }
      storage.push_back('/');
      segment_start = storage.size();
      continue;
    }
    if (c == '%') {
      if (raw.size() - i < 3) return fail(Code::malformed);
      const int high = hex_value(raw[i + 1]);
      const int low = hex_value(raw[i + 2]);
      if (high < 0 || low < 0) return fail(Code::malformed);
      c = static_cast<char>(high << 4 | low);
      // A server behind the same names may or may not take %2F for a slash: then no rule on paths holds.
      if (c == '/') return fail(Code::malformed);
      i += 2;
    }
    if (c == '\0') return fail(Code::malformed);
    storage.push_back(c);
  }
  if (is_dot_segment(std::string_view(storage).substr(segment_start))) return fail(Code::malformed);
  return std::string_view(storage);
}

}  // namespace turnout
