/* What the systems that this library comes from got wrong, one test each: that we do not. */
#include "engine.h"

TEST(origin_every_text_of_a_tool_result_survives) {
    llmprov_history h = engine_history(Q("[{'role':'user','content':'Hi'},{'role':'assistant','content':[{'type':'tool_use','id':'a','name':'f','input':{}}]},"
        "{'role':'user','content':[{'type':'tool_result','tool_use_id':'a','content':[{'type':'text','text':'one'},{'type':'text','text':'two'},{'type':'text','text':'three'}]}]}]"));
    llmprov_request req = { .model = "m", .history = &h, .max_tokens = LLMPROV_INT(9) };
    engine_sent s = engine_send("custom", &req);
    CHECK_BODY(s, "messages[2].content", "\"one\\ntwo\\nthree\"");
    CHECK_INT(s.warning_count, 0);
    engine_sent_free(&s);
    llmprov_history_free(&h);
}

TEST(origin_content_filter_is_a_refusal) {
    engine_reply r = engine_read("openai-chat", ENGINE_WHOLE, 200, Q(CHAT_WHOLE("{'role':'assistant','content':'I '}", "content_filter")));
    CHECK_INT(r.r.stop, LLMPROV_STOP_REFUSAL);
    CHECK_STR(r.r.stop_word, "content_filter");
    engine_reply_free(&r);
}

static const char origins_usage[] = "{'prompt_tokens':50,'completion_tokens':100,'total_tokens':150,'prompt_tokens_details':{'cached_tokens':30},"
                                    "'completion_tokens_details':{'reasoning_tokens':40}}";

TEST(origin_reasoning_tokens_count_once) {
    char body[2000];
    engine_reply r;
    sprintf(body, "%s%s%s%s", CHAT("{'content':'x'}"), CHAT_END("stop"), "data: {'id':'c1','choices':[],'usage':", origins_usage);
    strcat(body, "}\n\n" CHAT_DONE);
    r = engine_read("openai-chat", ENGINE_STREAM, 200, Q(body));
    CHECK_INT(r.r.usage.output_tokens, 100);
    CHECK_INT(r.r.usage.thinking_tokens, 40);
    engine_reply_free(&r);
}

/* Cached tokens are read from the cache, not written to it; and a stream tells about its prompt too. */
TEST(origin_cached_tokens_are_reads_and_a_stream_has_prompt_tokens) {
    char body[2000];
    engine_reply r;
    sprintf(body, "%s%s%s%s", CHAT("{'content':'x'}"), CHAT_END("stop"), "data: {'id':'c1','choices':[],'usage':", origins_usage);
    strcat(body, "}\n\n" CHAT_DONE);
    r = engine_read("openai-chat", ENGINE_STREAM, 200, Q(body));
    CHECK_INT(r.r.usage.cache_read_tokens, 30);
    CHECK_INT(r.r.usage.cache_write_5m_tokens + r.r.usage.cache_write_1h_tokens, 0);
    CHECK_INT(r.r.usage.input_tokens, 20);
    engine_reply_free(&r);
}

TEST(origin_an_unknown_finish_reason_is_no_success) {
    engine_reply a = engine_read("openai-chat", ENGINE_WHOLE, 200, Q(CHAT_WHOLE("{'role':'assistant','content':'x'}", "tired")));
    engine_reply b = engine_read("anthropic-messages", ENGINE_WHOLE, 200, Q(MSG_WHOLE("[]", "tired")));
    CHECK_INT(a.r.stop, LLMPROV_STOP_OTHER);
    CHECK_STR(a.r.stop_word, "tired");
    CHECK_INT(b.r.stop, LLMPROV_STOP_OTHER);
    engine_reply_free(&a);
    engine_reply_free(&b);
}

