/* >>call: the state machine of one exchange. Everything is fed by hand: bytes, time, failures. */
#include "test.h"
#include "feed.h"
#include "engine.h"

#include <time.h>

static const char *const call_providers[] = { "openai", "anthropic" };
static const char *const call_streams[] = { feed_chat, feed_messages };
static const char *const call_events[] = { feed_chat_events, feed_messages_events };
enum { CALL_FORMATS = 2, CALL_WAYS = 8 };

// -- a stream, in any cuts -----------------------------------------------------------------

static void call_one(int format, int way, bool next) {
    llmprov_client *c = feed_client(call_providers[format]);
    feed_log log;
    llmprov_request req = feed_request("Say hello.", &log);
    llmprov_response r = { 0 };
    llmprov_call *call;
    if (next) req.on_event = NULL;
    call = llmprov_call_chat(c, &req);
    feed_stream(call, way, call_streams[format], next ? &log : NULL);
    CHECK(llmprov_call_want(call) == LLMPROV_WANT_NOTHING);
    OK_OR(llmprov_call_take(call, &r), done);
    CHECK_STR(log.text, call_events[format]);
    CHECK_TEXT(r.text, r.text_len, "Hello, w\xC3\xB6rld");
    CHECK_STR(r.model, "m-1");
    CHECK_INT(r.stop, LLMPROV_STOP_END);
    CHECK_INT(r.usage.input_tokens, 5);
    CHECK_INT(r.usage.output_tokens, 7);
    CHECK_INT(r.attempts, 1);
    CHECK_INT(r.size, sizeof r);
    CHECK_INT(r.message.block_count, 1);
    CHECK_INT(r.choice_count, 1);
done:
    llmprov_call_free(call);
    llmprov_response_free(&r);
    llmprov_close(c);
}

TEST(call_streams_openai_chat_to_on_event) { call_one(0, 0, false); }
TEST(call_streams_openai_chat_to_next) { call_one(0, 0, true); }
TEST(call_streams_openai_chat_byte_by_byte) { call_one(0, 1, false); }
TEST(call_streams_anthropic_messages_to_on_event) { call_one(1, 0, false); }
TEST(call_streams_anthropic_messages_to_next) { call_one(1, 0, true); }
TEST(call_streams_anthropic_messages_byte_by_byte) { call_one(1, 1, true); }

TEST_NO_OOM(call_does_not_care_how_a_stream_is_cut) {
    int format, way, again;
    for (format = 0; format < CALL_FORMATS; format++)
        for (way = 0; way < CALL_WAYS; way++)
            for (again = 0; again < 4; again++) call_one(format, way, again & 1);
}

/* Two pieces, the border at every byte. */
TEST_NO_OOM(call_may_be_cut_at_every_byte) {
    int format;
    for (format = 0; format < CALL_FORMATS; format++) {
        size_t len = strlen(call_streams[format]), cut;
        for (cut = 0; cut <= len; cut++) {
            llmprov_client *c = feed_client(call_providers[format]);
            feed_log log;
            llmprov_request req = feed_request("Say hello.", &log);
            llmprov_call *call = llmprov_call_chat(c, &req);
            feed_head(call, 200, "text/event-stream");
            feed_bytes(call, 0, call_streams[format], cut, NULL);
            feed_bytes(call, 0, call_streams[format] + cut, len - cut, NULL);
            llmprov_call_eof(call);
            CHECK(!strcmp(log.text, call_events[format]));
            llmprov_call_free(call);
            llmprov_close(c);
        }
    }
}

/* A frame that is like the one before it is read before its end is searched; what only looks like one is cut as ever. */
#define CALL_TEXT(text) FEED_DELTA("{\"content\":\"" text "\"}")
#define CALL_TEXTS CALL_TEXT("a") CALL_TEXT("b") CALL_TEXT("c")
#define CALL_LINE(text, end) "{\"model\":\"m\",\"created_at\":\"2025-11-20T10:00:00.1Z\",\"message\":{\"role\":\"assistant\",\"content\":\"" text "\"},\"done\":false}" end
#define CALL_LINES CALL_LINE("a", "\n") CALL_LINE("b", "\n") CALL_LINE("c", "\n")
#define CALL_LONG "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"

TEST_NO_OOM(call_reads_ahead_what_it_would_cut) {
    static const struct { const char *provider, *type, *stream, *text; bool fails; } rows[] = {
        { "openai", "text/event-stream", CALL_TEXTS CALL_TEXT("d\\u00e9\\n") FEED_FINISH("stop") FEED_DONE, "abcd\xC3\xA9\n", false },
        { "openai", "text/event-stream", CALL_TEXTS CALL_TEXT("d\ne") FEED_FINISH("stop") FEED_DONE, "abc", true },
        { "openai", "text/event-stream", CALL_TEXTS CALL_TEXT("d\\\ne") FEED_FINISH("stop") FEED_DONE, "abc", true },
        { "openai", "text/event-stream", CALL_TEXTS CALL_TEXT("d\xFFz") FEED_FINISH("stop") FEED_DONE, "abcd\xEF\xBF\xBDz", false },
        { "openai", "text/event-stream", CALL_TEXTS CALL_TEXT(CALL_LONG CALL_LONG CALL_LONG CALL_LONG) FEED_FINISH("stop") FEED_DONE, "abc", true },
        { "openai", "text/event-stream", CALL_TEXTS ": ping\n\n" CALL_TEXT("d") "event: other\n" CALL_TEXT("e") "\n\r\n" CALL_TEXT("f") FEED_FINISH("stop") FEED_DONE, "abcdef", false },
        { "openai", "text/event-stream", CALL_TEXTS CALL_TEXT("d") "data: \n" CALL_TEXT("e") FEED_FINISH("stop") FEED_DONE, "abcde", false },
        { "openai", "text/event-stream", ":\r\n" "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\r\n\r\n" "data: {\"choices\":[{\"delta\":{\"content\":\"b\"}}]}\r\n\r\n"
            "data: {\"choices\":[{\"delta\":{\"content\":\"c\"}}]}\n\n" "data: {\"choices\":[{\"delta\":{\"content\":\"d\"}}]}\r\n\r\n"
            "data: {\"choices\":[{\"delta\":{\"content\":\"e\"}}]}\r\r" FEED_FINISH("stop") FEED_DONE, "abcde", false },
        { "ollama-native", "application/x-ndjson", CALL_LINES CALL_LINE("d", " \n\n ") CALL_LINE("e", "\r\n") CALL_LINE("f", "\r\n") CALL_LINE("g", "\r\n")
            "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\"}", "abcdefg", false },
        { "ollama-native", "application/x-ndjson", CALL_LINES CALL_LINE("d\n", "\n") CALL_LINE("e", "\n"), "abc", true },
        { "ollama-native", "application/x-ndjson", CALL_LINES CALL_LINE("d", "") CALL_LINE("e", "\n"), "abcd", true },
    };
    size_t i;
    int way;
    for (i = 0; i < LLMPROV__COUNT(rows); i++) {
        char first[4096] = "";
        for (way = 0; way < CALL_WAYS; way++) {
            llmprov_desc d = feed_desc(rows[i].provider);
            llmprov_client *c;
            feed_log log;
            llmprov_request req = feed_request("Say hello.", &log);
            llmprov_response r;
            llmprov_call *call;
            d.limits.max_event_bytes = 400;
            req.stream = LLMPROV_STREAM_ON;
            c = llmprov_open(&d);
            call = llmprov_call_chat(c, &req);
            feed_head(call, 200, rows[i].type);
            feed_bytes(call, way, rows[i].stream, strlen(rows[i].stream), NULL);
            llmprov_call_eof(call);
            llmprov_call_take(call, &r);
            CHECK((r.error.code != LLMPROV_OK) == rows[i].fails);
            CHECK(!strcmp(r.text, rows[i].text));
            feed_add(&log, r.error.message, r.error.message ? strlen(r.error.message) : 0);
            if (!way) strcpy(first, log.text);
            CHECK(!strcmp(log.text, first));
            llmprov_response_free(&r);
            llmprov_call_free(call);
            llmprov_close(c);
        }
    }
}

static void call_tool(bool next) {
    llmprov_client *c = feed_client("openai");
    feed_log log;
    llmprov_request req = feed_request("Where is it?", &log);
    llmprov_tool tool = { .name = "look", .schema = "{\"type\":\"object\"}" };
    llmprov_response r = { 0 };
    const llmprov_block *b;
    llmprov_call *call;
    req.tools = &tool;
    req.tool_count = 1;
    if (next) req.on_event = NULL;
    call = llmprov_call_chat(c, &req);
    feed_stream(call, 2, feed_chat_tool, next ? &log : NULL);
    OK_OR(llmprov_call_take(call, &r), done);
    CHECK_STR(log.text, feed_chat_tool_events);
    b = llmprov_block_next(&r.message, LLMPROV_BLOCK_TOOL_USE, NULL);
    NEED_OR(b, done);
    CHECK_STR(b->id, "call_1");
    CHECK_STR(b->name, "look");
    CHECK_TEXT(b->json, b->json_len, "{\"where\":\"up\"}");
    CHECK_INT(r.stop, LLMPROV_STOP_TOOL_USE);
done:
    llmprov_response_free(&r);
    llmprov_call_free(call);
    llmprov_close(c);
}

TEST(call_streams_a_tool_use_to_on_event) { call_tool(false); }
TEST(call_streams_a_tool_use_to_next) { call_tool(true); }

TEST(call_reads_a_whole_reply_to_the_same_events) {
    llmprov_client *c = feed_client("openai");
    feed_log log;
    llmprov_request req = feed_request("Say hello.", &log);
    llmprov_response r = { 0 };
    llmprov_call *call;
    req.stream = LLMPROV_STREAM_OFF;
    call = llmprov_call_chat(c, &req);
    feed_whole(call, 200, feed_chat_whole);
    OK_OR(llmprov_call_take(call, &r), done);
    CHECK_STR(log.text, feed_chat_events);
    CHECK_TEXT(r.text, r.text_len, "Hello, w\xC3\xB6rld");
    CHECK_INT(r.usage.output_tokens, 7);
done:
    llmprov_response_free(&r);
    llmprov_call_free(call);
    llmprov_close(c);
}

TEST_NO_OOM(call_takes_a_whole_reply_where_a_stream_was_asked_for) {
    static const char *const before[] = { "", "\n", " \r\n\t", "\xEF\xBB\xBF" };
    size_t i;
    int way;
    for (i = 0; i < 4; i++)
        for (way = 0; way < 3; way++) {
            llmprov_client *c = feed_client("openai");
            feed_log log;
            llmprov_request req = feed_request("Say hello.", &log);
            llmprov_call *call = llmprov_call_chat(c, &req);
            feed_head(call, 200, way == 1 ? "text/event-stream" : "application/json");
            feed_bytes(call, way, before[i], strlen(before[i]), NULL);
            feed_bytes(call, way, feed_chat_whole, strlen(feed_chat_whole), NULL);
            llmprov_call_eof(call);
            CHECK_STR(log.text, feed_chat_events);
            llmprov_call_free(call);
            llmprov_close(c);
        }
}

TEST_NO_OOM(call_takes_a_stream_where_a_whole_reply_was_asked_for) {
    llmprov_client *c = feed_client("openai");
    feed_log log;
    llmprov_request req = feed_request("Say hello.", &log);
    llmprov_call *call;
    req.stream = LLMPROV_STREAM_OFF;
    call = llmprov_call_chat(c, &req);
    feed_stream(call, 3, feed_chat, NULL);
    CHECK_STR(log.text, feed_chat_events);
    llmprov_call_free(call);
    llmprov_close(c);
}

// -- the order of things -------------------------------------------------------------------

TEST(call_wants_send_then_recv_then_nothing) {
    llmprov_client *c = feed_client("openai");
    feed_log log;
    llmprov_request req = feed_request("Say hello.", &log);
    llmprov_call *call = llmprov_call_chat(c, &req);
    const llmprov_http *http;
    NEED_OR(llmprov_call_want(call) == LLMPROV_WANT_SEND, done);
    http = llmprov_call_http(call);
    NEED_OR(http, done);
    CHECK_STR(http->method, "POST");
    CHECK_STR(http->url, "https://api.openai.com/v1/chat/completions");
    CHECK(!http->secret_in_url);
    llmprov_call_sent(call);
    CHECK(llmprov_call_want(call) == LLMPROV_WANT_RECV);
    llmprov_call_sent(call);                                  /* twice does nothing */
    CHECK(llmprov_call_want(call) == LLMPROV_WANT_RECV);
    CHECK(llmprov_call_http(call) == http);
    feed_head(call, 200, "text/event-stream");
    CHECK(llmprov_call_want(call) == LLMPROV_WANT_RECV);
    feed_bytes(call, 0, feed_chat, strlen(feed_chat), NULL);
    llmprov_call_eof(call);
    CHECK(llmprov_call_want(call) == LLMPROV_WANT_NOTHING);
    CHECK(!llmprov_call_http(call));
    CHECK(!llmprov_call_feed(call, "x", 1));                  /* all of these do nothing now */
    llmprov_call_eof(call);
    llmprov_call_fail(call, LLMPROV_ERR_TRANSPORT, "late");
    llmprov_call_tick(call, 1000000000);
    llmprov_call_cancel(call);
    CHECK(llmprov_call_want(call) == LLMPROV_WANT_NOTHING);
    CHECK_INT(llmprov_call_error(call)->code, LLMPROV_OK);
    CHECK_INT(llmprov_call_due_ms(call), -1);
done:
    llmprov_call_free(call);
    llmprov_close(c);
}

/* A transport may say less: bytes imply a head, a head implies that the request is out. */
TEST_NO_OOM(call_takes_bytes_without_sent_and_head) {
    llmprov_client *c = feed_client("openai");
    feed_log log;
    llmprov_request req = feed_request("Say hello.", &log);
    llmprov_call *call = llmprov_call_chat(c, &req);
    feed_bytes(call, 2, feed_chat, strlen(feed_chat), NULL);
    llmprov_call_eof(call);
    CHECK_STR(log.text, feed_chat_events);
    llmprov_call_free(call);
    llmprov_close(c);
}

/* What a frame says is delivered before a byte of the next one is there. */
TEST_NO_OOM(call_delivers_a_frame_before_the_next_one_comes) {
    static const int events[2][8] = { { 1, 3, 4, 5, 5, 5, 8 }, { 1, 2, 2, 3, 4, 5, 6, 6 } };
    int format, next;
    for (format = 0; format < CALL_FORMATS; format++)
        for (next = 0; next < 2; next++) {
            llmprov_client *c = feed_client(call_providers[format]);
            feed_log log;
            llmprov_request req = feed_request("Say hello.", &log);
            llmprov_call *call;
            const char *p = call_streams[format];
            int frame;
            if (next) req.on_event = NULL;
            call = llmprov_call_chat(c, &req);
            feed_head(call, 200, "text/event-stream");
            for (frame = 0; frame < 8 && *p; frame++) {
                const char *end = strstr(p, "\n\n") + 2;
                feed_bytes(call, 0, p, (size_t)(end - p), next ? &log : NULL);
                CHECK_INT(log.events, events[format][frame]);
                p = end;
            }
            llmprov_call_free(call);
            llmprov_close(c);
        }
}

// -- what goes out -------------------------------------------------------------------------

static char *call_pull(llmprov_call *call, size_t piece, size_t *len) {
    const llmprov_http *http = llmprov_call_http(call);
    size_t size = http ? (size_t)http->body_len : 0, at = 0, n;
    char *to = (char *)malloc(size + piece + 1);
    if (!to) exit(3);
    while ((n = llmprov_call_body(call, to + at, piece)) != 0) {
        at += n;
        if (!CHECK(at <= size)) break;
    }
    *len = at;
    return to;
}

static size_t call_source(void *user, uint64_t offset, void *to, size_t size) {
    size_t i;
    (void)user;
    for (i = 0; i < size; i++) ((char *)to)[i] = (char)((offset + i) * 7);
    return size;
}

