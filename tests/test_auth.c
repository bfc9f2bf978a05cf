/* >>auth: AWS's signature, and what a call does with it. */
#include "engine.h"

// -- dates ---------------------------------------------------------------------------------

TEST(auth_date_of_known_moments) {
    static const struct { int64_t ms; const char *date; } cases[] = {
        { 1440938160000, "20150830T123600Z" }, { 1440938160999, "20150830T123600Z" }, { 1, "19700101T000000Z" }, { 951782400000, "20000229T000000Z" },
        { 951868800000, "20000301T000000Z" }, { 1709251199000, "20240229T235959Z" }, { 1735689599999, "20241231T235959Z" }, { 1735689600000, "20250101T000000Z" },
        { 4107542400000, "21000301T000000Z" }, { 4107542399000, "21000228T235959Z" }, { 253402300799999, "99991231T235959Z" },
    };
    char date[17];
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        CHECK(llmprov__auth_date(date, cases[i].ms));
        CHECK_STR(date, cases[i].date);
    }
    CHECK(!llmprov__auth_date(date, 0));
    CHECK(!llmprov__auth_date(date, -1));
    CHECK(!llmprov__auth_date(date, INT64_MIN));
    CHECK(!llmprov__auth_date(date, 253402300800000));
    CHECK(!llmprov__auth_date(date, INT64_MAX));
}

/* Every day of four centuries, by the way in which Retry-After dates are counted. */
TEST_NO_OOM(auth_date_of_every_day) {
    int64_t day;
    for (day = 1; day < 146097 + 366; day++) {
        char date[17];
        int y, m, d;
        if (!llmprov__auth_date(date, day * 86400000) || sscanf(date, "%4d%2d%2dT000000Z", &y, &m, &d) != 3 || llmprov__http_days(y, m, d) != day || m > 12 || d > 31) {
            CHECK_STR(date, "a day");
            return;
        }
    }
}

// -- signatures ------------------------------------------------------------------------------

typedef struct auth_case { const char *method, *path, *query, *body, *token, *service, *signature; } auth_case;

static void auth_sign(const auth_case *c, bool type, char hex[65]) {
    llmprov__mem_arena a = { { NULL, NULL }, NULL, 0, false };
    llmprov__auth_request r;
    llmprov__auth_scope scope = { "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1", c->service, "20150830T123600Z" };
    llmprov_header headers[4];
    unsigned char hash[32];
    char payload[65], *value;
    memset(&r, 0, sizeof r);
    a.alloc = test_alloc();
    r.method = c->method;
    r.path.ptr = c->path, r.path.len = strlen(c->path);
    r.query.ptr = c->query, r.query.len = strlen(c->query);
    headers[r.header_count].name = "X-Amz-Date", headers[r.header_count++].value = scope.date;
    headers[r.header_count].name = "Host", headers[r.header_count++].value = type ? "bedrock-runtime.us-east-1.amazonaws.com" : "example.amazonaws.com";
    if (type) headers[r.header_count].name = "Content-Type", headers[r.header_count++].value = " application/json ";
    if (c->token) headers[r.header_count].name = "x-amz-security-token", headers[r.header_count++].value = c->token;
    r.headers = headers;
    llmprov__crypt_sha256(hash, c->body, strlen(c->body));
    llmprov__crypt_hex(payload, hash, 32);
    r.payload = payload;
    value = llmprov__auth_sign(&a, &r, &scope);
    strcpy(hex, value ? value + strlen(value) - 64 : "");
    if (value) CHECK_ALWAYS(strlen(value) > 64 && !strncmp(value, "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/", 59));
    CHECK_ALWAYS(value || a.failed);
    llmprov__mem_arena_free(&a);
}

