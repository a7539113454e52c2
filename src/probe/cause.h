// The catalogue: why a switch does not happen, or goes wrong, each cause with the evidence that shows it in the facts.
//
//   for (const Finding& finding : diagnose(facts)) print(finding.cause->id, finding.evidence);
//   const Cause* cause = find_cause("P06");
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "probe/facts.h"

namespace turnout::probe {

enum class Product : std::uint8_t {
  unknown,
  nginx,
  haproxy,
  apache,
  caddy,
  traefik,
  envoy,
  iis,
  turnout,
  lighttpd,
  h2o,
  nghttpx
};
std::string_view text(Product product) noexcept;

struct Evidence {
  int confidence = 0;  // 1 to 100
  std::string text;    // what was seen, a sentence
};

struct Fix {
  Product product;
  std::string_view text;
};

struct Cause {
  std::string_view id;       // "P01"
  std::string_view name;     // "hop-headers-stripped"
  std::string_view summary;  // what is the matter, a sentence
  std::string_view section;  // what it rests on
  std::string_view remedy;   // a sentence
  std::span<const Fix> fixes;
  std::optional<Evidence> (*find)(const Facts& facts);
};

/// In the order of their numbers.
std::span<const Cause> catalogue();
const Cause* find_cause(std::string_view id_or_name);

struct Finding {
  const Cause* cause = nullptr;
  int confidence = 0;
  std::string evidence;
};

/// The most likely first.
std::vector<Finding> diagnose(const Facts& facts);

/// Who answered, by Server, Via and what the bodies of its errors look like.
Product product_of(const Attempt& attempt) noexcept;
Product product_of(const Facts& facts) noexcept;

bool is_security_cause(const Cause& cause) noexcept;

}  // namespace turnout::probe
