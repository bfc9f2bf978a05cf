/* >>write: writing JSON, merging a caller's object, and the plan that sends long things from where they are. */
#include "test.h"

static size_t write_below(size_t n) { return (size_t)(test_random() >> 33) % n; }

static llmprov_writer write_new(void) {
    llmprov_writer w = { 0 };
    w.alloc = test_alloc();
    return w;
}

// -- values --------------------------------------------------------------------------------

TEST(write_all_kinds_of_values) {
    llmprov_writer w = write_new();
    llmprov_write_open(&w, NULL, '{');
    llmprov_write_str(&w, "s", "text", 4);
    llmprov_write_num(&w, "n", 0.5);
    llmprov_write_int(&w, "i", -5);
    llmprov_write_bool(&w, "t", true);
    llmprov_write_bool(&w, "f", false);
    llmprov_write_null(&w, "z");
    llmprov_write_raw(&w, "r", "{\"x\": 1}", 8);
    llmprov_write_open(&w, "l", '[');
    llmprov_write_int(&w, NULL, 1);
    llmprov_write_open(&w, NULL, '{');
    llmprov_write_close(&w);
    llmprov_write_open(&w, NULL, '[');
    llmprov_write_close(&w);
    llmprov_write_str(&w, NULL, "", 0);
    llmprov_write_close(&w);
    llmprov_write_close(&w);
    if (w.status) CHECK_ALWAYS(w.status == LLMPROV_ERR_NO_MEMORY && test_memory.refused);
    else CHECK_TEXT(w.text, w.len, "{\"s\":\"text\",\"n\":0.5,\"i\":-5,\"t\":true,\"f\":false,\"z\":null,\"r\":{\"x\": 1},\"l\":[1,{},[],\"\"]}");
    CHECK(!w.depth && !w.status);
    llmprov_writer_free(&w);
    CHECK(!w.text && !w.len && w.alloc.fn);
}

TEST(write_escapes_what_json_escapes_and_nothing_else) {
    llmprov_writer w = write_new();
    char all[256];
    int i;
    for (i = 0; i < 0x80; i++) all[i] = (char)i;
    llmprov_write_str(&w, NULL, all, 0x80);
    CHECK_STR(w.text, "\"\\u0000\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006\\u0007\\b\\t\\n\\u000b\\f\\r\\u000e\\u000f\\u0010\\u0011\\u0012\\u0013\\u0014\\u0015\\u0016\\u0017"
                      "\\u0018\\u0019\\u001a\\u001b\\u001c\\u001d\\u001e\\u001f !\\\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\x7f\"");
    llmprov_writer_free(&w);
    llmprov_write_str(&w, NULL, "caf\xC3\xA9 \xE2\x80\xA8 \xF0\x9F\x98\x80", 14);
    CHECK_STR(w.text, "\"caf\xC3\xA9 \xE2\x80\xA8 \xF0\x9F\x98\x80\"");     /* UTF-8, not \u */
    llmprov_writer_free(&w);
}

TEST(write_keys_are_escaped_too) {
    llmprov_writer w = write_new();
    llmprov_write_open(&w, NULL, '{');
    llmprov_write_str(&w, "k\"ey\n", "a\"b\\c\x01\x1f\b\f\n\r\t\x7f\xC3\xA9", 15);
    llmprov_write_close(&w);
    CHECK_STR(w.text, "{\"k\\\"ey\\n\":\"a\\\"b\\\\c\\u0001\\u001f\\b\\f\\n\\r\\t\x7f\xC3\xA9\"}");
    llmprov_writer_free(&w);
}

TEST(write_str_of_a_stranger_becomes_utf8) {
    llmprov_writer w = write_new();
    llmprov_write_str(&w, NULL, "a\xFF\xC3", 3);
    CHECK_STR(w.text, "\"a\xEF\xBF\xBD\xEF\xBF\xBD\"");
    CHECK_ALWAYS(!w.text || !w.len || w.status || llmprov__text_valid(w.text, w.len) == w.len);
    llmprov_writer_free(&w);
}

