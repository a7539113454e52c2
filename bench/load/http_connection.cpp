#include "bench/load/http_connection.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "bench/shared/http_text.h"

namespace turnout::bench {
namespace {

constexpr std::size_t head_bytes_max = 65536;
// Longer bodies are compared in the first answer of each connection, then only counted.
constexpr std::uint64_t always_compared_max = 65536;

}  // namespace

Answers::Answers(const Run& run)
    : request("GET " + run.path + " HTTP/1.1\r\nHost: " + run.host + "\r\n\r\n"),
      body_bytes(run.options.number("body-bytes", 0)) {
  if (!run.options.has("expect")) return;
  std::ifstream file(std::string(run.options.text("expect")), std::ios::binary);
  if (!file) run.options.refuse("cannot be read:", run.options.text("expect"));
  body.assign(std::istreambuf_iterator<char>(file), {});
  body_bytes = body.size();
  is_known = true;
}

void HttpConnection::request(std::int64_t due) {
  asked_at_ = due;
  waiting_ = true;
  in_body_ = false;
  body_place_ = 0;
  send(answers_.request);
}

void HttpConnection::on_readable() {
  while (readable()) {
    const std::uint64_t left = answers_.body_bytes - body_place_;
    if (in_body_ && compared_ && answers_.body_bytes > always_compared_max && !run_.tls.is_on()) {
      const std::size_t count = discard(static_cast<std::size_t>(left));
      if (count == 0) return;
      body_place_ += count;
      if (count == left) take({});
      continue;
    }
    const std::size_t count = receive(read_buffer, sizeof read_buffer);
    if (count == 0) return;
    take({read_buffer, count});
  }
}

void HttpConnection::take(std::string_view bytes) {
  if (!waiting_) return fail("bytes without a request");
  if (!in_body_ && !take_head(bytes)) return;
  if (!take_body(bytes)) return;
  if (!bytes.empty()) return fail("bytes behind the answer");
  waiting_ = false;
  compared_ = true;
  if (!answers_.is_known) {
    answers_.is_known = true;
    answers_.body_bytes = answers_.body.size();
  }
  const bool closing = closing_;
  const std::int64_t now = now_ns();
  if (closing) close();
  on_answer(now);
  if (closing) on_closed_in_order();
}

bool HttpConnection::take_head(std::string_view& bytes) {
  std::string_view head = bytes;
  if (!head_.empty()) {
    head_ += bytes;
    head = head_;
  }
  const auto end = head.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (head_.empty()) head_ = bytes;
    if (head_.size() > head_bytes_max) fail("the head of an answer does not end");
    return false;
  }
  bytes.remove_prefix(bytes.size() - (head.size() - end - 4));
  head = head.substr(0, end + 2);
  if (!head.starts_with("HTTP/1.1 200 ")) {
    fail("not a 200: " + std::string(head.substr(0, head.find('\r'))));
    return false;
  }
  const std::string_view digits = field_value(head, "Content-Length");
  std::uint64_t length = 0;
  const auto [last, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (digits.empty() || error != std::errc{} || last != digits.data() + digits.size()) {
    fail("an answer without a valid Content-Length");
    return false;
  }
  if (answers_.body_bytes == 0 && !answers_.is_known) answers_.body_bytes = length;
  if (length != answers_.body_bytes) {
    fail("an answer of another length: " + std::to_string(length));
    return false;
  }
  closing_ = equal_ignoring_case(field_value(head, "Connection"), "close");
  head_.clear();
  in_body_ = true;
  return true;
}

bool HttpConnection::take_body(std::string_view& bytes) {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), answers_.body_bytes - body_place_));
  const std::string_view piece = bytes.substr(0, count);
  if (!answers_.is_known) {
    answers_.body += piece;
  } else if (!compared_ || answers_.body_bytes <= always_compared_max) {
    if (std::string_view(answers_.body).substr(static_cast<std::size_t>(body_place_), count) != piece) {
      fail("an answer of another content");
      return false;
    }
  }
  body_place_ += count;
  bytes.remove_prefix(count);
  return body_place_ == answers_.body_bytes;
}

void HttpConnection::on_end(std::string_view how) {
  if (waiting_) return fail("before the answer was whole: " + std::string(how));
  on_closed_in_order();
}

}  // namespace turnout::bench
