#include "tests/support/h2_peer.h"

#include <algorithm>

namespace turnout::testing {
std::string_view H2Response::field(std::string_view name) const {
  for (const auto& [key, value] : fields) {
    if (key == name) return value;
  }
  return {};
}

H2Peer::H2Peer(SimLoop& loop, std::unique_ptr<MemoryStream> stream, const Options& options)
    : H2Endpoint(loop, std::move(stream)) {
  begin(false, options.takes_data);
  if (options.upgraded) {
    nghttp2_session_upgrade2(session(), reinterpret_cast<const std::uint8_t*>(options.upgrade_settings.data()),
                             options.upgrade_settings.size(), 0, nullptr);
  }
  submit_settings(options.settings);
}

void H2Peer::on_field(const nghttp2_frame& frame, std::string name, std::string value) {
  H2Response& response = responses_[frame.hd.stream_id];
  if (name == ":status") {
    if (response.status != 0) response.informational.push_back(response.status);
    response.status = std::stoi(value);
  } else if (frame.headers.cat == NGHTTP2_HCAT_HEADERS && response.in_trailers) {
    response.trailers.emplace_back(std::move(name), std::move(value));
  } else {
    response.fields.emplace_back(std::move(name), std::move(value));
  }
}

void H2Peer::on_frame(const nghttp2_frame& frame) {
  switch (frame.hd.type) {
    case NGHTTP2_DATA:
    case NGHTTP2_HEADERS: {
      H2Response& response = responses_[frame.hd.stream_id];
      if (frame.hd.type == NGHTTP2_HEADERS && response.status / 100 == 1) {
        response.informational.push_back(std::exchange(response.status, 0));
        response.informational_fields.push_back(std::exchange(response.fields, {}));
      }
      response.in_trailers = response.status != 0;
      if ((frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) response.ended = true;
      break;
    }
    case NGHTTP2_RST_STREAM: responses_[frame.hd.stream_id].reset = frame.rst_stream.error_code; break;
    case NGHTTP2_SETTINGS:
      for (std::size_t i = 0; i < frame.settings.niv; ++i) {
        server_settings_[static_cast<std::uint16_t>(frame.settings.iv[i].settings_id)] = frame.settings.iv[i].value;
      }
      break;
    case NGHTTP2_PUSH_PROMISE: ++pushes_; break;
    default: break;
  }
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
  const nghttp2_data_provider provider = body();
  return nghttp2_submit_request(session(), nullptr, list.data(), list.size(), ends ? nullptr : &provider, nullptr);
}

void H2Peer::goaway() {
  nghttp2_submit_goaway(session(), NGHTTP2_FLAG_NONE, 0, NGHTTP2_NO_ERROR, nullptr, 0);
}

std::size_t H2Peer::responses_ended() const {
  return static_cast<std::size_t>(
      std::count_if(responses_.begin(), responses_.end(), [](const auto& entry) { return entry.second.ended; }));
}

}  // namespace turnout::testing
