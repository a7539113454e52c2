// The welcome page in a real browser, over http and https: it names the protocol it came over, its WebSocket echoes,
// and over https that WebSocket is a stream of an HTTP/2 connection (RFC 8441), which the access log shows.
//
//   node --test tests/interop/browser_test.mjs        TURNOUT_BUILD: folder of the program, build/ where not set
//                                                     TURNOUT_SCREENSHOTS: a folder to put pictures of the page into
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Browser, chromium } from './support/browser.mjs';

const project = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const program = join(resolve(process.env.TURNOUT_BUILD ?? join(project, 'build')), 'turnout');
const screenshots = process.env.TURNOUT_SCREENSHOTS;

const missing = existsSync(chromium) ? false : `${chromium} is not installed: THE WELCOME PAGE IS NOT TESTED`;
if (missing) console.error(`browser_test: ${missing}`);

/** The welcome server on ports of the system's choice, and its access log as it is written. */
class Server {
  #process;
  #waiting = new Set();
  log = [];
  addresses = {};

  async start() {
    this.#process = spawn(program,
      ['serve', '--http', '127.0.0.1:0', '--https', '127.0.0.1:0', '--access-log', '-', '--log-format', 'json'],
      { stdio: ['ignore', 'pipe', 'pipe'] });
    createInterface({ input: this.#process.stdout }).on('line', line => {
      this.log.push(JSON.parse(line));
      for (const look of this.#waiting) look();
    });
    const said = [];
    await new Promise((ready, fail) => {
      this.#process.once('error', fail);
      this.#process.once('exit', code => fail(new Error(`the server ended (${code}):\n${said.join('\n')}`)));
      createInterface({ input: this.#process.stderr }).on('line', line => {
        said.push(line);
        if (!line.startsWith('ready ')) return;
        for (const word of line.split(' ').slice(1)) this.addresses[word.split('=')[0]] = word.split('=')[1];
        ready();
      });
    });
  }

  /** The first line of the log for which the function is true, now or later. */
  logged(isWanted) {
    return new Promise(found => {
      const look = () => {
        const line = this.log.find(isWanted);
        if (!line) return;
        this.#waiting.delete(look);
        found(line);
      };
      this.#waiting.add(look);
      look();
    });
  }

  async stop() {
    this.#process.removeAllListeners('exit');
    const ended = new Promise(resolve => this.#process.once('exit', resolve));
    this.#process.kill('SIGTERM');
    return ended;
  }
}

async function picture(page, name, options) {
  if (!screenshots) return;
  mkdirSync(screenshots, { recursive: true });
  writeFileSync(join(screenshots, `${name}.png`), await page.screenshot(options));
}

describe('the welcome page', { skip: missing, timeout: 120_000 }, () => {
  const server = new Server();
  let browser;
  before(async () => {
    await server.start();
    browser = await Browser.launch();
  });
  after(async () => {
    await browser?.close();
    assert.equal(await server.stop(), 0, 'the server ends in order, with a browser that was there');
  });

  const cases = [
    { scheme: 'http', path: '/', protocol: 'HTTP/1.1', hop: 'http/1.1', security: 'in cleartext',
      opened: { 'cs-method': 'GET', 'sc-status': 101 } },
    { scheme: 'https', path: '/index.html', protocol: 'HTTP/2', hop: 'h2', security: 'inside TLS',
      opened: { 'cs-method': 'CONNECT', 'sc-status': 200 } },
  ];
  for (const { scheme, path, protocol, hop, security, opened } of cases) {
    test(`over ${scheme}`, async () => {
      const page = await browser.open(`${scheme}://${server.addresses[scheme]}${path}`);
      assert.equal(page.protocol, hop);
      assert.equal(await page.evaluate('document.querySelector("h1").innerText'),
        `This page came over ${protocol} ${security}`);
      assert.equal(await page.evaluate('document.getElementById("browser").innerText'), ` The browser calls it ${hop}.`);

      await page.until('Number(document.getElementById("echoes").textContent) >= 2');
      assert.match(await page.evaluate('document.getElementById("last").textContent'), /^[0-9.]+ ms$/);
      assert.match(await page.evaluate('document.getElementById("state").textContent'), /^Open.*, compressed\.$/);

      const line = await server.logged(one => one['cs-uri-stem'] === '/echo' && one['x-event'] === 'open' &&
        one['cs-method'] === opened['cs-method']);
      assert.equal(line['sc-status'], opened['sc-status']);
      assert.equal(line['x-upgrade-token'], 'websocket');

      const commands = await page.evaluate(
        '[...document.querySelectorAll("pre")].filter(one => one.offsetParent).map(one => one.innerText)');
      assert.ok(commands.length >= 2);
      for (const command of commands) assert.ok(command.includes(`${scheme}://${server.addresses[scheme]}/`), command);

      await picture(page, `${scheme}-light`);
      await picture(page, `${scheme}-dark`, { dark: true });
      await picture(page, `${scheme}-phone`, { width: 360, height: 1100, dark: true });
      await page.size(320, 800);
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 320, 'fits a small phone');
      assert.deepEqual(page.complaints, []);
      await page.close();
    });
  }
});
