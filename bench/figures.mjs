#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// Measures what docs/performance.md explains the results with, and prints it as Markdown: where a message's time goes,
// what an idle connection's memory is made of, how cost grows, and what a connection takes in the kernel.
//
// usage: bench/figures.mjs --load PROGRAM [--program ./strowger] [--cpus 0,1] [work|memory|growth|heartbeat|kernel]...
//
// `work` wants perf and the right to use it, `memory` wants gdb.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { median, ROOT, runLoad, Server, strowgerArgs } from './harness.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    load: { type: 'string', default: path.join(ROOT, 'build/release/bench/load') },
    program: { type: 'string', default: path.join(ROOT, 'strowger') },
    cpus: { type: 'string', default: '0,1' },
  },
});

const [serverCpu, loadCpu] = options.cpus.split(',');
const program = path.resolve(options.program);
const load = path.resolve(options.load);
const ROUNDS = 3;

function startServer({ workers = 1, cpu = serverCpu, more = [] } = {}) {
  const args = [...strowgerArgs(program, { workers }), ...more];
  const command = (port) => [program, '--host', '127.0.0.1', '--port', String(port), ...args];
  return Server.start(command, { cpu });
}

/** One run on a server of its own; `during` is called with its pid when the run begins. */
async function runOnce(mode, args, { during = () => {}, ...how } = {}) {
  const server = await startServer(how);
  try {
    const done = runLoad(load, server, mode, args, { cpu: loadCpu });
    const seen = during(server.pid);
    const report = await done;
    if (report.result !== 'ok') throw new Error(`${mode} ${args.join(' ')}: ${JSON.stringify(report)}`);
    return { ...report, seen: await seen };
  } finally {
    await server.stop();
  }
}

/** The median of each of KEYS over some runs. */
async function runSome(mode, args, keys, how) {
  const reports = [];
  for (let i = 0; i < ROUNDS; i++) reports.push(await runOnce(mode, args, how));
  return keys.map((key) => median(reports.map((report) => report[key])));
}

function format(value) {
  if (value === undefined || Number.isNaN(value)) return '–';
  if (Math.abs(value) >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString('en');
  return Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function printTable(title, head, rows) {
  const line = (cells) => `| ${cells.map((cell) => (typeof cell === 'number' ? format(cell) : cell)).join(' | ')} |`;
  console.log(`### ${title}\n\n${line(head)}\n${line(head.map((_, i) => (i === 0 ? '---' : '--:')))}`);
  console.log(`${rows.map(line).join('\n')}\n`);
}

// ---- work: samples of the processor, and counts of system calls, both by perf

const CALLS = {
  epoll_wait: ['epoll_wait', 'epoll_pwait'],
  recv: ['recvfrom', 'recvmsg', 'read'],
  send: ['sendmsg', 'sendto', 'writev', 'write'],
  other: ['epoll_ctl', 'timerfd_settime', 'futex', 'mmap', 'munmap', 'madvise'],
};

async function runPerf(args) {
  const perf = spawn('perf', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  perf.stderr.on('data', (data) => (text += data));
  const [code] = await once(perf, 'exit');
  if (code !== 0) throw new Error(`perf: ${text}`);
  return text;
}

const LISTENING_S = 3;
const WHILE_LISTENING = ['--warmup', 0.7, '--seconds', LISTENING_S + 1];

/** Has perf listen to the process PID, when a run's warm-up is over, for some seconds. */
async function listen(pid, ...args) {
  await sleep(1000);
  return runPerf([...args, '-p', String(pid), '--', 'sleep', String(LISTENING_S)]);
}

/** System calls a message by kind. */
async function countCalls(args) {
  const names = Object.values(CALLS).flat();
  const events = names.map((name) => `syscalls:sys_enter_${name}`).join(',');
  const count = (pid) => listen(pid, 'stat', '-x', ';', '-e', events);
  const report = await runOnce('pairs', [...WHILE_LISTENING, ...args], { during: count });
  const lines = report.seen.matchAll(/^(\d+);[^;]*;syscalls:sys_enter_(\w+)/gm);
  const counts = new Map([...lines].map(([, n, name]) => [name, Number(n)]));
  const sum = (calls) => calls.reduce((total, name) => total + (counts.get(name) ?? 0), 0);
  return Object.values(CALLS).map((calls) => sum(calls) / (report.per_second * LISTENING_S));
}

/** Shares of the server's time by the shared object it was in, and by the kernel's function it was in or under. */
async function sampleTime(args) {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'strowger-perf-')), 'data');
  const record = (pid) => listen(pid, 'record', '-q', '-F', '5000', '-g', '-o', file);
  const { server_us: us } = await runOnce('pairs', [...WHILE_LISTENING, ...args], { during: record });
  const read = (pattern, ...more) => {
    const how = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] };
    const text = execFileSync('perf', ['report', '-i', file, '--stdio', '-g', 'none', ...more], how);
    return [...text.matchAll(pattern)].map(([, share, name]) => [name, (Number(share) / 100) * us]);
  };
  const objects = read(/^ +([\d.]+)% +(\S+)/gm, '--no-children', '--sort', 'dso');
  const functions = new Map(read(/^ +([\d.]+)% +[\d.]+% +\[k\] (\S+)/gm, '--children', '--sort', 'symbol'));
  fs.rmSync(path.dirname(file), { recursive: true });
  return { us, objects, functions };
}

