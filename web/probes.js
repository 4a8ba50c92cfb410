// SPDX-License-Identifier: MIT
// Tries what a call needs: does a WebSocket open, does STUN answer, does TURN give a relay?
//
// Each probe takes a few seconds at the most and always comes to a finding.

/** @typedef {'open' | 'closed'} SocketFinding */
/** @typedef {{ answers: boolean, address: string }} StunFinding the address as others see it, '' when it is our own */
/** @typedef {'relays' | 'refuses' | 'silent'} TurnFinding */

const SOCKET_MS = 6_000;
const ICE_MS = 8_000;
const QUICK_MS = 3_000; // gathering that ends sooner got its answers; one that got none ends later
const UNAUTHORIZED = 401; // and what TURN says to who is known but not let in
const FORBIDDEN = 403;

/** @param {string} url @returns {Promise<SocketFinding>} */
export function probeSocket(url) {
    return new Promise((resolve) => {
        const socket = new WebSocket(url);
        const finish = (/** @type {SocketFinding} */ finding) => {
            clearTimeout(timer);
            socket.onopen = socket.onclose = null;
            socket.close();
            resolve(finding);
        };
        const timer = setTimeout(finish, SOCKET_MS, 'closed');
        socket.onopen = () => finish('open');
        socket.onclose = () => finish('closed');
    });
}

/** @param {RTCIceServer[]} iceServers of STUN @returns {Promise<StunFinding>} */
export async function probeStun(iceServers) {
    const { candidate, errors, ms } = await gather({ iceServers }, 'srflx');
    if (candidate) return { answers: true, address: (candidate.address ?? '').replace(/^\[|\]$/g, '') };
    return { answers: ms < QUICK_MS && errors.length === 0, address: '' }; // the same as our own is none to a browser
}

/** @param {RTCIceServer} server of TURN, with one URL @returns {Promise<TurnFinding>} */
export async function probeTurn(server) {
    const { candidate, errors } = await gather({ iceServers: [server], iceTransportPolicy: 'relay' }, 'relay');
    if (candidate) return 'relays';
    return errors.some((code) => code === UNAUTHORIZED || code === FORBIDDEN) ? 'refuses' : 'silent';
}

/**
 * @typedef {object} Gathered
 * @property {RTCIceCandidate | null} candidate the first of the type that was sought
 * @property {number[]} errors codes
 * @property {number} ms how long it took
 */

/**
 * Gathers candidates until there is one of TYPE.
 * @param {RTCConfiguration} configuration
 * @param {RTCIceCandidateType} type
 * @returns {Promise<Gathered>}
 */
async function gather(configuration, type) {
    const pc = new RTCPeerConnection(configuration);
    const began = performance.now();
    /** @type {number[]} */ const errors = [];
    /** @type {Promise<RTCIceCandidate | null>} */
    const found = new Promise((resolve) => {
        setTimeout(resolve, ICE_MS, null);
        pc.addEventListener('icecandidateerror', ({ errorCode }) => errors.push(errorCode));
        pc.addEventListener('icecandidate', ({ candidate }) => {
            if (!candidate || candidate.type === type) resolve(candidate);
        });
    });
    pc.createDataChannel('probe');
    await pc.setLocalDescription();
    const candidate = await found;
    pc.close();
    return { candidate, errors, ms: performance.now() - began };
}
