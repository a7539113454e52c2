#include "tests/support/golden.h"

#include <nghttp2/nghttp2.h>

#include <charconv>
#include <memory>
#include <sstream>

#include "codec/websocket/connection.h"
#include "handlers/echo.h"
#include "protocols/detect/detect.h"
#include "protocols/http1/http1.h"
#include "protocols/http2/http2.h"
#include "protocols/http2/upgraders.h"
#include "protocols/tls/tls_upgrader.h"
#include "protocols/websocket/websocket_upgrader.h"
#include "tests/support/memory_server.h"

namespace turnout {
namespace {

std::string quote(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\r')
      out += "\\r";
    else if (c == '\n')
      out += "\\n";
    else if (c == '"' || c == '\\')
      (out += '\\') += c;
    else if (byte >= 0x20 && byte < 0x7f)
      out += c;
    else
      ((out += "\\x") += digits[byte >> 4]) += digits[byte & 15];
  }
  return out + "\"";
}

std::string unquote(std::string_view text) {
  std::string out;
  const std::size_t first = text.find('"');
  const std::size_t last = text.rfind('"');
  if (first == std::string_view::npos) return out;
  for (std::size_t i = first + 1; i < last; ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    const char c = text[++i];
    if (c == 'r')
      out += '\r';
    else if (c == 'n')
      out += '\n';
    else if (c == 'x') {
      unsigned value = 0;
      std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16);
      out += static_cast<char>(value);
      i += 2;
    } else
      out += c;
  }
  return out;
}

std::string big_endian(std::uint32_t value, int bytes) {
  std::string out;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
  return out;
}

std::uint32_t from_big_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

std::string h2_frame(std::uint32_t type, std::uint32_t flags, std::uint32_t stream, std::string_view payload) {
  return big_endian(static_cast<std::uint32_t>(payload.size()), 3) + static_cast<char>(type) +
         static_cast<char>(flags) + big_endian(stream, 4) + std::string(payload);
}

class Player {
 public:
  Player() {
    server_.site.add("/", std::make_unique<Answer>("root\n"));
    server_.site.add("/index.html", std::make_unique<Answer>("index\n"));
    server_.site.add("/echo", std::make_unique<Echo>()).switch_tokens = {"websocket"};
    server_.site.add("/secure", std::make_unique<Answer>("secret\n")).require_tls = true;
    server_.registry->add_protocol("http/1.1", [](std::optional<OwnedRequest> first) -> std::unique_ptr<Protocol> {
      return std::make_unique<Http1>(std::move(first));
    });
    server_.registry->add_protocol("h2", &make_http2);
    server_.registry->add(std::make_unique<WebSocketUpgrader>());
    server_.registry->add(std::make_unique<H2cUpgrader>());
    server_.registry->add(std::make_unique<TlsUpgrader>(nullptr, TlsUpgrader::Requests::compatible));
    nghttp2_hd_deflate_new(&deflater_, 4096);
    nghttp2_hd_inflate_new(&inflater_);
  }
  ~Player() {
    nghttp2_hd_deflate_del(deflater_);
    nghttp2_hd_inflate_del(inflater_);
  }

  std::string play(std::string_view script) {
    std::istringstream lines{std::string(script)};
    for (std::string line; std::getline(lines, line);) {
      if (is_server_line(line)) continue;  // written anew
      if (line.empty() || line.starts_with('#') || line.starts_with("option ")) {
        if (line == "option lenient") lenient_ = true;
        if (!client_ || !line.empty()) out_ += line + '\n';
        continue;
      }
      connect();
      out_ += line + '\n';
      act(line);
    }
    finish();
    return std::move(out_);
  }

 private:
  static bool is_server_line(const std::string& line) {
    return line.starts_with('<') || line == "closed" || line.starts_with("= ") || line.starts_with("@ ");
  }

  void connect() {
    if (client_) return;
    server_.registry->add(std::make_unique<HttpUpgrader>(lenient_));
    client_.emplace(server_.connect({.capacity_bytes = 64 * 1024 * 1024}));
  }

  void act(const std::string& line) {
    if (line == ">") {
      pending_ += "\r\n";
    } else if (line.starts_with("> ")) {
      pending_ += line.substr(2) + "\r\n";
    } else if (line.starts_with(">> ")) {
      pending_ += unquote(line);
    } else if (line.starts_with("h2> ")) {
      pending_ += h2(line.substr(4));
    } else if (line.starts_with("ws> ")) {
      pending_ += ws(line.substr(4));
    } else if (line.starts_with("ws ")) {
      const std::size_t mark = line.find("> ");
      pending_ += h2_frame(0, 0, number(line.substr(3)), ws(line.substr(mark + 2)));
    } else {
      flush();
      if (line == "fin") client_->close_write();
      if (line == "reset") client_->abort();
      if (line == "drain") server_.sessions.drain();
      server_.loop.run();
      if (line.starts_with("wait ")) {
        server_.loop.advance(Millis(static_cast<std::int64_t>(number(line.substr(5))) * 1000));
      }
      render();
      return;
    }
    // The client's lines up to the server's answer are one segment; the answer is looked at when they have all been
    // read.
    awaiting_ = true;
  }

