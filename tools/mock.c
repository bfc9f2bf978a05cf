// mock.c     a loopback server that answers as the real ones do
//
//   cc -std=c99 -o mock tools/mock.c && ./mock          it prints "listening on 127.0.0.1:PORT"
//
// It speaks every wire format, whole or streamed, and fails on demand. No word of a reply is made here: they all lie
// in tests/wire, whose README tells how a case is chosen and what a script may say. This file moves them: HTTP/1.1,
// one thread, poll, thousands of connections. What it knows of an API is a row of >>faces.
//
// CONTENTS   >>buffer >>answer >>script >>template >>request >>face >>check >>faces >>brain >>plan >>choose >>reader
//            >>writer >>server >>main
//
// Needs POSIX. The public JSON functions of llmprov.h read the requests.

#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#ifndef LLMPROV_APART         /* the Makefile compiles the implementation once for all tools */
#define LLMPROV_IMPLEMENTATION
#endif
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
    const char *format;          /* only for requests of this API, by the name of its row                    */
    const char *retry_after, *retry_after_ms, *should_retry, *retry_form;
    int64_t status;              /* in place of the case's own                                               */
    int64_t delay_ms, gap_ms;    /* before the first byte; between two events                                */
    int64_t cut;                 /* close after so many bytes of body; -1 = never                            */
    int64_t garbage;             /* so many bytes of nonsense                                                */
    int64_t retry_in;            /* Retry-After as a date so many seconds from now; -1 = not                 */
    int64_t times;               /* how often a script plays it                                              */
    int64_t one_byte, crlf, no_terminal, bad_crc, drop, reset, match;
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
    { "bad_crc",        OPTION_FLAG,   offsetof(answer, bad_crc) },
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
// {{name}} is put in as the inside of a JSON string, {{{name}}} as it is,
// {{#words}}...{{word}}...{{/words}} is repeated for each word of the text, and
// {{n}} is 0, 1, 2 and so on.
//==============================================================================

typedef struct hole { const char *name, *value; } hole;
typedef struct filling { hole holes[24]; size_t count, number; } filling;

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
    if (!strncmp(name, "n}}", 3)) buffer_format(to, "%zu", f->number++);
    else if (raw) buffer_str(to, filling_find(f, name, (size_t)(close - name)));
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
    const char *method, *path, *query, *version;
    buffer head;                 /* "name: value\0name: value\0"                                             */
    buffer body;
    buffer raw;                  /* all of it as it came, when it is recorded                                */
    llmprov_json *json;
    const struct face *face;
    buffer model;                /* from the body, or decoded from the path                                  */
    bool stream;
    bool array;                  /* the stream is asked for as one JSON array                                */
} request;

static void request_free(request *r) {
    buffer_free(&r->line);
    buffer_free(&r->head);
    buffer_free(&r->body);
    buffer_free(&r->raw);
    buffer_free(&r->model);
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
    char *target, *version, *query;
    buffer_str(&r->line, line);
    target = strchr(r->line.ptr, ' ');
    version = target ? strchr(target + 1, ' ') : NULL;
    if (!version || strncmp(version + 1, "HTTP/1.", 7)) return false;
    *target = *version = 0;
    query = target + 1 + strcspn(target + 1, "?#");
    r->query = *query == '?' ? query + 1 : "";
    *query = 0;
    r->method = r->line.ptr;
    r->path = target + 1;
    r->version = version + 1;
    return true;
}

/* Is "alt=sse" among "key=value&key=value"? */
static bool query_says(const request *r, const char *pair) {
    size_t len = strlen(pair);
    for (const char *at = r->query; at && *at; at += strcspn(at, "&"), at += *at == '&')
        if (!strncmp(at, pair, len) && (!at[len] || at[len] == '&')) return true;
    return false;
}

/* The key from where any of the APIs has it; of a signature by AWS it is the id of the secret key. */
static const char *request_key(const request *r, char *room, size_t size) {
    static const char *const headers[] = { "x-api-key", "x-goog-api-key" };
    static const char credential[] = "Credential=";
    const char *said = request_header(r, "authorization"), *id = said ? strstr(said, credential) : NULL;
    for (size_t i = 0; i < COUNT(headers); i++)
        if (request_header(r, headers[i])) return request_header(r, headers[i]);
    if (said && !strncasecmp(said, "bearer ", 7)) return said + 7;
    if (!id) return "";
    id += strlen(credential);
    snprintf(room, size, "%.*s", (int)strcspn(id, "/, "), id);
    return room;
}

//==============================================================================
// >>face       what the mock must know of an API
//
// One row an API: where its requests go, where the things lie in them that the
// mock looks at, what it refuses and how its streams end. The rows themselves
// are in >>faces.
//==============================================================================

struct problem;

/* Who says whether a stream is wanted: the body, or the path. */
typedef enum route_kind { ROUTE_ASKED, ROUTE_WHOLE, ROUTE_STREAM } route_kind;
typedef struct route { const char *path; route_kind kind; } route;     /* the last * is the model            */

typedef struct need { const char *name; llmprov_json_type kind; const char *word; } need;

/* What a message consists of. A part is of the kind whose member is there, and is the word if there is one. */
typedef enum piece_kind { PIECE_CALL = 1, PIECE_RESULT, PIECE_TEXT } piece_kind;
typedef struct piece {
    piece_kind kind;
    const char *member, *word;
    const char *id, *tool;       /* paths: which call this is or answers; the name of its tool               */
    const char *says;            /* path: the text, or what the tool said                                    */
} piece;

/* Where the results of calls must stand. */
typedef enum pairing {
    PAIRS_NEXT,                  /* all in the very next message                                             */
    PAIRS_FOLLOWING,             /* in the messages that follow, one each                                    */
    PAIRS_LATER,                 /* anywhere behind their calls                                              */
    PAIRS_ANY                    /* nobody looks                                                             */
} pairing;

typedef struct face {
    const char *name;            /* of the wire format, and of its folder                                    */
    const char *also;            /* the folder with the whole replies that the first has not                 */
    route routes[9];
    const char *hint;            /* a header that only its clients send                                      */
    bool streams;                /* unless a request says otherwise                                          */
    const char *sse;             /* in the query; without it a stream is one JSON array                      */
    const char *usage;           /* a flag in the body; without it a stream tells no usage                   */
    const char *list, *content;  /* of messages; of what a message says                                      */
    const char *roles;           /* between blanks                                                           */
    piece pieces[6];
    const char *tools, *choice;
    const char *thinks[2];       /* what asks for thinking, unless it says no                                */
    pairing pairs;
    const char *end, *end_words; /* path in an event: the reply is complete; with which words, NULL = any    */
    need needs[4];               /* members that a request must have                                         */
    const char *missing, *missing_code;
    const char *wrong, *wrong_code;
    const char *bad_role;
    const char *unanswered, *orphan;         /* of tool calls and their results                              */
    const char *blank;           /* what it says of texts without a character; NULL = nothing                */
    const char *denied;          /* the case of a wrong key                                                  */
    bool (*check)(const request *r, struct problem *p);     /* what it alone refuses; NULL = nothing more    */
} face;

