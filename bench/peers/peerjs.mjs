// SPDX-License-Identifier: MIT
// PeerJS's own server, without the limits that a crowd which only sits there would meet.
//
// usage: node peerjs.mjs PORT
import { PeerServer } from 'peer';

const port = Number(process.argv[2]);
PeerServer({ host: '127.0.0.1', port, concurrent_limit: 1_000_000, alive_timeout: 3_600_000 });
