/* >>s_bedrock: bedrock-converse as a server, and what a request's path says. What goes through the model to other formats
   is tested with the wire. */
#include "server.h"
#include "events.h"

#define S_BEDROCK_SAID(inside) "{'messages':[{'role':'user','content':[" inside "]}]}"

TEST(s_bedrock_refuses_wrong_types_by_their_path) {
    static const struct { const char *json, *param; } cases[] = {
        { "7", "the request" }, { "{'messages':{}}", "messages" }, { "{'messages':[{'role':'robot','content':[]}]}", "messages[0].role" },
        { "{'messages':[{'role':'user'}]}", "messages[0].content" }, { "{'messages':[{'role':'user','content':'x'}]}", "messages[0].content" },
        { S_BEDROCK_SAID("{'text':5}"), "messages[0].content[0].text" }, { S_BEDROCK_SAID("{}"), "messages[0].content[0]" },
        { S_BEDROCK_SAID("{'text':'a','image':{'format':'png','source':{'bytes':'AA=='}}}"), "messages[0].content[0]" },
        { S_BEDROCK_SAID("{'image':{'format':'png'}}"), "messages[0].content[0].image.source" },
        { S_BEDROCK_SAID("{'image':{'format':'png','source':{'bytes':'#'}}}"), "messages[0].content[0]" },
        { S_BEDROCK_SAID("{'toolUse':{'name':'f','input':{}}}"), "messages[0].content[0].toolUse.toolUseId" },
        { S_BEDROCK_SAID("{'toolResult':{'toolUseId':'a'}}"), "messages[0].content[0].toolResult.content" },
        { S_BEDROCK_SAID("{'toolResult':{'toolUseId':'a','content':[],'status':'bad'}}"), "messages[0].content[0].toolResult.status" },
        { S_BEDROCK_SAID("{'reasoningContent':{}}"), "messages[0].content[0]" }, { S_BEDROCK_SAID("{'cachePoint':{'type':'x'}}"), "messages[0].content[0].cachePoint.type" },
        { "{'inferenceConfig':{'maxTokens':1.5},'messages':[]}", "inferenceConfig.maxTokens" }, { "{'toolConfig':{},'messages':[]}", "toolConfig.tools" },
        { "{'toolConfig':{'tools':[{'toolSpec':{'name':'f'}}]},'messages':[]}", "toolConfig.tools[0].toolSpec.inputSchema" },
        { "{'system':'x','messages':[]}", "system" }, { "{'system':null,'messages':[]}", NULL },
        { "{'additionalModelRequestFields':{'tools':{}},'messages':[]}", "additionalModelRequestFields.tools" }, { "{'system':5,'messages':[]}", "system" }, { S_BEDROCK_SAID("{'text':'a','image':null,'z':{}}"), "messages[0].content[0]" },
        { "{'outputConfig':{'textFormat':{'type':'json_schema','structure':{'jsonSchema':{'schema':'no'}}}},'messages':[]}", "outputConfig.textFormat.structure.jsonSchema.schema" },
    };
    llmprov_asked a;
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        llmprov_status status = server_read("bedrock-converse", Q(cases[i].json), &a);
        if (status != LLMPROV_ERR_NO_MEMORY && (!CHECK_INT(status, cases[i].param ? LLMPROV_ERR_ARGUMENT : LLMPROV_OK) || !CHECK_STR(a.error.param, cases[i].param ? cases[i].param : "") ||
            !CHECK_STR(a.error.provider_code, cases[i].param ? "ValidationException" : ""))) printf("    %s\n    %s\n", cases[i].json, a.error.message);
        llmprov_asked_free(&a);
    }
}

static const char s_bedrock_all[] =
    "{'system':[{'text':'S'},{'cachePoint':{'type':'default'}}],'inferenceConfig':{'maxTokens':9,'temperature':0.5,'topP':0.25,'stopSequences':['X'],'z':1},"
    "'toolConfig':{'tools':[{'toolSpec':{'name':'f','description':'D','inputSchema':{'json':{'type':'object'}},'strict':true}},{'cachePoint':{'type':'default','ttl':'1h'}}],'toolChoice':{'any':{}}},"
    "'serviceTier':{'type':'flex'},'requestMetadata':{'k':'v'},'guardrailConfig':{'guardrailIdentifier':'g'},"
    "'messages':[{'role':'user','content':[{'text':'U'},{'image':{'format':'png','source':{'bytes':'iVBORw=='}}},{'document':{'format':'txt','name':'N','source':{'text':'T'}}}]},"
    "{'role':'assistant','content':[{'toolUse':{'toolUseId':'a','name':'f','input':{'x': 1}}}]},"
    "{'role':'user','content':[{'toolResult':{'toolUseId':'a','content':[{'json':{'n':1}},{'text':'R'}],'status':'error'}},{'guardContent':{'text':{'text':'G'}}}]}]}";

