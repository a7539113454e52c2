#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/printable.h"
#include "probe/report.h"
#include "probe/verdict.h"

namespace turnout::probe {
namespace {

constexpr std::size_t causes_shown_max = 3;

class Paint {
 public:
  explicit Paint(bool on) noexcept : on_(on) {}
  std::string operator()(std::string_view code, std::string_view text) const {
    return on_ ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
  }
  std::string of(Soundness result, std::string_view text) const {
    switch (result) {
      case Soundness::sound: return (*this)("32", text);
      case Soundness::malformed:
      case Soundness::broken: return (*this)("31", text);
      case Soundness::network: return (*this)("35", text);
      default: return (*this)("33", text);
    }
  }

 private:
  bool on_;
};

/// Padded by what is visible.
std::string padded(std::string_view text, std::size_t width) {
  std::string out(text);
  if (out.size() < width) out.append(width - out.size(), ' ');
  return out;
}

std::string verified(const Row& row) {
  const Attempt& attempt = *row.attempt;
  if (!attempt.violations.empty()) return attempt.violations.front().text;
  if (!attempt.check.text.empty() && row.result != Soundness::declined) return printable(attempt.check.text, 200);
  if (attempt.check.was_reset) return fmt::format("the stream was reset, error {}", attempt.check.stream_error);
  if (!attempt.answered()) return printable(attempt.fault, 200);
  if (attempt.field("Upgrade").empty()) return "-";
  return "would switch to " + printable(attempt.field("Upgrade"), 60);
}

std::string switched(const Row& row) {
  switch (row.result) {
    case Soundness::sound:
    case Soundness::unchecked:
    case Soundness::broken: return "yes";
    case Soundness::malformed: return "invalid";
    default: return "no";
  }
}

std::string line_of(const Row& row, const Paint& paint) {
  const Attempt& attempt = *row.attempt;
  const std::string status = attempt.status == 0 ? "-" : std::to_string(attempt.status);
  const std::string time = attempt.answered() ? fmt::format("{:.1f} ms", attempt.answer_ms) : "-";
  return fmt::format("  {}{}{}{}{}{}\n", padded(printable(row.token, 40), 12), padded(row.over, 17), padded(status, 8),
                     paint.of(row.result, padded(switched(row), 10)), padded(time, 10), verified(row));
}

std::string table(const Facts& facts, const Paint& paint) {
  std::string out = paint("1", "  TOKEN       OVER             STATUS  SWITCHED  TIME      VERIFIED") + "\n";
  for (const Row& row : rows(facts)) out += line_of(row, paint);
  if (!facts.wanted.compare) return out;
  out += fmt::format("  and at {} itself:\n", facts.wanted.compare->place());
  for (const Attempt& one : facts.attempts) {
    if (one.ask.purpose != Purpose::direct) continue;
    Row row;
    row.attempt = &one;
    row.token = one.ask.token;
    row.over = "HTTP/" + one.ask.version;
    row.result = result_of(one);
    out += line_of(row, paint);
  }
  return out;
}

/// What --hold saw.
std::string held(const Facts& facts) {
  std::string out;
  for (const Attempt& one : facts.attempts) {
    if (one.ask.hold_ms == 0) continue;
    out += fmt::format("  {}: {}\n", one.ask.purpose == Purpose::hold_pinging ? "held with pings" : "held in silence",
                       printable(one.switched ? one.check.text : one.fault, 200));
  }
  return out.empty() ? out : "\n" + out;
}

std::string where(const Facts& facts) {
  const Attempt& first = facts.attempts.front();
  const client::Url& url = facts.wanted.url;
  std::string out =
      fmt::format("{}://{}{}", url.websocket ? (url.secure ? "wss" : "ws") : (url.secure ? "https" : "http"),
                  url.authority, printable(url.target, 200));
  if (!first.address.empty()) out += fmt::format("  ({}, connected in {:.1f} ms)", first.address, first.connect_ms);
  out += "\n";
  if (first.tls && first.tls->fault.empty()) {
    std::string names;
    for (const std::string& name : first.tls->names) names.append(names.empty() ? "" : ", ").append(name);
    out += fmt::format("{}, {}, certificate for {}{}\n", first.tls->version, first.tls->cipher, printable(names, 200),
                       first.tls->verified ? ", verified" : ", not verified (-k)");
  }
  if (const std::string_view server = first.field("Server"); !server.empty()) {
    out += fmt::format("answers as {}", printable(server, 100));
    if (const std::string_view via = first.field("Via"); !via.empty())
      out += fmt::format(", via {}", printable(via, 100));
    out += "\n";
  }
  return out;
}

std::string indented(std::string_view text, std::string_view indent) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    out.append(indent).append(text.substr(0, end)).push_back('\n');
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return out;
}

std::string how_likely(int confidence) {
  return confidence >= 85 ? "certain or nearly so" : confidence >= 60 ? "likely" : "possible";
}

std::string cause_text(const Finding& finding, Product product, const Paint& paint) {
  const Cause& cause = *finding.cause;
  std::string out =
      fmt::format("{} {} ({})\n", paint("1;31", cause.id), paint("1", cause.name), how_likely(finding.confidence));
  out += fmt::format("  {}\n  seen: {}\n  rests on: {}\n  remedy: {}\n", cause.summary, finding.evidence, cause.section,
                     cause.remedy);
  const auto fix = std::ranges::find(cause.fixes, product, &Fix::product);
  if (fix != cause.fixes.end()) {
    out += fmt::format("  for {}:\n{}", text(product), indented(fix->text, "      "));
  } else if (!cause.fixes.empty()) {
    std::string names;
    for (const Fix& one : cause.fixes) names.append(names.empty() ? "" : ", ").append(text(one.product));
    out += fmt::format("  `turnout explain {}` shows it for {}\n", cause.id, names);
  }
  return out;
}

}  // namespace

std::string to_text(const Facts& facts, const std::vector<Finding>& findings, const Style& style) {
  const Paint paint(style.colours);
  std::string out = where(facts);
  const Exit exit = verdict(facts, findings);
  const std::vector<Row> list = rows(facts);
  if (!list.empty()) out += "\n" + table(facts, paint);
  out += held(facts);
  out += "\n" + paint(exit == Exit::sound ? "1;32" : "1;31", sentence(facts, findings, exit)) + "\n";
  const Product product = product_of(facts);
  for (std::size_t i = 0; i < std::min(findings.size(), causes_shown_max); ++i) {
    out += "\n" + cause_text(findings[i], product, paint);
  }
  if (findings.size() > causes_shown_max) {
    out += fmt::format("\n{} more: ", findings.size() - causes_shown_max);
    for (std::size_t i = causes_shown_max; i < findings.size(); ++i) {
      out += fmt::format("{}{} {}", i == causes_shown_max ? "" : ", ", findings[i].cause->id, findings[i].cause->name);
    }
    out += "\n";
  }
  if (style.verbose) {
    for (const Attempt& one : facts.attempts) out += "\n" + annotated(one, style);
  }
  return out;
}

}  // namespace turnout::probe
