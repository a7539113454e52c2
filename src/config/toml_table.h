// TomlTable: reads one table of a configuration, and complains about what it does not understand.
//
//   TomlTable table(node, problems);
//   std::string address;
//   table.read("address", address);                 // wrong type: a diagnostic with its place
//   table.finish();                                 // every key that nobody asked for: a diagnostic and a suggestion
//
// The calls themselves say which keys there are, so there is no second list that could differ.
#pragma once

#include <toml++/toml.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/config.h"
#include "config/diagnostic.h"

namespace turnout {

SourcePosition position_of(const toml::node& node) noexcept;

/// What a person reads in a message: in quotes, shortened, without control characters.
std::string in_quotes(std::string_view text);

/// For a word that is not one of `among`: which was probably meant, or all that there are.
std::string suggestion(std::string_view word, const std::vector<std::string>& among);

class Problems {
 public:
  explicit Problems(std::string file) : file_(std::move(file)) {}
  void add(SourcePosition position, std::string message);
  void add(const toml::node& node, std::string message) { add(position_of(node), std::move(message)); }
  std::size_t count() const noexcept { return diagnostics_.size(); }
  std::vector<Diagnostic> take_in_order();

 private:
  std::string file_;
  std::vector<Diagnostic> diagnostics_;
};

struct PlacedText {
  std::string text;
  SourcePosition position;
};

class TomlTable {
 public:
  TomlTable(const toml::table& table, Problems& problems) : table_(table), problems_(problems) {}

  SourcePosition position() const noexcept { return position_of(table_); }
  /// Of the value of `key`, else of the table.
  SourcePosition position(std::string_view key) const noexcept;
  Problems& problems() const noexcept { return problems_; }

  bool has_any(std::initializer_list<std::string_view> keys) const noexcept;
  /// The value behind the key, or nullptr.
  const toml::node* find(std::string_view key);

  // Each leaves the target alone and returns false where the key is missing or its value is wrong.
  bool read(std::string_view key, bool& to);
  bool read(std::string_view key, std::string& to);
  bool read(std::string_view key, std::int64_t& to, std::int64_t min, std::int64_t max);
  bool read_duration(std::string_view key, Millis& to, Millis min);
  bool read_size(std::string_view key, std::uint64_t& to, std::uint64_t min, std::uint64_t max);  // "16KiB" or bytes

  /// One of `words`; its place among them.
  std::optional<std::size_t> read_word(std::string_view key, std::initializer_list<std::string_view> words);
  /// An array of strings; with `or_one`, a string alone as well.
  std::optional<std::vector<PlacedText>> read_texts(std::string_view key, bool or_one);
  /// A table in the place of the key's value.
  const toml::table* read_table(std::string_view key);
  /// An array of tables. `example` shows how it is written.
  std::vector<const toml::table*> read_tables(std::string_view key, std::string_view example);

  void finish();

 private:
  const toml::table& table_;
  Problems& problems_;
  std::vector<std::string> known_;
};

}  // namespace turnout
