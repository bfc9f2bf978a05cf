/* Known pitfalls of translation: parameters, the address, the bytes of a body, prompt caching. */
#include "engine.h"

static const llmprov_request pitfalls_plain = { .model = "m", .prompt = "Hi" };

// -- the limit of tokens, and other settings -----------------------------------------------

TEST(pitfall_097_the_member_for_the_token_limit) {
    static const struct { const char *provider, *model, *path, *other; } cases[] = {
        { "openai", "gpt-5.2", "max_completion_tokens", "max_tokens" }, { "openai", "o4-mini", "max_completion_tokens", "max_tokens" },
        { "groq", "openai/gpt-oss-120b", "max_completion_tokens", "max_tokens" }, { "openrouter", "openai/gpt-5.2", "max_tokens", "max_completion_tokens" },
        { "vllm", "m", "max_tokens", "max_completion_tokens" }, { "custom", "m", "max_tokens", "max_completion_tokens" }, { "anthropic", "claude-sonnet-4-6", "max_tokens", "max_completion_tokens" },
        { "ollama-native", "qwen3", "options.num_predict", "max_tokens" },
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        llmprov_request req = { .prompt = "Hi", .max_tokens = LLMPROV_INT(77) };
        engine_sent s;
        req.model = cases[i].model;
        s = engine_send(cases[i].provider, &req);
        CHECK_BODY(s, cases[i].path, "77");
        CHECK_BODY(s, cases[i].other, NULL);
        engine_sent_free(&s);
    }
}

TEST(pitfall_098_max_tokens_that_anthropic_demands) {
    llmprov_request req = { .model = "claude-opus-4-1", .prompt = "Hi", .stream = LLMPROV_STREAM_ON };
    engine_sent a = engine_send("anthropic", &req), b;
    req.model = "somebody-elses-model";
    b = engine_send("anthropic", &req);
    CHECK_BODY(a, "max_tokens", "32000");                     /* the model's own limit */
    CHECK_INT(a.warning_count, 0);
    CHECK(llmprov_json_get(b.body, "max_tokens") || !b.body);
    CHECK_WARNED(b, LLMPROV_ERR_ARGUMENT, "max_tokens");
    engine_sent_free(&a);
    engine_sent_free(&b);
}

TEST(pitfall_099_nothing_is_sent_that_was_not_set) {
    engine_sent s = engine_send("custom", &pitfalls_plain), a;
    llmprov_request req = { .model = "claude-sonnet-4-6", .prompt = "Hi", .max_tokens = LLMPROV_INT(9) };
    CHECK_JSON(s.text, s.len, Q("{'model':'m','messages':[{'role':'user','content':'Hi'}]}"));
    a = engine_send("anthropic", &req);
    CHECK_JSON(a.text, a.len, Q("{'model':'claude-sonnet-4-6','max_tokens':9,'messages':[{'role':'user','content':'Hi'}]}"));
    CHECK_INT(s.warning_count + a.warning_count, 0);
    engine_sent_free(&s);
    engine_sent_free(&a);
}

TEST(pitfall_100_zero_is_a_value) {
    llmprov_request req = { .model = "claude-sonnet-4-6", .prompt = "Hi", .max_tokens = LLMPROV_INT(0), .temperature = LLMPROV_NUM(0), .seed = LLMPROV_INT(0), .presence_penalty = LLMPROV_NUM(0),
                            .frequency_penalty = LLMPROV_NUM(0), .top_k = LLMPROV_INT(0) };
    engine_sent a, b, c;
    b = engine_send("custom", &req);
    req.seed.set = req.presence_penalty.set = req.frequency_penalty.set = false;
    a = engine_send("anthropic", &req);                       /* max_tokens 0 only warms the cache */
    req.temperature.set = false;
    req.top_p.set = true;
    c = engine_send("custom", &req);
    CHECK_BODY(a, "temperature", "0");
    CHECK_BODY(a, "max_tokens", "0");
    CHECK_BODY(a, "top_k", "0");
    CHECK_BODY(b, "temperature", "0");
    CHECK_BODY(b, "seed", "0");
    CHECK_BODY(b, "presence_penalty", "0");
    CHECK_BODY(b, "frequency_penalty", "0");
    CHECK_BODY(c, "top_p", "0");
    engine_sent_free(&a);
    engine_sent_free(&b);
    engine_sent_free(&c);
}

TEST(pitfall_101_temperature_beyond_the_range) {
    llmprov_request req = { .model = "claude-sonnet-4-6", .prompt = "Hi", .max_tokens = LLMPROV_INT(9), .temperature = LLMPROV_NUM(1.5) };
    engine_sent a = engine_send("anthropic", &req), b = engine_send("custom", &req), c;
    req.temperature.value = -1;
    c = engine_send("anthropic", &req);
    CHECK_BODY(a, "temperature", "1");
    CHECK_WARNED(a, LLMPROV_ERR_ARGUMENT, "temperature");
    CHECK_BODY(b, "temperature", "1.5");
    CHECK_INT(b.warning_count, 0);
    CHECK_BODY(c, "temperature", "0");
    CHECK_WARNED(c, LLMPROV_ERR_ARGUMENT, "temperature");
    engine_sent_free(&a);
    engine_sent_free(&b);
    engine_sent_free(&c);
}

TEST(pitfall_102_temperature_or_top_p) {
    llmprov_request req = { .model = "claude-sonnet-4-5", .prompt = "Hi", .max_tokens = LLMPROV_INT(9), .temperature = LLMPROV_NUM(0.5), .top_p = LLMPROV_NUM(0.9) };
    engine_sent s = engine_send("anthropic", &req), t;
    req.temperature.set = false;
    t = engine_send("anthropic", &req);
    CHECK_BODY(s, "temperature", "0.5");
    CHECK_BODY(s, "top_p", NULL);
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "top_p");
    CHECK_BODY(t, "top_p", "0.9");
    CHECK_INT(t.warning_count, 0);
    engine_sent_free(&s);
    engine_sent_free(&t);
}

