/* >>s_bedrock: bedrock-converse as a server, and what a request's path says. What goes through the model to other formats
   is tested with the wire. */
#include "server.h"

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
