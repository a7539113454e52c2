#include <fmt/format.h>

#include <algorithm>

#include "codec/json/json.h"
#include "probe/report.h"
#include "probe/verdict.h"

namespace turnout::probe {
namespace {

constexpr int format_version = 1;

std::string_view text(Ended ended) noexcept {
  switch (ended) {
    case Ended::answered: return "answered";
    case Ended::no_address: return "no-address";
    case Ended::unreachable: return "unreachable";
    case Ended::connect_timeout: return "connect-timeout";
    case Ended::tls_failed: return "tls-failed";
    case Ended::silent: return "silent";
    case Ended::closed: return "closed";
    case Ended::reset: return "reset";
    case Ended::not_http: return "not-http";
  }
  return "unknown";
}

std::string_view text(Check::State state) noexcept {
  switch (state) {
    case Check::State::none: return "none";
    case Check::State::unchecked: return "unchecked";
    case Check::State::sound: return "sound";
    case Check::State::broken: return "broken";
  }
  return "unknown";
}

std::string tls_json(const TlsFacts& tls) {
  JsonObject out;
  out.text("version", tls.version).text("cipher", tls.cipher).text("alpn", tls.alpn).flag("verified", tls.verified);
  out.raw("names", json_array(tls.names, json_string)).text("issuer", tls.issuer);
  if (!tls.fault.empty()) out.text("fault", tls.fault);
  return out.end();
}

std::string check_json(const Check& check) {
  JsonObject out;
  out.text("state", text(check.state)).text("text", check.text).flag("ping", check.pong).flag("echo", check.echo);
  out.flag("settings", check.settings).flag("extended_connect", check.extended_connect);
  if (check.ping_ms) out.millis("ping_ms", *check.ping_ms);
  if (check.close_code) out.number("close_code", *check.close_code).text("close_reason", check.close_reason);
  if (check.lasted_ms) out.number("lasted_ms", static_cast<std::int64_t>(*check.lasted_ms));
  if (check.message_taken_bytes)
    out.number("message_taken_bytes", static_cast<std::int64_t>(*check.message_taken_bytes));
  if (check.message_refused_bytes) {
    out.number("message_refused_bytes", static_cast<std::int64_t>(*check.message_refused_bytes));
  }
  if (check.stream_status != 0) out.number("answer_status", check.stream_status);
  return out.end();
}

std::string attempt_json(const Attempt& attempt) {
  JsonObject out;
  out.text("purpose", text(attempt.ask.purpose)).text("token", attempt.ask.token);
  out.text("url", fmt::format("{}://{}{}", attempt.ask.url.secure ? "https" : "http", attempt.ask.url.authority,
                              attempt.ask.url.target));
  out.text("over", attempt.ask.over == Over::http2 ? "HTTP/2" : "HTTP/" + attempt.ask.version);
  out.text("ended", text(attempt.ended)).text("result", text(result_of(attempt)));
  if (!attempt.fault.empty()) out.text("fault", attempt.fault);
  if (attempt.status != 0) out.number("status", attempt.status);
  out.flag("switched", attempt.switched);
  out.text("address", attempt.address).millis("connect_ms", attempt.connect_ms);
  out.millis("tls_ms", attempt.tls_ms).millis("answer_ms", attempt.answer_ms);
  if (attempt.tls) out.raw("tls", tls_json(*attempt.tls));
  out.text("sent", attempt.sent).text("received", attempt.received).text("body", attempt.body);
  out.raw("violations", json_array(attempt.violations, [](const Violation& one) {
            return JsonObject().text("text", one.text).text("section", one.section).end();
          }));
  out.raw("check", check_json(attempt.check));
  if (attempt.second_status) out.number("second_status", *attempt.second_status);
  return out.end();
}

std::string finding_json(const Finding& finding, Product product) {
  const Cause& cause = *finding.cause;
  JsonObject out;
  out.text("id", cause.id).text("name", cause.name).number("confidence", finding.confidence);
  out.text("evidence", finding.evidence).text("summary", cause.summary).text("section", cause.section);
  out.text("remedy", cause.remedy);
  const auto fix = std::ranges::find(cause.fixes, product, &Fix::product);
  if (fix != cause.fixes.end()) out.text("fix", fix->text);
  return out.end();
}

}  // namespace

std::string to_json(const Facts& facts, const std::vector<Finding>& findings) {
  const Exit exit = verdict(facts, findings);
  const Product product = product_of(facts);
  JsonObject out;
  out.number("version", format_version);
  out.text("url", fmt::format("{}://{}{}", facts.wanted.url.secure ? "https" : "http", facts.wanted.url.authority,
                              facts.wanted.url.target));
  out.number("exit_code", static_cast<int>(exit)).text("verdict", sentence(facts, findings, exit));
  out.text("product", text(product));
  out.raw("rows", json_array(rows(facts), [](const Row& row) {
            return JsonObject()
                .text("token", row.token)
                .text("over", row.over)
                .number("status", row.attempt->status)
                .text("result", text(row.result))
                .flag("wanted", row.wanted)
                .text("verified", row.attempt->check.text)
                .millis("time_ms", row.attempt->answer_ms)
                .end();
          }));
  out.raw("findings", json_array(findings, [&](const Finding& one) { return finding_json(one, product); }));
  out.raw("attempts", json_array(facts.attempts, attempt_json));
  return out.end();
}

}  // namespace turnout::probe
