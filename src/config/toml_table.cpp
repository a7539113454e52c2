#include "config/toml_table.h"

#include <algorithm>
#include <tuple>

#include "config/quantity.h"

namespace turnout {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

/// How many letters have to be put in, taken out, replaced or swapped with their neighbour to make one of the other.
std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

/// What was probably meant, or "".
std::string nearest(std::string_view word, const std::vector<std::string>& among) {
  constexpr std::size_t word_bytes_max = 64;
  if (word.size() > word_bytes_max) return {};
  std::string best;
  std::size_t best_edits = std::max<std::size_t>(word.size() / 3, 2) + 1;
  for (const std::string& candidate : among) {
    const std::size_t count = edits(word, candidate);
    if (count >= best_edits || count >= candidate.size()) continue;
    best_edits = count;
    best = candidate;
  }
  return best;
}

std::string_view type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "an array";
    case toml::node_type::string: return "a string";
    case toml::node_type::integer: return "an integer";
    case toml::node_type::floating_point: return "a number with a fraction";
    case toml::node_type::boolean: return "a boolean";
    default: return "a date or time";
  }
}

std::string wants(std::string_view key, std::string_view what, const toml::node& node) {
  return in_quotes(key) + " is " + std::string(what) + ", not " + std::string(type_name(node));
}

}  // namespace

SourcePosition position_of(const toml::node& node) noexcept {
  return {node.source().begin.line, node.source().begin.column};
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t shown_max = 80;
  std::string out = "\"";
  for (char c : text.substr(0, shown_max)) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  if (text.size() > shown_max) out += "...";
  return out + "\"";
}

std::string suggestion(std::string_view word, const std::vector<std::string>& among) {
  const std::string meant = nearest(word, among);
  return meant.empty() ? "known here: " + joined(among) : "did you mean " + in_quotes(meant) + "?";
}

// ===== Problems =====

void Problems::add(SourcePosition position, std::string message) {
  diagnostics_.push_back({file_, position, std::move(message)});
}

std::vector<Diagnostic> Problems::take_in_order() {
  std::ranges::stable_sort(diagnostics_, {},
                           [](const Diagnostic& d) { return std::tuple(d.position.line, d.position.column); });
  return std::move(diagnostics_);
}

// ===== TomlTable =====

SourcePosition TomlTable::position(std::string_view key) const noexcept {
  const toml::node* node = table_.get(key);
  return node == nullptr ? position() : position_of(*node);
}

bool TomlTable::has_any(std::initializer_list<std::string_view> keys) const noexcept {
  return std::ranges::any_of(keys, [&](std::string_view key) { return table_.contains(key); });
}

const toml::node* TomlTable::find(std::string_view key) {
  if (std::ranges::find(known_, key) == known_.end()) known_.emplace_back(key);
  return table_.get(key);
}

bool TomlTable::read(std::string_view key, bool& to) {
  const toml::node* node = find(key);
  if (node == nullptr) return false;
  if (!node->is_boolean()) {
    problems_.add(*node, wants(key, "true or false", *node));
    return false;
  }
  to = node->as_boolean()->get();
  return true;
}

bool TomlTable::read(std::string_view key, std::string& to) {
  const toml::node* node = find(key);
  if (node == nullptr) return false;
  if (!node->is_string()) {
    problems_.add(*node, wants(key, "a string", *node));
    return false;
  }
  to = node->as_string()->get();
  return true;
}

bool TomlTable::read(std::string_view key, std::int64_t& to, std::int64_t min, std::int64_t max) {
  const toml::node* node = find(key);
  if (node == nullptr) return false;
  if (!node->is_integer()) {
    problems_.add(*node, wants(key, "an integer", *node));
    return false;
  }
  const std::int64_t value = node->as_integer()->get();
  if (value < min || value > max) {
    problems_.add(*node, in_quotes(key) + " is between " + std::to_string(min) + " and " + std::to_string(max));
    return false;
  }
  to = value;
  return true;
}

