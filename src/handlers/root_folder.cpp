#include "handlers/root_folder.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/pool.h"

namespace turnout {
namespace {

// O_NONBLOCK: opening a FIFO must not wait for its writer.
constexpr int read_flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

// A rename somewhere in the file system can make the kernel unsure of a ".." in a link: it then says EAGAIN.
constexpr int attempts_max = 8;

/// A descriptor, or -1 and errno.
int open_beneath(int folder, const char* path, int flags) noexcept {
  open_how how{};
  how.flags = static_cast<decltype(how.flags)>(flags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  long result = -1;
  for (int i = 0; i < attempts_max; ++i) {
    result = ::syscall(SYS_openat2, folder, path, &how, sizeof how);
    if (result >= 0 || (errno != EAGAIN && errno != EINTR)) break;
  }
  return static_cast<int>(result);
}

/// The same without the kernel's help: from folder to folder, and never through a link.
int open_by_segment(int root, PooledString path) noexcept {
  Descriptor folder;
  char* segment = path.data();
  while (char* slash = std::strchr(segment, '/')) {
    *slash = '\0';
    if (*segment != '\0') {
      if (std::strcmp(segment, "..") == 0) {
        errno = EXDEV;
        return -1;
      }
      Descriptor next(::openat(folder ? folder.get() : root, segment, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC));
      if (!next) return -1;
      folder = std::move(next);
    }
    segment = slash + 1;
  }
  if (std::strcmp(segment, "..") == 0) {
    errno = EXDEV;
    return -1;
  }
  return ::openat(folder ? folder.get() : root, *segment == '\0' ? "." : segment, read_flags | O_NOFOLLOW);
}

RootFolder::Failure failure_of(int error) noexcept {
  switch (error) {
    case EACCES:
    case EPERM: return RootFolder::Failure::not_permitted;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EAGAIN: return RootFolder::Failure::exhausted;
    case EIO: return RootFolder::Failure::failed;
    default: return RootFolder::Failure::not_found;  // ENOENT, ENOTDIR, ELOOP, EXDEV, ENAMETOOLONG, ENXIO
  }
}

std::uint64_t next_id() noexcept {
  static std::atomic<std::uint64_t> last = 0;
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace

RootFolder::RootFolder(Descriptor folder, Resolution resolution) noexcept
    : folder_(std::move(folder)), resolution_(resolution), id_(next_id()) {}

std::expected<RootFolder, std::string> RootFolder::open(const std::string& name, Resolution resolution) {
  Descriptor folder(::open(name.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder) {
    return std::unexpected("the folder " + name + " cannot be opened: " + std::generic_category().message(errno));
  }
  return RootFolder(std::move(folder), resolution);
}

std::expected<RootFolder, std::string> RootFolder::open(const std::string& name) {
  auto root = open(name, Resolution::openat2);
  if (!root) return root;
  // Old kernels do not have it, and some containers forbid what they do not know (EPERM).
  const Descriptor probe(open_beneath(root->folder_.get(), ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!probe && (errno == ENOSYS || errno == EPERM)) root->resolution_ = Resolution::by_segment;
  return root;
}

std::expected<RootFolder::File, RootFolder::Failure> RootFolder::open_file(std::string_view path) const {
  while (path.starts_with('/')) path.remove_prefix(1);
  // A path is cut off at a zero byte by the kernel: what was checked would not be what is opened.
  if (path.find('\0') != std::string_view::npos) return std::unexpected(Failure::not_found);
  PooledString name(path.empty() ? "." : path);
  File file;
  file.descriptor =
      Descriptor(resolution_ == Resolution::openat2 ? open_beneath(folder_.get(), name.c_str(), read_flags)
                                                    : open_by_segment(folder_.get(), std::move(name)));
  if (!file.descriptor) return std::unexpected(failure_of(errno));
  if (::fstat(file.descriptor.get(), &file.status) != 0) return std::unexpected(Failure::failed);
  if (S_ISDIR(file.status.st_mode)) return std::unexpected(Failure::is_folder);
  if (!S_ISREG(file.status.st_mode)) return std::unexpected(Failure::not_found);
  return file;
}

}  // namespace turnout
