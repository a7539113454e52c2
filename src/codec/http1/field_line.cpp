#include "codec/http1/field_line.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <bit>

#include "codec/http/grammar.h"

namespace turnout {
namespace {

std::unexpected<HeadError> bad_name(const char* begin, const char* at, const char* end) {
  if (at == end) return malformed_head("a field line has no colon");
  const char c = *at;
  if (at == begin) {
    if (c == ' ' || c == '\t') return malformed_head("a field line begins with a space; folded lines are not accepted");
    if (c == ':') return malformed_head("a field has no name before its colon");
  }
  if (c == ' ' || c == '\t') return malformed_head("a space stands before the colon of a field");
  if (c == '\r') return malformed_head("a field line has no colon");
  return malformed_head("a field name holds a byte that is not allowed there");
}

std::unexpected<HeadError> bad_value(const char* at, const char* end) {
  if (at == end) return malformed_head("a field line does not end in CR LF");
  switch (*at) {
    case '\r': return malformed_head("a carriage return stands without its line feed");
    case '\n': return malformed_head("a line ends in LF alone; every line ends in CR LF");
    case '\0': return malformed_head("a field value holds a NUL byte");
    default: return malformed_head("a field value holds a control character");
  }
}

}  // namespace

const char* find_name_end(const char* at, const char* end) noexcept {
#if defined(__SSE2__)
  const auto in_range = [](__m128i bytes, char first, char last) {
    const __m128i from_first = _mm_sub_epi8(bytes, _mm_set1_epi8(first));
    return _mm_cmpeq_epi8(_mm_min_epu8(from_first, _mm_set1_epi8(static_cast<char>(last - first))), from_first);
  };
  while (end - at >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    // Letters, digits and hyphens; the rarer characters are left to what follows, one by one.
    const __m128i letter = in_range(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), 'a', 'z');
    const __m128i other = _mm_or_si128(in_range(bytes, '0', '9'), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('-')));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(letter, other)));
    if (mask != 0xffff) {
      at += std::countr_one(mask);
      break;
    }
    at += 16;
  }
#endif
  return skip(at, end, Chars::token);
}

const char* find_value_end(const char* at, const char* end) noexcept {
#if defined(__SSE2__)
  const __m128i tab = _mm_set1_epi8('\t');
  const __m128i del = _mm_set1_epi8(0x7f);
  const __m128i last_control = _mm_set1_epi8(0x1f);
  while (end - at >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    // Unsigned "not above 0x1f": the smaller of both is the byte itself.
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes);
    const __m128i stop =
        _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(bytes, tab), control), _mm_cmpeq_epi8(bytes, del));
    if (const auto mask = static_cast<unsigned>(_mm_movemask_epi8(stop)); mask != 0) {
      return at + std::countr_zero(mask);
    }
    at += 16;
  }
#endif
  return skip(at, end, Chars::value);
}

std::expected<FieldLine, HeadError> read_field_line(const char* at, const char* end) {
  const char* colon = find_name_end(at, end);
  if (colon == end || *colon != ':' || colon == at) return bad_name(at, colon, end);
  const std::string_view name(at, static_cast<std::size_t>(colon - at));
  const char* value = colon + 1;
  while (value != end && (*value == ' ' || *value == '\t')) ++value;
  const char* stop = find_value_end(value, end);
  if (end - stop < 2 || stop[0] != '\r' || stop[1] != '\n') return bad_value(stop, end);
  const char* last = stop;
  while (last != value && (last[-1] == ' ' || last[-1] == '\t')) --last;
  return FieldLine{name, {value, static_cast<std::size_t>(last - value)}, stop + 2};
}

}  // namespace turnout
