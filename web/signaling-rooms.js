// SPDX-License-Identifier: MIT
// The rooms dialect over Socket.IO: a seat in a room, and messages to whoever else is in it.
//
//     > create or join, "r"           < created, "r", ID         the room was empty
//                                     < joined, "r", ID          somebody is there, and told so: < join, "r"
//                                     < full, "r"
//     > message, X, MARK              other < message, X, MARK
//     > bye                           other < bye, "r"           so too when a line breaks
//
// A line that breaks takes its seat along. It is opened again and the room asked for again, for as long as it takes.

import { Retry } from './retry.js';
import { SocketIo } from './socketio.js';

/**
 * What comes in. Nothing is called before the room was entered.
 * @typedef {object} RoomHandler
 * @property {(message: any, mark: any) => void} onMessage
 * @property {() => void} onBye somebody has left the room, or its line is broken
 * @property {(isOnline: boolean) => void} onOnline lost, and in the room again
 */

/** @typedef {'ok' | 'full' | 'unreachable'} EnterResult */

/** @type {Record<string, EnterResult>} the events that answer `create or join` */
const ANSWERS = { created: 'ok', joined: 'ok', full: 'full' };
const ANSWER_MS = 10_000;

export class RoomLine {
    #url;
    #handler;
    #room = '';
    /** @type {SocketIo | null} */ #socket = null;
    #retry = new Retry(() => this.#reopen());

    /** @param {string} url @param {RoomHandler} handler */
    constructor(url, handler) {
        this.#url = url;
        this.#handler = handler;
    }

    /** The room that this line has a seat in, or had before it broke; '' for none. */
    get room() {
        return this.#room;
    }

    /** @param {string} room @returns {Promise<EnterResult>} */
    async enter(room) {
        this.leave();
        const result = await this.#open(room);
        if (result === 'ok') this.#room = room;
        return result;
    }

    /** Gives the seat up. */
    leave() {
        this.#retry.stop();
        this.#room = '';
        this.#socket?.emit('bye');
        this.#socket?.close();
        this.#socket = null;
    }

    /** Opens a broken line now instead of after the next pause: the browser says that the network is back. */
    hurry() {
        this.#retry.hurry();
    }

    /** @param {any} message @param {object} mark a second argument, which pages of other kinds pass over */
    send(message, mark) {
        this.#socket?.emit('message', message, mark);
    }

    /**
     * Opens a socket and takes a seat.
     * @param {string} room
     * @returns {Promise<EnterResult>}
     */
    #open(room) {
        return new Promise((resolve) => {
            let isInside = false;
            const settle = (/** @type {EnterResult} */ result) => {
                clearTimeout(timer);
                isInside = result === 'ok';
                if (!isInside) socket.close();
                if (!isInside && socket === this.#socket) this.#socket = null;
                resolve(result);
            };
            const timer = setTimeout(() => settle('unreachable'), ANSWER_MS);
            const socket = new SocketIo(this.#url, {
                onOpen: () => socket.emit('create or join', room),
                onEvent: (name, args) => {
                    if (isInside) this.#onEvent(name, args);
                    else if (ANSWERS[name]) settle(ANSWERS[name]);
                },
                onClose: () => (isInside ? this.#onLost() : settle('unreachable')),
            });
            this.#socket = socket;
        });
    }

    #onLost() {
        this.#socket = null;
        this.#retry.later();
        this.#handler.onOnline(false);
    }

    /** Our old seat may be held until the server notices that the line is dead: so 'full' is tried again. */
    async #reopen() {
        const room = this.#room;
        const result = await this.#open(room);
        if (room !== this.#room) return;
        if (result !== 'ok') return this.#retry.later();
        this.#retry.stop();
        this.#handler.onOnline(true);
    }

    /** @param {string} name @param {any[]} args */
    #onEvent(name, [first, second]) {
        if (name === 'message') this.#handler.onMessage(first, second);
        else if (name === 'bye') this.#handler.onBye();
    }
}
