#include "codec/http/explanation.h"

#include <string>

#include "codec/http/message.h"

namespace turnout {

PooledString explanation(int status, std::string_view sentence) {
  PooledString text(std::to_string(status));
  text.append(" ").append(reason_phrase(status)).append("\n\n").append(sentence).append("\n");
  return text;
}

}  // namespace turnout
