#include "observe/access_log.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <optional>

namespace turnout {
namespace {

constexpr std::string_view hex_digits = "0123456789ABCDEF";

// ===== Time =====

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

  void render(std::int64_t second) noexcept {
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

  void digits(std::size_t at, std::size_t count, unsigned value) noexcept {
    while (count-- > 0) {
      text_[at + count] = static_cast<char>('0' + value % 10);
      value /= 10;
    }
  }

  std::int64_t second_ = 0;
  bool valid_ = false;
  std::array<char, 19> text_{'0', '0', '0', '0', '-', '0', '0', '-', '0', '0',
                             ' ', '0', '0', ':', '0', '0', ':', '0', '0'};
};

SecondText& second_text() noexcept {
  thread_local SecondText text;
  return text;
}

constexpr std::int64_t second_of(std::int64_t time_ms) noexcept {
  return time_ms < 0 ? 0 : time_ms / 1000;
}

// ===== The fields, once for all forms =====

constexpr std::string_view name_of(AccessEvent event) noexcept {
  switch (event) {
    case AccessEvent::request: return "request";
    case AccessEvent::open: return "open";
    case AccessEvent::close: return "close";
  }
  return {};
}

constexpr std::string_view name_of(UpgradeOutcome outcome) noexcept {
  switch (outcome) {
    case UpgradeOutcome::none: return {};
    case UpgradeOutcome::accepted: return "accepted";
    case UpgradeOutcome::declined: return "declined";
    case UpgradeOutcome::refused: return "refused";
  }
  return {};
}

constexpr std::string_view name_of(CloseBy by) noexcept {
  switch (by) {
    case CloseBy::none: return {};
    case CloseBy::client: return "client";
    case CloseBy::server: return "server";
    case CloseBy::upstream: return "upstream";
  }
  return {};
}

std::string_view name_of(Why why) noexcept {
  return why == Why::none ? std::string_view() : text(why);
}

using Number = std::optional<std::uint64_t>;

constexpr Number unless_zero(std::uint64_t value) noexcept {
  return value == 0 ? Number() : Number(value);
}

/// Every field in the order of the #Fields directive. `own` takes words that hold no byte of a client, `client`
/// takes what may hold any.
template <class Form>
void each_field(const AccessRecord& record, Form&& form) {
  const std::int64_t second = second_of(record.time_ms);
  const bool counted = record.event == AccessEvent::close;
  form.own("date", second_text().date(second));
  form.own("time", second_text().time(second));
  form.address("s-ip", record.server);
  form.client("cs-method", record.method);
  form.client("cs-uri-stem", record.uri_stem);
  form.client("cs-uri-query", record.uri_query);
  form.number("s-port", unless_zero(record.server.port));
  form.client("cs-username", record.username);
  form.address("c-ip", record.client);
  form.client("cs(User-Agent)", record.user_agent);
  form.client("cs(Referer)", record.referer);
  form.number("sc-status", unless_zero(record.status < 0 ? 0 : static_cast<std::uint64_t>(record.status)));
  form.number("sc-substatus", record.substatus);
  form.number("sc-win32-status", record.win32_status);
  form.number("time-taken", record.time_taken_ms);
  form.own("x-event", name_of(record.event));
  form.identifier("x-tunnel-id", unless_zero(record.tunnel_id));
  form.client("x-upgrade-offer", record.upgrade_offer);
  form.client("x-upgrade-token", record.upgrade_token);
  form.own("x-upgrade-outcome", name_of(record.upgrade_outcome));
  form.own("x-upgrade-reason", name_of(record.upgrade_reason));
  form.own("x-close-by", name_of(record.close_by));
  form.own("x-close-reason", name_of(record.close_reason));
  form.number("x-bytes-in", counted ? Number(record.bytes_in) : Number());
  form.number("x-bytes-out", counted ? Number(record.bytes_out) : Number());
}

void append_number(std::uint64_t value, PooledString& out) {
  char digits[20];
  const char* end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, static_cast<std::size_t>(end - digits));
}

bool is_known(const Address& address) noexcept {
  return address != Address{};
}

// ===== W3C =====

/// Bytes that stand for themselves: visible ASCII, without the quote that some readers give a meaning.
constexpr std::array<bool, 256> w3c_plain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t c = 0x21; c < 0x7f; ++c) plain[c] = c != '"';
  return plain;
}();

class W3cForm {
 public:
  explicit W3cForm(PooledString& out) noexcept : out_(out) {}

  void own(std::string_view, std::string_view word) {
    separate();
    out_.append(word.empty() ? std::string_view("-") : word);
  }

  void number(std::string_view, Number value) {
    separate();
    if (value) {
      append_number(*value, out_);
    } else {
      out_.push_back('-');
    }
  }

  void identifier(std::string_view name, Number value) { number(name, value); }

  void address(std::string_view name, const Address& address) {
    char buffer[ip_text_size_max + 1];
    own(name, is_known(address) ? std::string_view(buffer, write_ip(address, buffer)) : std::string_view());
  }

  void client(std::string_view, std::string_view value) {
    separate();
    if (value.empty()) {
      out_.push_back('-');
      return;
    }
    if (value == "-") {  // or it would be read as an empty field
      out_.append("%2D");
      return;
    }
    std::size_t plain_begin = 0;
    for (std::size_t i = 0; i < value.size(); ++i) {
      const auto byte = static_cast<unsigned char>(value[i]);
      if (w3c_plain[byte]) continue;
      out_.append(value.substr(plain_begin, i - plain_begin));
      plain_begin = i + 1;
      if (byte == ' ') {
        out_.push_back('+');
      } else {
        const char escaped[3] = {'%', hex_digits[byte >> 4], hex_digits[byte & 15]};
        out_.append(escaped, sizeof escaped);
      }
    }
    out_.append(value.substr(plain_begin));
  }

