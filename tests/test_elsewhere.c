/* Rows whose endpoints speak a known format in another place: anthropic-messages at AWS, Google, Microsoft, legacy-use and
   others, and Azure OpenAI. Whole exchanges are in tests/wire/bedrock-anthropic, vertex-anthropic, legacyuse and azure. */
#include "events.h"

#define ELSEWHERE_CLAUDE "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
#define ELSEWHERE_ARN "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/ab12"

// -- addresses -----------------------------------------------------------------------------

/* Where a request goes; spelt in every way that a person may spell a base URL. */
static void elsewhere_url(const char *provider, const char *base, llmprov_stream stream, const char *version, const char *expected) {
    llmprov_desc d = { .provider = provider, .api_key = "k", .base_url = base, .api_version = version, .region = "eu-west-1", .alloc = test_alloc() };
    llmprov_request req = { .model = "m:1", .prompt = "Hi.", .max_tokens = LLMPROV_INT(5), .stream = stream, .headers = "anthropic-workspace-id: w" };
    llmprov_client *c = llmprov_open(&d);
    llmprov_call *call = llmprov_call_chat(c, &req);
    const llmprov_http *http = llmprov_call_http(call);
    if (http) CHECK_STR(http->url, expected);
    else CHECK_STR(llmprov_call_error(call)->message, expected);
    llmprov_call_free(call);
    llmprov_close(c);
}

static void elsewhere_spellings(const char *provider, const char *const *bases, const char *expected) {
    for (; *bases; bases++) elsewhere_url(provider, *bases, LLMPROV_STREAM_OFF, NULL, expected);
}

TEST(elsewhere_bedrock_urls) {
    const char *const bases[] = { "https://bedrock-runtime.eu-west-1.amazonaws.com", "https://bedrock-runtime.eu-west-1.amazonaws.com/", "https://bedrock-runtime.{region}.amazonaws.com", "https://bedrock-runtime.{region}.amazonaws.com///", NULL };
    elsewhere_spellings("bedrock-anthropic", bases, "https://bedrock-runtime.eu-west-1.amazonaws.com/model/m%3A1/invoke");
    elsewhere_url("bedrock-anthropic", NULL, LLMPROV_STREAM_OFF, NULL, "https://bedrock-runtime.eu-west-1.amazonaws.com/model/m%3A1/invoke");
    elsewhere_url("bedrock-anthropic", NULL, LLMPROV_STREAM_ON, NULL, "https://bedrock-runtime.eu-west-1.amazonaws.com/model/m%3A1/invoke-with-response-stream");
    elsewhere_url("bedrock-anthropic", "https://vpce-1.example/x?y=z", LLMPROV_STREAM_OFF, NULL, "https://vpce-1.example/x/model/m%3A1/invoke?y=z");
}

TEST(elsewhere_bedrock_messages_urls) {
    const char *const runtime[] = { "https://bedrock-runtime.{region}.amazonaws.com", "https://bedrock-runtime.{region}.amazonaws.com/", "https://bedrock-runtime.{region}.amazonaws.com/anthropic",
                                    "https://bedrock-runtime.{region}.amazonaws.com/anthropic/v1/", "https://bedrock-runtime.{region}.amazonaws.com/anthropic/v1/messages", NULL };
    elsewhere_url("bedrock-messages", NULL, LLMPROV_STREAM_OFF, NULL, "https://bedrock-mantle.eu-west-1.api.aws/anthropic/v1/messages");
    elsewhere_url("bedrock-messages", NULL, LLMPROV_STREAM_ON, NULL, "https://bedrock-mantle.eu-west-1.api.aws/anthropic/v1/messages");
    elsewhere_spellings("bedrock-messages", runtime, "https://bedrock-runtime.eu-west-1.amazonaws.com/anthropic/v1/messages");
    elsewhere_url("anthropic-aws", NULL, LLMPROV_STREAM_ON, NULL, "https://aws-external-anthropic.eu-west-1.api.aws/v1/messages");
}

TEST(elsewhere_vertex_urls) {
#define ELSEWHERE_VERTEX "https://europe-west1-aiplatform.googleapis.com/v1/projects/p/locations/europe-west1"
    const char *const bases[] = { ELSEWHERE_VERTEX "/publishers/anthropic", ELSEWHERE_VERTEX "/publishers/anthropic/", ELSEWHERE_VERTEX, ELSEWHERE_VERTEX "/", ELSEWHERE_VERTEX "/publishers", NULL };
    elsewhere_spellings("vertex-anthropic", bases, ELSEWHERE_VERTEX "/publishers/anthropic/models/m%3A1:rawPredict");
    elsewhere_url("vertex-anthropic", ELSEWHERE_VERTEX, LLMPROV_STREAM_ON, NULL, ELSEWHERE_VERTEX "/publishers/anthropic/models/m%3A1:streamRawPredict");
    elsewhere_url("vertex-anthropic", NULL, LLMPROV_STREAM_ON, NULL, "no base URL: set desc.base_url or the variable ANTHROPIC_VERTEX_BASE_URL");
}

