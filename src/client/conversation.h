// Conversation: what a client wants from one connection, and what came of it. It outlives the protocols that follow
// one another on the connection, and each of them adds to it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/printable.h"
#include "client/failure.h"
#include "client/offer.h"
#include "client/url.h"
#include "codec/tls/client_context.h"
#include "switching/protocol.h"

namespace turnout::client {

struct Request {
  Url url;
  std::optional<Offer> offer;
  std::optional<std::string> data;  // the body of a POST; over WebSocket one message
  bool data_is_binary = false;      // it came from a file
  std::string accept{};             // the media type that is preferred; empty: no Accept
  bool http2_prior_knowledge = false;
  bool verbose = false;
  Millis timeout{30'000};  // of each step: to connect, a handshake, the head of an answer, more of its body
  TlsClientOptions tls;    // but for `alpn`, which follows from the rest

  bool wants(Offer::Kind kind) const noexcept { return offer && offer->kind == kind; }
  /// A WebSocket handshake is a GET, whatever is sent afterwards.
  bool has_body() const noexcept { return data && !wants(Offer::Kind::websocket); }
  std::string_view method() const noexcept { return has_body() ? "POST" : "GET"; }
  /// As curl has it for text; what comes from a file may be anything.
  std::string_view content_type() const noexcept {
    return data_is_binary ? "application/octet-stream" : "application/x-www-form-urlencoded";
  }
};

/// Where the answer goes, and what -v shows. Both block where their reader is slow: a client has nothing else to do.
class Output {
 public:
  virtual ~Output() = default;
  /// False where it cannot be written any more.
  virtual bool body(Bytes bytes) = 0;
  /// One line, safe for a terminal, without its end.
  virtual void line(std::string_view text) = 0;
};

struct Answer {
  int status = 0;         // of the last head
  bool switched = false;  // in another protocol than the request
};

struct Conversation {
  Conversation(const Request& what, Output& where) noexcept : request(what), output(where) {}

  const Request& request;
  Output& output;
  Answer answer;
  std::optional<Failure> failure;

  // What -v shows. The text may come from the network.
  void sent(std::string_view text) const { trace("> ", text); }
  void received(std::string_view text) const { trace("< ", text); }
  void note(std::string_view text) const { trace("* ", text); }
  /// A head, line by line.
  void sent_head(std::string_view head) const { trace_head("> ", head); }
  void received_head(std::string_view head) const { trace_head("< ", head); }

  /// A part of the answer; false, with a failure, where it cannot be written.
  bool deliver(Bytes bytes);

  /// The first failure is the one that counts.
  Closed fail(Exit exit, std::string message);
  /// For an operation on the connection that went wrong while `waiting_for` ("the answer") was due.
  Closed fail(Error error, std::string_view waiting_for);

 private:
  void trace(std::string_view mark, std::string_view text) const;
  void trace_head(std::string_view mark, std::string_view head) const;
};

}  // namespace turnout::client
