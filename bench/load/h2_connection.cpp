#include "bench/load/h2_connection.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "bench/shared/pattern.h"

namespace turnout::bench {
namespace {

constexpr std::uint64_t checked_bytes = 1 << 20;  // of each bulk stream
constexpr std::int32_t stream_window_bytes = 16 << 20;
constexpr std::int32_t connection_window_bytes = 1 << 30;
constexpr std::size_t written_at_once = 131072;

std::string_view view(const std::uint8_t* bytes, std::size_t count) {
  return {reinterpret_cast<const char*>(bytes), count};
}

nghttp2_nv field(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

H2Connection::H2Connection(Run& run, std::size_t number, Message& message, std::size_t streams, bool is_bulk)
    : Connection(run, number), message_(message), is_bulk_(is_bulk) {
  for (std::size_t i = 0; i < streams; ++i) streams_.push_back(std::make_unique<Stream>(message));
}

nghttp2_session_callbacks* H2Connection::callbacks() {
  static nghttp2_session_callbacks* const made = [] {
    nghttp2_session_callbacks* of = nullptr;
    nghttp2_session_callbacks_new(&of);
    nghttp2_session_callbacks_set_on_frame_recv_callback(
        of, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
          auto& self = *static_cast<H2Connection*>(user);
          if (frame->hd.type == NGHTTP2_SETTINGS && (frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) self.ask();
          if (frame->hd.type == NGHTTP2_GOAWAY) self.wrong_ = "GOAWAY";
          if (frame->hd.type == NGHTTP2_HEADERS) {
            if (Stream* const stream = self.find(frame->hd.stream_id)) self.stream_opened(*stream);
          }
          return 0;
        });
    nghttp2_session_callbacks_set_on_header_callback(
        of, [](nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name, std::size_t name_bytes,
               const std::uint8_t* value, std::size_t value_bytes, std::uint8_t, void* user) {
          if (view(name, name_bytes) == ":status" && view(value, value_bytes) != "200") {
            static_cast<H2Connection*>(user)->wrong_ = "not a 200: " + std::string(view(value, value_bytes));
          }
          return 0;
        });
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        of,
        [](nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes, std::size_t count, void* user) {
          auto& self = *static_cast<H2Connection*>(user);
          if (Stream* const stream = self.find(id)) self.take(*stream, view(bytes, count));
          return 0;
        });
    nghttp2_session_callbacks_set_on_stream_close_callback(
        of, [](nghttp2_session*, std::int32_t, std::uint32_t code, void* user) {
          static_cast<H2Connection*>(user)->wrong_ = "a stream was closed, error " + std::to_string(code);
          return 0;
        });
    return of;
  }();
  return made;
}

void H2Connection::on_open() {
  nghttp2_session* made = nullptr;
  nghttp2_session_client_new(&made, callbacks(), this);
  session_.reset(made);
  const std::array<nghttp2_settings_entry, 2> settings{
      {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0}, {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, stream_window_bytes}}};
  nghttp2_submit_settings(made, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(made, NGHTTP2_FLAG_NONE, 0, connection_window_bytes);
  pump();
}

void H2Connection::ask() {
  if (std::exchange(asked_, true)) return;
  if (nghttp2_session_get_remote_settings(session_.get(), NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) != 1) {
    wrong_ = "the server has no extended CONNECT";
    return;
  }
  if (nghttp2_session_get_remote_settings(session_.get(), NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS) < streams_.size()) {
    wrong_ = "the server allows fewer streams";
    return;
  }
  const std::array fields{field(":method", "CONNECT"), field(":protocol", "websocket"),
                          field(":scheme", run_.tls.is_on() ? "https" : "http"), field(":authority", run_.host),
                          field(":path", run_.path), field("sec-websocket-version", "13"),
                          // RFC 9218, section 11: so that no tunnel blocks the others.
                          field("priority", "u=3, i")};
  for (const auto& stream : streams_) {
    nghttp2_data_provider provider{};
    provider.source.ptr = stream.get();
    provider.read_callback = [](nghttp2_session*, std::int32_t, std::uint8_t* buffer, std::size_t size, std::uint32_t*,
                                nghttp2_data_source* source, void* user) -> ssize_t {
      auto& self = *static_cast<H2Connection*>(user);
      auto& of = *static_cast<Stream*>(source->ptr);
      if (of.unsent == 0) return NGHTTP2_ERR_DEFERRED;
      const std::string& wire = self.message_.wire;
      const std::size_t count = std::min(size, of.unsent);
      std::memcpy(buffer, wire.data() + wire.size() - of.unsent, count);
      of.unsent -= count;
      return static_cast<ssize_t>(count);
    };
    stream->id = nghttp2_submit_request(session_.get(), nullptr, fields.data(), fields.size(), &provider, stream.get());
    if (stream->id < 0) wrong_ = nghttp2_strerror(stream->id);
  }
}

H2Connection::Stream* H2Connection::find(std::int32_t id) const {
  return static_cast<Stream*>(nghttp2_session_get_stream_user_data(session_.get(), id));
}

void H2Connection::stream_opened(Stream& stream) {
  if (stream.is_open || !wrong_.empty()) return;
  stream.is_open = true;
  if (!is_bulk_) {
    send_message(stream, now_ns());
  } else if (++ready_ == streams_.size()) {
    run_.opened();
  }
}

void H2Connection::start() {
  const std::int64_t now = now_ns();
  for (const auto& stream : streams_) send_message(*stream, now);
  pump();
}

void H2Connection::send_message(Stream& stream, std::int64_t now) {
  stream.begun = now;
  stream.unsent = message_.wire.size();
  nghttp2_session_resume_data(session_.get(), stream.id);
}

void H2Connection::take(Stream& stream, std::string_view bytes) {
  if (!wrong_.empty()) return;
  is_bulk_ ? take_bulk(stream, bytes) : take_echo(stream, bytes);
}

void H2Connection::take_bulk(Stream& stream, std::string_view bytes) {
  run_.receive(bytes.size());
  stream.begun = now_ns();
  if (stream.received >= checked_bytes) return;
  while (const auto piece = stream.reader.next(bytes)) {
    if (!is_pattern(piece->payload, stream.received)) wrong_ = "the stream is not what was sent";
    stream.received += piece->payload.size();
  }
  if (stream.reader.bad()) wrong_ = "a frame that breaks the rules";
}

void H2Connection::take_echo(Stream& stream, std::string_view bytes) {
  switch (stream.check.take(bytes)) {
    case EchoCheck::Result::more: return;
    case EchoCheck::Result::wrong: wrong_ = "an echo is not what was sent"; return;
    case EchoCheck::Result::complete: break;
  }
  if (!std::exchange(stream.proved, true)) {
    if (++ready_ == streams_.size()) run_.opened();
    return;
  }
  const std::int64_t now = now_ns();
  run_.complete(stream.begun, now, 2, 2 * message_.payload.size());
  send_message(stream, now);
}

void H2Connection::on_readable() {
  while (readable()) {
    const std::size_t count = receive(read_buffer, sizeof read_buffer);
    if (count == 0) break;
    const ssize_t taken =
        nghttp2_session_mem_recv(session_.get(), reinterpret_cast<const std::uint8_t*>(read_buffer), count);
    if (taken < 0) wrong_ = nghttp2_strerror(static_cast<int>(taken));
    if (!wrong_.empty()) return fail(wrong_);
    pump();
  }
}

void H2Connection::on_sent() {
  if (!pumping_) pump();
}

void H2Connection::pump() {
  pumping_ = true;
  while (state() == State::open && !sending()) {
    out_.clear();
    while (out_.size() < written_at_once) {
      const std::uint8_t* bytes = nullptr;
      const ssize_t count = nghttp2_session_mem_send(session_.get(), &bytes);
      if (count <= 0) break;
      out_.append(view(bytes, static_cast<std::size_t>(count)));
    }
    if (out_.empty()) break;
    send(out_);
  }
  pumping_ = false;
}

std::size_t H2Connection::count_stalled(std::int64_t since) const {
  return static_cast<std::size_t>(
      std::count_if(streams_.begin(), streams_.end(), [&](const auto& stream) { return stream->begun < since; }));
}

}  // namespace turnout::bench
