#include "bench/shared/websocket_frame.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "bench/shared/websocket_echo.h"

namespace turnout::bench {
namespace {

constexpr std::size_t sizes[] = {0, 1, 125, 126, 127, 300, 65535, 65536, 70000};

std::string payload_of(std::size_t size) {
  std::string payload(size, '\0');
  for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<char>(i * 7 + i / 256);
  return payload;
}

/// Several frames in a row, as a client or a server sends them.
std::string frames(bool masked) {
  std::string bytes;
  for (const std::size_t size : sizes) {
    bytes += encode_frame({.masked = masked, .mask = {'\x11', '\x22', '\x83', '\x44'}}, payload_of(size));
  }
  return bytes;
}

/// Sizes of the pieces that something arrives in.
constexpr std::size_t pieces[] = {1, 2, 3, 5, 7, 13, 64, 1000, 4096, 1 << 20};

TEST(BenchFrames, PayloadsAreTheSameHoweverTheyArrive) {
  const std::string bytes = frames(false);
  for (const std::size_t piece_bytes : pieces) {
    FrameReader reader;
    std::vector<std::string> messages(1);
    for (std::size_t at = 0; at < bytes.size(); at += piece_bytes) {
      std::string_view arrived = std::string_view(bytes).substr(at, piece_bytes);
      while (const auto piece = reader.next(arrived)) {
        messages.back() += piece->payload;
        if (piece->message_end) messages.emplace_back();
      }
      ASSERT_FALSE(reader.bad());
    }
    ASSERT_EQ(messages.size(), std::size(sizes) + 1) << piece_bytes;
    for (std::size_t i = 0; i < std::size(sizes); ++i) ASSERT_EQ(messages[i], payload_of(sizes[i])) << piece_bytes;
  }
}

TEST(BenchFrames, FragmentsAreOneMessage) {
  const std::string bytes = encode_frame({.fin = false}, "one ") + encode_frame({.opcode = opcode::ping}, "ping") +
                            encode_frame({.opcode = opcode::continuation}, "message");
  FrameReader reader;
  std::string_view arrived = bytes;
  EXPECT_FALSE(reader.next(arrived)->message_end);
  const auto last = reader.next(arrived);
  EXPECT_EQ(last->payload, "message");
  EXPECT_TRUE(last->message_end);
}

TEST(BenchFrames, WhatAServerMayNotSendIsBad) {
  const std::string wrong[] = {encode_frame({.masked = true}, "x"), encode_frame({.opcode = opcode::close}, ""),
                               encode_frame({.opcode = opcode::continuation}, "x"),
                               encode_frame({.fin = false}, "x") + encode_frame({}, "x")};
  for (const std::string& bytes : wrong) {
    FrameReader reader;
    std::string_view arrived = bytes;
    while (reader.next(arrived)) continue;
    EXPECT_TRUE(reader.bad());
  }
}

TEST(BenchFrames, EchoesAreTheSameFramesWithoutTheMaskHoweverTheyArrive) {
  const std::string sent = frames(true);
  const std::string expected = frames(false);
  for (const std::size_t piece_bytes : pieces) {
    WebSocketEcho echo;
    std::string echoed;
    for (std::size_t at = 0; at < sent.size(); at += piece_bytes) {
      const std::string arrived = sent.substr(at, piece_bytes);
      std::vector<char> memory(WebSocketEcho::room + arrived.size());
      std::copy(arrived.begin(), arrived.end(), memory.begin() + WebSocketEcho::room);
      const auto answer = echo.turn(memory.data() + WebSocketEcho::room, arrived.size());
      echoed.append(answer.data(), answer.size());
    }
    ASSERT_EQ(echoed, expected) << piece_bytes;
    ASSERT_FALSE(echo.over());
  }
}

TEST(BenchFrames, AnEchoEndsWithCloseOrWithoutAMask) {
  for (std::string sent :
       {encode_frame({.opcode = opcode::close, .masked = true}, "\x03\xe8"), encode_frame({}, "x")}) {
    sent.insert(0, WebSocketEcho::room, ' ');
    WebSocketEcho echo;
    echo.turn(sent.data() + WebSocketEcho::room, sent.size() - WebSocketEcho::room);
    EXPECT_TRUE(echo.over());
  }
}

}  // namespace
}  // namespace turnout::bench
