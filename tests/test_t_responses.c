/* >>t_responses: what the golden files do not say: settings, tools, results of every kind of call, and memory. */
#include "engine.h"

static engine_sent t_responses_send(const llmprov_request *with, const char *file, int line) {
    llmprov_request req = *with;
    if (!req.prompt && !req.history) req.prompt = "Hi";
    return engine_send_with("openai-responses", NULL, &req, file, line);
}
#define T_RESPONSES_SEND(...) t_responses_send(&(llmprov_request){ __VA_ARGS__ }, __FILE__, __LINE__)

// -- settings --------------------------------------------------------------------------------

TEST(t_responses_what_is_not_said_is_not_sent) {
    engine_sent s = T_RESPONSES_SEND(.model = "gpt-4.1");
    CHECK_JSON(s.text, s.len, Q("{'model':'gpt-4.1','store':false,'input':[{'role':'user','content':'Hi'}]}"));
    CHECK_STR(s.http ? s.http->url : NULL, "https://api.test/v1/responses");
    CHECK_INT(s.warning_count, 0);
    engine_sent_free(&s);
}

TEST(t_responses_settings) {
    engine_sent s = T_RESPONSES_SEND(.model = "gpt-4.1", .system = "Be brief.", .max_tokens = LLMPROV_INT(5), .temperature = LLMPROV_NUM(0), .top_p = LLMPROV_NUM(0.5), .user_id = "u",
                         .service_tier = "standard_only", .schema = "{\"type\":\"object\"}", .schema_strict = LLMPROV_YES, .stream = LLMPROV_STREAM_ON);
    CHECK_JSON(s.text, s.len, Q("{'model':'gpt-4.1','max_output_tokens':16,'stream':true,'temperature':0,'top_p':0.5,"
        "'text':{'format':{'type':'json_schema','name':'answer','schema':{'type':'object','properties':{},'required':[],'additionalProperties':false},'strict':true}},'store':false,'safety_identifier':'u',"
        "'service_tier':'default','instructions':'Be brief.','input':[{'role':'user','content':'Hi'}]}"));
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "max_tokens");
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "service_tier");
    engine_sent_free(&s);
}

TEST(t_responses_what_the_format_has_no_member_for) {
    static const char *const stops[] = { "x" };
    engine_sent s = T_RESPONSES_SEND(.model = "gpt-4.1", .top_k = LLMPROV_INT(3), .seed = LLMPROV_INT(1), .presence_penalty = LLMPROV_NUM(0.5), .frequency_penalty = LLMPROV_NUM(0.5),
                         .stop = stops, .stop_count = 1);
    CHECK_JSON(s.text, s.len, Q("{'model':'gpt-4.1','store':false,'input':[{'role':'user','content':'Hi'}]}"));
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "top_k");
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "seed");
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "presence_penalty");
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "frequency_penalty");
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "stop");
    engine_sent_free(&s);
}

TEST(t_responses_thinking) {
    engine_sent effort = T_RESPONSES_SEND(.model = "gpt-5.2", .effort = LLMPROV_EFFORT_HIGH, .temperature = LLMPROV_NUM(1)), off = T_RESPONSES_SEND(.model = "gpt-5.2", .thinking = LLMPROV_THINKING_OFF, .temperature = LLMPROV_NUM(1));
    engine_sent aloud = T_RESPONSES_SEND(.model = "gpt-5.2", .thinking = LLMPROV_THINKING_ON), budget = T_RESPONSES_SEND(.model = "gpt-5.2", .thinking_tokens = LLMPROV_INT(20000));
    CHECK_BODY(effort, "reasoning", "{\"effort\":\"high\"}");
    CHECK_BODY(effort, "include", "[\"reasoning.encrypted_content\"]");
    CHECK_BODY(effort, "temperature", NULL);
    CHECK_WARNED(effort, LLMPROV_ERR_UNSUPPORTED, "temperature");
    CHECK_BODY(off, "reasoning", "{\"effort\":\"none\"}");
    CHECK_BODY(off, "temperature", "1");
    CHECK_BODY(aloud, "reasoning", Q("{'effort':'medium','summary':'auto'}"));
    CHECK_BODY(budget, "reasoning", Q("{'effort':'high','summary':'auto'}"));
    CHECK_WARNED(budget, LLMPROV_ERR_ARGUMENT, "thinking_tokens");
    engine_sent_free(&effort);
    engine_sent_free(&off);
    engine_sent_free(&aloud);
    engine_sent_free(&budget);
}

TEST(t_responses_what_the_caller_stores_is_stored) {
    engine_sent stored = T_RESPONSES_SEND(.model = "gpt-5.2", .extra = "{\"store\":true}"), said = T_RESPONSES_SEND(.model = "gpt-5.2", .extra = "{\"store\":false,\"include\":[\"x\"]}");
    CHECK_BODY(stored, "store", "true");
    CHECK_BODY(stored, "include", NULL);
    CHECK_BODY(said, "store", "false");
    CHECK_BODY(said, "include", "[\"x\"]");
    CHECK_INT(stored.warning_count + said.warning_count, 0);
    engine_sent_free(&stored);
    engine_sent_free(&said);
}

TEST(t_responses_the_conversation_is_last) {
    llmprov_history h = { .alloc = test_alloc() };
    llmprov_request req = { .model = "gpt-5.2", .history = &h, .system = "S", .extra = "{\"zz\":1}" };
    engine_sent a, b;
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "One");
    a = engine_send("openai-responses", &req);
    llmprov_add_text(&h, LLMPROV_ROLE_ASSISTANT, "Two");
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "Three");
    b = engine_send("openai-responses", &req);
    if (a.text && b.text) CHECK(a.len > 2 && a.len < b.len && !memcmp(a.text, b.text, a.len - 2));
    engine_sent_free(&a);
    engine_sent_free(&b);
    llmprov_history_free(&h);
}

// -- tools -----------------------------------------------------------------------------------

