/* build/suites SHARED: test suites of others against the rooms below the engine.

     SHARED/suites/sigv4                        AWS's own cases of signature version 4: header and query
     SHARED/suites/sigv4-bedrock-vectors.json   the same for Bedrock's paths
     SHARED/suites/eventstream-vectors.json     messages of the binary event stream
     SHARED/suites/ui-tars-parser-cases.json    what two parsers of UI-TARS make of texts

   What is not there is said. Exits with 1 when something differs. The suites stay where they are. */
#define LLMPROV_IMPLEMENTATION
#include "events.h"

#include <dirent.h>

static int passed, failed;
static char where[400];

static void same(const char *what, const char *got, size_t len, const char *expected, size_t expected_len) {
    if (len == expected_len && (!len || !memcmp(got, expected, len))) {
        passed++;
        return;
    }
    failed++;
    printf("%s: %s\n    is       %.*s\n    expected %.*s\n", where, what, (int)len, got ? got : "", (int)expected_len, expected);
}

static engine_text file_of(const char *dir, const char *name) {
    char path[700];
    engine_text t;
    sprintf(path, "%.400s/%.200s", dir, name);
    t = engine_file(path);
    if (!t.ptr) engine_add(&t, "", 0);
    return t;
}

// -- signature version 4 -------------------------------------------------------------------

typedef struct signing {
    llmprov__mem_arena arena;
    llmprov__auth_request r;
    llmprov__auth_scope scope;
    llmprov_header headers[40];
    engine_text query;
    const char *token;
    char hash[65];
} signing;

static void add_header(signing *s, const char *name, const char *value) {
    s->headers[s->r.header_count].name = name;
    s->headers[s->r.header_count++].value = value;
}

/* The request in a file: a line, headers that may go on in the next line, a body. */
static const char *read_request(signing *s, char *p) {
    char *eol = strchr(p, '\n'), *target, *end;
    if (!eol) return "";
    *eol = 0;
    target = strchr(p, ' ');
    *target++ = 0;
    end = strstr(target, " HTTP/1.1");
    if (end) *end = 0;
    s->r.method = p;
    end = strchr(target, '?');
    s->r.path.ptr = target;
    s->r.path.len = end ? (size_t)(end - target) : strlen(target);
    if (end) engine_adds(&s->query, end + 1);
    for (p = eol + 1; *p && *p != '\n'; p = eol + 1) {
        char *colon;
        eol = strchr(p, '\n');
        while (eol && (eol[1] == ' ' || eol[1] == '\t')) eol = strchr(eol + 1, '\n');
        if (!eol) eol = p + strlen(p) - 1, eol[1] = 0;
        else *eol = 0;
        colon = strchr(p, ':');
        *colon = 0;
        add_header(s, p, colon + 1);
    }
    return *p ? p + 1 : "";
}

/* 2015-08-30T12:36:00Z in milliseconds: through the header's own reading of dates, the other way round. */
static int64_t unix_ms_of(const char *text) {
    int y, m, d, h, min, sec;
    if (sscanf(text, "%d-%d-%dT%d:%d:%dZ", &y, &m, &d, &h, &min, &sec) != 6) return 0;
    return (llmprov__http_days(y, m, d) * 86400 + h * 3600 + min * 60 + sec) * 1000;
}

static void query_parameter(signing *s, const char *name, const char *value) {
    char encoded[3000];
    encoded[llmprov__text_percent(encoded, value, strlen(value))] = 0;
    if (s->query.len) engine_adds(&s->query, "&");
    engine_adds(&s->query, name);
    engine_adds(&s->query, "=");
    engine_adds(&s->query, encoded);
}

