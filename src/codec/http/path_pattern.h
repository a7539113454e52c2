// PathPattern: which paths a route is for.
//
//   /index.html        exactly that path
//   /docs/**           prefix: /docs, /docs/ and whatever lies below it
//   /v1.*/exec/**      pattern: "*" stays within one segment, "**" is a whole segment and stands for any number
//   /**                any path
//
//   auto pattern = PathPattern::parse("/v1.*/exec/**");
//   pattern->matches("/v1.41/exec/7/start");                 // a path out of normalise_path()
//
// Matching takes time linear in the path, whatever the pattern is (D8): between two wildcards the leftmost place
// is always right, so nothing is ever tried again.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace turnout {

class PathPattern {
 public:
  enum class Kind : std::uint8_t { exact, prefix, pattern, any };

  /// Percent-encoding in the text is understood, and a literal "*" can be written as %2A. The error is a sentence
  /// about the text, without a final full stop.
  static std::expected<PathPattern, std::string> parse(std::string_view text);

  bool matches(std::string_view path) const noexcept;

  Kind kind() const noexcept { return kind_; }
  /// Exact: the path. Prefix and pattern: the whole segments before the first wildcard, "/docs" for "/docs/**".
  const std::string& literal() const noexcept { return literal_; }
  /// One text for all spellings of the same pattern, for finding duplicates.
  std::string canonical() const;
  /// How many bytes of a path are fixed: of two patterns that match, the one with more is meant.
  std::size_t fixed_bytes() const noexcept;

 private:
  struct Segment {
    bool any_number = false;          // "**"
    std::vector<std::string> pieces;  // between the "*"; a single one: the segment is literal
  };
  static bool matches_segment(const Segment& pattern, std::string_view segment) noexcept;

  Kind kind_ = Kind::any;
  std::string literal_;
  std::vector<Segment> segments_;
};

}  // namespace turnout
