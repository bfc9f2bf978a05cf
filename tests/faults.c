/* build/faults MOCK: each fault of the mock server over real sockets, in each wire format, whole and streamed: blocking,
   polled in one thread, and by libcurl's multi interface where it is compiled in.

   Each must end with the right error within its time-outs, keep the text that came, give all memory back, and be tried
   again as the policy says: when it may be, and never after something was shown. Run by `make faults`. */
#define _POSIX_C_SOURCE 200809L
#ifndef LLMPROV_APART
#define LLMPROV_IMPLEMENTATION
#endif
#include "../llmprov.h"
#include "drive.h"

enum { SHORT_MS = 400, PATIENCE_MS = 60000, RETRIES = 2, SLACK_MS = 5000 };

static const struct { const char *provider, *format; } targets[] = {
    { "openai", "openai-chat" }, { "anthropic", "anthropic-messages" }, { "openai-responses", "openai-responses" }, { "bedrock", "bedrock-converse" },
    { "gemini", "gemini-generate" }, { "cohere", "cohere-v2" }, { "ollama-native", "ollama-chat" },
};
enum { TARGETS = sizeof targets / sizeof *targets };

typedef enum form { BOTH, WHOLE, STREAM } form;
typedef enum kept { NONE, SOME, ALL } kept;          /* of the text: of a whole reply that failed, nothing is */

/* %d in a fault is two thirds of the body's length. */
typedef struct fault {
    const char *mock;
    form form;
    llmprov_status code, or_code;                    /* or_code: what may be seen first where two things go wrong */
    kept kept;
    bool retried;                                    /* where it does not stream, or nothing was shown */
    bool quick;                                      /* with short time-outs */
    const char *only;                                /* these formats alone */
} fault;

static const fault faults[] = {
    { "case=hello", BOTH, LLMPROV_OK, LLMPROV_OK, ALL, false, false, NULL },
    { "case=hello,delay_ms=200", BOTH, LLMPROV_OK, LLMPROV_OK, ALL, false, false, NULL },
    { "case=hello,gap_ms=20", STREAM, LLMPROV_OK, LLMPROV_OK, ALL, false, false, NULL },
    { "case=hello,one_byte", BOTH, LLMPROV_OK, LLMPROV_OK, ALL, false, false, NULL },
    { "case=hello,crlf", BOTH, LLMPROV_OK, LLMPROV_OK, ALL, false, false, NULL },
    { "case=hello,chunked=0", BOTH, LLMPROV_OK, LLMPROV_OK, ALL, false, false, NULL },
    { "case=hello,chunked=1", BOTH, LLMPROV_OK, LLMPROV_OK, ALL, false, false, NULL },
    { "case=hello,keep_alive=0", BOTH, LLMPROV_OK, LLMPROV_OK, ALL, false, false, NULL },
    { "drop", BOTH, LLMPROV_ERR_TRANSPORT, LLMPROV_ERR_TRUNCATED, NONE, true, false, NULL },
    { "drop,reset", BOTH, LLMPROV_ERR_TRANSPORT, LLMPROV_ERR_TRUNCATED, NONE, true, false, NULL },
    { "case=hello,cut=%d", STREAM, LLMPROV_ERR_TRUNCATED, LLMPROV_ERR_TRANSPORT, SOME, false, false, NULL },
    { "case=hello,cut=%d,reset", STREAM, LLMPROV_ERR_TRUNCATED, LLMPROV_ERR_TRANSPORT, SOME, false, false, NULL },
    { "case=hello,cut=%d,chunked=0", STREAM, LLMPROV_ERR_TRUNCATED, LLMPROV_ERR_TRANSPORT, SOME, false, false, NULL },
    { "case=hello,cut=20", BOTH, LLMPROV_ERR_TRUNCATED, LLMPROV_ERR_TRANSPORT, NONE, true, false, NULL },
    { "case=hello,cut=20,reset", BOTH, LLMPROV_ERR_TRUNCATED, LLMPROV_ERR_TRANSPORT, NONE, true, false, NULL },
    { "case=hello,no_terminal", STREAM, LLMPROV_ERR_TRUNCATED, LLMPROV_ERR_TRUNCATED, ALL, false, false,
      "openai-chat anthropic-messages openai-responses bedrock-converse cohere-v2 ollama-chat" },
    { "case=hello,no_terminal", STREAM, LLMPROV_ERR_TRUNCATED, LLMPROV_ERR_TRUNCATED, SOME, false, false, "gemini-generate" },
    { "case=hello,garbage=40", STREAM, LLMPROV_ERR_BAD_REPLY, LLMPROV_ERR_BAD_REPLY, SOME, false, false, NULL },
    { "case=hello,bad_crc", STREAM, LLMPROV_ERR_BAD_REPLY, LLMPROV_ERR_BAD_REPLY, SOME, false, false, "bedrock-converse" },
    { "case=hello,delay_ms=20000", BOTH, LLMPROV_ERR_TIMEOUT, LLMPROV_ERR_TIMEOUT, NONE, false, true, NULL },
    { "case=hello,gap_ms=20000", STREAM, LLMPROV_ERR_TIMEOUT, LLMPROV_ERR_TIMEOUT, NONE, false, true, NULL },
    { "case=hello,gap_ms=600", STREAM, LLMPROV_ERR_TIMEOUT, LLMPROV_ERR_TIMEOUT, NONE, false, true, NULL },
    { "case=error_in_stream", STREAM, LLMPROV_ERR_SERVER, LLMPROV_ERR_OVERLOADED, SOME, false, false,
      "openai-chat anthropic-messages gemini-generate cohere-v2 ollama-chat" },
    { "case=error_in_stream", STREAM, LLMPROV_ERR_RATE_LIMIT, LLMPROV_ERR_RATE_LIMIT, SOME, false, false, "openai-responses bedrock-converse" },
    { "case=authentication", BOTH, LLMPROV_ERR_AUTH, LLMPROV_ERR_FORBIDDEN, NONE, false, false, NULL },
    { "case=invalid_request", BOTH, LLMPROV_ERR_REQUEST, LLMPROV_ERR_REQUEST, NONE, false, false, NULL },
    { "case=rate_limit,retry_after_ms=30", BOTH, LLMPROV_ERR_RATE_LIMIT, LLMPROV_ERR_RATE_LIMIT, NONE, true, false, NULL },
    { "case=rate_limit,retry_after_ms=30,should_retry=false", BOTH, LLMPROV_ERR_RATE_LIMIT, LLMPROV_ERR_RATE_LIMIT, NONE, false, false, NULL },
    { "case=server,retry_after_ms=30", BOTH, LLMPROV_ERR_SERVER, LLMPROV_ERR_SERVER, NONE, true, false, NULL },
};
enum { FAULTS = sizeof faults / sizeof *faults };