bool TomlTable::read_duration(std::string_view key, Millis& to, Millis min) {
  const toml::node* node = find(key);
  if (node == nullptr) return false;
  const std::optional<Millis> value = node->is_string() ? parse_duration(node->as_string()->get()) : std::nullopt;
  if (!value) {
    problems_.add(*node, in_quotes(key) + " is a duration with its unit, as \"250ms\", \"5s\", \"10m\" or \"1h\"");
    return false;
  }
  if (*value < min) {
    problems_.add(*node, in_quotes(key) + " is at least " + duration_text(min));
    return false;
  }
  to = *value;
  return true;
}

bool TomlTable::read_size(std::string_view key, std::uint64_t& to, std::uint64_t min, std::uint64_t max) {
  const toml::node* node = find(key);
  if (node == nullptr) return false;
  std::optional<std::uint64_t> value;
  if (node->is_string()) value = parse_size(node->as_string()->get());
  if (node->is_integer() && node->as_integer()->get() >= 0)
    value = static_cast<std::uint64_t>(node->as_integer()->get());
  if (!value) {
    problems_.add(*node, in_quotes(key) + " is a size in bytes, or with its unit, as \"16KiB\" or \"1MiB\"");
    return false;
  }
  if (*value < min || *value > max) {
    problems_.add(*node, in_quotes(key) + " is between " + size_text(min) + " and " + size_text(max));
    return false;
  }
  to = *value;
  return true;
}

std::optional<std::size_t> TomlTable::read_word(std::string_view key, std::initializer_list<std::string_view> words) {
  std::string word;
  if (!read(key, word)) return std::nullopt;
  const auto at = std::ranges::find(words, word);
  if (at != words.end()) return static_cast<std::size_t>(at - words.begin());
  const std::vector<std::string> among(words.begin(), words.end());
  problems_.add(position(key), in_quotes(key) + " is not " + in_quotes(word) + "; " + suggestion(word, among));
  return std::nullopt;
}

std::optional<std::vector<PlacedText>> TomlTable::read_texts(std::string_view key, bool or_one) {
  const toml::node* node = find(key);
  if (node == nullptr) return std::nullopt;
  const std::string_view what = or_one ? "a string or an array of strings" : "an array of strings";
  std::vector<PlacedText> texts;
  if (or_one && node->is_string()) {
    texts.push_back({node->as_string()->get(), position_of(*node)});
    return texts;
  }
  if (!node->is_array()) {
    problems_.add(*node, wants(key, what, *node));
    return std::nullopt;
  }
  for (const toml::node& element : *node->as_array()) {
    if (element.is_string()) {
      texts.push_back({element.as_string()->get(), position_of(element)});
    } else {
      problems_.add(element, wants(key, what, element));
    }
  }
  return texts;
}

const toml::table* TomlTable::read_table(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr) return nullptr;
  if (!node->is_table()) problems_.add(*node, wants(key, "a table", *node));
  return node->as_table();
}

std::vector<const toml::table*> TomlTable::read_tables(std::string_view key, std::string_view example) {
  const toml::node* node = find(key);
  if (node == nullptr) return {};
  std::vector<const toml::table*> tables;
  if (!node->is_array()) {
    problems_.add(*node, in_quotes(key) + " is a list of tables, written as " + std::string(example));
    return {};
  }
  for (const toml::node& element : *node->as_array()) {
    if (element.is_table()) {
      tables.push_back(element.as_table());
    } else {
      problems_.add(element, in_quotes(key) + " is a list of tables, written as " + std::string(example));
    }
  }
  return tables;
}

void TomlTable::finish() {
  for (const auto& [key, node] : table_) {
    if (std::ranges::find(known_, key.str()) != known_.end()) continue;
    const SourcePosition at{key.source().begin.line, key.source().begin.column};
    problems_.add(at, "unknown key " + in_quotes(key.str()) + "; " + suggestion(key.str(), known_));
  }
}

}  // namespace turnout
