#include "proxy/pass_on.h"

#include "proxy/forwarding.h"
#include "switching/session.h"

namespace turnout {

Task<Result<UpstreamAnswer>> final_answer(UpstreamExchange& upstream, Exchange* exchange, const ForwardRules& rules,
                                          Millis limit) {
  while (true) {
    Result<UpstreamAnswer> answer = co_await upstream.answer(limit);
    if (!answer || !answer->is_interim()) co_return answer;
    // 100 is between two neighbours who wait for it; ours has been told already.
    if (answer->head.status == 100 || exchange == nullptr) continue;
    const Result<void> sent = co_await exchange->send_interim(forward_response(answer->head, rules));
    if (!sent) co_return std::unexpected(sent.error());
  }
}

Passing::Gone::Gone(Passing& owner) noexcept
    : Waiter([](Waiter& waiter) noexcept { static_cast<Gone&>(waiter).passing.client_has_gone(); }), passing(owner) {}

Passing::Passing(Exchange& exchange, UpstreamExchange& upstream, const ProxySettings& settings) noexcept
    : exchange_(exchange), upstream_(upstream), settings_(settings), gone_(*this) {}

Passing::~Passing() {
  exchange_.when_gone(nullptr);
  exchange_.session().worker().unpost(gone_);
}

void Passing::client_has_gone() noexcept {
  client_gone_ = true;
  upstream_.interrupt(Side::read);
}

Task<Result<void>> Passing::send_request(RequestHead head) {
  const RequestContent content = exchange_.content();
  const Result<void> sent = co_await upstream_.send(head, content);
  if (!sent) co_return sent;
  if (content.is_empty) {
    exchange_.when_gone(&gone_);
  } else {
    sender_.spawn(send_body());
  }
  co_return sent;
}

Task<void> Passing::send_body() {
  while (true) {
    const Result<Bytes> part = co_await exchange_.read();
    if (!part) {
      if (part.error().code != Code::cancelled) client_has_gone();
      co_return;
    }
    if (part->empty()) break;
    taken_body_ = true;
    const Result<void> sent = co_await upstream_.write(*part);
    if (!sent) co_return;  // what the server has said before it stopped listening may still be read
  }
  const Result<void> finished = co_await upstream_.finish(exchange_.trailers());
  if (finished) exchange_.when_gone(&gone_);
}

Task<Result<void>> Passing::pass_answer(UpstreamAnswer answer) {
  ResponseHead head = forward_response(answer.head, settings_.rules);
  // Whoever refuses, redirects or has nothing more to say does not wait for the rest of the request (S9); and what is
  // on its way of it is not in use any more when the answer decides about the connection.
  if (!answer.has_content || head.status >= 300) co_await stop_sending();
  if (!answer.has_content) {
    const bool tells_length = answer.length && *answer.length != 0;
    if (!tells_length && exchange_.request().method != "HEAD")
      co_return co_await exchange_.respond(std::move(head), {});
    const Result<void> started = co_await exchange_.start(std::move(head), answer.length);
    if (!started) co_return started;
    co_return co_await exchange_.finish();
  }
  const Bytes first = upstream_.read_arrived(Exchange::first_bytes_max);
  // What has arrived as a whole goes out as a whole, in one write, whatever its coding was.
  const bool is_whole = upstream_.is_complete() && upstream_.trailers().empty();
  if (is_whole && sender_.running() == 0) co_return co_await exchange_.respond(std::move(head), first);
  const Result<void> started = co_await exchange_.start(std::move(head), answer.length, first);
  if (!started) co_return started;
  while (true) {
    const Result<Bytes> part = co_await upstream_.read();
    if (!part) co_return std::unexpected(part.error());
    if (part->empty()) break;
    const Result<void> sent = co_await exchange_.write(*part);
    if (!sent) co_return sent;
  }
  co_await stop_sending();
  co_return co_await exchange_.finish(upstream_.trailers());
}

Task<void> Passing::stop_sending() {
  if (sender_.running() == 0) co_return;
  exchange_.cancel_read();
  upstream_.interrupt(Side::write);
  co_await sender_.join();
}

Task<void> Passing::end() {
  exchange_.when_gone(nullptr);
  co_await stop_sending();
}

}  // namespace turnout
