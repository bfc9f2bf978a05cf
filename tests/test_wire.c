/* The golden files of tests/wire/, through the engine: every reply and stream, in every way of cutting and of taking
   events, with the shortcut of a stream and without it, against what expect.json says they mean. */
#include "events.h"

static const char *const wire_formats[] = { "anthropic-messages", "openai-chat", "openai-responses", "bedrock-converse", "ollama-chat", "cohere-v2", "gemini-generate",
                                            "bedrock-anthropic", "vertex-anthropic", "legacyuse", "azure" };

/* Folders are named after formats, or after rows of other endpoints that speak one. */
static const char *wire_spoken(const char *name) {
    const llmprov_provider *row = llmprov__translators_find(name) ? NULL : llmprov_provider_find(NULL, name);
    return row ? row->format : name;
}

// -- the files -----------------------------------------------------------------------------

/* One file: a status line, header lines, a blank line, the body as it stands. */
typedef struct wire_file {
    engine_text text;
    engine_text binary;          /* what the messages of an event stream are as bytes, and as it is written  */
    const char *written;
    size_t written_len;
    engine_wire wire;
} wire_file;

static char *wire_line(char **at) {
    char *line = *at, *end = strchr(line, '\n');
    if (!end) return NULL;
    *end = 0;
    *at = end + 1;
    return line;
}

/* A binary stream is written down as text, and made here. */
static void wire_make(wire_file *f) {
    size_t i;
    for (i = 0; i < f->wire.header_count; i++) {
        if (strcmp(f->wire.headers[i].value, "application/vnd.amazon.eventstream")) continue;
        f->written = f->wire.body;
        f->written_len = f->wire.len;
        f->binary = events_read(f->wire.body, f->wire.len);
        f->wire.body = f->binary.ptr;
        f->wire.len = f->binary.len;
    }
}

static void wire_free(wire_file *f) {
    engine_text_free(&f->text);
    engine_text_free(&f->binary);
}

/* False when the file is not there. */
static bool wire_read(wire_file *f, const char *format, const char *name, const char *file) {
    char path[300], *at, *line, *value;
    size_t len;
    memset(f, 0, sizeof *f);
    sprintf(path, "tests/wire/%s/%s/%s", format, name, file);
    f->text = engine_file(path);
    if (!f->text.ptr) return false;
    len = f->text.len;
    at = f->text.ptr;
    line = wire_line(&at);
    if (!line || sscanf(line, "HTTP/1.1 %d", &f->wire.status) != 1) {
        test_fail(path, 1, "no status line");
        return true;
    }
    while ((line = wire_line(&at)) != NULL && *line) {
        value = strchr(line, ':');
        if (!value || f->wire.header_count == 40) continue;
        *value++ = 0;
        while (*value == ' ') value++;
        f->wire.headers[f->wire.header_count].name = line;
        f->wire.headers[f->wire.header_count++].value = value;
    }
    f->wire.body = at;
    f->wire.len = len - (size_t)(at - f->text.ptr);
    wire_make(f);
    return true;
}

/* The cases of a format in order; those of the mock's brain are templates. */
static char **wire_cases(const char *format, size_t *count) {
    char path[100], **names;
    size_t i, kept = 0;
    sprintf(path, "tests/wire/%.80s", format);
    names = test_names(path, count);
    for (i = 0; i < *count; i++) {
        bool skipped = !strncmp(names[i], "brain_", 6) || strlen(names[i]) > 100;
        if (skipped) free(names[i]);
        else names[kept++] = names[i];
    }
    *count = kept;
    return names;
}

// -- expect.json ---------------------------------------------------------------------------

static char wire_where[300];     /* which file is being looked at, for messages */

#define WIRE_STR(got, v) test_check_str((got), llmprov_json_str((v), NULL), wire_where, __FILE__, __LINE__)
#define WIRE_INT(got, v) test_check_int((long long)(got), (long long)llmprov_json_int((v), -1), wire_where, __FILE__, __LINE__)

static void wire_json(const char *got, size_t len, const llmprov_json *expected, const char *what) {
    llmprov_str raw = llmprov_json_raw(expected);
    test_now.checks++;
    if (got && engine_equal(got, len, raw.ptr, raw.len)) return;
    test_check_text(got, got ? len : 0, raw.ptr, raw.len, wire_where, __FILE__, __LINE__);
    test_fail(__FILE__, __LINE__, "%s: %s differs", wire_where, what);
}

/* A member of an object that is JSON text. */
static void wire_member(const char *object, const char *key, const llmprov_json *expected) {
    llmprov_json *root = object ? llmprov_json_parse(object, strlen(object), NULL, NULL) : NULL;
    llmprov_str raw = llmprov_json_raw(llmprov_json_get(root, key));
    wire_json(raw.ptr, raw.len, expected, key);
    llmprov_json_free(root);
}

static void wire_calls(const llmprov_message *m, const llmprov_json *expected) {
    const llmprov_json *e = NULL;
    int n = 0;
    test_check_int(engine_count(m, LLMPROV_BLOCK_TOOL_USE), (long long)llmprov_json_count(expected), wire_where, __FILE__, __LINE__);
    while ((e = llmprov_json_next(expected, e)) != NULL) {
        const llmprov_block *b = engine_block(m, LLMPROV_BLOCK_TOOL_USE, n++);
        if (llmprov_json_get(e, "id")) WIRE_STR(b->id, llmprov_json_get(e, "id"));
        WIRE_STR(b->name, llmprov_json_get(e, "name"));
        wire_json(b->json, b->json_len, llmprov_json_get(e, "input"), "input");
        test_check_int(b->invalid, llmprov_json_bool(llmprov_json_get(e, "invalid"), false), wire_where, __FILE__, __LINE__);
    }
}

