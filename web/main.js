// SPDX-License-Identifier: MIT
// The call page: joins under a name, calls by name, is called. Wires the telephone to what is on the screen.

import { startLanguage, text } from './i18n.js';
import { IceServers } from './ice.js';
import { JoinView } from './join-view.js';
import { keepRecent, LobbyView } from './lobby-view.js';
import { sendMedia } from './media.js';
import { invitedTo } from './names.js';
import { Page } from './page.js';
import { Phone } from './phone.js';
import { RingView } from './ring-view.js';
import { socketUrl } from './server.js';
import { LoginLine } from './signaling-login.js';
import { BELL, RINGBACK } from './sounds.js';
import { keep, recall } from './store.js';

await startLanguage();

const page = new Page({ call: () => phone.call, onHangUp: () => phone.hangUp(), onLanguage: drawTitle });
const { callView, sounds } = page;
const ice = new IceServers(location, () => phone.call?.setIceServers(ice.list));
const line = new LoginLine(socketUrl(location, '/'), {
    onOffer: (offer, from) => phone.onOffer(offer, from),
    onAnswer: (answer) => phone.onAnswer(answer),
    onCandidate: (candidate) => phone.onCandidate(candidate),
    onLeave: () => phone.onLeave(),
    onError: (message) => phone.onError(message),
    onOnline,
});
const phone = new Phone({
    line,
    iceServers: () => ice.list,
    equip: (call) => sendMedia(page.media, call),
    handler: {
        onState: onPhoneState,
        onRemoteRing: () => callView.setStatus('ringing'),
        onEnd: onCallEnd,
        onCallState: (state) => state !== 'closed' && callView.setStatus(state),
        onStream: (stream) => callView.setStream(stream),
        onPeerSending: (sending) => callView.setPeerSending(sending),
    },
});

let guest = invitedTo('call'); // whom to call as soon as we have joined; once
const joinView = new JoinView({
    texts: {
        title: guest ? 'joinTitleTo' : 'joinTitle',
        lead: guest ? 'joinLeadTo' : 'joinLead',
        field: 'yourName',
        suggest: 'suggestName',
        button: guest ? 'joinAndCall' : 'join',
    },
    invitedTo: guest,
    name: recall('name'),
    syllables: 3,
    onJoin: join,
    errors: { taken: 'nameTaken', unreachable: 'unreachable' },
    elsewhere: 'meetInstead',
    elsewhereHref: 'room',
});
const lobbyView = new LobbyView((name) => phone.dial(name), leave);
const ringView = new RingView(() => phone.accept(), () => phone.decline());

ice.refresh();
page.open(joinView, lobbyView);
document.body.append(ringView.element);
window.addEventListener('pagehide', () => phone.drop());
window.addEventListener('online', onNetworkBack);

/** @param {string} name */
async function join(name) {
    sounds.wake();
    const [result] = await Promise.all([line.login(name), ice.refresh()]);
    if (result !== 'ok') return result;
    keep('name', name);
    lobbyView.setName(name);
    lobbyView.setOnline(true);
    page.showPanel(lobbyView);
    if (guest && guest !== name) phone.dial(guest);
    guest = '';
    return result;
}

function leave() {
    line.close();
    page.showPanel(joinView);
}

/** @param {import('./phone.js').PhoneState} state */
function onPhoneState(state) {
    const name = phone.peer;
    sounds.stop();
    if (state === 'ringing') ringView.show(name);
    else ringView.hide();
    if (state === 'ringing') sounds.play(BELL);
    if (state === 'dialling') sounds.play(RINGBACK);
    if (state === 'dialling') callView.show(name, 'calling');
    if (state === 'talking' && !callView.isShown) callView.show(name, 'connecting');
    else if (state === 'talking') callView.setStatus('connecting');
    if (state === 'talking') keepRecent(name);
    callView.setCall(phone.call);
    if (state === 'idle') callView.hide();
    page.update();
    drawTitle();
}

/** @param {import('./lobby-view.js').CallEnd} end */
function onCallEnd(end) {
    page.endCall();
    lobbyView.showOutcome(end);
    lobbyView.focus();
}

/** @param {boolean} isOnline */
function onOnline(isOnline) {
    lobbyView.setOnline(isOnline);
    page.setOnline(isOnline);
    if (isOnline) phone.onOnline();
    if (isOnline) ice.refresh(); // a computer that slept has missed the time for it
}

function onNetworkBack() {
    line.hurry();
    phone.onOnline();
}

function drawTitle() {
    const name = phone.peer;
    if (phone.state === 'ringing') document.title = `☎ ${text('isCalling', { name })}`;
    else if (phone.state === 'talking') document.title = text('connectedTo', { name });
    else document.title = 'strowger';
}
