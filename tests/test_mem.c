/* >>mem: the allocator's door, growing texts, arenas, and llmprov_arena: a heap inside one block. */
#include "test.h"

static bool mem_aligned(const void *p) { return (uintptr_t)p % sizeof(llmprov__mem_align) == 0; }

static bool mem_is(const void *p, unsigned char c, size_t size) {
    const unsigned char *at = (const unsigned char *)p;
    while (size--) if (*at++ != c) return false;
    return true;
}

// -- the door ------------------------------------------------------------------------------

TEST(mem_realloc_goes_to_the_callers_function) {
    llmprov_alloc a = test_alloc();
    char *p = (char *)llmprov__mem_realloc(&a, NULL, 0, 10), *q;
    NEED(p);
    memcpy(p, "0123456789", 10);
    q = (char *)llmprov__mem_realloc(&a, p, 10, 20);
    if (q) CHECK_ALWAYS(!memcmp(q, "0123456789", 10));
    else CHECK_ALWAYS(!memcmp(p, "0123456789", 10));          /* a refusal leaves the old block alone */
    llmprov__mem_realloc(&a, q ? q : p, q ? 20 : 10, 0);
}

TEST(mem_realloc_does_not_bother_the_caller_with_nothing) {
    llmprov_alloc a = test_alloc();
    CHECK(!llmprov__mem_realloc(&a, NULL, 0, 0));
    CHECK_INT(test_memory.calls, 0);
}

TEST_NO_OOM(mem_realloc_without_a_function_is_the_c_library) {
    llmprov_alloc a = { NULL, NULL };
    char *p = (char *)llmprov__mem_realloc(&a, NULL, 0, 100);
#ifdef LLMPROV_NO_STDLIB
    CHECK(!p);
#else
    NEED(p);
    memset(p, 7, 100);
    p = (char *)llmprov__mem_realloc(&a, p, 100, 10000);
    NEED(p);
    CHECK(mem_is(p, 7, 100));
    CHECK(!llmprov__mem_realloc(&a, p, 10000, 0));
#endif
}

TEST(mem_wipe_leaves_nothing) {
    char key[] = "sk-secret";
    llmprov__mem_wipe(key, sizeof key);
    CHECK(mem_is(key, 0, sizeof key));
    llmprov__mem_wipe(key, 0);
}

// -- a growing text ------------------------------------------------------------------------

TEST(mem_buf_grows_and_stays_terminated) {
    llmprov__mem_buf b = { NULL, 0, 0, { NULL, NULL }, false };
    int i;
    b.alloc = test_alloc();
    for (i = 0; i < 1000; i++) {
        char c = (char)('a' + i % 26);
        if (!llmprov__mem_add(&b, &c, 1)) break;
        CHECK_ALWAYS(b.len == (size_t)i + 1 && b.ptr[i] == c && !b.ptr[b.len] && b.len < b.cap);
    }
    CHECK_INT(i, 1000);
    CHECK(b.ptr && !memcmp(b.ptr, "abcdefghijklmnopqrstuvwxyzab", 28));
    CHECK_ALWAYS(b.failed == (i < 1000));
    CHECK(test_memory.calls < 20);                            /* it grows by a share of itself */
    llmprov__mem_buf_free(&b);
    CHECK_ALWAYS(!b.ptr && !b.len && !b.cap && !b.failed);
}

TEST(mem_buf_remembers_that_it_failed) {
    llmprov__mem_buf b = { NULL, 0, 0, { NULL, NULL }, false };
    b.alloc = test_alloc();
    test_memory.limit = 200;
    NEED(llmprov__mem_add(&b, "begin", 5));
    CHECK(!llmprov__mem_room(&b, 1000));
    CHECK(b.failed);
    test_memory.limit = 0;
    CHECK(!llmprov__mem_add(&b, "x", 1));                     /* sticky, although there would be memory now */
    CHECK_STR(b.ptr, "begin");
    llmprov__mem_buf_free(&b);
    CHECK(llmprov__mem_add(&b, "again", 5));
    CHECK_STR(b.ptr, "again");
    llmprov__mem_buf_free(&b);
}

