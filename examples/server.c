/* server.c: a gateway in one thread. Clients of every API are answered by one provider, whatever its API is: which one
   a client speaks is known by its path (llmprov_format_of); a request is read (llmprov_ask, llmprov_asked_path), refused
   as its API would (llmprov_asked_check), and sent on by a call that never blocks; each event of the reply is written
   for the client as it comes (llmprov_face_event).

   cc -std=c99 -I. -o server examples/server.c                            http:// providers only
   cc -std=c99 -I. -DLLMPROV_CURL -o server examples/server.c -lcurl

   ./server [--provider ID] [--base-url URL] [--model NAME] [--port N] [--patience MS]

   It prints "listening on 127.0.0.1:PORT". POST /v1/messages is anthropic-messages, POST /v1/chat/completions is
   openai-chat, POST /v1/responses is openai-responses, POST /model/NAME/converse and .../converse-stream are
   bedrock-converse, POST /v1beta/models/NAME:generateContent and ...:streamGenerateContent are gemini-generate,
   POST /v2/chat is cohere-v2, POST /api/chat is ollama-chat; GET /v1/models and GET /health say what little there is
   to say. The provider's key comes from its variable; the client's is not looked at, so it listens on this machine
   only. What was changed or dropped on the way is said on stderr. */
#define _POSIX_C_SOURCE 200809L
#define LLMPROV_IMPLEMENTATION
#include "llmprov.h"
#include "sockets.h"
#include "serve.h"
#include <signal.h>

enum { CLIENTS = 256 };          /* at once; others wait until they are accepted                             */

/* What can be asked for. */
typedef struct route {
    const char *method;          /* NULL = nothing                                                           */
    const char *format;          /* NULL = no model is asked                                                 */
    size_t most;                 /* bytes of a request: Anthropic's API takes 32 MB, the others do not say   */
} route;

/* A client, what it asked, and the call that answers it. */
typedef struct conn {
    serve http;
    route route;                 /* what its path is                                                         */
    llmprov_asked asked;
    llmprov_face *face;
    serve_bytes made;            /* by the face                                                              */
    llmprov_call *call;
    sockets up;                  /* the connection to the provider                                           */
    bool busy;                   /* and the call is on it                                                    */
} conn;

static llmprov_client *client;
static const char *model;        /* in place of the one that is asked for; NULL = none                       */
static int patience;             /* milliseconds without a byte from a client, or taken by it                */
static conn *conns[CLIENTS];
static size_t conn_count;
static volatile sig_atomic_t stopped;

/* -- answers -- */

/* The way out of a face. */
static bool collect(void *user, const void *data, size_t len) {
    serve_add(&((conn *)user)->made, data, len);
    return true;
}

/* Before a request is known to be one, its shape is the one that its headers speak of. */
static void open_face(conn *c) {
    const llmprov_provider *row = llmprov_client_provider(client);
    llmprov_face_desc d = { .out = collect, .user = c, .created = (int64_t)time(NULL), .request = &c->asked.request, .path = c->http.target };
    if (row) d.from = row->format;
    if (c->route.format) d.format = c->route.format;
    else d.format = serve_header(&c->http, "anthropic-version") ? "anthropic-messages" : "openai-chat";
    c->face = llmprov_face_open(&d);
    c->made.len = 0;
}

static void answered(conn *c, bool complete) {
    llmprov_face_free(c->face);
    llmprov_asked_free(&c->asked);
    c->face = NULL;
    serve_forget(&c->made);
    serve_end(&c->http, complete);
}

static void put_whole(conn *c, int status, const char *type, const char *headers) {
    fprintf(stderr, "%s %s %d\n", c->http.method, c->http.path, status);
    serve_head(&c->http, status, type, headers, (long)c->made.len);
    serve_put(&c->http, c->made.ptr, c->made.len);
}

/* What the face has written goes out at once. */
static void put_piece(conn *c) {
    if (!c->http.told && c->made.len) {
        fprintf(stderr, "%s %s 200, a stream\n", c->http.method, c->http.path);
        serve_head(&c->http, 200, llmprov_face_type(c->face, true), "cache-control: no-cache\r\n", -1);
    }
    serve_put(&c->http, c->made.ptr, c->made.len);
    c->made.len = 0;
}

