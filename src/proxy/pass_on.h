// What goes between a client's exchange and an upstream server's, in both directions at once.
//
//   Passing passing(exchange, *upstream, settings);
//   const Result<void> sent = co_await passing.send_request(head);       // then its body, beside the rest
//   const Result<UpstreamAnswer> answer = co_await passing.answer();      // interim ones are passed on
//   co_await passing.pass_answer(*answer);
//   co_await passing.end();                                              // always, and last
#pragma once

#include "proxy/proxy_settings.h"
#include "proxy/upstream_exchange.h"
#include "runtime/task_group.h"

namespace turnout {

/// The first answer that is not an interim one; those are passed on to `exchange`, where there is one.
Task<Result<UpstreamAnswer>> final_answer(UpstreamExchange& upstream, Exchange* exchange, const ForwardRules& rules,
                                          Millis limit);

class Passing {
 public:
  Passing(Exchange& exchange, UpstreamExchange& upstream, const ProxySettings& settings) noexcept;
  Passing(const Passing&) = delete;
  Passing& operator=(const Passing&) = delete;
  ~Passing();

  Task<Result<void>> send_request(RequestHead head);
  Task<Result<UpstreamAnswer>> answer(Millis limit) {
    return final_answer(upstream_, &exchange_, settings_.rules, limit);
  }
  /// Head, content and trailers. Where it fails the client's answer stays unfinished, which breaks it off.
  Task<Result<void>> pass_answer(UpstreamAnswer answer);
  Task<void> end();

  /// Some of the request's body has been taken from the client: it cannot be sent a second time.
  bool has_taken_body() const noexcept { return taken_body_; }
  /// The client has gone, or broke the rules: there is nobody to tell about the upstream server.
  bool is_client_gone() const noexcept { return client_gone_; }

 private:
  struct Gone : Waiter {
    explicit Gone(Passing& owner) noexcept;
    Passing& passing;
  };
  Task<void> send_body();
  Task<void> stop_sending();
  void client_has_gone() noexcept;

  Exchange& exchange_;
  UpstreamExchange& upstream_;
  const ProxySettings& settings_;
  TaskGroup sender_;
  Gone gone_;
  bool taken_body_ = false;
  bool client_gone_ = false;
};

}  // namespace turnout
