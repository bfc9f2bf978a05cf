// mock.c     a loopback server that answers as the real ones do
//
//   cc -std=c99 -o mock tools/mock.c && ./mock          it prints "listening on 127.0.0.1:PORT"
//
// It speaks anthropic-messages at /v1/messages and openai-chat at /v1/chat/completions, whole or streamed, and fails
// on demand. No byte of a reply is made here: they all lie in tests/wire, whose README tells how a case is chosen and
// what a script may say. This file moves them: HTTP/1.1, one thread, poll, thousands of connections.
//
// CONTENTS   >>buffer >>answer >>script >>template >>request >>face >>check >>brain >>plan >>choose >>reader >>writer
//            >>server >>main
//
// Needs POSIX. The public JSON functions of llmprov.h read the requests.

#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#define LLMPROV_IMPLEMENTATION
#include "../llmprov.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* For each member or item. */
#define EACH(v, list) \
    for (const llmprov_json *v = llmprov_json_next(list, NULL); v; v = llmprov_json_next(list, v))

enum {
    MAX_LINE  = 256 * 1024,          /* of a request's head                                                  */
    MAX_BODY  = 256 * 1024 * 1024,   /* of a request                                                         */
    READ_SIZE = 64 * 1024,           /* at once, and how much is read ahead of an unfinished reply           */
    TURNS     = 64,                  /* pieces that one connection may send before the others have their go  */
    IDLE_MS   = 60000,               /* without a byte from or to a client                                   */
    LINGER_MS = 2000                 /* until a client has taken the end of a reply                          */
};

//==============================================================================
// >>buffer     bytes that grow, and files
//
// Without memory the mock ends: nobody is served by a test server that limps.
//==============================================================================

typedef struct buffer { char *ptr; size_t len, cap; } buffer;

static void die(const char *what, const char *which) {
    fprintf(stderr, "mock: %s%s%s\n", what, which ? ": " : "", which ? which : "");
    exit(2);
}

/* Makes room for `more` bytes and the NUL that always follows the last. */
static void buffer_room(buffer *b, size_t more) {
    size_t cap = b->cap ? b->cap : 256;
    if (b->len + more < b->cap) return;
    while (cap <= b->len + more) cap *= 2;
    b->ptr = (char *)realloc(b->ptr, cap);
    if (!b->ptr) die("out of memory", NULL);
    b->cap = cap;
}

static void buffer_put(buffer *b, const char *data, size_t len) {
    buffer_room(b, len);
    if (len) memcpy(b->ptr + b->len, data, len);
    b->len += len;
    b->ptr[b->len] = 0;
}

static void buffer_str(buffer *b, const char *text) {
    buffer_put(b, text, strlen(text));
}

static void buffer_format(buffer *b, const char *format, ...) {
    va_list args;
    int len;
    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0) return;
    buffer_room(b, (size_t)len);
    va_start(args, format);
    vsnprintf(b->ptr + b->len, (size_t)len + 1, format, args);
    va_end(args);
    b->len += (size_t)len;
}

static void buffer_free(buffer *b) {
    free(b->ptr);
    memset(b, 0, sizeof *b);
}

static bool file_read(const char *path, buffer *to) {
    FILE *file = fopen(path, "rb");
    size_t got;
    if (!file) return false;
    do {
        buffer_room(to, READ_SIZE);
        got = fread(to->ptr + to->len, 1, READ_SIZE, file);
        to->len += got;
    } while (got);
    to->ptr[to->len] = 0;
    fclose(file);
    return true;
}

static uint64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

//==============================================================================
// >>answer     which case is played, and what goes wrong with it
//
// One table serves the script's JSON and the x-mock header. Texts are borrowed
// from either.
//==============================================================================

typedef struct answer {
    const char *name;            /* the case; NULL = whatever the request deserves                           */
    const char *format;          /* only for requests of this wire format                                    */
    const char *retry_after, *retry_after_ms, *should_retry, *retry_form;
    int64_t status;              /* in place of the case's own                                               */
    int64_t delay_ms, gap_ms;    /* before the first byte; between two events                                */
    int64_t cut;                 /* close after so many bytes of body; -1 = never                            */
    int64_t garbage;             /* so many bytes of nonsense                                                */
    int64_t retry_in;            /* Retry-After as a date so many seconds from now; -1 = not                 */
    int64_t times;               /* how often a script plays it                                              */
    int64_t one_byte, crlf, no_terminal, drop, reset, match;
    int64_t chunked, keep_alive; /* -1 = as usual                                                            */
    const llmprov_json *headers; /* in place of the case's own; null takes one away                          */
    const llmprov_json *when;    /* what the request's body must hold                                        */
    int64_t used;
} answer;

typedef enum option_kind { OPTION_TEXT, OPTION_NUMBER, OPTION_FLAG, OPTION_OBJECT } option_kind;
typedef struct option { const char *name; option_kind kind; size_t offset; } option;

static const option answer_options[] = {
    { "case",           OPTION_TEXT,   offsetof(answer, name) },
    { "format",         OPTION_TEXT,   offsetof(answer, format) },
    { "status",         OPTION_NUMBER, offsetof(answer, status) },
    { "delay_ms",       OPTION_NUMBER, offsetof(answer, delay_ms) },
    { "gap_ms",         OPTION_NUMBER, offsetof(answer, gap_ms) },
    { "cut",            OPTION_NUMBER, offsetof(answer, cut) },
    { "garbage",        OPTION_NUMBER, offsetof(answer, garbage) },
    { "times",          OPTION_NUMBER, offsetof(answer, times) },
    { "one_byte",       OPTION_FLAG,   offsetof(answer, one_byte) },
    { "crlf",           OPTION_FLAG,   offsetof(answer, crlf) },
    { "no_terminal",    OPTION_FLAG,   offsetof(answer, no_terminal) },
    { "drop",           OPTION_FLAG,   offsetof(answer, drop) },
    { "reset",          OPTION_FLAG,   offsetof(answer, reset) },
    { "match",          OPTION_FLAG,   offsetof(answer, match) },
    { "chunked",        OPTION_FLAG,   offsetof(answer, chunked) },
    { "keep_alive",     OPTION_FLAG,   offsetof(answer, keep_alive) },
    { "retry_after",    OPTION_TEXT,   offsetof(answer, retry_after) },
    { "retry_after_ms", OPTION_TEXT,   offsetof(answer, retry_after_ms) },
    { "retry_in",       OPTION_NUMBER, offsetof(answer, retry_in) },
    { "retry_form",     OPTION_TEXT,   offsetof(answer, retry_form) },
    { "should_retry",   OPTION_TEXT,   offsetof(answer, should_retry) },
    { "headers",        OPTION_OBJECT, offsetof(answer, headers) },
    { "if",             OPTION_OBJECT, offsetof(answer, when) },
};

static const answer answer_plain = { .cut = -1, .retry_in = -1, .times = 1, .chunked = -1, .keep_alive = -1 };

static const option *option_find(const char *name) {
    for (size_t i = 0; i < COUNT(answer_options); i++)
        if (!strcmp(answer_options[i].name, name)) return &answer_options[i];
    return NULL;
}

static void option_number(answer *a, const option *o, int64_t value) {
    memcpy((char *)a + o->offset, &value, sizeof value);
}

static void option_text(answer *a, const option *o, const char *text) {
    memcpy((char *)a + o->offset, &text, sizeof text);
}

static void option_object(answer *a, const option *o, const llmprov_json *v) {
    memcpy((char *)a + o->offset, &v, sizeof v);
}

/* False when the value is of another kind. */
static bool option_from_json(answer *a, const option *o, const llmprov_json *v) {
    static const llmprov_json_type kinds[] = { LLMPROV_JSON_STRING, LLMPROV_JSON_NUMBER, LLMPROV_JSON_BOOL,
                                               LLMPROV_JSON_OBJECT };
    if (llmprov_json_kind(v) != kinds[o->kind]) return false;
    switch (o->kind) {
    case OPTION_TEXT:   option_text(a, o, llmprov_json_str(v, "")); break;
    case OPTION_NUMBER: option_number(a, o, llmprov_json_int(v, 0)); break;
    case OPTION_FLAG:   option_number(a, o, llmprov_json_bool(v, false)); break;
    case OPTION_OBJECT: option_object(a, o, v); break;
    }
    return true;
}

static bool option_from_text(answer *a, const option *o, const char *text) {
    char *end;
    long long number = strtoll(text, &end, 10);
    if (o->kind == OPTION_OBJECT) return false;
    if (o->kind == OPTION_TEXT) option_text(a, o, text);
    else option_number(a, o, number);
    return o->kind == OPTION_TEXT || (*text && !*end);
}

/* Ends the item that begins at `at` and returns where the next one does. Quotes hold commas together, as in dates. */
static char *item_cut(char *at) {
    bool quoted = false;
    char *to = at;
    for (; *at && (quoted || *at != ','); at++) {
        if (*at == '"') quoted = !quoted;
        else *to++ = *at;
    }
    if (*at) at++;
    *to = 0;
    return at;
}