/* A request with all ways in which a body holds things: long and short text, bytes, a source. */
static llmprov_request call_large(llmprov_message *m, llmprov_block b[3]) {
    static char text[3000], bytes[2000];
    llmprov_request r = { 0 };
    size_t i;
    for (i = 0; i < sizeof text - 1; i++) text[i] = "The \"quick\" fox\n\tjumps\\ \xC3\xA9!"[i % 27];
    for (i = 0; i < sizeof text - 1; i++) if ((unsigned char)text[i] >= 0x80) text[i] = 'e';
    for (i = 0; i < sizeof bytes; i++) bytes[i] = (char)(i * 13);
    memset(m, 0, sizeof *m);
    memset(b, 0, 3 * sizeof *b);
    b[0].text = text;
    b[1].type = b[2].type = LLMPROV_BLOCK_IMAGE;
    b[1].mime = b[2].mime = "image/png";
    b[1].data = bytes;
    b[1].data_len = sizeof bytes;
    b[2].source.read = call_source;
    b[2].data_len = 3001;
    m->blocks = b;
    m->block_count = 3;
    r.model = "m-1";
    r.messages = m;
    r.message_count = 1;
    r.system = "Short.";
    r.max_tokens.value = 10;
    r.max_tokens.set = true;
    return r;
}

TEST(call_body_is_the_same_in_pieces_of_any_size) {
    int format;
    for (format = 0; format < CALL_FORMATS; format++) {
        llmprov_client *c = feed_client(call_providers[format]);
        llmprov_message m;
        llmprov_block b[3];
        llmprov_request req = call_large(&m, b);
        llmprov_call *call = llmprov_call_chat(c, &req);
        const llmprov_http *http = llmprov_call_http(call);
        size_t len = 0, n, piece;
        const char *whole = (const char *)llmprov_call_body_whole(call, &len);
        NEED_OR(whole && http, done);
        CHECK_INT(http->body_len, len);
        CHECK(len == strlen(whole));
        for (piece = 1; piece < 20000 && !test_excused(); piece += piece < 8 ? 1 : piece) {
            char *pulled = call_pull(call, piece, &n);
            CHECK_MEM(pulled, n, whole, len);
            free(pulled);
            CHECK(llmprov_call_body_rewind(call));
        }
    done:
        llmprov_call_free(call);
        llmprov_close(c);
    }
}

TEST_NO_OOM(call_body_rewinds_in_the_middle) {
    llmprov_client *c = feed_client("openai");
    llmprov_message m;
    llmprov_block b[3];
    llmprov_request req = call_large(&m, b);
    llmprov_call *call = llmprov_call_chat(c, &req);
    char piece[1000], *pulled;
    size_t len, n;
    const char *whole = (const char *)llmprov_call_body_whole(call, &len);
    CHECK_INT(llmprov_call_body(call, piece, sizeof piece), sizeof piece);
    CHECK(!memcmp(piece, whole, sizeof piece));
    CHECK_INT(llmprov_call_body(call, piece, 0), 0);
    CHECK(llmprov_call_body_rewind(call));
    pulled = call_pull(call, 777, &n);
    CHECK_MEM(pulled, n, whole, len);
    CHECK_INT(llmprov_call_body(call, piece, sizeof piece), 0);
    free(pulled);
    llmprov_call_free(call);
    llmprov_close(c);
}

/* The request is let go of when it is out and something was shown: it cannot be sent again. One that was asked for in one
   piece is the transport's until the end. */
TEST_NO_OOM(call_lets_go_of_a_request_that_was_answered) {
    int whole;
    for (whole = 0; whole < 2; whole++) {
        llmprov_client *c = feed_client("openai");
        llmprov_message m;
        llmprov_block b[3];
        feed_log log;
        llmprov_request req = call_large(&m, b), logged = feed_request("", &log);
        llmprov_response r = { 0 };
        llmprov_call *call;
        const char *first = strstr(feed_chat, "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\"");
        size_t n, held, body, frame = (size_t)(strstr(first, "\n\n") + 2 - first);
        char piece[16], *pulled;
        const char *all;
        req.on_event = logged.on_event;
        req.user = logged.user;
        call = llmprov_call_chat(c, &req);
        body = (size_t)llmprov_call_http(call)->body_len;
        all = whole ? (const char *)llmprov_call_body_whole(call, &n) : NULL;
        pulled = call_pull(call, 1000, &n);
        CHECK_INT(n, body);
        CHECK(llmprov_call_body_rewind(call));
        free(pulled);
        pulled = call_pull(call, 1000, &n);
        feed_head(call, 200, "text/event-stream");
        held = test_memory.bytes;
        feed_bytes(call, 0, feed_chat, (size_t)(first - feed_chat), NULL);
        CHECK(llmprov_call_body_rewind(call));                 /* so far it could be tried again */
        free(call_pull(call, 1000, &n));
        feed_bytes(call, 0, first, frame, NULL);
        CHECK(llmprov_call_want(call) == LLMPROV_WANT_RECV);
        CHECK(llmprov_call_body_rewind(call) == (whole == 1));
        if (whole) CHECK_MEM(all, body, pulled, body);
        else {
            CHECK(test_memory.bytes < held);
            CHECK_INT(llmprov_call_body(call, piece, sizeof piece), 0);
            CHECK(!llmprov_call_body_whole(call, &n));
            CHECK_INT(n, 0);
        }
        free(pulled);
        feed_bytes(call, 0, first + frame, strlen(first) - frame, NULL);
        llmprov_call_eof(call);
        CHECK_INT(llmprov_call_take(call, &r), LLMPROV_OK);
        CHECK_STR(log.text, feed_chat_events);
        llmprov_response_free(&r);
        llmprov_call_free(call);
        llmprov_close(c);
    }
}

static size_t call_short_source(void *user, uint64_t offset, void *to, size_t size) {
    (void)user;
    memset(to, 1, size);
    return offset + size > 2000 ? size - 1 : size;
}

/* The length is promised before: a source that has less ends the call. */
TEST(call_body_fails_when_a_source_is_short) {
    int whole;
    for (whole = 0; whole < 2; whole++) {
        llmprov_client *c = feed_client("openai");
        llmprov_message m;
        llmprov_block b[3];
        llmprov_request req = call_large(&m, b);
        llmprov_response r = { 0 };
        llmprov_call *call;
        char piece[512];
        size_t len = 7;
        b[2].source.read = call_short_source;
        call = llmprov_call_chat(c, &req);
        if (whole) {
            CHECK(!llmprov_call_body_whole(call, &len));
            CHECK_INT(len, 0);
        } else while (llmprov_call_body(call, piece, sizeof piece)) {}
        CHECK(llmprov_call_want(call) == LLMPROV_WANT_NOTHING);
        CHECK_INT(llmprov_call_take(call, &r), LLMPROV_ERR_ARGUMENT);
        CHECK(strstr(r.error.message, "source"));
        CHECK(!r.error.retryable);
        llmprov_response_free(&r);
        llmprov_call_free(call);
        llmprov_close(c);
    }
}

TEST(call_says_the_same_bytes_twice) {
    int format;
    for (format = 0; format < CALL_FORMATS; format++) {
        llmprov_client *c = feed_client(call_providers[format]);
        llmprov_message m;
        llmprov_block b[3];
        llmprov_request req = call_large(&m, b);
        llmprov_call *one = llmprov_call_chat(c, &req), *two = llmprov_call_chat(c, &req);
        size_t n1, n2;
        const char *a = (const char *)llmprov_call_body_whole(one, &n1), *z = (const char *)llmprov_call_body_whole(two, &n2);
        if (a && z) CHECK_MEM(a, n1, z, n2);
        else CHECK(false);
        llmprov_call_free(one);
        llmprov_call_free(two);
        llmprov_close(c);
    }
}

/* Prompt caches pay only when a turn's body goes on from the last one's. */
TEST_NO_OOM(call_body_of_a_turn_begins_with_the_last_ones) {
    int format, turn, how;
    for (format = 0; format < CALL_FORMATS; format++)
        for (how = 0; how < 2; how++) {
            llmprov_client *c = feed_client(call_providers[format]);
            llmprov_history h = { .alloc = test_alloc() };
            llmprov_tool tool = { .name = "look", .description = "Looks.", .schema = "{\"type\":\"object\",\"properties\":{}}" };
            llmprov_request req = { .model = "m-1", .history = &h, .system = "Be brief.", .max_tokens = LLMPROV_INT(100), .tools = &tool, .tool_count = 1 };
            char *last = NULL;
            size_t last_len = 0;
            for (turn = 0; turn < 20; turn++) {
                char text[64], id[24];
                llmprov_block use = { .type = LLMPROV_BLOCK_TOOL_USE, .name = "look", .json = "{\"a\":1}" };
                llmprov_call *call;
                const char *body;
                size_t len, closing = format ? 2 : 2;
                sprintf(text, "Question number %d?", turn);
                sprintf(id, "call_%d", turn);
                use.id = id;
                llmprov_add_text(&h, LLMPROV_ROLE_USER, text);
                call = llmprov_call_chat(c, &req);
                body = (const char *)llmprov_call_body_whole(call, &len);
                if (!CHECK(body != NULL)) break;
                if (last) {
                    CHECK(len > last_len);
                    CHECK_MEM(body, last_len - closing, last, last_len - closing);
                }
                CHECK(!memcmp(body + len - closing, "]}", 2));
                free(last);
                last = feed_copy(body, last_len = len);
                llmprov_call_free(call);
                llmprov_add_text(&h, LLMPROV_ROLE_ASSISTANT, "An answer.");
                if (how) {
                    llmprov_add_block(&h, LLMPROV_ROLE_ASSISTANT, &use);
                    llmprov_add_tool_result(&h, id, "It is there.", turn % 2);
                    llmprov_add_text(&h, LLMPROV_ROLE_ASSISTANT, "So it is.");
                }
            }
            free(last);
            llmprov_history_free(&h);
            llmprov_close(c);
        }
}

static const char *call_header(const llmprov_http *http, const char *name) {
    size_t i;
    for (i = 0; http && i < http->header_count; i++)
        if (llmprov__text_same(http->headers[i].name, name, true)) return http->headers[i].value;
    return NULL;
}

TEST(call_headers_of_the_request_stand_over_the_clients) {
    llmprov_desc d = feed_desc("openai");
    llmprov_client *c;
    feed_log log;
    llmprov_request req = feed_request("Hi.", &log);
    llmprov_call *call;
    const llmprov_http *http;
    size_t i, j;
    d.headers = "X-One: desc\nx-two:desc \r\nAccept: text/plain\n\n";
    req.headers = "x-one: request\nAUTHORIZATION: Other key";
    c = llmprov_open(&d);
    call = llmprov_call_chat(c, &req);
    http = llmprov_call_http(call);
    NEED_OR(http, done);
    CHECK_STR(call_header(http, "x-one"), "request");
    CHECK_STR(call_header(http, "x-two"), "desc");
    CHECK_STR(call_header(http, "accept"), "text/plain");
    CHECK_STR(call_header(http, "authorization"), "Other key");
    CHECK_STR(call_header(http, "content-type"), "application/json");
    CHECK(!call_header(http, "content-length"));
    for (i = 0; i < http->header_count; i++)
        for (j = 0; j < i; j++) CHECK(!llmprov__text_same(http->headers[i].name, http->headers[j].name, true));
done:
    llmprov_call_free(call);
    llmprov_close(c);
}

TEST(call_refuses_headers_that_would_break_out) {
    static const char *const bad[] = { "no colon", "bad name: x", ": x", "a:b\nno colon", "x: a\rb", "x: \x01", "x: a\x7f", "n\xC3\xA9: x", "x\t: y" };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(bad); i++) {
        llmprov_client *c = feed_client("openai");
        feed_log log;
        llmprov_request req = feed_request("Hi.", &log);
        llmprov_response r = { 0 };
        llmprov_call *call;
        req.headers = bad[i];
        call = llmprov_call_chat(c, &req);
        CHECK(llmprov_call_want(call) == LLMPROV_WANT_NOTHING);
        CHECK(!llmprov_call_http(call));
        CHECK_INT(llmprov_call_take(call, &r), LLMPROV_ERR_ARGUMENT);
        CHECK(strstr(r.error.message, "request.headers"));
        CHECK_STR(log.text, "ERROR 1\n");
        llmprov_response_free(&r);
        llmprov_call_free(call);
        llmprov_close(c);
    }
}

TEST(call_puts_a_query_key_percent_encoded_into_the_url) {
    llmprov_provider row = { .id = "q", .format = "openai-chat", .base_url = "https://q.example/v1?a=b", .auth = LLMPROV_AUTH_QUERY, .auth_name = "key" };
    llmprov_alloc a = test_alloc();
    llmprov_registry *reg = llmprov_registry_new(&a);
    llmprov_client *c = NULL;
    llmprov_call *call = NULL;
    feed_log log;
    llmprov_request req = feed_request("Hi.", &log);
    llmprov_desc d = feed_desc("q");
    NEED_OR(reg, done);
    OK_OR(llmprov_register(reg, &row, 0), done);
    d.registry = reg;
    d.api_key = "a&b=c d/\xC3\xA9";
    c = llmprov_open(&d);
    call = llmprov_call_chat(c, &req);
    NEED_OR(llmprov_call_http(call), done);
    CHECK_STR(llmprov_call_http(call)->url, "https://q.example/v1/chat/completions?a=b&key=a%26b%3Dc%20d%2F%C3%A9");
    CHECK(llmprov_call_http(call)->secret_in_url);
    CHECK(!call_header(llmprov_call_http(call), "authorization"));
done:
    llmprov_call_free(call);
    llmprov_close(c);
    llmprov_registry_free(reg);
}

// -- any request ---------------------------------------------------------------------------

static size_t call_below(size_t n) { return (size_t)(test_random() >> 33) % n; }
static const char *call_pick(const char *const *list, size_t n) { return list[call_below(n)]; }

/* Some block, of any type and with anything in it. */
static llmprov_block call_some_block(llmprov_role role) {
    static const char *const texts[] = { "x", "", " ", "caf\xC3\xA9", "\"q\" \\ \n\t\x01", "<system>" }, *const ids[] = { "a", "b.c", NULL, "", "0123456789012345678901234567890123456789x" };
    static const char *const jsons[] = { "{}", "{\"a\":[1]}", "null", "[1]", "{\"a\":", "" }, *const extras[] = { NULL, "{}", "{\"citations\":[{\"x\":1}]}", "{\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"5m\"}}" };
    static const llmprov_block content[2] = { { .text = "inner" }, { .type = LLMPROV_BLOCK_IMAGE, .mime = "image/png", .data = "abc", .data_len = 3 } };
    llmprov_block b = { 0 };
    b.type = (llmprov_block_type)(call_below(3) ? call_below(2) * 5 : call_below(LLMPROV_BLOCK_COUNT));
    if (role == LLMPROV_ROLE_USER && call_below(4) == 0) b.type = LLMPROV_BLOCK_TOOL_RESULT;
    b.text = call_pick(texts, 6);
    b.json = call_pick(jsons, 6);
    b.id = call_pick(ids, 5);
    b.name = call_below(8) ? "f g" : "f";
    b.mime = call_below(2) ? "image/png" : "audio/wav";
    if (call_below(2)) b.data = "\0\1\2", b.data_len = 3;
    else if (call_below(2)) b.url = "https://a.example/x";
    else if (call_below(2)) b.base64 = "QUJD";
    else b.file_id = "file-1";
    if (call_below(2)) b.signature = "sig";
    b.kind = "server_tool_use";
    if (call_below(3) == 0) b.content = content, b.content_count = call_below(3);
    b.is_error = call_below(2);
    b.cache = (llmprov_cache)(call_below(4) ? 0 : 1);
    b.extra = call_pick(extras, 4);
    b.origin = call_below(3) ? NULL : call_below(2) ? "openai-chat:reasoning_content" : "anthropic-messages";
    if (b.type == LLMPROV_BLOCK_RAW) b.json = "{\"type\":\"hologram\",\"x\":1}", b.kind = "hologram";
    if (b.type == LLMPROV_BLOCK_SERVER_USE || b.type == LLMPROV_BLOCK_SERVER_RESULT) b.json = "{\"a\":1}";
    return b;
}

static llmprov_num call_some_num(void) {
    static const double values[] = { 0, 0.5, 1, 2, -1, 1e300, 1e-300 };
    llmprov_num n = { 0, false };
    n.set = call_below(2);
    n.value = values[call_below(7)];
    return n;
}

