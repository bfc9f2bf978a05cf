/* >>t_bedrock: what goes over the wire to AWS, and what comes back that the golden files do not show. */
#include "events.h"

#define CLAUDE "global.anthropic.claude-sonnet-4-5-20250929-v1:0"
#define OLD_CLAUDE "us.anthropic.claude-3-5-sonnet-20241022-v2:0"
#define NEW_CLAUDE "us.anthropic.claude-opus-4-7"
#define NOVA "us.amazon.nova-2-lite-v1:0"
#define LLAMA "us.meta.llama4-maverick-17b-instruct-v1:0"
#define MISTRAL "mistral.mistral-large-2402-v1:0"

static engine_sent bedrock_send(const llmprov_request *req, const char *file, int line) { return engine_send_with("bedrock-converse", NULL, req, file, line); }
#define SEND(req) bedrock_send((req), __FILE__, __LINE__)

// -- the address ---------------------------------------------------------------------------

TEST(t_bedrock_paths_and_headers) {
    llmprov_request req = { .model = CLAUDE, .prompt = "Hi" };
    engine_sent s = SEND(&req);
    size_t i, accept = 0;
    if (s.http) CHECK_STR(s.http->url, "https://api.test/v1/model/global.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse");
    CHECK_BODY(s, "model", NULL);
    CHECK_BODY(s, "stream", NULL);
    CHECK_BODY(s, "messages", "[{\"role\":\"user\",\"content\":[{\"text\":\"Hi\"}]}]");
    CHECK_BODY(s, "inferenceConfig", NULL);
    engine_sent_free(&s);
    req.stream = LLMPROV_STREAM_ON;
    s = SEND(&req);
    if (s.http) CHECK_STR(s.http->url, "https://api.test/v1/model/global.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream");
    for (i = 0; s.http && i < s.http->header_count; i++)
        accept += !strcmp(s.http->headers[i].name, "accept") && !strcmp(s.http->headers[i].value, "application/vnd.amazon.eventstream");
    CHECK_INT(accept, 1);
    engine_sent_free(&s);
}

// -- settings ------------------------------------------------------------------------------

TEST(t_bedrock_inference_config) {
    static const char *const stops[] = { "A", "B" };
    llmprov_request req = { .model = OLD_CLAUDE, .prompt = "Hi", .max_tokens = LLMPROV_INT(100), .temperature = LLMPROV_NUM(0), .top_p = LLMPROV_NUM(0.5), .top_k = LLMPROV_INT(7),
                            .stop = stops, .stop_count = 2, .service_tier = "flex" };
    engine_sent s = SEND(&req);
    CHECK_BODY(s, "inferenceConfig", "{\"maxTokens\":100,\"temperature\":0,\"topP\":0.5,\"stopSequences\":[\"A\",\"B\"]}");
    CHECK_BODY(s, "additionalModelRequestFields", "{\"top_k\":7}");
    CHECK_BODY(s, "additionalModelResponseFieldPaths", "[\"/stop_sequence\"]");
    CHECK_BODY(s, "serviceTier", "{\"type\":\"flex\"}");
    CHECK_INT(s.warning_count, 0);
    engine_sent_free(&s);
    req.model = "us.amazon.nova-lite-v1:0";
    s = SEND(&req);
    CHECK_BODY(s, "additionalModelRequestFields", "{\"inferenceConfig\":{\"topK\":7}}");
    CHECK_BODY(s, "additionalModelResponseFieldPaths", NULL);
    engine_sent_free(&s);
}

TEST(t_bedrock_settings_without_a_place) {
    llmprov_request req = { .model = OLD_CLAUDE, .prompt = "Hi", .seed = LLMPROV_INT(1), .presence_penalty = LLMPROV_NUM(1), .frequency_penalty = LLMPROV_NUM(1), .n = LLMPROV_INT(2),
                            .user_id = "u1", .temperature = LLMPROV_NUM(1.5) };
    static const char *const fields[] = { "seed", "presence_penalty", "frequency_penalty", "n", "user_id" };
    engine_sent s = SEND(&req);
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(fields); i++) engine_check_warned(s.warnings, s.warning_count, LLMPROV_ERR_UNSUPPORTED, fields[i], __FILE__, __LINE__);
    engine_check_warned(s.warnings, s.warning_count, LLMPROV_ERR_ARGUMENT, "temperature", __FILE__, __LINE__);
    CHECK_BODY(s, "inferenceConfig", "{\"temperature\":1}");
    engine_sent_free(&s);
}

/* What the request has no field for goes into the body as the caller has it. */
TEST(t_bedrock_extra_members) {
    llmprov_request req = { .model = CLAUDE, .prompt = "Hi", .max_tokens = LLMPROV_INT(9), .thinking_tokens = LLMPROV_INT(2048),
        .extra = "{\"guardrailConfig\":{\"guardrailIdentifier\":\"g\",\"guardrailVersion\":\"1\"},\"performanceConfig\":{\"latency\":\"optimized\"},\"requestMetadata\":{\"team\":\"a\"},"
                 "\"additionalModelRequestFields\":{\"thinking\":{\"display\":\"omitted\"}}}" };
    engine_sent s = SEND(&req);
    CHECK_BODY(s, "guardrailConfig.guardrailIdentifier", "\"g\"");
    CHECK_BODY(s, "performanceConfig", "{\"latency\":\"optimized\"}");
    CHECK_BODY(s, "requestMetadata", "{\"team\":\"a\"}");
    CHECK_BODY(s, "additionalModelRequestFields", "{\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":2048,\"display\":\"omitted\"}}");
    CHECK_BODY(s, "inferenceConfig", "{\"maxTokens\":3072}");
    if (s.text && !test_excused()) CHECK(strstr(s.text, "\"messages\":") > strstr(s.text, "\"requestMetadata\":"));      /* the conversation stays last */
    engine_sent_free(&s);
}

// -- thinking, in each family's words ------------------------------------------------------

static void bedrock_thinks(const char *model, llmprov_request req, const char *fields, const char *inference, int line) {
    engine_sent s;
    req.model = model;
    req.prompt = "Hi";
    s = SEND(&req);
    engine_check_body(&s, "additionalModelRequestFields", fields, __FILE__, line);
    engine_check_body(&s, "inferenceConfig", inference, __FILE__, line);
    engine_sent_free(&s);
}
#define THINKS(model, request, fields, inference) bedrock_thinks((model), (llmprov_request) { request }, (fields), (inference), __LINE__)

