/* A conversation that walks from one wire format to another: it is written as a request of that format, as any client
   would send it, and read again as a server reads it. What each step lost is found by comparing lists of lines, one for
   each thing that a request says; `place` is where it stands in the messages that were handed in. */
#ifndef WALK_H
#define WALK_H

#include "engine.h"

typedef struct walk_format { const char *format, *provider, *model, *schema; } walk_format;

/* Models that think, see and call. The schemas are those of SHARED/schemas: for Cohere there is none. */
static const walk_format walk_formats[] = {
    { "anthropic-messages", "anthropic", "claude-sonnet-4-6", "AnthropicMessagesRequest" },
    { "openai-chat", "openai", "gpt-5.6", "OpenAIChatRequest" },
    { "openai-responses", "openai-responses", "gpt-5.6", "OpenAIResponsesRequest" },
    { "bedrock-converse", "bedrock", "us.anthropic.claude-sonnet-4-6", "bedrock#ConverseRequest" },
    { "gemini-generate", "gemini", "gemini-3-pro-preview", "gemini#GenerateContentRequestWire" },
    { "cohere-v2", "cohere", "command-a-vision-07-2025", NULL },
    { "ollama-chat", "ollama-native", "qwen3-vl", "ollama#ChatRequest" },
};
enum { WALK_FORMATS = sizeof walk_formats / sizeof *walk_formats };

// -- where it begins -----------------------------------------------------------------------

static const llmprov_tool walk_tools[] = {
    { .name = "get_weather", .description = "The weather of a city.",
      .schema = "{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"},\"day\":{\"type\":\"integer\"}},\"required\":[\"city\"]}" },
    { .name = "get_map", .description = "A map of a city.",
      .schema = "{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"},\"zoom\":{\"type\":\"integer\"}},\"required\":[\"city\"]}" },
    { .name = "book_train", .description = "Books a seat.", .cache = LLMPROV_CACHE_1H,
      .schema = "{\"type\":\"object\",\"properties\":{\"from\":{\"type\":\"string\"},\"to\":{\"type\":\"string\"},\"time\":{\"type\":\"string\"},"
                "\"class\":{\"type\":\"integer\",\"enum\":[1,2]}},\"required\":[\"from\",\"to\",\"time\",\"class\"]}" },
};

/* The history's request; the history must outlive it. False = the file is not there, or no history. */
static inline bool walk_begin(llmprov_history *h, llmprov_request *req) {
    engine_text file = engine_file("tests/walk/conversation.json");
    llmprov_error err;
    memset(h, 0, sizeof *h);
    memset(req, 0, sizeof *req);
    h->alloc = test_alloc();
    if (!file.ptr) return test_fail(__FILE__, __LINE__, "there is no tests/walk/conversation.json");
    if (llmprov_history_load(h, file.ptr, file.len, &err)) return test_fail(__FILE__, __LINE__, "conversation.json: %s", err.message);
    engine_text_free(&file);
    req->system_blocks = h->system_blocks;
    req->system_count = h->system_count;
    req->messages = h->messages;
    req->message_count = h->message_count;
    req->tools = walk_tools;
    req->tool_count = sizeof walk_tools / sizeof *walk_tools;
    req->max_tokens.value = 4000;
    req->max_tokens.set = true;
    return true;
}

// -- one step ------------------------------------------------------------------------------

typedef struct walk_step {
    engine_sent sent;
    llmprov_asked asked;
} walk_step;

static inline void walk_step_free(walk_step *s) {
    llmprov_asked_free(&s->asked);
    engine_sent_free(&s->sent);
}

/* Writes a request in a format and reads it again; false = one of both was refused, and why. */
static inline bool walk_to(const walk_format *f, const llmprov_request *from, walk_step *s, const char **why) {
    llmprov_desc desc = { .provider = f->provider, .region = "us-east-1" };
    llmprov_alloc alloc = test_alloc();
    llmprov_request req = *from;
    memset(s, 0, sizeof *s);
    req.model = f->model;
    s->sent = engine_send_with(f->provider, &desc, &req, __FILE__, __LINE__);
    *why = s->sent.error.message;
    if (!s->sent.text) return false;
    llmprov_ask(NULL, f->format, s->sent.text, s->sent.len, &alloc, &s->asked);
    *why = s->asked.error.message;
    return s->asked.error.code == LLMPROV_OK;
}

// -- what a request says -------------------------------------------------------------------

