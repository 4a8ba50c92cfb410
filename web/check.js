// SPDX-License-Identifier: MIT
// The check page: says in plain words whether calls work from where the visitor sits, and what to do when not.

import { CheckView } from './check-view.js';
import { h } from './dom.js';
import { say, startLanguage, text } from './i18n.js';
import { fetchIceServers } from './ice.js';
import { probeSocket, probeStun, probeTurn } from './probes.js';
import { ownIceServers, socketUrl } from './server.js';
import { topBar } from './top-bar.js';

/** @typedef {import('./i18n.js').Key} Key */

await startLanguage();

const socketView = new CheckView('socket', 'socketTitle', 'socketPurpose');
const stunView = new CheckView('stun', 'stunTitle', 'stunPurpose');
const turnView = new CheckView('turn', 'turnTitle', 'turnPurpose');
const verdict = h('p', { class: 'verdict', role: 'status' });
const again = h('button', { type: 'button', class: 'primary', id: 'again', onclick: check });

const list = h('ol', { class: 'checks' }, socketView.element, stunView.element, turnView.element);
const back = say(h('a', { class: 'link', href: './' }), 'toCalls');
const foot = h('div', { class: 'actions' }, say(again, 'checkAgain'), back);
const main = h('main', { class: 'checkup' }, say(h('h1'), 'checkTitle'), verdict, list, foot);
document.body.replaceChildren(h('div', { class: 'home' }, topBar(drawTitle), main));
drawTitle();
await check();

function drawTitle() {
    document.title = `strowger · ${text('checkTitle')}`;
}

async function check() {
    const hadFocus = document.activeElement === again; // which a button that is disabled loses
    again.disabled = true;
    for (const view of [socketView, stunView, turnView]) view.start();
    say(verdict, 'checking');
    verdict.dataset.result = 'running';
    const servers = await iceServers();
    const [hasSocket, hasStun, hasTurn] = await Promise.all([
        checkSocket(),
        checkStun(servers.filter((server) => !isTurn(server))),
        checkTurn(servers.filter(isTurn)),
    ]);
    conclude(hasSocket, hasStun, hasTurn);
    again.disabled = false;
    if (hadFocus) again.focus();
}

/** Those that calls would use. @returns {Promise<RTCIceServer[]>} */
async function iceServers() {
    const { iceServers: named } = await fetchIceServers().catch(() => ({ iceServers: [] }));
    return named.every(isTurn) ? [...ownIceServers(location), ...named] : named;
}

/** @param {RTCIceServer} server */
function isTurn(server) {
    return [server.urls].flat()[0].startsWith('turn');
}

async function checkSocket() {
    const isOpen = (await probeSocket(socketUrl(location, '/'))) === 'open';
    socketView.finish(isOpen ? 'good' : 'bad', isOpen ? 'socketOpen' : 'socketClosed');
    if (!isOpen) socketView.advise('socketRemedy');
    return isOpen;
}

/** @param {RTCIceServer[]} servers */
async function checkStun(servers) {
    const { answers, address } = await probeStun(servers);
    if (address) stunView.finish('good', 'stunAddress', { address });
    else stunView.finish(answers ? 'good' : 'bad', answers ? 'stunDirect' : 'stunSilent');
    if (!answers) stunView.advise('stunRemedy');
    return answers;
}

/** @param {RTCIceServer[]} servers @returns {Promise<boolean | null>} null: there is none */
async function checkTurn(servers) {
    const each = servers.flatMap((server) => [server.urls].flat().map((urls) => ({ ...server, urls })));
    const findings = await Promise.all(each.map(probeTurn));
    if (each.length === 0) {
        turnView.finish('none', 'turnAbsent');
        turnView.advise('turnAbsentRemedy');
        return null;
    }
    /** @type {Record<import('./probes.js').TurnFinding, Key>} */
    const texts = { relays: 'turnRelays', refuses: 'turnRefuses', silent: 'turnSilent' };
    each.forEach(({ urls }, i) => turnView.addDetail(findings[i] === 'relays', urls, texts[findings[i]]));
    const works = findings.includes('relays');
    turnView.finish(works ? 'good' : 'bad', works ? 'turnWorks' : 'turnFails');
    if (findings.includes('refuses')) turnView.advise('turnRefusesRemedy');
    else if (!works) turnView.advise('turnRemedy');
    return works;
}

/** @param {boolean} hasSocket @param {boolean} hasStun @param {boolean | null} hasTurn */
function conclude(hasSocket, hasStun, hasTurn) {
    /** @type {Key} */ let text = 'verdictLocal';
    if (!hasSocket) text = 'verdictNone';
    else if (hasTurn) text = 'verdictAll';
    else if (hasStun) text = 'verdictMost';
    verdict.dataset.result = text === 'verdictNone' ? 'bad' : text === 'verdictAll' ? 'good' : 'partly';
    say(verdict, text);
}
