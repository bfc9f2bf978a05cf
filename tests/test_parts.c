/* >>parts: words of the trade in tables: stop reasons, error types, efforts, shapes of errors. */
#include "engine.h"

static llmprov_str parts_str(const char *text) {
    llmprov_str s = { text, 0 };
    s.len = strlen(text);
    return s;
}

// -- stop reasons --------------------------------------------------------------------------

TEST_NO_OOM(parts_stop_words_of_all_providers) {
    static const struct { llmprov_stop stop; const char *words[16]; } cases[] = {
        { LLMPROV_STOP_END, { "stop", "end_turn", "eos", "STOP", "COMPLETE", "completed" } }, { LLMPROV_STOP_SEQUENCE, { "stop_sequence" } },
        { LLMPROV_STOP_LENGTH, { "length", "max_tokens", "MAX_TOKENS", "model_length", "max_output_tokens" } },
        { LLMPROV_STOP_CONTEXT, { "model_context_window_exceeded", "REASON_MAX_CONTEXT" } }, { LLMPROV_STOP_TOOL_USE, { "tool_calls", "function_call", "tool_use", "TOOL_CALL" } },
        { LLMPROV_STOP_REFUSAL, { "content_filter", "refusal", "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "MODEL_ARMOR", "guardrail_intervened",
                                  "content_filtered", "ERROR_TOXIC", "sensitive" } },
        { LLMPROV_STOP_ERROR, { "MALFORMED_FUNCTION_CALL", "malformed_model_output", "malformed_tool_use", "network_error", "insufficient_system_resource", "failed", "cancelled", "ERROR", "TIMEOUT", "error" } },
        { LLMPROV_STOP_PAUSE, { "pause_turn" } },
    };
    size_t i, j;
    for (i = 0; i < LLMPROV__COUNT(cases); i++)
        for (j = 0; j < 16 && cases[i].words[j]; j++) if (!CHECK_INT(llmprov__parts_stop(parts_str(cases[i].words[j])), cases[i].stop)) printf("    %s\n", cases[i].words[j]);
}

/* Never a success: a turn that failed must not look finished. */
TEST_NO_OOM(parts_stop_words_nobody_knows_are_other) {
    static const char *const words[] = { "", "stopp", "sto", "Stop", "eos_token", "null", "done", "END_TURN", "tool_calls ", "x" };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(words); i++) CHECK_INT(llmprov__parts_stop(parts_str(words[i])), LLMPROV_STOP_OTHER);
}

// -- errors --------------------------------------------------------------------------------

TEST_NO_OOM(parts_error_classes) {
    static const struct { int http; const char *code, *type, *message; llmprov_status expected; } cases[] = {
        { 400, "", "", "", LLMPROV_ERR_REQUEST }, { 401, "", "", "", LLMPROV_ERR_AUTH }, { 402, "", "", "", LLMPROV_ERR_QUOTA }, { 403, "", "", "", LLMPROV_ERR_FORBIDDEN },
        { 404, "", "", "", LLMPROV_ERR_NOT_FOUND }, { 408, "", "", "", LLMPROV_ERR_TIMEOUT }, { 413, "", "", "", LLMPROV_ERR_TOO_LONG }, { 429, "", "", "", LLMPROV_ERR_RATE_LIMIT },
        { 500, "", "", "", LLMPROV_ERR_SERVER }, { 503, "", "", "", LLMPROV_ERR_OVERLOADED }, { 504, "", "", "", LLMPROV_ERR_TIMEOUT }, { 529, "", "", "", LLMPROV_ERR_OVERLOADED },
        { 499, "", "", "", LLMPROV_ERR_REQUEST }, { 599, "", "", "", LLMPROV_ERR_SERVER }, { 0, "", "", "", LLMPROV_ERR_SERVER }, { 200, "", "", "", LLMPROV_ERR_SERVER },
        /* what the body says is more exact than the status */
        { 429, "insufficient_quota", "insufficient_quota", "", LLMPROV_ERR_QUOTA }, { 400, "context_length_exceeded", "invalid_request_error", "", LLMPROV_ERR_TOO_LONG },
        { 400, "", "exceed_context_size_error", "", LLMPROV_ERR_TOO_LONG }, { 200, "", "overloaded_error", "", LLMPROV_ERR_OVERLOADED }, { 200, "529", "", "", LLMPROV_ERR_OVERLOADED },
        { 0, "503", "", "", LLMPROV_ERR_OVERLOADED }, { 400, "invalid_api_key", "invalid_request_error", "", LLMPROV_ERR_AUTH }, { 0, "", "invalid_request_error", "", LLMPROV_ERR_REQUEST },
        { 400, "", "billing_error", "", LLMPROV_ERR_QUOTA }, { 404, "model_not_found", "invalid_request_error", "", LLMPROV_ERR_NOT_FOUND }, { 400, "model_not_found", "", "", LLMPROV_ERR_NOT_FOUND },
        { 500, "", "rate_limit_error", "", LLMPROV_ERR_RATE_LIMIT },
        /* and the sentence where both are vague */
        { 400, "", "", "This model's maximum context length is 8192 tokens", LLMPROV_ERR_TOO_LONG }, { 429, "", "", "Quota exhausted for today", LLMPROV_ERR_QUOTA },
        { 400, "", "invalid_request_error", "prompt is too long: 250000 tokens", LLMPROV_ERR_TOO_LONG }, { 400, "", "", "Your CREDIT BALANCE is too low", LLMPROV_ERR_QUOTA },
        { 429, "", "", "You exceeded your current quota", LLMPROV_ERR_QUOTA }, { 500, "", "", "the request exceeds the available context size", LLMPROV_ERR_TOO_LONG },
        { 401, "", "", "context length", LLMPROV_ERR_AUTH }, { 400, "", "", "the context of length", LLMPROV_ERR_REQUEST },
        { 0, "301", "", "", LLMPROV_ERR_SERVER }, { 0, "601", "", "", LLMPROV_ERR_SERVER }, { 0, "4040", "", "", LLMPROV_ERR_SERVER },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++)
        if (!CHECK_INT(llmprov__parts_classify(cases[i].http, cases[i].code, cases[i].type, cases[i].message), cases[i].expected))
            printf("    %d %s %s %s\n", cases[i].http, cases[i].code, cases[i].type, cases[i].message);
}

