/* >>s_gemini: gemini-generate as a server. What goes through the model to other formats is tested with the wire. */
#include "server.h"

#define S_GEMINI_HELLO "'contents':[{'role':'user','parts':[{'text':'Hello'}]}]"
#define S_GEMINI_PART(part) "{'contents':[{'role':'user','parts':[" part "]}]}"

TEST(s_gemini_refuses_wrong_types_by_their_path) {
    static const struct { const char *json, *param; } cases[] = {
        { "[]", "the request" }, { "{}", "contents" }, { "{'contents':5}", "contents" }, { "{'contents':['a']}", "contents[0]" },
        { "{'contents':[{'role':'robot'}]}", "contents[0].role" }, { "{'contents':[{'parts':'a'}]}", "contents[0].parts" },
        { S_GEMINI_PART("{'text':5}"), "contents[0].parts[0].text" }, { S_GEMINI_PART("{'thought':'yes'}"), "contents[0].parts[0].thought" },
        { S_GEMINI_PART("{'inlineData':'x'}"), "contents[0].parts[0].inlineData" }, { S_GEMINI_PART("{'inlineData':{'mimeType':1}}"), "contents[0].parts[0].inlineData.mimeType" },
        { S_GEMINI_PART("{'inlineData':{'mimeType':'image/png'}}"), "contents" }, { S_GEMINI_PART("{'functionCall':{'args':{}}}"), "contents[0].parts[0].functionCall.name" },
        { S_GEMINI_PART("{'functionCall':{'name':'f','args':[]}}"), "contents[0].parts[0].functionCall.args" }, { S_GEMINI_PART("{'functionResponse':{'response':{}}}"), "contents[0].parts[0].functionResponse.name" },
        { S_GEMINI_PART("{'functionResponse':{'name':'f','response':'x'}}"), "contents[0].parts[0].functionResponse.response" },
        { "{" S_GEMINI_HELLO ",'systemInstruction':'x'}", "systemInstruction" }, { "{" S_GEMINI_HELLO ",'tools':5}", "tools" },
        { "{" S_GEMINI_HELLO ",'tools':[{'functionDeclarations':[{}]}]}", "tools[0].functionDeclarations[0].name" },
        { "{" S_GEMINI_HELLO ",'toolConfig':{'functionCallingConfig':{'allowedFunctionNames':[1]}}}", "toolConfig.functionCallingConfig.allowedFunctionNames[0]" },
        { "{" S_GEMINI_HELLO ",'generationConfig':{'temperature':'hot'}}", "generationConfig.temperature" }, { "{" S_GEMINI_HELLO ",'generationConfig':{'maxOutputTokens':1.5}}", "generationConfig.maxOutputTokens" },
        { "{" S_GEMINI_HELLO ",'generationConfig':{'thinkingConfig':{'thinkingBudget':'many'}}}", "generationConfig.thinkingConfig.thinkingBudget" },
        { "{" S_GEMINI_HELLO ",'cachedContent':{}}", "cachedContent" }, { "{" S_GEMINI_HELLO "}", NULL }, { "{'contents':{'parts':{'text':'Hello'}},'tools':null}", NULL },
    };
    llmprov_asked a;
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        llmprov_status status = server_read("gemini-generate", Q(cases[i].json), &a);
        if (status != LLMPROV_ERR_NO_MEMORY && (!CHECK_INT(status, cases[i].param ? LLMPROV_ERR_ARGUMENT : LLMPROV_OK) || !CHECK_STR(a.error.param, cases[i].param ? cases[i].param : "")))
            printf("    %s: %s\n", cases[i].json, a.error.message);
        if (status == LLMPROV_ERR_ARGUMENT) CHECK_INT(a.error.http_status, 400);
        llmprov_asked_free(&a);
    }
}

