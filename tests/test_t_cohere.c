/* >>t_cohere: what goes to cohere-v2 and what comes from it. Whole exchanges are in tests/wire/cohere-v2. */
#include "engine.h"

#define COHERE_EVENT(type, inside) "event: " type "\ndata: {'type':'" type "'" inside "}\n\n"
#define COHERE_START COHERE_EVENT("message-start", ",'id':'c1','delta':{'message':{'role':'assistant','content':[],'tool_plan':'','tool_calls':[],'citations':[]}}")
#define COHERE_BEGIN(index, kind) COHERE_EVENT("content-start", ",'index':" index ",'delta':{'message':{'content':{'type':'" kind "','" kind "':''}}}")
#define COHERE_DELTA(index, kind, text) COHERE_EVENT("content-delta", ",'index':" index ",'delta':{'message':{'content':{'" kind "':'" text "'}}}")
#define COHERE_STOP(index) COHERE_EVENT("content-end", ",'index':" index)
#define COHERE_CITE(index, citation) COHERE_EVENT("citation-start", ",'index':" index ",'delta':{'message':{'citations':" citation "}}") COHERE_EVENT("citation-end", ",'index':" index)
#define COHERE_END(word) COHERE_EVENT("message-end", ",'delta':{'finish_reason':'" word "','usage':{'billed_units':{'input_tokens':2,'output_tokens':3},'tokens':{'input_tokens':500,'output_tokens':7},'cached_tokens':448}}")
#define COHERE_WHOLE(message, word) "{'id':'c1','message':" message ",'finish_reason':'" word "','usage':{'tokens':{'input_tokens':5,'output_tokens':7}}}"

TEST(t_cohere_address) {
    llmprov_request req = { .model = "command-a-03-2025", .prompt = "Hi" };
    llmprov_desc desc = { .base_url = "https://api.cohere.com", .api_key = "key" };
    engine_sent s = engine_send_with("cohere", &desc, &req, __FILE__, __LINE__);
    if (s.http) CHECK_STR(s.http->url, "https://api.cohere.com/v2/chat");
    CHECK_STR(engine_header(&s, "authorization"), s.http ? "Bearer key" : NULL);
    if (s.text) CHECK_STR(s.text, "{\"model\":\"command-a-03-2025\",\"stream\":false,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}");
    CHECK_INT(s.warning_count, 0);
    engine_sent_free(&s);
}

TEST(t_cohere_settings) {
    static const char *const stop[] = { "a", "b", "c", "d", "e", "f" };
    llmprov_request req = { .model = "m", .prompt = "Hi", .max_tokens = LLMPROV_INT(9), .temperature = LLMPROV_NUM(0), .top_p = LLMPROV_NUM(0.5), .top_k = LLMPROV_INT(3), .seed = LLMPROV_INT(1),
        .presence_penalty = LLMPROV_NUM(0.5), .frequency_penalty = LLMPROV_NUM(1), .stop = stop, .stop_count = 5, .schema = "{\"type\":\"object\"}" };
    engine_sent s = engine_send("cohere", &req);
    static const struct { const char *path, *json; } want[] = {
        { "max_tokens", "9" }, { "temperature", "0" }, { "p", "0.5" }, { "k", "3" }, { "seed", "1" }, { "presence_penalty", "0.5" }, { "frequency_penalty", "1" },
        { "stop_sequences", "[\"a\",\"b\",\"c\",\"d\",\"e\"]" }, { "response_format", "{\"type\":\"json_object\",\"json_schema\":{\"type\":\"object\"}}" }, { "top_p", NULL }, { "top_k", NULL }, { "thinking", NULL },
    };
    size_t i;
    for (i = 0; i < sizeof want / sizeof *want; i++) CHECK_BODY(s, want[i].path, want[i].json);
    CHECK_INT(s.warning_count, 0);
    engine_sent_free(&s);
    req = (llmprov_request){ .model = "m", .prompt = "Hi", .temperature = LLMPROV_NUM(1.5), .top_p = LLMPROV_NUM(1), .presence_penalty = LLMPROV_NUM(-1), .stop = stop, .stop_count = 6, .n = LLMPROV_INT(2),
        .user_id = "u", .service_tier = "x", .parallel_tools = LLMPROV_NO };
    s = engine_send("cohere", &req);
    CHECK_BODY(s, "temperature", "1");
    CHECK_BODY(s, "p", "0.99");
    CHECK_BODY(s, "presence_penalty", "0");
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "temperature");
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "top_p");
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "presence_penalty");
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "stop");
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "n");
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "user_id");
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "service_tier");
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "parallel_tools");
    engine_sent_free(&s);
}

