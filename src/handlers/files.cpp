#include "handlers/files.h"

#include <unistd.h>

#include <cerrno>

#include "codec/http/path.h"
#include "handlers/file_answer.h"
#include "handlers/open_files.h"
#include "handlers/refusals.h"
#include "switching/session.h"

namespace turnout {
namespace {

constexpr std::string_view bad_path = "400 Bad Request\n\nThe path cannot be understood.\n";
constexpr std::string_view not_found = "404 Not Found\n\nThere is nothing at this path.\n";
constexpr std::string_view not_permitted = "403 Forbidden\n\nThe server may not read this file.\n";
constexpr std::string_view moved = "301 Moved Permanently\n\nThis is a folder: its name ends with a slash.\n";
constexpr std::string_view exhausted =
    "503 Service Unavailable\n\nThe server has too many files open. Try again in a moment.\n";
constexpr std::string_view failed = "500 Internal Server Error\n\nThe file could not be read.\n";

bool is_hidden(std::string_view path) noexcept {
  return path.starts_with('.') || path.find("/.") != std::string_view::npos;
}

/// The name of the folder with its slash, relative to where the client is: no host and no scheme can come into it,
/// whatever the path looks like.
PooledString with_slash(const RequestHead& request) {
  const std::string_view target = request.target;
  const std::string_view path = request.path();
  PooledString location = "./";
  location.append(path.substr(path.rfind('/') + 1)).push_back('/');
  return location.append(target.substr(path.size()));
}

Task<Result<void>> refuse(Exchange& exchange, RootFolder::Failure failure) {
  switch (failure) {
    case RootFolder::Failure::not_permitted: return exchange.respond(403, not_permitted);
    case RootFolder::Failure::exhausted: return exchange.respond(503, exhausted);
    case RootFolder::Failure::failed: return exchange.respond(500, failed);
    case RootFolder::Failure::is_folder: {
      ResponseHead head(301);
      head.fields.add("Location", with_slash(exchange.request()));
      head.fields.add("Content-Type", "text/plain; charset=utf-8");
      return exchange.respond(std::move(head), as_bytes(moved));
    }
    case RootFolder::Failure::not_found: break;
  }
  return exchange.respond(404, not_found);
}

/// Puts a part of the file behind `text`; false where the file ends before it does.
bool append_part(PooledString& text, const OpenFile& file, const ByteRange& range) {
  const auto first = static_cast<std::size_t>(range.first);
  const auto size = static_cast<std::size_t>(range.size);
  if (file.in_memory) {
    text.append(file.content, first, size);
    return true;
  }
  const std::size_t before = text.size();
  text.resize(before + size);
  std::size_t at = 0;
  while (at != size) {
    const ssize_t n =
        ::pread(file.file.descriptor.get(), text.data() + before + at, size - at, static_cast<off_t>(range.first + at));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += static_cast<std::size_t>(n);
  }
  return true;
}

/// Parts of a file all at once, where that is little.
Task<Result<void>> send_small_parts(Exchange& exchange, FileAnswer answer, const OpenFile& file) {
  PooledString content;
  for (const ByteRange& range : answer.choice.parts()) {
    content += answer.part_head(range);
    if (!append_part(content, file, range)) co_return co_await exchange.respond(500, failed);
  }
  content += answer.end();
  co_return co_await exchange.respond(std::move(answer.head), as_bytes(content));
}

/// A file that has become shorter by now ends the exchange within: no handler can make up for what was promised.
Task<void> send_parts(Exchange& exchange, FileAnswer answer, const OpenFile& file) {
  const std::uint64_t length = answer.length();
  const Result<void> started = co_await exchange.start(std::move(answer.head), length);
  if (!started) co_return;
  if (exchange.request().method != "HEAD") {
    for (const ByteRange& range : answer.choice.parts()) {
      const PooledString before = answer.part_head(range);
      if (!before.empty()) {
        const Result<void> written = co_await exchange.write(as_bytes(before));
        if (!written) co_return;
      }
      const Result<void> sent = co_await exchange.send_file(file.file.descriptor.get(), range.first, range.size);
      if (!sent) co_return;
    }
    const PooledString end = answer.end();
    if (!end.empty()) {
      const Result<void> written = co_await exchange.write(as_bytes(end));
      if (!written) co_return;
    }
  }
  (void)co_await exchange.finish();
}

}  // namespace

std::expected<std::unique_ptr<Files>, std::string> Files::open(const std::string& root, std::string prefix) {
  auto folder = RootFolder::open(root);
  if (!folder) return std::unexpected(std::move(folder.error()));
  return std::make_unique<Files>(std::move(*folder), std::move(prefix));
}

Task<void> Files::serve(Exchange& exchange) const {
  const RequestHead& request = exchange.request();
  if (request.method != "GET" && request.method != "HEAD") {
    co_await refuse_method(exchange, "GET, HEAD, OPTIONS");
    co_return;
  }
  PooledString storage;
  const Result<std::string_view> normal = normalise_path(request.path(), storage);
  if (!normal) {
    (void)co_await exchange.respond(400, bad_path);
    co_return;
  }
  std::string_view path = *normal;
  const bool is_below = path.starts_with(prefix_);
  if (is_below) path.remove_prefix(prefix_.size());
  if (!is_below || is_hidden(path) || (!path.empty() && path.front() != '/')) {
    (void)co_await exchange.respond(404, not_found);
    co_return;
  }
  PooledString index;
  std::string_view name = path;
  if (path.ends_with('/')) name = index.append(path).append("index.html");
  const OpenFiles::Found found = OpenFiles::of(exchange.session().worker()).find(root_, name);
  if (!found) {
    // A folder that is called index.html has no name to be redirected to.
    const bool is_index = found.error() == RootFolder::Failure::is_folder && path.ends_with('/');
    (void)co_await refuse(exchange, is_index ? RootFolder::Failure::not_found : found.error());
    co_return;
  }
  const OpenFile& file = **found;
  FileAnswer answer = answer_with_file(request, file, exchange.session().worker().wall_ms());
  if (!answer.has_file) {
    const std::string_view text = answer.text;
    (void)co_await exchange.respond(std::move(answer.head), as_bytes(text));
  } else if (file.in_memory && answer.choice.kind == RangeChoice::Kind::whole) {
    (void)co_await exchange.respond(std::move(answer.head), as_bytes(file.content));
  } else if (request.method == "GET" && answer.length() <= OpenFiles::in_memory_bytes_max) {
    (void)co_await send_small_parts(exchange, std::move(answer), file);
  } else {
    co_await send_parts(exchange, std::move(answer), file);
  }
}

}  // namespace turnout
