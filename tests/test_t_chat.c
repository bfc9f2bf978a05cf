/* >>t_chat: what every server of this format sends, and what a request that was read in it becomes again. */
#include "engine.h"

// -- replies ---------------------------------------------------------------------------------

#define T_CHAT_CALLS(list) CHAT("{'tool_calls':" list "}")

TEST(t_chat_streams_of_every_server) {
    static const engine_row rows[] = {
        { CHAT("{'content':7}") CHAT("7") CHAT("{'content':['x',{'text':'a'},{'refusal':'no'},{'thinking':'h'},{'thinking':7},{'thinking':[{'text':'i'},{'text':''},7]}]}") CHAT_END("stop") CHAT_DONE, "a|no|~hi" },
        { CHAT("{'reasoning_details':7,'annotations':7,'audio':7,'function_call':7,'tool_calls':7}") CHAT("{'reasoning_details':[{'summary':'s'},{'text':'t'},{}]}") CHAT_END("stop") CHAT_DONE, "~st" },
        { CHAT("{'audio':{}}") CHAT("{'audio':{'transcript':'a'}}") CHAT("{'audio':{'data':'aGk=','expires_at':1}}") CHAT_END("stop") CHAT_DONE, "?a" }, { CHAT("{'audio':{'data':'aGk='}}") CHAT("{'audio':{'id':'x'}}") CHAT_END("stop") CHAT_DONE, "?" },
        { CHAT("{'function_call':{}}") CHAT("{'function_call':{'arguments':'{'}}") CHAT("{'function_call':{'name':'f','arguments':'}'}}") CHAT_END("function_call") CHAT_DONE, "f({})" },
        { CHAT("{'function_call':{'name':'f','arguments':{ 'a':1 }}}") CHAT("{'function_call':{'arguments':7}}") CHAT_END("function_call") CHAT_DONE, "f({\"a\":1})" },
        { T_CHAT_CALLS("[7,{},{'function':{}},{'function':{'arguments':'','input':''}}]") CHAT_END("stop") CHAT_DONE, "" },
        { T_CHAT_CALLS("[{'id':'a','function':{'name':'f','arguments':'{'}},{'id':'b','function':{'name':'g','arguments':{ 'x':1 }}}]") T_CHAT_CALLS("[{'id':'a','function':{'arguments':'}'}}]") CHAT_END("tool_calls") CHAT_DONE, "f({})|g({\"x\":1})" },
        { T_CHAT_CALLS("[{'index':0,'id':'a','function':{'name':'f','arguments':'{'}}]") T_CHAT_CALLS("[{'index':0,'id':'a','function':{'name':'f','arguments':'}'}}]") T_CHAT_CALLS("[{'index':1,'id':'a','function':{'name':'f','arguments':'{}'}}]")
          CHAT_END("tool_calls") CHAT_DONE, "f({})|f({})" },
        { T_CHAT_CALLS("[{'index':0,'function':{'name':'f','arguments':'{}'}}]") T_CHAT_CALLS("[{'index':0,'id':'b','function':{'name':'g','arguments':'{}'}}]") T_CHAT_CALLS("[{'index':0,'id':'b','function':{'name':'h','arguments':'{}'}}]") CHAT_END("tool_calls") CHAT_DONE, "f?({\"rawInvalidInput\":\"{}{}{}\"})" },
        { T_CHAT_CALLS("[{'id':'a','function':{'name':'f','arguments':'{}'}},{'id':'a','function':{'name':'g','arguments':'{}'}}]") T_CHAT_CALLS("[{'id':'a','function':{'name':'h','arguments':''}}]") CHAT_END("tool_calls") CHAT_DONE, "f({})|g({})" },
        { T_CHAT_CALLS("[{'index':0,'id':'a','function':{'arguments':'{'}}]") T_CHAT_CALLS("[{'index':0,'function':{'arguments':'}'}}]") CHAT_END("tool_calls") CHAT_DONE, "unnamed({})" },
        { T_CHAT_CALLS("[{'index':0,'id':'a','custom':{'name':'c','input':'x'}}]") T_CHAT_CALLS("[{'index':0,'custom':{'input':'y'}}]") CHAT_END("tool_calls") CHAT_DONE, "c({\"input\":\"xy\"})" },
        { CHAT_TOP("'choices':[{'index':1000,'delta':{'content':'x'},'finish_reason':'stop'}]"), "!the stream ended before the provider said that the reply was complete" }, { CHAT_TOP("'choices':[{'index':1024,'delta':{'content':'x'}}]"), "!choices[].index is beyond 1023" }, { CHAT_TOP("'choices':['x',{'index':0,'delta':{'content':'a'},'logprobs':7,'finish_reason':'stop','stop_reason':7}]") CHAT_DONE, "a" },
        { CHAT_TOP("'choices':7") CHAT_TOP("'choices':[]") CHAT("{'content':'a'}") CHAT_END("stop") CHAT_USAGE("7") CHAT_DONE, "a" }, { CHAT_TOP("'error':{}") CHAT("{'content':'a'}") CHAT_TOP("'choices':[{'index':0,'finish_reason':'stop','stop_reason':'END'}]") CHAT_DONE, "a" },
        { "event: error\ndata: {'message':'boom'}\n\n", "!boom" }, { "event: error\ndata: 'boom'\n\n" CHAT("{'content':'a'}") CHAT_END("stop") CHAT_DONE, "a" },
        { CHAT_TOP("'choices':[{'index':0,'delta':{'content':'a'}},{'index':1,'delta':{'content':'b'}},{'index':2,'delta':{'content':'c'}},{'index':3,'delta':{'content':'d'}}]")
          CHAT_TOP("'choices':[{'index':0,'finish_reason':'stop'},{'index':1,'finish_reason':'stop'},{'index':2,'finish_reason':'stop'},{'index':3,'finish_reason':'stop'}]") CHAT_DONE, "a" },
    };
    ENGINE_ROWS("openai-chat", ENGINE_STREAM, rows);
}

