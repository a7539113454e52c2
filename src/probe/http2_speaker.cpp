#include "probe/http2_speaker.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "base/printable.h"
#include "client/http2_frames.h"
#include "probe/clock.h"
#include "transport/http2/field.h"

namespace turnout::probe {
namespace {

constexpr std::size_t lines_max = 400;
constexpr std::size_t stream_data_max = 256 * 1024;

}  // namespace

// nghttp2 is not to be called from within: each of these only notes.
struct Http2SpeakerCallbacks {
  static Http2Speaker& self(void* user_data) { return *static_cast<Http2Speaker*>(user_data); }

  static void note(Http2Speaker& speaker, std::string_view mark, std::string_view text) {
    if (speaker.lines_.size() < lines_max) speaker.lines_.push_back(std::string(mark).append(text));
  }

  static int on_frame_send(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    Http2Speaker& speaker = self(user_data);
    note(speaker, "> ", client::to_text(*frame));
    if (frame->hd.type != NGHTTP2_HEADERS) return 0;
    for (std::size_t i = 0; i < frame->headers.nvlen; ++i) {
      const nghttp2_nv& field = frame->headers.nva[i];
      note(speaker, ">   ",
           printable(fmt::format("{}: {}", as_view(field.name, field.namelen), as_view(field.value, field.valuelen))));
    }
    return 0;
  }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                       const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user_data) {
    Http2Speaker& speaker = self(user_data);
    const std::string_view name_text = as_view(name, name_size);
    const std::string_view value_text = as_view(value, value_size);
    Http2Speaker::StreamFacts& stream = speaker.streams_[frame->hd.stream_id];
    if (name_text == ":status") {
      std::from_chars(value_text.data(), value_text.data() + value_text.size(), stream.status);
    } else if (stream.fields.bytes() < 64 * 1024) {
      stream.fields.add(name_text, value_text);
    }
    note(speaker, "<   ", printable(fmt::format("{}: {}", name_text, value_text)));
    return 0;
  }

  static int on_frame_recv(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    Http2Speaker& speaker = self(user_data);
    note(speaker, "< ", printable(client::to_text(*frame)));
    switch (frame->hd.type) {
      case NGHTTP2_SETTINGS:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) break;
        speaker.settings = true;
        for (std::size_t i = 0; i < frame->settings.niv; ++i) {
          const nghttp2_settings_entry& entry = frame->settings.iv[i];
          if (entry.settings_id == NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL)
            speaker.extended_connect = entry.value == 1;
        }
        break;
      case NGHTTP2_PING:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) speaker.pong = true;
        break;
      case NGHTTP2_GOAWAY: speaker.goaway = frame->goaway.error_code; break;
      case NGHTTP2_RST_STREAM: speaker.streams_[frame->hd.stream_id].was_reset = true; break;
      default: break;
    }
    if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 &&
        (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS)) {
      speaker.streams_[frame->hd.stream_id].ended = true;
    }
    return 0;
  }

  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data, std::size_t size,
                     void* user_data) {
    std::string& kept = self(user_data).streams_[id].data;
    kept.append(as_view(data, size));
    return kept.size() <= stream_data_max ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
  }

  static int on_close(nghttp2_session*, std::int32_t id, std::uint32_t error_code, void* user_data) {
    Http2Speaker::StreamFacts& stream = self(user_data).streams_[id];
    stream.closed = true;
    stream.error = error_code;
    return 0;
  }

  static int on_error(nghttp2_session*, int, const char* message, std::size_t size, void* user_data) {
    self(user_data).fault.assign(message, size);
    return 0;
  }

  static ssize_t read_data(nghttp2_session*, std::int32_t id, std::uint8_t* buffer, std::size_t size,
                           std::uint32_t* flags, nghttp2_data_source*, void* user_data) {
    Http2Speaker& speaker = self(user_data);
    std::string& rest = speaker.outgoing_[id];
    const std::size_t n = std::min(size, rest.size());
    std::copy_n(rest.data(), n, buffer);
    rest.erase(0, n);
    if (rest.empty() && speaker.ending_[id]) *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (n == 0 && !speaker.ending_[id]) return NGHTTP2_ERR_DEFERRED;
    return static_cast<ssize_t>(n);
  }
};

Http2Speaker::~Http2Speaker() {
  nghttp2_session_del(session_);
}

