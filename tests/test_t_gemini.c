/* >>t_gemini: what a request becomes, and what no golden case of tests/wire/gemini-generate shows. */
#include "engine.h"

#define T_GEMINI_CHUNK(inside) "data: {'candidates':[{'index':0," inside "}],'modelVersion':'m-1','responseId':'r1'}\n\n"
#define T_GEMINI_PART(part) T_GEMINI_CHUNK("'content':{'role':'model','parts':[" part "]}")
#define T_GEMINI_STOP T_GEMINI_CHUNK("'finishReason':'STOP'")

static engine_reply t_gemini_stream(const char *text) { return engine_read("gemini-generate", ENGINE_STREAM, 200, Q(text)); }
static engine_reply t_gemini_whole(const char *text) { return engine_read("gemini-generate", ENGINE_WHOLE, 200, Q(text)); }

// -- requests ------------------------------------------------------------------------------

/* Everything at once, and the conversation is the last member. */
TEST(t_gemini_a_whole_request) {
    static const char *const stops[] = { "END" };
    llmprov_tool tool = { .name = "look", .description = "Looks.", .schema = "{\"type\":\"object\",\"properties\":{\"at\":{\"type\":\"string\"}}}", .extra = "{\"behavior\":\"BLOCKING\"}" };
    llmprov_request req = { .model = "gemini-3.5-flash", .system = "Be kind.", .prompt = "Hello", .tools = &tool, .tool_count = 1, .max_tokens = LLMPROV_INT(9), .n = LLMPROV_INT(2),
        .temperature = LLMPROV_NUM(0.5), .top_p = LLMPROV_NUM(0.9), .top_k = LLMPROV_INT(3), .seed = LLMPROV_INT(0), .presence_penalty = LLMPROV_NUM(0.1), .stop = stops, .stop_count = 1,
        .service_tier = "flex", .extra = "{\"generationConfig\":{\"mediaResolution\":\"MEDIA_RESOLUTION_LOW\"},\"safetySettings\":[]}" };
    engine_sent s = engine_send("gemini", &req);
    CHECK_JSON(s.text, s.len, Q("{'systemInstruction':{'parts':[{'text':'Be kind.'}]},'tools':[{'functionDeclarations':[{'name':'look','description':'Looks.',"
        "'parametersJsonSchema':{'type':'object','properties':{'at':{'type':'string'}}},'behavior':'BLOCKING'}]}],'generationConfig':{'maxOutputTokens':9,'candidateCount':2,"
        "'temperature':0.5,'topP':0.9,'topK':3,'seed':0,'presencePenalty':0.1,'stopSequences':['END'],'mediaResolution':'MEDIA_RESOLUTION_LOW'},'serviceTier':'flex','safetySettings':[],"
        "'contents':[{'role':'user','parts':[{'text':'Hello'}]}]}"));
    if (s.text) CHECK(strstr(s.text, "\"contents\"") > strstr(s.text, "\"safetySettings\""));
    CHECK_INT(s.warning_count, 0);
    engine_sent_free(&s);
}

TEST(t_gemini_what_is_accepted) {
    llmprov_request req = { .model = "gemini-2.5-flash", .prompt = "Hello", .stream = LLMPROV_STREAM_ON };
    engine_sent a = engine_send("gemini", &req), b;
    req.stream = LLMPROV_STREAM_OFF;
    b = engine_send("gemini", &req);
    CHECK_STR(engine_header(&a, "accept"), a.http ? "text/event-stream" : NULL);
    CHECK_STR(engine_header(&b, "accept"), b.http ? "application/json" : NULL);
    engine_sent_free(&a);
    engine_sent_free(&b);
}

/* A function without arguments has no parameters, however its empty schema is spelt. */
TEST(t_gemini_functions_without_arguments) {
    static const struct { const char *schema; bool empty; } cases[] = {
        { NULL, true }, { "{\"type\":\"object\"}", true }, { "{\"type\":\"object\",\"properties\":{},\"required\":[],\"additionalProperties\":false}", true },
        { "{\"type\":\"object\",\"properties\":{\"a\":{}}}", false }, { "{\"$ref\":\"#/$defs/a\",\"$defs\":{}}", false },
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        llmprov_tool tool = { .name = "now", .schema = cases[i].schema };
        llmprov_request req = { .model = "gemini-2.5-flash", .prompt = "Hello", .tools = &tool, .tool_count = 1 };
        engine_sent s = engine_send("gemini", &req);
        CHECK_BODY(s, "tools[0].functionDeclarations[0].parametersJsonSchema", cases[i].empty ? NULL : cases[i].schema);
        engine_sent_free(&s);
    }
}

/* Names of functions begin with a letter; what comes back has the name that was declared. */
TEST(t_gemini_names_of_functions) {
    llmprov_tool tools[] = { { .name = "2nd look" }, { .name = "-x" }, { .name = "fine_name" } };
    llmprov_request req = { .model = "gemini-2.5-flash", .prompt = "Hello", .tools = tools, .tool_count = 3, .tool_choice = LLMPROV_TOOL_NAMED, .tool_name = "2nd look" };
    engine_sent s = engine_send("gemini", &req);
    const char *first = llmprov_json_str(llmprov_json_path(s.body, "tools[0].functionDeclarations[0].name"), "?");
    if (s.body) {
        CHECK(*first == '_' && strlen(first) > 9);
        CHECK(*llmprov_json_str(llmprov_json_path(s.body, "tools[0].functionDeclarations[1].name"), "?") == '_');
        CHECK_STR(llmprov_json_str(llmprov_json_path(s.body, "tools[0].functionDeclarations[2].name"), "?"), "fine_name");
        CHECK_STR(llmprov_json_str(llmprov_json_path(s.body, "toolConfig.functionCallingConfig.allowedFunctionNames[0]"), "?"), first);
    }
    engine_sent_free(&s);
}

/* The provider's own tools by their words, Anthropic's by what they are for; beside functions only from Gemini 3 on. */
TEST(t_gemini_built_in_tools) {
    llmprov_tool tools[] = { { .type = "googleSearch", .extra = "{\"excludeDomains\":[\"a.example\"]}" }, { .type = "codeExecution" },
                             { .type = "web_fetch_20250910", .name = "web_fetch", .extra = "{\"max_uses\":3}" }, { .type = "mcpServers", .extra = "{\"mcpServers\":[{\"name\":\"m\"}]}" },
                             { .type = "nonsense_1" }, { .name = "look" } };
    llmprov_request req = { .model = "gemini-3.5-flash", .prompt = "Hello", .tools = tools, .tool_count = 5 };
    engine_sent a = engine_send("gemini", &req), b, c;
    req.tool_count = 6;
    b = engine_send("gemini", &req);
    req.model = "gemini-2.5-flash";
    c = engine_send("gemini", &req);
    CHECK_BODY(a, "tools", Q("[{'googleSearch':{'excludeDomains':['a.example']}},{'codeExecution':{}},{'urlContext':{}},{'mcpServers':[{'name':'m'}]}]"));
    CHECK_BODY(a, "toolConfig", NULL);
    CHECK_WARNED(a, LLMPROV_ERR_ARGUMENT, "tools[2]");
    CHECK_WARNED(a, LLMPROV_ERR_UNSUPPORTED, "tools[4]");
    CHECK_BODY(b, "toolConfig", Q("{'functionCallingConfig':{'mode':'VALIDATED'},'includeServerSideToolInvocations':true}"));
    CHECK_BODY(c, "tools", Q("[{'functionDeclarations':[{'name':'look'}]}]"));
    CHECK_WARNED(c, LLMPROV_ERR_UNSUPPORTED, "tools[0]");
    engine_sent_free(&a);
    engine_sent_free(&b);
    engine_sent_free(&c);
}

