/* The harness of the tests. A file tests/test_<room>.c looks like this:

       #include "test.h"

       TEST(room_what_it_shows) {                          one story; its name starts with the room
           llmprov_history h = { .alloc = test_alloc() };  everything allocates here
           OK(llmprov_history_load(&h, text, len, NULL));  a status that must be LLMPROV_OK
           CHECK_INT(h.message_count, 2);                  got, expected; a failure is printed and the test goes on
           llmprov_history_free(&h);
       }

   The Makefile finds the tests by the lines that begin with TEST( or TEST_NO_OOM( and puts all files into one program,
   so helpers are static and bear the room's name too. Private names of the header are visible.

   Each body runs once as it stands, and then again and again with its 1st, 2nd, 3rd ... allocation refused (500
   of them, spread evenly, when there are more; 2000 with TEST_LONG set). So a body must begin from nothing, and end with nothing
   allocated on every way out. In those runs:
     - until the refusal all checks count. After it only CHECK_ALWAYS does: things may be missing, but must not be wrong;
     - OK leaves the test when the status is LLMPROV_ERR_NO_MEMORY; any other failure is a failure then too;
     - NEED leaves the test when its condition is false: say it before a pointer is followed;
     - OK_OR and NEED_OR go to a label instead, for bodies that have something to free:

           OK_OR(llmprov_chat(ai, &req, &r), done);
       done:
           llmprov_response_free(&r);
           llmprov_close(ai);

   TEST_NO_OOM(name) runs once only: for bodies that read big files, or allocate nothing here. SKIP(reason) leaves.

       build/test                 everything
       build/test history         the tests whose name contains "history"
       build/test history 17      those, only with allocation 17 refused: for the debugger
       make build/test TEST_FLAGS="-g -O0"          for a debugger; make test has the tests in two programs that run at once */
#ifndef TEST_H
#define TEST_H

#include "../llmprov.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// -- what is known about the running test --------------------------------------------------

typedef struct test_block {
    struct test_block *before, *after;
    size_t size;
    unsigned long number;        /* which allocation it was, from 1                                          */
    uint64_t mark[2];            /* TEST_LIVE twice                                                          */
} test_block;

/* What the allocator saw since the body began. */
typedef struct test_memory_state {
    unsigned long calls;         /* allocations and growths that were asked for                              */
    unsigned long refused;       /* of them                                                                  */
    unsigned long fail_at;       /* this one is refused; 0 = none                                            */
    size_t limit;                /* more bytes than this are refused; 0 = no limit                           */
    size_t live, bytes, peak;    /* blocks and bytes in use, and the most bytes there were                   */
    test_block *first;
} test_memory_state;

typedef struct test_state {
    const char *name;
    bool oom;                    /* a run with a refusal                                                     */
    bool skipped;
    int failures;                /* of this test                                                             */
    long checks;
    uint64_t random;
} test_state;

static test_memory_state test_memory;
static test_state test_now;

static inline bool test_excused(void) { return test_now.oom && test_memory.refused; }

/* Prints one failure; always returns false. */
static inline bool test_fail(const char *file, int line, const char *format, ...) {
    va_list list;
    if (test_now.failures++ > 9) return false;
    printf("%s:%d: %s", file, line, test_now.name);
    if (test_now.oom) printf(" (allocation %lu refused)", test_memory.fail_at);
    printf(": ");
    va_start(list, format);
    vprintf(format, list);
    va_end(list);
    printf("\n");
    fflush(stdout);
    return false;
}

// -- the allocator -------------------------------------------------------------------------

#define TEST_LIVE 0x6c69766521a5c33cu
enum { TEST_EDGE = 16, TEST_HEAD = (sizeof(test_block) + 15) / 16 * 16 };

static inline void *test_block_new(size_t size) {
    char *base = (char *)malloc(TEST_HEAD + size + TEST_EDGE);
    test_block *b = (test_block *)(void *)base;
    if (!base) exit(3);
    b->size = size;
    b->number = test_memory.calls;
    b->mark[0] = b->mark[1] = TEST_LIVE;
    b->before = NULL;
    b->after = test_memory.first;
    if (b->after) b->after->before = b;
    test_memory.first = b;
    test_memory.live++;
    test_memory.bytes += size;
    if (test_memory.bytes > test_memory.peak) test_memory.peak = test_memory.bytes;
    memset(base + TEST_HEAD, 0xa5, size);
    memset(base + TEST_HEAD + size, 0x5a, TEST_EDGE);
    return base + TEST_HEAD;
}

/* Whether both edges of a block are as they were made. */
static inline bool test_block_sound(const test_block *b) {
    const unsigned char *edge = (const unsigned char *)b + TEST_HEAD + b->size;
    int i;
    if (b->mark[0] != TEST_LIVE || b->mark[1] != TEST_LIVE)
        return test_fail(__FILE__, __LINE__, "freed twice, never allocated, or written before its beginning");
    for (i = 0; i < TEST_EDGE; i++)
        if (edge[i] != 0x5a) return test_fail(__FILE__, __LINE__, "allocation %lu, %lu bytes: written %d bytes after its end",
                                              b->number, (unsigned long)b->size, i + 1);
    return true;
}

