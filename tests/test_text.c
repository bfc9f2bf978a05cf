/* >>text: characters, numbers, base64. The C library is the reference for numbers. */
#include "test.h"

#include <locale.h>

static size_t text_below(size_t n) { return (size_t)(test_random() >> 33) % n; }
static long text_rounds(long n) { return getenv("TEST_LONG") ? n * 20 : n; }

/* A copy of exactly that size, so that AddressSanitizer sees a byte too many. */
static char *text_exact(const void *p, size_t n) {
    char *copy = (char *)malloc(n ? n : 1);
    if (!copy) exit(3);
    if (n) memcpy(copy, p, n);
    return copy;
}

// -- small things --------------------------------------------------------------------------

TEST_NO_OOM(text_len_zero_means_up_to_the_nul) {
    CHECK_INT(llmprov__text_len("abc", 0), 3);
    CHECK_INT(llmprov__text_len("abc", 2), 2);
    CHECK_INT(llmprov__text_len("a\0c", 3), 3);
    CHECK_INT(llmprov__text_len(NULL, 0), 0);
    CHECK_INT(llmprov__text_len(NULL, 5), 0);
}

TEST_NO_OOM(text_is_compares_with_length) {
    llmprov_str a = { "abcdef", 3 }, none = { NULL, 0 }, nul = { "abc\0", 4 };
    CHECK(llmprov__text_is(a, "abc") && !llmprov__text_is(a, "ab") && !llmprov__text_is(a, "abcd"));
    CHECK(llmprov__text_is(none, "") && !llmprov__text_is(none, "a"));
    CHECK(!llmprov__text_is(nul, "abc"));
}

TEST_NO_OOM(text_same_knows_null_and_case) {
    CHECK(llmprov__text_same("Abc", "aBC", true) && !llmprov__text_same("Abc", "aBC", false));
    CHECK(!llmprov__text_same(NULL, "", true) && llmprov__text_same(NULL, NULL, false) && !llmprov__text_same("", NULL, false));
    CHECK(!llmprov__text_same("ab", "abc", true) && !llmprov__text_same("abc", "ab", true) && llmprov__text_same("", "", true));
    CHECK(!llmprov__text_same("@", "`", true) && !llmprov__text_same("[", "{", true));      /* neighbours of the letters */
    CHECK(!llmprov__text_same("\xC3\x84", "\xC3\xA4", true));                               /* only ASCII folds */
}

TEST_NO_OOM(text_hash_is_fnv_1a) {
    CHECK_INT(llmprov__text_hash("", 0), 0x811C9DC5u);
    CHECK_INT(llmprov__text_hash("a", 1), 0xE40C292Cu);
    CHECK_INT(llmprov__text_hash("foobar", 6), 0xBF9CF968u);
}

// -- many bytes at a time ------------------------------------------------------------------

TEST_NO_OOM(text_plain_stops_at_each_byte_that_json_escapes) {
    unsigned c;
    size_t at, len;
    for (c = 0; c < 256; c++)
        for (len = 1; len < 40; len++) {
            char b[40], *copy;
            bool stops = c < 0x20 || c == '"' || c == '\\';
            at = text_below(len);
            memset(b, 'a', sizeof b);
            b[at] = (char)c;
            copy = text_exact(b, len);
            CHECK(llmprov__text_plain(copy, copy + len) == copy + (stops ? at : len));
            free(copy);
        }
}

TEST_NO_OOM(text_plain_and_ascii_find_the_first_of_several) {
    long round;
    for (round = 0; round < text_rounds(3000); round++) {
        char b[100], *copy;
        size_t n = text_below(100), i, plain, ascii;
        for (i = 0; i < n; i++) b[i] = (char)(text_below(20) ? 'a' + (int)text_below(26) : (int)text_below(256));
        copy = text_exact(b, n);
        for (plain = 0; plain < n && (unsigned char)b[plain] >= 32 && b[plain] != '"' && b[plain] != '\\'; plain++) {}
        for (ascii = 0; ascii < n && (unsigned char)b[ascii] < 128; ascii++) {}
        CHECK(llmprov__text_plain(copy, copy + n) == copy + plain);
        CHECK(llmprov__text_ascii(copy, copy + n) == copy + ascii);
        free(copy);
    }
}

// -- UTF-8 ---------------------------------------------------------------------------------