static const char *member(const llmprov_json *object, const char *name, const char *otherwise) {
    return llmprov_json_str(llmprov_json_get(object, name), otherwise);
}

static bool is(const llmprov_json *object, const char *name, const char *word) {
    return !strcmp(member(object, name, ""), word);
}

static const llmprov_json *request_list(const request *r) { return llmprov_json_path(r->json, r->face->list); }

/* Which kind of piece this is; NULL = none that the mock looks at. */
static const piece *piece_of(const face *f, const llmprov_json *v) {
    if (llmprov_json_kind(v) != LLMPROV_JSON_OBJECT) return NULL;
    for (const piece *p = f->pieces; p->kind; p++)
        if (p->word ? is(v, p->member, p->word) : llmprov_json_get(v, p->member) != NULL) return p;
    return NULL;
}

/* Where in a message its pieces lie: it may be one itself, hold them, or hold calls beside them. */
typedef struct walk { const face *face; const llmprov_json *message, *at; int stage; } walk;

static walk walk_begin(const face *f, const llmprov_json *message) {
    walk w = { f, message, NULL, 0 };
    return w;
}

static const llmprov_json *walk_list(const walk *w) {
    const llmprov_json *list = llmprov_json_get(w->message, w->stage == 1 ? w->face->content : "tool_calls");
    return llmprov_json_kind(list) == LLMPROV_JSON_ARRAY ? list : NULL;
}

/* The next piece of that kind, or NULL. */
static const llmprov_json *walk_next(walk *w, piece_kind kind, const piece **found) {
    while (w->stage < 3) {
        w->at = w->stage ? llmprov_json_next(walk_list(w), w->at) : w->at ? NULL : w->message;
        if (!w->at) { w->stage++; continue; }
        *found = piece_of(w->face, w->at);
        if (*found && (*found)->kind == kind) return w->at;
    }
    return NULL;
}

static size_t count_pieces(const face *f, const llmprov_json *message, piece_kind kind) {
    walk w = walk_begin(f, message);
    const piece *p;
    size_t count = 0;
    while (walk_next(&w, kind, &p)) count++;
    return count;
}

