/* Known pitfalls of translation: ids, names and arguments of tool calls, and their streaming. tests/pitfalls/LIST says
   which test stands for which. Where the recordings or the API's own pages disagree with a pitfall, the test says so. */
#include "engine.h"

// -- arguments -----------------------------------------------------------------------------

TEST(pitfall_001_call_without_arguments) {
    engine_reply a = engine_read("anthropic-messages", ENGINE_STREAM, 200, Q(MSG_START MSG_BLOCK("0", "{'type':'tool_use','id':'toolu_1','name':'now','input':{}}")
                                 MSG_DELTA("0", "{'type':'input_json_delta','partial_json':''}") MSG_STOP("0") MSG_END("tool_use")));
    engine_reply b = engine_read("anthropic-messages", ENGINE_STREAM, 200, Q(MSG_START MSG_BLOCK("0", "{'type':'tool_use','id':'toolu_1','name':'now','input':{}}")
                                 MSG_STOP("0") MSG_END("tool_use")));
    engine_reply c = engine_read("openai-chat", ENGINE_STREAM, 200, Q(CHAT("{'tool_calls':[{'index':0,'id':'call_1','type':'function','function':{'name':'now'}}]}")
                                 CHAT_END("tool_calls") CHAT_DONE));
    engine_reply d = engine_read("openai-chat", ENGINE_STREAM, 200, Q(CHAT("{'tool_calls':[{'index':0,'id':'call_1','type':'function','function':{'name':'now','arguments':''}}]}")
                                 CHAT_END("tool_calls") CHAT_DONE));
    CHECK_STR(engine_call(a, 0)->json, "{}");
    CHECK_STR(engine_call(b, 0)->json, "{}");
    CHECK_STR(engine_call(c, 0)->json, "{}");
    CHECK_STR(engine_call(d, 0)->json, "{}");
    CHECK(!engine_call(a, 0)->invalid && !engine_call(c, 0)->invalid);
    engine_reply_free(&a);
    engine_reply_free(&b);
    engine_reply_free(&c);
    engine_reply_free(&d);
}

/* What was stored is sent to both formats: the input, and the same as the string of openai-chat. */
static void pitfalls_stored(const char *arguments, const char *input, bool wrapped) {
    llmprov_block user = { .text = "Hello" }, use = { .type = LLMPROV_BLOCK_TOOL_USE, .id = "call_1", .name = "look", .json = arguments };
    llmprov_block result = { .type = LLMPROV_BLOCK_TOOL_RESULT, .id = "call_1", .text = "done" };
    llmprov_message messages[] = { { .blocks = &user, .block_count = 1 }, { .role = LLMPROV_ROLE_ASSISTANT, .blocks = &use, .block_count = 1 },
                                   { .blocks = &result, .block_count = 1 } };
    llmprov_request req = { .model = "claude-sonnet-4-6", .messages = messages, .message_count = 3, .max_tokens = LLMPROV_INT(99) };
    engine_sent a = engine_send("anthropic", &req), b = engine_send("custom", &req);
    llmprov_str text = llmprov_json_text(llmprov_json_path(b.body, "messages[1].tool_calls[0].function.arguments"));
    CHECK_BODY(a, "messages[1].content[0].input", input);
    CHECK_BODY(a, "messages[2].content[0].tool_use_id", "\"call_1\"");
    CHECK_JSON(text.ptr, text.len, input);
    CHECK_BODY(b, "messages[2].tool_call_id", "\"call_1\"");
    if (wrapped) {
        CHECK_WARNED(a, LLMPROV_ERR_ARGUMENT, "messages[1].content[0].json");
        CHECK_WARNED(b, LLMPROV_ERR_ARGUMENT, "messages[1].content[0].json");
    }
    engine_sent_free(&a);
    engine_sent_free(&b);
}

TEST(pitfall_002_stored_arguments_that_are_no_object) {
    pitfalls_stored(NULL, "{}", false);
    pitfalls_stored("", "{}", false);
    pitfalls_stored("null", "{}", false);
    pitfalls_stored("[1,2]", "{\"rawInvalidInput\":\"[1,2]\"}", true);
    pitfalls_stored("5", "{\"rawInvalidInput\":\"5\"}", true);
    pitfalls_stored("{\"a\":", "{\"rawInvalidInput\":\"{\\\"a\\\":\"}", true);
    pitfalls_stored("{\"a\":1} x", "{\"rawInvalidInput\":\"{\\\"a\\\":1} x\"}", true);
    pitfalls_stored("{\"a\":{\"b\":[]}}", "{\"a\":{\"b\":[]}}", false);
}

TEST(pitfall_003_arguments_that_are_null) {
    engine_reply a = engine_read("openai-chat", ENGINE_WHOLE, 200, Q(CHAT_WHOLE("{'tool_calls':[{'id':'a','function':{'name':'f','arguments':null}},"
                                 "{'id':'b','function':{'name':'f','arguments':'null'}},{'id':'c','function':{'name':'f','arguments':' null '}}]}", "tool_calls")));
    engine_reply b = engine_read("openai-chat", ENGINE_STREAM, 200, Q(CHAT("{'tool_calls':[{'index':0,'id':'a','function':{'name':'f','arguments':'nu'}}]}")
                                 CHAT("{'tool_calls':[{'index':0,'function':{'arguments':'ll'}}]}") CHAT_END("tool_calls") CHAT_DONE));
    int i;
    for (i = 0; i < 3; i++) CHECK_STR(engine_call(a, i)->json, "{}");
    CHECK_STR(engine_call(b, 0)->json, "{}");
    CHECK(!engine_call(a, 1)->invalid && !engine_call(b, 0)->invalid);
    CHECK_INT(a.r.warning_count + b.r.warning_count, 0);
    engine_reply_free(&a);
    engine_reply_free(&b);
    a = engine_read("cohere-v2", ENGINE_WHOLE, 200, Q("{'id':'c','message':{'role':'assistant','tool_calls':[{'id':'a','type':'function','function':{'name':'f','arguments':'null'}}]},'finish_reason':'TOOL_CALL'}"));
    CHECK_STR(engine_call(a, 0)->json, "{}");
    CHECK(!engine_call(a, 0)->invalid);
    engine_reply_free(&a);
}

TEST(pitfall_004_arguments_that_are_an_object) {
    engine_reply a = engine_read("openai-chat", ENGINE_WHOLE, 200, Q(CHAT_WHOLE("{'tool_calls':[{'id':'a','function':{'name':'f','arguments':{ 'city' : 'S\\u00e3o Paulo' ,\n 'n': [ 1 , 2 ] }}}]}", "tool_calls")));
    engine_reply b = engine_read("openai-chat", ENGINE_STREAM, 200, Q(CHAT("{'tool_calls':[{'index':0,'id':'a','function':{'name':'f','arguments':{ 'x' : ' y ' }}}]}")
                                 CHAT_END("tool_calls") CHAT_DONE));
    CHECK_JSON(engine_call(a, 0)->json, engine_call(a, 0)->json_len, "{\"city\":\"S\xc3\xa3o Paulo\",\"n\":[1,2]}");
    CHECK(engine_call(a, 0)->json && !strchr(engine_call(a, 0)->json, '\n'));
    CHECK_STR(engine_call(b, 0)->json, "{\"x\":\" y \"}");
    engine_reply_free(&a);
    engine_reply_free(&b);
    a = engine_read("ollama-chat", ENGINE_WHOLE, 200, Q("{'model':'m','message':{'role':'assistant','content':'','tool_calls':[{'function':{'name':'f','arguments':{ 'x' : ' y ' }}}]},'done':true}"));
    CHECK_STR(engine_call(a, 0)->json, "{\"x\":\" y \"}");
    engine_reply_free(&a);
}

