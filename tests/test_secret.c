/* Keys: nothing that was ours holds one after it was freed, and no error, warning, log or saved history says one. Each
   way of sending a key goes through each way a call can end, with every allocation refused once. */
#include "engine.h"

// -- an allocator that reads what it is given back ---------------------------------------------

#define SECRET_KEY "sk-Zq7/wX+secret-of-the-tests=="
#define SECRET_TOKEN "FwoGZXIvYXdzEJr//////////secret-session-token"
#define SECRET_SECRET "wJalrXUtnFEMI/K7MDENG/secret-access-key"
#define SECRET_CODED "sk-Zq7%2FwX%2Bsecret-of-the-tests%3D%3D"

static const char *const secrets[] = { SECRET_KEY, SECRET_TOKEN, SECRET_SECRET, SECRET_CODED };

/* Memory that is given back may hold bytes that were never written: MemorySanitizer is not to mind that they are read. */
#define SECRET_ANY_BYTES
#ifdef __has_feature
#if __has_feature(memory_sanitizer)
#undef SECRET_ANY_BYTES
#define SECRET_ANY_BYTES __attribute__((no_sanitize("memory")))
#endif
#endif

/* The first secret in some bytes; NULL = there is none. */
SECRET_ANY_BYTES static const char *secret_in(const void *bytes, size_t len) {
    const char *p = (const char *)bytes;
    size_t i, j, k;
    for (k = 0; k < sizeof secrets / sizeof *secrets; k++) {
        size_t n = strlen(secrets[k]);
        for (i = 0; i + n <= len; i++) {
            for (j = 0; j < n && p[i + j] == secrets[k][j]; j++) { }
            if (j == n) return secrets[k];
        }
    }
    return NULL;
}

static const char *secret_now;   /* what is being done, for messages */

static void secret_check(const void *bytes, size_t len, const char *where) {
    const char *found = bytes ? secret_in(bytes, len) : NULL;
    test_now.checks++;
    if (found) test_fail(__FILE__, __LINE__, "%s: %s holds %s", secret_now, where, found);
}

static void *secret_realloc(void *user, void *ptr, size_t old_size, size_t new_size) {
    if (ptr) secret_check(ptr, old_size, "memory that is given back");
    return test_realloc(user, ptr, old_size, new_size);
}

static void secret_log(void *user, int level, const char *room, const char *text) {
    (void)user, (void)level, (void)room;
    secret_check(text, strlen(text), "the log");
}

// -- ways of sending a key -----------------------------------------------------------------------

static int64_t secret_clock(void *user) {
    (void)user;
    return 1700000000000;
}

static bool secret_bearer(void *user, llmprov_credentials *out) {
    (void)user;
    out->bearer = SECRET_KEY;
    return true;
}

static bool secret_keys(void *user, llmprov_credentials *out) {
    (void)user;
    out->access_key = "AKIDEXAMPLE";
    out->secret_key = SECRET_SECRET;
    out->session_token = SECRET_TOKEN;
    return true;
}

