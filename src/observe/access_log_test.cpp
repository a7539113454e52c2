#include "observe/access_log.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace turnout {
namespace {

constexpr std::size_t fields_count = 25;

AccessRecord example() {
  AccessRecord record;
  record.time_ms = 1'695'264'564'089;  // 2023-09-21 02:49:24
  record.server = parse_address("192.0.2.1:8101").value();
  record.client = parse_address("[2001:db8::7]:50000").value();
  record.method = "GET";
  record.uri_stem = "/index.html";
  record.status = 200;
  record.time_taken_ms = 12;
  return record;
}

std::string w3c(const AccessRecord& record) {
  PooledString out;
  append_w3c(record, out);
  return std::string(out);
}

std::string json(const AccessRecord& record) {
  PooledString out;
  append_json(record, out);
  return std::string(out);
}

/// The records of a log, each split into its fields: what any reader of the format does.
std::vector<std::vector<std::string>> read_w3c(std::string_view log) {
  std::vector<std::vector<std::string>> records;
  while (!log.empty()) {
    const std::size_t end = log.find('\n');
    EXPECT_NE(end, std::string_view::npos) << "a line has its end";
    std::string_view line = log.substr(0, end);
    log.remove_prefix(end == std::string_view::npos ? log.size() : end + 1);
    if (line.starts_with('#')) continue;
    std::vector<std::string>& fields = records.emplace_back();
    while (true) {
      const std::size_t space = line.find(' ');
      fields.emplace_back(line.substr(0, space));
      if (space == std::string_view::npos) break;
      line.remove_prefix(space + 1);
    }
  }
  return records;
}

/// A strict reader for one flat object of strings, numbers and null; std::nullopt for anything else. Strings come
/// back as bytes of UTF-8.
class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  std::optional<std::map<std::string, std::string>> object() {
    std::map<std::string, std::string> result;
    if (!take('{')) return std::nullopt;
    do {
      const auto key = string();
      if (!key || !take(':')) return std::nullopt;
      const auto value = this->value();
      if (!value || !result.emplace(*key, *value).second) return std::nullopt;
    } while (take(','));
    if (!take('}') || !take('\n') || !text_.empty()) return std::nullopt;
    return result;
  }

 private:
  bool take(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }

  std::optional<std::string> value() {
    if (text_.starts_with('"')) return string();
    if (text_.starts_with("null")) {
      text_.remove_prefix(4);
      return "null";
    }
    std::string digits;
    while (!text_.empty() && text_.front() >= '0' && text_.front() <= '9') {
      digits += text_.front();
      text_.remove_prefix(1);
    }
    return digits.empty() ? std::nullopt : std::optional(digits);
  }

  std::optional<std::string> string() {
    if (!take('"')) return std::nullopt;
    std::string result;
    while (!text_.empty()) {
      const auto byte = static_cast<unsigned char>(text_.front());
      text_.remove_prefix(1);
      if (byte == '"') return result;
      if (byte < 0x20 || byte == 0x7f) return std::nullopt;
      if (byte != '\\') {
        result += static_cast<char>(byte);
        continue;
      }
      if (take('"')) {
        result += '"';
      } else if (take('\\')) {
        result += '\\';
      } else if (take('u')) {
        if (text_.size() < 4) return std::nullopt;
        const std::string digits(text_.substr(0, 4));
        text_.remove_prefix(4);
        const auto code = std::stoul(digits, nullptr, 16);
        if (code == 0xfffd) {
          result += "\xef\xbf\xbd";
        } else if (code < 0x80) {
          result += static_cast<char>(code);
        } else {
          return std::nullopt;
        }
      } else {
        return std::nullopt;
      }
    }
    return std::nullopt;
  }

  std::string_view text_;
};

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const std::size_t length = byte < 0x80 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 0;
    if (length == 0 || byte > 0xf4 || text.size() - i < length) return false;
    std::uint32_t code = length == 1 ? byte : byte & (0x7fU >> length);
    for (std::size_t k = 1; k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xc0) != 0x80) return false;
      code = code << 6 | (next & 0x3fU);
    }
    constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return false;
    i += length;
  }
  return true;
}

