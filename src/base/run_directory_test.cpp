#include "base/run_directory.h"

#include <gtest/gtest.h>

namespace turnout {
namespace {

TEST(RunDirectory, IsWhatSystemdGaveTheService) {
  EXPECT_EQ(run_directory({.runtime_directory = "/run/edge", .xdg_runtime_directory = "/run/user/7", .user = 7}),
            "/run/edge");
  EXPECT_EQ(run_directory({.runtime_directory = "/run/edge", .user = 0}), "/run/edge");
}

TEST(RunDirectory, IsTheFirstWhereSystemdGaveSeveral) {
  EXPECT_EQ(run_directory({.runtime_directory = "/run/edge:/run/other", .user = 7}), "/run/edge");
}

TEST(RunDirectory, IsTheSystemsForRootWhateverSessionItBelongsTo) {
  EXPECT_EQ(run_directory({.xdg_runtime_directory = "/run/user/0", .user = 0}), "/run/turnout");
}

TEST(RunDirectory, IsInTheSessionOfAUser) {
  EXPECT_EQ(run_directory({.xdg_runtime_directory = "/run/user/1000", .user = 1000}), "/run/user/1000/turnout");
}

TEST(RunDirectory, IsNamedAfterTheUserWhereThereIsNoSession) {
  EXPECT_EQ(run_directory({.user = 1000}), "/tmp/turnout-1000");
}

TEST(RunDirectory, IgnoresRelativeNames) {
  EXPECT_EQ(run_directory({.runtime_directory = "run", .xdg_runtime_directory = "x", .user = 1000}),
            "/tmp/turnout-1000");
}

}  // namespace
}  // namespace turnout
