// H2ServerPeer: an HTTP/2 server for tests, on one end of a pipe in memory, which does what the test says and nothing
// else. It is nghttp2's server, so that our client is never tested against itself.
//
//   auto [ours, theirs] = MemoryStream::make_pair(loop);
//   ...run Http2UpstreamConnection on `ours`...
//   H2ServerPeer peer(loop, std::move(theirs));
//   peer.run();
//   EXPECT_EQ(peer.request(1).field(":path"), "/hello");
//   peer.respond(1, {{":status", "200"}});
//   peer.send(1, "hello\n", true);
//   peer.run();
#pragma once

#include <optional>

#include "tests/support/h2_endpoint.h"

namespace turnout::testing {

struct H2Request {
  H2Fields fields;
  H2Fields trailers;
  std::string body;
  bool has_head = false;
  bool ended = false;
  bool closed = false;
  std::optional<std::uint32_t> reset;

  /// The value of a field; "" where there is none.
  std::string_view field(std::string_view name) const;
};

class H2ServerPeer final : public H2Endpoint {
 public:
  struct Options {
    bool takes_data = true;                             // opens the window again by itself
    std::vector<nghttp2_settings_entry> settings = {};  // in the server's SETTINGS
    bool says_settings = true;                          // by itself; else it is silent until say_settings()
  };

  H2ServerPeer(SimLoop& loop, std::unique_ptr<MemoryStream> stream, const Options& options);
  H2ServerPeer(SimLoop& loop, std::unique_ptr<MemoryStream> stream) : H2ServerPeer(loop, std::move(stream), {}) {}

  void say_settings(const std::vector<nghttp2_settings_entry>& settings);
  /// The head of an answer; the body follows by send() unless it `ends`.
  void respond(int stream_id, const H2Fields& fields, bool ends = false);
  /// A head ahead of the answer's.
  void inform(int stream_id, const H2Fields& fields);
  void goaway(int last_stream_id, std::uint32_t error_code = NGHTTP2_NO_ERROR);

  H2Request& request(int stream_id) { return requests_[stream_id]; }
  std::size_t requests() const { return requests_.size(); }
  std::map<std::uint16_t, std::uint32_t> client_settings() const { return client_settings_; }

 private:
  void on_field(const nghttp2_frame& frame, std::string name, std::string value) override;
  void on_frame(const nghttp2_frame& frame) override;
  void on_data(int stream_id, std::string_view bytes) override { requests_[stream_id].body.append(bytes); }
  void on_close(int stream_id) override { requests_[stream_id].closed = true; }

  std::map<int, H2Request> requests_;
  std::map<std::uint16_t, std::uint32_t> client_settings_;
};

}  // namespace turnout::testing