TEST(AccessLog, HeaderIsThatOfIisWithOurFieldsBehind) {
  PooledString header;
  append_header(LogFormat::w3c, "1.2.3", 1'695'264'564'089, header);
  EXPECT_EQ(header,
            "#Software: Turnout 1.2.3\n"
            "#Version: 1.0\n"
            "#Date: 2023-09-21 02:49:24\n"
            "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) "
            "cs(Referer) sc-status sc-substatus sc-win32-status time-taken x-event x-tunnel-id x-upgrade-offer "
            "x-upgrade-token x-upgrade-outcome x-upgrade-reason x-close-by x-close-reason x-bytes-in x-bytes-out\n");
  PooledString none;
  append_header(LogFormat::json, "1.2.3", 0, none);
  EXPECT_EQ(none, "");
}

TEST(AccessLog, AnOrdinaryRequest) {
  EXPECT_EQ(w3c(example()),
            "2023-09-21 02:49:24 192.0.2.1 GET /index.html - 8101 - 2001:db8::7 - - 200 0 0 12 "
            "request - - - - - - - - -\n");
}

TEST(AccessLog, ASwitchAndItsEnd) {
  AccessRecord record = example();
  record.uri_query = "a=1";
  record.user_agent = "Mozilla/5.0 (X11; Linux)";
  record.status = 101;
  record.event = AccessEvent::open;
  record.tunnel_id = 42;
  record.upgrade_offer = "foo, websocket";
  record.upgrade_token = "websocket";
  record.upgrade_outcome = UpgradeOutcome::accepted;
  record.upgrade_reason = Why::accepted;
  EXPECT_EQ(
      w3c(record),
      "2023-09-21 02:49:24 192.0.2.1 GET /index.html a=1 8101 - 2001:db8::7 Mozilla/5.0+(X11;+Linux) - 101 0 0 12 "
      "open 42 foo,+websocket websocket accepted accepted - - - -\n");
  record.event = AccessEvent::close;
  record.win32_status = win32_network_name_gone;
  record.close_by = CloseBy::client;
  record.close_reason = Why::peer_reset;
  record.bytes_out = 18'446'744'073'709'551'615U;
  EXPECT_EQ(
      w3c(record),
      "2023-09-21 02:49:24 192.0.2.1 GET /index.html a=1 8101 - 2001:db8::7 Mozilla/5.0+(X11;+Linux) - 101 0 64 12 "
      "close 42 foo,+websocket websocket accepted accepted client peer-reset 0 18446744073709551615\n");
}

TEST(AccessLog, JsonHasTheSameNames) {
  AccessRecord record = example();
  record.event = AccessEvent::close;
  record.tunnel_id = 18'446'744'073'709'551'615U;
  record.user_agent = "a \"b\" \\ \n \x7f \xc3\xa4 \xff";
  EXPECT_EQ(json(record),
            "{\"ts\":\"2023-09-21T02:49:24.089Z\",\"date\":\"2023-09-21\",\"time\":\"02:49:24\",\"s-ip\":\"192.0.2.1\","
            "\"cs-method\":\"GET\",\"cs-uri-stem\":\"/index.html\",\"cs-uri-query\":null,\"s-port\":8101,"
            "\"cs-username\":null,\"c-ip\":\"2001:db8::7\","
            "\"cs(User-Agent)\":\"a \\\"b\\\" \\\\ \\u000A \\u007F \xc3\xa4 \\uFFFD\",\"cs(Referer)\":null,"
            "\"sc-status\":200,\"sc-substatus\":0,\"sc-win32-status\":0,\"time-taken\":12,\"x-event\":\"close\","
            "\"x-tunnel-id\":\"18446744073709551615\",\"x-upgrade-offer\":null,\"x-upgrade-token\":null,"
            "\"x-upgrade-outcome\":null,\"x-upgrade-reason\":null,\"x-close-by\":null,\"x-close-reason\":null,"
            "\"x-bytes-in\":0,\"x-bytes-out\":0}\n");
}