typedef struct walk_line { int message; engine_text text; } walk_line;   /* message -1: before the messages */
typedef struct walk_lines { walk_line *at; size_t count; int calls; const char *ids[64]; bool bare; } walk_lines;

static inline void walk_lines_free(walk_lines *l) {
    size_t i;
    for (i = 0; i < l->count; i++) engine_text_free(&l->at[i].text);
    free(l->at);
    memset(l, 0, sizeof *l);
}

static inline engine_text *walk_add(walk_lines *l, int message, const char *first) {
    walk_line *line;
    l->at = (walk_line *)realloc(l->at, (l->count + 1) * sizeof *line);
    if (!l->at) exit(3);
    line = &l->at[l->count++];
    memset(line, 0, sizeof *line);
    line->message = message;
    engine_adds(&line->text, first);
    return &line->text;
}

/* Line ends as "\n", several as one. */
static inline void walk_add_text(engine_text *to, const char *text, size_t len) {
    size_t i;
    if (!len) len = strlen(text);
    for (i = 0; i < len; i++)
        if (text[i] != '\n') engine_add(to, text + i, 1);
        else if (!i || text[i - 1] != '\n') engine_adds(to, "\\n");
}

/* A text on one line. */
static inline void walk_say(engine_text *to, const char *name, const char *text, size_t len) {
    if (!text) return;
    if (!len) len = strlen(text);
    engine_adds(to, " ");
    engine_adds(to, name);
    engine_adds(to, "=");
    walk_add_text(to, text, len);
}

/* What of a block's or message's own members says something. What is null, empty or "auto" is so without them; a format's
   spelling of a cache mark is in `cache`; and members item_* only tell a server which of its items a block was. */
static inline void walk_say_extra(engine_text *to, const char *extra, size_t len) {
    llmprov_json *members = extra ? llmprov_json_parse(extra, len ? len : strlen(extra), NULL, NULL) : NULL;
    const llmprov_json *m = NULL;
    while ((m = llmprov_json_next(members, m)) != NULL) {
        llmprov_str raw = llmprov_json_raw(m);
        if (llmprov_json_kind(m) == LLMPROV_JSON_NULL || raw.len == 2 || (raw.len == 6 && !memcmp(raw.ptr, "\"auto\"", 6))) continue;
        if (strcmp(llmprov_json_key(m), "prompt_cache_breakpoint") && strncmp(llmprov_json_key(m), "item_", 5))
            walk_say(to, llmprov_json_key(m), raw.ptr, raw.len);
    }
    llmprov_json_free(members);
}

static inline bool walk_is_bare(const llmprov_block *b) {
    engine_text said = { NULL, 0, 0 };
    bool bare;
    walk_say_extra(&said, b->extra, b->extra_len);
    bare = b->type == LLMPROV_BLOCK_TEXT && !b->cache && !b->kind && !said.len;
    engine_text_free(&said);
    return bare;
}

/* Ids as numbers, in the order in which they come: formats without ids number them anew. */
static inline void walk_say_id(walk_lines *l, engine_text *to, const char *id) {
    int i;
    for (i = 0; i < l->calls && strcmp(l->ids[i], id ? id : ""); i++) { }
    if (i == l->calls && l->calls < 64) l->ids[l->calls++] = id ? id : "";
    engine_say_int(to, "call", i);
}