/* A tool of OpenAI's whose input is a text: still an object here. */
TEST(pitfall_004_arguments_that_are_a_text) {
    engine_reply a = engine_read("openai-chat", ENGINE_WHOLE, 200, Q(CHAT_WHOLE("{'tool_calls':[{'id':'a','type':'custom','custom':{'name':'sql','input':'SELECT \\'x\\'\\n'}}]}", "tool_calls")));
    engine_reply b = engine_read("openai-chat", ENGINE_STREAM, 200, Q(CHAT("{'tool_calls':[{'index':0,'id':'a','type':'custom','custom':{'name':'sql','input':''}}]}")
        CHAT("{'tool_calls':[{'index':0,'custom':{'input':'SELECT'}}]}") CHAT("{'tool_calls':[{'index':0,'custom':{'input':' \\'x\\'\\n'}}]}") CHAT_END("tool_calls") CHAT_DONE));
    CHECK_STR(engine_call(a, 0)->name, "sql");
    CHECK_JSON(engine_call(a, 0)->json, engine_call(a, 0)->json_len, Q("{'input':'SELECT \\'x\\'\\n'}"));
    CHECK_STR(engine_call(b, 0)->name, "sql");
    CHECK_JSON(engine_call(b, 0)->json, engine_call(b, 0)->json_len, Q("{'input':'SELECT \\'x\\'\\n'}"));
    engine_reply_free(&a);
    engine_reply_free(&b);
}

TEST(pitfall_005_arguments_by_wire_format) {
    llmprov_history h = engine_history(Q("[{'role':'user','content':'Hi'},{'role':'assistant','content':[{'type':'tool_use','id':'call_1','name':'f','input':{'a':[1,'x']}}]},"
                                         "{'role':'user','content':[{'type':'tool_result','tool_use_id':'call_1','content':'ok'}]}]"));
    llmprov_request req = { .model = "m", .history = &h, .max_tokens = LLMPROV_INT(9) };
    engine_sent a = engine_send("custom", &req), b = engine_send("anthropic", &req), c = engine_send("ollama-native", &req);
    CHECK_BODY(a, "messages[1].tool_calls[0].function.arguments", "\"{\\\"a\\\":[1,\\\"x\\\"]}\"");
    CHECK_BODY(b, "messages[1].content[0].input", Q("{'a':[1,'x']}"));
    CHECK_BODY(c, "messages[1].tool_calls[0].function.arguments", Q("{'a':[1,'x']}"));
    engine_sent_free(&c);
    engine_sent_free(&a);
    engine_sent_free(&b);
    llmprov_history_free(&h);
}

// -- ids -----------------------------------------------------------------------------------

TEST(pitfall_006_calls_without_an_id) {
    engine_reply r = engine_read("openai-chat", ENGINE_WHOLE, 200, Q(CHAT_WHOLE("{'tool_calls':[{'id':'','function':{'name':'f','arguments':'{}'}},"
                                 "{'id':null,'function':{'name':'f','arguments':'{}'}},{'function':{'name':'g','arguments':'{}'}}]}", "tool_calls")));
    llmprov_history h = { .alloc = test_alloc() };
    llmprov_request req = { .model = "m", .history = &h };
    engine_sent s;
    int i, j;
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "Hello");
    llmprov_add_message(&h, &r.r.message);
    for (i = 0; i < 3; i++) {
        const char *id = engine_call(r, i)->id;
        CHECK(id && *id);
        for (j = 0; id && j < i; j++) CHECK(engine_call(r, j)->id && strcmp(id, engine_call(r, j)->id));
        llmprov_add_tool_result(&h, id ? id : "", i == 2 ? "of g" : "of f", false);
    }
    s = engine_send("custom", &req);
    for (i = 0; i < 3; i++) {
        char call[60], result[40];
        sprintf(call, "messages[1].tool_calls[%d].id", i);
        sprintf(result, "messages[%d].tool_call_id", 2 + i);
        CHECK_STR(llmprov_json_str(llmprov_json_path(s.body, result), "none"), llmprov_json_str(llmprov_json_path(s.body, call), "-"));
    }
    CHECK_BODY(s, "messages[4].content", "\"of g\"");
    CHECK_INT(s.warning_count, 0);
    engine_sent_free(&s);
    llmprov_history_free(&h);
    engine_reply_free(&r);
}

/* Whatever a server leaves out: a call can be run, answered and sent back. */
TEST(pitfall_006_every_call_has_an_id_and_a_name) {
    engine_reply r[3];
    int i, j;
    r[0] = engine_read("anthropic-messages", ENGINE_WHOLE, 200, Q(MSG_WHOLE("[{'type':'tool_use','id':'','name':'f','input':{}},{'type':'tool_use','input':{'a':1}},{'type':'tool_use','id':null,'name':null,'input':null}]", "tool_use")));
    r[1] = engine_read("anthropic-messages", ENGINE_STREAM, 200, Q(MSG_START MSG_BLOCK("0", "{'type':'tool_use'}") MSG_DELTA("0", "{'type':'input_json_delta','partial_json':'{}'}") MSG_STOP("0") MSG_END("tool_use")));
    r[2] = engine_read("openai-chat", ENGINE_WHOLE, 200, Q(CHAT_WHOLE("{'tool_calls':[{'function':{'arguments':'{}'}},{'id':'a','function':{'name':null,'arguments':'{}'}}]}", "tool_calls")));
    for (i = 0; i < 3; i++) {
        llmprov_history h = { .alloc = test_alloc() };
        llmprov_request req = { .model = "claude-sonnet-4-6", .history = &h, .max_tokens = LLMPROV_INT(9) };
        engine_sent s;
        llmprov_add_text(&h, LLMPROV_ROLE_USER, "Hi");
        llmprov_add_message(&h, &r[i].r.message);
        for (j = 0; j < engine_count(&r[i].r.message, LLMPROV_BLOCK_TOOL_USE); j++) {
            CHECK(engine_call(r[i], j)->id && *engine_call(r[i], j)->id);
            CHECK(engine_call(r[i], j)->name && *engine_call(r[i], j)->name);
            CHECK(engine_call(r[i], j)->json != NULL);
            llmprov_add_tool_result(&h, engine_call(r[i], j)->id, "ok", false);
        }
        CHECK(j > 0);
        s = engine_send("anthropic", &req);
        CHECK(s.body != NULL);
        engine_sent_free(&s);
        llmprov_history_free(&h);
        engine_reply_free(&r[i]);
    }
}

