#include "transport/http2/callbacks.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "codec/http1/chunked.h"
#include "transport/http2/field.h"
#include "transport/http2/field_block.h"
#include "transport/http2/link.h"
#include "transport/http2/memory.h"

namespace turnout {

struct Http2Callbacks {
  static Http2Link& link(void* user_data) { return *static_cast<Http2Link*>(user_data); }

  static Http2StreamState* state(nghttp2_session* session, std::int32_t stream_id) {
    return static_cast<Http2StreamState*>(nghttp2_session_get_stream_user_data(session, stream_id));
  }

  /// Ends mem_recv at once where the connection was found to be a flood.
  static int verdict(const Http2Link& link) { return link.flooded_ ? NGHTTP2_ERR_CALLBACK_FAILURE : 0; }

  static int on_begin_frame(nghttp2_session* /*session*/, const nghttp2_frame_hd* head, void* user_data) {
    Http2Link& self = link(user_data);
    const bool is_ack = (head->flags & NGHTTP2_FLAG_ACK) != 0;
    const bool is_end = (head->flags & NGHTTP2_FLAG_END_STREAM) != 0;
    // Legal, but work for us at no cost to the peer (H5).
    const bool is_glitch = (head->type == NGHTTP2_PING && !is_ack) || (head->type == NGHTTP2_SETTINGS && !is_ack) ||
                           head->type == NGHTTP2_PRIORITY || head->type == NGHTTP2_GOAWAY ||
                           head->type == NGHTTP2_PUSH_PROMISE ||
                           (head->type == NGHTTP2_DATA && head->length == 0 && !is_end) ||
                           (head->type == NGHTTP2_CONTINUATION && head->length == 0);
    if (is_glitch) self.count_glitch();
    return verdict(self);
  }

  static int on_begin_headers(nghttp2_session* session, const nghttp2_frame* frame, void* user_data) {
    Http2Link& self = link(user_data);
    self.begin_section();
    Http2StreamState* known = state(session, frame->hd.stream_id);
    Http2StreamState* stream = self.begin_head(*frame, known);
    if (stream == nullptr) return 0;
    stream->in_head_ = true;
    return stream == known ? 0 : nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, stream);
  }

