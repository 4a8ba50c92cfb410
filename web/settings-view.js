// SPDX-License-Identifier: MIT
// The dialog with the devices, for changing them in the middle of a call, and the switch for the single-letter keys.

import { h } from './dom.js';
import { say } from './i18n.js';
import { DevicePickers, ProblemView } from './media-views.js';
import { keep, recall } from './store.js';

export class SettingsView {
    #pickers;
    #problems;
    #shortcuts = h('input', { type: 'checkbox', checked: areShortcutsOn(), onchange: () => this.#keepShortcuts() });

    /** @param {import('./media.js').Media} media @param {(deviceId: string) => void} onSpeaker */
    constructor(media, onSpeaker) {
        this.#pickers = new DevicePickers(media, onSpeaker);
        this.#problems = new ProblemView(media);
        this.element = h(
            'dialog',
            { class: 'card settings', 'aria-labelledby': 'settings-title' },
            h(
                'form',
                { method: 'dialog' },
                say(h('h2', { id: 'settings-title' }), 'settings'),
                this.#problems.element,
                this.#pickers.element,
                h('label', { class: 'check' }, this.#shortcuts, say(h('span'), 'shortcuts')),
                say(h('button', { class: 'primary' }), 'done'),
            ),
        );
    }

    show() {
        this.update();
        this.element.showModal();
    }

    update() {
        this.#problems.update();
        this.#pickers.update();
    }

    #keepShortcuts() {
        keep('shortcuts', this.#shortcuts.checked ? 'on' : 'off');
    }
}

/** Whether M, V and F do something; some people's tools type letters by accident (WCAG 2.1.4). */
export function areShortcutsOn() {
    return recall('shortcuts') !== 'off';
}
