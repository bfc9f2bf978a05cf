/* >>msg: messages and histories: loading, saving, building. What programs keep in their databases. */
#include "test.h"

static llmprov_history msg_new(void) {
    llmprov_history h = { .alloc = test_alloc() };
    return h;
}

/* Two JSON texts say the same; the order of members does not count. */
static bool msg_equal(const char *a, size_t a_len, const char *b, size_t b_len) {
    llmprov_str x, y;
    llmprov_alloc none = { NULL, NULL };
    x.ptr = a;
    x.len = a_len;
    y.ptr = b;
    y.len = b_len;
    return llmprov__json_equal(x, y, &none);
}

/* Load then save says the same; a second time it is the same bytes. */
static void msg_round(const char *json) {
    llmprov_history h = msg_new(), again = msg_new();
    llmprov_text first = { 0 }, second = { 0 };
    llmprov_error err;
    llmprov_status status = llmprov_history_load(&h, json, strlen(json), &err);
    CHECK_ALWAYS(err.message && err.code == status);
    if (status && !(test_excused() && status == LLMPROV_ERR_NO_MEMORY)) test_fail(__FILE__, __LINE__, "%s: %.200s", err.message, json);
    if (!status && !(status = llmprov_history_save(&h, &first))) {
        if (!CHECK_ALWAYS(msg_equal(first.ptr, first.len, json, strlen(json)))) printf("    is       %s\n    expected %s\n", first.ptr, json);
        CHECK_ALWAYS(strlen(first.ptr) == first.len);
        status = llmprov_history_load(&again, first.ptr, first.len, &err);
        if (!status) status = llmprov_history_save(&again, &second);
        if (!status) CHECK_MEM(second.ptr, second.len, first.ptr, first.len);
    }
    CHECK(status == LLMPROV_OK);
    CHECK_ALWAYS(!status || test_excused());
    llmprov_text_free(&first);
    llmprov_text_free(&second);
    llmprov_history_free(&h);
    llmprov_history_free(&again);
}

#define MSG_USER(blocks) "{\"messages\":[{\"role\":\"user\",\"content\":[" blocks "]}]}"

// -- there and back ------------------------------------------------------------------------

TEST(msg_goes_there_and_back_with_plain_strings) {
    msg_round("{\"messages\":[]}");
    msg_round("[]");
    msg_round("[{\"role\":\"user\",\"content\":\"Hi.\"},{\"role\":\"assistant\",\"content\":\"Hello, w\\u00f6rld \\ud83d\\ude00 \\\"q\\\" \\n\\u0001\"}]");
    msg_round("{\"system\":\"Be brief.\",\"messages\":[{\"role\":\"user\",\"content\":\"\"}]}");
    msg_round("{\"messages\":[{\"role\":\"system\",\"content\":\"In the middle.\"}]}");
}

TEST(msg_goes_there_and_back_with_texts) {
    msg_round(MSG_USER("{\"type\":\"text\",\"text\":\"Hi.\"}"));
    msg_round(MSG_USER("{\"type\":\"text\",\"text\":\"a\\u0000b\"}"));
    msg_round(MSG_USER("{\"type\":\"text\",\"text\":\"Hi.\",\"citations\":[{\"type\":\"char_location\",\"cited_text\":\"x\",\"document_index\":0}]}"));
    msg_round(MSG_USER("{\"type\":\"text\",\"text\":\"Hi.\",\"citations\":null}"));
    msg_round("{\"messages\":[{\"role\":\"user\",\"content\":[]}]}");
}

TEST(msg_goes_there_and_back_with_images) {
    msg_round(MSG_USER("{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":\"iVBORw0KGgo=\"}}"));
    msg_round(MSG_USER("{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":\"https://a.example/x.png\"}}"));
    msg_round(MSG_USER("{\"type\":\"image\",\"source\":{\"type\":\"file\",\"file_id\":\"file_1\"}}"));
}

/* A source that says more, or says it otherwise than its fields can, stays as it is. */
TEST(msg_goes_there_and_back_with_odd_sources) {
    msg_round(MSG_USER("{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":\"AAAA\",\"extra\":1}}"));
    msg_round(MSG_USER("{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"data\":\"AAAA\"}}"));
    msg_round(MSG_USER("{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":\"not base64!\"}}"));
    msg_round(MSG_USER("{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":\"https://a.example\",\"media_type\":\"image/png\"}}"));
    msg_round(MSG_USER("{\"type\":\"image\",\"source\":{\"type\":\"s3\",\"bucket\":\"b\"}}"));
    msg_round(MSG_USER("{\"type\":\"image\",\"source\":\"a string\"},{\"type\":\"image\",\"source\":null},{\"type\":\"image\",\"source\":{}},{\"type\":\"image\"}"));
    msg_round(MSG_USER("{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":7}}"));
    msg_round(MSG_USER("{\"type\":\"image\",\"source\":{\"type\":\"url\"}},{\"type\":\"image\",\"source\":{\"type\":\"file\",\"file_id\":null}}"));
    msg_round(MSG_USER("{\"type\":\"document\",\"source\":{\"type\":\"text\",\"media_type\":\"text/markdown\",\"data\":\"# x\"}}"));
}

TEST(msg_goes_there_and_back_with_documents) {
    msg_round(MSG_USER("{\"type\":\"document\",\"source\":{\"type\":\"base64\",\"media_type\":\"application/pdf\",\"data\":\"AAAA\"},\"title\":\"T\",\"context\":\"c\",\"citations\":{\"enabled\":true}}"));
    msg_round(MSG_USER("{\"type\":\"document\",\"source\":{\"type\":\"text\",\"media_type\":\"text/plain\",\"data\":\"plain \\u00e9\"},\"title\":null}"));
    msg_round(MSG_USER("{\"type\":\"document\",\"source\":{\"type\":\"content\",\"content\":[{\"type\":\"text\",\"text\":\"x\"}]}}"));
    msg_round(MSG_USER("{\"type\":\"document\",\"source\":{\"type\":\"text\",\"media_type\":\"text/plain\",\"data\":\"\"}}"));
}

TEST(msg_goes_there_and_back_with_audio_and_video) {
    msg_round(MSG_USER("{\"type\":\"audio\",\"source\":{\"type\":\"base64\",\"media_type\":\"audio/wav\",\"data\":\"AAAA\"},\"text\":\"said\",\"id\":\"a1\"}"));
    msg_round(MSG_USER("{\"type\":\"video\",\"source\":{\"type\":\"url\",\"url\":\"https://a.example/v.mp4\"}}"));
}

TEST(msg_goes_there_and_back_with_tools) {
    msg_round("[{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"look\",\"input\":{\"a\":[1,{\"b\":null}],\"s\":\"\\u00e9\\n\"}}]},"
              "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"t1\",\"content\":\"plain\"}]}]");
    msg_round(MSG_USER("{\"type\":\"tool_result\",\"tool_use_id\":\"t1\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":\"u\"}}],\"is_error\":true}"));
    msg_round(MSG_USER("{\"type\":\"tool_result\",\"tool_use_id\":\"t1\",\"is_error\":false},{\"type\":\"tool_result\",\"tool_use_id\":\"t2\",\"content\":[]}"));
    msg_round(MSG_USER("{\"type\":\"tool_result\",\"tool_use_id\":\"t1\",\"content\":null},{\"type\":\"tool_result\",\"tool_use_id\":\"t1\",\"content\":{\"x\":1}}"));
    msg_round("[{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"look\",\"input\":\"no object\",\"caller\":{\"type\":\"direct\"}}]}]");
    msg_round("[{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":7,\"name\":null,\"input\":{}}]}]");
}

