/* build/growth: work grows with the input alone, and not with its square.

   What is counted is not time but work, so that it is the same in every run and on every machine: the compiler calls
   __sanitizer_cov_trace_pc in every basic block of the header (-fsanitize-coverage=trace-pc; gcc and clang have it), and
   what happens inside memcpy, strlen and the like is counted by their bytes. Each shape, an input that would like to be
   quadratic, is done at a size and at four times the size: four times the work is right, sixteen times is the square.

       build/growth               every shape
       build/growth calls         the shapes whose name contains "calls"

   The file is compiled twice: with GROWTH_COUNTER it is only the counter, which must not count itself. */
#ifdef GROWTH_COUNTER

unsigned long growth_work;
void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void) { growth_work++; }

#else
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern unsigned long growth_work;

/* What the C library does is not made of our basic blocks: 16 bytes are one. */
static void *growth_copy(void *to, const void *from, size_t n) { growth_work += n / 16; return memcpy(to, from, n); }
static void *growth_move(void *to, const void *from, size_t n) { growth_work += n / 16; return memmove(to, from, n); }
static void *growth_set(void *to, int c, size_t n) { growth_work += n / 16; return memset(to, c, n); }
static int growth_compare(const void *a, const void *b, size_t n) { growth_work += n / 16; return memcmp(a, b, n); }
static size_t growth_length(const char *s) { size_t n = strlen(s); growth_work += n / 16; return n; }
static const void *growth_find(const void *p, int c, size_t n) {
    const void *at = memchr(p, c, n);
    growth_work += (at ? (size_t)((const char *)at - (const char *)p) : n) / 16;
    return at;
}
#define memcpy growth_copy
#define memmove growth_move
#define memset growth_set
#define memcmp growth_compare
#define strlen growth_length
#define memchr growth_find

#define LLMPROV_IMPLEMENTATION
#define LLMPROV_EXTEND
#include "../llmprov.h"

#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen
#undef memchr

// -- an input: a text that grows -----------------------------------------------------------

static char *input;
static size_t input_len, input_cap;

static void put(const char *format, ...) {
    va_list list;
    int n;
    if (input_cap - input_len < 1000) {
        input_cap = (input_cap + 1000) * 2;
        input = (char *)realloc(input, input_cap);
        if (!input) exit(3);
    }
    va_start(list, format);
    n = vsprintf(input + input_len, format, list);
    va_end(list);
    input_len += (size_t)n;
}

static int failures;

static void growth_must(bool good, const char *what) {
    if (good) return;
    printf("growth: %s\n", what);
    failures++;
}

static llmprov_client *open_client(bool messages) {
    llmprov_desc d = { .api_key = "k", .max_retries = -1, .base_url = "https://a.example" };
    d.provider = messages ? "anthropic" : "openai";
    return llmprov_open(&d);
}

// -- requests ------------------------------------------------------------------------------

enum { MESSAGES = 1000 };        /* a shape plus this: for anthropic-messages; without: for openai-chat */

/* A conversation; what it costs to load it and to save it, and to make a body of it. */
static void history_of(int shape, int n) {
    int i;
    put("[");
    if (shape >= 3) {
        put("{\"role\":\"assistant\",\"content\":[");
        for (i = 0; i < n; i++) {
            put("%s{\"type\":\"tool_use\",\"id\":\"", i ? "," : "");
            if (shape == 3) put("c%d", i);
            if (shape == 4) put("c");
            if (shape == 6) put("c_%d", i < n / 2 ? n / 2 + i : n);
            put("\",\"name\":\"f%d\",\"input\":{}}", i);
        }
        put("]},{\"role\":\"user\",\"content\":[");
        for (i = 0; i < n; i++) {
            put("%s{\"type\":\"tool_result\",\"tool_use_id\":\"", i ? "," : "");
            if (shape == 3) put("c%d", n - 1 - i);
            if (shape == 4) put("c");
            if (shape == 6) put("c_%d", i < n / 2 ? n / 2 + i : n);
            put("\",\"content\":[{\"type\":\"text\",\"text\":\"r\"}]}");
        }
        put("]}");
    }
    for (i = 0; i < n && shape < 3; i++) {
        put(i ? "," : "");
        if (shape == 2) put("{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"c\",\"name\":\"f\",\"input\":{}}]},"
                            "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"c\",\"content\":\"r\"}]}");
        else put("{\"role\":\"%s\",\"content\":\"x\"}", shape == 1 && i % 2 ? "assistant" : "user");
    }
    put("]");
}

