// SPDX-License-Identifier: MIT
// One call: an RTCPeerConnection with perfect negotiation, from the first offer to the end.
//
// It knows nothing of the page and nothing of how descriptions travel: whoever makes a Call hands in a `signaling` that
// carries them to the other side and calls `receiveDescription` and `receiveCandidate` with what comes back, in the
// order sent. Beside the media it opens a data channel to pages of its own kind ("link"), over which the two tell each
// other who is muted, say goodbye, and ask "are you still there". Other pages never answer on it, and get by without.

/**
 * What a call needs to reach the other side.
 * @typedef {object} CallSignaling
 * @property {(description: RTCSessionDescription) => void} sendDescription
 * @property {(candidate: RTCIceCandidate) => void} sendCandidate
 */

/** @typedef {'connecting' | 'connected' | 'reconnecting' | 'closed'} CallState */
/** @typedef {'left' | 'lost' | 'apart'} Ending apart: the two never found a way to each other */
/** @typedef {'audio' | 'video'} Kind */
/** @typedef {{ microphone: boolean, camera: boolean }} Sending */
/** @typedef {{ relayed: boolean, rttMs: number | null }} Path */

/**
 * What a call tells its maker. `onEnd` comes once at most and never for the maker's own `close`.
 * @typedef {object} CallHandler
 * @property {(state: CallState) => void} onState
 * @property {(stream: MediaStream) => void} onStream the other side's tracks, the same stream for the whole call
 * @property {(sending: Sending) => void} onPeerSending
 * @property {(why: Ending) => void} onEnd
 */

/**
 * @typedef {object} CallOpts
 * @property {CallSignaling} signaling
 * @property {CallHandler} handler
 * @property {RTCIceServer[]} iceServers
 * @property {boolean} polite who gives way when both offer at once; the two sides must differ
 * @property {boolean} link whether to open the data channel: false towards a page that is known not to be ours
 */

const GIVE_UP_MS = 30_000; // of trying to get a broken connection back
const PING_MS = 2_500; // for the other page's answer to "are you still there"
const LINK_ID = 0; // agreed, so that neither side has to announce the channel and glare cannot make two

/** @type {readonly Kind[]} */
const KINDS = ['audio', 'video'];

export class Call {
    /** @type {CallOpts} */ #opts;
    /** @type {RTCPeerConnection} */ #pc;
    /** @type {RTCDataChannel | null} */ #link = null;
    /** @type {Record<Kind, MediaStreamTrack | null>} */ #tracks = { audio: null, video: null };
    /** @type {Partial<Record<Kind, RTCRtpTransceiver>>} */ #transceivers = {};
    /** @type {Sending} */ #sending = { microphone: false, camera: false };
    #local = new MediaStream(); // carries no track; groups ours into one stream on the other side
    #remote = new MediaStream();
    #makingOffer = false;
    #ignoreOffer = false;
    /** @type {RTCIceCandidateInit[]} */ #early = [];
    /** @type {Promise<void>} */ #received = Promise.resolve();
    /** @type {Set<(alive: boolean) => void>} */ #pings = new Set();
    /** @type {CallState} */ #state = 'connecting';
    #giveUpTimer = 0;
    #peerSpoke = false; // on the link, which a page of another kind leaves silent

    /** @param {CallOpts} opts */
    constructor(opts) {
        this.#opts = opts;
        this.#pc = this.#connect();
    }

    get state() {
        return this.#state;
    }

    get isClosed() {
        return this.#state === 'closed';
    }

    /** Whether the other side is a page like ours that has said so over the link. */
    get isLinked() {
        return this.#link?.readyState === 'open' && this.#peerSpoke;
    }

    /** Makes the first offer. The side that is called doesn't start; it receives. */
    start() {
        for (const kind of KINDS) this.#addTransceiver(kind);
    }

