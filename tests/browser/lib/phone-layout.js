// SPDX-License-Identifier: MIT
// A page on a phone's screen: nothing beside it, every target large enough for a thumb.
import assert from 'node:assert/strict';

export const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
// The narrowest there is: a small telephone's, and a window's that is enlarged four times (WCAG 1.4.10).
export const NARROW = { viewport: { width: 320, height: 568 }, isMobile: true, hasTouch: true };

export async function fitsPhone(page) {
    const found = await page.evaluate(() => {
        const shown = [...document.querySelectorAll('button, select, input')].filter(e => e.checkVisibility());
        const linesOf = element => {
            const range = document.createRange();
            range.selectNodeContents(element);
            return new Set([...range.getClientRects()].map(({ top }) => top)).size;
        };
        const texts = shown.flatMap(e => [...e.querySelectorAll('span')]);
        const boxes = shown.map(e => ({ what: e.outerHTML.slice(0, 80), box: e.getBoundingClientRect() }));
        return {
            width: document.documentElement.scrollWidth,
            outside: boxes.filter(({ box }) => box.left < 0 || box.right > innerWidth).map(({ what }) => what),
            broken: texts.map(e => e.textContent).filter((text, i) => linesOf(texts[i]) > text.split(' ').length),
            small: boxes.filter(({ box }) => box.width < 44 || box.height < 44).map(({ what }) => what),
        };
    });
    assert.deepEqual(found, { width: page.viewportSize().width, outside: [], broken: [], small: [] });
}
