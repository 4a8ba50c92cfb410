// SPDX-License-Identifier: MIT
// Settings: from flags, the environment and a file; what is said about them, and what is wrong with them.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { PROGRAM, run, start, startFile } from './lib/server.js';

const exec = promisify(execFile);

// The path of a new file that holds TEXT.
async function file(t, text) {
    const directory = await mkdtemp(join(tmpdir(), 'strowger-'));
    t.after(() => rm(directory, { recursive: true }));
    const path = join(directory, 'strowger.toml');
    await writeFile(path, text);
    return path;
}

// What Python's reader of TOML makes of TEXT.
async function parse(text) {
    const python = execFile('python3', ['-c', 'import json,sys,tomllib; print(json.dumps(tomllib.load(sys.stdin.buffer)))']);
    let out = '';
    python.stdout.on('data', chunk => { out += chunk; });
    python.stdin.end(text);
    const code = await new Promise(done => python.on('close', done));
    assert.equal(code, 0, `no TOML: ${text}`);
    return JSON.parse(out);
}

// The program says exactly these faults of a file that holds TEXT, each at line:column.
async function finds(t, text, ...faults) {
    const path = await file(t, text);
    const { code, stdout, stderr } = await run('check', '-c', path);
    assert.equal(stderr, faults.map(fault => `strowger check: ${path}:${fault}\n`).join(''));
    assert.deepEqual([code, stdout], [faults.length ? 1 : 0, '']);
}

test('a file says what flags can say', async t => {
    const path = await file(t, '# mine\nmount = [\n "/echo=echo", # one\n]\ngreeting = "h\\u00e9llo"\n[log]\nlevel = "debug"');
    const server = await start(t, ['-c', path]);
    await (await server.connect('/login')).expect('héllo');
    const echo = await server.connect('/echo');
    echo.send('x');
    await echo.expect('x');
});