static void wire_usage(const llmprov_usage *u, const llmprov_json *expected) {
    const struct { const char *name; int64_t value; } counts[] = {
        { "input_tokens", u->input_tokens }, { "cache_read_tokens", u->cache_read_tokens }, { "cache_write_5m_tokens", u->cache_write_5m_tokens },
        { "cache_write_1h_tokens", u->cache_write_1h_tokens }, { "output_tokens", u->output_tokens }, { "thinking_tokens", u->thinking_tokens },
        { "input_audio_tokens", u->input_audio_tokens }, { "output_audio_tokens", u->output_audio_tokens },
    };
    size_t i;
    for (i = 0; i < sizeof counts / sizeof *counts; i++) {
        int64_t want = llmprov_json_int(llmprov_json_get(expected, counts[i].name), 0);
        test_now.checks++;
        if (counts[i].value != want)
            test_fail(__FILE__, __LINE__, "%s: %s is %ld, expected %ld", wire_where, counts[i].name, (long)counts[i].value, (long)want);
    }
}

/* The joined texts of all blocks of a type. */
static void wire_text(const llmprov_message *m, llmprov_block_type type, const llmprov_json *expected) {
    engine_text all = { NULL, 0, 0 };
    llmprov_str want = llmprov_json_text(expected);
    const llmprov_block *b = NULL;
    engine_add(&all, "", 0);
    while ((b = llmprov_block_next(m, type, b)) != NULL) engine_add(&all, b->text, b->text_len);
    test_check_text(all.ptr, all.len, want.ptr ? want.ptr : "", want.len, wire_where, __FILE__, __LINE__);
    engine_text_free(&all);
}

/* What is in the blocks, by their saved form. */
static void wire_blocks(const llmprov_message *m, const llmprov_json *e) {
    const llmprov_json *want = NULL, *citations = NULL, *list;
    llmprov_alloc alloc = test_alloc();
    size_t i;
    int n = 0;
    for (i = 0; i < m->block_count; i++) {
        llmprov_text saved;
        llmprov_json *root;
        if (llmprov_block_save(&m->blocks[i], &alloc, &saved)) {
            test_fail(__FILE__, __LINE__, "%s: block %d cannot be saved", wire_where, (int)i);
            continue;
        }
        root = llmprov_json_parse(saved.ptr, saved.len, NULL, NULL);
        want = llmprov_json_next(llmprov_json_get(e, "blocks"), want);
        if (llmprov_json_get(e, "blocks")) WIRE_STR(llmprov_json_str(llmprov_json_get(root, "type"), NULL), want);
        list = llmprov_json_get(e, "citations");
        if (llmprov_json_get(e, "blocks") && list && m->blocks[i].type == LLMPROV_BLOCK_TEXT) {
            citations = llmprov_json_next(list, citations);
            if (llmprov_json_kind(citations) == LLMPROV_JSON_ARRAY) wire_member(saved.ptr, "citations", citations);
            else CHECK(!llmprov_json_count(llmprov_json_get(root, "citations")));
        }
        llmprov_json_free(root);
        llmprov_text_free(&saved);
    }
    if (llmprov_json_get(e, "blocks")) test_check_int((long long)m->block_count, (long long)llmprov_json_count(llmprov_json_get(e, "blocks")), wire_where, __FILE__, __LINE__);
    for (n = 0, want = NULL; (want = llmprov_json_next(llmprov_json_get(e, "signatures"), want)) != NULL;)
        WIRE_STR(engine_block(m, LLMPROV_BLOCK_THINKING, n++)->signature, want);
    for (n = 0, want = NULL; (want = llmprov_json_next(llmprov_json_get(e, "redacted"), want)) != NULL;)
        WIRE_STR(engine_block(m, LLMPROV_BLOCK_REDACTED, n++)->text, want);
}

static void wire_audio(const llmprov_block *b, const llmprov_json *e) {
    llmprov_alloc alloc = test_alloc();
    char text[2048];
    llmprov_text saved;
    WIRE_STR(b->id, llmprov_json_get(e, "id"));
    WIRE_STR(b->text, llmprov_json_get(e, "transcript"));
    if (b->data_len && b->data_len < 1500) {
        text[llmprov__text_base64(text, b->data, b->data_len)] = 0;
        WIRE_STR(text, llmprov_json_get(e, "data"));
    } else test_fail(__FILE__, __LINE__, "%s: no audio", wire_where);
    if (llmprov_block_save(b, &alloc, &saved)) return;
    wire_member(b->extra, "expires_at", llmprov_json_get(e, "expires_at"));
    llmprov_text_free(&saved);
}

/* What only openai-chat has. */
static void wire_further(const llmprov_response *r, const llmprov_json *e) {
    const llmprov_block *text = engine_block(&r->message, LLMPROV_BLOCK_TEXT, 0), *thinking = engine_block(&r->message, LLMPROV_BLOCK_THINKING, 0);
    const llmprov_json *choice = NULL;
    size_t n = 0;
    if (llmprov_json_get(e, "annotations")) wire_member(text->extra, "citations", llmprov_json_get(e, "annotations"));
    if (llmprov_json_get(e, "citations") && !llmprov_json_get(e, "blocks")) wire_member(r->extra, "citations", llmprov_json_get(e, "citations"));
    if (llmprov_json_get(e, "reasoning_details")) wire_member(thinking->extra, "reasoning_details", llmprov_json_get(e, "reasoning_details"));
    if (llmprov_json_get(e, "audio")) wire_audio(engine_block(&r->message, LLMPROV_BLOCK_AUDIO, 0), llmprov_json_get(e, "audio"));
    if (llmprov_json_get(e, "refusal")) CHECK_INT(r->stop, LLMPROV_STOP_REFUSAL);
    if (llmprov_json_get(e, "logprobs") && CHECK(r->choice_count && r->choices[0].extra)) {
        llmprov_json *extra = llmprov_json_parse(r->choices[0].extra, r->choices[0].extra_len, NULL, NULL);
        llmprov_str raw = llmprov_json_raw(llmprov_json_path(extra, "logprobs.content"));
        wire_json(raw.ptr, raw.len, llmprov_json_get(e, "logprobs"), "logprobs");
        llmprov_json_free(extra);
    }
    if (!llmprov_json_get(e, "choices")) return;
    test_check_int((long long)r->choice_count, (long long)llmprov_json_count(llmprov_json_get(e, "choices")), wire_where, __FILE__, __LINE__);
    while ((choice = llmprov_json_next(llmprov_json_get(e, "choices"), choice)) != NULL && n < r->choice_count) {
        wire_text(&r->choices[n].message, LLMPROV_BLOCK_TEXT, llmprov_json_get(choice, "text"));
        WIRE_STR(llmprov_stop_text(r->choices[n].stop), llmprov_json_get(choice, "stop"));
        n++;
    }
}