TEST(t_responses_tools) {
    static const llmprov_tool tools[] = {
        { .name = "f", .description = "F.", .schema = "{\"type\":\"object\"}", .strict = LLMPROV_YES }, { .name = "g" },
        { .type = "custom", .name = "c", .extra = "{\"format\":{\"type\":\"text\"}}" },
        { .type = "custom", .extra = "{\"custom\":{\"name\":\"d\",\"format\":{\"type\":\"grammar\",\"grammar\":{\"syntax\":\"lark\",\"definition\":\"x\"}}}}" },
        { .type = "web_search", .extra = "{\"search_context_size\":\"low\"}" }, { .type = "computer" },
        { .type = "web_search_20250305", .name = "web_search", .extra = "{\"allowed_domains\":[\"a.org\"],\"max_uses\":2}" },
        { .type = "bash_20250124", .name = "bash" }, { .type = "memorise_20250124", .name = "memorise" },
    };
    engine_sent s = T_RESPONSES_SEND(.model = "gpt-4.1", .tools = tools, .tool_count = 9, .tool_choice = LLMPROV_TOOL_NAMED, .tool_name = "c", .parallel_tools = LLMPROV_NO);
    CHECK_BODY(s, "tools[0]", Q("{'type':'function','name':'f','description':'F.','parameters':{'type':'object','properties':{},'required':[],'additionalProperties':false},'strict':true}"));
    CHECK_BODY(s, "tools[1]", Q("{'type':'function','name':'g','parameters':{'type':'object','properties':{}},'strict':false}"));
    CHECK_BODY(s, "tools[2]", Q("{'type':'custom','name':'c','format':{'type':'text'}}"));
    CHECK_BODY(s, "tools[3]", Q("{'type':'custom','name':'d','format':{'type':'grammar','syntax':'lark','definition':'x'}}"));
    CHECK_BODY(s, "tools[4]", Q("{'type':'web_search','search_context_size':'low'}"));
    CHECK_BODY(s, "tools[5]", Q("{'type':'computer'}"));
    CHECK_BODY(s, "tools[6]", Q("{'type':'web_search','filters':{'allowed_domains':['a.org']}}"));
    CHECK_BODY(s, "tools[7].type", "\"function\"");
    CHECK_BODY(s, "tools[8]", NULL);
    CHECK_BODY(s, "tool_choice", Q("{'type':'custom','name':'c'}"));
    CHECK_BODY(s, "parallel_tool_calls", "false");
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "tools[6]");
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "tools[7]");
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "tools[8]");
    engine_sent_free(&s);
}

TEST(t_responses_tool_choices) {
    static const llmprov_tool tools[] = { { .name = "f" }, { .type = "file_search", .extra = "{\"vector_store_ids\":[\"v\"]}" } };
    static const struct { llmprov_tool_choice choice; const char *name, *sent; } cases[] = {
        { LLMPROV_TOOL_AUTO, NULL, NULL }, { LLMPROV_TOOL_NONE, NULL, "\"none\"" }, { LLMPROV_TOOL_ANY, NULL, "\"required\"" },
        { LLMPROV_TOOL_NAMED, "f", "{\"type\":\"function\",\"name\":\"f\"}" }, { LLMPROV_TOOL_NAMED, "file_search", "{\"type\":\"file_search\"}" },
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        engine_sent s = T_RESPONSES_SEND(.model = "gpt-4.1", .tools = tools, .tool_count = 2, .tool_choice = cases[i].choice, .tool_name = cases[i].name);
        CHECK_BODY(s, "tool_choice", cases[i].sent);
        engine_sent_free(&s);
    }
}

/* A reply's call, its result, and what both become in the next request. */
static void t_responses_answer(const char *item, const char *call, const char *output, bool image) {
    engine_text body = { NULL, 0, 0 };
    llmprov_history h = { .alloc = test_alloc() };
    llmprov_request req = { .model = "gpt-5.2", .history = &h };
    llmprov_block picture = { .type = LLMPROV_BLOCK_IMAGE, .mime = "image/png", .base64 = "iVBORw0KGgo=" };
    llmprov_block result = { .type = LLMPROV_BLOCK_TOOL_RESULT, .id = "call_1", .text = "done" };
    engine_reply r;
    engine_sent s;
    engine_adds(&body, "{\"id\":\"resp_1\",\"object\":\"response\",\"model\":\"m\",\"status\":\"completed\",\"output\":[");
    engine_adds(&body, Q(item));
    engine_adds(&body, "]}");
    r = engine_read("openai-responses", ENGINE_WHOLE, 200, body.ptr);
    if (image) result.text = NULL, result.content = &picture, result.content_count = 1;
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "Hi");
    llmprov_add_message(&h, &r.r.message);
    llmprov_add_block(&h, LLMPROV_ROLE_USER, &result);
    CHECK_INT(r.r.stop, LLMPROV_STOP_TOOL_USE);
    s = engine_send("openai-responses", &req);
    CHECK_BODY(s, "input[1]", Q(call ? call : item));
    CHECK_BODY(s, "input[2]", Q(output));
    CHECK_INT(s.warning_count, 0);
    engine_sent_free(&s);
    engine_reply_free(&r);
    llmprov_history_free(&h);
    engine_text_free(&body);
}

TEST(t_responses_every_call_gets_its_kind_of_result) {
    t_responses_answer("{'type':'function_call','id':'fc_1','call_id':'call_1','name':'f','arguments':'{\\'x\\':1}','namespace':'n'}", NULL,
                       "{'type':'function_call_output','call_id':'call_1','output':'done'}", false);
    t_responses_answer("{'type':'function_call','id':'fc_1','call_id':'call_1','name':'f','arguments':'{}'}", NULL,
                       "{'type':'function_call_output','call_id':'call_1','output':[{'type':'input_image','image_url':'data:image/png;base64,iVBORw0KGgo=','detail':'auto'}]}", true);
    t_responses_answer("{'type':'custom_tool_call','id':'ctc_1','call_id':'call_1','name':'code','input':'a \\'b\\'\\n'}", NULL,
                       "{'type':'custom_tool_call_output','call_id':'call_1','output':'done'}", false);
    t_responses_answer("{'type':'computer_call','id':'cu_1','call_id':'call_1','status':'completed','actions':[{'type':'screenshot'}],'pending_safety_checks':[]}", NULL,
                       "{'type':'computer_call_output','call_id':'call_1','output':{'type':'computer_screenshot','image_url':'data:image/png;base64,iVBORw0KGgo='}}", true);
    t_responses_answer("{'type':'local_shell_call','id':'lsh_1','call_id':'call_1','status':'completed','action':{'type':'exec','command':['ls'],'env':{}}}", NULL,
                       "{'type':'local_shell_call_output','id':'call_1','output':'done'}", false);
    t_responses_answer("{'type':'shell_call','id':'sh_1','call_id':'call_1','status':'completed','action':{'commands':['ls']},'environment':{'type':'local'}}", NULL,
                       "{'type':'shell_call_output','call_id':'call_1','output':[{'stdout':'done','stderr':'','outcome':{'type':'exit','exit_code':0}}]}", false);
    t_responses_answer("{'type':'apply_patch_call','id':'apc_1','call_id':'call_1','status':'completed','operation':{'type':'delete_file','path':'x'}}", NULL,
                       "{'type':'apply_patch_call_output','call_id':'call_1','output':'done','status':'completed'}", false);
    t_responses_answer("{'type':'tool_search_call','id':'tsc_1','call_id':'call_1','status':'completed','execution':'client','arguments':{'goal':'g'}}", NULL,
                       "{'type':'tool_search_output','call_id':'call_1','tools':[]}", false);
}

