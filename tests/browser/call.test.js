// SPDX-License-Identifier: MIT
// Two browsers call each other through the program: how a call begins, runs and ends.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { start } from '../e2e/lib/server.js';
import { expectFrames, useBrowser } from './lib/browser.js';
import { connect, crash, openTrapped, Person } from './lib/person.js';

useBrowser();

// People of these names, joined to a server of their own.
async function people(t, ...names) {
    return peopleAt(await start(t), t, ...names);
}

async function peopleAt(server, t, ...names) {
    const url = `http://localhost:${server.port}/`;
    return Promise.all(names.map(name => Person.join(t, url, name)));
}

test('two people see each other, mute, turn off the camera, hang up and call again', async t => {
    const [alice, bob] = await people(t, 'Alice', 'Bob');
    await connect(alice, bob);
    await alice.sees('.badge', /^Direct/);

    await bob.press('microphone');
    await alice.page.locator('.stage .muted').waitFor();
    await alice.sees('.notice', 'Bob is muted');
    await bob.press('microphone');
    await alice.page.locator('.stage .muted').waitFor({ state: 'hidden' });

    await bob.press('camera');
    await alice.sees('.face-status', 'Bob turned the camera off');
    assert.equal(await bob.page.locator('.stage .self').isVisible(), false, 'a camera that is off is closed');
    await bob.press('camera');
    await alice.talksTo('Bob');
    await expectFrames(bob.page.locator('.stage .self video'));

    await alice.hangUp();
    await Promise.all([
        alice.isTold('hungup', 'You ended the call with Bob'),
        bob.isTold('left', 'Alice has left'),
    ]);
    await bob.page.click('#again');
    await alice.accept('Bob');
    await Promise.all([alice.talksTo('Bob'), bob.talksTo('Alice')]);
    assert.deepEqual([...alice.page.errors, ...bob.page.errors], []);
});

test('the server answers STUN for the call', async t => {
    const server = await start(t);
    const alice = await Person.open(t, `http://localhost:${server.port}/`, 'Alice');
    const state = await alice.page.evaluate(port => new Promise(done => {
        const connection = new RTCPeerConnection({ iceServers: [{ urls: `stun:localhost:${port}` }] });
        connection.onicegatheringstatechange = () => {
            if (connection.iceGatheringState === 'complete') {
                done(connection.iceGatheringState);
            }
        };
        connection.createDataChannel('any');
        connection.setLocalDescription();
    }), server.port);
    assert.equal(state, 'complete');
});

test('a call is declined', async t => {
    const [alice, bob] = await people(t, 'Alice', 'Bob');
    await alice.dial('Bob');
    await alice.sees('.face-status', 'Ringing…');
    await bob.decline('Alice');
    await alice.isTold('declined', 'Bob declined your call');
    await bob.isTold('declined', 'You declined a call from Alice');
});

test('a call is cancelled while it rings', async t => {
    const [alice, bob] = await people(t, 'Alice', 'Bob');
    await alice.dial('Bob');
    await bob.isRung('Alice');
    assert.match(await bob.page.title(), /Alice is calling/);
    await alice.hangUp();
    await Promise.all([alice.isTold('cancelled'), bob.isTold('cancelled', 'You missed a call from Alice')]);
    assert.equal(await bob.page.title(), 'strowger');
});

test('a third caller hears that the line is busy, and the call goes on', async t => {
    const [alice, bob, carol] = await people(t, 'Alice', 'Bob', 'Carol');
    await connect(alice, bob);
    await carol.dial('Alice');
    await carol.isTold('busy', 'Alice is in another call');
    await Promise.all([expectFrames(alice.remote), expectFrames(bob.remote)]);
    assert.equal(await alice.page.locator('dialog.ring[open]').count(), 0);
});

test('nobody has that name', async t => {
    const [alice] = await people(t, 'Alice');
    await alice.dial('Nobody');
    await alice.isTold('absent', 'Nobody is not here');
});

test('nobody calls themselves', async t => {
    const [alice] = await people(t, 'Alice');
    await alice.dial('Alice');
    await alice.sees('#callee-error', 'That is you.');
    await alice.page.locator('#callee:focus').waitFor();
});

test('both press Call at the same moment and get one call', async t => {
    const server = await start(t);
    const [alice, bob] = await Promise.all(['Alice', 'Bob'].map(async name => {
        const person = await openTrapped(t, `http://localhost:${server.port}/`, name);
        await person.joinAs(name);
        await person.waitsForCalls();
        return person;
    }));
    await Promise.all([alice, bob].map(({ page }) => page.evaluate(() => { window.isHeld = true; })));
    await Promise.all([alice.dial('Bob'), bob.dial('Alice')]);
    await Promise.all([alice, bob].map(({ page }) => page.waitForFunction(() => window.held.length > 0)));
    await Promise.all([alice, bob].map(({ page }) => page.evaluate(() => {
        window.isHeld = false;
        window.held.splice(0).forEach(deliver => deliver());
    })));
    await Promise.all([alice.talksTo('Bob'), bob.talksTo('Alice')]);
    await alice.hangUp();
    await bob.isTold('left');
});

