/* How tests drive a call without a network: bytes go in in any pieces, and what comes out is one text that can be
   compared; and, for requests, the body as a tree. Everything allocates with test_alloc.

       engine_reply r = engine_read("openai-chat", ENGINE_STREAM, 200, "data: {...}\n\n");
       CHECK_STR(r.r.text, "Hello");
       engine_reply_free(&r);

       llmprov_request req = { .model = "gpt-4.1", .prompt = "Hello" };
       engine_sent s = engine_send("openai", &req);
       CHECK_BODY(s, "messages[0].content", "\"Hello\"");
       engine_sent_free(&s);

   All of it is fit for runs without memory: what could not be made is empty or NULL, and every getter takes NULL. */
#ifndef ENGINE_H
#define ENGINE_H

#include "test.h"

// -- a growing text that the tests own, outside of the counted memory -----------------------

typedef struct engine_text { char *ptr; size_t len, cap; } engine_text;

static inline void engine_add(engine_text *t, const char *text, size_t len) {
    if (t->len + len + 1 > t->cap) {
        t->cap = (t->len + len + 1) * 2;
        t->ptr = (char *)realloc(t->ptr, t->cap);
        if (!t->ptr) exit(3);
    }
    if (len) memcpy(t->ptr + t->len, text, len);
    t->len += len;
    t->ptr[t->len] = 0;
}

static inline void engine_adds(engine_text *t, const char *text) { engine_add(t, text, strlen(text)); }

static inline void engine_say(engine_text *t, const char *name, const char *text) {
    engine_add(t, " ", 1);
    engine_add(t, name, strlen(name));
    engine_add(t, "=", 1);
    engine_add(t, text ? text : "-", text ? strlen(text) : 1);
}

static inline void engine_say_int(engine_text *t, const char *name, long long value) {
    char number[32];
    sprintf(number, "%lld", value);
    engine_say(t, name, number);
}

static inline void engine_text_free(engine_text *t) {
    free(t->ptr);
    memset(t, 0, sizeof *t);
}

/* A whole file; NULL ptr when there is none. */
static inline engine_text engine_file(const char *path) {
    engine_text t = { NULL, 0, 0 };
    char piece[16384];
    size_t n;
    FILE *f = fopen(path, "rb");
    if (!f) return t;
    engine_add(&t, "", 0);
    while ((n = fread(piece, 1, sizeof piece, f)) > 0) engine_add(&t, piece, n);
    fclose(f);
    return t;
}

// -- JSON ----------------------------------------------------------------------------------

static inline bool engine_same_json(const llmprov_json *a, const llmprov_json *b) {
    const llmprov_json *m = NULL, *n = NULL;
    llmprov_str s, t;
    if (llmprov_json_kind(a) != llmprov_json_kind(b)) return false;
    switch (llmprov_json_kind(a)) {
    case LLMPROV_JSON_BOOL: return llmprov_json_bool(a, false) == llmprov_json_bool(b, false);
    case LLMPROV_JSON_NUMBER:
        s = llmprov_json_raw(a), t = llmprov_json_raw(b);
        if (s.len == t.len && !memcmp(s.ptr, t.ptr, s.len)) return true;
        return llmprov_json_num(a, 0) <= llmprov_json_num(b, 1) && llmprov_json_num(a, 0) >= llmprov_json_num(b, 1);
    case LLMPROV_JSON_STRING:
        s = llmprov_json_text(a), t = llmprov_json_text(b);
        return s.len == t.len && !memcmp(s.ptr, t.ptr, s.len);
    case LLMPROV_JSON_ARRAY:
        if (llmprov_json_count(a) != llmprov_json_count(b)) return false;
        while ((m = llmprov_json_next(a, m)) != NULL)
            if (!engine_same_json(m, n = llmprov_json_next(b, n))) return false;
        return true;
    case LLMPROV_JSON_OBJECT:
        if (llmprov_json_count(a) != llmprov_json_count(b)) return false;
        while ((m = llmprov_json_next(a, m)) != NULL)
            if (!engine_same_json(m, llmprov_json_get(b, llmprov_json_key(m)))) return false;
        return true;
    default: return true;
    }
}

/* Whether two texts are the same JSON; false also when one is none. The C library's memory. */
static inline bool engine_equal(const char *a, size_t a_len, const char *b, size_t b_len) {
    llmprov_json *x = a ? llmprov_json_parse(a, a_len, NULL, NULL) : NULL, *y = b ? llmprov_json_parse(b, b_len, NULL, NULL) : NULL;
    bool same = x && y && engine_same_json(x, y);
    llmprov_json_free(x);
    llmprov_json_free(y);
    return same;
}