test('a flag counts before the environment, that before the file, that before the default', async t => {
    const path = await file(t, 'greeting = "file"\nroom_capacity = 3\nmax_message = "1k"\n');
    const env = { ...process.env, STROWGER_CONFIG: path, STROWGER_GREETING: 'environment', STROWGER_ROOM_CAPACITY: '4' };
    const { stdout } = await exec(PROGRAM, ['config', '--greeting', 'flag'], { env });
    assert.match(stdout, /^greeting = "flag" +# --greeting$/m);
    assert.match(stdout, /^room_capacity = 4 +# STROWGER_ROOM_CAPACITY$/m);
    assert.match(stdout, new RegExp(`^max_message = "1k" +# ${path}:3$`, 'm'));
    assert.match(stdout, /^max_payload = 1000000 +# default$/m);
    assert.match(stdout, /^# web_root is not set$/m);
});

test('what `config` shows is a file that says the same, but for secrets', async t => {
    const text = 'unknown_text = "a\\"\\\\\\u0007é: "\nmount = []\nallow_origin = ["null", "https://*.example.org"]\n'
        + 'peerjs_key = "sesame"\ndrain_time = "600ms"\n';
    const { stdout } = await run('config', '-c', await file(t, text));
    assert.ok(!stdout.includes('sesame'));
    const { stdout: again } = await run('config', '-c', await file(t, stdout));
    const values = await parse(stdout), { peerjs_key: key, ...others } = await parse(again);
    assert.deepEqual(others, values);
    assert.equal(key, 'peerjs');
    assert.equal(values.unknown_text, 'a"\\\x07é: ');
    assert.deepEqual(values.mount, []);
    assert.deepEqual(values.allow_origin, ['null', 'https://*.example.org']);
    assert.equal(values.drain_time, '600ms');
});

test('several sites stand in one file', async t => {
    const path = await file(t, 'unknown_text = "What? "\n[site.one]\nlisten = ["127.0.0.1:0"]\ngreeting = "one"\n'
        + '[site.two]\nlisten = ["127.0.0.2:0"]\ngreeting = "two"\nunknown_text = "No "\n');
    await t.test('each with its own settings over the common ones', async t => {
        const server = await startFile(t, path, 2, ['--admin', 'off']);
        const [one, two] = [...server.log.matchAll(/listening on http:\/\/[\d.]+:(\d+)\//g)].map(match => match[1]);
        for (const [host, port, greeting, answer] of [['127.0.0.1', one, 'one', 'What? x'], ['127.0.0.2', two, 'two', 'No x']]) {
            const client = await server.connect('/login', { host, port });
            await client.expect(greeting);
            client.send({ type: 'x' });
            await client.expect(`{"type":"error","message":"${answer}"}`);
        }
    });
    await t.test('which `config` shows', async () => {
        const { stdout } = await run('config', '-c', path);
        const { site } = await parse(stdout);
        assert.deepEqual([site.one.greeting, site.two.greeting], ['one', 'two']);
        assert.deepEqual([site.one.unknown_text, site.two.unknown_text], ['What? ', 'No ']);
    });
    await t.test('and have no place in common', async () => {
        const { code, stderr } = await run('check', '-c', path, '--port', '0');
        assert.equal(code, 1);
        assert.match(stderr, /--port is not for all: each site of/);
    });
    await t.test('but one each', async t => {
        const { stderr } = await run('check', '-c', await file(t, '[site.a]\nport = 0\n[site.b]\n'));
        assert.match(stderr, /^[^\n]*\[site\.b\] needs a place to listen at: port or listen\n$/);
    });
});

test('all that is wrong with a file is said, one line each, with its place', async t => {
    await t.test('names', t => finds(t, 'prt = 1\n[tls]\ncrt = []\nport = 1\n[loq]\nx = 1\n[site]\nfrobnicate=1',
        "1:1: there is no setting 'prt'; did you mean port?",
        "3:1: there is no setting 'tls_crt'; did you mean tls_cert?",
        '4:1: port does not belong here: write it before the first section',
        '5:1: there is no section [loq]; did you mean [log]?',
        '7:1: a site is written [site.NAME], with a name of up to 32 letters'));
    await t.test('types', t => finds(t, 'port = "1"\ndev = "on"\nmount = "/=login"\ngreeting = 1\nhead_timeout = 10\nlog_level = true',
        '1:8: port is written as a number, without quotes',
        '2:7: dev is written as true or false',
        '3:9: mount is written as a list of strings: ["..."]',
        '4:12: greeting is written as a string in quotes',
        '5:16: head_timeout is written as a string such as "30s"',
        '6:13: log_level is written as a string in quotes'));
    await t.test('values', t => finds(t, 'port = 65536\nmax_message = "1"\nlog_level = "loud"\nmount = ["/=login", ""]\nalive_timeout = 1',
        '1:8: port must be from 0 to 65535, not 65536',
        '2:15: max_message must be from 128 to 1g, not 1',
        "3:13: log_level is one of error|warn|info|debug|trace, not 'loud'",
        '4:21: mount takes 1 to 1024 bytes, not 0',
        '5:17: alive_timeout must be from 10ms to 24h, not 1'));
    await t.test('twice', t => finds(t, 'port = 1\nport = 2\n[room]\nlog = true\n[log]\n[room]\n[site.a]\nport = 0\nport = 1',
        '2:1: port was set on line 1 already',
        '6:1: this section began on line 3 already',
        '9:1: port was set on line 8 already'));
    await t.test('written in two ways', t => finds(t, 'room_log = false\n[room]\nlog = true',
        '3:1: room_log was set on line 1 already'));
    await t.test('in the wrong place', t => finds(t, 'config = "x"\n[site.a]\nport = 0\nworkers = 1',
        '1:1: config stands on the command line or in the environment only',
        '4:1: workers is the same for all sites: write it before the first section'));
    await t.test('no TOML', t => finds(t, 'port = 1\nprt\nprt', '2:4: here belongs = and a value'));
    await t.test('nothing', t => finds(t, 'port = 0 # fine\n'));
});

test('what would not start is found without starting', async t => {
    for (const [text, pattern] of [
        ['mount = ["x"]', /PATH=DIALECT/], ['[tls]\ncert = ["/nothing"]\nkey = ["/nothing"]', /\/nothing/],
        ['web_root = "/nothing"', /\/nothing/], ['behind_proxy = ["x/9"]', /'x\/9'/], ['listen = ["here"]', /HOST:PORT/],
        ['admin = "here"', /HOST:PORT/], ['user = "no-such-user"', /no such user/],
    ]) {
        const { code, stderr } = await run('check', '-c', await file(t, text));
        assert.equal(code, 1, text);
        assert.match(stderr, /^strowger check: [^\n]+\n$/);
        assert.match(stderr, pattern);
    }
});

test('a file that can not be read ends it with status 1 and one line', async () => {
    const { code, stdout, stderr } = await run('-c', '/nothing/here.toml');
    assert.deepEqual([code, stdout], [1, '']);
    assert.equal(stderr, "strowger: can't read /nothing/here.toml: No such file or directory\n");
});
