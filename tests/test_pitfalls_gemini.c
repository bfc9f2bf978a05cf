/* Known pitfalls of translation that gemini-generate has to itself, and what others mean for it. tests/pitfalls/LIST says
   which test stands for which. */
#include "engine.h"

#define GEMINI_PARTS(parts) "{'content':{'role':'model','parts':[" parts "]},'index':0}"
#define GEMINI_END(parts, word) "{'content':{'role':'model','parts':[" parts "]},'finishReason':'" word "','index':0}"
#define GEMINI_USAGE "'usageMetadata':{'promptTokenCount':5,'candidatesTokenCount':7,'totalTokenCount':12}"
#define GEMINI_WHOLE(candidates) "{'candidates':[" candidates "]," GEMINI_USAGE ",'modelVersion':'m-1','responseId':'r1'}"
#define GEMINI(candidates) "data: " GEMINI_WHOLE(candidates) "\n\n"
#define GEMINI_CALL(id, name, args) "{'functionCall':{" id "'name':'" name "','args':" args "}}"
#define GEMINI_SIGNED(call, signature) "{'functionCall':" call ",'thoughtSignature':'" signature "'}"

static engine_sent gemini_send(const char *provider, const char *model, const char *history) {
    llmprov_history h = engine_history(Q(history));
    llmprov_request req = { .model = model, .history = &h };
    engine_sent s = engine_send(provider, &req);
    llmprov_history_free(&h);
    return s;
}

#define GEMINI_TALK "{'role':'user','content':'Weather?'},{'role':'assistant','content':[{'type':'tool_use','id':'fc-1','name':'look','input':{'at':1}}," \
    "{'type':'tool_use','id':'fc-2','name':'listen','input':{}}]}"

/* A reply as the next turn's history: what the model said, a result for each call. */
static engine_sent gemini_send_back(const char *provider, const char *model, const llmprov_response *r) {
    llmprov_history h = { .alloc = test_alloc() };
    llmprov_request req = { .model = model, .history = &h };
    const llmprov_block *b = NULL;
    engine_sent s;
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "Hello");
    llmprov_add_message(&h, &r->message);
    while ((b = llmprov_block_next(&r->message, LLMPROV_BLOCK_TOOL_USE, b)) != NULL) llmprov_add_tool_result(&h, b->id, "done", false);
    if (!engine_count(&r->message, LLMPROV_BLOCK_TOOL_USE)) llmprov_add_text(&h, LLMPROV_ROLE_USER, "Go on");
    s = engine_send(provider, &req);
    llmprov_history_free(&h);
    return s;
}

TEST(pitfall_002_gemini_arguments_are_an_object) {
    engine_sent s = gemini_send("gemini", "gemini-2.5-flash", "[{'role':'user','content':'a'},{'role':'assistant','content':[{'type':'tool_use','id':'c','name':'f','input':[1]}]},"
                                "{'role':'user','content':[{'type':'tool_result','tool_use_id':'c','content':'x'}]}]");
    CHECK_BODY(s, "contents[1].parts[0].functionCall.args", "{\"rawInvalidInput\":\"[1]\"}");
    engine_sent_free(&s);
}

TEST(pitfall_006_gemini_calls_without_an_id) {
    engine_reply r = engine_read("gemini-generate", ENGINE_WHOLE, 200, Q(GEMINI_WHOLE(GEMINI_END(GEMINI_CALL("", "f", "{}") "," GEMINI_CALL("'id':'',", "f", "{}"), "STOP"))));
    CHECK(engine_call(r, 0)->id && *engine_call(r, 0)->id && engine_call(r, 1)->id && strcmp(engine_call(r, 0)->id, engine_call(r, 1)->id));
    engine_reply_free(&r);
}

/* The Developer API gives ids and wants them back; Vertex AI refuses them. */
TEST(pitfall_011_ids_are_echoed_or_left_out) {
    engine_reply r = engine_read("gemini-generate", ENGINE_WHOLE, 200, Q(GEMINI_WHOLE(GEMINI_END(GEMINI_CALL("'id':'fc-7',", "f", "{}"), "STOP"))));
    llmprov_desc vertex = { .provider = "vertex", .base_url = "https://aiplatform.test/v1/projects/p/locations/global/publishers/google" };
    engine_sent a = gemini_send_back("gemini", "gemini-2.5-pro", &r.r), b;
    llmprov_history h = { .alloc = test_alloc() };
    llmprov_request req = { .model = "gemini-2.5-pro", .history = &h };
    CHECK_BODY(a, "contents[1].parts[0].functionCall.id", "\"fc-7\"");
    CHECK_BODY(a, "contents[2].parts[0].functionResponse.id", "\"fc-7\"");
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "Hello");
    llmprov_add_message(&h, &r.r.message);
    llmprov_add_tool_result(&h, "fc-7", "done", false);
    b = engine_send_with("vertex", &vertex, &req, __FILE__, __LINE__);
    CHECK_BODY(b, "contents[1].parts[0].functionCall.name", "\"f\"");
    CHECK_BODY(b, "contents[1].parts[0].functionCall.id", NULL);
    CHECK_BODY(b, "contents[2].parts[0].functionResponse.id", NULL);
    engine_sent_free(&a);
    engine_sent_free(&b);
    llmprov_history_free(&h);
    engine_reply_free(&r);
}

