/* A compiled-in transport against tests/platform/server.py: one line for each case, the same whatever the transport is.

       transport HTTP OTHER PROXY FULL [CA_FILE]         the ports that the server printed; with a CA file over TLS
       transport trust URL                    one call: "ok", or why not

   What a library says of its own goes to stderr. Run by tests/platform/windows.sh, which compiles it with libcurl for
   this system and with WinHTTP for Windows. */
#define _POSIX_C_SOURCE 200809L
#define _CRT_SECURE_NO_WARNINGS
#define LLMPROV_IMPLEMENTATION
#include "../../llmprov.h"
#include <stdio.h>

// -- threads -------------------------------------------------------------------------------

#ifdef _WIN32
typedef HANDLE thread;
typedef DWORD thread_result;
#define THREAD WINAPI
static void thread_start(thread *t, thread_result (THREAD *run)(void *), void *user) { *t = CreateThread(NULL, 0, run, user, 0, NULL); }
static void thread_join(thread t) { WaitForSingleObject(t, INFINITE); CloseHandle(t); }
static void pause_ms(int ms) { Sleep((DWORD)ms); }
static double seconds(void) { return (double)GetTickCount64() / 1000; }
#else
#include <pthread.h>
#include <time.h>
typedef pthread_t thread;
typedef void *thread_result;
#define THREAD
static void thread_start(thread *t, thread_result (THREAD *run)(void *), void *user) { pthread_create(t, NULL, run, user); }
static void thread_join(thread t) { pthread_join(t, NULL); }
static void pause_ms(int ms) {
    struct timespec t = { ms / 1000, ms % 1000 * 1000000L };
    nanosleep(&t, NULL);
}
static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
#endif

// -- one call ------------------------------------------------------------------------------

static int ports[4];
static const char *ca_file;
static const char *proxy;        /* NULL = what the system says                                              */

typedef struct plan {
    bool whole;                  /* no stream                                                                */
    int connect_ms, gap_ms, timeout_ms, retries;
    int cancel_ms;               /* another thread cancels then                                              */
    const char *headers;
    const llmprov_message *messages;
    size_t message_count;
    double most;                 /* seconds that it may take; 0 = 30                                         */
} plan;

static llmprov_transport transport(void) {
#ifdef LLMPROV_CURL
    llmprov_curl_desc d = { 0 };
    d.ca_file = ca_file;
    d.proxy = proxy;
    return llmprov_curl(&d);
#else
    llmprov_winhttp_desc d = { 0 };
    d.proxy = proxy;
    return llmprov_winhttp(&d);
#endif
}

typedef struct canceller {
    volatile bool cancelled;
    int after_ms;
} canceller;

static thread_result THREAD cancel_later(void *user) {
    canceller *c = (canceller *)user;
    pause_ms(c->after_ms);
    c->cancelled = true;
    return 0;
}

static bool is_cancelled(void *user) { return ((canceller *)user)->cancelled; }

static bool on_event(void *user, const llmprov_event *e) {
    if (e->type == LLMPROV_EVENT_RETRY) ++*(int *)user;
    return true;
}

static llmprov_client *open_client(const char *base, const plan *p, canceller *c) {
    llmprov_desc d = { 0 };
    d.provider = "custom";
    d.base_url = base;
    d.api_key = "secret";
    d.transport = transport();
    d.max_retries = p->retries ? p->retries : -1;
    d.connect_ms = p->connect_ms;
    d.gap_ms = p->gap_ms;
    d.timeout_ms = p->timeout_ms;
    d.headers = p->headers;
    d.cancelled = is_cancelled;
    d.user = c;
    return llmprov_open(&d);
}

/* "name: how it ended, what came" */
static void report(const char *name, const llmprov_response *r, int again, double took, double most) {
    const llmprov_error *e = &r->error;
    const char *text = r->text ? r->text : "";
    char line[600];              /* said at once: there are threads                                          */
    int n = sprintf(line, "%s: %s", name, e->code ? llmprov_status_text(e->code) : "ok");
    if (e->http_status) n += sprintf(line + n, ", http %d", e->http_status);
    if (e->retry_after_ms) n += sprintf(line + n, ", retry after %d ms", e->retry_after_ms);
    if (e->request_id && *e->request_id) n += sprintf(line + n, ", request id %.60s", e->request_id);
    if (again) n += sprintf(line + n, ", tried again");
    if (e->code == LLMPROV_ERR_TIMEOUT || e->code == LLMPROV_ERR_CANCELLED) text = "";   /* of that it depends on the moment */
    if (strlen(text) > 100) n += sprintf(line + n, ", %lu bytes of text", (unsigned long)strlen(text));
    else if (*text) n += sprintf(line + n, ", \"%s\"", text);
    if (took > (most > 0 ? most : 30)) n += sprintf(line + n, ", too late");
    sprintf(line + n, "\n");
    fputs(line, stdout);
    fflush(stdout);
    if (e->code) fprintf(stderr, "%s: %s\n", name, e->message);
}

