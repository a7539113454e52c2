#include "admin/page.h"

#include "base/ascii.h"
#include "handlers/refusals.h"

namespace turnout {

Asking AdminContext::asking() const {
  Asking asking{.loop = loop, .workers = {}, .cancellation = &cancellation};
  for (AdminWorker* worker : host.workers()) {
    if (!worker->has_ended()) asking.workers.push_back(worker);
  }
  return asking;
}

Task<void> AdminPage::serve(Exchange& exchange) const {
  const RequestHead& request = exchange.request();
  if (const auto objection = object_to_source(request, context_.port); objection) {
    co_return co_await reply(exchange, objection->status, media_text, std::string(objection->text) + "\n");
  }
  const bool is_known = context_.credentials == nullptr || context_.credentials->knows(request);
  if (!is_known) co_return co_await answer_stranger(exchange);
  // What changes something is no GET, so that no link and no image can do it.
  if (changes_something()) {
    if (request.method != "POST") co_return co_await refuse_method(exchange, "POST");
    if (!context_.write) {
      co_return co_await reply(exchange, 403, media_text,
                               "The admin listener is read-only; admin.write = true in the configuration allows it.\n");
    }
  } else if (request.method != "GET" && request.method != "HEAD") {
    co_return co_await refuse_method(exchange, "GET, HEAD");
  }
  co_await answer(exchange);
}

Task<void> AdminPage::answer_stranger(Exchange& exchange) const {
  co_await reply(exchange, 401, media_text,
                 "Open the URL that was printed when the server started, or send the bearer token of"
                 " admin.token_file.\n");
}

Task<void> reply(Exchange& exchange, int status, std::string_view media_type, std::string body) {
  ResponseHead head(status);
  head.fields.add("Content-Type", media_type);
  head.fields.add("Cache-Control", "no-store");
  head.fields.add("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  head.fields.add("X-Content-Type-Options", "nosniff");
  head.fields.add("Referrer-Policy", "no-referrer");
  if (status == 401) head.fields.add("WWW-Authenticate", "Bearer realm=\"turnout admin\"");
  (void)co_await exchange.respond(std::move(head), as_bytes(body));
}

bool wants_text(const RequestHead& request) {
  bool text = false;
  for_each_member(request.fields.find("accept").value_or(""), [&](std::string_view member) {
    text = iequals(trim(member.substr(0, member.find(';'))), "text/plain");
    return !text;
  });
  return text;
}

}  // namespace turnout