/* What an error says beside its body: when to come again, what the provider's support will ask for, other methods. */
static const char *error_headers(const conn *c, const llmprov_error *e, char *lines, size_t size) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:-";
    const char *id = e->request_id ? e->request_id : "";
    int ms = e->retry_after_ms, seconds = ms / 1000 + (ms % 1000 != 0);
    size_t len = 0, count, i;
    const llmprov_header *own = llmprov_face_headers(c->face, &count);
    lines[0] = 0;
    for (i = 0; i < count; i++) len += (size_t)snprintf(lines + len, size - len, "%s: %.100s\r\n", own[i].name, own[i].value);
    if (ms) len += (size_t)snprintf(lines + len, size - len, "retry-after: %d\r\nretry-after-ms: %d\r\n", seconds, ms);
    if (*id && !id[strspn(id, plain)])                     /* it may come from a body, and must not hold a header */
        len += (size_t)snprintf(lines + len, size - len, "request-id: %.200s\r\nx-request-id: %.200s\r\n", id, id);
    if (c->route.method && e->http_status == 405) snprintf(lines + len, size - len, "allow: %s\r\n", c->route.method);
    return lines;
}

/* Answers with an error in the client's own shape; status 0 = the one that its API would answer with. */
static void answer_error(conn *c, const llmprov_error *e, int status) {
    char headers[800];
    int natural;
    llmprov_status failed = llmprov_face_error(c->face, e, &natural);
    const char *type = failed ? "text/plain; charset=utf-8" : llmprov_face_type(c->face, false);
    if (c->http.told) {
        put_piece(c);
        answered(c, !failed);
        return;
    }
    if (failed) {
        const char *why = llmprov_face_failure(c->face)->message;
        c->made.len = 0;
        serve_add(&c->made, why, strlen(why));
        natural = failed == LLMPROV_ERR_UNSUPPORTED ? 501 : 500;
    }
    put_whole(c, status ? status : natural, type, error_headers(c, e, headers, sizeof headers));
    answered(c, true);
}

/* Refuses what HTTP itself finds wrong. */
static void refuse(conn *c, int status, const char *why) {
    llmprov_error e = { .code = LLMPROV_ERR_REQUEST, .http_status = status, .message = why };
    if (status == 404) e.code = LLMPROV_ERR_NOT_FOUND;
    open_face(c);
    answer_error(c, &e, status);
}

static void say(const llmprov_warning *w, size_t count) {
    for (size_t i = 0; i < count; i++) fprintf(stderr, "    %s: %s\n", w[i].field, w[i].text);
}

/* -- asking the provider -- */

/* An event of a stream. Errors are written by finish, where it is known whether a byte went out before. */
static bool on_event(void *user, const llmprov_event *e) {
    conn *c = (conn *)user;
    if (e->type == LLMPROV_EVENT_ERROR) return true;
    if (llmprov_face_event(c->face, e)) return false;      /* cancels the call */
    put_piece(c);
    return true;
}

#ifdef LLMPROV_CURL
/* libcurl keeps its sockets to itself: while calls run it is asked every few milliseconds. What a client does not
   take is gathered until its patience ends, or the reply is longer than desc.limits allow. */
static llmprov_curl_many *many;

static void upstream_begin(conn *c) {
    if (!llmprov_curl_many_add(many, c->call)) llmprov_call_cancel(c->call);
}

static void upstream_move(conn *c) {
    (void)c;
}

static void upstream_end(conn *c) {
    llmprov_call_cancel(c->call);
    llmprov_curl_many_step(many, 0);                       /* lets go of calls that want nothing */
}
#else
static void upstream_begin(conn *c) {
    c->busy = false;
}

/* An exchange that is still under way is given up with its connection. */
static void upstream_end(conn *c) {
    if (c->busy) sockets_close(&c->up);
    c->busy = false;
}

/* Time passes for the call; then it is moved as far as it goes without waiting. The provider is not read on while its
   client has much to take. */
static void upstream_move(conn *c) {
    llmprov_want want;
    llmprov_call_tick(c->call, sockets_now(NULL));
    if (llmprov_call_want(c->call) == LLMPROV_WANT_SEND && !c->busy) c->busy = sockets_begin(&c->up, c->call);
    if (c->busy && serve_unsent(&c->http) < SERVE_MOST_UNSENT) c->busy = sockets_step(&c->up);
    want = llmprov_call_want(c->call);
    if (want == LLMPROV_WANT_TIME || want == LLMPROV_WANT_NOTHING) upstream_end(c);
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
    if (!r.error.code && !c->http.told) llmprov_face_reply(c->face, &r);
    if (!r.error.code && llmprov_face_failure(c->face)->code) r.error = *llmprov_face_failure(c->face);
    if (r.error.code) answer_error(c, &r.error, 0);
    else {
        if (!c->http.told) put_whole(c, 200, llmprov_face_type(c->face, false), "");
        say(r.warnings, r.warning_count);
        w = llmprov_face_warnings(c->face, &count);
        say(w, count);
        answered(c, true);
    }
    llmprov_response_free(&r);
}

