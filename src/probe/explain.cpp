#include "probe/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "base/printable.h"
#include "codec/json/json.h"
#include "probe/cause.h"
#include "probe/verdict.h"

namespace turnout::probe {
namespace {

struct Meaning {
  std::string_view code;
  std::string_view text;
  std::string_view causes;  // by their ids
};

constexpr Meaning meanings[] = {
    {"101",
     "the switch: behind its empty line the new protocol begins. It names one protocol out of the offer, says "
     "Connection: upgrade, and has no length (RFC 9110 section 15.2.2)",
     "P03 P40 P41 P42 P43 P18 P17"},
    {"200",
     "an ordinary answer: the offer was ignored, which every server may do (RFC 9110 section 7.8). Over HTTP/2 it "
     "is what accepts extended CONNECT (RFC 8441 section 5)",
     "P09 P01 P44 P08 P35 P36 P37"},
    {"301", "a redirect; browsers do not follow it for a WebSocket", "P11"},
    {"302", "a redirect, often to a login; browsers do not follow it for a WebSocket", "P11 P12"},
    {"307", "a redirect; browsers do not follow it for a WebSocket", "P11"},
    {"308", "a redirect; browsers do not follow it for a WebSocket", "P11"},
    {"400", "something about the offer is wrong where it arrives: usually a field that a hop has dropped or changed",
     "P01 P02 P04 P15 P16 P17 P20 P24 P32 P34"},
    {"401", "credentials are wanted first", "P12"},
    {"403", "refused: by origin, by a rule, or because the protocol is not allowed here", "P14 P08 P12 P27"},
    {"404", "nothing is there: the path, the host, or the route", "P10 P29"},
    {"405", "the method is not one for this resource; a WebSocket is opened with GET, over HTTP/2 with CONNECT",
     "P20 P06"},
    {"407", "a proxy on the way wants credentials", "P27"},
    {"414", "the URL is too long", "P32"},
    {"417", "Expect cannot be met", "P33"},
    {"421", "this connection is not for that host", "P10"},
    {"426",
     "the server wants another protocol, and its Upgrade names which (RFC 9110 section 15.5.22). Where that is the "
     "one that was offered, the offer got lost on the way",
     "P21 P01 P15"},
    {"429", "too many requests", "P31"},
    {"431", "the head is too large", "P32"},
    {"500", "the server failed on the offer", "P13 P28"},
    {"501", "what was asked for is not implemented: a method, or a protocol of extended CONNECT", "P08 P07 P29 P19"},
    {"502", "a gateway did not like, or did not get, the backend's answer", "P22 P23 P24 P25"},
    {"503", "no backend is available, or a limit is reached", "P23 P31"},
    {"504", "the backend did not answer in time", "P23 P26"},
    {"1000", "WebSocket: a normal end (RFC 6455 section 7.4.1)", ""},
    {"1001", "WebSocket: the server stops, or the page is left", "P53"},
    {"1002", "WebSocket: a frame broke the rules", "P55 P58"},
    {"1003", "WebSocket: a kind of message that is not taken here", ""},
    {"1005", "WebSocket: a close frame without a code; it never stands on the wire", ""},
    {"1006", "WebSocket: the connection ended without a close frame; it never stands on the wire",
     "P51 P52 P53 P57 P40"},
    {"1007", "WebSocket: a text that is no UTF-8, or cannot be restored", "P58"},
    {"1008", "WebSocket: against a rule of the server", "P12 P14"},
    {"1009", "WebSocket: a message is too big", "P54"},
    {"1011", "WebSocket: the server failed", ""},
    {"1012", "WebSocket: the server restarts", "P53"},
};

std::string lines(std::string_view text, std::string_view indent) {
  std::string out;
  while (true) {
    const std::size_t end = text.find('\n');
    out.append(indent).append(text.substr(0, end)).push_back('\n');
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

std::string explain_cause(const Cause& cause) {
  std::string out = fmt::format("{} {}\n\n  {}\n  rests on: {}\n  remedy: {}\n", cause.id, cause.name, cause.summary,
                                cause.section, cause.remedy);
  for (const Fix& fix : cause.fixes) out += fmt::format("\n  {}:\n{}", text(fix.product), lines(fix.text, "      "));
  return out;
}

std::string explain_meaning(const Meaning& meaning) {
  std::string out = fmt::format("{}\n\n  {}\n", meaning.code, meaning.text);
  if (!meaning.causes.empty()) out += "\n  what may be behind it, `turnout probe URL` tells them apart:\n";
  for (const Cause& cause : catalogue()) {
    if (meaning.causes.contains(cause.id)) out += fmt::format("    {} {}: {}\n", cause.id, cause.name, cause.summary);
  }
  return out;
}

std::string all_as_json() {
  return json_array(catalogue(), [](const Cause& cause) {
    JsonObject out;
    out.text("id", cause.id).text("name", cause.name).text("summary", cause.summary);
    out.text("section", cause.section).text("remedy", cause.remedy);
    out.raw("fixes", json_array(cause.fixes, [](const Fix& fix) {
              return JsonObject().text("product", text(fix.product)).text("text", fix.text).end();
            }));
    return out.end();
  });
}

}  // namespace

int run_explain(const std::string& name, bool json) {
  std::string out;
  if (json) {
    out = all_as_json() + "\n";
  } else if (name.empty()) {
    for (const Cause& cause : catalogue()) out += fmt::format("{} {}: {}\n", cause.id, cause.name, cause.summary);
  } else if (const Cause* cause = find_cause(name)) {
    out = explain_cause(*cause);
  } else if (const auto meaning = std::ranges::find(meanings, std::string_view(name), &Meaning::code);
             meaning != std::end(meanings)) {
    out = explain_meaning(*meaning);
  } else {
    fmt::print(stderr,
               "turnout: '{}' is no cause (P01 to P65), status or close code that is explained here; `turnout "
               "explain` lists the causes\n",
               printable(name, 60));
    return static_cast<int>(Exit::usage);
  }
  const bool written = std::fwrite(out.data(), 1, out.size(), stdout) == out.size() && std::fflush(stdout) == 0;
  return static_cast<int>(written ? Exit::sound : Exit::output);
}

}  // namespace turnout::probe
