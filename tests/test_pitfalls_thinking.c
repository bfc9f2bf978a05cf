/* Known pitfalls of translation: thinking, its signatures, and how hard a model is asked to think. What each model takes
   is what the providers' own pages say, which is newer than the pitfalls' own tables. */
#include "engine.h"

static engine_sent pitfalls_think(const char *provider, const char *model, const char *history, const char *file, int line) {
    llmprov_history h = engine_history(Q(history));
    llmprov_request req = { .model = model, .history = &h, .max_tokens = LLMPROV_INT(99) };
    engine_sent s = engine_send_with(provider, NULL, &req, file, line);
    llmprov_history_free(&h);
    return s;
}
#define THINK(provider, model, history) pitfalls_think((provider), (model), (history), __FILE__, __LINE__)

// -- what goes back ------------------------------------------------------------------------

#define PITFALLS_CALL "{'type':'tool_use','id':'a','name':'f','input':{}}"
#define PITFALLS_RESULT "{'role':'user','content':[{'type':'tool_result','tool_use_id':'a','content':'1'}]}"

TEST(pitfall_072_thinking_goes_back_byte_for_byte) {
    engine_reply r = engine_read("anthropic-messages", ENGINE_STREAM, 200, Q(MSG_START MSG_BLOCK("0", "{'type':'thinking','thinking':'','signature':''}")
        MSG_DELTA("0", "{'type':'thinking_delta','thinking':'First \\u00e9\\n'}") MSG_DELTA("0", "{'type':'thinking_delta','thinking':' then.  '}") MSG_DELTA("0", "{'type':'signature_delta','signature':'Sig+/=='}") MSG_STOP("0")
        MSG_BLOCK("1", PITFALLS_CALL) MSG_STOP("1") MSG_END("tool_use")));
    llmprov_history h = { .alloc = test_alloc() };
    llmprov_request req = { .model = "claude-sonnet-4-6", .history = &h, .max_tokens = LLMPROV_INT(99) };
    engine_sent s;
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "Hi");
    llmprov_add_message(&h, &r.r.message);
    llmprov_add_tool_result(&h, "a", "1", false);
    s = engine_send("anthropic", &req);
    CHECK_BODY(s, "messages[1].content[0]", "{\"type\":\"thinking\",\"thinking\":\"First \xc3\xa9\\n then.  \",\"signature\":\"Sig+/==\"}");
    CHECK_BODY(s, "messages[1].content[1].type", "\"tool_use\"");
    CHECK_INT(s.warning_count, 0);
    engine_sent_free(&s);
    llmprov_history_free(&h);
    engine_reply_free(&r);
}

TEST(pitfall_073_thinking_without_a_signature) {
    engine_sent a = THINK("anthropic", "claude-sonnet-4-6", "[{'role':'user','content':'Hi'},{'role':'assistant','content':[{'type':'thinking','thinking':'hm','signature':''}," PITFALLS_CALL "]}," PITFALLS_RESULT "]");
    engine_sent b = THINK("anthropic", "claude-sonnet-4-6", "[{'role':'user','content':'Hi'},{'role':'assistant','content':[{'type':'thinking','thinking':'hm'},{'type':'text','text':'Yes'}]},{'role':'user','content':'And?'}]");
    CHECK_BODY(a, "messages[1].content", Q("[" PITFALLS_CALL "]"));
    CHECK_WARNED(a, LLMPROV_ERR_UNSUPPORTED, "messages[1].content[0]");
    CHECK(b.text && !strstr(b.text, "thinking"));
    CHECK_WARNED(b, LLMPROV_ERR_UNSUPPORTED, "messages[1].content[0]");
    engine_sent_free(&a);
    engine_sent_free(&b);
}

