/* >>json: RFC 8259. The suite of JSONTestSuite is read when it is there; some of its cases stand here. */
#include "test.h"

static size_t json_below(size_t n) { return (size_t)(test_random() >> 33) % n; }

static char *json_exact(const void *p, size_t n) {
    char *copy = (char *)malloc(n ? n : 1);
    if (!copy) exit(3);
    if (n) memcpy(copy, p, n);
    return copy;
}

// -- three ways of reading, which must agree -----------------------------------------------

/* Walks through everything with the cursor alone, values taken by any of the functions. */
static void json_walk(llmprov_scan *s) {
    char stack[2000];
    int n = 0;
    llmprov_str text;
    bool open = true, flag;
    double number;
    int64_t whole;
    for (;;) {
        if (open) {
            llmprov_json_type kind = llmprov_scan_kind(s);
            if (kind == LLMPROV_JSON_OBJECT || kind == LLMPROV_JSON_ARRAY) stack[n++] = kind == LLMPROV_JSON_OBJECT ? 'o' : 'a';
            else switch (json_below(6)) {
                case 0: llmprov_scan_text(s, &text); break;
                case 1: llmprov_scan_num(s, &number); break;
                case 2: llmprov_scan_int(s, &whole); break;
                case 3: llmprov_scan_bool(s, &flag); break;
                case 4: llmprov_scan_raw(s, &text); break;
                default: llmprov_scan_skip(s);
            }
        }
        if (!n) return;
        open = stack[n - 1] == 'o' ? llmprov_scan_key(s, &text) : llmprov_scan_item(s);
        if (!open) n--;
        if (n > 1990) return;
    }
}

/* The tree, one skip, and a walk: the same verdict, the same offset, the same reason. */
static bool json_read(const char *text, size_t len, size_t *offset, const char **why) {
    llmprov__mem_buf scratch = { NULL, 0, 0, { NULL, NULL }, false };
    llmprov_alloc alloc = test_alloc();
    char *copy = json_exact(text, len);
    llmprov_error err;
    llmprov_json *tree = llmprov_json_parse(copy, len, &alloc, &err);
    llmprov_scan s = llmprov__json_scan(copy, len, NULL, 0), w = llmprov__json_scan(copy, len, &scratch, 0);
    bool by_tree = tree != NULL, by_skip, by_walk;
    CHECK(err.message && err.provider && err.raw && err.param && err.request_id && err.provider_code);
    CHECK(by_tree ? err.code == LLMPROV_OK : err.code == LLMPROV_ERR_BAD_JSON && *err.message && err.offset <= len);
    llmprov_json_free(tree);
    llmprov_scan_skip(&s);
    by_skip = llmprov__json_done(&s);
    json_walk(&w);
    by_walk = llmprov__json_done(&w);
    CHECK(by_skip ? !s.status && !s.why : s.status == LLMPROV_ERR_BAD_JSON && s.why && s.at >= copy && s.at <= copy + len);
    if (!CHECK(by_tree == by_skip && by_tree == by_walk)) printf("    %d %d %d: %.*s\n", by_tree, by_skip, by_walk, (int)(len < 200 ? len : 200), copy);
    if (!by_tree && !by_skip && !by_walk && !CHECK(err.offset == (size_t)(s.at - copy) && s.at == w.at && !strcmp(err.message, s.why)))
        printf("    %d %d %d, %s, %s, %s: %.*s\n", (int)err.offset, (int)(s.at - copy), (int)(w.at - copy), err.message, s.why, w.why, (int)(len < 200 ? len : 200), copy);
    if (offset) *offset = err.offset;
    if (why) *why = s.why;
    llmprov__mem_buf_free(&scratch);
    free(copy);
    return by_tree;
}

// -- what is JSON and what is not ----------------------------------------------------------

TEST_NO_OOM(json_accepts_what_is_json) {
    static const char *const texts[] = {
        "null", "true", "false", "0", "-0", "-1", "1.5", "1E+2", "1e-2", "0e1", "123.456e78", "\"\"", "\"a\"", "[]", "{}", " [ ] ", "\t{\n}\r ", "[1,2]", "[[]]",
        "{\"a\":1}", "{\"a\":{\"b\":[1,null,true]}}", "{\"\":0}", "{\"a\":1,\"a\":2}", "\"\\u0041\\n\\\"\\\\\\/\\b\\f\\r\\t\"", "\"\\uD83D\\uDE00\"", "\"\x7f\"",
        "\"\xE2\x80\xA8\"", "\"\\u0000\"", "\"\\uFFFF\"", "[\"\\uDBFF\\uDFFF\"]", "\xEF\xBB\xBF[]", "[1e400]", "[-1e-400]", "[123456789012345678901234567890]",
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(texts); i++) if (!CHECK(json_read(texts[i], strlen(texts[i]), NULL, NULL))) printf("    %s\n", texts[i]);
}

