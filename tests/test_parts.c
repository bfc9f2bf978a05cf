/* >>parts: words of the trade in tables: stop reasons, error types, efforts, shapes of errors. */
#include "test.h"

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
        { "99999999999999999999", 0 }, { "{}", 0 }, { "[5]", 0 }, { "true", 0 },
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
        { " { \"a b\" : [ 1 , 2 ] ,\n\t\"c\\\" d\" : \" \\\\\" } ", "{\"a b\":[1,2],\"c\\\" d\":\" \\\\\"}" }, { "{}", "{}" }, { "", "" }, { "\" \"", "\" \"" }, { "\"\\\\\" 1", "\"\\\\\"1" },
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
    llmprov__parts_drop(&p.d, "temperature", 0.7, "because");
    llmprov__parts_drop_num(&p.d, "top_p", p.req.top_p, "not set, so nothing is said");
    if (p.job.turn->warnings.count == 1) {
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
    llmprov__parts_drop(&p.d, "seed", -1.7976931348623157e308, "a reason that is so long that no buffer of a hundred and sixty bytes has room for it beside the longest number that there is, which happens");
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
