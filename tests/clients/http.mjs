// The gateway's HTTP: what no SDK sends, or can see.

import http from 'node:http';
import { spawn } from 'node:child_process';
import { Anthropic, assert, test, raw, status, sleep } from './harness.mjs';

const body = JSON.stringify({
    model: 'claude-sonnet-4-6',
    max_tokens: 50,
    messages: [{ role: 'user', content: 'Hello.' }],
});
const head = (line, ...headers) => [`${line} HTTP/1.1`, 'host: x', ...headers, '', ''].join('\r\n');
const post = (...headers) => head('POST /v1/messages', ...headers);
const close = 'connection: close';
const shape = text => JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4));
const refusal = (text, code, type) => {
    assert.equal(status(text), code, text);
    assert.equal(shape(text).error.type, type, text);
};

// A gateway of the test's own, before a provider of the test's own. Gives both to `body`, and ends them.
async function withGateway(provider, options, use) {
    const upstream = http.createServer(provider).listen(0, '127.0.0.1');
    await new Promise(done => upstream.once('listening', done));
    const gateway = spawn(
        process.env.GATEWAY,
        ['--provider', 'anthropic', '--base-url', `http://127.0.0.1:${upstream.address().port}`, ...options],
        { env: { ANTHROPIC_API_KEY: 'k' }, stdio: ['ignore', 'pipe', 'ignore'] },
    );
    const ended = new Promise(done => gateway.once('exit', done));
    try {
        const line = await new Promise(done => gateway.stdout.once('data', done));
        await use(Number(String(line).split(':')[1]), gateway);
    } finally {
        gateway.kill();
        upstream.closeAllConnections?.();
        upstream.close();
    }
    assert.equal(await ended, 0, 'the gateway does not end well');
}

const event = (type, more) => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
const start = event('message_start', {
    message: {
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        model: 'm',
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { input_tokens: 1, output_tokens: 1 },
    },
});