/* "case,name=value,flag": the x-mock header. Returns the item that it did not understand, or NULL. */
static const char *answer_from_text(answer *a, char *text) {
    for (char *item = text, *next; *item; item = next) {
        char *value;
        const option *o;
        next = item_cut(item);
        while (*item == ' ') item++;
        value = strchr(item, '=');
        if (value) *value++ = 0;
        o = option_find(item);
        if (!o && !value && !a->name) a->name = item;
        else if (!o || !option_from_text(a, o, value ? value : "1")) return item;
    }
    return NULL;
}

//==============================================================================
// >>script     a list of answers, from a JSON file
//==============================================================================

typedef struct script { llmprov_json *json; answer *answers; size_t count; } script;

static void script_add(script *s, const llmprov_json *from) {
    answer *a = &s->answers[s->count++];
    *a = answer_plain;
    EACH(m, from) {
        const option *o = option_find(llmprov_json_key(m));
        if (!o) die("the script has an unknown member", llmprov_json_key(m));
        if (!option_from_json(a, o, m)) die("a member of the script is of the wrong kind", o->name);
    }
}

static void script_load(script *s, const char *path) {
    buffer text = { 0 };
    llmprov_error err;
    const llmprov_json *list;
    if (!file_read(path, &text)) die("cannot read the script", path);
    s->json = llmprov_json_parse(text.ptr, text.len, NULL, &err);
    if (!s->json) die("the script is not JSON", err.message);
    list = llmprov_json_get(s->json, "answers");
    if (!llmprov_json_count(list)) die("the script has no answers", path);
    s->answers = (answer *)calloc(llmprov_json_count(list), sizeof(answer));
    if (!s->answers) die("out of memory", NULL);
    EACH(v, list) script_add(s, v);
    buffer_free(&text);
}

static void script_free(script *s) {
    free(s->answers);
    llmprov_json_free(s->json);
}

//==============================================================================
// >>template   a golden file with holes
//
// {{name}} is put in as the inside of a JSON string, {{{name}}} as it is, and
// {{#words}}...{{word}}...{{/words}} is repeated for each word of the text.
//==============================================================================

typedef struct hole { const char *name, *value; } hole;
typedef struct filling { hole holes[16]; size_t count; } filling;

static void fill_in(filling *f, const char *name, const char *value) {
    if (f->count == COUNT(f->holes)) die("too many holes", name);
    f->holes[f->count].name = name;
    f->holes[f->count++].value = value;
}

static const char *filling_find(const filling *f, const char *name, size_t len) {
    for (size_t i = f->count; i-- > 0;)
        if (strlen(f->holes[i].name) == len && !memcmp(f->holes[i].name, name, len)) return f->holes[i].value;
    return "";
}

static void put_escaped(buffer *to, const char *text) {
    llmprov_writer w = { 0 };
    llmprov_write_str(&w, NULL, text, strlen(text));
    if (w.status != LLMPROV_OK || w.len < 2) die("cannot write a string", text);
    buffer_put(to, w.text + 1, w.len - 2);
    llmprov_writer_free(&w);
}

/* A word has the blanks before it, as a token has. */
static size_t word_len(const char *text) {
    size_t blank = strspn(text, " \n\t");
    return blank + strcspn(text + blank, " \n\t");
}

static void expand(buffer *to, const char *from, const char *end, filling *f);

/* The only section there is; `from` stands behind its opening tag. Returns where it ends. */
static const char *expand_words(buffer *to, const char *from, filling *f) {
    static const char closing[] = "{{/words}}";
    const char *end = strstr(from, closing), *text = filling_find(f, "text", 4);
    if (!end) die("a template does not close its words", NULL);
    for (size_t len; (len = word_len(text)) != 0; text += len) {
        buffer word = { 0 };
        buffer_put(&word, text, len);
        fill_in(f, "word", word.ptr);
        expand(to, from, end, f);
        f->count--;
        buffer_free(&word);
    }
    return end + strlen(closing);
}

static const char *expand_hole(buffer *to, const char *from, filling *f) {
    bool raw = from[2] == '{';
    const char *name = from + (raw ? 3 : 2), *close = strstr(name, raw ? "}}}" : "}}");
    if (!close) die("a template has an open hole", NULL);
    if (*name == '#') return expand_words(to, close + 2, f);
    if (raw) buffer_str(to, filling_find(f, name, (size_t)(close - name)));
    else put_escaped(to, filling_find(f, name, (size_t)(close - name)));
    return close + (raw ? 3 : 2);
}

static void expand(buffer *to, const char *from, const char *end, filling *f) {
    while (from < end) {
        const char *open = strstr(from, "{{");
        if (!open || open > end) open = end;
        buffer_put(to, from, (size_t)(open - from));
        from = open < end ? expand_hole(to, open, f) : end;
    }
}

//==============================================================================
// >>request    what a client sent
//==============================================================================

struct face;

typedef struct request {
    buffer line;                 /* "POST\0/v1/messages\0HTTP/1.1"                                           */
    const char *method, *path, *version;
    buffer head;                 /* "name: value\0name: value\0"                                             */
    buffer body;
    buffer raw;                  /* all of it as it came, when it is recorded                                */
    llmprov_json *json;
    const struct face *face;
    bool stream;
} request;

static void request_free(request *r) {
    buffer_free(&r->line);
    buffer_free(&r->head);
    buffer_free(&r->body);
    buffer_free(&r->raw);
    llmprov_json_free(r->json);
    memset(r, 0, sizeof *r);
}

/* The value of a header, or NULL. */
static char *request_header(const request *r, const char *name) {
    size_t len = strlen(name);
    for (char *at = r->head.ptr; at && at < r->head.ptr + r->head.len; at += strlen(at) + 1)
        if (!strncasecmp(at, name, len) && at[len] == ':') return at + len + 1 + strspn(at + len + 1, " \t");
    return NULL;
}

static bool request_says(const request *r, const char *name, const char *word) {
    const char *value = request_header(r, name);
    return value && !strcasecmp(value, word);
}

/* Splits "POST /v1/messages?beta=true HTTP/1.1". */
static bool request_line(request *r, const char *line) {
    char *target, *version;
    buffer_str(&r->line, line);
    target = strchr(r->line.ptr, ' ');
    version = target ? strchr(target + 1, ' ') : NULL;
    if (!version || strncmp(version + 1, "HTTP/1.", 7)) return false;
    *target = *version = 0;
    target[1 + strcspn(target + 1, "?#")] = 0;
    r->method = r->line.ptr;
    r->path = target + 1;
    r->version = version + 1;
    return true;
}

/* "sk-..." from x-api-key or from Authorization: Bearer. */
static const char *request_key(const request *r) {
    const char *key = request_header(r, "x-api-key"), *bearer = request_header(r, "authorization");
    if (key) return key;
    return bearer && !strncasecmp(bearer, "bearer ", 7) ? bearer + 7 : "";
}

//==============================================================================
// >>face       the two APIs that the mock shows, and what they complain about
//==============================================================================

typedef struct need { const char *name; llmprov_json_type kind; const char *word; } need;

typedef struct face {
    const char *format, *path;
    const char *roles;           /* between blanks                                                           */
    need needs[4];               /* members that a request must have                                         */
    const char *missing, *missing_code;
    const char *wrong, *wrong_code;
    const char *bad_role;
    const char *unanswered, *orphan;         /* of tool calls and their results                              */
} face;

static const face faces[] = { {
    "anthropic-messages", "/v1/messages", " user assistant system ",
    { { "model", LLMPROV_JSON_STRING, "string" }, { "messages", LLMPROV_JSON_ARRAY, "list" },
      { "max_tokens", LLMPROV_JSON_NUMBER, "integer" } },
    "%s: Field required", NULL, "%s: Input should be a valid %s", NULL,
    "messages.%zu.role: Input should be 'user', 'assistant' or 'system'",
    "messages.%zu: `tool_use` ids were found without `tool_result` blocks immediately after",
    "messages.%zu: a `tool_result` block has no `tool_use` block in the message before it",
}, {
    "openai-chat", "/v1/chat/completions", " system developer user assistant tool function ",
    { { "model", LLMPROV_JSON_STRING, "string" }, { "messages", LLMPROV_JSON_ARRAY, "array" } },
    "Missing required parameter: '%s'.", "missing_required_parameter",
    "Invalid type for '%s': expected %s.", "invalid_type",
    "Invalid value for 'messages[%zu].role'.",
    "messages[%zu]: 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'.",
    "messages[%zu]: a message with role 'tool' must be a response to a preceding message with 'tool_calls'.",
} };

#define ANTHROPIC (&faces[0])
#define OPENAI    (&faces[1])

/* An unknown path is refused in the manner of the API that it looks like. */
static const face *face_of(const request *r) {
    if (!strncmp(r->path, ANTHROPIC->path, strlen(ANTHROPIC->path))) return ANTHROPIC;
    return request_header(r, "anthropic-version") ? ANTHROPIC : OPENAI;
}

static const face *face_named(const char *format) {
    for (size_t i = 0; i < COUNT(faces); i++)
        if (!strcmp(faces[i].format, format)) return &faces[i];
    return NULL;
}

//==============================================================================
// >>check      what the real servers refuse
//
// Roughly: enough that a wrong request does not pass for a right one.
//==============================================================================

