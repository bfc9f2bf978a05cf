/* build/fixtures SHARED: recorded traffic through the engine, against a second opinion.

   Every recording of the wire formats that are compiled in is fed whole, in the reads that were recorded, and in random
   cuts. What came out must be what a naive walk over the JSON finds in the recording: text, thinking, calls, the stop
   word, usage, or the provider's error. The walk shares nothing with the translators but the JSON tree. Requests are
   loaded, saved, edited, read as a server reads them, and written again.

   Prints what was skipped and why, and what differed; exits with 1 when something did. The recordings stay where they
   are: SHARED/fixtures, whose README says what they hold. */
#define LLMPROV_IMPLEMENTATION
#define LLMPROV_EXTEND
#include "../llmprov.h"
#include "engine.h"

#include <dirent.h>

enum { MOST_LINES = 40 };

static const char *only;         /* the part of an id that is asked for */
static int failures, records, streams, refusals, requests, exchanges, themselves, rewrites;

// -- saying what differs, and what was skipped ---------------------------------------------

static const char *where = "";

static void differs(const char *what, const char *got, size_t got_len, const char *expected, size_t expected_len) {
    char a[200], b[200];
    size_t at = 0;
    if (failures++ >= MOST_LINES) return;
    while (got && expected && at < got_len && at < expected_len && got[at] == expected[at]) at++;
    test_show(a, sizeof a, got, got_len, at);
    test_show(b, sizeof b, expected, expected_len, at);
    printf("%s: %s\n    is       %s\n    expected %s\n", where, what, a, b);
}

static bool same_text(const char *what, const char *got, size_t got_len, const engine_text *expected) {
    const char *e = expected->ptr ? expected->ptr : "";
    if (!got) got = "", got_len = 0;
    if (got_len == expected->len && !memcmp(got, e, got_len)) return true;
    differs(what, got, got_len, e, expected->len);
    return false;
}

static bool same_int(const char *what, int64_t got, int64_t expected) {
    char a[32], b[32];
    if (got == expected) return true;
    sprintf(a, "%ld", (long)got);
    sprintf(b, "%ld", (long)expected);
    differs(what, a, strlen(a), b, strlen(b));
    return false;
}

static void complain(const char *what, const char *detail) { differs(what, detail, detail ? strlen(detail) : 0, "", 0); }

static struct { char reason[120]; int count; } skips[200];

static void skip(const char *reason, const char *detail) {
    char text[120];
    size_t i;
    sprintf(text, "%.70s%s%.40s", reason, *detail ? " " : "", detail);
    for (i = 0; i < sizeof skips / sizeof *skips - 1 && *skips[i].reason && strcmp(skips[i].reason, text); i++) { }
    strcpy(skips[i].reason, text);
    skips[i].count++;
}

// -- what a recording holds ----------------------------------------------------------------

typedef struct seen_call {
    engine_text id, name, args, pieces;
    int64_t index;               /* -1 = none was sent */
    bool legacy, open;
} seen_call;

/* One answer; for Anthropic also its blocks, as one list in which texts and arguments are joined. */
typedef struct seen_choice {
    engine_text text, thinking, word, sequence, details, annotations, logprobs;
    seen_call calls[300];
    int call_count;
    bool delta, audio;
} seen_choice;

typedef struct seen_block {
    engine_text type, json, text, signature, citations, rest;
    bool used, input;
} seen_block;

enum { MOST_CHOICES = 8, MOST_BLOCKS = 600 };

typedef struct seen {
    seen_choice choices[MOST_CHOICES];
    int choice_count;
    seen_block blocks[MOST_BLOCKS];
    int block_count;
    engine_text id, model, usage, error, ollama;             /* ollama: the object that said done */
    bool failed, complete, second_start, blocked, at_end;
} seen;

static seen it;                  /* of the record in hand */

static void set(engine_text *t, llmprov_str s) {
    t->len = 0;
    engine_add(t, s.ptr ? s.ptr : "", s.len);
}

static void append(engine_text *t, const llmprov_json *string) {
    llmprov_str s = llmprov_json_text(string);
    if (s.len) engine_add(t, s.ptr, s.len);
}

static void append_item(engine_text *list, llmprov_str raw) {
    engine_add(list, list->len ? "," : "", list->len ? 1 : 0);
    engine_add(list, raw.ptr, raw.len);
}

static void append_items(engine_text *list, const llmprov_json *array) {
    const llmprov_json *i = NULL;
    if (llmprov_json_kind(array) == LLMPROV_JSON_ARRAY)
        while ((i = llmprov_json_next(array, i)) != NULL) append_item(list, llmprov_json_raw(i));
}

static bool some(const llmprov_json *string) { return llmprov_json_text(string).len > 0; }

static void forget_choice(seen_choice *c) {
    int i;
    engine_text_free(&c->text);
    engine_text_free(&c->thinking);
    engine_text_free(&c->word);
    engine_text_free(&c->sequence);
    engine_text_free(&c->details);
    engine_text_free(&c->annotations);
    engine_text_free(&c->logprobs);
    for (i = 0; i < c->call_count; i++) {
        engine_text_free(&c->calls[i].id);
        engine_text_free(&c->calls[i].name);
        engine_text_free(&c->calls[i].args);
        engine_text_free(&c->calls[i].pieces);
    }
}

static void forget(void) {
    int i;
    for (i = 0; i < it.choice_count; i++) forget_choice(&it.choices[i]);
    for (i = 0; i < it.block_count; i++) {
        engine_text_free(&it.blocks[i].type);
        engine_text_free(&it.blocks[i].json);
        engine_text_free(&it.blocks[i].text);
        engine_text_free(&it.blocks[i].signature);
        engine_text_free(&it.blocks[i].citations);
        engine_text_free(&it.blocks[i].rest);
    }
    engine_text_free(&it.id);
    engine_text_free(&it.model);
    engine_text_free(&it.usage);
    engine_text_free(&it.error);
    engine_text_free(&it.ollama);
    memset(&it, 0, sizeof it);
}

// -- events of a stream, cut naively ---------------------------------------------------------

typedef void (*on_data)(const char *event, const llmprov_json *data);

static void one_event(engine_text *event, engine_text *data, on_data see) {
    llmprov_json *root;
    if (data->len && !it.failed && (root = llmprov_json_parse(data->ptr, data->len, NULL, NULL)) != NULL) {
        see(event->ptr ? event->ptr : "", root);
        llmprov_json_free(root);
    }
    event->len = data->len = 0;
    if (event->ptr) *event->ptr = 0;
}

static void each_event(const char *p, size_t len, on_data see) {
    engine_text event = { NULL, 0, 0 }, data = { NULL, 0, 0 };
    const char *end = p + len;
    while (p < end) {
        const char *eol = p, *value;
        while (eol < end && *eol != '\n' && *eol != '\r') eol++;
        while (p < eol && *p == ' ') p++;
        if (eol == p) one_event(&event, &data, see);
        value = (const char *)memchr(p, ':', (size_t)(eol - p));
        if (value && value > p) {
            size_t name = (size_t)(value - p);
            llmprov_str text;
            value += value + 1 < eol && value[1] == ' ' ? 2 : 1;
            text.ptr = value;
            text.len = (size_t)(eol - value);
            if (name == 5 && !memcmp(p, "event", 5)) set(&event, text);
            if (name == 5 && !memcmp(p, "error", 5)) set(&event, (llmprov_str){ "error", 5 });
            if ((name == 4 && !memcmp(p, "data", 4)) || (name == 5 && !memcmp(p, "error", 5))) {
                if (data.len) engine_add(&data, "\n", 1);
                engine_add(&data, text.ptr, text.len);
            }
        }
        p = eol < end && *eol == '\r' && eol + 1 < end && eol[1] == '\n' ? eol + 2 : eol + 1;
    }
    one_event(&event, &data, see);
    engine_text_free(&event);
    engine_text_free(&data);
}

/* The sentence of an error, whichever of its shapes it has. */
static const llmprov_json *sentence(const llmprov_json *v) {
    static const char *const paths[] = { "error.message", "error.detail", "error.error.message", "message", "detail", "error", "msg", "[0].error.message", "detail[0].msg" };
    size_t i;
    for (i = 0; i < sizeof paths / sizeof *paths; i++)
        if (some(llmprov_json_path(v, paths[i]))) return llmprov_json_path(v, paths[i]);
    return NULL;
}

// -- openai-chat -----------------------------------------------------------------------------

static seen_choice *choice_of(const llmprov_json *choice) {
    int64_t i = llmprov_json_int(llmprov_json_get(choice, "index"), 0);
    if (i < 0 || i >= MOST_CHOICES) i = 0;
    if (i >= it.choice_count) it.choice_count = (int)i + 1;
    return &it.choices[i];
}

static seen_call *new_call(seen_choice *c, int64_t index) {
    seen_call *call = &c->calls[c->call_count < 299 ? c->call_count++ : 299];
    call->index = index;
    return call;
}

/* By index, unless id and name both say that another call begins; without an index by id; otherwise the last. */
static seen_call *call_of(seen_choice *c, const llmprov_json *delta, bool whole) {
    const llmprov_json *at = llmprov_json_get(delta, "index"), *id = llmprov_json_get(delta, "id"), *name = llmprov_json_path(delta, "function.name");
    int64_t index = llmprov_json_kind(at) == LLMPROV_JSON_NUMBER ? llmprov_json_int(at, 0) : -1;
    int i;
    if (whole) return new_call(c, index);
    for (i = c->call_count - 1; i >= 0; i--) {
        seen_call *call = &c->calls[i];
        bool same_id = some(id) && llmprov_json_text(id).len == call->id.len && !memcmp(llmprov_json_text(id).ptr, call->id.ptr, call->id.len);
        if (index >= 0 && call->index == index && (same_id || !some(id) || !some(name) || !call->name.len)) return call;
        if (index < 0 && (same_id || (!some(id) && !some(name)))) return call;
    }
    return new_call(c, index);
}

static void see_calls(seen_choice *c, const llmprov_json *list, bool whole) {
    const llmprov_json *d = NULL;
    if (llmprov_json_kind(list) != LLMPROV_JSON_ARRAY) return;
    while ((d = llmprov_json_next(list, d)) != NULL) {
        seen_call *call = call_of(c, d, whole);
        const llmprov_json *args = llmprov_json_path(d, "function.arguments");
        if (!call->id.len) append(&call->id, llmprov_json_get(d, "id"));
        if (!call->name.len) append(&call->name, llmprov_json_path(d, "function.name"));
        if (llmprov_json_kind(args) == LLMPROV_JSON_STRING) append(&call->args, args);
        else if (llmprov_json_kind(args) == LLMPROV_JSON_OBJECT) engine_add(&call->args, llmprov_json_raw(args).ptr, llmprov_json_raw(args).len);
    }
}

static void see_legacy(seen_choice *c, const llmprov_json *call) {
    seen_call *to;
    if (!some(llmprov_json_get(call, "name")) && !some(llmprov_json_get(call, "arguments"))) return;
    to = c->call_count ? &c->calls[0] : new_call(c, 0);
    if (!to->name.len) append(&to->name, llmprov_json_get(call, "name"));
    append(&to->args, llmprov_json_get(call, "arguments"));
}

static void see_parts(seen_choice *c, const llmprov_json *list) {
    const llmprov_json *p = NULL, *t;
    while ((p = llmprov_json_next(list, p)) != NULL) {
        append(&c->text, llmprov_json_get(p, "text"));
        append(&c->thinking, llmprov_json_get(p, "thinking"));
        for (t = NULL; llmprov_json_kind(llmprov_json_get(p, "thinking")) == LLMPROV_JSON_ARRAY &&
                       (t = llmprov_json_next(llmprov_json_get(p, "thinking"), t)) != NULL;) append(&c->thinking, llmprov_json_get(t, "text"));
    }
}

static void see_thinking(seen_choice *c, const llmprov_json *d) {
    const llmprov_json *details = llmprov_json_get(d, "reasoning_details"), *i = NULL;
    append_items(&c->details, details);
    if (some(llmprov_json_get(d, "reasoning_content"))) append(&c->thinking, llmprov_json_get(d, "reasoning_content"));
    else if (some(llmprov_json_get(d, "reasoning"))) append(&c->thinking, llmprov_json_get(d, "reasoning"));
    else if (llmprov_json_kind(details) == LLMPROV_JSON_ARRAY)
        while ((i = llmprov_json_next(details, i)) != NULL) append(&c->thinking, some(llmprov_json_get(i, "text")) ? llmprov_json_get(i, "text") : llmprov_json_get(i, "summary"));
}

static void see_message(seen_choice *c, const llmprov_json *d, bool whole) {
    const llmprov_json *content = llmprov_json_get(d, "content");
    see_thinking(c, d);
    append(&c->text, content);
    if (llmprov_json_kind(content) == LLMPROV_JSON_ARRAY) see_parts(c, content);
    append(&c->text, llmprov_json_get(d, "refusal"));
    append_items(&c->annotations, llmprov_json_get(d, "annotations"));
    see_calls(c, llmprov_json_get(d, "tool_calls"), whole);
    see_legacy(c, llmprov_json_get(d, "function_call"));
    if (some(llmprov_json_path(d, "audio.data")) || some(llmprov_json_path(d, "audio.transcript"))) c->audio = true;
}

static void see_usage(const llmprov_json *usage) {
    if (llmprov_json_kind(usage) == LLMPROV_JSON_OBJECT) set(&it.usage, llmprov_json_raw(usage));
}

static void see_top(const llmprov_json *v) {
    if (!it.id.len) append(&it.id, llmprov_json_get(v, "id"));
    if (!it.model.len) append(&it.model, llmprov_json_get(v, "model"));
    see_usage(llmprov_json_path(v, "x_groq.usage"));
    see_usage(llmprov_json_get(v, "usage"));
}

static void see_finish(seen_choice *c, const llmprov_json *choice) {
    if (!c->word.len) append(&c->word, llmprov_json_get(choice, "finish_reason"));
    append_items(&c->logprobs, llmprov_json_path(choice, "logprobs.content"));
}

static void see_chat_error(const llmprov_json *v) {
    it.failed = true;
    append(&it.error, sentence(v));
}

static void see_chat(const llmprov_json *v) {
    const llmprov_json *c = NULL;
    see_top(v);
    while ((c = llmprov_json_next(llmprov_json_get(v, "choices"), c)) != NULL) {
        see_message(choice_of(c), llmprov_json_get(c, "message"), true);
        see_finish(choice_of(c), c);
    }
    it.complete = llmprov_json_kind(llmprov_json_get(v, "choices")) == LLMPROV_JSON_ARRAY;
    if (llmprov_json_get(v, "error") && llmprov_json_kind(llmprov_json_get(v, "error")) != LLMPROV_JSON_NULL) see_chat_error(v);
}

static void see_chat_chunk(const char *event, const llmprov_json *v) {
    const llmprov_json *c = NULL, *error = llmprov_json_get(v, "error");
    if (!strcmp(event, "error") || llmprov_json_kind(error) == LLMPROV_JSON_OBJECT || some(error)) {
        see_chat_error(v);
        return;
    }
    see_top(v);
    if (llmprov_json_kind(llmprov_json_get(v, "choices")) != LLMPROV_JSON_ARRAY) return;
    while ((c = llmprov_json_next(llmprov_json_get(v, "choices"), c)) != NULL) {
        seen_choice *to = choice_of(c);
        const llmprov_json *delta = llmprov_json_get(c, "delta");
        if (llmprov_json_kind(delta) == LLMPROV_JSON_OBJECT) to->delta = true;
        if (to->delta) see_message(to, delta, false);
        else see_message(to, llmprov_json_get(c, "message"), true);
        see_finish(to, c);
    }
}