TEST_NO_OOM(text_put_and_valid_agree_on_every_code_point) {
    unsigned long cp;
    long wrong = 0;
    for (cp = 0; cp < 0x110000; cp++) {
        char c[4];
        size_t n = llmprov__text_put(c, cp);
        bool half = cp >= 0xD800 && cp < 0xE000;
        wrong += llmprov__text_valid(c, n) != (half ? 0 : n);
        wrong += llmprov__text_get((const unsigned char *)c, (unsigned)n) != cp;
        wrong += n != (cp < 0x80 ? 1u : cp < 0x800 ? 2u : cp < 0x10000 ? 3u : 4u);
    }
    CHECK_INT(wrong, 0);
}

TEST_NO_OOM(text_valid_refuses_what_is_no_utf8) {
    static const struct { const char *bytes; size_t len, valid; } cases[] = {
        { "\x80", 1, 0 }, { "a\xC3", 2, 1 }, { "\xC0\xAF", 2, 0 }, { "\xC1\xBF", 2, 0 }, { "\xE0\x80\xAF", 3, 0 }, { "\xE0\x9F\xBF", 3, 0 },
        { "\xED\xA0\x80", 3, 0 }, { "\xED\xBF\xBF", 3, 0 }, { "\xED\x9F\xBF", 3, 3 }, { "\xEE\x80\x80", 3, 3 }, { "\xF0\x80\x80\xAF", 4, 0 },
        { "\xF0\x8F\xBF\xBF", 4, 0 }, { "\xF4\x8F\xBF\xBF", 4, 4 }, { "\xF4\x90\x80\x80", 4, 0 }, { "\xF5\x80\x80\x80", 4, 0 }, { "\xFF", 1, 0 },
        { "\xEF\xBF\xBD", 3, 3 }, { "\xE2\x82", 2, 0 }, { "\xF0\x9F\x98", 3, 0 }, { "\xE2\x28\xA1", 3, 0 }, { "a\0b", 3, 3 }, { "", 0, 0 },
        { "\xE4\xB8\xAD\xE6\x96\x87\xE5\xAD", 8, 6 }, { "\xE4\xB8\xAD\xED\xA0\x80", 6, 3 }, { "\xE4\xB8\xAD\xE0\x80\x80", 6, 3 },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        char *copy = text_exact(cases[i].bytes, cases[i].len);
        CHECK_INT(llmprov__text_valid(copy, cases[i].len), cases[i].valid);
        free(copy);
    }
}

// -- text in pieces: against a plain reference ---------------------------------------------

/* How many bytes the next character takes; *good = it is one (halves of pairs too). */
static size_t text_reference_len(const unsigned char *p, size_t n, bool *good, unsigned long *cp) {
    size_t need = p[0] < 0x80 ? 1 : p[0] >= 0xC2 && p[0] <= 0xDF ? 2 : p[0] >= 0xE0 && p[0] <= 0xEF ? 3 : p[0] >= 0xF0 && p[0] <= 0xF4 ? 4 : 0, i;
    unsigned long c = need < 2 ? p[0] : p[0] & (0x7Fu >> need);
    *good = false;
    if (!need) return 1;
    for (i = 1; i < need; i++) {
        if (i >= n || (p[i] & 0xC0) != 0x80) return i;
        if (i == 1 && ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F))) return 1;
        c = c << 6 | (p[i] & 0x3Fu);
    }
    *good = true;
    *cp = c;
    return need;
}

static size_t text_reference(char *out, const unsigned char *p, size_t n) {
    size_t o = 0, i = 0;
    while (i < n) {
        unsigned long cp = 0, low = 0;
        bool good, pair = false;
        i += text_reference_len(p + i, n - i, &good, &cp);
        if (good && cp >= 0xD800 && cp < 0xDC00 && i < n) {
            size_t len = text_reference_len(p + i, n - i, &pair, &low);
            pair = pair && low >= 0xDC00 && low < 0xE000;
            if (pair) i += len;
        }
        if (pair) cp = 0x10000 + ((cp - 0xD800) << 10) + low - 0xDC00;
        if (!good || (cp >= 0xD800 && cp < 0xE000)) cp = 0xFFFD;
        o += llmprov__text_put(out + o, cp);
    }
    return o;
}