TEST(pitfall_074_redacted_thinking_is_kept_and_returned) {
    engine_reply r = engine_read("anthropic-messages", ENGINE_STREAM, 200, Q(MSG_START MSG_BLOCK("0", "{'type':'redacted_thinking','data':'EmwKAhgB+/=='}") MSG_STOP("0") MSG_TEXT("1", "Yes.") MSG_END("end_turn")));
    llmprov_history h = { .alloc = test_alloc() };
    llmprov_request req = { .model = "claude-sonnet-4-6", .history = &h, .max_tokens = LLMPROV_INT(99) };
    engine_sent s, other;
    CHECK_STR(engine_block(&r.r.message, LLMPROV_BLOCK_REDACTED, 0)->text, "EmwKAhgB+/==");
    CHECK_STR(r.r.text, "Yes.");
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "Hi");
    llmprov_add_message(&h, &r.r.message);
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "And?");
    s = engine_send("anthropic", &req);
    other = engine_send("custom", &req);
    CHECK_BODY(s, "messages[1].content[0]", Q("{'type':'redacted_thinking','data':'EmwKAhgB+/=='}"));
    CHECK(other.text && !strstr(other.text, "EmwKAhgB"));
    CHECK_WARNED(other, LLMPROV_ERR_UNSUPPORTED, "messages[1].content[0]");
    engine_sent_free(&s);
    engine_sent_free(&other);
    llmprov_history_free(&h);
    engine_reply_free(&r);
}

TEST(pitfall_075_thinking_of_another_provider) {
    engine_reply r = engine_read("openai-chat", ENGINE_WHOLE, 200, Q(CHAT_WHOLE("{'reasoning_content':'secret thoughts','content':'Yes.'}", "stop")));
    llmprov_history h = { .alloc = test_alloc() }, again = { .alloc = test_alloc() };
    llmprov_request req = { .model = "claude-sonnet-4-6", .history = &h, .max_tokens = LLMPROV_INT(99) };
    llmprov_text saved;
    engine_sent a, b, c;
    CHECK(engine_block(&r.r.message, LLMPROV_BLOCK_THINKING, 0)->origin && !strncmp(engine_block(&r.r.message, LLMPROV_BLOCK_THINKING, 0)->origin, "openai-chat", 11));
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "Hi");
    llmprov_add_message(&h, &r.r.message);
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "And?");
    a = engine_send("anthropic", &req);
    CHECK(a.text && !strstr(a.text, "secret") && strstr(a.text, "Yes."));
    CHECK_WARNED(a, LLMPROV_ERR_UNSUPPORTED, "messages[1].content[0]");
    if (!llmprov_history_save(&h, &saved)) {                  /* the tag outlives a file */
        llmprov_history_load(&again, saved.ptr, saved.len, NULL);
        llmprov_text_free(&saved);
    }
    req.history = &again;
    b = engine_send("anthropic", &req);
    CHECK(b.text && !strstr(b.text, "secret"));
    llmprov_history_free(&h);
    h = engine_history(Q("[{'role':'user','content':'Hi'},{'role':'assistant','content':[{'type':'thinking','thinking':'secret','signature':'abc'},{'type':'text','text':'Yes.'}]},{'role':'user','content':'And?'}]"));
    req.history = &h;
    c = engine_send("deepseek", &req);
    CHECK(c.text && !strstr(c.text, "secret") && !strstr(c.text, "abc"));
    CHECK_WARNED(c, LLMPROV_ERR_UNSUPPORTED, "messages[1].content[0]");
    engine_sent_free(&a);
    engine_sent_free(&b);
    engine_sent_free(&c);
    llmprov_history_free(&h);
    llmprov_history_free(&again);
    engine_reply_free(&r);
}

TEST(pitfall_076_a_signature_alone) {
    engine_reply r = engine_read("anthropic-messages", ENGINE_STREAM, 200, Q(MSG_START MSG_BLOCK("0", "{'type':'thinking','thinking':'','signature':''}")
        MSG_DELTA("0", "{'type':'signature_delta','signature':'only'}") MSG_STOP("0") MSG_TEXT("1", "Yes.") MSG_END("end_turn")));
    CHECK_INT(r.r.message.block_count, 2);
    CHECK_STR(engine_block(&r.r.message, LLMPROV_BLOCK_THINKING, 0)->signature, "only");
    CHECK_STR(engine_block(&r.r.message, LLMPROV_BLOCK_THINKING, 0)->text, "");
    engine_reply_free(&r);
}