/* Tools of others' kinds that a function can stand for. */
TEST(t_gemini_functions_that_stand_for_tools) {
    llmprov_tool tools[] = { { .type = "bash_20250124", .name = "bash" }, { .type = "custom", .name = "free" } };
    llmprov_request req = { .model = "gemini-2.5-flash", .prompt = "Hello", .tools = tools, .tool_count = 2 };
    engine_sent s = engine_send("gemini", &req);
    CHECK_BODY(s, "tools[0].functionDeclarations[0].name", "\"bash\"");
    CHECK_BODY(s, "tools[0].functionDeclarations[1].parametersJsonSchema.required", "[\"input\"]");
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "tools[0]");
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "tools[1]");
    engine_sent_free(&s);
}

#define T_GEMINI_SCHEMA "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"}}}"

/* A schema of the answer: natively; beside functions before Gemini 3 by a function; never while a tool is forced. */
TEST(t_gemini_structured_answers) {
    llmprov_tool tool = { .name = "look" };
    llmprov_request req = { .model = "gemini-2.5-flash", .prompt = "Hello", .schema = T_GEMINI_SCHEMA };
    engine_sent a = engine_send("gemini", &req), b, c, d;
    engine_reply r;
    engine_wire w;
    static const char answer[] = "{\"candidates\":[{\"content\":{\"parts\":[{\"functionCall\":{\"name\":\"answer\",\"args\":{\"a\":1}}}]},\"finishReason\":\"STOP\"}]}";
    req.tools = &tool;
    req.tool_count = 1;
    b = engine_send("gemini", &req);
    req.model = "gemini-3.5-flash";
    c = engine_send("gemini", &req);
    req.tool_choice = LLMPROV_TOOL_ANY;
    d = engine_send("gemini", &req);
    CHECK_BODY(a, "generationConfig", "{\"responseMimeType\":\"application/json\",\"responseJsonSchema\":" T_GEMINI_SCHEMA "}");
    CHECK_BODY(b, "generationConfig", NULL);
    CHECK_BODY(b, "tools[0].functionDeclarations[1].name", "\"answer\"");
    CHECK_BODY(b, "tools[0].functionDeclarations[1].parametersJsonSchema", T_GEMINI_SCHEMA);
    CHECK_BODY(b, "toolConfig.functionCallingConfig.mode", "\"ANY\"");
    CHECK_WARNED(b, LLMPROV_ERR_ARGUMENT, "schema");
    CHECK_BODY(c, "generationConfig.responseJsonSchema", T_GEMINI_SCHEMA);
    CHECK_BODY(d, "generationConfig", NULL);
    CHECK_WARNED(d, LLMPROV_ERR_UNSUPPORTED, "schema");
    engine_sent_free(&a);
    engine_sent_free(&b);
    engine_sent_free(&c);
    engine_sent_free(&d);
    req.model = "gemini-2.5-flash";
    req.tool_choice = LLMPROV_TOOL_AUTO;
    w = engine_wire_of(ENGINE_WHOLE, 200, answer, sizeof answer - 1);
    r = engine_read_wire(engine_open("gemini-generate", NULL), &req, ENGINE_WHOLE, &w, __FILE__, __LINE__);
    CHECK_STR(r.r.text, "{\"a\":1}");
    CHECK_INT(r.r.stop, LLMPROV_STOP_END);
    engine_reply_free(&r);
}

/* Results are objects: as they are, or wrapped; "$ref" is reserved. */
TEST(t_gemini_results_are_objects) {
    static const struct { const char *text; bool error; const char *response; } cases[] = {
        { "{\"t\":20}", false, "{'t':20}" }, { " {\"t\":20} ", false, "{'t':20}" }, { "20", false, "{'output':'20'}" }, { "[1]", false, "{'output':'[1]'}" }, { "", false, "{'output':''}" },
        { "{\"t\":", false, "{'output':'{\\\"t\\\":'}" }, { "{\"$ref\":\"a\"}", false, "{'output':'{\\\"$ref\\\":\\\"a\\\"}'}" },
        { "no", true, "{'error':'no'}" }, { "{\"why\":1}", true, "{'error':{'why':1}}" },
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        llmprov_block user = { .text = "Hello" }, use = { .type = LLMPROV_BLOCK_TOOL_USE, .id = "c", .name = "look" };
        llmprov_block result = { .type = LLMPROV_BLOCK_TOOL_RESULT, .id = "c", .text = cases[i].text, .is_error = cases[i].error };
        llmprov_message messages[] = { { .blocks = &user, .block_count = 1 }, { .role = LLMPROV_ROLE_ASSISTANT, .blocks = &use, .block_count = 1 }, { .blocks = &result, .block_count = 1 } };
        llmprov_request req = { .model = "gemini-2.5-flash", .messages = messages, .message_count = 3 };
        engine_sent s = engine_send("gemini", &req);
        CHECK_BODY(s, "contents[2].parts[0].functionResponse.response", Q(cases[i].response));
        engine_sent_free(&s);
    }
}

/* What this API minted goes to no other, and what others minted not here. */
TEST(t_gemini_opaque_things_stay_at_home) {
    engine_reply r = t_gemini_stream(T_GEMINI_PART("{'text':'Hm.','thought':true,'thoughtSignature':'c2ln'}") T_GEMINI_PART("{'executableCode':{'language':'PYTHON','code':'1'}}")
                                     T_GEMINI_PART("{'functionCall':{'id':'a','name':'f','args':{}},'thoughtSignature':'c2ln'}") T_GEMINI_STOP);
    llmprov_history h = { .alloc = test_alloc() };
    llmprov_request req = { .model = "claude-sonnet-4-6", .history = &h, .max_tokens = LLMPROV_INT(5) };
    engine_sent a, b;
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "Hello");
    llmprov_add_message(&h, &r.r.message);
    llmprov_add_tool_result(&h, "a", "done", false);
    a = engine_send("anthropic", &req);
    b = engine_send("custom", &req);
    if (a.text) CHECK(!strstr(a.text, "c2ln") && !strstr(a.text, "PYTHON") && !strstr(a.text, "Hm."));
    if (b.text) CHECK(!strstr(b.text, "c2ln") && !strstr(b.text, "PYTHON") && !strstr(b.text, "Hm."));
    CHECK_BODY(a, "messages[1].content", Q("[{'type':'tool_use','id':'a','name':'f','input':{}}]"));
    CHECK_INT(a.warning_count, 3);
    CHECK_INT(b.warning_count, 3);
    engine_sent_free(&a);
    engine_sent_free(&b);
    llmprov_history_free(&h);
    engine_reply_free(&r);
}

/* Vertex AI knows no traces of server-side tools: they are left out there, and said to be. */
TEST(t_gemini_traces_of_tools_are_not_for_vertex) {
    engine_reply r = t_gemini_whole("{'candidates':[{'content':{'parts':[{'toolCall':{'id':'t','toolType':'URL_CONTEXT'}},{'text':'a'}]},'finishReason':'STOP'}]}");
    llmprov_desc vertex = { .provider = "vertex", .base_url = "https://a.test/v1/publishers/google" };
    llmprov_history h = { .alloc = test_alloc() };
    llmprov_request req = { .model = "gemini-3.5-flash", .history = &h };
    engine_sent a, b;
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "Hello");
    llmprov_add_message(&h, &r.r.message);
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "Go on");
    a = engine_send("gemini", &req);
    b = engine_send_with("vertex", &vertex, &req, __FILE__, __LINE__);
    CHECK_BODY(a, "contents[1].parts", Q("[{'toolCall':{'id':'t','toolType':'URL_CONTEXT'}},{'text':'a'}]"));
    CHECK_BODY(b, "contents[1].parts", Q("[{'text':'a'}]"));
    CHECK_INT(a.warning_count, 0);
    CHECK_WARNED(b, LLMPROV_ERR_UNSUPPORTED, "messages[1].content[0]");
    engine_sent_free(&a);
    engine_sent_free(&b);
    llmprov_history_free(&h);
    engine_reply_free(&r);
}

// -- replies -------------------------------------------------------------------------------

