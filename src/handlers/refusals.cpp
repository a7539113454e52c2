#include "handlers/refusals.h"

#include "handlers/router.h"

namespace turnout {
namespace {

constexpr std::string_view no_route = "404 Not Found\n\nThere is nothing at this path.\n";
constexpr std::string_view no_such_path_form =
    "400 Bad Request\n\nThe path cannot be understood: it has a dot segment, an encoded slash or zero byte, or a "
    "percent "
    "sign without two hexadecimal digits behind it.\n";
constexpr std::string_view wrong_method = "405 Method Not Allowed\n\nThe Allow field lists the methods that are.\n";

}  // namespace

Task<void> NotFound::serve(Exchange& exchange) const {
  (void)co_await exchange.respond(404, no_route);
}

Task<void> BadPath::serve(Exchange& exchange) const {
  (void)co_await exchange.respond(400, no_such_path_form);
}

Task<void> WrongMethod::serve(Exchange& exchange) const {
  const std::string allow = router_.allowed_methods(exchange.request());
  co_await refuse_method(exchange, allow);
}

Task<void> WholeServer::serve(Exchange& exchange) const {
  (void)co_await exchange.respond(ResponseHead(200), Bytes());
}

Task<void> refuse_method(Exchange& exchange, std::string_view allow) {
  const bool only_asked = exchange.request().method == "OPTIONS";
  ResponseHead head(only_asked ? 204 : 405);
  head.fields.add("Allow", allow);
  if (!only_asked) head.fields.add("Content-Type", "text/plain; charset=utf-8");
  (void)co_await exchange.respond(std::move(head), only_asked ? Bytes() : as_bytes(wrong_method));
}

}  // namespace turnout
