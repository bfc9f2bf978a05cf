// Holds what build/emit prints (stdin) against the schemas in SHARED/schemas. Run by tests/schemas.sh:
//
//   build/emit SHARED | node tests/schemas.mjs SHARED build/clients
//
// A document is valid by the strict schema, which refuses unknown members. Where it is not, each single error must be
// known: a row of `known` below says what was written and why, or the document is in the format of what was read, and
// what is wrong was taken over from there as it stood.

import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import { createRequire } from 'node:module';

const [shared, modules] = process.argv.slice(2);
const require = createRequire(path.resolve(modules, 'package.json'));
const Ajv = require('ajv');
const Ajv2020 = require('ajv/dist/2020');
const addFormats = require('ajv-formats');

// What we write beyond the strict schemas: by schema, place, and the member or value. `own`: only in the format of
// what was read.
const known = [
    {
        schema: /^AnthropicErrorResponse$/,
        at: /^\/error\/type$/,
        value: /^(request_too_large|conflict_error)$/,
        why: 'documented types of errors that the SDK has no class for (docs.anthropic.com/en/api/errors)',
    },
    {
        schema: /^AnthropicMessages(Response|StreamEvent)$/,
        at: /\/stop_reason$/,
        value: /^(other|queued|in_progress|complete|error|[A-Z_]+)$/,
        why: 'a reason that was not given, or that this API has no word for, is never said to be a success',
    },
    {
        schema: /^OpenAIChat(Response|Chunk)$/,
        at: /^\/choices\/\d+\/(message|delta)$/,
        value: /^reasoning_content$/,
        why: "thinking has no member in OpenAI's own API: this is the name that its clients know from others",
    },
    {
        schema: /^OpenAIChat(Response|Chunk)$/,
        at: /^\/choices\/\d+\/(message|delta)$/,
        value: /^(reasoning|reasoning_details)$/,
        own: true,
        why: "a provider's own names for thinking stay in its own format",
    },
    {
        schema: /^OpenAIChatChunk$/,
        at: /^\/choices\/\d+\/delta$/,
        value: /^annotations$/,
        why: 'annotations are sent in deltas, where the SDK has no type for them',
    },
    {
        schema: /^OpenAIChat(Response|Chunk)$/,
        at: /^\/choices\/\d+\/finish_reason$/,
        value: /^(error|queued|in_progress|complete|[A-Z_]+)$/,
        why: 'a reason that was not given, or that this API has no word for, is never said to be a success',
    },
    {
        schema: /MessagesRequest$/,
        at: /^\/tools\/\d+\/input_schema(\/type)?$/,
        value: /./,
        why: "the caller's own schema of a tool is not that of an object, which the server says",
    },
];

const MOST_LINES = 30;
const cache = new Map();

// "anyOf" over objects that a constant member tells apart says only that none fits. As a choice by that member it
// says what is wrong with the one that was meant. One alternative may have no such constant: it is all others.
function choose(schema, root) {
    if (Array.isArray(schema)) return schema.map(item => choose(item, root));
    if (!schema || typeof schema !== 'object') return schema;
    const out = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, choose(value, root)]));
    const all = (schema.anyOf ?? []).flatMap(a => leaves(a, root));
    const isObject = a => resolve(a, root).type === 'object';
    const objects = all.filter(isObject),
        others = all.filter(a => !isObject(a)).map(a => choose(a, root));
    for (const tag of ['type', 'role']) {
        const told = objects.filter(a => words(a, tag, root)),
            rest = objects.filter(a => !words(a, tag, root));
        const all = told.flatMap(a => words(a, tag, root));
        if (objects.length < 2 || !told.length || rest.length > 1 || new Set(all).size < all.length) continue;
        const is = values => ({ required: [tag], properties: { [tag]: { enum: values } } });
        const one = told.map(a => ({ if: is(words(a, tag, root)), then: choose(a, root) }));
        delete out.anyOf;
        return {
            ...out,
            if: { type: 'object' },
            else: others.length ? { anyOf: others } : { type: 'object' },
            then: { if: is(all), then: { allOf: one }, else: rest.length ? choose(rest[0], root) : is(all) },
        };
    }
    return out;
}

// The strings that an alternative demands of a member; undefined = it takes others too, or none.
function words(alternative, tag, root) {
    const member = resolve(alternative, root).properties?.[tag];
    const values = member?.enum ?? (member?.const === undefined ? undefined : [member.const]);
    return values?.every(value => typeof value === 'string') ? values : undefined;
}

const resolve = (schema, root) =>
    schema.$ref
        ? resolve(root.definitions[decodeURIComponent(schema.$ref.slice('#/definitions/'.length))], root)
        : schema;

// A union inside a union is one.
const leaves = (schema, root) =>
    resolve(schema, root).anyOf ? resolve(schema, root).anyOf.flatMap(a => leaves(a, root)) : [schema];

// "vendor#Name" is one of a vendor's definitions.
function loadOther(name) {
    const [vendor, definition] = name.split('#');
    const text = JSON.parse(fs.readFileSync(path.join(shared, 'schemas/others', `${vendor}.schema.json`), 'utf8'));
    const newer = text.$schema.includes('2020-12');
    const ajv = new (newer ? Ajv2020 : Ajv)({ strict: false, allowUnionTypes: true, allErrors: true, verbose: true, validateFormats: false });
    ajv.addSchema(text, 'vendor');
    return ajv.compile({ $ref: `vendor#/${newer ? '$defs' : 'definitions'}/${definition}` });
}

