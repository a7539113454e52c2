// Verdict: the rows of the table, and how a probe ends.
//
//   for (const Row& row : rows(facts)) ...
//   const Exit exit = verdict(facts, findings);
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "probe/facts.h"

namespace turnout::probe {

/// A contract with scripts: `turnout probe --help` lists them.
enum class Exit : std::uint8_t {
  sound = 0,  // switched, and the new protocol works
  output = 1,
  usage = 2,
  declined = 10,   // an ordinary answer instead of a switch
  malformed = 11,  // a 101 that breaks the rules, or no HTTP at all
  broken = 12,     // switched, and then the new protocol does not work
  network = 13,    // no connection, TLS, or no answer in time
  security = 14,   // --security found something
};

enum class Result : std::uint8_t { sound, unchecked, declined, malformed, broken, network, not_offered };
std::string_view text(Result result) noexcept;

Result result_of(const Attempt& attempt) noexcept;

struct Row {
  const Attempt* attempt = nullptr;
  std::string token;
  std::string over;  // "HTTP/1.1", "HTTP/2, TLS"
  Result result = Result::declined;
  bool wanted = false;
};

std::vector<Row> rows(const Facts& facts);
Exit verdict(const Facts& facts, bool has_security_findings);
/// One sentence for a person.
std::string sentence(const Facts& facts, Exit exit);

}  // namespace turnout::probe
