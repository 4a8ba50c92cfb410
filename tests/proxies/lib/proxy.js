// SPDX-License-Identifier: MIT
// The real reverse proxies, started with the files in packaging/proxy: only ports, names and certificates are a test's own.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../e2e/lib/free-port.js';
import { withPatience } from '../../e2e/lib/patience.js';

const SNIPPETS = fileURLToPath(new URL('../../../packaging/proxy/', import.meta.url));
const BACKEND = '127.0.0.1:8888';

// Instead of 75 s, how long the proxies that have a limit wait for a silent connection: nothing less than a second can be
// said to all of them.
export const SHORT_TIMEOUT_MS = 1000;
const SHORT_TIMEOUT = ['75s', '1s'];

// The snippet NAME with each of CHANGES, [what stands there, what is put there]; all of it must be there.
function snippet(name, changes) {
    return changes.reduce((text, [from, to]) => {
        if (!text.includes(from)) {
            throw new Error(`${name} has no ${from}`);
        }
        return text.replaceAll(from, to);
    }, readFileSync(join(SNIPPETS, name), 'utf8'));
}

// A snippet of HAProxy's, which is a whole configuration.
const haproxy = (file, title) => ({
    title,
    program: 'haproxy',
    args: directory => ['-db', '-f', join(directory, 'haproxy.cfg')],
    files: ({ backend, port, pem }) => ({
        'haproxy.cfg': snippet(file, [
            [BACKEND, backend], ['bind :443', `bind 127.0.0.1:${port}`], ['/etc/ssl/private/signal.example.org.pem', pem],
            SHORT_TIMEOUT,
        ]),
    }),
});

const PROXIES = [
    {
        title: 'nginx',
        program: 'nginx',
        args: directory => ['-p', directory, '-e', 'stderr', '-c', 'nginx.conf'],
        files: ({ backend, port, crt, key }) => ({
            'nginx.conf': 'daemon off; pid nginx.pid; events { worker_connections 512; }\n' +
                `http { access_log off; ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name =>
                    `${name}_temp_path ${name};`).join(' ')} include snippet.conf; }\n`,
            'snippet.conf': snippet('nginx.conf', [
                [BACKEND, backend], ['listen 443 ssl', `listen 127.0.0.1:${port} ssl`],
                ['/etc/ssl/signal.example.org.crt', crt], ['/etc/ssl/private/signal.example.org.key', key],
                SHORT_TIMEOUT,
            ]),
        }),
    },
    {
        title: 'Caddy',
        program: 'caddy',
        args: directory => ['run', '--adapter', 'caddyfile', '--config', join(directory, 'Caddyfile')],
        files: ({ backend, port, crt, key }) => ({
            Caddyfile: '{\n\tadmin off\n\tauto_https disable_redirects\n}\n' + snippet('Caddyfile', [
                [BACKEND, backend],
                ['signal.example.org {', `https://localhost:${port} {\n\tbind 127.0.0.1\n\ttls ${crt} ${key}`],
            ]),
        }),
    },
    haproxy('haproxy.cfg', 'HAProxy, reading HTTP'),
    haproxy('haproxy-tcp.cfg', 'HAProxy, with the PROXY protocol'),
];

function isInstalled(program) {
    return !spawnSync(program, ['-v'], { stdio: 'ignore' }).error;
}

export const proxies = PROXIES.map(proxy => ({
    ...proxy, skip: isInstalled(proxy.program) ? false : `skipped: ${proxy.program} is not there`,
}));

// Resolves when somebody accepts connections at PORT, or CHILD has ended.
async function accepting(port, child) {
    while (child.exitCode === null) {
        const socket = net.connect(port, '127.0.0.1');
        try {
            await once(socket, 'connect');
            return;
        } catch {
            await new Promise(done => setTimeout(done, 20)); // it says nothing when it is there
        } finally {
            socket.destroy();
        }
    }
}

// Starts PROXY for the test T before the server at BACKEND, with the certificate CERTIFICATES made as NAME. Returns its port.
export async function startProxy(t, proxy, { backend, certificates, name }) {
    const directory = mkdtempSync(join(tmpdir(), 'strowger-'));
    const [crt, key, pem] = ['crt', 'key', 'pem'].map(ending => certificates.path(`${name}.${ending}`));
    writeFileSync(pem, Buffer.concat([certificates.read(`${name}.crt`), certificates.read(`${name}.key`)]));
    const port = await freePort();
    const files = proxy.files({ backend: `127.0.0.1:${backend}`, port, crt, key, pem });
    Object.entries(files).forEach(([file, text]) => writeFileSync(join(directory, file), text));
    const env = { ...process.env, HOME: directory, XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory };
    const child = spawn(proxy.program, proxy.args(directory), { env, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', text => { said += text; });
    const ended = once(child, 'exit');
    t.after(async () => {
        child.kill('SIGTERM');
        await ended;
        rmSync(directory, { recursive: true });
    });
    await withPatience(Promise.race([accepting(port, child), ended.then(() => {
        throw new Error(`${proxy.program} ended: ${said}`);
    })]), `${proxy.program} to listen`);
    return port;
}
