/* >>client: keys, base URLs, defaults, and the clients that a registry keeps. */
#include "test.h"
#include "feed.h"

static const llmprov_http *client_http(llmprov_call *call) {
    static const llmprov_http none = { 0 };
    const llmprov_http *http = llmprov_call_http(call);
    return http ? http : &none;
}

static const char *client_header(const llmprov_http *http, const char *name) {
    size_t i;
    for (i = 0; i < http->header_count; i++)
        if (llmprov__text_same(http->headers[i].name, name, true)) return http->headers[i].value;
    return NULL;
}

// -- what opens and what does not ----------------------------------------------------------

TEST(client_opens_from_provider_and_key) {
    llmprov_client *c = feed_client("openai");
    NEED(c);
    CHECK_INT(llmprov_client_error(c)->code, LLMPROV_OK);
    if (llmprov_client_provider(c)) CHECK_STR(llmprov_client_provider(c)->id, "openai");
    else CHECK(false);
    CHECK(llmprov_client_transport(c) && !llmprov_client_transport(c)->perform);
    llmprov_close(c);
}

TEST(client_that_cannot_work_says_why) {
    static const struct { llmprov_desc d; llmprov_status code; const char *says; } cases[] = {
        { { .provider = NULL }, LLMPROV_ERR_ARGUMENT, "desc.provider" }, { { .provider = "nobody" }, LLMPROV_ERR_NO_PROVIDER, "provider" }, { { .provider = "" }, LLMPROV_ERR_NO_PROVIDER, "provider" },
        { { .provider = "openai", .api_key = "a\nb" }, LLMPROV_ERR_ARGUMENT, "byte 1" }, { { .provider = "openai", .api_key = "a\r\nX: y" }, LLMPROV_ERR_ARGUMENT, "byte 1" },
        { { .provider = "openai", .api_key = "abc\x7f" }, LLMPROV_ERR_ARGUMENT, "byte 3" }, { { .provider = "ollama", .api_key = "a\nb" }, LLMPROV_ERR_ARGUMENT, "byte 1" },
        { { .provider = "openai", .api_key = "" }, LLMPROV_ERR_NO_KEY, "OPENAI_API_KEY" }, { { .provider = "anthropic", .api_key = "" }, LLMPROV_ERR_NO_KEY, "ANTHROPIC_API_KEY" },
        { { .provider = "openai", .api_key = "k", .base_url = "nonsense" }, LLMPROV_ERR_ARGUMENT, "base URL" }, { { .provider = "openai", .api_key = "k", .base_url = "" }, LLMPROV_ERR_ARGUMENT, "base URL" },
        { { .provider = "openai", .api_key = "k", .base_url = "https://a.example/#f" }, LLMPROV_ERR_ARGUMENT, "fragment" }, { { .provider = "custom" }, LLMPROV_ERR_ARGUMENT, "CUSTOM_BASE_URL" },
        { { .provider = "openai", .api_key = "k", .headers = "broken" }, LLMPROV_ERR_ARGUMENT, "desc.headers" },
        { { .provider = "openai", .api_key = "k", .base_url = "https://b\xC3\xBC" "cher.example" }, LLMPROV_ERR_ARGUMENT, "desc.base_url: the base URL has a byte beyond ASCII" },
        { { .provider = "openai", .api_key = "k", .base_url = "https://a.example/\xFF" }, LLMPROV_ERR_ARGUMENT, "desc.base_url: the base URL has a byte beyond ASCII" },
        { { .provider = "anthropic", .api_key = "k", .api_version = "2023-06-01\xC3\xA9" }, LLMPROV_ERR_ARGUMENT, "desc.api_version: no visible ASCII character at byte 10" },
        { { .provider = "anthropic", .api_key = "k", .api_version = "2023\r\nX: y" }, LLMPROV_ERR_ARGUMENT, "desc.api_version: no visible ASCII character at byte 4" },
        { { .provider = "anthropic", .api_key = "k", .api_version = "2023 06" }, LLMPROV_ERR_ARGUMENT, "desc.api_version: no visible ASCII character at byte 4" },
        { { .provider = "openai", .api_key = "k", .api_version = "\x7f" }, LLMPROV_ERR_ARGUMENT, "desc.api_version: no visible ASCII character at byte 0" },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        llmprov_desc d = cases[i].d;
        llmprov_client *c;
        llmprov_response r = { 0 };
        llmprov_request req = { .prompt = "Hi.", .model = "m" };
        d.alloc = test_alloc();
        c = llmprov_open(&d);
        NEED(c);
        CHECK_INT(llmprov_client_error(c)->code, cases[i].code);
        if (!CHECK(strstr(llmprov_client_error(c)->message, cases[i].says)) && !test_excused()) printf("    case %d: %s\n", (int)i, llmprov_client_error(c)->message);
        CHECK(!llmprov_client_error(c)->retryable);
        CHECK_ALWAYS(llmprov_chat(c, &req, &r) == r.error.code && r.error.code);      /* and when it is used */
        CHECK_INT(r.error.code, cases[i].code);
        CHECK(r.error.message && strstr(r.error.message, cases[i].says));
        if (cases[i].d.api_key && strlen(cases[i].d.api_key) > 2) CHECK_ALWAYS(!strstr(r.error.message, cases[i].d.api_key));
        llmprov_response_free(&r);
        llmprov_close(c);
    }
}