/* By the longest prefix, whatever a gateway puts before the name, with the caller's own rows over ours; names that no
   one knows keep their settings. */
TEST(pitfall_103_profiles_by_name) {
    static const struct { const char *model; bool refuses; } cases[] = {
        { "gpt-5", true }, { "gpt-5-mini-2025-08-07", true }, { "openai/gpt-5", true }, { "gpt-5-chat-latest", false }, { "gpt-4.1-mini", false }, { "o3-pro", true },
        { "some-new-model-7", false }, { "gpt-oss-120b", false }, { "omega-1", false },
    };
    llmprov_profile mine = { .prefix = "some-new-model", .flags = LLMPROV_MODEL_NO_SAMPLING, .efforts = "low high" };
    llmprov_alloc alloc = test_alloc();
    llmprov_registry *reg = llmprov_registry_new(&alloc);
    llmprov_desc desc = { .provider = "openai", .registry = reg };
    llmprov_request req = { .prompt = "Hi", .temperature = LLMPROV_NUM(0.5) };
    engine_sent s;
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        req.model = cases[i].model;
        s = engine_send("openai", &req);
        if (!CHECK_BODY(s, "temperature", cases[i].refuses ? NULL : "0.5") && !test_excused()) printf("    %s\n", cases[i].model);
        engine_sent_free(&s);
    }
    llmprov_register_profile(reg, &mine, 0);
    req.model = "some-new-model-7";
    s = engine_send_with("openai", &desc, &req, __FILE__, __LINE__);
    CHECK_BODY(s, "temperature", NULL);
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "temperature");
    engine_sent_free(&s);
    llmprov_registry_free(reg);
}

TEST(pitfall_104_stop_sequences_of_cohere) {
    static const char *const stop[] = { "a", "b", "c", "d", "e", "f" };
    llmprov_request req = { .model = "m", .prompt = "Hi", .stop = stop, .stop_count = 6 };
    engine_sent a = engine_send("cohere", &req), b;
    req.stop_count = 0;
    b = engine_send("cohere", &req);
    CHECK_BODY(a, "stop_sequences", Q("['a','b','c','d','e']"));
    CHECK_WARNED(a, LLMPROV_ERR_ARGUMENT, "stop");
    CHECK_BODY(a, "stop", NULL);
    CHECK_BODY(b, "stop_sequences", NULL);
    engine_sent_free(&a);
    engine_sent_free(&b);
}

TEST(pitfall_104_stop_sequences) {
    static const char *const stop[] = { "a", "b", "c", "d", "e" };
    llmprov_request req = { .model = "claude-sonnet-4-6", .prompt = "Hi", .max_tokens = LLMPROV_INT(9), .stop = stop, .stop_count = 5 };
    engine_sent a = engine_send("anthropic", &req), b = engine_send("custom", &req), c, d, e;
    req.stop_count = 4;
    e = engine_send("custom", &req);
    CHECK_BODY(e, "stop", Q("['a','b','c','d']"));
    CHECK_INT(e.warning_count, 0);
    engine_sent_free(&e);
    req.stop_count = 0;
    c = engine_send("anthropic", &req);
    req.stop_count = 1;
    req.model = "o4-mini";
    d = engine_send("openai", &req);
    CHECK_BODY(a, "stop_sequences", Q("['a','b','c','d','e']"));
    CHECK_BODY(a, "stop", NULL);
    CHECK_BODY(b, "stop", Q("['a','b','c','d']"));
    CHECK_WARNED(b, LLMPROV_ERR_ARGUMENT, "stop");
    CHECK_BODY(c, "stop_sequences", NULL);
    CHECK_BODY(d, "stop", NULL);                              /* not supported there */
    CHECK_WARNED(d, LLMPROV_ERR_UNSUPPORTED, "stop");
    engine_sent_free(&a);
    engine_sent_free(&b);
    engine_sent_free(&c);
    engine_sent_free(&d);
}

TEST(pitfall_105_settings_that_a_target_lacks) {
    llmprov_request req = { .model = "claude-sonnet-4-6", .prompt = "Hi", .max_tokens = LLMPROV_INT(9), .seed = LLMPROV_INT(7), .presence_penalty = LLMPROV_NUM(0.1),
                            .frequency_penalty = LLMPROV_NUM(0.2), .top_k = LLMPROV_INT(3), .n = LLMPROV_INT(2) };
    engine_sent a = engine_send("anthropic", &req), b = engine_send("custom", &req), c = engine_send("vllm", &req), d = engine_send("cerebras", &req);
    static const char *const gone[] = { "seed", "presence_penalty", "frequency_penalty", "n" };
    size_t i;
    for (i = 0; i < 4; i++) {
        CHECK_BODY(a, gone[i], NULL);
        CHECK_WARNED(a, LLMPROV_ERR_UNSUPPORTED, gone[i]);
    }
    CHECK_BODY(b, "seed", "7");
    CHECK_BODY(b, "presence_penalty", "0.1");
    CHECK_BODY(b, "frequency_penalty", "0.2");
    CHECK_BODY(b, "n", "2");
    CHECK_BODY(b, "top_k", NULL);
    CHECK_WARNED(b, LLMPROV_ERR_UNSUPPORTED, "top_k");
    CHECK_BODY(c, "top_k", "3");                              /* and not refused where it works */
    CHECK_INT(c.warning_count, 0);
    CHECK_BODY(d, "presence_penalty", NULL);
    CHECK_WARNED(d, LLMPROV_ERR_UNSUPPORTED, "presence_penalty");
    engine_sent_free(&a);
    engine_sent_free(&b);
    engine_sent_free(&c);
    engine_sent_free(&d);
}

