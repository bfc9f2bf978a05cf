/* >>reply: what a translator says becomes events and one response. Driven here with the functions that translators use. */
#include "test.h"
#include "feed.h"

typedef struct reply_box { llmprov_turn *t; feed_log log; } reply_box;

static void reply_sink(void *user, const llmprov_event *e) { feed_write((feed_log *)user, e); }

/* False without memory. */
static bool reply_begin(reply_box *b) {
    llmprov_alloc alloc = test_alloc();
    memset(b, 0, sizeof *b);
    b->log.open = -1;
    b->t = llmprov__reply_new(&alloc, 0, 16);
    if (!b->t) return CHECK(false);
    b->t->sink = reply_sink;
    b->t->sink_user = &b->log;
    b->t->provider = "test";
    return true;
}

static llmprov_str reply_str(const char *text) {
    llmprov_str s = { text, 0 };
    s.len = strlen(text);
    return s;
}

static const llmprov_str reply_none = { NULL, 0 };

static int reply_block(reply_box *b, int choice, llmprov_block_type type, const char *id, const char *name) {
    llmprov_block head = { 0 };
    head.type = type;
    head.id = id;
    head.name = name;
    return llmprov_turn_block(b->t, choice, &head);
}

static void reply_text(reply_box *b, int block, const char *text) { llmprov_turn_text(b->t, block, text, strlen(text)); }

/* A raw JSON string, as the translators hand it over. */
static void reply_piece(reply_box *b, int block, const char *string) {
    llmprov_scan s = llmprov__json_scan(string, strlen(string), &b->t->scratch, 0);
    llmprov_turn_piece(b->t, block, &s, reply_str(string));
}

/* The result; its error is what is returned. The turn is gone into it. */
static llmprov_status reply_take(reply_box *b, llmprov_response *r) {
    memset(r, 0, sizeof *r);
    llmprov__reply_take(b->t, r);
    CHECK_ALWAYS(r->text && r->id && r->model && r->stop_word && r->error.message);
    CHECK_ALWAYS(!r->error.code || r->error.code != LLMPROV_ERR_NO_MEMORY || test_memory.refused);
    return r->error.code;
}

// -- texts ---------------------------------------------------------------------------------

TEST(reply_is_told_and_gathered) {
    reply_box b;
    llmprov_response r;
    int block;
    if (!reply_begin(&b)) return;
    llmprov_turn_start(b.t, reply_str("id1"), reply_str("m1"));
    block = reply_block(&b, 0, LLMPROV_BLOCK_TEXT, NULL, NULL);
    reply_text(&b, block, "Hel");
    reply_text(&b, block, "");
    reply_text(&b, block, "lo");
    llmprov_turn_block_end(b.t, block);
    llmprov_turn_stop(b.t, 0, LLMPROV_STOP_END, reply_str("stop"), reply_none);
    llmprov__reply_finish(b.t);
    if (reply_take(&b, &r) == LLMPROV_OK) {
        CHECK_STR(b.log.text, "START id1 m1\nBLOCK 0 text\nTEXT 0 Hello\nBLOCK_END 0 text\nEND end_turn stop\n");
        CHECK_TEXT(r.text, r.text_len, "Hello");
        CHECK_STR(r.id, "id1");
        CHECK_STR(r.model, "m1");
        CHECK_STR(r.stop_word, "stop");
        CHECK_INT(r.message.role, LLMPROV_ROLE_ASSISTANT);
    } else CHECK(false);
    llmprov_response_free(&r);
}

TEST(reply_start_comes_once_with_what_is_known) {
    reply_box b;
    llmprov_response r;
    if (!reply_begin(&b)) return;
    llmprov_turn_start(b.t, reply_str(""), reply_str(""));
    CHECK_INT(b.log.events, 0);
    llmprov_turn_start(b.t, reply_str(""), reply_str("m1"));
    reply_block(&b, 0, LLMPROV_BLOCK_TEXT, NULL, NULL);       /* a block without an id: START at last */
    llmprov_turn_start(b.t, reply_str("late"), reply_str("m2"));
    llmprov_turn_start(b.t, reply_str("later"), reply_str("m3"));
    if (reply_take(&b, &r) == LLMPROV_OK) {
        CHECK_STR(b.log.text, "START m1\nBLOCK 0 text\n");
        CHECK_STR(r.id, "late");                              /* the first of each that is not empty */
        CHECK_STR(r.model, "m1");
    }
    llmprov_response_free(&r);
}

TEST(reply_texts_are_joined) {
    reply_box b;
    llmprov_response r;
    int i;
    if (!reply_begin(&b)) return;
    for (i = 0; i < 3; i++) {
        int text = reply_block(&b, 0, LLMPROV_BLOCK_TEXT, NULL, NULL), thinking = reply_block(&b, 0, LLMPROV_BLOCK_THINKING, NULL, NULL);
        reply_text(&b, text, "ab");
        reply_text(&b, thinking, "no");
    }
    if (reply_take(&b, &r) == LLMPROV_OK) {
        CHECK_TEXT(r.text, r.text_len, "ababab");
        CHECK_INT(r.message.block_count, 6);
        CHECK_STR(r.message.blocks[1].text, "no");
    }
    llmprov_response_free(&r);
}

static void reply_sink_utf8(void *user, const llmprov_event *e) {
    int *parts = (int *)user;
    if (e->type != LLMPROV_EVENT_PART) return;
    ++*parts;
    CHECK_ALWAYS(e->extra_len && llmprov__text_valid(e->extra, e->extra_len) == e->extra_len);
}

