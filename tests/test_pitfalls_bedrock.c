/* The known pitfalls of translation that concern AWS alone: see tests/pitfalls/LIST. */
#include "events.h"

#define AWS_CLAUDE "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
#define AWS_SEND(req) engine_send_with("bedrock-converse", NULL, (req), __FILE__, __LINE__)

/* A turn with a call, its result, and what the user says with it. */
typedef struct pitfall_turn { llmprov_block ask, use, inside, user[4]; llmprov_message m[3]; llmprov_request req; } pitfall_turn;

static llmprov_request *pitfall_call(pitfall_turn *t, const char *model) {
    memset(t, 0, sizeof *t);
    t->ask.text = "Go.";
    t->use.type = LLMPROV_BLOCK_TOOL_USE;
    t->use.id = "tooluse_kZJMlvQmRJ6eAyJE5GIl7Q";
    t->use.name = "get";
    t->use.json = "{}";
    t->user[0].type = LLMPROV_BLOCK_TOOL_RESULT;
    t->user[0].id = t->use.id;
    t->user[0].text = "done";
    t->m[0].blocks = &t->ask, t->m[1].blocks = &t->use, t->m[2].blocks = t->user;
    t->m[0].block_count = t->m[1].block_count = t->m[2].block_count = 1;
    t->m[1].role = LLMPROV_ROLE_ASSISTANT;
    t->req.model = model;
    t->req.messages = t->m;
    t->req.message_count = 3;
    return &t->req;
}

static llmprov_block pitfall_file(llmprov_block_type type, const char *mime, const char *name) {
    llmprov_block b = { .type = type, .mime = mime, .name = name, .base64 = "AAEC" };
    return b;
}

TEST(pitfall_010_nine_characters_behind_aws) {
    pitfall_turn t;
    engine_sent s = AWS_SEND(pitfall_call(&t, "mistral.mistral-large-2402-v1:0"));
    llmprov_str id = llmprov_json_text(llmprov_json_path(s.body, "messages[1].content[0].toolUse.toolUseId"));
    llmprov_str same = llmprov_json_text(llmprov_json_path(s.body, "messages[2].content[0].toolResult.toolUseId"));
    size_t i;
    CHECK_INT(id.len, 9);
    CHECK(id.len == same.len && id.ptr && same.ptr && !memcmp(id.ptr, same.ptr, id.len));
    for (i = 0; i < id.len; i++) CHECK(strchr("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", id.ptr[i]));
    engine_sent_free(&s);
}

TEST(pitfall_018_forced_tool_while_thinking_at_aws) {
    llmprov_tool tool = { .name = "get" };
    llmprov_request req = { .model = AWS_CLAUDE, .prompt = "Hi", .tools = &tool, .tool_count = 1, .tool_choice = LLMPROV_TOOL_ANY, .thinking_tokens = LLMPROV_INT(2000) };
    engine_sent s = AWS_SEND(&req);
    CHECK_BODY(s, "toolConfig.toolChoice", NULL);
    engine_check_warned(s.warnings, s.warning_count, LLMPROV_ERR_ARGUMENT, "tool_choice", __FILE__, __LINE__);
    engine_sent_free(&s);
}

TEST(pitfall_015_empty_description_at_aws) {
    llmprov_tool tool = { .name = "get", .description = "" };
    llmprov_request req = { .model = AWS_CLAUDE, .prompt = "Hi", .tools = &tool, .tool_count = 1 };
    engine_sent s = AWS_SEND(&req);
    CHECK_BODY(s, "toolConfig.tools[0].toolSpec.description", NULL);
    engine_sent_free(&s);
}

TEST(pitfall_043_tool_blocks_without_tools_at_aws) {
    pitfall_turn t;
    engine_sent s = AWS_SEND(pitfall_call(&t, AWS_CLAUDE));
    CHECK_BODY(s, "toolConfig.tools[0].toolSpec.name", "\"no_tool\"");
    CHECK_BODY(s, "toolConfig.tools[1]", NULL);
    engine_check_warned(s.warnings, s.warning_count, LLMPROV_ERR_ARGUMENT, "tools", __FILE__, __LINE__);
    engine_sent_free(&s);
}