TEST(t_responses_files_and_pictures) {
    llmprov_history h = engine_history(Q("[{'role':'user','content':[{'type':'image','source':{'type':'url','url':'https://a.org/x.png'}},"
        "{'type':'document','title':'T','source':{'type':'url','url':'https://a.org/x.pdf'}},{'type':'document','title':'b.pdf','source':{'type':'base64','media_type':'application/pdf','data':'JVBERi0='}},"
        "{'type':'document','title':'N','source':{'type':'text','media_type':'text/plain','data':'words'}}]}]"));
    llmprov_request req = { .model = "gpt-4.1", .history = &h };
    engine_sent s = engine_send("openai-responses", &req);
    CHECK_BODY(s, "input[0].content", Q("[{'type':'input_image','image_url':'https://a.org/x.png','detail':'auto'},{'type':'input_file','file_url':'https://a.org/x.pdf'},"
        "{'type':'input_file','filename':'b.pdf','file_data':'data:application/pdf;base64,JVBERi0='},{'type':'input_text','text':'N\\nwords'}]"));
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "messages[0].content[3]");
    engine_sent_free(&s);
    llmprov_history_free(&h);
}

TEST(t_responses_a_file_of_another_provider) {
    llmprov_history h = engine_history(Q("[{'role':'user','content':[{'type':'document','source':{'type':'file','file_id':'file_1'}}]}]"));
    llmprov_request req = { .model = "gpt-4.1", .history = &h };
    engine_sent s = engine_send("openai-responses", &req);
    CHECK_INT(s.error.code, LLMPROV_ERR_UNSUPPORTED);
    CHECK_STR(s.error.param, "messages[0].content[0]");
    engine_sent_free(&s);
    llmprov_history_free(&h);
}

/* What a server of this format made itself means nothing to others, and comes back whole when the talk does. */
TEST(t_responses_hosted_items_go_home) {
    static const char item[] = "{'type':'web_search_call','id':'ws_1','status':'completed','action':{'type':'search','query':'q'}}";
    llmprov_history h = { .alloc = test_alloc() };
    llmprov_request req = { .model = "gpt-5.2", .history = &h };
    engine_text body = { NULL, 0, 0 };
    engine_sent home, away;
    engine_reply r;
    engine_adds(&body, "{\"id\":\"r\",\"model\":\"m\",\"status\":\"completed\",\"output\":[");
    engine_adds(&body, Q(item));
    engine_adds(&body, ",{\"type\":\"message\",\"id\":\"msg_1\",\"role\":\"assistant\",\"status\":\"completed\",\"content\":[{\"type\":\"output_text\",\"text\":\"So.\",\"annotations\":[]}]}]}");
    r = engine_read("openai-responses", ENGINE_WHOLE, 200, body.ptr);
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "Hi");
    llmprov_add_message(&h, &r.r.message);
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "And?");
    home = engine_send("openai-responses", &req);
    away = engine_send("openai", &req);
    CHECK_BODY(home, "input[1]", Q(item));
    CHECK_BODY(home, "input[2].id", "\"msg_1\"");
    CHECK_INT(home.warning_count, 0);
    CHECK(away.text && !strstr(away.text, "ws_1") && !strstr(away.text, "msg_1"));
    CHECK_INT(away.warning_count, 1);
    engine_sent_free(&home);
    engine_sent_free(&away);
    engine_reply_free(&r);
    llmprov_history_free(&h);
    engine_text_free(&body);
}

// -- memory ----------------------------------------------------------------------------------

/* The most bytes that a stream of so many pieces takes, whose end says all of it three times more. */
static size_t t_responses_peak(int pieces, size_t cut, llmprov_keep keep, bool *whole) {
    llmprov_client *client = engine_open("openai-responses", NULL);
    llmprov_request req = { .model = "m", .prompt = "Hi", .stream = LLMPROV_STREAM_ON, .keep = keep };
    engine_text body = { NULL, 0, 0 }, all = { NULL, 0, 0 };
    llmprov_call *call;
    llmprov_response r;
    size_t at, n, peak;
    char line[400];
    int i;
    engine_adds(&body, Q("data: {'type':'response.created','response':{'id':'resp_1','model':'m','output':[]}}\n\n"
        "data: {'type':'response.output_item.added','output_index':0,'item':{'type':'message','id':'msg_1','role':'assistant','content':[]}}\n\n"));
    for (i = 0; i < pieces; i++) {
        sprintf(line, "word%d \\\"q\\\" ", i % 1000);
        engine_adds(&all, line);
        sprintf(line, "data: {\"type\":\"response.output_text.delta\",\"sequence_number\":%d,\"item_id\":\"msg_1\",\"output_index\":0,\"content_index\":0,\"delta\":\"word%d \\\"q\\\" \",\"logprobs\":[]}\n\n", i, i % 1000);
        engine_adds(&body, line);
    }
    for (i = 0; i < 4; i++) {
        static const char *const before[] = { "{'type':'response.output_text.done','output_index':0,'content_index':0,'text':'", "{'type':'response.content_part.done','output_index':0,'content_index':0,'part':{'type':'output_text','annotations':[],'text':'",
            "{'type':'response.output_item.done','output_index':0,'item':{'type':'message','id':'msg_1','role':'assistant','content':[{'type':'output_text','annotations':[],'text':'",
            "{'type':'response.completed','response':{'id':'resp_1','model':'m','status':'completed','output':[{'type':'message','id':'msg_1','role':'assistant','content':[{'type':'output_text','annotations':[],'text':'" };
        static const char *const behind[] = { "'}\n\n", "'}}\n\n", "'}]}}\n\n", "'}]}],'usage':{'input_tokens':1,'output_tokens':2,'total_tokens':3}}}\n\n" };
        engine_adds(&body, "data: ");
        engine_adds(&body, Q(before[i]));
        engine_add(&body, all.ptr, all.len);
        engine_adds(&body, Q(behind[i]));
    }
    test_memory.peak = test_memory.bytes;
    call = llmprov_call_chat(client, &req);
    llmprov_call_mute(call);
    llmprov_call_head(call, 200, NULL, 0);
    for (at = 0; at < body.len; at += n) {
        n = body.len - at < cut ? body.len - at : cut;
        llmprov_call_feed(call, body.ptr + at, n);
    }
    llmprov_call_eof(call);
    peak = test_memory.peak;
    CHECK_INT(llmprov_call_take(call, &r), LLMPROV_OK);
    CHECK_INT(r.usage.output_tokens, 2);
    for (at = 0, n = all.len; at < all.len; at++) n -= all.ptr[at] == '\\';
    *whole = r.text_len == n;
    llmprov_response_free(&r);
    llmprov_call_free(call);
    llmprov_close(client);
    engine_text_free(&body);
    engine_text_free(&all);
    return peak;
}

