// The program under test, on ports of the system's choice, and its access log as it is written.
//
//   const server = new Server('--http', '127.0.0.1:0');
//   await server.start();
//   ... server.addresses.http ...
//   assert.equal(await server.stop(), 0);
import { spawn } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const project = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const program = join(resolve(process.env.TURNOUT_BUILD ?? join(project, 'build')), 'turnout');

export class Server {
  #arguments;
  #process;
  #waiting = new Set();
  log = [];
  addresses = {};

  constructor(...more) {
    this.#arguments = ['serve', ...more, '--access-log', '-', '--log-format', 'json'];
  }

  async start() {
    this.#process = spawn(program, this.#arguments, { stdio: ['ignore', 'pipe', 'pipe'] });
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
