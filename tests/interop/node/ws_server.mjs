// An echo server by the ws package, on a port of the system's choice, which it prints. It ends with its standard input.
//
//   node ws_server.mjs
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: { threshold: 0 },
  maxPayload: (16 << 20) + (64 << 10) }); // 16 MiB, of which compression may make more
server.on('connection', client => {
  client.on('error', () => {}); // a message that is too large has been answered by its close code
  client.on('message', (data, isBinary) => client.send(data, { binary: isBinary }));
});
server.on('listening', () => console.log(server.address().port));
process.stdin.resume().on('end', () => process.exit());