TEST(s_bedrock_members_become_fields) {
    llmprov_asked a;
    const llmprov_request *r = &a.request;
    OK_OR(server_read("bedrock-converse", Q(s_bedrock_all), &a), done);
    CHECK(!r->model && r->stream == LLMPROV_STREAM_OFF);
    CHECK_INT(r->max_tokens.value, 9);
    CHECK(r->temperature.set && r->top_p.set && r->stop_count == 1);
    CHECK_INT(r->tool_choice, LLMPROV_TOOL_ANY);
    CHECK_INT(r->tool_count, 1);
    CHECK_INT(r->tools[0].cache, LLMPROV_CACHE_1H);
    CHECK_INT(r->tools[0].strict, LLMPROV_YES);
    CHECK_STR(r->service_tier, "flex");
    CHECK_INT(r->system_count, 1);
    CHECK_INT(r->system_blocks[0].cache, LLMPROV_CACHE_5M);
    CHECK_STR(r->messages[0].blocks[1].mime, "image/png");
    CHECK_STR(r->messages[0].blocks[2].text, "T");
    CHECK_TEXT(r->messages[1].blocks[0].json, r->messages[1].blocks[0].json_len, "{\"x\": 1}");
    CHECK(r->messages[2].blocks[0].is_error);
    CHECK_STR(r->messages[2].blocks[0].content[0].kind, "json");
    CHECK_STR(r->messages[2].blocks[0].content[1].text, "R");
    CHECK_STR(r->messages[2].blocks[1].kind, "guardContent");
done:
    llmprov_asked_free(&a);
}

/* Back into its own format a request is what it was; what others have no place for is said. */
TEST(s_bedrock_a_request_and_back) {
    const char *json = Q(s_bedrock_all);
    llmprov_asked a;
    engine_sent s;
    OK_OR(server_read("bedrock-converse", json, &a), done);
    a.request.model = "us.anthropic.claude-sonnet-4-6";
    s = engine_send("bedrock", &a.request);
    if (s.text) CHECK(engine_equal(s.text, s.len, json, strlen(json)) || (printf("%s\n", s.text), false));
    CHECK_INT(s.warning_count, 0);
    engine_sent_free(&s);
    a.request.model = "claude-sonnet-4-6";
    s = engine_send("anthropic", &a.request);
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "inferenceConfig.z");
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "guardrailConfig");
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "requestMetadata");
    engine_sent_free(&s);
done:
    llmprov_asked_free(&a);
}