static void see_chat_end(void) {
    int i;
    it.complete = it.choice_count > 0;
    for (i = 0; i < it.choice_count; i++) it.complete = it.complete && it.choices[i].word.len;
}

/* Usage members that are told replace those of before: null says nothing, and where the input is 0 or absent, neither
   does any other 0 of the input (the API's own page, and pitfall 184 for the 0). */
static bool told(const llmprov_json *m, bool untold) {
    const char *key = llmprov_json_key(m);
    bool input = !strcmp(key, "input_tokens") || !strncmp(key, "cache_", 6);
    if (!m || llmprov_json_kind(m) == LLMPROV_JSON_NULL) return false;
    return !(input && untold && llmprov_json_kind(m) == LLMPROV_JSON_NUMBER && !llmprov_json_int(m, 0));
}

static void see_snapshot(const llmprov_json *usage) {
    const llmprov_json *input = llmprov_json_get(usage, "input_tokens");
    bool untold = llmprov_json_int(input, 0) == 0;
    llmprov_json *old = it.usage.len ? llmprov_json_parse(it.usage.ptr, it.usage.len, NULL, NULL) : NULL;
    const llmprov_json *m = NULL, *n;
    engine_text all = { NULL, 0, 0 };
    bool first = true;
    if (llmprov_json_kind(usage) != LLMPROV_JSON_OBJECT) {
        llmprov_json_free(old);
        return;
    }
    engine_add(&all, "{", 1);
    while ((m = llmprov_json_next(old, m)) != NULL) {
        n = llmprov_json_get(usage, llmprov_json_key(m));
        if (n && told(n, untold)) continue;
        engine_add(&all, first ? "\"" : ",\"", first ? 1 : 2);
        engine_add(&all, llmprov_json_key(m), strlen(llmprov_json_key(m)));
        engine_add(&all, "\":", 2);
        engine_add(&all, llmprov_json_raw(m).ptr, llmprov_json_raw(m).len);
        first = false;
    }
    for (m = NULL; (m = llmprov_json_next(usage, m)) != NULL;) {
        if (!told(m, untold) && (llmprov_json_kind(m) == LLMPROV_JSON_NULL || llmprov_json_get(old, llmprov_json_key(m)))) continue;
        engine_add(&all, first ? "\"" : ",\"", first ? 1 : 2);
        engine_add(&all, llmprov_json_key(m), strlen(llmprov_json_key(m)));
        engine_add(&all, "\":", 2);
        engine_add(&all, llmprov_json_raw(m).ptr, llmprov_json_raw(m).len);
        first = false;
    }
    engine_add(&all, "}", 1);
    llmprov_json_free(old);
    engine_text_free(&it.usage);
    it.usage = all;
}

// -- gemini-generate -------------------------------------------------------------------------

/* Arguments in pieces: their strings, without the way to them. */
static void see_gemini_pieces(seen_call *to, const llmprov_json *call) {
    const llmprov_json *p = NULL;
    while ((p = llmprov_json_next(llmprov_json_get(call, "partialArgs"), p)) != NULL) append(&to->pieces, llmprov_json_get(p, "stringValue"));
}

static void see_gemini_part(seen_choice *c, const llmprov_json *part) {
    const llmprov_json *call = llmprov_json_get(part, "functionCall");
    if (llmprov_json_bool(llmprov_json_get(part, "thought"), false)) append(&c->thinking, llmprov_json_get(part, "text"));
    else append(&c->text, llmprov_json_get(part, "text"));
    if (some(llmprov_json_get(part, "thoughtSignature"))) append_item(&c->details, llmprov_json_raw(llmprov_json_get(part, "thoughtSignature")));
    if (llmprov_json_get(part, "executableCode") || llmprov_json_get(part, "codeExecutionResult") || llmprov_json_get(part, "toolCall") || llmprov_json_get(part, "toolResponse"))
        append_item(&c->annotations, llmprov_json_raw(part));
    if (call && !some(llmprov_json_get(call, "name")) && c->call_count) see_gemini_pieces(&c->calls[c->call_count - 1], call);
    else if (call && some(llmprov_json_get(call, "name")) && c->call_count < (int)(sizeof c->calls / sizeof *c->calls)) {
        seen_call *to = &c->calls[c->call_count++];
        set(&to->id, llmprov_json_text(llmprov_json_get(call, "id")));
        set(&to->name, llmprov_json_text(llmprov_json_get(call, "name")));
        if (llmprov_json_get(call, "args")) set(&to->args, llmprov_json_raw(llmprov_json_get(call, "args")));
        see_gemini_pieces(to, call);
    }
}

/* A chunk. Names of reasons are text, on some doors numbers. */
static void see_gemini(const llmprov_json *v) {
    const llmprov_json *c = NULL, *p;
    if (llmprov_json_get(v, "error")) {
        it.failed = true;
        append(&it.error, sentence(v));
        return;
    }
    if (!it.id.len) append(&it.id, llmprov_json_get(v, "responseId"));
    if (!it.model.len) append(&it.model, llmprov_json_get(v, "modelVersion"));
    if (llmprov_json_kind(llmprov_json_get(v, "usageMetadata")) == LLMPROV_JSON_OBJECT) see_snapshot(llmprov_json_get(v, "usageMetadata"));
    while ((c = llmprov_json_next(llmprov_json_get(v, "candidates"), c)) != NULL) {
        seen_choice *to = choice_of(c);
        const llmprov_json *reason = llmprov_json_get(c, "finishReason");
        for (p = NULL; (p = llmprov_json_next(llmprov_json_path(c, "content.parts"), p)) != NULL;) see_gemini_part(to, p);
        if (reason) set(&to->word, some(reason) ? llmprov_json_text(reason) : llmprov_json_raw(reason));
    }
    c = llmprov_json_path(v, "promptFeedback.blockReason");
    if (c && !it.choice_count) {
        set(&choice_of(NULL)->word, llmprov_json_text(c));
        it.blocked = true;
    }
    if (llmprov_json_get(v, "candidates") || llmprov_json_get(v, "promptFeedback") || llmprov_json_get(v, "usageMetadata")) it.complete = true;
}

static void see_gemini_chunk(const char *event, const llmprov_json *v) {
    (void)event;
    see_gemini(v);
    it.complete = false;
}

/* An error that stands in a stream as JSON on lines of its own. */
static void see_gemini_bare(const char *body, size_t len) {
    const char *at = strstr(body, "\n{");
    llmprov_json *root = at && at < body + len ? llmprov_json_parse(at + 1, (size_t)(body + len - at) - 1, NULL, NULL) : NULL;
    if (llmprov_json_get(root, "error")) see_gemini(root);
    llmprov_json_free(root);
}

/* One body, or an array of chunks that came at once or one by one. */
static void see_gemini_whole(const llmprov_json *root, bool stream) {
    const llmprov_json *c = NULL;
    if (llmprov_json_kind(root) != LLMPROV_JSON_ARRAY) see_gemini(root);
    else while ((c = llmprov_json_next(root, c)) != NULL) see_gemini(c);
    if (stream && llmprov_json_kind(root) == LLMPROV_JSON_ARRAY) see_chat_end();
}

// -- anthropic-messages ----------------------------------------------------------------------

static bool is(const llmprov_json *v, const char *key, const char *word) { return !strcmp(llmprov_json_str(llmprov_json_get(v, key), ""), word); }

static seen_block *see_block(const llmprov_json *b, int64_t index) {
    seen_block *to;
    if (index < 0 || index >= MOST_BLOCKS) return &it.blocks[MOST_BLOCKS - 1];
    while (it.block_count <= index) it.block_count++;
    to = &it.blocks[index];
    to->used = true;
    set(&to->json, llmprov_json_raw(b));
    append(&to->type, llmprov_json_get(b, "type"));
    append(&to->text, llmprov_json_get(b, "text"));
    append(&to->text, llmprov_json_get(b, "thinking"));
    append(&to->signature, llmprov_json_get(b, "signature"));
    append_items(&to->citations, llmprov_json_get(b, "citations"));
    return to;
}

static void see_stop(const llmprov_json *v) {
    it.choice_count = 1;
    if (some(llmprov_json_get(v, "stop_reason"))) set(&it.choices[0].word, llmprov_json_text(llmprov_json_get(v, "stop_reason")));
    if (some(llmprov_json_get(v, "stop_sequence"))) set(&it.choices[0].sequence, llmprov_json_text(llmprov_json_get(v, "stop_sequence")));
}

static void see_messages_error(const llmprov_json *v) {
    it.failed = true;
    append(&it.error, sentence(v));
}

static void see_messages(const llmprov_json *v) {
    const llmprov_json *b = NULL;
    if (is(v, "type", "error") || llmprov_json_get(v, "error")) {
        see_messages_error(v);
        return;
    }
    append(&it.id, llmprov_json_get(v, "id"));
    append(&it.model, llmprov_json_get(v, "model"));
    see_snapshot(llmprov_json_get(v, "usage"));
    while ((b = llmprov_json_next(llmprov_json_get(v, "content"), b)) != NULL) see_block(b, it.block_count);
    see_stop(v);
    it.complete = llmprov_json_kind(llmprov_json_get(v, "content")) == LLMPROV_JSON_ARRAY;
}

static void see_messages_delta(const llmprov_json *v) {
    const llmprov_json *d = llmprov_json_get(v, "delta");
    int64_t i = llmprov_json_int(llmprov_json_get(v, "index"), 0);
    seen_block *b = &it.blocks[i >= 0 && i < MOST_BLOCKS ? i : MOST_BLOCKS - 1];
    if (is(d, "type", "input_json_delta") && some(llmprov_json_get(d, "partial_json")) && !b->input) {
        b->input = true;
        b->text.len = 0;
    }
    if (is(d, "type", "text_delta")) append(&b->text, llmprov_json_get(d, "text"));
    else if (is(d, "type", "thinking_delta")) append(&b->text, llmprov_json_get(d, "thinking"));
    else if (is(d, "type", "input_json_delta")) append(&b->text, llmprov_json_get(d, "partial_json"));
    else if (is(d, "type", "signature_delta")) set(&b->signature, llmprov_json_text(llmprov_json_get(d, "signature")));
    else if (is(d, "type", "citations_delta")) append_item(&b->citations, llmprov_json_raw(llmprov_json_get(d, "citation")));
    else set(&b->rest, llmprov_json_raw(d));
}

static void see_messages_event(const char *event, const llmprov_json *v) {
    if (it.complete) return;
    if (is(v, "type", "error") || !strcmp(event, "error")) {
        see_messages_error(v);
    } else if (is(v, "type", "message_start")) {
        if (it.id.len) {
            it.second_start = it.failed = true;
            return;
        }
        see_messages(llmprov_json_get(v, "message"));
        it.complete = false;
    } else if (is(v, "type", "content_block_start")) see_block(llmprov_json_get(v, "content_block"), llmprov_json_int(llmprov_json_get(v, "index"), 0));
    else if (is(v, "type", "content_block_delta")) see_messages_delta(v);
    else if (is(v, "type", "message_delta")) {
        see_stop(llmprov_json_get(v, "delta"));
        see_snapshot(llmprov_json_get(v, "usage"));
    } else if (is(v, "type", "message_stop")) it.complete = it.choices[0].word.len > 0;
}

// -- openai-responses --------------------------------------------------------------------------

/* The items of an answer by their place: whole, or, of one that never ended, its texts. */
enum { MOST_ITEMS = 200 };
static struct { engine_text whole, text, thinking; bool began; } items[MOST_ITEMS];

static void forget_items(void) {
    int i;
    for (i = 0; i < MOST_ITEMS; i++) {
        engine_text_free(&items[i].whole);
        engine_text_free(&items[i].text);
        engine_text_free(&items[i].thinking);
        items[i].began = false;
    }
}

static void see_item_call(const llmprov_json *item, const char *member, const char *wrapped) {
    seen_call *call = new_call(&it.choices[0], -1);
    const llmprov_json *args = llmprov_json_get(item, member);
    append(&call->id, some(llmprov_json_get(item, "call_id")) ? llmprov_json_get(item, "call_id") : llmprov_json_get(item, "id"));
    append(&call->name, llmprov_json_get(item, "name"));
    if (wrapped) {
        if (!call->name.len) engine_adds(&call->name, wrapped);
        engine_adds(&call->args, "{\"");
        engine_adds(&call->args, member);
        engine_adds(&call->args, "\":");
        engine_add(&call->args, llmprov_json_raw(args).ptr, llmprov_json_raw(args).len);
        engine_adds(&call->args, "}");
    } else if (llmprov_json_kind(args) == LLMPROV_JSON_STRING) append(&call->args, args);
    else engine_add(&call->args, llmprov_json_raw(args).ptr, llmprov_json_raw(args).len);
}

static bool see_logprobs;        /* of a stream, its pieces' count: its end may have rounded them */

static void see_item(const llmprov_json *item) {
    const llmprov_json *p = NULL;
    const char *type = llmprov_json_str(llmprov_json_get(item, "type"), "");
    seen_choice *c = &it.choices[0];
    if (!strcmp(type, "message")) {
        while ((p = llmprov_json_next(llmprov_json_get(item, "content"), p)) != NULL) {
            append(&c->text, llmprov_json_get(p, "text"));
            append(&c->text, llmprov_json_get(p, "refusal"));
            append_items(&c->annotations, llmprov_json_get(p, "annotations"));
            if (see_logprobs) append_items(&c->logprobs, llmprov_json_get(p, "logprobs"));
        }
    } else if (!strcmp(type, "reasoning")) {
        while ((p = llmprov_json_next(llmprov_json_get(item, "summary"), p)) != NULL) append(&c->thinking, llmprov_json_get(p, "text"));
        for (p = NULL; llmprov_json_kind(llmprov_json_get(item, "content")) == LLMPROV_JSON_ARRAY && (p = llmprov_json_next(llmprov_json_get(item, "content"), p)) != NULL;)
            append(&c->thinking, llmprov_json_get(p, "text"));
        if (some(llmprov_json_get(item, "encrypted_content"))) append_item(&c->details, llmprov_json_raw(llmprov_json_get(item, "encrypted_content")));
    } else if (!strcmp(type, "function_call")) see_item_call(item, "arguments", NULL);
    else if (!strcmp(type, "custom_tool_call")) see_item_call(item, "input", "custom");
    else if (!strcmp(type, "computer_call")) see_item_call(item, llmprov_json_get(item, "actions") ? "actions" : "action", "computer");
    else if (!strcmp(type, "local_shell_call")) see_item_call(item, "action", "local_shell");
    else if (!strcmp(type, "apply_patch_call")) see_item_call(item, "operation", "apply_patch");
    else if (!strcmp(type, "tool_search_call") && is(item, "execution", "client")) see_item_call(item, "arguments", "tool_search");
    else if (!strcmp(type, "shell_call") && !strncmp(llmprov_json_str(llmprov_json_path(item, "environment.type"), "local"), "local", 5)) see_item_call(item, "action", "shell");
    else append_item(&c->sequence, llmprov_json_raw(item));
}

static void see_response_end(const llmprov_json *v, const char *status) {
    const llmprov_json *reason = llmprov_json_path(v, "incomplete_details.reason");
    if (!it.id.len) append(&it.id, llmprov_json_get(v, "id"));
    if (!it.model.len) append(&it.model, llmprov_json_get(v, "model"));
    see_usage(llmprov_json_get(v, "usage"));
    if (some(llmprov_json_get(v, "status"))) status = llmprov_json_str(llmprov_json_get(v, "status"), "");
    if (some(reason) && strcmp(status, "completed")) append(&it.choices[0].word, reason);
    else engine_adds(&it.choices[0].word, status);
    it.complete = true;
    it.choice_count = 1;
    if (strcmp(status, "failed") && llmprov_json_kind(llmprov_json_get(v, "error")) <= LLMPROV_JSON_NULL) return;
    it.failed = true;
    append(&it.error, sentence(v));
}