/* Texts are copied: the desc may be gone. */
TEST(client_copies_its_desc) {
    char provider[] = "anthropic", key[] = "sk-one", base[] = "https://a.example", version[] = "2023-06-01", headers[] = "x-a: b";
    llmprov_desc *d = (llmprov_desc *)malloc(sizeof *d);
    llmprov_client *c;
    feed_log log;
    llmprov_request req = feed_request("Hi.", &log);
    llmprov_call *call;
    if (!d) exit(3);
    memset(d, 0, sizeof *d);
    d->provider = provider;
    d->api_key = key;
    d->base_url = base;
    d->api_version = version;
    d->headers = headers;
    d->alloc = test_alloc();
    c = llmprov_open(d);
    memset(provider, 'X', sizeof provider);
    memset(key, 'X', sizeof key);
    memset(base, 'X', sizeof base);
    memset(version, 'X', sizeof version);
    memset(headers, 'X', sizeof headers);
    free(d);
    call = llmprov_call_chat(c, &req);
    CHECK_STR(client_http(call)->url, "https://a.example/v1/messages");
    CHECK_STR(client_header(client_http(call), "x-api-key"), "sk-one");
    CHECK_STR(client_header(client_http(call), "anthropic-version"), "2023-06-01");
    CHECK_STR(client_header(client_http(call), "x-a"), "b");
    llmprov_call_free(call);
    llmprov_close(c);
}

/* A program that was compiled with an older, shorter struct: what lies behind its end is not looked at. */
TEST(client_takes_older_and_shorter_structs) {
    static const size_t sizes[] = { offsetof(llmprov_desc, log), offsetof(llmprov_desc, alloc), offsetof(llmprov_desc, limits), offsetof(llmprov_desc, max_retries), offsetof(llmprov_desc, headers) };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(sizes); i++) {
        llmprov_desc d = feed_desc("openai");
        char *old = (char *)malloc(sizes[i]);
        llmprov_client *c;
        if (!old) exit(3);
        d.base_url = "https://a.example";
        d.size = (uint32_t)sizes[i];
        memcpy(old, &d, sizes[i]);
        c = llmprov_open((const llmprov_desc *)(const void *)old);
        free(old);
        if (c) CHECK_INT(llmprov_client_error(c)->code, LLMPROV_OK);
        else CHECK(false);
        llmprov_close(c);
    }
}

TEST_NO_OOM(client_takes_newer_and_longer_structs) {
    struct { llmprov_desc d; char more[64]; } newer;
    llmprov_client *c;
    memset(&newer, 0xff, sizeof newer);
    newer.d = feed_desc("openai");
    newer.d.size = sizeof newer;
    c = llmprov_open(&newer.d);
    CHECK_INT(llmprov_client_error(c)->code, LLMPROV_OK);
    llmprov_close(c);
}

TEST_NO_OOM(client_functions_take_null) {
    llmprov_transport t = { 0 };
    llmprov_request req = { .prompt = "Hi." };
    llmprov_response r;
    llmprov_close(NULL);
    CHECK_INT(llmprov_client_error(NULL)->code, LLMPROV_ERR_NO_MEMORY);
    CHECK(!llmprov_client_provider(NULL) && !llmprov_client_transport(NULL));
    llmprov_client_set_transport(NULL, &t);
    CHECK(!llmprov_client_for(NULL, NULL));
    CHECK_INT(llmprov_chat(NULL, &req, &r), LLMPROV_ERR_NO_MEMORY);
    llmprov_response_free(&r);
}

