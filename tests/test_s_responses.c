/* >>s_responses: requests that are refused, by their path; and the events of an answer, in the API's order. */
#include "server.h"

// -- requests --------------------------------------------------------------------------------

TEST(s_responses_refuses_wrong_types_by_their_path) {
    static const struct { const char *body, *param, *code; } cases[] = {
        { "[]", "the request", "invalid_type" },
        { "{'model':1,'input':'x'}", "model", "invalid_type" },
        { "{'input':3}", "input", "invalid_type" },
        { "{'input':['x']}", "input[0]", "invalid_type" },
        { "{'input':[{'content':'x'}]}", "input[0].role", "missing_required_parameter" },
        { "{'input':[{'role':'tool','content':'x'}]}", "input[0].role", "invalid_value" },
        { "{'input':[{'role':'user'}]}", "input[0].content", "missing_required_parameter" },
        { "{'input':[{'role':'user','content':[{'type':'text','text':'x'}]}]}", "input[0].content[0].type", "invalid_value" },
        { "{'input':[{'role':'user','content':[{'type':'input_text'}]}]}", "input[0].content[0].text", "missing_required_parameter" },
        { "{'input':[{'role':'user','content':[{'type':'input_image','image_url':{'url':'x'}}]}]}", "input[0].content[0].image_url", "invalid_type" },
        { "{'input':[{'type':'function_call','name':'f','arguments':'{}'}]}", "input[0].call_id", "missing_required_parameter" },
        { "{'input':[{'type':'function_call','call_id':'a','name':'f','arguments':{}}]}", "input[0].arguments", "invalid_type" },
        { "{'input':[{'type':'function_call_output','call_id':'a'}]}", "input[0].output", "missing_required_parameter" },
        { "{'input':[{'type':'reasoning','summary':'x'}]}", "input[0].summary", "invalid_type" },
        { "{'input':'x','tools':[{'name':'f'}]}", "tools[0].type", "missing_required_parameter" },
        { "{'input':'x','tools':[{'type':'function'}]}", "tools[0].name", "missing_required_parameter" },
        { "{'input':'x','tool_choice':'any'}", "tool_choice", "invalid_value" },
        { "{'input':'x','tool_choice':{'type':'function'}}", "tool_choice.name", "missing_required_parameter" },
        { "{'input':'x','text':{'format':{'type':'json_schema','name':'n'}}}", "text.format.schema", "missing_required_parameter" },
        { "{'input':'x','text':{'format':{'type':'xml'}}}", "text.format.type", "invalid_value" },
        { "{'input':'x','reasoning':'high'}", "reasoning", "invalid_type" },
        { "{'input':'x','max_output_tokens':1.5}", "max_output_tokens", "invalid_type" },
        { "{'input':'x','include':[1]}", "include[0]", "invalid_type" },
    };
    llmprov_alloc alloc = test_alloc();
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *body = Q(cases[i].body);
        llmprov_asked asked;
        CHECK_INT(llmprov_ask(NULL, "openai-responses", body, strlen(body), &alloc, &asked), LLMPROV_ERR_ARGUMENT);
        CHECK_STR(asked.error.param, cases[i].param);
        CHECK_STR(asked.error.provider_code, cases[i].code);
        CHECK_INT(asked.error.http_status, 400);
        llmprov_asked_free(&asked);
    }
}

/* Reads a request and writes it for a provider. */
static engine_sent s_responses_to(const char *provider, const char *body, const char *file, int line) {
    llmprov_alloc alloc = test_alloc();
    llmprov_asked asked;
    engine_sent s;
    const char *text = Q(body);
    llmprov_status status = llmprov_ask(NULL, "openai-responses", text, strlen(text), &alloc, &asked);
    if (status && !test_excused()) test_fail(file, line, "%s", asked.error.message);
    s = engine_send_with(provider, NULL, &asked.request, file, line);
    llmprov_asked_free(&asked);
    return s;
}
#define TO(provider, body) s_responses_to((provider), (body), __FILE__, __LINE__)

