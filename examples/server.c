/* server.c: a gateway in one thread. Clients of two APIs are answered by one provider, whatever its API is: a request is
   read (llmprov_ask), refused as its API would (llmprov_asked_check), sent on by a call that never blocks, and each event
   of the reply is written for the client as it comes (llmprov_face_event).

   cc -std=c99 -I. -o server examples/server.c                            http:// providers only
   cc -std=c99 -I. -DLLMPROV_CURL -o server examples/server.c -lcurl

   ./server [--provider ID] [--base-url URL] [--model NAME] [--port N] [--patience MS]

   It prints "listening on 127.0.0.1:PORT". POST /v1/messages is anthropic-messages, POST /v1/chat/completions openai-chat;
   GET /v1/models and GET /health say what little there is to say. The provider's key comes from its variable; the client's
   is not looked at, so it listens on this machine only. What was changed or dropped on the way is said on stderr. */
#define _POSIX_C_SOURCE 200809L
#define LLMPROV_IMPLEMENTATION
#include "llmprov.h"
#include "sockets.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    CLIENTS = 256,               /* at once; others wait until they are accepted                             */
    MOST_HEAD = 64 * 1024,       /* bytes of a request's head, or of its trailer                             */
    MOST_UNSENT = 1024 * 1024,   /* the provider is not read on while a client has so much to take           */
    LINGER_MS = 3000             /* for a client that still sends what was refused                           */
};

/* What can be asked for. */
typedef struct route {
    const char *method, *path;
    const char *format;          /* NULL = no model is asked                                                 */
    size_t most;                 /* bytes of a request: Anthropic's API takes 32 MB, OpenAI does not say     */
} route;

static const route routes[] = {
    { "POST", "/v1/messages",         "anthropic-messages", 32u << 20 },
    { "POST", "/v1/chat/completions", "openai-chat",        64u << 20 },
    { "GET",  "/v1/models",           NULL,                 0 },
    { "GET",  "/health",              NULL,                 0 },
};

typedef struct bytes { char *ptr; size_t len, cap; } bytes;

/* Where a connection is: in a request, in its answer, behind the last one. */
typedef enum stage { AT_LINE, AT_HEADER, AT_BODY, AT_SIZE, AT_CHUNK, AT_CHUNK_END, AT_TRAILER, AT_ANSWER, AT_LINGER, AT_END } stage;

typedef struct conn {
    int fd;
    stage stage;
    uint64_t deadline;           /* of what is waited for                                                    */
    bytes in, body;              /* as it came; the body, into which the request points                      */
    bytes made, out;             /* by the face; what is to be sent                                          */
    size_t used, sent;           /* of `in`; of `out`                                                        */
    /* the request: */
    const route *route;          /* what its path is; NULL = nothing                                         */
    bool allowed;                /* and the method is its                                                    */
    char line[128];              /* "POST /v1/messages", for the log                                         */
    bool plain;                  /* HTTP/1.0: no chunks                                                      */
    bool keep;                   /* the connection serves again                                              */
    bool host, measured, chunked, expects, anthropic;              /* headers that were seen                 */
    size_t head, left;           /* bytes of the head; of the body or chunk that are still to come           */
    /* the answer: */
    llmprov_asked asked;
    llmprov_face *face;
    llmprov_call *call;
    bool streaming;              /* the head of a stream is out                                              */
    sockets up;                  /* the connection to the provider                                           */
    bool busy;                   /* and the call is on it                                                    */
} conn;

static llmprov_client *client;
static int patience = 30000;     /* milliseconds without a byte from a client, or taken by it                */
static const char *model;        /* in place of the one that is asked for; NULL = none                       */
static conn *conns[CLIENTS];
static size_t conn_count;
static volatile sig_atomic_t stopped;

/* -- bytes -- */

static void add(bytes *b, const void *data, size_t len) {
    if (b->len + len + 1 > b->cap) {
        b->cap = (b->len + len + 1) * 2;
        b->ptr = (char *)realloc(b->ptr, b->cap);
        if (!b->ptr) abort();
    }
    if (len) memcpy(b->ptr + b->len, data, len);
    b->len += len;
    b->ptr[b->len] = 0;
}

