/* >>ask: reading what a client sends. What a request becomes in a format is tested with the wire formats. */
#include "server.h"

static llmprov_status ask_read(const char *json, llmprov_asked *out) {
    llmprov_alloc alloc = test_alloc();
    llmprov_status status = llmprov_ask(NULL, "anthropic-messages", json, strlen(json), &alloc, out);
    CHECK_ALWAYS(status == out->error.code && out->error.message && (!status || *out->error.message));
    CHECK_ALWAYS(status != LLMPROV_ERR_NO_MEMORY || test_memory.refused);
    return status;
}

static const char ask_sample[] =
    "{\"model\":\"m\",\"max_tokens\":50,\"stream\":true,\"temperature\":0,\"top_p\":0.5,\"top_k\":3,\"stop_sequences\":[\"A\",\"B\"],\"system\":[{\"type\":\"text\",\"text\":\"S\","
    "\"cache_control\":{\"type\":\"ephemeral\"}}],\"messages\":[{\"role\":\"user\",\"content\":\"Hi.\"},{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\",\"input\":{}}]}],"
    "\"tools\":[{\"name\":\"f\",\"description\":\"d\",\"input_schema\":{\"type\":\"object\"}},{\"type\":\"bash_20250124\",\"name\":\"bash\"}],\"tool_choice\":{\"type\":\"tool\",\"name\":\"f\"},"
    "\"metadata\":{\"user_id\":\"u\"},\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":2000},\"context_management\":{\"edits\":[]},\"service_tier\":\"auto\"}";

TEST(ask_fills_a_request) {
    llmprov_asked a;
    const llmprov_request *r = &a.request;
    OK_OR(ask_read(ask_sample, &a), done);
    CHECK_STR(r->model, "m");
    CHECK(r->max_tokens.set && r->max_tokens.value == 50);
    CHECK(r->temperature.set && !(r->temperature.value > 0) && r->top_p.set && r->top_k.set && r->top_k.value == 3);
    CHECK_INT(r->stream, LLMPROV_STREAM_ON);
    CHECK_INT(r->stop_count, 2);
    if (r->stop_count == 2) CHECK_STR(r->stop[1], "B");
    CHECK_INT(r->system_count, 1);
    if (r->system_count == 1) CHECK_INT(r->system_blocks[0].cache, LLMPROV_CACHE_5M);
    CHECK_INT(r->message_count, 2);
    CHECK_INT(r->tool_count, 2);
    if (r->tool_count == 2) {
        CHECK_STR(r->tools[0].schema, "{\"type\":\"object\"}");
        CHECK_STR(r->tools[1].type, "bash_20250124");
    }
    CHECK_INT(r->tool_choice, LLMPROV_TOOL_NAMED);
    CHECK_STR(r->tool_name, "f");
    CHECK_STR(r->user_id, "u");
    CHECK(r->thinking_tokens.set && r->thinking_tokens.value == 2000);
    CHECK_STR(r->service_tier, "auto");
    CHECK_STR(r->origin, "anthropic-messages");
    CHECK(r->kept && strstr(r->kept, "context_management"));
done:
    llmprov_asked_free(&a);
    CHECK_ALWAYS(!a.memory && !a.request.model);
}

/* What was read is a request like any other: to its own format it goes back as it came. */
TEST(ask_gives_back_what_it_read) {
    llmprov_desc d = { .provider = "anthropic", .api_key = "k", .alloc = test_alloc() };
    llmprov_asked a;
    llmprov_client *c = NULL;
    llmprov_call *call = NULL;
    const char *body;
    size_t len;
    const char *json = "{\"model\":\"m\",\"max_tokens\":50,\"stop_sequences\":[\"A\"],\"system\":\"S\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi.\"}],"
                       "\"tools\":[{\"name\":\"f\",\"input_schema\":{\"type\":\"object\"}}],\"metadata\":{\"user_id\":\"u\",\"more\":1},\"new_member\":{\"x\":[1]}}";
    llmprov_str x, y;
    OK_OR(ask_read(json, &a), done);
    c = llmprov_open(&d);
    call = llmprov_call_chat(c, &a.request);
    body = (const char *)llmprov_call_body_whole(call, &len);
    NEED_OR(body, done);
    x.ptr = body;
    x.len = len;
    y.ptr = json;
    y.len = strlen(json);
    if (!CHECK(llmprov__json_equal(x, y, NULL)) && !test_excused()) printf("    %s\n    %s\n", body, json);
done:
    llmprov_call_free(call);
    llmprov_close(c);
    llmprov_asked_free(&a);
}

