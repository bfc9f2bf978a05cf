/* llmprov.h against a real llama-server: what the command line cannot ask for. Built and run by tests/peer.sh:

       peer script BASE KEY          the model with the known answer
       peer think BASE KEY           the same, which thinks first
       peer garbage BASE KEY         a model of random weights: anything may come, but no nonsense from us
       peer tls BASE KEY CA WRONG    over TLS, trusting CA, and refusing where only WRONG is trusted

   A line a check; the last one counts them. Every call has a time-out. */
#define _POSIX_C_SOURCE 200809L
#define LLMPROV_IMPLEMENTATION
#include "../llmprov.h"
#ifndef LLMPROV_CURL
#include "../examples/sockets.h"
#endif

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char answer[] = "Hello from a real server: caf\xC3\xA9 \xE6\x97\xA5\xE6\x9C\xAC \xF0\x9F\x98\x80 \"quoted\" \\back.";
static const char *const providers[] = { "llama.cpp", "anthropic" };
static const char *base, *key;
static int passed, failed;

static void check(bool good, const char *what, const char *provider, const char *how, const char *saw) {
    if (good) passed++;
    else failed++;
    printf("%s %s, %s%s%s%s\n", good ? "ok     " : "FAILED ", what, provider, *how ? ", " : "", how, good ? "" : ":");
    if (!good && saw) printf("        %.300s\n", saw);
    fflush(stdout);
}

static llmprov_client *open_with(const char *provider, const char *url, const char *with_key, const char *ca, int timeout_ms) {
    llmprov_desc d = { 0 };
#ifdef LLMPROV_CURL
    llmprov_curl_desc options = { 0 };
    options.proxy = "";
    options.ca_file = ca;
    d.transport = llmprov_curl(&options);
#else
    static sockets plain;
    (void)ca;
    d.transport = sockets_transport(&plain);
#endif
    d.provider = provider;
    d.base_url = url;
    d.api_key = with_key;
    d.timeout_ms = timeout_ms ? timeout_ms : 20000;
    d.max_retries = -1;
    return llmprov_open(&d);
}

static llmprov_client *open_client(const char *provider) { return open_with(provider, base, key, NULL, 0); }

typedef struct watch { int texts, stop_after; size_t thinking; } watch;

static bool on_event(void *user, const llmprov_event *e) {
    watch *w = (watch *)user;
    if (e->type == LLMPROV_EVENT_THINKING) w->thinking += e->text_len;
    if (e->type == LLMPROV_EVENT_TEXT) w->texts++;
    return !w->stop_after || w->texts < w->stop_after;
}

static llmprov_request ask(const char *prompt, bool stream, watch *w) {
    llmprov_request r = { 0 };
    memset(w, 0, sizeof *w);
    r.model = "tiny";
    r.prompt = prompt;
    r.max_tokens.value = 300;
    r.max_tokens.set = true;
    r.temperature.set = true;                  /* 0 */
    r.stream = stream ? LLMPROV_STREAM_ON : LLMPROV_STREAM_OFF;
    r.on_event = on_event;
    r.user = w;
    return r;
}

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static const char *saw(const llmprov_response *r) { return r->error.code ? r->error.message : r->text; }

// -- answers -------------------------------------------------------------------------------

static void known_answer(const char *provider, bool stream) {
    llmprov_client *c = open_client(provider);
    watch w;
    llmprov_request req = ask("Tell me: \x01 \xE2\x80\xA8 \xF0\x9F\x98\x80 \"q\" \\ \n\t.", stream, &w);
    llmprov_response r;
    bool good = llmprov_chat(c, &req, &r) == LLMPROV_OK && !strcmp(r.text, answer) && r.stop == LLMPROV_STOP_END && r.usage.output_tokens > 10 && r.usage.input_tokens + r.usage.cache_read_tokens > 5 && *r.id;
    check(good && (!stream || w.texts > 10), "the known answer", provider, stream ? "streamed" : "whole", saw(&r));
    llmprov_response_free(&r);
    llmprov_close(c);
}