/* Arguments in pieces, each at its place: strings that go on, lists, objects, ends of lists, and a call without any. */
TEST(t_gemini_arguments_in_pieces) {
    engine_reply r = t_gemini_stream(T_GEMINI_PART("{'functionCall':{'name':'f','willContinue':true},'thoughtSignature':'c2ln'}")
        T_GEMINI_PART("{'functionCall':{'partialArgs':[{'jsonPath':'$.a','stringValue':'B\\u00f6','willContinue':true}],'willContinue':true}}")
        T_GEMINI_PART("{'functionCall':{'partialArgs':[{'jsonPath':'$.a','stringValue':'se \\\"x\\\"'},{'jsonPath':'$.b.c[0].d','numberValue':1.5}],'willContinue':true}}")
        T_GEMINI_PART("{'functionCall':{'partialArgs':[{'jsonPath':'$.b.c[0].e','boolValue':true},{'jsonPath':'$.b.c[1].d','nullValue':'NULL_VALUE'},{'jsonPath':'$.b.c[]'}],'willContinue':true}}")
        T_GEMINI_PART("{'functionCall':{'partialArgs':[{'jsonPath':'$.l[]'},{'jsonPath':'$[\\'a b\\'].o'},{'jsonPath':'$.z','stringValue':''}],'willContinue':true}}")
        T_GEMINI_PART("{'functionCall':{}}") T_GEMINI_PART("{'functionCall':{'name':'g'}}") T_GEMINI_STOP);
    CHECK_INT(r.r.error.code, LLMPROV_OK);
    CHECK_INT(engine_count(&r.r.message, LLMPROV_BLOCK_TOOL_USE), 2);
    CHECK_JSON(engine_call(r, 0)->json, engine_call(r, 0)->json_len, Q("{'a':'B\\u00f6se \\\"x\\\"','b':{'c':[{'d':1.5,'e':true},{'d':null}]},'l':[],'a b':{'o':{}},'z':''}"));
    CHECK(engine_call(r, 0)->extra && strstr(engine_call(r, 0)->extra, "c2ln"));
    CHECK_STR(engine_call(r, 1)->json, "{}");
    CHECK_STR(engine_call(r, 1)->name, "g");
    engine_reply_free(&r);
}

/* A call in pieces that the stream's end closes. */
TEST(t_gemini_arguments_in_pieces_without_an_end) {
    engine_reply r = t_gemini_stream(T_GEMINI_PART("{'functionCall':{'name':'f','willContinue':true}}")
        T_GEMINI_PART("{'functionCall':{'partialArgs':[{'jsonPath':'$.a[0]','stringValue':'x','willContinue':true}],'willContinue':true}}") T_GEMINI_STOP);
    CHECK_STR(engine_call(r, 0)->json, "{\"a\":[\"x\"]}");
    CHECK(!engine_call(r, 0)->invalid);
    engine_reply_free(&r);
}

/* Members of the candidate are in the choice, and in the stream as they come; those of the reply in the reply. */
TEST(t_gemini_members_without_a_field) {
    engine_reply r = t_gemini_whole("{'candidates':[{'content':{'parts':[{'text':'a'}]},'finishReason':'STOP','safetyRatings':[],'avgLogprobs':-0.5,'groundingMetadata':{'webSearchQueries':['q']}}],"
                                    "'createTime':'2026-08-19T14:38:19Z','promptFeedback':{'safetyRatings':[]}}");
    CHECK_INT(r.r.stop, LLMPROV_STOP_END);
    if (CHECK(r.r.choice_count == 1 && r.r.choices[0].extra && r.r.extra)) {
        CHECK_JSON(r.r.choices[0].extra, r.r.choices[0].extra_len, Q("{'safetyRatings':[],'avgLogprobs':-0.5,'groundingMetadata':{'webSearchQueries':['q']}}"));
        CHECK_JSON(r.r.extra, r.r.extra_len, Q("{'createTime':'2026-08-19T14:38:19Z','promptFeedback':{'safetyRatings':[]}}"));
    }
    if (r.told.ptr && !test_excused()) CHECK(strstr(r.told.ptr, "PART kind=groundingMetadata") != NULL);
    engine_reply_free(&r);
}

/* Sound in pieces is one block; a picture is one each. */
TEST(t_gemini_sound_and_pictures) {
    engine_reply r = t_gemini_stream(T_GEMINI_PART("{'inlineData':{'mimeType':'audio/L16;rate=24000','data':'AAEC'}}") T_GEMINI_PART("{'inlineData':{'mimeType':'audio/L16;rate=24000','data':'AwQ='}}")
                                     T_GEMINI_PART("{'inlineData':{'mimeType':'image/png','data':'AAAA'},'thought':true}") T_GEMINI_PART("{'fileData':{'mimeType':'video/mp4','fileUri':'https://a.example/v'}}") T_GEMINI_STOP);
    const llmprov_block *sound = engine_block(&r.r.message, LLMPROV_BLOCK_AUDIO, 0), *picture = engine_block(&r.r.message, LLMPROV_BLOCK_IMAGE, 0);
    CHECK_INT(engine_count(&r.r.message, LLMPROV_BLOCK_AUDIO), 1);
    CHECK_MEM(sound->data, sound->data_len, "\0\1\2\3\4", 5);
    CHECK_STR(sound->mime, "audio/L16;rate=24000");
    CHECK_STR(picture->base64, "AAAA");
    CHECK_STR(picture->extra, "{\"thought\":true}");
    CHECK_STR(engine_block(&r.r.message, LLMPROV_BLOCK_VIDEO, 0)->url, "https://a.example/v");
    engine_reply_free(&r);
}

TEST(t_gemini_replies_that_are_none) {
    static const struct { const char *body; llmprov_status code; } cases[] = {
        { "5", LLMPROV_ERR_BAD_REPLY }, { "{}", LLMPROV_ERR_BAD_REPLY }, { "{'x':1}", LLMPROV_ERR_BAD_REPLY }, { "{'candidates':[]}", LLMPROV_OK },
        { "{'candidates':[{'index':5000}]}", LLMPROV_ERR_BAD_REPLY }, { "{'candidates':[{'content':{'parts':[{'inlineData':{'mimeType':'image/png','data':'a b'}}]}}]}", LLMPROV_ERR_BAD_REPLY },
        { "[]", LLMPROV_OK }, { "{'error':{'code':499,'message':'The operation was cancelled.','status':'CANCELLED'}}", LLMPROV_ERR_REQUEST },
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        engine_reply r = t_gemini_whole(cases[i].body);
        if (!CHECK_INT(r.r.error.code, cases[i].code) && !test_excused()) printf("    %s: %s\n", cases[i].body, r.r.error.message);
        engine_reply_free(&r);
    }
}

/* The sentence of a 429 is the same whatever the quota; the details tell whether it comes back within the minute. */
TEST(t_gemini_quotas) {
    static const char sentence[] = "You exceeded your current quota, please check your plan and billing details.";
    static const struct { const char *details; llmprov_status code; int wait; } cases[] = {
        { "", LLMPROV_ERR_QUOTA, 0 }, { ",'details':[{'retryDelay':'48.939935699s'}]", LLMPROV_ERR_RATE_LIMIT, 48940 }, { ",'details':[{'retryDelay':'soon'}]", LLMPROV_ERR_QUOTA, 0 },
        { ",'details':[{'violations':[{'quotaId':'RequestsPerDay-FreeTier'}]},{'retryDelay':'5s'}]", LLMPROV_ERR_QUOTA, 5000 },
        { ",'details':[{'reason':'RATE_LIMIT_EXCEEDED'}]", LLMPROV_ERR_RATE_LIMIT, 0 }, { ",'details':[{'reason':'BILLING_DISABLED'},{'retryDelay':'5s'}]", LLMPROV_ERR_QUOTA, 5000 },
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        char body[600];
        engine_reply r;
        sprintf(body, "{'error':{'code':429,'message':'%s','status':'RESOURCE_EXHAUSTED'%s}}", sentence, cases[i].details);
        r = engine_read("gemini-generate", ENGINE_WHOLE, 429, Q(body));
        CHECK_INT(r.r.error.code, cases[i].code);
        CHECK_INT(r.r.error.retry_after_ms, cases[i].wait);
        engine_reply_free(&r);
    }
}

