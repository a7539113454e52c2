// Redirect: sends the client elsewhere, with 301, 302, 303, 307 or 308.
#pragma once

#include <string>

#include "switching/exchange.h"

namespace turnout {

class Redirect final : public Handler {
 public:
  Redirect(std::string to, int status) : to_(std::move(to)), status_(status) {}
  Task<void> serve(Exchange& exchange) const override;

 private:
  const std::string to_;
  const int status_;
};

}  // namespace turnout
