#include "codec/http/byte_range.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "base/ascii.h"
#include "codec/http/fields.h"

namespace turnout {
namespace {

/// A number that is too great for its type is as far away as any that is behind the end.
std::optional<std::uint64_t> parse_position(std::string_view text) noexcept {
  if (text.empty()) return std::nullopt;
  constexpr std::uint64_t greatest = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    value = value > (greatest - digit) / 10 ? greatest : value * 10 + digit;
  }
  return value;
}

/// Nothing where the text is no range; a size of 0 where it is one that lies behind the end.
std::optional<ByteRange> parse_range(std::string_view spec, std::uint64_t size) noexcept {
  const std::size_t hyphen = spec.find('-');
  if (hyphen == std::string_view::npos) return std::nullopt;
  const std::string_view before = spec.substr(0, hyphen);
  const std::string_view behind = spec.substr(hyphen + 1);
  if (before.empty()) {  // "-5": the last five bytes, or all where there are fewer
    const auto wanted = parse_position(behind);
    if (!wanted) return std::nullopt;
    const std::uint64_t n = std::min(*wanted, size);
    return ByteRange{size - n, n};
  }
  const auto first = parse_position(before);
  const auto last = behind.empty() ? std::numeric_limits<std::uint64_t>::max() : parse_position(behind);
  if (!first || !last || *last < *first) return std::nullopt;
  if (*first >= size) return ByteRange{};
  return ByteRange{*first, std::min(*last, size - 1) - *first + 1};
}

bool overlap(const ByteRange& a, const ByteRange& b) noexcept {
  return a.first <= b.last() && b.first <= a.last();
}

}  // namespace

RangeChoice choose_ranges(std::string_view field, std::uint64_t size) noexcept {
  constexpr std::string_view unit = "bytes=";
  field = trim(field);
  if (size == 0 || !iequals(field.substr(0, unit.size()), unit)) return {};

  RangeChoice choice;
  std::size_t specs = 0;
  bool usable = true;
  for_each_member(field.substr(unit.size()), [&](std::string_view spec) {
    ++specs;
    const auto range = parse_range(spec, size);
    usable = range && specs <= RangeChoice::ranges_max &&
             (range->size == 0 ||
              std::ranges::none_of(choice.parts(), [&](const ByteRange& other) { return overlap(other, *range); }));
    if (usable && range->size != 0) choice.ranges[choice.count++] = *range;
    return usable;
  });
  if (!usable || specs == 0) return {};
  choice.kind = choice.count == 0 ? RangeChoice::Kind::unsatisfiable : RangeChoice::Kind::parts;
  return choice;
}

}  // namespace turnout