TEST(pitfall_007_two_calls_of_one_turn_with_one_id) {
    engine_reply r = engine_read("openai-chat", ENGINE_WHOLE, 200, Q(CHAT_WHOLE("{'tool_calls':[{'id':'call_0','function':{'name':'f','arguments':'{\\'n\\':1}'}},"
                                 "{'id':'call_0','function':{'name':'f','arguments':'{\\'n\\':2}'}}]}", "tool_calls")));
    CHECK_INT(engine_count(&r.r.message, LLMPROV_BLOCK_TOOL_USE), 2);
    CHECK_STR(engine_call(r, 0)->id, "call_0");
    CHECK(engine_call(r, 1)->id && strcmp(engine_call(r, 1)->id, "call_0"));
    CHECK_STR(engine_call(r, 1)->json, "{\"n\":2}");
    engine_reply_free(&r);
}

/* Some gateways count from call_0 again in each turn: ids are made unlike, and each result follows its own turn's call. */
TEST(pitfall_007_an_id_that_comes_again_in_a_later_turn) {
    llmprov_history h = engine_history(Q("[{'role':'user','content':'Hi'},"
        "{'role':'assistant','content':[{'type':'tool_use','id':'call_0','name':'f','input':{'n':1}}]},{'role':'user','content':[{'type':'tool_result','tool_use_id':'call_0','content':'one'}]},"
        "{'role':'assistant','content':[{'type':'tool_use','id':'call_0','name':'f','input':{'n':2}}]},{'role':'user','content':[{'type':'tool_result','tool_use_id':'call_0','content':'two'}]}]"));
    llmprov_request req = { .model = "m", .history = &h, .max_tokens = LLMPROV_INT(9) };
    engine_sent a = engine_send("anthropic", &req), b = engine_send("anthropic", &req), c = engine_send("custom", &req);
    const char *first = llmprov_json_str(llmprov_json_path(a.body, "messages[1].content[0].id"), "-");
    const char *second = llmprov_json_str(llmprov_json_path(a.body, "messages[3].content[0].id"), "-");
    CHECK_STR(first, "call_0");
    CHECK(strcmp(first, second));
    CHECK_STR(llmprov_json_str(llmprov_json_path(a.body, "messages[2].content[0].tool_use_id"), "?"), first);
    CHECK_STR(llmprov_json_str(llmprov_json_path(a.body, "messages[4].content[0].tool_use_id"), "?"), second);
    CHECK_BODY(a, "messages[4].content[0].content", "\"two\"");
    CHECK_MEM(a.text, a.len, b.text, b.len);
    CHECK_STR(llmprov_json_str(llmprov_json_path(c.body, "messages[4].tool_call_id"), "?"), llmprov_json_str(llmprov_json_path(c.body, "messages[3].tool_calls[0].id"), "-"));
    CHECK(strcmp(llmprov_json_str(llmprov_json_path(c.body, "messages[4].tool_call_id"), "?"), "call_0"));
    engine_sent_free(&a);
    engine_sent_free(&b);
    engine_sent_free(&c);
    llmprov_history_free(&h);
}

#define PITFALLS_TURN(id) "[{'role':'user','content':'Hi'},{'role':'assistant','content':[{'type':'tool_use','id':'" id "','name':'f','input':{}}]}," \
    "{'role':'user','content':[{'type':'tool_result','tool_use_id':'" id "','content':'ok'}]}]"

/* The ids of call and result as openai-chat gets them; the same text twice, or "". */
static void pitfalls_wire_id(const char *provider, const char *history, char id[200]) {
    llmprov_history h = engine_history(Q(history));
    llmprov_request req = { .model = "claude-sonnet-4-6", .history = &h, .max_tokens = LLMPROV_INT(9) };
    engine_sent s = engine_send(provider, &req);
    bool chat = strcmp(provider, "anthropic") != 0;
    const char *call = llmprov_json_str(llmprov_json_path(s.body, chat ? "messages[1].tool_calls[0].id" : "messages[1].content[0].id"), "");
    CHECK_STR(llmprov_json_str(llmprov_json_path(s.body, chat ? "messages[2].tool_call_id" : "messages[2].content[0].tool_use_id"), ""), call);
    sprintf(id, "%.190s", call);
    engine_sent_free(&s);
    llmprov_history_free(&h);
}

TEST(pitfall_008_ids_that_are_too_long) {
    char a[200], b[200], c[200], d[200];
    pitfalls_wire_id("custom", PITFALLS_TURN("fc_67ccfcdd16748190a91872c75d38539e09e4d4e880aac714747c"), a);
    pitfalls_wire_id("custom", PITFALLS_TURN("fc_67ccfcdd16748190a91872c75d38539e09e4d4e880aac714747c"), b);
    pitfalls_wire_id("custom", PITFALLS_TURN("fc_67ccfcdd16748190a91872c75d38539e09e4d4e880aac714747d"), c);
    pitfalls_wire_id("custom", PITFALLS_TURN("call_1234567890123456789012345678901234567"), d);
    CHECK(*a && strlen(a) <= 40);
    CHECK_STR(a, b);
    CHECK(strcmp(a, c));
    CHECK(strlen(d) <= 40);
    pitfalls_wire_id("custom", PITFALLS_TURN("call_12345678901234567890123456789012345"), d);
    if (*d) CHECK_STR(d, "call_12345678901234567890123456789012345");
}

TEST(pitfall_009_ids_with_other_characters) {
    char a[200], b[200], c[200], kimi[200];
    size_t i;
    pitfalls_wire_id("anthropic", PITFALLS_TURN("functions.add:0"), a);
    pitfalls_wire_id("anthropic", PITFALLS_TURN("functions.add:0"), b);
    pitfalls_wire_id("anthropic", PITFALLS_TURN("functions.add.0"), c);
    pitfalls_wire_id("custom", PITFALLS_TURN("functions.add:0"), kimi);
    for (i = 0; a[i]; i++) CHECK((a[i] >= 'a' && a[i] <= 'z') || (a[i] >= 'A' && a[i] <= 'Z') || (a[i] >= '0' && a[i] <= '9') || a[i] == '_' || a[i] == '-');
    CHECK(i > 0);
    CHECK_STR(a, b);
    CHECK(!*a || strcmp(a, c));
    if (*kimi) CHECK_STR(kimi, "functions.add:0");            /* Kimi itself, and whoever else speaks openai-chat */
    pitfalls_wire_id("anthropic", PITFALLS_TURN("azAZ09_-"), a);
    if (*a) CHECK_STR(a, "azAZ09_-");
}