typedef struct parts_fault { const char *body, *type, *code, *message, *param, *request_id; bool found; } parts_fault;

static bool parts_same(const char *got, const char *expected) { return expected ? got && !strcmp(got, expected) : !got; }

static void parts_check_fault(const parts_fault *expected) {
    llmprov_alloc alloc = test_alloc();
    llmprov_turn *t = llmprov__reply_new(&alloc, 0, 0);
    llmprov__parts_fault f;
    llmprov_scan s;
    if (!t) {
        CHECK(false);
        return;
    }
    s = llmprov__json_scan(expected->body, strlen(expected->body), &t->scratch, 0);
    f = llmprov__parts_fault_of(t, &s);
    if (!t->error.code && !(CHECK(f.found == expected->found) && CHECK(parts_same(f.type, expected->type)) && CHECK(parts_same(f.code, expected->code)) &&
          CHECK(parts_same(f.message, expected->message)) && CHECK(parts_same(f.param, expected->param)) && CHECK(parts_same(f.request_id, expected->request_id))) && !test_excused())
        printf("    %s\n    type %s, code %s, message %s\n", expected->body, f.type ? f.type : "-", f.code ? f.code : "-", f.message ? f.message : "-");
    llmprov__reply_free(t);
}

TEST(parts_faults_of_all_shapes) {
    static const parts_fault cases[] = {
        { "{\"error\":{\"message\":\"m\",\"type\":\"t\",\"param\":\"p\",\"code\":\"c\"}}", "t", "c", "m", "p", NULL, true },
        { "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"m\"},\"request_id\":\"r\"}", "overloaded_error", NULL, "m", NULL, "r", true },
        { "{\"error\":\"m\",\"code\":\"c\"}", NULL, "c", "m", NULL, NULL, true }, { "{\"message\":\"m\",\"type\":\"t\"}", "t", NULL, "m", NULL, NULL, true },
        { "{\"detail\":\"m\"}", NULL, NULL, "m", NULL, NULL, true }, { "[{\"error\":{\"message\":\"m\",\"code\":429,\"status\":\"S\"}}]", "S", "429", "m", NULL, NULL, true },
        { "{\"code\":500,\"message\":\"m\",\"type\":\"server_error\"}", "server_error", "500", "m", NULL, NULL, true },
        { "{\"error\":{\"message\":\"m\",\"type\":null,\"param\":null,\"code\":null}}", NULL, NULL, "m", NULL, NULL, true }, { "{\"error\":{}}", NULL, NULL, NULL, NULL, NULL, true },
        { "{\"error\":{\"message\":{\"nested\":[1]}}}", NULL, NULL, "{\"nested\":[1]}", NULL, NULL, true }, { "{\"error\":{\"message\":\"a\\u00e9\\n\"}}", NULL, NULL, "a\xC3\xA9\n", NULL, NULL, true },
        { "{}", NULL, NULL, NULL, NULL, NULL, false }, { "[]", NULL, NULL, NULL, NULL, NULL, false }, { "null", NULL, NULL, NULL, NULL, NULL, false }, { "7", NULL, NULL, NULL, NULL, NULL, false },
        { "{\"error\":null}", NULL, NULL, NULL, NULL, NULL, false }, { "\"text\"", NULL, NULL, NULL, NULL, NULL, false },
        { "{\"error\":{\"message\":\"m\",\"metadata\":1,\"details\":2}}", NULL, NULL, "m", NULL, NULL, true }, { "{\"type\":\"a\",\"status\":\"b\",\"message\":\"m\",\"detail\":\"n\"}", "a", NULL, "n", NULL, NULL, true },
        { "{\"message\":\"m\",\"code\":", NULL, NULL, NULL, NULL, NULL, false }, { "", NULL, NULL, NULL, NULL, NULL, false }, { "{\"error\":{\"message\"", NULL, NULL, NULL, NULL, NULL, false }, { "[{", NULL, NULL, NULL, NULL, NULL, false },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) parts_check_fault(&cases[i]);
}

/* Errors may nest without end; the walk does not. */
TEST_NO_OOM(parts_faults_nested_deeply) {
    char body[3000] = "";
    int i;
    parts_fault expected = { NULL, NULL, NULL, NULL, NULL, NULL, true };
    for (i = 0; i < 100; i++) strcat(body, "{\"error\":");
    strcat(body, "1");
    for (i = 0; i < 100; i++) strcat(body, "}");
    expected.body = body;
    parts_check_fault(&expected);
}

// -- efforts -------------------------------------------------------------------------------

typedef struct parts_draft { llmprov_draft d; llmprov__translator_job job; llmprov_writer w; llmprov_provider row; llmprov_profile profile; llmprov_request req; } parts_draft;

static bool parts_begin(parts_draft *p, const char *efforts) {
    llmprov_alloc alloc = test_alloc();
    memset(p, 0, sizeof *p);
    p->job.turn = llmprov__reply_new(&alloc, 0, 0);
    p->w.alloc = alloc;
    p->profile.prefix = "";
    p->profile.efforts = efforts;
    p->row.id = "row";
    p->d.body = &p->w;
    p->d.row = &p->row;
    p->d.profile = &p->profile;
    p->d.chat = &p->req;
    p->d.model = "m";
    p->d.call = &p->job;
    return CHECK(p->job.turn != NULL);
}

static void parts_end(parts_draft *p) {
    llmprov_writer_free(&p->w);
    llmprov__reply_free(p->job.turn);
}