TEST(t_cohere_thinking) {
    static const struct { llmprov_thinking thinking; llmprov_effort effort; int budget; const char *json, *warned; } cases[] = {
        { LLMPROV_THINKING_AUTO, LLMPROV_EFFORT_DEFAULT, 0, NULL, NULL }, { LLMPROV_THINKING_ON, LLMPROV_EFFORT_DEFAULT, 0, "{'type':'enabled'}", NULL },
        { LLMPROV_THINKING_OFF, LLMPROV_EFFORT_DEFAULT, 0, "{'type':'disabled'}", NULL }, { LLMPROV_THINKING_AUTO, LLMPROV_EFFORT_OFF, 0, "{'type':'disabled'}", NULL },
        { LLMPROV_THINKING_AUTO, LLMPROV_EFFORT_DEFAULT, 500, "{'type':'enabled','token_budget':500}", NULL }, { LLMPROV_THINKING_AUTO, LLMPROV_EFFORT_LOW, 0, "{'type':'enabled','token_budget':2048}", "effort" },
        { LLMPROV_THINKING_BETWEEN_TOOLS, LLMPROV_EFFORT_DEFAULT, 0, "{'type':'enabled'}", "thinking" },
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        llmprov_request req = { .model = "m", .prompt = "Hi", .thinking = cases[i].thinking, .effort = cases[i].effort };
        engine_sent s;
        if (cases[i].budget) req.thinking_tokens = (llmprov_int)LLMPROV_INT(cases[i].budget);
        s = engine_send("cohere", &req);
        CHECK_BODY(s, "thinking", cases[i].json ? Q(cases[i].json) : NULL);
        if (cases[i].warned) CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, cases[i].warned);
        else CHECK_INT(s.warning_count, 0);
        engine_sent_free(&s);
    }
}

TEST(t_cohere_tools_and_choices) {
    llmprov_tool tools[] = { { .name = "f", .schema = "{\"properties\":{\"a\":{\"type\":\"string\",\"minLength\":1}},\"required\":[\"a\"]}", .strict = LLMPROV_YES },
                             { .name = "g", .schema = "{\"type\":\"object\",\"properties\":{\"b\":{\"type\":\"null\"}}}" }, { .type = "bash_20250124", .name = "bash" }, { .type = "web_search_20250305", .name = "web_search" } };
    llmprov_request req = { .model = "m", .prompt = "Hi", .tools = tools, .tool_count = 4 };
    engine_sent all = engine_send("cohere", &req), none, one, any;
    req.tool_choice = LLMPROV_TOOL_NONE;
    none = engine_send("cohere", &req);
    req.tool_choice = LLMPROV_TOOL_NAMED;
    req.tool_name = "g";
    one = engine_send("cohere", &req);
    req.tool_choice = LLMPROV_TOOL_ANY;
    any = engine_send("cohere", &req);
    CHECK_BODY(all, "tools[0]", Q("{'type':'function','function':{'name':'f','parameters':{'type':'object','properties':{'a':{'type':'string','description':'(minLength: 1)'}},'required':['a']}}}"));
    CHECK_BODY(all, "tools[1].function.parameters", Q("{'type':'object','properties':{'b':{'type':'null'}},'required':['b']}"));
    CHECK_WARNED(all, LLMPROV_ERR_UNSUPPORTED, "tools[0].schema.properties.a.minLength");
    CHECK_BODY(all, "tools[2].function.name", "\"bash\"");
    CHECK_BODY(all, "tools[3]", NULL);
    CHECK_BODY(all, "strict_tools", "true");
    CHECK_BODY(all, "tool_choice", NULL);
    CHECK_WARNED(all, LLMPROV_ERR_ARGUMENT, "tools");
    CHECK_WARNED(all, LLMPROV_ERR_ARGUMENT, "tools[2]");
    CHECK_WARNED(all, LLMPROV_ERR_UNSUPPORTED, "tools[3]");
    CHECK_BODY(none, "tool_choice", "\"NONE\"");
    CHECK_BODY(one, "tool_choice", "\"REQUIRED\"");
    CHECK_BODY(one, "tools[0].function.name", "\"g\"");
    CHECK_BODY(one, "tools[1]", NULL);
    CHECK_WARNED(one, LLMPROV_ERR_ARGUMENT, "tool_choice");
    CHECK_BODY(any, "tool_choice", "\"REQUIRED\"");
    CHECK(!engine_warned(any.warnings, any.warning_count, LLMPROV_ERR_ARGUMENT, "tool_choice"));
    engine_sent_free(&all);
    engine_sent_free(&none);
    engine_sent_free(&one);
    engine_sent_free(&any);
}

