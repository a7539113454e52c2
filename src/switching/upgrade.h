// UpgradeOffer, Verdict, Upgrader: one shape for every way in which a peer can ask for another protocol, and one for
// the answers.
//
//   Decline  answer the request as if nothing had been offered; that is not an error (RFC 9110 section 7.8)
//   Refuse   426, 403, 400: policy, or a malformed handshake
//   Answered somebody else was asked, and answered in HTTP without a switch: that answer is passed on
//   Accept   everything that can fail has already been done; only the 101 (or 200) is left to write
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "codec/http/message.h"
#include "codec/http/upgrade.h"
#include "runtime/task.h"
#include "switching/protocol.h"
#include "switching/site.h"
#include "switching/via.h"

namespace turnout {

class Exchange;
class Session;

/// A request whose body has been read to its end, ready to be answered by another protocol.
struct OwnedRequest {
  RequestHead head;
  PooledString body;
};

struct UpgradeOffer {
  using Via = turnout::Via;

  Via via = Via::h1_upgrade;
  const UpgradeTokens* tokens = nullptr;  // in the client's order
  bool nominated = true;                  // Connection holds "upgrade"; always true for extended CONNECT
  const Route* route = nullptr;           // what the request's host, path and method lead to
  OwnedRequest* request = nullptr;        // an upgrader that accepts may move it into the successor
  std::size_t early_bytes = 0;            // what has been read behind the request
  Exchange* exchange = nullptr;           // for interim answers while it is considered
};

struct Decline {
  Why why = Why::no_such_token;
};

struct Refuse {
  int status = 400;
  Why why = Why::malformed;
  FieldList fields;
};

/// Whoever holds the answer of somebody else.
class Answerer : public Pooled {
 public:
  virtual ~Answerer() = default;
  virtual Task<void> answer(Exchange& exchange) = 0;
};

struct Answered {
  Why why = Why::none;
  std::unique_ptr<Answerer> by;
};

struct Accept {
  const char* token = "";  // for the record: registered name, a literal
  std::string upgrade;     // the value of Upgrade in the 101: "h2c", "TLS/1.2, HTTP/1.1"
  FieldList fields;        // what else the 101 or 200 carries
  std::unique_ptr<Protocol> successor;
  Why why = Why::accepted;
  Switched kind = Switched::other;
};

using Verdict = std::variant<Decline, Refuse, Answered, Accept>;

/// One for each token.
class Upgrader {
 public:
  virtual ~Upgrader() = default;

  /// The registered name, matched without letter case; a literal.
  virtual const char* token() const noexcept = 0;
  /// True where an offer without Connection: upgrade is taken up (`lenient_upgrade`).
  virtual bool takes_unnominated() const noexcept { return false; }
  /// True where the offer is between neighbours and must not come from further away (law L11).
  virtual bool is_hop_by_hop() const noexcept { return false; }

  virtual Task<Verdict> consider(const UpgradeOffer& offer, const UpgradeToken& token, Session& session) const = 0;
};

}  // namespace turnout
