// H2Peer: an HTTP/2 client for tests, on one end of a pipe in memory. It is nghttp2's client, so that our server is
// never tested against itself; what a sound client would not send, a test sends as raw frames.
//
//   auto [ours, theirs] = MemoryStream::make_pair(loop);
//   ...run Http2 on `ours`...
//   H2Peer peer(loop, std::move(theirs));
//   const int id = peer.get("/hello");
//   peer.run();                                   // until neither side has anything to do
//   EXPECT_EQ(peer.response(id).status, 200);
//   EXPECT_EQ(peer.response(id).body, "hello\n");
//
// Bodies of requests can be sent piece by piece (`open`, `send`), and what arrives can be left in the flow-control
// window (`Options::takes_data = false`, then `take`). frame(), parse_frames() and literal_fields() are for tests that
// speak in frames.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/sim_loop.h"
#include "transport/memory_stream.h"

namespace turnout::testing {

using H2Fields = std::vector<std::pair<std::string, std::string>>;

struct H2Response {
  int status = 0;
  std::vector<int> informational;
  std::vector<H2Fields> informational_fields;
  H2Fields fields;
  H2Fields trailers;
  std::string body;
  bool ended = false;
  bool closed = false;
  bool in_trailers = false;            // the answer's own head has come
  std::optional<std::uint32_t> reset;  // the error code of the stream's end, where it was none of a message's

  /// The value of a field; "" where there is none.
  std::string_view field(std::string_view name) const;
};

class H2Peer {
 public:
  struct Options {
    bool takes_data = true;                             // opens the window again by itself
    std::vector<nghttp2_settings_entry> settings = {};  // in the client's SETTINGS
    bool upgraded = false;              // stream 1 is the answer to an HTTP/1.1 request (RFC 7540 section 3.2)
    std::string upgrade_settings = {};  // the payload of HTTP2-Settings
  };

  H2Peer(SimLoop& loop, std::unique_ptr<MemoryStream> stream, Options options);
  H2Peer(SimLoop& loop, std::unique_ptr<MemoryStream> stream) : H2Peer(loop, std::move(stream), Options()) {}
  ~H2Peer();
  H2Peer(const H2Peer&) = delete;
  H2Peer& operator=(const H2Peer&) = delete;

  int get(std::string_view path) { return request("GET", path, {}); }
  int post(std::string_view path, std::string body) { return request("POST", path, {}, std::move(body)); }
  /// With a body, or else END_STREAM on the field section.
  int request(std::string_view method, std::string_view path, const H2Fields& fields,
              std::optional<std::string> body = std::nullopt);
  /// Just these fields, pseudo-fields too; the body follows by send().
  int open(const H2Fields& fields, bool ends = false);
  void send(int stream_id, std::string_view bytes, bool ends = false);
  /// Ends the body with these trailers.
  void send_trailers(int stream_id, H2Fields trailers);
  void reset(int stream_id, std::uint32_t error_code);
  /// Opens the windows by what has arrived; only with takes_data = false.
  void take(int stream_id, std::size_t n);
  void goaway();

  /// Sends what is queued and takes what has come, turn by turn, until nothing moves.
  void run();
  /// Bytes that no sound client would send, behind what is queued.
  void send_raw(std::string_view bytes);
  void close() { stream_.reset(); }
  void close_write() { (void)stream_->try_close_write(); }

  H2Response& response(int stream_id) { return responses_[stream_id]; }
  std::size_t responses_ended() const;
  /// Error codes of the GOAWAY frames so far, and the last stream that each names. Read off the bytes, since nghttp2
  /// does not look at any behind the end of the last stream.
  std::vector<std::pair<std::uint32_t, std::int32_t>> goaways() const;
  std::map<std::uint16_t, std::uint32_t> server_settings() const { return server_settings_; }
  std::size_t pushes() const { return pushes_; }
  bool is_closed() const { return closed_; }
  nghttp2_session* session() { return session_; }
  /// All bytes that came from the server.
  const std::string& received() const { return received_; }

 private:
  friend struct H2PeerCallbacks;
  struct Upload {
    std::string bytes;
    bool ends = false;
    H2Fields trailers = {};
  };
  bool pump();

  SimLoop& loop_;
  std::unique_ptr<MemoryStream> stream_;
  Options options_;
  nghttp2_session* session_ = nullptr;
  std::string queued_;
  std::string received_;
  std::map<int, H2Response> responses_;
  std::map<int, Upload> uploads_;
  std::map<std::uint16_t, std::uint32_t> server_settings_;
  std::size_t pushes_ = 0;
  bool closed_ = false;
};

// Frames by hand.

inline constexpr std::string_view h2_preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

struct H2Frame {
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  std::uint32_t stream_id = 0;
  std::string payload;
};

std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream_id, std::string_view payload = {});
std::string uint32_bytes(std::uint32_t value);
std::uint32_t uint32_at(std::string_view bytes, std::size_t offset);
/// The field section of literals that leave the table of HPACK alone (RFC 7541 section 6.2.2).
std::string literal_fields(const H2Fields& fields);
/// The whole frames at the start of `bytes`.
std::vector<H2Frame> parse_frames(std::string_view bytes);
/// GET of a path, with what a request needs.
H2Fields get_fields(std::string_view path);
/// The preface and an empty SETTINGS.
std::string client_hello();

}  // namespace turnout::testing
