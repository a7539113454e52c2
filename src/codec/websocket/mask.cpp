#include "codec/websocket/mask.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <cstring>

namespace turnout::websocket {
namespace {

constexpr std::size_t block_bytes = 128;
// From here on it pays to bring the payload, which follows a header of 6, 8 or 14 bytes, to an aligned address first.
constexpr std::size_t aligned_bytes_min = 4 * block_bytes;
constexpr std::size_t alignment = 32;

/// The key as eight bytes of payload will meet it, in memory order whatever the byte order is.
class Pattern {
 public:
  Pattern(MaskKey key, std::uint64_t offset) noexcept {
    for (std::size_t i = 0; i < bytes_.size(); ++i) bytes_[i] = key[(offset + i) & 3];
  }

  std::byte operator[](std::size_t place) const noexcept { return bytes_[place]; }

  std::uint64_t from(std::size_t place) const noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes_.data() + (place & 3), sizeof word);
    return word;
  }

 private:
  std::array<std::byte, 11> bytes_;
};

template <class Word>
void mask_word(std::byte* at, std::uint64_t key) noexcept {
  Word word = 0;
  Word mask = 0;
  std::memcpy(&word, at, sizeof word);
  std::memcpy(&mask, &key, sizeof mask);
  word = static_cast<Word>(word ^ mask);
  std::memcpy(at, &word, sizeof word);
}

/// Less than the alignment: one to three words of each size that is needed, small ones first.
std::size_t mask_to_alignment(std::byte* at, const Pattern& pattern) noexcept {
  const std::size_t count = (alignment - (reinterpret_cast<std::uintptr_t>(at) & (alignment - 1))) & (alignment - 1);
  std::size_t done = 0;
  if ((count & 1) != 0) {
    mask_word<std::uint8_t>(at, pattern.from(0));
    done += 1;
  }
  if ((count & 2) != 0) {
    mask_word<std::uint16_t>(at + done, pattern.from(done));
    done += 2;
  }
  if ((count & 4) != 0) {
    mask_word<std::uint32_t>(at + done, pattern.from(done));
    done += 4;
  }
  for (; done < count; done += 8) mask_word<std::uint64_t>(at + done, pattern.from(done));
  return count;
}

/// Whole blocks, with words; the compiler makes of it what every processor of the architecture has.
void mask_blocks(std::byte* at, std::size_t blocks, std::uint64_t key) noexcept {
  for (; blocks != 0; --blocks, at += block_bytes) {
    std::uint64_t words[block_bytes / 8];
    std::memcpy(words, at, sizeof words);
    for (std::uint64_t& word : words) word ^= key;
    std::memcpy(at, words, sizeof words);
  }
}

using Blocks = void (*)(std::byte* at, std::size_t blocks, std::uint64_t key) noexcept;

#if defined(__x86_64__)
[[gnu::target("avx2")]] void mask_blocks_avx2(std::byte* at, std::size_t blocks, std::uint64_t key) noexcept {
  const __m256i mask = _mm256_set1_epi64x(static_cast<long long>(key));
  for (; blocks != 0; --blocks, at += block_bytes) {
    auto* vectors = reinterpret_cast<__m256i*>(at);
    for (std::size_t i = 0; i < block_bytes / sizeof mask; ++i) {
      _mm256_storeu_si256(vectors + i, _mm256_xor_si256(_mm256_loadu_si256(vectors + i), mask));
    }
  }
}
#endif

/// Short payloads: there is nothing to prepare.
void mask_short(MutableBytes payload, MaskKey key, std::uint64_t offset) noexcept {
  const Pattern pattern(key, offset);
  const std::uint64_t word = pattern.from(0);
  std::byte* at = payload.data();
  std::size_t left = payload.size();
  // Four words a turn: the compiler makes vector instructions of it.
  for (; left >= 32; at += 32, left -= 32) {
    for (std::size_t i = 0; i < 32; i += 8) mask_word<std::uint64_t>(at + i, word);
  }
  for (; left >= 8; at += 8, left -= 8) mask_word<std::uint64_t>(at, word);
  for (std::size_t i = 0; i < left; ++i) at[i] ^= pattern[i];
}

template <Blocks blocks>
void mask_with(MutableBytes payload, MaskKey key, std::uint64_t offset) noexcept {
  if (payload.size() < aligned_bytes_min) return mask_short(payload, key, offset);
  const Pattern pattern(key, offset);
  const std::size_t unaligned = mask_to_alignment(payload.data(), pattern);
  const MutableBytes aligned = payload.subspan(unaligned);
  const std::size_t whole = aligned.size() / block_bytes;
  blocks(aligned.data(), whole, pattern.from(unaligned));
  // A block is a multiple of the key's length, so the rest begins where the blocks did.
  mask_short(aligned.subspan(whole * block_bytes), key, offset + unaligned);
}

constexpr MaskWay ways[] = {
#if defined(__x86_64__)
    mask_with<mask_blocks_avx2>,
#endif
    mask_with<mask_blocks>,
};

}  // namespace

std::span<const MaskWay> mask_ways() noexcept {
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("avx2")) return std::span(ways).subspan(1);
#endif
  return ways;
}

void apply_mask(MutableBytes payload, MaskKey key, std::uint64_t offset) noexcept {
  if (payload.size() < aligned_bytes_min) return mask_short(payload, key, offset);
  static const MaskWay fastest = mask_ways().front();
  fastest(payload, key, offset);
}

}  // namespace turnout::websocket
