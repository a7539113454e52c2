#include "observe/second_text.h"

#include <chrono>

namespace turnout {

void SecondText::render(std::int64_t second) noexcept {
  using namespace std::chrono;
  // Four digits of year are what both forms have room for.
  constexpr std::int64_t last = sys_seconds(sys_days(9999y / December / 31d)).time_since_epoch().count() + 86399;
  const std::int64_t shown = second < 0 ? 0 : second > last ? last : second;
  const sys_seconds at{seconds(shown)};
  const sys_days day = floor<days>(at);
  const year_month_day date(day);
  const auto of_day = (at - day).count();
  digits(0, 4, static_cast<unsigned>(static_cast<int>(date.year())));
  digits(5, 2, static_cast<unsigned>(date.month()));
  digits(8, 2, static_cast<unsigned>(date.day()));
  digits(11, 2, static_cast<unsigned>(of_day / 3600));
  digits(14, 2, static_cast<unsigned>(of_day / 60 % 60));
  digits(17, 2, static_cast<unsigned>(of_day % 60));
  second_ = second;
  valid_ = true;
}

void SecondText::digits(std::size_t at, std::size_t count, unsigned value) noexcept {
  while (count-- > 0) {
    text_[at + count] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

SecondText& second_text() noexcept {
  thread_local SecondText text;
  return text;
}

}  // namespace turnout
