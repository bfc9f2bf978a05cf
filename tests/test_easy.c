/* >>easy: blocking calls, over a transport that plays a script. */
#include "test.h"
#include "feed.h"

/* One attempt of the script. */
typedef struct easy_attempt { int status; const char *body; bool broken, fail_told, eof_told; } easy_attempt;

typedef struct easy_server {
    const easy_attempt *attempts;
    int count, performed, waits, closed, waited;
    uint64_t now;
    size_t body_bytes;
    char url[200];
} easy_server;

static bool easy_perform(void *user, const llmprov_http *http, llmprov_call *call) {
    easy_server *s = (easy_server *)user;
    const easy_attempt *a = s->performed < s->count ? &s->attempts[s->performed] : NULL;
    char piece[256];
    size_t n;
    s->performed++;
    CHECK_ALWAYS(http != NULL);
    if (!http) return false;
    sprintf(s->url, "%.190s", http->url);
    s->body_bytes = 0;
    while ((n = llmprov_call_body(call, piece, sizeof piece)) != 0) s->body_bytes += n;
    if (!a || !a->body) return false;
    llmprov_call_sent(call);
    feed_head(call, a->status, "text/event-stream");
    feed_bytes(call, 0, a->body, strlen(a->body), NULL);
    if (a->fail_told) llmprov_call_fail(call, LLMPROV_ERR_TIMEOUT, "the transport's own words");
    if (a->eof_told) llmprov_call_eof(call);
    return !a->broken;
}

static void easy_wait(void *user, int ms) {
    easy_server *s = (easy_server *)user;
    s->waits++;
    s->waited += ms;
    s->now += (uint64_t)(ms > 0 ? ms : 0);
}

static uint64_t easy_now(void *user) { return ((easy_server *)user)->now; }
static void easy_close(void *user) { ((easy_server *)user)->closed++; }

static llmprov_desc easy_desc(easy_server *s, const easy_attempt *attempts, int count) {
    llmprov_desc d = feed_desc("openai");
    memset(s, 0, sizeof *s);
    s->attempts = attempts;
    s->count = count;
    s->now = 1000;
    d.max_retries = 2;
    d.transport.perform = easy_perform;
    d.transport.wait = easy_wait;
    d.transport.now = easy_now;
    d.transport.close = easy_close;
    d.transport.user = s;
    return d;
}

TEST(easy_chat_returns_the_answer) {
    static const easy_attempt attempts[] = { { 200, feed_chat, false, false, false } };
    easy_server s;
    llmprov_desc d = easy_desc(&s, attempts, 1);
    llmprov_client *c = llmprov_open(&d);
    llmprov_request req = { .prompt = "Hi.", .model = "m-1", .stream = LLMPROV_STREAM_ON };
    llmprov_response r = { 0 };
    OK_OR(llmprov_chat(c, &req, &r), done);
    CHECK_STR(r.text, "Hello, w\xC3\xB6rld");
    CHECK_INT(r.attempts, 1);
    CHECK_STR(s.url, "https://api.openai.com/v1/chat/completions");
    CHECK(s.body_bytes > 20);
    CHECK_INT(s.performed, 1);
done:
    llmprov_response_free(&r);
    llmprov_close(c);
    CHECK_ALWAYS(!c || s.closed == 1);
}

TEST(easy_chat_tells_its_events_on_the_way) {
    static const easy_attempt attempts[] = { { 200, feed_chat_tool, false, false, true } };
    easy_server s;
    llmprov_desc d = easy_desc(&s, attempts, 1);
    llmprov_client *c = llmprov_open(&d);
    feed_log log;
    llmprov_request req = feed_request("Hi.", &log);
    llmprov_response r = { 0 };
    if (llmprov_chat(c, &req, &r) == LLMPROV_OK) {
        CHECK_STR(log.text, feed_chat_tool_events);
        CHECK_INT(r.stop, LLMPROV_STOP_TOOL_USE);
    } else CHECK(false);
    llmprov_response_free(&r);
    llmprov_close(c);
}

