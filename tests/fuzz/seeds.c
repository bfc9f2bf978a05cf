/* Makes first inputs for the fuzzers out of what the tests have: the golden cases, the conversation that walks, and the
   texts that stand in their C files. build/fuzz-seeds DIR writes DIR/TARGET/NAME; names are hashes, so that nothing
   comes twice. What stands before each text is what tests/fuzz/fuzz.c takes off it. Run it where tests/ lies. */
#define LLMPROV_IMPLEMENTATION
#define LLMPROV_EXTEND
#include "../../llmprov.h"
#include "../events.h"
#include "../walk.h"

#include <dirent.h>
#include <sys/stat.h>

static const char *seeds_dir;
static long seeds_count;

static const struct { const char *name, *format; } seeds_formats[] = {
    { "chat", "openai-chat" }, { "responses", "openai-responses" }, { "messages", "anthropic-messages" }, { "bedrock", "bedrock-converse" },
    { "gemini", "gemini-generate" }, { "cohere", "cohere-v2" }, { "ollama", "ollama-chat" },
};
enum { SEEDS_FORMATS = sizeof seeds_formats / sizeof *seeds_formats, SEEDS_MOST = 12000 };

/* One input: the choosing bytes, and the text behind them. */
static void seeds_put(const char *target, const char *name, const unsigned char *first, size_t n, const char *text, size_t len) {
    char path[400];
    uint32_t a = 2166136261u, b = 0;
    size_t i;
    FILE *f;
    if (len > SEEDS_MOST) return;
    for (i = 0; i < n; i++) a = (a ^ first[i]) * 16777619u, b = b * 31 + first[i];
    for (i = 0; i < len; i++) a = (a ^ (unsigned char)text[i]) * 16777619u, b = b * 31 + (unsigned char)text[i];
    sprintf(path, "%.200s/%.20s%.20s", seeds_dir, target, name);
    mkdir(path, 0777);
    sprintf(path + strlen(path), "/%08lx%08lx", (unsigned long)a, (unsigned long)b);
    f = fopen(path, "wb");
    if (!f) exit(2);
    fwrite(first, 1, n, f);
    if (len) fwrite(text, 1, len, f);
    fclose(f);
    seeds_count++;
}

#define SEED(target, name, text, len, ...) do { \
    const unsigned char first[] = { __VA_ARGS__ }; \
    seeds_put((target), (name), first, sizeof first, (text), (len)); \
} while (0)

static int seeds_status(int status) {
    static const int statuses[] = { 400, 401, 403, 404, 413, 429, 500, 529 };
    int i;
    for (i = 0; i < 8; i++) if (statuses[i] == status) return 8 + i;
    return status >= 500 ? 14 : status >= 300 ? 8 : 0;
}

// -- what is read as what ------------------------------------------------------------------

static int seeds_format(const char *format) {
    int i;
    for (i = 0; i < SEEDS_FORMATS; i++) if (!strcmp(seeds_formats[i].format, format)) return i;
    return -1;
}

static void seeds_reply(int i, unsigned row, int status, bool stream, const char *p, size_t len) {
    int s = seeds_status(status), to;
    SEED("reply_", seeds_formats[i].name, p, len, 0, (unsigned char)row, 0, (unsigned char)(s << 1 | (stream && !s)), 0);
    if (s) return;
    SEED("reply_", seeds_formats[i].name, p, len, 40, (unsigned char)row, 16, (unsigned char)stream, 16);
    for (to = (int)(len % 3); to < SEEDS_FORMATS; to += 3) SEED("face", "", p, len, 0, (unsigned char)(i | row << 3), (unsigned char)to, (unsigned char)stream);
    if (!stream) SEED("json", "", p, len, 0, 0);
    else if (!strcmp(seeds_formats[i].format, "ollama-chat")) SEED("frame_ndjson", "", p, len, 0, 0);
    else if (!strcmp(seeds_formats[i].format, "gemini-generate")) SEED("frame_items", "", p, len, 0, 0);
    else if (!strcmp(seeds_formats[i].format, "bedrock-converse")) {
        engine_text bytes = { NULL, 0, 0 };
        if (memchr(p, '{', len)) bytes = events_read(p, len);
        if (bytes.len) SEED("frame_events", "", bytes.ptr, bytes.len, 0, 0);
        engine_text_free(&bytes);
    } else SEED("frame_sse", "", p, len, 0, 0);
}