/* Beside tools or documents the answer's schema goes as a tool, and its arguments are the answer. */
TEST(t_cohere_structured_answers_beside_tools) {
    llmprov_tool f = { .name = "f" };
    llmprov_request req = { .model = "m", .prompt = "Hi", .tools = &f, .tool_count = 1, .schema = "{\"type\":\"object\"}" };
    const char *body = Q(COHERE_WHOLE("{'role':'assistant','tool_calls':[{'id':'a','type':'function','function':{'name':'answer','arguments':'{\\'x\\':1}'}}]}", "TOOL_CALL"));
    engine_wire w;
    engine_reply r;
    engine_sent s = engine_send("cohere", &req);
    CHECK_BODY(s, "response_format", NULL);
    CHECK_BODY(s, "tools[1].function.name", "\"answer\"");
    CHECK_BODY(s, "tool_choice", "\"REQUIRED\"");
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "schema");
    engine_sent_free(&s);
    w = engine_wire_of(ENGINE_WHOLE, 200, body, strlen(body));
    r = engine_read_wire(engine_open("cohere-v2", NULL), &req, ENGINE_WHOLE, &w, __FILE__, __LINE__);
    CHECK_STR(r.r.text, "{\"x\":1}");
    CHECK_INT(r.r.stop, LLMPROV_STOP_END);
    engine_reply_free(&r);
}

TEST(t_cohere_a_whole_conversation) {
    llmprov_history h = engine_history(Q("{'system':'Be brief.','messages':["
        "{'role':'user','content':[{'type':'text','text':'Look:'},{'type':'image','source':{'type':'base64','media_type':'image/webp','data':'aGk='}},{'type':'image','source':{'type':'url','url':'https://a.example/x'}},"
        "{'type':'document','title':'Notes','source':{'type':'text','media_type':'text/plain','data':'Red.'}}]},"
        "{'role':'assistant','content':[{'type':'thinking','thinking':'Hm.','origin':'cohere-v2'},{'type':'text','text':'Let me see.','origin':'cohere-v2:tool_plan'},{'type':'tool_use','id':'call_1','name':'f','input':{'a':[1]}},"
        "{'type':'tool_use','id':'call_2','name':'g','input':{}}]},"
        "{'role':'user','content':[{'type':'tool_result','tool_use_id':'call_2','content':[{'type':'text','text':'two'},{'type':'document','title':'T','source':{'type':'text','media_type':'text/plain','data':'D'}}],'is_error':true},"
        "{'type':'tool_result','tool_use_id':'call_1','content':'no','is_error':true}]},"
        "{'role':'assistant','content':[{'type':'text','text':'A dot.','citations':[{'start':0,'end':1,'text':'A','sources':[]}],'origin':'cohere-v2'}]},"
        "{'role':'user','content':[{'type':'document','source':{'type':'text','media_type':'text/plain','data':'Blue.'}}]}]}"));
    llmprov_request req = { .model = "m", .history = &h };
    engine_sent s = engine_send("cohere", &req);
    CHECK_BODY(s, "documents", Q("[{'id':'doc:0','data':{'title':'Notes','text':'Red.'}},{'id':'doc:1','data':{'text':'Blue.'}}]"));
    CHECK_BODY(s, "messages", Q("[{'role':'system','content':'Be brief.'},{'role':'user','content':[{'type':'text','text':'Look:'},{'type':'image_url','image_url':{'url':'data:image/webp;base64,aGk='}},"
        "{'type':'image_url','image_url':{'url':'https://a.example/x'}}]},"
        "{'role':'assistant','content':[{'type':'thinking','thinking':'Hm.'}],'tool_plan':'Let me see.','tool_calls':[{'id':'call_1','type':'function','function':{'name':'f','arguments':'{\\'a\\':[1]}'}},"
        "{'id':'call_2','type':'function','function':{'name':'g','arguments':'{}'}}]},{'role':'tool','tool_call_id':'call_1','content':'Error: no'},"
        "{'role':'tool','tool_call_id':'call_2','content':[{'type':'text','text':'Error:'},{'type':'text','text':'two'},{'type':'document','document':{'id':'doc:1','data':{'title':'T','text':'D'}}}]},"
        "{'role':'assistant','content':'A dot.','citations':[{'start':0,'end':1,'text':'A','sources':[]}]},{'role':'user','content':[{'type':'text','text':'See the documents.'}]}]"));
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "messages[0].content[3]");
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "messages[4].content[0]");
    engine_sent_free(&s);
    llmprov_history_free(&h);
}

