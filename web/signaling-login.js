// SPDX-License-Identifier: MIT
// The login dialect over one WebSocket: names in, offers, answers, candidates and leaves out.
//
//     > {"type":"login","name":"alice"}                 < {"type":"login","success":true}
//     > {"type":"offer","name":"bob","offer":X}         bob < {"type":"offer","offer":X,"name":"alice"}
//     bob > {"type":"answer","name":"alice","answer":Y} < {"type":"answer","answer":Y}
//     > {"type":"candidate","name":"bob","candidate":Z} bob < {"type":"candidate","candidate":Z}
//     > {"type":"leave","name":"bob"}                   bob < {"type":"leave"}
//
// Only an offer says who sent it. A line that breaks after a login is opened again and logged in under the same name,
// for as long as it takes; what is sent meanwhile is lost, as on a telephone.

import { Retry } from './retry.js';

/**
 * What comes in. Nothing is called before the login succeeded.
 * @typedef {object} LineHandler
 * @property {(offer: any, from: string) => void} onOffer
 * @property {(answer: any) => void} onAnswer
 * @property {(candidate: any) => void} onCandidate
 * @property {() => void} onLeave
 * @property {(message: string) => void} onError
 * @property {(isOnline: boolean) => void} onOnline lost, and logged in again
 */

/** @typedef {'ok' | 'taken' | 'unreachable'} LoginResult */

const ANSWER_MS = 10_000; // for the server to answer a login

export class LoginLine {
    #url;
    #handler;
    /** @type {WebSocket | null} */ #socket = null;
    #name = '';
    #isOnline = false;
    #retry = new Retry(() => this.#reopen());

    /** @param {string} url @param {LineHandler} handler */
    constructor(url, handler) {
        this.#url = url;
        this.#handler = handler;
    }

    get isOnline() {
        return this.#isOnline;
    }

    /** The name that this line is logged in under, or was before it broke; '' before. */
    get name() {
        return this.#name;
    }

    /** @param {string} name @returns {Promise<LoginResult>} */
    async login(name) {
        this.close();
        const result = await this.#open(name);
        if (result === 'ok') this.#name = name;
        return result;
    }

    /** Ends the line for good; the name is free for others. */
    close() {
        this.#retry.stop();
        this.#name = '';
        this.#isOnline = false;
        const socket = this.#socket;
        this.#socket = null;
        socket?.close();
    }

    /** Opens a broken line now instead of after the next pause: the browser says that the network is back. */
    hurry() {
        this.#retry.hurry();
    }

    /** @param {string} name to whom @param {object} offer */
    sendOffer(name, offer) {
        this.#send({ type: 'offer', name, offer });
    }

    /** @param {string} name to whom @param {object} answer */
    sendAnswer(name, answer) {
        this.#send({ type: 'answer', name, answer });
    }

    /** @param {string} name to whom @param {object} candidate */
    sendCandidate(name, candidate) {
        this.#send({ type: 'candidate', name, candidate });
    }

    /** @param {string} name to whom */
    sendLeave(name) {
        this.#send({ type: 'leave', name });
    }

    /**
     * Opens a socket and logs in on it.
     * @param {string} name
     * @returns {Promise<LoginResult>}
     */
    #open(name) {
        const socket = new WebSocket(this.#url);
        this.#socket = socket;
        return new Promise((resolve) => {
            const fail = (/** @type {LoginResult} */ result) => {
                clearTimeout(timer);
                if (socket === this.#socket) this.#socket = null;
                socket.onclose = socket.onmessage = null;
                socket.close();
                resolve(result);
            };
            const timer = setTimeout(() => fail('unreachable'), ANSWER_MS);
            socket.onopen = () => this.#send({ type: 'login', name });
            socket.onclose = () => fail('unreachable');
            socket.onmessage = ({ data }) => {
                const message = parseMessage(data);
                if (message?.type !== 'login') return; // a greeting, which may be any text
                if (!message.success) return fail('taken');
                clearTimeout(timer);
                this.#isOnline = true;
                this.#retry.stop();
                socket.onclose = () => this.#onLost();
                socket.onmessage = (event) => this.#onMessage(event.data);
                resolve('ok');
            };
        });
    }

    #onLost() {
        this.#isOnline = false;
        this.#socket = null;
        this.#retry.later();
        this.#handler.onOnline(false);
    }

    /** The old connection may hold our name until the server notices that it is dead: so 'taken' is tried again. */
    async #reopen() {
        const name = this.#name;
        const result = await this.#open(name);
        if (name !== this.#name) return;
        if (result === 'ok') this.#handler.onOnline(true);
        else this.#retry.later();
    }

    /** @param {object} message */
    #send(message) {
        if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
    }

    /** @param {unknown} text */
    #onMessage(text) {
        const message = parseMessage(text);
        const handler = this.#handler;
        switch (message?.type) {
            case 'offer':
                return handler.onOffer(message.offer, String(message.name));
            case 'answer':
                return handler.onAnswer(message.answer);
            case 'candidate':
                return handler.onCandidate(message.candidate);
            case 'leave':
                return handler.onLeave();
            case 'error':
                return handler.onError(String(message.message));
        }
    }
}

/** @param {unknown} text @returns {Record<string, any> | null} null for what is no JSON object */
function parseMessage(text) {
    try {
        const value = JSON.parse(String(text));
        return typeof value === 'object' ? value : null;
    } catch {
        return null;
    }
}
