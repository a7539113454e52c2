#include "main/connect_command.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "probe/connect.h"
#include "probe/run.h"

namespace turnout {

void add_connect_command(CLI::App& app, int& exit_code) {
  CLI::App* connect = app.add_subcommand("connect", "Switch, and put the terminal, or a pipe, on the connection");
  auto arguments = std::make_shared<probe::ConnectArguments>();
  connect->add_option("URL", arguments->url, "http, https, ws or wss; http where the scheme is left out")->required();
  connect->add_option("--token", arguments->token, "The protocol to switch to (websocket); any other is passed through")
      ->type_name("NAME");
  connect->add_flag("--binary", arguments->binary, "WebSocket: send what comes as binary messages, not lines as text");
  connect->add_option("--origin", arguments->origin, "The field Origin; none unless given")->type_name("ORIGIN");
  connect->add_option("--subprotocol", arguments->subprotocols, "Offer this Sec-WebSocket-Protocol; may be repeated")
      ->type_name("NAME")
      ->allow_extra_args(false);
  connect->add_option("-H,--header", arguments->headers, "Send this field too")
      ->type_name("'NAME: VALUE'")
      ->allow_extra_args(false);
  connect->add_flag("-v,--verbose", arguments->verbose, "Show the request and its answer");
  connect->add_flag("-k,--insecure", arguments->insecure, "Take any certificate");
  connect->add_option("--cacert", arguments->ca_file, "Trust the authorities in this PEM file too")->type_name("FILE");
  connect->add_option("--timeout", arguments->timeout_seconds, "For each step up to the switch (10)")
      ->type_name("SECONDS");
  connect
      ->add_option("--wait", arguments->wait_seconds,
                   "WebSocket: behind the end of input, wait for the next message (1)")
      ->type_name("SECONDS");
  connect->footer(probe::exit_codes_help);
  connect->callback([arguments, &exit_code] { exit_code = probe::run_connect(*arguments); });
}

}  // namespace turnout
