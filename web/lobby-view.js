// SPDX-License-Identifier: MIT
// Joined and waiting: whom to call, how to be called, how the last call ended.

import { h, icon, setIcon } from './dom.js';
import { hint, label, say, text } from './i18n.js';
import { inviteLink } from './names.js';
import { announce } from './notices.js';
import { keep, recall } from './store.js';

/** @typedef {import('./i18n.js').Key} Key */
/** @typedef {import('./phone.js').EndReason} EndReason */
/** @typedef {{ name: string, reason: EndReason, wasIncoming: boolean }} CallEnd */

/** @type {Record<EndReason, Key>} */
const OUTCOMES = {
    hungup: 'endHungup',
    left: 'endLeft',
    lost: 'endLost',
    declined: 'endDeclined',
    busy: 'endBusy',
    absent: 'endAbsent',
    unanswered: 'endUnanswered',
    cancelled: 'endCancelled',
};

/** @type {Partial<Record<EndReason, Key>>} */
const OUTCOMES_OF_INCOMING = { cancelled: 'endMissed', unanswered: 'endMissed', declined: 'endTurnedDown' };

const RECENT = 4;
const COPIED_MS = 2_000;
const QUIET_ZONE = 3; // modules of margin around a QR code; the card's white padding adds the rest

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
    #link = h('input', { id: 'invite', readOnly: true, onfocus: () => this.#link.select() });
    #copyButton = toolButton('copy', () => this.#copy());
    #qr = h('dialog', { class: 'card qr', onclick: () => this.#qr.close() });

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
            this.#invite(),
            this.#qr,
        );
        this.setOnline(true);
    }

    /** @param {string} name ours */
    setName(name) {
        this.#name = name;
        say(this.#title, 'youAre', { name });
        this.#link.value = inviteLink(name);
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

    #invite() {
        const qr = toolButton('qr', () => this.#showQr());
        const share = toolButton('share', () => this.#share());
        return h(
            'div',
            { class: 'invite' },
            say(h('label', { for: 'invite' }), 'inviteSomeone'),
            h(
                'div',
                { class: 'row' },
                this.#link,
                label(this.#copyButton, 'copy'),
                'share' in navigator && label(share, 'share'),
                label(qr, 'qrCode'),
            ),
        );
    }

    /** @param {Event} event */
    #submit(event) {
        event.preventDefault();
        const name = this.#input.value.trim();
        this.#error.replaceChildren();
        if (name === this.#name) say(this.#error, 'callSelf');
        else if (name) this.#onDial(name);
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

    async #copy() {
        this.#link.select();
        // The old way first where there is no other: http on a network address has no clipboard API.
        const copied = navigator.clipboard
            ? await navigator.clipboard.writeText(this.#link.value).then(() => true, () => false)
            : document.execCommand('copy');
        if (!copied) return;
        announce('copied');
        setIcon(this.#copyButton, 'check');
        setTimeout(() => setIcon(this.#copyButton, 'copy'), COPIED_MS);
    }

    #share() {
        const data = { title: 'strowger', text: text('shareText'), url: this.#link.value };
        navigator.share(data).catch(() => {}); // closed without choosing
    }

    async #showQr() {
        const { generate } = await import('./vendor/lean-qr.js'); // only now: few ask for it
        const title = say(h('h2'), 'qrTitle', { name: this.#name });
        const link = this.#link.value;
        this.#qr.replaceChildren(qrImage(generate(link)), title, h('p', { class: 'url' }, link));
        this.#qr.showModal();
    }
}

/** @param {string} name of the button and of its icon @param {() => void} onclick */
function toolButton(name, onclick) {
    return h('button', { type: 'button', class: 'tool', id: name, onclick }, icon(name));
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

/** @param {import('./vendor/lean-qr.js').Bitmap} code @returns {SVGSVGElement} one path of unit squares */
function qrImage(code) {
    const side = code.size + 2 * QUIET_ZONE;
    let squares = '';
    for (let y = 0; y < code.size; y++)
        for (let x = 0; x < code.size; x++)
            if (code.get(x, y)) squares += `M${x + QUIET_ZONE} ${y + QUIET_ZONE}h1v1h-1z`;
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    svg.setAttribute('viewBox', `0 0 ${side} ${side}`);
    svg.setAttribute('shape-rendering', 'crispEdges');
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    path.setAttribute('d', squares);
    svg.append(path);
    return svg;
}
