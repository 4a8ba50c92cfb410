// SPDX-License-Identifier: MIT
// What systemd is told, and the units that it is given.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Certificates } from './lib/certificates.js';
import { Client } from './lib/client.js';
import { Supervisor } from './lib/supervisor.js';

const ARGS = ['--host', '127.0.0.1', '--port', '0', '--admin', 'off'];
const UNITS = fileURLToPath(new URL('../../packaging/systemd/', import.meta.url));

test('it tells when it is ready, how many are there, and when it stops', async t => {
    const supervisor = await Supervisor.open(t, { tcp: 1, udp: 1, watchdog: 200_000, args: [...ARGS, '--workers', '2'] });
    await supervisor.start();
    await supervisor.notified('STATUS=0 connections');
    const client = await Client.connect(`ws://127.0.0.1:${supervisor.port}/login`);
    await supervisor.notified('STATUS=1 connections');
    supervisor.tell('stop');
    await supervisor.notified('STOPPING=1');
    assert.equal((await client.closed).code, 1001);
    assert.equal((await supervisor.event('ended')).code, 0);
});

test('it says that it is alive twice as often as is asked for', async t => {
    const supervisor = await Supervisor.open(t, { watchdog: 400_000, args: ARGS });
    await supervisor.start();
    await supervisor.notified('WATCHDOG=1');
    const began = performance.now();
    for (let i = 0; i < 3; i++) {
        await supervisor.notified('WATCHDOG=1');
    }
    const interval = (performance.now() - began) / 3;
    assert.ok(interval > 100 && interval < 380, `${interval} ms`);
});

test('without a watchdog it does not bark', async t => {
    const supervisor = await Supervisor.open(t, { args: ARGS });
    await supervisor.start();
    const { lines } = await supervisor.event('notified');
    assert.deepEqual(lines, ['STATUS=0 connections']);
});

test('SIGHUP is told with its beginning and its end', async t => {
    const certificates = new Certificates(t).make('localhost');
    const supervisor = await Supervisor.open(t, { args: [...ARGS, ...certificates] });
    await supervisor.start();
    supervisor.tell('HUP');
    const lines = await supervisor.notified('RELOADING=1');
    assert.match(lines[1], /^MONOTONIC_USEC=[1-9]\d+$/);
    await supervisor.notified('READY=1');
});

const hasAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0;

test('the service is exposed as little as can be', { skip: !hasAnalyze && 'no systemd-analyze here' }, () => {
    const said = execFileSync('systemd-analyze', ['security', '--offline=true', '--no-pager', `${UNITS}strowger.service`],
        { encoding: 'utf8', env: { ...process.env, SYSTEMD_COLORS: '0' } });
    const [, exposure] = /Overall exposure level for strowger.service: (\d+\.\d+)/.exec(said) ?? assert.fail(said);
    assert.ok(Number(exposure) <= 1.5, said);
});

test('the units have no mistakes', { skip: !hasAnalyze && 'no systemd-analyze here' }, () => {
    const { stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', `${UNITS}strowger.service`,
        `${UNITS}strowger.socket`], { encoding: 'utf8' });
    const ours = stderr.split('\n').filter(line => line.includes('strowger') && !/not executable|No such file/.test(line));
    assert.deepEqual(ours, []);
});