static void cut(bytes *b, size_t *from) {
    if (*from) memmove(b->ptr, b->ptr + *from, b->len - *from);
    b->len -= *from;
    *from = 0;
}

static void forget(bytes *b) {
    free(b->ptr);
    memset(b, 0, sizeof *b);
}

/* The client gets its time anew. */
static void touch(conn *c, int ms) {
    c->deadline = sockets_now(NULL) + (uint64_t)ms;
}

static void put(conn *c, const void *data, size_t len) {
    if (c->out.len == c->sent) touch(c, patience);
    add(&c->out, data, len);
}

static void put_text(conn *c, const char *text) {
    put(c, text, strlen(text));
}

/* -- answers -- */

static void put_head(conn *c, int status, const char *type) {
    char line[256], date[40];
    time_t now = time(NULL);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime(&now));
    snprintf(line, sizeof line, "HTTP/1.1 %d %s\r\ndate: %s\r\ncontent-type: %s\r\n%s", status, status < 300 ? "OK" : "Error", date, type,
             c->keep ? "" : "connection: close\r\n");
    put_text(c, line);
    fprintf(stderr, "%s %d\n", c->line, status);
}

/* What an error says beside its body: when to come again, and what the provider's support will ask for. */
static void put_error_headers(conn *c, const llmprov_error *e) {
    char line[512];
    if (e->retry_after_ms) {
        snprintf(line, sizeof line, "retry-after: %d\r\nretry-after-ms: %d\r\n", (e->retry_after_ms + 999) / 1000, e->retry_after_ms);
        put_text(c, line);
    }
    if (e->request_id && *e->request_id && strspn(e->request_id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:-") == strlen(e->request_id)) {
        snprintf(line, sizeof line, "request-id: %.200s\r\nx-request-id: %.200s\r\n", e->request_id, e->request_id);
        put_text(c, line);
    }
}

static void put_whole(conn *c, int status, const char *type, const llmprov_error *e) {
    char line[64];
    put_head(c, status, type);
    if (e) put_error_headers(c, e);
    snprintf(line, sizeof line, "%s%s%scontent-length: %lu\r\n\r\n", status == 405 ? "allow: " : "", status == 405 ? c->route->method : "",
             status == 405 ? "\r\n" : "", (unsigned long)c->made.len);
    put_text(c, line);
    put(c, c->made.ptr, c->made.len);
}

/* What the face has written goes out at once, as a chunk of a stream. */
static void put_stream(conn *c) {
    char size[32];
    if (!c->made.len) return;
    if (!c->streaming) {
        c->keep = c->keep && !c->plain;
        put_head(c, 200, llmprov_face_type(c->face, true));
        put_text(c, c->plain ? "cache-control: no-cache\r\n\r\n" : "cache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n");
        c->streaming = true;
    }
    snprintf(size, sizeof size, "%lx\r\n", (unsigned long)c->made.len);
    if (!c->plain) put_text(c, size);
    put(c, c->made.ptr, c->made.len);
    if (!c->plain) put_text(c, "\r\n");
    c->made.len = 0;
}

/* The answer is complete: the connection waits for another request, or ends when all is sent. */
static void next_request(conn *c) {
    llmprov_face_free(c->face);
    llmprov_asked_free(&c->asked);
    c->face = NULL;
    c->streaming = false;
    c->stage = c->keep ? AT_LINE : AT_LINGER;
    c->route = NULL;
    c->body.len = c->head = 0;
    touch(c, c->keep ? patience : LINGER_MS);
}

/* The way out of a face. */
static bool collect(void *user, const void *data, size_t len) {
    add(&((conn *)user)->made, data, len);
    return true;
}

static void open_face(conn *c) {
    llmprov_face_desc d = { .format = c->route && c->route->format ? c->route->format : c->anthropic ? "anthropic-messages" : "openai-chat",
                            .from = llmprov_client_provider(client) ? llmprov_client_provider(client)->format : NULL,
                            .request = &c->asked.request, .created = (int64_t)time(NULL), .out = collect, .user = c };
    c->face = llmprov_face_open(&d);
    c->made.len = 0;
}

/* Answers with an error in the client's own shape; status 0 = the one that its API would answer with. */
static void answer_error(conn *c, const llmprov_error *e, int status) {
    int natural;
    llmprov_status failed = llmprov_face_error(c->face, e, &natural);
    if (c->streaming) {
        put_stream(c);
        if (failed) c->keep = false;                       /* without a last chunk: the client sees that it was cut */
        else if (!c->plain) put_text(c, "0\r\n\r\n");
    } else if (failed) {
        const char *why = llmprov_face_failure(c->face)->message;
        c->made.len = 0;
        add(&c->made, why, strlen(why));
        put_whole(c, status ? status : 501, "text/plain; charset=utf-8", e);
    } else put_whole(c, status ? status : natural, llmprov_face_type(c->face, false), e);
    next_request(c);
}

/* Refuses a request that HTTP itself finds wrong. What of it is still to come is not read as another one. */
static bool refuse(conn *c, int status, const char *why) {
    llmprov_error e = { .code = LLMPROV_ERR_REQUEST, .http_status = status, .message = why };
    if (status == 404) e.code = LLMPROV_ERR_NOT_FOUND;
    if (c->stage != AT_ANSWER) c->keep = false;
    open_face(c);
    answer_error(c, &e, status);
    return true;
}

static void say(const llmprov_warning *w, size_t count) {
    for (size_t i = 0; i < count; i++) fprintf(stderr, "    %s: %s\n", w[i].field, w[i].text);
}

/* -- asking the provider -- */

/* An event of a stream. Errors are written by finish, where it is known whether a byte went out before. */
static bool on_event(void *user, const llmprov_event *e) {
    conn *c = (conn *)user;
    if (e->type == LLMPROV_EVENT_ERROR || (!c->streaming && e->type != LLMPROV_EVENT_START)) return true;
    if (llmprov_face_event(c->face, e)) return false;      /* cancels the call */
    put_stream(c);
    return true;
}

#ifdef LLMPROV_CURL
/* libcurl keeps its sockets to itself: while calls run it is asked every few milliseconds. */
static llmprov_curl_many *many;

static void upstream_begin(conn *c) {
    if (!llmprov_curl_many_add(many, c->call)) llmprov_call_cancel(c->call);
}

static void upstream_move(conn *c) { (void)c; }

static void upstream_end(conn *c) {
    llmprov_call_cancel(c->call);
    llmprov_curl_many_step(many, 0);                       /* lets go of calls that want nothing */
}
#else
static void upstream_begin(conn *c) { c->busy = false; }

/* An exchange that is still under way is given up with its connection. */
static void upstream_end(conn *c) {
    if (c->busy) sockets_close(&c->up);
    c->busy = false;
}

/* Time passes for the call; then it is moved as far as it goes without waiting. */
static void upstream_move(conn *c) {
    llmprov_call_tick(c->call, sockets_now(NULL));
    if (llmprov_call_want(c->call) == LLMPROV_WANT_SEND && !c->busy) c->busy = sockets_begin(&c->up, c->call);
    if (c->busy && c->out.len - c->sent < MOST_UNSENT) c->busy = sockets_step(&c->up);
    if (llmprov_call_want(c->call) == LLMPROV_WANT_TIME || llmprov_call_want(c->call) == LLMPROV_WANT_NOTHING) upstream_end(c);
}
#endif

/* The call wants nothing more: its result, or what went wrong. */
static void finish(conn *c) {
    llmprov_response r;
    size_t count;
    const llmprov_warning *w;
    upstream_end(c);
    llmprov_call_take(c->call, &r);
    llmprov_call_free(c->call);
    c->call = NULL;
    if (!r.error.code && !c->streaming) llmprov_face_reply(c->face, &r);
    if (!r.error.code && llmprov_face_failure(c->face)->code) r.error = *llmprov_face_failure(c->face);
    if (r.error.code) answer_error(c, &r.error, 0);
    else {
        if (!c->streaming) put_whole(c, 200, llmprov_face_type(c->face, false), NULL);
        else if (!c->plain) put_text(c, "0\r\n\r\n");
        say(r.warnings, r.warning_count);
        w = llmprov_face_warnings(c->face, &count);
        say(w, count);
        next_request(c);
    }
    llmprov_response_free(&r);
}

/* The request is whole: it is read, judged as its API judges, and sent on. */
static void ask(conn *c) {
    llmprov_request request;
    llmprov_ask(NULL, c->route->format, c->body.ptr, c->body.len, NULL, &c->asked);
    llmprov_asked_check(&c->asked, NULL);
    open_face(c);
    if (c->asked.error.code) {
        answer_error(c, &c->asked.error, 0);
        return;
    }
    say(c->asked.warnings, c->asked.warning_count);
    request = c->asked.request;
    if (model) request.model = model;
    if (request.stream == LLMPROV_STREAM_ON) {
        request.on_event = on_event;
        request.user = c;
        request.keep = LLMPROV_KEEP_NOTHING;
    }
    c->call = llmprov_call_chat(client, &request);
    if (!request.on_event) llmprov_call_mute(c->call);
    upstream_begin(c);
}

/* The two answers that need no provider. */
static void answer_here(conn *c) {
    const llmprov_provider *row = llmprov_client_provider(client);
    const char *id = model ? model : row && row->default_model ? row->default_model : "default";
    llmprov_writer w = { 0 };
    llmprov_write_open(&w, NULL, '{');
    if (!strcmp(c->route->path, "/health")) llmprov_write_str(&w, "status", "ok", 2);
    else {
        llmprov_write_str(&w, "object", "list", 4);
        llmprov_write_open(&w, "data", '[');
        llmprov_write_open(&w, NULL, '{');
        llmprov_write_str(&w, "id", id, strlen(id));
        llmprov_write_str(&w, "object", "model", 5);       /* as OpenAI's list has it */
        llmprov_write_int(&w, "created", 0);
        llmprov_write_str(&w, "owned_by", row ? row->id : "", row ? strlen(row->id) : 0);
        llmprov_write_str(&w, "type", "model", 5);         /* as Anthropic's does */
        llmprov_write_str(&w, "display_name", id, strlen(id));
        llmprov_write_str(&w, "created_at", "1970-01-01T00:00:00Z", 20);
        llmprov_write_close(&w);
        llmprov_write_close(&w);
        llmprov_write_bool(&w, "has_more", false);
        llmprov_write_str(&w, "first_id", id, strlen(id));
        llmprov_write_str(&w, "last_id", id, strlen(id));
    }
    llmprov_write_close(&w);
    c->made.len = 0;
    add(&c->made, w.text, w.len);
    llmprov_writer_free(&w);
    put_whole(c, 200, "application/json", NULL);
    next_request(c);
}

/* -- reading a request -- */

static bool answer(conn *c) {
    c->stage = AT_ANSWER;
    if (!c->route) return refuse(c, 404, "there is nothing at this path");
    if (!c->allowed) return refuse(c, 405, "this path takes another method");
    if (c->route->format) ask(c);
    else answer_here(c);
    return true;
}

static bool too_long(conn *c) {
    char why[120];
    snprintf(why, sizeof why, "the request is longer than %lu bytes, the most that is taken here", (unsigned long)c->route->most);
    return refuse(c, 413, why);
}

/* The next line of what has come, without its end; NULL = it is not whole. */
static char *line_of(conn *c) {
    char *from = c->in.ptr + c->used, *end = c->in.len > c->used ? (char *)memchr(from, '\n', c->in.len - c->used) : NULL;
    if (!end) return NULL;
    c->used += (size_t)(end - from) + 1;
    c->head += (size_t)(end - from) + 1;
    *end = 0;
    if (end > from && end[-1] == '\r') end[-1] = 0;
    for (char *p = from; p < end - 1; p++)
        if (!*p) *p = ' ';                                 /* where it is refused */
    return from;
}

/* "POST /v1/messages HTTP/1.1": forgets the request before. */
static bool read_line(conn *c, char *line) {
    char *path = strchr(line, ' '), *version = path ? strchr(path + 1, ' ') : NULL;
    if (!*line) return true;                               /* a blank line before a request is legal */
    c->keep = c->allowed = c->plain = c->host = c->measured = c->chunked = c->expects = c->anthropic = false;
    c->left = c->body.len = 0;
    c->route = NULL;
    snprintf(c->line, sizeof c->line, "%.*s", (int)strcspn(line, "?\t\r"), line);
    if (!version || path == line || path[1] != '/' || (strcmp(version, " HTTP/1.1") && strcmp(version, " HTTP/1.0"))) return refuse(c, 400, "this is not HTTP/1.1");
    c->plain = version[8] == '0';
    c->keep = !c->plain;
    *version = *path++ = 0;
    path[strcspn(path, "?")] = 0;
    snprintf(c->line, sizeof c->line, "%s %s", line, path);
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
        if (!strcmp(path, routes[i].path)) c->route = &routes[i];
    c->allowed = c->route && !strcmp(line, c->route->method);
    c->stage = AT_HEADER;
    return true;
}

static bool read_length(conn *c, const char *value) {
    uint64_t length = 0;
    size_t digits = strspn(value, "0123456789");
    for (size_t i = 0; i < digits && i < 19; i++) length = length * 10 + (uint64_t)(value[i] - '0');
    if (!digits || value[digits] || digits > 19 || (c->measured && length != c->left)) return refuse(c, 400, "Content-Length is not one number");
    c->measured = true;
    c->left = (size_t)length;
    return true;
}

/* The head is complete: whether the body is wanted, and how it comes. */
static bool read_head_end(conn *c) {
    if (!c->host && !c->plain) return refuse(c, 400, "a request needs a Host");
    if (c->chunked && c->measured) return refuse(c, 400, "Content-Length and Transfer-Encoding exclude each other");
    if (!c->route || !c->allowed) {
        if (c->chunked || c->left) c->keep = false;        /* its body is not read */
        return answer(c);
    }
    if (c->left > c->route->most) return too_long(c);
    c->stage = c->chunked ? AT_SIZE : AT_BODY;
    if (c->expects && (c->chunked || c->left)) put_text(c, "HTTP/1.1 100 Continue\r\n\r\n");
    return true;
}

static bool read_header(conn *c, char *line) {
    char *value = strchr(line, ':');
    if (!*line) return read_head_end(c);
    if (!value || value == line || strcspn(line, " \t") < (size_t)(value - line)) return refuse(c, 400, "a line of the head is no header");
    *value++ = 0;
    value += strspn(value, " \t");
    for (size_t n = strlen(value); n && strchr(" \t", value[n - 1]); n--) value[n - 1] = 0;
    if (!strcasecmp(line, "host")) c->host = true;
    if (!strcasecmp(line, "anthropic-version")) c->anthropic = true;
    if (!strcasecmp(line, "expect")) c->expects = sockets_has(value, "100-continue");
    if (!strcasecmp(line, "connection")) c->keep = sockets_has(value, "close") ? false : c->keep || sockets_has(value, "keep-alive");
    if (!strcasecmp(line, "content-length")) return read_length(c, value);
    if (!strcasecmp(line, "transfer-encoding") && (c->plain || strcasecmp(value, "chunked"))) return refuse(c, 400, "the only Transfer-Encoding is chunked");
    if (!strcasecmp(line, "transfer-encoding")) c->chunked = true;
    return true;
}

static bool read_size(conn *c, const char *line) {
    size_t digits = strspn(line, "0123456789abcdefABCDEF");
    unsigned long long size = strtoull(line, NULL, 16);
    if (!digits || digits > 15 || !strchr("; \t", line[digits])) return refuse(c, 400, "a chunk has no size");
    if (size > c->route->most - c->body.len) return too_long(c);
    c->left = (size_t)size;
    c->head = 0;
    c->stage = size ? AT_CHUNK : AT_TRAILER;
    return true;
}

/* Moves what has come of the body, or of a chunk. */
static bool read_body(conn *c) {
    size_t len = c->in.len - c->used;
    if (len > c->left) len = c->left;
    add(&c->body, c->in.ptr + c->used, len);
    c->used += len;
    c->left -= len;
    if (c->left) return false;
    if (c->stage == AT_BODY) return answer(c);
    c->stage = AT_CHUNK_END;
    return true;
}

/* One step; false = more must come, or the answer goes first. */
static bool read_step(conn *c) {
    char *line;
    if (c->stage == AT_BODY || c->stage == AT_CHUNK) return read_body(c);
    if (c->stage >= AT_ANSWER) return false;
    line = line_of(c);
    if (c->head > MOST_HEAD || (!line && c->in.len - c->used > MOST_HEAD)) return refuse(c, 431, "the head of the request is too long");
    if (!line) return false;
    switch (c->stage) {
    case AT_LINE:      return read_line(c, line);
    case AT_HEADER:    return read_header(c, line);
    case AT_SIZE:      return read_size(c, line);
    case AT_TRAILER:   return *line || answer(c);
    case AT_CHUNK_END: c->stage = AT_SIZE; return !*line || refuse(c, 400, "a chunk is longer than it says");
    default:           return false;
    }
}

/* -- connections -- */

static void receive(conn *c) {
    char piece[65536];
    ssize_t n = recv(c->fd, piece, sizeof piece, 0);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return;
    if (n <= 0) {
        c->stage = AT_END;                                 /* the client is gone: whatever it asked for */
        return;
    }
    if (c->stage == AT_LINGER) return;                     /* what was refused */
    if (c->stage != AT_ANSWER) touch(c, patience);
    add(&c->in, piece, (size_t)n);
}

static void transmit(conn *c) {
    while (c->sent < c->out.len) {
#ifdef MSG_NOSIGNAL
        ssize_t n = send(c->fd, c->out.ptr + c->sent, c->out.len - c->sent, MSG_NOSIGNAL);
#else
        ssize_t n = send(c->fd, c->out.ptr + c->sent, c->out.len - c->sent, 0);
#endif
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) break;
        if (n < 0) {
            c->stage = AT_END;
            return;
        }
        c->sent += (size_t)n;
        touch(c, c->stage == AT_LINGER ? LINGER_MS : patience);
    }
    if (c->sent == c->out.len && c->stage == AT_LINGER) shutdown(c->fd, SHUT_WR);
    if (c->sent == c->out.len || c->sent > MOST_UNSENT) cut(&c->out, &c->sent);
}

