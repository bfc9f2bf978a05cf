/* Known pitfalls of translation: roles, the order of messages, and media in them. */
#include "engine.h"

/* A history in Anthropic's form, as it goes to a provider. */
static engine_sent pitfalls_send(const char *provider, const char *model, const char *history, const char *file, int line) {
    llmprov_history h = engine_history(Q(history));
    llmprov_request req = { .model = model, .history = &h, .max_tokens = LLMPROV_INT(99) };
    engine_sent s = engine_send_with(provider, NULL, &req, file, line);
    llmprov_history_free(&h);
    return s;
}
#define SENT(provider, model, history) pitfalls_send((provider), (model), (history), __FILE__, __LINE__)

#define PITFALLS_TWO_CALLS "{'role':'user','content':'Hi'},{'role':'assistant','content':[{'type':'tool_use','id':'a','name':'f','input':{}}," \
    "{'type':'tool_use','id':'b','name':'g','input':{}}]}"

// -- tool results --------------------------------------------------------------------------

TEST(pitfall_039_results_in_one_message_in_the_order_of_the_calls) {
    engine_sent s = SENT("anthropic", "claude-sonnet-4-6", "[" PITFALLS_TWO_CALLS ",{'role':'user','content':[{'type':'text','text':'Look:'},{'type':'tool_result','tool_use_id':'b','content':'2'}]},"
                         "{'role':'user','content':[{'type':'tool_result','tool_use_id':'a','content':'1'},{'type':'text','text':'Go on'}]}]");
    engine_sent c = SENT("custom", "m", "[" PITFALLS_TWO_CALLS ",{'role':'user','content':[{'type':'text','text':'Look:'},{'type':'tool_result','tool_use_id':'b','content':'2'}]},"
                         "{'role':'user','content':[{'type':'tool_result','tool_use_id':'a','content':'1'},{'type':'text','text':'Go on'}]}]");
    CHECK_INT(llmprov_json_count(llmprov_json_get(s.body, "messages")), 3);
    CHECK_BODY(s, "messages[2].content", Q("[{'type':'tool_result','tool_use_id':'a','content':'1'},{'type':'tool_result','tool_use_id':'b','content':'2'},"
                                           "{'type':'text','text':'Look:'},{'type':'text','text':'Go on'}]"));
    CHECK_BODY(c, "messages[2]", Q("{'role':'tool','tool_call_id':'a','content':'1'}"));
    CHECK_BODY(c, "messages[3]", Q("{'role':'tool','tool_call_id':'b','content':'2'}"));
    CHECK_BODY(c, "messages[4].role", "\"user\"");
    engine_sent_free(&s);
    engine_sent_free(&c);
}

TEST(pitfall_039_turns_of_a_loop_stay_apart) {
    engine_sent s = SENT("anthropic", "claude-sonnet-4-6", "[{'role':'user','content':'Hi'},{'role':'assistant','content':[{'type':'tool_use','id':'a','name':'f','input':{}}]},"
        "{'role':'user','content':[{'type':'tool_result','tool_use_id':'a','content':'1'}]},{'role':'assistant','content':[{'type':'tool_use','id':'b','name':'g','input':{}}]},"
        "{'role':'user','content':[{'type':'tool_result','tool_use_id':'b','content':'2'}]}]");
    CHECK_INT(llmprov_json_count(llmprov_json_get(s.body, "messages")), 5);
    CHECK_BODY(s, "messages[2].content", Q("[{'type':'tool_result','tool_use_id':'a','content':'1'}]"));
    CHECK_BODY(s, "messages[3].content[0].id", "\"b\"");
    CHECK_BODY(s, "messages[4].content", Q("[{'type':'tool_result','tool_use_id':'b','content':'2'}]"));
    CHECK_INT(s.warning_count, 0);
    engine_sent_free(&s);
}

