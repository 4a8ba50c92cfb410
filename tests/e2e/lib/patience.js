// SPDX-License-Identifier: MIT
// A limit to waiting, so that a test whose event never comes fails and says what it waited for.

const PATIENCE_MS = 8_000;

// PROMISE's value, or a failure saying WHAT when it takes too long.
export function withPatience(promise, what) {
    let timer;
    const tooLong = new Promise((_, failed) => {
        timer = setTimeout(() => failed(new Error(`waited ${PATIENCE_MS} ms for ${what}`)), PATIENCE_MS);
    });
    return Promise.race([promise, tooLong]).finally(() => clearTimeout(timer));
}