/* Every field, in Google's other spelling too. */
TEST(s_gemini_fields) {
    static const char *const bodies[] = {
        "{'model':'models/g','systemInstruction':{'parts':[{'text':'Be kind.'}]}," S_GEMINI_HELLO ",'generationConfig':{'maxOutputTokens':9,'temperature':0.5,'topP':0.9,'topK':3,'seed':7,"
        "'candidateCount':2,'stopSequences':['END'],'thinkingConfig':{'includeThoughts':true,'thinkingLevel':'HIGH'},'responseMimeType':'application/json','responseSchema':{'type':'OBJECT','properties':{'type':{'type':'STRING'}}}},"
        "'tools':[{'functionDeclarations':[{'name':'look','description':'Looks.','parameters':{'type':'OBJECT','properties':{'a':{'type':'INTEGER'}}}}]},{'googleSearch':{}}],"
        "'toolConfig':{'functionCallingConfig':{'mode':'ANY','allowedFunctionNames':['look']}},'serviceTier':'flex'}",
        "{'model':'g','system_instruction':{'parts':[{'text':'Be kind.'}]}," S_GEMINI_HELLO ",'generation_config':{'max_output_tokens':9,'temperature':0.5,'top_p':0.9,'top_k':3,'seed':7,"
        "'candidate_count':2,'stop_sequences':['END'],'thinking_config':{'include_thoughts':true,'thinking_level':'high'},'response_mime_type':'application/json','response_json_schema':{'type':'object','properties':{'type':{'type':'string'}}}},"
        "'tools':[{'function_declarations':[{'name':'look','description':'Looks.','parameters_json_schema':{'type':'object','properties':{'a':{'type':'integer'}}}}]},{'google_search':{}}],"
        "'tool_config':{'function_calling_config':{'mode':'ANY','allowed_function_names':['look']}},'service_tier':'flex'}",
    };
    llmprov_asked a;
    size_t i;
    for (i = 0; i < 2; i++) {
        const llmprov_request *r = &a.request;
        if (server_read("gemini-generate", Q(bodies[i]), &a) == LLMPROV_OK && CHECK(r->tool_count == 2 && r->system_count == 1 && r->stop_count == 1 && r->message_count == 1)) {
            CHECK_STR(r->model, "g");
            CHECK_STR(r->system_blocks->text, "Be kind.");
            CHECK(r->max_tokens.value == 9 && r->top_k.value == 3 && r->seed.value == 7 && r->n.value == 2);
            CHECK_NUM(r->temperature.value, 0.5);
            CHECK_NUM(r->top_p.value, 0.9);
            CHECK_STR(r->stop[0], "END");
            CHECK_INT(r->thinking, LLMPROV_THINKING_ON);
            CHECK_INT(r->effort, LLMPROV_EFFORT_HIGH);
            CHECK_JSON(r->schema, strlen(r->schema), "{\"type\":\"object\",\"properties\":{\"type\":{\"type\":\"string\"}}}");
            CHECK_STR(r->tools[0].name, "look");
            CHECK_JSON(r->tools[0].schema, strlen(r->tools[0].schema), "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"}}}");
            CHECK_STR(r->tools[1].type, "googleSearch");
            CHECK_INT(r->tool_choice, LLMPROV_TOOL_NAMED);
            CHECK_STR(r->tool_name, "look");
            CHECK_STR(r->service_tier, "flex");
        }
        llmprov_asked_free(&a);
    }
}

