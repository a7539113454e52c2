// Plays every transcript in this folder. With TURNOUT_UPDATE_TRANSCRIPTS set, writes what happened instead.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/golden.h"

namespace turnout {
namespace {

std::string read_file(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(GoldenTranscripts, AreWhatHappens) {
  int played = 0;
  for (const auto& entry : std::filesystem::directory_iterator(TURNOUT_SOURCE_DIR "/tests/transcripts")) {
    if (entry.path().extension() != ".txt") continue;
    SCOPED_TRACE(entry.path().filename().string());
    ++played;
    const std::string expected = read_file(entry.path());
    EXPECT_TRUE(expected.starts_with("# ")) << "a transcript opens with what it checks";
    const std::string actual = play(expected);
    if (std::getenv("TURNOUT_UPDATE_TRANSCRIPTS") != nullptr) std::ofstream(entry.path()) << actual;
    EXPECT_EQ(actual, expected);
  }
  EXPECT_GE(played, 10);
}

}  // namespace
}  // namespace turnout
