// One JSON object as text.
//
//   Json json;
//   json.number("operations", 5);
//   std::puts(json.end().c_str());
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace turnout::bench {

class Json {
 public:
  void text(std::string_view name, std::string_view value);
  void number(std::string_view name, std::uint64_t value);
  void real(std::string_view name, double value, int decimals);
  /// An object inside, until close().
  void open(std::string_view name);
  void close();
  /// The text. The object is whole.
  std::string end() const { return text_ + "}"; }

 private:
  void begin(std::string_view name);
  void quote(std::string_view text);

  std::string text_ = "{";
};

}  // namespace turnout::bench