TEST(msg_goes_there_and_back_with_results_inside_results) {
    msg_round(MSG_USER("{\"type\":\"tool_result\",\"tool_use_id\":\"t1\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"t2\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"t3\",\"content\":[]}]}]}"));
}

TEST(msg_goes_there_and_back_with_thinking) {
    msg_round("[{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\",\"signature\":\"c2ln\"},{\"type\":\"redacted_thinking\",\"data\":\"b3BhcXVl\"},"
              "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"},{\"type\":\"thinking\",\"thinking\":\"x\"},{\"type\":\"text\",\"text\":\"x\"}]}]");
    msg_round("[{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\",\"signature\":\"s\",\"origin\":\"openai-chat:reasoning_content\"}]}]");
}

TEST(msg_goes_there_and_back_with_server_tools) {
    msg_round("[{\"role\":\"assistant\",\"content\":[{\"type\":\"server_tool_use\",\"id\":\"s1\",\"name\":\"web_search\",\"input\":{\"query\":\"q\"}},"
              "{\"type\":\"web_search_tool_result\",\"tool_use_id\":\"s1\",\"content\":[{\"type\":\"web_search_result\",\"url\":\"u\",\"title\":\"t\",\"encrypted_content\":\"e\",\"page_age\":null}]},"
              "{\"type\":\"mcp_tool_use\",\"id\":\"m1\",\"name\":\"n\",\"server_name\":\"s\",\"input\":{}},{\"type\":\"mcp_tool_result\",\"tool_use_id\":\"m1\",\"is_error\":true,\"content\":\"x\"},"
              "{\"type\":\"bash_code_execution_tool_result\",\"tool_use_id\":\"x\",\"content\":{\"type\":\"e\",\"stdout\":\"\"}}]}]");
}

TEST(msg_goes_there_and_back_with_kinds_it_does_not_know) {
    msg_round("[{\"role\":\"assistant\",\"content\":[{\"type\":\"hologram\",\"depth\":3,\"text\":\"x\",\"nested\":{\"a\":[]},\"cache_control\":{\"type\":\"ephemeral\"}},{\"type\":\"\"},{\"type\":\"text2\"}]}]");
    msg_round(MSG_USER("{\"type\":\"search_result\",\"source\":\"s\",\"title\":\"t\",\"content\":[{\"type\":\"text\",\"text\":\"x\"}]}"));
}

/* Members without a field, of every level, with names that need escapes. */
TEST(msg_goes_there_and_back_with_members_it_does_not_know) {
    msg_round("{\"model\":\"m\",\"max_tokens\":5,\"metadata\":{\"user_id\":\"u\"},\"messages\":[{\"role\":\"user\",\"id\":\"m1\",\"time\":1.5e3,\"content\":\"Hi.\"}],\"we\\\"ird\\n\":[]}");
    msg_round(MSG_USER("{\"type\":\"text\",\"text\":\"x\",\"a\\\"b\":1,\"c\\\\d\":{\"e\":[]},\"\":0}"));
    msg_round(MSG_USER("{\"type\":\"text\",\"text\":\"x\",\"a\\\"b\":1,\"cache_control\":{\"type\":\"persistent\"}}"));
    msg_round(MSG_USER("{\"type\":\"image\",\"a\\\"b\":1,\"source\":{\"type\":\"s3\"}}"));
    msg_round("{\"system\":[{\"type\":\"text\",\"text\":\"x\",\"later\":1}],\"messages\":[]}");
    msg_round("{\"system\":null,\"messages\":[]}");
}

TEST(msg_goes_there_and_back_with_cache_marks) {
    msg_round(MSG_USER("{\"type\":\"text\",\"text\":\"a\",\"cache_control\":{\"type\":\"ephemeral\"}}"));
    msg_round(MSG_USER("{\"type\":\"text\",\"text\":\"a\",\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}}"));
    msg_round(MSG_USER("{\"type\":\"text\",\"text\":\"a\",\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"5m\"}}"));
    msg_round(MSG_USER("{\"type\":\"text\",\"text\":\"a\",\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"2d\",\"scope\":\"x\"}}"));
    msg_round(MSG_USER("{\"type\":\"text\",\"text\":\"a\",\"cache_control\":{\"ttl\":\"1h\"}},{\"type\":\"text\",\"text\":\"a\",\"cache_control\":null}"));
    msg_round("{\"system\":[{\"type\":\"text\",\"text\":\"s\",\"cache_control\":{\"type\":\"ephemeral\"}}],\"messages\":[]}");
}

/* A big one: every allocation in turn is too many, so it runs once. */
TEST_NO_OOM(msg_goes_there_and_back_when_it_is_long) {
    llmprov_writer w = { 0 };
    int i;
    llmprov_write_open(&w, NULL, '[');
    for (i = 0; i < 3000; i++) {
        llmprov_write_open(&w, NULL, '{');
        llmprov_write_str(&w, "role", i % 2 ? "assistant" : "user", i % 2 ? 9 : 4);
        if (i % 3) llmprov_write_str(&w, "content", "plain text", 10);
        else {
            llmprov_write_open(&w, "content", '[');
            llmprov_write_raw(&w, NULL, "{\"type\":\"text\",\"text\":\"one\",\"x\":1}", 34);
            llmprov_write_raw(&w, NULL, "{\"type\":\"text\",\"text\":\"two\"}", 28);
            llmprov_write_close(&w);
        }
        llmprov_write_close(&w);
    }
    llmprov_write_close(&w);
    msg_round(w.text);
    llmprov_writer_free(&w);
}

// -- the fields that a block gets ----------------------------------------------------------

