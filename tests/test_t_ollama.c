/* >>t_ollama: what goes to ollama-chat and what comes from it. Whole exchanges are in tests/wire/ollama-chat. */
#include "engine.h"

#define OLLAMA_LINE(message) "{'model':'m-1','created_at':'2026-11-20T10:00:00Z','message':" message ",'done':false}\n"
#define OLLAMA_END(reason) "{'model':'m-1','created_at':'2026-11-20T10:00:01Z','message':{'role':'assistant','content':''},'done':true,'done_reason':'" reason "','prompt_eval_count':5,'eval_count':7}\n"
#define OLLAMA_WHOLE(message) "{'model':'m-1','created_at':'2026-11-20T10:00:01Z','message':" message ",'done':true,'done_reason':'stop','prompt_eval_count':5,'eval_count':7}"

TEST(t_ollama_address_and_headers) {
    llmprov_request req = { .model = "qwen3", .prompt = "Hi", .stream = LLMPROV_STREAM_ON };
    llmprov_desc desc = { .base_url = "http://localhost:11434", .api_key = "" };
    engine_sent a, b;
    a = engine_send_with("ollama-native", &desc, &req, __FILE__, __LINE__);
    desc.base_url = "https://ollama.com/api/";
    desc.api_key = "key";
    req.stream = LLMPROV_STREAM_OFF;
    b = engine_send_with("ollama-native", &desc, &req, __FILE__, __LINE__);
    if (a.http) CHECK_STR(a.http->url, "http://localhost:11434/api/chat");
    CHECK_STR(engine_header(&a, "accept"), a.http ? "application/x-ndjson" : NULL);
    CHECK(!engine_header(&a, "authorization"));
    if (b.http) CHECK_STR(b.http->url, "https://ollama.com/api/chat");
    CHECK_STR(engine_header(&b, "authorization"), b.http ? "Bearer key" : NULL);
    CHECK_BODY(a, "stream", "true");
    CHECK_BODY(b, "stream", "false");                         /* said always: left out it would be a stream */
    CHECK_INT(a.warning_count + b.warning_count, 0);
    engine_sent_free(&a);
    engine_sent_free(&b);
}

TEST(t_ollama_settings_are_options) {
    static const char *const stop[] = { "a", "b", "c", "d", "e" };
    llmprov_request req = { .model = "m", .prompt = "Hi", .max_tokens = LLMPROV_INT(77), .temperature = LLMPROV_NUM(0), .top_p = LLMPROV_NUM(0.5),
        .top_k = LLMPROV_INT(40), .seed = LLMPROV_INT(7), .presence_penalty = LLMPROV_NUM(0.5), .frequency_penalty = LLMPROV_NUM(1), .stop = stop, .stop_count = 5,
        .schema = "{\"type\":\"object\"}", .extra = "{\"options\":{\"num_ctx\":8192},\"keep_alive\":\"5m\"}" };
    engine_sent s = engine_send("ollama-native", &req), plain;
    CHECK_BODY(s, "options", Q("{'num_predict':77,'temperature':0,'top_p':0.5,'top_k':40,'seed':7,'presence_penalty':0.5,'frequency_penalty':1,'stop':['a','b','c','d','e'],'num_ctx':8192}"));
    CHECK_BODY(s, "format", "{\"type\":\"object\"}");
    CHECK_BODY(s, "keep_alive", "\"5m\"");
    CHECK_BODY(s, "max_tokens", NULL);
    CHECK_INT(s.warning_count, 0);
    engine_sent_free(&s);
    req = (llmprov_request){ .model = "m", .prompt = "Hi", .n = LLMPROV_INT(2), .user_id = "u", .service_tier = "fast", .temperature = LLMPROV_NUM(3), .kept = "{\"logit_bias\":{}}", .origin = "openai-chat" };
    plain = engine_send("ollama-native", &req);
    CHECK_BODY(plain, "options", "{\"temperature\":2}");
    CHECK_WARNED(plain, LLMPROV_ERR_UNSUPPORTED, "n");
    CHECK_WARNED(plain, LLMPROV_ERR_UNSUPPORTED, "safety_identifier");
    CHECK_WARNED(plain, LLMPROV_ERR_UNSUPPORTED, "service_tier");
    CHECK_WARNED(plain, LLMPROV_ERR_ARGUMENT, "temperature");
    CHECK_WARNED(plain, LLMPROV_ERR_UNSUPPORTED, "logit_bias");
    engine_sent_free(&plain);
}

