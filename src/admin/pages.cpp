#include "admin/pages.h"

#include <algorithm>

#include "admin/transcripts.h"
#include "admin/tunnels.h"
#include "codec/http/query.h"
#include "codec/json/json.h"
#include "observe/metrics_text.h"
#include "observe/transcript_store.h"
#include "switching/session.h"

namespace turnout {
namespace {

constexpr std::string_view index_text =
    "GET /metrics                 Prometheus metrics\n"
    "GET /healthz                 every worker answers\n"
    "GET /readyz                  new connections are welcome\n"
    "GET /api/v1/tunnels          open switches; ?id= route= token= client= upstream=\n"
    "POST /api/v1/tunnels/close   ends them, with the same filters or all=1, and force=1; needs admin.write = true\n"
    "GET /api/v1/transcripts      why switches did not happen; ?route= token= outcome= reason= tunnel= client= "
    "recent=1\n"
    "GET /api/v1/config           the configuration in use\n";

std::string closing_text(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " tunnel was" : " tunnels were") + " told to close";
}

std::string late_text(std::size_t late) {
  return std::to_string(late) + (late == 1 ? " worker does" : " workers do") + " not answer\n";
}

Task<void> refuse(Exchange& exchange, std::string sentence) {
  co_await reply(exchange, 400, media_text, std::move(sentence) + "\n");
}

}  // namespace

Task<void> IndexPage::answer(Exchange& exchange) const {
  const bool is_answered = co_await log_in(exchange);
  if (!is_answered) co_await reply(exchange, 200, media_text, std::string(index_text));
}

Task<void> IndexPage::answer_stranger(Exchange& exchange) const {
  const bool is_answered = co_await log_in(exchange);
  if (!is_answered) co_await AdminPage::answer_stranger(exchange);
}

Task<bool> IndexPage::log_in(Exchange& exchange) const {
  AdminCredentials* credentials = context().credentials;
  const auto query = QueryParameters::parse(exchange.request().query(), {"login"});
  if (!query) {
    co_await refuse(exchange, query.error());
    co_return true;
  }
  const auto secret = query->find("login");
  const bool is_get = exchange.request().method == "GET";  // a look ahead does not use it up
  if (!secret || !is_get || credentials == nullptr) co_return false;
  const auto cookie = credentials->log_in(*secret);
  if (!cookie) {
    co_await reply(exchange, 403, media_text,
                   "This URL was used before, or is none that this server has printed. There is a new one when the"
                   " server starts again.\n");
    co_return true;
  }
  // The secret does not stay in the address that the browser shows and remembers.
  ResponseHead head(303);
  head.fields.add("Location", "/");
  head.fields.add("Set-Cookie", *cookie);
  head.fields.add("Cache-Control", "no-store");
  head.fields.add("Referrer-Policy", "no-referrer");
  (void)co_await exchange.respond(std::move(head), {});
  co_return true;
}

Task<void> NothingPage::answer(Exchange& exchange) const {
  co_await reply(exchange, 404, media_text, "There is nothing at this path; GET / lists what there is.\n");
}