TEST(t_bedrock_thinking_by_family) {
    THINKS(CLAUDE, .thinking_tokens = LLMPROV_INT(4000), "{\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":4000}}", NULL);
    THINKS(NEW_CLAUDE, .effort = LLMPROV_EFFORT_HIGH, "{\"thinking\":{\"type\":\"adaptive\"},\"output_config\":{\"effort\":\"high\"}}", NULL);
    THINKS(NEW_CLAUDE, .thinking = LLMPROV_THINKING_OFF, "{\"thinking\":{\"type\":\"disabled\"}}", NULL);
    THINKS(CLAUDE, .effort = LLMPROV_EFFORT_DEFAULT, NULL, NULL);
    THINKS("openai.gpt-oss-120b-1:0", .effort = LLMPROV_EFFORT_LOW, "{\"reasoning_effort\":\"low\"}", NULL);
    THINKS("openai.gpt-5.5", .effort = LLMPROV_EFFORT_HIGH, "{\"reasoning\":{\"effort\":\"high\"}}", NULL);
    THINKS("openai.gpt-5.5", .effort = LLMPROV_EFFORT_OFF, "{\"reasoning\":{\"effort\":\"none\"}}", NULL);
    THINKS("qwen.qwen3-32b-v1:0", .effort = LLMPROV_EFFORT_HIGH, "{\"reasoning_config\":\"high\"}", NULL);
    THINKS(NOVA, .effort = LLMPROV_EFFORT_MEDIUM, "{\"reasoningConfig\":{\"type\":\"enabled\",\"maxReasoningEffort\":\"medium\"}}", NULL);
    THINKS(NOVA, .thinking = LLMPROV_THINKING_ON, "{\"reasoningConfig\":{\"type\":\"enabled\",\"maxReasoningEffort\":\"medium\"}}", NULL);
    THINKS(NOVA, .thinking_tokens = LLMPROV_INT(20000), "{\"reasoningConfig\":{\"type\":\"enabled\",\"maxReasoningEffort\":\"high\"}}", NULL);
    THINKS(NOVA, .thinking = LLMPROV_THINKING_OFF, NULL, NULL);
    THINKS(LLAMA, .effort = LLMPROV_EFFORT_HIGH, NULL, NULL);
}

TEST(t_bedrock_thinking_takes_settings_away) {
    llmprov_request req = { .model = NOVA, .prompt = "Hi", .effort = LLMPROV_EFFORT_HIGH, .max_tokens = LLMPROV_INT(10), .temperature = LLMPROV_NUM(0.5), .top_p = LLMPROV_NUM(0.5), .top_k = LLMPROV_INT(5) };
    static const char *const fields[] = { "max_tokens", "temperature", "top_p", "top_k" };
    engine_sent s = SEND(&req);
    size_t i;
    CHECK_BODY(s, "inferenceConfig", NULL);
    for (i = 0; i < LLMPROV__COUNT(fields); i++) engine_check_warned(s.warnings, s.warning_count, LLMPROV_ERR_UNSUPPORTED, fields[i], __FILE__, __LINE__);
    engine_sent_free(&s);
    req.model = CLAUDE;
    req.max_tokens.set = false;
    req.effort = LLMPROV_EFFORT_DEFAULT;
    req.thinking_tokens.value = 2000;
    req.thinking_tokens.set = true;
    s = SEND(&req);
    CHECK_BODY(s, "inferenceConfig", NULL);
    CHECK_BODY(s, "additionalModelRequestFields.top_k", NULL);
    engine_sent_free(&s);
    req.model = LLAMA;                                        /* how Llama is told nobody knows */
    s = SEND(&req);
    engine_check_warned(s.warnings, s.warning_count, LLMPROV_ERR_UNSUPPORTED, "thinking", __FILE__, __LINE__);
    engine_check_warned(s.warnings, s.warning_count, LLMPROV_ERR_UNSUPPORTED, "top_k", __FILE__, __LINE__);
    engine_sent_free(&s);
}

/* What signed thinking came from here goes back, byte for byte; anybody else's does not. */
TEST(t_bedrock_thinking_goes_back) {
    llmprov_block blocks[5] = {
        { .type = LLMPROV_BLOCK_THINKING, .text = "Hm. ", .signature = "SIG==", .origin = "bedrock-converse" }, { .type = LLMPROV_BLOCK_REDACTED, .text = "UkVE", .origin = "bedrock-converse" },
        { .type = LLMPROV_BLOCK_THINKING, .text = "unsigned", .origin = "bedrock-converse" }, { .type = LLMPROV_BLOCK_THINKING, .text = "else", .signature = "S" }, { .text = "Yes." },
    };
    llmprov_block go = { .text = "Go on" };
    llmprov_message m[3] = { { .blocks = &go, .block_count = 1 }, { .role = LLMPROV_ROLE_ASSISTANT, .blocks = blocks, .block_count = 5 }, { .blocks = &go, .block_count = 1 } };
    llmprov_request req = { .model = CLAUDE, .messages = m, .message_count = 3 };
    engine_sent s = SEND(&req);
    CHECK_BODY(s, "messages[1].content", "[{\"reasoningContent\":{\"reasoningText\":{\"text\":\"Hm. \",\"signature\":\"SIG==\"}}},{\"reasoningContent\":{\"redactedContent\":\"UkVE\"}},{\"text\":\"Yes.\"}]");
    engine_check_warned(s.warnings, s.warning_count, LLMPROV_ERR_UNSUPPORTED, "messages[1].content[2]", __FILE__, __LINE__);
    engine_check_warned(s.warnings, s.warning_count, LLMPROV_ERR_UNSUPPORTED, "messages[1].content[3]", __FILE__, __LINE__);
    engine_sent_free(&s);
}

// -- betas ---------------------------------------------------------------------------------

TEST(t_bedrock_anthropics_own_tools_and_betas) {
    llmprov_tool tools[2] = { { .type = "computer_20250124", .name = "computer", .extra = "{\"display_width_px\":800,\"display_height_px\":600}" }, { .name = "add" } };
    llmprov_request req = { .model = CLAUDE, .prompt = "Hi", .tools = tools, .tool_count = 2, .headers = "anthropic-beta: one-2026-01-01, two-2026-01-01" };
    engine_sent s = SEND(&req);
    size_t i;
    CHECK_BODY(s, "additionalModelRequestFields", "{\"anthropic_beta\":[\"one-2026-01-01\",\"two-2026-01-01\",\"computer-use-2025-01-24\"],"
               "\"tools\":[{\"type\":\"computer_20250124\",\"name\":\"computer\",\"display_width_px\":800,\"display_height_px\":600}]}");
    CHECK_BODY(s, "toolConfig.tools", "[{\"toolSpec\":{\"name\":\"add\",\"inputSchema\":{\"json\":{\"type\":\"object\",\"properties\":{}}}}}]");
    for (i = 0; s.http && i < s.http->header_count; i++) CHECK(strcmp(s.http->headers[i].name, "anthropic-beta"));
    engine_sent_free(&s);
    req.model = NOVA;                                         /* elsewhere a function stands for it */
    s = SEND(&req);
    CHECK_BODY(s, "additionalModelRequestFields", NULL);
    CHECK_BODY(s, "toolConfig.tools[0].toolSpec.name", "\"computer\"");
    engine_check_warned(s.warnings, s.warning_count, LLMPROV_ERR_ARGUMENT, "tools", __FILE__, __LINE__);
    engine_sent_free(&s);
    tools[0].name = "ocm)))puter";                            /* whose name is as legal as those of others, and as long */
    req.tool_choice = LLMPROV_TOOL_NAMED;
    req.tool_name = tools[0].name;
    s = SEND(&req);
    CHECK_BODY(s, "toolConfig.tools[0].toolSpec.name", "\"ocm___puter_16cf9beb\"");
    CHECK_BODY(s, "toolConfig.toolChoice.tool.name", "\"ocm___puter_16cf9beb\"");
    engine_sent_free(&s);
    req.tool_choice = LLMPROV_TOOL_AUTO;
    tools[0].name = "a_name_of_sixty_five_bytes_which_is_one_more_than_a_tool_may_have";
    s = SEND(&req);
    CHECK_BODY(s, "toolConfig.tools[0].toolSpec.name", "\"a_name_of_sixty_five_bytes_which_is_one_more_than_a_too_770d875b\"");
    engine_sent_free(&s);
}

// -- tools ---------------------------------------------------------------------------------

static llmprov_tool bedrock_tools[2] = {
    { .name = "add", .description = "Adds.", .schema = "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"number\"}}}", .strict = LLMPROV_YES, .cache = LLMPROV_CACHE_1H },
    { .name = "nova_grounding", .type = "systemTool" },
};

