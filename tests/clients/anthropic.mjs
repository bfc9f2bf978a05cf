// Anthropic's SDK in front of the gateway; behind it a provider of either format.

import { Anthropic, assert, test, thrown, upstream, requests, goldenCases } from './harness.mjs';

const WORDS = { type: 'object', properties: { a: { type: 'number' }, b: { type: 'number' } }, required: ['a', 'b'] };
const add = { name: 'add', description: 'Adds two numbers.', input_schema: WORDS };
const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const hello = { max_tokens: 200, messages: [{ role: 'user', content: 'Good morning.' }] };

// What the API answers with, by the canonical code of a failure.
const statuses = {
    ERR_AUTH: [401, 'authentication_error', Anthropic.AuthenticationError],
    ERR_QUOTA: [402, 'billing_error', Anthropic.APIError],
    ERR_FORBIDDEN: [403, 'permission_error', Anthropic.PermissionDeniedError],
    ERR_NOT_FOUND: [404, 'not_found_error', Anthropic.NotFoundError],
    ERR_REQUEST: [400, 'invalid_request_error', Anthropic.BadRequestError],
    ERR_TOO_LONG: [400, 'invalid_request_error', Anthropic.BadRequestError],
    ERR_RATE_LIMIT: [429, 'rate_limit_error', Anthropic.RateLimitError],
    ERR_OVERLOADED: [529, 'overloaded_error', Anthropic.InternalServerError],
    ERR_SERVER: [500, 'api_error', Anthropic.InternalServerError],
    ERR_TIMEOUT: [504, 'timeout_error', Anthropic.InternalServerError],
};
const byStatus = {
    409: [409, 'conflict_error', Anthropic.ConflictError],
    413: [413, 'request_too_large', Anthropic.APIError],
};

const joined = (content, type, member) =>
    content
        .filter(b => b.type === type)
        .map(b => b[member])
        .join('');

// A message against what expect.json of a golden case says.
function sameTurn(message, expect, streamed, own) {
    const calls = message.content.filter(b => b.type === 'tool_use');
    const u = expect.usage;
    assert.equal(message.type, 'message');
    assert.equal(message.role, 'assistant');
    assert.equal(message.id, expect.id);
    assert.equal(message.model, expect.model);
    assert.equal(joined(message.content, 'text', 'text'), expect.text || (expect.audio?.transcript ?? ''));
    assert.equal(joined(message.content, 'thinking', 'thinking'), expect.thinking ?? '');
    assert.deepEqual(
        calls.map(c => c.name),
        expect.calls.map(c => c.name),
    );
    expect.calls.forEach((call, i) => {
        if (call.id) assert.equal(calls[i].id, call.id);
        if (!(call.invalid && streamed)) assert.deepEqual(calls[i].input, call.input);
    });
    assert.equal(message.stop_reason, expect.stop);
    assert.equal(message.stop_sequence, expect.stop_sequence);
    assert.equal(message.usage.input_tokens, u.input_tokens);
    assert.equal(message.usage.cache_read_input_tokens, u.cache_read_tokens);
    assert.equal(message.usage.cache_creation_input_tokens, u.cache_write_5m_tokens + u.cache_write_1h_tokens);
    assert.equal(message.usage.output_tokens, u.output_tokens);
    assert.equal(message.usage.output_tokens_details.thinking_tokens, u.thinking_tokens);
    if (own && expect.blocks)
        assert.deepEqual(
            message.content.map(b => b.type),
            expect.blocks,
        );
    if (own && expect.signatures)
        assert.deepEqual(
            message.content.filter(b => b.type === 'thinking').map(b => b.signature),
            expect.signatures,
        );
    if (own && expect.redacted)
        assert.deepEqual(
            message.content.filter(b => b.type === 'redacted_thinking').map(b => b.data),
            expect.redacted,
        );
}

