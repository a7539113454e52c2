#include "observe/access_log.h"

#include <array>
#include <charconv>
#include <cstddef>
#include <optional>

#include "codec/json/json_text.h"
#include "observe/second_text.h"

namespace turnout {
namespace {

constexpr std::string_view hex_digits = "0123456789ABCDEF";

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
    append_json_string(value, out_);
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
  out.append("{\"ts\":\"");  // RFC 3339
  append_utc(record.time_ms, out);
  out.push_back('"');
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