TEST(msg_blocks_have_their_fields) {
    static const char json[] =
        "[{\"role\":\"assistant\",\"content\":["
        "{\"type\":\"text\",\"text\":\"t\"},{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":\"QUJD\"}},"
        "{\"type\":\"tool_use\",\"id\":\"i\",\"name\":\"n\",\"input\":{\"a\": 1}},{\"type\":\"tool_result\",\"tool_use_id\":\"i\",\"content\":\"r\",\"is_error\":true},"
        "{\"type\":\"thinking\",\"thinking\":\"h\",\"signature\":\"s\"},{\"type\":\"redacted_thinking\",\"data\":\"d\"},"
        "{\"type\":\"server_tool_use\",\"id\":\"s1\",\"name\":\"web\",\"input\":{}},{\"type\":\"web_search_tool_result\",\"tool_use_id\":\"s1\",\"content\":[]},"
        "{\"type\":\"new_kind\",\"x\":1},{\"type\":\"document\",\"title\":\"T\",\"source\":{\"type\":\"text\",\"media_type\":\"text/plain\",\"data\":\"D\"}},"
        "{\"type\":\"text\",\"text\":\"m\",\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"},\"origin\":\"o\",\"more\":2}]}]";
    llmprov_history h = msg_new();
    const llmprov_block *b;
    OK_OR(llmprov_history_load(&h, json, strlen(json), NULL), done);
    NEED_OR(h.message_count == 1 && h.messages[0].block_count == 11, done);
    CHECK_INT(h.messages[0].role, LLMPROV_ROLE_ASSISTANT);
    CHECK(!h.messages[0].plain);
    b = h.messages[0].blocks;
    CHECK_INT(b[0].type, LLMPROV_BLOCK_TEXT);
    CHECK_TEXT(b[0].text, b[0].text_len, "t");
    CHECK_INT(b[1].type, LLMPROV_BLOCK_IMAGE);
    CHECK_STR(b[1].mime, "image/png");
    CHECK_TEXT(b[1].base64, b[1].base64_len, "QUJD");
    CHECK_INT(b[2].type, LLMPROV_BLOCK_TOOL_USE);
    CHECK_STR(b[2].id, "i");
    CHECK_STR(b[2].name, "n");
    CHECK_TEXT(b[2].json, b[2].json_len, "{\"a\": 1}");
    CHECK_INT(b[3].type, LLMPROV_BLOCK_TOOL_RESULT);
    CHECK_STR(b[3].id, "i");
    CHECK_STR(b[3].text, "r");
    CHECK(b[3].is_error && !b[3].content);
    CHECK_INT(b[4].type, LLMPROV_BLOCK_THINKING);
    CHECK_STR(b[4].text, "h");
    CHECK_STR(b[4].signature, "s");
    CHECK_INT(b[5].type, LLMPROV_BLOCK_REDACTED);
    CHECK_STR(b[5].text, "d");
    CHECK_INT(b[6].type, LLMPROV_BLOCK_SERVER_USE);
    CHECK_STR(b[6].kind, "server_tool_use");
    CHECK_INT(b[7].type, LLMPROV_BLOCK_SERVER_RESULT);
    CHECK_STR(b[7].kind, "web_search_tool_result");
    CHECK_STR(b[7].json, "[]");
    CHECK_INT(b[8].type, LLMPROV_BLOCK_RAW);
    CHECK_STR(b[8].kind, "new_kind");
    CHECK(b[8].json && strstr(b[8].json, "\"x\":1"));
    CHECK_INT(b[9].type, LLMPROV_BLOCK_DOCUMENT);
    CHECK_STR(b[9].name, "T");
    CHECK_STR(b[9].text, "D");
    CHECK_INT(b[10].cache, LLMPROV_CACHE_1H);
    CHECK_STR(b[10].origin, "o");
    CHECK_STR(b[10].extra, "{\"more\":2}");
done:
    llmprov_history_free(&h);
}

TEST(msg_system_is_a_text_or_blocks) {
    llmprov_history h = msg_new();
    OK_OR(llmprov_history_load(&h, "{\"system\":\"S\",\"messages\":[]}", 28, NULL), done);
    CHECK_TEXT(h.system, h.system_len, "S");
    CHECK(!h.system_count);
    llmprov_history_free(&h);
    OK_OR(llmprov_history_load(&h, "{\"system\":[{\"type\":\"text\",\"text\":\"S\"}],\"messages\":[]}", 53, NULL), done);
    CHECK(!h.system && h.system_count == 1);
    if (h.system_count == 1) CHECK_STR(h.system_blocks[0].text, "S");
    llmprov_set_system(&h, "T");
    if (!h.status) CHECK(h.system && !strcmp(h.system, "T") && !h.system_count);
    llmprov_set_system(&h, NULL);
    if (!h.status) CHECK(!h.system && !h.system_count);
done:
    llmprov_history_free(&h);
}

// -- what is refused -----------------------------------------------------------------------

TEST(msg_load_says_what_and_where) {
    static const struct { const char *json; llmprov_status code; const char *says; } cases[] = {
        { "", LLMPROV_ERR_BAD_JSON, "not JSON at byte 0" }, { "{\"messages\":[}", LLMPROV_ERR_BAD_JSON, "not JSON at byte 13" }, { "[] x", LLMPROV_ERR_BAD_JSON, "not JSON at byte 3" },
        { "1", LLMPROV_ERR_ARGUMENT, "a history is" }, { "{}", LLMPROV_ERR_ARGUMENT, "a history is" }, { "\"x\"", LLMPROV_ERR_ARGUMENT, "a history is" },
        { "{\"messages\":{}}", LLMPROV_ERR_ARGUMENT, "a history is" }, { "{\"messages\":null}", LLMPROV_ERR_ARGUMENT, "a history is" },
        { "[1]", LLMPROV_ERR_ARGUMENT, "messages[0]" }, { "[{}]", LLMPROV_ERR_ARGUMENT, "messages[0]" }, { "[{\"role\":\"user\"}]", LLMPROV_ERR_ARGUMENT, "messages[0]" },
        { "[{\"content\":\"x\"}]", LLMPROV_ERR_ARGUMENT, "messages[0]" }, { "[{\"role\":\"user\",\"content\":\"x\"},{\"role\":\"robot\",\"content\":\"x\"}]", LLMPROV_ERR_ARGUMENT, "messages[1].role" },
        { "[{\"role\":1,\"content\":\"x\"}]", LLMPROV_ERR_ARGUMENT, "messages[0]" }, { "[{\"role\":\"user\",\"content\":null}]", LLMPROV_ERR_ARGUMENT, "messages[0].content" },
        { "[{\"role\":\"user\",\"content\":{}}]", LLMPROV_ERR_ARGUMENT, "messages[0].content" }, { "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"\"},{}]}]", LLMPROV_ERR_ARGUMENT, "messages[0].content[1]" },
        { "[{\"role\":\"user\",\"content\":[\"x\"]}]", LLMPROV_ERR_ARGUMENT, "messages[0].content[0]" }, { "[{\"role\":\"user\",\"content\":[{\"type\":5}]}]", LLMPROV_ERR_ARGUMENT, "messages[0].content[0]" },
        { MSG_USER("{\"type\":\"tool_result\",\"tool_use_id\":\"t\",\"content\":[{\"type\":\"text\",\"text\":\"\"},{\"text\":\"x\"}]}"), LLMPROV_ERR_ARGUMENT, "messages[0].content[0].content[1]" },
        { "{\"system\":[{}],\"messages\":[]}", LLMPROV_ERR_ARGUMENT, "system[0]" }, { "{\"system\":5,\"messages\":[]}", LLMPROV_ERR_ARGUMENT, "system" },
        { "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"\\x\"}]}]", LLMPROV_ERR_BAD_JSON, "not JSON at byte 51" },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        llmprov_history h = msg_new();
        llmprov_error err;
        llmprov_status status = llmprov_history_load(&h, cases[i].json, strlen(cases[i].json), &err);
        CHECK_INT(status, cases[i].code);
        CHECK_ALWAYS(status && err.code == status);
        if (!CHECK(strstr(err.message, cases[i].says)) && !test_excused()) printf("    %s\n    says %s\n", cases[i].json, err.message);
        if (status == LLMPROV_ERR_BAD_JSON) {
            char where[40];
            sprintf(where, "byte %d", (int)err.offset);
            if (!CHECK(strstr(err.message, where)) && !test_excused()) printf("    %s at %s\n", err.message, where);
        }
        CHECK_ALWAYS(!h.message_count && !h.messages && !h.system && !h.system_count && !h.extra);      /* it stays empty */
        if (!h.status) llmprov_add_text(&h, LLMPROV_ROLE_USER, "and usable");
        CHECK(h.message_count == 1);
        llmprov_history_free(&h);
    }
}