/* "." stands before it, but for models that take it as it is. */
TEST(pitfall_044_the_assistant_begins_at_aws) {
    static const struct { const char *model; bool dot; } cases[] = {
        { "us.amazon.nova-lite-v1:0", true }, { "meta.llama3-1-8b-instruct-v1:0", true }, { "arn:aws:bedrock:eu-west-1:1:application-inference-profile/abc", true }, { AWS_CLAUDE, false }, { "qwen.qwen3-32b-v1:0", false },
    };
    llmprov_block b[2] = { { .text = "Welcome." }, { .text = "Hi." } };
    llmprov_message m[2] = { { .role = LLMPROV_ROLE_ASSISTANT, .blocks = &b[0], .block_count = 1 }, { .blocks = &b[1], .block_count = 1 } };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        llmprov_request req = { .model = cases[i].model, .messages = m, .message_count = 2 };
        engine_sent s = AWS_SEND(&req);
        CHECK_BODY(s, "messages[0]", cases[i].dot ? Q("{'role':'user','content':[{'text':'.'}]}") : Q("{'role':'assistant','content':[{'text':'Welcome.'}]}"));
        if (cases[i].dot) engine_check_warned(s.warnings, s.warning_count, LLMPROV_ERR_ARGUMENT, "messages", __FILE__, __LINE__);
        else CHECK_INT(s.warning_count, 0);
        engine_sent_free(&s);
    }
}

TEST(pitfall_051_blank_texts_at_aws) {
    llmprov_block user[2] = { { .text = " \n\t" }, { .text = "Hi." } }, said[3] = {
        { .type = LLMPROV_BLOCK_THINKING, .text = "hm", .signature = "S", .origin = "bedrock-converse" }, { .text = "" }, { .text = "Yes." } };
    llmprov_message m[3] = { { .blocks = user, .block_count = 2 }, { .role = LLMPROV_ROLE_ASSISTANT, .blocks = said, .block_count = 3 }, { .blocks = user + 1, .block_count = 1 } };
    llmprov_request req = { .model = AWS_CLAUDE, .messages = m, .message_count = 3 };
    engine_sent s = AWS_SEND(&req);
    CHECK_BODY(s, "messages[0].content", "[{\"text\":\"Hi.\"}]");
    CHECK_BODY(s, "messages[1].content[1]", "{\"text\":\"\"}");                            /* beside thinking it stays */
    CHECK_BODY(s, "messages[1].content[2]", "{\"text\":\"Yes.\"}");
    engine_check_warned(s.warnings, s.warning_count, LLMPROV_ERR_ARGUMENT, "messages[0].content[0]", __FILE__, __LINE__);
    engine_sent_free(&s);
}

/* What may be inside a result, and what beside it, differs by family. AWS joins neighbours of one role, so the assistant
   says something between. */
TEST(pitfall_063_documents_and_videos_with_tool_results) {
    static const struct { const char *model; bool document_stays; } cases[] = {
        { AWS_CLAUDE, true }, { "us.meta.llama4-maverick-17b-instruct-v1:0", true }, { "us.mistral.pixtral-large-2502-v1:0", true }, { "us.amazon.nova-2-lite-v1:0", false },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        pitfall_turn t;
        llmprov_request *req = pitfall_call(&t, cases[i].model);
        engine_sent s;
        t.inside = pitfall_file(LLMPROV_BLOCK_DOCUMENT, "application/pdf", "a");
        t.user[0].text = NULL;
        t.user[0].content = &t.inside;
        t.user[0].content_count = 1;
        s = AWS_SEND(req);
        CHECK_BODY(s, "messages[2].content[0].toolResult.content[0].document.name", cases[i].document_stays ? "\"a\"" : NULL);
        if (!cases[i].document_stays) CHECK_BODY(s, "messages[2].content[2].document.name", "\"a\"");
        engine_sent_free(&s);
    }
}

