// The access log's two text forms: W3C Extended Log Format with the fields that IIS writes by default, then ours;
// and JSON, one object a line, with the same names.
//
//   AccessRecord record{.time_ms = now, .method = head.method, .status = 200};
//   append_w3c(record, line);                       // or append_json(): one line, with its end
//
// No byte of a client can end a line or begin a field (O4): in the W3C form a space becomes "+" and whatever is
// not visible ASCII becomes %XX; in JSON strings are escaped and bytes that are not UTF-8 become U+FFFD.
// Pure functions on the hot path: no allocation but the growth of the caller's string, no locale.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/address.h"
#include "base/log_format.h"
#include "base/pool.h"
#include "base/why.h"

namespace turnout {

enum class AccessEvent : std::uint8_t {
  request,  // an exchange that ended where it began
  open,     // a connection or stream changed protocol
  close,    // what had been opened has ended; the same x-tunnel-id
};

enum class UpgradeOutcome : std::uint8_t { none, accepted, declined, refused };
enum class CloseBy : std::uint8_t { none, client, server, upstream };

// sc-win32-status of IIS for connections that ended early, which tools know how to read.
inline constexpr std::uint32_t win32_network_name_gone = 64;   // by the client
inline constexpr std::uint32_t win32_operation_aborted = 995;  // by us

/// Empty texts, and what is none or zero where that means nothing, are "-" in W3C and null in JSON.
struct AccessRecord {
  std::int64_t time_ms = 0;  // since 1970 in UTC: when the record is written
  Address server{};
  Address client{};
  std::string_view method{};
  std::string_view uri_stem{};   // raw, as received
  std::string_view uri_query{};  // without "?"
  std::string_view username{};
  std::string_view user_agent{};
  std::string_view referer{};
  int status = 0;  // 101 after Upgrade; 200 for extended CONNECT
  std::uint32_t substatus = 0;
  std::uint32_t win32_status = 0;
  std::uint64_t time_taken_ms = 0;
  AccessEvent event = AccessEvent::request;
  std::uint64_t tunnel_id = 0;
  std::string_view upgrade_offer{};  // all that was offered, as received
  std::string_view upgrade_token{};  // what was accepted, declined or refused
  UpgradeOutcome upgrade_outcome = UpgradeOutcome::none;
  Why upgrade_reason = Why::none;
  CloseBy close_by = CloseBy::none;
  Why close_reason = Why::none;
  std::uint64_t bytes_in = 0;  // from the client, in the protocol that was switched to
  std::uint64_t bytes_out = 0;
};

void append_w3c(const AccessRecord& record, PooledString& out);
void append_json(const AccessRecord& record, PooledString& out);
void append_record(LogFormat format, const AccessRecord& record, PooledString& out);

/// The directives that a W3C log begins with. JSON has none.
void append_header(LogFormat format, std::string_view version, std::int64_t time_ms, PooledString& out);

}  // namespace turnout
