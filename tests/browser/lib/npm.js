// SPDX-License-Identifier: MIT
// Serves client libraries to a page as npm has them, from a socket of its own, as an app's own server would.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));
const TYPES = { '.js': 'text/javascript', '.mjs': 'text/javascript', '.html': 'text/html' };

// What is imported though it is no ES module: the page loads it before as a script, and it leaves itself in a global.
const GLOBALS = { 'simple-peer/simplepeer.min.js': 'SimplePeer' };

function resolveExport(target) {
    if (typeof target !== 'object') {
        return target;
    }
    const condition = ['browser', 'import', 'module', 'default'].find(name => name in target);
    return resolveExport(target[condition]);
}

// An import map for what the package NAME exports.
function importsOf(name) {
    const { exports } = JSON.parse(readFileSync(join(MODULES, name, 'package.json')));
    const isOne = !Object.keys(exports).some(key => key.startsWith('.'));
    return Object.fromEntries(Object.entries(isOne ? { '.': exports } : exports)
        .map(([key, target]) => [key, resolveExport(target)])
        .filter(([, target]) => target?.endsWith('js'))
        .map(([key, target]) => [join(name, key), `/npm/${join(name, target)}`]));
}

// What a page says before it can import from PACKAGES as node does.
export function importMap(...packages) {
    const imports = Object.assign({}, ...packages.map(importsOf));
    const scripts = Object.entries(GLOBALS).map(([name, global]) => {
        imports[name] = `/global/${global}`;
        return `<script src="/npm/${name}"></script>`;
    });
    return `<script type="importmap">${JSON.stringify({ imports })}</script>${scripts.join('')}`;
}

async function bodyOf(path, html) {
    if (path === '/') {
        return ['.html', html];
    }
    if (path.startsWith('/global/')) {
        return ['.js', `export default window.${path.slice('/global/'.length)};`];
    }
    if (path.startsWith('/npm/')) {
        return [extname(path), await readFile(join(MODULES, normalize(path.slice('/npm/'.length))))];
    }
    throw new Error(`there is no ${path}`);
}

// Serves HTML at / and node_modules at /npm/ for the test T. Returns the URL.
export async function servePage(t, html) {
    const server = createServer(async (request, response) => {
        try {
            const [extension, body] = await bodyOf(request.url, html);
            response.writeHead(200, { 'Content-Type': `${TYPES[extension] ?? 'text/plain'}; charset=utf-8` });
            response.end(body);
        } catch {
            response.writeHead(request.url === '/favicon.ico' ? 204 : 404).end();
        }
    });
    t.after(() => server.close());
    await once(server.listen(0, 'localhost'), 'listening');
    return `http://localhost:${server.address().port}/`;
}
