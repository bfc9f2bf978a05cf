/* Eight threads under ThreadSanitizer, over one registry: each opens clients of its own, takes others from the registry
   under a lock, and chats in six wire formats through a transport that plays the golden replies of tests/wire; one more
   thread cancels calls. Run by tests/platform/tsan.sh from the project's root.

   build/tsan [unlocked]       unlocked: without the lock that the manual demands, which the sanitizer must notice */
#define _POSIX_C_SOURCE 200809L
#define LLMPROV_IMPLEMENTATION
#include "../../llmprov.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { THREADS = 8, ROUNDS = 12, FORMATS = 6 };

static struct { const char *provider, *format; char stream[1 << 16], text[1000]; size_t len; const char *body; } golden[FORMATS] = {
    { .provider = "mine", .format = "anthropic-messages" }, { .provider = "openai", .format = "openai-chat" },
    { .provider = "openai-responses", .format = "openai-responses" }, { .provider = "ollama-native", .format = "ollama-chat" },
    { .provider = "cohere", .format = "cohere-v2" }, { .provider = "gemini", .format = "gemini-generate" },
};

static llmprov_registry *registry;
static bool unlocked;

/* What one thread does, and what the thread that cancels sees of it. */
typedef struct worker {
    pthread_t thread;
    int number, format, chats, cancels, wrong;
    bool stall;                  /* the transport waits in the middle until it is cancelled                  */
    pthread_mutex_t lock;        /* of what is below                                                         */
    pthread_cond_t changed;
    bool waiting, cancel, over;
} worker;

static worker workers[THREADS];
static pthread_mutex_t router = PTHREAD_MUTEX_INITIALIZER;

static size_t load(const char *format, const char *name, char *to, size_t size) {
    char path[200];
    size_t n;
    FILE *f;
    sprintf(path, "tests/wire/%.60s/hello/%.60s", format, name);
    f = fopen(path, "rb");
    n = f ? fread(to, 1, size - 1, f) : 0;
    to[n] = 0;
    if (f) fclose(f);
    if (!n) printf("there is no %s\n", path);
    return n;
}

static bool load_all(void) {
    static char expect[1 << 14];
    int i;
    for (i = 0; i < FORMATS; i++) {
        size_t n = load(golden[i].format, "expect.json", expect, sizeof expect);
        llmprov_json *root = llmprov_json_parse(expect, n, NULL, NULL);
        const char *text = llmprov_json_str(llmprov_json_get(root, "text"), "");
        golden[i].len = load(golden[i].format, "stream.txt", golden[i].stream, sizeof golden[i].stream);
        golden[i].body = strstr(golden[i].stream, "\n\n");
        if (!*text || strlen(text) >= sizeof golden[i].text || !golden[i].body) return false;
        strcpy(golden[i].text, text);
        golden[i].body += 2;
        llmprov_json_free(root);
    }
    return true;
}

/* Asked by the engine of the worker's thread; said by the thread that cancels. */
static bool cancelled(void *user) {
    worker *w = (worker *)user;
    bool cancel;
    pthread_mutex_lock(&w->lock);
    cancel = w->cancel;
    pthread_mutex_unlock(&w->lock);
    return cancel;
}

static void wait_to_be_cancelled(worker *w) {
    pthread_mutex_lock(&w->lock);
    w->waiting = true;
    pthread_cond_signal(&w->changed);
    while (!w->cancel) pthread_cond_wait(&w->changed, &w->lock);
    pthread_mutex_unlock(&w->lock);
}

static bool perform(void *user, const llmprov_http *http, llmprov_call *call) {
    worker *w = (worker *)user;
    const char *at = golden[w->format].body, *end = golden[w->format].stream + golden[w->format].len, *half = at + (end - at) / 2;
    llmprov_header type = { "content-type", "text/event-stream" };
    char sent[512];
    (void)http;
    while (llmprov_call_body(call, sent, sizeof sent) > 0) { }
    llmprov_call_sent(call);
    if (strstr(golden[w->format].stream, "ndjson")) type.value = "application/x-ndjson";
    llmprov_call_head(call, 200, &type, 1);
    while (at < end) {
        size_t n = (size_t)(end - at) < 11 ? (size_t)(end - at) : 11;
        if (w->stall && at > half) wait_to_be_cancelled(w);
        if (!llmprov_call_feed(call, at, n)) return false;
        at += n;
    }
    llmprov_call_eof(call);
    return true;
}

