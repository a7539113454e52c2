// Tunnel: what a proxied connection speaks behind a switch: nothing of its own. It passes bytes both ways, until both
// sides have ended or one of its limits is reached.
//
//   accept.successor = std::make_unique<Tunnel>(std::move(upstream), token, limits, std::move(keep));
//
// Its timers are its own, not those of the request before it (law L9). Where it ends before its sides do, a WebSocket
// is told so with a close frame, as far as there is a place for one between two frames.
#pragma once

#include <memory>
#include <string>

#include "codec/websocket/close_code.h"
#include "codec/websocket/frame_tracker.h"
#include "switching/protocol.h"
#include "transport/relay.h"

namespace turnout {

struct TunnelLimits {
  Millis idle{3'600'000};     // nothing in either direction
  Millis lifetime{0};         // 0: unlimited
  Millis half_close{30'000};  // one direction after the other has ended
};

class Tunnel final : public Protocol, private Relay::Observer, private Waiter, private Timer {
 public:
  /// What a connection needs in order to be silent for long is not set up for one that is gone at once.
  static constexpr Millis stays_after{5'000};

  /// Something that lasts as long as the tunnel: its place among the connections of a server.
  class Keep : public Pooled {
   public:
    virtual ~Keep() = default;
    /// `ends` is called, from the loop of the tunnel's worker, when the tunnel has to end.
    virtual void watch(Waiter* ends) = 0;
    /// Of the server, for those who ask where the tunnel leads.
    virtual const std::string& server_name() const noexcept = 0;
  };

  Tunnel(Wire upstream, std::string_view token, const TunnelLimits& limits, std::unique_ptr<Keep> keep);
  ~Tunnel() override;

  const char* name() const noexcept override { return "tunnel"; }
  Task<Outcome> run(Wire client, Session& session) override;

 private:
  struct Frames {
    websocket::FrameTracker from_client{true};
    websocket::FrameTracker from_upstream{false};
  };

  Relay::Interest interest(bool forth) const noexcept override;
  void passed(bool forth, Bytes bytes) noexcept override;
  void moved(bool forth, SplicePipe::Look& look) noexcept override;
  void half_closed(bool forth) noexcept override;
  bool interrupted(bool forth, Code why) noexcept override;

  void something_passed() noexcept;
  void end_within(Millis time, Why why) noexcept;
  void look_at_time() noexcept;
  void watch_limits() noexcept;
  void stop(Why why) noexcept;
  Why judge(const RelayEnd& end) const noexcept;
  Task<void> leave(Wire client, const RelayEnd& end, Why why, Millis linger_limit);
  Task<void> say_close(Wire& wire, bool to_client, websocket::CloseCode code);

  /// The order to end: its server is down.
  Waiter& order() noexcept { return *this; }
  /// One timer for both: when the tunnel is too old, and when it has been silent for too long. That moves with every
  /// message, which costs no more than a store.
  Timer& limit() noexcept { return *this; }

  // An idle tunnel is little more than these, and there may be very many: the bases lie so that there is no gap.
  Why stopped_why_ = Why::none;
  Why first_end_ = Why::done;
  Why end_why_ = Why::lifetime_over;
  bool draining_ : 1 = false;
  bool has_stayed_ : 1 = false;  // for `stays_after`
  Wire upstream_;
  Millis idle_;
  Millis half_close_;
  std::uint64_t silent_ms_ = 0;  // this and the next on the worker's clock
  std::uint64_t end_ms_ = ~std::uint64_t{0};
  std::unique_ptr<Keep> keep_;
  std::unique_ptr<Frames> frames_;  // of a WebSocket
  Relay* relay_ = nullptr;          // while it runs
  Session* session_ = nullptr;
};

}  // namespace turnout
