#include "config/load.h"

#include <array>
#include <filesystem>
#include <limits>
#include <map>

#include "config/load_access.h"
#include "config/load_admin.h"
#include "config/load_fields.h"
#include "config/load_limits.h"
#include "config/load_route.h"
#include "config/load_transcripts.h"
#include "config/load_upstream.h"
#include "config/readable_file.h"
#include "config/toml_table.h"

namespace turnout {
namespace {

constexpr std::int64_t workers_max = 1024;

class Loader {
 public:
  Loader(const std::string& file, const LoadOptions& options)
      : options_(options), folder_(std::filesystem::path(file).parent_path().string()), problems_(file) {
    config_.file = file;
  }

  std::expected<Config, std::vector<Diagnostic>> load(const toml::table& toml_table) {
    TomlTable table(toml_table, problems_);
    config_.trusted_proxies = load_networks(table, "trusted_proxies");
    for (const toml::table* listener : table.read_tables("listener", "[[listener]]")) load_listener(*listener);
    UpstreamLoader upstreams(folder_, problems_);
    for (const toml::table* upstream : table.read_tables("upstream", "[[upstream]]"))
      config_.upstreams.push_back(upstreams.load(*upstream));
    RouteLoader routes(folder_, config_.upstreams, problems_);
    for (const toml::table* route : table.read_tables("route", "[[route]]"))
      config_.routes.push_back(routes.load(*route));
    std::int64_t workers = 0;
    if (table.read("workers", workers, 0, workers_max)) config_.workers = static_cast<std::uint32_t>(workers);
    table.read_duration("drain", config_.limits.drain, Millis(0));
    if (const toml::table* log = table.read_table("access_log")) load_access_log(*log);
    if (const toml::table* transcripts = table.read_table("transcripts"))
      config_.transcripts = load_transcripts(*transcripts, folder_, config_.routes, problems_);
    const toml::table* admin = table.read_table("admin");
    config_.admin = admin != nullptr ? load_admin(*admin, folder_, problems_) : AdminConfig();
    if (const toml::table* limits = table.read_table("limits")) load_limits(*limits, config_.limits, problems_);
    if (const toml::table* websocket = table.read_table("websocket")) load_websocket(*websocket);
    table.finish();
    if (options_.listeners_required && !toml_table.contains("listener")) {
      problems_.add(SourcePosition(), "there is no listener; write [[listener]] and address = \"127.0.0.1:8101\"");
    }
    if (problems_.count() != 0) return std::unexpected(problems_.take_in_order());
    return std::move(config_);
  }

 private:
  void load_listener(const toml::table& toml_table) {
    TomlTable table(toml_table, problems_);
    ListenerConfig listener;
    listener.position = table.position();
    load_address(table, listener);
    load_certificates(table, listener);
    if (const auto mode = table.read_word("tls_upgrade", {"off", "options-only", "compatible"})) {
      constexpr std::array modes{TlsUpgrade::off, TlsUpgrade::options_only, TlsUpgrade::compatible};
      listener.tls_upgrade = modes[*mode];
      if (listener.tls_upgrade != TlsUpgrade::off && !toml_table.contains("tls")) {
        problems_.add(table.position("tls_upgrade"),
                      "\"tls_upgrade\" needs a certificate to continue with: "
                      "tls = [{ certificate = \"upgrade.pem\", key = \"upgrade.key\" }]");
      }
    }
    table.read("lenient_upgrade", listener.lenient_upgrade);
    table.read("accept_opossum_risk", listener.accept_opossum_risk);
    table.read("proxy_protocol", listener.proxy_protocol);
    if (listener.proxy_protocol && config_.trusted_proxies.empty()) {
      problems_.add(table.position("proxy_protocol"),
                    "\"proxy_protocol\" is taken from trusted proxies only, and there are none:"
                    " trusted_proxies = [\"192.0.2.0/24\"]");
    }
    table.finish();
    config_.listeners.push_back(std::move(listener));
  }

  void load_address(TomlTable& table, ListenerConfig& listener) {
    std::string address_text;
    if (!table.read("address", address_text)) {
      if (!table.has_any({"address"}))
        problems_.add(table.position(), "a listener needs its address: address = \"0.0.0.0:80\"");
      return;
    }
    const std::optional<Address> address = parse_address(address_text);
    if (!address) {
      problems_.add(
          table.position("address"),
          in_quotes(address_text) +
              " is not an address and port, as \"127.0.0.1:8101\", \"[::1]:8101\" or \":80\" (every address)");
      return;
    }
    listener.address = *address;
    if (address->port == 0) return;  // the system picks another one for each
    const auto [at, is_new] = addresses_.try_emplace(text(*address), listener.position.line);
    if (!is_new) {
      problems_.add(table.position("address"),
                    "the listener in line " + std::to_string(at->second) + " has " + in_quotes(at->first) + " already");
    }
  }