/* `sends` is what goes over the wire: what a server can read out again. */
static const struct secret_way { const char *name, *sends; llmprov_desc desc; const char *headers; } secret_ways[] = {
    { "bearer", SECRET_KEY, { .provider = "openai", .api_key = SECRET_KEY }, NULL },
    { "a header", SECRET_KEY, { .provider = "anthropic", .api_key = SECRET_KEY }, NULL },
    { "another header", SECRET_KEY, { .provider = "azure", .api_key = SECRET_KEY, .base_url = "https://mine.openai.azure.com" }, NULL },
    { "gemini", SECRET_KEY, { .provider = "gemini", .api_key = SECRET_KEY }, NULL },
    { "an express key", SECRET_KEY, { .provider = "vertex-express", .api_key = SECRET_KEY }, NULL },
    { "the query", SECRET_KEY, { .provider = "query", .api_key = SECRET_KEY }, NULL },
    { "a signature", SECRET_TOKEN,
      { .provider = "bedrock", .region = "us-east-1", .access_key = "AKIDEXAMPLE", .secret_key = SECRET_SECRET, .session_token = SECRET_TOKEN }, NULL },
    { "a bearer for AWS", SECRET_KEY, { .provider = "bedrock", .region = "us-east-1", .api_key = SECRET_KEY }, NULL },
    { "a callback's bearer", SECRET_KEY, { .provider = "azure", .base_url = "https://mine.openai.azure.com", .credentials = secret_bearer }, NULL },
    { "a callback's keys", SECRET_TOKEN, { .provider = "bedrock", .region = "us-east-1", .credentials = secret_keys }, NULL },
    { "the desc's headers", SECRET_KEY, { .provider = "custom", .base_url = "https://api.test/v1", .headers = "Authorization: Bearer " SECRET_KEY }, NULL },
    { "the request's headers", SECRET_KEY, { .provider = "custom", .base_url = "https://api.test/v1" }, "X-Api-Key: " SECRET_KEY },
    { "a broken header", "nothing", { .provider = "custom", .base_url = "https://api.test/v1", .headers = SECRET_KEY }, NULL },
    { "a key in a user's name", "nothing", { .provider = "custom", .base_url = "https://" SECRET_CODED "@api.test/v1" }, NULL },
    { "a key of two lines", "nothing", { .provider = "openai", .api_key = SECRET_KEY "\n" SECRET_KEY }, NULL },
    { "no such provider", "nothing", { .provider = "nobody", .api_key = SECRET_KEY }, NULL },
};

// -- ways to end -----------------------------------------------------------------------------------

enum { SECRET_ANSWER, SECRET_STREAM, SECRET_ECHO, SECRET_ECHO_TEXT, SECRET_ECHO_LATE, SECRET_TWICE, SECRET_LOST, SECRET_CANCELLED, SECRET_NOTHING, SECRET_ENDS };

static const char *const secret_ends[] = { "an answer", "a stream", "a refusal that says the key", "a refusal that is no JSON", "a refusal that the key ends",
    "a second attempt", "a lost connection", "cancelled", "never sent" };

static void secret_error(const llmprov_error *e) {
    secret_check(e->message, strlen(e->message), "error.message");
    secret_check(e->provider_code, strlen(e->provider_code), "error.provider_code");
    secret_check(e->param, strlen(e->param), "error.param");
    secret_check(e->request_id, strlen(e->request_id), "error.request_id");
    secret_check(e->raw, e->raw_len, "error.raw");
}

static void secret_response(const llmprov_response *r) {
    llmprov_alloc alloc = test_alloc();
    llmprov_history h = { .alloc = alloc };
    llmprov_text saved;
    size_t i;
    secret_error(&r->error);
    for (i = 0; i < r->warning_count; i++) {
        secret_check(r->warnings[i].field, strlen(r->warnings[i].field), "a warning's field");
        secret_check(r->warnings[i].text, strlen(r->warnings[i].text), "a warning");
    }
    if (!llmprov_response_save(r, &saved)) secret_check(saved.ptr, saved.len, "a saved reply");
    llmprov_text_free(&saved);
    if (!llmprov_error_save(&r->error, &alloc, &saved)) secret_check(saved.ptr, saved.len, "a saved error");
    llmprov_text_free(&saved);
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "Hello");
    llmprov_add_message(&h, &r->message);
    if (!llmprov_history_save(&h, &saved)) secret_check(saved.ptr, saved.len, "a saved history");
    llmprov_text_free(&saved);
    llmprov_history_free(&h);
}

/* A refusal as a server may word it that reads the key ($) out again: as JSON, as text, and at the end. */
static void secret_refuse(llmprov_call *call, int end, const char *sent) {
    static const char *const bodies[] = {
        "{\"error\":{\"type\":\"$\",\"message\":\"Incorrect API key provided: $ (or \\\"$\\\")\",\"param\":\"$\"}}",
        "no such key: $, $\n",
        "{\"message\":\"no such key: $\",\"code\":\"$\",\"request_id\":\"$\"} $",
    };
    llmprov_header h = { "x-request-id", sent };
    char body[600], *to = body;
    const char *p;
    for (p = bodies[end - SECRET_ECHO]; *p; p++) to += sprintf(to, *p == '$' ? "%s" : "%.1s", *p == '$' ? sent : p);
    llmprov_call_head(call, 401, &h, 1);
    llmprov_call_feed(call, body, (size_t)(to - body));
    llmprov_call_eof(call);
}