static void see_response(const llmprov_json *v) {
    const llmprov_json *item = NULL;
    see_logprobs = true;
    if (!llmprov_json_get(v, "output") && !some(llmprov_json_get(v, "status"))) {
        it.failed = llmprov_json_get(v, "error") != NULL;
        append(&it.error, sentence(v));
        return;
    }
    while (llmprov_json_kind(llmprov_json_get(v, "output")) == LLMPROV_JSON_ARRAY && (item = llmprov_json_next(llmprov_json_get(v, "output"), item)) != NULL) see_item(item);
    see_response_end(v, "completed");
}

/* Items that never ended are whole in the last event. */
static void see_late(const llmprov_json *output) {
    const llmprov_json *item = NULL;
    int i;
    for (i = 0; i < MOST_ITEMS && (item = llmprov_json_next(output, item)) != NULL; i++)
        if (!items[i].whole.len && items[i].began) set(&items[i].whole, llmprov_json_raw(item));
}

/* Pieces of text count more than the whole one at the end. */
static void see_response_event(const char *event, const llmprov_json *v) {
    const llmprov_json *response = llmprov_json_get(v, "response"), *p = NULL;
    const char *type = llmprov_json_str(llmprov_json_get(v, "type"), event);
    int64_t at = llmprov_json_int(llmprov_json_get(v, "output_index"), 0);
    int i, any = 0;
    see_logprobs = false;
    append_items(&it.choices[0].logprobs, strcmp(type, "response.output_text.delta") ? NULL : llmprov_json_get(v, "logprobs"));
    if (it.complete || at < 0 || at >= MOST_ITEMS) return;
    if (!strcmp(type, "error") || (!*type && llmprov_json_get(v, "error"))) {
        it.failed = true;
        append(&it.error, sentence(v));
    } else if (!strcmp(type, "response.output_item.added")) items[at].began = true;
    else if (!strcmp(type, "response.output_item.done")) set(&items[at].whole, llmprov_json_raw(llmprov_json_get(v, "item")));
    else if (!strcmp(type, "response.output_text.delta") || !strcmp(type, "response.refusal.delta")) append(&items[at].text, llmprov_json_get(v, "delta"));
    else if (!strcmp(type, "response.reasoning_text.delta") || !strcmp(type, "response.reasoning_summary_text.delta")) append(&items[at].thinking, llmprov_json_get(v, "delta"));
    else if (!strcmp(type, "response.created")) {
        append(&it.id, llmprov_json_get(response, "id"));
        append(&it.model, llmprov_json_get(response, "model"));
    }
    if (strcmp(type, "response.completed") && strcmp(type, "response.incomplete") && strcmp(type, "response.failed")) return;
    for (i = 0; i < MOST_ITEMS; i++) any += items[i].whole.len || items[i].text.len || items[i].thinking.len;
    if (any) see_late(llmprov_json_get(response, "output"));
    else for (p = llmprov_json_next(llmprov_json_get(response, "output"), NULL); p; p = llmprov_json_next(llmprov_json_get(response, "output"), p)) see_item(p);
    see_response_end(response, type + 9);
}

static void see_response_items(void) {
    int i;
    it.choice_count = 1;
    for (i = 0; i < MOST_ITEMS; i++) {
        llmprov_json *item = items[i].whole.len ? llmprov_json_parse(items[i].whole.ptr, items[i].whole.len, NULL, NULL) : NULL;
        if (item) {
            size_t text = it.choices[0].text.len, thinking = it.choices[0].thinking.len;
            see_item(item);
            if (items[i].text.len) it.choices[0].text.len = text;
            if (items[i].thinking.len) it.choices[0].thinking.len = thinking;
        }
        if (!item || items[i].text.len) engine_add(&it.choices[0].text, items[i].text.ptr ? items[i].text.ptr : "", items[i].text.len);
        if (!item || items[i].thinking.len) engine_add(&it.choices[0].thinking, items[i].thinking.ptr ? items[i].thinking.ptr : "", items[i].thinking.len);
        llmprov_json_free(item);
    }
}

// -- bedrock-converse --------------------------------------------------------------------------

/* Tools that AWS runs itself are no calls of the model's. */
static void see_converse_use(seen_choice *c, const llmprov_json *use) {
    seen_call *call;
    if (is(use, "type", "server_tool_use")) {
        c->delta = true;
        return;
    }
    call = new_call(c, c->call_count);
    append(&call->id, llmprov_json_get(use, "toolUseId"));
    append(&call->name, llmprov_json_get(use, "name"));
    if (llmprov_json_get(use, "input")) engine_add(&call->args, llmprov_json_raw(llmprov_json_get(use, "input")).ptr, llmprov_json_raw(llmprov_json_get(use, "input")).len);
    c->delta = false;
}

static void see_converse_block(seen_choice *c, const llmprov_json *b) {
    const llmprov_json *piece = NULL;
    append(&c->text, llmprov_json_get(b, "text"));
    append(&c->thinking, llmprov_json_path(b, "reasoningContent.reasoningText.text"));
    append(&c->sequence, llmprov_json_path(b, "reasoningContent.reasoningText.signature"));
    append(&c->details, llmprov_json_path(b, "reasoningContent.redactedContent"));
    if (llmprov_json_get(b, "toolUse")) see_converse_use(c, llmprov_json_get(b, "toolUse"));
    while ((piece = llmprov_json_next(llmprov_json_path(b, "citationsContent.content"), piece)) != NULL) append(&c->text, llmprov_json_get(piece, "text"));
    append_items(&c->annotations, llmprov_json_path(b, "citationsContent.citations"));
}

static void see_converse(const llmprov_json *v) {
    const llmprov_json *content = llmprov_json_path(v, "output.message.content"), *b = NULL;
    it.choice_count = 1;
    while ((b = llmprov_json_next(content, b)) != NULL) see_converse_block(&it.choices[0], b);
    append(&it.choices[0].word, llmprov_json_get(v, "stopReason"));
    see_usage(llmprov_json_get(v, "usage"));
    it.complete = llmprov_json_kind(content) == LLMPROV_JSON_ARRAY;
}

static void see_converse_delta(seen_choice *c, const llmprov_json *d) {
    append(&c->text, llmprov_json_get(d, "text"));
    append(&c->thinking, llmprov_json_path(d, "reasoningContent.text"));
    append(&c->sequence, llmprov_json_path(d, "reasoningContent.signature"));
    append(&c->details, llmprov_json_path(d, "reasoningContent.redactedContent"));
    if (llmprov_json_get(d, "citation")) append_item(&c->annotations, llmprov_json_raw(llmprov_json_get(d, "citation")));
    if (llmprov_json_get(d, "toolUse") && !c->delta && c->call_count) append(&c->calls[c->call_count - 1].args, llmprov_json_path(d, "toolUse.input"));
}

static void see_converse_event(const char *kind, const char *type, const llmprov_json *v) {
    seen_choice *c = &it.choices[0];
    it.choice_count = 1;
    if (strcmp(kind, "event")) {
        it.failed = true;
        append(&it.error, llmprov_json_get(v, "message"));
    } else if (!strcmp(type, "contentBlockStart") && llmprov_json_path(v, "start.toolUse")) see_converse_use(c, llmprov_json_path(v, "start.toolUse"));
    else if (!strcmp(type, "contentBlockDelta")) see_converse_delta(c, llmprov_json_get(v, "delta"));
    else if (!strcmp(type, "messageStop")) append(&c->word, llmprov_json_get(v, "stopReason"));
    else if (!strcmp(type, "metadata")) see_usage(llmprov_json_get(v, "usage"));
}

static size_t big_endian(const char *p, int bytes) {
    size_t n = 0;
    while (bytes--) n = n << 8 | (unsigned char)*p++;
    return n;
}

/* The messages of a binary stream by their lengths alone; all headers of the recordings are strings. */
static void each_message(const char *p, size_t len, void (*see)(const char *kind, const char *type, const llmprov_json *v)) {
    while (len >= 16 && big_endian(p, 4) <= len) {
        size_t total = big_endian(p, 4), headers = big_endian(p + 4, 4), at, n;
        char kind[100] = "", type[100] = "";
        llmprov_json *v = llmprov_json_parse(p + 12 + headers, total - headers - 16, NULL, NULL);
        for (at = 12; at < 12 + headers; at += n) {
            size_t name = (unsigned char)p[at];
            const char *value = p + at + 1 + name + 3;
            n = big_endian(value - 2, 2);
            if (name == 13 && !memcmp(p + at + 1, ":message-type", 13)) sprintf(kind, "%.*s", (int)n, value);
            if ((name == 11 && !memcmp(p + at + 1, ":event-type", 11)) || (name == 15 && !memcmp(p + at + 1, ":exception-type", 15))) sprintf(type, "%.*s", (int)n, value);
            n += name + 4;
        }
        see(kind, type, v);
        llmprov_json_free(v);
        p += total;
        len -= total;
    }
    it.at_end = !len;
}

/* A message of InvokeModel holds an event of anthropic-messages. */
static void see_chunk(const char *kind, const char *type, const llmprov_json *v) {
    llmprov_str base64 = llmprov_json_text(llmprov_json_get(v, "bytes"));
    char *bytes = (char *)malloc(base64.len + 3);
    size_t len = 0;
    llmprov_json *event;
    if (!bytes) exit(3);
    (void)type;
    if (strcmp(kind, "event")) see_messages_error(v);
    else if (base64.ptr && llmprov__text_unbase64(bytes, &len, base64.ptr, base64.len) && (event = llmprov_json_parse(bytes, len, NULL, NULL)) != NULL) {
        see_messages_event("", event);
        llmprov_json_free(event);
    } else complain("a chunk holds no event", "");
    free(bytes);
}

// -- ollama-chat -----------------------------------------------------------------------------

/* A line of a stream, or a whole reply: they differ in nothing but how much is in them. */
static void see_ollama(const llmprov_json *v) {
    const llmprov_json *m = llmprov_json_get(v, "message"), *call = NULL;
    seen_choice *c = &it.choices[0];
    if (it.complete) return;
    if (llmprov_json_get(v, "error")) {
        see_chat_error(v);
        return;
    }
    it.choice_count = 1;
    if (!it.model.len) append(&it.model, llmprov_json_get(v, "model"));
    append(&c->text, llmprov_json_get(m, "content"));
    append(&c->thinking, llmprov_json_get(m, "thinking"));
    while (llmprov_json_kind(llmprov_json_get(m, "tool_calls")) == LLMPROV_JSON_ARRAY && (call = llmprov_json_next(llmprov_json_get(m, "tool_calls"), call)) != NULL) {
        seen_call *to = new_call(c, -1);
        llmprov_str args = llmprov_json_raw(llmprov_json_path(call, "function.arguments"));
        append(&to->id, llmprov_json_get(call, "id"));
        append(&to->name, llmprov_json_path(call, "function.name"));
        if (args.len) engine_add(&to->args, args.ptr, args.len);
    }
    it.complete = llmprov_json_bool(llmprov_json_get(v, "done"), false);
    if (!it.complete) return;
    append(&c->word, llmprov_json_get(v, "done_reason"));
    set(&it.ollama, llmprov_json_raw(v));
}

static void each_line(const char *p, size_t len) {
    const char *end = p + len, *eol;
    for (; p < end; p = eol + 1) {
        llmprov_json *root;
        eol = (const char *)memchr(p, '\n', (size_t)(end - p));
        if (!eol) eol = end;
        root = eol > p ? llmprov_json_parse(p, (size_t)(eol - p), NULL, NULL) : NULL;
        if (root && !it.failed) see_ollama(root);
        llmprov_json_free(root);
    }
}

// -- cohere-v2 -------------------------------------------------------------------------------

static void see_cohere_end(const llmprov_json *v) {
    append(&it.choices[0].word, llmprov_json_get(v, "finish_reason"));
    see_usage(llmprov_json_get(v, "usage"));
    it.complete = true;
}

static void see_cohere_calls(const llmprov_json *list) {
    const llmprov_json *call = NULL;
    while (llmprov_json_kind(list) == LLMPROV_JSON_ARRAY && (call = llmprov_json_next(list, call)) != NULL) {
        seen_call *to = new_call(&it.choices[0], -1);
        append(&to->id, llmprov_json_get(call, "id"));
        append(&to->name, llmprov_json_path(call, "function.name"));
        append(&to->args, llmprov_json_path(call, "function.arguments"));
    }
}

static void see_cohere(const llmprov_json *v) {
    const llmprov_json *m = llmprov_json_get(v, "message");
    it.choice_count = 1;
    append(&it.id, llmprov_json_get(v, "id"));
    if (llmprov_json_kind(llmprov_json_get(m, "content")) == LLMPROV_JSON_ARRAY) see_parts(&it.choices[0], llmprov_json_get(m, "content"));
    append(&it.choices[0].text, llmprov_json_get(m, "tool_plan"));
    see_cohere_calls(llmprov_json_get(m, "tool_calls"));
    append_items(&it.choices[0].annotations, llmprov_json_get(m, "citations"));
    see_cohere_end(v);
    it.complete = llmprov_json_kind(m) == LLMPROV_JSON_OBJECT;
}

static void see_cohere_event(const char *event, const llmprov_json *v) {
    const llmprov_json *m = llmprov_json_path(v, "delta.message"), *call = llmprov_json_get(m, "tool_calls");
    seen_choice *c = &it.choices[0];
    (void)event;
    if (it.complete) return;
    it.choice_count = 1;
    if (!it.id.len) append(&it.id, llmprov_json_get(v, "id"));
    append(&c->text, llmprov_json_path(m, "content.text"));
    append(&c->thinking, llmprov_json_path(m, "content.thinking"));
    append(&c->text, llmprov_json_get(m, "tool_plan"));
    if (llmprov_json_kind(llmprov_json_get(m, "citations")) == LLMPROV_JSON_OBJECT) append_item(&c->annotations, llmprov_json_raw(llmprov_json_get(m, "citations")));
    if (is(v, "type", "tool-call-start")) {
        append(&new_call(c, llmprov_json_int(llmprov_json_get(v, "index"), 0))->id, llmprov_json_get(call, "id"));
        append(&c->calls[c->call_count - 1].name, llmprov_json_path(call, "function.name"));
    }
    if (llmprov_json_kind(call) == LLMPROV_JSON_OBJECT && c->call_count) append(&c->calls[c->call_count - 1].args, llmprov_json_path(call, "function.arguments"));
    if (is(v, "type", "message-end")) see_cohere_end(llmprov_json_get(v, "delta"));
}

// -- comparing -------------------------------------------------------------------------------

/* The texts of a kind of block joined. */
static engine_text joined(const llmprov_message *m, llmprov_block_type type) {
    engine_text all = { NULL, 0, 0 };
    const llmprov_block *b = NULL;
    engine_add(&all, "", 0);
    while ((b = llmprov_block_next(m, type, b)) != NULL) engine_add(&all, b->text ? b->text : "", b->text_len);
    return all;
}

static void same_joined(const char *what, const llmprov_message *m, llmprov_block_type type, const engine_text *expected) {
    engine_text got = joined(m, type);
    same_text(what, got.ptr, got.len, expected);
    engine_text_free(&got);
}