/* think is true, false or a word; nothing is said where nothing was asked. */
TEST(t_ollama_think) {
    static const struct { const char *model; llmprov_thinking thinking; llmprov_effort effort; int budget; const char *think, *warned; } cases[] = {
        { "qwen3", LLMPROV_THINKING_AUTO, LLMPROV_EFFORT_DEFAULT, 0, NULL, NULL }, { "qwen3", LLMPROV_THINKING_UNSAID, LLMPROV_EFFORT_DEFAULT, 0, NULL, NULL },
        { "qwen3", LLMPROV_THINKING_ON, LLMPROV_EFFORT_DEFAULT, 0, "true", NULL }, { "qwen3", LLMPROV_THINKING_OFF, LLMPROV_EFFORT_DEFAULT, 0, "false", NULL },
        { "deepseek-r1", LLMPROV_THINKING_OFF, LLMPROV_EFFORT_DEFAULT, 0, "false", NULL }, { "gpt-oss:20b", LLMPROV_THINKING_AUTO, LLMPROV_EFFORT_HIGH, 0, "\"high\"", NULL },
        { "gpt-oss:20b", LLMPROV_THINKING_OFF, LLMPROV_EFFORT_DEFAULT, 0, "\"low\"", "effort" }, { "deepseek-r1", LLMPROV_THINKING_AUTO, LLMPROV_EFFORT_HIGH, 0, "true", "effort" },
        { "x", LLMPROV_THINKING_AUTO, LLMPROV_EFFORT_MAX, 0, "\"max\"", NULL }, { "x", LLMPROV_THINKING_AUTO, LLMPROV_EFFORT_MINIMAL, 0, "\"low\"", "effort" },
        { "x", LLMPROV_THINKING_AUTO, LLMPROV_EFFORT_XHIGH, 0, "\"high\"", "effort" }, { "x", LLMPROV_THINKING_AUTO, LLMPROV_EFFORT_DEFAULT, 20000, "\"high\"", "thinking_tokens" },
        { "x", LLMPROV_THINKING_BETWEEN_TOOLS, LLMPROV_EFFORT_DEFAULT, 0, "true", "thinking" },
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        llmprov_request req = { .model = cases[i].model, .prompt = "Hi", .thinking = cases[i].thinking, .effort = cases[i].effort };
        engine_sent s;
        if (cases[i].budget) req.thinking_tokens = (llmprov_int)LLMPROV_INT(cases[i].budget);
        s = engine_send("ollama-native", &req);
        if (!CHECK_BODY(s, "think", cases[i].think) && !test_excused()) printf("    case %d\n", (int)i);
        if (cases[i].warned) CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT + (i == 7) * (LLMPROV_ERR_UNSUPPORTED - LLMPROV_ERR_ARGUMENT), cases[i].warned);
        else CHECK_INT(s.warning_count, 0);
        engine_sent_free(&s);
    }
}