TEST_NO_OOM(write_any_bytes_and_read_them_again) {
    int round;
    for (round = 0; round < 1000 && !test_now.failures; round++) {
        llmprov_writer w = write_new();
        char in[300], *copy;
        size_t n = write_below(300), i;
        llmprov_json *j;
        llmprov_str s;
        for (i = 0; i < n; i++) in[i] = (char)(write_below(5) ? 32 + (int)write_below(95) : (int)write_below(128));
        copy = (char *)malloc(n ? n : 1);
        NEED(copy);
        memcpy(copy, in, n);
        llmprov_write_str(&w, NULL, copy, n);
        free(copy);
        j = llmprov_json_parse(w.text, w.len, NULL, NULL);
        s = llmprov_json_text(j);
        CHECK(j != NULL);
        CHECK_MEM(s.ptr, s.len, in, n);
        llmprov_json_free(j);
        llmprov_writer_free(&w);
    }
}

TEST_NO_OOM(write_growth_is_what_escaping_adds) {
    int round;
    for (round = 0; round < 5000 && !test_now.failures; round++) {
        char in[200], *copy, *out, *to;
        size_t n = write_below(200), i, growth = 0;
        for (i = 0; i < n; i++) {
            unsigned char c = (unsigned char)(write_below(8) ? 'a' + (int)write_below(26) : (int)write_below(256));
            in[i] = (char)c;
            growth += c == '"' || c == '\\' || c == 8 || c == 9 || c == 10 || c == 12 || c == 13 ? 1 : c < 32 ? 5 : 0;
        }
        copy = (char *)malloc(n ? n : 1);
        out = to = (char *)malloc(n + growth + 1);
        NEED(copy && out);
        memcpy(copy, in, n);
        CHECK_INT(llmprov__write_growth(copy, n), growth);
        CHECK(llmprov__write_escape(&to, out + n + growth, copy, copy + n) == copy + n && to == out + n + growth);
        free(copy);
        free(out);
    }
}

// -- misuse --------------------------------------------------------------------------------

static double write_number(const char *text) { return strtod(text, NULL); }

TEST_NO_OOM(write_refuses_numbers_that_are_none) {
    static const char *const bad[] = { "nan", "inf", "-inf" };
    size_t i;
    for (i = 0; i < 3; i++) {
        llmprov_writer w = write_new();
        llmprov_write_num(&w, NULL, write_number(bad[i]));
        CHECK_INT(w.status, LLMPROV_ERR_ARGUMENT);
        llmprov_writer_free(&w);
        CHECK_INT(w.status, LLMPROV_OK);
    }
}

TEST_NO_OOM(write_refuses_what_would_be_no_json) {
    int which;
    for (which = 0; which < 9; which++) {
        llmprov_writer w = write_new();
        switch (which) {
            case 0: llmprov_write_close(&w); break;
            case 1: llmprov_write_open(&w, NULL, '{'); llmprov_write_int(&w, NULL, 1); break;             /* no key */
            case 2: llmprov_write_open(&w, NULL, '['); llmprov_write_int(&w, "k", 1); break;
            case 3: llmprov_write_int(&w, NULL, 1); llmprov_write_int(&w, NULL, 1); break;                /* two values at the top */
            case 4: llmprov_write_open(&w, NULL, '('); break;
            case 5: llmprov_write_int(&w, "k", 1); break;
            case 6: llmprov_write_open(&w, NULL, '['); llmprov_write_close(&w); llmprov_write_close(&w); break;
            case 7: llmprov_write_open(&w, NULL, '{'); llmprov_write_close(&w); llmprov_write_open(&w, NULL, '{'); break;
            default: llmprov_write_open(&w, "k", '['); break;
        }
        CHECK_INT(w.status, LLMPROV_ERR_ARGUMENT);
        llmprov_write_str(&w, NULL, "more", 4);
        llmprov_write_open(&w, NULL, '[');
        llmprov_write_close(&w);
        CHECK_INT(w.status, LLMPROV_ERR_ARGUMENT);            /* the first failure stays */
        llmprov_writer_free(&w);
    }
}