/* Figures that AWS and its SDK publish for these requests. */
TEST(auth_signature_of_published_requests) {
    static const char model[] = "/model/anthropic.claude-3-5-sonnet-20240620-v1%3A0/converse", hi[] = "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}";
    static const auth_case plain[] = {
        { "GET", "/", "", "", NULL, "service", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
        { "POST", "/", "", "", NULL, "service", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b" },
        { "GET", "/example space/", "", "", NULL, "service", "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741" },
        { "GET", "//./x/../example space//", "", "", NULL, "service", "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741" },
    }, bedrock[] = {
        { "POST", model, "", hi, NULL, "bedrock", "1c91d22c6dfb49efad9e8de45bc4dde894ea14c06a0f4b54d7682ee99e1cd6d6" },
        { "POST", model, "", hi, "SESSIONTOKENEXAMPLE==", "bedrock", "75b81644c74b13a1e60be54d5504e8c2040c86da90358db529809a151d02686d" },
        { "POST", "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.anthropic.claude-sonnet-4-20250514-v1%3A0/converse-stream", "", "{}", NULL,
          "bedrock", "d047008c5fd6b049fa37219976aaec3947a1089003efee678cbdfcf0441eca87" },
    };
    char hex[65];
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(plain); i++) {
        auth_sign(&plain[i], false, hex);
        CHECK_STR(hex, plain[i].signature);
    }
    for (i = 0; i < LLMPROV__COUNT(bedrock); i++) {
        auth_sign(&bedrock[i], true, hex);
        CHECK_STR(hex, bedrock[i].signature);
    }
}

static void auth_path_is(const char *path, bool verbatim, const char *expected) {
    llmprov__mem_buf out = { NULL, 0, 0, { NULL, NULL }, false };
    llmprov_str p = { path, strlen(path) };
    out.alloc = test_alloc();
    if (verbatim) llmprov__auth_verbatim(&out, p);
    else llmprov__auth_path(&out, p);
    if (!out.failed) CHECK_TEXT(out.ptr, out.len, expected);
    llmprov__mem_buf_free(&out);
}

TEST(auth_paths) {
    static const struct { const char *path, *normal, *verbatim; } cases[] = {
        { "", "/", "/" }, { "/", "/", "/" }, { "/.", "/", "/." }, { "/..", "/", "/.." }, { "/./", "/", "/./" }, { "/a", "/a", "/a" }, { "/a/", "/a/", "/a/" }, { "//a//", "/a/", "//a//" },
        { "/a/..", "/", "/a/.." }, { "/a/b/..", "/a/", "/a/b/.." }, { "/a/b/../c", "/a/c", "/a/b/../c" }, { "/a/b/../../..", "/", "/a/b/../../.." }, { "/../a", "/a", "/../a" },
        { "/a/.b/..c", "/a/.b/..c", "/a/.b/..c" }, { "/a%3Ab", "/a%253Ab", "/a%253Ab" }, { "/a:b c", "/a%3Ab%20c", "/a%3Ab%20c" }, { "/\xE1\x88\xB4", "/%E1%88%B4", "/%E1%88%B4" },
        { "/-._~", "/-._~", "/-._~" }, { "/a/.", "/a/", "/a/." },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        auth_path_is(cases[i].path, false, cases[i].normal);
        auth_path_is(cases[i].path, true, cases[i].verbatim);
    }
}

static void auth_query_is(const char *query, const char *expected) {
    llmprov__mem_arena a = { { NULL, NULL }, NULL, 0, false };
    llmprov__mem_buf out = { NULL, 0, 0, { NULL, NULL }, false };
    llmprov_str q = { query, strlen(query) };
    a.alloc = out.alloc = test_alloc();
    llmprov__auth_query(&out, &a, q);
    if (!out.failed && !a.failed) CHECK_TEXT(out.ptr ? out.ptr : "", out.len, expected);
    llmprov__mem_buf_free(&out);
    llmprov__mem_arena_free(&a);
}

TEST(auth_queries_are_sorted_and_encoded_once) {
    auth_query_is("", "");
    auth_query_is("b=2&a=1", "a=1&b=2");
    auth_query_is("a=2&a=1&a=", "a=&a=1&a=2");
    auth_query_is("Param-3=V&Param=W&%E1%88%B4=X", "%E1%88%B4=X&Param=W&Param-3=V");
    auth_query_is("a b=c d&e", "a%20b=c%20d&e=");
    auth_query_is("x=a%20b&y=%", "x=a%20b&y=%25");
    auth_query_is("&&a=1&", "a=1");
    auth_query_is("a=b=c", "a=b%3Dc");
}

static void auth_headers_are(const llmprov_header *headers, size_t count, const char *names, const char *lines) {
    llmprov__mem_arena a = { { NULL, NULL }, NULL, 0, false };
    llmprov__mem_buf out = { NULL, 0, 0, { NULL, NULL }, false };
    llmprov__auth_request r;
    llmprov__auth_pair *pairs;
    memset(&r, 0, sizeof r);
    a.alloc = out.alloc = test_alloc();
    r.headers = headers;
    r.header_count = count;
    pairs = llmprov__auth_headers(&a, &r);
    if (pairs) llmprov__auth_names(&out, pairs, count);
    if (pairs && !out.failed) CHECK_TEXT(out.ptr, out.len, names);
    out.len = 0;
    if (pairs) llmprov__auth_header_lines(&out, pairs, count);
    if (pairs && !out.failed) CHECK_TEXT(out.ptr, out.len, lines);
    llmprov__mem_buf_free(&out);
    llmprov__mem_arena_free(&a);
}

TEST(auth_headers_are_sorted_trimmed_and_joined) {
    static const llmprov_header headers[] = { { "My-Header2", "  \"a   b \t c\"  " }, { "Host", "h" }, { "my-header1", "v2" }, { "MY-HEADER1", " v1" }, { "a", "" } };
    auth_headers_are(headers, 5, "a;host;my-header1;my-header2", "a:\nhost:h\nmy-header1:v2,v1\nmy-header2:\"a b c\"\n");
}

// -- clients that sign -----------------------------------------------------------------------

typedef struct auth_world {
    llmprov_registry *reg;
    llmprov_translator translator;
    int64_t now;
    int asked;                   /* how often for credentials */
    int read;                    /* how often a source was read from its beginning */
    llmprov_credentials gives;
    bool refuses;
} auth_world;

static int64_t auth_clock(void *user) { return ((auth_world *)user)->now; }

static bool auth_credentials(void *user, llmprov_credentials *out) {
    auth_world *w = (auth_world *)user;
    w->asked++;
    *out = w->gives;
    return !w->refuses;
}

/* A provider that wants signatures, and whose paths hold the model; what it speaks is openai-chat. */
static llmprov_desc auth_desc(auth_world *w) {
    llmprov_alloc alloc = test_alloc();
    llmprov_provider row = { .id = "signed", .format = "pathed", .base_url = "https://x-runtime.{region}.amazonaws.com", .key_env = "TEST_AWS_TOKEN=bearer",
                             .auth = LLMPROV_AUTH_SIGV4, .auth_name = "bedrock" };
    llmprov_desc d = { .provider = "signed", .region = "us-east-1", .access_key = "AKIDEXAMPLE", .secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
    const llmprov_translator *chat = llmprov__translators_find("openai-chat");
    memset(w, 0, sizeof *w);
    w->reg = llmprov_registry_new(&alloc);
    w->now = 1440938160000;
    if (chat) w->translator = *chat;
    w->translator.format = "pathed";
    w->translator.path = "/model/{model}/say";
    w->translator.stream_path = "/model/{model}/stream";
    w->translator.version = NULL;
    llmprov_register_translator(w->reg, &w->translator, 0);
    llmprov_register(w->reg, &row, 0);
    d.registry = w->reg;
    d.unix_ms = auth_clock;
    d.user = w;
    d.alloc = alloc;
    return d;
}

static const char *auth_header(const llmprov_call *call, const char *name) {
    const llmprov_http *http = llmprov_call_http(call);
    size_t i;
    for (i = 0; http && i < http->header_count; i++)
        if (llmprov__text_same(http->headers[i].name, name, true)) return http->headers[i].value;
    return NULL;
}

/* What the server would compute from what was sent. */
static void auth_verify(llmprov_call *call, const char *host, const char *path, const char *names) {
    const llmprov_http *http = llmprov_call_http(call);
    const char *got = auth_header(call, "authorization"), *token = auth_header(call, "x-amz-security-token"), *date = auth_header(call, "x-amz-date");
    engine_text want = { NULL, 0, 0 };
    unsigned char hash[32], key[32];
    char hex[65];
    size_t len;
    const void *body = llmprov_call_body_whole(call, &len);
    if (!http || !got || !date || !body) {
        CHECK(http && got && date && body);
        return;
    }
    engine_adds(&want, "POST\n");
    engine_adds(&want, path);
    engine_adds(&want, "\n\ncontent-type:application/json\nhost:");
    engine_adds(&want, host);
    engine_adds(&want, "\nx-amz-date:");
    engine_adds(&want, date);
    if (token) engine_adds(&want, "\nx-amz-security-token:"), engine_adds(&want, token);
    engine_adds(&want, "\n\n");
    engine_adds(&want, names);
    engine_adds(&want, "\n");
    llmprov__crypt_sha256(hash, body, len);
    llmprov__crypt_hex(hex, hash, 32);
    engine_adds(&want, hex);
    llmprov__crypt_sha256(hash, want.ptr, want.len);
    llmprov__crypt_hex(hex, hash, 32);
    want.len = 0;
    engine_adds(&want, "AWS4-HMAC-SHA256\n");
    engine_adds(&want, date);
    engine_adds(&want, "\n20150830/us-east-1/bedrock/aws4_request\n");
    engine_adds(&want, hex);
    llmprov__crypt_hmac(key, "AWS4wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", 44, "20150830", 8);
    llmprov__crypt_hmac(key, key, 32, "us-east-1", 9);
    llmprov__crypt_hmac(key, key, 32, "bedrock", 7);
    llmprov__crypt_hmac(key, key, 32, "aws4_request", 12);
    llmprov__crypt_hmac(key, key, 32, want.ptr, want.len);
    llmprov__crypt_hex(hex, key, 32);
    want.len = 0;
    engine_adds(&want, "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/bedrock/aws4_request, SignedHeaders=");
    engine_adds(&want, names);
    engine_adds(&want, ", Signature=");
    engine_adds(&want, hex);
    CHECK_STR(got, want.ptr);
    engine_text_free(&want);
}

TEST(auth_call_is_signed) {
    auth_world w;
    llmprov_desc d = auth_desc(&w);
    llmprov_request req = { .model = "anthropic.claude-3-5-sonnet-20240620-v1:0", .prompt = "Hi", .headers = "X-Other: not signed" };
    llmprov_client *c = llmprov_open(&d);
    llmprov_call *call = llmprov_call_chat(c, &req);
    if (llmprov_call_http(call)) CHECK_STR(llmprov_call_http(call)->url, "https://x-runtime.us-east-1.amazonaws.com/model/anthropic.claude-3-5-sonnet-20240620-v1%3A0/say");
    CHECK_STR(auth_header(call, "x-amz-date"), "20150830T123600Z");
    CHECK(!auth_header(call, "x-amz-security-token"));
    auth_verify(call, "x-runtime.us-east-1.amazonaws.com", "/model/anthropic.claude-3-5-sonnet-20240620-v1%253A0/say", "content-type;host;x-amz-date");
    llmprov_call_free(call);
    llmprov_close(c);
    llmprov_registry_free(w.reg);
}

TEST(auth_call_of_a_stream_with_a_token_and_an_arn) {
    auth_world w;
    llmprov_desc d = auth_desc(&w);
    llmprov_request req = { .model = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.x-v1:0", .prompt = "Hi", .stream = LLMPROV_STREAM_ON };
    llmprov_client *c;
    llmprov_call *call;
    d.session_token = "TOKEN==";
    d.base_url = "https://localhost:8443";
    c = llmprov_open(&d);
    call = llmprov_call_chat(c, &req);
    if (llmprov_call_http(call)) CHECK_STR(llmprov_call_http(call)->url,
        "https://localhost:8443/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.x-v1%3A0/stream");
    auth_verify(call, "localhost:8443", "/model/arn%253Aaws%253Abedrock%253Aus-east-1%253A123456789012%253Ainference-profile%252Fus.x-v1%253A0/stream",
                "content-type;host;x-amz-date;x-amz-security-token");
    llmprov_call_free(call);
    llmprov_close(c);
    llmprov_registry_free(w.reg);
}

/* A port that the scheme implies is not sent. */
TEST(auth_call_signs_the_host_as_it_is_sent) {
    static const struct { const char *base, *host; } cases[] = { { "https://h.test:443", "h.test" }, { "http://h.test:80/", "h.test" }, { "http://h.test:443", "h.test:443" }, { "https://h.test:80", "h.test:80" } };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        auth_world w;
        llmprov_desc d = auth_desc(&w);
        llmprov_request req = { .model = "m", .prompt = "Hi" };
        llmprov_client *c;
        llmprov_call *call;
        d.base_url = cases[i].base;
        c = llmprov_open(&d);
        call = llmprov_call_chat(c, &req);
        auth_verify(call, cases[i].host, "/model/m/say", "content-type;host;x-amz-date");
        llmprov_call_free(call);
        llmprov_close(c);
        llmprov_registry_free(w.reg);
    }
}

static size_t auth_source(void *user, uint64_t offset, void *to, size_t size) {
    if (!offset) ++*(int *)user;
    memset(to, 'x', size);
    return size;
}

static size_t auth_short_source(void *user, uint64_t offset, void *to, size_t size) {
    (void)user, (void)offset, (void)to;
    return size ? size - 1 : 0;
}

/* A retry is another moment: another date, and keys that may be others; the body is the same and hashed once. */
TEST(auth_retries_sign_again) {
    auth_world w;
    llmprov_desc d = auth_desc(&w);
    llmprov_block image = { .type = LLMPROV_BLOCK_IMAGE, .mime = "image/png", .data_len = 3000, .source = { auth_source, &w.read, false } };
    llmprov_message m = { .blocks = &image, .block_count = 1 };
    llmprov_request req = { .model = "m", .messages = &m, .message_count = 1 };
    llmprov_client *c;
    llmprov_call *call;
    char first[256];
    d.credentials = auth_credentials;
    w.gives.access_key = d.access_key;
    w.gives.secret_key = d.secret_key;
    w.gives.session_token = "T1";
    c = llmprov_open(&d);
    call = llmprov_call_chat(c, &req);
    CHECK_STR(auth_header(call, "x-amz-security-token"), "T1");
    CHECK_INT(w.read, 1);
    sprintf(first, "%.250s", auth_header(call, "authorization") ? auth_header(call, "authorization") : "");
    llmprov_call_tick(call, 1000);
    llmprov_call_head(call, 500, NULL, 0);
    llmprov_call_eof(call);
    CHECK_INT(llmprov_call_want(call), LLMPROV_WANT_TIME);
    w.now += 5000;
    w.gives.session_token = NULL;
    llmprov_call_tick(call, 10000);
    CHECK_INT(llmprov_call_want(call), LLMPROV_WANT_SEND);
    CHECK_STR(auth_header(call, "x-amz-date"), "20150830T123605Z");
    CHECK(!auth_header(call, "x-amz-security-token"));
    CHECK(!auth_header(call, "authorization") || strcmp(first, auth_header(call, "authorization")));
    CHECK_INT(w.read, 1);
    CHECK_INT(w.asked, 2);
    auth_verify(call, "x-runtime.us-east-1.amazonaws.com", "/model/m/say", "content-type;host;x-amz-date");
    llmprov_call_head(call, 500, NULL, 0);                    /* and once more, but now they have expired */
    llmprov_call_eof(call);
    w.gives.expires_ms = w.now;
    llmprov_call_tick(call, 20000);
    CHECK_INT(llmprov_call_want(call), LLMPROV_WANT_NOTHING);
    CHECK_INT(llmprov_call_error(call)->code, LLMPROV_ERR_AUTH);
    llmprov_call_free(call);
    llmprov_close(c);
    llmprov_registry_free(w.reg);
}

// -- what cannot be signed -------------------------------------------------------------------

/* No byte is sent, and the sentence says what to do. */
static void auth_refused(auth_world *w, llmprov_desc *d, const llmprov_request *req, llmprov_status code, const char *says, int line) {
    llmprov_client *c = llmprov_open(d);
    llmprov_call *call = llmprov_call_chat(c, req);
    llmprov_response r;
    CHECK_INT(llmprov_call_want(call), LLMPROV_WANT_NOTHING);
    CHECK(!llmprov_call_http(call));
    llmprov_call_take(call, &r);
    if (!test_excused() && (r.error.code != code || !strstr(r.error.message, says))) test_fail(__FILE__, line, "%d: %s", (int)r.error.code, r.error.message);
    CHECK(!r.error.retryable);
    llmprov_response_free(&r);
    llmprov_call_free(call);
    llmprov_close(c);
    llmprov_registry_free(w->reg);
}
#define REFUSED(change, code, says) do { auth_world w; llmprov_desc d = auth_desc(&w); llmprov_request req = { .model = "m", .prompt = "Hi" }; \
    change; auth_refused(&w, &d, &req, (code), (says), __LINE__); } while (0)

TEST(auth_what_is_missing_is_said) {
    REFUSED(d.unix_ms = NULL, LLMPROV_ERR_ARGUMENT, "desc.unix_ms");
    REFUSED(w.now = 0, LLMPROV_ERR_ARGUMENT, "desc.unix_ms");
    REFUSED(d.secret_key = NULL, LLMPROV_ERR_ARGUMENT, "secret is missing");
    REFUSED(d.access_key = "", LLMPROV_ERR_ARGUMENT, "secret is missing");
    REFUSED(d.access_key = "a\nb", LLMPROV_ERR_ARGUMENT, "control character");
    REFUSED(d.session_token = "a\r\nx: y", LLMPROV_ERR_ARGUMENT, "control character");
    REFUSED(d.region = "evil.com/", LLMPROV_ERR_ARGUMENT, "evil.com/");
    REFUSED(d.region = "", LLMPROV_ERR_ARGUMENT, "region");
    REFUSED(d.region = "EU", LLMPROV_ERR_ARGUMENT, "region");
}

TEST(auth_credentials_that_do_not_serve) {
    REFUSED(d.credentials = auth_credentials; w.refuses = true, LLMPROV_ERR_NO_KEY, "desc.credentials");
    REFUSED(d.credentials = auth_credentials, LLMPROV_ERR_NO_KEY, "secret is missing");
    REFUSED(d.credentials = auth_credentials; w.gives.bearer = "a\nb", LLMPROV_ERR_NO_KEY, "control character");
    REFUSED(d.credentials = auth_credentials; w.gives.access_key = "a"; w.gives.secret_key = "b"; w.gives.expires_ms = w.now, LLMPROV_ERR_AUTH, "expired");
    REFUSED(d.credentials = auth_credentials; w.gives.access_key = "a"; w.gives.secret_key = "b"; d.unix_ms = NULL, LLMPROV_ERR_ARGUMENT, "desc.unix_ms");
}

TEST(auth_models_that_cannot_stand_in_a_path) {
    REFUSED(req.model = "../admin", LLMPROV_ERR_ARGUMENT, "dot segment");
    REFUSED(req.model = "a/../../b", LLMPROV_ERR_ARGUMENT, "dot segment");
    REFUSED(req.model = "..", LLMPROV_ERR_ARGUMENT, "dot segment");
    REFUSED(req.model = "a/./b", LLMPROV_ERR_ARGUMENT, "dot segment");
    REFUSED(req.model = "a\nb", LLMPROV_ERR_ARGUMENT, "control character");
}

TEST(auth_sources_that_can_be_read_only_once) {
    llmprov_block image = { .type = LLMPROV_BLOCK_IMAGE, .mime = "image/png", .data_len = 3000 };
    llmprov_message m = { .blocks = &image, .block_count = 1 };
    image.source.read = auth_source;
    image.source.once = true;
    REFUSED(req.messages = &m; req.message_count = 1; req.prompt = NULL; image.source.user = &w.read, LLMPROV_ERR_UNSUPPORTED, "read only once");
    image.source.read = auth_short_source;
    image.source.once = false;
    REFUSED(req.messages = &m; req.message_count = 1; req.prompt = NULL, LLMPROV_ERR_ARGUMENT, "fewer bytes");
}

// -- bearer tokens ---------------------------------------------------------------------------

static void auth_sends(llmprov_desc *d, const char *authorization, const char *date) {
    llmprov_request req = { .model = "m", .prompt = "Hi" };
    llmprov_client *c = llmprov_open(d);
    llmprov_call *call = llmprov_call_chat(c, &req);
    if (!CHECK_STR(auth_header(call, "authorization"), authorization) && !test_excused()) printf("    %s\n", llmprov_call_error(call)->message);
    CHECK_STR(auth_header(call, "x-amz-date"), date);
    llmprov_call_free(call);
    llmprov_close(c);
}

TEST(auth_bearer_tokens_sign_nothing) {
    auth_world w;
    llmprov_desc d = auth_desc(&w);
    d.api_key = "api-key";
    d.unix_ms = NULL;
    auth_sends(&d, "Bearer api-key", NULL);
    d.api_key = NULL;
    d.credentials = auth_credentials;
    w.gives.bearer = "from-callback";
    auth_sends(&d, "Bearer from-callback", NULL);
    d.headers = "Authorization: mine";                        /* the caller's own stands */
    auth_sends(&d, "mine", NULL);
    llmprov_registry_free(w.reg);
}

/* A token that is asked for is no matter of AWS alone. */
TEST(auth_credentials_for_other_providers) {
    auth_world w = { .gives = { .bearer = "t" } };
    llmprov_desc d = { .provider = "openai", .credentials = auth_credentials, .user = &w };
    d.alloc = test_alloc();
    auth_sends(&d, "Bearer t", NULL);
    w.gives.bearer = NULL;
    w.gives.access_key = w.gives.secret_key = "x";
    auth_sends(&d, NULL, NULL);
}

// -- regions and the environment -------------------------------------------------------------

static void auth_url_is(const char *region, const char *base, const char *url) {
    auth_world w;
    llmprov_desc d = auth_desc(&w);
    llmprov_request req = { .model = "m", .prompt = "Hi" };
    llmprov_client *c;
    llmprov_call *call;
    d.region = region;
    d.base_url = base;
    c = llmprov_open(&d);
    call = llmprov_call_chat(c, &req);
    CHECK_STR(llmprov_call_http(call) ? llmprov_call_http(call)->url : NULL, url);
    llmprov_call_free(call);
    llmprov_close(c);
    llmprov_registry_free(w.reg);
}

TEST(auth_regions_in_base_urls) {
    auth_url_is("eu-west-1", NULL, "https://x-runtime.eu-west-1.amazonaws.com/model/m/say");
    auth_url_is("cn-north-1", NULL, "https://x-runtime.cn-north-1.amazonaws.com.cn/model/m/say");
    auth_url_is("us-iso-east-1", NULL, "https://x-runtime.us-iso-east-1.c2s.ic.gov/model/m/say");
    auth_url_is("us-isob-east-1", NULL, "https://x-runtime.us-isob-east-1.sc2s.sgov.gov/model/m/say");
    auth_url_is("eusc-de-east-1", NULL, "https://x-runtime.eusc-de-east-1.amazonaws.eu/model/m/say");
    auth_url_is("us-gov-west-1", NULL, "https://x-runtime.us-gov-west-1.amazonaws.com/model/m/say");
    auth_url_is("eu-west-1", "https://gateway.test/aws/", "https://gateway.test/aws/model/m/say");
    auth_url_is("eu-west-1", "https://x-fips.{region}.amazonaws.com", "https://x-fips.eu-west-1.amazonaws.com/model/m/say");
}

TEST(auth_rows_that_could_not_work) {
    llmprov_alloc alloc = test_alloc();
    llmprov_registry *reg = llmprov_registry_new(&alloc);
    llmprov_provider row = { .id = "s", .format = "openai-chat", .base_url = "https://x.{region}.test", .auth = LLMPROV_AUTH_SIGV4 };
    CHECK_INT(llmprov_register(reg, &row, 0), LLMPROV_ERR_ARGUMENT);
    CHECK_STR(llmprov_registry_error(reg)->param, "auth_name");
    row.auth_name = "bedrock";
    row.base_url = "https://x.{regions}.test";
    CHECK_INT(llmprov_register(reg, &row, 0), LLMPROV_ERR_ARGUMENT);
    CHECK_STR(llmprov_registry_error(reg)->param, "base_url");
    row.base_url = "https://x.{region}.test";
    CHECK_INT(llmprov_register(reg, &row, 0), LLMPROV_OK);
    llmprov_registry_free(reg);
}

#ifdef TEST_ENVIRONMENT
static void auth_clear(void) {
    static const char *const names[] = { "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "TEST_AWS_TOKEN" };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(names); i++) test_setenv(names[i], NULL);
}

TEST_NO_OOM(auth_from_the_environment) {
    auth_clear();
    REFUSED(d.region = NULL, LLMPROV_ERR_ARGUMENT, "AWS_REGION");
    REFUSED((d.region = NULL, d.base_url = "https://x.example"), LLMPROV_ERR_ARGUMENT, "AWS_REGION");
    REFUSED((d.region = d.access_key = d.secret_key = NULL, d.base_url = "https://x.example", d.credentials = auth_credentials,
             w.gives.access_key = "A", w.gives.secret_key = "B"), LLMPROV_ERR_ARGUMENT, "AWS_REGION");
    REFUSED(d.access_key = d.secret_key = NULL, LLMPROV_ERR_NO_KEY, "AWS_ACCESS_KEY_ID");
    test_setenv("AWS_DEFAULT_REGION", "eu-north-1");
    auth_url_is(NULL, NULL, "https://x-runtime.eu-north-1.amazonaws.com/model/m/say");
    test_setenv("AWS_REGION", "eu-south-1");
    auth_url_is(NULL, NULL, "https://x-runtime.eu-south-1.amazonaws.com/model/m/say");
    auth_url_is("eu-west-1", NULL, "https://x-runtime.eu-west-1.amazonaws.com/model/m/say");
    test_setenv("AWS_ACCESS_KEY_ID", "AKIDENV");
    test_setenv("AWS_SECRET_ACCESS_KEY", "envsecret");
    test_setenv("AWS_SESSION_TOKEN", "envtoken");
    {
        auth_world w;
        llmprov_desc d = auth_desc(&w);
        llmprov_request req = { .model = "m", .prompt = "Hi" };
        llmprov_client *c = llmprov_open(&d);
        llmprov_call *call = llmprov_call_chat(c, &req);
        CHECK(!auth_header(call, "x-amz-security-token"));    /* the desc's keys are not mixed with the environment's token */
        llmprov_call_free(call);
        llmprov_close(c);
        d.access_key = d.secret_key = NULL;
        c = llmprov_open(&d);
        call = llmprov_call_chat(c, &req);
        CHECK_STR(auth_header(call, "x-amz-security-token"), "envtoken");
        CHECK(auth_header(call, "authorization") && strstr(auth_header(call, "authorization"), "Credential=AKIDENV/"));
        llmprov_call_free(call);
        llmprov_close(c);
        test_setenv("TEST_AWS_TOKEN", "bearer-env");            /* the row's variable stands over AWS's keys in variables, not over the desc's */
        auth_sends(&d, "Bearer bearer-env", NULL);
        d.access_key = "AKIDEXAMPLE";
        d.secret_key = "s";
        c = llmprov_open(&d);
        call = llmprov_call_chat(c, &req);
        CHECK(auth_header(call, "authorization") && strstr(auth_header(call, "authorization"), "Credential=AKIDEXAMPLE/"));
        llmprov_call_free(call);
        llmprov_close(c);
        llmprov_registry_free(w.reg);
    }
    auth_clear();
}
#endif