/* Mistral takes exactly nine letters and digits. */
TEST(pitfall_010_nine_characters_for_mistral) {
    char a[200], b[200], own[200];
    size_t i;
    pitfalls_wire_id("mistral", PITFALLS_TURN("toolu_01A09q90qw90lq917835lq9"), a);
    pitfalls_wire_id("mistral", PITFALLS_TURN("toolu_01A09q90qw90lq917835lq9"), b);
    pitfalls_wire_id("mistral", PITFALLS_TURN("D681PevKs"), own);
    CHECK_INT(strlen(a), 9);
    for (i = 0; a[i]; i++) CHECK((a[i] >= 'a' && a[i] <= 'z') || (a[i] >= 'A' && a[i] <= 'Z') || (a[i] >= '0' && a[i] <= '9'));
    CHECK_STR(a, b);
    CHECK_STR(own, "D681PevKs");
}

// -- names and definitions -----------------------------------------------------------------

#define PITFALLS_LONG "a_tool_name_that_is_far_longer_than_the_sixty_four_characters_that_are_allowed"

TEST(pitfall_013_names_that_are_illegal_on_the_wire) {
    llmprov_tool tools[] = { { .name = "read file.v2" }, { .name = PITFALLS_LONG }, { .name = "fine_name-1" } };
    llmprov_request req = { .model = "m", .prompt = "Hi", .tools = tools, .tool_count = 3 };
    llmprov_history h = engine_history(Q("[{'role':'user','content':'Hi'},{'role':'assistant','content':[{'type':'tool_use','id':'c','name':'read file.v2','input':{}}]},"
                                         "{'role':'user','content':[{'type':'tool_result','tool_use_id':'c','content':'ok'}]}]"));
    llmprov_request again = { .model = "m", .history = &h, .tools = tools, .tool_count = 3, .tool_choice = LLMPROV_TOOL_NAMED, .tool_name = "read file.v2" };
    engine_sent s = engine_send("custom", &req), t = engine_send("custom", &again);
    const char *name = llmprov_json_str(llmprov_json_path(s.body, "tools[0].function.name"), ""), *cut = llmprov_json_str(llmprov_json_path(s.body, "tools[1].function.name"), "");
    engine_text body = { NULL, 0, 0 };
    engine_wire w;
    engine_reply r;
    CHECK(*name && strlen(name) <= 64 && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == strlen(name));
    CHECK(*cut && strlen(cut) <= 64);
    CHECK_BODY(s, "tools[2].function.name", "\"fine_name-1\"");
    CHECK_STR(llmprov_json_str(llmprov_json_path(t.body, "messages[1].tool_calls[0].function.name"), ""), name);
    CHECK_STR(llmprov_json_str(llmprov_json_path(t.body, "tool_choice.function.name"), ""), name);
    engine_adds(&body, Q("{'choices':[{'index':0,'message':{'tool_calls':[{'id':'c','function':{'arguments':'{}','name':'"));
    engine_adds(&body, name);
    engine_adds(&body, Q("'}}]},'finish_reason':'tool_calls'}]}"));
    w = engine_wire_of(ENGINE_WHOLE, 200, body.ptr, body.len);
    r = engine_read_wire(engine_open("custom", NULL), &req, ENGINE_WHOLE, &w, __FILE__, __LINE__);
    CHECK_STR(engine_call(r, 0)->name, "read file.v2");       /* mapped back */
    engine_reply_free(&r);
    engine_text_free(&body);
    engine_sent_free(&s);
    engine_sent_free(&t);
    llmprov_history_free(&h);
}

TEST(pitfall_014_name_of_a_schema) {
    llmprov_request req = { .model = "gpt-4.1", .prompt = "Hi", .schema = "{\"type\":\"object\"}", .schema_name = "My answer (v1.0)" };
    engine_sent s = engine_send("openai", &req);
    const char *name = llmprov_json_str(llmprov_json_path(s.body, "response_format.json_schema.name"), "");
    CHECK(*name && strlen(name) <= 64 && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == strlen(name));
    engine_sent_free(&s);
}

TEST(pitfall_015_empty_description) {
    llmprov_tool tool = { .name = "f", .description = "" };
    llmprov_request req = { .model = "m", .prompt = "Hi", .tools = &tool, .tool_count = 1, .max_tokens = LLMPROV_INT(9) };
    engine_sent a = engine_send("anthropic", &req), b = engine_send("custom", &req);
    CHECK_BODY(a, "tools[0].name", "\"f\"");
    CHECK_BODY(a, "tools[0].description", NULL);
    CHECK_BODY(b, "tools[0].function.name", "\"f\"");
    CHECK_BODY(b, "tools[0].function.description", NULL);
    engine_sent_free(&a);
    engine_sent_free(&b);
}

TEST(pitfall_016_no_tools) {
    llmprov_tool none = { .name = "f" };
    llmprov_request req = { .model = "m", .prompt = "Hi", .tools = &none, .tool_count = 0, .tool_choice = LLMPROV_TOOL_ANY, .parallel_tools = LLMPROV_NO, .max_tokens = LLMPROV_INT(9) };
    engine_sent a = engine_send("anthropic", &req), b = engine_send("custom", &req);
    CHECK_BODY(a, "tools", NULL);
    CHECK_BODY(a, "tool_choice", NULL);
    CHECK_BODY(b, "tools", NULL);
    CHECK_BODY(b, "tool_choice", NULL);
    CHECK_BODY(b, "parallel_tool_calls", NULL);
    engine_sent_free(&a);
    engine_sent_free(&b);
}

/* What was said about a choice among no tools is left out by every format, and each says so. */
TEST(pitfall_016_a_choice_among_no_tools_is_a_warning) {
    static const char *const providers[] = { "anthropic", "openai", "openai-responses", "gemini", "cohere", "ollama-native" };
    llmprov_request req = { .model = "m", .prompt = "Hi", .tool_choice = LLMPROV_TOOL_ANY, .parallel_tools = LLMPROV_NO, .max_tokens = LLMPROV_INT(99) };
    size_t i;
    for (i = 0; i < sizeof providers / sizeof *providers; i++) {
        engine_sent s = engine_send(providers[i], &req);
        CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "tool_choice");
        CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "parallel_tools");
        engine_sent_free(&s);
    }
}

TEST(pitfall_017_choice_none_is_said) {
    llmprov_tool tool = { .name = "f" };
    llmprov_request req = { .model = "claude-sonnet-4-6", .prompt = "Hi", .tools = &tool, .tool_count = 1, .tool_choice = LLMPROV_TOOL_NONE, .max_tokens = LLMPROV_INT(9) };
    engine_sent a = engine_send("anthropic", &req), b = engine_send("custom", &req);
    CHECK_BODY(a, "tool_choice", "{\"type\":\"none\"}");
    CHECK_BODY(a, "tools[0].name", "\"f\"");
    CHECK_BODY(b, "tool_choice", "\"none\"");
    CHECK_BODY(b, "tools[0].function.name", "\"f\"");
    engine_sent_free(&a);
    engine_sent_free(&b);
}

