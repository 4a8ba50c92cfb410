#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// Shows that the load generator sees what it claims to see: a relay that does wrong once must be found out.
//
// usage: bench/check-load.mjs --load PROGRAM
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';

import { runLoad } from './harness.mjs';

const { WebSocketServer } = createRequire(new URL('peers/', import.meta.url))('ws');
const { values: options } = parseArgs({ options: { load: { type: 'string' } } });

// What becomes of two messages in a row, as texts.
const FAULTS = {
  none: { relay: (before, text) => [before, text], expect: { lost: 0 } },
  lost: { relay: (before) => [before], expect: { lost: 1 } },
  doubled: { relay: (before, text) => [before, text, text], expect: { duplicated: 1 } },
  reordered: { relay: (before, text) => [text, before], expect: { reordered: 1 } },
  changed: { relay: (before, text) => [before, text.replace('host', 'hosT')], expect: { corrupt: 1, lost: 1 } },
  cut: { relay: (before, text) => [before, text.slice(1)], expect: { corrupt: 1, lost: 1 } },
  repeated: { relay: (before) => [before, before], expect: { duplicated: 1, lost: 1 } },
};

async function check(name, { relay, expect }) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  const sockets = new Map();
  let n = 0;
  let held;
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      const message = JSON.parse(data);
      if (message.type === 'login') {
        sockets.set(message.name, socket);
        socket.send('{"type":"login","success":true}');
        return;
      }
      const text = JSON.stringify({ type: 'candidate', candidate: message.candidate });
      n++;
      if (n === 50) held = text;
      const texts = n === 50 ? [] : n === 51 ? relay(held, text) : [text];
      for (const each of texts) sockets.get(message.name).send(each);
    });
  });
  await once(server, 'listening');
  const args = ['--pairs', 1, '--one-way', '--window', 8, '--messages', 100, '--warmup', 0, '--seconds', 1];
  const report = await runLoad(options.load, { port: server.address().port, pid: process.pid }, 'pairs', args);
  server.close();
  const wanted = { lost: 0, duplicated: 0, reordered: 0, corrupt: 0, result: 'failed', ...expect };
  if (name === 'none') wanted.result = 'ok';
  const found = Object.fromEntries(Object.keys(wanted).map((key) => [key, report[key]]));
  assert.deepEqual(found, wanted, name);
  console.log(`${name}: seen`);
}

await Promise.all(Object.entries(FAULTS).map(([name, fault]) => check(name, fault)));