TEST(pitfall_041_a_call_without_a_result) {
    engine_sent s = SENT("anthropic", "claude-sonnet-4-6", "[" PITFALLS_TWO_CALLS ",{'role':'user','content':[{'type':'tool_result','tool_use_id':'a','content':'1'},{'type':'text','text':'Stop.'}]}]");
    engine_sent c = SENT("custom", "m", "[" PITFALLS_TWO_CALLS "]");
    CHECK_INT(llmprov_json_count(llmprov_json_path(s.body, "messages[2].content")), 3);
    CHECK_BODY(s, "messages[2].content[1].tool_use_id", "\"b\"");
    CHECK_BODY(s, "messages[2].content[1].is_error", "true");
    CHECK(strstr(llmprov_json_str(llmprov_json_path(s.body, "messages[2].content[1].content"), ""), "cancelled") != NULL);
    CHECK(s.warning_count > 0);
    CHECK_INT(llmprov_json_count(llmprov_json_get(c.body, "messages")), 4);
    CHECK_BODY(c, "messages[2].tool_call_id", "\"a\"");
    CHECK_BODY(c, "messages[3].tool_call_id", "\"b\"");
    CHECK(c.warning_count > 0);
    engine_sent_free(&s);
    engine_sent_free(&c);
}

TEST(pitfall_041_a_result_without_a_call) {
    engine_sent s = SENT("anthropic", "claude-sonnet-4-6", "[{'role':'user','content':[{'type':'tool_result','tool_use_id':'gone','content':'42 degrees'},{'type':'text','text':'Go on'}]}]");
    engine_sent c = SENT("custom", "m", "[{'role':'user','content':[{'type':'tool_result','tool_use_id':'gone','content':'42 degrees'},{'type':'text','text':'Go on'}]}]");
    CHECK(s.text && !strstr(s.text, "tool_result") && strstr(s.text, "42 degrees"));
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "messages[0].content[0]");
    CHECK(c.text && !strstr(c.text, "\"tool\"") && strstr(c.text, "42 degrees"));
    CHECK_WARNED(c, LLMPROV_ERR_ARGUMENT, "messages[0].content[0]");
    engine_sent_free(&s);
    engine_sent_free(&c);
}

/* A history that was cut between a call and its result, at either side, is legal when it is sent. */
TEST(pitfall_042_history_cut_inside_a_turn) {
    llmprov_history h = engine_history(Q("[" PITFALLS_TWO_CALLS ",{'role':'user','content':[{'type':'tool_result','tool_use_id':'a','content':'1'},"
                                         "{'type':'tool_result','tool_use_id':'b','content':'2'}]},{'role':'assistant','content':'Done.'}]"));
    llmprov_request front = { .model = "claude-sonnet-4-6", .max_tokens = LLMPROV_INT(9) }, back = front;
    engine_sent s, t;
    size_t i, open = 0;
    front.messages = h.message_count > 2 ? h.messages + 2 : NULL;
    front.message_count = h.message_count > 2 ? h.message_count - 2 : 0;
    front.prompt = "Go on";
    s = engine_send("anthropic", &front);
    CHECK(s.text && !strstr(s.text, "tool_use_id"));
    CHECK(s.warning_count > 0);
    engine_sent_free(&s);
    llmprov_history_cut(&h, 2);
    back.history = &h;
    back.prompt = "Go on";
    t = engine_send("anthropic", &back);
    for (i = 0; i < 2; i++) {
        char path[60];
        sprintf(path, "messages[2].content[%d].tool_use_id", (int)i);
        open += llmprov_json_path(t.body, path) != NULL;
    }
    CHECK_INT(open, 2);
    CHECK_BODY(t, "messages[2].content[2].text", "\"Go on\"");
    engine_sent_free(&t);
    llmprov_history_free(&h);
}

/* Tool blocks with no tools in the request: the API takes them, some gateways to it do not. For those the row has a
   quirk: a tool that nobody calls stands for the definitions, and it is said. */
