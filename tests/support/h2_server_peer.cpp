#include "tests/support/h2_server_peer.h"

namespace turnout::testing {

std::string_view H2Request::field(std::string_view name) const {
  for (const auto& [key, value] : fields) {
    if (key == name) return value;
  }
  return {};
}

H2ServerPeer::H2ServerPeer(SimLoop& loop, std::unique_ptr<MemoryStream> stream, const Options& options)
    : H2Endpoint(loop, std::move(stream)) {
  begin(true, options.takes_data);
  be_silent(!options.says_settings);
  if (options.says_settings) submit_settings(options.settings);
}

void H2ServerPeer::say_settings(const std::vector<nghttp2_settings_entry>& settings) {
  submit_settings(settings);
  be_silent(false);
}

void H2ServerPeer::respond(int stream_id, const H2Fields& fields, bool ends) {
  const std::vector<nghttp2_nv> list = name_values(fields);
  const nghttp2_data_provider provider = body();
  nghttp2_submit_response(session(), stream_id, list.data(), list.size(), ends ? nullptr : &provider);
}

void H2ServerPeer::inform(int stream_id, const H2Fields& fields) {
  const std::vector<nghttp2_nv> list = name_values(fields);
  nghttp2_submit_headers(session(), NGHTTP2_FLAG_NONE, stream_id, nullptr, list.data(), list.size(), nullptr);
}

void H2ServerPeer::goaway(int last_stream_id, std::uint32_t error_code) {
  nghttp2_submit_goaway(session(), NGHTTP2_FLAG_NONE, last_stream_id, error_code, nullptr, 0);
}

void H2ServerPeer::on_field(const nghttp2_frame& frame, std::string name, std::string value) {
  H2Request& request = requests_[frame.hd.stream_id];
  (request.has_head ? request.trailers : request.fields).emplace_back(std::move(name), std::move(value));
}

void H2ServerPeer::on_frame(const nghttp2_frame& frame) {
  switch (frame.hd.type) {
    case NGHTTP2_HEADERS: requests_[frame.hd.stream_id].has_head = true; [[fallthrough]];
    case NGHTTP2_DATA:
      if ((frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) requests_[frame.hd.stream_id].ended = true;
      break;
    case NGHTTP2_RST_STREAM: requests_[frame.hd.stream_id].reset = frame.rst_stream.error_code; break;
    case NGHTTP2_SETTINGS:
      for (std::size_t i = 0; i < frame.settings.niv; ++i) {
        client_settings_[static_cast<std::uint16_t>(frame.settings.iv[i].settings_id)] = frame.settings.iv[i].value;
      }
      break;
    default: break;
  }
}

}  // namespace turnout::testing