TEST(mem_buf_refuses_sizes_that_wrap_round) {
    llmprov__mem_buf b = { NULL, 0, 0, { NULL, NULL }, false };
    b.alloc = test_alloc();
    NEED(llmprov__mem_add(&b, "abc", 3));
    CHECK(!llmprov__mem_room(&b, (size_t)-1));
    CHECK(b.failed);
    llmprov__mem_buf_free(&b);
    NEED(llmprov__mem_add(&b, "abc", 3));
    CHECK(!llmprov__mem_room(&b, (size_t)-1 - 3));
    CHECK(b.failed);
    llmprov__mem_buf_free(&b);
}

TEST(mem_buf_of_nothing) {
    llmprov__mem_buf b = { NULL, 0, 0, { NULL, NULL }, false };
    b.alloc = test_alloc();
    NEED(llmprov__mem_add(&b, NULL, 0));
    CHECK_STR(b.ptr, "");
    llmprov__mem_buf_free(&b);
    llmprov__mem_buf_free(&b);
}

// -- an arena ------------------------------------------------------------------------------

TEST(mem_take_gives_zeroed_and_aligned_memory) {
    llmprov__mem_arena a = { { NULL, NULL }, NULL, 0, false };
    size_t size;
    a.alloc = test_alloc();
    for (size = 0; size < 300; size++) {
        char *p = (char *)llmprov__mem_take(&a, size);
        if (!p) {
            CHECK_ALWAYS(a.failed);
            continue;
        }
        CHECK_ALWAYS(mem_aligned(p) && mem_is(p, 0, size));
        memset(p, 0xff, size);
    }
    CHECK(!a.failed);
    llmprov__mem_arena_free(&a);
    CHECK_ALWAYS(!a.chunks && !a.failed);
    CHECK_ALWAYS(!test_memory.bytes);
}

TEST(mem_take_keeps_small_things_together) {
    llmprov__mem_arena a = { { NULL, NULL }, NULL, 0, false };
    char *first, *large, *second;
    if (LLMPROV__MEM_MOST < 1024) SKIP("each thing is an allocation here");
    a.alloc = test_alloc();
    first = (char *)llmprov__mem_take(&a, 8);
    large = (char *)llmprov__mem_take(&a, 100000);            /* a chunk of its own, behind */
    second = (char *)llmprov__mem_take(&a, 8);
    CHECK(first && large && second);
    if (first && large && second && !test_memory.refused) {
        CHECK_INT(test_memory.calls, 2);
        CHECK_INT(second - first, LLMPROV__MEM_ROUND(8));
        CHECK(mem_is(large, 0, 100000));
    }
    llmprov__mem_arena_free(&a);
}

TEST(mem_take_mixes_large_and_small) {
    llmprov__mem_arena a = { { NULL, NULL }, NULL, 0, false };
    char *small[60], *large[60];
    int i;
    a.alloc = test_alloc();
    for (i = 0; i < 60; i++) {
        small[i] = (char *)llmprov__mem_take(&a, 100);
        large[i] = (char *)llmprov__mem_take(&a, 1500);
        if (small[i]) memset(small[i], i, 100);
        if (large[i]) memset(large[i], i, 1500);
    }
    CHECK(!a.failed);
    CHECK(test_memory.calls < 70 || LLMPROV__MEM_MOST < 1024);
    for (i = 0; i < 60; i++) {
        CHECK_ALWAYS(!small[i] || mem_is(small[i], (unsigned char)i, 100));
        CHECK_ALWAYS(!large[i] || mem_is(large[i], (unsigned char)i, 1500));
    }
    llmprov__mem_arena_free(&a);
}

TEST(mem_take_begins_with_a_large_thing) {
    llmprov__mem_arena a = { { NULL, NULL }, NULL, 0, false };
    char *large, *small;
    a.alloc = test_alloc();
    large = (char *)llmprov__mem_take(&a, 5000);
    small = (char *)llmprov__mem_take(&a, 5000);
    if (large) memset(large, 1, 5000);
    if (small) memset(small, 2, 5000);
    CHECK(large && mem_is(large, 1, 5000));
    CHECK(small && mem_is(small, 2, 5000));
    llmprov__mem_arena_free(&a);
}

