// SPDX-License-Identifier: MIT
// Where the server is that this page came from: all that it offers is at the page's own host and port.

/** @param {Location} location the page's @param {string} path where the server speaks the dialect */
export function socketUrl(location, path) {
    return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${path}`;
}

/**
 * The STUN service that every strowger offers on UDP, at the port that also serves this page.
 * @param {Location} location
 * @returns {RTCIceServer[]}
 */
export function ownIceServers({ hostname, port, protocol }) {
    return [{ urls: `stun:${hostname}:${port || (protocol === 'https:' ? 443 : 80)}` }];
}