TEST(easy_chat_tries_again) {
    static const easy_attempt attempts[] = { { 503, "{}", false, false, false }, { 0, NULL, true, false, false }, { 200, feed_chat, false, false, false } };
    easy_server s;
    llmprov_desc d = easy_desc(&s, attempts, 3);
    llmprov_client *c = llmprov_open(&d);
    feed_log log;
    llmprov_request req = feed_request("Hi.", &log);
    llmprov_response r = { 0 };
    if (llmprov_chat(c, &req, &r) == LLMPROV_OK) {
        CHECK_INT(r.attempts, 3);
        CHECK_INT(s.performed, 3);
        CHECK(s.waited >= 375 + 750 && s.waited <= 500 + 1000 + 100);
        CHECK_STR(r.text, "Hello, w\xC3\xB6rld");
        CHECK(!strncmp(log.text, "RETRY 20\nRETRY 6\nSTART", 22));
    } else CHECK(false);
    llmprov_response_free(&r);
    llmprov_close(c);
}

TEST_NO_OOM(easy_chat_gives_up) {
    static const easy_attempt attempts[] = { { 500, "{}", false, false, false }, { 500, "{}", false, false, false }, { 500, "{\"error\":{\"message\":\"the last\"}}", false, false, false } };
    easy_server s;
    llmprov_desc d = easy_desc(&s, attempts, 3);
    llmprov_client *c = llmprov_open(&d);
    llmprov_request req = { .prompt = "Hi.", .model = "m-1" };
    llmprov_response r;
    CHECK_INT(llmprov_chat(c, &req, &r), LLMPROV_ERR_SERVER);
    CHECK_STR(r.error.message, "the last");
    CHECK_INT(r.attempts, 3);
    CHECK_INT(s.performed, 3);
    llmprov_response_free(&r);
    llmprov_close(c);
}

/* A transport that cannot wait never tries again. */
TEST_NO_OOM(easy_chat_without_wait_or_now_tries_once) {
    static const easy_attempt attempts[] = { { 500, "{}", false, false, false }, { 200, feed_chat, false, false, false } };
    int how;
    for (how = 0; how < 2; how++) {
        easy_server s;
        llmprov_desc d = easy_desc(&s, attempts, 2);
        llmprov_client *c;
        llmprov_request req = { .prompt = "Hi.", .model = "m-1" };
        llmprov_response r;
        if (how) d.transport.now = NULL;
        else d.transport.wait = NULL;
        c = llmprov_open(&d);
        CHECK_INT(llmprov_chat(c, &req, &r), LLMPROV_ERR_SERVER);
        CHECK_INT(r.attempts, 1);
        CHECK_INT(s.performed, 1);
        llmprov_response_free(&r);
        llmprov_close(c);
    }
}

TEST_NO_OOM(easy_chat_of_a_transport_that_fails) {
    static const easy_attempt silent[] = { { 0, NULL, true, false, false } }, told[] = { { 200, ": x\n", true, true, false } }, nothing[] = { { 200, "", false, false, false } };
    static const easy_attempt partial[] = { { 200, FEED_DELTA("{\"content\":\"so far\"}"), true, false, false } };
    static const struct { const easy_attempt *attempts; llmprov_status code; const char *says, *text; } cases[] = {
        { silent, LLMPROV_ERR_TRANSPORT, "transport", "" }, { told, LLMPROV_ERR_TIMEOUT, "the transport's own words", "" }, { nothing, LLMPROV_ERR_TRUNCATED, "", "" },
        { partial, LLMPROV_ERR_TRANSPORT, "", "so far" },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        easy_server s;
        llmprov_desc d = easy_desc(&s, cases[i].attempts, 1);
        llmprov_client *c;
        llmprov_request req = { .prompt = "Hi.", .model = "m-1", .stream = LLMPROV_STREAM_ON };
        llmprov_response r;
        d.max_retries = -1;
        c = llmprov_open(&d);
        CHECK_INT(llmprov_chat(c, &req, &r), cases[i].code);
        CHECK(strstr(r.error.message, cases[i].says));
        CHECK_STR(r.text, cases[i].text);
        CHECK_INT(s.performed, 1);
        llmprov_response_free(&r);
        llmprov_close(c);
    }
}

