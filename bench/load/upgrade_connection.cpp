#include "bench/load/upgrade_connection.h"

#include "bench/shared/http_text.h"

namespace turnout::bench {
namespace {

constexpr std::string_view key = "dHVybm91dCBpbnN0cnVtZQ==";

}

Upgrade::Upgrade(const Run& run, std::string_view of, std::string_view more_fields)
    : token(of), is_websocket(equal_ignoring_case(of, "websocket")) {
  const bool is_h2c = equal_ignoring_case(of, "h2c");
  request = "GET " + run.path + " HTTP/1.1\r\nHost: " + run.host + "\r\nUpgrade: " + token + "\r\nConnection: Upgrade";
  // RFC 7540, section 3.2.1: settings without padding; these are MAX_CONCURRENT_STREAMS 100 and INITIAL_WINDOW_SIZE
  // 65535.
  if (is_h2c) request += ", HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__";
  request += "\r\n";
  if (is_websocket) {
    request += "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + std::string(key) + "\r\n";
    accept = websocket_accept(key);
  }
  request += more_fields;
  request += "\r\n";
}

void UpgradeConnection::on_open() {
  switched_ = false;
  head_.clear();
  send(upgrade_.request);
}

void UpgradeConnection::on_readable() {
  while (readable()) {
    const std::size_t count = receive(read_buffer, sizeof read_buffer);
    if (count == 0) return;
    if (switched_) {
      on_bytes({read_buffer, count});
    } else {
      take_answer({read_buffer, count});
    }
  }
}

void UpgradeConnection::take_answer(std::string_view bytes) {
  head_ += bytes;
  const auto end = head_.find("\r\n\r\n");
  if (end == std::string::npos) return;
  const std::string head = head_.substr(0, end + 2);
  const std::string rest = head_.substr(end + 4);
  std::string().swap(head_);
  if (!head.starts_with("HTTP/1.1 101 ")) return fail("not a 101: " + head.substr(0, head.find('\r')));
  if (!equal_ignoring_case(field_value(head, "Upgrade"), upgrade_.token)) return fail("a 101 to something else");
  if (upgrade_.is_websocket && field_value(head, "Sec-WebSocket-Accept") != upgrade_.accept) {
    return fail("Sec-WebSocket-Accept is wrong");
  }
  switched_ = true;
  on_switched(head);
  if (!rest.empty() && state() == State::open) on_bytes(rest);
}

}  // namespace turnout::bench