  static int on_header(nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t* name,
                       std::size_t name_size, const std::uint8_t* value, std::size_t value_size, std::uint8_t /*flags*/,
                       void* user_data) {
    Http2Link& self = link(user_data);
    ++self.section_fields_;
    self.section_bytes_ += name_size + value_size;
    if (self.is_bomb()) {
      self.flooded_ = true;
      return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    Http2StreamState* stream = state(session, frame->hd.stream_id);
    if (stream == nullptr) return 0;
    const Field field{as_view(name, name_size), as_view(value, value_size)};
    if (stream->in_head_) {
      self.on_head_field(*stream, field);
    } else {
      on_trailer(self, *stream, field);
    }
    return 0;
  }

  static void on_trailer(const Http2Link& self, Http2StreamState& stream, Field field) {
    if (self.has_too_many_trailers() || stream.discards_ || stream.failure_ != Code::ok) return;
    // What steers must not come in behind a body (S7), and for names with '_' see S13.
    if (is_forbidden_trailer(field.name) || field.name.find('_') != std::string_view::npos) return;
    stream.trailers_.add(field.name, field.value);
  }

  static int on_invalid_header(nghttp2_session* /*session*/, const nghttp2_frame* /*frame*/,
                               const std::uint8_t* /*name*/, std::size_t /*name_size*/, const std::uint8_t* /*value*/,
                               std::size_t /*value_size*/, std::uint8_t /*flags*/, void* /*user_data*/) {
    // nghttp2 would leave the field out and go on; RFC 9113 section 8.2.1 has the message malformed.
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }

  static int on_frame_recv(nghttp2_session* session, const nghttp2_frame* frame, void* user_data) {
    Http2Link& self = link(user_data);
    Http2StreamState* stream = state(session, frame->hd.stream_id);
    switch (frame->hd.type) {
      case NGHTTP2_HEADERS: on_headers(self, stream, frame->hd); break;
      case NGHTTP2_DATA:
        if (stream != nullptr && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) on_end(*stream);
        break;
      case NGHTTP2_RST_STREAM:
        if (stream != nullptr) stream->reset_code_ = frame->rst_stream.error_code;
        self.count_reset(stream, false, frame->rst_stream.error_code);
        break;
      case NGHTTP2_SETTINGS:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) break;
        self.on_settings(!std::exchange(self.has_preface_, true));
        break;
      case NGHTTP2_PING:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) self.on_ping_answered();
        break;
      case NGHTTP2_WINDOW_UPDATE:
        // A window that is opened by a few bytes at a time makes us send many small frames (H5).
        if (frame->window_update.window_size_increment < 256) self.count_glitch();
        break;
      default: break;
    }
    return verdict(self);
  }

  static void on_headers(Http2Link& self, Http2StreamState* stream, const nghttp2_frame_hd& head) {
    self.section_since_ms_ = 0;
    if (stream == nullptr) return;
    const bool ends = (head.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (std::exchange(stream->in_head_, false)) {
      self.on_head(*stream, ends);
    } else if (self.has_too_many_trailers()) {
      self.reset(*stream, NGHTTP2_ENHANCE_YOUR_CALM, Code::too_large);
    }
    if (ends) on_end(*stream);
  }

  static void on_end(Http2StreamState& stream) {
    stream.received_end_ = true;
    stream.wake(Side::read);
  }

  static int on_data_chunk(nghttp2_session* session, std::uint8_t /*flags*/, std::int32_t stream_id,
                           const std::uint8_t* data, std::size_t size, void* /*user_data*/) {
    Http2StreamState* stream = state(session, stream_id);
    if (stream == nullptr || stream->discards_ || stream->failure_ != Code::ok) {
      return nghttp2_session_consume(session, stream_id, size);
    }
    stream->receive({reinterpret_cast<const std::byte*>(data), size});
    return 0;
  }

  static int on_stream_close(nghttp2_session* session, std::int32_t stream_id, std::uint32_t error_code,
                             void* user_data) {
    Http2Link& self = link(user_data);
    self.section_since_ms_ = 0;
    if (Http2StreamState* stream = state(session, stream_id); stream != nullptr) {
      nghttp2_session_set_stream_user_data(session, stream_id, nullptr);
      self.closed(*stream, error_code);
    }
    return 0;
  }

  static int on_frame_send(nghttp2_session* session, const nghttp2_frame* frame, void* user_data) {
    Http2Link& self = link(user_data);
    Http2StreamState* stream = state(session, frame->hd.stream_id);
    switch (frame->hd.type) {
      case NGHTTP2_HEADERS:
      case NGHTTP2_DATA:
        if (stream != nullptr) on_message_part_sent(self, *stream, frame->hd);
        break;
      case NGHTTP2_RST_STREAM: self.count_reset(stream, true, frame->rst_stream.error_code); break;
      case NGHTTP2_GOAWAY: on_goaway_sent(self, frame->goaway.error_code); break;
      default: break;
    }
    return 0;
  }

  static void on_message_part_sent(Http2Link& self, Http2StreamState& stream, const nghttp2_frame_hd& head) {
    if (head.type == NGHTTP2_HEADERS) {
      stream.sent_head_ = true;
      self.on_headers_sent(stream);
    }
    if ((head.flags & NGHTTP2_FLAG_END_STREAM) == 0) return;
    stream.sent_end_ = true;
    self.worker().wheel().clear(stream.stall_);
    self.close_if_finished(stream);
  }

  static void on_goaway_sent(Http2Link& self, std::uint32_t error_code) {
    if (error_code == NGHTTP2_NO_ERROR) {
      self.on_goaway_sent();
      return;
    }
    // nghttp2 found the fault itself.
    const bool is_flood = error_code == NGHTTP2_ENHANCE_YOUR_CALM;
    self.end_because(is_flood ? Why::flood : Why::malformed);
    self.over_ = true;
  }

  static ssize_t data_length(nghttp2_session* /*session*/, std::uint8_t /*frame_type*/, std::int32_t /*stream_id*/,
                             std::int32_t /*session_window*/, std::int32_t /*stream_window*/,
                             std::uint32_t /*remote_frame_size_max*/, void* /*user_data*/) {
    return 16 * 1024;  // nghttp2 cuts it to what the windows leave; it would take 4 KiB by itself
  }

  static ssize_t read_data(nghttp2_session* session, std::int32_t stream_id, std::uint8_t* /*buffer*/,
                           std::size_t length, std::uint32_t* flags, nghttp2_data_source* source, void* /*user_data*/) {
    auto& stream = *static_cast<Http2StreamState*>(source->ptr);
    const std::uint64_t pending = stream.pending();
    const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(pending, length));
    if (n == 0 && !stream.end_) return NGHTTP2_ERR_DEFERRED;
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    stream.announced_ = n;
    if (n != pending || !stream.end_) return static_cast<ssize_t>(n);
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (!stream.end_fields_) return static_cast<ssize_t>(n);
    Http2FieldBlock block(*stream.end_fields_, 0);
    block.add_trailers(*stream.end_fields_);
    if (block.size() == 0) return static_cast<ssize_t>(n);  // none of them may be sent
    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    if (nghttp2_submit_trailer(session, stream_id, block.data(), block.size()) != 0) {
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    return static_cast<ssize_t>(n);
  }

  /// Puts a DATA frame behind what gather() has: one copy from where the bytes are to where the system takes them.
  static int send_data(nghttp2_session* /*session*/, nghttp2_frame* /*frame*/, const std::uint8_t* head,
                       std::size_t length, nghttp2_data_source* source, void* user_data) {
    constexpr std::size_t head_bytes = 9;
    Http2Link& self = link(user_data);
    auto& stream = *static_cast<Http2StreamState*>(source->ptr);
    if (self.output_.size() < head_bytes + length) return NGHTTP2_ERR_WOULDBLOCK;
    // Less than was announced: it was reset between two attempts.
    if (stream.pending() < length) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    std::memcpy(self.output_.data(), head, head_bytes);
    const std::span<char> payload = self.output_.subspan(head_bytes, length);
    if (!stream.move_pending(std::as_writable_bytes(payload))) {
      stream.fail(Code::internal);
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    self.output_ = self.output_.subspan(head_bytes + length);
    stream.announced_ = 0;
    // The peer takes what it is sent: the full time again, or none where nothing is due (H6).
    if (stream.pending() == 0 && !stream.end_) {
      self.worker().wheel().clear(stream.stall_);
    } else if (stream.stall_.is_set()) {
      self.worker().set_timer(stream.stall_, self.limits().send_stall);
    }
    stream.wake(Side::write);
    return 0;
  }
};

namespace {

const nghttp2_session_callbacks* callbacks() {
  static const nghttp2_session_callbacks* const all = [] {
    nghttp2_session_callbacks* made = nullptr;
    if (nghttp2_session_callbacks_new(&made) != 0) return made;
    nghttp2_session_callbacks_set_on_begin_frame_callback(made, &Http2Callbacks::on_begin_frame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(made, &Http2Callbacks::on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(made, &Http2Callbacks::on_header);
    nghttp2_session_callbacks_set_on_invalid_header_callback(made, &Http2Callbacks::on_invalid_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(made, &Http2Callbacks::on_frame_recv);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, &Http2Callbacks::on_data_chunk);
    nghttp2_session_callbacks_set_on_stream_close_callback(made, &Http2Callbacks::on_stream_close);
    nghttp2_session_callbacks_set_on_frame_send_callback(made, &Http2Callbacks::on_frame_send);
    nghttp2_session_callbacks_set_data_source_read_length_callback(made, &Http2Callbacks::data_length);
    nghttp2_session_callbacks_set_send_data_callback(made, &Http2Callbacks::send_data);
    return made;
  }();
  return all;
}

struct DeleteOption {
  void operator()(nghttp2_option* option) const noexcept { nghttp2_option_del(option); }
};

}  // namespace

nghttp2_session* make_http2_session(Http2Role role, const Limits& limits, Http2Link& link) {
  nghttp2_option* made = nullptr;
  if (callbacks() == nullptr || nghttp2_option_new(&made) != 0) return nullptr;
  const std::unique_ptr<nghttp2_option, DeleteOption> option(made);
  nghttp2_option_set_no_auto_window_update(made, 1);
  nghttp2_option_set_max_settings(made, limits.settings_entries_max);
  nghttp2_option_set_max_outbound_ack(made, limits.control_queue_max);
  nghttp2_option_set_max_continuations(made, limits.continuations_max);
  // A second line behind our own count, which is of both directions and in our own time.
  nghttp2_option_set_stream_reset_rate_limit(made, std::uint64_t{10} * limits.resets_burst,
                                             std::uint64_t{10} * limits.resets_per_second);
  nghttp2_session* session = nullptr;
  const auto make = role == Http2Role::server ? &nghttp2_session_server_new3 : &nghttp2_session_client_new3;
  return make(&session, callbacks(), &link, made, http2_memory()) == 0 ? session : nullptr;
}

nghttp2_data_provider http2_body_of(Http2StreamState& state) noexcept {
  nghttp2_data_provider provider{};
  provider.source.ptr = &state;
  provider.read_callback = &Http2Callbacks::read_data;
  return provider;
}

}  // namespace turnout
