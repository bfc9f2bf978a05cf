/* build/soak MOCK [STREAMS [poll|curl]]: thousands of streams at once in one thread, against the mock server in a second
   process, first poll-driven over examples/sockets.h, then by libcurl's multi interface where it is compiled in.

   Each stream asks for its own number and must be told it, so that none is lost or mixed. The mock sends slowly at first:
   once every stream has begun and none has ended, what they hold of the library's own memory is counted; the transport's
   memory is not in it. Then the same again as fast as it goes, for the events per second. Run by `make soak`. */
#define _POSIX_C_SOURCE 200809L
#ifndef LLMPROV_APART
#define LLMPROV_IMPLEMENTATION
#endif
#include "../llmprov.h"
#include "../examples/sockets.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { MOST = 10000, DIALLING = 256, GOAL = 8192, TURN_MS = 100, PATIENCE_MS = 300000 };

/* The providers that the streams are shared out among, one of each wire format. */
static const char *const providers[] = { "openai", "anthropic", "openai-responses", "bedrock", "gemini", "cohere", "ollama-native" };
enum { PROVIDERS = sizeof providers / sizeof *providers };

typedef struct stream {
    llmprov_call *call;
    sockets *socket;             /* poll-driven only */
    bool busy, begun, ended;
    int number, provider;
    char text[256];              /* what it was told */
    size_t len;
} stream;

typedef struct soak {
    llmprov_client *clients[PROVIDERS];
    stream *streams;
    int count;
    int begun, ended;
    size_t events;
    size_t held;                 /* at the moment when all had begun and none had ended; 0 = there was none */
} soak;

static soak now;
static size_t live[PROVIDERS], most[PROVIDERS], held[PROVIDERS];
static int failures;

static void *allocate(void *user, void *ptr, size_t old_size, size_t new_size) {
    size_t *of = (size_t *)user;
    void *p = new_size ? realloc(ptr, new_size) : NULL;
    if (!new_size) free(ptr);
    if (new_size && !p) return NULL;
    *of += new_size;
    *of -= old_size;
    if (*of > most[of - live]) most[of - live] = *of;
    return p;
}

static bool hear(void *user, const llmprov_event *e) {
    stream *s = (stream *)user;
    now.events++;
    if (e->type == LLMPROV_EVENT_TEXT) {
        size_t n = e->text_len < sizeof s->text - 1 - s->len ? e->text_len : sizeof s->text - 1 - s->len;
        memcpy(s->text + s->len, e->text, n);
        s->len += n;
        if (!s->begun) s->begun = true, now.begun++;
    }
    if (e->type == LLMPROV_EVENT_END || e->type == LLMPROV_EVENT_ERROR) s->ended = true, now.ended++;
    return true;
}

/* The memory of the moment in which everything is open. */
static void look(void) {
    int i;
    if (now.held || now.begun < now.count || now.ended) return;
    for (i = 0; i < PROVIDERS; i++) held[i] = live[i], now.held += live[i];
}

// -- the two ways of moving them -----------------------------------------------------------

/* False = it wants nothing more. */
static bool move(stream *s, uint64_t ms, int *dialling) {
    llmprov_want want;
    llmprov_call_tick(s->call, ms);
    if (llmprov_call_want(s->call) == LLMPROV_WANT_SEND && !s->busy && *dialling < DIALLING) s->busy = sockets_begin(s->socket, s->call);
    if (s->busy) s->busy = sockets_step(s->socket);
    *dialling += s->busy && s->socket->state == SOCKETS_CONNECT;
    want = llmprov_call_want(s->call);
    if (s->busy && (want == LLMPROV_WANT_TIME || want == LLMPROV_WANT_NOTHING)) {
        sockets_close(s->socket);
        s->busy = false;
    }
    return want != LLMPROV_WANT_NOTHING;
}

