// SPDX-License-Identifier: MIT
// Remembers small things from one visit to the next, where the browser lets us.

const PREFIX = 'strowger.';

/** @param {string} key @returns {string} '' for what was never kept, or may not be */
export function recall(key) {
    try {
        return localStorage.getItem(PREFIX + key) ?? '';
    } catch {
        return '';
    }
}

/** @param {string} key @param {string} value */
export function keep(key, value) {
    try {
        localStorage.setItem(PREFIX + key, value);
    } catch {
        // a private window, or a full store: then it is asked again next time
    }
}