TEST(t_ollama_nothing_forces_a_tool) {
    llmprov_tool tools[] = { { .name = "f", .description = "F.", .strict = LLMPROV_YES }, { .name = "g" }, { .type = "bash_20250124", .name = "bash" }, { .type = "web_search_20250305", .name = "web_search" } };
    llmprov_request req = { .model = "m", .prompt = "Hi", .tools = tools, .tool_count = 4, .parallel_tools = LLMPROV_NO };
    engine_sent all = engine_send("ollama-native", &req), none, one, any;
    req.tool_choice = LLMPROV_TOOL_NONE;
    none = engine_send("ollama-native", &req);
    req.tool_choice = LLMPROV_TOOL_NAMED;
    req.tool_name = "g";
    one = engine_send("ollama-native", &req);
    req.tool_choice = LLMPROV_TOOL_ANY;
    any = engine_send("ollama-native", &req);
    CHECK_BODY(all, "tools[0]", Q("{'type':'function','function':{'name':'f','description':'F.','parameters':{'type':'object','properties':{}}}}"));
    CHECK_BODY(all, "tools[2].function.name", "\"bash\"");
    CHECK_BODY(all, "tools[3]", NULL);
    CHECK_WARNED(all, LLMPROV_ERR_UNSUPPORTED, "tools[0]");
    CHECK_WARNED(all, LLMPROV_ERR_ARGUMENT, "tools[2]");
    CHECK_WARNED(all, LLMPROV_ERR_UNSUPPORTED, "tools[3]");
    CHECK_WARNED(all, LLMPROV_ERR_UNSUPPORTED, "parallel_tools");
    CHECK(!engine_warned(all.warnings, all.warning_count, LLMPROV_ERR_ARGUMENT, "tool_choice"));
    CHECK_BODY(none, "tools", NULL);
    CHECK_WARNED(none, LLMPROV_ERR_ARGUMENT, "tool_choice");
    CHECK_BODY(one, "tools[0].function.name", "\"g\"");
    CHECK_BODY(one, "tools[1]", NULL);
    CHECK_WARNED(one, LLMPROV_ERR_ARGUMENT, "tool_choice");
    CHECK_BODY(any, "tools[2].function.name", "\"bash\"");
    CHECK_WARNED(any, LLMPROV_ERR_ARGUMENT, "tool_choice");
    engine_sent_free(&all);
    engine_sent_free(&none);
    engine_sent_free(&one);
    engine_sent_free(&any);
}

TEST(t_ollama_a_whole_conversation) {
    llmprov_history h = engine_history(Q("{'system':[{'type':'text','text':'Be'},{'type':'text','text':'brief.'}],'messages':["
        "{'role':'user','content':[{'type':'text','text':'Look:'},{'type':'image','source':{'type':'base64','media_type':'image/png','data':'aGk='}},{'type':'text','text':'What is it?'},"
        "{'type':'document','title':'Notes','source':{'type':'text','media_type':'text/plain','data':'Red.'}}]},"
        "{'role':'assistant','content':[{'type':'thinking','thinking':'Hm.','origin':'ollama-chat:thinking'},{'type':'text','text':'A '},{'type':'text','text':'dot.'},"
        "{'type':'tool_use','id':'call_1','name':'f','input':{'a':[1]}},{'type':'tool_use','id':'call_2','name':'g','input':{},'origin':'ollama-chat:made'}]},"
        "{'role':'user','content':[{'type':'tool_result','tool_use_id':'call_2','content':[{'type':'text','text':'two'},{'type':'text','text':'lines'}]},"
        "{'type':'tool_result','tool_use_id':'call_1','content':'no','is_error':true},{'type':'text','text':'And?'}]}]}"));
    llmprov_request req = { .model = "m", .history = &h };
    engine_sent s = engine_send("ollama-native", &req);
    CHECK_BODY(s, "messages", Q("[{'role':'system','content':'Be\\n\\nbrief.'},{'role':'user','content':'Look:\\n\\nWhat is it?\\n\\nNotes\\nRed.','images':['aGk=']},"
        "{'role':'assistant','content':'A dot.','thinking':'Hm.','tool_calls':[{'id':'call_1','function':{'index':0,'name':'f','arguments':{'a':[1]}}},{'function':{'index':1,'name':'g','arguments':{}}}]},"
        "{'role':'tool','content':'Error: no','tool_name':'f','tool_call_id':'call_1'},{'role':'tool','content':'two\\n\\nlines','tool_name':'g'},{'role':'user','content':'And?'}]"));
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "messages[0].content[3]");
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "messages[2].content[1]");
    CHECK_INT(s.warning_count, s.body ? 2 : s.warning_count);
    engine_sent_free(&s);
    llmprov_history_free(&h);
}