TEST_NO_OOM(json_refuses_what_is_none_and_says_where) {
    static const struct { const char *text; size_t offset; const char *why; } cases[] = {
        { "", 0, "the text ends" }, { " ", 1, "the text ends" }, { "[", 1, "the text ends" }, { "]", 0, "a value was expected" }, { "[1", 2, "a comma or a closing bracket" },
        { "[1,]", 3, "a value was expected" }, { "[,1]", 1, "a value was expected" }, { "[1 2]", 3, "a comma" }, { "{", 1, "a key" }, { "{1:2}", 1, "a key" },
        { "{\"a\"}", 4, "a colon" }, { "{\"a\":}", 5, "a value" }, { "{\"a\":1,}", 7, "a key" }, { "{\"a\":1 \"b\":2}", 7, "a comma or a closing brace" }, { "{a:1}", 1, "a key" },
        { "{'a':1}", 1, "a key" }, { "[1}", 2, "a comma or a closing bracket" }, { "{\"a\":1]", 6, "a comma or a closing brace" }, { "01", 0, "begins with a zero" },
        { "-01", 1, "begins with a zero" }, { "-", 1, "a digit" }, { "+1", 0, "a value" }, { ".5", 0, "a value" }, { "1.", 2, "after the point" }, { "1.e1", 2, "after the point" },
        { "1e", 2, "exponent" }, { "1e+", 3, "exponent" }, { "0x1", 1, "follows" }, { "NaN", 0, "a value" }, { "Infinity", 0, "a value" }, { "-Infinity", 1, "a digit" },
        { "nul", 0, "a value" }, { "True", 0, "a value" }, { "truex", 4, "follows" }, { "\"", 1, "not closed" }, { "\"a", 2, "not closed" }, { "\"\\", 2, "not closed" },
        { "\"\\x\"", 2, "unknown escape" }, { "\"\\u12\"", 5, "four hexadecimal" }, { "\"\\u12G4\"", 5, "four hexadecimal" }, { "\"a\nb\"", 2, "control character" },
        { "\"\t\"", 1, "control character" }, { "[\"\\", 3, "not closed" }, { "1 2", 2, "follows" }, { "{} {}", 3, "follows" }, { "[] ,", 3, "follows" }, { "/**/1", 0, "a value" },
        { "[1,//x\n2]", 3, "a value" }, { "\xEF\xBB", 0, "a value" }, { "\xFE\xFF", 0, "a value" }, { "[\x0b]", 1, "a value" }, { "[\xC2\xA0]", 1, "a value" },
        { "{\"a\":1,\"b\"", 10, "a colon" }, { "{\"a\" 1}", 5, "a colon" }, { "{\"\\u00e\":1}", 7, "four hexadecimal" }, { "[1,[2,[3,]]]", 9, "a value" },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        size_t offset = 0;
        const char *why = "";
        bool ok = json_read(cases[i].text, strlen(cases[i].text), &offset, &why);
        if (!CHECK(!ok && offset == cases[i].offset && why && strstr(why, cases[i].why))) printf("    %s: at %d, %s\n", cases[i].text, (int)offset, why ? why : "");
    }
}

TEST_NO_OOM(json_refuses_a_nul_outside_and_inside_of_strings) {
    CHECK(!json_read("[\0]", 3, NULL, NULL));
    CHECK(!json_read("\"\0\"", 3, NULL, NULL));
    CHECK(!json_read("1\0", 2, NULL, NULL));
    CHECK(!json_read("\0", 1, NULL, NULL));
}

TEST_NO_OOM(json_refuses_every_beginning_of_a_text) {
    const char *text = " {\"a\":[1,2.5e3,-0,{\"b\":\"x\\u00e9\\ud83d\\ude00\\n\"}],\"c\":null,\"d\":true,\"e\":{},\"f\":[]}";
    size_t len;
    for (len = 0; len < strlen(text); len++) CHECK(!json_read(text, len, NULL, NULL));
    CHECK(json_read(text, len, NULL, NULL));
}