// -- keys ----------------------------------------------------------------------------------

TEST(client_sends_the_key_as_the_row_says) {
    llmprov_client *c = feed_client("openai"), *a = feed_client("anthropic");
    feed_log log;
    llmprov_request req = feed_request("Hi.", &log);
    llmprov_call *call = llmprov_call_chat(c, &req), *other = llmprov_call_chat(a, &req);
    CHECK_STR(client_header(client_http(call), "authorization"), "Bearer sk-test-key");
    CHECK(!client_header(client_http(call), "x-api-key"));
    CHECK_STR(client_header(client_http(other), "x-api-key"), "sk-test-key");
    CHECK(!client_header(client_http(other), "authorization"));
    llmprov_call_free(call);
    llmprov_call_free(other);
    llmprov_close(c);
    llmprov_close(a);
}

TEST(client_sends_no_key_where_none_is_needed) {
    llmprov_desc d = feed_desc("ollama");
    llmprov_client *c;
    feed_log log;
    llmprov_request req = feed_request("Hi.", &log);
    llmprov_call *call;
    d.api_key = "";                                           /* also not the environment's */
    c = llmprov_open(&d);
    if (c) CHECK_INT(llmprov_client_error(c)->code, LLMPROV_OK);
    call = llmprov_call_chat(c, &req);
    CHECK(client_http(call)->url && !client_header(client_http(call), "authorization"));
    llmprov_call_free(call);
    llmprov_close(c);
}

#ifdef TEST_ENVIRONMENT
static void client_clear_environment(void) {
    static const char *const names[] = { "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", "OPENAI_API_KEY", "OPENAI_BASE_URL", "TOGETHER_API_KEY", "TOGETHER_AI_API_KEY", "OLLAMA_API_KEY" };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(names); i++) test_setenv(names[i], NULL);
}

/* What a client of this provider would send: "url header". */
static void client_sends(const char *provider, const char *api_key, const char *base_url, const char *url, const char *name, const char *value) {
    llmprov_desc d = feed_desc(provider);
    llmprov_client *c;
    feed_log log;
    llmprov_request req = feed_request("Hi.", &log);
    llmprov_call *call;
    d.api_key = api_key;
    d.base_url = base_url;
    c = llmprov_open(&d);
    call = llmprov_call_chat(c, &req);
    CHECK_STR(client_http(call)->url, url);
    CHECK_STR(client_header(client_http(call), name), value);
    llmprov_call_free(call);
    llmprov_close(c);
}

TEST_NO_OOM(client_key_comes_from_desc_then_from_the_rows_variables) {
    client_clear_environment();
    test_setenv("TOGETHER_AI_API_KEY", "second");
    client_sends("together", NULL, NULL, "https://api.together.ai/v1/chat/completions", "authorization", "Bearer second");
    test_setenv("TOGETHER_API_KEY", "first");
    client_sends("together", NULL, NULL, "https://api.together.ai/v1/chat/completions", "authorization", "Bearer first");
    client_sends("together", "desc", NULL, "https://api.together.ai/v1/chat/completions", "authorization", "Bearer desc");
    test_setenv("TOGETHER_API_KEY", "");                        /* set to nothing is not set */
    client_sends("together", NULL, NULL, "https://api.together.ai/v1/chat/completions", "authorization", "Bearer second");
    test_setenv("OLLAMA_API_KEY", "optional");
    client_sends("ollama", NULL, NULL, "http://localhost:11434/v1/chat/completions", "authorization", "Bearer optional");
    client_clear_environment();
}

/* What a server listens on says where it is. */
TEST_NO_OOM(client_base_of_a_server_of_ones_own) {
    static const struct { const char *host, *url; } cases[] = {
        { "gpu", "http://gpu:11434/api/chat" }, { "gpu:1234", "http://gpu:1234/api/chat" }, { "0.0.0.0", "http://127.0.0.1:11434/api/chat" },
        { "0.0.0.0:80", "http://127.0.0.1:80/api/chat" }, { ":8080", "http://127.0.0.1:8080/api/chat" }, { "[::1]", "http://[::1]:11434/api/chat" },
        { "[::1]:99", "http://[::1]:99/api/chat" }, { "http://gpu:1234", "http://gpu:1234/api/chat" }, { "http://0.0.0.0:11434/", "http://127.0.0.1:11434/api/chat" },
        { "https://ollama.com", "https://ollama.com/api/chat" }, { "https://ollama.com/api", "https://ollama.com/api/chat" }, { "gpu/ollama", "http://gpu:11434/ollama/api/chat" },
    };
    size_t i;
    client_clear_environment();
    client_sends("ollama-native", NULL, NULL, "http://localhost:11434/api/chat", "authorization", NULL);
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        test_setenv("OLLAMA_HOST", cases[i].host);
        client_sends("ollama-native", NULL, NULL, cases[i].url, "authorization", NULL);
    }
    test_setenv("OLLAMA_HOST", NULL);
}