/* Arguments as JSON; those that are none are handed on as they are, marked. */
static void same_arguments(const llmprov_block *b, const engine_text *args) {
    llmprov_json *want = args->len ? llmprov_json_parse(args->ptr, args->len, NULL, NULL) : NULL;
    if (!args->len || llmprov_json_kind(want) == LLMPROV_JSON_NULL) {
        if (b->json_len != 2 || memcmp(b->json, "{}", 2)) differs("arguments of a call without any", b->json, b->json_len, "{}", 2);
    } else if (llmprov_json_kind(want) == LLMPROV_JSON_OBJECT) {
        if (b->invalid) complain("arguments that are an object are marked as invalid", args->ptr);
        if (!engine_equal(b->json, b->json_len, args->ptr, args->len)) differs("arguments", b->json, b->json_len, args->ptr, args->len);
    } else {
        llmprov_json *root = llmprov_json_parse(b->json, b->json_len, NULL, NULL);
        llmprov_str raw = llmprov_json_text(llmprov_json_get(root, "rawInvalidInput"));
        if (!b->invalid) complain("arguments that are no object are not marked as invalid", b->json);
        same_text("the raw text of invalid arguments", raw.ptr, raw.len, args);
        llmprov_json_free(root);
    }
    llmprov_json_free(want);
}

/* The strings in a call's arguments, in order. */
static void strings_of(const llmprov_json *v, engine_text *all) {
    const llmprov_json *m = NULL;
    if (llmprov_json_kind(v) == LLMPROV_JSON_STRING) append(all, v);
    else if (llmprov_json_kind(v) >= LLMPROV_JSON_ARRAY)
        while ((m = llmprov_json_next(v, m)) != NULL) strings_of(m, all);
}

static void same_strings(const llmprov_block *b, const engine_text *pieces) {
    llmprov_json *root = b->json ? llmprov_json_parse(b->json, b->json_len, NULL, NULL) : NULL;
    engine_text all = { NULL, 0, 0 };
    engine_add(&all, "", 0);
    strings_of(root, &all);
    same_text("the strings of arguments in pieces", all.ptr, all.len, pieces);
    if (b->invalid) complain("arguments in pieces are no JSON", b->json);
    engine_text_free(&all);
    llmprov_json_free(root);
}

static void same_calls(const llmprov_message *m, const seen_choice *c) {
    int i, j;
    same_int("calls", engine_count(m, LLMPROV_BLOCK_TOOL_USE), c->call_count);
    for (i = 0; i < c->call_count; i++) {
        const llmprov_block *b = engine_block(m, LLMPROV_BLOCK_TOOL_USE, i);
        bool twice = false;
        for (j = 0; j < i; j++) twice = twice || (c->calls[j].id.len == c->calls[i].id.len && c->calls[i].id.len && !memcmp(c->calls[j].id.ptr, c->calls[i].id.ptr, c->calls[i].id.len));
        if (c->calls[i].id.len && !twice) same_text("a call's id", b->id, b->id ? strlen(b->id) : 0, &c->calls[i].id);
        else if (!b->id || !*b->id) complain("a call has no id", b->id);
        same_text("a call's name", b->name, b->name ? strlen(b->name) : 0, &c->calls[i].name);
        if (c->calls[i].pieces.len) same_strings(b, &c->calls[i].pieces);
        else if (b->json) same_arguments(b, &c->calls[i].args);
    }
}

static const struct { const char *word; llmprov_stop stop; } stops[] = {
    { "stop", LLMPROV_STOP_END }, { "end_turn", LLMPROV_STOP_END }, { "eos", LLMPROV_STOP_END }, { "length", LLMPROV_STOP_LENGTH },
    { "max_tokens", LLMPROV_STOP_LENGTH }, { "tool_calls", LLMPROV_STOP_TOOL_USE }, { "tool_use", LLMPROV_STOP_TOOL_USE },
    { "function_call", LLMPROV_STOP_TOOL_USE }, { "content_filter", LLMPROV_STOP_REFUSAL }, { "refusal", LLMPROV_STOP_REFUSAL },
    { "guardrail_intervened", LLMPROV_STOP_REFUSAL }, { "content_filtered", LLMPROV_STOP_REFUSAL },
    { "stop_sequence", LLMPROV_STOP_SEQUENCE }, { "pause_turn", LLMPROV_STOP_PAUSE }, { "error", LLMPROV_STOP_ERROR },
    { "completed", LLMPROV_STOP_END }, { "max_output_tokens", LLMPROV_STOP_LENGTH }, { "failed", LLMPROV_STOP_ERROR },
    { "model_context_window_exceeded", LLMPROV_STOP_CONTEXT }, { "model_length", LLMPROV_STOP_LENGTH }, { "COMPLETE", LLMPROV_STOP_END },
    { "MAX_TOKENS", LLMPROV_STOP_LENGTH }, { "STOP_SEQUENCE", LLMPROV_STOP_SEQUENCE }, { "TOOL_CALL", LLMPROV_STOP_TOOL_USE },
    { "STOP", LLMPROV_STOP_END }, { "1", LLMPROV_STOP_END }, { "2", LLMPROV_STOP_LENGTH },
    { "SAFETY", LLMPROV_STOP_REFUSAL }, { "RECITATION", LLMPROV_STOP_REFUSAL }, { "PROHIBITED_CONTENT", LLMPROV_STOP_REFUSAL },
    { "MODEL_ARMOR", LLMPROV_STOP_REFUSAL }, { "MALFORMED_FUNCTION_CALL", LLMPROV_STOP_ERROR }, { "UNEXPECTED_TOOL_CALL", LLMPROV_STOP_ERROR },
};

static void same_stop(llmprov_stop stop, const char *word, const seen_choice *c, bool refused) {
    llmprov_stop want = LLMPROV_STOP_OTHER;
    size_t i;
    if (!same_text("the stop word", word, word ? strlen(word) : 0, &c->word)) return;
    for (i = 0; i < sizeof stops / sizeof *stops; i++)
        if (!strcmp(stops[i].word, word)) want = stops[i].stop;
    if (want == LLMPROV_STOP_END && c->call_count) want = LLMPROV_STOP_TOOL_USE;
    if (want == LLMPROV_STOP_TOOL_USE && !c->call_count) want = LLMPROV_STOP_END;      /* there is nothing to run */
    if (want == LLMPROV_STOP_END && c->sequence.len) want = LLMPROV_STOP_SEQUENCE;
    if (it.blocked) want = LLMPROV_STOP_REFUSAL;
    if (want == LLMPROV_STOP_END && refused) want = LLMPROV_STOP_REFUSAL;
    if (stop != want) differs("the stop reason", llmprov_stop_text(stop), strlen(llmprov_stop_text(stop)), llmprov_stop_text(want), strlen(llmprov_stop_text(want)));
}

static int64_t count_at(const llmprov_json *v, const char *path) {
    double n = llmprov_json_num(llmprov_json_path(v, path), 0);
    return n > 0 ? (int64_t)n : 0;
}

static int64_t first_count(const llmprov_json *v, const char *a, const char *b, const char *c) {
    return count_at(v, a) ? count_at(v, a) : b && count_at(v, b) ? count_at(v, b) : c ? count_at(v, c) : 0;
}

/* Cached tokens are part of the prompt unless they are more than it; thinking is part of the completion unless the total
   says that it stands beside. */
static void same_chat_usage(const llmprov_usage *u) {
    llmprov_json *v = llmprov_json_parse(it.usage.len ? it.usage.ptr : "{}", it.usage.len ? it.usage.len : 2, NULL, NULL);
    int64_t prompt = first_count(v, "prompt_tokens", "input_tokens", NULL), completion = first_count(v, "completion_tokens", "output_tokens", NULL);
    int64_t cached = first_count(v, "prompt_tokens_details.cached_tokens", "prompt_cache_hit_tokens", "cached_tokens");
    int64_t written = first_count(v, "prompt_tokens_details.cache_write_tokens", "prompt_tokens_details.cache_creation_tokens", NULL);
    int64_t thinking = first_count(v, "completion_tokens_details.reasoning_tokens", "reasoning_tokens", NULL), total = count_at(v, "total_tokens");
    bool beside = cached + written > prompt;
    same_int("usage: the whole input", u->input_tokens + u->cache_read_tokens + u->cache_write_5m_tokens + u->cache_write_1h_tokens, beside ? prompt + cached + written : prompt);
    same_int("usage: read from a cache", u->cache_read_tokens, cached);
    same_int("usage: written to a cache", u->cache_write_5m_tokens + u->cache_write_1h_tokens, written);
    same_int("usage: thinking", u->thinking_tokens, thinking);
    same_int("usage: output", u->output_tokens, thinking && total == prompt + completion + thinking ? completion + thinking : completion);
    llmprov_json_free(v);
}

static void same_responses_usage(const llmprov_usage *u) {
    llmprov_json *v = llmprov_json_parse(it.usage.len ? it.usage.ptr : "{}", it.usage.len ? it.usage.len : 2, NULL, NULL);
    int64_t input = count_at(v, "input_tokens"), output = count_at(v, "output_tokens"), total = count_at(v, "total_tokens");
    int64_t cached = count_at(v, "input_tokens_details.cached_tokens"), written = count_at(v, "input_tokens_details.cache_write_tokens");
    int64_t thinking = count_at(v, "output_tokens_details.reasoning_tokens");
    bool beside = cached + written > input;
    same_int("usage: the whole input", u->input_tokens + u->cache_read_tokens + u->cache_write_5m_tokens + u->cache_write_1h_tokens, beside ? input + cached + written : input);
    same_int("usage: read from a cache", u->cache_read_tokens, cached);
    same_int("usage: written to a cache", u->cache_write_5m_tokens + u->cache_write_1h_tokens, written);
    same_int("usage: thinking", u->thinking_tokens, thinking);
    same_int("usage: output", u->output_tokens, thinking && total == input + output + thinking ? output + thinking : output);
    llmprov_json_free(v);
}

static void same_messages_usage(const llmprov_usage *u) {
    llmprov_json *v = llmprov_json_parse(it.usage.len ? it.usage.ptr : "{}", it.usage.len ? it.usage.len : 2, NULL, NULL);
    int64_t written = count_at(v, "cache_creation_input_tokens"), hour = count_at(v, "cache_creation.ephemeral_1h_input_tokens");
    same_int("usage: input", u->input_tokens, count_at(v, "input_tokens"));
    same_int("usage: output", u->output_tokens, count_at(v, "output_tokens"));
    same_int("usage: read from a cache", u->cache_read_tokens, count_at(v, "cache_read_input_tokens"));
    same_int("usage: written to a cache", u->cache_write_5m_tokens + u->cache_write_1h_tokens, written);
    same_int("usage: written for an hour", u->cache_write_1h_tokens, hour);
    same_int("usage: thinking", u->thinking_tokens, count_at(v, "output_tokens_details.thinking_tokens"));
    llmprov_json_free(v);
}

static void same_gemini_usage(const llmprov_usage *u) {
    llmprov_json *v = llmprov_json_parse(it.usage.len ? it.usage.ptr : "{}", it.usage.len ? it.usage.len : 2, NULL, NULL);
    int64_t prompt = count_at(v, "promptTokenCount"), cached = count_at(v, "cachedContentTokenCount");
    same_int("usage: input", u->input_tokens, prompt + count_at(v, "toolUsePromptTokenCount") - cached);
    same_int("usage: read from a cache", u->cache_read_tokens, cached);
    same_int("usage: output", u->output_tokens, count_at(v, "candidatesTokenCount") + count_at(v, "thoughtsTokenCount"));
    same_int("usage: thinking", u->thinking_tokens, count_at(v, "thoughtsTokenCount"));
    llmprov_json_free(v);
}

/* The raw usage is the provider's, but that it has no members that are null. */
static bool same_members(const llmprov_json *a, const llmprov_json *b, int depth) {
    const llmprov_json *m = NULL, *n;
    if (llmprov_json_kind(a) != LLMPROV_JSON_OBJECT || llmprov_json_kind(b) != LLMPROV_JSON_OBJECT || depth > 20) return engine_same_json(a, b);
    while ((m = llmprov_json_next(a, m)) != NULL) {
        n = llmprov_json_get(b, llmprov_json_key(m));
        if (llmprov_json_kind(m) == LLMPROV_JSON_NULL ? n && llmprov_json_kind(n) != LLMPROV_JSON_NULL : !n || !same_members(m, n, depth + 1)) return false;
    }
    for (m = NULL; (m = llmprov_json_next(b, m)) != NULL;)
        if (llmprov_json_kind(m) != LLMPROV_JSON_NULL && !llmprov_json_get(a, llmprov_json_key(m))) return false;
    return true;
}

static void same_loose(const char *what, const char *got, size_t len, const char *expected, size_t expected_len) {
    llmprov_json *a = llmprov_json_parse(got ? got : "{}", got ? len : 2, NULL, NULL), *b = llmprov_json_parse(expected, expected_len, NULL, NULL);
    if (!a || !b || !same_members(a, b, 0)) differs(what, got, len, expected, expected_len);
    llmprov_json_free(a);
    llmprov_json_free(b);
}

/* A list that a block or a choice carries in its extra. */
static void same_list(const char *what, const char *extra, size_t len, const char *path, const engine_text *items) {
    llmprov_json *root = extra ? llmprov_json_parse(extra, len, NULL, NULL) : NULL;
    const llmprov_json *got = llmprov_json_path(root, path);
    engine_text want = { NULL, 0, 0 };
    engine_add(&want, "[", 1);
    engine_add(&want, items->ptr ? items->ptr : "", items->len);
    engine_add(&want, "]", 1);
    if (items->len || got) {
        llmprov_str raw = llmprov_json_raw(got);
        if (!raw.ptr && want.len == 2) raw.ptr = "[]", raw.len = 2;
        if (!engine_equal(raw.ptr, raw.len, want.ptr, want.len)) differs(what, raw.ptr, raw.len, want.ptr, want.len);
    }
    engine_text_free(&want);
    llmprov_json_free(root);
}

/* All blocks of a type have the items of one list, in order. */
static void same_lists(const char *what, const llmprov_message *m, llmprov_block_type type, const char *key, const engine_text *items) {
    engine_text all = { NULL, 0, 0 };
    const llmprov_block *b = NULL;
    engine_add(&all, "", 0);
    while ((b = llmprov_block_next(m, type, b)) != NULL) {
        llmprov_json *root = b->extra ? llmprov_json_parse(b->extra, b->extra_len, NULL, NULL) : NULL;
        append_items(&all, llmprov_json_get(root, key));
        llmprov_json_free(root);
    }
    if (all.len || items->len) {
        engine_text got = { NULL, 0, 0 };
        engine_add(&got, "{\"x\":[", 6);
        engine_add(&got, all.ptr, all.len);
        engine_add(&got, "]}", 2);
        same_list(what, got.ptr, got.len, "x", items);
        engine_text_free(&got);
    }
    engine_text_free(&all);
}

