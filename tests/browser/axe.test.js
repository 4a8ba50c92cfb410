// SPDX-License-Identifier: MIT
// That axe, which looks for what shuts people out, finds nothing on any page, in light or dark.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import axe from 'axe-core';
import { start } from '../e2e/lib/server.js';
import { newPage, useBrowser } from './lib/browser.js';
import { connect, Person } from './lib/person.js';

useBrowser();

// What axe finds on PAGE. It comes by way of the devtools, for the page's policy lets no script of others in.
async function faults(page) {
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('Runtime.evaluate', { expression: axe.source });
    const { violations, passes } = await page.evaluate(() => window.axe.run());
    assert.ok(passes.length > 10);
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(node => node.html).join(' ')}`);
}

for (const colorScheme of ['light', 'dark']) {
    test(`a call from beginning to end, ${colorScheme}`, async t => {
        const server = await start(t);
        const url = `http://localhost:${server.port}/`;
        const alice = await Person.open(t, url, 'Alice', { colorScheme });
        assert.deepEqual(await faults(alice.page), []);
        await alice.joinAs('Alice');
        await alice.waitsForCalls();
        assert.deepEqual(await faults(alice.page), []);
        const bob = await Person.join(t, url, 'Bob', { colorScheme });
        await connect(alice, bob);
        assert.deepEqual(await faults(alice.page), []);
        await bob.hangUp();
        await alice.isTold('left');
        assert.deepEqual(await faults(alice.page), []);
    });

    test(`the other pages, ${colorScheme}`, async t => {
        const server = await start(t);
        for (const [path, ready] of [['room', '#join'], ['check', '#again:enabled']]) {
            const page = await newPage(t, { colorScheme });
            await page.goto(`http://localhost:${server.port}/${path}`);
            await page.locator(ready).waitFor();
            assert.deepEqual(await faults(page), []);
        }
    });
}
