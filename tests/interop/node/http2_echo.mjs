// Echoes over a WebSocket that is a stream of an HTTP/2 connection: extended CONNECT (RFC 8441) by node:http2, with
// frames of our own making.
//
//   node http2_echo.mjs http://127.0.0.1:8101/echo plain|deflate [LARGEST]        the largest message in bytes
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http2 from 'node:http2';
import zlib from 'node:zlib';

const [url, compression, largest = 1 << 20] = process.argv.slice(2);
const compressed = compression === 'deflate';
const sizes = [1, 125, 126, 65_535, 65_536, Number(largest)];
const TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10;
const tail = Buffer.from([0, 0, 0xff, 0xff]);
const flush = { finishFlush: zlib.constants.Z_SYNC_FLUSH };

/** One whole message, masked. */
function encode(opcode, payload, deflated = compressed && opcode < CLOSE) {
  const data = deflated ? zlib.deflateRawSync(payload, flush).subarray(0, -tail.length) : payload;
  const head = Buffer.alloc(data.length < 126 ? 2 : data.length < 65_536 ? 4 : 10);
  head[0] = 0x80 | (deflated ? 0x40 : 0) | opcode;
  if (head.length === 2) head[1] = data.length;
  if (head.length === 4) head.writeUInt16BE(data.length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(data.length), 2);
  if (head.length !== 2) head[1] = head.length === 4 ? 126 : 127;
  head[1] |= 0x80;
  const mask = randomBytes(4);
  const masked = Buffer.from(data);
  for (let i = 0; i < masked.length; i++) masked[i] ^= mask[i & 3];
  return Buffer.concat([head, mask, masked]);
}

class Reader {
  #chunks = [];
  #size = 0;
  #stream;
  mayClose = false;
  constructor(stream) {
    this.#stream = stream[Symbol.asyncIterator]();
  }
  async #bytes(size) {
    while (this.#size < size) {
      const { value, done } = await this.#stream.next();
      assert.ok(!done, 'the stream ended inside a frame');
      this.#chunks.push(value);
      this.#size += value.length;
    }
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [all.subarray(size)];
    this.#size -= size;
    return all.subarray(0, size);
  }
  /** One whole message, or a control frame between its parts. */
  async next() {
    const parts = [];
    let opcode, deflated;
    while (true) {
      const [first, second] = await this.#bytes(2);
      assert.equal(second & 0x80, 0, 'a server does not mask');
      let length = second & 0x7f;
      if (length === 126) length = (await this.#bytes(2)).readUInt16BE();
      else if (length === 127) length = Number((await this.#bytes(8)).readBigUInt64BE());
      const payload = await this.#bytes(length);
      const kind = first & 15;
      if (kind === CLOSE && !this.mayClose) assert.fail(`closed: ${payload.readUInt16BE()} ${payload.subarray(2)}`);
      if (kind >= CLOSE) return { opcode: kind, payload };
      if (kind !== 0) [opcode, deflated] = [kind, (first & 0x40) !== 0];
      parts.push(payload);
      if (first & 0x80) break;
    }
    const data = Buffer.concat(deflated ? [...parts, tail] : parts);
    return { opcode, deflated, payload: deflated ? zlib.inflateRawSync(data, flush) : data };
  }
  async isEnded() {
    return (await this.#stream.next()).done;
  }
}

const { origin, pathname } = new URL(url);
const connection = http2.connect(origin, { rejectUnauthorized: false });
connection.on('error', error => { throw error; });
const [settings] = await once(connection, 'remoteSettings');
assert.equal(settings.enableConnectProtocol, true);

/** An extended CONNECT, and what it was answered. */
async function open(fields) {
  const stream = connection.request({ ':method': 'CONNECT', ':protocol': 'websocket', ':path': pathname,
    'sec-websocket-version': '13', ...fields }, { endStream: false });
  const [answer] = await once(stream, 'response');
  return { stream, answer };
}

const offer = 'permessage-deflate; client_no_context_takeover; server_no_context_takeover';
const { stream, answer } = await open(compressed ? { 'sec-websocket-extensions': offer } : {});
assert.equal(answer[':status'], 200);
assert.equal('sec-websocket-accept' in answer, false, 'there is no key to prove in HTTP/2');
assert.equal(/permessage-deflate/.test(answer['sec-websocket-extensions'] ?? ''), compressed);
if (compressed) assert.match(answer['sec-websocket-extensions'], /server_no_context_takeover/);

const reader = new Reader(stream);
let seenDeflated = false;
for (const size of sizes) {
  for (const [opcode, sent] of [[TEXT, Buffer.alloc(size, 'a line of text\n')], [BINARY, randomBytes(size)]]) {
    if (size > 1 << 20 && opcode === TEXT) continue; // one of them is enough
    stream.write(encode(opcode, sent));
    const received = await reader.next();
    assert.equal(received.opcode, opcode);
    assert.ok(sent.equals(received.payload), `${size} bytes`);
    seenDeflated ||= received.deflated;
  }
}
assert.equal(seenDeflated, compressed);

// A second one on the same connection, while the first goes on; and an ordinary request beside them.
const second = await open({});
const secondReader = new Reader(second.stream);
second.stream.write(encode(TEXT, Buffer.from('second'), false));
assert.equal((await secondReader.next()).payload.toString(), 'second');
const page = connection.request({ ':path': '/' });
assert.equal((await once(page, 'response'))[0][':status'], 200);
page.resume();
await once(page, 'end');

stream.write(encode(PING, Buffer.from('are you there')));
const pong = await reader.next();
assert.deepEqual([pong.opcode, pong.payload.toString()], [PONG, 'are you there']);

// Refusals end their stream only.
for (const [fields, status] of [[{ origin: 'https://evil.example' }, 403], [{ 'sec-websocket-version': '8' }, 400],
  [{ ':path': '/nothing' }, 404]]) {
  const refused = await open(fields);
  assert.equal(refused.answer[':status'], status);
  refused.stream.close();
}

for (const [one, itsReader, code] of [[second.stream, secondReader, 1000], [stream, reader, 4002]]) {
  itsReader.mayClose = true;
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  one.write(encode(CLOSE, payload));
  const close = await itsReader.next();
  assert.equal(close.opcode, CLOSE);
  assert.equal(close.payload.readUInt16BE(), code);
  assert.ok(await itsReader.isEnded());
  one.end();
}
await new Promise(closed => connection.close(closed));
console.log('done');