TEST(pitfall_043_tool_blocks_without_tools) {
    llmprov_alloc alloc = test_alloc();
    llmprov_registry *reg = llmprov_registry_new(&alloc);
    llmprov_provider gateway = { .id = "gateway", .format = "anthropic-messages", .base_url = "https://gateway.example/v1", .auth = LLMPROV_AUTH_NONE,
                                 .quirks = { .flags = LLMPROV_QUIRK_TOOLS_DEFINED } };
    llmprov_block use = { .type = LLMPROV_BLOCK_TOOL_USE, .id = "a", .name = "f", .json = "{}" }, result = { .type = LLMPROV_BLOCK_TOOL_RESULT, .id = "a", .text = "1" };
    llmprov_message turns[] = { { .role = LLMPROV_ROLE_ASSISTANT, .blocks = &use, .block_count = 1 }, { .blocks = &result, .block_count = 1 } };
    llmprov_request req = { .model = "claude-sonnet-4-6", .messages = turns, .message_count = 2 };
    llmprov_desc desc = { .registry = reg };
    engine_sent plain, s;
    if (llmprov_register(reg, &gateway, 0) != LLMPROV_OK) {
        llmprov_registry_free(reg);
        return;
    }
    plain = engine_send("anthropic", &req);
    s = engine_send_with("gateway", &desc, &req, __FILE__, __LINE__);
    CHECK(plain.body && !llmprov_json_get(plain.body, "tools"));
    CHECK_INT(llmprov_json_count(llmprov_json_get(s.body, "tools")), 1);
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "tools");
    engine_sent_free(&plain);
    engine_sent_free(&s);
    llmprov_registry_free(reg);
}

// -- system messages -----------------------------------------------------------------------

#define PITFALLS_MIDDLE "[{'role':'user','content':'One'},{'role':'assistant','content':'Two'},{'role':'user','content':'Three'},{'role':'system','content':'Be brief.'}," \
    "{'role':'assistant','content':'Four'},{'role':'user','content':'Five'}]"

TEST(pitfall_045_system_message_in_the_middle) {
    engine_sent chat = SENT("openai", "gpt-4.1", PITFALLS_MIDDLE), fresh = SENT("anthropic", "claude-opus-4-8", PITFALLS_MIDDLE), old = SENT("anthropic", "claude-sonnet-4-5", PITFALLS_MIDDLE);
    CHECK_BODY(chat, "messages[3]", Q("{'role':'system','content':'Be brief.'}"));
    CHECK_INT(chat.warning_count, 0);
    CHECK_BODY(fresh, "system", NULL);
    CHECK_BODY(fresh, "messages[3].role", "\"system\"");
    CHECK(strstr(fresh.text ? fresh.text : "", "Be brief.") != NULL);
    CHECK_BODY(fresh, "messages[4].role", "\"assistant\"");
    CHECK_BODY(old, "system", NULL);
    CHECK_BODY(old, "messages[3].role", "\"assistant\"");
    CHECK_BODY(old, "messages[2].content[1].text", "\"<system>\\nBe brief.\\n</system>\"");
    CHECK_WARNED(old, LLMPROV_ERR_ARGUMENT, "messages[3].content[0]");
    engine_sent_free(&chat);
    engine_sent_free(&fresh);
    engine_sent_free(&old);
}

/* It slides behind the user's turns that follow it; at the end of the conversation it may stand too. */
TEST(pitfall_045_system_message_slides_to_its_place) {
    engine_sent s = SENT("anthropic", "claude-opus-4-8", "[{'role':'user','content':'One'},{'role':'assistant','content':'Two'},{'role':'system','content':'Be brief.'},{'role':'user','content':'Three'}]");
    CHECK_BODY(s, "messages[2].role", "\"user\"");
    CHECK_BODY(s, "messages[3].role", "\"system\"");
    CHECK_INT(llmprov_json_count(llmprov_json_get(s.body, "messages")), 4);
    engine_sent_free(&s);
}