/* Gemini behind the OpenAI-compatible door: its signature travels on the call, there and back. */
TEST(pitfall_081_thought_signature_in_extra_content) {
    engine_reply r = engine_read("openai-chat", ENGINE_STREAM, 200, Q(CHAT("{'tool_calls':[{'index':0,'id':'a','type':'function','function':{'name':'f','arguments':'{}'},"
        "'extra_content':{'google':{'thought_signature':'CjQB=='}}}]}") CHAT_END("tool_calls") CHAT_DONE));
    llmprov_history h = { .alloc = test_alloc() };
    llmprov_request req = { .model = "m", .history = &h, .max_tokens = LLMPROV_INT(99) };
    engine_sent a, b;
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "Hi");
    llmprov_add_message(&h, &r.r.message);
    llmprov_add_tool_result(&h, "a", "1", false);
    a = engine_send("custom", &req);
    b = engine_send("anthropic", &req);
    CHECK_BODY(a, "messages[1].tool_calls[0].extra_content", Q("{'google':{'thought_signature':'CjQB=='}}"));
    CHECK(b.text && !strstr(b.text, "thought_signature"));
    engine_sent_free(&a);
    engine_sent_free(&b);
    llmprov_history_free(&h);
    engine_reply_free(&r);
}

#define PITFALLS_DEEP "[{'role':'user','content':'Hi'},{'role':'assistant','content':[{'type':'thinking','thinking':'hm','signature':'','origin':'openai-chat:reasoning_content'}," PITFALLS_CALL "]}," PITFALLS_RESULT "]"

TEST(pitfall_083_deepseek_wants_its_thinking_back_or_not) {
    engine_sent r1 = THINK("deepseek", "deepseek-reasoner", PITFALLS_DEEP), v4 = THINK("deepseek", "deepseek-v4-flash", PITFALLS_DEEP);
    engine_sent none = THINK("deepseek", "deepseek-v4-flash", "[{'role':'user','content':'Hi'},{'role':'assistant','content':[" PITFALLS_CALL "]}," PITFALLS_RESULT "]");
    CHECK(r1.text && !strstr(r1.text, "reasoning_content"));
    CHECK_WARNED(r1, LLMPROV_ERR_UNSUPPORTED, "messages[1].content[0]");
    CHECK_BODY(v4, "messages[1].reasoning_content", "\"hm\"");
    CHECK_INT(v4.warning_count, 0);
    CHECK_BODY(none, "messages[1].reasoning_content", "\"\"");   /* on every assistant message of a tool conversation */
    engine_sent_free(&r1);
    engine_sent_free(&v4);
    engine_sent_free(&none);
}

TEST(pitfall_084_thinking_goes_back_in_the_field_it_came_from) {
    static const char *const fields[] = { "reasoning", "reasoning_content" };
    size_t i;
    for (i = 0; i < 2; i++) {
        engine_text t = { NULL, 0, 0 };
        llmprov_history h = { .alloc = test_alloc() };
        llmprov_request req = { .model = "m", .history = &h };
        engine_reply r;
        engine_sent s;
        char path[60];
        engine_adds(&t, "{'choices':[{'index':0,'message':{'content':'Yes.','");
        engine_adds(&t, fields[i]);
        engine_adds(&t, "':'hm'},'finish_reason':'stop'}]}");
        r = engine_read("openai-chat", ENGINE_WHOLE, 200, Q(t.ptr));
        llmprov_add_text(&h, LLMPROV_ROLE_USER, "Hi");
        llmprov_add_message(&h, &r.r.message);
        llmprov_add_text(&h, LLMPROV_ROLE_USER, "And?");
        s = engine_send("vllm", &req);
        sprintf(path, "messages[1].%s", fields[i]);
        CHECK_BODY(s, path, "\"hm\"");
        sprintf(path, "messages[1].%s", fields[!i]);
        CHECK_BODY(s, path, NULL);
        engine_sent_free(&s);
        llmprov_history_free(&h);
        engine_reply_free(&r);
        engine_text_free(&t);
    }
}