static void cut_short(const char *provider, bool stream) {
    llmprov_client *c = open_client(provider);
    static const char *const stops[] = { "server" };
    watch w;
    llmprov_request req = ask("Hi", stream, &w);
    llmprov_response r;
    req.max_tokens.value = 3;
    llmprov_chat(c, &req, &r);
    check(r.error.code == LLMPROV_OK && !strcmp(r.text, "Hello from a") && r.stop == LLMPROV_STOP_LENGTH, "stops at max_tokens", provider, stream ? "streamed" : "whole", saw(&r));
    llmprov_response_free(&r);
    req = ask("Hi", stream, &w);
    req.stop = stops;
    req.stop_count = 1;
    llmprov_chat(c, &req, &r);
    check(r.error.code == LLMPROV_OK && !strcmp(r.text, "Hello from a real ") && (r.stop == LLMPROV_STOP_END || r.stop == LLMPROV_STOP_SEQUENCE), "stops at a sequence", provider,
          stream ? "streamed" : "whole", saw(&r));
    llmprov_response_free(&r);
    llmprov_close(c);
}

static const llmprov_tool weather = { .name = "get_weather", .description = "The weather.",
    .schema = "{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"},\"unit\":{\"type\":\"string\",\"enum\":[\"c\",\"f\"]}},\"required\":[\"city\",\"unit\"]}" };

/* A call that the grammar forces, its result, and the answer to that. */
static void tool_round(const char *provider, bool stream) {
    llmprov_client *c = open_client(provider);
    llmprov_history h = { 0 };
    watch w;
    llmprov_request req = ask(NULL, stream, &w);
    llmprov_response r;
    const llmprov_block *use;
    llmprov_json *input;
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "What is the weather in Rome?");
    req.history = &h;
    req.tools = &weather;
    req.tool_count = 1;
    req.tool_choice = LLMPROV_TOOL_ANY;
    llmprov_chat(c, &req, &r);
    use = llmprov_block_next(&r.message, LLMPROV_BLOCK_TOOL_USE, NULL);
    input = use ? llmprov_json_parse(use->json, use->json_len, NULL, NULL) : NULL;
    check(!r.error.code && r.stop == LLMPROV_STOP_TOOL_USE && use && !use->invalid && !strcmp(use->name, "get_weather") && *use->id && llmprov_json_kind(llmprov_json_get(input, "city")) == LLMPROV_JSON_STRING,
          "calls a tool", provider, stream ? "streamed" : "whole", use ? use->json : saw(&r));
    llmprov_json_free(input);
    llmprov_add_message(&h, &r.message);
    if (use) llmprov_add_tool_result(&h, use->id, "21 degrees", false);
    llmprov_response_free(&r);
    req.tool_choice = LLMPROV_TOOL_AUTO;
    llmprov_chat(c, &req, &r);
    check(r.error.code == LLMPROV_OK && !strcmp(r.text, answer), "goes on with its result", provider, stream ? "streamed" : "whole", saw(&r));
    llmprov_response_free(&r);
    llmprov_history_free(&h);
    llmprov_close(c);
}

static void schema_and_choices(bool stream) {
    llmprov_client *c = open_client("llama.cpp");
    watch w;
    llmprov_request req = ask("Hi", stream, &w);
    llmprov_response r;
    llmprov_json *j;
    req.schema = "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"},\"age\":{\"type\":\"integer\"}},\"required\":[\"name\",\"age\"],\"additionalProperties\":false}";
    llmprov_chat(c, &req, &r);
    j = llmprov_json_parse(r.text, r.text_len, NULL, NULL);
    check(!r.error.code && llmprov_json_kind(llmprov_json_get(j, "name")) == LLMPROV_JSON_STRING && llmprov_json_kind(llmprov_json_get(j, "age")) == LLMPROV_JSON_NUMBER, "answers by a schema", "llama.cpp",
          stream ? "streamed" : "whole", saw(&r));
    llmprov_json_free(j);
    llmprov_response_free(&r);
    req = ask("Hi", stream, &w);
    req.n.value = 2;
    req.n.set = true;
    llmprov_chat(c, &req, &r);
    check(!r.error.code && r.choice_count == 2 && r.choices[1].message.block_count == 1 && !strcmp(r.choices[1].message.blocks[0].text, answer) && !strcmp(r.text, answer), "gives two answers", "llama.cpp",
          stream ? "streamed" : "whole", saw(&r));
    llmprov_response_free(&r);
    llmprov_close(c);
}

