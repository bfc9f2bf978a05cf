// OpenAI's SDK in front of the gateway; behind it a provider of either format.

import { OpenAI, assert, test, thrown, upstream, requests, goldenCases } from './harness.mjs';

const WORDS = { type: 'object', properties: { a: { type: 'number' }, b: { type: 'number' } }, required: ['a', 'b'] };
const add = { type: 'function', function: { name: 'add', description: 'Adds two numbers.', parameters: WORDS } };
const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const hello = { messages: [{ role: 'user', content: 'Good morning.' }] };

// What the API answers with, by the canonical code of a failure.
const statuses = {
    ERR_AUTH: [401, OpenAI.AuthenticationError],
    ERR_QUOTA: [429, OpenAI.RateLimitError],
    ERR_FORBIDDEN: [403, OpenAI.PermissionDeniedError],
    ERR_NOT_FOUND: [404, OpenAI.NotFoundError],
    ERR_REQUEST: [400, OpenAI.BadRequestError],
    ERR_TOO_LONG: [400, OpenAI.BadRequestError],
    ERR_RATE_LIMIT: [429, OpenAI.RateLimitError],
    ERR_OVERLOADED: [503, OpenAI.InternalServerError],
    ERR_SERVER: [500, OpenAI.InternalServerError],
    ERR_TIMEOUT: [504, OpenAI.InternalServerError],
};
const byStatus = {
    409: [409, OpenAI.ConflictError],
    413: [413, OpenAI.APIError],
    422: [422, OpenAI.UnprocessableEntityError],
};

// What Anthropic's stop reasons are here: a turn that is to be continued is not said to be over.
const reasons = {
    end_turn: 'stop',
    stop_sequence: 'stop',
    pause_turn: 'length',
    max_tokens: 'length',
    model_context_window_exceeded: 'length',
    tool_use: 'tool_calls',
    refusal: 'content_filter',
};

// Thinking: under the name that clients know, or in the provider's own format under its own.
const thought = message => message.reasoning_content ?? message.reasoning ?? '';

// A completion against what expect.json of a golden case says.
function sameTurn(completion, usage, expect, own) {
    const { message, finish_reason } = completion.choices[0];
    const u = expect.usage,
        input = u.input_tokens + u.cache_read_tokens + u.cache_write_5m_tokens + u.cache_write_1h_tokens;
    assert.equal(completion.id, expect.id);
    assert.equal(completion.model, expect.model);
    assert.equal(message.role, 'assistant');
    assert.equal((message.content ?? '') + (message.refusal ?? ''), expect.text);
    assert.equal(thought(message), expect.thinking ?? '');
    assert.deepEqual(
        (message.tool_calls ?? []).map(c => c.function.name),
        expect.calls.map(c => c.name),
    );
    expect.calls.forEach((call, i) => {
        const got = message.tool_calls[i];
        assert.equal(got.type, 'function');
        if (call.id) assert.equal(got.id, call.id);
        if (call.invalid) assert.equal(got.function.arguments, call.input.rawInvalidInput);
        else assert.deepEqual(JSON.parse(got.function.arguments), call.input);
    });
    assert.equal(finish_reason, own && expect.stop === 'refusal' ? expect.stop_word : reasons[expect.stop]);
    assert.equal(usage.prompt_tokens, input);
    assert.equal(usage.completion_tokens, u.output_tokens);
    assert.equal(usage.total_tokens, input + u.output_tokens);
    assert.equal(usage.prompt_tokens_details?.cached_tokens ?? 0, u.cache_read_tokens);
    assert.equal(usage.completion_tokens_details?.reasoning_tokens ?? 0, u.thinking_tokens);
    if (expect.choices)
        assert.deepEqual(
            completion.choices.map(c => c.message.content),
            expect.choices.map(c => c.text),
        );
    if (expect.choices)
        assert.deepEqual(
            completion.choices.map(c => c.finish_reason),
            expect.choices.map(c => reasons[c.stop]),
        );
}