TEST(elsewhere_microsoft_urls) {
    const char *const claude[] = { "https://r.services.ai.azure.com", "https://r.services.ai.azure.com/", "https://r.services.ai.azure.com/anthropic", "https://r.services.ai.azure.com/anthropic/",
                                   "https://r.services.ai.azure.com/anthropic/v1", "https://r.services.ai.azure.com/anthropic/v1/messages", NULL };
    const char *const bases[] = { "https://r.openai.azure.com", "https://r.openai.azure.com/", "https://r.openai.azure.com/openai", "https://r.openai.azure.com/openai/",
                                  "https://r.openai.azure.com/openai/v1", "https://r.openai.azure.com/openai/v1/", NULL };
    elsewhere_spellings("azure-anthropic", claude, "https://r.services.ai.azure.com/anthropic/v1/messages");
    elsewhere_spellings("azure", bases, "https://r.openai.azure.com/openai/v1/chat/completions");
    elsewhere_spellings("azure-responses", bases, "https://r.openai.azure.com/openai/v1/responses");
    elsewhere_url("azure", "https://r.openai.azure.com/openai/v1/chat/completions", LLMPROV_STREAM_OFF, NULL, "https://r.openai.azure.com/openai/v1/chat/completions");
    elsewhere_url("azure", "https://r.services.ai.azure.com/api/projects/p", LLMPROV_STREAM_OFF, NULL, "https://r.services.ai.azure.com/api/projects/p/openai/v1/chat/completions");
    elsewhere_url("azure", "https://r.openai.azure.com/openai/v2", LLMPROV_STREAM_OFF, NULL, "https://r.openai.azure.com/openai/v2/chat/completions");
    elsewhere_url("azure", "https://r.openai.azure.com", LLMPROV_STREAM_ON, "preview", "https://r.openai.azure.com/openai/v1/chat/completions?api-version=preview");
    elsewhere_url("azure", NULL, LLMPROV_STREAM_OFF, NULL, "no base URL: set desc.base_url or the variable AZURE_OPENAI_ENDPOINT");
}

TEST(elsewhere_azure_deployments_urls) {
    const char *const bases[] = { "https://r.openai.azure.com", "https://r.openai.azure.com/", "https://r.openai.azure.com/openai", "https://r.openai.azure.com/openai/", NULL };
    elsewhere_spellings("azure-deployments", bases, "https://r.openai.azure.com/openai/deployments/m%3A1/chat/completions?api-version=2024-10-21");
    elsewhere_url("azure-deployments", bases[0], LLMPROV_STREAM_ON, "2025-04-01-preview", "https://r.openai.azure.com/openai/deployments/m%3A1/chat/completions?api-version=2025-04-01-preview");
    elsewhere_url("azure-deployments", "https://r.openai.azure.com/openai?api-version=2023-05-15", LLMPROV_STREAM_OFF, NULL, "https://r.openai.azure.com/openai/deployments/m%3A1/chat/completions?api-version=2023-05-15");
    elsewhere_url("azure-deployments", "https://r.openai.azure.com/openai?my-api-version=1", LLMPROV_STREAM_OFF, NULL, "https://r.openai.azure.com/openai/deployments/m%3A1/chat/completions?my-api-version=1&api-version=2024-10-21");
    elsewhere_url("azure-deployments", bases[0], LLMPROV_STREAM_OFF, "a&b", "https://r.openai.azure.com/openai/deployments/m%3A1/chat/completions?api-version=a%26b");
}

TEST(elsewhere_legacyuse_urls) {
    const char *const bases[] = { "https://api.legacy-use.com", "https://api.legacy-use.com/", "https://api.legacy-use.com/create", "https://api.legacy-use.com/create/", NULL };
    elsewhere_spellings("legacyuse", bases, "https://api.legacy-use.com/create");
    elsewhere_url("legacyuse", NULL, LLMPROV_STREAM_AUTO, NULL, "https://api.legacy-use.com/create");
    elsewhere_url("legacyuse", NULL, LLMPROV_STREAM_ON, NULL, "https://api.legacy-use.com/create");
}

