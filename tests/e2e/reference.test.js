// SPDX-License-Identifier: MIT
// What is said about settings elsewhere agrees with the program; `make reference` brings it up to date.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { run } from './lib/server.js';

const exec = promisify(execFile);
const read = path => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');

async function says(...args) {
    const { code, stdout, stderr } = await run(...args);
    assert.deepEqual([code, stderr], [0, '']);
    return stdout;
}

// The names of all options, as on the command line.
async function flags() {
    return [...(await says('--help')).matchAll(/^ {2}(?:-\w,| {3}) --([a-z-]+)/gm)].map(match => match[1]);
}

const made = {
    'packaging/strowger.toml': () => says('reference', 'sample'),
    'docs/options.md': () => says('reference', 'markdown'),
    'packaging/completions/strowger.bash': () => says('completion', 'bash'),
    'packaging/completions/strowger.zsh': () => says('completion', 'zsh'),
    'packaging/completions/strowger.fish': () => says('completion', 'fish'),
    'packaging/man/strowger.1': async () =>
        (await read('tools/manual/strowger.1')).replace('@OPTIONS@\n', await says('reference', 'flags')),
    'packaging/man/strowger.toml.5': async () =>
        (await read('tools/manual/strowger.toml.5')).replace('@OPTIONS@\n', await says('reference', 'keys')),
};

for (const [path, make] of Object.entries(made)) {
    test(`${path} is what the table of options makes`, async () => {
        assert.equal(await read(path), await make(), 'it drifted: run make reference');
    });
}

test('each option is everywhere', async () => {
    const names = await flags();
    assert.ok(names.length > 40);
    for (const name of names.filter(name => !['help', 'version'].includes(name))) {
        for (const [path, text] of [
            ['docs/options.md', `| \`--${name}\``], ['packaging/completions/strowger.bash', ` --${name} `],
            ['packaging/man/strowger.1', `Fl \\-${name.replaceAll('-', '\\-')}`],
            ['packaging/completions/strowger.fish', ` -l ${name} `], ['packaging/completions/strowger.zsh', `--${name}`],
            ...(name === 'config' ? [] : [['packaging/strowger.toml', `\n#${name.replaceAll('-', '_')} = `]]),
            ...(name === 'config' ? [] : [['packaging/man/strowger.toml.5', `.It Ic ${name.replaceAll('-', '_')} No`]]),
        ]) {
            assert.ok((await read(path)).includes(text), `${name} is not in ${path}`);
        }
    }
});

test('each subcommand is in the manual and among the completions', async () => {
    const [, list] = /^Subcommands:\n((?: {2}.*\n)+)/m.exec(await says('--help'));
    for (const [, name] of list.matchAll(/^ {2}(\w+)/gm)) {
        assert.match(await read('packaging/man/strowger.1'), new RegExp(`^\\.It Cm ${name}\\b`, 'm'));
        assert.match(await says('completion', 'fish'), new RegExp(` -a ${name} `));
    }
});

test('--help fits a terminal', async () => {
    const wide = (await says('--help')).split('\n').filter(line => line.length > 80 && !line.startsWith('Mounted'));
    assert.deepEqual(wide, []);
});

test('the sample changes nothing as it is, and all defaults in it hold', async t => {
    const directory = await mkdtemp(join(tmpdir(), 'strowger-'));
    t.after(() => rm(directory, { recursive: true }));
    const path = join(directory, 'strowger.toml');
    const sample = await read('packaging/strowger.toml');
    const values = async text => {
        await writeFile(path, text);
        return (await says('config', '-c', path)).replace(/ +# .*$/gm, '');
    };
    const plain = (await says('config')).replace(/ +# .*$/gm, '');
    assert.equal(await values(sample), plain);
    // What stands there in capitals is none; a secret is not shown once it was said.
    const defaults = sample.replace(/^#(\w+ = (?:\[.*\]|"[^"]*[A-Z]{2,}.*"))$/gm, '').replace(/^#(\w+ = )/gm, '$1');
    assert.equal((await values(defaults)).replace(/^# peerjs_key = \*\*\*$/m, 'peerjs_key = "peerjs"'), plain);
});

test('bash completes what the script says', async () => {
    const script = new URL('../../packaging/completions/strowger.bash', import.meta.url).pathname;
    const complete = async (...words) => {
        const { stdout } = await exec('bash', ['-c',
            `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _strowger; echo "\${COMPREPLY[*]}"`, script, ...words]);
        return stdout.trim().split(' ');
    };
    assert.deepEqual(await complete('strowger', '--room-l'), ['--room-log']);
    assert.deepEqual(await complete('strowger', '--log-level', 'd'), ['debug']);
    assert.deepEqual(await complete('strowger', '--log-level', '=', 'e'), ['error']);
    assert.deepEqual(await complete('strowger', 'completion', ''), ['bash', 'zsh', 'fish']);
    assert.ok((await complete('strowger', '')).includes('check'));
});