static void run_poll(uint64_t until) {
    struct pollfd *wait = (struct pollfd *)calloc((size_t)now.count, sizeof *wait);
    int i, running = now.count;
    uint64_t turned = 0;
    if (!wait) exit(3);
    for (i = 0; i < now.count; i++) {
        wait[i].fd = -1;
        now.streams[i].socket = (sockets *)calloc(1, sizeof(sockets));
        if (!now.streams[i].socket) exit(3);
    }
    while (running && sockets_now(NULL) < until) {
        uint64_t ms = sockets_now(NULL);
        bool all = ms - turned >= TURN_MS;       /* now and then each has its time told, ready or not */
        int dialling = 0;
        if (all) turned = ms;
        running = 0;
        for (i = 0; i < now.count; i++) {
            stream *s = &now.streams[i];
            if (s->ended && !s->busy) continue;
            if (s->busy && !wait[i].revents && !all) {
                running++;
                dialling += s->socket->state == SOCKETS_CONNECT;
                continue;
            }
            running += move(s, ms, &dialling);
            wait[i].fd = s->busy ? s->socket->fd : -1;
            wait[i].events = sockets_events(s->socket);
        }
        look();
        if (running) poll(wait, (nfds_t)now.count, TURN_MS);
    }
    for (i = 0; i < now.count; i++) {
        sockets_close(now.streams[i].socket);
        free(now.streams[i].socket);
    }
    free(wait);
}

#ifdef LLMPROV_CURL
static void run_curl(uint64_t until) {
    llmprov_curl_many *many = llmprov_curl_many_new(NULL);
    int i;
    if (!many) exit(3);
    for (i = 0; i < now.count; i++)
        if (!llmprov_curl_many_add(many, now.streams[i].call)) exit(3);
    while (llmprov_curl_many_step(many, 100) > 0 && sockets_now(NULL) < until) look();
    llmprov_curl_many_free(many);
}
#endif

// -- one round -----------------------------------------------------------------------------

static void check(bool good, const char *what, const char *more) {
    if (good) return;
    if (failures++ < 10) printf("soak: %s%s%s\n", what, more ? ": " : "", more ? more : "");
}

static void begin(const char *url, const char *how, int count) {
    int i;
    memset(&now, 0, sizeof now);
    now.count = count;
    now.streams = (stream *)calloc((size_t)count, sizeof *now.streams);
    if (!now.streams) exit(3);
    for (i = 0; i < PROVIDERS; i++) {
        llmprov_desc d;
        memset(&d, 0, sizeof d);
        d.provider = providers[i];
        d.base_url = url;
        d.api_key = "k";
        d.headers = how;
        d.alloc.fn = allocate;
        d.alloc.user = &live[i];
        d.timeout_ms = d.connect_ms = d.gap_ms = PATIENCE_MS;
        live[i] = most[i] = 0;
        now.clients[i] = llmprov_open(&d);
        check(now.clients[i] && !llmprov_client_error(now.clients[i])->code, "no client", providers[i]);
    }
    for (i = 0; i < count; i++) {
        stream *s = &now.streams[i];
        llmprov_request r;
        char prompt[32];
        memset(&r, 0, sizeof r);
        sprintf(prompt, "<stream %d>", s->number = i);
        r.model = "m";
        r.prompt = prompt;
        r.stream = LLMPROV_STREAM_ON;
        r.keep = LLMPROV_KEEP_NOTHING;
        r.on_event = hear;
        r.user = s;
        s->provider = i % PROVIDERS;
        s->call = llmprov_call_chat(now.clients[s->provider], &r);
        if (!s->call) exit(3);
    }
}