static void send(bool messages, const llmprov_request *req) {
    llmprov_client *c = open_client(messages);
    llmprov_call *call = llmprov_call_chat(c, req);
    size_t len;
    growth_must(llmprov_call_body_whole(call, &len) != NULL, llmprov_call_error(call)->message);
    llmprov_call_free(call);
    llmprov_close(c);
}

static void ask_history(int shape, int n) {
    llmprov_history h = { 0 };
    llmprov_request req = { .model = "m", .max_tokens = LLMPROV_INT(9), .history = &h };
    llmprov_text saved;
    history_of(shape % MESSAGES, n);
    growth_work = 0;
    growth_must(llmprov_history_load(&h, input, input_len, NULL) == LLMPROV_OK, "a history was not loaded");
    growth_must(llmprov_history_save(&h, &saved) == LLMPROV_OK, "a history was not saved");
    llmprov_text_free(&saved);
    send(shape >= MESSAGES, &req);
    llmprov_history_free(&h);
}

static void ask_adds(int shape, int n) {
    llmprov_history h = { 0 };
    llmprov_request req = { .model = "m", .max_tokens = LLMPROV_INT(9), .history = &h };
    int i;
    for (i = 0; i < n; i++) llmprov_add_text(&h, LLMPROV_ROLE_USER, "x");
    send(shape >= MESSAGES, &req);
    llmprov_history_free(&h);
}

static void ask_tools(int shape, int n) {
    llmprov_tool *tools = (llmprov_tool *)calloc((size_t)n, sizeof *tools);
    char *names = (char *)malloc((size_t)n * 20);
    llmprov_request req = { .model = "m", .prompt = "x", .max_tokens = LLMPROV_INT(9), .schema = "{}" };
    int i;
    if (!tools || !names) exit(3);
    for (i = 0; i < n; i++) {
        if (shape % MESSAGES) sprintf(names + i * 20, i ? "answer_%d" : "answer", i + 1);
        else sprintf(names + i * 20, "tool %d", i);
        tools[i].name = names + i * 20;
    }
    req.tools = tools;
    req.tool_count = (size_t)n;
    growth_work = 0;
    send(shape >= MESSAGES, &req);
    free(names);
    free(tools);
}

static void ask_results(int shape, int n) {
    llmprov_block *inside = (llmprov_block *)calloc((size_t)n, sizeof *inside);
    llmprov_block use = { .type = LLMPROV_BLOCK_TOOL_USE, .id = "c", .name = "f" };
    llmprov_block result = { .type = LLMPROV_BLOCK_TOOL_RESULT, .id = "c" };
    llmprov_message messages[2] = { { .role = LLMPROV_ROLE_ASSISTANT, .blocks = &use, .block_count = 1 }, { .blocks = &result, .block_count = 1 } };
    llmprov_request req = { .model = "m", .max_tokens = LLMPROV_INT(9), .messages = messages, .message_count = 2 };
    int i;
    if (!inside) exit(3);
    for (i = 0; i < n; i++) {
        if (i % 2) inside[i].text = "x";
        else inside[i].type = LLMPROV_BLOCK_IMAGE, inside[i].url = "https://a.example/x";
    }
    result.content = inside;
    result.content_count = (size_t)n;
    growth_work = 0;
    send(shape >= MESSAGES, &req);
    free(inside);
}

static void ask_extra(int shape, int n) {
    llmprov_request req = { .model = "m", .prompt = "x", .max_tokens = LLMPROV_INT(9) };
    int i;
    for (i = 0; i < n; i++) put("%s\"k%d\":1", i ? "," : "{", i);
    put("}");
    req.extra = input;
    growth_work = 0;
    send(shape >= MESSAGES, &req);
}

// -- replies -------------------------------------------------------------------------------

#define CHAT(delta) "data: {\"id\":\"r\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":" delta "}]}\n\n"
#define EVENT(name, inside) "event: " name "\ndata: {\"type\":\"" name "\"" inside "}\n\n"

enum { CALLS_STREAMED, CALLS_WHOLE, CALLS_ONE_ID, CALLS_NO_ID, CALLS_NEAR_IDS, MEMBERS_WHOLE, MEMBERS_STREAMED, MEMBERS_BLOCK,
       MEMBERS_USAGE, SWITCHES, CHOICES, PIECES, BLOCKS, BLOCKS_CALLS, BLOCKS_CITED };