TEST(t_bedrock_tools) {
    llmprov_request req = { .model = CLAUDE, .prompt = "Hi", .tools = bedrock_tools, .tool_count = 2 };
    engine_sent s = SEND(&req);
    CHECK_BODY(s, "toolConfig", "{\"tools\":[{\"toolSpec\":{\"name\":\"add\",\"description\":\"Adds.\",\"inputSchema\":{\"json\":{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"number\"}},\"additionalProperties\":false}},"
               "\"strict\":true}},{\"cachePoint\":{\"type\":\"default\",\"ttl\":\"1h\"}},{\"systemTool\":{\"name\":\"nova_grounding\"}}]}");
    engine_sent_free(&s);
    req.model = NOVA;                                         /* which takes no mark there */
    s = SEND(&req);
    CHECK_BODY(s, "toolConfig.tools[1].cachePoint", NULL);
    engine_check_warned(s.warnings, s.warning_count, LLMPROV_ERR_UNSUPPORTED, "tools", __FILE__, __LINE__);
    engine_sent_free(&s);
}

TEST(t_bedrock_tool_choices) {
    llmprov_request req = { .model = CLAUDE, .prompt = "Hi", .tools = bedrock_tools, .tool_count = 1, .tool_choice = LLMPROV_TOOL_ANY };
    engine_sent s = SEND(&req);
    CHECK_BODY(s, "toolConfig.toolChoice", "{\"any\":{}}");
    engine_sent_free(&s);
    req.tool_choice = LLMPROV_TOOL_NAMED;
    req.tool_name = "add";
    s = SEND(&req);
    CHECK_BODY(s, "toolConfig.toolChoice", "{\"tool\":{\"name\":\"add\"}}");
    engine_sent_free(&s);
    req.model = LLAMA;
    s = SEND(&req);
    CHECK_BODY(s, "toolConfig.toolChoice", NULL);
    engine_check_warned(s.warnings, s.warning_count, LLMPROV_ERR_ARGUMENT, "tool_choice", __FILE__, __LINE__);
    engine_sent_free(&s);
    req.tool_choice = LLMPROV_TOOL_NONE;
    s = SEND(&req);
    CHECK_BODY(s, "toolConfig", NULL);
    engine_sent_free(&s);
    req.tool_choice = LLMPROV_TOOL_AUTO;
    req.parallel_tools = LLMPROV_NO;
    s = SEND(&req);
    CHECK_BODY(s, "toolConfig.toolChoice", NULL);
    engine_check_warned(s.warnings, s.warning_count, LLMPROV_ERR_UNSUPPORTED, "parallel_tools", __FILE__, __LINE__);
    engine_sent_free(&s);
}

/* A conversation with a call: tools must be there, and "none" can only be said in words. */
static void bedrock_call(llmprov_message m[3], llmprov_block b[3]) {
    memset(m, 0, 3 * sizeof *m);
    memset(b, 0, 3 * sizeof *b);
    b[0].text = "Add.";
    b[1].type = LLMPROV_BLOCK_TOOL_USE;
    b[1].id = "tooluse_1";
    b[1].name = "add";
    b[1].json = "{\"a\":1}";
    b[2].type = LLMPROV_BLOCK_TOOL_RESULT;
    b[2].id = "tooluse_1";
    b[2].text = "42";
    m[0].blocks = &b[0], m[1].blocks = &b[1], m[2].blocks = &b[2];
    m[0].block_count = m[1].block_count = m[2].block_count = 1;
    m[1].role = LLMPROV_ROLE_ASSISTANT;
}

TEST(t_bedrock_calls_and_results) {
    llmprov_block b[3];
    llmprov_message m[3];
    llmprov_request req = { .model = CLAUDE, .messages = m, .message_count = 3, .tools = bedrock_tools, .tool_count = 1 };
    engine_sent s;
    bedrock_call(m, b);
    s = SEND(&req);
    CHECK_BODY(s, "messages[1].content", "[{\"toolUse\":{\"toolUseId\":\"tooluse_1\",\"name\":\"add\",\"input\":{\"a\":1}}}]");
    CHECK_BODY(s, "messages[2].content", "[{\"toolResult\":{\"toolUseId\":\"tooluse_1\",\"content\":[{\"text\":\"42\"}]}}]");
    engine_sent_free(&s);
    b[2].is_error = true;
    b[2].text = " ";
    s = SEND(&req);
    CHECK_BODY(s, "messages[2].content", "[{\"toolResult\":{\"toolUseId\":\"tooluse_1\",\"content\":[],\"status\":\"error\"}}]");
    engine_sent_free(&s);
    req.tool_choice = LLMPROV_TOOL_NONE;
    s = SEND(&req);
    CHECK_BODY(s, "toolConfig.tools[0].toolSpec.name", "\"add\"");
    CHECK_BODY(s, "system", "[{\"text\":\"Answer without calling any tool.\"}]");
    engine_check_warned(s.warnings, s.warning_count, LLMPROV_ERR_ARGUMENT, "tool_choice", __FILE__, __LINE__);
    engine_sent_free(&s);
}

TEST(t_bedrock_structured_answers) {
    llmprov_request req = { .model = CLAUDE, .prompt = "Hi", .schema = "{\"type\":\"object\"}", .schema_name = "city" };
    engine_sent s = SEND(&req);
    CHECK_BODY(s, "outputConfig", "{\"textFormat\":{\"type\":\"json_schema\",\"structure\":{\"jsonSchema\":{\"name\":\"city\",\"schema\":\"{\\\"type\\\":\\\"object\\\",\\\"properties\\\":{},\\\"additionalProperties\\\":false}\"}}}}");
    CHECK_BODY(s, "toolConfig", NULL);
    engine_sent_free(&s);
    req.model = OLD_CLAUDE;
    s = SEND(&req);
    CHECK_BODY(s, "outputConfig", NULL);
    CHECK_BODY(s, "toolConfig.tools[0].toolSpec.inputSchema.json", "{\"type\":\"object\",\"properties\":{}}");
    CHECK_BODY(s, "toolConfig.toolChoice", "{\"tool\":{\"name\":\"city\"}}");
    engine_check_warned(s.warnings, s.warning_count, LLMPROV_ERR_ARGUMENT, "schema", __FILE__, __LINE__);
    engine_sent_free(&s);
}

/* The forced tool's arguments are the answer's text. */
TEST(t_bedrock_structured_answer_by_a_tool) {
    llmprov_request req = { .model = OLD_CLAUDE, .prompt = "Hi", .schema = "{\"type\":\"object\"}", .schema_name = "city" };
    engine_text body = { NULL, 0, 0 };
    engine_wire w;
    engine_reply r;
    events_event(&body, "contentBlockStart", Q("{'contentBlockIndex':0,'start':{'toolUse':{'toolUseId':'t','name':'city'}}}"));
    events_event(&body, "contentBlockDelta", Q("{'contentBlockIndex':0,'delta':{'toolUse':{'input':'{\\'name\\':\\'Lisbon\\'}'}}}"));
    events_event(&body, "messageStop", Q("{'stopReason':'tool_use'}"));
    w = engine_wire_of(ENGINE_STREAM, 200, body.ptr, body.len);
    r = engine_read_wire(engine_open("bedrock-converse", NULL), &req, ENGINE_STREAM, &w, __FILE__, __LINE__);
    CHECK_STR(r.r.text, "{\"name\":\"Lisbon\"}");
    CHECK_INT(r.r.stop, LLMPROV_STOP_END);
    engine_reply_free(&r);
    engine_text_free(&body);
}

