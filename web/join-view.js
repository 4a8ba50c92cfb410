// SPDX-License-Identifier: MIT
// The form before everything else: under which name?

import { h, icon } from './dom.js';
import { label, say } from './i18n.js';
import { isTooLong, suggestName } from './names.js';

/** @typedef {import('./signaling-login.js').LoginResult} LoginResult */

export class JoinView {
    #onJoin;
    #invitedTo;
    #input = h('input', {
        id: 'name',
        name: 'name',
        required: true,
        maxLength: 64,
        autocomplete: 'nickname',
        autocapitalize: 'off',
        spellcheck: false,
        'aria-describedby': 'name-error',
    });
    #error = h('p', { id: 'name-error', class: 'error', role: 'alert' });
    #button = h('button', { type: 'submit', class: 'primary', id: 'join' });

    /**
     * @param {string} name as it was last time, or ''
     * @param {string} invitedTo whom to call at once after joining, or ''
     * @param {(name: string) => Promise<LoginResult>} onJoin
     */
    constructor(name, invitedTo, onJoin) {
        this.#onJoin = onJoin;
        this.#invitedTo = invitedTo;
        this.#input.value = name || suggestName();
        const onclick = () => this.#suggest();
        const shuffle = h('button', { type: 'button', class: 'inside', onclick }, icon('shuffle'));
        this.element = h(
            'form',
            { class: 'panel join', onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
            say(h('h1'), invitedTo ? 'joinTitleTo' : 'joinTitle', { name: invitedTo }),
            say(h('p', { class: 'lead' }), invitedTo ? 'joinLeadTo' : 'joinLead', { name: invitedTo }),
            say(h('label', { for: 'name' }), 'yourName'),
            h('div', { class: 'field' }, this.#input, label(shuffle, 'suggestName')),
            this.#error,
            this.#button,
        );
        this.#setBusy(false);
    }

    focus() {
        this.#input.focus();
    }

    #suggest() {
        this.#input.value = suggestName();
        this.#error.replaceChildren();
    }

    /** @param {Event} event */
    async #submit(event) {
        event.preventDefault();
        const name = this.#input.value.trim();
        this.#error.replaceChildren();
        if (!name || this.#button.disabled) return;
        if (isTooLong(name)) {
            say(this.#error, 'nameTooLong');
            return;
        }
        this.#setBusy(true);
        const result = await this.#onJoin(name);
        this.#setBusy(false);
        if (result === 'taken') say(this.#error, 'nameTaken', { name });
        if (result === 'unreachable') say(this.#error, 'unreachable');
        if (result !== 'ok') this.#input.select();
    }

    /** @param {boolean} isBusy */
    #setBusy(isBusy) {
        this.#button.disabled = isBusy;
        say(this.#button, isBusy ? 'joining' : this.#invitedTo ? 'joinAndCall' : 'join', { name: this.#invitedTo });
    }
}
