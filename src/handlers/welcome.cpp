#include "handlers/welcome.h"

#include "handlers/refusals.h"

namespace turnout {
namespace {

constexpr std::string_view page = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Turnout</title>
</head>
<body>
<h1>Turnout is running</h1>
<p>A server whose connections change protocol: by Upgrade to HTTP/2, TLS or WebSocket.</p>
<p>At <code>/echo</code> a WebSocket echoes, and the body of a POST is sent back.</p>
</body>
</html>
)";

}  // namespace

Task<void> Welcome::serve(Exchange& exchange) const {
  const RequestHead& request = exchange.request();
  if (request.method != "GET" && request.method != "HEAD") {
    co_await refuse_method(exchange, "GET, HEAD, OPTIONS");
    co_return;
  }
  ResponseHead head(200);
  head.fields.add("Content-Type", "text/html; charset=utf-8");
  head.fields.add("Cache-Control", "no-cache");
  (void)co_await exchange.respond(std::move(head), as_bytes(page));
}

}  // namespace turnout