/* A signature in the URL: the same rules, with what the headers say among the parameters. */
static void into_query(signing *s, const llmprov_json *context, bool token) {
    llmprov__mem_buf names = { NULL, 0, 0, { NULL, NULL }, false };
    char credential[200], expires[32];
    llmprov__auth_pair *pairs = llmprov__auth_headers(&s->arena, &s->r);
    sprintf(credential, "%s/%.8s/%s/%s/aws4_request", s->scope.key, s->scope.date, s->scope.region, s->scope.service);
    sprintf(expires, "%d", (int)llmprov_json_int(llmprov_json_get(context, "expiration_in_seconds"), 0));
    query_parameter(s, "X-Amz-Algorithm", "AWS4-HMAC-SHA256");
    query_parameter(s, "X-Amz-Credential", credential);
    query_parameter(s, "X-Amz-Date", s->scope.date);
    query_parameter(s, "X-Amz-Expires", expires);
    if (token) query_parameter(s, "X-Amz-Security-Token", s->token);
    llmprov__auth_names(&names, pairs, s->r.header_count);
    query_parameter(s, "X-Amz-SignedHeaders", names.ptr);
    llmprov__mem_buf_free(&names);
}

static void check_signing(signing *s, const char *dir, const char *kind) {
    static const char *const files[] = { "canonical-request.txt", "string-to-sign.txt", "signature.txt" };
    llmprov__mem_buf text[2] = { { NULL, 0, 0, { NULL, NULL }, false }, { NULL, 0, 0, { NULL, NULL }, false } };
    char hex[65], name[100];
    const char *got[3];
    size_t len[3], i;
    s->r.query.ptr = s->query.ptr ? s->query.ptr : "";
    s->r.query.len = s->query.len;
    s->r.headers = s->headers;
    llmprov__auth_canonical(&text[0], &s->arena, &s->r, llmprov__auth_headers(&s->arena, &s->r));
    llmprov__auth_string_to_sign(&text[1], &s->scope, &text[0]);
    llmprov__auth_signature(hex, &s->arena, &s->scope, &text[1]);
    got[0] = text[0].ptr, len[0] = text[0].len;
    got[1] = text[1].ptr, len[1] = text[1].len;
    got[2] = hex, len[2] = strlen(hex);
    for (i = 0; i < 3; i++) {
        engine_text want;
        sprintf(name, "%s-%s", kind, files[i]);
        want = file_of(dir, name);
        same(name, got[i], len[i], want.ptr, want.len);
        engine_text_free(&want);
    }
    llmprov__mem_buf_free(&text[0]);
    llmprov__mem_buf_free(&text[1]);
}

static void sigv4_case(const char *dir, bool query) {
    engine_text request = file_of(dir, "request.txt"), json = file_of(dir, "context.json");
    llmprov_json *context = llmprov_json_parse(json.ptr, json.len, NULL, NULL);
    const char *body;
    unsigned char hash[32];
    bool omit = llmprov_json_bool(llmprov_json_get(context, "omit_session_token"), false);
    signing s;
    memset(&s, 0, sizeof s);
    s.r.headers = s.headers;
    body = read_request(&s, request.ptr);
    s.r.verbatim = !llmprov_json_bool(llmprov_json_get(context, "normalize"), true);
    s.scope.key = llmprov_json_str(llmprov_json_path(context, "credentials.access_key_id"), "");
    s.scope.secret = llmprov_json_str(llmprov_json_path(context, "credentials.secret_access_key"), "");
    s.token = llmprov_json_str(llmprov_json_path(context, "credentials.token"), NULL);
    s.scope.region = llmprov_json_str(llmprov_json_get(context, "region"), "");
    s.scope.service = llmprov_json_str(llmprov_json_get(context, "service"), "");
    if (!llmprov__auth_date(s.scope.date, unix_ms_of(llmprov_json_str(llmprov_json_get(context, "timestamp"), "")))) same("the time", "", 0, "?", 1);
    llmprov__crypt_sha256(hash, body, strlen(body));
    llmprov__crypt_hex(s.hash, hash, sizeof hash);
    s.r.payload = s.hash;
    if (query) into_query(&s, context, s.token && !omit);
    else {
        add_header(&s, "X-Amz-Date", s.scope.date);
        if (s.token && !omit) add_header(&s, "X-Amz-Security-Token", s.token);
        if (llmprov_json_bool(llmprov_json_get(context, "sign_body"), false)) add_header(&s, "x-amz-content-sha256", s.hash);
    }
    check_signing(&s, dir, query ? "query" : "header");
    llmprov__mem_arena_free(&s.arena);
    engine_text_free(&s.query);
    engine_text_free(&request);
    engine_text_free(&json);
    llmprov_json_free(context);
}

