// SPDX-License-Identifier: MIT
// A call as it is seen: the other side's picture, ours in the corner, the buttons below.
//
// It shows one Call after the other and knows nothing of how a call is made: a page calls `show` with a name, `setCall`
// when there is one, tells what happens, and `hide` in the end.

import { h, icon, setIcon, show } from './dom.js';
import { label, say } from './i18n.js';
import { MediaButtons, SelfView } from './media-views.js';
import { initialOf } from './names.js';
import { announce } from './notices.js';
import { areShortcutsOn } from './settings-view.js';

/** @typedef {import('./i18n.js').Key} Key */
/** @typedef {import('./call.js').Call} Call */
/** @typedef {'calling' | 'ringing' | 'connecting' | 'connected' | 'reconnecting'} Status */

/**
 * @typedef {object} CallViewOpts
 * @property {import('./media.js').Media} media
 * @property {() => void} onHangUp
 * @property {() => void} onSettings
 */

const TICK_MS = 1_000;
const MOST_CROPPED = 0.75; // a picture fills the stage when at least this part of it stays visible

export class CallView {
    #opts;
    #name = '';
    /** @type {Status} */ #status = 'calling';
    #hasPicture = false;
    /** @type {import('./call.js').Sending} */ #peer = { microphone: true, camera: true };
    /** @type {Call | null} */ #call = null;
    #connectedAt = 0;
    #tick = 0;
    /** @type {WakeLockSentinel | null} */ #wakeLock = null;

    #remote = h('video', { class: 'remote', autoplay: true, playsInline: true });
    #face = h('div', { class: 'face' });
    #faceName = h('p', { class: 'face-name' });
    #faceStatus = h('p', { class: 'face-status', role: 'status' });
    #title = h('h1', { class: 'peer', id: 'peer' });
    #muted = h('span', { class: 'pill muted', hidden: true }, icon('microphone-off'));
    #clock = h('span', { class: 'clock', role: 'timer' });
    #badge = h('span', { class: 'pill badge', hidden: true });
    #offline = h('span', { class: 'pill warning', hidden: true });
    #playLabel = h('span');
    #play = h(
        'button',
        { type: 'button', class: 'primary play', hidden: true, onclick: () => this.#playRemote() },
        icon('play'),
        this.#playLabel,
    );
    #confirm = h('dialog', { class: 'card confirm', 'aria-labelledby': 'confirm-title' });
    #self;
    #buttons;
    #screen;
    #full;
    #hangUp;

