#include <fmt/format.h>

#include <algorithm>

#include "probe/report.h"
#include "probe/verdict.h"

namespace turnout::probe {
namespace {

constexpr int format_version = 1;

/// A string of JSON. Bytes that are no ASCII are written as the code points of Latin-1, since nothing says what they
/// are.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (byte < 0x20 || byte >= 0x7f) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out.push_back(c);
    }
  }
  return out + "\"";
}

class Object {
 public:
  Object& text(std::string_view name, std::string_view value) { return raw(name, quoted(value)); }
  Object& number(std::string_view name, std::int64_t value) { return raw(name, std::to_string(value)); }
  Object& millis(std::string_view name, double value) { return raw(name, fmt::format("{:.3f}", value)); }
  Object& flag(std::string_view name, bool value) { return raw(name, value ? "true" : "false"); }
  Object& raw(std::string_view name, std::string_view json) {
    if (text_.size() > 1) text_ += ',';
    text_ += quoted(name) + ":";
    text_ += json;
    return *this;
  }
  std::string end() const { return text_ + "}"; }

 private:
  std::string text_ = "{";
};

template <class List, class Each>
std::string array(const List& list, Each each) {
  std::string out = "[";
  for (const auto& one : list) out.append(out.size() > 1 ? "," : "").append(each(one));
  return out + "]";
}

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
  Object out;
  out.text("version", tls.version).text("cipher", tls.cipher).text("alpn", tls.alpn).flag("verified", tls.verified);
  out.raw("names", array(tls.names, quoted)).text("issuer", tls.issuer);
  if (!tls.fault.empty()) out.text("fault", tls.fault);
  return out.end();
}

std::string check_json(const Check& check) {
  Object out;
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
  Object out;
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
  out.raw("violations", array(attempt.violations, [](const Violation& one) {
            return Object().text("text", one.text).text("section", one.section).end();
          }));
  out.raw("check", check_json(attempt.check));
  if (attempt.second_status) out.number("second_status", *attempt.second_status);
  return out.end();
}

std::string finding_json(const Finding& finding, Product product) {
  const Cause& cause = *finding.cause;
  Object out;
  out.text("id", cause.id).text("name", cause.name).number("confidence", finding.confidence);
  out.text("evidence", finding.evidence).text("summary", cause.summary).text("section", cause.section);
  out.text("remedy", cause.remedy);
  const auto fix = std::ranges::find(cause.fixes, product, &Fix::product);
  if (fix != cause.fixes.end()) out.text("fix", fix->text);
  return out.end();
}

}  // namespace

std::string to_json(const Facts& facts, const std::vector<Finding>& findings) {
  const bool has_security_findings =
      std::ranges::any_of(findings, [](const Finding& one) { return is_security_cause(*one.cause); });
  const Exit exit = verdict(facts, has_security_findings);
  const Product product = product_of(facts);
  Object out;
  out.number("version", format_version);
  out.text("url", fmt::format("{}://{}{}", facts.wanted.url.secure ? "https" : "http", facts.wanted.url.authority,
                              facts.wanted.url.target));
  out.number("exit_code", static_cast<int>(exit)).text("verdict", sentence(facts, exit));
  out.text("product", text(product));
  out.raw("rows", array(rows(facts), [](const Row& row) {
            return Object()
                .text("token", row.token)
                .text("over", row.over)
                .number("status", row.attempt->status)
                .text("result", text(row.result))
                .flag("wanted", row.wanted)
                .text("verified", row.attempt->check.text)
                .millis("time_ms", row.attempt->answer_ms)
                .end();
          }));
  out.raw("findings", array(findings, [&](const Finding& one) { return finding_json(one, product); }));
  out.raw("attempts", array(facts.attempts, attempt_json));
  return out.end();
}

}  // namespace turnout::probe