typedef struct problem { const char *name; char message[320], param[80], code[64]; } problem;

/* Remembers what is wrong. The case `name` tells it; param and code are put in as JSON. Always false. */
static bool refuse(problem *p, const char *name, const char *param, const char *code, const char *format, ...) {
    va_list args;
    p->name = name;
    snprintf(p->param, sizeof p->param, param ? "\"%.70s\"" : "null", param);
    snprintf(p->code, sizeof p->code, code ? "\"%.60s\"" : "null", code);
    va_start(args, format);
    vsnprintf(p->message, sizeof p->message, format, args);
    va_end(args);
    return false;
}

#define invalid(p, param, code, ...) refuse(p, "brain_invalid", param, code, __VA_ARGS__)

static bool check_door(const request *r, const char *key, problem *p) {
    if (strcmp(r->path, r->face->path))
        return refuse(p, "brain_not_found", NULL, NULL, "Invalid URL (%.40s %.200s)", r->method, r->path);
    if (strcmp(r->method, "POST"))
        return refuse(p, "brain_method", NULL, NULL, "Not allowed to %.40s on %s", r->method, r->path);
    if (key && strcmp(key, request_key(r))) return refuse(p, "authentication", NULL, NULL, "wrong key");
    return true;
}

static bool check_version(const request *r, problem *p) {
    static const char *const gone[] = { "temperature", "top_p", "top_k" };
    const char *version = request_header(r, "anthropic-version");
    if (!version) return invalid(p, NULL, NULL, "anthropic-version: header is required");
    if (!strcmp(version, "2023-06-01")) return true;
    if (strcmp(version, "2026-10-21"))
        return invalid(p, NULL, NULL, "anthropic-version: \"%.80s\" is not a valid version", version);
    for (size_t i = 0; i < COUNT(gone); i++)
        if (llmprov_json_get(r->json, gone[i]))
            return invalid(p, NULL, NULL, "%s: Extra inputs are not permitted", gone[i]);
    return true;
}

static bool check_needs(const request *r, problem *p) {
    for (const need *n = r->face->needs; n->name; n++) {
        llmprov_json_type kind = llmprov_json_kind(llmprov_json_get(r->json, n->name));
        if (kind == n->kind) continue;
        if (kind == LLMPROV_JSON_NONE) return invalid(p, n->name, r->face->missing_code, r->face->missing, n->name);
        return invalid(p, n->name, r->face->wrong_code, r->face->wrong, n->name, n->word);
    }
    if (!llmprov_json_count(llmprov_json_get(r->json, "messages")))
        return invalid(p, "messages", "empty_array", "messages: at least one message is required");
    return true;
}

static const char *member(const llmprov_json *object, const char *name, const char *otherwise) {
    return llmprov_json_str(llmprov_json_get(object, name), otherwise);
}

static bool is(const llmprov_json *object, const char *name, const char *word) {
    return !strcmp(member(object, name, ""), word);
}

static bool check_message(const request *r, const llmprov_json *m, size_t i, problem *p) {
    const llmprov_json *content = llmprov_json_get(m, "content");
    char role[40];
    snprintf(role, sizeof role, " %.36s ", member(m, "role", "?"));
    if (!strstr(r->face->roles, role)) return invalid(p, "messages", "invalid_value", r->face->bad_role, i);
    if (llmprov_json_kind(content) <= LLMPROV_JSON_NULL && !is(m, "role", "assistant"))
        return invalid(p, "messages", "invalid_type", "messages.%zu.content: Field required", i);
    EACH(b, content)
        if (r->face == ANTHROPIC && is(b, "type", "text") && !llmprov_json_text(llmprov_json_get(b, "text")).len)
            return invalid(p, NULL, NULL, "messages: text content blocks must be non-empty");
    return true;
}

/* The next tool call of a message, in either format; its id is its own "id". */
static const llmprov_json *next_call(const llmprov_json *m, const llmprov_json *after) {
    const llmprov_json *calls = llmprov_json_get(m, "tool_calls"), *content = llmprov_json_get(m, "content");
    if (llmprov_json_count(calls)) return llmprov_json_next(calls, after);
    if (llmprov_json_kind(content) != LLMPROV_JSON_ARRAY) return NULL;
    do after = llmprov_json_next(content, after); while (after && !is(after, "type", "tool_use"));
    return after;
}

/* The next tool result. In openai-chat the message itself is one. */
static const llmprov_json *next_result(const llmprov_json *m, const llmprov_json *after) {
    const llmprov_json *content = llmprov_json_get(m, "content");
    if (is(m, "role", "tool")) return after ? NULL : m;
    if (llmprov_json_kind(content) != LLMPROV_JSON_ARRAY) return NULL;
    do after = llmprov_json_next(content, after); while (after && !is(after, "type", "tool_result"));
    return after;
}

static bool answers_one_of(const llmprov_json *asking, const llmprov_json *result) {
    const char *id = member(result, "tool_use_id", member(result, "tool_call_id", ""));
    for (const llmprov_json *c = next_call(asking, NULL); c; c = next_call(asking, c))
        if (is(c, "id", id)) return true;
    return false;
}

/* Every call is answered in the very next message (messages, in openai-chat), and nothing else is. */
static bool check_pairs(const request *r, const llmprov_json *messages, problem *p) {
    const llmprov_json *asking = NULL;
    size_t i = 0, open = 0;
    EACH(m, messages) {
        bool any = false;
        for (const llmprov_json *v = next_result(m, NULL); v; v = next_result(m, v), open--) {
            if (!open || !answers_one_of(asking, v)) return invalid(p, "messages", NULL, r->face->orphan, i);
            any = true;
        }
        if (open && (!any || r->face == ANTHROPIC)) return invalid(p, "messages", NULL, r->face->unanswered, i - 1);
        if (!any) asking = m;
        for (const llmprov_json *c = next_call(m, NULL); c; c = next_call(m, c)) open++;
        i++;
    }
    return !open || invalid(p, "messages", NULL, r->face->unanswered, i - 1);
}

static bool check_body(const request *r, problem *p) {
    const llmprov_json *messages = llmprov_json_get(r->json, "messages");
    size_t i = 0;
    if (r->face == ANTHROPIC && !check_version(r, p)) return false;
    if (llmprov_json_kind(r->json) != LLMPROV_JSON_OBJECT)
        return invalid(p, NULL, NULL, "The body of the request is not valid JSON.");
    if (!check_needs(r, p)) return false;
    EACH(m, messages)
        if (!check_message(r, m, i++, p)) return false;
    if (!r->stream && llmprov_json_kind(llmprov_json_get(r->json, "stream_options")) == LLMPROV_JSON_OBJECT)
        return invalid(p, "stream_options", NULL, "'stream_options' is only allowed when 'stream' is enabled.");
    return check_pairs(r, messages, p);
}

/* A text may be said as a string or as one text part. */
static const llmprov_json *plain_text(const llmprov_json *v) {
    const llmprov_json *part = llmprov_json_next(v, NULL);
    bool one = llmprov_json_kind(v) == LLMPROV_JSON_ARRAY && llmprov_json_count(v) == 1 && is(part, "type", "text");
    return one ? llmprov_json_get(part, "text") : v;
}

static bool same_scalar(const llmprov_json *a, const llmprov_json *b) {
    llmprov_str x = llmprov_json_text(a), y = llmprov_json_text(b);
    double m = llmprov_json_num(a, 0), n = llmprov_json_num(b, 0);
    switch (llmprov_json_kind(a)) {
    case LLMPROV_JSON_STRING: return x.len == y.len && (!x.len || !memcmp(x.ptr, y.ptr, x.len));
    case LLMPROV_JSON_NUMBER: return !(m < n) && !(m > n);
    case LLMPROV_JSON_BOOL:   return llmprov_json_bool(a, false) == llmprov_json_bool(b, false);
    default:                  return true;
    }
}

static bool same_kind(const llmprov_json *a, const llmprov_json *b) {
    return llmprov_json_kind(a) == llmprov_json_kind(b);
}

static bool same_length(const llmprov_json *a, const llmprov_json *b) {
    return llmprov_json_kind(a) != LLMPROV_JSON_ARRAY || llmprov_json_count(a) == llmprov_json_count(b);
}

/* Is everything that is expected there? Objects may hold more; lists may not. `where` gets the path to the first
   difference. The parser keeps the depth within bounds. */
static bool holds(const llmprov_json *expected, const llmprov_json *actual, buffer *where) {
    const llmprov_json *other = NULL;
    if (!same_kind(expected, actual)) expected = plain_text(expected), actual = plain_text(actual);
    if (!same_kind(expected, actual) || !same_length(expected, actual)) return false;
    EACH(v, expected) {
        const char *key = llmprov_json_key(v);
        size_t len = where->len;
        other = key ? llmprov_json_get(actual, key) : llmprov_json_next(actual, other);
        buffer_format(where, "/%s", key ? key : "*");
        if (!holds(v, other, where)) return false;
        where->len = len;
    }
    return same_scalar(expected, actual);
}

//==============================================================================
// >>brain      a conversation for demonstrations
//
// It calls `add` or `time` when it is asked something and has such a tool,
// tells what a tool said, and otherwise greets and shows that it has read the
// history.
//==============================================================================