static void same_chat(const llmprov_response *r) {
    int i;
    if (it.complete || (int)r->choice_count > it.choice_count) same_int("choices", (int64_t)r->choice_count, it.choice_count ? it.choice_count : 1);
    for (i = 0; i < it.choice_count && (size_t)i < r->choice_count; i++) {
        const llmprov_choice *c = &r->choices[i];
        bool refused = c->stop == LLMPROV_STOP_REFUSAL && !strcmp(c->stop_word, "stop");
        same_joined("text", &c->message, LLMPROV_BLOCK_TEXT, &it.choices[i].text);
        same_joined("thinking", &c->message, LLMPROV_BLOCK_THINKING, &it.choices[i].thinking);
        same_calls(&c->message, &it.choices[i]);
        if (!it.failed) same_stop(c->stop, c->stop_word, &it.choices[i], refused);
        same_lists("reasoning_details", &c->message, LLMPROV_BLOCK_THINKING, "reasoning_details", &it.choices[i].details);
        if (!it.failed) same_int("audio", engine_count(&c->message, LLMPROV_BLOCK_AUDIO), it.choices[i].audio);
        same_lists("annotations", &c->message, LLMPROV_BLOCK_TEXT, "citations", &it.choices[i].annotations);
        if (it.choices[i].logprobs.len) same_list("logprobs", c->extra, c->extra_len, "logprobs.content", &it.choices[i].logprobs);
    }
    same_chat_usage(&r->usage);
}

/* All that the program is not asked to do anything about is kept as it came. */
static void same_others(const llmprov_message *m, const engine_text *expected) {
    engine_text all = { NULL, 0, 0 };
    const llmprov_block *b = NULL;
    engine_add(&all, "{\"x\":[", 6);
    while ((b = llmprov_block_next(m, LLMPROV_BLOCK_RAW, b)) != NULL) {
        if (all.len > 6) engine_add(&all, ",", 1);
        engine_add(&all, b->json, b->json_len);
    }
    engine_add(&all, "]}", 2);
    same_list("items of other kinds", all.ptr, all.len, "x", expected);
    engine_text_free(&all);
}

static void same_responses(const llmprov_response *r) {
    const seen_choice *c = &it.choices[0];
    const llmprov_block *b = NULL;
    engine_text seals = { NULL, 0, 0 };
    bool refused = r->stop == LLMPROV_STOP_REFUSAL && !strcmp(r->stop_word, "completed");
    same_joined("text", &r->message, LLMPROV_BLOCK_TEXT, &c->text);
    same_joined("thinking", &r->message, LLMPROV_BLOCK_THINKING, &c->thinking);
    if (it.complete && !it.failed) {
        llmprov_stop stop = r->stop;
        seen_choice other = *c;
        memset(&other.sequence, 0, sizeof other.sequence);
        same_calls(&r->message, c);
        same_others(&r->message, &c->sequence);
        same_stop(stop, r->stop_word, &other, refused);
        same_lists("annotations", &r->message, LLMPROV_BLOCK_TEXT, "citations", &c->annotations);
        if (c->logprobs.len) same_list("logprobs", r->choices[0].extra, r->choices[0].extra_len, "logprobs.content", &c->logprobs);
        engine_add(&seals, "{\"x\":[", 6);
        while ((b = llmprov_block_next(&r->message, LLMPROV_BLOCK_THINKING, b)) != NULL) {
            if (!b->signature || !*b->signature) continue;
            if (seals.len > 6) engine_add(&seals, ",", 1);
            engine_add(&seals, "\"", 1);
            engine_adds(&seals, b->signature);
            engine_add(&seals, "\"", 1);
        }
        engine_add(&seals, "]}", 2);
        same_list("sealed reasoning", seals.ptr, seals.len, "x", &c->details);
        engine_text_free(&seals);
    }
    same_responses_usage(&r->usage);
}

static void same_ollama(const llmprov_response *r) {
    llmprov_json *v = llmprov_json_parse(it.ollama.len ? it.ollama.ptr : "{}", it.ollama.len ? it.ollama.len : 2, NULL, NULL);
    same_joined("text", &r->message, LLMPROV_BLOCK_TEXT, &it.choices[0].text);
    same_joined("thinking", &r->message, LLMPROV_BLOCK_THINKING, &it.choices[0].thinking);
    same_calls(&r->message, &it.choices[0]);
    if (it.complete) same_stop(r->stop, r->stop_word, &it.choices[0], false);
    same_int("usage: input", r->usage.input_tokens, count_at(v, "prompt_eval_count"));
    same_int("usage: output", r->usage.output_tokens, count_at(v, "eval_count"));
    llmprov_json_free(v);
}

static void same_cohere(const llmprov_response *r) {
    llmprov_json *v = llmprov_json_parse(it.usage.len ? it.usage.ptr : "{}", it.usage.len ? it.usage.len : 2, NULL, NULL);
    int64_t cached = count_at(v, "cached_tokens");
    same_joined("text", &r->message, LLMPROV_BLOCK_TEXT, &it.choices[0].text);
    same_joined("thinking", &r->message, LLMPROV_BLOCK_THINKING, &it.choices[0].thinking);
    same_calls(&r->message, &it.choices[0]);
    same_lists("citations", &r->message, LLMPROV_BLOCK_TEXT, "citations", &it.choices[0].annotations);
    if (it.complete) same_stop(r->stop, r->stop_word, &it.choices[0], false);
    same_int("usage: input", r->usage.input_tokens + r->usage.cache_read_tokens, count_at(v, "tokens.input_tokens"));
    same_int("usage: read from a cache", r->usage.cache_read_tokens, cached);
    same_int("usage: output", r->usage.output_tokens, count_at(v, "tokens.output_tokens"));
    same_int("usage: thinking", r->usage.thinking_tokens, count_at(v, "tokens.reasoning_tokens"));
    llmprov_json_free(v);
}

static void same_gemini(const llmprov_response *r) {
    int i;
    for (i = 0; i < it.choice_count && (size_t)i < r->choice_count; i++) {
        const llmprov_choice *c = &r->choices[i];
        same_joined("text", &c->message, LLMPROV_BLOCK_TEXT, &it.choices[i].text);
        same_joined("thinking", &c->message, LLMPROV_BLOCK_THINKING, &it.choices[i].thinking);
        same_calls(&c->message, &it.choices[i]);
        if (!it.failed) same_stop(c->stop, c->stop_word, &it.choices[i], false);
    }
    same_gemini_usage(&r->usage);
}

/* What goes back: every signature, in order, and the parts of the provider's own tools as they came. */
static void sent_to_gemini(const engine_sent *s) {
    const llmprov_json *p = NULL;
    engine_text signatures = { NULL, 0, 0 }, tools = { NULL, 0, 0 };
    engine_add(&signatures, "[", 1);
    engine_add(&tools, "[", 1);
    while ((p = llmprov_json_next(llmprov_json_path(s->body, "contents[1].parts"), p)) != NULL) {
        const llmprov_json *signature = llmprov_json_get(p, "thoughtSignature");
        bool tool = llmprov_json_get(p, "executableCode") || llmprov_json_get(p, "codeExecutionResult") || llmprov_json_get(p, "toolCall") || llmprov_json_get(p, "toolResponse");
        llmprov_str raw = llmprov_json_raw(signature);
        if (signature && signatures.len > 1) engine_add(&signatures, ",", 1);
        if (signature) engine_add(&signatures, raw.ptr, raw.len);
        raw = llmprov_json_raw(p);
        if (tool && tools.len > 1) engine_add(&tools, ",", 1);
        if (tool) engine_add(&tools, raw.ptr, raw.len);
    }
    engine_add(&signatures, "]", 1);
    engine_add(&tools, "]", 1);
    if (!strstr(signatures.ptr, "skip_thought_signature_validator")) {
        engine_text want = { NULL, 0, 0 };
        engine_add(&want, "[", 1);
        engine_add(&want, it.choices[0].details.ptr, it.choices[0].details.len);
        engine_add(&want, "]", 1);
        if (!engine_equal(signatures.ptr, signatures.len, want.ptr, want.len)) differs("the signatures that are sent back", signatures.ptr, signatures.len, want.ptr, want.len);
        engine_text_free(&want);
    }
    if (it.choices[0].annotations.len) {
        engine_text want = { NULL, 0, 0 };
        engine_add(&want, "[", 1);
        engine_add(&want, it.choices[0].annotations.ptr, it.choices[0].annotations.len);
        engine_add(&want, "]", 1);
        if (!engine_equal(tools.ptr, tools.len, want.ptr, want.len)) differs("the tools' parts that are sent back", tools.ptr, tools.len, want.ptr, want.len);
        engine_text_free(&want);
    }
    engine_text_free(&signatures);
    engine_text_free(&tools);
}

/* Blocks as they are saved, against the recording's, which may hold members that are null beside. */
static void same_block(const llmprov_block *b, const seen_block *want) {
    llmprov_alloc alloc = test_alloc();
    llmprov_text saved;
    llmprov_json *root;
    llmprov_str s;
    bool tool = !strcmp(want->type.ptr, "tool_use") || !strcmp(want->type.ptr, "server_tool_use") || !strcmp(want->type.ptr, "mcp_tool_use");
    if (llmprov_block_save(b, &alloc, &saved)) {
        complain("a block cannot be saved", want->json.ptr);
        return;
    }
    root = llmprov_json_parse(saved.ptr, saved.len, NULL, NULL);
    s = llmprov_json_text(llmprov_json_get(root, "type"));
    same_text("a block's type", s.ptr, s.len, &want->type);
    if (tool && want->input) {
        same_arguments(b, &want->text);
    } else if (!strcmp(want->type.ptr, "text") || !strcmp(want->type.ptr, "thinking")) {
        s = llmprov_json_text(llmprov_json_get(root, want->type.ptr));
        same_text("a block's text", s.ptr, s.len, &want->text);
        if (want->signature.len) same_text("a signature", b->signature, b->signature ? strlen(b->signature) : 0, &want->signature);
        same_list("citations", saved.ptr, saved.len, "citations", &want->citations);
    } else if (!want->rest.len) same_loose("a block", saved.ptr, saved.len, want->json.ptr, want->json.len);
    llmprov_json_free(root);
    llmprov_text_free(&saved);
}

static void same_messages(const llmprov_response *r) {
    size_t n = 0;
    int i;
    for (i = 0; i < it.block_count; i++) {
        if (!it.blocks[i].used) continue;
        if (n < r->message.block_count) same_block(&r->message.blocks[n], &it.blocks[i]);
        if (!strcmp(it.blocks[i].type.ptr, "tool_use")) it.choices[0].call_count++;
        n++;
    }
    same_int("blocks", (int64_t)r->message.block_count, (int64_t)n);
    if (!it.failed) same_stop(r->stop, r->stop_word, &it.choices[0], false);
    if (!it.failed && it.choices[0].sequence.len) same_text("the stop sequence", r->stop_sequence, r->stop_sequence ? strlen(r->stop_sequence) : 0, &it.choices[0].sequence);
    it.choices[0].call_count = 0;
    same_messages_usage(&r->usage);
}

/* AWS's buckets are disjoint already. The signature stands where the others have a stop sequence. */
static void same_converse(const llmprov_response *r) {
    llmprov_json *v = llmprov_json_parse(it.usage.len ? it.usage.ptr : "{}", it.usage.len ? it.usage.len : 2, NULL, NULL);
    seen_choice *c = &it.choices[0];
    engine_text signatures = { NULL, 0, 0 };
    const llmprov_block *b = NULL;
    engine_add(&signatures, "", 0);
    while ((b = llmprov_block_next(&r->message, LLMPROV_BLOCK_THINKING, b)) != NULL) engine_adds(&signatures, b->signature ? b->signature : "");
    same_text("signatures", signatures.ptr, signatures.len, &c->sequence);
    c->sequence.len = 0;
    same_joined("text", &r->message, LLMPROV_BLOCK_TEXT, &c->text);
    same_joined("thinking", &r->message, LLMPROV_BLOCK_THINKING, &c->thinking);
    same_joined("redacted thinking", &r->message, LLMPROV_BLOCK_REDACTED, &c->details);
    same_calls(&r->message, c);
    same_lists("citations", &r->message, LLMPROV_BLOCK_TEXT, "citations", &c->annotations);
    if (!it.failed) same_stop(r->stop, r->stop_word, c, false);
    same_int("usage: input", r->usage.input_tokens, count_at(v, "inputTokens"));
    same_int("usage: output", r->usage.output_tokens, count_at(v, "outputTokens"));
    same_int("usage: read from a cache", r->usage.cache_read_tokens, count_at(v, "cacheReadInputTokens"));
    same_int("usage: written to a cache", r->usage.cache_write_5m_tokens + r->usage.cache_write_1h_tokens, count_at(v, "cacheWriteInputTokens"));
    engine_text_free(&signatures);
    llmprov_json_free(v);
}

/* What a status may mean. */
static bool fits(int status, llmprov_status code) {
    switch (status) {
    case 400: case 422: case 405: case 415: case 501:
        return code == LLMPROV_ERR_REQUEST || code == LLMPROV_ERR_TOO_LONG || code == LLMPROV_ERR_QUOTA || code == LLMPROV_ERR_NOT_FOUND || code == LLMPROV_ERR_AUTH || (status == 501 && code == LLMPROV_ERR_SERVER);
    case 401: return code == LLMPROV_ERR_AUTH;
    case 402: return code == LLMPROV_ERR_QUOTA;
    case 403: return code == LLMPROV_ERR_FORBIDDEN || code == LLMPROV_ERR_AUTH || code == LLMPROV_ERR_QUOTA;
    case 404: return code == LLMPROV_ERR_NOT_FOUND;
    case 413: return code == LLMPROV_ERR_TOO_LONG || code == LLMPROV_ERR_RATE_LIMIT;
    case 429: return code == LLMPROV_ERR_RATE_LIMIT || code == LLMPROV_ERR_QUOTA;
    default: return code == LLMPROV_ERR_SERVER || code == LLMPROV_ERR_OVERLOADED || code == LLMPROV_ERR_TIMEOUT;
    }
}

static void same_refusal(const llmprov_response *r, int status, const char *body, size_t len) {
    llmprov_json *root = llmprov_json_parse(body, len, NULL, NULL);
    const llmprov_json *want = sentence(root);
    same_int("http_status", r->error.http_status, status);
    if (status == 400 && strstr(body, "RESOURCE_EXHAUSTED")) status = 429;             /* the recording has a made-up status */
    if (!fits(status, r->error.code)) differs("what a refusal means", llmprov_status_text(r->error.code), strlen(llmprov_status_text(r->error.code)), body, len > 300 ? 300 : len);
    if (want && !strstr(r->error.message, llmprov_json_str(want, ""))) differs("the error's message", r->error.message, strlen(r->error.message), llmprov_json_str(want, ""), llmprov_json_text(want).len);
    if (len < 65536 && (r->error.raw_len != len || memcmp(r->error.raw, body, len))) differs("the raw body of an error", r->error.raw, r->error.raw_len, body, len);
    llmprov_json_free(root);
}

static void same_failure(const llmprov_response *r) {
    if (it.second_start) {
        if (r->error.code != LLMPROV_ERR_BAD_REPLY) complain("a second message_start is no error", r->error.message);
        return;
    }
    if (!r->error.code) complain("an error inside the reply was overlooked", it.error.ptr);
    else if (it.error.len && !strstr(r->error.message, it.error.ptr)) differs("the error's message", r->error.message, strlen(r->error.message), it.error.ptr, it.error.len);
}

// -- sending a reply back --------------------------------------------------------------------

/* The next turn: what the reply was, a result for each call, and a word of the user's. */
static void next_turn(llmprov_history *h, const llmprov_response *r) {
    const llmprov_block *b = NULL;
    h->alloc = test_alloc();
    llmprov_add_text(h, LLMPROV_ROLE_USER, "Hello");
    llmprov_add_message(h, &r->message);
    while ((b = llmprov_block_next(&r->message, LLMPROV_BLOCK_TOOL_USE, b)) != NULL) llmprov_add_tool_result(h, b->id, "done", false);
    llmprov_add_text(h, LLMPROV_ROLE_USER, "Go on");
}

