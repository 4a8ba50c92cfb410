#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// Measures strowger and its peers in turn, round by round, and writes the table of medians and ratios.
//
// usage: bench/run.mjs --load PROGRAM [--program ./strowger] [--quick] [--rounds N] [--only NAME,...] [--cpus 0,1]
//                      [--out FILE]
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { median, ROOT, runLoad, Server, strowgerArgs } from './harness.mjs';

const { values: options } = parseArgs({
  options: {
    load: { type: 'string' },
    program: { type: 'string', default: './strowger' },
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    only: { type: 'string' },
    cpus: { type: 'string', default: '0,1' },
    out: { type: 'string' },
  },
});

const FULL = { rounds: 5, idle: 15000, waves: 5, connects: 10000, seconds: 2, warmup: 1 };
const QUICK = { rounds: 1, idle: 15000, waves: 1, connects: 2000, seconds: 0.7, warmup: 0.4 };
const plan = options.quick ? QUICK : FULL;
if (options.rounds) plan.rounds = Number(options.rounds);

const [serverCpu, loadCpu] = options.cpus.split(',');
const program = path.resolve(ROOT, options.program);
const load = path.resolve(options.load ?? path.join(ROOT, 'build/release/bench/load'));

const DIALECTS = ['login', 'join', 'rooms', 'peerjs', 'topics'];

/** Each server's command for each dialect that it speaks; strowger first. */
function makeServers() {
  const ours = strowgerArgs(program);
  const command = (port) => [program, '--host', '127.0.0.1', '--port', String(port), ...ours];
  const peer = (file) => (port) => [process.execPath, path.join(ROOT, 'bench/peers', file), String(port)];
  const servers = [
    { name: 'strowger', commands: Object.fromEntries(DIALECTS.map((dialect) => [dialect, command])) },
    { name: 'ws', commands: { login: peer('ws-login.mjs'), join: peer('ws-join.mjs') } },
    { name: 'peer', commands: { peerjs: peer('peerjs.mjs') } },
    { name: 'y-webrtc', commands: { topics: peer('y-webrtc.mjs') } },
    { name: 'socket.io', commands: { rooms: peer('socketio-rooms.mjs') } },
  ];
  return servers.filter(({ name }) => !options.only || options.only.split(',').includes(name));
}

const timing = ['--warmup', plan.warmup, '--seconds', plan.seconds];

// The runs: each on a server of its own, so that none inherits another's heap.
const RUNS = [
  {
    dialect: 'login',
    async measure(run, server) {
      const w16 = await run('pairs', ['--window', 16, ...timing]);
      const crowded = await run('pairs', ['--window', 16, '--idle', plan.idle, ...timing]);
      const w1 = await run('pairs', ['--window', 1, ...timing]);
      const offers = await run('pairs', ['--window', 16, '--offers', '--size', 3000, ...timing]);
      const paced = await run('pairs', ['--rate', 20000, ...timing]);
      const storm = await run('storm', ['--connects', plan.connects]);
      return {
        w16: w16.server_us,
        perSecond: w16.per_second,
        w1: w1.server_us,
        offers: offers.server_us,
        crowded: crowded.per_second / w16.per_second,
        crowdedCost: crowded.server_us,
        p50: paced.p50_us,
        p99: paced.p99_us,
        storm: storm.server_us,
        start: server.startMs,
      };
    },
  },
  {
    dialect: 'login',
    async measure(run, server, name) {
      const waves = name === 'strowger' ? plan.waves : 1; // what a garbage collector makes of them is not the question
      const idle = await run('idle', ['--idle', plan.idle, '--waves', waves]);
      return {
        idleBytes: idle.bytes_per_idle,
        kernelBytes: idle.kernel_per_idle,
        connect: idle.connect_us,
        waves: waves > 1 ? idle.rss_after_last / idle.rss_after_first : undefined,
        base: idle.rss_empty / 2 ** 20,
      };
    },
  },
  {
    dialect: 'join',
    async measure(run) {
      const many = await run('broadcast', ['--members', 1000, '--window', 16, ...timing]);
      if (options.quick) return { broadcast: many.server_us }; // filling the room takes a peer a while
      const single = await run('broadcast', ['--members', 1000, '--window', 1, ...timing]);
      return { broadcast: many.server_us, broadcast1: single.server_us };
    },
  },
  {
    dialect: 'rooms',
    async measure(run) {
      const rooms = (mode, args) => run(mode, ['--dialect', 'rooms', ...args]);
      const w16 = await rooms('pairs', ['--window', 16, ...timing]);
      const w1 = await rooms('pairs', ['--window', 1, ...timing]);
      const storm = await rooms('storm', ['--connects', plan.connects]);
      return {
        rooms16: w16.server_us,
        roomsPerSecond: w16.per_second,
        rooms1: w1.server_us,
        roomsStorm: storm.server_us,
      };
    },
  },
  {
    dialect: 'rooms',
    async measure(run) {
      const idle = await run('idle', ['--dialect', 'rooms', '--idle', plan.idle]);
      return { roomsIdleBytes: idle.bytes_per_idle, roomsConnect: idle.connect_us };
    },
  },
];