// -- long streams, time, many at once ------------------------------------------------------

static void long_streams(void) {
    const char *provider = "llama.cpp";        /* the other format has no member for ignore_eos there */
    llmprov_client *c = open_client(provider);
    watch w;
    llmprov_request req = ask("Hi", true, &w);
    llmprov_response r;
    double from;
    req.extra = "{\"ignore_eos\":true}";
    req.max_tokens.value = 500;
    llmprov_chat(c, &req, &r);
    check(r.error.code == LLMPROV_OK && r.stop == LLMPROV_STOP_LENGTH && r.usage.output_tokens == 500 && w.texts > 200, "a stream of 500 tokens", provider, "", saw(&r));
    llmprov_response_free(&r);
    req = ask("Hi", true, &w);
    req.extra = "{\"ignore_eos\":true}";
    req.max_tokens.value = 900;
    w.stop_after = 20;
    from = seconds();
    llmprov_chat(c, &req, &r);
    check(r.error.code == LLMPROV_ERR_CANCELLED && r.text_len > 20 && w.texts == 20 && seconds() - from < 3, "is cancelled in the middle", provider, "", saw(&r));
    llmprov_response_free(&r);
    req = ask("Hi", true, &w);
    llmprov_chat(c, &req, &r);
    check(r.error.code == LLMPROV_OK && !strcmp(r.text, answer), "answers again after that", provider, "", saw(&r));
    llmprov_response_free(&r);
    llmprov_close(c);
    c = open_with(provider, base, key, NULL, 100);
    req = ask("Hi", true, &w);
    req.extra = "{\"ignore_eos\":true}";
    req.max_tokens.value = 900;
    from = seconds();
    llmprov_chat(c, &req, &r);
    check(r.error.code == LLMPROV_ERR_TIMEOUT && seconds() - from < 3, "ends at its time-out", provider, "", saw(&r));
    llmprov_response_free(&r);
    llmprov_close(c);
}

static void stopped(const char *provider) {
    llmprov_client *c = open_client(provider);
    watch w;
    llmprov_request req = ask("Hi", true, &w);
    llmprov_response r;
    w.stop_after = 5;
    llmprov_chat(c, &req, &r);
    check(r.error.code == LLMPROV_ERR_CANCELLED && w.texts == 5 && !strncmp(r.text, answer, r.text_len) && r.text_len > 5, "is cancelled in the middle", provider, "", saw(&r));
    llmprov_response_free(&r);
    req = ask("Hi", true, &w);
    llmprov_chat(c, &req, &r);
    check(r.error.code == LLMPROV_OK && !strcmp(r.text, answer), "answers again after that", provider, "", saw(&r));
    llmprov_response_free(&r);
    llmprov_close(c);
}

static void again_and_again(const char *provider) {
    llmprov_client *c = open_client(provider);
    int i, good = 0;
    for (i = 0; i < 20; i++) {
        watch w;
        llmprov_request req = ask("Hi", i % 2, &w);
        llmprov_response r;
        good += llmprov_chat(c, &req, &r) == LLMPROV_OK && !strcmp(r.text, answer);
        llmprov_response_free(&r);
    }
    check(good == 20, "twenty chats over one client", provider, "", NULL);
    llmprov_close(c);
}