TEST(mem_take_refuses_sizes_that_wrap_round) {
    llmprov__mem_arena a = { { NULL, NULL }, NULL, 0, false };
    a.alloc = test_alloc();
    CHECK(!llmprov__mem_take(&a, (size_t)-1));
    CHECK(a.failed);
    CHECK(!llmprov__mem_copy(&a, "x", (size_t)-1));
    llmprov__mem_arena_free(&a);
    CHECK_INT(test_memory.calls, 0);
}

TEST(mem_copy_is_terminated) {
    llmprov__mem_arena a = { { NULL, NULL }, NULL, 0, false };
    char *p;
    a.alloc = test_alloc();
    p = llmprov__mem_copy(&a, "a\0b tail", 3);
    CHECK_MEM(p, p ? 4 : 0, "a\0b", 4);
    CHECK_STR(llmprov__mem_copy(&a, NULL, 0), "");
    llmprov__mem_arena_free(&a);
}

// -- llmprov_arena: everything in one block ------------------------------------------------

typedef union mem_block { llmprov__mem_align align; unsigned char bytes[4096]; } mem_block;

static void *mem_get(llmprov_alloc *a, size_t size) { return a->fn(a->user, NULL, 0, size); }
static void mem_give(llmprov_alloc *a, void *p, size_t size) { a->fn(a->user, p, size, 0); }

/* The largest size that can be had at once. */
static size_t mem_largest(llmprov_alloc *a, size_t most) {
    size_t low = 0, high = most + 1;
    while (low + 1 < high) {
        size_t middle = low + (high - low) / 2;
        void *p = mem_get(a, middle);
        if (p) mem_give(a, p, middle);
        if (p) low = middle;
        else high = middle;
    }
    return low;
}

TEST(mem_heap_stays_inside_its_block) {
    static mem_block block;
    unsigned char *from = block.bytes + 512, *end = block.bytes + sizeof block - 512, *p[256];
    llmprov_alloc a;
    int n = 0, i;
    memset(&block, 0xee, sizeof block);
    a = llmprov_arena(from, (size_t)(end - from));
    while (n < 256 && (p[n] = (unsigned char *)mem_get(&a, 40)) != NULL) {
        CHECK(mem_aligned(p[n]) && p[n] >= from && p[n] + 40 <= end);
        memset(p[n], n, 40);
        n++;
    }
    CHECK(n > 30 && n < 256);
    for (i = 0; i < n; i++) CHECK(mem_is(p[i], (unsigned char)i, 40));
    CHECK(mem_is(block.bytes, 0xee, 512) && mem_is(end, 0xee, 512));
}

TEST(mem_heap_from_any_address_is_aligned) {
    static mem_block block;
    size_t skip;
    for (skip = 0; skip < 32; skip++) {
        llmprov_alloc a;
        unsigned char *p = NULL, *last;
        size_t largest;
        int n = 0;
        memset(&block, 0xee, sizeof block);
        a = llmprov_arena(block.bytes + skip, 1001);
        largest = mem_largest(&a, 1001);
        p = (unsigned char *)mem_get(&a, largest);
        NEED(p);
        memset(p, 1, largest);                                /* all of it, to the last byte */
        mem_give(&a, p, largest);
        p = NULL;
        while (last = p, (p = (unsigned char *)mem_get(&a, 8)) != NULL) {
            CHECK(mem_aligned(p) && p != last && p >= block.bytes + skip);
            memset(p, 1, 8);
            n++;
        }
        CHECK(n > 20);
        CHECK(mem_is(block.bytes, 0xee, skip) && mem_is(block.bytes + skip + 1001, 0xee, sizeof block - skip - 1001));
    }
}

TEST(mem_heap_too_small_refuses) {
    static mem_block block;
    size_t size;
    for (size = 0; size < 400; size++) {
        llmprov_alloc a;
        unsigned char *p;
        memset(&block, 0xee, sizeof block);
        a = llmprov_arena(block.bytes, size);
        NEED(a.fn);
        p = (unsigned char *)mem_get(&a, 16);
        if (p) memset(p, 1, 16);
        CHECK(!p || p + 16 <= block.bytes + size);
        CHECK(size < 200 || p);
        CHECK(mem_is(block.bytes + size, 0xee, sizeof block - size));
        if (p) mem_give(&a, p, 16);
    }
}

