/* >>s_cohere: cohere-v2 as a server. What goes through the model to other formats is tested with the wire. */
#include "server.h"

#define S_COHERE_ASK(inside) "{'model':'m'," inside "}"
#define S_COHERE_SAID(inside) S_COHERE_ASK("'messages':[" inside "]")

TEST(s_cohere_refuses_wrong_types_by_their_path) {
    static const server_case cases[] = {
        { "7", "the request", "invalid_type" }, { "{'model':'m'}", "messages", "missing_required_parameter" }, { S_COHERE_SAID("{'content':'x'}"), "messages[0].role", "missing_required_parameter" },
        { S_COHERE_SAID("{'role':'developer','content':'x'}"), "messages[0].role", "invalid_value" }, { S_COHERE_SAID("{'role':'user','content':5}"), "messages[0].content", "invalid_type" },
        { S_COHERE_SAID("{'role':'user','content':[{'text':'x'}]}"), "messages[0].content[0].type", "missing_required_parameter" }, { S_COHERE_SAID("{'role':'user','content':[{'type':'text'}]}"), "messages[0].content[0].text", "missing_required_parameter" },
        { S_COHERE_SAID("{'role':'user','content':[{'type':'video'}]}"), "messages[0].content[0].type", "invalid_value" },
        { S_COHERE_SAID("{'role':'user','content':[{'type':'image_url','image_url':'x'}]}"), "messages[0].content[0].image_url", "invalid_type" },
        { S_COHERE_SAID("{'role':'user','content':[{'type':'image_url','image_url':{}}]}"), "messages[0].content[0].image_url.url", "missing_required_parameter" },
        { S_COHERE_SAID("{'role':'user','content':[{'type':'image_url','image_url':{'url':'data:image/png;base64,#'}}]}"), "messages[0]", "invalid_value" },
        { S_COHERE_SAID("{'role':'tool','content':[{'type':'document'}],'tool_call_id':'a'}"), "messages[0].content[0].document", "missing_required_parameter" },
        { S_COHERE_SAID("{'role':'tool','content':'x'}"), "messages[0]", "missing_required_parameter" }, { S_COHERE_SAID("{'role':'assistant','tool_calls':[{'function':{'name':'f'}}]}"), "messages[0].tool_calls[0].id", "missing_required_parameter" },
        { S_COHERE_SAID("{'role':'assistant','tool_calls':[{'id':'a','function':{'name':'f','arguments':{}}}]}"), "messages[0].tool_calls[0].function.arguments", "invalid_type" },
        { S_COHERE_ASK("'tool_choice':'AUTO','messages':[]"), "tool_choice", "invalid_value" }, { S_COHERE_ASK("'tool_choice':{},'messages':[]"), "tool_choice", "invalid_type" },
        { S_COHERE_ASK("'k':1.5,'messages':[]"), "k", "invalid_type" }, { S_COHERE_ASK("'p':'x','messages':[]"), "p", "invalid_type" }, { S_COHERE_ASK("'documents':'x','messages':[]"), "documents", "invalid_type" },
        { S_COHERE_ASK("'thinking':{'type':'on'},'messages':[]"), "thinking.type", "invalid_value" }, { S_COHERE_ASK("'response_format':{'type':'xml'},'messages':[]"), "response_format.type", "invalid_value" },
        { S_COHERE_ASK("'stop_sequences':'x','messages':[]"), "stop_sequences", "invalid_type" }, { S_COHERE_ASK("'strict_tools':1,'messages':[]"), "strict_tools", "invalid_type" },
        { S_COHERE_ASK("'tools':[{'type':'function','function':{'name':1}}],'messages':[]"), "tools[0].function.name", "invalid_type" }, { S_COHERE_ASK("'tools':null,'tool_choice':null,'messages':[]"), NULL, NULL },
    };
    SERVER_REFUSES("cohere-v2", cases);
}

