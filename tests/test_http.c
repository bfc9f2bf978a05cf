/* >>http: headers, URLs, and what is read of a reply's head. */
#include "test.h"

typedef struct http_box { llmprov__mem_arena arena; llmprov__http_headers list; llmprov_error err; } http_box;

static http_box http_new(void) {
    http_box b;
    memset(&b, 0, sizeof b);
    b.arena.alloc = test_alloc();
    llmprov__err_clear(&b.err);
    return b;
}

static bool http_lines(http_box *b, const char *lines) { return llmprov__http_lines(&b->list, &b->arena, lines, "desc.headers", &b->err, &b->arena); }

// -- headers -------------------------------------------------------------------------------

TEST(http_lines_become_headers) {
    http_box b = http_new();
    CHECK(http_lines(&b, "One: 1\nTwo:2\r\n\nThree: \t a b \t\r\nFour:\nFive: x:y\nSix: 6\nSeven: 7\nEight: 8\nNine: 9\n"));
    if (b.list.count == 9 && !b.arena.failed) {
        CHECK_STR(b.list.items[0].name, "One");
        CHECK_STR(b.list.items[0].value, "1");
        CHECK_STR(b.list.items[1].value, "2");
        CHECK_STR(b.list.items[2].value, "a b");
        CHECK_STR(b.list.items[3].value, "");
        CHECK_STR(b.list.items[4].value, "x:y");
        CHECK_STR(b.list.items[8].value, "9");
    } else CHECK(false);
    llmprov__mem_arena_free(&b.arena);
}

TEST(http_lines_set_again_replace_whatever_their_case) {
    http_box b = http_new();
    CHECK(http_lines(&b, "Accept: a\nX-One: b\nACCEPT: c\nx-one: d"));
    CHECK_INT(b.list.count, 2);
    if (b.list.count == 2) {
        CHECK_STR(b.list.items[0].value, "c");
        CHECK_STR(b.list.items[1].value, "d");
    }
    CHECK(llmprov__http_find(&b.list, "x-ONE") && !llmprov__http_find(&b.list, "x-on") && !llmprov__http_find(&b.list, ""));
    llmprov__mem_arena_free(&b.arena);
}

TEST(http_lines_of_nothing) {
    http_box b = http_new();
    CHECK(http_lines(&b, NULL) && http_lines(&b, "") && http_lines(&b, "\n\r\n\n"));
    CHECK_INT(b.list.count, 0);
    llmprov__mem_arena_free(&b.arena);
}

/* Whatever would open a second header or leave the head is refused, with its line and its place. */
TEST(http_lines_refuse_what_would_break_out) {
    static const struct { const char *lines, *says; size_t offset; } cases[] = {
        { "no colon", "line 1 has no colon", 0 }, { "a: b\nno colon\nc: d", "line 2 has no colon", 5 }, { ": x", "line 1 has no proper header name", 0 },
        { "a b: x", "no proper header name", 0 }, { "a\t: x", "no proper header name", 0 }, { " a: x", "no proper header name", 0 }, { "a\r: x", "no proper header name", 0 },
        { "n\xC3\xA9: x", "no proper header name", 0 }, { "a(: x", "no proper header name", 0 }, { "\"a\": x", "no proper header name", 0 },
        { "a: b\rX-Evil: c", "control character", 3 }, { "a: b\x01", "control character", 3 }, { "a: \x7f", "control character", 3 }, { "a: b\x1b[0m", "control character", 3 },
        { "ok: 1\r\na: x\rb\r\n", "line 2", 10 }, { "a: b\r\r\n", "control character", 3 },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        http_box b = http_new();
        CHECK_ALWAYS(!http_lines(&b, cases[i].lines));
        CHECK_INT(b.err.code, LLMPROV_ERR_ARGUMENT);
        if (!CHECK(strstr(b.err.message, cases[i].says) && strstr(b.err.message, "desc.headers")) && !test_excused()) printf("    %s\n", b.err.message);
        CHECK_INT(b.err.offset, cases[i].offset);
        llmprov__mem_arena_free(&b.arena);
    }
}

TEST_NO_OOM(http_lines_take_tabs_and_bytes_beyond_ascii_in_values) {
    http_box b = http_new();
    CHECK(http_lines(&b, "a: x\ty\nb: caf\xC3\xA9"));
    CHECK_STR(b.list.items[0].value, "x\ty");
    CHECK_STR(b.list.items[1].value, "caf\xC3\xA9");
    llmprov__mem_arena_free(&b.arena);
}

TEST_NO_OOM(http_token_of_rfc_9110) {
    int c, count = 0;
    for (c = 0; c < 256; c++) {
        char b[1];
        b[0] = (char)c;
        count += llmprov__http_is_token(b, 1);
    }
    CHECK_INT(count, 10 + 26 + 26 + 15);
    CHECK(llmprov__http_is_token("x-Api_Key!#$%&'*+-.^_`|~0", 25) && !llmprov__http_is_token("", 0) && !llmprov__http_is_token("a b", 3));
}

