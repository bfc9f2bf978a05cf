/* Speed, as ratios to what memory can do in the same run. A line a figure: name, value, unit, goal, ok or short.

       build/bench                everything
       build/bench stream         the figures whose name contains "stream"

   Times are of this thread alone, and the least of seven runs; what is compared is run in turns. The exit status is 0
   either way: machines differ, and a short figure is a reason to look, not a failure. */
#define _POSIX_C_SOURCE 200809L
#define LLMPROV_IMPLEMENTATION
#define LLMPROV_EXTEND
#include "../../llmprov.h"
#include "floor.c"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RUNS = 7, PIECE = 16384, EVENTS = 100000 };

static const char *only = "";
static volatile size_t sink;                   /* keeps results alive */

// -- time, lines, memory -------------------------------------------------------------------

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

typedef void (*work)(void *with);

/* Nanoseconds of one round of each, the least of the runs; b may be NULL. */
static void measure(work a, work b, void *with, int rounds, double *of_a, double *of_b) {
    int run, i;
    double t;
    *of_a = 1e300;
    if (b) *of_b = 1e300;
    for (run = 0; run < RUNS; run++) {
        t = now();
        for (i = 0; i < rounds; i++) a(with);
        t = (now() - t) / rounds;
        if (t < *of_a) *of_a = t;
        if (!b) continue;
        t = now();
        for (i = 0; i < rounds; i++) b(with);
        t = (now() - t) / rounds;
        if (t < *of_b) *of_b = t;
    }
}

static bool wanted(const char *name) { return strstr(name, only) != NULL; }

/* goal < 0: for information only. All goals are "at most". */
static void line(const char *name, double value, const char *unit, double goal) {
    char text[32] = "-";
    if (goal >= 0) sprintf(text, "<=%g", goal);
    printf("%-58s %10.2f %-8s %-7s %s\n", name, value, unit, text, goal < 0 ? "" : value <= goal ? "ok" : "short");
    fflush(stdout);
}

static void *memory(size_t size) {
    void *p = malloc(size);
    if (!p) exit(1);
    return p;
}

/* An allocator that counts. */
typedef struct counter { size_t bytes, peak, calls; } counter;

static void *counted(void *user, void *ptr, size_t old_size, size_t new_size) {
    counter *c = (counter *)user;
    void *to = NULL;
    if (!ptr) old_size = 0;
    if (new_size) {
        c->calls++;
        to = realloc(ptr, new_size);
        if (!to) return NULL;
    } else free(ptr);
    c->bytes += new_size - old_size;
    if (c->bytes > c->peak) c->peak = c->bytes;
    return to;
}

static llmprov_client *client(const char *provider, counter *c) {
    llmprov_desc d = { 0 };
    llmprov_client *made;
    d.provider = provider;
    d.api_key = "sk-bench";
    d.region = "us-east-1";
    d.max_retries = -1;
    if (c) {
        d.alloc.fn = counted;
        d.alloc.user = c;
    }
    made = llmprov_open(&d);
    if (!made || llmprov_client_error(made)->code) exit(1);
    return made;
}

// -- streams -------------------------------------------------------------------------------

static const char *const words[] = { " the", " model", ",", " which", " is", " a", " of", " \\\"quoted\\\"", ".", "\\n\\n", " caf\xC3\xA9", " function", " 42", " and", " returns", " \xE6\x97\xA5\xE6\x9C\xAC", "'s", " tokens", " I", " understand" };

typedef enum dialect { CHAT, CHAT_PADDED, MESSAGES, CONVERSE, RESPONSES, OLLAMA, COHERE, GEMINI } dialect;

static const struct { const char *provider, *model, *type; } dialects[] = {
    { "openai", NULL, "text/event-stream" }, { "openai", NULL, "text/event-stream" }, { "anthropic", NULL, "text/event-stream" },
    { "bedrock", "us.anthropic.claude-sonnet-4-6", "application/vnd.amazon.eventstream" },
    { "openai-responses", NULL, "text/event-stream" }, { "ollama-native", "qwen3:4b", "application/x-ndjson" },
    { "cohere", "command-a-03-2025", "text/event-stream" }, { "gemini", "gemini-3.5-flash", "text/event-stream" },
};

/* A text as the API streams it: `events` pieces of a few letters each. */
typedef struct stream {
    dialect kind;
    llmprov_keep keep;
    size_t piece;
    char *text;
    size_t len;
    llmprov_client *client;
    counter *counter;            /* of the client's allocator, or NULL */
    size_t texts, bytes, early, late;          /* allocations when a tenth and when nine tenths were read */
    const char *to;              /* the format that a face writes, or NULL */
    llmprov_face *face;
} stream;