TEST(t_chat_whole_replies_of_every_server) {
    static const engine_row rows[] = {
        { "[]", "!the reply is no completion: it is no object" }, { "{'choices':7}", "!the reply is no completion: it has no \"choices\"" }, { CHAT_WHOLE("{'content':'a','tool_calls':[{'function':{'name':'f','arguments':null}}]}", "stop"), "a|f({})" },
        { "{'error':{'message':'boom'}}", "!boom" },
    };
    ENGINE_ROWS("openai-chat", ENGINE_WHOLE, rows);
}

TEST(t_chat_usages) {
    static const struct { const char *usage; int in, cached, written, out; } cases[] = {
        { "{'prompt_tokens':5,'completion_tokens':7,'total_tokens':12,'prompt_tokens_details':{'cached_tokens':9}}", 5, 9, 0, 7 }, { "{'input_tokens':9,'output_tokens':7,'cache_read_input_tokens':2,'cache_creation_input_tokens':3}", 4, 2, 3, 7 },
        { "{'prompt_tokens':9,'completion_tokens':7,'cached_tokens':2,'prompt_tokens_details':{'cache_creation_tokens':8}}", 7, 2, 8, 7 }, { "{'prompt_tokens':9,'completion_tokens':7,'total_tokens':16,'prompt_tokens_details':{'cache_write_tokens':4}}", 5, 0, 4, 7 },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        char body[600];
        engine_reply r;
        sprintf(body, "{'id':'c','model':'m','choices':[],'usage':%s}", cases[i].usage);
        r = engine_read("openai-chat", ENGINE_WHOLE, 200, Q(body));
        CHECK_INT(r.r.usage.input_tokens, cases[i].in);
        CHECK_INT(r.r.usage.cache_read_tokens, cases[i].cached);
        CHECK_INT(r.r.usage.cache_write_5m_tokens, cases[i].written);
        CHECK_INT(r.r.usage.output_tokens, cases[i].out);
        engine_reply_free(&r);
    }
}

