/* >>face and the answering half of >>ask: events and replies become what a client of a format expects. Golden answers go
   through every format in test_wire.c; here is what they have no bytes for. */
#include "feed.h"
#include "server.h"

/* What a face wrote. */
typedef struct face_sink {
    char text[8192];
    size_t len;
    int pieces, stop_at;         /* the number of the piece that is answered with false; 0 = never */
} face_sink;

static bool face_take(void *user, const void *bytes, size_t len) {
    face_sink *sink = (face_sink *)user;
    if (sink->len + len < sizeof sink->text) memcpy(sink->text + sink->len, bytes, len), sink->len += len;
    sink->text[sink->len] = 0;
    return ++sink->pieces != sink->stop_at;
}

static llmprov_face *face_new(face_sink *sink, const char *format, const char *from) {
    llmprov_face_desc d = { .format = format, .from = from, .out = face_take, .user = sink, .alloc = test_alloc() };
    memset(sink, 0, sizeof *sink);
    return llmprov_face_open(&d);
}

/* Events written down: type, index, text; a BLOCK is a tool_use unless text says "text" or "thinking". */
typedef struct face_step { llmprov_event_type type; int index; const char *text; int choice; } face_step;

static llmprov_status face_play(llmprov_face *f, const face_step *steps, size_t count) {
    static const llmprov_usage usage = { .input_tokens = 3, .output_tokens = 4 };
    llmprov_status status = LLMPROV_OK;
    size_t i;
    for (i = 0; i < count && !status; i++) {
        llmprov_event e = { .type = steps[i].type, .index = steps[i].index, .choice = steps[i].choice, .id = "r1", .model = "m-1" };
        llmprov_block b = { .type = LLMPROV_BLOCK_TOOL_USE, .id = steps[i].text, .name = "f" };
        if (steps[i].text && !strcmp(steps[i].text, "text")) b.type = LLMPROV_BLOCK_TEXT;
        if (steps[i].text && !strcmp(steps[i].text, "thinking")) b.type = LLMPROV_BLOCK_THINKING;
        if (e.type == LLMPROV_EVENT_BLOCK || e.type == LLMPROV_EVENT_BLOCK_END) e.block = &b;
        else e.text = steps[i].text, e.text_len = steps[i].text ? strlen(steps[i].text) : 0;
        e.usage = &usage;
        e.stop = LLMPROV_STOP_END;
        e.stop_word = "end_turn";
        status = llmprov_face_event(f, &e);
    }
    return status;
}

#define FACE_PLAY(f, steps) face_play((f), (steps), sizeof(steps) / sizeof *(steps))

/* The types, indexes and pieces of the frames of anthropic-messages, a word each. */
static const char *face_order(const face_sink *sink, char *to) {
    const char *at = sink->text, *p;
    char *out = to;
    while ((at = strstr(at, "data: {\"type\":\"")) != NULL) {
        const char *end = strstr(at, "\n\n");
        at += 15;
        if (!strncmp(at, "content_block_start", 19)) out += sprintf(out, "+");
        else if (!strncmp(at, "content_block_stop", 18)) out += sprintf(out, "-");
        else if (!strncmp(at, "content_block_delta", 19)) out += sprintf(out, "=");
        else continue;
        p = strstr(at, "\"index\":");
        if (p && p < end) *out++ = p[8];
        p = strstr(at, "\"partial_json\":\"");
        for (p = p && p < end ? p + 16 : NULL; p && *p != '"'; p++) {
            if (*p == '\\') p++;
            *out++ = *p;
        }
        *out++ = ' ';
    }
    *out = 0;
    return to;
}