/* Patience has ended. The provider's is the call's own. */
static void expire(conn *c) {
    bool begun = c->stage != AT_LINE || c->in.len > c->used;
    if (sockets_now(NULL) < c->deadline || (c->stage == AT_ANSWER && c->out.len == c->sent)) return;
    if (begun && c->stage < AT_ANSWER) refuse(c, 408, "the rest of the request did not come in time");
    else c->stage = AT_END;
}

/* Everything that a connection can do now. */
static void move(conn *c, short ready) {
    bool more = true;
    if (ready & (POLLIN | POLLHUP | POLLERR)) receive(c);
    while (more) {
        while (read_step(c)) { }
        if (c->call) upstream_move(c);
        more = c->call && llmprov_call_want(c->call) == LLMPROV_WANT_NOTHING;
        if (more) finish(c);
    }
    cut(&c->in, &c->used);
    if (c->stage != AT_END) transmit(c);
    if (c->stage != AT_END) expire(c);
}

static void close_conn(conn *c) {
    if (c->call) {
        llmprov_call_cancel(c->call);
        upstream_end(c);
        llmprov_call_free(c->call);
    }
    llmprov_face_free(c->face);
    llmprov_asked_free(&c->asked);
    sockets_close(&c->up);
    close(c->fd);
    forget(&c->in);
    forget(&c->body);
    forget(&c->made);
    forget(&c->out);
    free(c);
}

