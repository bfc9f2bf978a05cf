/* All tests in one program. build/tests.inc is made by the Makefile from the files tests/test_*.c: what to include,
   and, with TEST_TABLE, what to run. How tests are written stands in test.h. */
#define LLMPROV_IMPLEMENTATION
#define LLMPROV_EXTEND
#include "../llmprov.h"
#include "test.h"

#include <locale.h>
#include <signal.h>

#ifndef TEST_LIST
#define TEST_LIST "../build/tests.inc"
#endif
#include TEST_LIST

/* Allocation failures of one test, and with TEST_LONG set; TEST_RUNS says another number. */
enum { MOST_RUNS = 250, MOST_LONG_RUNS = 2000 };

static const struct test_entry {
    const char *name;
    void (*body)(void);
    bool oom;
} tests[] = {
#define TEST_TABLE
#include TEST_LIST
    { NULL, NULL, false }
};

static unsigned long oom_runs;

/* A body from nothing, with one allocation refused (0 = none). */
static void run(const struct test_entry *t, unsigned long fail_at) {
    memset(&test_memory, 0, sizeof test_memory);
    test_memory.fail_at = fail_at;
    test_now.oom = fail_at != 0;
    test_now.random = 88172645463325252u;
    t->body();
    test_end_memory();
}

static unsigned long most_runs(void) {
    const char *runs = getenv("TEST_RUNS");
    unsigned long most = runs ? strtoul(runs, NULL, 10) : 0;
    return most ? most : getenv("TEST_LONG") ? MOST_LONG_RUNS : MOST_RUNS;
}

/* Every allocation in turn, or evenly spread ones, until the body fails. */
static void run_without_memory(const struct test_entry *t, unsigned long allocations) {
    unsigned long most = most_runs(), step = (allocations + most - 1) / most + !allocations, n;
    for (n = (step + 1) / 2; n <= allocations && !test_now.failures; n += step) {
        run(t, n);
        oom_runs++;
    }
}

static void run_test(const struct test_entry *t, unsigned long only) {
    long checks;
    test_now.name = t->name;
    test_now.failures = 0;
    test_now.skipped = false;
    if (only) {
        run(t, only);
        return;
    }
    run(t, 0);
    checks = test_now.checks;
    if (t->oom && !test_now.failures && !test_now.skipped) run_without_memory(t, test_memory.calls);
    test_now.checks = checks;
}

#ifndef TEST_SANITIZER
/* A crash at least says where it was. */
static void crashed(int number) {
    signal(number, SIG_DFL);
    test_fail("crash", number, "signal %d", number);
    raise(number);
}
#endif

int main(int argc, char **argv) {
    const char *part = argc > 1 ? argv[1] : "";
    unsigned long only = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    const struct test_entry *t;
    int ran = 0, failed = 0;
#ifndef TEST_SANITIZER
    signal(SIGSEGV, crashed);
    signal(SIGABRT, crashed);
    signal(SIGFPE, crashed);
#endif
    if (getenv("TEST_LOCALE") && !setlocale(LC_ALL, getenv("TEST_LOCALE"))) {
        printf("there is no locale %s\n", getenv("TEST_LOCALE"));
        return 2;
    }
    for (t = tests; t->name; t++) {
        if (!strstr(t->name, part)) continue;
        run_test(t, only);
        ran++;
        failed += test_now.failures != 0;
    }
    if (!ran) printf("no test has \"%s\" in its name\n", part);
    printf("%d tests, %ld checks, %lu allocation-failure runs, %d failed\n", ran, test_now.checks, oom_runs, failed);
    return failed || !ran;
}
