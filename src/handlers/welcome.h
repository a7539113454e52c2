// Welcome: the page that a server without a configuration shows.
#pragma once

#include "switching/exchange.h"

namespace turnout {

class Welcome final : public Handler {
 public:
  Task<void> serve(Exchange& exchange) const override;
};

}  // namespace turnout