/* The nearest word: the next lower one, otherwise the next higher; with a warning when it is another. */
TEST(parts_effort_is_the_nearest_that_the_model_knows) {
    static const struct { const char *known; llmprov_effort asked; const char *word; int warnings; } cases[] = {
        { NULL, LLMPROV_EFFORT_XHIGH, "xhigh", 0 }, { "low medium high", LLMPROV_EFFORT_MEDIUM, "medium", 0 }, { "low medium high", LLMPROV_EFFORT_MAX, "high", 1 },
        { "low medium high", LLMPROV_EFFORT_MINIMAL, "low", 1 }, { "low high", LLMPROV_EFFORT_MEDIUM, "low", 1 }, { "high", LLMPROV_EFFORT_LOW, "high", 1 }, { "", LLMPROV_EFFORT_HIGH, NULL, 1 },
        { "low", LLMPROV_EFFORT_DEFAULT, NULL, 0 }, { "none low", LLMPROV_EFFORT_OFF, "none", 0 }, { "none", LLMPROV_EFFORT_LOW, NULL, 1 }, { "low medium", LLMPROV_EFFORT_OFF, "low", 1 },
        { "none low medium high xhigh max", LLMPROV_EFFORT_MAX, "max", 0 },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        parts_draft p;
        if (!parts_begin(&p, cases[i].known)) return;
        CHECK_STR(llmprov__parts_effort(&p.d, cases[i].asked), cases[i].word);
        CHECK_INT(p.job.turn->warnings.count, cases[i].warnings);
        parts_end(&p);
    }
}

TEST_NO_OOM(parts_lists_have_whole_words) {
    CHECK(llmprov__parts_lists("low high", "low") && llmprov__parts_lists("low high", "high") && !llmprov__parts_lists("low xhigh", "high") && !llmprov__parts_lists("highest", "high"));
    CHECK(!llmprov__parts_lists("", "low") && !llmprov__parts_lists(NULL, "low") && llmprov__parts_lists("low  high", "high") && !llmprov__parts_lists("low", "lo"));
}

TEST_NO_OOM(parts_budgets_and_efforts_fit_together) {
    int effort;
    CHECK_INT(llmprov__parts_effort_of(1024), LLMPROV_EFFORT_LOW);
    CHECK_INT(llmprov__parts_effort_of(5000), LLMPROV_EFFORT_MEDIUM);
    CHECK_INT(llmprov__parts_effort_of(100000), LLMPROV_EFFORT_HIGH);
    CHECK_INT(llmprov__parts_effort_of(-5), LLMPROV_EFFORT_LOW);
    for (effort = LLMPROV_EFFORT_MINIMAL; effort <= LLMPROV_EFFORT_MAX; effort++) CHECK(llmprov__parts_budget_of((llmprov_effort)effort) >= 1024);
}

// -- small readers -------------------------------------------------------------------------

TEST_NO_OOM(parts_counts_in_any_dress) {
    static const struct { const char *json; int64_t count; } cases[] = {
        { "5", 5 }, { "0", 0 }, { "-5", 0 }, { "5.0", 5 }, { "5.7", 5 }, { "null", 0 }, { "\"5\"", 0 }, { "1e3", 1000 }, { "1e300", 0 }, { "-1e300", 0 }, { "9007199254740993", 9007199254740993 },
        { "99999999999999999999", 0 }, { "2305843009213693952", (int64_t)1 << 60 }, { "{}", 0 }, { "[5]", 0 }, { "true", 0 },
    };
    llmprov_scan s = llmprov__json_scan("1", 1, NULL, 0);
    llmprov_str none = { NULL, 0 };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) if (!CHECK_INT(llmprov__parts_count(&s, parts_str(cases[i].json)), cases[i].count)) printf("    %s\n", cases[i].json);
    CHECK_INT(llmprov__parts_count(&s, none), 0);
}

TEST_NO_OOM(parts_members_by_name) {
    static const char *const names[] = { "a", "bb", "c", "d" };
    const char *json = "{\"a\":1,\"x\":{\"bb\":9},\"bb\":[2, 3],\"c\":null,\"a\":4}";
    llmprov__mem_buf scratch = { NULL, 0, 0, { NULL, NULL }, false };
    llmprov_scan s = llmprov__json_scan(json, strlen(json), &scratch, 0);
    llmprov_str v[4], none = { NULL, 0 };
    llmprov__parts_members(&s, parts_str(json), names, v, 4);
    CHECK_TEXT(v[0].ptr, v[0].len, "4");                      /* of equal keys the last counts */
    CHECK_TEXT(v[1].ptr, v[1].len, "[2, 3]");
    CHECK(!v[2].ptr && !v[3].ptr);                            /* null counts as absent */
    llmprov__parts_members(&s, none, names, v, 4);
    CHECK(!v[0].ptr && !v[1].ptr);
    llmprov__parts_members(&s, parts_str("[1]"), names, v, 4);
    CHECK(!v[0].ptr && !v[1].ptr);
    llmprov__mem_buf_free(&scratch);
}

TEST_NO_OOM(parts_compact_leaves_strings_alone) {
    static const char *const cases[][2] = {
        { " { \"a b\" : [ 1 , 2 ] ,\n\t\"c\\\" d\" : \" \\\\\" } ", "{\"a b\":[1,2],\"c\\\" d\":\" \\\\\"}" }, { "{}", "{}" }, { "", "" }, { "\" \"", "\" \"" }, { "\"\\\\\" 1", "\"\\\\\"1" }, { "1\r", "1" }, { "\"\\", "\"\\" },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        char json[100];
        strcpy(json, cases[i][0]);
        CHECK_TEXT(json, llmprov__parts_compact(json, strlen(json)), cases[i][1]);
    }
}