TEST(pitfall_084_reasoning_details_go_back_unchanged) {
    static const char details[] = "[{'type':'reasoning.text','text':'hm','signature':'s','format':'anthropic-claude-v1','index':0},{'type':'reasoning.encrypted','data':'x=','id':'r1','index':1}]";
    engine_reply r = engine_read("openai-chat", ENGINE_WHOLE, 200, Q(CHAT_WHOLE("{'content':'Yes.','reasoning':'hm','reasoning_details':[{'type':'reasoning.text','text':'hm','signature':'s','format':'anthropic-claude-v1','index':0},"
        "{'type':'reasoning.encrypted','data':'x=','id':'r1','index':1}]}", "stop")));
    llmprov_history h = { .alloc = test_alloc() };
    llmprov_request req = { .model = "anthropic/claude-sonnet-4.6", .history = &h };
    engine_sent s;
    CHECK_STR(engine_block(&r.r.message, LLMPROV_BLOCK_THINKING, 0)->text, "hm");      /* once, though two members have it */
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "Hi");
    llmprov_add_message(&h, &r.r.message);
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "And?");
    s = engine_send("openrouter", &req);
    CHECK_BODY(s, "messages[1].reasoning_details", Q(details));
    engine_sent_free(&s);
    llmprov_history_free(&h);
    engine_reply_free(&r);
}

TEST(pitfall_085_mistrals_thinking_is_a_part) {
    engine_reply r = engine_read("openai-chat", ENGINE_WHOLE, 200, Q(CHAT_WHOLE("{'role':'assistant','content':[{'type':'thinking','thinking':[{'type':'text','text':'hm'}],'closed':true},{'type':'text','text':'Yes.'}]}", "stop")));
    engine_reply stream = engine_read("openai-chat", ENGINE_STREAM, 200, Q(CHAT("{'content':[{'type':'thinking','thinking':[{'type':'text','text':'h'}]}]}")
        CHAT("{'content':[{'type':'thinking','thinking':[{'type':'text','text':'m'}]}]}") CHAT("{'content':'Yes.'}") CHAT_END("stop") CHAT_DONE));
    llmprov_history h = { .alloc = test_alloc() };
    llmprov_request req = { .model = "magistral-medium-latest", .history = &h };
    engine_sent s;
    CHECK_STR(engine_block(&r.r.message, LLMPROV_BLOCK_THINKING, 0)->text, "hm");
    CHECK_STR(r.r.text, "Yes.");
    CHECK_STR(engine_block(&stream.r.message, LLMPROV_BLOCK_THINKING, 0)->text, "hm");
    CHECK_STR(stream.r.text, "Yes.");
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "Hi");
    llmprov_add_message(&h, &r.r.message);
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "And?");
    s = engine_send("mistral", &req);
    CHECK_BODY(s, "messages[1].content[0].type", "\"thinking\"");
    CHECK_BODY(s, "messages[1].content[0].thinking", Q("[{'type':'text','text':'hm'}]"));
    CHECK_BODY(s, "messages[1].content[1]", Q("{'type':'text','text':'Yes.'}"));
    CHECK_BODY(s, "messages[2].content", "\"And?\"");
    engine_sent_free(&s);
    llmprov_history_free(&h);
    engine_reply_free(&r);
    engine_reply_free(&stream);
}

// -- <think> -------------------------------------------------------------------------------

/* A client on a row of openai-chat with these quirks. */
static engine_reply pitfalls_tags(unsigned quirks, const char *model, int stream, const char *body, const char *file, int line) {
    llmprov_provider row = { .id = "tags", .format = "openai-chat", .base_url = "https://tags.test/v1", .auth_optional = true };
    llmprov_alloc alloc = test_alloc();
    llmprov_registry *reg = llmprov_registry_new(&alloc);
    llmprov_desc desc = { .provider = "tags", .registry = reg };
    llmprov_request req = { .model = model, .prompt = "Hi" };
    engine_wire w = engine_wire_of(stream, 200, body, strlen(body));
    engine_reply r;
    row.quirks.flags = quirks;
    llmprov_register(reg, &row, 0);
    r = engine_read_wire(engine_open("tags", &desc), &req, stream, &w, file, line);
    llmprov_close(r.client);
    r.client = NULL;
    llmprov_registry_free(reg);
    return r;
}
#define TAGS(stream, body) pitfalls_tags(LLMPROV_QUIRK_THINK_TAGS, "m", (stream), Q(body), __FILE__, __LINE__)

