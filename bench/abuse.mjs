#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// Some of tests/hostile's attacks on strowger and on a server with npm's `ws`, in turn, both as they come; prints Markdown.
//
// usage: bench/abuse.mjs [--program ./strowger]
//
// Whoever is not ended 20 s after an attack is counted as held.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { CONTINUATION, PING, TEXT, fragment, frame } from '../tests/e2e/lib/raw.js';
import * as attackers from '../tests/hostile/attackers.js';
import { ROOT, Server } from './harness.mjs';

const { values: options } = parseArgs({ options: { program: { type: 'string', default: path.join(ROOT, 'strowger') } } });
const SAMPLE_MS = 20;
const MIB = 1 << 20;

const servers = {
  strowger: (port) => [options.program, '--port', port, '--admin', 'off', '--room-log', 'off'].map(String),
  ws: (port) => [process.execPath, path.join(ROOT, 'bench/peers/ws-login.mjs'), String(port)],
};

const base64 = (...parts) => Buffer.concat(parts.map((part) => Buffer.from(part))).toString('base64');
const repeated = (n, bytes) => Buffer.concat(Array(n).fill(bytes));

const attacks = {
  '200 who connect and say nothing': (port) => attackers.silent({ port, n: 200 }),
  '200 request heads that come byte by byte': (port) =>
    attackers.dribblers({ port, n: 200, start: base64('GET / HTTP/1.1\r\nX: '), byte: 'x' }),
  'one that does not read, 100 who write to it for 4 s': (port) => attackers.deafOne({ port, n: 100, ms: 4000, bytes: 20_000 }),
  '100 messages in 10,000 fragments, without end': (port) =>
    attackers.sayOnSockets({ port, n: 100, bytes: base64(fragment(TEXT, 'x'), repeated(10_000, fragment(CONTINUATION, 'x'))) }),
  '100 who send 5,000 pings at once': (port) =>
    attackers.sayOnSockets({ port, n: 100, bytes: base64(repeated(5000, frame(PING, 'x'.repeat(100)))) }),
};

/** Resident bytes of process `pid`; none when it has died. */
function residentOf(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) * 1024;
}

/** Seconds of processor time that process `pid` has used. */
function cpuOf(pid) {
  return readdirSync(`/proc/${pid}/task`)
    .map((task) => Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ')[0]))
    .reduce((a, b) => a + b) / 1e9;
}

/** What `attack` comes to on a fresh server. */
async function suffer(command, attack) {
  const server = await Server.start(command);
  const before = residentOf(server.pid);
  let most = before;
  const timer = setInterval(() => { most = Math.max(most, residentOf(server.pid)); }, SAMPLE_MS);
  const { verdicts } = await attack(server.port);
  clearInterval(timer);
  const cpu = cpuOf(server.pid);
  await server.stop();
  const ends = Object.entries(verdicts).map(([verdict, n]) => `${n} ${verdict}`).join(', ');
  return [ends, `${(before / MIB).toFixed(0)} → ${(most / MIB).toFixed(0)}`, cpu.toFixed(1)];
}

console.log('| attack | server | how they ended | MiB resident, before and at most | s of processor |');
console.log('| --- | --- | --- | --: | --: |');
for (const [what, attack] of Object.entries(attacks)) {
  for (const [name, command] of Object.entries(servers)) {
    console.log(`| ${[what, name, ...await suffer(command, attack)].join(' | ')} |`);
  }
}
