// SPDX-License-Identifier: MIT
// y-webrtc's own client in pages, unmodified: people who edit one document.
import { test } from 'node:test';
import { withPatience } from '../e2e/lib/patience.js';
import { start } from '../e2e/lib/server.js';
import { newPage, useBrowser } from './lib/browser.js';
import { importMap, servePage } from './lib/npm.js';

useBrowser();

const html = () => `<!doctype html>${importMap('lib0', 'yjs', 'y-protocols', 'y-webrtc')}<script type="module">
    import * as Y from 'yjs';
    import { WebrtcProvider } from 'y-webrtc';
    window.join = (url, room, options) => {
        window.doc = new Y.Doc();
        window.text = window.doc.getText('text');
        window.provider = new WebrtcProvider(room, window.doc, {
            signaling: [url], peerOpts: { config: { iceServers: [] } }, ...options });
    };
</script>`;

// Someone with a page of its own, so that no other way but WebRTC leads to the others.
class Writer {
    static async open(t, url, { room = 'room', ...options } = {}) {
        const writer = new Writer();
        writer.page = await newPage(t);
        await writer.page.goto(await servePage(t, html()));
        await writer.page.waitForFunction(() => window.join);
        await writer.page.evaluate(([...how]) => window.join(...how), [url, room, options]);
        return writer;
    }

    write(text) {
        return this.page.evaluate(more => window.text.insert(window.text.length, more), text);
    }

    reads(text) {
        return withPatience(this.page.waitForFunction(wanted => window.text.toString() === wanted, text), `'${text}'`);
    }

    meets(n) {
        return withPatience(this.page.waitForFunction(count => {
            const { room } = window.provider;
            return room && [...room.webrtcConns.values()].filter(({ connected }) => connected).length === count;
        }, n), `${n} others`);
    }
}

async function write(...writers) {
    let all = '';
    for (const [i, writer] of writers.entries()) {
        await writer.reads(all);
        await writer.write(`${i} `);
        all += `${i} `;
    }
    await Promise.all(writers.map(writer => writer.reads(all)));
    return all;
}

for (const [where, ...args] of [['/topics'], ['/'], ['/topics', '--workers', '4']]) {
    test(`two edit one document by ${[where, ...args].join(' ')}`, async t => {
        const url = `ws://localhost:${(await start(t, args)).port}${where}`;
        const writers = await Promise.all([Writer.open(t, url), Writer.open(t, url)]);
        await Promise.all(writers.map(writer => writer.meets(1)));
        await write(...writers);
    });
}

test('two with a password, and a third without', async t => {
    const url = `ws://localhost:${(await start(t)).port}/topics`;
    const [a, b] = await Promise.all([Writer.open(t, url, { password: 'p' }), Writer.open(t, url, { password: 'p' })]);
    const stranger = await Writer.open(t, url, { password: 'q' });
    await Promise.all([a, b].map(writer => writer.meets(1)));
    await write(a, b);
    await stranger.meets(0);
    await stranger.reads('');
});

test('three, of whom one comes back', async t => {
    const url = `ws://localhost:${(await start(t)).port}/topics`;
    const [a, b] = await Promise.all([Writer.open(t, url), Writer.open(t, url)]);
    await Promise.all([a, b].map(writer => writer.meets(1)));
    const c = await Writer.open(t, url);
    await Promise.all([a, b, c].map(writer => writer.meets(2)));
    const all = await write(a, b, c);
    await c.page.close();
    await a.write('while c was away');
    const again = await Writer.open(t, url);
    await again.meets(2);
    await again.reads(`${all}while c was away`);
    await again.write(', who is back');
    await Promise.all([a, b].map(writer => writer.reads(`${all}while c was away, who is back`)));
});

test('rooms are apart, and the server may be started again', async t => {
    const first = await start(t, ['--drain-time', '0s']);
    const url = `ws://localhost:${first.port}/topics`;
    const [a, other] = await Promise.all([Writer.open(t, url), Writer.open(t, url, { room: 'another' })]);
    await other.write('mine');
    await first.stop();
    await start(t, ['--port', String(first.port)]);
    const b = await Writer.open(t, url);
    await Promise.all([a, b].map(writer => writer.meets(1))); // the first came back by itself
    await write(a, b);
});