TEST(t_cohere_says_what_it_cannot) {
    llmprov_history h = engine_history(Q("[{'role':'user','content':[{'type':'text','text':'Hi'},{'type':'document','source':{'type':'base64','media_type':'application/pdf','data':'aGk='}}]}]"));
    llmprov_request req = { .model = "m", .history = &h };
    engine_sent s = engine_send("cohere", &req);
    CHECK_INT(s.error.code, LLMPROV_ERR_UNSUPPORTED);
    CHECK_STR(s.error.param, "messages[0].content[1]");
    engine_sent_free(&s);
    llmprov_history_free(&h);
    h = engine_history(Q("[{'role':'user','content':'Hi','name':'Ada'},{'role':'assistant','content':[{'type':'text','text':'Yes.','citations':[{'type':'char_location','cited_text':'x','document_index':0,"
                         "'document_title':null,'start_char_index':0,'end_char_index':1}]}]},{'role':'user','content':'So?'}]"));
    s = engine_send("cohere", &req);
    CHECK_BODY(s, "messages[1]", Q("{'role':'assistant','content':'Yes.'}"));
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "messages[0]");
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "messages[1].content[0]");
    engine_sent_free(&s);
    llmprov_history_free(&h);
}

/* Its citations mean nothing to another format, and are not sent there. */
TEST(t_cohere_citations_stay_at_home) {
    engine_reply r = engine_read("cohere-v2", ENGINE_STREAM, 200, Q(COHERE_START COHERE_BEGIN("0", "text") COHERE_DELTA("0", "text", "Ruby.") COHERE_CITE("0", "{'start':0,'end':4,'text':'Ruby','sources':[]}")
        COHERE_STOP("0") COHERE_CITE("1", "{'start':0,'end':5,'text':'Ruby.','sources':[]}") COHERE_END("COMPLETE")));
    llmprov_history h = { .alloc = test_alloc() };
    llmprov_request req = { .model = "claude-sonnet-4-6", .history = &h, .max_tokens = LLMPROV_INT(9) };
    engine_sent s;
    const llmprov_block *b = engine_block(&r.r.message, LLMPROV_BLOCK_TEXT, 0);
    CHECK_INT(r.r.message.block_count, 1);
    CHECK_JSON(b->extra, b->extra_len, Q("{'citations':[{'start':0,'end':4,'text':'Ruby','sources':[]},{'start':0,'end':5,'text':'Ruby.','sources':[]}]}"));
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "Hi");
    llmprov_add_message(&h, &r.r.message);
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "So?");
    s = engine_send("anthropic", &req);
    CHECK_BODY(s, "messages[1].content[0].citations", NULL);
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "messages[1].content[0]");
    engine_sent_free(&s);
    s = engine_send("cohere", &req);
    CHECK_BODY(s, "messages[1].citations[1].end", "5");
    engine_sent_free(&s);
    llmprov_history_free(&h);
    engine_reply_free(&r);
}

