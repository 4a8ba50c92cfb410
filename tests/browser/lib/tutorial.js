// SPDX-License-Identifier: MIT
// The page of tutorial 003, taken from ../shared/seeds when a test runs, served from a socket of its own.
//
// Its server is left out: the page connects to ours. Two things are changed in it, and nothing else:
//  - the address ws://localhost:8888 and stun:localhost:8888 become those of the server under test;
//  - today's Chromium has no URL.createObjectURL(MediaStream), so the page runs into its own `catch (e)` for the other
//    side's video, which hides the event `e` and shows the page's own stream: there, the event's stream is put in.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { codeBlock, readSeed, replaceOnce, skipWithout } from './seed.js';

const text = readSeed('003');

export const skip = skipWithout(text);

function patchedClient(port) {
    let client = codeBlock(text, '全部代码总结', 'js');
    client = replaceOnce(client, 'ws://localhost:8888', `ws://localhost:${port}`);
    client = replaceOnce(client, 'stun:localhost:8888', `stun:localhost:${port}`);
    client = replaceOnce(client, 'onaddstream = function(e) {', 'onaddstream = function(e) { let event = e;');
    return replaceOnce(client, 'theirVideo.srcObject = stream;', 'theirVideo.srcObject = event.stream;');
}

// Serves FILES, a media type and a text for each path, for the test T. Returns the page's URL.
export async function servePages(t, files) {
    const server = createServer((request, response) => {
        const [type, body] = files[request.url] ?? ['text/plain', '']; // the browser also asks for an icon
        response.writeHead(200, { 'Content-Type': `${type}; charset=utf-8` });
        response.end(body);
    });
    t.after(() => server.close());
    await once(server.listen(0, 'localhost'), 'listening');
    return `http://localhost:${server.address().port}/`;
}

// Serves the tutorial's page for the test T, to be used with the server at PORT. Returns the page's URL.
export function serveTutorial(t, port) {
    return servePages(t, {
        '/': ['text/html', codeBlock(text, '`index.html`', 'html')],
        '/client.js': ['text/javascript', patchedClient(port)],
    });
}

// Does what the tutorial's reader does.
export class Reader {
    constructor(page, name) {
        this.page = page;
        this.name = name;
        this.own = page.locator('#yours');
        this.remote = page.locator('#theirs');
    }

    async login(url) {
        await this.page.goto(url);
        await this.page.waitForFunction('connection.readyState === 1'); // the page does not: its login would be lost
        await this.page.fill('#username', this.name);
        await this.page.click('#login');
        // Its RTCPeerConnection is made once it has the camera: an offer before that would meet nothing.
        await this.page.waitForFunction(() => document.querySelector('#yours').srcObject !== null);
    }

    async dial(name) {
        await this.page.fill('#their-username', name);
        await this.page.click('#call');
    }

    async hangUp() {
        await this.page.click('#hang-up');
    }

    async seesNobody() {
        await this.page.waitForFunction(() => document.querySelector('#theirs').srcObject === null);
    }

    // Its call was ended by the other side: its page has nobody to send to.
    async isSentAway() {
        await this.page.waitForFunction('connectedUser === null');
    }

    // What it shows as the other side's is not its own.
    async seesTheOther() {
        await this.page.waitForFunction(() => {
            const [own, remote] = ['#yours', '#theirs'].map(id => document.querySelector(id).srcObject);
            return remote && remote !== own;
        });
    }
}
