// SPDX-License-Identifier: MIT
// A network of its own for a test, whose firewall may drop what it likes.
import { execFileSync } from 'node:child_process';

const run = (...command) => execFileSync(command[0], command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });

export class Namespace {
    // A namespace for the test T; undefined, and T is skipped, where this machine does not let us have one.
    static make(t) {
        const name = `strowger-${process.pid}-${Math.random().toString(36).slice(2, 8)}`;
        const namespace = new Namespace(name);
        try {
            run('ip', 'netns', 'add', name);
            t.after(() => run('ip', 'netns', 'del', name));
            namespace.run('ip', 'link', 'set', 'lo', 'up');
            namespace.run('iptables', '-L', '-n');
        } catch (error) {
            t.skip(`no network namespace with a firewall: ${error.message}`);
            return undefined;
        }
        return namespace;
    }

    constructor(name) {
        this.name = name;
    }

    run(...command) {
        return run('ip', 'netns', 'exec', this.name, ...command);
    }

    // Drops a PART of what travels to and from ADDRESS, all by default; undone by letPass().
    drop(address, part = 1) {
        const chance = part < 1 ? ['-m', 'statistic', '--mode', 'random', '--probability', String(part)] : [];
        for (const side of ['-s', '-d']) {
            this.run('iptables', '-A', 'INPUT', side, address, ...chance, '-j', 'DROP');
        }
    }

    letPass() {
        this.run('iptables', '-F', 'INPUT');
    }
}
