/* What the tests of calls share: a client, bytes fed in cuts, events as lines of text. Included by test files. */
#ifndef TEST_FEED_H
#define TEST_FEED_H

#include "test.h"

/* Everything allocates in the test; no retries, so that an end is an end. */
static inline llmprov_desc feed_desc(const char *provider) {
    llmprov_desc d = { 0 };
    d.provider = provider;
    d.api_key = "sk-test-key";
    d.max_retries = -1;
    d.alloc = test_alloc();
    return d;
}

static inline llmprov_client *feed_client(const char *provider) {
    llmprov_desc d = feed_desc(provider);
    return llmprov_open(&d);
}

// -- replies -------------------------------------------------------------------------------

#define FEED_CHUNK(inside) "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m-1\"," inside "}\n\n"
#define FEED_DELTA(delta) FEED_CHUNK("\"choices\":[{\"index\":0,\"delta\":" delta ",\"finish_reason\":null}]")
#define FEED_FINISH(word) FEED_CHUNK("\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"" word "\"}]")
#define FEED_USAGE FEED_CHUNK("\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":7,\"total_tokens\":12}")
#define FEED_DONE "data: [DONE]\n\n"

/* A short text as openai-chat streams it, and the events that it must give. */
static const char feed_chat[] =
    FEED_DELTA("{\"role\":\"assistant\",\"content\":\"\"}") FEED_DELTA("{\"content\":\"Hel\"}") FEED_DELTA("{\"content\":\"lo, \"}")
    FEED_DELTA("{\"content\":\"w\\u00f6rld\"}") FEED_FINISH("stop") FEED_USAGE FEED_DONE;
static const char feed_chat_events[] =
    "START c1 m-1\nBLOCK 0 text\nTEXT 0 Hello, w\xC3\xB6rld\nBLOCK_END 0 text\nMETA\nEND end_turn stop\n";

/* A call of a tool after a text. */
static const char feed_chat_tool[] =
    FEED_DELTA("{\"role\":\"assistant\",\"content\":\"Let me look.\"}")
    FEED_DELTA("{\"tool_calls\":[{\"index\":0,\"id\":\"call_1\",\"type\":\"function\",\"function\":{\"name\":\"look\",\"arguments\":\"\"}}]}")
    FEED_DELTA("{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"where\\\":\"}}]}")
    FEED_DELTA("{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"\\\"up\\\"}\"}}]}") FEED_FINISH("tool_calls") FEED_USAGE FEED_DONE;
static const char feed_chat_tool_events[] =
    "START c1 m-1\nBLOCK 0 text\nTEXT 0 Let me look.\nBLOCK_END 0 text\nBLOCK 1 tool_use call_1 look\n"
    "JSON 1 {\"where\":\"up\"}\nBLOCK_END 1 tool_use call_1 look\nMETA\nEND tool_use tool_calls\n";

/* The same as a whole reply. */
static const char feed_chat_whole[] =
    "{\"id\":\"c1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"m-1\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
    "\"content\":\"Hello, w\\u00f6rld\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":7,\"total_tokens\":12}}";

#define FEED_MESSAGES_EVENT(name, inside) "event: " name "\ndata: {\"type\":\"" name "\"" inside "}\n\n"
#define FEED_MESSAGES_START FEED_MESSAGES_EVENT("message_start", ",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\"," \
    "\"model\":\"m-1\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":5,\"output_tokens\":1}}")
#define FEED_MESSAGES_TEXT(index, text) FEED_MESSAGES_EVENT("content_block_delta", ",\"index\":" index ",\"delta\":{\"type\":\"text_delta\",\"text\":\"" text "\"}")
#define FEED_MESSAGES_STOP(reason) FEED_MESSAGES_EVENT("message_delta", ",\"delta\":{\"stop_reason\":\"" reason "\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":7}") \
    FEED_MESSAGES_EVENT("message_stop", "")

/* And as anthropic-messages streams it. */
static const char feed_messages[] =
    FEED_MESSAGES_START FEED_MESSAGES_EVENT("content_block_start", ",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}")
    FEED_MESSAGES_EVENT("ping", "") FEED_MESSAGES_TEXT("0", "Hel") FEED_MESSAGES_TEXT("0", "lo, ") FEED_MESSAGES_TEXT("0", "w\\u00f6rld")
    FEED_MESSAGES_EVENT("content_block_stop", ",\"index\":0") FEED_MESSAGES_STOP("end_turn");
static const char feed_messages_events[] =
    "START msg_1 m-1\nBLOCK 0 text\nTEXT 0 Hello, w\xC3\xB6rld\nBLOCK_END 0 text\nEND end_turn end_turn\n";

// -- events as text ------------------------------------------------------------------------

typedef struct feed_log {
    char text[4096];
    size_t len;
    int events;
    int stop_at;                 /* the number of the event that is answered with false; 0 = never */
    llmprov_call *free_it;       /* freed inside that event */
    llmprov_call *cancel_it;     /* or cancelled */
    llmprov_event_type last;
    int open;                    /* the block whose pieces are being joined, -1 = none */
} feed_log;

static inline void feed_add(feed_log *log, const char *text, size_t len) {
    if (!text || log->len + len >= sizeof log->text) return;
    memcpy(log->text + log->len, text, len);
    log->len += len;
    log->text[log->len] = 0;
}

