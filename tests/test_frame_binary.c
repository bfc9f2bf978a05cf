/* >>frame: AWS's binary event stream out of bytes in any cuts. */
#include "events.h"

/* The frames as text: "!" before one that failed, event|data, and an error's sentence in parentheses. */
typedef struct binary_log { engine_text text; llmprov_status status; const char *why; int count; } binary_log;

static void binary_note(binary_log *log, const llmprov_frame *frame) {
    log->count++;
    if (frame->failed) engine_adds(&log->text, "!");
    engine_add(&log->text, frame->event.ptr, frame->event.len);
    engine_adds(&log->text, "|");
    engine_add(&log->text, frame->data.ptr, frame->data.len);
    if (frame->message.len) {
        engine_adds(&log->text, "(");
        engine_add(&log->text, frame->message.ptr, frame->message.len);
        engine_adds(&log->text, ")");
    }
    engine_adds(&log->text, ";");
}

/* One piece from memory of its own, which is gone afterwards. */
static void binary_piece(llmprov__frame_cutter *f, const char *p, size_t len, binary_log *log) {
    char *copy = (char *)malloc(len ? len : 1);
    const char *at = copy;
    llmprov_frame frame;
    if (!copy) exit(3);
    if (len) memcpy(copy, p, len);
    while (at < copy + len && llmprov__frame_next(f, &at, copy + len, &frame)) binary_note(log, &frame);
    memset(copy, 0xd5, len);
    free(copy);
}

static void binary_begin(llmprov__frame_cutter *f, size_t limit, binary_log *log) {
    llmprov_alloc alloc = test_alloc();
    memset(log, 0, sizeof *log);
    engine_add(&log->text, "", 0);
    llmprov__frame_init(f, &alloc, limit);
    f->framing = LLMPROV_FRAMING_EVENTSTREAM;
}

static void binary_end(llmprov__frame_cutter *f, binary_log *log) {
    llmprov_frame frame;
    CHECK(!llmprov__frame_last(f, &frame));
    log->status = f->status;
    log->why = f->why;
    llmprov__frame_free(f);
}

/* A stream in the n-th way of cutting; with way -1 - k in two pieces, the border at k. */
static binary_log binary_read(const char *p, size_t len, int way, size_t limit) {
    llmprov__frame_cutter f;
    binary_log log;
    size_t at, n;
    binary_begin(&f, limit, &log);
    for (at = 0; at < len; at += n) {
        n = way >= 0 ? test_cut(way, len - at) : at ? len - at : (size_t)(-1 - way);
        if (!n || n > len - at) n = len - at;
        binary_piece(&f, p + at, n, &log);
    }
    binary_end(&f, &log);
    return log;
}

/* In every way: the same frames, and the same end. */
static void binary_all(const engine_text *s, const char *expected, llmprov_status status, const char *why) {
    int way;
    for (way = 7; way >= -1 - (int)s->len; way--) {
        binary_log log = binary_read(s->ptr, s->len, way, 1 << 20);
        bool good = log.status == status && !strcmp(log.text.ptr, expected) && (!why || !strcmp(log.why, why));
        if (log.status == LLMPROV_ERR_NO_MEMORY) CHECK_ALWAYS(!strncmp(log.text.ptr, expected, log.text.len));
        else if (!CHECK(good)) printf("    way %d: %d %s\n    %s\n    %s\n", way, (int)log.status, log.why, log.text.ptr, expected);
        engine_text_free(&log.text);
        if (test_now.oom && way == 0) break;
    }
}

static engine_text binary_unhex(const char *hex) {
    engine_text t = { NULL, 0, 0 };
    for (engine_add(&t, "", 0); *hex; hex += 2) {
        unsigned byte;
        if (sscanf(hex, "%2x", &byte) != 1) exit(3);
        events_number(&t, byte, 1);
    }
    return t;
}

// -- what is read --------------------------------------------------------------------------

TEST(frame_binary_events_exceptions_and_errors) {
    engine_text s = { NULL, 0, 0 };
    events_event(&s, "messageStart", "{\"role\":\"assistant\"}");
    events_event(&s, "contentBlockDelta", "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"Hi\"}}");
    events_exception(&s, "throttlingException", "{\"message\":\"slow down\"}");
    events_error(&s, "InternalError", "boom");
    binary_all(&s, "messageStart|{\"role\":\"assistant\"};contentBlockDelta|{\"contentBlockIndex\":0,\"delta\":{\"text\":\"Hi\"}};"
               "!throttlingException|{\"message\":\"slow down\"};!InternalError|(boom);", LLMPROV_OK, NULL);
    engine_text_free(&s);
}

/* By hand, after the layout of the specification. */
TEST(frame_binary_of_known_bytes) {
    engine_text s = binary_unhex("000000100000000005c248eb7d98c8ff"                          /* nothing at all */
                                 "0000001d00000000fd528c5a" "7b27666f6f273a27626172277d" "c3653936");      /* {'foo':'bar'} */
    binary_all(&s, "|;|{'foo':'bar'};", LLMPROV_OK, NULL);
    engine_text_free(&s);
}

