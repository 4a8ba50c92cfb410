#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// What TLS costs: full handshakes beside OpenSSL's own server, and resident memory of an idle connection.
//
//   bench/tls.mjs [--program ./strowger] [--rounds 5] [--seconds 1] [--idle 3000]
//
// The handshakes are made by `openssl s_time`, one after the other; figures are the servers' processor time, so the
// client's share and the machine's other work stay out of them. Both servers take turns, each on the same processor.
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { parseArgs } from 'node:util';
import { median, ROOT, Server } from './harness.mjs';

const { values: options } = parseArgs({
  options: {
    program: { type: 'string', default: './strowger' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1' },
    idle: { type: 'string', default: '3000' },
  },
});
const pinned = cpus().length > 1 ? { server: '0', client: '1' } : {};
const AT_ONCE = 50; // handshakes of the idle crowd

const directory = mkdtempSync(join(tmpdir(), 'strowger-'));
process.on('exit', () => rmSync(directory, { recursive: true }));

function makeCertificate(name, ...kind) {
  const [cert, key] = [join(directory, `${name}.crt`), join(directory, `${name}.key`)];
  execFileSync('openssl', ['req', '-x509', '-newkey', ...kind, '-nodes', '-keyout', key, '-out', cert, '-days', '2',
    '-subj', '/CN=localhost'], { stdio: 'ignore' });
  return { name, cert, key };
}

const ours = ({ cert, key }) => (port) =>
  [options.program, '--workers', '1', '--listen', `tls:127.0.0.1:${port}`, '--tls-cert', cert, '--tls-key', key];
const theirs = ({ cert, key }) => (port) =>
  ['openssl', 's_server', '-accept', `127.0.0.1:${port}`, '-quiet', '-cert', cert, '-key', key, '-num_tickets', '1'];

function cpuNs(pid) {
  return readdirSync(`/proc/${pid}/task`)
    .map((task) => Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]))
    .reduce((a, b) => a + b);
}

/** Microseconds of the server's processor time for a full handshake. */
function timeHandshakes(server, version) {
  const before = cpuNs(server.pid);
  const command = ['openssl', 's_time', '-new', `-${version}`, '-time', options.seconds];
  command.push('-connect', `127.0.0.1:${server.port}`);
  if (pinned.client) command.unshift('taskset', '-c', pinned.client);
  const { stdout } = spawnSync(command[0], command.slice(1), { encoding: 'utf8' });
  const n = Number(/^(\d+) connections in .*real seconds/m.exec(stdout)[1]);
  return (cpuNs(server.pid) - before) / n / 1000;
}

async function compareHandshakes(certificate, version) {
  const servers = [];
  for (const command of [ours(certificate), theirs(certificate)]) {
    servers.push(await Server.start(command, { cpu: pinned.server }));
  }
  const times = servers.map(() => []);
  for (let round = 0; round < Number(options.rounds); round++) {
    servers.forEach((server, i) => times[i].push(timeHandshakes(server, version)));
  }
  servers.forEach((server) => server.process.kill('SIGTERM')); // OpenSSL's knows no better end
  const [own, other] = times.map(median);
  console.log(`${certificate.name} ${version}: ${own.toFixed(0)} µs a full handshake, ` +
    `openssl s_server ${other.toFixed(0)} µs, ratio ${(own / other).toFixed(2)}`);
}

function residentBytes(pid) {
  return Number(/^Rss: +(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]) * 1024;
}

/** A WebSocket over TLS that has said nothing yet. */
async function connectIdle(port, version) {
  const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, maxVersion: version });
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  socket.write('GET /login HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n');
  const [answer] = await once(socket, 'data');
  if (!String(answer).startsWith('HTTP/1.1 101 ')) throw new Error(`no WebSocket: ${answer}`);
  return socket;
}

async function connectMany(port, version, n) {
  const sockets = [];
  while (sockets.length < n) {
    const some = Array.from({ length: Math.min(AT_ONCE, n - sockets.length) }, () => connectIdle(port, version));
    sockets.push(...await Promise.all(some));
  }
  return sockets;
}

async function end(sockets) {
  await Promise.all(sockets.map((socket) => {
    const closed = once(socket, 'close');
    socket.destroy();
    return closed;
  }));
}

async function measureIdle(certificate, version) {
  const n = Number(options.idle);
  const server = await Server.start(ours(certificate), { cpu: pinned.server });
  await end(await connectMany(server.port, version, AT_ONCE)); // what a burst of handshakes takes for a moment stays
  const before = residentBytes(server.pid);
  const sockets = await connectMany(server.port, version, n);
  const bytes = (residentBytes(server.pid) - before) / n;
  await end(sockets);
  await server.stop();
  console.log(`${version}: ${bytes.toFixed(0)} resident bytes per idle WebSocket, among ${n}`);
}

process.chdir(ROOT);
const certificates = [
  makeCertificate('ECDSA P-256', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'),
  makeCertificate('RSA 2048', 'rsa:2048'),
];
for (const certificate of certificates) {
  for (const version of ['tls1_3', 'tls1_2']) await compareHandshakes(certificate, version);
}
for (const version of ['TLSv1.3', 'TLSv1.2']) await measureIdle(certificates[0], version);