/* A request that is read and written again is equal: what has no field is kept to the letter. */
TEST(s_gemini_the_same_format_again) {
    static const char *const bodies[] = {
        "{" S_GEMINI_HELLO "}",
        "{" S_GEMINI_HELLO ",'safetySettings':[{'category':'C','threshold':'OFF'}],'labels':{'a':'b'},'modelArmorConfig':{'x':1},'store':false}",
        "{" S_GEMINI_HELLO ",'generationConfig':{'speechConfig':{'languageCode':'de'},'responseModalities':['AUDIO'],'responseMimeType':'text/plain','temperature':0,'thinkingConfig':{'thinkingBudget':-1}}}",
        "{" S_GEMINI_HELLO ",'generationConfig':{'responseMimeType':'application/json','responseSchema':{'type':'OBJECT','nullable':true}}}",
        "{" S_GEMINI_HELLO ",'generationConfig':{'responseMimeType':'application/json','responseJsonSchema':{'type':'object'}}}",
        "{" S_GEMINI_HELLO ",'generationConfig':{'responseMimeType':'text/x.enum','responseSchema':{'type':'STRING','enum':['a','b']}}}",
        "{" S_GEMINI_HELLO ",'cachedContent':'cachedContents/a'}",
        "{" S_GEMINI_HELLO ",'tools':[{'functionDeclarations':[{'name':'f','parameters':{'type':'OBJECT','properties':{'a':{'type':'STRING'}}},'response':{'type':'STRING'}}]}],'toolConfig':{'functionCallingConfig':{'mode':'ANY','allowedFunctionNames':['f','g']},'retrievalConfig':{'languageCode':'de'}}}",
        "{" S_GEMINI_HELLO ",'tools':[{'functionDeclarations':[{'name':'f','parametersJsonSchema':{'type':'object','properties':{'a':{}}}}]}],'toolConfig':{'functionCallingConfig':{'mode':'AUTO'}}}",
        "{" S_GEMINI_HELLO ",'tools':[{'googleMaps':{'enableWidget':true}},{'mcpServers':[{'name':'m'}]},{'futureTool':{'a':1}}]}",
        "{'contents':[{'role':'user','parts':[{'text':''}]}]}",
        "{'contents':[{'role':'user','parts':[{'text':'See'},{'inlineData':{'mimeType':'image/png','data':'AAAA'},'mediaResolution':{'level':'MEDIA_RESOLUTION_LOW'}},{'fileData':{'mimeType':'video/mp4','fileUri':'gs://a/b'},'videoMetadata':{'fps':2}}]}]}",
        "{'contents':[{'role':'user','parts':[{'text':'a'}]},{'role':'model','parts':[{'text':'hm','thought':true},{'text':'so','thoughtSignature':'c2ln'},{'executableCode':{'language':'PYTHON','code':'1'},'thoughtSignature':'c2ln'},"
        "{'codeExecutionResult':{'outcome':'OUTCOME_OK','output':'1'}},{'toolCall':{'id':'t','toolType':'URL_CONTEXT','args':{'u':1}}},{'toolResponse':{'id':'t','toolType':'URL_CONTEXT','response':{'ok':true}}},{'hologram':{'x':1}},{'text':'','thoughtSignature':'c2ln'}]},{'role':'user','parts':[{'text':'b'}]}]}",
        "{'contents':[{'role':'user','parts':[{'text':'a'}]},{'role':'model','parts':[{'functionCall':{'id':'1','name':'f','args':{'a':1}},'thoughtSignature':'c2ln'},{'functionCall':{'id':'2','name':'f','args':{}}}]},"
        "{'role':'user','parts':[{'functionResponse':{'id':'1','name':'f','response':{'output':'x'}}},{'functionResponse':{'id':'2','name':'f','response':{'any':[1]}}}]}]}",
    };
    size_t i;
    for (i = 0; i < sizeof bodies / sizeof *bodies && !test_excused(); i++) {
        llmprov_asked a;
        const char *body = Q(bodies[i]);
        if (server_read("gemini-generate", body, &a) == LLMPROV_OK) {
            engine_sent s = engine_send("gemini", &a.request);
            CHECK_JSON(s.text, s.len, body);
            CHECK_INT(s.warning_count, 0);
            engine_sent_free(&s);
        }
        llmprov_asked_free(&a);
    }
}

