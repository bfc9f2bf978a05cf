/* Pitfalls of endpoints that speak a known format in another place: AWS's InvokeModel, Vertex AI, Azure. */
#include "events.h"

/* AWS takes no "stream" in the body, Vertex AI wants it there and in the path. */
TEST(pitfall_108_streaming_at_aws_and_google) {
    llmprov_request req = { .model = "claude-sonnet-4-6", .prompt = "Hi", .max_tokens = LLMPROV_INT(9), .stream = LLMPROV_STREAM_ON };
    engine_sent s = engine_send("bedrock-anthropic", &req);
    CHECK_BODY(s, "stream", NULL);
    if (s.http) CHECK(strstr(s.http->url, "/invoke-with-response-stream") != NULL);
    engine_sent_free(&s);
    s = engine_send("vertex-anthropic", &req);
    CHECK_BODY(s, "stream", "true");
    if (s.http) CHECK(strstr(s.http->url, ":streamRawPredict") != NULL);
    engine_sent_free(&s);
    req.stream = LLMPROV_STREAM_OFF;
    s = engine_send("vertex-anthropic", &req);
    CHECK_BODY(s, "stream", NULL);
    engine_sent_free(&s);
}

TEST(pitfall_111_the_model_in_other_paths) {
    static const struct { const char *row, *model, *end; } cases[] = {
        { "bedrock-anthropic", "arn:aws:bedrock:eu-west-1:1:inference-profile/eu.x", "/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Ainference-profile%2Feu.x/invoke" },
        { "vertex-anthropic", "claude-sonnet-4-5@20250929", "/models/claude-sonnet-4-5%4020250929:rawPredict" },
        { "azure-deployments", "my gpt/5", "/deployments/my%20gpt%2F5/chat/completions?api-version=2024-10-21" },
        { "bedrock-anthropic", "a/../b", NULL }, { "vertex-anthropic", "..", NULL }, { "azure-deployments", "a\nb", NULL },
    };
    size_t i, len;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        llmprov_request req = { .model = cases[i].model, .prompt = "Hi", .max_tokens = LLMPROV_INT(9) };
        engine_sent s = engine_send(cases[i].row, &req);
        if (!cases[i].end) CHECK_STR(s.error.param, "model");
        else if (s.http) {
            len = strlen(s.http->url);
            CHECK(len > strlen(cases[i].end) && !strcmp(s.http->url + len - strlen(cases[i].end), cases[i].end));
        }
        engine_sent_free(&s);
    }
}

/* The names in the table are those that can be called: profiles, where bare ids cannot. */
TEST(pitfall_114_the_default_at_aws_is_a_profile) {
    const llmprov_provider *row = llmprov_provider_find(NULL, "bedrock-anthropic");
    CHECK(row && !strncmp(row->default_model, "global.anthropic.", 17));
}

TEST(pitfall_130_strict_tools_at_aws) {
    llmprov_tool tool = { .name = "a", .strict = LLMPROV_YES, .schema = "{\"type\":\"object\",\"properties\":{\"b\":{\"type\":\"string\",\"minLength\":2}}}" };
    llmprov_request req = { .model = "us.anthropic.claude-sonnet-4-6", .prompt = "Hi", .max_tokens = LLMPROV_INT(9), .tools = &tool, .tool_count = 1 };
    engine_sent s = engine_send("bedrock-anthropic", &req);
    CHECK_BODY(s, "tools[0].strict", NULL);
    CHECK_BODY(s, "tools[0].input_schema", tool.schema);
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "tools[0].schema");
    CHECK_INT(s.warning_count, 1);
    engine_sent_free(&s);
    s = engine_send("anthropic", &req);
    CHECK_BODY(s, "tools[0].strict", "true");
    engine_sent_free(&s);
}

/* Azure's filter that comes later: choices without a delta, before the end and behind it; its first chunk names no model. */
TEST(pitfall_152_what_azure_leaves_out) {
    engine_reply r = engine_read("azure", ENGINE_STREAM, 200, Q(
        "data: {'choices':[],'created':0,'id':'','model':'','object':'','prompt_filter_results':[]}\n\n" CHAT("{'content':'Hi'}")
        "data: {'choices':[{'index':0,'finish_reason':null,'content_filter_results':{},'content_filter_offsets':{'check_offset':1}}],'id':'','model':''}\n\n"
        CHAT_END("stop") "data: {'choices':[{'index':0,'finish_reason':null,'content_filter_results':{},'content_filter_offsets':{'check_offset':2}}],'id':'','model':''}\n\n"
        CHAT_USAGE("{'prompt_tokens':1,'completion_tokens':2}") CHAT_DONE));
    if (!r.r.error.code) {
        CHECK_STR(r.r.text, "Hi");
        CHECK_STR(r.r.id, "c1");
        CHECK_STR(r.r.model, "m-1");
        CHECK_INT(r.r.stop, LLMPROV_STOP_END);
        CHECK_INT(r.r.usage.output_tokens, 2);
    } else CHECK_INT(r.r.error.code, LLMPROV_OK);
    engine_reply_free(&r);
}

/* Of InvokeModel too: checksums count, exceptions and errors are errors, and only message_stop ends a reply. */
TEST(pitfall_156_invoke_streams_that_fail) {
    static const llmprov_status codes[] = { LLMPROV_ERR_BAD_REPLY, LLMPROV_ERR_RATE_LIMIT, LLMPROV_ERR_SERVER, LLMPROV_ERR_TRUNCATED };
    int i;
    for (i = 0; i < 4; i++) {
        llmprov_request req = { .model = "m", .prompt = "Hi", .max_tokens = LLMPROV_INT(9) };
        engine_text body = { NULL, 0, 0 };
        engine_wire w;
        engine_reply r;
        events_chunk(&body, "ab", Q("{'type':'message_start','message':{'id':'i','type':'message','role':'assistant','model':'m','content':[]}}"));
        events_chunk(&body, "", Q("{'type':'content_block_start','index':0,'content_block':{'type':'text','text':'Half'}}"));
        if (i == 0) events_chunk(&body, "x", "{}"), body.ptr[body.len - 30] ^= 1;
        if (i == 1) events_exception(&body, "throttlingException", Q("{'message':'Too many requests'}"));
        if (i == 2) events_error(&body, "InternalError", "boom");
        w = engine_wire_of(ENGINE_STREAM, 200, body.ptr, body.len);
        w.headers[0].value = "application/vnd.amazon.eventstream";
        r = engine_read_wire(engine_open("bedrock-anthropic", NULL), &req, ENGINE_STREAM, &w, __FILE__, __LINE__);
        CHECK_INT(r.r.error.code, codes[i]);
        CHECK_STR(r.r.text, "Half");
        engine_reply_free(&r);
        engine_text_free(&body);
    }
}