TEST_NO_OOM(json_damaged_texts_are_read_alike) {
    static const char *const seeds[] = {
        "{\"a\":[1,2.5e3,-0,{\"b\":\"x\\u00e9\\ud83d\\ude00\\n\"}],\"c\":null,\"d\":true,\"e\":{},\"f\":[]}", "[[[]],{\"k\":{\"k\":[{}]}}]",
        " { \"role\" : \"assistant\" , \"content\" : [ { \"type\" : \"text\", \"text\" : \"he said \\\"hi\\\" \\\\ \\ud83d lone\" } ] } ",
    };
    static const char bytes[] = "{}[],:\"\\0e-.tu \x80\n";
    long rounds = getenv("TEST_LONG") ? 200000 : 5000;
    while (rounds-- && !test_now.failures) {
        char b[300];
        const char *seed = seeds[json_below(3)];
        size_t n = strlen(seed), damage = json_below(3);
        memcpy(b, seed, n);
        while (damage--) {
            size_t at = json_below(n);
            switch (json_below(3)) {
                case 0: b[at] = bytes[json_below(sizeof bytes - 1)]; break;
                case 1: memmove(b + at, b + at + 1, n - at - 1); n--; break;
                default: memmove(b + at + 1, b + at, n - at); b[at] = bytes[json_below(12)]; n++;
            }
        }
        json_read(b, n, NULL, NULL);
    }
}

/* y_ is accepted, n_ refused; what the RFC leaves open (i_) is accepted but for other encodings and the depth. */
TEST_NO_OOM(json_reads_the_suite_of_jsontestsuite) {
    const char *shared = getenv("SHARED");
    static char path[1000], text[1 << 18];
    size_t at, names_count;
    char **names;
    int count = 0, refused = 0;
    sprintf(path, "%.400s/suites/json/test_parsing", shared ? shared : "../shared");
    names = test_names(path, &names_count);
    if (!names) SKIP("there is no ../shared/suites/json/test_parsing");
    for (at = 0; at < names_count; at++) {
        static const char *const undecided[] = { "i_string_utf16LE_no_BOM.json", "i_string_utf16BE_no_BOM.json", "i_string_UTF-16LE_with_BOM.json", "i_structure_500_nested_arrays.json" };
        const char *name = names[at];
        FILE *file;
        size_t n, i, offset = 0;
        const char *why = NULL;
        bool ok, expected = name[0] != 'n';
        if (strlen(name) < 6 || strcmp(name + strlen(name) - 5, ".json")) continue;
        sprintf(path, "%.400s/suites/json/test_parsing/%.400s", shared ? shared : "../shared", name);
        file = fopen(path, "rb");
        if (!CHECK(file != NULL)) continue;
        n = fread(text, 1, sizeof text, file);
        fclose(file);
        for (i = 0; i < LLMPROV__COUNT(undecided); i++) expected = expected && strcmp(name, undecided[i]);
        ok = json_read(text, n, &offset, &why);
        count++;
        refused += name[0] == 'i' && !ok;
        if (!CHECK(ok == expected)) printf("    %s: %s at %d\n", name, ok ? "accepted" : why, (int)offset);
    }
    test_names_free(names, names_count);
    CHECK(count >= 318);
    CHECK_INT(refused, 4);
}

// -- nesting -------------------------------------------------------------------------------

TEST_NO_OOM(json_nests_128_deep_and_no_deeper) {
    static char text[200001];
    size_t offset, d;
    memset(text, '[', 100000);
    CHECK(!json_read(text, 100000, &offset, NULL));
    CHECK_INT(offset, 128);
    for (d = 120; d < 140; d++) {
        memset(text, '[', d);
        memset(text + d, ']', d);
        CHECK(json_read(text, d * 2, NULL, NULL) == (d <= 128));
    }
}

TEST_NO_OOM(json_nests_as_deep_as_it_is_told_up_to_1024) {
    static char text[6000];
    static const int limits[] = { 1, 2, 7, 8, 9, 1023, 1024, 1025, 5000 };
    size_t i, d;
    for (i = 0; i < LLMPROV__COUNT(limits); i++)
        for (d = 1; d < 1100; d += d < 20 || d > 1020 ? 1 : 100) {
            llmprov_scan s;
            size_t most = limits[i] < 1024 ? (size_t)limits[i] : 1024;
            memset(text, '[', d);
            memset(text + d, ']', d);
            s = llmprov__json_scan(text, d * 2, NULL, limits[i]);
            llmprov_scan_skip(&s);
            CHECK(llmprov__json_done(&s) == (d <= most));
        }
}