/* One message of AWS's, as the API sends it: with padding that hides how long it is. */
static char *converse_message(char *to, const char *type, const char *json, int padding) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    char *p = to + LLMPROV__FRAME_PRELUDE;
    size_t headers;
    p += llmprov__frame_put(p, ":event-type", type, strlen(type));
    p += llmprov__frame_put(p, ":content-type", "application/json", 16);
    p += llmprov__frame_put(p, ":message-type", "event", 5);
    headers = (size_t)(p - to) - LLMPROV__FRAME_PRELUDE;
    p += sprintf(p, "{%s,\"p\":\"%.*s\"}", json, padding, letters);
    llmprov__frame_seal(to, headers, (size_t)(p - to) + 4);
    return p + 4;
}

static stream converse_of(int events, counter *c) {
    stream s = { 0 };
    unsigned random = 12345;
    char *to, json[128];
    int i;
    s.kind = CONVERSE;
    s.piece = PIECE;
    s.counter = c;
    s.client = client("bedrock", c);
    s.text = to = (char *)memory((size_t)events * 300 + 4096);
    to = converse_message(to, "messageStart", "\"role\":\"assistant\"", 11);
    for (i = 0; i < events; i++) {
        random = random * 1664525u + 1013904223u;
        sprintf(json, "\"contentBlockIndex\":0,\"delta\":{\"text\":\"%s\"}", words[(random >> 16) % (sizeof words / sizeof *words)]);
        to = converse_message(to, "contentBlockDelta", json, 1 + (int)(random >> 24) % 62);
    }
    to = converse_message(to, "contentBlockStop", "\"contentBlockIndex\":0", 30);
    to = converse_message(to, "messageStop", "\"stopReason\":\"end_turn\"", 3);
    sprintf(json, "\"metrics\":{\"latencyMs\":1},\"usage\":{\"inputTokens\":25,\"outputTokens\":%d,\"totalTokens\":%d}", events, events + 25);
    to = converse_message(to, "metadata", json, 7);
    s.len = (size_t)(to - s.text);
    return s;
}

/* What changes from piece to piece beside the text: numbers, times, counts, padding. */
static char *piece_of(char *to, dialect kind, int i, const char *word, unsigned random) {
    static const char item[] = "msg_d49d2eef5becfde3815fb056467018c177bdd4fb0a9ca7c4";
    switch (kind) {
    case RESPONSES:
        return to + sprintf(to, "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":%d,\"item_id\":\"%s\",\"output_index\":0,"
            "\"content_index\":0,\"delta\":\"%s\",\"logprobs\":[],\"obfuscation\":\"%.*s\"}\n\n", i + 4, item, word, 1 + (int)(random >> 24) % 15, "k3Fz8QwLpT0aYbNc");
    case OLLAMA:
        return to + sprintf(to, "{\"model\":\"qwen3:4b\",\"created_at\":\"2026-11-20T10:%02d:%02d.%06uZ\",\"message\":{\"role\":\"assistant\",\"content\":\"%s\"},\"done\":false}\n",
            i / 3000 % 60, i / 50 % 60, random % 1000000, word);
    case COHERE:
        return to + sprintf(to, "event: content-delta\ndata: {\"type\":\"content-delta\",\"index\":0,\"delta\":{\"message\":{\"content\":{\"text\":\"%s\"}}}}\n\n", word);
    default:
        return to + sprintf(to, "data: {\"candidates\": [{\"content\": {\"parts\": [{\"text\": \"%s\"}],\"role\": \"model\"},\"index\": 0}],\"usageMetadata\": {\"promptTokenCount\": 8,\"candidatesTokenCount\": %d,"
            "\"totalTokenCount\": %d,\"promptTokensDetails\": [{\"modality\": \"TEXT\",\"tokenCount\": 8}]},\"modelVersion\": \"gemini-3.5-flash\",\"responseId\": \"Y2FzZS1vZi10aGUtdGVzdA\"}\n\n", word, i, i + 8);
    }
}

static char *begin_of(char *to, dialect kind) {
    if (kind == COHERE) return to + sprintf(to, "event: message-start\ndata: {\"id\":\"8226c19e-0683-4d50-9b9e-5b803a658741\",\"type\":\"message-start\",\"delta\":{\"message\":{\"role\":\"assistant\",\"content\":[],\"tool_plan\":\"\","
        "\"tool_calls\":[],\"citations\":[]}}}\n\nevent: content-start\ndata: {\"type\":\"content-start\",\"index\":0,\"delta\":{\"message\":{\"content\":{\"type\":\"text\",\"text\":\"\"}}}}\n\n");
    if (kind == RESPONSES) return to + sprintf(to, "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,\"response\":{\"id\":\"resp_042741a1b259973d\",\"object\":\"response\",\"created_at\":1795176000,"
        "\"status\":\"in_progress\",\"model\":\"gpt-5.2\",\"output\":[]}}\n\nevent: response.output_item.added\ndata: {\"type\":\"response.output_item.added\",\"sequence_number\":2,\"output_index\":0,\"item\":{\"id\":"
        "\"msg_d49d2eef5becfde3815fb056467018c177bdd4fb0a9ca7c4\",\"type\":\"message\",\"status\":\"in_progress\",\"content\":[],\"role\":\"assistant\"}}\n\nevent: response.content_part.added\ndata: {\"type\":"
        "\"response.content_part.added\",\"sequence_number\":3,\"item_id\":\"msg_d49d2eef5becfde3815fb056467018c177bdd4fb0a9ca7c4\",\"output_index\":0,\"content_index\":0,\"part\":{\"type\":\"output_text\","
        "\"annotations\":[],\"logprobs\":[],\"text\":\"\"}}\n\n");
    return to;
}

