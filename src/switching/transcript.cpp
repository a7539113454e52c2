#include "switching/transcript.h"

#include <utility>

namespace turnout {

Transcript::~Transcript() {
  while (first_ != nullptr) delete std::exchange(first_, first_->next);
}

void Transcript::add(TranscriptEvent event, std::uint64_t now_ms) {
  if (count_ == events_max) {
    ++dropped_;
    return;
  }
  if (count_ == 0) began_ms_ = now_ms;
  if (last_ == nullptr || last_->count == std::size(last_->events)) {
    auto* chunk = new Chunk;
    (last_ != nullptr ? last_->next : first_) = chunk;
    last_ = chunk;
  }
  event.at_ms = static_cast<std::uint32_t>(now_ms - began_ms_);
  last_->events[last_->count++] = event;
  ++count_;
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