static inline bool engine_check_json(const char *got, size_t len, const char *expected, const char *what, const char *file, int line) {
    bool same = got && expected ? engine_equal(got, len, expected, strlen(expected)) : !got && !expected;
    test_now.checks++;
    if (same || test_excused()) return same;
    return test_check_text(got, len, expected, expected ? strlen(expected) : 0, what, file, line) &&
           test_fail(file, line, "%s: one of both is not JSON", what);
}
#define CHECK_JSON(got, len, expected) engine_check_json((got), (len), (expected), #got, __FILE__, __LINE__)

// -- a trace: all events, with the pieces of a text joined -----------------------------------

/* What happened to one block (index >= 0), to a choice beside its blocks (-1), or to the reply (choice -1). */
typedef struct engine_lane {
    int choice, index;
    llmprov_event_type last;
    bool open, closed;
    engine_text text, pieces;
} engine_lane;

typedef struct engine_trace {
    engine_lane *lanes;
    size_t count;
    bool over;                   /* END or ERROR came                                                        */
    bool failed;                 /* ERROR came                                                               */
    bool kept_less;              /* request.keep is not ALL: blocks need not be whole                        */
    long events;
    const char *wrong;           /* the first thing that no reply may do                                     */
} engine_trace;

static inline void engine_trace_free(engine_trace *t) {
    size_t i;
    for (i = 0; i < t->count; i++) {
        engine_text_free(&t->lanes[i].text);
        engine_text_free(&t->lanes[i].pieces);
    }
    free(t->lanes);
    memset(t, 0, sizeof *t);
}

static inline engine_lane *engine_lane_of(engine_trace *t, int choice, int index) {
    engine_lane *l;
    size_t i, at;
    for (i = 0; i < t->count; i++)
        if (t->lanes[i].choice == choice && t->lanes[i].index == index) return &t->lanes[i];
    for (at = 0; at < t->count; at++)
        if (t->lanes[at].choice > choice || (t->lanes[at].choice == choice && t->lanes[at].index > index)) break;
    t->lanes = (engine_lane *)realloc(t->lanes, (t->count + 1) * sizeof *l);
    if (!t->lanes) exit(3);
    l = &t->lanes[at];
    memmove(l + 1, l, (t->count++ - at) * sizeof *l);
    memset(l, 0, sizeof *l);
    engine_add(&l->pieces, "", 0);
    l->choice = choice;
    l->index = index;
    l->last = LLMPROV_EVENT_COUNT;
    return l;
}

static inline void engine_wrong(engine_trace *t, const char *what) { if (!t->wrong) t->wrong = what; }

static inline void engine_trace_block(engine_text *to, const llmprov_block *b, bool end) {
    size_t i;
    engine_say_int(to, "type", b->type);
    engine_say(to, "name", b->name);
    engine_say(to, "kind", b->kind);
    engine_say(to, "origin", b->origin);
    if (!end) return;
    engine_say(to, "id", b->id);
    engine_say(to, "text", b->text && b->text_len ? b->text : NULL);
    engine_say(to, "json", b->json);
    engine_say(to, "signature", b->signature);
    engine_say(to, "extra", b->extra);
    engine_say(to, "mime", b->mime);
    engine_say_int(to, "data", (long long)b->data_len);
    engine_say_int(to, "error", b->is_error);
    engine_say_int(to, "invalid", b->invalid);
    for (i = 0; i < b->content_count; i++) engine_trace_block(to, &b->content[i], true);
}

/* The block is whole at its end: it is what its pieces were. */
static inline void engine_trace_whole(engine_trace *t, const engine_lane *l, const llmprov_block *b) {
    const char *text = b->type == LLMPROV_BLOCK_TOOL_USE || b->type == LLMPROV_BLOCK_SERVER_USE ? b->json : b->text;
    size_t len = text == b->json ? b->json_len : b->text_len;
    if (b->type == LLMPROV_BLOCK_REDACTED || b->type == LLMPROV_BLOCK_SERVER_RESULT || b->type == LLMPROV_BLOCK_RAW || b->invalid) return;
    if (text && len != strlen(text) && !memchr(text, 0, len)) engine_wrong(t, "a block's text is not terminated at its length");
    if (!l->pieces.len && text == b->json && len == 2) return;
    if (text == b->json && len == 2 && strstr(l->pieces.ptr, "null") && strspn(l->pieces.ptr, " nul") == l->pieces.len) return;
    if (l->pieces.len != len || (len && memcmp(l->pieces.ptr, text, len))) engine_wrong(t, "a block ended with another text than its pieces");
}

