// SPDX-License-Identifier: MIT
// Somebody calls: who, and the two buttons.

import { h, icon } from './dom.js';
import { say } from './i18n.js';
import { initialOf } from './names.js';

export class RingView {
    #face = h('div', { class: 'face ringing' });
    #title = h('h2', { id: 'ring-title' });
    #accept;

    /** @param {() => void} onAccept @param {() => void} onDecline */
    constructor(onAccept, onDecline) {
        this.#accept = h(
            'button',
            { type: 'button', class: 'primary', id: 'accept', onclick: onAccept },
            icon('phone'),
            say(h('span'), 'accept'),
        );
        const decline = h(
            'button',
            { type: 'button', class: 'danger', id: 'decline', onclick: onDecline },
            icon('hang-up'),
            say(h('span'), 'decline'),
        );
        // Esc doesn't decline: a call is too much to lose to a key that was meant for something else.
        this.element = h(
            'dialog',
            {
                class: 'card ring',
                'aria-labelledby': 'ring-title',
                oncancel: (/** @type {Event} */ event) => event.preventDefault(),
            },
            this.#face,
            this.#title,
            h('div', { class: 'row' }, decline, this.#accept),
        );
    }

    /** @param {string} name */
    show(name) {
        this.#face.textContent = initialOf(name);
        say(this.#title, 'isCalling', { name });
        if (!this.element.open) this.element.showModal();
        this.#accept.focus();
    }

    hide() {
        this.element.close();
    }
}