  void flush() {
    if (!awaiting_) return;
    awaiting_ = false;
    client_->send(std::exchange(pending_, {}));
    server_.loop.run();
    const std::string last = out_.substr(out_.rfind('\n', out_.size() - 2) + 1);
    // The line that caused the flush was already written; what the server says comes before it.
    out_.resize(out_.size() - last.size());
    render();
    out_ += last;
  }

  void finish() {
    if (!client_) return;
    out_ += "end\n";
    flush();
    out_.resize(out_.size() - 4);
    render();
    client_->close();
    server_.loop.advance(Millis(3'700'000));
    for (const std::string& transcript : server_.transcripts) {
      std::istringstream lines(transcript);
      for (std::string line; std::getline(lines, line);) out_ += "= " + line + '\n';
    }
    for (const std::string& line : server_.recorder.lines) out_ += "@ " + line + '\n';
  }

  static std::uint32_t number(std::string_view text) {
    std::uint32_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }

  std::string h2(const std::string& command) {
    std::istringstream words(command);
    std::string what;
    std::uint32_t stream = 0;
    words >> what;
    if (what == "preface") return std::string(http2_preface);
    if (what == "settings") return h2_frame(4, 0, 0, "");
    if (what == "ack") return h2_frame(4, 1, 0, "");
    if (what == "ping") return h2_frame(6, 0, 0, unquote(command));
    words >> stream;
    if (what == "rst") {
      std::uint32_t code = 0;
      words >> code;
      return h2_frame(3, 0, stream, big_endian(code, 4));
    }
    std::string word;
    std::uint32_t flags = 0;
    if (what == "data") {
      words >> word;
      return h2_frame(0, word == "end" ? 1 : 0, stream, unquote(command));
    }
    std::vector<std::pair<std::string, std::string>> fields;
    while (words >> word) {
      if (word == "end") {
        flags = 1;
        continue;
      }
      const std::size_t equals = word.find('=', 1);
      fields.emplace_back(word.substr(0, equals), word.substr(equals + 1));
    }
    std::vector<nghttp2_nv> pairs;
    for (auto& [name, value] : fields) {
      pairs.push_back({reinterpret_cast<std::uint8_t*>(name.data()), reinterpret_cast<std::uint8_t*>(value.data()),
                       name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
    }
    std::string block(4096, '\0');
    const auto size = nghttp2_hd_deflate_hd(deflater_, reinterpret_cast<std::uint8_t*>(block.data()), block.size(),
                                            pairs.data(), pairs.size());
    block.resize(static_cast<std::size_t>(size));
    return h2_frame(1, flags | 4, stream, block);
  }

  std::string ws(const std::string& command) {
    websocket::Buffer out;
    const std::string payload = unquote(command);
    if (command.starts_with("text")) engine_.encode_message(websocket::MessageKind::text, as_bytes(payload), out);
    if (command.starts_with("binary")) engine_.encode_message(websocket::MessageKind::binary, as_bytes(payload), out);
    if (command.starts_with("ping")) engine_.encode_ping(as_bytes(payload), out);
    if (command.starts_with("close")) {
      engine_.encode_close(static_cast<std::uint16_t>(number(command.substr(6))), "", out);
    }
    return std::string(as_text(out.bytes()));
  }

  // What has come from the server since the last time, in the words of the protocol that is spoken now.
  void render() {
    received_ += client_->take();
    while (!received_.empty()) {
      if (mode_ == Mode::lines ? !render_line() : mode_ == Mode::h2 ? !render_frame() : !render_message()) break;
    }
    if (!closed_ && client_->ended()) {
      closed_ = true;
      out_ += client_->was_reset() ? "reset by server\n" : "closed\n";
    }
  }

  bool render_line() {
    if (received_.size() >= 9 && received_[3] == 4 && received_[4] <= 1) {  // SETTINGS: HTTP/2 without a 101
      mode_ = Mode::h2;
      return true;
    }
    const std::size_t end = received_.find("\r\n");
    const std::string line = received_.substr(0, end);
    if (end == std::string::npos) {
      out_ += "<< " + quote(received_) + '\n';
      received_.clear();
      return true;
    }
    received_.erase(0, end + 2);
    out_ += line.empty() ? "<\n" : "< " + line + '\n';
    if (line.starts_with("HTTP/1.1 101 ")) switching_ = true;
    if (switching_ && line.starts_with("Upgrade: ")) next_ = line == "Upgrade: websocket" ? Mode::ws : Mode::h2;
    if (switching_ && line.empty()) mode_ = next_;
    return true;
  }

  bool render_frame() {
    if (received_.size() < 9) return false;
    const std::size_t size = from_big_endian(std::string_view(received_).substr(0, 3));
    if (received_.size() < 9 + size) return false;
    const auto type = static_cast<unsigned char>(received_[3]);
    const auto flags = static_cast<unsigned char>(received_[4]);
    const std::uint32_t stream = from_big_endian(std::string_view(received_).substr(5, 4));
    const std::string payload = received_.substr(9, size);
    received_.erase(0, 9 + size);
    static constexpr const char* names[] = {"DATA",         "HEADERS", "PRIORITY", "RST_STREAM",    "SETTINGS",
                                            "PUSH_PROMISE", "PING",    "GOAWAY",   "WINDOW_UPDATE", "CONTINUATION"};
    out_ += std::string("<h2 ") + (type < std::size(names) ? names[type] : "?");
    if (stream != 0) out_ += " stream=" + std::to_string(stream);
    if (type == 4 && (flags & 1) != 0) out_ += " ack";
    if (type == 4) {
      for (std::size_t at = 0; at + 6 <= payload.size(); at += 6) {
        const std::string_view entry = std::string_view(payload).substr(at, 6);
        out_ += ' ' + std::to_string(from_big_endian(entry.substr(0, 2))) + '=' +
                std::to_string(from_big_endian(entry.substr(2)));
      }
    }
    if (type == 1) render_fields(payload);
    if (type == 0 && !payload.empty()) out_ += ' ' + quote(payload);
    if (type == 3) out_ += " code=" + std::to_string(from_big_endian(payload));
    if (type == 6) out_ += (flags & 1) != 0 ? " ack" : "";
    if (type == 7) {
      out_ += " last=" + std::to_string(from_big_endian(payload.substr(0, 4))) +
              " code=" + std::to_string(from_big_endian(payload.substr(4, 4)));
    }
    if (type == 8) out_ += ' ' + std::to_string(from_big_endian(payload));
    if (type <= 1 && (flags & 1) != 0) out_ += " end";
    out_ += '\n';
    return true;
  }

  void render_fields(const std::string& block) {
    auto* at = reinterpret_cast<const std::uint8_t*>(block.data());
    std::size_t left = block.size();
    while (true) {
      nghttp2_nv pair;
      int flags = 0;
      const auto used = nghttp2_hd_inflate_hd2(inflater_, &pair, &flags, at, left, 1);
      if (used < 0) break;
      at += used;
      left -= static_cast<std::size_t>(used);
      if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
        out_ += ' ';
        out_.append(reinterpret_cast<const char*>(pair.name), pair.namelen) += '=';
        out_.append(reinterpret_cast<const char*>(pair.value), pair.valuelen);
      }
      if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) {
        nghttp2_hd_inflate_end_headers(inflater_);
        break;
      }
      if ((flags & NGHTTP2_HD_INFLATE_EMIT) == 0 && left == 0) break;
    }
  }

