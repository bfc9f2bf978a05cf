/* The transport of examples/fetch.h against the mock server: node fetch-test.js URL CLOSED-URL. Run by tests/platform/wasm.sh. */
#define LLMPROV_IMPLEMENTATION
#include "../../llmprov.h"
#include "../../examples/fetch.h"

#include <stdio.h>

static int failed;

static void expect(bool good, const char *test, const char *what) {
    printf("%s  %s: %s\n", good ? "ok    " : "FAILED", test, what);
    if (!good) failed++;
}

/* What a chat gave, and when. */
typedef struct seen {
    int texts, pauses, retries, cancel_at;
    uint64_t last;
    bool cancelled;              /* answered when asked                                                      */
} seen;

/* A pause: this text came noticeably later than the one before it. */
static bool on_event(void *user, const llmprov_event *e) {
    seen *s = (seen *)user;
    uint64_t now = fetch_now(NULL);
    if (e->type == LLMPROV_EVENT_RETRY) s->retries++;
    if (e->type != LLMPROV_EVENT_TEXT) return true;
    if (s->texts++ && now >= s->last + 20) s->pauses++;
    s->last = now;
    return s->texts != s->cancel_at;
}

static bool after_a_while(void *user) {
    const uint64_t *until = (const uint64_t *)user;
    return fetch_now(NULL) > *until;
}

/* One chat; the mock does what the header says. */
static llmprov_status chat(llmprov_desc *d, const char *url, const char *mock, seen *s, llmprov_response *r) {
    llmprov_request req = { .prompt = "Say hello to the \xC3\xA9l\xC3\xA8ve", .on_event = on_event };
    llmprov_client *client;
    memset(s, 0, offsetof(seen, cancel_at));
    req.user = s;
    d->provider = "openai";
    d->api_key = "k";
    d->base_url = url;
    d->headers = mock;
    d->transport = fetch_transport();
    client = llmprov_open(d);
    llmprov_chat(client, &req, r);
    llmprov_close(client);
    return r->error.code;
}

static void streams(const char *url) {
    llmprov_desc d = { .max_retries = -1 };
    seen s = { .cancel_at = 0 };
    llmprov_response r;
    expect(!chat(&d, url, "x-mock: gap_ms=50", &s, &r), "stream", r.error.message ? r.error.message : "no error");
    expect(r.text && strstr(r.text, "\xC3\xA9l\xC3\xA8ve") != NULL, "stream", "the text went there and back");
    expect(s.texts > 5 && s.pauses * 2 > s.texts, "stream", "events arrive one by one, as they are sent");
    expect(r.stop == LLMPROV_STOP_END && r.usage.output_tokens > 0, "stream", "the end and the usage");
    llmprov_response_free(&r);
}

static void cancels(const char *url) {
    llmprov_desc d = { .max_retries = -1 };
    seen s = { .cancel_at = 2 };
    llmprov_response r;
    uint64_t until, from = fetch_now(NULL);
    expect(chat(&d, url, "x-mock: gap_ms=1000", &s, &r) == LLMPROV_ERR_CANCELLED && s.texts == 2, "cancel", "by an event that says false");
    llmprov_response_free(&r);
    until = fetch_now(NULL) + 300;
    d.cancelled = after_a_while;
    d.user = &until;
    s.cancel_at = 0;
    expect(chat(&d, url, "x-mock: delay_ms=20000", &s, &r) == LLMPROV_ERR_CANCELLED && !s.texts, "cancel", "while nothing comes");
    llmprov_response_free(&r);
    expect(fetch_now(NULL) < from + 10000, "cancel", "at once, not when the reply is over");
}

static void times_out(const char *url) {
    llmprov_desc d = { .max_retries = -1, .timeout_ms = 400 };
    seen s = { .cancel_at = 0 };
    llmprov_response r;
    expect(chat(&d, url, "x-mock: delay_ms=20000", &s, &r) == LLMPROV_ERR_TIMEOUT, "time-out", "of the whole call");
    llmprov_response_free(&r);
    d.timeout_ms = 0;
    d.gap_ms = 400;
    expect(chat(&d, url, "x-mock: gap_ms=20000", &s, &r) == LLMPROV_ERR_TIMEOUT, "time-out", "between two pieces of a stream");
    llmprov_response_free(&r);
}

static void errors(const char *url, const char *closed) {
    llmprov_desc d = { .max_retries = -1 };
    seen s = { .cancel_at = 0 };
    llmprov_response r;
    expect(chat(&d, closed, NULL, &s, &r) == LLMPROV_ERR_TRANSPORT, "error", "nobody listens");
    expect(strstr(r.error.message, "ECONNREFUSED") != NULL, "error", r.error.message);
    llmprov_response_free(&r);
    expect(chat(&d, url, "x-mock: drop", &s, &r) == LLMPROV_ERR_TRANSPORT, "error", "closed without a reply");
    llmprov_response_free(&r);
    expect(chat(&d, url, "x-mock: cut=400", &s, &r) == LLMPROV_ERR_TRUNCATED, "error", "cut in the middle");
    llmprov_response_free(&r);
    expect(chat(&d, url, "x-mock: authentication", &s, &r) == LLMPROV_ERR_AUTH && r.error.http_status == 401, "error", "a refused key, with its status");
    llmprov_response_free(&r);
    expect(chat(&d, url, "x-mock: hello,status=307", &s, &r) != LLMPROV_OK, "error", "a redirect is not followed");
    llmprov_response_free(&r);
    expect(chat(&d, "http://256.256.256.256", NULL, &s, &r) == LLMPROV_ERR_ARGUMENT, "error", "an address that is none");
    llmprov_response_free(&r);
}

/* Headers of the reply arrive, and what is refused for a while is tried again. */
static void retries(const char *url) {
    llmprov_desc d = { .max_retries = 1 };
    seen s = { .cancel_at = 0 };
    llmprov_response r;
    uint64_t from = fetch_now(NULL);
    expect(chat(&d, url, "x-mock: rate_limit,retry_after=1", &s, &r) == LLMPROV_ERR_RATE_LIMIT && s.retries == 1, "retry", "once");
    expect(fetch_now(NULL) >= from + 1000, "retry", "after the second that the reply's header names");
    llmprov_response_free(&r);
}

int main(int argc, char **argv) {
    if (argc < 3) return 2;
    streams(argv[1]);
    cancels(argv[1]);
    times_out(argv[1]);
    errors(argv[1], argv[2]);
    retries(argv[1]);
    printf("%s\n", failed ? "fetch: FAILED" : "fetch: all as expected");
    exit(failed != 0);                          /* what main returns after it has waited, emscripten forgets */
}
