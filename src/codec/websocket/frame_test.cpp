#include "codec/websocket/frame.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

#include "codec/websocket/mask_key.h"

namespace turnout::websocket {
namespace {

std::vector<std::byte> bytes_of(std::initializer_list<int> values) {
  std::vector<std::byte> out;
  for (int value : values) out.push_back(static_cast<std::byte>(value));
  return out;
}

constexpr FrameRules from_server{.masked = false, .rsv1_allowed = false};
constexpr FrameRules from_client{.masked = true, .rsv1_allowed = false};

FrameFault fault_of(std::initializer_list<int> values, FrameRules rules = from_server) {
  const auto header = decode_frame_header(bytes_of(values), rules);
  EXPECT_FALSE(header.has_value());
  return header ? FrameFault::incomplete : header.error();
}

TEST(WebSocketFrame, HeadersOfEveryLengthFormComeBackTheSame) {
  for (std::uint64_t length :
       {0ULL, 1ULL, 125ULL, 126ULL, 127ULL, 255ULL, 65535ULL, 65536ULL, 1ULL << 32, (1ULL << 63) - 1}) {
    for (bool masked : {false, true}) {
      FrameHeader header;
      header.opcode = Opcode::text;
      header.fin = (length & 1) != 0;
      header.masked = masked;
      header.mask = MaskKey{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
      header.payload_bytes = length;
      std::array<std::byte, frame_header_bytes_max> out;
      const std::size_t size = encode_frame_header(header, out);
      EXPECT_EQ(size, frame_header_bytes(length, masked));
      const FrameRules rules{.masked = masked, .rsv1_allowed = false};
      for (std::size_t cut = 0; cut < size; ++cut) {
        const auto partial = decode_frame_header(Bytes(out).first(cut), rules);
        ASSERT_FALSE(partial.has_value());
        EXPECT_EQ(partial.error(), FrameFault::incomplete);
      }
      const auto decoded = decode_frame_header(out, rules);
      ASSERT_TRUE(decoded.has_value());
      EXPECT_EQ(decoded->payload_bytes, length);
      EXPECT_EQ(decoded->opcode, Opcode::text);
      EXPECT_EQ(decoded->fin, header.fin);
      EXPECT_EQ(decoded->masked, masked);
      EXPECT_EQ(decoded->header_bytes, size);
      if (masked) {
        EXPECT_EQ(decoded->mask, header.mask);
      }
    }
  }
}

TEST(SEC_W2, MasksAreDemandedOfClientsAndRefusedFromServers) {
  EXPECT_EQ(fault_of({0x82, 0x00}, from_client), FrameFault::mask_missing);
  EXPECT_EQ(fault_of({0x82, 0x80, 1, 2, 3, 4}, from_server), FrameFault::mask_unexpected);
}

TEST(SEC_W3, EveryFirstByteIsJudgedAlone) {
  const std::set<int> opcodes{0, 1, 2, 8, 9, 10};
  for (int first = 0; first < 256; ++first) {
    const FrameFault fault = fault_of({first});
    const int opcode = first & 0x0F;
    const bool control = opcode >= 8;
    if ((first & 0x30) != 0) {
      EXPECT_EQ(fault, FrameFault::reserved_bits) << first;
    } else if (!opcodes.contains(opcode)) {
      EXPECT_EQ(fault, FrameFault::unknown_opcode) << first;
    } else if ((first & 0x40) != 0) {
      EXPECT_EQ(fault, FrameFault::reserved_bits) << first;
    } else if (control && (first & 0x80) == 0) {
      EXPECT_EQ(fault, FrameFault::control_fragmented) << first;
    } else {
      EXPECT_EQ(fault, FrameFault::incomplete) << first;
    }
  }
}

TEST(SEC_W3, Rsv1OnlyBeginsACompressedMessage) {
  constexpr FrameRules rules{.masked = false, .rsv1_allowed = true};
  EXPECT_EQ(fault_of({0xC1}, rules), FrameFault::incomplete);
  EXPECT_EQ(fault_of({0xC2}, rules), FrameFault::incomplete);
  EXPECT_EQ(fault_of({0xC0}, rules), FrameFault::reserved_bits);  // continuation
  EXPECT_EQ(fault_of({0xC8}, rules), FrameFault::reserved_bits);
  EXPECT_EQ(fault_of({0xC9}, rules), FrameFault::reserved_bits);
  EXPECT_EQ(fault_of({0xCA}, rules), FrameFault::reserved_bits);
}

TEST(SEC_W3, ControlFramesAreShort) {
  EXPECT_EQ(fault_of({0x89, 126}), FrameFault::control_too_long);
  EXPECT_EQ(fault_of({0x8A, 127}), FrameFault::control_too_long);
  EXPECT_TRUE(decode_frame_header(bytes_of({0x88, 125}), from_server).has_value());
}

TEST(SEC_W6, LengthsThatAreNotMinimalOrTooLarge) {
  EXPECT_EQ(fault_of({0x82, 126, 0, 5}), FrameFault::length_not_minimal);
  EXPECT_EQ(fault_of({0x82, 126, 0, 125}), FrameFault::length_not_minimal);
  EXPECT_TRUE(decode_frame_header(bytes_of({0x82, 126, 0, 126}), from_server).has_value());
  EXPECT_EQ(fault_of({0x82, 127, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}), FrameFault::length_not_minimal);
  EXPECT_TRUE(decode_frame_header(bytes_of({0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0}), from_server).has_value());
  EXPECT_EQ(fault_of({0x82, 127, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}), FrameFault::length_too_large);
  EXPECT_EQ(fault_of({0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0}), FrameFault::length_too_large);
  EXPECT_EQ(fault_of({0x82, 127, 0x80}), FrameFault::length_too_large);  // known with its first byte
}

TEST(SEC_W11, MaskKeysDoNotRepeatNorFavourAnyBit) {
  std::set<MaskKey> seen;
  std::array<int, 32> ones{};
  constexpr int keys = 4096;
  for (int i = 0; i < keys; ++i) {
    const MaskKey key = next_mask_key();
    seen.insert(key);
    for (std::size_t bit = 0; bit < ones.size(); ++bit) {
      ones[bit] += (std::to_integer<unsigned>(key[bit / 8]) >> (bit % 8)) & 1;
    }
  }
  // About 0.002 repeats are expected; three have a chance below one in 10^9.
  EXPECT_GT(seen.size(), static_cast<std::size_t>(keys - 3));
  // Eight standard deviations of 32 around the half.
  for (int count : ones) EXPECT_NEAR(count, keys / 2, 256);
}

}  // namespace
}  // namespace turnout::websocket