/* A row and a profile of the test's own. */
static llmprov_registry *t_chat_registry(unsigned flags, unsigned model_flags, const char *efforts, const char *reasoning_key) {
    llmprov_alloc alloc = test_alloc();
    llmprov_registry *reg = llmprov_registry_new(&alloc);
    llmprov_provider row = { .id = "odd", .format = "openai-chat", .base_url = "https://api.test/v1", .auth_optional = true, .quirks = { .flags = flags, .reasoning_key = reasoning_key } };
    llmprov_profile profile = { .prefix = "odd-", .flags = model_flags, .efforts = efforts };
    if (reg) llmprov_register(reg, &row, 0);
    if (reg) llmprov_register_profile(reg, &profile, 0);
    return reg;
}

/* Thinking in tags at the beginning of a text, whatever it is cut into; white space before it. */
TEST(t_chat_beginnings_of_texts) {
    static const struct { unsigned flags, model; const char *text, *shown; } cases[] = {
        { LLMPROV_QUIRK_THINK_TAGS, 0, " \\n\\r\\t<think>a</thin</think>b", "~a</thin|b" }, { LLMPROV_QUIRK_THINK_TAGS, 0, "<thinks>", "<thinks>" }, { LLMPROV_QUIRK_THINK_TAGS, 0, "<think>a<</think>", "~a<" },
        { LLMPROV_QUIRK_THINK_TAGS, 0, "<think>a</thi", "~a</thi" }, { LLMPROV_QUIRK_THINK_TAGS, 0, "<thi", "<thi" }, { LLMPROV_QUIRK_THINK_TAGS, 0, "  ", "" }, { 0, LLMPROV_MODEL_TRIM_START, " \\n a <think>", "a <think>" }, { 0, 0, " a", " a" },
        { LLMPROV_QUIRK_THINK_TAGS, 0, "<think></</think>x</think>", "~</|x</think>" },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases) && !test_excused(); i++) {
        llmprov_registry *reg = t_chat_registry(cases[i].flags, cases[i].model, NULL, NULL);
        llmprov_desc desc = { .provider = "odd", .registry = reg };
        llmprov_request req = { .model = "odd-1", .prompt = "Hi" };
        char body[400];
        engine_wire w;
        const char *text;
        sprintf(body, CHAT_WHOLE("{'content':'%s'}", "stop"), cases[i].text);
        text = Q(body);
        w = engine_wire_of(ENGINE_WHOLE, 200, text, strlen(text));
        engine_check_shown(test_now.oom ? engine_read_once_wire(engine_open("openai-chat", &desc), &req, ENGINE_WHOLE, &w, __FILE__, __LINE__) :
                           engine_read_wire(engine_open("openai-chat", &desc), &req, ENGINE_WHOLE, &w, __FILE__, __LINE__), cases[i].shown, cases[i].text, __FILE__, __LINE__);
        sprintf(body, CHAT("{'content':'%s'}") CHAT_END("stop") CHAT_DONE, cases[i].text);
        text = Q(body);
        w = engine_wire_of(ENGINE_STREAM, 200, text, strlen(text));
        if (!test_excused()) engine_check_shown(engine_read_once_wire(engine_open("openai-chat", &desc), &req, ENGINE_STREAM, &w, __FILE__, __LINE__), cases[i].shown, cases[i].text, __FILE__, __LINE__);
        llmprov_registry_free(reg);
    }
}

/* A beginning that is longer than what memory is at hand. */
TEST(t_chat_long_beginnings) {
    llmprov_registry *reg = t_chat_registry(LLMPROV_QUIRK_THINK_TAGS, 0, NULL, NULL);
    llmprov_desc desc = { .provider = "odd", .registry = reg };
    llmprov_request req = { .model = "odd-1", .prompt = "Hi" };
    char body[6000];
    engine_wire w;
    engine_reply r;
    size_t n = (size_t)sprintf(body, "{\"choices\":[{\"index\":0,\"message\":{\"content\":\"\\n");
    memset(body + n, 'x', 5000);
    strcpy(body + n + 5000, "\\n\"},\"finish_reason\":\"stop\"}]}");
    w = engine_wire_of(ENGINE_WHOLE, 200, body, strlen(body));
    r = engine_read_once_wire(engine_open("openai-chat", &desc), &req, ENGINE_WHOLE, &w, __FILE__, __LINE__);
    if (!r.r.error.code) CHECK_INT(r.r.text_len, 5001);
    engine_reply_free(&r);
    llmprov_registry_free(reg);
}

