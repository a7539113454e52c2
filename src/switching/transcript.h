// Transcript: what happened to one connection, in order: entered, offered, decided, switched, closed.
//
// Bounded, and small while nothing happens. Requests that have nothing to do with a switch are in the access log, not
// here.
//
//   transcript.add({.kind = EventKind::offered, .name = "h2c"}, now_ms);
//   text(transcript);        // "0 enter http1\n0 offer h2c\n..."; times are milliseconds since the connection began
#pragma once

#include <cstdint>
#include <string>
#include <utility>

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
  ~Transcript() { pool_give_back(packed_, size_); }

  void add(TranscriptEvent event, std::uint64_t now_ms);

  template <class Visit>
  void for_each(Visit visit) const {
    TranscriptEvent event{};
    for (std::size_t at = 0; at != size_;) {
      at = unpack(at, event);
      visit(std::as_const(event));
    }
  }
  /// Events that found no room any more.
  std::uint32_t dropped() const noexcept { return dropped_; }

 private:
  // Every connection has one, for as long as it lives: events lie one behind the other, each with what it has to say,
  // in a block that is as large as they are.
  // A name is left out where it is that of the event before.
  struct Packed {
    std::uint8_t kind : 4, has_name : 1, has_status : 1, has_bytes : 1, is_late : 1;
    Why why;
    std::uint16_t after_ms;  // since the event before; late: that has four bytes behind
  };
  static constexpr std::size_t packed_bytes_max = sizeof(Packed) + 4 + sizeof(const char*) + 2 + 4;

  /// The event at `at`, given the one before it; where the next one begins.
  std::size_t unpack(std::size_t at, TranscriptEvent& event) const noexcept;

  std::byte* packed_ = nullptr;
  const char* last_name_ = "";
  std::uint32_t last_ms_ = 0;  // only the time in between is asked for: it may have gone round
  std::uint32_t dropped_ = 0;
  std::uint16_t size_ = 0;
  std::uint16_t count_ = 0;
};

std::string_view text(EventKind kind) noexcept;
std::string text(const Transcript& transcript);

}  // namespace turnout
