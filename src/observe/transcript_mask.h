// What nobody gets to read in a transcript: credentials, cookies, and the values of parameters that carry such.
//
//   TranscriptMask mask(policy);
//   mask.append_url("/chat?room=7&token=s3cret", out);            // "/chat?room=7&token=[masked, 6 bytes]"
//   mask.append_value("Authorization", "Bearer s3cret", out);     // "[masked, 13 bytes]"
//
// Pure functions. What they are given comes from anybody: the work is linear in it, and no more than about
// `text_bytes_max` bytes come out; then it says how long the whole was.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/transcript_policy.h"

namespace turnout {

class TranscriptMask {
 public:
  static constexpr std::size_t text_bytes_max = 1024;

  TranscriptMask() = default;
  /// With the names that it adds to those that are known here.
  explicit TranscriptMask(const TranscriptPolicy& policy) : fields_(policy.mask_fields), query_(policy.mask_query) {}

  /// The value of a field, as far as it may be shown.
  void append_value(std::string_view name, std::string_view value, std::string& out) const;
  /// A request's target, a URL or whatever may have one in it.
  void append_url(std::string_view url, std::string& out) const;

  /// True where a field is seen at once to have nothing to mask nor to cut: most are like that.
  bool shows_whole(std::string_view name, std::string_view value) const noexcept;
  /// As append_value(), of one that is not.
  void append_suspect(std::string_view name, std::string_view value, std::string& out) const;

  /// True for a field whose whole value is a secret.
  bool hides_field(std::string_view name) const noexcept;
  /// True for a parameter whose value is one; `name` is as it came, percent-encoded or not.
  bool hides_parameter(std::string_view name) const noexcept;

 private:
  bool hides_decoded(std::string_view name) const noexcept;
  bool holds_hidden(std::string_view value) const noexcept;
  void append_members(std::string_view list, std::string& out) const;
  void append_text(std::string_view text, bool is_url, std::string& out) const;

  std::vector<std::string> fields_;
  std::vector<std::string> query_;
};

}  // namespace turnout
