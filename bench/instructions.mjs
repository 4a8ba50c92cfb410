#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// Counts the user-space instructions that strowger spends on one relayed message, and holds them against the committed
// figures: a measure that does not depend on the machine's mood.
//
// The server runs under callgrind while one caller sends another a fixed number of messages, so many under way at a
// time. Two lengths of run: the difference of their counts divided by the difference of their messages leaves out
// start, logins and end.
//
// usage: bench/instructions.mjs --load PROGRAM [--program ./strowger] [--update] [--repeat N] [--top N]
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { ROOT, runLoad, Server, strowgerArgs } from './harness.mjs';

const { values: options } = parseArgs({
  options: {
    load: { type: 'string', default: path.join(ROOT, 'build/release/bench/load') },
    program: { type: 'string', default: path.join(ROOT, 'strowger') },
    update: { type: 'boolean', default: false },
    repeat: { type: 'string', default: '2' },
    top: { type: 'string', default: '0' },
  },
});

const COMMITTED = path.join(ROOT, 'bench/instructions.json');
const MOST_GROWTH = 0.05;
const SHORT_RUN = 1600;
const LONG_RUN = 8000;

// With 16 messages under way a turn of the loop serves several, as it does where there are several calls; alone, a
// message pays for the whole turn. `most`: what it may cost at the most.
const BUSY = ['--window', 16];
const ALONE = ['--window', 1];
const MESSAGES = [
  { key: 'candidate_220', name: '220-byte candidate', most: 2300, args: ['--size', 220, ...BUSY] },
  { key: 'candidate_220_alone', name: '220-byte candidate, alone', args: ['--size', 220, ...ALONE] },
  { key: 'offer_3000', name: '3,000-byte offer', most: 6000, args: ['--size', 3000, '--offers', ...BUSY] },
  { key: 'offer_3000_alone', name: '3,000-byte offer, alone', most: 6000, args: ['--size', 3000, '--offers', ...ALONE] },
  { key: 'rooms_220', name: '220-byte candidate, Socket.IO', args: ['--size', 220, '--dialect', 'rooms', ...BUSY] },
];

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'strowger-instructions-'));

/** The instructions of a whole run with N messages; the profile stays in `file`. */
async function countRun(args, n, file) {
  const program = path.resolve(options.program);
  const more = strowgerArgs(program);
  const valgrind = ['valgrind', '-q', '--tool=callgrind', `--callgrind-out-file=${file}`];
  const command = (port) => [...valgrind, program, '--host', '127.0.0.1', '--port', String(port), ...more];
  const server = await Server.start(command);
  let report;
  try {
    const fixed = ['--pairs', 1, '--one-way', '--warmup', 0, '--seconds', 60, '--messages', n];
    report = await runLoad(path.resolve(options.load), server, 'pairs', [...fixed, ...args]);
  } finally {
    await server.stop();
  }
  if (report.result !== 'ok' || report.received !== n) throw new Error(`the run failed: ${JSON.stringify(report)}`);
  const totals = /^(?:totals|summary): (\d+)/m.exec(fs.readFileSync(file, 'utf8'));
  if (!totals) throw new Error('callgrind left no count');
  return Number(totals[1]);
}

async function countMessage({ key, args }) {
  const short = await countRun(args, SHORT_RUN, path.join(scratch, `${key}-short`));
  const long = await countRun(args, LONG_RUN, path.join(scratch, `${key}-long`));
  return (long - short) / (LONG_RUN - SHORT_RUN);
}

// What a source file's instructions are for; the first that fits.
const PARTS = [
  ['loop and sockets', /^(net\/(?!outq)|libuv)/],
  ['frames', /^(proto\/(ws|engineio)|server\/)/],
  ['parsing and the dialect', /^(proto\/|dialect\/|base\/(utf8|span))/],
  ['lookup', /^(base\/map|cluster\/|switchboard\/)/],
  ['output queue and memory', /^(net\/outq|base\/)/],
  ['vector instructions: unmasking, UTF-8, JSON', /^vector/],
  ['libc: copying, comparing, system calls', /^libc\./],
  ['other', /^/],
];

/** Instructions of a profile by function, each with what the compiler inlined into it, by source file, and by part. */
function readProfile(file) {
  const text = execFileSync('callgrind_annotate', ['--threshold=100', file], { encoding: 'utf8' });
  const profile = { functions: new Map(), files: new Map(), parts: new Map() };
  const add = (map, name, count) => map.set(name, (map.get(name) ?? 0) + count);
  for (const line of text.split('\n')) {
    const found = /^ *([\d,]+) \([^)]*\) +(\S+):(\S+)(?: \[(\S+)\])?$/.exec(line);
    if (!found) continue;
    const [, digits, source, name, object = '?'] = found;
    const count = Number(digits.replaceAll(',', ''));
    // Libraries without symbols or sources of their own are summed up as a whole.
    add(profile.functions, name.startsWith('0x') ? path.basename(object) : name, count);
    const ours = /(?:^|\/)src\/(.*\.[ch])$/.exec(source);
    const place = ours?.[1] ?? (source.endsWith('intrin.h') ? 'vector intrinsics' : path.basename(object));
    add(profile.files, place, count);
    add(profile.parts, PARTS.find(([, pattern]) => pattern.test(place))[0], count);
  }
  return profile;
}

function printCosts(short, long, n) {
  const each = [...long].map(([name, count]) => [name, (count - (short.get(name) ?? 0)) / (LONG_RUN - SHORT_RUN)]);
  each.sort((a, b) => b[1] - a[1]);
  for (const [name, count] of each.slice(0, n)) console.log(`${count.toFixed(1).padStart(10)}  ${name}`);
}

/** Prints the parts, the N files and the N functions in which a message costs most. */
function printTop(key, n) {
  const short = readProfile(path.join(scratch, `${key}-short`));
  const long = readProfile(path.join(scratch, `${key}-long`));
  for (const by of ['parts', 'files', 'functions']) {
    console.log(`  by ${by}:`);
    printCosts(short[by], long[by], n);
  }
}

async function main() {
  const committed = fs.existsSync(COMMITTED) ? JSON.parse(fs.readFileSync(COMMITTED, 'utf8')) : {};
  const found = {};
  for (const message of MESSAGES) {
    const { key, name, most } = message;
    const counts = [];
    for (let i = 0; i < Number(options.repeat); i++) counts.push(await countMessage(message));
    const least = Math.min(...counts);
    const spread = ((Math.max(...counts) / least - 1) * 100).toFixed(2);
    found[key] = Math.round(least);
    const growth = committed[key] === undefined ? undefined : found[key] / committed[key] - 1;
    const change = growth === undefined ? 'nothing committed' : `${(growth * 100).toFixed(1)} % on the committed`;
    const bar = most === undefined ? 'no bar' : `bar ${most}: ${found[key] <= most ? 'pass' : 'miss'}`;
    console.log(`${name}: ${found[key]} instructions (${counts.length} times, spread ${spread} %), ${change}, ${bar}`);
    if (Number(options.top) > 0) printTop(key, Number(options.top));
    if (growth > MOST_GROWTH && !options.update) {
      console.error(`${name}: more than ${MOST_GROWTH * 100} % above ${committed[key]}; if that is wanted, --update`);
      process.exitCode = 1;
    }
  }
  if (options.update) fs.writeFileSync(COMMITTED, `${JSON.stringify(found, null, 2)}\n`);
}

try {
  await main();
} finally {
  fs.rmSync(scratch, { recursive: true });
}
