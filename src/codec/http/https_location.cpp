#include "codec/http/https_location.h"

#include "codec/http/host.h"

namespace turnout {

std::string https_location(const RequestHead& request, std::uint16_t port) {
  constexpr std::uint16_t https_port = 443;
  const std::string_view host = host_of(request.authority);
  if (host.empty() || !request.target.starts_with('/')) return {};
  std::string location = "https://" + std::string(host);
  if (port != https_port) location += ':' + std::to_string(port);
  return location.append(request.target);
}

}  // namespace turnout