static void ask_client(const char *name, llmprov_client *client, const plan *p, canceller *c) {
    llmprov_request request = { 0 };
    llmprov_response r;
    double from = seconds();
    thread t = 0;
    int again = 0;
    request.model = "m";
    request.prompt = "Hello, W\xC3\xB6rld";
    request.messages = p->messages;
    request.message_count = p->message_count;
    if (p->messages) request.prompt = NULL;
    if (!p->whole) request.on_event = on_event;
    request.user = &again;
    if (p->cancel_ms) {
        c->after_ms = p->cancel_ms;
        thread_start(&t, cancel_later, c);
    }
    llmprov_chat(client, &request, &r);
    report(name, &r, again, seconds() - from, p->most);
    if (p->cancel_ms) thread_join(t);
    llmprov_response_free(&r);
}

static void ask_at(const char *name, const char *base, const plan *p) {
    canceller c = { false, 0 };
    llmprov_client *client = open_client(base, p, &c);
    ask_client(name, client, p, &c);
    llmprov_close(client);
}

static void base_of(char *to, int port, const char *path) {
    sprintf(to, "http%s://%s:%d/%s", ca_file ? "s" : "", ca_file ? "localhost" : "127.0.0.1", port, path);
}

static void ask(const char *name, const plan *p) {
    char base[200];
    base_of(base, ports[0], name);
    ask_at(name, base, p);
}

// -- cases ---------------------------------------------------------------------------------

static void replies(void) {
    static const char *const streams[] = { "stream", "close", "big", "bytes", "slow", "cut", "cut-event", "reset", "no-done", "drop", "reset-at-once", "no-http",
        "root", "beside", "absolute", "query", "round", "nowhere", "other-port", "other-host", "no-scheme", "other-scheme", "no-url", "moved", "see-other",
        "lines", "401", "407", "429", "304" };
    static const char *const wholes[] = { "whole", "empty", "cut-short", "early" };
    plan p = { 0 };
    size_t i;
    for (i = 0; i < sizeof streams / sizeof *streams; i++) ask(streams[i], &p);
    p.whole = true;
    for (i = 0; i < sizeof wholes / sizeof *wholes; i++) ask(wholes[i], &p);
    p.retries = 1;
    ask("drop-once", &p);
}

static void large_bodies(void) {
    static char text[5000000];
    llmprov_block block = { 0 };
    llmprov_message message = { 0 };
    plan p = { 0 };
    size_t i;
    for (i = 0; i + 1 < sizeof text; i++) text[i] = (char)('a' + i % 26);
    block.type = LLMPROV_BLOCK_TEXT;
    block.text = text;
    block.text_len = sizeof text - 1;
    message.role = LLMPROV_ROLE_USER;
    message.blocks = &block;
    message.block_count = 1;
    p.messages = &message;
    p.message_count = 1;
    ask("stream", &p);
    ask("beside", &p);
    ask("early", &p);
}

/* The same connection serves again, and no cookie comes back. */
static void kept(void) {
    canceller c = { false, 0 };
    plan p = { 0 };
    char base[200];
    llmprov_client *client;
    p.whole = true;
    base_of(base, ports[0], "cookie");
    client = open_client(base, &p, &c);
    ask_client("cookie", client, &p, &c);
    ask_client("cookie", client, &p, &c);
    llmprov_close(client);
}

static void time_outs(void) {
    plan p = { 0 };
    char base[200];
    p.most = 8;                  /* the server hangs for 20                                                  */
    p.connect_ms = 500;
    base_of(base, ports[3], "full");
    ask_at("connect_ms", base, &p);
    p.connect_ms = 0;
    p.gap_ms = 500;
    ask("hang", &p);
    ask("hang-in-stream", &p);
    p.gap_ms = 0;
    p.whole = true;
    p.timeout_ms = 500;
    ask("hang", &p);
    base_of(base, ports[3], "full");
    ask_at("timeout_ms", base, &p);
    p.timeout_ms = 0;
    p.cancel_ms = 300;
    ask("hang", &p);
    ask_at("cancelled while it connects", base, &p);
    p.whole = false;
    ask("hang-in-stream", &p);
    ask("slow", &p);
}