static engine_sent gemini_tools(llmprov_tool_choice choice, llmprov_flag strict, const char *model, const char *schema) {
    llmprov_tool tools[] = { { .name = "look", .schema = "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}}}" }, { .name = "now" } };
    llmprov_request req = { .model = model, .prompt = "Hello", .tools = tools, .tool_count = 2, .tool_choice = choice, .tool_name = "look", .schema = schema };
    tools[0].strict = strict;
    return engine_send("gemini", &req);
}

TEST(pitfall_016_gemini_no_tools) {
    llmprov_request req = { .model = "gemini-2.5-flash", .prompt = "Hello", .tool_choice = LLMPROV_TOOL_ANY };
    engine_sent s = engine_send("gemini", &req);
    CHECK_BODY(s, "tools", NULL);
    CHECK_BODY(s, "toolConfig", NULL);
    engine_sent_free(&s);
}

TEST(pitfall_019_strict_tools_and_the_mode) {
    static const struct { llmprov_tool_choice choice; llmprov_flag strict; const char *config; } cases[] = {
        { LLMPROV_TOOL_AUTO, LLMPROV_UNSET, NULL }, { LLMPROV_TOOL_AUTO, LLMPROV_YES, "{'functionCallingConfig':{'mode':'VALIDATED'}}" },
        { LLMPROV_TOOL_NONE, LLMPROV_YES, "{'functionCallingConfig':{'mode':'NONE'}}" }, { LLMPROV_TOOL_ANY, LLMPROV_YES, "{'functionCallingConfig':{'mode':'ANY'}}" },
        { LLMPROV_TOOL_NAMED, LLMPROV_YES, "{'functionCallingConfig':{'mode':'ANY','allowedFunctionNames':['look']}}" },
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        engine_sent s = gemini_tools(cases[i].choice, cases[i].strict, "gemini-2.5-flash", NULL);
        CHECK_BODY(s, "toolConfig", cases[i].config ? Q(cases[i].config) : NULL);
        engine_sent_free(&s);
    }
}

TEST(pitfall_035_gemini_stop_although_tools_were_called) {
    engine_reply a = engine_read("gemini-generate", ENGINE_WHOLE, 200, Q(GEMINI_WHOLE(GEMINI_END(GEMINI_CALL("", "f", "{}"), "STOP"))));
    engine_reply b = engine_read("gemini-generate", ENGINE_WHOLE, 200, Q(GEMINI_WHOLE(GEMINI_END(GEMINI_CALL("", "f", "{}"), "MAX_TOKENS"))));
    CHECK_INT(a.r.stop, LLMPROV_STOP_TOOL_USE);
    CHECK_INT(b.r.stop, LLMPROV_STOP_LENGTH);
    engine_reply_free(&a);
    engine_reply_free(&b);
}

TEST(pitfall_040_as_many_results_as_calls_in_one_turn) {
    engine_sent s = gemini_send("gemini", "gemini-2.5-flash", "[" GEMINI_TALK ",{'role':'user','content':[{'type':'tool_result','tool_use_id':'fc-2','content':'a bird'}]}]");
    CHECK_BODY(s, "contents[2]", Q("{'role':'user','parts':[{'functionResponse':{'id':'fc-1','name':'look','response':{'error':'cancelled: no result was recorded for this call'}}},"
                                   "{'functionResponse':{'id':'fc-2','name':'listen','response':{'output':'a bird'}}}]}"));
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "messages[1].content[0]");
    engine_sent_free(&s);
}

TEST(pitfall_044_the_assistant_speaks_first) {
    engine_sent s = gemini_send("gemini", "gemini-2.5-flash", "[{'role':'assistant','content':'Hi.'},{'role':'user','content':'Hello'}]");
    CHECK_BODY(s, "contents", Q("[{'role':'user','parts':[{'text':''}]},{'role':'model','parts':[{'text':'Hi.'}]},{'role':'user','parts':[{'text':'Hello'}]}]"));
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "messages");
    engine_sent_free(&s);
}

TEST(pitfall_049_gemini_the_same_role_twice) {
    engine_sent s = gemini_send("gemini", "gemini-2.5-flash", "[{'role':'user','content':'a'},{'role':'user','content':'b'},{'role':'assistant','content':'c'},{'role':'assistant','content':'d'},{'role':'user','content':'e'}]");
    CHECK_BODY(s, "contents", Q("[{'role':'user','parts':[{'text':'a'},{'text':'b'}]},{'role':'model','parts':[{'text':'c'},{'text':'d'}]},{'role':'user','parts':[{'text':'e'}]}]"));
    engine_sent_free(&s);
}