static llmprov_int call_some_int(void) {
    static const int64_t values[] = { 0, 1, 5, 2000, 100000, -1, INT64_MAX, INT64_MIN };
    llmprov_int n = { 0, false };
    n.set = call_below(2);
    n.value = values[call_below(8)];
    return n;
}

enum { CALL_MESSAGES = 6, CALL_BLOCKS_EACH = 4, CALL_TOOLS_EACH = 4 };

typedef struct call_some { llmprov_request req; llmprov_message messages[CALL_MESSAGES]; llmprov_block blocks[CALL_MESSAGES][CALL_BLOCKS_EACH]; llmprov_tool tools[CALL_TOOLS_EACH]; llmprov_block system[2]; } call_some;

static void call_some_request(call_some *s, const char *model) {
    static const char *const names[] = { "f", "f g", "look.at", "a_tool_whose_name_is_longer_than_the_sixty_four_letters_that_openai_takes_0123" };
    static const char *const types[] = { NULL, NULL, NULL, "bash_20250124", "web_search_20250305", "custom", "computer_20250124" }, *const schemas[] = { NULL, "{\"type\":\"object\"}", "{}" };
    static const char *const stops[] = { "A", "B\n", "C", "D", "E", "" }, *const extras[] = { NULL, NULL, "{}", "{\"temperature\":0.25,\"x\":{\"y\":1}}", "{\"messages\":[]}", "{\"tools\":null,\"thinking\":{\"type\":\"z\"}}" };
    size_t i, j;
    memset(s, 0, sizeof *s);
    s->req.model = model;
    s->req.messages = s->messages;
    s->req.message_count = call_below(CALL_MESSAGES + 1);
    for (i = 0; i < s->req.message_count; i++) {
        s->messages[i].role = (llmprov_role)(call_below(8) ? i % 2 : call_below(3));
        s->messages[i].blocks = s->blocks[i];
        s->messages[i].block_count = call_below(CALL_BLOCKS_EACH + 1);
        s->messages[i].plain = call_below(2);
        for (j = 0; j < s->messages[i].block_count; j++) s->blocks[i][j] = call_some_block(s->messages[i].role);
    }
    if (call_below(3)) s->req.prompt = "Go on.";
    if (call_below(2)) s->req.system = call_below(3) ? "Be brief." : "";
    s->system[0].text = "more";
    s->system[1].text = "and more";
    s->system[1].cache = LLMPROV_CACHE_5M;
    s->req.system_blocks = s->system;
    s->req.system_count = call_below(3);
    s->req.tools = s->tools;
    s->req.tool_count = call_below(CALL_TOOLS_EACH + 1);
    for (i = 0; i < s->req.tool_count; i++) {
        s->tools[i].type = call_pick(types, 7);
        s->tools[i].name = names[i];
        s->tools[i].description = call_below(2) ? "does" : call_below(2) ? "" : NULL;
        s->tools[i].schema = call_pick(schemas, 3);
        s->tools[i].strict = (llmprov_flag)call_below(3);
        s->tools[i].cache = (llmprov_cache)(call_below(5) ? 0 : 1);
        s->tools[i].extra = call_below(4) ? NULL : "{\"max_uses\":5}";
    }
    s->req.tool_choice = (llmprov_tool_choice)call_below(4);
    s->req.tool_name = call_below(3) ? "f g" : NULL;
    s->req.parallel_tools = (llmprov_flag)call_below(3);
    s->req.max_tokens = call_some_int();
    s->req.thinking = (llmprov_thinking)call_below(5);
    s->req.effort = (llmprov_effort)call_below(8);
    s->req.thinking_tokens = call_some_int();
    s->req.temperature = call_some_num();
    s->req.top_p = call_some_num();
    s->req.top_k = call_some_int();
    s->req.seed = call_some_int();
    s->req.presence_penalty = call_some_num();
    s->req.frequency_penalty = call_some_num();
    s->req.n = call_some_int();
    s->req.stop = stops;
    s->req.stop_count = call_below(7);
    s->req.schema = call_pick(schemas, 3);
    s->req.schema_name = call_below(2) ? NULL : "my answer";
    s->req.schema_strict = (llmprov_flag)call_below(3);
    s->req.user_id = call_below(2) ? NULL : "u\"1";
    s->req.service_tier = call_below(3) ? NULL : "standard_only";
    s->req.cache = (llmprov_cache)(call_below(4) ? 0 : 1);
    s->req.extra = call_pick(extras, 6);
    s->req.stream = (llmprov_stream)call_below(3);
}

/* Every provider, every family of models, every field: refused with a sentence, or a body that is JSON and the same each time. */
TEST_NO_OOM(call_any_request_is_json_or_refused) {
    static call_some some;
    long rounds = getenv("TEST_LONG") ? 100000 : 4000, sent = 0, asked = 0;
    while (rounds-- && !test_now.failures) {
        const llmprov_provider *row = llmprov_provider_at(NULL, call_below(llmprov_provider_count(NULL)));
        const char *model = llmprov__profiles_rows[call_below(LLMPROV__COUNT(llmprov__profiles_rows))].prefix;
        llmprov_desc d = feed_desc(row->id);
        llmprov_client *c;
        llmprov_call *call, *again;
        const char *body, *same;
        size_t len, same_len, count, i;
        const llmprov_warning *w;
        d.base_url = row->base_url ? NULL : "https://a.example";
        d.region = "us-east-1";
        if (call_below(3) == 0) d.api_version = call_below(2) ? "2023-06-01" : "2026-10-21";
        c = llmprov_open(&d);
        call_some_request(&some, *model ? model : "m");
        call = llmprov_call_chat(c, &some.req);
        again = llmprov_call_chat(c, &some.req);
        body = (const char *)llmprov_call_body_whole(call, &len);
        same = (const char *)llmprov_call_body_whole(again, &same_len);
        asked++;
        if (body) {
            llmprov_error err;
            llmprov_json *j = llmprov_json_parse(body, len, NULL, &err);
            sent++;
            CHECK_INT(llmprov_call_http(call)->body_len, len);
            if (!CHECK(j && llmprov__text_valid(body, len) == len && (llmprov_json_get(j, "model") || strstr(llmprov_call_http(call)->url, "/model")) &&
                       (llmprov_json_get(j, "messages") || llmprov_json_get(j, "input") || llmprov_json_get(j, "contents")))) printf("    %s: %s\n", err.message, body);
            llmprov_json_free(j);
            CHECK_MEM(same, same_len, body, len);
        } else CHECK(*llmprov_call_error(call)->message && llmprov_call_error(call)->code != LLMPROV_ERR_NO_MEMORY && !same);
        w = llmprov_call_warnings(call, &count);
        for (i = 0; i < count; i++) CHECK(*w[i].field && *w[i].text && (w[i].code == LLMPROV_ERR_UNSUPPORTED || w[i].code == LLMPROV_ERR_ARGUMENT));
        llmprov_call_free(call);
        llmprov_call_free(again);
        llmprov_close(c);
    }
    CHECK(sent * 5 > asked);
}

// -- refused before a byte is sent ---------------------------------------------------------

/* The call is over at once, an ERROR is the only event, and the message names what is wrong. */
static void call_refused(const char *provider, llmprov_request *req, feed_log *log, llmprov_status code, const char *says) {
    llmprov_client *c = feed_client(provider);
    llmprov_response r = { 0 };
    llmprov_call *call = llmprov_call_chat(c, req);
    char expected[32];
    CHECK(llmprov_call_want(call) == LLMPROV_WANT_NOTHING);
    CHECK_INT(llmprov_call_take(call, &r), code);
    if (!CHECK(says && strstr(r.error.message, says)) && !test_excused()) printf("    it says: %s\n", r.error.message);
    CHECK(!r.error.retryable);
    CHECK_STR(r.error.provider, provider);
    CHECK_INT(r.attempts, 0);
    sprintf(expected, "ERROR %d\n", (int)code);
    if (req->on_event) CHECK_STR(log->text, expected);
    llmprov_response_free(&r);
    llmprov_call_free(call);
    llmprov_close(c);
}

TEST(call_needs_a_message) {
    feed_log log;
    llmprov_request req = feed_request(NULL, &log);
    call_refused("openai", &req, &log, LLMPROV_ERR_ARGUMENT, "message");
}

TEST(call_needs_a_model) {
    feed_log log;
    llmprov_request req = feed_request("Hi.", &log);
    req.model = NULL;
    call_refused("vllm", &req, &log, LLMPROV_ERR_ARGUMENT, "model");
}

TEST(call_refuses_a_prompt_that_is_not_utf8) {
    feed_log log;
    llmprov_request req = feed_request("ok so far \xC3", &log);
    call_refused("openai", &req, &log, LLMPROV_ERR_ARGUMENT, "invalid UTF-8 at byte 10");
}

TEST(call_refuses_a_model_that_is_not_utf8) {
    feed_log log;
    llmprov_request req = feed_request("Hi.", &log);
    req.model = "m\xFF";
    call_refused("openai", &req, &log, LLMPROV_ERR_ARGUMENT, "model");
}

TEST(call_refuses_an_extra_that_is_no_object) {
    static const char *const bad[] = { "", "[]", "1", "{", "{\"a\":}", "null", "{} {}" };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(bad); i++) {
        feed_log log;
        llmprov_request req = feed_request("Hi.", &log);
        req.extra = bad[i];
        call_refused("openai", &req, &log, LLMPROV_ERR_ARGUMENT, "extra");
    }
}

TEST(call_refuses_a_schema_that_is_no_json_object) {
    static const char *const bad[] = { "{", "{\"type\":\"object\"", "nonsense", "[]", "{\"a\":\"\xFF\"}", "{} x" };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(bad); i++) {
        feed_log log;
        llmprov_request req = feed_request("Hi.", &log);
        req.schema = bad[i];
        call_refused("openai", &req, &log, LLMPROV_ERR_ARGUMENT, "schema");
    }
}

TEST(call_refuses_a_message_extra_that_is_no_json_object) {
    feed_log log;
    llmprov_request req = feed_request("Hi.", &log);
    llmprov_block b = { .text = "text" };
    llmprov_message m = { .blocks = &b, .block_count = 1, .extra = "{\"name\":" };
    req.messages = &m;
    req.message_count = 1;
    call_refused("openai", &req, &log, LLMPROV_ERR_ARGUMENT, "messages[0]");
}

TEST(call_refuses_numbers_that_are_not_finite) {
    feed_log log;
    llmprov_request req = feed_request("Hi.", &log);
    req.temperature.value = 1e308 * 10;
    req.temperature.set = true;
    call_refused("openai", &req, &log, LLMPROV_ERR_ARGUMENT, "");
}

TEST(call_refuses_what_the_provider_cannot_do) {
    feed_log log;
    llmprov_request req = feed_request("Hi.", &log);
    llmprov_block b = { .type = LLMPROV_BLOCK_VIDEO, .url = "https://x.example/v.mp4" };
    llmprov_message m = { .blocks = &b, .block_count = 1 };
    req.messages = &m;
    req.message_count = 1;
    call_refused("anthropic", &req, &log, LLMPROV_ERR_UNSUPPORTED, "messages[0].content[0]");
}

/* What an add left out is missing in the middle of the conversation: it is not sent as if it were whole. */
TEST(call_refuses_a_history_that_failed) {
    llmprov_history h = { .alloc = test_alloc() };
    llmprov_block b = { .type = LLMPROV_BLOCK_IMAGE, .mime = "image/png", .source = { call_short_source, NULL, false }, .data_len = 3000 };
    feed_log log;
    llmprov_request req = feed_request("And this?", &log);
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "What is in the picture?");
    llmprov_add_block(&h, LLMPROV_ROLE_USER, &b);
    CHECK_INT(h.status, LLMPROV_ERR_ARGUMENT);
    req.history = &h;
    if (h.status) call_refused("openai", &req, &log, h.status, "history");
    llmprov_history_free(&h);
}

TEST(call_of_a_broken_client_says_why) {
    llmprov_desc d = feed_desc("nobody");
    llmprov_client *c = llmprov_open(&d);
    feed_log log;
    llmprov_request req = feed_request("Hi.", &log);
    llmprov_response r = { 0 };
    llmprov_call *call = llmprov_call_chat(c, &req);
    CHECK(llmprov_call_want(call) == LLMPROV_WANT_NOTHING);
    CHECK(!llmprov_call_body_whole(call, NULL));
    CHECK_INT(llmprov_call_take(call, &r), LLMPROV_ERR_NO_PROVIDER);
    CHECK(*r.error.message);
    llmprov_call_free(call);
    llmprov_close(c);
    if (r.error.message) CHECK_ALWAYS(strlen(r.error.message) > 0);          /* it outlives the client */
    llmprov_response_free(&r);
}

/* A program that was compiled with an older, shorter struct: what lies behind its end is not looked at. */
TEST(call_takes_older_and_longer_requests) {
    static const size_t sizes[] = { offsetof(llmprov_request, on_event), offsetof(llmprov_request, tools), offsetof(llmprov_request, history), 0, sizeof(llmprov_request), sizeof(llmprov_request) + 100 };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(sizes); i++) {
        llmprov_client *c = feed_client("openai");
        llmprov_request req = { .model = "m", .prompt = "Hi." };
        size_t bytes = sizes[i] ? sizes[i] : sizeof req;
        char *old = (char *)malloc(bytes);
        llmprov_call *call;
        if (!old) exit(3);
        memset(old, 0xff, bytes);
        req.size = (uint32_t)sizes[i];
        memcpy(old, &req, bytes < sizeof req ? bytes : sizeof req);
        call = llmprov_call_chat(c, (const llmprov_request *)(const void *)old);
        free(old);
        CHECK(llmprov_call_want(call) == LLMPROV_WANT_SEND);
        CHECK_STR((const char *)llmprov_call_body_whole(call, NULL), "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi.\"}]}");
        llmprov_call_free(call);
        llmprov_close(c);
    }
}

TEST_NO_OOM(call_functions_take_null) {
    llmprov_response r;
    llmprov_event e;
    llmprov_request req = { .prompt = "Hi." };
    llmprov_client *c = feed_client("openai");
    size_t n = 7;
    char piece[4];
    CHECK(!llmprov_call_chat(NULL, &req));
    CHECK(!llmprov_call_chat(c, NULL));
    CHECK(llmprov_call_want(NULL) == LLMPROV_WANT_NOTHING);
    CHECK(!llmprov_call_http(NULL));
    CHECK_INT(llmprov_call_body(NULL, piece, 4), 0);
    CHECK(!llmprov_call_body_rewind(NULL));
    CHECK(!llmprov_call_body_whole(NULL, &n));
    CHECK_INT(n, 0);
    llmprov_call_sent(NULL);
    llmprov_call_head(NULL, 200, NULL, 0);
    CHECK(!llmprov_call_feed(NULL, "x", 1));
    llmprov_call_eof(NULL);
    llmprov_call_fail(NULL, LLMPROV_ERR_TRANSPORT, NULL);
    llmprov_call_tick(NULL, 0);
    CHECK_INT(llmprov_call_due_ms(NULL), -1);
    CHECK(!llmprov_call_next(NULL, &e));
    llmprov_call_cancel(NULL);
    CHECK_INT(llmprov_call_take(NULL, &r), LLMPROV_ERR_NO_MEMORY);
    CHECK_STR(r.text, "");
    CHECK(*r.error.message);
    llmprov_response_free(&r);
    CHECK_INT(llmprov_call_error(NULL)->code, LLMPROV_ERR_NO_MEMORY);
    CHECK(!llmprov_call_warnings(NULL, &n));
    CHECK_INT(n, 0);
    llmprov_call_free(NULL);
    llmprov_close(c);
    llmprov_close(NULL);
}

// -- the head ------------------------------------------------------------------------------

