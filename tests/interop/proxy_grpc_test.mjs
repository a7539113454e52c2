// gRPC through the proxy: grpc-js on both sides, HTTP/2 on both sides.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import grpc from '@grpc/grpc-js';

import { Server } from './support/server.mjs';

// Messages are bytes as they are: what is inside is of no interest to anybody between the two ends.
const bytes = { requestSerialize: value => value, requestDeserialize: value => value, responseSerialize: value => value,
  responseDeserialize: value => value };
const methods = {
  Unary: { path: '/test.Echo/Unary', requestStream: false, responseStream: false, ...bytes },
  Down: { path: '/test.Echo/Down', requestStream: false, responseStream: true, ...bytes },
  Up: { path: '/test.Echo/Up', requestStream: true, responseStream: false, ...bytes },
  Both: { path: '/test.Echo/Both', requestStream: true, responseStream: true, ...bytes },
  Refused: { path: '/test.Echo/Refused', requestStream: false, responseStream: false, ...bytes },
  Broken: { path: '/test.Echo/Broken', requestStream: false, responseStream: true, ...bytes },
  Silent: { path: '/test.Echo/Silent', requestStream: false, responseStream: false, ...bytes },
};
const Client = grpc.makeGenericClientConstructor(methods, 'Echo');
const options = { 'grpc.max_receive_message_length': 32 << 20, 'grpc.enable_retries': 0, 'grpc.use_local_subchannel_pool': 1 };
const peers = new Set();
const events = new EventEmitter();

const implementation = {
  Unary(call, done) {
    peers.add(call.metadata.get('via').join());
    const trailers = new grpc.Metadata();
    trailers.set('at-the-end', 'of it');
    trailers.set('sum-bin', Buffer.from([0, 255, call.request.length & 255]));
    call.sendMetadata(call.metadata);
    done(null, call.request, trailers);
  },
  async Down(call) {
    const count = call.request.readUInt32BE();
    for (let i = 0; i < count; i++) {
      if (!call.write(Buffer.alloc(i, i & 255))) await once(call, 'drain');
    }
    call.end();
  },
  Up(call, done) {
    let size = 0;
    call.on('data', part => { size += part.length; });
    call.on('end', () => done(null, Buffer.from(String(size))));
  },
  Both(call) {
    call.on('data', part => call.write(part));
    call.on('end', () => call.end());
  },
  Refused(call, done) {
    const metadata = new grpc.Metadata();
    metadata.set('why-bin', Buffer.from([1, 2, 3]));
    done({ code: grpc.status.FAILED_PRECONDITION, details: 'not like this: 100 %', metadata });
  },
  Broken(call) {
    call.write(Buffer.from('one'));
    call.write(Buffer.from('two'));
    call.emit('error', { code: grpc.status.DATA_LOSS, details: 'no three' });
  },
  Silent(call) {
    events.emit('asked');
    call.on('cancelled', () => events.emit('cancelled'));
  },
};

const backend = new grpc.Server({ 'grpc.max_receive_message_length': 32 << 20 });
let folder, server, client;

/** What a call for one answer came to. */
function ask(method, message, { metadata = new grpc.Metadata(), ...more } = {}) {
  return new Promise(resolve => {
    const result = {};
    const call = client[method](message, metadata, more, (error, value) => {
      Object.assign(result, { error, value });
      if (result.status) resolve(result);
    });
    call.on('metadata', fields => { result.metadata = fields; });
    call.on('status', status => {
      result.status = status;
      if ('value' in result) resolve(result);
    });
  });
}

async function all(call) {
  const parts = [];
  for await (const part of call) parts.push(part);
  return parts;
}