TEST_NO_OOM(parts_field_names_a_place) {
    char to[96];
    llmprov__normal_place places[2] = { { 12, 345 }, { 0, 0 } }, *at = places;
    llmprov_block blocks[4];
    char *bytes = (char *)blocks + LLMPROV__MEM_ROUND(sizeof at);
    llmprov_message m;
    memset(blocks, 0, sizeof blocks);
    memset(&m, 0, sizeof m);
    memcpy(blocks, &at, sizeof at);
    m.blocks = (llmprov_block *)(void *)bytes;
    m.block_count = 2;
    llmprov__parts_field(to, &m, 0);
    CHECK_STR(to, "messages[12].content[345]");
    llmprov__parts_field(to, &m, 1);
    CHECK_STR(to, "messages[0].content[0]");
    places[0].message = places[0].block = (size_t)-1 / 2;
    llmprov__parts_field(to, &m, 0);
    CHECK(strlen(to) < 80);
}

TEST(parts_drop_warns_with_the_value) {
    parts_draft p;
    if (!parts_begin(&p, NULL)) return;
    llmprov__parts_drop_num(&p.d, "temperature", (llmprov_num)LLMPROV_NUM(0.7), "because");
    llmprov__parts_drop_num(&p.d, "top_p", p.req.top_p, "not set, so nothing is said");
    llmprov__parts_drop_int(&p.d, "seed", (llmprov_int)LLMPROV_INT(9007199254740993), "because");
    if (p.job.turn->warnings.count == 2) {
        CHECK_STR(p.job.turn->warnings.items[1].text, "9007199254740993 was left out: because");
        CHECK_STR(p.job.turn->warnings.items[0].field, "temperature");
        CHECK_STR(p.job.turn->warnings.items[0].text, "0.7 was left out: because");
        CHECK_INT(p.job.turn->warnings.items[0].code, LLMPROV_ERR_UNSUPPORTED);
    } else CHECK(false);
    parts_end(&p);
}

/* However long the reason is: nothing is dropped in silence. */
TEST(parts_drop_warns_with_a_long_reason_too) {
    parts_draft p;
    if (!parts_begin(&p, NULL)) return;
    llmprov__parts_drop_num(&p.d, "top_p", (llmprov_num)LLMPROV_NUM(-1.7976931348623157e308), "a reason that is so long that no buffer of a hundred and sixty bytes has room for it beside the longest number that there is, which happens");
    CHECK_INT(p.job.turn->warnings.count, 1);
    parts_end(&p);
}

TEST_NO_OOM(parts_vendors_tools_as_functions) {
    static const char *const types[] = { "bash_20250124", "text_editor_20250728", "memory_20250818", "computer_20250124" };
    llmprov_tool tool = { 0 }, function;
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(types); i++) {
        llmprov_json *j;
        tool.type = types[i];
        CHECK(llmprov__parts_as_function(&tool, &function));
        CHECK(!function.type && function.name && function.description);
        j = llmprov_json_parse(function.schema, strlen(function.schema), NULL, NULL);
        CHECK(llmprov_json_kind(j) == LLMPROV_JSON_OBJECT);
        llmprov_json_free(j);
    }
    tool.type = "bash_20250124";
    tool.name = "my_bash";
    CHECK(llmprov__parts_as_function(&tool, &function));
    CHECK_STR(function.name, "my_bash");
    tool.type = "web_search_20250305";
    CHECK(!llmprov__parts_as_function(&tool, &function));
}

// -- what a body says about a failure --------------------------------------------------------

/* What becomes of the sentence and the code that stood there. */
TEST(parts_errors_are_filled) {
    static const struct { const char *body, *message, *code; } cases[] = {
        { "{\"error\":{\"message\":\"\",\"code\":\"\"}}", "before", "" }, { "{\"error\":{\"message\":\"m\",\"metadata\":{\"raw\":\"\"}}}", "m", "" },
        { "{\"error\":{\"message\":\"m\",\"metadata\":{\"raw\":\"{\\\"a\\\":1} x\"}}}", "m: {\"a\":1} x", "" }, { "{\"error\":{\"message\":\"m\",\"metadata\":{\"raw\":\"{\\\"message\\\":\\\"\\\"}\"}}}", "m: {\"message\":\"\"}", "" },
        { "{\"error\":{\"message\":\"m\",\"metadata\":{\"raw\":\"{\\\"a\\\":1}\"}}}", "m: {\"a\":1}", "" }, { "{\"error\":{\"message\":\"m\",\"metadata\":{\"raw\":\"{\\\"message\\\":\\\"n\\\"}\"}}}", "m: n", "" },
        { "{\"error\":{\"message\":\"m\",\"type\":\"t\",\"code\":\"500\"}}", "m", "t" }, { "{\"error\":{\"message\":\"m\",\"type\":\"t\",\"code\":\"5000\"}}", "m", "5000" },
        { "{\"error\":{\"message\":\"m\",\"type\":\"t\",\"code\":\"c01\"}}", "m", "c01" }, { "{\"error\":{\"message\":\"m\",\"type\":\"t\",\"code\":\"-12\"}}", "m", "-12" },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        llmprov_alloc alloc = test_alloc();
        llmprov_turn *t = llmprov__reply_new(&alloc, 0, 0);
        llmprov_scan s;
        llmprov_error e = t ? *llmprov_turn_fail(t, LLMPROV_ERR_SERVER, "before") : (llmprov_error){ .message = "" };
        NEED(t);
        s = llmprov__json_scan(cases[i].body, strlen(cases[i].body), &t->scratch, 0);
        CHECK(llmprov__parts_read_error(t, &e, &s));
        if (!CHECK_STR(e.message, cases[i].message) && !test_excused()) printf("    %s\n", cases[i].body);
        CHECK_STR(e.provider_code ? e.provider_code : "", cases[i].code);
        llmprov__reply_free(t);
    }
}