TEST_NO_OOM(write_nests_64_deep) {
    llmprov_writer w = write_new();
    int i;
    for (i = 0; i < 64; i++) llmprov_write_open(&w, i % 2 ? "k" : NULL, i % 2 ? '[' : '{');
    CHECK_INT(w.status, LLMPROV_OK);
    for (i = 0; i < 64; i++) llmprov_write_close(&w);
    CHECK_INT(w.status, LLMPROV_OK);
    CHECK(w.text && !memcmp(w.text, "{\"k\":[{\"k\":[", 12) && !strcmp(w.text + w.len - 8, "]}]}]}]}"));
    llmprov_writer_free(&w);
    for (i = 0; i < 64; i++) llmprov_write_open(&w, NULL, '[');
    CHECK_INT(w.status, LLMPROV_OK);
    llmprov_write_open(&w, NULL, '[');
    CHECK_INT(w.status, LLMPROV_ERR_LIMIT);
    llmprov_writer_free(&w);
}

TEST_NO_OOM(write_nothing_calmly) {
    llmprov_writer w = write_new();
    llmprov_writer_free(&w);
    llmprov_write_str(&w, NULL, NULL, 0);
    CHECK_STR(w.text, "\"\"");
    llmprov_writer_free(&w);
    llmprov_writer_free(&w);
}

// -- the plan ------------------------------------------------------------------------------

static char write_bytes[3001], write_letters[4100], write_text[5000];

static size_t write_from_memory(void *user, uint64_t offset, void *to, size_t size) {
    memcpy(to, (char *)user + offset, size);
    return size;
}

static size_t write_too_short(void *user, uint64_t offset, void *to, size_t size) {
    (void)user;
    memset(to, 0, size);
    return offset + size > 1000 ? size - 1 : size;
}

static void write_prepare(void) {
    size_t i;
    for (i = 0; i < sizeof write_bytes; i++) write_bytes[i] = (char)(test_random() >> 40);
    for (i = 0; i < 4000; i++) write_text[i] = (char)(write_below(12) ? 32 + write_below(90) : write_below(32));
    llmprov__text_base64(write_letters, write_bytes, 3000);
}

/* Everything that a body can hold, long and short. */
static void write_body(llmprov_writer *w, bool plan) {
    llmprov_source source = { write_from_memory, write_bytes, false };
    if (plan) llmprov__write_plan(w);
    llmprov_write_open(w, NULL, '{');
    llmprov_write_str(w, "k\"ey\n", "a\"b\\c\x01", 6);
    llmprov__write_long(w, "long", write_text, 4000);
    llmprov__write_string_open(w, "url");
    llmprov__write_copy_piece(w, "data:", 5);
    llmprov__write_base64(w, write_bytes, 1000, NULL);
    llmprov__write_string_close(w);
    llmprov_write_open(w, "list", '[');
    llmprov_write_int(w, NULL, -5);
    llmprov_write_num(w, NULL, 0.5);
    llmprov__write_string_open(w, NULL);
    llmprov__write_base64(w, NULL, 3001, &source);
    llmprov__write_plain(w, write_letters, 4000);
    llmprov__write_base64(w, "a", 1, NULL);
    llmprov__write_string_close(w);
    llmprov__write_long_raw(w, NULL, "[1]", 3);
    llmprov__write_string_open(w, NULL);
    llmprov__write_base64(w, NULL, 0, &source);
    llmprov__write_piece(w, write_text, 300);
    llmprov__write_piece(w, write_text + 300, 1);
    llmprov__write_piece(w, write_text + 301, 256);
    llmprov__write_string_close(w);
    llmprov_write_close(w);
    llmprov__write_long(w, "zz", "\x01\x02\"\n", 4);
    llmprov_write_close(w);
}