static void wire_error(const llmprov_error *got, const llmprov_json *e) {
    static const char *const names[] = {
#define WIRE_NAME(name, text) #name,
        LLMPROV_STATUS_LIST(WIRE_NAME)
#undef WIRE_NAME
    };
    WIRE_STR(names[got->code], llmprov_json_get(e, "code"));
    WIRE_INT(got->http_status, llmprov_json_get(e, "http_status"));
    WIRE_INT(got->retry_after_ms, llmprov_json_get(e, "retry_after_ms"));
    test_check_int(got->retryable, llmprov_json_bool(llmprov_json_get(e, "retryable"), false), wire_where, __FILE__, __LINE__);
    if (llmprov_json_get(e, "provider_code")) WIRE_STR(got->provider_code, llmprov_json_get(e, "provider_code"));
    if (llmprov_json_kind(llmprov_json_get(e, "param")) == LLMPROV_JSON_STRING) WIRE_STR(got->param, llmprov_json_get(e, "param"));
    if (llmprov_json_get(e, "request_id")) WIRE_STR(got->request_id, llmprov_json_get(e, "request_id"));
    if (llmprov_json_get(e, "message")) {
        test_now.checks++;
        if (!strstr(got->message, llmprov_json_str(llmprov_json_get(e, "message"), "?"))) WIRE_STR(got->message, llmprov_json_get(e, "message"));
    }
    if (llmprov_json_get(e, "raw")) WIRE_STR(got->raw, llmprov_json_get(e, "raw"));
}

static void wire_expect(const llmprov_response *r, const llmprov_json *e) {
    if (llmprov_json_get(e, "error")) {
        wire_error(&r->error, llmprov_json_get(e, "error"));
        if (llmprov_json_get(e, "text")) WIRE_STR(r->text, llmprov_json_get(e, "text"));
        return;
    }
    test_now.checks++;
    if (r->error.code) test_fail(__FILE__, __LINE__, "%s: %s", wire_where, r->error.message);
    WIRE_STR(r->id, llmprov_json_get(e, "id"));
    WIRE_STR(r->model, llmprov_json_get(e, "model"));
    WIRE_STR(r->text, llmprov_json_get(e, "text"));
    wire_text(&r->message, LLMPROV_BLOCK_THINKING, llmprov_json_get(e, "thinking"));
    wire_calls(&r->message, llmprov_json_get(e, "calls"));
    WIRE_STR(llmprov_stop_text(r->stop), llmprov_json_get(e, "stop"));
    WIRE_STR(r->stop_word, llmprov_json_get(e, "stop_word"));
    WIRE_STR(r->stop_sequence, llmprov_json_get(e, "stop_sequence"));
    wire_usage(&r->usage, llmprov_json_get(e, "usage"));
    wire_blocks(&r->message, e);
    wire_further(r, e);
}

// -- variants of a stream that mean the same -------------------------------------------------

enum { WIRE_SPACED, WIRE_COMMENTED, WIRE_CRLF, WIRE_CR, WIRE_UNSPACED, WIRE_VARIANTS };

/* The same of JSON lines: white space around them and empty lines between say nothing. A CR alone ends no line. */
static engine_text wire_variant_lines(const engine_wire *w, int variant) {
    static const char *const before[] = { " ", "\n", "", "\t", "\r\n \n" }, *const behind[] = { "\n", "\n", "\r\n", " \n", "\r\n" };
    engine_text t = { NULL, 0, 0 };
    const char *p = w->body, *end = p + w->len, *eol;
    engine_add(&t, "", 0);
    for (; p < end; p = eol + 1) {
        eol = (const char *)memchr(p, '\n', (size_t)(end - p));
        if (!eol) eol = end;
        engine_adds(&t, before[variant]);
        engine_add(&t, p, (size_t)(eol - p));
        if (eol + 1 < end || variant != WIRE_CR) engine_adds(&t, behind[variant]);      /* the last line may have no end */
    }
    return t;
}

/* WIRE_SPACED: no data line begins as the one before it, so that the shortcut of a stream never fits. */
static engine_text wire_variant(const engine_wire *w, int variant) {
    engine_text t = { NULL, 0, 0 };
    const char *p = w->body, *end = p + w->len, *eol;
    int line = 0;
    engine_add(&t, "", 0);
    for (; p < end; p = eol) {
        size_t n;
        eol = (const char *)memchr(p, '\n', (size_t)(end - p));
        eol = eol ? eol + 1 : end;
        n = (size_t)(eol - p);
        if (variant == WIRE_COMMENTED && line++ % 3 == 0) engine_add(&t, ": keep-alive\n", 13);
        if (n > 7 && !memcmp(p, "data: {", 7) && (variant == WIRE_SPACED || variant == WIRE_UNSPACED)) {
            engine_add(&t, "data:    ", variant == WIRE_SPACED ? (size_t)(6 + ++line % 3) : 5);
            engine_add(&t, p + 6, n - 6);
        } else if ((variant == WIRE_CRLF || variant == WIRE_CR) && p[n - 1] == '\n') {
            engine_add(&t, p, n - 1);
            engine_add(&t, "\r\n", variant == WIRE_CRLF ? 2 : 1);
        } else engine_add(&t, p, n);
    }
    return t;
}

/* A binary stream whose messages never begin as the one before, so that the shortcut never fits. */
static engine_text wire_spaced(const char *p, size_t len) {
    engine_text text = { NULL, 0, 0 }, made;
    const char *end = p + len, *eol, *json;
    int line = 0;
    engine_add(&text, "", 0);
    for (; p < end; p = eol) {
        eol = (const char *)memchr(p, '\n', (size_t)(end - p));
        eol = eol ? eol + 1 : end;
        json = (const char *)memchr(p, '{', (size_t)(eol - p));
        if (!json) json = eol;
        engine_add(&text, p, (size_t)(json - p));
        engine_add(&text, "  ", json < eol ? (size_t)(++line % 3) : 0);
        engine_add(&text, json, (size_t)(eol - json));
    }
    made = events_read(text.ptr, text.len);
    engine_text_free(&text);
    return made;
}