/* The history's own form gives the same back. */
static void same_history(const llmprov_history *h) {
    llmprov_history again = { .alloc = test_alloc() };
    llmprov_text first, second;
    llmprov_error err;
    if (h->status || llmprov_history_save(h, &first)) complain("a reply cannot be saved in a history", llmprov_status_text(h->status));
    else {
        if (llmprov_history_load(&again, first.ptr, first.len, &err) || llmprov_history_save(&again, &second)) complain("a saved history cannot be loaded", err.message);
        else {
            if (first.len != second.len || memcmp(first.ptr, second.ptr, first.len)) differs("a history saved twice", second.ptr, second.len, first.ptr, first.len);
            llmprov_text_free(&second);
        }
        llmprov_text_free(&first);
    }
    llmprov_history_free(&again);
}

/* What goes back to openai-chat: the text, and each call under the id of its result. */
static void sent_to_chat(const engine_sent *s, const seen_choice *c, bool own) {
    const llmprov_json *m = llmprov_json_path(s->body, "messages[1]"), *call = NULL, *result = m;
    llmprov_str text = llmprov_json_text(llmprov_json_get(m, "content"));
    if (own && !is(m, "role", "assistant")) return;
    if (own) same_text("the text that is sent back", text.ptr, text.len, &c->text);
    while ((call = llmprov_json_next(llmprov_json_get(m, "tool_calls"), call)) != NULL) {
        result = llmprov_json_next(llmprov_json_get(s->body, "messages"), result);
        if (strcmp(llmprov_json_str(llmprov_json_get(call, "id"), "?"), llmprov_json_str(llmprov_json_get(result, "tool_call_id"), "-")))
            differs("a result's id", llmprov_json_str(llmprov_json_get(result, "tool_call_id"), "-"), 10, llmprov_json_str(llmprov_json_get(call, "id"), "?"), 10);
    }
}

/* What goes back to Anthropic: the blocks as they came, when nothing was said about a change. */
static void sent_to_messages(const engine_sent *s) {
    const llmprov_json *content = llmprov_json_path(s->body, "messages[1].content"), *b = NULL;
    int i;
    if (s->warning_count || llmprov_json_kind(content) != LLMPROV_JSON_ARRAY) return;
    for (i = 0; i < it.block_count; i++) {
        if (!it.blocks[i].used || it.blocks[i].citations.len) return;
        b = llmprov_json_next(content, b);
        if (!it.blocks[i].text.len && !it.blocks[i].input && !it.blocks[i].signature.len && !it.blocks[i].rest.len)
            same_loose("a block that is sent back", llmprov_json_raw(b).ptr, llmprov_json_raw(b).len, it.blocks[i].json.ptr, it.blocks[i].json.len);
        if (it.blocks[i].signature.len) {
            llmprov_str signature = llmprov_json_text(llmprov_json_get(b, "signature"));
            same_text("a signature that is sent back", signature.ptr, signature.len, &it.blocks[i].signature);
        }
    }
}

/* What goes back to AWS: the blocks as they came, when nothing was said about a change. */
static void sent_to_converse(const engine_sent *s, const llmprov_json *reply) {
    const llmprov_json *content = llmprov_json_path(s->body, "messages[1].content"), *want = llmprov_json_path(reply, "output.message.content"), *a = NULL, *b = NULL;
    if (s->warning_count || !llmprov_json_count(want)) return;
    if (llmprov_json_count(content) != llmprov_json_count(want)) differs("the blocks that are sent back", llmprov_json_raw(content).ptr, llmprov_json_raw(content).len, llmprov_json_raw(want).ptr, llmprov_json_raw(want).len);
    while ((a = llmprov_json_next(content, a)) != NULL && (b = llmprov_json_next(want, b)) != NULL) {
        const llmprov_json *x = llmprov_json_next(a, NULL), *y = llmprov_json_get(b, llmprov_json_key(x)), *m = NULL;
        while (y && (m = llmprov_json_next(x, m)) != NULL)
            if (!same_members(m, llmprov_json_get(y, llmprov_json_key(m)), 0)) differs("a block that is sent back", llmprov_json_raw(a).ptr, llmprov_json_raw(a).len, llmprov_json_raw(b).ptr, llmprov_json_raw(b).len);
        if (!y) differs("a block that is sent back", llmprov_json_raw(a).ptr, llmprov_json_raw(a).len, llmprov_json_raw(b).ptr, llmprov_json_raw(b).len);
    }
}

static void send_back(const char *format, const char *target, const llmprov_response *r, const llmprov_json *reply) {
    llmprov_history h = { .system = NULL };
    llmprov_request req = { .model = "test-model", .history = &h };
    engine_sent s;
    bool own = !strcmp(format, target);
    next_turn(&h, r);
    if (own) same_history(&h);
    s = engine_send(target, &req);
    if (!s.body && s.error.code != LLMPROV_ERR_UNSUPPORTED) complain("a reply cannot be sent back", s.error.message);
    else if (!strcmp(target, "openai-chat")) sent_to_chat(&s, &it.choices[0], own);
    else if (own && !strcmp(format, "bedrock-converse")) sent_to_converse(&s, reply);
    else if (own && !strcmp(format, "gemini-generate")) sent_to_gemini(&s);
    else if (own && !strcmp(format, "anthropic-messages")) sent_to_messages(&s);
    engine_sent_free(&s);
    llmprov_history_free(&h);
}

// -- one recording ---------------------------------------------------------------------------

typedef struct recording {
    const char *format, *id;
    const char *row;             /* of the endpoint, where it is another than the format's own; or the format */
    const llmprov_json *json, *chunks;
    engine_wire wire;
    bool stream;
} recording;

/* Feeds it in the recorded reads, or cut in the n-th way. */
static engine_reply feed(llmprov_client *client, const recording *rec, int way) {
    llmprov_request req = { .model = "test-model", .prompt = "Hello", .on_event = engine_on_event };
    engine_reply reply;
    const llmprov_json *chunk = NULL;
    llmprov_call *call;
    size_t at, n;
    memset(&reply, 0, sizeof reply);
    if (way >= 0) {
        engine_run(client, &req, rec->stream ? ENGINE_STREAM : ENGINE_WHOLE, &rec->wire, way, way % 2 ? ENGINE_EVENTS : ENGINE_NEXT, &reply.trace, &reply.r);
    } else {
        req.user = &reply.trace;
        req.stream = rec->stream ? LLMPROV_STREAM_ON : LLMPROV_STREAM_OFF;
        call = llmprov_call_chat(client, &req);
        llmprov_call_sent(call);
        llmprov_call_head(call, rec->wire.status, rec->wire.headers, rec->wire.header_count);
        for (at = 0; at < rec->wire.len; at += n) {
            if ((chunk = llmprov_json_next(rec->chunks, chunk)) != NULL) n = (size_t)llmprov_json_int(chunk, 1);
            else n = rec->wire.len - at;
            if (!n || n > rec->wire.len - at) n = rec->wire.len - at;
            engine_feed(call, rec->wire.body + at, n, ENGINE_EVENTS, &reply.trace);
        }
        llmprov_call_eof(call);
        llmprov_call_take(call, &reply.r);
        llmprov_call_free(call);
    }
    reply.told = engine_told(&reply.trace);
    if (reply.trace.wrong) complain(reply.trace.wrong, reply.told.ptr);
    return reply;
}

static void compare(const recording *rec, const llmprov_response *r) {
    if (rec->wire.status >= 300) {
        refusals++;
        if (!r->error.code) complain("a refusal is no error", rec->wire.body);
        same_refusal(r, rec->wire.status, rec->wire.body, rec->wire.len);
        return;
    }
    if (it.failed) same_failure(r);
    else if (it.complete && r->error.code) complain("a complete reply is an error", r->error.message);
    else if (!it.complete && rec->stream && r->error.code != LLMPROV_ERR_TRUNCATED) complain("an incomplete stream is not ERR_TRUNCATED", r->error.code ? r->error.message : "ok");
    else if (!it.complete && !rec->stream && !r->error.code) complain("a reply without content is no error", rec->wire.body);
    if (it.id.len && !it.second_start) same_text("id", r->id, strlen(r->id), &it.id);
    if (it.model.len && !it.second_start) same_text("model", r->model, strlen(r->model), &it.model);
    if (it.second_start) return;
    if (!strcmp(rec->format, "openai-chat")) same_chat(r);
    else if (!strcmp(rec->format, "openai-responses")) same_responses(r);
    else if (!strcmp(rec->format, "bedrock-converse")) same_converse(r);
    else if (!strcmp(rec->format, "ollama-chat")) same_ollama(r);
    else if (!strcmp(rec->format, "cohere-v2")) same_cohere(r);
    else if (!strcmp(rec->format, "gemini-generate")) same_gemini(r);
    else same_messages(r);
    if (it.usage.len && it.complete && !it.failed) same_loose("the raw usage", r->usage.raw, r->usage.raw ? strlen(r->usage.raw) : 0, it.usage.ptr, it.usage.len);
}

static void see(const recording *rec) {
    const char *p = rec->wire.body, *end = p + rec->wire.len;
    bool chat = !strcmp(rec->format, "openai-chat"), responses = !strcmp(rec->format, "openai-responses"), converse = !strcmp(rec->format, "bedrock-converse"), gemini = !strcmp(rec->format, "gemini-generate");
    forget();
    forget_items();
    if (rec->wire.status >= 300) return;
    if ((converse || !strcmp(rec->row, "bedrock-anthropic")) && rec->stream) {
        each_message(rec->wire.body, rec->wire.len, converse ? see_converse_event : see_chunk);
        it.complete = converse ? it.choices[0].word.len > 0 && it.at_end : it.complete;
        return;
    }
    while (p < end && (unsigned char)*p <= ' ') p++;
    if (!strcmp(rec->format, "ollama-chat") && rec->stream) {
        each_line(rec->wire.body, rec->wire.len);
        return;
    }
    if (p < end && (*p == '{' || *p == '[')) {
        llmprov_json *root = llmprov_json_parse(rec->wire.body, rec->wire.len, NULL, NULL);
        if (chat) see_chat(root);
        else if (responses) see_response(root);
        else if (converse) see_converse(root);
        else if (!strcmp(rec->format, "ollama-chat")) see_ollama(root);
        else if (!strcmp(rec->format, "cohere-v2")) see_cohere(root);
        else if (gemini) see_gemini_whole(root, rec->stream);
        else see_messages(root);
        llmprov_json_free(root);
        return;
    }
    each_event(rec->wire.body, rec->wire.len, chat ? see_chat_chunk : responses ? see_response_event : !strcmp(rec->format, "cohere-v2") ? see_cohere_event : gemini ? see_gemini_chunk : see_messages_event);
    if (chat || gemini) see_chat_end();
    if (responses) see_response_items();
    if (gemini) see_gemini_bare(rec->wire.body, rec->wire.len);
}

/* The same stream, lost in the middle: what had come is what a walk over those bytes finds, and it is not complete. */
static void read_cut_short(llmprov_client *client, const recording *rec) {
    recording part = *rec;
    engine_reply r;
    int i;
    for (i = 0; i < 3; i++) {
        part.wire.len = (size_t)(test_random() >> 16) % (rec->wire.len + 1);
        see(&part);
        if (!part.wire.len || it.failed) continue;
        r = feed(client, &part, i);
        if (it.choice_count) compare(&part, &r.r);
        else if (!r.r.error.code) complain("a stream without content is no error", "");
        engine_trace_free(&r.trace);
        engine_text_free(&r.told);
        llmprov_response_free(&r.r);
    }
}

static void read_reply(const recording *rec) {
    llmprov_client *client = engine_open(rec->row, NULL);
    engine_reply first, other;
    int way, from = rec->chunks ? -1 : 1;
    see(rec);
    if (rec->stream) streams++;
    first = feed(client, rec, 0);
    compare(rec, &first.r);
    if (!first.r.error.code && first.r.message.block_count) {
        llmprov_json *reply = rec->stream ? NULL : llmprov_json_parse(rec->wire.body, rec->wire.len, NULL, NULL);
        send_back(rec->format, "openai-chat", &first.r, reply);
        send_back(rec->format, "anthropic-messages", &first.r, reply);
        send_back(rec->format, "openai-responses", &first.r, reply);
        send_back(rec->format, "bedrock-converse", &first.r, reply);
        send_back(rec->format, "ollama-chat", &first.r, reply);
        send_back(rec->format, "cohere-v2", &first.r, reply);
        send_back(rec->format, "gemini-generate", &first.r, reply);
        llmprov_json_free(reply);
    }
    for (way = from; way < 4; way++) {
        if (way == 0 || (way == 1 && rec->wire.len > 30000)) continue;
        other = feed(client, rec, way);
        same_text("events of another cut", other.told.ptr, other.told.len, &first.told);
        engine_reply_free(&other);
    }
    if (rec->stream && rec->wire.status < 300 && rec->wire.len && (!rec->wire.body[0] || strchr("{[<", rec->wire.body[0]) == NULL || !strcmp(rec->format, "ollama-chat"))) read_cut_short(client, rec);
    llmprov_response_free(&first.r);
    engine_trace_free(&first.trace);
    engine_text_free(&first.told);
    llmprov_close(client);
}

// -- requests --------------------------------------------------------------------------------

/* Whether two trees differ in exactly one string. */
static int differences(const llmprov_json *a, const llmprov_json *b) {
    const llmprov_json *m = NULL, *n = NULL;
    int count = 0;
    if (llmprov_json_kind(a) != llmprov_json_kind(b) || llmprov_json_count(a) != llmprov_json_count(b)) return 1000;
    if (llmprov_json_kind(a) == LLMPROV_JSON_ARRAY)
        while ((m = llmprov_json_next(a, m)) != NULL) count += differences(m, n = llmprov_json_next(b, n));
    else if (llmprov_json_kind(a) == LLMPROV_JSON_OBJECT)
        while ((m = llmprov_json_next(a, m)) != NULL) count += differences(m, llmprov_json_get(b, llmprov_json_key(m)));
    else return engine_same_json(a, b) ? 0 : llmprov_json_kind(a) == LLMPROV_JSON_STRING ? 1 : 1000;
    return count;
}

static void edit_one(llmprov_history *h, llmprov_str raw, size_t message, size_t block) {
    static const char text[] = "Changed: \"this\" text\nand no other \xe2\x82\xac.";
    llmprov_json *was, *now;
    llmprov_text saved;
    engine_text whole = { NULL, 0, 0 };
    const llmprov_json *v;
    char path[80];
    if (llmprov_set_text(h, message, block, text) || llmprov_history_save(h, &saved)) {
        complain("a text cannot be set", "");
        return;
    }
    was = llmprov_json_parse(raw.ptr, raw.len, NULL, NULL);
    now = llmprov_json_parse(saved.ptr, saved.len, NULL, NULL);
    same_int("differences after one text was set", differences(was, now), 1);
    sprintf(path, "messages[%d].content", (int)message);
    v = llmprov_json_path(now, path);
    if (llmprov_json_kind(v) == LLMPROV_JSON_ARRAY) {
        sprintf(path, "messages[%d].content[%d].text", (int)message, (int)block);
        v = llmprov_json_path(now, path);
    }
    engine_add(&whole, text, strlen(text));
    same_text("the text that was set", llmprov_json_text(v).ptr, llmprov_json_text(v).len, &whole);
    engine_text_free(&whole);
    llmprov_json_free(was);
    llmprov_json_free(now);
    llmprov_text_free(&saved);
}

