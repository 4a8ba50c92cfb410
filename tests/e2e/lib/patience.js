// SPDX-License-Identifier: MIT
// A limit to waiting, so that a test whose event never comes fails and says what it waited for.

// Long, for a machine that stood still for a while; short where most that is waited for never comes.
const PATIENCE_MS = Number(process.env.PATIENCE_MS ?? 30_000);

// PROMISE's value, or a failure saying WHAT when it takes too long.
export function withPatience(promise, what) {
    let timer;
    const tooLong = new Promise((_, failed) => {
        timer = setTimeout(() => failed(new Error(`waited ${PATIENCE_MS} ms for ${what}`)), PATIENCE_MS);
    });
    return Promise.race([promise, tooLong]).finally(() => clearTimeout(timer));
}
