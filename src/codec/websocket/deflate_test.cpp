#include "codec/websocket/deflate.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "base/limits.h"

namespace turnout::websocket {
namespace {

constexpr std::size_t message_bytes_max = Limits().message_bytes_max;

std::string words(std::mt19937& random, std::size_t size) {
  static constexpr std::string_view vocabulary[] = {"switch ", "protocol ", "frame ", "upgrade ", "stream ", "0123 "};
  std::string out;
  while (out.size() < size) out += vocabulary[random() % std::size(vocabulary)];
  out.resize(size);
  return out;
}

std::string noise(std::mt19937& random, std::size_t size) {
  std::string out(size, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

/// Raw deflate by zlib itself, flushed as asked.
std::string raw_deflate(std::string_view text, int flush, int window_bits = 15) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, -window_bits, 9, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, flush);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string message_of(std::string_view text) {
  std::string out = raw_deflate(text, Z_SYNC_FLUSH);
  EXPECT_TRUE(out.ends_with(std::string_view("\x00\x00\xFF\xFF", 4)));
  out.resize(out.size() - 4);
  return out;
}

TEST(WebSocketDeflate, MessagesComeBackInPiecesOfAnySizeWithAndWithoutContext) {
  std::mt19937 random(3);
  for (unsigned bits = 8; bits <= 15; ++bits) {
    for (bool context : {false, true}) {
      auto deflater = std::make_unique<Deflater>(bits);
      auto inflater = std::make_unique<Inflater>(bits);
      for (int i = 0; i < 12; ++i) {
        // Noise is not squeezed: with context the deflater has to forget it, as the peer never sees it inflated.
        const std::string text = i % 4 == 3 ? noise(random, 900) : words(random, 1 + random() % 5000);
        Buffer squeezed;
        const auto size = deflater->squeeze(as_bytes(text), squeezed);
        if (!context) deflater = std::make_unique<Deflater>(bits);
        if (!size) {
          EXPECT_EQ(squeezed.size(), 0U);
          continue;
        }
        EXPECT_LT(*size, text.size());
        ASSERT_EQ(*size, squeezed.size());
        Buffer out;
        Bytes left = squeezed.bytes();
        const std::size_t step = 1 + random() % 64;
        do {
          const Bytes piece = left.first(std::min(step, left.size()));
          left = left.subspan(piece.size());
          ASSERT_EQ(inflater->add(piece, left.empty(), out, message_bytes_max), Why::none);
        } while (!left.empty());
        EXPECT_EQ(as_text(out.bytes()), text);
        inflater->end_message();
        if (!context) inflater = std::make_unique<Inflater>(bits);
      }
    }
  }
}

TEST(WebSocketDeflate, ContextMakesTheSecondMessageSmaller) {
  std::mt19937 random(5);
  const std::string text = noise(random, 150) + std::string(50, 'a');
  Deflater deflater(15);
  Buffer out;
  const auto first = deflater.squeeze(as_bytes(text), out);
  const auto second = deflater.squeeze(as_bytes(text), out);
  ASSERT_TRUE(first && second);
  EXPECT_LT(*second, *first / 4);
}

TEST(WebSocketDeflate, AHigherLevelMakesLessOfIt) {
  std::mt19937 random(5);
  std::string text;
  const std::string words = noise(random, 40);
  for (int i = 0; i < 2000; ++i) text += words.substr(random() % 20, 3 + random() % 17);
  Buffer out;
  const auto fast = Deflater(15).squeeze(as_bytes(text), out);
  const auto small = Deflater(15, compression_level_max).squeeze(as_bytes(text), out);
  ASSERT_TRUE(fast && small);
  EXPECT_LT(*small, *fast);
}

// zlib has no raw window of 256 bytes; what it makes with 9 bits has to be readable with one.
TEST(WebSocketDeflate, WindowOfEightBitsIsHonoured) {
  std::mt19937 random(9);
  // What repeats does so at distances around 256 and 512.
  std::string text;
  for (std::size_t distance : {200U, 250U, 251U, 256U, 257U, 262U, 300U, 506U, 512U}) {
    const std::string once = noise(random, distance);
    text += once + once + once;
  }
  text += words(random, 20000);
  Deflater deflater(8);
  Buffer squeezed;
  ASSERT_TRUE(deflater.squeeze(as_bytes(text), squeezed).has_value());

  z_stream strict{};
  ASSERT_EQ(inflateInit2(&strict, -8), Z_OK);
  std::string out;
  strict.next_in = reinterpret_cast<Bytef*>(squeezed.bytes().data());
  strict.avail_in = static_cast<uInt>(squeezed.size());
  // One byte at a time: only zlib's window of 256 bytes can be referred to, not the output.
  while (out.size() < text.size()) {
    Bytef byte = 0;
    strict.next_out = &byte;
    strict.avail_out = 1;
    ASSERT_EQ(inflate(&strict, Z_SYNC_FLUSH), Z_OK) << out.size();
    ASSERT_EQ(strict.avail_out, 0U);
    out.push_back(static_cast<char>(byte));
  }
  inflateEnd(&strict);
  EXPECT_EQ(out, text);
}

// RFC 7692 section 7.2.3: the examples of the specification.
TEST(WebSocketDeflate, ExamplesOfTheSpecification) {
  const auto restore = [](Inflater& inflater, std::string_view message) {
    Buffer out;
    EXPECT_EQ(inflater.add(as_bytes(message), true, out, 100), Why::none);
    inflater.end_message();
    return std::string(as_text(out.bytes()));
  };
  Inflater inflater(15);
  EXPECT_EQ(restore(inflater, std::string_view("\xf2\x48\xcd\xc9\xc9\x07\x00", 7)), "Hello");
  EXPECT_EQ(restore(inflater, std::string_view("\xf2\x00\x11\x00\x00", 5)), "Hello");  // from the window
  EXPECT_EQ(restore(inflater, std::string_view("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", 11)), "Hello");
  EXPECT_EQ(restore(inflater, std::string_view("\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8)), "Hello");  // final bit
  EXPECT_EQ(restore(inflater, std::string_view("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", 13)), "Hello");
  EXPECT_EQ(restore(inflater, std::string_view("\x00", 1)), "");
  // The window lives on behind a final block.
  EXPECT_EQ(restore(inflater, std::string_view("\xf2\x00\x11\x00\x00", 5)), "Hello");
}

TEST(SEC_W5, ABombStopsAtTheLimit) {
  // One MiB of zeros is about 1 KiB; 1024 times that is a GiB. A full flush lets the pieces stand side by side.
  const std::string piece = raw_deflate(std::string(1 << 20, '\0'), Z_FULL_FLUSH);
  ASSERT_LT(piece.size(), 2048U);
  std::string bomb;
  for (int i = 0; i < 1024; ++i) bomb += piece;
  Inflater inflater(15);
  Buffer out;
  EXPECT_EQ(inflater.add(as_bytes(bomb), true, out, message_bytes_max), Why::message_too_large);
  EXPECT_LE(out.capacity(), message_bytes_max);
  EXPECT_EQ(out.size(), message_bytes_max);
}

TEST(SEC_W5, TheLimitIsExact) {
  const std::string squeezed = message_of(std::string(5000, 'z'));
  for (std::size_t limit : {0U, 1U, 511U, 512U, 513U, 4999U}) {
    Inflater inflater(15);
    Buffer out;
    EXPECT_EQ(inflater.add(as_bytes(squeezed), true, out, limit), Why::message_too_large) << limit;
    EXPECT_LE(out.capacity(), limit);
  }
  Inflater inflater(15);
  Buffer out;
  EXPECT_EQ(inflater.add(as_bytes(squeezed), true, out, 5000), Why::none);
  EXPECT_EQ(out.size(), 5000U);
  EXPECT_EQ(out.capacity(), 5000U);
}

TEST(SEC_W5, ABombWithAMalformedTailStopsAtTheLimitToo) {
  const std::string bomb = raw_deflate(std::string(1 << 20, '\0'), Z_FULL_FLUSH) + "\xFF\xFF\xFF\xFF\xFF";
  Inflater inflater(15);
  Buffer out;
  EXPECT_EQ(inflater.add(as_bytes(bomb), true, out, 1000), Why::message_too_large);
  Inflater patient(15);
  EXPECT_EQ(patient.add(as_bytes(bomb), true, out, message_bytes_max), Why::websocket_deflate);
}

TEST(SEC_W5, MalformedAndCutOffMessagesAreRefused) {
  std::mt19937 random(21);
  const std::string squeezed = message_of(words(random, 3000));
  std::size_t refused = 0;
  for (std::size_t cut = 1; cut < squeezed.size(); ++cut) {
    Inflater inflater(15);
    Buffer out;
    if (inflater.add(as_bytes(squeezed).first(cut), true, out, message_bytes_max) != Why::none) ++refused;
    EXPECT_LE(out.size(), 4000U);
  }
  EXPECT_EQ(refused, squeezed.size() - 1);
  for (std::string_view text : {"\x07", "\xFF\xFF", "\x01\x05\x01\x05\x01"}) {
    Inflater inflater(15);
    Buffer out;
    EXPECT_EQ(inflater.add(as_bytes(text), true, out, message_bytes_max), Why::websocket_deflate);
  }
}

TEST(SEC_W5, AReferenceBeyondTheNegotiatedWindowIsRefused) {
  std::mt19937 random(2);
  const std::string once = noise(random, 3000);
  const std::string squeezed = message_of(once + once);
  Inflater inflater(9);
  Buffer out;
  Why why = Why::none;
  for (std::size_t i = 0; i < squeezed.size() && why == Why::none; ++i) {
    why = inflater.add(as_bytes(squeezed).subspan(i, 1), i + 1 == squeezed.size(), out, message_bytes_max);
  }
  EXPECT_EQ(why, Why::websocket_deflate);
}

// Each final block costs a copy of the window; two bytes must not buy many of them.
TEST(SEC_W5, FinalBlocksAreCounted) {
  std::string flood;
  for (int i = 0; i < 100000; ++i) flood += std::string_view("\x03\x00", 2);
  Inflater inflater(15);
  Buffer out;
  EXPECT_EQ(inflater.add(as_bytes(flood), true, out, message_bytes_max), Why::websocket_deflate);
}

TEST(SEC_W5, RandomBytesNeverGoBeyondTheLimit) {
  std::mt19937 random(17);
  for (int round = 0; round < 2000; ++round) {
    std::string input = round % 2 == 0 ? noise(random, random() % 200) : message_of(words(random, 500));
    if (round % 2 == 1) input[random() % input.size()] = static_cast<char>(random());
    Inflater inflater(8 + random() % 8);
    Buffer out;
    inflater.add(as_bytes(input), true, out, 256);
    EXPECT_LE(out.capacity(), 512U);
    EXPECT_LE(out.size(), 256U);
  }
}

}  // namespace
}  // namespace turnout::websocket
