// Configurations as text, and what is wrong with them, for tests.
//
//   Config config = loaded("workers = 2");
//   EXPECT_THAT(problems("wrokers = 1"), ElementsAre(HasSubstr("did you mean")));
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"

namespace turnout {

inline Config loaded(std::string_view toml, const std::string& file = "test.toml") {
  auto config = parse_config(toml, file, {.listeners_required = false});
  if (config) return std::move(*config);
  for (const Diagnostic& problem : config.error()) ADD_FAILURE() << text(problem);
  return {};
}

/// What is wrong, each as "line:column: message".
inline std::vector<std::string> problems(std::string_view toml, const std::string& file = "f") {
  std::vector<std::string> out;
  const auto config = parse_config(toml, file, {.listeners_required = false});
  if (config) return out;
  for (const Diagnostic& problem : config.error()) {
    EXPECT_EQ(problem.file, file);
    out.push_back(text(problem).substr(file.size() + 1));
  }
  return out;
}

}  // namespace turnout