/* Calls that openai-chat streams one behind the other go out at once: the first is closed when its arguments are whole. */
TEST(face_blocks_do_not_overlap) {
    static const face_step in_turn[] = {
        { LLMPROV_EVENT_START, 0, NULL, 0 }, { LLMPROV_EVENT_BLOCK, 0, "a", 0 }, { LLMPROV_EVENT_JSON, 0, "{\"x\":", 0 }, { LLMPROV_EVENT_JSON, 0, "1}", 0 },
        { LLMPROV_EVENT_BLOCK, 1, "b", 0 }, { LLMPROV_EVENT_JSON, 1, "{}", 0 },
    };
    static const face_step end[] = { { LLMPROV_EVENT_BLOCK_END, 0, "a", 0 }, { LLMPROV_EVENT_BLOCK_END, 1, "b", 0 }, { LLMPROV_EVENT_END, 0, NULL, 0 } };
    face_sink sink;
    llmprov_face *f = face_new(&sink, "anthropic-messages", "openai-chat");
    char order[1000];
    OK_OR(FACE_PLAY(f, in_turn), done);
    CHECK_STR(face_order(&sink, order), "+0 =0{\"x\": =01} -0 +1 =1{} ");
    OK_OR(FACE_PLAY(f, end), done);
    CHECK_STR(face_order(&sink, order), "+0 =0{\"x\": =01} -0 +1 =1{} -1 ");
    CHECK(strstr(sink.text, "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"));
done:
    llmprov_face_free(f);
}

/* What is really interleaved waits for its turn, and nothing of it is lost. */
TEST(face_overlapping_blocks_wait) {
    static const face_step mixed[] = {
        { LLMPROV_EVENT_START, 0, NULL, 0 }, { LLMPROV_EVENT_BLOCK, 0, "a", 0 }, { LLMPROV_EVENT_BLOCK, 1, "b", 0 }, { LLMPROV_EVENT_BLOCK, 2, "c", 0 },
        { LLMPROV_EVENT_JSON, 1, "{\"y\":", 0 }, { LLMPROV_EVENT_JSON, 0, "{\"x\":", 0 }, { LLMPROV_EVENT_JSON, 2, "{}", 0 }, { LLMPROV_EVENT_JSON, 1, "2}", 0 },
        { LLMPROV_EVENT_JSON, 0, "\"{\\\"}\"}", 0 }, { LLMPROV_EVENT_BLOCK_END, 1, "b", 0 }, { LLMPROV_EVENT_BLOCK_END, 0, "a", 0 }, { LLMPROV_EVENT_END, 0, NULL, 0 },
    };
    face_sink sink;
    llmprov_face *f = face_new(&sink, "anthropic-messages", "openai-chat");
    char order[1000];
    OK_OR(FACE_PLAY(f, mixed), done);
    CHECK_STR(face_order(&sink, order), "+0 =0{\"x\": =0\"{\\\"}\"} -0 +1 =1{\"y\": =12} -1 +2 =2{} -2 ");
done:
    llmprov_face_free(f);
}

/* A delta that is written by its text alone is the same bytes as one that is written whole. */
TEST(face_the_shortcut_changes_nothing) {
    static const face_step steps[] = {
        { LLMPROV_EVENT_START, 0, NULL, 0 }, { LLMPROV_EVENT_BLOCK, 0, "text", 0 }, { LLMPROV_EVENT_TEXT, 0, "one", 0 }, { LLMPROV_EVENT_TEXT, 0, "tw\"o\n\xC3\xB6", 0 },
        { LLMPROV_EVENT_TEXT, 0, "", 0 }, { LLMPROV_EVENT_TEXT, 0, "three", 0 }, { LLMPROV_EVENT_BLOCK_END, 0, "text", 0 }, { LLMPROV_EVENT_BLOCK, 1, "thinking", 0 },
        { LLMPROV_EVENT_THINKING, 1, "four", 0 }, { LLMPROV_EVENT_THINKING, 1, "five", 0 }, { LLMPROV_EVENT_END, 0, NULL, 0 },
    };
    static face_sink sinks[2];
    llmprov_face *f = face_new(&sinks[0], "anthropic-messages", NULL);
    size_t i;
    OK_OR(FACE_PLAY(f, steps), done);
    llmprov_face_free(f);
    f = face_new(&sinks[1], "anthropic-messages", NULL);
    for (i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (f) f->hot.armed = false;
        OK_OR(face_play(f, &steps[i], 1), done);
    }
    CHECK_STR(sinks[0].text, sinks[1].text);
    CHECK(strstr(sinks[0].text, "{\"type\":\"text_delta\",\"text\":\"tw\\\"o\\n\xC3\xB6\"}"));
done:
    llmprov_face_free(f);
}