static inline void engine_trace_line(engine_lane *l, llmprov_event_type type) {
    static const char *const names[] = { "START", "BLOCK", "TEXT", "THINKING", "JSON", "PART", "BLOCK_END", "META", "OTHER", "CHOICE_END",
                                         "RETRY", "END", "ERROR" };
    bool piece = type == LLMPROV_EVENT_TEXT || type == LLMPROV_EVENT_THINKING || type == LLMPROV_EVENT_JSON;
    if (!piece || l->last != type) {
        engine_add(&l->text, l->text.len ? "\n" : "", l->text.len ? 1 : 0);
        engine_add(&l->text, names[type], strlen(names[type]));
        if (piece) engine_add(&l->text, " ", 1);
    }
    l->last = type;
}

static inline void engine_trace_part(engine_lane *l, const llmprov_event *e) {
    const char *value = e->text ? e->text : e->extra;
    size_t len = e->text ? e->text_len : e->extra_len;
    if (!strcmp(e->kind, "audio")) {                        /* bytes: joined as text is */
        engine_say_int(&l->text, "audio", (long long)e->data_len);
        return;
    }
    engine_say(&l->text, "kind", e->kind);
    engine_add(&l->text, " ", 1);
    engine_add(&l->text, value, value ? len : 0);
}

static inline void engine_trace_usage(engine_text *to, const llmprov_usage *u) {
    engine_say_int(to, "in", u->input_tokens);
    engine_say_int(to, "read", u->cache_read_tokens);
    engine_say_int(to, "write5m", u->cache_write_5m_tokens);
    engine_say_int(to, "write1h", u->cache_write_1h_tokens);
    engine_say_int(to, "out", u->output_tokens);
    engine_say_int(to, "thinking", u->thinking_tokens);
    engine_say_int(to, "audio_in", u->input_audio_tokens);
    engine_say_int(to, "audio_out", u->output_audio_tokens);
}

static inline void engine_trace_reply(engine_trace *t, engine_lane *l, const llmprov_event *e) {
    if (e->type == LLMPROV_EVENT_START) {
        if (strcmp(l->text.ptr, "START") && strncmp(l->text.ptr, "OTHER", 5) && !strstr(l->text.ptr, "RETRY")) engine_wrong(t, "START is not the first event");
        engine_say(&l->text, "id", e->id);
        engine_say(&l->text, "model", e->model);
    } else if (e->type == LLMPROV_EVENT_OTHER) {
        engine_say(&l->text, "kind", e->kind);
        engine_add(&l->text, " ", 1);
        engine_add(&l->text, e->extra, e->extra_len);
    } else if (e->type == LLMPROV_EVENT_META) {
        engine_add(&l->text, " ", 1);
        engine_add(&l->text, e->extra, e->extra_len);
    } else if (e->type == LLMPROV_EVENT_END) {
        engine_say_int(&l->text, "stop", e->stop);
        engine_say(&l->text, "word", e->stop_word);
        engine_say(&l->text, "sequence", e->stop_sequence);
        engine_trace_usage(&l->text, e->usage);
    } else {
        engine_say_int(&l->text, "code", e->error ? (int)e->error->code : -1);
        engine_say(&l->text, "message", e->error ? e->error->message : NULL);
    }
}