static char *end_of(char *to, dialect kind, int events) {
    if (kind == COHERE) return to + sprintf(to, "event: content-end\ndata: {\"type\":\"content-end\",\"index\":0}\n\nevent: message-end\ndata: {\"type\":\"message-end\",\"delta\":{\"finish_reason\":\"COMPLETE\","
        "\"usage\":{\"billed_units\":{\"input_tokens\":5,\"output_tokens\":%d},\"tokens\":{\"input_tokens\":25,\"output_tokens\":%d}}}}\n\ndata: [DONE]\n\n", events, events);
    if (kind == RESPONSES) return to + sprintf(to, "event: response.completed\ndata: {\"type\":\"response.completed\",\"sequence_number\":%d,\"response\":{\"id\":\"resp_042741a1b259973d\",\"object\":\"response\","
        "\"status\":\"completed\",\"model\":\"gpt-5.2\",\"output\":[],\"usage\":{\"input_tokens\":25,\"output_tokens\":%d,\"total_tokens\":%d}}}\n\n", events + 4, events, events + 25);
    if (kind == OLLAMA) return to + sprintf(to, "{\"model\":\"qwen3:4b\",\"created_at\":\"2026-11-20T11:00:02.404498Z\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\","
        "\"prompt_eval_count\":25,\"eval_count\":%d}\n", events);
    return to + sprintf(to, "data: {\"candidates\": [{\"content\": {\"parts\": [],\"role\": \"model\"},\"finishReason\": \"STOP\",\"index\": 0}],\"usageMetadata\": {\"promptTokenCount\": 8,\"candidatesTokenCount\": %d,"
        "\"totalTokenCount\": %d},\"modelVersion\": \"gemini-3.5-flash\",\"responseId\": \"Y2FzZS1vZi10aGUtdGVzdA\"}\n\n", events, events + 8);
}

static stream other_of(dialect kind, int events, counter *c) {
    stream s = { 0 };
    unsigned random = 12345;
    char *to;
    int i;
    s.kind = kind;
    s.piece = PIECE;
    s.counter = c;
    s.client = client(dialects[kind].provider, c);
    s.text = (char *)memory((size_t)events * 500 + 8192);
    to = begin_of(s.text, kind);
    for (i = 0; i < events; i++) {
        random = random * 1664525u + 1013904223u;
        to = piece_of(to, kind, i, words[(random >> 16) % (sizeof words / sizeof *words)], random);
    }
    s.len = (size_t)(end_of(to, kind, events) - s.text);
    return s;
}

static stream stream_of(dialect kind, int events, counter *c) {
    static const char id[] = "\"id\":\"chatcmpl-CxV7qTnZkP0sWb2LrYdEuGhJ41mNa\",\"object\":\"chat.completion.chunk\",\"created\":1763712000,\"model\":\"gpt-5.2-2025-12-11\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_5f20662549\"";
    stream s = { 0 };
    char *to;
    unsigned random = 12345;
    int i;
    if (kind == CONVERSE) return converse_of(events, c);
    if (kind > CONVERSE) return other_of(kind, events, c);
    s.kind = kind;
    s.piece = PIECE;
    s.counter = c;
    s.client = client(dialects[kind].provider, c);
    s.text = to = (char *)memory((size_t)events * 420 + 4096);
    if (kind == MESSAGES) to += sprintf(to, "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":\"claude-sonnet-4-6\",\"id\":\"msg_01XFDUDYJgAACzvnptvVoYEL\",\"type\":\"message\",\"role\":\"assistant\",\"content\":[],"
        "\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":25,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"output_tokens\":1}}}\n\nevent: content_block_start\ndata: {\"type\":\"content_block_start\","
        "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\nevent: ping\ndata: {\"type\": \"ping\"}\n\n");
    else to += sprintf(to, "data: {%s,\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null}\n\n", id);
    for (i = 0; i < events; i++) {
        const char *word;
        random = random * 1664525u + 1013904223u;
        word = words[(random >> 16) % (sizeof words / sizeof *words)];
        if (kind == MESSAGES) to += sprintf(to, "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"%s\"}}\n\n", word);
        else if (kind == CHAT) to += sprintf(to, "data: {%s,\"choices\":[{\"index\":0,\"delta\":{\"content\":\"%s\"},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null}\n\n", id, word);
        else to += sprintf(to, "data: {%s,\"choices\":[{\"index\":0,\"delta\":{\"content\":\"%s\"},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null,\"obfuscation\":\"%.*s\"}\n\n", id, word, (int)(random >> 24) % 16, "k3Fz8QwLpT0aYbNc");
    }
    if (kind == MESSAGES) to += sprintf(to, "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},"
        "\"usage\":{\"output_tokens\":%d}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n", events);
    else to += sprintf(to, "data: {%s,\"choices\":[{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":null}\n\ndata: {%s,\"choices\":[],\"usage\":{\"prompt_tokens\":25,\"completion_tokens\":%d,"
        "\"total_tokens\":%d}}\n\ndata: [DONE]\n\n", id, id, events, events + 25);
    s.len = (size_t)(to - s.text);
    return s;
}