/* Thinking of others is never sent as text, and a message that has nothing else is left out. */
TEST(pitfall_052_gemini_messages_that_become_empty) {
    engine_sent s = gemini_send("gemini", "gemini-2.5-flash", "[{'role':'user','content':'a'},{'role':'assistant','content':[{'type':'thinking','thinking':'hm','signature':'s'}]},{'role':'user','content':'b'}]");
    CHECK_BODY(s, "contents", Q("[{'role':'user','parts':[{'text':'a'},{'text':'b'}]}]"));
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "messages[1].content[0]");
    engine_sent_free(&s);
}

static const char gemini_picture[] = "[" GEMINI_TALK ",{'role':'user','content':[{'type':'tool_result','tool_use_id':'fc-1','content':[{'type':'text','text':'seen'},"
    "{'type':'image','source':{'type':'base64','media_type':'image/png','data':'AAAA'}},{'type':'audio','source':{'type':'base64','media_type':'audio/wav','data':'BBBB'}}]},"
    "{'type':'tool_result','tool_use_id':'fc-2','content':'heard'}]}]";

/* Gemini 3 takes some media types inside the result; before it, they stand behind the results. */
TEST(pitfall_062_gemini_media_in_tool_results) {
    engine_sent a = gemini_send("gemini", "gemini-3.5-flash", gemini_picture), b = gemini_send("gemini", "gemini-2.5-flash", gemini_picture);
    CHECK_BODY(a, "contents[2].parts[0].functionResponse", Q("{'id':'fc-1','name':'look','response':{'output':'seen'},'parts':[{'inlineData':{'mimeType':'image/png','data':'AAAA'}}]}"));
    CHECK_BODY(a, "contents[2].parts[1].functionResponse.name", "\"listen\"");
    CHECK_BODY(a, "contents[2].parts[2]", Q("{'inlineData':{'mimeType':'audio/wav','data':'BBBB'}}"));
    CHECK_WARNED(a, LLMPROV_ERR_ARGUMENT, "messages[2].content[0]");
    CHECK_BODY(b, "contents[2].parts[0].functionResponse.parts", NULL);
    CHECK_BODY(b, "contents[2].parts[1].functionResponse.name", "\"listen\"");
    CHECK_BODY(b, "contents[2].parts[3]", Q("{'inlineData':{'mimeType':'image/png','data':'AAAA'}}"));
    CHECK_BODY(b, "contents[2].parts[4].inlineData.mimeType", "\"audio/wav\"");
    engine_sent_free(&a);
    engine_sent_free(&b);
}

TEST(pitfall_064_gemini_bare_base64_and_its_type) {
    engine_sent s = gemini_send("gemini", "gemini-2.5-flash", "[{'role':'user','content':[{'type':'image','source':{'type':'base64','media_type':'image/webp','data':'AAAA'}},"
                                "{'type':'document','source':{'type':'base64','media_type':'application/pdf','data':'CCCC'}},{'type':'document','source':{'type':'text','media_type':'text/plain','data':'abc'}}]}]");
    CHECK_BODY(s, "contents[0].parts", Q("[{'inlineData':{'mimeType':'image/webp','data':'AAAA'}},{'inlineData':{'mimeType':'application/pdf','data':'CCCC'}},{'inlineData':{'mimeType':'text/plain','data':'YWJj'}}]"));
    engine_sent_free(&s);
}

/* URIs go through as they are: https, gs, the Files API's own. */
TEST(pitfall_067_gemini_files_by_uri) {
    engine_sent s = gemini_send("gemini", "gemini-2.5-flash", "[{'role':'user','content':[{'type':'image','source':{'type':'url','url':'https://example.org/a.jpg?x=1'}},"
                                "{'type':'video','source':{'type':'url','url':'gs://bucket/film.mp4'}},{'type':'document','source':{'type':'file','file_id':'https://generativelanguage.googleapis.com/v1beta/files/abc'}}]}]");
    engine_sent t = gemini_send("gemini", "gemini-2.5-flash", "[{'role':'user','content':[{'type':'image','source':{'type':'file','file_id':'file_011'}}]}]");
    CHECK_BODY(s, "contents[0].parts", Q("[{'fileData':{'mimeType':'image/jpeg','fileUri':'https://example.org/a.jpg?x=1'}},{'fileData':{'mimeType':'video/mp4','fileUri':'gs://bucket/film.mp4'}},"
                                         "{'fileData':{'fileUri':'https://generativelanguage.googleapis.com/v1beta/files/abc'}}]"));
    CHECK_INT(t.error.code, LLMPROV_ERR_UNSUPPORTED);
    CHECK_STR(t.error.param, "messages[0].content[0]");
    engine_sent_free(&s);
    engine_sent_free(&t);
}

