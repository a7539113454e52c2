#include "bench/load/cpu_of.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace turnout::bench {
namespace {

std::string read_all(const std::string& name) {
  char text[1024];
  const int fd = open(name.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  const ssize_t count = read(fd, text, sizeof text);
  close(fd);
  return {text, count < 0 ? 0 : static_cast<std::size_t>(count)};
}

template <class Use>
void for_each_number(const std::string& folder, Use use) {
  DIR* const open_folder = opendir(folder.c_str());
  if (open_folder == nullptr) return;
  while (const dirent* entry = readdir(open_folder)) {
    if (const auto number = static_cast<pid_t>(std::strtol(entry->d_name, nullptr, 10)); number > 0) use(number);
  }
  closedir(open_folder);
}

std::multimap<pid_t, pid_t> children_of_all() {
  std::multimap<pid_t, pid_t> children;
  for_each_number("/proc", [&](pid_t process) {
    const std::string stat = read_all("/proc/" + std::to_string(process) + "/stat");
    // pid (name) state parent: the name may have spaces and brackets in it.
    const auto name_end = stat.rfind(')');
    if (name_end == std::string::npos || name_end + 4 > stat.size()) return;
    children.emplace(static_cast<pid_t>(std::strtol(stat.c_str() + name_end + 4, nullptr, 10)), process);
  });
  return children;
}

}  // namespace

CpuOf::CpuOf(const std::vector<pid_t>& roots) {
  if (roots.empty()) return;
  const auto children = children_of_all();
  for (const pid_t root : roots) {
    std::vector<pid_t> processes{root};
    for (std::size_t i = 0; i < processes.size(); ++i) {
      const auto [first, last] = children.equal_range(processes[i]);
      for (auto child = first; child != last; ++child) processes.push_back(child->second);
    }
    auto& threads = threads_[root];
    for (const pid_t process : processes) {
      const std::string folder = "/proc/" + std::to_string(process) + "/task";
      for_each_number(folder, [&](pid_t thread) {
        const std::string text = read_all(folder + "/" + std::to_string(thread) + "/schedstat");
        threads[thread] = std::strtoull(text.c_str(), nullptr, 10);
      });
    }
  }
}

std::uint64_t CpuOf::since(const CpuOf& earlier, pid_t root) const {
  const auto now = threads_.find(root);
  const auto before = earlier.threads_.find(root);
  if (now == threads_.end() || before == earlier.threads_.end()) return 0;
  std::uint64_t used = 0;
  for (const auto& [thread, nanoseconds] : now->second) {
    const auto begun = before->second.find(thread);
    used += nanoseconds - (begun == before->second.end() ? 0 : begun->second);
  }
  return used;
}

}  // namespace turnout::bench
