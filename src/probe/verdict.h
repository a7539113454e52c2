// Verdict: the rows of the table, and how a probe ends.
//
//   for (const Row& row : rows(facts)) ...
//   const Exit exit = verdict(facts, diagnose(facts));
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "probe/cause.h"
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

enum class Soundness : std::uint8_t { sound, unchecked, declined, malformed, broken, network };
std::string_view text(Soundness result) noexcept;

Soundness result_of(const Attempt& attempt) noexcept;

struct Row {
  const Attempt* attempt = nullptr;
  std::string token;
  std::string over;  // "HTTP/1.1", "HTTP/2, TLS"
  Soundness result = Soundness::declined;
  bool wanted = false;
};

std::vector<Row> rows(const Facts& facts);
/// Where a cause is named, it is not sound.
Exit verdict(const Facts& facts, const std::vector<Finding>& findings);
/// One sentence for a person.
std::string sentence(const Facts& facts, const std::vector<Finding>& findings, Exit exit);

}  // namespace turnout::probe
