// The `ws` package as an echo server, with its documented defaults; compression on, as the client decides per run.
import { createRequire } from 'node:module';
const { WebSocketServer } = createRequire(process.argv[3] + '/')('ws');
const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.argv[2]), perMessageDeflate: { threshold: 0 } });
server.on('connection', (socket) => {
  socket.on('message', (message, isBinary) => socket.send(message, { binary: isBinary }));
});