TEST_NO_OOM(http_value_says_where_it_breaks) {
    CHECK_INT(llmprov__http_value_ok("abc\ndef", 7), 3);
    CHECK_INT(llmprov__http_value_ok("a\0b", 3), 1);
    CHECK_INT(llmprov__http_value_ok("abc", 3), 3);
    CHECK_INT(llmprov__http_value_ok("", 0), 0);
}

// -- URLs ----------------------------------------------------------------------------------

static void http_url(const char *base, const char *version, const char *path, const char *expected) {
    http_box b = http_new();
    const char *why = NULL;
    char *url = llmprov__http_url(&b.arena, base, version, path, &why);
    if (expected) {
        CHECK_STR(url, expected);
        CHECK_ALWAYS(!why && (url || b.arena.failed));
    } else if ((!CHECK_ALWAYS(!url) || !CHECK(why && *why)) && !test_excused()) printf("    %s gave %s\n", base, url ? url : "no reason");
    llmprov__mem_arena_free(&b.arena);
}

TEST(http_url_gets_its_version_where_it_lacks_one) {
    static const char *const bases[] = { "https://a.example", "https://a.example/", "https://a.example/v1", "https://a.example/v1/", "https://a.example//v1//", "https://a.example/v1/messages",
        "https://a.example/v1/messages/", "https://a.example/messages" };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(bases); i++) http_url(bases[i], "v1", "/messages", "https://a.example/v1/messages");
}

TEST(http_url_keeps_the_version_that_it_has) {
    http_url("https://a.example/v4", "v1", "/chat/completions", "https://a.example/v4/chat/completions");
    http_url("https://a.example/v1beta/openai/", "v1", "/chat/completions", "https://a.example/v1beta/openai/chat/completions");
    http_url("https://a.example/api/paas/v4/chat/completions", "v1", "/chat/completions", "https://a.example/api/paas/v4/chat/completions");
    http_url("https://a.example/version1", "v1", "/x", "https://a.example/version1/v1/x");
    http_url("https://a.example/vision", "v1", "/x", "https://a.example/vision/v1/x");
    http_url("https://a.example/v", "v1", "/x", "https://a.example/v/v1/x");
    http_url("https://v1.example", "v1", "/x", "https://v1.example/v1/x");
    http_url("https://a.example/api", NULL, "/x", "https://a.example/api/x");
    http_url("https://a.example", NULL, "x", "https://a.example/x");
}

TEST(http_url_has_no_empty_segments) {
    http_url("https://a.example//api///v1//", "v1", "/x", "https://a.example/api/v1/x");
    http_url("http://a.example////", "v1", "/x", "http://a.example/v1/x");
}

TEST(http_url_cuts_only_the_endpoint_it_knows) {
    http_url("https://a.example/chat/completions", "v1", "/chat/completions", "https://a.example/v1/chat/completions");
    http_url("https://a.example/mychat/completions", "v1", "/chat/completions", "https://a.example/mychat/completions/v1/chat/completions");
    http_url("https://a.example/v1/completions", "v1", "/chat/completions", "https://a.example/v1/completions/chat/completions");
}

TEST(http_url_keeps_its_query_behind_the_path) {
    http_url("https://a.example/v1?api-version=2024-10-21", "v1", "/x", "https://a.example/v1/x?api-version=2024-10-21");
    http_url("https://a.example?a=b&c=/v9/", "v1", "/x", "https://a.example/v1/x?a=b&c=/v9/");
    http_url("https://a.example/v1/x?a", "v1", "/x", "https://a.example/v1/x?a");
    http_url("https://a.example/?", "v1", "/x", "https://a.example/v1/x?");
}

TEST(http_url_takes_ports_and_addresses) {
    http_url("http://127.0.0.1:8080", "v1", "/x", "http://127.0.0.1:8080/v1/x");
    http_url("http://[::1]:8080/v1", "v1", "/x", "http://[::1]:8080/v1/x");
    http_url("http://localhost", "v1", "/x", "http://localhost/v1/x");
}

TEST(http_url_refuses_what_is_none) {
    static const char *const bad[] = {
        "", "a.example", "ftp://a.example", "HTTPS//a", "https:/a.example", "//a.example", "https://", "https:///v1", "https://?x", "https://:80", "https://a.example/#frag", "https://a.example/v1#",
        "https://user@a.example", "https://user:pass@a.example/v1", "https://a.example/a b", "https://a.example/\n", "https://a.example/v1\r\nX: y", "https://a.example/\x7f", "https://a.ex ample",
        "https://a.example/<x>", "https://a.example/{x}", "https://a.example\\v1", "https://a.example/../v1", "https://a.example/v1/..", "https://a.example/./v1", " https://a.example",
        "https://a.example/\"", "https://a.example/v1?x=\n", ("https://b\xC3\xBC" "cher.example"), "https://a.example/\xC3\xA9/v1", "https://a.example/\xFF", "https://a.example/v1?x=\x80", "file:///etc/passwd", "javascript://a",
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(bad); i++) http_url(bad[i], "v1", "/x", NULL);
}

