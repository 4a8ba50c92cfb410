// SPDX-License-Identifier: MIT
// The call page itself: joining, languages, layouts, keys, devices that can't be had.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { start } from '../e2e/lib/server.js';
import { expectFrames, INSECURE_HOST, newPage, newRefusingPage, useBrowser } from './lib/browser.js';
import { connect, Person } from './lib/person.js';
import { fitsPhone, NARROW, PHONE } from './lib/phone-layout.js';

useBrowser();

async function serve(t) {
    const server = await start(t);
    return `http://localhost:${server.port}/`;
}

test('before joining: preview, microphone level, a name that is suggested and remembered', async t => {
    const { page } = await Person.open(t, await serve(t));
    await expectFrames(page.locator('.preview video'));
    await page.locator('.meter i.lit').first().waitFor(); // the invented microphone beeps
    assert.match(await page.inputValue('#name'), /^[a-z]{6}$/);
    assert.ok(await page.locator('.left select[name=videoinput] option').count() > 0);
    await page.fill('#name', 'Alice');
    await page.click('#join');
    await page.locator('#callee').waitFor();
    assert.match(await page.inputValue('#invite'), /\/\?call=Alice$/);
    await page.reload();
    assert.equal(await page.inputValue('#name'), 'Alice');
});

test('a picture of a button that is first seen when the server is gone is there', async t => {
    const server = await start(t);
    const { page } = await Person.open(t, `http://localhost:${server.port}/`);
    await expectFrames(page.locator('.preview video'));
    await server.stop();
    await page.click('.preview .microphone');
    const width = await page.locator('.preview .microphone use').evaluate(use => use.getBBox().width);
    assert.ok(width > 0);
});

test('a name that is taken is refused and another can be tried', async t => {
    const url = await serve(t);
    await Person.join(t, url, 'Alice');
    const other = await Person.open(t, url, 'Alice');
    await other.joinAs('Alice');
    await other.sees('#name-error', 'Somebody here is already called Alice');
    await other.joinAs('Alice 2');
    await other.waitsForCalls();
});

test('an invitation link calls whoever sent it', async t => {
    const url = await serve(t);
    const alice = await Person.join(t, url, '小明 & Co');
    const link = await alice.page.inputValue('#invite');
    const bob = await Person.open(t, link, 'Bob');
    await bob.sees('h1', 'Call 小明 & Co');
    await bob.joinAs('Bob');
    await alice.accept('Bob');
    await bob.talksTo('小明 & Co');
});

test('microphone and camera can be off before the call', async t => {
    const url = await serve(t);
    const alice = await Person.join(t, url, 'Alice');
    const bob = await Person.open(t, url, 'Bob');
    await expectFrames(bob.page.locator('.preview video'));
    await bob.page.click('.preview .microphone');
    await bob.page.click('.preview .camera');
    await bob.sees('.preview .caption', 'Your camera is off');
    await bob.joinAs('Bob');
    await bob.dial('Alice');
    await alice.accept('Bob');
    await bob.talksTo('Alice');
    await alice.page.locator('.stage .muted').waitFor();
    await alice.page.locator('.stage[data-status=connected]:not(.picture)').waitFor();
});

test('the language is the browser’s, can be switched, and is remembered', async t => {
    const url = await serve(t);
    const page = await newPage(t, { locale: 'zh-CN' });
    await page.goto(url);
    await page.locator('#join', { hasText: '加入' }).waitFor();
    assert.equal(await page.getAttribute('html', 'lang'), 'zh-CN');
    await page.selectOption('#language', 'en');
    await page.locator('#join', { hasText: 'Join' }).waitFor();
    await page.reload();
    await page.locator('#join', { hasText: 'Join' }).waitFor();
    await page.goto(`${url}?lang=zh-CN`);
    await page.locator('#join', { hasText: '加入' }).waitFor();
    assert.equal(await page.getAttribute('html', 'lang'), 'zh-CN');
});

test('every text exists in every language, with the same places for names', async t => {
    const page = await newPage(t);
    await page.goto(await serve(t));
    const [english, chinese] = await page.evaluate(async () => [
        (await import('/strings-en.js')).default,
        (await import('/strings-zh-CN.js')).default,
    ]);
    const places = text => (text.match(/\{\w+\}/g) ?? []).sort();
    assert.deepEqual(Object.keys(chinese), Object.keys(english));
    for (const [key, text] of Object.entries(english)) {
        assert.deepEqual(places(chinese[key]), places(text), key);
    }
});

async function callsFit(t, screen) {
    const url = await serve(t);
    const alice = await Person.open(t, url, 'Alice', screen);
    const bob = await Person.join(t, url, 'B'.repeat(60), screen);
    await fitsPhone(alice.page);
    await alice.joinAs('Alice');
    await alice.waitsForCalls();
    await fitsPhone(alice.page);
    await alice.dial(bob.name);
    await bob.isRung('Alice');
    await fitsPhone(bob.page);
    await bob.page.click('#accept');
    await alice.talksTo(bob.name);
    await fitsPhone(alice.page);
    await alice.hangUp();
    await alice.isTold('hungup');
    await fitsPhone(alice.page);
}

