#include "admin/guard.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <array>
#include <cstdlib>

#include "base/address.h"
#include "base/ascii.h"
#include "codec/http/authority.h"
#include "codec/http/base64.h"

namespace turnout {
namespace {

/// In time that does not depend on where they differ.
bool is_same_secret(std::string_view ours, std::string_view theirs) noexcept {
  return !ours.empty() && ours.size() == theirs.size() && CRYPTO_memcmp(ours.data(), theirs.data(), ours.size()) == 0;
}

bool is_loopback_authority(std::string_view text, std::uint16_t port) {
  const auto authority = parse_authority(text);
  if (!authority || authority->port.value_or(80) != port) return false;
  std::string_view host = authority->host;
  if (iequals(host, "localhost")) return true;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto address = parse_ip(host);
  return address && address->is_loopback();
}

std::string_view cookie_value(std::string_view cookies, std::string_view name) {
  while (!cookies.empty()) {
    const std::string_view one = trim(cookies.substr(0, cookies.find(';')));
    const std::size_t end = cookies.find(';');
    cookies.remove_prefix(end == std::string_view::npos ? cookies.size() : end + 1);
    const std::size_t equals = one.find('=');
    if (equals != std::string_view::npos && one.substr(0, equals) == name) return one.substr(equals + 1);
  }
  return {};
}

}  // namespace

std::optional<AdminObjection> object_to_source(const RequestHead& request, std::uint16_t port) {
  const auto origin = request.fields.find("origin");
  if (port == 0) {
    // Nothing that has an origin comes over a unix socket, but through something that passes it on.
    if (origin) return AdminObjection{403, "Web pages may not use the admin socket."};
    return std::nullopt;
  }
  if (!is_loopback_authority(request.authority, port)) {
    return AdminObjection{403, "Ask for this listener by its own address: the Host of the request is another one."};
  }
  constexpr std::string_view scheme = "http://";
  const bool is_own_origin = origin && origin->starts_with(scheme) &&
                             std::string_view(*origin).substr(scheme.size()) == std::string_view(request.authority);
  if (origin && !is_own_origin)
    return AdminObjection{403, "Web pages of other origins may not use the admin listener."};
  // A browser says so where it sends no Origin (Fetch Metadata).
  const auto site = request.fields.find("sec-fetch-site");
  if (site && *site != "same-origin" && *site != "none") {
    return AdminObjection{403, "Web pages of other sites may not use the admin listener."};
  }
  return std::nullopt;
}

std::string new_secret() {
  std::array<std::byte, 32> random;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(random.data()), static_cast<int>(random.size())) != 1) std::abort();
  return std::string(base64url_encode(random));
}

AdminCredentials::AdminCredentials(std::uint16_t port, std::string bearer)
    : cookie_name_("turnout-admin-" + std::to_string(port)),
      cookie_(new_secret()),
      one_time_(new_secret()),
      bearer_(std::move(bearer)) {}

std::string AdminCredentials::login_target() const {
  return "/?login=" + one_time_;
}

std::optional<std::string> AdminCredentials::log_in(std::string_view one_time_secret) {
  if (!is_same_secret(one_time_, one_time_secret)) return std::nullopt;
  one_time_.clear();
  return cookie_name_ + "=" + cookie_ + "; Path=/; HttpOnly; SameSite=Strict";
}

bool AdminCredentials::knows(const RequestHead& request) const {
  for (const Field field : request.fields) {
    if (iequals(field.name, "cookie") && is_same_secret(cookie_, cookie_value(field.value, cookie_name_))) return true;
    if (!iequals(field.name, "authorization")) continue;
    constexpr std::string_view scheme = "bearer ";
    if (field.value.size() > scheme.size() && iequals(field.value.substr(0, scheme.size()), scheme) &&
        is_same_secret(bearer_, trim(field.value.substr(scheme.size())))) {
      return true;
    }
  }
  return false;
}

}  // namespace turnout