static void chat_reply(int shape, int n) {
    int i;
    if (shape == CALLS_WHOLE) put("{\"choices\":[{\"index\":0,\"message\":{\"tool_calls\":[");
    if (shape == MEMBERS_WHOLE) put("{");
    if (shape == MEMBERS_USAGE) put("{\"usage\":{");
    for (i = 0; i < n; i++) switch (shape) {
        case CALLS_STREAMED: put(CHAT("{\"tool_calls\":[{\"index\":%d,\"id\":\"c%d\",\"function\":{\"name\":\"f%d\",\"arguments\":\"{}\"}}]}"), i, i, i); break;
        case CALLS_ONE_ID: put(CHAT("{\"tool_calls\":[{\"index\":%d,\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}"), i); break;
        case CALLS_NO_ID: put(CHAT("{\"tool_calls\":[{\"index\":%d,\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}"), i); break;
        case CALLS_NEAR_IDS:
            if (i < n / 2) put(CHAT("{\"tool_calls\":[{\"index\":%d,\"id\":\"c_%d\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}"), i, n / 2 + i);
            else put(CHAT("{\"tool_calls\":[{\"index\":%d,\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}"), i);
            break;
        case CALLS_WHOLE: put("%s{\"id\":\"c%d\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}", i ? "," : "", i); break;
        case MEMBERS_WHOLE: put("\"k%d\":1,", i); break;
        case MEMBERS_USAGE: put("\"k%d\":1,", i); break;
        case MEMBERS_STREAMED: put("data: {\"k%d\":1,\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n", i); break;
        case CHOICES: put("data: {\"choices\":[{\"index\":%d,\"delta\":{\"content\":\"a\"}}]}\n\n", i % (n / 4)); break;
        case PIECES: put(CHAT("{\"content\":\"a\\n\"}")); break;
        default: put(CHAT("{\"%s\":\"a\"}"), i % 2 ? "content" : "reasoning");
    }
    if (shape == CALLS_WHOLE) put("]},\"finish_reason\":\"stop\"}]}");
    else if (shape == MEMBERS_USAGE) put("\"prompt_tokens\":1},\"choices\":[{\"index\":0,\"message\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}");
    else if (shape == MEMBERS_WHOLE) put("\"choices\":[{\"index\":0,\"message\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}");
    else {
        for (i = 0; i < (shape == CHOICES ? n / 4 : 1); i++) put("data: {\"choices\":[{\"index\":%d,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n", i);
        put("data: [DONE]\n\n");
    }
}

static void messages_reply(int shape, int n) {
    int i;
    put(EVENT("message_start", ",\"message\":{\"id\":\"r\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[],\"usage\":{}}"));
    if (shape == BLOCKS_CITED) put(EVENT("content_block_start", ",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}"));
    if (shape == MEMBERS_BLOCK) {
        put("data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"a\"");
        for (i = 0; i < n; i++) put(",\"k%d\":1", i);
        put("}}\n\n");
        for (i = 0; i < n; i++) put(EVENT("content_block_delta", ",\"index\":0,\"delta\":{\"type\":\"new_delta\",\"m%d\":1}"), i);
    }
    for (i = 0; i < n && shape != MEMBERS_BLOCK; i++) {
        if (shape == BLOCKS_CITED) {
            put(EVENT("content_block_delta", ",\"index\":0,\"delta\":{\"type\":\"citations_delta\",\"citation\":{\"type\":\"x\",\"n\":%d}}"), i);
            continue;
        }
        if (shape == BLOCKS) put(EVENT("content_block_start", ",\"index\":%d,\"content_block\":{\"type\":\"text\",\"text\":\"a\"}"), i);
        else put(EVENT("content_block_start", ",\"index\":%d,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t%d\",\"name\":\"f%d\",\"input\":{}}"), i, i, i);
        put(EVENT("content_block_stop", ",\"index\":%d"), i);
    }
    put(EVENT("message_delta", ",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{}") EVENT("message_stop", ""));
}

static bool ignore(void *user, const llmprov_event *event) {
    (void)user, (void)event;
    return true;
}

