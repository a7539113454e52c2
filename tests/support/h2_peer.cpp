#include "tests/support/h2_peer.h"

#include <algorithm>
#include <cstring>

namespace turnout::testing {
namespace {

/// As nghttp2 takes them; `fields` has to live on.
std::vector<nghttp2_nv> name_values(const H2Fields& fields) {
  std::vector<nghttp2_nv> list;
  for (const auto& [name, value] : fields) {
    const auto bytes = [](const std::string& text) {
      return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
    };
    list.push_back({bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
  }
  return list;
}

}  // namespace

struct H2PeerCallbacks {
  static H2Peer& peer(void* user_data) { return *static_cast<H2Peer*>(user_data); }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                       const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user_data) {
    H2Response& response = peer(user_data).responses_[frame->hd.stream_id];
    const std::string field(reinterpret_cast<const char*>(name), name_size);
    const std::string text(reinterpret_cast<const char*>(value), value_size);
    if (field == ":status") {
      if (response.status != 0) response.informational.push_back(response.status);
      response.status = std::stoi(text);
    } else if (frame->headers.cat == NGHTTP2_HCAT_HEADERS && response.in_trailers) {
      response.trailers.emplace_back(field, text);
    } else {
      response.fields.emplace_back(field, text);
    }
    return 0;
  }

  static int on_frame_recv(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    H2Peer& self = peer(user_data);
    switch (frame->hd.type) {
      case NGHTTP2_DATA:
      case NGHTTP2_HEADERS: {
        H2Response& response = self.responses_[frame->hd.stream_id];
        if (frame->hd.type == NGHTTP2_HEADERS && response.status / 100 == 1) {
          response.informational.push_back(std::exchange(response.status, 0));
          response.informational_fields.push_back(std::exchange(response.fields, {}));
        }
        response.in_trailers = response.status != 0;
        if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) response.ended = true;
        break;
      }
      case NGHTTP2_RST_STREAM: self.responses_[frame->hd.stream_id].reset = frame->rst_stream.error_code; break;
      case NGHTTP2_SETTINGS:
        for (std::size_t i = 0; i < frame->settings.niv; ++i) {
          self.server_settings_[static_cast<std::uint16_t>(frame->settings.iv[i].settings_id)] =
              frame->settings.iv[i].value;
        }
        break;
      case NGHTTP2_PUSH_PROMISE: ++self.pushes_; break;
      default: break;
    }
    return 0;
  }

  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t stream_id, const std::uint8_t* data, std::size_t size,
                     void* user_data) {
    peer(user_data).responses_[stream_id].body.append(reinterpret_cast<const char*>(data), size);
    return 0;
  }

  static int on_close(nghttp2_session*, std::int32_t stream_id, std::uint32_t, void* user_data) {
    peer(user_data).responses_[stream_id].closed = true;
    return 0;
  }

  static ssize_t read(nghttp2_session* session, std::int32_t stream_id, std::uint8_t* buffer, std::size_t size,
                      std::uint32_t* flags, nghttp2_data_source*, void* user_data) {
    H2Peer::Upload& upload = peer(user_data).uploads_[stream_id];
    const std::size_t n = std::min(size, upload.bytes.size());
    if (n == 0 && !upload.ends) return NGHTTP2_ERR_DEFERRED;
    std::memcpy(buffer, upload.bytes.data(), n);
    upload.bytes.erase(0, n);
    if (!upload.bytes.empty() || !upload.ends) return static_cast<ssize_t>(n);
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (!upload.trailers.empty()) {
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      const std::vector<nghttp2_nv> list = name_values(upload.trailers);
      nghttp2_submit_trailer(session, stream_id, list.data(), list.size());
    }
    return static_cast<ssize_t>(n);
  }
};

std::string_view H2Response::field(std::string_view name) const {
  for (const auto& [key, value] : fields) {
    if (key == name) return value;
  }
  return {};
}

H2Peer::H2Peer(SimLoop& loop, std::unique_ptr<MemoryStream> stream, Options options)
    : loop_(loop), stream_(std::move(stream)), options_(std::move(options)) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, &H2PeerCallbacks::on_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, &H2PeerCallbacks::on_frame_recv);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &H2PeerCallbacks::on_data);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, &H2PeerCallbacks::on_close);
  nghttp2_option* option = nullptr;
  nghttp2_option_new(&option);
  if (!options_.takes_data) nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_session_client_new2(&session_, callbacks, this, option);
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
  if (options_.upgraded) {
    nghttp2_session_upgrade2(session_, reinterpret_cast<const std::uint8_t*>(options_.upgrade_settings.data()),
                             options_.upgrade_settings.size(), 0, nullptr);
  }
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, options_.settings.data(), options_.settings.size());
}

H2Peer::~H2Peer() {
  nghttp2_session_del(session_);
}