/* Vendors' bases, as they tell them for ANTHROPIC_BASE_URL, and in other spellings. */
TEST(elsewhere_vendor_urls) {
    static const struct { const char *provider, *base, *expected; } cases[] = {
        { "deepseek-anthropic", "https://api.deepseek.com/anthropic", "https://api.deepseek.com/anthropic/v1/messages" },
        { "moonshot-anthropic", "https://api.moonshot.ai/anthropic/", "https://api.moonshot.ai/anthropic/v1/messages" },
        { "kimi-coding", "https://api.kimi.com/coding", "https://api.kimi.com/coding/v1/messages" },
        { "zai-anthropic", "https://api.z.ai/api/anthropic", "https://api.z.ai/api/anthropic/v1/messages" },
        { "minimax", "https://api.minimax.io/anthropic", "https://api.minimax.io/anthropic/v1/messages" },
        { "dashscope-anthropic", "https://ws.ap-southeast-1.maas.aliyuncs.com/apps/anthropic", "https://ws.ap-southeast-1.maas.aliyuncs.com/apps/anthropic/v1/messages" },
        { "openrouter-anthropic", "https://openrouter.ai/api", "https://openrouter.ai/api/v1/messages" },
        { "fireworks-anthropic", "https://api.fireworks.ai/inference", "https://api.fireworks.ai/inference/v1/messages" },
        { "ollama-anthropic", "0.0.0.0:11434", "http://127.0.0.1:11434/v1/messages" },
        { "vllm-anthropic", "http://localhost:9000", "http://localhost:9000/v1/messages" },
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) elsewhere_url(cases[i].provider, cases[i].base, LLMPROV_STREAM_OFF, NULL, cases[i].expected);
}

/* A row says how its endpoint is reached; what could not be is refused, naming the member. */
TEST(elsewhere_rows_are_checked) {
    static const struct { llmprov_quirks quirks; const char *member; } bad[] = {
        { { .chat_path = "/m/{model}/{x}" }, "quirks.chat_path" }, { { .stream_path = "/s" }, "quirks.stream_path" },
        { { .chat_path = "/a", .stream_path = "/a//b" }, "quirks.stream_path" }, { { .base_path = "/openai" }, "quirks.base_path" },
        { { .base_path = "a/../b" }, "quirks.base_path" }, { { .api_version = "" }, "quirks.api_version" }, { { .api_version = "2024 10" }, "quirks.api_version" },
        { { .version_query = "api version" }, "quirks.version_query" }, { { .needs_header = "x:" }, "quirks.needs_header" },
    };
    llmprov_alloc alloc = test_alloc();
    llmprov_registry *reg = llmprov_registry_new(&alloc);
    llmprov_provider row = { .id = "x", .format = "anthropic-messages", .base_url = "https://a.example",
        .quirks = { .chat_path = "/m/{model}:go", .stream_path = "/s/{model}", .base_path = "a/v1", .api_version = "1", .version_query = "v", .version_member = "w", .beta_member = "b", .needs_header = "x-y" } };
    const llmprov_provider *found;
    size_t i;
    for (i = 0; reg && i < sizeof bad / sizeof *bad; i++) {
        llmprov_provider other = { .id = "y", .format = "anthropic-messages", .quirks = bad[i].quirks };
        llmprov_status status = llmprov_register(reg, &other, 0);
        CHECK_INT(status, LLMPROV_ERR_ARGUMENT);
        if (status == LLMPROV_ERR_ARGUMENT) CHECK_STR(llmprov_registry_error(reg)->param, bad[i].member);
    }
    if (reg && !llmprov_register(reg, &row, 0)) {
        found = llmprov_provider_find(reg, "x");
        CHECK(found && found->quirks.stream_path != row.quirks.stream_path);
        CHECK_STR(found->quirks.beta_member, "b");
        CHECK_STR(found->quirks.version_member, "w");
        CHECK_STR(found->quirks.needs_header, "x-y");
    }
    llmprov_registry_free(reg);
}

// -- what goes into the body ---------------------------------------------------------------

TEST(elsewhere_bedrock_body) {
    llmprov_request req = { .model = ELSEWHERE_ARN, .prompt = "Hi", .max_tokens = LLMPROV_INT(9), .temperature = LLMPROV_NUM(0.5), .stream = LLMPROV_STREAM_ON,
                            .headers = "anthropic-beta: context-1m-2025-08-07, interleaved-thinking-2025-05-14" };
    engine_sent s = engine_send("bedrock-anthropic", &req);
    CHECK_JSON(s.text, s.len, Q("{'anthropic_version':'bedrock-2023-05-31','anthropic_beta':['context-1m-2025-08-07','interleaved-thinking-2025-05-14'],"
        "'max_tokens':9,'temperature':0.5,'messages':[{'role':'user','content':'Hi'}]}"));
    CHECK_STR(engine_header(&s, "anthropic-version"), NULL);
    CHECK_STR(engine_header(&s, "anthropic-beta"), NULL);
    CHECK_STR(engine_header(&s, "authorization"), "Bearer test-key");
    CHECK_STR(engine_header(&s, "x-api-key"), NULL);
    CHECK_STR(engine_header(&s, "accept"), "application/vnd.amazon.eventstream");
    if (s.http) CHECK_STR(s.http->url, "https://api.test/v1/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A123456789012%3Aapplication-inference-profile%2Fab12/invoke-with-response-stream");
    CHECK_INT(s.warning_count, 0);
    engine_sent_free(&s);
}