/* Contents, calls and citations are each counted from 0; blocks are not. */
TEST(t_cohere_order_of_blocks) {
    engine_reply a = engine_read("cohere-v2", ENGINE_STREAM, 200, Q(COHERE_START COHERE_BEGIN("0", "thinking") COHERE_DELTA("0", "thinking", "T") COHERE_STOP("0")
        COHERE_EVENT("tool-plan-delta", ",'delta':{'message':{'tool_plan':'P'}}") COHERE_EVENT("tool-plan-delta", ",'delta':{'message':{'tool_plan':'p'}}")
        COHERE_EVENT("tool-call-start", ",'index':0,'delta':{'message':{'tool_calls':{'id':'a','type':'function','function':{'name':'f','arguments':''}}}}")
        COHERE_EVENT("tool-call-start", ",'index':1,'delta':{'message':{'tool_calls':{'id':'b','type':'function','function':{'name':'g','arguments':'{'}}}}")
        COHERE_EVENT("tool-call-delta", ",'index':0,'delta':{'message':{'tool_calls':{'function':{'arguments':'{}'}}}}") COHERE_EVENT("tool-call-delta", ",'index':1,'delta':{'message':{'tool_calls':{'function':{'arguments':'}'}}}}")
        COHERE_EVENT("tool-call-end", ",'index':1") COHERE_EVENT("tool-call-end", ",'index':0") COHERE_EVENT("debug", ",'prompt':'x'") COHERE_BEGIN("1", "text") COHERE_DELTA("1", "text", "C") COHERE_STOP("1") COHERE_END("TOOL_CALL") "data: [DONE]\n\n"));
    static const llmprov_block_type types[] = { LLMPROV_BLOCK_THINKING, LLMPROV_BLOCK_TEXT, LLMPROV_BLOCK_TOOL_USE, LLMPROV_BLOCK_TOOL_USE, LLMPROV_BLOCK_TEXT };
    size_t i;
    CHECK_INT(a.r.message.block_count, 5);
    for (i = 0; i < 5 && i < a.r.message.block_count; i++) CHECK_INT(a.r.message.blocks[i].type, types[i]);
    CHECK_STR(a.r.text, "PpC");
    CHECK_STR(engine_block(&a.r.message, LLMPROV_BLOCK_TEXT, 0)->origin, "cohere-v2:tool_plan");
    CHECK_STR(engine_call(a, 0)->id, "a");
    CHECK_STR(engine_call(a, 1)->json, "{}");
    CHECK(a.told.ptr && (test_now.oom || strstr(a.told.ptr, "OTHER kind=debug")));
    CHECK_STR(a.r.id, "c1");
    CHECK_INT(a.r.stop, LLMPROV_STOP_TOOL_USE);
    engine_reply_free(&a);
}

TEST(t_cohere_what_is_no_reply) {
    static const struct { int stream; const char *body; llmprov_status code; } cases[] = {
        { ENGINE_STREAM, COHERE_START COHERE_BEGIN("0", "text") COHERE_DELTA("0", "text", "A") COHERE_STOP("0"), LLMPROV_ERR_TRUNCATED }, { ENGINE_STREAM, COHERE_START "data: [DONE]\n\n", LLMPROV_ERR_TRUNCATED },
        { ENGINE_STREAM, COHERE_START "data: {\n\n", LLMPROV_ERR_BAD_REPLY }, { ENGINE_STREAM, COHERE_START "data: {'message':'too many tokens'}\n\n", LLMPROV_ERR_TOO_LONG },
        { ENGINE_STREAM, COHERE_START COHERE_EVENT("message-end", ",'delta':{'error':'no','finish_reason':'ERROR'}"), LLMPROV_ERR_SERVER },
        { ENGINE_WHOLE, "{'id':'x'}", LLMPROV_ERR_BAD_REPLY }, { ENGINE_WHOLE, "[]", LLMPROV_ERR_BAD_REPLY },
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        engine_reply a = engine_read("cohere-v2", cases[i].stream, 200, Q(cases[i].body));
        if (!CHECK_INT(a.r.error.code, cases[i].code) && !test_excused()) printf("    %s: %s\n", cases[i].body, a.r.error.message);
        engine_reply_free(&a);
    }
}

