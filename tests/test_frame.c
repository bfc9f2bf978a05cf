/* >>frame: server-sent events out of bytes in any cuts. */
#include "test.h"

typedef struct frame_log { char text[6000]; size_t len; llmprov_status status; int count; } frame_log;

static void frame_note(frame_log *log, const llmprov_frame *frame) {
    size_t need = frame->event.len + frame->data.len + 2;
    log->count++;
    if (log->len + need >= sizeof log->text) return;
    if (frame->event.len) memcpy(log->text + log->len, frame->event.ptr, frame->event.len);
    log->len += frame->event.len;
    log->text[log->len++] = '|';
    if (frame->data.len) memcpy(log->text + log->len, frame->data.ptr, frame->data.len);
    log->len += frame->data.len;
    log->text[log->len++] = ';';
    log->text[log->len] = 0;
}

/* One piece from memory of its own, which is gone afterwards. */
static void frame_piece(llmprov__frame_cutter *f, const char *p, size_t len, frame_log *log) {
    char *copy = (char *)malloc(len ? len : 1);
    const char *at = copy;
    llmprov_frame frame;
    if (!copy) exit(3);
    memcpy(copy, p, len);
    while (llmprov__frame_next(f, &at, copy + len, &frame)) frame_note(log, &frame);
    memset(copy, 0xd5, len);
    free(copy);
}

static void frame_end(llmprov__frame_cutter *f, bool clean, frame_log *log) {
    llmprov_frame frame;
    if (clean && !f->status && llmprov__frame_last(f, &frame)) frame_note(log, &frame);
    log->status = f->status;
    llmprov__frame_free(f);
}

static void frame_begin(llmprov__frame_cutter *f, size_t limit, frame_log *log) {
    llmprov_alloc alloc = test_alloc();
    memset(log, 0, sizeof *log);
    llmprov__frame_init(f, &alloc, limit);
}

static frame_log frame_read(const char *p, size_t len, int way, bool clean) {
    llmprov__frame_cutter f;
    frame_log log;
    size_t at, n;
    frame_begin(&f, 1 << 20, &log);
    for (at = 0; at < len; at += n) frame_piece(&f, p + at, n = test_cut(way, len - at), &log);
    frame_end(&f, clean, &log);
    return log;
}

/* A stream whole, byte by byte, in random cuts, and in two pieces with the border at every byte. */
static void frame_all(const char *text, size_t len, const char *expected) {
    int way;
    size_t cut;
    for (way = 0; way < 8; way++) {
        frame_log log = frame_read(text, len, way, true);
        if (log.status) {
            CHECK(false);
            CHECK_ALWAYS(log.status == LLMPROV_ERR_NO_MEMORY);
        } else if (!test_check_str(log.text, expected, "the frames", __FILE__, __LINE__) && !test_excused()) printf("    way %d of %.100s\n", way, text);
        if (!log.status) CHECK_ALWAYS(!strcmp(log.text, expected));      /* without memory: nothing wrong is handed out */
    }
    for (cut = 0; cut <= len && !test_now.oom; cut++) {
        llmprov__frame_cutter f;
        frame_log log;
        frame_begin(&f, 1 << 20, &log);
        frame_piece(&f, text, cut, &log);
        frame_piece(&f, text + cut, len - cut, &log);
        frame_end(&f, true, &log);
        if (!CHECK(!log.status && !strcmp(log.text, expected))) printf("    cut at %d: %s\n", (int)cut, log.text);
    }
}

#define FRAME(text, expected) frame_all(text, sizeof text - 1, expected)

// -- the rules -----------------------------------------------------------------------------