/* Which models always refuse a forced tool: the API's own page over the pitfall's list. */
TEST(pitfall_018_forced_tool_while_thinking) {
    llmprov_tool tool = { .name = "f" };
    llmprov_request req = { .model = "claude-sonnet-4-6", .prompt = "Hi", .tools = &tool, .tool_count = 1, .tool_choice = LLMPROV_TOOL_ANY, .max_tokens = LLMPROV_INT(9) };
    engine_sent a = engine_send("anthropic", &req), b, c, d;
    req.thinking = LLMPROV_THINKING_ON;
    b = engine_send("anthropic", &req);
    req.thinking = LLMPROV_THINKING_AUTO;
    req.model = "claude-fable-5-1";
    c = engine_send("anthropic", &req);
    req.model = "claude-sonnet-4-5";
    req.tool_choice = LLMPROV_TOOL_NAMED;
    req.tool_name = "f";
    req.thinking_tokens.value = 2000;
    req.thinking_tokens.set = true;
    req.max_tokens.value = 9000;
    d = engine_send("anthropic", &req);
    CHECK_BODY(a, "tool_choice", "{\"type\":\"any\"}");
    CHECK_INT(a.warning_count, 0);
    CHECK_BODY(b, "tool_choice", NULL);
    CHECK_WARNED(b, LLMPROV_ERR_ARGUMENT, "tool_choice");
    CHECK_BODY(c, "tool_choice", NULL);
    CHECK_WARNED(c, LLMPROV_ERR_ARGUMENT, "tool_choice");
    CHECK_BODY(d, "tool_choice", NULL);
    CHECK_WARNED(d, LLMPROV_ERR_ARGUMENT, "tool_choice");
    engine_sent_free(&a);
    engine_sent_free(&b);
    engine_sent_free(&c);
    engine_sent_free(&d);
}

TEST(pitfall_020_models_that_know_no_required) {
    static const char *const models[] = { "moonshotai/kimi-k2-0905", "kimi-k2.5", "Qwen/Qwen3-Coder-480B-A35B-Instruct", "qwen3-coder-plus", "openai/gpt-oss-120b" };
    llmprov_tool tool = { .name = "f" };
    llmprov_request req = { .prompt = "Hi", .tools = &tool, .tool_count = 1, .tool_choice = LLMPROV_TOOL_ANY };
    engine_sent s;
    size_t i;
    for (i = 0; i < sizeof models / sizeof *models; i++) {
        req.model = models[i];
        s = engine_send("vllm", &req);
        if (i == 4) CHECK_BODY(s, "tools[0].function.name", "\"f\"");   /* gpt-oss speaks Harmony only where it is served raw */
        else {
            CHECK_BODY(s, "tool_choice", NULL);
            CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "tool_choice");
        }
        engine_sent_free(&s);
    }
    req.model = "gpt-4.1";
    s = engine_send("openai", &req);
    CHECK_BODY(s, "tool_choice", "\"required\"");
    engine_sent_free(&s);
}

/* Azure's internal wrapper: one call "parallel" holds the real ones. */
#define PITFALLS_PARALLEL CHAT_WHOLE("{'content':null,'tool_calls':[{'id':'call_1','type':'function','function':{'name':'parallel','arguments':" \
    "'{\\'tool_uses\\':[{\\'recipient_name\\':\\'functions.add\\',\\'parameters\\':{\\'a\\':1}},{\\'recipient_name\\':\\'functions.look\\',\\'parameters\\':{}}]}'}}]}", "tool_calls")

TEST(pitfall_021_a_wrapper_of_parallel_calls) {
    llmprov_tool tools[] = { { .name = "add" }, { .name = "look" }, { .name = "parallel" } };
    llmprov_request req = { .model = "gpt-5.4", .prompt = "Hi", .tools = tools, .tool_count = 2 };
    const char *body = Q(PITFALLS_PARALLEL);
    engine_wire w = engine_wire_of(ENGINE_WHOLE, 200, body, strlen(body));
    engine_reply a = engine_read_wire(engine_open("custom", NULL), &req, ENGINE_WHOLE, &w, __FILE__, __LINE__), b;
    req.tool_count = 3;                                       /* a tool of that name: it is a call like any other */
    b = engine_read_wire(engine_open("custom", NULL), &req, ENGINE_WHOLE, &w, __FILE__, __LINE__);
    CHECK_INT(engine_count(&a.r.message, LLMPROV_BLOCK_TOOL_USE), 2);
    CHECK_STR(engine_call(a, 0)->name, "add");
    CHECK_STR(engine_call(a, 0)->json, "{\"a\":1}");
    CHECK_STR(engine_call(a, 1)->name, "look");
    CHECK(engine_call(a, 0)->id && engine_call(a, 1)->id && strcmp(engine_call(a, 0)->id, engine_call(a, 1)->id));
    CHECK_INT(engine_count(&b.r.message, LLMPROV_BLOCK_TOOL_USE), 1);
    CHECK_STR(engine_call(b, 0)->name, "parallel");
    engine_reply_free(&a);
    engine_reply_free(&b);
}

TEST(pitfall_022_the_answers_tool_has_a_name_of_its_own) {
    llmprov_tool tools[] = { { .name = "answer" }, { .name = "structured_answer" } };
    llmprov_request req = { .model = "claude-3-5-haiku-20241022", .prompt = "Hi", .tools = tools, .tool_count = 1, .schema = "{\"type\":\"object\"}", .max_tokens = LLMPROV_INT(9) };
    engine_sent a = engine_send("anthropic", &req), b;
    const char *name;
    req.tool_count = 2;
    b = engine_send("anthropic", &req);
    name = llmprov_json_str(llmprov_json_path(a.body, "tools[1].name"), "answer");
    CHECK(strcmp(name, "answer"));
    if (b.body) {
        name = llmprov_json_str(llmprov_json_path(b.body, "tools[2].name"), "answer");
        CHECK(strcmp(name, "answer") && strcmp(name, "structured_answer"));
    } else CHECK_INT(b.error.code, LLMPROV_ERR_ARGUMENT);
    engine_sent_free(&a);
    engine_sent_free(&b);
}

TEST(pitfall_023_strict_that_is_null) {
    const char *json = Q("{'model':'m','max_tokens':9,'messages':[{'role':'user','content':'Hi'}],'tools':[{'name':'f','input_schema':{'type':'object'},'strict':null}]}");
    llmprov_alloc alloc = test_alloc();
    llmprov_asked asked;
    if (test_ok(llmprov_ask(NULL, "anthropic-messages", json, strlen(json), &alloc, &asked), "llmprov_ask", __FILE__, __LINE__)) {
        CHECK_INT(asked.request.tool_count, 1);
        CHECK(asked.request.tools && asked.request.tools[0].strict != LLMPROV_YES);
    }
    llmprov_asked_free(&asked);
}

// -- calls of a stream ---------------------------------------------------------------------