for (const dialect of ['peerjs', 'topics']) {
  RUNS.push({
    dialect,
    async measure(run) {
      const w16 = await run('pairs', ['--dialect', dialect, '--window', 16, ...timing]);
      return { [dialect]: w16.server_us, [`${dialect}PerSecond`]: 1e6 / w16.server_us };
    },
  });
  if (options.quick) continue;
  RUNS.push({
    dialect,
    async measure(run) {
      const idle = await run('idle', ['--dialect', dialect, '--idle', plan.idle]);
      return { [`${dialect}IdleBytes`]: idle.bytes_per_idle };
    },
  });
}

const IDLE = plan.idle.toLocaleString('en');

// The rows of the table. `most`, `least`: issue 4's bars; `share`: the bar for the ratio to the peer.
const FIGURES = [
  { key: 'w16', name: 'CPU per relayed 220-byte candidate, 100 pairs, window 16', unit: 'µs', most: 1, share: 1 / 15 },
  { key: 'w1', name: 'the same, window 1', unit: 'µs', most: 7, share: 1 / 3 },
  { key: 'offers', name: 'CPU per relayed 3,000-byte offer, 100 pairs, window 16', unit: 'µs' },
  { key: 'perSecond', name: 'candidates a second, 100 pairs, window 16', unit: '/s' },
  { key: 'crowded', name: `throughput with ${IDLE} idle present, of that without`, least: 0.9 },
  { key: 'crowdedCost', name: `CPU per candidate with ${IDLE} idle present`, unit: 'µs' },
  { key: 'p50', name: 'latency at 20,000 candidates a second, median', unit: 'µs' },
  { key: 'p99', name: 'the same, 99th percentile', unit: 'µs' },
  { key: 'connect', name: 'CPU per connect + upgrade + login', unit: 'µs', most: 40 },
  { key: 'storm', name: 'CPU per connect + upgrade + login + close', unit: 'µs' },
  { key: 'broadcast', name: 'CPU per receiver in a room of 1,000, 16 broadcasts under way', unit: 'µs', most: 1 },
  { key: 'broadcast1', name: 'the same, one under way', unit: 'µs' },
  { key: 'idleBytes', name: `resident bytes per idle connection, of ${IDLE}`, most: 640 },
  { key: 'kernelBytes', name: 'kernel memory for each end of one of them, bytes' },
  { key: 'rooms16', name: 'Socket.IO: CPU per relayed 220-byte candidate, 100 rooms of two, window 16', unit: 'µs' },
  { key: 'rooms1', name: 'Socket.IO: the same, window 1', unit: 'µs' },
  { key: 'roomsPerSecond', name: 'Socket.IO: candidates a second, window 16', unit: '/s' },
  { key: 'roomsConnect', name: 'Socket.IO: CPU per connect + upgrade + join', unit: 'µs' },
  { key: 'roomsStorm', name: 'Socket.IO: CPU per connect + upgrade + join + close', unit: 'µs' },
  { key: 'roomsIdleBytes', name: `Socket.IO: resident bytes per idle connection, of ${IDLE}`, most: 1024 },
  { key: 'peerjs', name: 'PeerJS: CPU per relayed 220-byte candidate, window 16', unit: 'µs', share: 1 / 10 },
  { key: 'peerjsPerSecond', name: 'PeerJS: the same, candidates per CPU-second' },
  { key: 'peerjsIdleBytes', name: `PeerJS: resident bytes per idle connection, of ${IDLE}`, share: 1 / 8 },
  { key: 'topics', name: 'Topics: CPU per publication of 220 bytes to another, window 16', unit: 'µs', share: 1 / 10 },
  { key: 'topicsPerSecond', name: 'Topics: the same, publications per CPU-second' },
  { key: 'topicsIdleBytes', name: `Topics: resident bytes per idle subscriber, of ${IDLE}`, share: 1 / 8 },
  { key: 'waves', name: `resident memory after ${plan.waves} such crowds, of that after the first`, most: 1.05 },
  { key: 'base', name: 'resident memory before the crowd', unit: 'MiB' },
  { key: 'start', name: 'start to listening', unit: 'ms', most: 20 },
  { key: 'size', name: 'binary, stripped', unit: 'MiB', most: 2 },
  { key: 'faults', name: 'messages lost, doubled, reordered or changed; connections broken', most: 0 },
];

function countFaults(report) {
  const { lost = 0, duplicated = 0, reordered = 0, corrupt = 0, broken = 0 } = report;
  return lost + duplicated + reordered + corrupt + broken || (report.result === 'ok' ? 0 : 1);
}

async function measureServer({ name, commands }) {
  const figures = { faults: 0 };
  for (const { dialect, measure } of RUNS.filter((run) => commands[run.dialect])) {
    const server = await Server.start(commands[dialect], { cpu: serverCpu });
    const run = async (mode, args) => {
      const report = await runLoad(load, server, mode, args, { cpu: loadCpu });
      figures.faults += countFaults(report);
      if (report.error) console.error(`${mode}: ${report.error}`);
      return report;
    };
    try {
      Object.assign(figures, await measure(run, server, name));
    } finally {
      await server.stop();
    }
  }
  return figures;
}