/* An array is cut into its items, whatever stands in their strings; one of something else is no stream. */
TEST(t_gemini_streams_that_are_an_array) {
    engine_reply a = t_gemini_stream(" [ {'candidates':[{'content':{'parts':[{'text':'a]}\\\\\\\"{['}]}}]}\r\n,\r\n{'candidates':[{'finishReason':'STOP'}]}]\n");
    engine_reply b = t_gemini_stream("[1,2]"), c = t_gemini_stream("[{'candidates':[{'content':{'parts':[{'text':'a'}]}}]},{'candidates':[{'fini"), d = t_gemini_stream("[]");
    CHECK_STR(a.r.text, "a]}\\\"{[");
    CHECK_INT(a.r.error.code, LLMPROV_OK);
    CHECK_INT(b.r.error.code, LLMPROV_ERR_BAD_REPLY);
    CHECK_INT(c.r.error.code, LLMPROV_ERR_TRUNCATED);
    CHECK_STR(c.r.text, "a");
    CHECK_INT(d.r.error.code, LLMPROV_ERR_TRUNCATED);
    engine_reply_free(&a);
    engine_reply_free(&b);
    engine_reply_free(&c);
    engine_reply_free(&d);
}

/* The same limit as for an event. */
TEST(t_gemini_an_item_beyond_the_limit) {
    llmprov_desc desc = { .limits = { .max_event_bytes = 100 } };
    llmprov_request req = { .model = "m", .prompt = "Hello" };
    char body[400] = "[{\"x\":\"";
    engine_wire w;
    engine_reply r;
    memset(body + 7, 'a', 300);
    strcpy(body + 307, "\"}]");
    w = engine_wire_of(ENGINE_STREAM, 200, body, strlen(body));
    r = engine_read_wire(engine_open("gemini-generate", &desc), &req, ENGINE_STREAM, &w, __FILE__, __LINE__);
    CHECK_INT(r.r.error.code, LLMPROV_ERR_LIMIT);
    engine_reply_free(&r);
}

// -- addresses and tokens ------------------------------------------------------------------

/* A base that has a query; express mode; a project in the base; a path of the row's own. */
TEST(t_gemini_addresses) {
    static const struct { const char *provider, *base, *model, *url; } cases[] = {
        { "gemini", NULL, NULL, "https://generativelanguage.googleapis.com/v1beta/models/gemini-3.5-flash:streamGenerateContent?alt=sse" },
        { "google", "https://proxy.test", "g", "https://proxy.test/v1beta/models/g:streamGenerateContent?alt=sse" },
        { "gemini", "https://proxy.test/v1?k=v", "g", "https://proxy.test/v1/models/g:streamGenerateContent?alt=sse&k=v" },
        { "vertex-express", NULL, "g", "https://aiplatform.googleapis.com/v1/publishers/google/models/g:streamGenerateContent?alt=sse" },
        { "vertex", "https://europe-west4-aiplatform.googleapis.com/v1/projects/p/locations/europe-west4/publishers/google", "g",
          "https://europe-west4-aiplatform.googleapis.com/v1/projects/p/locations/europe-west4/publishers/google/models/g:streamGenerateContent?alt=sse" },
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        llmprov_desc d = { .provider = cases[i].provider, .base_url = cases[i].base, .api_key = "k", .alloc = test_alloc() };
        llmprov_request req = { .model = cases[i].model, .prompt = "Hello", .stream = LLMPROV_STREAM_ON };
        llmprov_client *c = llmprov_open(&d);
        llmprov_call *call = llmprov_call_chat(c, &req);
        const llmprov_http *http = llmprov_call_http(call);
        if (http) CHECK_STR(http->url, cases[i].url);
        else CHECK(false);
        llmprov_call_free(call);
        llmprov_close(c);
    }
}

typedef struct t_gemini_tokens { int asked, refused; const char *tokens[4]; } t_gemini_tokens;

static bool t_gemini_token(void *user, llmprov_credentials *out) {
    t_gemini_tokens *t = (t_gemini_tokens *)user;
    t->refused += out->refused;
    out->bearer = t->tokens[t->asked++ % 4];
    return out->bearer != NULL;
}

static const char *t_gemini_bearer(llmprov_call *call) {
    const llmprov_http *http = llmprov_call_http(call);
    size_t i;
    for (i = 0; http && i < http->header_count; i++)
        if (!strcmp(http->headers[i].name, "authorization")) return http->headers[i].value;
    return "";
}

static void t_gemini_answer(llmprov_call *call, int status, uint64_t now) {
    static const char body[] = "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]},\"finishReason\":\"STOP\"}]}";
    static const char refusal[] = "{\"error\":{\"code\":401,\"message\":\"no\",\"status\":\"UNAUTHENTICATED\"}}";
    llmprov_call_head(call, status, NULL, 0);
    if (status == 200) llmprov_call_feed(call, body, sizeof body - 1);
    else llmprov_call_feed(call, refusal, sizeof refusal - 1);
    llmprov_call_eof(call);
    llmprov_call_tick(call, now);
}

/* A token is asked for when a call begins, and once more after a 401, even where nothing is retried. */
TEST(t_gemini_a_token_that_has_expired) {
    t_gemini_tokens t = { 0, 0, { "old", "new", "other", "more" } };
    llmprov_desc d = { .provider = "vertex", .base_url = "https://a.test/v1/publishers/google", .max_retries = -1, .credentials = t_gemini_token, .user = &t, .alloc = test_alloc() };
    llmprov_request req = { .model = "g", .prompt = "Hello" };
    llmprov_client *c = llmprov_open(&d);
    llmprov_call *call = llmprov_call_chat(c, &req);
    llmprov_response r;
    CHECK_STR(t_gemini_bearer(call), "Bearer old");
    llmprov_call_tick(call, 1);
    t_gemini_answer(call, 401, 2);
    CHECK_INT(llmprov_call_want(call), LLMPROV_WANT_SEND);
    CHECK_STR(t_gemini_bearer(call), "Bearer new");
    CHECK_INT(t.refused, 1);
    t_gemini_answer(call, 200, 3);
    llmprov_call_take(call, &r);
    CHECK_STR(r.text, "a");
    CHECK_INT(r.attempts, 2);
    llmprov_response_free(&r);
    llmprov_call_free(call);
    call = llmprov_call_chat(c, &req);
    CHECK_STR(t_gemini_bearer(call), "Bearer other");
    llmprov_call_tick(call, 1);
    t_gemini_answer(call, 401, 2);
    CHECK_STR(t_gemini_bearer(call), "Bearer more");
    t_gemini_answer(call, 401, 3);
    llmprov_call_take(call, &r);
    CHECK_INT(r.error.code, LLMPROV_ERR_AUTH);
    CHECK_INT(t.asked, 4);
    llmprov_response_free(&r);
    llmprov_call_free(call);
    llmprov_close(c);
}

/* No token, one that could break out of its header, and a header of the program's own, which stands. */
TEST(t_gemini_tokens_that_cannot_be_sent) {
    t_gemini_tokens t = { 0, 0, { NULL, "", "a\r\nx: y", "b" } };
    llmprov_desc d = { .provider = "vertex", .base_url = "https://a.test/v1/publishers/google", .credentials = t_gemini_token, .user = &t, .alloc = test_alloc() };
    llmprov_request req = { .model = "g", .prompt = "Hello" };
    llmprov_client *c = llmprov_open(&d);
    llmprov_call *call;
    int i;
    for (i = 0; i < 3; i++) {
        call = llmprov_call_chat(c, &req);
        CHECK_INT(llmprov_call_error(call)->code, LLMPROV_ERR_NO_KEY);
        CHECK(strstr(llmprov_call_error(call)->message, "desc.credentials") != NULL);
        llmprov_call_free(call);
    }
    req.headers = "Authorization: Bearer mine";
    call = llmprov_call_chat(c, &req);
    CHECK_INT(t.asked, 3);
    CHECK_INT(llmprov_call_error(call)->code, LLMPROV_OK);
    llmprov_call_free(call);
    llmprov_close(c);
}

