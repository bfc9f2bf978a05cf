/* What a build says about what it was left without: each option is named by the error or warning of who would have needed
   it, and by nobody where it is not set. Sees the interface only, and is linked with each kind of implementation; the
   arguments are the flags that this was compiled with. */
#define LLMPROV_EXTEND
#include "../../llmprov.h"

#include <stdio.h>
#include <string.h>

static union { double align; char bytes[262144]; } memory;
static llmprov_alloc alloc;
static char **flags;
static int failed;

static bool off(const char *option) {
    int i;
    for (i = 1; flags[i]; i++)
        if (!strncmp(flags[i], "-D", 2) && !strcmp(flags[i] + 2, option)) return true;
    return false;
}

static void expect(bool good, const char *what, const char *text) {
    if (good) return;
    printf("left_out.c: not as expected: %s: %s\n", what, text ? text : "");
    failed = 1;
}

/* The text names the option if that is set, and only then; where sentences are left out it has none. */
static void named(const char *option, const char *text, const char *what) {
    expect((text && strstr(text, option)) == (off(option) && !off("LLMPROV_NO_SENTENCES")), what, text);
}

static bool take(void *user, const void *bytes, size_t len) {
    (void)user, (void)bytes, (void)len;
    return true;
}

static void server(void) {
    static const char body[] = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}";
    llmprov_face_desc desc = { .format = "openai-chat", .out = take, .alloc = alloc };
    llmprov_event start = { .type = LLMPROV_EVENT_START, .id = "1", .model = "m" };
    llmprov_asked asked;
    llmprov_face *face;
    llmprov_status status = llmprov_ask(NULL, "openai-chat", body, sizeof body - 1, &alloc, &asked);
    named("LLMPROV_NO_SERVER", asked.error.message, "a request that is read");
    expect((status == LLMPROV_OK) == !(off("LLMPROV_NO_SERVER") || off("LLMPROV_NO_OPENAI_CHAT")), "whether it can be", asked.error.message);
    llmprov_asked_free(&asked);
    face = llmprov_face_open(&desc);
    llmprov_face_event(face, &start);
    named("LLMPROV_NO_SERVER", llmprov_face_failure(face)->message, "a reply that is written");
    llmprov_face_free(face);
}

static void schema(void) {
    static const char text[] = "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\",\"minLength\":1}}}";
    static const struct { const char *text; llmprov_status code; } bad[] = { { "[1]", LLMPROV_ERR_ARGUMENT }, { "{", LLMPROV_ERR_BAD_JSON } };
    static const llmprov_schema_target targets[] = { LLMPROV_SCHEMA_PLAIN, LLMPROV_SCHEMA_OPENAI };
    llmprov_schema made;
    bool same;
    size_t i;
    for (i = 0; i < 2; i++) {
        llmprov_schema_compile(text, sizeof text - 1, targets[i], &alloc, &made);
        same = !strcmp(made.json, text);
        expect(!made.error.code && same == (!i || off("LLMPROV_NO_SCHEMA")), "a schema", made.json);
        if (i) named("LLMPROV_NO_SCHEMA", made.warning_count ? made.warnings[0].text : NULL, "a schema's warning");
        expect(i ? made.warning_count : !made.warning_count, "only a schema that not any target takes has a warning", made.json);
        llmprov_schema_free(&made);
        expect(llmprov_schema_compile(bad[i].text, strlen(bad[i].text), LLMPROV_SCHEMA_OPENAI, &alloc, &made) == bad[i].code, "no schema", made.error.message);
        llmprov_schema_free(&made);
    }
}

/* How a request fares with a row; the call is ready to be sent, or has failed. */
static llmprov_call *begin(const llmprov_registry *reg, const llmprov_request *req, llmprov_client **client) {
    llmprov_desc desc = { .provider = "mine", .registry = (llmprov_registry *)reg, .alloc = alloc, .region = "eu-west-1",
                          .access_key = "AKIDEXAMPLE", .secret_key = "secret" };
    *client = llmprov_open(&desc);
    return llmprov_call_chat(*client, req);
}

static void end(llmprov_call *call, llmprov_client *client) {
    llmprov_call_free(call);
    llmprov_close(client);
}

