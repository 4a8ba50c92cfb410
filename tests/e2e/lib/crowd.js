// SPDX-License-Identifier: MIT
// Clients that come and go without end: each connects, logs in, leaves, and does it again.
import { randomUUID } from 'node:crypto';
import WebSocket from 'ws';
import { withPatience } from './patience.js';

export class Crowd {
    opened = 0;
    answered = 0;
    failed = []; // why some could not connect
    #isOver = false;
    #wake = () => {};
    #runs;

    // SIZE clients of the server at PORT.
    constructor(port, size = 8) {
        this.url = `ws://127.0.0.1:${port}/login`;
        this.#runs = Array.from({ length: size }, () => this.#run());
    }

    // Resolves when N more were answered.
    async more(n) {
        const enough = this.answered + n;
        await withPatience((async () => {
            while (this.answered < enough && !this.failed.length) {
                await new Promise(done => { this.#wake = done; });
            }
        })(), `${n} more connections`);
    }

    // How many have connected when they have all gone home.
    async end() {
        this.#isOver = true;
        await Promise.all(this.#runs);
        return this.opened;
    }

    async #run() {
        while (!this.#isOver) {
            await this.#visit();
        }
    }

    // One that leaves before it was answered was sent home by a server that left; it had connected.
    #visit() {
        const ws = new WebSocket(this.url, { perMessageDeflate: false });
        return new Promise(done => {
            ws.on('open', () => {
                this.opened++;
                ws.send(JSON.stringify({ type: 'login', name: randomUUID() }));
            });
            ws.on('message', () => {
                this.answered++;
                ws.close();
            });
            ws.on('error', error => this.failed.push(error.message));
            ws.on('close', () => {
                this.#wake();
                done();
            });
        });
    }
}