static void wire_same_events(llmprov_client *client, const llmprov_request *req, const engine_wire *w, const engine_reply *plain) {
    engine_trace trace;
    engine_text told;
    llmprov_response r;
    memset(&trace, 0, sizeof trace);
    engine_run(client, req, ENGINE_STREAM, w, 0, ENGINE_EVENTS, &trace, &r);
    told = engine_told(&trace);
    test_check_text(told.ptr, told.len, plain->told.ptr, plain->told.len, wire_where, __FILE__, __LINE__);
    engine_text_free(&told);
    engine_trace_free(&trace);
    llmprov_response_free(&r);
}

static void wire_binary_variant(llmprov_client *client, const llmprov_request *req, const wire_file *f, const engine_reply *plain) {
    engine_text body = wire_spaced(f->written, f->written_len);
    engine_wire w = f->wire;
    w.body = body.ptr;
    w.len = body.len;
    wire_same_events(client, req, &w, plain);
    engine_text_free(&body);
}

static void wire_variants(llmprov_client *client, const llmprov_request *req, const engine_wire *w, const engine_reply *plain) {
    bool lines = w->len && w->body[0] == '{' && llmprov_client_provider(client) && !strcmp(llmprov_client_provider(client)->format, "ollama-chat");
    int variant, way;
    if (w->status != 200 || (w->len && ((w->body[0] == '{' && !lines) || w->body[0] == '[' || w->body[0] == '<')) || memchr(w->body, '\r', w->len)) return;
    for (variant = 0; variant < WIRE_VARIANTS; variant++) {
        engine_text body = lines ? wire_variant_lines(w, variant) : wire_variant(w, variant);
        engine_wire other = *w;
        other.body = body.ptr;
        other.len = body.len;
        for (way = 0; way < 3; way++) {
            engine_trace trace;
            engine_text told;
            llmprov_response r;
            memset(&trace, 0, sizeof trace);
            engine_run(client, req, ENGINE_STREAM, &other, way, ENGINE_EVENTS, &trace, &r);
            told = engine_told(&trace);
            if (told.len != plain->told.len || memcmp(told.ptr, plain->told.ptr, told.len)) {
                test_fail(__FILE__, __LINE__, "%s: variant %d, way %d has other events", wire_where, variant, way);
                test_check_text(told.ptr, told.len, plain->told.ptr, plain->told.len, wire_where, __FILE__, __LINE__);
            }
            test_now.checks++;
            engine_text_free(&told);
            engine_trace_free(&trace);
            llmprov_response_free(&r);
        }
        engine_text_free(&body);
    }
}

// -- request.keep: the same pieces, whatever is gathered --------------------------------------

static void wire_keep(llmprov_client *client, const llmprov_request *like, int stream, const engine_wire *w, llmprov_keep keep, const engine_reply *all) {
    llmprov_request req = *like;
    engine_trace trace;
    llmprov_response r;
    size_t i;
    int n;
    memset(&trace, 0, sizeof trace);
    trace.kept_less = true;
    req.keep = keep;
    engine_run(client, &req, stream, w, 2, ENGINE_EVENTS, &trace, &r);
    test_now.checks++;
    if (trace.wrong) test_fail(__FILE__, __LINE__, "%s, keep %d: %s", wire_where, (int)keep, trace.wrong);
    for (i = 0; i < trace.count && i < all->trace.count; i++) {
        const engine_lane *x = &trace.lanes[i], *y = &all->trace.lanes[i];
        test_check_text(x->pieces.ptr, x->pieces.len, y->pieces.ptr, y->pieces.len, wire_where, __FILE__, __LINE__);
    }
    test_check_int((long long)trace.count, (long long)all->trace.count, wire_where, __FILE__, __LINE__);
    CHECK_INT(r.error.code, all->r.error.code);
    CHECK_INT(r.stop, all->r.stop);
    CHECK_STR(r.text, "");
    for (n = 0; keep == LLMPROV_KEEP_TOOLS && n < engine_count(&all->r.message, LLMPROV_BLOCK_TOOL_USE); n++)
        CHECK_STR(engine_block(&r.message, LLMPROV_BLOCK_TOOL_USE, n)->json, engine_block(&all->r.message, LLMPROV_BLOCK_TOOL_USE, n)->json);
    engine_trace_free(&trace);
    llmprov_response_free(&r);
}

// -- the same answer in every other format -----------------------------------------------------

static bool wire_take(void *user, const void *bytes, size_t len) {
    engine_add((engine_text *)user, (const char *)bytes, len);
    return true;
}

static bool wire_to_face(void *user, const llmprov_event *e) {
    return llmprov_face_event((llmprov_face *)user, e) == LLMPROV_OK;
}

/* Reasons that a format has no word of its own for. */
static bool wire_same_stop(const char *format, llmprov_stop was, llmprov_stop is) {
    if (was == is || was == LLMPROV_STOP_OTHER || was == LLMPROV_STOP_ERROR) return true;
    if (!strcmp(format, "openai-responses"))
        return (was == LLMPROV_STOP_SEQUENCE || was == LLMPROV_STOP_PAUSE) ? is == LLMPROV_STOP_END : was == LLMPROV_STOP_CONTEXT && is == LLMPROV_STOP_LENGTH;
    if (!strcmp(format, "cohere-v2")) return (was == LLMPROV_STOP_CONTEXT || was == LLMPROV_STOP_PAUSE) && is == LLMPROV_STOP_LENGTH;
    if (strcmp(format, "openai-chat") && strcmp(format, "ollama-chat") && strcmp(format, "gemini-generate")) return false;
    return was == LLMPROV_STOP_SEQUENCE ? is == LLMPROV_STOP_END : (was == LLMPROV_STOP_CONTEXT || was == LLMPROV_STOP_PAUSE) && is == LLMPROV_STOP_LENGTH;
}

static int64_t wire_prompt(const llmprov_usage *u) {
    return u->input_tokens + u->cache_read_tokens + u->cache_write_5m_tokens + u->cache_write_1h_tokens;
}

