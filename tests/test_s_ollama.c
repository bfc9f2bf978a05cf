/* >>s_ollama: ollama-chat as a server. What goes through the model to other formats is tested with the wire. */
#include "server.h"

#define S_OLLAMA_ASK(inside) "{'model':'m'," inside "}"
#define S_OLLAMA_SAID(inside) S_OLLAMA_ASK("'messages':[" inside "]")

TEST(s_ollama_refuses_wrong_types_by_their_path) {
    static const server_case cases[] = {
        { "[]", "the request", "invalid_type" }, { "{'model':'m'}", "messages", "missing_required_parameter" }, { S_OLLAMA_ASK("'messages':{}"), "messages", "invalid_type" },
        { S_OLLAMA_SAID("{'content':'x'}"), "messages[0].role", "missing_required_parameter" }, { S_OLLAMA_SAID("{'role':'robot','content':'x'}"), "messages[0].role", "invalid_value" },
        { S_OLLAMA_SAID("{'role':'user','content':[{'type':'text','text':'x'}]}"), "messages[0].content", "invalid_type" },
        { S_OLLAMA_SAID("{'role':'user','content':'x','images':'aGk='}"), "messages[0].images", "invalid_type" }, { S_OLLAMA_SAID("{'role':'user','content':'x','images':[1]}"), "messages[0].images[0]", "invalid_type" },
        { S_OLLAMA_SAID("{'role':'user','content':'x'},{'role':'user','content':'x','images':['data:image/png;base64,aGk=']}"), "messages[1]", "invalid_value" },
        { S_OLLAMA_SAID("{'role':'assistant','content':'','tool_calls':[{'id':'a'}]}"), "messages[0].tool_calls[0].function", "missing_required_parameter" },
        { S_OLLAMA_SAID("{'role':'assistant','content':'','tool_calls':[{'function':{'name':'f','arguments':'{}'}}]}"), "messages[0].tool_calls[0].function.arguments", "invalid_type" },
        { S_OLLAMA_SAID("{'role':'assistant','content':'','tool_calls':[{'function':{'arguments':{}}}]}"), "messages[0].tool_calls[0].function.name", "missing_required_parameter" },
        { S_OLLAMA_ASK("'think':'hard','messages':[]"), "think", "invalid_value" }, { S_OLLAMA_ASK("'think':1,'messages':[]"), "think", "invalid_type" },
        { S_OLLAMA_ASK("'options':[],'messages':[]"), "options", "invalid_type" }, { S_OLLAMA_ASK("'options':{'temperature':'hot'},'messages':[]"), "options.temperature", "invalid_type" },
        { S_OLLAMA_ASK("'options':{'num_predict':1.5},'messages':[]"), "options.num_predict", "invalid_type" }, { S_OLLAMA_ASK("'options':{'stop':[1]},'messages':[]"), "options.stop[0]", "invalid_type" },
        { S_OLLAMA_ASK("'stream':'no','messages':[]"), "stream", "invalid_type" }, { S_OLLAMA_ASK("'format':5,'messages':[]"), "format", "invalid_type" },
        { S_OLLAMA_ASK("'tools':[{'type':'function'}],'messages':[]"), "tools[0].function", "missing_required_parameter" }, { S_OLLAMA_ASK("'tools':[{'function':{}}],'messages':[]"), "tools[0].function.name", "missing_required_parameter" },
        { S_OLLAMA_ASK("'keep_alive':true,'messages':[]"), "keep_alive", "invalid_type" }, { S_OLLAMA_ASK("'keep_alive':-1,'tools':null,'format':'','messages':[]"), NULL, NULL },
    };
    SERVER_REFUSES("ollama-chat", cases);
}

TEST(s_ollama_members_become_fields) {
    llmprov_asked a;
    const llmprov_request *r = &a.request;
    OK_OR(server_read("ollama-chat", Q(S_OLLAMA_ASK("'options':{'num_predict':9,'temperature':0.5,'stop':'x','num_ctx':4096,'top_k':-1},'think':'low','keep_alive':0,'format':{'type':'object'},"
        "'tools':[{'type':'function','function':{'name':'f','description':'F.','parameters':{'type':'object'},'mode':1}}],'messages':[{'role':'system','content':'S'},"
        "{'role':'user','content':'U','images':['/9j/aGk='],'mood':'x'}]")), &a), done);
    CHECK_INT(r->stream, LLMPROV_STREAM_ON);                  /* unless it is refused */
    CHECK_INT(r->max_tokens.value, 9);
    CHECK(r->temperature.set && !r->top_k.set);
    CHECK_STR(r->stop_count == 1 ? r->stop[0] : NULL, "x");
    CHECK_INT(r->effort, LLMPROV_EFFORT_LOW);
    CHECK_STR(r->schema, "{\"type\":\"object\"}");
    CHECK_JSON(r->kept, r->kept_len, Q("{'options':{'num_ctx':4096,'top_k':-1},'keep_alive':0}"));
    CHECK_STR(r->tools[0].name, "f");
    CHECK_JSON(r->tools[0].extra, strlen(r->tools[0].extra), "{\"mode\":1}");
    CHECK_INT(r->messages[0].role, LLMPROV_ROLE_SYSTEM);
    CHECK_STR(r->messages[1].blocks[1].mime, "image/jpeg");
    CHECK_JSON(r->messages[1].extra, r->messages[1].extra_len, "{\"mood\":\"x\"}");
    CHECK(r->messages[0].plain && !r->messages[1].plain);
done:
    llmprov_asked_free(&a);
}