TEST(ask_refuses_and_names_the_member) {
    static const struct { const char *json; llmprov_status code; const char *says; } cases[] = {
        { "", LLMPROV_ERR_BAD_JSON, "not JSON at byte 0" }, { "{\"model\":", LLMPROV_ERR_BAD_JSON, "not JSON at byte 9" }, { "{\"messages\":[]} x", LLMPROV_ERR_BAD_JSON, "byte 16" },
        { "[]", LLMPROV_ERR_ARGUMENT, "an object" }, { "null", LLMPROV_ERR_ARGUMENT, "an object" }, { "{}", LLMPROV_ERR_ARGUMENT, "messages" }, { "{\"messages\":{}}", LLMPROV_ERR_ARGUMENT, "messages" },
        { "{\"messages\":[{\"role\":\"user\"}]}", LLMPROV_ERR_ARGUMENT, "messages[0]" }, { "{\"messages\":[{\"role\":\"x\",\"content\":\"\"}]}", LLMPROV_ERR_ARGUMENT, "messages[0].role" },
        { "{\"model\":5,\"messages\":[]}", LLMPROV_ERR_ARGUMENT, "model" }, { "{\"max_tokens\":\"5\",\"messages\":[]}", LLMPROV_ERR_ARGUMENT, "max_tokens" },
        { "{\"max_tokens\":1.5,\"messages\":[]}", LLMPROV_ERR_ARGUMENT, "max_tokens" }, { "{\"temperature\":\"hot\",\"messages\":[]}", LLMPROV_ERR_ARGUMENT, "temperature" },
        { "{\"stream\":1,\"messages\":[]}", LLMPROV_ERR_ARGUMENT, "stream" }, { "{\"stop_sequences\":\"x\",\"messages\":[]}", LLMPROV_ERR_ARGUMENT, "stop_sequences" },
        { "{\"stop_sequences\":[1],\"messages\":[]}", LLMPROV_ERR_ARGUMENT, "stop_sequences" }, { "{\"tools\":{},\"messages\":[]}", LLMPROV_ERR_ARGUMENT, "tools" },
        { "{\"tools\":[{}],\"messages\":[]}", LLMPROV_ERR_ARGUMENT, "tools" }, { "{\"tools\":[{\"name\":\"f\"}],\"messages\":[]}", LLMPROV_ERR_ARGUMENT, "tools" },
        { "{\"tools\":[1],\"messages\":[]}", LLMPROV_ERR_ARGUMENT, "tools" }, { "{\"tool_choice\":{\"type\":\"x\"},\"messages\":[]}", LLMPROV_ERR_ARGUMENT, "tool_choice" },
        { "{\"system\":5,\"messages\":[]}", LLMPROV_ERR_ARGUMENT, "system" },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        llmprov_asked a;
        CHECK_INT(ask_read(cases[i].json, &a), cases[i].code);
        if (!CHECK(strstr(a.error.message, cases[i].says)) && !test_excused()) printf("    %s\n    says %s\n", cases[i].json, a.error.message);
        llmprov_asked_free(&a);
    }
}

TEST_NO_OOM(ask_any_beginning_fails_cleanly) {
    size_t len;
    for (len = 0; len < sizeof ask_sample - 1; len++) {
        llmprov_asked a;
        llmprov_alloc alloc = test_alloc();
        CHECK_INT(llmprov_ask(NULL, "anthropic-messages", ask_sample, len, &alloc, &a), LLMPROV_ERR_BAD_JSON);
        llmprov_asked_free(&a);
    }
}