/* Not every format keeps thoughts apart, nor empty ones. */
static void wire_same_thoughts(const llmprov_message *a, const llmprov_message *b) {
    engine_text x = { NULL, 0, 0 }, y = { NULL, 0, 0 };
    const llmprov_block *t = NULL;
    engine_add(&x, "", 0);
    engine_add(&y, "", 0);
    while ((t = llmprov_block_next(a, LLMPROV_BLOCK_THINKING, t)) != NULL) engine_add(&x, t->text, t->text_len);
    while ((t = llmprov_block_next(b, LLMPROV_BLOCK_THINKING, t)) != NULL) engine_add(&y, t->text, t->text_len);
    CHECK_STR(y.ptr, x.ptr);
    engine_text_free(&x);
    engine_text_free(&y);
}

/* What a client of the face's format reads is what our client read. */
static void wire_same_answer(const char *format, const llmprov_response *a, const llmprov_response *b) {
    const llmprov_block *audio = engine_block(&a->message, LLMPROV_BLOCK_AUDIO, 0);        /* its transcript is a text elsewhere */
    int n, calls = engine_count(&a->message, LLMPROV_BLOCK_TOOL_USE);
    if ((strcmp(format, "ollama-chat") && strcmp(format, "cohere-v2")) || !a->error.code || b->error.http_status > 400) CHECK_INT(b->error.code, a->error.code);
    else CHECK(b->error.code);                         /* a failed stream has a sentence and no code */
    CHECK_STR(b->text, audio->text && !engine_count(&b->message, LLMPROV_BLOCK_AUDIO) ? audio->text : a->text);
    CHECK_INT(engine_count(&b->message, LLMPROV_BLOCK_TOOL_USE), calls);
    for (n = 0; n < calls; n++) {
        const llmprov_block *x = engine_block(&a->message, LLMPROV_BLOCK_TOOL_USE, n), *y = engine_block(&b->message, LLMPROV_BLOCK_TOOL_USE, n);
        CHECK_STR(y->id, x->id);
        CHECK_STR(y->name, x->name);
        CHECK(engine_equal(y->json, y->json_len, x->json, x->json_len) && (x->invalid || !y->invalid));
    }
    wire_same_thoughts(&a->message, &b->message);
    if (a->error.code) return;
    if (!CHECK(wire_same_stop(format, a->stop, b->stop))) printf("    %s became %s\n", llmprov_stop_text(a->stop), llmprov_stop_text(b->stop));
    CHECK_INT(wire_prompt(&b->usage), wire_prompt(&a->usage));
    CHECK_INT(b->usage.output_tokens, a->usage.output_tokens);
    if (!strcmp(format, "ollama-chat")) return;        /* it has these two counts only */
    CHECK_INT(b->usage.cache_read_tokens, a->usage.cache_read_tokens);
    if (!strcmp(format, "bedrock-converse")) return;   /* it does not tell what was thinking */
    CHECK_INT(b->usage.thinking_tokens, a->usage.thinking_tokens);
}

/* Reads bytes as a client of one format, writes them as a server of another, and reads those again. */
static void wire_through(const char *format, const char *to, int stream, const engine_wire *w) {
    llmprov_request wants = { .kept = "{\"stream_options\":{\"include_usage\":true}}", .origin = "openai-chat" };
    llmprov_request req = { .model = "test-model", .prompt = "Hello", .stream = stream == ENGINE_STREAM ? LLMPROV_STREAM_ON : LLMPROV_STREAM_OFF };
    engine_text out = { NULL, 0, 0 };
    llmprov_face_desc d = { .format = to, .from = wire_spoken(format), .request = &wants, .out = wire_take, .user = &out };
    llmprov_face *face = llmprov_face_open(&d);
    llmprov_client *a = engine_open(format, NULL), *b = engine_open(to, NULL);
    llmprov_call *call;
    llmprov_response r, again;
    engine_trace trace;
    engine_wire back;
    int status = 200;
    engine_add(&out, "", 0);
    memset(&trace, 0, sizeof trace);
    req.on_event = stream == ENGINE_STREAM ? wire_to_face : NULL;
    req.user = face;
    call = llmprov_call_chat(a, &req);
    if (stream != ENGINE_STREAM) llmprov_call_mute(call);
    llmprov_call_head(call, w->status, w->headers, w->header_count);
    llmprov_call_feed(call, w->body, w->len);
    llmprov_call_eof(call);
    llmprov_call_take(call, &r);
    if (stream != ENGINE_STREAM && r.error.code) llmprov_face_error(face, &r.error, &status);
    else if (stream != ENGINE_STREAM) llmprov_face_reply(face, &r);
    if (out.len && (!strncmp(out.ptr, "{\"error\"", 8) || (out.ptr[0] == '{' && strcmp(to, "ollama-chat"))) && r.error.code) status = status == 200 ? 400 : status;
    back = engine_wire_from(face, status == 200 ? stream : ENGINE_WHOLE, status, out.ptr, out.len);
    engine_run(b, &req, stream, &back, 2, ENGINE_EVENTS, &trace, &again);
    if (!trace.wrong) wire_same_answer(to, &r, &again);
    else test_fail(__FILE__, __LINE__, "%s through %s: %s", wire_where, to, trace.wrong);
    if (test_now.failures) printf("    %s through %s\n%s\n", wire_where, to, out.ptr);
    engine_trace_free(&trace);
    llmprov_response_free(&again);
    llmprov_response_free(&r);
    llmprov_call_free(call);
    llmprov_close(a);
    llmprov_close(b);
    llmprov_face_free(face);
    engine_text_free(&out);
}

/* Whether answers in a format can be written. */
static bool wire_is_server(const char *format) {
    const llmprov_translator *t = llmprov__translators_find(format);
    return t && t->write_event;
}

static void wire_faces(const char *format, int stream, const engine_wire *w) {
    size_t i;
    for (i = 0; i < sizeof wire_formats / sizeof *wire_formats; i++)
        if (!test_now.failures && wire_is_server(wire_formats[i])) wire_through(format, wire_formats[i], stream, w);
}

// -- one case ------------------------------------------------------------------------------

/* Reply and stream of one case are the same turn. Where a citation stands among the pieces of its text, and white space
   in arguments, are the server's own. */
static void wire_same_block(const llmprov_block *a, const llmprov_block *b) {
    llmprov_alloc alloc = test_alloc();
    llmprov_text x, y;
    OK(llmprov_block_save(a, &alloc, &x));
    OK(llmprov_block_save(b, &alloc, &y));
    test_now.checks++;
    if (!engine_equal(x.ptr, x.len, y.ptr, y.len)) test_check_text(x.ptr, x.len, y.ptr, y.len, wire_where, __FILE__, __LINE__);
    llmprov_text_free(&x);
    llmprov_text_free(&y);
}

