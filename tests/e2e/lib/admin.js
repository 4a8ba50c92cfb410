// SPDX-License-Identifier: MIT
// The admin listener of a server that a test starts, and the subcommands that ask there.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import http from 'node:http';
import { createInterface } from 'node:readline';
import { Queue } from './queue.js';
import { PROGRAM, run, start } from './server.js';

const READY = /admin listener ready url=http:\/\/[^/]+:(\d+)\//;

export class Admin {
    constructor(port) {
        this.place = `127.0.0.1:${port}`;
    }

    // The answer to GET PATH: its status, headers and text.
    async get(path, options = {}) {
        const request = http.get(`http://${this.place}${path}`, { agent: false, ...options });
        const answer = await new Promise((done, failed) => request.on('response', done).on('error', failed));
        let text = '';
        for await (const piece of answer.setEncoding('utf8')) {
            text += piece;
        }
        return { status: answer.statusCode, headers: answer.headers, text };
    }

    // All metrics: a map from the name with its labels, as they are written, to the value.
    async metrics() {
        const { status, text } = await this.get('/metrics');
        assert.equal(status, 200);
        const lines = text.split('\n').filter(line => line && !line.startsWith('#'));
        return new Map(lines.map(line => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]));
    }

    // A subcommand that goes on until it is stopped: next() is the next line that it says.
    spawn(t, subcommand, ...args) {
        const child = spawn(PROGRAM, [subcommand, '--admin', this.place, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
        const lines = new Queue();
        t.after(() => child.kill('SIGKILL'));
        createInterface({ input: child.stdout }).on('line', line => lines.put(line));
        return { next: () => lines.next(`a line of ${subcommand}`), drain: () => lines.drain() };
    }

    // The request for PATH, answered line by line: next() is the next line, as JSON.
    async follow(t, path) {
        const request = http.get(`http://${this.place}${path}`, { agent: false });
        const answer = await new Promise((done, failed) => request.on('response', done).on('error', failed));
        const lines = new Queue();
        t.after(() => answer.destroy());
        answer.on('error', () => {});
        if (answer.statusCode === 200) {
            createInterface({ input: answer }).on('line', line => lines.put(JSON.parse(line)))
                .on('close', () => lines.end(new Error('the answer has ended')));
        } else {
            answer.resume();
        }
        return { answer, next: () => lines.next('a line'), drain: () => lines.drain() };
    }

    // What a subcommand says that asks this server.
    run(subcommand, ...args) {
        return run(subcommand, '--admin', this.place, ...args);
    }
}

// A server with an admin listener: both.
export async function startWithAdmin(t, args = []) {
    const server = await start(t, ['--admin', '127.0.0.1:0', ...args]);
    const found = READY.exec(server.log);
    assert.ok(found, `no admin listener: ${server.log}`);
    return { server, admin: new Admin(found[1]) };
}
