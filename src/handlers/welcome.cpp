#include "handlers/welcome.h"

#include <openssl/evp.h>

#include <array>

#include "codec/http/base64.h"
#include "handlers/refusals.h"
#include "switching/session.h"

namespace turnout {
namespace {

/// What stands between the tags of the only element of that name.
std::string_view content_of(std::string_view page, std::string_view start_tag, std::string_view end_tag) {
  const std::size_t start = page.find(start_tag) + start_tag.size();
  return page.substr(start, page.find(end_tag, start) - start);
}

/// As Content-Security-Policy names what it allows: 'sha256-...'.
std::string hash_source(std::string_view content) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  (void)EVP_Digest(content.data(), content.size(), digest.data(), &size, EVP_sha256(), nullptr);
  return std::string("'sha256-").append(base64_encode(std::as_bytes(std::span(digest).first(size)))).append("'");
}

void append_escaped(PooledString& html, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&': html += "&amp;"; break;
      case '<': html += "&lt;"; break;
      case '>': html += "&gt;"; break;
      case '"': html += "&quot;"; break;
      default: html.push_back(c);
    }
  }
}

std::string_view name_of(HttpVersion version) noexcept {
  return version == HttpVersion::http2 ? "HTTP/2" : text(version);
}

PooledString fill_in(std::string_view page, const Exchange& exchange) {
  const RequestHead& request = exchange.request();
  // A client of HTTP/1.0 need not say which host it means.
  const std::string here = text(exchange.session().peers().local);
  PooledString html;
  html.reserve(page.size() + 512);
  while (true) {
    const std::size_t open = page.find("{{");
    html.append(page.substr(0, open));
    if (open == std::string_view::npos) return html;
    const std::size_t close = page.find("}}", open);
    const std::string_view name = page.substr(open + 2, close - open - 2);
    if (name == "protocol") html += name_of(request.version);
    if (name == "security") html += request.secure ? "inside TLS" : "in cleartext";
    if (name == "scheme") html += request.secure ? "https" : "http";
    if (name == "host")
      append_escaped(html, request.authority.empty() ? std::string_view(here) : std::string_view(request.authority));
    page.remove_prefix(close + 2);
  }
}

}  // namespace

Welcome::Welcome()
    : security_policy_("default-src 'none'; script-src " +
                       hash_source(content_of(welcome_page, "<script>", "</script>")) + "; style-src " +
                       hash_source(content_of(welcome_page, "<style>", "</style>")) +
                       "; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
                       "frame-ancestors 'none'") {}

Task<void> Welcome::serve(Exchange& exchange) const {
  const RequestHead& request = exchange.request();
  if (request.method != "GET" && request.method != "HEAD") {
    co_await refuse_method(exchange, "GET, HEAD, OPTIONS");
    co_return;
  }
  const PooledString page = fill_in(welcome_page, exchange);
  ResponseHead head(200);
  head.fields.add("Content-Type", "text/html; charset=utf-8");
  // What the page says is true of this one exchange.
  head.fields.add("Cache-Control", "no-store");
  head.fields.add("Content-Security-Policy", security_policy_);
  head.fields.add("X-Content-Type-Options", "nosniff");
  head.fields.add("Referrer-Policy", "no-referrer");
  (void)co_await exchange.respond(std::move(head), as_bytes(page));
}

}  // namespace turnout