static int wire_parts(const engine_lane *l) {
    const char *p = l->text.ptr;
    int n = 0;
    while ((p = strstr(p, "\nPART kind=citation")) != NULL) p++, n++;
    return n;
}

static void wire_same_turn(const engine_reply *a, const engine_reply *b) {
    size_t i, j;
    test_check_int((long long)a->r.choice_count, (long long)b->r.choice_count, wire_where, __FILE__, __LINE__);
    for (i = 0; i < a->r.choice_count && i < b->r.choice_count; i++) {
        const llmprov_choice *x = &a->r.choices[i], *y = &b->r.choices[i];
        CHECK_INT(x->stop, y->stop);
        CHECK_STR(x->stop_word, y->stop_word);
        CHECK_STR(x->stop_sequence, y->stop_sequence);
        if (!test_check_int((long long)x->message.block_count, (long long)y->message.block_count, wire_where, __FILE__, __LINE__)) continue;
        for (j = 0; j < x->message.block_count; j++) wire_same_block(&x->message.blocks[j], &y->message.blocks[j]);
    }
    for (i = 0; i < a->trace.count && i < b->trace.count; i++) {
        const engine_lane *x = &a->trace.lanes[i], *y = &b->trace.lanes[i];
        CHECK_INT(x->choice, y->choice);
        CHECK_INT(x->index, y->index);
        CHECK_INT(wire_parts(x), wire_parts(y));
        test_now.checks++;
        if (x->pieces.len == y->pieces.len && !memcmp(x->pieces.ptr, y->pieces.ptr, x->pieces.len)) continue;
        if (!engine_equal(x->pieces.ptr, x->pieces.len, y->pieces.ptr, y->pieces.len))
            test_check_text(x->pieces.ptr, x->pieces.len, y->pieces.ptr, y->pieces.len, wire_where, __FILE__, __LINE__);
    }
    test_check_int((long long)a->trace.count, (long long)b->trace.count, wire_where, __FILE__, __LINE__);
    CHECK_STR(a->r.id, b->r.id);
    CHECK_STR(a->r.model, b->r.model);
    CHECK_STR(a->r.text, b->r.text);
    CHECK(!memcmp(&a->r.usage, &b->r.usage, offsetof(llmprov_usage, raw)));
}

/* Whether a value holds another: objects may hold more. */
static bool wire_holds(const llmprov_json *got, const llmprov_json *want) {
    const llmprov_json *m = NULL, *n = NULL;
    if (llmprov_json_kind(want) == LLMPROV_JSON_OBJECT && llmprov_json_kind(got) == LLMPROV_JSON_OBJECT) {
        while ((m = llmprov_json_next(want, m)) != NULL)
            if (!wire_holds(llmprov_json_get(got, llmprov_json_key(m)), m)) return false;
        return true;
    }
    if (llmprov_json_kind(want) == LLMPROV_JSON_ARRAY && llmprov_json_kind(got) == LLMPROV_JSON_ARRAY) {
        if (llmprov_json_count(got) != llmprov_json_count(want)) return false;
        while ((m = llmprov_json_next(want, m)) != NULL)
            if (!wire_holds(n = llmprov_json_next(got, n), m)) return false;
        return true;
    }
    return engine_same_json(got, want);
}

/* request.json, read as a server reads it and written again, holds what it held. */
static void wire_request(const char *format, const char *name) {
    char path[300];
    llmprov_alloc alloc = test_alloc();
    llmprov_asked asked;
    llmprov_json *want;
    llmprov_status status;
    engine_text text;
    engine_sent s;
    sprintf(path, "tests/wire/%s/%s/request.json", format, name);
    text = engine_file(path);
    if (!text.ptr) return;
    status = llmprov_ask(NULL, wire_spoken(format), text.ptr, text.len, &alloc, &asked);
    want = llmprov_json_parse(text.ptr, text.len, NULL, NULL);
    if (!status) {
        s = engine_send_with(format, NULL, &asked.request, path, 1);
        test_now.checks++;
        if (!wire_holds(s.body, want)) test_check_text(s.text, s.len, text.ptr, text.len, path, path, 1);
        engine_sent_free(&s);
    } else if (status != LLMPROV_ERR_UNSUPPORTED) test_fail(path, 1, "%s", asked.error.message);
    llmprov_asked_free(&asked);
    llmprov_json_free(want);
    engine_text_free(&text);
}

static engine_reply wire_feed(const char *format, const char *name, const wire_file *f, int stream, const llmprov_json *expect) {
    llmprov_request req = { .model = "test-model", .prompt = "Hello" };
    engine_reply reply;
    sprintf(wire_where, "%s/%s, %s", format, name, stream == ENGINE_STREAM ? "stream" : "reply");
    reply = engine_read_wire(engine_open(format, NULL), &req, stream, &f->wire, wire_where, 0);
    wire_expect(&reply.r, expect);
    if (f->binary.ptr) wire_binary_variant(reply.client, &req, f, &reply);
    else if (stream == ENGINE_STREAM) wire_variants(reply.client, &req, &f->wire, &reply);
    wire_keep(reply.client, &req, stream, &f->wire, LLMPROV_KEEP_TOOLS, &reply);
    wire_keep(reply.client, &req, stream, &f->wire, LLMPROV_KEEP_NOTHING, &reply);
    wire_faces(format, stream, &f->wire);
    return reply;
}

/* heard.json: what the same bytes mean for a target whose calls are text. `form` is how it is told of tools, `tools` are those
   that were offered, as members of llmprov_tool; the rest is as in expect.json, and `warned` is a field that is warned of. */