static void secret_finish(llmprov_call *call, int end, const char *sent) {
    static const char whole[] = "{\"id\":\"1\",\"model\":\"m\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Hello\"},\"finish_reason\":\"stop\"}]}";
    llmprov_header type = { "content-type", end == SECRET_STREAM ? "text/event-stream" : "application/json" };
    const char *stream = Q(CHAT("{'content':'Hel'}") CHAT("{'content':'lo'}") CHAT_END("stop") CHAT_DONE);
    int tries = 0;
    if (end == SECRET_NOTHING) return;
    while (llmprov_call_want(call) != LLMPROV_WANT_NOTHING && tries++ < 4) {
        char piece[64];
        if (llmprov_call_want(call) == LLMPROV_WANT_TIME) {
            llmprov_call_tick(call, (uint64_t)tries * 100000);
            continue;
        }
        while (llmprov_call_body(call, piece, sizeof piece) > 0) { }
        llmprov_call_sent(call);
        if (end == SECRET_CANCELLED) llmprov_call_cancel(call);
        else if (end == SECRET_LOST) {
            char text[200];
            sprintf(text, "no connection to https://api.test/v1?key=%s with %s", strcmp(sent, SECRET_KEY) ? sent : SECRET_CODED, sent);
            llmprov_call_fail(call, LLMPROV_ERR_TRANSPORT, text);
        }
        else if (end == SECRET_TWICE && tries == 1) {
            llmprov_call_head(call, 500, NULL, 0);
            llmprov_call_eof(call);
        } else if (end == SECRET_ANSWER || end == SECRET_STREAM || end == SECRET_TWICE) {
            llmprov_call_head(call, 200, &type, 1);
            llmprov_call_feed(call, end == SECRET_STREAM ? stream : whole, end == SECRET_STREAM ? strlen(stream) : sizeof whole - 1);
            llmprov_call_eof(call);
        } else secret_refuse(call, end, sent);
    }
}

static llmprov_registry *secret_registry(const llmprov_alloc *alloc) {
    llmprov_registry *reg = llmprov_registry_new(alloc);
    llmprov_provider row = { .id = "query", .format = "openai-chat", .base_url = "https://api.test/v1", .auth = LLMPROV_AUTH_QUERY, .auth_name = "key" };
    llmprov_register(reg, &row, 0);
    return reg;
}

static void secret_call(const struct secret_way *way, int end) {
    char now[120];
    llmprov_alloc alloc = { secret_realloc, NULL };
    llmprov_registry *reg = secret_registry(&alloc);
    llmprov_desc d = way->desc;
    llmprov_request req = { .model = "m-1", .prompt = "Hello", .headers = way->headers };
    llmprov_client *c;
    llmprov_call *call;
    llmprov_event e;
    llmprov_response r;
    sprintf(now, "%.40s, %.40s", way->name, secret_ends[end]);
    secret_now = now;
    d.alloc = alloc;
    d.log.fn = secret_log;
    d.unix_ms = secret_clock;
    d.registry = reg;
    req.stream = end == SECRET_STREAM ? LLMPROV_STREAM_ON : LLMPROV_STREAM_OFF;
    c = end % 2 ? llmprov_open(&d) : llmprov_client_for(reg, &d);
    call = llmprov_call_chat(c, &req);
    secret_finish(call, end, way->sends);
    while (llmprov_call_next(call, &e)) if (e.error) secret_error(e.error);
    secret_error(llmprov_call_error(call));
    llmprov_call_take(call, &r);
    secret_response(&r);
    llmprov_response_free(&r);
    llmprov_call_free(call);
    if (c) secret_error(llmprov_client_error(c));
    if (end % 2) llmprov_close(c);
    llmprov_registry_free(reg);
}

static void secret_all(size_t from, size_t to) {
    size_t i;
    int end;
    for (i = from; i < to; i++)
        for (end = 0; end < SECRET_ENDS; end++) secret_call(&secret_ways[i], end);
}