static void stream_free(stream *s) {
    llmprov_close(s->client);
    free(s->text);
}

static bool stream_event(void *user, const llmprov_event *e) {
    stream *s = (stream *)user;
    if (e->type == LLMPROV_EVENT_TEXT) {
        s->texts++;
        s->bytes += e->text_len;
    }
    return !s->face || llmprov_face_event(s->face, e) == LLMPROV_OK;
}

static void stream_read(void *with) {
    stream *s = (stream *)with;
    llmprov_request req = { .prompt = "Hello.", .stream = LLMPROV_STREAM_ON, .on_event = stream_event };
    llmprov_header type = { "content-type", dialects[s->kind].type };
    llmprov_response r;
    llmprov_call *call;
    size_t at;
    req.model = dialects[s->kind].model;
    req.user = s;
    req.keep = s->keep;
    s->texts = s->bytes = 0;
    call = llmprov_call_chat(s->client, &req);
    llmprov_call_head(call, 200, &type, 1);
    for (at = 0; at < s->len; at += s->piece) {
        llmprov_call_feed(call, s->text + at, s->len - at < s->piece ? s->len - at : s->piece);
        if (s->counter && at <= s->len / 10) s->early = s->counter->calls;
        if (s->counter && at <= s->len / 10 * 9) s->late = s->counter->calls;
    }
    llmprov_call_eof(call);
    if (llmprov_call_take(call, &r)) exit(1);
    sink += r.text_len + s->bytes;
    llmprov_response_free(&r);
    llmprov_call_free(call);
}

static void stream_floor(void *with) {
    static floor_messages binary;
    stream *s = (stream *)with;
    floor_split f;
    size_t at;
    if (s->kind == CONVERSE) {
        if (!binary.table[0][1]) floor_tables(&binary);
        for (at = 0; at < s->len; at += s->piece) floor_messages_feed(&binary, (unsigned char *)s->text + at, s->len - at < s->piece ? s->len - at : s->piece);
        if (binary.wrong) exit(1);
        sink += binary.messages;
        return;
    }
    f.lines = s->kind == OLLAMA;
    f.line_len = f.data_len = f.events = f.bytes = 0;
    for (at = 0; at < s->len; at += s->piece) floor_feed(&f, s->text + at, s->len - at < s->piece ? s->len - at : s->piece);
    sink += f.bytes + f.events;
}

static void bench_stream(const char *name, dialect kind, llmprov_keep keep, double goal) {
    char label[80];
    stream s;
    double ours, least;
    sprintf(label, "stream %s", name);
    if (!wanted(label)) return;
    s = stream_of(kind, EVENTS, NULL);
    s.keep = keep;
    measure(stream_read, stream_floor, &s, 1, &ours, &least);
    if (s.texts != EVENTS) exit(1);
    line(label, ours / least, "floors", goal);
    sprintf(label, "stream %s, each event", name);
    line(label, ours / EVENTS, "ns", -1);
    sprintf(label, "stream %s, the floor of an event", name);
    line(label, least / EVENTS, "ns", -1);
    stream_free(&s);
}

static bool stream_out(void *user, const void *bytes, size_t len) {
    *(size_t *)user += len + (size_t)*(const char *)bytes;
    return true;
}

static void stream_convert(void *with) {
    stream *s = (stream *)with;
    size_t out = 0;
    llmprov_face_desc d = { .format = s->to, .out = stream_out, .user = &out };
    s->face = llmprov_face_open(&d);
    stream_read(s);
    llmprov_face_free(s->face);
    s->face = NULL;
    sink += out;
}