TEST(pitfall_106_parallel_tools_in_either_sense) {
    llmprov_tool tool = { .name = "f" };
    llmprov_request req = { .model = "claude-sonnet-4-6", .prompt = "Hi", .max_tokens = LLMPROV_INT(9), .tools = &tool, .tool_count = 1, .parallel_tools = LLMPROV_NO };
    engine_sent a = engine_send("anthropic", &req), b = engine_send("custom", &req), c, d, e;
    req.tool_choice = LLMPROV_TOOL_ANY;
    c = engine_send("anthropic", &req);
    req.tool_choice = LLMPROV_TOOL_AUTO;
    req.parallel_tools = LLMPROV_YES;
    d = engine_send("anthropic", &req);
    e = engine_send("custom", &req);
    CHECK_BODY(a, "tool_choice", Q("{'type':'auto','disable_parallel_tool_use':true}"));
    CHECK_BODY(a, "parallel_tool_calls", NULL);
    CHECK_BODY(b, "parallel_tool_calls", "false");
    CHECK_BODY(c, "tool_choice", Q("{'type':'any','disable_parallel_tool_use':true}"));
    CHECK_BODY(d, "tool_choice", NULL);
    CHECK_BODY(e, "parallel_tool_calls", "true");
    engine_sent_free(&a);
    engine_sent_free(&b);
    engine_sent_free(&c);
    engine_sent_free(&d);
    engine_sent_free(&e);
}

TEST(pitfall_107_usage_of_a_stream) {
    llmprov_request req = { .model = "m", .prompt = "Hi", .stream = LLMPROV_STREAM_ON };
    engine_sent a = engine_send("openai", &req), b = engine_send("openai", &pitfalls_plain), c = engine_send("groq", &req);
    CHECK_BODY(a, "stream", "true");
    CHECK_BODY(a, "stream_options", Q("{'include_usage':true}"));
    CHECK_BODY(b, "stream", NULL);
    CHECK_BODY(b, "stream_options", NULL);
    CHECK_BODY(c, "stream", "true");
    CHECK_BODY(c, "stream_options", NULL);                    /* it tells the usage by itself */
    engine_sent_free(&a);
    engine_sent_free(&b);
    engine_sent_free(&c);
}

/* A whole reply that could take more than ten minutes is streamed inside, and still comes back whole. */
TEST(pitfall_109_very_many_tokens_are_streamed) {
    llmprov_request req = { .model = "claude-opus-4-8", .prompt = "Hi", .max_tokens = LLMPROV_INT(64000) };
    engine_sent a = engine_send("anthropic", &req), b;
    req.max_tokens.value = 8000;
    b = engine_send("anthropic", &req);
    CHECK_BODY(a, "stream", "true");
    CHECK_BODY(a, "max_tokens", "64000");
    CHECK_STR(engine_header(&a, "accept"), "text/event-stream");
    CHECK_BODY(b, "stream", NULL);
    engine_sent_free(&a);
    engine_sent_free(&b);
}

/* Two dated versions of Anthropic's API: the newer one has no sampling settings at all, refuses documents in
   the assistant's turns and citations on the user's texts. The caller's word stands over ours. */
static void pitfalls_version(const char *history, bool sampling, const char *asked, const char *version, bool sent, const char *file, int line) {
    llmprov_history h = engine_history(Q(history));
    llmprov_desc desc = { .api_version = asked };
    llmprov_request req = { .model = "claude-sonnet-4-6", .history = &h, .max_tokens = LLMPROV_INT(9) };
    engine_sent s;
    req.temperature.set = sampling;
    s = engine_send_with("anthropic", &desc, &req, file, line);
    test_check_str(engine_header(&s, "anthropic-version"), version, "the version", file, line);
    engine_check_body(&s, "temperature", sent ? "0" : NULL, file, line);
    if (sampling && !sent) engine_check_warned(s.warnings, s.warning_count, LLMPROV_ERR_UNSUPPORTED, "temperature", file, line);
    engine_sent_free(&s);
    llmprov_history_free(&h);
}

TEST(pitfall_105_versions_of_anthropics_api) {
    static const char plain[] = "[{'role':'user','content':'Hi'}]";
    pitfalls_version(plain, false, NULL, "2026-10-21", false, __FILE__, __LINE__);
    pitfalls_version(plain, true, NULL, "2023-06-01", true, __FILE__, __LINE__);
    pitfalls_version(plain, true, "2026-10-21", "2026-10-21", false, __FILE__, __LINE__);
    pitfalls_version(plain, true, "2023-06-01", "2023-06-01", true, __FILE__, __LINE__);
    pitfalls_version("[{'role':'user','content':'Hi'},{'role':'assistant','content':[{'type':'document','source':{'type':'text','media_type':'text/plain','data':'d'}}]},{'role':'user','content':'And?'}]", false, NULL, "2023-06-01", false, __FILE__, __LINE__);
    pitfalls_version("[{'role':'user','content':[{'type':'document','source':{'type':'text','media_type':'text/plain','data':'d'}}]}]", false, NULL, "2026-10-21", false, __FILE__, __LINE__);
    pitfalls_version("[{'role':'user','content':[{'type':'text','text':'x','citations':[{'type':'char_location','cited_text':'c','document_index':0,'document_title':null,'start_char_index':0,'end_char_index':1}]}]}]", false, NULL, "2023-06-01", false, __FILE__, __LINE__);
    pitfalls_version("[{'role':'user','content':[{'type':'text','text':'x','citations':[]}]}]", false, NULL, "2026-10-21", false, __FILE__, __LINE__);
    pitfalls_version("[{'role':'user','content':[{'type':'search_result','source':'s','title':'t','content':[{'type':'text','text':'x'},{'type':'text','text':'y','citations':[{'type':'char_location'}]}]}]}]",
                     false, NULL, "2023-06-01", false, __FILE__, __LINE__);
    pitfalls_version("[{'role':'user','content':[{'type':'search_result','source':'s','title':'t','content':[{'type':'text','text':'x'}],'citations':{'enabled':true}}]}]", false, NULL, "2026-10-21", false, __FILE__, __LINE__);
    pitfalls_version("[{'role':'user','content':'Hi'},{'role':'assistant','content':[{'type':'tool_use','id':'a','name':'f','input':{}}]},{'role':'user','content':[{'type':'tool_result','tool_use_id':'a',"
                     "'content':[{'type':'text','text':'y','citations':[{'type':'char_location'}]}]}]}]", false, NULL, "2023-06-01", false, __FILE__, __LINE__);
}