TEST_NO_OOM(client_variable_says_how_its_key_is_sent) {
    client_clear_environment();
    test_setenv("ANTHROPIC_AUTH_TOKEN", "token");
    client_sends("anthropic", NULL, NULL, "https://api.anthropic.com/v1/messages", "authorization", "Bearer token");
    client_sends("anthropic", NULL, NULL, "https://api.anthropic.com/v1/messages", "x-api-key", NULL);
    test_setenv("ANTHROPIC_API_KEY", "key");
    client_sends("anthropic", NULL, NULL, "https://api.anthropic.com/v1/messages", "x-api-key", "key");
    client_sends("anthropic", NULL, NULL, "https://api.anthropic.com/v1/messages", "authorization", NULL);
    client_clear_environment();
}

TEST_NO_OOM(client_base_url_comes_from_desc_then_environment_then_row) {
    client_clear_environment();
    test_setenv("ANTHROPIC_BASE_URL", "https://env.example/");
    client_sends("anthropic", "k", NULL, "https://env.example/v1/messages", "x-api-key", "k");
    client_sends("anthropic", "k", "https://desc.example", "https://desc.example/v1/messages", "x-api-key", "k");
    test_setenv("ANTHROPIC_BASE_URL", "");
    client_sends("anthropic", "k", NULL, "https://api.anthropic.com/v1/messages", "x-api-key", "k");
    test_setenv("ANTHROPIC_BASE_URL", "nonsense");
    client_sends("anthropic", "k", NULL, NULL, "x-api-key", NULL);
    client_clear_environment();
}

TEST_NO_OOM(client_key_from_the_environment_is_checked_too) {
    llmprov_desc d = feed_desc("openai");
    llmprov_client *c;
    client_clear_environment();
    test_setenv("OPENAI_API_KEY", "sk-x\n");                    /* a file read into a variable, with its line end */
    d.api_key = NULL;
    c = llmprov_open(&d);
    CHECK_INT(llmprov_client_error(c)->code, LLMPROV_ERR_ARGUMENT);
    CHECK(strstr(llmprov_client_error(c)->message, "byte 4"));
    llmprov_close(c);
    test_setenv("OPENAI_API_KEY", NULL);
    c = llmprov_open(&d);
    CHECK_INT(llmprov_client_error(c)->code, LLMPROV_ERR_NO_KEY);
    CHECK(strstr(llmprov_client_error(c)->message, "OPENAI_API_KEY"));
    llmprov_close(c);
    d.provider = "anthropic";
    c = llmprov_open(&d);
    CHECK(strstr(llmprov_client_error(c)->message, "ANTHROPIC_API_KEY"));
    CHECK(strstr(llmprov_client_error(c)->message, "ANTHROPIC_AUTH_TOKEN") && !strstr(llmprov_client_error(c)->message, "="));
    llmprov_close(c);
    client_clear_environment();
}

/* The environment may change: a kept client that took its key from there is not given out again. */
TEST_NO_OOM(client_for_sees_the_environment_change) {
    llmprov_alloc alloc = test_alloc();
    llmprov_registry *reg = llmprov_registry_new(&alloc);
    llmprov_desc d = feed_desc("openai");
    llmprov_client *one, *two;
    d.api_key = NULL;
    client_clear_environment();
    test_setenv("OPENAI_API_KEY", "one");
    one = llmprov_client_for(reg, &d);
    CHECK(llmprov_client_for(reg, &d) == one);
    test_setenv("OPENAI_API_KEY", "two");
    two = llmprov_client_for(reg, &d);
    CHECK(two != one);
    test_setenv("OPENAI_BASE_URL", "https://b.example");
    CHECK(llmprov_client_for(reg, &d) != two);
    client_clear_environment();
    llmprov_registry_free(reg);
}
#endif

// -- defaults ------------------------------------------------------------------------------

