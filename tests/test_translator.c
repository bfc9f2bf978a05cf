/* >>translator: what a wire format's code may say while it writes, and what is asked of its description. */
#include "engine.h"

typedef struct translator_draft { llmprov_draft d; llmprov__translator_job job; llmprov_request req; } translator_draft;

static bool translator_begin(translator_draft *p) {
    llmprov_alloc alloc = test_alloc();
    memset(p, 0, sizeof *p);
    p->job.turn = llmprov__reply_new(&alloc, 0, 0);
    p->d.chat = &p->req;
    p->d.call = &p->job;
    return CHECK(p->job.turn != NULL);
}

/* The first failure counts; its place is in the error, however long it is. */
TEST(translator_failures) {
    translator_draft p;
    char field[3000];
    memset(field, 'f', sizeof field);
    field[sizeof field - 1] = 0;
    if (!translator_begin(&p)) return;
    llmprov_draft_fail(&p.d, LLMPROV_ERR_UNSUPPORTED, field, "no");
    llmprov_draft_fail(&p.d, LLMPROV_ERR_ARGUMENT, "second", "no");
    CHECK_INT(p.job.turn->error.code, LLMPROV_ERR_UNSUPPORTED);
    CHECK_STR(p.job.turn->error.param, field);
    CHECK_ALWAYS(p.job.turn->error.param != NULL);
    llmprov__reply_free(p.job.turn);
}

TEST(translator_headers) {
    translator_draft p;
    const llmprov_header *h;
    if (!translator_begin(&p)) return;
    llmprov_draft_header(&p.d, "X-One", "1");
    llmprov_draft_header(&p.d, "x-one", "2");                 /* what the caller said stands */
    llmprov_draft_header(&p.d, "anthropic-beta", "a");
    llmprov_draft_header(&p.d, "anthropic-beta", "b");
    h = llmprov__http_find(&p.job.headers, "x-one");
    CHECK_STR(h ? h->value : NULL, "1");
    h = llmprov__http_find(&p.job.headers, "anthropic-beta");
    CHECK_STR(h ? h->value : NULL, "a,b");
    CHECK_INT(p.job.turn->error.code, test_excused() ? p.job.turn->error.code : LLMPROV_OK);
    llmprov_draft_header(&p.d, "x-two", "1\n2");
    CHECK_STR(p.job.turn->error.param, "x-two");
    CHECK_INT(p.job.turn->error.code, LLMPROV_ERR_ARGUMENT);
    CHECK_ALWAYS(!llmprov__http_find(&p.job.headers, "x-two"));
    llmprov__reply_free(p.job.turn);
}

/* A warning names a field as the client wrote it. */
TEST(translator_names_of_fields) {
    static const struct { const char *origin, *kept, *field, *named; } cases[] = {
        { NULL, NULL, "effort", "effort" }, { "openai-chat", NULL, "effort", "reasoning_effort" }, { "openai-chat", "{\"thinking\":{}}", "effort", "thinking" },
        { "openai-chat", "{\"reasoning\":{}}", "thinking_tokens", "reasoning" }, { "openai-chat", NULL, "seed", "seed" }, { "bedrock-converse", "{\"inferenceConfig\":{\"topP\":1}}", "top_p", "inferenceConfig.topP" },
        { "bedrock-converse", "{\"additionalModelRequestFields\":{}}", "effort", "additionalModelRequestFields" }, { "bedrock-converse", "{\"outputConfig\":7}", "effort", "outputConfig.effort" },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        translator_draft p;
        if (!translator_begin(&p)) return;
        p.req.origin = cases[i].origin;
        p.req.kept = cases[i].kept;
        llmprov_draft_warn(&p.d, LLMPROV_ERR_UNSUPPORTED, cases[i].field, "it was left out");
        if (p.job.turn->warnings.count) CHECK_STR(p.job.turn->warnings.items[0].field, cases[i].named);
        else CHECK(false);
        llmprov__reply_free(p.job.turn);
    }
}

TEST_NO_OOM(translator_streams_that_are_asked_for_otherwise) {
    static const struct { const char *stream_path, *path; bool items; } cases[] = {
        { NULL, "/m/x:go", false }, { "/m/{model}:flow", "/m/x:flow", false }, { "/m/{model}:flow?alt=sse", "/m/x:flow", true }, { "/m/{model}:flow?alt=sse", "/m/x:flow?alt=sse", false },
        { "/m/{model}:flow?alt=sse", "/m/x:flow?key=1&alt=sse&b=2", false }, { "/m/{model}:flow?alt=sse", "/m/x:flow?alt=sse#a", false }, { "/m/{model}:flow?alt=sse", "/m/x:flow?alt=ssee&key=1", true },
        { "/m/{model}:flow?alt=sse", "/m/x:go?alt=json", false }, { "/m/{model}:flow?alt=sse", "/elsewhere", false },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        llmprov_translator t = { .path = "/m/{model}:go", .stream_path = cases[i].stream_path };
        if (!CHECK(llmprov__translator_asked_items(&t, cases[i].path) == cases[i].items)) printf("    %s\n", cases[i].path);
    }
}

TEST_NO_OOM(translator_versions_before_a_path) {
    static const struct { const char *version, *path; bool there; } cases[] = {
        { NULL, "/v1/chat", false }, { "v1", "/v1/chat", true }, { "v1", "/v2/chat", false }, { "v1", "xv1/chat", false }, { "v1", "v1/chat", false }, { "v1", "/chat", false }, { "v1", "/api/v1/chat", true },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        llmprov_translator t = { .path = "/chat", .version = cases[i].version };
        llmprov__translator_place place;
        CHECK(llmprov__translator_route(&t, cases[i].path, &place));
        if (!CHECK(llmprov__translator_versioned(&t, cases[i].path, &place) == cases[i].there)) printf("    %s\n", cases[i].path);
    }
}

/* A description that lacks something is refused by the name of it. */
TEST_NO_OOM(translator_descriptions_that_lack_something) {
    static const char *const names[] = { "format", "format", "path", "path", "stream_path", "version", "write", "read", "read_frame", "read_end", "read_error", "id_max", "name_max",
                                         "write_reply and write_event", "write_reply and write_event", "write_error" };
    const llmprov_translator *whole = llmprov__registry_translator(NULL, "openai-chat");
    size_t i;
    NEED(whole);
    for (i = 0; i < LLMPROV__COUNT(names); i++) {
        llmprov_translator t = *whole;
        t.stream_path = "/stream";
        t.version = "v1";
        CHECK(!llmprov__translator_lacks(&t));
        if (i == 0) t.format = NULL;
        if (i == 1) t.format = "";
        if (i == 2) t.path = NULL;
        if (i == 3) t.path = "no slash";
        if (i == 4) t.stream_path = "stream";
        if (i == 5) t.version = "v 1";
        if (i == 6) t.write = NULL;
        if (i == 7) t.read = NULL;
        if (i == 8) t.read_frame = NULL;
        if (i == 9) t.read_end = NULL;
        if (i == 10) t.read_error = NULL;
        if (i == 11) t.id_max = 15;
        if (i == 12) t.name_max = 15;
        if (i == 13) t.write_event = NULL;
        if (i == 14) t.write_reply = NULL;
        if (i == 15) t.write_error = NULL;
        CHECK_STR(llmprov__translator_lacks(&t), names[i]);
    }
}