  void load_certificates(TomlTable& table, ListenerConfig& listener) {
    const std::vector<const toml::table*> entries =
        table.read_tables("tls", "tls = [{ certificate = \"server.pem\", key = \"server.key\" }]");
    const toml::node* tls = table.find("tls");
    if (entries.empty() && tls != nullptr && tls->is_array() && tls->as_array()->empty()) {
      problems_.add(*tls, "\"tls\" is empty; leave the key out for a listener without TLS");
    }
    for (const toml::table* entry : entries) {
      TomlTable reader(*entry, problems_);
      CertificateConfig certificate;
      certificate.position = reader.position();
      load_pem(reader, "certificate", folder_, certificate.certificate);
      load_pem(reader, "key", folder_, certificate.key);
      for (const std::string_view key : {"certificate", "key"}) {
        if (reader.has_any({key})) continue;
        problems_.add(reader.position(), "\"tls\" needs both certificate and key; " + in_quotes(key) + " is missing");
      }
      reader.finish();
      listener.tls.push_back(std::move(certificate));
    }
  }

  void load_access_log(const toml::table& toml_table) {
    TomlTable table(toml_table, problems_);
    AccessLogConfig log;
    if (table.read("file", log.file)) {
      if (log.file.empty()) {
        problems_.add(table.position("file"), "\"file\" is not empty; \"-\" is standard output");
      } else if (log.file != "-") {
        log.file = resolved(folder_, log.file);
      }
    } else if (!table.has_any({"file"})) {
      problems_.add(table.position(),
                    "access_log needs its file: access_log = { file = \"access.log\" }; \"-\" is standard output");
    }
    if (const auto format = table.read_word("format", {"w3c", "json"})) {
      log.format = *format == 0 ? LogFormat::w3c : LogFormat::json;
    }
    table.finish();
    config_.access_log = std::move(log);
  }

  void load_websocket(const toml::table& toml_table) {
    TomlTable table(toml_table, problems_);
    WebSocketConfig& settings = config_.websocket;
    table.read("compression", settings.compression);
    std::int64_t level = 0;
    if (table.read("compression_level", level, 1, websocket::compression_level_max)) {
      settings.compression_level = static_cast<std::uint8_t>(level);
      if (!settings.compression) {
        problems_.add(table.position("compression_level"), "\"compression_level\" needs compression = true");
      }
    }
    std::uint64_t bytes = 0;
    constexpr std::uint64_t message_bytes_limit = std::numeric_limits<std::uint32_t>::max();
    if (table.read_size("message_bytes_max", bytes, 1, message_bytes_limit)) config_.limits.message_bytes_max = bytes;
    table.finish();
  }

  LoadOptions options_;
  std::string folder_;
  Problems problems_;
  Config config_;
  std::map<std::string, std::uint32_t> addresses_;  // and the line of the listener
};

std::unexpected<std::vector<Diagnostic>> only(const std::string& file, SourcePosition position, std::string message) {
  return std::unexpected(std::vector{Diagnostic{file, position, std::move(message)}});
}

}  // namespace

std::expected<Config, std::vector<Diagnostic>> parse_config(std::string_view toml_text, const std::string& file,
                                                            const LoadOptions& options) {
  if (toml_text.size() > config_bytes_max) {
    return only(file, {}, "a configuration has at most " + std::to_string(config_bytes_max) + " bytes");
  }
  toml::table table;
  try {
    table = toml::parse(toml_text);
  } catch (const toml::parse_error& error) {
    return only(file, {error.source().begin.line, error.source().begin.column}, std::string(error.description()));
  }
  return Loader(file, options).load(table);
}

std::expected<Config, std::vector<Diagnostic>> load_config(const std::string& file, const LoadOptions& options) {
  const ReadableFile readable(file);
  if (!readable.fault().empty()) return only(file, {}, "cannot read the configuration: " + readable.fault());
  const auto toml_text = readable.read(config_bytes_max);
  if (!toml_text) return only(file, {}, "cannot read the configuration: " + toml_text.error());
  return parse_config(*toml_text, file, options);
}

}  // namespace turnout