/* Arguments belong to the block of their index, also when texts came before it and between. */
TEST(origin_the_index_of_a_block_is_not_that_of_a_tool) {
    engine_reply r = engine_read("anthropic-messages", ENGINE_STREAM, 200, Q(MSG_START MSG_TEXT("0", "first")
        MSG_BLOCK("1", "{'type':'tool_use','id':'a','name':'f','input':{}}") MSG_DELTA("1", "{'type':'input_json_delta','partial_json':'{\\'x\\':1}'}") MSG_STOP("1") MSG_TEXT("2", "second")
        MSG_BLOCK("3", "{'type':'tool_use','id':'b','name':'g','input':{}}") MSG_DELTA("3", "{'type':'input_json_delta','partial_json':'{\\'y\\':2}'}") MSG_STOP("3") MSG_END("tool_use")));
    CHECK_STR(engine_call(r, 0)->json, "{\"x\":1}");
    CHECK_STR(engine_call(r, 1)->json, "{\"y\":2}");
    CHECK_STR(engine_call(r, 1)->name, "g");
    engine_reply_free(&r);
}

TEST(origin_pieces_without_an_id_belong_to_their_call) {
    engine_reply r = engine_read("openai-chat", ENGINE_STREAM, 200, Q(CHAT("{'tool_calls':[{'index':0,'id':'a','type':'function','function':{'name':'f','arguments':''}}]}")
        CHAT("{'tool_calls':[{'index':0,'function':{'arguments':'{\\'x\\''}}]}") CHAT("{'tool_calls':[{'index':0,'function':{'arguments':':1}'}}]}") CHAT_END("tool_calls") CHAT_DONE));
    CHECK_INT(engine_count(&r.r.message, LLMPROV_BLOCK_TOOL_USE), 1);
    CHECK_STR(engine_call(r, 0)->json, "{\"x\":1}");
    engine_reply_free(&r);
}

/* Arguments that do not parse are kept, with their id, and in the same way whole and streamed. */
TEST(origin_unreadable_arguments_are_kept) {
    engine_reply a = engine_read("openai-chat", ENGINE_WHOLE, 200, Q(CHAT_WHOLE("{'tool_calls':[{'id':'a','type':'function','function':{'name':'f','arguments':'{oops'}}]}", "tool_calls")));
    engine_reply b = engine_read("openai-chat", ENGINE_STREAM, 200, Q(CHAT("{'tool_calls':[{'index':0,'id':'a','type':'function','function':{'name':'f','arguments':'{oops'}}]}")
                                 CHAT_END("tool_calls") CHAT_DONE));
    CHECK(engine_call(a, 0)->invalid && engine_call(b, 0)->invalid);
    CHECK_STR(engine_call(a, 0)->id, "a");
    CHECK_STR(engine_call(a, 0)->json, "{\"rawInvalidInput\":\"{oops\"}");
    CHECK_STR(engine_call(b, 0)->json, engine_call(a, 0)->json);
    engine_reply_free(&a);
    engine_reply_free(&b);
}

TEST(origin_results_of_one_turn_are_one_message) {
    llmprov_history h = engine_history(Q("[{'role':'user','content':'Hi'},{'role':'assistant','content':[{'type':'tool_use','id':'a','name':'f','input':{}},{'type':'tool_use','id':'b','name':'f','input':{}}]},"
        "{'role':'user','content':[{'type':'tool_result','tool_use_id':'a','content':'1'}]},{'role':'user','content':[{'type':'tool_result','tool_use_id':'b','content':'2'}]}]"));
    llmprov_request req = { .model = "m", .history = &h, .max_tokens = LLMPROV_INT(9) };
    engine_sent s = engine_send("anthropic", &req);
    CHECK_INT(llmprov_json_count(llmprov_json_path(s.body, "messages")), 3);
    CHECK_BODY(s, "messages[2].content[0].tool_use_id", "\"a\"");
    CHECK_BODY(s, "messages[2].content[1].tool_use_id", "\"b\"");
    engine_sent_free(&s);
    llmprov_history_free(&h);
}