TEST_NO_OOM(t_responses_keeping_nothing_stays_flat) {
    static const size_t cuts[] = { 16384, 1400, 333 };
    bool whole;
    size_t i;
    for (i = 0; i < 3; i++) {
        size_t few = t_responses_peak(1000, cuts[i], LLMPROV_KEEP_NOTHING, &whole), many = t_responses_peak(100000, cuts[i], LLMPROV_KEEP_NOTHING, &whole);
        if (!CHECK(many <= few + 1024)) printf("    pieces of %d: %lu and %lu bytes\n", (int)cuts[i], (unsigned long)few, (unsigned long)many);
        CHECK(!whole);
    }
    t_responses_peak(1000, 333, LLMPROV_KEEP_ALL, &whole);
    CHECK(whole);
}

/* A part that nobody announced, in an event whose texts were not waited for: better no answer than half of one. */
TEST(t_responses_a_text_that_comes_only_at_the_end) {
    static const char stream[] = "data: {'type':'response.created','response':{'id':'resp_1','model':'m'}}\n\n"
        "data: {'type':'response.output_item.added','output_index':0,'item':{'type':'message','id':'msg_1','role':'assistant','content':[]}}\n\n"
        "data: {'type':'response.output_text.delta','output_index':0,'content_index':0,'delta':'One.'}\n\n"
        "data: {'type':'response.output_item.done','output_index':0,'item':{'type':'message','id':'msg_1','role':'assistant','content':[{'type':'output_text','text':'One.'},{'type':'output_text','text':'Two.'}]}}\n\n"
        "data: {'type':'response.completed','response':{'id':'resp_1','model':'m','status':'completed','output':[]}}\n\n";
    llmprov_client *client = engine_open("openai-responses", NULL);
    llmprov_request req = { .model = "m", .prompt = "Hi" };
    engine_wire w = engine_wire_of(ENGINE_STREAM, 200, Q(stream), strlen(stream));
    int way;
    for (way = 0; way < 2; way++) {
        engine_trace trace;
        llmprov_response r;
        memset(&trace, 0, sizeof trace);
        engine_run(client, &req, ENGINE_STREAM, &w, way, ENGINE_EVENTS, &trace, &r);
        if (way == 0) CHECK_STR(r.text, "One.Two.");
        else CHECK_INT(r.error.code, LLMPROV_ERR_BAD_REPLY);
        engine_trace_free(&trace);
        llmprov_response_free(&r);
    }
    llmprov_close(client);
}

static bool t_responses_sees_other(void *user, const llmprov_event *e) {
    int *seen = (int *)user;
    if (e->type != LLMPROV_EVENT_OTHER) return true;
    ++*seen;
    return CHECK_JSON(e->extra, e->extra_len, Q("{'type':'response.new.done','text':'kept','input':{'a':1}}"));
}

/* Events that nobody knows come as they were said, in whatever pieces: only those that are known to repeat lose anything. */
TEST(t_responses_unknown_events_are_whole_in_pieces) {
    static const char stream[] = "data: {'type':'response.created','response':{'id':'resp_1','model':'m'}}\n\n"
        "data: {'type':'response.output_item.added','output_index':0,'item':{'type':'message','id':'msg_1','role':'assistant','content':[]}}\n\n"
        "data: {'type':'response.output_text.delta','output_index':0,'content_index':0,'delta':'One.'}\n\n"
        "data: {'type':'response.new.done','text':'kept','input':{'a':1}}\n\n"
        "data: {'type':'response.completed','response':{'id':'resp_1','model':'m','status':'completed','output':[]}}\n\n";
    llmprov_client *client = engine_open("openai-responses", NULL);
    int way;
    for (way = 0; way < 3; way++) {
        int seen = 0;
        llmprov_request req = { .model = "m", .prompt = "Hi", .on_event = t_responses_sees_other, .user = &seen };
        llmprov_call *call = llmprov_call_chat(client, &req);
        const char *bytes = Q(stream);
        size_t at, len = strlen(bytes), n;
        llmprov_call_head(call, 200, NULL, 0);
        for (at = 0; at < len; at += n) {
            n = test_cut(way, len - at);
            if (!llmprov_call_feed(call, bytes + at, n)) break;
        }
        llmprov_call_eof(call);
        if (!llmprov_call_error(call)->code) CHECK_INT(seen, 1);
        else CHECK_INT(llmprov_call_error(call)->code, LLMPROV_ERR_NO_MEMORY);
        llmprov_call_free(call);
    }
    llmprov_close(client);
}

// -- replies, event by event -----------------------------------------------------------------

#define T_EV(type, members) "data: {'type':'response." type "'" members "}\n\n"
#define T_END T_EV("completed", ",'response':{'id':'r','status':'completed','model':'m','output':[]}")
#define T_ITEM(index, item) T_EV("output_item.added", ",'output_index':" index ",'item':" item)
#define T_DONE(index, item) T_EV("output_item.done", ",'output_index':" index ",'item':" item)