TEST_NO_OOM(call_head_comes_again_after_1xx_and_redirects) {
    static const int before[] = { 100, 102, 103, 199, 301, 307, 401, 500 };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(before); i++) {
        llmprov_client *c = feed_client("openai");
        feed_log log;
        llmprov_request req = feed_request("Hi.", &log);
        llmprov_response r;
        llmprov_header h = { "x-request-id", "first" };
        llmprov_call *call = llmprov_call_chat(c, &req);
        llmprov_call_head(call, before[i], &h, 1);
        CHECK(llmprov_call_want(call) == LLMPROV_WANT_RECV);
        feed_stream(call, 0, feed_chat, NULL);
        CHECK_STR(log.text, feed_chat_events);
        CHECK_INT(llmprov_call_take(call, &r), LLMPROV_OK);
        llmprov_response_free(&r);
        llmprov_call_free(call);
        llmprov_close(c);
    }
}

/* Whatever a redirect's page holds, it is no answer, and asking again would not help. */
TEST(call_ends_with_an_error_when_a_redirect_is_the_answer) {
    static const char *const bodies[] = { "", "<html>moved</html>", "{\"moved\":true}" };
    size_t i;
    for (i = 0; i < 3; i++) {
        llmprov_client *c = feed_client("openai");
        feed_log log;
        llmprov_request req = feed_request("Hi.", &log);
        llmprov_response r = { 0 };
        llmprov_call *call = llmprov_call_chat(c, &req);
        feed_whole(call, 307, bodies[i]);
        CHECK(llmprov_call_take(call, &r) != LLMPROV_OK);
        CHECK_INT(r.error.http_status, 307);
        CHECK(!r.error.retryable);
        CHECK(r.error.message && strstr(r.error.message, "307"));
        llmprov_response_free(&r);
        llmprov_call_free(call);
        llmprov_close(c);
    }
}

TEST(call_tells_the_request_id) {
    static const char *const names[] = { "x-request-id", "Request-Id", "X-REQUEST-ID", "cf-ray" };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(names); i++) {
        llmprov_client *c = feed_client("openai");
        feed_log log;
        llmprov_request req = feed_request("Hi.", &log);
        llmprov_response r = { 0 };
        llmprov_call *call = llmprov_call_chat(c, &req);
        llmprov_header h[3] = { { NULL, "x" }, { "x-other", NULL }, { NULL, "req-123" } };
        h[2].name = names[i];
        llmprov_call_head(call, 400, h, 3);
        feed_bytes(call, 0, "{\"error\":{\"message\":\"no\"}}", 26, NULL);
        llmprov_call_eof(call);
        CHECK_INT(llmprov_call_take(call, &r), LLMPROV_ERR_REQUEST);
        CHECK_STR(r.error.request_id, "req-123");
        CHECK_STR(r.error.message, "no");
        llmprov_response_free(&r);
        llmprov_call_free(call);
        llmprov_close(c);
    }
}

// -- failures ------------------------------------------------------------------------------

/* One reply whole, and what becomes of it. */
static void call_answer(int status, const char *body, llmprov_status code, bool retryable, const char *says) {
    llmprov_client *c = feed_client("openai");
    feed_log log;
    llmprov_request req = feed_request("Hi.", &log);
    llmprov_response r = { 0 };
    llmprov_call *call = llmprov_call_chat(c, &req);
    feed_whole(call, status, body);
    CHECK(llmprov_call_want(call) == LLMPROV_WANT_NOTHING);
    CHECK_INT(llmprov_call_take(call, &r), code);
    CHECK_INT(r.error.http_status, status);
    CHECK(r.error.retryable == retryable);
    CHECK_STR(r.error.provider, "openai");
    if (!CHECK(strstr(r.error.message, says)) && !test_excused()) printf("    it says: %s\n", r.error.message);
    CHECK(r.error.provider_code && r.error.param && r.error.request_id && r.error.raw);
    llmprov_response_free(&r);
    llmprov_call_free(call);
    llmprov_close(c);
}

TEST_NO_OOM(call_statuses_have_the_same_codes_everywhere) {
    static const struct { int http; llmprov_status code; bool retryable; } cases[] = {
        { 400, LLMPROV_ERR_REQUEST, false }, { 401, LLMPROV_ERR_AUTH, false }, { 402, LLMPROV_ERR_QUOTA, false }, { 403, LLMPROV_ERR_FORBIDDEN, false },
        { 404, LLMPROV_ERR_NOT_FOUND, false }, { 408, LLMPROV_ERR_TIMEOUT, true }, { 409, LLMPROV_ERR_REQUEST, true }, { 413, LLMPROV_ERR_TOO_LONG, false },
        { 418, LLMPROV_ERR_REQUEST, false }, { 422, LLMPROV_ERR_REQUEST, false }, { 429, LLMPROV_ERR_RATE_LIMIT, true }, { 500, LLMPROV_ERR_SERVER, true },
        { 502, LLMPROV_ERR_SERVER, true }, { 503, LLMPROV_ERR_OVERLOADED, true }, { 504, LLMPROV_ERR_TIMEOUT, true }, { 529, LLMPROV_ERR_OVERLOADED, true },
        { 599, LLMPROV_ERR_SERVER, true },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        char number[8];
        sprintf(number, "%d", cases[i].http);
        call_answer(cases[i].http, "", cases[i].code, cases[i].retryable, number);
        call_answer(cases[i].http, "<html>Nginx</html>", cases[i].code, cases[i].retryable, "Nginx");
        call_answer(cases[i].http, "{}", cases[i].code, cases[i].retryable, number);
        call_answer(cases[i].http, "null", cases[i].code, cases[i].retryable, number);
        call_answer(cases[i].http, "[[[", cases[i].code, cases[i].retryable, number);
        call_answer(cases[i].http, "{\"error\":{\"message\":\"it said so\"}}", cases[i].code, cases[i].retryable, "it said so");
    }
}

TEST(call_errors_have_sentences_under_any_circumstances) {
    call_answer(500, "{\"error\":{\"message\":\"it broke\",\"code\":500}}", LLMPROV_ERR_SERVER, true, "it broke");
    call_answer(502, "<html>\x01\n", LLMPROV_ERR_SERVER, true, "502");
}

TEST_NO_OOM(call_replies_that_are_none_are_bad_replies) {
    call_answer(200, "<html>Welcome to the hotel's WLAN", LLMPROV_ERR_BAD_REPLY, false, "<html>Welcome");
    call_answer(200, "{\"a\":", LLMPROV_ERR_BAD_REPLY, false, "JSON");
    call_answer(200, "{\"a\":1}", LLMPROV_ERR_BAD_REPLY, false, "choices");
    call_answer(200, "[]", LLMPROV_ERR_BAD_REPLY, false, "no completion");
    call_answer(200, "{\"choices\":[]} trailing", LLMPROV_ERR_BAD_REPLY, false, "follows");
    call_answer(200, "", LLMPROV_ERR_TRUNCATED, true, "");
    call_answer(200, " \n", LLMPROV_ERR_TRUNCATED, true, "");
}

TEST(call_error_with_200_is_an_error) {
    call_answer(200, "{\"error\":{\"message\":\"no credit\",\"code\":\"insufficient_quota\"}}", LLMPROV_ERR_QUOTA, false, "no credit");
    call_answer(200, "{\"error\":{\"message\":\"busy\",\"code\":529}}", LLMPROV_ERR_OVERLOADED, true, "busy");
    call_answer(200, "{\"error\":\"just a text\"}", LLMPROV_ERR_SERVER, true, "just a text");
}

TEST(call_keeps_what_the_provider_said_up_to_64_kib) {
    llmprov_client *c = feed_client("openai");
    feed_log log;
    llmprov_request req = feed_request("Hi.", &log);
    llmprov_response r = { 0 };
    llmprov_call *call = llmprov_call_chat(c, &req);
    static char large[100000];
    memset(large, 'x', sizeof large - 1);
    memcpy(large, "{\"error\":{\"code\":\"", 18);
    memcpy(large + sizeof large - 5, "\"}}", 4);
    feed_whole(call, 400, large);
    CHECK_INT(llmprov_call_take(call, &r), LLMPROV_ERR_REQUEST);
    CHECK_INT(r.error.raw_len, 65536);
    CHECK(r.error.raw_len < 65536 || (!memcmp(r.error.raw, large, 65536) && !r.error.raw[65536]));
    llmprov_response_free(&r);
    llmprov_call_free(call);
    llmprov_close(c);
}

/* Cut streams: everything that came is there, and it is not called complete. */
TEST_NO_OOM(call_stream_is_complete_only_with_its_own_end) {
    int format, broken;
    for (format = 0; format < CALL_FORMATS; format++)
        for (broken = 0; broken < 2; broken++) {
            const char *text = call_streams[format];
            const char *end = strstr(text, format ? "event: message_stop" : "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m-1\",\"choices\":[{\"index\":0,\"delta\":{},");
            size_t len;
            NEED(end);
            for (len = 0; len <= (size_t)(end - text); len += 7) {
                llmprov_client *c = feed_client(call_providers[format]);
                feed_log log;
                llmprov_request req = feed_request("Hi.", &log);
                llmprov_response r;
                llmprov_call *call = llmprov_call_chat(c, &req);
                feed_head(call, 200, "text/event-stream");
                feed_bytes(call, 2, text, len, NULL);
                if (broken) llmprov_call_fail(call, LLMPROV_ERR_TRANSPORT, "connection reset");
                else llmprov_call_eof(call);
                CHECK(llmprov_call_want(call) == LLMPROV_WANT_NOTHING);
                CHECK_INT(llmprov_call_take(call, &r), broken ? LLMPROV_ERR_TRANSPORT : LLMPROV_ERR_TRUNCATED);
                CHECK(!strncmp("Hello, w\xC3\xB6rld", r.text, r.text_len));
                CHECK(strstr(log.text, "ERROR ") && !strstr(log.text, "END end_turn"));
                llmprov_response_free(&r);
                llmprov_call_free(call);
                llmprov_close(c);
            }
        }
}

TEST(call_frames_that_are_no_json_say_where) {
    llmprov_client *c = feed_client("openai");
    feed_log log;
    llmprov_request req = feed_request("Hi.", &log);
    llmprov_response r = { 0 };
    llmprov_call *call = llmprov_call_chat(c, &req);
    feed_stream(call, 0, FEED_DELTA("{\"content\":\"a\"}") "data: {\"id\":tru}\n\n", NULL);
    CHECK_INT(llmprov_call_take(call, &r), LLMPROV_ERR_BAD_REPLY);
    CHECK(strstr(r.error.message, "2") && strstr(r.error.message, "byte 6"));
    CHECK_STR(r.text, "a");
    llmprov_response_free(&r);
    llmprov_call_free(call);
    llmprov_close(c);
}

TEST_NO_OOM(call_fail_does_not_hide_a_refusal_that_came) {
    llmprov_client *c = feed_client("openai");
    feed_log log;
    llmprov_request req = feed_request("Hi.", &log);
    llmprov_response r;
    llmprov_call *call = llmprov_call_chat(c, &req);
    feed_head(call, 401, "application/json");
    feed_bytes(call, 0, "{\"error\":{\"message\":\"bad key\",\"code\":\"invalid_api_key\"}}", 57, NULL);
    llmprov_call_fail(call, LLMPROV_ERR_TRANSPORT, "reset");
    CHECK_INT(llmprov_call_take(call, &r), LLMPROV_ERR_AUTH);
    CHECK_STR(r.error.message, "bad key");
    llmprov_response_free(&r);
    llmprov_call_free(call);
    call = llmprov_call_chat(c, &req);                        /* only the head came: the status counts all the same */
    feed_head(call, 401, "application/json");
    llmprov_call_fail(call, LLMPROV_ERR_TRANSPORT, "reset");
    CHECK_INT(llmprov_call_take(call, &r), LLMPROV_ERR_AUTH);
    CHECK(!r.error.retryable);
    llmprov_response_free(&r);
    llmprov_call_free(call);
    llmprov_close(c);
}

TEST_NO_OOM(call_fail_after_the_end_changes_nothing) {
    llmprov_client *c = feed_client("openai");
    feed_log log;
    llmprov_request req = feed_request("Hi.", &log);
    llmprov_response r;
    llmprov_call *call = llmprov_call_chat(c, &req);
    feed_head(call, 200, "text/event-stream");
    feed_bytes(call, 0, feed_chat, strlen(feed_chat), NULL);
    llmprov_call_fail(call, LLMPROV_ERR_TRANSPORT, "reset");  /* everything had been said */
    CHECK(llmprov_call_want(call) == LLMPROV_WANT_NOTHING);
    CHECK_INT(llmprov_call_take(call, &r), LLMPROV_OK);
    CHECK_STR(log.text, feed_chat_events);
    llmprov_response_free(&r);
    llmprov_call_free(call);
    llmprov_close(c);
}

TEST_NO_OOM(call_fail_always_fails) {
    static const llmprov_status odd[] = { LLMPROV_OK, LLMPROV_STATUS_COUNT, (llmprov_status)1000 };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(odd); i++) {
        llmprov_client *c = feed_client("openai");
        feed_log log;
        llmprov_request req = feed_request("Hi.", &log);
        llmprov_response r;
        llmprov_call *call = llmprov_call_chat(c, &req);
        llmprov_call_fail(call, odd[i], NULL);
        CHECK(llmprov_call_take(call, &r) != LLMPROV_OK);
        CHECK(r.error.message && *r.error.message);
        llmprov_response_free(&r);
        llmprov_call_free(call);
        llmprov_close(c);
    }
}

// -- cancelling ----------------------------------------------------------------------------

enum { CALL_FALSE, CALL_INSIDE, CALL_FREE };

/* Stops inside event number `at`; false = there is no such event. */
static bool call_stop_in_event(int format, int way, int at, int how) {
    llmprov_client *c = feed_client(call_providers[format]);
    feed_log log;
    llmprov_request req = feed_request("Say hello.", &log);
    llmprov_response r = { 0 };
    llmprov_call *call = llmprov_call_chat(c, &req);
    bool last;
    log.stop_at = at;
    if (how == CALL_FREE) log.free_it = call;
    else if (how == CALL_INSIDE) log.cancel_it = call;
    feed_head(call, 200, "text/event-stream");
    feed_bytes(call, way, call_streams[format], strlen(call_streams[format]), NULL);
    last = strstr(log.text, "END end_turn") != NULL;
    if (how == CALL_FREE && !last) {
        CHECK_INT(log.events, at);                            /* not one more */
        llmprov_close(c);
        return true;
    }
    if (how == CALL_FREE) {                                   /* it was freed in END, or lives on */
        if (log.events < at) llmprov_call_free(call);
        llmprov_close(c);
        return log.events >= at;
    }
    llmprov_call_eof(call);
    if (log.events >= at && !last) {
        CHECK_INT(log.events, at);
        CHECK(llmprov_call_want(call) == LLMPROV_WANT_NOTHING);
        CHECK_INT(llmprov_call_take(call, &r), LLMPROV_ERR_CANCELLED);
        CHECK(!r.error.retryable);
    } else CHECK_INT(llmprov_call_take(call, &r), LLMPROV_OK);
    llmprov_response_free(&r);
    llmprov_call_free(call);
    llmprov_close(c);
    return log.events >= at;
}

TEST_NO_OOM(call_may_be_stopped_in_every_event) {
    int format, way, how, at;
    for (format = 0; format < CALL_FORMATS; format++)
        for (way = 0; way < 3; way++)
            for (how = CALL_FALSE; how <= CALL_FREE; how++)
                for (at = 1; call_stop_in_event(format, way, at, how); at++) {}
}

TEST(call_freed_in_an_event_leaves_nothing) {
    int at;
    for (at = 1; at <= 4; at++) {
        llmprov_client *c = feed_client("openai");
        feed_log log;
        llmprov_request req = feed_request("Say hello.", &log);
        llmprov_call *call = llmprov_call_chat(c, &req);
        int before = log.events;                              /* an ERROR, when memory ran out at once */
        log.stop_at = before + at;
        log.free_it = call;
        feed_head(call, 200, "text/event-stream");
        feed_bytes(call, 0, feed_chat, strlen(feed_chat), NULL);
        if (log.events < before + at) llmprov_call_free(call);
        llmprov_close(c);
    }
}