/* Good and bad bits of UTF-8 in a row. */
static size_t text_garbage(unsigned char *to, size_t most) {
    static const char *const bits[] = {
        "a", "bc", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xED\xA0\xBD", "\xED\xB8\x80", "\xED", "\xED\xA0", "\xED\xB8", "\xF0", "\xF0\x9F",
        "\xF0\x9F\x98", "\xE2", "\xE2\x82", "\xC3", "\x80", "\xFF", "\xC0\xAF", "\xE0\x80", "\xF4\x90", "\xED\xA0\xBD\xED\xB8\x80", "\"", "\\", "\n", "\x01",
        "0123456789abcdefgh",
    };
    size_t n = 0, parts = text_below(8);
    while (parts--) {
        const char *bit = bits[text_below(LLMPROV__COUNT(bits))];
        if (n + strlen(bit) > most) break;
        memcpy(to + n, bit, strlen(bit));
        n += strlen(bit);
    }
    return n;
}

/* What sift makes of a text in three pieces. */
static size_t text_sifted(char *to, const unsigned char *p, const size_t cuts[4], llmprov__mem_buf *scratch) {
    llmprov__text_sieve sieve = { { 0 }, 0 };
    size_t n = 0;
    int i;
    for (i = 0; i < 3; i++) {
        size_t len = cuts[i + 1] - cuts[i];
        char *copy = text_exact(p + cuts[i], len);
        llmprov_str text = llmprov__text_sift(&sieve, scratch, copy, len, i == 2);
        CHECK(text.ptr && llmprov__text_valid(text.ptr, text.len) == text.len);
        memcpy(to + n, text.ptr, text.len);
        n += text.len;
        free(copy);
    }
    CHECK_INT(sieve.count, 0);
    return n;
}

TEST_NO_OOM(text_sift_repairs_what_is_no_utf8_in_any_cuts) {
    llmprov__mem_buf scratch = { NULL, 0, 0, { NULL, NULL }, false };
    long round;
    for (round = 0; round < text_rounds(4000) && !test_now.failures; round++) {
        unsigned char in[400];
        char expected[1300], got[1300];
        size_t n = text_garbage(in, sizeof in), len = text_reference(expected, in, n), cut;
        for (cut = 0; cut <= n && !test_now.failures; cut++) {
            size_t cuts[4] = { 0, 0, 0, 0 };
            cuts[1] = cut;
            cuts[2] = cut + text_below(n - cut + 1);
            cuts[3] = n;
            CHECK_MEM(got, text_sifted(got, in, cuts, &scratch), expected, len);
        }
    }
    llmprov__mem_buf_free(&scratch);
}

TEST_NO_OOM(text_sift_byte_by_byte) {
    llmprov__mem_buf scratch = { NULL, 0, 0, { NULL, NULL }, false };
    long round;
    for (round = 0; round < text_rounds(4000) && !test_now.failures; round++) {
        unsigned char in[400];
        char expected[1300], got[1300];
        size_t n = text_garbage(in, sizeof in), len = text_reference(expected, in, n), i, g = 0;
        llmprov__text_sieve sieve = { { 0 }, 0 };
        for (i = 0; i <= n; i++) {
            llmprov_str text = llmprov__text_sift(&sieve, &scratch, (const char *)in + i, i < n, i == n);
            memcpy(got + g, text.ptr, text.len);
            g += text.len;
        }
        CHECK_MEM(got, g, expected, len);
    }
    llmprov__mem_buf_free(&scratch);
}

/* Good text is looked at, not copied. */
TEST(text_sift_of_good_text_is_a_view) {
    llmprov__mem_buf scratch = { NULL, 0, 0, { NULL, NULL }, false };
    llmprov__text_sieve sieve = { { 0 }, 0 };
    const char *text = "caf\xC3\xA9 \xE6\x97\xA5\xE6\x9C\xAC \xF0\x9F\x98\x80";
    llmprov_str out;
    scratch.alloc = test_alloc();
    out = llmprov__text_sift(&sieve, &scratch, text, strlen(text), false);
    CHECK(out.ptr == text && out.len == strlen(text));
    out = llmprov__text_sift(&sieve, &scratch, text, 4, false);
    CHECK(out.ptr == text && out.len == 3 && sieve.count == 1);
    CHECK_INT(test_memory.calls, 0);
    out = llmprov__text_sift(&sieve, &scratch, text + 4, 1, false);
    CHECK_TEXT(out.ptr, out.len, "\xC3\xA9");
    CHECK_ALWAYS(scratch.failed || out.len == 2);
    llmprov__mem_buf_free(&scratch);
}

// -- whole numbers -------------------------------------------------------------------------

TEST_NO_OOM(text_from_int_prints_every_size) {
    static const int64_t values[] = { 0, 1, -1, 9, 10, 99, -10, INT64_MAX, INT64_MIN, INT64_MIN + 1, 1000000000000000000 };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(values); i++) {
        char got[24], expected[32];
        size_t n = llmprov__text_from_int(got, values[i]);
        sprintf(expected, "%lld", (long long)values[i]);
        CHECK_STR(got, expected);
        CHECK_INT(n, strlen(expected));
    }
}