TEST(frame_of_one_line) { FRAME("data: hello\n\n", "|hello;"); }
TEST(frame_with_each_line_end) {
    FRAME("data: a\r\n\r\ndata: b\r\n\r\n", "|a;|b;");
    FRAME("data: a\r\rdata: b\r\r", "|a;|b;");
    FRAME("data: a\n\ndata: b\r\n\r\ndata: c\r\rdata: d\n\r\ndata: e\r\n\n", "|a;|b;|c;|d;|e;");
    FRAME("data: a\r\n\ndata: b\r\r\ndata: c\n\rdata: d\n\n", "|a;|b;|c;|d;");
}
TEST(frame_blank_after_the_colon_is_optional) {
    FRAME("data:a\n\ndata: a\n\ndata:  a\n\ndata:\ta\n\n", "|a;|a;| a;|\ta;");
    FRAME("event:x\ndata:1\n\nevent: x\ndata: 1\n\nevent:  x\ndata: 1\n\n", "x|1;x|1; x|1;");
}
TEST(frame_with_a_byte_order_mark) {
    FRAME("\xEF\xBB\xBF" "data: a\n\n", "|a;");
    FRAME("\xEF\xBB\xBF\r\ndata: a\n\n", "|a;");
    FRAME("\xEF\xBB" "data: a\n\ndata: b\n\n", "|b;");        /* half a mark is part of a name that nobody knows */
    FRAME("data: \xEF\xBB\xBF" "a\n\n", "|\xEF\xBB\xBF" "a;");
    FRAME("data: a\n\n\xEF\xBB\xBF" "data: b\n\ndata: c\n\n", "|a;|c;");
    FRAME("\xEF\xBB\xBF", "");
    FRAME("\xEF", "");
}
TEST(frame_comments_say_nothing) {
    FRAME(": ping\n\n:\n\n: x\ndata: a\n: between\ndata: b\n\n", "|a\nb;");
    FRAME(":data: a\n\n", "");
    FRAME(": keep-alive\r\n\r\ndata: a\r\n\r\n", "|a;");
}
TEST(frame_of_several_data_lines) {
    FRAME("data: a\ndata: b\ndata: c\n\n", "|a\nb\nc;");
    FRAME("data: a\ndata:\ndata\ndata: d\n\n", "|a\n\n\nd;");
    FRAME("data: {\ndata: \"a\": 1\ndata: }\n\n", "|{\n\"a\": 1\n};");
    FRAME("data:\n\n", "|;");
    FRAME("data\n\n", "|;");
    FRAME("data:\ndata:\n\n", "|\n;");
}
TEST(frame_names_are_for_one_event) {
    FRAME("event: one\ndata: 1\n\ndata: 2\n\n", "one|1;|2;");
    FRAME("data: 1\nevent: after\n\n", "after|1;");
    FRAME("event: a\nevent: b\ndata: 1\n\n", "b|1;");
    FRAME("event: lost\n\ndata: 1\n\n", "|1;");
    FRAME("event\ndata: 1\n\n", "|1;");
    FRAME("event: x\nevent\ndata: 1\n\n", "|1;");
}
TEST(frame_ignores_id_retry_and_unknown_fields) {
    FRAME("id: 7\nretry: 1000\ndata: a\nfoo: bar\nid\n:x\n\n", "|a;");
    FRAME("id: 7\n\nretry: 5\n\n", "");
    FRAME("Data: a\nDATA: b\ndatax: c\ndata : d\n\n", "");
    FRAME("nonsense\n\ndata: a\n\n", "|a;");
    FRAME(" data: a\n\n\tdata: b\n\n", "|a;|b;");             /* a known slip of servers */
}
TEST(frame_without_data_is_none) {
    FRAME("\n\n\n\n", "");
    FRAME("event: ping\n\n\r\n\r\n", "");
    FRAME("", "");
}
TEST(frame_last_one_without_an_empty_line) {
    FRAME("data: a\n\ndata: b\n", "|a;|b;");
    FRAME("data: a\n\ndata: b", "|a;|b;");
    FRAME("event: e\ndata: b\r", "e|b;");
    FRAME("data: a\ndata: b", "|a\nb;");
    FRAME("data: a\n\nevent: e\n", "|a;");
    FRAME("data: a\n\nevent: e", "|a;");
    FRAME("data: a\n\ndata", "|a;|;");
}
TEST(frame_at_an_unclean_end_is_not_handed_out) {
    frame_log log = frame_read("data: a\n\ndata: b\n", 17, 0, false);
    CHECK_STR(log.text, "|a;");
}