TEST(pitfall_063_what_stands_beside_tool_results) {
    pitfall_turn t;
    llmprov_request *req = pitfall_call(&t, AWS_CLAUDE);
    engine_sent s;
    t.user[1].text = "And this:";
    t.user[2] = pitfall_file(LLMPROV_BLOCK_IMAGE, "image/png", NULL);
    t.m[2].block_count = 3;
    s = AWS_SEND(req);
    CHECK_BODY(s, "messages[3]", NULL);                       /* text and images may */
    engine_sent_free(&s);
    t.user[2] = pitfall_file(LLMPROV_BLOCK_DOCUMENT, "application/pdf", "a");
    s = AWS_SEND(req);
    CHECK_BODY(s, "messages[2].content[1]", NULL);
    CHECK_BODY(s, "messages[3].role", "\"assistant\"");
    CHECK_BODY(s, "messages[4].content[1].document.name", "\"a\"");
    engine_sent_free(&s);
    req = pitfall_call(&t, "us.meta.llama4-maverick-17b-instruct-v1:0");
    t.user[1].text = "And this:";
    t.m[2].block_count = 2;
    s = AWS_SEND(req);
    CHECK_BODY(s, "messages[2].content[1]", NULL);
    CHECK_BODY(s, "messages[4].content", "[{\"text\":\"And this:\"}]");
    engine_sent_free(&s);
}

TEST(pitfall_063_videos_leave_tool_results) {
    pitfall_turn t;
    llmprov_request *req = pitfall_call(&t, AWS_CLAUDE);
    engine_sent s;
    t.inside = pitfall_file(LLMPROV_BLOCK_VIDEO, "video/mp4", NULL);
    t.user[0].text = NULL;
    t.user[0].content = &t.inside;
    t.user[0].content_count = 1;
    s = AWS_SEND(req);
    CHECK_BODY(s, "messages[2].content[0].toolResult.content[0].text", "\"[see the content below]\"");
    CHECK_BODY(s, "messages[4].content[1].video.format", "\"mp4\"");
    engine_sent_free(&s);
}

TEST(pitfall_066_names_of_documents) {
    static const struct { const char *name, *wire; } cases[] = {
        { "Report (final) [2]-x", "Report (final) [2]-x" }, { "a.b_c/d.pdf", "a-b-c-d-pdf" }, { "  two   blanks ", "two blanks" }, { "caf\xC3\xA9\tm\xE6\x97\xA5", "caf- m-" }, { "", "document" }, { NULL, "document 6" },
        { "...", "---" }, { "\xC2\xA0", "-" }, { "Report (final) [2]-x", "Report (final) [2]-x 9" },
    };
    llmprov_block b[LLMPROV__COUNT(cases) + 1];
    llmprov_message m = { .blocks = b, .block_count = LLMPROV__COUNT(cases) + 1 };
    llmprov_request req = { .model = AWS_CLAUDE, .messages = &m, .message_count = 1 };
    engine_sent s;
    size_t i, j;
    memset(b, 0, sizeof b);
    for (i = 0; i < LLMPROV__COUNT(cases); i++) b[i] = pitfall_file(LLMPROV_BLOCK_DOCUMENT, "application/pdf", cases[i].name);
    b[i].text = "Read.";
    s = AWS_SEND(&req);
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        char path[80];
        llmprov_str name;
        sprintf(path, "messages[0].content[%d].document.name", (int)i);
        name = llmprov_json_text(llmprov_json_path(s.body, path));
        if (!test_excused()) CHECK_TEXT(name.ptr, name.len, cases[i].wire);
        for (j = 0; j < i; j++) CHECK(strcmp(cases[i].wire, cases[j].wire));
    }
    engine_check_warned(s.warnings, s.warning_count, LLMPROV_ERR_ARGUMENT, "messages[0].content[1]", __FILE__, __LINE__);
    engine_sent_free(&s);
}