TEST(secret_keys_in_headers) { secret_all(0, 5); }
TEST(secret_keys_in_queries_and_signatures) { secret_all(5, 8); }
TEST(secret_keys_of_callbacks) { secret_all(8, 10); }
TEST(secret_keys_in_headers_of_ones_own) { secret_all(10, 12); }
TEST(secret_keys_that_are_refused) { secret_all(12, sizeof secret_ways / sizeof *secret_ways); }

// -- what a server says -----------------------------------------------------------------------------

/* The rest of a message stays as it is. */
TEST(secret_echo_is_masked) {
    static const struct { const char *key, *body, *message; } cases[] = {
        { "sk-12345678", "{\"error\":{\"message\":\"bad key sk-12345678!\"}}", "bad key ***********!" },
        { "sk/1234+78", "{\"error\":{\"message\":\"bad key sk\\/1234+78, sk%2f1234%2B78\"}}", "bad key ***********, **************" },
        { "sk-12345678", "{\"error\":{\"message\":\"bad key sk-1234567\"}}", "bad key **********" },
        { "short", "{\"error\":{\"message\":\"the word is short\"}}", "the word is short" },
        { "sk-12345678", "bad key sk-12345678", "HTTP 401, and the body is not JSON; it begins: bad key ***********" },
        { "sk-12345678", "0123456789012345678901234567890123456789012345678901234567890123456789 sk-12345678",
          "HTTP 401, and the body is not JSON; it begins: 0123456789012345678901234567890123456789012345678901234567890123456789 *********" },
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        llmprov_desc d = { .api_key = cases[i].key };
        llmprov_request req = { .model = "m-1", .prompt = "Hello" };
        engine_wire w = engine_wire_of(ENGINE_WHOLE, 401, cases[i].body, strlen(cases[i].body));
        engine_reply reply = engine_read_wire(engine_open("openai-chat", &d), &req, ENGINE_WHOLE, &w, __FILE__, __LINE__);
        CHECK_STR(reply.r.error.message, cases[i].message);
        if (strlen(cases[i].key) >= 8) CHECK(!strstr(reply.r.error.raw, cases[i].key));
        engine_reply_free(&reply);
    }
}

/* Inside a stream that began as one, too. */
TEST(secret_echo_in_a_stream_is_masked) {
    llmprov_desc d = { .api_key = "sk-12345678" };
    llmprov_request req = { .model = "m-1", .prompt = "Hello" };
    const char *body = Q(CHAT("{'content':'Hel'}") "data: {'error':{'message':'the key sk-12345678 has expired','code':'sk-12345678'}}\n\n");
    engine_wire w = engine_wire_of(ENGINE_STREAM, 200, body, strlen(body));
    engine_reply reply = engine_read_wire(engine_open("openai-chat", &d), &req, ENGINE_STREAM, &w, __FILE__, __LINE__);
    CHECK_STR(reply.r.error.message, "the key *********** has expired");
    CHECK_STR(reply.r.error.provider_code, "***********");
    CHECK(reply.r.error.raw_len && !strstr(reply.r.error.raw, "sk-12345678"));
    CHECK_STR(reply.r.text, "Hel");
    engine_reply_free(&reply);
}

/* What a server says is UTF-8 when it is handed on, also where its message is an object. */
TEST(secret_error_texts_are_utf8) {
    engine_reply reply = engine_read("anthropic-messages", ENGINE_WHOLE, 400, "{\"error\":{\"message\":{\"a\":\"x\xffy\"},\"type\":\"a\xff\",\"param\":\"b\xc3\"}}");
    CHECK_STR(reply.r.error.message, "{\"a\":\"x\xEF\xBF\xBDy\"}");
    CHECK_STR(reply.r.error.provider_code, "a\xEF\xBF\xBD");
    CHECK_STR(reply.r.error.param, "b\xEF\xBF\xBD");
    engine_reply_free(&reply);
}

/* So are the sentences that quote a program's own words. */
TEST(secret_sentences_are_utf8) {
    llmprov_desc d = { .provider = "no\xffsuch", .alloc = test_alloc() };
    llmprov_client *c = llmprov_open(&d);
    const char *message = llmprov_client_error(c)->message;
    CHECK_ALWAYS(llmprov__text_valid(message, strlen(message)) == strlen(message));
    CHECK(strstr(message, "\"no?such\"") != NULL);
    llmprov_close(c);
}