TEST(parts_errors_of_aws_are_filled) {
    static const struct { const char *body, *message, *code; llmprov_status status; } cases[] = {
        { "[]", "before", "", LLMPROV_ERR_SERVER }, { "{\"message\"", "before", "", LLMPROV_ERR_SERVER }, { "{\"message\":\"\",\"code\":\"\",\"originalMessage\":\"\"}", "before", "", LLMPROV_ERR_SERVER },
        { "{\"message\":7,\"__type\":7,\"originalMessage\":7}", "before", "", LLMPROV_ERR_SERVER }, { "{\"Message\":\"m\",\"originalMessage\":\"n\",\"__type\":\"com.amazon#ThrottlingException\"}", "m: n", "ThrottlingException", LLMPROV_ERR_RATE_LIMIT },
        { "{\"message\":\"Input is too long\",\"code\":\"ValidationException\"}", "Input is too long", "ValidationException", LLMPROV_ERR_TOO_LONG },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        llmprov_alloc alloc = test_alloc();
        llmprov_turn *t = llmprov__reply_new(&alloc, 0, 0);
        llmprov_scan s;
        llmprov_error e = t ? *llmprov_turn_fail(t, LLMPROV_ERR_SERVER, "before") : (llmprov_error){ .message = "" };
        NEED(t);
        s = llmprov__json_scan(cases[i].body, strlen(cases[i].body), &t->scratch, 0);
        llmprov__parts_aws_read_error(t, &e, &s);
        if (!CHECK_STR(e.message, cases[i].message) && !test_excused()) printf("    %s\n", cases[i].body);
        CHECK_STR(e.provider_code, cases[i].code);
        CHECK_INT(e.code, cases[i].status);
        llmprov__reply_free(t);
    }
}

/* A failure in a stream whose message has neither a name nor a body. */
TEST(parts_failures_of_aws_without_a_word) {
    llmprov_alloc alloc = test_alloc();
    llmprov_turn *t = llmprov__reply_new(&alloc, 0, 0);
    llmprov_frame frame;
    llmprov_scan s = llmprov__json_scan("", 0, NULL, 0);
    NEED(t);
    memset(&frame, 0, sizeof frame);
    llmprov__parts_aws_failed(t, &frame, &s);
    CHECK_INT(t->error.code, LLMPROV_ERR_SERVER);
    CHECK_STR(t->error.message, "the provider failed in the middle of its reply");
    llmprov__reply_free(t);
}

// -- what requests say -----------------------------------------------------------------------

TEST_NO_OOM(parts_thinking_in_openais_words) {
    static const struct { const char *name, *raw; bool known; llmprov_effort effort; llmprov_thinking thinking; int tokens; } cases[] = {
        { "effort", "\"low\"", false, 0, 0, 0 }, { "reasoning_effort", "\"low\"", true, LLMPROV_EFFORT_LOW, 0, 0 }, { "reasoning_effort", "7", true, 0, 0, 0 },
        { "reasoning", "{\"effort\":\"high\"}", true, LLMPROV_EFFORT_HIGH, 0, 0 }, { "reasoning", "{\"max_tokens\":5}", true, 0, 0, 5 }, { "thinking", "{\"budget_tokens\":\"x\"}", true, 0, 0, 0 },
        { "thinking", "{\"type\":\"disabled\"}", true, 0, LLMPROV_THINKING_OFF, 0 }, { "thinking", "{\"type\":\"enabled\",\"budget_tokens\":9}", true, 0, LLMPROV_THINKING_ON, 9 },
        { "reasoning", "{\"enabled\":false}", true, 0, LLMPROV_THINKING_OFF, 0 }, { "reasoning", "{\"enabled\":true}", true, 0, LLMPROV_THINKING_ON, 0 }, { "reasoning", "{\"enabled\":1}", true, 0, 0, 0 },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        llmprov_request r = { .prompt = "" };
        llmprov_scan s = llmprov__json_scan(cases[i].raw, strlen(cases[i].raw), NULL, 0);
        bool good = llmprov__parts_said_thinking(&r, &s, parts_str(cases[i].name), parts_str(cases[i].raw)) == cases[i].known && r.effort == cases[i].effort &&
                    r.thinking == cases[i].thinking && (r.thinking_tokens.set ? r.thinking_tokens.value : 0) == cases[i].tokens;
        if (!CHECK(good)) printf("    %s %s\n", cases[i].name, cases[i].raw);
    }
}

TEST_NO_OOM(parts_choices_in_openais_words) {
    static const struct { const char *raw, *name; llmprov_tool_choice choice; } cases[] = {
        { "\"none\"", NULL, LLMPROV_TOOL_NONE }, { "\"required\"", NULL, LLMPROV_TOOL_ANY }, { "\"any\"", NULL, LLMPROV_TOOL_ANY }, { "\"auto\"", NULL, LLMPROV_TOOL_AUTO }, { "7", NULL, LLMPROV_TOOL_AUTO },
        { "{\"type\":\"function\",\"function\":{\"name\":\"f\"}}", "f", LLMPROV_TOOL_NAMED }, { "{\"type\":\"custom\",\"custom\":{\"name\":\"c\"}}", "c", LLMPROV_TOOL_NAMED },
        { "{\"type\":\"function\",\"name\":\"g\"}", "g", LLMPROV_TOOL_NAMED }, { "{\"name\":\"h\"}", "h", LLMPROV_TOOL_NAMED }, { "{\"allowed_tools\":{\"mode\":\"required\",\"tools\":[]}}", NULL, LLMPROV_TOOL_ANY },
        { "{\"allowed_tools\":{\"mode\":\"auto\",\"name\":\"n\"}}", "n", LLMPROV_TOOL_AUTO }, { "{}", NULL, LLMPROV_TOOL_AUTO },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        llmprov__mem_buf scratch = { NULL, 0, 0, { NULL, NULL }, false };
        llmprov_scan s = llmprov__json_scan(cases[i].raw, strlen(cases[i].raw), &scratch, 0);
        llmprov_str name;
        if (!CHECK_INT(llmprov__parts_said_choice(&s, parts_str(cases[i].raw), &name), cases[i].choice)) printf("    %s\n", cases[i].raw);
        if (cases[i].name) CHECK_TEXT(name.ptr, name.len, cases[i].name);
        else CHECK(!name.ptr);
        llmprov__mem_buf_free(&scratch);
    }
}

