#include "main/serve_command.h"

#include <errno.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>

#include "config/load.h"
#include "config/upstream_server.h"
#include "server/run.h"
#include "server/welcome_server.h"

namespace turnout {
namespace {

struct ServeArguments {
  std::string config_file;
  std::vector<std::string> http;
  std::vector<std::string> https;
  std::string root;
  std::string proxy;
  std::uint32_t workers = 0;
  std::string access_log;
  std::string log_format;
};

std::string check_address(const std::string& text) {
  return parse_address(text) ? std::string()
                             : "'" + text + "' is no ADDR:PORT; write it as 127.0.0.1:8101, [::1]:8101, or :8101";
}

std::string check_server(const std::string& text) {
  const auto server = parse_upstream_server(text, "");
  return server ? std::string() : "'" + text + "': " + server.error();
}

std::vector<Address> to_addresses(const std::vector<std::string>& texts) {
  std::vector<Address> addresses;
  for (const std::string& text : texts) addresses.push_back(*parse_address(text));
  return addresses;
}

/// What the command line says about listeners takes the place of what the file says.
std::optional<Config> load(const std::string& file, const WelcomeOptions& options) {
  const bool names_listeners = !options.http.empty() || !options.https.empty();
  auto config = load_config(file, {.listeners_required = !names_listeners});
  if (!config) {
    for (const Diagnostic& problem : config.error()) fmt::print(stderr, "{}\n", text(problem));
    return std::nullopt;
  }
  if (!names_listeners) return std::move(*config);
  config->listeners.clear();
  for (const Address& address : options.http) config->listeners.push_back(http_listener(address));
  for (const Address& address : options.https) config->listeners.push_back(https_listener(address));
  return std::move(*config);
}

/// For a person who has just started the server without any configuration: three commands to copy.
void print_what_to_try(const std::vector<Server::Listening>& listeners) {
  for (const Server::Listening& listener : listeners) {
    const std::string base = (listener.is_https ? "https://" : "http://") + text(listener.address);
    fmt::print(stderr, "{0}/ is a page; {0}/echo is a WebSocket, and sends the body of a POST back\n", base);
  }
  const auto http = std::ranges::find(listeners, false, &Server::Listening::is_https);
  if (http == listeners.end()) return;
  fmt::print(stderr,
             "Watch a connection change protocol:\n"
             "  {1} get http://{0}/index.html --upgrade HTTP/2.0 -v\n"
             "  {1} get http://{0}/index.html --upgrade TLS -k -v\n"
             "  {1} get http://{0}/echo --upgrade websocket -d hello -v\n",
             text(http->address), program_invocation_name);
}

void print_what_is_proxied(const std::vector<Server::Listening>& listeners, const std::string& server) {
  for (const Server::Listening& listener : listeners) {
    fmt::print(stderr, "{}://{}/ is passed on to {}, WebSocket included\n", listener.is_https ? "https" : "http",
               text(listener.address), server);
  }
}

int serve(const ServeArguments& arguments) {
  WelcomeOptions options{
      .http = to_addresses(arguments.http), .https = to_addresses(arguments.https), .root = arguments.root};
  const bool is_proxy = !arguments.proxy.empty();
  const bool is_welcome = !is_proxy && arguments.config_file.empty();
  std::optional<Config> config;
  if (is_proxy) {
    config = proxy_config(options, *parse_upstream_server(arguments.proxy, ""));
  } else {
    config = is_welcome ? welcome_config(options) : load(arguments.config_file, options);
  }
  if (!config) return 1;
  if (arguments.config_file.empty()) config->admin.emplace();
  if (arguments.workers != 0) config->workers = arguments.workers;
  if (!arguments.access_log.empty()) {
    if (!config->access_log) config->access_log.emplace();
    config->access_log->file = arguments.access_log;
  }
  if (config->access_log && !arguments.log_format.empty()) {
    config->access_log->format = arguments.log_format == "json" ? LogFormat::json : LogFormat::w3c;
  }
  Server server(std::move(*config));
  if (is_welcome) add_welcome_routes(server, options);
  if (is_welcome) return run(server, &print_what_to_try);
  if (!is_proxy) return run(server);
  return run(server, [&](const auto& listeners) { print_what_is_proxied(listeners, arguments.proxy); });
}

}  // namespace

void add_serve_command(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<ServeArguments>();
  CLI::App* command = app.add_subcommand("serve", "Serve: what CONFIG.toml says, or a welcome page on loopback");
  CLI::Option* config = command->add_option("CONFIG.toml", arguments->config_file,
                                            "The configuration; examples/turnout.toml explains it");
  command->add_option("--http", arguments->http, "Listen here in cleartext, instead of what is configured")
      ->type_name("ADDR:PORT")
      ->check(check_address)
      ->allow_extra_args(false);
  command->add_option("--https", arguments->https, "Listen here in TLS, with a certificate made at start")
      ->type_name("ADDR:PORT")
      ->check(check_address)
      ->allow_extra_args(false);
  CLI::Option* proxy =
      command->add_option("--proxy", arguments->proxy, "Pass everything on to the server there, WebSocket included")
          ->type_name("URL")
          ->check(check_server)
          ->excludes(config);
  command->add_option("--root", arguments->root, "Serve the files in DIR instead of the welcome page")
      ->type_name("DIR")
      ->check(CLI::ExistingDirectory)
      ->excludes(config)
      ->excludes(proxy);
  command->add_option("--workers", arguments->workers, "Threads; one for each core unless given")
      ->type_name("N")
      ->check(CLI::Range(1u, 1024u));
  command->add_option("--access-log", arguments->access_log, "Write the access log to FILE, or - for standard output")
      ->type_name("FILE|-");
  command->add_option("--log-format", arguments->log_format, "The form of the access log")
      ->type_name("w3c|json")
      ->check(CLI::IsMember({"w3c", "json"}));
  command->callback([arguments, &exit_code] { exit_code = serve(*arguments); });
}

}  // namespace turnout