/* U+2028, U+2029, U+0085, form feed and NUL end no line. */
TEST(frame_lines_end_with_cr_and_lf_only) {
    FRAME("data: a\xE2\x80\xA8" "b\xE2\x80\xA9" "c\xC2\x85" "d\x0b" "e\x0c" "f\x1c" "g\n\n", "|a\xE2\x80\xA8" "b\xE2\x80\xA9" "c\xC2\x85" "d\x0b" "e\x0c" "f\x1c" "g;");
}
TEST_NO_OOM(frame_passes_nul_and_bytes_that_are_no_utf8) {
    static const char text[] = "data: a\0b\xFF\xC3\n\ndata: c\n\n";
    int way;
    for (way = 0; way < 6; way++) {
        frame_log log = frame_read(text, sizeof text - 1, way, true);
        CHECK_MEM(log.text, log.len, "|a\0b\xFF\xC3;|c;", 10);
    }
}
TEST(frame_cut_inside_utf8) { FRAME("data: caf\xC3\xA9 \xE6\x97\xA5\xE6\x9C\xAC \xF0\x9F\x98\x80\n\ndata: \xF0\x9F\x98\x80\n\n", "|caf\xC3\xA9 \xE6\x97\xA5\xE6\x9C\xAC \xF0\x9F\x98\x80;|\xF0\x9F\x98\x80;"); }

/* llama-box reports a failure in a field of its own. */
TEST(frame_field_error_is_an_event) {
    FRAME("data: {\"a\":1}\n\nerror: {\"code\":500}\n\n", "|{\"a\":1};error|{\"code\":500};");
    FRAME("error:{\"code\":500}", "error|{\"code\":500};");
    FRAME("error: something\n\n", "");
    FRAME("error\n\n", "");
}

// -- limits --------------------------------------------------------------------------------

static llmprov_status frame_limited(const char *text, size_t limit, int way) {
    llmprov__frame_cutter f;
    frame_log log;
    size_t len = strlen(text), at, n;
    frame_begin(&f, limit, &log);
    for (at = 0; at < len; at += n) frame_piece(&f, text + at, n = test_cut(way, len - at), &log);
    frame_end(&f, true, &log);
    return log.status;
}

TEST_NO_OOM(frame_limit_counts_the_data_of_one_event) {
    static char text[2100], lines[2600];
    int way, i;
    memset(text, 'x', 2000);
    memcpy(text, "data: ", 6);
    memcpy(text + 1000, "\n\ndata: ", 8);
    strcpy(text + 2000, "\n\n");                              /* two events of 994 and 992 bytes */
    for (i = 0; i < 100; i++) memcpy(lines + i * 25, "data: 012345678901234567\n", 25);
    strcpy(lines + 2500, "\n");                               /* one of 1899 in a hundred lines */
    for (way = 0; way < 8; way++) {
        CHECK_INT(frame_limited(text, 1100, way), LLMPROV_OK);
        CHECK_INT(frame_limited(text, 900, way), LLMPROV_ERR_LIMIT);
        CHECK_INT(frame_limited(lines, 2000, way), LLMPROV_OK);
        CHECK_INT(frame_limited(lines, 1800, way), LLMPROV_ERR_LIMIT);
    }
}

/* A line that never ends costs its limit, not more. */
TEST_NO_OOM(frame_limit_of_a_line_without_end) {
    static const char *const begins[] = { "data: ", "event: ", ": ", "x", "" };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(begins); i++) {
        llmprov__frame_cutter f;
        frame_log log;
        char piece[100];
        int n;
        frame_begin(&f, 5000, &log);
        frame_piece(&f, begins[i], strlen(begins[i]), &log);
        memset(piece, 'x', sizeof piece);
        for (n = 0; n < 1000 && !f.status; n++) frame_piece(&f, piece, sizeof piece, &log);
        CHECK_INT(f.status, LLMPROV_ERR_LIMIT);
        CHECK(n < 60);
        CHECK(test_memory.peak < 12000);
        frame_end(&f, true, &log);
        CHECK(!log.count);
    }
}

TEST_NO_OOM(frame_after_a_failure_gives_nothing) {
    llmprov__frame_cutter f;
    frame_log log;
    frame_begin(&f, 10, &log);
    frame_piece(&f, "data: 0123456789abc\n\n", 21, &log);
    frame_piece(&f, "data: a\n\n", 9, &log);
    CHECK_INT(f.status, LLMPROV_ERR_LIMIT);
    CHECK_INT(log.count, 0);
    frame_end(&f, true, &log);
}

// -- no copies, no memory ------------------------------------------------------------------