/* ERROR and RETRY come from other functions than feed: free is put off there too. */
TEST_NO_OOM(call_freed_in_its_error_event_leaves_nothing) {
    int how;
    for (how = 0; how < 7; how++) {
        llmprov_desc d = feed_desc("openai");
        llmprov_client *c;
        llmprov_message m;
        llmprov_block b[3];
        llmprov_request req = call_large(&m, b);
        feed_log log;
        llmprov_call *call;
        char piece[512];
        size_t live = test_memory.live;
        int i;
        (void)feed_request("", &log);
        req.on_event = feed_event;
        req.user = &log;
        b[2].source.read = how == 2 || how == 3 ? call_short_source : call_source;
        d.max_retries = how == 4 ? 2 : -1;
        d.limits.max_reply_bytes = 10;
        c = llmprov_open(&d);
        call = llmprov_call_chat(c, &req);
        log.stop_at = 1;
        log.free_it = call;
        if (how == 0) llmprov_call_fail(call, LLMPROV_ERR_TRANSPORT, "reset");
        if (how == 1) {
            llmprov_call_tick(call, 5);
            llmprov_call_tick(call, 50000);                   /* connect_ms */
        }
        for (i = 0; how == 2 && !log.events && i < 1000; i++) llmprov_call_body(call, piece, sizeof piece);
        if (how == 3) llmprov_call_body_whole(call, NULL);
        if (how == 4) llmprov_call_fail(call, LLMPROV_ERR_TRANSPORT, "reset");     /* a RETRY event */
        if (how == 5) feed_bytes(call, 0, feed_chat, 100, NULL);                   /* a limit */
        if (how == 6) feed_whole(call, 500, "");
        CHECK_INT(log.events, 1);
        llmprov_close(c);
        if (test_memory.live > live) test_fail(__FILE__, __LINE__, "way %d: not freed", how);
    }
}

TEST_NO_OOM(call_cancelled_from_outside_at_any_byte) {
    int format, next;
    for (format = 0; format < CALL_FORMATS; format++)
        for (next = 0; next < 2; next++) {
            size_t len = strlen(call_streams[format]), at;
            for (at = 0; at < len; at += 11) {
                llmprov_client *c = feed_client(call_providers[format]);
                feed_log log;
                llmprov_request req = feed_request("Hi.", &log);
                llmprov_response r;
                llmprov_status status;
                llmprov_call *call;
                bool whole;
                if (next) req.on_event = NULL;
                call = llmprov_call_chat(c, &req);
                feed_bytes(call, 0, call_streams[format], at, next ? &log : NULL);
                whole = strstr(log.text, "END end_turn") != NULL;
                llmprov_call_cancel(call);
                if (!whole) {
                    CHECK(llmprov_call_want(call) == LLMPROV_WANT_NOTHING);
                    CHECK(!llmprov_call_feed(call, call_streams[format] + at, len - at));
                }
                llmprov_call_eof(call);
                status = llmprov_call_take(call, &r);
                CHECK_INT(status, whole ? LLMPROV_OK : LLMPROV_ERR_CANCELLED);
                CHECK(!strncmp("Hello, w\xC3\xB6rld", r.text, r.text_len));
                llmprov_response_free(&r);
                llmprov_call_free(call);
                llmprov_close(c);
            }
        }
}

static bool call_flag;
static bool call_is_cancelled(void *user) { return (*(int *)user)++ >= 0 && call_flag; }

/* The way from another thread: asked in feed, body and tick. */
TEST_NO_OOM(call_asks_desc_cancelled_wherever_time_passes) {
    int where;
    for (where = 0; where < 4; where++) {
        llmprov_desc d = feed_desc("openai");
        llmprov_client *c;
        feed_log log;
        llmprov_request req = feed_request("Hi.", &log);
        llmprov_response r;
        llmprov_call *call;
        char piece[8];
        int asked = 0;
        d.cancelled = call_is_cancelled;
        d.user = &asked;
        d.max_retries = 2;
        call_flag = false;
        c = llmprov_open(&d);
        call = llmprov_call_chat(c, &req);
        if (where == 3) {                                     /* while it waits for the next attempt */
            llmprov_call_tick(call, 1);
            llmprov_call_fail(call, LLMPROV_ERR_TRANSPORT, "reset");
            CHECK(llmprov_call_want(call) == LLMPROV_WANT_TIME);
        }
        call_flag = true;
        asked = 0;
        if (where == 0) CHECK(!llmprov_call_feed(call, feed_chat, strlen(feed_chat)));
        if (where == 1) CHECK_INT(llmprov_call_body(call, piece, 8), 0);
        if (where >= 2) llmprov_call_tick(call, 10);
        CHECK(asked > 0);
        CHECK(llmprov_call_want(call) == LLMPROV_WANT_NOTHING);
        CHECK_INT(llmprov_call_take(call, &r), LLMPROV_ERR_CANCELLED);
        CHECK(!strstr(log.text, "TEXT"));
        llmprov_response_free(&r);
        llmprov_call_free(call);
        llmprov_close(c);
    }
}

TEST(call_taken_before_its_end_is_what_has_come) {
    llmprov_client *c = feed_client("openai");
    feed_log log;
    llmprov_request req = feed_request("Hi.", &log);
    llmprov_response r = { 0 };
    llmprov_call *call = llmprov_call_chat(c, &req);
    const char *third = strstr(feed_chat, "lo, ");
    feed_head(call, 200, "text/event-stream");
    feed_bytes(call, 0, feed_chat, (size_t)(strstr(third, "\n\n") + 2 - feed_chat), NULL);
    CHECK_INT(llmprov_call_take(call, &r), LLMPROV_ERR_CANCELLED);
    CHECK_STR(r.text, "Hello, ");
    CHECK_INT(r.message.block_count, 1);
    CHECK_STR(r.id, "c1");
    CHECK(llmprov_call_want(call) == LLMPROV_WANT_NOTHING);
    CHECK(!llmprov_call_feed(call, "x", 1));
    llmprov_call_tick(call, 1);
    llmprov_call_eof(call);
    llmprov_call_cancel(call);
    llmprov_call_fail(call, LLMPROV_ERR_TRANSPORT, "late");
    CHECK(!llmprov_call_http(call));
    CHECK(!llmprov_call_body_whole(call, NULL));
    CHECK_INT(llmprov_call_body(call, &log, 1), 0);
    llmprov_call_free(call);
    CHECK_STR(r.text, "Hello, ");                             /* it needs neither call nor client */
    llmprov_close(c);
    CHECK_STR(r.text, "Hello, ");
    llmprov_response_free(&r);
}

/* The order of freeing is the caller's. */
TEST(call_result_and_client_are_freed_in_any_order) {
    int order;
    for (order = 0; order < 2; order++) {
        llmprov_client *c = feed_client("openai");
        llmprov_message m;
        llmprov_block b[3];
        llmprov_request req = call_large(&m, b);
        llmprov_response r = { 0 };
        llmprov_call *call;
        req.extra = "{\"x\":{\"y\":1},\"temperature\":1}";
        req.temperature.set = true;
        call = llmprov_call_chat(c, &req);
        llmprov_call_body_whole(call, NULL);
        feed_whole(call, 200, feed_chat_whole);
        (void)llmprov_call_take(call, &r);
        if (order) llmprov_response_free(&r);
        llmprov_call_free(call);
        if (!order) llmprov_response_free(&r);
        llmprov_close(c);
    }
}

TEST(call_freed_at_once_leaves_nothing) {
    llmprov_client *c = feed_client("anthropic");
    llmprov_message m;
    llmprov_block b[3];
    llmprov_request req = call_large(&m, b);
    llmprov_call_free(llmprov_call_chat(c, &req));
    llmprov_close(c);
}

/* Arguments that came before their call's name wait somewhere. */
TEST(call_freed_in_the_middle_of_a_nameless_tool_call) {
    llmprov_client *c = feed_client("openai");
    feed_log log;
    llmprov_request req = feed_request("Hi.", &log);
    llmprov_call *call = llmprov_call_chat(c, &req);
    feed_head(call, 200, "text/event-stream");
    feed_bytes(call, 0, FEED_DELTA("{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"arguments\":\"{\\\"long\\\":\"}}]}"),
               strlen(FEED_DELTA("{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"arguments\":\"{\\\"long\\\":\"}}]}")), NULL);
    llmprov_call_free(call);
    llmprov_close(c);
}

TEST(call_retried_in_the_middle_of_a_nameless_tool_call) {
    llmprov_desc d = feed_desc("openai");
    llmprov_client *c;
    feed_log log;
    llmprov_request req = feed_request("Hi.", &log);
    llmprov_call *call;
    d.max_retries = 1;
    c = llmprov_open(&d);
    call = llmprov_call_chat(c, &req);
    llmprov_call_tick(call, 1);
    feed_stream(call, 0, FEED_DELTA("{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"arguments\":\"{\\\"long\\\":\"}}]}"), NULL);
    CHECK(llmprov_call_want(call) == LLMPROV_WANT_TIME);
    llmprov_call_tick(call, 100000);
    feed_stream(call, 0, feed_chat, NULL);
    CHECK_INT(llmprov_call_error(call)->code, LLMPROV_OK);
    llmprov_call_free(call);
    llmprov_close(c);
}

// -- time ----------------------------------------------------------------------------------

typedef struct call_clock { llmprov_desc d; llmprov_client *c; llmprov_call *call; feed_log log; llmprov_request req; } call_clock;

static void call_clock_begin(call_clock *k, int connect, int gap, int total, int retries) {
    k->d = feed_desc("openai");
    k->d.connect_ms = connect;
    k->d.gap_ms = gap;
    k->d.timeout_ms = total;
    k->d.max_retries = retries;
    k->req = feed_request("Hi.", &k->log);
    k->c = llmprov_open(&k->d);
    k->call = llmprov_call_chat(k->c, &k->req);
}

/* Ends the call and checks how it ended. */
static void call_clock_end(call_clock *k, llmprov_status code, const char *says, int attempts) {
    llmprov_response r = { 0 };
    CHECK(llmprov_call_want(k->call) == LLMPROV_WANT_NOTHING);
    CHECK_INT(llmprov_call_take(k->call, &r), code);
    CHECK(strstr(r.error.message, says));
    CHECK_INT(r.attempts, attempts);
    llmprov_response_free(&r);
    llmprov_call_free(k->call);
    llmprov_close(k->c);
}

TEST(call_connect_time_out) {
    call_clock k;
    call_clock_begin(&k, 1000, 5000, 60000, -1);
    llmprov_call_tick(k.call, 7000);
    CHECK_INT(llmprov_call_due_ms(k.call), 1000);
    llmprov_call_tick(k.call, 7999);
    CHECK_INT(llmprov_call_due_ms(k.call), 1);
    CHECK(llmprov_call_want(k.call) == LLMPROV_WANT_SEND);
    llmprov_call_tick(k.call, 8000);
    call_clock_end(&k, LLMPROV_ERR_TIMEOUT, "connect_ms", 1);
}

TEST(call_gap_time_out) {
    call_clock k;
    call_clock_begin(&k, 1000, 5000, 60000, -1);
    llmprov_call_tick(k.call, 100);
    llmprov_call_sent(k.call);
    CHECK_INT(llmprov_call_due_ms(k.call), 5000);
    llmprov_call_tick(k.call, 4000);
    feed_head(k.call, 200, "text/event-stream");
    CHECK_INT(llmprov_call_due_ms(k.call), 5000);
    llmprov_call_tick(k.call, 8000);
    feed_bytes(k.call, 0, feed_chat, 150, NULL);
    CHECK_INT(llmprov_call_due_ms(k.call), 5000);
    llmprov_call_tick(k.call, 12999);
    CHECK(llmprov_call_want(k.call) == LLMPROV_WANT_RECV);
    llmprov_call_tick(k.call, 13000);
    call_clock_end(&k, LLMPROV_ERR_TIMEOUT, "gap_ms", 1);
}

/* Keep-alive comments are bytes: they prove that the server lives. */
TEST_NO_OOM(call_comments_keep_a_stream_alive) {
    call_clock k;
    int i;
    call_clock_begin(&k, 1000, 5000, 600000, -1);
    llmprov_call_tick(k.call, 0);
    feed_head(k.call, 200, "text/event-stream");
    for (i = 1; i < 20; i++) {
        llmprov_call_tick(k.call, (uint64_t)i * 4000);
        feed_bytes(k.call, 0, ": ping\n\n", 8, NULL);
    }
    CHECK(llmprov_call_want(k.call) == LLMPROV_WANT_RECV);
    feed_bytes(k.call, 0, feed_chat, strlen(feed_chat), NULL);
    llmprov_call_eof(k.call);
    call_clock_end(&k, LLMPROV_OK, "", 1);
}

TEST(call_total_time_out) {
    call_clock k;
    uint64_t now;
    call_clock_begin(&k, 1000, 5000, 20000, 2);
    llmprov_call_tick(k.call, 1000);
    feed_head(k.call, 200, "text/event-stream");
    for (now = 2000; now < 21000; now += 1000) {
        llmprov_call_tick(k.call, now);
        CHECK(llmprov_call_want(k.call) == LLMPROV_WANT_RECV);
        feed_bytes(k.call, 0, ":\n", 2, NULL);
    }
    CHECK_INT(llmprov_call_due_ms(k.call), 1000);
    llmprov_call_tick(k.call, 21000);
    call_clock_end(&k, LLMPROV_ERR_TIMEOUT, "timeout_ms", 1);
}

/* The whole call has one time, however often it is tried. */
TEST(call_total_time_out_counts_over_retries) {
    call_clock k;
    int i;
    uint64_t now = 0;
    call_clock_begin(&k, 1000, 5000, 3000, 100);
    llmprov_call_tick(k.call, now);
    for (i = 0; i < 50 && llmprov_call_want(k.call) != LLMPROV_WANT_NOTHING; i++) {
        if (llmprov_call_want(k.call) == LLMPROV_WANT_SEND) llmprov_call_fail(k.call, LLMPROV_ERR_TRANSPORT, "refused");
        now += 100;
        llmprov_call_tick(k.call, now);
    }
    CHECK(now <= 3000);
    CHECK_ALWAYS(!k.call || llmprov_call_want(k.call) == LLMPROV_WANT_NOTHING);
    call_clock_end(&k, LLMPROV_ERR_TIMEOUT, "timeout_ms", 3);
}

TEST_NO_OOM(call_time_outs_can_be_switched_off) {
    call_clock k;
    call_clock_begin(&k, -1, -1, -1, -1);
    llmprov_call_tick(k.call, 5);
    CHECK_INT(llmprov_call_due_ms(k.call), -1);
    llmprov_call_tick(k.call, 1000000000000u);
    CHECK(llmprov_call_want(k.call) == LLMPROV_WANT_SEND);
    llmprov_call_sent(k.call);
    llmprov_call_tick(k.call, 2000000000000u);
    CHECK_INT(llmprov_call_due_ms(k.call), -1);
    CHECK(llmprov_call_want(k.call) == LLMPROV_WANT_RECV);
    llmprov_call_free(k.call);
    llmprov_close(k.c);
}

TEST_NO_OOM(call_without_ticks_has_no_time_outs) {
    call_clock k;
    call_clock_begin(&k, 1, 1, 1, -1);
    feed_stream(k.call, 1, feed_chat, NULL);
    CHECK_STR(k.log.text, feed_chat_events);
    call_clock_end(&k, LLMPROV_OK, "", 1);
}

TEST_NO_OOM(call_clock_that_goes_backwards_or_begins_anywhere) {
    static const uint64_t origins[] = { 0, 1, 4000000000u, 9000000000000000000u, (uint64_t)-1 - 100000 };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(origins); i++) {
        call_clock k;
        call_clock_begin(&k, 1000, 5000, 20000, -1);
        llmprov_call_tick(k.call, origins[i] + 10);
        llmprov_call_tick(k.call, origins[i]);
        CHECK_INT(llmprov_call_due_ms(k.call), 1000);
        llmprov_call_tick(k.call, origins[i] + 1009);
        CHECK(llmprov_call_want(k.call) == LLMPROV_WANT_SEND);
        llmprov_call_tick(k.call, origins[i] + 1010);
        call_clock_end(&k, LLMPROV_ERR_TIMEOUT, "connect_ms", 1);
    }
}