/* One byte replaced: refused with a sentence, or a request that can be written. */
TEST_NO_OOM(ask_damaged_requests) {
    static const char bytes[] = "{}[]:,\"\\u0n1t- x\xFF";
    llmprov_desc d = { .provider = "openai", .api_key = "k", .alloc = test_alloc() };
    llmprov_client *c = llmprov_open(&d);
    char copy[sizeof ask_sample];
    int round, rounds = getenv("TEST_LONG") ? 100000 : 3000, fine = 0;
    for (round = 0; round < rounds && !test_now.failures; round++) {
        llmprov_asked a;
        int damage;
        memcpy(copy, ask_sample, sizeof ask_sample);
        for (damage = round % 3; damage >= 0; damage--) copy[(size_t)(test_random() >> 33) % (sizeof copy - 1)] = bytes[(size_t)(test_random() >> 33) % (sizeof bytes - 1)];
        if (ask_read(copy, &a) == LLMPROV_OK) {
            llmprov_call *call = llmprov_call_chat(c, &a.request);
            size_t len;
            const char *body = (const char *)llmprov_call_body_whole(call, &len);
            llmprov_error err;
            if (body) {
                llmprov_json_free(llmprov_json_parse(body, len, NULL, &err));
                if (!CHECK(!err.code && llmprov__text_valid(body, len) == len)) printf("    %s\n    %s\n", copy, body);
            }
            fine += body != NULL;
            llmprov_call_free(call);
        }
        llmprov_asked_free(&a);
    }
    CHECK(fine > rounds / 20);
    llmprov_close(c);
}

TEST(ask_in_a_format_that_cannot_be_read) {
    llmprov_alloc alloc = test_alloc();
    llmprov_asked a;
    CHECK_INT(llmprov_ask(NULL, "smoke-signals", "{}", 2, &alloc, &a), LLMPROV_ERR_UNSUPPORTED);
    CHECK(strstr(a.error.message, "smoke-signals"));
    llmprov_asked_free(&a);
    llmprov_asked_free(&a);
    llmprov_asked_free(NULL);
}

TEST_NO_OOM(ask_takes_null) {
    llmprov_asked a;
    CHECK(llmprov_ask(NULL, NULL, "{}", 2, NULL, &a) != LLMPROV_OK);
    CHECK(*a.error.message);
    llmprov_asked_free(&a);
    CHECK_INT(llmprov_ask(NULL, "anthropic-messages", NULL, 0, NULL, &a), LLMPROV_ERR_BAD_JSON);
    llmprov_asked_free(&a);
}

/* A client's text need not be UTF-8: what the request is made of is, also in what is handed on as raw JSON. */
TEST(ask_makes_utf8_of_what_is_none) {
    llmprov_desc d = { .provider = "anthropic", .api_key = "k", .alloc = test_alloc() };
    static const char json[] =
        "{\"model\":\"m\xFF\",\"max_tokens\":50,\"messages\":[{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"c\","
        "\"name\":\"f\",\"input\":{\"k\":\"a\xC3\"}},{\"type\":\"new\",\"x\":\"\xE2\x82\"}]},{\"role\":\"user\",\"content\":\"b\x80\"}],"
        "\"tools\":[{\"name\":\"f\",\"input_schema\":{\"title\":\"\xED\xA0\x80\"},\"more\":\"\xFE\"}],\"stop_sequences\":[\"s\xFF\"],"
        "\"metadata\":{\"user_id\":\"u\xFF\",\"m\":\"\xFF\"},\"new_member\":{\"x\xFF\":[\"\xFF\"]}}";
    llmprov_asked a;
    llmprov_client *c = NULL;
    llmprov_call *call = NULL;
    const char *body;
    size_t len;
    OK_OR(ask_read(json, &a), done);
    CHECK_STR(a.request.model, "m\xEF\xBF\xBD");
    CHECK_STR(a.request.tools[0].schema, "{\"title\":\"\xEF\xBF\xBD\"}");
    c = llmprov_open(&d);
    call = llmprov_call_chat(c, &a.request);
    body = (const char *)llmprov_call_body_whole(call, &len);
    if (!CHECK(body != NULL)) goto done;
    CHECK_ALWAYS(llmprov__text_valid(body, len) == len);
    CHECK(strstr(body, "\"new_member\":{\"x\xEF\xBF\xBD\":[\"\xEF\xBF\xBD\"]}") != NULL);
done:
    llmprov_call_free(call);
    llmprov_close(c);
    llmprov_asked_free(&a);
}