typedef struct talk { size_t messages; buffer first, last, results; } talk;

static void talk_free(talk *t) {
    buffer_free(&t->first);
    buffer_free(&t->last);
    buffer_free(&t->results);
}

/* The text of a content: a string, or the text parts of a list. */
static void put_content(buffer *to, const llmprov_json *content) {
    llmprov_str text = llmprov_json_text(content);
    buffer_put(to, text.ptr, text.len);
    if (llmprov_json_kind(content) != LLMPROV_JSON_ARRAY) return;
    EACH(part, content) {
        text = llmprov_json_text(llmprov_json_get(part, "text"));
        buffer_put(to, text.ptr, text.len);
    }
}

static void talk_message(talk *t, const llmprov_json *m) {
    t->messages++;
    if (is(m, "role", "assistant")) t->results.len = 0;
    for (const llmprov_json *v = next_result(m, NULL); v; v = next_result(m, v)) {
        if (t->results.len) buffer_str(&t->results, "; ");
        put_content(&t->results, llmprov_json_get(v, "content"));
        if (!t->results.len) buffer_str(&t->results, "nothing");
    }
    if (!is(m, "role", "user")) return;
    t->last.len = 0;
    put_content(&t->last, llmprov_json_get(m, "content"));
    if (!t->first.len) buffer_put(&t->first, t->last.ptr, t->last.len);
}

static void talk_read(talk *t, const llmprov_json *body) {
    const llmprov_json *list = llmprov_json_get(body, "messages");
    buffer_str(&t->first, "");
    buffer_str(&t->last, "");
    EACH(m, list) talk_message(t, m);
}

static const char *tool_name(const llmprov_json *tool) {
    return member(tool, "name", llmprov_json_str(llmprov_json_path(tool, "function.name"), ""));
}

/* The tool of that name; NULL as a name is the first of all. */
static const char *tool_find(const llmprov_json *body, const char *name) {
    const llmprov_json *tools = llmprov_json_get(body, "tools");
    EACH(t, tools)
        if (*tool_name(t) && (!name || !strcmp(tool_name(t), name))) return tool_name(t);
    return NULL;
}

/* Copies the next number of a text as JSON would have it. Returns where it ended, or NULL. */
static const char *next_number(const char *text, char *to, size_t size) {
    const char *from = text + strcspn(text, "0123456789");
    size_t len = 0;
    bool negative = from > text && from[-1] == '-';
    if (!*from) return NULL;
    while (*from == '0' && from[1] >= '0' && from[1] <= '9') from++;
    if (negative) to[len++] = '-';
    while (len + 1 < size && *from >= '0' && *from <= '9') to[len++] = *from++;
    to[len] = 0;
    return from;
}

/* {"a":1,"b":2} from the first two numbers; fewer give {}. */
static bool put_addends(buffer *to, const char *text) {
    char a[24], b[24];
    const char *at = next_number(text, a, sizeof a);
    if (at) at = next_number(at, b, sizeof b);
    if (at) buffer_format(to, "{\"a\":%s,\"b\":%s}", a, b);
    return at != NULL;
}

/* What tool_choice says: false = no call; *name = the tool that it demands, *forced = some tool. */
static bool choice_allows(const llmprov_json *body, const char **name, bool *forced) {
    const llmprov_json *choice = llmprov_json_get(body, "tool_choice");
    const char *word = llmprov_json_str(choice, llmprov_json_str(llmprov_json_get(choice, "type"), "auto"));
    const char *named = tool_name(choice);
    *name = *named ? named : NULL;
    *forced = *name || !strcmp(word, "any") || !strcmp(word, "required");
    return strcmp(word, "none") != 0;
}

/* Which tool to call with what; NULL = none. */
static const char *brain_call(const llmprov_json *body, const talk *t, buffer *input) {
    const char *demanded, *name;
    bool forced, numbers = put_addends(input, t->last.ptr);
    if (t->results.len || !choice_allows(body, &demanded, &forced)) return NULL;
    if (!forced && !strchr(t->last.ptr, '?')) return NULL;
    name = demanded ? tool_find(body, demanded) : numbers ? tool_find(body, "add") : NULL;
    if (!name && !demanded) name = tool_find(body, "time");
    if (!name && forced) name = tool_find(body, NULL);
    if (!numbers || (name && strcmp(name, "add"))) { input->len = 0; buffer_str(input, "{}"); }
    return name;
}

/* A piece of text that ends before `max` bytes and not inside a character. */
static int excerpt(const char *text, size_t max) {
    size_t len = strlen(text);
    if (len <= max) return (int)len;
    for (len = max; len && ((unsigned char)text[len] & 0xC0) == 0x80;) len--;
    return (int)len;
}

static void brain_text(const request *r, const talk *t, buffer *text) {
    if (t->results.len) { buffer_format(text, "The tool says: %s", t->results.ptr); return; }
    buffer_format(text, "Hello! This is the %s mock. I have seen %zu message%s of this conversation", r->face->format,
                  t->messages, t->messages == 1 ? "" : "s");
    if (t->first.len) buffer_format(text, "; it began with \"%.*s\"", excerpt(t->first.ptr, 60), t->first.ptr);
    buffer_str(text, ".");
}

static bool brain_thinks(const llmprov_json *body) {
    const char *type = llmprov_json_str(llmprov_json_path(body, "thinking.type"), "");
    const char *effort = llmprov_json_str(llmprov_json_get(body, "reasoning_effort"), "none");
    return !strcmp(type, "enabled") || !strcmp(type, "adaptive") || strcmp(effort, "none");
}

/* What every template may name. The texts live as long as the filling. */
typedef struct thought {
    buffer text, input;
    const char *tool;
    char seq[32], created[24], in[24], out[24], sum[24], thinking[24];
} thought;

static void thought_free(thought *t) {
    buffer_free(&t->text);
    buffer_free(&t->input);
}

static void thought_count(thought *t, const request *r, bool thinks) {
    size_t in = r->body.len / 4 + 1, out = (t->text.len + t->input.len) / 4 + 1 + (thinks ? 8 : 0);
    snprintf(t->in, sizeof t->in, "%zu", in);
    snprintf(t->out, sizeof t->out, "%zu", out);
    snprintf(t->sum, sizeof t->sum, "%zu", in + out);
    snprintf(t->thinking, sizeof t->thinking, "%d", thinks ? 8 : 0);
}

static void thought_fill(const thought *t, const request *r, filling *f) {
    fill_in(f, "seq", t->seq);
    fill_in(f, "created", t->created);
    fill_in(f, "model", llmprov_json_str(llmprov_json_get(r->json, "model"), ""));
    fill_in(f, "text", t->text.ptr ? t->text.ptr : "");
    fill_in(f, "thought", "Let me think.");
    fill_in(f, "tool_name", t->tool ? t->tool : "");
    fill_in(f, "tool_input", t->input.ptr ? t->input.ptr : "");
    fill_in(f, "input_tokens", t->in);
    fill_in(f, "output_tokens", t->out);
    fill_in(f, "total_tokens", t->sum);
    fill_in(f, "thinking_tokens", t->thinking);
}

/* Makes up a reply and returns the template that tells it. */
static const char *brain_answer(const request *r, thought *t) {
    talk heard = { 0 };
    bool thinks = brain_thinks(r->json);
    talk_read(&heard, r->json);
    t->tool = brain_call(r->json, &heard, &t->input);
    if (!t->tool) { t->input.len = 0; brain_text(r, &heard, &t->text); }
    talk_free(&heard);
    thought_count(t, r, thinks && !t->tool);
    return t->tool ? "brain_call" : thinks ? "brain_thinking" : "brain_text";
}

//==============================================================================
// >>plan       a reply, ready to go out
//
// The body is kept in pieces, one for each event of a stream, so that each is
// written by itself and a client sees them come one by one.
//==============================================================================

typedef struct plan {
    buffer head, body;
    size_t *ends, count, room;   /* where each piece ends in the body                                        */
    size_t next, at;             /* the piece under way, and how much of the body has gone                   */
    size_t limit;                /* how much of it goes at all                                               */
    uint64_t gap_ms;
    int status;
    bool headed, ended;          /* the head has gone; the last chunk has                                    */
    bool chunked, close, one_byte, reset;
} plan;

static void plan_free(plan *p) {
    buffer_free(&p->head);
    buffer_free(&p->body);
    free(p->ends);
    memset(p, 0, sizeof *p);
}

/* What stands in the body since the last piece becomes one. */
static void plan_piece(plan *p) {
    if (p->count == p->room) {
        p->room = p->room ? p->room * 2 : 32;
        p->ends = (size_t *)realloc(p->ends, p->room * sizeof *p->ends);
        if (!p->ends) die("out of memory", NULL);
    }
    p->ends[p->count++] = p->body.len;
}

static const char *event_data(const char *event) {
    const char *data = strncmp(event, "data: ", 6) ? strstr(event, "\ndata: ") : event - 1;
    return data ? data + 7 : "";
}

