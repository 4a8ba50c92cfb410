// SPDX-License-Identifier: MIT
// The STUN and TURN servers for calls: those that our server names, asked for again before their credentials expire.
//
// Asking may fail or take its time; until there is an answer the STUN service at the page's own port serves.

import { ownIceServers } from './server.js';

const PATIENCE_MS = 5_000; // for an answer
const RETRY_MS = 30_000;
const REFRESH_AT = 0.8; // of the time for which credentials are good

/** @typedef {{ iceServers: RTCIceServer[], ttl?: number }} Answer */

export class IceServers {
    #location;
    #onFresh;
    /** @type {RTCIceServer[]} */ #servers = [];
    /** @type {Promise<void> | null} */ #asking = null;
    #staleAt = 0;
    #timer = 0;

    /**
     * @param {Location} location the page's
     * @param {() => void} onFresh `list` has changed
     */
    constructor(location, onFresh) {
        this.#location = location;
        this.#onFresh = onFresh;
    }

    /** For an RTCConfiguration. @returns {RTCIceServer[]} */
    get list() {
        const hasStun = this.#servers.some(({ urls }) => [urls].flat()[0].startsWith('stun'));
        return hasStun ? this.#servers : [...ownIceServers(this.#location), ...this.#servers];
    }

    /** Asks, unless what there is will do for a while. @returns {Promise<void>} done, well or not */
    refresh() {
        if (Date.now() < this.#staleAt) return Promise.resolve();
        this.#asking ??= this.#ask().finally(() => {
            this.#asking = null;
        });
        return this.#asking;
    }

    async #ask() {
        clearTimeout(this.#timer);
        let goodMs = RETRY_MS;
        try {
            const { iceServers, ttl } = await fetchIceServers();
            goodMs = ttl === undefined ? Infinity : ttl * 1000 * REFRESH_AT;
            this.#servers = iceServers;
            this.#onFresh();
        } catch (error) {
            console.warn('no ICE servers:', error);
        }
        this.#staleAt = Date.now() + goodMs;
        if (goodMs < Infinity) this.#timer = setTimeout(() => this.refresh(), goodMs);
    }
}

/** What the server says. @returns {Promise<Answer>} */
export async function fetchIceServers() {
    const answer = await fetch('ice', { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!answer.ok) throw new Error(`the server says ${answer.status}`);
    return answer.json();
}
