#include "switching/session.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "switching/registry.h"

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
  std::uint64_t told_in = 0;  // of what has passed since then, on record already
  std::uint64_t told_out = 0;
  const Route* route = nullptr;
  const char* token_name = "";
  std::uint32_t block_bytes = 0;
  std::uint16_t status = 0;
  Why reason = Why::none;
  HttpVersion version = HttpVersion::http11;
  Via via = Via::none;
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

namespace {

const char* token_name_of(const Record& record, const Session& session) {
  if (record.offer.empty()) return "";
  if (record.via == Via::h1_connect || record.via == Via::h2_connect) return "CONNECT";
  const char* name = "";
  if (record.route != nullptr) {
    for_each_member(record.token.empty() ? record.offer : record.token, [&](std::string_view member) {
      const UpgradeToken token{member, member.substr(0, member.find('/')), {}};
      name = session.listener().registry->name_of(token, *record.route);
      return *name == '\0';
    });
  }
  return *name != '\0' ? name : "other";
}

}  // namespace

void Session::record(Record record) const noexcept {
  if (sessions_.recorder == nullptr) return;
  record.session = this;
  if (*record.token_name == '\0') record.token_name = token_name_of(record, *this);
  sessions_.recorder->write(record);
}

void Session::record(const Handshake& handshake) const noexcept {
  if (sessions_.recorder != nullptr) sessions_.recorder->write(*this, handshake);
}

void Session::record_open(Record opened) {
  static const RequestHead unknown;
  if (opened.request == nullptr) opened.request = &unknown;
  const RequestHead& asked = *opened.request;
  opened.kind = RecordKind::open;
  opened.began_ms = worker_.now_ms();
  opened.tunnel_id = sessions_.next_tunnel_id();
  opened.outcome = "accepted";
  opened.token_name = token_name_of(opened, *this);
  Session& below = parent_ != nullptr ? *parent_ : *this;
  if (!std::exchange(below.stays_for_long_, true) && below.meter_.stream != nullptr) {
    below.meter_.stream->stay_for_long();
  }
  std::unique_ptr<Open, DeleteOpen> open(
      Open::make({asked.method, asked.target, asked.authority, asked.fields.find("user-agent").value_or(""),
                  asked.fields.find("referer").value_or(""), opened.offer, opened.token}));
  open->version = asked.version;
  open->secure = asked.secure;
  open->id = opened.tunnel_id;
  open->began_ms = opened.began_ms;
  // What was read ahead of the switch is the new protocol's.
  open->bytes_in = bytes_in() - std::exchange(opened.bytes_in, 0);
  open->bytes_out = bytes_out();
  open->route = opened.route;
  open->token_name = opened.token_name;
  open->status = static_cast<std::uint16_t>(opened.status);
  open->reason = opened.reason;
  open->via = opened.via;
  record(opened);
  open->before = std::move(open_);
  open_ = std::move(open);
}

const Session::Open* Session::before(const Open& open) noexcept {
  return open.before.get();
}

RequestHead Session::request_of(const Open& open) {
  RequestHead head;
  head.version = open.version;
  head.secure = open.secure;
  head.method = open.text(Open::method);
  head.target = open.text(Open::target);
  head.authority = open.text(Open::authority);
  if (open.via == Via::h2_extended_connect) head.protocol = open.text(Open::offer);
  if (const auto value = open.text(Open::user_agent); !value.empty()) head.fields.add("user-agent", value);
  if (const auto value = open.text(Open::referer); !value.empty()) head.fields.add("referer", value);
  return head;
}

Record Session::record_of(const Open& open, const RequestHead& request) const noexcept {
  const std::uint64_t in = bytes_in() - open.bytes_in;
  const std::uint64_t out = bytes_out() - open.bytes_out;
  return {.kind = RecordKind::progress,
          .session = this,
          .request = &request,
          .route = open.route,
          .via = open.via,
          .status = open.status,
          .began_ms = open.began_ms,
          .bytes_in = in,
          .bytes_out = out,
          .new_bytes_in = in - open.told_in,
          .new_bytes_out = out - open.told_out,
          .tunnel_id = open.id,
          .offer = open.text(Open::offer),
          .token = open.text(Open::token),
          .outcome = "accepted",
          .token_name = open.token_name,
          .reason = open.reason};
}

void Session::record_progress() noexcept {
  static const RequestHead unsaid;
  for (Open* open = open_.get(); open != nullptr; open = open->before.get()) {
    const Record record = record_of(*open, unsaid);
    if (record.new_bytes_in == 0 && record.new_bytes_out == 0) continue;
    open->told_in = record.bytes_in;
    open->told_out = record.bytes_out;
    this->record(record);
  }
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
  // Who breaks a connection off sees it broken: that was not the peer.
  if (aborted_ && (reason == Why::peer_reset || reason == Why::client_gone)) reason = Why::draining;
  if (reason == Why::draining && closing_) reason = Why::closed_by_operator;
  const std::string_view by = closed_by(reason);
  while (open_) {
    const RequestHead request = request_of(*open_);
    Record record = record_of(*open_, request);
    record.kind = RecordKind::close;
    record.closed_by = by;
    record.close_reason = reason;
    this->record(record);
    open_ = std::move(open_->before);
  }
}

void Session::drain() noexcept {
  if (std::exchange(draining_, true)) return;
  if (meter_.stream != nullptr) meter_.stream->interrupt(Side::read, Code::draining);
}

void Session::close() noexcept {
  closing_ = true;
  draining_ = true;
  if (meter_.stream != nullptr) meter_.stream->interrupt(Side::read, Code::draining);
}

void Session::abort() noexcept {
  aborted_ = true;
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
  for (Walk* walk = walks_; walk != nullptr; walk = walk->next_) {
    if (walk->at_ == &session) walk->at_ = session.next_;
  }
  (session.previous_ != nullptr ? session.previous_->next_ : first_) = session.next_;
  if (session.next_ != nullptr) session.next_->previous_ = session.previous_;
  --size_;
}

Sessions::Walk::~Walk() {
  Walk** link = &sessions_.walks_;
  while (*link != this) link = &(*link)->next_;
  *link = next_;
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
