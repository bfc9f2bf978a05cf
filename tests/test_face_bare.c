/* >>face: answers of applications that leave out what they can. Whatever a block lacks, what goes out is JSON, and what it
   does say arrives; without memory that is said. */
#include "server.h"
#include "events.h"

static const llmprov_block bare_blocks[] = {
    { .type = LLMPROV_BLOCK_TEXT, .text = "Hi", .text_len = 2 }, { .type = LLMPROV_BLOCK_TEXT }, { .type = LLMPROV_BLOCK_TEXT, .text = "" },
    { .type = LLMPROV_BLOCK_TEXT, .text = "a", .extra = "{\"citations\":5}" }, { .type = LLMPROV_BLOCK_TEXT, .text = "b", .extra = "{\"citations\":[]}" },
    { .type = LLMPROV_BLOCK_TEXT, .text = "c", .extra = "{\"citations\":[{\"x\":1}],\"y\":null,\"z\":{}}" }, { .type = LLMPROV_BLOCK_TEXT, .text = "d", .kind = "refusal" },
    { .type = LLMPROV_BLOCK_IMAGE }, { .type = LLMPROV_BLOCK_IMAGE, .mime = "image/png", .base64 = "QUJD", .base64_len = 4 }, { .type = LLMPROV_BLOCK_IMAGE, .mime = "image/tiff", .base64 = "QUJD", .base64_len = 4 },
    { .type = LLMPROV_BLOCK_IMAGE, .url = "https://a.example/x.png" }, { .type = LLMPROV_BLOCK_IMAGE, .data = "abc", .data_len = 3 }, { .type = LLMPROV_BLOCK_IMAGE, .mime = "image/png", .data = "abc", .data_len = 3 },
    { .type = LLMPROV_BLOCK_AUDIO }, { .type = LLMPROV_BLOCK_AUDIO, .mime = "audio/wav", .data = "abc", .data_len = 3, .text = "said", .id = "au" }, { .type = LLMPROV_BLOCK_AUDIO, .text = "said" },
    { .type = LLMPROV_BLOCK_VIDEO }, { .type = LLMPROV_BLOCK_DOCUMENT }, { .type = LLMPROV_BLOCK_DOCUMENT, .text = "T", .name = "N" },
    { .type = LLMPROV_BLOCK_TOOL_USE }, { .type = LLMPROV_BLOCK_TOOL_USE, .json = "" }, { .type = LLMPROV_BLOCK_TOOL_USE, .id = "", .name = "", .json = "{}" },
    { .type = LLMPROV_BLOCK_TOOL_USE, .id = "i", .name = "f", .json = "{\"a\":1}", .signature = "s", .extra = "{\"q\":1}" },
    { .type = LLMPROV_BLOCK_TOOL_USE, .id = "j", .name = "f", .json = "{\"rawInvalidInput\":\"{\"}", .invalid = true }, { .type = LLMPROV_BLOCK_TOOL_USE, .id = "k", .name = "f", .json = "{\"rawInvalidInput\":5}", .invalid = true },
    { .type = LLMPROV_BLOCK_THINKING }, { .type = LLMPROV_BLOCK_THINKING, .text = "", .signature = "" }, { .type = LLMPROV_BLOCK_THINKING, .text = "t", .signature = "s", .extra = "{\"x\":1}" },
    { .type = LLMPROV_BLOCK_REDACTED }, { .type = LLMPROV_BLOCK_REDACTED, .text = "AA==" },
    { .type = LLMPROV_BLOCK_SERVER_USE }, { .type = LLMPROV_BLOCK_SERVER_USE, .kind = "server_tool_use", .id = "s", .name = "n", .json = "" }, { .type = LLMPROV_BLOCK_SERVER_USE, .kind = "x", .name = "web_search", .json = "{}" },
    { .type = LLMPROV_BLOCK_SERVER_RESULT }, { .type = LLMPROV_BLOCK_SERVER_RESULT, .kind = "server_tool_result", .id = "s", .json = "[]" }, { .type = LLMPROV_BLOCK_SERVER_RESULT, .json = "" },
    { .type = LLMPROV_BLOCK_RAW }, { .type = LLMPROV_BLOCK_RAW, .kind = "k" }, { .type = LLMPROV_BLOCK_RAW, .kind = "k", .json = "{}" }, { .type = LLMPROV_BLOCK_RAW, .kind = "k", .json = "{\"k\":{\"v\":1}}" },
};
enum { BARE_BLOCKS = sizeof bare_blocks / sizeof *bare_blocks };

static const struct { const char *format, *other; } bare_formats[] = {
    { "anthropic-messages", "openai-chat" }, { "openai-chat", "anthropic-messages" }, { "openai-responses", "openai-chat" }, { "bedrock-converse", "openai-chat" },
    { "gemini-generate", "openai-chat" }, { "cohere-v2", "openai-chat" }, { "ollama-chat", "openai-chat" },
};
enum { BARE_FORMATS = sizeof bare_formats / sizeof *bare_formats };