/* Calls and results without ids are paired by name and order; one result with several outputs of its own stays one. */
TEST(s_gemini_pairs_by_name_and_order) {
    llmprov_asked a;
    engine_sent s;
    if (server_read("gemini-generate", Q("{'contents':[{'role':'user','parts':[{'text':'a'}]},{'role':'model','parts':[{'functionCall':{'name':'f'}},{'functionCall':{'name':'g'}},{'functionCall':{'name':'f'}}]},"
        "{'role':'function','parts':[{'functionResponse':{'name':'g','response':{'output':'G'}}},{'functionResponse':{'name':'f','response':{'output':'F1'}}},{'functionResponse':{'name':'f','response':{'error':'F2'}}}]}]}"), &a) == LLMPROV_OK) {
        const llmprov_block *calls = a.request.messages[1].blocks, *results = a.request.messages[2].blocks;
        CHECK_STR(results[0].id, calls[1].id);
        CHECK_STR(results[1].id, calls[0].id);
        CHECK_STR(results[2].id, calls[2].id);
        CHECK(strcmp(calls[0].id, calls[2].id) && results[2].is_error && !results[1].is_error);
        a.request.model = "m";
        s = engine_send("custom", &a.request);
        CHECK_BODY(s, "messages[2].content", "\"F1\"");
        CHECK_BODY(s, "messages[4].content", "\"Error: F2\"");
        CHECK_INT(llmprov_asked_check(&a, NULL), LLMPROV_OK);
        engine_sent_free(&s);
    }
    llmprov_asked_free(&a);
}

/* What other formats have no place for is said. */
TEST(s_gemini_kept_members_are_warnings_elsewhere) {
    llmprov_asked a;
    if (server_read("gemini-generate", Q("{" S_GEMINI_HELLO ",'safetySettings':[{}],'generationConfig':{'speechConfig':{},'thinkingConfig':{'thinkingLevel':'low'}}}"), &a) == LLMPROV_OK) {
        engine_sent s;
        a.request.model = "gpt-5.2";
        s = engine_send("openai", &a.request);
        CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "safetySettings");
        CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "generationConfig.speechConfig");
        CHECK_BODY(s, "reasoning_effort", "\"low\"");
        CHECK_INT(s.warning_count, 2);
        engine_sent_free(&s);
    }
    llmprov_asked_free(&a);
}

// -- answers -------------------------------------------------------------------------------

#define S_GEMINI_CHUNK(inside) "data: {'responseId':'c1','modelVersion':'m-1','candidates':[{'index':0," inside "}]}\n\n"
#define S_GEMINI_SAID(part) S_GEMINI_CHUNK("'content':{'role':'model','parts':[" part "]}")

/* Text as it comes, a call when it is whole, reason and usage in the last chunk. */
TEST(s_gemini_a_stream) {
    engine_text out = server_through("gemini-generate", "openai-chat", ENGINE_STREAM, Q(CHAT("{'content':'Hel'}") CHAT("{'content':'lo'}") CHAT("{'tool_calls':[{'index':0,'id':'a','function':{'name':'f','arguments':'{\\\"x\\\":'}}]}")
        CHAT("{'tool_calls':[{'index':0,'function':{'arguments':'1}'}}]}") CHAT_END("tool_calls") CHAT_USAGE("{'prompt_tokens':5,'completion_tokens':7,'total_tokens':12}") CHAT_DONE), NULL, 0);
    if (!test_excused()) CHECK_STR(out.ptr, Q(S_GEMINI_SAID("{'text':'Hel'}") S_GEMINI_SAID("{'text':'lo'}") S_GEMINI_SAID("{'functionCall':{'id':'a','name':'f','args':{'x':1}}}")
        "data: {'responseId':'c1','modelVersion':'m-1','candidates':[{'index':0,'content':{'role':'model','parts':[{'text':''}]},'finishReason':'STOP'}],"
        "'usageMetadata':{'promptTokenCount':5,'candidatesTokenCount':7,'totalTokenCount':12}}\n\n"));
    engine_text_free(&out);
}