TEST(write_a_plan_makes_the_same_bytes) {
    llmprov_writer a = write_new(), b = write_new();
    llmprov_alloc alloc = test_alloc();
    size_t n = 0;
    char *flat;
    write_prepare();
    write_body(&a, false);
    write_body(&b, true);
    CHECK_INT(a.status, LLMPROV_OK);
    CHECK_INT(b.status, LLMPROV_OK);
    CHECK(llmprov__write_size(&b) == a.len && llmprov__write_size(&a) == a.len);
    CHECK(b.len < 500);                                       /* what is long stayed where it is */
    flat = llmprov__write_flatten(&b, &alloc, &n);
    if (flat && !a.status) CHECK_MEM(flat, n, a.text, a.len);
    else CHECK(false);
    if (flat) alloc.fn(NULL, flat, n + 1, 0);
    llmprov_writer_free(&a);
    llmprov_writer_free(&b);
}

TEST_NO_OOM(write_a_plan_is_pulled_in_pieces_of_any_size) {
    llmprov_writer a = write_new(), b = write_new();
    size_t piece;
    int round;
    write_prepare();
    write_body(&a, false);
    write_body(&b, true);
    for (piece = 1; piece < 1100; piece += piece < 40 ? 1 : 7) {
        llmprov__write_cursor c = { 0 };
        char *to = (char *)malloc(piece);
        size_t got, at = 0;
        NEED(to);
        while ((got = llmprov__write_pull(&b, &c, to, piece)) != 0) {
            NEED(at + got <= a.len && !memcmp(a.text + at, to, got) && (got == piece || at + got == a.len));
            at += got;
        }
        CHECK(!c.failed && at == a.len);
        free(to);
    }
    for (round = 0; round < 200; round++) {
        llmprov__write_cursor c = { 0 };
        size_t got, at = 0;
        do {
            size_t most = 1 + write_below(round % 2 ? 9 : 900);
            char *to = (char *)malloc(most);
            NEED(to);
            got = llmprov__write_pull(&b, &c, to, most);
            NEED(!memcmp(a.text + at, to, got));
            at += got;
            free(to);
        } while (got);
        CHECK(at == a.len);
    }
    llmprov_writer_free(&a);
    llmprov_writer_free(&b);
}

TEST_NO_OOM(write_fails_when_a_source_is_short) {
    llmprov_writer w = write_new();
    llmprov_source source = { write_too_short, NULL, false };
    llmprov__write_cursor c = { 0 };
    char to[64];
    size_t n;
    llmprov__write_plan(&w);
    llmprov__write_string_open(&w, NULL);
    llmprov__write_base64(&w, NULL, 2000, &source);
    llmprov__write_string_close(&w);
    while (llmprov__write_pull(&w, &c, to, sizeof to)) {}
    CHECK(c.failed && !llmprov__write_pull(&w, &c, to, sizeof to));
    CHECK(!llmprov__write_flatten(&w, NULL, &n));
    llmprov_writer_free(&w);
    llmprov__write_string_open(&w, NULL);                     /* without a plan it is read at once */
    llmprov__write_base64(&w, NULL, 2000, &source);
    CHECK(w.status == LLMPROV_ERR_ARGUMENT);
    llmprov_writer_free(&w);
    llmprov__write_string_open(&w, NULL);
    llmprov__write_base64(&w, NULL, 10, NULL);
    CHECK(w.status == LLMPROV_ERR_ARGUMENT);
    llmprov_writer_free(&w);
}

static uint64_t write_offsets[64];
static int write_reads;
static size_t write_watched(void *user, uint64_t offset, void *to, size_t size) {
    (void)user;
    if (write_reads < 64) write_offsets[write_reads] = offset;
    write_reads++;
    memset(to, 'x', size);
    return size;
}