/* Results pair by id, by the name of their tool, or by their place; in every other format they have an id then. */
TEST(s_ollama_results_without_an_id) {
    llmprov_asked a;
    engine_sent s;
    OK_OR(server_read("ollama-chat", Q(S_OLLAMA_SAID("{'role':'user','content':'Go'},{'role':'assistant','content':'','tool_calls':[{'function':{'name':'f','arguments':{}}},{'function':{'name':'g','arguments':{}}},"
        "{'id':'c','function':{'name':'f','arguments':{}}},{'function':{'name':'f','arguments':{}}}]},{'role':'tool','tool_name':'g','content':'of g'},{'role':'tool','content':'of the third','tool_call_id':'c'},"
        "{'role':'tool','content':'first'},{'role':'tool','tool_name':'f','content':'last'}")), &a), done);
    OK_OR(llmprov_asked_check(&a, NULL), done);
    a.request.max_tokens = (llmprov_int)LLMPROV_INT(5);
    s = engine_send("custom", &a.request);
    CHECK_BODY(s, "messages[2].content", "\"first\"");
    CHECK_BODY(s, "messages[3].content", "\"of g\"");
    CHECK_BODY(s, "messages[4].content", "\"of the third\"");
    CHECK_BODY(s, "messages[5].content", "\"last\"");
    CHECK_BODY(s, "messages[4].tool_call_id", "\"c\"");
    CHECK_BODY(s, "messages[6]", NULL);
    CHECK_INT(s.warning_count, 1);
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "messages[2].content[0]");     /* they are in the order of the calls */
    engine_sent_free(&s);
    s = engine_send("ollama-native", &a.request);
    CHECK_BODY(s, "messages[1].tool_calls[0].id", NULL);
    CHECK_BODY(s, "messages[2].tool_call_id", NULL);
    CHECK_BODY(s, "messages[4].tool_call_id", "\"c\"");
    engine_sent_free(&s);
done:
    llmprov_asked_free(&a);
}

/* Back into its own format a request is what it was, but for what says nothing. */
TEST(s_ollama_a_request_and_back) {
    const char *json = Q(S_OLLAMA_ASK("'stream':false,'think':true,'options':{'num_predict':-1,'mirostat':2,'seed':-3},'logprobs':true,'tools':[{'type':'function','function':{'name':'f','parameters':{'type':'object'},'x':1}}],"
        "'messages':[{'role':'system','content':'S'},{'role':'user','content':'U','name':'Ada'},{'role':'assistant','content':'','thinking':'T','tool_calls':[{'id':'a','function':{'index':0,'name':'f','arguments':{'k':null}}}]},"
        "{'role':'tool','content':'R','tool_name':'f','tool_call_id':'a'}]"));
    llmprov_asked a;
    engine_sent s;
    OK_OR(server_read("ollama-chat", json, &a), done);
    s = engine_send("ollama-native", &a.request);
    if (s.text) CHECK(engine_equal(s.text, s.len, json, strlen(json)));
    CHECK_INT(s.warning_count, 0);
    engine_sent_free(&s);
    s = engine_send("custom", &a.request);
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "options");
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "logprobs");
    engine_sent_free(&s);
done:
    llmprov_asked_free(&a);
}

// -- answers ---------------------------------------------------------------------------------

