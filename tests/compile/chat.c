/* A chat in each wire format of text that was compiled in, by the rows that every build has, through a transport that
   plays the golden replies of tests/wire: the interface only, C99, run from the project's root. Given the flags of
   the implementation it knows which formats must be missing. All memory is one block. CHAT_LOCALE: in the
   environment's locale, which must have a comma. */
#include "../../llmprov.h"

#include <stdio.h>
#include <string.h>
#ifdef CHAT_LOCALE
#include <locale.h>
#endif

static union { double align; char bytes[1 << 20]; } memory;
static char file[1 << 16], sent[1 << 16];
static size_t file_len, sent_len;
static int failed;

static const struct { const char *provider, *format; bool there; } formats[] = {
#ifdef LLMPROV_NO_ANTHROPIC_MESSAGES
    { "custom-anthropic", "anthropic-messages", false },
#else
    { "custom-anthropic", "anthropic-messages", true },
#endif
#ifdef LLMPROV_NO_OPENAI_CHAT
    { "custom", "openai-chat", false },
#else
    { "custom", "openai-chat", true },
#endif
#ifdef LLMPROV_NO_OPENAI_RESPONSES
    { "custom-responses", "openai-responses", false },
#else
    { "custom-responses", "openai-responses", true },
#endif
#ifdef LLMPROV_NO_OLLAMA_CHAT
    { "custom-ollama", "ollama-chat", false },
#else
    { "custom-ollama", "ollama-chat", true },
#endif
#ifdef LLMPROV_NO_COHERE_V2
    { "custom-cohere", "cohere-v2", false },
#else
    { "custom-cohere", "cohere-v2", true },
#endif
#ifdef LLMPROV_NO_GEMINI_GENERATE
    { "custom-gemini", "gemini-generate", false },
#else
    { "custom-gemini", "gemini-generate", true },
#endif
};

static void expect(bool good, const char *format, const char *what) {
    if (good) return;
    printf("chat.c: %s: not as expected: %s\n", format, what);
    failed = 1;
}

static bool load(const char *format, const char *name) {
    char path[200];
    FILE *f;
    sprintf(path, "tests/wire/%.60s/hello/%.60s", format, name);
    f = fopen(path, "rb");
    file_len = f ? fread(file, 1, sizeof file - 1, f) : 0;
    file[file_len] = 0;
    if (f) fclose(f);
    expect(file_len > 0, format, path);
    return file_len > 0;
}

/* Takes the request, and gives the reply in pieces of seven bytes. */
static bool perform(void *user, const llmprov_http *http, llmprov_call *call) {
    llmprov_header type = { "content-type", "text/event-stream" };
    const char *body = strstr(file, "\n\n");
    size_t n;
    (void)user;
    (void)http;
    for (sent_len = 0; (n = llmprov_call_body(call, sent + sent_len, sizeof sent - sent_len)) > 0; ) sent_len += n;
    llmprov_call_sent(call);
    if (strstr(file, "ndjson")) type.value = "application/x-ndjson";
    llmprov_call_head(call, 200, &type, 1);
    for (body += 2; body < file + file_len; body += n) {
        n = (size_t)(file + file_len - body);
        if (n > 7) n = 7;
        if (!llmprov_call_feed(call, body, n)) return false;
    }
    llmprov_call_eof(call);
    return true;
}

/* What was sent is JSON with the prompt in it, and a number as JSON writes it. */
static void expect_sent(const char *format, const llmprov_alloc *alloc) {
    llmprov_json *root = llmprov_json_parse(sent, sent_len, alloc, NULL);
    sent[sent_len < sizeof sent ? sent_len : sizeof sent - 1] = 0;
    expect(llmprov_json_kind(root) == LLMPROV_JSON_OBJECT, format, "a JSON object is sent");
    expect(strstr(sent, "\"Say hello.\"") != NULL, format, "the prompt is sent");
    expect(strstr(sent, ":0.25") != NULL, format, "the temperature is sent");
    llmprov_json_free(root);
}

static void chat(size_t i) {
    const char *format = formats[i].format;
    llmprov_alloc alloc = llmprov_arena(&memory, sizeof memory);
    llmprov_desc desc = { .provider = formats[i].provider, .base_url = "http://localhost", .api_key = "k",
                          .alloc = alloc, .max_retries = -1 };
    llmprov_request req = { .model = "m", .prompt = "Say hello.", .temperature = LLMPROV_NUM(0.25),
                            .stream = LLMPROV_STREAM_ON };
    llmprov_response r;
    llmprov_client *ai;
    llmprov_json *expected;
    desc.transport.perform = perform;
    if (!load(format, "stream.txt")) return;
    ai = llmprov_open(&desc);
    llmprov_chat(ai, &req, &r);
    if (!formats[i].there) expect(r.error.code != LLMPROV_OK, format, "without it there is an error");
    else if (r.error.code) expect(false, format, r.error.message);
    else if (load(format, "expect.json")) {
        expected = llmprov_json_parse(file, file_len, &alloc, NULL);
        expect(r.text && !strcmp(r.text, llmprov_json_str(llmprov_json_get(expected, "text"), "")), format, "the text");
        expect(r.usage.output_tokens == llmprov_json_int(llmprov_json_path(expected, "usage.output_tokens"), -1), format, "the usage");
        expect(r.stop == LLMPROV_STOP_END, format, "why it ended");
        llmprov_json_free(expected);
        expect_sent(format, &alloc);
    }
    llmprov_response_free(&r);
    llmprov_close(ai);
}

int main(void) {
    size_t i;
#ifdef CHAT_LOCALE
    char number[16];
    expect(setlocale(LC_ALL, "") != NULL, "locale", "it can be had");
    sprintf(number, "%.1f", 1.5);
    expect(!strcmp(number, "1,5"), "locale", "it has a comma");
#endif
    for (i = 0; i < sizeof formats / sizeof *formats; i++) chat(i);
    return failed;
}