/* The dated version of newer models is asked for with the desc; sampling settings go with the other. */
TEST(elsewhere_bedrock_version) {
    llmprov_desc d = { .api_version = "2026-10-21" };
    llmprov_request req = { .model = ELSEWHERE_CLAUDE, .prompt = "Hi", .max_tokens = LLMPROV_INT(9), .temperature = LLMPROV_NUM(0.5) };
    engine_sent s = engine_send_with("bedrock-anthropic", &d, &req, __FILE__, __LINE__);
    CHECK_BODY(s, "anthropic_version", "\"2026-10-21\"");
    CHECK_BODY(s, "temperature", NULL);
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "temperature");
    engine_sent_free(&s);
}

/* Betas that features need, that the caller asks for, and that stood in a body that was read: each once. */
TEST(elsewhere_betas_in_the_body) {
    static const char *const body = "{\"anthropic_version\":\"bedrock-2023-05-31\",\"anthropic_beta\":[\"computer-use-2025-01-24\",\"b-1\"],\"max_tokens\":9,"
        "\"tools\":[{\"type\":\"computer_20250124\",\"name\":\"computer\",\"display_width_px\":8,\"display_height_px\":8}],\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";
    llmprov_alloc alloc = test_alloc();
    llmprov_asked asked;
    engine_sent s;
    if (llmprov_ask(NULL, "anthropic-messages", body, strlen(body), &alloc, &asked)) goto done;
    asked.request.model = ELSEWHERE_CLAUDE;
    asked.request.headers = "Anthropic-Beta: b-2,b-1";
    s = engine_send("bedrock-anthropic", &asked.request);
    CHECK_BODY(s, "anthropic_beta", "[\"b-2\",\"b-1\",\"computer-use-2025-01-24\"]");
    CHECK_BODY(s, "anthropic_version", "\"bedrock-2023-05-31\"");
    CHECK_INT(s.warning_count, 0);
    engine_sent_free(&s);
    s = engine_send("legacyuse", &asked.request);
    CHECK_BODY(s, "betas", "[\"b-2\",\"b-1\",\"computer-use-2025-01-24\"]");
    CHECK_BODY(s, "anthropic_version", NULL);
    CHECK_STR(engine_header(&s, "anthropic-version"), NULL);
    engine_sent_free(&s);
    s = engine_send("anthropic", &asked.request);              /* there both are headers, and the version is another */
    CHECK_BODY(s, "anthropic_beta", NULL);
    CHECK_BODY(s, "anthropic_version", NULL);
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "anthropic_version");
    if (s.http) CHECK(strstr(engine_header(&s, "anthropic-beta"), "b-2") && strstr(engine_header(&s, "anthropic-beta"), "computer-use-2025-01-24"));
    CHECK_STR(engine_header(&s, "anthropic-version"), "2026-10-21");
    engine_sent_free(&s);
    asked.request.headers = NULL;
    s = engine_send("custom", &asked.request);
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "anthropic_beta");
    CHECK_BODY(s, "anthropic_beta", NULL);
    engine_sent_free(&s);
done:
    llmprov_asked_free(&asked);
}

TEST(elsewhere_bedrock_tools) {
    llmprov_tool tools[] = { { .name = "a", .extra = "{\"eager_input_streaming\":true,\"x\":1}", .cache = LLMPROV_CACHE_5M }, { .name = "b" } };
    llmprov_request req = { .model = ELSEWHERE_CLAUDE, .prompt = "Hi", .max_tokens = LLMPROV_INT(9), .tools = tools, .tool_count = 2, .parallel_tools = LLMPROV_NO, .tool_choice = LLMPROV_TOOL_ANY };
    engine_sent s = engine_send("bedrock-anthropic", &req);
    CHECK_BODY(s, "anthropic_beta", "[\"fine-grained-tool-streaming-2025-05-14\"]");
    CHECK_BODY(s, "tools[0].eager_input_streaming", NULL);
    CHECK_BODY(s, "tools[0].x", "1");
    CHECK_BODY(s, "tools[0].cache_control", "{\"type\":\"ephemeral\"}");
    CHECK_BODY(s, "tool_choice", "{\"type\":\"any\"}");
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "parallel_tools");
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "tools[0].schema");
    engine_sent_free(&s);
    s = engine_send("anthropic", &req);
    CHECK_BODY(s, "tools[0].eager_input_streaming", "true");
    CHECK_BODY(s, "tool_choice.disable_parallel_tool_use", "true");
    CHECK_INT(s.warning_count, 0);
    engine_sent_free(&s);
}

