#include "switching/session.h"

namespace turnout {

// What the record of a switch needs again at its end.
struct Session::Open : Pooled {
  std::unique_ptr<Open> before;
  RequestHead request;
  PooledString offer;
  PooledString token;
  std::uint64_t id = 0;
  std::uint64_t began_ms = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  int status = 0;
  Why reason = Why::none;
};

Session::Session(Worker& worker, const Site& site, const Listener& listener, Sessions& sessions, const Peers& peers)
    : worker_(worker), site_(site), listener_(listener), sessions_(sessions), peers_(peers) {
  sessions_.add(*this);
}

Session::Session(Session& parent)
    : worker_(parent.worker_),
      site_(parent.site_),
      listener_(parent.listener_),
      sessions_(parent.sessions_),
      parent_(&parent),
      peers_(parent.peers_) {
  sessions_.add(*this);
}

Session::~Session() {
  if (meter_.stream != nullptr) meter_.stream->attach(nullptr);
  sessions_.remove(*this);
}

bool Session::has_made(Switched kind) const noexcept {
  return (made_ & static_cast<std::uint8_t>(kind)) != 0 || (parent_ != nullptr && parent_->has_made(kind));
}

void Session::use(Stream& stream) noexcept {
  stream.attach(&meter_);
  if (draining_) stream.interrupt(Side::read, Code::draining);
}

void Session::record(Record record) const noexcept {
  if (sessions_.recorder == nullptr) return;
  record.session = this;
  sessions_.recorder->write(record);
}

void Session::record_open(const RequestHead* request, int status, std::string_view offer, std::string_view token,
                          Why reason) {
  auto open = std::make_unique<Open>();
  if (request != nullptr) {
    open->request.version = request->version;
    open->request.secure = request->secure;
    open->request.method = request->method;
    open->request.target = request->target;
    open->request.authority = request->authority;
    for (const std::string_view name : {"user-agent", "referer"}) {
      if (const auto value = request->fields.find(name); value) open->request.fields.add(name, *value);
    }
  }
  open->offer = offer;
  open->token = token;
  open->id = sessions_.next_tunnel_id();
  open->began_ms = worker_.now_ms();
  open->bytes_in = bytes_in();
  open->bytes_out = bytes_out();
  open->status = status;
  open->reason = reason;
  record({.kind = RecordKind::open,
          .request = &open->request,
          .status = status,
          .began_ms = open->began_ms,
          .tunnel_id = open->id,
          .offer = open->offer,
          .token = open->token,
          .outcome = "accepted",
          .reason = reason});
  open->before = std::move(open_);
  open_ = std::move(open);
}

namespace {

std::string_view closed_by(Why reason) noexcept {
  switch (reason) {
    case Why::peer_closed:
    case Why::peer_reset:
    case Why::malformed: return "client";
    case Why::upstream_closed:
    case Why::upstream_reset:
    case Why::upstream_down: return "upstream";
    default: return "server";
  }
}

}  // namespace

void Session::record_close(Why reason) noexcept {
  const std::string_view by = closed_by(reason);
  while (open_) {
    record({.kind = RecordKind::close,
            .request = &open_->request,
            .status = open_->status,
            .began_ms = open_->began_ms,
            .bytes_in = bytes_in() - open_->bytes_in,
            .bytes_out = bytes_out() - open_->bytes_out,
            .tunnel_id = open_->id,
            .offer = open_->offer,
            .token = open_->token,
            .outcome = "accepted",
            .reason = open_->reason,
            .closed_by = by,
            .close_reason = reason});
    open_ = std::move(open_->before);
  }
}

void Session::drain() noexcept {
  if (std::exchange(draining_, true)) return;
  if (meter_.stream != nullptr) meter_.stream->interrupt(Side::read, Code::draining);
}

void Session::abort() noexcept {
  if (meter_.stream != nullptr) meter_.stream->abort();
}

void Sessions::add(Session& session) noexcept {
  session.next_ = first_;
  if (first_ != nullptr) first_->previous_ = &session;
  first_ = &session;
  ++size_;
  session.draining_ = draining_;
}

void Sessions::remove(Session& session) noexcept {
  (session.previous_ != nullptr ? session.previous_->next_ : first_) = session.next_;
  if (session.next_ != nullptr) session.next_->previous_ = session.previous_;
  --size_;
}

void Sessions::drain() noexcept {
  draining_ = true;
  // Interrupts only post: no session goes away while the list is walked.
  for (Session* session = first_; session != nullptr; session = session->next_) session->drain();
}

void Sessions::abort() noexcept {
  for (Session* session = first_; session != nullptr; session = session->next_) session->abort();
}

}  // namespace turnout