/* Where a server is known for it. Elsewhere the text stays as the recordings have it (huggingface.chat.5b1ea046ab): a raw
   recording stands over the pitfall. */
TEST(pitfall_086_thinking_in_tags) {
    engine_reply a = TAGS(ENGINE_STREAM, CHAT("{'content':'<th'}") CHAT("{'content':'ink>\\nhm'}") CHAT("{'content':', so </'}") CHAT("{'content':'thin'}") CHAT("{'content':'k>\\n\\nYes <think> no'}") CHAT_END("stop") CHAT_DONE);
    engine_reply b = TAGS(ENGINE_WHOLE, CHAT_WHOLE("{'content':'<think>hm</think>Yes.'}", "stop"));
    engine_reply open = TAGS(ENGINE_STREAM, CHAT("{'content':'<think>never'}") CHAT("{'content':' closed </thi'}") CHAT_END("stop") CHAT_DONE);
    engine_reply none = TAGS(ENGINE_STREAM, CHAT("{'content':'<thi'}") CHAT("{'content':'s> is text'}") CHAT_END("stop") CHAT_DONE);
    engine_reply cut = TAGS(ENGINE_STREAM, CHAT("{'content':'Yes <'}") CHAT_END("stop") CHAT_DONE);
    engine_reply plain = engine_read("openai-chat", ENGINE_WHOLE, 200, Q(CHAT_WHOLE("{'content':'<think>hm</think>Yes.'}", "stop")));
    CHECK(strstr(engine_block(&a.r.message, LLMPROV_BLOCK_THINKING, 0)->text ? engine_block(&a.r.message, LLMPROV_BLOCK_THINKING, 0)->text : "", "hm, so ") != NULL);
    CHECK(strstr(a.r.text, "Yes <think> no") != NULL && !strstr(a.r.text, "hm"));
    CHECK_STR(engine_block(&b.r.message, LLMPROV_BLOCK_THINKING, 0)->text, "hm");
    CHECK_STR(b.r.text, "Yes.");
    CHECK(strstr(open.told.ptr, "never closed </thi") != NULL);          /* everything is kept */
    CHECK_STR(none.r.text, "<this> is text");
    CHECK_INT(engine_count(&none.r.message, LLMPROV_BLOCK_THINKING), 0);
    CHECK_STR(cut.r.text, "Yes <");
    CHECK_STR(plain.r.text, "<think>hm</think>Yes.");
    engine_reply_free(&a);
    engine_reply_free(&b);
    engine_reply_free(&open);
    engine_reply_free(&none);
    engine_reply_free(&cut);
    engine_reply_free(&plain);
}

TEST(pitfall_087_white_space_before_the_first_text) {
    engine_reply a = pitfalls_tags(0, "deepseek-r1", ENGINE_STREAM, Q(CHAT("{'content':'\\n'}") CHAT("{'content':'\\n  Yes, '}") CHAT("{'content':' no'}") CHAT_END("stop") CHAT_DONE), __FILE__, __LINE__);
    engine_reply b = pitfalls_tags(0, "gpt-4.1", ENGINE_STREAM, Q(CHAT("{'content':'\\n'}") CHAT("{'content':'\\n  Yes, '}") CHAT("{'content':' no'}") CHAT_END("stop") CHAT_DONE), __FILE__, __LINE__);
    CHECK_STR(a.r.text, "Yes,  no");
    CHECK_STR(b.r.text, "\n\n  Yes,  no");
    engine_reply_free(&a);
    engine_reply_free(&b);
}

// -- how hard ------------------------------------------------------------------------------