/* After the format's end the connection may stay open: that is no failure. */
TEST_NO_OOM(call_complete_stream_whose_connection_stays_open) {
    call_clock k;
    call_clock_begin(&k, 1000, 5000, 20000, 2);
    llmprov_call_tick(k.call, 1);
    feed_head(k.call, 200, "text/event-stream");
    feed_bytes(k.call, 0, feed_chat, strlen(feed_chat), NULL);
    llmprov_call_tick(k.call, 100);
    llmprov_call_tick(k.call, 1000000);
    call_clock_end(&k, LLMPROV_OK, "", 1);
}

// -- retries -------------------------------------------------------------------------------

TEST(call_is_retried_with_the_same_body) {
    llmprov_desc d = feed_desc("openai");
    llmprov_client *c;
    llmprov_message m;
    llmprov_block b[3];
    llmprov_request req = call_large(&m, b);
    feed_log log;
    llmprov_response r = { 0 };
    llmprov_call *call;
    char *first = NULL, *second = NULL;
    size_t n1 = 0, n2 = 0;
    llmprov_header after = { "Retry-After", "3" };
    (void)feed_request("", &log);
    req.on_event = feed_event;
    req.user = &log;
    d.max_retries = 2;
    c = llmprov_open(&d);
    call = llmprov_call_chat(c, &req);
    llmprov_call_tick(call, 1000);
    first = call_pull(call, 500, &n1);
    llmprov_call_head(call, 429, &after, 1);
    feed_bytes(call, 0, "{\"error\":{\"message\":\"slow down\"}}", 33, NULL);
    llmprov_call_eof(call);
    NEED_OR(llmprov_call_want(call) == LLMPROV_WANT_TIME, done);
    CHECK(!llmprov_call_http(call));
    CHECK_INT(llmprov_call_due_ms(call), 3000);
    CHECK_STR(log.text, "RETRY 18\n");
    CHECK_INT(llmprov_call_error(call)->retry_after_ms, 3000);
    llmprov_call_tick(call, 3999);
    CHECK(llmprov_call_want(call) == LLMPROV_WANT_TIME);
    llmprov_call_tick(call, 4000);
    NEED_OR(llmprov_call_want(call) == LLMPROV_WANT_SEND, done);
    second = call_pull(call, 99, &n2);
    CHECK_MEM(second, n2, first, n1);
    feed_stream(call, 2, feed_chat, NULL);
    OK_OR(llmprov_call_take(call, &r), done);
    CHECK_INT(r.attempts, 2);
    CHECK_STR(r.text, "Hello, w\xC3\xB6rld");
    CHECK(!strncmp(log.text, "RETRY 18\nSTART", 14));
done:
    free(first);
    free(second);
    llmprov_response_free(&r);
    llmprov_call_free(call);
    llmprov_close(c);
}

TEST(call_gives_up_after_max_retries) {
    llmprov_desc d = feed_desc("anthropic");
    llmprov_client *c;
    feed_log log;
    llmprov_request req = feed_request("Hi.", &log);
    llmprov_response r = { 0 };
    llmprov_call *call;
    uint64_t now = 1;
    int attempt;
    d.max_retries = 3;
    c = llmprov_open(&d);
    call = llmprov_call_chat(c, &req);
    llmprov_call_tick(call, now);
    for (attempt = 1; attempt <= 4; attempt++) {
        if (!CHECK(llmprov_call_want(call) == LLMPROV_WANT_SEND)) break;
        feed_whole(call, 529, "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}");
        now += 60000;
        llmprov_call_tick(call, now);
    }
    CHECK(llmprov_call_want(call) == LLMPROV_WANT_NOTHING);
    CHECK_INT(llmprov_call_take(call, &r), LLMPROV_ERR_OVERLOADED);
    CHECK_INT(r.attempts, 4);
    CHECK(r.error.retryable);
    CHECK_STR(r.error.provider_code, "overloaded_error");
    CHECK_STR(log.text, "RETRY 20\nRETRY 20\nRETRY 20\nERROR 20\n");
    llmprov_response_free(&r);
    llmprov_call_free(call);
    llmprov_close(c);
}

/* An error as the first event of a stream counts as the status it stands for. */
TEST_NO_OOM(call_error_as_first_event_is_retried) {
    static const char *const streams[] = {
        "data: {\"error\":{\"message\":\"busy\",\"code\":503}}\n\n",
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n",
    };
    int format;
    for (format = 0; format < CALL_FORMATS; format++) {
        llmprov_desc d = feed_desc(call_providers[format]);
        llmprov_client *c;
        feed_log log;
        llmprov_request req = feed_request("Hi.", &log);
        llmprov_call *call;
        d.max_retries = 1;
        c = llmprov_open(&d);
        call = llmprov_call_chat(c, &req);
        llmprov_call_tick(call, 1);
        feed_stream(call, 2, streams[format], NULL);
        CHECK(llmprov_call_want(call) == LLMPROV_WANT_TIME);
        llmprov_call_tick(call, 100000);
        CHECK(llmprov_call_want(call) == LLMPROV_WANT_SEND);
        feed_stream(call, 2, call_streams[format], NULL);
        CHECK(!strncmp(log.text, "RETRY 20\nSTART", 14));
        llmprov_call_free(call);
        llmprov_close(c);
    }
}

TEST_NO_OOM(call_is_not_retried_after_output) {
    int format, how, next;
    for (format = 0; format < CALL_FORMATS; format++)
        for (how = 0; how < 4; how++)
            for (next = 0; next < 2; next++) {
                llmprov_desc d = feed_desc(call_providers[format]);
                llmprov_client *c;
                feed_log log;
                llmprov_request req = feed_request("Hi.", &log);
                llmprov_response r;
                llmprov_call *call;
                size_t len = (size_t)(strstr(call_streams[format], "lo, ") - call_streams[format]);
                if (next) req.on_event = NULL;
                d.max_retries = 5;
                c = llmprov_open(&d);
                call = llmprov_call_chat(c, &req);
                llmprov_call_tick(call, 1);
                feed_head(call, 200, "text/event-stream");
                feed_bytes(call, 0, call_streams[format], len, next ? &log : NULL);
                CHECK(strstr(log.text, "Hel"));
                if (how == 0) llmprov_call_fail(call, LLMPROV_ERR_TRANSPORT, "reset");
                if (how == 1) llmprov_call_eof(call);
                if (how == 2) llmprov_call_tick(call, 500000);
                if (how == 3) feed_bytes(call, 0, "\"}\n\nevent: error\ndata: {\"error\":{\"type\":\"overloaded_error\",\"message\":\"x\"}}\n\n", 77, NULL);
                if (next) feed_drain(call, &log);
                if (how == 3) llmprov_call_eof(call);
                CHECK(llmprov_call_want(call) == LLMPROV_WANT_NOTHING);
                CHECK(llmprov_call_take(call, &r) != LLMPROV_OK);
                CHECK_INT(r.attempts, 1);
                CHECK_TEXT(r.text, r.text_len, "Hel");
                llmprov_response_free(&r);
                llmprov_call_free(call);
                llmprov_close(c);
            }
}

/* START alone shows nothing of the answer. */
TEST_NO_OOM(call_is_retried_after_start) {
    llmprov_desc d = feed_desc("anthropic");
    llmprov_client *c;
    feed_log log;
    llmprov_request req = feed_request("Hi.", &log);
    llmprov_call *call;
    d.max_retries = 1;
    c = llmprov_open(&d);
    call = llmprov_call_chat(c, &req);
    llmprov_call_tick(call, 1);
    feed_stream(call, 0, FEED_MESSAGES_START, NULL);
    CHECK(llmprov_call_want(call) == LLMPROV_WANT_TIME);
    llmprov_call_tick(call, 10000);
    feed_stream(call, 0, feed_messages, NULL);
    CHECK(strstr(log.text, feed_messages_events));
    llmprov_call_free(call);
    llmprov_close(c);
}

TEST(call_with_a_source_that_reads_once_is_sent_once) {
    llmprov_desc d = feed_desc("openai");
    int touched;
    for (touched = 0; touched < 2; touched++) {
        llmprov_client *c;
        llmprov_message m;
        llmprov_block b[3];
        llmprov_request req = call_large(&m, b);
        llmprov_response r = { 0 };
        llmprov_call *call;
        char piece[16];
        b[2].source.once = true;
        d.max_retries = 3;
        c = llmprov_open(&d);
        call = llmprov_call_chat(c, &req);
        llmprov_call_tick(call, 1);
        if (touched) llmprov_call_body(call, piece, sizeof piece);
        CHECK(llmprov_call_body_rewind(call) == !touched);
        llmprov_call_fail(call, LLMPROV_ERR_TRANSPORT, "refused");
        if (touched) {
            CHECK(llmprov_call_want(call) == LLMPROV_WANT_NOTHING);
            CHECK_INT(llmprov_call_take(call, &r), LLMPROV_ERR_TRANSPORT);
            CHECK(strstr(r.error.message, "once"));
        } else CHECK(llmprov_call_want(call) == LLMPROV_WANT_TIME);
        llmprov_response_free(&r);
        llmprov_call_free(call);
        llmprov_close(c);
    }
}

/* The wait is a function of what was fed: the same call number, the same waits; another one, others. */
TEST_NO_OOM(call_waits_are_deterministic_and_spread) {
    int waits[2][8], round, i, distinct = 0;
    for (round = 0; round < 2; round++) {
        llmprov_desc d = feed_desc("openai");
        llmprov_client *c;
        d.max_retries = 1;
        c = llmprov_open(&d);
        for (i = 0; i < 8; i++) {
            feed_log log;
            llmprov_request req = feed_request("Hi.", &log);
            llmprov_call *call = llmprov_call_chat(c, &req);
            llmprov_call_tick(call, 1);
            llmprov_call_fail(call, LLMPROV_ERR_TRANSPORT, "refused");
            waits[round][i] = llmprov_call_due_ms(call);
            CHECK(waits[round][i] > 375 && waits[round][i] <= 500);
            llmprov_call_free(call);
        }
        llmprov_close(c);
    }
    for (i = 0; i < 8; i++) CHECK_INT(waits[0][i], waits[1][i]);
    for (i = 1; i < 8; i++) distinct += waits[0][i] != waits[0][0];
    CHECK(distinct >= 6);
}

static int64_t call_unix(void *user) { return *(const int64_t *)user; }

TEST_NO_OOM(call_measures_a_date_against_the_wall_clock_or_the_replys_date) {
    static const int64_t at = (int64_t)784111777 * 1000;     /* Sun, 06 Nov 1994 08:49:37 GMT */
    int wall;
    for (wall = 0; wall < 2; wall++) {
        llmprov_desc d = feed_desc("openai");
        llmprov_client *c;
        feed_log log;
        llmprov_request req = feed_request("Hi.", &log);
        llmprov_call *call;
        int64_t now = at - 7000;
        llmprov_header h[2] = { { "retry-after", "Sun, 06 Nov 1994 08:49:37 GMT" }, { "Date", "Sun, 06 Nov 1994 08:49:27 GMT" } };
        d.max_retries = 1;
        d.unix_ms = wall ? call_unix : NULL;
        d.user = &now;
        c = llmprov_open(&d);
        call = llmprov_call_chat(c, &req);
        llmprov_call_tick(call, 1);
        llmprov_call_head(call, 503, h, 2);
        llmprov_call_eof(call);
        CHECK_INT(llmprov_call_due_ms(call), wall ? 7000 : 10000);
        llmprov_call_free(call);
        llmprov_close(c);
    }
}

// -- limits --------------------------------------------------------------------------------

static void call_limit(llmprov_limits limits, const char *stream, const char *says) {
    llmprov_desc d = feed_desc("openai");
    llmprov_client *c;
    feed_log log;
    llmprov_request req = feed_request("Hi.", &log);
    llmprov_response r = { 0 };
    llmprov_call *call;
    d.limits = limits;
    d.max_retries = 2;
    c = llmprov_open(&d);
    call = llmprov_call_chat(c, &req);
    llmprov_call_tick(call, 1);
    feed_stream(call, 2, stream, NULL);
    CHECK_INT(llmprov_call_take(call, &r), LLMPROV_ERR_LIMIT);
    if (!CHECK(r.error.message && strstr(r.error.message, says)) && !test_excused()) printf("    it says: %s\n", r.error.message);
    CHECK(!r.error.retryable);
    CHECK(r.attempts <= 1);
    llmprov_response_free(&r);
    llmprov_call_free(call);
    llmprov_close(c);
}

TEST(call_limit_of_a_reply) { llmprov_limits l = { .max_reply_bytes = 400 }; call_limit(l, feed_chat, "max_reply_bytes"); }
TEST(call_limit_of_an_event) { llmprov_limits l = { .max_event_bytes = 100 }; call_limit(l, feed_chat, "max_event_bytes"); }
TEST(call_limit_of_an_event_that_never_ends) {
    static char text[3000];
    llmprov_limits l = { .max_event_bytes = 1000 };
    memset(text, 'x', sizeof text - 1);
    memcpy(text, "data: \"", 7);
    call_limit(l, text, "max_event_bytes");
}

TEST_NO_OOM(call_limit_of_memory_is_named) {
    static char text[300000];
    size_t most;
    const char *delta = FEED_DELTA("{\"content\":\"0123456789012345678901234567890123456789\"}");
    while (strlen(text) + strlen(delta) + 1 < sizeof text) strcat(text + strlen(text), delta);
    for (most = 200; most < 12000; most += 777) {
        llmprov_limits l = { .max_memory_bytes = most };
        call_limit(l, text, "max_memory_bytes");
    }
}

TEST_NO_OOM(call_limit_of_nesting) {
    int depth;
    for (depth = 1; depth < 40; depth += 3) {
        llmprov_desc d = feed_desc("openai");
        llmprov_client *c;
        feed_log log;
        llmprov_request req = feed_request("Hi.", &log);
        llmprov_response r;
        llmprov_call *call;
        char text[300] = "data: {\"x\":";
        int i;
        for (i = 0; i < depth; i++) strcat(text, "[");
        for (i = 0; i < depth; i++) strcat(text, "]");
        strcat(text, "}\n\n");
        d.limits.max_json_depth = 20;
        c = llmprov_open(&d);
        call = llmprov_call_chat(c, &req);
        feed_stream(call, 0, text, NULL);
        CHECK_INT(llmprov_call_take(call, &r), depth < 20 ? LLMPROV_ERR_TRUNCATED : LLMPROV_ERR_BAD_REPLY);
        if (depth >= 20) CHECK(strstr(r.error.message, "nested"));
        llmprov_response_free(&r);
        llmprov_call_free(call);
        llmprov_close(c);
    }
}

// -- what is kept --------------------------------------------------------------------------

TEST(call_keeps_what_it_is_told_to) {
    static const llmprov_keep keeps[] = { LLMPROV_KEEP_ALL, LLMPROV_KEEP_TOOLS, LLMPROV_KEEP_NOTHING };
    size_t i;
    for (i = 0; i < 3; i++) {
        llmprov_client *c = feed_client("openai");
        feed_log log;
        llmprov_request req = feed_request("Hi.", &log);
        llmprov_response r = { 0 };
        const llmprov_block *b;
        llmprov_call *call;
        req.keep = keeps[i];
        call = llmprov_call_chat(c, &req);
        feed_stream(call, 0, feed_chat_tool, NULL);
        OK_OR(llmprov_call_take(call, &r), done);
        CHECK_STR(log.text, feed_chat_tool_events);           /* the events come in any case */
        CHECK_STR(r.text, i == 0 ? "Let me look." : "");
        b = llmprov_block_next(&r.message, LLMPROV_BLOCK_TOOL_USE, NULL);
        NEED_OR(b, done);
        CHECK_STR(b->name, "look");
        if (i < 2) CHECK_TEXT(b->json, b->json_len, "{\"where\":\"up\"}");
        CHECK_INT(r.stop, LLMPROV_STOP_TOOL_USE);
        CHECK_INT(r.usage.output_tokens, 7);
    done:
        llmprov_response_free(&r);
        llmprov_call_free(call);
        llmprov_close(c);
    }
}

/* What a stream of that many events takes, where nothing is kept: the most bytes, and allocations after the first. */
typedef struct call_cost { size_t peak; unsigned long late; int texts; } call_cost;

static bool call_count_texts(void *user, const llmprov_event *e) {
    *(int *)user += e->type == LLMPROV_EVENT_TEXT;
    return true;
}

