/* >>err: the texts of statuses, sentences, the list of warnings. */
#include "test.h"

static const llmprov_error err_none = { .provider = "", .provider_code = "", .param = "", .request_id = "", .message = "", .raw = "" };

static llmprov__mem_arena err_arena(void) {
    llmprov__mem_arena a = { { NULL, NULL }, NULL, 0, false };
    a.alloc = test_alloc();
    return a;
}

TEST_NO_OOM(err_every_status_has_a_sentence_of_its_own) {
    int i, j;
    for (i = 0; i < LLMPROV_STATUS_COUNT; i++) {
        const char *text = llmprov_status_text((llmprov_status)i);
        NEED(text && *text);
        for (j = 0; j < i; j++) CHECK(strcmp(text, llmprov_status_text((llmprov_status)j)));
    }
    CHECK_STR(llmprov_status_text(LLMPROV_OK), "ok");
}

TEST_NO_OOM(err_numbers_that_are_no_status_have_a_sentence_too) {
    static const int odd[] = { -1, LLMPROV_STATUS_COUNT, 1000, 2147483647, -2147483647 - 1 };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(odd); i++) {
        llmprov_status status = (llmprov_status)odd[i];
        if (i && (int)status == LLMPROV_OK) continue;         /* an enum of one byte (-fshort-enums) holds the last byte */
        CHECK_STR(llmprov_status_text(status), "unknown status");
    }
}

/* The numbers are part of the interface: the list grows at its end only. */
TEST_NO_OOM(err_the_numbers_of_statuses_stay) {
    CHECK_INT(LLMPROV_OK, 0);
    CHECK_INT(LLMPROV_ERR_ARGUMENT, 1);
    CHECK_INT(LLMPROV_ERR_NO_MEMORY, 2);
    CHECK_INT(LLMPROV_ERR_TRUNCATED, 9);
    CHECK_INT(LLMPROV_ERR_AUTH, 13);
    CHECK_INT(LLMPROV_ERR_SERVER, 21);
    CHECK(LLMPROV_STATUS_COUNT >= 22);
}

TEST_NO_OOM(err_the_version_is_that_of_the_header) {
    char text[40];
    sprintf(text, "%d.%d.%d", LLMPROV_VERSION_MAJOR, LLMPROV_VERSION_MINOR, LLMPROV_VERSION_PATCH);
    CHECK_STR(llmprov_version(), LLMPROV_VERSION);
    CHECK_STR(llmprov_version(), text);
}

TEST(err_a_text_is_freed_and_zeroed) {
    llmprov_writer w = { .alloc = test_alloc() };
    llmprov_text text = { NULL, 0, { NULL, NULL } };
    llmprov_history h = { .alloc = test_alloc() };
    llmprov_text_free(&text);                                 /* {0} is legal */
    llmprov_text_free(NULL);
    if (llmprov_history_save(&h, &text) == LLMPROV_OK) {
        CHECK_STR(text.ptr, "{\"messages\":[]}");
        CHECK_INT(text.len, strlen(text.ptr));
    } else CHECK(false);
    llmprov_text_free(&text);
    CHECK_ALWAYS(!text.ptr && !text.len);
    llmprov_text_free(&text);                                 /* twice too */
    llmprov_writer_free(&w);
    llmprov_history_free(&h);
}

TEST(err_join_puts_pieces_together) {
    llmprov__mem_arena a = err_arena();
    CHECK_STR(llmprov__err_join(&a, "one ", "", "two", (char *)NULL), "one two");
    CHECK_STR(llmprov__err_join(&a, (char *)NULL), "");
    llmprov__mem_arena_free(&a);
}

/* More pieces than anything here has: cut in the middle of a sentence it must not be. */
TEST(err_join_takes_sixteen_pieces) {
    llmprov__mem_arena a = err_arena();
    CHECK_STR(llmprov__err_join(&a, "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", (char *)NULL), "abcdefghijklmnop");
    llmprov__mem_arena_free(&a);
}

TEST(err_set_keeps_the_first_failure) {
    llmprov__mem_arena a = err_arena();
    llmprov_error e = err_none;
    CHECK_INT(llmprov__err_say(&e, &a, LLMPROV_ERR_ARGUMENT, "field", ": ", "bad", (char *)NULL), LLMPROV_ERR_ARGUMENT);
    CHECK_STR(e.message, "field: bad");
    CHECK_INT(llmprov__err_say(&e, &a, LLMPROV_ERR_SERVER, "later", (char *)NULL), LLMPROV_ERR_ARGUMENT);
    CHECK_STR(e.message, "field: bad");
    CHECK(!e.retryable);
    CHECK_ALWAYS(e.code == LLMPROV_ERR_ARGUMENT && e.message && *e.message);        /* without memory: the status's own text */
    llmprov__mem_arena_free(&a);
}

