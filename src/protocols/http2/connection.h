// Http2Connection: the server's side of an HTTP/2 connection. Each request is a task; they are children of the
// connection and joined before the session of nghttp2 goes away.
#pragma once

#include <memory>
#include <optional>

#include "protocols/http2/response_fields.h"
#include "protocols/http2/server_stream.h"
#include "protocols/http2/settings.h"
#include "switching/session.h"
#include "switching/upgrade.h"
#include "transport/http2/link.h"

namespace turnout {

/// The request that offered h2c, and the HTTP2-Settings that came with it.
struct Http2Upgrade : Pooled {
  Http2Settings settings;
  OwnedRequest request;
};

class Http2Connection final : public Http2Link {
 public:
  Http2Connection(Wire wire, Session& session);

  /// Speaks until the connection is over. `upgrade` is moved from.
  Task<Why> run(std::unique_ptr<Http2Upgrade> upgrade);

  // For those who serve a stream.
  Session& session() const noexcept { return session_; }
  bool submit_head(Http2ServerStream& stream, const ResponseHead& head, std::optional<std::uint64_t> length,
                   bool with_body);
  /// An answer ahead of the answer. False where the stream cannot take it any more.
  /// RFC 9218 section 4.2: what is not incremental is sent as a whole before the next one of its urgency. A tunnel has
  /// no end that another one could wait for.
  void share_in_turns(Http2ServerStream& stream);
  bool submit_interim(Http2ServerStream& stream, const ResponseHead& head);

 private:
  bool begin();
  bool begin_upgraded();
  void start_streams();
  Task<void> serve(Http2ServerStream& stream);
  void served(Http2ServerStream& stream);
  void say_last_goaway();

  bool on_received() override;
  bool keeps_reading() const noexcept override;
  void on_drain() override;
  std::optional<std::uint64_t> deadline_ms() const noexcept override;
  void on_deadline() override;
  Http2StreamState* begin_head(const nghttp2_frame& frame, Http2StreamState* state) override;
  void on_head_field(Http2StreamState& state, Field field) override;
  void on_head(Http2StreamState& state, bool ends) override;
  void on_headers_sent(Http2StreamState& state) override;
  void on_settings(bool is_first) override;
  void on_ping_answered() override { say_last_goaway(); }
  void count_reset(const Http2StreamState* state, bool is_ours, std::uint32_t error_code) override;
  void on_goaway_sent() override;
  bool is_complete(const Http2StreamState& state, std::uint32_t error_code) const noexcept override;
  Code failure_of(const Http2StreamState& state, std::uint32_t error_code) const noexcept override;
  void on_end_of_connection(Http2StreamState& state) noexcept override { fail(state, Code::reset); }
  void on_all_closed() override;
  void close_half(Http2StreamState& state) override;

  Session& session_;
  TaskGroup streams_;
  PooledVector<Http2ServerStream*> starting_;  // their heads are whole; their tasks begin after mem_recv
  bool draining_ = false;                      // the first GOAWAY is out
  bool said_last_ = false;
  std::uint64_t draining_since_ms_ = 0;
  std::unique_ptr<Http2Upgrade> upgrade_;  // until its request is served
  Http2ServerStream* upgraded_ = nullptr;  // its stream, until the client's preface is here
  TokenBucket resets_;
};

}  // namespace turnout
