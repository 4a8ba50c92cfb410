// SPDX-License-Identifier: MIT
// The bar at the top of every page: whose page it is, and in which language.

import { h, icon } from './dom.js';
import { chooseLanguage, label, LANGUAGES } from './i18n.js';

/** @param {() => void} onLanguage it was changed: all texts that i18n.js knows of are in the new one */
export function topBar(onLanguage) {
    const onchange = async () => {
        await chooseLanguage(select.value);
        onLanguage();
    };
    const select = h('select', { id: 'language', onchange });
    select.append(...Object.entries(LANGUAGES).map(([tag, { name }]) => new Option(name, tag)));
    select.value = document.documentElement.lang;
    const mark = h('img', { src: 'icon.svg', alt: '', width: 32, height: 32 });
    return h(
        'header',
        { class: 'top' },
        h('a', { class: 'brand', href: './' }, mark, 'strowger'),
        h('label', { class: 'language' }, icon('globe'), label(select, 'changeLanguage')),
    );
}