/* Thinking and top_k in the words of the families that AWS has. */
TEST_NO_OOM(parts_thinking_in_aws_words) {
    static const struct { const char *fields, *output; llmprov_effort effort; llmprov_thinking thinking; int tokens, top_k; } cases[] = {
        { NULL, NULL, 0, LLMPROV_THINKING_UNSAID, 0, 0 }, { "[1]", "[1]", 0, LLMPROV_THINKING_UNSAID, 0, 0 }, { "{\"output_config\":7,\"inferenceConfig\":7}", NULL, 0, LLMPROV_THINKING_UNSAID, 0, 0 },
        { "{\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":9}}", NULL, 0, LLMPROV_THINKING_ON, 9, 0 }, { "{\"thinking\":{\"budget_tokens\":9}}", NULL, 0, LLMPROV_THINKING_AUTO, 9, 0 },
        { "{\"thinking\":{\"type\":\"disabled\"}}", NULL, 0, LLMPROV_THINKING_OFF, 0, 0 }, { "{\"thinking\":{\"type\":\"between_tools\"}}", NULL, 0, LLMPROV_THINKING_BETWEEN_TOOLS, 0, 0 },
        { "{\"reasoning_config\":\"high\"}", NULL, LLMPROV_EFFORT_HIGH, LLMPROV_THINKING_AUTO, 0, 0 }, { "{\"output_config\":{\"effort\":\"low\"},\"top_k\":3}", NULL, LLMPROV_EFFORT_LOW, LLMPROV_THINKING_UNSAID, 0, 3 },
        { "{\"inferenceConfig\":{\"topK\":4}}", "{\"effort\":\"max\"}", LLMPROV_EFFORT_MAX, LLMPROV_THINKING_UNSAID, 0, 4 }, { "{\"top_k\":\"x\"}", NULL, 0, LLMPROV_THINKING_UNSAID, 0, 0 },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        llmprov_request r = { .prompt = "" };
        llmprov_str none = { NULL, 0 };
        llmprov_scan s = llmprov__json_scan("", 0, NULL, 0);
        llmprov__parts_aws_said(&r, &s, cases[i].fields ? parts_str(cases[i].fields) : none, cases[i].output ? parts_str(cases[i].output) : none);
        if (!CHECK(r.effort == cases[i].effort && r.thinking == cases[i].thinking && (r.thinking_tokens.set ? r.thinking_tokens.value : 0) == cases[i].tokens &&
                   (r.top_k.set ? r.top_k.value : 0) == cases[i].top_k)) printf("    %s\n", cases[i].fields);
    }
}

/* Members that came as null or empty go back where no field says more, under either of their names. */
TEST_NO_OOM(parts_fields_that_stand_for_members) {
    static const char *const kept = "{\"max_completion_tokens\":null,\"max_tokens\":null,\"reasoning\":{},\"user\":\"u\"}", *const numbers = "{\"max_tokens\":5}";
    llmprov_request empty = { .prompt = "" }, r = { .kept = kept, .max_tokens = LLMPROV_INT(1), .user_id = "u", .effort = LLMPROV_EFFORT_LOW, .stop_count = 1, .top_k = LLMPROV_INT(1) };
    static const char *const names[] = { "temperature", "max_tokens", "user", "reasoning_effort", "inferenceConfig", "additionalModelRequestFields", "outputConfig", "unknown", "system", "stream" };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(names); i++) CHECK(!llmprov__parts_is_set(&empty, names[i]));
    CHECK(llmprov__parts_is_set(&empty, "model"));
    CHECK(llmprov__parts_is_set(&r, "max_tokens") && llmprov__parts_is_set(&r, "max_completion_tokens"));       /* the other one is null */
    CHECK(llmprov__parts_is_set(&r, "user") && !llmprov__parts_is_set(&r, "safety_identifier"));
    CHECK(!llmprov__parts_is_set(&r, "reasoning_effort") && llmprov__parts_is_set(&r, "thinking"));
    CHECK(llmprov__parts_is_set(&r, "inferenceConfig") && llmprov__parts_is_set(&r, "additionalModelRequestFields"));
    r.kept = numbers;
    CHECK(!llmprov__parts_is_set(&r, "max_completion_tokens") && llmprov__parts_is_set(&r, "max_tokens"));
    r.max_tokens.set = false;
    r.effort = LLMPROV_EFFORT_DEFAULT;
    r.stop_count = 0;
    CHECK(!llmprov__parts_is_set(&r, "inferenceConfig") && llmprov__parts_is_set(&r, "additionalModelRequestFields"));
    r.temperature.set = true;
    r.top_k.set = false;
    r.thinking = LLMPROV_THINKING_OFF;
    CHECK(llmprov__parts_is_set(&r, "inferenceConfig") && llmprov__parts_is_set(&r, "additionalModelRequestFields"));
    r.temperature.set = false;
    r.top_p.set = true;
    r.thinking = LLMPROV_THINKING_AUTO;
    r.thinking_tokens.set = true;
    CHECK(llmprov__parts_is_set(&r, "inferenceConfig") && llmprov__parts_is_set(&r, "additionalModelRequestFields"));
}

TEST_NO_OOM(parts_streams_that_are_said) {
    llmprov_request r = { .origin = "openai-chat" };
    llmprov_draft d = { .chat = &r };
    CHECK(llmprov__parts_says_stream(&d, "openai-responses") && !llmprov__parts_says_stream(&d, "openai-chat"));
    r.kept = "{\"stream\":null}";
    CHECK(!llmprov__parts_says_stream(&d, "openai-chat"));
    r.kept = "{\"stream\":false}";
    CHECK(llmprov__parts_says_stream(&d, "openai-chat"));
    r.origin = NULL;
    CHECK(llmprov__parts_says_stream(&d, "openai-chat"));
}