bool Http2Speaker::make_session() {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_option* option = nullptr;
  if (nghttp2_session_callbacks_new(&callbacks) != 0 || nghttp2_option_new(&option) != 0) std::abort();
  nghttp2_session_callbacks_set_on_header_callback(callbacks, &Http2SpeakerCallbacks::on_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, &Http2SpeakerCallbacks::on_frame_recv);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, &Http2SpeakerCallbacks::on_frame_send);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &Http2SpeakerCallbacks::on_data);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, &Http2SpeakerCallbacks::on_close);
  nghttp2_session_callbacks_set_error_callback2(callbacks, &Http2SpeakerCallbacks::on_error);
  // What is kept of a stream is bounded by its window, which opens as the data is looked at.
  nghttp2_option_set_no_auto_window_update(option, 1);
  const int error = nghttp2_session_client_new2(&session_, callbacks, this, option);
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
  return error == 0;
}

bool Http2Speaker::begin() {
  constexpr nghttp2_settings_entry none{NGHTTP2_SETTINGS_ENABLE_PUSH, 0};
  return make_session() && nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, &none, 1) == 0;
}

bool Http2Speaker::begin_upgraded(Bytes payload, bool was_head) {
  return make_session() && nghttp2_session_upgrade2(session_, reinterpret_cast<const std::uint8_t*>(payload.data()),
                                                    payload.size(), was_head ? 1 : 0, nullptr) == 0;
}

std::int32_t Http2Speaker::request(const Fields& fields, bool open) {
  std::vector<nghttp2_nv> list;
  list.reserve(fields.size());
  for (const auto& [name, value] : fields) list.push_back(http2_field(name, value));
  nghttp2_data_provider data{};
  data.read_callback = &Http2SpeakerCallbacks::read_data;
  return nghttp2_submit_request(session_, nullptr, list.data(), list.size(), open ? &data : nullptr, nullptr);
}

void Http2Speaker::send(std::int32_t id, Bytes bytes) {
  outgoing_[id].append(as_text(bytes));
  (void)nghttp2_session_resume_data(session_, id);
}

void Http2Speaker::end(std::int32_t id) {
  ending_[id] = true;
  (void)nghttp2_session_resume_data(session_, id);
}

void Http2Speaker::consume(std::int32_t id, std::size_t n) {
  streams_[id].data.erase(0, n);
  (void)nghttp2_session_consume(session_, id, n);
}

void Http2Speaker::ping() {
  (void)nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, reinterpret_cast<const std::uint8_t*>("turnout!"));
}

void Http2Speaker::goodbye() {
  (void)nghttp2_session_terminate_session(session_, NGHTTP2_NO_ERROR);
}

Task<Code> Http2Speaker::flush(Millis limit) {
  while (nghttp2_session_want_write(session_) != 0) {
    const std::uint8_t* data = nullptr;
    const ssize_t n = nghttp2_session_mem_send(session_, &data);
    if (n <= 0) break;
    wire_.expires_after(limit);
    const Result<void> written = co_await wire_.write(as_bytes(as_view(data, static_cast<std::size_t>(n))));
    if (!written) co_return written.error().code;
  }
  co_return Code::ok;
}

Task<Code> Http2Speaker::until(Millis limit, std::function<bool()> ready) {
  const Clock clock;
  while (true) {
    const Bytes bytes = wire_.peek();
    if (!bytes.empty()) {
      if (first_bytes.size() < 64) first_bytes.append(as_text(bytes.first(std::min<std::size_t>(bytes.size(), 64))));
      const ssize_t n =
          nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
      wire_.consume(bytes.size());
      if (n < 0) {
        if (fault.empty()) fault = nghttp2_strerror(static_cast<int>(n));
        co_return Code::malformed;
      }
    }
    const Millis left = limit - Millis(static_cast<std::int64_t>(clock.ms()));
    if (left <= Millis(0)) co_return Code::timed_out;
    const Code flushed = co_await flush(left);
    if (ready()) co_return Code::ok;
    if (flushed != Code::ok) co_return flushed;
    if (nghttp2_session_want_read(session_) == 0) co_return Code::end;
    wire_.expires_after(left);
    const Result<std::size_t> more = co_await wire_.fill();
    if (!more) co_return more.error().code;
    if (*more == 0) co_return Code::end;
  }
}

}  // namespace turnout::probe
