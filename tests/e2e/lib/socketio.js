// SPDX-License-Identifier: MIT
// Clients of Socket.IO 2, 3 and 4, the real ones, that a test can talk through like a transcript.
import assert from 'node:assert/strict';
import io2 from 'socket.io-client-v2';
import { io as io3 } from 'socket.io-client-v3';
import { io as io4 } from 'socket.io-client-v4';
import { withPatience } from './patience.js';
import { Queue } from './queue.js';

const LIBRARIES = { 2: io2, 3: io3, 4: io4 };
const TRANSPORTS = {
    polling: ['polling'],
    websocket: ['websocket'],
    upgrade: ['polling', 'websocket'],
};

// Every version over every transport.
export const KINDS = Object.keys(LIBRARIES).flatMap(version =>
    Object.keys(TRANSPORTS).map(transport => ({ version: Number(version), transport })));

export class Guest {
    #events = new Queue();

    constructor(socket) {
        this.socket = socket;
        socket.onevent = packet => this.#events.put(packet.data); // the one way that all versions have
    }

    // A client on its way; it ends with the test T. OPTIONS go to its library.
    static start(t, server, { version = 4, transport = 'websocket', namespace = '/', ...options } = {}) {
        const origin = server.origin ?? `http://127.0.0.1:${server.port}`;
        const socket = LIBRARIES[version](`${origin}${namespace}`, {
            transports: TRANSPORTS[transport], forceNew: true, reconnection: false, ...options,
        });
        t.after(() => socket.close());
        return new Guest(socket);
    }

    // One that is in, and has upgraded if it was to.
    static async connect(t, server, kind) {
        const guest = Guest.start(t, server, kind);
        await guest.heard('connect');
        if (kind?.transport === 'upgrade') {
            await guest.upgraded();
        }
        return guest;
    }

    // N of them.
    static all(t, server, n, kind) {
        return Promise.all(Array.from({ length: n }, () => Guest.connect(t, server, kind)));
    }

    // Its connection in another namespace.
    inNamespace(name) {
        return new Guest(this.socket.io.socket(name));
    }

    get id() {
        return this.socket.id;
    }

    get engine() {
        return this.socket.io.engine;
    }

    // What the library itself tells next as NAME: connect, disconnect, connect_error (error in version 2).
    heard(name) {
        const event = new Promise(done => this.socket.once(name, (...args) => done(args)));
        return withPatience(event, `the event ${name}`);
    }

    async upgraded() {
        if (this.engine.transport.name !== 'websocket') {
            await withPatience(new Promise(done => this.engine.once('upgrade', done)), 'the upgrade');
        }
        assert.equal(this.engine.transport.name, 'websocket');
    }

    emit(...event) {
        this.socket.emit(...event);
    }

    // Emits and returns what the acknowledgement says.
    ask(...event) {
        const answer = new Promise(done => this.socket.emit(...event, (...args) => done(args)));
        return withPatience(answer, 'an acknowledgement');
    }

    // The next event: its name, then its arguments.
    next() {
        return this.#events.next('an event');
    }

    async expect(...event) {
        assert.deepEqual(await this.next(), event);
    }

    // Nothing has come. An acknowledgement cannot overtake events, so what was due before it would be here.
    async expectSilence() {
        await this.ask('nothing in particular');
        assert.deepEqual(this.#events.drain(), []);
    }

    // Has the client forget to answer heartbeats, or to ask for them.
    fallSilent() {
        Object.assign(this.engine, { sendPacket() {}, _sendPacket() {}, ping() {} }); // as 2 and 3, 4, and 2 call it
    }
}

// Everyone in turn: no event is under way to any of them.
export async function expectSilence(...guests) {
    for (const guest of guests) {
        await guest.expectSilence();
    }
}

// A and B of a new room, their greetings taken.
export async function meet(a, b, room = 'r') {
    a.emit('create or join', room);
    await a.expect('created', room, a.id);
    b.emit('create or join', room);
    await b.expect('joined', room, b.id);
    await b.expect('ready', room);
    await a.expect('join', room);
    await a.expect('ready', room);
}