/* A very long name is cut, and a hundred documents of one name are told apart. */
TEST_NO_OOM(pitfall_066_long_and_equal_names_of_documents) {
    static llmprov_block b[101];
    llmprov_message m = { .blocks = b, .block_count = 101 };
    llmprov_request req = { .model = AWS_CLAUDE, .messages = &m, .message_count = 1 };
    char name[400];
    engine_sent s;
    size_t i, j;
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = 0;
    for (i = 0; i < 100; i++) b[i] = pitfall_file(LLMPROV_BLOCK_DOCUMENT, "application/pdf", name);
    b[100].text = "Read.";
    s = AWS_SEND(&req);
    for (i = 0; i < 100; i++)
        for (j = 0; j <= i; j++) {
            char x[60], y[60];
            llmprov_str a, c;
            sprintf(x, "messages[0].content[%d].document.name", (int)i);
            sprintf(y, "messages[0].content[%d].document.name", (int)j);
            a = llmprov_json_text(llmprov_json_path(s.body, x));
            c = llmprov_json_text(llmprov_json_path(s.body, y));
            CHECK(a.len > 0 && a.len <= 200 && (i == j || a.len != c.len || memcmp(a.ptr, c.ptr, a.len)));
        }
    engine_sent_free(&s);
}

TEST(pitfall_067_images_in_a_bucket) {
    llmprov_block b[2] = { { .type = LLMPROV_BLOCK_IMAGE, .url = "s3://bucket/kiwi.jpg", .mime = "image/jpeg" }, { .text = "What is it?" } };
    llmprov_message m = { .blocks = b, .block_count = 2 };
    llmprov_request req = { .model = AWS_CLAUDE, .messages = &m, .message_count = 1 };
    engine_sent s = AWS_SEND(&req);
    CHECK_BODY(s, "messages[0].content[0]", "{\"image\":{\"format\":\"jpeg\",\"source\":{\"s3Location\":{\"uri\":\"s3://bucket/kiwi.jpg\"}}}}");
    engine_sent_free(&s);
    b[0].mime = NULL;
    s = AWS_SEND(&req);
    CHECK_BODY(s, "messages[0].content[0].image.format", "\"jpeg\"");
    engine_sent_free(&s);
}

TEST(pitfall_074_redacted_thinking_at_aws) {
    engine_text body = { NULL, 0, 0 };
    engine_wire w;
    engine_reply r;
    llmprov_request req = { .model = AWS_CLAUDE, .prompt = "Hi" };
    events_event(&body, "contentBlockDelta", "{\"contentBlockIndex\":0,\"delta\":{\"reasoningContent\":{\"redactedContent\":\"UkVE\"}}}");
    events_event(&body, "contentBlockStop", "{\"contentBlockIndex\":0}");
    events_event(&body, "messageStop", "{\"stopReason\":\"end_turn\"}");
    w = engine_wire_of(ENGINE_STREAM, 200, body.ptr, body.len);
    r = engine_read_wire(engine_open("bedrock-converse", NULL), &req, ENGINE_STREAM, &w, __FILE__, __LINE__);
    CHECK_STR(engine_block(&r.r.message, LLMPROV_BLOCK_REDACTED, 0)->text, "UkVE");
    CHECK_STR(engine_block(&r.r.message, LLMPROV_BLOCK_REDACTED, 0)->origin, "bedrock-converse");
    engine_reply_free(&r);
    engine_text_free(&body);
}

TEST(pitfall_108_streaming_is_said_in_the_path) {
    llmprov_request req = { .model = AWS_CLAUDE, .prompt = "Hi", .stream = LLMPROV_STREAM_ON };
    engine_sent s = AWS_SEND(&req);
    CHECK_BODY(s, "stream", NULL);
    if (s.http) CHECK(strstr(s.http->url, "/converse-stream"));
    engine_sent_free(&s);
}

TEST(pitfall_111_the_model_in_a_path) {
    llmprov_request req = { .model = "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/ab?c#d e", .prompt = "Hi" };
    engine_sent s = AWS_SEND(&req);
    if (s.http) CHECK_STR(s.http->url, "https://api.test/v1/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A123456789012%3Aapplication-inference-profile%2Fab%3Fc%23d%20e/converse");
    engine_sent_free(&s);
    req.model = "../../x";
    s = AWS_SEND(&req);
    CHECK(!s.http);
    CHECK_INT(s.error.code, LLMPROV_ERR_ARGUMENT);
    CHECK_STR(s.error.param, "model");
    engine_sent_free(&s);
}

