// SPDX-License-Identifier: MIT
// Names of people and rooms: the server's rules, links, and suggestions that are easily read out over a telephone.

const MAX_BYTES = 256;

// Without letters that look or sound alike, in any of the languages of the page.
const CONSONANTS = 'bdfgklmnprstvz';
const VOWELS = 'aeiou';

/** @param {number} syllables @returns {string} such as "tovika" */
export function suggestName(syllables) {
    const pick = (/** @type {string} */ letters) => letters[Math.floor(Math.random() * letters.length)];
    return Array.from({ length: syllables }, () => pick(CONSONANTS) + pick(VOWELS)).join('');
}

/** @returns {string} what nobody else has, as long as nobody copies it */
export function newId() {
    return Array.from(crypto.getRandomValues(new Uint8Array(9)), (byte) => byte.toString(36)).join('');
}

/** @param {string} name @returns {boolean} */
export function isTooLong(name) {
    return new TextEncoder().encode(name).length > MAX_BYTES;
}

/** @param {string} name @returns {string} what stands in the place of a face: its first letter, whatever the script */
export function initialOf(name) {
    return [...name][0]?.toUpperCase() ?? '';
}

/** @typedef {'call' | 'room'} Invitation to call somebody, or into a room: the parameter of the page's address */

/** @param {Invitation} kind @param {string} name @returns {string} the page's address with it, to be handed on */
export function inviteLink(kind, name) {
    const url = new URL(location.pathname, location.origin);
    url.searchParams.set(kind, name);
    return url.href;
}

/** @param {Invitation} kind @returns {string} whom or which room the page's address names; '' for none */
export function invitedTo(kind) {
    return new URLSearchParams(location.search).get(kind)?.trim() ?? '';
}
