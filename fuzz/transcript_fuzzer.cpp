// What a transcript remembers of a request: the first line is a target, the others are fields, as "Name: value".
// Whatever they are, no secret that the input does not know is shown, and what is shown is bounded and one line of
// text.
#include <cstdlib>
#include <string>
#include <string_view>

#include "observe/transcript_mask.h"
#include "observe/transcript_text.h"

using namespace turnout;

namespace {

constexpr std::string_view secret = "0123456789~~~~~9876543210";

std::string shown(const TranscriptMask& mask, std::string_view name, std::string_view value) {
  std::string out;
  if (name.empty()) {
    mask.append_url(value, out);
  } else {
    mask.append_value(name, value, out);
  }
  if (out.size() > TranscriptMask::text_bytes_max + 128) std::abort();
  return out;
}

/// A parameter that begins behind `before`, whatever that is.
void check_hidden(const TranscriptMask& mask, std::string_view name, std::string_view before) {
  if (before.find(secret) != std::string_view::npos || name.find(secret) != std::string_view::npos) return;
  std::string value(before.substr(0, TranscriptMask::text_bytes_max / 2));
  // An open quote would make it part of a text that is in quotes, and no parameter.
  for (char& c : value) {
    if (c == '"') c = '\'';
  }
  value.append("&token=").append(secret);
  if (shown(mask, name, value).find(secret) != std::string::npos) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  TranscriptPolicy policy;
  policy.mask_fields = {"x-mine"};
  policy.mask_query = {"mine"};
  static const TranscriptMask mask(policy);
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  TranscriptEntry entry;
  std::size_t end = rest.find('\n');
  const std::string_view target = rest.substr(0, end);
  entry.target = shown(mask, "", target);
  check_hidden(mask, "", target);
  for (int i = 0; end != std::string_view::npos && i < 32; ++i) {
    rest.remove_prefix(end + 1);
    end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    const std::size_t colon = std::min(line.find(':'), line.size());
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trim(line.substr(std::min(colon + 1, line.size())));
    entry.fields.push_back({std::string(name), shown(mask, name, value)});
    if (!iequals(name, "sec-websocket-protocol")) check_hidden(mask, name, value);
  }
  std::string json;
  append_json(entry, json);
  if (json.find('\n') != json.size() - 1) std::abort();
  std::string text;
  append_text(entry, text);
  for (const char c : text) {
    if (c != '\n' && (c < 0x20 || c > 0x7e)) std::abort();
  }
  return 0;
}