TEST(s_cohere_members_become_fields) {
    llmprov_asked a;
    const llmprov_request *r = &a.request;
    OK_OR(server_read("cohere-v2", Q(S_COHERE_ASK("'p':0.5,'k':3,'tool_choice':'REQUIRED','strict_tools':true,'documents':['d'],'thinking':{'type':'enabled','token_budget':9},'response_format':{'type':'json_object'},"
        "'tools':[{'type':'function','function':{'name':'f'}}],'messages':[{'role':'user','content':[{'type':'image_url','image_url':{'url':'data:image/gif;base64,R0lG','detail':'low'}}]},"
        "{'role':'assistant','tool_plan':'P','content':'','tool_calls':[{'id':'a','type':'function','function':{'name':'f','arguments':'{}'}}]},"
        "{'role':'tool','tool_call_id':'a','content':[{'type':'document','document':{'id':'x','data':{'title':'T','text':'D','n':1}}},{'type':'document','document':{'data':{'n':1}}},{'type':'document','document':'plain'}]}]")), &a), done);
    CHECK_INT(r->stream, LLMPROV_STREAM_OFF);
    CHECK(r->top_p.set && r->top_k.set && r->top_k.value == 3);
    CHECK_INT(r->tool_choice, LLMPROV_TOOL_ANY);
    CHECK_INT(r->tools[0].strict, LLMPROV_YES);
    CHECK_INT(r->thinking, LLMPROV_THINKING_ON);
    CHECK_INT(r->thinking_tokens.value, 9);
    CHECK_JSON(r->kept, r->kept_len, Q("{'documents':['d'],'response_format':{'type':'json_object'}}"));
    CHECK_STR(r->messages[0].blocks[0].mime, "image/gif");
    CHECK_STR(r->messages[0].blocks[0].base64, "R0lG");
    CHECK_INT(r->messages[1].block_count, 2);
    CHECK_STR(r->messages[1].blocks[0].origin, "cohere-v2:tool_plan");
    CHECK_STR(r->messages[2].blocks[0].content[0].text, "D");
    CHECK_STR(r->messages[2].blocks[0].content[0].name, "T");
    CHECK_STR(r->messages[2].blocks[0].content[1].text, "{\"n\":1}");
    CHECK_STR(r->messages[2].blocks[0].content[2].text, "plain");
done:
    llmprov_asked_free(&a);
}

/* Back into its own format a request is what it was. */
TEST(s_cohere_a_request_and_back) {
    const char *json = Q(S_COHERE_ASK("'stream':true,'max_tokens':9,'documents':[{'id':'d','data':{'text':'x'}},'y'],'citation_options':{'mode':'FAST'},'safety_mode':'OFF','logprobs':true,'strict_tools':true,'tool_choice':'NONE',"
        "'tools':[{'type':'function','function':{'name':'f','parameters':{'type':'object'},'z':1}}],'messages':[{'role':'system','content':[{'type':'text','text':'S'}]},{'role':'user','content':'U','mood':'x'},"
        "{'role':'assistant','content':[{'type':'thinking','thinking':'T'},{'type':'text','text':'A'}],'tool_plan':'P','tool_calls':[{'id':'a','type':'function','function':{'name':'f','arguments':'{ }'}}],"
        "'citations':[{'start':0,'end':1,'text':'A','sources':[]}]},{'role':'tool','tool_call_id':'a','content':[{'type':'document','document':{'id':'q','data':{'n':1}}},{'type':'text','text':'R'}]},"
        "{'role':'user','content':[{'type':'text','text':'V'},{'type':'image_url','image_url':{'url':'https://a.example/x','detail':'high'}}]}]"));
    llmprov_asked a;
    engine_sent s;
    OK_OR(server_read("cohere-v2", json, &a), done);
    s = engine_send("cohere", &a.request);
    if (s.text) CHECK(engine_equal(s.text, s.len, json, strlen(json)) || (printf("%s\n", s.text), false));
    CHECK_INT(s.warning_count, 0);
    engine_sent_free(&s);
    a.request.max_tokens = (llmprov_int)LLMPROV_INT(9);
    s = engine_send("anthropic", &a.request);
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "documents");
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "safety_mode");
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "messages[2].content[1]");
    engine_sent_free(&s);
done:
    llmprov_asked_free(&a);
}

/* Citations without a text to stand in; members that have no place beside a function are said. */
TEST(s_cohere_shapes_go_back_as_they_came) {
    static const server_round rows[] = {
        { S_COHERE_SAID("{'role':'user','content':'U'},{'role':'assistant','tool_calls':[{'id':'a','type':'function','function':{'name':'f','arguments':'{}'}}],'citations':[{'start':0,'end':1,'text':'A','sources':[]}]},"
          "{'role':'tool','tool_call_id':'a','content':'R'}"), NULL, NULL },
    };
    llmprov_asked a;
    SERVER_ROUNDS("cohere-v2", "cohere", NULL, rows);
    OK_OR(server_read("cohere-v2", Q(S_COHERE_ASK("'tools':[{'type':'function','function':{'name':'f'},'z':1}],'messages':[{'role':'user','content':'U'}]")), &a), done);
    CHECK_WARNED(a, LLMPROV_ERR_UNSUPPORTED, "tools[0]");
done:
    llmprov_asked_free(&a);
}

// -- answers ---------------------------------------------------------------------------------