TEST(elsewhere_vertex_body) {
    llmprov_request req = { .model = "claude-sonnet-4-5@20250929", .prompt = "Hi", .max_tokens = LLMPROV_INT(9), .stream = LLMPROV_STREAM_ON, .headers = "anthropic-beta: b-1" };
    engine_sent s = engine_send("vertex-anthropic", &req);
    CHECK_JSON(s.text, s.len, Q("{'anthropic_version':'vertex-2023-10-16','max_tokens':9,'stream':true,'messages':[{'role':'user','content':'Hi'}]}"));
    CHECK_STR(engine_header(&s, "anthropic-version"), NULL);
    CHECK_STR(engine_header(&s, "anthropic-beta"), "b-1");
    CHECK_STR(engine_header(&s, "authorization"), "Bearer test-key");
    CHECK_STR(engine_header(&s, "accept"), "text/event-stream");
    engine_sent_free(&s);
}

TEST(elsewhere_vertex_fetches_nothing) {
    static const char *const histories[] = {
        "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"?\"},{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":\"https://a.example/x.png\"}}]}]",
        "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"?\"},{\"type\":\"document\",\"source\":{\"type\":\"url\",\"url\":\"https://a.example/x.pdf\"}}]}]",
    };
    size_t i;
    for (i = 0; i < sizeof histories / sizeof *histories; i++) {
        llmprov_history h = engine_history(histories[i]);
        llmprov_request req = { .model = "claude-sonnet-4-6", .history = &h, .max_tokens = LLMPROV_INT(9) };
        engine_sent s = engine_send("vertex-anthropic", &req);
        CHECK_INT(s.error.code, LLMPROV_ERR_UNSUPPORTED);
        CHECK_STR(s.error.message, "messages[0].content[1]: this provider takes no images and documents by URL: give their bytes");
        engine_sent_free(&s);
        s = engine_send("bedrock-messages", &req);
        CHECK_INT(s.error.code, LLMPROV_OK);
        engine_sent_free(&s);
        llmprov_history_free(&h);
    }
}

TEST(elsewhere_plain_endpoints_have_the_usual_body) {
    static const struct { const char *provider, *key, *version; } cases[] = {
        { "bedrock-messages", "authorization", "2023-06-01" }, { "anthropic-aws", "authorization", "2026-10-21" }, { "azure-anthropic", "x-api-key", "2026-10-21" },
        { "deepseek-anthropic", "x-api-key", "2023-06-01" }, { "moonshot-anthropic", "authorization", "2023-06-01" }, { "minimax", "x-api-key", "2023-06-01" },
        { "zai-anthropic", "authorization", "2023-06-01" }, { "ollama-anthropic", "authorization", "2023-06-01" },
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        llmprov_request req = { .model = "claude-sonnet-4-6", .prompt = "Hi", .max_tokens = LLMPROV_INT(9), .stream = LLMPROV_STREAM_ON, .headers = "anthropic-beta: b-1\nanthropic-workspace-id: w" };
        engine_sent s = engine_send(cases[i].provider, &req);
        CHECK_JSON(s.text, s.len, Q("{'model':'claude-sonnet-4-6','max_tokens':9,'stream':true,'messages':[{'role':'user','content':'Hi'}]}"));
        CHECK_STR(engine_header(&s, "anthropic-beta"), "b-1");
        CHECK_STR(engine_header(&s, "anthropic-version"), cases[i].version);
        if (s.http) CHECK_STR(engine_header(&s, cases[i].key), *cases[i].key == 'a' ? "Bearer test-key" : "test-key");
        engine_sent_free(&s);
    }
}

TEST(elsewhere_a_header_that_is_needed) {
    llmprov_request req = { .model = "claude-sonnet-4-6", .prompt = "Hi", .max_tokens = LLMPROV_INT(9) };
    llmprov_desc d = { .headers = "Anthropic-Workspace-Id: w" };
    engine_sent s = engine_send("anthropic-aws", &req);
    CHECK_INT(s.error.code, LLMPROV_ERR_ARGUMENT);
    CHECK_STR(s.error.message, "anthropic-aws wants the header anthropic-workspace-id: set desc.headers or request.headers");
    engine_sent_free(&s);
    s = engine_send_with("anthropic-aws", &d, &req, __FILE__, __LINE__);
    CHECK_INT(s.error.code, LLMPROV_OK);
    engine_sent_free(&s);
}

TEST(elsewhere_a_choice_that_is_refused) {
    llmprov_tool tool = { .name = "a" };
    llmprov_request req = { .model = "qwen3", .prompt = "Hi", .max_tokens = LLMPROV_INT(9), .tools = &tool, .tool_count = 1, .tool_choice = LLMPROV_TOOL_NAMED, .tool_name = "a" };
    engine_sent s = engine_send("ollama-anthropic", &req);
    CHECK_BODY(s, "tool_choice", NULL);
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "tool_choice");
    engine_sent_free(&s);
}

