// SPDX-License-Identifier: MIT
// An attack on a server while an honest pair talks: what must hold whatever the attack is.
//
// The pair loses and swaps nothing. The median of its round trips stays within 3 times that of a quiet moment just before;
// the machine may be busy with other things, so up to three rounds of quiet and attack are played, and one that is good
// shows that the server is. Afterwards the server still serves, and its memory is what it was: the first round may
// leave warm what is kept for the next (SLACK), the others not more than 5 % above that, or the MiB that a thread's heap
// may keep at its end.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { start } from '../../e2e/lib/server.js';
import { Helper } from './helper.js';

const QUIET_MS = 800;
const MAX_RATIO = 3;
const ROUNDS = 3;
const SLACK = 4 << 20; // bytes
const GRAIN = 1 << 20;
const UNTIL_MS = 10_000;
const MEMORY_PATIENCE_MS = 8000;

export const pause = ms => new Promise(done => setTimeout(done, ms));

// Waits until the promise of CONDITION's call holds something true; WHAT it is, for when it never does.
export async function until(condition, what) {
    const deadline = Date.now() + UNTIL_MS;
    while (!await condition()) {
        assert.ok(Date.now() < deadline, `in vain: ${what}`);
        await pause(20);
    }
}

function median(numbers) {
    return numbers.sort((a, b) => a - b)[numbers.length >> 1];
}

// Resident bytes of SERVER.
export async function memoryOf(server) {
    return Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${server.pid}/status`, 'latin1'))[1]) * 1024;
}

// A sanitizer keeps what was freed, and is slow: the memory of its server says nothing.
export async function isSanitized(server) {
    return /lib[at]san/.test(await readFile(`/proc/${server.pid}/maps`, 'latin1'));
}

// Waits until SERVER's memory is at most LIMIT, and returns it.
async function memoryBelow(server, limit) {
    const deadline = Date.now() + MEMORY_PATIENCE_MS;
    let memory = await memoryOf(server);
    while (memory > limit && Date.now() < deadline) {
        await pause(100);
        memory = await memoryOf(server);
    }
    return memory;
}

class Siege {
    constructor(t, server, pair, options) {
        Object.assign(this, { t, server, pair, options });
    }

    // The attackers' function NAME, in a process of its own that gives way to the server and the pair.
    attack(name, params) {
        return this.helper().ask(name, { port: this.server.port, ...params });
    }

    helper() {
        return Helper.start(this.t, '../attackers.js', { isNice: true, within: this.options.within });
    }

    // How much more memory than before the server took at most while RUNNING was.
    async memoryDuring(running) {
        const before = await memoryOf(this.server);
        let [most, isOver] = [before, false];
        running.finally(() => { isOver = true; }).catch(() => {});
        while (!isOver) {
            most = Math.max(most, await memoryOf(this.server));
            await pause(20);
        }
        return most - before;
    }
}

// One round: quiet, then ATTACK. The ratio of the medians.
async function round(siege, attack) {
    await siege.pair.ask('take');
    await pause(QUIET_MS);
    const quiet = median(await siege.pair.ask('take'));
    await attack(siege);
    const samples = await siege.pair.ask('take');
    const loud = median(samples);
    siege.t.diagnostic(`median round trip ${quiet.toFixed(2)} ms quiet, ${loud?.toFixed(2)} ms under attack (${samples.length})`);
    return loud / quiet;
}

// What there may be after the rounds that follow the first.
function mostAfter([, first]) {
    return Math.max(first * 1.05, first + GRAIN);
}

async function rounds(siege, attack) {
    const ratios = [];
    const memory = [await memoryOf(siege.server)];
    const checksMemory = !await isSanitized(siege.server);
    const least = siege.options.rounds ?? 2;
    for (let i = 0; i < ROUNDS && !(i >= least && Math.min(...ratios) <= MAX_RATIO); i++) {
        ratios.push(await round(siege, attack));
        memory.push(await memoryBelow(siege.server, i ? mostAfter(memory) : memory[0] + SLACK));
    }
    siege.t.diagnostic(`memory in KiB: ${memory.map(bytes => bytes >> 10).join(' ')}`);
    assert.ok(Math.min(...ratios) <= MAX_RATIO, `the pair's median grew ${ratios.map(r => r.toFixed(1)).join(', ')} times`);
    if (checksMemory) {
        assert.ok(memory[1] <= memory[0] + SLACK, 'memory stayed after the first round');
        assert.ok(memory.at(-1) <= mostAfter(memory), 'memory grew with each round');
    }
}

// A server with ARGS for the test T under ATTACK, which is called with the siege, at least options.ROUNDS times (2).
export async function besiege(t, args, attack, options = {}) {
    const server = await start(t, args, options);
    const pair = Helper.start(t, './pair.js', { within: options.within });
    const siege = new Siege(t, server, pair, options);
    await pair.ask('begin', { port: server.port });
    await pair.ask('visit', { port: server.port }); // what the first clients leave warm is not the attack's
    await rounds(siege, attack);
    await pair.ask('visit', { port: server.port });
    await pair.ask('finish');
}
