#include "codec/websocket/utf8.h"

#include <array>
#include <cstring>

namespace turnout::websocket {
namespace {

// The automaton of RFC 3629 section 4. A state says what the next byte has to be; the numbers are bit positions,
// because one row of the table holds the next states of all nine states, six bits each, and a step is one shift of
// a word that does not depend on the state.
enum State : std::uint8_t {
  start = 0,      // between two characters; complete() knows this number
  invalid = 6,    //
  one = 12,       // one more byte of 80..BF
  two = 18,       // two more
  three = 24,     // three more
  after_e0 = 30,  // A0..BF, then one: anything less would be an overlong form
  after_ed = 36,  // 80..9F, then one: anything more would be a surrogate
  after_f0 = 42,  // 90..BF, then two: overlong again
  after_f4 = 48,  // 80..8F, then two: the end of Unicode is 10FFFF
};

constexpr State next(State state, unsigned byte) {
  const auto within = [byte](unsigned low, unsigned high) { return byte >= low && byte <= high; };
  switch (state) {
    case start:
      if (byte <= 0x7F) return start;
      if (within(0xC2, 0xDF)) return one;
      if (byte == 0xE0) return after_e0;
      if (byte == 0xED) return after_ed;
      if (within(0xE1, 0xEF)) return two;
      if (byte == 0xF0) return after_f0;
      if (within(0xF1, 0xF3)) return three;
      if (byte == 0xF4) return after_f4;
      return invalid;
    case invalid: return invalid;
    case one: return within(0x80, 0xBF) ? start : invalid;
    case two: return within(0x80, 0xBF) ? one : invalid;
    case three: return within(0x80, 0xBF) ? two : invalid;
    case after_e0: return within(0xA0, 0xBF) ? one : invalid;
    case after_ed: return within(0x80, 0x9F) ? one : invalid;
    case after_f0: return within(0x90, 0xBF) ? two : invalid;
    case after_f4: return within(0x80, 0x8F) ? two : invalid;
  }
  return invalid;
}

constexpr std::array<std::uint64_t, 256> make_rows() {
  constexpr State states[] = {start, invalid, one, two, three, after_e0, after_ed, after_f0, after_f4};
  std::array<std::uint64_t, 256> rows{};
  for (unsigned byte = 0; byte < rows.size(); ++byte) {
    for (State state : states) rows[byte] |= static_cast<std::uint64_t>(next(state, byte)) << state;
  }
  return rows;
}

constexpr std::array<std::uint64_t, 256> rows = make_rows();
constexpr std::uint64_t high_bits = 0x8080808080808080;

/// How many bytes at the front are ASCII, in steps of sixteen.
std::size_t ascii_prefix(const std::byte* at, std::size_t size) noexcept {
  std::size_t done = 0;
  for (; size - done >= 16; done += 16) {
    std::uint64_t words[2];
    std::memcpy(words, at + done, sizeof words);
    if (((words[0] | words[1]) & high_bits) != 0) break;
  }
  return done;
}

}  // namespace

bool Utf8Validator::feed(Bytes piece) noexcept {
  const std::byte* at = piece.data();
  std::size_t left = piece.size();
  std::uint64_t state = state_;
  while (left != 0) {
    if ((state & 63) == start) {
      const std::size_t ascii = ascii_prefix(at, left);
      at += ascii;
      left -= ascii;
    }
    // Through the automaton for a while before ASCII is tried again.
    const std::size_t turn = left < 32 ? left : 32;
    for (std::size_t i = 0; i < turn; ++i) state = rows[std::to_integer<std::uint8_t>(at[i])] >> (state & 63);
    at += turn;
    left -= turn;
    if ((state & 63) == invalid) break;
  }
  state_ = static_cast<std::uint8_t>(state & 63);
  return state_ != invalid;
}

}  // namespace turnout::websocket