/* Each line's JSON, if it has any, is JSON. */
static bool bare_is_json(const char *text) {
    while (*text) {
        const char *end = strchr(text, '\n'), *from = strchr(text, '{');
        size_t len;
        if (!end) end = text + strlen(text);
        if (from && from < end && strncmp(text, "event:", 6)) {
            llmprov_json *j;
            for (len = (size_t)(end - from); len && from[len - 1] != '}'; len--) { }
            j = llmprov_json_parse(from, len, NULL, NULL);
            if (!j) return false;
            llmprov_json_free(j);
        }
        text = *end ? end + 1 : end;
    }
    return true;
}

static void bare_judge(const char *format, llmprov_status status, engine_text *out, const char *says) {
    if (!strcmp(format, "bedrock-converse") && out->len && out->ptr[0] != '{') {
        engine_text all = events_text(out->ptr, out->len);
        engine_text_free(out);
        *out = all;
    }
    if (status == LLMPROV_ERR_NO_MEMORY) CHECK_ALWAYS(test_memory.refused > 0);
    else if (CHECK_INT(status, LLMPROV_OK) && !test_excused() && (!CHECK(bare_is_json(out->ptr)) || !CHECK(strstr(out->ptr, says) != NULL))) printf("    %s: %s\n", format, out->ptr);
}

static void bare_reply(int format, bool own, llmprov_stop stop, const char *word, int from, int to) {
    engine_text out = { NULL, 0, 0 };
    llmprov_face_desc d = { .format = bare_formats[format].format, .from = own ? bare_formats[format].format : bare_formats[format].other, .out = server_take, .user = &out, .alloc = test_alloc() };
    llmprov_response r = { .id = "", .model = "", .text = "", .stop = stop, .stop_word = word, .extra = own ? "{\"x\":1}" : NULL,
                           .message = { .role = LLMPROV_ROLE_ASSISTANT, .blocks = bare_blocks + from, .block_count = (size_t)(to - from) } };
    llmprov_face *f = llmprov_face_open(&d);
    engine_add(&out, "", 0);
    bare_judge(d.format, llmprov_face_reply(f, &r), &out, from ? "{" : "Hi");
    llmprov_face_free(f);
    engine_text_free(&out);
}

static void bare_stream(int format, bool own, llmprov_stop stop, const char *word, int from, int to) {
    static const llmprov_usage usage;
    static const struct { const char *kind, *text, *extra; int index; } parts[] = {
        { "signature", "s", NULL, 0 }, { "citation", NULL, "{\"x\":1}", 0 }, { "citation", NULL, "{\"url_citation\":{\"url\":\"u\"}}", 0 }, { "odd", NULL, "5", 0 }, { "logprobs", NULL, "{\"content\":[]}", -1 }, { "odd", NULL, "[1]", -1 },
    };
    engine_text out = { NULL, 0, 0 };
    llmprov_face_desc d = { .format = bare_formats[format].format, .from = own ? bare_formats[format].format : bare_formats[format].other, .out = server_take, .user = &out, .alloc = test_alloc() };
    llmprov_face *f = llmprov_face_open(&d);
    llmprov_event e = { .type = LLMPROV_EVENT_START, .id = "", .model = "" };
    llmprov_status status;
    int i, k;
    engine_add(&out, "", 0);
    llmprov_face_event(f, &e);
    for (i = from; i < to; i++) {
        const llmprov_block *b = &bare_blocks[i];
        bool call = b->type == LLMPROV_BLOCK_TOOL_USE || b->type == LLMPROV_BLOCK_SERVER_USE;
        e = (llmprov_event){ .type = LLMPROV_EVENT_BLOCK, .index = i - from, .block = b };
        llmprov_face_event(f, &e);
        e = (llmprov_event){ .type = call ? LLMPROV_EVENT_JSON : b->type == LLMPROV_BLOCK_THINKING ? LLMPROV_EVENT_THINKING : LLMPROV_EVENT_TEXT, .index = i - from, .text = call ? b->json : b->text };
        e.text_len = e.text ? strlen(e.text) : 0;
        if (e.text_len && (call || b->type == LLMPROV_BLOCK_TEXT || b->type == LLMPROV_BLOCK_THINKING || b->type == LLMPROV_BLOCK_AUDIO)) llmprov_face_event(f, &e);
        for (k = 0; k < 6; k++) {
            e = (llmprov_event){ .type = LLMPROV_EVENT_PART, .index = parts[k].index < 0 ? -1 : i - from, .kind = parts[k].kind, .text = parts[k].text, .extra = parts[k].extra };
            e.text_len = e.text ? strlen(e.text) : 0;
            e.extra_len = e.extra ? strlen(e.extra) : 0;
            if (b->type == LLMPROV_BLOCK_TEXT || b->type == LLMPROV_BLOCK_THINKING) llmprov_face_event(f, &e);
        }
        e = (llmprov_event){ .type = LLMPROV_EVENT_BLOCK_END, .index = i - from, .block = b };
        llmprov_face_event(f, &e);
    }
    e = (llmprov_event){ .type = LLMPROV_EVENT_OTHER, .kind = "", .extra = "{}", .extra_len = 2 };
    llmprov_face_event(f, &e);
    e.kind = NULL;
    llmprov_face_event(f, &e);
    e = (llmprov_event){ .type = LLMPROV_EVENT_META, .extra = "{\"x\":1}", .extra_len = 7 };
    llmprov_face_event(f, &e);
    e = (llmprov_event){ .type = LLMPROV_EVENT_END, .stop = stop, .stop_word = word, .usage = &usage };
    status = llmprov_face_event(f, &e);
    bare_judge(d.format, status, &out, from ? "{" : "Hi");
    llmprov_face_free(f);
    engine_text_free(&out);
}