/* Errors name the byte of the text as it came, not of what was made of it. */
TEST(ask_says_where_in_the_text_as_it_came) {
    llmprov_asked a;
    if (ask_read("{\"model\":\"\xFF\xFE\xED\xA0\xBD\xED\xB8\x80\",\"messages\":[}", &a) != LLMPROV_ERR_NO_MEMORY) {
        CHECK_INT(a.error.code, LLMPROV_ERR_BAD_JSON);
        CHECK_INT(a.error.offset, 32);
        CHECK(strstr(a.error.message, "not JSON at byte 32") != NULL);
    }
    llmprov_asked_free(&a);
}

/* A conversation that is not there is missed by the name that the client's format has for it. */
TEST(ask_check_names_the_member_that_the_format_has) {
    static const struct { const char *format, *json, *member; } cases[] = {
        { "openai-chat", "{'model':'m','messages':[]}", "messages" }, { "openai-responses", "{'model':'m','input':[]}", "input" },
        { "openai-responses", "{'model':'m'}", "input" }, { "gemini-generate", "{'contents':[]}", "contents" }, { "bedrock-converse", "{'messages':[]}", "messages" },
    };
    llmprov_alloc alloc = test_alloc();
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        llmprov_asked a;
        const char *json = Q(cases[i].json);
        llmprov_status status = llmprov_ask(NULL, cases[i].format, json, strlen(json), &alloc, &a);
        a.request.model = "m";
        if (!status) status = llmprov_asked_check(&a, NULL);
        if (status != LLMPROV_ERR_NO_MEMORY) {
            CHECK_INT(status, LLMPROV_ERR_ARGUMENT);
            CHECK_STR(a.error.param, cases[i].member);
        }
        llmprov_asked_free(&a);
    }
}

/* A result without its call, and a call without its result, are named as the client wrote them. */
TEST(ask_names_calls_and_results_as_the_format_does) {
    static const struct { const char *format, *body, *param; } cases[] = {
        { "anthropic-messages", "{'model':'m','max_tokens':9,'messages':[{'role':'user','content':[{'type':'text','text':'Hi'},{'type':'tool_result','tool_use_id':'a','content':'1'}]}]}",
          "messages[0].content[1]" },
        { "openai-chat", "{'model':'m','messages':[{'role':'system','content':'S'},{'role':'user','content':'Hi'},{'role':'assistant','content':'I look.','tool_calls':["
          "{'id':'a','type':'function','function':{'name':'f','arguments':'{}'}},{'id':'b','type':'function','function':{'name':'f','arguments':'{}'}}]},"
          "{'role':'tool','tool_call_id':'a','content':'1'}]}", "messages[2].tool_calls[1]" },
        { "openai-responses", "{'model':'m','input':[{'role':'user','content':'Hi'},{'type':'function_call_output','call_id':'a','output':'1'}]}", "input" },
        { "cohere-v2", "{'model':'m','messages':[{'role':'user','content':'Hi'},{'role':'tool','tool_call_id':'a','content':'1'}]}", "messages[1].tool_call_id" },
        { "ollama-chat", "{'model':'m','messages':[{'role':'user','content':'Hi'},{'role':'assistant','content':'','tool_calls':[{'function':{'name':'f','arguments':{}}}]}]}",
          "messages[1].tool_calls[0]" },
        { "bedrock-converse", "{'messages':[{'role':'user','content':[{'text':'Hi'},{'toolResult':{'toolUseId':'a','content':[{'text':'1'}]}}]}]}", "messages[0].content[1]" },
        { "gemini-generate", "{'contents':[{'role':'user','parts':[{'text':'Hi'}]},{'role':'model','parts':[{'text':'I look.'},{'functionCall':{'name':'f','args':{}}}]}]}",
          "contents[1].parts[1]" },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        const char *body = Q(cases[i].body);
        llmprov_alloc alloc = test_alloc();
        llmprov_asked a;
        if (!llmprov_ask(NULL, cases[i].format, body, strlen(body), &alloc, &a)) {
            a.request.model = "m";
            CHECK_INT(llmprov_asked_check(&a, NULL), LLMPROV_ERR_ARGUMENT);
            CHECK_STR(a.error.param, cases[i].param);
        } else if (!test_excused()) test_fail(cases[i].format, (int)i, "%s", a.error.message);
        llmprov_asked_free(&a);
    }
}