TEST(elsewhere_efforts_of_vendors) {
    llmprov_request req = { .model = "kimi-k3", .prompt = "Hi", .max_tokens = LLMPROV_INT(99999), .effort = LLMPROV_EFFORT_MEDIUM, .stream = LLMPROV_STREAM_ON };
    engine_sent s = engine_send("moonshot-anthropic", &req);
    CHECK_BODY(s, "output_config", "{\"effort\":\"low\"}");
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "effort");
    engine_sent_free(&s);
    req.model = "MiniMax-M3";
    req.effort = LLMPROV_EFFORT_DEFAULT;
    req.thinking = LLMPROV_THINKING_ON;
    s = engine_send("minimax", &req);
    CHECK_STR(llmprov_json_str(llmprov_json_path(s.body, "thinking.type"), "?"), s.body ? "adaptive" : "?");
    CHECK_BODY(s, "thinking.budget_tokens", NULL);
    engine_sent_free(&s);
}

TEST(elsewhere_azure_body_and_keys) {
    llmprov_request req = { .model = "gpt-5.2", .system = "Be kind.", .prompt = "Hi", .max_tokens = LLMPROV_INT(9), .stream = LLMPROV_STREAM_ON };
    static const char *const rows[] = { "azure", "azure-deployments" };
    size_t i;
    engine_sent s;
    for (i = 0; i < 2; i++) {
        s = engine_send(rows[i], &req);
        CHECK_BODY(s, "model", "\"gpt-5.2\"");
        CHECK_BODY(s, "max_completion_tokens", "9");
        CHECK_BODY(s, "stream_options", "{\"include_usage\":true}");
        CHECK_BODY(s, "messages[0].role", "\"developer\"");
        CHECK_STR(engine_header(&s, "api-key"), "test-key");
        CHECK_STR(engine_header(&s, "authorization"), NULL);
        engine_sent_free(&s);
    }
    s = engine_send("azure-responses", &req);
    CHECK_BODY(s, "model", "\"gpt-5.2\"");
    CHECK_BODY(s, "max_output_tokens", "16");             /* the least that the format takes */
    CHECK_STR(engine_header(&s, "api-key"), "test-key");
    engine_sent_free(&s);
}

static bool elsewhere_token(void *user, llmprov_credentials *out) {
    (void)user;
    out->bearer = "entra";
    return true;
}

TEST(elsewhere_tokens_stand_for_keys) {
    static const char *const rows[] = { "azure", "azure-deployments", "azure-responses", "azure-anthropic", "vertex-anthropic", "bedrock-anthropic" };
    size_t i;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        llmprov_desc d = { .credentials = elsewhere_token };
        llmprov_request req = { .model = "m", .prompt = "Hi", .max_tokens = LLMPROV_INT(9) };
        engine_sent s = engine_send_with(rows[i], &d, &req, __FILE__, __LINE__);
        CHECK_STR(engine_header(&s, "authorization"), s.http ? "Bearer entra" : NULL);
        CHECK_STR(engine_header(&s, "api-key"), NULL);
        CHECK_STR(engine_header(&s, "x-api-key"), NULL);
        engine_sent_free(&s);
    }
}

static int64_t elsewhere_clock(void *user) { (void)user; return 1764115200000; }

/* Without an API key requests are signed, for the service that the host belongs to. */
TEST(elsewhere_signed_requests) {
    static const struct { const char *row, *service; } cases[] = { { "bedrock-anthropic", "/eu-west-1/bedrock/aws4_request" }, { "bedrock-messages", "/eu-west-1/bedrock-mantle/aws4_request" },
                                                                   { "anthropic-aws", "/eu-west-1/aws-external-anthropic/aws4_request" } };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        llmprov_desc d = { .provider = cases[i].row, .access_key = "AKIDEXAMPLE", .secret_key = "s", .region = "eu-west-1", .unix_ms = elsewhere_clock, .headers = "anthropic-workspace-id: w", .alloc = test_alloc() };
        llmprov_request req = { .model = "m:1", .prompt = "Hi", .max_tokens = LLMPROV_INT(9) };
        llmprov_client *c = llmprov_open(&d);
        llmprov_call *call = llmprov_call_chat(c, &req);
        engine_sent s = { .http = llmprov_call_http(call) };
        const char *value = engine_header(&s, "authorization");
        if (s.http) CHECK(value && strstr(value, "AWS4-HMAC-SHA256") && strstr(value, cases[i].service));
        if (s.http) CHECK(engine_header(&s, "x-amz-date") != NULL);
        llmprov_call_free(call);
        llmprov_close(c);
    }
}

// -- what comes back -----------------------------------------------------------------------