static inline bool engine_on_event(void *user, const llmprov_event *e) {
    engine_trace *t = (engine_trace *)user;
    bool piece = e->type == LLMPROV_EVENT_TEXT || e->type == LLMPROV_EVENT_THINKING || e->type == LLMPROV_EVENT_JSON;
    bool block = piece || e->type == LLMPROV_EVENT_BLOCK || e->type == LLMPROV_EVENT_BLOCK_END || (e->type == LLMPROV_EVENT_PART && e->index >= 0);
    bool choice = e->type == LLMPROV_EVENT_CHOICE_END || (e->type == LLMPROV_EVENT_PART && e->index < 0);
    engine_lane *l = engine_lane_of(t, block || choice ? e->choice : -1, block ? e->index : -1);
    t->events++;
    if (t->over) engine_wrong(t, "an event after the last");
    if (e->type == LLMPROV_EVENT_BLOCK ? l->open || l->closed : block && !l->open && e->type != LLMPROV_EVENT_PART) engine_wrong(t, "an event of a block that is not open");
    if (piece && (!e->text || !e->text_len)) engine_wrong(t, "an empty piece");
    if (piece && llmprov__text_valid(e->text, e->text_len) != e->text_len) engine_wrong(t, "a piece that is not UTF-8");
    if (e->type == LLMPROV_EVENT_PART && e->index < 0) l->last = LLMPROV_EVENT_COUNT;
    engine_trace_line(l, e->type);
    if (piece) {
        engine_add(&l->text, e->text, e->text_len);
        engine_add(&l->pieces, e->text, e->text_len);
    } else if (e->type == LLMPROV_EVENT_PART) engine_trace_part(l, e);
    else if (e->type == LLMPROV_EVENT_BLOCK) {
        engine_trace_block(&l->text, e->block, false);
        l->open = true;
    } else if (e->type == LLMPROV_EVENT_BLOCK_END) {
        engine_trace_block(&l->text, e->block, true);
        if (e->block->type != LLMPROV_BLOCK_AUDIO && !t->kept_less) engine_trace_whole(t, l, e->block);
        l->open = false;
        l->closed = true;
    } else if (e->type == LLMPROV_EVENT_CHOICE_END) {
        engine_say_int(&l->text, "stop", e->stop);
        engine_say(&l->text, "word", e->stop_word);
    } else engine_trace_reply(t, l, e);
    if (e->type == LLMPROV_EVENT_RETRY) while (t->count > 1) {
        engine_text_free(&t->lanes[t->count - 1].text);
        engine_text_free(&t->lanes[--t->count].pieces);
    }
    if (e->type == LLMPROV_EVENT_ERROR || e->type == LLMPROV_EVENT_END) {
        size_t i;
        for (i = 0; i < t->count && e->type == LLMPROV_EVENT_END; i++)
            if (t->lanes[i].open) engine_wrong(t, "END while a block is open");
        t->over = true;
        t->failed = e->type == LLMPROV_EVENT_ERROR;
    }
    return true;
}

/* The lanes as one text. */
static inline engine_text engine_told(const engine_trace *t) {
    engine_text all = { NULL, 0, 0 };
    size_t i;
    engine_add(&all, "", 0);
    for (i = 0; i < t->count; i++) {
        engine_say_int(&all, "--", t->lanes[i].choice);
        engine_say_int(&all, "block", t->lanes[i].index);
        engine_add(&all, "\n", 1);
        engine_add(&all, t->lanes[i].text.ptr, t->lanes[i].text.len);
        engine_add(&all, "\n", 1);
    }
    return all;
}

// -- feeding -------------------------------------------------------------------------------

enum { ENGINE_WHOLE, ENGINE_STREAM };
enum { ENGINE_EVENTS, ENGINE_NEXT, ENGINE_LATE, ENGINE_MODES };      /* on_event; _next after each piece; _next at the end */

typedef struct engine_wire {
    int status;
    llmprov_header headers[40];
    size_t header_count;
    const char *body;
    size_t len;
    bool lost;                   /* the connection breaks after the body                                     */
} engine_wire;

/* A client on a row of that wire format: on "custom", or on the row of that id. */
static inline llmprov_client *engine_open(const char *format, llmprov_desc *with) {
    llmprov_desc desc = { .size = 0 };
    if (with) desc = *with;
    if (!desc.provider && !strcmp(format, "gemini-generate")) desc.provider = "gemini";
    if (!desc.provider && !strcmp(format, "ollama-chat")) desc.provider = "ollama-native";
    if (!desc.provider && !strcmp(format, "cohere-v2")) desc.provider = "cohere";
    if (!desc.provider) desc.provider = !strcmp(format, "anthropic-messages") ? "anthropic" : !strcmp(format, "openai-chat") ? "custom" : format;
    if (!desc.api_key) desc.api_key = "test-key";
    if (!desc.base_url) desc.base_url = "https://api.test/v1";
    if (!desc.max_retries) desc.max_retries = -1;
    desc.alloc = test_alloc();
    return llmprov_open(&desc);
}

static inline void engine_drain(llmprov_call *call, engine_trace *trace) {
    llmprov_event e;
    while (llmprov_call_next(call, &e)) engine_on_event(trace, &e);
}

/* Feeds a piece from memory of its own, which is gone afterwards. */
static inline bool engine_feed(llmprov_call *call, const char *from, size_t n, int mode, engine_trace *trace) {
    char few[64], *piece = n <= sizeof few || mode == ENGINE_LATE ? few : (char *)malloc(n);
    bool more;
    if (mode == ENGINE_LATE) return llmprov_call_feed(call, from, n);
    if (!piece) exit(3);
    memcpy(piece, from, n);
    more = llmprov_call_feed(call, piece, n);
    if (mode == ENGINE_NEXT) engine_drain(call, trace);
    memset(piece, '~', n);
    if (piece != few) free(piece);
    return more;
}

