// Session: what stays with a connection while its protocols change: who it is, the limits and policy it lives under,
// its transcript, and what is open on record.
//
// A WebSocket on an HTTP/2 stream is a session of its own, with the connection's session as its parent.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
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
  /// The server that its tunnel leads to; empty while it has none.
  std::string_view upstream() const noexcept { return upstream_ != nullptr ? std::string_view(*upstream_) : ""; }
  /// The name has to stay until it is taken back with nullptr.
  void set_upstream(const std::string* name) noexcept { upstream_ = name; }
  /// What the connection is on now: "tcp/tls".
  std::string_view stream_name() const noexcept { return meter_.stream != nullptr ? meter_.stream->name() : ""; }
  Transcript& transcript() noexcept { return transcript_; }
  const Transcript& transcript() const noexcept { return transcript_; }

  void note(TranscriptEvent event) { transcript_.add(event, worker_.now_ms()); }

  /// True where the bytes of the present protocol travel inside TLS.
  bool is_secure() const noexcept { return secure_ || (parent_ != nullptr && parent_->is_secure()); }
  void set_secure() noexcept { secure_ = true; }

  /// The server is stopping: what runs may end, nothing new begins.
  bool is_draining() const noexcept { return draining_; }
  /// An operator wants this connection to end, with the courtesy that its protocol has for that.
  void close() noexcept;
  bool is_closing() const noexcept { return closing_; }

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
  /// `opened` says what was asked and agreed on, and how many bytes in had been read for the new protocol; the rest is
  /// added here.
  void record_open(Record opened);
  /// Tells of the bytes that have passed since the record before, for everything that is open.
  void record_progress() noexcept;
  /// Ends everything that is open on record.
  void record_close(Why reason) noexcept;
  void record(const Handshake& handshake) const noexcept;

  bool has_open() const noexcept { return open_ != nullptr; }
  /// What is open, the latest first, each as the record of its progress.
  template <class Visit>
  void for_each_open(Visit visit) const {
    for (const Open* open = open_.get(); open != nullptr; open = before(*open)) {
      const RequestHead request = request_of(*open);
      visit(record_of(*open, request));
    }
  }

  void drain() noexcept;
  void abort() noexcept;

 private:
  friend class Sessions;
  struct Open;
  struct DeleteOpen {
    void operator()(Open* open) const noexcept;
  };

  static const Open* before(const Open& open) noexcept;
  static RequestHead request_of(const Open& open);
  Record record_of(const Open& open, const RequestHead& request) const noexcept;

  Worker& worker_;
  const Site& site_;
  const Listener& listener_;
  Sessions& sessions_;
  Session* parent_ = nullptr;
  Session* previous_ = nullptr;  // in the list of the worker's sessions
  Session* next_ = nullptr;
  StreamMeter meter_;
  const std::string* upstream_ = nullptr;
  std::unique_ptr<Open, DeleteOpen> open_;
  Admission::Ticket ticket_;
  ClientCounts::Place handshake_;
  Transcript transcript_;
  Peers peers_;
  bool secure_ = false;
  bool draining_ = false;
  bool closing_ = false;
  bool aborted_ = false;
  bool stays_for_long_ = false;
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

  /// Visits all of them in slices, so that others get their turn in between; sessions may come and go meanwhile.
  class Walk {
   public:
    explicit Walk(Sessions& sessions) noexcept : sessions_(sessions), at_(sessions.first_), next_(sessions.walks_) {
      sessions.walks_ = this;
    }
    Walk(const Walk&) = delete;
    Walk& operator=(const Walk&) = delete;
    ~Walk();

    /// `count` more at most; false when there are no more.
    template <class Visit>
    bool visit(std::size_t count, Visit visit) {
      for (; at_ != nullptr && count != 0; --count) {
        Session& session = *at_;
        at_ = session.next_;
        visit(session);
      }
      return at_ != nullptr;
    }

   private:
    friend class Sessions;
    Sessions& sessions_;
    Session* at_;
    Walk* next_;
  };

  /// Who writes the records; nobody while it is nullptr.
  Recorder* recorder = nullptr;

 private:
  friend class Session;
  void add(Session& session) noexcept;
  void remove(Session& session) noexcept;
  std::uint64_t next_tunnel_id() noexcept { return std::exchange(tunnel_id_, tunnel_id_ + tunnel_id_step_); }

  Session* first_ = nullptr;
  Walk* walks_ = nullptr;
  std::size_t size_ = 0;
  std::uint64_t tunnel_id_;
  std::uint64_t tunnel_id_step_;  // workers count in steps, so that no two give the same id
  bool draining_ = false;
};

}  // namespace turnout