TEST_NO_OOM(http_version_segments) {
    static const char *const yes[] = { "v1", "v4", "v10", "v1beta", "v1beta1", "v2alpha" }, *const no[] = { "", "v", "1", "V1", "v1-beta", "va", "v1.0", "version", "v1beta1x", "xv1" };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(yes); i++) CHECK(llmprov__http_is_version(yes[i], strlen(yes[i])));
    for (i = 0; i < LLMPROV__COUNT(no); i++) if (!CHECK(!llmprov__http_is_version(no[i], strlen(no[i])))) printf("    %s\n", no[i]);
}

/* For every built-in row: with and without the version, with and without a slash, and the whole endpoint. */
TEST(http_url_of_every_row_however_its_base_is_spelt) {
    size_t i;
    int spelling;
    const llmprov_provider *row;
    for (i = 0; (row = llmprov_provider_at(NULL, i)) != NULL; i++) {
        char bare[200], base[500], expected[400] = "";
        char *version;
        bool inside = !strcmp(row->format, "gemini-generate");       /* the model is part of the path */
        if (!row->base_url || strchr(row->base_url, '{') || !strcmp(row->id, "vertex-express")) continue;      /* those with a region: tests/test_auth.c */
        if (row->quirks.base_path && !*row->quirks.base_path) continue;      /* no version anywhere: tests/test_elsewhere.c */
        strcpy(bare, row->base_url);
        version = strrchr(bare, '/');
        if (!CHECK(version && (llmprov__http_is_version(version + 1, strlen(version + 1)) || !strcmp(version + 1, "api")))) continue;
        *version++ = 0;
        for (spelling = 0; spelling < (inside ? 5 : 7); spelling++) {
            llmprov_desc d = { .provider = row->id, .api_key = "k", .base_url = spelling ? base : NULL, .alloc = test_alloc() };
            llmprov_request req = { .prompt = "Hi.", .model = "vendor/na me?#%../..\xE2\x82\xAC", .max_tokens = LLMPROV_INT(5) };
            llmprov_client *c;
            llmprov_call *call;
            const llmprov_http *http;
            if (inside) req.model = "na me%\xE2\x82\xAC";
            if (spelling == 1) sprintf(base, "%s", bare);
            if (spelling == 2) sprintf(base, "%s/", bare);
            if (spelling == 3) sprintf(base, "%s/%s", bare, version);
            if (spelling == 4) sprintf(base, "%s/%s/", bare, version);
            if (spelling == 5) sprintf(base, "%s", expected);
            if (spelling == 6) sprintf(base, "%s/", expected);
            c = llmprov_open(&d);
            call = llmprov_call_chat(c, &req);
            http = llmprov_call_http(call);
            if (http && !spelling) {
                strcpy(expected, http->url);
                CHECK(!strncmp(http->url, row->base_url, strlen(row->base_url)));
                CHECK(!strstr(http->url + 8, "//"));
                CHECK(!strstr(http->url, "vendor"));          /* a model's name never reaches the path */
            } else if (http && *expected) CHECK_STR(http->url, expected);
            else CHECK(false);
            llmprov_call_free(call);
            llmprov_close(c);
        }
    }
}

// -- a reply's head ------------------------------------------------------------------------

/* What one line says: "" is no text. The texts last until the next one is read. */
static llmprov__http_head http_head(const char *name, const char *value) {
    static char texts[2][400];
    llmprov__mem_arena a = { test_alloc(), NULL, 0, false };
    llmprov__http_head h;
    llmprov__http_head_begin(&h);
    llmprov__http_head_line(&h, &a, name, value);
    sprintf(texts[0], "%.399s", h.request_id ? h.request_id : "");
    sprintf(texts[1], "%.399s", h.error_type ? h.error_type : "");
    h.request_id = texts[0];
    h.error_type = texts[1];
    llmprov__mem_arena_free(&a);
    return h;
}