static void sigv4_suite(const char *shared) {
    char path[300];
    struct dirent *e;
    DIR *dir;
    sprintf(path, "%.200s/suites/sigv4/tests/aws-signing-test-suite/v4", shared);
    dir = opendir(path);
    if (!dir) printf("skipped: there is no %s\n", path);
    while (dir && (e = readdir(dir)) != NULL) {
        if (e->d_name[0] == '.') continue;
        sprintf(where, "%.290s/%.100s", path, e->d_name);
        sigv4_case(where, false);
        sigv4_case(where, true);
    }
    if (dir) closedir(dir);
}

// -- the same for Bedrock: what a call sends ---------------------------------------------------

static void bedrock_vector(const llmprov_json *v) {
    static const char *const wants[] = { "canonical_request", "string_to_sign", "authorization" };
    llmprov__mem_buf text[2] = { { NULL, 0, 0, { NULL, NULL }, false }, { NULL, 0, 0, { NULL, NULL }, false } };
    const char *body = llmprov_json_str(llmprov_json_get(v, "body"), ""), *token = llmprov_json_str(llmprov_json_get(v, "session_token"), NULL);
    unsigned char hash[32];
    signing s;
    size_t i;
    memset(&s, 0, sizeof s);
    s.r.headers = s.headers;
    s.r.method = "POST";
    s.r.path = llmprov_json_text(llmprov_json_get(v, "wire_path"));
    s.r.query.ptr = "";
    s.scope.key = llmprov_json_str(llmprov_json_get(v, "access_key_id"), "");
    s.scope.secret = llmprov_json_str(llmprov_json_get(v, "secret"), "");
    s.scope.region = "us-east-1";
    s.scope.service = "bedrock";
    strcpy(s.scope.date, "20150830T123600Z");
    add_header(&s, "Host", "bedrock-runtime.us-east-1.amazonaws.com");
    add_header(&s, "Content-Type", "application/json");
    add_header(&s, "X-Amz-Date", s.scope.date);
    if (token) add_header(&s, "X-Amz-Security-Token", token);
    llmprov__crypt_sha256(hash, body, strlen(body));
    llmprov__crypt_hex(s.hash, hash, sizeof hash);
    s.r.payload = s.hash;
    llmprov__auth_canonical(&text[0], &s.arena, &s.r, llmprov__auth_headers(&s.arena, &s.r));
    llmprov__auth_string_to_sign(&text[1], &s.scope, &text[0]);
    for (i = 0; i < 3; i++) {
        llmprov_str want = llmprov_json_text(llmprov_json_get(v, wants[i]));
        char *value = i == 2 ? llmprov__auth_sign(&s.arena, &s.r, &s.scope) : text[i].ptr;
        same(wants[i], value, i == 2 ? strlen(value) : text[i].len, want.ptr, want.len);
    }
    llmprov__mem_buf_free(&text[0]);
    llmprov__mem_buf_free(&text[1]);
    llmprov__mem_arena_free(&s.arena);
}

// -- the event stream --------------------------------------------------------------------------