// Everything that the helper tells of a stream must agree with what it ends with.
async function helped(client, params) {
    const stream = client.chat.completions.stream({ ...params, stream_options: { include_usage: true } });
    const told = { text: '', chunks: [] };
    stream.on('content', piece => {
        told.text += piece;
    });
    stream.on('chunk', chunk => told.chunks.push(structuredClone(chunk)));
    const completion = await stream.finalChatCompletion();
    assert.equal(completion.object, 'chat.completion');
    if (completion.choices.length === 1) assert.equal(told.text, completion.choices[0].message.content ?? '');
    assert.ok(
        told.chunks.every(
            c =>
                c.object === 'chat.completion.chunk' &&
                c.id === completion.id &&
                c.model === completion.model &&
                c.created === told.chunks[0].created,
        ),
    );
    const usages = told.chunks.filter(c => c.usage);
    assert.equal(usages.length, 1);
    assert.equal(usages[0], told.chunks.at(-1));
    assert.deepEqual(usages[0].choices, []);
    const thinking = told.chunks
        .map(c => thought(c.choices[0]?.delta ?? {}))
        .join(''); /* the helper does not join it */
    for (const choice of completion.choices) if (thinking) choice.message.reasoning_content = thinking;
    return { completion, usage: usages[0].usage };
}