TEST(msg_load_wants_an_empty_history) {
    llmprov_history h = msg_new();
    llmprov_error err;
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "Hi.");
    CHECK_INT(llmprov_history_load(&h, "[]", 2, &err), LLMPROV_ERR_ARGUMENT);
    CHECK(strstr(err.message, "empty"));
    CHECK_INT(h.message_count, 1);
    CHECK_INT(llmprov_history_load(&h, "[]", 2, NULL), LLMPROV_ERR_ARGUMENT);
    llmprov_history_free(&h);
}

TEST_NO_OOM(msg_load_into_a_history_that_failed) {
    llmprov_history h = msg_new();
    llmprov_error err;
    h.status = LLMPROV_ERR_ARGUMENT;
    CHECK_INT(llmprov_history_load(&h, "[]", 2, &err), LLMPROV_ERR_ARGUMENT);
    CHECK(err.message && *err.message);
    CHECK_INT(llmprov_history_load(&h, "[]", 2, NULL), LLMPROV_ERR_ARGUMENT);
    llmprov_history_free(&h);
}

TEST_NO_OOM(msg_load_of_any_beginning_fails_cleanly) {
    static const char json[] =
        "{\"system\":[{\"type\":\"text\",\"text\":\"s\"}],\"x\":1,\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"t\",\"content\":"
        "[{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":\"AAAA\"}}],\"k\":1}]},{\"role\":\"assistant\",\"content\":\"x\"}]}";
    size_t len;
    for (len = 0; len < strlen(json); len++) {
        llmprov_history h = msg_new();
        llmprov_error err;
        CHECK_INT(llmprov_history_load(&h, json, len, &err), LLMPROV_ERR_BAD_JSON);
        llmprov_history_free(&h);
    }
}

/* One byte of a good text replaced: whatever comes, it is a failure with a place, or goes there and back. */
TEST_NO_OOM(msg_load_of_damaged_texts) {
    static const char json[] =
        "{\"system\":[{\"type\":\"text\",\"text\":\"s\"}],\"x\":1,\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"t\",\"content\":"
        "[{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":\"AAAA\"}}],\"k\":1}]},{\"role\":\"assistant\",\"content\":\"x\"}]}";
    static const char bytes[] = "{}[]:,\"\\u0n1t- x";
    char copy[sizeof json];
    int round, rounds = getenv("TEST_LONG") ? 100000 : 4000;
    for (round = 0; round < rounds && !test_now.failures; round++) {
        llmprov_history h = msg_new();
        llmprov_text text;
        llmprov_error err;
        int damage;
        memcpy(copy, json, sizeof json);
        for (damage = round % 3; damage >= 0; damage--)
            copy[(size_t)(test_random() >> 33) % (sizeof json - 1)] = bytes[(size_t)(test_random() >> 33) % (sizeof bytes - 1)];
        if (llmprov_history_load(&h, copy, sizeof json - 1, &err) == LLMPROV_OK) {
            CHECK_INT(llmprov_history_save(&h, &text), LLMPROV_OK);
            llmprov_json_free(llmprov_json_parse(text.ptr, text.len, NULL, &err));
            CHECK_INT(err.code, LLMPROV_OK);
            llmprov_text_free(&text);
        } else CHECK(*err.message && err.offset <= sizeof json);
        llmprov_history_free(&h);
    }
}

TEST_NO_OOM(msg_load_takes_bytes_that_are_no_utf8_and_a_mark) {
    llmprov_history h = msg_new();
    llmprov_text text;
    const char json[] = "\xEF\xBB\xBF[{\"role\":\"user\",\"content\":\"a\xFF\"}]";
    CHECK_INT(llmprov_history_load(&h, json, strlen(json), NULL), LLMPROV_OK);
    CHECK_STR(h.messages[0].blocks[0].text, "a\xEF\xBF\xBD");
    CHECK_INT(llmprov_history_save(&h, &text), LLMPROV_OK);
    CHECK(llmprov__text_valid(text.ptr, text.len) == text.len);
    llmprov_text_free(&text);
    llmprov_history_free(&h);
}

/* What comes in raw members need not be UTF-8 either; what is saved is. */
TEST_NO_OOM(msg_save_is_always_utf8) {
    static const char *const texts[] = {
        "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"x\",\"more\":\"a\xFF\"}]}]", "[{\"role\":\"user\",\"content\":[{\"type\":\"new\",\"more\":\"a\xFF\"}]}]",
        "[{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"b\",\"input\":{\"k\":\"a\xC3\"}}]}]", "{\"x\":\"\xC3\",\"messages\":[]}",
        "[{\"role\":\"user\",\"content\":[{\"type\":\"ne\xFFw\"}]}]", "[{\"role\":\"user\",\"content\":\"x\",\"k\xFF\":1}]",
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(texts); i++) {
        llmprov_history h = msg_new();
        llmprov_text text = { 0 };
        CHECK_INT(llmprov_history_load(&h, texts[i], strlen(texts[i]), NULL), LLMPROV_OK);
        CHECK_INT(llmprov_history_save(&h, &text), LLMPROV_OK);
        if (!CHECK(text.ptr && llmprov__text_valid(text.ptr, text.len) == text.len)) printf("    %s\n", texts[i]);
        llmprov_text_free(&text);
        llmprov_history_free(&h);
    }
}

/* Errors name the byte of the text as it came, not of what was made of it. */
TEST(msg_load_says_where_in_the_text_as_it_came) {
    static const char json[] = "[{\"role\":\"user\",\"content\":\"\xFF\xC3\"},}]";
    llmprov_history h = msg_new();
    llmprov_error err;
    if (llmprov_history_load(&h, json, strlen(json), &err) != LLMPROV_ERR_NO_MEMORY) {
        CHECK_INT(err.code, LLMPROV_ERR_BAD_JSON);
        CHECK_INT(err.offset, strlen(json) - 2);
        CHECK(strstr(err.message, "not JSON at byte 32") != NULL);
    }
    llmprov_history_free(&h);
}

TEST_NO_OOM(msg_load_of_equal_keys_takes_the_last) {
    llmprov_history h = msg_new();
    const char *json = "{\"messages\":[],\"messages\":[{\"role\":\"user\",\"role\":\"assistant\",\"content\":\"a\",\"content\":\"b\"}]}";
    CHECK_INT(llmprov_history_load(&h, json, strlen(json), NULL), LLMPROV_OK);
    CHECK_INT(h.message_count, 1);
    CHECK_INT(h.messages[0].role, LLMPROV_ROLE_ASSISTANT);
    CHECK_STR(h.messages[0].blocks[0].text, "b");
    llmprov_history_free(&h);
}

// -- building ------------------------------------------------------------------------------

static void msg_saved(llmprov_history *h, const char *expected) {
    llmprov_text text = { 0 };
    llmprov_status status = llmprov_history_save(h, &text);
    if (!status && !h->status) CHECK_STR(text.ptr, expected);
    else CHECK(false);
    CHECK_ALWAYS(!status || status == LLMPROV_ERR_NO_MEMORY);
    llmprov_text_free(&text);
}