/* The chunk that openai-chat sends last when it was asked for the usage. */
static bool is_usage_chunk(const llmprov_json *v) {
    const llmprov_json *choices = llmprov_json_get(v, "choices");
    return llmprov_json_kind(choices) == LLMPROV_JSON_ARRAY && !llmprov_json_count(choices) &&
           llmprov_json_kind(llmprov_json_get(v, "usage")) == LLMPROV_JSON_OBJECT;
}

/* Does this event say that the reply, or its first choice, is complete? */
static bool is_terminal(const char *data, const llmprov_json *v) {
    const char *reason = llmprov_json_str(llmprov_json_path(v, "choices[0].finish_reason"), "");
    return !strncmp(data, "[DONE]", 6) || is(v, "type", "message_stop") || *reason || is_usage_chunk(v);
}

/* Copies an event with the line ends that are wanted, and without the usage that was not asked for. */
static void put_event(buffer *to, const char *event, bool crlf, bool usage) {
    static const char unasked[] = ",\"usage\":null";
    const char *skip = usage ? NULL : strstr(event, unasked);
    for (; *event; event++) {
        if (event == skip) event += strlen(unasked);
        if (crlf && *event == '\n') buffer_put(to, "\r", 1);
        buffer_put(to, event, 1);
    }
}

/* One event of a golden stream. False = it is the first that must not come. */
static bool plan_event(plan *p, const char *event, const answer *a, bool usage) {
    const char *data = event_data(event);
    llmprov_json *v = usage && !a->no_terminal ? NULL : llmprov_json_parse(data, strlen(data), NULL, NULL);
    bool last = a->no_terminal == 1 && is_terminal(data, v), skip = !usage && is_usage_chunk(v);
    llmprov_json_free(v);
    if (last || skip) return !last;
    put_event(&p->body, event, a->crlf == 1, usage);
    plan_piece(p);
    return true;
}

static void plan_stream(plan *p, const char *body, const answer *a, bool usage) {
    buffer event = { 0 };
    for (bool more = true; *body && more;) {
        const char *blank = strstr(body, "\n\n");
        size_t len = blank ? (size_t)(blank - body) + 2 : strlen(body);
        event.len = 0;
        buffer_put(&event, body, len);
        more = plan_event(p, event.ptr, a, usage);
        body += len;
    }
    buffer_free(&event);
}

/* Nonsense right behind the first brace of the middle piece, where no reader can take it for anything else. */
static void plan_garbage(plan *p, size_t len) {
    size_t middle = p->count / 2, from = middle ? p->ends[middle - 1] : 0;
    const char *brace = p->body.len ? strchr(p->body.ptr + from, '{') : NULL;
    size_t at = brace ? (size_t)(brace - p->body.ptr) + 1 : p->body.len;
    uint32_t random = 2463534242u;
    buffer_room(&p->body, len);
    memmove(p->body.ptr + at + len, p->body.ptr + at, p->body.len - at + 1);
    for (size_t i = 0; i < len; i++) {
        random ^= random << 13, random ^= random >> 17, random ^= random << 5;
        p->body.ptr[at + i] = "#%&*+;<=>?@^_`~|\x01\x7f\x80\xc3\xff"[random % 21];
    }
    p->body.len += len;
    for (size_t i = middle; i < p->count; i++) p->ends[i] += len;
}

static bool header_named(const char *line, const char *name) {
    size_t len = strlen(name);
    return !strncasecmp(line, name, len) && line[len] == ':';
}

static void put_header(buffer *to, const char *name, const char *value) {
    if (value) buffer_format(to, "%s: %s\r\n", name, value);
}

/* The three spellings of a date that HTTP knows. */
static const char *http_date(char *to, size_t size, time_t when, const char *form) {
    static const struct { const char *name, *format; } forms[] = {
        { "imf",     "%a, %d %b %Y %H:%M:%S GMT" },
        { "rfc850",  "%A, %d-%b-%y %H:%M:%S GMT" },
        { "asctime", "%a %b %e %H:%M:%S %Y" },
    };
    struct tm tm;
    size_t i = COUNT(forms);
    while (--i && (!form || strcmp(forms[i].name, form))) {}
    gmtime_r(&when, &tm);
    strftime(to, size, forms[i].format, &tm);
    return to;
}

/* Does the answer say this header itself? */
static bool answer_says(const answer *a, const char *line) {
    EACH(h, a->headers)
        if (header_named(line, llmprov_json_key(h))) return true;
    if (header_named(line, "retry-after")) return a->retry_after || a->retry_in >= 0;
    if (header_named(line, "retry-after-ms")) return a->retry_after_ms != NULL;
    return header_named(line, "x-should-retry") && a->should_retry;
}

static void put_answer_headers(buffer *to, const answer *a) {
    char date[64];
    http_date(date, sizeof date, time(NULL) + (time_t)a->retry_in, a->retry_form);
    if (a->retry_in >= 0) put_header(to, "retry-after", date);
    put_header(to, "retry-after", a->retry_after);
    put_header(to, "retry-after-ms", a->retry_after_ms);
    put_header(to, "x-should-retry", a->should_retry);
    EACH(h, a->headers)
        put_header(to, llmprov_json_key(h), llmprov_json_str(h, NULL));
}

static void put_status(plan *p, const char *line, const answer *a) {
    if (a->status) buffer_format(&p->head, "HTTP/1.1 %d As Asked\r\n", (int)a->status);
    else buffer_format(&p->head, "%s\r\n", line);
    p->status = a->status ? (int)a->status : (int)strtol(line + strcspn(line, " "), NULL, 10);
}

/* The head of a golden file, line by line, with what the answer changes. Returns where the body begins. */
static const char *plan_head(plan *p, const char *text, const answer *a) {
    bool dated = false;
    char date[64];
    for (int i = 0; *text && *text != '\n'; i++) {
        buffer line = { 0 };
        size_t len = strcspn(text, "\n");
        buffer_put(&line, text, len);
        if (!i) put_status(p, line.ptr, a);
        else if (!answer_says(a, line.ptr)) buffer_format(&p->head, "%s\r\n", line.ptr);
        dated = dated || header_named(line.ptr, "date");
        buffer_free(&line);
        text += len + (text[len] == '\n');
    }
    put_answer_headers(&p->head, a);
    if (!dated) put_header(&p->head, "date", http_date(date, sizeof date, time(NULL), "imf"));
    return text + (*text == '\n');
}

/* How the end of the body will be known: by chunks, by its length, or by the end of the connection. */
static void plan_framing(plan *p, const request *r, const answer *a, bool stream) {
    bool old = r->version && !strcmp(r->version, "HTTP/1.0");
    bool bodiless = p->status == 204 || p->status == 304 || (r->method && !strcmp(r->method, "HEAD"));
    p->chunked = !old && !bodiless && (a->chunked == 1 || (stream && a->chunked != 0));
    if (bodiless) p->count = 0, p->body.len = 0;
    if (p->chunked) put_header(&p->head, "transfer-encoding", "chunked");
    else if (!bodiless && !stream) buffer_format(&p->head, "content-length: %zu\r\n", p->body.len);
    if (old || a->keep_alive == 0 || (stream && !p->chunked)) p->close = true;
    if (request_says(r, "connection", "close")) p->close = true;
    if (p->close) put_header(&p->head, "connection", "close");
    buffer_str(&p->head, "\r\n");
}

static void plan_build(plan *p, const char *text, const request *r, const answer *a) {
    const char *body = plan_head(p, text, a);
    bool stream = strstr(p->head.ptr, "text/event-stream") != NULL;
    const llmprov_json *asked = llmprov_json_path(r->json, "stream_options.include_usage");
    bool usage = r->face == ANTHROPIC || !r->stream || llmprov_json_bool(asked, false);
    if (stream) plan_stream(p, body, a, usage);
    else if (*body) { buffer_str(&p->body, body); plan_piece(p); }
    if (a->garbage > 0) plan_garbage(p, (size_t)a->garbage);
    plan_framing(p, r, a, stream);
    p->limit = a->cut >= 0 ? (size_t)a->cut : SIZE_MAX;
    p->gap_ms = a->gap_ms > 0 ? (uint64_t)a->gap_ms : 0;
    p->one_byte = a->one_byte == 1;
    p->reset = a->reset == 1;
}

//==============================================================================
// >>choose     from a request to a reply
//==============================================================================

struct conn;

typedef struct server {
    const char *script_path, *wire, *key, *log_path, *record;
    int64_t port, once, lifetime;
    int64_t until_eof;
    script script;
    FILE *log;
    int listener;
    struct conn **conns;
    size_t count, room;
    struct pollfd *polls;
    int64_t requests, answered;
    bool full;                   /* no more descriptors for now                                              */
} server;

/* A case's name becomes part of a path: nothing that leads elsewhere. */
static bool case_name(const char *name) {
    return *name && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == strlen(name);
}

/* Reads the form that is wanted, or the only one there is. */
static bool case_load(const server *s, const face *f, const char *name, bool stream, buffer *text) {
    static const char *const files[] = { "stream.txt", "reply.txt" };
    bool found = false;
    if (!case_name(name)) return false;
    for (size_t i = 0; i < 2 && !found; i++) {
        buffer path = { 0 };
        buffer_format(&path, "%s/%s/%s/%s", s->wire, f->format, name, files[stream ? i : 1 - i]);
        found = file_read(path.ptr, text);
        buffer_free(&path);
    }
    return found;
}

