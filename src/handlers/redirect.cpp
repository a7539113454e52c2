#include "handlers/redirect.h"

namespace turnout {

Task<void> Redirect::serve(Exchange& exchange) const {
  ResponseHead head(status_);
  head.fields.add("Location", to_);
  head.fields.add("Content-Type", "text/plain; charset=utf-8");
  // RFC 9110 section 15.4: a short note with a reference to the other place.
  const std::string note = "See " + to_ + "\n";
  (void)co_await exchange.respond(std::move(head), as_bytes(note));
}

}  // namespace turnout