TEST_NO_OOM(client_defaults_and_never) {
    llmprov_desc d = { .provider = "openai", .api_key = "k", .alloc = test_alloc() };
    llmprov_client *c = llmprov_open(&d);
    CHECK_INT(c->desc.max_retries, 2);
    CHECK_INT(c->desc.timeout_ms, 600000);
    CHECK_INT(c->desc.connect_ms, 10000);
    CHECK_INT(c->desc.gap_ms, 120000);
    CHECK_INT(c->desc.retry_after_cap_ms, 60000);
    CHECK_INT(c->desc.limits.max_reply_bytes, 64 << 20);
    CHECK_INT(c->desc.limits.max_event_bytes, 16 << 20);
    CHECK_INT(c->desc.limits.max_memory_bytes, 0);
    CHECK_INT(c->desc.limits.max_json_depth, 128);
    llmprov_close(c);
    d.max_retries = d.timeout_ms = d.connect_ms = d.gap_ms = -5;
    c = llmprov_open(&d);
    CHECK_INT(c->desc.max_retries, 0);
    CHECK(c->desc.timeout_ms < 0 && c->desc.connect_ms < 0 && c->desc.gap_ms < 0);
    llmprov_close(c);
}

// -- clients that a registry keeps ---------------------------------------------------------

static bool client_perform(void *user, const llmprov_http *http, llmprov_call *call) { (void)user, (void)http, (void)call; return false; }
static void client_wait(void *user, int ms) { (void)user, (void)ms; }
static uint64_t client_now(void *user) { (void)user; return 0; }
static void client_close(void *user) { if (user) ++*(int *)user; }
static int64_t client_unix(void *user) { (void)user; return 0; }
static bool client_credentials(void *user, llmprov_credentials *out) { (void)user, (void)out; return false; }
static bool client_cancelled(void *user) { (void)user; return false; }
static void client_log(void *user, int level, const char *room, const char *text) { (void)user, (void)level, (void)room, (void)text; }
static void *client_realloc(void *user, void *ptr, size_t old_size, size_t new_size) { return test_realloc(user, ptr, old_size, new_size); }

enum { CLIENT_FIELDS = 33 };

/* Changes one field; each of them changes what a client does. */
static void client_vary(llmprov_desc *d, int field, int *closed) {
    switch (field) {
        case 0: d->provider = "anthropic"; break;
        case 1: d->api_key = "another"; break;
        case 2: d->base_url = "https://b.example"; break;
        case 3: d->api_version = "2023-06-01"; break;
        case 4: d->headers = "x-a: b"; break;
        case 5: d->transport.perform = client_perform; break;
        case 6: d->transport.wait = client_wait; break;
        case 7: d->transport.now = client_now; break;
        case 8: d->transport.close = client_close; break;
        case 9: d->transport.user = closed; break;
        case 10: d->max_retries = 7; break;
        case 11: d->timeout_ms = 7; break;
        case 12: d->connect_ms = 7; break;
        case 13: d->gap_ms = 7; break;
        case 14: d->retry_after_cap_ms = 7; break;
        case 15: d->unix_ms = client_unix; break;
        case 16: d->cancelled = client_cancelled; break;
        case 17: d->user = closed; break;
        case 18: d->limits.max_reply_bytes = 7; break;
        case 19: d->limits.max_event_bytes = 7; break;
        case 20: d->limits.max_memory_bytes = 7000; break;
        case 21: d->limits.max_json_depth = 7; break;
        case 22: d->alloc.fn = client_realloc; break;
        case 23: d->alloc.user = closed; break;
        case 24: d->log.fn = client_log; break;
        case 25: d->log.user = closed; break;
        case 26: d->api_key = ""; break;
        case 27: d->region = "eu-west-1"; break;
        case 28: d->access_key = "AKIDEXAMPLE"; break;
        case 29: d->secret_key = "secret"; break;
        case 30: d->session_token = "token"; break;
        case 31: d->credentials = client_credentials; break;
        default: d->base_url = "https://b.example/v2"; break;
    }
}

TEST_NO_OOM(client_for_tells_descs_apart_by_every_field) {
    llmprov_alloc alloc = test_alloc();
    llmprov_registry *reg = llmprov_registry_new(&alloc);
    llmprov_client *clients[CLIENT_FIELDS + 1];
    int i, j, closed = 0;
    for (i = 0; i <= CLIENT_FIELDS; i++) {
        llmprov_desc d = feed_desc("openai");
        if (i < CLIENT_FIELDS) client_vary(&d, i, &closed);
        clients[i] = llmprov_client_for(reg, &d);
        NEED(clients[i]);
        CHECK(llmprov_client_for(reg, &d) == clients[i]);     /* the same desc, the same client */
        for (j = 0; j < i; j++) if (!CHECK(clients[j] != clients[i])) printf("    fields %d and %d\n", j, i);
    }
    llmprov_registry_free(reg);
}