/* Names that begin so are templates, which the mock fills in. */
static bool is_template(const char *name) { return !strncmp(name, "brain_", 6); }

static bool script_fits(const answer *a, const request *r) {
    buffer where = { 0 };
    bool fits = !a->format || !strcmp(a->format, r->face->format);
    EACH(v, a->when) {
        const llmprov_json *there = llmprov_json_path(r->json, llmprov_json_key(v));
        bool absent = llmprov_json_kind(v) == LLMPROV_JSON_NULL && llmprov_json_kind(there) == LLMPROV_JSON_NONE;
        fits = fits && (absent || holds(v, there, &where));
    }
    buffer_free(&where);
    return fits;
}

/* The first answer that fits and is not used up; then the last that fits, again and again. */
static answer *script_next(script *s, const request *r) {
    answer *last = NULL;
    for (size_t i = 0; i < s->count; i++) {
        if (!script_fits(&s->answers[i], r)) continue;
        last = &s->answers[i];
        if (last->used < last->times) break;
    }
    if (last) last->used++;
    return last;
}

/* The script, else the x-mock header, else nothing in particular. */
static bool choose_answer(server *s, request *r, answer *a, problem *p) {
    char *header = request_header(r, "x-mock");
    const char *odd;
    if (s->script.count) {
        const answer *next = script_next(&s->script, r);
        if (!next) return invalid(p, NULL, "mock", "No answer of the script fits this request.");
        *a = *next;
        return true;
    }
    odd = header ? answer_from_text(a, header) : NULL;
    return !odd || invalid(p, NULL, "mock", "x-mock does not know \"%.80s\".", odd);
}

/* With "match", the request must hold what the case's request.json holds. */
static bool check_match(const server *s, const request *r, const answer *a, problem *p) {
    buffer path = { 0 }, text = { 0 }, where = { 0 };
    llmprov_json *expected;
    bool good = true;
    buffer_str(&where, "body");
    buffer_format(&path, "%s/%s/%s/request.json", s->wire, r->face->format, a->name);
    if (!file_read(path.ptr, &text)) good = invalid(p, NULL, "mock", "There is no %.200s.", path.ptr);
    expected = llmprov_json_parse(text.ptr ? text.ptr : "", text.len, NULL, NULL);
    if (good && !holds(expected, r->json, &where))
        good = invalid(p, NULL, "mock", "The request is not that of %.60s: see %.200s", a->name, where.ptr);
    llmprov_json_free(expected);
    buffer_free(&path);
    buffer_free(&text);
    buffer_free(&where);
    return good;
}

static const char *model_case(const request *r) {
    const char *model = llmprov_json_str(llmprov_json_get(r->json, "model"), "");
    return strncmp(model, "mock-", 5) ? NULL : model + 5;
}

static void write_log(const server *s, const request *r, int status, const char *name) {
    if (!s->log) return;
    fprintf(s->log, "%s %s %d %s\n", r->method ? r->method : "?", r->path ? r->path : "?", status, name);
    fflush(s->log);
}

static void write_record(const server *s, const request *r) {
    buffer path = { 0 };
    FILE *file;
    if (!s->record) return;
    buffer_format(&path, "%s/%06lld.http", s->record, (long long)s->requests);
    file = fopen(path.ptr, "wb");
    if (!file) die("cannot record", path.ptr);
    else if (fwrite(r->raw.ptr, 1, r->raw.len, file) != r->raw.len || fclose(file)) die("cannot record", path.ptr);
    buffer_free(&path);
}

/* Twenty digits in base 36: unique, and of the length of a real id. */
static void write_seq(char *to, int64_t n) {
    for (int i = 20; i-- > 0; n /= 36) to[i] = "0123456789abcdefghijklmnopqrstuvwxyz"[n % 36];
    to[20] = 0;
}

/* Loads the case and makes the plan of it. */
static void plan_case(const server *s, plan *p, const request *r, const answer *a, const problem *bad, thought *t) {
    buffer text = { 0 }, filled = { 0 };
    filling f = { .count = 0 };
    if (!case_load(s, r->face, a->name, r->stream, &text)) die("the wire folder lacks a case", a->name);
    write_seq(t->seq, s->requests);
    snprintf(t->created, sizeof t->created, "%lld", (long long)time(NULL));
    thought_fill(t, r, &f);
    fill_in(&f, "message", bad->message);
    fill_in(&f, "param", bad->param);
    fill_in(&f, "code", bad->code);
    if (is_template(a->name)) expand(&filled, text.ptr, text.ptr + text.len, &f);
    plan_build(p, is_template(a->name) ? filled.ptr : text.ptr, r, a);
    buffer_free(&text);
    buffer_free(&filled);
}

static bool case_exists(const server *s, const request *r, const answer *a, problem *p) {
    buffer text = { 0 };
    bool found = case_load(s, r->face, a->name, r->stream, &text);
    buffer_free(&text);
    if (found) return true;
    return refuse(p, "brain_not_found", "model", "model_not_found", "The mock has no case \"%.80s\".", a->name);
}

/* Everything that may stand against the request. On success *a has the case's name. */
static bool choose(server *s, request *r, answer *a, problem *p, thought *t) {
    if (!check_door(r, s->key, p)) return false;
    r->json = llmprov_json_parse(r->body.ptr ? r->body.ptr : "", r->body.len, NULL, NULL);
    r->stream = llmprov_json_bool(llmprov_json_get(r->json, "stream"), false);
    if (!check_body(r, p) || !choose_answer(s, r, a, p)) return false;
    if (!a->name) a->name = model_case(r);
    if (!a->name) a->name = brain_answer(r, t);
    return case_exists(s, r, a, p) && (a->match != 1 || check_match(s, r, a, p));
}

static void plan_refusal(const server *s, plan *p, request *r, const problem *bad) {
    answer a = answer_plain;
    thought t = { .tool = NULL };
    a.name = bad->name;
    if (!r->face) r->face = OPENAI;
    plan_case(s, p, r, &a, bad, &t);
    write_log(s, r, p->status, a.name);
}

/* Not a byte: as if the head had gone already. */
static void plan_drop(const server *s, plan *p, const request *r, const answer *a) {
    p->headed = p->close = true;
    p->reset = a->reset == 1;
    write_log(s, r, 0, a->name);
}

/* Answers a request that has come whole. */
static void plan_reply(server *s, plan *p, request *r, uint64_t *delay_ms) {
    answer a = answer_plain;
    problem bad = { .name = NULL, .param = "null", .code = "null" };
    thought t = { .tool = NULL };
    r->face = face_of(r);
    if (!choose(s, r, &a, &bad, &t)) plan_refusal(s, p, r, &bad);
    else if (a.drop == 1) plan_drop(s, p, r, &a);
    else { plan_case(s, p, r, &a, &bad, &t); write_log(s, r, p->status, a.name); }
    *delay_ms = a.delay_ms > 0 ? (uint64_t)a.delay_ms : 0;
    thought_free(&t);
}

//==============================================================================
// >>reader     bytes in, requests out
//==============================================================================

typedef enum stage {
    AT_LINE, AT_HEADER, AT_BODY, AT_SIZE, AT_CHUNK, AT_CHUNK_END, AT_TRAILER,     /* of a request            */
    AT_REPLY, AT_LINGER, AT_END
} stage;

typedef struct conn {
    int fd;
    stage stage;
    buffer in;
    size_t at, seen;             /* of `in`: used up; searched for a line's end                              */
    size_t left;                 /* of the body, or of a chunk                                               */
    request request;
    plan plan;
    buffer out;
    size_t sent;
    uint64_t due, deadline;      /* when the next piece goes; when patience ends                             */
    bool eof;                    /* the client sends no more                                                 */
} conn;

/* Uses up bytes of the input. */
static void conn_use(const server *s, conn *c, size_t len) {
    if (s->record) buffer_put(&c->request.raw, c->in.ptr + c->at, len);
    c->at += len;
    c->seen = c->at;
}

/* The next line without its end, or NULL: it has not come yet. It stays valid until more is read. */
static char *conn_line(const server *s, conn *c) {
    char *from = c->in.ptr + c->at, *end = NULL;
    if (c->in.len > c->seen) end = (char *)memchr(c->in.ptr + c->seen, '\n', c->in.len - c->seen);
    c->seen = c->in.len;
    if (!end) return NULL;
    conn_use(s, c, (size_t)(end - from) + 1);
    *end = 0;
    if (end > from && end[-1] == '\r') end[-1] = 0;
    return from;
}

/* The request is over, one way or the other: the reply begins. */
static bool conn_answer(server *s, conn *c, const problem *bad) {
    uint64_t delay_ms = 0;
    s->requests++;
    write_record(s, &c->request);
    if (bad) {
        c->plan.close = true;
        if (!c->request.face && c->request.path) c->request.face = face_of(&c->request);
        plan_refusal(s, &c->plan, &c->request, bad);
    } else plan_reply(s, &c->plan, &c->request, &delay_ms);
    c->stage = AT_REPLY;
    c->due = now_ms() + delay_ms;
    return true;
}