/* From one format to another, over reading alone. */
static void bench_convert(const char *name, dialect kind, const char *to) {
    char label[80];
    stream s;
    double ours, reading;
    sprintf(label, "convert a stream of %s", name);
    if (!wanted(label)) return;
    s = stream_of(kind, EVENTS, NULL);
    s.keep = LLMPROV_KEEP_NOTHING;
    s.to = to;
    measure(stream_convert, stream_read, &s, 1, &ours, &reading);
    if (s.texts != EVENTS) exit(1);
    line(label, ours / reading, "readings", 2.5);
    stream_free(&s);
}

/* 1 byte at a time: the worst that a transport can do. */
static void bench_bytes(const char *name, dialect kind) {
    char label[80];
    stream s;
    double ours;
    sprintf(label, "stream %s, byte by byte", name);
    if (!wanted(label)) return;
    s = stream_of(kind, 5000, NULL);
    s.piece = 1;
    measure(stream_read, NULL, &s, 1, &ours, NULL);
    line(label, ours / (double)s.len, "ns/byte", -1);
    stream_free(&s);
}

/* Peak bytes of a stream of which nothing is kept, and the allocations in most of it. */
static counter stream_cost(dialect kind, int events) {
    counter c = { 0, 0, 0 };
    stream s = stream_of(kind, events, &c);
    s.keep = LLMPROV_KEEP_NOTHING;
    stream_read(&s);
    stream_free(&s);
    c.calls = s.late - s.early;
    return c;
}

static void bench_flat(const char *name, dialect kind) {
    char label[80];
    counter few, many;
    sprintf(label, "stream %s, memory of 100,000 over 1,000", name);
    if (!wanted(label)) return;
    few = stream_cost(kind, 1000);
    many = stream_cost(kind, EVENTS);
    line(label, (double)many.peak - (double)few.peak, "bytes", 1024);
    sprintf(label, "stream %s, allocations in 80,000 events", name);
    line(label, (double)many.calls, "", 0);
    sprintf(label, "stream %s, peak", name);
    line(label, (double)many.peak, "bytes", -1);
}

// -- requests ------------------------------------------------------------------------------

typedef struct request {
    llmprov_client *client;
    llmprov_request req;
    char *body, *copy;
    size_t len;
} request;

static void request_write(void *with) {
    request *r = (request *)with;
    llmprov_call *call = llmprov_call_chat(r->client, &r->req);
    size_t len;
    const char *body = (const char *)llmprov_call_body_whole(call, &len);
    if (!body) exit(1);
    sink += len + (unsigned char)body[len / 2];
    llmprov_call_free(call);
}

static void *(*volatile copy_bytes)(void *to, const void *from, size_t size) = memcpy;

static void request_copy(void *with) {
    request *r = (request *)with;
    copy_bytes(r->copy, r->body, r->len);
    sink += (unsigned char)r->copy[r->len / 2];
}

/* How many times as long as copying its bytes it takes to write a request. */
static void bench_request(const char *name, const char *provider, const llmprov_request *req, int rounds, double goal) {
    char label[80];
    request r = { 0 };
    llmprov_call *call;
    double ours, least;
    const void *body;
    sprintf(label, "request %s", name);
    if (!wanted(label)) return;
    r.client = client(provider, NULL);
    r.req = *req;
    call = llmprov_call_chat(r.client, req);
    body = llmprov_call_body_whole(call, &r.len);
    if (!body) exit(1);
    r.body = (char *)memory(r.len);
    r.copy = (char *)memory(r.len);
    memcpy(r.body, body, r.len);
    memset(r.copy, 1, r.len);
    llmprov_call_free(call);
    measure(request_write, request_copy, &r, rounds, &ours, &least);
    if (goal >= 0) line(label, ours / least, "memcpys", goal);
    sprintf(label, "request %s, whole", name);
    line(label, ours / 1000, "us", -1);
    sprintf(label, "request %s, speed", name);
    line(label, (double)r.len / ours * 1000, "MB/s", -1);
    llmprov_close(r.client);
    free(r.body);
    free(r.copy);
}

static const char prose[] = "The quick brown fox said \"jump over it\" and did; then the lazy dog, who had seen it all before, yawned.\nNobody minded very much, which is the way of foxes and of dogs alike. ";
static const char source[] = "    for (i = 0; i < count; i++) {\n        if (strcmp(list[i], \"name\") == 0) return &list[i];\n    }\n\treturn NULL;\n";
static const char kanji[] = "\xE8\xA8\x80\xE8\xAA\x9E\xE3\x83\xA2\xE3\x83\x87\xE3\x83\xAB\xE3\x81\xAF\xE6\x96\x87\xE7\xAB\xA0\xE3\x82\x92\xE4\xBD\x9C\xE3\x82\x8A\xE3\x81\xBE\xE3\x81\x99\xE3\x80\x82";