// -- addresses -----------------------------------------------------------------------------

TEST(pitfall_112_base_urls) {
    static const struct { const char *provider, *base, *url; } cases[] = {
        { "anthropic", "https://api.anthropic.com", "https://api.anthropic.com/v1/messages" }, { "anthropic", "https://api.anthropic.com/", "https://api.anthropic.com/v1/messages" },
        { "anthropic", "https://api.anthropic.com/v1", "https://api.anthropic.com/v1/messages" }, { "anthropic", "https://api.anthropic.com/v1/", "https://api.anthropic.com/v1/messages" },
        { "custom", "http://127.0.0.1:8080", "http://127.0.0.1:8080/v1/chat/completions" }, { "custom", "http://127.0.0.1:8080/v1/", "http://127.0.0.1:8080/v1/chat/completions" },
        { "custom", "https://gw.test/openai/v1", "https://gw.test/openai/v1/chat/completions" },
    };
    llmprov_request req = { .model = "claude-sonnet-4-6", .prompt = "Hi", .max_tokens = LLMPROV_INT(9) };
    llmprov_desc empty = { .provider = "custom", .api_key = "k", .base_url = "", .alloc = test_alloc() };
    llmprov_client *broken;
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        llmprov_desc desc = { .size = 0 };
        engine_sent s;
        desc.provider = cases[i].provider;
        desc.base_url = cases[i].base;
        s = engine_send_with(cases[i].provider, &desc, &req, __FILE__, __LINE__);
        CHECK_STR(s.http ? s.http->url : NULL, cases[i].url);
        engine_sent_free(&s);
    }
    broken = llmprov_open(&empty);
    CHECK_INT(llmprov_client_error(broken)->code, LLMPROV_ERR_ARGUMENT);
    llmprov_close(broken);
}

TEST(pitfall_113_extra_is_merged_last_and_deep) {
    static const char extra[] = "{\"temperature\":0.7,\"tools\":[],\"metadata\":{\"b\":{\"c\":2}},\"stream_options\":{\"include_obfuscation\":false},\"my_own\":[1]}";
    char mine[sizeof extra];
    llmprov_tool tool = { .name = "f" };
    llmprov_request req = { .model = "m", .prompt = "Hi", .temperature = LLMPROV_NUM(0.1), .tools = &tool, .tool_count = 1, .stream = LLMPROV_STREAM_ON, .extra = mine };
    engine_sent s;
    memcpy(mine, extra, sizeof extra);
    s = engine_send("openai", &req);
    CHECK_BODY(s, "temperature", "0.7");
    CHECK_BODY(s, "tools", "[]");
    CHECK_BODY(s, "stream_options", Q("{'include_usage':true,'include_obfuscation':false}"));
    CHECK_BODY(s, "metadata.b.c", "2");
    CHECK_BODY(s, "my_own", "[1]");
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "temperature");     /* replaced once, and said */
    CHECK(s.text && strstr(s.text, "\"temperature\"") && !strstr(strstr(s.text, "\"temperature\"") + 1, "\"temperature\""));
    CHECK_ALWAYS(!memcmp(mine, extra, sizeof extra));
    engine_sent_free(&s);
}

// -- bytes ---------------------------------------------------------------------------------

TEST(pitfall_115_text_is_utf8_not_escapes) {
    llmprov_request req = { .model = "m", .prompt = "\xe4\xbd\xa0\xe5\xa5\xbd \xf0\x9f\x98\x80 \x7f \xe2\x80\xa8", .max_tokens = LLMPROV_INT(9) };
    engine_sent a = engine_send("custom", &req), b = engine_send("anthropic", &req);
    CHECK(a.text && strstr(a.text, "\xe4\xbd\xa0\xe5\xa5\xbd \xf0\x9f\x98\x80") != NULL);
    CHECK(b.text && strstr(b.text, "\xe4\xbd\xa0\xe5\xa5\xbd \xf0\x9f\x98\x80") != NULL);
    CHECK(a.text && !strstr(a.text, "\\ud83d") && !strstr(a.text, "\\u4f60"));
    engine_sent_free(&a);
    engine_sent_free(&b);
}

/* Whatever the caller hands in: a body is JSON and UTF-8, or it is refused and the error names the member. */
TEST(pitfall_115_nothing_broken_gets_into_a_body) {
    static const char *const broken[] = { "{\"x\":\"\xff\"}", "{\"x\":", "[1]", "{\"x\":1} y" };
    size_t i, place;
    for (i = 0; i < 4; i++)
        for (place = 0; place < 6; place++) {
            llmprov_block text = { .text = "Hi" }, system = { .text = "Be brief." }, inner = { .text = "in" }, result = { .type = LLMPROV_BLOCK_TOOL_RESULT, .id = "a", .content = &inner, .content_count = 1 };
            llmprov_block use = { .type = LLMPROV_BLOCK_TOOL_USE, .id = "a", .name = "f", .json = "{}" };
            llmprov_message m[] = { { .blocks = &text, .block_count = 1 }, { .role = LLMPROV_ROLE_ASSISTANT, .blocks = &use, .block_count = 1 }, { .blocks = &result, .block_count = 1 } };
            llmprov_tool tool = { .name = "f" };
            llmprov_request req = { .model = "claude-sonnet-4-6", .system_blocks = &system, .system_count = 1, .messages = m, .message_count = 3, .tools = &tool, .tool_count = 1, .max_tokens = LLMPROV_INT(9) };
            engine_sent s;
            if (place == 0) text.extra = broken[i];
            else if (place == 1) system.extra = broken[i];
            else if (place == 2) m[0].extra = broken[i];
            else if (place == 3) tool.extra = broken[i];
            else if (place == 4) inner.extra = broken[i];
            else req.extra = broken[i];
            s = engine_send("anthropic", &req);
            CHECK(!s.text);
            CHECK_INT(s.error.code, LLMPROV_ERR_ARGUMENT);
            CHECK(s.error.message && *s.error.message);
            engine_sent_free(&s);
        }
}