const WORK = [
  ['login, window 1', ['--window', 1]],
  ['login, window 16', ['--window', 16]],
  ['login, 3,000-byte offers, window 16', ['--window', 16, '--size', 3000, '--offers']],
  ['rooms over Socket.IO, window 16', ['--window', 16, '--dialect', 'rooms']],
];

async function work() {
  const counted = [];
  const timed = [];
  for (const [name, args] of WORK) {
    counted.push([name, ...(await countCalls(args)).map((n) => n.toFixed(3))]);
    const { us, objects, functions } = await sampleTime(args);
    const times = (pattern) => [...functions].filter(([symbol]) => pattern.test(symbol)).map(([, time]) => time);
    const under = (pattern) => Math.max(0, ...times(pattern));
    const within = (pattern) => objects.reduce((sum, [object, time]) => sum + (pattern.test(object) ? time : 0), 0);
    const calls = [under(/^(__x64_sys|do)_epoll_p?wait$/), under(/^__(x64_)?sys_recv/), under(/^__(x64_)?sys_send/)];
    const rest = within(/^\[kernel/) - calls.reduce((sum, time) => sum + time, 0);
    timed.push([name, us, ...calls, Math.max(0, rest), within(/^libuv/), within(/^libc/), within(/^strowger/)]);
  }
  printTable('System calls a message', ['run', ...Object.keys(CALLS)], counted);
  const head = ['run', 'µs a message', 'epoll_wait', 'recv', 'send', 'other kernel', 'libuv', 'libc', 'strowger'];
  printTable('Processor time a message', head, timed);
}

// ---- memory: sizes out of the debug information, and what a crowd really takes

const STRUCTS = {
  login: ['conn', 'ws_session', 'peer', 'bus_name'],
  rooms: [
    ...['conn', 'engineio_socket', 'engineio_session', 'socketio_session', 'socketio_namespace'],
    ...['peer', 'seat', 'bus_room'],
  ],
};

function sizeOf(name) {
  const args = ['-batch', '-ex', `p sizeof(struct ${name})`, program];
  const said = execFileSync('gdb', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return Number(/= (\d+)/.exec(said)?.[1]);
}

async function memory() {
  for (const [dialect, structs] of Object.entries(STRUCTS)) {
    const sizes = structs.map((name) => [name, sizeOf(name)]);
    printTable(`Structs of a client, ${dialect}`, ['struct', 'bytes'], sizes);
  }
  const rows = [];
  for (const dialect of Object.keys(STRUCTS)) {
    for (const n of [1000, 5000, 15000, 18000]) {
      const [bytes] = await runSome('idle', ['--dialect', dialect, '--idle', n], ['bytes_per_idle']);
      rows.push([`${dialect}, ${format(n)} idle`, bytes]);
    }
  }
  printTable('Resident bytes per idle connection', ['crowd', 'bytes'], rows);
}

// ---- growth

async function growWithConnections() {
  const rows = [];
  for (const n of [0, 100, 1000, 5000, 15000]) {
    const idle = n ? ['--idle', n] : [];
    const [w16] = await runSome('pairs', ['--window', 16, '--seconds', 1, ...idle], ['server_us']);
    const [w1] = await runSome('pairs', ['--window', 1, '--seconds', 1, ...idle], ['server_us']);
    const [connect] = n ? await runSome('idle', idle, ['connect_us']) : [undefined];
    rows.push([n ? format(n) : 'none', w16, w1, connect]);
  }
  const head = ['idle', 'µs a candidate, window 16', 'window 1', 'µs a connect + login'];
  printTable('Idle connections present', head, rows);
}

async function growWithPairs() {
  const rows = [];
  for (const n of [1, 10, 100, 1000, 5000]) {
    const [w16] = await runSome('pairs', ['--pairs', n, '--window', 16, '--seconds', 1], ['server_us']);
    const [w1] = await runSome('pairs', ['--pairs', n, '--window', 1, '--seconds', 1], ['server_us']);
    rows.push([format(n), w16, w1]);
  }
  printTable('Talking pairs', ['pairs', 'µs a candidate, window 16', 'window 1'], rows);
}

async function growWithRooms() {
  const rows = [];
  for (const n of [2, 10, 100, 1000]) {
    const [w16] = await runSome('broadcast', ['--members', n, '--window', 16, '--seconds', 1], ['server_us']);
    const [w1] = await runSome('broadcast', ['--members', n, '--window', 1, '--seconds', 1], ['server_us']);
    rows.push([format(n), w16, w1]);
  }
  printTable('Members of a room (join dialect)', ['members', 'µs a receiver, 16 under way', 'one under way'], rows);
}

async function growWithWorkers() {
  const rows = [];
  const cpu = `${serverCpu},${loadCpu}`;
  for (const workers of [1, 2]) {
    for (const window of [1, 16]) {
      const how = { workers, cpu };
      const keys = ['server_us', 'per_second'];
      const [us, perSecond] = await runSome('pairs', ['--window', window, '--seconds', 1], keys, how);
      rows.push([String(workers), String(window), us, perSecond]);
    }
  }
  const head = ['workers', 'window', 'µs a candidate', 'candidates a second'];
  printTable('Workers, server and generator on the same two processors', head, rows);
}

async function growth() {
  await growWithConnections();
  await growWithPairs();
  await growWithRooms();
  await growWithWorkers();
}

// ---- heartbeat: a crowd that is pinged every second

const HEARD_S = 6;

/** Nanoseconds of processor time that the threads of the process PID have had. */
function readTime(pid) {
  const threads = fs.readdirSync(`/proc/${pid}/task`);
  const times = threads.map((thread) => fs.readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
  return times.reduce((sum, time) => sum + Number(time), 0);
}

async function heartbeat() {
  const n = 15000;
  const rows = [];
  for (const [dialect, option] of [
    ['login', '--ws-ping-interval'],
    ['rooms', '--ping-interval'],
  ]) {
    const hear = async (pid) => {
      await sleep(6000); // all are there
      const before = readTime(pid);
      await sleep(HEARD_S * 1000);
      return readTime(pid) - before;
    };
    const args = ['--dialect', dialect, '--idle', n, '--pairs', 1, '--rate', 1, '--seconds', 2 * HEARD_S];
    const { seen } = await runOnce('pairs', args, { more: [option, '1s'], during: hear });
    rows.push([dialect, seen / 1e3 / n / HEARD_S]);
  }
  printTable('Heartbeat, 15,000 idle', ['dialect', 'µs for a ping and its answer'], rows);
}

// ---- kernel: as many connections as this machine bears, over several servers

const SERVERS = 3;
const MARGIN = 400; // descriptors that a server and a generator need beside their connections

/** Bytes by slab cache, of what it has in use. */
function readSlabs() {
  const slabs = new Map();
  for (const line of fs.readFileSync('/proc/slabinfo', 'utf8').split('\n').slice(2)) {
    const [name, used, , size] = line.trim().split(/\s+/);
    if (name) slabs.set(name, { n: Number(used), size: Number(size) });
  }
  return slabs;
}

function readMeminfo() {
  const text = fs.readFileSync('/proc/meminfo', 'utf8');
  return new Map([...text.matchAll(/^(\S+): +(\d+) kB/gm)].map(([, name, kib]) => [name, Number(kib) * 1024]));
}

function readRss({ pid }) {
  return Number(/^Rss: +(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]) * 1024;
}

/** Sockets of TCP, and pages of what waits in them. */
function readSockets() {
  const [, n, pages] = /^TCP: inuse (\d+).* mem (\d+)/m.exec(fs.readFileSync('/proc/net/sockstat', 'utf8'));
  return { n: Number(n), pages: Number(pages) };
}

function takeSnapshot(servers) {
  const rss = servers.reduce((sum, server) => sum + readRss(server), 0);
  return { slabs: readSlabs(), meminfo: readMeminfo(), pages: readSockets().pages, rss };
}

/** Brings N idle connections to each server; returns what sends them home. */
async function bringCrowds(servers, n) {
  const home = new AbortController();
  const wanted = readSockets().n + 2 * n * servers.length;
  const forever = ['--pairs', 1, '--rate', 10, '--warmup', 0, '--seconds', 100, '--limit', 110];
  const crowds = servers.map(({ port }) => {
    const args = ['pairs', ...forever, '--idle', n, '--port', port].map(String);
    const crowd = spawn(load, args, { stdio: 'ignore', signal: home.signal });
    return crowd.on('error', () => {}); // by which a process is told that it was sent home
  });
  while (readSockets().n < wanted) {
    if (crowds.some(({ exitCode }) => exitCode !== null)) throw new Error('a crowd did not come');
    await sleep(200);
  }
  await sleep(3000);
  return () => home.abort();
}

// Who looks into /proc/PID/fd, as monitors do, makes the kernel keep an inode there for each descriptor, and its name.
const WATCHED = { inode: 'proc_inode_cache', beside: ['dentry', 'lsm_inode_cache'] };

function printSlabs(before, during, n) {
  const growth = (name) => during.slabs.get(name).n - (before.slabs.get(name)?.n ?? 0);
  const ofConnections = (name) => growth(name) - (WATCHED.beside.includes(name) ? growth(WATCHED.inode) : 0);
  const grown = [...during.slabs]
    .filter(([name]) => name !== WATCHED.inode)
    .map(([name, { size }]) => [name, ofConnections(name) / n, size])
    .map(([name, count, size]) => [name, count, size, count * size])
    .filter(([, , , bytes]) => bytes >= 4)
    .sort((a, b) => b[3] - a[3]);
  printTable('Kernel objects', ['slab', 'objects a connection', 'bytes each', 'bytes a connection'], grown);
}

async function kernel() {
  const limit = Number(execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }));
  const n = Math.floor((limit - MARGIN) / 2) * 2;
  const servers = await Promise.all(Array.from({ length: SERVERS }, () => startServer({ cpu: options.cpus })));
  const before = takeSnapshot(servers);
  const sendHome = await bringCrowds(servers, n);
  const during = takeSnapshot(servers);
  sendHome();
  await Promise.all(servers.map((server) => server.stop()));
  const total = n * SERVERS;
  console.log(`${format(total)} connections to ${SERVERS} servers; both ends of each are on this machine.\n`);
  printSlabs(before, during, total);
  const change = (name) => (during.meminfo.get(name) - before.meminfo.get(name)) / total;
  const lines = ['Slab', 'KernelStack', 'PageTables', 'Percpu', 'MemFree'];
  const rows = lines.map((name) => [`${name} of /proc/meminfo`, change(name)]);
  rows.push(['resident in strowger, its start included', (during.rss - before.rss) / total]);
  rows.push(['pages of socket buffers', (during.pages - before.pages) / total]);
  printTable('Change with them', ['', 'bytes a connection'], rows);
}

const SECTIONS = { work, memory, growth, heartbeat, kernel };

for (const name of positionals.length ? positionals : Object.keys(SECTIONS)) {
  if (!SECTIONS[name]) throw new Error(`there is no ${name}; there are ${Object.keys(SECTIONS).join(', ')}`);
  console.log(`## ${name}\n`);
  await SECTIONS[name]();
}
