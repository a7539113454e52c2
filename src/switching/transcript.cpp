#include "switching/transcript.h"

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

constexpr std::size_t step_bytes = 32;

}  // namespace

void Transcript::add(TranscriptEvent event, std::uint64_t now_ms) {
  if (count_ == events_max) {
    ++dropped_;
    return;
  }
  if (room_ - size_ < static_cast<int>(packed_bytes_max)) {
    const auto larger = static_cast<std::uint16_t>(room_ + step_bytes);
    auto* moved = static_cast<std::byte*>(pool_take(larger));
    if (size_ != 0) std::memcpy(moved, packed_, size_);
    pool_give_back(packed_, room_);
    packed_ = moved;
    room_ = larger;
  }
  const auto after_ms = static_cast<std::uint32_t>(count_ == 0 ? 0 : now_ms - last_ms_);
  Packed packed{};
  packed.kind = static_cast<std::uint8_t>(event.kind) & 0xf;
  packed.has_name = event.name != last_name_;
  packed.has_status = event.status != 0;
  packed.has_bytes = event.bytes != 0;
  packed.why = event.why;
  packed.is_late = after_ms > 0xffff;
  packed.after_ms = static_cast<std::uint16_t>(packed.is_late ? 0 : after_ms);
  std::byte* at = packed_ + size_;
  put(at, packed);
  if (packed.is_late) put(at, after_ms);
  if (packed.has_name) put(at, event.name);
  if (packed.has_status) put(at, event.status);
  if (packed.has_bytes) put(at, event.bytes);
  size_ = static_cast<std::uint16_t>(at - packed_);
  last_name_ = event.name;
  last_ms_ = now_ms;
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