/* Each turn's body begins with the last one's, less its closing brackets. */
TEST(pitfall_116_bytes_are_stable_and_grow_at_their_end) {
    static const char *const providers[] = { "anthropic", "openai", "openrouter" };
    llmprov_tool tools[] = { { .name = "b", .schema = "{\"type\":\"object\",\"properties\":{\"z\":{},\"a\":{}}}" }, { .name = "a" } };
    size_t i;
    for (i = 0; i < 3; i++) {
        llmprov_history h = { .alloc = test_alloc() };
        llmprov_request req = { .model = "claude-sonnet-4-6", .system = "Be brief.", .history = &h, .tools = tools, .tool_count = 2, .max_tokens = LLMPROV_INT(9), .temperature = LLMPROV_NUM(0.5) };
        engine_sent a, b, c;
        llmprov_add_text(&h, LLMPROV_ROLE_USER, "One");
        a = engine_send(providers[i], &req);
        b = engine_send(providers[i], &req);
        CHECK_MEM(a.text, a.len, b.text, b.len);
        llmprov_add_text(&h, LLMPROV_ROLE_ASSISTANT, "Two");
        llmprov_add_text(&h, LLMPROV_ROLE_USER, "Three");
        c = engine_send(providers[i], &req);
        CHECK(a.len > 3 && c.len > a.len && !memcmp(a.text, c.text, a.len - 2));
        engine_sent_free(&a);
        engine_sent_free(&b);
        engine_sent_free(&c);
        llmprov_history_free(&h);
    }
}

// -- prompt caching ------------------------------------------------------------------------

static engine_sent pitfalls_cache(const char *history, const llmprov_tool *tools, size_t tool_count, llmprov_cache cache, const char *file, int line) {
    llmprov_history h = engine_history(Q(history));
    llmprov_request req = { .model = "claude-sonnet-4-6", .history = &h, .max_tokens = LLMPROV_INT(99), .tools = tools, .tool_count = tool_count, .cache = cache };
    engine_sent s = engine_send_with("anthropic", NULL, &req, file, line);
    llmprov_history_free(&h);
    return s;
}
#define CACHE(history) pitfalls_cache((history), NULL, 0, LLMPROV_CACHE_NONE, __FILE__, __LINE__)

static int pitfalls_marks(const engine_sent *s) {
    const char *p = s->text;
    int n = 0;
    while (p && (p = strstr(p, "cache_control")) != NULL) p++, n++;
    return n;
}

#define MARK "'cache_control':{'type':'ephemeral'}"
#define HOUR "'cache_control':{'type':'ephemeral','ttl':'1h'}"
#define MARKED(text) "{'type':'text','text':'" text "'," MARK "}"

TEST(pitfall_117_at_most_four_marks) {
    llmprov_tool tool = { .name = "f", .cache = LLMPROV_CACHE_5M };
    engine_sent a = pitfalls_cache("{'system':[" MARKED("S") "],'messages':[{'role':'user','content':[" MARKED("1") "]},{'role':'assistant','content':[" MARKED("2") "]},{'role':'user','content':[" MARKED("3") "," MARKED("4") "]}]}",
                                   &tool, 1, LLMPROV_CACHE_NONE, __FILE__, __LINE__);
    engine_sent b = CACHE("{'system':[" MARKED("S") "],'messages':[{'role':'user','content':[" MARKED("1") "]},{'role':'assistant','content':[" MARKED("2") "]},{'role':'user','content':[" MARKED("3") "]}]}");
    engine_sent c = pitfalls_cache("{'system':[" MARKED("S") "],'messages':[{'role':'user','content':[" MARKED("1") "]},{'role':'assistant','content':[" MARKED("2") "]},{'role':'user','content':[" MARKED("3") "]}]}",
                                   NULL, 0, LLMPROV_CACHE_5M, __FILE__, __LINE__);
    CHECK_INT(pitfalls_marks(&a), 4);
    CHECK(llmprov_json_path(a.body, "tools[0].cache_control") || !a.body);
    CHECK(llmprov_json_path(a.body, "system[0].cache_control") || !a.body);
    CHECK_BODY(a, "messages[0].content[0].cache_control", NULL);          /* the oldest of the messages go */
    CHECK_BODY(a, "messages[1].content[0].cache_control", NULL);
    CHECK(llmprov_json_path(a.body, "messages[2].content[1].cache_control") || !a.body);
    CHECK_WARNED(a, LLMPROV_ERR_ARGUMENT, "cache");
    CHECK_INT(pitfalls_marks(&b), 4);
    CHECK_INT(b.warning_count, 0);
    CHECK_INT(pitfalls_marks(&c), 4);                         /* request.cache is one of them */
    CHECK_WARNED(c, LLMPROV_ERR_ARGUMENT, "cache");
    engine_sent_free(&a);
    engine_sent_free(&b);
    engine_sent_free(&c);
}

/* A mark in a tool result's content counts too, before that of the result: the oldest of five goes. */
TEST(pitfall_117_marks_inside_tool_results) {
    engine_sent s = CACHE("[{'role':'user','content':[" MARKED("1") "]},{'role':'assistant','content':[{'type':'tool_use','id':'a','name':'f','input':{}," MARK "}]},"
                          "{'role':'user','content':[{'type':'tool_result','tool_use_id':'a'," MARK ",'content':[" MARKED("in") "]}," MARKED("3") "]}]");
    engine_sent t = CACHE("[{'role':'user','content':'1'},{'role':'assistant','content':[{'type':'tool_use','id':'a','name':'f','input':{}}]},"
                          "{'role':'user','content':[{'type':'tool_result','tool_use_id':'a'," MARK ",'content':[" MARKED("x") "," MARKED("y") "," MARKED("z") "]}," MARKED("3") "]}]");
    CHECK_INT(pitfalls_marks(&s), 4);
    CHECK_BODY(s, "messages[0].content[0].cache_control", NULL);
    CHECK_BODY(s, "messages[2].content[0].content[0].cache_control.type", "\"ephemeral\"");
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "cache");
    CHECK_INT(pitfalls_marks(&t), 4);
    CHECK_BODY(t, "messages[2].content[0].content[0].cache_control", NULL);
    CHECK_BODY(t, "messages[2].content[0].content[1].cache_control.type", "\"ephemeral\"");
    engine_sent_free(&s);
    engine_sent_free(&t);
}