TEST(pitfall_024_indexes_that_are_sparse_absent_or_reused) {
    engine_reply sparse = engine_read("openai-chat", ENGINE_STREAM, 200, Q(
        CHAT("{'tool_calls':[{'index':3,'id':'a','function':{'name':'f','arguments':'{\\'x\\':'}}]}") CHAT("{'tool_calls':[{'index':3,'function':{'arguments':'1}'}}]}")
        CHAT("{'tool_calls':[{'index':9,'id':'b','function':{'name':'g','arguments':'{'}}]}") CHAT("{'tool_calls':[{'index':9,'function':{'arguments':'}'}}]}") CHAT_END("tool_calls")));
    engine_reply absent = engine_read("openai-chat", ENGINE_STREAM, 200, Q(
        CHAT("{'tool_calls':[{'id':'a','function':{'name':'f','arguments':'{\\'x\\':'}}]}") CHAT("{'tool_calls':[{'function':{'arguments':'1'}}]}")
        CHAT("{'tool_calls':[{'id':'b','function':{'name':'g','arguments':'{'}}]}") CHAT("{'tool_calls':[{'id':'a','function':{'arguments':'}'}}]}")
        CHAT("{'tool_calls':[{'id':'b','function':{'arguments':'}'}}]}") CHAT_END("tool_calls")));
    engine_reply both = engine_read("openai-chat", ENGINE_STREAM, 200, Q(   /* two in one delta, without an index */
        CHAT("{'tool_calls':[{'id':'a','function':{'name':'f','arguments':'{\\'x\\':1}'}},{'id':'b','function':{'name':'g','arguments':'{}'}}]}") CHAT_END("tool_calls")));
    const engine_reply *all[3];
    int i;
    all[0] = &sparse, all[1] = &absent, all[2] = &both;
    for (i = 0; i < 3; i++) {
        CHECK_INT(engine_count(&all[i]->r.message, LLMPROV_BLOCK_TOOL_USE), 2);
        CHECK_STR(engine_call(*all[i], 0)->id, "a");
        CHECK_STR(engine_call(*all[i], 0)->json, "{\"x\":1}");
        CHECK_STR(engine_call(*all[i], 1)->id, "b");
        CHECK_STR(engine_call(*all[i], 1)->name, "g");
        CHECK_STR(engine_call(*all[i], 1)->json, "{}");
    }
    engine_reply_free(&sparse);
    engine_reply_free(&absent);
    engine_reply_free(&both);
}

TEST(pitfall_025_every_call_has_index_0) {
    engine_reply a = engine_read("openai-chat", ENGINE_STREAM, 200, Q(
        CHAT("{'tool_calls':[{'index':0,'id':'a','function':{'name':'f','arguments':'{\\'x\\':1}'}}]}")
        CHAT("{'tool_calls':[{'index':0,'id':'b','function':{'name':'f','arguments':'{\\'x\\':'}}]}") CHAT("{'tool_calls':[{'index':0,'function':{'arguments':'2}'}}]}") CHAT_END("tool_calls")));
    engine_reply b = engine_read("openai-chat", ENGINE_STREAM, 200, Q(      /* GLM-4: another id with each piece */
        CHAT("{'tool_calls':[{'index':0,'id':'call_1','function':{'name':'f','arguments':'{\\'x\\''}}]}") CHAT("{'tool_calls':[{'index':0,'id':'call_2','function':{'arguments':':1'}}]}")
        CHAT("{'tool_calls':[{'index':0,'id':'call_3','function':{'name':'','arguments':'}'}}]}") CHAT_END("tool_calls")));
    CHECK_INT(engine_count(&a.r.message, LLMPROV_BLOCK_TOOL_USE), 2);
    CHECK_STR(engine_call(a, 0)->json, "{\"x\":1}");
    CHECK_STR(engine_call(a, 1)->id, "b");
    CHECK_STR(engine_call(a, 1)->json, "{\"x\":2}");
    CHECK_INT(engine_count(&b.r.message, LLMPROV_BLOCK_TOOL_USE), 1);
    CHECK_STR(engine_call(b, 0)->id, "call_1");
    CHECK_STR(engine_call(b, 0)->json, "{\"x\":1}");
    engine_reply_free(&a);
    engine_reply_free(&b);
}

TEST(pitfall_026_the_name_comes_later) {
    engine_reply a = engine_read("openai-chat", ENGINE_STREAM, 200, Q(
        CHAT("{'tool_calls':[{'index':0,'id':'a','function':{'arguments':'{\\'x\\':'}}]}") CHAT("{'tool_calls':[{'index':0,'function':{'name':'f','arguments':'1'}}]}")
        CHAT("{'tool_calls':[{'index':0,'function':{'arguments':'}'}}]}") CHAT_END("tool_calls")));
    engine_reply cut = engine_read("openai-chat", ENGINE_STREAM, 200, Q(CHAT("{'tool_calls':[{'index':0,'id':'a','function':{'arguments':'{\\'x\\':'}}]}")));
    CHECK_STR(engine_call(a, 0)->name, "f");
    CHECK_STR(engine_call(a, 0)->json, "{\"x\":1}");
    CHECK(a.told.ptr && strstr(a.told.ptr, "BLOCK type=5 name=f") != NULL);
    CHECK_INT(cut.r.error.code, LLMPROV_ERR_TRUNCATED);
    engine_reply_free(&a);
    engine_reply_free(&cut);
}

TEST(pitfall_027_json_that_parses_may_go_on) {
    engine_reply a = engine_read("openai-chat", ENGINE_STREAM, 200, Q(
        CHAT("{'tool_calls':[{'index':0,'id':'a','function':{'name':'f','arguments':'{\\'a\\':1}'}}]}") CHAT("{'tool_calls':[{'index':0,'function':{'arguments':' '}}]}")
        CHAT("{'tool_calls':[{'index':0,'function':{'arguments':'trailing'}}]}") CHAT_END("tool_calls")));
    engine_reply b = engine_read("anthropic-messages", ENGINE_STREAM, 200, Q(MSG_START MSG_BLOCK("0", "{'type':'tool_use','id':'t','name':'f','input':{}}")
        MSG_DELTA("0", "{'type':'input_json_delta','partial_json':'{}'}") MSG_DELTA("0", "{'type':'input_json_delta','partial_json':'  '}") MSG_STOP("0") MSG_END("tool_use")));
    const char *json;
    CHECK_INT(engine_count(&a.r.message, LLMPROV_BLOCK_TOOL_USE), 1);
    CHECK(engine_call(a, 0)->invalid);
    json = engine_call(a, 0)->json;
    CHECK_JSON(json, json ? strlen(json) : 0, Q("{'rawInvalidInput':'{\\'a\\':1} trailing'}"));
    CHECK_JSON(engine_call(b, 0)->json, engine_call(b, 0)->json_len, "{}");
    CHECK(!engine_call(b, 0)->invalid);
    engine_reply_free(&a);
    engine_reply_free(&b);
}

TEST(pitfall_028_the_type_of_a_delta_is_null_or_absent) {
    engine_reply r = engine_read("openai-chat", ENGINE_STREAM, 200, Q(CHAT("{'role':'assistant','content':null,'tool_calls':[{'index':0,'id':'a','type':null,'function':{'name':'f','arguments':''}}]}")
        CHAT("{'tool_calls':[{'index':0,'id':null,'type':null,'function':{'name':null,'arguments':'{\\'x\\':1}'}}]}") CHAT("{'tool_calls':[{'index':0,'id':null,'function':{'name':null,'arguments':null}}]}")
        CHAT_END("tool_calls") CHAT_DONE));
    CHECK_INT(r.r.message.block_count, 1);
    CHECK_STR(engine_call(r, 0)->id, "a");
    CHECK_STR(engine_call(r, 0)->name, "f");
    CHECK_STR(engine_call(r, 0)->json, "{\"x\":1}");
    engine_reply_free(&r);
}