/* 200 turns of about 1,825 bytes: prose, some code, a little Japanese. */
static void bench_long(void) {
    enum { TURNS = 200, BYTES = 1825 };
    static llmprov_message messages[TURNS];
    static llmprov_block blocks[TURNS];
    llmprov_request req = { 0 };
    char *text = (char *)memory((size_t)TURNS * (BYTES + 1)), *to = text;
    int i;
    for (i = 0; i < TURNS; i++) {
        const char *from = i % 10 == 9 ? kanji : i % 10 > 6 ? source : prose;
        size_t n = strlen(from), left = BYTES;
        memset(&messages[i], 0, sizeof messages[i]);
        memset(&blocks[i], 0, sizeof blocks[i]);
        blocks[i].text = to;
        for (; left >= n; left -= n, to += n) memcpy(to, from, n);
        blocks[i].text_len = (size_t)(to - blocks[i].text);
        *to++ = 0;
        messages[i].role = i % 2 ? LLMPROV_ROLE_ASSISTANT : LLMPROV_ROLE_USER;
        messages[i].blocks = &blocks[i];
        messages[i].block_count = 1;
    }
    req.messages = messages;
    req.message_count = TURNS - 1;
    req.system = "You are a helpful assistant.";
    bench_request("of 200 turns, openai-chat", "openai", &req, 20, 35);
    bench_request("of 200 turns, anthropic-messages", "anthropic", &req, 20, 35);
    free(text);
}

static void bench_image(void) {
    size_t size = (size_t)4 << 20, i;
    unsigned char *bytes = (unsigned char *)memory(size);
    llmprov_block b[2] = { { .text = "What is in this picture?" }, { .type = LLMPROV_BLOCK_IMAGE, .mime = "image/jpeg" } };
    llmprov_message m = { .blocks = b, .block_count = 2 };
    llmprov_request req = { .messages = &m, .message_count = 1 };
    for (i = 0; i < size; i++) bytes[i] = (unsigned char)(i * 2654435761u >> 13);
    b[1].data = bytes;
    b[1].data_len = size;
    bench_request("with 4 MB of image, openai-chat", "openai", &req, 3, 15);
    bench_request("with 4 MB of image, anthropic-messages", "anthropic", &req, 3, 15);
    free(bytes);
}

static void bench_small(void) {
    llmprov_tool tool = { .name = "look", .description = "Looks at a place.", .schema = "{\"type\":\"object\",\"properties\":{\"where\":{\"type\":\"string\"}}}" };
    llmprov_request req = { .prompt = "What is the capital of France?", .system = "Be brief.", .max_tokens = LLMPROV_INT(500), .temperature = LLMPROV_NUM(0.5), .tools = &tool, .tool_count = 1 };
    bench_request("small, openai-chat", "openai", &req, 2000, -1);
    bench_request("small, anthropic-messages", "anthropic", &req, 2000, -1);
}

// -- replies and JSON ----------------------------------------------------------------------

static const char small_reply[] =
    "{\"id\":\"chatcmpl-CxV7qTnZkP0sWb2LrYdEuGhJ41mNa\",\"object\":\"chat.completion\",\"created\":1763712000,\"model\":\"gpt-5.2-2025-12-11\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"The capital of "
    "France is Paris.\\n\\nIt lies on the Seine, in the north of the country, and has been its capital for most of its history. If you would like to know more about \\\"the city of light\\\", just ask: I can tell you about its districts, "
    "its museums, its kitchens or its trains, as you prefer.\",\"tool_calls\":[{\"id\":\"call_abc123\",\"type\":\"function\",\"function\":{\"name\":\"look\",\"arguments\":\"{\\\"where\\\":\\\"Paris, France\\\"}\"}}],\"refusal\":null,"
    "\"annotations\":[]},\"logprobs\":null,\"finish_reason\":\"tool_calls\"}],\"usage\":{\"prompt_tokens\":42,\"completion_tokens\":87,\"total_tokens\":129,\"prompt_tokens_details\":{\"cached_tokens\":0,\"audio_tokens\":0},"
    "\"completion_tokens_details\":{\"reasoning_tokens\":0,\"audio_tokens\":0,\"accepted_prediction_tokens\":0,\"rejected_prediction_tokens\":0}},\"service_tier\":\"default\",\"system_fingerprint\":\"fp_5f20662549\"}";

static void reply_read(void *with) {
    llmprov_client *c = (llmprov_client *)with;
    llmprov_request req = { .prompt = "Hi." };
    llmprov_response r;
    llmprov_call *call = llmprov_call_chat(c, &req);
    llmprov_call_head(call, 200, NULL, 0);
    llmprov_call_feed(call, small_reply, sizeof small_reply - 1);
    llmprov_call_eof(call);
    if (llmprov_call_take(call, &r)) exit(1);
    sink += r.text_len;
    llmprov_response_free(&r);
    llmprov_call_free(call);
}

static void reply_nothing(void *with) {
    llmprov_client *c = (llmprov_client *)with;
    llmprov_request req = { .prompt = "Hi." };
    llmprov_call_free(llmprov_call_chat(c, &req));
}

