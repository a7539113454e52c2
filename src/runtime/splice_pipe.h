// SplicePipe: what bytes go through that the kernel moves from one socket to another without copying them.
//
// A worker has one, which is empty between any two uses: what the second socket did not take is read out of it at once,
// so that bytes which wait lie where all others do, and a tunnel that rests holds no pipe.
//
//   pipe.open();                          // socket -> pipe: n bytes
//   pipe.keep_a_look(n);                  // where some of them have to be seen
//   ...                                   // pipe -> socket: m of them
//   for (SplicePipe::Look look(pipe, m); look.left() != 0;) { look.skip(...); look.read(...); }
#pragma once

#include "base/bytes.h"
#include "base/descriptor.h"

namespace turnout {

class SplicePipe {
 public:
  /// Opened when it is first asked for. False where the process has no descriptors left for it.
  bool open() noexcept;

  /// Of an open pipe.
  int entrance() const noexcept { return through_.entrance.get(); }
  int exit() const noexcept { return through_.exit.get(); }

  /// Reads what is left in it. False where that fails: then it is closed and the bytes are lost.
  bool empty_into(MutableBytes bytes) noexcept;

  /// The `size` bytes in it can be looked at later, when they have gone on: the kernel keeps references, no copy.
  bool keep_a_look(std::size_t size) noexcept;

  /// What was kept, from its beginning; what is not asked for is forgotten.
  class Look {
   public:
    /// `size`: how much of it is of interest. `room`: for what is read.
    Look(SplicePipe& pipe, std::size_t size, MutableBytes room) noexcept : pipe_(pipe), left_(size), room_(room) {}
    Look(const Look&) = delete;
    Look& operator=(const Look&) = delete;
    ~Look();

    std::size_t left() const noexcept { return left_; }
    /// Not all of it could be seen.
    bool failed() const noexcept { return failed_; }
    void skip(std::size_t size) noexcept;
    /// So many bytes, or as many as there is room for; empty only where it has failed, and then nothing is left.
    Bytes read(std::size_t size) noexcept;

   private:
    SplicePipe& pipe_;
    std::size_t left_;
    MutableBytes room_;
    bool failed_ = false;
  };

 private:
  struct Ends {
    bool open() noexcept;
    Descriptor entrance;
    Descriptor exit;
  };
  bool forget(std::size_t size) noexcept;
  void close() noexcept;

  Ends through_;
  Ends kept_;  // only while something was asked to be kept
  Descriptor nowhere_;
  std::size_t kept_bytes_ = 0;
};

}  // namespace turnout
