// SPDX-License-Identifier: MIT
// When to try again what failed: soon at first, then every few seconds, never all pages of a server at the same moment.

const PAUSES_MS = [500, 1_000, 2_000, 4_000]; // the last one repeats; each with up to half of it more at random

export class Retry {
    #step;
    #count = 0;
    #timer = 0;

    /** @param {() => void} step what is tried */
    constructor(step) {
        this.#step = step;
    }

    /** Tries after the next pause. */
    later() {
        const pause = PAUSES_MS[Math.min(this.#count++, PAUSES_MS.length - 1)];
        this.#timer = window.setTimeout(() => this.#run(), pause * (1 + Math.random() / 2));
    }

    /** Tries now, should a pause be running. */
    hurry() {
        if (this.#timer) this.#run();
    }

    /** Tries no more; the next pause is the shortest again. */
    stop() {
        clearTimeout(this.#timer);
        this.#timer = 0;
        this.#count = 0;
    }

    #run() {
        clearTimeout(this.#timer);
        this.#timer = 0;
        this.#step();
    }
}
