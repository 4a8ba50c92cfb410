// SPDX-License-Identifier: MIT
// A telephone on a login line: dials, rings, answers, says "busy", and holds at most one Call at a time.
//
//     idle --dial--> dialling --answer--> talking --hang up, leave--> idle
//     idle --offer--> ringing --accept--> talking          ringing --decline, leave--> idle
//
// The dialect says only in an offer who sent it. So pages of ours put a number for the call into everything they send,
// under the key `strowger`, which other pages pass over; what carries the number of another call is dropped. News that
// the dialect has no word for (it rings; busy; declined; ended) travels as an empty ICE candidate with that key: to
// other pages it means "no more candidates". From other pages, candidates are matched by their ICE user name (call.js)
// and a `leave` that may be a third party's is checked against the connection before it is believed.

import { Call } from './call.js';
import { newId } from './names.js';

/** @typedef {import('./signaling-login.js').LoginLine} LoginLine */
/** @typedef {import('./call.js').CallState} CallState */
/** @typedef {'idle' | 'dialling' | 'ringing' | 'talking'} PhoneState */

/**
 * Why a call ended: `cancelled` before an answer by the caller, `hungup` by us, `left` by the other side, `lost` by the
 * network; the rest says why it never began, `apart` that the network has no way for it, `offline` that the line is lost.
 * @typedef {'hungup' | 'left' | 'lost' | 'apart' | 'declined' | 'busy' | 'absent' | 'unanswered' | 'cancelled' |
 *     'offline'} EndReason
 */

/** @typedef {'ringing' | 'busy' | 'declined' | 'ended'} News */
/** @typedef {{ call: string, news?: News }} Mark what our pages add to a payload */

/**
 * @typedef {object} PhoneHandler
 * @property {(state: PhoneState) => void} onState
 * @property {() => void} onRemoteRing the other side's page has told its user
 * @property {(end: { name: string, reason: EndReason, wasIncoming: boolean }) => void} onEnd
 * @property {(state: CallState) => void} onCallState
 * @property {(stream: MediaStream) => void} onStream
 * @property {(sending: import('./call.js').Sending) => void} onPeerSending
 */

/**
 * @typedef {object} PhoneOpts
 * @property {LoginLine} line
 * @property {() => RTCIceServer[]} iceServers for the next call
 * @property {(call: Call) => void} equip gives a new call our tracks
 * @property {PhoneHandler} handler
 */

const DIAL_MS = 45_000; // until an unanswered call is given up
const RING_MS = 60_000; // until we stop ringing, should the caller never say that it gave up
const STRANGER_MS = 5_000; // how long after a third party rang a `leave` may be that party's
const ECHO_MS = 1_000; // and how long after a call it may still be that call's

export class Phone {
    /** @type {PhoneOpts} */ #opts;
    /** @type {PhoneState} */ #state = 'idle';
    #peer = '';
    #id = '';
    #isMarked = false; // whether the other side is a page of ours
    #wasIncoming = false;
    /** @type {Call | null} */ #call = null;
    /** @type {any} */ #offer = null; // of who rings us, until we accept
    /** @type {any[]} */ #candidates = []; // those that came with it
    #timer = 0;
    #strayLeaveUntil = -Infinity;

    /** @param {PhoneOpts} opts */
    constructor(opts) {
        this.#opts = opts;
    }

    get state() {
        return this.#state;
    }

    /** Who is on the other side; '' when idle. */
    get peer() {
        return this.#peer;
    }

    get call() {
        return this.#call;
    }