    /** @param {CallViewOpts} opts */
    constructor(opts) {
        this.#opts = opts;
        const { media, onHangUp, onSettings } = opts;
        this.#self = new SelfView(media);
        this.#buttons = new MediaButtons(media);
        this.#screen = roundButton('screen', () => this.#toggleScreen(), 'share-screen');
        this.#full = roundButton('expand', () => this.#toggleFullScreen(), 'full-screen');
        this.#hangUp = label(roundButton('hang-up', onHangUp, 'hang-up danger'), 'hangUp');
        const settings = label(roundButton('settings', onSettings, 'settings'), 'settings');
        const canShare = !!navigator.mediaDevices?.getDisplayMedia;
        this.element = h(
            'section',
            { class: 'stage', hidden: true, 'data-status': 'calling', 'aria-labelledby': 'peer' },
            this.#remote,
            h('div', { class: 'nobody' }, this.#face, this.#faceName, this.#faceStatus),
            h('header', {}, this.#title, this.#muted, this.#clock, this.#badge, say(this.#offline, 'offline')),
            this.#self.element,
            this.#play,
            h(
                'div',
                { class: 'controls' },
                ...this.#buttons.elements,
                canShare && this.#screen,
                document.fullscreenEnabled && this.#full,
                settings,
                this.#hangUp,
            ),
            this.#makeConfirm(),
        );
        this.#remote.addEventListener('resize', () => this.#fit());
        new ResizeObserver(() => this.#fit()).observe(this.element);
        document.addEventListener('fullscreenchange', () => this.update());
        document.addEventListener('keydown', (event) => this.#onKey(event));
        document.addEventListener('visibilitychange', () => this.#keepAwake());
    }

    get isShown() {
        return !this.element.hidden;
    }

    /**
     * @param {string} name of the other side, as it stands in sentences
     * @param {Status} status
     * @param {string} title what stands above the picture
     */
    show(name, status, title = name) {
        this.#name = name;
        this.#peer = { microphone: true, camera: true };
        this.#hasPicture = false;
        this.#connectedAt = 0;
        this.#clock.textContent = '';
        this.#badge.hidden = this.#offline.hidden = this.#play.hidden = true;
        this.#face.textContent = initialOf(title);
        this.#title.textContent = this.#faceName.textContent = title;
        this.element.hidden = false;
        this.setStatus(status);
        this.update();
        this.#hangUp.focus();
        this.#tick = window.setInterval(() => this.#onTick(), TICK_MS);
        this.#keepAwake();
    }

    hide() {
        clearInterval(this.#tick);
        this.element.hidden = true;
        this.#confirm.close();
        this.#call = null;
        show(this.#remote, null);
        if (document.fullscreenElement) document.exitFullscreen();
        this.#keepAwake();
    }

    /** @param {Call | null} call whose path the badge shows */
    setCall(call) {
        this.#call = call;
    }

    /** @param {Status} status */
    setStatus(status) {
        this.#status = status;
        if (status === 'connected' && !this.#connectedAt) {
            this.#connectedAt = performance.now();
            this.#onTick();
        }
        this.update();
    }

    /** @param {MediaStream} stream */
    async setStream(stream) {
        for (const track of stream.getVideoTracks()) track.onunmute = track.onmute = () => this.#onPicture();
        this.#onPicture();
        const isPlaying = await show(this.#remote, stream);
        this.#play.hidden = isPlaying;
    }

    /** @param {import('./call.js').Sending} sending */
    setPeerSending(sending) {
        const before = this.#peer;
        this.#peer = sending;
        const params = { name: this.#name };
        if (before.microphone && !sending.microphone) announce('peerMuted', params);
        if (!before.microphone && sending.microphone) announce('peerUnmuted', params);
        if (before.camera && !sending.camera) announce('peerCameraOff', params);
        this.update();
    }

    /** @param {boolean} isOnline whether the server can be reached */
    setOnline(isOnline) {
        this.#offline.hidden = isOnline;
    }

    /** @param {string} deviceId to hear the other side on */
    setSpeaker(deviceId) {
        /** @type {any} */ (this.#remote).setSinkId?.(deviceId).catch(() => {});
    }

    /** Makes the view agree with the call and with our media. */
    update() {
        const { media } = this.#opts;
        const isPicture = this.#hasPicture && this.#peer.camera && !!this.#connectedAt;
        this.#self.update();
        this.#buttons.update();
        this.element.dataset.status = this.#status;
        this.element.classList.toggle('picture', isPicture);
        this.#face.classList.toggle('ringing', this.#status === 'calling' || this.#status === 'ringing');
        if (this.#status !== 'connected') say(this.#faceStatus, this.#status);
        else say(this.#faceStatus, 'peerCameraOff', { name: this.#name });
        this.#muted.hidden = this.#peer.microphone;
        label(this.#muted, 'peerMuted', { name: this.#name });
        say(this.#playLabel, 'tapToPlay', { name: this.#name });
        setIcon(this.#screen, media.isSharing ? 'screen-off' : 'screen');
        label(this.#screen, media.isSharing ? 'stopSharing' : 'shareScreen');
        this.#screen.classList.toggle('active', media.isSharing);
        const isFull = !!document.fullscreenElement;
        setIcon(this.#full, isFull ? 'shrink' : 'expand');
        label(this.#full, isFull ? 'exitFullScreen' : 'fullScreen');
    }

    #makeConfirm() {
        const stay = h('button', { class: 'quiet' });
        const leave = h('button', { class: 'danger', onclick: () => this.#opts.onHangUp() });
        this.#confirm.append(
            h(
                'form',
                { method: 'dialog' },
                say(h('h2', { id: 'confirm-title' }), 'hangUpQuestion'),
                h('div', { class: 'row' }, say(stay, 'stay'), say(leave, 'hangUp')),
            ),
        );
        return this.#confirm;
    }

    /** A camera that sends nothing yet, or none at all, leaves the track muted. */
    #onPicture() {
        const stream = this.#remote.srcObject;
        this.#hasPicture = stream instanceof MediaStream && stream.getVideoTracks().some((track) => !track.muted);
        this.update();
    }

    async #playRemote() {
        this.#play.hidden = await show(this.#remote, /** @type {MediaStream} */ (this.#remote.srcObject));
    }

    async #onTick() {
        if (!this.#connectedAt) return;
        this.#clock.textContent = duration(performance.now() - this.#connectedAt);
        const path = await this.#call?.path();
        this.#badge.hidden = !path || this.#status !== 'connected';
        if (!path) return;
        say(this.#badge, path.relayed ? 'relayed' : 'direct');
        if (path.rttMs !== null) this.#badge.append(` · ${path.rttMs} ms`);
        label(this.#badge, path.relayed ? 'relayedExplained' : 'directExplained', { rtt: path.rttMs ?? '–' });
    }

    /** Fills the stage where that crops little; shows the whole picture where it would crop much. */
    #fit() {
        const { videoWidth, videoHeight, clientWidth, clientHeight } = this.#remote;
        if (!videoWidth || !clientWidth) return;
        const ratio = videoWidth / videoHeight / (clientWidth / clientHeight);
        this.#remote.classList.toggle('fill', Math.min(ratio, 1 / ratio) >= MOST_CROPPED);
    }

    #toggleScreen() {
        const { media } = this.#opts;
        if (media.isSharing) media.stopSharing();
        else media.shareScreen();
    }

    #toggleFullScreen() {
        if (document.fullscreenElement) document.exitFullscreen();
        else this.element.requestFullscreen?.().catch(() => {});
    }

    /** @param {KeyboardEvent} event */
    #onKey(event) {
        const isElsewhere = event.target instanceof Element && event.target.closest('input, select, textarea, dialog');
        if (!this.isShown || isElsewhere || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
        const { media, onHangUp } = this.#opts;
        /** @type {Record<string, () => void>} */ const keys = {
            m: () => media.setMicrophone(!media.isMicrophoneOn),
            v: () => media.setCamera(!media.isCameraOn),
            f: () => this.#toggleFullScreen(),
        };
        if (event.key === 'Escape') {
            event.preventDefault(); // or the same key press would close the question
            if (this.#connectedAt) this.#confirm.showModal();
            else onHangUp();
            return;
        }
        const action = areShortcutsOn() ? keys[event.key.toLowerCase()] : undefined;
        action?.();
    }

    /** Keeps the screen on during a call, where the browser can; it lets go whenever the page is out of sight. */
    async #keepAwake() {
        if (!this.isShown) {
            this.#wakeLock?.release().catch(() => {});
            this.#wakeLock = null;
        } else if (document.visibilityState === 'visible' && 'wakeLock' in navigator) {
            this.#wakeLock = await navigator.wakeLock.request('screen').catch(() => null);
        }
    }
}

/** @param {string} iconName @param {() => void} onclick @param {string} className */
function roundButton(iconName, onclick, className) {
    return h('button', { type: 'button', class: `round ${className}`, onclick }, icon(iconName));
}

/** @param {number} ms @returns {string} such as 4:05 or 1:02:33 */
function duration(ms) {
    const seconds = Math.floor(ms / 1_000);
    const parts = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
    const shown = parts[0] ? parts : parts.slice(1);
    return shown.map((part, i) => (i ? String(part).padStart(2, '0') : part)).join(':');
}
