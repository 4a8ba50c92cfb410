// SPDX-License-Identifier: MIT
// In a room and alone: how to bring the other one here, how the last call ended.

import { checkLink } from './check-link.js';
import { h } from './dom.js';
import { say } from './i18n.js';
import { InviteView } from './invite-view.js';
import { inviteLink } from './names.js';

/** @type {Record<import('./meeting.js').EndReason, import('./i18n.js').Key>} */
const OUTCOMES = { left: 'otherLeft', lost: 'otherLost', apart: 'otherApart' };

export class RoomView {
    #title = h('h1');
    #status = h('p', { class: 'status', role: 'status' });
    #outcome = h('div', { class: 'outcome', role: 'status', hidden: true });
    #invite = new InviteView({ title: 'inviteToRoom', qrTitle: 'qrTitleRoom', shareText: 'shareTextRoom' });

    /** @param {() => void} onLeave */
    constructor(onLeave) {
        const leave = h('button', { type: 'button', class: 'link', id: 'leave', onclick: onLeave });
        this.element = h(
            'div',
            { class: 'panel lobby room' },
            h('header', {}, this.#title, h('div', { class: 'row' }, this.#status, say(leave, 'leaveRoom'))),
            this.#outcome,
            this.#invite.element,
        );
        this.setOnline(true);
    }

    /** @param {string} room */
    setRoom(room) {
        say(this.#title, 'inRoom', { name: room });
        this.#invite.set(room, inviteLink('room', room));
        this.#outcome.hidden = true;
    }

    /** @param {boolean} isOnline */
    setOnline(isOnline) {
        this.#status.classList.toggle('offline', !isOnline);
        say(this.#status, isOnline ? 'waitingInRoom' : 'offline');
    }

    focus() {
        this.#invite.focus();
    }

    /** @param {import('./meeting.js').EndReason} why */
    showOutcome(why) {
        this.#outcome.replaceChildren(say(h('p'), OUTCOMES[why]));
        if (why === 'apart') this.#outcome.append(checkLink());
        this.#outcome.dataset.reason = why;
        this.#outcome.hidden = false;
    }
}