static bool conn_refuse(server *s, conn *c, const char *name, const char *why) {
    problem bad;
    refuse(&bad, name, NULL, NULL, "%s", why);
    return conn_answer(s, c, &bad);
}

static bool conn_invalid(server *s, conn *c, const char *why) { return conn_refuse(s, c, "brain_invalid", why); }

static bool read_request_line(server *s, conn *c) {
    char *line = conn_line(s, c);
    if (!line) return false;
    if (!*line) return true;      /* a blank line before a request is legal */
    c->stage = AT_HEADER;
    return request_line(&c->request, line) || conn_invalid(s, c, "This is not HTTP/1.1.");
}

/* The head is complete: how does the body come? */
static bool read_head_end(server *s, conn *c) {
    const char *length = request_header(&c->request, "content-length");
    unsigned long long size = length ? strtoull(length, NULL, 10) : 0;
    bool number = !length || strspn(length, "0123456789") == strlen(length);
    if (!number) return conn_invalid(s, c, "Content-Length is not a number.");
    if (size > MAX_BODY) return conn_refuse(s, c, "too_large", "too large");
    c->left = (size_t)size;
    c->stage = request_says(&c->request, "transfer-encoding", "chunked") ? AT_SIZE : AT_BODY;
    if (request_says(&c->request, "expect", "100-continue") && (c->stage == AT_SIZE || c->in.len - c->at < c->left))
        buffer_str(&c->out, "HTTP/1.1 100 Continue\r\n\r\n");
    return true;
}

static bool read_header(server *s, conn *c) {
    char *line = conn_line(s, c);
    if (!line) return false;
    if (!*line) return read_head_end(s, c);
    buffer_put(&c->request.head, line, strlen(line) + 1);
    return c->request.head.len <= MAX_LINE || conn_invalid(s, c, "The head of the request is too long.");
}

/* Moves what has come of the body or of a chunk; true when all of it has. */
static bool read_some(server *s, conn *c) {
    size_t len = c->in.len - c->at;
    if (len > c->left) len = c->left;
    if (!len) return !c->left;
    buffer_put(&c->request.body, c->in.ptr + c->at, len);
    conn_use(s, c, len);
    c->left -= len;
    return !c->left;
}

static bool read_size(server *s, conn *c) {
    char *line = conn_line(s, c), *end;
    unsigned long long size;
    if (!line) return false;
    size = strtoull(line, &end, 16);
    if (end == line || (*end && !strchr("; \t", *end))) return conn_invalid(s, c, "A chunk has no size.");
    if (size > MAX_BODY || c->request.body.len + size > MAX_BODY) return conn_refuse(s, c, "too_large", "too large");
    c->left = (size_t)size;
    c->stage = size ? AT_CHUNK : AT_TRAILER;
    return true;
}

static bool read_chunk_end(server *s, conn *c) {
    char *line = conn_line(s, c);
    if (!line) return false;
    c->stage = AT_SIZE;
    return !*line || conn_invalid(s, c, "A chunk is longer than it says.");
}

static bool read_trailer(server *s, conn *c) {
    char *line = conn_line(s, c);
    if (!line) return false;
    return *line || conn_answer(s, c, NULL);
}

/* One step; false = it needs more bytes, or the reply must go first. */
static bool conn_read_step(server *s, conn *c) {
    switch (c->stage) {
    case AT_LINE:      return read_request_line(s, c);
    case AT_HEADER:    return read_header(s, c);
    case AT_BODY:      return read_some(s, c) && conn_answer(s, c, NULL);
    case AT_SIZE:      return read_size(s, c);
    case AT_CHUNK:     if (!read_some(s, c)) return false; c->stage = AT_CHUNK_END; return true;
    case AT_CHUNK_END: return read_chunk_end(s, c);
    case AT_TRAILER:   return read_trailer(s, c);
    default:           return false;
    }
}

static void conn_read(server *s, conn *c) {
    while (c->stage < AT_REPLY && conn_read_step(s, c)) {}
    if (c->stage < AT_REPLY && c->in.len - c->at > MAX_LINE) conn_invalid(s, c, "A line is too long.");
    if (c->at == c->in.len) c->at = c->in.len = 0;
    else if (c->at > READ_SIZE) {
        memmove(c->in.ptr, c->in.ptr + c->at, c->in.len - c->at);
        c->in.len -= c->at;
        c->at = 0;
    }
    c->seen = c->at;
}

/* Takes what the socket has. */
static void conn_receive(server *s, conn *c, uint64_t now) {
    ssize_t got;
    buffer_room(&c->in, READ_SIZE);
    got = recv(c->fd, c->in.ptr + c->in.len, READ_SIZE, 0);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return;
    if (got > 0 && c->stage != AT_LINGER) {
        c->in.len += (size_t)got;
        if (c->stage < AT_REPLY) c->deadline = now + IDLE_MS;
    }
    if (got <= 0) c->eof = true;
    if (got < 0 || (c->eof && c->stage == AT_LINGER)) c->stage = AT_END;
    if (c->stage < AT_REPLY) conn_read(s, c);
    if (c->eof && c->stage < AT_REPLY) c->stage = AT_END;
}

//==============================================================================
// >>writer     replies out, piece by piece
//==============================================================================

/* Sends what is queued. False = the socket is full, or gone. */
static bool conn_flush(conn *c, uint64_t now) {
    while (c->sent < c->out.len) {
        size_t len = c->plan.one_byte ? 1 : c->out.len - c->sent;
        ssize_t sent = send(c->fd, c->out.ptr + c->sent, len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK) c->stage = AT_END;
        if (sent < 0) return false;
        c->sent += (size_t)sent;
        c->deadline = now + IDLE_MS;
    }
    c->sent = c->out.len = 0;
    return true;
}

/* The end of the connection. A reset throws away what the client has not read; a plain end waits until it has. */
static void conn_close(conn *c, uint64_t now) {
    struct linger hard = { 1, 0 };
    c->stage = c->plan.reset ? AT_END : AT_LINGER;
    c->deadline = now + LINGER_MS;
    if (c->plan.reset) setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    else shutdown(c->fd, SHUT_WR);
}

static void conn_done(server *s, conn *c, uint64_t now) {
    bool cut = c->plan.limit < c->plan.body.len || !c->plan.head.len;
    s->answered++;
    if (cut || c->plan.close) conn_close(c, now);
    else { c->stage = AT_LINE; c->deadline = now + IDLE_MS; }
    plan_free(&c->plan);
    request_free(&c->request);
    if (c->stage == AT_LINE) conn_read(s, c);
    if (c->eof && c->stage < AT_REPLY) conn_close(c, now);
}

/* How much of the body goes next: to the end of the piece, of what is allowed, or a byte. */
static size_t plan_take(plan *p) {
    size_t end = p->ends[p->next];
    if (p->one_byte) end = p->at + 1;
    if (end > p->limit) end = p->limit;
    return end - p->at;
}

static void put_body(buffer *to, plan *p) {
    size_t len = plan_take(p);
    if (p->chunked && len) buffer_format(to, "%zx\r\n", len);
    buffer_put(to, p->body.ptr + p->at, len);
    if (p->chunked && len) buffer_str(to, "\r\n");
    p->at += len;
}

/* Queues the next part of the reply. False = there is none. */
static bool conn_fill(conn *c, uint64_t now) {
    plan *p = &c->plan;
    c->deadline = now + IDLE_MS;
    if (!p->headed) {
        buffer_put(&c->out, p->head.ptr, p->head.len);
        return p->headed = true;
    }
    if (p->at < p->limit && p->next < p->count) {
        put_body(&c->out, p);
        if (p->at == p->ends[p->next] && ++p->next < p->count) c->due = now + p->gap_ms;
        return true;
    }
    if (!p->chunked || p->ended || p->at < p->body.len) return false;
    buffer_str(&c->out, "0\r\n\r\n");
    return p->ended = true;
}

/* Goes on with the reply as far as the socket, the clock and fairness allow. */
static void conn_write(server *s, conn *c, uint64_t now) {
    for (int turns = 0; turns < TURNS; turns++) {
        if (!conn_flush(c, now) || c->stage != AT_REPLY || now < c->due) return;
        if (!conn_fill(c, now)) conn_done(s, c, now);
    }
}

//==============================================================================
// >>server     the sockets
//==============================================================================

static volatile sig_atomic_t stop_signal;     /* a handler has nowhere else to leave its word */

static void on_signal(int number) { stop_signal = number; }

static bool is_writing(const conn *c) { return c->sent < c->out.len; }
static bool is_busy(const conn *c)    { return c->stage == AT_REPLY || c->stage == AT_LINGER; }

static short conn_events(const conn *c) {
    bool read = !c->eof && (c->stage != AT_REPLY || c->in.len - c->at < READ_SIZE);
    return (short)((read ? POLLIN : 0) | (is_writing(c) ? POLLOUT : 0));
}

/* When this connection wants to be looked at even if nothing happens. */
static uint64_t conn_alarm(const conn *c) {
    return c->stage == AT_REPLY && !is_writing(c) ? c->due : c->deadline;
}

