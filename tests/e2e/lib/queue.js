// SPDX-License-Identifier: MIT
// A queue between events and the test that awaits them one by one.
import { withPatience } from './patience.js';

export class Queue {
    #items = [];
    #waiting = [];
    #error;

    put(item) {
        const waiting = this.#waiting.shift();
        waiting ? waiting.done(item) : this.#items.push(item);
    }

    // No more will come: whoever waits, now or later, fails with ERROR.
    end(error) {
        this.#error ??= error;
        this.#waiting.splice(0).forEach(({ failed }) => failed(error));
    }

    // The next item; WHAT is it called when it does not come?
    async next(what) {
        if (this.#items.length > 0) {
            return this.#items.shift();
        }
        if (this.#error) {
            throw this.#error;
        }
        return withPatience(new Promise((done, failed) => this.#waiting.push({ done, failed })), what);
    }

    // Everything that is there already.
    drain() {
        return this.#items.splice(0);
    }
}