TEST_NO_OOM(s_ollama_lines_of_a_stream) {
    llmprov_face *f = llmprov_face_open(&(llmprov_face_desc){ .format = "ollama-chat", .out = server_take, .alloc = test_alloc() });
    engine_text t = server_through("ollama-chat", "openai-chat", ENGINE_STREAM, Q(CHAT("{'content':'A\\n'}") CHAT("{'content':'B'}")
        CHAT("{'tool_calls':[{'index':0,'id':'x','function':{'name':'f','arguments':'{\\'a'}}]}") CHAT("{'tool_calls':[{'index':1,'id':'y','function':{'name':'g','arguments':''}}]}")
        CHAT("{'tool_calls':[{'index':0,'function':{'arguments':'\\':1}'}}]}") CHAT_END("tool_calls") CHAT_DONE), NULL, 1795176000);
    CHECK_STR(t.ptr, Q("{'model':'m-1','created_at':'2026-11-20T12:00:00Z','message':{'role':'assistant','content':'A\\n'},'done':false}\n"
        "{'model':'m-1','created_at':'2026-11-20T12:00:00Z','message':{'role':'assistant','content':'B'},'done':false}\n"
        "{'model':'m-1','created_at':'2026-11-20T12:00:00Z','message':{'role':'assistant','content':'','tool_calls':[{'id':'x','function':{'index':0,'name':'f','arguments':{'a':1}}}]},'done':false}\n"
        "{'model':'m-1','created_at':'2026-11-20T12:00:00Z','message':{'role':'assistant','content':'','tool_calls':[{'id':'y','function':{'index':0,'name':'g','arguments':{}}}]},'done':false}\n"
        "{'model':'m-1','created_at':'2026-11-20T12:00:00Z','message':{'role':'assistant','content':''},'done':true,'done_reason':'stop','prompt_eval_count':0,'eval_count':0}\n"));
    CHECK_STR(llmprov_face_type(f, true), "application/x-ndjson");
    llmprov_face_free(f);
    engine_text_free(&t);
}

TEST_NO_OOM(s_ollama_arguments_that_are_no_object) {
    engine_text t = server_through("ollama-chat", "openai-chat", ENGINE_STREAM, Q(CHAT("{'tool_calls':[{'index':0,'id':'x','function':{'name':'f','arguments':'[1'}}]}") CHAT_END("tool_calls") CHAT_DONE), NULL, 0);
    CHECK(strstr(t.ptr, "\"arguments\":{\"rawInvalidInput\":\"[1\"}"));
    engine_text_free(&t);
}

TEST_NO_OOM(s_ollama_words_for_the_end) {
    static const struct { const char *word, *reason, *warned; } cases[] = {
        { "stop", "stop", "id;" }, { "length", "length", "id;" }, { "content_filter", "refusal", "id;done_reason;" }, { "odd", "odd", "id;done_reason;" },
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        char body[600], want[60];
        engine_text fields = { NULL, 0, 0 }, t;
        sprintf(body, "{'id':'c1','model':'m-1','choices':[{'index':0,'message':{'content':'Hi'},'finish_reason':'%s'}]}", cases[i].word);
        t = server_through("ollama-chat", "openai-chat", ENGINE_WHOLE, Q(body), &fields, 0);
        sprintf(want, "\"done_reason\":\"%s\"", cases[i].reason);
        CHECK(strstr(t.ptr, want) && strstr(t.ptr, "\"done\":true"));
        CHECK_STR(fields.ptr, cases[i].warned);
        engine_text_free(&fields);
        engine_text_free(&t);
    }
}

/* Its own reply comes out as it went in. */
TEST_NO_OOM(s_ollama_a_reply_and_back) {
    const char *json = Q("{'model':'m-1','created_at':'2026-11-20T10:00:01.5Z','message':{'role':'assistant','content':'Hi','thinking':'T','images':['iVBORw0KGgoAAAA='],'tool_calls':[{'function':{'index':0,'name':'f','arguments':{'a':1}}}],'mood':'x'},"
        "'logprobs':[{'token':'Hi','logprob':-1}],'done':true,'done_reason':'stop','total_duration':5,'prompt_eval_count':5,'eval_count':7}");
    engine_text t = server_through("ollama-chat", "ollama-chat", ENGINE_WHOLE, json, NULL, 0);
    CHECK(engine_equal(t.ptr, t.len, json, strlen(json)) || (printf("%s\n", t.ptr), false));
    engine_text_free(&t);
}

TEST(s_ollama_dates) {
    static const struct { int64_t seconds; const char *date; } cases[] = {
        { 0, "1970-01-01T00:00:00Z" }, { 951782399, "2000-02-28T23:59:59Z" }, { 951782400, "2000-02-29T00:00:00Z" }, { 951868800, "2000-03-01T00:00:00Z" },
        { 1704067199, "2023-12-31T23:59:59Z" }, { 4107542400, "2100-03-01T00:00:00Z" }, { 253402300799, "9999-12-31T23:59:59Z" }, { -1, "1970-01-01T00:00:00Z" },
    };
    char date[24];
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        llmprov__s_ollama_date(date, cases[i].seconds);
        CHECK_STR(date, cases[i].date);
    }
}

