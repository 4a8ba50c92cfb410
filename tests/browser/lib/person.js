// SPDX-License-Identifier: MIT
// Somebody who uses the call page: does what a person does, sees what a person sees.
import assert from 'node:assert/strict';
import { expectFrames, newPage } from './browser.js';

export class Person {
    constructor(page, name) {
        this.page = page;
        this.name = name;
        this.stage = page.locator('.stage');
        this.remote = page.locator('.stage video.remote');
    }

    // Opens the page at URL without joining.
    static async open(t, url, name, options) {
        const person = new this(await newPage(t, options), name);
        await person.page.goto(url);
        return person;
    }

    // Opens the page at URL and joins under NAME.
    static async join(t, url, name, options) {
        const person = await this.open(t, url, name, options);
        await person.joinAs(name);
        await person.waitsForCalls();
        return person;
    }

    async joinAs(name) {
        await this.page.fill('#name', name);
        await this.page.click('#join');
    }

    async waitsForCalls() {
        await this.page.locator('#callee').waitFor();
    }

    async dial(name) {
        await this.page.fill('#callee', name);
        await this.page.click('#call');
    }

    async accept(from) {
        await this.isRung(from);
        await this.page.click('#accept');
    }

    async decline(from) {
        await this.isRung(from);
        await this.page.click('#decline');
    }

    async isRung(from) {
        await this.page.locator('dialog.ring[open] h2', { hasText: `${from} is calling` }).waitFor();
    }

    async hangUp() {
        await this.press('hang-up');
    }

    // A button of the running call, by its class.
    async press(button) {
        await this.page.click(`.controls .${button}`);
    }

    // In a call with NAME whose picture moves.
    async talksTo(name) {
        await this.page.locator('.stage.picture[data-status=connected]').waitFor();
        assert.equal(await this.page.locator('.stage .peer').textContent(), name);
        await expectFrames(this.remote);
    }

    // Back from a call that ended as REASON says.
    async isTold(reason, text) {
        const outcome = this.page.locator('.outcome');
        await outcome.waitFor();
        assert.equal(await outcome.getAttribute('data-reason'), reason);
        if (text) {
            assert.equal(await outcome.locator('p').textContent(), text);
        }
        assert.equal(await this.stage.isVisible(), false);
    }

    // What LOCATOR's element comes to show; TEXT may be a pattern.
    async sees(selector, text) {
        await this.page.locator(selector, { hasText: text }).waitFor();
    }
}

// Who dials whom and is accepted; both see each other move.
export async function connect(caller, callee) {
    await caller.dial(callee.name);
    await callee.accept(caller.name);
    await Promise.all([caller.talksTo(callee.name), callee.talksTo(caller.name)]);
}

// Somebody, a Person or a kind of it, at URL whose page lets a test at its sockets (`sockets`; `isHeld` keeps what they
// receive in `held`) and at its latest RTCPeerConnection (`connection`).
export async function openTrapped(t, url, name, kind = Person) {
    const person = await kind.open(t, 'about:blank', name);
    await person.page.addInitScript(() => {
        Object.assign(window, { sockets: [], held: [], isHeld: false });
        window.WebSocket = class extends WebSocket {
            constructor(...args) {
                super(...args);
                window.sockets.push(this);
            }

            set onmessage(handler) {
                super.onmessage = handler && (event => {
                    window.isHeld ? window.held.push(() => handler(event)) : handler(event);
                });
            }
        };
        window.RTCPeerConnection = class extends RTCPeerConnection {
            constructor(...args) {
                super(...args);
                window.connection = this;
            }
        };
    });
    await person.page.goto(url);
    return person;
}

// Ends PERSON's page without any goodbye.
export async function crash({ page }) {
    const devtools = await page.context().newCDPSession(page);
    devtools.send('Page.crash').catch(() => {}); // it can't answer any more
}
