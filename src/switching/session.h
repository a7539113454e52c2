// Session: what stays with a connection while its protocols change: who it is, the limits and policy it lives under,
// its transcript, and what is open on record.
//
// A WebSocket on an HTTP/2 stream is a session of its own, with the connection's session as its parent.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/address.h"
#include "base/client_counts.h"
#include "switching/admission.h"
#include "switching/record.h"
#include "switching/site.h"
#include "switching/transcript.h"
#include "transport/wire.h"

namespace turnout {

class Sessions;

struct Peers {
  Address remote;
  Address local;
};

class Session {
 public:
  Session(Worker& worker, const Site& site, const Listener& listener, Sessions& sessions, const Peers& peers);
  /// On a stream of another session's connection.
  explicit Session(Session& parent);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  Worker& worker() const noexcept { return worker_; }
  const Site& site() const noexcept { return site_; }
  const Listener& listener() const noexcept { return listener_; }
  const Limits& limits() const noexcept { return site_.limits(); }
  const Peers& peers() const noexcept { return peers_; }
  /// Somebody who is trusted has said whose connection it is.
  void set_peers(const Peers& peers) noexcept { peers_ = peers; }
  Session* parent() const noexcept { return parent_; }
  Transcript& transcript() noexcept { return transcript_; }
  const Transcript& transcript() const noexcept { return transcript_; }

  void note(TranscriptEvent event) { transcript_.add(event, worker_.now_ms()); }

  /// True where the bytes of the present protocol travel inside TLS.
  bool is_secure() const noexcept { return secure_ || (parent_ != nullptr && parent_->is_secure()); }
  void set_secure() noexcept { secure_ = true; }

  /// The server is stopping: what runs may end, nothing new begins.
  bool is_draining() const noexcept { return draining_; }

  /// A kind of switch that may happen once on a connection and what runs on it (U18). False the second time.
  bool has_made(Switched kind) const noexcept;
  void has_now_made(Switched kind) noexcept { made_ |= static_cast<std::uint8_t>(kind); }

  /// The place among the open tunnels of a route; given back at the end of the session.
  void hold(Admission::Ticket ticket) noexcept { ticket_ = std::move(ticket); }

  /// The place among those whose TLS handshake is under way.
  void hold_handshake(ClientCounts::Place place) noexcept { handshake_ = std::move(place); }
  void handshake_is_done() noexcept { const ClientCounts::Place given_back = std::move(handshake_); }

  /// The stream that the connection is on from now on; drive() tells.
  void use(Stream& stream) noexcept;
  /// Bytes on the top of the connection since it began, over all its streams.
  std::uint64_t bytes_in() const noexcept { return meter_.bytes_read; }
  std::uint64_t bytes_out() const noexcept { return meter_.bytes_written; }

  /// Writes one record of a request that was answered.
  void record(Record record) const noexcept;
  /// Writes the record of a switch that opens, and remembers it for its end.
  void record_open(const RequestHead* request, int status, std::string_view offer, std::string_view token, Why reason);
  /// Ends everything that is open on record.
  void record_close(Why reason) noexcept;

  void drain() noexcept;
  void abort() noexcept;

 private:
  friend class Sessions;
  struct Open;
  struct DeleteOpen {
    void operator()(Open* open) const noexcept;
  };

  Worker& worker_;
  const Site& site_;
  const Listener& listener_;
  Sessions& sessions_;
  Session* parent_ = nullptr;
  Session* previous_ = nullptr;  // in the list of the worker's sessions
  Session* next_ = nullptr;
  StreamMeter meter_;
  std::unique_ptr<Open, DeleteOpen> open_;
  Admission::Ticket ticket_;
  ClientCounts::Place handshake_;
  Transcript transcript_;
  Peers peers_;
  bool secure_ = false;
  bool draining_ = false;
  std::uint8_t made_ = 0;
};

/// All sessions of one worker.
class Sessions {
 public:
  explicit Sessions(std::uint64_t first_tunnel_id = 1, std::uint64_t tunnel_id_step = 1) noexcept
      : tunnel_id_(first_tunnel_id), tunnel_id_step_(tunnel_id_step) {}

  void drain() noexcept;
  void abort() noexcept;
  bool is_draining() const noexcept { return draining_; }
  bool empty() const noexcept { return first_ == nullptr; }
  std::size_t size() const noexcept { return size_; }

  /// Who writes the records; nobody while it is nullptr.
  Recorder* recorder = nullptr;

 private:
  friend class Session;
  void add(Session& session) noexcept;
  void remove(Session& session) noexcept;
  std::uint64_t next_tunnel_id() noexcept { return std::exchange(tunnel_id_, tunnel_id_ + tunnel_id_step_); }

  Session* first_ = nullptr;
  std::size_t size_ = 0;
  std::uint64_t tunnel_id_;
  std::uint64_t tunnel_id_step_;  // workers count in steps, so that no two give the same id
  bool draining_ = false;
};

}  // namespace turnout