TEST(s_responses_requests_go_back_as_they_were) {
    static const char *const bodies[] = {
        "{'model':'gpt-4.1','input':'Hi'}",
        "{'model':'gpt-4.1','input':[{'role':'user','content':'Hi'}],'store':true,'metadata':{'a':'b'},'include':['x'],'truncation':'auto','user':'u'}",
        "{'model':'gpt-4.1','input':[{'type':'message','role':'developer','content':'D'},{'role':'system','content':[{'type':'input_text','text':'S'}]},{'type':'message','role':'user','content':[{'type':'input_text','text':'Hi'}]}]}",
        "{'model':'gpt-4.1','input':[{'role':'user','content':'Hi'},{'role':'assistant','content':'One'},{'role':'assistant','content':'Two'},{'role':'user','content':'And?'}]}",
        "{'model':'gpt-5.2','reasoning':{'effort':'high','summary':'auto'},'text':{'verbosity':'low','format':{'type':'json_schema','name':'n','description':'d','schema':{'type':'object'}}},'input':'Hi'}",
        "{'model':'gpt-4.1','tools':[{'type':'function','name':'f','parameters':{'type':'object'}}],'tool_choice':'auto','parallel_tool_calls':true,'input':'Hi'}",
        ("{'model':'gpt-4.1','input':[{'role':'user','content':'Hi'},{'type':'reasoning','id':'rs_1','summary':[],'encrypted_content':'s'},{'type':'message','id':'msg_1','role':'assistant','status':'completed','phase':'commentary','content':[{'type':'output_text','text':'I','annotations':[]}]},"
        "{'type':'function_call','call_id':'a','name':'f','arguments':'{}'},{'type':'function_call_output','call_id':'a','output':[{'type':'input_text','text':'1'}]},{'type':'item_reference','id':'x'},{'role':'user','content':'And?'}]}"),
        "{'model':'gpt-4.1','previous_response_id':'resp_1','input':[{'type':'function_call_output','call_id':'a','output':'1'}]}",
        "{'model':'gpt-4.1','previous_response_id':'resp_1','input':[]}",
        "{'model':'gpt-4.1','input':[{'role':'user','content':'Hi'},{'type':'shell_call','id':'sh_1','call_id':'a','status':'completed','action':{'commands':['ls']},'environment':{'type':'container_reference','container_id':'c'}},{'type':'shell_call_output','id':'so_1','call_id':'a','output':[]},{'role':'user','content':'And?'}]}",
        "{'model':'gpt-4.1','input':[{'role':'user','content':'Hi'},{'type':'computer_call','id':'cu_1','call_id':'a','status':'completed','action':{'type':'screenshot'},'pending_safety_checks':[{'id':'s'}]},{'type':'computer_call_output','call_id':'a','output':{'type':'computer_screenshot','image_url':'data:image/png;base64,iVBORw0KGgo='},'acknowledged_safety_checks':[{'id':'s'}]}]}",
    };
    size_t i;
    for (i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        engine_sent s = TO("openai-responses", bodies[i]);
        CHECK_JSON(s.text, s.len, Q(bodies[i]));
        CHECK_INT(s.warning_count, 0);
        engine_sent_free(&s);
    }
}

TEST(s_responses_requests_go_to_other_formats) {
    static const char body[] = "{'model':'claude-sonnet-4-5','max_output_tokens':99,'instructions':'Be brief.','input':[{'role':'user','content':[{'type':'input_text','text':'Look'},{'type':'input_image','detail':'low','image_url':'data:image/png;base64,iVBORw0KGgo='}]},"
        "{'type':'function_call','id':'fc_1','call_id':'a','name':'f','arguments':'{\\'x\\':1}'},{'type':'function_call_output','call_id':'a','output':'7'}],'tools':[{'type':'function','name':'f','parameters':{'type':'object'},'strict':true}],'tool_choice':'required'}";
    engine_sent s = TO("anthropic", body);
    CHECK_BODY(s, "system", "\"Be brief.\"");
    CHECK_BODY(s, "max_tokens", "99");
    CHECK_BODY(s, "messages[0].content[1].source", Q("{'type':'base64','media_type':'image/png','data':'iVBORw0KGgo='}"));
    CHECK_BODY(s, "messages[1].content", Q("[{'type':'tool_use','id':'a','name':'f','input':{'x':1}}]"));
    CHECK_BODY(s, "messages[2].content[0].tool_use_id", "\"a\"");
    CHECK_BODY(s, "tool_choice.type", "\"any\"");
    engine_sent_free(&s);
}

// -- answers ---------------------------------------------------------------------------------

static void s_responses_say(llmprov_face *f, llmprov_event_type type, int index, const llmprov_block *block, const char *text) {
    static const llmprov_usage usage = { .input_tokens = 3, .cache_read_tokens = 2, .output_tokens = 7, .thinking_tokens = 1 };
    llmprov_event e;
    memset(&e, 0, sizeof e);
    e.type = type;
    e.index = index;
    e.block = block;
    e.text = text;
    e.text_len = text ? strlen(text) : 0;
    e.id = "msg_x";
    e.model = "m";
    e.stop = LLMPROV_STOP_TOOL_USE;
    e.stop_word = "tool_use";
    e.usage = &usage;
    llmprov_face_event(f, &e);
}

