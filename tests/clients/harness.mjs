// What the tests of the clients share: a list of tests, the packages, the upstream's records, and plain HTTP.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { createRequire } from 'node:module';

export { assert };

const require = createRequire(path.resolve('build/clients/package.json'));
export const Anthropic = require('@anthropic-ai/sdk');
export const OpenAI = require('openai');

// -- tests ---------------------------------------------------------------------------------

const tests = [];
const LIMIT_MS = 20000;

export function test(name, body) {
    tests.push({ name, body });
}

function inTime(promise) {
    let timer;
    const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`not over within ${LIMIT_MS} ms`)), LIMIT_MS);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// One after the other: what the upstream got last is then what the test's own request became.
export async function run(only) {
    let passed = 0,
        failed = 0;
    for (const { name, body } of tests) {
        if (only && !name.includes(only)) continue;
        try {
            await inTime(body());
            passed++;
        } catch (error) {
            failed++;
            console.log(
                `FAILED ${name}\n    ${String(error.stack ?? error)
                    .split('\n')
                    .slice(0, 14)
                    .join('\n    ')}`,
            );
        }
    }
    console.log(`clients: ${passed} passed, ${failed} failed`);
    return failed === 0 && passed > 0;
}

// What a promise was rejected with.
export async function thrown(promise) {
    try {
        await promise;
    } catch (error) {
        return error;
    }
    throw new assert.AssertionError({ message: 'nothing was thrown' });
}

export const sleep = ms => new Promise(done => setTimeout(done, ms));

// -- the mock behind the gateway -------------------------------------------------------------

// The last request that the mock got: its path, headers and body.
export function upstream() {
    const last = fs.readdirSync(process.env.RECORD).sort().pop();
    const raw = fs.readFileSync(path.join(process.env.RECORD, last), 'utf8');
    const [head, ...body] = raw.split('\r\n\r\n');
    const [line, ...headers] = head.split('\r\n');
    return {
        path: line.split(' ')[1],
        headers: Object.fromEntries(headers.map(h => h.split(/:\s*/, 2))),
        body: JSON.parse(body.join('\r\n\r\n')),
    };
}

export const requests = () => fs.readdirSync(process.env.RECORD).length;

// The golden cases of a format: what the mock plays for the model "mock-<name>", and what it means.
export function goldenCases(format) {
    const folder = path.join('tests/wire', format);
    return fs
        .readdirSync(folder)
        .sort()
        .filter(name => !name.startsWith('brain_') && fs.existsSync(path.join(folder, name, 'expect.json')))
        .map(name => ({
            name,
            expect: JSON.parse(fs.readFileSync(path.join(folder, name, 'expect.json'), 'utf8')),
            whole: fs.existsSync(path.join(folder, name, 'reply.txt')),
            stream: fs.existsSync(path.join(folder, name, 'stream.txt')),
        }));
}

// -- plain HTTP ------------------------------------------------------------------------------

// Sends pieces of bytes, a moment apart; returns all that came until the server closed or `until` says enough.
export function raw(port, pieces, until = () => false) {
    return new Promise((resolve, reject) => {
        const socket = net.connect(port, '127.0.0.1');
        let text = '';
        socket.on('data', data => {
            text += data;
            if (until(text)) socket.destroy();
        });
        socket.on('error', reject);
        socket.on('close', () => resolve(text));
        (async () => {
            for (const piece of [].concat(pieces)) {
                if (!socket.destroyed) socket.write(piece);
                await sleep(15);
            }
        })();
    });
}

export const status = text => Number(text.split(' ')[1]);