// -- what every server sends -----------------------------------------------------------------

#define T_GEMINI_PARTS(parts) T_GEMINI_CHUNK("'content':{'role':'model','parts':" parts "}")
#define T_GEMINI_CALLS(call) T_GEMINI_PART("{'functionCall':" call "}")

TEST(t_gemini_streams_of_every_server) {
    static const engine_row rows[] = {
        { T_GEMINI_PARTS("7") T_GEMINI_PARTS("['x',{},{'text':'a','thought':false},{'text':7},{'text':''},{'thoughtSignature':''},{'text':'b','partMetadata':{'k':1},'videoMetadata':{}}]") T_GEMINI_CHUNK("'content':7") T_GEMINI_STOP, "ab" },
        { T_GEMINI_PART("{'thought':true},{'text':'h','thought':true,'thoughtSignature':'S'},{'text':'i','thought':true}") T_GEMINI_STOP, "~h^S|~i" },
        { T_GEMINI_CALLS("{}") T_GEMINI_CALLS("{'args':{'a':1}}") T_GEMINI_CALLS("{'name':'f','args':'{\\'b\\':2}'}") T_GEMINI_CALLS("{'name':'g','id':''}") T_GEMINI_STOP, "unnamed({\"a\":1})|f({\"b\":2})|g({})" },
        { T_GEMINI_CALLS("{'name':'f','willContinue':true}") T_GEMINI_CALLS("{'partialArgs':[{'jsonPath':'$.a','stringValue':'x','willContinue':true}],'willContinue':true}")
          T_GEMINI_CALLS("{'partialArgs':[{'jsonPath':'$.a','stringValue':'y'},{'jsonPath':'$.b[0]','numberValue':1},{'jsonPath':'$.b[1]','boolValue':true},{'jsonPath':'$.c','nullValue':'NULL_VALUE'},7,{},{'jsonPath':''},{'jsonPath':'$'}],'willContinue':false}") T_GEMINI_STOP,
          "f({\"a\":\"xy\",\"b\":[1,true],\"c\":null})" },
        { T_GEMINI_CALLS("{'name':'f','willContinue':true,'partialArgs':7}") T_GEMINI_CALLS("{'partialArgs':[{'jsonPath':'a.b','stringValue':7},{'jsonPath':'.d[]'},{'jsonPath':'.e[0].f','numberValue':1},{'jsonPath':'.e[]'},{'jsonPath':'.ef[]'},"
          "{'jsonPath':'[\\'q.r\\'].s','numberValue':2},{'jsonPath':'.t[\\'u\\']','numberValue':3}]}") T_GEMINI_STOP, "f({\"a\":{\"b\":{}},\"d\":[],\"e\":[{\"f\":1}],\"ef\":[],\"q.r\":{\"s\":2},\"t\":{\"u\":3}})" },
        { T_GEMINI_CALLS("{'name':'f','willContinue':true}") T_GEMINI_CALLS("{'partialArgs':[{'jsonPath':'$[0]','numberValue':1},{'jsonPath':'$[1]','stringValue':'open','willContinue':true}]}") T_GEMINI_STOP, "f?({\"rawInvalidInput\":\"[1,\\\"open\\\"]\"})" },
        { T_GEMINI_PART("{'fileData':{'fileUri':'u','mimeType':'application/pdf','displayName':'n'}},{'fileData':{'mimeType':7,'fileUri':'v'}}") T_GEMINI_STOP, "?|?" },
        { T_GEMINI_PART("{'inlineData':{'mimeType':'audio/wav','data':'aGk='}},{'inlineData':{'mimeType':'audio/wav','data':'aGk='}},{'inlineData':{'mimeType':'audio/mp3','data':'aGk='}}") T_GEMINI_STOP, "?|?" },
        { T_GEMINI_PART("{'inlineData':{'mimeType':'image/png','data':'#'}}") T_GEMINI_STOP, "!inlineData is not base64" },
        { T_GEMINI_PART("{'toolCall':{'id':'s','args':{}}},{'toolCall':{'id':'s','toolType':'T','args':{'a':1}}},{'toolResponse':{'id':'s','toolType':'T','response':{'b':1}}},{'toolResponse':{}}") T_GEMINI_STOP,
          "server_tool_use{}|server_tool_use{\"a\":1}|server_tool_result{\"b\":1}|server_tool_result" },
        { T_GEMINI_CHUNK("'finishReason':''") T_GEMINI_CHUNK("'finishReason':'FINISH_REASON_UNSPECIFIED'") T_GEMINI_CHUNK("'finishReason':1") T_GEMINI_CHUNK("'finishReason':1"), "" }, { T_GEMINI_CHUNK("'finishReason':'A'"), "" }, { T_GEMINI_CHUNK("'finishReason':'!'"), "" },
        { "data: {'candidates':7}\n\n" "data: {'candidates':['x',{'finishReason':'STOP'}]}\n\n", "" }, { "data: {'candidates':[{'index':1024}]}\n\n", "!candidates[].index is beyond 1023" },
        { "data: {'promptFeedback':7}\n\n" "data: {'promptFeedback':{'blockReason':'BLOCK_REASON_UNSPECIFIED'}}\n\n" "data: {'promptFeedback':{'blockReason':'BLOCKED_REASON_UNSPECIFIED'}}\n\n" "data: {'promptFeedback':{'blockReason':''}}\n\n"
          "data: {'promptFeedback':{'blockReason':2}}\n\n", "" }, { T_GEMINI_PART("{'text':'a'}") "data: {'promptFeedback':{'blockReason':'SAFETY'}}\n\n" T_GEMINI_STOP, "a" },
        { "data: {'error':{'message':'boom'}}\n\n", "!boom" }, { "data: {'error':7}\n\n", "!the provider failed in the middle of its reply" },
    };
    ENGINE_ROWS("gemini-generate", ENGINE_STREAM, rows);
}

TEST(t_gemini_whole_replies_of_every_server) {
    static const engine_row rows[] = {
        { "7", "!the reply is no GenerateContentResponse: it is no object" }, { "{'x':1}", "!the reply is no GenerateContentResponse: it has no \"candidates\"" }, { "{'usageMetadata':{}}", "" }, { "{'promptFeedback':{'blockReason':'SAFETY'}}", "" },
        { "[{'candidates':[{'content':{'parts':[{'text':'a'}]}}]},{'candidates':[{'content':{'parts':[{'text':'b'}]},'finishReason':'STOP'}]}]", "ab" },
    };
    ENGINE_ROWS("gemini-generate", ENGINE_WHOLE, rows);
}

/* Counts that cannot be right, and those by modality. */
TEST(t_gemini_usages) {
    static const struct { const char *usage; int in, cached, audio; } cases[] = {
        { "{'promptTokenCount':5,'cachedContentTokenCount':9,'promptTokensDetails':7}", 0, 9, 0 }, { "{'promptTokenCount':5,'cachedContentTokenCount':2,'promptTokensDetails':[7,{'modality':'AUDIO','tokenCount':3},{'modality':'TEXT','tokenCount':2}]}", 3, 2, 3 },
        { "7", 0, 0, 0 },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        char body[500];
        engine_reply r;
        sprintf(body, "{'candidates':[{'finishReason':'STOP'}],'usageMetadata':%s}", cases[i].usage);
        r = t_gemini_whole(body);
        CHECK_INT(r.r.usage.input_tokens, cases[i].in);
        CHECK_INT(r.r.usage.cache_read_tokens, cases[i].cached);
        CHECK_INT(r.r.usage.input_audio_tokens, cases[i].audio);
        engine_reply_free(&r);
    }
}

