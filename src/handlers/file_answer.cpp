#include "handlers/file_answer.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "base/bytes.h"
#include "codec/http/conditional.h"

namespace turnout {
namespace {

using std::chrono::sys_seconds;

constexpr std::string_view condition_failed =
    "412 Precondition Failed\n\nThe file is not, or no longer, what the conditions of the request ask for.\n";
constexpr std::string_view behind_the_end = "416 Range Not Satisfiable\n\nThe file ends before that range.\n";

void append(PooledString& text, std::uint64_t number) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), number).ptr;
  text.append(digits.data(), end);
}

void append_hex(PooledString& text, std::uint64_t number) {
  for (int shift = 60; shift >= 0; shift -= 4) text.push_back("0123456789abcdef"[number >> shift & 15]);
}

/// Random, so that no file can hold it on purpose (RFC 2046 section 5.1.1).
PooledString make_boundary() {
  std::array<std::uint64_t, 2> random{};
  // Only before the system's generator is ready could it give less, and then no server runs yet.
  (void)::getrandom(random.data(), sizeof random, 0);
  PooledString boundary;
  for (const std::uint64_t part : random) append_hex(boundary, part);
  return boundary;
}

PooledString content_range(const ByteRange& range, std::uint64_t size) {
  PooledString text = "bytes ";
  append(text, range.first);
  text.push_back('-');
  append(text, range.last());
  text.push_back('/');
  append(text, size);
  return text;
}

FileAnswer refusal(int status, std::string_view text) {
  FileAnswer answer;
  answer.head.status = status;
  answer.head.fields.add("Content-Type", "text/plain; charset=utf-8");
  answer.text = text;
  return answer;
}

RangeChoice choose(const RequestHead& request, const Validators& current, std::uint64_t size, sys_seconds now) {
  // RFC 9110 section 14.2: of GET only; and of several fields no list can be made.
  const bool asks = request.method == "GET" && request.fields.count("range") == 1;
  if (!asks || !if_range_holds(request, current, now)) return {};
  return choose_ranges(*request.fields.find("range"), size);
}

}  // namespace

PooledString FileAnswer::part_head(const ByteRange& range) const {
  if (boundary.empty()) return {};
  PooledString line = "\r\n--";
  line.append(boundary).append("\r\nContent-Type: ").append(media_type).append("\r\nContent-Range: ");
  return line.append(content_range(range, file_size)).append("\r\n\r\n");
}

PooledString FileAnswer::end() const {
  if (boundary.empty()) return {};
  PooledString line = "\r\n--";
  return line.append(boundary).append("--\r\n");
}

std::uint64_t FileAnswer::length() const {
  if (!has_file) return text.size();
  std::uint64_t sum = end().size();
  for (const ByteRange& range : choice.parts()) sum += part_head(range).size() + range.size;
  return sum;
}

FileAnswer answer_with_file(const RequestHead& request, const OpenFile& file, std::int64_t wall_ms) {
  const sys_seconds now{std::chrono::seconds(wall_ms / 1000)};
  const Validators current{file.entity_tag, file.modified};
  FileAnswer answer;
  switch (evaluate_preconditions(request, current, now)) {
    case Precondition::failed: return refusal(412, condition_failed);
    case Precondition::not_modified: {
      answer.head.status = 304;
      answer.head.fields.add("ETag", file.entity_tag);
      return answer;
    }
    case Precondition::holds: break;
  }

  answer.file_size = file.file.size();
  answer.choice = choose(request, current, answer.file_size, now);
  if (answer.choice.kind == RangeChoice::Kind::unsatisfiable) {
    FileAnswer refused = refusal(416, behind_the_end);
    PooledString range = "bytes */";
    append(range, answer.file_size);
    refused.head.fields.add("Content-Range", range);
    return refused;
  }

  answer.has_file = true;
  answer.media_type = file.media_type;
  FieldList& fields = answer.head.fields;
  fields = file.fields;
  if (answer.choice.count > 1) {
    answer.boundary = make_boundary();
    PooledString type = "multipart/byteranges; boundary=";
    fields.set("Content-Type", type.append(answer.boundary));
  }
  if (answer.choice.kind == RangeChoice::Kind::parts) {
    answer.head.status = 206;
    if (answer.choice.count == 1) {
      fields.add("Content-Range", content_range(answer.choice.ranges[0], answer.file_size));
    }
  } else if (answer.file_size != 0) {
    answer.choice.ranges[0] = {0, answer.file_size};
    answer.choice.count = 1;
  }
  return answer;
}

}  // namespace turnout