/* The signature goes back on the call that it came with, also where that has no arguments, and from a saved history. */
TEST(pitfall_077_a_signature_stays_on_its_call) {
    engine_reply r = engine_read("gemini-generate", ENGINE_STREAM, 200, Q(GEMINI(GEMINI_PARTS("{'text':'So.'}")) GEMINI(GEMINI_END(GEMINI_SIGNED("{'id':'a','name':'f'}", "c2ln"), "STOP"))));
    engine_sent s = gemini_send_back("gemini", "gemini-3.5-flash", &r.r), t;
    llmprov_history h = { .alloc = test_alloc() }, again = { .alloc = test_alloc() };
    llmprov_request req = { .model = "gemini-3.5-flash", .history = &again };
    llmprov_text saved = { NULL, 0, { NULL, NULL } };
    CHECK_BODY(s, "contents[1].parts", Q("[{'text':'So.'},{'functionCall':{'id':'a','name':'f','args':{}},'thoughtSignature':'c2ln'}]"));
    CHECK_INT(s.warning_count, 0);
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "Hello");
    llmprov_add_message(&h, &r.r.message);
    llmprov_add_tool_result(&h, "a", "done", false);
    OK_OR(llmprov_history_save(&h, &saved), done);
    OK_OR(llmprov_history_load(&again, saved.ptr, saved.len, NULL), done);
    t = engine_send("gemini", &req);
    CHECK_BODY(t, "contents[1].parts", Q("[{'text':'So.'},{'functionCall':{'id':'a','name':'f','args':{}},'thoughtSignature':'c2ln'}]"));
    engine_sent_free(&t);
done:
    llmprov_text_free(&saved);
    llmprov_history_free(&h);
    llmprov_history_free(&again);
    engine_sent_free(&s);
    engine_reply_free(&r);
}

TEST(pitfall_078_parallel_calls_of_which_the_first_is_signed) {
    engine_reply r = engine_read("gemini-generate", ENGINE_WHOLE, 200, Q(GEMINI_WHOLE(GEMINI_END(GEMINI_SIGNED("{'id':'a','name':'f','args':{}}", "c2ln") "," GEMINI_CALL("'id':'b',", "g", "{}"), "STOP"))));
    engine_sent s = gemini_send_back("gemini", "gemini-3.5-flash", &r.r);
    CHECK_BODY(s, "contents[1].parts", Q("[{'functionCall':{'id':'a','name':'f','args':{}},'thoughtSignature':'c2ln'},{'functionCall':{'id':'b','name':'g','args':{}}}]"));
    CHECK_INT(s.warning_count, 0);
    engine_sent_free(&s);
    engine_reply_free(&r);
}

/* A history of another provider: the first call of each turn gets the word that skips the check, for models that check. */
TEST(pitfall_079_calls_without_any_signature) {
    static const char talk[] = "[" GEMINI_TALK ",{'role':'user','content':[{'type':'tool_result','tool_use_id':'fc-1','content':'x'},{'type':'tool_result','tool_use_id':'fc-2','content':'y'}]}]";
    engine_sent a = gemini_send("gemini", "gemini-3.5-flash", talk), b = gemini_send("gemini", "gemini-2.5-flash", talk);
    CHECK_BODY(a, "contents[1].parts[0].thoughtSignature", "\"skip_thought_signature_validator\"");
    CHECK_BODY(a, "contents[1].parts[1].thoughtSignature", NULL);
    CHECK_WARNED(a, LLMPROV_ERR_ARGUMENT, "messages[1].content[0]");
    CHECK_BODY(b, "contents[1].parts[0].thoughtSignature", NULL);
    CHECK_INT(b.warning_count, 0);
    engine_sent_free(&a);
    engine_sent_free(&b);
}

/* A signature on an empty text belongs to the text before it in the stream; with none before it, it has a block of its own. */
TEST(pitfall_080_a_signature_on_an_empty_text) {
    engine_reply a = engine_read("gemini-generate", ENGINE_STREAM, 200, Q(GEMINI(GEMINI_PARTS("{'text':'Hel'}")) GEMINI(GEMINI_PARTS("{'text':'lo'}")) GEMINI(GEMINI_END("{'text':'','thoughtSignature':'c2ln'}", "STOP"))));
    engine_reply b = engine_read("gemini-generate", ENGINE_STREAM, 200, Q(GEMINI(GEMINI_PARTS("{'text':'Hm','thought':true}")) GEMINI(GEMINI_END("{'text':'','thoughtSignature':'c2ln'}", "STOP"))));
    engine_sent s = gemini_send_back("gemini", "gemini-3.5-flash", &a.r), t = gemini_send_back("gemini", "gemini-3.5-flash", &b.r);
    CHECK_STR(a.r.text, "Hello");
    CHECK_BODY(s, "contents[1].parts", Q("[{'text':'Hello','thoughtSignature':'c2ln'}]"));
    CHECK_BODY(t, "contents[1].parts", Q("[{'text':'Hm','thought':true},{'text':'','thoughtSignature':'c2ln'}]"));
    CHECK_INT(s.warning_count + t.warning_count, 0);
    engine_sent_free(&s);
    engine_sent_free(&t);
    engine_reply_free(&a);
    engine_reply_free(&b);
}

