// SPDX-License-Identifier: MIT
// Starts servers, runs the load generator against them, and stops them.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '../tests/e2e/lib/free-port.js';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 20_000;

function canConnect(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/**
 * The options that make strowger comparable: no limits on honest but hasty callers, and none of the commentary that the
 * tutorial's server sends with every message.
 */
export function strowgerArgs(program, { workers = 1 } = {}) {
  const help = execFileSync(program, ['--help'], { encoding: 'utf8' });
  const unlimited = [['--concurrent-limit', '100000'], ['--alive-timeout', '1h'], ['--no-rate-limits']];
  const profiled = ['--user', 'root']; // a profile is written when the program ends, where only we may write
  const wanted = [['--workers', String(workers)], ['--room-log', 'off'], profiled, ...unlimited];
  return wanted.filter(([name]) => help.includes(`${name} `) || help.includes(`${name}=`)).flat();
}

/** A server process that accepts connections on `port`. */
export class Server {
  /**
   * @param {(port: number) => string[]} command
   * @param {{ cpu?: string }} [options] `cpu`: the only processor it may run on
   */
  static async start(command, { cpu } = {}) {
    const server = new Server();
    server.port = await freePort();
    const words = cpu === undefined ? command(server.port) : ['taskset', '-c', cpu, ...command(server.port)];
    const began = process.hrtime.bigint();
    server.process = spawn(words[0], words.slice(1), { cwd: ROOT, stdio: 'ignore' });
    server.exited = once(server.process, 'exit');
    while (!(await canConnect(server.port))) {
      const waited = Number(process.hrtime.bigint() - began) / 1e6;
      if (server.process.exitCode !== null || server.process.signalCode !== null || waited > START_LIMIT_MS) {
        server.process.kill('SIGKILL');
        throw new Error(`${words.join(' ')} does not listen`);
      }
    }
    server.startMs = Number(process.hrtime.bigint() - began) / 1e6;
    return server;
  }

  get pid() {
    return this.process.pid;
  }

  /** Ends it as a service manager would. */
  async stop() {
    const died = this.process.exitCode !== null || this.process.signalCode !== null;
    this.process.kill('SIGTERM');
    const timer = setTimeout(() => this.process.kill('SIGKILL'), STOP_LIMIT_MS);
    const [code, signal] = await this.exited;
    clearTimeout(timer);
    if (died) throw new Error(`the server ended by itself: ${signal ?? `exit ${code}`}`);
    if (signal === 'SIGKILL') throw new Error('the server did not end when it was told to');
  }
}

/** Runs the load generator; gives what it reports, with `result` "failed" when the server did something wrong. */
export async function runLoad(load, server, mode, args, { cpu } = {}) {
  const words = [load, mode, '--port', server.port, '--server-pid', server.pid, ...args].map(String);
  if (cpu !== undefined) words.unshift('taskset', '-c', cpu);
  try {
    const { stdout } = await promisify(execFile)(words[0], words.slice(1));
    return JSON.parse(stdout);
  } catch (error) {
    if (error.code === 1 && error.stdout) return JSON.parse(error.stdout);
    throw error;
  }
}

export function median(values) {
  const sorted = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
