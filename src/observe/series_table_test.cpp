#include "observe/series_table.h"

#include <gtest/gtest.h>

#include <string>

namespace turnout {
namespace {

TEST(SeriesTable, KeepsEachKeyOnceInTheOrderOfItsFirstTime) {
  SeriesTable<std::string, int> table;
  table[std::string_view("b")] = 1;
  table[std::string_view("a")] = 2;
  table[std::string_view("b")] += 10;
  ASSERT_EQ(table.size(), 2U);
  EXPECT_EQ(table.entries()[0].key, "b");
  EXPECT_EQ(table.entries()[0].value, 11);
  EXPECT_EQ(table.entries()[1].key, "a");
  EXPECT_EQ(table.entries()[1].value, 2);
}

TEST(SeriesTable, FindsAllOfManyKeysAgain) {
  SeriesTable<std::string, std::size_t> table;
  for (std::size_t i = 0; i < 20'000; ++i) ASSERT_EQ(table.index_of("route-" + std::to_string(i)), i);
  for (std::size_t i = 0; i < 20'000; ++i) ASSERT_EQ(table.index_of("route-" + std::to_string(i)), i);
  EXPECT_EQ(table.size(), 20'000U);
}

TEST(SeriesTable, ACopyIsOnItsOwn) {
  SeriesTable<std::string, int> table;
  table[std::string_view("a")] = 1;
  auto copy = table;
  table[std::string_view("b")] = 2;
  copy[std::string_view("a")] = 7;
  EXPECT_EQ(table[std::string_view("a")], 1);
  EXPECT_EQ(copy.size(), 1U);
  EXPECT_EQ(copy.index_of(std::string_view("c")), 1U);
}

}  // namespace
}  // namespace turnout
