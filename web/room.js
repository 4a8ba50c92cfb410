// SPDX-License-Identifier: MIT
// The room page: takes a seat in a room; the call starts when somebody takes the other one.

import { startLanguage, text } from './i18n.js';
import { IceServers } from './ice.js';
import { JoinView } from './join-view.js';
import { sendMedia } from './media.js';
import { Meeting } from './meeting.js';
import { inviteLink, invitedTo } from './names.js';
import { Page } from './page.js';
import { RoomView } from './room-view.js';
import { socketUrl } from './server.js';
import { RoomLine } from './signaling-rooms.js';
import { ARRIVED } from './sounds.js';

await startLanguage();

const page = new Page({ call: () => meeting.call, onHangUp: hangUp, onLanguage: drawTitle });
const { callView, sounds } = page;
const ice = new IceServers(location, () => meeting.call?.setIceServers(ice.list));
const line = new RoomLine(socketUrl(location, '/socket.io/'), {
    onMessage: (message, mark) => meeting.onMessage(message, mark),
    onBye: () => meeting.onBye(),
    onOnline,
});
const meeting = new Meeting({
    line,
    iceServers: () => ice.list,
    equip: (call) => sendMedia(page.media, call),
    handler: {
        onCall,
        onEnd,
        onCallState: (state) => state !== 'closed' && callView.setStatus(state),
        onStream: (stream) => callView.setStream(stream),
        onPeerSending: (sending) => callView.setPeerSending(sending),
    },
});

const invitation = invitedTo('room');
const joinView = new JoinView({
    texts: {
        title: invitation ? 'roomTitleTo' : 'roomTitle',
        lead: invitation ? 'roomLeadTo' : 'roomLead',
        field: 'roomName',
        suggest: 'suggestRoom',
        button: 'joinRoom',
    },
    invitedTo: invitation,
    name: invitation,
    syllables: 4, // it must not be guessed as easily as a person's name
    onJoin: enter,
    errors: { full: 'roomFull', unreachable: 'unreachable' },
    elsewhere: 'callInstead',
    elsewhereHref: './',
});
const roomView = new RoomView(leave);

ice.refresh();
page.open(joinView, roomView);
drawTitle();
window.addEventListener('pagehide', () => meeting.leave());
window.addEventListener('online', onNetworkBack);

/** @param {string} room */
async function enter(room) {
    sounds.wake();
    await ice.refresh();
    const result = await meeting.enter(room);
    if (result !== 'ok') return result;
    history.replaceState(null, '', inviteLink('room', room)); // a page that is loaded anew knows where it was
    roomView.setRoom(room);
    roomView.setOnline(true);
    page.showPanel(roomView);
    drawTitle();
    return result;
}

function leave() {
    meeting.leave();
    page.showPanel(joinView);
    drawTitle();
}

function hangUp() {
    meeting.leave();
    closeStage();
    page.showPanel(joinView);
}

function onCall() {
    if (callView.isShown) callView.hide();
    callView.show(text('otherPerson'), 'connecting', line.room);
    callView.setCall(meeting.call);
    sounds.play(ARRIVED);
    page.update();
    drawTitle();
}

/** @param {import('./meeting.js').EndReason} why */
function onEnd(why) {
    closeStage();
    roomView.showOutcome(why);
    roomView.focus();
}

function closeStage() {
    callView.hide();
    page.endCall();
    page.update();
    drawTitle();
}

/** @param {boolean} isOnline */
function onOnline(isOnline) {
    roomView.setOnline(isOnline);
    page.setOnline(isOnline);
    if (isOnline) meeting.onOnline();
    if (isOnline) ice.refresh(); // a computer that slept has missed the time for it
}

function onNetworkBack() {
    line.hurry();
    meeting.onOnline();
}

function drawTitle() {
    const room = line.room;
    document.title = room ? text(meeting.call ? 'talkingInRoom' : 'inRoom', { name: room }) : 'strowger';
}