static void accept_one(int listener) {
    int fd = accept(listener, NULL, NULL);
    conn *c = fd >= 0 ? (conn *)calloc(1, sizeof *c) : NULL;
    if (fd >= 0 && !c) close(fd);
    if (!c) return;
    sockets_prepare(fd);
    c->fd = fd;
    touch(c, patience);
    conns[conn_count++] = c;
}

/* One turn: waits until something can move, and moves it. */
static void turn(int listener) {
    static struct pollfd wait[1 + 2 * CLIENTS];
    uint64_t now = sockets_now(NULL);
    size_t count = conn_count, i, kept = 0;
    int ms = 1000;
    wait[0] = (struct pollfd){ .fd = count < CLIENTS ? listener : -1, .events = POLLIN };
    for (i = 0; i < count; i++) {
        const conn *c = conns[i];
        int due = llmprov_call_due_ms(c->call);
        bool waits = c->stage != AT_ANSWER || c->out.len > c->sent, full = c->in.len > MOST_HEAD;
        if (c->call && due >= 0 && due < ms) ms = due;
        if (waits && c->deadline < now + (uint64_t)ms) ms = c->deadline > now ? (int)(c->deadline - now) : 0;
        wait[1 + 2 * i] = (struct pollfd){ .fd = c->fd, .events = (short)((full ? 0 : POLLIN) | (c->out.len > c->sent ? POLLOUT : 0)) };
        wait[2 + 2 * i] = (struct pollfd){ .fd = c->busy && c->out.len - c->sent < MOST_UNSENT ? c->up.fd : -1, .events = sockets_events(&c->up) };
    }
#ifdef LLMPROV_CURL
    if (llmprov_curl_many_step(many, 0) > 0 && ms > 5) ms = 5;
#endif
    poll(wait, (nfds_t)(1 + 2 * count), ms);
    if (wait[0].revents) accept_one(listener);
    for (i = 0; i < conn_count; i++) {
        if (i < count) move(conns[i], wait[1 + 2 * i].revents);
        if (conns[i]->stage == AT_END) close_conn(conns[i]);
        else conns[kept++] = conns[i];
    }
    conn_count = kept;
}