TEST(pitfall_082_parts_that_are_thoughts) {
    engine_reply r = engine_read("gemini-generate", ENGINE_WHOLE, 200, Q(GEMINI_WHOLE(GEMINI_END("{'text':'Hm.','thought':true},{'text':'Yes.'}", "STOP"))));
    CHECK_STR(r.r.text, "Yes.");
    CHECK_STR(engine_block(&r.r.message, LLMPROV_BLOCK_THINKING, 0)->text, "Hm.");
    engine_reply_free(&r);
}

static engine_sent gemini_think(const char *model, llmprov_thinking thinking, llmprov_effort effort, int64_t tokens) {
    llmprov_request req = { .model = model, .prompt = "Hello", .thinking = thinking, .effort = effort };
    req.thinking_tokens.set = tokens >= 0;
    req.thinking_tokens.value = tokens;
    return engine_send("gemini", &req);
}

/* Budgets before Gemini 3, levels from then on; what cannot be switched off thinks as little as it can. */
TEST(pitfall_090_gemini_thinking_off_and_how_much) {
    static const struct { const char *model; llmprov_thinking thinking; llmprov_effort effort; int64_t tokens; const char *config, *warned; } cases[] = {
        { "gemini-2.5-flash", LLMPROV_THINKING_OFF, 0, -1, "{'thinkingBudget':0}", NULL },
        { "gemini-2.5-pro", LLMPROV_THINKING_OFF, 0, -1, "{'thinkingBudget':128}", "thinking" },
        { "gemini-3.5-flash", LLMPROV_THINKING_OFF, 0, -1, "{'thinkingLevel':'minimal'}", "effort" },
        { "gemini-3-pro-preview", LLMPROV_THINKING_OFF, 0, -1, "{'thinkingLevel':'low'}", "effort" },
        { "gemini-2.5-flash", LLMPROV_THINKING_ON, 0, -1, "{'includeThoughts':true,'thinkingBudget':-1}", NULL },
        { "gemini-2.5-flash", 0, 0, 2000, "{'includeThoughts':true,'thinkingBudget':2000}", NULL },
        { "gemini-2.5-flash", 0, 0, 99999, "{'includeThoughts':true,'thinkingBudget':24576}", "thinking_tokens" },
        { "gemini-2.5-flash-lite", 0, 0, 100, "{'includeThoughts':true,'thinkingBudget':512}", "thinking_tokens" },
        { "gemini-2.5-flash", 0, LLMPROV_EFFORT_MEDIUM, -1, "{'includeThoughts':true,'thinkingBudget':8192}", NULL },
        { "gemini-3.5-flash", 0, LLMPROV_EFFORT_HIGH, -1, "{'includeThoughts':true,'thinkingLevel':'high'}", NULL },
        { "gemini-3.5-flash", LLMPROV_THINKING_UNSAID, LLMPROV_EFFORT_LOW, -1, "{'thinkingLevel':'low'}", NULL },
        { "gemini-3.5-flash", 0, LLMPROV_EFFORT_MAX, -1, "{'includeThoughts':true,'thinkingLevel':'high'}", "effort" },
        { "gemini-4-hydrogen", 0, LLMPROV_EFFORT_XHIGH, -1, "{'includeThoughts':true,'thinkingLevel':'xhigh'}", NULL },
        { "gemini-3.5-flash", 0, 0, 5000, "{'includeThoughts':true,'thinkingLevel':'medium'}", "thinking_tokens" },
        { "gemini-3.5-flash", LLMPROV_THINKING_ON, 0, -1, "{'includeThoughts':true}", NULL },
        { "some-new-model", 0, 0, 700, "{'includeThoughts':true,'thinkingBudget':700}", NULL },
        { "gemini-2.0-flash", LLMPROV_THINKING_ON, 0, -1, NULL, "thinking" },
        { "gemini-2.0-flash", LLMPROV_THINKING_OFF, 0, -1, NULL, NULL },
        { "gemini-2.5-flash", 0, 0, -1, NULL, NULL },
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        engine_sent s = gemini_think(cases[i].model, cases[i].thinking, cases[i].effort, cases[i].tokens);
        if (!CHECK_BODY(s, "generationConfig.thinkingConfig", cases[i].config ? Q(cases[i].config) : NULL) && !test_excused()) printf("    case %d\n", (int)i);
        CHECK_INT(s.warning_count, cases[i].warned != NULL);
        if (cases[i].warned && s.warning_count) CHECK_STR(s.warnings[0].field, cases[i].warned);
        engine_sent_free(&s);
    }
}

TEST(pitfall_097_gemini_the_member_for_the_token_limit) {
    llmprov_request req = { .model = "gemini-2.5-flash", .prompt = "Hello", .max_tokens = LLMPROV_INT(77) };
    engine_sent s = engine_send("gemini", &req);
    CHECK_BODY(s, "generationConfig", "{\"maxOutputTokens\":77}");
    engine_sent_free(&s);
}