/* Servers leave out what they think is known, say it twice, or say it in another order. */
TEST(t_responses_streams_of_every_server) {
    static const engine_row rows[] = {
        { T_EV("output_text.delta", ",'delta':'a'") T_END, "a" }, { T_EV("reasoning_summary_text.delta", ",'delta':'a'") T_EV("reasoning_text.delta", ",'delta':'b'") T_END, "~a|~b" },
        { T_EV("output_text.delta", ",'delta':''") T_EV("output_text.delta", ",'delta':7") T_EV("output_text.delta", "") T_END, "" },
        { T_ITEM("0", "{'type':'function_call','id':'fc','call_id':'c','name':'f','arguments':''}") T_EV("output_text.delta", ",'output_index':0,'delta':'x'") T_EV("output_text.done", ",'output_index':0,'text':'x'")
          T_EV("content_part.added", ",'output_index':0,'part':{'type':'output_text'}") T_EV("content_part.done", ",'output_index':0,'part':{'type':'output_text','text':'x'}")
          T_EV("output_text.annotation.added", ",'output_index':0,'annotation':{}") T_EV("function_call_arguments.delta", ",'output_index':0,'delta':'{}'") T_EV("function_call_arguments.delta", ",'output_index':0,'delta':7")
          T_EV("function_call_arguments.done", ",'output_index':0,'arguments':'{}'") T_END, "f({})" },
        { T_ITEM("0", "{'type':'message','id':'m'}") T_EV("output_text.delta", ",'output_index':0,'content_index':0,'delta':'a'") T_EV("function_call_arguments.delta", ",'output_index':0,'delta':'x'")
          T_EV("function_call_arguments.done", ",'output_index':0,'arguments':'x'") T_EV("function_call_arguments.delta", ",'output_index':5,'delta':'x'") T_EV("function_call_arguments.done", ",'output_index':5,'arguments':'x'")
          T_DONE("0", "{'type':'message','id':'m','content':[{'type':'output_text','text':'a'}]}") T_EV("output_text.delta", ",'output_index':0,'content_index':0,'delta':'b'")
          T_EV("output_text.done", ",'output_index':0,'content_index':0,'text':'ab'") T_EV("content_part.done", ",'output_index':0,'part':{'type':'output_text','text':'x'}")
          T_EV("output_text.annotation.added", ",'output_index':0,'annotation':{}") T_EV("output_text.annotation.added", ",'output_index':0") T_END, "a" },
        { T_ITEM("0", "{'type':'computer_call','id':'c','call_id':'k'}") T_EV("function_call_arguments.delta", ",'output_index':0,'delta':'{'") T_EV("function_call_arguments.done", ",'output_index':0,'arguments':'{'")
          T_DONE("0", "{'type':'computer_call','id':'c','call_id':'k','actions':null,'action':{'type':'wait'}}") T_END, "computer({\"action\":{\"type\":\"wait\"}})" },
        { T_EV("output_item.added", "") T_EV("output_item.added", ",'item':7") T_EV("output_item.done", "") T_EV("output_item.done", ",'item':7") T_ITEM("0", "{'type':'message'}") T_ITEM("0", "{'type':'reasoning'}")
          T_EV("output_item.added", ",'item':{'type':'message'}") T_EV("output_text.delta", ",'delta':'last'") T_EV("output_item.done", ",'item':{'type':'message','content':[{'type':'output_text','text':'last'}]}")
          T_EV("output_item.done", ",'item':{'type':'message','content':[{'type':'output_text','text':'more'}]}") T_END, "last|more" },
        { T_DONE("3", "{'type':'message','content':[{'type':'output_text','text':'a'},'x',{'type':'refusal','refusal':'no'},{'type':'output_text','refusal':'odd','text':'b'}]}") T_END, "a|no|b" },
        { T_DONE("0", "{'type':'message','content':'a'}") T_DONE("1", "{'type':'reasoning','summary':7,'encrypted_content':'S'}") T_END, "~^S" },
        { T_ITEM("0", "{'type':'reasoning','id':'rs','summary':[]}") T_EV("content_part.added", ",'output_index':0,'content_index':0,'part':{'type':'output_text'}") T_EV("reasoning_text.delta", ",'output_index':0,'content_index':0,'delta':'a'")
          T_EV("reasoning_part.done", ",'output_index':0,'content_index':0") T_DONE("0", "{'type':'reasoning','id':'rs','content':[{'type':'reasoning_text','text':'a'}],'encrypted_content':'S'}") T_END, "~a^S" },
        { T_ITEM("0", "{'type':'message','id':'m','phase':'a','same':1}") T_EV("output_text.delta", ",'output_index':0,'delta':'a'") T_DONE("0", "{'type':'message','id':'m','phase':'b','same':1,'new':2,'none':null,'status':'incomplete'}") T_END, "a" },
        { T_DONE("0", "{'type':'message','status':'incomplete','content':[{'type':'output_text','text':'a','annotations':{},'logprobs':{}}]}") T_DONE("1", "{'type':'message','id':'m','status':'incomplete','content':[]}") T_END, "a" },
        { T_DONE("0", "{'type':'custom_tool_call','id':'ct','name':'c','input':7}") T_DONE("1", "{'type':'custom_tool_call','id':'cu','name':'d'}") T_DONE("2", "{'type':'custom_tool_call','id':'cv','name':'e','input':'x'}") T_END,
          "c({})|d({})|e({\"input\":\"x\"})" },
        { T_DONE("0", "{'type':'function_call','name':'f','arguments':{ 'a' : 1 }}") T_DONE("1", "{'type':'function_call','name':'g','arguments':null}") T_DONE("2", "{'type':'function_call','name':'h','arguments':7}") T_END, "f({\"a\":1})|g({})|h({})" },
        { T_DONE("0", "{'type':'shell_call','call_id':'a','environment':{},'action':{}}") T_DONE("1", "{'type':'shell_call','call_id':'b','environment':{'type':'local'},'action':{}}")
          T_DONE("2", "{'type':'shell_call','call_id':'c','environment':{'type':'container'},'action':{}}") T_END, "shell({\"action\":{}})|shell({\"action\":{}})|shell_call{\"call_id\":\"c\",\"environment\":{\"type\":\"container\"},\"action\":{},\"type\":\"shell_call\"}" },
        { T_DONE("0", "{'type':'text','text':'x'}") T_DONE("1", "{'x':1}") T_END, "text{\"type\":\"text\",\"text\":\"x\"}!content: a block is an object with a \"type\" word" },
        { T_EV("completed", ",'id':'r','output':['x',{'type':'message','content':[{'type':'output_text','text':'a'}]}]"), "a" }, { T_EV("completed", ",'response':'r'"), "" },
        { T_ITEM("0", "{'type':'message','id':'m'}") T_ITEM("1", "{'type':'message','id':'n'}") T_DONE("0", "{'type':'message','id':'m','content':[{'type':'output_text','text':'a'}]}")
          T_EV("completed", ",'response':{'id':'r','output':['x',{'type':'message','content':[{'type':'output_text','text':'b'}]}]}"), "a|b" },
        { T_ITEM("0", "{'type':'message','id':'m'}") T_EV("completed", ",'response':{'id':'r'}"), "" },
        { T_EV("completed", ",'response':{'id':'r','status':7,'usage':7,'error':{}}"), "" }, { T_EV("completed", ",'response':{'id':'r','status':'completed','error':{'message':'boom'}}"), "!boom" },
        { T_EV("failed", ",'response':{'id':'r','status':'failed'}"), "!the provider failed, and did not say why" }, { "data: {'error':{'message':'boom'}}\n\n", "!boom" }, { "data: {'type':7,'error':{'message':'boom'}}\n\n", "!boom" },
        { "event: error\ndata: {'message':'boom'}\n\n", "!boom" }, { "data: {'response':{},'error':{'message':'boom'}}\n\n" "data: {'x':1}\n\n" T_END, "" },
        { "event: response.output_text.delta\ndata: {'delta':'a'}\n\n" T_END, "a" },
    };
    ENGINE_ROWS("openai-responses", ENGINE_STREAM, rows);
}

