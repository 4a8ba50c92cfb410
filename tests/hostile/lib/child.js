// SPDX-License-Identifier: MIT
// The other side of helper.js: imports a module and calls its functions as it is asked to.
import { setPriority } from 'node:os';

const [, , module, isNice] = process.argv;
if (isNice === 'true') {
    setPriority(19); // the machine's processors are for the server and those who measure it
}
const functions = import(module);

process.on('message', async ({ id, name, params }) => {
    try {
        process.send({ id, result: await (await functions)[name](params) });
    } catch (error) {
        process.send({ id, error: error.stack });
    }
});
process.on('disconnect', () => process.exit());