function strippedSize() {
  const copy = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'strowger-bench-')), 'stripped');
  execFileSync('strip', ['-o', copy, program]);
  const { size } = fs.statSync(copy);
  fs.rmSync(path.dirname(copy), { recursive: true });
  return size / 2 ** 20;
}

function format(value) {
  if (value === undefined || Number.isNaN(value)) return '–';
  if (value >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString('en');
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function formatRatio(ratio) {
  if (ratio === undefined || !Number.isFinite(ratio) || ratio === 0) return '–';
  return ratio < 1 ? `1/${format(1 / ratio)}` : format(ratio);
}

function formatBar({ most, least, share }) {
  const parts = [];
  if (most !== undefined) parts.push(`≤ ${format(most)}`);
  if (least !== undefined) parts.push(`≥ ${format(least)}`);
  if (share !== undefined) parts.push(`≤ ${formatRatio(share)} of the peer's`);
  return parts.join(', ');
}

function verdict({ most = Infinity, least = -Infinity, share }, ours, ratio) {
  if (ours === undefined || (most === Infinity && least === -Infinity && share === undefined)) return '';
  if (share !== undefined && ratio === undefined) return 'peer not run';
  const isMet = ours <= most && ours >= least && (share === undefined || ratio <= share);
  return isMet ? 'pass' : '**miss**';
}

/** A row of the table: medians over the rounds, beside them the peer that does the same, and the ratios' median. */
function makeRow(figure, servers, rounds) {
  const [first, ...others] = servers.map(({ name }) => name);
  const of = (name) => rounds.map((round) => round[name][figure.key]).filter((value) => value !== undefined);
  if (of(first).length === 0) return undefined; // not in a quick run
  // One fault in one round is a fault.
  const middle = (name) => (figure.key === 'faults' ? Math.max(...of(name)) : median(of(name)));
  const peers = others.filter((name) => of(name).length);
  const ratios = peers.map((name) => median(rounds.map((round) => round[first][figure.key] / round[name][figure.key])));
  return [
    `${figure.name}${figure.unit ? `, ${figure.unit}` : ''}`,
    format(middle(first)),
    `${format(Math.min(...of(first)))} – ${format(Math.max(...of(first)))}`,
    peers.map((name) => `${name} ${format(middle(name))}`).join(', ') || '–',
    figure.key === 'faults' ? '–' : ratios.map(formatRatio).join(', ') || '–',
    formatBar(figure),
    first === 'strowger' ? verdict(figure, middle(first), ratios[0]) : '',
  ];
}

function describeMachine() {
  const cpus = os.cpus();
  const memory = Math.round(os.totalmem() / 2 ** 30);
  const kernel = os.release().split('-')[0];
  return `${cpus.length} × ${cpus[0].model.trim()}, ${memory} GiB, Linux ${kernel}, Node.js ${process.version}`;
}

/** What was measured, in which version. */
function describePrograms() {
  const { dependencies } = JSON.parse(fs.readFileSync(path.join(ROOT, 'bench/peers/package.json'), 'utf8'));
  const peers = Object.entries(dependencies).map(([name, version]) => `${name} ${version}`);
  if (!fs.existsSync(program)) return peers.join(', ');
  return [execFileSync(program, ['--version'], { encoding: 'utf8' }).trim().split('\n')[0], ...peers].join(', ');
}

function makeReport(servers, rounds) {
  const first = servers[0].name;
  const head = ['figure (median)', first, 'least – most', 'peer', `${first} / peer`, 'bar', ''];
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, i) => (i === 0 ? '---' : '--:'));
  const rows = FIGURES.map((figure) => makeRow(figure, servers, rounds)).filter((row) => row);
  const table = [head, rule, ...rows].map(line).join('\n');
  const n = plan.rounds === 1 ? 'one round' : `${plan.rounds} rounds in turn`;
  const kind = options.quick ? `${n}, short, for a glance only` : n;
  return `# Results

Made by \`make bench\`; do not edit. ${new Date().toISOString().slice(0, 10)}, ${kind}.

${describeMachine()}; ${describePrograms()}.

Server pinned to processor ${serverCpu}, load generator to processor ${loadCpu}; strowger with one worker. CPU is the
server's own time, user and system together. Compare times only within this table; what each row means is in
[README.md](README.md).

${table}
`;
}

async function main() {
  const servers = makeServers();
  const rounds = [];
  execFileSync('taskset', ['-apc', loadCpu, String(process.pid)]);
  for (let i = 0; i < plan.rounds; i++) {
    const round = {};
    for (const server of servers) {
      const began = Date.now();
      round[server.name] = await measureServer(server);
      console.error(`round ${i + 1} of ${plan.rounds}: ${server.name}, ${Math.round((Date.now() - began) / 1000)} s`);
    }
    if (round.strowger) round.strowger.size = strippedSize();
    rounds.push(round);
  }
  const report = makeReport(servers, rounds);
  if (options.out) fs.writeFileSync(options.out, report);
  console.log(report);
  if (rounds.some((round) => round.strowger?.faults > 0)) process.exitCode = 1;
}

await main();
