// SPDX-License-Identifier: MIT
// The page of tutorial 002, taken from ../shared/seeds when a test runs, and laid out as the tutorial has it.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SEEDS = fileURLToPath(new URL('../../../../shared/seeds', import.meta.url));

function findTutorial() {
    try {
        const name = readdirSync(SEEDS).find(file => file.startsWith('002_'));
        return name && join(SEEDS, name);
    } catch {
        return undefined;
    }
}

// Where the tutorial is, or undefined.
export const roomsTutorial = findTutorial();

// The first code block of LANGUAGE after HEADING.
function codeBlock(text, heading, language) {
    const start = text.indexOf('```' + language, text.indexOf(heading));
    const from = text.indexOf('\n', start) + 1;
    return text.slice(from, text.indexOf('\n```', from));
}

// A directory with index.html and js/client.js, word for word, for as long as the test T runs.
export function layOutPage(t) {
    const text = readFileSync(roomsTutorial, 'utf8').replaceAll('\r\n', '\n');
    const root = mkdtempSync(join(tmpdir(), 'strowger-tutorial-'));
    t.after(() => rmSync(root, { recursive: true }));
    mkdirSync(join(root, 'js'));
    writeFileSync(join(root, 'index.html'), codeBlock(text, '### 1.客户端代码', 'html'));
    writeFileSync(join(root, 'js', 'client.js'), codeBlock(text, '\nclient.js\n', 'javascript'));
    return root;
}