/* A request of some format goes to that format's target, and out again as each other one's. */
static void seeds_request(const llmprov_request *from) {
    int i;
    for (i = 0; i < WALK_FORMATS; i++) {
        walk_step s;
        const char *why;
        int k = seeds_format(walk_formats[i].format);
        walk_to(&walk_formats[i], from, &s, &why);
        if (s.sent.text) SEED("ask_", seeds_formats[k].name, s.sent.text, s.sent.len, 0, 0, 0);
        walk_step_free(&s);
    }
}

static void seeds_history(const char *p, size_t len) {
    llmprov_history h = { .system = NULL };
    llmprov_request req = { .history = &h };
    if (!llmprov_history_load(&h, p, len, NULL)) {
        SEED("history", "", p, len, 0, 0);
        SEED("normal", "", p, len, 0, (unsigned char)(len * 7), (unsigned char)(len % 14), 1);
        SEED("normal", "", p, len, 30, (unsigned char)(len * 11), (unsigned char)(len % 13), 1);
        seeds_request(&req);
    }
    llmprov_history_free(&h);
}

static bool seeds_reads(int i, bool stream, const char *p, size_t len) {
    llmprov_request req = { .model = "test-model", .prompt = "Hello" };
    engine_wire w = engine_wire_of(stream, 200, p, len);
    llmprov_client *c = engine_open(seeds_formats[i].format, NULL);
    engine_trace trace;
    llmprov_response r;
    bool good;
    memset(&trace, 0, sizeof trace);
    engine_run(c, &req, stream, &w, 0, ENGINE_EVENTS, &trace, &r);
    good = trace.events > 1 && r.error.code != LLMPROV_ERR_BAD_REPLY && r.error.code != LLMPROV_ERR_BAD_JSON;
    engine_trace_free(&trace);
    llmprov_response_free(&r);
    llmprov_close(c);
    return good;
}

/* A text that a test has: whatever reads it may have it. */
static void seeds_text(const char *p, size_t len) {
    llmprov_json *v = llmprov_json_parse(p, len, NULL, NULL);
    bool object = llmprov_json_kind(v) == LLMPROV_JSON_OBJECT || llmprov_json_kind(v) == LLMPROV_JSON_ARRAY;
    int i;
    if (v) SEED("json", "", p, len, 0, 0);
    if (llmprov_json_kind(v) == LLMPROV_JSON_NUMBER && seeds_count) {
        const unsigned char none[1] = { 0 };
        seeds_put("number", "", none, 0, p, len);
    }
    if (object) {
        seeds_history(p, len);
        for (i = 0; i < SEEDS_FORMATS; i++) {
            llmprov_asked asked;
            if (!llmprov_ask(NULL, seeds_formats[i].format, p, len, NULL, &asked)) SEED("ask_", seeds_formats[i].name, p, len, 0, 0, 0);
            llmprov_asked_free(&asked);
            if (seeds_reads(i, false, p, len)) seeds_reply(i, 0, 200, false, p, len);
        }
        if (llmprov_json_get(v, "type") || llmprov_json_get(v, "properties") || llmprov_json_get(v, "anyOf") || llmprov_json_get(v, "$ref") || len < 40) {
            SEED("schema", "", p, len, 0, (unsigned char)(len % 11), 0);
            SEED("schema", "", p, len, 20, (unsigned char)(len / 11 % 11), 0);
        }
    } else if (len > 6 && strstr(p, "data:"))
        for (i = 0; i < SEEDS_FORMATS; i++)
            if (strcmp(seeds_formats[i].format, "bedrock-converse") && seeds_reads(i, true, p, len)) seeds_reply(i, 0, 200, true, p, len);
    llmprov_json_free(v);
    if (strstr(p, "tool_call")) SEED("prompted", "", p, len, 0, 0);
    if (strstr(p, "Action") || strstr(p, "click(") || strstr(p, "Thought")) {
        SEED("uitars", "", p, len, 0, 2);
        SEED("uitars", "", p, len, 9, 1);
    }
    if (len < 60) SEED("text", "", p, len, (unsigned char)len);
    if (*p == '/' || !strncmp(p, "http", 4)) {
        engine_text t = { NULL, 0, 0 };
        if (*p == '/') engine_adds(&t, "\n\n\nkey\n\n\n\n\n\nmodel\n");
        engine_adds(&t, p);
        SEED("url", "", t.ptr, t.len, 0, (unsigned char)len, 0);
        engine_text_free(&t);
    }
    if (len < 200 && (strstr(p, "GMT") || strstr(p, "etry"))) {
        engine_text t = { NULL, 0, 0 };
        engine_adds(&t, "429\nRetry-After: ");
        engine_adds(&t, p);
        engine_adds(&t, "\n\n{}\n");
        SEED("head", "", t.ptr, t.len, 0, 0, 1);
        engine_text_free(&t);
    }
}

