#include "handlers/open_files.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/bytes.h"
#include "codec/http/date.h"
#include "codec/http/media_type.h"

namespace turnout {
namespace {

using std::chrono::sys_seconds;

/// Strong (RFC 9110 section 8.8.1), as far as the file system's clock can tell two writes of the same length apart.
/// A hash of size, time and inode, so that nobody reads inode numbers off it.
PooledString entity_tag(const struct stat& status) {
  const std::array<std::uint64_t, 4> facts = {
      static_cast<std::uint64_t>(status.st_size), static_cast<std::uint64_t>(status.st_mtim.tv_sec),
      static_cast<std::uint64_t>(status.st_mtim.tv_nsec), static_cast<std::uint64_t>(status.st_ino)};
  // A fixed key: the tag of a file is the same in every worker and after a restart.
  constexpr SipKey key{0x7475726e6f757421, 0x656e746974792d74};
  const std::uint64_t hash = siphash(key, as_text(Bytes(std::as_bytes(std::span(facts)))));
  PooledString tag = "\"";
  for (int shift = 60; shift >= 0; shift -= 4) tag.push_back("0123456789abcdef"[hash >> shift & 15]);
  tag.push_back('"');
  return tag;
}

bool is_same(const timespec& a, const timespec& b) noexcept {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool is_same(const struct stat& a, const struct stat& b) noexcept {
  return a.st_ino == b.st_ino && a.st_dev == b.st_dev && a.st_size == b.st_size && is_same(a.st_mtim, b.st_mtim) &&
         is_same(a.st_ctim, b.st_ctim);
}

/// False where the file may be written once more without its times telling: clocks of file systems are coarse, some
/// count in pairs of seconds.
bool is_settled(const struct stat& status, std::int64_t wall_ms) noexcept {
  return std::max(status.st_mtim.tv_sec, status.st_ctim.tv_sec) < wall_ms / 1000 - 2;
}

/// False where the file ends before that.
bool read_whole(int file, PooledString& content, std::size_t size) {
  bool is_whole = true;
  content.resize_and_overwrite(size, [&](char* data, std::size_t) {
    std::size_t at = 0;
    while (at != size) {
      const ssize_t n = ::pread(file, data + at, size - at, static_cast<off_t>(at));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) break;
      at += static_cast<std::size_t>(n);
    }
    is_whole = at == size;
    return at;
  });
  return is_whole;
}

OpenFiles::Found describe(RootFolder::File file, std::string_view path, std::int64_t wall_ms) {
  auto made = std::make_shared<OpenFile>();
  if (file.size() <= OpenFiles::in_memory_bytes_max) {
    if (!read_whole(file.descriptor.get(), made->content, static_cast<std::size_t>(file.size()))) {
      return std::unexpected(RootFolder::Failure::failed);
    }
    made->in_memory = true;
  }
  const struct stat& status = file.status;
  made->media_type = media_type_of(path);
  made->entity_tag = entity_tag(status);
  // RFC 9110 section 8.8.2.1: never later than the Date of the answer.
  const sys_seconds now{std::chrono::seconds(wall_ms / 1000)};
  made->modified = std::min(sys_seconds(std::chrono::seconds(status.st_mtim.tv_sec)), now);
  made->fields.add("Content-Type", made->media_type);
  made->fields.add("Last-Modified", as_text(format_date(made->modified)));
  made->fields.add("ETag", made->entity_tag);
  made->fields.add("Accept-Ranges", "bytes");
  made->fields.add("X-Content-Type-Options", "nosniff");
  made->file = std::move(file);
  return made;
}

}  // namespace

OpenFiles& OpenFiles::of(Worker& worker) {
  static constexpr char key = 0;
  return worker.local<OpenFiles>(&key, [&] { return std::make_unique<OpenFiles>(worker); });
}

OpenFiles::OpenFiles(Worker& worker) : worker_(worker), files_(0, Hash{SipKey::random()}), expiry_(*this) {}

OpenFiles::Found OpenFiles::find(const RootFolder& root, std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  const auto found = files_.find(Key{root.id(), path});
  if (found == files_.end()) return open(root, path, entries_.end());
  const Entries::iterator entry = found->second;
  const std::uint64_t now_ms = worker_.now_ms();
  if (now_ms - entry->checked_ms >= trust_ms) return open(root, path, entry);
  if (!entry->file->in_memory) {
    struct stat status{};
    const bool is_as_before =
        ::fstat(entry->file->file.descriptor.get(), &status) == 0 && is_same(status, entry->file->file.status);
    if (!is_as_before) return open(root, path, entry);
  }
  entry->used_ms = now_ms;
  entries_.splice(entries_.begin(), entries_, entry);
  return entry->file;
}

// `known`: the entry of that path, or the end of the list.
OpenFiles::Found OpenFiles::open(const RootFolder& root, std::string_view path, Entries::iterator known) {
  auto opened = root.open_file(path);
  if (!opened && opened.error() == RootFolder::Failure::exhausted && !entries_.empty()) {
    // What is only kept in case it is needed shall not stand in the way of what is needed.
    entries_.clear();
    files_.clear();
    known = entries_.end();
    opened = root.open_file(path);
  }
  if (!opened) {
    if (known != entries_.end()) drop(known);
    return std::unexpected(opened.error());
  }
  const std::uint64_t now_ms = worker_.now_ms();
  const bool is_known = known != entries_.end();
  if (!is_known || !known->is_settled || !is_same(opened->status, known->file->file.status)) {
    const bool settled = is_settled(opened->status, worker_.wall_ms());
    Found described = describe(std::move(*opened), path, worker_.wall_ms());
    if (!described) {
      if (is_known) drop(known);
      return described;
    }
    if (!is_known) {
      if (entries_.size() >= files_max) drop(std::prev(entries_.end()));
      entries_.push_front({.root = root.id(), .path = PooledString(path), .file = nullptr});
      known = entries_.begin();
      files_.emplace(known->key(), known);
    }
    known->file = std::move(*described);
    known->is_settled = settled;
  }
  known->checked_ms = known->used_ms = now_ms;
  entries_.splice(entries_.begin(), entries_, known);
  if (!expiry_.is_set()) worker_.set_timer(expiry_, Millis(unused_ms_max));
  return known->file;
}

void OpenFiles::drop(Entries::iterator entry) noexcept {
  files_.erase(entry->key());
  entries_.erase(entry);
}

void OpenFiles::close_unused() noexcept {
  while (!entries_.empty() && worker_.now_ms() - entries_.back().used_ms >= unused_ms_max) {
    drop(std::prev(entries_.end()));
  }
  if (entries_.empty()) return;
  const std::uint64_t due_ms = entries_.back().used_ms + unused_ms_max;
  worker_.set_timer(expiry_, Millis(due_ms - worker_.now_ms()));
}

Task<void> OpenFiles::stop() {
  worker_.wheel().clear(expiry_);
  files_.clear();
  entries_.clear();
  co_return;
}

}  // namespace turnout