    /**
     * Sends TRACK from now on, or nothing. Needs no new offer, but for a kind that the other side's offer left out.
     * @param {Kind} kind
     * @param {MediaStreamTrack | null} track
     */
    async setTrack(kind, track) {
        if (this.isClosed || track === this.#tracks[kind]) return;
        this.#tracks[kind] = track;
        const transceiver = this.#transceivers[kind];
        if (transceiver) await transceiver.sender.replaceTrack(track);
        else if (track && this.#pc.remoteDescription) this.#addTransceiver(kind);
    }

    /** @param {Sending} sending what the other page shall show as on and off */
    setSending(sending) {
        this.#sending = sending;
        this.#tell({ type: 'sending', ...sending });
    }

    /** @param {RTCSessionDescriptionInit} description */
    receiveDescription(description) {
        return this.#inOrder(() => this.#applyDescription(description));
    }

    /** @param {RTCIceCandidateInit} candidate */
    receiveCandidate(candidate) {
        return this.#inOrder(() => this.#applyCandidate(candidate));
    }

    /** @param {RTCIceServer[]} iceServers in place of those that have been used, from the next new path on */
    setIceServers(iceServers) {
        this.#opts = { ...this.#opts, iceServers };
        if (!this.isClosed) this.#pc.setConfiguration({ ...this.#pc.getConfiguration(), iceServers });
    }

    /** Finds a new path between the two: after a failure, or when this side's network has changed. */
    restart() {
        if (!this.isClosed) this.#pc.restartIce();
    }

    /**
     * Asks the other side whether it is still in this call. Pages without a link can't say: there, media counts.
     * @returns {Promise<boolean>}
     */
    async isAlive() {
        if (this.isClosed) return false;
        if (this.#state === 'reconnecting') return true; // it ends by itself, should it not come back
        if (!this.isLinked) return this.#isReceiving();
        return new Promise((resolve) => {
            const answer = (/** @type {boolean} */ alive) => {
                clearTimeout(timer);
                this.#pings.delete(answer);
                resolve(alive);
            };
            const timer = setTimeout(() => answer(false), PING_MS);
            this.#pings.add(answer);
            this.#tell({ type: 'ping' });
        });
    }

    /** How the media travels, for the badge; null while there is no connection. @returns {Promise<Path | null>} */
    async path() {
        const stats = await this.#stats();
        for (const report of stats.values()) {
            if (report.type !== 'transport' || !report.selectedCandidatePairId) continue;
            const pair = stats.get(report.selectedCandidatePairId);
            const ends = [stats.get(pair?.localCandidateId), stats.get(pair?.remoteCandidateId)];
            const rtt = pair?.currentRoundTripTime;
            return {
                relayed: ends.some((end) => end?.candidateType === 'relay'),
                rttMs: typeof rtt === 'number' ? Math.round(rtt * 1000) : null,
            };
        }
        return null;
    }

    /** Ends the call on this side, and says goodbye over the link if there is one. */
    close() {
        if (this.isClosed) return;
        this.#tell({ type: 'bye' });
        this.#setState('closed');
        clearTimeout(this.#giveUpTimer);
        for (const answer of this.#pings) answer(false);
        this.#pc.close();
    }

    #connect() {
        const pc = new RTCPeerConnection({ iceServers: this.#opts.iceServers });
        pc.onnegotiationneeded = () => this.#offer(pc);
        pc.onicecandidate = ({ candidate }) => candidate && this.#opts.signaling.sendCandidate(candidate);
        pc.onconnectionstatechange = () => this.#onConnectionState(pc);
        pc.ontrack = ({ track }) => this.#onTrack(track);
        if (this.#opts.link) this.#openLink(pc);
        return pc;
    }

    /** @param {RTCPeerConnection} pc */
    async #offer(pc) {
        try {
            this.#makingOffer = true;
            await pc.setLocalDescription();
            if (pc === this.#pc && pc.localDescription) this.#opts.signaling.sendDescription(pc.localDescription);
        } catch (error) {
            if (pc.signalingState !== 'closed') console.warn('offer', error);
        } finally {
            if (pc === this.#pc) this.#makingOffer = false;
        }
    }

    /** @param {RTCSessionDescriptionInit} description */
    async #applyDescription(description) {
        const collides = description.type === 'offer' && (this.#makingOffer || this.#pc.signalingState !== 'stable');
        this.#ignoreOffer = collides && !this.#opts.polite;
        if (this.#ignoreOffer) return;
        if (description.type === 'answer' && this.#pc.signalingState !== 'have-local-offer') return;
        if (collides && !this.#pc.remoteDescription) this.#startOver();
        const pc = this.#pc;
        await pc.setRemoteDescription(description);
        await this.#applyEarlyCandidates();
        if (description.type !== 'offer') return;
        await this.#adoptTransceivers();
        await pc.setLocalDescription();
        if (pc.localDescription) this.#opts.signaling.sendDescription(pc.localDescription);
        this.#addMissing();
    }

    /**
     * Gives up our own first offer for the other side's. A rollback alone would not do: transceivers made by
     * addTransceiver are not reused for a remote offer (RFC 8829 section 5.10), so the call would carry two of each.
     */
    #startOver() {
        const old = this.#pc;
        old.onnegotiationneeded = old.onicecandidate = old.onconnectionstatechange = old.ontrack = null;
        if (this.#link) this.#link.onopen = this.#link.onmessage = this.#link.onclose = null;
        old.close();
        this.#makingOffer = false;
        this.#transceivers = {};
        this.#pc = this.#connect();
    }

    /** Takes the offer's media sections as ours too, so that one section carries both directions. */
    async #adoptTransceivers() {
        for (const transceiver of this.#pc.getTransceivers()) {
            const kind = /** @type {Kind} */ (transceiver.receiver.track.kind);
            if (this.#transceivers[kind] || transceiver.mid === null) continue;
            this.#transceivers[kind] = transceiver;
            transceiver.direction = 'sendrecv';
            transceiver.sender.setStreams?.(this.#local);
            await transceiver.sender.replaceTrack(this.#tracks[kind]);
        }
    }

    /** Offers what the other side's offer had no place for: a microphone, to a page that offered only video. */
    #addMissing() {
        for (const kind of KINDS) if (!this.#transceivers[kind] && this.#tracks[kind]) this.#addTransceiver(kind);
    }

    /** @param {Kind} kind */
    #addTransceiver(kind) {
        this.#transceivers[kind] = this.#pc.addTransceiver(this.#tracks[kind] ?? kind, {
            direction: 'sendrecv',
            streams: [this.#local],
        });
    }

    /** @param {RTCIceCandidateInit} candidate */
    async #applyCandidate(candidate) {
        const description = this.#pc.remoteDescription;
        if (!description) {
            this.#early.push(candidate);
            return;
        }
        if (!belongsTo(candidate, description)) return;
        try {
            await this.#pc.addIceCandidate(candidate);
        } catch (error) {
            if (!this.#ignoreOffer) throw error;
        }
    }

    async #applyEarlyCandidates() {
        for (const candidate of this.#early.splice(0)) await this.#applyCandidate(candidate);
    }

    /**
     * Runs STEP after all that was received before it. One broken message must not end the call, nor hold up the next.
     * @param {() => Promise<void>} step
     */
    #inOrder(step) {
        this.#received = this.#received.then(async () => {
            if (this.isClosed) return;
            try {
                await step();
            } catch (error) {
                if (this.isClosed) return;
                console.warn('ignored a message of the other side', error);
                if (!this.#pc.remoteDescription) this.#end('apart'); // it was the description that all else rests on
            }
        });
        return this.#received;
    }

    /** @param {MediaStreamTrack} track */
    #onTrack(track) {
        for (const old of this.#remote.getTracks()) if (old.kind === track.kind) this.#remote.removeTrack(old);
        this.#remote.addTrack(track);
        this.#opts.handler.onStream(this.#remote);
    }

    /** @param {RTCPeerConnection} pc */
    #onConnectionState(pc) {
        const state = pc.connectionState;
        if (state === 'connected') {
            clearTimeout(this.#giveUpTimer);
            this.#giveUpTimer = 0;
            this.#setState('connected');
        } else if (state === 'disconnected' || state === 'failed') {
            if (this.#state === 'connected') this.#setState('reconnecting');
            const why = this.#state === 'connecting' ? 'apart' : 'lost';
            this.#giveUpTimer ||= window.setTimeout(() => this.#end(why), GIVE_UP_MS);
            if (state === 'failed') pc.restartIce();
        } else if (state === 'closed') {
            this.#end('left');
        }
    }

    /** @param {RTCPeerConnection} pc */
    #openLink(pc) {
        const link = pc.createDataChannel('strowger', { negotiated: true, id: LINK_ID });
        link.onopen = () => this.setSending(this.#sending);
        link.onmessage = ({ data }) => this.#onLinkMessage(data);
        link.onclose = () => this.#peerSpoke && this.#end('left');
        this.#link = link;
    }

    /** @param {unknown} text */
    #onLinkMessage(text) {
        const message = parseObject(text);
        this.#peerSpoke = true;
        switch (message?.type) {
            case 'sending':
                this.#opts.handler.onPeerSending({ microphone: !!message.microphone, camera: !!message.camera });
                break;
            case 'ping':
                this.#tell({ type: 'pong' });
                break;
            case 'pong':
                for (const answer of this.#pings) answer(true);
                break;
            case 'bye':
                this.#end('left');
        }
    }

    /** @param {object} message */
    #tell(message) {
        if (this.#link?.readyState === 'open') this.#link.send(JSON.stringify(message));
    }

    /** Whether bytes still come in: the sign of life of a page without a link. */
    async #isReceiving() {
        const before = await this.#bytesReceived();
        await new Promise((resolve) => setTimeout(resolve, PING_MS));
        return !this.isClosed && (await this.#bytesReceived()) > before;
    }

    async #bytesReceived() {
        let bytes = 0;
        for (const report of (await this.#stats()).values())
            if (report.type === 'inbound-rtp') bytes += report.bytesReceived ?? 0;
        return bytes;
    }

    /** @returns {Promise<Map<string, any>>} RTCStatsReport is a Map, which TypeScript's DOM library leaves out */
    async #stats() {
        return /** @type {any} */ (await this.#pc.getStats());
    }

    /** @param {Ending} why */
    #end(why) {
        if (this.isClosed) return;
        this.close();
        this.#opts.handler.onEnd(why);
    }

    /** @param {CallState} state */
    #setState(state) {
        if (state === this.#state) return;
        this.#state = state;
        this.#opts.handler.onState(state);
    }
}

/**
 * Whether CANDIDATE was gathered for DESCRIPTION: the dialect doesn't say who sent one, its ICE user name does.
 * @param {RTCIceCandidateInit} candidate
 * @param {RTCSessionDescription} description
 */
function belongsTo(candidate, description) {
    const name = candidate.usernameFragment ?? / ufrag (\S+)/.exec(candidate.candidate ?? '')?.[1];
    return !name || description.sdp.split(/\r?\n/).includes(`a=ice-ufrag:${name}`);
}

/** @param {unknown} text @returns {Record<string, unknown> | null} */
function parseObject(text) {
    try {
        const value = JSON.parse(String(text));
        return typeof value === 'object' ? value : null;
    } catch {
        return null;
    }
}
