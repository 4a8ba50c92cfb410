// SPDX-License-Identifier: MIT
// A seat in a room for two: whoever else is there is called without being asked. Holds at most one Call at a time.
//
//     away --enter--> waiting --the other is there--> talking --left, lost--> waiting          any --leave--> away
//
// Who enters says "got user media", the words that pages of this family have used since Google's codelab for "I am here
// and ready"; who hears it and is free makes an offer, and so does such a page that hears it from us. Descriptions are
// sent as they are, candidates as those pages send them. Beside each message goes a mark, which they pass over: from
// which page of ours it is, for which, of which call and room. A server may be configured to let more than two into a
// room, or to pass on messages without regard to rooms.

import { Call } from './call.js';
import { newId } from './names.js';

/** @typedef {import('./call.js').Ending} EndReason */
/** @typedef {{ from: string, to: string, call: string, room: string }} Mark '' where other pages say nothing */

/**
 * @typedef {object} MeetingHandler
 * @property {() => void} onCall there is a call now: `call`
 * @property {(why: EndReason) => void} onEnd of the call by the other side or the network; the seat is kept
 * @property {(state: import('./call.js').CallState) => void} onCallState
 * @property {(stream: MediaStream) => void} onStream
 * @property {(sending: import('./call.js').Sending) => void} onPeerSending
 */

/**
 * @typedef {object} MeetingOpts
 * @property {import('./signaling-rooms.js').RoomLine} line
 * @property {() => RTCIceServer[]} iceServers for the next call
 * @property {(call: Call) => void} equip gives a new call our tracks
 * @property {MeetingHandler} handler
 */

const READY = 'got user media';
const BYE = 'bye'; // the message, which only pages of other kinds send; ours say it over the link

export class Meeting {
    /** @type {MeetingOpts} */ #opts;
    #own = newId(); // this page
    #peer = ''; // the other side's
    #id = ''; // of the call
    #isOffering = false; // an offer of ours waits for its answer
    /** @type {Call | null} */ #call = null;

    /** @param {MeetingOpts} opts */
    constructor(opts) {
        this.#opts = opts;
    }

    get call() {
        return this.#call;
    }

    /** @param {string} room */
    async enter(room) {
        const result = await this.#opts.line.enter(room);
        if (result === 'ok') this.#sayReady();
        return result;
    }

    /** Ends the call and gives the seat up. */
    leave() {
        this.#drop();
        this.#opts.line.leave();
    }

    /** The line is back, or the network: a call that broke meanwhile could not say so. */
    onOnline() {
        const state = this.#call?.state;
        if (state === 'reconnecting') this.#call?.restart();
        else if (state === 'connecting') this.#end('lost'); // what was to be said for it may be lost
        else if (!state) this.#sayReady();
    }

    /** @param {any} message @param {any} args what came beside it */
    onMessage(message, args) {
        const mark = markOf(args);
        if (mark.to && mark.to !== this.#own) return;
        if (mark.room && mark.room !== this.#opts.line.room) return;
        if (this.#call && mark.from !== this.#peer) return; // a third one
        if (message === READY) return this.#start(mark.from);
        if (message?.type === 'offer') return this.#onOffer(message, mark);
        if (mark.call !== this.#id) return;
        if (message === BYE && !mark.from && this.#call) this.#end('left');
        else if (message?.type === 'answer') this.#onAnswer(message);
        else if (message?.type === 'candidate') this.#call?.receiveCandidate(candidateOf(message));
    }

    /** The other side may only have lost its line: then it goes on talking, and comes back into the room. */
    async onBye() {
        const call = this.#call;
        if (call?.isLinked && (await call.isAlive())) return;
        if (call && call === this.#call) this.#end('left');
    }

    /** @param {string} peer who is ready */
    #start(peer) {
        const call = this.#begin(peer, peer && newId());
        this.#isOffering = true;
        call.start();
    }

    /**
     * Within the call, or of a new one: then the other page has forgotten ours, or both have offered at once and one of
     * them gives way.
     * @param {any} offer
     * @param {Mark} mark
     */
    #onOffer(offer, { from, call }) {
        if (this.#call && call !== this.#id && this.#isOffering && !this.#isPolite()) return;
        const known = call === this.#id ? this.#call : null;
        (known ?? this.#begin(from, call)).receiveDescription(offer);
    }

    /** @param {any} answer */
    #onAnswer(answer) {
        this.#isOffering = false;
        this.#call?.receiveDescription(answer);
    }

    #isPolite() {
        return this.#own < this.#peer;
    }

    /**
     * Makes the call ID with the page PEER, in the place of any other.
     * @param {string} peer
     * @param {string} id
     */
    #begin(peer, id) {
        this.#drop();
        const { iceServers, handler, equip } = this.#opts;
        this.#peer = peer;
        this.#id = id;
        const call = new Call({
            iceServers: iceServers(),
            link: true,
            polite: this.#isPolite(),
            signaling: {
                sendDescription: (description) => this.#send(description.toJSON()),
                sendCandidate: (candidate) => this.#send(messageOf(candidate)),
            },
            handler: {
                onState: (state) => handler.onCallState(state),
                onStream: (stream) => handler.onStream(stream),
                onPeerSending: (sending) => handler.onPeerSending(sending),
                onEnd: (why) => this.#end(why),
            },
        });
        this.#call = call;
        equip(call);
        handler.onCall();
        return call;
    }

    #drop() {
        this.#call?.close();
        this.#call = null;
        this.#isOffering = false;
    }

    /** @param {EndReason} why */
    #end(why) {
        this.#drop();
        this.#opts.handler.onEnd(why);
        this.#sayReady();
    }

    #sayReady() {
        this.#peer = this.#id = '';
        this.#send(READY);
    }

    /** @param {any} message */
    #send(message) {
        const { line } = this.#opts;
        line.send(message, { strowger: { from: this.#own, to: this.#peer, call: this.#id, room: line.room } });
    }
}

/** @param {any} args @returns {Mark} */
function markOf(args) {
    const { from = '', to = '', call = '', room = '' } = args?.strowger ?? {};
    return { from, to, call, room };
}

/** @param {RTCIceCandidate} candidate @returns {object} as the codelab's pages send it, and their own name for it */
function messageOf({ candidate, sdpMLineIndex, sdpMid, usernameFragment }) {
    return { type: 'candidate', label: sdpMLineIndex, id: sdpMid, candidate, usernameFragment };
}

/** @param {any} message @returns {RTCIceCandidateInit} */
function candidateOf({ candidate, label, id, usernameFragment }) {
    return { candidate, sdpMLineIndex: label, sdpMid: id, usernameFragment };
}