TEST_NO_OOM(easy_chat_whose_callback_stops) {
    static const easy_attempt attempts[] = { { 200, feed_chat, false, false, false } };
    easy_server s;
    llmprov_desc d = easy_desc(&s, attempts, 1);
    llmprov_client *c = llmprov_open(&d);
    feed_log log;
    llmprov_request req = feed_request("Hi.", &log);
    llmprov_response r;
    log.stop_at = 3;
    CHECK_INT(llmprov_chat(c, &req, &r), LLMPROV_ERR_CANCELLED);
    CHECK_INT(log.events, 3);
    CHECK_INT(s.performed, 1);
    CHECK_STR(r.text, "Hel");
    llmprov_response_free(&r);
    llmprov_close(c);
}

#ifndef LLMPROV_CURL
TEST(easy_chat_without_a_transport_says_so) {
    llmprov_client *c = feed_client("openai");
    llmprov_request req = { .prompt = "Hi.", .model = "m-1" };
    llmprov_response r = { 0 };
    CHECK_INT(llmprov_chat(c, &req, &r), LLMPROV_ERR_ARGUMENT);
    CHECK(r.error.message && strstr(r.error.message, "transport"));
    llmprov_response_free(&r);
    llmprov_close(c);
}
#endif

/* A refused request never reaches the transport. */
TEST_NO_OOM(easy_chat_sends_nothing_that_is_refused) {
    static const easy_attempt attempts[] = { { 200, feed_chat, false, false, false } };
    easy_server s;
    llmprov_desc d = easy_desc(&s, attempts, 1);
    llmprov_client *c = llmprov_open(&d);
    llmprov_request req = { .prompt = "\xFF", .model = "m-1" };
    llmprov_response r;
    CHECK_INT(llmprov_chat(c, &req, &r), LLMPROV_ERR_ARGUMENT);
    CHECK_INT(s.performed, 0);
    CHECK_INT(r.attempts, 0);
    llmprov_response_free(&r);
    llmprov_close(c);
}

/* Clock and script alone decide: a server that never answers costs the time that was allowed. */
static bool easy_silent(void *user, const llmprov_http *http, llmprov_call *call) {
    easy_server *s = (easy_server *)user;
    (void)http;
    s->performed++;
    while (llmprov_call_want(call) == LLMPROV_WANT_SEND || llmprov_call_want(call) == LLMPROV_WANT_RECV) {
        int due = llmprov_call_due_ms(call);
        CHECK(due >= 0);
        s->now += (uint64_t)(due > 0 ? due : 1);
        llmprov_call_tick(call, s->now);
        llmprov_call_sent(call);
    }
    return false;
}

TEST_NO_OOM(easy_chat_with_a_silent_server_ends) {
    easy_server s;
    llmprov_desc d = easy_desc(&s, NULL, 0);
    llmprov_client *c;
    llmprov_request req = { .prompt = "Hi.", .model = "m-1", .stream = LLMPROV_STREAM_ON };
    llmprov_response r;
    d.transport.perform = easy_silent;
    d.gap_ms = 3000;
    d.timeout_ms = 20000;
    c = llmprov_open(&d);
    CHECK_INT(llmprov_chat(c, &req, &r), LLMPROV_ERR_TIMEOUT);
    CHECK(s.now <= 1000 + 20000 + 100);
    CHECK_INT(r.attempts, s.performed);
    llmprov_response_free(&r);
    llmprov_close(c);
}

/* 1000 answers over one client: nothing grows. */
TEST_NO_OOM(easy_chat_again_and_again) {
    static const easy_attempt attempts[] = { { 200, feed_chat, false, false, false } };
    easy_server s;
    llmprov_desc d = easy_desc(&s, attempts, 1);
    llmprov_client *c = llmprov_open(&d);
    size_t bytes = 0;
    int i;
    for (i = 0; i < 1000; i++) {
        llmprov_request req = { .prompt = "Hi.", .model = "m-1", .stream = LLMPROV_STREAM_ON };
        llmprov_response r;
        s.performed = 0;
        if (!CHECK_INT(llmprov_chat(c, &req, &r), LLMPROV_OK)) i = 1000;
        llmprov_response_free(&r);
        if (i == 0) bytes = test_memory.bytes;
    }
    CHECK_INT(test_memory.bytes, bytes);
    llmprov_close(c);
}
