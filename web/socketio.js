// SPDX-License-Identifier: MIT
// Socket.IO 5 on Engine.IO 4, as much as a page of ours needs of it: events there and back over one WebSocket.
//
//     < 0{"sid":"…","pingInterval":25000,"pingTimeout":20000,…}     the connection is open
//     > 40                            < 40{"sid":"…"}               and the namespace "/" joined
//     > 42["create or join","r"]      < 42["created","r","…"]       events
//     < 2                             > 3                           "are you there" - "yes"
//
// No polling, acknowledgements or binary; no reconnection either, which is for who knows what to do after it.

/**
 * @typedef {object} SocketHandler
 * @property {() => void} onOpen
 * @property {(name: string, args: any[]) => void} onEvent
 * @property {() => void} onClose not for our own `close`
 */

const OPEN_MS = 10_000; // for the server to accept us

export class SocketIo {
    #handler;
    #socket;
    #patienceMs = OPEN_MS; // with a server that says nothing
    #timer = 0;
    /** @type {Record<string, (text: string) => void>} what a packet means, by its type */
    #packets = {
        0: (text) => this.#onHandshake(text),
        2: () => this.#socket.send('3'),
        40: () => this.#handler.onOpen(),
        42: (text) => this.#onEvent(text),
        1: () => this.#end(),
        41: () => this.#end(),
        44: () => this.#end(),
    };

    /** @param {string} url with the path that the server speaks it at @param {SocketHandler} handler */
    constructor(url, handler) {
        this.#handler = handler;
        this.#socket = new WebSocket(`${url}?EIO=4&transport=websocket`);
        this.#socket.onmessage = ({ data }) => this.#onPacket(String(data));
        this.#socket.onclose = () => this.#end();
        this.#expect();
    }

    /** @param {string} name @param {...any} args */
    emit(name, ...args) {
        if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(`42${JSON.stringify([name, ...args])}`);
    }

    close() {
        clearTimeout(this.#timer);
        this.#socket.onmessage = this.#socket.onclose = null;
        this.#socket.close();
    }

    #end() {
        this.close();
        this.#handler.onClose();
    }

    #expect() {
        clearTimeout(this.#timer);
        this.#timer = window.setTimeout(() => this.#end(), this.#patienceMs);
    }

    /** @param {string} packet */
    #onPacket(packet) {
        const [type] = /^4?\d/.exec(packet) ?? [''];
        this.#expect();
        this.#packets[type]?.(packet.slice(type.length));
    }

    /** @param {string} text */
    #onHandshake(text) {
        const { pingInterval, pingTimeout } = JSON.parse(text);
        this.#patienceMs = pingInterval + pingTimeout;
        this.#expect();
        this.#socket.send('40');
    }

    /** @param {string} text */
    #onEvent(text) {
        const [name, ...args] = JSON.parse(text);
        this.#handler.onEvent(name, args);
    }
}
