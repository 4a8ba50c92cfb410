// SPDX-License-Identifier: MIT
// What those who look for weak TLS find: sslscan and testssl.sh, where they are installed, must have nothing to say.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Certificates } from '../e2e/lib/certificates.js';
import { start } from '../e2e/lib/server.js';

// What is not about TLS as we speak it: the test's own certificate, names in the DNS, HSTS, a promise about all of a host's
// ports and years to come that only the operator can make, and BREACH, which needs a secret beside what a stranger said in
// one compressed answer: ours compress nothing but the pages, which are the same for everybody.
const OTHERS = /^(cert_|DNS_CAArecord|HSTS$|BREACH$)/;
const BAD = ['LOW', 'MEDIUM', 'HIGH', 'CRITICAL', 'FATAL']; // WARN is a look that could not be taken

const isInstalled = command => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;

// The output of COMMAND; it runs beside the server, whose log is read meanwhile.
async function run(command, ...args) {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    return Buffer.concat(await child.stdout.toArray()).toString();
}

async function startSecure(t) {
    const certificates = new Certificates(t);
    const args = ['ec', 'rsa'].flatMap(kind => certificates.make(kind, kind, 'localhost'));
    return Object.assign(await start(t, args), { certificates });
}

test('sslscan', { skip: !isInstalled('sslscan') && 'sslscan is not installed' }, async t => {
    const { port } = await startSecure(t);
    const found = await run('sslscan', '--no-colour', `127.0.0.1:${port}`);
    const versions = [...found.matchAll(/^((?:SSL|TLS)v\S+) +(\w+)$/gm)].map(([, version, is]) => `${version} ${is}`);
    assert.deepEqual(versions, ['SSLv2 disabled', 'SSLv3 disabled', 'TLSv1.0 disabled', 'TLSv1.1 disabled',
        'TLSv1.2 enabled', 'TLSv1.3 enabled']);
    const ciphers = [...found.matchAll(/^(?:Preferred|Accepted) +\S+ +(\d+) bits +(\S+)/gm)];
    assert.ok(ciphers.length > 5, found);
    for (const [line, bits, name] of ciphers) {
        assert.ok(Number(bits) >= 128 && /^(TLS_|ECDHE-).*(GCM|POLY1305)/.test(name), line);
    }
    assert.match(found, /Session renegotiation not supported/);
    assert.doesNotMatch(found, /^TLSv\S+ vulnerable/m);
});

test('testssl.sh', { skip: !isInstalled('testssl') && 'testssl.sh is not installed' }, async t => {
    const { port, certificates } = await startSecure(t);
    const file = certificates.path('findings.json');
    await run('testssl', '--quiet', '--color', '0', '--warnings', 'off', '--jsonfile', file, `127.0.0.1:${port}`);
    const findings = JSON.parse(readFileSync(file, 'utf8'));
    assert.ok(findings.length > 50, `only ${findings.length} findings`);
    const bad = findings.filter(({ id, severity }) => BAD.includes(severity) && !OTHERS.test(id));
    assert.deepEqual(bad.map(({ id, severity, finding }) => `${severity} ${id}: ${finding}`), []);
});
