// SPDX-License-Identifier: MIT
// A module's functions in a process of its own, so that an attacker's work is not taken for the server's, and can be stopped.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const CHILD = fileURLToPath(new URL('child.js', import.meta.url));

export class Helper {
    #child;
    #waiting = new Map();
    #n = 0;

    // MODULE's functions for the test T, which ends them; WITHIN a network namespace, and as NICE as can be if asked to.
    static start(t, module, { within, isNice = false } = {}) {
        const helper = new Helper();
        const options = within ? { execPath: 'ip', execArgv: ['netns', 'exec', within, process.execPath] } : {};
        helper.#child = fork(CHILD, [new URL(module, import.meta.url).href, String(isNice)], options);
        helper.#child.on('message', ({ id, result, error }) => {
            const { done, failed } = helper.#waiting.get(id);
            helper.#waiting.delete(id);
            error ? failed(new Error(error)) : done(result);
        });
        helper.#child.on('exit', (code, signal) => {
            helper.#waiting.forEach(({ failed }) => failed(new Error(`a helper ended with ${signal ?? code}`)));
        });
        t.after(() => helper.kill('SIGKILL'));
        return helper;
    }

    // Has the child call its function NAME with PARAMS, and returns what that returns.
    ask(name, params = {}) {
        const id = this.#n++;
        const answer = new Promise((done, failed) => this.#waiting.set(id, { done, failed }));
        this.#child.send({ id, name, params });
        return answer;
    }

    kill(signal) {
        this.#child.kill(signal);
    }
}