/* What the API has no form for is refused in the user's turns, and left out with a warning in the assistant's. */
TEST(t_ollama_says_what_it_cannot) {
    static const struct { const char *block, *why; } cases[] = {
        { "{'type':'image','source':{'type':'url','url':'https://a.example/x.png'}}", "images as bytes only" },
        { "{'type':'document','source':{'type':'base64','media_type':'application/pdf','data':'aGk='}}", "documents as text only" },
    };
    llmprov_history h;
    llmprov_request req = { .model = "m", .history = &h };
    engine_sent s;
    size_t i;
    for (i = 0; i < 2; i++) {
        char json[300];
        sprintf(json, "[{'role':'user','content':[{'type':'text','text':'Hi'},%s]}]", cases[i].block);
        h = engine_history(Q(json));
        s = engine_send("ollama-native", &req);
        CHECK_INT(s.error.code, LLMPROV_ERR_UNSUPPORTED);
        CHECK_STR(s.error.param, "messages[0].content[1]");
        CHECK(strstr(s.error.message, cases[i].why));
        engine_sent_free(&s);
        llmprov_history_free(&h);
    }
    h = engine_history(Q("[{'role':'user','content':[{'type':'text','text':'Hi','citations':[1]}],'name':'Ada'},{'role':'assistant','content':[{'type':'text','text':'Yes.'},"
                         "{'type':'document','source':{'type':'url','url':'https://a.example'}}]},{'role':'user','content':'So?'}]"));
    s = engine_send("ollama-native", &req);
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "messages[0].content[0]");
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "messages[0]");
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "messages[1].content[1]");
    engine_sent_free(&s);
    llmprov_history_free(&h);
}

TEST(t_ollama_members_without_a_field) {
    engine_reply a = engine_read("ollama-chat", ENGINE_STREAM, 200, Q(OLLAMA_LINE("{'role':'assistant','content':'Yes','mood':'fine'}") OLLAMA_END("stop")));
    CHECK_STR(a.r.text, "Yes");
    CHECK_JSON(a.r.extra, a.r.extra_len, Q("{'created_at':'2026-11-20T10:00:01Z'}"));
    if (a.r.choice_count) CHECK_JSON(a.r.choices[0].extra, a.r.choices[0].extra_len, Q("{'mood':'fine'}"));
    CHECK_INT(a.r.usage.input_tokens, 5);
    CHECK_INT(a.r.usage.output_tokens, 7);
    CHECK(!a.r.usage.raw);
    engine_reply_free(&a);
}

/* A text that a call interrupts goes on in a block of its own. */
TEST(t_ollama_order_of_blocks) {
    engine_reply a = engine_read("ollama-chat", ENGINE_STREAM, 200, Q(OLLAMA_LINE("{'role':'assistant','content':'','thinking':'A'}") OLLAMA_LINE("{'role':'assistant','content':'B','thinking':'a'}")
        OLLAMA_LINE("{'role':'assistant','content':'','tool_calls':[{'function':{'name':'f','arguments':{'x':1}}}]}") OLLAMA_LINE("{'role':'assistant','content':'C'}") OLLAMA_END("stop")));
    static const llmprov_block_type types[] = { LLMPROV_BLOCK_THINKING, LLMPROV_BLOCK_TEXT, LLMPROV_BLOCK_TOOL_USE, LLMPROV_BLOCK_TEXT };
    size_t i;
    CHECK_INT(a.r.message.block_count, 4);
    for (i = 0; i < 4 && i < a.r.message.block_count; i++) CHECK_INT(a.r.message.blocks[i].type, types[i]);
    CHECK_STR(engine_block(&a.r.message, LLMPROV_BLOCK_THINKING, 0)->text, "Aa");
    CHECK_STR(a.r.text, "BC");
    CHECK_INT(a.r.stop, LLMPROV_STOP_TOOL_USE);
    CHECK_STR(engine_call(a, 0)->origin, "ollama-chat:made");
    CHECK(engine_call(a, 0)->id && *engine_call(a, 0)->id);
    engine_reply_free(&a);
}

