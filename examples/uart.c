/* uart.c: a chat on a device: a serial line, one block of memory, and nothing else. No heap, no stdio, no clock, no sockets;
   HTTP/1.1 is written here by hand, as far as a chat needs it. The model calls a tool, the program answers, the model
   goes on. What stands on the other side of the line leads its bytes to a server.

   On a device (UART_BOARD): uart_put, uart_get and uart_show are the board's, and its main calls uart_chat.
   tests/platform/bare has two boards. On a computer the line is stdin and stdout, and what the model says goes to stderr:

   cc -std=c99 -I. -o uart examples/uart.c
   socat TCP:127.0.0.1:8080 EXEC:./uart          a llama-server on this machine */
#define LLMPROV_IMPLEMENTATION
#define LLMPROV_STATIC
#define LLMPROV_NO_STDLIB
#include "llmprov.h"

#ifndef UART_PROVIDER
#define UART_PROVIDER "custom"           /* the wire format openai-chat; "custom-anthropic", ... are the others */
#endif
#ifndef UART_URL
#define UART_URL "http://127.0.0.1:8080"
#endif
#ifndef UART_MODEL
#define UART_MODEL "tiny"
#endif
#ifndef UART_KEY
#define UART_KEY "none"
#endif

void uart_put(const void *bytes, size_t len);
int uart_get(void);                                            /* the next byte; -1 = the line is dead */
void uart_show(const char *text, size_t len);                  /* for people */
int uart_chat(void *memory, size_t size);                      /* 0 = it went well */

static void say(const char *text) {
    uart_show(text, strlen(text));
}

/* -- HTTP/1.1 over the line; it is never closed -- */

static void put(const char *text) {
    uart_put(text, strlen(text));
}

static void put_number(uint64_t n) {
    char digits[20];
    size_t at = sizeof digits;
    do digits[--at] = (char)('0' + n % 10);
    while (n /= 10);
    uart_put(digits + at, sizeof digits - at);
}

static void put_request(llmprov_call *call) {
    const llmprov_http *http = llmprov_call_http(call);
    const char *host = strstr(http->url, "://") + 3, *path = host + strcspn(host, "/");
    char piece[64];
    size_t i, n;
    put(http->method);
    put(" ");
    put(path);
    put(" HTTP/1.1\r\nhost: ");
    uart_put(host, (size_t)(path - host));
    for (i = 0; i < http->header_count; i++) {
        put("\r\n");
        put(http->headers[i].name);
        put(": ");
        put(http->headers[i].value);
    }
    put("\r\ncontent-length: ");
    put_number(http->body_len);
    put("\r\n\r\n");
    while ((n = llmprov_call_body(call, piece, sizeof piece)) > 0) uart_put(piece, n);
    llmprov_call_sent(call);
}

