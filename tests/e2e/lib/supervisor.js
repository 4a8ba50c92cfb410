// SPDX-License-Identifier: MIT
// The program under a supervisor of ours that holds its sockets and hears its notifications, as systemd does.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { withPatience } from './patience.js';
import { ARGS, PROGRAM } from './server.js';

const SCRIPT = fileURLToPath(new URL('supervisor.py', import.meta.url));

export class Supervisor {
    log = '';
    #child;
    #events = [];
    #wake = () => {};

    // Holds TCP and UDP sockets at one port; nothing is started yet. T ends it.
    static async open(t, { tcp = 0, udp = 0, watchdog = 0, args = [] }) {
        const supervisor = new Supervisor([tcp, udp, watchdog, PROGRAM, ...ARGS, ...args].map(String));
        t.after(() => supervisor.#close());
        supervisor.port = (await supervisor.event('port')).port;
        return supervisor;
    }

    constructor(args) {
        this.#child = spawn('python3', [SCRIPT, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
        this.#child.stderr.setEncoding('utf8').on('data', text => { this.log += text; });
        createInterface(this.#child.stdout).on('line', line => {
            this.#events.push(JSON.parse(line));
            this.#wake();
        });
    }

    tell(command) {
        this.#child.stdin.write(`${command}\n`);
    }

    // The next event called NAME of which IS_IT holds; others of that name before it are forgotten.
    async event(name, isIt = () => true) {
        const found = () => this.#events.find(event => event.event === name && isIt(event));
        await withPatience((async () => {
            while (!found()) {
                await new Promise(done => { this.#wake = done; });
            }
        })(), `${name} of the supervisor: ${this.log}`);
        const event = found();
        this.#events = this.#events.filter((other, i) => other.event !== name || i > this.#events.indexOf(event));
        return event;
    }

    // The next notification with a LINE.
    async notified(line) {
        return (await this.event('notified', event => event.lines.includes(line))).lines;
    }

    // Starts one more process, and waits until it is ready.
    async start() {
        this.tell('start');
        const { pid } = await this.event('started');
        await this.notified('READY=1');
        return pid;
    }

    // Ends the oldest process.
    async stop() {
        this.tell('stop');
        assert.equal((await this.event('ended')).code, 0, this.log);
    }

    async #close() {
        this.#child.stdin.end();
        const [code] = await withPatience(once(this.#child, 'close'), 'the end of the supervisor');
        assert.equal(code, 0, this.log);
        assert.doesNotMatch(this.log, /Sanitizer|runtime error:/);
    }
}