/* Calls that a model wraps in a tool of its own making. */
TEST(t_chat_wrapped_calls) {
    static const struct { const char *arguments, *shown; } cases[] = {
        { "{\\'tool_uses\\':[{\\'recipient_name\\':\\'functions.f\\',\\'parameters\\':{\\'a\\':1}},{\\'recipient_name\\':\\'f\\'}]}", "f({\"a\":1})|f({})" }, { "{\\'tool_uses\\':[{\\'recipient_name\\':\\'functions.x\\'}]}", "parallel({\"tool_uses\":[{\"recipient_name\":\"functions.x\"}]})" },
        { "{\\'tool_uses\\':7}", "parallel({\"tool_uses\":7})" }, { "{}", "parallel({})" }, { "[1]", "parallel?({\"rawInvalidInput\":\"[1]\"})" }, { "{\\'tool_uses\\':[", "parallel?({\"rawInvalidInput\":\"{\\\"tool_uses\\\":[\"})" },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases) && !test_excused(); i++) {
        llmprov_tool tool = { .name = "f" };
        llmprov_request req = { .model = "m", .prompt = "Hi", .tools = &tool, .tool_count = 1 };
        char body[700];
        const char *text;
        engine_wire w;
        sprintf(body, CHAT_WHOLE("{'tool_calls':[{'id':'a','function':{'name':'parallel','arguments':'%s'}}]}", "tool_calls"), cases[i].arguments);
        text = Q(body);
        w = engine_wire_of(ENGINE_WHOLE, 200, text, strlen(text));
        engine_check_shown(test_now.oom ? engine_read_once_wire(engine_open("openai-chat", NULL), &req, ENGINE_WHOLE, &w, __FILE__, __LINE__) :
                           engine_read_wire(engine_open("openai-chat", NULL), &req, ENGINE_WHOLE, &w, __FILE__, __LINE__), cases[i].shown, cases[i].arguments, __FILE__, __LINE__);
    }
}

// -- what was read in this format goes out in it ----------------------------------------------

/* A request of a client's, and what a row makes of it; NULL = the same. */
static void t_chat_round(const char *asked, const char *sent, unsigned flags, const char *efforts, const char *reasoning_key, int line) {
    llmprov_registry *reg = t_chat_registry(flags, LLMPROV_MODEL_CACHE_MARKS, efforts, reasoning_key);
    llmprov_desc desc = { .provider = "odd", .registry = reg };
    llmprov_alloc alloc = test_alloc();
    engine_text json = { NULL, 0, 0 };
    llmprov_asked a;
    engine_sent s;
    engine_adds(&json, Q(asked));
    if (llmprov_ask(NULL, "openai-chat", json.ptr, json.len, &alloc, &a) && !test_excused()) test_fail(__FILE__, line, "%s: %s", asked, a.error.message);
    if (!a.error.code) {
        s = engine_send_with("openai-chat", &desc, &a.request, __FILE__, line);
        if (!s.body && !test_excused()) test_fail(__FILE__, line, "%s: %s", asked, s.error.message);
        if (s.body && !engine_check_json(s.text, s.len, sent ? Q(sent) : json.ptr, "the request", __FILE__, line) && !test_excused()) printf("    %s\n", asked);
        engine_sent_free(&s);
    }
    llmprov_asked_free(&a);
    llmprov_registry_free(reg);
    engine_text_free(&json);
}

#define T_CHAT_ASK(inside) "{'model':'odd-1'," inside "}"
#define T_CHAT_SAY(content) T_CHAT_ASK("'messages':[{'role':'user','content':" content "}]")
#define T_CHAT_TURN(assistant) T_CHAT_ASK("'messages':[{'role':'user','content':'Go.'},{'role':'assistant'," assistant "},{'role':'user','content':'So?'}]")
#define T_CHAT_HI "'messages':[{'role':'user','content':'Hi'}]"

#define T_CHAT_TENS "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"
#define T_CHAT_LONG T_CHAT_TENS T_CHAT_TENS "x"

