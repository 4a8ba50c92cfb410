// SPDX-License-Identifier: MIT
// A port for a program that can't pick one itself.
import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';

// Below what systems give to those who ask for port 0. In between a port being found free and the program having it, one of
// them would else get it too; and who shares ports, as coturn and strowger do, would not even be told.
const [FIRST, N] = [20_000, 10_000];

// Whether nobody has the port that HANDLE just asked for, which is given back.
async function isFree(handle) {
    try {
        await once(handle, 'listening');
    } catch {
        return false;
    }
    handle.close();
    await once(handle, 'close');
    return true;
}

// A port of 127.0.0.1 that is free for TCP and for UDP.
export async function freePort() {
    for (;;) {
        const port = FIRST + Math.floor(Math.random() * N);
        if (await isFree(net.createServer().listen(port, '127.0.0.1'))
            && await isFree(dgram.createSocket('udp4').bind(port, '127.0.0.1'))) {
            return port;
        }
    }
}
