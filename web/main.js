// SPDX-License-Identifier: MIT
// The call page: joins, calls by name, is called. Wires the telephone to the devices and to what is on the screen.

import { ownIceServers } from './call.js';
import { CallView } from './call-view.js';
import { h, icon } from './dom.js';
import { chooseLanguage, LANGUAGES, label, say, startLanguage, text } from './i18n.js';
import { JoinView } from './join-view.js';
import { keepRecent, LobbyView } from './lobby-view.js';
import { Media, sendMedia } from './media.js';
import { DevicePickers, PreviewView, ProblemView } from './media-views.js';
import { invitedTo } from './names.js';
import { announce, clearNotices, noticeRegion } from './notices.js';
import { Phone } from './phone.js';
import { RingView } from './ring-view.js';
import { SettingsView } from './settings-view.js';
import { LoginLine, socketUrl } from './signaling-login.js';
import { BELL, DONE, RINGBACK, Sounds } from './sounds.js';
import { keep, recall } from './store.js';

const DEVICE_KINDS = /** @type {const} */ (['audioinput', 'videoinput', 'audiooutput']);

await startLanguage();

const sounds = new Sounds();
const media = new Media(onMediaChange, {
    audioinput: recall('audioinput'),
    videoinput: recall('videoinput'),
    audiooutput: recall('audiooutput'),
});
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
    iceServers: ownIceServers(location),
    equip: (call) => sendMedia(media, call),
    handler: {
        onState: onPhoneState,
        onRemoteRing: () => callView.setStatus('ringing'),
        onEnd: onCallEnd,
        onCallState: (state) => state !== 'closed' && callView.setStatus(state),
        onStream: (stream) => callView.setStream(stream),
        onPeerSending: (sending) => callView.setPeerSending(sending),
    },
});

let guest = invitedTo(); // whom to call as soon as we have joined; once
const preview = new PreviewView(media, sounds, () => settingsView.show());
const pickers = new DevicePickers(media, onSpeaker);
const problems = new ProblemView(media);
const joinView = new JoinView(recall('name'), guest, join);
const lobbyView = new LobbyView((name) => phone.dial(name), leave);
const ringView = new RingView(() => phone.accept(), () => phone.decline());
const settingsView = new SettingsView(media, onSpeaker);
const callView = new CallView({ media, onHangUp: () => phone.hangUp(), onSettings: () => settingsView.show() });
const home = h(
    'div',
    { class: 'home' },
    header(),
    h(
        'main',
        {},
        h('div', { class: 'left' }, preview.element, pickers.element, problems.element),
        h('div', { class: 'right' }, joinView.element, lobbyView.element),
    ),
);

document.body.replaceChildren(home, callView.element, ringView.element, settingsView.element, noticeRegion());
window.addEventListener('pagehide', () => phone.drop());
window.addEventListener('online', onNetworkBack);
callView.setSpeaker(recall('audiooutput'));
showHome(joinView);
if (!('RTCPeerConnection' in window)) joinView.element.replaceChildren(say(h('p', { class: 'lead' }), 'unsupported'));
onMediaChange();
media.open();

/** @param {string} name */
async function join(name) {
    sounds.wake();
    const result = await line.login(name);
    if (result !== 'ok') return result;
    keep('name', name);
    lobbyView.setName(name);
    lobbyView.setOnline(true);
    showHome(lobbyView);
    if (guest && guest !== name) phone.dial(guest);
    guest = '';
    return result;
}

function leave() {
    line.close();
    showHome(joinView);
}

/** @param {JoinView | LobbyView} view */
function showHome(view) {
    joinView.element.hidden = view !== joinView;
    lobbyView.element.hidden = view !== lobbyView;
    view.focus();
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
    home.inert = callView.isShown;
    preview.setVisible(!callView.isShown);
    drawTitle();
}

/** @param {import('./lobby-view.js').CallEnd} end */
function onCallEnd(end) {
    media.stopSharing();
    clearNotices();
    sounds.play(DONE);
    lobbyView.showOutcome(end);
    lobbyView.focus();
}

/** @param {boolean} isOnline */
function onOnline(isOnline) {
    lobbyView.setOnline(isOnline);
    callView.setOnline(isOnline);
    if (callView.isShown) announce(isOnline ? 'lineBack' : 'lineLost');
    if (isOnline) phone.onOnline();
}

function onNetworkBack() {
    line.hurry();
    phone.onOnline();
}

function onMediaChange() {
    pickers.update();
    problems.update();
    settingsView.update();
    callView.update();
    if (!callView.isShown) preview.update();
    for (const kind of DEVICE_KINDS) keep(kind, media.chosen(kind));
    if (phone.call) sendMedia(media, phone.call);
}

/** @param {string} deviceId */
function onSpeaker(deviceId) {
    callView.setSpeaker(deviceId);
}

function drawTitle() {
    const name = phone.peer;
    if (phone.state === 'ringing') document.title = `☎ ${text('isCalling', { name })}`;
    else if (phone.state === 'talking') document.title = text('connectedTo', { name });
    else document.title = 'strowger';
}

function header() {
    const options = Object.entries(LANGUAGES).map(([tag, { name }]) => new Option(name, tag));
    const select = h('select', {
        id: 'language',
        onchange: async () => {
            await chooseLanguage(select.value);
            onMediaChange();
            drawTitle();
        },
    });
    select.append(...options);
    select.value = document.documentElement.lang;
    const mark = h('img', { src: 'icon.svg', alt: '', width: 32, height: 32 });
    return h(
        'header',
        { class: 'top' },
        h('a', { class: 'brand', href: './' }, mark, 'strowger'),
        h('label', { class: 'language' }, icon('globe'), label(select, 'changeLanguage')),
    );
}
