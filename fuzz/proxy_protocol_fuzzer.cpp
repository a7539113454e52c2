// The header of the PROXY protocol, and who Forwarded and X-Forwarded-For say that the client is. A header that was
// understood is written and read again.
#include <cstdlib>
#include <vector>

#include "codec/http/client_address.h"
#include "codec/proxy_protocol/header.h"

using namespace turnout;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const ProxyHeaderParse parse = parse_proxy_header(as_bytes(input));
  if (parse.status == ProxyHeaderParse::Status::incomplete && size >= proxy_header_bytes_max) std::abort();
  if (parse.status == ProxyHeaderParse::Status::whole) {
    if (parse.bytes == 0 || parse.bytes > size || parse.bytes > proxy_header_bytes_max) std::abort();
    // No shorter input is understood, and none that is longer is understood otherwise.
    if (parse_proxy_header(as_bytes(input.substr(0, parse.bytes - 1))).status == ProxyHeaderParse::Status::whole) {
      std::abort();
    }
    for (const auto append : {&append_proxy_header_v1, &append_proxy_header_v2}) {
      PooledString again;
      append(again, parse.connection);
      const ProxyHeaderParse reread = parse_proxy_header(as_bytes(again));
      if (reread.connection != parse.connection || reread.bytes != again.size()) std::abort();
    }
  }

  const std::vector<Network> trusted{*parse_network("10.0.0.0/8")};
  const Address peer = *parse_ip("10.0.0.1");
  for (const std::string_view name : {"Forwarded", "X-Forwarded-For"}) {
    FieldList fields;
    fields.add(name, input);
    const ClientAddress client = client_address(fields, peer, trusted);
    const bool is_named = client.source == ClientAddress::Source::forwarded;
    if (!is_named && !contains(trusted, client.address)) std::abort();
    fields.add(name, name == "Forwarded" ? "for=192.0.2.1" : "192.0.2.1");
    const ClientAddress last = client_address(fields, peer, trusted);
    const bool is_last = last.source == ClientAddress::Source::forwarded && last.address == *parse_ip("192.0.2.1");
    if (last.source == ClientAddress::Source::forwarded && !is_last) std::abort();
  }
  return 0;
}