/* Before a stream an error is a body with a status; in it, a frame, and the answer has ended. */
TEST(face_errors_before_and_inside_a_stream) {
    static const face_step steps[] = { { LLMPROV_EVENT_START, 0, NULL, 0 }, { LLMPROV_EVENT_BLOCK, 0, "text", 0 }, { LLMPROV_EVENT_TEXT, 0, "x", 0 } };
    static const struct { llmprov_status code; int was, http; const char *type; } cases[] = {
        { LLMPROV_ERR_ARGUMENT, 400, 400, "invalid_request_error" }, { LLMPROV_ERR_AUTH, 401, 401, "authentication_error" }, { LLMPROV_ERR_QUOTA, 429, 402, "billing_error" },
        { LLMPROV_ERR_FORBIDDEN, 403, 403, "permission_error" }, { LLMPROV_ERR_NOT_FOUND, 404, 404, "not_found_error" }, { LLMPROV_ERR_RATE_LIMIT, 429, 429, "rate_limit_error" },
        { LLMPROV_ERR_OVERLOADED, 503, 529, "overloaded_error" }, { LLMPROV_ERR_TIMEOUT, 0, 504, "timeout_error" }, { LLMPROV_ERR_SERVER, 500, 500, "api_error" },
        { LLMPROV_ERR_TRANSPORT, 0, 500, "api_error" }, { LLMPROV_ERR_LIMIT, 413, 413, "request_too_large" },
        { LLMPROV_ERR_REQUEST, 409, 409, "conflict_error" },
    };
    face_sink sink;
    llmprov_face *f = NULL;
    char body[300];
    size_t i;
    int status;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        llmprov_error e = { .code = cases[i].code, .http_status = cases[i].was, .message = "no \"luck\"", .request_id = "req_1" };
        sprintf(body, "{\"type\":\"error\",\"error\":{\"type\":\"%s\",\"message\":\"no \\\"luck\\\"\"},\"request_id\":\"req_1\"}", cases[i].type);
        f = face_new(&sink, "anthropic-messages", NULL);
        OK_OR(llmprov_face_error(f, &e, &status), done);
        CHECK_INT(status, cases[i].http);
        CHECK_STR(sink.text, body);
        llmprov_face_free(f);
        f = face_new(&sink, "anthropic-messages", NULL);
        OK_OR(FACE_PLAY(f, steps), done);
        sink.len = 0;
        OK_OR(llmprov_face_error(f, &e, NULL), done);
        CHECK_INT(strncmp(sink.text, "event: error\ndata: ", 19), 0);
        CHECK_INT(strncmp(sink.text + 19, body, strlen(body)), 0);
        CHECK_INT(llmprov_face_error(f, &e, NULL), LLMPROV_ERR_ARGUMENT);
        llmprov_face_free(f);
        f = NULL;
    }
done:
    llmprov_face_free(f);
}

TEST(face_a_failed_reply_is_its_error) {
    llmprov_error e = { .code = LLMPROV_ERR_RATE_LIMIT, .message = "slow down" };
    llmprov_response r = { .error = e, .text = "" };
    face_sink sink;
    llmprov_face *f = face_new(&sink, "anthropic-messages", NULL);
    OK_OR(llmprov_face_reply(f, &r), done);
    CHECK(strstr(sink.text, "rate_limit_error"));
    CHECK_INT(llmprov_face_reply(f, &r), LLMPROV_ERR_ARGUMENT);
done:
    llmprov_face_free(f);
}

