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
#include "drive.h"

#include <sys/resource.h>

enum { MOST = 10000, GOAL = 8192, PATIENCE_MS = 300000 };

/* The providers that the streams are shared out among, one of each wire format. */
static const char *const providers[] = { "openai", "anthropic", "openai-responses", "bedrock", "gemini", "cohere", "ollama-native" };
enum { PROVIDERS = sizeof providers / sizeof *providers };

typedef struct stream {
    bool begun, ended;
    int number, provider;
    char text[256];              /* what it was told */
    size_t len;
} stream;

typedef struct soak {
    llmprov_client *clients[PROVIDERS];
    stream *streams;
    drive *drives;
    int count, begun, ended;
    size_t events;
    size_t held;                 /* at the moment when all had begun and none had ended; 0 = there was none */
} soak;

static soak now;
static drive_count memory[PROVIDERS];
static size_t held[PROVIDERS];
static int failures;

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
    for (i = 0; i < PROVIDERS; i++) now.held += held[i] = memory[i].live;
}

// -- one round -----------------------------------------------------------------------------

static void check(bool good, const char *what, const char *more) {
    if (good) return;
    if (failures++ < 10) printf("soak: %s%s%s\n", what, more ? ": " : "", more ? more : "");
}

static void begin(const char *url, const char *how, int count) {
    int i;
    memset(&now, 0, sizeof now);
    now.count = count;
    memset(memory, 0, sizeof memory);
    now.streams = (stream *)drive_zeroed((size_t)count, sizeof *now.streams);
    now.drives = (drive *)drive_zeroed((size_t)count, sizeof *now.drives);
    for (i = 0; i < PROVIDERS; i++) {
        llmprov_desc d;
        memset(&d, 0, sizeof d);
        d.provider = providers[i];
        d.base_url = url;
        d.api_key = "k";
        d.headers = how;
        d.alloc.fn = drive_alloc;
        d.alloc.user = &memory[i];
        d.timeout_ms = d.connect_ms = d.gap_ms = PATIENCE_MS;
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
        now.drives[i].call = llmprov_call_chat(now.clients[s->provider], &r);
        if (!now.drives[i].call) exit(3);
    }
}

static void end(void) {
    int i, lost = 0, mixed = 0;
    for (i = 0; i < now.count; i++) {
        stream *s = &now.streams[i];
        llmprov_response r;
        char own[32];
        sprintf(own, "<stream %d>", s->number);
        llmprov_call_take(now.drives[i].call, &r);
        if (r.error.code || !s->ended) {
            lost++;
            check(false, providers[s->provider], s->ended ? r.error.message : "it did not end in time");
        } else if (!strstr(s->text, own) || strstr(strstr(s->text, own) + 1, "<stream")) {
            mixed++;
            check(false, own, s->text);
        }
        llmprov_response_free(&r);
        llmprov_call_free(now.drives[i].call);
    }
    for (i = 0; i < PROVIDERS; i++) {
        llmprov_close(now.clients[i]);
        check(memory[i].live == 0, "memory was not given back", providers[i]);
    }
    printf("  %d streams, %d lost, %d mixed\n", now.count, lost, mixed);
    free(now.streams);
    free(now.drives);
}

static void round_of(const char *name, drive_way run, const char *url, int count) {
    size_t share = (size_t)(count / PROVIDERS);
    uint64_t from, took;
    int i;
    printf("%s\n", name);
    begin(url, "x-mock: gap_ms=1500", count);
    from = sockets_now(NULL);
    run(now.drives, (size_t)count, from + PATIENCE_MS, look);
    took = sockets_now(NULL) - from;
    printf("  all at once, slowly: %.1f s\n", (double)took / 1000);
    check(now.held > 0, "the streams were not all open at one time; the first had ended before the last began", NULL);
    for (i = 0; i < PROVIDERS && now.held; i++) {
        printf("  %-18s %6zu bytes a stream (<= %d), at most %zu\n", providers[i], held[i] / share, GOAL, memory[i].most / share);
        check(held[i] / share <= GOAL, "a stream holds more than the goal", providers[i]);
    }
    end();
    begin(url, "x-mock: gap_ms=0", count);
    from = sockets_now(NULL);
    run(now.drives, (size_t)count, from + PATIENCE_MS, NULL);
    took = sockets_now(NULL) - from;
    printf("  as fast as it goes: %zu events in %.1f s, %.0f a second\n", now.events, (double)took / 1000, (double)now.events * 1000 / (double)(took ? took : 1));
    end();
    fflush(stdout);
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
    mock = drive_mock(argv[1], url, sizeof url);
    if (!*only || !strcmp(only, "poll")) round_of("poll", drive_poll, url, count);
#ifdef LLMPROV_CURL
    if (!*only || !strcmp(only, "curl")) round_of("curl-multi", drive_curl, url, count);
#else
    printf("skipped: curl-multi: there is no libcurl\n");
#endif
    drive_stop(mock);
    printf("soak: %d failures\n", failures);
    return failures != 0;
}
