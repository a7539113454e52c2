// MemoryStream: one end of a two-way pipe in memory, for tests and for running the whole server without a socket.
//
//   auto [ours, theirs] = MemoryStream::make_pair(loop);
//   Wire wire(std::move(ours));            // goes to the server
//   MemoryPeer peer(std::move(theirs));    // driven by the test, without coroutines
//   peer.send("GET / HTTP/1.1\r\n\r\n");
//   loop.run();
//   EXPECT_EQ(peer.take(), ...);
#pragma once

#include <memory>
#include <string>

#include "transport/stream.h"

namespace turnout {

/// What a stream in memory may be told to do wrong.
struct MemoryFaults {
  std::size_t read_bytes_max = ~std::size_t{0};   // short reads
  std::size_t write_bytes_max = ~std::size_t{0};  // short writes
  std::size_t capacity_bytes = 256 * 1024;        // what lies in the pipe before a write has to wait
  std::size_t fail_at_operation = 0;              // the n-th try_read or try_write ends with reset; 0: none
};

class MemoryStream final : public Stream {
 public:
  struct Pair;
  static Pair make_pair(Worker& worker, MemoryFaults ours = {});

  ~MemoryStream() override;
  Io try_read(MutableBytes into) noexcept override;
  Io try_write(Bytes from) noexcept override;
  void stay_for_long() noexcept override { out_->writer_stays = true; }
  Code try_close_write() noexcept override;
  void abort() noexcept override;
  bool is_broken() const noexcept override { return in_->reset; }
  std::string_view name() const noexcept override { return "memory"; }

  std::size_t operations() const noexcept { return operations_; }
  /// Whether the other end was told that it stays for long.
  bool peer_stays() const noexcept { return in_->writer_stays; }

 private:
  struct Pipe {
    std::string bytes;
    bool ended = false;
    bool reset = false;
    bool writer_stays = false;
    MemoryStream* reader = nullptr;
    MemoryStream* writer = nullptr;
  };

  MemoryStream(Worker& worker, std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out, MemoryFaults faults);
  bool fails_now() noexcept;

  std::shared_ptr<Pipe> in_;
  std::shared_ptr<Pipe> out_;
  MemoryFaults faults_;
  std::size_t operations_ = 0;
};

struct MemoryStream::Pair {
  std::unique_ptr<MemoryStream> ours;
  std::unique_ptr<MemoryStream> theirs;
};

/// The far end, for a test that speaks by hand.
class MemoryPeer {
 public:
  explicit MemoryPeer(std::unique_ptr<MemoryStream> stream) : stream_(std::move(stream)) {}

  /// True where the pipe took all of it.
  bool send(std::string_view bytes);
  void close_write() { (void)stream_->try_close_write(); }
  void abort() { stream_->abort(); }
  void close() { stream_.reset(); }

  /// Everything that has arrived since the last call.
  std::string take();
  /// True once the other side has ended its side, and all that came before was taken.
  bool ended();
  bool was_reset() const noexcept { return reset_; }
  /// Whether the other side has been told that it stays for long.
  bool other_stays() const noexcept { return stream_->peer_stays(); }

 private:
  void receive();
  std::unique_ptr<MemoryStream> stream_;
  std::string received_;
  bool ended_ = false;
  bool reset_ = false;
};

}  // namespace turnout
