#include "client/http1_client.h"

#include <fmt/core.h>

#include <algorithm>

#include "client/http2_client.h"
#include "client/tls_client.h"
#include "client/websocket_client.h"
#include "codec/http1/chunked.h"
#include "codec/http1/request_writer.h"
#include "switching/session.h"

namespace turnout::client {
namespace {

constexpr int interim_answers_max = 16;  // a server could send 103s for ever

/// What Connection has to name besides the offer itself (RFC 9110 section 7.8).
std::string_view connection_for(const std::optional<Offer>& offer) noexcept {
  if (!offer) return "";
  return offer->kind == Offer::Kind::h2c ? "Upgrade, HTTP2-Settings" : "Upgrade";
}

}  // namespace

Task<Outcome> Http1Client::run(Wire wire, Session& session) {
  if (part_ == Part::whole && !write_head()) co_return Closed{Why::malformed};
  Bytes unsent[] = {as_bytes(head_), {}};
  if (part_ == Part::whole && conversation_.request.has_body()) unsent[1] = as_bytes(*conversation_.request.data);
  Pump pump(wire, [&unsent, piece = std::size_t{0}]() mutable {
    while (piece < std::size(unsent) && unsent[piece].empty()) ++piece;
    return piece < std::size(unsent) ? unsent[piece++] : Bytes();
  });
  wire.expires_after(conversation_.request.timeout);
  pump.start();

  Successor successor = co_await converse(wire, session.limits(), pump);
  co_await pump.stop();
  wire.expires_never();
  if (successor != nullptr) co_return Switch{std::move(successor), std::move(wire), Why::accepted};
  if (conversation_.failure && conversation_.failure->exit != Exit::declined) co_return Closed{Why::malformed};
  // RFC 9112 section 9.8: inside TLS, an end without close_notify would look like an attack.
  wire.expires_after(session.limits().linger);
  (void)co_await wire.close_write();
  co_return Closed{Why::done};
}

bool Http1Client::write_head() {
  const Request& request = conversation_.request;
  RequestHead head;
  head.method = request.method();
  head.target = request.url.target;
  head.authority = request.url.authority;
  HeadTail tail{.connection = connection_for(request.offer)};
  if (request.wants(Offer::Kind::websocket)) {
    websocket_.key = websocket::make_key();
    websocket::add_request_fields(websocket_, HttpVersion::http11, head.fields);
  } else if (request.offer) {
    head.fields.add("Upgrade", request.offer->tokens);
  }
  // RFC 7540 section 3.2.1. The token HTTP/2.0 has no such field: it begins with the defaults of HTTP/2.
  if (request.wants(Offer::Kind::h2c)) head.fields.add("HTTP2-Settings", http2_settings_field());
  if (!request.accept.empty()) head.fields.add("Accept", request.accept);
  if (request.has_body()) {
    head.fields.add("Content-Type", request.content_type());
    tail.content_length = request.data->size();
  }
  const WrittenHead written = append_request_head(head_, head, tail);
  if (written.bytes == 0 || !written.complete) {
    (void)conversation_.fail(Exit::usage, fmt::format("{}: no request can be made of it", request.url.place()));
    return false;
  }
  conversation_.sent_head(head_);
  if (request.has_body()) conversation_.note(fmt::format("and a body of {} bytes", request.data->size()));
  if (request.wants(Offer::Kind::tls) && request.has_body()) {
    conversation_.note("the request and its body go out before the switch: they are not encrypted");
  }
  return true;
}

Task<Http1Client::Successor> Http1Client::converse(Wire& wire, const Limits& limits, const Pump& pump) {
  const Result<ParsedResponse> answer = co_await read_head(wire, limits);
  if (!answer) co_return nullptr;
  conversation_.answer.status = answer->head.status;
  if (answer->head.status == 101) co_return accept(*answer, !pump.is_running() && pump.code() == Code::ok);
  const bool whole = co_await read_body(wire, limits, answer->framing);
  if (whole && offers()) decline(answer->head);
  co_return nullptr;
}

Task<Result<ParsedResponse>> Http1Client::read_head(Wire& wire, const Limits& limits) {
  HeadScanner scanner(HeadScanner::Kind::response);
  for (int interim = 0; interim <= interim_answers_max;) {
    std::expected<std::size_t, HeadError> size = 0;
    if (!wire.peek().empty()) size = scanner.feed(wire.peek(), limits);
    if (!size) {
      fail_bad_answer(size.error().what);
      co_return fail(Code::malformed);
    }
    if (*size == 0) {
      const Result<std::size_t> more = co_await wire.fill();
      if (more && *more != 0) continue;
      const Error error = more ? Error{Code::end, Source::upstream} : more.error();
      (void)conversation_.fail(error, wire.peek().empty() ? "an answer" : "the rest of the answer's head");
      co_return fail(error.code);
    }
    const Bytes head = wire.peek().first(*size);
    conversation_.received_head(as_text(head));
    auto answer = parse_response(head, limits, conversation_.request.method());
    if (!answer) {
      fail_bad_answer(answer.error().what);
      co_return fail(Code::malformed);
    }
    wire.consume(*size);
    if (!answer->interim()) co_return std::move(*answer);
    ++interim;
  }
  fail_bad_answer("more interim answers (1xx) than anyone needs");
  co_return fail(Code::malformed);
}

Task<bool> Http1Client::read_body(Wire& wire, const Limits& limits, Framing framing) {
  if (framing.kind == BodyKind::none) co_return true;
  if (framing.kind == BodyKind::chunked) {
    const bool whole = co_await read_chunked(wire, limits);
    co_return whole;
  }
  const bool until_close = framing.kind == BodyKind::until_close;
  std::uint64_t left = until_close ? ~std::uint64_t{0} : framing.length;
  while (left != 0) {
    const Bytes part = wire.peek().first(std::min<std::uint64_t>(wire.peek().size(), left));
    if (!conversation_.deliver(part)) co_return false;
    left -= part.size();
    wire.consume(part.size());
    if (left == 0) break;
    wire.expires_after(conversation_.request.timeout);
    const Result<std::size_t> more = co_await wire.fill();
    if (more && *more != 0) continue;
    if (more && until_close) break;
    (void)conversation_.fail(more ? Error{Code::end, Source::upstream} : more.error(), "the rest of the answer");
    co_return false;
  }
  co_return true;
}

Task<bool> Http1Client::read_chunked(Wire& wire, const Limits& limits) {
  ChunkedDecoder decoder(limits);
  while (true) {
    const ChunkedDecoder::Step step = decoder.step(wire.peek());
    if (!conversation_.deliver(step.data)) co_return false;
    wire.consume(step.consumed);
    if (step.state == ChunkedDecoder::State::done) break;
    if (step.state == ChunkedDecoder::State::error) {
      fail_bad_answer(decoder.error().what);
      co_return false;
    }
    if (step.state != ChunkedDecoder::State::more) continue;
    wire.expires_after(conversation_.request.timeout);
    const Result<std::size_t> more = co_await wire.fill();
    if (more && *more != 0) continue;
    (void)conversation_.fail(more ? Error{Code::end, Source::upstream} : more.error(), "the rest of the answer");
    co_return false;
  }
  for (const Field trailer : decoder.trailers()) {
    conversation_.received(fmt::format("{}: {}", trailer.name, trailer.value));
  }
  co_return true;
}

/// Law L3, in one place: nothing but a valid 101 to our own offer leads to another protocol.
Http1Client::Successor Http1Client::accept(const ParsedResponse& answer, bool request_was_sent) {
  const Request& request = conversation_.request;
  if (!offers()) {
    fail_bad_switch("nothing was offered");
    return nullptr;
  }
  if (answer.version != HttpVersion::http11) {
    fail_bad_switch("it comes from HTTP/1.0, which has no Upgrade");
    return nullptr;
  }
  if (!request_was_sent) {
    fail_bad_switch("it came before the request had been sent to its end");
    return nullptr;
  }
  const auto token = check_switch(answer.head, *request.offer);
  if (!token) {
    fail_bad_switch(token.error());
    return nullptr;
  }
  Successor successor;
  switch (request.offer->kind) {
    case Offer::Kind::http2:
    case Offer::Kind::h2c:
      successor = std::make_unique<Http2Client>(conversation_, Http2Client::Part::answer_only);
      break;
    case Offer::Kind::tls: {
      const TlsVersion version = *token == "TLS/1.2" ? TlsVersion::tls_1_2 : TlsVersion::tls_1_3;
      successor = std::make_unique<TlsClient>(conversation_, TlsClient::Begin::upgraded, version);
      break;
    }
    case Offer::Kind::websocket: {
      const auto handshake = websocket::check_answer(answer.head, websocket_, HttpVersion::http11);
      if (!handshake) {
        fail_bad_switch(sentence(handshake.error()));
        return nullptr;
      }
      successor = std::make_unique<WebSocketClient>(conversation_, *handshake);
      break;
    }
  }
  conversation_.note(fmt::format("the 101 is valid: from here on {}", *token));
  conversation_.answer.switched = true;
  return successor;
}

void Http1Client::decline(const ResponseHead& answer) {
  const Request& request = conversation_.request;
  std::string message =
      fmt::format("{}: the server did not switch to {}; it answered in HTTP/1.1 with {} {}", request.url.place(),
                  request.offer->tokens, answer.status, reason_phrase(answer.status));
  if (const auto wanted = answer.fields.find("Upgrade")) {
    message += fmt::format(" and would switch to: {}", printable(*wanted, 200));
  } else if (!request.verbose) {
    message += "; -v shows the exchange";
  }
  (void)conversation_.fail(Exit::declined, std::move(message));
}

void Http1Client::fail_bad_answer(std::string_view what) {
  (void)conversation_.fail(
      Exit::protocol, fmt::format("{}: the answer is not valid HTTP/1.1: {}", conversation_.request.url.place(), what));
}

void Http1Client::fail_bad_switch(std::string_view what) {
  (void)conversation_.fail(Exit::protocol, fmt::format("{}: the server's 101 is not valid: {}; nothing more was sent",
                                                       conversation_.request.url.place(), what));
}

}  // namespace turnout::client