static engine_reply elsewhere_stream(const engine_text *body, const char *file, int line) {
    llmprov_request req = { .model = ELSEWHERE_CLAUDE, .prompt = "Hi", .max_tokens = LLMPROV_INT(9) };
    engine_wire w = engine_wire_of(ENGINE_STREAM, 200, body->ptr, body->len);
    w.headers[0].value = "application/vnd.amazon.eventstream";
    return engine_read_wire(engine_open("bedrock-anthropic", NULL), &req, ENGINE_STREAM, &w, file, line);
}
#define ELSEWHERE_STREAM(body) elsewhere_stream((body), __FILE__, __LINE__)

static void elsewhere_begin(engine_text *to) {
    events_chunk(to, "ab", Q("{'type':'message_start','message':{'id':'msg_1','type':'message','role':'assistant','model':'m','content':[],'usage':{'input_tokens':5,'output_tokens':1}}}"));
    events_chunk(to, "", Q("{'type':'content_block_start','index':0,'content_block':{'type':'text','text':''}}"));
    events_chunk(to, "abcdefg", Q("{'type':'content_block_delta','index':0,'delta':{'type':'text_delta','text':'Hello'}}"));
}

static void elsewhere_end(engine_text *to) {
    events_chunk(to, "a", Q("{'type':'content_block_stop','index':0}"));
    events_chunk(to, "b", Q("{'type':'message_delta','delta':{'stop_reason':'end_turn','stop_sequence':null},'usage':{'output_tokens':7}}"));
    events_chunk(to, "c", Q("{'type':'message_stop','amazon-bedrock-invocationMetrics':{'inputTokenCount':5}}"));
}

TEST(elsewhere_chunks_are_unwrapped) {
    engine_text body = { NULL, 0, 0 };
    engine_reply r;
    elsewhere_begin(&body);
    events_event(&body, "chunk", Q("{'p':'abc'}"));                     /* nothing in it */
    events_event(&body, "chunk", Q("{ 'p' : 'abc' , 'bytes' : 'eyJ0eXBlIjoicGluZyJ9' }"));
    events_event(&body, "chunk", Q("{'bytes':'eyJ0eXBlIjoicGluZyJ9','p':'bytes'}"));
    elsewhere_end(&body);
    r = ELSEWHERE_STREAM(&body);
    CHECK_INT(r.r.error.code, LLMPROV_OK);
    CHECK_STR(r.r.text, "Hello");
    CHECK_INT(r.r.usage.output_tokens, 7);
    CHECK_JSON(r.r.extra, r.r.extra_len, "{\"amazon-bedrock-invocationMetrics\":{\"inputTokenCount\":5}}");
    engine_reply_free(&r);
    engine_text_free(&body);
}

/* A frame that is broken, holds no base64 or no JSON, or comes too early to an end: each says where. */
TEST(elsewhere_chunks_that_are_broken) {
    static const char *const said[] = { "stream event 4: its checksum is wrong", "stream event 4: its bytes are no base64", NULL, "the stream ended before the provider said that the reply was complete" };
    static const llmprov_status codes[] = { LLMPROV_ERR_BAD_REPLY, LLMPROV_ERR_BAD_REPLY, LLMPROV_ERR_BAD_REPLY, LLMPROV_ERR_TRUNCATED };
    int i;
    for (i = 0; i < 4; i++) {
        engine_text body = { NULL, 0, 0 };
        engine_reply r;
        elsewhere_begin(&body);
        if (i == 0) events_chunk(&body, "a", "{}"), body.ptr[body.len - 1] ^= 1;
        if (i == 1) events_event(&body, "chunk", Q("{'bytes':'e*J0'}"));
        if (i == 2) events_chunk(&body, "a", "{\"type\":");
        if (i < 3) elsewhere_end(&body);
        r = ELSEWHERE_STREAM(&body);
        if (r.r.error.code != LLMPROV_ERR_NO_MEMORY) {
            CHECK_INT(r.r.error.code, codes[i]);
            if (said[i]) CHECK_STR(r.r.error.message, said[i]);
            else CHECK(strstr(r.r.error.message, "stream event 4 is not JSON at byte") != NULL);
            CHECK_STR(r.r.text, "Hello");
        }
        engine_reply_free(&r);
        engine_text_free(&body);
    }
}