/* Which members of a request that was read fields carry. */
TEST_NO_OOM(parts_members_that_are_carried) {
    llmprov_request r = { .prompt = "" };
    CHECK(!llmprov__parts_carried(&r, "stream", true) && !llmprov__parts_leads(&r, "system"));
    r.origin = "a-format-of-tomorrow";
    CHECK(!llmprov__parts_carried(&r, "stream", true) && !llmprov__parts_leads(&r, "system"));
    r.origin = "gemini-generate";
    CHECK(llmprov__parts_carried(&r, "parameters.temperature", false) && llmprov__parts_carried(&r, "toolConfig", false) && !llmprov__parts_carried(&r, "parameter.temperature", false));
    CHECK(!llmprov__parts_carried(&r, "a_member_whose_name_is_longer_than_any_family_that_there_is_in_any_format.temperature", true));
    CHECK(llmprov__parts_leads(&r, "systemInstruction") && llmprov__parts_leads(&r, "generationConfig") && !llmprov__parts_leads(&r, "tools"));
    r.origin = "anthropic-messages";
    CHECK(llmprov__parts_carried(&r, "betas", true) && !llmprov__parts_carried(&r, "betas", false));
    CHECK(!llmprov__parts_leads(&r, "system"));
}

/* What a request keeps goes back into its own format, and is named for another. */
TEST(parts_kept_members_go_back_or_are_named) {
    static const struct { const char *origin, *kept, *format, *written, *warned; } cases[] = {
        { "openai-chat", "{\"lo\\u0067it_bias\":{},\"stream\":null,\"metadata\":[]}", "openai-chat", "{\"logit_bias\":{},\"stream\":null,\"metadata\":[]}", "" },
        { "openai-chat", "{\"logit_bias\":{},\"metadata\":[],\"n\":null}", "cohere-v2", "{}", "logit_bias " }, { "openai-chat", "{\"a\":1,\"b\":", "openai-chat", "{\"a\":1}", "" },
        { "openai-chat", "{\"a_member_whose_name_is_longer_than_any_that_there_is_in_any_format\":1}", "cohere-v2", "{}", "a_member_whose_name_is_longer_than_any_that_there_is_in_any_for " },
        { "openai-chat", "{\"response_format\":{\"type\":\"text\"}}", "cohere-v2", "{}", "response_format " }, { "openai-chat", "{\"no\":1}", "openai-chat", "{}", "no " },
        { "bedrock-converse", "{\"inferenceConfig\":{\"maxTokens\":1,\"odd\":2,\"null\":null},\"toolConfig\":{\"toolChoice\":{\"auto\":{},\"some\":{}},\"odd\":{\"a\":1}},\"outputConfig\":{\"cut\":", "cohere-v2", "{}",
          "inferenceConfig.odd toolConfig.toolChoice.some toolConfig.odd " },
        { "bedrock-converse", "{\"inferenceConfig\":{\"a_member_whose_name_is_longer_than_any_that_there_is_in_any_format_and_than_the_room_that_there_is_for_a_path_which_is_a_hundred_and_sixty_bytes_long\":1}}", "cohere-v2", "{}",
          "inferenceConfig.a_member_whose_name_is_longer_than_any_that_there_is_in_any_format_and_than_the_room_that_there_is_for_a_path_which_is_a_hundred_and_sixty_byte " },
    };
    size_t i, k;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        parts_draft p;
        engine_text warned = { NULL, 0, 0 };
        if (!parts_begin(&p, NULL)) return;
        engine_add(&warned, "", 0);
        p.req.origin = cases[i].origin;
        p.req.kept = cases[i].kept;
        llmprov_write_open(&p.w, NULL, '{');
        llmprov__parts_kept(&p.d, cases[i].format, "no", "it takes none");
        llmprov_write_close(&p.w);
        if (!p.w.status && !CHECK_TEXT(p.w.text, p.w.len, cases[i].written)) printf("    %s\n", cases[i].kept);
        for (k = 0; k < p.job.turn->warnings.count; k++) engine_adds(&warned, p.job.turn->warnings.items[k].field), engine_adds(&warned, " ");
        CHECK_STR(warned.ptr, cases[i].warned);
        engine_text_free(&warned);
        parts_end(&p);
    }
}

/* An object that is cut is named as far as it came; one that is too deep as a whole. */
TEST(parts_members_beside_those_that_are_carried) {
    static const struct { const char *object, *warned; } cases[] = {
        { "{\"a\":1,\"b\":", "additionalModelRequestFields.a " },
        { "{\"thinking\":{\"type\":{\"x\":1}},\"reasoning\":{\"effort\":1,\"odd\":1},\"thinking\":7}", "additionalModelRequestFields.reasoning.odd additionalModelRequestFields.thinking " },
    };
    size_t i, k;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        parts_draft p;
        engine_text warned = { NULL, 0, 0 };
        llmprov_scan s = llmprov__json_scan("", 0, NULL, 0);
        if (!parts_begin(&p, NULL)) return;
        engine_add(&warned, "", 0);
        p.req.origin = "bedrock-converse";
        llmprov__parts_beside(&p.d, &s, "additionalModelRequestFields", parts_str(cases[i].object));
        for (k = 0; k < p.job.turn->warnings.count; k++) engine_adds(&warned, p.job.turn->warnings.items[k].field), engine_adds(&warned, " ");
        CHECK_STR(warned.ptr, cases[i].warned);
        engine_text_free(&warned);
        parts_end(&p);
    }
}

