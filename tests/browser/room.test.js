// SPDX-License-Identifier: MIT
// The room page: two browsers meet in a room, leave it, lose it and come back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { start } from '../e2e/lib/server.js';
import { expectFrames, newPage, useBrowser } from './lib/browser.js';
import { Guest, meet } from './lib/guest.js';
import { crash, openTrapped, Person } from './lib/person.js';
import { fitsPhone, PHONE } from './lib/phone-layout.js';

useBrowser();

const LEFT = 'The other person has left';

async function serve(t, ...args) {
    const server = await start(t, args);
    return `http://localhost:${server.port}/`;
}

test('two meet by entering the same room, a third is refused', async t => {
    const url = await serve(t);
    const first = await Guest.enter(t, url, 'attic');
    await first.waits();
    const second = await Guest.enter(t, url, 'attic');
    await meet(first, second);
    assert.equal(await first.page.title(), 'In a call in room attic');
    await first.sees('.badge', /^Direct/);

    const third = await Guest.enter(t, url, 'attic');
    await third.isRefused('Two people are already in room attic.');
    await Promise.all([expectFrames(first.remote), expectFrames(second.remote)]);

    await second.press('microphone');
    await first.sees('.notice', 'The other person is muted');
    assert.deepEqual([first, second, third].flatMap(({ page }) => page.errors), []);
});

test('who hangs up leaves the room; both can come back, and so can another', async t => {
    const url = await serve(t);
    const first = await Guest.enter(t, url, 'attic');
    await first.waits();
    const second = await Guest.enter(t, url, 'attic');
    await meet(first, second);

    await second.hangUp();
    await first.isLeft('left', LEFT);
    assert.equal(await second.page.inputValue('#name'), 'attic');
    await second.page.click('#join');
    await meet(first, second);

    await first.hangUp();
    await second.isLeft('left', LEFT);
    const third = await Guest.enter(t, url, 'attic');
    await meet(second, third);
    await first.enter();
    await first.isRefused('Two people are already in room attic.');
});

test('an invitation link leads into the room, and so does the address of a page loaded anew', async t => {
    const url = await serve(t);
    const first = await Guest.enter(t, url, '阁楼 & Co');
    await first.waits();
    const second = await Guest.open(t, await first.page.inputValue('#invite'), first.name);
    await second.sees('h1', 'Join room 阁楼 & Co');
    await second.page.click('#join');
    await meet(first, second);
    await second.page.reload();
    await first.isLeft('left', LEFT);
    await second.page.click('#join');
    await meet(first, second);
});

test('who waits may leave, and a room has a suggested name', async t => {
    const guest = await Guest.open(t, `${await serve(t)}room`, '');
    const room = await guest.page.inputValue('#name');
    assert.match(room, /^[a-z]{8}$/);
    await guest.page.click('#join');
    await guest.waits();
    assert.equal(await guest.page.title(), `Room ${room}`);
    await guest.page.click('#leave');
    await guest.page.locator('#join').waitFor();
    assert.equal(await guest.page.title(), 'strowger');
});

test('a tab is killed in the middle of a call', async t => {
    const url = await serve(t);
    const first = await Guest.enter(t, url, 'attic');
    const second = await Guest.enter(t, url, 'attic');
    await meet(first, second);
    await crash(second);
    await first.isLeft('left', LEFT);
    const third = await Guest.enter(t, url, 'attic');
    await meet(first, third);
});

test('the line is lost while somebody waits, and comes back', async t => {
    const url = await serve(t);
    const first = await openTrapped(t, `${url}room`, 'attic', Guest);
    await first.enter();
    await first.waits();
    await first.page.evaluate(() => window.sockets.at(-1).close());
    await first.page.locator('.status.offline').waitFor();
    await first.waits();
    await meet(first, await Guest.enter(t, url, 'attic'));
});

test('the line is lost in a call: the call goes on, and the seat is taken again', async t => {
    const url = await serve(t);
    const first = await Guest.enter(t, url, 'attic');
    await first.waits();
    const second = await openTrapped(t, `${url}room`, 'attic', Guest);
    await second.enter();
    await meet(first, second);
    await second.page.evaluate(() => window.sockets.at(-1).close());
    await second.sees('.notice', 'Connected to the server again.');
    await Promise.all([expectFrames(first.remote), expectFrames(second.remote)]);
    const third = await Guest.enter(t, url, 'attic');
    await third.isRefused('Two people are already in room attic.');
    await first.hangUp();
    await second.isLeft('left', LEFT);
});

test('the server ends and comes back: who waits finds the room again', async t => {
    const server = await start(t);
    const url = `http://localhost:${server.port}/`;
    const first = await openTrapped(t, `${url}room`, 'attic', Guest);
    await first.enter();
    await first.waits();
    await server.stop();
    await first.page.locator('.status.offline').waitFor();
    await first.page.waitForFunction(() => window.sockets.length > 2); // and it has tried twice in vain
    await start(t, ['--port', String(server.port)]);
    await first.waits();
    await meet(first, await Guest.enter(t, url, 'attic'));
});

test('both say at once that they are ready, and get one call', async t => {
    const url = await serve(t);
    const first = await openTrapped(t, `${url}room`, 'attic', Guest);
    await first.enter();
    await first.waits();
    await first.page.evaluate(() => { window.isHeld = true; });
    const second = await openTrapped(t, `${url}room`, 'attic', Guest);
    await second.enter();
    await second.waits();
    await second.page.evaluate(() => { window.isHeld = true; });
    await first.page.evaluate(() => window.dispatchEvent(new Event('online'))); // says it again
    await second.page.waitForFunction(() => window.held.length > 0);
    await Promise.all([first, second].map(({ page }) => page.evaluate(() => {
        window.isHeld = false;
        window.held.splice(0).forEach(deliver => deliver());
    })));
    await meet(first, second);
});

