// SPDX-License-Identifier: MIT
// Certificates for tests, made with the openssl command in a directory that goes with the test.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const KINDS = {
    ec: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
    rsa: ['rsa:2048'],
};

export class Certificates {
    #directory;

    constructor(t) {
        this.#directory = mkdtempSync(join(tmpdir(), 'strowger-'));
        t.after(() => rmSync(this.#directory, { recursive: true }));
    }

    path(name) {
        return join(this.#directory, name);
    }

    // A self-signed certificate for localhost and its key: NAME.crt and NAME.key. Returns the options that name them.
    make(name, kind = 'ec', subject = name) {
        const [cert, key] = [this.path(`${name}.crt`), this.path(`${name}.key`)];
        this.openssl('req', '-x509', '-newkey', ...KINDS[kind], '-nodes', '-keyout', key, '-out', cert, '-days', '2',
            '-subj', `/CN=${subject}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1');
        return ['--tls-cert', cert, '--tls-key', key];
    }

    openssl(...args) {
        return execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    }

    read(name) {
        return readFileSync(this.path(name));
    }
}
