// SPDX-License-Identifier: MIT
// The page of tutorial 002, taken from ../shared/seeds when a test runs and laid out as the tutorial has it; its readers.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queue } from '../../e2e/lib/queue.js';
import { newPage } from './browser.js';
import { codeBlock, readSeed, skipWithout } from './seed.js';

const text = readSeed('002');

export const skip = skipWithout(text);

// Puts index.html and js/client.js, word for word, into ROOT.
export function writePage(root) {
    mkdirSync(join(root, 'js'));
    writeFileSync(join(root, 'index.html'), codeBlock(text, '### 1.客户端代码', 'html'));
    writeFileSync(join(root, 'js', 'client.js'), codeBlock(text, '\nclient.js\n', 'javascript'));
}

// A directory with that, for as long as the test T runs.
export function layOutPage(t) {
    const root = mkdtempSync(join(tmpdir(), 'strowger-tutorial-'));
    t.after(() => rmSync(root, { recursive: true }));
    writePage(root);
    return root;
}

// Somebody who opens the page at URL and enters ROOM where it asks; their console is what they see.
export async function reader(t, url, room) {
    const page = await newPage(t);
    const console = new Queue();
    page.on('dialog', dialog => dialog.accept(room));
    page.on('console', message => message.type() === 'log' && console.put(message.text()));
    page.closed = () => page.context().close();
    page.reads = async (...lines) => {
        for (const line of lines) {
            assert.equal(await console.next(line), line);
        }
    };
    await page.goto(url);
    return page;
}

// A line that the server says.
export const said = line => `>>> Message from server:  ${line}`;