/* What google.rpc.Status has beside its sentence. */
TEST(t_gemini_details_of_errors) {
    static const struct { const char *body; llmprov_status code; int waits; } cases[] = {
        { "[{'error':{'code':429,'message':'m','details':[7,{'retryDelay':'1.5s'}]}}]", LLMPROV_ERR_RATE_LIMIT, 1500 }, { "{'error':{'code':429,'message':'m','details':[{'retryDelay':'s'},{'retryDelay':'xs'},{'retryDelay':'1'},{'retryDelay':''}]}}", LLMPROV_ERR_RATE_LIMIT, 0 },
        { "{'error':{'code':429,'message':'m','details':[{'retryDelay':'-1s'},{'retryDelay':'9e9s'}]}}", LLMPROV_ERR_RATE_LIMIT, 0 }, { "{'error':{'code':429,'message':'m','details':7}}", LLMPROV_ERR_RATE_LIMIT, 0 },
        { "{'error':{'code':429,'message':'m','details':[{'violations':[{'quotaId':'RequestsPerDay'}]}]}}", LLMPROV_ERR_QUOTA, 0 }, { "{'error':{'code':429,'message':'m','details':[{'violations':[{'quotaId':'PerMinute'}]}]}}", LLMPROV_ERR_RATE_LIMIT, 0 },
        { "{'error':{'code':400,'message':'m','details':[{'reason':'API_KEY_INVALID'}]}}", LLMPROV_ERR_AUTH, 0 }, { "{'error':{'code':429,'message':'m','details':[{'reason':'INVALID_ARGUMENT'}]}}", LLMPROV_ERR_RATE_LIMIT, 0 }, { "[]", LLMPROV_ERR_RATE_LIMIT, 0 },
        { "{'error':{'code':429,'message':'m','details':[{'reason':'NOBODY_KNOWS'}]}}", LLMPROV_ERR_RATE_LIMIT, 0 },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        engine_reply r = engine_read("gemini-generate", ENGINE_WHOLE, i == 6 ? 400 : 429, Q(cases[i].body));
        if (!test_excused() && !CHECK_INT(r.r.error.code, cases[i].code)) printf("    %s\n", cases[i].body);
        CHECK_INT(r.r.error.retry_after_ms < 0 ? 0 : r.r.error.retry_after_ms, test_excused() ? r.r.error.retry_after_ms : cases[i].waits);
        engine_reply_free(&r);
    }
}

// -- what goes out ---------------------------------------------------------------------------

/* Members that came as null go back so, unless a field says more by now; those of the top likewise. */
TEST(t_gemini_kept_members) {
    static const struct { const char *kept, *path, *sent; } cases[] = {
        { "{'generationConfig.temperature':null}", "generationConfig", "{'temperature':null}" }, { "{'generationConfig.maxOutputTokens':null}", "generationConfig", "{'maxOutputTokens':7}" }, { "{'generationConfig.odd':1,'generationConfig':{}}", "generationConfig", "{'maxOutputTokens':7,'odd':1}" },
        { "{'generationConfig.thinkingConfig':null}", "generationConfig.thinkingConfig", "null" }, { "{'tools':[]}", "tools", "[]" }, { "{'tools':[1]}", "tools", NULL }, { "{'tools':7}", "tools", "7" },
        { "{'toolConfig':{},'systemInstruction':null}", "toolConfig", "{}" }, { "{'model':'models/gemini-2.5-flash'}", "model", NULL }, { "{'model':'models/other-model'}", "model", NULL }, { "{'model':7}", "model", "7" },
        { "{'serviceTier':'SERVICE_TIER_UNSPECIFIED'}", "serviceTier", "'SERVICE_TIER_UNSPECIFIED'" }, { "{'l\\u0061bels':{}}", "labels", "{}" }, { "{'model':'x'}", "model", NULL },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases) && !test_excused(); i++) {
        llmprov_request req = { .model = "gemini-2.5-flash", .prompt = "Hi", .origin = "gemini-generate" };
        engine_text kept = { NULL, 0, 0 };
        engine_sent s;
        engine_adds(&kept, Q(cases[i].kept));
        req.kept = kept.ptr;
        if (i == 1 || i == 2) req.max_tokens.value = 7, req.max_tokens.set = true;
        s = engine_send("gemini", &req);
        if (i == 8 || i == 9 || i == 13) CHECK(!s.body || llmprov_json_path(s.body, "model") == NULL || i == 8);
        else CHECK_BODY(s, cases[i].path, cases[i].sent ? Q(cases[i].sent) : NULL);
        engine_sent_free(&s);
        engine_text_free(&kept);
    }
}

/* Whether what was null has a value now, by each name. */
TEST_NO_OOM(t_gemini_settings_by_name) {
    static const char *const names[] = { "maxOutputTokens", "candidateCount", "stopSequences", "responseMimeType", "thinkingConfig", "functionCallingConfig", "unknown" };
    llmprov_request none = { .prompt = "" }, all = { .max_tokens = LLMPROV_INT(1), .n = LLMPROV_INT(1), .stop_count = 1, .schema = "{}", .effort = LLMPROV_EFFORT_LOW, .tool_choice = LLMPROV_TOOL_ANY };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(names); i++) {
        CHECK(!llmprov__t_gemini_set(&none, llmprov__text_of(names[i])));
        CHECK(llmprov__t_gemini_set(&all, llmprov__text_of(names[i])) == (i < 6));
    }
    all.effort = LLMPROV_EFFORT_DEFAULT;
    CHECK(!llmprov__t_gemini_set(&all, llmprov__text_of("thinkingConfig")));
    all.thinking = LLMPROV_THINKING_OFF;
    CHECK(llmprov__t_gemini_set(&all, llmprov__text_of("thinkingConfig")));
    all.thinking = LLMPROV_THINKING_AUTO;
    all.thinking_tokens.set = true;
    CHECK(llmprov__t_gemini_set(&all, llmprov__text_of("thinkingConfig")));
}

/* Tools of a request of this format stand in the groups that they came in, as long as those fit. */
TEST(t_gemini_groups_of_tools) {
    static const llmprov_tool tools[] = { { .name = "a" }, { .type = "googleSearch" }, { .name = "b" } };
    static const char *const groups[] = { "[{'functionDeclarations':1,'googleSearch':true,'urlContext':null},{'functionDeclarations':1}]", "[{'functionDeclarations':2,'googleSearch':true}]", "[{'functionDeclarations':1,'codeExecution':true}]",
        "[{'functionDeclarations':1,'googleSearch':true},{'functionDeclarations':2}]", "[{'functionDeclarations':1}]", "{}", "[{'googleSearch':true}]", "[{'functionDeclarations':1},{'googleSearch':true,'x':true}]", "[{'functionDeclarations':1,'googleSearch':true},{'functionDeclarations':1,'z':true}]",
        "[{'functionDeclarations':1.5}]" };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(groups) && !test_excused(); i++) {
        llmprov_request req = { .model = "gemini-3.5-flash", .prompt = "Hi", .origin = "gemini-generate", .tools = tools, .tool_count = 3 };
        char kept[300];
        engine_sent s;
        sprintf(kept, "{'tools':%s}", groups[i]);
        strcpy(kept, Q(kept));
        req.kept = kept;
        s = engine_send("gemini", &req);
        if (!i) CHECK_BODY(s, "tools", Q("[{'functionDeclarations':[{'name':'a'}],'googleSearch':{},'urlContext':null},{'functionDeclarations':[{'name':'b'}]}]"));
        else CHECK_BODY(s, "tools", Q("[{'functionDeclarations':[{'name':'a'},{'name':'b'}]},{'googleSearch':{}}]"));
        engine_sent_free(&s);
    }
}