/* The row's own default can be called as it stands; what cannot is refused by AWS, in words that say so. */
TEST(pitfall_114_models_that_are_profiles_only) {
    const llmprov_provider *row = llmprov_provider_find(NULL, "bedrock");
    engine_reply r = engine_read("bedrock-converse", ENGINE_WHOLE, 400,
        Q("{'message':'Invocation of model ID anthropic.x-v1:0 with on-demand throughput isn\xE2\x80\x99t supported. Retry your request with the ID or ARN of an inference profile that contains this model.'}"));
    CHECK(row && !strncmp(row->default_model, "global.", 7));
    CHECK_INT(r.r.error.code, LLMPROV_ERR_NOT_FOUND);
    CHECK(r.r.error.message && strstr(r.r.error.message, "inference profile"));
    engine_reply_free(&r);
}

TEST(pitfall_120_marks_stand_behind_tool_results) {
    pitfall_turn t;
    llmprov_request *req = pitfall_call(&t, AWS_CLAUDE);
    engine_sent s;
    t.inside.text = "done";
    t.inside.cache = LLMPROV_CACHE_5M;
    t.user[0].text = NULL;
    t.user[0].content = &t.inside;
    t.user[0].content_count = 1;
    s = AWS_SEND(req);
    CHECK_BODY(s, "messages[2].content", Q("[{'toolResult':{'toolUseId':'tooluse_kZJMlvQmRJ6eAyJE5GIl7Q','content':[{'text':'done'}]}},{'cachePoint':{'type':'default'}}]"));
    engine_sent_free(&s);
}

/* Checksums, and the two kinds of frames that say that the reply failed. */
TEST(pitfall_156_event_streams_that_fail) {
    llmprov_request req = { .model = AWS_CLAUDE, .prompt = "Hi" };
    int kind;
    for (kind = 0; kind < 4; kind++) {
        static const llmprov_status codes[] = { LLMPROV_ERR_RATE_LIMIT, LLMPROV_ERR_SERVER, LLMPROV_ERR_BAD_REPLY, LLMPROV_ERR_BAD_REPLY };
        static const char *const names[] = { "throttlingException", "InternalError", "", "" };
        engine_text body = { NULL, 0, 0 };
        engine_wire w;
        engine_reply r;
        size_t begin;
        events_event(&body, "contentBlockDelta", "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"Hello\"}}");
        begin = body.len;
        if (kind == 0) events_exception(&body, "throttlingException", "{\"message\":\"slow down\"}");
        else if (kind == 1) events_error(&body, "InternalError", "boom");
        else events_event(&body, "messageStop", "{\"stopReason\":\"end_turn\"}");
        if (kind == 2) body.ptr[begin + 8] ^= 1;
        if (kind == 3) body.ptr[body.len - 1] ^= 1;
        w = engine_wire_of(ENGINE_STREAM, 200, body.ptr, body.len);
        r = engine_read_wire(engine_open("bedrock-converse", NULL), &req, ENGINE_STREAM, &w, __FILE__, __LINE__);
        CHECK_INT(r.r.error.code, codes[kind]);
        CHECK_STR(r.r.error.provider_code, names[kind]);
        CHECK_STR(r.r.text, "Hello");
        engine_reply_free(&r);
        engine_text_free(&body);
    }
}

TEST(pitfall_180_disjoint_buckets_at_aws) {
    engine_reply r = engine_read("bedrock-converse", ENGINE_WHOLE, 200,
        Q("{'output':{'message':{'role':'assistant','content':[]}},'stopReason':'end_turn','usage':{'inputTokens':3,'outputTokens':5,'cacheReadInputTokens':100,'cacheWriteInputTokens':50}}"));
    CHECK_INT(r.r.usage.input_tokens, 3);
    CHECK_INT(r.r.usage.cache_read_tokens, 100);
    CHECK_INT(r.r.usage.cache_write_5m_tokens, 50);
    CHECK_INT(r.r.usage.output_tokens, 5);
    engine_reply_free(&r);
}