TEST(msg_adds_gather_by_role) {
    llmprov_history h = msg_new();
    llmprov_set_system(&h, "S");
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "one");
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "two");
    llmprov_add_text(&h, LLMPROV_ROLE_ASSISTANT, "three");
    llmprov_add_tool_result(&h, "t1", "r", true);
    llmprov_add_image(&h, "image/png", "ABC", 3);
    llmprov_add_document(&h, "application/pdf", "T", "D", 1);
    llmprov_add_text(&h, LLMPROV_ROLE_USER, NULL);
    msg_saved(&h, "{\"system\":\"S\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"one\"},{\"type\":\"text\",\"text\":\"two\"}]},"
                  "{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"three\"}]},{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"t1\",\"content\":\"r\","
                  "\"is_error\":true},{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":\"QUJD\"}},{\"type\":\"document\",\"source\":{\"type\":\"base64\","
                  "\"media_type\":\"application/pdf\",\"data\":\"RA==\"},\"title\":\"T\"},{\"type\":\"text\",\"text\":\"\"}]}]}");
    llmprov_history_free(&h);
}

/* Adding to a message that was loaded: the old blocks stay, the new ones come behind. */
TEST(msg_adds_go_on_where_loading_ended) {
    llmprov_history h = msg_new();
    const char *json = "[{\"role\":\"user\",\"content\":\"plain\",\"id\":7}]";
    OK_OR(llmprov_history_load(&h, json, strlen(json), NULL), done);
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "more");
    msg_saved(&h, "[{\"role\":\"user\",\"id\":7,\"content\":[{\"type\":\"text\",\"text\":\"plain\"},{\"type\":\"text\",\"text\":\"more\"}]}]");
done:
    llmprov_history_free(&h);
}

TEST(msg_adds_copy_deeply) {
    llmprov_history h = msg_new();
    char text[] = "text", json[] = "{\"a\":1}", id[] = "id", name[] = "name", signature[] = "sig", extra[] = "{\"e\":1}", origin[] = "o", data[] = "DATA", inner[] = "inner";
    llmprov_block item = { .text = inner }, b[3] = { { 0 } };
    llmprov_message m = { .blocks = b, .block_count = 3, .extra = extra, .role = LLMPROV_ROLE_ASSISTANT };
    llmprov_text saved = { 0 };
    b[0].type = LLMPROV_BLOCK_TOOL_USE;
    b[0].id = id;
    b[0].name = name;
    b[0].json = json;
    b[0].extra = extra;
    b[1].type = LLMPROV_BLOCK_TOOL_RESULT;
    b[1].id = id;
    b[1].content = &item;
    b[1].content_count = 1;
    b[2].type = LLMPROV_BLOCK_IMAGE;
    b[2].data = data;
    b[2].data_len = 4;
    b[2].mime = name;
    b[2].signature = signature;
    b[2].origin = origin;
    llmprov_add_message(&h, &m);
    memset(text, 'X', sizeof text);
    memset(json, 'X', sizeof json);
    memset(id, 'X', sizeof id);
    memset(name, 'X', sizeof name);
    memset(extra, 'X', sizeof extra);
    memset(data, 'X', sizeof data);
    memset(inner, 'X', sizeof inner);
    memset(b, 0xff, sizeof b);
    memset(&item, 0xff, sizeof item);
    if (!h.status && llmprov_history_save(&h, &saved) == LLMPROV_OK)
        CHECK_STR(saved.ptr, "{\"messages\":[{\"role\":\"assistant\",\"e\":1,\"content\":[{\"type\":\"tool_use\",\"id\":\"id\",\"name\":\"name\",\"input\":{\"a\":1},\"e\":1},"
                             "{\"type\":\"tool_result\",\"tool_use_id\":\"id\",\"content\":[{\"type\":\"text\",\"text\":\"inner\"}]},"
                             "{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"name\",\"data\":\"REFUQQ==\"},\"origin\":\"o\"}]}]}");
    else CHECK(false);
    CHECK_ALWAYS(h.message_count == (h.status ? 0 : 1));      /* what failed was left out whole */
    llmprov_text_free(&saved);
    llmprov_history_free(&h);
}

TEST(msg_adds_message_after_message) {
    llmprov_history h = msg_new();
    llmprov_block b = { .text = "x" };
    llmprov_message m = { .blocks = &b, .block_count = 1, .plain = true }, empty = { 0 };
    llmprov_add_message(&h, &m);
    llmprov_add_message(&h, &m);                              /* messages of their own, though the role is the same */
    llmprov_add_message(&h, &empty);                          /* a failed reply adds nothing */
    llmprov_add_message(&h, NULL);
    msg_saved(&h, "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"},{\"role\":\"user\",\"content\":\"x\"}]}");
    llmprov_history_free(&h);
}

static size_t msg_source(void *user, uint64_t offset, void *to, size_t size) {
    const char *text = (const char *)user;
    size_t len = strlen(text), n = offset < len ? len - (size_t)offset : 0;
    if (n > size) n = size;
    if (n > 3) n = 3;                                         /* in small steps */
    memcpy(to, text + offset, n);
    return n;
}

TEST(msg_adds_read_a_source_at_once) {
    llmprov_history h = msg_new();
    llmprov_block b = { .type = LLMPROV_BLOCK_IMAGE, .mime = "image/png", .data_len = 10 };
    char bytes[] = "0123456789";
    b.source.read = msg_source;
    b.source.user = bytes;
    llmprov_add_block(&h, LLMPROV_ROLE_USER, &b);
    memset(bytes, 'X', sizeof bytes - 1);
    if (!h.status) {
        CHECK_MEM(h.messages[0].blocks[0].data, h.messages[0].blocks[0].data_len, "0123456789", 10);
        CHECK(!h.messages[0].blocks[0].source.read);
    }
    b.data_len = 11;                                          /* more than there is */
    llmprov_add_block(&h, LLMPROV_ROLE_ASSISTANT, &b);
    CHECK_INT(h.status, LLMPROV_ERR_ARGUMENT);
    CHECK_INT(h.message_count, 1);
    llmprov_history_free(&h);
}

/* The first failure stays, and nothing is added behind the hole. */
TEST(msg_failures_stick) {
    llmprov_history h = msg_new();
    int i, count;
    for (i = 0; i < 20; i++) llmprov_add_text(&h, i % 2 ? LLMPROV_ROLE_ASSISTANT : LLMPROV_ROLE_USER, "some text");
    count = (int)h.message_count;
    CHECK_INT(count, 20);
    CHECK_ALWAYS(h.status ? h.status == LLMPROV_ERR_NO_MEMORY && count < 20 : count == 20);
    for (i = 0; i < count; i++) CHECK_ALWAYS(h.messages[i].block_count == 1 && !strcmp(h.messages[i].blocks[0].text, "some text"));
    llmprov_history_free(&h);
    CHECK_ALWAYS(!h.status && !h.messages && !h.memory);
}