// -- media ---------------------------------------------------------------------------------

static void bedrock_one(llmprov_block b, const char *expected, int line) {
    llmprov_block two[2] = { { .text = "Look." } };
    llmprov_message m = { .blocks = two, .block_count = 2 };
    llmprov_request req = { .model = CLAUDE, .messages = &m, .message_count = 1 };
    engine_sent s;
    two[1] = b;
    s = SEND(&req);
    if (expected) engine_check_body(&s, "messages[0].content[1]", expected, __FILE__, line);
    else if (!test_excused() && s.error.code != LLMPROV_ERR_UNSUPPORTED) test_fail(__FILE__, line, "%s", s.error.message);
    engine_sent_free(&s);
}
#define ONE(expected, ...) bedrock_one((llmprov_block) { __VA_ARGS__ }, (expected), __LINE__)

TEST(t_bedrock_media) {
    ONE("{\"image\":{\"format\":\"png\",\"source\":{\"bytes\":\"AAEC\"}}}", .type = LLMPROV_BLOCK_IMAGE, .mime = "image/png", .data = "\0\1\2", .data_len = 3);
    ONE("{\"image\":{\"format\":\"jpeg\",\"source\":{\"bytes\":\"AAEC\"}}}", .type = LLMPROV_BLOCK_IMAGE, .mime = "IMAGE/JPEG", .base64 = "AAEC");
    ONE("{\"image\":{\"format\":\"webp\",\"source\":{\"s3Location\":{\"uri\":\"s3://b/k.webp\",\"bucketOwner\":\"1\"}}}}", .type = LLMPROV_BLOCK_IMAGE, .url = "s3://b/k.webp", .extra = "{\"bucketOwner\":\"1\"}");
    ONE("{\"video\":{\"format\":\"three_gp\",\"source\":{\"bytes\":\"AAEC\"}}}", .type = LLMPROV_BLOCK_VIDEO, .mime = "video/3gpp", .base64 = "AAEC");
    ONE("{\"audio\":{\"format\":\"mp3\",\"source\":{\"bytes\":\"AAEC\"}}}", .type = LLMPROV_BLOCK_AUDIO, .mime = "audio/mpeg", .base64 = "AAEC");
    ONE("{\"document\":{\"format\":\"pdf\",\"name\":\"report\",\"source\":{\"bytes\":\"AAEC\"}}}", .type = LLMPROV_BLOCK_DOCUMENT, .mime = "application/pdf", .name = "report", .base64 = "AAEC");
    ONE("{\"document\":{\"format\":\"txt\",\"name\":\"document\",\"source\":{\"bytes\":\"aGk=\"}}}", .type = LLMPROV_BLOCK_DOCUMENT, .text = "hi");
    ONE("{\"document\":{\"format\":\"txt\",\"name\":\"facts\",\"source\":{\"text\":\"hi\"},\"context\":\"old\",\"citations\":{\"enabled\":true}}}", .type = LLMPROV_BLOCK_DOCUMENT, .text = "hi",
        .mime = "text/plain", .name = "facts", .extra = "{\"citations\":{\"enabled\":true},\"context\":\"old\"}");
    ONE(NULL, .type = LLMPROV_BLOCK_IMAGE, .url = "https://a.test/x.png");
    ONE(NULL, .type = LLMPROV_BLOCK_IMAGE, .file_id = "f");
    ONE(NULL, .type = LLMPROV_BLOCK_IMAGE, .mime = "image/tiff", .base64 = "AAEC");
    ONE(NULL, .type = LLMPROV_BLOCK_IMAGE, .base64 = "AAEC");
    ONE(NULL, .type = LLMPROV_BLOCK_DOCUMENT, .mime = "application/zip", .base64 = "AAEC");
}

TEST(t_bedrock_a_document_alone_gets_words) {
    llmprov_block b = { .type = LLMPROV_BLOCK_DOCUMENT, .mime = "application/pdf", .base64 = "AAEC" };
    llmprov_message m = { .blocks = &b, .block_count = 1 };
    llmprov_request req = { .model = CLAUDE, .messages = &m, .message_count = 1 };
    engine_sent s = SEND(&req);
    CHECK_BODY(s, "messages[0].content[0]", "{\"text\":\".\"}");
    CHECK_BODY(s, "messages[0].content[1].document.name", "\"document\"");
    engine_check_warned(s.warnings, s.warning_count, LLMPROV_ERR_ARGUMENT, "messages[0].content[0]", __FILE__, __LINE__);
    engine_sent_free(&s);
}

// -- system, marks, roles --------------------------------------------------------------------

TEST(t_bedrock_system_and_marks) {
    llmprov_block system[2] = { { .text = "Be brief.", .cache = LLMPROV_CACHE_1H }, { .text = "Be kind." } };
    llmprov_block b = { .text = "Hi", .cache = LLMPROV_CACHE_5M };
    llmprov_message m = { .blocks = &b, .block_count = 1 };
    llmprov_request req = { .model = CLAUDE, .system_blocks = system, .system_count = 2, .messages = &m, .message_count = 1, .prompt = "More", .cache = LLMPROV_CACHE_5M };
    engine_sent s = SEND(&req);
    CHECK_BODY(s, "system", "[{\"text\":\"Be brief.\"},{\"cachePoint\":{\"type\":\"default\",\"ttl\":\"1h\"}},{\"text\":\"Be kind.\"}]");
    CHECK_BODY(s, "messages", "[{\"role\":\"user\",\"content\":[{\"text\":\"Hi\"},{\"cachePoint\":{\"type\":\"default\"}},{\"text\":\"More\"},{\"cachePoint\":{\"type\":\"default\"}}]}]");
    CHECK_INT(s.warning_count, 0);
    engine_sent_free(&s);
    req.model = LLAMA;
    s = SEND(&req);
    CHECK_BODY(s, "system", "[{\"text\":\"Be brief.\"},{\"text\":\"Be kind.\"}]");
    CHECK_BODY(s, "messages", "[{\"role\":\"user\",\"content\":[{\"text\":\"Hi\"},{\"text\":\"More\"}]}]");
    engine_check_warned(s.warnings, s.warning_count, LLMPROV_ERR_UNSUPPORTED, "cache", __FILE__, __LINE__);
    engine_sent_free(&s);
}

TEST(t_bedrock_models_without_a_system_role) {
    llmprov_request req = { .model = "amazon.titan-text-express-v1", .system = "Be brief.", .prompt = "Hi" };
    engine_sent s = SEND(&req);
    CHECK_BODY(s, "system", NULL);
    CHECK_BODY(s, "messages[0].content", "[{\"text\":\"Be brief.\"},{\"text\":\"Hi\"}]");
    engine_sent_free(&s);
}

// -- a reply, sent back ----------------------------------------------------------------------

