#include "probe/verdict.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/ascii.h"

namespace turnout::probe {
namespace {

/// The worse one of two ends of wanted tokens.
int rank(Soundness result) noexcept {
  switch (result) {
    case Soundness::sound: return 0;
    case Soundness::unchecked: return 1;
    case Soundness::declined: return 3;
    case Soundness::network: return 4;
    case Soundness::broken: return 5;
    case Soundness::malformed: return 6;
  }
  return 6;
}

Exit exit_of(Soundness result) noexcept {
  switch (result) {
    case Soundness::sound:
    case Soundness::unchecked: return Exit::sound;
    case Soundness::declined: return Exit::declined;
    case Soundness::network: return Exit::network;
    case Soundness::broken: return Exit::broken;
    case Soundness::malformed: return Exit::malformed;
  }
  return Exit::malformed;
}

bool is_row(const Attempt& one) noexcept {
  return (one.ask.purpose == Purpose::offer && one.ask.message_bytes == 0) ||
         (one.ask.purpose == Purpose::negotiation && one.check.settings);
}

}  // namespace

std::string_view text(Soundness result) noexcept {
  switch (result) {
    case Soundness::sound: return "sound";
    case Soundness::unchecked: return "unchecked";
    case Soundness::declined: return "declined";
    case Soundness::malformed: return "malformed";
    case Soundness::broken: return "broken";
    case Soundness::network: return "network";
  }
  return "unknown";
}

Soundness result_of(const Attempt& attempt) noexcept {
  switch (attempt.ended) {
    case Ended::answered: break;
    case Ended::not_http: return Soundness::malformed;
    case Ended::reset: return attempt.check.was_reset ? Soundness::declined : Soundness::network;
    default: return Soundness::network;
  }
  if (attempt.ask.token.empty()) {
    return attempt.status == 101 ? Soundness::malformed : Soundness::sound;
  }
  if (!attempt.accepted()) return Soundness::declined;
  if (!attempt.switched) return Soundness::malformed;
  switch (attempt.check.state) {
    case Check::State::sound: return Soundness::sound;
    case Check::State::broken: return attempt.check.text_follows ? Soundness::malformed : Soundness::broken;
    default: return Soundness::unchecked;
  }
}

std::vector<Row> rows(const Facts& facts) {
  std::vector<Row> list;
  for (const Attempt& one : facts.attempts) {
    if (!is_row(one)) continue;
    const bool http2 = one.ask.over == Over::http2;
    Row row{.attempt = &one, .token = one.ask.token, .over = http2 ? "HTTP/2" : "HTTP/" + one.ask.version};
    if (one.ask.purpose == Purpose::negotiation) {
      row.token = "h2";
      row.over = one.ask.url.secure ? "ALPN" : "prior knowledge";
    }
    row.result = result_of(one);
    row.wanted = facts.is_wanted(one.ask.token);
    list.push_back(std::move(row));
  }
  return list;
}

Exit verdict(const Facts& facts, const std::vector<Finding>& findings) {
  if (std::ranges::any_of(findings, [](const Finding& one) { return is_security_cause(*one.cause); })) {
    return Exit::security;
  }
  const std::vector<Row> list = rows(facts);
  if (list.empty()) return Exit::network;
  const Soundness* worst = nullptr;
  const Soundness* best = nullptr;
  for (const Row& row : list) {
    // What was not asked for may be declined, but not go wrong.
    const bool went_wrong = row.result == Soundness::malformed || row.result == Soundness::broken;
    const bool matters = row.wanted || (went_wrong && row.attempt->ask.purpose == Purpose::offer);
    if (matters && (worst == nullptr || rank(row.result) > rank(*worst))) worst = &row.result;
    if (row.attempt->ask.purpose != Purpose::offer) continue;
    if (best == nullptr || rank(row.result) < rank(*best)) best = &row.result;
  }
  const Exit exit = worst != nullptr ? exit_of(*worst) : best == nullptr ? Exit::network : exit_of(*best);
  return exit == Exit::sound && !findings.empty() ? Exit::broken : exit;
}

std::string sentence(const Facts& facts, const std::vector<Finding>& findings, Exit exit) {
  std::string good;
  std::string bad;
  for (const Row& row : rows(facts)) {
    const bool works = row.result == Soundness::sound || row.result == Soundness::unchecked;
    std::string& list = works ? good : bad;
    if (!works && !row.wanted && row.result == Soundness::declined) continue;
    std::string name = row.token;
    if (row.attempt->ask.over == Over::http2 && row.token != "h2") name += " over HTTP/2";
    list.append(list.empty() ? "" : ", ").append(name);
  }
  switch (exit) {
    case Exit::sound: return fmt::format("sound: {}", good);
    case Exit::declined:
      return bad.empty() ? std::string("nothing that was offered was taken up") : fmt::format("declined: {}", bad);
    case Exit::malformed: return fmt::format("malformed: {}", bad);
    case Exit::broken:
      return bad.empty() ? fmt::format("switched, but: {}", findings.front().cause->summary)
                         : fmt::format("switched, but broken: {}", bad);
    case Exit::security: return "an attacker has a way in";
    default: break;
  }
  for (const Attempt& one : facts.attempts) {
    if (!one.fault.empty()) return one.fault;
  }
  return "no answer";
}

}  // namespace turnout::probe