TEST(pitfall_104_gemini_stop_sequences) {
    static const char *const stops[] = { "a", "b", "c", "d", "e", "f" };
    llmprov_request req = { .model = "gemini-2.5-flash", .prompt = "Hello", .stop = stops, .stop_count = 6 };
    engine_sent s = engine_send("gemini", &req), t;
    CHECK_BODY(s, "generationConfig.stopSequences", "[\"a\",\"b\",\"c\",\"d\",\"e\"]");
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "stop");
    req.stop_count = 0;
    t = engine_send("gemini", &req);
    CHECK_BODY(t, "generationConfig", NULL);
    engine_sent_free(&s);
    engine_sent_free(&t);
}

/* The Developer API refuses penalties with 2.5; Vertex AI takes them (recorded with gemini-2.5-pro). */
TEST(pitfall_105_gemini_settings_that_a_target_lacks) {
    llmprov_request req = { .model = "gemini-2.5-pro", .prompt = "Hello", .presence_penalty = LLMPROV_NUM(0.5), .frequency_penalty = LLMPROV_NUM(0.25), .top_k = LLMPROV_INT(40),
                            .temperature = LLMPROV_NUM(3), .top_p = LLMPROV_NUM(2), .user_id = "u", .parallel_tools = LLMPROV_NO, .service_tier = "standard_only" };
    llmprov_desc vertex = { .provider = "vertex", .base_url = "https://aiplatform.test/v1/publishers/google" };
    engine_sent a = engine_send("gemini", &req), b = engine_send_with("vertex", &vertex, &req, __FILE__, __LINE__);
    CHECK_BODY(a, "generationConfig", "{\"temperature\":2,\"topP\":1,\"topK\":40}");
    CHECK_BODY(a, "serviceTier", "\"standard\"");
    CHECK_WARNED(a, LLMPROV_ERR_UNSUPPORTED, "presence_penalty");
    CHECK_WARNED(a, LLMPROV_ERR_UNSUPPORTED, "frequency_penalty");
    CHECK_WARNED(a, LLMPROV_ERR_UNSUPPORTED, "user_id");
    CHECK_WARNED(a, LLMPROV_ERR_ARGUMENT, "temperature");
    CHECK_WARNED(a, LLMPROV_ERR_ARGUMENT, "top_p");
    CHECK_WARNED(a, LLMPROV_ERR_ARGUMENT, "service_tier");
    CHECK_BODY(b, "generationConfig.presencePenalty", "0.5");
    CHECK_BODY(b, "generationConfig.frequencyPenalty", "0.25");
    engine_sent_free(&a);
    engine_sent_free(&b);
}

TEST(pitfall_108_streaming_is_in_the_url) {
    llmprov_request req = { .model = "gemini-3.5-flash", .prompt = "Hello" };
    engine_sent a = engine_send("gemini", &req), b;
    req.stream = LLMPROV_STREAM_ON;
    b = engine_send("gemini", &req);
    if (a.http && b.http) {
        CHECK_STR(a.http->url, "https://api.test/v1/models/gemini-3.5-flash:generateContent");
        CHECK_STR(b.http->url, "https://api.test/v1/models/gemini-3.5-flash:streamGenerateContent?alt=sse");
        CHECK_MEM(a.text, a.len, b.text, b.len);
        CHECK_BODY(a, "model", NULL);
    }
    engine_sent_free(&a);
    engine_sent_free(&b);
}

TEST(pitfall_110_a_cached_content_holds_the_rest) {
    llmprov_tool tool = { .name = "look" };
    llmprov_request req = { .model = "gemini-2.5-flash", .system = "Be kind.", .prompt = "Hello", .tools = &tool, .tool_count = 1, .tool_choice = LLMPROV_TOOL_ANY, .extra = "{\"cachedContent\":\"cachedContents/abc\"}" };
    engine_sent s = engine_send("gemini", &req);
    CHECK_BODY(s, "cachedContent", "\"cachedContents/abc\"");
    CHECK_BODY(s, "systemInstruction", NULL);
    CHECK_BODY(s, "tools", NULL);
    CHECK_BODY(s, "toolConfig", NULL);
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "cachedContent");
    engine_sent_free(&s);
}

/* What a tool and the answer have of one schema: JSON Schema as it is, which this API reads since its second form. */
static void gemini_schema(const char *schema, const char *expected) {
    llmprov_tool tool = { .name = "f", .schema = schema };
    llmprov_request req = { .model = "gemini-3.5-flash", .prompt = "Hi", .tools = &tool, .tool_count = 1, .schema = schema };
    engine_sent s = engine_send("gemini", &req);
    CHECK_BODY(s, "tools[0].functionDeclarations[0].parameters", NULL);
    CHECK_BODY(s, "tools[0].functionDeclarations[0].parametersJsonSchema", expected);
    CHECK_BODY(s, "generationConfig.responseSchema", NULL);
    CHECK_BODY(s, "generationConfig.responseJsonSchema", expected);
    CHECK_INT(s.warning_count, 0);
    engine_sent_free(&s);
}