TEST(t_chat_requests_come_back_as_they_were) {
    static const struct { const char *asked, *sent; unsigned flags; const char *efforts, *key; } cases[] = {
        { T_CHAT_SAY("[{'type':'text','text':'a','a_member_whose_name_is_longer_than_any_that_there_is_in_any_format_of_today':1,'od\\u0064':2}]"), T_CHAT_SAY("[{'type':'text','text':'a','a_member_whose_name_is_longer_than_any_that_there_is_in_any_format_of_today':1,'odd':2}]"), 0, NULL, NULL },
        { T_CHAT_SAY("[{'type':'refusal','refusal':'no'},{'type':'text','text':'a','prompt_cache_breakpoint':{'mode':'explicit','ttl':'30m'}}]"), NULL, 0, NULL, NULL },
        { T_CHAT_SAY("[{'type':'text','text':'a','prompt_cache_breakpoint':{'mode':'explicit','ttl':'12h'}}]"), T_CHAT_SAY("[{'type':'text','text':'a','cache_control':{'type':'ephemeral','ttl':'1h'}}]"), LLMPROV_QUIRK_CACHE_CONTROL, NULL, NULL },
        { T_CHAT_SAY("[{'type':'input_audio','input_audio':'aGk='},{'type':'input_audio','input_audio':{'data':'aGk=','format':'flac'}},{'type':'input_audio','input_audio':{'data':'aGk='}}]"), NULL, 0, NULL, NULL },
        { T_CHAT_SAY("[{'type':'file','file':{'file_id':'f'}},{'type':'file','file':{'odd':1}},{'type':'file','file':{'file_data':'data:application/pdf;base64,aGk='}},{'type':'file','file':{'filename':'n','file_data':'data:application/pdf;base64,aGk='}}]"), NULL, 0, NULL, NULL },
        { T_CHAT_SAY("[{'type':'image_url','image_url':'https://a.example/b.png'},{'type':'image_url','image_url':{'url':'https://a.example/b.png','detail':'low','odd':1}},{'type':'odd','x':1}]"), NULL, 0, NULL, NULL },
        { T_CHAT_ASK("'messages':[{'role':'user','content':'Hi','name':'n','a_member_whose_name_is_longer_than_any_that_there_is_in_any_format_of_today':1,'od\\u0064':2}]"),
          T_CHAT_ASK("'messages':[{'role':'user','content':'Hi','name':'n','a_member_whose_name_is_longer_than_any_that_there_is_in_any_format_of_today':1,'odd':2}]"), 0, NULL, NULL },
        { T_CHAT_ASK("'messages':[{'role':'user','content':'Hi'},{'role':'assistant','content':'a','tool_calls':[{'id':'c','type':'custom','custom':{'name':'c','input':'x'}}]},{'role':'tool','tool_call_id':'c','content':'r'}]"), NULL, 0, NULL, NULL },
        { T_CHAT_TURN("'content':[{'type':'thinking','thinking':[{'type':'text','text':'h'}]},{'type':'text','text':'a'},{'type':'refusal','refusal':'no'}]"), NULL, 0, NULL, "content" },
        { T_CHAT_TURN("'content':[{'type':'text','text':'a'},{'type':'odd'},{'type':'image_url','image_url':{'url':'https://a.example/b.png'}},{'type':'file','file':{'file_id':'f'}},{'type':'input_audio','input_audio':{'data':'aGk=','format':'wav'}}]"), NULL, 0, NULL, NULL },
        { T_CHAT_TURN("'content':'a','reasoning_content':'h'"), T_CHAT_TURN("'content':[{'type':'thinking','thinking':[{'type':'text','text':'h'}]},{'type':'text','text':'a'}]"), 0, NULL, "content" },
        { T_CHAT_ASK(T_CHAT_HI ",'safety_identifier':'" T_CHAT_LONG "\xC3\xA9zz'"), T_CHAT_ASK(T_CHAT_HI ",'safety_identifier':'" T_CHAT_LONG "'"), 0, NULL, NULL },
        { T_CHAT_TURN("'content':'a','reasoning':'h','reasoning_content':'i','reasoning_details':[{'type':'x'}]"), NULL, 0, NULL, "reasoning" }, { T_CHAT_TURN("'content':null,'audio':{'id':'a'}"), NULL, 0, NULL, NULL }, { T_CHAT_TURN("'content':'','refusal':'no'"), NULL, 0, NULL, NULL },
        { T_CHAT_ASK(T_CHAT_HI ",'tools':[{'type':'function','function':{'name':'f','odd':1},'more':2},{'function':{'name':'g','parameters':{'type':'object'}}},{'type':'odd','x':1}],'tool_choice':{'type':'function','function':{'name':'f'}}"), NULL, 0, NULL, NULL },
        { T_CHAT_ASK(T_CHAT_HI ",'functions':[{'name':'f'},{'name':'g'}],'function_call':{'name':'g'}"), NULL, 0, NULL, NULL }, { T_CHAT_ASK(T_CHAT_HI ",'tools':[{'type':'function','function':{'name':'f'}}],'tool_choice':'auto'"), T_CHAT_ASK(T_CHAT_HI ",'tools':[{'type':'function','function':{'name':'f','parameters':{'type':'object','properties':{}}}}],'tool_choice':'auto'"), 0, NULL, NULL },
        { T_CHAT_ASK(T_CHAT_HI ",'user':'u','safety_identifier':'s'"), NULL, 0, NULL, NULL }, { T_CHAT_ASK(T_CHAT_HI ",'stop':[]"), NULL, 0, NULL, NULL }, { T_CHAT_ASK(T_CHAT_HI ",'stop':['a']"), NULL, 0, NULL, NULL }, { T_CHAT_ASK(T_CHAT_HI ",'stop':'a'"), NULL, 0, NULL, NULL },
        { T_CHAT_ASK(T_CHAT_HI ",'response_format':{'type':'text'}"), NULL, 0, NULL, NULL }, { T_CHAT_ASK(T_CHAT_HI ",'response_format':{'type':'json_schema','json_schema':{'name':'n','schema':{'type':'object'}}}"), NULL, 0, NULL, NULL },
        { T_CHAT_ASK(T_CHAT_HI ",'response_format':{'type':'json_schema','json_schema':{'name':'n n','schema':{'type':'object'}}}"), T_CHAT_ASK(T_CHAT_HI ",'response_format':{'type':'json_schema','json_schema':{'name':'n_n_10f35257','schema':{'type':'object'}}}"), 0, NULL, NULL },
        { T_CHAT_ASK(T_CHAT_HI ",'reasoning_effort':'low'"), NULL, 0, "low high", NULL }, { T_CHAT_ASK(T_CHAT_HI ",'reasoning':{'effort':'low'}"), NULL, 0, "low high", NULL }, { T_CHAT_ASK(T_CHAT_HI ",'thinking':{'type':'disabled'}"), NULL, 0, NULL, NULL },
        { T_CHAT_ASK(T_CHAT_HI ",'max_tokens':7,'max_completion_tokens':7"), NULL, 0, NULL, NULL }, { T_CHAT_ASK(T_CHAT_HI ",'stream':false,'stream_options':{'include_usage':true}"), NULL, 0, NULL, NULL },
        { T_CHAT_ASK(T_CHAT_HI ",'stream_options':null"), NULL, 0, NULL, NULL }, { T_CHAT_ASK(T_CHAT_HI ",'service_tier':'standard_only'"), NULL, 0, NULL, NULL },
        { T_CHAT_ASK("'messages':[{'role':'system','content':'S'},{'role':'user','content':'Hi'},{'role':'developer','content':'D'},{'role':'user','content':'Hi'}]"), NULL, 0, NULL, NULL },
        { T_CHAT_ASK("'messages':[{'role':'user','content':'Hi'},{'role':'assistant','function_call':{'name':'f','arguments':'{}'}},{'role':'function','name':'f','content':'r'},{'role':'user','content':'So?'}]"), NULL, 0, NULL, NULL },
        { T_CHAT_ASK("'messages':[{'role':'user','content':'Hi'},{'role':'assistant','content':null,'tool_calls':[{'id':'c','type':'function','function':{'name':'f','arguments':'x','odd':1},'more':2},{'id':'d','function':{'name':'f','arguments':'{}'}}]},"
                     "{'role':'tool','tool_call_id':'c','content':[{'type':'text','text':'r'}]},{'role':'tool','tool_call_id':'d','content':'','odd':1},{'role':'user','content':'So?'}]"), NULL, 0, NULL, NULL },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases) && !test_excused(); i++) t_chat_round(cases[i].asked, cases[i].sent, cases[i].flags, cases[i].efforts, cases[i].key, __LINE__);
}

