#include "bench/shared/websocket_frame.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace turnout::bench {
namespace {

[[gnu::always_inline]] inline void mask_each(char* bytes, std::size_t words, std::uint64_t key) noexcept {
  for (std::size_t i = 0; i < words; ++i) {
    std::uint64_t word;
    std::memcpy(&word, bytes + 8 * i, 8);
    word ^= key;
    std::memcpy(bytes + 8 * i, &word, 8);
  }
}

void mask_words(char* bytes, std::size_t words, std::uint64_t key) noexcept {
  mask_each(bytes, words, key);
}

#if defined(__x86_64__)
// The same loop, of which the compiler makes longer vectors.
[[gnu::target("avx2")]] void mask_words_avx2(char* bytes, std::size_t words, std::uint64_t key) noexcept {
  mask_each(bytes, words, key);
}
const auto mask_fastest = __builtin_cpu_supports("avx2") ? mask_words_avx2 : mask_words;
#else
constexpr auto mask_fastest = mask_words;
#endif

}  // namespace

std::size_t frame_header_bytes(const char* bytes) noexcept {
  const auto second = static_cast<unsigned char>(bytes[1]);
  const unsigned length = second & 0x7fU;
  return 2 + (length == 126 ? 2U : length == 127 ? 8U : 0U) + ((second & 0x80U) != 0 ? 4U : 0U);
}

FrameHeader decode_frame_header(const char* bytes) noexcept {
  const auto first = static_cast<unsigned char>(bytes[0]);
  const auto second = static_cast<unsigned char>(bytes[1]);
  FrameHeader header{.fin = (first & 0x80U) != 0,
                     .rsv1 = (first & 0x40U) != 0,
                     .opcode = static_cast<std::uint8_t>(first & 0x0fU),
                     .masked = (second & 0x80U) != 0,
                     .payload_bytes = second & 0x7fU};
  const std::size_t length_bytes = header.payload_bytes == 126 ? 2 : header.payload_bytes == 127 ? 8 : 0;
  if (length_bytes != 0) header.payload_bytes = 0;
  for (std::size_t i = 0; i < length_bytes; ++i) {
    header.payload_bytes = header.payload_bytes << 8U | static_cast<unsigned char>(bytes[2 + i]);
  }
  if (header.masked) std::memcpy(header.mask.data(), bytes + 2 + length_bytes, 4);
  return header;
}

std::size_t encode_frame_header(const FrameHeader& header, char* bytes) noexcept {
  bytes[0] = static_cast<char>((header.fin ? 0x80U : 0U) | (header.rsv1 ? 0x40U : 0U) | header.opcode);
  const unsigned masked = header.masked ? 0x80U : 0U;
  const std::uint64_t length = header.payload_bytes;
  const std::size_t length_bytes = length < 126 ? 0 : length < 65536 ? 2 : 8;
  bytes[1] = static_cast<char>(masked | (length_bytes == 0   ? static_cast<unsigned>(length)
                                         : length_bytes == 2 ? 126U
                                                             : 127U));
  for (std::size_t i = 0; i < length_bytes; ++i) {
    bytes[2 + i] = static_cast<char>(length >> (8 * (length_bytes - 1 - i)));
  }
  if (header.masked) std::memcpy(bytes + 2 + length_bytes, header.mask.data(), 4);
  return 2 + length_bytes + (header.masked ? 4 : 0);
}

std::string encode_frame(FrameHeader header, std::string_view payload) {
  header.payload_bytes = payload.size();
  char bytes[frame_header_bytes_max];
  std::string frame(bytes, encode_frame_header(header, bytes));
  const std::size_t begin = frame.size();
  frame += payload;
  if (header.masked) apply_mask(frame.data() + begin, payload.size(), header.mask, 0);
  return frame;
}

void apply_mask(char* bytes, std::size_t count, const std::array<char, 4>& mask, std::uint64_t place) noexcept {
  // The key's byte for the first byte comes first; little-endian, as every machine that this runs on.
  static_assert(std::endian::native == std::endian::little);
  auto key = std::rotr(std::bit_cast<std::uint32_t>(mask), static_cast<int>(8 * (place & 3U)));
  const auto mask_byte = [&] {
    *bytes = static_cast<char>(*bytes ^ static_cast<char>(key));
    key = std::rotr(key, 8);
    ++bytes;
    --count;
  };
  // Vectors that lie across cache lines cost twice as much.
  if (count >= 512) {
    while ((reinterpret_cast<std::uintptr_t>(bytes) & 31U) != 0) mask_byte();
  }
  const std::size_t words = count / 8;
  mask_fastest(bytes, words, key | static_cast<std::uint64_t>(key) << 32U);
  bytes += 8 * words;
  count -= 8 * words;
  while (count != 0) mask_byte();
}

std::optional<FrameHeader> HeaderReader::next(std::string_view& bytes) noexcept {
  const auto take_until = [&](std::size_t wanted) {
    const std::size_t count = std::min(wanted - count_, bytes.size());
    std::memcpy(bytes_.data() + count_, bytes.data(), count);
    bytes.remove_prefix(count);
    count_ += count;
    return count_ == wanted;
  };
  if (count_ < 2 && !take_until(2)) return std::nullopt;
  if (!take_until(frame_header_bytes(bytes_.data()))) return std::nullopt;
  count_ = 0;
  return decode_frame_header(bytes_.data());
}

std::optional<FrameReader::Piece> FrameReader::next(std::string_view& bytes) noexcept {
  while (!bad_) {
    if (!in_frame_) {
      const auto header = header_reader_.next(bytes);
      if (!header) return std::nullopt;
      header_ = *header;
      left_ = header_.payload_bytes;
      in_frame_ = true;
      const bool data = header_.opcode < opcode::close;
      const bool continues = header_.opcode == opcode::continuation;
      bad_ = header_.masked || header_.opcode == opcode::close || (data && continues != in_message_);
      if (bad_) return std::nullopt;
      if (data && !continues) rsv1_ = header_.rsv1;
      if (data) in_message_ = !header_.fin;
    }
    if (left_ != 0 && bytes.empty()) return std::nullopt;
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
    const std::string_view payload = bytes.substr(0, count);
    bytes.remove_prefix(count);
    left_ -= count;
    in_frame_ = left_ != 0;
    if (header_.opcode < opcode::close) return Piece{payload, rsv1_, left_ == 0 && header_.fin};
  }
  return std::nullopt;
}

}  // namespace turnout::bench