/* What a field of ours cannot say goes back as it came: pieces, places, marks that say more, kinds that are not known. */
TEST(s_bedrock_shapes_go_back_as_they_came) {
    static const server_round rows[] = {
        { S_BEDROCK_SAID("{'text':'q'},{'document':{'name':'N','source':{'content':[{'text':'a'},{'text':'b'}]}}}"),
          NULL, NULL },
        { S_BEDROCK_SAID("{'text':'q'},{'document':{'format':'pdf','name':'N','source':{'bytes':'JVBERg=='},'context':'C','citations':{'enabled':true},'z':1}}"), NULL, NULL },
        { S_BEDROCK_SAID("{'text':'q'},{'document':{'format':'pdf','name':'N','source':{'s3Location':{'uri':'s3://b/k','bucketOwner':'1'}},'context':'C'}}"), NULL, NULL },
        { S_BEDROCK_SAID("{'image':{'format':'png','source':{'s3Location':{'uri':'s3://b/k','bucketOwner':'1'}}}}"), NULL, NULL },
        { S_BEDROCK_SAID("{'video':{'format':'mp4','source':{'s3Location':{'uri':'s3://b/k'}}}}"), NULL, NULL },
        { S_BEDROCK_SAID("{'image':{'format':'png','source':{'text':'x'}}},{'image':{'format':'png','source':{'content':[]}}},{'image':{'format':'png','source':{}}},{'image':{'format':'tiff','source':{'bytes':'AA=='}}}"), NULL, NULL },
        { S_BEDROCK_SAID("{'text':'q'},{'document':{'name':'N','source':{'bytes':'JVBERg=='}}},{'document':{'format':'odd','name':'N','source':{'bytes':'JVBERg=='}}},{'document':{'name':'N','source':{'other':1}}}"), NULL, NULL },
        { S_BEDROCK_SAID("{'text':'x','image':null}"), S_BEDROCK_SAID("{'text':'x'}"), NULL },
        { "{'messages':[{'role':'user','content':[{'text':'q'}]},{'role':'assistant','content':[{'citationsContent':{'content':[{'text':'a'}],'citations':[{'title':'t'}]}},{'citationsContent':{'content':[{'text':'a'},{'text':'b'}],'citations':[]}},"
          "{'citationsContent':{'content':[{'text':'a','z':1}],'citations':[]}},{'citationsContent':{'content':[{'text':'a'}]}},{'citationsContent':{'content':[{'text':'a'}],'citations':[],'z':1}}]},{'role':'user','content':[{'text':'r'}]}]}", NULL, NULL },
        { S_BEDROCK_SAID("{'cachePoint':{'type':'default'}},{'text':'a'},{'cachePoint':{'type':'default','ttl':'1h'}},{'cachePoint':{'type':'default'}},{'text':'b'},{'cachePoint':{'type':'default','ttl':'5m'}},{'cachePoint':{'type':'default','z':1}},{'cachePoint':{'type':'default'}}"), NULL, NULL },
        { "{'messages':[{'role':'user','content':[{'text':'q'}]},{'role':'assistant','content':[{'reasoningContent':{'reasoningText':{'text':'T','signature':'s'}}},{'cachePoint':{'type':'default'}},{'reasoningContent':{'redactedContent':'AA=='}},{'cachePoint':{'type':'default'}},{'text':'x'}]},{'role':'user','content':[{'text':'r'}]}]}", NULL, NULL },
        { "{'messages':[{'role':'user','content':[{'text':'q'}]},{'role':'system','content':[{'text':'s'}]}]}", NULL, NULL },
        { "{'additionalModelRequestFields':{'tools':[{'type':'computer_20250124','name':'computer','display_width_px':800,'display_height_px':600}],'anthropic_beta':['computer-use-2025-01-24']}," "'messages':[{'role':'user','content':[{'text':'q'}]}]}", NULL, NULL },
        { "{'additionalModelResponseFieldPaths':['/stop_sequence'],'messages':[{'role':'user','content':[{'text':'q'}]}]}", NULL, NULL },
        { "{'system':[{'guardContent':{'text':{'text':'G'}}},{'text':'a'},{'cachePoint':{'type':'default','ttl':'5m'}}],'serviceTier':{'type':'flex','z':1},'messages':[{'role':'user','content':[{'text':'q'}]}]}", NULL, NULL },
        { "{'messages':[{'role':'user','content':[{'text':'q'}]},{'role':'assistant','content':[{'toolUse':{'toolUseId':'a','name':'nova_grounding','input':{},'type':'server_tool_use'}},{'toolResult':{'toolUseId':'a','content':[{'json':{}}],'type':'nova_grounding_result'}}]},{'role':'user','content':[{'text':'r'}]}]}", NULL, NULL },
        { "{'messages':[{'role':'user','content':[{'text':'q'}]},{'role':'assistant','content':[{'text':'a'},{'citationsContent':{'citations':[]}}]},{'role':'user','content':[{'text':'r'}]}]}",
          "{'messages':[{'role':'user','content':[{'text':'q'}]},{'role':'assistant','content':[{'text':'a'}]},{'role':'user','content':[{'text':'r'}]}]}", "messages[1].content[1];" },
    };
    SERVER_ROUNDS("bedrock-converse", "bedrock", "us.anthropic.claude-sonnet-4-6", rows);
}