/* The n-th way of cutting: 0 whole, 1 byte by byte, then random. */
static inline llmprov_status engine_run(llmprov_client *client, const llmprov_request *req, int stream, const engine_wire *w, int way, int mode,
                                        engine_trace *trace, llmprov_response *out) {
    llmprov_request r = *req;
    llmprov_call *call;
    llmprov_status status;
    size_t at, n;
    r.stream = stream == ENGINE_STREAM ? LLMPROV_STREAM_ON : LLMPROV_STREAM_OFF;
    r.on_event = mode == ENGINE_EVENTS ? engine_on_event : NULL;
    r.user = trace;
    call = llmprov_call_chat(client, &r);
    if (llmprov_call_want(call) == LLMPROV_WANT_SEND) {
        llmprov_call_sent(call);
        llmprov_call_head(call, w->status, w->headers, w->header_count);
        for (at = 0; at < w->len; at += n) {
            n = test_cut(way, w->len - at);
            if (!engine_feed(call, w->body + at, n, mode, trace) && mode == ENGINE_EVENTS) break;
        }
        if (w->lost) llmprov_call_fail(call, LLMPROV_ERR_TRANSPORT, "the connection was reset");
        else llmprov_call_eof(call);
    }
    if (mode != ENGINE_EVENTS) engine_drain(call, trace);
    status = llmprov_call_take(call, out);
    llmprov_call_free(call);
    return status;
}

/* The wire of a test that is written down in C. */
static inline engine_wire engine_wire_of(int stream, int status, const char *body, size_t len) {
    engine_wire w;
    memset(&w, 0, sizeof w);
    w.status = status;
    w.header_count = 1;
    w.headers[0].name = "content-type";
    w.headers[0].value = stream == ENGINE_STREAM && status < 300 ? "text/event-stream" : "application/json";
    w.body = body;
    w.len = len;
    return w;
}

/* What a face wrote, with the headers that belong to it. */
static inline engine_wire engine_wire_from(const llmprov_face *face, int stream, int status, const char *body, size_t len) {
    engine_wire w = engine_wire_of(stream, status, body, len);
    size_t count, i;
    const llmprov_header *h = llmprov_face_headers(face, &count);
    if (stream == ENGINE_STREAM && status < 300) w.headers[0].value = llmprov_face_type(face, true);
    for (i = 0; i < count; i++) w.headers[w.header_count++] = h[i];
    return w;
}

typedef struct engine_reply {
    llmprov_status status;
    llmprov_client *client;
    llmprov_response r;
    engine_trace trace;
    engine_text told;            /* the trace as one text */
} engine_reply;

static inline void engine_reply_free(engine_reply *reply) {
    llmprov_response_free(&reply->r);
    llmprov_close(reply->client);
    engine_trace_free(&reply->trace);
    engine_text_free(&reply->told);
    memset(reply, 0, sizeof *reply);
}

/* One way of many: is all as it was the first time? */
static inline bool engine_read_again(const engine_reply *first, const llmprov_request *req, int stream, const engine_wire *w, int way, int mode,
                                     const char *file, int line) {
    engine_trace trace;
    llmprov_response r;
    engine_text told;
    int before = test_now.failures;
    memset(&trace, 0, sizeof trace);
    engine_run(first->client, req, stream, w, way, mode, &trace, &r);
    told = engine_told(&trace);
    test_now.checks++;
    if (trace.wrong && !first->trace.wrong) test_fail(file, line, "way %d, mode %d: %s", way, mode, trace.wrong);
    if (told.len != first->told.len || memcmp(told.ptr, first->told.ptr, told.len)) {
        test_fail(file, line, "way %d, mode %d has other events", way, mode);
        test_check_text(told.ptr, told.len, first->told.ptr, first->told.len, "the events", file, line);
    }
    if (r.error.code != first->r.error.code || r.text_len != first->r.text_len || r.message.block_count != first->r.message.block_count)
        test_fail(file, line, "way %d, mode %d has another result", way, mode);
    engine_text_free(&told);
    engine_trace_free(&trace);
    llmprov_response_free(&r);
    return test_now.failures == before;
}

/* Reads bytes in every way and mode, which must agree; in a run without memory, in one. */
static inline engine_reply engine_read_wire(llmprov_client *client, const llmprov_request *req, int stream, const engine_wire *w, const char *file, int line) {
    engine_reply reply;
    int way, mode;
    bool good = true;
    unsigned long calls;
    memset(&reply, 0, sizeof reply);
    reply.client = client;
    reply.status = engine_run(client, req, stream, w, 0, ENGINE_EVENTS, &reply.trace, &reply.r);
    reply.told = engine_told(&reply.trace);
    if (test_now.oom) return reply;
    test_now.checks++;
    if (reply.trace.wrong) test_fail(file, line, "%s", reply.trace.wrong);
    calls = test_memory.calls;
    for (way = 0; way < 4 && good; way++)
        for (mode = ENGINE_EVENTS; mode < ENGINE_MODES && good; mode++)
            if (way || mode) good = engine_read_again(&reply, req, stream, w, way, mode, file, line);
    test_memory.calls = calls;                                /* the runs without memory read in one way: those are numbered */
    return reply;
}

