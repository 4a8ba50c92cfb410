// SPDX-License-Identifier: MIT
// Names: the rules the server has for them, and suggestions that are easily read out over a telephone.

const MAX_BYTES = 256;

// Without letters that look or sound alike, in any of the languages of the page.
const CONSONANTS = 'bdfgklmnprstvz';
const VOWELS = 'aeiou';

/** @returns {string} such as "tovika" */
export function suggestName() {
    const pick = (/** @type {string} */ letters) => letters[Math.floor(Math.random() * letters.length)];
    return Array.from({ length: 3 }, () => pick(CONSONANTS) + pick(VOWELS)).join('');
}

/** @param {string} name @returns {boolean} */
export function isTooLong(name) {
    return new TextEncoder().encode(name).length > MAX_BYTES;
}

/** @param {string} name @returns {string} what stands in the place of a face: its first letter, whatever the script */
export function initialOf(name) {
    return [...name][0]?.toUpperCase() ?? '';
}

/** @param {string} name @returns {string} where NAME is called, to be handed on to others */
export function inviteLink(name) {
    const url = new URL(location.pathname, location.origin);
    url.searchParams.set('call', name);
    return url.href;
}

/** @returns {string} whom the page's address says to call; '' for nobody */
export function invitedTo() {
    return new URLSearchParams(location.search).get('call')?.trim() ?? '';
}
