// Transcript: what happened to one connection, in order: entered, offered, decided, switched, closed.
//
// Bounded, and small while nothing happens. Requests that have nothing to do with a switch are in the access log, not
// here.
//
//   transcript.add({.kind = EventKind::offered, .name = "h2c"}, now_ms);
//   text(transcript);        // "0 enter http1\n0 offer h2c\n..."; times are milliseconds since the connection began
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/pool.h"
#include "base/why.h"

namespace turnout {

enum class EventKind : std::uint8_t { entered, offered, accepted, declined, refused, answered, switched, closed };

struct TranscriptEvent {
  EventKind kind;
  Why why = Why::none;
  std::uint16_t status = 0;  // answered, refused
  std::uint32_t bytes = 0;   // switched: what was already read and moved on with the wire
  std::uint32_t at_ms = 0;   // since the transcript began
  const char* name = "";     // of the protocol or registered token; a literal, never a client's text
};

class Transcript {
 public:
  static constexpr std::size_t events_max = 64;

  Transcript() = default;
  Transcript(const Transcript&) = delete;
  Transcript& operator=(const Transcript&) = delete;
  ~Transcript();

  void add(TranscriptEvent event, std::uint64_t now_ms);

  template <class Visit>
  void for_each(Visit visit) const {
    for (const Chunk* chunk = first_; chunk != nullptr; chunk = chunk->next) {
      for (std::uint8_t i = 0; i < chunk->count; ++i) visit(chunk->events[i]);
    }
  }
  /// Events that found no room any more.
  std::uint32_t dropped() const noexcept { return dropped_; }

 private:
  struct Chunk : Pooled {
    Chunk* next = nullptr;
    std::uint8_t count = 0;
    TranscriptEvent events[3];
  };
  Chunk* first_ = nullptr;
  Chunk* last_ = nullptr;
  std::uint64_t began_ms_ = 0;
  std::uint32_t count_ = 0;
  std::uint32_t dropped_ = 0;
};

std::string_view text(EventKind kind) noexcept;
std::string text(const Transcript& transcript);

}  // namespace turnout
