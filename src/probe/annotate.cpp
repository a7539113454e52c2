#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/printable.h"
#include "probe/report.h"
#include "probe/verdict.h"

namespace turnout::probe {
namespace {

using Kind = Violation::Kind;

struct Rule {
  std::string_view field;
  std::string_view section;
};

/// Where the fields of a switch are described.
constexpr Rule rules_of_fields[] = {
    {"Upgrade", "RFC 9110 section 7.8"},
    {"Connection", "RFC 9110 section 7.6.1"},
    {"Via", "RFC 9110 section 7.6.3"},
    {"Location", "RFC 9110 section 10.2.2"},
    {"WWW-Authenticate", "RFC 9110 section 11.6.1"},
    {"Retry-After", "RFC 9110 section 10.2.3"},
    {"Proxy-Status", "RFC 9209"},
    {"Expect", "RFC 9110 section 10.1.1"},
    {"HTTP2-Settings", "RFC 7540 section 3.2.1"},
    {"Origin", "RFC 6455 section 10.2"},
    {"Sec-WebSocket-Key", "RFC 6455 section 4.1"},
    {"Sec-WebSocket-Version", "RFC 6455 section 4.4"},
    {"Sec-WebSocket-Accept", "RFC 6455 section 4.2.2"},
    {"Sec-WebSocket-Protocol", "RFC 6455 section 11.3.4"},
    {"Sec-WebSocket-Extensions", "RFC 6455 section 9.1"},
};

/// The field of the answer that breaks a rule by being there; empty: by not being there.
std::string_view field_of(Kind kind) noexcept {
  switch (kind) {
    case Kind::token_not_offered:
    case Kind::several_tokens:
    case Kind::upgrade_missing: return "Upgrade";
    case Kind::connection_missing: return "Connection";
    case Kind::wrong_accept: return "Sec-WebSocket-Accept";
    case Kind::extension_not_offered: return "Sec-WebSocket-Extensions";
    case Kind::subprotocol_not_offered: return "Sec-WebSocket-Protocol";
    default: return "";
  }
}

bool breaks(const Violation& violation, std::string_view name) noexcept {
  if (violation.kind == Kind::has_length) return iequals(name, "Content-Length") || iequals(name, "Transfer-Encoding");
  const std::string_view field = field_of(violation.kind);
  return !field.empty() && iequals(field, name);
}

class Annotator {
 public:
  explicit Annotator(const Style& style) noexcept : style_(style) {}

  void line(std::string_view text) { out_ += fmt::format("  {}\n", text); }
  void fault(std::string_view text, std::string_view section) {
    const std::string all = section.empty() ? fmt::format("! {}", text) : fmt::format("! {} ({})", text, section);
    line(style_.colours ? fmt::format("\x1b[31m{}\x1b[0m", all) : all);
  }
  /// A head line by line, each with what describes it, and below it what it breaks.
  void head(std::string_view text, std::string_view mark, std::vector<Violation> violations);
  std::string take() { return std::move(out_); }

 private:
  const Style& style_;
  std::string out_;
};

void Annotator::head(std::string_view text, std::string_view mark, std::vector<Violation> violations) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view one = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (one.ends_with('\r')) one.remove_suffix(1);
    if (one.empty()) continue;
    const std::string_view name = trim(one.substr(0, one.find(':')));
    const auto rule =
        std::ranges::find_if(rules_of_fields, [&](const Rule& each) { return iequals(each.field, name); });
    line(fmt::format("{} {}{}{}", mark, printable(one, 400), rule == std::end(rules_of_fields) ? "" : "    # ",
                     rule == std::end(rules_of_fields) ? "" : rule->section));
    std::erase_if(violations, [&](const Violation& violation) {
      if (!breaks(violation, name)) return false;
      fault(violation.text, violation.section);
      return true;
    });
  }
  for (const Violation& violation : violations) fault(violation.text, violation.section);
}

}  // namespace

std::string annotated(const Attempt& attempt, const Style& style) {
  Annotator out(style);
  out.head(attempt.sent, ">", {});
  if (attempt.ask.over == Over::http1) out.head(attempt.received, "<", attempt.violations);
  if (attempt.violations.empty() && !attempt.strict_fault.empty()) out.fault(attempt.strict_fault, "RFC 9112");
  if (!attempt.fault.empty()) out.fault(printable(attempt.fault, 400), "");
  for (const std::string& note : attempt.check.notes) out.line(note);
  if (!attempt.behind_head.empty()) out.line("< " + printable(attempt.behind_head, 80));
  if (!attempt.check.text.empty()) out.line("* " + printable(attempt.check.text, 300));
  if (!attempt.body.empty() && attempt.status != 200) out.line("< " + printable(attempt.body, 300));
  if (!attempt.second_received.empty()) {
    out.line("* a second answer on the same connection:");
    out.head(attempt.second_received, "<", {});
  }
  const std::string title = fmt::format("{}{}{}, {}", text(attempt.ask.purpose), attempt.ask.token.empty() ? "" : " ",
                                        printable(attempt.ask.token, 60),
                                        attempt.ask.over == Over::http2 ? "HTTP/2" : "HTTP/" + attempt.ask.version);
  return fmt::format("{}\n{}", style.colours ? fmt::format("\x1b[1m{}\x1b[0m", title) : title, out.take());
}

}  // namespace turnout::probe
