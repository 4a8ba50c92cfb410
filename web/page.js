// SPDX-License-Identifier: MIT
// What every page is made of: the top bar, this side's devices, one panel beside them, the stage of a call.
//
// It knows nothing of how a call comes about: a page makes one of these, `open`s it with its panels, shows the panel
// that fits, and shows and hides the stage through `callView`.

import { CallView } from './call-view.js';
import { h } from './dom.js';
import { say } from './i18n.js';
import { Media, sendMedia } from './media.js';
import { DevicePickers, PreviewView, ProblemView } from './media-views.js';
import { announce, clearNotices, noticeRegion } from './notices.js';
import { SettingsView } from './settings-view.js';
import { DONE, Sounds } from './sounds.js';
import { keep, recall } from './store.js';
import { topBar } from './top-bar.js';

/** @typedef {{ element: HTMLElement, focus(): void }} Panel */

/**
 * @typedef {object} PageOpts
 * @property {() => import('./call.js').Call | null} call the running one, which hears of changes of the devices
 * @property {() => void} onHangUp
 * @property {() => void} onLanguage
 */

const DEVICE_KINDS = /** @type {const} */ (['audioinput', 'videoinput', 'audiooutput']);

export class Page {
    sounds = new Sounds();
    media = new Media(() => this.#onMediaChange(), {
        audioinput: recall('audioinput'),
        videoinput: recall('videoinput'),
        audiooutput: recall('audiooutput'),
    });
    callView;
    #opts;
    /** @type {Panel[]} */ #panels = [];
    #preview;
    #pickers;
    #problems;
    #settings;
    #home;

    /** @param {PageOpts} opts */
    constructor(opts) {
        this.#opts = opts;
        const { media, sounds } = this;
        const onSpeaker = (/** @type {string} */ deviceId) => this.callView.setSpeaker(deviceId);
        const onSettings = () => this.#settings.show();
        this.callView = new CallView({ media, onHangUp: opts.onHangUp, onSettings });
        this.#preview = new PreviewView(media, sounds, onSettings);
        this.#pickers = new DevicePickers(media, onSpeaker);
        this.#problems = new ProblemView(media);
        this.#settings = new SettingsView(media, onSpeaker);
        this.#home = h('div', { class: 'home' });
    }

    /** Puts everything on the screen, with the first of PANELS, and opens the devices. @param {...Panel} panels */
    open(...panels) {
        const left = h('div', { class: 'left' }, this.#preview.element, this.#pickers.element, this.#problems.element);
        const right = h('div', { class: 'right' }, ...panels.map(({ element }) => element));
        this.#panels = panels;
        this.#home.append(topBar(() => this.#onLanguage()), h('main', {}, left, right));
        document.body.replaceChildren(this.#home, this.callView.element, this.#settings.element, noticeRegion());
        this.callView.setSpeaker(recall('audiooutput'));
        this.showPanel(panels[0]);
        if (!('RTCPeerConnection' in window)) right.replaceChildren(say(h('p', { class: 'lead' }), 'unsupported'));
        this.#onMediaChange();
        this.media.open();
    }

    /** @param {Panel} panel of those that were opened */
    showPanel(panel) {
        for (const one of this.#panels) one.element.hidden = one !== panel;
        panel.focus();
    }

    /** To be called when the stage was shown or hidden: what is behind it rests. */
    update() {
        this.#home.inert = this.callView.isShown;
        this.#preview.setVisible(!this.callView.isShown);
    }

    /** What every call leaves behind is put away. */
    endCall() {
        this.media.stopSharing();
        clearNotices();
        this.sounds.play(DONE);
    }

    /** @param {boolean} isOnline whether the server can be reached */
    setOnline(isOnline) {
        this.callView.setOnline(isOnline);
        if (this.callView.isShown) announce(isOnline ? 'lineBack' : 'lineLost');
    }

    #onMediaChange() {
        this.#pickers.update();
        this.#problems.update();
        this.#settings.update();
        this.callView.update();
        if (!this.callView.isShown) this.#preview.update();
        for (const kind of DEVICE_KINDS) keep(kind, this.media.chosen(kind));
        const call = this.#opts.call();
        if (call) sendMedia(this.media, call);
    }

    #onLanguage() {
        this.#onMediaChange();
        this.#opts.onLanguage();
    }
}
