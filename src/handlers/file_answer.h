// FileAnswer: what is answered to a request for a file that is there: head, and the parts of the file behind it.
// Decided before the first byte is sent, from the request and the facts about the file.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/pool.h"
#include "codec/http/byte_range.h"
#include "codec/http/message.h"
#include "handlers/open_files.h"

namespace turnout {

struct FileAnswer {
  ResponseHead head;
  RangeChoice choice;           // kind whole: as parts() there is one range, or none of an empty file
  PooledString boundary;        // of multipart/byteranges; else empty
  std::string_view media_type;  // of the file
  std::uint64_t file_size = 0;
  bool has_file = false;  // else the answer is the head and `text`
  std::string_view text;

  /// What stands before a part of multipart/byteranges, and behind the last one.
  PooledString part_head(const ByteRange& range) const;
  PooledString end() const;
  /// Of the whole content.
  std::uint64_t length() const;
};

/// `wall_ms`: now.
FileAnswer answer_with_file(const RequestHead& request, const OpenFile& file, std::int64_t wall_ms);

}  // namespace turnout
