#include "proxy/http2_upstream_stream.h"

#include <charconv>

#include "codec/http/announced_length.h"
#include "transport/http2/link.h"

namespace turnout {
namespace {

// Interim answers that wait for being passed on. They are outside of all flow control.
constexpr std::size_t waiting_answers_max = 16;

// RFC 9113 section 10.5.1: what each field of a section counts beside its name and value.
constexpr std::size_t field_overhead_bytes = 32;

}  // namespace

void Http2AnswerHead::add(Field field) {
  ++count_;
  bytes_ += field.name.size() + field.value.size() + field_overhead_bytes;
  if (too_large_) return;
  if (count_ > limits_.fields_max || bytes_ > limits_.head_bytes_max) {
    too_large_ = true;
    head_.fields = FieldList();
  } else if (field.name == ":status") {
    // nghttp2 has seen to it that these are three digits.
    std::from_chars(field.value.data(), field.value.data() + field.value.size(), head_.status);
  } else {
    head_.fields.add(field.name, field.value);
  }
}

bool Http2UpstreamStream::end_head(bool ends) {
  const std::unique_ptr<Http2AnswerHead> ended = std::move(coming_);
  if (ended->is_too_large() || answers_.size() - next_ >= waiting_answers_max) return false;
  UpstreamAnswer answer;
  answer.head = ended->take();
  answer.version = HttpVersion::http2;
  const int status = answer.head.status;
  answer.switches = asked_ == Asked::connect && status >= 200 && status < 300;
  has_final_ = status >= 200;
  answer.length = announced_length(answer.head.fields);
  // nghttp2 holds these to having none.
  const bool is_without_content = status < 200 || asked_ == Asked::head || status == 204 || status == 304;
  answer.has_content = !ends && !answer.switches && !is_without_content;
  answers_.push_back(std::move(answer));
  wake(Side::read);
  return true;
}

UpstreamAnswer Http2UpstreamStream::take_answer() {
  UpstreamAnswer answer = std::move(answers_[next_++]);
  if (next_ == answers_.size()) {
    answers_ = {};
    next_ = 0;
  }
  return answer;
}

const Limits& Http2UpstreamStream::link_limits() const noexcept {
  return link().limits();
}

}  // namespace turnout