/* A model without a system role is told the prompt by the user: of its parts that are no text there is a warning. */
TEST(s_bedrock_a_system_prompt_of_more_than_text) {
    static const server_round rows[] = {
        { "{'system':[{'text':'S'},{'guardContent':{'text':{'text':'G'}}},{'text':'T'}],'messages':[{'role':'user','content':[{'text':'q'}]}]}",
          "{'messages':[{'role':'user','content':[{'text':'S\\n\\nT'},{'text':'q'}]}]}", "system;system;" },
        { "{'system':[{'text':'S'}],'messages':[{'role':'user','content':[{'text':'q'}]}]}", "{'messages':[{'role':'user','content':[{'text':'S'},{'text':'q'}]}]}", "system;" },
        { "{'system':[{'':[{'toolResult':{}}]}],'messages':[{'role':'user','content':[{'text':'q'}]}]}", "{'messages':[{'role':'user','content':[{'text':'q'}]}]}", "system;system;" },
    };
    SERVER_ROUNDS("bedrock-converse", "bedrock", "gemma-3", rows);
}

/* Elsewhere a mark that says more becomes the mark of what it stands behind, or is said to be lost. */
TEST(s_bedrock_marks_in_other_formats) {
    llmprov_asked a;
    engine_sent s;
    OK_OR(server_read("bedrock-converse", Q("{'toolConfig':{'tools':[{'cachePoint':{'type':'default','ttl':'5m'}},{'toolSpec':{'name':'f','inputSchema':{'json':{'type':'object'}}}},{'cachePoint':{'type':'default','ttl':'5m'}}]},"
        "'messages':[{'role':'user','content':[{'text':'a'},{'cachePoint':{'type':'default','ttl':'5m'}}]}]}"), &a), done);
    a.request.model = "claude-sonnet-4-6";
    a.request.max_tokens = (llmprov_int)LLMPROV_INT(9);
    s = engine_send("anthropic", &a.request);
    CHECK_BODY(s, "tools[0].cache_control", Q("{'type':'ephemeral'}"));
    CHECK_BODY(s, "messages[0].content[0].cache_control", Q("{'type':'ephemeral'}"));
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "tools[0]");
    engine_sent_free(&s);
    s = engine_send("custom", &a.request);
    CHECK_BODY(s, "messages[0].content", Q("'a'"));
    CHECK_BODY(s, "tools[1]", NULL);
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "tools[0]");
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "tools[2]");
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "messages[0].content[1].cache");
    engine_sent_free(&s);
done:
    llmprov_asked_free(&a);
}

// -- paths -----------------------------------------------------------------------------------

TEST(s_bedrock_a_path_says_which_format_it_is) {
    static const struct { const char *path, *format; } cases[] = {
        { "/v1/messages", "anthropic-messages" }, { "/v1/messages?beta=true", "anthropic-messages" }, { "/proxy/v1/chat/completions", "openai-chat" },
        { "/v1/responses", "openai-responses" }, { "/api/chat", "ollama-chat" }, { "/v2/chat", "cohere-v2" }, { "/chat", "ollama-chat" },
        { "/model/a.b-v1%3A0/converse", "bedrock-converse" }, { "/model/a/converse-stream", "bedrock-converse" },
        { "/v1beta/models/m:generateContent", "gemini-generate" }, { "/v1beta/models/m:streamGenerateContent?alt=sse", "gemini-generate" },
        { "/v1/projects/p/locations/l/publishers/google/models/m:generateContent", "gemini-generate" },
        { "/v1/messages/count_tokens", NULL }, { "/model//converse", NULL }, { "/model/a/invoke", NULL }, { "/", NULL }, { "", NULL },
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++)
        if (!CHECK_STR(llmprov_format_of(NULL, cases[i].path), cases[i].format)) printf("    %s\n", cases[i].path);
    CHECK(!llmprov_format_of(NULL, NULL));
}

static void s_bedrock_path(const char *format, const char *json, const char *path, const char *model, llmprov_stream stream) {
    llmprov_alloc alloc = test_alloc();
    llmprov_asked a;
    if (llmprov_ask(NULL, format, Q(json), strlen(json), &alloc, &a) == LLMPROV_OK && llmprov_asked_path(&a, NULL, path) == LLMPROV_OK) {
        CHECK_STR(a.request.model, model);
        CHECK_INT(a.request.stream, stream);
    } else if (a.error.code != LLMPROV_ERR_NO_MEMORY) {
        CHECK_INT(a.error.code, LLMPROV_ERR_NOT_FOUND);
        CHECK_INT(a.error.http_status, 404);
        CHECK(!model);
    }
    llmprov_asked_free(&a);
}

