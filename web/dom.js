// SPDX-License-Identifier: MIT
// Makes elements: the one place that turns a few words of JavaScript into nodes.

const ATTRIBUTES = new Set(['class', 'for', 'role']);

/** @typedef {Node | string | null | false | undefined} Child */

/**
 * Makes an element. Of PROPS, ATTRIBUTES and what has a dash become attributes, `on...` listeners, the rest properties.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, any>} [props]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, props = {}, ...children) {
    const element = document.createElement(tag);
    for (const [key, value] of Object.entries(props)) {
        if (value === undefined || value === null) continue;
        if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
        else if (ATTRIBUTES.has(key) || key.includes('-')) element.setAttribute(key, value);
        else /** @type {any} */ (element)[key] = value;
    }
    element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
    return element;
}

const SVG = 'http://www.w3.org/2000/svg';

/** @type {Promise<void> | undefined} */
let drawings;

/** @param {string} name of a symbol in icons.svg @returns {SVGSVGElement} */
export function icon(name) {
    drawings ??= bringDrawings().catch(() => {}); // without them the buttons still work, and have names
    const svg = document.createElementNS(SVG, 'svg');
    svg.setAttribute('class', 'icon');
    svg.setAttribute('aria-hidden', 'true');
    const use = document.createElementNS(SVG, 'use');
    use.setAttribute('href', `#icon-${name}`);
    svg.append(use);
    return svg;
}

/** Changes the picture of an icon made by `icon`. @param {Element} holder what the icon is in @param {string} name */
export function setIcon(holder, name) {
    holder.querySelector('use')?.setAttribute('href', `#icon-${name}`);
}

/** Makes icons.svg a part of the page: those of another file are asked for anew when shown, of a server that may be gone. */
async function bringDrawings() {
    const answer = await fetch('icons.svg');
    const { documentElement } = new DOMParser().parseFromString(await answer.text(), 'image/svg+xml');
    document.head.append(documentElement);
}

/**
 * Shows STREAM in VIDEO. Says false when the browser wants the person to touch the page first.
 * @param {HTMLVideoElement} video
 * @param {MediaStream | null} stream
 * @returns {Promise<boolean>}
 */
export async function show(video, stream) {
    if (video.srcObject !== stream) video.srcObject = stream;
    if (!stream) return true;
    try {
        await video.play();
        return true;
    } catch (error) {
        return !(error instanceof DOMException && error.name === 'NotAllowedError');
    }
}
