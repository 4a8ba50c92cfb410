// SPDX-License-Identifier: MIT
// The page of tutorial 003 against our server: with itself, and with our page. See lib/tutorial.js for what is patched.
import { test } from 'node:test';
import { start } from '../e2e/lib/server.js';
import { expectFrames, newPage, useBrowser } from './lib/browser.js';
import { Person } from './lib/person.js';
import { Reader, serveTutorial, skip } from './lib/tutorial.js';

useBrowser();

async function reader(t, server, name) {
    const someone = new Reader(await newPage(t), name);
    await someone.login(await serveTutorial(t, server.port));
    return someone;
}

test('two readers of the tutorial call each other, hang up and call back', { skip }, async t => {
    const server = await start(t);
    const ann = await reader(t, server, 'ann');
    const ben = await reader(t, server, 'ben');
    await ann.dial('ben');
    await Promise.all([ann.seesTheOther(), ben.seesTheOther()]);
    await Promise.all([expectFrames(ann.remote), expectFrames(ben.remote)]);
    await ann.hangUp();
    await Promise.all([ann.seesNobody(), ben.seesNobody()]);
    await ben.dial('ann');
    await Promise.all([ann.seesTheOther(), ben.seesTheOther()]);
    await Promise.all([expectFrames(ann.remote), expectFrames(ben.remote)]);
});

const GOINGS = {
    'reloads the page': async ({ page }) => { await page.reload(); return page; },
    'closes the tab and opens another': async ({ page }, t) => { await page.close(); return newPage(t); },
};

for (const [what, go] of Object.entries(GOINGS)) {
    test(`a reader ${what} in the middle of a call, and is called back`, { skip }, async t => {
        const server = await start(t);
        const ann = await reader(t, server, 'ann');
        const ben = await reader(t, server, 'ben');
        await ann.dial('ben');
        await Promise.all([ann.seesTheOther(), ben.seesTheOther()]);
        const back = new Reader(await go(ann, t), 'ann');
        await ben.seesNobody();
        await back.login(await serveTutorial(t, server.port)); // her name is free again
        await ben.dial('ann');
        await Promise.all([back.seesTheOther(), ben.seesTheOther()]);
        await Promise.all([expectFrames(back.remote), expectFrames(ben.remote)]);
    });
}

test('a reader calls our page, and hangs up', { skip }, async t => {
    const server = await start(t);
    const ann = await reader(t, server, 'ann');
    const bob = await Person.join(t, `http://localhost:${server.port}/`, 'Bob');
    await ann.dial('Bob');
    await bob.accept('ann');
    await Promise.all([bob.talksTo('ann'), ann.seesTheOther()]);
    await expectFrames(ann.remote);
    await ann.hangUp();
    await bob.isTold('left', 'ann has left');
});

test('our page calls a reader, and hangs up', { skip }, async t => {
    const server = await start(t);
    const ann = await reader(t, server, 'ann');
    const bob = await Person.join(t, `http://localhost:${server.port}/`, 'Bob');
    await bob.dial('ann');
    await Promise.all([bob.talksTo('ann'), ann.seesTheOther()]);
    await expectFrames(ann.remote);
    await bob.hangUp();
    await Promise.all([bob.isTold('hungup'), ann.seesNobody()]);
});

test('our page declines a reader', { skip }, async t => {
    const server = await start(t);
    const ann = await reader(t, server, 'ann');
    const bob = await Person.join(t, `http://localhost:${server.port}/`, 'Bob');
    await ann.dial('Bob');
    await bob.decline('ann');
    await Promise.all([bob.isTold('declined'), ann.isSentAway()]);
});

test('a reader who rings our page in a call is sent away, and the call goes on', { skip }, async t => {
    const server = await start(t);
    const url = `http://localhost:${server.port}/`;
    const [alice, bob] = await Promise.all(['Alice', 'Bob'].map(name => Person.join(t, url, name)));
    const cat = await reader(t, server, 'cat');
    await alice.dial('Bob');
    await bob.accept('Alice');
    await Promise.all([alice.talksTo('Bob'), bob.talksTo('Alice')]);
    await cat.dial('Alice');
    await cat.isSentAway();
    await cat.hangUp();
    await Promise.all([expectFrames(alice.remote), expectFrames(bob.remote)]);
});