TEST_NO_OOM(text_to_int_takes_whole_numbers_in_any_dress) {
    static const struct { const char *text; bool ok; int64_t value; } cases[] = {
        { "0", true, 0 }, { "-0", true, 0 }, { "-0.0e5", true, 0 }, { "1.0", true, 1 }, { "1e3", true, 1000 }, { "10e-1", true, 1 }, { "1.5", false, 0 },
        { "15e-1", false, 0 }, { "9223372036854775807", true, INT64_MAX }, { "9223372036854775808", false, 0 }, { "-9223372036854775808", true, INT64_MIN },
        { "-9223372036854775809", false, 0 }, { "92233720368547758070e-1", true, INT64_MAX }, { "1e18", true, 1000000000000000000 }, { "1e19", false, 0 },
        { "0e99999999999999999999", true, 0 }, { "9.223372036854775807e18", true, INT64_MAX }, { "18446744073709551616", false, 0 },
        { "9999999999999999999", false, 0 }, { "99999999999999999999", false, 0 }, { "1e-99999999999999999999", false, 0 },
        { "0.00000000000000000000000000012e29", true, 12 }, { "-12", true, -12 }, { "1E+2", true, 100 }, { "9007199254740993", true, 9007199254740993 },
        { "1e99999999999999999999", false, 0 }, { "10000000000000000000000e-22", true, 1 }, { "0.1e1", true, 1 },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        int64_t value = 77;
        char *copy = text_exact(cases[i].text, strlen(cases[i].text));
        bool ok = llmprov__text_to_int(copy, strlen(cases[i].text), &value);
        if (!CHECK(ok == cases[i].ok && (!ok || value == cases[i].value))) printf("    %s\n", cases[i].text);
        free(copy);
    }
}

// -- numbers with a point ------------------------------------------------------------------

static double text_parse(const char *text) {
    double value = 0;
    char *copy = text_exact(text, strlen(text));
    CHECK(llmprov__text_to_double(copy, strlen(text), &value));
    free(copy);
    return value;
}

static bool text_same_bits(double a, double b) { return !memcmp(&a, &b, sizeof a); }

/* The C library reads and writes a number with the point of the locale. */
static char *text_pointed(const char *text, char from, char to) {
    char *copy = text_exact(text, strlen(text) + 1), *at;
    for (at = copy; *at; at++)
        if (*at == from) *at = to;
    return copy;
}

static double text_by_libc(const char *text) {
    char *copy = text_pointed(text, '.', *localeconv()->decimal_point);
    double value = strtod(copy, NULL);
    free(copy);
    return value;
}

/* Whether the C library reads v there. That of MinGW is known to read this number's neighbour, and now and then that of
   others: there the neighbours count too. */
static bool text_library_reads(const char *text, double v) {
    double read = text_by_libc(text);
    uint64_t a, b;
    memcpy(&a, &read, sizeof a);
    memcpy(&b, &v, sizeof b);
    return a == b || ((a == b + 1 || b == a + 1) && !text_same_bits(text_by_libc("8.442542515286354e-227"), 0x1.fffffffffffffp-752));
}

/* Of a number as it is in JSON, or as printf writes it. */
static void text_check_parse(const char *text) {
    char *number = text_pointed(text, *localeconv()->decimal_point, '.');
    if (!CHECK(text_library_reads(number, text_parse(number)))) printf("    %.300s\n", number);
    free(number);
}

/* Digits of about the largest double, all of them before the point. */
static const char text_largest[] =
    "179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587207096330286416692887910946555547851940402630657488671"
    "50582068190890200070838367627385484581771153176447573027006985557136695962284291481986083493647529271907416844436551070434271155969950809304288000000";