static void end(void) {
    int i, lost = 0, mixed = 0;
    for (i = 0; i < now.count; i++) {
        stream *s = &now.streams[i];
        llmprov_response r;
        char own[32];
        sprintf(own, "<stream %d>", s->number);
        llmprov_call_take(s->call, &r);
        if (r.error.code || !s->ended) {
            lost++;
            check(false, providers[s->provider], s->ended ? r.error.message : "it did not end in time");
        } else if (!strstr(s->text, own) || strstr(strstr(s->text, own) + 1, "<stream")) {
            mixed++;
            check(false, own, s->text);
        }
        llmprov_response_free(&r);
        llmprov_call_free(s->call);
    }
    for (i = 0; i < PROVIDERS; i++) {
        llmprov_close(now.clients[i]);
        check(live[i] == 0, "memory was not given back", providers[i]);
    }
    printf("  %d streams, %d lost, %d mixed\n", now.count, lost, mixed);
    free(now.streams);
}

static void round_of(const char *name, void (*run)(uint64_t), const char *url, int count) {
    size_t share = (size_t)(count / PROVIDERS);
    uint64_t from, took;
    int i;
    printf("%s\n", name);
    begin(url, "x-mock: gap_ms=1500", count);
    from = sockets_now(NULL);
    run(from + PATIENCE_MS);
    took = sockets_now(NULL) - from;
    printf("  all at once, slowly: %.1f s\n", (double)took / 1000);
    check(now.held > 0, "the streams were not all open at one time; the first had ended before the last began", NULL);
    for (i = 0; i < PROVIDERS && now.held; i++) {
        printf("  %-18s %6zu bytes a stream (<= %d), at most %zu\n", providers[i], held[i] / share, GOAL, most[i] / share);
        check(held[i] / share <= GOAL, "a stream holds more than the goal", providers[i]);
    }
    end();
    begin(url, "x-mock: gap_ms=0", count);
    from = sockets_now(NULL);
    run(from + PATIENCE_MS);
    took = sockets_now(NULL) - from;
    printf("  as fast as it goes: %zu events in %.1f s, %.0f a second\n", now.events, (double)took / 1000, (double)now.events * 1000 / (double)(took ? took : 1));
    end();
    fflush(stdout);
}

// -- the mock ------------------------------------------------------------------------------

static pid_t start(const char *mock, char *url, size_t size) {
    int ends[2];
    char line[256];
    size_t len = 0;
    const char *port;
    pid_t pid;
    struct pollfd wait;
    if (pipe(ends) || (pid = fork()) < 0) exit(3);
    if (!pid) {
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        execl(mock, mock, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    wait.fd = ends[0];
    wait.events = POLLIN;
    while (len < sizeof line - 1 && !memchr(line, '\n', len) && poll(&wait, 1, 10000) > 0) {
        ssize_t n = read(ends[0], line + len, sizeof line - 1 - len);
        if (n <= 0) break;
        len += (size_t)n;
    }
    close(ends[0]);
    line[len] = 0;
    port = strrchr(line, ':');
    if (!port) {
        fprintf(stderr, "soak: %s does not start\n", mock);
        exit(3);
    }
    snprintf(url, size, "http://127.0.0.1:%d", atoi(port + 1));
    return pid;
}

int main(int argc, char **argv) {
    int count = argc > 2 ? atoi(argv[2]) : MOST;
    const char *only = argc > 3 ? argv[3] : "";
    struct rlimit files;
    char url[64];
    pid_t mock;
    if (argc < 2 || count < PROVIDERS) {
        fprintf(stderr, "usage: soak MOCK [STREAMS [poll|curl]]\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_max != RLIM_INFINITY && files.rlim_max < (rlim_t)count + 64) {
        count = (int)files.rlim_max - 64;
        printf("skipped: this machine allows %d open files: as many streams\n", count);
    }
    mock = start(argv[1], url, sizeof url);
    if (!*only || !strcmp(only, "poll")) round_of("poll", run_poll, url, count);
#ifdef LLMPROV_CURL
    if (!*only || !strcmp(only, "curl")) round_of("curl-multi", run_curl, url, count);
#else
    printf("skipped: curl-multi: there is no libcurl\n");
#endif
    kill(mock, SIGKILL);
    waitpid(mock, NULL, 0);
    printf("soak: %d failures\n", failures);
    return failures != 0;
}