static inline void walk_block(walk_lines *l, int message, bool assistant, const char *first, const llmprov_block *b) {
    static const char *const types[] = { "text", "image", "audio", "video", "document", "tool_use", "tool_result", "thinking", "redacted",
                                         "server_use", "server_result", "raw" };
    static const char *const caches[] = { NULL, "5m", "1h" };
    char whole[60];
    size_t i;
    engine_text *to;
    if (walk_is_bare(b) && l->bare) {
        if (!assistant) engine_adds(&l->at[l->count - 1].text, "\\n");
        walk_add_text(&l->at[l->count - 1].text, b->text, b->text_len);
        return;
    }
    l->bare = walk_is_bare(b);
    sprintf(whole, "%.20s%.30s", first, types[b->type]);
    to = walk_add(l, message, whole);
    if (b->type == LLMPROV_BLOCK_TOOL_USE || b->type == LLMPROV_BLOCK_TOOL_RESULT) walk_say_id(l, to, b->id);
    if (b->type != LLMPROV_BLOCK_TOOL_RESULT) walk_say(to, "name", b->name, 0);         /* there it is that of the call */
    walk_say(to, "kind", b->kind, 0);
    walk_say(to, "mime", b->mime, 0);
    walk_say(to, "text", b->type == LLMPROV_BLOCK_TOOL_RESULT ? NULL : b->text, b->text_len);
    walk_say(to, "json", b->json, b->json_len);
    walk_say(to, "url", b->url, 0);
    walk_say(to, "file", b->file_id, 0);
    walk_say(to, "base64", b->base64, b->base64_len);
    walk_say(to, "signature", b->signature, 0);
    walk_say(to, "cache", caches[b->cache], 0);
    walk_say_extra(to, b->extra, b->extra_len);
    if (b->is_error) engine_adds(to, " is_error");
    if (b->invalid) engine_adds(to, " invalid");
    if (b->type != LLMPROV_BLOCK_TOOL_RESULT) return;
    if (b->text) walk_say(walk_add(l, message, "    text"), "text", b->text, b->text_len);
    for (i = 0; i < b->content_count; i++) {
        const llmprov_block *inner = &b->content[i];
        if (i && walk_is_bare(inner) && walk_is_bare(inner - 1)) {
            engine_adds(to, "\\n");
            walk_add_text(to, inner->text, inner->text_len);
            continue;
        }
        to = walk_add(l, message, "    ");
        engine_adds(to, types[inner->type]);
        walk_say(to, "mime", inner->mime, 0);
        walk_say(to, "text", inner->text, inner->text_len);
        walk_say(to, "json", inner->json, inner->json_len);
        walk_say(to, "url", inner->url, 0);
        walk_say(to, "base64", inner->base64, inner->base64_len);
        walk_say_extra(to, inner->extra, inner->extra_len);
    }
}

/* Messages of one role that follow each other are one turn, texts that have nothing but their text are one text (with a
   line end between them where they are not the assistant's), and system messages before the others are the system prompt:
   formats whose content is one text cannot say more. */
static inline walk_lines walk_lines_of(const llmprov_request *r) {
    static const char *const roles[] = { "user", "assistant", "system" };
    walk_lines l;
    engine_text *to;
    size_t i, k, turns = 0;
    memset(&l, 0, sizeof l);
    if (r->max_tokens.set) engine_say_int(walk_add(&l, -1, "max_tokens"), "", (long long)r->max_tokens.value);
    for (i = 0; i < r->tool_count; i++) {
        const llmprov_tool *t = &r->tools[i];
        to = walk_add(&l, -1, "tool");
        walk_say(to, "name", t->name, 0);
        walk_say(to, "type", t->type, 0);
        walk_say(to, "description", t->description, 0);
        walk_say(to, "schema", t->schema, 0);
        walk_say(to, "extra", t->extra, 0);
        if (t->strict == LLMPROV_YES) engine_adds(to, " strict");
        if (t->cache) engine_say_int(to, "cache", t->cache);
    }
    if (r->system) walk_say(walk_add(&l, -1, "system text"), "text", r->system, 0);
    for (i = 0; i < r->system_count; i++) walk_block(&l, -1, false, "system ", &r->system_blocks[i]);
    for (i = 0; i < r->message_count; i++) {
        const llmprov_message *m = &r->messages[i];
        bool first = m->role == LLMPROV_ROLE_SYSTEM && !turns;
        turns += !first;
        if (!first && (!i || r->messages[i - 1].role != m->role)) {
            walk_add(&l, (int)i, roles[m->role]);
            l.bare = false;
        }
        for (k = 0; k < m->block_count; k++) walk_block(&l, (int)i, m->role == LLMPROV_ROLE_ASSISTANT, first ? "system " : "  ", &m->blocks[k]);
        if (l.count) walk_say_extra(&l.at[l.count - 1].text, m->extra, m->extra_len);
    }
    return l;
}

/* Calls and results pair one to one: each result answers a call of the turn before it, each call has one result there,
   and no id comes twice. NULL = they do. */
static inline const char *walk_unpaired(const llmprov_request *r) {
    const char *open[16], *seen[64];
    size_t i, k, n, count = 0, ids = 0;
    for (i = 0; i < r->message_count; i++) {
        const llmprov_message *m = &r->messages[i];
        for (k = 0; k < m->block_count; k++) {
            const llmprov_block *b = &m->blocks[k];
            if (b->type == LLMPROV_BLOCK_TOOL_RESULT) {
                for (n = 0; n < count && strcmp(open[n], b->id ? b->id : ""); n++) { }
                if (n == count) return "a result without its call";
                open[n] = open[--count];
            }
        }
        if (m->role != LLMPROV_ROLE_ASSISTANT && count && (i + 1 == r->message_count || r->messages[i + 1].role == LLMPROV_ROLE_ASSISTANT)) return "a call without its result";
        for (k = 0; k < m->block_count; k++) {
            const llmprov_block *b = &m->blocks[k];
            if (b->type != LLMPROV_BLOCK_TOOL_USE) continue;
            for (n = 0; n < ids && strcmp(seen[n], b->id ? b->id : ""); n++) { }
            if (n < ids || !b->id || count == 16 || ids == 64) return "an id that comes twice, or none";
            open[count++] = seen[ids++] = b->id;
        }
    }
    return count ? "a last call without its result" : NULL;
}

