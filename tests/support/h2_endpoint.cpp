#include "tests/support/h2_endpoint.h"

#include <algorithm>
#include <cstring>

namespace turnout::testing {

struct H2Callbacks {
  static H2Endpoint& endpoint(void* user_data) { return *static_cast<H2Endpoint*>(user_data); }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                       const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user_data) {
    endpoint(user_data).on_field(*frame, std::string(reinterpret_cast<const char*>(name), name_size),
                                 std::string(reinterpret_cast<const char*>(value), value_size));
    return 0;
  }

  static int on_frame_recv(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    endpoint(user_data).on_frame(*frame);
    return 0;
  }

  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t stream_id, const std::uint8_t* data, std::size_t size,
                     void* user_data) {
    endpoint(user_data).on_data(stream_id, {reinterpret_cast<const char*>(data), size});
    return 0;
  }

  static int on_close(nghttp2_session*, std::int32_t stream_id, std::uint32_t, void* user_data) {
    endpoint(user_data).on_close(stream_id);
    return 0;
  }

  static ssize_t read(nghttp2_session* session, std::int32_t stream_id, std::uint8_t* buffer, std::size_t size,
                      std::uint32_t* flags, nghttp2_data_source*, void* user_data) {
    H2Endpoint::Upload& upload = endpoint(user_data).uploads_[stream_id];
    const std::size_t n = std::min(size, upload.bytes.size());
    if (n == 0 && !upload.ends) return NGHTTP2_ERR_DEFERRED;
    std::memcpy(buffer, upload.bytes.data(), n);
    upload.bytes.erase(0, n);
    if (!upload.bytes.empty() || !upload.ends) return static_cast<ssize_t>(n);
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (!upload.trailers.empty()) {
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      const std::vector<nghttp2_nv> list = H2Endpoint::name_values(upload.trailers);
      nghttp2_submit_trailer(session, stream_id, list.data(), list.size());
    }
    return static_cast<ssize_t>(n);
  }
};

H2Endpoint::~H2Endpoint() {
  nghttp2_session_del(session_);
}

void H2Endpoint::begin(bool is_server, bool takes_data) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, &H2Callbacks::on_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, &H2Callbacks::on_frame_recv);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &H2Callbacks::on_data);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, &H2Callbacks::on_close);
  nghttp2_option* option = nullptr;
  nghttp2_option_new(&option);
  if (!takes_data) nghttp2_option_set_no_auto_window_update(option, 1);
  const auto make = is_server ? &nghttp2_session_server_new2 : &nghttp2_session_client_new2;
  make(&session_, callbacks, this, option);
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
}

void H2Endpoint::submit_settings(const std::vector<nghttp2_settings_entry>& settings) {
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
}

nghttp2_data_provider H2Endpoint::body() {
  nghttp2_data_provider provider{};
  provider.read_callback = &H2Callbacks::read;
  return provider;
}

std::vector<nghttp2_nv> H2Endpoint::name_values(const H2Fields& fields) {
  std::vector<nghttp2_nv> list;
  for (const auto& [name, value] : fields) {
    const auto bytes = [](const std::string& text) {
      return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
    };
    list.push_back({bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
  }
  return list;
}

void H2Endpoint::send(int stream_id, std::string_view bytes, bool ends) {
  Upload& upload = uploads_[stream_id];
  upload.bytes.append(bytes);
  upload.ends = upload.ends || ends;
  nghttp2_session_resume_data(session_, stream_id);
}

void H2Endpoint::send_trailers(int stream_id, H2Fields trailers) {
  uploads_[stream_id].trailers = std::move(trailers);
  send(stream_id, {}, true);
}

void H2Endpoint::reset(int stream_id, std::uint32_t error_code) {
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream_id, error_code);
}

void H2Endpoint::take(int stream_id, std::size_t n) {
  nghttp2_session_consume(session_, stream_id, n);
}

void H2Endpoint::send_raw(std::string_view bytes) {
  queued_.append(bytes);
}

bool H2Endpoint::pump() {
  if (!stream_) return false;
  bool moved = false;
  const std::uint8_t* data = nullptr;
  while (!is_silent_) {
    const ssize_t n = nghttp2_session_mem_send(session_, &data);
    if (n <= 0) break;
    queued_.append(reinterpret_cast<const char*>(data), static_cast<std::size_t>(n));
  }
  while (!queued_.empty()) {
    const Io io = stream_->try_write(as_bytes(queued_));
    if (io.code != Code::ok || io.n == 0) break;
    queued_.erase(0, io.n);
    moved = true;
  }
  std::byte buffer[16384];
  while (!closed_) {
    const Io io = stream_->try_read(buffer);
    if (io.code == Code::would_block) break;
    moved = true;
    if (io.code != Code::ok || io.n == 0) {
      closed_ = true;
      break;
    }
    received_.append(reinterpret_cast<const char*>(buffer), io.n);
  }
  if (!is_silent_ && taken_ != received_.size()) {
    const std::string_view fresh = std::string_view(received_).substr(taken_);
    taken_ = received_.size();
    nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(fresh.data()), fresh.size());
    moved = true;
  }
  return moved;
}

void H2Endpoint::run() {
  do {
    loop_.run();
  } while (pump() || loop_.has_ready());
}

std::vector<std::pair<std::uint32_t, std::int32_t>> H2Endpoint::goaways() const {
  std::vector<std::pair<std::uint32_t, std::int32_t>> found;
  std::string_view frames = received_;
  if (frames.starts_with(h2_preface)) frames.remove_prefix(h2_preface.size());
  for (const H2Frame& frame : parse_frames(frames)) {
    if (frame.type != NGHTTP2_GOAWAY) continue;
    found.emplace_back(uint32_at(frame.payload, 4), static_cast<std::int32_t>(uint32_at(frame.payload, 0)));
  }
  return found;
}

}  // namespace turnout::testing
