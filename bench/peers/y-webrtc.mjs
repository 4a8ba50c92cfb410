// SPDX-License-Identifier: MIT
// y-webrtc's own signaling server, as it is.
//
// usage: node y-webrtc.mjs PORT
process.env.PORT = process.argv[2];
await import('./node_modules/y-webrtc/bin/server.js');
