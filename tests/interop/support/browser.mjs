// Browser: a headless Chromium that is spoken to over a pipe, with the DevTools protocol and nothing in between.
//
//   const browser = await Browser.launch();
//   const page = await browser.open('http://127.0.0.1:8101/');
//   await page.evaluate('document.title');
//   await browser.close();
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium';

const flags = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-dev-shm-usage',
  '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-extensions',
  '--disable-features=OptimizationHints,Translate,MediaRouter', '--ignore-certificate-errors', '--hide-scrollbars',
  '--no-proxy-server', '--remote-debugging-pipe',
];

export class Browser {
  #process;
  #folder;
  #calls = new Map();
  #last = 0;
  #pages = new Map();
  #ended;

  static async launch() {
    const browser = new Browser();
    await browser.call('Browser.getVersion');
    return browser;
  }

  constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'turnout-browser-'));
    // Chromium reads commands from descriptor 3 and writes answers and events to 4, each ended by a zero byte.
    this.#process = spawn(chromium, [...flags, `--user-data-dir=${this.#folder}`, 'about:blank'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
      env: { ...process.env, HOME: this.#folder },
    });
    this.#ended = new Promise(resolve => this.#process.once('exit', resolve));
    this.#process.once('exit', () => this.#failAll('the browser ended'));
    this.#process.once('error', error => this.#failAll(error.message));
    let text = '';
    this.#process.stdio[4].setEncoding('utf8').on('data', part => {
      const messages = (text + part).split('\0');
      text = messages.pop();
      for (const message of messages) this.#receive(JSON.parse(message));
    });
    this.#process.stdio[3].on('error', () => {});
  }

  #failAll(why) {
    for (const { reject, method } of this.#calls.values()) reject(new Error(`${method}: ${why}`));
    this.#calls.clear();
  }

  #receive({ id, sessionId, method, params, result, error }) {
    if (id === undefined) return this.#pages.get(sessionId)?.heard(method, params);
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    if (error) call?.reject(new Error(`${call.method}: ${error.message}`));
    else call?.resolve(result);
  }

  call(method, params = {}, sessionId = undefined) {
    return new Promise((resolve, reject) => {
      const id = ++this.#last;
      this.#calls.set(id, { resolve, reject, method });
      this.#process.stdio[3].write(`${JSON.stringify({ id, sessionId, method, params })}\0`);
    });
  }

  async open(url) {
    const { targetId } = await this.call('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.call('Target.attachToTarget', { targetId, flatten: true });
    const page = new Page(this, sessionId, targetId);
    this.#pages.set(sessionId, page);
    await page.go(url);
    return page;
  }

  async close() {
    this.call('Browser.close').catch(() => {});
    await this.#ended;
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

export class Page {
  /** What the page complained about: exceptions, violations of its policy, resources that did not load. */
  complaints = [];
  /** Of the navigation: as Chromium's network stack calls it. */
  protocol = '';
  #browser;
  #session;
  #target;
  #loaded;

  constructor(browser, session, target) {
    this.#browser = browser;
    this.#session = session;
    this.#target = target;
  }

  call(method, params) {
    return this.#browser.call(method, params, this.#session);
  }

  heard(method, params) {
    if (method === 'Page.loadEventFired') this.#loaded?.();
    if (method === 'Runtime.exceptionThrown') this.complaints.push(JSON.stringify(params.exceptionDetails));
    if (method === 'Log.entryAdded') this.complaints.push(params.entry.text);
    if (method === 'Network.responseReceived' && params.type === 'Document') this.protocol = params.response.protocol;
  }

  async go(url) {
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await this.call(`${domain}.enable`);
    const loaded = new Promise(resolve => { this.#loaded = resolve; });
    const { errorText } = await this.call('Page.navigate', { url });
    if (errorText) throw new Error(`${url}: ${errorText}`);
    await loaded;
  }

  /** The value of an expression; a promise is awaited. */
  async evaluate(expression) {
    const { result, exceptionDetails } =
      await this.call('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Resolves once the expression is true, looked at after every change of the document. */
  until(expression) {
    return this.evaluate(`new Promise(resolve => {
      const look = () => (${expression}) && (observer.disconnect(), resolve(true));
      const observer = new MutationObserver(look);
      observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
      look();
    })`);
  }

  async screenshot({ width = 900, height = 1000, dark = false } = {}) {
    await this.size(width, height);
    await this.call('Emulation.setEmulatedMedia',
      { features: [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }] });
    const { data } = await this.call('Page.captureScreenshot', { format: 'png', captureBeyondViewport: true });
    return Buffer.from(data, 'base64');
  }

  async size(width, height) {
    await this.call('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: width < 600 });
  }

  close() {
    return this.#browser.call('Target.closeTarget', { targetId: this.#target });
  }
}