/* A message in hex, fed seven bytes at a time, against what a plain walk over its bytes finds. */
static void eventstream_vector(const char *name, llmprov_str hex) {
    llmprov__frame_cutter f;
    llmprov_alloc alloc = { NULL, NULL };
    engine_text bytes = { NULL, 0, 0 };
    llmprov_frame frame;
    const char *at;
    size_t i, n, headers;
    int frames = 0;
    for (i = 0; i + 1 < hex.len; i += 2) {
        unsigned byte = 0;
        if (sscanf(hex.ptr + i, "%2x", &byte) != 1) return;
        events_number(&bytes, byte, 1);
    }
    headers = (size_t)(unsigned char)bytes.ptr[6] << 8 | (size_t)(unsigned char)bytes.ptr[7];
    llmprov__frame_init(&f, &alloc, 1 << 20);
    f.framing = LLMPROV_FRAMING_EVENTSTREAM;
    for (i = 0; i < bytes.len; i += n) {
        n = bytes.len - i < 7 ? bytes.len - i : 7;
        at = bytes.ptr + i;
        while (at < bytes.ptr + i + n && llmprov__frame_next(&f, &at, bytes.ptr + i + n, &frame)) {
            frames++;
            same(name, frame.data.ptr, frame.data.len, bytes.ptr + 12 + headers, bytes.len - headers - 16);
            same(name, frame.failed ? "failed" : "event", frame.failed ? 6 : 5, strstr(name, "exception") || strstr(name, "error") ? "failed" : "event",
                 strstr(name, "exception") || strstr(name, "error") ? 6 : 5);
            if (strstr(name, "content") == name || strstr(name, "message") == name || !strcmp(name, "metadata"))
                same("the event's type", frame.event.ptr, frame.event.len, name, strcspn(name, "_"));
        }
    }
    same(name, frames == 1 && !f.status ? "one" : "none", frames == 1 && !f.status ? 3 : 4, "one", 3);
    llmprov__frame_free(&f);
    engine_text_free(&bytes);
}

static llmprov_json *vectors(const char *shared, const char *name) {
    char path[300];
    engine_text t;
    llmprov_json *root;
    sprintf(path, "%.150s/suites/%.100s", shared, name);
    t = engine_file(path);
    root = t.ptr ? llmprov_json_parse(t.ptr, t.len, NULL, NULL) : NULL;
    if (!root) printf("skipped: there is no %s\n", path);
    engine_text_free(&t);
    strcpy(where, path);
    return root;
}

// -- UI-TARS ---------------------------------------------------------------------------------

/* What one of the two parsers of others made of a text, in the form of the input of the tool "computer". */
static void uitars_place(engine_text *to, const char *key, const llmprov_json *coords) {
    char text[80];
    if (llmprov_json_count(coords) != 2) return;
    sprintf(text, ",\"%s\":[%.0f,%.0f]", key, llmprov_json_num(llmprov__json_at(coords, 0), 0), llmprov_json_num(llmprov__json_at(coords, 1), 0));
    engine_adds(to, text);
}

/* The box of the parser that gives only that: its middle, as a part of the screen. */
static llmprov_json *uitars_middle(const char *box, double w, double h) {
    double v[4] = { 0, 0, 0, 0 };
    char text[100];
    int n = box ? sscanf(box, "[%lf, %lf, %lf, %lf]", &v[0], &v[1], &v[2], &v[3]) : 0;
    if (n != 4) return NULL;
    sprintf(text, "[%.3f,%.3f]", (v[0] + v[2]) / 2 * w, (v[1] + v[3]) / 2 * h);
    return llmprov_json_parse(text, strlen(text), NULL, NULL);
}

static void uitars_text(engine_text *to, const char *key, const char *text, size_t len) {
    llmprov_writer w;
    memset(&w, 0, sizeof w);
    llmprov_write_str(&w, NULL, text, len);
    engine_adds(to, ",\"");
    engine_adds(to, key);
    engine_adds(to, "\":");
    engine_add(to, w.text, w.len);
    llmprov_writer_free(&w);
}