TEST(AccessLog, TimeIsRenderedAfreshForEverySecond) {
  AccessRecord record = example();
  const auto date_time = [&](std::int64_t time_ms) {
    record.time_ms = time_ms;
    return w3c(record).substr(0, 19);
  };
  EXPECT_EQ(date_time(0), "1970-01-01 00:00:00");
  EXPECT_EQ(date_time(999), "1970-01-01 00:00:00");
  EXPECT_EQ(date_time(1000), "1970-01-01 00:00:01");
  EXPECT_EQ(date_time(951'827'696'000), "2000-02-29 12:34:56");
  EXPECT_EQ(date_time(951'782'399'000), "2000-02-28 23:59:59");
  EXPECT_EQ(date_time(-5), "1970-01-01 00:00:00");
  EXPECT_EQ(date_time(INT64_MAX), "9999-12-31 23:59:59");
  EXPECT_EQ(date_time(INT64_MIN), "1970-01-01 00:00:00");
}

TEST(AccessLog, WhatIsUnknownHasItsMark) {
  AccessRecord record;
  record.user_agent = "-";
  EXPECT_EQ(w3c(record), "1970-01-01 00:00:00 - - - - - - - %2D - - 0 0 0 request - - - - - - - - -\n");
}

/// Puts `value` into every field that holds bytes of a client and reads both forms back.
void expect_one_record(const std::string& value) {
  AccessRecord record = example();
  record.method = value;
  record.uri_stem = value;
  record.uri_query = value;
  record.username = value;
  record.user_agent = value;
  record.referer = value;
  record.upgrade_offer = value;
  record.upgrade_token = value;

  const std::vector<std::vector<std::string>> records = read_w3c(w3c(record) + w3c(example()));
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].size(), fields_count);
  EXPECT_EQ(records[1].size(), fields_count);
  for (const std::string& field : records[0]) {
    EXPECT_FALSE(field.empty());
    for (char c : field) EXPECT_TRUE(c > 0x20 && c < 0x7f && c != '"') << static_cast<int>(c);
  }
  EXPECT_EQ(records[0][8], "2001:db8::7") << "fields keep their places";
  EXPECT_EQ(records[0][15], "request");

  const std::string line = json(record);
  EXPECT_TRUE(is_utf8(line));
  const auto object = JsonReader(line).object();
  ASSERT_TRUE(object) << line;
  EXPECT_EQ(object->size(), fields_count + 1);
  if (is_utf8(value) && !value.empty()) {
    EXPECT_EQ(object->at("cs(User-Agent)"), value) << "nothing is lost";
  }
}

TEST(SEC_O4, NoByteEndsALineOrBeginsAField) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string alone(1, static_cast<char>(byte));
    expect_one_record(alone);
    expect_one_record("a" + alone + "b");
    expect_one_record(alone + alone + alone);
  }
}

TEST(SEC_O4, LinesInsideOfFieldsStayInside) {
  expect_one_record("");
  expect_one_record("\n2023-09-21 02:49:24 10.0.0.1 GET /admin - 80 - 10.0.0.2 - - 200 0 0 1");
  expect_one_record("\r\n#Fields: date\r\n");
  expect_one_record("\",\"sc-status\":200,\"x\":\"");
  expect_one_record("\\");
  expect_one_record("\\u0022");
  expect_one_record("\x1b[2J\xe2\x80\xa8\xc2\x85");
  expect_one_record("\xed\xa0\x80\xf4\x90\x80\x80\xc0\xaf\xe0\x80\xaf\xf0\x80\x80\xaf\xe2\x82");
  expect_one_record(std::string(20000, '\n'));
}

TEST(SEC_O4, RandomBytes) {
  std::mt19937 random(4);
  for (int round = 0; round < 3000; ++round) {
    std::string value(random() % 24, '\0');
    // Mostly the bytes that mean something to a reader.
    constexpr std::string_view edges = "\n\r \t\"\\-+%,:{}#\xc3\xa4\xe2\x82\xac\xf0\x9f\x9a\x82\xff\x80\x7f\x85";
    for (char& c : value) c = random() % 4 == 0 ? static_cast<char>(random()) : edges[random() % edges.size()];
    expect_one_record(value);
  }
}

}  // namespace
}  // namespace turnout
