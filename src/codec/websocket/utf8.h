// Is it UTF-8 (RFC 3629)? Text messages have to be (RFC 6455 section 8.1), and they come in pieces.
//
//   Utf8Validator validator;
//   if (!validator.feed(piece)) ...          // certain: no continuation can make it valid
//   if (!validator.complete()) ...           // at the end: the last character is cut off
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace turnout::websocket {

class Utf8Validator {
 public:
  /// False with the first byte that makes the text invalid, and for ever after.
  bool feed(Bytes piece) noexcept;
  /// True between two characters.
  bool complete() const noexcept { return state_ == 0; }
  void reset() noexcept { state_ = 0; }

 private:
  std::uint8_t state_ = 0;
};

inline bool is_utf8(Bytes text) noexcept {
  Utf8Validator validator;
  return validator.feed(text) && validator.complete();
}

}  // namespace turnout::websocket
