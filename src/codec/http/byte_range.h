// Byte ranges (RFC 9110 section 14): which parts of a representation a Range field asks for.
//
//   const RangeChoice choice = choose_ranges(*request.fields.find("range"), size);
//   if (choice.kind == RangeChoice::Kind::parts)
//     for (const ByteRange& range : choice.parts()) ...
//
// A server may ignore a Range, and does where the field is not understood, asks for more than ranges_max parts, or for
// the same byte twice: whoever asks for that wants to make work (section 14.2). An empty representation has no parts:
// it is sent whole, to clients that always ask for some.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace turnout {

struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t size = 0;  // never 0

  std::uint64_t last() const noexcept { return first + size - 1; }
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

struct RangeChoice {
  static constexpr std::size_t ranges_max = 16;
  enum class Kind : std::uint8_t { whole, parts, unsatisfiable };

  Kind kind = Kind::whole;
  std::size_t count = 0;
  std::array<ByteRange, ranges_max> ranges{};

  std::span<const ByteRange> parts() const noexcept { return std::span(ranges).first(count); }
};

/// `field`: the value of the only Range field. `size`: of the whole representation.
RangeChoice choose_ranges(std::string_view field, std::uint64_t size) noexcept;

}  // namespace turnout
