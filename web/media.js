// SPDX-License-Identifier: MIT
// This side's camera, microphone and screen: opens them, closes them, says why one can't be had.
//
// Whoever joins without a device, or is refused one, may still listen and watch: no problem here ends anything. A camera
// that is off is closed, so that its light goes out; a muted microphone stays open and sends silence.

/** @typedef {import('./call.js').Kind} Kind */

/**
 * Why there is no microphone or camera: the page is not on a secure address; the person or the browser said no; there
 * is none; another program has it; it can't do what was asked; something else.
 * @typedef {'insecure' | 'denied' | 'missing' | 'busy' | 'unsuitable' | 'failed'} Problem
 */

/** @type {Record<string, Problem>} the names of the DOMExceptions of getUserMedia */
const PROBLEMS = {
    NotAllowedError: 'denied',
    SecurityError: 'denied',
    NotFoundError: 'missing',
    NotReadableError: 'busy',
    AbortError: 'busy',
    OverconstrainedError: 'unsuitable',
};

/** @typedef {'audioinput' | 'videoinput' | 'audiooutput'} DeviceKind */
/** @type {Record<Kind, 'audioinput' | 'videoinput'>} */
const INPUT = { audio: 'audioinput', video: 'videoinput' };

export class Media {
    /** @type {Record<Kind, MediaStreamTrack | null>} */ #tracks = { audio: null, video: null };
    /** @type {MediaStreamTrack | null} */ #screen = null;
    /** @type {Record<Kind, boolean>} */ #wanted = { audio: true, video: true };
    /** @type {Record<Kind, Problem | null>} */ #problems = { audio: null, video: null };
    /** @type {Record<DeviceKind, string>} */ #chosen;
    #onChange;
    /** @type {Promise<void>} */ #queue = Promise.resolve();
    /** @type {Kind[]} */ #opening = [];

    /**
     * @param {() => void} onChange tracks, problems or the list of devices are others than before
     * @param {Record<DeviceKind, string>} chosen the devices of last time, '' for any; used again where they are there
     */
    constructor(onChange, chosen) {
        this.#onChange = onChange;
        this.#chosen = { ...chosen };
        navigator.mediaDevices?.addEventListener('devicechange', onChange);
    }

    /** Whether this browser shows pages cameras at all, which it does on https and on localhost only. */
    get isPossible() {
        return window.isSecureContext && !!navigator.mediaDevices?.getUserMedia;
    }

    /** What the other side shall see. */
    get video() {
        return this.#screen ?? this.#tracks.video;
    }

    /** What the other side shall hear. */
    get audio() {
        return this.#tracks.audio;
    }

    get isMicrophoneOn() {
        return this.#wanted.audio && !!this.#tracks.audio;
    }

    get isCameraOn() {
        return !!this.#tracks.video;
    }

    get isSharing() {
        return !!this.#screen;
    }

    /** Whether the person, or the device, is being waited for. @param {Kind} kind */
    isOpening(kind) {
        return this.#opening.includes(kind);
    }

    /** @param {Kind} kind */
    problem(kind) {
        return this.#problems[kind];
    }

    /** @param {DeviceKind} kind @returns {string} the id of the device in use or wanted, '' for any */
    chosen(kind) {
        const track = kind === 'videoinput' ? this.#tracks.video : kind === 'audioinput' ? this.#tracks.audio : null;
        return track?.getSettings().deviceId ?? this.#chosen[kind];
    }

    /** Opens what is wanted and not yet open: camera and microphone in one question to the person, where possible. */
    open() {
        return this.#inTurn(async () => {
            /** @type {Kind[]} */ const both = ['audio', 'video'];
            const kinds = both.filter((kind) => this.#wanted[kind] && !this.#tracks[kind]);
            if (kinds.length === 2 && (await this.#tryOpen(kinds, false)) === null) return;
            for (const kind of kinds) {
                const wereRefused = kinds.length === 2 && this.#problems[kind] === 'denied';
                if (!wereRefused || (await isWorthAsking(kind))) await this.#tryOpen([kind], false);
            }
        });
    }

    /** @param {boolean} isOn */
    setMicrophone(isOn) {
        return this.#inTurn(async () => {
            this.#wanted.audio = isOn;
            if (isOn && !this.#tracks.audio) await this.#tryOpen(['audio'], false);
            if (this.#tracks.audio) this.#tracks.audio.enabled = isOn;
        });
    }

    /** @param {boolean} isOn */
    setCamera(isOn) {
        return this.#inTurn(async () => {
            this.#wanted.video = isOn;
            if (!isOn) this.#drop('video');
            else if (!this.#tracks.video) await this.#tryOpen(['video'], false);
        });
    }

