// A real browser over HTTP/2 in front of a server that knows HTTP/1.1 alone: the page's WebSocket is a stream towards
// the browser (RFC 8441) and an Upgrade towards the server.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';

import { WebSocketServer } from 'ws';

import { Browser, chromium } from './support/browser.mjs';
import { Server } from './support/server.mjs';

const missing = existsSync(chromium) ? false : `${chromium} is not installed: NO BROWSER THROUGH THE PROXY`;
if (missing) console.error(`proxy_browser_test: ${missing}`);

const page = '<!doctype html><title>application</title><link rel="icon" href="data:,"><h1>from the application</h1>';

describe('an application behind the proxy', { skip: missing, timeout: 200_000 }, () => {
  const application = http.createServer((request, answer) => {
    answer.setHeader('Content-Type', 'text/html').end(page);
  });
  const sockets = new WebSocketServer({ server: application, perMessageDeflate: true, maxPayload: 32 << 20,
    handleProtocols: offered => [...offered][1] });
  const offers = [];
  let server, browser;

  before(async () => {
    sockets.on('connection', (client, request) => {
      offers.push({ method: request.method, version: request.httpVersion, url: request.url, ...request.headers });
      client.on('message', (data, isBinary) => client.send(data, { binary: isBinary }));
    });
    await once(application.listen(0, '127.0.0.1'), 'listening');
    server = new Server('--https', '127.0.0.1:0', '--proxy', `http://127.0.0.1:${application.address().port}`);
    await server.start();
    browser = await Browser.launch();
  });
  after(async () => {
    await browser?.close();
    const ended = await server?.stop();
    application.closeAllConnections();
    application.close();
    assert.equal(ended, 0);
  });

  test('its WebSocket', async () => {
    const opened = await browser.open(`https://${server.addresses.https}/`);
    assert.equal(opened.protocol, 'h2');
    assert.equal(await opened.evaluate('document.querySelector("h1").innerText'), 'from the application');
    const result = await opened.evaluate(`(async () => {
      const socket = new WebSocket('wss://' + location.host + '/chat?room=1', ['first', 'second']);
      socket.binaryType = 'arraybuffer';
      await new Promise((resolve, reject) => { socket.onopen = resolve; socket.onerror = reject; });
      const received = () => new Promise(resolve => { socket.onmessage = event => resolve(event.data); });
      const same = [];
      for (const size of [1, 125, 126, 65535, 65536, 1 << 20]) {
        const sent = new Uint8Array(size).map((_, at) => (at * 31) ^ (at >> 8));
        const answer = received();
        socket.send(sent);
        const bytes = new Uint8Array(await answer);
        same.push(bytes.length === size && bytes.every((byte, at) => byte === sent[at]));
      }
      const answer = received();
      socket.send('a line of text');
      same.push(await answer === 'a line of text');
      const { protocol, extensions } = socket;
      const closed = new Promise(resolve => { socket.onclose = resolve; });
      socket.close(4000, 'done');
      const { code, wasClean } = await closed;
      return { same, protocol, extensions, code, wasClean };
    })()`);
    assert.deepEqual(result.same, Array(7).fill(true));
    assert.deepEqual([result.protocol, result.code, result.wasClean], ['second', 4000, true]);
    assert.match(result.extensions, /permessage-deflate/);

    assert.equal(offers.length, 1);
    const [offer] = offers;
    assert.deepEqual([offer.method, offer.version, offer.url, offer.upgrade], ['GET', '1.1', '/chat?room=1', 'websocket']);
    assert.equal(offer.host, server.addresses.https);
    assert.equal(offer['x-forwarded-proto'], 'https');
    const line = await server.logged(one => one['cs-uri-stem'] === '/chat' && one['x-event'] === 'open');
    assert.deepEqual([line['cs-method'], line['sc-status'], line['x-upgrade-token']], ['CONNECT', 200, 'websocket']);
    await server.logged(one => one['x-event'] === 'close' && one['x-tunnel-id'] === line['x-tunnel-id']);
    assert.deepEqual(opened.complaints, []);
    await opened.close();
  });
});