/* The name of a call as this header says it, and what it carries. Nothing for calls that end a task. */
static void uitars_call(engine_text *to, const llmprov_json *call, double w, double h) {
    static const struct { const char *said, *word; } words[] = {
        { "click", "left_click" }, { "left_double", "double_click" }, { "right_single", "right_click" }, { "drag", "left_click_drag" },
        { "hotkey", "key" }, { "type", "type" }, { "scroll", "scroll" }, { "wait", "wait" },
    };
    const char *type = llmprov_json_str(llmprov_json_get(call, "action_type"), "");
    const llmprov_json *in = llmprov_json_get(call, "action_inputs"), *start = llmprov_json_get(in, "start_coords"), *end = llmprov_json_get(in, "end_coords");
    llmprov_json *made[2] = { NULL, NULL };
    llmprov_str content = llmprov_json_text(llmprov_json_get(in, "content"));
    char *p, text[300];
    size_t i;
    bool drag = !strcmp(type, "drag");
    for (i = 0; i < sizeof words / sizeof *words && strcmp(words[i].said, type); i++) { }
    if (i == sizeof words / sizeof *words) return;
    if (!start) start = made[0] = uitars_middle(llmprov_json_str(llmprov_json_get(in, "start_box"), NULL), w, h);
    if (!end) end = made[1] = uitars_middle(llmprov_json_str(llmprov_json_get(in, "end_box"), NULL), w, h);
    engine_adds(to, "{\"action\":\"");
    engine_adds(to, words[i].word);
    engine_adds(to, "\"");
    if (drag) uitars_place(to, "start_coordinate", start);
    uitars_place(to, "coordinate", drag ? end : start);
    if (llmprov_json_get(in, "key")) {
        sprintf(text, "%.200s", llmprov_json_str(llmprov_json_get(in, "key"), ""));
        while ((p = strchr(text, ' ')) != NULL) *p = '+';
        uitars_text(to, "text", text, strlen(text));
    }
    if (!strcmp(type, "type")) {                             /* escapes are the caller's to undo in one of the two */
        size_t n = 0;
        for (i = 0; i < content.len; i++) {
            bool escape = content.ptr[i] == '\\' && i + 1 < content.len;
            text[n++] = escape && content.ptr[i + 1] == 'n' ? '\n' : escape ? content.ptr[i + 1] : content.ptr[i];
            i += escape;
        }
        uitars_text(to, "text", text, n && text[n - 1] == '\n' ? n - 1 : n);
        if (n && text[n - 1] == '\n') engine_adds(to, "}\n{\"action\":\"key\",\"text\":\"Return\"");
    }
    if (!strcmp(type, "scroll")) {
        uitars_text(to, "scroll_direction", llmprov_json_str(llmprov_json_get(in, "direction"), ""), strlen(llmprov_json_str(llmprov_json_get(in, "direction"), "")));
        engine_adds(to, ",\"scroll_amount\":5");
    }
    engine_adds(to, !strcmp(type, "wait") ? ",\"duration\":5}\n" : "}\n");
    llmprov_json_free(made[0]);
    llmprov_json_free(made[1]);
}

/* The better of both answers: the one that found an action, and places for its boxes. */
static const llmprov_json *uitars_answer(const llmprov_json *v) {
    const llmprov_json *ts = llmprov_json_get(v, "ts"), *py = llmprov_json_path(v, "py.parsed"), *coords = llmprov_json_path(v, "ts[0].action_inputs.start_coords");
    bool nothing = !*llmprov_json_str(llmprov_json_path(v, "ts[0].action_type"), ""), broken = coords && llmprov_json_count(coords) != 2;
    return (nothing || broken) && py ? py : ts;
}

/* What neither of them reads, or both misread, and what it means here. */
static const struct { const char *name, *calls, *text; } uitars_ours[] = {
    { "no Action keyword dquote", "{\"action\":\"left_click\",\"coordinate\":[99,198]}\n", "" },
    { "trailing prose", "{\"action\":\"left_click\",\"coordinate\":[99,198]}\n", "t\nand then wait" },
    { "two Action:", "{\"action\":\"type\",\"text\":\"doubao.com\"}\n", "m\nclick(start_box='(100,100)')" },
    { "finished content", "", "tdone, all good" }, { "call_user", "", "tcall_user()" },
};