/* As the interface promises: offsets rise by what was returned. */
TEST_NO_OOM(write_asks_a_source_for_rising_offsets) {
    size_t piece;
    for (piece = 1; piece < 3000; piece = piece * 3 + 1) {
        llmprov_writer w = write_new();
        llmprov_source source = { write_watched, NULL, true };
        llmprov__write_cursor c = { 0 };
        static char to[3000];
        size_t total = 0, got;
        int i;
        write_reads = 0;
        llmprov__write_plan(&w);
        llmprov__write_string_open(&w, NULL);
        llmprov__write_base64(&w, NULL, 100, &source);
        llmprov__write_string_close(&w);
        while ((got = llmprov__write_pull(&w, &c, to, piece)) != 0) total += got;
        CHECK_INT(total, 2 + 136);
        for (i = 1; i < write_reads && i < 64; i++) CHECK(write_offsets[i] > write_offsets[i - 1]);
        CHECK_INT(write_offsets[0], 0);
        llmprov_writer_free(&w);
    }
}

// -- merging -------------------------------------------------------------------------------

static char write_told[500];
static void write_tell(void *user, const char *path) {
    (void)user;
    strcat(strcat(write_told, path), ";");
}

enum { WRITE_MEMBERS, WRITE_RAW, WRITE_NO_REST };

/* What a body with model, temperature, thinking and messages becomes with an extra; MESSAGES stands for the last. */
static void write_merged(const char *extra, const char *expected, const char *told, int shape) {
    static const char raw[] = "{\"type\":\"on\",\"a\":{\"x\":1,\"y\":[2]}, \"b\\n\":{}}";
    llmprov_writer w = write_new();
    llmprov_alloc alloc = test_alloc();
    llmprov_json *j = llmprov_json_parse(extra, strlen(extra), &alloc, NULL);
    size_t n = 0;
    char *flat, *messages, *end;
    memset(write_text, 'q', 300);
    write_told[0] = 0;
    if (!j || !llmprov__write_plan(&w)) {
        CHECK(false);
        llmprov_json_free(j);
        llmprov_writer_free(&w);
        return;
    }
    llmprov__write_merge(&w, j);
    w.plan->merge_replaced = write_tell;
    llmprov_write_open(&w, NULL, '{');
    llmprov_write_str(&w, "model", "m", 1);
    llmprov_write_num(&w, "temperature", 0.5);
    if (shape == WRITE_RAW) llmprov__write_long_raw(&w, "thinking", raw, strlen(raw));
    else {
        llmprov_write_open(&w, "thinking", '{');
        llmprov_write_str(&w, "type", "on", 2);
        llmprov_write_open(&w, "a", '{');
        llmprov_write_int(&w, "x", 1);
        llmprov_write_open(&w, "y", '[');
        llmprov_write_int(&w, NULL, 2);
        llmprov_write_close(&w);
        llmprov_write_close(&w);
        llmprov_write_open(&w, "b\n", '{');
        llmprov_write_close(&w);
        llmprov_write_close(&w);
    }
    if (shape != WRITE_NO_REST) llmprov__write_rest(&w, "messages");
    llmprov_write_open(&w, "messages", '[');
    llmprov_write_open(&w, NULL, '{');
    llmprov__write_long(&w, "model", write_text, 300);
    llmprov_write_close(&w);
    llmprov_write_close(&w);
    llmprov_write_close(&w);
    flat = llmprov__write_flatten(&w, &alloc, &n);
    if (flat) {
        CHECK_INT(n, llmprov__write_size(&w));
        messages = strstr(flat, "\"messages\":[{\"model\":\"");
        end = messages && strstr(expected, "MESSAGES") ? strstr(messages, "\"}]") : NULL;
        if (end) {
            memmove(messages + 8, end + 3, strlen(end + 3) + 1);
            memcpy(messages, "MESSAGES", 8);
        }
        CHECK_STR(flat, expected);
        CHECK_STR(write_told, told);
        alloc.fn(NULL, flat, n + 1, 0);
    } else CHECK(false);
    llmprov_writer_free(&w);
    llmprov_json_free(j);
}