/* What lies in one piece is a view; what lies in several uses the same buffers again. */
TEST_NO_OOM(frame_in_one_piece_is_a_view) {
    llmprov__frame_cutter f;
    frame_log log;
    llmprov_frame frame;
    char text[] = "event: e\ndata: one\n\ndata: two\r\n\r\n";
    const char *at = text, *end = text + strlen(text);
    frame_begin(&f, 1000, &log);
    CHECK(llmprov__frame_next(&f, &at, end, &frame) && frame.data.ptr == strstr(text, "one") && frame.event.ptr == strstr(text, "e\n"));
    CHECK(at == strstr(text, "data: two"));                   /* not a byte behind it was looked at */
    CHECK(llmprov__frame_next(&f, &at, end, &frame) && frame.data.ptr == strstr(text, "two"));
    CHECK(!llmprov__frame_next(&f, &at, end, &frame) && at == end);
    CHECK_INT(test_memory.calls, 0);
    frame_end(&f, true, &log);
}

TEST_NO_OOM(frame_buffers_are_used_again) {
    llmprov__frame_cutter f;
    frame_log log;
    unsigned long warm = 0;
    int i;
    frame_begin(&f, 1000, &log);
    for (i = 0; i < 1000; i++) {
        frame_piece(&f, "event: na", 9, &log);
        frame_piece(&f, "me\ndata: 01234", 14, &log);
        frame_piece(&f, "56789\ndata: x\n", 14, &log);
        frame_piece(&f, "\n", 1, &log);
        if (i == 10) warm = test_memory.calls;
    }
    CHECK_INT(log.count, 1000);
    CHECK_INT(test_memory.calls, warm);
    frame_end(&f, true, &log);
}

/* A program reads into one buffer again and again, and line ends may change within a stream. */
TEST_NO_OOM(frame_pieces_in_one_buffer_with_changing_line_ends) {
    static const char *const pieces[] = { "data: aa\n\n", "data:b\r\n\r\n", "data: c\r\r\n", "data: dd\n\n", ":\r\r\n\n\r\r\n\n\n", "data:e\r\n\r\n" };
    char buffer[10];
    llmprov__frame_cutter f;
    frame_log log;
    llmprov_frame frame;
    size_t i;
    frame_begin(&f, 1000, &log);
    for (i = 0; i < LLMPROV__COUNT(pieces); i++) {
        const char *at = buffer, *end = buffer + sizeof buffer;
        memcpy(buffer, pieces[i], sizeof buffer);
        while (at < end && llmprov__frame_next(&f, &at, end, &frame)) frame_note(&log, &frame);
    }
    frame_end(&f, true, &log);
    CHECK_STR(log.text, "|aa;|b;|c;|dd;|e;");
}

// -- random streams against a plain reference ----------------------------------------------

/* All at once, the way the standard says it, with our two additions: leading blanks, and "error". */
static void frame_reference(const char *p, size_t len, frame_log *log) {
    char data[3000], name[300];
    size_t data_len = 0, name_len = 0, at = 0;
    bool has = false;
    memset(log, 0, sizeof *log);
    if (len >= 3 && !memcmp(p, "\xEF\xBB\xBF", 3)) at = 3;
    while (at < len) {
        size_t end = at, colon, value;
        llmprov_frame frame;
        while (end < len && p[end] != '\r' && p[end] != '\n') end++;
        if (end == at && has) {
            frame.event.ptr = name;
            frame.event.len = name_len;
            frame.data.ptr = data;
            frame.data.len = data_len;
            frame_note(log, &frame);
            has = false;
            data_len = 0;
        }
        if (end == at) name_len = 0;
        else if (p[at] != ':') {
            size_t from = at;
            while (from < end && (p[from] == ' ' || p[from] == '\t')) from++;
            for (colon = from; colon < end && p[colon] != ':'; colon++) {}
            value = colon < end ? colon + 1 : end;
            if (value < end && p[value] == ' ') value++;
            if ((colon - from == 4 && !memcmp(p + from, "data", 4)) || (colon - from == 5 && !memcmp(p + from, "error", 5) && value < end && p[value] == '{')) {
                if (has) data[data_len++] = '\n';
                memcpy(data + data_len, p + value, end - value);
                data_len += end - value;
                has = true;
                if (colon - from == 5) memcpy(name, "error", name_len = 5);
            } else if (colon - from == 5 && !memcmp(p + from, "event", 5)) memcpy(name, p + value, name_len = end - value);
        }
        at = end + 1;
        if (end + 1 < len && p[end] == '\r' && p[end + 1] == '\n') at++;
    }
    if (has) {
        llmprov_frame frame;
        frame.event.ptr = name;
        frame.event.len = name_len;
        frame.data.ptr = data;
        frame.data.len = data_len;
        frame_note(log, &frame);
    }
}