static void uitars_case(const llmprov_json *v) {
    const char *name = llmprov_json_str(llmprov_json_get(v, "n"), ""), *reflection = llmprov_json_str(llmprov_json_path(v, "ts[0].reflection"), NULL);
    llmprov_str text = llmprov_json_text(llmprov_json_get(v, "t"));
    double width = llmprov_json_num(llmprov_json_get(v, "w"), 0), height = llmprov_json_num(llmprov_json_get(v, "h"), 0);
    char extra[100];
    llmprov_tool tool = { .type = "computer", .extra = extra };
    llmprov_provider row = { .id = "ui", .format = "openai-chat", .base_url = "https://api.test/v1", .auth_optional = true, .quirks = { .flags = LLMPROV_QUIRK_THINK_TAGS } };
    llmprov_request req = { .model = "m", .prompt = "Hi", .tools = &tool, .tool_count = 1 };
    llmprov_registry *reg = llmprov_registry_new(NULL);
    llmprov_desc desc = { .provider = "ui", .registry = reg };
    const llmprov_json *answer = uitars_answer(v), *call = NULL;
    const llmprov_block *b = NULL;
    engine_text expected = { NULL, 0, 0 }, thought = { NULL, 0, 0 }, got = { NULL, 0, 0 };
    llmprov_writer w;
    engine_reply reply;
    engine_wire wire;
    size_t i;
    sprintf(extra, "{\"display_width_px\":%.0f,\"display_height_px\":%.0f}", width, height);
    row.quirks.tools = strcmp(llmprov_json_str(llmprov_json_get(v, "ver"), ""), "1.5") ? LLMPROV_TOOLS_UITARS_1000 : LLMPROV_TOOLS_UITARS;
    llmprov_register(reg, &row, 0);
    engine_add(&expected, "", 0);
    engine_add(&thought, "", 0);
    engine_add(&got, "", 0);
    while ((call = llmprov_json_next(answer, call)) != NULL) uitars_call(&expected, call, width, height);
    if (reflection) engine_adds(&thought, "Reflection: ");
    if (reflection) engine_adds(&thought, reflection);
    if (reflection) engine_adds(&thought, "\n");
    engine_adds(&thought, llmprov_json_str(llmprov_json_path(v, "ts[0].thought"), ""));
    for (i = 0; i < sizeof uitars_ours / sizeof *uitars_ours; i++) {
        if (strcmp(uitars_ours[i].name, name)) continue;
        expected.len = thought.len = 0;
        engine_adds(&expected, uitars_ours[i].calls);
        engine_adds(&thought, uitars_ours[i].text);
    }
    memset(&w, 0, sizeof w);
    llmprov_write_open(&w, NULL, '{');
    llmprov_write_open(&w, "choices", '[');
    llmprov_write_open(&w, NULL, '{');
    llmprov_write_open(&w, "message", '{');
    llmprov_write_str(&w, "content", text.ptr, text.len);
    llmprov_write_close(&w);
    llmprov_write_str(&w, "finish_reason", "stop", 4);
    llmprov_write_close(&w);
    llmprov_write_close(&w);
    llmprov_write_close(&w);
    wire = engine_wire_of(ENGINE_WHOLE, 200, w.text, w.len);
    sprintf(where, "ui-tars: %.300s", name);
    reply = engine_read_wire(engine_open("openai-chat", &desc), &req, ENGINE_WHOLE, &wire, __FILE__, __LINE__);
    while ((b = llmprov_block_next(&reply.r.message, LLMPROV_BLOCK_TOOL_USE, b)) != NULL) {
        engine_add(&got, b->json, b->json_len);
        engine_adds(&got, "\n");
    }
    same("calls", got.ptr, got.len, expected.ptr, expected.len);
    same("text", reply.r.text, reply.r.text_len, thought.ptr, thought.len);
    engine_reply_free(&reply);
    llmprov_registry_free(reg);
    llmprov_writer_free(&w);
    engine_text_free(&expected);
    engine_text_free(&thought);
    engine_text_free(&got);
}

int main(int argc, char **argv) {
    const char *shared = argc > 1 ? argv[1] : "../shared";
    const llmprov_json *v = NULL;
    llmprov_json *root;
    sigv4_suite(shared);
    root = vectors(shared, "sigv4-bedrock-vectors.json");
    while ((v = llmprov_json_next(root, v)) != NULL) bedrock_vector(v);
    llmprov_json_free(root);
    root = vectors(shared, "eventstream-vectors.json");
    for (v = NULL; (v = llmprov_json_next(root, v)) != NULL;)
        if (strcmp(llmprov_json_key(v), "crc32_123456789")) eventstream_vector(llmprov_json_key(v), llmprov_json_text(v));
    llmprov_json_free(root);
    root = vectors(shared, "ui-tars-parser-cases.json");
    for (v = NULL; (v = llmprov_json_next(root, v)) != NULL;) uitars_case(v);
    llmprov_json_free(root);
    printf("suites: %d passed, %d failed\n", passed, failed);
    return failed != 0;
}
