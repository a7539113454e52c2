// The welcome page in a real browser, over http and https: it names the protocol it came over, its WebSocket echoes,
// and over https that WebSocket is a stream of an HTTP/2 connection (RFC 8441), which the access log shows.
//
//   node --test tests/interop/browser_test.mjs        TURNOUT_BUILD: folder of the program, build/ where not set
//                                                     TURNOUT_SCREENSHOTS: a folder to put pictures of the page into
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { Browser, chromium } from './support/browser.mjs';
import { Server } from './support/server.mjs';

const screenshots = process.env.TURNOUT_SCREENSHOTS;

const missing = existsSync(chromium) ? false : `${chromium} is not installed: THE WELCOME PAGE IS NOT TESTED`;
if (missing) console.error(`browser_test: ${missing}`);

async function picture(page, name, options) {
  if (!screenshots) return;
  mkdirSync(screenshots, { recursive: true });
  writeFileSync(join(screenshots, `${name}.png`), await page.screenshot(options));
}

describe('the welcome page', { skip: missing, timeout: 120_000 }, () => {
  const server = new Server('--http', '127.0.0.1:0', '--https', '127.0.0.1:0');
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
