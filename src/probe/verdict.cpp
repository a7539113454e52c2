#include "probe/verdict.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/ascii.h"

namespace turnout::probe {
namespace {

/// The worse one of two ends of wanted tokens.
int rank(Result result) noexcept {
  switch (result) {
    case Result::sound: return 0;
    case Result::unchecked: return 1;
    case Result::not_offered: return 2;
    case Result::declined: return 3;
    case Result::network: return 4;
    case Result::broken: return 5;
    case Result::malformed: return 6;
  }
  return 6;
}

Exit exit_of(Result result) noexcept {
  switch (result) {
    case Result::sound:
    case Result::unchecked: return Exit::sound;
    case Result::not_offered:
    case Result::declined: return Exit::declined;
    case Result::network: return Exit::network;
    case Result::broken: return Exit::broken;
    case Result::malformed: return Exit::malformed;
  }
  return Exit::malformed;
}

bool is_row(const Attempt& one) noexcept {
  return (one.ask.purpose == Purpose::offer && one.ask.message_bytes == 0) ||
         (one.ask.purpose == Purpose::negotiation && one.check.settings);
}

}  // namespace

std::string_view text(Result result) noexcept {
  switch (result) {
    case Result::sound: return "sound";
    case Result::unchecked: return "unchecked";
    case Result::declined: return "declined";
    case Result::malformed: return "malformed";
    case Result::broken: return "broken";
    case Result::network: return "network";
    case Result::not_offered: return "not-offered";
  }
  return "unknown";
}

Result result_of(const Attempt& attempt) noexcept {
  switch (attempt.ended) {
    case Ended::answered: break;
    case Ended::not_http: return Result::malformed;
    case Ended::reset: return attempt.check.was_reset ? Result::declined : Result::network;
    default: return Result::network;
  }
  if (attempt.ask.token.empty()) {
    return attempt.status == 101 ? Result::malformed : Result::sound;
  }
  if (!attempt.accepted()) return Result::declined;
  if (!attempt.switched) return Result::malformed;
  switch (attempt.check.state) {
    case Check::State::sound: return Result::sound;
    case Check::State::broken: return attempt.check.text_follows ? Result::malformed : Result::broken;
    default: return Result::unchecked;
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

Exit verdict(const Facts& facts, bool has_security_findings) {
  if (has_security_findings) return Exit::security;
  const std::vector<Row> list = rows(facts);
  if (list.empty()) return Exit::network;
  const Result* worst = nullptr;
  const Result* best = nullptr;
  for (const Row& row : list) {
    // What was not asked for may be declined, but not go wrong.
    const bool went_wrong = row.result == Result::malformed || row.result == Result::broken;
    const bool matters = row.wanted || (went_wrong && row.attempt->ask.purpose == Purpose::offer);
    if (matters && (worst == nullptr || rank(row.result) > rank(*worst))) worst = &row.result;
    if (row.attempt->ask.purpose != Purpose::offer) continue;
    if (best == nullptr || rank(row.result) < rank(*best)) best = &row.result;
  }
  for (const Attempt& one : facts.attempts) {
    if (one.check.message_refused_bytes && (worst == nullptr || rank(*worst) < rank(Result::broken)))
      return Exit::broken;
  }
  if (worst != nullptr) return exit_of(*worst);
  return best == nullptr ? Exit::network : exit_of(*best);
}

std::string sentence(const Facts& facts, Exit exit) {
  std::string good;
  std::string bad;
  for (const Row& row : rows(facts)) {
    const bool works = row.result == Result::sound || row.result == Result::unchecked;
    std::string& list = works ? good : bad;
    if (!works && !row.wanted && row.result == Result::declined) continue;
    std::string name = row.token;
    if (row.attempt->ask.over == Over::http2 && row.token != "h2") name += " over HTTP/2";
    list.append(list.empty() ? "" : ", ").append(name);
  }
  switch (exit) {
    case Exit::sound: return fmt::format("sound: {}", good);
    case Exit::declined:
      return bad.empty() ? std::string("nothing that was offered was taken up") : fmt::format("declined: {}", bad);
    case Exit::malformed: return fmt::format("malformed: {}", bad);
    case Exit::broken: return bad.empty() ? "broken" : fmt::format("switched, but broken: {}", bad);
    case Exit::security: return "a security finding";
    default: break;
  }
  for (const Attempt& one : facts.attempts) {
    if (!one.fault.empty()) return one.fault;
  }
  return "no answer";
}

}  // namespace turnout::probe
