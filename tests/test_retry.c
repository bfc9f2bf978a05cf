/* >>retry: which failures are worth another try, and how long to wait. Pure functions, so tables are enough. */
#include "test.h"

enum { RETRY_NOTHING_ASKED = -1, RETRY_NOT_AGAIN = -1, RETRY_BACKOFF = -2 };

// -- what the provider asked for -----------------------------------------------------------

static int64_t retry_asked(const char *after, const char *after_ms, const char *date, int64_t unix_ms) {
    llmprov__http_head h;
    llmprov__mem_arena nothing = { { NULL, NULL }, NULL, 0, false };       /* no id is kept */
    llmprov__http_head_begin(&h);
    llmprov__http_head_line(&h, &nothing, "Retry-After", after);
    llmprov__http_head_line(&h, &nothing, "Retry-After-Ms", after_ms);
    llmprov__http_head_line(&h, &nothing, "Date", date);
    return llmprov__retry_asked(&h, unix_ms);
}

TEST_NO_OOM(retry_after_in_seconds) {
    CHECK_INT(retry_asked("0", "", "", 0), 0);
    CHECK_INT(retry_asked("1", "", "", 0), 1000);
    CHECK_INT(retry_asked("120", "", "", 0), 120000);
    CHECK_INT(retry_asked("1.5", "", "", 0), 1500);           /* some gateways send fractions */
    CHECK_INT(retry_asked("0.1234567890123456789", "", "", 0), 124);
    CHECK_INT(retry_asked(" 7 ", "", "", 0), 7000);
}

TEST_NO_OOM(retry_after_ms_stands_over_retry_after) {
    CHECK_INT(retry_asked("9", "250", "", 0), 250);
    CHECK_INT(retry_asked("", "250", "", 0), 250);
    CHECK_INT(retry_asked("9", "250.75", "", 0), 251);
    CHECK_INT(retry_asked("9", "0", "", 0), 0);
    CHECK_INT(retry_asked("9", "soon", "", 0), 9000);         /* malformed: as if it were not there */
}

TEST_NO_OOM(retry_after_that_is_malformed_is_ignored) {
    static const char *const bad[] = {
        "", " ", "12abc", "abc", "-1", "+1", "1e3", "0x10", ".", "1.2.3", "1 2", "1,5", "NaN", "inf", "soon", "12 s", "\t5x",
        "Sun, 06 Nov 1994 08:49:37 UTC", "06 Nov 1994 08:49:37 GMT", "Sun, 06 Nox 1994 08:49:37 GMT", "Sun, 06 Nov 08:49:37 GMT", "Sun, 06 1994 08:49:37 GMT", "Sun, 06 Nov 1994",
        "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 199x 08:49:37 GMT", "Sun, 06 Nov 1994 08-49-37 GMT", "Sun, 06 Nov 99999999999999999999 08:49:37 GMT", "Sun, , , GMT", "Sun,", "1.:", "1./",
        "Sun, 06 Nov 1994 08.49:37 GMT", "Sun, 06 Nov 1994 08:49.37 GMT", "Sun, 06 Nov 1994 x8:49:37 GMT", "Sun, 06 Nov 1994 08:x9:37 GMT", "Sun, 06 Nov 1994 08:49:x7 GMT",
        "Sun, 06 Nov 1994 +8:49:37 GMT", "Sun, 06 Nov 1994 0+:49:37 GMT", "Sun, 06 Nov xx94 08:49:37 GMT", "Sun, x6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 xx 08:49:37 GMT", "Sun, 0 Nov 1994 08:49:37 GMT", "Sun, x Nov 1994 08:49:37 GMT",
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(bad); i++) {
        if (!CHECK(retry_asked(bad[i], "", "Sun, 06 Nov 1994 08:49:30 GMT", 0) == RETRY_NOTHING_ASKED)) printf("    \"%s\"\n", bad[i]);
        if (strlen(bad[i]) < 20) CHECK_INT(retry_asked("", bad[i], "", 0), RETRY_NOTHING_ASKED);
    }
}