/* A client that has gone is seen at the next piece; after that nothing is written. */
TEST(face_a_client_that_is_gone) {
    static const face_step steps[] = { { LLMPROV_EVENT_START, 0, NULL, 0 }, { LLMPROV_EVENT_BLOCK, 0, "text", 0 }, { LLMPROV_EVENT_TEXT, 0, "x", 0 } };
    face_sink sink;
    llmprov_face *f = face_new(&sink, "anthropic-messages", NULL);
    llmprov_status status;
    sink.stop_at = 2;
    status = FACE_PLAY(f, steps);
    CHECK_INT(status, LLMPROV_ERR_CANCELLED);
    CHECK_INT(sink.pieces, 2);
    CHECK_INT(FACE_PLAY(f, steps), LLMPROV_ERR_CANCELLED);
    CHECK_INT(sink.pieces, 2);
    CHECK_INT(llmprov_face_failure(f)->code, LLMPROV_ERR_CANCELLED);
    llmprov_face_free(f);
}

TEST(face_says_what_it_cannot) {
    llmprov_face_desc d = { .format = "no-such-format", .out = face_take, .alloc = test_alloc() };
    llmprov_event e = { .type = LLMPROV_EVENT_START };
    llmprov_face *f = llmprov_face_open(&d);
    NEED_OR(f, none);
    CHECK_INT(llmprov_face_event(f, &e), LLMPROV_ERR_UNSUPPORTED);
    CHECK(strstr(llmprov_face_failure(f)->message, "no-such-format"));
    llmprov_face_free(f);
    d.format = "anthropic-messages";
    d.out = NULL;
    f = llmprov_face_open(&d);
    NEED_OR(f, none);
    CHECK_INT(llmprov_face_event(f, &e), LLMPROV_ERR_ARGUMENT);
none:
    llmprov_face_free(f);
    CHECK_ALWAYS(llmprov_face_event(NULL, &e) == LLMPROV_ERR_NO_MEMORY && llmprov_face_failure(NULL)->code == LLMPROV_ERR_NO_MEMORY);
}

/* Further answers have no place in a format that gives one. */
TEST(face_one_answer_of_several) {
    static const face_step steps[] = {
        { LLMPROV_EVENT_START, 0, NULL, 0 }, { LLMPROV_EVENT_BLOCK, 0, "text", 0 }, { LLMPROV_EVENT_BLOCK, 0, "text", 1 }, { LLMPROV_EVENT_TEXT, 0, "first", 0 },
        { LLMPROV_EVENT_TEXT, 0, "second", 1 }, { LLMPROV_EVENT_BLOCK_END, 0, "text", 1 }, { LLMPROV_EVENT_BLOCK_END, 0, "text", 0 }, { LLMPROV_EVENT_END, 0, NULL, 0 },
    };
    const llmprov_warning *w;
    face_sink sink;
    llmprov_face *f = face_new(&sink, "anthropic-messages", "openai-chat");
    size_t count;
    OK_OR(FACE_PLAY(f, steps), done);
    CHECK(strstr(sink.text, "first") && !strstr(sink.text, "second"));
    w = llmprov_face_warnings(f, &count);
    CHECK_INT(count, 1);
    if (count) CHECK_STR(w[0].field, "choices");
done:
    llmprov_face_free(f);
}

/* What the format may gain goes through to a client of the same format, and nowhere else. */
TEST(face_unknown_events_go_through_to_their_own_format) {
    static const char *const from[] = { "anthropic-messages", "openai-chat" };
    llmprov_event e = { .type = LLMPROV_EVENT_OTHER, .kind = "new_event", .extra = "{\"type\":\"new_event\",\"x\":1}", .extra_len = 26 };
    llmprov_event start = { .type = LLMPROV_EVENT_START, .id = "r1", .model = "m-1" };
    size_t i, count;
    for (i = 0; i < 2; i++) {
        face_sink sink;
        llmprov_face *f = face_new(&sink, "anthropic-messages", from[i]);
        OK_OR(llmprov_face_event(f, &start), done);
        sink.len = 0;
        sink.text[0] = 0;
        OK_OR(llmprov_face_event(f, &e), done);
        CHECK_STR(sink.text, i ? "" : "event: new_event\ndata: {\"type\":\"new_event\",\"x\":1}\n\n");
        llmprov_face_warnings(f, &count);
        CHECK_INT(count, i);
    done:
        llmprov_face_free(f);
    }
}