/* A body begins with that of the turn before, less its closing brackets. */
TEST(t_cohere_bodies_begin_alike) {
    llmprov_history h = { .alloc = test_alloc() };
    llmprov_request req = { .model = "m", .history = &h, .max_tokens = LLMPROV_INT(9) };
    engine_sent a, b;
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "One");
    a = engine_send("cohere", &req);
    llmprov_add_text(&h, LLMPROV_ROLE_ASSISTANT, "Two");
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "Three");
    b = engine_send("cohere", &req);
    if (a.text && b.text) CHECK(a.len > 2 && b.len > a.len && !memcmp(a.text, b.text, a.len - 2));
    engine_sent_free(&a);
    engine_sent_free(&b);
    llmprov_history_free(&h);
}

// -- what every server sends -----------------------------------------------------------------

#define COHERE_EV(type, members) "data: {'type':'" type "'" members "}\n\n"
#define COHERE_MSG(type, index, message) COHERE_EV(type, ",'index':" index ",'delta':{'message':" message "}")
#define COHERE_DONE COHERE_EV("message-end", ",'delta':{'finish_reason':'COMPLETE','usage':{'billed_units':{'input_tokens':1}}}")

TEST(t_cohere_streams_of_every_server) {
    static const engine_row rows[] = {
        { COHERE_MSG("content-start", "0", "{'content':{'type':'text','text':'a'}}") COHERE_MSG("content-delta", "0", "{'content':{'text':'b'}}") COHERE_MSG("citation-start", "0", "{'citations':7}") COHERE_MSG("citation-start", "0", "{'citations':{'text':'b'}}")
          COHERE_MSG("citation-start", "0", "{'citations':{'content_index':9}}") COHERE_MSG("citation-start", "0", "{'citations':{'content_index':0}}") COHERE_MSG("content-end", "0", "{}") COHERE_MSG("content-end", "7", "{}") COHERE_DONE, "ab" },
        { COHERE_MSG("content-start", "0", "{'content':{'type':'thinking'}}") COHERE_MSG("content-delta", "0", "{'content':{'thinking':'h'}}") COHERE_MSG("content-end", "0", "{}") COHERE_MSG("content-delta", "3", "{'content':{'thinking':'i'}}") COHERE_DONE, "~h|~i" },
        { COHERE_MSG("citation-start", "0", "{'citations':{'content_index':0}}") COHERE_MSG("tool-call-end", "5", "{}") COHERE_MSG("tool-call-delta", "5", "{'tool_calls':{'function':{'arguments':'{}'}}}")
          COHERE_MSG("tool-call-start", "0", "{'tool_calls':{'function':{'name':'f','arguments':{'a':1}}}}") COHERE_MSG("tool-call-end", "0", "{}") COHERE_MSG("tool-call-start", "1", "{'tool_calls':{'id':'x','function':{'name':'g','arguments':7}}}") COHERE_MSG("tool-call-end", "1", "{}") COHERE_DONE, NULL },
        { COHERE_EV("content-delta", ",'index':0,'delta':{'message':{'content':{'text':'a'}}},'logprobs':{'x':1}") COHERE_EV("content-delta", ",'index':0,'delta':{'message':{'content':{'text':'b'}}},'logprobs':{}") COHERE_EV("content-delta", ",'index':0,'delta':{'message':{'content':{'text':'c'}}},'logprobs':7")
          "event: odd\ndata: {'type':'other'}\n\n" COHERE_EV("odd", "") "data: {'delta':{}}\n\n" COHERE_DONE, "abc" },
        { COHERE_EV("message-end", ",'delta':{'error':'boom'}"), "!boom" }, { "data: {'message':'boom','id':'r','error_type':'t'}\n\n", "!boom" }, { "data: {'id':7,'error_type':''}\n\n", "!the provider failed in the middle of its reply" }, { "data: 7\n\n", "!the provider failed in the middle of its reply" },
        { COHERE_EV("message-end", ",'delta':{'finish_reason':'COMPLETE','usage':7}"), "" },
    };
    engine_row known[LLMPROV__COUNT(rows)];
    memcpy(known, rows, sizeof rows);
    known[2].shown = "unnamed({})|f({\"a\":1})|g({})";
    ENGINE_ROWS("cohere-v2", ENGINE_STREAM, known);
}

