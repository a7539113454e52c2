// RootFolder: opens files below one folder, and nothing outside it, whatever the path and whatever links lie on it.
//
//   auto root = RootFolder::open("/srv/docs");
//   auto file = root->open_file("guide/start.html");       // a path out of normalise_path(), without its first slash
//   if (!file && file.error() == RootFolder::Failure::is_folder) ...
//
// The kernel keeps the bounds (openat2 with RESOLVE_BENEATH): links that stay below the folder are followed; absolute
// ones, and those that lead out, are not found. A kernel without openat2 follows no links at all. The folder is the
// one that was there when it was opened: replacing it under its name takes effect with the next start.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "base/descriptor.h"

namespace turnout {

class RootFolder {
 public:
  enum class Failure : std::uint8_t {
    not_found,      // or no regular file, or a link that leads out
    is_folder,      // there, but a folder
    not_permitted,  // to this process
    exhausted,      // the process or the system has no descriptor left: later it may
    failed,         // the disk's fault
  };
  enum class Resolution : std::uint8_t { openat2, by_segment };

  struct File {
    Descriptor descriptor;
    struct stat status{};

    std::uint64_t size() const noexcept { return static_cast<std::uint64_t>(status.st_size); }
  };

  /// The error is a sentence without a final full stop.
  static std::expected<RootFolder, std::string> open(const std::string& name);
  static std::expected<RootFolder, std::string> open(const std::string& name, Resolution resolution);

  /// A regular file, to read. `path` is relative.
  std::expected<File, Failure> open_file(std::string_view path) const;

  Resolution resolution() const noexcept { return resolution_; }
  /// No other root of this process has it or will ever have it, one of the same folder neither.
  std::uint64_t id() const noexcept { return id_; }

 private:
  RootFolder(Descriptor folder, Resolution resolution) noexcept;

  Descriptor folder_;
  Resolution resolution_;
  std::uint64_t id_;
};

}  // namespace turnout