/* The end of one of several answers has a frame in formats that tell several. */
TEST(face_the_end_of_a_choice) {
    static const struct { const char *format, *frame; } cases[] = {
        { "anthropic-messages", "" }, { "bedrock-converse", "" }, { "openai-responses", "" }, { "cohere-v2", "" }, { "ollama-chat", "" },
        { "openai-chat", "data: {\"id\":\"r1\",\"object\":\"chat.completion.chunk\",\"created\":0,\"model\":\"m-1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n" },
        { "gemini-generate", "data: {\"responseId\":\"r1\",\"modelVersion\":\"m-1\",\"candidates\":[{\"index\":0,\"finishReason\":\"STOP\"}]}\n\n" },
    };
    static const face_step start[] = { { LLMPROV_EVENT_START, 0, NULL, 0 } }, end[] = { { LLMPROV_EVENT_CHOICE_END, 0, NULL, 0 } };
    face_sink sink;
    size_t i, before, count;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        llmprov_face *f = face_new(&sink, cases[i].format, NULL);
        OK_OR(FACE_PLAY(f, start), done);
        llmprov_face_warnings(f, &before);
        sink.len = 0;
        sink.text[0] = 0;
        OK_OR(FACE_PLAY(f, end), done);
        CHECK_STR(sink.text, cases[i].frame);
        llmprov_face_warnings(f, &count);
        CHECK_INT(count, before);
    done:
        llmprov_face_free(f);
    }
}

static void face_say_nothing(llmprov_face *f, const llmprov_event *e) { (void)f, (void)e; }

/* An array of no frames is an array, whatever a translator of one's own leaves unsaid. */
TEST(face_an_array_without_items) {
    static const face_step steps[] = { { LLMPROV_EVENT_START, 0, NULL, 0 }, { LLMPROV_EVENT_END, 0, NULL, 0 } };
    llmprov_alloc alloc = test_alloc();
    llmprov_registry *reg = llmprov_registry_new(&alloc);
    const llmprov_translator *gemini = llmprov__translators_find("gemini-generate");
    llmprov_translator mute;
    face_sink sink = { { 0 }, 0, 0, 0 };
    llmprov_face_desc d = { .format = "gemini-generate", .path = "/v1beta/models/m:streamGenerateContent", .out = face_take, .user = &sink, .registry = reg, .alloc = alloc };
    llmprov_face *f = NULL;
    NEED_OR(reg && gemini, done);
    mute = *gemini;
    mute.write_event = face_say_nothing;
    OK_OR(llmprov_register_translator(reg, &mute, LLMPROV_REPLACE), done);
    f = llmprov_face_open(&d);
    OK_OR(FACE_PLAY(f, steps), done);
    CHECK_STR(sink.text, "[]\r\n");
done:
    llmprov_face_free(f);
    llmprov_registry_free(reg);
}