/* The JSON of an event is, whatever kind of part it belongs to. */
TEST(reply_parts_are_utf8) {
    static const char *const kinds[] = { "citation", "reasoning_details", "newKind" };
    int parts = 0, block;
    reply_box b;
    llmprov_response r;
    size_t i;
    if (!reply_begin(&b)) return;
    b.t->sink = reply_sink_utf8;
    b.t->sink_user = &parts;
    block = reply_block(&b, 0, LLMPROV_BLOCK_TEXT, NULL, NULL);
    for (i = 0; i < LLMPROV__COUNT(kinds); i++) llmprov_turn_part(b.t, block, kinds[i], reply_str("{\"x\":\"\x9B\"}"));
    llmprov_turn_choice_part(b.t, 0, "logprobs", reply_str("{\"content\":[{\"token\":\"\xCE\"}]}"));
    llmprov_turn_block_end(b.t, block);
    if (reply_take(&b, &r) == LLMPROV_OK) {
        CHECK_INT(parts, 4);
        CHECK(strstr(r.choices[0].extra, "\"token\":\"\xEF\xBF\xBD\"") != NULL);
    }
    llmprov_response_free(&r);
}

/* What a block has without a field, and its JSON, is UTF-8 too, in its events and in the response. */
TEST(reply_members_of_blocks_are_utf8) {
    llmprov_block head = { .type = LLMPROV_BLOCK_TEXT, .extra = "{\"item_id\":\"a\x9B\"}", .extra_len = 16 };
    llmprov_block raw = { .type = LLMPROV_BLOCK_RAW, .kind = "k", .json = "{\"type\":\"k\",\"x\":\"\xCE\"}", .json_len = 20 };
    reply_box b;
    llmprov_response r;
    if (!reply_begin(&b)) return;
    llmprov_turn_block_end(b.t, llmprov_turn_block(b.t, 0, &head));
    llmprov_turn_block_end(b.t, llmprov_turn_block(b.t, 0, &raw));
    if (reply_take(&b, &r) == LLMPROV_OK) {
        CHECK_TEXT(r.message.blocks[0].extra, r.message.blocks[0].extra_len, "{\"item_id\":\"a\xEF\xBF\xBD\"}");
        CHECK_TEXT(r.message.blocks[1].json, r.message.blocks[1].json_len, "{\"type\":\"k\",\"x\":\"\xEF\xBF\xBD\"}");
    }
    llmprov_response_free(&r);
}

/* Characters that are cut over pieces, halves of pairs that come in two deltas, and what never becomes one. */
TEST(reply_texts_are_utf8_across_pieces) {
    static const struct { const char *pieces[4], *expected; } cases[] = {
        { { "\"caf\xC3\"", "\"\xA9!\"" }, "caf\xC3\xA9!" }, { { "\"\xF0\"", "\"\x9F\x98\"", "\"\x80\"" }, "\xF0\x9F\x98\x80" }, { { "\"\\ud83d\"", "\"\\ude00\"" }, "\xF0\x9F\x98\x80" },
        { { "\"a\\uD83D\"", "\"b\"" }, "a\xEF\xBF\xBD" "b" }, { { "\"a\\ude00b\"" }, "a\xEF\xBF\xBD" "b" }, { { "\"\\ud83d\"" }, "\xEF\xBF\xBD" }, { { "\"x\xC3\"" }, "x\xEF\xBF\xBD" },
        { { "\"\\ud83d\"", "\"\\ud83d\"", "\"\\ude00\"" }, "\xEF\xBF\xBD\xF0\x9F\x98\x80" }, { { "\"\\u0000\"" }, NULL }, { { "\"\xFF\"", "\"\xFE\"" }, "\xEF\xBF\xBD\xEF\xBF\xBD" },
        { { "\"\xED\xA0\xBD\"", "\"\xED\xB8\x80\"" }, "\xF0\x9F\x98\x80" },
    };
    size_t i, j;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        reply_box b;
        llmprov_response r;
        int block;
        if (!reply_begin(&b)) return;
        block = reply_block(&b, 0, LLMPROV_BLOCK_TEXT, NULL, NULL);
        for (j = 0; j < 4 && cases[i].pieces[j]; j++) reply_piece(&b, block, cases[i].pieces[j]);
        llmprov_turn_block_end(b.t, block);
        if (reply_take(&b, &r) == LLMPROV_OK) {
            if (cases[i].expected) CHECK_TEXT(r.text, r.text_len, cases[i].expected);
            else CHECK_MEM(r.text, r.text_len, "\0", 1);
            CHECK_ALWAYS(llmprov__text_valid(r.text, r.text_len) == r.text_len);
        }
        llmprov_response_free(&r);
    }
}

TEST(reply_with_nothing_in_it) {
    reply_box b;
    llmprov_response r;
    if (!reply_begin(&b)) return;
    llmprov_turn_stop(b.t, 0, LLMPROV_STOP_LENGTH, reply_str("length"), reply_none);
    llmprov__reply_finish(b.t);
    if (reply_take(&b, &r) == LLMPROV_OK) {
        CHECK_STR(b.log.text, "START\nEND max_tokens length\n");
        CHECK_STR(r.text, "");
        CHECK_INT(r.message.block_count, 0);
        CHECK_INT(r.choice_count, 1);
        CHECK_INT(r.stop, LLMPROV_STOP_LENGTH);
    }
    llmprov_response_free(&r);
}

// -- tools ---------------------------------------------------------------------------------

static void reply_arguments(const char *arguments, const char *json, bool invalid) {
    reply_box b;
    llmprov_response r;
    int block;
    if (!reply_begin(&b)) return;
    block = reply_block(&b, 0, LLMPROV_BLOCK_TOOL_USE, "c1", "look");
    reply_text(&b, block, arguments);
    llmprov_turn_block_end(b.t, block);
    if (reply_take(&b, &r) == LLMPROV_OK) {
        const llmprov_block *use = r.message.blocks;
        CHECK_TEXT(use->json, use->json_len, json);
        CHECK(use->invalid == invalid);
        CHECK_INT(r.warning_count, invalid);
        CHECK_ALWAYS(!use->json[use->json_len]);
    }
    llmprov_response_free(&r);
}