/* A list of many items, the last with a member whose name takes an allocation of its own and others behind it: without
   memory for that name the item is still one item, and nothing is written behind the list. */
TEST(ask_without_memory_an_item_is_read_to_its_end) {
    static const struct { const char *format, *list, *item; int count; } cases[] = {
        { "anthropic-messages", "{'model':'m','max_tokens':1,'messages':[{'role':'user','content':'x'}],'tools':[", "'name':'f','input_schema':{}", 40 },
        { "openai-chat", "{'model':'m','messages':[", "'role':'user','content':'x'", 40 },
        { "openai-chat", "{'model':'m','messages':[{'role':'user','content':'x'}],'tools':[", "'type':'function','function':{'name':'f'}", 40 },
        { "ollama-chat", "{'model':'m','messages':[", "'role':'user','content':'x'", 40 },
        { "cohere-v2", "{'model':'m','messages':[", "'role':'user','content':'x'", 40 },
        { "bedrock-converse", "{'messages':[{'role':'user','content':[{'toolResult':{'toolUseId':'a','content':[", "'text':'x'", 10 },
    };
    char name[1101];
    llmprov_asked a;
    size_t i;
    int n;
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = 0;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool bedrock = !strcmp(cases[i].format, "bedrock-converse");
        engine_text t = { NULL, 0, 0 };
        engine_adds(&t, cases[i].list);
        for (n = 1; n <= cases[i].count; n++) {
            engine_adds(&t, "{");
            if (n < cases[i].count || !bedrock) engine_adds(&t, cases[i].item);
            if (n == cases[i].count) engine_adds(&t, bedrock ? "'" : ",'"), engine_adds(&t, name), engine_adds(&t, bedrock ? "':{},'a':null,'b':null" : "':1,'a':1,'b':1");
            engine_adds(&t, n < cases[i].count ? "}," : "}]");
        }
        engine_adds(&t, bedrock ? "}}]}]}" : "}");
        if (llmprov_ask(NULL, cases[i].format, Q(t.ptr), t.len, &(llmprov_alloc){ test_realloc, NULL }, &a) == LLMPROV_OK) {
            if (bedrock) CHECK_INT(a.request.messages[0].blocks[0].content_count, 10);
            else CHECK_INT(strstr(cases[i].list, "tools") ? a.request.tool_count : a.request.message_count, 40);
        } else CHECK_ALWAYS(a.error.code == LLMPROV_ERR_NO_MEMORY || (printf("    %s: %s\n", cases[i].format, a.error.message), false));
        llmprov_asked_free(&a);
        engine_text_free(&t);
    }
}

/* What was refused stays refused, and what was not read from a format has no path. */
TEST(ask_path_and_check_of_what_failed) {
    llmprov_asked a = { .memory = NULL };
    CHECK_INT(llmprov_asked_path(&a, NULL, "/v1/messages"), LLMPROV_OK);
    CHECK_INT(llmprov_asked_check(&a, NULL), LLMPROV_OK);
    if (ask_read("[]", &a) == LLMPROV_ERR_ARGUMENT) {
        CHECK_INT(llmprov_asked_path(&a, NULL, "/v1/messages"), LLMPROV_ERR_ARGUMENT);
        CHECK_INT(llmprov_asked_check(&a, NULL), LLMPROV_ERR_ARGUMENT);
    }
    llmprov_asked_free(&a);
    OK_OR(ask_read(ask_sample, &a), done);
    a.request.origin = NULL;
    if (llmprov_asked_path(&a, NULL, "/v1/messages") != LLMPROV_ERR_NO_MEMORY) CHECK_INT(a.error.code, LLMPROV_ERR_NOT_FOUND);
done:
    llmprov_asked_free(&a);
}