static call_cost call_stream_of(int format, int events, bool next, size_t piece_size) {
    const char *head = format ? FEED_MESSAGES_START FEED_MESSAGES_EVENT("content_block_start", ",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}")
                              : FEED_DELTA("{\"role\":\"assistant\",\"content\":\"\"}");
    const char *tail = format ? FEED_MESSAGES_EVENT("content_block_stop", ",\"index\":0") FEED_MESSAGES_STOP("end_turn") : FEED_FINISH("stop") FEED_USAGE FEED_DONE;
    llmprov_client *c = feed_client(call_providers[format]);
    llmprov_request req = { .model = "m-1", .prompt = "Hi.", .stream = LLMPROV_STREAM_ON, .keep = LLMPROV_KEEP_NOTHING, .max_tokens = LLMPROV_INT(9) };
    call_cost cost = { 0, 0, 0 };
    llmprov_event e;
    llmprov_response r;
    llmprov_call *call;
    char *text = (char *)malloc((size_t)events * 250 + 5000), *to = text;
    size_t at, n, len;
    unsigned long warm = 0;
    int i;
    if (!text) exit(3);
    if (!next) req.on_event = call_count_texts, req.user = &cost.texts;
    to += sprintf(to, "%s", head);
    for (i = 0; i < events; i++) {
        if (format) to += sprintf(to, FEED_MESSAGES_TEXT("0", "word%d \\n\\u00e9"), i % 1000);
        else to += sprintf(to, FEED_DELTA("{\"content\":\"word%d \\n\\u00e9\"}"), i % 1000);
    }
    to += sprintf(to, "%s", tail);
    len = (size_t)(to - text);
    test_memory.peak = test_memory.bytes;
    call = llmprov_call_chat(c, &req);
    feed_head(call, 200, "text/event-stream");
    for (at = 0; at < len; at += n) {
        n = len - at < piece_size ? len - at : piece_size;
        llmprov_call_feed(call, text + at, n);
        while (next && llmprov_call_next(call, &e)) cost.texts += e.type == LLMPROV_EVENT_TEXT;
        if (!warm && at > 20000) warm = test_memory.calls;
        if (len - at > 20000) cost.late = warm ? test_memory.calls - warm : 0;
    }
    llmprov_call_eof(call);
    while (next && llmprov_call_next(call, &e)) cost.texts += e.type == LLMPROV_EVENT_TEXT;
    cost.peak = test_memory.peak;
    CHECK_INT(llmprov_call_take(call, &r), LLMPROV_OK);
    CHECK_STR(r.text, "");
    llmprov_response_free(&r);
    llmprov_call_free(call);
    llmprov_close(c);
    free(text);
    return cost;
}

TEST_NO_OOM(call_keeping_nothing_stays_flat) {
    static const size_t pieces[] = { 16384, 1400, 333 };
    int format, next, i;
    if (LLMPROV__MEM_MOST < 1024) SKIP("each thing is an allocation here");
    for (format = 0; format < CALL_FORMATS; format++)
        for (next = 0; next < 2; next++)
            for (i = 0; i < 3; i++) {
                int many = i ? 5000 : 100000;
                call_cost a = call_stream_of(format, 1000, next, pieces[i]), b = call_stream_of(format, many, next, pieces[i]);
                CHECK_INT(a.texts, 1000);
                CHECK_INT(b.texts, many);
                if (!CHECK(b.peak <= a.peak + 1024)) printf("    format %d, next %d, pieces of %d: %lu and %lu bytes\n", format, next, (int)pieces[i], (unsigned long)a.peak, (unsigned long)b.peak);
                if (!CHECK(b.late == 0)) printf("    format %d, next %d, pieces of %d: %lu allocations late\n", format, next, (int)pieces[i], b.late);
            }
}

/* No heap at all: client and call in one block, of any size. What does not fit ends in ERR_NO_MEMORY, and the block is whole
   again afterwards. */
TEST_NO_OOM(call_lives_in_one_block) {
    static union { llmprov__mem_align align; char bytes[40000]; } block;
    size_t size;
    int good = 0;
    for (size = 100; size <= sizeof block; size += size < 4000 ? 37 : 501) {
        llmprov_desc d = feed_desc(size % 2 ? "openai" : "anthropic");
        llmprov_client *c;
        llmprov_request req = { .model = "m-1", .prompt = "Hi.", .stream = LLMPROV_STREAM_ON, .keep = LLMPROV_KEEP_NOTHING, .max_tokens = LLMPROV_INT(9) };
        llmprov_response r;
        llmprov_call *call;
        llmprov_status status;
        int texts = 0;
        void *whole;
        req.on_event = call_count_texts;
        req.user = &texts;
        d.alloc = llmprov_arena(&block, size);
        c = llmprov_open(&d);
        call = llmprov_call_chat(c, &req);
        feed_stream(call, 2, size % 2 ? feed_chat : feed_messages, NULL);
        status = llmprov_call_take(call, &r);
        CHECK(status == LLMPROV_OK || status == LLMPROV_ERR_NO_MEMORY);
        if (status == LLMPROV_OK) {
            good++;
            CHECK_INT(texts, 3);
        }
        llmprov_response_free(&r);
        llmprov_call_free(call);
        llmprov_close(c);
        whole = size > 400 ? d.alloc.fn(d.alloc.user, NULL, 0, size - 200) : &block;
        CHECK(whole != NULL);
    }
    CHECK(good > 40);
}

/* From some allocation on there is no memory at all, as in a block that is full: not just one that fails. */
typedef struct call_drought { int left; llmprov_alloc inner; } call_drought;

static void *call_dry(void *user, void *ptr, size_t old_size, size_t new_size) {
    call_drought *d = (call_drought *)user;
    if (new_size && d->left-- <= 0) return NULL;
    return d->inner.fn(d->inner.user, ptr, old_size, new_size);
}

TEST_NO_OOM(call_without_any_memory_left) {
    static union { llmprov__mem_align align; char bytes[60000]; } block;
    static char texts[40][48];
    llmprov_block blocks[40];
    size_t count, i;
    memset(blocks, 0, sizeof blocks);
    for (i = 0; i < 40; i++) {
        memset(texts[i], 'a', i + 1);
        blocks[i].text = texts[i];
    }
    for (count = 1; count < 40; count++) {
        llmprov_message m = { .blocks = blocks, .block_count = count };
        int allowed;
        for (allowed = 0; allowed < 60; allowed++) {
            call_drought drought = { allowed, llmprov_arena(&block, sizeof block) };
            llmprov_desc d = feed_desc("anthropic");
            llmprov_request req = { .model = "m-1", .messages = &m, .message_count = 1, .stream = LLMPROV_STREAM_ON, .max_tokens = LLMPROV_INT(9) };
            llmprov_client *c;
            llmprov_call *call;
            llmprov_response r;
            llmprov_status status;
            d.alloc.fn = call_dry;
            d.alloc.user = &drought;
            c = llmprov_open(&d);
            call = llmprov_call_chat(c, &req);
            feed_stream(call, 7, feed_messages, NULL);
            status = llmprov_call_take(call, &r);
            CHECK(status == LLMPROV_OK || status == LLMPROV_ERR_NO_MEMORY);
            llmprov_response_free(&r);
            llmprov_call_free(call);
            llmprov_close(c);
        }
    }
}

// -- events that are asked for -------------------------------------------------------------------------

/* What was fed is the caller's again as soon as feed returns. */
TEST(call_next_needs_nothing_of_what_was_fed) {
    int way;
    for (way = 0; way < 4; way++) {
        llmprov_client *c = feed_client("anthropic");
        feed_log log;
        llmprov_request req = feed_request("Hi.", &log);
        llmprov_response r = { 0 };
        llmprov_event e;
        llmprov_call *call;
        size_t at, n, len = strlen(feed_messages);
        req.on_event = NULL;
        call = llmprov_call_chat(c, &req);
        feed_head(call, 200, "text/event-stream");
        for (at = 0; at < len; at += n) {
            char *copy = feed_copy(feed_messages + at, n = test_cut(way, len - at));
            llmprov_call_feed(call, copy, n);
            feed_drop(copy, n);
            if (at % 3 == 1 && llmprov_call_next(call, &e)) feed_write(&log, &e);
        }
        llmprov_call_eof(call);
        feed_drain(call, &log);
        if (llmprov_call_take(call, &r) == LLMPROV_OK) CHECK_STR(log.text, feed_messages_events);
        else CHECK(false);
        llmprov_response_free(&r);
        llmprov_call_free(call);
        llmprov_close(c);
    }
}

TEST_NO_OOM(call_next_gives_what_is_left_after_eof) {
    llmprov_client *c = feed_client("openai");
    feed_log log;
    llmprov_request req = feed_request("Hi.", &log);
    llmprov_call *call;
    req.on_event = NULL;
    call = llmprov_call_chat(c, &req);
    feed_head(call, 200, "text/event-stream");
    llmprov_call_feed(call, feed_chat, strlen(feed_chat));
    llmprov_call_eof(call);
    CHECK(llmprov_call_want(call) == LLMPROV_WANT_NOTHING);
    feed_drain(call, &log);
    CHECK_STR(log.text, feed_chat_events);
    llmprov_call_free(call);
    llmprov_close(c);
}

/* A program that feeds everything first pays for a copy, not for one a piece. */
TEST_NO_OOM(call_next_after_many_pieces_is_not_quadratic) {
    llmprov_client *c = feed_client("openai");
    feed_log log;
    llmprov_request req = feed_request("Hi.", &log);
    llmprov_call *call;
    const char *delta = FEED_DELTA("{\"content\":\"0123456789\"}");
    size_t len = strlen(delta), i, before;
    llmprov_event e;
    int texts = 0;
    req.on_event = NULL;
    req.keep = LLMPROV_KEEP_NOTHING;
    call = llmprov_call_chat(c, &req);
    feed_head(call, 200, "text/event-stream");
    before = test_memory.calls;
    for (i = 0; i < 20000; i++) llmprov_call_feed(call, delta, len);
    CHECK(test_memory.calls - before < 100);
    while (llmprov_call_next(call, &e)) texts += e.type == LLMPROV_EVENT_TEXT;
    CHECK_INT(texts, 20000);
    llmprov_call_free(call);
    llmprov_close(c);
}

// -- whatever comes, events keep their order -----------------------------------------------

enum { CALL_BLOCKS_WATCHED = 32, CALL_TEXT_WATCHED = 3000 };

typedef struct call_watched { bool begun, ended, folded; llmprov_block_type type; char text[CALL_TEXT_WATCHED]; size_t len; } call_watched;

typedef struct call_order {
    bool started, over, ended;
    int wrong;                   /* what was first out of order; 0 = nothing */
    call_watched blocks[3][CALL_BLOCKS_WATCHED];
} call_order;

static void call_wrong(call_order *o, bool good, int what) { if (!good && !o->wrong) o->wrong = what; }

static void call_watch_piece(call_order *o, const llmprov_event *e, call_watched *b) {
    llmprov_event_type fits = b->type == LLMPROV_BLOCK_THINKING ? LLMPROV_EVENT_THINKING : b->type == LLMPROV_BLOCK_TOOL_USE || b->type == LLMPROV_BLOCK_SERVER_USE ? LLMPROV_EVENT_JSON : LLMPROV_EVENT_TEXT;
    call_wrong(o, b->begun && !b->ended && e->type == fits && e->text_len, 1);
    call_wrong(o, llmprov__text_valid(e->text, e->text_len) == e->text_len, 2);
    if (b->len + e->text_len <= CALL_TEXT_WATCHED) memcpy(b->text + b->len, e->text, e->text_len);
    b->len += e->text_len;
}

/* What a block holds at its end is what its pieces said. */
static void call_watch_end(call_order *o, const llmprov_event *e, call_watched *b) {
    bool json = b->type == LLMPROV_BLOCK_TOOL_USE || b->type == LLMPROV_BLOCK_SERVER_USE;
    const char *text = json ? e->block->json : e->block->text;
    size_t len = json ? e->block->json_len : e->block->text_len;
    call_wrong(o, b->begun && !b->ended && e->block->type == b->type, 3);
    b->ended = true;
    if (b->len > CALL_TEXT_WATCHED || e->block->invalid) return;
    if (json && !strcmp(text, "{}")) return;
    if (json || b->type == LLMPROV_BLOCK_TEXT || b->type == LLMPROV_BLOCK_THINKING) call_wrong(o, len == b->len && !memcmp(text, b->text, len), 4);
}

static bool call_watch(void *user, const llmprov_event *e) {
    call_order *o = (call_order *)user;
    bool inside = e->choice >= 0 && e->choice < 3 && e->index >= 0 && e->index < CALL_BLOCKS_WATCHED;
    call_watched *b = inside ? &o->blocks[e->choice][e->index] : NULL;
    int i, k;
    call_wrong(o, !o->over, 5);
    if (e->type == LLMPROV_EVENT_START) {
        call_wrong(o, !o->started && e->id && e->model, 6);
        o->started = true;
    } else if (e->type != LLMPROV_EVENT_ERROR && e->type != LLMPROV_EVENT_OTHER) call_wrong(o, o->started, 7);
    if (e->type == LLMPROV_EVENT_END || e->type == LLMPROV_EVENT_ERROR) {
        o->over = true;
        o->ended = e->type == LLMPROV_EVENT_END;
        for (i = 0; o->ended && i < 3; i++)
            for (k = 0; k < CALL_BLOCKS_WATCHED; k++) call_wrong(o, o->blocks[i][k].begun == o->blocks[i][k].ended, 8);
        call_wrong(o, o->ended ? e->usage && e->stop_word : e->error && *e->error->message, 9);
    }
    if (!b) return true;
    if (e->type == LLMPROV_EVENT_BLOCK) {
        call_wrong(o, !b->begun && e->block && (!e->index || b[-1].begun), 10);
        b->begun = true;
        b->type = e->block->type;
    }
    if (e->type == LLMPROV_EVENT_TEXT || e->type == LLMPROV_EVENT_THINKING || e->type == LLMPROV_EVENT_JSON) call_watch_piece(o, e, b);
    if (e->type == LLMPROV_EVENT_BLOCK_END) call_watch_end(o, e, b);
    return true;
}

static const char call_messages_tools[] =
    FEED_MESSAGES_START FEED_MESSAGES_EVENT("content_block_start", ",\"index\":0,\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}")
    FEED_MESSAGES_EVENT("content_block_delta", ",\"index\":0,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"hm \\ud83d\"}")
    FEED_MESSAGES_EVENT("content_block_delta", ",\"index\":0,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"\\ude00\"}")
    FEED_MESSAGES_EVENT("content_block_delta", ",\"index\":0,\"delta\":{\"type\":\"signature_delta\",\"signature\":\"c2ln\"}") FEED_MESSAGES_EVENT("content_block_stop", ",\"index\":0")
    FEED_MESSAGES_EVENT("content_block_start", ",\"index\":1,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"look\",\"input\":{}}")
    FEED_MESSAGES_EVENT("content_block_delta", ",\"index\":1,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"a\\\":\"}")
    FEED_MESSAGES_EVENT("content_block_delta", ",\"index\":1,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"[1,2]}\"}") FEED_MESSAGES_EVENT("content_block_stop", ",\"index\":1")
    FEED_MESSAGES_STOP("tool_use");
static const char call_chat_more[] =
    FEED_DELTA("{\"reasoning_content\":\"hm\"}") FEED_DELTA("{\"reasoning_content\":\" yes\"}") FEED_DELTA("{\"content\":\"a\\ud83d\"}") FEED_DELTA("{\"content\":\"\\ude00b\"}")
    FEED_CHUNK("\"choices\":[{\"index\":1,\"delta\":{\"content\":\"other\"},\"finish_reason\":null},{\"index\":0,\"delta\":{\"content\":\"c\"}}]")
    FEED_DELTA("{\"tool_calls\":[{\"index\":0,\"id\":\"x\",\"function\":{\"name\":\"f\",\"arguments\":\"{\"}},{\"index\":1,\"id\":\"y\",\"function\":{\"name\":\"g\",\"arguments\":\"{\\\"q\\\":1\"}}]}")
    FEED_DELTA("{\"tool_calls\":[{\"index\":1,\"function\":{\"arguments\":\"}\"}},{\"index\":0,\"function\":{\"arguments\":\"}\"}}]}")
    FEED_CHUNK("\"choices\":[{\"index\":1,\"delta\":{},\"finish_reason\":\"length\"}]") FEED_FINISH("stop") FEED_USAGE FEED_DONE;