Task<void> HealthPage::answer(Exchange& exchange) const {
  Asking asking = context().asking();
  asking.limit = Millis(2'000);
  const auto gathered =
      co_await gather<bool>(asking, [](AdminWorker&, const Deliver<bool>& deliver) { deliver(true); });
  co_await reply(exchange, gathered.late == 0 ? 200 : 503, media_text,
                 gathered.late == 0 ? "ok\n" : late_text(gathered.late));
}

Task<void> ReadyPage::answer(Exchange& exchange) const {
  const bool draining = context().host.is_draining();
  co_await reply(exchange, draining ? 503 : 200, media_text, draining ? "stopping\n" : "ok\n");
}

Task<void> MetricsPage::answer(Exchange& exchange) const {
  struct Part {
    MetricsSnapshot counts;
    TranscriptCounts transcripts;
    std::uint64_t log_lines_dropped = 0;

    explicit Part(const AdminWorker& worker)
        : counts(worker.metrics().snapshot()),
          transcripts(worker.transcript_counts()),
          log_lines_dropped(worker.log_lines_dropped()) {}
  };
  const Asking asking = context().asking();
  const auto gathered = co_await gather<Part>(asking, [](AdminWorker& worker, const Deliver<Part>& deliver) {
    // Bytes of open tunnels are counted as they pass, not only when the tunnel has ended.
    worker.visit_sessions([](Session& session) { session.record_progress(); },
                          [&worker, deliver] { deliver(Part(worker)); });
  });
  // Numbers that go down because somebody did not answer would be taken for a restart.
  if (gathered.late != 0) co_return co_await reply(exchange, 503, media_text, late_text(gathered.late));
  ServerFacts facts = context().host.facts();
  facts.process = process_metrics();
  MetricsSnapshot all;
  const auto add = [&](const Part& part) {
    all.add(part.counts);
    facts.transcripts.declined += part.transcripts.declined;
    facts.transcripts.refused += part.transcripts.refused;
    facts.transcripts.error += part.transcripts.error;
    facts.transcripts.rule += part.transcripts.rule;
    facts.transcripts.lines_dropped += part.transcripts.lines_dropped;
    facts.access_log_dropped += part.log_lines_dropped;
  };
  for (const Part& part : gathered.parts) add(part);
  // While the server stops, what the workers that have ended had counted stays.
  for (const AdminWorker* worker : context().host.workers()) {
    if (std::ranges::find(asking.workers, worker) == asking.workers.end()) add(Part(*worker));
  }
  co_await reply(exchange, 200, metrics_content_type, prometheus_text(all, facts));
}

Task<void> ConfigPage::answer(Exchange& exchange) const {
  co_await reply(exchange, 200, media_json, context().host.config_json());
}

Task<void> TranscriptsPage::answer(Exchange& exchange) const {
  const auto asked = TranscriptQuery::parse(exchange.request().query());
  if (!asked) co_return co_await refuse(exchange, asked.error());
  const TranscriptList list = co_await list_transcripts(context().asking(), *asked);
  const bool as_text = wants_text(exchange.request());
  co_await reply(exchange, 200, as_text ? media_text : media_json,
                 as_text ? transcripts_as_text(list) : transcripts_as_json(list));
}

Task<void> TunnelsPage::answer(Exchange& exchange) const {
  auto filter = TunnelFilter::parse(exchange.request().query());
  if (!filter) co_return co_await refuse(exchange, filter.error());
  const TunnelList list = co_await list_tunnels(context().asking(), std::move(*filter));
  const bool as_text = wants_text(exchange.request());
  co_await reply(exchange, 200, as_text ? media_text : media_json,
                 as_text ? tunnels_as_text(list) : tunnels_as_json(list));
}

Task<void> CloseTunnelsPage::answer(Exchange& exchange) const {
  auto filter = TunnelFilter::parse(exchange.request().query());
  if (!filter) co_return co_await refuse(exchange, filter.error());
  if (!filter->names_any()) {
    co_return co_await refuse(exchange, "say which: id, route, token, client, upstream, or all=1 for every tunnel");
  }
  const ClosedTunnels closed = co_await close_tunnels(context().asking(), std::move(*filter));
  context().host.tell_operator("admin: " + closing_text(closed.count));
  const bool as_text = wants_text(exchange.request());
  std::string body;
  if (as_text) {
    body = closing_text(closed.count) + "\n";
    if (closed.late != 0) body += late_text(closed.late);
  } else {
    body = JsonObject()
               .number("version", 1)
               .number("count", static_cast<std::int64_t>(closed.count))
               .number("workers_late", static_cast<std::int64_t>(closed.late))
               .end() +
           "\n";
  }
  co_await reply(exchange, 200, as_text ? media_text : media_json, std::move(body));
}

}  // namespace turnout
