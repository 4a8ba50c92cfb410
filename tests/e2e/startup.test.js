// SPDX-License-Identifier: MIT
// What keeps it from starting: one line that says who said what where and how to mend it, status 1, or 2 for a command line.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Certificates } from './lib/certificates.js';
import { withPatience } from './lib/patience.js';
import { PROGRAM, start } from './lib/server.js';

// Runs COMMAND, with ENV beside what there is, to its end.
async function runs(command, env = {}) {
    const child = spawn(command[0], command.slice(1), { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) {
        child[name].setEncoding('utf8').on('data', text => { said[name] += text; });
    }
    const [code] = await withPatience(once(child, 'close'), `the end of ${command.join(' ')}`);
    return { ...said, code };
}

function scratch(t) {
    const directory = mkdtempSync(join(tmpdir(), 'strowger-'));
    t.after(() => rmSync(directory, { recursive: true }));
    return directory;
}

// It said one line, that matches PATTERN after `strowger: ORIGIN`, and ended with CODE.
function assertRefused({ code, stdout, stderr }, expected, origin, pattern) {
    assert.equal(stdout, '');
    assert.match(stderr, /^strowger: [^\n]+\n$/, 'not one line');
    assert.ok(stderr.startsWith(`strowger: ${origin}`), `not ${origin}: ${stderr}`);
    assert.match(stderr, pattern);
    assert.equal(code, expected, stderr);
}

const LISTS = ['listen', 'tls_cert', 'tls_key', 'mount', 'allow_origin', 'behind_proxy', 'stun', 'turn_url', 'namespace', 'room_event'];

// What is wrong with one setting, whose VALUE it is: said the same by flag, variable and file. CODE is a command line's;
// BESIDE are flags that others need.
async function refuses(t, setting, value, pattern, { code = 2, beside = [] } = {}) {
    const flag = `--${setting.replaceAll('_', '-')}`, variable = `STROWGER_${setting.toUpperCase()}`;
    const common = [PROGRAM, ...setting === 'admin' ? [] : ['--admin', 'off'], ...setting === 'port' || setting === 'listen' ? [] : ['--port', '0'], ...beside];
    const file = join(scratch(t), 'strowger.toml');
    const written = LISTS.includes(setting) ? `[${JSON.stringify(value)}]` : /^\d+$|^true$/.test(value) ? value : JSON.stringify(value);
    writeFileSync(file, `# mine\n${setting} = ${written}\n`);
    assertRefused(await runs([...common, ...value === 'true' ? [flag] : [flag, value]]), code, `${flag} `, pattern);
    assertRefused(await runs(common, { [variable]: value === 'true' ? 'on' : value }), 1, `${variable} `, pattern);
    const column = LISTS.includes(setting) ? setting.length + 5 : 1;
    assertRefused(await runs([...common, '-c', file]), 1, `${file}:2:${column}: ${setting} `, pattern);
}

test('settings that can never work', async t => {
    for (const [setting, value, pattern, options] of [
        ['mount', 'x=login', /PATH=DIALECT/],
        ['mount', '/x=logn', /'\/x=logn': .*did you mean login\?/],
        ['mount', '/x=/nowhere', /no such dialect or mount; --help lists them/],
        ['listen', '127.0.0.1', /HOST:PORT/],
        ['listen', '::1:80', /brackets/],
        ['listen', 'tls:127.0.0.1:0', /needs --tls-cert and --tls-key, or --dev/],
        ['behind_proxy', '10.0.0.0/33', /10\.0\.0\.0\/8 or ::1, not '10\.0\.0\.0\/33'/],
        ['allow_origin', 'example.org', /takes such as https:\/\/example\.org/],
        ['allow_origin', 'https://example.org/', /without a path/],
        ['message_rate', '10x', /such as 50:500, not '10x'/],
        ['stun_rate', '1:', /such as 50:500/],
        ['stun', 'stun.example.org', /stun:stun\.example\.org:3478/],
        ['turn_url', 'http://a', /turn:turn\.example\.org/, { beside: ['--turn-secret-file', '/nothing'] }],
        ['turn_url', 'turn:a', /needs --turn-secret-file/],
        ['turn_secret_file', '/nothing', /needs --turn-url/],
        ['room_event', 'bye', /THEIRS=OURS/],
        ['namespace', 'chat', /begins with '\/'/],
        ['admin', 'here', /HOST:PORT, unix:PATH or off/],
        ['tls_cert', '/nothing', /needs a --tls-key for each: 1, not 0/],
        ['tls_key', '/nothing', /needs a --tls-cert for each: 1, not 0/],
        ['dev', 'true', /leave it out, or --tls-cert/, { beside: ['--tls-cert', '/nothing', '--tls-key', '/nothing'] }],
        ['dev', 'true', /no --listen tls:/, { beside: ['--listen', '127.0.0.1:0'] }],
    ]) {
        await t.test(`${setting} = ${value}`, t => refuses(t, setting, value, pattern, options));
    }
});

test('files that can not be used', async t => {
    const certificates = new Certificates(t);
    const [, cert, , key] = certificates.make('good');
    const other = certificates.make('other')[3];
    const open = certificates.path('open.key'), directory = scratch(t);
    copyFileSync(key, open);
    chmodSync(open, 0o644);
    for (const [setting, value, pattern, beside = []] of [
        ['web_root', '/nothing', /'\/nothing': No such file or directory/],
        ['web_root', key, /Not a directory/],
        ['tls_cert', '/nothing', /No such file or directory/, ['--tls-key', key]],
        ['tls_cert', key, /no certificate in PEM form/, ['--tls-key', key]],
        ['tls_key', other, /not the key of the certificate in/, ['--tls-cert', cert]],
        ['tls_key', open, /mode 644\); chmod 600 it/, ['--tls-cert', cert]],
        ['turn_secret_file', open, /mode 644\); chmod 600 it/, ['--turn-url', 'turn:a']],
        ['turn_secret_file', directory, /no regular file/, ['--turn-url', 'turn:a']],
        ['hand_over', '/nothing/here', /No such file or directory/],
        ['admin', 'unix:/nothing/here', /No such file or directory/],
        ['user', 'nobody-at-all', /there is no such user/],
    ]) {
        await t.test(`${setting} = ${value}`, t => refuses(t, setting, value, pattern, { code: 1, beside }));
    }
});