static void prompted(llmprov_registry *reg) {
    llmprov_provider row = { .id = "mine", .format = "openai-chat", .base_url = "http://localhost/v1", .auth_optional = true,
                             .can = LLMPROV_CAN_CHAT };
    llmprov_tool tool = { .name = "now" };
    llmprov_block use = { .type = LLMPROV_BLOCK_TOOL_USE, .id = "1", .name = "now", .json = "{}" };
    llmprov_block result = { .type = LLMPROV_BLOCK_TOOL_RESULT, .id = "1", .text = "noon" };
    llmprov_message messages[] = { { .role = LLMPROV_ROLE_ASSISTANT, .blocks = &use, .block_count = 1 },
                                   { .role = LLMPROV_ROLE_USER, .blocks = &result, .block_count = 1 } };
    llmprov_request req = { .model = "m", .prompt = "Hello" };
    llmprov_client *client;
    llmprov_call *call;
    int i;
    req.kept = "{\"store\":true}";
    req.origin = "openai-chat";
    for (i = 0; i < 4; i++) {
        const llmprov_warning *w;
        size_t warned;
        req.tools = i == 1 || i == 3 ? &tool : NULL;
        req.tool_count = i == 1 || i == 3;
        req.messages = i == 2 ? messages : NULL;
        req.message_count = i == 2 ? 2 : 0;
        if (i == 3) {
            row.can = 0;
            tool.type = "computer";
            tool.extra = "{\"display_width_px\":800,\"display_height_px\":600}";
        }
        expect(!llmprov_register(reg, &row, LLMPROV_REPLACE), "a row", llmprov_registry_error(reg)->message);
        call = begin(reg, &req, &client);
        w = llmprov_call_warnings(call, &warned);
        if (!i) named("LLMPROV_NO_SERVER", warned ? w[0].text : NULL, "members that only a client's format knows");
        if (i) named("LLMPROV_NO_PROMPTED", llmprov_call_error(call)->message, "tools in other words");
        expect((llmprov_call_error(call)->code == LLMPROV_OK) == (!i || !off("LLMPROV_NO_PROMPTED")), "a conversation", llmprov_call_error(call)->message);
        end(call, client);
    }
}

/* An error of ours, a warning, and what a server said: without sentences each still says what it is about. */
static void sentences(llmprov_registry *reg) {
    static const char refusal[] = "{\"error\":{\"message\":\"Too hot to handle.\",\"type\":\"invalid_request_error\",\"param\":\"temperature\"}}";
    llmprov_provider row = { .id = "mine", .format = "openai-chat", .base_url = "http://localhost/v1", .auth_optional = true };
    llmprov_header head = { "content-type", "application/json" };
    llmprov_tool nameless = { .description = "d" };
    llmprov_request req = { .model = "m", .prompt = "Hello", .temperature = LLMPROV_NUM(9) }, bad = { .model = "m", .prompt = "Hello", .tools = &nameless, .tool_count = 1 };
    const llmprov_warning *w;
    const llmprov_error *e;
    llmprov_client *client;
    llmprov_call *call;
    size_t warned;
    bool none = off("LLMPROV_NO_SENTENCES");
    expect(!llmprov_register(reg, &row, LLMPROV_REPLACE), "a row", llmprov_registry_error(reg)->message);
    call = begin(reg, &bad, &client);
    e = llmprov_call_error(call);
    expect(e->code == LLMPROV_ERR_ARGUMENT && !strcmp(e->param, "tools[0]"), "the place of an error", e->param);
    expect(!strcmp(e->message, none ? llmprov_status_text(e->code) : "tools[0]: a tool needs a name"), "the sentence of an error", e->message);
    end(call, client);
    call = begin(reg, &req, &client);
    w = llmprov_call_warnings(call, &warned);
    expect(warned == 1 && w->code == LLMPROV_ERR_ARGUMENT && !strcmp(w->field, "temperature"), "the place of a warning", warned ? w->field : "");
    if (warned) expect(none ? !*w->text : strstr(w->text, "range") != NULL, "the sentence of a warning", w->text);
    llmprov_call_head(call, 400, &head, 1);
    llmprov_call_feed(call, refusal, sizeof refusal - 1);
    llmprov_call_eof(call);
    e = llmprov_call_error(call);
    expect(e->code == LLMPROV_ERR_REQUEST && e->http_status == 400 && !strcmp(e->param, "temperature"), "a refusal", e->param);
    expect(strstr(e->message, "Too hot to handle.") != NULL, "what the server said", e->message);
    end(call, client);
    call = begin(reg, &req, &client);
    llmprov_call_fail(call, LLMPROV_ERR_TRANSPORT, "the cable is out");
    expect(strstr(llmprov_call_error(call)->message, "the cable is out") != NULL, "what the transport said", llmprov_call_error(call)->message);
    end(call, client);
}

