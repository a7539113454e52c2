#include "codec/http/date.h"

#include <algorithm>
#include <cstddef>

#include "base/ascii.h"

namespace turnout {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::year_month_day;

constexpr std::array<std::string_view, 7> day_names = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> month_names = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

constexpr sys_seconds earliest = sys_days(std::chrono::January / 1 / 0);
constexpr sys_seconds latest = sys_days(std::chrono::December / 31 / 9999) + 24h - 1s;

struct Out {
  char* at;
  void put(std::string_view text) { at = std::copy(text.begin(), text.end(), at); }
  void put(unsigned number, int digits) {
    for (int i = digits - 1; i >= 0; --i, number /= 10) at[i] = static_cast<char>('0' + number % 10);
    at += digits;
  }
};

/// Takes text apart from the left; the first thing that does not fit spoils the rest.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  void literal(std::string_view text) {
    if (rest_.starts_with(text)) {
      rest_.remove_prefix(text.size());
    } else {
      good_ = false;
    }
  }

  int number(std::size_t digits) {
    if (rest_.size() < digits) good_ = false;
    int value = 0;
    for (std::size_t i = 0; good_ && i < digits; ++i) {
      good_ = is_digit(rest_[i]);
      value = value * 10 + (rest_[i] - '0');
    }
    if (!good_) return 0;
    rest_.remove_prefix(digits);
    return value;
  }

  // asctime pads the day with a space.
  int padded_day() {
    if (!rest_.starts_with(' ')) return number(2);
    rest_.remove_prefix(1);
    return number(1);
  }

  int month() {
    const auto found = std::ranges::find(month_names, rest_.substr(0, 3));
    if (found == month_names.end()) {
      good_ = false;
      return 0;
    }
    rest_.remove_prefix(3);
    return static_cast<int>(found - month_names.begin()) + 1;
  }

  /// The name is read over: the date says which day of the week it is.
  void day_name(bool whole) {
    for (std::string_view name : day_names) {
      const std::string_view wanted = whole ? name : name.substr(0, 3);
      if (rest_.starts_with(wanted)) {
        rest_.remove_prefix(wanted.size());
        return;
      }
    }
    good_ = false;
  }

  bool finished() const { return good_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

struct Parts {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;

  void read_time(Reader& reader) {
    hour = reader.number(2);
    reader.literal(":");
    minute = reader.number(2);
    reader.literal(":");
    second = reader.number(2);
  }

  std::optional<sys_seconds> time() const {
    const year_month_day date(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                              std::chrono::day(static_cast<unsigned>(day)));
    // The grammar allows a leap second.
    if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
    return sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second);
  }
};

// Sun, 06 Nov 1994 08:49:37 GMT
std::optional<sys_seconds> parse_imf_fixdate(std::string_view text) {
  Reader reader(text);
  Parts parts;
  reader.day_name(false);
  reader.literal(", ");
  parts.day = reader.number(2);
  reader.literal(" ");
  parts.month = reader.month();
  reader.literal(" ");
  parts.year = reader.number(4);
  reader.literal(" ");
  parts.read_time(reader);
  reader.literal(" GMT");
  return reader.finished() ? parts.time() : std::nullopt;
}

// Sunday, 06-Nov-94 08:49:37 GMT
std::optional<sys_seconds> parse_rfc850_date(std::string_view text, sys_seconds now) {
  Reader reader(text);
  Parts parts;
  reader.day_name(true);
  reader.literal(", ");
  parts.day = reader.number(2);
  reader.literal("-");
  parts.month = reader.month();
  reader.literal("-");
  const int two_digits = reader.number(2);
  reader.literal(" ");
  parts.read_time(reader);
  reader.literal(" GMT");
  if (!reader.finished()) return std::nullopt;

  const int year_now = static_cast<int>(year_month_day(std::chrono::floor<std::chrono::days>(now)).year());
  parts.year = year_now - year_now % 100 + two_digits;
  if (parts.year > year_now + 50) parts.year -= 100;
  return parts.time();
}

// Sun Nov  6 08:49:37 1994
std::optional<sys_seconds> parse_asctime_date(std::string_view text) {
  Reader reader(text);
  Parts parts;
  reader.day_name(false);
  reader.literal(" ");
  parts.month = reader.month();
  reader.literal(" ");
  parts.day = reader.padded_day();
  reader.literal(" ");
  parts.read_time(reader);
  reader.literal(" ");
  parts.year = reader.number(4);
  return reader.finished() ? parts.time() : std::nullopt;
}

}  // namespace

HttpDate format_date(sys_seconds time) noexcept {
  time = std::clamp(time, earliest, latest);
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  HttpDate text;
  Out out{text.data()};
  out.put(day_names[std::chrono::weekday(day).c_encoding()].substr(0, 3));
  out.put(", ");
  out.put(static_cast<unsigned>(date.day()), 2);
  out.put(" ");
  out.put(month_names[static_cast<unsigned>(date.month()) - 1]);
  out.put(" ");
  out.put(static_cast<unsigned>(static_cast<int>(date.year())), 4);
  out.put(" ");
  out.put(static_cast<unsigned>(clock.hours().count()), 2);
  out.put(":");
  out.put(static_cast<unsigned>(clock.minutes().count()), 2);
  out.put(":");
  out.put(static_cast<unsigned>(clock.seconds().count()), 2);
  out.put(" GMT");
  return text;
}

std::optional<sys_seconds> parse_date(std::string_view text, sys_seconds now) noexcept {
  if (auto time = parse_imf_fixdate(text)) return time;
  if (auto time = parse_rfc850_date(text, now)) return time;
  return parse_asctime_date(text);
}

}  // namespace turnout