static void no_server(void) {
    plan p = { 0 };
    char base[200];
    base_of(base, 1, "refused");
    ask_at("refused", base, &p);
    ask_at("no such name", ca_file ? "https://nowhere.invalid" : "http://nowhere.invalid", &p);
}

static void proxies(void) {
    char base[200], address[100];
    plan p = { 0 };
    base_of(base, ports[0], "stream");
    sprintf(address, "http://%s:%d", ca_file ? "127.0.0.1" : "localhost", ports[2]);   /* Wine knows a proxy by its name */
    proxy = address;
    ask_at("proxy", base, &p);
    strcat(address, "/");
    ask_at("proxy with a slash", base, &p);
    proxy = address + 7;
    ask_at("proxy without http", base, &p);
    proxy = "http://127.0.0.1:1";
    ask_at("proxy that refuses", base, &p);
    proxy = "http://nowhere.invalid:3128";
    ask_at("proxy that is nowhere", base, &p);
    proxy = "";
    ask_at("no proxy", base, &p);
}

static thread_result THREAD ask_slowly(void *user) {
    plan p = { 0 };
    (void)user;
    ask("slow", &p);
    return 0;
}

/* One client each: they wait at the same time. */
static void threads(void) {
    thread t[12];                /* one after the other they would take 14 seconds                           */
    double from = seconds();
    int i;
    for (i = 0; i < 12; i++) thread_start(&t[i], ask_slowly, NULL);
    for (i = 0; i < 12; i++) thread_join(t[i]);
    printf("twelve at once: %s\n", seconds() - from < 8 ? "in time" : "too late");
}

/* What only WinHTTP cannot. */
#ifdef LLMPROV_WINHTTP
static size_t no_bytes(void *user, uint64_t offset, void *to, size_t size) {
    (void)user, (void)offset, (void)to, (void)size;
    return 0;
}

static void refused(const char *what, const plan *p) {
    canceller c = { false, 0 };
    llmprov_request request = { 0 };
    llmprov_response r;
    llmprov_client *client;
    char base[200];
    base_of(base, ports[0], "refused");
    client = open_client(base, p, &c);
    request.model = "m";
    request.prompt = p->messages ? NULL : "Hello";
    request.messages = p->messages;
    request.message_count = p->message_count;
    llmprov_chat(client, &request, &r);
    printf("refused by WinHTTP: %s: %s: %s\n", what, llmprov_status_text(r.error.code), r.error.message);
    llmprov_response_free(&r);
    llmprov_close(client);
}

static void refusals(void) {
    static const char *const wrong[] = { "socks5://127.0.0.1:1", "http://me:pw@127.0.0.1:1", "http://", "a b", "http://h/path", "\xC3:1" };
    llmprov_block block = { 0 };
    llmprov_message message = { 0 };
    plan p = { 0 };
    size_t i;
    for (i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        proxy = wrong[i];
        refused(i + 1 < sizeof wrong / sizeof *wrong ? wrong[i] : "no UTF-8", &p);
    }
    proxy = "";
    p.headers = "x-title: Gr\xC3\xBC\xC3\x9F\x65\n";
    refused("a header", &p);
    p.headers = NULL;
    block.type = LLMPROV_BLOCK_IMAGE;
    block.mime = "image/png";
    block.source.read = no_bytes;
    block.data_len = 3000000;
    message.role = LLMPROV_ROLE_USER;
    message.blocks = &block;
    message.block_count = 1;
    p.messages = &message;
    p.message_count = 1;
    refused("a source that ends", &p);
    block.data_len = (size_t)((uint64_t)4 << 30);
    refused("too long a body", &p);
}
#endif

int main(int argc, char **argv) {
    plan p = { 0 };
    int i;
#ifdef LLMPROV_CURL
    curl_global_init(CURL_GLOBAL_DEFAULT);
#endif
    if (argc == 3) {
        ask_at(argv[1], argv[2], &p);
        return 0;
    }
    if (argc < 5) return 2;
    for (i = 0; i < 4; i++) ports[i] = (int)strtol(argv[i + 1], NULL, 10);
    ca_file = argc > 5 ? argv[5] : NULL;
    proxy = "";
    replies();
    large_bodies();
    kept();
    time_outs();
    no_server();
    proxies();
    threads();
#ifdef LLMPROV_WINHTTP
    refusals();
#endif
    return 0;
}