static const char *piece_str(const llmprov_json *v, const char *path) {
    return path ? llmprov_json_str(llmprov_json_path(v, path), "") : "";
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

/* The proxy of legacy-use takes the betas in the body, and knows who has nothing left. */
static bool check_proxy(const request *r, problem *p) {
    const llmprov_json *betas = llmprov_json_get(r->json, "betas");
    if (request_says(r, "x-api-key", "no-credits")) return refuse(p, "no_credits", NULL, NULL, "no credits");
    if (!request_header(r, "x-api-key")) return refuse(p, "authentication", NULL, NULL, "no key");
    return !betas || llmprov_json_kind(betas) == LLMPROV_JSON_ARRAY || invalid(p, NULL, NULL, "betas must be a list");
}

/* Converse wants user and assistant by turns, and the tools again whenever they were used. */
static bool check_converse(const request *r, problem *p) {
    const char *before = "assistant";
    bool tools = llmprov_json_path(r->json, r->face->tools) != NULL;
    size_t i = 0;
    EACH(m, request_list(r)) {
        const char *role = member(m, "role", "");
        bool uses = count_pieces(r->face, m, PIECE_CALL) || count_pieces(r->face, m, PIECE_RESULT);
        if (uses && !tools) return invalid(p, NULL, NULL, "toolConfig is missing, but messages.%zu uses tools", i);
        if (!strcmp(role, before))
            return invalid(p, NULL, NULL, "messages.%zu: user and assistant do not alternate", i);
        if (strcmp(role, "system")) before = role;
        i++;
    }
    return true;
}

/* From Gemini 3 on the first call of a message must bring the signature back that it came with: of the turn that goes
   on, not of those before the last question. */
static bool check_signatures(const request *r, problem *p) {
    const llmprov_json *from = NULL;
    size_t i = 0;
    const piece *kind;
    if (strncmp(r->model.ptr, "gemini-", 7) || r->model.ptr[7] < '3' || r->model.ptr[7] > '9') return true;
    EACH(m, request_list(r))
        if (!is(m, "role", "model") && count_pieces(r->face, m, PIECE_TEXT)) from = m;
    EACH(m, request_list(r)) {
        walk w = walk_begin(r->face, m);
        const llmprov_json *call = walk_next(&w, PIECE_CALL, &kind);
        if (m == from) from = NULL;
        if (call && !from && !*member(call, "thoughtSignature", ""))
            return invalid(p, NULL, NULL, "contents[%zu]: a functionCall has no thoughtSignature", i);
        i++;
    }
    return true;
}

static bool check_door(const request *r, bool known, const char *key, problem *p) {
    char room[128];
    if (!known) return refuse(p, "brain_not_found", NULL, NULL, "Invalid URL (%.40s %.200s)", r->method, r->path);
    if (strcmp(r->method, "POST"))
        return refuse(p, "brain_method", NULL, NULL, "Not allowed to %.40s on %.200s", r->method, r->path);
    if (key && strcmp(key, request_key(r, room, sizeof room)))
        return refuse(p, r->face->denied, NULL, NULL, "wrong key");
    return true;
}

static bool check_needs(const request *r, problem *p) {
    for (const need *n = r->face->needs; n->name; n++) {
        llmprov_json_type kind = llmprov_json_kind(llmprov_json_get(r->json, n->name));
        if (kind == n->kind) continue;
        if (kind == LLMPROV_JSON_NONE) return invalid(p, n->name, r->face->missing_code, r->face->missing, n->name);
        return invalid(p, n->name, r->face->wrong_code, r->face->wrong, n->name, n->word);
    }
    if (!llmprov_json_count(request_list(r)) && !llmprov_json_text(request_list(r)).len)
        return invalid(p, r->face->list, "empty_array", "%s: at least one message is required", r->face->list);
    return true;
}

static bool has_word(llmprov_str text) {
    size_t blank = 0;
    while (blank < text.len && strchr(" \t\r\n", text.ptr[blank])) blank++;
    return blank < text.len;
}

static bool check_texts(const request *r, const llmprov_json *m, problem *p) {
    walk w = walk_begin(r->face, m);
    const piece *kind;
    for (const llmprov_json *v; (v = walk_next(&w, PIECE_TEXT, &kind)) != NULL;) {
        llmprov_str text = llmprov_json_text(llmprov_json_path(v, kind->says));
        if (!has_word(text)) return invalid(p, NULL, NULL, "%s", r->face->blank);
    }
    return true;
}

/* Items that are no messages have no role. */
static bool check_message(const request *r, const llmprov_json *m, size_t i, problem *p) {
    const llmprov_json *content = llmprov_json_get(m, r->face->content);
    const char *type = member(m, "type", "message");
    char role[40];
    if (strcmp(type, "message")) return true;
    snprintf(role, sizeof role, " %.36s ", member(m, "role", "?"));
    if (!strstr(r->face->roles, role)) return invalid(p, r->face->list, "invalid_value", r->face->bad_role, i);
    if (llmprov_json_kind(content) <= LLMPROV_JSON_NULL && strcmp(role, " assistant ") && strcmp(role, " model "))
        return invalid(p, r->face->list, "invalid_type", "%s.%zu.%s: Field required", r->face->list, i,
                       r->face->content);
    return !r->face->blank || check_texts(r, m, p);
}

/* Does this call, in a message from `from` to before `end`, wait for that result? Without an id the name tells. */
static bool answers_one_of(const request *r, const llmprov_json *from, const llmprov_json *end,
                           const llmprov_json *result, const piece *of) {
    const char *id = piece_str(result, of->id), *tool = piece_str(result, of->tool);
    for (const llmprov_json *m = from; m && m != end; m = llmprov_json_next(request_list(r), m)) {
        walk w = walk_begin(r->face, m);
        const piece *kind;
        for (const llmprov_json *c; (c = walk_next(&w, PIECE_CALL, &kind)) != NULL;)
            if (!strcmp(*id ? id : tool, piece_str(c, *id ? kind->id : kind->tool))) return true;
    }
    return false;
}

/* Every call is answered, and nothing else is. */
static bool check_pairs(const request *r, problem *p) {
    const llmprov_json *asking = NULL;     /* the first message with a call that waits */
    size_t i = 0, open = 0;
    if (r->face->pairs == PAIRS_ANY) return true;
    EACH(m, request_list(r)) {
        walk w = walk_begin(r->face, m);
        const piece *kind;
        bool any = false;
        for (const llmprov_json *v; (v = walk_next(&w, PIECE_RESULT, &kind)) != NULL; open--, any = true)
            if (!open || !answers_one_of(r, asking, m, v, kind))
                return invalid(p, r->face->list, NULL, r->face->orphan, i);
        if (open && r->face->pairs != PAIRS_LATER && (!any || r->face->pairs == PAIRS_NEXT))
            return invalid(p, r->face->list, NULL, r->face->unanswered, i - 1);
        if (!open) asking = m;
        open += count_pieces(r->face, m, PIECE_CALL);
        i++;
    }
    return !open || invalid(p, r->face->list, NULL, r->face->unanswered, i - 1);
}

static bool check_body(const request *r, problem *p) {
    size_t i = 0;
    if (llmprov_json_kind(r->json) != LLMPROV_JSON_OBJECT)
        return invalid(p, NULL, NULL, "The body of the request is not valid JSON.");
    if (!check_needs(r, p)) return false;
    EACH(m, request_list(r))
        if (!check_message(r, m, i++, p)) return false;
    if (!r->stream && llmprov_json_kind(llmprov_json_get(r->json, "stream_options")) == LLMPROV_JSON_OBJECT)
        return invalid(p, "stream_options", NULL, "'stream_options' is only allowed when 'stream' is enabled.");
    return check_pairs(r, p) && (!r->face->check || r->face->check(r, p));
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
// >>faces      the APIs that the mock shows
//==============================================================================

#define OF_MESSAGES { { PIECE_CALL,   "type",     "tool_use",    "id",           "name",          NULL      }, \
                      { PIECE_RESULT, "type",     "tool_result", "tool_use_id",  NULL,            "content" }, \
                      { PIECE_TEXT,   "text",     NULL,          NULL,           NULL,            "text"    } }
#define OF_CHAT     { { PIECE_CALL,   "function", NULL,          "id",           "function.name", NULL      }, \
                      { PIECE_CALL,   "custom",   NULL,          "id",           "custom.name",   NULL      }, \
                      { PIECE_RESULT, "role",     "tool",        "tool_call_id", "tool_name",     "content" }, \
                      { PIECE_TEXT,   "text",     NULL,          NULL,           NULL,            "text"    } }
#define NEED_MODEL       { "model",    LLMPROV_JSON_STRING, "string" }
#define NEED_LIST(name)  { name,       LLMPROV_JSON_ARRAY,  "list" }
#define NEED_MAX_TOKENS  { "max_tokens", LLMPROV_JSON_NUMBER, "integer" }