TEST(frame_binary_headers_of_all_types) {
    engine_text s = { NULL, 0, 0 }, h = { NULL, 0, 0 };
    events_header(&h, "yes", 0, "", 0);
    events_header(&h, "no", 1, "", 0);
    events_header(&h, "byte", 2, "\x7f", 1);
    events_header(&h, "short", 3, "\x01\x02", 2);
    events_header(&h, "int", 4, "\x01\x02\x03\x04", 4);
    events_header(&h, "long", 5, "12345678", 8);
    events_header(&h, "bytes", 6, "\0\1\2", 3);
    events_header(&h, ":event-type", 7, "chunk", 5);
    events_header(&h, "when", 8, "12345678", 8);
    events_header(&h, "uuid", 9, "1234567890123456", 16);
    events_header(&h, "empty", 7, "", 0);
    events_message(&s, &h, "x", 1);
    h.len = 0;
    events_header(&h, ":event-type", 6, "chunk", 5);          /* bytes are no text */
    events_message(&s, &h, "y", 1);
    binary_all(&s, "chunk|x;|y;", LLMPROV_OK, NULL);
    engine_text_free(&s);
    engine_text_free(&h);
}

// -- what is refused -----------------------------------------------------------------------

/* No flipped bit goes unseen, and what came before stays. */
TEST_NO_OOM(frame_binary_sees_every_flipped_bit) {
    engine_text s = { NULL, 0, 0 };
    size_t first, i;
    int bit, way;
    events_event(&s, "a", "{\"x\":1}");
    first = s.len;
    events_event(&s, "b", "{\"y\":2}");
    for (i = 0; i < s.len; i++)
        for (bit = 0; bit < 8; bit++)
            for (way = 0; way < 3; way++) {
                binary_log log;
                s.ptr[i] = (char)(s.ptr[i] ^ 1 << bit);
                log = binary_read(s.ptr, s.len, way, 1 << 20);
                CHECK_INT(log.status, LLMPROV_ERR_BAD_REPLY);
                CHECK_STR(log.text.ptr, i < first ? "" : "a|{\"x\":1};");
                CHECK_STR(log.why, i % first < 12 ? "the checksum of its lengths is wrong" : "its checksum is wrong");
                engine_text_free(&log.text);
                s.ptr[i] = (char)(s.ptr[i] ^ 1 << bit);
            }
    engine_text_free(&s);
}

TEST_NO_OOM(frame_binary_cut_anywhere) {
    engine_text s = { NULL, 0, 0 };
    size_t first, len;
    events_event(&s, "a", "{\"x\":1}");
    first = s.len;
    events_event(&s, "b", "{\"y\":2}");
    for (len = 0; len <= s.len; len++) {
        binary_log log = binary_read(s.ptr, len, 2, 1 << 20);
        bool whole = len == 0 || len == first || len == s.len;
        CHECK_INT(log.status, whole ? LLMPROV_OK : LLMPROV_ERR_TRUNCATED);
        CHECK_STR(log.text.ptr, len < first ? "" : len < s.len ? "a|{\"x\":1};" : "a|{\"x\":1};b|{\"y\":2};");
        if (!whole) CHECK_STR(log.why, "the stream ended in the middle of it");
        engine_text_free(&log.text);
    }
    engine_text_free(&s);
}

TEST(frame_binary_lengths_that_cannot_be) {
    static const struct { uint32_t total, headers; llmprov_status status; const char *why; } cases[] = {
        { 0xFFFFFFFFu, 0, LLMPROV_ERR_LIMIT, "it is longer than limits.max_event_bytes" },
        { 0xFFFFFFFFu, 0xFFFFFFEFu, LLMPROV_ERR_LIMIT, "it is longer than limits.max_event_bytes" },
        { 0xFFFFFFFFu, 0xFFFFFFF0u, LLMPROV_ERR_BAD_REPLY, "its lengths contradict each other" },
        { (1u << 20) + 1, 0, LLMPROV_ERR_LIMIT, "it is longer than limits.max_event_bytes" },
        { 15, 0, LLMPROV_ERR_BAD_REPLY, "its lengths contradict each other" },
        { 0, 0, LLMPROV_ERR_BAD_REPLY, "its lengths contradict each other" },
        { 16, 1, LLMPROV_ERR_BAD_REPLY, "its lengths contradict each other" },
        { 40, 25, LLMPROV_ERR_BAD_REPLY, "its lengths contradict each other" },
    };
    engine_text none = { NULL, 0, 0 };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        engine_text s = { NULL, 0, 0 };
        events_event(&s, "a", "{}");
        events_told(&s, cases[i].total, cases[i].headers, &none, "", 0);
        binary_all(&s, "a|{};", cases[i].status, cases[i].why);
        engine_text_free(&s);
    }
}