static engine_sent pitfalls_effort(const char *provider, const char *model, llmprov_thinking thinking, llmprov_effort effort, int budget, const char *file, int line) {
    llmprov_request req = { .model = model, .prompt = "Hi", .max_tokens = LLMPROV_INT(20000), .thinking = thinking, .effort = effort };
    req.thinking_tokens.value = budget;
    req.thinking_tokens.set = budget > 0;
    return engine_send_with(provider, NULL, &req, file, line);
}
#define EFFORT(provider, model, thinking, effort, budget) pitfalls_effort((provider), (model), (thinking), (effort), (budget), __FILE__, __LINE__)

/* Between tools only, such a model takes no effort above "high". */
TEST(thinking_between_tools) {
    engine_sent a = EFFORT("anthropic", "claude-sonnet-5-5", LLMPROV_THINKING_BETWEEN_TOOLS, LLMPROV_EFFORT_MAX, 0);
    engine_sent b = EFFORT("anthropic", "claude-sonnet-5-5", LLMPROV_THINKING_BETWEEN_TOOLS, LLMPROV_EFFORT_LOW, 0);
    engine_sent c = EFFORT("anthropic", "claude-opus-4-8", LLMPROV_THINKING_BETWEEN_TOOLS, 0, 0);
    CHECK_BODY(a, "thinking", Q("{'type':'between_tools'}"));
    CHECK_BODY(a, "output_config.effort", "\"high\"");
    CHECK_WARNED(a, LLMPROV_ERR_ARGUMENT, "effort");
    CHECK_BODY(b, "thinking", Q("{'type':'between_tools'}"));
    CHECK_BODY(b, "output_config.effort", "\"low\"");
    CHECK_INT(b.warning_count, 0);
    CHECK_BODY(c, "thinking.type", "\"adaptive\"");
    CHECK_WARNED(c, LLMPROV_ERR_ARGUMENT, "thinking");
    engine_sent_free(&a);
    engine_sent_free(&b);
    engine_sent_free(&c);
}

TEST(pitfall_090_thinking_off_is_said) {
    engine_sent a = EFFORT("anthropic", "claude-opus-4-8", LLMPROV_THINKING_OFF, 0, 0), b = EFFORT("anthropic", "claude-sonnet-4-6", 0, LLMPROV_EFFORT_OFF, 0);
    engine_sent c = EFFORT("openai", "gpt-5.5", LLMPROV_THINKING_OFF, 0, 0), d = EFFORT("anthropic", "claude-sonnet-5-5", LLMPROV_THINKING_OFF, 0, 0);
    engine_sent e = EFFORT("anthropic", "claude-fable-5-1", LLMPROV_THINKING_OFF, 0, 0), f = EFFORT("anthropic", "claude-sonnet-4-6", 0, 0, 0);
    CHECK_BODY(a, "thinking", Q("{'type':'disabled'}"));
    CHECK_BODY(b, "thinking", Q("{'type':'disabled'}"));
    CHECK_BODY(c, "reasoning_effort", "\"none\"");
    CHECK_BODY(d, "thinking", Q("{'type':'between_tools'}"));
    CHECK_WARNED(d, LLMPROV_ERR_ARGUMENT, "thinking");
    CHECK_BODY(e, "thinking", NULL);                          /* it cannot be turned off there: the least effort, and a warning */
    CHECK_BODY(e, "output_config.effort", "\"low\"");
    CHECK_WARNED(e, LLMPROV_ERR_ARGUMENT, "thinking");
    CHECK_BODY(f, "thinking", NULL);                          /* not asked for, nothing said */
    engine_sent_free(&a);
    engine_sent_free(&b);
    engine_sent_free(&c);
    engine_sent_free(&d);
    engine_sent_free(&e);
    engine_sent_free(&f);
}