TEST_NO_OOM(json_mixed_nesting_remembers_which_bracket_closes) {
    char text[400];
    size_t n = 0, i;
    int round;
    for (round = 0; round < 500; round++) {
        char close[100];
        size_t depth = 1 + json_below(90);
        n = 0;
        for (i = 0; i < depth; i++) {
            bool object = json_below(2);
            if (object) memcpy(text + n, "{\"\":", 4);
            else text[n] = '[';
            n += object ? 4 : 1;
            close[i] = object ? '}' : ']';
        }
        text[n++] = '1';
        while (i--) text[n++] = close[i];
        CHECK(json_read(text, n, NULL, NULL));
        i = n - 1 - json_below(depth);
        text[i] = text[i] == '}' ? ']' : '}';
        CHECK(!json_read(text, n, NULL, NULL));
    }
}

// -- the tree ------------------------------------------------------------------------------

static const char json_sample[] =
    "\xEF\xBB\xBF {\"a\":{\"b\":[10,{\"c\":\"x\\u0000y\"}]},\"n\":1,\"n\":2.0,\"s\":\"\\ud800z\",\"raw\": [1, 2 ],\"big\":1e999,\"t\":true,"
    "\"sm\":\"\\ud83d\\ude00\",\"bad\":\"\xff\xff\xff\\n\",\"z\":null} ";

static double json_infinity(void) { return strtod("inf", NULL); }

static llmprov_json *json_tree(const char *text, llmprov_error *err) {
    llmprov_alloc alloc = test_alloc();
    return llmprov_json_parse(text, strlen(text), &alloc, err);
}

TEST(json_paths_lead_to_values) {
    llmprov_error err;
    llmprov_json *j = json_tree(json_sample, &err);
    CHECK_ALWAYS(j || err.code == LLMPROV_ERR_NO_MEMORY);
    NEED(j);
    CHECK_INT(llmprov_json_int(llmprov_json_path(j, "a.b[0]"), 0), 10);
    CHECK(llmprov_json_path(j, "a.b[1].c") && llmprov_json_path(j, "") == j && llmprov_json_path(j, ".a.b"));
    CHECK(!llmprov_json_path(j, "a.b[2]") && !llmprov_json_path(j, "a.b[x]") && !llmprov_json_path(j, "a.b[0") && !llmprov_json_path(j, "q.b"));
    CHECK(!llmprov_json_path(j, "a.b[99999999999999999999999]") && !llmprov_json_path(j, "a.b[-1]") && !llmprov_json_path(j, "a[0]") && !llmprov_json_path(j, "n.x"));
    CHECK(!llmprov_json_path(NULL, "a") && llmprov_json_path(j, NULL) == j);
    llmprov_json_free(j);
}