TEST(msg_many_blocks_in_one_message) {
    llmprov_history h = msg_new();
    char text[16];
    int i;
    for (i = 0; i < 200; i++) {
        sprintf(text, "%d", i);
        llmprov_add_text(&h, LLMPROV_ROLE_USER, text);
    }
    CHECK_INT(h.message_count, 1);
    for (i = 0; h.message_count && i < (int)h.messages[0].block_count; i++) CHECK_ALWAYS(strtol(h.messages[0].blocks[i].text, NULL, 10) == i);
    CHECK(h.message_count && h.messages[0].block_count == 200);
    CHECK(test_memory.calls < 120 || LLMPROV__MEM_MOST < 1024);
    llmprov_history_free(&h);
}

TEST_NO_OOM(msg_free_takes_anything) {
    llmprov_history h = msg_new();
    llmprov_history_free(&h);
    llmprov_history_free(&h);
    llmprov_history_free(NULL);
    CHECK(h.alloc.fn == test_realloc);
    llmprov_history_cut(&h, 0);
    llmprov_history_cut(&h, 5);
}

// -- editing -------------------------------------------------------------------------------

/* A history loaded, one text edited, saved: that text alone has changed. */
TEST(msg_set_text_changes_that_text_alone) {
    llmprov_history h = msg_new();
    const char *json = "[{\"role\":\"user\",\"content\":\"a\",\"id\":1},{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"b\",\"citations\":[1]},{\"type\":\"text\",\"text\":\"c\"}]}]";
    OK_OR(llmprov_history_load(&h, json, strlen(json), NULL), done);
    CHECK_INT(llmprov_set_text(&h, 2, 0, "x"), LLMPROV_ERR_ARGUMENT);
    CHECK_INT(llmprov_set_text(&h, 0, 1, "x"), LLMPROV_ERR_ARGUMENT);
    CHECK_INT(llmprov_set_text(&h, 0, 0, NULL), LLMPROV_ERR_ARGUMENT);
    CHECK_INT(llmprov_set_text(&h, (size_t)-1, (size_t)-1, "x"), LLMPROV_ERR_ARGUMENT);
    OK_OR(llmprov_set_text(&h, 1, 1, "edit\xC3\xA9" "d"), done);
    msg_saved(&h, "[{\"role\":\"user\",\"id\":1,\"content\":\"a\"},{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"b\",\"citations\":[1]},{\"type\":\"text\",\"text\":\"edit\xC3\xA9" "d\"}]}]");
    OK_OR(llmprov_set_text(&h, 0, 0, ""), done);
    msg_saved(&h, "[{\"role\":\"user\",\"id\":1,\"content\":\"\"},{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"b\",\"citations\":[1]},{\"type\":\"text\",\"text\":\"edit\xC3\xA9" "d\"}]}]");
done:
    llmprov_history_free(&h);
}

TEST(msg_cut_removes_the_end) {
    llmprov_history h = msg_new();
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "a");
    llmprov_add_text(&h, LLMPROV_ROLE_ASSISTANT, "b");
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "c");
    llmprov_history_cut(&h, 7);
    CHECK_INT(h.message_count, 3);
    llmprov_history_cut(&h, 1);
    CHECK_INT(h.message_count, 1);
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "d");             /* goes into the message that is last now */
    llmprov_add_text(&h, LLMPROV_ROLE_ASSISTANT, "e");
    msg_saved(&h, "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"d\"}]},{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"e\"}]}]}");
    llmprov_history_cut(&h, 0);
    CHECK_INT(h.message_count, 0);
    llmprov_history_free(&h);
}

TEST(msg_cache_mark_that_is_changed_is_written_anew) {
    llmprov_history h = msg_new();
    const char *json = MSG_USER("{\"type\":\"text\",\"text\":\"a\",\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"5m\"}}");
    OK_OR(llmprov_history_load(&h, json, strlen(json), NULL), done);
    CHECK_INT(h.messages[0].blocks[0].cache, LLMPROV_CACHE_5M);
    msg_saved(&h, MSG_USER("{\"type\":\"text\",\"text\":\"a\",\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"5m\"}}"));
    ((llmprov_block *)h.messages[0].blocks)->cache = LLMPROV_CACHE_1H;
    msg_saved(&h, MSG_USER("{\"type\":\"text\",\"text\":\"a\",\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}}"));
    ((llmprov_block *)h.messages[0].blocks)->cache = LLMPROV_CACHE_NONE;
    msg_saved(&h, MSG_USER("{\"type\":\"text\",\"text\":\"a\"}"));
done:
    llmprov_history_free(&h);
}

TEST(msg_system_that_is_set_stands_alone) {
    llmprov_history h = msg_new();
    const char *json = "{\"system\":null,\"messages\":[]}";
    OK_OR(llmprov_history_load(&h, json, strlen(json), NULL), done);
    llmprov_set_system(&h, "S");
    msg_saved(&h, "{\"system\":\"S\",\"messages\":[]}");      /* once, not beside the old null */
done:
    llmprov_history_free(&h);
}

TEST(msg_list_with_a_system_prompt_becomes_an_object) {
    llmprov_history h = msg_new();
    OK_OR(llmprov_history_load(&h, "[]", 2, NULL), done);
    llmprov_set_system(&h, "S");
    msg_saved(&h, "{\"system\":\"S\",\"messages\":[]}");
done:
    llmprov_history_free(&h);
}

// -- single blocks, replies, errors --------------------------------------------------------

static void msg_block_is(const llmprov_block *b, const char *expected) {
    llmprov_alloc alloc = test_alloc();
    llmprov_text text = { 0 };
    llmprov_status status = llmprov_block_save(b, &alloc, &text);
    if (!status) CHECK_STR(text.ptr, expected);
    else CHECK(false);
    CHECK_ALWAYS(!status || status == LLMPROV_ERR_NO_MEMORY);
    llmprov_text_free(&text);
}

TEST(msg_block_saves_from_nothing_set) {
    static const char *const expected[LLMPROV_BLOCK_COUNT] = {
        "{\"type\":\"text\",\"text\":\"\"}", "{\"type\":\"image\"}", "{\"type\":\"audio\"}", "{\"type\":\"video\"}", "{\"type\":\"document\"}",
        "{\"type\":\"tool_use\",\"id\":\"\",\"name\":\"\",\"input\":{}}", "{\"type\":\"tool_result\",\"tool_use_id\":\"\"}", "{\"type\":\"thinking\",\"thinking\":\"\"}",
        "{\"type\":\"redacted_thinking\",\"data\":\"\"}", NULL, NULL, NULL,
    };
    int type;
    for (type = 0; type < LLMPROV_BLOCK_COUNT; type++) {
        llmprov_block b = { 0 };
        llmprov_text text = { 0 };
        b.type = (llmprov_block_type)type;
        if (expected[type]) msg_block_is(&b, expected[type]);
        else if (llmprov_block_save(&b, NULL, &text) == LLMPROV_OK) {
            llmprov_json *j = llmprov_json_parse(text.ptr, text.len, NULL, NULL);
            CHECK(llmprov_json_kind(j) == LLMPROV_JSON_OBJECT);
            llmprov_json_free(j);
        }
        llmprov_text_free(&text);
    }
}

TEST(msg_block_length_zero_is_up_to_the_nul) {
    llmprov_block b = { .text = "a\0b", .text_len = 3 }, c = { .text = "abc" };
    msg_block_is(&b, "{\"type\":\"text\",\"text\":\"a\\u0000b\"}");
    msg_block_is(&c, "{\"type\":\"text\",\"text\":\"abc\"}");
}