static const face faces[] = {
    { .name = "openai-chat",
      .routes = { { "/v1/chat/completions", ROUTE_ASKED } },
      .usage = "stream_options.include_usage",
      .list = "messages", .content = "content", .roles = " system developer user assistant tool function ",
      .pieces = OF_CHAT, .tools = "tools", .choice = "tool_choice", .thinks = { "reasoning_effort" },
      .pairs = PAIRS_FOLLOWING, .end = "choices[0].finish_reason",
      .needs = { NEED_MODEL, NEED_LIST("messages") },
      .missing = "Missing required parameter: '%s'.", .missing_code = "missing_required_parameter",
      .wrong = "Invalid type for '%s': expected %s.", .wrong_code = "invalid_type",
      .bad_role = "Invalid value for 'messages[%zu].role'.",
      .unanswered = "messages[%zu]: 'tool_calls' must be followed by tool messages for each 'tool_call_id'.",
      .orphan = "messages[%zu]: a message with role 'tool' must respond to a preceding message with 'tool_calls'.",
      .denied = "authentication" },
    { .name = "openai-responses",
      .routes = { { "/v1/responses", ROUTE_ASKED } },
      .list = "input", .content = "content", .roles = " system developer user assistant ",
      .pieces = { { PIECE_CALL,   "type", "function_call",           "call_id", "name", NULL     },
                  { PIECE_CALL,   "type", "custom_tool_call",        "call_id", "name", NULL     },
                  { PIECE_RESULT, "type", "function_call_output",    "call_id", "name", "output" },
                  { PIECE_RESULT, "type", "custom_tool_call_output", "call_id", "name", "output" },
                  { PIECE_TEXT,   "text", NULL,                      NULL,      NULL,   "text"   } },
      .tools = "tools", .choice = "tool_choice", .thinks = { "reasoning.effort", "reasoning.summary" },
      .pairs = PAIRS_LATER, .end = "type", .end_words = " response.completed response.incomplete response.failed ",
      .needs = { NEED_MODEL },
      .missing = "Missing required parameter: '%s'.", .missing_code = "missing_required_parameter",
      .wrong = "Invalid type for '%s': expected %s.", .wrong_code = "invalid_type",
      .bad_role = "Invalid value for 'input[%zu].role'.",
      .unanswered = "input: No tool output found for the function call before input[%zu].",
      .orphan = "input[%zu]: No tool call found for this function call output.",
      .denied = "authentication" },
    { .name = "anthropic-messages",
      .routes = { { "/v1/messages", ROUTE_ASKED } }, .hint = "anthropic-version",
      .list = "messages", .content = "content", .roles = " user assistant system ",
      .pieces = OF_MESSAGES, .tools = "tools", .choice = "tool_choice", .thinks = { "thinking.type" },
      .pairs = PAIRS_NEXT, .end = "type", .end_words = " message_stop ",
      .needs = { NEED_MODEL, NEED_LIST("messages"), NEED_MAX_TOKENS },
      .missing = "%s: Field required", .wrong = "%s: Input should be a valid %s",
      .bad_role = "messages.%zu.role: Input should be 'user', 'assistant' or 'system'",
      .unanswered = "messages.%zu: `tool_use` ids were found without `tool_result` blocks immediately after",
      .orphan = "messages.%zu: a `tool_result` block has no `tool_use` block in the message before it",
      .blank = "messages: text content blocks must be non-empty",
      .denied = "authentication", .check = check_version },
    { .name = "gemini-generate", .hint = "x-goog-api-key", .sse = "alt=sse",
      .routes = { { "/v1beta/models/*:generateContent",                      ROUTE_WHOLE },
                  { "/v1beta/models/*:streamGenerateContent",                ROUTE_STREAM },
                  { "/v1*/models/*:generateContent",                         ROUTE_WHOLE },
                  { "/v1*/models/*:streamGenerateContent",                   ROUTE_STREAM },
                  { "/v1*/publishers/google/models/*:generateContent",       ROUTE_WHOLE },
                  { "/v1*/publishers/google/models/*:streamGenerateContent", ROUTE_STREAM },
                  { "/v1*/projects/*/locations/*/publishers/google/models/*:generateContent", ROUTE_WHOLE },
                  { "/v1*/projects/*/locations/*/publishers/google/models/*:streamGenerateContent", ROUTE_STREAM } },
      .list = "contents", .content = "parts", .roles = " user model function ",
      .pieces = { { PIECE_CALL, "functionCall", NULL, "functionCall.id", "functionCall.name", NULL },
                  { PIECE_RESULT, "functionResponse", NULL, "functionResponse.id", "functionResponse.name",
                    "functionResponse.response.output" },
                  { PIECE_TEXT, "text", NULL, NULL, NULL, "text" } },
      .tools = "tools", .choice = "toolConfig.functionCallingConfig",
      .thinks = { "generationConfig.thinkingConfig.includeThoughts" },
      .pairs = PAIRS_NEXT, .end = "candidates[0].finishReason",
      .needs = { NEED_LIST("contents") },
      .missing = "* GenerateContentRequest.%s: it is not specified", .wrong = "Invalid value at '%s': expected a %s",
      .bad_role = "contents[%zu]: the role must be user or model",
      .unanswered = "contents[%zu]: as many function response parts must follow as there are function call parts",
      .orphan = "contents[%zu]: a function response part must come right after its function call",
      .denied = "key_invalid", .check = check_signatures },
    { .name = "bedrock-converse", .hint = "x-amz-date",
      .routes = { { "/model/*/converse", ROUTE_WHOLE }, { "/model/*/converse-stream", ROUTE_STREAM } },
      .list = "messages", .content = "content", .roles = " user assistant system ",
      .pieces = { { PIECE_CALL,   "toolUse",    NULL, "toolUse.toolUseId",    "toolUse.name", NULL },
                  { PIECE_RESULT, "toolResult", NULL, "toolResult.toolUseId", NULL,           "toolResult.content" },
                  { PIECE_TEXT,   "text",       NULL, NULL,                   NULL,           "text" } },
      .tools = "toolConfig.tools", .choice = "toolConfig.toolChoice",
      .thinks = { "additionalModelRequestFields.thinking.type",
                  "additionalModelRequestFields.reasoning_config.type" },
      .pairs = PAIRS_NEXT, .end = "stopReason",
      .needs = { NEED_LIST("messages") },
      .missing = "1 validation error detected: '%s' must not be null",
      .wrong = "Malformed input request: %s: expected %s",
      .bad_role = "messages.%zu: the role must be user or assistant",
      .unanswered = "messages.%zu: toolUse blocks must have their toolResult blocks in the next turn",
      .orphan = "messages.%zu: a toolResult block has no toolUse block in the previous turn",
      .blank = "The text field of a ContentBlock is blank", .denied = "authentication", .check = check_converse },
    { .name = "ollama-chat",
      .routes = { { "/api/chat", ROUTE_ASKED } }, .streams = true,
      .list = "messages", .content = "content", .roles = " system user assistant tool ",
      .pieces = OF_CHAT, .tools = "tools", .choice = "", .thinks = { "think" },
      .pairs = PAIRS_ANY, .end = "done_reason",
      .needs = { NEED_MODEL, NEED_LIST("messages") },
      .missing = "%s is required", .wrong = "json: cannot unmarshal the field %s into a %s",
      .bad_role = "messages[%zu]: invalid role", .denied = "authentication" },
    { .name = "cohere-v2",
      .routes = { { "/v2/chat", ROUTE_ASKED } }, .hint = "x-client-name",
      .list = "messages", .content = "content", .roles = " system user assistant tool ",
      .pieces = OF_CHAT, .tools = "tools", .choice = "tool_choice", .thinks = { "thinking.type" },
      .pairs = PAIRS_FOLLOWING, .end = "type", .end_words = " message-end ",
      .needs = { NEED_MODEL, NEED_LIST("messages") },
      .missing = "invalid request: %s is required", .wrong = "invalid request: %s must be a %s",
      .bad_role = "invalid request: messages[%zu] has an unknown role",
      .unanswered = "invalid request: the tool calls of messages[%zu] are not all answered by tool messages",
      .orphan = "invalid request: messages[%zu] answers no tool call", .denied = "authentication" },
    { .name = "legacyuse", .also = "anthropic-messages",
      .routes = { { "/create", ROUTE_WHOLE } },
      .list = "messages", .content = "content", .roles = " user assistant ",
      .pieces = OF_MESSAGES, .tools = "tools", .choice = "tool_choice", .thinks = { "thinking.type" },
      .pairs = PAIRS_NEXT, .end = "type",
      .needs = { NEED_MODEL, NEED_LIST("messages"), NEED_MAX_TOKENS },
      .missing = "%s: Field required", .wrong = "%s: Input should be a valid %s",
      .bad_role = "messages.%zu.role: Input should be 'user' or 'assistant'",
      .unanswered = "messages.%zu: tool_use without tool_result",
      .orphan = "messages.%zu: tool_result without tool_use",
      .blank = "messages: text content blocks must be non-empty", .denied = "authentication", .check = check_proxy },
};