TEST_NO_OOM(retry_after_as_a_date) {
    const char *at = "Sun, 06 Nov 1994 08:49:37 GMT";
    int64_t ms = (int64_t)784111777 * 1000;
    CHECK_INT(retry_asked(at, "", "Sun, 06 Nov 1994 08:49:30 GMT", 0), 7000);
    CHECK_INT(retry_asked(at, "", "", ms - 30000), 30000);
    CHECK_INT(retry_asked(at, "", "Sun, 06 Nov 1994 08:49:30 GMT", ms - 30000), 30000);    /* the wall clock stands over the reply's Date */
    CHECK_INT(retry_asked(at, "", at, 0), 0);
    CHECK_INT(retry_asked(at, "", "Sun, 06 Nov 1994 09:49:30 GMT", 0), 0);                  /* long past */
    CHECK_INT(retry_asked(at, "", "", 0), RETRY_NOTHING_ASKED);                             /* nothing to measure against */
    CHECK_INT(retry_asked(at, "", "yesterday", 0), RETRY_NOTHING_ASKED);
    CHECK_INT(retry_asked("Thu, 29 Feb 2024 00:00:00 GMT", "", "Wed, 28 Feb 2024 23:59:59 GMT", 0), 1000);
    CHECK_INT(retry_asked("Fri, 01 Mar 2024 00:00:00 GMT", "", "Thu, 29 Feb 2024 23:59:59 GMT", 0), 1000);
    CHECK_INT(retry_asked("Fri, 01 Jan 2100 00:00:00 GMT", "", "Thu, 31 Dec 2099 23:59:59 GMT", 0), 1000);
}

/* RFC 9110 5.6.7: whoever reads dates takes the two old forms too. */
TEST_NO_OOM(retry_after_as_a_date_in_its_old_forms) {
    CHECK_INT(retry_asked("Friday, 06-Nov-26 08:49:37 GMT", "", "Fri, 06 Nov 2026 08:49:30 GMT", 0), 7000);
    CHECK_INT(retry_asked("Sun Nov  6 08:49:37 1994", "", "Sun, 06 Nov 1994 08:49:30 GMT", 0), 7000);
    CHECK_INT(retry_asked("Sun, 06 Nov 1994 08:49:37 GMT", "", "Sun Nov  6 08:49:30 1994", 0), 7000);
}