test('places that can not be had', async t => {
    const other = net.createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    t.after(() => other.close());
    const { port } = other.address();
    const taken = /Address already in use; choose another, or see who has it with `ss -tulpn`/;
    await t.test('a taken port', t => refuses(t, 'port', `${port}`, taken, { code: 1, beside: ['--host', '127.0.0.1'] }));
    await t.test('a taken place', t => refuses(t, 'listen', `127.0.0.1:${port}`, taken, { code: 1 }));
    await t.test('a taken admin place', t => refuses(t, 'admin', `127.0.0.1:${port}`, /Address already in use/, { code: 1 }));
    await t.test('an address of others', t => refuses(t, 'listen', '192.0.2.1:0', /none of this machine's addresses/, { code: 1 }));
    await t.test('a host without address', t => refuses(t, 'host', 'no such host', /'no such host': /, { code: 1 }));

    await t.test('a privileged port', { skip: process.getuid() !== 0 && 'only root can give up its rights' }, async t => {
        const unprivileged = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--inh-caps=-all', '--bounding-set=-all'];
        const within = scratch(t); // a copy that nobody can run
        chmodSync(within, 0o755);
        copyFileSync(PROGRAM, join(within, 'strowger'));
        const said = await runs([...unprivileged, join(within, 'strowger'), '--port', '80', '--admin', 'off']);
        assertRefused(said, 1, '--port 80 of all addresses: ', /Permission denied; ports below 1024 are root's/);
    });

    await t.test('twice', async t => {
        const file = join(scratch(t), 'strowger.toml');
        writeFileSync(file, '[site.a]\nport = 8080\n[site.b]\nport = 8080\n');
        assertRefused(await runs([PROGRAM, '-c', file]), 1, `${file}:4:1: port 8080 of all addresses `, /by site 'a' too; choose another/);
        const twice = ['--listen', ':8080', '--listen', '*:8080', '--admin', 'off'];
        assertRefused(await runs([PROGRAM, ...twice]), 2, "--listen '*:8080' ", /is listened at twice; choose another/);
        writeFileSync(file, '[site.a]\nport = 8080\n');
        assertRefused(await runs([PROGRAM, '-c', file], { STROWGER_PORT: '1' }), 1, 'STROWGER_PORT ', /each site of .* says itself/);
    });
});

test('a command line that means nothing', async t => {
    for (const [args, pattern] of [
        [['stauts'], /there is no subcommand 'stauts'; did you mean status\?/],
        [['dance'], /there is no subcommand 'dance'; --help lists them/],
        [['--port', '0', '8888'], /'8888' is no option; --help lists them/],
        [['--max-messages', '3'], /unknown option '--max-messages'; did you mean --max-message\?/],
        [['--head-timeout', '10'], /--head-timeout needs a time such as 600ms, 10s, 5m, 1h, not '10'/],
        [['--max-message', '64kb'], /--max-message needs a number of bytes such as 64k, 1m, not '64kb'/],
        [['--proxied', 'true'], /--behind-proxy takes addresses/],
    ]) {
        await t.test(args.join(' '), async () => assertRefused(await runs([PROGRAM, ...args]), 2, '', pattern));
    }
});

test('too few descriptors', async () => {
    const command = 'ulimit -n 8 && exec "$0" --port 0 --admin off';
    assertRefused(await runs(['sh', '-c', command, PROGRAM]), 1, "can't make ", /allow it more open files: ulimit -n/);
});

test('an expired certificate is a warning', async t => {
    const certificates = new Certificates(t);
    const [, cert, , key] = certificates.make('old');
    const at = name => certificates.path(name);
    writeFileSync(at('db'), '');
    writeFileSync(at('serial'), '01\n');
    writeFileSync(at('ca.cnf'), `[ca]\ndefault_ca=c\n[c]\nnew_certs_dir=${at('.')}\ndatabase=${at('db')}\nserial=${at('serial')}\n`
        + 'default_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n');
    certificates.openssl('req', '-new', '-key', key, '-subj', '/CN=old', '-out', at('old.csr'));
    certificates.openssl('ca', '-batch', '-selfsign', '-config', at('ca.cnf'), '-keyfile', key, '-in', at('old.csr'),
        '-startdate', '20200101000000Z', '-enddate', '20200102000000Z', '-out', cert);
    const server = await start(t, ['--tls-cert', cert, '--tls-key', key]);
    assert.match(server.log, /warn a certificate has expired, and clients refuse it file=\S*old\.crt expired_at=2020-01-02T00:00:00Z/);
});