/* The whole exchange less its request. */
static void bench_reply(void) {
    llmprov_client *c;
    double all, asking;
    if (!wanted("reply small, openai-chat")) return;
    c = client("openai", NULL);
    measure(reply_read, reply_nothing, c, 2000, &all, &asking);
    line("reply small, openai-chat", all - asking, "ns", -1);
    line("reply small with its request, openai-chat", all, "ns", -1);
    llmprov_close(c);
}

static void json_skip(void *with) {
    llmprov_str *text = (llmprov_str *)with;
    llmprov_scan s = { 0 };
    s.at = s.begin = text->ptr;
    s.end = text->ptr + text->len;
    llmprov_scan_skip(&s);
    if (s.status) exit(1);
    sink += (size_t)(s.at - s.begin);
}

static void json_parse(void *with) {
    llmprov_str *text = (llmprov_str *)with;
    llmprov_json *j = llmprov_json_parse(text->ptr, text->len, NULL, NULL);
    if (!j) exit(1);
    sink += llmprov_json_count(j);
    llmprov_json_free(j);
}

static void bench_json(void) {
    llmprov_writer w = { 0 };
    llmprov_str text, chunk;
    stream s;
    double t;
    int i;
    if (!wanted("json")) return;
    llmprov_write_open(&w, NULL, '[');
    for (i = 0; i < 200; i++) {
        const char *from = i % 10 == 9 ? kanji : i % 10 > 6 ? source : prose;
        int k;
        llmprov_write_open(&w, NULL, '{');
        llmprov_write_str(&w, "role", "assistant", 9);
        llmprov_write_open(&w, "content", '[');
        for (k = 0; k < 10; k++) llmprov_write_str(&w, NULL, from, strlen(from));
        llmprov_write_close(&w);
        llmprov_write_close(&w);
    }
    llmprov_write_close(&w);
    text.ptr = w.text;
    text.len = w.len;
    measure(json_skip, NULL, &text, 20, &t, NULL);
    line("json scan_skip, a conversation", (double)text.len / t * 1000, "MB/s", -1);
    measure(json_parse, NULL, &text, 20, &t, NULL);
    line("json parse to a tree, a conversation", (double)text.len / t * 1000, "MB/s", -1);
    s = stream_of(CHAT, 1, NULL);
    chunk.ptr = strstr(s.text, "\n\n") + 8;
    chunk.len = (size_t)(strstr(chunk.ptr, "\n\n") - chunk.ptr);
    measure(json_skip, NULL, &chunk, 20000, &t, NULL);
    line("json scan_skip, one chunk", t, "ns", -1);
    stream_free(&s);
    llmprov_writer_free(&w);
}

// -- a small device ------------------------------------------------------------------------

static size_t device_camera(void *user, uint64_t offset, void *to, size_t size) {
    (void)user;
    memset(to, (int)(offset >> 8), size);
    return size;
}

static bool device_event(void *user, const llmprov_event *e) {
    *(size_t *)user += e->text_len;
    return true;
}