TEST(t_ollama_what_is_no_reply) {
    static const struct { int stream; const char *body; llmprov_status code; } cases[] = {
        { ENGINE_STREAM, OLLAMA_LINE("{'role':'assistant','content':'Yes'}"), LLMPROV_ERR_TRUNCATED }, { ENGINE_STREAM, "", LLMPROV_ERR_TRUNCATED },
        { ENGINE_STREAM, "\n\n", LLMPROV_ERR_TRUNCATED }, { ENGINE_STREAM, OLLAMA_LINE("{'role':'assistant','content':'Yes'}") "{'model':'m", LLMPROV_ERR_TRUNCATED },
        { ENGINE_STREAM, OLLAMA_LINE("{'role':'assistant','content':'Yes'}") "oops\n" OLLAMA_END("stop"), LLMPROV_ERR_BAD_REPLY }, { ENGINE_STREAM, "oops", LLMPROV_ERR_BAD_REPLY },
        { ENGINE_STREAM, "<html>", LLMPROV_ERR_BAD_REPLY }, { ENGINE_WHOLE, "{'model':'m-1','done':true}", LLMPROV_ERR_BAD_REPLY }, { ENGINE_WHOLE, "[]", LLMPROV_ERR_BAD_REPLY },
        { ENGINE_WHOLE, OLLAMA_LINE("{'role':'assistant','content':'Yes'}"), LLMPROV_ERR_TRUNCATED }, { ENGINE_WHOLE, "{'error':'no'}", LLMPROV_ERR_SERVER },
        { ENGINE_STREAM, "{'error':{'message':'no','code':429}}\n", LLMPROV_ERR_RATE_LIMIT },
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        engine_reply a = engine_read("ollama-chat", cases[i].stream, 200, Q(cases[i].body));
        if (!CHECK_INT(a.r.error.code, cases[i].code) && !test_excused()) printf("    %s: %s\n", cases[i].body, a.r.error.message);
        engine_reply_free(&a);
    }
}

/* A server that streams although it was told not to. */
TEST(t_ollama_lines_that_nobody_asked_for) {
    llmprov_request req = { .model = "m", .prompt = "Hi" };
    const char *body = Q(OLLAMA_LINE("{'role':'assistant','content':'Y'}") OLLAMA_LINE("{'role':'assistant','content':'es'}") OLLAMA_END("stop"));
    engine_wire w = engine_wire_of(ENGINE_WHOLE, 200, body, strlen(body));
    engine_reply r;
    w.headers[0].value = "application/x-ndjson; charset=utf-8";
    r = engine_read_wire(engine_open("ollama-chat", NULL), &req, ENGINE_WHOLE, &w, __FILE__, __LINE__);
    CHECK_INT(r.r.error.code, LLMPROV_OK);
    CHECK_STR(r.r.text, "Yes");
    engine_reply_free(&r);
}

/* A body begins with that of the turn before, less its closing brackets. */
TEST(t_ollama_bodies_begin_alike) {
    llmprov_history h = { .alloc = test_alloc() };
    llmprov_request req = { .model = "m", .history = &h, .max_tokens = LLMPROV_INT(9) };
    engine_sent a, b;
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "One");
    a = engine_send("ollama-native", &req);
    llmprov_add_text(&h, LLMPROV_ROLE_ASSISTANT, "Two");
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "Three");
    b = engine_send("ollama-native", &req);
    if (a.text && b.text) CHECK(a.len > 2 && b.len > a.len && !memcmp(a.text, b.text, a.len - 2));
    engine_sent_free(&a);
    engine_sent_free(&b);
    llmprov_history_free(&h);
}

// -- what every server sends -----------------------------------------------------------------

#define OLLAMA_DONE "'done':true,'done_reason':'stop'}\n"