describe('gRPC through the proxy', { timeout: 200_000 }, () => {
  before(async () => {
    backend.addService(methods, implementation);
    const port = await new Promise((resolve, reject) => backend.bindAsync('127.0.0.1:0',
      grpc.ServerCredentials.createInsecure(), (error, bound) => error ? reject(error) : resolve(bound)));
    folder = mkdtempSync(join(tmpdir(), 'turnout-grpc-'));
    const config = join(folder, 'turnout.toml');
    writeFileSync(config, `
[[listener]]
address = "127.0.0.1:0"

[[upstream]]
name = "grpc"
servers = ["h2c://127.0.0.1:${port}"]

[[route]]
match = { path = "/test.Echo/**" }
proxy = { to = "grpc" }
`);
    server = new Server(config);
    await server.start();
    client = new Client(server.addresses.http, grpc.credentials.createInsecure(), options);
  });
  after(async () => {
    client?.close();
    const ended = await server?.stop();
    backend.forceShutdown();
    rmSync(folder, { recursive: true });
    assert.equal(ended, 0);
  });

  test('one message for one', async () => {
    for (const size of [0, 1, 16_384, 100_000, 4 << 20]) {
      const sent = randomBytes(size);
      const metadata = new grpc.Metadata();
      metadata.set('mine', 'text');
      metadata.set('mine-bin', Buffer.from([0, 1, 254]));
      const { error, value, status, metadata: first } = await ask('Unary', sent, { metadata });
      assert.equal(error, null);
      assert.ok(sent.equals(value), `${size} bytes`);
      assert.equal(status.code, grpc.status.OK);
      assert.deepEqual(status.metadata.get('at-the-end'), ['of it']);
      assert.deepEqual(status.metadata.get('sum-bin'), [Buffer.from([0, 255, size & 255])]);
      assert.deepEqual(first.get('mine'), ['text']);
      assert.deepEqual(first.get('mine-bin'), [Buffer.from([0, 1, 254])]);
    }
    assert.deepEqual([...peers], ['2.0 turnout'], 'it came over HTTP/2, through the proxy');
  });

  test('a stream of answers', async () => {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(2000);
    const parts = await all(client.Down(count));
    assert.equal(parts.length, 2000);
    assert.ok(parts.every((part, i) => part.equals(Buffer.alloc(i, i & 255))));
  });

  test('a stream of requests', async () => {
    const answer = await new Promise((resolve, reject) => {
      const call = client.Up((error, value) => error ? reject(error) : resolve(value));
      for (let i = 0; i < 1000; i++) call.write(Buffer.alloc(i));
      call.end();
    });
    assert.equal(answer.toString(), String(999 * 1000 / 2));
  });

  test('streams both ways, each message answered before the next', async () => {
    const call = client.Both();
    const parts = call[Symbol.asyncIterator]();
    for (const size of [0, 1, 100, 70_000]) {
      const sent = randomBytes(size);
      call.write(sent);
      assert.ok(sent.equals((await parts.next()).value));
    }
    call.end();
    assert.ok((await parts.next()).done);
  });

  test('many calls at once', async () => {
    const results = await Promise.all(Array.from({ length: 200 }, (_, i) => ask('Unary', Buffer.from(`call ${i}`))));
    results.forEach(({ value }, i) => assert.equal(value.toString(), `call ${i}`));
  });

  test('an error in the trailers', async () => {
    const { error } = await ask('Refused', Buffer.alloc(1));
    assert.deepEqual([error.code, error.details], [grpc.status.FAILED_PRECONDITION, 'not like this: 100 %']);
    assert.deepEqual(error.metadata.get('why-bin'), [Buffer.from([1, 2, 3])]);
    const parts = [];
    await assert.rejects(async () => {
      for await (const part of client.Broken(Buffer.alloc(0))) parts.push(part.toString());
    }, { code: grpc.status.DATA_LOSS, details: 'no three' });
    assert.deepEqual(parts, ['one', 'two']);
    const { error: unknown } = await new Promise(resolve => client.makeUnaryRequest('/test.Echo/Nothing', x => x, x => x,
      Buffer.alloc(0), error => resolve({ error })));
    assert.equal(unknown.code, grpc.status.UNIMPLEMENTED);
  });

  test('a deadline', async () => {
    const { error } = await ask('Silent', Buffer.alloc(0), { deadline: Date.now() + 300 });
    assert.equal(error.code, grpc.status.DEADLINE_EXCEEDED);
    const { value } = await ask('Unary', Buffer.from('afterwards'));
    assert.equal(value.toString(), 'afterwards');
  });

  test('a call that is cancelled is cancelled behind the proxy', async () => {
    const asked = once(events, 'asked');
    const ended = new Promise(resolve => {
      const call = client.Silent(Buffer.alloc(0), resolve);
      asked.then(() => call.cancel());
    });
    await asked;
    const cancelled = once(events, 'cancelled');
    assert.equal((await ended).code, grpc.status.CANCELLED);
    await cancelled;
  });
});