/* What the format minted goes back as it came: through the blocks of a reply, and through a saved history. */
TEST_NO_OOM(t_bedrock_replies_go_back_as_they_came) {
    static const char content[] = "[{'text':'See '},{'citationsContent':{'content':[{'text':'this'}],'citations':[{'title':'t','location':{'web':{'url':'u'}}}]}},"
        "{'toolUse':{'toolUseId':'s1','name':'nova_grounding','input':{'q':'x'},'type':'server_tool_use'}},"
        "{'toolResult':{'toolUseId':'s1','content':[{'text':'found'}],'status':'success','type':'nova_grounding_result'}},{'hologram':{'depth':3}},{'text':'.'}]";
    engine_text body = { NULL, 0, 0 };
    llmprov_history h = { .alloc = test_alloc() }, again = { .alloc = test_alloc() };
    llmprov_request req = { .model = NOVA, .history = &h };
    llmprov_text saved;
    engine_reply r;
    engine_sent s;
    engine_adds(&body, Q("{'output':{'message':{'role':'assistant','content':"));
    engine_adds(&body, Q(content));
    engine_adds(&body, Q("}},'stopReason':'end_turn','usage':{'inputTokens':1,'outputTokens':2,'totalTokens':3}}"));
    r = engine_read_at("bedrock-converse", ENGINE_WHOLE, 200, body.ptr, body.len, __FILE__, __LINE__);
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "Hi");
    llmprov_add_message(&h, &r.r.message);
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "More");
    s = SEND(&req);
    CHECK_BODY(s, "messages[1].content", Q(content));
    CHECK_INT(s.warning_count, 0);
    engine_sent_free(&s);
    OK(llmprov_history_save(&h, &saved));
    OK(llmprov_history_load(&again, saved.ptr, saved.len, NULL));
    req.history = &again;
    s = SEND(&req);
    CHECK_BODY(s, "messages[1].content", Q(content));
    engine_sent_free(&s);
    s = engine_send("anthropic-messages", &req);              /* to others it means nothing */
    CHECK_BODY(s, "messages[1].content", Q("[{'type':'text','text':'See '},{'type':'text','text':'this'},{'type':'text','text':'.'}]"));
    engine_sent_free(&s);
    llmprov_text_free(&saved);
    llmprov_history_free(&h);
    llmprov_history_free(&again);
    engine_reply_free(&r);
    engine_text_free(&body);
}

// -- streams that break ----------------------------------------------------------------------

static engine_reply bedrock_stream(const engine_text *body, const char *file, int line) {
    llmprov_request req = { .model = CLAUDE, .prompt = "Hi" };
    engine_wire w = engine_wire_of(ENGINE_STREAM, 200, body->ptr, body->len);
    w.headers[0].value = "application/vnd.amazon.eventstream";
    return engine_read_wire(engine_open("bedrock-converse", NULL), &req, ENGINE_STREAM, &w, file, line);
}
#define STREAM(body) bedrock_stream((body), __FILE__, __LINE__)

static void bedrock_hello(engine_text *body) {
    events_event(body, "messageStart", "{\"role\":\"assistant\"}");
    events_event(body, "contentBlockDelta", "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"Hello\"}}");
    events_event(body, "contentBlockDelta", "{\"contentBlockIndex\":0,\"delta\":{\"text\":\" there\"}}");
}

TEST(t_bedrock_a_broken_frame_is_named) {
    engine_text body = { NULL, 0, 0 };
    engine_reply r;
    bedrock_hello(&body);
    events_event(&body, "messageStop", "{\"stopReason\":\"end_turn\"}");
    body.ptr[body.len - 1] ^= 1;
    r = STREAM(&body);
    CHECK_INT(r.r.error.code, LLMPROV_ERR_BAD_REPLY);
    CHECK_STR(r.r.error.message, "stream event 4: its checksum is wrong");
    CHECK_STR(r.r.text, "Hello there");
    engine_reply_free(&r);
    body.ptr[body.len - 1] ^= 1;
    body.len -= 3;
    r = STREAM(&body);
    CHECK_INT(r.r.error.code, LLMPROV_ERR_TRUNCATED);
    CHECK_STR(r.r.error.message, "stream event 4: the stream ended in the middle of it");
    CHECK_STR(r.r.text, "Hello there");
    engine_reply_free(&r);
    engine_text_free(&body);
}

TEST(t_bedrock_streams_without_an_end) {
    engine_text body = { NULL, 0, 0 };
    engine_reply r;
    bedrock_hello(&body);
    r = STREAM(&body);
    CHECK_INT(r.r.error.code, LLMPROV_ERR_TRUNCATED);
    CHECK_STR(r.r.text, "Hello there");
    engine_reply_free(&r);
    body.len = 0;
    events_event(&body, "contentBlockDelta", "{\"contentBlockIndex\":65536,\"delta\":{\"text\":\"x\"}}");
    r = STREAM(&body);
    CHECK_INT(r.r.error.code, LLMPROV_ERR_BAD_REPLY);
    engine_reply_free(&r);
    body.len = 0;
    events_event(&body, "contentBlockDelta", "{\"contentBlockIndex\":0,");
    r = STREAM(&body);
    CHECK_INT(r.r.error.code, LLMPROV_ERR_BAD_REPLY);
    CHECK(r.r.error.message && !strncmp(r.r.error.message, "stream event 1 is not JSON", 26));
    engine_reply_free(&r);
    engine_text_free(&body);
}

TEST_NO_OOM(t_bedrock_a_frame_beyond_the_limit) {
    llmprov_desc d = { .limits = { .max_event_bytes = 200 } };
    llmprov_request req = { .model = CLAUDE, .prompt = "Hi" };
    engine_text body = { NULL, 0, 0 }, none = { NULL, 0, 0 };
    engine_wire w;
    engine_reply r;
    bedrock_hello(&body);
    events_told(&body, 0xFFFFFFFFu, 0, &none, "", 0);
    w = engine_wire_of(ENGINE_STREAM, 200, body.ptr, body.len);
    r = engine_read_wire(engine_open("bedrock-converse", &d), &req, ENGINE_STREAM, &w, __FILE__, __LINE__);
    CHECK_INT(r.r.error.code, LLMPROV_ERR_LIMIT);
    CHECK_STR(r.r.error.message, "stream event 4: it is longer than limits.max_event_bytes");
    CHECK_STR(r.r.text, "Hello there");
    engine_reply_free(&r);
    engine_text_free(&body);
}

/* A gateway may answer a streaming request with JSON, or with something else. */
TEST(t_bedrock_what_is_no_event_stream) {
    engine_reply r = engine_read("bedrock-converse", ENGINE_STREAM, 200, Q("{'output':{'message':{'role':'assistant','content':[{'text':'whole'}]}},'stopReason':'end_turn'}"));
    CHECK_STR(r.r.text, "whole");
    CHECK_INT(r.r.error.code, LLMPROV_OK);
    engine_reply_free(&r);
    r = engine_read("bedrock-converse", ENGINE_STREAM, 200, "data: {\"x\":1}\n\n");
    CHECK_INT(r.r.error.code, LLMPROV_ERR_BAD_REPLY);
    engine_reply_free(&r);
    r = engine_read("bedrock-converse", ENGINE_WHOLE, 200, "{\"stopReason\":\"end_turn\"}");
    CHECK_INT(r.r.error.code, LLMPROV_ERR_BAD_REPLY);
    engine_reply_free(&r);
}

// -- what else comes --------------------------------------------------------------------------

static void bedrock_rows(const engine_row *rows, size_t count, int line) {
    size_t i;
    for (i = 0; i < count && !test_excused(); i++) {
        engine_text bytes = events_read(Q(rows[i].said), strlen(rows[i].said));
        llmprov_request req = { .model = "test-model", .prompt = "Hello" };
        engine_wire w = engine_wire_of(ENGINE_STREAM, 200, bytes.ptr, bytes.len);
        engine_check_shown(test_now.oom ? engine_read_once_wire(engine_open("bedrock-converse", NULL), &req, ENGINE_STREAM, &w, __FILE__, line) :
                           engine_read_wire(engine_open("bedrock-converse", NULL), &req, ENGINE_STREAM, &w, __FILE__, line), rows[i].shown, rows[i].said, __FILE__, line);
        engine_text_free(&bytes);
    }
}