TEST(json_texts_are_repaired_and_keep_their_nul) {
    llmprov_json *j = json_tree(json_sample, NULL);
    llmprov_str s;
    NEED(j);
    s = llmprov_json_text(llmprov_json_path(j, "a.b[1].c"));
    CHECK_MEM(s.ptr, s.len, "x\0y", 3);
    CHECK(!s.ptr[s.len]);
    CHECK_STR(llmprov_json_str(llmprov_json_get(j, "s"), ""), "\xEF\xBF\xBDz");
    CHECK_STR(llmprov_json_str(llmprov_json_get(j, "bad"), ""), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\n");
    CHECK_STR(llmprov_json_str(llmprov_json_get(j, "sm"), ""), "\xF0\x9F\x98\x80");
    CHECK_STR(llmprov_json_str(llmprov_json_get(j, "t"), "no string"), "no string");
    llmprov_json_free(j);
}

TEST(json_of_equal_keys_the_last_counts) {
    llmprov_json *j = json_tree(json_sample, NULL);
    NEED(j);
    CHECK_NUM(llmprov_json_num(llmprov_json_get(j, "n"), 0), 2);
    CHECK_INT(llmprov_json_int(llmprov_json_get(j, "n"), 0), 2);
    CHECK_INT(llmprov_json_count(j), 10);
    llmprov_json_free(j);
}

TEST(json_values_as_they_stood) {
    llmprov_json *j = json_tree(json_sample, NULL);
    llmprov_str s;
    NEED(j);
    s = llmprov_json_raw(llmprov_json_get(j, "raw"));
    CHECK_TEXT(s.ptr, s.len, "[1, 2 ]");
    s = llmprov_json_raw(j);
    CHECK(s.ptr[0] == '{' && s.ptr[s.len - 1] == '}');
    s = llmprov_json_raw(llmprov_json_get(j, "n"));
    CHECK_TEXT(s.ptr, s.len, "2.0");
    llmprov_json_free(j);
}

TEST(json_walks_members_and_items_in_order) {
    llmprov_json *j = json_tree("{\"a\":[1,2,3],\"b\":{},\"c\":[]}", NULL);
    const llmprov_json *v = NULL;
    char keys[8] = "";
    int64_t sum = 0;
    NEED(j);
    while ((v = llmprov_json_next(j, v)) != NULL) strcat(keys, llmprov_json_key(v));
    CHECK_STR(keys, "abc");
    while ((v = llmprov_json_next(llmprov_json_get(j, "a"), v)) != NULL) {
        CHECK(!llmprov_json_key(v));
        sum = sum * 10 + llmprov_json_int(v, 0);
    }
    CHECK_INT(sum, 123);
    CHECK(!llmprov_json_next(llmprov_json_get(j, "b"), NULL) && !llmprov_json_next(llmprov_json_get(j, "c"), NULL));
    CHECK(!llmprov_json_next(llmprov_json_path(j, "a[0]"), NULL));
    llmprov_json_free(j);
}

TEST_NO_OOM(json_getters_take_null) {
    CHECK(llmprov_json_kind(NULL) == LLMPROV_JSON_NONE && !llmprov_json_get(NULL, "x") && !llmprov_json_next(NULL, NULL) && !llmprov_json_key(NULL));
    CHECK(!llmprov_json_count(NULL) && !llmprov_json_raw(NULL).len && !llmprov_json_text(NULL).len && llmprov_json_text(NULL).ptr);
    CHECK_STR(llmprov_json_str(NULL, "other"), "other");
    CHECK_NUM(llmprov_json_num(NULL, 7), 7);
    CHECK_INT(llmprov_json_int(NULL, 7), 7);
    CHECK(llmprov_json_bool(NULL, true) && !llmprov_json_bool(NULL, false));
    llmprov_json_free(NULL);
}

TEST(json_getters_of_another_kind_give_what_stands_for_absent) {
    llmprov_json *j = json_tree("{\"n\":1.5,\"s\":\"7\",\"t\":true,\"z\":null,\"big\":1e999,\"neg\":-1e999,\"tiny\":1e-999,\"i\":9007199254740993}", NULL);
    NEED(j);
    CHECK(!llmprov_json_get(j, NULL) && !llmprov_json_get(llmprov_json_get(j, "n"), "x"));
    CHECK_INT(llmprov_json_int(llmprov_json_get(j, "n"), 3), 3);
    CHECK_INT(llmprov_json_int(llmprov_json_get(j, "s"), 3), 3);
    CHECK_INT(llmprov_json_int(llmprov_json_get(j, "big"), 3), 3);
    CHECK_INT(llmprov_json_int(llmprov_json_get(j, "i"), 3), 9007199254740993);
    CHECK_NUM(llmprov_json_num(llmprov_json_get(j, "big"), 0), json_infinity());
    CHECK_NUM(llmprov_json_num(llmprov_json_get(j, "neg"), 0), -json_infinity());
    CHECK_NUM(llmprov_json_num(llmprov_json_get(j, "tiny"), 5), 0);
    CHECK_NUM(llmprov_json_num(llmprov_json_get(j, "z"), 5), 5);
    CHECK(llmprov_json_bool(llmprov_json_get(j, "t"), false) && llmprov_json_bool(llmprov_json_get(j, "z"), true));
    llmprov_json_free(j);
}

TEST_NO_OOM(json_parses_nothing_calmly) {
    llmprov_error err;
    CHECK(!llmprov_json_parse(NULL, 0, NULL, &err));
    CHECK_INT(err.code, LLMPROV_ERR_BAD_JSON);
    CHECK(!llmprov_json_parse(NULL, 100, NULL, &err));
    CHECK(!llmprov_json_parse("", 0, NULL, NULL));
}

TEST(json_tree_has_its_own_copy) {
    llmprov_alloc alloc = test_alloc();
    char text[] = "{\"key\":\"text\",\"raw\":[1,2]}";
    llmprov_json *j = llmprov_json_parse(text, strlen(text), &alloc, NULL);
    memset(text, 'x', sizeof text);
    NEED(j);
    CHECK_STR(llmprov_json_str(llmprov_json_get(j, "key"), ""), "text");
    CHECK_TEXT(llmprov_json_raw(llmprov_json_get(j, "raw")).ptr, llmprov_json_raw(llmprov_json_get(j, "raw")).len, "[1,2]");
    llmprov_json_free(j);
}

// -- the cursor ----------------------------------------------------------------------------

TEST(json_scan_unescapes_into_scratch) {
    const char *text = "{\"a\\n\":\"v\\t\",\"b\":[1,\"x\"]}";
    llmprov__mem_buf scratch = { NULL, 0, 0, { NULL, NULL }, false };
    llmprov_scan s, in;
    llmprov_str key, value;
    scratch.alloc = test_alloc();
    s = llmprov__json_scan(text, strlen(text), &scratch, 0);
    if (!llmprov_scan_key(&s, &key)) {
        CHECK(false);
        CHECK_ALWAYS(s.status == LLMPROV_ERR_NO_MEMORY);
        llmprov__mem_buf_free(&scratch);
        return;
    }
    CHECK_TEXT(key.ptr, key.len, "a\n");
    CHECK(llmprov_scan_raw(&s, &value) && value.len == 5);
    in = llmprov_scan_in(&s, value);
    CHECK(llmprov_scan_text(&in, &key));
    CHECK_TEXT(key.ptr, key.len, "v\t");
    CHECK(llmprov_scan_key(&s, &key) && llmprov__text_is(key, "b") && llmprov_scan_item(&s));
    llmprov_scan_skip(&s);
    CHECK(llmprov_scan_item(&s) && llmprov_scan_text(&s, &key) && llmprov__text_is(key, "x"));
    CHECK(!llmprov_scan_item(&s) && !llmprov_scan_key(&s, &key) && llmprov__json_done(&s));
    CHECK(!llmprov_scan_key(&s, &key) && !s.status);
    llmprov__mem_buf_free(&scratch);
}

TEST_NO_OOM(json_scan_without_scratch_gives_escapes_as_they_are) {
    const char *text = "{\"plain\":\"text\",\"es\\n\":1}";
    llmprov_scan s = llmprov__json_scan(text, strlen(text), NULL, 0);
    llmprov_str key, value;
    CHECK(llmprov_scan_key(&s, &key) && llmprov__text_is(key, "plain") && llmprov_scan_text(&s, &value) && llmprov__text_is(value, "text"));
    CHECK(llmprov_scan_key(&s, &key) && llmprov__text_is(key, "es\\n"));
    llmprov_scan_skip(&s);
    CHECK(!llmprov_scan_key(&s, &key));
    CHECK_INT(s.status, LLMPROV_OK);
}

/* Asking for one kind where another stands skips the value: the cursor goes on behind it. */
TEST_NO_OOM(json_scan_of_another_kind_skips) {
    const char *text = "[1,\"s\",true,null,{\"a\":[1]},[2],1.5,9]";
    llmprov_scan s = llmprov__json_scan(text, strlen(text), NULL, 0);
    llmprov_str value;
    double number = 3;
    int64_t whole = 3;
    bool flag = true;
    CHECK(llmprov_scan_item(&s) && !llmprov_scan_text(&s, &value) && value.ptr && !value.len);
    CHECK(llmprov_scan_item(&s) && !llmprov_scan_num(&s, &number));
    CHECK(llmprov_scan_item(&s) && !llmprov_scan_int(&s, &whole));
    CHECK(llmprov_scan_item(&s) && !llmprov_scan_bool(&s, &flag));
    CHECK(llmprov_scan_item(&s) && !llmprov_scan_item(&s));   /* an object is no array: skipped whole */
    CHECK(llmprov_scan_item(&s) && !llmprov_scan_key(&s, &value));
    CHECK(llmprov_scan_item(&s) && !llmprov_scan_int(&s, &whole));
    CHECK(llmprov_scan_item(&s) && llmprov_scan_int(&s, &whole) && whole == 9);
    CHECK(!llmprov_scan_item(&s) && llmprov__json_done(&s));
    CHECK_NUM(number, 3);
}

TEST_NO_OOM(json_scan_wants_each_value_consumed) {
    const char *text = "[1,2]";
    llmprov_scan s = llmprov__json_scan(text, strlen(text), NULL, 0);
    llmprov_str value;
    CHECK(llmprov_scan_item(&s) && llmprov_scan_raw(&s, &value));
    CHECK(!llmprov_scan_raw(&s, &value));                     /* no value comes here */
    CHECK_INT(s.status, LLMPROV_ERR_BAD_JSON);
    CHECK(!llmprov_scan_item(&s));
}

TEST_NO_OOM(json_scan_keeps_its_first_failure) {
    const char *text = "{\"a\":tru}";
    llmprov_scan s = llmprov__json_scan(text, strlen(text), NULL, 0);
    llmprov_str key;
    const char *at;
    double number;
    CHECK(llmprov_scan_key(&s, &key));
    llmprov_scan_skip(&s);
    at = s.at;
    CHECK(s.status == LLMPROV_ERR_BAD_JSON && at == text + 5);
    CHECK(!llmprov_scan_key(&s, &key) && !llmprov_scan_item(&s) && !llmprov_scan_num(&s, &number) && !llmprov_scan_text(&s, &key) && !llmprov_scan_raw(&s, &key));
    CHECK(llmprov_scan_kind(&s) == LLMPROV_JSON_NONE && !llmprov__json_done(&s) && s.at == at);
}

TEST(json_unquote_leaves_halves_to_the_sieve) {
    llmprov__mem_buf scratch = { NULL, 0, 0, { NULL, NULL }, false };
    llmprov_scan s;
    llmprov_str raw = { "\"\\ud83d\"", 8 }, text;
    scratch.alloc = test_alloc();
    s = llmprov__json_scan("1", 1, &scratch, 0);
    text = llmprov__json_unquote(&s, raw, true);
    if (text.ptr) CHECK_TEXT(text.ptr, text.len, "\xED\xA0\xBD");
    else CHECK(false);
    text = llmprov__json_unquote(&s, raw, false);
    if (text.ptr) CHECK_TEXT(text.ptr, text.len, "\xEF\xBF\xBD");
    else CHECK(false);
    llmprov__mem_buf_free(&scratch);
}

// -- equality ------------------------------------------------------------------------------

static bool json_equal(const char *a, const char *b) {
    llmprov_str x = { NULL, 0 }, y = { NULL, 0 };
    llmprov_alloc alloc = test_alloc();
    bool equal;
    x.ptr = a;
    x.len = strlen(a);
    y.ptr = b;
    y.len = strlen(b);
    equal = llmprov__json_equal(x, y, &alloc);
    CHECK(equal == llmprov__json_equal(y, x, &alloc));
    return equal;
}

TEST(json_equal_sees_what_is_said_not_how) {
    CHECK(json_equal("{\"a\":1,\"b\":[1,{\"x\":\"\\u0041\"}]}", " { \"b\" : [ 1.0 , {\"x\":\"A\"} ], \"a\":10e-1}"));
    CHECK(json_equal("[1,[2,[3]],4]", "[1,[2,[3]],4.0]") && json_equal("null", "null") && json_equal("{\"a\":1,\"a\":2}", "{\"a\":1,\"a\":2}"));
    CHECK(json_equal("[[],[[]],{}]", " [[],[[]],{}]") && json_equal("{\"a\":{\"b\":1},\"c\":2}", "{\"c\":2,\"a\":{\"b\":1}}"));
    CHECK(!json_equal("[1,2]", "[2,1]") && !json_equal("{\"a\":1}", "{\"b\":1}") && !json_equal("[1,[2,3],4]", "[1,[2,4],4]") && !json_equal("true", "false"));
    CHECK(!json_equal("[]", "{}") && !json_equal("1", "\"1\"") && !json_equal("9007199254740993", "9007199254740992") && !json_equal("[1]", "[1,2]"));
    CHECK(!json_equal("{\"a\":1}", "{\"a\":1,\"b\":2}") && !json_equal("{\"a\":{\"b\":1,\"c\":2}}", "{\"a\":{\"b\":1,\"d\":2}}") && !json_equal("x", "x"));
}