/* Writes a text in three pieces, or an error in its place; each object of what goes out becomes a digit. */
static void s_gemini_arrays(const char *path, bool refused, const char *type, const char *expected) {
    static const llmprov_event_type types[] = { LLMPROV_EVENT_BLOCK, LLMPROV_EVENT_TEXT, LLMPROV_EVENT_TEXT, LLMPROV_EVENT_TEXT, LLMPROV_EVENT_END };
    engine_text out = { NULL, 0, 0 }, seen = { NULL, 0, 0 };
    llmprov_face_desc d = { .format = "gemini-generate", .path = path, .out = server_take, .user = &out, .alloc = test_alloc() };
    llmprov_face *f = llmprov_face_open(&d);
    llmprov_error error = { .code = LLMPROV_ERR_RATE_LIMIT, .message = "slow down", .param = "", .provider_code = "", .raw = "" };
    llmprov_block block = { .type = LLMPROV_BLOCK_TEXT };
    llmprov_usage usage;
    size_t i, depth = 0;
    memset(&usage, 0, sizeof usage);
    if (f) CHECK_STR(llmprov_face_type(f, false), "application/json");
    if (f) CHECK_STR(llmprov_face_type(f, true), type);
    for (i = 0; f && !refused && i < LLMPROV__COUNT(types); i++) {
        llmprov_event e;
        memset(&e, 0, sizeof e);
        e.type = types[i];
        e.text = "ab";
        e.text_len = 2;
        e.block = &block;
        e.usage = &usage;
        e.stop = LLMPROV_STOP_END;
        e.stop_word = "";
        llmprov_face_event(f, &e);
    }
    if (f && refused) llmprov_face_error(f, &error, NULL);
    llmprov_face_free(f);
    engine_add(&seen, "", 0);
    for (i = 0; i < out.len; i++) {
        if (out.ptr[i] == '{' && !depth++) engine_add(&seen, "1", 1);
        else if (out.ptr[i] == '}') depth--;
        else if (!depth) engine_add(&seen, out.ptr + i, 1);
    }
    if (!test_excused()) CHECK_STR(seen.ptr, expected);
    engine_text_free(&out);
    engine_text_free(&seen);
}

/* Without alt=sse a stream is one array, and so is a refusal in its place. */
TEST(s_gemini_a_stream_that_is_an_array) {
    static const struct { const char *path; bool array; } cases[] = {
        { "/v1beta/models/m:streamGenerateContent", true }, { "/v1/models/m:streamGenerateContent?key=k&alt=json", true },
        { "/v1/models/m:streamGenerateContent?alt=ssed", true }, { "/v1beta/models/m:streamGenerateContent?key=k&alt=sse", false },
        { "/v1beta/models/m:streamGenerateContent?alt=sse&key=k", false }, { "/v1beta/models/m:generateContent", false }, { NULL, false },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        const char *type = cases[i].array ? "application/json" : "text/event-stream; charset=utf-8";
        s_gemini_arrays(cases[i].path, false, type, cases[i].array ? "[1,\r\n1,\r\n1,\r\n1]\r\n" : "data: 1\n\ndata: 1\n\ndata: 1\n\ndata: 1\n\n");
        s_gemini_arrays(cases[i].path, true, type, cases[i].array ? "[1]\r\n" : "1");
    }
}

