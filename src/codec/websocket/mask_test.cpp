#include "codec/websocket/mask.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace turnout::websocket {
namespace {

constexpr std::size_t room = 64;  // on both sides, to see that nothing else is touched

struct MaskWays : testing::Test {
  /// Masks `size` bytes that begin `alignment` bytes behind an aligned address, in every way, and compares with the
  /// definition: octet i is combined with octet i modulo 4 of the key.
  void check(std::size_t alignment, std::size_t size, std::uint64_t offset) {
    std::vector<std::byte> original(room + alignment + size + room);
    for (std::byte& byte : original) byte = static_cast<std::byte>(random_());
    MaskKey key;
    for (std::byte& byte : key) byte = static_cast<std::byte>(random_());

    std::vector<std::byte> expected = original;
    for (std::size_t i = 0; i < size; ++i) expected[room + alignment + i] ^= key[(offset + i) % 4];
    std::vector<MaskWay> ways(mask_ways().begin(), mask_ways().end());
    ways.push_back(apply_mask);
    for (const MaskWay way : ways) {
      std::vector<std::byte> masked = original;
      way(MutableBytes(masked).subspan(room + alignment, size), key, offset);
      ASSERT_EQ(masked, expected) << "alignment " << alignment << ", size " << size << ", offset " << offset;
    }
  }

  std::mt19937 random_{1};
};

TEST_F(MaskWays, AgreeOnEverySmallSizeAtEveryAlignment) {
  ASSERT_FALSE(mask_ways().empty());
  for (std::size_t alignment = 0; alignment < 32; ++alignment) {
    for (std::size_t size = 0; size <= 300; ++size) ASSERT_NO_FATAL_FAILURE(check(alignment, size, size % 7));
  }
}

TEST_F(MaskWays, AgreeOnLongPayloads) {
  for (std::size_t alignment = 0; alignment < 32; ++alignment) {
    for (const std::size_t size : {511U, 512U, 513U, 639U, 640U, 671U, 4096U, 65536U}) {
      for (std::uint64_t offset = 0; offset < 4; ++offset) ASSERT_NO_FATAL_FAILURE(check(alignment, size, offset));
    }
  }
}

TEST_F(MaskWays, TakeOffsetsOfTheLongestFrame) {
  check(3, 600, 0x7fffffffffffffff);
}

}  // namespace
}  // namespace turnout::websocket