/* The request is whole: it is read, judged as its API judges, and sent on. */
static void ask(conn *c) {
    llmprov_request request;
    llmprov_ask(NULL, c->route.format, c->http.body.ptr, c->http.body.len, NULL, &c->asked);
    llmprov_asked_path(&c->asked, NULL, c->http.path);
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

static void put_member(llmprov_writer *w, const char *key, const char *text) {
    llmprov_write_str(w, key, text, strlen(text));
}

/* One model, in a list that is OpenAI's and Anthropic's at once. */
static void put_models(llmprov_writer *w) {
    const llmprov_provider *row = llmprov_client_provider(client);
    const char *id = model ? model : row && row->default_model ? row->default_model : "default";
    put_member(w, "object", "list");
    llmprov_write_open(w, "data", '[');
    llmprov_write_open(w, NULL, '{');
    put_member(w, "id", id);
    put_member(w, "object", "model");
    llmprov_write_int(w, "created", 0);
    put_member(w, "owned_by", row ? row->id : "");
    put_member(w, "type", "model");
    put_member(w, "display_name", id);
    put_member(w, "created_at", "1970-01-01T00:00:00Z");
    llmprov_write_close(w);
    llmprov_write_close(w);
    llmprov_write_bool(w, "has_more", false);
    put_member(w, "first_id", id);
    put_member(w, "last_id", id);
}

static void answer_here(conn *c) {
    llmprov_writer w = { 0 };
    llmprov_write_open(&w, NULL, '{');
    if (!strcmp(c->http.path, "/health")) put_member(&w, "status", "ok");
    else put_models(&w);
    llmprov_write_close(&w);
    c->made.len = 0;
    serve_add(&c->made, w.text, w.len);
    llmprov_writer_free(&w);
    put_whole(c, 200, "application/json", "");
    answered(c, true);
}

/* -- connections -- */

static route route_of(const char *path) {
    route r = { NULL, llmprov_format_of(NULL, path), 64u << 20 };
    if (r.format) r.method = "POST";
    if (!r.format && (!strcmp(path, "/v1/models") || !strcmp(path, "/health"))) r.method = "GET";
    if (!r.format) r.most = 0;
    else if (!strcmp(r.format, "anthropic-messages")) r.most = 32u << 20;
    return r;
}

/* A head has come: a body is wanted only where there is somebody to read it. */
static void begin(conn *c) {
    if (!c->route.method) refuse(c, 404, "there is nothing at this path");
    else if (strcmp(c->http.method, c->route.method)) refuse(c, 405, "this path takes another method");
    else c->http.most = c->route.most;
}

static bool act(conn *c, serve_what what) {
    if (what == SERVE_HEAD || what == SERVE_WRONG) c->route = route_of(c->http.path);
    if (what == SERVE_HEAD) begin(c);
    if (what == SERVE_REQUEST && c->route.format) ask(c);
    else if (what == SERVE_REQUEST) answer_here(c);
    if (what == SERVE_WRONG) refuse(c, c->http.status, c->http.why);
    return what != SERVE_MORE;
}

/* Everything that a connection can do now. */
static void move(conn *c, short ready) {
    bool more = true;
    if (ready & (POLLIN | POLLHUP | POLLERR)) serve_receive(&c->http);
    while (more) {
        while (act(c, serve_next(&c->http))) { }
        if (c->call) upstream_move(c);
        more = c->call && llmprov_call_want(c->call) == LLMPROV_WANT_NOTHING;
        if (more) finish(c);
    }
    if (c->http.stage != SERVE_AT_END) serve_transmit(&c->http);
    if (c->http.stage != SERVE_AT_END) act(c, serve_expire(&c->http));
}

/* The client is gone, or done: whatever it asked for is given up. */
static void end(conn *c) {
    if (c->call) {
        llmprov_call_cancel(c->call);
        upstream_end(c);
        llmprov_call_free(c->call);
    }
    llmprov_face_free(c->face);
    llmprov_asked_free(&c->asked);
    serve_forget(&c->made);
    serve_close(&c->http);
    sockets_close(&c->up);
    free(c);
}

static void accept_one(int listener) {
    int fd = accept(listener, NULL, NULL);
    conn *c = fd >= 0 ? (conn *)calloc(1, sizeof *c) : NULL;
    if (fd >= 0 && !c) close(fd);
    if (!c) return;
    sockets_prepare(fd);
    c->http.fd = fd;
    c->http.patience = patience;
    serve_touch(&c->http);
    conns[conn_count++] = c;
}

/* What to wait for: the client, and the provider. Returns for how long. */
static int watch(const conn *c, struct pollfd *wait, uint64_t now, int ms) {
    bool read_on = c->busy && serve_unsent(&c->http) < SERVE_MOST_UNSENT;
    int due = llmprov_call_due_ms(c->call);
    wait[0] = (struct pollfd){ .fd = c->http.fd, .events = serve_events(&c->http) };
    wait[1] = (struct pollfd){ .fd = read_on ? c->up.fd : -1, .events = sockets_events(&c->up) };
    if (c->call && due >= 0 && due < ms) ms = due;
    if (!serve_waits(&c->http) || c->http.deadline >= now + (uint64_t)ms) return ms;
    return c->http.deadline > now ? (int)(c->http.deadline - now) : 0;
}

/* One turn: waits until something can move, and moves it. */
static void turn(int listener) {
    static struct pollfd wait[1 + 2 * CLIENTS];
    uint64_t now = sockets_now(NULL);
    size_t count = conn_count, i, kept = 0;
    int ms = 1000;
    wait[0] = (struct pollfd){ .fd = count < CLIENTS ? listener : -1, .events = POLLIN };
    for (i = 0; i < count; i++) ms = watch(conns[i], &wait[1 + 2 * i], now, ms);
#ifdef LLMPROV_CURL
    if (llmprov_curl_many_step(many, 0) > 0 && ms > 5) ms = 5;
#endif
    poll(wait, (nfds_t)(1 + 2 * count), ms);
    if (wait[0].revents) accept_one(listener);
    for (i = 0; i < conn_count; i++) {
        if (i < count) move(conns[i], wait[1 + 2 * i].revents);
        if (conns[i]->http.stage == SERVE_AT_END) end(conns[i]);
        else conns[kept++] = conns[i];
    }
    conn_count = kept;
}

static void on_signal(int number) {
    (void)number;
    stopped = 1;
}

/* What AWS's signatures hold. */
static int64_t wall_clock(void *user) {
    (void)user;
    return (int64_t)time(NULL) * 1000;
}

/* -- the command line -- */

static const char *provider = "anthropic", *base_url, *port_text = "0", *patience_text = "30000";
static const struct { const char *name, **to; } options[] = {
    { "--provider", &provider }, { "--base-url", &base_url }, { "--model", &model }, { "--port", &port_text },
    { "--patience", &patience_text },
};

static bool read_options(int argc, char **argv) {
    for (int i = 1; i < argc; i += 2) {
        size_t k = 0, count = sizeof options / sizeof *options;
        while (k < count && strcmp(argv[i], options[k].name)) k++;
        if (k == count || i + 1 == argc) return false;
        *options[k].to = argv[i + 1];
    }
    patience = atoi(patience_text);
    return patience > 0;
}

int main(int argc, char **argv) {
    llmprov_desc desc = { .max_retries = -1, .unix_ms = wall_clock };     /* whoever asks may ask again */
    struct sigaction act;
    int listener, port;
    if (!read_options(argc, argv)) {
        fprintf(stderr, "usage: server [--provider ID] [--base-url URL] [--model NAME] [--port N] [--patience MS]\n");
        return 2;
    }
    memset(&act, 0, sizeof act);
    act.sa_handler = on_signal;
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    desc.provider = provider;
    desc.base_url = base_url;
    client = llmprov_open(&desc);
    if (llmprov_client_error(client)->code) fprintf(stderr, "server: %s\n", llmprov_client_error(client)->message);
#ifdef LLMPROV_CURL
    many = llmprov_curl_many_new(NULL);
#endif
    port = atoi(port_text);
    if ((listener = serve_listen(&port)) < 0) {
        perror("server: cannot listen");
        return 1;
    }
    printf("listening on 127.0.0.1:%d\n", port);
    fflush(stdout);
    while (!stopped) turn(listener);
    while (conn_count) end(conns[--conn_count]);
#ifdef LLMPROV_CURL
    llmprov_curl_many_free(many);
#endif
    llmprov_close(client);
    close(listener);
    return 0;
}
