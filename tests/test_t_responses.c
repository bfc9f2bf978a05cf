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