TEST_NO_OOM(face_bare_replies_are_json) {
    static const struct { llmprov_stop stop; const char *word; } ends[] = { { LLMPROV_STOP_OTHER, "" }, { LLMPROV_STOP_OTHER, "odd" }, { LLMPROV_STOP_REFUSAL, "" }, { LLMPROV_STOP_LENGTH, "x" }, { LLMPROV_STOP_PAUSE, NULL }, { LLMPROV_STOP_ERROR, NULL } };
    int format, own, i;
    for (format = 0; format < BARE_FORMATS; format++)
        for (own = 0; own < 2; own++)
            for (i = 0; i < 6; i++) {
                bare_reply(format, own != 0, ends[i].stop, ends[i].word, 0, BARE_BLOCKS);
                bare_stream(format, own != 0, ends[i].stop, ends[i].word, 0, BARE_BLOCKS);
                bare_stream(format, own != 0, ends[i].stop, ends[i].word, 0, 1);
            }
}

/* A few blocks at a time, so that each allocation fails once. */
static void bare_without_memory(int format) {
    int i, own;
    for (own = 0; own < 2; own++)
        for (i = 0; i < BARE_BLOCKS; i += 10) {
            bare_reply(format, own != 0, LLMPROV_STOP_END, "", i, i + 10 < BARE_BLOCKS ? i + 10 : BARE_BLOCKS);
            bare_stream(format, own != 0, LLMPROV_STOP_END, "", i, i + 10 < BARE_BLOCKS ? i + 10 : BARE_BLOCKS);
        }
}

TEST(face_bare_anthropic_without_memory) { bare_without_memory(0); }
TEST(face_bare_chat_without_memory) { bare_without_memory(1); }
TEST(face_bare_responses_without_memory) { bare_without_memory(2); }
TEST(face_bare_bedrock_without_memory) { bare_without_memory(3); }
TEST(face_bare_gemini_without_memory) { bare_without_memory(4); }
TEST(face_bare_cohere_without_memory) { bare_without_memory(5); }
TEST(face_bare_ollama_without_memory) { bare_without_memory(6); }

/* Errors that say next to nothing, before and inside a stream, and answers that are named by who asks for them. */
TEST_NO_OOM(face_bare_errors_are_json) {
    static const llmprov_error errors[] = {
        { .code = LLMPROV_ERR_ARGUMENT }, { .code = LLMPROV_ERR_ARGUMENT, .message = "", .param = "", .provider_code = "" }, { .code = LLMPROV_ERR_ARGUMENT, .message = "m", .param = "p", .provider_code = "c", .request_id = "" },
        { .code = LLMPROV_ERR_RATE_LIMIT, .retry_after_ms = 1500 }, { .code = LLMPROV_ERR_SERVER }, { .code = LLMPROV_ERR_TOO_LONG, .message = "too long" }, { .code = LLMPROV_ERR_CANCELLED },
    };
    int format, inside;
    size_t i;
    for (format = 0; format < BARE_FORMATS; format++)
        for (i = 0; i < sizeof errors / sizeof *errors; i++)
            for (inside = 0; inside < 2; inside++) {
                engine_text out = { NULL, 0, 0 };
                llmprov_face_desc d = { .format = bare_formats[format].format, .id = "mine", .model = "my-model", .out = server_take, .user = &out, .alloc = test_alloc() };
                llmprov_event start = { .type = LLMPROV_EVENT_START, .id = "r1", .model = "m-1" };
                llmprov_face *f = llmprov_face_open(&d);
                int status = 0;
                engine_add(&out, "", 0);
                if (inside) llmprov_face_event(f, &start);
                bare_judge(d.format, llmprov_face_error(f, &errors[i], &status), &out, "{");
                CHECK(status >= 400 && status < 600);
                CHECK(!strstr(out.ptr, "m-1") && !strstr(out.ptr, "\"r1\""));
                llmprov_face_free(f);
                engine_text_free(&out);
            }
}
