// SPDX-License-Identifier: MIT
// Starts the program under test on a free port, and sees to it that it ends cleanly with the test.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from './client.js';
import { withPatience } from './patience.js';
import { Raw } from './raw.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
export const PROGRAM = resolve(ROOT, process.env.STROWGER ?? 'strowger');
const QUICK_END = ['--drain-time', '1s']; // whoever is still connected
// Options for every server that a test starts, "--workers 4" say; the test's own come behind them.
export const ARGS = process.env.STROWGER_ARGS?.split(' ') ?? [];

const LISTENING = /^.*listening on https?:\/\/[^/\s]+:(\d+)\/("\}|$)/gm; // as words or JSON
const SANITIZER = /Sanitizer|runtime error:/;

class Server {
    log = '';
    #child;
    #ended;
    #open = []; // what tests opened and did not close

    constructor(command, args) {
        this.#child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
        this.#child.stderr.setEncoding('utf8').on('data', text => { this.log += text; });
        this.#ended = new Promise((done, failed) => {
            this.#child.on('error', failed).on('close', (code, signal) => done(signal ?? code));
        });
    }

    get pid() {
        return this.#child.pid;
    }

    // Resolves when the program says where it listens, at N places.
    async listening(n = 1) {
        const said = new Promise(done => {
            const look = () => this.ports.length >= n && done();
            this.#child.stderr.on('data', look);
            look();
        });
        const ended = await withPatience(Promise.race([said, this.#ended]), 'the program to listen');
        assert.equal(ended, undefined, `the program ended with ${ended}: ${this.log}`);
        [this.port] = this.ports;
    }

    get ports() {
        return [...this.log.matchAll(LISTENING)].map(([, port]) => Number(port));
    }

    // Resolves when the log matches PATTERN.
    async logged(pattern) {
        const said = new Promise(done => {
            const look = () => pattern.test(this.log) && done();
            this.#child.stderr.on('data', look);
            look();
        });
        await withPatience(said, `${pattern} in the log`);
    }

    // A WebSocket client, open.
    async connect(path = '/login', { host = '127.0.0.1', port = this.port, ...options } = {}) {
        const client = await Client.connect(`ws://${host}:${port}${path}`, options);
        this.#open.push(client);
        return client;
    }

    // Clients of the login dialect that have these names.
    async login(...names) {
        return Promise.all(names.map(async name => {
            const client = await this.connect('/login');
            client.send({ type: 'login', name });
            await client.expect('{"type":"login","success":true}');
            return client;
        }));
    }

    // A bare TCP connection.
    async dial(host = '127.0.0.1') {
        const raw = await Raw.dial(this.port, host);
        this.#open.push(raw);
        return raw;
    }

    // The end that comes without a signal of ours.
    async left() {
        assert.equal(await withPatience(this.#ended, 'it to leave'), 0, `ended badly: ${this.log}`);
    }

    // The end by SIGTERM, with whatever is still connected.
    async stop() {
        this.#child.kill('SIGTERM');
        try {
            assert.equal(await withPatience(this.#ended, 'SIGTERM to end it'), 0, `ended badly: ${this.log}`);
            assert.doesNotMatch(this.log, SANITIZER);
        } finally {
            this.#child.kill('SIGKILL');
            this.#open.forEach(one => one.destroy());
        }
    }
}

// Starts a server for the test T, which stops it. OPENFILES limits its file descriptors; WITHIN names a network namespace;
// THROUGH is a command that runs it.
export async function start(t, args = [], { openFiles, within, env, through = [] } = {}) {
    const command = [PROGRAM, '--port', '0', '--admin', 'off', ...QUICK_END, ...ARGS, ...args];
    if (openFiles) {
        command.unshift('sh', '-c', `ulimit -n ${openFiles} && exec "$0" "$@"`);
    }
    if (env) {
        command.unshift('env', ...Object.entries(env).map(([name, value]) => `${name}=${value}`));
    }
    command.unshift(...through);
    if (within) {
        command.unshift('ip', 'netns', 'exec', within);
    }
    const server = new Server(command[0], command.slice(1));
    t.after(() => server.stop());
    await server.listening();
    return server;
}

// Starts a server as the configuration FILE says, which listens at N places; ARGS count before it.
export async function startFile(t, file, n, args = []) {
    const server = new Server(PROGRAM, ['--admin', 'off', ...ARGS, ...args, '--config', file]);
    t.after(() => server.stop());
    await server.listening(n);
    return server;
}

// Runs the program to its end and returns what it said.
export async function run(...args) {
    const child = spawn(PROGRAM, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) {
        child[name].setEncoding('utf8').on('data', text => { said[name] += text; });
    }
    const ended = new Promise((done, failed) => child.on('error', failed).on('close', done));
    try {
        const code = await withPatience(ended, `the end of ${args.join(' ')}`);
        return { ...said, code };
    } finally {
        child.kill('SIGKILL');
    }
}