/* A reply of n parts, for a request that declares n tools, read and saved. */
static void read_reply(int shape, int n) {
    bool whole = shape == CALLS_WHOLE || shape == MEMBERS_WHOLE || shape == MEMBERS_USAGE, messages = shape >= BLOCKS || shape == MEMBERS_BLOCK;
    llmprov_client *c = open_client(messages);
    llmprov_tool *tools = (llmprov_tool *)calloc((size_t)n, sizeof *tools);
    char *names = (char *)malloc((size_t)n * 12);
    llmprov_request req = { .model = "m", .prompt = "x", .max_tokens = LLMPROV_INT(9), .on_event = ignore };
    llmprov_response r;
    llmprov_status status;
    llmprov_text saved;
    llmprov_call *call;
    int i;
    if (!tools || !names) exit(3);
    for (i = 0; i < n; i++) sprintf(names + i * 12, "f%d", i), tools[i].name = names + i * 12;
    req.tools = tools;
    req.tool_count = (size_t)n;
    req.stream = whole ? LLMPROV_STREAM_OFF : LLMPROV_STREAM_ON;
    if (messages) messages_reply(shape, n);
    else chat_reply(shape, n);
    call = llmprov_call_chat(c, &req);
    growth_work = 0;
    llmprov_call_head(call, 200, NULL, 0);
    llmprov_call_feed(call, input, input_len);
    llmprov_call_eof(call);
    status = llmprov_call_take(call, &r);
    growth_must(status == LLMPROV_OK, r.error.message);
    growth_must(llmprov_response_save(&r, &saved) == LLMPROV_OK, "a reply was not saved");
    llmprov_text_free(&saved);
    llmprov_response_free(&r);
    llmprov_call_free(call);
    llmprov_close(c);
    free(names);
    free(tools);
}

// -- calls in the text of models -----------------------------------------------------------------

enum { HEARD_CALLS, HEARD_TAGS, HEARD_CUT, HEARD_BRACES, HEARD_CHOICES, ACTS = 100, ACTS_OPEN, ACTS_LONG, ACTS_LABELS, ACTS_QUOTES, ACTS_UNKNOWN, BATCH = 200 };

static const char *const heard_lines[] = { "<tool_call>{\\\"name\\\":\\\"f\\\"}</tool_call>", "<tool_call>x </tool_call> <", "\\\"</tool_call>",
                                           "<tool_call>{{{[", "<tool_call>{\\\"name\\\":\\\"f\\\"}</tool_call>" };
static const char *const act_lines[] = { "click(start_box='(1,2)')\\n\\n", "a(b='x\\n", "a(b='x', c=1, d=2, e=3, f=4, g=5, h=6, i=7, j='y\\n", "Action: wait()\\n",
                                         "a(b=' ')' x\\n", "fly(b='x')\\n" };

/* A text of n lines that are calls, or nearly, in pieces. */
static void hear_text(int shape, int n) {
    llmprov_provider row = { .id = "bare", .format = shape < BATCH ? "openai-chat" : "openai-responses", .base_url = "https://a.example/v1", .auth_optional = true };
    llmprov_tool tool = { .type = "computer", .extra = "{\"display_width_px\":100,\"display_height_px\":100}" };
    llmprov_request req = { .model = "m", .prompt = "x", .tools = &tool, .tool_count = 1, .on_event = ignore };
    llmprov_registry *reg = llmprov_registry_new(NULL);
    llmprov_desc d = { .provider = "bare", .max_retries = -1, .registry = reg };
    llmprov_client *c;
    llmprov_call *call;
    llmprov_response r;
    llmprov_status status;
    int i;
    if (shape < BATCH) row.quirks.tools = shape < ACTS ? LLMPROV_TOOLS_PROMPTED : LLMPROV_TOOLS_UITARS;
    llmprov_register(reg, &row, 0);
    c = llmprov_open(&d);
    if (shape == BATCH) put("{\"status\":\"completed\",\"output\":[{\"type\":\"computer_call\",\"call_id\":\"c\",\"actions\":[");
    if (shape == HEARD_CUT) put(CHAT("{\"content\":\"<tool_call>{\\\"name\\\":\\\"f\\\",\\\"arguments\\\":{\\\"a\\\":\"}"));
    if (shape > ACTS && shape < BATCH) put(CHAT("{\"content\":\"Action: \"}"));
    for (i = 0; i < n; i++) {
        if (shape == BATCH) put("%s{\"type\":\"move\",\"x\":%d,\"y\":1}", i ? "," : "", i);
        else if (shape == HEARD_CHOICES) put("data: {\"choices\":[{\"index\":%d,\"delta\":{\"content\":\"%s\"}}]}\n\n", i % (n / 4), heard_lines[shape]);
        else put(CHAT("{\"content\":\"%s\"}"), shape < ACTS ? heard_lines[shape] : act_lines[shape - ACTS]);
    }
    if (shape == BATCH) put("],\"pending_safety_checks\":[]}],\"usage\":{}}");
    else {
        for (i = 0; i < (shape == HEARD_CHOICES ? n / 4 : 1); i++) put("data: {\"choices\":[{\"index\":%d,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n", i);
        put("data: [DONE]\n\n");
    }
    req.stream = shape == BATCH ? LLMPROV_STREAM_OFF : LLMPROV_STREAM_ON;
    call = llmprov_call_chat(c, &req);
    growth_work = 0;
    llmprov_call_head(call, 200, NULL, 0);
    llmprov_call_feed(call, input, input_len);
    llmprov_call_eof(call);
    status = llmprov_call_take(call, &r);
    growth_must(status == LLMPROV_OK, r.error.message);
    llmprov_response_free(&r);
    llmprov_call_free(call);
    llmprov_close(c);
    llmprov_registry_free(reg);
}