test('in a room for more, two talk, and who waits gets the seat that becomes free', async t => {
    const url = await serve(t, '--room-capacity', '3');
    const first = await Guest.enter(t, url, 'attic');
    await first.waits();
    const second = await Guest.enter(t, url, 'attic');
    await meet(first, second);
    const third = await Guest.enter(t, url, 'attic');
    await third.waits();
    await first.press('microphone');
    await second.sees('.notice', 'The other person is muted'); // over the link of the call that was there before
    await third.waits();
    await second.hangUp();
    await meet(first, third);
});

test('where a server passes messages on to every room, rooms stay apart', async t => {
    const url = await serve(t, '--room-broadcast', 'on');
    const first = await Guest.enter(t, url, 'attic');
    const other = await Guest.enter(t, url, 'cellar');
    await Promise.all([first.waits(), other.waits()]);
    const second = await Guest.enter(t, url, 'attic');
    await meet(first, second);
    await other.waits();
});

// Meets whoever is in ROOM from PAGE as pages of the codelab's family do, and resolves when media come in.
async function meetAsOthersDo(page, room) {
    await page.evaluate(async name => {
        const { SocketIo } = await import('/socketio.js');
        const connection = new RTCPeerConnection();
        const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
        stream.getTracks().forEach(track => connection.addTrack(track, stream));
        const socket = new SocketIo(`ws://${location.host}/socket.io/`, {
            onOpen: () => socket.emit('create or join', name),
            onEvent: async (event, [message]) => {
                if (event === 'joined') {
                    socket.emit('message', 'got user media');
                } else if (event === 'message' && message.type === 'offer') {
                    await connection.setRemoteDescription(message);
                    await connection.setLocalDescription();
                    socket.emit('message', connection.localDescription);
                } else if (event === 'message' && message.type === 'candidate') {
                    connection.addIceCandidate({ sdpMLineIndex: message.label, candidate: message.candidate });
                }
            },
            onClose: () => {},
        });
        window.hangUp = () => socket.emit('message', 'bye');
        connection.onicecandidate = ({ candidate }) => candidate && socket.emit('message', {
            type: 'candidate', label: candidate.sdpMLineIndex, id: candidate.sdpMid, candidate: candidate.candidate,
        });
        await new Promise(done => { connection.ontrack = done; });
    }, room);
}

test('a page of another kind, which knows the codelab’s messages only, is met', async t => {
    const url = await serve(t);
    const guest = await Guest.enter(t, url, 'attic');
    await guest.waits();
    const page = await newPage(t);
    await page.goto(url);
    await meetAsOthersDo(page, 'attic');
    await meet(guest);
    await page.evaluate(() => window.hangUp());
    await guest.isLeft('left', LEFT);
});

test('no server there', async t => {
    const server = await start(t);
    const guest = await Guest.open(t, `http://localhost:${server.port}/room`, 'attic');
    await guest.page.locator('#join').waitFor();
    await server.stop();
    await guest.enter();
    await guest.isRefused('The server does not answer.');
});

test('the two pages lead to each other', async t => {
    const { page } = await Person.open(t, await serve(t));
    await page.click('#elsewhere');
    await page.locator('h1', { hasText: 'Meet in a room.' }).waitFor();
    await page.click('#elsewhere');
    await page.locator('h1', { hasText: 'Video calls, by name.' }).waitFor();
});

test('the room page speaks the browser’s language and can be switched', async t => {
    const page = await newPage(t, { locale: 'zh-CN' });
    await page.goto(`${await serve(t)}room`);
    await page.locator('h1', { hasText: '在房间里见面' }).waitFor();
    await page.click('#join');
    await page.locator('.status', { hasText: '正在等待对方…' }).waitFor();
    await page.selectOption('#language', 'en');
    await page.locator('.status', { hasText: 'Waiting for the other person…' }).waitFor();
    assert.match(await page.title(), /^Room /);
});

test('on a phone the room page scrolls nothing sideways, and every target is large enough', async t => {
    const url = await serve(t);
    const room = 'attic '.repeat(10).trim();
    const first = await Guest.open(t, `${url}room`, room, PHONE);
    await fitsPhone(first.page);
    await first.enter();
    await first.waits();
    await fitsPhone(first.page);
    const second = await Guest.open(t, await first.page.inputValue('#invite'), room, PHONE);
    await fitsPhone(second.page);
    await second.enter();
    await meet(first, second);
    await fitsPhone(first.page);
    const third = await Guest.enter(t, url, room, PHONE);
    await third.isRefused('Two people are already in room');
    await fitsPhone(third.page);
    await second.hangUp();
    await first.isLeft('left', LEFT);
    await fitsPhone(first.page);
});

test('the room page asks nothing of anybody but its own server', async t => {
    const url = await serve(t);
    const page = await newPage(t);
    const asked = [];
    page.on('request', request => asked.push(request.url()));
    const violations = [];
    page.on('console', message => /Content Security Policy/.test(message.text()) && violations.push(message.text()));
    await page.goto(`${url}room`);
    await page.click('#join');
    await page.locator('#qr').click();
    await page.locator('dialog.qr[open] svg path').waitFor();
    assert.deepEqual(asked.filter(address => !address.startsWith(url)), []);
    assert.deepEqual([violations, page.errors], [[], []]);
});