/* The events of a stream with thinking, a text and a call, and what each one is about. */
TEST(s_responses_events_in_their_order) {
    static const char *const expected[] = { "response.created", "response.in_progress", "response.output_item.added", "response.reasoning_summary_part.added",
        "response.reasoning_summary_text.delta", "response.reasoning_summary_text.done", "response.reasoning_summary_part.done", "response.output_item.done",
        "response.output_item.added", "response.content_part.added", "response.output_text.delta", "response.output_text.delta", "response.output_text.done",
        "response.content_part.done", "response.output_item.done", "response.output_item.added", "response.function_call_arguments.delta",
        "response.function_call_arguments.done", "response.output_item.done", "response.completed" };
    llmprov_block think = { .type = LLMPROV_BLOCK_THINKING }, text = { .type = LLMPROV_BLOCK_TEXT }, call = { .type = LLMPROV_BLOCK_TOOL_USE, .id = "a", .name = "f" };
    engine_text out = { NULL, 0, 0 };
    llmprov_alloc alloc = test_alloc();
    llmprov_face *f = llmprov_face_open(&(llmprov_face_desc){ .format = "openai-responses", .from = "anthropic-messages", .out = server_take, .user = &out, .alloc = alloc, .created = 5 });
    llmprov_json *last = NULL;
    const char *p;
    size_t n = 0;
    engine_add(&out, "", 0);
    s_responses_say(f, LLMPROV_EVENT_START, 0, NULL, NULL);
    s_responses_say(f, LLMPROV_EVENT_BLOCK, 0, &think, NULL);
    s_responses_say(f, LLMPROV_EVENT_THINKING, 0, NULL, "Hm.");
    s_responses_say(f, LLMPROV_EVENT_BLOCK_END, 0, &think, NULL);
    s_responses_say(f, LLMPROV_EVENT_BLOCK, 1, &text, NULL);
    s_responses_say(f, LLMPROV_EVENT_TEXT, 1, NULL, "\"Hel");
    s_responses_say(f, LLMPROV_EVENT_TEXT, 1, NULL, "lo\"");
    s_responses_say(f, LLMPROV_EVENT_BLOCK_END, 1, &text, NULL);
    s_responses_say(f, LLMPROV_EVENT_BLOCK, 2, &call, NULL);
    s_responses_say(f, LLMPROV_EVENT_JSON, 2, NULL, "{\"x\":1}");
    s_responses_say(f, LLMPROV_EVENT_BLOCK_END, 2, &call, NULL);
    s_responses_say(f, LLMPROV_EVENT_END, 0, NULL, NULL);
    if (llmprov_face_failure(f)->code) CHECK_INT(llmprov_face_failure(f)->code, LLMPROV_OK);
    for (p = out.ptr; !test_excused() && (p = strstr(p, "event: ")) != NULL; n++) {
        const char *data = strstr(p, "\ndata: ") + 7, *end = strstr(data, "\n\n");
        llmprov_json *root = llmprov_json_parse(data, (size_t)(end - data), NULL, NULL);
        if (n < sizeof expected / sizeof *expected) CHECK_STR(llmprov_json_str(llmprov_json_get(root, "type"), NULL), expected[n]);
        CHECK_INT(llmprov_json_int(llmprov_json_get(root, "sequence_number"), -1), (long long)n);
        llmprov_json_free(last);
        last = root;
        p = end;
    }
    if (!test_excused()) {
        llmprov_str output = llmprov_json_raw(llmprov_json_path(last, "response.output")), usage = llmprov_json_raw(llmprov_json_path(last, "response.usage"));
        CHECK_INT(n, sizeof expected / sizeof *expected);
        CHECK_JSON(output.ptr, output.len, Q("[{'id':'rs_msg_x_0','type':'reasoning','summary':[{'type':'summary_text','text':'Hm.'}]},"
            "{'id':'msg_msg_x_1','type':'message','status':'completed','role':'assistant','content':[{'type':'output_text','annotations':[],'logprobs':[],'text':'\\'Hello\\''}]},"
            "{'id':'fc_msg_x_2','type':'function_call','status':'completed','call_id':'a','name':'f','arguments':'{\\'x\\':1}'}]"));
        CHECK_JSON(usage.ptr, usage.len, Q("{'input_tokens':5,'input_tokens_details':{'cached_tokens':2,'cache_write_tokens':0},'output_tokens':7,'output_tokens_details':{'reasoning_tokens':1},'total_tokens':12}"));
        CHECK_INT(llmprov_json_int(llmprov_json_path(last, "response.created_at"), 0), 5);
    }
    llmprov_json_free(last);
    llmprov_face_free(f);
    engine_text_free(&out);
}