/* Members of an item that were others when it began. */
TEST(t_responses_items_that_change) {
    static const engine_row rows[] = {
        { T_ITEM("0", "{'type':'function_call','id':'fc','call_id':'c','name':'f','arguments':'','same':1,'other':22,'longer':1}") T_DONE("0", "{'type':'function_call','id':'fc','call_id':'c','name':'f','arguments':{'a':1},'same':1,'other':23,'longer':222,'status':'in_progress'}") T_END, "f({\"a\":1})" },
        { T_DONE("0", "{'type':'function_call','name':'f','arguments':{'a':1},'status':'incomplete'}") T_DONE("1", "{'type':'odd','a':1}") T_EV("output_item.done", ",'item':{'type':'message','content':[{'type':'output_text','text':'x'}]}") T_END, "f({\"a\":1})|odd{\"a\":1,\"type\":\"odd\"}|x" },
        { T_EV("reasoning_text.delta", ",'delta':'a'") T_EV("output_item.done", ",'item':{'type':'reasoning','content':[{'type':'reasoning_text','text':'a'}]}") T_EV("reasoning_text.delta", ",'delta':'b','output_index':1") T_END, "~a|~b" },
    };
    ENGINE_ROWS("openai-responses", ENGINE_STREAM, rows);
}

/* Results of calls of every kind, as they fail. */
TEST(t_responses_results_of_calls) {
    static const struct { const char *type, *input, *result, *item; } cases[] = {
        { "shell_call", "{'action':{}}", "'is_error':true,'content':'no'", "{'type':'shell_call_output','call_id':'a','output':[{'stdout':'no','stderr':'','outcome':{'type':'exit','exit_code':1}}]}" },
        { "apply_patch_call", "{'operation':{}}", "'is_error':true,'content':'no'", "{'type':'apply_patch_call_output','call_id':'a','output':'no','status':'failed'}" },
        { "tool_search_call", "{'arguments':{}}", "'content':'[1] x'", "{'type':'tool_search_output','call_id':'a','tools':[]}" }, { "tool_search_call", "{'arguments':{}}", "'content':'[1]'", "{'type':'tool_search_output','call_id':'a','tools':[1]}" },
        { "tool_search_call", "{'arguments':{}}", "'content':[]", "{'type':'tool_search_output','call_id':'a','tools':[]}" }, { "odd_call", "{}", "'content':'r'", "{'type':'function_call_output','call_id':'a','output':'r'}" }, { "custom_tool_call", "{'x':1}", "'content':'r'", "{'type':'custom_tool_call_output','call_id':'a','output':'r'}" },
        { "function_call", "{}", "'content':'r','cache_control':{'type':'ephemeral'}", "{'type':'function_call_output','call_id':'a','output':'r'}" },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases) && !test_excused(); i++) {
        char text[900];
        llmprov_history h;
        llmprov_request req = { .model = "gpt-5.2" };
        engine_sent s;
        sprintf(text, "{'messages':[{'role':'user','content':'Go.'},{'role':'assistant','content':[{'type':'tool_use','id':'a','name':'f','input':%s,'origin':'openai-responses','item_type':'%s'}]},"
                "{'role':'user','content':[{'type':'tool_result','tool_use_id':'a',%s}]}]}", cases[i].input, cases[i].type, cases[i].result);
        h = engine_history(Q(text));
        req.history = &h;
        s = engine_send("openai-responses", &req);
        CHECK_BODY(s, "input[2]", Q(cases[i].item));
        engine_sent_free(&s);
        llmprov_history_free(&h);
    }
}

TEST(t_responses_whole_replies_of_every_server) {
    static const engine_row rows[] = {
        { "[]", "!the reply is no response: it has no \"output\"" }, { "{'status':'completed'}", "" }, { "{'status':'failed','error':'boom'}", "!boom" }, { "{'error':{'message':'boom'}}", "!boom" }, { "{'type':'error','message':'boom'}", "!boom" },
        { "{'x':1}", "!the reply is no response: it has no \"output\"" }, { "{'status':'incomplete','error':{'message':'boom'},'output':[]}", "!boom" },
        { "{'id':'r','output':[{'type':'message','content':[{'type':'output_text','text':'a'}]}],'status':'completed','incomplete_details':{'reason':'max_output_tokens'}}", "a" },
    };
    ENGINE_ROWS("openai-responses", ENGINE_WHOLE, rows);
}

/* Counts that cannot be right are taken as they are. */
TEST(t_responses_usages) {
    static const struct { const char *usage; int in, cached, out, thinking; } cases[] = {
        { "{'input_tokens':5,'output_tokens':7,'total_tokens':12,'input_tokens_details':{'cached_tokens':9},'output_tokens_details':{'reasoning_tokens':3}}", 5, 9, 7, 3 },
        { "{'input_tokens':5,'output_tokens':7,'total_tokens':15,'input_tokens_details':{'cached_tokens':2},'output_tokens_details':{'reasoning_tokens':3}}", 3, 2, 10, 3 },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        char body[600];
        engine_reply r;
        sprintf(body, "{'id':'r','status':'completed','model':'m','output':[],'usage':%s}", cases[i].usage);
        r = engine_read("openai-responses", ENGINE_WHOLE, 200, Q(body));
        CHECK_INT(r.r.usage.input_tokens, cases[i].in);
        CHECK_INT(r.r.usage.cache_read_tokens, cases[i].cached);
        CHECK_INT(r.r.usage.output_tokens, cases[i].out);
        CHECK_INT(r.r.usage.thinking_tokens, cases[i].thinking);
        engine_reply_free(&r);
    }
}

// -- what goes back --------------------------------------------------------------------------

