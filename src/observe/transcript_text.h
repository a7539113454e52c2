// Transcripts as text: JSON, one object a line (docs/transcript.schema.json), or for a person.
//
//   append_json(entry, line);      // {"version":1,"kept":"declined","time":"2026-11-23T21:50:00.123Z",...}
//   append_text(entry, out);       // several lines, with what the reasons mean
//
// No byte of a client ends a line, is a control character or moves a terminal's cursor (O4).
#pragma once

#include <string>

#include "observe/transcript_entry.h"

namespace turnout {

inline constexpr int transcript_json_version = 1;

void append_json(const TranscriptEntry& entry, std::string& out);
void append_text(const TranscriptEntry& entry, std::string& out);

}  // namespace turnout
