// Diagnostic: something wrong with a configuration, and where.
//
//   text(Diagnostic{"turnout.toml", {3, 1}, "unknown key"});      // "turnout.toml:3:1: unknown key"
#pragma once

#include <string>

#include "config/config.h"

namespace turnout {

struct Diagnostic {
  std::string file;
  SourcePosition position;  // line 0: the file as a whole
  std::string message;

  friend bool operator==(const Diagnostic&, const Diagnostic&) = default;
};

inline std::string text(const Diagnostic& diagnostic) {
  std::string out = diagnostic.file;
  if (diagnostic.position.line != 0) {
    out += ':' + std::to_string(diagnostic.position.line) + ':' + std::to_string(diagnostic.position.column);
  }
  return out + ": " + diagnostic.message;
}

}  // namespace turnout
