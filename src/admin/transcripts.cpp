#include "admin/transcripts.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <tuple>

#include "admin/query_number.h"
#include "codec/http/query.h"
#include "codec/json/json.h"
#include "observe/transcript_store.h"
#include "observe/transcript_text.h"

namespace turnout {

std::expected<TranscriptQuery, std::string> TranscriptQuery::parse(std::string_view query) {
  const auto parameters =
      QueryParameters::parse(query, {"route", "token", "outcome", "reason", "tunnel", "client", "recent"});
  if (!parameters) return std::unexpected(parameters.error());
  TranscriptQuery parsed;
  const auto read = [&](std::string_view name, std::string& to) { to = parameters->find(name).value_or(""); };
  read("route", parsed.filter.route);
  read("token", parsed.filter.token);
  read("outcome", parsed.filter.outcome);
  read("reason", parsed.filter.reason);
  if (const auto tunnel = parameters->find("tunnel")) {
    const auto number = parse_query_number(*tunnel);
    if (!number) return std::unexpected("\"tunnel\" is the number of a tunnel");
    parsed.filter.tunnel_id = *number;
  }
  if (const auto client = parameters->find("client")) {
    parsed.filter.client = parse_network(*client);
    if (!parsed.filter.client) return std::unexpected("\"client\" is an IP address or a network, as 192.0.2.0/24");
  }
  parsed.recent_too = parameters->is_set("recent");
  return parsed;
}

Task<TranscriptList> list_transcripts(Asking asking, TranscriptQuery query) {
  using Part = std::vector<TranscriptEntry>;
  auto shared = std::make_shared<const TranscriptQuery>(std::move(query));
  auto gathered = co_await gather<Part>(asking, [shared](AdminWorker& worker, const Deliver<Part>& deliver) {
    deliver(worker.transcripts() != nullptr ? worker.transcripts()->snapshot(shared->recent_too, shared->filter)
                                            : Part());
  });
  TranscriptList list;
  list.late = gathered.late;
  for (Part& part : gathered.parts) std::ranges::move(part, std::back_inserter(list.entries));
  std::ranges::sort(list.entries, {}, [](const TranscriptEntry& entry) {
    return std::tuple(entry.time_ms, entry.tunnel_id, entry.client.port);
  });
  co_return list;
}

std::string transcripts_as_json(const TranscriptList& list) {
  return JsonObject()
             .number("version", transcript_json_version)
             .number("count", static_cast<std::int64_t>(list.entries.size()))
             .number("workers_late", static_cast<std::int64_t>(list.late))
             .raw("transcripts", json_array(list.entries,
                                            [](const TranscriptEntry& entry) {
                                              std::string line;
                                              append_json(entry, line);
                                              while (line.ends_with('\n')) line.pop_back();
                                              return line;
                                            }))
             .end() +
         "\n";
}

std::string transcripts_as_text(const TranscriptList& list) {
  std::string out;
  for (const TranscriptEntry& entry : list.entries) append_text(entry, out);
  if (list.entries.empty()) out = "no transcript fits\n";
  if (list.late != 0) out += std::to_string(list.late) + " of the workers did not answer\n";
  return out;
}

}  // namespace turnout
