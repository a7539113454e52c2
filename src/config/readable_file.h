// ReadableFile: a file that is open for reading, or why it is not. Folders and pipes are not read.
//
//   const ReadableFile file("server.pem");
//   if (!file.fault().empty()) ...                  // "No such file or directory"
#pragma once

#include <cstddef>
#include <expected>
#include <string>

namespace turnout {

class ReadableFile {
 public:
  explicit ReadableFile(const std::string& name);
  ~ReadableFile();
  ReadableFile(const ReadableFile&) = delete;
  ReadableFile& operator=(const ReadableFile&) = delete;

  const std::string& fault() const noexcept { return fault_; }
  std::expected<std::string, std::string> read(std::size_t bytes_max) const;

 private:
  int descriptor_;
  std::string fault_;
};

/// `name` itself where it is absolute, else below `folder`.
std::string resolved(const std::string& folder, const std::string& name);

}  // namespace turnout
