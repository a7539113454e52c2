#include "handlers/respond.h"

namespace turnout {

Task<void> Respond::serve(Exchange& exchange) const {
  ResponseHead head(status_);
  for (const auto& [name, value] : fields_) head.fields.add(name, value);
  (void)co_await exchange.respond(std::move(head), as_bytes(body_));
}

}  // namespace turnout
