// SPDX-License-Identifier: MIT
// One Chromium for a file of tests, with invented cameras and microphones; every page has a context of its own.
import { after, before } from 'node:test';
import { chromium } from 'playwright-core';

const PATIENCE_MS = 15_000; // two pages with video share a small machine

// Resolves to this machine, but is no localhost to a browser.
export const INSECURE_HOST = 'strowger.test';

const FLAGS = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--use-fake-device-for-media-stream',
    `--host-resolver-rules=MAP ${INSECURE_HOST} 127.0.0.1`,
];
const ALWAYS_ALLOW = '--use-fake-ui-for-media-stream';

let browser;

function launch(...flags) {
    const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
    return chromium.launch({ executablePath, headless: true, args: [...FLAGS, ...flags] });
}

// To be called once at the top of a file of tests.
export function useBrowser() {
    before(async () => { browser = await launch(ALWAYS_ALLOW); });
    after(() => browser.close());
}

// A page for the test T in a browser of its own, whose person has refused camera and microphone to ORIGIN for good.
export async function newRefusingPage(t, origin) {
    const refusing = await launch();
    t.after(() => refusing.close());
    const page = await refusing.newPage({ locale: 'en-US' });
    const devtools = await page.context().newCDPSession(page);
    for (const name of ['camera', 'microphone']) {
        await devtools.send('Browser.setPermission', { permission: { name }, setting: 'denied', origin });
    }
    return page;
}

// A page for the test T in a fresh context, as if of another person. Errors that it logs are shown with T's result.
export async function newPage(t, options = {}) {
    const context = await browser.newContext({ locale: 'en-US', ...options });
    t.after(() => context.close());
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    page.errors = [];
    page.on('pageerror', error => page.errors.push(error.message));
    page.on('console', message => {
        const isOfTheEnd = message.text().includes('ERR_CONNECTION_REFUSED'); // its server ends before it
        if (message.type() === 'error' && !isOfTheEnd) {
            t.diagnostic(`console: ${message.text()}`);
        }
    });
    return page;
}

// Frames advance in VIDEO, a locator: N more of them are shown.
export async function expectFrames(video, n = 5) {
    await video.evaluate((element, { count, limit }) => new Promise((done, failed) => {
        const timer = setTimeout(() => failed(new Error(`no ${count} frames within ${limit} ms`)), limit);
        const next = left => element.requestVideoFrameCallback(() => {
            if (left > 1) {
                next(left - 1);
            } else {
                clearTimeout(timer);
                done();
            }
        });
        next(count);
    }), { count: n, limit: PATIENCE_MS });
}