static void edit_history(llmprov_str raw) {
    size_t i, j, done = 0;
    llmprov_history h = { .alloc = test_alloc() };
    if (llmprov_history_load(&h, raw.ptr, raw.len, NULL)) return;
    for (i = h.message_count; i-- > 0 && done < 3;)
        for (j = 0; j < h.messages[i].block_count && done < 3; j++) {
            llmprov_history one = { .alloc = test_alloc() };
            if (h.messages[i].blocks[j].type != LLMPROV_BLOCK_TEXT || llmprov_history_load(&one, raw.ptr, raw.len, NULL)) continue;
            edit_one(&one, raw, i, j);
            llmprov_history_free(&one);
            done++;
        }
    llmprov_history_free(&h);
}

static void load_and_save(llmprov_str raw) {
    llmprov_history h = { .alloc = test_alloc() };
    llmprov_error err;
    llmprov_text saved;
    if (llmprov_history_load(&h, raw.ptr, raw.len, &err)) {
        complain("a request cannot be loaded as a history", err.message);
        return;
    }
    if (llmprov_history_save(&h, &saved)) complain("a history cannot be saved", "");
    else {
        if (!engine_equal(saved.ptr, saved.len, raw.ptr, raw.len)) differs("a history that was loaded and saved", saved.ptr, saved.len, raw.ptr, raw.len);
        llmprov_text_free(&saved);
    }
    llmprov_history_free(&h);
    edit_history(raw);
}

static bool refused_then;        /* the server refused the request when it was recorded */

/* Writes a request that was read; returns the body, which the caller frees. */
static engine_text write_request(const char *format, const llmprov_request *req, bool *warned, bool own) {
    engine_text body = { NULL, 0, 0 };
    llmprov_client *client = engine_open(format, NULL);
    llmprov_call *call = llmprov_call_chat(client, req);
    size_t len = 0, count;
    const void *whole = llmprov_call_body_whole(call, &len);
    llmprov_json *root = whole ? llmprov_json_parse((const char *)whole, len, NULL, NULL) : NULL;
    if (whole && !root) complain("a body that is not JSON", (const char *)whole);
    if (!whole && !llmprov_call_error(call)->code) complain("neither a body nor an error", format);
    if (!whole && llmprov_call_error(call)->code != LLMPROV_ERR_UNSUPPORTED && (own || !strstr(llmprov_call_error(call)->message, "needs a message")) && !refused_then) complain("a request of the wild is refused", llmprov_call_error(call)->message);
    if (whole) engine_add(&body, (const char *)whole, len);
    llmprov_call_warnings(call, &count);
    *warned = count > 0;
    llmprov_json_free(root);
    llmprov_call_free(call);
    llmprov_close(client);
    return body;
}

/* Reads a recorded request, with what its address says. */
static llmprov_status ask(const recording *rec, llmprov_str raw, llmprov_asked *asked) {
    llmprov_alloc alloc = test_alloc();
    llmprov_status status = llmprov_ask(NULL, rec->format, raw.ptr, raw.len, &alloc, asked);
    if (!status && (!strcmp(rec->format, "bedrock-converse") || !strcmp(rec->format, "gemini-generate")))
        status = llmprov_asked_path(asked, NULL, llmprov_json_str(llmprov_json_get(rec->json, "url"), ""));
    return status;
}

/* Reads a request as a server, writes it for its own format and for the other; what was written without a warning is
   read and written again without a change. */
static void ask_and_write(const recording *rec, llmprov_str raw, int status_then) {
    const char *format = rec->format;
    llmprov_alloc alloc = test_alloc();
    llmprov_asked asked, again;
    llmprov_status status = ask(rec, raw, &asked);
    engine_text body, second;
    bool warned, other;
    if (status == LLMPROV_ERR_UNSUPPORTED) skip("requests: llmprov_ask does not read", format);
    else if (status && status_then < 400) complain("llmprov_ask refuses a request of the wild", asked.error.message);
    else if (status) skip("requests: refused as its server did", "");
    else {
        exchanges++;
        if (!asked.request.model) asked.request.model = "test-model";      /* InvokeModel has it in the URL */
        refused_then = status_then >= 400 || !asked.request.message_count;
        body = write_request(!strcmp(format, "openai-chat") ? "anthropic-messages" : "openai-chat", &asked.request, &other, false);
        engine_text_free(&body);
        body = write_request(format, &asked.request, &warned, true);
        if (body.ptr && !warned && !llmprov_ask(NULL, format, body.ptr, body.len, &alloc, &again)) {
            if (!again.request.model) again.request.model = asked.request.model;
            second = write_request(format, &again.request, &other, true);
            same_text("a body that was read and written again", second.ptr, second.len, &body);
            engine_text_free(&second);
            llmprov_asked_free(&again);
        } else if (body.ptr && !warned) {
            complain("llmprov_ask refuses what was written", again.error.message);
            llmprov_asked_free(&again);
        }
        engine_text_free(&body);
    }
    llmprov_asked_free(&asked);
}

// -- answers, written anew -------------------------------------------------------------------

typedef struct rewritten {
    llmprov_face *face;
    engine_trace trace;
    engine_text bytes;
} rewritten;

static bool take_bytes(void *user, const void *bytes, size_t len) {
    engine_add(&((rewritten *)user)->bytes, (const char *)bytes, len);
    return true;
}

static bool take_event(void *user, const llmprov_event *e) {
    rewritten *out = (rewritten *)user;
    engine_on_event(&out->trace, e);
    llmprov_face_event(out->face, e);
    return true;
}

static bool same_message(const char *what, const llmprov_message *a, const llmprov_message *b) {
    static const llmprov_block_type types[] = { LLMPROV_BLOCK_TEXT, LLMPROV_BLOCK_THINKING };
    int before = failures, n = engine_count(a, LLMPROV_BLOCK_TOOL_USE), i;
    for (i = 0; i < 2; i++) {
        engine_text want = joined(a, types[i]);
        same_joined(what, b, types[i], &want);
        engine_text_free(&want);
    }
    same_int("calls of an answer that was written anew", engine_count(b, LLMPROV_BLOCK_TOOL_USE), n);
    for (i = 0; i < n && failures == before; i++) {
        const llmprov_block *x = engine_block(a, LLMPROV_BLOCK_TOOL_USE, i), *y = engine_block(b, LLMPROV_BLOCK_TOOL_USE, i);
        if (strcmp(x->id, y->id) || strcmp(x->name, y->name) || !engine_equal(x->json, x->json_len, y->json, y->json_len)) differs(what, y->json, y->json_len, x->json, x->json_len);
    }
    return failures == before;
}

/* An answer that was read is written in a format, and read again: it says the same. */
static void rewrite_reply(const recording *rec, const char *to) {
    static const char asking[] = "{\"stream\":true,\"stream_options\":{\"include_usage\":true},\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";
    llmprov_alloc alloc = test_alloc();
    llmprov_request req = { .model = "test-model", .prompt = "Hello" };
    llmprov_client *client = engine_open(rec->row, NULL);
    llmprov_face_desc f = { .format = to, .from = rec->format, .out = take_bytes, .alloc = alloc };
    llmprov_response r, again;
    llmprov_asked asked;
    rewritten out;
    engine_trace trace;
    engine_wire w;
    llmprov_call *call;
    int way;
    size_t i;
    memset(&out, 0, sizeof out);
    engine_add(&out.bytes, "", 0);
    llmprov_ask(NULL, "openai-chat", asking, strlen(asking), &alloc, &asked);
    f.user = &out;
    f.request = &asked.request;
    out.face = llmprov_face_open(&f);
    req.stream = rec->stream ? LLMPROV_STREAM_ON : LLMPROV_STREAM_OFF;
    req.on_event = rec->stream ? take_event : NULL;
    req.user = &out;
    call = llmprov_call_chat(client, &req);
    llmprov_call_mute(call);
    llmprov_call_head(call, rec->wire.status, rec->wire.headers, rec->wire.header_count);
    llmprov_call_feed(call, rec->wire.body, rec->wire.len);
    llmprov_call_eof(call);
    if (llmprov_call_take(call, &r) == LLMPROV_OK) {
        if (!rec->stream) llmprov_face_reply(out.face, &r);
        if (llmprov_face_failure(out.face)->code) complain("an answer cannot be written", llmprov_face_failure(out.face)->message);
        w = engine_wire_from(out.face, out.bytes.len && out.bytes.ptr[0] != '{' ? ENGINE_STREAM : ENGINE_WHOLE, 200, out.bytes.ptr, out.bytes.len);
        for (way = 0; way < 2; way++) {
            llmprov_client *reader = engine_open(to, NULL);
            memset(&trace, 0, sizeof trace);
            if (engine_run(reader, &req, rec->stream ? ENGINE_STREAM : ENGINE_WHOLE, &w, way, ENGINE_EVENTS, &trace, &again)) complain("an answer that was written cannot be read", again.error.message);
            else {
                rewrites += !way;
                same_int("the choices of an answer that was written anew", (int64_t)again.choice_count, !strcmp(to, "openai-chat") || !strcmp(to, "gemini-generate") ? (int64_t)r.choice_count : 1);
                for (i = 0; i < again.choice_count && i < r.choice_count; i++) same_message("an answer that was written anew", &r.choices[i].message, &again.choices[i].message);
                same_int("the output of an answer that was written anew", again.usage.output_tokens, r.usage.output_tokens);
                same_int("the input of an answer that was written anew", again.usage.input_tokens + again.usage.cache_read_tokens + again.usage.cache_write_5m_tokens + again.usage.cache_write_1h_tokens,
                         r.usage.input_tokens + r.usage.cache_read_tokens + r.usage.cache_write_5m_tokens + r.usage.cache_write_1h_tokens);
                if (again.stop != r.stop && !(r.stop == LLMPROV_STOP_SEQUENCE || r.stop == LLMPROV_STOP_PAUSE || r.stop == LLMPROV_STOP_CONTEXT || (r.stop == LLMPROV_STOP_OTHER && !*r.stop_word)))
                    differs("the stop reason of an answer that was written anew", llmprov_stop_text(again.stop), strlen(llmprov_stop_text(again.stop)), llmprov_stop_text(r.stop), strlen(llmprov_stop_text(r.stop)));
            }
            engine_trace_free(&trace);
            llmprov_response_free(&again);
            llmprov_close(reader);
        }
    }
    llmprov_call_free(call);
    llmprov_response_free(&r);
    llmprov_close(client);
    llmprov_face_free(out.face);
    llmprov_asked_free(&asked);
    engine_trace_free(&out.trace);
    engine_text_free(&out.bytes);
}

// -- a format into itself --------------------------------------------------------------------

/* Places of a request: "temperature", "messages[3]", "tools[0]". */
typedef struct places { char names[200][64]; int count; } places;

static bool has_place(const places *p, const char *name) {
    int i;
    for (i = 0; i < p->count; i++)
        if (!strcmp(p->names[i], name)) return true;
    return false;
}

/* The place that a path is in. */
static void add_place(places *p, const char *path) {
    bool item = !strncmp(path, "messages[", 9) || !strncmp(path, "tools[", 6);
    size_t n = item ? strcspn(path, "]") + 1 : strcspn(path, ".[");
    char name[64];
    if (n > 63) n = 63;
    memcpy(name, path, n);
    name[n] = 0;
    if (!has_place(p, name) && p->count < 200) strcpy(p->names[p->count++], name);
}

static void add_item(places *p, const char *list, int i) {
    char name[64];
    sprintf(name, "%.40s[%d]", list, i);
    add_place(p, name);
}

enum { MOST_LISTED = 400 };

static const llmprov_json *items_a[MOST_LISTED], *items_b[MOST_LISTED];
static short lcs[MOST_LISTED + 1][MOST_LISTED + 1];

static int list_items(const llmprov_json *list, const llmprov_json **to) {
    const llmprov_json *v = NULL;
    int n = 0;
    if (llmprov_json_kind(list) == LLMPROV_JSON_ARRAY)
        while ((v = llmprov_json_next(list, v)) != NULL && n < MOST_LISTED) to[n++] = v;
    return n;
}

/* Which items of a list differ: the longest common subsequence is what stayed. What was put between two items is the
   business of a neighbour that differs, otherwise of one that a warning names. */
static void differing_items(places *found, const places *warned, const char *list, const llmprov_json *a, const llmprov_json *b) {
    int n = list_items(a, items_a), m = list_items(b, items_b), i, j;
    for (i = n; i >= 0; i--)
        for (j = m; j >= 0; j--)
            lcs[i][j] = i == n || j == m ? 0 : engine_same_json(items_a[i], items_b[j]) ? (short)(lcs[i + 1][j + 1] + 1) :
                        lcs[i + 1][j] > lcs[i][j + 1] ? lcs[i + 1][j] : lcs[i][j + 1];
    for (i = j = 0; i < n || j < m;) {
        char before[64], after[64];
        int from = i, added = j, put = 0;
        while (i < n && j < m && engine_same_json(items_a[i], items_b[j])) i++, j++;
        if (i > from) continue;
        while ((i < n || j < m) && !(i < n && j < m && engine_same_json(items_a[i], items_b[j]) && lcs[i][j] == lcs[i + 1][j + 1] + 1)) {
            if (i < n && (j == m || lcs[i + 1][j] >= lcs[i][j + 1])) add_item(found, list, i++);
            else j++;
        }
        put = (j - added) - (i - from);
        sprintf(before, "%.40s[%d]", list, from - 1);
        sprintf(after, "%.40s[%d]", list, from);
        if (put > 0 && i > from && has_place(warned, before)) add_place(found, before);
        sprintf(before, "%.40s[%d]", list, i);
        if (put > 0 && i > from && has_place(warned, before)) add_place(found, before);
        sprintf(before, "%.40s[%d]", list, from - 1);
        if (i > from || j == added) continue;
        add_place(found, has_place(warned, before) ? before : has_place(warned, after) ? after : list);
    }
}

/* Warnings name the field that a member fills; items of input become messages with other numbers. */
static void add_field(places *found, const places *warned, const char *key) {
    static const struct { const char *key, *field; } fields[] = { { "max_output_tokens", "max_tokens" }, { "reasoning", "effort" },
        { "temperature", "temperature" }, { "topP", "top_p" }, { "stopSequences", "stop" }, { "presencePenalty", "presence_penalty" },
        { "frequencyPenalty", "frequency_penalty" }, { "systemInstruction", "system" } };
    bool items = false;
    size_t i;
    int k;
    for (i = 0; i < sizeof fields / sizeof *fields; i++)
        if (!strcmp(key, fields[i].key) && has_place(warned, fields[i].field)) key = fields[i].field;
    for (k = 0; (!strcmp(key, "input") || !strcmp(key, "contents")) && k < warned->count; k++)
        if (!strncmp(warned->names[k], "messages[", 9)) add_place(found, warned->names[k]), items = true;
    if (!items) add_place(found, key);
}

/* The members of a generationConfig, which fields of the request carry. */
static void differing_settings(places *found, const places *warned, const llmprov_json *a, const llmprov_json *b) {
    const llmprov_json *m = NULL;
    while ((m = llmprov_json_next(a, m)) != NULL)
        if (!llmprov_json_get(b, llmprov_json_key(m)) || !engine_same_json(m, llmprov_json_get(b, llmprov_json_key(m)))) add_field(found, warned, llmprov_json_key(m));
    while ((m = llmprov_json_next(b, m)) != NULL)
        if (!llmprov_json_get(a, llmprov_json_key(m))) add_field(found, warned, llmprov_json_key(m));
}

/* Google's JSON has two spellings of each name, and takes an object for a list of one and a content without a role for the
   user's. Here each is spelt in one way, but for what is the caller's own. */