TEST_NO_OOM(frame_random_streams_in_random_cuts) {
    static const char *const bits[] = {
        "data: ", "data:", "data", "event: ", "event", "error: {", "id: 1", "retry: 1", ":", ": c", " ", "\t", "a", "{\"x\":1}", "\xC3\xA9", "\xE2\x80\xA8", "\xEF\xBB\xBF",
        "\n", "\n", "\n", "\r\n", "\r\n", "\r", "\n\n", "\r\n\r\n", "\r\r", "data: x\n\n", "data: y\r\n\r\n", "e",
    };
    long rounds = getenv("TEST_LONG") ? 200000 : 8000;
    while (rounds-- && !test_now.failures) {
        char text[300];
        size_t n = 0, parts = (size_t)(test_random() >> 33) % 20, i;
        frame_log expected, got;
        while (parts--) {
            const char *bit = bits[(size_t)(test_random() >> 33) % LLMPROV__COUNT(bits)];
            memcpy(text + n, bit, strlen(bit));
            n += strlen(bit);
        }
        frame_reference(text, n, &expected);
        got = frame_read(text, n, (int)(test_random() >> 33) % 10, true);
        if (CHECK(!got.status && !strcmp(got.text, expected.text))) continue;
        printf("    ");
        for (i = 0; i < n; i++) printf(text[i] < ' ' ? "\\x%02x" : "%c", (unsigned char)text[i]);
        printf("\n    is       %s\n    expected %s\n", got.text, expected.text);
    }
}

// -- values that nobody needs ------------------------------------------------------------------

/* In a line that comes byte by byte they are null; in one piece they are there. */
TEST(frame_drops_values_that_are_not_needed) {
    static const char *const skip[] = { "text", "part.text", "item.content.text", "response.output", NULL };
    static const struct { const char *whole, *kept; } cases[] = {
        { "{\"text\":\"long\"}", "{\"text\":null}" },
        { "{\"a\":\"text\",\"text\" : \"with \\\"quotes\\\" and \\\\\",\"b\":1}", "{\"a\":\"text\",\"text\" : null,\"b\":1}" },
        { "{\"text\":12,\"part\":{\"text\":\"x\",\"more\":{\"text\":\"kept\"}}}", "{\"text\":12,\"part\":{\"text\":null,\"more\":{\"text\":\"kept\"}}}" },
        { "{\"item\":{\"content\":[{\"type\":\"t\",\"text\":\"a\"},{\"text\":\"b\"}],\"text\":\"kept\"}}", "{\"item\":{\"content\":[{\"type\":\"t\",\"text\":null},{\"text\":null}],\"text\":\"kept\"}}" },
        { "{\"response\":{\"id\":\"r\",\"output\":[{\"a\":\"]\"},[1]],\"usage\":{\"output\":3}}}", "{\"response\":{\"id\":\"r\",\"output\":null,\"usage\":{\"output\":3}}}" },
        { "{\"response\":{\"output\":{}},\"output\":[1]}", "{\"response\":{\"output\":null},\"output\":[1]}" },
        { "[{\"text\":\"x\"}]", "[{\"text\":null}]" },
        { "{\"delta\":{\"part\":{\"text\":\"kept\"}}}", "{\"delta\":{\"part\":{\"text\":\"kept\"}}}" },
        { "{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"f\":{\"g\":{\"h\":{\"i\":{\"text\":\"kept\"}}}}}}}}},\"text\":\"x\"}", "{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"f\":{\"g\":{\"h\":{\"i\":{\"text\":\"kept\"}}}}}}}}},\"text\":null}" },
    };
    size_t i, at;
    int bytes;
    for (i = 0; i < sizeof cases / sizeof *cases; i++)
        for (bytes = 0; bytes < 2; bytes++) {
            llmprov__frame_cutter f;
            frame_log log;
            char text[400], expected[400];
            sprintf(text, "event: e\ndata: %s\n\n", cases[i].whole);
            sprintf(expected, "e|%s;", bytes ? cases[i].kept : cases[i].whole);
            frame_begin(&f, 1 << 20, &log);
            f.skip = skip;
            for (at = 0; bytes && at < strlen(text); at++) frame_piece(&f, text + at, 1, &log);
            if (!bytes) frame_piece(&f, text, strlen(text), &log);
            frame_end(&f, true, &log);
            CHECK_STR(log.text, expected);
        }
}