/* A photograph of 1 MB that is never in memory, two tools, an answer of some 300 tokens that calls one of them. */
static void bench_device(const char *name, dialect kind) {
    llmprov_tool tools[2] = { { .name = "lamp", .description = "Switches the lamp.", .schema = "{\"type\":\"object\",\"properties\":{\"on\":{\"type\":\"boolean\"}}}" },
                              { .name = "speak", .description = "Says a text.", .schema = "{\"type\":\"object\",\"properties\":{\"text\":{\"type\":\"string\"}}}" } };
    llmprov_block b[2] = { { .text = "Is anybody at the door?" }, { .type = LLMPROV_BLOCK_IMAGE, .mime = "image/jpeg", .source = { device_camera, NULL, false }, .data_len = 1 << 20 } };
    llmprov_message m = { .blocks = b, .block_count = 2 };
    counter c = { 0, 0, 0 };
    size_t shown = 0, n, sent = 0, at;
    llmprov_request req = { .messages = &m, .message_count = 1, .tools = tools, .tool_count = 2, .system = "You guard a door.", .stream = LLMPROV_STREAM_ON, .on_event = device_event, .user = &shown };
    static char piece[4096];
    char label[80], *tail, *p;
    llmprov_response r;
    llmprov_call *call;
    llmprov_header type = { "content-type", "text/event-stream" };
    stream s;
    sprintf(label, "device %s, heap of a tool chat", name);
    if (!wanted(label)) return;
    s = stream_of(kind, 300, NULL);
    tail = (char *)memory(s.len + 4096);
    memcpy(tail, s.text, s.len);
    p = tail + (strstr(s.text, kind == MESSAGES ? "event: content_block_stop" : "\"delta\":{}") - s.text);
    while (kind != MESSAGES && strncmp(p, "data: ", 6)) p--;
    if (kind == MESSAGES) p += sprintf(p, "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\nevent: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"tool_use\","
        "\"id\":\"toolu_01A09q90qw90lq917835lq9\",\"name\":\"speak\",\"input\":{}}}\n\n");
    for (at = 0; at < 20; at++) {
        if (kind == MESSAGES) p += sprintf(p, "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"%s\"}}\n\n", !at ? "{\\\"text\\\":\\\"" : at == 19 ? "\\\"}" : "Hello there. ");
        else p += sprintf(p, "data: {\"id\":\"chatcmpl-1\",\"model\":\"gpt-5.2\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,%s\"function\":{%s\"arguments\":\"%s\"}}]},\"finish_reason\":null}],\"usage\":null}\n\n",
            at ? "" : "\"id\":\"call_1\",\"type\":\"function\",", at ? "" : "\"name\":\"speak\",", !at ? "{\\\"text\\\":\\\"" : at == 19 ? "\\\"}" : "Hello there. ");
    }
    if (kind == MESSAGES) p += sprintf(p, "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":1}\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\",\"stop_sequence\":null},"
        "\"usage\":{\"output_tokens\":340}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
    else p += sprintf(p, "data: {\"id\":\"chatcmpl-1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}],\"usage\":null}\n\ndata: [DONE]\n\n");
    stream_free(&s);
    s.client = client(kind == MESSAGES ? "anthropic" : "openai", &c);
    call = llmprov_call_chat(s.client, &req);
    while ((n = llmprov_call_body(call, piece, sizeof piece)) != 0) sent += n;
    llmprov_call_head(call, 200, &type, 1);
    for (at = 0; at < (size_t)(p - tail); at += n) {
        n = (size_t)(p - tail) - at < 1400 ? (size_t)(p - tail) - at : 1400;
        llmprov_call_feed(call, tail + at, n);
    }
    llmprov_call_eof(call);
    if (llmprov_call_take(call, &r) || r.stop != LLMPROV_STOP_TOOL_USE || sent < 1 << 20) exit(1);
    llmprov_response_free(&r);
    llmprov_call_free(call);
    llmprov_close(s.client);
    line(label, (double)c.peak / 1024, "KiB", 32);
    sprintf(label, "device %s, allocations", name);
    line(label, (double)c.calls, "", -1);
    free(tail);
}

int main(int argc, char **argv) {
    if (argc > 1) only = argv[1];
    printf("%-58s %10s %-8s %s\n", "figure", "value", "unit", "goal");
    bench_stream("openai-chat, kept", CHAT, LLMPROV_KEEP_ALL, 4.5);
    bench_stream("anthropic-messages, kept", MESSAGES, LLMPROV_KEEP_ALL, 4.5);
    bench_stream("bedrock-converse, kept", CONVERSE, LLMPROV_KEEP_ALL, 2.2);
    bench_stream("openai-responses, kept", RESPONSES, LLMPROV_KEEP_ALL, 4.5);
    bench_stream("ollama-chat, kept", OLLAMA, LLMPROV_KEEP_ALL, 4.5);
    bench_stream("cohere-v2, kept", COHERE, LLMPROV_KEEP_ALL, 4.5);
    bench_stream("gemini-generate, kept", GEMINI, LLMPROV_KEEP_ALL, 4.5);
    bench_stream("openai-chat, shown only", CHAT, LLMPROV_KEEP_NOTHING, -1);
    bench_stream("anthropic-messages, shown only", MESSAGES, LLMPROV_KEEP_NOTHING, -1);
    bench_stream("openai-chat with padding, kept", CHAT_PADDED, LLMPROV_KEEP_ALL, 4.5);
    bench_convert("openai-chat to anthropic-messages", CHAT, "anthropic-messages");
    bench_convert("anthropic-messages to openai-chat", MESSAGES, "openai-chat");
    bench_convert("anthropic-messages to itself", MESSAGES, "anthropic-messages");
    bench_convert("anthropic-messages to bedrock-converse", MESSAGES, "bedrock-converse");
    bench_convert("bedrock-converse to anthropic-messages", CONVERSE, "anthropic-messages");
    bench_bytes("openai-chat", CHAT);
    bench_bytes("anthropic-messages", MESSAGES);
    bench_bytes("bedrock-converse", CONVERSE);
    bench_flat("openai-chat", CHAT);
    bench_flat("anthropic-messages", MESSAGES);
    bench_flat("bedrock-converse", CONVERSE);
    bench_flat("openai-responses", RESPONSES);
    bench_flat("ollama-chat", OLLAMA);
    bench_flat("cohere-v2", COHERE);
    bench_flat("gemini-generate", GEMINI);
    bench_long();
    bench_image();
    bench_small();
    bench_reply();
    bench_json();
    bench_device("openai-chat", CHAT);
    bench_device("anthropic-messages", MESSAGES);
    return 0;
}