TEST_NO_OOM(msg_block_next_finds_by_type) {
    llmprov_block b[4] = { { .text = "a" }, { .type = LLMPROV_BLOCK_IMAGE }, { .text = "b" }, { .type = LLMPROV_BLOCK_TOOL_USE } };
    llmprov_message m = { .blocks = b, .block_count = 4 }, none = { 0 };
    CHECK(llmprov_block_next(&m, LLMPROV_BLOCK_TEXT, NULL) == &b[0]);
    CHECK(llmprov_block_next(&m, LLMPROV_BLOCK_TEXT, &b[0]) == &b[2]);
    CHECK(!llmprov_block_next(&m, LLMPROV_BLOCK_TEXT, &b[2]));
    CHECK(llmprov_block_next(&m, LLMPROV_BLOCK_TOOL_USE, NULL) == &b[3] && !llmprov_block_next(&m, LLMPROV_BLOCK_TOOL_USE, &b[3]));
    CHECK(!llmprov_block_next(&m, LLMPROV_BLOCK_AUDIO, NULL) && !llmprov_block_next(&none, LLMPROV_BLOCK_TEXT, NULL));
}

TEST_NO_OOM(msg_stop_words_and_error_types) {
    int i, j;
    for (i = 0; i < LLMPROV_STOP_COUNT; i++) {
        CHECK(*llmprov_stop_text((llmprov_stop)i));
        for (j = 0; j < i; j++) CHECK(strcmp(llmprov_stop_text((llmprov_stop)i), llmprov_stop_text((llmprov_stop)j)));
    }
    CHECK_STR(llmprov_stop_text(LLMPROV_STOP_END), "end_turn");
    CHECK_STR(llmprov_stop_text((llmprov_stop)99), "other");
    CHECK_STR(llmprov_stop_text((llmprov_stop)-1), "other");
    for (i = -1; i <= LLMPROV_STATUS_COUNT; i++) CHECK(*llmprov_error_type((llmprov_status)i));
    CHECK_STR(llmprov_error_type(LLMPROV_ERR_RATE_LIMIT), "rate_limit_error");
    CHECK_STR(llmprov_error_type(LLMPROV_ERR_AUTH), "authentication_error");
    CHECK_STR(llmprov_error_type(LLMPROV_ERR_SERVER), "api_error");
}

TEST(msg_error_saves_in_anthropics_form) {
    llmprov_error e = { .code = LLMPROV_ERR_OVERLOADED, .message = "busy \"now\"", .request_id = "req_1" }, none = { 0 };
    llmprov_alloc alloc = test_alloc();
    llmprov_text text = { 0 };
    if (llmprov_error_save(&e, &alloc, &text) == LLMPROV_OK)
        CHECK_STR(text.ptr, "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"busy \\\"now\\\"\"},\"request_id\":\"req_1\"}");
    else CHECK(false);
    llmprov_text_free(&text);
    if (llmprov_error_save(&none, &alloc, &text) == LLMPROV_OK) CHECK_STR(text.ptr, "{\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"\"}}");
    llmprov_text_free(&text);
}

TEST(msg_response_saves_as_a_message) {
    llmprov_response r = { 0 };
    llmprov_text text = { 0 };
    llmprov_block b = { .text = "Hi." };
    r.id = "msg_1";
    r.model = "m";
    r.message.role = LLMPROV_ROLE_ASSISTANT;
    r.message.blocks = &b;
    r.message.block_count = 1;
    r.stop = LLMPROV_STOP_SEQUENCE;
    r.stop_sequence = "END";
    r.usage.input_tokens = 3;
    r.usage.cache_write_5m_tokens = 2;
    r.usage.cache_write_1h_tokens = 1;
    r.usage.output_tokens = 4;
    if (llmprov_response_save(&r, &text) == LLMPROV_OK)
        CHECK_STR(text.ptr, "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[{\"type\":\"text\",\"text\":\"Hi.\",\"citations\":null}],\"stop_reason\":\"stop_sequence\","
                            "\"stop_sequence\":\"END\",\"stop_details\":null,\"container\":null,\"diagnostics\":null,\"usage\":{\"input_tokens\":3,\"cache_creation_input_tokens\":3,\"cache_read_input_tokens\":0,\"cache_creation\":{\"ephemeral_5m_input_tokens\":2,"
                            "\"ephemeral_1h_input_tokens\":1},\"output_tokens\":4,\"output_tokens_details\":{\"thinking_tokens\":0},"
                            "\"server_tool_use\":null,\"service_tier\":null,\"inference_geo\":null,\"speed\":null}}");
    llmprov_text_free(&text);
    memset(&r, 0, sizeof r);                                  /* {0} is legal */
    CHECK_INT(llmprov_response_save(&r, &text), LLMPROV_OK);
    CHECK(text.ptr && strstr(text.ptr, "\"content\":[]") && strstr(text.ptr, "\"stop_reason\":null"));
    llmprov_text_free(&text);
}

/* One member of a saved reply, or of a part of it. */
static void msg_saved_member(const llmprov_response *r, const char *path, const char *expected) {
    llmprov_text text = { 0 };
    llmprov_alloc alloc = test_alloc();
    llmprov_json *v;
    llmprov_str raw;
    if (llmprov_response_save(r, &text) != LLMPROV_OK) {
        CHECK(false);
        return;
    }
    v = llmprov_json_parse(text.ptr, text.len, &alloc, NULL);
    raw = llmprov_json_raw(llmprov_json_path(v, path));
    if (!CHECK(raw.len && msg_equal(raw.ptr, raw.len, expected, strlen(expected))) && !test_excused()) printf("    %s: %s\n", path, text.ptr);
    llmprov_json_free(v);
    llmprov_text_free(&text);
}

/* How often a text stands in a saved reply. */
static void msg_saved_times(const llmprov_response *r, const char *what, int times) {
    llmprov_text text = { 0 };
    const char *p;
    int count = 0;
    if (llmprov_response_save(r, &text) != LLMPROV_OK) {
        CHECK(false);
        return;
    }
    for (p = text.ptr; (p = strstr(p, what)) != NULL; p++) count++;
    if (!CHECK_INT(count, times) && !test_excused()) printf("    %s: %s\n", what, text.ptr);
    llmprov_text_free(&text);
}