/* Where types are told, only frames of those lose anything, and only behind the type. */
TEST(frame_drops_values_from_frames_of_some_types) {
    static const char *const skip[] = { "text", NULL };
    static const struct { const char *whole, *kept; } cases[] = {
        { "{\"type\":\"a.done\",\"text\":\"x\"}", "{\"type\":\"a.done\",\"text\":null}" }, { "{\"type\":\"b\",\"text\":\"x\"}", "{\"type\":\"b\",\"text\":null}" },
        { "{\"type\":\"a.don\",\"text\":\"x\"}", NULL }, { "{\"type\":\"a.done2\",\"text\":\"x\"}", NULL }, { "{\"text\":\"x\",\"type\":\"b\"}", NULL }, { "{\"text\":\"x\"}", NULL },
        { "{\"is\":{\"type\":\"b\"},\"text\":\"x\"}", NULL }, { "{\"type\":1,\"b\":\"b\",\"text\":\"x\"}", NULL }, { "{\"type\":[\"b\"],\"text\":\"x\"}", NULL },
    };
    size_t i, at;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        llmprov__frame_cutter f;
        frame_log log;
        char text[400], expected[400];
        sprintf(text, "data: %s\n\n", cases[i].whole);
        sprintf(expected, "|%s;", cases[i].kept ? cases[i].kept : cases[i].whole);
        frame_begin(&f, 1 << 20, &log);
        f.skip = skip;
        f.again = "a.done b";
        for (at = 0; at < strlen(text); at++) frame_piece(&f, text + at, 1, &log);
        frame_end(&f, true, &log);
        CHECK_STR(log.text, expected);
    }
}

// -- JSON lines -----------------------------------------------------------------------------

static void frame_lines(const char *text, size_t len, size_t limit, const char *expected, llmprov_status status) {
    int way;
    for (way = 0; way < 8; way++) {
        llmprov__frame_cutter f;
        frame_log log;
        size_t at, n;
        frame_begin(&f, limit, &log);
        f.framing = LLMPROV_FRAMING_NDJSON;
        for (at = 0; at < len; at += n) frame_piece(&f, text + at, n = test_cut(way, len - at), &log);
        frame_end(&f, true, &log);
        if (log.status == LLMPROV_ERR_NO_MEMORY) continue;
        CHECK_STR(log.text, expected);
        CHECK_INT(log.status, status);
    }
}

#define LINES(text, expected) frame_lines(text, sizeof text - 1, 1 << 20, expected, LLMPROV_OK)

TEST(frame_lines_of_json) {
    LINES("{\"a\":1}\n{\"b\":2}\r\n{}\n", "|{\"a\":1};|{\"b\":2};|{};");
    LINES("\n \n\r\n{}\n\n\t\n{}", "|{};|{};");                /* the last line needs no end */
    LINES("  {\"a\": \"b\"}\t\r\n", "|{\"a\": \"b\"};");
    LINES("{\r}\n", "|{\r};");                                   /* a CR alone ends no line */
    LINES("", "");
    LINES("\n\r\n", "");
}

TEST(frame_lines_have_a_limit) {
    frame_lines("{\"a\":1}\n{\"a\":12}\n", 17, 7, "|{\"a\":1};", LLMPROV_ERR_LIMIT);
    frame_lines("{\"a\":1234567890", 15, 7, "", LLMPROV_ERR_LIMIT);
}

// -- memory --------------------------------------------------------------------------------

/* A long line in many pieces, and its data until the empty line has come, need room once. */
TEST_NO_OOM(frame_holds_a_long_line_once) {
    enum { LONG = 3000 };
    static char stream[3 * (LONG + 20)];
    int way, n;
    char *to = stream;
    for (n = 0; n < 3; n++) {
        to += sprintf(to, "data: ");
        memset(to, 'a' + n, LONG);
        to += LONG;
        to += sprintf(to, "\n\n");
    }
    for (way = 1; way < 8; way++) {
        llmprov__frame_cutter f;
        frame_log log;
        size_t at, cut, len = (size_t)(to - stream);
        frame_begin(&f, 1 << 20, &log);
        test_memory.limit = test_memory.bytes + LONG * 3 / 2 + 200;
        for (at = 0; at < len; at += cut) frame_piece(&f, stream + at, cut = len - at < 40 ? len - at : test_cut(way, 40), &log);
        test_memory.limit = 0;
        frame_end(&f, true, &log);
        CHECK_INT(log.status, LLMPROV_OK);
        CHECK_INT(log.count, 3);
    }
}