function load(name) {
    if (name.includes('#')) return loadOther(name);
    const file = path.join(shared, 'schemas/openai-anthropic', `${name}.strict.schema.json`);
    const ajv = new Ajv({ strict: false, allowUnionTypes: true, allErrors: true, verbose: true });
    const text = JSON.parse(fs.readFileSync(file, 'utf8'));
    addFormats(ajv);
    return ajv.compile(choose(text, text));
}

function check(name) {
    if (!cache.has(name)) cache.set(name, load(name));
    return cache.get(name);
}

const counts = new Map(); // by schema and verdict
function count(name, verdict) {
    if (!counts.has(name)) counts.set(name, new Map());
    counts.get(name).set(verdict, (counts.get(name).get(verdict) ?? 0) + 1);
}

// -- what was taken over -------------------------------------------------------------------

const same = (a, b) =>
    JSON.stringify(a) === JSON.stringify(b) ||
    (a &&
        b &&
        typeof a === 'object' &&
        typeof b === 'object' &&
        Array.isArray(a) === Array.isArray(b) &&
        Object.keys(a).length === Object.keys(b).length &&
        Object.keys(a).every(key => same(a[key], b[key])));

function* objects(value) {
    if (!value || typeof value !== 'object') return;
    if (!Array.isArray(value)) yield value;
    for (const inner of Object.values(value)) yield* objects(inner);
}

// An object of which all that was said there, and beside it only what says nothing.
const silent = (key, value) => value === null || key === 'caller' || (Array.isArray(value) && !value.length);
const holds = (object, part) =>
    Object.keys(part).length &&
    Object.entries(part).every(([key, value]) => same(object[key], value)) &&
    Object.entries(object).every(([key, value]) => key in part || silent(key, value));

function takenOver(error, from) {
    const member =
        error.keyword === 'additionalProperties'
            ? error.params.additionalProperty
            : error.instancePath.split('/').pop();
    const value = error.keyword === 'additionalProperties' ? error.data[member] : error.data;
    for (const object of objects(from)) {
        if (member in object && same(object[member], value)) return true;
        if (error.data && typeof error.data === 'object' && !Array.isArray(error.data) && holds(error.data, object))
            return true;
    }
    return false;
}

function excuse(error, name, own, from) {
    const value = error.keyword === 'additionalProperties' ? error.params.additionalProperty : error.data;
    const row = known.find(
        k =>
            k.schema.test(name) &&
            (own || !k.own) &&
            k.at.test(error.instancePath) &&
            k.value.test(typeof value === 'string' ? value : JSON.stringify(value)),
    );
    return row ? row.why : own && takenOver(error, from) ? 'taken over from what was read' : '';
}

// Without those that only say that no alternative fits, and that another type would have been one.
function meant(all) {
    const errors = all.filter(e => !['if', 'anyOf', 'oneOf'].includes(e.keyword));
    return errors.filter(
        e =>
            e.keyword !== 'type' ||
            !errors.some(o => o.keyword !== 'type' && o.instancePath.startsWith(e.instancePath)),
    );
}

// -- judging -------------------------------------------------------------------------------

let failed = 0,
    passed = 0,
    from = [];

// Words of the assistant that a server of openai-responses did not say have no id and no status: the API takes them
// in the form of its own, whose type in the SDK has both.
function completed(schema, doc) {
    const made = item => item.role === 'assistant' && Array.isArray(item.content) && !item.id;
    if (schema === 'OpenAIResponsesRequest')
        doc.input = doc.input.map(item => (made(item) ? { id: 'msg_1', status: 'completed', ...item } : item));
    return doc;
}

function judge({ schema, id, own, doc: written }) {
    const doc = completed(schema, written);
    const valid = check(schema);
    if (valid(doc)) {
        passed++;
        return count(schema, 'strict');
    }
    const errors = meant(valid.errors);
    const reasons = errors.map(e => excuse(e, schema, own, from));
    if (reasons.length && reasons.every(r => r)) {
        passed++;
        return count(schema, `not strict: ${[...new Set(reasons)].sort().join('; ')}`);
    }
    count(schema, 'INVALID');
    if (++failed > MOST_LINES) return;
    console.log(`INVALID ${schema} ${id}`);
    errors.forEach(
        (e, i) =>
            reasons[i] ||
            console.log(
                `    ${e.instancePath || '/'} ${e.message} ${JSON.stringify(e.params)}, ` +
                    `but is ${JSON.stringify(e.data)?.slice(0, 200)}`,
            ),
    );
}

// A compiled schema is a schema. Where the target only says things differently, the same values fit as before. Where
// it has no references, there are none.
function judgeCompiled({ id, compiled, source, values, same, inlined }) {
    let why = inlined && JSON.stringify(compiled).includes('"$ref"') ? 'a reference is left' : null;
    try {
        const [before, after] = [source, compiled].map(s => new Ajv2020({ strict: false }).compile(s));
        const wrong = values.filter(v => before(v) !== after(v));
        if (same && wrong.length) why = `not the same fits: ${JSON.stringify(wrong)}`;
    } catch (e) {
        why = e.message;
    }
    count('compiled schemas', why ? 'INVALID' : 'valid');
    if (!why) return passed++;
    failed++;
    console.log(`INVALID ${id}: ${why}\n    ${JSON.stringify(compiled)}`);
}

for await (const text of readline.createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    if (text[0] !== '{') console.log(text);
    else {
        const line = JSON.parse(text);
        if (line.from) from = line.from;
        else if (line.compiled) judgeCompiled(line);
        else judge(line);
    }
}
for (const [name, verdicts] of [...counts].sort())
    for (const [verdict, n] of [...verdicts].sort()) console.log(`${name}: ${n} ${verdict}`);
console.log(`schemas: ${passed} passed, ${failed} failed`);
process.exitCode = failed || !passed ? 1 : 0;
