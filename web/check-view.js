// SPDX-License-Identifier: MIT
// One thing that is checked: what it is for, what was found, and what to do about it.

import { h, icon, setIcon } from './dom.js';
import { say } from './i18n.js';

/** @typedef {import('./i18n.js').Key} Key */
/** @typedef {import('./i18n.js').Params} Params */
/** @typedef {'running' | 'good' | 'bad' | 'none'} Result none: there is nothing of this to be checked */

const ICONS = /** @type {const} */ ({ running: 'dots', good: 'check', bad: 'alert', none: 'dash' });

export class CheckView {
    #finding = h('p', { class: 'finding' });
    #remedy = h('p', { class: 'remedy' });
    #details = h('ul', { class: 'details' });

    /** @param {string} id @param {Key} title @param {Key} purpose */
    constructor(id, title, purpose) {
        this.element = h(
            'li',
            { class: 'check', id },
            h('span', { class: 'mark' }, icon(ICONS.running)),
            h(
                'div',
                {},
                say(h('h2'), title),
                say(h('p', { class: 'purpose' }), purpose),
                this.#finding,
                this.#details,
                this.#remedy,
            ),
        );
        this.start();
    }

    start() {
        this.#show('running');
        say(this.#finding, 'checking');
        this.#details.replaceChildren();
        this.#remedy.hidden = true;
    }

    /** @param {Result} result @param {Key} finding @param {Params} [params] */
    finish(result, finding, params) {
        this.#show(result);
        say(this.#finding, finding, params);
    }

    /** @param {Key} remedy */
    advise(remedy) {
        say(this.#remedy, remedy);
        this.#remedy.hidden = false;
    }

    /** @param {boolean} isGood @param {string} what @param {Key} finding */
    addDetail(isGood, what, finding) {
        const mark = icon(isGood ? 'check' : 'alert');
        this.#details.append(h('li', {}, mark, h('code', {}, what), say(h('span'), finding)));
    }

    /** @param {Result} result */
    #show(result) {
        this.element.dataset.result = result;
        setIcon(this.element, ICONS[result]);
    }
}