TEST(reply_arguments_are_always_an_object) {
    reply_arguments("{\"a\":1}", "{\"a\":1}", false);
    reply_arguments(" {\"a\" : 1}\n", " {\"a\" : 1}\n", false);
    reply_arguments("", "{}", false);
    reply_arguments("null", "{}", false);
    reply_arguments("{\"a\":", "{\"rawInvalidInput\":\"{\\\"a\\\":\"}", true);
    reply_arguments("[1]", "{\"rawInvalidInput\":\"[1]\"}", true);
    reply_arguments("5", "{\"rawInvalidInput\":\"5\"}", true);
    reply_arguments("{} {}", "{\"rawInvalidInput\":\"{} {}\"}", true);
    reply_arguments("{\"a\":\"\x01\"}", "{\"rawInvalidInput\":\"{\\\"a\\\":\\\"\\u0001\\\"}\"}", true);
    reply_arguments("\"{}\"", "{\"rawInvalidInput\":\"\\\"{}\\\"\"}", true);
}

/* Complete JSON is no end: more may come. */
TEST(reply_arguments_end_with_their_block) {
    reply_box b;
    llmprov_response r;
    int block;
    if (!reply_begin(&b)) return;
    block = reply_block(&b, 0, LLMPROV_BLOCK_TOOL_USE, "c1", "look");
    reply_text(&b, block, "{}");
    CHECK(!strstr(b.log.text, "BLOCK_END"));
    reply_text(&b, block, "x");
    llmprov_turn_block_end(b.t, block);
    CHECK(strstr(b.log.text, "BLOCK_END"));
    reply_text(&b, block, "after the end");                   /* nothing goes into a closed block */
    llmprov_turn_block_end(b.t, block);
    if (reply_take(&b, &r) == LLMPROV_OK) CHECK_STR(r.message.blocks[0].json, "{\"rawInvalidInput\":\"{}x\"}");
    llmprov_response_free(&r);
}

TEST(reply_arguments_that_are_a_text) {
    reply_box b;
    llmprov_response r;
    int block;
    if (!reply_begin(&b)) return;
    block = reply_block(&b, 0, LLMPROV_BLOCK_TOOL_USE, "c1", "patch");
    llmprov_turn_freeform(b.t, block, reply_str("\"*** Begin \\\"x\\\"\\n\""));
    llmprov_turn_freeform(b.t, block, reply_str("\"End\""));
    llmprov_turn_block_end(b.t, block);
    if (reply_take(&b, &r) == LLMPROV_OK) {
        CHECK_STR(r.message.blocks[0].json, "{\"input\":\"*** Begin \\\"x\\\"\\nEnd\"}");
        CHECK(!r.message.blocks[0].invalid);
        CHECK(strstr(b.log.text, "JSON 0 {\"input\":\"*** Begin \\\"x\\\"\\nEnd\"}\n"));
    }
    llmprov_response_free(&r);
}

/* What a server left out or repeated is made, the same each time. */
TEST(reply_calls_have_ids_of_their_own) {
    reply_box b;
    llmprov_response r;
    size_t i, j;
    int round;
    char first[64] = "";
    for (round = 0; round < 2; round++) {
        if (!reply_begin(&b)) return;
        llmprov_turn_start(b.t, reply_str("id1"), reply_str("m1"));
        reply_block(&b, 0, LLMPROV_BLOCK_TOOL_USE, "same", "a");
        reply_block(&b, 0, LLMPROV_BLOCK_TOOL_USE, "same", "b");
        reply_block(&b, 0, LLMPROV_BLOCK_TOOL_USE, NULL, "c");
        reply_block(&b, 0, LLMPROV_BLOCK_TOOL_USE, "", "d");
        reply_block(&b, 0, LLMPROV_BLOCK_TOOL_USE, "other", "e");
        if (reply_take(&b, &r) == LLMPROV_OK && r.message.block_count == 5) {
            CHECK_STR(r.message.blocks[0].id, "same");
            CHECK_STR(r.message.blocks[4].id, "other");
            for (i = 0; i < 5; i++)
                for (j = 0; j < i; j++) CHECK(*r.message.blocks[i].id && strcmp(r.message.blocks[i].id, r.message.blocks[j].id));
            if (round) CHECK_STR(r.message.blocks[2].id, first);
            sprintf(first, "%.60s", r.message.blocks[2].id);
        } else CHECK(false);
        llmprov_response_free(&r);
    }
}

/* A made id must not meet one that comes later. */
TEST(reply_made_ids_do_not_meet_others) {
    reply_box b;
    llmprov_response r;
    if (!reply_begin(&b)) return;
    reply_block(&b, 0, LLMPROV_BLOCK_TOOL_USE, "a", "x");
    reply_block(&b, 0, LLMPROV_BLOCK_TOOL_USE, "a_2", "x");
    reply_block(&b, 0, LLMPROV_BLOCK_TOOL_USE, "a", "x");     /* would be a_2 */
    if (reply_take(&b, &r) == LLMPROV_OK && r.message.block_count == 3) CHECK(strcmp(r.message.blocks[1].id, r.message.blocks[2].id));
    llmprov_response_free(&r);
}

TEST(reply_gives_tool_names_back_as_they_were_declared) {
    static const llmprov_tool tools[] = { { .name = "look at" }, { .name = "plain" } };
    static const char *const names[] = { "look_at_12345678", "plain" };
    reply_box b;
    llmprov_response r;
    size_t i;
    if (!reply_begin(&b)) return;
    b.t->tools = tools;
    b.t->tool_count = 2;
    for (i = 0; i < 2; i++)
        if (!llmprov__text_enter(&b.t->tool_names, &b.t->arena, llmprov__text_of(names[i]), i)) llmprov__reply_no_memory(b.t);
    reply_block(&b, 0, LLMPROV_BLOCK_TOOL_USE, "1", "look_at_12345678");
    reply_block(&b, 0, LLMPROV_BLOCK_TOOL_USE, "2", "plain");
    reply_block(&b, 0, LLMPROV_BLOCK_TOOL_USE, "3", "invented");
    if (reply_take(&b, &r) == LLMPROV_OK && r.message.block_count == 3) {
        CHECK_STR(r.message.blocks[0].name, "look at");
        CHECK_STR(r.message.blocks[1].name, "plain");
        CHECK_STR(r.message.blocks[2].name, "invented");
    }
    llmprov_response_free(&r);
}