TEST(pitfall_029_whole_calls_and_pieces) {
    engine_reply whole = engine_read("openai-chat", ENGINE_STREAM, 200, Q(
        CHAT_TOP("'choices':[{'index':0,'delta':{'content':'','tool_calls':[{'id':'nqjf8Hqe1','function':{'name':'plus','arguments':'{\\'a\\': 1}'}}]},'finish_reason':'tool_calls'}]") CHAT_DONE));
    engine_reply pieces = engine_read("openai-chat", ENGINE_STREAM, 200, Q(CHAT("{'tool_calls':[{'id':'nqjf8Hqe1','function':{'name':'plus','arguments':'{\\'a\\''},'index':0}]}")
        CHAT("{'tool_calls':[{'id':'null','function':{'name':'','arguments':': 1}'},'index':0}]}") CHAT_END("tool_calls") CHAT_DONE));
    CHECK_STR(engine_call(whole, 0)->id, "nqjf8Hqe1");
    CHECK_STR(engine_call(whole, 0)->json, "{\"a\": 1}");
    CHECK_INT(engine_count(&pieces.r.message, LLMPROV_BLOCK_TOOL_USE), 1);
    CHECK_STR(engine_call(pieces, 0)->id, "nqjf8Hqe1");
    CHECK_STR(engine_call(pieces, 0)->json, "{\"a\": 1}");
    engine_reply_free(&whole);
    engine_reply_free(&pieces);
}

/* Its index counts blocks of every kind: the second tool stands at 4. */
TEST(pitfall_030_the_index_of_a_block_is_not_that_of_a_tool) {
    engine_reply r = engine_read("anthropic-messages", ENGINE_STREAM, 200, Q(MSG_START
        MSG_BLOCK("0", "{'type':'thinking','thinking':'','signature':''}") MSG_DELTA("0", "{'type':'thinking_delta','thinking':'hm'}") MSG_DELTA("0", "{'type':'signature_delta','signature':'sig'}") MSG_STOP("0")
        MSG_TEXT("1", "Now") MSG_BLOCK("2", "{'type':'tool_use','id':'a','name':'f','input':{}}") MSG_DELTA("2", "{'type':'input_json_delta','partial_json':'{\\'n\\':1}'}") MSG_STOP("2")
        MSG_TEXT("3", "and") MSG_BLOCK("4", "{'type':'tool_use','id':'b','name':'g','input':{}}") MSG_DELTA("4", "{'type':'input_json_delta','partial_json':'{\\'n\\':2}'}") MSG_STOP("4") MSG_END("tool_use")));
    llmprov_history h = { .alloc = test_alloc() };
    llmprov_request req = { .model = "m", .history = &h };
    engine_sent s;
    CHECK_INT(r.r.message.block_count, 5);
    CHECK_STR(engine_call(r, 1)->id, "b");
    CHECK_STR(engine_call(r, 1)->json, "{\"n\":2}");
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "Hello");
    llmprov_add_message(&h, &r.r.message);
    llmprov_add_tool_result(&h, "a", "1", false);
    llmprov_add_tool_result(&h, "b", "2", false);
    s = engine_send("custom", &req);                          /* two calls, numbered by their place in the list */
    CHECK_INT(llmprov_json_count(llmprov_json_path(s.body, "messages[1].tool_calls")), 2);
    CHECK_BODY(s, "messages[1].tool_calls[1].id", "\"b\"");
    engine_sent_free(&s);
    llmprov_history_free(&h);
    engine_reply_free(&r);
}

TEST(pitfall_031_text_and_calls_in_one_delta) {
    engine_reply r = engine_read("openai-chat", ENGINE_STREAM, 200, Q(CHAT("{'content':'Let me'}")
        CHAT("{'content':' look.','reasoning_content':null,'tool_calls':[{'index':0,'id':'a','function':{'name':'f','arguments':'{}'}}]}") CHAT_END("tool_calls") CHAT_DONE));
    CHECK_STR(r.r.text, "Let me look.");
    CHECK_STR(engine_call(r, 0)->name, "f");
    CHECK_INT(r.r.message.block_count, 2);
    engine_reply_free(&r);
}

TEST(pitfall_032_calls_that_are_open_at_once) {
    engine_reply a = engine_read("openai-chat", ENGINE_STREAM, 200, Q(
        CHAT("{'tool_calls':[{'index':0,'id':'a','function':{'name':'f','arguments':''}},{'index':1,'id':'b','function':{'name':'g','arguments':''}}]}")
        CHAT("{'tool_calls':[{'index':0,'function':{'arguments':'{\\'n\\''}},{'index':1,'function':{'arguments':'{'}}]}")
        CHAT("{'tool_calls':[{'index':1,'function':{'arguments':'\\'m\\':2}'}}]}") CHAT("{'tool_calls':[{'index':0,'function':{'arguments':':1}'}}]}") CHAT_END("tool_calls") CHAT_DONE));
    engine_reply b = engine_read("anthropic-messages", ENGINE_STREAM, 200, Q(MSG_START
        MSG_BLOCK("0", "{'type':'tool_use','id':'a','name':'f','input':{}}") MSG_BLOCK("1", "{'type':'tool_use','id':'b','name':'g','input':{}}")
        MSG_DELTA("1", "{'type':'input_json_delta','partial_json':'{\\'m\\''}") MSG_DELTA("0", "{'type':'input_json_delta','partial_json':'{\\'n\\':1'}")
        MSG_DELTA("1", "{'type':'input_json_delta','partial_json':':2}'}") MSG_STOP("1") MSG_DELTA("0", "{'type':'input_json_delta','partial_json':'}'}") MSG_STOP("0") MSG_END("tool_use")));
    CHECK_STR(engine_call(a, 0)->json, "{\"n\":1}");
    CHECK_STR(engine_call(a, 1)->json, "{\"m\":2}");
    CHECK_STR(engine_call(b, 0)->json, "{\"n\":1}");
    CHECK_STR(engine_call(b, 1)->json, "{\"m\":2}");
    CHECK_INT(a.r.stop, LLMPROV_STOP_TOOL_USE);
    engine_reply_free(&a);
    engine_reply_free(&b);
}

