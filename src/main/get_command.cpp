#include "main/get_command.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "client/run.h"

namespace turnout {

void add_get_command(CLI::App& app, int& exit_code) {
  CLI::App* get = app.add_subcommand("get", "Ask a server, offer it another protocol, and go on in that one");
  auto arguments = std::make_shared<client::Arguments>();
  get->add_option("URL", arguments->url, "http, https, ws or wss; http where the scheme is left out")->required();
  get->add_option("--upgrade", arguments->upgrade, "Offer HTTP/2.0, h2c, TLS or websocket (ws:// does by itself)")
      ->type_name("TOKEN");
  get->add_flag("-v,--verbose", arguments->verbose, "Show the exchange on standard error: > sent, < received, * notes");
  CLI::Option* data = get->add_option("-d,--data", arguments->data,
                                      "Send it: as a POST; over WebSocket as one message, whose answer is printed.\n"
                                      "@FILE sends the bytes of FILE (@- of standard input), over WebSocket as binary")
                          ->type_name("DATA|@FILE");
  get->add_flag("-k,--insecure", arguments->insecure, "Take any certificate");
  get->add_option("--cacert", arguments->ca_file, "Trust the authorities in this PEM file too")->type_name("FILE");
  get->add_flag("--http2-prior-knowledge", arguments->http2_prior_knowledge, "Begin in HTTP/2 on http://");
  get->add_option("--timeout", arguments->timeout_seconds,
                  "For each step: connecting, a handshake, an answer, more of its body (30)")
      ->type_name("SECONDS");
  get->footer(client::exit_codes_help);
  get->callback([arguments, data, &exit_code] {
    arguments->has_data = data->count() != 0;
    exit_code = client::run(*arguments);
  });
}

}  // namespace turnout
