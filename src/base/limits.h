// Limits: everything from the network has one, and every limit has a name. docs/security.md says why
// each has its value.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace turnout {

using Millis = std::chrono::milliseconds;

struct Limits {
  // HTTP/1.1 message heads, in bytes. The same sum bounds a decoded HTTP/2 field section.
  std::size_t head_bytes_max = 16 * 1024;
  std::size_t request_line_bytes_max = 8 * 1024;
  std::size_t fields_max = 100;
  std::size_t chunk_extension_bytes_max = 4 * 1024;  // over a whole body
  std::size_t trailer_bytes_max = 8 * 1024;

  // What is read of a request's body before its offer of another protocol is considered (L4).
  std::size_t upgrade_body_bytes_max = 64 * 1024;
  // What is held of the bytes behind an upgrade request before it is decided (L1).
  std::size_t early_bytes_max = 16 * 1024;

  Millis header_deadline{10'000};                // absolute, from the first byte of a head
  Millis keep_alive_idle{60'000};                // between two requests
  std::uint32_t keep_alive_requests_max = 1000;  // HTTP/1.1 only
  Millis body_idle{30'000};
  std::uint32_t body_bytes_per_second_min = 240;  // only where Content-Length is known
  Millis send_stall{30'000};                      // no progress of a write
  Millis tls_handshake{10'000};
  Millis linger{2'000};  // how long a closed connection is read from, so that no RST eats the answer

  Millis tunnel_idle{3'600'000};
  Millis close_wait{5'000};  // for the answer to a WebSocket close frame

  // For each client address, an IPv6 client being its /64; loopback and trusted proxies are not counted (D4, D5).
  std::uint32_t connections_per_client_max = 1000;
  std::uint32_t handshakes_per_client_max = 100;  // of TLS, at the same time

  std::uint32_t switches_max = 4;  // protocols in sequence on one connection (U18)

  // HTTP/2
  std::uint32_t streams_max = 100;
  std::uint32_t stream_window_bytes = 64 * 1024;
  std::uint32_t connection_window_bytes = 1024 * 1024;
  std::uint32_t resets_burst = 100;  // both directions together (H1, H2)
  std::uint32_t resets_per_second = 33;
  std::uint32_t continuations_max = 8;
  std::uint32_t settings_entries_max = 32;
  std::uint32_t control_queue_max = 1000;
  std::uint32_t glitches_burst = 1000;  // frames that are legal, but cost more than they are worth (H5)
  std::uint32_t glitches_per_second = 100;

  // WebSocket
  std::size_t message_bytes_max = 16 * 1024 * 1024;
  std::uint32_t fragments_max = 1024;

  Millis drain{5'000};  // from SIGTERM to the end of the process

  friend bool operator==(const Limits&, const Limits&) = default;
};

}  // namespace turnout
