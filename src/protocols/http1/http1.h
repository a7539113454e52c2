// Http1: the server's side of HTTP/1.1 (RFC 9112), and of every switch that an Upgrade field asks for.
//
// Requests are answered one after the other, in order. An offer of another protocol is considered once the request is
// complete; where it is accepted, the 101 is the last thing that this protocol writes, and the connection moves on.
#pragma once

#include <optional>

#include "codec/http1/head_error.h"
#include "codec/http1/head_scanner.h"
#include "switching/protocol.h"
#include "switching/record.h"
#include "switching/upgrade.h"

namespace turnout {

class Http1Exchange;
class RequestBody;

class Http1 final : public Protocol {
 public:
  /// With a request that was read before a switch (to TLS), which is answered first.
  explicit Http1(std::optional<OwnedRequest> first_request = std::nullopt);
  ~Http1() override;

  const char* name() const noexcept override { return "http/1.1"; }
  Task<Outcome> run(Wire wire, Session& session) override;

 private:
  /// What an exchange leaves behind.
  struct Next {
    enum class Kind : std::uint8_t { go_on, close, change } kind = Kind::go_on;
    Why why = Why::none;
    std::unique_ptr<Protocol> successor = nullptr;
  };

  struct Offer;

  Task<Next> serve(Wire& wire, Session& session, std::size_t head_bytes);
  Task<Next> serve_first(Wire& wire, Session& session);
  Task<Next> serve_request(Wire& wire, Session& session, OwnedRequest& request, RequestBody& body, bool keep_alive);
  Task<Next> consider(Wire& wire, Session& session, OwnedRequest& request, RequestBody& body, Http1Exchange& exchange,
                      Offer& offer);
  Task<Next> consider_connect(Wire& wire, Session& session, OwnedRequest& request, RequestBody& body,
                              Http1Exchange& exchange, Offer& offer);
  Task<Next> conclude(Wire& wire, Session& session, const RequestHead& asked, RequestBody& body,
                      Http1Exchange& exchange, Offer& offer, Verdict verdict);
  Task<Next> accept(Wire& wire, Session& session, const RequestHead& request, RequestBody& body, const Route& route,
                    const Offer& offer, Accept accepted);
  Task<Next> refuse_head(Wire& wire, Session& session, HeadError error, Record about = {});

  HeadScanner scanner_;
  std::unique_ptr<OwnedRequest> first_request_;
  std::uint32_t requests_ = 0;
};

}  // namespace turnout