/* No stream there, but the same events: in order, from the whole reply. */
TEST(elsewhere_events_without_a_stream) {
    static const char whole[] = "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m-1\",\"content\":[{\"type\":\"text\",\"text\":\"Hi!\"}],"
                                "\"stop_reason\":\"end_turn\",\"stop_sequence\":null,\"usage\":{\"input_tokens\":5,\"output_tokens\":7}}";
    llmprov_client *c = engine_open("legacyuse", NULL);
    engine_trace trace;
    llmprov_request req = { .prompt = "Hello", .on_event = engine_on_event, .user = &trace };
    llmprov_call *call;
    llmprov_response r;
    engine_text told;
    const void *body;
    size_t len;
    memset(&trace, 0, sizeof trace);
    call = llmprov_call_chat(c, &req);
    body = llmprov_call_body_whole(call, &len);
    if (body) CHECK(strstr((const char *)body, "\"stream\"") == NULL && strstr((const char *)body, "\"max_tokens\":21333") != NULL);
    llmprov_call_sent(call);
    llmprov_call_head(call, 200, NULL, 0);
    llmprov_call_feed(call, whole, sizeof whole - 1);
    llmprov_call_eof(call);
    llmprov_call_take(call, &r);
    told = engine_told(&trace);
    CHECK_INT(r.error.code, LLMPROV_OK);
    CHECK_STR(r.text, "Hi!");
    CHECK_ALWAYS(!trace.wrong);
    if (!r.error.code) CHECK(trace.over && !trace.failed && strstr(told.ptr, "Hi!") != NULL);
    engine_text_free(&told);
    engine_trace_free(&trace);
    llmprov_response_free(&r);
    llmprov_call_free(call);
    llmprov_close(c);
}

/* What the content filter says is kept: of the prompt with the reply, of an answer with its choice. */
TEST(elsewhere_azure_filter_results_are_kept) {
    static const char whole[] = "{\"id\":\"c\",\"model\":\"m\",\"object\":\"chat.completion\",\"created\":1,\"prompt_filter_results\":[{\"prompt_index\":0}],\"choices\":[{\"index\":0,"
        "\"content_filter_results\":{\"hate\":{\"filtered\":false}},\"finish_reason\":\"stop\",\"message\":{\"role\":\"assistant\",\"content\":\"Hi\"}}],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}";
    static const char refused[] = "{\"error\":{\"code\":\"content_filter\",\"message\":\"m\",\"param\":\"prompt\",\"innererror\":{\"code\":\"ResponsibleAIPolicyViolation\",\"content_filter_result\":{\"hate\":{\"filtered\":true}}}}}";
    engine_reply r = engine_read("azure", ENGINE_WHOLE, 200, whole);
    if (!r.r.error.code) {
        CHECK(strstr(r.r.extra, "\"prompt_filter_results\":[{\"prompt_index\":0}]") != NULL);
        CHECK(strstr(r.r.choices[0].extra, "\"content_filter_results\":{\"hate\":{\"filtered\":false}}") != NULL);
    }
    engine_reply_free(&r);
    r = engine_read("azure", ENGINE_STREAM, 200, Q("data: {'choices':[],'created':0,'id':'','model':'','object':'','prompt_filter_results':[{'prompt_index':0}]}\n\n" CHAT("{'content':'Hi'}") CHAT_END("stop")
        "data: {'choices':[{'index':0,'finish_reason':null,'content_filter_results':{'hate':{'filtered':false}},'content_filter_offsets':{'check_offset':1}}],'created':0,'id':'','model':'','object':''}\n\n" CHAT_DONE));
    if (!r.r.error.code) {
        CHECK_STR(r.r.id, "c1");
        CHECK_STR(r.r.model, "m-1");
        CHECK(strstr(r.r.extra, "\"prompt_filter_results\":[{\"prompt_index\":0}]") != NULL);
        CHECK(strstr(r.r.choices[0].extra, "\"content_filter_results\":{\"hate\":{\"filtered\":false}}") != NULL);
    }
    engine_reply_free(&r);
    r = engine_read("azure-deployments", ENGINE_WHOLE, 400, refused);
    if (r.r.error.code != LLMPROV_ERR_NO_MEMORY) {
        CHECK_INT(r.r.error.code, LLMPROV_ERR_REQUEST);
        CHECK_STR(r.r.error.provider_code, "content_filter");
        CHECK_INT(r.r.error.retryable, false);
        CHECK_STR(r.r.error.raw, refused);
    }
    engine_reply_free(&r);
}

// -- one turn after the other ----------------------------------------------------------------

/* The conversation is the last member here too: a body begins with that of the turn before. */
TEST(elsewhere_turns_grow_at_their_end) {
    static const char *const rows[] = { "bedrock-anthropic", "vertex-anthropic", "legacyuse" };
    size_t i;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        llmprov_history h = engine_history("[{\"role\":\"user\",\"content\":\"One\"}]");
        llmprov_request req = { .model = "claude-sonnet-4-6", .history = &h, .max_tokens = LLMPROV_INT(9), .headers = "anthropic-beta: b-1" };
        engine_sent first = engine_send(rows[i], &req), second;
        llmprov_add_text(&h, LLMPROV_ROLE_ASSISTANT, "Two");
        llmprov_add_text(&h, LLMPROV_ROLE_USER, "Three");
        second = engine_send(rows[i], &req);
        if (first.text && second.text && !h.status) CHECK(first.len > 2 && second.len > first.len && !memcmp(first.text, second.text, first.len - 2));
        engine_sent_free(&first);
        engine_sent_free(&second);
        llmprov_history_free(&h);
    }
}
