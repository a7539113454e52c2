// Respond: the same answer to every request.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "switching/exchange.h"

namespace turnout {

class Respond final : public Handler {
 public:
  using Fields = std::vector<std::pair<std::string, std::string>>;

  Respond(int status, Fields fields, std::string body)
      : status_(status), fields_(std::move(fields)), body_(std::move(body)) {}
  Task<void> serve(Exchange& exchange) const override;

 private:
  const int status_;
  const Fields fields_;
  const std::string body_;
};

}  // namespace turnout