TEST(parts_schemas_as_text) {
    parts_draft p;
    if (!parts_begin(&p, NULL)) return;
    p.req.origin = "bedrock-converse";
    llmprov_write_open(&p.w, NULL, '[');
    llmprov__parts_schema_text(&p.d, NULL, "{ }", "schema", LLMPROV_SCHEMA_OPENAI, "bedrock-converse");         /* as it came */
    llmprov__parts_schema_text(&p.d, NULL, "{\"type\":\"integer\"}", "schema", LLMPROV_SCHEMA_PLAIN, "openai-chat");
    p.req.origin = NULL;
    llmprov__parts_schema_text(&p.d, NULL, "{\"type\":\"string\"}", "schema", LLMPROV_SCHEMA_PLAIN, "openai-chat");
    llmprov__parts_schema_text(&p.d, NULL, "{", "schema", LLMPROV_SCHEMA_PLAIN, "openai-chat");
    llmprov_write_close(&p.w);
    if (!p.w.status && !p.job.turn->error.code) CHECK(false);
    if (!p.w.status) CHECK_TEXT(p.w.text, p.w.len, "[\"{ }\",\"{\\\"type\\\":\\\"integer\\\"}\",\"{\\\"type\\\":\\\"string\\\"}\"]");
    CHECK_STR(p.job.turn->error.param, "schema");
    parts_end(&p);
}

TEST(parts_texts_are_joined) {
    static const struct { const char *raw, *text; } cases[] = {
        { "\"a\\n\"", "a\n" }, { "[{\"text\":\"a\"},{\"text\":\"b\"},{\"other\":1}]", "ab" }, { "[\"a\",7,\"b\"]", "ab" }, { "[\"a\",", "a" }, { "7", "" }, { "[]", "" },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        llmprov__mem_buf scratch;
        llmprov__mem_arena arena;
        llmprov_scan s;
        size_t len = 99;
        const char *text;
        memset(&scratch, 0, sizeof scratch);
        memset(&arena, 0, sizeof arena);
        scratch.alloc = arena.alloc = test_alloc();
        s = llmprov__json_scan(cases[i].raw, strlen(cases[i].raw), &scratch, 0);
        text = llmprov__parts_joined(&s, parts_str(cases[i].raw), "text", &arena, &len);
        if (text) CHECK_TEXT(text, len, cases[i].text);
        else CHECK_ALWAYS(len == 0 && arena.failed);
        llmprov__mem_buf_free(&scratch);
        llmprov__mem_arena_free(&arena);
    }
}

TEST_NO_OOM(parts_kinds_of_media) {
    llmprov_block b = { .type = LLMPROV_BLOCK_DOCUMENT };
    CHECK_INT(llmprov__parts_media_type(NULL), LLMPROV_BLOCK_DOCUMENT);
    CHECK_INT(llmprov__parts_media_type("audio/wav"), LLMPROV_BLOCK_AUDIO);
    CHECK_INT(llmprov__parts_media_type("text/plain"), LLMPROV_BLOCK_DOCUMENT);
    CHECK(!llmprov__parts_aws_medium(&b));
    b.url = "s3://a/b.CSV";
    CHECK_STR(llmprov__parts_aws_medium(&b), "csv");
    b.text = "x";
    CHECK_STR(llmprov__parts_aws_medium(&b), "txt");
    b.mime = "text/html";
    CHECK_STR(llmprov__parts_aws_medium(&b), "html");
}

/* A beta may be needed by what the caller adds to the body, too. */
TEST_NO_OOM(parts_betas_of_extra_members) {
    static const char *const members = "{\"thread\":{},\"context_management\":{\"edits\":[{\"type\":\"compact_20260112\"}]}}";
    int where;
    for (where = 0; where < 3; where++) {
        const llmprov_header *h;
        parts_draft p;
        if (!parts_begin(&p, NULL)) return;
        if (where == 0) p.req.extra = members;
        if (where == 1) p.req.kept = members;
        llmprov_draft_header(&p.d, "anthropic-beta", "mine");
        llmprov__parts_betas(&p.d);
        h = llmprov__http_find(&p.job.headers, "anthropic-beta");
        CHECK_STR(h ? h->value : NULL, where < 2 ? "mine,context-management-2025-06-27,compact-2026-01-12,message-threads-2026-08-12" : "mine");
        parts_end(&p);
    }
}

TEST(parts_kept_of_blocks) {
    static const char *const written[] = { "a", NULL, "b" };
    static const struct { const char *extra, *left; } cases[] = { { NULL, "{}" }, { "{\"a\":1,\"c\":2,\"b\":3}", "{\"c\":2}" }, { "{\"c\":2,\"d\":", "{\"c\":2}" } };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        llmprov_writer w;
        memset(&w, 0, sizeof w);
        w.alloc = test_alloc();
        llmprov_write_open(&w, NULL, '{');
        llmprov__parts_write_kept(&w, cases[i].extra, 0, written, 3);
        llmprov_write_close(&w);
        if (!w.status) CHECK_TEXT(w.text, w.len, cases[i].left);
        llmprov_writer_free(&w);
    }
}

TEST_NO_OOM(parts_numerals) {
    double v = 7;
    CHECK(llmprov__parts_numeral(parts_str("-1.5e1"), &v) && v <= -15 && v >= -15);
    CHECK(llmprov__parts_numeral(parts_str(" 2 "), &v) && !llmprov__parts_numeral(parts_str("2x"), &v) && !llmprov__parts_numeral(parts_str("\"2\""), &v) && !llmprov__parts_numeral(parts_str(""), &v));
}

/* A text that is longer than what memory is at hand. */
TEST(parts_copies) {
    llmprov_alloc alloc = test_alloc();
    llmprov_turn *t = llmprov__reply_new(&alloc, 0, 0);
    char text[3000];
    llmprov_str copy;
    NEED(t);
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = 0;
    copy = llmprov__parts_copy(t, parts_str(text));
    CHECK_TEXT(copy.ptr, copy.len, text);
    CHECK_ALWAYS(copy.ptr && (copy.len || !*copy.ptr));
    llmprov__reply_free(t);
}
