#include "server/access_recorder.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "runtime/sim_loop.h"
#include "tests/support/temporary_folder.h"

namespace turnout {
namespace {

class AccessRecorderTest : public ::testing::Test {
 protected:
  AccessRecorderTest()
      : log(LogFile::open((folder / "access.log").string(), LogFormat::w3c, "test").value()), recorder(loop, log) {
    request.method = "GET";
    request.target = "/a?b=c";
    request.fields.add("User-Agent", "a browser");
  }

  /// Without the directives at its head.
  std::string written() const {
    std::ifstream file(folder / "access.log");
    std::string lines;
    for (std::string line; std::getline(file, line);) {
      if (!line.starts_with('#')) lines += line + "\n";
    }
    return lines;
  }

  TemporaryFolder folder;
  SimLoop loop;
  std::shared_ptr<LogFile> log;
  AccessRecorder recorder;
  RequestHead request;
};

TEST_F(AccessRecorderTest, ALineIsWrittenAfterTwoHundredMilliseconds) {
  loop.advance(Millis(7));
  recorder.write({.request = &request, .status = 200, .began_ms = loop.now_ms() - 5});
  loop.advance(Millis(100));
  recorder.at_turn_end();
  EXPECT_EQ(written(), "");
  loop.advance(Millis(150));
  const std::string line = written();
  EXPECT_NE(line.find(" GET /a b=c "), std::string::npos) << line;
  EXPECT_NE(line.find(" a+browser - 200 0 0 5 request "), std::string::npos) << line;
}

TEST_F(AccessRecorderTest, ManyLinesAreWrittenAtTheEndOfTheirTurn) {
  for (int i = 0; i < 400; ++i) recorder.write({.request = &request, .status = 200});
  recorder.at_turn_end();
  const std::string lines = written();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 400);
}

TEST_F(AccessRecorderTest, ASwitchIsTwoLinesWithOneId) {
  recorder.write({.kind = RecordKind::open,
                  .request = &request,
                  .status = 101,
                  .tunnel_id = 7,
                  .offer = "foo, h2c",
                  .token = "h2c",
                  .outcome = "accepted",
                  .reason = Why::accepted});
  recorder.write({.kind = RecordKind::close,
                  .request = &request,
                  .status = 101,
                  .bytes_in = 11,
                  .bytes_out = 22,
                  .tunnel_id = 7,
                  .offer = "foo, h2c",
                  .token = "h2c",
                  .outcome = "accepted",
                  .reason = Why::accepted,
                  .closed_by = "client",
                  .close_reason = Why::peer_reset});
  loop.advance(Millis(300));
  const std::string lines = written();
  EXPECT_NE(lines.find(" open 7 foo,+h2c h2c accepted accepted - - - -\n"), std::string::npos) << lines;
  EXPECT_NE(lines.find(" close 7 foo,+h2c h2c accepted accepted client peer-reset 11 22\n"), std::string::npos)
      << lines;
  EXPECT_NE(lines.find(" 101 0 64 "), std::string::npos) << "a reset is what IIS calls 64: " << lines;
}

}  // namespace
}  // namespace turnout
