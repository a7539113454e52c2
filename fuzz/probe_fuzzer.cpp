// The probe: whatever a server answers, the report is made, and nothing in it can steer a terminal.
#include <cstdlib>

#include "probe/answer.h"
#include "probe/cause.h"
#include "probe/report.h"

using namespace turnout;
using namespace turnout::probe;

namespace {

void check(std::string_view report) {
  for (const char c : report) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n') || byte >= 0x7f) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  for (const char* const token : {"websocket", "TLS", "h2c", "tcp"}) {
    Attempt attempt;
    attempt.ask.token = token;
    attempt.key = "dGhlIHNhbXBsZSBub25jZQ==";
    const auto head = head_size(input);
    if (head && *head > size) std::abort();
    if (!take_head(input.substr(0, head.value_or(size)), attempt)) return 0;
    attempt.ended = Ended::answered;
    attempt.body = input.substr(head.value_or(size));
    if (attempt.status == 101) attempt.violations = find_violations(attempt);
    attempt.switched = attempt.status == 101 && attempt.violations.empty();
    Facts facts;
    facts.wanted.tokens = {token};
    facts.attempts = {attempt, attempt};
    facts.attempts.front().ask.purpose = Purpose::plain;
    const std::vector<Finding> findings = diagnose(facts);
    check(to_text(facts, findings, {.colours = false, .verbose = true}));
    check(to_json(facts, findings));
  }
  return 0;
}