for (const [name, screen] of [['a phone', PHONE], ['a narrow phone', NARROW]]) {
    test(`on ${name} nothing scrolls sideways, and every target is large enough`, t => callsFit(t, screen));
}

test('who copies the link with a key stays where they are', async t => {
    const { page } = await Person.join(t, await serve(t), 'Alice', { permissions: ['clipboard-write'] });
    await page.focus('#copy');
    await page.keyboard.press('Enter');
    await page.locator('.notice', { hasText: 'Link copied' }).waitFor();
    await page.locator('#copy:focus').waitFor();
});

test('keys: M, V and F; Esc asks before it hangs up', async t => {
    const url = await serve(t);
    const [alice, bob] = await Promise.all(['Alice', 'Bob'].map(name => Person.join(t, url, name)));
    await connect(alice, bob);
    await alice.page.keyboard.press('m');
    await bob.page.locator('.stage .muted').waitFor();
    await alice.page.keyboard.press('v');
    await bob.sees('.face-status', 'Alice turned the camera off');
    await alice.page.keyboard.press('f');
    await alice.page.waitForFunction(() => document.fullscreenElement);
    await alice.page.keyboard.press('f');
    await alice.page.waitForFunction(() => !document.fullscreenElement);
    await alice.page.keyboard.press('Escape');
    await alice.page.locator('.confirm[open] .quiet').click();
    await alice.page.keyboard.press('Escape');
    await alice.page.locator('.confirm[open] .danger').click();
    await bob.isTold('left');
});

for (const [error, title] of Object.entries({
    NotAllowedError: 'No permission to use the camera and microphone',
    NotFoundError: 'No camera and microphone found',
    NotReadableError: 'Another program is using the camera and microphone',
    OverconstrainedError: 'Cannot use that camera and microphone',
})) {
    test(`${error} is explained, and one can try again`, async t => {
        const url = await serve(t);
        const page = await newPage(t);
        await page.addInitScript(name => {
            const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
            navigator.mediaDevices.getUserMedia = wish => (window.isRepaired
                ? real(wish)
                : Promise.reject(new DOMException('refused', name)));
        }, error);
        await page.goto(url);
        await page.locator('.problem h2', { hasText: title }).first().waitFor();
        await page.evaluate(() => { window.isRepaired = true; });
        await page.locator('.left .problem button').click();
        await expectFrames(page.locator('.preview video'));
        assert.equal(await page.locator('.left .problem').count(), 0);
    });
}

test('permission that the browser refuses is explained', async t => {
    const url = await serve(t);
    const page = await newRefusingPage(t, url);
    await page.goto(url);
    await page.locator('.left .problem', { hasText: 'No permission to use the camera and microphone' }).waitFor();
    await page.click('#join');
    await page.locator('#callee').waitFor();
});

test('an address that is not secure is explained, with addresses that are', async t => {
    const url = await serve(t);
    const page = await newPage(t);
    await page.goto(url.replace('localhost', INSECURE_HOST));
    await page.locator('.left .problem', { hasText: 'This address is not secure' }).waitFor();
    const addresses = page.locator('.left .problem a');
    assert.deepEqual(await addresses.evaluateAll(links => links.map(({ href }) => href)), [
        url.replace('http://localhost', `https://${INSECURE_HOST}`),
        `https://${INSECURE_HOST}:8443/`,
        url,
    ]);
    await page.click('#join');
    await page.locator('#callee').waitFor();
});

test('the page asks nothing of anybody but its own server, and meets its own Content-Security-Policy', async t => {
    const url = await serve(t);
    const page = await newPage(t);
    const asked = [];
    page.on('request', request => asked.push(request.url()));
    const violations = [];
    page.on('console', message => /Content Security Policy/.test(message.text()) && violations.push(message.text()));
    await page.goto(url);
    await page.locator('#join', { hasText: 'Join' }).waitFor();
    await page.click('#join');
    await page.locator('#qr').click();
    await page.locator('dialog.qr[open] svg path').waitFor();
    assert.deepEqual(asked.filter(address => !address.startsWith(url)), []);
    assert.deepEqual([violations, page.errors], [[], []]);
});

test('a page is loaded with 40 kB', async t => {
    const url = await serve(t);
    for (const path of ['', 'room']) {
        const page = await newPage(t);
        await page.goto(url + path, { waitUntil: 'networkidle' });
        const sizes = await page.evaluate(() => ['navigation', 'resource']
            .flatMap(type => performance.getEntriesByType(type))
            .map(entry => [entry.name, entry.encodedBodySize]));
        const total = sizes.reduce((sum, [, size]) => sum + size, 0);
        assert.ok(sizes.some(([name, size]) => name.endsWith('/page.js') && size > 0), 'what was loaded is known');
        assert.ok(total <= 40_000, `/${path} takes ${total} bytes: ${sizes.join(' ')}`);
    }
});
