#include "codec/http/path_pattern.h"

#include <cstring>

#include "codec/http/path.h"

namespace turnout {
namespace {

// A bound on the work that a pattern can cause for a byte of the path.
constexpr std::size_t pattern_bytes_max = 1024;
constexpr std::size_t pattern_segments_max = 32;

/// string_view::find can take the product of both lengths; memmem() is linear in their sum.
std::size_t find(std::string_view text, std::string_view piece) noexcept {
  if (piece.empty()) return 0;
  const void* at = memmem(text.data(), text.size(), piece.data(), piece.size());
  if (at == nullptr) return std::string_view::npos;
  return static_cast<std::size_t>(static_cast<const char*>(at) - text.data());
}

/// The segments of a path one by one: "/a/b/" has "a", "b" and "".
class SegmentReader {
 public:
  explicit SegmentReader(std::string_view path) noexcept : rest_(path) {}
  bool at_end() const noexcept { return rest_.empty(); }
  std::string_view next() noexcept {
    rest_.remove_prefix(1);
    const std::size_t slash = rest_.find('/');
    const std::string_view segment = rest_.substr(0, slash);
    rest_.remove_prefix(segment.size());
    return segment;
  }

 private:
  std::string_view rest_;  // empty, or begins with a slash
};

}  // namespace

std::expected<PathPattern, std::string> PathPattern::parse(std::string_view text) {
  const auto wrong = [](std::string message) { return std::unexpected(std::move(message)); };
  if (text.empty() || text.front() != '/') return wrong("a path begins with '/'");
  if (text.size() > pattern_bytes_max) return wrong("a path pattern has at most 1024 bytes");
  if (text.find_first_of("?#") != std::string_view::npos) {
    return wrong("a path pattern ends before '?' and '#'; a literal '?' is written %3F");
  }
  for (char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return wrong("a path pattern has no control characters");
  }
  if (text.find("//") != std::string_view::npos)
    return wrong("repeated slashes never match: they are merged in requests");

  PathPattern result;
  bool wild = false;
  SegmentReader reader(text);
  while (!reader.at_end()) {
    const std::string_view source = reader.next();
    Segment segment;
    if (source == "**") {
      segment.any_number = true;
      if (!result.segments_.empty() && result.segments_.back().any_number)
        return wrong("'**/**' says no more than '**'");
    } else {
      if (source.find("**") != std::string_view::npos) return wrong("'**' is a whole segment, as in '/docs/**'");
      std::string_view rest = source;
      while (true) {
        const std::size_t star = rest.find('*');
        // Decoded as in requests, piece by piece, so that an encoded star is a literal one.
        PooledString storage;
        std::string piece_path = "/" + std::string(rest.substr(0, star));
        // A dot beside a star is not a dot segment: only whole segments are held against that rule.
        const bool whole_segment = rest.size() == source.size() && star == std::string_view::npos;
        if (!whole_segment) piece_path += 'x';
        const Result<std::string_view> piece = normalise_path(piece_path, storage);
        if (!piece) {
          return wrong("dot segments, '%2F', '%00' and a '%' without two hexadecimal digits are refused in requests");
        }
        std::string_view decoded = piece->substr(1);
        if (!whole_segment) decoded.remove_suffix(1);
        segment.pieces.emplace_back(decoded);
        if (star == std::string_view::npos) break;
        rest.remove_prefix(star + 1);
      }
    }
    if (segment.any_number || segment.pieces.size() > 1) wild = true;
    if (!wild) result.literal_ += "/" + segment.pieces.front();
    result.segments_.push_back(std::move(segment));
  }
  if (wild && result.segments_.size() > pattern_segments_max) {
    return wrong("a path pattern with wildcards has at most 32 segments");
  }

  std::size_t wild_segments = 0;
  for (const Segment& segment : result.segments_) wild_segments += segment.any_number || segment.pieces.size() > 1;
  if (!wild) {
    result.kind_ = Kind::exact;
  } else if (wild_segments == 1 && result.segments_.back().any_number) {
    result.kind_ = result.segments_.size() == 1 ? Kind::any : Kind::prefix;
  } else {
    result.kind_ = Kind::pattern;
  }
  return result;
}

bool PathPattern::matches_segment(const Segment& pattern, std::string_view segment) noexcept {
  const std::vector<std::string>& pieces = pattern.pieces;
  if (!segment.starts_with(pieces.front())) return false;
  segment.remove_prefix(pieces.front().size());
  if (pieces.size() == 1) return segment.empty();
  for (std::size_t i = 1; i + 1 < pieces.size(); ++i) {
    const std::size_t at = find(segment, pieces[i]);
    if (at == std::string_view::npos) return false;
    segment.remove_prefix(at + pieces[i].size());
  }
  return segment.ends_with(pieces.back());
}

bool PathPattern::matches(std::string_view path) const noexcept {
  if (path.empty() || path.front() != '/') return false;
  switch (kind_) {
    case Kind::any: return true;
    case Kind::exact: return path == literal_;
    case Kind::prefix:
      return path.starts_with(literal_) && (path.size() == literal_.size() || path[literal_.size()] == '/');
    case Kind::pattern: break;
  }

  // Segments between two "**" form a group. The first group sits at the front, the last one at the end, and every
  // other one is taken at the leftmost place where it matches.
  std::size_t group_begin = 0;
  const std::size_t count = segments_.size();
  SegmentReader reader(path);
  while (group_begin < count && !segments_[group_begin].any_number) {
    if (reader.at_end() || !matches_segment(segments_[group_begin], reader.next())) return false;
    ++group_begin;
  }
  if (group_begin == count) return reader.at_end();

  while (true) {
    ++group_begin;  // behind the "**"
    std::size_t group_end = group_begin;
    while (group_end < count && !segments_[group_end].any_number) ++group_end;
    if (group_begin == group_end) return true;  // "**" was the last segment
    const bool last = group_end == count;

    std::size_t left = 0;
    if (last) {
      // As many segments as the group has are kept for it at the end of the path.
      for (SegmentReader counter = reader; !counter.at_end(); counter.next()) ++left;
      if (left < group_end - group_begin) return false;
      for (std::size_t skip = left - (group_end - group_begin); skip > 0; --skip) reader.next();
    }
    while (true) {
      SegmentReader attempt = reader;
      std::size_t at = group_begin;
      while (at < group_end && !attempt.at_end() && matches_segment(segments_[at], attempt.next())) ++at;
      if (at == group_end) {
        reader = attempt;
        break;
      }
      if (last || reader.at_end()) return false;
      reader.next();
    }
    if (last) return true;
    group_begin = group_end;
  }
}

std::string PathPattern::canonical() const {
  std::string out;
  for (const Segment& segment : segments_) {
    out += '/';
    if (segment.any_number) out += "**";
    for (std::size_t i = 0; i < segment.pieces.size(); ++i) {
      if (i != 0) out += '*';
      for (char c : segment.pieces[i]) {
        if (c == '*') {
          out += "%2A";
        } else {
          out += c;
        }
      }
    }
  }
  return out;
}

std::size_t PathPattern::fixed_bytes() const noexcept {
  std::size_t bytes = 0;
  for (const Segment& segment : segments_) {
    for (const std::string& piece : segment.pieces) bytes += piece.size();
  }
  return bytes;
}

}  // namespace turnout