/* Blocks of an assistant's turn, and the items that they become. */
TEST(t_responses_blocks_become_items) {
#define T_OWN ",'origin':'openai-responses'"
    static const struct { const char *extra, *blocks, *items; } cases[] = {
        { NULL, "[{'type':'text','text':'a','origin':'openai-responsesx','item_id':'msg_1'}]", "[{'role':'assistant','content':'a'}]" },
        { NULL, "[{'type':'text','text':'a','item_id':'msg_1','a_member_whose_name_is_longer_than_any_that_there_is_in_any_format_of_today':1" T_OWN "}]",
          "[{'type':'message','id':'msg_1','role':'assistant','status':'completed','a_member_whose_name_is_longer_than_any_that_there_is_in_any_format_of_today':1,'content':[{'type':'output_text','text':'a','annotations':[]}]}]" },
        { NULL, "[{'type':'text','text':'a','item_id':'x'" T_OWN "},{'type':'text','text':'no','item_id':'','origin':'openai-responses:refusal'}]",
          "[{'type':'message','role':'assistant','content':[{'type':'output_text','text':'a','annotations':[]}]},{'type':'message','role':'assistant','content':[{'type':'refusal','refusal':'no'}]}]" },
        { NULL, "[{'type':'thinking','thinking':'h','signature':''" T_OWN "},{'type':'text','text':'a','item_id':'msg_1'" T_OWN "}]", "[{'type':'message','role':'assistant','content':[{'type':'output_text','text':'a','annotations':[]}]}]" },
        { NULL, "[{'type':'thinking','thinking':'h','signature':'S','item_id':'rs_1'" T_OWN "},{'type':'thinking','thinking':'i','item_id':'rs_1','origin':'openai-responses:content'},{'type':'redacted_thinking','data':'R'" T_OWN "},{'type':'redacted_thinking','data':'Q'" T_OWN "}]",
          "[{'type':'reasoning','id':'rs_1','summary':[{'type':'summary_text','text':'h'}],'content':[{'type':'reasoning_text','text':'i'}],'encrypted_content':'S'},{'type':'reasoning','summary':[],'encrypted_content':'R'},"
          "{'type':'reasoning','summary':[],'encrypted_content':'Q'}]" },
        { "{\"store\":null,\"conversation\":\"conv\"}", "[{'type':'thinking','thinking':'h'" T_OWN "}]", "[{'type':'reasoning','summary':[{'type':'summary_text','text':'h'}]}]" },
        { "{\"background\":true}", "[{'type':'thinking','thinking':'h'" T_OWN "}]", "[{'type':'reasoning','summary':[{'type':'summary_text','text':'h'}]}]" },
        { "{\"background\":false,\"previous_response_id\":7}", "[{'type':'thinking','thinking':'h'" T_OWN "},{'type':'text','text':'a'}]", "[{'role':'assistant','content':'a'}]" },
        { "{\"previous_response_id\":\"r\"}", "[{'type':'thinking','thinking':'h','signature':'S'" T_OWN "},{'type':'text','text':'a','item_id':'msg_1'" T_OWN "},{'type':'text','text':'b'}]", "[{'role':'assistant','content':'b'}]" },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases) && !test_excused(); i++) {
        char text[1800], path[40];
        llmprov_history h;
        llmprov_request req = { .model = "gpt-5.2" };
        llmprov_json *items;
        const llmprov_json *item = NULL;
        engine_sent s;
        int n = 1;
        sprintf(text, "{'messages':[{'role':'user','content':'Go.'},{'role':'assistant','content':%s},{'role':'user','content':'So?'}]}", cases[i].blocks);
        h = engine_history(Q(text));
        req.history = &h;
        req.extra = cases[i].extra;
        s = engine_send("openai-responses", &req);
        items = llmprov_json_parse(Q(cases[i].items), strlen(cases[i].items), NULL, NULL);
        CHECK(items != NULL);
        while ((item = llmprov_json_next(items, item)) != NULL) {
            llmprov_str raw = llmprov_json_raw(item);
            engine_text one = { NULL, 0, 0 };
            engine_add(&one, raw.ptr, raw.len);
            sprintf(path, "input[%d]", n++);
            CHECK_BODY(s, path, one.ptr);
            engine_text_free(&one);
        }
        sprintf(path, "input[%d].role", n);
        CHECK_BODY(s, path, "\"user\"");
        llmprov_json_free(items);
        engine_sent_free(&s);
        llmprov_history_free(&h);
    }
}

static size_t t_responses_source(void *user, uint64_t offset, void *to, size_t size) {
    (void)user;
    size = size < 5 - (size_t)offset ? size : 5 - (size_t)offset;
    memcpy(to, &"hello"[offset], size);
    return size;
}

/* What the user says: pictures and documents from everywhere. */
TEST(t_responses_media) {
    static const struct { llmprov_block block; const char *part; const char *warned; } cases[] = {
        { { .type = LLMPROV_BLOCK_IMAGE, .data = "hi", .data_len = 2 }, "{'type':'input_image','image_url':'data:image/png;base64,aGk=','detail':'auto'}", NULL },
        { { .type = LLMPROV_BLOCK_IMAGE, .mime = "image/gif", .data_len = 5, .source = { .read = t_responses_source } }, "{'type':'input_image','image_url':'data:image/gif;base64,aGVsbG8=','detail':'auto'}", NULL },
        { { .type = LLMPROV_BLOCK_DOCUMENT, .text = "T" }, "{'type':'input_text','text':'T'}", "messages[0].content[0]" }, { { .type = LLMPROV_BLOCK_DOCUMENT, .text = "T", .name = "N" }, "{'type':'input_text','text':'N\\nT'}", "messages[0].content[0]" },
        { { .type = LLMPROV_BLOCK_DOCUMENT, .base64 = "aGk=", .origin = "openai-responses", .extra = "{\"detail\":\"low\"}" }, "{'type':'input_file','file_data':'data:application/pdf;base64,aGk=','detail':'low'}", NULL },
        { { .type = LLMPROV_BLOCK_DOCUMENT, .base64 = "aGk=", .name = "a.pdf", .origin = "openai-responses" }, "{'type':'input_file','filename':'a.pdf','file_data':'data:application/pdf;base64,aGk='}", NULL },
        { { .type = LLMPROV_BLOCK_DOCUMENT, .base64 = "aGk=" }, "{'type':'input_file','filename':'document.pdf','file_data':'data:application/pdf;base64,aGk='}", NULL },
        { { .type = LLMPROV_BLOCK_IMAGE, .file_id = "file-1", .origin = "openai-chat" }, "{'type':'input_image','file_id':'file-1','detail':'auto'}", NULL }, { { .type = LLMPROV_BLOCK_IMAGE, .file_id = "file-1", .origin = "gemini-generate" }, NULL, NULL },
        { { .type = LLMPROV_BLOCK_IMAGE, .file_id = "file-1" }, NULL, NULL }, { { .type = LLMPROV_BLOCK_DOCUMENT, .file_id = "f" }, NULL, NULL },
        { { .text = "a", .extra = "{\"cache_control\":1,\"detail\":1,\"type\":1,\"is_error\":1,\"caller\":1,\"none\":null}" }, "{'type':'input_text','text':'a'}", NULL },
        { { .text = "a", .extra = "{\"citations\":[1]}" }, "{'type':'input_text','text':'a'}", "messages[0].content[0]" },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases) && !test_excused(); i++) {
        llmprov_block blocks[2] = { cases[i].block, { .text = "x" } };
        llmprov_message m = { .blocks = blocks, .block_count = 2 };
        llmprov_request req = { .model = "gpt-4.1", .messages = &m, .message_count = 1 };
        engine_sent s = engine_send("openai-responses", &req);
        if (cases[i].part) CHECK_BODY(s, "input[0].content[0]", Q(cases[i].part));
        else CHECK_INT(s.error.code, LLMPROV_ERR_UNSUPPORTED);
        if (cases[i].warned) engine_check_warned(s.warnings, s.warning_count, i < 6 ? LLMPROV_ERR_ARGUMENT : LLMPROV_ERR_UNSUPPORTED, cases[i].warned, __FILE__, __LINE__);
        else CHECK_INT(s.warning_count, 0);
        engine_sent_free(&s);
    }
}

