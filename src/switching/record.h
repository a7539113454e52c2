// Record: one line for the access log, and Recorder, who writes it.
//
// A request gives one record when it has been answered. A switch gives one when it opens and one when it ends, paired
// by the tunnel id (law L10).
#pragma once

#include <cstdint>
#include <string_view>

#include "base/why.h"
#include "codec/http/message.h"

namespace turnout {

class Session;

enum class RecordKind : std::uint8_t { request, open, close };

struct Record {
  RecordKind kind = RecordKind::request;
  const Session* session = nullptr;
  const RequestHead* request = nullptr;  // the one that was answered, or that asked for the switch
  int status = 0;
  std::uint64_t began_ms = 0;  // on the worker's clock
  std::uint64_t bytes_in = 0;  // of the body; of everything since the switch
  std::uint64_t bytes_out = 0;
  std::uint64_t tunnel_id = 0;    // 0: not about a switch
  std::string_view offer = {};    // the tokens as they came; empty without an offer
  std::string_view token = {};    // the one that was agreed on
  std::string_view outcome = {};  // accepted, declined, refused; empty without an offer
  Why reason = Why::none;
  std::string_view closed_by = {};  // client, server, upstream; for RecordKind::close
  Why close_reason = Why::none;
};

class Recorder {
 public:
  virtual ~Recorder() = default;
  virtual void write(const Record& record) noexcept = 0;
};

}  // namespace turnout
