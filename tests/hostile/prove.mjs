#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// Takes each limit of limits.mjs out of a copy of the program, and says whether the test that is to fail then does.
//
//   tests/hostile/prove.mjs [--check] [PATTERN]
//
// --check only looks whether all that would be replaced still stands in the sources, once each, and the tests have those
// names; PATTERN: only limits whose description it matches. A test must pass with the whole program first. The tree itself is
// left alone: what is changed and built is a copy in a directory for temporary files.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { LIMITS } from './limits.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const NEEDED = ['Makefile', 'src', 'tools', 'web', 'client', 'tests/unit']; // to build the program and its unit tests
const TEST_LIMIT_MS = 180_000;
const TRIES = 3; // of a test that is to pass, since what takes time may fail on a busy machine

function memoized(find) {
    const found = new Map();
    return key => found.has(key) ? found.get(key) : found.set(key, find(key)).get(key);
}

const sourceOf = file => readFileSync(join(ROOT, file), 'utf8');

// The parts of TEST, "FILE: NAME > SUBTEST".
function partsOf(test) {
    const [, file, name, subtest] = /^(\S+): (.*?)(?: > (.*))?$/.exec(test);
    return { file, name, subtest };
}

// The names of all tests in FILE, none of which runs.
const namesIn = memoized(file => {
    const source = sourceOf(file);
    if (file.endsWith('.c')) {
        return new Set(source.match(/\w+/g));
    }
    const { stdout } = spawnSync(process.execPath, ['--test', '--test-name-pattern', '^$', file], { cwd: ROOT, encoding: 'utf8' });
    return new Set([...stdout.matchAll(/^ok \d+ - (.*) # SKIP/gm)].map(([, name]) => name));
});

// Why ROW says nothing about the sources as they are, or undefined.
function staleness({ file, from, test }) {
    const { file: testFile, name } = partsOf(test);
    const n = file ? sourceOf(file).split(from).length - 1 : 1;
    return n !== 1 ? `${file} has ${n || 'no'} ${JSON.stringify(from)}`
        : namesIn(testFile).has(name) ? undefined : `${testFile} has no test ${JSON.stringify(name)}`;
}

// A copy of the tree, built: `whole` is what came out first, `patched` what comes out with something changed.
class Copy {
    constructor(units) {
        const directory = mkdtempSync(join(tmpdir(), 'strowger-without-'));
        process.on('exit', () => rmSync(directory, { recursive: true }));
        Object.assign(this, { patched: join(directory, 'patched'), whole: join(directory, 'whole') });
        NEEDED.forEach(path => cpSync(join(ROOT, path), join(this.patched, path), { recursive: true }));
        this.made = ['strowger', ...units];
        const said = this.#build();
        if (said) {
            throw new Error(said);
        }
        this.made.forEach(path => cpSync(join(this.patched, path), join(this.whole, path)));
    }

    // What make had to complain of; nothing when all went well.
    #build() {
        const { CI, ...env } = process.env; // whose warnings are errors: without a limit something may be unused
        const options = { env, encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] };
        const { status, stderr } = spawnSync('make', ['-C', this.patched, `-j${availableParallelism()}`, ...this.made], options);
        return status === 0 ? '' : stderr;
    }

    // Has the patched one be as ROW says while DO is done; `broken` is why it could not be built.
    async as({ file, from, to }, doThen) {
        const path = join(this.patched, file);
        const text = readFileSync(path, 'utf8');
        writeFileSync(path, text.replace(from, () => to));
        try {
            return await doThen(this.#build());
        } finally {
            writeFileSync(path, text);
        }
    }
}

// The output of COMMAND, which is ended with all that it started when it takes too long.
async function outputOf(command, args, env) {
    const child = spawn(command, args, { env, cwd: ROOT, detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
    const timer = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), TEST_LIMIT_MS);
    const output = Buffer.concat(await child.stdout.toArray()).toString();
    clearTimeout(timer);
    return output;
}

// What TEST does with what was built in DIRECTORY and with OPTION: it "passes" or "fails", or else.
async function outcome(directory, test, option) {
    const { file, name, subtest } = partsOf(test);
    const { STROWGER_ARGS, ...others } = process.env;
    const env = { ...others, STROWGER: join(directory, 'strowger'), CMOCKA_MESSAGE_OUTPUT: 'TAP', PATIENCE_MS: '8000' };
    const pattern = `^${name.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}$`;
    const output = file.endsWith('.c')
        ? await outputOf(join(directory, unitTest(file)), [], env)
        : await outputOf(process.execPath, ['--test', '--test-name-pattern', pattern, file],
            option ? { ...env, STROWGER_ARGS: option } : env);
    const lines = output.split('\n').map(line => /^\s*(ok|not ok) \d+ (?:- )?(.*?)( # SKIP.*)?$/.exec(line));
    const [, verdict, , isSkipped] = lines.find(line => line?.[2] === (subtest ?? name)) ?? [];
    return isSkipped ? 'is skipped' : { ok: 'passes', 'not ok': 'fails' }[verdict] ?? 'comes to no end';
}

const unitTest = file => `build/release/${file.slice(0, -'.c'.length)}`;

// Whether TEST passes with COPY's whole program: "passes", or what else it did.
async function outcomeWithAll(copy, test) {
    let found;
    for (let i = 0; i < TRIES && found !== 'passes'; i++) {
        found = await outcome(copy.whole, test);
    }
    return found;
}

// Whether the test of ROW fails for want of the limit, said in words. PASSED are the tests that pass with it.
async function prove(copy, row, passed) {
    const { test, option } = row;
    const before = passed.has(test) ? 'passes' : await outcomeWithAll(copy, test);
    if (before !== 'passes') {
        return `BROKEN: with it "${test}" ${before}`;
    }
    passed.add(test);
    const after = option ? await outcome(copy.whole, test, option)
        : await copy.as(row, broken => (broken ? `can't be tried: ${broken}` : outcome(copy.patched, test)));
    return after === 'fails' ? `fails without it: ${test}` : `HOLE: without it "${test}" ${after}`;
}

async function main() {
    const { values: { check }, positionals: [pattern = ''] } = parseArgs({ options: { check: { type: 'boolean' } },
        allowPositionals: true });
    const chosen = Object.entries(LIMITS).flatMap(([against, rows]) =>
        rows.map(row => ({ ...row, what: `${against}: ${row.limit}` }))).filter(({ what }) => new RegExp(pattern).test(what));
    const copy = check ? undefined : new Copy(new Set(chosen.map(({ test }) => partsOf(test).file)
        .filter(file => file.endsWith('.c')).map(unitTest)));
    const passed = new Set();
    let n = 0;
    for (const row of chosen) {
        const stale = staleness(row);
        const words = stale ? `STALE: ${stale}` : check ? '' : await prove(copy, row, passed);
        n += !/^[A-Z]/.test(words);
        words && console.log(`${row.what}: ${words}`);
    }
    console.log(`${n} passed, ${chosen.length - n} failed`);
    return n && n === chosen.length;
}

process.exitCode = await main() ? 0 : 1;
