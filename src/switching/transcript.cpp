#include "switching/transcript.h"

#include <array>
#include <cstring>

namespace turnout {

namespace {

template <class T>
void put(std::byte*& at, const T& value) noexcept {
  std::memcpy(at, &value, sizeof value);
  at += sizeof value;
}

template <class T>
T get(const std::byte*& at) noexcept {
  T value;
  std::memcpy(&value, at, sizeof value);
  at += sizeof value;
  return value;
}

}  // namespace

void Transcript::add(TranscriptEvent event, std::uint64_t now_ms) {
  if (count_ == events_max) {
    ++dropped_;
    return;
  }
  const auto at_ms = static_cast<std::uint32_t>(now_ms);
  const std::uint32_t after_ms = count_ == 0 ? 0 : at_ms - last_ms_;
  Packed packed{};
  packed.kind = static_cast<std::uint8_t>(event.kind) & 0xf;
  packed.has_name = event.name != last_name_;
  packed.has_status = event.status != 0;
  packed.has_bytes = event.bytes != 0;
  packed.why = event.why;
  packed.is_late = after_ms > 0xffff;
  packed.after_ms = static_cast<std::uint16_t>(packed.is_late ? 0 : after_ms);
  std::array<std::byte, packed_bytes_max> bytes;
  std::byte* at = bytes.data();
  put(at, packed);
  if (packed.is_late) put(at, after_ms);
  if (packed.has_name) put(at, event.name);
  if (packed.has_status) put(at, event.status);
  if (packed.has_bytes) put(at, event.bytes);
  const auto added = static_cast<std::uint16_t>(at - bytes.data());
  auto* moved = static_cast<std::byte*>(pool_take(size_ + added));
  if (size_ != 0) std::memcpy(moved, packed_, size_);
  std::memcpy(moved + size_, bytes.data(), added);
  pool_give_back(packed_, size_);
  packed_ = moved;
  size_ = static_cast<std::uint16_t>(size_ + added);
  last_name_ = event.name;
  last_ms_ = at_ms;
  ++count_;
}

std::size_t Transcript::unpack(std::size_t begin, TranscriptEvent& event) const noexcept {
  const std::byte* at = packed_ + begin;
  const auto packed = get<Packed>(at);
  event.at_ms += packed.is_late ? get<std::uint32_t>(at) : packed.after_ms;
  event.kind = static_cast<EventKind>(packed.kind);
  event.why = packed.why;
  if (packed.has_name) event.name = get<const char*>(at);
  event.status = packed.has_status ? get<std::uint16_t>(at) : std::uint16_t{0};
  event.bytes = packed.has_bytes ? get<std::uint32_t>(at) : 0;
  return static_cast<std::size_t>(at - packed_);
}

std::string_view text(EventKind kind) noexcept {
  switch (kind) {
    case EventKind::entered: return "enter";
    case EventKind::offered: return "offer";
    case EventKind::accepted: return "accept";
    case EventKind::declined: return "decline";
    case EventKind::refused: return "refuse";
    case EventKind::answered: return "answer";
    case EventKind::switched: return "switch";
    case EventKind::closed: return "close";
  }
  return "?";
}

std::string text(const Transcript& transcript) {
  std::string out;
  transcript.for_each([&](const TranscriptEvent& event) {
    out += std::to_string(event.at_ms);
    out += ' ';
    out += text(event.kind);
    if (*event.name != '\0') (out += ' ') += event.name;
    if (event.status != 0) (out += ' ') += std::to_string(event.status);
    if (event.why != Why::none) (out += ' ') += text(event.why);
    if (event.kind == EventKind::switched) (out += " early=") += std::to_string(event.bytes);
    out += '\n';
  });
  if (transcript.dropped() != 0) out += "dropped " + std::to_string(transcript.dropped()) + '\n';
  return out;
}

}  // namespace turnout