/* Texts are compared by what they say. */
TEST(client_for_compares_texts_by_content) {
    llmprov_alloc alloc = test_alloc();
    llmprov_registry *reg = llmprov_registry_new(&alloc);
    llmprov_desc d = feed_desc("openai");
    llmprov_client *one, *two;
    char key[] = "sk-test-key";
    one = llmprov_client_for(reg, &d);
    d.api_key = key;
    two = llmprov_client_for(reg, &d);
    CHECK(one && one == two);
    d.size = sizeof d;
    CHECK(llmprov_client_for(reg, &d) == one);
    llmprov_registry_free(reg);
}

/* A transport that a second desc brings along is not closed with the client that is not kept. */
TEST_NO_OOM(client_for_closes_each_transport_once) {
    llmprov_alloc alloc = test_alloc();
    llmprov_registry *reg = llmprov_registry_new(&alloc);
    llmprov_desc d = feed_desc("openai");
    int closed = 0, i;
    d.transport.close = client_close;
    d.transport.user = &closed;
    for (i = 0; i < 5; i++) llmprov_client_for(reg, &d);
    CHECK_INT(closed, 0);
    llmprov_client_forget(reg, "groq");
    CHECK_INT(closed, 0);
    llmprov_client_forget(reg, "openai");
    CHECK_INT(closed, 1);
    llmprov_client_forget(reg, "openai");
    llmprov_client_for(reg, &d);
    d.provider = "oai";                                       /* an alias of it */
    llmprov_client_for(reg, &d);
    d.provider = "groq";
    llmprov_client_for(reg, &d);
    llmprov_client_forget(reg, "openai");
    CHECK_INT(closed, 3);
    llmprov_client_forget(reg, NULL);
    CHECK_INT(closed, 4);
    llmprov_registry_free(reg);
    CHECK_INT(closed, 4);
}

TEST_NO_OOM(client_for_uses_the_rows_of_its_registry) {
    llmprov_alloc alloc = test_alloc();
    llmprov_registry *reg = llmprov_registry_new(&alloc);
    llmprov_provider row = { .id = "mine", .format = "openai-chat", .base_url = "https://a.example/v1" };
    llmprov_desc d = feed_desc("mine");
    CHECK_INT(llmprov_register(reg, &row, 0), LLMPROV_OK);
    CHECK_INT(llmprov_client_error(llmprov_client_for(reg, &d))->code, LLMPROV_OK);
    llmprov_registry_free(reg);
}

/* Keys of many lengths: whatever a client keeps behind its key is once what needs the next allocation. */
TEST(client_for_without_memory_keeps_nothing_broken) {
    llmprov_alloc alloc = test_alloc();
    char key[1024];
    size_t len;
    for (len = 600; len < sizeof key; len += 8) {
        llmprov_registry *reg = llmprov_registry_new(&alloc);
        llmprov_desc d = feed_desc("openai");
        llmprov_client *c;
        memset(key, 'k', len);
        key[len] = 0;
        d.api_key = key;
        c = llmprov_client_for(reg, &d);
        if (reg && llmprov_client_error(c)->code) {
            unsigned long at = test_memory.fail_at;
            CHECK(false);
            test_memory.fail_at = 0;                          /* there is memory again: a whole one must come */
            CHECK_ALWAYS(!llmprov_client_error(llmprov_client_for(reg, &d))->code);
            test_memory.fail_at = at;
        }
        llmprov_registry_free(reg);
    }
}

TEST_NO_OOM(client_set_transport_closes_the_old_one) {
    llmprov_desc d = feed_desc("openai");
    llmprov_client *c;
    llmprov_transport t = { 0 };
    int first = 0, second = 0;
    d.transport.close = client_close;
    d.transport.user = &first;
    c = llmprov_open(&d);
    t.close = client_close;
    t.perform = client_perform;
    t.user = &second;
    llmprov_client_set_transport(c, &t);
    CHECK(first == 1 && second == 0);
    CHECK(llmprov_client_transport(c)->perform == client_perform);
    llmprov_close(c);
    CHECK(first == 1 && second == 1);
}