/* The arguments of a tool that stands for a structured answer are its text. */
TEST(reply_folds_the_answers_tool_into_text) {
    reply_box b;
    llmprov_response r;
    int block;
    if (!reply_begin(&b)) return;
    b.t->fold = "answer";
    block = reply_block(&b, 0, LLMPROV_BLOCK_TOOL_USE, "1", "answer");
    reply_text(&b, block, "{\"x\":1}");
    llmprov_turn_block_end(b.t, block);
    llmprov_turn_stop(b.t, 0, LLMPROV_STOP_TOOL_USE, reply_str("tool_use"), reply_none);
    llmprov__reply_finish(b.t);
    if (reply_take(&b, &r) == LLMPROV_OK) {
        CHECK_STR(r.text, "{\"x\":1}");
        CHECK_INT(r.message.blocks[0].type, LLMPROV_BLOCK_TEXT);
        CHECK_INT(r.stop, LLMPROV_STOP_END);
        CHECK(strstr(b.log.text, "TEXT 0 {\"x\":1}"));
    }
    llmprov_response_free(&r);
}

// -- parts ---------------------------------------------------------------------------------

TEST(reply_parts_stay_with_their_block) {
    reply_box b;
    llmprov_response r;
    int thinking, text;
    if (!reply_begin(&b)) return;
    thinking = reply_block(&b, 0, LLMPROV_BLOCK_THINKING, NULL, NULL);
    reply_text(&b, thinking, "hm");
    llmprov_turn_part(b.t, thinking, "signature", reply_str("old"));
    llmprov_turn_part(b.t, thinking, "signature", reply_str("sig"));
    text = reply_block(&b, 0, LLMPROV_BLOCK_TEXT, NULL, NULL);
    llmprov_turn_part(b.t, text, "citation", reply_str("{\"n\":1}"));
    llmprov_turn_part(b.t, text, "citation", reply_str("{\"n\":2}"));
    llmprov_turn_part(b.t, text, "mood", reply_str("\"odd\""));
    llmprov_turn_part(b.t, text, "mood", reply_str("\"fine\""));
    llmprov_turn_part(b.t, text, "reasoning_details", reply_str("{\"d\":1}"));
    if (reply_take(&b, &r) == LLMPROV_OK && r.message.block_count == 2) {
        llmprov_json *j = llmprov_json_parse(r.message.blocks[1].extra, r.message.blocks[1].extra_len, NULL, NULL);
        CHECK_STR(r.message.blocks[0].signature, "sig");
        CHECK_INT(llmprov_json_int(llmprov_json_path(j, "citations[1].n"), 0), 2);
        CHECK_STR(llmprov_json_str(llmprov_json_get(j, "mood"), ""), "fine");
        CHECK_INT(llmprov_json_int(llmprov_json_path(j, "reasoning_details[0].d"), 0), 1);
        llmprov_json_free(j);
    } else CHECK(false);
    llmprov_response_free(&r);
}

/* Base64 in any cuts gives the same bytes. */
TEST_NO_OOM(reply_audio_is_decoded_in_any_cuts) {
    char bytes[300], letters[400];
    size_t n, len, i;
    int way;
    for (i = 0; i < sizeof bytes; i++) bytes[i] = (char)(i * 7);
    for (n = 290; n < 300; n++)
        for (way = 0; way < 8; way++) {
            reply_box b;
            llmprov_response r;
            int block;
            len = llmprov__text_base64(letters, bytes, n);
            if (!reply_begin(&b)) return;
            block = reply_block(&b, 0, LLMPROV_BLOCK_AUDIO, "a1", NULL);
            for (i = 0; i < len;) {
                llmprov_str piece;
                piece.ptr = letters + i;
                i += piece.len = test_cut(way, len - i);
                llmprov_turn_part(b.t, block, "audio", piece);
            }
            reply_text(&b, block, "said");
            CHECK_INT(reply_take(&b, &r), LLMPROV_OK);
            CHECK_MEM(r.message.blocks[0].data, r.message.blocks[0].data_len, bytes, n);
            CHECK_STR(r.message.blocks[0].text, "said");
            llmprov_response_free(&r);
        }
}

TEST(reply_audio_that_is_no_base64_is_a_bad_reply) {
    reply_box b;
    llmprov_response r;
    int block;
    if (!reply_begin(&b)) return;
    block = reply_block(&b, 0, LLMPROV_BLOCK_AUDIO, "a1", NULL);
    llmprov_turn_part(b.t, block, "audio", reply_str("AAAA!!!!"));
    CHECK_INT(reply_take(&b, &r), LLMPROV_ERR_BAD_REPLY);
    llmprov_response_free(&r);
}

TEST(reply_members_without_a_field_are_kept) {
    reply_box b;
    llmprov_response r;
    if (!reply_begin(&b)) return;
    llmprov_turn_extra(b.t, -1, reply_str("fingerprint"), reply_str("\"f1\""));
    llmprov_turn_extra(b.t, -1, reply_str("we\"ird"), reply_str("[1, 2]"));
    llmprov_turn_extra(b.t, -1, reply_str("fingerprint"), reply_str("\"f2\""));
    llmprov_turn_extra(b.t, 0, reply_str("filter"), reply_str("{\"a\":\"\xFF\"}"));
    llmprov_turn_stop(b.t, 0, LLMPROV_STOP_END, reply_str("stop"), reply_none);
    llmprov__reply_finish(b.t);
    if (reply_take(&b, &r) == LLMPROV_OK) {
        CHECK_TEXT(r.extra, r.extra_len, "{\"fingerprint\":\"f2\",\"we\\\"ird\":[1, 2]}");
        CHECK_TEXT(r.choices[0].extra, r.choices[0].extra_len, "{\"filter\":{\"a\":\"\xEF\xBF\xBD\"}}");
        CHECK(strstr(b.log.text, "META\nEND"));
    } else CHECK(false);
    llmprov_response_free(&r);
}

/* Many members whose values change all the time: each is what it was last, in the order of their beginning, and what they
   were before takes no more memory than what they are. */