/* Streams with some bytes changed, taken out or doubled: any end, but no nonsense on the way, however they are cut. */
TEST_NO_OOM(call_events_keep_their_order_whatever_comes) {
    static const char *const seeds[] = { feed_chat, feed_messages, feed_chat_tool, call_messages_tools, call_chat_more };
    static const char bytes[] = "{}[]:,\"\\u0n1t- x\n\r\xFF";
    static char copy[4000];
    static call_order order;
    long rounds = getenv("TEST_LONG") ? 60000 : 3000;
    while (rounds-- && !test_now.failures) {
        const char *seed = seeds[rounds % 5];
        size_t len = strlen(seed), damage = (size_t)(test_random() >> 33) % 4;
        int way;
        llmprov_text saved[2] = { { 0 } };
        memcpy(copy, seed, len + 1);
        while (damage--) {
            size_t at = (size_t)(test_random() >> 33) % len, n = 1 + (size_t)(test_random() >> 33) % 40;
            int how = (int)(test_random() >> 33) % 8;
            if (n > len - at) n = len - at;
            if (how < 5) copy[at] = bytes[(size_t)(test_random() >> 33) % (sizeof bytes - 1)];
            else if (how == 5) memmove(copy + at, copy + at + n, len - at - n + 1), len -= n;
            else if (len + n < sizeof copy) memmove(copy + at + n, copy + at, len - at + 1), len += n;
            if (!len) break;
        }
        for (way = 0; way < 2; way++) {
            llmprov_client *c = feed_client(seed == feed_messages || seed == call_messages_tools ? "anthropic" : "openai");
            llmprov_request req = { .model = "m", .prompt = "Hi.", .max_tokens = LLMPROV_INT(9), .stream = LLMPROV_STREAM_ON, .on_event = call_watch, .user = &order };
            llmprov_call *call = llmprov_call_chat(c, &req);
            llmprov_response r;
            memset(&order, 0, sizeof order);
            feed_head(call, 200, "text/event-stream");
            feed_bytes(call, way * 5, copy, len, NULL);
            llmprov_call_eof(call);
            CHECK(llmprov_call_want(call) == LLMPROV_WANT_NOTHING);
            CHECK((llmprov_call_take(call, &r) == LLMPROV_OK) == order.ended);
            CHECK(order.over);
            if (!CHECK_INT(order.wrong, 0)) printf("%s\n", copy);
            CHECK(llmprov__text_valid(r.text, r.text_len) == r.text_len);
            CHECK_INT(llmprov_response_save(&r, &saved[way]), LLMPROV_OK);
            CHECK(llmprov__text_valid(saved[way].ptr, saved[way].len) == saved[way].len);
            llmprov_response_free(&r);
            llmprov_call_free(call);
            llmprov_close(c);
        }
        if (!CHECK_MEM(saved[1].ptr, saved[1].len, saved[0].ptr, saved[0].len)) printf("%s\n", copy);
        llmprov_text_free(&saved[0]);
        llmprov_text_free(&saved[1]);
    }
}

// -- many ----------------------------------------------------------------------------------

TEST_NO_OOM(call_a_thousand_at_once) {
    enum { COUNT = 1000 };
    static llmprov_call *calls[COUNT];
    static feed_log logs[COUNT];
    static size_t at[COUNT];
    llmprov_client *c[2];
    size_t left = COUNT, i;
    c[0] = feed_client("openai");
    c[1] = feed_client("anthropic");
    memset(at, 0, sizeof at);
    for (i = 0; i < COUNT; i++) {
        llmprov_request req = feed_request("Say hello.", &logs[i]);
        if (i % 3 == 0) req.on_event = NULL;
        calls[i] = llmprov_call_chat(c[i & 1], &req);
        feed_head(calls[i], 200, "text/event-stream");
    }
    while (left) {
        i = (size_t)(test_random() >> 33) % COUNT;
        if (calls[i]) {
            const char *text = call_streams[i & 1];
            size_t len = strlen(text), n = 1 + (size_t)(test_random() >> 40) % 300;
            if (n > len - at[i]) n = len - at[i];
            feed_bytes(calls[i], 0, text + at[i], n, i % 3 ? NULL : &logs[i]);
            at[i] += n;
            if (at[i] < len) continue;
            llmprov_call_eof(calls[i]);
            if (i % 3 == 0) feed_drain(calls[i], &logs[i]);
            CHECK(!strcmp(logs[i].text, call_events[i & 1]));
            llmprov_call_free(calls[i]);
            calls[i] = NULL;
            left--;
        }
    }
    llmprov_close(c[0]);
    llmprov_close(c[1]);
}

// -- secrets -------------------------------------------------------------------------------

#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#define TEST_MSAN
#include <sanitizer/msan_interface.h>
#endif
#endif

static const char call_key[] = "sk-VERY-secret-0123456789";
static int call_key_seen;

static void *call_watching(void *user, void *ptr, size_t old_size, size_t new_size) {
    size_t i, n = sizeof call_key - 1;
#ifdef TEST_MSAN
    if (ptr) __msan_unpoison(ptr, old_size);                  /* what was never written is looked at, too */
#endif
    if (ptr && (!new_size || new_size != old_size))           /* a growth gives the old place back too */
        for (i = 0; i + n <= old_size; i++) call_key_seen += !memcmp((const char *)ptr + i, call_key, n);
    return test_realloc(user, ptr, old_size, new_size);
}

/* No block that goes back to the allocator still holds the key. */
TEST(call_leaves_no_key_behind) {
    static const char *const names[] = { "openai", "anthropic", "custom", "q" };
    size_t i;
    int how;
    for (i = 0; i < 4 && !test_excused(); i++)
        for (how = 0; how < 4; how++) {
            llmprov_desc d = feed_desc(names[i]);
            llmprov_provider row = { .id = "q", .format = "openai-chat", .base_url = "https://q.example", .auth = LLMPROV_AUTH_QUERY, .auth_name = "key" };
            llmprov_client *c;
            feed_log log;
            llmprov_request req = feed_request("Hi.", &log);
            llmprov_response r = { 0 };
            llmprov_call *call;
            char headers[100];
            d.alloc.fn = call_watching;
            call_key_seen = 0;
            d.registry = llmprov_registry_new(&d.alloc);
            if (d.registry) llmprov_register(d.registry, &row, 0);
            d.base_url = i == 2 ? "http://127.0.0.1:1" : NULL;
            d.api_key = call_key;
            sprintf(headers, "x-one: 1\nx-key: %s\nx-two: 2", call_key);
            if (how == 1) d.headers = headers;
            if (how == 2) req.headers = headers;
            c = how == 3 ? llmprov_client_for(d.registry, &d) : llmprov_open(&d);
            call = llmprov_call_chat(c, &req);
            llmprov_call_body_whole(call, NULL);
            feed_stream(call, 0, i == 1 ? feed_messages : feed_chat, NULL);
            (void)llmprov_call_take(call, &r);
            llmprov_response_free(&r);
            llmprov_call_free(call);
            if (how == 3) (void)llmprov_client_for(d.registry, &d);
            else llmprov_close(c);
            llmprov_registry_free(d.registry);
            CHECK_ALWAYS(call_key_seen == 0);
        }
}

static char call_logged[4096];
static void call_log(void *user, int level, const char *room, const char *text) {
    (void)user, (void)level, (void)room;
    if (strlen(call_logged) + strlen(text) < sizeof call_logged - 2) strcat(strcat(call_logged, text), "\n");
}

TEST_NO_OOM(call_logs_no_key) {
    llmprov_desc d = feed_desc("openai");
    llmprov_client *c;
    feed_log log;
    llmprov_request req = feed_request("Hi.", &log);
    llmprov_response r;
    llmprov_call *call;
    call_logged[0] = 0;
    d.api_key = call_key;
    d.log.fn = call_log;
    d.max_retries = 1;
    c = llmprov_open(&d);
    call = llmprov_call_chat(c, &req);
    llmprov_call_tick(call, 1);
    feed_whole(call, 500, "");
    llmprov_call_tick(call, 10000);
    feed_whole(call, 401, "{}");
    CHECK_INT(llmprov_call_take(call, &r), LLMPROV_ERR_AUTH);
    CHECK(!strstr(call_logged, call_key));
    CHECK(!strstr(r.error.message, call_key));
    llmprov_response_free(&r);
    llmprov_call_free(call);
    llmprov_close(c);
}

// -- warnings ------------------------------------------------------------------------------

TEST(call_warns_of_what_it_leaves_out) {
    llmprov_client *c = feed_client("anthropic");
    feed_log log;
    llmprov_request req = feed_request("Hi.", &log);
    llmprov_response r = { 0 };
    const llmprov_warning *w;
    size_t count = 0;
    llmprov_call *call;
    req.seed.value = 7;
    req.seed.set = true;
    call = llmprov_call_chat(c, &req);
    w = llmprov_call_warnings(call, &count);
    NEED_OR(count == 1 && w, done);
    CHECK_STR(w->field, "seed");
    CHECK_INT(w->code, LLMPROV_ERR_UNSUPPORTED);
    CHECK(strstr(w->text, "7"));
    feed_stream(call, 0, feed_messages, NULL);
    OK_OR(llmprov_call_take(call, &r), done);
    CHECK_INT(r.warning_count, 1);
    CHECK_STR(r.warnings[0].field, "seed");
done:
    llmprov_response_free(&r);
    llmprov_call_free(call);
    llmprov_close(c);
}

/* Errors that come as one event of a stream, and replies of nothing. */
TEST_NO_OOM(call_bodies_that_are_no_json) {
    static const struct { int status; const char *body; llmprov_status code; const char *message; } cases[] = {
        { 500, "event: error\ndata: {'error':{'message':'It broke.','type':'server_error'}}\n\n", LLMPROV_ERR_SERVER, "It broke." },
        { 500, "data: {'error':{'message':'It broke.'}}", LLMPROV_ERR_SERVER, "It broke." }, { 200, " \n", LLMPROV_ERR_TRUNCATED, "the reply has an empty body" },
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        engine_reply r = engine_read("openai-chat", ENGINE_WHOLE, cases[i].status, Q(cases[i].body));
        CHECK_INT(r.r.error.code, cases[i].code);
        if (!CHECK(strstr(r.r.error.message, cases[i].message) != NULL)) printf("    %s\n", r.r.error.message);
        engine_reply_free(&r);
    }
}

/* What is refused before anything is written. */
TEST(call_refuses_models_and_pictures_that_cannot_be) {
    static const llmprov_block picture[] = { { .type = LLMPROV_BLOCK_IMAGE, .url = "https://a.example/x.png" } };
    static const llmprov_message said[] = { { .role = LLMPROV_ROLE_USER, .blocks = picture, .block_count = 1 } };
    static const llmprov_provider blind = { .id = "blind", .format = "openai-chat", .base_url = "https://api.test/v1", .auth_optional = true, .can = LLMPROV_CAN_CHAT };
    static const llmprov_provider garbled = { .id = "garbled", .format = "openai-chat", .base_url = "https://api.test/v1", .auth_optional = true, .default_model = "m\xFF" };
    llmprov_alloc alloc = test_alloc();
    llmprov_registry *reg = llmprov_registry_new(&alloc);
    llmprov_desc d = { .provider = "blind", .registry = reg };
    llmprov_request req = { .model = "m\xFF", .prompt = "x" };
    engine_sent s;
    OK_OR(llmprov_register(reg, &blind, 0), done);
    OK_OR(llmprov_register(reg, &garbled, 0), done);
    s = engine_send_with("blind", &d, &req, __FILE__, __LINE__);
    CHECK_INT(s.error.code, LLMPROV_ERR_ARGUMENT);
    CHECK_STR(s.error.message, "model: invalid UTF-8 at byte 1");
    engine_sent_free(&s);
    req.model = "m";
    req.prompt = NULL;
    req.messages = said;
    req.message_count = 1;
    s = engine_send_with("blind", &d, &req, __FILE__, __LINE__);
    CHECK_INT(s.error.code, LLMPROV_ERR_UNSUPPORTED);
    CHECK_STR(s.error.message, "blind cannot look at images");
    engine_sent_free(&s);
    req.model = NULL;
    req.prompt = "x";
    s = engine_send_with("garbled", &(llmprov_desc){ .provider = "garbled", .registry = reg }, &req, __FILE__, __LINE__);
    CHECK_INT(s.error.code, LLMPROV_ERR_ARGUMENT);
    CHECK_STR(s.error.message, "model: invalid UTF-8");
    engine_sent_free(&s);
done:
    llmprov_registry_free(reg);
}

/* The last event comes in any case, so that a program that waits for it does not wait for ever. */
TEST(call_error_is_told_without_memory) {
    llmprov_client *c = feed_client("openai");
    llmprov_request r = { .model = "m-1", .prompt = "Hello" };
    llmprov_call *call = llmprov_call_chat(c, &r);
    llmprov_event e;
    llmprov_status told = LLMPROV_OK;
    int errors = 0;
    if (llmprov_call_want(call) == LLMPROV_WANT_SEND) feed_whole(call, 400, "{\"error\":{\"message\":\"no\"}}");
    while (llmprov_call_next(call, &e))
        if (e.type == LLMPROV_EVENT_ERROR) errors++, told = e.error->code;
    CHECK_ALWAYS(!call || (errors == 1 && told == llmprov_call_error(call)->code));
    llmprov_call_free(call);
    llmprov_close(c);
}

// -- from inside an event ------------------------------------------------------------------

typedef struct call_inner { llmprov_call *call; int events, wrong; } call_inner;

/* Whatever an event's function does to its call is not done: the call goes on when it returns. */
static bool call_meddles(void *user, const llmprov_event *e) {
    call_inner *in = (call_inner *)user;
    llmprov_event none;
    char byte[1];
    (void)e;
    in->events++;
    in->wrong += llmprov_call_feed(in->call, "x", 1) || llmprov_call_next(in->call, &none) || llmprov_call_body(in->call, byte, 1);
    llmprov_call_eof(in->call);
    llmprov_call_fail(in->call, LLMPROV_ERR_TRANSPORT, "meddled");
    llmprov_call_tick(in->call, 1u << 30);
    return true;
}

TEST(call_goes_on_whatever_its_events_do) {
    call_inner in = { NULL, 0, 0 };
    llmprov_client *c = feed_client("openai");
    feed_log log;
    llmprov_request req = feed_request("Hi", &log);
    llmprov_response r;
    req.on_event = call_meddles;
    req.user = &in;
    in.call = llmprov_call_chat(c, &req);
    llmprov_call_sent(in.call);
    feed_stream(in.call, 0, feed_chat, NULL);
    if (llmprov_call_take(in.call, &r) == LLMPROV_OK) {
        CHECK_STR(r.text, "Hello, w\xC3\xB6rld");
        CHECK_INT(in.events, 8);
        CHECK_INT(in.wrong, 0);
    } else CHECK_ALWAYS(r.error.code == LLMPROV_ERR_NO_MEMORY);
    llmprov_response_free(&r);
    CHECK_ALWAYS(llmprov_call_take(in.call, &r) == (in.call ? LLMPROV_ERR_ARGUMENT : LLMPROV_ERR_NO_MEMORY));
    if (in.call) CHECK_STR(r.error.message, "the result was taken already");
    llmprov_response_free(&r);
    llmprov_call_free(in.call);
    llmprov_close(c);
}

/* A whole reply whose texts have to be unescaped, with and without the memory for that. */
TEST(call_whole_reply_with_escapes) {
    engine_reply r = engine_read("openai-chat", ENGINE_WHOLE, 200, Q(CHAT_WHOLE("{'role':'assistant','content':'a\\nb\\u00f6'}", "st\\u006fp")));
    if (!r.r.error.code) {
        CHECK_STR(r.r.text, "a\nb\xC3\xB6");
        CHECK_INT(r.r.stop, LLMPROV_STOP_END);
    } else CHECK_ALWAYS(r.r.error.code == LLMPROV_ERR_NO_MEMORY && test_memory.refused);
    engine_reply_free(&r);
}