    /** Calls NAME; takes NAME's call, should it be ringing already. @param {string} name */
    dial(name) {
        if (this.#state === 'ringing' && name === this.#peer) this.accept();
        if (this.#state !== 'idle') return;
        this.#begin(name, newId(), false);
        if (!this.#opts.line.isOnline) return this.#finish('offline');
        this.#call = this.#newCall(true);
        this.#setState('dialling');
        this.#timer = window.setTimeout(() => this.#quit('unanswered', 'ended'), DIAL_MS);
        this.#call.start();
    }

    /** Takes the call that rings. */
    accept() {
        if (this.#state !== 'ringing') return;
        clearTimeout(this.#timer);
        const call = (this.#call = this.#newCall(this.#isMarked));
        this.#setState('talking');
        call.receiveDescription(this.#offer);
        for (const candidate of this.#candidates.splice(0)) call.receiveCandidate(candidate);
        this.#offer = null;
    }

    decline() {
        if (this.#state === 'ringing') this.#quit('declined', 'declined');
    }

    hangUp() {
        if (this.#state === 'dialling') this.#quit('cancelled', 'ended');
        else if (this.#state === 'talking') this.#quit('hungup', 'ended');
    }

    /** Ends whatever is going on: the page is being closed. */
    drop() {
        this.decline();
        this.hangUp();
    }

    /** The line is back: a call that broke meanwhile could not say so. */
    onOnline() {
        if (this.#call?.state === 'reconnecting') this.#call.restart();
    }

    /** @param {any} offer @param {string} from */
    onOffer(offer, from) {
        const mark = markOf(offer);
        if (this.#state === 'idle') return this.#ring(offer, from, mark);
        if (from !== this.#peer) return this.#turnAway(from, mark);
        if (this.#state === 'talking') return this.#onOfferInCall(offer);
        if (this.#state === 'dialling') return this.#onGlare(offer, mark);
        this.#ring(offer, from, mark); // once more: the later offer counts
    }

    /** @param {any} answer */
    onAnswer(answer) {
        if (!this.#call || this.#isForeign(answer)) return;
        if (this.#state === 'dialling') {
            clearTimeout(this.#timer);
            this.#isMarked = !!markOf(answer);
            this.#setState('talking');
        }
        this.#call.receiveDescription(answer);
    }

    /** @param {any} candidate */
    onCandidate(candidate) {
        if (this.#state === 'idle' || this.#isForeign(candidate)) return;
        const news = markOf(candidate)?.news;
        if (news) this.#onNews(news);
        else if (this.#call) this.#call.receiveCandidate(candidate);
        else this.#candidates.push(candidate);
    }

    async onLeave() {
        const isStray = performance.now() < this.#strayLeaveUntil;
        if (this.#state === 'talking') await this.#onLeaveInCall(isStray);
        else if (isStray) return; // the timers end what is over in truth
        else if (this.#state === 'ringing') this.#finish('cancelled');
        else if (this.#state === 'dialling') this.#finish(this.#isMarked ? 'left' : 'declined');
    }

    /** @param {string} message the server's, which names the one it could not reach */
    onError(message) {
        if (this.#state === 'dialling' && message.includes(this.#peer)) this.#finish('absent');
    }

    /** @param {any} offer @param {string} from @param {Mark | null} mark */
    #ring(offer, from, mark) {
        clearTimeout(this.#timer);
        this.#begin(from, mark?.call ?? '', !!mark);
        this.#wasIncoming = true;
        this.#offer = offer;
        this.#candidates = [];
        this.#setState('ringing');
        this.#tell('ringing');
        this.#timer = window.setTimeout(() => this.#quit('unanswered', 'ended'), RING_MS);
    }

    /** Somebody rings while we are with somebody else. @param {string} from @param {Mark | null} mark */
    #turnAway(from, mark) {
        const { line } = this.#opts;
        this.#strayLeaveUntil = performance.now() + STRANGER_MS;
        if (mark) line.sendCandidate(from, newsItem(mark.call, 'busy'));
        line.sendLeave(from);
    }

    /** A new offer within the call, or a page that was loaded anew and calls again. @param {any} offer */
    #onOfferInCall(offer) {
        if (this.#isForeign(offer)) {
            const from = this.#peer;
            this.#finish('left');
            this.onOffer(offer, from);
        } else {
            this.#call?.receiveDescription(offer);
        }
    }

    /**
     * Both dialled each other. Of our own pages the polite one takes the other's offer, and the other passes over what
     * it is offered; a page of another kind rolls its offer back when ours arrives, so to it we are never polite.
     * @param {any} offer @param {Mark | null} mark
     */
    #onGlare(offer, mark) {
        if (!mark || !this.#isPolite()) return;
        clearTimeout(this.#timer);
        this.#id = mark.call;
        this.#isMarked = true;
        this.#setState('talking');
        this.#call?.receiveDescription(offer);
    }

    /** @param {News} news */
    #onNews(news) {
        if (news === 'ringing') {
            this.#isMarked = true;
            this.#opts.handler.onRemoteRing();
        } else if (this.#state === 'ringing') {
            this.#finish('cancelled');
        } else if (this.#state === 'dialling') {
            this.#finish(news === 'ended' ? 'unanswered' : news);
        } else {
            this.#finish('left');
        }
    }

    /**
     * The server also says `leave` for a page that only lost its line, and a third party's `leave` looks the same: so
     * it counts when the other side is silent. A page of another kind says it only when it means it.
     * @param {boolean} isStray
     */
    async #onLeaveInCall(isStray) {
        const call = this.#call;
        if (call && (call.isLinked || isStray) && (await call.isAlive())) return;
        if (call === this.#call && this.#state === 'talking') this.#finish('left');
    }

    /** @param {any} payload @returns {boolean} whether it belongs to another call than ours */
    #isForeign(payload) {
        const mark = markOf(payload);
        return mark ? mark.call !== this.#id : this.#isMarked;
    }

    #isPolite() {
        return this.#opts.line.name < this.#peer;
    }

    /** @param {string} name @param {string} id @param {boolean} isMarked */
    #begin(name, id, isMarked) {
        this.#peer = name;
        this.#id = id;
        this.#isMarked = isMarked;
        this.#wasIncoming = false;
    }

    /** @param {boolean} link whether the other side may be a page of ours */
    #newCall(link) {
        const { line, iceServers, handler, equip } = this.#opts;
        const to = this.#peer;
        const call = new Call({
            iceServers: iceServers(),
            link,
            polite: this.#isPolite(),
            signaling: {
                sendDescription: (description) => {
                    const payload = this.#marked(description);
                    if (description.type === 'offer') line.sendOffer(to, payload);
                    else line.sendAnswer(to, payload);
                },
                sendCandidate: (candidate) => line.sendCandidate(to, this.#marked(candidate)),
            },
            handler: {
                onState: (state) => handler.onCallState(state),
                onStream: (stream) => handler.onStream(stream),
                onPeerSending: (sending) => handler.onPeerSending(sending),
                onEnd: (why) => (why === 'left' ? this.#finish(why) : this.#quit(why, 'ended')),
            },
        });
        equip(call);
        return call;
    }

    /** @param {RTCSessionDescription | RTCIceCandidate} payload */
    #marked(payload) {
        return { ...payload.toJSON(), strowger: { call: this.#id } };
    }

    /** @param {News} news */
    #tell(news) {
        if (this.#isMarked || this.#state === 'dialling')
            this.#opts.line.sendCandidate(this.#peer, newsItem(this.#id, news));
    }

    /** Ends the call and tells the other side. @param {EndReason} reason @param {News} news */
    #quit(reason, news) {
        this.#tell(news);
        this.#opts.line.sendLeave(this.#peer);
        this.#finish(reason);
    }

    /** @param {EndReason} reason */
    #finish(reason) {
        clearTimeout(this.#timer);
        const end = { name: this.#peer, reason, wasIncoming: this.#wasIncoming };
        this.#call?.close();
        this.#call = null;
        this.#offer = null;
        this.#candidates = [];
        this.#begin('', '', false);
        this.#strayLeaveUntil = Math.max(this.#strayLeaveUntil, performance.now() + ECHO_MS);
        this.#setState('idle');
        this.#opts.handler.onEnd(end);
    }

    /** @param {PhoneState} state */
    #setState(state) {
        this.#state = state;
        this.#opts.handler.onState(state);
    }
}

/** @param {string} call @param {News} news */
function newsItem(call, news) {
    return { candidate: '', sdpMid: '0', sdpMLineIndex: 0, strowger: { call, news } };
}

/** @param {any} payload @returns {Mark | null} */
function markOf(payload) {
    const mark = payload?.strowger;
    return typeof mark?.call === 'string' ? mark : null;
}
