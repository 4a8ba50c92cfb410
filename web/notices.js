// SPDX-License-Identifier: MIT
// Short notices that come and go by themselves, read out by screen readers.

import { h } from './dom.js';
import { say } from './i18n.js';

const SHOWN_MS = 5_000;
const AT_ONCE = 3;

const region = h('div', { class: 'notices', role: 'status', 'aria-live': 'polite' });

/** Where the notices appear; the page puts it somewhere once. */
export function noticeRegion() {
    return region;
}

/** @param {import('./i18n.js').Key} key @param {import('./i18n.js').Params} [params] */
export function announce(key, params) {
    const notice = say(h('p', { class: 'notice' }), key, params);
    region.append(notice);
    while (region.children.length > AT_ONCE) region.firstElementChild?.remove();
    setTimeout(() => notice.remove(), SHOWN_MS);
}

/** Takes away what a call left behind: its notices mean nothing once it is over. */
export function clearNotices() {
    region.replaceChildren();
}
