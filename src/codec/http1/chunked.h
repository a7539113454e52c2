// The chunked transfer coding (RFC 9112 section 7.1), strictly, without copying what it carries.
//
//   ChunkedDecoder decoder(limits);
//   while (true) {
//     auto step = decoder.step(wire.peek());
//     use(step.data);                                   // a view into what was peeked; empty but for State::data
//     wire.consume(step.consumed);
//     if (step.state == ChunkedDecoder::State::done) break;          // decoder.trailers()
//     if (step.state == ChunkedDecoder::State::error) return answer(decoder.error());
//     if (step.state == ChunkedDecoder::State::more) co_await wire.fill();
//   }
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/pool.h"
#include "codec/http/fields.h"
#include "codec/http1/head_error.h"

namespace turnout {

class ChunkedDecoder {
 public:
  enum class State : std::uint8_t {
    more,   // all that was given is used up, and the body goes on
    data,   // `data` is not empty; call again with what is behind `consumed`
    done,   // the body ended at `consumed`; what is behind belongs to the next message
    error,  // and so does every later step
  };
  struct Step {
    std::size_t consumed = 0;
    Bytes data;
    State state = State::more;
  };

  explicit ChunkedDecoder(const Limits& limits) noexcept;

  Step step(Bytes in);

  const HeadError& error() const noexcept { return error_; }

  /// Complete once the state is done. Fields that steer framing, routing, authentication or the meaning of the
  /// content are not in it: nobody may smuggle those in behind a body (RFC 9110 section 6.5.1, class S7).
  const FieldList& trailers() const noexcept { return trailers_; }

 private:
  enum class At : std::uint8_t {
    size_first,
    size,
    extension_name_first,
    extension_name,
    extension_value_first,
    extension_value,
    extension_quoted,
    extension_escaped,
    extension_quoted_end,
    size_line_feed,
    data,
    data_cr,
    data_line_feed,
    trailer,
    done,
    failed,
  };

  void size_line_byte(char c);
  bool count_extension_byte();
  void extension_byte(char c);
  void end_of_extension_part(char c);
  std::size_t trailer_bytes(std::string_view in);
  void trailer_line();
  void fail(HeadError error) noexcept;

  std::uint64_t size_ = 0;  // of the chunk: while it is read, then what is left of it
  std::size_t extension_bytes_left_;
  std::size_t trailer_bytes_left_;
  std::size_t trailers_left_;
  PooledString line_;  // a trailer line that is not complete
  FieldList trailers_;
  HeadError error_;
  std::uint8_t digits_ = 0;
  At at_ = At::size_first;
};

/// True for a field that is discarded where it comes as a trailer.
bool is_forbidden_trailer(std::string_view name) noexcept;

inline constexpr std::size_t chunk_head_bytes_max = 18;  // 16 digits, CR LF
inline constexpr std::string_view chunk_end = "\r\n";    // behind the data of each chunk

/// The line before a chunk of `size` bytes, at the start of `buffer`. A size of 0 would end the body: that is
/// append_last_chunk's work.
std::string_view write_chunk_head(std::span<char, chunk_head_bytes_max> buffer, std::uint64_t size) noexcept;

/// Ends a body. False where a trailer had to be left out because it could not be sent safely.
bool append_last_chunk(PooledString& out, const FieldList& trailers);

}  // namespace turnout