TEST(s_ollama_without_memory) {
    static const llmprov_usage usage = { .input_tokens = 3, .output_tokens = 4 };
    engine_text out = { NULL, 0, 0 };
    llmprov_face_desc d = { .format = "ollama-chat", .out = server_take, .user = &out, .alloc = test_alloc() };
    llmprov_face *f = llmprov_face_open(&d);
    llmprov_block b = { .type = LLMPROV_BLOCK_TOOL_USE, .id = "x", .name = "f" };
    llmprov_event events[] = { { .type = LLMPROV_EVENT_START, .id = "r", .model = "m" }, { .type = LLMPROV_EVENT_BLOCK, .block = &b }, { .type = LLMPROV_EVENT_JSON, .text = "{\"a\":", .text_len = 5 },
        { .type = LLMPROV_EVENT_JSON, .text = "\"b\"}", .text_len = 4 }, { .type = LLMPROV_EVENT_BLOCK_END, .block = &b }, { .type = LLMPROV_EVENT_END, .stop = LLMPROV_STOP_TOOL_USE, .usage = &usage } };
    size_t i;
    engine_add(&out, "", 0);
    for (i = 0; i < sizeof events / sizeof *events && f; i++) llmprov_face_event(f, &events[i]);
    if (!test_memory.refused) CHECK(strstr(out.ptr, "\"arguments\":{\"a\":\"b\"}") && strstr(out.ptr, "\"done\":true"));
    else CHECK_ALWAYS(!f || llmprov_face_failure(f)->code == LLMPROV_ERR_NO_MEMORY);
    llmprov_face_free(f);
    engine_text_free(&out);
}

/* Results with pictures; members that have no place beside a function are said. */
TEST(s_ollama_shapes_go_back_as_they_came) {
    static const server_round rows[] = {
        { "{'model':'m','stream':false,'messages':[{'role':'user','content':'U'},{'role':'assistant','content':'','tool_calls':[{'function':{'name':'f','arguments':{}}},{'function':{'name':'g','arguments':{}}}]},"
          "{'role':'tool','tool_name':'f','content':'R','images':['iVBORw==']},{'role':'tool','tool_name':'g','content':'','images':['iVBORw==']}]}",
          "{'model':'m','stream':false,'messages':[{'role':'user','content':'U'},{'role':'assistant','content':'','tool_calls':[{'function':{'name':'f','arguments':{}}},{'function':{'name':'g','arguments':{}}}]},"
          "{'role':'tool','tool_name':'f','content':'R\\n\\n[see the content below]'},{'role':'tool','tool_name':'g','content':'[see the content below]'},"
          "{'role':'user','content':'Content of the result of f (call_1_0):\\n\\nContent of the result of g (call_1_1):','images':['iVBORw==','iVBORw==']}]}", "messages[2].content[0];messages[3].content[0];" },
    };
    llmprov_asked a;
    SERVER_ROUNDS("ollama-chat", "ollama-native", NULL, rows);
    OK_OR(server_read("ollama-chat", Q("{'model':'m','tools':[{'type':'function','function':{'name':'f'},'z':1}],'messages':[{'role':'user','content':'U'}]}"), &a), done);
    CHECK_WARNED(a, LLMPROV_ERR_UNSUPPORTED, "tools[0]");
done:
    llmprov_asked_free(&a);
}

/* Pictures of a reply, as bytes and as base64. */
TEST(s_ollama_pictures_of_a_reply) {
    static const llmprov_block blocks[] = {
        { .type = LLMPROV_BLOCK_IMAGE, .mime = "image/png", .data = (const unsigned char *)"abc", .data_len = 3 }, { .type = LLMPROV_BLOCK_IMAGE, .mime = "image/png", .base64 = "QUJD", .base64_len = 4 },
    };
    llmprov_response r = { .id = "r1", .model = "m-1", .text = "", .stop = LLMPROV_STOP_END, .stop_word = "stop", .message = { .role = LLMPROV_ROLE_ASSISTANT, .blocks = blocks, .block_count = 2 } };
    engine_text out = { NULL, 0, 0 };
    llmprov_face_desc d = { .format = "ollama-chat", .out = server_take, .user = &out, .alloc = test_alloc() };
    llmprov_face *f = llmprov_face_open(&d);
    engine_add(&out, "", 0);
    OK_OR(llmprov_face_reply(f, &r), done);
    CHECK(strstr(out.ptr, "\"images\":[\"YWJj\",\"QUJD\"]") != NULL);
done:
    llmprov_face_free(f);
    engine_text_free(&out);
}
