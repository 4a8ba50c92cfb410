// SPDX-License-Identifier: MIT
// The page's language: which one, and every text in it.
//
// `say`, `label` and `hint` write a text into an element and note its key there, so that a change of language finds
// them all again. A language is a file `strings-TAG.js` with the keys of strings-en.js (tsc compares them) and a line
// in LANGUAGES.

import en from './strings-en.js';
import { keep, recall } from './store.js';

/** @typedef {keyof typeof en} Key */
/** @typedef {Record<string, string | number>} Params what stands in a text's {braces} */

/** @typedef {{ name: string, load: () => Promise<Record<Key, string>> }} Language */

/** @type {Record<string, Language>} */
export const LANGUAGES = {
    en: { name: 'English', load: async () => en },
    'zh-CN': { name: '中文', load: async () => (await import('./strings-zh-CN.js')).default },
};

/** @type {Record<Key, string>} */
let strings = en;

/** The attributes that a text can go to, and what goes there. */
const PLACES = ['text', 'label', 'hint'];

/** Chooses the language: ?lang= in the address, else what was chosen last time, else the browser's first we have. */
export async function startLanguage() {
    const asked = new URLSearchParams(location.search).get('lang');
    for (const wish of [asked, recall('lang'), ...navigator.languages]) {
        const tag = wish && matchLanguage(wish);
        if (tag) return setLanguage(tag);
    }
    return setLanguage('en');
}

/** @param {string} tag a key of LANGUAGES */
export async function setLanguage(tag) {
    strings = await LANGUAGES[tag].load();
    document.documentElement.lang = tag;
    for (const place of PLACES) {
        /** @type {NodeListOf<HTMLElement>} */ const elements = document.querySelectorAll(`[data-${place}]`);
        elements.forEach((element) => put(element, place));
    }
}

/** @param {string} tag a key of LANGUAGES, chosen by the person: remembered */
export function chooseLanguage(tag) {
    keep('lang', tag);
    return setLanguage(tag);
}

/** @param {Key} key @param {Params} [params] */
export function text(key, params = {}) {
    return strings[key].replace(/\{(\w+)\}/g, (whole, name) => String(params[name] ?? whole));
}

/**
 * Makes the text of KEY the content of ELEMENT.
 * @template {HTMLElement} E
 * @param {E} element
 * @param {Key} key
 * @param {Params} [params]
 */
export function say(element, key, params) {
    return note(element, 'text', key, params);
}

/**
 * Names ELEMENT for who can't see it, or points at it.
 * @template {HTMLElement} E
 * @param {E} element
 * @param {Key} key
 * @param {Params} [params]
 */
export function label(element, key, params) {
    return note(element, 'label', key, params);
}

/** Makes the text of KEY an input's placeholder. @template {HTMLElement} E @param {E} element @param {Key} key */
export function hint(element, key) {
    return note(element, 'hint', key);
}

/**
 * @template {HTMLElement} E
 * @param {E} element
 * @param {string} place
 * @param {Key} key
 * @param {Params} [params]
 */
function note(element, place, key, params) {
    element.dataset[place] = key;
    if (params) element.dataset[`${place}Params`] = JSON.stringify(params);
    put(element, place);
    return element;
}

/** @param {HTMLElement} element @param {string} place */
function put(element, place) {
    const key = /** @type {Key} */ (element.dataset[place]);
    const value = text(key, JSON.parse(element.dataset[`${place}Params`] ?? '{}'));
    if (place === 'text') {
        element.textContent = value;
    } else if (place === 'hint') {
        element.setAttribute('placeholder', value);
    } else {
        element.setAttribute('aria-label', value);
        element.title = value;
    }
}

/** @param {string} wish a language tag @returns {string | undefined} ours for it: any Chinese is zh-CN to us */
function matchLanguage(wish) {
    const primary = (/** @type {string} */ tag) => tag.toLowerCase().split('-')[0];
    return Object.keys(LANGUAGES).find((tag) => primary(tag) === primary(wish));
}
