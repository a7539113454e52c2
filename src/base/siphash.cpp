#include "base/siphash.h"

#include <bit>
#include <cstring>
#include <random>

namespace turnout {
namespace {

struct State {
  std::uint64_t v0, v1, v2, v3;

  void round() noexcept {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }

  void take(std::uint64_t word) noexcept {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
};

/// Little-endian, as the definition has it, on every machine.
std::uint64_t load(std::string_view bytes) noexcept {
  std::uint64_t word = 0;
  if (std::endian::native == std::endian::little && bytes.size() == 8) {
    std::memcpy(&word, bytes.data(), 8);
    return word;
  }
  for (std::size_t i = 0; i < bytes.size(); ++i) word |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  return word;
}

}  // namespace

SipKey SipKey::random() {
  std::random_device device;  // getrandom() here
  const auto word = [&] { return std::uint64_t{device()} << 32 | device(); };
  const std::uint64_t first = word();
  return {first, word()};
}

std::uint64_t siphash(const SipKey& key, std::string_view bytes) noexcept {
  State state{key.first ^ 0x736f6d6570736575, key.second ^ 0x646f72616e646f6d, key.first ^ 0x6c7967656e657261,
              key.second ^ 0x7465646279746573};
  const std::uint64_t size = bytes.size();
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) state.take(load(bytes.substr(0, 8)));
  state.take(load(bytes) | size << 56);
  state.v2 ^= 0xff;
  for (int i = 0; i < 4; ++i) state.round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

}  // namespace turnout