test("the callee's tab is killed in the middle of a call", async t => {
    const [alice, bob] = await people(t, 'Alice', 'Bob');
    await connect(alice, bob);
    await crash(bob);
    await alice.isTold('left', 'Bob has left');
});

test("the callee's tab is killed while it rings", async t => {
    const [alice, bob] = await people(t, 'Alice', 'Bob');
    await alice.dial('Bob');
    await bob.isRung('Alice');
    await crash(bob);
    await alice.isTold('left', 'Bob has left');
});

test('the line to the server is lost: the call goes on, and the line comes back', async t => {
    const server = await start(t);
    const url = `http://localhost:${server.port}/`;
    const alice = await Person.join(t, url, 'Alice');
    const bob = await openTrapped(t, url, 'Bob');
    await bob.joinAs('Bob');
    await bob.waitsForCalls();
    await connect(alice, bob);
    await bob.page.evaluate(() => window.sockets.at(-1).close());
    await bob.sees('.notice', 'Connected to the server again.');
    await Promise.all([expectFrames(alice.remote), expectFrames(bob.remote)]);
    await alice.hangUp();
    await bob.isTold('left');
    await alice.dial('Bob');
    await bob.isRung('Alice');
});

test('nobody is called while the server is lost, and the page says so', async t => {
    const server = await start(t);
    const alice = await Person.join(t, `http://localhost:${server.port}/`, 'Alice');
    await server.stop();
    await alice.sees('.status.offline', 'Connection lost. Trying again…');
    await alice.dial('Bob');
    await alice.isTold('offline', 'Bob could not be called: the server does not answer');
});

test('a call of a page that offers once more while it rings is missed like any other', async t => {
    const server = await start(t);
    const alice = await Person.join(t, `http://localhost:${server.port}/`, 'Alice');
    const bob = await server.connect('/');
    bob.send({ type: 'login', name: 'Bob' });
    for (const sdp of ['one', 'another']) {
        bob.send({ type: 'offer', name: 'Alice', offer: { type: 'offer', sdp } });
        await alice.isRung('Bob');
    }
    bob.send({ type: 'leave', name: 'Alice' });
    await alice.isTold('cancelled', 'You missed a call from Bob');
});

test('ICE starts anew when the path breaks', async t => {
    const server = await start(t);
    const url = `http://localhost:${server.port}/`;
    const alice = await openTrapped(t, url, 'Alice');
    const { page } = alice;
    await alice.joinAs('Alice');
    await alice.waitsForCalls();
    const bob = await Person.join(t, url, 'Bob');
    await connect(alice, bob);
    const before = await page.evaluate(() => /ice-ufrag:\S+/.exec(window.connection.currentRemoteDescription.sdp)[0]);
    await page.evaluate(() => window.connection.restartIce());
    await page.waitForFunction(old => !window.connection.currentRemoteDescription.sdp.includes(old), before);
    await Promise.all([alice.talksTo('Bob'), bob.talksTo('Alice')]);
});

test('two who find no way to each other are told so, and where to look further', async t => {
    const server = await start(t);
    const url = `http://localhost:${server.port}/`;
    const [alice, bob] = await Promise.all(['Alice', 'Bob'].map(name => openTrapped(t, url, name)));
    for (const one of [alice, bob]) {
        await one.page.evaluate(() => { RTCPeerConnection.prototype.addIceCandidate = async () => {}; });
        await one.joinAs(one.name);
        await one.waitsForCalls();
    }
    await alice.page.clock.install();
    await alice.dial('Bob');
    await bob.accept('Alice');
    await alice.sees('.stage .face-status', 'Connecting…');
    await alice.page.evaluate(() => { // as ICE does after half a minute
        Object.defineProperty(window.connection, 'connectionState', { get: () => 'failed' });
        window.connection.dispatchEvent(new Event('connectionstatechange'));
    });
    await alice.page.clock.fastForward(31_000);
    await alice.isTold('apart', 'The network has no way from you to Bob');
    await alice.page.click('.outcome .check-link');
    await alice.page.waitForURL('**/check');
});

test('a greeting, which may be any text, does no harm', async t => {
    const server = await start(t, ['--greeting', 'Hello world']);
    const [alice, bob] = await peopleAt(server, t, 'Alice', 'Bob');
    await connect(alice, bob);
    assert.deepEqual([...alice.page.errors, ...bob.page.errors], []);
});

test('one without devices watches and listens', async t => {
    const server = await start(t);
    const url = `http://localhost:${server.port}/`;
    const alice = await Person.join(t, url, 'Alice');
    const { page } = await Person.open(t, 'about:blank', 'Bob');
    await page.addInitScript(() => {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('none', 'NotFoundError'));
    });
    await page.goto(url);
    const bob = new Person(page, 'Bob');
    await bob.sees('.left .problem', 'No camera and microphone found');
    await bob.joinAs('Bob');
    await bob.waitsForCalls();
    await bob.dial('Alice');
    await alice.accept('Bob');
    await bob.talksTo('Alice');
    await alice.page.locator('.stage[data-status=connected]:not(.picture)').waitFor();
});