TEST_NO_OOM(err_set_needs_no_memory_to_say_that_there_is_none) {
    llmprov_error e = err_none;
    CHECK_INT(llmprov__err_set(&e, LLMPROV_ERR_NO_MEMORY), LLMPROV_ERR_NO_MEMORY);
    CHECK_STR(e.message, llmprov_status_text(LLMPROV_ERR_NO_MEMORY));
}

TEST_NO_OOM(err_clear_leaves_no_null) {
    llmprov_error e;
    memset(&e, 0xff, sizeof e);
    llmprov__err_clear(&e);
    CHECK(!e.code && !e.http_status && !e.retry_after_ms && !e.retryable && !e.raw_len && !e.offset);
    CHECK(!*e.provider && !*e.provider_code && !*e.param && !*e.request_id && !*e.message && !*e.raw);
}

TEST_NO_OOM(err_retryable_is_what_may_pass_by_itself) {
    static const llmprov_status yes[] = { LLMPROV_ERR_TRANSPORT, LLMPROV_ERR_TIMEOUT, LLMPROV_ERR_TRUNCATED, LLMPROV_ERR_RATE_LIMIT, LLMPROV_ERR_OVERLOADED, LLMPROV_ERR_SERVER };
    int i, count = 0;
    size_t j;
    for (i = 0; i < LLMPROV_STATUS_COUNT; i++) count += llmprov__err_retryable((llmprov_status)i);
    CHECK_INT(count, LLMPROV__COUNT(yes));
    for (j = 0; j < LLMPROV__COUNT(yes); j++) CHECK(llmprov__err_retryable(yes[j]));
}

TEST_NO_OOM(err_int_prints_numbers) {
    CHECK_STR(llmprov__err_int(0).text, "0");
    CHECK_STR(llmprov__err_int(INT64_MIN).text, "-9223372036854775808");
}

TEST(err_warnings_grow_and_are_copied) {
    llmprov__mem_arena a = err_arena();
    llmprov__err_warnings list = { NULL, 0, 0 };
    char field[16], text[16];
    size_t i;
    for (i = 0; i < 100; i++) {
        sprintf(field, "f%d", (int)i);
        sprintf(text, "t%d", (int)i);
        llmprov__err_warn(&list, &a, i % 2 ? LLMPROV_ERR_UNSUPPORTED : LLMPROV_ERR_ARGUMENT, field, text);
    }
    CHECK_INT(list.count, 100);
    for (i = 0; i < list.count; i++) CHECK_ALWAYS(list.items[i].field[0] == 'f' && list.items[i].text[0] == 't' && list.items[i].code);
    if (list.count == 100) {
        CHECK_STR(list.items[99].field, "f99");
        CHECK_STR(list.items[0].text, "t0");
        CHECK_INT(list.items[1].code, LLMPROV_ERR_UNSUPPORTED);
    }
    CHECK_ALWAYS(list.count == 100 || a.failed);              /* a warning that is lost has a failure to show for it */
    llmprov__mem_arena_free(&a);
}

/* A field or a text that could not be put together is no warning but a lack of memory. */
TEST_NO_OOM(err_warnings_without_a_field_or_text) {
    static const struct { const char *field, *text; } cases[] = { { NULL, "t" }, { "f", NULL } };
    size_t i;
    for (i = 0; i < 2; i++) {
        llmprov__mem_arena a = err_arena();
        llmprov__err_warnings list = { NULL, 0, 0 };
        llmprov__err_warn(&list, &a, LLMPROV_ERR_ARGUMENT, cases[i].field, cases[i].text);
        CHECK(!list.count && a.failed);
        llmprov__mem_arena_free(&a);
    }
}

static int err_level;
static char err_said[64];
static void err_listen(void *user, int level, const char *room, const char *text) {
    *(int *)user += 1;
    err_level = level;
    sprintf(err_said, "%.20s: %.40s", room, text);
}

TEST_NO_OOM(err_the_log_is_silent_without_a_function) {
    llmprov_log log = { NULL, NULL };
    int calls = 0;
    llmprov__err_log(&log, 0, "call", "text");
    log.fn = err_listen;
    log.user = &calls;
    llmprov__err_log(&log, 2, "call", "text");
    CHECK_INT(calls, 1);
    CHECK_INT(err_level, 2);
    CHECK_STR(err_said, "call: text");
}
