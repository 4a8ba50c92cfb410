// SPDX-License-Identifier: MIT
// The check page, and that the pages which call use the STUN and TURN servers that the server names.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isMissing, startCoturn } from '../e2e/lib/coturn.js';
import { start } from '../e2e/lib/server.js';
import { newPage, useBrowser } from './lib/browser.js';
import { Guest, meet } from './lib/guest.js';
import { connect, Person } from './lib/person.js';
import { fitsPhone, PHONE } from './lib/phone-layout.js';

useBrowser();

const skip = isMissing();

function withTurn(t, url, secret) {
    const directory = mkdtempSync(join(tmpdir(), 'strowger-'));
    t.after(() => rmSync(directory, { recursive: true }));
    const file = join(directory, 'secret');
    writeFileSync(file, secret, { mode: 0o600 });
    return ['--turn-url', url, '--turn-secret-file', file];
}

// The check page of SERVER, when it has come to a verdict.
async function check(t, server, options) {
    const page = await newPage(t, options);
    await page.goto(`http://localhost:${server.port}/check`);
    await concluded(page);
    return page;
}

async function concluded(page) {
    await page.locator('#again:enabled').waitFor();
}

// What it says of WHAT: the result and the finding.
async function finding(page, what) {
    const view = page.locator(`#${what}`);
    return [await view.getAttribute('data-result'), await view.locator('.finding').textContent()];
}

async function verdict(page) {
    return page.locator('.verdict').textContent();
}

test('with a server and STUN, but no relay', async t => {
    const server = await start(t);
    const page = await check(t, server, PHONE);
    assert.deepEqual(await finding(page, 'socket'), ['good', 'It answers.']);
    const [stun, words] = await finding(page, 'stun');
    assert.equal(stun, 'good');
    assert.match(words, /^It works\./);
    assert.deepEqual(await finding(page, 'turn'), ['none', 'This server has no relay.']);
    assert.match(await verdict(page), /^Most likely\./);
    await fitsPhone(page);
    await page.focus('#again');
    await page.keyboard.press('Enter');
    await page.locator('#again:disabled').waitFor();
    await page.locator('#again:enabled:focus').waitFor();
    assert.equal(await page.title(), 'strowger · Will calls work from here?');
    await page.selectOption('#language', 'zh-CN');
    await page.locator('.verdict', { hasText: '很可能能' }).waitFor();
    assert.deepEqual(await finding(page, 'socket'), ['good', '有应答。']);
    assert.equal(await page.title(), 'strowger · 这里能通话吗？');
    assert.deepEqual(page.errors, []);
});

test('with a relay', { skip }, async t => {
    const turn = `turn:127.0.0.1:${await startCoturn(t, 'sesame')}`;
    const page = await check(t, await start(t, withTurn(t, turn, 'sesame')));
    assert.deepEqual(await finding(page, 'turn'), ['good', 'It works.']);
    assert.match(await verdict(page), /^Yes\./);
});

test('with a relay that does not take our credentials, and one that is not there', { skip }, async t => {
    const turn = `turn:127.0.0.1:${await startCoturn(t, 'sesame')}`;
    const nowhere = 'turn:127.0.0.1:1?transport=tcp';
    const page = await check(t, await start(t, [...withTurn(t, turn, 'barley'), '--turn-url', nowhere]));
    assert.deepEqual(await finding(page, 'turn'), ['bad', 'It does not work.']);
    assert.deepEqual(await page.locator('#turn .details li').allTextContents(),
        [`${turn}refuses our credentials`, `${nowhere}does not answer`]);
    assert.match(await page.locator('#turn .remedy').textContent(), /secrets or their clocks differ/);
    assert.match(await verdict(page), /^Most likely\./);
});

test('without the server', async t => {
    const server = await start(t);
    const page = await check(t, server);
    await server.stop();
    await page.click('#again');
    await concluded(page);
    assert.deepEqual(await finding(page, 'socket'), ['bad', 'It does not answer.']);
    assert.deepEqual(await finding(page, 'stun'), ['bad', 'There is no answer.']);
    assert.match(await page.locator('#stun .remedy').textContent(), /UDP/);
    assert.match(await verdict(page), /^No\./);
});

// Has PAGE keep in `configurations` what its connections are made with and told later.
async function watchConnections(page) {
    await page.addInitScript(() => {
        globalThis.configurations = [];
        globalThis.RTCPeerConnection = class extends RTCPeerConnection {
            constructor(configuration) {
                super(configuration);
                configurations.push(configuration);
            }

            setConfiguration(configuration) {
                super.setConfiguration(configuration);
                configurations.push(configuration);
            }
        };
    });
}

async function watched(t, Kind, url, name) {
    const person = new Kind(await newPage(t), name);
    await watchConnections(person.page);
    await person.page.goto(url);
    return person;
}

test('a call uses what the server names, and fresh credentials before they expire', async t => {
    const server = await start(t, [...withTurn(t, 'turn:127.0.0.1:1', 'sesame'), '--turn-ttl', '10s']);
    const url = `http://localhost:${server.port}/`;
    const alice = await watched(t, Person, url, 'Alice');
    await alice.joinAs('Alice');
    const bob = await Person.join(t, url, 'Bob');
    await connect(alice, bob);
    const [[stun, turn]] = await alice.page.evaluate(() => configurations.map(({ iceServers }) => iceServers));
    assert.deepEqual(stun, { urls: `stun:localhost:${server.port}` });
    assert.deepEqual(turn.urls, ['turn:127.0.0.1:1']);
    await alice.page.waitForFunction(() => configurations.length > 1);
    const last = await alice.page.evaluate(() => configurations.at(-1).iceServers.at(-1));
    assert.notEqual(last.username, turn.username);
    await alice.talksTo('Bob');
});

test('so does a meeting in a room', async t => {
    const server = await start(t, ['--stun', `stun:127.0.0.1:1`]);
    const url = `http://localhost:${server.port}/`;
    const alice = await watched(t, Guest, `${url}room`, 'r');
    await alice.enter();
    await meet(alice, await Guest.enter(t, url, 'r'));
    const [iceServers] = await alice.page.evaluate(() => configurations.map(configuration => configuration.iceServers));
    assert.deepEqual(iceServers, [{ urls: ['stun:127.0.0.1:1'] }]);
});