typedef struct run {
    const fault *fault;
    llmprov_client *client;
    drive_count memory;
    int target;
    bool stream;
    int retries;
    bool shown, retried_late;
    char text[512];
    size_t len;
    uint64_t from, took;
} run;

static char references[TARGETS][512];          /* the whole text of the case */
static int passed, failed;

static bool hear(void *user, const llmprov_event *e) {
    run *r = (run *)user;
    if (e->type == LLMPROV_EVENT_RETRY) {
        r->retries++;
        r->retried_late = r->retried_late || r->shown;
    }
    if (e->type == LLMPROV_EVENT_START) r->shown = true;
    if (e->type == LLMPROV_EVENT_TEXT && r->len + e->text_len < sizeof r->text) {
        memcpy(r->text + r->len, e->text, e->text_len);
        r->len += e->text_len;
    }
    if (e->type == LLMPROV_EVENT_END || e->type == LLMPROV_EVENT_ERROR) r->took = sockets_now(NULL) - r->from;
    return true;
}

static long body_length(int target) {
    char path[128];
    FILE *file;
    long size;
    sprintf(path, "tests/wire/%s/hello/stream.txt", targets[target].format);
    file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END)) exit(3);
    size = ftell(file);
    fclose(file);
    return size;
}

static void open_client(run *r, const char *url, const llmprov_transport *transport) {
    llmprov_desc d;
    char headers[256];
    strcpy(headers, "x-mock: ");
    sprintf(headers + strlen(headers), r->fault->mock, (int)(body_length(r->target) * 2 / 3));
    memset(&d, 0, sizeof d);
    d.provider = targets[r->target].provider;
    d.base_url = url;
    d.api_key = "k";
    d.headers = headers;
    d.max_retries = RETRIES;
    d.timeout_ms = r->fault->quick ? SHORT_MS : PATIENCE_MS;
    d.connect_ms = d.gap_ms = PATIENCE_MS;
    d.alloc.fn = drive_alloc;
    d.alloc.user = &r->memory;
    if (transport) d.transport = *transport;
    r->client = llmprov_open(&d);
    if (!r->client || llmprov_client_error(r->client)->code) exit(3);
}

static llmprov_request request_of(run *r) {
    llmprov_request req;
    memset(&req, 0, sizeof req);
    req.model = "m";
    req.prompt = "Say hello.";
    req.max_tokens.set = true;
    req.max_tokens.value = 99;
    req.stream = r->stream ? LLMPROV_STREAM_ON : LLMPROV_STREAM_OFF;
    req.on_event = hear;
    req.user = r;
    r->from = sockets_now(NULL);
    return req;
}