#define BEDROCK_START(index, start) "event contentBlockStart {'contentBlockIndex':" index ",'start':" start "}\n"
#define BEDROCK_DELTA(index, delta) "event contentBlockDelta {'contentBlockIndex':" index ",'delta':" delta "}\n"
#define BEDROCK_STOP(index) "event contentBlockStop {'contentBlockIndex':" index "}\n"
#define BEDROCK_END "event messageStop {'stopReason':'end_turn'}\n"

TEST(t_bedrock_streams_of_every_model) {
    static const engine_row rows[] = {
        { BEDROCK_DELTA("0", "{'text':'a'}") BEDROCK_DELTA("0", "{'text':7}") "event contentBlockDelta {'contentBlockIndex':0}\n" BEDROCK_DELTA("0", "{'reasoningContent':{'text':'h','signature':'S'}}") BEDROCK_DELTA("0", "{'reasoningContent':{'signature':7}}")
          BEDROCK_DELTA("0", "{'reasoningContent':{'redactedContent':'R'}}") BEDROCK_DELTA("0", "{'odd':1}") BEDROCK_DELTA("20", "{'text':'b'}") BEDROCK_STOP("30") BEDROCK_END, "a|~h^S|#|b" },
        { BEDROCK_DELTA("0", "{'text':'a'}") BEDROCK_DELTA("0", "{'toolUse':{'input':'{}'}}") BEDROCK_DELTA("1", "{'toolUse':{'input':{'a':1}}}") BEDROCK_DELTA("2", "{'toolUse':{'input':7}}") BEDROCK_END, "a|unnamed({})|unnamed({\"a\":1})|unnamed?({\"rawInvalidInput\":\"7\"})" },
        { "event contentBlockDelta  {'contentBlockIndex':0,'delta':{'toolUse':{'input':[1]}}}\n" BEDROCK_DELTA("1", "{'toolUse':{'input':{}}}") BEDROCK_START("2", "{'image':{'format':'png'}}") BEDROCK_DELTA("2", "{'odd':1}") BEDROCK_STOP("2") "event messageStop {}\n" BEDROCK_END, "unnamed?({\"rawInvalidInput\":\"[1]\"})|unnamed({})|?" },
        { "event messageStop {'stopReason':'stop_sequence','additionalModelResponseFields':{}}\n", "" },
        { BEDROCK_START("0", "{'toolUse':{'name':'f','toolUseId':'a'}}") BEDROCK_DELTA("0", "{'toolUse':{'input':{}}}") BEDROCK_DELTA("0", "{'toolUse':{}}") BEDROCK_START("0", "{'toolUse':{'name':'g','toolUseId':'b','type':'server_tool_use'}}") BEDROCK_DELTA("0", "{'toolUse':{'input':'{}'}}") BEDROCK_END,
          "f({})|server_tool_use{}" },
        { "event contentBlockStart {'contentBlockIndex':0}\n" BEDROCK_START("0", "{}") BEDROCK_START("1", "{'odd':1}") "event contentBlockStart {'contentBlockIndex':65536,'start':{}}\n", "!a content block has an index beyond 65535" },
        { "event contentBlockStop {'contentBlockIndex':65536}\n", "!a content block has an index beyond 65535" }, { BEDROCK_DELTA("65536", "{'text':'a'}"), "!a content block has an index beyond 65535" },
        { BEDROCK_START("0", "{'toolResult':{'toolUseId':'a'}}") BEDROCK_DELTA("0", "{'toolResult':[{'text':'x'}]}") BEDROCK_DELTA("0", "{'toolResult':[{'text':'y'}]}") BEDROCK_STOP("0") BEDROCK_START("1", "{'toolResult':{'toolUseId':'b','status':'error','type':'t'}}") BEDROCK_STOP("1")
          BEDROCK_DELTA("2", "{'toolResult':[]}") BEDROCK_END, "server_tool_result[{\"text\":\"x\"},{\"text\":\"y\"}]|server_tool_result[]" },
        { BEDROCK_START("0", "{'image':{'format':'png'}}") BEDROCK_DELTA("0", "{'image':{'source':{'bytes':'aG'}}}") BEDROCK_DELTA("0", "{'image':{'source':{'bytes':'k='}}}") BEDROCK_DELTA("0", "{'image':{'source':{'bytes':7}}}") BEDROCK_DELTA("0", "{'image':{}}") BEDROCK_STOP("0")
          BEDROCK_START("1", "{'image':{}}") BEDROCK_STOP("1") BEDROCK_END, "?|?" },
        { "event messageStop {'stopReason':7}\n" "event metadata {'usage':7}\n" "event odd {'x':1}\n" BEDROCK_END "event metadata {'usage':{'inputTokens':1,'outputTokens':2,'cacheDetails':[7,{'ttl':'1h','inputTokens':1}]}}\n", "" },
        { "event messageStop {'stopReason':'stop_sequence','additionalModelResponseFields':{'delta':{'stop_sequence':7}}}\n", "" }, { "event messageStop {'stopReason':'stop_sequence','additionalModelResponseFields':{'stop_sequence':'END'}}\n", "" },
    };
    bedrock_rows(rows, LLMPROV__COUNT(rows), __LINE__);
}

#define BEDROCK_WHOLE(content) "{'output':{'message':{'role':'assistant','content':" content "}},'stopReason':'end_turn'}"

TEST(t_bedrock_whole_replies_of_every_model) {
    static const engine_row rows[] = {
        { BEDROCK_WHOLE("[{'text':'a','type':'x'},{'text':null},{'citationsContent':{}},{'citationsContent':{'content':[{'text':'b'}],'citations':[{'x':1}]}},{'odd':{'y':1}}]"), "a||b|odd{\"type\":\"odd\",\"odd\":{\"y\":1}}" },
        { BEDROCK_WHOLE("[{'toolUse':{'toolUseId':'a','name':'f'}},{'toolUse':{'toolUseId':'b','name':'g','input':{}}},{'toolResult':{'toolUseId':'c'}},{'reasoningContent':{'reasoningText':{'text':'h'}}}]"), "f({})|g({})|server_tool_result[]|~h" },
        { BEDROCK_WHOLE("7"), "!the reply is no message: it has no \"output.message.content\"" }, { "{'output':{}}", "!the reply is no message: it has no \"output.message.content\"" }, { "[]", "!the reply is no message: it has no \"output.message.content\"" },
        { BEDROCK_WHOLE("[{'image':{'format':'png','source':{'bytes':'aGk='}}},{'image':{}}]"), "?|?" },
    };
    ENGINE_ROWS("bedrock-converse", ENGINE_WHOLE, rows);
}

// -- requests that came in this format ---------------------------------------------------------

/* A request of a client's, for a model, and what goes out; NULL = the same. */
static void bedrock_round(const char *model, const char *headers, const char *asked, const char *sent, int line) {
    llmprov_alloc alloc = test_alloc();
    engine_text json = { NULL, 0, 0 };
    llmprov_asked a;
    engine_adds(&json, Q(asked));
    if (llmprov_ask(NULL, "bedrock-converse", json.ptr, json.len, &alloc, &a) && !test_excused()) test_fail(__FILE__, line, "%s: %s", asked, a.error.message);
    if (!a.error.code) {
        llmprov_request req = a.request;
        engine_sent s;
        req.model = model;
        req.headers = headers;
        s = bedrock_send(&req, __FILE__, line);
        if (!s.body && !test_excused()) test_fail(__FILE__, line, "%s: %s", asked, s.error.message);
        if (s.body && !engine_check_json(s.text, s.len, sent ? Q(sent) : json.ptr, "the request", __FILE__, line) && !test_excused()) printf("    %s\n", asked);
        engine_sent_free(&s);
    }
    llmprov_asked_free(&a);
    engine_text_free(&json);
}