TEST(ask_of_no_format) {
    llmprov_alloc alloc = test_alloc();
    llmprov_asked a;
    if (llmprov_ask(NULL, NULL, "{}", 2, &alloc, &a) != LLMPROV_ERR_NO_MEMORY) CHECK_STR(a.error.message, "requests in this format cannot be read: (none was named)");
    llmprov_asked_free(&a);
}

/* A model's name in a path is UTF-8 when it is handed on, like everything that is read. */
TEST(ask_path_that_is_no_utf8) {
    static const char body[] = "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"H\xff\"}]}]}";
    llmprov_alloc alloc = test_alloc();
    llmprov_asked a;
    llmprov_ask(NULL, "bedrock-converse", body, sizeof body - 1, &alloc, &a);
    if (!llmprov_asked_path(&a, NULL, "/model/m%ffx%C3%A9/converse")) CHECK_STR(a.request.model, "m\xEF\xBF\xBDx\xC3\xA9");
    if (!a.error.code) CHECK_TEXT(a.request.messages[0].blocks[0].text, a.request.messages[0].blocks[0].text_len, "H\xEF\xBF\xBD");
    if (a.request.model) CHECK_ALWAYS(llmprov__text_valid(a.request.model, strlen(a.request.model)) == strlen(a.request.model));
    llmprov_asked_free(&a);
}

/* Readers do not agree which of two members of one name counts: one is the least that can be told apart. Those that the
   format does not know go on as they came. */
TEST(ask_refuses_a_member_that_stands_twice) {
    static const struct { const char *format; server_case asked; } cases[] = {
        { "anthropic-messages", { "{'thinking':{'type':'enabled','budget_tokens':1000},'thinking':{'type':'enabled','budget_tokens':1024},'max_tokens':9,'messages':[]}", "thinking", "invalid_value" } },
        { "anthropic-messages", { "{'thinking':{'type':'enabled','budget_tokens':1000,'budget_tokens':1024},'max_tokens':9,'messages':[]}", "thinking.budget_tokens", "invalid_value" } },
        { "anthropic-messages", { "{'thinking':{'type':'enabled','budget_tokens':1024},'thinking':null,'max_tokens':9,'messages':[]}", "thinking", "invalid_value" } },
        { "anthropic-messages", { "{'max_tokens':9,'messages':[{'role':'user','content':[{'type':'text','text':'a','type':'image'}]}]}", "messages[0].content[0].type", "invalid_value" } },
        { "anthropic-messages", { "{'x':1,'x':2,'model':'m','max_tokens':9,'messages':[{'role':'user','content':'q','y':1,'y':2}]}", NULL, NULL } },
        { "openai-chat", { "{'messages':null,'model':'m','messages':[]}", "messages", "invalid_value" } },
        { "openai-responses", { "{'model':'m','input':[],'input':'q'}", "input", "invalid_value" } },
        { "bedrock-converse", { "{'messages':[],'inferenceConfig':{'maxTokens':1,'maxTokens':2}}", "inferenceConfig.maxTokens", "ValidationException" } },
        { "gemini-generate", { "{'contents':[{'role':'user','role':'model','parts':[]}]}", "contents[0].role", "invalid_value" } },
        { "ollama-chat", { "{'model':'m','messages':[],'\\u006dessages':[]}", "messages", "invalid_value" } },
        { "cohere-v2", { "{'model':'m','messages':[{'role':'user','content':'a','content':'b'}]}", "messages[0].content", "invalid_value" } },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) server_refuses(cases[i].format, &cases[i].asked, 1, __FILE__, __LINE__);
}