static void spell(const llmprov_json *v, bool content, engine_text *to) {
    static const char *const others[] = { "args", "response", "parameters", "parametersJsonSchema", "responseSchema", "responseJsonSchema", "labels", "partMetadata" };
    const llmprov_json *m = NULL;
    llmprov_json_type kind = llmprov_json_kind(v);
    llmprov_str raw = llmprov_json_raw(v);
    int n = 0;
    if (kind != LLMPROV_JSON_OBJECT && kind != LLMPROV_JSON_ARRAY) {
        engine_add(to, raw.ptr, raw.len);
        return;
    }
    engine_adds(to, kind == LLMPROV_JSON_OBJECT ? "{" : "[");
    if (content && kind == LLMPROV_JSON_OBJECT && !llmprov_json_get(v, "role")) n++, engine_adds(to, "\"role\":\"user\"");
    while ((m = llmprov_json_next(v, m)) != NULL) {
        char name[200];
        const char *p = kind == LLMPROV_JSON_OBJECT ? llmprov_json_key(m) : "";
        size_t len = 0, i;
        bool one, own = false;
        for (; *p && len < sizeof name - 1; p++) name[len++] = p[0] == '_' && p[1] >= 'a' && p[1] <= 'z' ? (char)(*++p - 'a' + 'A') : *p;
        name[len] = 0;
        for (i = 0; i < sizeof others / sizeof *others; i++) own = own || !strcmp(name, others[i]);
        one = (!strcmp(name, "tools") || !strcmp(name, "contents")) && llmprov_json_kind(m) == LLMPROV_JSON_OBJECT;
        if (n++) engine_adds(to, ",");
        if (kind == LLMPROV_JSON_OBJECT) engine_adds(to, "\""), engine_adds(to, name), engine_adds(to, one ? "\":[" : "\":");
        raw = llmprov_json_raw(m);
        if (own) engine_add(to, raw.ptr, raw.len);
        else spell(m, (content && kind == LLMPROV_JSON_ARRAY) || !strcmp(name, "contents"), to);
        if (one) engine_adds(to, "]");
    }
    engine_adds(to, kind == LLMPROV_JSON_OBJECT ? "}" : "]");
}

/* A tree of its own, spelt in one way; the caller frees it. */
static llmprov_json *spelt(const llmprov_json *v) {
    engine_text all = { NULL, 0, 0 };
    llmprov_json *root;
    spell(v, false, &all);
    root = llmprov_json_parse(all.ptr, all.len, NULL, NULL);
    if (!root) complain("a request cannot be spelt in one way", all.ptr);
    engine_text_free(&all);
    return root;
}

/* Members that were said and are other or gone; those that were not said count unless a warning speaks of them. */
static void differing_members(places *found, const places *warned, const llmprov_json *a, const llmprov_json *b, const char *texts) {
    const llmprov_json *m = NULL;
    while ((m = llmprov_json_next(a, m)) != NULL) {
        const char *key = llmprov_json_key(m);
        const llmprov_json *other = llmprov_json_get(b, key);
        bool list = llmprov_json_kind(m) == LLMPROV_JSON_ARRAY && other && (!strcmp(key, "messages") || !strcmp(key, "tools"));
        if (list) differing_items(found, warned, key, m, other);
        else if (!strcmp(key, "generationConfig") && llmprov_json_count(m) && other) differing_settings(found, warned, m, other);
        else if (!other || !engine_same_json(m, other)) add_field(found, warned, key);
    }
    while ((m = llmprov_json_next(b, m)) != NULL)
        if (!llmprov_json_get(a, llmprov_json_key(m)) && (has_place(warned, llmprov_json_key(m)) || !strstr(texts, llmprov_json_key(m)))) add_place(found, llmprov_json_key(m));
}

/* A request that is read and written for its own format and provider is the same, but for what the warnings name. */
static void same_in_itself(const recording *rec, const llmprov_request *req, const llmprov_json *request) {
    const char *provider = llmprov_json_str(llmprov_json_get(rec->json, "provider"), "");
    const llmprov_provider *row = llmprov_provider_find(NULL, provider);
    llmprov_desc desc = { .provider = strcmp(rec->row, rec->format) ? rec->row : row && !strcmp(row->format, rec->format) ? row->id : NULL };
    llmprov_client *client = engine_open(rec->format, &desc);
    llmprov_call *call = llmprov_call_chat(client, req);
    size_t len = 0, count, i;
    const char *body = (const char *)llmprov_call_body_whole(call, &len);
    const llmprov_warning *w = llmprov_call_warnings(call, &count);
    llmprov_json *root = body ? llmprov_json_parse(body, len, NULL, NULL) : NULL;
    engine_text texts = { NULL, 0, 0 };
    places warned = { .count = 0 }, found = { .count = 0 };
    int k;
    engine_add(&texts, " ", 1);
    for (i = 0; i < count; i++) {
        add_place(&warned, w[i].field);
        engine_add(&texts, w[i].text, strlen(w[i].text));
    }
    if (root && !strcmp(rec->format, "gemini-generate")) {
        llmprov_json *was = spelt(request), *is = spelt(root);
        differing_members(&found, &warned, was, is, texts.ptr);
        llmprov_json_free(was);
        llmprov_json_free(is);
    } else if (root) differing_members(&found, &warned, request, root, texts.ptr);
    for (k = 0; root && k < found.count; k++)
        if (!has_place(&warned, found.names[k])) complain("changed without a warning", found.names[k]);
    for (k = 0; root && k < warned.count; k++)
        if (!has_place(&found, warned.names[k])) complain("a warning names what did not change", warned.names[k]);
    if (root) themselves++;
    engine_text_free(&texts);
    llmprov_json_free(root);
    llmprov_call_free(call);
    llmprov_close(client);
}

/* Google's and AWS's APIs have the model in the URL. */
static const char *model_in_url(const recording *rec, char *to, size_t size) {
    const char *url = llmprov_json_str(llmprov_json_get(rec->json, "url"), ""), *at = strstr(url, "/models/");
    size_t len;
    at = at ? at + 8 : strstr(url, "/model/") ? strstr(url, "/model/") + 7 : NULL;
    len = at ? strcspn(at, ":?/") : 0;
    if (!len || len >= size) return "test-model";
    memcpy(to, at, len);
    to[len] = 0;
    return to;
}

static void ask_and_compare(const recording *rec, llmprov_str raw, const llmprov_json *request) {
    llmprov_asked asked;
    if (!ask(rec, raw, &asked)) {
        bool named = asked.request.model != NULL, inside = !named && strcmp(rec->row, rec->format);
        char model[100];
        if (!named) asked.request.model = "test-model";
        if (inside) asked.request.model = model_in_url(rec, model, sizeof model);
        if (named || inside) same_in_itself(rec, &asked.request, request);
    }
    llmprov_asked_free(&asked);
}

/* AWS's InvokeModel has bodies of every model's own format: here those of Anthropic's messages. */
static bool is_claude(const llmprov_json *r) {
    const llmprov_json *request = llmprov_json_get(r, "request");
    return llmprov_json_get(request, "anthropic_version") && llmprov_json_get(request, "messages");
}

static void read_request(const recording *rec) {
    const llmprov_json *request = llmprov_json_get(rec->json, "request");
    llmprov_str raw = llmprov_json_raw(request);
    if (llmprov_json_kind(request) != LLMPROV_JSON_OBJECT) {
        skip("requests: none was recorded", "");
        return;
    }
    if (!strcmp(rec->row, "bedrock-anthropic") && !is_claude(rec->json)) {
        skip("requests: of another model's format", "");
        return;
    }
    if (!strcmp(rec->format, "openai-responses") ? !llmprov_json_get(request, "input") : !strcmp(rec->format, "gemini-generate") ? !llmprov_json_get(request, "contents") : llmprov_json_kind(llmprov_json_get(request, "messages")) != LLMPROV_JSON_ARRAY) {
        skip("requests: no messages in it", "");
        return;
    }
    requests++;
    if (!strcmp(rec->format, "anthropic-messages")) load_and_save(raw);
    ask_and_write(rec, raw, rec->wire.status);
    ask_and_compare(rec, raw, request);
}

// -- the files -------------------------------------------------------------------------------

/* The row of the endpoint that a record comes from; NULL = the format's own will do. */
static const char *row_of(const llmprov_json *r) {
    const char *endpoint = llmprov_json_str(llmprov_json_get(r, "endpoint"), ""), *provider = llmprov_json_str(llmprov_json_get(r, "provider"), "");
    const char *url = llmprov_json_str(llmprov_json_get(r, "url"), "");
    if (!strcmp(endpoint, "invoke")) return "bedrock-anthropic";
    if (!strcmp(endpoint, "messages") && !strcmp(provider, "vertex")) return "vertex-anthropic";
    if (strcmp(provider, "azure")) return NULL;
    return !strcmp(endpoint, "responses") ? "azure-responses" : strcmp(endpoint, "chat") ? NULL : strstr(url, "/deployments/") ? "azure-deployments" : "azure";
}

/* Which of our formats a record is in; NULL = none, and the reason is counted. */
static const char *format_of(const llmprov_json *r) {
    const char *endpoint = llmprov_json_str(llmprov_json_get(r, "endpoint"), ""), *detail = llmprov_json_str(llmprov_json_get(r, "endpoint_detail"), "");
    if (!strcmp(endpoint, "chat")) {
        if (!strcmp(detail, "ollama_chat")) return "ollama-chat";
        if (!strcmp(detail, "cohere_v2")) return "cohere-v2";
        if (!strncmp(detail, "cohere", 6)) {
            skip("another chat format:", detail);
            return NULL;
        }
        return "openai-chat";
    }
    if (!strcmp(endpoint, "messages")) return "anthropic-messages";
    if (!strcmp(endpoint, "responses")) return "openai-responses";
    if (!strcmp(endpoint, "converse") || !strcmp(endpoint, "converse-stream")) return "bedrock-converse";
    if (!strcmp(endpoint, "generateContent") || !strcmp(endpoint, "streamGenerateContent")) return "gemini-generate";
    if (!strcmp(endpoint, "invoke") && (is_claude(r) || llmprov_json_int(llmprov_json_get(r, "status"), 0) >= 400)) return "anthropic-messages";
    if (!strcmp(endpoint, "invoke")) {
        skip("InvokeModel with the format of another model", "");
        return NULL;
    }
    skip("another endpoint:", endpoint);
    return NULL;
}

static void read_headers(engine_wire *w, const llmprov_json *headers) {
    const llmprov_json *h = NULL;
    while ((h = llmprov_json_next(headers, h)) != NULL && w->header_count < 40) {
        const llmprov_json *value = llmprov_json_kind(h) == LLMPROV_JSON_ARRAY ? llmprov_json_next(h, NULL) : h;
        w->headers[w->header_count].name = llmprov_json_key(h);
        w->headers[w->header_count++].value = llmprov_json_str(value, "");
    }
}

static void (*on_recording)(const recording *rec);      /* in place of the tests: another program that reads the recordings */

static void test_recording(const recording *rec) {
    read_reply(rec);
    rewrite_reply(rec, "openai-chat");
    rewrite_reply(rec, "openai-responses");
    rewrite_reply(rec, "anthropic-messages");
    rewrite_reply(rec, "gemini-generate");
    rewrite_reply(rec, "bedrock-converse");
    read_request(rec);
}

static void read_record(const char *line, size_t len) {
    llmprov_json *root = llmprov_json_parse(line, len, NULL, NULL);
    recording rec;
    llmprov_str body;
    memset(&rec, 0, sizeof rec);
    rec.json = root;
    rec.id = where = llmprov_json_str(llmprov_json_get(root, "id"), "?");
    if (!root) complain("a line is not JSON", "");
    else if ((!only || strstr(rec.id, only)) && (rec.format = format_of(root)) != NULL) {
        const llmprov_json *binary = llmprov_json_get(root, "response_b64");
        char *bytes = some(binary) ? (char *)malloc(llmprov_json_text(binary).len) : NULL;
        body = llmprov_json_text(llmprov_json_get(root, "response_text"));
        if (bytes && llmprov__text_unbase64(bytes, &body.len, llmprov_json_text(binary).ptr, llmprov_json_text(binary).len)) body.ptr = bytes;
        rec.chunks = llmprov_json_get(root, "chunk_lens");
        if (llmprov_json_kind(rec.chunks) != LLMPROV_JSON_ARRAY) rec.chunks = NULL;
        rec.stream = llmprov_json_bool(llmprov_json_get(root, "stream"), false);
        rec.wire.status = (int)llmprov_json_int(llmprov_json_get(root, "status"), 200);
        read_headers(&rec.wire, llmprov_json_get(root, "response_headers"));
        rec.wire.body = body.ptr ? body.ptr : "";
        rec.wire.len = body.len;
        rec.row = row_of(root) ? row_of(root) : rec.format;
        if (bytes && strcmp(rec.format, "bedrock-converse") && strcmp(rec.row, "bedrock-anthropic")) skip("binary body:", rec.format);
        else {
            records++;
            memset(&test_memory, 0, sizeof test_memory);
            test_now.name = rec.id;
            test_now.random = 88172645463325252u;
            (on_recording ? on_recording : test_recording)(&rec);
            if (test_memory.live) complain("memory was not freed", "");
        }
        free(bytes);
    }
    llmprov_json_free(root);
}

static void read_file(const char *path) {
    engine_text file = engine_file(path);
    char *p = file.ptr, *end = p + file.len, *eol;
    for (; p && p < end; p = eol + 1) {
        eol = (char *)memchr(p, '\n', (size_t)(end - p));
        if (!eol) eol = end;
        if (eol > p) read_record(p, (size_t)(eol - p));
    }
    engine_text_free(&file);
}

static int by_name(const void *a, const void *b) { return strcmp((const char *)a, (const char *)b); }

/* Every file of SHARED/fixtures, in order. */
static void read_files(const char *shared) {
    static char names[400][100];
    char path[1200];
    struct dirent *e;
    int count = 0, i;
    DIR *dir;
    sprintf(path, "%.900s/fixtures", shared);
    dir = opendir(path);
    while (dir && (e = readdir(dir)) != NULL && count < 400)
        if (strlen(e->d_name) < 100 && strstr(e->d_name, ".jsonl")) strcpy(names[count++], e->d_name);
    if (dir) closedir(dir);
    qsort(names, (size_t)count, sizeof *names, by_name);
    for (i = 0; i < count; i++) {
        sprintf(path, "%.900s/fixtures/%.99s", shared, names[i]);
        read_file(path);
    }
    forget();
    forget_items();
}

/* Says what was skipped, and returns how many recordings that were. */
static int tell_skips(void) {
    int skipped = 0, i;
    for (i = 0; *skips[i].reason; i++) {
        if (strncmp(skips[i].reason, "requests:", 9)) skipped += skips[i].count;
        printf("skipped %d: %s\n", skips[i].count, skips[i].reason);
    }
    return skipped;
}

int main(int argc, char **argv) {
    int skipped;
    if (argc < 2 || strlen(argv[1]) > 900) {
        printf("usage: %s SHARED [PART-OF-AN-ID]\n", argv[0]);
        return 2;
    }
    only = argc > 2 ? argv[2] : NULL;
    read_files(argv[1]);
    skipped = tell_skips();
    if (failures > MOST_LINES) printf("... and %d more differences\n", failures - MOST_LINES);
    printf("%d streams, %d refusals, %d requests, %d of them read and written, %d for their own provider; %d answers written anew\n", streams, refusals, requests, exchanges, themselves, rewrites);
    printf("fixtures: %d read, %d skipped (another format or endpoint), %d differences\n", records, skipped, failures);
    return failures || !records;
}