/* However a mark is spelled and wherever it stands, it is one of the four. */
TEST(pitfall_117_every_spelling_counts) {
    static const char *const marks[] = { MARK, "'cache_control':{'type':'ephemeral','ttl':'5m'}", HOUR };
    llmprov_tool tool = { .name = "f", .extra = "{\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}}" };
    llmprov_block raw = { .type = LLMPROV_BLOCK_RAW, .kind = "search_result", .json = "{\"type\":\"search_result\",\"cache_control\":{\"type\":\"ephemeral\"}}" };
    llmprov_block five[5];
    llmprov_message message = { .blocks = five, .block_count = 5 };
    llmprov_request req = { .model = "claude-sonnet-4-6", .max_tokens = LLMPROV_INT(9), .messages = &message, .message_count = 1 };
    engine_sent s;
    size_t i, j;
    for (i = 0; i < 3; i++) {
        engine_text t = { NULL, 0, 0 };
        engine_adds(&t, "[{'role':'user','content':[");
        for (j = 0; j < 5; j++) {
            engine_adds(&t, j ? ",{'type':'search_result','source':'s','title':'t','content':[]," : "{'type':'text','text':'x',");
            engine_adds(&t, marks[i]);
            engine_adds(&t, "}");
        }
        engine_adds(&t, "]}]");
        s = CACHE(t.ptr);
        CHECK_INT(pitfalls_marks(&s), 4);
        CHECK_BODY(s, "messages[0].content[0].cache_control", NULL);
        engine_sent_free(&s);
        s = pitfalls_cache(t.ptr, &tool, i == 2, i == 2 ? LLMPROV_CACHE_NONE : LLMPROV_CACHE_5M, __FILE__, __LINE__);
        CHECK_INT(pitfalls_marks(&s), 4);
        if (i == 2) CHECK_BODY(s, "tools[0].cache_control.ttl", "\"1h\"");
        engine_sent_free(&s);
        engine_text_free(&t);
    }
    for (i = 0; i < 5; i++) five[i] = raw;                    /* built by hand: no field tells of the mark */
    req.kept = "{\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"5m\"}}";
    req.origin = "anthropic-messages";
    s = engine_send("anthropic", &req);
    CHECK_INT(pitfalls_marks(&s), 4);
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "cache");
    engine_sent_free(&s);
}

/* Blocks of kinds that have no struct of their own carry marks too: each once, in the body and in a saved history. */
TEST(pitfall_117_marks_on_other_kinds) {
    static const char *const marks[] = { MARK, "'cache_control':{'type':'ephemeral','ttl':'5m'}", HOUR };
    size_t i;
    for (i = 0; i < 3; i++) {
        engine_text t = { NULL, 0, 0 };
        llmprov_history h;
        llmprov_text saved = { NULL, 0, { NULL, NULL } };
        engine_sent s;
        engine_adds(&t, "[{'role':'user','content':[{'type':'search_result','source':'s','title':'t','content':[{'type':'text','text':'x'}],");
        engine_adds(&t, marks[i]);
        engine_adds(&t, "},{'type':'text','text':'Hi'}]}]");
        s = CACHE(t.ptr);
        CHECK_INT(pitfalls_marks(&s), 1);
        CHECK_BODY(s, "messages[0].content[0].cache_control.type", "\"ephemeral\"");
        engine_sent_free(&s);
        h = engine_history(Q(t.ptr));
        if (!llmprov_history_save(&h, &saved)) {
            const char *first = strstr(saved.ptr, "cache_control");
            CHECK(first && !strstr(first + 1, "cache_control"));
            CHECK(strstr(saved.ptr, Q(marks[i])) != NULL || i == 1);
        }
        llmprov_text_free(&saved);
        llmprov_history_free(&h);
        engine_text_free(&t);
    }
}

/* In the order of the body (tools, system, messages, inside results, the whole) an hour comes before five minutes. */
TEST(pitfall_121_in_the_order_of_the_body) {
#define RESULT_OF(mark, inside) "[{'role':'user','content':'1'},{'role':'assistant','content':[{'type':'tool_use','id':'a','name':'f','input':{}}]}," \
    "{'role':'user','content':[{'type':'tool_result','tool_use_id':'a'," mark ",'content':[" inside "]}]}]"
#define INSIDE(mark) "{'type':'text','text':'x'," mark "}"
    static const struct { const char *history; llmprov_cache tool, whole; bool good; } cases[] = {
        { "[{'role':'user','content':[" INSIDE(HOUR) "," INSIDE(MARK) "]}]", LLMPROV_CACHE_NONE, LLMPROV_CACHE_NONE, true },
        { "[{'role':'user','content':[" INSIDE(MARK) "," INSIDE(HOUR) "]}]", LLMPROV_CACHE_NONE, LLMPROV_CACHE_NONE, false },
        { RESULT_OF(MARK, INSIDE(HOUR)), LLMPROV_CACHE_NONE, LLMPROV_CACHE_NONE, true },
        { RESULT_OF(HOUR, INSIDE(MARK)), LLMPROV_CACHE_NONE, LLMPROV_CACHE_NONE, false },
        { RESULT_OF(MARK, INSIDE(MARK) "," INSIDE(HOUR)), LLMPROV_CACHE_NONE, LLMPROV_CACHE_NONE, false },
        { "[{'role':'user','content':[" INSIDE(HOUR) "]}]", LLMPROV_CACHE_1H, LLMPROV_CACHE_5M, true },
        { "[{'role':'user','content':[" INSIDE(HOUR) "]}]", LLMPROV_CACHE_5M, LLMPROV_CACHE_NONE, false },
        { "[{'role':'user','content':[" INSIDE(MARK) "]}]", LLMPROV_CACHE_NONE, LLMPROV_CACHE_1H, false },
        { "[{'role':'user','content':'x'}]", LLMPROV_CACHE_5M, LLMPROV_CACHE_1H, false },
        { "{'system':[" INSIDE(MARK) "],'messages':[{'role':'user','content':[" INSIDE(HOUR) "]}]}", LLMPROV_CACHE_NONE, LLMPROV_CACHE_NONE, false },
        { "{'system':[" INSIDE(HOUR) "],'messages':[{'role':'user','content':'x'}]}", LLMPROV_CACHE_5M, LLMPROV_CACHE_NONE, false },
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        llmprov_tool tool = { .name = "f", .cache = cases[i].tool };
        engine_sent s = pitfalls_cache(cases[i].history, &tool, 1, cases[i].whole, __FILE__, __LINE__);
        CHECK(cases[i].good == (s.error.code == LLMPROV_OK));
        if (!cases[i].good && !CHECK(!s.text && s.error.code == LLMPROV_ERR_ARGUMENT && strstr(s.error.message, "one-hour")) && !test_excused()) printf("    case %d\n", (int)i);
        engine_sent_free(&s);
    }
#undef RESULT_OF
#undef INSIDE
}

