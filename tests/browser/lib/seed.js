// SPDX-License-Identifier: MIT
// The tutorials in ../shared/seeds, read when a test runs, and the code that stands in them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SEEDS = fileURLToPath(new URL('../../../../shared/seeds', import.meta.url));

// The text of tutorial NUMBER, three digits, or undefined where it is not there.
export function readSeed(number) {
    try {
        const name = readdirSync(SEEDS).find(file => file.startsWith(`${number}_`));
        return name && readFileSync(join(SEEDS, name), 'utf8').replaceAll('\r\n', '\n');
    } catch {
        return undefined;
    }
}

// What a test that needs TEXT of a tutorial has for its `skip`.
export function skipWithout(text) {
    return text === undefined ? 'skipped: ../shared/seeds is not there' : false;
}

// The first code block of LANGUAGE after HEADING.
export function codeBlock(text, heading, language) {
    const start = text.indexOf('```' + language, text.indexOf(heading));
    const from = text.indexOf('\n', start) + 1;
    return text.slice(from, text.indexOf('\n```', from));
}

// TEXT with PATTERN, which stands there once, replaced.
export function replaceOnce(text, pattern, replacement) {
    const pieces = text.split(pattern);
    if (pieces.length !== 2) {
        throw new Error(`the tutorial has ${pieces.length - 1} places like ${pattern}, not one`);
    }
    return pieces.join(replacement);
}