static void wire_heard(const char *format, const char *name, const wire_file *f, int stream, const llmprov_json *heard) {
    static const struct { const char *word; llmprov_tool_form form; } forms[] = {
        { "prompted", LLMPROV_TOOLS_PROMPTED }, { "uitars", LLMPROV_TOOLS_UITARS }, { "uitars-1000", LLMPROV_TOOLS_UITARS_1000 },
    };
    llmprov_alloc alloc = test_alloc();
    llmprov_registry *reg = llmprov_registry_new(&alloc);
    llmprov_provider row = { .id = "bare", .format = format, .base_url = "https://api.test/v1", .auth_optional = true };
    llmprov_desc desc = { .provider = "bare", .registry = reg };
    const llmprov_json *list = llmprov_json_get(heard, "tools"), *tool = NULL, *warned = llmprov_json_get(heard, "warned");
    llmprov_tool tools[4];
    llmprov_request req = { .model = "test-model", .prompt = "Hello", .tools = tools };
    engine_text extra[4];
    engine_reply reply;
    size_t i;
    memset(tools, 0, sizeof tools);
    memset(extra, 0, sizeof extra);
    for (i = 0; i < sizeof forms / sizeof *forms; i++)
        if (!strcmp(llmprov_json_str(llmprov_json_get(heard, "form"), ""), forms[i].word)) row.quirks.tools = forms[i].form;
    for (i = 0; i < 4 && (tool = llmprov_json_next(list, tool)) != NULL; i++, req.tool_count++) {
        llmprov_str raw = llmprov_json_raw(llmprov_json_get(tool, "extra"));
        tools[i].type = llmprov_json_str(llmprov_json_get(tool, "type"), NULL);
        tools[i].name = llmprov_json_str(llmprov_json_get(tool, "name"), NULL);
        engine_add(&extra[i], raw.ptr, raw.len);
        tools[i].extra = extra[i].len ? extra[i].ptr : NULL;
    }
    llmprov_register(reg, &row, 0);
    sprintf(wire_where, "%s/%s, %s, heard", format, name, stream == ENGINE_STREAM ? "stream" : "reply");
    reply = engine_read_wire(engine_open(format, &desc), &req, stream, &f->wire, wire_where, 0);
    wire_expect(&reply.r, heard);
    test_now.checks++;
    if (warned && !engine_warned(reply.r.warnings, reply.r.warning_count, LLMPROV_ERR_BAD_REPLY, llmprov_json_str(warned, ""))) test_fail(wire_where, 0, "no such warning");
    if (reply.r.warning_count != (warned ? 2u : 1u)) test_fail(wire_where, 0, "%d warnings", (int)reply.r.warning_count);
    engine_reply_free(&reply);
    llmprov_registry_free(reg);
    for (i = 0; i < 4; i++) engine_text_free(&extra[i]);
}

/* The replies of a case for a target whose calls are text, where the case says what they mean there. */
static void wire_hear(const char *format, const char *name, const wire_file *reply, const wire_file *stream) {
    char path[300];
    engine_text text;
    llmprov_json *heard;
    sprintf(path, "tests/wire/%s/%s/heard.json", format, name);
    text = engine_file(path);
    if (!text.ptr) return;
    heard = llmprov_json_parse(text.ptr, text.len, NULL, NULL);
    if (!heard) test_fail(path, 1, "no JSON");
    if (reply->text.ptr) wire_heard(format, name, reply, ENGINE_WHOLE, heard);
    if (stream->text.ptr) wire_heard(format, name, stream, ENGINE_STREAM, heard);
    engine_text_free(&text);
    llmprov_json_free(heard);
}

static void wire_case(const char *format, const char *name) {
    char path[300];
    wire_file reply, stream;
    engine_reply a, b;
    engine_text text;
    llmprov_json *expect;
    sprintf(path, "tests/wire/%s/%s/expect.json", format, name);
    text = engine_file(path);
    expect = text.ptr ? llmprov_json_parse(text.ptr, text.len, NULL, NULL) : NULL;
    if (!expect) test_fail(path, 1, "no JSON");
    memset(&a, 0, sizeof a);
    memset(&b, 0, sizeof b);
    if (wire_read(&reply, format, name, "reply.txt")) a = wire_feed(format, name, &reply, ENGINE_WHOLE, expect);
    if (wire_read(&stream, format, name, "stream.txt")) b = wire_feed(format, name, &stream, ENGINE_STREAM, expect);
    if (!reply.text.ptr && !stream.text.ptr) test_fail(path, 1, "neither reply.txt nor stream.txt");
    if (reply.text.ptr && stream.text.ptr) wire_same_turn(&a, &b);
    wire_request(format, name);
    wire_hear(format, name, &reply, &stream);
    engine_reply_free(&a);
    engine_reply_free(&b);
    wire_free(&reply);
    wire_free(&stream);
    engine_text_free(&text);
    llmprov_json_free(expect);
}

TEST_NO_OOM(wire_all_cases) {
    size_t f, i, count, all = 0;
    for (f = 0; f < sizeof wire_formats / sizeof *wire_formats; f++) {
        char **names = wire_cases(wire_formats[f], &count);
        for (i = 0; i < count; i++) {
            test_now.failures = test_now.failures != 0;        /* so that every case can say something */
            wire_case(wire_formats[f], names[i]);
            free(names[i]);
        }
        free(names);
        all += count;
    }
    if (!all) test_fail(__FILE__, __LINE__, "tests/wire was not found: run it from the project's folder");
}

// -- a few of them without memory ------------------------------------------------------------

/* After a refusal the result says so, and what came before it is as it must be: the text's beginning. A failure of the
   server's is in the result also where there was no memory to queue its event. */
static void wire_without_memory(const char *format, const char *name, int stream, int way, int mode) {
    llmprov_request req = { .model = "test-model", .prompt = "Hello" };
    wire_file f;
    engine_trace trace;
    llmprov_response r;
    llmprov_client *client;
    memset(&trace, 0, sizeof trace);
    if (!wire_read(&f, format, name, stream == ENGINE_STREAM ? "stream.txt" : "reply.txt")) {
        test_fail(__FILE__, __LINE__, "%s/%s was not found: run it from the project's folder", format, name);
        return;
    }
    client = engine_open(format, NULL);
    engine_run(client, &req, stream, &f.wire, way, mode, &trace, &r);
    CHECK_ALWAYS(!trace.wrong);
    if (test_memory.refused) CHECK_ALWAYS(r.error.code || trace.over);
    else CHECK(trace.over);
    CHECK_ALWAYS(r.error.message || !r.error.code);
    llmprov_response_free(&r);
    llmprov_close(client);
    engine_trace_free(&trace);
    wire_free(&f);
}