TEST(pitfall_118_marks_on_what_cannot_carry_them) {
    engine_sent a = CACHE("[{'role':'user','content':[{'type':'text','text':'Hi'},{'type':'text','text':''," MARK "}]}]");
    engine_sent b = CACHE("[{'role':'user','content':'Hi'},{'role':'assistant','content':[{'type':'text','text':'Well'},{'type':'thinking','thinking':'hm','signature':'s'," MARK "}]},{'role':'user','content':'And?'}]");
    CHECK_BODY(a, "messages[0].content", Q("[{'type':'text','text':'Hi'," MARK "}]"));
    CHECK_BODY(b, "messages[1].content[1].cache_control", NULL);
    CHECK_BODY(b, "messages[1].content[0]", Q("{'type':'text','text':'Well'," MARK "}"));
    CHECK_WARNED(b, LLMPROV_ERR_ARGUMENT, "messages[1].content[1].cache");
    engine_sent_free(&a);
    engine_sent_free(&b);
}

TEST(pitfall_119_a_mark_with_nothing_before_it_in_its_turn) {
    engine_sent a = CACHE("[{'role':'user','content':'Hi'},{'role':'assistant','content':'Well'},{'role':'user','content':[{'type':'text','text':''," MARK "},{'type':'text','text':'And?'}]}]");
    engine_sent b = CACHE("[{'role':'user','content':[{'type':'text','text':''," MARK "},{'type':'text','text':'Hi'}]}]");
    CHECK_BODY(a, "messages[1].content[0].cache_control.type", "\"ephemeral\"");
    CHECK_BODY(a, "messages[2].content[0].cache_control", NULL);
    CHECK_INT(pitfalls_marks(&b), 0);
    CHECK(b.error.code || b.warning_count > 0);
    engine_sent_free(&a);
    engine_sent_free(&b);
}

TEST(pitfall_121_an_hour_comes_before_five_minutes) {
    engine_sent good = CACHE("{'system':[{'type':'text','text':'S'," HOUR "}],'messages':[{'role':'user','content':[" MARKED("1") "]}]}");
    engine_sent bad = CACHE("{'system':[" MARKED("S") "],'messages':[{'role':'user','content':[{'type':'text','text':'1'," HOUR "}]}]}");
    engine_reply r = engine_read("anthropic-messages", ENGINE_WHOLE, 200, Q("{'id':'m','type':'message','role':'assistant','model':'m','content':[],'stop_reason':'end_turn','usage':{'input_tokens':10,'output_tokens':1,"
        "'cache_creation_input_tokens':556,'cache_read_input_tokens':20,'cache_creation':{'ephemeral_5m_input_tokens':456,'ephemeral_1h_input_tokens':100}}}"));
    CHECK_BODY(good, "system[0].cache_control.ttl", "\"1h\"");
    CHECK_INT(bad.error.code, LLMPROV_ERR_ARGUMENT);
    CHECK_STR(bad.error.param, "cache");
    CHECK_INT(r.r.usage.cache_write_5m_tokens, 456);
    CHECK_INT(r.r.usage.cache_write_1h_tokens, 100);
    CHECK_INT(r.r.usage.cache_read_tokens, 20);
    CHECK_INT(r.r.usage.input_tokens, 10);
    engine_sent_free(&good);
    engine_sent_free(&bad);
    engine_reply_free(&r);
}

#define PITFALLS_CODE "[{'type':'text','text':'Let me compute.'},{'type':'server_tool_use','id':'srvtoolu_1','name':'code_execution','input':{'code':'1'}}," \
    "{'type':'tool_use','id':'toolu_1','name':'f','input':{},'caller':{'type':'code_execution_20250825','tool_id':'srvtoolu_1'}}]"

TEST(pitfall_122_turns_with_server_tools_are_replayed_in_order) {
    engine_reply r = engine_read("anthropic-messages", ENGINE_WHOLE, 200, Q(MSG_WHOLE(PITFALLS_CODE, "tool_use")));
    engine_reply cited = engine_read("anthropic-messages", ENGINE_WHOLE, 200, Q(MSG_WHOLE("[{'type':'text','text':'High.','citations':[{'type':'web_search_result_location','cited_text':'c','encrypted_index':'e','title':'t','url':'u'}]},"
        "{'type':'text','text':'In June.','citations':[{'type':'char_location','cited_text':'d','document_index':0,'document_title':'D','start_char_index':0,'end_char_index':1,'file_id':null}]}]", "end_turn")));
    llmprov_history h = { .alloc = test_alloc() }, g = { .alloc = test_alloc() };
    llmprov_request req = { .model = "claude-sonnet-4-6", .history = &h, .max_tokens = LLMPROV_INT(9) };
    engine_sent s, t;
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "Hi");
    llmprov_add_message(&h, &r.r.message);
    llmprov_add_tool_result(&h, "toolu_1", "1", false);
    s = engine_send("anthropic", &req);
    CHECK_BODY(s, "messages[1].content", Q(PITFALLS_CODE));
    CHECK_INT(s.warning_count, 0);
    req.history = &g;
    llmprov_add_text(&g, LLMPROV_ROLE_USER, "Hi");
    llmprov_add_message(&g, &cited.r.message);
    llmprov_add_text(&g, LLMPROV_ROLE_USER, "And?");
    t = engine_send("anthropic", &req);
    CHECK_BODY(t, "messages[1].content[0].citations", Q("[{'type':'web_search_result_location','cited_text':'c','encrypted_index':'e','title':'t','url':'u'}]"));
    CHECK_BODY(t, "messages[1].content[1].citations[0].cited_text", "\"d\"");
    CHECK_BODY(t, "messages[1].content[1].citations[0].file_id", NULL);   /* only replies have it */
    engine_sent_free(&s);
    engine_sent_free(&t);
    llmprov_history_free(&h);
    llmprov_history_free(&g);
    engine_reply_free(&r);
    engine_reply_free(&cited);
}