// -- the shapes ----------------------------------------------------------------------------

static const struct { const char *name; void (*run)(int shape, int n); int shape; } shapes[] = {
    { "history of one role", ask_history, 0 }, { "history of one role, merged", ask_history, MESSAGES },
    { "history in turns", ask_history, 1 }, { "history in turns, messages", ask_history, MESSAGES + 1 },
    { "history with one id for every call", ask_history, 2 }, { "history with one id for every call, messages", ask_history, MESSAGES + 2 },
    { "calls in one turn", ask_history, 3 }, { "calls in one turn, messages", ask_history, MESSAGES + 3 },
    { "calls in one turn, of one id", ask_history, 4 }, { "calls in one turn, of one id, messages", ask_history, MESSAGES + 4 },
    { "calls in one turn, without ids", ask_history, 5 }, { "calls in one turn, of near ids", ask_history, 6 },
    { "blocks added to one message", ask_adds, 0 }, { "blocks added to one message, messages", ask_adds, MESSAGES },
    { "tools", ask_tools, 0 }, { "tools, messages", ask_tools, MESSAGES }, { "tools that are named like the answer", ask_tools, 1 },
    { "blocks in a result", ask_results, 0 }, { "blocks in a result, messages", ask_results, MESSAGES },
    { "members of request.extra", ask_extra, 0 }, { "members of request.extra, messages", ask_extra, MESSAGES },
    { "reply of calls", read_reply, CALLS_STREAMED }, { "reply of calls, whole", read_reply, CALLS_WHOLE },
    { "reply of calls of one id", read_reply, CALLS_ONE_ID }, { "reply of calls without ids", read_reply, CALLS_NO_ID },
    { "reply of calls of near ids", read_reply, CALLS_NEAR_IDS }, { "reply of members, whole", read_reply, MEMBERS_WHOLE },
    { "reply of members", read_reply, MEMBERS_STREAMED }, { "reply of members of a block", read_reply, MEMBERS_BLOCK },
    { "reply of members of the usage", read_reply, MEMBERS_USAGE }, { "reply that switches blocks", read_reply, SWITCHES },
    { "reply of a thousand choices", read_reply, CHOICES }, { "reply of pieces", read_reply, PIECES }, { "reply of blocks, messages", read_reply, BLOCKS },
    { "text of calls", hear_text, HEARD_CALLS }, { "text of tags that are no calls", hear_text, HEARD_TAGS }, { "text of a call that never ends", hear_text, HEARD_CUT },
    { "text of braces", hear_text, HEARD_BRACES }, { "texts of many choices", hear_text, HEARD_CHOICES },
    { "text of actions", hear_text, ACTS }, { "text of actions whose quotes never end", hear_text, ACTS_OPEN },
    { "text of actions with too many arguments", hear_text, ACTS_LONG }, { "text of labels", hear_text, ACTS_LABELS },
    { "text of quotes that may end", hear_text, ACTS_QUOTES }, { "text of unknown actions", hear_text, ACTS_UNKNOWN },
    { "batch of actions", hear_text, BATCH },
    { "reply of calls, messages", read_reply, BLOCKS_CALLS }, { "reply of citations, messages", read_reply, BLOCKS_CITED },
};

static double work_of(size_t i, int n) {
    input_len = 0;
    growth_work = 0;
    shapes[i].run(shapes[i].shape, n);
    return (double)growth_work;
}

int main(int argc, char **argv) {
    size_t i, ran = 0;
    for (i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        double few, many;
        if (argc > 1 && !strstr(shapes[i].name, argv[1])) continue;
        few = work_of(i, 1000);
        many = work_of(i, 4000);
        ran++;
        if (many > few * 5 || few < 1000) {
            printf("growth: %s: %.0f and %.0f for four times as much: %.1f times the work\n", shapes[i].name, few, many, many / few);
            failures++;
        }
    }
    free(input);
    printf("growth: %lu shapes, %d problems\n", (unsigned long)ran, failures);
    return failures || !ran;
}
#endif
