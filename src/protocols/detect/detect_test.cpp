#include "protocols/detect/detect.h"

#include <gtest/gtest.h>

#include "tests/support/memory_server.h"

namespace turnout {
namespace {

/// Sends its name and what it was handed, and ends.
template <const char* Name>
class Speaker final : public Protocol {
 public:
  const char* name() const noexcept override { return Name; }
  Task<Outcome> run(Wire wire, Session& /*session*/) override {
    const std::string said = std::string(Name) + ":" + std::string(as_text(wire.peek()));
    (void)co_await wire.write(std::string_view(said));
    co_return Closed{Why::done};
  }
  static std::unique_ptr<Protocol> make(std::optional<OwnedRequest> /*first_request*/) {
    return std::make_unique<Speaker>();
  }
};
constexpr char h1_name[] = "h1";
constexpr char h2_name[] = "h2";

std::unique_ptr<Protocol> make_detect() {
  return std::make_unique<Detect>();
}

class DetectTest : public ::testing::Test {
 protected:
  explicit DetectTest(bool with_http2 = true) : server(&make_detect) {
    server.registry->add_protocol("http/1.1", &Speaker<h1_name>::make);
    if (with_http2) server.registry->add_protocol("h2", &Speaker<h2_name>::make);
  }

  std::string answer_to(std::string_view bytes) {
    MemoryPeer client = server.connect();
    client.send(bytes);
    server.loop.run();
    return client.take();
  }

  MemoryServer server;
};

TEST_F(DetectTest, ThePrefaceIsHttp2AndStaysUnread) {
  EXPECT_EQ(answer_to(http2_preface), "h2:" + std::string(http2_preface));
  ASSERT_EQ(server.transcripts.size(), 1u);
  EXPECT_EQ(server.transcripts[0], "0 enter detect\n0 switch h2 prior-knowledge early=24\n0 enter h2\n0 close done\n");
}

TEST_F(DetectTest, AnythingElseIsHttp1AndStaysUnread) {
  EXPECT_EQ(answer_to("GET / HTTP/1.1\r\n"), "h1:GET / HTTP/1.1\r\n");
  // Not even this far: a TLS client on a cleartext port, which HTTP/1.1 refuses with an explanation.
  EXPECT_EQ(answer_to("\x16\x03\x01"), "h1:\x16\x03\x01");
}

TEST_F(DetectTest, TheFirstByteThatDiffersDecides) {
  for (std::size_t i = 0; i < http2_preface.size(); ++i) {
    std::string bytes(http2_preface.substr(0, i + 1));
    bytes.back() = '?';
    EXPECT_EQ(answer_to(bytes), "h1:" + bytes);
  }
}

TEST_F(DetectTest, APartOfThePrefaceWaitsForTheRest) {
  for (std::size_t i = 1; i < http2_preface.size(); ++i) {
    MemoryPeer client = server.connect();
    client.send(http2_preface.substr(0, i));
    server.loop.run();
    EXPECT_EQ(client.take(), "");
    client.send(http2_preface.substr(i));
    server.loop.run();
    EXPECT_EQ(client.take(), "h2:" + std::string(http2_preface));
  }
}

TEST_F(DetectTest, OneByteAtATime) {
  MemoryPeer client = server.connect();
  for (const char c : http2_preface) {
    client.send(std::string_view(&c, 1));
    server.loop.run();
  }
  EXPECT_EQ(client.take(), "h2:" + std::string(http2_preface));
}

TEST_F(DetectTest, SEC_D1_ADripOfThePrefaceDoesNotBuyTime) {
  MemoryPeer client = server.connect();
  for (int second = 0; second < 11; ++second) {
    client.send(http2_preface.substr(static_cast<std::size_t>(second), 1));
    server.loop.advance(Millis(1'000));
  }
  EXPECT_TRUE(client.ended());
  EXPECT_NE(server.transcripts.at(0).find("close header-timeout"), std::string::npos) << server.transcripts[0];
}

TEST_F(DetectTest, OneThatNeverSpeaksIsClosedWithoutAWord) {
  MemoryPeer client = server.connect();
  server.loop.advance(Millis(9'900));
  EXPECT_FALSE(client.ended());
  server.loop.advance(Millis(200));
  EXPECT_TRUE(client.ended());
  EXPECT_NE(server.transcripts.at(0).find("close idle-timeout"), std::string::npos) << server.transcripts[0];
}

TEST_F(DetectTest, OneThatLeavesIsLetGo) {
  MemoryPeer client = server.connect();
  client.send("PRI");
  client.close_write();
  server.loop.run();
  EXPECT_TRUE(client.ended());
  EXPECT_NE(server.transcripts.at(0).find("close peer-closed"), std::string::npos) << server.transcripts[0];
}

// A connection that was accepted just before the server began to stop may have its request on the way.
TEST_F(DetectTest, WhileDrainingASilentConnectionGetsAMomentToSpeak) {
  MemoryPeer silent = server.connect();
  MemoryPeer late = server.connect();
  server.sessions.drain();
  server.loop.run();
  EXPECT_FALSE(silent.ended());
  late.send("GET / HTTP/1.1\r\n");
  server.loop.run();
  EXPECT_EQ(late.take(), "h1:GET / HTTP/1.1\r\n");
  server.loop.advance(Millis(300));
  EXPECT_TRUE(silent.ended());
  EXPECT_NE(server.transcripts.back().find("close draining"), std::string::npos) << server.transcripts.back();
}

class DetectWithoutHttp2 : public DetectTest {
 protected:
  DetectWithoutHttp2() : DetectTest(false) {}
};

TEST_F(DetectWithoutHttp2, ThePrefaceIsARequestForHttp1ToRefuse) {
  EXPECT_EQ(answer_to(http2_preface), "h1:" + std::string(http2_preface));
}

}  // namespace
}  // namespace turnout