#define GEMINI_SCHEMA(schema, expected) gemini_schema(Q(schema), Q(expected))
#define GEMINI_SCHEMA_STAYS(schema) GEMINI_SCHEMA(schema, schema)

TEST(pitfall_131_gemini_takes_the_schema_as_it_is) {
    GEMINI_SCHEMA_STAYS("{'$schema':'https://json-schema.org/draft/2020-12/schema','title':'T','type':'object','additionalProperties':false,"
                        "'properties':{'a':{'type':'string','default':'x','examples':['y']}}}");
}

TEST(pitfall_132_gemini_references_stay) {
    GEMINI_SCHEMA_STAYS("{'type':'object','properties':{'a':{'$ref':'#/$defs/A'}},'$defs':{'A':{'type':'object','properties':{'next':{'$ref':'#/$defs/A'}}}}}");
}

TEST(pitfall_133_gemini_null_and_several_types) {
    GEMINI_SCHEMA_STAYS("{'type':'object','properties':{'a':{'type':['string','null']},'b':{'type':['string','integer']}}}");
    GEMINI_SCHEMA("{'type':'object','properties':{'a':{'type':'string','nullable':true}}}", "{'type':'object','properties':{'a':{'type':['string','null']}}}");
}

TEST(pitfall_134_gemini_one_value) {
    GEMINI_SCHEMA("{'type':'object','properties':{'a':{'type':'string','const':'x'},'b':{'type':'integer','enum':[1,2]}}}",
                  "{'type':'object','properties':{'a':{'type':'string','enum':['x']},'b':{'type':'integer','enum':[1,2]}}}");
}

TEST(pitfall_135_gemini_empty_objects) {
    llmprov_tool tool = { .name = "f", .description = "d", .schema = "{\"type\":\"object\",\"properties\":{}}" };
    llmprov_request req = { .model = "gemini-3.5-flash", .prompt = "Hi", .tools = &tool, .tool_count = 1 };
    engine_sent s = engine_send("gemini", &req);
    CHECK_BODY(s, "tools[0].functionDeclarations[0]", "{\"name\":\"f\",\"description\":\"d\"}");
    engine_sent_free(&s);
    GEMINI_SCHEMA_STAYS("{'type':'object','properties':{'a':{'type':'object','description':'Anything.','properties':{}}}}");
}

/* A model's name is one segment; a resource name keeps its slashes; nothing climbs out of the path. */
TEST(pitfall_111_models_in_a_path) {
    static const struct { const char *model, *path; } cases[] = {
        { "gemini-3.5-flash", "/models/gemini-3.5-flash:generateContent" }, { "models/gemini-3.5-flash", "/models/gemini-3.5-flash:generateContent" },
        { "tunedModels/my model", "/tunedModels/my%20model:generateContent" }, { "endpoints/123", "/endpoints/123:generateContent" },
        { "a@001", "/models/a%40001:generateContent" }, { "\xC3\xA9:b", "/models/%C3%A9%3Ab:generateContent" },
        { "../secrets", NULL }, { "models/../x", NULL }, { "a?b", NULL }, { "a#b", NULL }, { "a&b", NULL }, { "/a", NULL }, { "a/", NULL }, { "a//b", NULL },
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        llmprov_request req = { .model = cases[i].model, .prompt = "Hello" };
        engine_sent s = engine_send("gemini", &req);
        if (cases[i].path && s.http) CHECK_STR(s.http->url + strlen("https://api.test/v1"), cases[i].path);
        if (!cases[i].path) {
            CHECK_INT(s.error.code, LLMPROV_ERR_ARGUMENT);
            CHECK_STR(s.error.param, "model");
        }
        engine_sent_free(&s);
    }
}

TEST(pitfall_123_gemini_cached_tokens) {
    engine_reply r = engine_read("gemini-generate", ENGINE_WHOLE, 200, Q("{'candidates':[" GEMINI_END("{'text':'a'}", "STOP") "],'usageMetadata':{'promptTokenCount':100,'cachedContentTokenCount':60,'candidatesTokenCount':7}}"));
    CHECK_INT(r.r.usage.input_tokens, 40);
    CHECK_INT(r.r.usage.cache_read_tokens, 60);
    engine_reply_free(&r);
}

TEST(pitfall_158_a_reason_before_the_last_chunk) {
    engine_reply r = engine_read("gemini-generate", ENGINE_STREAM, 200, Q(GEMINI(GEMINI_END("{'text':'One'}", "STOP")) GEMINI(GEMINI_PARTS("{'text':' two'}"))));
    CHECK_STR(r.r.text, "One two");
    CHECK_INT(r.r.stop, LLMPROV_STOP_END);
    engine_reply_free(&r);
}