static const face *face_named(const char *name) {
    for (size_t i = 0; i < COUNT(faces); i++)
        if (!strcmp(faces[i].name, name)) return &faces[i];
    return NULL;
}

/* Does the path fit? A star is all until the character behind it, within a segment; the last one is the model. */
static bool path_fits(const char *pattern, const char *path, const char **model, size_t *len) {
    *len = 0;
    for (; *pattern; pattern++) {
        if (*pattern != '*' && *pattern != *path++) return false;
        if (*pattern != '*') continue;
        *model = path;
        *len = strcspn(path, (char[]){ pattern[1], '/', 0 });
        path += *len;
    }
    return !*path;
}

/* Whole segments only: what begins with "/v1" may be anything. */
static bool path_begins(const char *pattern, const char *path) {
    size_t len = strcspn(pattern, "*");
    return (!pattern[len] || pattern[len - 1] == '/') && !strncmp(path, pattern, len);
}

/* A segment of a path without its escapes. */
static void put_decoded(buffer *to, const char *text, size_t len) {
    for (size_t i = 0; i < len; i++) {
        char hex[3] = { 0 }, *end = hex, byte;
        if (text[i] == '%' && len - i > 2) memcpy(hex, text + i + 1, 2);
        byte = (char)strtol(hex, &end, 16);
        if (end != hex + 2) byte = text[i];
        else i += 2;
        buffer_put(to, &byte, 1);
    }
}

/* Finds the API that is meant. An unknown path is refused in the manner of the API that it looks like. */
static const route *find_route(request *r) {
    const char *model = NULL;
    size_t len;
    r->face = NULL;
    buffer_str(&r->model, "");
    for (size_t i = 0; i < COUNT(faces); i++)
        for (const route *to = faces[i].routes; to->path; to++) {
            bool fits = path_fits(to->path, r->path, &model, &len);
            if (!fits && (r->face || !path_begins(to->path, r->path))) continue;
            r->face = &faces[i];
            if (!fits) continue;
            put_decoded(&r->model, model, len);
            return to;
        }
    for (size_t i = 0; i < COUNT(faces) && !r->face; i++)
        if (faces[i].hint && request_header(r, faces[i].hint)) r->face = &faces[i];
    if (!r->face) r->face = &faces[0];
    return NULL;
}

/* What the request says beside its messages: the model, and how the reply is to come. */
static void read_manner(request *r, route_kind kind) {
    const llmprov_json *model = llmprov_json_get(r->json, "model"), *stream = llmprov_json_get(r->json, "stream");
    if (!r->model.len) buffer_str(&r->model, llmprov_json_str(model, ""));
    r->stream = kind == ROUTE_STREAM || (kind == ROUTE_ASKED && llmprov_json_bool(stream, r->face->streams));
    r->array = r->stream && r->face->sse && !query_says(r, r->face->sse);
}

//==============================================================================
// >>brain      a conversation for demonstrations
//
// It calls `add` or `time` when it is asked something and has such a tool,
// tells what a tool said, and otherwise greets and shows that it has read the
// history.
//==============================================================================

typedef struct talk { size_t messages, answers; buffer first, last, results; } talk;

static void talk_free(talk *t) {
    buffer_free(&t->first);
    buffer_free(&t->last);
    buffer_free(&t->results);
}

static void put_raw(buffer *to, const llmprov_json *v) {
    llmprov_str raw = llmprov_json_raw(v);
    buffer_put(to, raw.ptr, raw.len);
}

/* The text of a content: a string, or the parts of a list that are text or JSON; anything else as it is. */
static void put_content(buffer *to, const llmprov_json *content) {
    llmprov_str text = llmprov_json_text(content);
    llmprov_json_type kind = llmprov_json_kind(content);
    if (kind == LLMPROV_JSON_STRING) buffer_put(to, text.ptr, text.len);
    else if (kind != LLMPROV_JSON_ARRAY && kind > LLMPROV_JSON_NULL) put_raw(to, content);
    if (kind != LLMPROV_JSON_ARRAY) return;
    EACH(part, content) {
        text = llmprov_json_text(llmprov_json_get(part, "text"));
        buffer_put(to, text.ptr, text.len);
        if (llmprov_json_get(part, "json")) put_raw(to, llmprov_json_get(part, "json"));
        if (llmprov_json_path(part, "document.data")) put_raw(to, llmprov_json_path(part, "document.data"));
    }
}

static void talk_results(talk *t, const face *f, const llmprov_json *m) {
    walk w = walk_begin(f, m);
    const piece *kind;
    for (const llmprov_json *v; (v = walk_next(&w, PIECE_RESULT, &kind)) != NULL;) {
        if (t->results.len) buffer_str(&t->results, "; ");
        put_content(&t->results, llmprov_json_path(v, kind->says));
        if (!t->results.len) buffer_str(&t->results, "nothing");
    }
}

static void talk_asked(talk *t, const llmprov_json *content) {
    t->last.len = 0;
    put_content(&t->last, content);
    if (!t->first.len) buffer_put(&t->first, t->last.ptr, t->last.len);
}

/* What has no role is no message, but an item beside them. */
static void talk_message(talk *t, const face *f, const llmprov_json *m) {
    bool answer = is(m, "role", "assistant") || is(m, "role", "model");
    if (*member(m, "role", "")) t->messages++;
    if (answer) t->answers++;
    if (answer || count_pieces(f, m, PIECE_CALL)) t->results.len = 0;
    talk_results(t, f, m);
    if (is(m, "role", "user")) talk_asked(t, llmprov_json_get(m, f->content));
}

static void talk_read(talk *t, const request *r) {
    const llmprov_json *list = request_list(r);
    buffer_str(&t->first, "");
    buffer_str(&t->last, "");
    if (llmprov_json_kind(list) == LLMPROV_JSON_STRING) { t->messages = 1; talk_asked(t, list); return; }
    EACH(m, list) talk_message(t, r->face, m);
}