TEST(origin_every_system_message_counts) {
    llmprov_history h = engine_history(Q("[{'role':'system','content':'One.'},{'role':'system','content':'Two.'},{'role':'user','content':'Hi'}]"));
    llmprov_request req = { .model = "m", .history = &h, .system = "Zero.", .max_tokens = LLMPROV_INT(9) };
    engine_sent a = engine_send("anthropic", &req), b = engine_send("custom", &req);
    CHECK(!a.text || (strstr(a.text, "Zero.") && strstr(a.text, "One.") && strstr(a.text, "Two.")));
    CHECK(!b.text || (strstr(b.text, "Zero.") && strstr(b.text, "One.") && strstr(b.text, "Two.")));
    engine_sent_free(&a);
    engine_sent_free(&b);
    llmprov_history_free(&h);
}

/* A provider that was taken out is gone, whatever a client of it was opened with; other providers' clients stay. */
TEST_NO_OOM(origin_unregister_takes_the_provider_out) {
    llmprov_registry *reg = llmprov_registry_new(NULL);
    llmprov_provider row = { .id = "mine", .format = "openai-chat", .base_url = "http://localhost:1", .auth_optional = true };
    llmprov_desc d = { .provider = "mine", .registry = reg }, other = { .provider = "custom", .base_url = "http://localhost:2", .registry = reg };
    llmprov_client *kept;
    CHECK_INT(llmprov_register(reg, &row, 0), LLMPROV_OK);
    CHECK_INT(llmprov_client_error(llmprov_client_for(reg, &d))->code, LLMPROV_OK);
    kept = llmprov_client_for(reg, &other);
    CHECK(llmprov_unregister(reg, "mine"));
    CHECK(!llmprov_provider_find(reg, "mine"));
    CHECK_INT(llmprov_client_error(llmprov_client_for(reg, &d))->code, LLMPROV_ERR_NO_PROVIDER);
    CHECK(llmprov_client_for(reg, &other) == kept);
    llmprov_registry_free(reg);
}

/* A client that is handed out again is one that was opened with the same settings, all of them. */
TEST_NO_OOM(origin_a_cached_client_has_the_settings_that_were_asked_for) {
    llmprov_registry *reg = llmprov_registry_new(NULL);
    llmprov_desc a = { .provider = "custom", .base_url = "http://localhost:1", .registry = reg }, b = a;
    b.max_retries = 7;
    CHECK(llmprov_client_for(reg, &a) != llmprov_client_for(reg, &b));
    CHECK(llmprov_client_for(reg, &a) == llmprov_client_for(reg, &a));
    llmprov_registry_free(reg);
}

/* Calls share nothing but the registry, which nobody writes to: two that run in turns are as two that run alone. */
TEST(origin_calls_that_run_at_once_do_not_meet) {
    const char *one = Q(CHAT("{'content':'one '}") CHAT("{'content':'and on'}") CHAT_END("stop") CHAT_DONE), *two = Q(MSG_START MSG_TEXT("0", "two") MSG_END("end_turn"));
    llmprov_client *a = engine_open("openai-chat", NULL), *b = engine_open("anthropic-messages", NULL);
    llmprov_request req = { .model = "m", .prompt = "x", .max_tokens = LLMPROV_INT(9), .stream = LLMPROV_STREAM_ON };
    llmprov_call *x = llmprov_call_chat(a, &req), *y = llmprov_call_chat(b, &req);
    llmprov_response r, s;
    size_t i, n = strlen(one), m = strlen(two);
    llmprov_call_mute(x);
    llmprov_call_mute(y);
    llmprov_call_head(x, 200, NULL, 0);
    llmprov_call_head(y, 200, NULL, 0);
    for (i = 0; i < (n > m ? n : m); i++) {
        if (i < n) llmprov_call_feed(x, one + i, 1);
        if (i < m) llmprov_call_feed(y, two + i, 1);
    }
    llmprov_call_eof(x);
    llmprov_call_eof(y);
    llmprov_call_take(x, &r);
    llmprov_call_take(y, &s);
    CHECK_STR(r.text, "one and on");
    CHECK_STR(s.text, "two");
    llmprov_response_free(&r);
    llmprov_response_free(&s);
    llmprov_call_free(x);
    llmprov_call_free(y);
    llmprov_close(a);
    llmprov_close(b);
}