// -- where texts stand ---------------------------------------------------------------------

static void seeds_literal(engine_text *t) {
    size_t i;
    if (t->len > 1) seeds_text(t->ptr, t->len);
    if (t->len > 1 && strchr(t->ptr, '\'') && !strchr(t->ptr, '"')) {          /* Q of tests/engine.h */
        for (i = 0; i < t->len; i++) if (t->ptr[i] == '\'') t->ptr[i] = '"';
        seeds_text(t->ptr, t->len);
    }
    engine_text_free(t);
}

/* One character of a C string that is written as an escape. */
static const char *seeds_escape(const char *p, engine_text *to) {
    static const char names[] = "abfnrtv", values[] = "\a\b\f\n\r\t\v";
    const char *name = strchr(names, *p);
    char c = *p++;
    if (name && c) c = values[name - names];
    else if (c == 'x') c = (char)(unsigned char)strtol(p, (char **)(uintptr_t)&p, 16);
    else if (c >= '0' && c <= '7') {
        int n = c - '0', k;
        for (k = 0; k < 2 && *p >= '0' && *p <= '7'; k++) n = n * 8 + *p++ - '0';
        c = (char)(unsigned char)n;
    }
    engine_add(to, &c, 1);
    return p;
}

/* The strings of a C file; neighbours are one. */
static void seeds_c(const char *path) {
    engine_text file = engine_file(path), t = { NULL, 0, 0 };
    const char *p = file.ptr;
    while (p && *p) {
        if (p[0] == '/' && p[1] == '/') p += strcspn(p, "\n");
        else if (p[0] == '/' && p[1] == '*') p = strstr(p, "*/") ? strstr(p, "*/") + 2 : p + strlen(p);
        else if (*p == '\'') p += p[1] == '\\' ? 4 : 3;
        else if (*p == '"') {
            for (p++; *p && *p != '"';) {
                if (*p == '\\') p = seeds_escape(p + 1, &t);
                else engine_add(&t, p++, 1);
            }
            if (*p) p++;
            continue;
        } else {
            if (!strchr(" \n\t\r", *p)) seeds_literal(&t);
            p++;
        }
    }
    seeds_literal(&t);
    engine_text_free(&file);
}

/* tests/wire: the row's name or the format's is the folder's. */
static void seeds_wire(const char *folder, const char *name, const char *file) {
    char path[500];
    engine_text t;
    const char *body;
    const llmprov_provider *row = llmprov__translators_find(folder) ? NULL : llmprov_provider_find(NULL, folder), *r;
    int i = seeds_format(row ? row->format : folder), status = 200;
    unsigned n = 0;
    size_t at;
    sprintf(path, "tests/wire/%.60s/%.100s/%.20s", folder, name, file);
    t = engine_file(path);
    if (!t.ptr || i < 0) return;
    for (at = 0; row && (r = llmprov_provider_at(NULL, at)) != NULL && at < llmprov_provider_count(NULL); at++) {
        if (!strcmp(r->id, row->id)) break;
        n += !strcmp(r->format, row->format);
    }
    body = strstr(t.ptr, "\n\n");
    sscanf(t.ptr, "HTTP/1.1 %d", &status);
    if (body) {
        char number[16];
        engine_text head = { NULL, 0, 0 };
        seeds_reply(i, row ? n : 0, status, !strcmp(file, "stream.txt"), body + 2, t.len - (size_t)(body + 2 - t.ptr));
        sprintf(number, "%d\n", status);
        engine_adds(&head, number);
        engine_adds(&head, strchr(t.ptr, '\n') + 1);
        if (status >= 300) SEED("head", "", head.ptr, head.len, (unsigned char)i, 0, 1);
        engine_text_free(&head);
    }
    engine_text_free(&t);
}

