// H2Endpoint: nghttp2 on one end of a pipe in memory, driven by a test: what a client and a server have in common.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <utility>

#include "runtime/sim_loop.h"
#include "tests/support/h2_frames.h"
#include "transport/memory_stream.h"

namespace turnout::testing {

class H2Endpoint {
 public:
  H2Endpoint(const H2Endpoint&) = delete;
  H2Endpoint& operator=(const H2Endpoint&) = delete;
  virtual ~H2Endpoint();

  void send(int stream_id, std::string_view bytes, bool ends = false);
  /// Ends the body with these trailers.
  void send_trailers(int stream_id, H2Fields trailers);
  void reset(int stream_id, std::uint32_t error_code);
  /// Opens the windows by what has arrived; only where data is not taken as it comes.
  void take(int stream_id, std::size_t n);
  /// Bytes that no sound peer would send, behind what is queued.
  void send_raw(std::string_view bytes);

  /// Sends what is queued and takes what has come, turn by turn, until nothing moves.
  void run();
  void close() { stream_.reset(); }
  void close_write() { (void)stream_->try_close_write(); }
  bool is_closed() const { return closed_; }

  /// Error codes of the GOAWAY frames so far, and the last stream that each names. Read off the bytes, since nghttp2
  /// does not look at any behind the end of the last stream.
  std::vector<std::pair<std::uint32_t, std::int32_t>> goaways() const;
  nghttp2_session* session() { return session_; }
  /// All bytes that came from the other side.
  const std::string& received() const { return received_; }

 protected:
  H2Endpoint(SimLoop& loop, std::unique_ptr<MemoryStream> stream) : loop_(loop), stream_(std::move(stream)) {}

  void begin(bool is_server, bool takes_data);
  void submit_settings(const std::vector<nghttp2_settings_entry>& settings);
  /// From now on only send_raw() says anything, and nghttp2 learns of nothing that comes; or no longer.
  void be_silent(bool is_silent) { is_silent_ = is_silent; }
  /// A body that is what send() gives for the stream.
  static nghttp2_data_provider body();
  static std::vector<nghttp2_nv> name_values(const H2Fields& fields);  // which have to live on

  // From nghttp2.
  virtual void on_field(const nghttp2_frame& frame, std::string name, std::string value) = 0;
  virtual void on_frame(const nghttp2_frame& frame) = 0;
  virtual void on_data(int stream_id, std::string_view bytes) = 0;
  virtual void on_close(int stream_id) = 0;

 private:
  friend struct H2Callbacks;
  struct Upload {
    std::string bytes;
    bool ends = false;
    H2Fields trailers = {};
  };
  bool pump();

  SimLoop& loop_;
  std::unique_ptr<MemoryStream> stream_;
  nghttp2_session* session_ = nullptr;
  std::string queued_;
  std::string received_;
  std::size_t taken_ = 0;  // of what was received, by nghttp2
  std::map<int, Upload> uploads_;
  bool closed_ = false;
  bool is_silent_ = false;
};

}  // namespace turnout::testing