TEST_NO_OOM(reply_members_that_change) {
    reply_box b;
    llmprov_response r;
    engine_text all = { NULL, 0, 0 };
    char key[16], json[64];
    int i, round;
    if (!reply_begin(&b)) return;
    for (round = 0; round < 200; round++)
        for (i = 0; i < 100; i++) {
            sprintf(key, "m%d", i);
            sprintf(json, "\"%0*d\"", 1 + (round * 7 + i * 3) % 40, round);
            llmprov_turn_extra(b.t, -1, reply_str(key), reply_str(json));
        }
    CHECK_INT(b.t->extras.count, 100);
    CHECK(b.t->extras.lost <= b.t->extras.len / 2 + 64 && b.t->extras.cap < 64 * 1024);
    for (i = 0; i < 100; i++) {
        sprintf(json, "%c\"m%d\":\"%0*d\"", i ? ',' : '{', i, 1 + (199 * 7 + i * 3) % 40, 199);
        engine_adds(&all, json);
    }
    engine_adds(&all, "}");
    llmprov_turn_stop(b.t, 0, LLMPROV_STOP_END, reply_str("stop"), reply_none);
    llmprov__reply_finish(b.t);
    if (CHECK_INT(reply_take(&b, &r), LLMPROV_OK)) CHECK_TEXT(r.extra, r.extra_len, all.ptr);
    llmprov_response_free(&r);
    engine_text_free(&all);
}

TEST(reply_usage_is_the_last_that_was_told) {
    reply_box b;
    llmprov_response r;
    llmprov_usage *u;
    if (!reply_begin(&b)) return;
    u = llmprov_turn_usage(b.t, reply_str("{\"a\":1,\"b\":{\"c\":2},\"n\":null}"));
    u->input_tokens = 5;
    u = llmprov_turn_usage(b.t, reply_str("{\"a\":null,\"b\":3,\"d\":4}"));
    u->output_tokens = 7;
    llmprov_turn_stop(b.t, 0, LLMPROV_STOP_END, reply_str("stop"), reply_none);
    llmprov__reply_finish(b.t);
    if (reply_take(&b, &r) == LLMPROV_OK) {
        CHECK_INT(r.usage.input_tokens, 5);
        CHECK_INT(r.usage.output_tokens, 7);
        CHECK_STR(r.usage.raw, "{\"a\":1,\"b\":3,\"n\":null,\"d\":4}");
    } else CHECK(false);
    llmprov_response_free(&r);
}

TEST(reply_logprobs_are_one_list_each) {
    reply_box b;
    llmprov_response r;
    if (!reply_begin(&b)) return;
    llmprov_turn_choice_part(b.t, 0, "logprobs", reply_str("{\"content\":[{\"t\":1}],\"refusal\":null}"));
    llmprov_turn_choice_part(b.t, 0, "logprobs", reply_str("{\"content\":[{\"t\":2},{\"t\":3}],\"refusal\":[{\"r\":1}]}"));
    if (reply_take(&b, &r) == LLMPROV_OK) CHECK_TEXT(r.choices[0].extra, r.choices[0].extra_len, "{\"logprobs\":{\"content\":[{\"t\":1},{\"t\":2},{\"t\":3}],\"refusal\":[{\"r\":1}]}}");
    else CHECK(false);
    llmprov_response_free(&r);
}

TEST(reply_events_nobody_knows_are_handed_on) {
    reply_box b;
    llmprov_response r;
    if (!reply_begin(&b)) return;
    llmprov_turn_other(b.t, reply_str("hologram_delta"), reply_str("{\"x\":1}"));
    llmprov_turn_other(b.t, reply_str("a_name_that_is_far_longer_than_any_sensible_name_of_an_event_should_ever_be_0123456789"), reply_str("{}"));
    if (reply_take(&b, &r) == LLMPROV_OK) CHECK(!strncmp(b.log.text, "OTHER hologram_delta\nOTHER a_name_that_is", 41));
    llmprov_response_free(&r);
}

// -- several answers -----------------------------------------------------------------------

TEST(reply_choices_are_kept_apart) {
    reply_box b;
    llmprov_response r;
    int blocks[3], i;
    if (!reply_begin(&b)) return;
    for (i = 2; i >= 0; i--) blocks[i] = reply_block(&b, i, LLMPROV_BLOCK_TEXT, NULL, NULL);
    for (i = 0; i < 3; i++) reply_text(&b, blocks[i], i == 0 ? "zero" : i == 1 ? "one" : "two");
    reply_text(&b, blocks[1], "!");
    llmprov_turn_stop(b.t, 1, LLMPROV_STOP_LENGTH, reply_str("length"), reply_none);
    llmprov_turn_stop(b.t, 0, LLMPROV_STOP_END, reply_str("stop"), reply_none);
    llmprov_turn_stop(b.t, 2, LLMPROV_STOP_SEQUENCE, reply_str("stop"), reply_str("END"));
    llmprov__reply_finish(b.t);
    if (reply_take(&b, &r) == LLMPROV_OK) {
        CHECK_STR(r.text, "zero");
        CHECK_INT(r.choice_count, 3);
        CHECK_STR(r.choices[1].message.blocks[0].text, "one!");
        CHECK_STR(r.choices[2].message.blocks[0].text, "two");
        CHECK_INT(r.choices[1].stop, LLMPROV_STOP_LENGTH);
        CHECK_STR(r.choices[2].stop_sequence, "END");
        CHECK(strstr(b.log.text, "CHOICE_END max_tokens length\n") && strstr(b.log.text, "CHOICE_END stop_sequence stop\n") && strstr(b.log.text, "\nEND end_turn stop\n"));
    } else CHECK(false);
    llmprov_response_free(&r);
}