#ifdef LLMPROV_CURL
static void many_at_once(void) {
    enum { COUNT = 10 };
    llmprov_curl_desc options = { 0 };
    llmprov_curl_many *many;
    llmprov_client *c[2];
    llmprov_call *calls[COUNT];
    watch w[COUNT];
    double until = seconds() + 30;
    int i, good = 0;
    options.proxy = "";
    many = llmprov_curl_many_new(&options);
    c[0] = open_client(providers[0]);
    c[1] = open_client(providers[1]);
    for (i = 0; i < COUNT; i++) {
        llmprov_request req = ask("Hi", i % 3 != 0, &w[i]);
        calls[i] = llmprov_call_chat(c[i % 2], &req);
        if (!many || !llmprov_curl_many_add(many, calls[i])) break;
    }
    while (many && llmprov_curl_many_step(many, 100) > 0 && seconds() < until) {}
    for (i = 0; i < COUNT; i++) {
        llmprov_response r;
        good += llmprov_call_take(calls[i], &r) == LLMPROV_OK && !strcmp(r.text, answer);
        llmprov_response_free(&r);
    }
    if (many) llmprov_curl_many_free(many);
    for (i = 0; i < COUNT; i++) llmprov_call_free(calls[i]);
    check(good == COUNT, "ten at once in one thread", "both", "", NULL);
    llmprov_close(c[0]);
    llmprov_close(c[1]);
}
#endif

// -- failures ------------------------------------------------------------------------------

static void fails(const char *what, const char *provider, llmprov_client *c, const llmprov_request *req, llmprov_status code, int http, bool retryable) {
    llmprov_response r;
    llmprov_chat(c, req, &r);
    check(r.error.code == code && r.error.http_status == http && r.error.retryable == retryable && *r.error.message, what, provider, "", saw(&r));
    llmprov_response_free(&r);
    llmprov_close(c);
}

static void failures(const char *provider) {
    static char longer[20001];
    char url[200];
    watch w;
    llmprov_request req = ask("Hi", true, &w);
    fails("a wrong key", provider, open_with(provider, base, "wrong", NULL, 0), &req, LLMPROV_ERR_AUTH, 401, false);
    sprintf(url, "%.150s/nothing/here", base);
    fails("a wrong address", provider, open_with(provider, url, key, NULL, 0), &req, LLMPROV_ERR_NOT_FOUND, 404, false);
    fails("nobody listens", provider, open_with(provider, "http://127.0.0.1:1", key, NULL, 0), &req, LLMPROV_ERR_TRANSPORT, 0, true);
    fails("no such host", provider, open_with(provider, "http://nobody.invalid", key, NULL, 0), &req, LLMPROV_ERR_TRANSPORT, 0, true);
    memset(longer, 'x', sizeof longer - 1);
    req.prompt = longer;
    fails("more than the context holds", provider, open_client(provider), &req, LLMPROV_ERR_TOO_LONG, 400, false);
    req = ask("Hi", false, &w);
    req.extra = "{\"messages\":[{\"role\":5}]}";
    fails("a request that is none", provider, open_client(provider), &req, LLMPROV_ERR_REQUEST, 400, false);
}

// -- the other models ----------------------------------------------------------------------

static void thinks(const char *provider, bool stream) {
    llmprov_client *c = open_client(provider);
    llmprov_history h = { 0 };
    watch w;
    llmprov_request req = ask(NULL, stream, &w);
    llmprov_response r;
    const llmprov_block *b;
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "Hi");
    req.history = &h;
    llmprov_chat(c, &req, &r);
    b = llmprov_block_next(&r.message, LLMPROV_BLOCK_THINKING, NULL);
    check(!r.error.code && b && !strcmp(b->text, "pondering caf\xC3\xA9") && !strcmp(r.text, answer) && w.thinking, "thinks first", provider, stream ? "streamed" : "whole", b ? b->text : saw(&r));
    llmprov_add_message(&h, &r.message);       /* the thinking goes along, where the format takes it back */
    llmprov_response_free(&r);
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "And?");
    llmprov_chat(c, &req, &r);
    check(r.error.code == LLMPROV_OK && !strcmp(r.text, answer), "goes on after thinking", provider, stream ? "streamed" : "whole", saw(&r));
    llmprov_response_free(&r);
    llmprov_history_free(&h);
    llmprov_close(c);
}