TEST(s_bedrock_the_path_has_the_model_and_whether_to_stream) {
    static const char said[] = S_BEDROCK_SAID("{'text':'x'}"), google[] = "{'contents':[{'role':'user','parts':[{'text':'x'}]}]}";
    s_bedrock_path("bedrock-converse", said, "/model/us.amazon.nova-lite-v1%3A0/converse", "us.amazon.nova-lite-v1:0", LLMPROV_STREAM_OFF);
    s_bedrock_path("bedrock-converse", said, "/model/arn%3aaws%3abedrock%2Fx/converse-stream?y", "arn:aws:bedrock/x", LLMPROV_STREAM_ON);
    s_bedrock_path("bedrock-converse", said, "/model/100%/converse", "100%", LLMPROV_STREAM_OFF);
    s_bedrock_path("bedrock-converse", said, "/v1/messages", NULL, LLMPROV_STREAM_OFF);
    s_bedrock_path("bedrock-converse", said, NULL, NULL, LLMPROV_STREAM_OFF);
    s_bedrock_path("gemini-generate", google, "/v1beta/models/m:generateContent", "m", LLMPROV_STREAM_OFF);
    s_bedrock_path("gemini-generate", google, "/v1beta/models/m:streamGenerateContent?alt=sse", "m", LLMPROV_STREAM_ON);
    s_bedrock_path("openai-chat", "{'model':'n','stream':true,'messages':[{'role':'user','content':'x'}]}", "/v1/chat/completions", "n", LLMPROV_STREAM_ON);
}

// -- answers ---------------------------------------------------------------------------------

/* The name of an error is in a header of the answer, and in a stream the type of an exception. */
TEST_NO_OOM(s_bedrock_errors_have_names) {
    static const struct { llmprov_status code; int http; const char *name; } cases[] = {
        { LLMPROV_ERR_RATE_LIMIT, 429, "ThrottlingException" }, { LLMPROV_ERR_AUTH, 403, "UnrecognizedClientException" }, { LLMPROV_ERR_ARGUMENT, 400, "ValidationException" },
        { LLMPROV_ERR_SERVER, 500, "InternalServerException" }, { LLMPROV_ERR_NOT_FOUND, 404, "ResourceNotFoundException" },
    };
    size_t i, count;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        engine_text out = { NULL, 0, 0 };
        llmprov_face_desc d = { .format = "bedrock-converse", .from = "openai-chat", .out = server_take, .user = &out, .alloc = test_alloc() };
        llmprov_face *f = llmprov_face_open(&d);
        llmprov_error e = { .code = cases[i].code, .message = "because" };
        const llmprov_header *h;
        int status = 0;
        CHECK_INT(llmprov_face_error(f, &e, &status), LLMPROV_OK);
        CHECK_INT(status, cases[i].http);
        h = llmprov_face_headers(f, &count);
        CHECK_INT(count, 1);
        if (count) CHECK_STR(h[0].value, cases[i].name);
        CHECK_TEXT(out.ptr, out.len, "{\"message\":\"because\"}");
        CHECK_STR(llmprov_face_type(f, true), "application/vnd.amazon.eventstream");
        engine_text_free(&out);
        llmprov_face_free(f);
    }
}

/* Which stop sequence matched is told to who asked for it, by the path of a whole reply or of a stream. */
TEST_NO_OOM(s_bedrock_fields_of_the_model_that_were_asked_for) {
    static const struct { const char *paths; int stream; const char *stop, *said; } cases[] = {
        { "'/stop_sequence'", ENGINE_WHOLE, "'X'", "'additionalModelResponseFields':{'stop_sequence':'X'}" }, { "'/usage','/stop_sequence'", ENGINE_WHOLE, "null", "'additionalModelResponseFields':{'stop_sequence':null}" },
        { "'/delta/stop_sequence'", ENGINE_STREAM, "'X'", "'additionalModelResponseFields':{'delta':{'stop_sequence':'X'}}" }, { "'/delta/stop_sequence'", ENGINE_WHOLE, "'X'", NULL }, { "", ENGINE_STREAM, "'X'", NULL },
    };
    char text[1500];
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        llmprov_asked a;
        engine_text t;
        sprintf(text, "{'additionalModelResponseFieldPaths':[%s],'messages':[{'role':'user','content':[{'text':'x'}]}]}", cases[i].paths);
        OK(server_read("bedrock-converse", Q(text), &a));
        if (cases[i].stream == ENGINE_WHOLE)
            sprintf(text, "{'id':'m1','type':'message','role':'assistant','model':'m-1','content':[{'type':'text','text':'Hi'}],'stop_reason':'stop_sequence','stop_sequence':%s,'usage':{'input_tokens':5,'output_tokens':7}}", cases[i].stop);
        else sprintf(text, "%s", MSG_START MSG_TEXT("0", "Hi") MSG_EVENT("message_delta", ",'delta':{'stop_reason':'stop_sequence','stop_sequence':'X'},'usage':{'output_tokens':7}") MSG_EVENT("message_stop", ""));
        t = server_answer("bedrock-converse", "anthropic-messages", cases[i].stream, Q(text), NULL, 0, &a.request);
        if (cases[i].stream == ENGINE_STREAM) {
            engine_text all = events_text(t.ptr, t.len);
            engine_text_free(&t);
            t = all;
        }
        if (!CHECK(cases[i].said ? strstr(t.ptr, Q(cases[i].said)) != NULL : !strstr(t.ptr, "additionalModelResponseFields"))) printf("    %s\n", t.ptr);
        engine_text_free(&t);
        llmprov_asked_free(&a);
    }
}