TEST_NO_OOM(reply_numbers_that_are_no_block_and_no_choice) {
    static const int odd[] = { -1, 1, 1000, 2147483647, -2147483647 - 1 };
    reply_box b;
    llmprov_response r;
    size_t i;
    if (!reply_begin(&b)) return;
    reply_block(&b, 0, LLMPROV_BLOCK_TEXT, NULL, NULL);
    for (i = 0; i < LLMPROV__COUNT(odd); i++) {
        reply_text(&b, odd[i], "x");
        reply_piece(&b, odd[i], "\"x\"");
        llmprov_turn_part(b.t, odd[i], "signature", reply_str("x"));
        llmprov_turn_freeform(b.t, odd[i], reply_str("\"x\""));
        llmprov_turn_block_end(b.t, odd[i]);
    }
    CHECK_INT(reply_block(&b, -1, LLMPROV_BLOCK_TEXT, NULL, NULL), -1);
    CHECK_INT(reply_block(&b, 1 << 30, LLMPROV_BLOCK_TEXT, NULL, NULL), -1);
    llmprov_turn_stop(b.t, -1, LLMPROV_STOP_END, reply_str("stop"), reply_none);
    llmprov_turn_stop(b.t, 1 << 30, LLMPROV_STOP_END, reply_str("stop"), reply_none);
    llmprov_turn_extra(b.t, 1 << 30, reply_str("x"), reply_str("1"));
    llmprov_turn_choice_part(b.t, 1 << 30, "logprobs", reply_str("{}"));
    CHECK_INT(reply_take(&b, &r), LLMPROV_OK);
    CHECK_STR(r.text, "");
    CHECK_INT(r.choice_count, 1);
    llmprov_response_free(&r);
}

// -- why it stopped ------------------------------------------------------------------------

static llmprov_stop reply_stopped(llmprov_stop said, bool tool, const char *sequence) {
    reply_box b;
    llmprov_response r;
    llmprov_stop stop;
    if (!reply_begin(&b)) return said;
    if (tool) reply_block(&b, 0, LLMPROV_BLOCK_TOOL_USE, "1", "x");
    llmprov_turn_stop(b.t, 0, said, reply_str("word"), sequence ? reply_str(sequence) : reply_none);
    llmprov__reply_finish(b.t);
    CHECK_INT(reply_take(&b, &r), LLMPROV_OK);
    CHECK_STR(r.stop_word, "word");
    stop = r.stop;
    llmprov_response_free(&r);
    return stop;
}

TEST_NO_OOM(reply_stop_of_a_turn_with_tools) {
    CHECK_INT(reply_stopped(LLMPROV_STOP_END, true, NULL), LLMPROV_STOP_TOOL_USE);
    CHECK_INT(reply_stopped(LLMPROV_STOP_TOOL_USE, true, NULL), LLMPROV_STOP_TOOL_USE);
    CHECK_INT(reply_stopped(LLMPROV_STOP_LENGTH, true, NULL), LLMPROV_STOP_LENGTH);      /* cut arguments must not run */
    CHECK_INT(reply_stopped(LLMPROV_STOP_REFUSAL, true, NULL), LLMPROV_STOP_REFUSAL);
    CHECK_INT(reply_stopped(LLMPROV_STOP_ERROR, true, NULL), LLMPROV_STOP_ERROR);
    CHECK_INT(reply_stopped(LLMPROV_STOP_OTHER, true, NULL), LLMPROV_STOP_OTHER);
    CHECK_INT(reply_stopped(LLMPROV_STOP_END, false, NULL), LLMPROV_STOP_END);
    CHECK_INT(reply_stopped(LLMPROV_STOP_SEQUENCE, false, "X"), LLMPROV_STOP_SEQUENCE);
}

// -- failures ------------------------------------------------------------------------------

TEST(reply_failure_ends_it_and_keeps_what_came) {
    reply_box b;
    llmprov_response r;
    int text, tool;
    if (!reply_begin(&b)) return;
    text = reply_block(&b, 0, LLMPROV_BLOCK_TEXT, NULL, NULL);
    reply_text(&b, text, "so far\xC3");
    tool = reply_block(&b, 0, LLMPROV_BLOCK_TOOL_USE, "1", "x");
    reply_text(&b, tool, "{\"cut");
    llmprov_turn_fail(b.t, LLMPROV_ERR_OVERLOADED, "busy");
    llmprov_turn_fail(b.t, LLMPROV_ERR_SERVER, "later");
    reply_text(&b, text, " not any more");
    CHECK_INT(reply_block(&b, 0, LLMPROV_BLOCK_TEXT, NULL, NULL), -1);
    llmprov_turn_stop(b.t, 0, LLMPROV_STOP_END, reply_str("stop"), reply_none);
    llmprov_turn_block_end(b.t, text);
    llmprov__reply_finish(b.t);
    CHECK(!strstr(b.log.text, "END"));
    CHECK_INT(reply_take(&b, &r), LLMPROV_ERR_OVERLOADED);
    CHECK_STR(r.error.message, "busy");
    CHECK_STR(r.text, "so far\xEF\xBF\xBD");
    if (!test_excused() && CHECK_INT(r.message.block_count, 2)) {
        CHECK(r.message.blocks[1].invalid);
        CHECK_STR(r.message.blocks[1].json, "{\"rawInvalidInput\":\"{\\\"cut\"}");
    }
    llmprov_response_free(&r);
}

TEST_NO_OOM(reply_free_takes_anything) {
    llmprov_response r = { 0 };
    llmprov_response_free(&r);
    llmprov_response_free(NULL);
}

// -- the shortcut --------------------------------------------------------------------------

enum { REPLY_STREAM = 60000 };

static const char *reply_pick(const char *const *list, size_t count) { return list[(size_t)(test_random() >> 33) % count]; }

