// Echoes through the ws package.
//
//   node ws_echo.mjs ws://127.0.0.1:8101/echo plain|deflate [REASON]        what the answer to "enough" says
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';

import WebSocket from 'ws';

const [url, compression, closing = ''] = process.argv.slice(2);
const compressed = compression === 'deflate';
const sizes = [1, 125, 126, 65_535, 65_536, 1 << 20, 16 << 20];
const options = { perMessageDeflate: compressed, rejectUnauthorized: false, maxPayload: 32 << 20 };

const client = new WebSocket(url, options);
const upgraded = once(client, 'upgrade');
await once(client, 'open');
const [answer] = await upgraded;
assert.equal(/permessage-deflate/.test(answer.headers['sec-websocket-extensions'] ?? ''), compressed);
assert.equal(client.extensions.includes('permessage-deflate'), compressed);

for (const size of sizes) {
  for (const [binary, sent] of [[true, randomBytes(size)], [false, Buffer.alloc(size, 'a line of text\n')]]) {
    client.send(sent, { binary });
    const [received, isBinary] = await once(client, 'message');
    assert.equal(isBinary, binary);
    assert.ok(sent.equals(received), `${size} bytes`);
  }
}

client.ping('are you there');
const [pong] = await once(client, 'pong');
assert.equal(pong.toString(), 'are you there');
client.close(4001, 'enough');
const [code, reason] = await once(client, 'close');
assert.deepEqual([code, reason.toString()], [4001, closing]);

const greedy = new WebSocket(url, options);
await once(greedy, 'open');
greedy.on('error', () => {}); // the rest of a message that nobody wants
greedy.send(Buffer.alloc(17 << 20));
assert.equal((await once(greedy, 'close'))[0], 1009);

console.log('done');