 private:
  void separate() {
    if (!first_) out_.push_back(' ');
    first_ = false;
  }

  PooledString& out_;
  bool first_ = true;
};

/// The names alone, for the #Fields directive.
class NamesForm {
 public:
  explicit NamesForm(PooledString& out) noexcept : out_(out) {}
  void own(std::string_view name, std::string_view) { add(name); }
  void number(std::string_view name, Number) { add(name); }
  void identifier(std::string_view name, Number) { add(name); }
  void address(std::string_view name, const Address&) { add(name); }
  void client(std::string_view name, std::string_view) { add(name); }

 private:
  void add(std::string_view name) {
    out_.push_back(' ');
    out_.append(name);
  }
  PooledString& out_;
};

// ===== JSON =====

/// The length of the well-formed UTF-8 sequence (RFC 3629) that `text` begins with, or 0.
std::size_t utf8_length(std::string_view text) noexcept {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto continued = [&](std::size_t i) { return i < text.size() && (at(i) & 0xc0) == 0x80; };
  const unsigned char first = at(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return continued(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if (!continued(1) || !continued(2)) return 0;
    if (first == 0xe0 && at(1) < 0xa0) return 0;   // overlong
    if (first == 0xed && at(1) >= 0xa0) return 0;  // surrogates
    return 3;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if (!continued(1) || !continued(2) || !continued(3)) return 0;
    if (first == 0xf0 && at(1) < 0x90) return 0;   // overlong
    if (first == 0xf4 && at(1) >= 0x90) return 0;  // beyond U+10FFFF
    return 4;
  }
  return 0;
}

class JsonForm {
 public:
  explicit JsonForm(PooledString& out) noexcept : out_(out) {}

  void own(std::string_view key, std::string_view word) {
    name(key);
    if (word.empty()) {
      out_.append("null");
      return;
    }
    out_.push_back('"');
    out_.append(word);
    out_.push_back('"');
  }

  void number(std::string_view key, Number value) {
    name(key);
    if (value) {
      append_number(*value, out_);
    } else {
      out_.append("null");
    }
  }

  /// As a string: readers that keep numbers as doubles would change it beyond 2^53.
  void identifier(std::string_view key, Number value) {
    name(key);
    if (!value) {
      out_.append("null");
      return;
    }
    out_.push_back('"');
    append_number(*value, out_);
    out_.push_back('"');
  }

  void address(std::string_view key, const Address& address) {
    char buffer[ip_text_size_max + 1];
    own(key, is_known(address) ? std::string_view(buffer, write_ip(address, buffer)) : std::string_view());
  }

  void client(std::string_view key, std::string_view value) {
    name(key);
    if (value.empty()) {
      out_.append("null");
      return;
    }
    out_.push_back('"');
    std::size_t plain_begin = 0;
    for (std::size_t i = 0; i < value.size();) {
      const auto byte = static_cast<unsigned char>(value[i]);
      const std::size_t length = utf8_length(value.substr(i));
      if (length > 1 || (byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\')) {
        i += length;
        continue;
      }
      out_.append(value.substr(plain_begin, i - plain_begin));
      if (length == 0) {
        out_.append("\\uFFFD");
      } else if (byte == '"' || byte == '\\') {
        const char escaped[2] = {'\\', value[i]};
        out_.append(escaped, sizeof escaped);
      } else {
        const char escaped[6] = {'\\', 'u', '0', '0', hex_digits[byte >> 4], hex_digits[byte & 15]};
        out_.append(escaped, sizeof escaped);
      }
      plain_begin = ++i;
    }
    out_.append(value.substr(plain_begin));
    out_.push_back('"');
  }

 private:
  void name(std::string_view key) {
    out_.append(",\"");
    out_.append(key);
    out_.append("\":");
  }

  PooledString& out_;
};

}  // namespace

void append_w3c(const AccessRecord& record, PooledString& out) {
  each_field(record, W3cForm(out));
  out.push_back('\n');
}

void append_json(const AccessRecord& record, PooledString& out) {
  const std::int64_t second = second_of(record.time_ms);
  const auto fraction = static_cast<unsigned>(record.time_ms < 0 ? 0 : record.time_ms % 1000);
  const char digits[3] = {static_cast<char>('0' + fraction / 100), static_cast<char>('0' + fraction / 10 % 10),
                          static_cast<char>('0' + fraction % 10)};
  out.append("{\"ts\":\"");  // RFC 3339
  out.append(second_text().date(second));
  out.push_back('T');
  out.append(second_text().time(second));
  out.push_back('.');
  out.append(digits, sizeof digits);
  out.append("Z\"");
  each_field(record, JsonForm(out));
  out.append("}\n");
}

void append_record(LogFormat format, const AccessRecord& record, PooledString& out) {
  switch (format) {
    case LogFormat::w3c: append_w3c(record, out); break;
    case LogFormat::json: append_json(record, out); break;
  }
}

void append_header(LogFormat format, std::string_view version, std::int64_t time_ms, PooledString& out) {
  if (format != LogFormat::w3c) return;
  const std::int64_t second = second_of(time_ms);
  out.append("#Software: Turnout ");
  out.append(version);
  out.append("\n#Version: 1.0\n#Date: ");
  out.append(second_text().date(second));
  out.push_back(' ');
  out.append(second_text().time(second));
  out.append("\n#Fields:");
  each_field(AccessRecord{}, NamesForm(out));
  out.push_back('\n');
}

}  // namespace turnout