int H2Peer::request(std::string_view method, std::string_view path, const H2Fields& fields,
                    std::optional<std::string> body) {
  H2Fields all = {{":method", std::string(method)},
                  {":scheme", "http"},
                  {":authority", "example.com"},
                  {":path", std::string(path)}};
  all.insert(all.end(), fields.begin(), fields.end());
  const int id = open(all, !body);
  if (body) send(id, *body, true);
  return id;
}

int H2Peer::open(const H2Fields& fields, bool ends) {
  const std::vector<nghttp2_nv> list = name_values(fields);
  nghttp2_data_provider provider{};
  provider.read_callback = &H2PeerCallbacks::read;
  return nghttp2_submit_request(session_, nullptr, list.data(), list.size(), ends ? nullptr : &provider, nullptr);
}

void H2Peer::send(int stream_id, std::string_view bytes, bool ends) {
  Upload& upload = uploads_[stream_id];
  upload.bytes.append(bytes);
  upload.ends = upload.ends || ends;
  nghttp2_session_resume_data(session_, stream_id);
}

void H2Peer::send_trailers(int stream_id, H2Fields trailers) {
  uploads_[stream_id].trailers = std::move(trailers);
  send(stream_id, {}, true);
}

void H2Peer::reset(int stream_id, std::uint32_t error_code) {
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream_id, error_code);
}

void H2Peer::take(int stream_id, std::size_t n) {
  nghttp2_session_consume(session_, stream_id, n);
}

void H2Peer::goaway() {
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, 0, NGHTTP2_NO_ERROR, nullptr, 0);
}

void H2Peer::send_raw(std::string_view bytes) {
  queued_.append(bytes);
}

bool H2Peer::pump() {
  if (!stream_) return false;
  bool moved = false;
  const std::uint8_t* data = nullptr;
  while (true) {
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
    nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(buffer), io.n);
  }
  return moved;
}

void H2Peer::run() {
  do {
    loop_.run();
  } while (pump() || loop_.has_ready());
}

std::size_t H2Peer::responses_ended() const {
  return static_cast<std::size_t>(
      std::count_if(responses_.begin(), responses_.end(), [](const auto& entry) { return entry.second.ended; }));
}

std::vector<std::pair<std::uint32_t, std::int32_t>> H2Peer::goaways() const {
  std::vector<std::pair<std::uint32_t, std::int32_t>> found;
  for (const H2Frame& frame : parse_frames(received_)) {
    if (frame.type != NGHTTP2_GOAWAY) continue;
    found.emplace_back(uint32_at(frame.payload, 4), static_cast<std::int32_t>(uint32_at(frame.payload, 0)));
  }
  return found;
}

std::uint32_t uint32_at(std::string_view bytes, std::size_t offset) {
  std::uint32_t value = 0;
  for (const char byte : bytes.substr(offset, 4)) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

std::string uint32_bytes(std::uint32_t value) {
  std::string bytes;
  for (const int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<char>(value >> shift & 0xff));
  return bytes;
}

std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream_id, std::string_view payload) {
  std::string bytes = uint32_bytes(static_cast<std::uint32_t>(payload.size())).substr(1);
  bytes.push_back(static_cast<char>(type));
  bytes.push_back(static_cast<char>(flags));
  bytes += uint32_bytes(stream_id);
  bytes += payload;
  return bytes;
}

namespace {

/// An integer with a prefix of 7 bits (RFC 7541 section 5.1).
std::string length_prefix(std::size_t n) {
  std::string bytes;
  if (n < 127) {
    bytes.push_back(static_cast<char>(n));
    return bytes;
  }
  bytes.push_back(127);
  for (n -= 127; n >= 128; n /= 128) bytes.push_back(static_cast<char>(n % 128 + 128));
  bytes.push_back(static_cast<char>(n));
  return bytes;
}

}  // namespace

std::string literal_fields(const H2Fields& fields) {
  std::string bytes;
  for (const auto& [name, value] : fields) {
    bytes.push_back(0);
    bytes += length_prefix(name.size()) + name;
    bytes += length_prefix(value.size()) + value;
  }
  return bytes;
}

std::vector<H2Frame> parse_frames(std::string_view bytes) {
  std::vector<H2Frame> frames;
  const auto at = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])); };
  while (bytes.size() >= 9) {
    const std::size_t length = at(0) << 16 | at(1) << 8 | at(2);
    if (bytes.size() < 9 + length) break;
    frames.push_back({static_cast<std::uint8_t>(at(3)), static_cast<std::uint8_t>(at(4)),
                      at(5) << 24 | at(6) << 16 | at(7) << 8 | at(8), std::string(bytes.substr(9, length))});
    bytes.remove_prefix(9 + length);
  }
  return frames;
}

H2Fields get_fields(std::string_view path) {
  return {{":method", "GET"}, {":scheme", "http"}, {":authority", "example.com"}, {":path", std::string(path)}};
}

std::string client_hello() {
  return std::string(h2_preface) + frame(NGHTTP2_SETTINGS, 0, 0);
}

}  // namespace turnout::testing