static void expect(worker *w, bool good, const char *what) {
    if (good) return;
    printf("thread %d, %s: not as expected: %s\n", w->number, golden[w->format].format, what);
    w->wrong++;
}

static llmprov_desc desc_of(worker *w) {
    llmprov_desc d = { .provider = golden[w->format].provider, .api_key = "k", .max_retries = -1, .cancelled = cancelled };
    d.registry = registry;
    d.user = w;
    d.transport.perform = perform;
    d.transport.user = w;
    return d;
}

static llmprov_client *from_registry(worker *w) {
    llmprov_desc d = desc_of(w);
    llmprov_client *c;
    if (!unlocked) pthread_mutex_lock(&router);
    c = llmprov_client_for(registry, &d);
    if (!unlocked) pthread_mutex_unlock(&router);
    return c;
}

static void chat(worker *w, llmprov_client *c) {
    llmprov_request req = { .model = "m", .prompt = "Say hello.", .temperature = LLMPROV_NUM(0.5), .stream = LLMPROV_STREAM_ON };
    llmprov_response r;
    llmprov_status status = llmprov_chat(c, &req, &r);
    if (w->stall) {
        expect(w, status == LLMPROV_ERR_CANCELLED, "it is cancelled");
        w->cancels++;
    } else {
        expect(w, !status && r.text && !strcmp(r.text, golden[w->format].text), status ? r.error.message : "the text");
        w->chats++;
    }
    llmprov_response_free(&r);
}

static void *work(void *user) {
    worker *w = (worker *)user;
    int round;
    for (round = 0; round < ROUNDS; round++) {
        llmprov_desc d;
        llmprov_client *own, *kept;
        w->format = (w->number + round) % FORMATS;
        w->stall = round % 4 == 3;
        d = desc_of(w);
        own = llmprov_open(&d);
        chat(w, own);
        llmprov_close(own);
        pthread_mutex_lock(&w->lock);
        w->cancel = false;
        pthread_mutex_unlock(&w->lock);
        w->stall = false;
        kept = from_registry(w);
        chat(w, kept);
        expect(w, kept && kept == from_registry(w), "the registry has one client for one desc");
    }
    pthread_mutex_lock(&w->lock);
    w->over = true;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* Cancels each call that waits for it, until the workers are done. */
static void *cancel(void *user) {
    int i;
    (void)user;
    for (i = 0; i < THREADS; i++) {
        worker *w = &workers[i];
        pthread_mutex_lock(&w->lock);
        for (;;) {
            while (!w->waiting && !w->over) pthread_cond_wait(&w->changed, &w->lock);
            if (w->over) break;
            w->waiting = false;
            w->cancel = true;
            pthread_cond_broadcast(&w->changed);
        }
        pthread_mutex_unlock(&w->lock);
    }
    return NULL;
}

int main(int argc, char **argv) {
    llmprov_provider row = { .id = "mine", .format = "anthropic-messages", .base_url = "https://mine.example" };
    pthread_t canceller;
    int i, chats = 0, cancels = 0, wrong = 0;
    unlocked = argc > 1 && !strcmp(argv[1], "unlocked");
    if (!load_all()) return 2;
    registry = llmprov_registry_new(NULL);
    if (llmprov_register(registry, &row, 0)) {
        printf("%s\n", llmprov_registry_error(registry)->message);
        return 2;
    }
    for (i = 0; i < THREADS; i++) {
        workers[i].number = i;
        pthread_mutex_init(&workers[i].lock, NULL);
        pthread_cond_init(&workers[i].changed, NULL);
    }
    for (i = 0; i < THREADS; i++) pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    pthread_create(&canceller, NULL, cancel, NULL);
    for (i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        chats += workers[i].chats;
        cancels += workers[i].cancels;
        wrong += workers[i].wrong;
    }
    pthread_join(canceller, NULL);
    llmprov_registry_free(registry);
    printf("tsan: %d threads, %d chats, %d cancelled, %d wrong\n", THREADS, chats, cancels, wrong);
    return wrong || chats != THREADS * (ROUNDS + ROUNDS - ROUNDS / 4) || cancels != THREADS * (ROUNDS / 4);
}