TEST(pitfall_046_several_leading_system_messages) {
    static const char history[] = "[{'role':'system','content':'First.'},{'role':'system','content':'Second.'},{'role':'user','content':'Hi'}]";
    llmprov_provider row = { .id = "strict", .format = "openai-chat", .base_url = "https://strict.test/v1", .auth_optional = true, .quirks = { .flags = LLMPROV_QUIRK_ONE_SYSTEM } };
    llmprov_alloc alloc = test_alloc();
    llmprov_registry *reg = llmprov_registry_new(&alloc);
    llmprov_desc desc = { .provider = "strict", .registry = reg };
    llmprov_history h = engine_history(Q(history));
    llmprov_request req = { .model = "m", .history = &h };
    engine_sent a = SENT("anthropic", "claude-sonnet-4-6", history), b;
    llmprov_register(reg, &row, 0);
    b = engine_send_with("strict", &desc, &req, __FILE__, __LINE__);
    CHECK_BODY(a, "system", Q("[{'type':'text','text':'First.'},{'type':'text','text':'Second.'}]"));
    CHECK_BODY(a, "messages[0].role", "\"user\"");
    CHECK_BODY(b, "messages[0]", Q("{'role':'system','content':'First.\\n\\nSecond.'}"));
    CHECK_INT(llmprov_json_count(llmprov_json_get(b.body, "messages")), 2);
    engine_sent_free(&a);
    engine_sent_free(&b);
    llmprov_history_free(&h);
    llmprov_registry_free(reg);
}

TEST(pitfall_047_developer_is_openais_own_role) {
    llmprov_request req = { .model = "gpt-5.2", .system = "Be brief.", .prompt = "Hi" };
    engine_sent a = engine_send("openai", &req), b = engine_send("vllm", &req), c;
    req.model = "gpt-4.1";
    c = engine_send("openai", &req);
    CHECK_BODY(a, "messages[0]", Q("{'role':'developer','content':'Be brief.'}"));
    CHECK_BODY(b, "messages[0]", Q("{'role':'system','content':'Be brief.'}"));
    CHECK_BODY(c, "messages[0]", Q("{'role':'system','content':'Be brief.'}"));
    engine_sent_free(&a);
    engine_sent_free(&b);
    engine_sent_free(&c);
}

TEST(pitfall_048_gemma_has_no_system_role) {
    llmprov_request req = { .model = "google/gemma-2-9b-it", .system = "Be brief.", .prompt = "Hi" };
    engine_sent s = engine_send("vllm", &req);
    CHECK(s.text && !strstr(s.text, "\"system\""));
    CHECK_BODY(s, "messages[0].role", "\"user\"");
    CHECK(s.text && strstr(s.text, "Be brief.") && strstr(s.text, "Hi") && strstr(s.text, "Be brief.") < strstr(s.text, "Hi"));
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "system");
    CHECK_INT(llmprov_json_count(llmprov_json_get(s.body, "messages")), 1);   /* prepended to the first turn, not a turn of its own */
    engine_sent_free(&s);
}

// -- order, emptiness ----------------------------------------------------------------------

TEST(pitfall_049_the_same_role_twice_in_a_row) {
    static const char history[] = "[{'role':'user','content':'One'},{'role':'user','content':'Two'},{'role':'assistant','content':'Three'},{'role':'assistant','content':[{'type':'text','text':'Four'}]},{'role':'user','content':'Five'}]";
    engine_sent a = SENT("anthropic", "claude-sonnet-4-6", history), b = SENT("custom", "m", history);
    CHECK_BODY(a, "messages", Q("[{'role':'user','content':[{'type':'text','text':'One'},{'type':'text','text':'Two'}]},"
                                "{'role':'assistant','content':[{'type':'text','text':'Three'},{'type':'text','text':'Four'}]},{'role':'user','content':'Five'}]"));
    CHECK_INT(llmprov_json_count(llmprov_json_get(b.body, "messages")), 5);
    engine_sent_free(&a);
    engine_sent_free(&b);
}

TEST(pitfall_050_merging_keeps_cache_marks) {
    engine_sent s = SENT("anthropic", "claude-sonnet-4-6", "[{'role':'user','content':[{'type':'text','text':'One','cache_control':{'type':'ephemeral'}}]},"
                         "{'role':'user','content':[{'type':'text','text':'Two'},{'type':'text','text':'Three','cache_control':{'type':'ephemeral','ttl':'5m'}}]}]");
    CHECK_BODY(s, "messages[0].content[0].cache_control.type", "\"ephemeral\"");
    CHECK_BODY(s, "messages[0].content[1].cache_control", NULL);
    CHECK_BODY(s, "messages[0].content[2].cache_control.type", "\"ephemeral\"");
    engine_sent_free(&s);
}

