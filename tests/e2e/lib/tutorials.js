// SPDX-License-Identifier: MIT
// A server as examples/tutorials.toml says, but for its ports.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startFile } from './server.js';

const EXAMPLES = fileURLToPath(new URL('../../../examples', import.meta.url));
const SITES = [['learning', 8888], ['analysis', 9090], ['rooms', 2013], ['join', 8080]];

// Starts it for the test T with ARGS, in a copy of examples/ that CHANGE(directory) may change. Returns the server, with
// server.sites.learning.port and so on.
export async function startTutorials(t, { args, change = () => {} } = {}) {
    const directory = mkdtempSync(join(tmpdir(), 'strowger-'));
    t.after(() => rmSync(directory, { recursive: true }));
    cpSync(EXAMPLES, directory, { recursive: true });
    const file = join(directory, 'tutorials.toml');
    writeFileSync(file, SITES.reduce((text, [name, port]) => {
        const pieces = text.split(`[site.${name}]\nport = ${port}\n`);
        if (pieces.length !== 2) {
            throw new Error(`the example has no site ${name} at ${port}`);
        }
        return pieces.join(`[site.${name}]\nport = 0\n`);
    }, readFileSync(file, 'utf8')));
    change(directory);
    const server = await startFile(t, file, SITES.length, args);
    server.sites = Object.fromEntries(SITES.map(([name], i) => [name, { port: server.ports[i] }]));
    return server;
}