    /**
     * Takes another device from now on.
     * @param {DeviceKind} kind
     * @param {string} deviceId
     */
    choose(kind, deviceId) {
        return this.#inTurn(async () => {
            this.#chosen[kind] = deviceId;
            if (kind === 'audiooutput') return;
            const media = kind === 'audioinput' ? 'audio' : 'video';
            if (!this.#wanted[media]) return;
            this.#drop(media); // first: many devices and phones have no two open at once
            await this.#tryOpen([media], true);
        });
    }

    /** Shows the screen, or a window of it, in the camera's place until stopped here or in the browser's own bar. */
    shareScreen() {
        return this.#inTurn(async () => {
            const stream = await navigator.mediaDevices.getDisplayMedia({ video: true }).catch(() => null);
            this.#screen = stream?.getVideoTracks()[0] ?? null;
            if (this.#screen) this.#screen.onended = () => this.stopSharing();
        });
    }

    stopSharing() {
        return this.#inTurn(async () => {
            this.#screen?.stop();
            this.#screen = null;
        });
    }

    /** The devices there are; names are empty until one was opened. @returns {Promise<MediaDeviceInfo[]>} */
    async devices() {
        return (await navigator.mediaDevices?.enumerateDevices?.().catch(() => [])) ?? [];
    }

    /**
     * Opens KINDS together. The device of last time is a wish; one that the person has just picked is not.
     * @param {Kind[]} kinds
     * @param {boolean} isExact
     * @returns {Promise<Problem | null>}
     */
    async #tryOpen(kinds, isExact) {
        this.#opening = kinds;
        this.#onChange();
        const problem = await this.#request(kinds, isExact);
        this.#opening = [];
        for (const kind of kinds) this.#problems[kind] = problem;
        return problem;
    }

    /** @param {Kind[]} kinds @param {boolean} isExact @returns {Promise<Problem | null>} */
    async #request(kinds, isExact) {
        if (!this.isPossible) return 'insecure';
        try {
            const stream = await navigator.mediaDevices.getUserMedia({
                audio: kinds.includes('audio') && this.#constraints('audio', isExact),
                video: kinds.includes('video') && this.#constraints('video', isExact),
            });
            for (const track of stream.getTracks()) this.#take(track);
            return null;
        } catch (error) {
            return PROBLEMS[error instanceof Error || error instanceof DOMException ? error.name : ''] ?? 'failed';
        }
    }

    /** @param {Kind} kind @param {boolean} isExact @returns {MediaTrackConstraints} */
    #constraints(kind, isExact) {
        const deviceId = this.#chosen[INPUT[kind]];
        const device = deviceId ? { deviceId: isExact ? { exact: deviceId } : deviceId } : {};
        return kind === 'audio' ? device : { ...device, width: { ideal: 1280 }, height: { ideal: 720 } };
    }

    /** @param {MediaStreamTrack} track */
    #take(track) {
        const kind = /** @type {Kind} */ (track.kind);
        this.#tracks[kind]?.stop();
        this.#tracks[kind] = track;
        if (kind === 'audio') track.enabled = this.#wanted.audio;
        track.onended = () => {
            if (this.#tracks[kind] !== track) return;
            this.#tracks[kind] = null; // pulled out, or taken back in the browser's settings
            this.#problems[kind] = 'missing';
            this.#onChange();
        };
    }

    /** @param {Kind} kind */
    #drop(kind) {
        this.#tracks[kind]?.stop();
        this.#tracks[kind] = null;
    }

    /** Devices open and close one after the other, however fast somebody clicks. @param {() => Promise<void>} step */
    #inTurn(step) {
        this.#queue = this.#queue.then(step).finally(this.#onChange);
        return this.#queue;
    }
}

/**
 * Whether to ask for KIND alone after both together were refused: when it would be given without a question, or when it
 * was the other one that the browser refuses for good. A person who has just said no is not asked again.
 * @param {Kind} kind
 */
async function isWorthAsking(kind) {
    const [own, other] = kind === 'audio' ? ['microphone', 'camera'] : ['camera', 'microphone'];
    const state = await permission(own);
    return state === 'granted' || (state === 'prompt' && (await permission(other)) === 'denied');
}

/** @param {string} name @returns {Promise<PermissionState | undefined>} undefined where the browser won't tell */
async function permission(name) {
    const query = navigator.permissions?.query({ name: /** @type {PermissionName} */ (name) });
    return (await query?.catch(() => null))?.state;
}

/**
 * Calls ONLEVEL with how loud TRACK is, 0 to 1, at every frame that the page draws, until the returned function is
 * called.
 * @param {AudioContext} context
 * @param {MediaStreamTrack} track
 * @param {(level: number) => void} onLevel
 * @returns {() => void}
 */
export function meterLevel(context, track, onLevel) {
    const source = context.createMediaStreamSource(new MediaStream([track]));
    const analyser = context.createAnalyser();
    analyser.fftSize = 512;
    source.connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    let level = 0;
    let frame = 0;
    const measure = () => {
        analyser.getFloatTimeDomainData(samples);
        const power = samples.reduce((sum, x) => sum + x * x, 0) / samples.length;
        const decibel = 10 * Math.log10(power + 1e-10);
        level = Math.max(Math.min(Math.max((decibel + 60) / 50, 0), 1), level * 0.9); // -60 dB to -10 dB; falls slowly
        onLevel(level);
        frame = requestAnimationFrame(measure);
    };
    measure();
    return () => {
        cancelAnimationFrame(frame);
        source.disconnect();
    };
}

/**
 * Gives CALL what is to be sent now; to be called again whenever that changes.
 * @param {Media} media
 * @param {import('./call.js').Call} call
 */
export function sendMedia(media, call) {
    call.setTrack('audio', media.audio);
    call.setTrack('video', media.video);
    call.setSending({ microphone: media.isMicrophoneOn, camera: !!media.video });
}