  bool render_message() {
    MutableBytes input(reinterpret_cast<std::byte*>(received_.data()), received_.size());
    const websocket::Event event = engine_.next(input);
    using Kind = websocket::Event::Kind;
    const bool text = event.message_kind == websocket::MessageKind::text;
    switch (event.kind) {
      case Kind::need_more: break;
      case Kind::message:
        out_ += std::string("<ws ") + (text ? "text " : "binary ") + quote(as_text(event.payload)) + '\n';
        break;
      case Kind::ping: out_ += "<ws ping " + quote(as_text(event.payload)) + '\n'; break;
      case Kind::pong: out_ += "<ws pong " + quote(as_text(event.payload)) + '\n'; break;
      case Kind::close: {
        out_ += "<ws close " + std::to_string(event.code) + ' ' + quote(as_text(event.payload)) + '\n';
        break;
      }
      case Kind::error: out_ += "<ws broken: " + std::string(sentence(event.why)) + '\n'; break;
    }
    received_.erase(0, received_.size() - input.size());
    return event.kind != Kind::need_more;
  }

  enum class Mode { lines, h2, ws };

  MemoryServer server_{[] { return std::make_unique<Detect>(); }};
  std::optional<MemoryPeer> client_;
  websocket::Engine engine_{websocket::Role::client, websocket::EngineOptions{}};
  nghttp2_hd_deflater* deflater_ = nullptr;
  nghttp2_hd_inflater* inflater_ = nullptr;
  std::string out_;
  std::string pending_;
  std::string received_;
  Mode mode_ = Mode::lines;
  Mode next_ = Mode::lines;
  bool switching_ = false;
  bool awaiting_ = false;
  bool closed_ = false;
  bool lenient_ = false;
};

}  // namespace

std::string play(std::string_view script) {
  return Player().play(script);
}

}  // namespace turnout