TEST_NO_OOM(retry_dates_are_seconds_since_1970) {
    static const struct { const char *text; int64_t seconds; } cases[] = {
        { "Thu, 01 Jan 1970 00:00:00 GMT", 0 }, { "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 }, { "Tue, 29 Feb 2000 12:00:00 GMT", 951825600 },
        { "Wed, 31 Dec 2025 23:59:60 GMT", 1767225600 }, { "Mon, 28 Feb 2101 00:00:00 GMT", 4138992000 }, { "Fri, 31 Dec 9999 23:59:59 GMT", 253402300799 },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) if (!CHECK_INT(llmprov__http_date(cases[i].text), cases[i].seconds)) printf("    %s\n", cases[i].text);
}

TEST_NO_OOM(retry_after_enormous_is_no_overflow) {
    CHECK(retry_asked("99999999999999999999999999999999", "", "", 0) > 1000000000000);
    CHECK(retry_asked("", "9999999999999999999999", "", 0) > 1000000000);
    CHECK(retry_asked("Fri, 31 Dec 9999 23:59:59 GMT", "", "Thu, 01 Jan 1970 00:00:00 GMT", 0) == (int64_t)253402300799 * 1000);
}

// -- is it worth it? -----------------------------------------------------------------------

static llmprov__retry_case retry_case(llmprov_status code, int http) {
    llmprov__retry_case c;
    memset(&c, 0, sizeof c);
    c.code = code;
    c.http_status = http;
    c.asked_ms = RETRY_NOTHING_ASKED;
    c.attempt = 1;
    c.max_retries = 2;
    c.cap_ms = 60000;
    return c;
}

TEST_NO_OOM(retry_is_worth_it_for_what_may_pass) {
    static const struct { llmprov_status code; int http; bool worth; } cases[] = {
        { LLMPROV_ERR_TIMEOUT, 408, true }, { LLMPROV_ERR_REQUEST, 409, true }, { LLMPROV_ERR_RATE_LIMIT, 429, true }, { LLMPROV_ERR_SERVER, 500, true },
        { LLMPROV_ERR_SERVER, 501, true }, { LLMPROV_ERR_SERVER, 502, true }, { LLMPROV_ERR_OVERLOADED, 503, true }, { LLMPROV_ERR_TIMEOUT, 504, true },
        { LLMPROV_ERR_TIMEOUT, 524, true }, { LLMPROV_ERR_OVERLOADED, 529, true }, { LLMPROV_ERR_SERVER, 599, true },
        { LLMPROV_ERR_TRANSPORT, 0, true }, { LLMPROV_ERR_TIMEOUT, 0, true }, { LLMPROV_ERR_TRUNCATED, 0, true }, { LLMPROV_ERR_OVERLOADED, 0, true },
        { LLMPROV_ERR_RATE_LIMIT, 0, true }, { LLMPROV_ERR_SERVER, 0, true },
        { LLMPROV_ERR_REQUEST, 400, false }, { LLMPROV_ERR_AUTH, 401, false }, { LLMPROV_ERR_FORBIDDEN, 403, false }, { LLMPROV_ERR_NOT_FOUND, 404, false },
        { LLMPROV_ERR_TOO_LONG, 413, false }, { LLMPROV_ERR_REQUEST, 422, false }, { LLMPROV_ERR_BAD_REPLY, 0, false }, { LLMPROV_ERR_BAD_JSON, 0, false },
        { LLMPROV_ERR_ARGUMENT, 0, false }, { LLMPROV_ERR_NO_MEMORY, 0, false }, { LLMPROV_ERR_LIMIT, 0, false }, { LLMPROV_ERR_CANCELLED, 0, false },
        { LLMPROV_ERR_UNSUPPORTED, 0, false }, { LLMPROV_ERR_NO_KEY, 0, false }, { LLMPROV_ERR_NO_PROVIDER, 0, false },
        /* the code knows better than the status */
        { LLMPROV_ERR_QUOTA, 429, false }, { LLMPROV_ERR_TOO_LONG, 429, false }, { LLMPROV_ERR_TOO_LONG, 400, false }, { LLMPROV_ERR_QUOTA, 500, false },
        { LLMPROV_ERR_CANCELLED, 503, false }, { LLMPROV_ERR_NO_MEMORY, 503, false }, { LLMPROV_ERR_LIMIT, 500, false },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        llmprov__retry_case c = retry_case(cases[i].code, cases[i].http);
        if (!CHECK(llmprov__retry_worth(&c) == cases[i].worth)) printf("    code %d, HTTP %d\n", (int)cases[i].code, cases[i].http);
        CHECK((llmprov__retry_delay(&c) >= 0) == cases[i].worth);
    }
}

TEST_NO_OOM(retry_obeys_x_should_retry_within_reason) {
    llmprov__retry_case c = retry_case(LLMPROV_ERR_REQUEST, 400);
    c.should_retry = LLMPROV_YES;
    CHECK(llmprov__retry_worth(&c));
    c = retry_case(LLMPROV_ERR_SERVER, 500);
    c.should_retry = LLMPROV_NO;
    CHECK(!llmprov__retry_worth(&c));
    c = retry_case(LLMPROV_ERR_QUOTA, 429);
    c.should_retry = LLMPROV_YES;
    CHECK(!llmprov__retry_worth(&c));
    c = retry_case(LLMPROV_ERR_CANCELLED, 0);
    c.should_retry = LLMPROV_YES;
    CHECK(!llmprov__retry_worth(&c));
}

// -- how long, and how often ---------------------------------------------------------------

TEST_NO_OOM(retry_stops_for_good_reasons) {
    llmprov__retry_case c = retry_case(LLMPROV_ERR_SERVER, 500);
    CHECK(llmprov__retry_delay(&c) > 0);
    c.output = true;                                          /* something of the answer has been shown */
    CHECK_INT(llmprov__retry_delay(&c), RETRY_NOT_AGAIN);
    c.output = false;
    c.spent = true;                                           /* the body cannot be sent again */
    CHECK_INT(llmprov__retry_delay(&c), RETRY_NOT_AGAIN);
    c.spent = false;
    c.attempt = 2;
    CHECK(llmprov__retry_delay(&c) > 0);
    c.attempt = 3;
    CHECK_INT(llmprov__retry_delay(&c), RETRY_NOT_AGAIN);
    c.attempt = 1;
    c.max_retries = 0;
    CHECK_INT(llmprov__retry_delay(&c), RETRY_NOT_AGAIN);
}

TEST_NO_OOM(retry_waits_as_asked_up_to_the_cap) {
    static const struct { int64_t asked, cap, expected; } cases[] = {
        { 3000, 60000, 3000 }, { 60000, 60000, 60000 }, { 60001, 60000, RETRY_BACKOFF }, { 1, 60000, 1 }, { 0, 60000, RETRY_BACKOFF }, { -1, 60000, RETRY_BACKOFF },
        { 3000, 1000, RETRY_BACKOFF }, { 3600000, 7200000, 3600000 }, { 3000, 0, RETRY_BACKOFF }, { 3000, -1, RETRY_BACKOFF }, { INT64_MAX, 60000, RETRY_BACKOFF },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        llmprov__retry_case c = retry_case(LLMPROV_ERR_RATE_LIMIT, 429);
        int64_t delay;
        c.asked_ms = cases[i].asked;
        c.cap_ms = cases[i].cap;
        delay = llmprov__retry_delay(&c);
        if (cases[i].expected == RETRY_BACKOFF) CHECK(delay > 375 && delay <= 500);
        else CHECK_INT(delay, cases[i].expected);
    }
}

TEST_NO_OOM(retry_backoff_doubles_up_to_eight_seconds_less_a_quarter) {
    static const int64_t most[] = { 500, 1000, 2000, 4000, 8000, 8000, 8000 };
    uint32_t seed;
    int attempt;
    for (attempt = 1; attempt <= 7; attempt++)
        for (seed = 0; seed < 2000; seed++) {
            llmprov__retry_case c = retry_case(LLMPROV_ERR_SERVER, 500);
            int64_t ms;
            c.attempt = attempt;
            c.max_retries = 100;
            c.seed = seed * 2654435761u;
            ms = llmprov__retry_delay(&c);
            if (!CHECK(ms <= most[attempt - 1] && ms >= most[attempt - 1] * 3 / 4)) return;
            CHECK_INT(ms, llmprov__retry_delay(&c));
        }
}

/* A thousand clients that failed together do not come back together. */
TEST_NO_OOM(retry_jitter_spreads) {
    int buckets[10] = { 0 }, i;
    uint32_t seed;
    for (seed = 0; seed < 1000; seed++) {
        llmprov__retry_case c = retry_case(LLMPROV_ERR_SERVER, 500);
        int64_t ms;
        c.seed = seed;
        ms = llmprov__retry_delay(&c);
        i = (int)((500 - ms) * 10 / 126);
        if (CHECK(i >= 0 && i < 10)) buckets[i]++;
    }
    for (i = 0; i < 10; i++) CHECK(buckets[i] > 50 && buckets[i] < 200);
}

TEST_NO_OOM(retry_attempt_numbers_at_the_edge) {
    llmprov__retry_case c = retry_case(LLMPROV_ERR_SERVER, 500);
    c.max_retries = 2147483647;
    c.attempt = 2147483647;
    c.seed = 4294967295u;
    CHECK(llmprov__retry_delay(&c) >= 6000 && llmprov__retry_delay(&c) <= 8000);
}
