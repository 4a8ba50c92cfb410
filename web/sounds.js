// SPDX-License-Identifier: MIT
// The bell, the ringback tone and the chimes, made of sine waves: there are no sound files to load.
//
// A browser stays silent until the person has touched the page; joining is such a touch, which is why `wake` is called
// there. Sounds that can't be heard are no error: the page also shows everything that it rings for.

/** @typedef {{ hz: number[], at: number, seconds: number, loudness: number, isStruck: boolean }} Note */

/** @typedef {{ notes: Note[], everyMs: number }} Ring */

/** @param {number} at @param {number} hz @returns {Note} a stroke on a bell: partials that die away */
const stroke = (at, hz) => ({ hz: [hz, hz * 2.76, hz * 5.4], at, seconds: 1.1, loudness: 0.16, isStruck: true });

/** @type {Ring} for who is called */
export const BELL = {
    notes: [0, 0.14, 0.28, 0.42, 1.0, 1.14, 1.28, 1.42].map((at, i) => stroke(at, i % 2 ? 660 : 784)),
    everyMs: 4_000,
};

/** @type {Ring} for who calls */
export const RINGBACK = {
    notes: [{ hz: [425], at: 0, seconds: 1, loudness: 0.04, isStruck: false }],
    everyMs: 4_000,
};

/** @param {...number} tones @returns {Ring} heard once */
const chime = (...tones) => ({
    notes: tones.map((hz, i) => ({ hz: [hz], at: i * 0.14, seconds: 0.22, loudness: 0.06, isStruck: true })),
    everyMs: 0,
});

/** At the end of a call. */
export const DONE = chime(523, 392);

/** When somebody comes into the room, and the call begins. */
export const ARRIVED = chime(392, 523);

export class Sounds {
    /** @type {AudioContext | null} */ #context = null;
    /** @type {GainNode | null} */ #playing = null;
    #timer = 0;

    /** The page's one audio context, running from the first touch on. @returns {AudioContext} */
    wake() {
        this.#context ??= new AudioContext();
        if (this.#context.state === 'suspended') this.#context.resume().catch(() => {});
        return this.#context;
    }

    /** Plays RING, again and again if it says so, in the place of what is playing. @param {Ring} ring */
    play(ring) {
        this.stop();
        const out = this.wake().createGain();
        out.connect(this.wake().destination);
        this.#playing = out;
        const strike = () => ring.notes.forEach((note) => this.#sound(note, out));
        strike();
        if (ring.everyMs) this.#timer = window.setInterval(strike, ring.everyMs);
        if (ring === BELL) navigator.vibrate?.([400, 200, 400]);
    }

    stop() {
        clearInterval(this.#timer);
        this.#playing?.disconnect();
        this.#playing = null;
    }

    /** @param {Note} note @param {AudioNode} out */
    #sound(note, out) {
        const context = this.wake();
        const start = context.currentTime + note.at;
        const end = start + note.seconds;
        note.hz.forEach((hz, i) => {
            const wave = context.createOscillator();
            const gain = context.createGain();
            wave.frequency.value = hz;
            gain.gain.setValueAtTime(0, start);
            gain.gain.linearRampToValueAtTime(note.loudness / (i * 2 + 1), start + 0.01);
            if (note.isStruck) gain.gain.exponentialRampToValueAtTime(0.0001, end);
            else gain.gain.setTargetAtTime(0, end - 0.05, 0.015);
            wave.connect(gain).connect(out);
            wave.start(start);
            wave.stop(end);
        });
    }
}