// Everything that the helper tells of a stream must agree with what it ends with.
async function helped(stream) {
    const told = { text: '', thinking: '', blocks: [], events: [] };
    stream.on('text', piece => {
        told.text += piece;
    });
    stream.on('thinking', piece => {
        told.thinking += piece;
    });
    stream.on('contentBlock', block => told.blocks.push(structuredClone(block)));
    stream.on('streamEvent', event => told.events.push(event.type));
    const message = await stream.finalMessage();
    assert.equal(told.text, joined(message.content, 'text', 'text'));
    assert.equal(told.thinking, joined(message.content, 'thinking', 'thinking'));
    assert.deepEqual(
        told.blocks.map(b => b.type),
        message.content.map(b => b.type),
    );
    assert.equal(told.events[0], 'message_start');
    assert.equal(told.events.at(-1), 'message_stop');
    return message;
}

export function tests(back, port) {
    const client = new Anthropic.default({ apiKey: 'any', baseURL: `http://127.0.0.1:${port}`, maxRetries: 0 });
    const own = back === 'anthropic-messages';
    const model = own ? 'claude-sonnet-4-6' : 'gpt-4.1';
    const create = more => client.messages.create({ model, ...hello, ...more });
    const it = (name, body) => test(`anthropic sdk, ${back} behind: ${name}`, body);

    for (const { name, expect, whole, stream } of goldenCases(back)) {
        const play = { model: `mock-${name}`, ...hello };
        if (!expect.error) {
            if (whole) it(`${name}`, async () => sameTurn(await client.messages.create(play), expect, false, own));
            if (stream)
                it(`${name}, streamed`, async () =>
                    sameTurn(await helped(client.messages.stream(play)), expect, true, own));
            continue;
        }
        const { error } = expect;
        if (whole)
            it(`${name}`, async () => {
                const e = await thrown(client.messages.create(play));
                const [code, type, kind] = byStatus[error.http_status] ?? statuses[error.code];
                assert.ok(e instanceof kind, `${e.constructor.name}: ${e.message}`);
                assert.equal(e.status, code);
                assert.equal(e.error.type, 'error');
                assert.equal(e.error.error.type, type);
                assert.ok(
                    e.error.error.message.includes(error.message ?? ''),
                    `${e.error.error.message} should have: ${error.message}`,
                );
                assert.equal(
                    e.headers.get('retry-after'),
                    error.retry_after_ms ? String(Math.ceil(error.retry_after_ms / 1000)) : null,
                );
                if (error.request_id) assert.equal(e.requestID, error.request_id);
            });
        if (stream)
            it(`${name}, streamed`, async () => {
                const s = client.messages.stream(play);
                let text = '';
                s.on('text', piece => {
                    text += piece;
                });
                const e = await thrown(s.finalMessage());
                const [code, type] = statuses[error.code];
                assert.ok(e instanceof Anthropic.APIError, `${e.constructor.name}: ${e.message}`);
                assert.equal(text, expect.text ?? '');
                assert.equal(
                    e.status,
                    text ? undefined : code,
                ); /* behind the beginning there is no status any more */
                assert.equal(e.error.error.type, type);
                assert.ok(e.error.error.message.includes(error.message), e.error.error.message);
            });
    }

    it('a chat', async () => {
        const message = await create();
        assert.match(joined(message.content, 'text', 'text'), /./);
        assert.equal(message.stop_reason, 'end_turn');
        assert.equal(upstream().path, own ? '/v1/messages' : '/v1/chat/completions');
    });

    it('text arrives before the end', async () => {
        const stream = client.messages.stream({ ...hello, model: 'slow' });
        const times = [];
        stream.on('text', () => times.push(performance.now()));
        await stream.finalMessage();
        assert.ok(times.length > 4, `${times.length} pieces`);
        assert.ok(performance.now() - times[0] > 100, 'the first piece came with the last');
    });

    it('the raw events of create({stream: true})', async () => {
        const types = [];
        for await (const event of await create({ stream: true })) types.push(event.type);
        assert.deepEqual(
            [...new Set(types)],
            [
                'message_start',
                'content_block_start',
                'content_block_delta',
                'content_block_stop',
                'message_delta',
                'message_stop',
            ],
        );
    });

    it('a tool loop of two turns', async () => {
        const messages = [{ role: 'user', content: 'What is 2 plus 40?' }];
        const first = await create({ messages, tools: [add] });
        const call = first.content.find(b => b.type === 'tool_use');
        assert.equal(first.stop_reason, 'tool_use');
        assert.deepEqual(call.input, { a: 2, b: 40 });
        messages.push(
            { role: 'assistant', content: first.content },
            { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: 'It is 42.' }] },
        );
        const second = await create({ messages, tools: [add] });
        assert.equal(second.stop_reason, 'end_turn');
        assert.match(joined(second.content, 'text', 'text'), /It is 42\./);
    });

    it('a tool loop of two turns, streamed', async () => {
        const messages = [{ role: 'user', content: 'What is 2 plus 40?' }];
        let pieces = '';
        const stream = client.messages.stream({ model, ...hello, messages, tools: [add] });
        stream.on('inputJson', piece => {
            pieces += piece;
        });
        const first = await stream.finalMessage();
        const call = first.content.find(b => b.type === 'tool_use');
        assert.deepEqual(call.input, { a: 2, b: 40 });
        assert.deepEqual(JSON.parse(pieces), call.input);
        messages.push(
            { role: 'assistant', content: first.content },
            {
                role: 'user',
                content: [
                    { type: 'tool_result', tool_use_id: call.id, content: [{ type: 'text', text: 'It is 42.' }] },
                ],
            },
        );
        assert.match(
            joined(
                (await helped(client.messages.stream({ model, ...hello, messages, tools: [add] }))).content,
                'text',
                'text',
            ),
            /It is 42\./,
        );
    });

    it('a demanded tool', async () => {
        const message = await create({
            tools: [add],
            tool_choice: { type: 'tool', name: 'add' },
            messages: [{ role: 'user', content: 'Take 1 and 2.' }],
        });
        assert.equal(message.content.find(b => b.type === 'tool_use').name, 'add');
        const { tool_choice, tools } = upstream().body;
        assert.deepEqual(
            tool_choice,
            own ? { type: 'tool', name: 'add' } : { type: 'function', function: { name: 'add' } },
        );
        assert.deepEqual(own ? tools[0].input_schema : tools[0].function.parameters, WORDS);
    });

    it('system prompts', async () => {
        await create({ system: 'Be brief.' });
        const plain = upstream().body;
        await create({
            system: [
                { type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } },
                { type: 'text', text: 'Be kind.' },
            ],
        });
        const blocks = upstream().body;
        if (own) {
            assert.equal(plain.system, 'Be brief.');
            assert.deepEqual(blocks.system, [
                { type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } },
                { type: 'text', text: 'Be kind.' },
            ]);
        } else {
            assert.deepEqual(
                plain.messages.map(m => m.role),
                ['system', 'user'],
            );
            assert.equal(plain.messages[0].content, 'Be brief.');
            assert.match(JSON.stringify(blocks.messages[0].content), /Be brief\..*Be kind\./);
        }
    });

    it('images', async () => {
        await create({
            messages: [
                {
                    role: 'user',
                    content: [
                        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: pixel } },
                        { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
                        { type: 'text', text: 'What is this.' },
                    ],
                },
            ],
        });
        const [data, url, text] = upstream().body.messages.at(-1).content;
        assert.deepEqual(
            data,
            own
                ? { type: 'image', source: { type: 'base64', media_type: 'image/png', data: pixel } }
                : { type: 'image_url', image_url: { url: `data:image/png;base64,${pixel}` } },
        );
        assert.equal(own ? url.source.url : url.image_url.url, 'https://example.com/a.png');
        assert.equal(text.text, 'What is this.');
    });

    it('stop sequences, sampling and limits', async () => {
        await create({ stop_sequences: ['END'], max_tokens: 77, temperature: 0 });
        const { body } = upstream();
        assert.deepEqual(own ? body.stop_sequences : body.stop, ['END']);
        assert.equal(own ? body.max_tokens : body.max_completion_tokens, 77);
        assert.equal(body.temperature, 0);
    });

    it('a structured answer', async () => {
        const schema = {
            type: 'object',
            properties: { city: { type: 'string' } },
            required: ['city'],
            additionalProperties: false,
        };
        await create({ output_config: { format: { type: 'json_schema', schema } } });
        const { body } = upstream();
        assert.deepEqual(own ? body.output_config.format.schema : body.response_format.json_schema.schema, schema);
    });

    it('a hundred streams at once', async () => {
        const before = requests();
        const texts = await Promise.all(
            Array.from({ length: 100 }, async (_, i) => {
                const s = client.messages.stream({
                    model,
                    max_tokens: 100,
                    messages: [{ role: 'user', content: `number-${i} is here.` }],
                });
                return [i, joined((await s.finalMessage()).content, 'text', 'text')];
            }),
        );
        for (const [i, text] of texts) assert.match(text, new RegExp(`number-${i}\\b`));
        assert.equal(requests() - before, 100);
    });

    it('a slow stream holds nobody up', async () => {
        const ended = [];
        const slow = client.messages.stream({ ...hello, model: 'slow' }).finalMessage();
        const quick = create();
        await Promise.all([slow.then(() => ended.push('slow')), quick.then(() => ended.push('quick'))]);
        assert.deepEqual(ended, ['quick', 'slow']);
    });

    // -- what the API refuses, and so does the gateway --
    const refused = (name, params, says) =>
        it(name, async () => {
            const before = requests();
            const e = await thrown(create(params));
            assert.ok(e instanceof Anthropic.BadRequestError, `${e.constructor.name}: ${e.message}`);
            assert.equal(e.error.error.type, 'invalid_request_error');
            assert.ok(e.error.error.message.includes(says), `${e.error.error.message} should have: ${says}`);
            assert.equal(requests(), before, 'it was sent on');
        });
    refused('a member of the wrong type', { temperature: 'hot' }, 'temperature');
    refused('a fraction where a whole number must be', { max_tokens: 1.5 }, 'max_tokens');
    refused('no max_tokens', { max_tokens: undefined }, 'max_tokens');
    refused('an unknown role', { messages: [{ role: 'robot', content: 'Hello' }] }, 'messages[0].role');
    refused(
        'a wrong type deep inside',
        { messages: [{ role: 'user', content: [{ type: 'text', text: 5 }] }] },
        'messages[0].content[0].text',
    );
    refused('a tool without its schema', { tools: [{ name: 'add' }] }, 'tools[0].input_schema');
    refused(
        'a tool result without its call',
        { messages: [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: 'x' }] }] },
        'messages[0].content[0]',
    );
    refused(
        'a call without its result',
        {
            messages: [
                { role: 'user', content: 'Go.' },
                { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'add', input: {} }] },
                { role: 'user', content: 'And?' },
            ],
        },
        'messages[1].content[0]',
    );
    refused('the same, asked for as a stream', { stream: true, max_tokens: 'many' }, 'max_tokens');

    it('a body of 100 MB', async () => {
        const e = await thrown(create({ messages: [{ role: 'user', content: 'x'.repeat(100e6) }] }));
        assert.ok(e instanceof Anthropic.APIError, `${e.constructor.name}: ${e.message}`);
        assert.equal(e.status, 413);
        assert.equal(e.error.error.type, 'request_too_large');
    });

    it('the list of models', async () => {
        const list = await client.models.list();
        assert.equal(list.data.length, 1);
        assert.equal(list.data[0].type, 'model');
    });
}