TEST_NO_OOM(s_cohere_events_of_a_stream) {
    engine_text fields = { NULL, 0, 0 };
    engine_text t = server_through("cohere-v2", "openai-chat", ENGINE_STREAM, Q(CHAT("{'content':'A'}") CHAT("{'content':'B'}") CHAT("{'tool_calls':[{'index':0,'id':'x','function':{'name':'f','arguments':'{}'}}]}") CHAT_END("tool_calls") CHAT_DONE), &fields, 0);
    CHECK_STR(t.ptr, Q("event: message-start\ndata: {'type':'message-start','id':'c1','delta':{'message':{'role':'assistant','content':[],'tool_plan':'','tool_calls':[],'citations':[]}}}\n\n"
        "event: content-start\ndata: {'type':'content-start','index':0,'delta':{'message':{'content':{'type':'text','text':''}}}}\n\n"
        "event: content-delta\ndata: {'type':'content-delta','index':0,'delta':{'message':{'content':{'text':'A'}}}}\n\n"
        "event: content-delta\ndata: {'type':'content-delta','index':0,'delta':{'message':{'content':{'text':'B'}}}}\n\n"
        "event: content-end\ndata: {'type':'content-end','index':0}\n\n"
        "event: tool-call-start\ndata: {'type':'tool-call-start','index':0,'delta':{'message':{'tool_calls':{'id':'x','type':'function','function':{'name':'f','arguments':''}}}}}\n\n"
        "event: tool-call-delta\ndata: {'type':'tool-call-delta','index':0,'delta':{'message':{'tool_calls':{'function':{'arguments':'{}'}}}}}\n\n"
        "event: tool-call-end\ndata: {'type':'tool-call-end','index':0}\n\n"
        "event: message-end\ndata: {'type':'message-end','delta':{'finish_reason':'TOOL_CALL','usage':{'tokens':{'input_tokens':0,'output_tokens':0},'cached_tokens':0}}}\n\ndata: [DONE]\n\n"));
    CHECK(strstr(fields.ptr, "model;"));
    engine_text_free(&t);
    engine_text_free(&fields);
}

TEST_NO_OOM(s_cohere_words_for_the_end) {
    static const struct { const char *stop, *word; } cases[] = {
        { "end_turn", "COMPLETE" }, { "max_tokens", "MAX_TOKENS" }, { "stop_sequence", "STOP_SEQUENCE" }, { "refusal", "ERROR_TOXIC" }, { "pause_turn", "MAX_TOKENS" }, { "odd", "ERROR" },
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        char body[500], want[60];
        engine_text fields = { NULL, 0, 0 }, t;
        sprintf(body, "{'id':'m1','type':'message','role':'assistant','model':'m-1','content':[{'type':'text','text':'Hi'}],'stop_reason':'%s','stop_sequence':%s,'usage':{'input_tokens':5,'output_tokens':7}}",
                cases[i].stop, i == 2 ? "'x'" : "null");
        t = server_through("cohere-v2", "anthropic-messages", ENGINE_WHOLE, Q(body), &fields, 0);
        sprintf(want, "\"finish_reason\":\"%s\"", cases[i].word);
        CHECK(strstr(t.ptr, want));
        CHECK_INT(strstr(fields.ptr, "finish_reason") != NULL, i > 3);
        CHECK_INT(strstr(fields.ptr, "stop_sequence") != NULL, i == 2);
        engine_text_free(&t);
        engine_text_free(&fields);
    }
}

/* Its own reply comes out as it went in. */
TEST_NO_OOM(s_cohere_a_reply_and_back) {
    static const char *const replies[] = {
        "{'id':'c','message':{'role':'assistant','content':[{'type':'thinking','thinking':'T'},{'type':'text','text':'A'}],'tool_plan':'P','tool_calls':[{'id':'a','type':'function','function':{'name':'f','arguments':'{}'}}],"
        "'citations':[{'start':0,'end':1,'text':'A','sources':[],'content_index':1},{'start':0,'end':1,'text':'P','sources':[],'type':'PLAN'}],'mood':'x'},'finish_reason':'TOOL_CALL',"
        "'usage':{'billed_units':{'input_tokens':1,'output_tokens':2},'tokens':{'input_tokens':5,'output_tokens':7,'reasoning_tokens':1},'cached_tokens':3},'logprobs':[{'token_ids':[1],'text':'A','logprobs':[-1]}],'more':1}",
        "{'id':'c','message':{'role':'assistant','content':[]},'finish_reason':'COMPLETE','usage':{'tokens':{'input_tokens':5,'output_tokens':0}}}",
        "{'id':'c','message':{'role':'assistant','tool_calls':[{'id':'a','type':'function','function':{'name':'f','arguments':'{}'}}]},'finish_reason':'TOOL_CALL','usage':{'tokens':{'input_tokens':5,'output_tokens':1}}}",
    };
    size_t i;
    for (i = 0; i < sizeof replies / sizeof *replies; i++) {
        const char *json = Q(replies[i]);
        engine_text fields = { NULL, 0, 0 }, t = server_through("cohere-v2", "cohere-v2", ENGINE_WHOLE, json, &fields, 0);
        CHECK(engine_equal(t.ptr, t.len, json, strlen(json)) || (printf("%s\n", t.ptr), false));
        CHECK_STR(fields.ptr, "");
        engine_text_free(&t);
        engine_text_free(&fields);
    }
}

