#include "switching/session.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace turnout {

// What the record of a switch needs again at its end. It lasts as long as the tunnel does, and there may be very many:
// the texts lie one behind the other in the same block.
struct Session::Open {
  enum Text : std::uint8_t { method, target, authority, user_agent, referer, offer, token, texts };

  std::unique_ptr<Open, DeleteOpen> before;
  std::uint64_t id = 0;
  std::uint64_t began_ms = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint32_t block_bytes = 0;
  std::uint16_t status = 0;
  Why reason = Why::none;
  HttpVersion version = HttpVersion::http11;
  bool secure = false;
  std::array<std::uint16_t, texts> ends{};  // a head has 64 KiB at most

  static Open* make(const std::array<std::string_view, texts>& all) {
    std::size_t bytes = sizeof(Open);
    for (const std::string_view one : all) bytes += std::min<std::size_t>(one.size(), text_bytes_max);
    auto* open = new (pool_take(bytes)) Open;
    open->block_bytes = static_cast<std::uint32_t>(bytes);
    std::size_t end = 0;
    for (std::size_t i = 0; i < texts; ++i) {
      const std::string_view one = all[i].substr(0, text_bytes_max);
      std::memcpy(open->begin() + end, one.data(), one.size());
      end += one.size();
      open->ends[i] = static_cast<std::uint16_t>(end);
    }
    return open;
  }
  std::string_view text(Text which) const noexcept {
    const std::size_t from = which == 0 ? 0 : ends[which - 1];
    return {begin() + from, ends[which] - from};
  }
  RequestHead request() const {
    RequestHead head;
    head.version = version;
    head.secure = secure;
    head.method = text(method);
    head.target = text(target);
    head.authority = text(authority);
    if (const auto value = text(user_agent); !value.empty()) head.fields.add("user-agent", value);
    if (const auto value = text(referer); !value.empty()) head.fields.add("referer", value);
    return head;
  }

 private:
  static constexpr std::size_t text_bytes_max = 9'000;  // of them all together less than 64 KiB
  char* begin() noexcept { return reinterpret_cast<char*>(this + 1); }
  const char* begin() const noexcept { return reinterpret_cast<const char*>(this + 1); }
};

void Session::DeleteOpen::operator()(Open* open) const noexcept {
  const std::size_t bytes = open->block_bytes;
  open->~Open();
  pool_give_back(open, bytes);
}

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
  static const RequestHead unknown;
  const RequestHead& asked = request != nullptr ? *request : unknown;
  std::unique_ptr<Open, DeleteOpen> open(
      Open::make({asked.method, asked.target, asked.authority, asked.fields.find("user-agent").value_or(""),
                  asked.fields.find("referer").value_or(""), offer, token}));
  open->version = asked.version;
  open->secure = asked.secure;
  open->id = sessions_.next_tunnel_id();
  open->began_ms = worker_.now_ms();
  open->bytes_in = bytes_in();
  open->bytes_out = bytes_out();
  open->status = static_cast<std::uint16_t>(status);
  open->reason = reason;
  record({.kind = RecordKind::open,
          .request = &asked,
          .status = status,
          .began_ms = open->began_ms,
          .tunnel_id = open->id,
          .offer = offer,
          .token = token,
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
    const RequestHead request = open_->request();
    record({.kind = RecordKind::close,
            .request = &request,
            .status = open_->status,
            .began_ms = open_->began_ms,
            .bytes_in = bytes_in() - open_->bytes_in,
            .bytes_out = bytes_out() - open_->bytes_out,
            .tunnel_id = open_->id,
            .offer = open_->text(Open::offer),
            .token = open_->text(Open::token),
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