TEST(t_cohere_whole_replies_of_every_server) {
    static const engine_row rows[] = {
        { "[]", "!the reply is no answer: it is no object" }, { "{'message':7}", "!the reply is no answer: it has no \"message\"" }, { "{'message':{'content':'a','citations':7,'tool_calls':7},'finish_reason':'COMPLETE'}", "a" },
        { "{'message':{'content':[7,{'type':'text','text':'a'},{'type':'thinking','thinking':'h'}],'tool_plan':'p','tool_calls':[7,{'id':'x','function':{'name':'f','arguments':'{}'}}],'citations':[{'content_index':9},{'type':'PLAN'},{'content_index':1},7]},'finish_reason':'TOOL_CALL','logprobs':[]}",
          "a|~h|p|f({})" },
        { "{'message':{'tool_plan':'p','citations':[{'x':1}]},'finish_reason':'COMPLETE','logprobs':[{'x':1}],'usage':{'tokens':{'input_tokens':5},'cached_tokens':9}}", "p" },
    };
    ENGINE_ROWS("cohere-v2", ENGINE_WHOLE, rows);
}

/* More calls than there was room for at first. */
TEST(t_cohere_many_calls) {
    static const engine_row rows[] = {
        { COHERE_MSG("tool-call-start", "0", "{'tool_calls':{'id':'a','function':{'name':'f'}}}") COHERE_MSG("tool-call-start", "1", "{'tool_calls':{'id':'b','function':{'name':'f'}}}") COHERE_MSG("tool-call-start", "2", "{'tool_calls':{'id':'c','function':{'name':'f'}}}")
          COHERE_MSG("tool-call-start", "3", "{'tool_calls':{'id':'d','function':{'name':'f'}}}") COHERE_MSG("tool-call-start", "4", "{'tool_calls':{'id':'e','function':{'name':'f'}}}") COHERE_MSG("tool-call-start", "5", "{'tool_calls':{'id':'f','function':{'name':'f'}}}")
          COHERE_MSG("tool-call-start", "6", "{'tool_calls':{'id':'g','function':{'name':'f'}}}") COHERE_MSG("tool-call-start", "7", "{'tool_calls':{'id':'h','function':{'name':'f'}}}") COHERE_MSG("tool-call-start", "8", "{'tool_calls':{'id':'i','function':{'name':'g'}}}")
          COHERE_MSG("tool-call-delta", "0", "{'tool_calls':{'function':{'arguments':'{}'}}}") COHERE_DONE, "f({})|f({})|f({})|f({})|f({})|f({})|f({})|f({})|g({})" },
    };
    ENGINE_ROWS("cohere-v2", ENGINE_STREAM, rows);
}

// -- what goes out ---------------------------------------------------------------------------

static size_t cohere_source(void *user, uint64_t offset, void *to, size_t size) {
    (void)user;
    size = size < 5 - (size_t)offset ? size : 5 - (size_t)offset;
    memcpy(to, &"hello"[offset], size);
    return size;
}