static int64_t wall_clock(void *user) {
    (void)user;
    return INT64_C(1790000000000);
}

static void sigv4(llmprov_registry *reg) {
    llmprov_provider row = { .id = "mine", .format = "openai-chat", .base_url = "http://localhost/v1", .auth = LLMPROV_AUTH_SIGV4, .auth_name = "bedrock" };
    llmprov_request req = { .model = "m", .prompt = "Hello" };
    llmprov_desc desc = { .provider = "mine", .registry = reg, .alloc = alloc, .region = "eu-west-1", .access_key = "AKIDEXAMPLE",
                          .secret_key = "secret", .unix_ms = wall_clock };
    llmprov_client *client;
    llmprov_call *call;
    expect(!llmprov_register(reg, &row, LLMPROV_REPLACE), "a row", llmprov_registry_error(reg)->message);
    client = llmprov_open(&desc);
    call = llmprov_call_chat(client, &req);
    named("LLMPROV_NO_SIGV4", llmprov_call_error(call)->message, "a request that is signed");
    expect((llmprov_call_want(call) == LLMPROV_WANT_SEND) == !off("LLMPROV_NO_SIGV4"), "whether it is", llmprov_call_error(call)->message);
    end(call, client);
}

/* The rows that always are there, and those that may not be. */
static void rows(void) {
    llmprov_desc groq = { .provider = "groq", .api_key = "k", .alloc = alloc }, custom = groq;
    llmprov_client *client = llmprov_open(&groq);
    named("LLMPROV_NO_PROVIDERS", llmprov_client_error(client)->message, "a provider");
    llmprov_close(client);
    custom.provider = "custom";
    custom.base_url = "http://localhost";
    client = llmprov_open(&custom);
    expect(llmprov_client_error(client)->code == (off("LLMPROV_NO_OPENAI_CHAT") ? LLMPROV_ERR_UNSUPPORTED : LLMPROV_OK), "a server of one's own", llmprov_client_error(client)->message);
    llmprov_close(client);
    expect(!*llmprov_profile_find(NULL, "claude-opus-4-6")->prefix == off("LLMPROV_NO_PROFILES"), "a profile", llmprov_profile_find(NULL, "claude-opus-4-6")->prefix);
}

static void speak(llmprov_draft *d) { (void)d; }
static void hear(llmprov_turn *t, llmprov_scan *body) { (void)t, (void)body; }
static void hear_frame(llmprov_turn *t, const llmprov_frame *frame, llmprov_scan *data) { (void)t, (void)frame, (void)data; }
static void end_reply(llmprov_turn *t) { (void)t; }
static void hear_error(llmprov_turn *t, llmprov_error *e, llmprov_scan *body) { (void)t, (void)e, (void)body; }

/* A wire format of one's own has the framings that the formats of this build have. */
static void framings(llmprov_registry *reg) {
    static llmprov_translator mine = { .format = "mine", .path = "/mine", .id_max = 64, .name_max = 64, .write = speak, .read = hear, .read_frame = hear_frame,
                                       .read_end = end_reply, .read_error = hear_error };
    bool has[4];
    int i;
    has[LLMPROV_FRAMING_SSE] = true;
    has[LLMPROV_FRAMING_EVENTSTREAM] = !off("LLMPROV_NO_BEDROCK_CONVERSE") || !off("LLMPROV_NO_ANTHROPIC_MESSAGES");
    has[LLMPROV_FRAMING_NDJSON] = !off("LLMPROV_NO_OLLAMA_CHAT");
    has[LLMPROV_FRAMING_ITEMS] = !off("LLMPROV_NO_GEMINI_GENERATE");
    for (i = 0; i < 4; i++) {
        llmprov_status status;
        mine.framing = (llmprov_framing)i;
        status = llmprov_register_translator(reg, &mine, LLMPROV_REPLACE);
        expect(status == (has[i] ? LLMPROV_OK : LLMPROV_ERR_UNSUPPORTED) && (has[i] || !strcmp(llmprov_registry_error(reg)->param, "framing")), "a framing", llmprov_registry_error(reg)->message);
    }
}

int main(int argc, char **argv) {
    llmprov_registry *reg;
    (void)argc;
    flags = argv;
    alloc = llmprov_arena(&memory, sizeof memory);
    reg = llmprov_registry_new(&alloc);
    server();
    schema();
    rows();
    if (!off("LLMPROV_NO_OPENAI_CHAT")) {
        prompted(reg);
        sentences(reg);
        sigv4(reg);
    }
    framings(reg);
    llmprov_registry_free(reg);
    return failed;
}
