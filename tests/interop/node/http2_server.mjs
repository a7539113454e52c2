// An echo server of WebSockets that are streams of HTTP/2 (RFC 8441): node:http2, with the frames by ws. It listens on a
// port of the system's choice, which it prints, and ends with its standard input.
//
//   node http2_server.mjs
import http2 from 'node:http2';

import WebSocket from 'ws';

const server = http2.createServer({ settings: { enableConnectProtocol: true, initialWindowSize: 1 << 20 } });
server.on('stream', (stream, fields) => {
  stream.on('error', () => {});
  if (fields[':method'] !== 'CONNECT' || fields[':protocol'] !== 'websocket' || fields['sec-websocket-version'] !== '13' ||
      'sec-websocket-key' in fields || 'upgrade' in fields || 'connection' in fields) {
    stream.respond({ ':status': 400 }, { endStream: true });
    return;
  }
  stream.respond({ ':status': 200 });
  const client = new WebSocket(null, undefined, { autoPong: true });
  client.setSocket(stream, Buffer.alloc(0), { allowSynchronousEvents: true, maxPayload: 16 << 20,
    skipUTF8Validation: false });
  client.on('error', () => {});
  client.on('message', (data, isBinary) => client.send(data, { binary: isBinary }));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.resume().on('end', () => process.exit());
