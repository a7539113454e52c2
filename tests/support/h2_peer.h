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

#include "tests/support/h2_endpoint.h"

namespace turnout::testing {

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

class H2Peer final : public H2Endpoint {
 public:
  struct Options {
    bool takes_data = true;                             // opens the window again by itself
    std::vector<nghttp2_settings_entry> settings = {};  // in the client's SETTINGS
    bool upgraded = false;              // stream 1 is the answer to an HTTP/1.1 request (RFC 7540 section 3.2)
    std::string upgrade_settings = {};  // the payload of HTTP2-Settings
  };

  H2Peer(SimLoop& loop, std::unique_ptr<MemoryStream> stream, const Options& options);
  H2Peer(SimLoop& loop, std::unique_ptr<MemoryStream> stream) : H2Peer(loop, std::move(stream), Options()) {}

  int get(std::string_view path) { return request("GET", path, {}); }
  int post(std::string_view path, std::string body) { return request("POST", path, {}, std::move(body)); }
  /// With a body, or else END_STREAM on the field section.
  int request(std::string_view method, std::string_view path, const H2Fields& fields,
              std::optional<std::string> body = std::nullopt);
  /// Just these fields, pseudo-fields too; the body follows by send().
  int open(const H2Fields& fields, bool ends = false);
  void goaway();

  H2Response& response(int stream_id) { return responses_[stream_id]; }
  std::size_t responses_ended() const;
  std::map<std::uint16_t, std::uint32_t> server_settings() const { return server_settings_; }
  std::size_t pushes() const { return pushes_; }

 private:
  void on_field(const nghttp2_frame& frame, std::string name, std::string value) override;
  void on_frame(const nghttp2_frame& frame) override;
  void on_data(int stream_id, std::string_view bytes) override { responses_[stream_id].body.append(bytes); }
  void on_close(int stream_id) override { responses_[stream_id].closed = true; }

  std::map<int, H2Response> responses_;
  std::map<std::uint16_t, std::uint32_t> server_settings_;
  std::size_t pushes_ = 0;
};

}  // namespace turnout::testing