/* The response says again what was asked. */
TEST(s_responses_the_response_repeats_the_request) {
    static const char body[] = "{'model':'gpt-4.1','input':'Hi','instructions':'I','temperature':0.5,'max_output_tokens':44,'store':true,'metadata':{'a':'b'},'tools':[{'type':'function','name':'f','parameters':{'type':'object'},'strict':false}],'tool_choice':{'type':'function','name':'f'}}";
    const char *text = Q(body);
    llmprov_alloc alloc = test_alloc();
    llmprov_asked asked;
    engine_text out = { NULL, 0, 0 };
    llmprov_response r;
    llmprov_face *f;
    llmprov_json *root;
    engine_add(&out, "", 0);
    memset(&r, 0, sizeof r);
    r.id = "resp_7";
    r.model = "gpt-4.1";
    r.stop = LLMPROV_STOP_END;
    llmprov_ask(NULL, "openai-responses", text, strlen(text), &alloc, &asked);
    f = llmprov_face_open(&(llmprov_face_desc){ .format = "openai-responses", .request = &asked.request, .out = server_take, .user = &out, .alloc = alloc });
    llmprov_face_reply(f, &r);
    root = llmprov_json_parse(out.ptr, out.len, NULL, NULL);
    if (!test_excused()) {
        static const char *const members[] = { "instructions", "temperature", "max_output_tokens", "store", "metadata", "tools", "tool_choice" };
        llmprov_json *want = llmprov_json_parse(text, strlen(text), NULL, NULL);
        size_t i;
        for (i = 0; i < sizeof members / sizeof *members; i++) {
            test_now.checks++;
            if (!engine_same_json(llmprov_json_get(root, members[i]), llmprov_json_get(want, members[i]))) test_fail(__FILE__, __LINE__, "%s differs: %s", members[i], out.ptr);
        }
        CHECK_STR(llmprov_json_str(llmprov_json_get(root, "status"), NULL), "completed");
        llmprov_json_free(want);
    }
    llmprov_json_free(root);
    llmprov_face_free(f);
    llmprov_asked_free(&asked);
    engine_text_free(&out);
}

/* An error is a body of its own before the response began; then it is an event. */
TEST(s_responses_errors) {
    static const struct { llmprov_status code; int http; const char *word, *event; } cases[] = {
        { LLMPROV_ERR_RATE_LIMIT, 429, "rate_limit_exceeded", "response.failed" }, { LLMPROV_ERR_SERVER, 500, "server_error", "response.failed" },
        { LLMPROV_ERR_AUTH, 401, "invalid_api_key", "error" }, { LLMPROV_ERR_QUOTA, 429, "insufficient_quota", "error" },
        { LLMPROV_ERR_TOO_LONG, 400, "context_length_exceeded", "error" }, { LLMPROV_ERR_TRUNCATED, 500, "server_error", "response.failed" },
    };
    size_t i;
    int begun, status;
    for (i = 0; i < sizeof cases / sizeof *cases; i++)
        for (begun = 0; begun < 2; begun++) {
            llmprov_error e = { .code = cases[i].code, .message = "It failed." };
            engine_text out = { NULL, 0, 0 };
            llmprov_alloc alloc = test_alloc();
            llmprov_face *f = llmprov_face_open(&(llmprov_face_desc){ .format = "openai-responses", .out = server_take, .user = &out, .alloc = alloc });
            engine_add(&out, "", 0);
            if (begun) s_responses_say(f, LLMPROV_EVENT_START, 0, NULL, NULL);
            llmprov_face_error(f, &e, &status);
            if (!test_excused()) {
                CHECK_INT(status, cases[i].http);
                CHECK(strstr(out.ptr, cases[i].word) && strstr(out.ptr, "It failed."));
                CHECK(begun ? strstr(out.ptr, cases[i].event) != NULL : out.ptr[0] == '{');
            }
            llmprov_face_free(f);
            engine_text_free(&out);
        }
}
