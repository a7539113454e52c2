#include "codec/websocket/connection.h"

#include <algorithm>
#include <cstring>

#include "codec/websocket/mask_key.h"

namespace turnout::websocket {
namespace {

constexpr std::size_t close_code_bytes = 2;

Opcode opcode_of(MessageKind kind) noexcept {
  return kind == MessageKind::text ? Opcode::text : Opcode::binary;
}

/// At most `bytes_max` bytes of the text, never half a character.
std::string_view cut(std::string_view text, std::size_t bytes_max) noexcept {
  if (text.size() <= bytes_max) return text;
  std::size_t size = bytes_max;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return text.substr(0, size);
}

Why why_of(FrameFault fault) noexcept {
  const bool masking = fault == FrameFault::mask_missing || fault == FrameFault::mask_unexpected;
  return masking ? Why::websocket_masking : Why::websocket_frame;
}

}  // namespace

Engine::Engine(Role role, const EngineOptions& options)
    : message_bytes_max_(options.message_bytes_max),
      compress_bytes_min_(options.compress_bytes_min),
      fragments_max_(options.fragments_max),
      deflate_(options.deflate.value_or(Deflate())),
      compression_level_(options.compression_level),
      role_(role),
      compression_(options.deflate.has_value()) {}

bool Engine::idle() const noexcept {
  return !in_frame_ && !in_message_ && !delivered_ && header_have_ == 0 && ping_ == nullptr && inflater_ == nullptr &&
         deflater_ == nullptr && !ended_ && !close_sent_;
}

Event Engine::next(MutableBytes& input) {
  if (delivered_) {
    delivered_ = false;
    // A control frame comes between the fragments of a message; what was collected of that has to stay.
    if (!in_message_) message_.release();
    control_.reset();
  }
  while (!ended_) {
    if (!in_frame_) {
      FrameFault fault = FrameFault::incomplete;
      if (!read_header(input, fault)) {
        if (fault == FrameFault::incomplete) return {};
        return error(CloseCode::protocol_error, why_of(fault));
      }
      const Event refused = begin_frame();
      if (refused.kind != Event::Kind::need_more) return refused;
    }
    const Event event = is_control(frame_.opcode) ? take_control(input) : take_data(input);
    if (event.kind != Event::Kind::need_more || in_frame_) return event;
  }
  // Nothing is delivered after a close (RFC 6455 section 1.4) or a fault (section 7.1.7).
  input = {};
  return {};
}

bool Engine::read_header(MutableBytes& input, FrameFault& fault) noexcept {
  const FrameRules rules{.masked = role_ == Role::server, .rsv1_allowed = compression_};
  if (header_have_ == 0) {
    const auto header = decode_frame_header(input, rules);
    if (header) {
      frame_ = *header;
      input = input.subspan(header->header_bytes);
      return true;
    }
    fault = header.error();
    if (fault != FrameFault::incomplete) return false;
  }
  // Cut off by the end of a read: kept here, so that the caller has nothing to keep.
  while (!input.empty()) {
    header_bytes_[header_have_++] = input.front();
    input = input.subspan(1);
    const auto header = decode_frame_header(Bytes(header_bytes_).first(header_have_), rules);
    if (header) {
      frame_ = *header;
      header_have_ = 0;
      return true;
    }
    fault = header.error();
    if (fault != FrameFault::incomplete) return false;
  }
  fault = FrameFault::incomplete;
  return false;
}

/// What a header means where it stands; need_more if it may stay.
Event Engine::begin_frame() {
  in_frame_ = true;
  frame_taken_ = 0;
  if (is_control(frame_.opcode)) return {};
  const bool continues = frame_.opcode == Opcode::continuation;
  // RFC 6455 section 5.4: a continuation needs a message to continue, and messages do not interleave.
  if (continues != in_message_) return error(CloseCode::protocol_error, Why::websocket_frame);
  if (!continues) {
    in_message_ = true;
    message_kind_ = frame_.opcode == Opcode::text ? MessageKind::text : MessageKind::binary;
    compressed_ = frame_.rsv1;
    utf8_.reset();
    fragments_ = 0;
    message_wire_bytes_ = 0;
  }
  // Each fragment costs us more than its peer, even an empty one (W4). The message itself may be short, so that
  // 1008 (policy) says it better than 1009 (too big).
  if (++fragments_ > fragments_max_) return error(CloseCode::policy_violation, Why::websocket_fragments);
  // The declared length is compared before any of the payload is taken (W6). The sum never exceeds the limit, so
  // that the subtraction cannot wrap.
  if (frame_.payload_bytes > wire_bytes_max() - message_wire_bytes_) {
    return error(CloseCode::message_too_big, Why::message_too_large);
  }
  message_wire_bytes_ += frame_.payload_bytes;
  return {};
}

/// What does not compress grows: by the headers of stored blocks (RFC 1951 section 3.2.4), and at each flush. No
/// setting of zlib adds more than an eighth.
std::uint64_t Engine::wire_bytes_max() const noexcept {
  const std::uint64_t bytes_max = message_bytes_max_;
  return compressed_ ? bytes_max + bytes_max / 8 + 64 : bytes_max;
}

MutableBytes Engine::take_payload(MutableBytes& input) noexcept {
  const std::uint64_t left = frame_.payload_bytes - frame_taken_;
  const std::size_t n = left < input.size() ? static_cast<std::size_t>(left) : input.size();
  const MutableBytes piece = input.first(n);
  input = input.subspan(n);
  if (frame_.masked) apply_mask(piece, frame_.mask, frame_taken_);
  frame_taken_ += n;
  return piece;
}

Event Engine::take_control(MutableBytes& input) {
  const MutableBytes piece = take_payload(input);
  const bool ends = frame_taken_ == frame_.payload_bytes;
  if (ends && piece.size() == frame_.payload_bytes) {
    in_frame_ = false;
    return finish_control(piece);
  }
  if (control_ == nullptr) control_ = std::make_unique<Control>();
  control_->size +=
      static_cast<std::uint8_t>(copy_some(MutableBytes(control_->payload).subspan(control_->size), piece));
  if (!ends) return {};
  in_frame_ = false;
  delivered_ = true;
  return finish_control(control_->bytes());
}

Event Engine::finish_control(Bytes payload) {
  if (frame_.opcode == Opcode::close) return finish_close(payload);
  if (frame_.opcode == Opcode::pong) return {.kind = Event::Kind::pong, .payload = payload};
  // The answer replaces one that is still due (RFC 6455 section 5.5.3).
  if (!close_sent_) {
    if (ping_ == nullptr) ping_ = std::make_unique<Control>();
    ping_->size = static_cast<std::uint8_t>(copy_some(ping_->payload, payload));
  }
  return {.kind = Event::Kind::ping, .payload = payload};
}

Event Engine::finish_close(Bytes payload) {
  if (payload.empty()) {
    ended_ = true;
    ping_.reset();
    return {.kind = Event::Kind::close, .code = static_cast<std::uint16_t>(CloseCode::no_status)};
  }
  // RFC 6455 section 5.5.1: a body begins with a code of two bytes ...
  if (payload.size() < close_code_bytes) return error(CloseCode::protocol_error, Why::websocket_close);
  const auto code =
      static_cast<std::uint16_t>(std::to_integer<unsigned>(payload[0]) << 8 | std::to_integer<unsigned>(payload[1]));
  // ... that is among those of section 7.4 ...
  if (!is_sendable(code)) return error(CloseCode::protocol_error, Why::websocket_close);
  // ... and goes on with a reason in UTF-8.
  const Bytes reason = payload.subspan(close_code_bytes);
  if (!is_utf8(reason)) return error(CloseCode::invalid_payload, Why::websocket_utf8);
  ended_ = true;
  ping_.reset();  // section 5.5.2: no pong is due after a close
  return {.kind = Event::Kind::close, .code = code, .payload = reason};
}

Event Engine::take_data(MutableBytes& input) {
  const bool starts = frame_taken_ == 0;
  const MutableBytes piece = take_payload(input);
  const bool frame_ends = frame_taken_ == frame_.payload_bytes;
  if (piece.empty() && !frame_ends) return {};
  const bool message_ends = frame_ends && frame_.fin;
  if (frame_ends) in_frame_ = false;
  const bool text = message_kind_ == MessageKind::text;

  if (compressed_) {
    const bool server = role_ == Role::server;
    if (inflater_ == nullptr) {
      inflater_ =
          std::make_unique<Inflater>(server ? deflate_.client_max_window_bits : deflate_.server_max_window_bits);
    }
    const std::size_t before = message_.size();
    const Why why = inflater_->add(piece, message_ends, message_, message_bytes_max_);
    if (text && !utf8_.feed(std::as_const(message_).bytes().subspan(before))) {
      return error(CloseCode::invalid_payload, Why::websocket_utf8);
    }
    if (why == Why::message_too_large) return error(CloseCode::message_too_big, why);
    if (why == Why::internal) return error(CloseCode::internal_error, why);
    // RFC 7692 names no code for it; 1007 is for data that are not what the message claims to hold.
    if (why != Why::none) return error(CloseCode::invalid_payload, why);
    if (message_ends) {
      inflater_->end_message();
      if (server ? deflate_.client_no_context_takeover : deflate_.server_no_context_takeover) inflater_.reset();
      return finish_message(std::as_const(message_).bytes());
    }
    return {};
  }

  if (text && !utf8_.feed(piece)) return error(CloseCode::invalid_payload, Why::websocket_utf8);
  // Whole, in one frame and in one read: no copy, no allocation.
  if (message_ends && starts && fragments_ == 1) return finish_message(piece);
  // What was declared bounds the growth; nothing is reserved for bytes that have not come (W6).
  message_.append(piece, static_cast<std::size_t>(frame_.fin ? message_wire_bytes_ : message_bytes_max_));
  return message_ends ? finish_message(std::as_const(message_).bytes()) : Event{};
}

Event Engine::finish_message(Bytes payload) {
  in_message_ = false;
  if (message_kind_ == MessageKind::text && !utf8_.complete()) {
    return error(CloseCode::invalid_payload, Why::websocket_utf8);
  }
  delivered_ = true;
  return {.kind = Event::Kind::message, .message_kind = message_kind_, .payload = payload};
}

Event Engine::error(CloseCode code, Why why) {
  ended_ = true;
  in_message_ = false;
  message_.release();
  control_.reset();
  ping_.reset();
  inflater_.reset();
  return {.kind = Event::Kind::error, .code = static_cast<std::uint16_t>(code), .why = why};
}

void Engine::append_frame(FrameHeader header, Bytes payload, Buffer& out) {
  header.masked = role_ == Role::client;
  header.payload_bytes = payload.size();
  if (header.masked) header.mask = next_mask_key();
  std::array<std::byte, frame_header_bytes_max> bytes;
  const std::size_t header_bytes = encode_frame_header(header, bytes);
  out.room(header_bytes + payload.size());
  out.append(Bytes(bytes).first(header_bytes));
  out.append(payload);
  if (header.masked) apply_mask(out.bytes().last(payload.size()), header.mask, 0);
}

/// False, and nothing is appended, where compression does not make the message smaller.
bool Engine::append_compressed(FrameHeader header, Bytes payload, Buffer& out) {
  const bool server = role_ == Role::server;
  if (deflater_ == nullptr) {
    deflater_ = std::make_unique<Deflater>(server ? deflate_.server_max_window_bits : deflate_.client_max_window_bits,
                                           compression_level_);
  }
  // The header's size depends on the result's, so that room for the longest goes first.
  const std::size_t start = out.size();
  out.room(frame_header_bytes_max);
  out.commit(frame_header_bytes_max);
  const auto squeezed = deflater_->squeeze(payload, out);
  if (server ? deflate_.server_no_context_takeover : deflate_.client_no_context_takeover) deflater_.reset();
  if (!squeezed) {
    out.truncate(start);
    return false;
  }
  header.rsv1 = true;
  header.masked = !server;
  header.payload_bytes = *squeezed;
  if (header.masked) header.mask = next_mask_key();
  const MutableBytes frame = out.bytes().subspan(start);
  if (header.masked) apply_mask(frame.subspan(frame_header_bytes_max), header.mask, 0);
  std::array<std::byte, frame_header_bytes_max> bytes;
  const std::size_t header_bytes = encode_frame_header(header, bytes);
  std::memcpy(frame.data(), bytes.data(), header_bytes);
  std::memmove(frame.data() + header_bytes, frame.data() + frame_header_bytes_max, *squeezed);
  out.truncate(start + header_bytes + *squeezed);
  return true;
}

bool Engine::encode_message(MessageKind kind, Bytes payload, Buffer& out) {
  if (close_sent_) return false;
  FrameHeader header;
  header.opcode = opcode_of(kind);
  const bool worth_it = compression_ && !payload.empty() && payload.size() >= compress_bytes_min_;
  if (!worth_it || !append_compressed(header, payload, out)) append_frame(header, payload, out);
  return true;
}

bool Engine::encode_ping(Bytes payload, Buffer& out) {
  if (close_sent_ || payload.size() > control_payload_bytes_max) return false;
  FrameHeader header;
  header.opcode = Opcode::ping;
  append_frame(header, payload, out);
  return true;
}

bool Engine::encode_pong(Bytes payload, Buffer& out) {
  if (close_sent_ || payload.size() > control_payload_bytes_max) return false;
  FrameHeader header;
  header.opcode = Opcode::pong;
  append_frame(header, payload, out);
  return true;
}

bool Engine::encode_close(std::uint16_t code, std::string_view reason, Buffer& out) {
  if (close_sent_) return false;
  std::array<std::byte, control_payload_bytes_max> payload;
  std::size_t size = 0;
  if (is_sendable(code)) {
    payload[0] = static_cast<std::byte>(code >> 8);
    payload[1] = static_cast<std::byte>(code & 0xFF);
    const std::string_view text = cut(reason, payload.size() - close_code_bytes);
    size = close_code_bytes + copy_some(MutableBytes(payload).subspan(close_code_bytes), as_bytes(text));
  }
  FrameHeader header;
  header.opcode = Opcode::close;
  append_frame(header, Bytes(payload).first(size), out);
  close_sent_ = true;
  ping_.reset();
  deflater_.reset();
  return true;
}

bool Engine::take_pong(Buffer& out) {
  if (ping_ == nullptr) return false;
  const std::unique_ptr<Control> ping = std::move(ping_);
  return encode_pong(ping->bytes(), out);
}

}  // namespace turnout::websocket