TEST(pitfall_091_budgets_where_they_are_refused) {
    static const char *const refuse[] = { "claude-sonnet-5-5", "claude-opus-5-5", "claude-haiku-5-5", "claude-fable-5", "claude-fable-5-1" };
    static const char *const take[] = { "claude-opus-4-6", "claude-sonnet-4-5", "claude-haiku-4-5" };
    size_t i;
    for (i = 0; i < 5; i++) {
        engine_sent s = EFFORT("anthropic", refuse[i], 0, 0, 12000);
        CHECK_BODY(s, "thinking.type", "\"adaptive\"");
        CHECK_BODY(s, "thinking.budget_tokens", NULL);
        CHECK_BODY(s, "output_config.effort", "\"high\"");
        CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "thinking_tokens");
        engine_sent_free(&s);
    }
    for (i = 0; i < 3; i++) {
        engine_sent s = EFFORT("anthropic", take[i], 0, 0, 12000);
        CHECK_BODY(s, "thinking", Q("{'type':'enabled','budget_tokens':12000}"));
        CHECK_INT(s.warning_count, 0);
        engine_sent_free(&s);
    }
}

TEST(pitfall_092_adaptive_thinking_is_shown) {
    engine_sent s = EFFORT("anthropic", "claude-opus-4-8", LLMPROV_THINKING_ON, LLMPROV_EFFORT_MEDIUM, 0);
    CHECK_BODY(s, "thinking", Q("{'type':'adaptive','display':'summarized'}"));
    CHECK_BODY(s, "output_config.effort", "\"medium\"");
    engine_sent_free(&s);
}

TEST(pitfall_093_off_caps_the_effort) {
    engine_sent a = EFFORT("anthropic", "claude-opus-5", LLMPROV_THINKING_OFF, LLMPROV_EFFORT_XHIGH, 0), b = EFFORT("anthropic", "claude-opus-5", LLMPROV_THINKING_OFF, LLMPROV_EFFORT_MAX, 0);
    engine_sent c = EFFORT("anthropic", "claude-opus-4-8", LLMPROV_THINKING_OFF, LLMPROV_EFFORT_XHIGH, 0);
    CHECK_BODY(a, "thinking", Q("{'type':'disabled'}"));
    CHECK_BODY(a, "output_config.effort", "\"high\"");
    CHECK_WARNED(a, LLMPROV_ERR_ARGUMENT, "effort");
    CHECK_BODY(b, "output_config.effort", "\"high\"");
    CHECK_BODY(c, "output_config.effort", "\"xhigh\"");       /* there both are taken */
    engine_sent_free(&a);
    engine_sent_free(&b);
    engine_sent_free(&c);
}

TEST(pitfall_094_sampling_while_thinking) {
    llmprov_request req = { .model = "claude-sonnet-4-6", .prompt = "Hi", .max_tokens = LLMPROV_INT(9000), .temperature = LLMPROV_NUM(0.5), .top_p = LLMPROV_NUM(0.9), .top_k = LLMPROV_INT(5), .thinking = LLMPROV_THINKING_ON };
    engine_sent a = engine_send("anthropic", &req), b, c, d;
    req.thinking = LLMPROV_THINKING_AUTO;
    req.model = "claude-opus-4-8";
    b = engine_send("anthropic", &req);
    req.model = "gpt-5";
    c = engine_send("openai", &req);
    req.model = "gpt-5.2";
    req.effort = LLMPROV_EFFORT_HIGH;
    d = engine_send("openai", &req);
    CHECK_BODY(a, "temperature", NULL);
    CHECK_BODY(a, "top_p", NULL);
    CHECK_BODY(a, "top_k", NULL);
    CHECK_WARNED(a, LLMPROV_ERR_UNSUPPORTED, "temperature");
    CHECK_WARNED(a, LLMPROV_ERR_UNSUPPORTED, "top_p");
    CHECK_WARNED(a, LLMPROV_ERR_UNSUPPORTED, "top_k");
    CHECK_BODY(b, "temperature", NULL);
    CHECK_WARNED(b, LLMPROV_ERR_UNSUPPORTED, "temperature");
    CHECK_BODY(c, "temperature", NULL);
    CHECK_BODY(c, "top_p", NULL);
    CHECK_WARNED(c, LLMPROV_ERR_UNSUPPORTED, "temperature");
    CHECK_BODY(d, "temperature", NULL);
    CHECK_WARNED(d, LLMPROV_ERR_UNSUPPORTED, "temperature");
    engine_sent_free(&a);
    engine_sent_free(&b);
    engine_sent_free(&c);
    engine_sent_free(&d);
}

