// OpenFiles: the files that a worker holds open, so that one that is asked for again and again is opened once a second
// and not once for each request.
//
//   const OpenFiles::Found found = OpenFiles::of(worker).find(root, "guide/start.html");
//   if (found) exchange.respond(head, as_bytes((*found)->content));
//
// A file that was replaced, removed or locked under its name is noticed within `trust_ms`. What is in memory is small,
// and it is what the file held when its facts were read: tag, length and content belong together. A file that is not in
// memory is asked for its facts each time, so that one that is written in place is seen to have changed at once.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <list>
#include <memory>
#include <string_view>
#include <unordered_map>

#include "base/pool.h"
#include "base/siphash.h"
#include "codec/http/fields.h"
#include "handlers/root_folder.h"
#include "runtime/worker.h"

namespace turnout {

/// A file and what is said about it in the head of an answer.
struct OpenFile : Pooled {
  RootFolder::File file;
  std::string_view media_type;
  PooledString entity_tag;
  std::chrono::sys_seconds modified{};
  FieldList fields;        // of an answer with all of it
  bool in_memory = false;  // and then all of it is
  PooledString content;
};

class OpenFiles final : public WorkerLocal {
 public:
  using Found = std::expected<std::shared_ptr<const OpenFile>, RootFolder::Failure>;

  static constexpr std::uint64_t trust_ms = 1'000;
  static constexpr std::uint64_t unused_ms_max =
      10'000;  // then it is closed: a file that was deleted takes up its disk
  static constexpr std::size_t files_max = 256;
  /// What is not longer is kept in memory, and goes out in one write together with the head.
  static constexpr std::uint64_t in_memory_bytes_max = 16 * 1024;

  static OpenFiles& of(Worker& worker);
  explicit OpenFiles(Worker& worker);

  /// `path` as in RootFolder::open_file(). Whoever holds the result holds the file open.
  Found find(const RootFolder& root, std::string_view path);
  std::size_t size() const noexcept { return files_.size(); }

  Task<void> stop() override;

 private:
  struct Key {
    std::uint64_t root;
    std::string_view path;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Hash {
    SipKey key;
    std::size_t operator()(const Key& of) const noexcept { return siphash({key.first ^ of.root, key.second}, of.path); }
  };
  struct Entry {
    std::uint64_t root;
    PooledString path;
    std::shared_ptr<const OpenFile> file;
    bool is_settled = false;
    std::uint64_t checked_ms = 0;
    std::uint64_t used_ms = 0;

    Key key() const noexcept { return {root, path}; }
  };
  using Entries = std::list<Entry, PoolAllocator<Entry>>;
  struct Expiry : Timer {
    explicit Expiry(OpenFiles& owner) noexcept
        : Timer([](Timer& timer) noexcept { static_cast<Expiry&>(timer).files.close_unused(); }), files(owner) {}
    OpenFiles& files;
  };

  Found open(const RootFolder& root, std::string_view path, Entries::iterator known);
  void drop(Entries::iterator entry) noexcept;
  void close_unused() noexcept;

  Worker& worker_;
  Entries entries_;  // the one that was used last is the first
  std::unordered_map<Key, Entries::iterator, Hash> files_;
  Expiry expiry_;
};

}  // namespace turnout
