// SPDX-License-Identifier: MIT
// The form before everything else: under which name, into which room?

import { checkLink } from './check-link.js';
import { h, icon } from './dom.js';
import { label, say } from './i18n.js';
import { isTooLong, suggestName } from './names.js';

/** @typedef {import('./i18n.js').Key} Key */

/**
 * @template {string} Result
 * @typedef {object} JoinOpts
 * @property {Record<'title' | 'lead' | 'field' | 'suggest' | 'button', Key>} texts
 * @property {string} invitedTo what stands for {name} in title, lead and button
 * @property {string} name that the field begins with
 * @property {number} syllables of a suggested name
 * @property {(name: string) => Promise<Result>} onJoin
 * @property {Record<Exclude<Result, 'ok'>, Key>} errors what its results mean; {name} is the name that was tried
 * @property {Key} elsewhere the link to the other page
 * @property {string} elsewhereHref
 */

/** @template {string} Result */
export class JoinView {
    #opts;
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

    /** @param {JoinOpts<Result>} opts */
    constructor(opts) {
        this.#opts = opts;
        const { texts, invitedTo } = opts;
        this.#input.value = opts.name || suggestName(opts.syllables);
        const onclick = () => this.#suggest();
        const shuffle = h('button', { type: 'button', class: 'inside', onclick }, icon('shuffle'));
        const elsewhere = h('a', { class: 'link', id: 'elsewhere', href: opts.elsewhereHref });
        this.element = h(
            'form',
            { class: 'panel join', onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
            say(h('h1'), texts.title, { name: invitedTo }),
            say(h('p', { class: 'lead' }), texts.lead, { name: invitedTo }),
            say(h('label', { for: 'name' }), texts.field),
            h('div', { class: 'field' }, this.#input, label(shuffle, texts.suggest)),
            this.#error,
            this.#button,
            h('div', { class: 'links' }, say(elsewhere, opts.elsewhere), checkLink()),
        );
        this.#setBusy(false);
    }

    focus() {
        this.#input.focus();
    }

    #suggest() {
        this.#input.value = suggestName(this.#opts.syllables);
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
        const result = await this.#opts.onJoin(name);
        this.#setBusy(false);
        if (result === 'ok') return;
        say(this.#error, this.#opts.errors[/** @type {Exclude<Result, 'ok'>} */ (result)], { name });
        this.#input.select();
    }

    /** @param {boolean} isBusy */
    #setBusy(isBusy) {
        this.#button.disabled = isBusy;
        say(this.#button, isBusy ? 'joining' : this.#opts.texts.button, { name: this.#opts.invitedTo });
    }
}
