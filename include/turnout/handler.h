// A handler of your own: what a program needs to answer requests, in every version of HTTP alike.
//
//   class Hello final : public turnout::Handler {
//     turnout::Task<void> serve(turnout::Exchange& exchange) const override {
//       if (exchange.request().method != "GET") {
//         (void)co_await exchange.respond(405, "Only GET is answered here.\n");
//         co_return;
//       }
//       turnout::ResponseHead head(200);
//       head.fields.add("Content-Type", "text/html; charset=utf-8");
//       (void)co_await exchange.respond(std::move(head), turnout::as_bytes("<p>Hello</p>\n"));
//     }
//   };
//
// What to know about it:
// - serve() is const and runs on all workers. It must not block.
// - An exchange remembers its first failure (the peer is gone, too slow, or malformed): every later call fails too, so
//   results may be left unread. A handler that returns without an answer gets a 500 sent for it.
// - A body is read in pieces and never held: read() gives the next, empty at the end. Lengths are in bytes.
// - Date, Content-Length, Connection and Transfer-Encoding are the protocol's own business (RFC 9110 section 6).
#pragma once

#include "base/ascii.h"
#include "base/bytes.h"
#include "switching/exchange.h"
#include "switching/session.h"