/* Blocks of every origin as parts; NULL = refused. */
TEST(t_chat_blocks_become_parts) {
    static const struct { llmprov_block block; const char *part; llmprov_status warned; } cases[] = {
        { { .type = LLMPROV_BLOCK_IMAGE, .data = "hi", .data_len = 2 }, "{'type':'image_url','image_url':{'url':'data:image/png;base64,aGk='}}", LLMPROV_OK }, { { .type = LLMPROV_BLOCK_AUDIO, .data = "hi", .data_len = 2, .mime = "audio/flac" }, NULL, LLMPROV_OK },
        { { .type = LLMPROV_BLOCK_AUDIO, .data = "hi", .data_len = 2 }, NULL, LLMPROV_OK }, { { .type = LLMPROV_BLOCK_AUDIO, .url = "https://a.example/b.wav", .mime = "audio/wav" }, NULL, LLMPROV_OK }, { { .type = LLMPROV_BLOCK_VIDEO, .data = "hi", .data_len = 2 }, NULL, LLMPROV_OK },
        { { .type = LLMPROV_BLOCK_VIDEO, .url = "https://a.example/b.mp4", .origin = "openai-chat" }, "{'type':'video_url','video_url':{'url':'https://a.example/b.mp4'}}", LLMPROV_OK }, { { .type = LLMPROV_BLOCK_IMAGE, .file_id = "f" }, NULL, LLMPROV_OK },
        { { .type = LLMPROV_BLOCK_IMAGE, .file_id = "f", .origin = "openai-chat" }, "{'type':'file','file':{'file_id':'f'}}", LLMPROV_OK }, { { .type = LLMPROV_BLOCK_DOCUMENT, .file_id = "f" }, NULL, LLMPROV_OK },
        { { .type = LLMPROV_BLOCK_DOCUMENT, .text = "t", .name = "N" }, "{'type':'text','text':'N\\nt'}", LLMPROV_ERR_ARGUMENT }, { { .type = LLMPROV_BLOCK_DOCUMENT, .text = "t", .name = T_CHAT_LONG T_CHAT_LONG T_CHAT_LONG }, "{'type':'text','text':'t'}", LLMPROV_ERR_ARGUMENT },
        { { .text = "a", .extra = "{\"cache_control\":1,\"detail\":1,\"type\":1,\"is_error\":1,\"caller\":1,\"none\":null}" }, "{'type':'text','text':'a'}", LLMPROV_OK }, { { .text = "a", .extra = "{\"citations\":[1]}" }, "{'type':'text','text':'a'}", LLMPROV_ERR_UNSUPPORTED },
        { { .text = "a", .origin = "openai-chat", .extra = "{\"type\":\"text\",\"image_url\":7}" }, "{'type':'text','text':'a','image_url':7}", LLMPROV_OK },
        { { .type = LLMPROV_BLOCK_IMAGE, .url = "https://a.example/b.png", .origin = "openai-chat", .extra = "{\"image_url\":7}" }, "{'type':'image_url','image_url':{'url':'https://a.example/b.png'}}", LLMPROV_OK },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases) && !test_excused(); i++) {
        llmprov_block blocks[2] = { cases[i].block, { .text = "x" } };
        llmprov_message m = { .blocks = blocks, .block_count = 2, .extra = i ? NULL : "{\"none\":null,\"odd\":1,\"name\":\"n\"}" };
        llmprov_request req = { .model = "gpt-4.1", .messages = &m, .message_count = 1 };
        engine_sent s = engine_send("openai-chat", &req);
        if (!cases[i].part) CHECK_INT(s.error.code, LLMPROV_ERR_UNSUPPORTED);
        else CHECK_BODY(s, "messages[0].content[0]", Q(cases[i].part));
        if (cases[i].warned) CHECK_WARNED(s, cases[i].warned, "messages[0].content[0]");
        else if (i) CHECK_INT(s.warning_count, 0);
        else CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "messages[0].odd");
        engine_sent_free(&s);
    }
}