export function tests(port) {
    const it = (name, use) => test(`http: ${name}`, use);

    it('what is no HTTP', async () => {
        for (const bytes of [
            'junk\r\n\r\n',
            'GET\r\n\r\n',
            'POST /v1/messages HTTP/2.0\r\n\r\n',
            'POST v1 HTTP/1.1\r\n\r\n',
            '\x16\x03\x01\x02\x00\x01\r\n',
        ])
            assert.equal(status(await raw(port, bytes)), 400, bytes);
    });
    it('a head that is wrong', async () => {
        for (const headers of [
            ['no colon'],
            [': no name'],
            ['content-length : 5'],
            ['content-length: five'],
            ['content-length: -1'],
            ['content-length: 1', 'content-length: 2'],
            ['content-length: 99999999999999999999'],
            ['transfer-encoding: gzip'],
            ['transfer-encoding: chunked', 'content-length: 5'],
            [' folded: x'],
            ['a\0b: x'],
        ])
            refusal(await raw(port, post(...headers)), 400, 'invalid_request_error');
        refusal(
            await raw(port, 'POST /v1/messages HTTP/1.1\r\nanthropic-version: x\r\n\r\n'),
            400,
            'invalid_request_error',
        );
    });
    it('a head without an end', async () =>
        assert.equal(status(await raw(port, post(`x: ${'y'.repeat(70000)}`))), 431));
    it('a wrong path', async () => {
        refusal(
            await raw(port, head('POST /v1/nothing', 'anthropic-version: 2023-06-01', close)),
            404,
            'not_found_error',
        );
        refusal(
            await raw(port, head('GET /v1/messages/x?y', 'anthropic-version: 2023-06-01', close)),
            404,
            'not_found_error',
        );
    });
    it('a wrong method', async () => {
        const text = await raw(port, head('GET /v1/messages', close));
        refusal(text, 405, 'invalid_request_error');
        assert.match(text, /\r\nallow: POST\r\n/);
        assert.match(await raw(port, head('DELETE /health', close)), /^HTTP\/1.1 405 .*\r\nallow: GET\r\n/s);
    });
    it('health', async () => assert.deepEqual(shape(await raw(port, head('GET /health', close))), { status: 'ok' }));

    it('a body byte by byte', async () =>
        assert.equal(
            status(
                await raw(port, [
                    post(`content-length: ${body.length}`, close).slice(0, 9),
                    ...post(`content-length: ${body.length}`, close)
                        .slice(9)
                        .match(/.{1,40}/gs),
                    ...body.match(/.{1,9}/gs),
                ]),
            ),
            200,
        ));
    it('a body in chunks', async () => {
        const chunks =
            body
                .match(/.{1,30}/gs)
                .map(c => `${c.length.toString(16)};x=y\r\n${c}\r\n`)
                .join('') + '0\r\ntrailer: x\r\n\r\n';
        assert.equal(
            status(
                await raw(port, [post('transfer-encoding: chunked', close), chunks.slice(0, 50), chunks.slice(50)]),
            ),
            200,
        );
    });
    it('chunks that are wrong', async () => {
        for (const chunk of ['x\r\n', '\r\n', '2\r\nabc\r\n', 'fffffffffffffffff\r\n'])
            refusal(await raw(port, post('transfer-encoding: chunked') + chunk), 400, 'invalid_request_error');
    });
    it('too long, told before', async () =>
        refusal(await raw(port, post('content-length: 100000000')), 413, 'request_too_large'));
    it('too long, counted', async () => {
        const chunk = `100000\r\n${'x'.repeat(0x100000)}\r\n`;
        refusal(
            await raw(port, [post('transfer-encoding: chunked'), ...Array(40).fill(chunk)]),
            413,
            'request_too_large',
        );
    });
    it('expect: 100-continue', async () => {
        const text = await raw(port, [post(`content-length: ${body.length}`, 'expect: 100-continue', close), body]);
        assert.match(text, /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 /);
        refusal(await raw(port, post('content-length: 100000000', 'expect: 100-continue')), 413, 'request_too_large');
    });
    it('one connection for many requests, also at once', async () => {
        const one = post(`content-length: ${body.length}`) + body;
        const text = await raw(port, [one, one + one, head('GET /health') + '\r\n' + head('GET /nope', close)]);
        assert.equal(text.match(/HTTP\/1.1 200 /g).length, 4);
        assert.equal(text.match(/HTTP\/1.1 404 /g).length, 1);
    });
    it('HTTP/1.0 gets no chunks', async () => {
        const streamed = body.replace('{', '{"stream":true,');
        const text = await raw(
            port,
            `POST /v1/messages HTTP/1.0\r\ncontent-length: ${streamed.length}\r\n\r\n${streamed}`,
        );
        assert.match(text, /\r\n\r\nevent: message_start\n.*event: message_stop\ndata: [^\n]*\n\n$/s);
    });
    it('what is no JSON', async () => {
        const text = await raw(port, post('content-length: 8', close) + '{"model"');
        refusal(text, 400, 'invalid_request_error');
        assert.match(shape(text).error.message, /byte 8/);
    });

    it('a client that is gone takes its call along', () => {
        let gone;
        const cut = new Promise(done => {
            gone = done;
        });
        return withGateway(
            (request, answer) => {
                request.resume();
                answer.on('close', gone);
                answer.writeHead(200, { 'content-type': 'text/event-stream' });
                answer.write(start);
            },
            [],
            async at => {
                const text = await raw(
                    at,
                    post(`content-length: ${body.length + 14}`) +
                        body.replace('{', '{"stream":true'.concat(',')).slice(0),
                    t => t.includes('message_start'),
                );
                assert.match(text, /event: message_start/);
                await cut;
            },
        );
    });
    it('a provider that ends in the middle', () =>
        withGateway(
            (request, answer) => {
                request.resume();
                answer.writeHead(200, { 'content-type': 'text/event-stream' });
                answer.write(start);
                setTimeout(() => answer.destroy(), 50);
            },
            [],
            async at => {
                const client = new Anthropic.default({
                    apiKey: 'k',
                    baseURL: `http://127.0.0.1:${at}`,
                    maxRetries: 0,
                });
                const e = await client.messages
                    .stream({ model: 'm', max_tokens: 5, messages: [{ role: 'user', content: 'x' }] })
                    .finalMessage()
                    .catch(error => error);
                assert.ok(e instanceof Anthropic.APIError, String(e));
                assert.equal(e.error.error.type, 'api_error');
            },
        ));
    it('a provider that is not there', () =>
        withGateway(
            (request, answer) => answer.destroy(),
            [],
            async at => {
                const text = await raw(at, post(`content-length: ${body.length}`, close) + body);
                assert.ok(status(text) >= 500, text);
                assert.equal(shape(text).type, 'error');
            },
        ));
    it('patience with a client ends', () =>
        withGateway(
            (request, answer) => answer.end('{}'),
            ['--patience', '200'],
            async at => {
                assert.equal(await raw(at, ''), '');
                assert.equal(await raw(at, head('GET /health')).then(status), 200);
                refusal(await raw(at, post('content-length: 5') + '{'), 408, 'invalid_request_error');
            },
        ));
    it('a client that takes nothing holds nobody up, and its answer is not gathered without end', () => {
        let written = 0,
            closed = false;
        return withGateway(
            (request, answer) => {
                request.resume();
                answer.writeHead(200, { 'content-type': 'text/event-stream' });
                answer.write(
                    start + event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
                );
                const piece = event('content_block_delta', {
                    index: 0,
                    delta: { type: 'text_delta', text: 'x'.repeat(60000) },
                });
                const more = () => {
                    while (!closed && written < 400 * 60000 && answer.write(piece)) written += 60000;
                    if (!closed && written < 400 * 60000) answer.once('drain', more);
                };
                answer.on('close', () => {
                    closed = true;
                });
                more();
            },
            ['--patience', '1500'],
            async at => {
                const { default: net } = await import('node:net');
                const deaf = net.connect(at, '127.0.0.1');
                const ask = body.replace('{', '{"stream":true,');
                deaf.on('error', () => {});
                deaf.pause();
                deaf.write(post(`content-length: ${ask.length}`) + ask);
                await sleep(700);
                assert.ok(written < 300 * 60000, `${written} bytes were taken from the provider`);
                assert.equal(status(await raw(at, head('GET /health', close))), 200);
                while (!closed) await sleep(50);
                deaf.destroy();
            },
        );
    });
}