TEST(pitfall_051_empty_texts) {
    static const char history[] = "[{'role':'user','content':[{'type':'text','text':''},{'type':'text','text':'Hi'}]},"
        "{'role':'assistant','content':[{'type':'text','text':''},{'type':'tool_use','id':'a','name':'f','input':{}}]},{'role':'user','content':[{'type':'tool_result','tool_use_id':'a','content':'1'}]}]";
    engine_sent s = SENT("anthropic", "claude-sonnet-4-6", history);
    CHECK_BODY(s, "messages[0].content", Q("[{'type':'text','text':'Hi'}]"));
    CHECK_BODY(s, "messages[1].content", Q("[{'type':'tool_use','id':'a','name':'f','input':{}}]"));
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "messages[0].content[0]");
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "messages[1].content[0]");
    engine_sent_free(&s);
}

TEST(pitfall_052_messages_that_become_empty) {
    engine_sent s = SENT("anthropic", "claude-sonnet-4-6", "[{'role':'user','content':'One'},{'role':'assistant','content':[{'type':'thinking','thinking':'hm','signature':''},{'type':'text','text':''}]},"
                         "{'role':'user','content':'Two'}]");
    CHECK_BODY(s, "messages", Q("[{'role':'user','content':[{'type':'text','text':'One'},{'type':'text','text':'Two'}]}]"));
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "messages[1].content[0]");
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "messages[1]");
    engine_sent_free(&s);
}

TEST(pitfall_053_prefill_that_ends_in_white_space) {
    engine_sent a = SENT("anthropic", "claude-sonnet-4-5", "[{'role':'user','content':'One'},{'role':'assistant','content':'Two \\n'},{'role':'user','content':'Three'},{'role':'assistant','content':'The answer is: \\n\\t '}]");
    engine_sent b = SENT("anthropic", "claude-sonnet-4-5", "[{'role':'user','content':'One'},{'role':'assistant','content':'  '}]");
    CHECK_BODY(a, "messages[1].content", "\"Two \\n\"");      /* only at the very end */
    CHECK_BODY(a, "messages[3].content", "\"The answer is:\"");
    CHECK_WARNED(a, LLMPROV_ERR_ARGUMENT, "messages");
    CHECK_INT(llmprov_json_count(llmprov_json_get(b.body, "messages")), 1);
    engine_sent_free(&a);
    engine_sent_free(&b);
}

/* From 4.6 on a final assistant text is refused altogether: the user asks to go on. */
TEST(pitfall_053_prefill_where_it_is_refused) {
    engine_sent s = SENT("anthropic", "claude-opus-4-8", "[{'role':'user','content':'One'},{'role':'assistant','content':'The answer is:'}]");
    CHECK_BODY(s, "messages[2].role", "\"user\"");
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "messages");
    engine_sent_free(&s);
}

TEST(pitfall_054_assistant_with_calls_only) {
    engine_sent s = SENT("custom", "m", "[" PITFALLS_TWO_CALLS ",{'role':'user','content':[{'type':'tool_result','tool_use_id':'a','content':'1'},{'type':'tool_result','tool_use_id':'b','content':'2'}]},"
                         "{'role':'assistant','content':'Done.'},{'role':'user','content':'Thanks'}]");
    const llmprov_json *m = llmprov_json_path(s.body, "messages[1]");
    CHECK(!m || llmprov_json_get(m, "content"));              /* the key is there */
    CHECK_BODY(s, "messages[1].content", "null");
    CHECK_BODY(s, "messages[4].content", "\"Done.\"");
    engine_sent_free(&s);
}

/* Thinking alone: the content is a string even so, or the message is left out. */
TEST(pitfall_054_assistant_without_calls_has_a_string) {
    engine_sent s = SENT("deepseek", "deepseek-v4", "[{'role':'user','content':'One'},{'role':'assistant','content':[{'type':'thinking','thinking':'hm','signature':'','origin':'openai-chat:reasoning_content'}]},{'role':'user','content':'Two'}]");
    const llmprov_json *m = llmprov_json_path(s.body, "messages[1]");
    CHECK(!strcmp(llmprov_json_str(llmprov_json_get(m, "role"), "user"), "user") || llmprov_json_kind(llmprov_json_get(m, "content")) == LLMPROV_JSON_STRING);
    engine_sent_free(&s);
}

