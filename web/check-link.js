// SPDX-License-Identifier: MIT
// The way to the check page, for whoever wonders why no call comes about.

import { h } from './dom.js';
import { say } from './i18n.js';

export function checkLink() {
    return say(h('a', { class: 'link check-link', href: 'check' }), 'checkTitle');
}