TEST(mem_heap_without_a_block_refuses) {
    llmprov_alloc a = llmprov_arena(NULL, 100000);
    NEED(a.fn);
    CHECK(!mem_get(&a, 1));
}

TEST(mem_heap_refuses_what_it_cannot_hold_and_goes_on) {
    static mem_block block;
    llmprov_alloc a = llmprov_arena(&block, sizeof block);
    size_t largest = mem_largest(&a, sizeof block);
    void *p;
    CHECK(largest > sizeof block - 200 && largest < sizeof block);
    CHECK(!mem_get(&a, sizeof block));
    CHECK(!mem_get(&a, (size_t)-1));
    CHECK(!mem_get(&a, (size_t)-1 / 2));
    CHECK(!mem_get(&a, (size_t)-1 / 2 + 1));
    p = mem_get(&a, largest);
    NEED(p);
    CHECK(!mem_get(&a, 1));
    mem_give(&a, p, largest);
    CHECK_INT(mem_largest(&a, sizeof block), largest);
}

TEST(mem_heap_joins_free_neighbours_in_any_order) {
    static const int orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
    static mem_block block;
    int order, i;
    for (order = 0; order < 6; order++) {
        llmprov_alloc a = llmprov_arena(&block, sizeof block);
        size_t largest = mem_largest(&a, sizeof block);
        void *p[3];
        for (i = 0; i < 3; i++) p[i] = mem_get(&a, 100 * (size_t)(i + 1));
        NEED(p[0] && p[1] && p[2]);
        CHECK(mem_largest(&a, sizeof block) < largest);
        for (i = 0; i < 3; i++) mem_give(&a, p[orders[order][i]], 100 * (size_t)(orders[order][i] + 1));
        CHECK_INT(mem_largest(&a, sizeof block), largest);
    }
}

TEST(mem_heap_uses_a_hole_again) {
    static mem_block block;
    llmprov_alloc a = llmprov_arena(&block, sizeof block);
    void *before = mem_get(&a, 200), *hole = mem_get(&a, 300), *after = mem_get(&a, 200), *again;
    NEED(before && hole && after);
    mem_give(&a, hole, 300);
    while (mem_get(&a, 400)) {}                               /* nothing of 400 bytes is left */
    again = mem_get(&a, 300);
    CHECK(again != NULL);
}

TEST(mem_heap_grows_in_place_when_it_can) {
    static mem_block block;
    llmprov_alloc a = llmprov_arena(&block, sizeof block);
    char *p = (char *)mem_get(&a, 100), *q;
    NEED(p);
    memset(p, 1, 100);
    q = (char *)a.fn(a.user, p, 100, 2000);
    CHECK(q == p && mem_is(q, 1, 100));
    q = (char *)a.fn(a.user, p, 2000, 50);                    /* shrinking gives the rest back */
    CHECK(q == p && mem_is(q, 1, 50));
    CHECK(mem_largest(&a, sizeof block) > 3500);
    CHECK(!a.fn(a.user, p, 50, sizeof block));                /* refused: the old one is as it was */
    CHECK(mem_is(p, 1, 50));
    mem_give(&a, p, 50);
}

TEST(mem_heap_moves_when_it_must) {
    static mem_block block;
    llmprov_alloc a = llmprov_arena(&block, sizeof block);
    size_t largest = mem_largest(&a, sizeof block);
    char *p = (char *)mem_get(&a, 100), *wall = (char *)mem_get(&a, 100), *q;
    NEED(p && wall);
    memset(p, 1, 100);
    memset(wall, 2, 100);
    q = (char *)a.fn(a.user, p, 100, 1000);
    NEED(q);
    CHECK(q != p && mem_is(q, 1, 100) && mem_is(wall, 2, 100));
    CHECK(mem_get(&a, 100) == p);                             /* the old place is free */
    mem_give(&a, p, 100);
    mem_give(&a, wall, 100);
    mem_give(&a, q, 1000);
    CHECK_INT(mem_largest(&a, sizeof block), largest);
}