TEST(pitfall_055_mistral_wants_an_assistant_between_tool_and_user) {
    engine_sent s = SENT("mistral", "mistral-large-latest", "[{'role':'user','content':'Hi'},{'role':'assistant','content':[{'type':'tool_use','id':'D681PevKs','name':'f','input':{}}]},"
                         "{'role':'user','content':[{'type':'tool_result','tool_use_id':'D681PevKs','content':'1'},{'type':'text','text':'Go on'}]}]");
    CHECK_BODY(s, "messages[2].role", "\"tool\"");
    CHECK_BODY(s, "messages[3].role", "\"assistant\"");
    CHECK_BODY(s, "messages[4].role", "\"user\"");
    engine_sent_free(&s);
}

/* Only members that the target knows: no cache marks, ids of blocks or unknown members in openai-chat's parts. */
TEST(pitfall_056_only_the_targets_keys) {
    engine_sent s = SENT("custom", "m", "[{'role':'user','id':'msg_7','metadata':{'a':1},'content':[{'type':'text','text':'Hi','cache_control':{'type':'ephemeral'},'my_own':1},"
                         "{'type':'image','source':{'type':'url','url':'https://x.test/a.png'},'title':'A'}]}]");
    CHECK_BODY(s, "messages[0]", Q("{'role':'user','content':[{'type':'text','text':'Hi'},{'type':'image_url','image_url':{'url':'https://x.test/a.png'}}]}"));
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "cache");
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "messages[0].content[0]");
    engine_sent_free(&s);
}

TEST(pitfall_057_members_that_only_streams_have) {
    engine_sent s = SENT("anthropic", "claude-sonnet-4-6", "[{'role':'user','content':'Hi'},{'role':'assistant','content':[{'type':'text','text':'Well','index':0},"
                         "{'type':'tool_use','id':'a','name':'f','input':{},'index':1,'partial_json':'{}'}]},{'role':'user','content':[{'type':'tool_result','tool_use_id':'a','content':'1'}]}]");
    CHECK_BODY(s, "messages[1].content", Q("[{'type':'text','text':'Well'},{'type':'tool_use','id':'a','name':'f','input':{}}]"));
    engine_sent_free(&s);
}

// -- images, documents, audio --------------------------------------------------------------

#define PITFALLS_PNG "{'type':'image','source':{'type':'base64','media_type':'image/png','data':'iVBORw0K'}}"

TEST(pitfall_061_images_in_tool_results) {
    engine_sent s = SENT("custom", "m", "[" PITFALLS_TWO_CALLS ",{'role':'user','content':[{'type':'tool_result','tool_use_id':'a','content':[{'type':'text','text':'see'}," PITFALLS_PNG "]},"
                         "{'type':'tool_result','tool_use_id':'b','content':[" PITFALLS_PNG "]},{'type':'text','text':'Go on'}]}]");
    CHECK_BODY(s, "messages[2].role", "\"tool\"");
    CHECK_BODY(s, "messages[3].role", "\"tool\"");            /* the run of tool messages is not broken */
    CHECK(llmprov_json_kind(llmprov_json_path(s.body, "messages[2].content")) == LLMPROV_JSON_STRING || !s.body);
    CHECK(llmprov_json_kind(llmprov_json_path(s.body, "messages[3].content")) == LLMPROV_JSON_STRING || !s.body);
    CHECK_BODY(s, "messages[4].role", "\"user\"");
    CHECK_BODY(s, "messages[4].content[1]", Q("{'type':'image_url','image_url':{'url':'data:image/png;base64,iVBORw0K'}}"));
    CHECK_BODY(s, "messages[4].content[3].type", "\"image_url\"");
    CHECK(strstr(llmprov_json_str(llmprov_json_path(s.body, "messages[4].content[0].text"), ""), "a") != NULL);
    CHECK(s.text && strstr(s.text, "Go on") > strstr(s.text, "image_url"));
    CHECK(s.warning_count > 0);
    engine_sent_free(&s);
}

