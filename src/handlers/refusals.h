// The answers where no route has one: 404, 405, 400, and the one to OPTIONS *.
#pragma once

#include "switching/exchange.h"

namespace turnout {

class Router;

class NotFound final : public Handler {
 public:
  Task<void> serve(Exchange& exchange) const override;
};

/// 405 with the methods that would do (RFC 9110 section 15.5.6); to OPTIONS the methods alone.
class WrongMethod final : public Handler {
 public:
  explicit WrongMethod(const Router& router) noexcept : router_(router) {}
  Task<void> serve(Exchange& exchange) const override;

 private:
  const Router& router_;
};

/// For a path that normalise_path() refuses.
class BadPath final : public Handler {
 public:
  Task<void> serve(Exchange& exchange) const override;
};

/// OPTIONS * asks about the server as a whole (RFC 9110 section 9.3.7), often only to carry an Upgrade (RFC 2817).
class WholeServer final : public Handler {
 public:
  Task<void> serve(Exchange& exchange) const override;
};

/// 405 for a handler that takes only some methods.
Task<void> refuse_method(Exchange& exchange, std::string_view allow);

}  // namespace turnout