TEST(mem_heap_takes_nothing_calmly) {
    static mem_block block;
    llmprov_alloc a = llmprov_arena(&block, sizeof block);
    size_t largest = mem_largest(&a, sizeof block);
    CHECK(!a.fn(a.user, NULL, 0, 0));
    CHECK_INT(mem_largest(&a, sizeof block), largest);
}

TEST(mem_two_heaps_do_not_know_each_other) {
    static mem_block left, right;
    llmprov_alloc a = llmprov_arena(&left, sizeof left), b = llmprov_arena(&right, sizeof right);
    size_t i, largest = mem_largest(&b, sizeof right);
    CHECK_INT(mem_largest(&a, sizeof left), largest);
    for (i = 0; i < 20; i++) {
        unsigned char *p = (unsigned char *)mem_get(&a, 60), *q = (unsigned char *)mem_get(&b, 60);
        NEED(p && q);
        CHECK(p >= left.bytes && p < left.bytes + sizeof left);
        CHECK(q >= right.bytes && q < right.bytes + sizeof right);
        mem_give(&b, q, 60);
    }
    while (mem_get(&a, 60)) {}
    CHECK_INT(mem_largest(&b, sizeof right), largest);
}

/* A thousand random steps against what should stand in each piece; at the end nothing is lost. */
TEST(mem_heap_survives_a_random_life) {
    static mem_block block;
    struct { unsigned char *at; size_t size; unsigned char fill; } held[24];
    llmprov_alloc a = llmprov_arena(&block, sizeof block);
    size_t largest = mem_largest(&a, sizeof block);
    int step, refused = 0;
    memset(held, 0, sizeof held);
    for (step = 0; step < 2000; step++) {
        uint64_t random = test_random();
        size_t i = (size_t)(random >> 33) % 24, size = (random >> 60) ? (size_t)(random >> 40) % 300 : 0, kept;
        unsigned char *to;
        if (held[i].at) NEED(mem_is(held[i].at, held[i].fill, held[i].size));
        to = (unsigned char *)a.fn(a.user, held[i].at, held[i].size, size);
        if (!to && size) {
            refused++;
            continue;
        }
        kept = size < held[i].size ? size : held[i].size;
        NEED(!to || mem_is(to, held[i].fill, held[i].at ? kept : 0));
        if (to) memset(to, step & 255, size);
        held[i].at = to;
        held[i].size = size;
        held[i].fill = (unsigned char)(step & 255);
    }
    CHECK(refused > 10);                                      /* it was full now and then */
    for (step = 0; step < 24; step++) if (held[step].at) mem_give(&a, held[step].at, held[step].size);
    CHECK_INT(mem_largest(&a, sizeof block), largest);
}

/* The library's own arenas live in such a heap as anywhere. */
TEST(mem_arena_inside_a_heap) {
    static mem_block block;
    llmprov_alloc heap = llmprov_arena(&block, sizeof block);
    size_t largest = mem_largest(&heap, sizeof block);
    llmprov__mem_arena a = { { NULL, NULL }, NULL, 0, false };
    llmprov__mem_buf b = { NULL, 0, 0, { NULL, NULL }, false };
    int i;
    if (LLMPROV__MEM_MOST < 1024) SKIP("each thing is an allocation here");
    a.alloc = b.alloc = heap;
    for (i = 0; i < 100; i++) {
        CHECK(llmprov__mem_take(&a, 8) != NULL);
        CHECK(llmprov__mem_add(&b, "0123456789", 10));
    }
    CHECK(!llmprov__mem_take(&a, 4000) && a.failed);
    CHECK_INT(b.len, 1000);
    llmprov__mem_arena_free(&a);
    llmprov__mem_buf_free(&b);
    CHECK_INT(mem_largest(&heap, sizeof block), largest);
}

TEST(mem_arena_knows_its_own) {
    llmprov__mem_arena a = { { NULL, NULL }, NULL, 0, false };
    char *text, *other, local[] = "abc";
    a.alloc = test_alloc();
    text = llmprov__mem_copy(&a, "abc", 3);
    other = llmprov__mem_copy(&a, local, 3);
    if (text && other) CHECK(llmprov__mem_own(&a, text) == text && llmprov__mem_own(&a, other + 1) == other + 1);
    CHECK(!llmprov__mem_own(&a, local));
    llmprov__mem_arena_free(&a);
}