static inline engine_reply engine_read_at(const char *format, int stream, int status, const char *body, size_t len, const char *file, int line) {
    llmprov_request req = { .model = "test-model", .prompt = "Hello" };
    engine_wire w = engine_wire_of(stream, status, body, len);
    return engine_read_wire(engine_open(format, NULL), &req, stream, &w, file, line);
}
#define engine_read(format, stream, status, body) engine_read_at((format), (stream), (status), (body), strlen(body), __FILE__, __LINE__)

/* Reads bytes in one way only, so that in the runs without memory each allocation is refused in turn. */
static inline engine_reply engine_read_once_wire(llmprov_client *client, const llmprov_request *req, int stream, const engine_wire *w, const char *file, int line) {
    engine_reply reply;
    memset(&reply, 0, sizeof reply);
    reply.client = client;
    reply.status = engine_run(client, req, stream, w, 0, ENGINE_EVENTS, &reply.trace, &reply.r);
    reply.told = engine_told(&reply.trace);
    test_now.checks++;
    if (!test_excused() && reply.trace.wrong) test_fail(file, line, "%s", reply.trace.wrong);
    return reply;
}

static inline engine_reply engine_read_once_at(const char *format, int stream, const char *body, const char *file, int line) {
    llmprov_request req = { .model = "test-model", .prompt = "Hello" };
    engine_wire w = engine_wire_of(stream, 200, body, strlen(body));
    return engine_read_once_wire(engine_open(format, NULL), &req, stream, &w, file, line);
}
#define engine_read_once(format, stream, body) engine_read_once_at((format), (stream), (body), __FILE__, __LINE__)

/* The n-th block of a type; an empty one when there is none. */
static inline const llmprov_block *engine_block(const llmprov_message *m, llmprov_block_type type, int n) {
    static const llmprov_block none;
    const llmprov_block *b = NULL;
    do b = llmprov_block_next(m, type, b); while (b && n--);
    return b ? b : &none;
}
#define engine_call(reply, n) engine_block(&(reply).r.message, LLMPROV_BLOCK_TOOL_USE, (n))

static inline int engine_count(const llmprov_message *m, llmprov_block_type type) {
    const llmprov_block *b = NULL;
    int n = 0;
    while ((b = llmprov_block_next(m, type, b)) != NULL) n++;
    return n;
}

/* JSON in C: each ' becomes a ". Valid until some dozens of further calls. */
static inline const char *Q(const char *text) {
    static engine_text ring[48];
    static size_t next;
    engine_text *t = &ring[next++ % (sizeof ring / sizeof *ring)];
    size_t i;
    t->len = 0;
    engine_add(t, text, strlen(text));
    for (i = 0; i < t->len; i++)
        if (t->ptr[i] == '\'') t->ptr[i] = '"';
    return t->ptr;
}

/* A reply on one line: its blocks with | between them, and why it failed behind a !. Text stands as it is, thinking behind ~,
   a seal behind ^, a call is name(input) or name?(input) where that is no JSON, anything else its kind and JSON. */
static inline engine_text engine_shown(const llmprov_response *r) {
    engine_text to = { NULL, 0, 0 };
    size_t i;
    engine_add(&to, "", 0);
    for (i = 0; i < r->message.block_count; i++) {
        const llmprov_block *b = &r->message.blocks[i];
        bool call = b->type == LLMPROV_BLOCK_TOOL_USE;
        if (i) engine_adds(&to, "|");
        if (call) engine_adds(&to, b->name), engine_adds(&to, b->invalid ? "?(" : "(");
        else if (b->type == LLMPROV_BLOCK_THINKING) engine_adds(&to, "~");
        else if (b->type != LLMPROV_BLOCK_TEXT) engine_adds(&to, b->kind ? b->kind : b->type == LLMPROV_BLOCK_REDACTED ? "#" : "?");
        if (b->text && b->type != LLMPROV_BLOCK_REDACTED) engine_add(&to, b->text, b->text_len);
        if (b->json) engine_add(&to, b->json, b->json_len);
        if (b->signature) engine_adds(&to, "^"), engine_adds(&to, b->signature);
        if (call) engine_adds(&to, ")");
    }
    if (r->error.code) engine_adds(&to, "!"), engine_adds(&to, r->error.message);
    return to;
}