static void verdict(run *r, const char *how, bool good, const char *what, const char *more) {
    if (good) passed++;
    else if (failed++ < 40) printf("faults: %s %s %s, %s: %s: %s\n", how, targets[r->target].format, r->stream ? "stream" : "whole", r->fault->mock, what, more);
}

static void judge(run *r, const char *how, const llmprov_response *reply) {
    const char *all = references[r->target];
    const fault *f = r->fault;
    llmprov_status code = reply->error.code;
    int retries = f->retried ? RETRIES : 0;
    char said[64];
    sprintf(said, "code %d, %d retries, %d ms", (int)code, r->retries, (int)r->took);
    verdict(r, how, code == f->code || code == f->or_code, "the error", code ? reply->error.message : "there is none");
    verdict(r, how, !code == !reply->error.message[0], "its sentence", said);
    r->text[r->len] = 0;
    if (!all[0] && !code) strcpy(references[r->target], r->text);
    verdict(r, how, !strcmp(r->text, reply->text), "the text of the events is not that of the reply", reply->text);
    verdict(r, how, f->quick || (f->kept == NONE) == !r->len, "what came of the text", r->text);
    if (!strncmp(f->mock, "case=hello", 10)) verdict(r, how, !strncmp(r->text, all, r->len) && (f->kept != ALL || r->len == strlen(all)), "the text", r->text);
    verdict(r, how, r->retries == retries && !r->retried_late, "how often it was tried again", said);
    verdict(r, how, r->took < (uint64_t)(f->quick ? SHORT_MS : PATIENCE_MS) + SLACK_MS, "how long it took", said);
}

static void close_client(run *r, const char *how) {
    llmprov_close(r->client);
    verdict(r, how, r->memory.live == 0, "memory was not given back", "");
}

/* Every run of some targets; *count is how many. */
static run *runs_of(int from, int to, size_t *count) {
    run *list = (run *)drive_zeroed((size_t)(to - from) * FAULTS * 2, sizeof *list);
    int target, i, stream;
    *count = 0;
    for (target = from; target < to; target++)
        for (i = 0; i < FAULTS; i++)
            for (stream = 0; stream < 2; stream++) {
                const fault *f = &faults[i];
                if (f->form == (stream ? WHOLE : STREAM) || (f->only && !strstr(f->only, targets[target].format))) continue;
                list[*count].fault = f;
                list[*count].target = target;
                list[(*count)++].stream = stream != 0;
            }
    return list;
}

/* All formats at once in one thread. */
static void together(const char *how, drive_way way, const char *url) {
    size_t count, i;
    run *list = runs_of(0, TARGETS, &count);
    drive *drives = (drive *)drive_zeroed(count, sizeof *drives);
    for (i = 0; i < count; i++) {
        llmprov_request req = request_of(&list[i]);
        open_client(&list[i], url, NULL);
        drives[i].call = llmprov_call_chat(list[i].client, &req);
        if (!drives[i].call) exit(3);
    }
    way(drives, count, sockets_now(NULL) + PATIENCE_MS, NULL);
    for (i = 0; i < count; i++) {
        llmprov_response reply;
        llmprov_call_take(drives[i].call, &reply);
        judge(&list[i], how, &reply);
        llmprov_response_free(&reply);
        llmprov_call_free(drives[i].call);
        close_client(&list[i], how);
    }
    free(drives);
    free(list);
}

/* One after the other; the waits before a retry are real. */
static void blocking(const char *how, bool curl, const char *url, int from, int to) {
    size_t count, i;
    run *list = runs_of(from, to, &count);
    sockets *socket = (sockets *)drive_zeroed(1, sizeof *socket);
    for (i = 0; i < count; i++) {
        llmprov_transport transport = sockets_transport(socket);
        llmprov_request req = request_of(&list[i]);
        llmprov_response reply;
        open_client(&list[i], url, curl ? NULL : &transport);
        llmprov_chat(list[i].client, &req, &reply);
        judge(&list[i], how, &reply);
        llmprov_response_free(&reply);
        close_client(&list[i], how);
    }
    free(socket);
    free(list);
}

int main(int argc, char **argv) {
    char url[64];
    pid_t mock;
    if (argc < 2) {
        fprintf(stderr, "usage: faults MOCK\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    mock = drive_mock(argv[1], url, sizeof url);
    together("polled", drive_poll, url);
#ifdef LLMPROV_CURL
    together("curl-multi", drive_curl, url);
    blocking("blocking, libcurl", true, url, 0, 2);
#else
    printf("skipped: libcurl is not here\n");
#endif
    blocking("blocking, sockets", false, url, 2, 4);
    drive_stop(mock);
    printf("faults: %d passed, %d failed\n", passed, failed);
    return failed != 0;
}
