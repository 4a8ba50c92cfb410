// SPDX-License-Identifier: MIT
// Joined and waiting: whom to call, how to be called, how the last call ended.

import { checkLink } from './check-link.js';
import { h, icon } from './dom.js';
import { hint, label, say } from './i18n.js';
import { InviteView } from './invite-view.js';
import { inviteLink } from './names.js';
import { keep, recall } from './store.js';

/** @typedef {import('./i18n.js').Key} Key */
/** @typedef {import('./phone.js').EndReason} EndReason */
/** @typedef {{ name: string, reason: EndReason, wasIncoming: boolean }} CallEnd */

/** @type {Record<EndReason, Key>} */
const OUTCOMES = {
    hungup: 'endHungup',
    left: 'endLeft',
    lost: 'endLost',
    apart: 'endApart',
    declined: 'endDeclined',
    busy: 'endBusy',
    absent: 'endAbsent',
    unanswered: 'endUnanswered',
    cancelled: 'endCancelled',
    offline: 'endOffline',
};

/** @type {Partial<Record<EndReason, Key>>} */
const OUTCOMES_OF_INCOMING = { cancelled: 'endMissed', unanswered: 'endMissed', declined: 'endTurnedDown' };

const RECENT = 4;

export class LobbyView {
    #name = '';
    #onDial;
    #title = h('h1');
    #status = h('p', { class: 'status', role: 'status' });
    #outcome = h('div', { class: 'outcome', role: 'status', hidden: true });
    #input = h('input', {
        id: 'callee',
        name: 'callee',
        required: true,
        maxLength: 64,
        autocomplete: 'off',
        autocapitalize: 'off',
        spellcheck: false,
        'aria-describedby': 'callee-error',
    });
    #error = h('p', { id: 'callee-error', class: 'error', role: 'alert' });
    #recent = h('div', { class: 'recent' });
    #invite = new InviteView({ title: 'inviteSomeone', qrTitle: 'qrTitle', shareText: 'shareText' });

    /**
     * @param {(name: string) => void} onDial
     * @param {() => void} onRename
     */
    constructor(onDial, onRename) {
        this.#onDial = onDial;
        const rename = h('button', { type: 'button', class: 'link', id: 'rename', onclick: onRename });
        this.element = h(
            'div',
            { class: 'panel lobby' },
            h('header', {}, this.#title, h('div', { class: 'row' }, this.#status, say(rename, 'changeName'))),
            this.#outcome,
            this.#dialForm(),
            this.#invite.element,
        );
        this.setOnline(true);
    }

    /** @param {string} name ours */
    setName(name) {
        this.#name = name;
        say(this.#title, 'youAre', { name });
        this.#invite.set(name, inviteLink('call', name));
        this.#outcome.hidden = true;
        this.#drawRecent();
    }

    /** @param {boolean} isOnline */
    setOnline(isOnline) {
        this.#status.classList.toggle('offline', !isOnline);
        say(this.#status, isOnline ? 'waiting' : 'offline');
    }

    focus() {
        this.#input.focus();
    }

    /** @param {CallEnd} end */
    showOutcome({ name, reason, wasIncoming }) {
        const key = (wasIncoming && OUTCOMES_OF_INCOMING[reason]) || OUTCOMES[reason];
        const again = h(
            'button',
            { type: 'button', class: 'quiet', id: 'again', onclick: () => this.#onDial(name) },
            icon('phone'),
            say(h('span'), wasIncoming ? 'callBack' : 'callAgain'),
        );
        this.#outcome.replaceChildren(say(h('p'), key, { name }), again);
        if (reason === 'apart') this.#outcome.append(checkLink());
        this.#outcome.dataset.reason = reason;
        this.#outcome.hidden = false;
        this.#drawRecent();
    }

    #dialForm() {
        return h(
            'form',
            { class: 'dial', onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
            say(h('label', { for: 'callee' }), 'callSomeone'),
            h(
                'div',
                { class: 'row' },
                hint(this.#input, 'theirName'),
                h('button', { type: 'submit', class: 'primary', id: 'call' }, icon('phone'), say(h('span'), 'call')),
            ),
            this.#error,
            this.#recent,
        );
    }

    /** @param {Event} event */
    #submit(event) {
        event.preventDefault();
        const name = this.#input.value.trim();
        this.#error.replaceChildren();
        if (name && name !== this.#name) return this.#onDial(name);
        if (name) say(this.#error, 'callSelf');
        this.#input.select();
    }

    #drawRecent() {
        const names = recentNames().filter((name) => name !== this.#name);
        this.#recent.replaceChildren(
            ...names.map((name) => {
                const chip = h('button', { type: 'button', class: 'chip', onclick: () => this.#onDial(name) }, name);
                return label(chip, 'callName', { name });
            }),
        );
    }
}

/** Puts NAME first among those that were called or called us. @param {string} name */
export function keepRecent(name) {
    const names = [name, ...recentNames().filter((other) => other !== name)].slice(0, RECENT + 1);
    keep('recent', JSON.stringify(names));
}

/** @returns {string[]} */
function recentNames() {
    try {
        const names = JSON.parse(recall('recent'));
        return Array.isArray(names) ? names.map(String).slice(0, RECENT) : [];
    } catch {
        return [];
    }
}
