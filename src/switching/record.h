// Record: one thing that happened, for whoever keeps count of it or writes it down; and Recorder, who does.
//
// A request gives one record when it has been answered. A switch gives one when it opens and one when it ends, paired
// by the tunnel id (law L10). In between, whoever counts bytes may ask how far the open ones have come.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/why.h"
#include "codec/http/message.h"
#include "codec/tls/version.h"
#include "switching/via.h"

namespace turnout {

class Session;
struct Route;

enum class RecordKind : std::uint8_t { request, open, progress, close };

struct Record {
  RecordKind kind = RecordKind::request;
  const Session* session = nullptr;
  const RequestHead* request = nullptr;  // the one that was answered, or that asked for the switch
  const Route* route = nullptr;          // what it led to; nullptr where that was not asked
  Via via = Via::none;                   // none: it offered nothing
  int status = 0;
  std::uint64_t began_ms = 0;  // on the worker's clock
  std::uint64_t bytes_in = 0;  // of the body; of everything since the switch
  std::uint64_t bytes_out = 0;
  std::uint64_t new_bytes_in = 0;  // those of a switch that no record before has told of
  std::uint64_t new_bytes_out = 0;
  std::uint64_t tunnel_id = 0;    // 0: not about a switch
  std::string_view offer = {};    // the tokens as they came; empty without an offer
  std::string_view token = {};    // the one that was agreed on
  std::string_view outcome = {};  // accepted, declined, refused; empty without an offer
  // What was agreed on, or what the first token that is known here is called: by the registry or the route, so that it
  // is one of few. "other" where none is known; empty without an offer.
  const char* token_name = "";
  Why reason = Why::none;
  std::string_view closed_by = {};  // client, server, upstream; for RecordKind::close
  Why close_reason = Why::none;
};

/// The end of a TLS handshake.
struct Handshake {
  TlsVersion version = TlsVersion::none;
  bool resumed = false;
  bool upgraded = false;    // after Upgrade: TLS
  Why failure = Why::none;  // none: it succeeded
};

class Recorder {
 public:
  virtual ~Recorder() = default;
  virtual void write(const Record& record) noexcept = 0;
  virtual void write(const Session& /*session*/, const Handshake& /*handshake*/) noexcept {}
};

}  // namespace turnout
