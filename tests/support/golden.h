// Golden transcripts: a conversation with the whole server as a text file, played on memory and virtual time.
//
// A file opens with a paragraph of `#` lines: what is checked, and which RFC says so. Then come what the client does
// and what the server does, in the order in which it happens. play() does what the client's lines say and writes the
// whole conversation again, with what the server really did; a test compares it with the file.
//
//   option lenient                       Upgrade: HTTP/2.0 is taken up without Connection: upgrade
//   > GET / HTTP/1.1                     a line of the client's, with CR LF behind it
//   >> "raw\r\n\x00"                     bytes of the client's, with escapes as in C
//   h2> preface | settings | ack | headers ID [end] NAME=VALUE... | data ID [end] "bytes" | rst ID CODE | ping "8
//   bytes" ws> text "x" | binary "x" | ping "x" | close CODE       a masked frame; `ws ID>`: on a stream of HTTP/2 run
//   what is before and behind it are two segments wait 10s | fin | reset | drain       time passes; the client ends its
//   side, breaks off; the server is told to stop < HTTP/1.1 200 OK                    a line of the server's, CR LF
//   left out;  << "raw" where there is none <h2 SETTINGS ...   <ws text "x"      its frames, once the connection speaks
//   that closed                               the server has ended its side = 0 enter http/1.1                   at the
//   end: the session's transcript, and `@` the records of the access log
#pragma once

#include <string>
#include <string_view>

namespace turnout {

std::string play(std::string_view script);

}  // namespace turnout