export function tests(back, port) {
    const client = new OpenAI.default({ apiKey: 'any', baseURL: `http://127.0.0.1:${port}/v1`, maxRetries: 0 });
    const own = back === 'openai-chat';
    const model = own ? 'gpt-4.1' : 'claude-sonnet-4-6';
    const create = more => client.chat.completions.create({ model, ...hello, ...more });
    const it = (name, body) => test(`openai sdk, ${back} behind: ${name}`, body);

    for (const { name, expect, whole, stream } of goldenCases(back)) {
        const play = { model: `mock-${name}`, ...hello };
        if (expect.choices) play.n = expect.choices.length;
        if (!expect.error) {
            if (whole)
                it(`${name}`, async () => {
                    const completion = await client.chat.completions.create(play);
                    assert.equal(completion.object, 'chat.completion');
                    sameTurn(completion, completion.usage, expect, own);
                });
            if (stream)
                it(`${name}, streamed`, async () => {
                    const { completion, usage } = await helped(client, play);
                    sameTurn(completion, usage, expect, own);
                });
            continue;
        }
        const { error } = expect;
        if (whole)
            it(`${name}`, async () => {
                const e = await thrown(client.chat.completions.create(play));
                const [code, kind] = byStatus[error.http_status] ?? statuses[error.code];
                assert.ok(e instanceof kind, `${e.constructor.name}: ${e.message}`);
                assert.equal(e.status, code);
                assert.equal(typeof e.type, 'string');
                assert.deepEqual(Object.keys(e.error).sort(), ['code', 'message', 'param', 'type']);
                assert.ok(
                    e.error.message.includes(error.message ?? ''),
                    `${e.error.message} should have: ${error.message}`,
                );
                assert.equal(
                    e.headers.get('retry-after'),
                    error.retry_after_ms ? String(Math.ceil(error.retry_after_ms / 1000)) : null,
                );
                if (error.request_id) assert.equal(e.requestID, error.request_id);
            });
        if (stream)
            it(`${name}, streamed`, async () => {
                const s = client.chat.completions.stream(play);
                let text = '';
                s.on('content', piece => {
                    text += piece;
                });
                const e = await thrown(s.finalChatCompletion());
                assert.ok(e instanceof OpenAI.APIError, `${e.constructor.name}: ${e.message}`);
                assert.equal(text, expect.text ?? '');
                if (!text) assert.equal(e.status, statuses[error.code][0]);
                assert.equal(typeof e.type, 'string');
                assert.ok(e.error.message.includes(error.message), e.error.message);
            });
    }

    it('a chat', async () => {
        const completion = await create();
        assert.match(completion.choices[0].message.content, /./);
        assert.equal(completion.choices[0].finish_reason, 'stop');
        assert.ok(Math.abs(completion.created - Date.now() / 1000) < 60 || own);
        assert.equal(upstream().path, own ? '/v1/chat/completions' : '/v1/messages');
    });

    it('text arrives before the end', async () => {
        const stream = client.chat.completions.stream({ ...hello, model: 'slow' });
        const times = [];
        stream.on('content', () => times.push(performance.now()));
        await stream.finalChatCompletion();
        assert.ok(times.length > 4, `${times.length} pieces`);
        assert.ok(performance.now() - times[0] > 100, 'the first piece came with the last');
    });

    it('no usage in a stream that did not ask for it', async () => {
        for await (const chunk of await create({ stream: true })) {
            assert.ok(!chunk.usage);
            assert.equal(chunk.choices.length, 1);
        }
    });

    const loop = async streamed => {
        const messages = [{ role: 'user', content: 'What is 2 plus 40?' }];
        const turn = async () =>
            (streamed
                ? (await helped(client, { model, messages, tools: [add] })).completion
                : await create({ messages, tools: [add] })
            ).choices[0];
        const first = await turn();
        const call = first.message.tool_calls[0];
        assert.equal(first.finish_reason, 'tool_calls');
        assert.deepEqual(JSON.parse(call.function.arguments), { a: 2, b: 40 });
        messages.push(first.message, { role: 'tool', tool_call_id: call.id, content: 'It is 42.' });
        const second = await turn();
        assert.equal(second.finish_reason, 'stop');
        assert.match(second.message.content, /It is 42\./);
    };
    it('a tool loop of two turns', () => loop(false));
    it('a tool loop of two turns, streamed', () => loop(true));

    it('a demanded tool', async () => {
        const completion = await create({
            tools: [add],
            tool_choice: { type: 'function', function: { name: 'add' } },
            messages: [{ role: 'user', content: 'Take 1 and 2.' }],
        });
        assert.equal(completion.choices[0].message.tool_calls[0].function.name, 'add');
        const { tool_choice, tools } = upstream().body;
        assert.deepEqual(
            tool_choice,
            own ? { type: 'function', function: { name: 'add' } } : { type: 'tool', name: 'add' },
        );
        assert.deepEqual(own ? tools[0].function.parameters : tools[0].input_schema, WORDS);
    });

    it('system prompts', async () => {
        await create({ messages: [{ role: 'system', content: 'Be brief.' }, ...hello.messages] });
        const { body } = upstream();
        if (own) assert.deepEqual(body.messages[0], { role: 'system', content: 'Be brief.' });
        else assert.match(JSON.stringify(body.system), /Be brief\./);
        await create({ messages: [{ role: 'developer', content: 'Be kind.' }, ...hello.messages] });
        assert.match(JSON.stringify(own ? upstream().body.messages[0] : upstream().body.system), /Be kind\./);
    });

    it('images', async () => {
        await create({
            messages: [
                {
                    role: 'user',
                    content: [
                        { type: 'image_url', image_url: { url: `data:image/png;base64,${pixel}` } },
                        { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
                        { type: 'text', text: 'What is this.' },
                    ],
                },
            ],
        });
        const [data, url, text] = upstream().body.messages.at(-1).content;
        assert.equal(own ? data.image_url.url : data.source.data, own ? `data:image/png;base64,${pixel}` : pixel);
        assert.equal(own ? url.image_url.url : url.source.url, 'https://example.com/a.png');
        assert.equal(text.text, 'What is this.');
    });

    it('stop sequences, sampling and limits', async () => {
        await create({ stop: 'END', max_tokens: 77, temperature: 0 });
        const { body } = upstream();
        assert.deepEqual([own ? body.stop : body.stop_sequences].flat(), ['END']);
        assert.equal(body.max_tokens ?? body.max_completion_tokens, 77);
        assert.equal(body.temperature, 0);
        await create({ stop: ['A', 'B'], max_completion_tokens: 78 });
        assert.deepEqual(own ? upstream().body.stop : upstream().body.stop_sequences, ['A', 'B']);
    });

    it('a structured answer', async () => {
        const schema = {
            type: 'object',
            properties: { city: { type: 'string' } },
            required: ['city'],
            additionalProperties: false,
        };
        await create({
            response_format: { type: 'json_schema', json_schema: { name: 'place', strict: true, schema } },
        });
        const { body } = upstream();
        assert.deepEqual(
            own ? body.response_format.json_schema : body.output_config.format.schema,
            own ? { name: 'place', strict: true, schema } : schema,
        );
    });

    it('a hundred streams at once', async () => {
        const before = requests();
        const texts = await Promise.all(
            Array.from({ length: 100 }, async (_, i) => {
                const s = client.chat.completions.stream({
                    model,
                    messages: [{ role: 'user', content: `number-${i} is here.` }],
                });
                return [i, (await s.finalChatCompletion()).choices[0].message.content];
            }),
        );
        for (const [i, text] of texts) assert.match(text, new RegExp(`number-${i}\\b`));
        assert.equal(requests() - before, 100);
    });

    // -- what the API refuses, and so does the gateway --
    const refused = (name, params, at) =>
        it(name, async () => {
            const before = requests();
            const e = await thrown(create(params));
            assert.ok(e instanceof OpenAI.BadRequestError, `${e.constructor.name}: ${e.message}`);
            assert.equal(e.type, 'invalid_request_error');
            assert.equal(e.param, at);
            assert.ok(e.error.message.includes(at), `${e.error.message} should have: ${at}`);
            assert.equal(requests(), before, 'it was sent on');
        });
    refused('a member of the wrong type', { temperature: 'hot' }, 'temperature');
    refused('a fraction where a whole number must be', { max_tokens: 1.5 }, 'max_tokens');
    refused('an unknown role', { messages: [{ role: 'robot', content: 'Hello' }] }, 'messages[0].role');
    refused(
        'a wrong type deep inside',
        { messages: [{ role: 'user', content: [{ type: 'text', text: 5 }] }] },
        'messages[0].content[0].text',
    );
    refused('a tool without its function', { tools: [{ type: 'function' }] }, 'tools[0].function');
    refused('the same, asked for as a stream', { stream: true, max_tokens: 'many' }, 'max_tokens');

    const unpaired = (name, messages, at) =>
        it(name, async () => {
            const before = requests();
            const e = await thrown(create({ messages }));
            assert.ok(e instanceof OpenAI.BadRequestError, `${e.constructor.name}: ${e.message}`);
            assert.equal(e.param, at);
            assert.equal(requests(), before, 'it was sent on');
        });
    const call = { id: 't1', type: 'function', function: { name: 'add', arguments: '{}' } };
    unpaired('a tool result without its call', [{ role: 'tool', tool_call_id: 't1', content: 'x' }], 'messages[0].tool_call_id');
    unpaired(
        'a call without its result',
        [
            { role: 'user', content: 'Go.' },
            { role: 'assistant', content: null, tool_calls: [call] },
            { role: 'user', content: 'And?' },
        ],
        'messages[1].tool_calls[0]',
    );

    it('a body of 100 MB', async () => {
        const e = await thrown(create({ messages: [{ role: 'user', content: 'x'.repeat(100e6) }] }));
        assert.ok(e instanceof OpenAI.APIError, `${e.constructor.name}: ${e.message}`);
        assert.equal(e.status, 413);
        assert.equal(e.type, 'invalid_request_error');
    });

    it('the list of models', async () => {
        const list = await client.models.list();
        assert.equal(list.data.length, 1);
        assert.equal(list.data[0].object, 'model');
    });
}