TEST(pitfall_062_images_in_tool_results_where_they_are_taken) {
    static const char history[] = "[{'role':'user','content':'Hi'},{'role':'assistant','content':[{'type':'tool_use','id':'a','name':'f','input':{}}]},"
        "{'role':'user','content':[{'type':'tool_result','tool_use_id':'a','content':[{'type':'text','text':'see'}," PITFALLS_PNG "]}]}]";
    engine_sent a = SENT("llama.cpp", "m", history), b = SENT("anthropic", "claude-sonnet-4-6", history);
    CHECK_BODY(a, "messages[2]", Q("{'role':'tool','tool_call_id':'a','content':[{'type':'text','text':'see'},{'type':'image_url','image_url':{'url':'data:image/png;base64,iVBORw0K'}}]}"));
    CHECK_INT(llmprov_json_count(llmprov_json_get(a.body, "messages")), 3);
    CHECK_BODY(b, "messages[2].content[0].content[1].source.data", "\"iVBORw0K\"");
    CHECK_INT(a.warning_count + b.warning_count, 0);
    engine_sent_free(&a);
    engine_sent_free(&b);
}

TEST(pitfall_064_base64_in_each_formats_own_form) {
    llmprov_block blocks[] = { { .type = LLMPROV_BLOCK_IMAGE, .mime = "image/jpeg", .data = "\xff\xd8\xff", .data_len = 3 } };
    llmprov_message m = { .blocks = blocks, .block_count = 1 };
    llmprov_request req = { .model = "m", .messages = &m, .message_count = 1, .max_tokens = LLMPROV_INT(9) };
    engine_sent a = engine_send("custom", &req), b = engine_send("anthropic", &req);
    CHECK_BODY(a, "messages[0].content[0].image_url.url", "\"data:image/jpeg;base64,/9j/\"");
    CHECK_BODY(b, "messages[0].content[0].source", Q("{'type':'base64','media_type':'image/jpeg','data':'/9j/'}"));
    engine_sent_free(&a);
    engine_sent_free(&b);
}

/* What the target cannot take is an error that says where, or a warning: never silence. */
TEST(pitfall_065_media_that_the_target_does_not_take) {
    llmprov_block b = { .type = LLMPROV_BLOCK_VIDEO, .mime = "video/mp4", .data = "x", .data_len = 1 };
    llmprov_message m = { .blocks = &b, .block_count = 1 };
    llmprov_request req = { .model = "m", .messages = &m, .message_count = 1, .max_tokens = LLMPROV_INT(9) };
    static const char *const providers[] = { "anthropic", "custom" };
    static const llmprov_block_type types[] = { LLMPROV_BLOCK_VIDEO, LLMPROV_BLOCK_AUDIO };
    size_t i, j;
    for (i = 0; i < 2; i++)
        for (j = 0; j < 2; j++) {
            engine_sent s;
            b.type = types[j];
            b.mime = j ? "audio/ogg" : "video/mp4";
            s = engine_send(providers[i], &req);
            CHECK_INT(s.error.code, LLMPROV_ERR_UNSUPPORTED);
            CHECK_STR(s.error.param, "messages[0].content[0]");
            CHECK(!s.text);
            engine_sent_free(&s);
        }
}

/* Kinds that only Anthropic's format has become what they say as text, or nothing: always with a warning. */
TEST(pitfall_065_blocks_that_only_anthropic_has) {
    engine_sent s = SENT("custom", "m", "[{'role':'user','content':[{'type':'search_result','source':'https://s.test','title':'Tides','content':[{'type':'text','text':'High at two.'}]},{'type':'container_upload','file_id':'f'},"
                         "{'type':'text','text':'When?'}]},{'role':'assistant','content':[{'type':'server_tool_use','id':'srvtoolu_1','name':'web_search','input':{}},{'type':'web_search_tool_result','tool_use_id':'srvtoolu_1','content':[]},"
                         "{'type':'text','text':'At two.'}]},{'role':'user','content':'And?'}]");
    CHECK(s.text && strstr(s.text, "Tides") && strstr(s.text, "High at two.") && strstr(s.text, "https://s.test"));
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "messages[0].content[0]");
    CHECK(s.text && !strstr(s.text, "container_upload") && !strstr(s.text, "srvtoolu_1"));
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "messages[0].content[1]");
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "messages[1].content[0]");
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "messages[1].content[1]");
    CHECK_BODY(s, "messages[1]", Q("{'role':'assistant','content':'At two.'}"));
    engine_sent_free(&s);
}

