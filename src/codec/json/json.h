// What is needed to write JSON: for documents, not for hot paths.
//
//   JsonObject().text("name", name).number("status", 101).end()      // {"name":"...","status":101}
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace turnout {

/// ASCII alone, so that it steers no terminal. Bytes that are not UTF-8 are taken for Latin-1, since nothing says what they
/// are.
std::string json_string(std::string_view text);

class JsonObject {
 public:
  JsonObject& text(std::string_view name, std::string_view value) { return raw(name, json_string(value)); }
  JsonObject& number(std::string_view name, std::int64_t value) { return raw(name, std::to_string(value)); }
  JsonObject& millis(std::string_view name, double value);
  JsonObject& flag(std::string_view name, bool value) { return raw(name, value ? "true" : "false"); }
  JsonObject& raw(std::string_view name, std::string_view json);
  std::string end() const { return text_ + "}"; }

 private:
  std::string text_ = "{";
};

template <class List, class Each>
std::string json_array(const List& list, Each each) {
  std::string out = "[";
  for (const auto& one : list) out.append(out.size() > 1 ? "," : "").append(each(one));
  return out + "]";
}

}  // namespace turnout