/* Blocks of every origin as parts. */
TEST(t_gemini_blocks_become_parts) {
    static const struct { llmprov_block block; bool assistant; const char *part; } cases[] = {
        { { .type = LLMPROV_BLOCK_AUDIO, .data = "hi", .data_len = 2 }, false, "{'inlineData':{'mimeType':'audio/wav','data':'aGk='}}" }, { { .type = LLMPROV_BLOCK_VIDEO, .data = "hi", .data_len = 2, .mime = "" }, false, "{'inlineData':{'mimeType':'video/mp4','data':'aGk='}}" },
        { { .type = LLMPROV_BLOCK_DOCUMENT, .text = "hi" }, false, "{'inlineData':{'mimeType':'text/plain','data':'aGk='}}" }, { { .type = LLMPROV_BLOCK_DOCUMENT, .base64 = "aGk=" }, false, "{'inlineData':{'mimeType':'application/pdf','data':'aGk='}}" },
        { { .type = LLMPROV_BLOCK_IMAGE, .url = "https://a.example/b.webp?x" }, false, "{'fileData':{'mimeType':'image/webp','fileUri':'https://a.example/b.webp?x'}}" }, { { .type = LLMPROV_BLOCK_IMAGE, .url = "https://a.example/b" }, false, "{'fileData':{'fileUri':'https://a.example/b'}}" },
        { { .type = LLMPROV_BLOCK_IMAGE, .url = ".png" }, false, "{'fileData':{'fileUri':'.png'}}" }, { { .type = LLMPROV_BLOCK_IMAGE, .file_id = "gs://a", .mime = "image/png" }, false, "{'fileData':{'mimeType':'image/png','fileUri':'gs://a'}}" }, { { .type = LLMPROV_BLOCK_IMAGE, .file_id = "f" }, false, NULL },
        { { .type = LLMPROV_BLOCK_IMAGE, .file_id = "f", .origin = "gemini-generate" }, false, "{'fileData':{'fileUri':'f'}}" }, { { .type = LLMPROV_BLOCK_IMAGE, .file_id = "f", .origin = "gemini-generate2" }, false, NULL },
        { { .type = LLMPROV_BLOCK_THINKING, .text = "h", .signature = "", .origin = "gemini-generate" }, true, "{'text':'h','thought':true}" }, { { .type = LLMPROV_BLOCK_THINKING, .text = "h", .signature = "S", .origin = "gemini-generate", .extra = "{\"text\":null,\"thoughtSignature\":null}" }, true, "{'text':'h','thought':true,'thoughtSignature':'S'}" },
        { { .type = LLMPROV_BLOCK_SERVER_USE, .name = "code_execution", .kind = "server_tool_use", .origin = "gemini-generate:executableCode" }, true, "{'executableCode':{}}" },
        { { .type = LLMPROV_BLOCK_SERVER_USE, .name = "T", .kind = "server_tool_use", .id = "", .origin = "gemini-generate:toolCall", .json = "{}", .extra = "{\"args\":{}}" }, true, "{'toolCall':{'toolType':'T','args':{}}}" },
        { { .type = LLMPROV_BLOCK_SERVER_RESULT, .kind = "server_tool_result", .id = "i", .origin = "gemini-generate:toolResponse", .json = "{\"a\":1}" }, true, "{'toolResponse':{'id':'i','response':{'a':1}}}" },
        { { .type = LLMPROV_BLOCK_TEXT, .text = "t", .origin = "gemini-generate", .extra = "{\"p\\u0061rtMetadata\":{\"a\":1},\"none\":null}" }, true, "{'text':'t','partMetadata':{'a':1}}" },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases) && !test_excused(); i++) {
        llmprov_block block = cases[i].block, go = { .text = "Go." };
        llmprov_message m[3] = { { .blocks = &go, .block_count = 1 }, { .role = LLMPROV_ROLE_ASSISTANT, .blocks = &block, .block_count = 1 }, { .blocks = &go, .block_count = 1 } };
        llmprov_request req = { .model = "gemini-2.5-flash", .messages = m, .message_count = 3 };
        engine_sent s;
        if (!cases[i].assistant) m[0].blocks = &block, req.message_count = 1;
        s = engine_send("gemini", &req);
        if (!cases[i].part) CHECK_INT(s.error.code, LLMPROV_ERR_UNSUPPORTED);
        else CHECK_BODY(s, cases[i].assistant ? "contents[1].parts[0]" : "contents[0].parts[0]", Q(cases[i].part));
        engine_sent_free(&s);
    }
}

/* Results of every kind. */
TEST(t_gemini_results) {
    static const struct { const char *content, *response; bool warned; } cases[] = {
        { "[{'type':'text','text':'a'},{'type':'text','text':'b'}]", "{'output':'a\\nb'}", false }, { "'{}'", "{}", false }, { "'{\\'$ref\\':1}'", "{'output':'{\\'$ref\\':1}'}", false }, { "'{\\'a\\':1} x'", "{'output':'{\\'a\\':1} x'}", false }, { "'[1]'", "{'output':'[1]'}", false },
        { "[{'type':'image','source':{'type':'base64','media_type':'image/png','data':'aGk='}},{'type':'text','text':'b'}]", "{'output':'b'}", false },
        { "[{'type':'image','source':{'type':'url','url':'https://a.example/b.png'}}]", "{'output':''}", true }, { "[{'type':'image','source':{'type':'base64','media_type':'image/gif','data':'aGk='}}]", "{'output':''}", true },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases) && !test_excused(); i++) {
        char text[800];
        llmprov_history h;
        llmprov_request req = { .model = "gemini-3.5-flash" };
        engine_sent s;
        sprintf(text, "{'messages':[{'role':'user','content':'Go.'},{'role':'assistant','content':[{'type':'tool_use','id':'a','name':'f','input':{}}]},{'role':'user','content':[{'type':'tool_result','tool_use_id':'a','content':%s}]}]}", cases[i].content);
        h = engine_history(Q(text));
        req.history = &h;
        s = engine_send("gemini", &req);
        CHECK_BODY(s, "contents[2].parts[0].functionResponse.response", Q(cases[i].response));
        CHECK((engine_warned(s.warnings, s.warning_count, LLMPROV_ERR_ARGUMENT, "messages[2].content[0]") != NULL) == (cases[i].warned && s.body));
        engine_sent_free(&s);
        llmprov_history_free(&h);
    }
}

/* Thinking, for models that take a budget, a level, or nobody knows what. */
TEST(t_gemini_thinking_for_every_model) {
    static const struct { llmprov_request req; const char *efforts, *sent; } cases[] = {
        { { .thinking_tokens = { 5, true } }, NULL, "{'includeThoughts':true,'thinkingBudget':5}" }, { { .thinking = LLMPROV_THINKING_OFF }, NULL, "{'thinkingBudget':0}" }, { { .thinking_tokens = { 0, true } }, NULL, "{'thinkingBudget':0}" },
        { { .thinking = LLMPROV_THINKING_ON }, NULL, "{'includeThoughts':true}" }, { { .effort = LLMPROV_EFFORT_LOW }, NULL, "{'includeThoughts':true,'thinkingLevel':'low'}" }, { { .effort = LLMPROV_EFFORT_HIGH }, "none 128..2048", "{'includeThoughts':true,'thinkingBudget':2048}" },
        { { .effort = LLMPROV_EFFORT_MINIMAL }, "2000..4000", "{'includeThoughts':true,'thinkingBudget':2000}" }, { { .effort = LLMPROV_EFFORT_LOW }, "128..4000 high", "{'includeThoughts':true,'thinkingBudget':1024}" }, { { .thinking = LLMPROV_THINKING_ON }, "128..4000", "{'includeThoughts':true,'thinkingBudget':-1}" },
        { { .thinking_tokens = { 0, true } }, "none 128..4000", "{'thinkingBudget':0}" }, { { .thinking_tokens = { 0, true }, .effort = LLMPROV_EFFORT_LOW }, "128..4000", "{'includeThoughts':true,'thinkingBudget':128}" },
        { { .effort = LLMPROV_EFFORT_LOW }, "x..y", "{'includeThoughts':true,'thinkingBudget':0}" },
    };
    size_t i;
    for (i = 0; i + 1 < LLMPROV__COUNT(cases) && !test_excused(); i++) {
        llmprov_alloc alloc = test_alloc();
        llmprov_registry *reg = llmprov_registry_new(&alloc);
        llmprov_profile profile = { .prefix = "odd-", .efforts = cases[i].efforts };
        llmprov_desc desc = { .provider = "gemini", .registry = reg };
        llmprov_request req = cases[i].req;
        engine_sent s;
        req.model = "odd-1";
        req.prompt = "Hi";
        if (reg) llmprov_register_profile(reg, &profile, 0);
        s = engine_send_with("gemini", &desc, &req, __FILE__, __LINE__);
        CHECK_BODY(s, "generationConfig.thinkingConfig", Q(cases[i].sent));
        engine_sent_free(&s);
        llmprov_registry_free(reg);
    }
}