TEST(pitfall_065_images_in_the_assistants_turn) {
    engine_sent s = SENT("custom", "m", "[{'role':'user','content':'Draw.'},{'role':'assistant','content':[{'type':'text','text':'Here:'}," PITFALLS_PNG "]},{'role':'user','content':'Nice'}]");
    CHECK(s.error.code || engine_warned(s.warnings, s.warning_count, LLMPROV_ERR_UNSUPPORTED, "messages[1].content[1]"));
    if (s.body) CHECK_BODY(s, "messages[1].content", "\"Here:\"");
    engine_sent_free(&s);
}

TEST(pitfall_068_documents_by_url) {
    static const char history[] = "[{'role':'user','content':[{'type':'document','source':{'type':'url','url':'https://x.test/a.pdf'},'title':'A'},{'type':'text','text':'Sum up.'}]}]";
    engine_sent a = SENT("anthropic", "claude-sonnet-4-6", history), b = SENT("custom", "m", history);
    CHECK_BODY(a, "messages[0].content[0]", Q("{'type':'document','source':{'type':'url','url':'https://x.test/a.pdf'},'title':'A'}"));
    CHECK_INT(b.error.code, LLMPROV_ERR_UNSUPPORTED);         /* openai-chat has no such thing: said, not dropped */
    CHECK_STR(b.error.param, "messages[0].content[0]");
    engine_sent_free(&a);
    engine_sent_free(&b);
}

TEST(pitfall_069_a_pdf_in_a_tool_result_is_no_text) {
    static const char history[] = "[{'role':'user','content':'Hi'},{'role':'assistant','content':[{'type':'tool_use','id':'a','name':'f','input':{}}]},"
        "{'role':'user','content':[{'type':'tool_result','tool_use_id':'a','content':[{'type':'document','source':{'type':'base64','media_type':'application/pdf','data':'JVBERi0='},'title':'r.pdf'}]}]}]";
    engine_sent a = SENT("anthropic", "claude-sonnet-4-6", history), b = SENT("custom", "m", history);
    CHECK_BODY(a, "messages[2].content[0].content[0].source", Q("{'type':'base64','media_type':'application/pdf','data':'JVBERi0='}"));
    CHECK(!strstr(llmprov_json_str(llmprov_json_path(b.body, "messages[2].content"), "JVBER"), "JVBER") || !b.body);
    CHECK_BODY(b, "messages[3].content[1]", Q("{'type':'file','file':{'filename':'r.pdf','file_data':'data:application/pdf;base64,JVBERi0='}}"));
    CHECK(b.warning_count > 0);
    engine_sent_free(&a);
    engine_sent_free(&b);
}

TEST(pitfall_070_audio_is_bare_base64_with_a_format) {
    llmprov_block b = { .type = LLMPROV_BLOCK_AUDIO, .mime = "audio/wav", .data = "RIFF", .data_len = 4 };
    llmprov_message m = { .blocks = &b, .block_count = 1 };
    llmprov_request req = { .model = "gpt-audio", .messages = &m, .message_count = 1 };
    engine_sent s = engine_send("openai", &req), t;
    b.mime = "audio/mpeg";
    t = engine_send("openai", &req);
    CHECK_BODY(s, "messages[0].content[0]", Q("{'type':'input_audio','input_audio':{'data':'UklGRg==','format':'wav'}}"));
    CHECK_BODY(t, "messages[0].content[0].input_audio.format", "\"mp3\"");
    engine_sent_free(&s);
    engine_sent_free(&t);
}