/* A line of the reply without its end, in small letters up to the colon; what does not fit is left out. False = the line is dead. */
static bool get_line(char *to, size_t size) {
    size_t len = 0;
    bool name = true;
    int c;
    while ((c = uart_get()) >= 0 && c != '\n') {
        if (c == ':') name = false;
        if (c != '\r' && len + 1 < size) to[len++] = (char)(name && c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    to[len] = 0;
    return c >= 0;
}

static uint64_t number(const char *p, unsigned base) {
    uint64_t n = 0;
    unsigned digit;
    for (; *p == ' '; p++) { }
    for (; (digit = *p >= '0' && *p <= '9' ? (unsigned)(*p - '0') : (*p | 32) >= 'a' && (*p | 32) <= 'f' ? (unsigned)((*p | 32) - 'a' + 10) : 99) < base; p++)
        n = n * base + digit;
    return n;
}

/* What the model says is shown as it comes; with a callback no event is kept. */
static bool on_event(void *user, const llmprov_event *e) {
    (void)user;
    if (e->type == LLMPROV_EVENT_TEXT) uart_show(e->text, e->text_len);
    return true;
}

static bool get_bytes(llmprov_call *call, uint64_t count) {
    char piece[64];
    while (count) {
        size_t n = 0;
        while (n < sizeof piece && n < count) {
            int c = uart_get();
            if (c < 0) return false;
            piece[n++] = (char)c;
            if (c == '\n') break;                              /* mostly the end of an event */
        }
        count -= n;
        llmprov_call_feed(call, piece, n);
    }
    return true;
}

static bool get_chunks(llmprov_call *call) {
    char line[32];
    uint64_t size;
    while (get_line(line, sizeof line)) {
        size = number(line, 16);
        if (!get_bytes(call, size) || !get_line(line, sizeof line)) return false;
        if (!size) return true;
    }
    return false;
}

/* The reply's head. *length is that of the body, unless it comes in chunks. */
static bool get_head(llmprov_call *call, uint64_t *length, bool *chunked) {
    char line[80], type[80] = "";
    llmprov_header header = { "content-type", type };
    int status = 0;
    do {
        if (!get_line(line, sizeof line)) return false;
        if (!strncmp(line, "http/1.", 7)) status = (int)number(line + 8, 10);
        else if (!strncmp(line, "content-length:", 15)) *length = number(line + 15, 10);
        else if (!strncmp(line, "content-type:", 13)) memcpy(type, line + 13 + strspn(line + 13, " "), strlen(line + 13 + strspn(line + 13, " ")) + 1);
        else if (!strncmp(line, "transfer-encoding:", 18) && strstr(line, "chunked")) *chunked = true;
    } while (*line || status < 200);
    llmprov_call_head(call, status, &header, 1);
    return true;
}

static bool get_reply(llmprov_call *call) {
    uint64_t length = 0;
    bool chunked = false;
    if (!get_head(call, &length, &chunked)) return false;
    return chunked ? get_chunks(call) : get_bytes(call, length);
}

/* One exchange. */
static void run(llmprov_call *call) {
    while (llmprov_call_want(call) == LLMPROV_WANT_SEND || llmprov_call_want(call) == LLMPROV_WANT_RECV) {
        if (llmprov_call_want(call) == LLMPROV_WANT_SEND) put_request(call);
        else if (get_reply(call)) llmprov_call_eof(call);
        else llmprov_call_fail(call, LLMPROV_ERR_TRUNCATED, "the line is dead");
    }
}

/* -- the tool -- */

/* {"a":17,"b":25} gives "42". */
static void add(const llmprov_block *use, const llmprov_alloc *alloc, char *to) {
    llmprov_json *args = llmprov_json_parse(use->json, use->json_len, alloc, NULL);
    int64_t sum = llmprov_json_int(llmprov_json_get(args, "a"), 0) + llmprov_json_int(llmprov_json_get(args, "b"), 0);
    uint64_t left = sum < 0 ? 0 - (uint64_t)sum : (uint64_t)sum;
    char digits[20];
    size_t n = 0;
    do digits[n++] = (char)('0' + left % 10);
    while (left /= 10);
    if (sum < 0) *to++ = '-';
    while (n) *to++ = digits[--n];
    *to = 0;
    llmprov_json_free(args);
}

/* -- the conversation. Each step is a function of its own, so that their locals need the stack one after the other. -- */

static const llmprov_tool tool = { .name = "add", .description = "Adds two whole numbers.",
    .schema = "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"},\"b\":{\"type\":\"integer\"}},\"required\":[\"a\",\"b\"]}" };

static llmprov_client *open_client(llmprov_alloc alloc) {
    return llmprov_open(&(llmprov_desc){ .provider = UART_PROVIDER, .base_url = UART_URL, .api_key = UART_KEY, .max_retries = -1, .alloc = alloc });
}

static llmprov_call *ask(llmprov_client *client, const llmprov_history *talk, bool first) {
    return llmprov_call_chat(client, &(llmprov_request){ .model = UART_MODEL, .history = talk, .tools = &tool, .tool_count = 1,
        .tool_choice = first ? LLMPROV_TOOL_ANY : LLMPROV_TOOL_AUTO, .max_tokens = LLMPROV_INT(200), .on_event = on_event, .keep = LLMPROV_KEEP_TOOLS });
}

/* Runs the tools that were called, and adds their results. */
static void answer(const llmprov_message *reply, llmprov_history *talk) {
    const llmprov_block *use = NULL;
    char sum[24];
    while ((use = llmprov_block_next(reply, LLMPROV_BLOCK_TOOL_USE, use)) != NULL) {
        add(use, &talk->alloc, sum);
        say("add: ");
        say(sum);
        say("\n");
        llmprov_add_tool_result(talk, use->id, sum, false);
    }
}

/* One turn of the model's; false = there is no further one. *ok: it ended as it should. */
static bool turn(llmprov_client *client, llmprov_history *talk, bool first, bool *ok) {
    llmprov_call *call = ask(client, talk, first);
    llmprov_response r;
    bool more;
    run(call);
    llmprov_call_take(call, &r);
    llmprov_call_free(call);
    llmprov_add_message(talk, &r.message);
    more = r.stop == LLMPROV_STOP_TOOL_USE && !r.error.code;
    if (more) answer(&r.message, talk);
    if (r.error.code) say(r.error.message);
    say("\n");
    *ok = !r.error.code && !talk->status && !first && r.stop == LLMPROV_STOP_END;
    llmprov_response_free(&r);
    return more && !talk->status;
}

int uart_chat(void *memory, size_t size) {
    llmprov_alloc alloc = llmprov_arena(memory, size);
    llmprov_client *client = open_client(alloc);
    llmprov_history talk = { .alloc = alloc };
    int turns = 0;
    bool ok = false;
    llmprov_add_text(&talk, LLMPROV_ROLE_USER, "What is 17 + 25?");
    while (turns < 4 && turn(client, &talk, !turns, &ok)) turns++;
    llmprov_history_free(&talk);
    llmprov_close(client);
    return !ok;
}

#ifndef UART_BOARD
#include <unistd.h>

void uart_put(const void *bytes, size_t len) {
    ssize_t n = 1;
    for (; len && n > 0; len -= (size_t)n, bytes = (const char *)bytes + n) n = write(1, bytes, len);
}

int uart_get(void) {
    unsigned char c;
    return read(0, &c, 1) == 1 ? c : -1;
}

void uart_show(const char *text, size_t len) {
    ssize_t n = 1;
    for (; len && n > 0; len -= (size_t)n, text += n) n = write(2, text, len);
}

int main(void) {
    static long long memory[24 * 1024 / sizeof(long long)];    /* aligned for anything */
    return uart_chat(memory, sizeof memory);
}
#endif
