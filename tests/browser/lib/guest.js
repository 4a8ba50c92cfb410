// SPDX-License-Identifier: MIT
// Somebody who uses the room page.
import assert from 'node:assert/strict';
import { Person } from './person.js';

export class Guest extends Person {
    // Opens the room page of the server at URL and enters the room that is this guest's NAME for it.
    static async enter(t, url, room, options) {
        const guest = await this.open(t, `${url}room`, room, options);
        await guest.enter();
        return guest;
    }

    // Presses Join, and nothing else from here on.
    async enter(room = this.name) {
        await this.joinAs(room);
    }

    // Inside and alone.
    async waits() {
        await this.sees('.status:not(.offline)', 'Waiting for the other person…');
    }

    // In a call whose picture moves.
    async meets() {
        await this.talksTo(this.name);
    }

    // Alone again because of REASON.
    async isLeft(reason, text) {
        await this.isTold(reason);
        assert.equal(await this.page.locator('.outcome').textContent(), text);
        await this.waits();
    }

    async isRefused(text) {
        await this.sees('#name-error', text);
    }
}

// All of GUESTS are in a call.
export async function meet(...guests) {
    await Promise.all(guests.map(guest => guest.meets()));
}