/* Tools of all kinds, on a row that knows less than OpenAI. */
TEST(t_responses_tools_elsewhere) {
    static const llmprov_tool tools[] = {
        { .name = "f", .description = "", .strict = LLMPROV_YES }, { .type = "custom", .name = "c", .description = "C.", .extra = "{\"custom\":7}" }, { .type = "custom", .extra = "{\"custom\":{\"format\":{\"type\":\"text\"}}}" },
        { .type = "code_execution_20250522", .name = "code_execution" }, { .type = "web_search_20250305", .name = "web_search", .extra = "{\"user_location\":{\"type\":\"approximate\"},\"allowed_domains\":7}" },
        { .type = "thing", .name = "t", .description = "T.", .extra = "{\"type\":\"x\",\"a\":1}" }, { .type = "thing", .description = "" }, { .type = "thing_2025010x" }, { .type = "thing_202501/1" },
    };
    llmprov_alloc alloc = test_alloc();
    llmprov_registry *reg = llmprov_registry_new(&alloc);
    llmprov_provider row = { .id = "less", .format = "openai-responses", .base_url = "https://api.test/v1", .auth_optional = true,
        .quirks = { .flags = LLMPROV_QUIRK_NO_STRICT | LLMPROV_QUIRK_NO_PARALLEL | LLMPROV_QUIRK_NO_JSON_SCHEMA, .max_tokens_key = "max_completion_tokens" } };
    llmprov_desc desc = { .provider = "less", .registry = reg };
    char id[140];
    llmprov_request req = { .model = "m", .prompt = "Hi", .tools = tools, .tool_count = 9, .tool_choice = LLMPROV_TOOL_NAMED, .tool_name = "code_execution", .parallel_tools = LLMPROV_NO, .max_tokens = LLMPROV_INT(20),
                            .schema = "{\"type\":\"object\"}", .user_id = id };
    engine_sent s;
    memset(id, 'u', 127);
    strcpy(id + 127, "\xC3\xA9" "tail");
    if (reg) llmprov_register(reg, &row, 0);
    s = engine_send_with("openai-responses", &desc, &req, __FILE__, __LINE__);
    CHECK_BODY(s, "tools[0]", Q("{'type':'function','name':'f','parameters':{'type':'object','properties':{}}}"));
    CHECK_BODY(s, "tools[1]", Q("{'type':'custom','name':'c','description':'C.','custom':7}"));
    CHECK_BODY(s, "tools[2]", Q("{'type':'custom','format':{'type':'text'}}"));
    CHECK_BODY(s, "tools[3]", Q("{'type':'code_interpreter','container':{'type':'auto'}}"));
    CHECK_BODY(s, "tools[4]", Q("{'type':'web_search','user_location':{'type':'approximate'}}"));
    CHECK_BODY(s, "tools[5]", Q("{'type':'thing','name':'t','description':'T.','a':1}"));
    CHECK_BODY(s, "tools[6]", Q("{'type':'thing'}"));
    CHECK_BODY(s, "tools[7]", Q("{'type':'thing_2025010x'}"));
    CHECK_BODY(s, "tools[8]", Q("{'type':'thing_202501/1'}"));
    CHECK_BODY(s, "tool_choice", Q("{'type':'function','name':'code_execution'}"));
    CHECK_BODY(s, "parallel_tool_calls", NULL);
    CHECK_BODY(s, "max_completion_tokens", "20");
    CHECK_BODY(s, "text", Q("{'format':{'type':'json_object'}}"));
    CHECK_STR(llmprov_json_str(llmprov_json_path(s.body, "safety_identifier"), NULL), (id[127] = 0, id));
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "tools[0]");
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "parallel_tools");
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "schema");
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "user_id");
    engine_sent_free(&s);
    llmprov_registry_free(reg);
}

/* A call of the computer that was never answered, and members of a tool that another format minted. */
TEST(t_responses_what_others_left) {
    llmprov_history h = engine_history(Q("{'messages':[{'role':'user','content':'Go.'},{'role':'assistant','content':[{'type':'tool_use','id':'a','name':'computer','input':{'actions':[]},'origin':'openai-responses','item_type':'computer_call'}]},{'role':'user','content':'So?'}]}"));
    llmprov_tool tool = { .name = "f", .extra = "{\"odd\":1,\"more\":2}" };
    llmprov_request req = { .model = "gpt-5.4", .history = &h, .tools = &tool, .tool_count = 1, .origin = "anthropic-messages" };
    engine_sent s = engine_send("openai-responses", &req);
    CHECK_BODY(s, "input[2].type", "\"computer_call_output\"");
    CHECK(test_excused() || !strncmp(llmprov_json_str(llmprov_json_path(s.body, "input[2].output.image_url"), ""), "data:image/png;base64,", 22));
    CHECK_BODY(s, "tools[0].odd", NULL);
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "tools[0]");
    engine_sent_free(&s);
    llmprov_history_free(&h);
}