/* Without memory a reply may be missing, but it is not said to be broken where it is not. */
static inline void engine_check_shown(engine_reply reply, const char *expected, const char *what, const char *file, int line) {
    engine_text got = engine_shown(&reply.r);
    if (test_excused() && (reply.r.error.code == LLMPROV_ERR_BAD_REPLY || reply.r.error.code == LLMPROV_ERR_TRUNCATED) && !strchr(expected, '!'))
        test_fail(file, line, "without memory: %s\n    %s", reply.r.error.message, what);
    if (!test_excused() && !test_check_str(got.ptr, expected, "the reply", file, line)) printf("    %s\n", what);
    engine_text_free(&got);
    engine_reply_free(&reply);
}

typedef struct engine_row { const char *said, *shown; } engine_row;

/* Rows of what comes, with ' for ", and what is shown; read in every way, and once more without memory. */
static inline void engine_rows(const char *format, int stream, const engine_row *rows, size_t count, const char *file, int line) {
    size_t i;
    for (i = 0; i < count && !test_excused(); i++) {
        engine_text said = { NULL, 0, 0 };
        engine_adds(&said, Q(rows[i].said));
        engine_check_shown(test_now.oom ? engine_read_once_at(format, stream, said.ptr, file, line) : engine_read_at(format, stream, 200, said.ptr, said.len, file, line),
                           rows[i].shown, rows[i].said, file, line);
        engine_text_free(&said);
    }
}
#define ENGINE_ROWS(format, stream, rows) engine_rows((format), (stream), (rows), LLMPROV__COUNT(rows), __FILE__, __LINE__)

// -- replies, written down -------------------------------------------------------------------

/* For Q: chunks of openai-chat, and a whole reply. */
#define CHAT_TOP(inside) "data: {'id':'c1','object':'chat.completion.chunk','created':1,'model':'m-1'," inside "}\n\n"
#define CHAT(delta) CHAT_TOP("'choices':[{'index':0,'delta':" delta ",'finish_reason':null}]")
#define CHAT_END(word) CHAT_TOP("'choices':[{'index':0,'delta':{},'finish_reason':'" word "'}]")
#define CHAT_USAGE(usage) CHAT_TOP("'choices':[],'usage':" usage)
#define CHAT_DONE "data: [DONE]\n\n"
#define CHAT_WHOLE(message, word) "{'id':'c1','object':'chat.completion','created':1,'model':'m-1','choices':[{'index':0,'message':" message \
    ",'finish_reason':'" word "'}],'usage':{'prompt_tokens':5,'completion_tokens':7,'total_tokens':12}}"

/* For Q: events of anthropic-messages, and a whole reply. */
#define MSG_EVENT(name, inside) "event: " name "\ndata: {'type':'" name "'" inside "}\n\n"
#define MSG_START MSG_EVENT("message_start", ",'message':{'id':'msg_1','type':'message','role':'assistant','model':'m-1','content':[]," \
    "'stop_reason':null,'stop_sequence':null,'usage':{'input_tokens':5,'output_tokens':1}}")
#define MSG_BLOCK(index, block) MSG_EVENT("content_block_start", ",'index':" index ",'content_block':" block)
#define MSG_DELTA(index, delta) MSG_EVENT("content_block_delta", ",'index':" index ",'delta':" delta)
#define MSG_STOP(index) MSG_EVENT("content_block_stop", ",'index':" index)
#define MSG_TEXT(index, text) MSG_BLOCK(index, "{'type':'text','text':''}") MSG_DELTA(index, "{'type':'text_delta','text':'" text "'}") MSG_STOP(index)
#define MSG_END(word) MSG_EVENT("message_delta", ",'delta':{'stop_reason':'" word "','stop_sequence':null},'usage':{'output_tokens':7}") \
    MSG_EVENT("message_stop", "")
#define MSG_WHOLE(content, word) "{'id':'msg_1','type':'message','role':'assistant','model':'m-1','content':" content \
    ",'stop_reason':'" word "','stop_sequence':null,'usage':{'input_tokens':5,'output_tokens':7}}"

// -- what is sent --------------------------------------------------------------------------

typedef struct engine_sent {
    llmprov_client *client;
    llmprov_call *call;
    llmprov_json *body;          /* NULL when the request was refused                                        */
    const char *text;
    size_t len;
    const llmprov_http *http;
    const llmprov_warning *warnings;
    size_t warning_count;
    llmprov_error error;
} engine_sent;

