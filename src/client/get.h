// get: one request over a connection that exists already, through whatever protocols it leads.
//
//   Request request{.url = *parse_url("http://example.com/"), .offer = parse_offer("HTTP/2.0")};
//   const std::expected<Answer, Failure> answer = co_await get(std::move(wire), request, output);
//
// A failure may come beside an answer that was delivered: Exit::declined says that it came in HTTP/1.1 although
// another protocol was asked for.
#pragma once

#include <expected>

#include "client/conversation.h"
#include "runtime/task.h"
#include "transport/wire.h"

namespace turnout::client {

Task<std::expected<Answer, Failure>> get(Wire wire, const Request& request, Output& output);

/// Combinations that make no sense: a sentence that says what to ask for instead.
std::expected<void, std::string> check(const Request& request);

}  // namespace turnout::client