TEST_NO_OOM(s_cohere_errors) {
    static const struct { llmprov_status code; int http; } cases[] = {
        { LLMPROV_ERR_AUTH, 401 }, { LLMPROV_ERR_RATE_LIMIT, 429 }, { LLMPROV_ERR_OVERLOADED, 503 }, { LLMPROV_ERR_SERVER, 500 }, { LLMPROV_ERR_UNSUPPORTED, 422 }, { LLMPROV_ERR_TRANSPORT, 500 },
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        engine_text out = { NULL, 0, 0 };
        llmprov_face_desc d = { .format = "cohere-v2", .out = server_take, .user = &out, .alloc = test_alloc() };
        llmprov_face *f = llmprov_face_open(&d);
        llmprov_error e = { .code = cases[i].code, .message = "no", .request_id = i ? "" : "r1" };
        int status = 0;
        OK(llmprov_face_error(f, &e, &status));
        CHECK_INT(status, cases[i].http);
        CHECK_STR(out.ptr, i ? "{\"message\":\"no\"}" : "{\"id\":\"r1\",\"message\":\"no\"}");
        llmprov_face_free(f);
        engine_text_free(&out);
    }
}

static llmprov_event s_cohere_event(llmprov_event_type type, const llmprov_block *b, const char *text) {
    static const llmprov_usage usage = { .input_tokens = 3, .output_tokens = 4 };
    llmprov_event e = { .type = type, .block = b, .id = "r1", .model = "m-1", .stop = LLMPROV_STOP_TOOL_USE, .usage = &usage };
    e.index = b && b->type == LLMPROV_BLOCK_TOOL_USE;
    e.text = text;
    e.text_len = text ? strlen(text) : 0;
    return e;
}

TEST(s_cohere_without_memory) {
    static const llmprov_block text = { .type = LLMPROV_BLOCK_TEXT, .text = "Hi", .text_len = 2 }, use = { .type = LLMPROV_BLOCK_TOOL_USE, .id = "x", .name = "f", .json = "{}", .json_len = 2 };
    static const llmprov_block both[] = { { .type = LLMPROV_BLOCK_TEXT, .text = "Hi", .text_len = 2 }, { .type = LLMPROV_BLOCK_TOOL_USE, .id = "x", .name = "f", .json = "{}", .json_len = 2 } };
    llmprov_event events[7];
    llmprov_response r = { .id = "r1", .model = "m-1", .text = "", .stop = LLMPROV_STOP_TOOL_USE, .stop_word = "tool_use", .message = { .role = LLMPROV_ROLE_ASSISTANT, .blocks = both, .block_count = 2 } };
    size_t i;
    int whole;
    events[0] = s_cohere_event(LLMPROV_EVENT_START, NULL, NULL);
    events[1] = s_cohere_event(LLMPROV_EVENT_BLOCK, &text, NULL);
    events[2] = s_cohere_event(LLMPROV_EVENT_TEXT, NULL, "Hi");
    events[3] = s_cohere_event(LLMPROV_EVENT_BLOCK_END, &text, NULL);
    events[4] = s_cohere_event(LLMPROV_EVENT_BLOCK, &use, NULL);
    events[5] = s_cohere_event(LLMPROV_EVENT_BLOCK_END, &use, NULL);
    events[6] = s_cohere_event(LLMPROV_EVENT_END, NULL, NULL);
    for (whole = 0; whole < 2; whole++) {
        engine_text out = { NULL, 0, 0 };
        llmprov_face_desc d = { .format = "cohere-v2", .out = server_take, .user = &out, .alloc = test_alloc() };
        llmprov_face *f = llmprov_face_open(&d);
        engine_add(&out, "", 0);
        for (i = 0; i < 7 && f && !whole; i++) llmprov_face_event(f, &events[i]);
        if (whole && f) llmprov_face_reply(f, &r);
        if (!test_memory.refused) CHECK(strstr(out.ptr, whole ? "\"tool_calls\":[{\"id\":\"x\"" : "[DONE]"));
        else CHECK_ALWAYS(!f || llmprov_face_failure(f)->code == LLMPROV_ERR_NO_MEMORY || llmprov_face_failure(f)->code == LLMPROV_OK);
        llmprov_face_free(f);
        engine_text_free(&out);
    }
}