/* The body in random pieces must be the body. */
static inline void engine_pull(engine_sent *s, const char *file, int line) {
    size_t at = 0, n;
    char piece[512];
    llmprov_call_body_rewind(s->call);
    for (;;) {
        size_t want = 1 + (size_t)(test_random() >> 32) % sizeof piece;
        n = llmprov_call_body(s->call, piece, want);
        if (!n) break;
        if (at + n > s->len || memcmp(s->text + at, piece, n)) {
            test_fail(file, line, "the body in pieces differs at byte %lu", (unsigned long)at);
            return;
        }
        at += n;
    }
    if (at != s->len) test_fail(file, line, "the body in pieces has %lu bytes, whole it has %lu", (unsigned long)at, (unsigned long)s->len);
}

static inline engine_sent engine_send_with(const char *provider, llmprov_desc *desc, const llmprov_request *req, const char *file, int line) {
    engine_sent s;
    llmprov_alloc alloc = test_alloc();
    memset(&s, 0, sizeof s);
    s.client = engine_open(provider, desc);
    s.call = llmprov_call_chat(s.client, req);
    s.text = (const char *)llmprov_call_body_whole(s.call, &s.len);
    s.http = llmprov_call_http(s.call);
    s.warnings = llmprov_call_warnings(s.call, &s.warning_count);
    s.error = *llmprov_call_error(s.call);
    if (s.text) s.body = llmprov_json_parse(s.text, s.len, &alloc, NULL);
    test_now.checks++;
    if (test_excused()) return s;
    if (s.text && !s.body) test_fail(file, line, "the body is not JSON: %s", s.text);
    if (s.http && s.http->body_len != s.len) test_fail(file, line, "body_len is wrong");
    if (s.text && !test_now.oom) engine_pull(&s, file, line);
    return s;
}
#define engine_send(provider, req) engine_send_with((provider), NULL, (req), __FILE__, __LINE__)

static inline void engine_sent_free(engine_sent *s) {
    llmprov_json_free(s->body);
    llmprov_call_free(s->call);
    llmprov_close(s->client);
    memset(s, 0, sizeof *s);
}

/* A member of the body as JSON; NULL = it must not be there. */
static inline bool engine_check_body(const engine_sent *s, const char *path, const char *expected, const char *file, int line) {
    const llmprov_json *v = llmprov_json_path(s->body, path);
    llmprov_str raw = llmprov_json_raw(v);
    if (!s->body && !test_excused()) return test_fail(file, line, "%s: there is no body: %s", path, s->error.message);
    return engine_check_json(v ? raw.ptr : NULL, v ? raw.len : 0, expected, path, file, line);
}
#define CHECK_BODY(s, path, expected) engine_check_body(&(s), (path), (expected), __FILE__, __LINE__)

static inline const llmprov_warning *engine_warned(const llmprov_warning *w, size_t count, llmprov_status code, const char *field) {
    size_t i;
    for (i = 0; i < count; i++)
        if (w[i].code == code && !strcmp(w[i].field, field)) return &w[i];
    return NULL;
}

static inline bool engine_check_warned(const llmprov_warning *w, size_t count, llmprov_status code, const char *field, const char *file, int line) {
    engine_text all = { NULL, 0, 0 };
    size_t i;
    bool found = engine_warned(w, count, code, field) != NULL;
    test_now.checks++;
    if (found || test_excused()) return found;
    engine_add(&all, "", 0);
    for (i = 0; i < count; i++) {
        engine_add(&all, "\n    ", 5);
        engine_say_int(&all, "code", w[i].code);
        engine_say(&all, "field", w[i].field);
        engine_say(&all, "text", w[i].text);
    }
    test_fail(file, line, "there is no warning %d about %s, but: %s", (int)code, field, all.ptr);
    engine_text_free(&all);
    return false;
}
#define CHECK_WARNED(s, code, field) engine_check_warned((s).warnings, (s).warning_count, (code), (field), __FILE__, __LINE__)

static inline const char *engine_header(const engine_sent *s, const char *name) {
    size_t i;
    for (i = 0; s->http && i < s->http->header_count; i++)
        if (llmprov__text_same(s->http->headers[i].name, name, true)) return s->http->headers[i].value;
    return NULL;
}

/* A history from Anthropic-shape JSON. */
static inline llmprov_history engine_history(const char *json) {
    llmprov_history h = { .system = NULL };
    llmprov_error err;
    llmprov_status status;
    h.alloc = test_alloc();
    status = llmprov_history_load(&h, json, strlen(json), &err);
    if (status && !test_excused()) test_fail(__FILE__, __LINE__, "a history of the test's own: %s", err.message);
    return h;
}

#endif /* ENGINE_H */