/* A call of a tool whose input is a text, by a model that gave no such text: its arguments are the text. */
TEST_NO_OOM(face_the_input_of_custom_tools) {
    static const struct { const char *format, *asked, *input; int stream; const char *said; } cases[] = {
        { "openai-chat", "{'model':'m','messages':[{'role':'user','content':'x'}],'tools':[{'type':'custom','custom':{'name':'f'}}]}", "{\\'input\\':\\'T\\'}", 0, "'type':'custom','custom':{'name':'f','input':'T'}" },
        { "openai-chat", "{'model':'m','messages':[{'role':'user','content':'x'}],'tools':[{'type':'custom','custom':{'name':'f'}}]}", "{\\'x\\':1}", 0, "'type':'custom','custom':{'name':'f','input':'{\\'x\\':1}'}" },
        { "openai-chat", "{'model':'m','messages':[{'role':'user','content':'x'}],'tools':[{'type':'custom','custom':{'name':'f'}}]}", "{\\'x\\':1}", 1, "'custom':{'input':'{\\'x\\':1}'}" },
        { "openai-responses", "{'model':'m','input':'x','tools':[{'type':'custom','name':'f'}]}", "{\\'input\\':\\'T\\'}", 0, "'type':'custom_tool_call'" },
        { "openai-responses", "{'model':'m','input':'x','tools':[{'type':'custom','name':'f'}]}", "{\\'x\\':1}", 0, "'input':'{\\'x\\':1}'" },
        { "openai-responses", "{'model':'m','input':'x','tools':[{'type':'custom','name':'f'}]}", "{\\'x\\':1}", 1, "'input':'{\\'x\\':1}'" },
        { "openai-responses", "{'model':'m','input':'x','tools':[{'type':'custom','name':'g'},{'type':'function','name':'f','parameters':{}}]}", "{\\'x\\':1}", 1, "'type':'function_call'" },
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        char body[900], call[200];
        llmprov_asked a;
        engine_text t;
        sprintf(call, "'tool_calls':[{'index':0,'id':'a','type':'function','function':{'name':'f','arguments':'%s'}}]", cases[i].input);
        if (cases[i].stream) sprintf(body, CHAT("{%s}") CHAT_END("tool_calls") CHAT_DONE, call);
        else sprintf(body, CHAT_WHOLE("{'role':'assistant','content':null,%s}", "tool_calls"), call);
        OK(server_read(cases[i].format, Q(cases[i].asked), &a));
        t = server_answer(cases[i].format, "openai-chat", cases[i].stream, Q(body), NULL, 0, &a.request);
        if (!CHECK(strstr(t.ptr, Q(cases[i].said)) != NULL)) printf("    %s\n    %s\n", cases[i].said, t.ptr);
        engine_text_free(&t);
        llmprov_asked_free(&a);
    }
}

/* A face that there was no memory for, one of no format, one of an older header, and one after its end. */
TEST(face_of_nothing) {
    face_sink sink = { { 0 }, 0, 0, 0 };
    llmprov_face_desc d = { .out = face_take, .user = &sink, .alloc = test_alloc() };
    llmprov_event retry = { .type = LLMPROV_EVENT_RETRY }, start = { .type = LLMPROV_EVENT_START, .id = "r", .model = "m" };
    llmprov_error e = { .code = LLMPROV_ERR_SERVER, .message = "no" };
    size_t count = 1;
    llmprov_face *f;
    CHECK_ALWAYS(!llmprov_face_headers(NULL, &count) && !count && !strcmp(llmprov_face_type(NULL, true), "application/json"));
    f = llmprov_face_open(&d);
    NEED_OR(f, done);
    CHECK_STR(llmprov_face_failure(f)->message, "answers in this format cannot be written: (none was named)");
    CHECK_STR(llmprov_face_type(f, true), "text/event-stream; charset=utf-8");
    llmprov_face_free(f);
    d.format = "openai-chat";
    d.size = (uint32_t)offsetof(llmprov_face_desc, alloc);
    f = llmprov_face_open(&d);
    NEED_OR(f, done);
    llmprov_face_free(f);
    d.size = sizeof d;
    f = llmprov_face_open(&d);
    NEED_OR(f, done);
    CHECK_INT(llmprov_face_event(f, &retry), LLMPROV_OK);
    CHECK_INT(sink.pieces, 0);
    OK_OR(llmprov_face_error(f, &e, NULL), done);
    CHECK_INT(llmprov_face_event(f, &start), LLMPROV_ERR_ARGUMENT);
    CHECK_STR(llmprov_face_failure(f)->message, "the answer has ended already");
    CHECK_INT(llmprov_face_event(f, &start), LLMPROV_ERR_ARGUMENT);
done:
    llmprov_face_free(f);
}