#define WRITE_HEAD "\"model\":\"m\",\"temperature\":0.5,"
#define WRITE_THINKING "\"thinking\":{\"type\":\"on\",\"a\":{\"x\":1,\"y\":[2]},\"b\\n\":{}}"
#define WRITE_AS_IT_STOOD "\"thinking\":{\"type\":\"on\",\"a\":{\"x\":1,\"y\":[2]}, \"b\\n\":{}}"

TEST(write_merge_adds_members_before_the_messages) {
    write_merged("{\"top\":1}", "{" WRITE_HEAD WRITE_THINKING ",\"top\":1,MESSAGES}", "", WRITE_MEMBERS);
    write_merged("{\"top\":1}", "{" WRITE_HEAD WRITE_AS_IT_STOOD ",\"top\":1,MESSAGES}", "", WRITE_RAW);
}

TEST(write_merge_of_what_is_there_changes_nothing) {
    const char *extra = "{\"model\":\"m\",\"temperature\":5e-1,\"thinking\":{\"a\":{\"x\":1.0}}}";
    write_merged(extra, "{" WRITE_HEAD WRITE_THINKING ",MESSAGES}", "", WRITE_MEMBERS);
    write_merged(extra, "{" WRITE_HEAD WRITE_THINKING ",MESSAGES}", "", WRITE_RAW);
    write_merged("{}", "{" WRITE_HEAD WRITE_THINKING ",MESSAGES}", "", WRITE_MEMBERS);
}

TEST(write_merge_is_deep_and_tells_what_it_replaced) {
    const char *extra = "{\"model\":\"z\",\"thinking\":{\"display\":\"d\",\"a\":{\"x\":9,\"z\":{\"q\":[1]}},\"b\\n\":{\"n\":null}}}";
    const char *expected = "{\"model\":\"z\",\"temperature\":0.5,\"thinking\":{\"type\":\"on\",\"a\":{\"x\":9,\"y\":[2],\"z\":{\"q\":[1]}},\"b\\n\":{\"n\":null},\"display\":\"d\"},MESSAGES}";
    write_merged(extra, expected, "model;thinking.a.x;", WRITE_MEMBERS);
    write_merged(extra, expected, "model;thinking.a.x;", WRITE_RAW);
}

TEST(write_merge_replaces_values_of_another_kind) {
    int shape;
    for (shape = WRITE_MEMBERS; shape <= WRITE_RAW; shape++) {
        write_merged("{\"thinking\":null,\"temperature\":{\"a\":1}}", "{\"model\":\"m\",\"temperature\":{\"a\":1},\"thinking\":null,MESSAGES}", "temperature;thinking;", shape);
        write_merged("{\"thinking\":{\"a\":[7],\"type\":{}},\"one\":1,\"two\":2}",
                     "{" WRITE_HEAD "\"thinking\":{\"type\":{},\"a\":[7],\"b\\n\":{}},\"one\":1,\"two\":2,MESSAGES}", "thinking.type;thinking.a;", shape);
    }
}

TEST(write_merge_replaces_lists_whole) {
    write_merged("{\"messages\":[1],\"x\":0,\"x\":3}", "{" WRITE_HEAD WRITE_THINKING ",\"x\":3,\"messages\":[1]}", "messages;", WRITE_MEMBERS);
}

TEST(write_merge_without_a_place_goes_to_the_end) {
    write_merged("{\"x\":1,\"y\":{\"z\":2}}", "{" WRITE_HEAD WRITE_THINKING ",MESSAGES,\"x\":1,\"y\":{\"z\":2}}", "", WRITE_NO_REST);
    write_merged("{}", "{" WRITE_HEAD WRITE_THINKING ",MESSAGES}", "", WRITE_NO_REST);
}