/* Its own stream comes out as it went in, unknown events too. */
TEST_NO_OOM(s_bedrock_a_stream_and_back) {
    static const char *const messages[] = {
        "messageStart {'role':'assistant'}", "contentBlockDelta {'contentBlockIndex':0,'delta':{'text':'A'}}", "newEvent {'x':1}", "contentBlockDelta {'contentBlockIndex':0,'delta':{'citation':{'title':'t'}}}",
        "contentBlockStop {'contentBlockIndex':0}", "contentBlockDelta {'contentBlockIndex':1,'delta':{'reasoningContent':{'text':'T'}}}", "contentBlockDelta {'contentBlockIndex':1,'delta':{'reasoningContent':{'signature':'s'}}}",
        "contentBlockStop {'contentBlockIndex':1}", "messageStop {'stopReason':'odd_reason','additionalModelResponseFields':{'a':1}}",
        "metadata {'usage':{'inputTokens':1,'outputTokens':2,'totalTokens':3,'cacheReadInputTokens':0,'cacheWriteInputTokens':0},'metrics':{'latencyMs':4}}",
    };
    engine_text lines = { NULL, 0, 0 }, sent = { NULL, 0, 0 };
    size_t i;
    for (i = 0; i < sizeof messages / sizeof *messages; i++) {
        engine_adds(&lines, Q(messages[i])), engine_adds(&lines, "\n");
        engine_adds(&sent, "event "), engine_adds(&sent, Q(messages[i])), engine_adds(&sent, "\n");
    }
    engine_text wire = events_read(sent.ptr, sent.len), fields = { NULL, 0, 0 }, out = { NULL, 0, 0 }, t;
    llmprov_face_desc d = { .format = "bedrock-converse", .from = "bedrock-converse", .out = server_take, .user = &out, .alloc = test_alloc() };
    llmprov_face *f = llmprov_face_open(&d);
    llmprov_request req = { .model = "m", .prompt = "Hi", .stream = LLMPROV_STREAM_ON };
    llmprov_header type = { "content-type", "application/vnd.amazon.eventstream" };
    llmprov_client *c = engine_open("bedrock", NULL);
    llmprov_call *call = llmprov_call_chat(c, &req);
    const llmprov_warning *list;
    llmprov_event e;
    size_t count, k;
    engine_add(&out, "", 0);
    engine_add(&fields, "", 0);
    llmprov_call_head(call, 200, &type, 1);
    llmprov_call_feed(call, wire.ptr, wire.len);
    llmprov_call_eof(call);
    while (llmprov_call_next(call, &e)) llmprov_face_event(f, &e);
    list = llmprov_face_warnings(f, &count);
    for (k = 0; k < count; k++) engine_adds(&fields, list[k].field), engine_adds(&fields, ";");
    t = events_text(out.ptr, out.len);
CHECK_STR(t.ptr, lines.ptr);
    CHECK_STR(fields.ptr, "");
    llmprov_call_free(call);
    llmprov_close(c);
    llmprov_face_free(f);
    engine_text_free(&wire);
    engine_text_free(&fields);
    engine_text_free(&out);
    engine_text_free(&t);
    engine_text_free(&lines);
    engine_text_free(&sent);
}
