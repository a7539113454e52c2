#include "switching/exchange.h"

namespace turnout {

Task<Result<void>> Exchange::respond(int status, std::string_view text) {
  ResponseHead head(status);
  head.fields.add("Content-Type", "text/plain; charset=utf-8");
  return respond(std::move(head), as_bytes(text));
}

Task<Result<void>> Exchange::finish() {
  static const FieldList none;
  return finish(none);
}

}  // namespace turnout