/* A stream of frames that resemble each other: texts and arguments, now and then something else. */
static void reply_make_chat(char *to) {
    static const char *const texts[] = { "a", "", " word", "\\n", "\\\"", "\\\\", "\\u00e9", "\\ud83d", "\\ude00", "\xC3\xA9", "\xF0\x9F", "\x98\x80", "\xFF", "}", "\\\"}}]}", "data: ", "null" };
    static const char *const args[] = { "{", "}", "\\\"a\\\":1", "", ",", " ", "\\n" };
    static const char *const tails[] = { "", ",\"usage\":null", ",\"obfuscation\":\"x\"", ",\"obfuscation\":\"yz\"", ",\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}" };
    int frames = 5 + (int)(test_random() >> 33) % 60, same = (int)(test_random() >> 33) % 2, i, what = 0;
    const char *tail = "";
    for (i = 0; i < frames; i++) {
        if (!same || (test_random() >> 33) % 8 == 0) what = (int)(test_random() >> 33) % 14, tail = reply_pick(tails, 5);
        to += sprintf(to, "%sdata: {\"id\":\"c\",\"created\":%d,\"model\":\"m\",\"choices\":[{\"index\":%d,\"delta\":{", what == 13 ? "event: x\n" : "", what == 12 ? i : 1, what == 11);
        if (what < 5 || what > 10) to += sprintf(to, "\"content\":\"%s\"", reply_pick(texts, LLMPROV__COUNT(texts)));
        else if (what == 5) to += sprintf(to, "\"reasoning_content\":\"%s\"", reply_pick(texts, LLMPROV__COUNT(texts)));
        else if (what == 6) to += sprintf(to, "\"tool_calls\":[{\"index\":0,\"id\":\"t0\",\"function\":{\"name\":\"f\",\"arguments\":\"%s\"}}]", reply_pick(args, 7));
        else if (what == 7) to += sprintf(to, "\"tool_calls\":[{\"index\":1,\"function\":{\"arguments\":\"%s\"}}]", reply_pick(args, 7));
        else if (what == 8) to += sprintf(to, "\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"%s\"}}]", reply_pick(args, 7));
        else if (what == 9) to += sprintf(to, "\"content\":\"%s\",\"refusal\":\"%s\"", reply_pick(texts, LLMPROV__COUNT(texts)), reply_pick(texts, LLMPROV__COUNT(texts)));
        else to += sprintf(to, "\"content\":null");
        to += sprintf(to, "},\"finish_reason\":null}]%s}\n\n", tail);
    }
    for (i = 0; i < 2; i++) to += sprintf(to, "data: {\"choices\":[{\"index\":%d,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n", i);
    sprintf(to, "data: [DONE]\n\n");
}

static void reply_make_messages(char *to) {
    static const char *const texts[] = { "a", "", " word", "\\n", "\\\"", "\\\\", "\\u00e9", "\\ud83d", "\\ude00", "\xC3\xA9", "\xF0\x9F", "\x98\x80", "\xFF", "}", "\\\"}}" };
    int frames = 5 + (int)(test_random() >> 33) % 60, same = (int)(test_random() >> 33) % 2, i, what = 0, index = 0;
    to += sprintf(to, "%s", FEED_MESSAGES_START);
    for (i = 0; i < frames; i++) {
        const char *text = reply_pick(texts, LLMPROV__COUNT(texts));
        if (!same || (test_random() >> 33) % 8 == 0) what = (int)(test_random() >> 33) % 8, index = (int)(test_random() >> 33) % 3;
        if (what < 3) to += sprintf(to, FEED_MESSAGES_EVENT("content_block_delta", ",\"index\":%d,\"delta\":{\"type\":\"text_delta\",\"text\":\"%s\"}"), index, text);
        else if (what == 3) to += sprintf(to, FEED_MESSAGES_EVENT("content_block_delta", ",\"index\":%d,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"%s\"}"), index, text);
        else if (what == 4) to += sprintf(to, FEED_MESSAGES_EVENT("content_block_delta", ",\"index\":%d,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"%s\"}"), index, text);
        else if (what == 5) to += sprintf(to, FEED_MESSAGES_EVENT("content_block_start", ",\"index\":%d,\"content_block\":{\"type\":\"text\",\"text\":\"%s\"}"), index, "b");
        else if (what == 6) to += sprintf(to, FEED_MESSAGES_EVENT("content_block_stop", ",\"index\":%d"), index);
        else to += sprintf(to, FEED_MESSAGES_EVENT("ping", ""));
    }
    sprintf(to, "%s", FEED_MESSAGES_STOP("end_turn"));
}

/* With the shortcut and without it: the same events, the same result. */
TEST_NO_OOM(reply_shortcut_gives_what_parsing_gives) {
    static char stream[REPLY_STREAM];
    long rounds = getenv("TEST_LONG") ? 20000 : 600, hits = 0;
    while (rounds-- && !test_now.failures) {
        int format = rounds & 1, with;
        feed_log logs[2];
        llmprov_text saved[2] = { { 0 } };
        llmprov_status status[2];
        if (format) reply_make_messages(stream);
        else reply_make_chat(stream);
        for (with = 0; with < 2; with++) {
            llmprov_client *c = feed_client(format ? "anthropic" : "openai");
            llmprov_request req = feed_request("Hi.", &logs[with]);
            llmprov_call *call = llmprov_call_chat(c, &req);
            llmprov_response r;
            const char *p = stream;
            feed_head(call, 200, "text/event-stream");
            while (*p) {
                const char *end = strstr(p, "\n\n") + 2;
                feed_bytes(call, 0, p, (size_t)(end - p), NULL);
                if (with && call->turn->hot && call->turn->hot->armed) hits++;
                if (!with && call->turn->hot) call->turn->hot->armed = false;
                p = end;
            }
            llmprov_call_eof(call);
            status[with] = llmprov_call_take(call, &r);
            CHECK_INT(llmprov_response_save(&r, &saved[with]), LLMPROV_OK);
            llmprov_response_free(&r);
            llmprov_call_free(call);
            llmprov_close(c);
        }
        CHECK_INT(status[1], status[0]);
        if (!CHECK_STR(logs[1].text, logs[0].text) || !CHECK_STR(saved[1].ptr, saved[0].ptr)) printf("%s", stream);
        llmprov_text_free(&saved[0]);
        llmprov_text_free(&saved[1]);
    }
    CHECK(LLMPROV__MEM_SMALL ? !hits : hits > 1000);           /* small: nothing is learned */
}

/* What a frame says beside its text is known although it was not parsed: the counts of the last one, before the end or a
   frame without them. Numbers, times and padding that say nothing do not keep a frame from the shortcut; another change
   does. */