// -- what differs --------------------------------------------------------------------------

/* Whether a warning speaks of that message (or, for -1, of what stands before them), or of all. */
static inline bool walk_speaks_of(const llmprov_warning *w, int message) {
    char field[40];
    size_t n;
    sprintf(field, "messages[%d]", message);
    n = strlen(field);
    if (!strcmp(w->field, "messages") || !strcmp(w->field, "cache")) return true;
    if (message < 0) return strncmp(w->field, "messages[", 9) != 0;
    return !strncmp(w->field, field, n) && (!w->field[n] || w->field[n] == '.' || w->field[n] == '[');
}

static inline bool walk_warned(const llmprov_warning *w, size_t count, int message) {
    size_t i;
    for (i = 0; i < count; i++)
        if (walk_speaks_of(&w[i], message)) return true;
    return false;
}

/* The difference of two lists as lines with - and +, each run of them below its message, with the warnings that speak
   of it. *unsaid is set to the first run that no warning speaks of, if there is one. */
static inline void walk_diff(const walk_lines *a, const walk_lines *b, const engine_sent *s, engine_text *to, char *unsaid) {
    size_t n = a->count, m = b->count, i, k, w;
    unsigned short *same = (unsigned short *)calloc((n + 1) * (m + 1), sizeof *same);
    bool *said = (bool *)calloc(s->warning_count + 1, sizeof *said);
    if (!same || !said) exit(3);
#define WALK_AT(x, y) same[(x) * (m + 1) + (y)]
    for (i = n; i-- > 0; )
        for (k = m; k-- > 0; ) {
            bool equal = !strcmp(a->at[i].text.ptr, b->at[k].text.ptr);
            WALK_AT(i, k) = (unsigned short)(equal ? WALK_AT(i + 1, k + 1) + 1 : WALK_AT(i + 1, k) >= WALK_AT(i, k + 1) ? WALK_AT(i + 1, k) : WALK_AT(i, k + 1));
        }
    for (i = k = 0; i < n || k < m; ) {
        int first, last;
        bool warned = false, some = false;
        if (i < n && k < m && !strcmp(a->at[i].text.ptr, b->at[k].text.ptr)) {
            i++, k++;
            continue;
        }
        first = i ? a->at[i - 1].message - 1 : -1;             /* what is new alone is told with the turn before it, or behind it */
        last = i < n ? a->at[i].message : n ? a->at[n - 1].message : -1;
        while ((i < n || k < m) && !(i < n && k < m && !strcmp(a->at[i].text.ptr, b->at[k].text.ptr))) {
            bool gone = i < n && (k == m || WALK_AT(i + 1, k) >= WALK_AT(i, k + 1));
            const walk_line *line = gone ? &a->at[i++] : &b->at[k++];
            engine_adds(to, gone ? "- " : "+ ");
            engine_add(to, line->text.ptr, line->text.len);
            engine_adds(to, "\n");
            if (gone && !some) first = line->message;
            if (gone) last = line->message;
            some = some || gone;
        }
        for (; first <= last; first++)
            for (w = 0; w < s->warning_count; w++) {
                if (!walk_speaks_of(&s->warnings[w], first)) continue;
                warned = true;
                if (said[w]) continue;
                said[w] = true;
                engine_adds(to, "  ! ");
                engine_adds(to, s->warnings[w].field);
                engine_adds(to, ": ");
                engine_adds(to, s->warnings[w].text);
                engine_adds(to, "\n");
            }
        if (!warned && !*unsaid) sprintf(unsaid, "nothing was said about the difference at messages[%d]", last);
    }
    for (w = 0; w < s->warning_count; w++) {
        if (said[w]) continue;
        engine_adds(to, "! ");
        engine_adds(to, s->warnings[w].field);
        engine_adds(to, ": ");
        engine_adds(to, s->warnings[w].text);
        engine_adds(to, "\n");
    }
#undef WALK_AT
    free(same);
    free(said);
}

#endif /* WALK_H */
