// What processes and all their descendants have used of the CPU: the first figure of schedstat, in nanoseconds, over
// all threads. A thread that ends between two readings is not seen by the second.
//
//   const CpuOf before(roots);
//   const std::uint64_t used = CpuOf(roots).since(before, root);
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <vector>

namespace turnout::bench {

class CpuOf {
 public:
  CpuOf() = default;
  explicit CpuOf(const std::vector<pid_t>& roots);

  /// What the tree of this process has used since an earlier reading.
  std::uint64_t since(const CpuOf& earlier, pid_t root) const;

 private:
  std::map<pid_t, std::map<pid_t, std::uint64_t>> threads_;  // of each root, with their nanoseconds
};

}  // namespace turnout::bench