static bool is_utf8(const char *text, size_t len) {
    llmprov_writer w = { 0 };                  /* what is not UTF-8 would be replaced */
    bool same;
    llmprov_json *j;
    llmprov_write_str(&w, NULL, text, len);
    j = llmprov_json_parse(w.text, w.len, NULL, NULL);
    same = j && llmprov_json_text(j).len == len && !memcmp(llmprov_json_text(j).ptr, text, len);
    llmprov_json_free(j);
    llmprov_writer_free(&w);
    return same;
}

static void garbage(const char *provider, bool stream, bool tools) {
    llmprov_client *c = open_client(provider);
    watch w;
    llmprov_request req = ask("Hi", stream, &w);
    llmprov_response r;
    req.max_tokens.value = 100;
    if (tools) {
        req.tools = &weather;
        req.tool_count = 1;
        req.tool_choice = LLMPROV_TOOL_ANY;
    }
    llmprov_chat(c, &req, &r);
    check(is_utf8(r.text, r.text_len) && (r.error.code ? *r.error.message != 0 : *r.stop_word != 0) && r.error.code != LLMPROV_ERR_BAD_REPLY && r.error.code != LLMPROV_ERR_NO_MEMORY,
          tools ? "garbage under a grammar" : "garbage", provider, stream ? "streamed" : "whole", saw(&r));
    llmprov_response_free(&r);
    llmprov_close(c);
}

#ifdef LLMPROV_CURL
static void over_tls(const char *provider, const char *ca, const char *wrong) {
    watch w;
    llmprov_request req = ask("Hi", true, &w);
    llmprov_client *c = open_with(provider, base, key, ca, 0);
    llmprov_response r;
    llmprov_chat(c, &req, &r);
    check(r.error.code == LLMPROV_OK && !strcmp(r.text, answer), "over TLS", provider, base, saw(&r));
    llmprov_response_free(&r);
    llmprov_close(c);
    fails("a certificate that nobody vouches for", provider, open_with(provider, base, key, wrong, 0), &req, LLMPROV_ERR_TRANSPORT, 0, true);
    fails("a certificate that the system does not know", provider, open_with(provider, base, key, NULL, 0), &req, LLMPROV_ERR_TRANSPORT, 0, true);
}
#endif

int main(int argc, char **argv) {
    const char *mode = argc > 3 ? argv[1] : "";
    int i, stream;
    if (argc < 4) {
        fprintf(stderr, "usage: peer script|think|garbage|tls BASE KEY [CA WRONG]\n");
        return 2;
    }
    base = argv[2];
    key = argv[3];
    for (i = 0; i < 2; i++) {
        for (stream = 0; stream < 2; stream++) {
            if (!strcmp(mode, "script")) {
                known_answer(providers[i], stream);
                cut_short(providers[i], stream);
                tool_round(providers[i], stream);
                if (!i) schema_and_choices(stream);
            }
            if (!strcmp(mode, "think")) thinks(providers[i], stream);
            if (!strcmp(mode, "garbage")) {
                garbage(providers[i], stream, false);
                garbage(providers[i], stream, true);
            }
        }
        if (!strcmp(mode, "script")) {
            if (!i) long_streams();
            else stopped(providers[i]);
            again_and_again(providers[i]);
            failures(providers[i]);
        }
#ifdef LLMPROV_CURL
        if (!strcmp(mode, "tls") && argc > 5) over_tls(providers[i], argv[4], argv[5]);
#endif
    }
#ifdef LLMPROV_CURL
    if (!strcmp(mode, "script")) many_at_once();
#endif
    printf("%d %d\n", passed, failed);
    return failed != 0;
}