TEST(t_ollama_streams_of_every_server) {
    static const engine_row rows[] = {
        { "{'message':{'content':7,'thinking':''}}\n{'message':{'content':'a','tool_calls':7,'images':7},'logprobs':7}\n{'message':7,'logprobs':[]}\n{'message':{'content':'b','images':['','#',7,'aGk=']},'logprobs':[{'x':1}]," OLLAMA_DONE, "ab|?" },
        { "{'message':{'tool_calls':['x',{'function':{'name':'f'}},{'id':'i','function':{'name':'g','arguments':'{}'}},{'function':{'name':'h','arguments':{ 'a':1 }}}]}," OLLAMA_DONE, "f({})|g({})|h({\"a\":1})" },
        { "{'message':{'thinking':'h'}}\n{'message':{'content':'a','thinking':'i'}}\n{" OLLAMA_DONE, "~hi|a" },
    };
    ENGINE_ROWS("ollama-chat", ENGINE_STREAM, rows);
}

TEST(t_ollama_whole_replies_of_every_server) {
    static const engine_row rows[] = { { "{'message':7," OLLAMA_DONE, "!the reply is no answer: it has no \"message\"" }, { "{'message':{'content':'a'}," OLLAMA_DONE, "a" } };
    ENGINE_ROWS("ollama-chat", ENGINE_WHOLE, rows);
}

/* Arguments that are longer than what memory is at hand. */
TEST(t_ollama_long_arguments) {
    char body[4000];
    size_t n = (size_t)sprintf(body, "{\"message\":{\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":{\"a\":\"");
    engine_reply r;
    memset(body + n, 'x', 3000);
    strcpy(body + n + 3000, "\"}}}]},\"done\":true,\"done_reason\":\"stop\"}\n");
    r = engine_read_once("ollama-chat", ENGINE_WHOLE, body);
    if (!r.r.error.code) CHECK_INT(engine_call(r, 0)->json_len, 3008);
    engine_reply_free(&r);
}

static size_t ollama_source(void *user, uint64_t offset, void *to, size_t size) {
    (void)user;
    size = size < 5 - (size_t)offset ? size : 5 - (size_t)offset;
    memcpy(to, &"hello"[offset], size);
    return size;
}

/* Pictures of every kind stand beside the text. */
TEST(t_ollama_blocks_of_every_origin) {
    llmprov_block blocks[4] = { { .type = LLMPROV_BLOCK_IMAGE, .data_len = 5, .source = { .read = ollama_source } }, { .type = LLMPROV_BLOCK_IMAGE, .base64 = "aGk=" }, { .type = LLMPROV_BLOCK_DOCUMENT, .text = "t" },
                                { .text = "a", .extra = "{\"cache_control\":1,\"none\":null,\"a_member_whose_name_is_longer_than_any_that_there_is\":1}" } };
    llmprov_message m = { .blocks = blocks, .block_count = 4 };
    llmprov_request req = { .model = "qwen3", .messages = &m, .message_count = 1 };
    engine_sent s = engine_send("ollama-native", &req);
    CHECK_BODY(s, "messages[0].images", Q("['aGVsbG8=','aGk=']"));
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "messages[0].content[3]");
    engine_sent_free(&s);
    blocks[2].data = "hi", blocks[2].data_len = 2;
    s = engine_send("ollama-native", &req);
    if (!test_excused()) CHECK_INT(s.error.code, LLMPROV_ERR_UNSUPPORTED);
    engine_sent_free(&s);
    blocks[2].data = NULL, blocks[2].base64 = "aGk=";
    s = engine_send("ollama-native", &req);
    if (!test_excused()) CHECK_INT(s.error.code, LLMPROV_ERR_UNSUPPORTED);
    engine_sent_free(&s);
    blocks[2].base64 = NULL, blocks[2].source.read = ollama_source;
    s = engine_send("ollama-native", &req);
    if (!test_excused()) CHECK_INT(s.error.code, LLMPROV_ERR_UNSUPPORTED);
    engine_sent_free(&s);
}