TEST(pitfall_123_cached_tokens_wherever_they_stand) {
    static const char *const usages[] = {
        "{'prompt_tokens':100,'completion_tokens':5,'total_tokens':105,'prompt_tokens_details':{'cached_tokens':60}}",
        "{'prompt_tokens':100,'completion_tokens':5,'total_tokens':105,'prompt_cache_hit_tokens':60,'prompt_cache_miss_tokens':40}",
        "{'prompt_tokens':100,'completion_tokens':5,'total_tokens':105,'cached_tokens':60}",
        "{'prompt_tokens':100,'completion_tokens':5,'total_tokens':105,'cache_read_input_tokens':60}",
    };
    size_t i;
    for (i = 0; i < sizeof usages / sizeof *usages; i++) {
        engine_text t = { NULL, 0, 0 };
        engine_reply r;
        engine_adds(&t, "{'choices':[{'index':0,'message':{'content':'Yes.'},'finish_reason':'stop'}],'usage':");
        engine_adds(&t, usages[i]);
        engine_adds(&t, "}");
        r = engine_read("openai-chat", ENGINE_WHOLE, 200, Q(t.ptr));
        if (!CHECK_INT(r.r.usage.cache_read_tokens, 60) && !test_excused()) printf("    %s\n", usages[i]);
        CHECK_INT(r.r.usage.input_tokens, 40);
        engine_reply_free(&r);
        engine_text_free(&t);
    }
}

// -- structured answers --------------------------------------------------------------------

TEST(pitfall_130_strict_only_when_asked) {
    llmprov_tool tools[] = { { .name = "f", .schema = "{\"type\":\"object\"}" }, { .name = "g", .strict = LLMPROV_YES }, { .name = "h", .strict = LLMPROV_NO } };
    llmprov_provider row = { .id = "plain", .format = "openai-chat", .base_url = "https://plain.test/v1", .auth_optional = true, .quirks = { .flags = LLMPROV_QUIRK_NO_STRICT } };
    llmprov_request req = { .model = "gpt-4.1", .prompt = "Hi", .tools = tools, .tool_count = 3, .schema = "{\"type\":\"object\"}", .max_tokens = LLMPROV_INT(9) };
    llmprov_alloc alloc = test_alloc();
    llmprov_registry *reg = llmprov_registry_new(&alloc);
    llmprov_desc desc = { .provider = "plain", .registry = reg };
    engine_sent a = engine_send("openai", &req), b;
    llmprov_register(reg, &row, 0);
    b = engine_send_with("plain", &desc, &req, __FILE__, __LINE__);
    CHECK_BODY(a, "tools[0].function.strict", NULL);
    CHECK_BODY(a, "tools[1].function.strict", "true");
    CHECK_BODY(a, "tools[2].function.strict", "false");
    CHECK_BODY(a, "response_format.json_schema.strict", NULL);
    CHECK(b.text && !strstr(b.text, "strict"));
    CHECK_WARNED(b, LLMPROV_ERR_UNSUPPORTED, "tools[1]");
    engine_sent_free(&a);
    engine_sent_free(&b);
    llmprov_registry_free(reg);
}

/* A forced tool stands for the answer: no parallel calls, a warning, and its end is the end of an answer. */
TEST(pitfall_140_a_forced_tool_for_the_answer) {
    llmprov_request req = { .model = "claude-3-5-haiku-20241022", .prompt = "Hi", .schema = "{\"type\":\"object\"}", .max_tokens = LLMPROV_INT(9) };
    const char *body = Q(MSG_WHOLE("[{'type':'tool_use','id':'toolu_1','name':'answer','input':{'x':1}}]", "tool_use"));
    engine_wire w = engine_wire_of(ENGINE_WHOLE, 200, body, strlen(body));
    engine_sent s = engine_send("anthropic", &req);
    engine_reply r = engine_read_wire(engine_open("anthropic", NULL), &req, ENGINE_WHOLE, &w, __FILE__, __LINE__);
    CHECK_BODY(s, "tool_choice", Q("{'type':'tool','name':'answer','disable_parallel_tool_use':true}"));
    CHECK_BODY(s, "tools[0].input_schema", "{\"type\":\"object\",\"properties\":{}}");
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "schema");
    CHECK_JSON(r.r.text, r.r.text_len, "{\"x\":1}");
    CHECK_INT(engine_count(&r.r.message, LLMPROV_BLOCK_TOOL_USE), 0);
    CHECK_INT(r.r.stop, LLMPROV_STOP_END);
    CHECK_STR(r.r.stop_word, "tool_use");
    engine_sent_free(&s);
    engine_reply_free(&r);
}

TEST(pitfall_201_not_set_is_a_flag) {
    llmprov_request req = { .model = "m", .prompt = "Hi", .temperature = { 0.9, false }, .max_tokens = { 55, false }, .top_p = { 0, true } };
    engine_sent s = engine_send("custom", &req);
    CHECK_JSON(s.text, s.len, Q("{'model':'m','top_p':0,'messages':[{'role':'user','content':'Hi'}]}"));
    engine_sent_free(&s);
}
