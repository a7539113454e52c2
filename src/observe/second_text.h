// Times of lines, as text in UTC.
//
//   second_text().date(second_of(time_ms));      // "2026-11-23"
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace turnout {

constexpr std::int64_t second_of(std::int64_t time_ms) noexcept {
  return time_ms < 0 ? 0 : time_ms / 1000;
}

/// "2026-11-23 11:20:00" of the second that was asked for last: lines come thousands to a second.
class SecondText {
 public:
  std::string_view date(std::int64_t second) noexcept { return of(second).substr(0, 10); }
  std::string_view time(std::int64_t second) noexcept { return of(second).substr(11); }

 private:
  std::string_view of(std::int64_t second) noexcept {
    if (second != second_ || !valid_) render(second);
    return {text_.data(), text_.size()};
  }
  void render(std::int64_t second) noexcept;
  void digits(std::size_t at, std::size_t count, unsigned value) noexcept;

  std::int64_t second_ = 0;
  bool valid_ = false;
  std::array<char, 19> text_{'0', '0', '0', '0', '-', '0', '0', '-', '0', '0',
                             ' ', '0', '0', ':', '0', '0', ':', '0', '0'};
};

/// The one of this thread.
SecondText& second_text() noexcept;

/// "2026-11-23T11:20:00.123Z" of RFC 3339, without quotes.
template <class String>
void append_utc(std::int64_t time_ms, String& out) {
  const std::int64_t second = second_of(time_ms);
  const auto fraction = static_cast<unsigned>(time_ms < 0 ? 0 : time_ms % 1000);
  const char digits[3] = {static_cast<char>('0' + fraction / 100), static_cast<char>('0' + fraction / 10 % 10),
                          static_cast<char>('0' + fraction % 10)};
  out.append(second_text().date(second));
  out.push_back('T');
  out.append(second_text().time(second));
  out.push_back('.');
  out.append(digits, sizeof digits);
  out.push_back('Z');
}

}  // namespace turnout
