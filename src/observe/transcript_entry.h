// TranscriptEntry: one transcript as plain values of its own, to be shown, sent to another thread or held against a
// filter. What is secret is masked in it already.
//
//   for (const TranscriptEntry& entry : store.snapshot(true)) {
//     if (matches(filter, entry)) append_text(entry, out);         // observe/transcript_text.h
//   }
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/network.h"
#include "base/why.h"
#include "codec/http/message.h"
#include "switching/transcript.h"
#include "switching/via.h"

namespace turnout {

/// Why a transcript is kept; `recent` ones are there until others push them out.
enum class KeptFor : std::uint8_t { recent, declined, refused, error, rule };

std::string_view text(KeptFor kept) noexcept;

struct TranscriptEntry {
  struct Field {
    std::string name;
    std::string value;
  };
  struct Event {
    EventKind kind = EventKind::entered;
    Why why = Why::none;
    std::uint16_t status = 0;
    std::uint32_t bytes = 0;
    std::uint32_t at_ms = 0;  // since the connection, or the stream of HTTP/2, began
    std::string name{};
  };
  struct Closed {
    std::string by;  // client, server, upstream
    Why reason = Why::none;
  };

  KeptFor kept = KeptFor::recent;
  std::int64_t time_ms = 0;     // since 1970 in UTC: when the request began, or the switch
  std::uint64_t tunnel_id = 0;  // 0: nothing was switched
  Address client;
  Address listener;
  std::string route{};  // empty: none was asked
  Via via = Via::none;
  HttpVersion version = HttpVersion::http11;
  bool secure = false;
  std::string method{};
  std::string authority{};
  std::string target{};
  std::vector<Field> fields{};
  std::uint32_t fields_left_out = 0;
  std::string offer{};
  std::string token{};
  std::string token_name{};
  int status = 0;
  std::string outcome{};
  Why reason = Why::none;
  std::vector<Event> events{};
  std::uint32_t events_left_out = 0;
  std::string upstream{};
  std::optional<Closed> closed{};                // of a switch
  std::optional<std::uint64_t> time_taken_ms{};  // of what is over
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
};

/// What is empty fits everything.
struct TranscriptFilter {
  std::string route{};
  std::string token{};  // as it is called here, or as it was agreed on
  std::string outcome{};
  std::string reason{};  // of the answer or of the close
  std::uint64_t tunnel_id = 0;
  std::optional<Network> client{};
};

bool matches(const TranscriptFilter& filter, const TranscriptEntry& entry) noexcept;

}  // namespace turnout