static inline void test_block_free(test_block *b) {
    if (b->before) b->before->after = b->after;
    else test_memory.first = b->after;
    if (b->after) b->after->before = b->before;
    test_memory.live--;
    test_memory.bytes -= b->size;
    memset(b, 0xdd, TEST_HEAD + b->size);
    free(b);
}

/* Every growth moves, so that an old pointer shows. */
static inline void *test_realloc(void *user, void *ptr, size_t old_size, size_t new_size) {
    test_block *b = ptr ? (test_block *)(void *)((char *)ptr - TEST_HEAD) : NULL;
    void *to = NULL;
    (void)user;
    if (b && !test_block_sound(b)) return NULL;
    if (b && b->size != old_size)
        test_fail(__FILE__, __LINE__, "allocation %lu: given back with %lu bytes, it has %lu", b->number,
                  (unsigned long)old_size, (unsigned long)b->size);
    if (new_size) {
        test_memory.calls++;
        if (test_memory.calls == test_memory.fail_at ||
            (test_memory.limit && test_memory.bytes - (b ? b->size : 0) + new_size > test_memory.limit)) {
            test_memory.refused++;
            return NULL;
        }
        to = test_block_new(new_size);
        if (b) memcpy(to, ptr, b->size < new_size ? b->size : new_size);
    }
    if (b) test_block_free(b);
    return to;
}

static inline llmprov_alloc test_alloc(void) {
    llmprov_alloc a = { test_realloc, NULL };
    return a;
}

/* Whatever is still live is a leak: said, and freed, so that the next test begins from nothing. */
static inline void test_end_memory(void) {
    while (test_memory.first) {
        test_block *b = test_memory.first;
        test_fail(__FILE__, __LINE__, "allocation %lu was not freed: %lu bytes", b->number, (unsigned long)b->size);
        if (!test_block_sound(b)) exit(3);
        test_block_free(b);
    }
}

// -- checks --------------------------------------------------------------------------------

/* Text with its odd bytes made visible, from a little before the first difference on. */
static inline void test_show(char *to, size_t size, const char *text, size_t len, size_t from) {
    char *end = to + size - 8;
    size_t i = from > 30 ? from - 30 : 0;
    if (!text) { strcpy(to, "NULL"); return; }
    if (i) to += sprintf(to, "...");
    *to++ = '"';
    for (; i < len && to < end; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= ' ' && c < 0x7f) *to++ = (char)c;
        else to += sprintf(to, "\\x%02x", c);
    }
    strcpy(to, i < len ? "\"..." : "\"");
}

static inline bool test_check(bool good, bool always, const char *what, const char *file, int line) {
    test_now.checks++;
    if (good || (test_excused() && !always)) return good;
    return test_fail(file, line, "%s", what);
}

static inline bool test_check_int(long long got, long long expected, const char *what, const char *file, int line) {
    test_now.checks++;
    if (got == expected || test_excused()) return got == expected;
    return test_fail(file, line, "%s is %lld, expected %lld", what, got, expected);
}

static inline bool test_check_num(double got, double expected, const char *what, const char *file, int line) {
    test_now.checks++;
    if ((got <= expected && got >= expected) || test_excused()) return got <= expected && got >= expected;
    return test_fail(file, line, "%s is %.17g, expected %.17g", what, got, expected);
}

static inline bool test_check_text(const char *got, size_t len, const char *expected, size_t expected_len,
                            const char *what, const char *file, int line) {
    char a[160], b[160];
    size_t at = 0;
    bool equal = (!got && !expected) || (got && expected && len == expected_len && !memcmp(got, expected, len));
    test_now.checks++;
    if (equal || test_excused()) return equal;
    while (got && expected && at < len && at < expected_len && got[at] == expected[at]) at++;
    test_show(a, sizeof a, got, len, at);
    test_show(b, sizeof b, expected, expected_len, at);
    return test_fail(file, line, "%s\n    is       %s\n    expected %s\n    (%lu and %lu bytes, equal up to %lu)", what, a, b,
                     (unsigned long)len, (unsigned long)expected_len, (unsigned long)at);
}

static inline bool test_check_str(const char *got, const char *expected, const char *what, const char *file, int line) {
    return test_check_text(got, got ? strlen(got) : 0, expected, expected ? strlen(expected) : 0, what, file, line);
}

/* False = leave the test. */
static inline bool test_ok(llmprov_status status, const char *what, const char *file, int line) {
    test_now.checks++;
    if (status == LLMPROV_OK) return true;
    if (test_excused() && status == LLMPROV_ERR_NO_MEMORY) return false;
    return test_fail(file, line, "%s: %s", what, llmprov_status_text(status));
}

static inline void test_skip(const char *reason) {
    if (!test_now.oom) printf("skipped: %s: %s\n", test_now.name, reason);
    test_now.skipped = true;
}

#define TEST(name) static void test_##name(void)
#define TEST_NO_OOM(name) static void test_##name(void)