/* The rest of what only some requests have. */
TEST(t_gemini_odds_and_ends) {
    char name[150];
    llmprov_block text = { .text = "Hi" }, seal = { .type = LLMPROV_BLOCK_REDACTED, .text = "R", .origin = "gemini-generate" }, call = { .type = LLMPROV_BLOCK_TOOL_USE, .id = "", .name = "f", .json = "{}" };
    llmprov_message m[3] = { { .blocks = &text, .block_count = 1, .extra = "{\"name\":\"n\"}" }, { .role = LLMPROV_ROLE_ASSISTANT, .blocks = &seal, .block_count = 1 }, { .blocks = &text, .block_count = 1 } };
    llmprov_tool tools[] = { { .type = "custom" }, { .name = name, .schema = "{\"type\":\"object\",\"properties\":{\"a\":{}}}", .extra = "{\"type\":\"x\",\"odd\":1}" }, { .name = "g", .schema = "{\"type\":\"object\",\"properties\":7}" } };
    llmprov_request req = { .model = "gemini-2.5-flash", .messages = m, .message_count = 1, .tools = tools, .tool_count = 3, .service_tier = "auto", .extra = "{\"cachedContent\":\"c\"}", .system = "S" };
    engine_sent s;
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = 0;
    s = engine_send("gemini", &req);
    CHECK_BODY(s, "tools", NULL);
    CHECK_BODY(s, "serviceTier", NULL);
    CHECK_BODY(s, "systemInstruction", NULL);
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "cachedContent");
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "messages[]");
    engine_sent_free(&s);
    req.extra = NULL;
    req.origin = "gemini-generate";
    req.message_count = 3;
    m[1].blocks = &call;
    s = engine_send("gemini", &req);
    CHECK_BODY(s, "contents[0].name", "\"n\"");
    CHECK_BODY(s, "contents[1].parts[0].functionCall.name", "\"f\"");
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "tools[1]");
    engine_sent_free(&s);
}

/* What no part can say is refused by its place. */
TEST(t_gemini_blocks_without_a_part) {
    llmprov_block go = { .text = "Go." }, seal = { .type = LLMPROV_BLOCK_REDACTED, .text = "R", .origin = "gemini-generate" };
    llmprov_message m[3] = { { .blocks = &go, .block_count = 1 }, { .role = LLMPROV_ROLE_ASSISTANT, .blocks = &seal, .block_count = 1 }, { .blocks = &go, .block_count = 1 } };
    llmprov_request req = { .model = "gemini-2.5-flash", .messages = m, .message_count = 3 };
    engine_sent s = engine_send("gemini", &req);
    if (!test_excused()) CHECK_INT(s.error.code, LLMPROV_ERR_UNSUPPORTED);
    if (!test_excused()) CHECK_STR(s.error.param, "messages[1].content[0]");
    engine_sent_free(&s);
}

/* The last answer that may be. */
TEST(t_gemini_many_candidates) {
    static const engine_row rows[] = { { "data: {'candidates':[{'index':1023,'finishReason':'STOP'}]}\n\n", "!the stream ended before the provider said that the reply was complete" } };
    ENGINE_ROWS("gemini-generate", ENGINE_STREAM, rows);
}

/* Paths of pieces that begin or end in the middle of a step, or are repeated. */
TEST(t_gemini_odd_paths) {
    static const engine_row rows[] = {
        { T_GEMINI_CALLS("{'name':'f','willContinue':true}") T_GEMINI_CALLS("{'partialArgs':[{'jsonPath':'$.a.b','stringValue':'x','willContinue':true},{'jsonPath':'$.a.b'},{'jsonPath':'$.a.c','stringValue':'y','willContinue':true},{'jsonPath':'$.a.d','stringValue':'z'}]}") T_GEMINI_STOP, "f({\"a\":{\"b\":\"x\",\"c\":\"y\",\"d\":\"z\"}})" },
        { T_GEMINI_CALLS("{'name':'f','willContinue':true}") T_GEMINI_CALLS("{'partialArgs':[{'jsonPath':'$.ab','stringValue':'x','willContinue':true},{'jsonPath':'$.cd','stringValue':'y'},{'nullValue':1,'jsonPath':'$.e','stringValue':7}]}") T_GEMINI_STOP, "f({\"ab\":\"x\",\"cd\":\"y\",\"e\":null})" },
        { T_GEMINI_CALLS("{'name':'f','willContinue':true}") T_GEMINI_CALLS("{'partialArgs':[{'jsonPath':'$[\\'a.b\\']','numberValue':1},{'jsonPath':'$[0','numberValue':2}]}") T_GEMINI_STOP, "f?({\"rawInvalidInput\":\"{\\\"a.b\\\":1,2]\"})" },
        { T_GEMINI_CALLS("{'name':'f','args':{},'partialArgs':[{'jsonPath':'$.a','numberValue':1}],'willContinue':true}") T_GEMINI_CALLS("{'partialArgs':[{'jsonPath':'$.a','numberValue':1}]}") T_GEMINI_STOP, "f({})" },
    };
    ENGINE_ROWS("gemini-generate", ENGINE_STREAM, rows);
}

/* Tools of the provider's own beside a schema that a function stands for, on models of both ages. */
TEST(t_gemini_tools_beside_answers) {
    llmprov_tool tools[] = { { .type = "googleSearch" }, { .name = "look" }, { .type = "nonsense_1" } };
    static const struct { const char *model; size_t count; const char *schema, *extra, *tools; } cases[] = {
        { "gemini-2.5-flash", 1, NULL, NULL, "[{'googleSearch':{}}]" }, { "gemini-2.5-flash", 2, NULL, NULL, "[{'functionDeclarations':[{'name':'look'}]}]" }, { "gemini-3.5-flash", 3, NULL, NULL, "[{'functionDeclarations':[{'name':'look'}]},{'googleSearch':{}}]" },
        { "gemini-2.5-flash", 2, "{\"type\":\"object\",\"properties\":{\"a\":{}}}", NULL, "[{'functionDeclarations':[{'name':'look'},{'name':'answer','description':'Gives the final answer. Call it exactly once, when the answer is complete.','parametersJsonSchema':{'type':'object','properties':{'a':{}}}}]}]" },
        { "gemini-2.5-flash", 2, "{\"type\":\"object\",\"properties\":{\"a\":{}}}", "{\"cachedContent\":\"c\"}", NULL }, { "gemini-2.5-flash", 0, NULL, "{\"cachedContent\":\"c\"}", NULL },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases) && !test_excused(); i++) {
        llmprov_request req = { .model = cases[i].model, .prompt = "Hi", .tools = tools, .tool_count = cases[i].count, .schema = cases[i].schema, .extra = cases[i].extra };
        engine_sent s = engine_send("gemini", &req);
        CHECK_BODY(s, "tools", cases[i].tools ? Q(cases[i].tools) : NULL);
        engine_sent_free(&s);
    }
}

/* A function's schema that says more than that it has no arguments, and one that says less. */
TEST_NO_OOM(t_gemini_empty_schemas) {
    CHECK(llmprov__t_gemini_empty("{}") && llmprov__t_gemini_empty("{\"title\":\"t\",\"properties\":{}}"));
    CHECK(!llmprov__t_gemini_empty("{\"properties\":7}") && !llmprov__t_gemini_empty("{\"properties\":{\"a\":1}}") && !llmprov__t_gemini_empty("{\"oneOf\":[]}"));
}