TEST_NO_OOM(text_to_double_knows_the_hard_cases) {
    static const char *const texts[] = {
        "0", "-0", "1", "0.1", "1e23", "8.5e22", "9007199254740993", "9007199254740992.999999999999999999", "9007199254740993.0000000000000000000000000001",
        "2.2250738585072011e-308", "2.4703282292062327208e-324", "2.4703282292062328e-324", "4.9e-324", "1.7976931348623158e308", "1.7976931348623159e308", "1e309",
        "-1e400", "1e-400", "1e99999999999999999999999", "-1e-99999999999999999999999", "0e999999999999999999", "6929495644600919.5",
        "123456789012345678901234567890", "0.000000000000000000000000000000000000000000001e45", "1e22", "1e27", "1e28", "1e-27", "1e-28", "18446744073709551615",
        "18446744073709551616", "9223372036854775807", "5e-324", "3e-324", "2e-324", "0.500000000000000166533453693773481063544750213623046875",
        "3.518437208883201171875e13", "62.5364939768271845828", "8.10109172351e-10", "1.50000000000000011102230246251565",
        "1090544144181609348671888949248", "1090544144181609348835077142190",
        text_largest,
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(texts); i++) text_check_parse(texts[i]);
}

TEST_NO_OOM(text_to_double_of_very_long_numbers) {
    static char b[12000];
    int round;
    for (round = 0; round < 200; round++) {
        size_t n = 1 + text_below(10000), i;
        for (i = 0; i < n; i++) b[i] = (char)('0' + text_below(round % 3 ? 10 : 2));
        if (b[0] == '0') b[0] = '1';
        if (n > 3 && round % 2) b[1 + text_below(n - 2)] = '.';
        if (b[n - 1] == '.') b[n - 1] = '1';
        sprintf(b + n, "e%d", (int)text_below(700) - (int)(round % 2 ? 350 : n));
        text_check_parse(b);
    }
    memset(b, '0', sizeof b);
    memcpy(b + 10000, "123e10000", 10);
    b[1] = '.';
    text_check_parse(b);
    memset(b, '0', sizeof b);
    b[0] = '1';
    memcpy(b + 10000, "e-9999", 7);
    text_check_parse(b);
}

TEST_NO_OOM(text_from_double_prints_as_javascript_does) {
    static const struct { double value; const char *text; } cases[] = {
        { 0.0, "0" }, { -0.0, "-0" }, { 0.5, "0.5" }, { 1e30, "1e+30" }, { 1e21, "1e+21" }, { 1e20, "100000000000000000000" },
        { 123456789012345680000.0, "123456789012345680000" }, { 1e-6, "0.000001" }, { 1e-7, "1e-7" }, { 1.5e-7, "1.5e-7" }, { 0.7, "0.7" }, { -1.25, "-1.25" },
        { 100, "100" }, { 9007199254740993.0, "9007199254740992" }, { 5e-324, "5e-324" }, { 1.7976931348623157e308, "1.7976931348623157e+308" },
        { 2.2250738585072014e-308, "2.2250738585072014e-308" }, { 5.684341886080802e-14, "5.684341886080802e-14" }, { 0.1, "0.1" },
        { 1.0 / 3, "0.3333333333333333" }, { 123.456, "123.456" }, { 1e15, "1000000000000000" }, { 0.30000000000000004, "0.30000000000000004" }, { 4.35, "4.35" },
        { -1e-5, "-0.00001" },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        char text[32];
        size_t n = llmprov__text_from_double(text, cases[i].value);
        CHECK_STR(text, cases[i].text);
        CHECK_INT(n, strlen(text));
    }
}

/* Fewest digits that some printf precision needs. */
static size_t text_digits_needed(double v) {
    char text[64];
    int p;
    for (p = 0; p < 17; p++) {
        sprintf(text, "%.*e", p, v);
        if (text_same_bits(strtod(text, NULL), v)) break;
    }
    return (size_t)p + 1;
}

static size_t text_digits_used(const char *text) {
    size_t digits = 0, zeros = 0;
    bool lead = true;
    for (; *text && *text != 'e'; text++) {
        if (*text < '0' || *text > '9' || (lead && *text == '0')) continue;
        lead = false;
        digits++;
        zeros = *text == '0' ? zeros + 1 : 0;
    }
    return digits - zeros;
}

/* All kinds of doubles: any bits, few decimals, powers of two and their neighbours, very small ones. */
static double text_some_double(long round) {
    uint64_t bits = test_random();
    double v;
    if (round % 64 == 3) bits = ((uint64_t)text_below(2046) << 52) + (uint64_t)(round / 64 % 3) - 1;
    if (round % 64 == 7) bits >>= 12 + text_below(40);
    memcpy(&v, &bits, sizeof v);
    if (round % 4 == 1) v = (double)(int64_t)test_random() / (double)((uint64_t)1 << text_below(60));
    if (round % 4 == 2) v = (double)(test_random() % 2000000) / 1000.0;
    return v - v == 0 ? v : 1;
}