TEST(pitfall_033_arguments_that_do_not_parse) {
    engine_reply a = engine_read("openai-chat", ENGINE_STREAM, 200, Q(CHAT("{'tool_calls':[{'index':0,'id':'a','function':{'name':'f','arguments':'{\\'x\\': tru'}}]}") CHAT_END("tool_calls") CHAT_DONE));
    engine_reply b = engine_read("anthropic-messages", ENGINE_STREAM, 200, Q(MSG_START MSG_BLOCK("0", "{'type':'tool_use','id':'b','name':'f','input':{}}")
        MSG_DELTA("0", "{'type':'input_json_delta','partial_json':'{\\'x\\': \\'unfinis'}") MSG_STOP("0") MSG_END("max_tokens")));
    CHECK_INT(a.r.error.code, LLMPROV_OK);
    CHECK_STR(engine_call(a, 0)->id, "a");
    CHECK(engine_call(a, 0)->invalid);
    CHECK_JSON(engine_call(a, 0)->json, engine_call(a, 0)->json_len, Q("{'rawInvalidInput':'{\\'x\\': tru'}"));
    CHECK_WARNED(a.r, LLMPROV_ERR_BAD_REPLY, "content");
    CHECK(engine_call(b, 0)->invalid);
    CHECK_JSON(engine_call(b, 0)->json, engine_call(b, 0)->json_len, Q("{'rawInvalidInput':'{\\'x\\': \\'unfinis'}"));
    engine_reply_free(&a);
    engine_reply_free(&b);
}

/* Only STOP_TOOL_USE asks for tools to be run; a turn that was cut keeps its calls, but not that reason. */
TEST(pitfall_034_calls_of_a_turn_that_was_cut) {
    static const struct { const char *word; llmprov_stop stop; } ends[] = {
        { "length", LLMPROV_STOP_LENGTH }, { "content_filter", LLMPROV_STOP_REFUSAL }, { "error", LLMPROV_STOP_ERROR },
    };
    engine_reply r;
    engine_text t = { NULL, 0, 0 };
    size_t i;
    for (i = 0; i < sizeof ends / sizeof *ends; i++) {
        t.len = 0;
        engine_adds(&t, "{'id':'c','choices':[{'index':0,'message':{'tool_calls':[{'id':'a','function':{'name':'f','arguments':'{\\'x\\':'}}]},'finish_reason':'");
        engine_adds(&t, ends[i].word);
        engine_adds(&t, "'}]}");
        r = engine_read("openai-chat", ENGINE_WHOLE, 200, Q(t.ptr));
        CHECK_INT(r.r.stop, ends[i].stop);
        CHECK_STR(engine_call(r, 0)->name, "f");
        engine_reply_free(&r);
    }
    r = engine_read("anthropic-messages", ENGINE_WHOLE, 200, Q(MSG_WHOLE("[{'type':'tool_use','id':'a','name':'f','input':{}}]", "max_tokens")));
    CHECK_INT(r.r.stop, LLMPROV_STOP_LENGTH);
    engine_reply_free(&r);
    engine_text_free(&t);
}

TEST(pitfall_035_stop_although_tools_were_called) {
    engine_reply a = engine_read("openai-chat", ENGINE_WHOLE, 200, Q(CHAT_WHOLE("{'tool_calls':[{'id':'a','function':{'name':'f','arguments':'{}'}}]}", "stop")));
    engine_reply b = engine_read("openai-chat", ENGINE_WHOLE, 200, Q(CHAT_WHOLE("{'content':'No call.'}", "stop")));
    engine_reply c = engine_read("anthropic-messages", ENGINE_WHOLE, 200, Q(MSG_WHOLE("[{'type':'tool_use','id':'a','name':'f','input':{}}]", "end_turn")));
    CHECK_INT(a.r.stop, LLMPROV_STOP_TOOL_USE);
    CHECK_STR(a.r.stop_word, "stop");                         /* the raw word stays */
    CHECK_INT(b.r.stop, LLMPROV_STOP_END);
    CHECK_INT(c.r.stop, LLMPROV_STOP_TOOL_USE);
    CHECK_STR(c.r.stop_word, "end_turn");
    engine_reply_free(&a);
    engine_reply_free(&b);
    engine_reply_free(&c);
}

#define PITFALLS_SEARCH "[{'type':'server_tool_use','id':'srvtoolu_1','name':'web_search','input':{'query':'tides'},'caller':{'type':'direct'}}," \
    "{'type':'web_search_tool_result','tool_use_id':'srvtoolu_1','caller':{'type':'direct'},'content':[{'type':'web_search_result','url':'https://t.example','title':'T','encrypted_content':'abc=','page_age':null}]}," \
    "{'type':'text','text':'High at two.','citations':null}]"

TEST(pitfall_037_tools_that_the_provider_runs) {
    engine_reply r = engine_read("anthropic-messages", ENGINE_WHOLE, 200, Q(MSG_WHOLE(PITFALLS_SEARCH, "end_turn")));
    llmprov_history h = { .alloc = test_alloc() };
    llmprov_request req = { .model = "claude-sonnet-4-6", .history = &h, .max_tokens = LLMPROV_INT(9) };
    engine_sent s;
    CHECK_INT(engine_count(&r.r.message, LLMPROV_BLOCK_TOOL_USE), 0);
    CHECK_STR(engine_block(&r.r.message, LLMPROV_BLOCK_SERVER_USE, 0)->name, "web_search");
    CHECK_STR(engine_block(&r.r.message, LLMPROV_BLOCK_SERVER_USE, 0)->json, Q("{'query':'tides'}"));
    CHECK_STR(engine_block(&r.r.message, LLMPROV_BLOCK_SERVER_RESULT, 0)->kind, "web_search_tool_result");
    CHECK_INT(r.r.stop, LLMPROV_STOP_END);
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "When?");
    llmprov_add_message(&h, &r.r.message);
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "And then?");
    s = engine_send("anthropic", &req);
    CHECK_BODY(s, "messages[1].content[0]", Q("{'type':'server_tool_use','id':'srvtoolu_1','name':'web_search','input':{'query':'tides'},'caller':{'type':'direct'}}"));
    CHECK_BODY(s, "messages[1].content[1].tool_use_id", "\"srvtoolu_1\"");
    CHECK_BODY(s, "messages[1].content[1].content[0].encrypted_content", "\"abc=\"");
    CHECK_BODY(s, "messages[1].content[1].caller", Q("{'type':'direct'}"));
    CHECK_BODY(s, "messages[2].content", Q("[{'type':'text','text':'And then?'}]"));        /* no answer was made up for it */
    CHECK_INT(s.warning_count, 0);
    engine_sent_free(&s);
    llmprov_history_free(&h);
    engine_reply_free(&r);
}

TEST(pitfall_038_a_text_that_a_call_interrupts) {
    engine_reply a = engine_read("openai-chat", ENGINE_STREAM, 200, Q(CHAT("{'content':'Before.'}") CHAT("{'tool_calls':[{'index':0,'id':'a','function':{'name':'f','arguments':'{}'}}]}")
        CHAT("{'content':'After.'}") CHAT_END("tool_calls") CHAT_DONE));
    CHECK_INT(engine_count(&a.r.message, LLMPROV_BLOCK_TEXT), 2);
    CHECK_STR(engine_block(&a.r.message, LLMPROV_BLOCK_TEXT, 0)->text, "Before.");
    CHECK_STR(engine_block(&a.r.message, LLMPROV_BLOCK_TEXT, 1)->text, "After.");
    CHECK_INT(a.r.message.block_count == 3 ? (int)a.r.message.blocks[1].type : -1, LLMPROV_BLOCK_TOOL_USE);
    engine_reply_free(&a);
}
