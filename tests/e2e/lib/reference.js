// SPDX-License-Identifier: MIT
// The servers whose places ours takes, from npm: the same tests run against them, to show that what we take for their way
// is it.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.js';
import { withPatience } from './patience.js';

// A program of node_modules, or the reason why it can't run, for the test's `skip`.
class Reference {
    constructor(path, ready) {
        this.file = fileURLToPath(new URL(`../../node_modules/${path}`, import.meta.url));
        this.ready = ready;
        this.skip = existsSync(this.file) ? false : `skipped: ${path} is not installed`;
    }

    // Starts it for the test T, which ends it. Returns its port.
    async start(t, args) {
        const port = await freePort();
        const child = spawn(process.execPath, [this.file, ...args], {
            env: { ...process.env, PORT: String(port) }, stdio: ['ignore', 'pipe', 'inherit'],
        });
        t.after(() => child.kill());
        let said = '';
        await withPatience(new Promise((done, failed) => {
            child.on('exit', code => failed(new Error(`${this.file} ended with ${code}: ${said}`)));
            child.stdout.setEncoding('utf8').on('data', text => {
                said += text;
                if (said.includes(this.ready)) {
                    done();
                }
            });
        }), `${this.file} to start`);
        return port;
    }
}

export const peerServer = new Reference('peer/dist/bin/peerjs.js', 'Started PeerServer');
export const yWebrtcServer = new Reference('y-webrtc/bin/server.js', 'Signaling server running');