TEST_NO_OOM(http_head_is_read_whatever_the_case) {
    CHECK_STR(http_head("X-Request-ID", "abc").request_id, "abc");
    CHECK_STR(http_head("request-id", "abc").request_id, "abc");
    CHECK_INT(http_head("Retry-After", "5").wait_ms, 5000);
    CHECK_INT(http_head("RETRY-AFTER-MS", "5").wait_ms, 5);
    CHECK_INT(http_head("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT").wait_at, 784111777);
    CHECK_INT(http_head("date", "Sun, 06 Nov 1994 08:49:37 GMT").date, 784111777);
    CHECK_INT(http_head("date", "x").date, -1);
    CHECK_INT(http_head("x-should-retry", "true").should_retry, LLMPROV_YES);
    CHECK_INT(http_head("x-should-retry", "FALSE").should_retry, LLMPROV_NO);
    CHECK_INT(http_head("x-should-retry", "maybe").should_retry, LLMPROV_UNSET);
    CHECK(http_head("Content-Type", "text/event-stream").event_stream);
    CHECK(http_head("content-type", "text/event-stream; charset=utf-8").event_stream);
    CHECK(http_head("content-type", "Text/Event-Stream").event_stream);
    CHECK(!http_head("content-type", "application/json").event_stream);
    CHECK(!http_head("content-type", "text/event-stream-but-of-a-kind-that-nobody-has-heard-of").event_stream);
    CHECK_STR(http_head("x-amzn-errortype", "com.amazon#ThrottlingException:http://a.example/").error_type, "ThrottlingException");
}

/* What may stand in a path: as it is, as a name of a resource, as a version. */
TEST_NO_OOM(http_parts_of_paths) {
    static const struct { const char *text; bool path, fit, resource, version; } cases[] = {
        { "/v2/chat", true, true, false, false }, { "/", false, true, false, false }, { "v2/chat", false, true, true, false }, { "/a//b", false, true, false, false }, { "/a/", false, true, false, false },
        { "/a/./b", false, false, false, false }, { "/a/../b", false, false, false, false }, { "a\tb", false, false, true, false }, { "a\nb", false, false, true, false }, { "", false, true, true, false },
        { "a?b", false, true, false, false }, { "/a?b", false, true, false, false }, { "v1", false, true, true, true }, { "v1beta", false, true, true, true }, { "v2alpha1", false, true, true, true },
        { "v1~", false, true, true, false }, { "v1B", false, true, true, false }, { "vx", false, true, true, false }, { "v", false, true, true, false }, { "v1beta1x", false, true, true, false },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        const char *t = cases[i].text;
        if (!CHECK(llmprov__http_is_path(t) == cases[i].path && !llmprov__http_unfit(t) == cases[i].fit && !llmprov__http_no_resource(t) == cases[i].resource &&
                   llmprov__http_is_version(t, strlen(t)) == cases[i].version)) printf("    \"%s\"\n", t);
    }
}

TEST_NO_OOM(http_head_lines_that_are_too_long_or_nothing_are_left_out) {
    static char longer[5000];
    memset(longer, 'x', sizeof longer - 1);
    CHECK_STR(http_head("x-request-id", longer).request_id, "");
    CHECK_STR(http_head("x-request-id", longer + sizeof longer - 1 - LLMPROV__HTTP_LONG).request_id, longer + sizeof longer - 1 - LLMPROV__HTTP_LONG);
    CHECK_INT(strlen(http_head("x-amzn-errortype", longer).error_type), LLMPROV__HTTP_LONG);
    CHECK_INT(http_head("retry-after", longer).wait_ms, -1);
    CHECK_INT(http_head("retry-after-ms", longer).wait_ms, -1);
    CHECK_INT(http_head("date", longer).date, -1);
    CHECK(!http_head("content-type", "").event_stream);
    CHECK(!*http_head(NULL, "x").request_id);
    CHECK_INT(http_head("date", NULL).date, -1);
}

/* https://www.rfc-editor.org/rfc/rfc9110#section-5.5 */
TEST_NO_OOM(http_head_without_the_blanks_around_a_value) {
    CHECK_STR(http_head("x-request-id", " \tabc d \t ").request_id, "abc d");
    CHECK_INT(http_head("retry-after", "5\t").wait_ms, 5000);
    CHECK_INT(http_head("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT\t ").wait_at, 784111777);
    CHECK_INT(http_head("x-should-retry", "false ").should_retry, LLMPROV_NO);
    CHECK(http_head("content-type", "\ttext/event-stream ").event_stream);
    CHECK_STR(http_head("x-amzn-errortype", "a#B ").error_type, "B");
    CHECK_STR(http_head("x-request-id", " ").request_id, "");
}

TEST_NO_OOM(http_head_takes_the_first_request_id) {
    llmprov__mem_arena a = { test_alloc(), NULL, 0, false };
    llmprov__http_head h;
    llmprov__http_head_begin(&h);
    llmprov__http_head_line(&h, &a, "x-request-id", "first");
    llmprov__http_head_line(&h, &a, "cf-ray", "second");
    CHECK_STR(h.request_id, "first");
    llmprov__mem_arena_free(&a);
}
