// SPDX-License-Identifier: MIT
// What shows this side's devices: the preview, the buttons for microphone and camera, the pickers, what is wrong.
//
// Each view has an `element` and an `update()` that makes it agree with the Media it was given.

import { h, icon, setIcon, show } from './dom.js';
import { label, say, text } from './i18n.js';
import { meterLevel } from './media.js';

/** @typedef {import('./media.js').Media} Media */
/** @typedef {import('./media.js').DeviceKind} DeviceKind */
/** @typedef {import('./media.js').Problem} Problem */
/** @typedef {import('./sounds.js').Sounds} Sounds */

const METER_DOTS = 10;
/** @type {readonly DeviceKind[]} */
const DEVICE_KINDS = ['videoinput', 'audioinput', 'audiooutput'];

/** The two round buttons that everybody looks for. */
export class MediaButtons {
    #media;
    #microphone;
    #camera;

    /** @param {Media} media */
    constructor(media) {
        this.#media = media;
        this.#microphone = h(
            'button',
            { type: 'button', class: 'round microphone', onclick: () => media.setMicrophone(!media.isMicrophoneOn) },
            icon('microphone'),
        );
        this.#camera = h(
            'button',
            { type: 'button', class: 'round camera', onclick: () => media.setCamera(!media.isCameraOn) },
            icon('camera'),
        );
        this.elements = [this.#microphone, this.#camera];
        this.update();
    }

    update() {
        const { isMicrophoneOn, isCameraOn } = this.#media;
        this.#set(this.#microphone, 'microphone', isMicrophoneOn);
        this.#set(this.#camera, 'camera', isCameraOn);
        label(this.#microphone, isMicrophoneOn ? 'mute' : 'unmute');
        label(this.#camera, isCameraOn ? 'cameraOff' : 'cameraOn');
    }

    /** @param {HTMLButtonElement} button @param {'microphone' | 'camera'} name @param {boolean} isOn */
    #set(button, name, isOn) {
        setIcon(button, isOn ? name : `${name}-off`);
        button.classList.toggle('off', !isOn);
        button.classList.toggle('trouble', !isOn && !!this.#media.problem(name === 'camera' ? 'video' : 'audio'));
    }
}

/** This side's picture, large before the call and small during it. */
export class SelfView {
    #media;
    #video = h('video', { muted: true, autoplay: true, playsInline: true, disablePictureInPicture: true });
    /** @type {MediaStreamTrack | null} */ #track = null;

    /** @param {Media} media */
    constructor(media) {
        this.#media = media;
        label(this.#video, 'preview');
        this.element = h('div', { class: 'self' }, this.#video);
    }

    update() {
        const track = this.#media.video;
        this.element.classList.toggle('empty', !track);
        this.element.classList.toggle('mirrored', !this.#media.isSharing);
        if (track === this.#track) return;
        this.#track = track;
        show(this.#video, track && new MediaStream([track]));
    }
}

/** The card before a call: picture, microphone level, buttons. */
export class PreviewView {
    #media;
    #sounds;
    #self;
    #buttons;
    #caption = h('p', { class: 'caption' });
    #dots = Array.from({ length: METER_DOTS }, () => h('i'));
    /** @type {MediaStreamTrack | null} */ #metered = null;
    #stopMeter = () => {};

    /** @param {Media} media @param {Sounds} sounds @param {() => void} onSettings */
    constructor(media, sounds, onSettings) {
        this.#media = media;
        this.#sounds = sounds;
        this.#self = new SelfView(media);
        this.#buttons = new MediaButtons(media);
        const meter = label(h('div', { class: 'meter', role: 'img' }, ...this.#dots), 'microphoneLevel');
        const props = { type: 'button', class: 'round settings', onclick: onSettings };
        const settings = label(h('button', props, icon('settings')), 'settings');
        const bar = h('div', { class: 'bar' }, meter, settings, ...this.#buttons.elements);
        this.element = h('div', { class: 'preview' }, this.#self.element, this.#caption, bar);
    }

    update() {
        this.#self.update();
        this.#buttons.update();
        this.#caption.hidden = !!this.#media.video;
        say(this.#caption, this.#media.isOpening('video') ? 'cameraStarting' : 'cameraIsOff');
        this.#meter(this.#media.isMicrophoneOn ? this.#media.audio : null);
    }

    /** Measures nothing while the card is out of sight. @param {boolean} isVisible */
    setVisible(isVisible) {
        if (isVisible) this.update();
        else this.#meter(null);
    }

    /** @param {MediaStreamTrack | null} track */
    #meter(track) {
        if (track === this.#metered) return;
        this.#stopMeter();
        this.#metered = track;
        if (track) {
            this.#stopMeter = meterLevel(this.#sounds.wake(), track, (level) => this.#draw(level));
        } else {
            this.#stopMeter = () => {};
            this.#draw(0);
        }
    }

    /** @param {number} level */
    #draw(level) {
        this.#dots.forEach((dot, i) => dot.classList.toggle('lit', level * METER_DOTS > i + 0.5));
    }
}

/** One list for each kind of device that there is a choice of. */
export class DevicePickers {
    #media;
    #onSpeaker;
    /** @type {Record<DeviceKind, HTMLSelectElement>} */ #selects;

    /** @param {Media} media @param {(deviceId: string) => void} onSpeaker */
    constructor(media, onSpeaker) {
        this.#media = media;
        this.#onSpeaker = onSpeaker;
        this.#selects = {
            videoinput: this.#select('videoinput'),
            audioinput: this.#select('audioinput'),
            audiooutput: this.#select('audiooutput'),
        };
        this.element = h(
            'div',
            { class: 'pickers' },
            this.#field('videoinput', 'camera', 'camera'),
            this.#field('audioinput', 'microphone', 'microphone'),
            'setSinkId' in HTMLMediaElement.prototype && this.#field('audiooutput', 'speaker', 'speaker'),
        );
    }

    async update() {
        const devices = await this.#media.devices();
        for (const kind of DEVICE_KINDS)
            this.#fill(this.#selects[kind], kind, devices.filter((device) => device.kind === kind));
    }

    /** @param {DeviceKind} kind */
    #select(kind) {
        const select = h('select', {
            name: kind,
            onchange: async () => {
                await this.#media.choose(kind, select.value);
                if (kind === 'audiooutput') this.#onSpeaker(select.value);
            },
        });
        return select;
    }

    /** @param {DeviceKind} kind @param {import('./i18n.js').Key} key @param {string} iconName */
    #field(kind, key, iconName) {
        label(this.#selects[kind], key);
        return h('label', { class: 'picker' }, icon(iconName), this.#selects[kind], icon('chevron'));
    }

    /** @param {HTMLSelectElement} select @param {DeviceKind} kind @param {MediaDeviceInfo[]} devices */
    #fill(select, kind, devices) {
        const name = text(kind === 'videoinput' ? 'camera' : kind === 'audioinput' ? 'microphone' : 'speaker');
        const known = devices.filter((device) => device.deviceId);
        const options = known.map(
            (device, i) => new Option(device.label || text('unnamedDevice', { kind: name, n: i + 1 }), device.deviceId),
        );
        if (!options.length) options.push(new Option(name, ''));
        select.replaceChildren(...options);
        select.disabled = known.length === 0;
        const chosen = this.#media.chosen(kind);
        if (known.some((device) => device.deviceId === chosen)) select.value = chosen;
    }
}

/** What is wrong with camera and microphone, and what to do about it. */
export class ProblemView {
    #media;

    /** @param {Media} media */
    constructor(media) {
        this.#media = media;
        this.element = h('div', { class: 'problems', role: 'status' });
    }

    update() {
        const audio = this.#media.problem('audio');
        const video = this.#media.problem('video');
        /** @type {HTMLElement[]} */ const cards = [];
        if (audio && audio === video) {
            cards.push(this.#card(audio, 'deviceBoth'));
        } else {
            if (video) cards.push(this.#card(video, 'deviceVideo'));
            if (audio) cards.push(this.#card(audio, 'deviceAudio'));
        }
        this.element.replaceChildren(...cards);
    }

    /** @param {Problem} problem @param {'deviceAudio' | 'deviceVideo' | 'deviceBoth'} device */
    #card(problem, device) {
        const params = { device: text(device) };
        const retry = h('button', { type: 'button', class: 'quiet', onclick: () => this.#media.open() });
        const isFinal = problem === 'insecure';
        return h(
            'section',
            { class: 'problem' },
            icon('alert'),
            h(
                'div',
                {},
                h('h2', {}, text(`${problem}Title`, params)),
                h('p', {}, text(`${problem}Remedy`, params)),
                isFinal && secureAddresses(),
                h('p', {}, text('joinAnyway')),
                !isFinal && say(retry, 'tryAgain'),
            ),
        );
    }
}

const DEV_PORT = 8443; // of the server's option --dev

/** Where this same page would be given a camera. */
function secureAddresses() {
    const { host, hostname, port, pathname, search } = location;
    const places = [
        [`https://${host}${pathname}${search}`, text('insecureTls')],
        [`https://${hostname}:${DEV_PORT}${pathname}${search}`, text('insecureDev')],
        [`http://localhost${port ? `:${port}` : ''}${pathname}${search}`, text('insecureHere')],
    ];
    return h('ul', {}, ...places.map(([href, why]) => h('li', {}, h('a', { href }, href), ` — ${why}`)));
}