TEST(pitfall_095_max_tokens_is_more_than_the_budget) {
    llmprov_request req = { .model = "claude-sonnet-4-5", .prompt = "Hi", .max_tokens = LLMPROV_INT(8000), .thinking_tokens = LLMPROV_INT(2000) };
    engine_sent a = engine_send("anthropic", &req), b, c;
    req.thinking_tokens.value = 8000;
    b = engine_send("anthropic", &req);
    req.thinking_tokens.value = 100;
    c = engine_send("anthropic", &req);
    CHECK_BODY(a, "max_tokens", "8000");                      /* the total, as given */
    CHECK_INT(a.warning_count, 0);
    CHECK_BODY(b, "max_tokens", "9024");
    CHECK_BODY(b, "thinking.budget_tokens", "8000");
    CHECK_WARNED(b, LLMPROV_ERR_ARGUMENT, "max_tokens");
    CHECK_BODY(c, "thinking.budget_tokens", "1024");
    CHECK_WARNED(c, LLMPROV_ERR_ARGUMENT, "thinking_tokens");
    engine_sent_free(&a);
    engine_sent_free(&b);
    engine_sent_free(&c);
}

TEST(pitfall_096_the_nearest_effort_that_the_model_knows) {
    static const struct { const char *provider, *model; llmprov_effort asked; const char *path, *word; bool warned; } cases[] = {
        { "openai", "gpt-5.6", LLMPROV_EFFORT_MINIMAL, "reasoning_effort", "\"low\"", true },
        { "openai", "gpt-5", LLMPROV_EFFORT_MINIMAL, "reasoning_effort", "\"minimal\"", false },
        { "openai", "gpt-5.1-chat-latest", LLMPROV_EFFORT_HIGH, "reasoning_effort", "\"medium\"", true },
        { "openai", "o4-mini", LLMPROV_EFFORT_MAX, "reasoning_effort", "\"high\"", true },
        { "openai", "gpt-4.1", LLMPROV_EFFORT_HIGH, "reasoning_effort", NULL, true },
        { "groq", "openai/gpt-oss-120b", LLMPROV_EFFORT_MINIMAL, "reasoning_effort", "\"low\"", true },
        { "groq", "openai/gpt-oss-120b", LLMPROV_EFFORT_XHIGH, "reasoning_effort", "\"high\"", true },
        { "custom", "grok-4.5", LLMPROV_EFFORT_OFF, "reasoning_effort", "\"low\"", true },
        { "custom", "grok-4.3", LLMPROV_EFFORT_OFF, "reasoning_effort", "\"none\"", false },
        { "anthropic", "claude-sonnet-4-6", LLMPROV_EFFORT_XHIGH, "output_config.effort", "\"high\"", true },
        { "anthropic", "claude-opus-4-8", LLMPROV_EFFORT_MINIMAL, "output_config.effort", "\"low\"", true },
        { "anthropic", "claude-opus-4-8", LLMPROV_EFFORT_XHIGH, "output_config.effort", "\"xhigh\"", false },
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        engine_sent s = EFFORT(cases[i].provider, cases[i].model, 0, cases[i].asked, 0);
        if (!CHECK_BODY(s, cases[i].path, cases[i].word) && !test_excused()) printf("    %s, effort %d\n", cases[i].model, (int)cases[i].asked);
        if (cases[i].warned) CHECK(s.warning_count > 0);
        else CHECK_INT(s.warning_count, 0);
        engine_sent_free(&s);
    }
}

/* Groq's qwen3 knows "none" and "default" only. */
TEST(pitfall_096_groqs_qwen3) {
    engine_sent a = EFFORT("groq", "qwen/qwen3-32b", 0, LLMPROV_EFFORT_OFF, 0), b = EFFORT("groq", "qwen/qwen3-32b", 0, LLMPROV_EFFORT_HIGH, 0);
    CHECK_BODY(a, "reasoning_effort", "\"none\"");
    CHECK_BODY(b, "reasoning_effort", "\"default\"");
    CHECK(b.warning_count > 0);
    engine_sent_free(&a);
    engine_sent_free(&b);
}