#define BEDROCK_HI "'messages':[{'role':'user','content':[{'text':'Hi'}]}]"
#define BEDROCK_ASK(inside) "{" inside "," BEDROCK_HI "}"
#define BEDROCK_TALK(content, results) "{'messages':[{'role':'user','content':[{'text':'Hi'}]},{'role':'assistant','content':" content "},{'role':'user','content':" results "}],'toolConfig':{'tools':[{'toolSpec':{'name':'f','inputSchema':{'json':{'type':'object'}}}}]}}"

TEST(t_bedrock_requests_come_back_as_they_were) {
    static const struct { const char *model, *headers, *asked, *sent; } cases[] = {
        { CLAUDE, NULL, BEDROCK_ASK("'inferenceConfig':{'maxTokens':null,'stopSequences':[],'odd':1,'temperature':null,'topP':0.5}"), NULL }, { CLAUDE, NULL, BEDROCK_ASK("'inferenceConfig':{'topP':null}"), NULL },
        { CLAUDE, NULL, BEDROCK_ASK("'additionalModelRequestFields':{'thinking':{'type':'enabled','budget_tokens':2000,'od\\u0064':1},'anthropic_beta':['a'],'top_k':null,'x':1},'inferenceConfig':{'maxTokens':3000}"),
          BEDROCK_ASK("'additionalModelRequestFields':{'thinking':{'type':'enabled','budget_tokens':2000,'odd':1},'anthropic_beta':['a'],'top_k':null,'x':1},'inferenceConfig':{'maxTokens':3000}") },
        { CLAUDE, "anthropic-beta: b,, c", BEDROCK_ASK("'additionalModelRequestFields':{'anthropic_beta':['a'],'x':1}"), BEDROCK_ASK("'additionalModelRequestFields':{'anthropic_beta':['a','b','c'],'x':1}") },
        { CLAUDE, "anthropic-beta: b", BEDROCK_ASK("'additionalModelRequestFields':{'x':1}"), BEDROCK_ASK("'additionalModelRequestFields':{'anthropic_beta':['b'],'x':1}") },
        { NEW_CLAUDE, NULL, BEDROCK_ASK("'outputConfig':{'effort':'low','odd':1},'additionalModelRequestFields':{'output_config':{'odd':2}}"), NULL },
        { NOVA, NULL, BEDROCK_ASK("'additionalModelRequestFields':{'inferenceConfig':{'topK':5,'odd':1},'x':1}"), NULL }, { LLAMA, NULL, BEDROCK_ASK("'additionalModelRequestFields':{'top_k':5}"), NULL },
        { CLAUDE, NULL, BEDROCK_ASK("'outputConfig':{'textFormat':{'type':'json_schema','structure':{'jsonSchema':{'name':'n','schema':'{}'}}}}"), NULL }, { CLAUDE, NULL, BEDROCK_ASK("'outputConfig':{'textFormat':{'type':'text'}}"), NULL },
        { CLAUDE, NULL, BEDROCK_ASK("'serviceTier':{'type':'flex','odd':1}"), NULL }, { CLAUDE, NULL, BEDROCK_ASK("'serviceTier':{'odd':1}"), NULL }, { CLAUDE, NULL, BEDROCK_ASK("'system':[]"), NULL },
        { CLAUDE, NULL, BEDROCK_ASK("'toolConfig':{'tools':[{'toolSpec':{'name':'f','inputSchema':{'json':{'type':'object'}},'strict':false}},{'systemTool':{'name':'s','odd':1}},{'cachePoint':{'type':'default'}}],'toolChoice':{'tool':{'name':'f'}}}"), NULL },
        { CLAUDE, NULL, BEDROCK_ASK("'toolConfig':{'tools':[{'toolSpec':{'name':'f','description':'','inputSchema':{'json':{'type':'object'}}}}],'toolChoice':{'auto':{}}}"),
          BEDROCK_ASK("'toolConfig':{'tools':[{'toolSpec':{'name':'f','inputSchema':{'json':{'type':'object'}}}}],'toolChoice':{'auto':{}}}") },
        { CLAUDE, NULL, BEDROCK_ASK("'toolConfig':{'tools':[{'toolSpec':{'name':'f','inputSchema':{'json':{'type':'object'}}}}],'toolChoice':{'any':{}}}"), NULL }, { CLAUDE, NULL, BEDROCK_ASK("'toolConfig':{'tools':[{'toolSpec':{'name':'f','inputSchema':{'json':{'type':'object'}}}}],'toolChoice':{'odd':{}}}"), NULL },
        { CLAUDE, "anthropic-beta: ,b", BEDROCK_ASK("'additionalModelRequestFields':{'output_config':{'odd':1},'x':1}"), BEDROCK_ASK("'additionalModelRequestFields':{'anthropic_beta':['b'],'output_config':{'odd':1},'x':1}") },
        { CLAUDE, NULL, BEDROCK_ASK("'inferenceConfig':{'maxTokens':5,'temperature':7},'additionalModelRequestFields':{'thinking':{'type':'enabled','budget_tokens':2000}}"), BEDROCK_ASK("'inferenceConfig':{'maxTokens':3024},'additionalModelRequestFields':{'thinking':{'type':'enabled','budget_tokens':2000}}") },
        { NOVA, NULL, BEDROCK_ASK("'inferenceConfig':{'maxTokens':5},'additionalModelRequestFields':{'reasoningConfig':{'type':'enabled','maxReasoningEffort':'high'},'inferenceConfig':{'topK':5,'odd':1}}"),
          BEDROCK_ASK("'inferenceConfig':{},'additionalModelRequestFields':{'inferenceConfig':{'odd':1},'reasoningConfig':{'type':'enabled','maxReasoningEffort':'high'}}") },
        { CLAUDE, NULL, BEDROCK_ASK("'toolConfig':{'tools':[]}"), NULL }, { CLAUDE, NULL, BEDROCK_ASK("'toolConfig':{'tools':[{'cachePoint':{'type':'default'}}]}"), NULL },
        { CLAUDE, NULL, BEDROCK_TALK("[{'toolUse':{'toolUseId':'t','name':'f','input':{}}}]", "[{'toolResult':{'toolUseId':'t','content':[{'odd':{'a':1}},{'json':[1]}]}}]"), NULL },
        { CLAUDE, NULL, "{'messages':[{'role':'user','content':[{'text':'Hi'}],'odd':1}]}", NULL },
        { CLAUDE, NULL, "{'messages':[{'role':'user','content':[{'text':'Hi'},{'document':{'name':'d','format':'txt','source':{'content':[{'text':'x'}]},'citations':{'enabled':true}}},{'document':{'name':'e','format':'txt','source':{'text':'x'},'citations':{'enabled':false},'context':'c'}}]}]}", NULL },
        { CLAUDE, NULL, "{'messages':[{'role':'user','content':[{'text':'Hi'},{'document':{'name':'d','source':{'content':[{'text':'x'}]},'citations':{'enabled':true}}},{'document':{'name':'e','source':{'text':'x'}}}]}]}", NULL },
        { CLAUDE, NULL, "{'messages':[{'role':'user','content':[{'text':'Hi'},{'image':{'format':'png','source':{'s3Location':{'uri':'s3://a/b','bucketOwner':'o'}}}}]}]}", NULL },
        { CLAUDE, NULL, BEDROCK_TALK("[{'citationsContent':{'content':[{'text':'a'},{'text':'b'}],'citations':[{'x':1}]}},{'toolUse':{'toolUseId':'t','name':'f','input':{}}}]", "[{'toolResult':{'toolUseId':'t','content':[{'json':{'a':1}},{'text':'r'}],'status':'success'}}]"), NULL },
        { CLAUDE, NULL, BEDROCK_TALK("[{'citationsContent':{'content':[{'text':'a'}],'citations':[{'x':1}]}},{'toolUse':{'toolUseId':'t','name':'f','input':{}}}]", "[{'toolResult':{'toolUseId':'t','content':[{'text':' '}]}}]"),
          BEDROCK_TALK("[{'citationsContent':{'content':[{'text':'a'}],'citations':[{'x':1}]}},{'toolUse':{'toolUseId':'t','name':'f','input':{}}}]", "[{'toolResult':{'toolUseId':'t','content':[]}}]") },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases) && !test_excused(); i++) bedrock_round(cases[i].model, cases[i].headers, cases[i].asked, cases[i].sent, __LINE__);
}

