// SPDX-License-Identifier: MIT
// A link to hand on: shown, copied, shared, as a QR code.

import { h, icon, setIcon } from './dom.js';
import { label, say, text } from './i18n.js';
import { announce } from './notices.js';

/** @typedef {import('./i18n.js').Key} Key */

/**
 * @typedef {object} InviteTexts
 * @property {Key} title
 * @property {Key} qrTitle with the {name} of what the link leads to
 * @property {Key} shareText
 */

const COPIED_MS = 2_000;
const QUIET_ZONE = 3; // modules of margin around a QR code; the card's white padding adds the rest

export class InviteView {
    #texts;
    #name = '';
    #link = h('input', { id: 'invite', readOnly: true, onfocus: () => this.#link.select() });
    #copyButton = toolButton('copy', () => this.#copy());
    #qr = h('dialog', { class: 'card qr', onclick: () => this.#qr.close() });

    /** @param {InviteTexts} texts */
    constructor(texts) {
        this.#texts = texts;
        const qr = toolButton('qr', () => this.#showQr());
        const share = toolButton('share', () => this.#share());
        this.element = h(
            'div',
            { class: 'invite' },
            say(h('label', { for: 'invite' }), texts.title),
            h(
                'div',
                { class: 'row' },
                this.#link,
                label(this.#copyButton, 'copy'),
                'share' in navigator && label(share, 'share'),
                label(qr, 'qrCode'),
            ),
            this.#qr,
        );
    }

    /** @param {string} name @param {string} link that leads to it */
    set(name, link) {
        this.#name = name;
        this.#link.value = link;
    }

    focus() {
        this.#copyButton.focus();
    }

    async #copy() {
        this.#link.select();
        // The old way first where there is no other: http on a network address has no clipboard API.
        const copied = navigator.clipboard
            ? await navigator.clipboard.writeText(this.#link.value).then(() => true, () => false)
            : document.execCommand('copy');
        if (!copied) return;
        this.#copyButton.focus();
        announce('copied');
        setIcon(this.#copyButton, 'check');
        setTimeout(() => setIcon(this.#copyButton, 'copy'), COPIED_MS);
    }

    #share() {
        const data = { title: 'strowger', text: text(this.#texts.shareText), url: this.#link.value };
        navigator.share(data).catch(() => {}); // closed without choosing
    }

    async #showQr() {
        const { generate } = await import('./vendor/lean-qr.js'); // only now: few ask for it
        const title = say(h('h2'), this.#texts.qrTitle, { name: this.#name });
        const link = this.#link.value;
        this.#qr.replaceChildren(qrImage(generate(link)), title, h('p', { class: 'url' }, link));
        this.#qr.showModal();
    }
}

/** @param {string} name of the button and of its icon @param {() => void} onclick */
function toolButton(name, onclick) {
    return h('button', { type: 'button', class: 'tool', id: name, onclick }, icon(name));
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