/* Each header that runs over the end of the headers, and a type that nobody knows. */
TEST(frame_binary_headers_that_are_broken) {
    static const struct { const char *bytes; size_t len; } cases[] = {
        { "\0\7\0\1x", 5 }, { "\5ab", 3 }, { "\2ab", 3 }, { "\2ab\12", 4 }, { "\2ab\7", 4 }, { "\2ab\7\0", 5 }, { "\2ab\7\0\2x", 7 },
        { "\2ab\7\377\377x", 7 }, { "\2ab\2", 4 }, { "\2ab\4xyz", 7 }, { "\2ab\11123456789012345", 19 }, { "\1", 1 }, { "\377", 1 },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        engine_text s = { NULL, 0, 0 }, h = { NULL, 0, 0 };
        events_string(&h, ":event-type", "x");
        engine_add(&h, cases[i].bytes, cases[i].len);
        events_event(&s, "a", "{}");
        events_message(&s, &h, "{\"more\":\"than enough to run into\"}", 34);
        binary_all(&s, "a|{};", LLMPROV_ERR_BAD_REPLY, "one of its headers is broken");
        engine_text_free(&s);
        engine_text_free(&h);
    }
}

TEST_NO_OOM(frame_binary_limit_to_the_byte) {
    engine_text s = { NULL, 0, 0 };
    int way;
    events_event(&s, "a", "{\"x\":12345678901234567890}");
    for (way = 0; way < 8; way++) {
        binary_log fits = binary_read(s.ptr, s.len, way, s.len), over = binary_read(s.ptr, s.len, way, s.len - 1);
        CHECK_INT(fits.status, LLMPROV_OK);
        CHECK_INT(fits.count, 1);
        CHECK_INT(over.status, LLMPROV_ERR_LIMIT);
        CHECK_INT(over.count, 0);
        engine_text_free(&fits.text);
        engine_text_free(&over.text);
    }
    engine_text_free(&s);
}

/* After a failure nothing more is read, and a length alone costs no memory. */
TEST_NO_OOM(frame_binary_after_a_failure_gives_nothing) {
    llmprov__frame_cutter f;
    binary_log log;
    engine_text s = { NULL, 0, 0 }, none = { NULL, 0, 0 };
    events_told(&s, 1 << 20, 0, &none, "", 0);
    binary_begin(&f, 1 << 20, &log);
    binary_piece(&f, s.ptr, 12, &log);
    CHECK(test_memory.peak < 1000);
    binary_end(&f, &log);
    CHECK_INT(log.status, LLMPROV_ERR_TRUNCATED);
    engine_text_free(&log.text);
    s.len = 0;
    events_event(&s, "a", "{}");
    s.ptr[20] ^= 1;
    binary_begin(&f, 1 << 20, &log);
    binary_piece(&f, s.ptr, s.len, &log);
    s.ptr[20] ^= 1;
    binary_piece(&f, s.ptr, s.len, &log);
    CHECK_INT(log.count, 0);
    binary_end(&f, &log);
    CHECK_INT(log.status, LLMPROV_ERR_BAD_REPLY);
    engine_text_free(&log.text);
    engine_text_free(&s);
}

// -- no copies, no memory ------------------------------------------------------------------

TEST_NO_OOM(frame_binary_in_one_piece_is_a_view) {
    llmprov__frame_cutter f;
    binary_log log;
    llmprov_frame frame;
    engine_text s = { NULL, 0, 0 };
    const char *at;
    size_t first;
    events_event(&s, "a", "{\"x\":1}");
    first = s.len;
    events_event(&s, "b", "{\"y\":2}");
    binary_begin(&f, 1000, &log);
    at = s.ptr;
    CHECK(llmprov__frame_next(&f, &at, s.ptr + s.len, &frame) && at == s.ptr + first && frame.data.ptr == s.ptr + first - 11);
    CHECK(llmprov__frame_next(&f, &at, s.ptr + s.len, &frame) && at == s.ptr + s.len && frame.data.ptr == s.ptr + s.len - 11);
    CHECK(!llmprov__frame_next(&f, &at, s.ptr + s.len, &frame));
    CHECK_INT(test_memory.calls, 0);
    binary_end(&f, &log);
    CHECK_INT(log.status, LLMPROV_OK);
    engine_text_free(&log.text);
    engine_text_free(&s);
}

TEST_NO_OOM(frame_binary_buffers_are_used_again) {
    llmprov__frame_cutter f;
    binary_log log;
    engine_text s = { NULL, 0, 0 };
    unsigned long warm = 0;
    int i;
    events_event(&s, "a", "{\"x\":1}");
    binary_begin(&f, 1000, &log);
    for (i = 0; i < 500; i++) {
        binary_piece(&f, s.ptr, 30, &log);
        binary_piece(&f, s.ptr + 30, s.len - 30, &log);
        if (i == 10) warm = test_memory.calls;
    }
    CHECK_INT(log.count, 500);
    CHECK_INT(test_memory.calls, warm);
    binary_end(&f, &log);
    engine_text_free(&log.text);
    engine_text_free(&s);
}