TEST_NO_OOM(text_doubles_go_there_and_back) {
    long round;
    for (round = 0; round < text_rounds(20000) && !test_now.failures; round++) {
        double v = text_some_double(round);
        char text[800];
        size_t n = llmprov__text_from_double(text, v);
        CHECK(n == strlen(text) && n < 31);
        CHECK(text_library_reads(text, v) && text_same_bits(text_parse(text), v));
        if (round % 8 == 0 && (v > 0 || v < 0)) CHECK(text_digits_used(text) <= text_digits_needed(v));
        sprintf(text, "%.*e", (int)text_below(25), v);
        text_check_parse(text);
        sprintf(text, "%llu.%llue%d", (unsigned long long)(test_random() >> text_below(64)), (unsigned long long)(test_random() >> text_below(64)), (int)text_below(80) - 40);
        text_check_parse(text);
    }
}

/* All digits of the middle between a double and its neighbour: the last of them decides. */
TEST_NO_OOM(text_to_double_in_the_exact_middle) {
    long round;
    for (round = 0; round < text_rounds(500) && !test_now.failures; round++) {
        static char text[1200];
        double v = text_some_double(round * 4), up;
        uint64_t bits;
        v = v < 0 ? -v : v;
        if (v < 1e-290 || v > 1e300) continue;
        memcpy(&bits, &v, sizeof bits);
        bits++;
        memcpy(&up, &bits, sizeof up);
        sprintf(text, "%.780Le", ((long double)v + (long double)up) / 2);
        text_check_parse(text);
    }
}

// -- base64, percent-encoding --------------------------------------------------------------

TEST_NO_OOM(text_base64_of_rfc_4648) {
    static const char *const cases[][2] = { { "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" } };
    size_t i, n;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        char to[16];
        n = llmprov__text_base64(to, cases[i][0], strlen(cases[i][0]));
        CHECK_TEXT(to, n, cases[i][1]);
        CHECK(llmprov__text_unbase64(to, &n, cases[i][1], strlen(cases[i][1])));
        CHECK_TEXT(to, n, cases[i][0]);
    }
}

TEST_NO_OOM(text_base64_goes_there_and_back_in_either_alphabet) {
    long round;
    for (round = 0; round < text_rounds(2000) && !test_now.failures; round++) {
        size_t n = text_below(200), m, o, i;
        unsigned char raw[200];
        char letters[272], *copy, *back;
        for (i = 0; i < n; i++) raw[i] = (unsigned char)(test_random() >> 40);
        copy = text_exact(raw, n);
        m = llmprov__text_base64(letters, copy, n);
        free(copy);
        CHECK_INT(m, (n + 2) / 3 * 4);
        if (round & 1) {                                      /* the URL alphabet, without padding */
            while (m && letters[m - 1] == '=') m--;
            for (i = 0; i < m; i++) letters[i] = (char)(letters[i] == '+' ? '-' : letters[i] == '/' ? '_' : letters[i]);
        }
        copy = text_exact(letters, m);
        back = (char *)malloc(m / 4 * 3 + 2);
        NEED(back);
        CHECK(llmprov__text_unbase64(back, &o, copy, m));
        CHECK_MEM(back, o, raw, n);
        if (m) {
            copy[text_below(m)] = " \n:.*\x80@[`{"[text_below(10)];
            CHECK(!llmprov__text_unbase64(back, &o, copy, m));
        }
        free(copy);
        free(back);
    }
}

TEST_NO_OOM(text_unbase64_refuses_what_is_none) {
    static const char *const bad[] = { "A", "AA=", "A===", "====", "AA==AAAA", "AAAAA", "AA=A", "=AAA", "AAA=AAA=", "Zg=\n" };
    char to[16];
    size_t i, n;
    for (i = 0; i < LLMPROV__COUNT(bad); i++) if (!CHECK(!llmprov__text_unbase64(to, &n, bad[i], strlen(bad[i])))) printf("    %s\n", bad[i]);
    CHECK(llmprov__text_unbase64(to, &n, "", 0) && n == 0);
}

TEST_NO_OOM(text_percent_encodes_all_but_unreserved) {
    char to[64];
    size_t n = llmprov__text_percent(to, "aZ09-._~ /\xC3\xBF%", 13);
    CHECK_TEXT(to, n, "aZ09-._~%20%2F%C3%BF%25");
    n = llmprov__text_percent(to, "a\0b", 3);
    CHECK_TEXT(to, n, "a%00b");
    CHECK_INT(llmprov__text_percent(to, "", 0), 0);
}