TEST(wire_messages_hello_without_memory) { wire_without_memory("anthropic-messages", "hello", ENGINE_STREAM, 1, ENGINE_EVENTS); }
TEST(wire_messages_tool_without_memory) { wire_without_memory("anthropic-messages", "tool_text", ENGINE_STREAM, 0, ENGINE_NEXT); }
TEST(wire_messages_thinking_without_memory) { wire_without_memory("anthropic-messages", "thinking_tool", ENGINE_STREAM, 2, ENGINE_EVENTS); }
TEST(wire_messages_citations_without_memory) { wire_without_memory("anthropic-messages", "server_tool", ENGINE_WHOLE, 2, ENGINE_NEXT); }
TEST(wire_messages_error_without_memory) { wire_without_memory("anthropic-messages", "error_in_stream", ENGINE_STREAM, 0, ENGINE_LATE); }
TEST(wire_messages_refused_without_memory) { wire_without_memory("anthropic-messages", "rate_limit", ENGINE_WHOLE, 0, ENGINE_EVENTS); }
TEST(wire_bedrock_hello_without_memory) { wire_without_memory("bedrock-converse", "hello", ENGINE_STREAM, 1, ENGINE_EVENTS); }
TEST(wire_bedrock_thinking_without_memory) { wire_without_memory("bedrock-converse", "thinking_tool", ENGINE_STREAM, 2, ENGINE_NEXT); }
TEST(wire_bedrock_server_tool_without_memory) { wire_without_memory("bedrock-converse", "server_tool", ENGINE_STREAM, 0, ENGINE_EVENTS); }
TEST(wire_bedrock_image_without_memory) { wire_without_memory("bedrock-converse", "image", ENGINE_STREAM, 0, ENGINE_EVENTS); }
TEST(wire_bedrock_citations_without_memory) { wire_without_memory("bedrock-converse", "citations", ENGINE_WHOLE, 0, ENGINE_NEXT); }
TEST(wire_bedrock_unknown_without_memory) { wire_without_memory("bedrock-converse", "unknown_block", ENGINE_WHOLE, 0, ENGINE_EVENTS); }
TEST(wire_bedrock_router_without_memory) { wire_without_memory("bedrock-converse", "prompt_router", ENGINE_STREAM, 0, ENGINE_LATE); }
TEST(wire_bedrock_error_without_memory) { wire_without_memory("bedrock-converse", "error_model_stream", ENGINE_STREAM, 0, ENGINE_LATE); }
TEST(wire_bedrock_refused_without_memory) { wire_without_memory("bedrock-converse", "rate_limit", ENGINE_WHOLE, 0, ENGINE_EVENTS); }
TEST(wire_chat_hello_without_memory) { wire_without_memory("openai-chat", "hello", ENGINE_STREAM, 1, ENGINE_NEXT); }
TEST(wire_chat_parallel_without_memory) { wire_without_memory("openai-chat", "tools_parallel", ENGINE_STREAM, 2, ENGINE_EVENTS); }
TEST(wire_chat_thinking_without_memory) { wire_without_memory("openai-chat", "quirk_reasoning", ENGINE_STREAM, 0, ENGINE_LATE); }
TEST(wire_chat_logprobs_without_memory) { wire_without_memory("openai-chat", "logprobs", ENGINE_STREAM, 0, ENGINE_EVENTS); }
TEST(wire_chat_audio_without_memory) { wire_without_memory("openai-chat", "audio", ENGINE_STREAM, 0, ENGINE_EVENTS); }
TEST(wire_chat_choices_without_memory) { wire_without_memory("openai-chat", "n2", ENGINE_WHOLE, 0, ENGINE_NEXT); }
TEST(wire_chat_error_without_memory) { wire_without_memory("openai-chat", "error_in_stream", ENGINE_STREAM, 1, ENGINE_EVENTS); }
TEST(wire_responses_hello_without_memory) { wire_without_memory("openai-responses", "hello", ENGINE_STREAM, 1, ENGINE_NEXT); }
TEST(wire_responses_thinking_without_memory) { wire_without_memory("openai-responses", "thinking_tool", ENGINE_STREAM, 2, ENGINE_EVENTS); }
TEST(wire_responses_hosted_without_memory) { wire_without_memory("openai-responses", "hosted", ENGINE_STREAM, 0, ENGINE_LATE); }
TEST(wire_responses_calls_without_memory) { wire_without_memory("openai-responses", "computer_call", ENGINE_WHOLE, 0, ENGINE_EVENTS); }
TEST(wire_responses_logprobs_without_memory) { wire_without_memory("openai-responses", "logprobs", ENGINE_STREAM, 0, ENGINE_EVENTS); }
TEST(wire_responses_failed_without_memory) { wire_without_memory("openai-responses", "failed", ENGINE_STREAM, 1, ENGINE_EVENTS); }
TEST(wire_ollama_hello_without_memory) { wire_without_memory("ollama-chat", "hello", ENGINE_STREAM, 1, ENGINE_EVENTS); }
TEST(wire_ollama_tool_without_memory) { wire_without_memory("ollama-chat", "thinking_tool", ENGINE_STREAM, 2, ENGINE_NEXT); }
TEST(wire_ollama_whole_without_memory) { wire_without_memory("ollama-chat", "image", ENGINE_WHOLE, 0, ENGINE_EVENTS); }
TEST(wire_ollama_error_without_memory) { wire_without_memory("ollama-chat", "error_in_stream", ENGINE_STREAM, 0, ENGINE_LATE); }
TEST(wire_cohere_hello_without_memory) { wire_without_memory("cohere-v2", "hello", ENGINE_STREAM, 1, ENGINE_EVENTS); }
TEST(wire_cohere_tools_without_memory) { wire_without_memory("cohere-v2", "tools_parallel", ENGINE_STREAM, 2, ENGINE_NEXT); }
TEST(wire_cohere_citations_without_memory) { wire_without_memory("cohere-v2", "citations_thinking", ENGINE_WHOLE, 0, ENGINE_EVENTS); }
TEST(wire_cohere_error_without_memory) { wire_without_memory("cohere-v2", "error_in_stream", ENGINE_STREAM, 0, ENGINE_LATE); }
