// Http2Client: one request and its answer over HTTP/2, on nghttp2: by prior knowledge, after ALPN, or as the answer
// on stream 1 to what was asked in HTTP/1.1.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "client/conversation.h"
#include "client/pump.h"
#include "switching/protocol.h"

struct nghttp2_session;

namespace turnout::client {

/// What the client sends in its SETTINGS, as HTTP2-Settings carries it (RFC 7540 section 3.2.1).
std::string http2_settings_field();

class Http2Client final : public Protocol {
 public:
  enum class Part : std::uint8_t { whole, answer_only };
  Http2Client(Conversation& conversation, Part part) : conversation_(conversation), part_(part) {}
  ~Http2Client() override;

  const char* name() const noexcept override { return "http/2"; }
  Task<Outcome> run(Wire wire, Session& session) override;

 private:
  friend struct Http2ClientCallbacks;
  bool begin();
  bool submit_request();
  Bytes next_to_send();
  Task<void> read_answer(Wire& wire, Pump& pump);
  bool receive(Wire& wire);
  void judge();
  void fail(std::string_view what);

  Conversation& conversation_;
  Part part_;
  nghttp2_session* session_ = nullptr;
  std::int32_t stream_id_ = 1;
  std::size_t data_sent_ = 0;                      // of the request's body
  std::string fields_;                             // of the field section that is coming in, for -v
  std::string fault_;                              // what nghttp2 has to say about the server
  std::uint32_t stream_error_ = 0;                 // of the stream's end
  std::optional<std::uint32_t> connection_error_;  // of a GOAWAY that leaves the request out, or of a broken connection
  bool advanced_ = false;                          // the answer, by the last read
  bool ended_ = false;                             // END_STREAM came
  bool closed_ = false;                            // in whatever way
};

}  // namespace turnout::client