/* Each entry of a folder. */
static void seeds_each(const char *path, void (*what)(const char *folder, const char *name), const char *folder) {
    DIR *dir = opendir(path);
    struct dirent *e;
    while (dir && (e = readdir(dir)) != NULL)
        if (e->d_name[0] != '.') what(folder, e->d_name);
    if (dir) closedir(dir);
}

static void seeds_case(const char *folder, const char *name) {
    seeds_wire(folder, name, "reply.txt");
    seeds_wire(folder, name, "stream.txt");
}

static void seeds_folder(const char *none, const char *folder) {
    char path[300];
    (void)none;
    sprintf(path, "tests/wire/%.100s", folder);
    seeds_each(path, seeds_case, folder);
}

static void seeds_test(const char *none, const char *name) {
    char path[300];
    (void)none;
    sprintf(path, "tests/%.100s", name);
    if (strstr(name, ".c") || strstr(name, ".h")) seeds_c(path);
}

/* The rows that are built in, as rows of one's own. */
static void seeds_rows(void) {
    size_t i;
    for (i = 0; i < llmprov_provider_count(NULL); i++) {
        const llmprov_provider *r = llmprov_provider_at(NULL, i);
        const llmprov_quirks *q = &r->quirks;
        const char *const fields[] = { r->id, r->base_url, r->key_env, r->base_env, r->aliases, r->default_model, r->auth_name, r->headers, q->chat_path, q->stream_path,
            q->base_path, q->api_version, q->version_query, q->version_member, q->beta_member, q->needs_header, q->max_tokens_key, q->reasoning_key, q->user_key,
            q->efforts, q->no_strict, "my-model", "none low high", r->default_model };
        engine_text t = { NULL, 0, 0 };
        size_t k;
        for (k = 0; k < sizeof fields / sizeof *fields; k++) {
            engine_adds(&t, !fields[k] ? "" : *fields[k] ? fields[k] : "\\");
            engine_adds(&t, "\n");
        }
        SEED("row", "", t.ptr, t.len, 0, (unsigned char)r->auth, (unsigned char)seeds_format(r->format), (unsigned char)i);
        SEED("row", "", t.ptr, t.len, 50, (unsigned char)r->auth, (unsigned char)seeds_format(r->format), (unsigned char)i);
        engine_text_free(&t);
        engine_adds(&t, "\n\nus-east-1\nkey\n\n\n\n\nx: y\nsome/model\n/v1/messages");
        SEED("url", "", t.ptr, t.len, 0, (unsigned char)i, 0);
        engine_text_free(&t);
        engine_adds(&t, "https://a.b/v1?x=y\n2024-10-21\nus-east-1\n\nAKID\nsecret\ntoken\nX-A: b\\nAnthropic-Beta: c\nx: y\nsome/model\n/model/m/converse");
        SEED("url", "", t.ptr, t.len, 0, (unsigned char)i, 2);
        engine_text_free(&t);
        engine_adds(&t, "Hello\nBe brief.\nadd\nAdds.\n{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"number\"}}}\n\nsub\nstop\n\n"
                        "{\"type\":\"object\",\"properties\":{\"b\":{\"type\":\"string\"}},\"required\":[\"b\"]}\nanswer\nme\nauto\nx: y\n{\"metadata\":{\"a\":\"b\"}}");
        SEED("request", "", t.ptr, t.len, 0, (unsigned char)i, (unsigned char)i, (unsigned char)(i * 32), (unsigned char)(i * 37), (unsigned char)(i * 11), (unsigned char)(i * 5));
        engine_text_free(&t);
    }
}

int main(int argc, char **argv) {
    engine_text walk;
    if (argc != 2) return 2;
    seeds_dir = argv[1];
    mkdir(seeds_dir, 0777);
    memset(&test_now, 0, sizeof test_now);
    test_now.name = "seeds";
    walk = engine_file("tests/walk/conversation.json");
    if (walk.ptr) seeds_history(walk.ptr, walk.len);
    engine_text_free(&walk);
    seeds_each("tests/wire", seeds_folder, NULL);
    seeds_each("tests", seeds_test, NULL);
    seeds_rows();
    printf("%ld inputs in %s\n", seeds_count, seeds_dir);
    return seeds_count < 1000;
}