TEST(pitfall_173_gemini_refusals) {
    engine_reply a = engine_read("gemini-generate", ENGINE_WHOLE, 200, Q("{'promptFeedback':{'blockReason':'MODEL_ARMOR','blockReasonMessage':'No.'}}"));
    engine_reply b = engine_read("gemini-generate", ENGINE_STREAM, 200, Q("data: {'promptFeedback':{'blockReason':'JAILBREAK'}}\n\n"));
    engine_reply c = engine_read("gemini-generate", ENGINE_WHOLE, 200, Q("{'candidates':[{'finishReason':'SPII','index':0}],'promptFeedback':{'blockReason':'BLOCKED_REASON_UNSPECIFIED'}}"));
    CHECK_INT(a.r.stop, LLMPROV_STOP_REFUSAL);
    CHECK_STR(a.r.stop_word, "MODEL_ARMOR");
    CHECK(a.r.extra && strstr(a.r.extra, "No."));
    CHECK_INT(b.r.stop, LLMPROV_STOP_REFUSAL);
    CHECK_INT(c.r.stop, LLMPROV_STOP_REFUSAL);
    CHECK_STR(c.r.stop_word, "SPII");
    engine_reply_free(&a);
    engine_reply_free(&b);
    engine_reply_free(&c);
}

TEST(pitfall_182_gemini_thoughts_stand_beside_the_answer) {
    engine_reply r = engine_read("gemini-generate", ENGINE_WHOLE, 200, Q("{'candidates':[" GEMINI_END("{'text':'a'}", "STOP") "],'usageMetadata':{'promptTokenCount':10,'candidatesTokenCount':7,'thoughtsTokenCount':30,'totalTokenCount':47}}"));
    CHECK_INT(r.r.usage.output_tokens, 37);
    CHECK_INT(r.r.usage.thinking_tokens, 30);
    engine_reply_free(&r);
}

TEST(pitfall_183_tokens_of_the_providers_own_tools) {
    engine_reply r = engine_read("gemini-generate", ENGINE_WHOLE, 200, Q("{'candidates':[" GEMINI_END("{'text':'a'}", "STOP") "],'usageMetadata':{'promptTokenCount':10,'toolUsePromptTokenCount':90}}"));
    CHECK_INT(r.r.usage.input_tokens, 100);
    CHECK_INT(r.r.usage.output_tokens, 0);
    engine_reply_free(&r);
}

TEST(pitfall_196_two_calls_with_nothing_between) {
    engine_reply r = engine_read("gemini-generate", ENGINE_STREAM, 200, Q(GEMINI(GEMINI_PARTS(GEMINI_CALL("", "f", "{'a':1}"))) GEMINI(GEMINI_END(GEMINI_CALL("", "f", "{'a':2}"), "STOP"))));
    CHECK_INT(engine_count(&r.r.message, LLMPROV_BLOCK_TOOL_USE), 2);
    CHECK_JSON(engine_call(r, 0)->json, engine_call(r, 0)->json_len, "{\"a\":1}");
    CHECK_JSON(engine_call(r, 1)->json, engine_call(r, 1)->json_len, "{\"a\":2}");
    engine_reply_free(&r);
}

TEST(pitfall_197_usage_is_no_end) {
    engine_reply r = engine_read("gemini-generate", ENGINE_STREAM, 200, Q(GEMINI(GEMINI_PARTS("{'text':'a'}")) GEMINI(GEMINI_PARTS("{'text':'b'}"))));
    engine_reply s = engine_read("gemini-generate", ENGINE_STREAM, 200, Q(GEMINI(GEMINI_PARTS("{'text':'a'}")) GEMINI(GEMINI_END("{'text':'b'}", "STOP"))));
    CHECK_INT(r.r.error.code, LLMPROV_ERR_TRUNCATED);
    CHECK_STR(r.r.text, "ab");
    CHECK_INT(s.r.error.code, LLMPROV_OK);
    CHECK_INT(s.r.usage.output_tokens, 7);
    engine_reply_free(&r);
    engine_reply_free(&s);
}

/* Histories know the call's id; the wire wants the function's name, in the order of the calls. */
TEST(pitfall_198_results_by_the_name_of_the_function) {
    engine_sent s = gemini_send("gemini", "gemini-2.5-flash", "[" GEMINI_TALK ",{'role':'user','content':[{'type':'tool_result','tool_use_id':'fc-2','content':'second'},{'type':'tool_result','tool_use_id':'fc-1','content':'first','is_error':true}]}]");
    CHECK_BODY(s, "contents[2].parts", Q("[{'functionResponse':{'id':'fc-1','name':'look','response':{'error':'first'}}},{'functionResponse':{'id':'fc-2','name':'listen','response':{'output':'second'}}}]"));
    engine_sent_free(&s);
}

TEST(pitfall_200_the_key_is_in_a_header) {
    llmprov_request req = { .model = "gemini-3.5-flash", .prompt = "Hello", .stream = LLMPROV_STREAM_ON };
    engine_sent s = engine_send("gemini", &req);
    if (s.http) {
        CHECK_STR(engine_header(&s, "x-goog-api-key"), "test-key");
        CHECK(!engine_header(&s, "authorization") && !strstr(s.http->url, "test-key") && !s.http->secret_in_url);
    }
    engine_sent_free(&s);
}