/* A model that thinks always; one that takes one of two settings. Betas of any length. */
TEST(t_bedrock_what_cannot_be_sent) {
    static char betas[1000] = "anthropic-beta: ";
    llmprov_request req = { .model = CLAUDE, .prompt = "Hi", .headers = betas };
    llmprov_alloc alloc = test_alloc();
    llmprov_registry *reg = llmprov_registry_new(&alloc);
    llmprov_profile always = { .prefix = "odd-", .flags = LLMPROV_MODEL_GPT_OSS | LLMPROV_MODEL_REASONS | LLMPROV_MODEL_ONE_SAMPLING, .efforts = "low high" };
    llmprov_desc desc = { .provider = "bedrock-converse", .registry = reg };
    engine_sent s;
    memset(betas + 16, 'b', 900);
    s = SEND(&req);
    if (!test_excused()) CHECK(s.body && strstr(s.text, betas + 16));
    engine_sent_free(&s);
    if (reg) llmprov_register_profile(reg, &always, 0);
    req = (llmprov_request){ .model = "odd-1", .prompt = "Hi", .thinking = LLMPROV_THINKING_OFF, .temperature = LLMPROV_NUM(0.5), .top_p = LLMPROV_NUM(0.5) };
    s = engine_send_with("bedrock-converse", &desc, &req, __FILE__, __LINE__);
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "thinking");
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "top_p");
    CHECK_BODY(s, "inferenceConfig", "{\"temperature\":0.5}");
    engine_sent_free(&s);
    llmprov_registry_free(reg);
}

/* Blocks that other formats made, and members of messages. */
TEST(t_bedrock_blocks_of_others) {
    static const struct { llmprov_block block; bool assistant; const char *part; } cases[] = {
        { { .type = LLMPROV_BLOCK_DOCUMENT, .text = "hi", .name = "\xC3\xA9  a/b " }, false, "{'document':{'format':'txt','name':'- a-b','source':{'bytes':'aGk='}}}" }, { { .type = LLMPROV_BLOCK_DOCUMENT, .text = "hi", .name = "  " }, false, "{'document':{'format':'txt','name':'document','source':{'bytes':'aGk='}}}" },
        { { .type = LLMPROV_BLOCK_DOCUMENT, .text = "hi", .extra = "{\"citations\":{\"enabled\":true},\"context\":\"c\"}" }, false, "{'document':{'format':'txt','name':'document','source':{'text':'hi'},'context':'c','citations':{'enabled':true}}}" },
        { { .type = LLMPROV_BLOCK_DOCUMENT, .text = "hi", .extra = "{\"citations\":{\"enabled\":false}}" }, false, "{'document':{'format':'txt','name':'document','source':{'bytes':'aGk='},'citations':{'enabled':false}}}" },
        { { .type = LLMPROV_BLOCK_DOCUMENT, .text = "hi", .extra = "{\"citations\":7}" }, false, "{'document':{'format':'txt','name':'document','source':{'bytes':'aGk='}}}" },
        { { .type = LLMPROV_BLOCK_DOCUMENT, .text = "hi", .extra = "{\"citations\":{}}" }, false, "{'document':{'format':'txt','name':'document','source':{'bytes':'aGk='},'citations':{}}}" },
        { { .type = LLMPROV_BLOCK_SERVER_RESULT, .kind = "tool_result", .id = "i", .origin = "bedrock-converse", .json = "[]", .extra = "{\"status\":\"error\",\"result_type\":\"t\",\"odd\":1}" }, true, "{'toolResult':{'toolUseId':'i','content':[],'status':'error','type':'t','odd':1}}" },
        { { .type = LLMPROV_BLOCK_SERVER_USE, .kind = "server_tool_use", .id = "i", .name = "n", .origin = "bedrock-converse" }, true, "{'toolUse':{'toolUseId':'i','name':'n','input':{},'type':'server_tool_use'}}" },
        { { .type = LLMPROV_BLOCK_TEXT, .text = "t", .origin = "bedrock-converse", .extra = "{\"citations\":7}" }, true, "{'text':'t'}" },
        { { .type = LLMPROV_BLOCK_RAW, .kind = "odd", .origin = "bedrock-converse", .json = "{\"type\":\"odd\",\"odd\":1}" }, true, "{'odd':1}" },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases) && !test_excused(); i++) {
        llmprov_block blocks[2] = { cases[i].block, { .text = "Go." } };
        llmprov_message m[3] = { { .blocks = blocks + 1, .block_count = 1, .extra = "{\"odd\":1}" }, { .role = LLMPROV_ROLE_ASSISTANT, .blocks = blocks, .block_count = 1 }, { .blocks = blocks + 1, .block_count = 1 } };
        llmprov_request req = { .model = CLAUDE, .messages = m, .message_count = 3 };
        engine_sent s;
        if (!cases[i].assistant) m[0].blocks = blocks, m[0].block_count = 2, req.message_count = 1;
        s = SEND(&req);
        CHECK_BODY(s, cases[i].assistant ? "messages[1].content[0]" : "messages[0].content[0]", Q(cases[i].part));
        CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "messages[0].content[0]");
        engine_sent_free(&s);
    }
}

/* A result without an id, and one inside another. */
TEST(t_bedrock_results_without_an_id) {
    llmprov_block inner = { .type = LLMPROV_BLOCK_TOOL_RESULT, .text = "i" }, call = { .type = LLMPROV_BLOCK_TOOL_USE, .id = "a", .name = "f", .json = "{}" }, go = { .text = "Go." };
    llmprov_block results[2] = { { .type = LLMPROV_BLOCK_TOOL_RESULT, .text = "r" }, { .type = LLMPROV_BLOCK_TOOL_RESULT, .id = "a", .content = &inner, .content_count = 1 } };
    llmprov_message m[3] = { { .blocks = &go, .block_count = 1 }, { .role = LLMPROV_ROLE_ASSISTANT, .blocks = &call, .block_count = 1 }, { .blocks = results, .block_count = 1 } };
    llmprov_request req = { .model = CLAUDE, .messages = m, .message_count = 3 };
    engine_sent s = SEND(&req);
    CHECK_BODY(s, "messages[2].content[0].toolResult.toolUseId", "\"a\"");
    engine_sent_free(&s);
    m[2].block_count = 2;
    s = SEND(&req);
    if (!test_excused()) CHECK_INT(s.error.code, LLMPROV_ERR_UNSUPPORTED);
    engine_sent_free(&s);
}