/* Anthropic's form has these members in every reply; the others of the reply come behind, and none comes twice. */
TEST(msg_response_saves_members_without_a_field_once) {
    llmprov_response r = { .id = "msg_1", .model = "m", .stop = LLMPROV_STOP_REFUSAL };
    static const char *const own[] = { "id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "stop_details", "container", "diagnostics", "usage" };
    size_t i;
    r.extra = "{\"id\":1,\"type\":2,\"role\":3,\"model\":4,\"content\":5,\"stop_reason\":6,\"stop_sequence\":7,\"usage\":8,\"created\":9,\"container\":{\"id\":\"c\"},\"d\\u0065f\":1,"
              "\"stop_details\":{\"type\":\"refusal\",\"category\":null,\"explanation\":\"no\"}}";
    for (i = 0; i < LLMPROV__COUNT(own); i++) {
        char key[40];
        sprintf(key, "%s\"%s\":", i == 1 ? "," : "", own[i]);       /* "type" is a member of others too */
        msg_saved_times(&r, key, !strcmp(own[i], "id") ? 2 : 1);      /* the container's */
    }
    msg_saved_member(&r, "id", "\"msg_1\"");
    msg_saved_member(&r, "created", "9");
    msg_saved_member(&r, "def", "1");
    msg_saved_member(&r, "container", "{\"id\":\"c\"}");
    msg_saved_member(&r, "stop_details.explanation", "\"no\"");
    msg_saved_member(&r, "diagnostics", "null");
}

/* What only the provider's own usage tells stays, where it is told in this form; of other forms the counts are all. */
TEST(msg_response_saves_the_whole_usage) {
    llmprov_response r = { .usage = { .input_tokens = 3, .output_tokens = 4 } };
    r.usage.raw = "{\"input_tokens\":3,\"output_tokens\":4,\"server_tool_use\":{\"web_search_requests\":2,\"web_fetch_requests\":0},\"service_tier\":\"standard\","
                  "\"inference_geo\":\"eu\",\"speed\":null,\"iterations\":[{\"type\":\"message\"}]}";
    msg_saved_member(&r, "usage.server_tool_use.web_search_requests", "2");
    msg_saved_member(&r, "usage.service_tier", "\"standard\"");
    msg_saved_member(&r, "usage.inference_geo", "\"eu\"");
    msg_saved_member(&r, "usage.speed", "null");
    msg_saved_member(&r, "usage.iterations[0].type", "\"message\"");
    msg_saved_times(&r, "\"input_tokens\":", 1);
    msg_saved_times(&r, "\"service_tier\":", 1);
    r.usage.raw = "{\"prompt_tokens\":3,\"completion_tokens\":4}";
    msg_saved_member(&r, "usage.input_tokens", "3");
    msg_saved_member(&r, "usage.service_tier", "null");
    msg_saved_times(&r, "prompt_tokens", 0);
}

/* Blocks have what blocks of replies have, and keep what they came with. */
TEST(msg_response_saves_whole_blocks) {
    static const llmprov_block blocks[] = {
        { .text = "a" }, { .text = "b", .extra = "{\"citations\":[]}" }, { .type = LLMPROV_BLOCK_THINKING, .text = "h" }, { .type = LLMPROV_BLOCK_THINKING, .text = "h", .signature = "s" },
        { .type = LLMPROV_BLOCK_TOOL_USE, .id = "t", .name = "f", .json = "{}" },
        { .type = LLMPROV_BLOCK_TOOL_USE, .id = "t", .name = "f", .json = "{}", .extra = "{\"caller\":{\"type\":\"code_execution_20260120\",\"tool_id\":\"x\"}}" },
        { .type = LLMPROV_BLOCK_SERVER_USE, .kind = "server_tool_use", .id = "s", .name = "web_search", .json = "{}" },
        { .type = LLMPROV_BLOCK_SERVER_RESULT, .kind = "web_search_tool_result", .id = "s", .json = "[]" },
        { .type = LLMPROV_BLOCK_SERVER_RESULT, .kind = "code_execution_tool_result", .id = "s", .json = "[]" },
        { .type = LLMPROV_BLOCK_RAW, .kind = "new", .json = "{\"type\":\"new\"}" },
    };
    static const char *const expected =
        "[{'type':'text','text':'a','citations':null},{'type':'text','text':'b','citations':[]},{'type':'thinking','thinking':'h','signature':''},{'type':'thinking','thinking':'h','signature':'s'},"
        "{'type':'tool_use','id':'t','name':'f','input':{},'caller':{'type':'direct'}},{'type':'tool_use','id':'t','name':'f','input':{},'caller':{'type':'code_execution_20260120','tool_id':'x'}},"
        "{'type':'server_tool_use','id':'s','name':'web_search','input':{},'caller':{'type':'direct'}},{'type':'web_search_tool_result','tool_use_id':'s','content':[],'caller':{'type':'direct'}},"
        "{'type':'code_execution_tool_result','tool_use_id':'s','content':[]},{'type':'new'}]";
    llmprov_response r = { .message = { .role = LLMPROV_ROLE_ASSISTANT, .blocks = blocks, .block_count = LLMPROV__COUNT(blocks) } };
    char json[1000];
    size_t i;
    for (i = 0; expected[i]; i++) json[i] = expected[i] == '\'' ? '"' : expected[i];
    json[i] = 0;
    msg_saved_member(&r, "content", json);
}

/* A field stands over the member of extra that has its name: no member is written twice. */
TEST(msg_block_members_are_written_once) {
    static const struct { llmprov_block b; const char *expected; } cases[] = {
        { { .text = "new", .extra = "{\"text\":5,\"more\":1}" }, "{\"type\":\"text\",\"text\":\"new\",\"more\":1}" },
        { { .extra = "{\"text\":5}" }, "{\"type\":\"text\",\"text\":5}" },
        { { .type = LLMPROV_BLOCK_TOOL_RESULT, .id = "a", .is_error = true, .extra = "{\"is_error\":false}" }, "{\"type\":\"tool_result\",\"tool_use_id\":\"a\",\"is_error\":true}" },
        { { .type = LLMPROV_BLOCK_TOOL_RESULT, .id = "a", .text = "x", .extra = "{\"content\":null}" }, "{\"type\":\"tool_result\",\"tool_use_id\":\"a\",\"content\":\"x\"}" },
        { { .type = LLMPROV_BLOCK_TOOL_RESULT, .id = "a", .extra = "{\"content\":null}" }, "{\"type\":\"tool_result\",\"tool_use_id\":\"a\",\"content\":null}" },
        { { .type = LLMPROV_BLOCK_TOOL_USE, .id = "a", .name = "n", .json = "{}", .extra = "{\"id\":1,\"name\":2,\"input\":3}" }, "{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"n\",\"input\":{}}" },
        { { .text = "x", .origin = "o", .extra = "{\"origin\":1}" }, "{\"type\":\"text\",\"text\":\"x\",\"origin\":\"o\"}" },
    };
    llmprov_alloc alloc = test_alloc();
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        llmprov_text text = { 0 };
        if (llmprov_block_save(&cases[i].b, &alloc, &text) == LLMPROV_OK) CHECK_STR(text.ptr, cases[i].expected);
        else CHECK(false);
        llmprov_text_free(&text);
    }
}

/* Two of Anthropic's error types are about the HTTP status more than about what happened. */
TEST(msg_error_saved_by_its_status) {
    static const struct { llmprov_status code; int http; const char *expected; } cases[] = {
        { LLMPROV_ERR_TOO_LONG, 413, "{\"type\":\"error\",\"error\":{\"type\":\"request_too_large\",\"message\":\"m\"}}" },
        { LLMPROV_ERR_TOO_LONG, 400, "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"m\"}}" },
        { LLMPROV_ERR_REQUEST, 409, "{\"type\":\"error\",\"error\":{\"type\":\"conflict_error\",\"message\":\"m\"}}" },
        { LLMPROV_ERR_OVERLOADED, 529, "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"m\"}}" },
    };
    llmprov_alloc alloc = test_alloc();
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        llmprov_error e = { .code = cases[i].code, .http_status = cases[i].http, .message = "m" };
        llmprov_text text;
        OK(llmprov_error_save(&e, &alloc, &text));
        CHECK_STR(text.ptr, cases[i].expected);
        llmprov_text_free(&text);
    }
}