TEST(reply_shortcut_and_what_changes_beside_the_text) {
    static const char *const frames[][5] = {
        { "data: {\"candidates\": [{\"content\": {\"parts\": [{\"text\": \"a\"}],\"role\": \"model\"}}],\"usageMetadata\": {\"promptTokenCount\": 8,\"candidatesTokenCount\": 1}}\n\n",
          "data: {\"candidates\": [{\"content\": {\"parts\": [{\"text\": \"b\"}],\"role\": \"model\"}}],\"usageMetadata\": {\"promptTokenCount\": 8,\"candidatesTokenCount\": 20}}\n\n",
          "data: {\"candidates\": [{\"content\": {\"parts\": [{\"text\": \"\\\"c\"}],\"role\": \"model\"}}],\"usageMetadata\": {\"promptTokenCount\": 8,\"candidatesTokenCount\": 300}}\n\n",
          "data: {\"candidates\": [{\"content\": {\"parts\": [],\"role\": \"model\"},\"finishReason\": \"STOP\"}]}\n\n", NULL },
        { "{\"model\":\"m\",\"created_at\":\"1\",\"message\":{\"role\":\"assistant\",\"content\":\"a\"},\"done\":false}\n",
          "{\"model\":\"m\",\"created_at\":\"22\",\"message\":{\"role\":\"assistant\",\"content\":\"b\"},\"done\":false}\n",
          "{\"model\":\"m\",\"created_at\":\"\",\"message\":{\"role\":\"assistant\",\"content\":\"\\\"c\"},\"done\":false}\n",
          "{\"model\":\"m\",\"created_at\":\"4\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,\"prompt_eval_count\":8,\"eval_count\":300}\n", NULL },
    };
    static const char *const providers[] = { "gemini", "ollama-native" }, *const types[] = { "text/event-stream", "application/x-ndjson" };
    int format, cut, i;
    for (format = 0; format < 2; format++)
        for (cut = 0; cut < 2; cut++) {
            feed_log log;
            llmprov_client *c = feed_client(providers[format]);
            llmprov_request req = feed_request("Hi.", &log);
            llmprov_call *call;
            llmprov_response r;
            req.model = "m";
            call = llmprov_call_chat(c, &req);
            feed_head(call, 200, types[format]);
            for (i = 0; frames[format][i + cut]; i++) {
                if (i == 2 && call) CHECK((call->turn->hot && call->turn->hot->armed) == !LLMPROV__MEM_SMALL);
                feed_bytes(call, 0, frames[format][i], strlen(frames[format][i]), NULL);
                if (i == 2 && call) CHECK((!format && !LLMPROV__MEM_SMALL) == (call->turn->hot && call->turn->hot->late));
            }
            llmprov_call_eof(call);
            CHECK_INT(llmprov_call_take(call, &r), cut ? LLMPROV_ERR_TRUNCATED : LLMPROV_OK);
            CHECK_STR(r.text, "ab\"c");
            if (!format || !cut) CHECK_INT(r.usage.output_tokens, 300);
            llmprov_response_free(&r);
            llmprov_call_free(call);
            llmprov_close(c);
        }
}

// -- hidden blocks -------------------------------------------------------------------------

static bool reply_takes(const void *about, const llmprov_block *begin) {
    (void)about;
    return begin->type == LLMPROV_BLOCK_TEXT || begin->type == LLMPROV_BLOCK_TOOL_USE;
}

/* Texts are shown as they come; a call becomes another one at its end. */
static void reply_hears(llmprov_turn *t, int block, llmprov_str text, bool last) {
    llmprov_block use = { .type = LLMPROV_BLOCK_TOOL_USE, .id = "2", .name = "other", .json = "{\"y\":2}", .json_len = 7 };
    if (t->blocks[block].head.type == LLMPROV_BLOCK_TEXT) {
        llmprov__reply_voiced(t, block, text.ptr, text.len);
        if (last) llmprov__reply_hush(t, block);
    } else if (last) llmprov__reply_call(t, block, &use);
}

/* What a hidden block carries beside its text is carried by what is shown in its place. */
TEST(reply_parts_of_hidden_blocks) {
    static const llmprov__reply_ear ear = { reply_takes, reply_hears, 1 };
    reply_box b;
    llmprov_response r;
    int text, call;
    if (!reply_begin(&b)) return;
    b.t->ear = &ear;
    text = reply_block(&b, 0, LLMPROV_BLOCK_TEXT, NULL, NULL);
    reply_text(&b, text, "Hi");
    llmprov_turn_part(b.t, text, "citation", reply_str("{\"a\":1}"));
    llmprov_turn_block_end(b.t, text);
    call = reply_block(&b, 0, LLMPROV_BLOCK_TOOL_USE, "1", "one");
    llmprov_turn_part(b.t, call, "signature", reply_str("sig"));
    llmprov_turn_part(b.t, call, "z", reply_str("5"));
    reply_text(&b, call, "{}");
    llmprov_turn_block_end(b.t, call);
    llmprov_turn_stop(b.t, 0, LLMPROV_STOP_TOOL_USE, reply_str("tool_use"), reply_none);
    llmprov__reply_finish(b.t);
    if (reply_take(&b, &r) == LLMPROV_OK) {
        CHECK_STR(b.log.text, "START\nBLOCK 0 text\nTEXT 0 Hi\nPART citation\nBLOCK_END 0 text\nBLOCK 1 tool_use 2 other\nJSON 1 {\"y\":2}\nBLOCK_END 1 tool_use 2 other\nEND tool_use tool_use\n");
        CHECK_INT(r.message.block_count, 2);
        CHECK_TEXT(r.message.blocks[0].extra, r.message.blocks[0].extra_len, "{\"citations\":[{\"a\":1}]}");
        CHECK_STR(r.message.blocks[1].signature, "sig");
        CHECK_TEXT(r.message.blocks[1].extra, r.message.blocks[1].extra_len, "{\"z\":5}");
    }
    llmprov_response_free(&r);
}