/* Blocks of every origin as parts; NULL = refused. */
TEST(t_cohere_blocks_become_parts) {
    static const struct { llmprov_block block; const char *path, *part; bool warned; } cases[] = {
        { { .type = LLMPROV_BLOCK_IMAGE, .data_len = 5, .source = { .read = cohere_source } }, "messages[0].content[0]", "{'type':'image_url','image_url':{'url':'data:image/png;base64,aGVsbG8='}}", false },
        { { .type = LLMPROV_BLOCK_IMAGE, .url = "https://a.example/b.png" }, "messages[0].content[0]", "{'type':'image_url','image_url':{'url':'https://a.example/b.png'}}", false }, { { .type = LLMPROV_BLOCK_IMAGE, .file_id = "f" }, NULL, NULL, false },
        { { .type = LLMPROV_BLOCK_DOCUMENT, .text = "t", .name = "N" }, "documents[0]", "{'id':'doc:0','data':{'title':'N','text':'t'}}", true }, { { .type = LLMPROV_BLOCK_DOCUMENT, .text = "t", .data = "hi", .data_len = 2 }, NULL, NULL, false },
        { { .type = LLMPROV_BLOCK_DOCUMENT, .text = "t", .origin = "cohere-v2", .extra = "{\"document\":{\"id\":\"x\"}}" }, "documents[0]", "{'id':'x'}", true }, { { .type = LLMPROV_BLOCK_DOCUMENT, .text = "t", .origin = "cohere-v2" }, "documents[0]", "{'id':'doc:0','data':{'text':'t'}}", true },
        { { .text = "a", .extra = "{\"cache_control\":1,\"none\":null,\"a_member_whose_name_is_longer_than_any\":null}" }, "messages[0].content[0]", "{'type':'text','text':'a'}", false }, { { .text = "a", .extra = "{\"a_member_whose_name_is_longer_than_any\":1}" }, "messages[0].content[0]", "{'type':'text','text':'a'}", true },
        { { .type = LLMPROV_BLOCK_AUDIO, .data = "hi", .data_len = 2 }, NULL, NULL, false },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases) && !test_excused(); i++) {
        llmprov_block blocks[2] = { cases[i].block, { .text = "x" } };
        llmprov_message m = { .blocks = blocks, .block_count = 2 };
        llmprov_request req = { .model = "command-a-03-2025", .messages = &m, .message_count = 1, .n = LLMPROV_INT(1) };
        engine_sent s = engine_send("cohere-v2", &req);
        if (!cases[i].part) CHECK_INT(s.error.code, LLMPROV_ERR_UNSUPPORTED);
        else CHECK_BODY(s, cases[i].path, Q(cases[i].part));
        CHECK((s.warning_count > 0) == (cases[i].warned && s.body));
        engine_sent_free(&s);
    }
}

#define COHERE_HI "'messages':[{'role':'user','content':'Hi'}]"

TEST(t_cohere_requests_come_back_as_they_were) {
    static const struct { const char *asked, *sent; } cases[] = {
        { "{'model':'m','documents':[{'id':'a','data':{'text':'t'}},'x']," COHERE_HI "}", NULL }, { "{'model':'m','documents':[]," COHERE_HI "}", NULL }, { "{'model':'m','strict_tools':true,'tools':[{'type':'function','function':{'name':'f','parameters':{'type':'object','properties':{'a':{}}}}}]," COHERE_HI "}", NULL },
        { "{'model':'m','response_format':{'type':'json_object','json_schema':{'type':'object'}}," COHERE_HI "}", NULL }, { "{'model':'m','messages':[{'role':'user','content':[{'type':'text','text':'Hi'}]},{'role':'assistant','content':[{'type':'text','text':'a'}],'citations':[{'x':1}],'odd':1},{'role':'user','content':'So?'}]}", NULL },
        { "{'model':'m','messages':[{'role':'user','content':'Hi'},{'role':'assistant','tool_plan':'p','tool_calls':[{'id':'a','type':'function','function':{'name':'f','arguments':'{}'}}]},{'role':'tool','tool_call_id':'a','content':[{'type':'document','document':{'id':'x','data':{'t':1}}},{'type':'text','text':'r'}]}]}", NULL },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases) && !test_excused(); i++) {
        llmprov_alloc alloc = test_alloc();
        engine_text json = { NULL, 0, 0 };
        llmprov_asked a;
        engine_sent s;
        engine_adds(&json, Q(cases[i].asked));
        if (llmprov_ask(NULL, "cohere-v2", json.ptr, json.len, &alloc, &a) && !test_excused()) CHECK_STR(a.error.message, cases[i].asked);
        if (!a.error.code) {
            s = engine_send("cohere-v2", &a.request);
            if (s.body && !CHECK_JSON(s.text, s.len, cases[i].sent ? Q(cases[i].sent) : json.ptr) && !test_excused()) printf("    %s\n", cases[i].asked);
            engine_sent_free(&s);
        }
        llmprov_asked_free(&a);
        engine_text_free(&json);
    }
}