static void on_signal(int number) {
    (void)number;
    stopped = 1;
}

/* A listener on this machine; prints where it is. -1 = there is none. */
static int listen_at(int port) {
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    if (fd < 0) return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockets_prepare(fd);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, 128) || getsockname(fd, (struct sockaddr *)&at, &size)) {
        close(fd);
        return -1;
    }
    printf("listening on 127.0.0.1:%d\n", ntohs(at.sin_port));
    fflush(stdout);
    return fd;
}

int main(int argc, char **argv) {
    llmprov_desc desc = { .provider = "anthropic", .max_retries = -1 };      /* whoever asks may ask again */
    const char *port = "0", *ms = NULL;
    struct { const char *name, **to; } options[] = { { "--provider", &desc.provider }, { "--base-url", &desc.base_url }, { "--model", &model },
                                                     { "--port", &port }, { "--patience", &ms } };
    struct sigaction act;
    int listener;
    for (int i = 1; i < argc; i += 2) {
        size_t k = 0;
        while (k < sizeof options / sizeof *options && strcmp(argv[i], options[k].name)) k++;
        if (k == sizeof options / sizeof *options || !argv[i + 1]) {
            fprintf(stderr, "usage: %s [--provider ID] [--base-url URL] [--model NAME] [--port N] [--patience MS]\n", argv[0]);
            return 2;
        }
        *options[k].to = argv[i + 1];
    }
    if (ms && atoi(ms) > 0) patience = atoi(ms);
    memset(&act, 0, sizeof act);
    act.sa_handler = on_signal;
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    client = llmprov_open(&desc);
    if (llmprov_client_error(client)->code) fprintf(stderr, "server: %s\n", llmprov_client_error(client)->message);
#ifdef LLMPROV_CURL
    many = llmprov_curl_many_new(NULL);
#endif
    if ((listener = listen_at(atoi(port))) < 0) {
        perror("server: cannot listen");
        return 1;
    }
    while (!stopped) turn(listener);
    while (conn_count) close_conn(conns[--conn_count]);
#ifdef LLMPROV_CURL
    llmprov_curl_many_free(many);
#endif
    llmprov_close(client);
    close(listener);
    return 0;
}