static const char *tool_name(const llmprov_json *tool) {
    static const char *const paths[] = { "name", "function.name", "toolSpec.name", "tool.name",
                                         "allowedFunctionNames[0]" };
    for (size_t i = 0; i < COUNT(paths); i++)
        if (*piece_str(tool, paths[i])) return piece_str(tool, paths[i]);
    return "";
}

/* The tool of that name in a list; NULL as a name is the first of all. */
static const char *tool_among(const llmprov_json *tools, const char *name) {
    EACH(t, tools)
        if (*tool_name(t) && (!name || !strcmp(tool_name(t), name))) return tool_name(t);
    return NULL;
}

/* Gemini has lists of functions among its tools. */
static const char *tool_find(const request *r, const char *name) {
    const llmprov_json *tools = llmprov_json_path(r->json, r->face->tools);
    const char *found = tool_among(tools, name);
    EACH(t, tools)
        if (!found) found = tool_among(llmprov_json_get(t, "functionDeclarations"), name);
    return found;
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

/* What the choice of a tool says: false = no call; *name = the tool that it demands, *forced = some tool. Its word is
   itself, its type, its mode or the name of its only member. */
static bool choice_allows(const request *r, const char **name, bool *forced) {
    const llmprov_json *choice = *r->face->choice ? llmprov_json_path(r->json, r->face->choice) : NULL;
    const llmprov_json *first = llmprov_json_next(choice, NULL);
    const char *key = first && llmprov_json_key(first) ? llmprov_json_key(first) : "auto";
    const char *word = llmprov_json_str(choice, member(choice, "type", member(choice, "mode", key)));
    const char *named = tool_name(choice);
    *name = *named ? named : NULL;
    *forced = *name || !strcasecmp(word, "any") || !strcasecmp(word, "required");
    return strcasecmp(word, "none") != 0;
}

/* Which tool to call with what; NULL = none. */
static const char *brain_call(const request *r, const talk *t, buffer *input) {
    const char *demanded, *name;
    bool forced, numbers = put_addends(input, t->last.ptr);
    if (t->results.len || !choice_allows(r, &demanded, &forced)) return NULL;
    if (!forced && !strchr(t->last.ptr, '?')) return NULL;
    name = demanded ? tool_find(r, demanded) : numbers ? tool_find(r, "add") : NULL;
    if (!name && !demanded) name = tool_find(r, "time");
    if (!name && forced) name = tool_find(r, NULL);
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
    buffer_format(text, "Hello! This is the %s mock. I have seen %zu message%s of this conversation", r->face->name,
                  t->messages, t->messages == 1 ? "" : "s");
    if (t->first.len) buffer_format(text, "; it began with \"%.*s\"", excerpt(t->first.ptr, 60), t->first.ptr);
    buffer_str(text, ".");
}

static bool brain_thinks(const request *r) {
    for (size_t i = 0; i < COUNT(r->face->thinks) && r->face->thinks[i]; i++) {
        const llmprov_json *v = llmprov_json_path(r->json, r->face->thinks[i]);
        const char *word = llmprov_json_str(v, "");
        if (llmprov_json_bool(v, false) || (*word && strcmp(word, "none") && strcmp(word, "disabled"))) return true;
    }
    return false;
}

/* Models that do not talk: the first answer of a conversation is the first case, and the last is said again. */
static const struct { const char *model, *cases[3]; } players[] = {
    { "uitars-1.5", { "uitars_click", "uitars_type", "uitars_finished" } },
};

static const char *player_case(const char *model, size_t answers) {
    for (size_t i = 0; i < COUNT(players); i++) {
        size_t last = COUNT(players[i].cases) - 1;
        if (!strcmp(players[i].model, model)) return players[i].cases[answers < last ? answers : last];
    }
    return NULL;
}

/* What every template may name. The texts live as long as the filling. */
typedef struct thought {
    buffer text, input;
    const char *tool;
    char seq[32], hex[16], created[24], created_at[40], in[24], out[24], sum[24], text_out[24], thinking[24];
} thought;

static void thought_free(thought *t) {
    buffer_free(&t->text);
    buffer_free(&t->input);
}

static void thought_count(thought *t, const request *r, bool thinks) {
    size_t in = r->body.len / 4 + 1, said = (t->text.len + t->input.len) / 4 + 1, out = said + (thinks ? 8 : 0);
    snprintf(t->in, sizeof t->in, "%zu", in);
    snprintf(t->out, sizeof t->out, "%zu", out);
    snprintf(t->sum, sizeof t->sum, "%zu", in + out);
    snprintf(t->text_out, sizeof t->text_out, "%zu", said);
    snprintf(t->thinking, sizeof t->thinking, "%d", thinks ? 8 : 0);
}

/* Twenty digits in base 36: unique, and of the length of a real id. For UUIDs there are twelve hex digits too. */
static void thought_name(thought *t, int64_t n) {
    time_t now = time(NULL);
    struct tm tm;
    snprintf(t->hex, sizeof t->hex, "%012llx", (unsigned long long)n & 0xffffffffffffull);
    for (int i = 20; i-- > 0; n /= 36) t->seq[i] = "0123456789abcdefghijklmnopqrstuvwxyz"[n % 36];
    t->seq[20] = 0;
    snprintf(t->created, sizeof t->created, "%lld", (long long)now);
    gmtime_r(&now, &tm);
    strftime(t->created_at, sizeof t->created_at, "%Y-%m-%dT%H:%M:%S.104211Z", &tm);
}

static void thought_fill(const thought *t, const request *r, filling *f) {
    fill_in(f, "seq", t->seq);
    fill_in(f, "hex", t->hex);
    fill_in(f, "created", t->created);
    fill_in(f, "created_at", t->created_at);
    fill_in(f, "model", r->model.ptr ? r->model.ptr : "");
    fill_in(f, "text", t->text.ptr ? t->text.ptr : "");
    fill_in(f, "thought", "Let me think.");
    fill_in(f, "tool_name", t->tool ? t->tool : "");
    fill_in(f, "tool_input", t->input.ptr ? t->input.ptr : "");
    fill_in(f, "input_tokens", t->in);
    fill_in(f, "output_tokens", t->out);
    fill_in(f, "total_tokens", t->sum);
    fill_in(f, "text_tokens", t->text_out);
    fill_in(f, "thinking_tokens", t->thinking);
}

/* Makes up a reply and returns the case that tells it. */
static const char *brain_answer(const request *r, thought *t) {
    talk heard = { 0 };
    bool thinks = brain_thinks(r);
    const char *played;
    talk_read(&heard, r);
    played = player_case(r->model.ptr, heard.answers);
    t->tool = brain_call(r, &heard, &t->input);
    if (!t->tool) { t->input.len = 0; brain_text(r, &heard, &t->text); }
    talk_free(&heard);
    thought_count(t, r, thinks && !t->tool);
    return played ? played : t->tool ? "brain_call" : thinks ? "brain_thinking" : "brain_text";
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

/* How the events of a stream follow each other. In a golden file each is a piece of text before a separator. */
typedef enum framing { FRAMING_NONE, FRAMING_EVENTS, FRAMING_LINES, FRAMING_MESSAGES, FRAMING_ARRAY } framing;

static const struct { const char *type; framing framing; const char *separator; } framings[] = {
    { "text/event-stream",                  FRAMING_EVENTS,   "\n\n" },
    { "application/x-ndjson",               FRAMING_LINES,    "\n"   },
    { "application/vnd.amazon.eventstream", FRAMING_MESSAGES, "\n"   },
};

/* By the type that the head of a golden file names. The separator tells how its body is cut. */
static framing framing_of(const char *text, const request *r, const char **separator) {
    const char *body = strstr(text, "\n\n");
    for (size_t i = 0; i < COUNT(framings); i++) {
        const char *type = strstr(text, framings[i].type);
        *separator = framings[i].separator;
        if (type && type < body) return r->array ? FRAMING_ARRAY : framings[i].framing;
    }
    return FRAMING_NONE;
}

/* The JSON in an event. */
static const char *event_json(const char *event) {
    const char *data = strncmp(event, "data: ", 6) ? strstr(event, "\ndata: ") : event - 1;
    return data ? data + 7 : strchr(event, '{') ? strchr(event, '{') : "";
}

/* The chunk that openai-chat sends last when it was asked for the usage. */
static bool is_usage_chunk(const llmprov_json *v) {
    const llmprov_json *choices = llmprov_json_get(v, "choices");
    return llmprov_json_kind(choices) == LLMPROV_JSON_ARRAY && !llmprov_json_count(choices) &&
           llmprov_json_kind(llmprov_json_get(v, "usage")) == LLMPROV_JSON_OBJECT;
}

/* Does this event say that the reply, or its first choice, is complete? */
static bool is_terminal(const face *f, const char *data, const llmprov_json *v) {
    const llmprov_json *said = llmprov_json_path(v, f->end);
    char word[64];
    snprintf(word, sizeof word, " %.60s ", llmprov_json_str(said, ""));
    if (!strncmp(data, "[DONE]", 6) || is_usage_chunk(v) || llmprov_json_bool(said, false)) return true;
    return f->end_words ? strstr(f->end_words, word) != NULL : word[1] != ' ';
}

/* Copies an event without the usage that was not asked for. */
static void put_event(buffer *to, const char *event, bool usage) {
    static const char unasked[] = ",\"usage\":null";
    const char *skip = usage ? NULL : strstr(event, unasked);
    buffer_put(to, event, skip ? (size_t)(skip - event) : strlen(event));
    if (skip) buffer_str(to, skip + strlen(unasked));
}

/* One event of a golden stream. False = it is the first that must not come. */
static bool plan_event(plan *p, const char *event, const face *f, const answer *a, bool usage) {
    const char *data = event_json(event);
    llmprov_json *v = usage && !a->no_terminal ? NULL : llmprov_json_parse(data, strcspn(data, "\n"), NULL, NULL);
    bool last = a->no_terminal == 1 && is_terminal(f, data, v), skip = !usage && is_usage_chunk(v);
    llmprov_json_free(v);
    if (last || skip) return !last;
    put_event(&p->body, event, usage);
    plan_piece(p);
    return true;
}

static void plan_stream(plan *p, const char *body, const char *separator, const request *r, const answer *a) {
    const llmprov_json *asked = r->face->usage ? llmprov_json_path(r->json, r->face->usage) : NULL;
    bool usage = !r->face->usage || !r->stream || llmprov_json_bool(asked, false);
    buffer event = { 0 };
    for (bool more = true; *body && more;) {
        const char *end = strstr(body, separator);
        size_t len = end ? (size_t)(end - body) + strlen(separator) : strlen(body);
        event.len = 0;
        buffer_put(&event, body, len);
        more = plan_event(p, event.ptr, r->face, a, usage);
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

/* -- pieces as they are sent -- */

static void put_lines(buffer *to, const char *text, size_t len, bool crlf) {
    for (size_t i = 0; i < len; i++) {
        if (crlf && text[i] == '\n') buffer_put(to, "\r", 1);
        buffer_put(to, text + i, 1);
    }
}

/* An element of an array as Google writes it. */
static void put_element(buffer *to, const char *text, size_t len, bool first) {
    const char *brace = (const char *)memchr(text, '{', len);
    size_t skip = brace ? (size_t)(brace - text) : 0;
    while (len > skip && text[len - 1] == '\n') len--;
    buffer_str(to, first ? "[" : "\n,\r\n");
    buffer_put(to, text + skip, len - skip);
}

/* https://smithy.io/2.0/aws/amazon-eventstream.html: numbers are big-endian, the checksum is that of zlib. */
static uint32_t crc32_of(const char *data, size_t len) {
    uint32_t crc = 0xFFFFFFFFu;
    while (len--) {
        crc ^= (unsigned char)*data++;
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    }
    return ~crc;
}

static void put_number(buffer *to, size_t value, int bytes) {
    while (bytes--) {
        char byte = (char)(unsigned char)(value >> (8 * bytes));
        buffer_put(to, &byte, 1);
    }
}

/* A header whose value is a string, which is type 7. */
static void put_message_header(buffer *to, const char *name, const char *value, size_t len) {
    put_number(to, strlen(name), 1);
    buffer_str(to, name);
    put_number(to, 7, 1);
    put_number(to, len, 2);
    buffer_put(to, value, len);
}

/* The headers of "event TYPE JSON", "exception TYPE JSON" or "error CODE SENTENCE". Returns where the payload is. */
static const char *put_message_headers(buffer *to, const char *line, const char *end) {
    static const struct { const char *kind, *name; } kinds[] = {
        { "event", ":event-type" }, { "exception", ":exception-type" }, { "error", ":error-code" } };
    size_t kind = strcspn(line, " "), i = 0;
    const char *type = line + kind + 1, *rest = type + strcspn(type, " ") + 1;
    while (i < COUNT(kinds) - 1 && (strlen(kinds[i].kind) != kind || memcmp(kinds[i].kind, line, kind))) i++;
    if (rest > end) die("a golden file has no message", line);
    put_message_header(to, kinds[i].name, type, (size_t)(rest - 1 - type));
    if (i == COUNT(kinds) - 1) put_message_header(to, ":error-message", rest, (size_t)(end - rest)), rest = end;
    else put_message_header(to, ":content-type", "application/json", strlen("application/json"));
    put_message_header(to, ":message-type", kinds[i].kind, strlen(kinds[i].kind));
    return rest;
}

/* One message with its two checksums, the second of them wrong on demand. */
static void put_message(buffer *to, const char *line, size_t len, bool wrong) {
    buffer headers = { 0 };
    size_t from = to->len;
    const char *end = line[len - 1] == '\n' ? line + len - 1 : line + len;
    const char *payload = put_message_headers(&headers, line, end);
    put_number(to, 16 + headers.len + (size_t)(end - payload), 4);
    put_number(to, headers.len, 4);
    put_number(to, crc32_of(to->ptr + from, 8), 4);
    buffer_put(to, headers.ptr, headers.len);
    buffer_put(to, payload, (size_t)(end - payload));
    put_number(to, crc32_of(to->ptr + from, to->len - from) ^ (wrong ? 1 : 0), 4);
    buffer_free(&headers);
}

/* From text to what goes over the wire, piece by piece. */
static void plan_encode(plan *p, framing f, const answer *a) {
    buffer text = p->body;
    size_t from = 0;
    memset(&p->body, 0, sizeof p->body);
    buffer_str(&p->body, "");
    for (size_t i = 0; i < p->count; i++) {
        const char *at = text.ptr + from;
        size_t len = p->ends[i] - from;
        if (f == FRAMING_MESSAGES) put_message(&p->body, at, len, a->bad_crc == 1 && i == p->count / 2);
        else if (f == FRAMING_ARRAY) put_element(&p->body, at, len, !i);
        else put_lines(&p->body, at, len, a->crlf == 1);
        if (f == FRAMING_ARRAY && i == p->count - 1 && a->no_terminal != 1) buffer_str(&p->body, "\n]");
        from = p->ends[i];
        p->ends[i] = p->body.len;
    }
    buffer_free(&text);
}

/* A whole reply; what is asked for as an array comes as one, errors too. */
static void plan_whole(plan *p, const char *body, bool array) {
    bool wrap = array && *body != '[';
    if (!*body) return;
    if (wrap) buffer_str(&p->body, "[");
    buffer_str(&p->body, body);
    if (wrap) buffer_str(&p->body, "]");
    plan_piece(p);
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
static const char *plan_head(plan *p, const char *text, const answer *a, framing f) {
    bool dated = false;
    char date[64];
    for (int i = 0; *text && *text != '\n'; i++) {
        buffer line = { 0 };
        size_t len = strcspn(text, "\n");
        buffer_put(&line, text, len);
        if (f == FRAMING_ARRAY && header_named(line.ptr, "content-type")) {
            line.len = 0;
            buffer_str(&line, "content-type: application/json; charset=UTF-8");
        }
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
    const char *separator;
    framing f = framing_of(text, r, &separator);
    const char *body = plan_head(p, text, a, f);
    if (f) plan_stream(p, body, separator, r, a);
    else plan_whole(p, body, r->array);
    if (a->garbage > 0) plan_garbage(p, (size_t)a->garbage);
    if (f) plan_encode(p, f, a);
    plan_framing(p, r, a, f != FRAMING_NONE);
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

static bool case_read(const server *s, const char *folder, const char *name, const char *file, buffer *text) {
    buffer path = { 0 };
    bool found;
    buffer_format(&path, "%s/%s/%s/%s", s->wire, folder, name, file);
    found = file_read(path.ptr, text);
    buffer_free(&path);
    return found;
}

/* Reads the form that is wanted, or the only one there is; of another folder only what went well, and whole. */
static bool case_load(const server *s, const face *f, const char *name, bool stream, buffer *text) {
    if (!case_name(name)) return false;
    if (case_read(s, f->name, name, stream ? "stream.txt" : "reply.txt", text)) return true;
    if (case_read(s, f->name, name, stream ? "reply.txt" : "stream.txt", text)) return true;
    if (!f->also || !case_read(s, f->also, name, "reply.txt", text)) return false;
    if (!strncmp(text->ptr, "HTTP/1.1 2", 10)) return true;
    buffer_free(text);
    return false;
}

/* Names that begin so are templates, which the mock fills in. */
static bool is_template(const char *name) { return !strncmp(name, "brain_", 6); }

static bool script_fits(const answer *a, const request *r) {
    buffer where = { 0 };
    bool fits = !a->format || !strcmp(a->format, r->face->name);
    EACH(v, a->when) {
        const llmprov_json *there = llmprov_json_path(r->json, llmprov_json_key(v));
        bool absent = llmprov_json_kind(v) == LLMPROV_JSON_NULL && llmprov_json_kind(there) == LLMPROV_JSON_NONE;
        bool model = !strcmp(llmprov_json_key(v), "model") && !strcmp(llmprov_json_str(v, ""), r->model.ptr);
        fits = fits && (model || absent || holds(v, there, &where));
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
    buffer_format(&path, "%s/%s/%s/request.json", s->wire, r->face->name, a->name);
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
    return strncmp(r->model.ptr, "mock-", 5) ? NULL : r->model.ptr + 5;
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

/* Loads the case and makes the plan of it. */
static void plan_case(const server *s, plan *p, const request *r, const answer *a, const problem *bad, thought *t) {
    buffer text = { 0 }, filled = { 0 };
    filling f = { .count = 0 };
    if (!case_load(s, r->face, a->name, r->stream, &text)) die("the wire folder lacks a case", a->name);
    thought_name(t, s->requests);
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
    const route *to = find_route(r);
    if (!check_door(r, to != NULL, s->key, p)) return false;
    r->json = llmprov_json_parse(r->body.ptr ? r->body.ptr : "", r->body.len, NULL, NULL);
    read_manner(r, to->kind);
    if (!check_body(r, p) || !choose_answer(s, r, a, p)) return false;
    if (!a->name) a->name = model_case(r);
    if (!a->name) a->name = brain_answer(r, t);
    return case_exists(s, r, a, p) && (a->match != 1 || check_match(s, r, a, p));
}

/* What an API has no case of is invalid there. */
static void plan_refusal(const server *s, plan *p, request *r, const problem *bad) {
    answer a = answer_plain;
    thought t = { .tool = NULL };
    buffer text = { 0 };
    if (!r->face) r->face = &faces[0];
    a.name = case_load(s, r->face, bad->name, r->stream, &text) ? bad->name : "brain_invalid";
    buffer_free(&text);
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
        if (!c->request.face && c->request.path) find_route(&c->request);
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
    "mock: a loopback server that answers as the real ones do, in every wire format\n"
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
