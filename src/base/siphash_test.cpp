#include "base/siphash.h"

#include <gtest/gtest.h>

#include <string>

namespace turnout {
namespace {

// The reference implementation's key 00 01 .. 0f and its messages 00 01 02 ..
constexpr SipKey reference_key{0x0706050403020100, 0x0f0e0d0c0b0a0908};

std::string message(std::size_t size) {
  std::string bytes;
  for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(i);
  return bytes;
}

TEST(SipHash, AgreesWithTheReference) {
  EXPECT_EQ(siphash(reference_key, message(0)), 0x726fdb47dd0e0e31U);
  EXPECT_EQ(siphash(reference_key, message(1)), 0x74f839c593dc67fdU);
  EXPECT_EQ(siphash(reference_key, message(8)), 0x93f5f5799a932462U);
  EXPECT_EQ(siphash(reference_key, message(15)), 0xa129ca6149be45e5U);
}

TEST(SipHash, DependsOnTheKey) {
  const SipKey one = SipKey::random();
  const SipKey other = SipKey::random();
  EXPECT_EQ(siphash(one, "name"), siphash(one, "name"));
  EXPECT_NE(siphash(one, "name"), siphash(other, "name"));
}

}  // namespace
}  // namespace turnout