/* Sounds of a stream are blobs, piece by piece; their transcript has no place. */
TEST(s_gemini_sounds_of_a_stream) {
    static const llmprov_block sound = { .type = LLMPROV_BLOCK_AUDIO, .mime = "audio/wav" };
    llmprov_event events[] = {
        { .type = LLMPROV_EVENT_START, .id = "r1", .model = "m-1" }, { .type = LLMPROV_EVENT_BLOCK, .block = &sound },
        { .type = LLMPROV_EVENT_TEXT, .text = "words", .text_len = 5 }, { .type = LLMPROV_EVENT_PART, .kind = "audio", .data = (const unsigned char *)"abc", .data_len = 3 },
        { .type = LLMPROV_EVENT_PART, .kind = "audio", .data = (const unsigned char *)"", .data_len = 0 }, { .type = LLMPROV_EVENT_BLOCK_END, .block = &sound },
        { .type = LLMPROV_EVENT_PART, .kind = "audio", .data = (const unsigned char *)"abc", .data_len = 3 },
    };
    engine_text out = { NULL, 0, 0 };
    llmprov_face_desc d = { .format = "gemini-generate", .out = server_take, .user = &out, .alloc = test_alloc() };
    llmprov_face *f = llmprov_face_open(&d);
    const llmprov_warning *w;
    size_t i, count;
    engine_add(&out, "", 0);
    for (i = 0; i < sizeof events / sizeof *events; i++) OK_OR(llmprov_face_event(f, &events[i]), done);
    CHECK_STR(out.ptr, Q("data: {'responseId':'r1','modelVersion':'m-1','candidates':[{'index':0,'content':{'role':'model','parts':[{'inlineData':{'mimeType':'audio/wav','data':'YWJj'}}]}}]}\n\n"));
    w = llmprov_face_warnings(f, &count);
    if (CHECK_INT(count, 1)) CHECK_STR(w[0].field, "audio.text");
done:
    llmprov_face_free(f);
    engine_text_free(&out);
}

/* Many tools of which the first could not be counted for want of memory: none is written where no room was made. */
TEST(s_gemini_tools_that_were_not_counted) {
    engine_text t = { NULL, 0, 0 };
    char name[1101], one[40];
    llmprov_asked a;
    int i;
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = 0;
    engine_adds(&t, "{" S_GEMINI_HELLO ",'tools':[{'");
    engine_adds(&t, name);
    engine_adds(&t, "':{}");
    for (i = 0; i < 60; i++) sprintf(one, ",'t%d':{}", i), engine_adds(&t, one);
    engine_adds(&t, "}]}");
    if (server_read("gemini-generate", Q(t.ptr), &a) == LLMPROV_OK) CHECK_INT(a.request.tool_count, 61);
    else CHECK_ALWAYS(a.error.code == LLMPROV_ERR_NO_MEMORY);
    llmprov_asked_free(&a);
    engine_text_free(&t);
}

/* Results with parts of their own go back as they came, and so do parts of the system prompt that are no text. */
TEST(s_gemini_results_with_parts) {
    static const server_round rows[] = {
        { "{'systemInstruction':{'parts':[{'text':'Be kind.'},{'odd':{'b':1}}]}," S_GEMINI_HELLO "}", NULL, NULL },
        { "{" "'contents':[{'role':'user','parts':[{'text':'U'}]},{'role':'model','parts':[{'functionCall':{'id':'a','name':'f','args':{}},'thoughtSignature':'c2ln'}]},"
          "{'role':'user','parts':[{'functionResponse':{'id':'a','name':'f','response':{'output':'R'},'parts':[{'inlineData':{'mimeType':'image/png','data':'iVBORw=='}}]}}]}]}", NULL, NULL },
        /* what stands for the result of a call without an id has none either */
        { "{'contents':[{'role':'user','parts':[{'text':'U'}]},{'role':'model','parts':[{'functionCall':{'name':'f','args':{}},'thoughtSignature':'c2ln'}]},{'role':'user','parts':[{'text':'Go on.'}]}]}",
          "{'contents':[{'role':'user','parts':[{'text':'U'}]},{'role':'model','parts':[{'functionCall':{'name':'f','args':{}},'thoughtSignature':'c2ln'}]},"
          "{'role':'user','parts':[{'functionResponse':{'name':'f','response':{'error':'cancelled: no result was recorded for this call'}}}]},{'role':'user','parts':[{'text':'Go on.'}]}]}", "messages[1].content[0];" },
    };
    SERVER_ROUNDS("gemini-generate", "gemini", "gemini-3-pro-preview", rows);
}