/* All of these are values: true when it is as expected. */
#define CHECK(condition) test_check(!!(condition), false, #condition, __FILE__, __LINE__)
#define CHECK_ALWAYS(condition) test_check(!!(condition), true, #condition, __FILE__, __LINE__)
#define CHECK_INT(got, expected) test_check_int((long long)(got), (long long)(expected), #got, __FILE__, __LINE__)
#define CHECK_NUM(got, expected) test_check_num((got), (expected), #got, __FILE__, __LINE__)
#define CHECK_STR(got, expected) test_check_str((got), (expected), #got, __FILE__, __LINE__)
/* (pointer, length) against a C string */
#define CHECK_TEXT(got, len, expected) test_check_text((got), (len), (expected), strlen(expected), #got, __FILE__, __LINE__)
#define CHECK_MEM(got, len, expected, expected_len) \
    test_check_text((const char *)(got), (len), (const char *)(expected), (expected_len), #got, __FILE__, __LINE__)

/* These leave the test. */
#define OK(expr) do { if (!test_ok((expr), #expr, __FILE__, __LINE__)) return; } while (0)
#define OK_OR(expr, label) do { if (!test_ok((expr), #expr, __FILE__, __LINE__)) goto label; } while (0)
#define NEED(condition) do { if (!CHECK(condition)) return; } while (0)
#define NEED_OR(condition, label) do { if (!CHECK(condition)) goto label; } while (0)
#define SKIP(reason) do { test_skip(reason); return; } while (0)

// -- what the C library has not: the environment, folders ----------------------------------

static inline int test_compare_names(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static inline void test_names_free(char **names, size_t count) {
    while (count) free(names[--count]);
    free(names);
}

static inline void test_names_add(char ***names, size_t *count, const char *name) {
    if (name[0] == '.') return;
    *names = (char **)realloc(*names, (*count + 1) * sizeof **names);
    if (*names) (*names)[*count] = (char *)malloc(strlen(name) + 1);
    if (!*names || !(*names)[*count]) exit(3);
    strcpy((*names)[(*count)++], name);
}

#if defined(_WIN32)
#define TEST_ENVIRONMENT 1
#include <direct.h>
#include <io.h>
#undef open                      /* some C libraries have names of POSIX as macros, which are members here */
#undef close
#undef read
#undef write

static inline void test_mkdir(const char *path) { (void)_mkdir(path); }
static inline void test_setenv(const char *name, const char *value) { _putenv_s(name, value ? value : ""); }

static inline char **test_names_found(const char *folder, size_t *count) {
    char **names = NULL, path[1000];
    struct _finddata_t e;
    intptr_t dir;
    sprintf(path, "%.900s/*", folder);
    dir = _findfirst(path, &e);
    if (dir == -1) return NULL;
    do test_names_add(&names, count, e.name); while (!_findnext(dir, &e));
    _findclose(dir);
    return names;
}
#elif defined(__unix__) || defined(__APPLE__) || defined(__wasi__)
#define TEST_ENVIRONMENT 1
#include <dirent.h>
#include <sys/stat.h>

extern int setenv(const char *name, const char *value, int overwrite);
extern int unsetenv(const char *name);

static inline void test_mkdir(const char *path) { (void)mkdir(path, 0777); }

/* NULL = it is not set any more; on Windows "" is that too. */
static inline void test_setenv(const char *name, const char *value) {
    if (value) setenv(name, value, 1);
    else unsetenv(name);
}

static inline char **test_names_found(const char *folder, size_t *count) {
    char **names = NULL;
    struct dirent *e;
    DIR *dir = opendir(folder);
    while (dir && (e = readdir(dir)) != NULL) test_names_add(&names, count, e->d_name);
    if (dir) closedir(dir);
    return names;
}
#else
static inline void test_mkdir(const char *path) { (void)path; }
static inline char **test_names_found(const char *folder, size_t *count) {
    (void)folder, (void)count;
    return NULL;
}
#endif

/* What is in a folder, in order, but for names with a dot at their beginning; NULL = nothing, or no folder. */
static inline char **test_names(const char *folder, size_t *count) {
    char **names;
    *count = 0;
    names = test_names_found(folder, count);
    if (names) qsort(names, *count, sizeof *names, test_compare_names);
    return names;
}

// -- random things, the same in every run --------------------------------------------------

static inline uint64_t test_random(void) {
    test_now.random ^= test_now.random << 13;
    test_now.random ^= test_now.random >> 7;
    test_now.random ^= test_now.random << 17;
    return test_now.random * 2685821657736338717u;
}

/* How many of the bytes that are left come next: way 0 all of them, way 1 one, further ways random many.
       for (at = 0; at < len; at += n) feed(bytes + at, n = test_cut(way, len - at));   */
static inline size_t test_cut(int way, size_t left) {
    size_t most = way > 1 ? (size_t)1 << (test_random() >> 32) % 8 : 1, n = way > 1 ? 1 + (size_t)(test_random() >> 32) % most : 1;
    return way && n < left ? n : left;
}

#endif /* TEST_H */
