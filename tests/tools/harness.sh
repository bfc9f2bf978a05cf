#!/bin/sh
# Tests of tests/test.h: bodies with one fault each must fail, and say what is wrong. Run by `make tools-tests`.
set -u
dir=build/tools
cc=${CC:-cc}
count=0 failed=0
mkdir -p $dir

fail() { echo "FAILED: $*"; failed=$((failed + 1)); }

cat > $dir/harness.c <<'END'
static char *get(size_t size) { return (char *)test_realloc(NULL, NULL, 0, size); }
static void give(char *p, size_t size) { if (p) test_realloc(NULL, p, size, 0); }
static llmprov_status status(void) { char *p = get(1); give(p, 1); return p ? LLMPROV_OK : LLMPROV_ERR_NO_MEMORY; }
static llmprov_status wrong_status(void) { char *p = get(1); give(p, 1); return p ? LLMPROV_OK : LLMPROV_ERR_SERVER; }
static llmprov_status no_memory(void) { return LLMPROV_ERR_NO_MEMORY; }

TEST(good_body) {
    char *p = get(10), *q;
    NEED(p);
    q = (char *)test_realloc(NULL, p, 10, 20);
    CHECK(q != NULL);
    give(q ? q : p, q ? 20 : 10);
    OK(status());
    CHECK_INT(test_memory.live, 0);
    CHECK_STR("a", "a");
    CHECK_TEXT("abc", 2, "ab");
    CHECK_NUM(0.5, 0.5);
    CHECK_STR(NULL, NULL);
}
TEST(good_label) {
    char *p = get(10);
    OK_OR(status(), done);
    NEED_OR(p, done);
done:
    give(p, 10);
}
TEST_NO_OOM(good_without_a_check_for_null) { char *p = get(1); *p = 1; give(p, 1); }
TEST(skip_one) { SKIP("because"); }
TEST(bad_check) { CHECK(1 == 2); }
TEST(bad_int) { CHECK_INT(1 + 1, 3); }
TEST(bad_num) { CHECK_NUM(0.5, 0.25); }
TEST(bad_str) { CHECK_STR("one\n", "two"); }
TEST(bad_str_null) { CHECK_STR(NULL, ""); }
TEST(bad_mem) { CHECK_MEM("ab", 2, "abc", 3); }
TEST(bad_ok) { OK(no_memory()); CHECK(0); }
TEST(bad_need) { NEED(0 > 1); CHECK(0); }
TEST(bad_always) { char *p = get(1); CHECK_ALWAYS(p != NULL); give(p, 1); }
TEST(bad_status) { OK(wrong_status()); }
TEST(bad_leak) { get(7); }
TEST(bad_leak_on_the_way_out) { char *p = get(5), *q; NEED(p); q = get(6); NEED(q); give(p, 5); give(q, 6); }
TEST(bad_size) { char *p = get(8); give(p, 9); }
TEST(bad_overrun) { char *p = get(8); if (p) p[8] = 1; give(p, 8); }
TEST(bad_before_refusal) { char *p; CHECK(!test_now.oom); p = get(1); give(p, 1); }
TEST(bad_limit) { test_memory.limit = 100; NEED(get(101)); }
TEST(bad_crash) { raise(SIGSEGV); }
END
{ echo '#ifndef TEST_TABLE'; echo "#include \"harness.c\""; echo '#else'
sed -n -e 's/^TEST(\([a-z_0-9]*\)).*/{ "\1", test_\1, true },/p' \
       -e 's/^TEST_NO_OOM(\([a-z_0-9]*\)).*/{ "\1", test_\1, false },/p' $dir/harness.c; echo '#endif'; } > $dir/harness.inc
$cc -std=c99 -w -I$dir -DTEST_LIST='"harness.inc"' -o $dir/harness tests/test_all.c || { echo "FAILED: the harness does not build"; exit 1; }

# says NAME WORDS: the test fails, and prints the words
says() {
    count=$((count + 1))
    if $dir/harness "$1" > $dir/out 2>&1; then fail "$1 passes"; fi
    grep -qF "$2" $dir/out || { fail "$1 does not say: $2"; cat $dir/out; }
}

$dir/harness good > $dir/out 2>&1 || { fail "good tests fail"; cat $dir/out; }
grep -q '^3 tests, 10 checks, 5 allocation-failure runs, 0 failed$' $dir/out || { fail "good tests are not counted well"; cat $dir/out; }
$dir/harness skip > $dir/out 2>&1 || fail "a skipped test fails"
grep -q '^skipped: skip_one: because$' $dir/out || fail "a skipped test does not say why"

says bad_check 'harness.c:29: bad_check: 1 == 2'
says bad_int '1 + 1 is 2, expected 3'
says bad_num '0.5 is 0.5, expected 0.25'
says bad_str 'is       "one\x0a"'
says bad_str_null 'is       NULL'
says bad_mem '(2 and 3 bytes, equal up to 2)'
says bad_ok 'no_memory(): out of memory'
says bad_need '0 > 1'
says bad_always 'bad_always (allocation 1 refused): p != NULL'
says bad_status 'bad_status (allocation 1 refused): wrong_status(): the provider failed'
says bad_leak 'allocation 1 was not freed: 7 bytes'
says bad_leak_on_the_way_out 'bad_leak_on_the_way_out (allocation 2 refused): allocation 1 was not freed: 5 bytes'
says bad_size 'given back with 9 bytes, it has 8'
says bad_overrun 'written 1 bytes after its end'
says bad_before_refusal 'bad_before_refusal (allocation 1 refused): !test_now.oom'
says bad_limit 'get(101)'
says bad_crash 'bad_crash: signal'
says nosuch 'no test has "nosuch" in its name'
$dir/harness bad_leak 2> /dev/null | grep -q '^2 tests, .* 2 failed$' || fail "failed tests are not counted well"

echo "harness: $count faulty tests fail, $failed failed"
[ $failed = 0 ]
