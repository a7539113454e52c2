// Transcripts: those that the workers remember, as an operator asks for them.
//
//   auto query = TranscriptQuery::parse("outcome=declined&recent=1");
//   auto list = co_await list_transcripts(asking, *query);
//   transcripts_as_text(list)
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "admin/gather.h"
#include "observe/transcript_entry.h"

namespace turnout {

struct TranscriptQuery {
  TranscriptFilter filter;
  bool recent_too = false;  // not only those that are kept

  /// Of the query of a URL. The error is a sentence.
  static std::expected<TranscriptQuery, std::string> parse(std::string_view query);
};

struct TranscriptList {
  std::vector<TranscriptEntry> entries;  // the oldest first
  std::size_t late = 0;                  // workers that did not answer
};

Task<TranscriptList> list_transcripts(Asking asking, TranscriptQuery query);

std::string transcripts_as_json(const TranscriptList& list);
std::string transcripts_as_text(const TranscriptList& list);

}  // namespace turnout