static inline void feed_word(feed_log *log, const char *text) {
    if (!text || !*text) return;
    feed_add(log, " ", 1);
    feed_add(log, text, strlen(text));
}

static const char *const feed_names[LLMPROV_EVENT_COUNT] = {
    "START", "BLOCK", "TEXT", "THINKING", "JSON", "PART", "BLOCK_END", "META", "OTHER", "CHOICE_END", "RETRY", "END", "ERROR",
};
static const char *const feed_types[LLMPROV_BLOCK_COUNT] = {
    "text", "image", "audio", "video", "document", "tool_use", "tool_result", "thinking", "redacted", "server_use", "server_result", "raw",
};

/* One line an event; pieces of one block that follow each other are one line, so that it does not matter how text is cut. */
static inline void feed_write(feed_log *log, const llmprov_event *e) {
    bool piece = e->type == LLMPROV_EVENT_TEXT || e->type == LLMPROV_EVENT_THINKING || e->type == LLMPROV_EVENT_JSON;
    int id = e->choice * 1000 + e->index;
    char number[32];
    log->events++;
    if (piece && log->open == id && log->last == e->type && log->len) log->len--;    /* the line's end */
    else {
        feed_add(log, feed_names[e->type], strlen(feed_names[e->type]));
        if (piece || e->type == LLMPROV_EVENT_BLOCK || e->type == LLMPROV_EVENT_BLOCK_END) {
            if (e->choice) sprintf(number, "%d.%d", e->choice, e->index);
            else sprintf(number, "%d", e->index);
            feed_word(log, number);
        }
        if (piece) feed_add(log, " ", 1);
    }
    log->open = piece ? id : -1;
    log->last = e->type;
    if (piece) feed_add(log, e->text, e->text_len);
    feed_word(log, e->id);
    feed_word(log, e->model);
    if (e->block) {
        feed_word(log, feed_types[e->block->type]);
        feed_word(log, e->block->id);
        feed_word(log, e->block->name);
    }
    feed_word(log, e->kind);
    if (e->type == LLMPROV_EVENT_END || e->type == LLMPROV_EVENT_CHOICE_END) {
        feed_word(log, llmprov_stop_text(e->stop));
        feed_word(log, e->stop_word);
    }
    if (e->error) {
        sprintf(number, "%d", (int)e->error->code);
        feed_word(log, number);
    }
    feed_add(log, "\n", 1);
}

static inline bool feed_event(void *user, const llmprov_event *e) {
    feed_log *log = (feed_log *)user;
    feed_write(log, e);
    if (log->events != log->stop_at) return true;
    if (log->free_it) llmprov_call_free(log->free_it);
    else if (log->cancel_it) llmprov_call_cancel(log->cancel_it);
    else return false;
    return true;
}

static inline llmprov_request feed_request(const char *prompt, feed_log *log) {
    llmprov_request r = { 0 };
    memset(log, 0, sizeof *log);
    log->open = -1;
    r.model = "m-1";
    r.prompt = prompt;
    r.max_tokens.value = 100;
    r.max_tokens.set = true;
    r.stream = LLMPROV_STREAM_ON;
    r.on_event = feed_event;
    r.user = log;
    return r;
}

// -- bytes ---------------------------------------------------------------------------------

/* A copy of exactly that size: reading past it is caught by AddressSanitizer, and using it later by the fill. */
static inline char *feed_copy(const char *p, size_t len) {
    char *copy = (char *)malloc(len ? len : 1);
    if (!copy) exit(3);
    if (len) memcpy(copy, p, len);
    return copy;
}

static inline void feed_drop(char *copy, size_t len) {
    memset(copy, 0xd5, len);
    free(copy);
}

/* Everything that llmprov_call_next has; log may be NULL. */
static inline void feed_drain(llmprov_call *call, feed_log *log) {
    llmprov_event e;
    while (llmprov_call_next(call, &e)) if (log) feed_write(log, &e);
}

/* Feeds bytes in cuts, each from memory of its own that is gone afterwards; without on_event the events are drained into
   `drain` after each. Stops when the call says so. */
static inline void feed_bytes(llmprov_call *call, int way, const char *p, size_t len, feed_log *drain) {
    size_t at, n;
    bool more = true;
    for (at = 0; at < len && more; at += n) {
        char *copy;
        n = test_cut(way, len - at);
        copy = feed_copy(p + at, n);
        more = llmprov_call_feed(call, copy, n);
        if (more) feed_drain(call, drain);
        feed_drop(copy, n);
    }
}

static inline void feed_head(llmprov_call *call, int status, const char *type) {
    llmprov_header h[1];
    h[0].name = "Content-Type";
    h[0].value = type;
    llmprov_call_head(call, status, h, 1);
}

/* A stream from its head to its end. */
static inline void feed_stream(llmprov_call *call, int way, const char *text, feed_log *drain) {
    feed_head(call, 200, "text/event-stream");
    feed_bytes(call, way, text, strlen(text), drain);
    llmprov_call_eof(call);
    if (drain) feed_drain(call, drain);
}

static inline void feed_whole(llmprov_call *call, int status, const char *text) {
    feed_head(call, status, "application/json");
    feed_bytes(call, 0, text, strlen(text), NULL);
    llmprov_call_eof(call);
}

#endif /* TEST_FEED_H */