static void conn_step(server *s, conn *c, short events, uint64_t now) {
    if (events & (POLLIN | POLLHUP)) conn_receive(s, c, now);
    if (events & (POLLERR | POLLNVAL)) c->stage = AT_END;
    if (c->stage < AT_LINGER) conn_write(s, c, now);
    if ((c->stage != AT_REPLY || is_writing(c)) && now >= c->deadline) c->stage = AT_END;
}

static void conn_free(conn *c) {
    close(c->fd);
    buffer_free(&c->in);
    buffer_free(&c->out);
    request_free(&c->request);
    plan_free(&c->plan);
    free(c);
}

static void server_room(server *s) {
    if (s->count < s->room) return;
    s->room = s->room ? s->room * 2 : 64;
    s->conns = (conn **)realloc(s->conns, s->room * sizeof *s->conns);
    s->polls = (struct pollfd *)realloc(s->polls, (s->room + 2) * sizeof *s->polls);
    if (!s->conns || !s->polls) die("out of memory", NULL);
}

static void server_add(server *s, int fd, uint64_t now) {
    int yes = 1;
    conn *c = (conn *)calloc(1, sizeof *c);
    if (!c) die("out of memory", NULL);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);     /* each piece leaves at once */
    c->fd = fd;
    c->deadline = now + IDLE_MS;
    server_room(s);
    s->conns[s->count++] = c;
}

static void server_accept(server *s, uint64_t now) {
    for (;;) {
        int fd = accept(s->listener, NULL, NULL);
        if (fd < 0 && (errno == EMFILE || errno == ENFILE)) s->full = true;
        if (fd < 0) return;
        server_add(s, fd, now);
    }
}

static bool server_stopping(const server *s) { return s->once && s->answered >= s->once; }

/* Has everything been said? */
static bool server_done(const server *s) {
    if (!server_stopping(s)) return false;
    for (size_t i = 0; i < s->count; i++)
        if (is_busy(s->conns[i]) || is_writing(s->conns[i])) return false;
    return true;
}

/* Fills in what to wait for: the listener, stdin, the connections. Returns how long at most. */
static int server_prepare(server *s, uint64_t now, uint64_t end) {
    uint64_t alarm = now + 1000 < end ? now + 1000 : end;     /* a signal may come just before poll */
    s->polls[0] = (struct pollfd){ server_stopping(s) || s->full ? -1 : s->listener, POLLIN, 0 };
    s->polls[1] = (struct pollfd){ s->until_eof ? STDIN_FILENO : -1, POLLIN, 0 };
    for (size_t i = 0; i < s->count; i++) {
        uint64_t at = conn_alarm(s->conns[i]);
        s->polls[i + 2] = (struct pollfd){ s->conns[i]->fd, conn_events(s->conns[i]), 0 };
        if (at < alarm) alarm = at;
    }
    return alarm > now ? (int)(alarm - now) : 0;
}

/* Drops what has ended; the order of the others does not matter. */
static void server_sweep(server *s) {
    for (size_t i = 0; i < s->count;) {
        if (s->conns[i]->stage != AT_END) { i++; continue; }
        conn_free(s->conns[i]);
        s->conns[i] = s->conns[--s->count];
        s->full = false;
    }
}

static bool stdin_ended(const server *s) {
    char some[256];
    return (s->polls[1].revents & (POLLIN | POLLHUP | POLLERR)) && read(STDIN_FILENO, some, sizeof some) <= 0;
}

static void server_run(server *s) {
    uint64_t end = now_ms() + (uint64_t)s->lifetime * 1000, now;
    server_room(s);
    while (!stop_signal && !server_done(s) && (now = now_ms()) < end) {
        size_t count = s->count;
        int ready = poll(s->polls, (nfds_t)count + 2, server_prepare(s, now, end));
        if (ready < 0 && errno != EINTR) die("poll", strerror(errno));
        if (ready < 0) continue;
        if (stdin_ended(s)) break;
        now = now_ms();
        for (size_t i = 0; i < count; i++) conn_step(s, s->conns[i], s->polls[i + 2].revents, now);
        if (s->polls[0].revents) server_accept(s, now);
        server_sweep(s);
    }
}

static void server_listen(server *s) {
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t len = sizeof at;
    int yes = 1;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons((uint16_t)s->port);
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (s->listener < 0) die("no socket", strerror(errno));
    setsockopt(s->listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(s->listener, (struct sockaddr *)&at, sizeof at) || listen(s->listener, 4096))
        die("cannot listen", strerror(errno));
    fcntl(s->listener, F_SETFL, O_NONBLOCK);
    fcntl(s->listener, F_SETFD, FD_CLOEXEC);
    getsockname(s->listener, (struct sockaddr *)&at, &len);
    printf("listening on 127.0.0.1:%d\n", ntohs(at.sin_port));
    fflush(stdout);
}

static void server_free(server *s) {
    for (size_t i = 0; i < s->count; i++) conn_free(s->conns[i]);
    free(s->conns);
    free(s->polls);
    close(s->listener);
    if (s->log) fclose(s->log);
    script_free(&s->script);
}

//==============================================================================
// >>main       the command line
//==============================================================================

static const char help_text[] =
    "mock: a loopback server that answers as Anthropic's and OpenAI's do\n"
    "\n"
    "  --port N            listen there; 0 = a free one (default)\n"
    "  --script FILE       JSON: {\"answers\":[{\"case\":\"hello\"}, ...]}\n"
    "  --wire DIR          the golden files (default tests/wire)\n"
    "  --key K             demand this key; without it any key will do, and none\n"
    "  --once N            exit after N requests\n"
    "  --lifetime SECONDS  exit then (default 600)\n"
    "  --until-eof         exit when stdin ends\n"
    "  --log FILE          a line a request: method path status case\n"
    "  --record DIR        keep each request as it came\n"
    "\n"
    "It prints \"listening on 127.0.0.1:PORT\". tests/wire/README.md tells how a case is chosen.\n";

typedef struct flag { const char *name; char kind; size_t offset; } flag;     /* kind: text, number, yes */

static const flag flags[] = {
    { "--port",      'n', offsetof(server, port) },
    { "--script",    't', offsetof(server, script_path) },
    { "--wire",      't', offsetof(server, wire) },
    { "--key",       't', offsetof(server, key) },
    { "--once",      'n', offsetof(server, once) },
    { "--lifetime",  'n', offsetof(server, lifetime) },
    { "--until-eof", 'y', offsetof(server, until_eof) },
    { "--log",       't', offsetof(server, log_path) },
    { "--record",    't', offsetof(server, record) },
};

static const flag *flag_find(const char *name) {
    for (size_t i = 0; i < COUNT(flags); i++)
        if (!strcmp(flags[i].name, name)) return &flags[i];
    die("no such option; try --help", name);
    return NULL;
}

static void flag_set(server *s, const flag *f, const char *value) {
    char *end = NULL;
    int64_t number = f->kind == 'y' ? 1 : strtoll(value ? value : "", &end, 10);
    if (f->kind != 'y' && !value) die("an option needs a value", f->name);
    if (f->kind == 'n' && (!*value || *end || number < 0)) die("an option needs a number", f->name);
    if (f->kind == 't') memcpy((char *)s + f->offset, &value, sizeof value);
    else memcpy((char *)s + f->offset, &number, sizeof number);
}

static void read_flags(server *s, int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        const flag *f;
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) { fputs(help_text, stdout); exit(0); }
        f = flag_find(argv[i]);
        flag_set(s, f, f->kind == 'y' ? NULL : argv[++i]);     /* argv ends with NULL */
        if (i == argc) break;
    }
}

/* A wrong folder is told at once, not at the first request. */
static void open_files(server *s) {
    for (size_t i = 0; i < COUNT(faces); i++) {
        buffer text = { 0 };
        if (!case_load(s, &faces[i], "brain_invalid", false, &text))
            die("no golden files there; set --wire", s->wire);
        buffer_free(&text);
    }
    if (s->script_path) script_load(&s->script, s->script_path);
    for (size_t i = 0; i < s->script.count; i++) {
        const char *format = s->script.answers[i].format;
        if (format && !face_named(format)) die("the script names an unknown format", format);
    }
    if (s->log_path && !(s->log = fopen(s->log_path, "w"))) die("cannot write the log", s->log_path);
    if (s->record && mkdir(s->record, 0777) && errno != EEXIST) die("cannot make the folder", s->record);
}

/* One descriptor a connection: as many as the system grants. */
static void raise_limits(void) {
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files)) return;
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

static void catch_signals(void) {
    static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };
    struct sigaction act;
    memset(&act, 0, sizeof act);
    act.sa_handler = on_signal;
    for (size_t i = 0; i < COUNT(numbers); i++) sigaction(numbers[i], &act, NULL);
    act.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &act, NULL);
}

int main(int argc, char **argv) {
    server s;
    memset(&s, 0, sizeof s);
    s.wire = "tests/wire";
    s.lifetime = 600;
    read_flags(&s, argc, argv);
    open_files(&s);
    raise_limits();
    catch_signals();
    server_listen(&s);
    server_run(&s);
    server_free(&s);
    return 0;
}
