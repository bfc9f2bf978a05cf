/* >>normal: any history becomes legal for a target. In and out are histories in Anthropic's form; warnings are listed by
   their fields. */
#include "engine.h"

typedef struct normal_target { const char *format; unsigned rules, quirks, profile; size_t id_max, name_max; const char *reasoning_key; } normal_target;

enum { NORMAL_MESSAGES_RULES = LLMPROV_RULE_MERGE | LLMPROV_RULE_ID_CHARS | LLMPROV_RULE_SYSTEM_TOP | LLMPROV_RULE_TRIM_PREFILL | LLMPROV_RULE_NATIVE };

static const normal_target normal_messages = { "anthropic-messages", NORMAL_MESSAGES_RULES, 0, 0, 128, 128, NULL };
static const normal_target normal_chat = { "openai-chat", LLMPROV_RULE_TOOL_TEXT, 0, 0, 40, 64, NULL };

static normal_target normal_with(const normal_target *like, unsigned quirks, unsigned profile) {
    normal_target t = *like;
    t.quirks = quirks;
    t.profile = profile;
    return t;
}

typedef struct normal_result {
    llmprov__mem_arena arena, keep;
    llmprov__err_warnings warnings;
    llmprov_error err;
    llmprov__normal n;
    bool ok;
    llmprov_request req;         /* that is made legal */
    llmprov_text out;
    char fields[2000];           /* of the warnings */
} normal_result;

static void normal_free(normal_result *r) {
    llmprov_text_free(&r->out);
    llmprov__mem_arena_free(&r->arena);
    llmprov__mem_arena_free(&r->keep);
}

/* The normalised request, saved as a history. */
static void normal_request(normal_result *r, const normal_target *t, const llmprov_request *req) {
    static llmprov_provider row;
    static llmprov_profile profile;
    llmprov_history shown;
    size_t i;
    memset(r, 0, sizeof *r);
    memset(&row, 0, sizeof row);
    memset(&profile, 0, sizeof profile);
    r->arena.alloc = r->keep.alloc = test_alloc();
    llmprov__err_clear(&r->err);
    row.id = "row";
    row.quirks.flags = t->quirks;
    row.quirks.reasoning_key = t->reasoning_key;
    profile.flags = t->profile;
    r->n.arena = &r->arena;
    r->n.keep = &r->keep;
    r->n.warnings = &r->warnings;
    r->n.err = &r->err;
    r->n.row = &row;
    r->n.profile = &profile;
    r->n.format = t->format;
    r->n.rules = t->rules;
    r->n.id_max = t->id_max;
    r->n.name_max = t->name_max;
    r->req = *req;
    r->n.req = &r->req;
    r->ok = llmprov__normal_run(&r->n);
    CHECK_ALWAYS(r->ok == (r->err.code == LLMPROV_OK));
    CHECK_ALWAYS(r->ok || *r->err.message);
    if (!r->ok || r->arena.failed || r->keep.failed) return;
    for (i = 0; i < r->warnings.count && strlen(r->fields) + strlen(r->warnings.items[i].field) + 2 < sizeof r->fields; i++)
        strcat(strcat(r->fields, r->warnings.items[i].field), ";");
    memset(&shown, 0, sizeof shown);
    shown.alloc = test_alloc();
    shown.system_blocks = r->n.req->system_blocks;
    shown.system_count = r->n.req->system_count;
    shown.messages = (llmprov_message *)r->n.req->messages;
    shown.message_count = r->n.req->message_count;
    if (llmprov_history_save(&shown, &r->out)) CHECK(false);
}

static void normal_history(normal_result *r, const normal_target *t, const char *json, llmprov_history *h) {
    llmprov_request req = { 0 };
    memset(h, 0, sizeof *h);
    h->alloc = test_alloc();
    if (llmprov_history_load(h, json, strlen(json), NULL) != LLMPROV_OK) {
        memset(r, 0, sizeof *r);
        CHECK(false);
        return;
    }
    req.history = h;
    normal_request(r, t, &req);
}

/* What a list of messages becomes, and which warnings are given on the way. */
static void normal(const normal_target *t, const char *json, const char *expected, const char *warnings, int line) {
    normal_result r;
    llmprov_history h;
    char whole[4000];
    normal_history(&r, t, json, &h);
    sprintf(whole, "%s%s%s", *expected == '{' ? "" : "{\"messages\":", expected, *expected == '{' ? "" : "}");
    if (r.out.ptr && !r.arena.failed) {
        test_check_str(r.out.ptr, whole, "the history", __FILE__, line);
        test_check_str(r.fields, warnings, "the warnings", __FILE__, line);
    } else if (!test_excused()) test_fail(__FILE__, line, "%s", r.err.message ? r.err.message : "nothing");
    normal_free(&r);
    llmprov_history_free(&h);
}
#define NORMAL(target, json, expected, warnings) normal(target, json, expected, warnings, __LINE__)

#define NORMAL_USER(blocks) "{\"role\":\"user\",\"content\":[" blocks "]}"
#define NORMAL_ASSISTANT(blocks) "{\"role\":\"assistant\",\"content\":[" blocks "]}"
#define NORMAL_TEXT(text) "{\"type\":\"text\",\"text\":\"" text "\"}"
#define NORMAL_USE(id) "{\"type\":\"tool_use\",\"id\":\"" id "\",\"name\":\"f\",\"input\":{}}"
#define NORMAL_RESULT(id, text) "{\"type\":\"tool_result\",\"tool_use_id\":\"" id "\",\"content\":\"" text "\"}"

// -- what is legal stays -------------------------------------------------------------------

TEST(normal_leaves_a_legal_history_alone) {
    static const char *const legal[] = {
        "[{\"role\":\"user\",\"content\":\"Hi.\"}]", "[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"b\"},{\"role\":\"user\",\"content\":\"c\"}]",
        "[" NORMAL_USER(NORMAL_TEXT("a") "," NORMAL_TEXT("b")) "," NORMAL_ASSISTANT(NORMAL_TEXT("c") "," NORMAL_USE("t1") "," NORMAL_USE("t2")) ","
            NORMAL_USER(NORMAL_RESULT("t1", "r") "," NORMAL_RESULT("t2", "s")) "]",
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(legal); i++) {
        NORMAL(&normal_messages, legal[i], legal[i], "");
        NORMAL(&normal_chat, legal[i], legal[i], "");
    }
}

TEST(normal_puts_everything_that_is_asked_into_one_order) {
    llmprov_history h = { .alloc = test_alloc() };
    llmprov_block b = { .text = "second" }, s = { .text = "system two" };
    llmprov_message m = { .blocks = &b, .block_count = 1, .role = LLMPROV_ROLE_ASSISTANT };
    llmprov_request req = { .prompt = "third", .system = "system one", .system_blocks = &s, .system_count = 1, .messages = &m, .message_count = 1 };
    normal_result r;
    llmprov_set_system(&h, "system three");
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "first");
    req.history = &h;
    if (!h.status) {
        normal_request(&r, &normal_chat, &req);
        if (r.out.ptr && !r.arena.failed)
            CHECK_STR(r.out.ptr, "{\"system\":[" NORMAL_TEXT("system one") "," NORMAL_TEXT("system two") "," NORMAL_TEXT("system three") "],\"messages\":["
                                 NORMAL_USER(NORMAL_TEXT("first")) "," NORMAL_ASSISTANT(NORMAL_TEXT("second")) ",{\"role\":\"user\",\"content\":\"third\"}]}");
        else CHECK(false);
        CHECK(!r.n.req->prompt && !r.n.req->history);
        normal_free(&r);
    } else CHECK(false);
    llmprov_history_free(&h);
}

// -- calls and results ---------------------------------------------------------------------

TEST(normal_results_stand_in_the_order_of_the_calls) {
    NORMAL(&normal_messages, "[" NORMAL_ASSISTANT(NORMAL_USE("a") "," NORMAL_USE("b")) "," NORMAL_USER(NORMAL_TEXT("x") "," NORMAL_RESULT("b", "2") "," NORMAL_RESULT("a", "1")) "]",
           "[" NORMAL_ASSISTANT(NORMAL_USE("a") "," NORMAL_USE("b")) "," NORMAL_USER(NORMAL_RESULT("a", "1") "," NORMAL_RESULT("b", "2") "," NORMAL_TEXT("x")) "]", "");
    NORMAL(&normal_chat, "[" NORMAL_ASSISTANT(NORMAL_USE("a") "," NORMAL_USE("b")) "," NORMAL_USER(NORMAL_TEXT("x") "," NORMAL_RESULT("b", "2") "," NORMAL_RESULT("a", "1")) "]",
           "[" NORMAL_ASSISTANT(NORMAL_USE("a") "," NORMAL_USE("b")) "," NORMAL_USER(NORMAL_RESULT("a", "1") "," NORMAL_RESULT("b", "2")) "," NORMAL_USER(NORMAL_TEXT("x")) "]", "");
}

TEST(normal_results_in_several_messages_are_one_turn) {
    NORMAL(&normal_messages, "[" NORMAL_ASSISTANT(NORMAL_USE("a") "," NORMAL_USE("b")) "," NORMAL_USER(NORMAL_RESULT("b", "2")) "," NORMAL_USER(NORMAL_RESULT("a", "1")) "]",
           "[" NORMAL_ASSISTANT(NORMAL_USE("a") "," NORMAL_USE("b")) "," NORMAL_USER(NORMAL_RESULT("a", "1") "," NORMAL_RESULT("b", "2")) "]", "");
}

TEST(normal_calls_without_a_result_get_one_that_says_so) {
    NORMAL(&normal_messages, "[" NORMAL_ASSISTANT(NORMAL_USE("a")) "," NORMAL_USER(NORMAL_TEXT("never mind")) "]",
           "[" NORMAL_ASSISTANT(NORMAL_USE("a")) "," NORMAL_USER("{\"type\":\"tool_result\",\"tool_use_id\":\"a\",\"content\":\"cancelled: no result was recorded for this call\",\"is_error\":true},"
           NORMAL_TEXT("never mind")) "]", "messages[0].content[0];");
}

TEST(normal_results_without_a_call_become_text) {
    NORMAL(&normal_messages, "[" NORMAL_USER(NORMAL_RESULT("gone", "r") "," NORMAL_TEXT("x")) "]",
           "[" NORMAL_USER(NORMAL_TEXT("[Result of a tool call gone, which is not in this conversation]") "," NORMAL_TEXT("r") "," NORMAL_TEXT("x")) "]", "messages[0].content[0];");
    NORMAL(&normal_chat, "[" NORMAL_USER(NORMAL_TEXT("q")) "," NORMAL_ASSISTANT(NORMAL_TEXT("x")) "," NORMAL_USER(NORMAL_RESULT("gone", "r")) "]",
           "[" NORMAL_USER(NORMAL_TEXT("q")) "," NORMAL_ASSISTANT(NORMAL_TEXT("x")) "," NORMAL_USER(NORMAL_TEXT("[Result of a tool call gone, which is not in this conversation]") "," NORMAL_TEXT("r")) "]",
           "messages[2].content[0];");
}

/* Two answers to one call: the first is it, the second is an orphan. */
TEST(normal_second_result_of_a_call_is_an_orphan) {
    NORMAL(&normal_messages, "[" NORMAL_ASSISTANT(NORMAL_USE("a")) "," NORMAL_USER(NORMAL_RESULT("a", "1") "," NORMAL_RESULT("a", "2")) "]",
           "[" NORMAL_ASSISTANT(NORMAL_USE("a")) "," NORMAL_USER(NORMAL_RESULT("a", "1") "," NORMAL_TEXT("[Result of a tool call a, which is not in this conversation]") "," NORMAL_TEXT("2")) "]",
           "messages[1].content[1];");
}

/* Gateways that begin with call_0 in each turn: pairs are found turn by turn, and become different ids. */
TEST(normal_ids_are_unlike_in_a_conversation) {
    NORMAL(&normal_messages, "[" NORMAL_ASSISTANT(NORMAL_USE("c0")) "," NORMAL_USER(NORMAL_RESULT("c0", "1")) "," NORMAL_ASSISTANT(NORMAL_USE("c0")) "," NORMAL_USER(NORMAL_RESULT("c0", "2")) "]",
           "[" NORMAL_ASSISTANT(NORMAL_USE("c0")) "," NORMAL_USER(NORMAL_RESULT("c0", "1")) "," NORMAL_ASSISTANT(NORMAL_USE("c0_2")) "," NORMAL_USER(NORMAL_RESULT("c0_2", "2")) "]", "");
    NORMAL(&normal_chat, "[" NORMAL_ASSISTANT(NORMAL_USE("c") "," NORMAL_USE("c")) "," NORMAL_USER(NORMAL_RESULT("c", "1") "," NORMAL_RESULT("c", "2")) "]",
           "[" NORMAL_ASSISTANT(NORMAL_USE("c") "," NORMAL_USE("c_2")) "," NORMAL_USER(NORMAL_RESULT("c", "1") "," NORMAL_RESULT("c_2", "2")) "]", "");
}

TEST(normal_ids_that_are_missing_are_made) {
    NORMAL(&normal_messages, "[" NORMAL_ASSISTANT(NORMAL_USE("")) "," NORMAL_USER(NORMAL_RESULT("", "1")) "]",
           "[" NORMAL_ASSISTANT(NORMAL_USE("call_0_0")) "," NORMAL_USER(NORMAL_RESULT("call_0_0", "1")) "]", "");
}

/* Legal characters, legal length, the same on both sides, and always the same. */
static void normal_id(const normal_target *t, const char *id, bool same) {
    normal_result r;
    llmprov_history h;
    char json[2000];
    sprintf(json, "[" NORMAL_ASSISTANT(NORMAL_USE("%s")) "," NORMAL_USER(NORMAL_RESULT("%s", "1")) "]", id, id);
    normal_history(&r, t, json, &h);
    if (r.ok && !r.arena.failed && CHECK_INT(r.n.req->message_count, 2)) {
        const char *use = r.n.req->messages[0].blocks[0].id, *result = r.n.req->messages[1].blocks[0].id;
        CHECK_STR(use, result);
        CHECK(strlen(use) <= t->id_max && (!strcmp(use, id) == same));
        if (t->rules & LLMPROV_RULE_ID_CHARS) CHECK(strspn(use, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == strlen(use));
        CHECK(llmprov__text_valid(use, strlen(use)) == strlen(use));
    } else CHECK(false);
    normal_free(&r);
    llmprov_history_free(&h);
}

TEST(normal_ids_are_made_legal) {
    normal_id(&normal_messages, "toolu_01AbC-x", true);
    normal_id(&normal_messages, "functions.look:0", false);
    normal_id(&normal_messages, "caf\xC3\xA9", false);
    normal_id(&normal_messages, "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789", false);
    normal_id(&normal_chat, "functions.look:0", true);
    normal_id(&normal_chat, "0123456789012345678901234567890123456789", true);
    normal_id(&normal_chat, "01234567890123456789012345678901234567890", false);
    normal_id(&normal_chat, "\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5\xE6\x97\xA5", false);
}

TEST(normal_ids_that_look_alike_after_cutting_stay_apart) {
    normal_result r;
    llmprov_history h;
    const char *json = "[" NORMAL_ASSISTANT(NORMAL_USE("0123456789012345678901234567890123456789A") "," NORMAL_USE("0123456789012345678901234567890123456789B")) "]";
    normal_history(&r, &normal_chat, json, &h);
    if (r.ok && !r.arena.failed) CHECK(strcmp(r.n.req->messages[0].blocks[0].id, r.n.req->messages[0].blocks[1].id));
    normal_free(&r);
    llmprov_history_free(&h);
}

TEST(normal_arguments_are_objects) {
    static const struct { const char *input, *expected, *warnings; } cases[] = {
        { "{\"a\":1}", "{\"a\":1}", "" }, { "null", "{}", "" }, { "[1]", "{\"rawInvalidInput\":\"[1]\"}", "messages[0].content[0].json;" },
        { "\"x\"", "{\"rawInvalidInput\":\"\\\"x\\\"\"}", "messages[0].content[0].json;" }, { "7", "{\"rawInvalidInput\":\"7\"}", "messages[0].content[0].json;" },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        char in[300], out[400];
        sprintf(in, "[" NORMAL_ASSISTANT("{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"f\",\"input\":%s}") "," NORMAL_USER(NORMAL_RESULT("a", "1")) "]", cases[i].input);
        sprintf(out, "[" NORMAL_ASSISTANT("{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"f\",\"input\":%s}") "," NORMAL_USER(NORMAL_RESULT("a", "1")) "]", cases[i].expected);
        NORMAL(&normal_chat, in, out, cases[i].warnings);
    }
}

TEST(normal_names_that_a_model_invented_are_made_legal) {
    normal_result r;
    llmprov_history h;
    const char *json = "[" NORMAL_ASSISTANT("{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"look at.this\",\"input\":{}}") "]";
    normal_history(&r, &normal_chat, json, &h);
    if (r.ok && !r.arena.failed) {
        const char *name = r.n.req->messages[0].blocks[0].name;
        CHECK(!strncmp(name, "look_at_this_", 13) && strlen(name) == 21);
    }
    normal_free(&r);
    llmprov_history_free(&h);
}

TEST(normal_pictures_in_results_go_behind_where_results_are_text) {
    normal_target takes = normal_with(&normal_chat, LLMPROV_QUIRK_TOOL_IMAGES, 0);
    const char *json = "[" NORMAL_ASSISTANT(NORMAL_USE("a")) "," NORMAL_USER("{\"type\":\"tool_result\",\"tool_use_id\":\"a\",\"content\":[" NORMAL_TEXT("t")
                       ",{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":\"u\"}}]}," NORMAL_TEXT("x")) "]";
    NORMAL(&normal_messages, json, json, "");
    NORMAL(&normal_chat, json, "[" NORMAL_ASSISTANT(NORMAL_USE("a")) ",{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"a\",\"content\":[" NORMAL_TEXT("t") ","
           NORMAL_TEXT("[see the content below]") "]}]}," NORMAL_USER(NORMAL_TEXT("Content of the result of f (a):") ",{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":\"u\"}}") "," NORMAL_USER(NORMAL_TEXT("x")) "]",
           "messages[1].content[0];");
    NORMAL(&takes, json, "[" NORMAL_ASSISTANT(NORMAL_USE("a")) ",{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"a\",\"content\":[" NORMAL_TEXT("t")
           ",{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":\"u\"}}]}]}," NORMAL_USER(NORMAL_TEXT("x")) "]", "");
}

// -- empty things --------------------------------------------------------------------------

TEST(normal_empty_texts_and_messages_are_left_out) {
    NORMAL(&normal_messages, "[" NORMAL_USER(NORMAL_TEXT("") "," NORMAL_TEXT("x")) "]", "[" NORMAL_USER(NORMAL_TEXT("x")) "]", "messages[0].content[0];");
    NORMAL(&normal_messages, "[" NORMAL_USER(NORMAL_TEXT("a")) "," NORMAL_ASSISTANT(NORMAL_TEXT("")) "," NORMAL_USER(NORMAL_TEXT("b")) "]",
           "[" NORMAL_USER(NORMAL_TEXT("a") "," NORMAL_TEXT("b")) "]", "messages[1].content[0];messages[1];");
}

TEST(normal_marks_on_empty_texts_move_back) {
    NORMAL(&normal_messages, "[" NORMAL_USER(NORMAL_TEXT("a") ",{\"type\":\"text\",\"text\":\"\",\"cache_control\":{\"type\":\"ephemeral\"}}") "]",
           "[" NORMAL_USER("{\"type\":\"text\",\"text\":\"a\",\"cache_control\":{\"type\":\"ephemeral\"}}") "]", "messages[0].content[1];");
}

TEST(normal_nothing_at_all_is_refused) {
    static const char *const empty[] = { "[]", "[{\"role\":\"user\",\"content\":\"\"}]", "[{\"role\":\"user\",\"content\":[]}]", "{\"system\":\"S\",\"messages\":[]}" };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(empty); i++) {
        normal_result r;
        llmprov_history h;
        normal_history(&r, &normal_messages, empty[i], &h);
        CHECK_ALWAYS(!r.ok);
        CHECK_INT(r.err.code, LLMPROV_ERR_ARGUMENT);
        CHECK(r.err.message && strstr(r.err.message, "message"));
        normal_free(&r);
        llmprov_history_free(&h);
    }
}

// -- roles ---------------------------------------------------------------------------------

TEST(normal_merges_neighbours_where_the_target_wants_it) {
    const char *json = "[" NORMAL_USER(NORMAL_TEXT("a")) ",{\"role\":\"user\",\"content\":\"b\"}," NORMAL_ASSISTANT(NORMAL_TEXT("c")) "," NORMAL_ASSISTANT(NORMAL_TEXT("d")) "," NORMAL_USER(NORMAL_TEXT("e")) "]";
    NORMAL(&normal_messages, json, "[" NORMAL_USER(NORMAL_TEXT("a") "," NORMAL_TEXT("b")) "," NORMAL_ASSISTANT(NORMAL_TEXT("c") "," NORMAL_TEXT("d")) "," NORMAL_USER(NORMAL_TEXT("e")) "]", "");
    NORMAL(&normal_chat, json, json, "");
}

TEST(normal_leading_system_messages_go_where_they_belong) {
    const char *json = "{\"system\":\"one\",\"messages\":[{\"role\":\"system\",\"content\":\"two\"},{\"role\":\"user\",\"content\":\"x\"}]}";
    normal_target one = normal_with(&normal_chat, LLMPROV_QUIRK_ONE_SYSTEM, 0);
    NORMAL(&normal_messages, json, "{\"system\":[" NORMAL_TEXT("one") "," NORMAL_TEXT("two") "],\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}", "");
    NORMAL(&normal_chat, json, "{\"system\":[" NORMAL_TEXT("one") "],\"messages\":[{\"role\":\"system\",\"content\":\"two\"},{\"role\":\"user\",\"content\":\"x\"}]}", "");
    NORMAL(&one, json, "{\"system\":[" NORMAL_TEXT("one\\n\\ntwo") "],\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}", "");
}

/* Never hoisted: that would change what it means, and the cached prefix. */
TEST(normal_system_messages_in_the_middle) {
    const char *json = "[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"system\",\"content\":\"S\"},{\"role\":\"assistant\",\"content\":\"b\"},{\"role\":\"user\",\"content\":\"c\"}]";
    normal_target native = normal_with(&normal_messages, 0, LLMPROV_MODEL_MID_SYSTEM);
    NORMAL(&normal_chat, json, json, "");
    NORMAL(&native, json, "[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"system\",\"content\":\"S\"},{\"role\":\"assistant\",\"content\":\"b\"},{\"role\":\"user\",\"content\":\"c\"}]", "");
    NORMAL(&normal_messages, json, "[" NORMAL_USER(NORMAL_TEXT("a") "," NORMAL_TEXT("<system>\\nS\\n</system>")) ",{\"role\":\"assistant\",\"content\":\"b\"},{\"role\":\"user\",\"content\":\"c\"}]",
           "messages[1].content[0];");
}

/* Two in a row are one. Their own members are the first's. */
TEST(normal_system_messages_in_a_row) {
    const char *json = "[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"system\",\"content\":\"S\"},{\"role\":\"system\",\"content\":\"T\",\"z\":1},{\"role\":\"assistant\",\"content\":\"b\"}]";
    normal_target native = normal_with(&normal_messages, 0, LLMPROV_MODEL_MID_SYSTEM);
    NORMAL(&native, json, "[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"system\",\"content\":[" NORMAL_TEXT("S") "," NORMAL_TEXT("T") "]},{\"role\":\"assistant\",\"content\":\"b\"}]", "messages[2];");
}

/* A model without a system role: the prompt stands before the user's first words. */
TEST(normal_models_without_a_system_role) {
    normal_target gemma = normal_with(&normal_chat, 0, LLMPROV_MODEL_NO_SYSTEM);
    normal_result r;
    llmprov_history h;
    const char *json = "{\"system\":\"S\",\"messages\":[{\"role\":\"system\",\"content\":\"T\"},{\"role\":\"user\",\"content\":\"x\"},{\"role\":\"assistant\",\"content\":\"y\"},{\"role\":\"user\",\"content\":\"z\"}]}";
    normal_history(&r, &gemma, json, &h);
    if (r.out.ptr && !r.arena.failed) {
        const char *s = strstr(r.out.ptr, "S\\n\\nT"), *x = strstr(r.out.ptr, "\"x\""), *first = strstr(r.out.ptr, "\"role\":\"");
        if (!x) x = strstr(r.out.ptr, "x\"");
        CHECK(!strstr(r.out.ptr, "\"system\"") && s && x && s < x && first && !strncmp(first, "\"role\":\"user\"", 13));
        CHECK(r.warnings.count == 1);
    } else CHECK(false);
    normal_free(&r);
    llmprov_history_free(&h);
}

TEST(normal_assistants_last_words) {
    normal_target refuses = normal_with(&normal_messages, 0, LLMPROV_MODEL_NO_PREFILL);
    NORMAL(&normal_messages, "[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"b \\n\\t\"}]", "[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"b\"}]", "messages;");
    NORMAL(&normal_messages, "[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\" \\n\"}]", "[{\"role\":\"user\",\"content\":\"a\"}]", "messages;");
    NORMAL(&normal_messages, "[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"b \"},{\"role\":\"user\",\"content\":\"c \"}]",
           "[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"b \"},{\"role\":\"user\",\"content\":\"c \"}]", "");
    NORMAL(&refuses, "[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"b\"}]",
           "[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"b\"}," NORMAL_USER(NORMAL_TEXT("Continue.")) "]", "messages;");
}

// -- thinking and kinds of one provider ----------------------------------------------------

#define NORMAL_THINKING(origin) "{\"type\":\"thinking\",\"thinking\":\"hm\",\"signature\":\"s\"" origin "}"

TEST(normal_thinking_goes_back_to_where_it_came_from) {
    normal_target chat = normal_chat;
    const char *native = "[" NORMAL_USER(NORMAL_TEXT("q")) "," NORMAL_ASSISTANT(NORMAL_THINKING("") "," NORMAL_TEXT("x")) "," NORMAL_USER(NORMAL_TEXT("y")) "]";
    const char *foreign = "[" NORMAL_USER(NORMAL_TEXT("q")) "," NORMAL_ASSISTANT(NORMAL_THINKING(",\"origin\":\"openai-chat:reasoning_content\"") "," NORMAL_TEXT("x")) "," NORMAL_USER(NORMAL_TEXT("y")) "]";
    const char *none = "[" NORMAL_USER(NORMAL_TEXT("q")) "," NORMAL_ASSISTANT(NORMAL_TEXT("x")) "," NORMAL_USER(NORMAL_TEXT("y")) "]";
    NORMAL(&normal_messages, native, native, "");
    NORMAL(&normal_messages, foreign, none, "messages[1].content[0];");
    NORMAL(&normal_chat, native, none, "messages[1].content[0];");
    chat.reasoning_key = "reasoning_content";
    NORMAL(&chat, foreign, foreign, "");
    chat.profile = LLMPROV_MODEL_NO_REPLAY;
    NORMAL(&chat, foreign, none, "messages[1].content[0];");
}

TEST(normal_thinking_without_a_signature_is_dropped) {
    NORMAL(&normal_messages, "[" NORMAL_USER(NORMAL_TEXT("q")) "," NORMAL_ASSISTANT("{\"type\":\"thinking\",\"thinking\":\"hm\"},{\"type\":\"thinking\",\"thinking\":\"hm\",\"signature\":\"\"}," NORMAL_TEXT("x")) "," NORMAL_USER(NORMAL_TEXT("y")) "]",
           "[" NORMAL_USER(NORMAL_TEXT("q")) "," NORMAL_ASSISTANT(NORMAL_TEXT("x")) "," NORMAL_USER(NORMAL_TEXT("y")) "]", "messages[1].content[0];messages[1].content[1];");
}

TEST(normal_kinds_of_one_provider_become_text_or_go) {
    NORMAL(&normal_chat, "[" NORMAL_USER("{\"type\":\"search_result\",\"source\":\"s\",\"title\":\"T\",\"content\":[{\"type\":\"text\",\"text\":\"one\"},{\"type\":\"text\",\"text\":\"two\"}]},{\"type\":\"hologram\",\"x\":1}," NORMAL_TEXT("x")) "]",
           "[" NORMAL_USER(NORMAL_TEXT("T\\ns\\none\\ntwo") "," NORMAL_TEXT("x")) "]", "messages[0].content[0];messages[0].content[1];");
    NORMAL(&normal_messages, "[" NORMAL_USER("{\"x\":1,\"type\":\"hologram\"}") "]", "[" NORMAL_USER("{\"x\":1,\"type\":\"hologram\"}") "]", "");
}

// -- cache marks ---------------------------------------------------------------------------

#define NORMAL_MARKED(text, ttl) "{\"type\":\"text\",\"text\":\"" text "\",\"cache_control\":{\"type\":\"ephemeral\"" ttl "}}"

TEST(normal_marks_are_four_at_most_and_the_oldest_go) {
    NORMAL(&normal_messages, "[" NORMAL_USER(NORMAL_MARKED("1", "") "," NORMAL_MARKED("2", "") "," NORMAL_MARKED("3", "") "," NORMAL_MARKED("4", "") "," NORMAL_MARKED("5", "")) "]",
           "[" NORMAL_USER(NORMAL_TEXT("1") "," NORMAL_MARKED("2", "") "," NORMAL_MARKED("3", "") "," NORMAL_MARKED("4", "") "," NORMAL_MARKED("5", "")) "]", "cache;");
    NORMAL(&normal_messages, "{\"system\":[" NORMAL_MARKED("s", "") "],\"messages\":[" NORMAL_USER(NORMAL_MARKED("1", "") "," NORMAL_MARKED("2", "") "," NORMAL_MARKED("3", "") "," NORMAL_MARKED("4", "")) "]}",
           "{\"system\":[" NORMAL_MARKED("s", "") "],\"messages\":[" NORMAL_USER(NORMAL_TEXT("1") "," NORMAL_MARKED("2", "") "," NORMAL_MARKED("3", "") "," NORMAL_MARKED("4", "")) "]}", "cache;");
}

TEST_NO_OOM(normal_marks_by_the_hundred) {
    char json[20000] = "[{\"role\":\"user\",\"content\":[";
    normal_result r;
    llmprov_history h;
    size_t i, marks = 0;
    for (i = 0; i < 150; i++) sprintf(json + strlen(json), "%s" NORMAL_MARKED("%d", ""), i ? "," : "", (int)i);
    strcat(json, "]}]");
    normal_history(&r, &normal_messages, json, &h);
    for (i = 0; r.ok && i < r.n.req->messages[0].block_count; i++) marks += r.n.req->messages[0].blocks[i].cache != LLMPROV_CACHE_NONE;
    CHECK_INT(marks, 4);
    CHECK(r.ok && r.n.req->messages[0].blocks[149].cache && r.n.req->messages[0].blocks[146].cache);       /* the newest stay */
    normal_free(&r);
    llmprov_history_free(&h);
}

TEST(normal_marks_of_an_hour_come_before_those_of_minutes) {
    normal_result r;
    llmprov_history h;
    const char *good = "[" NORMAL_USER(NORMAL_MARKED("1", ",\"ttl\":\"1h\"") "," NORMAL_MARKED("2", "")) "]";
    NORMAL(&normal_messages, good, good, "");
    normal_history(&r, &normal_messages, "[" NORMAL_USER(NORMAL_MARKED("1", "") "," NORMAL_MARKED("2", ",\"ttl\":\"1h\"")) "]", &h);
    CHECK_ALWAYS(!r.ok);
    CHECK(r.err.message && strstr(r.err.message, "one-hour"));
    normal_free(&r);
    llmprov_history_free(&h);
}

TEST(normal_marks_are_dropped_where_nobody_takes_them) {
    normal_target takes = normal_with(&normal_chat, LLMPROV_QUIRK_CACHE_CONTROL, 0);
    const char *json = "[" NORMAL_USER(NORMAL_MARKED("1", "")) "]";
    NORMAL(&normal_chat, json, "[" NORMAL_USER(NORMAL_TEXT("1")) "]", "cache;");
    NORMAL(&takes, json, json, "");
}

TEST(normal_marks_on_thinking_move_back) {
    NORMAL(&normal_messages, "[" NORMAL_USER(NORMAL_TEXT("q")) "," NORMAL_ASSISTANT(NORMAL_TEXT("a") "," NORMAL_THINKING(",\"cache_control\":{\"type\":\"ephemeral\"}") "," NORMAL_TEXT("b")) "," NORMAL_USER(NORMAL_TEXT("y")) "]",
           "[" NORMAL_USER(NORMAL_TEXT("q")) "," NORMAL_ASSISTANT(NORMAL_MARKED("a", "") "," NORMAL_THINKING("") "," NORMAL_TEXT("b")) "," NORMAL_USER(NORMAL_TEXT("y")) "]", "messages[1].content[1].cache;");
}

// -- what is handed in must be well-formed -------------------------------------------------

static void normal_refused(const llmprov_block *b, llmprov_role role, const char *says) {
    llmprov_message m = { .blocks = b, .block_count = 1 };
    llmprov_request req = { .messages = &m, .message_count = 1 };
    normal_result r;
    m.role = role;
    normal_request(&r, &normal_messages, &req);
    CHECK_ALWAYS(!r.ok);
    CHECK_INT(r.err.code, LLMPROV_ERR_ARGUMENT);
    if (!CHECK(strstr(r.err.message, says)) && !test_excused()) printf("    it says: %s\n", r.err.message);
    normal_free(&r);
}

TEST(normal_refuses_blocks_that_are_none) {
    llmprov_block none = { .type = LLMPROV_BLOCK_COUNT }, negative = { .type = (llmprov_block_type)-1 }, bad_text = { .text = "a\xFF" }, nameless = { .type = LLMPROV_BLOCK_TOOL_USE, .id = "a" };
    llmprov_block empty = { .type = LLMPROV_BLOCK_IMAGE, .mime = "image/png" }, letters = { .type = LLMPROV_BLOCK_IMAGE, .base64 = "AA AA" }, raw = { .type = LLMPROV_BLOCK_RAW, .kind = "x", .json = "[" };
    llmprov_block list = { .type = LLMPROV_BLOCK_RAW, .kind = "x", .json = "[]" }, extra = { .text = "x", .extra = "{" }, text = { .text = "x" };
    normal_refused(&none, LLMPROV_ROLE_USER, "messages[0].content[0]: no such block type");
    normal_refused(&negative, LLMPROV_ROLE_USER, "no such block type");
    normal_refused(&bad_text, LLMPROV_ROLE_USER, "messages[0].content[0].text: invalid UTF-8 at byte 1");
    normal_refused(&nameless, LLMPROV_ROLE_ASSISTANT, "a tool use needs a name");
    normal_refused(&empty, LLMPROV_ROLE_USER, "needs data");
    normal_refused(&letters, LLMPROV_ROLE_USER, "base64");
    normal_refused(&raw, LLMPROV_ROLE_USER, "messages[0].content[0].json: not JSON at byte 1");
    normal_refused(&list, LLMPROV_ROLE_USER, "a JSON object was expected");
    normal_refused(&extra, LLMPROV_ROLE_USER, "messages[0].content[0].extra: not JSON at byte 1");
    normal_refused(&text, (llmprov_role)7, "no such role");
}

/* A field that is no UTF-8 is named with its place. */
TEST(normal_names_the_field_that_is_no_utf8) {
    static const struct { size_t field; const char *says; } fields[] = {
        { offsetof(llmprov_block, id), ".id" }, { offsetof(llmprov_block, name), ".name" }, { offsetof(llmprov_block, mime), ".mime" }, { offsetof(llmprov_block, url), ".url" },
        { offsetof(llmprov_block, file_id), ".file_id" }, { offsetof(llmprov_block, signature), ".signature" },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(fields); i++) {
        llmprov_block b = { .text = "x" };
        char says[60];
        *(const char **)(void *)((char *)&b + fields[i].field) = "a\xC3";
        sprintf(says, "messages[0].content[0]%s: invalid UTF-8 at byte 1", fields[i].says);
        normal_refused(&b, LLMPROV_ROLE_USER, says);
    }
}

TEST(normal_refuses_tools_that_are_none) {
    static const struct { llmprov_tool tools[2]; const char *says; } cases[] = {
        { { { .name = NULL }, { .name = "x" } }, "tools[0]: a tool needs a name" }, { { { .name = "x" }, { .name = "" } }, "tools[1]: a tool needs a name" },
        { { { .name = "x" }, { .name = "x" } }, "tools[1]: a second tool of the name \"x\"" }, { { { .name = "x", .schema = "{" }, { .name = "y" } }, "tools[0]" },
        { { { .name = "x", .schema = "[]" }, { .name = "y" } }, "a JSON object was expected" }, { { { .name = "x", .description = "\xFF" }, { .name = "y" } }, "invalid UTF-8" },
        { { { .name = "x" }, { .name = "y\xFF" } }, "tools[1]" }, { { { .name = "x" }, { .name = "y", .extra = "1" } }, "tools[1]" },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        llmprov_request req = { .prompt = "x", .tools = cases[i].tools, .tool_count = 2 };
        normal_result r;
        normal_request(&r, &normal_chat, &req);
        CHECK_ALWAYS(!r.ok);
        if (!CHECK(r.err.code == LLMPROV_ERR_ARGUMENT && strstr(r.err.message, cases[i].says)) && !test_excused()) printf("    %s\n", r.err.message);
        normal_free(&r);
    }
}

/* Two names that become one on the wire must not meet there. */
TEST(normal_tool_names_stay_apart_on_the_wire) {
    llmprov_tool tools[3] = { { .name = "look at" }, { .name = "look.at" }, { .name = "look/at" } };
    llmprov_request req = { .prompt = "x", .tools = tools, .tool_count = 3, .tool_choice = LLMPROV_TOOL_NAMED, .tool_name = "look.at" };
    normal_result r;
    normal_request(&r, &normal_chat, &req);
    if (r.ok) {
        const llmprov_tool *wire = r.n.req->tools;
        CHECK(strcmp(wire[0].name, wire[1].name) && strcmp(wire[1].name, wire[2].name) && strcmp(wire[0].name, wire[2].name));
        CHECK_STR(r.n.req->tool_name, wire[1].name);
        CHECK_STR(tools[1].name, "look.at");                  /* the caller's own is as it was */
    } else CHECK(false);
    normal_free(&r);
}

// -- random conversations ------------------------------------------------------------------

static size_t normal_below(size_t n) { return (size_t)(test_random() >> 33) % n; }

/* Some conversation in Anthropic's form, most of it illegal somewhere. */
static void normal_random(char *to) {
    static const char *const roles[] = { "user", "assistant", "user", "assistant", "system" };
    size_t messages = 1 + normal_below(8), i, j;
    to += sprintf(to, "[");
    for (i = 0; i < messages; i++) {
        const char *role = roles[normal_below(5)];
        size_t blocks = normal_below(5);
        to += sprintf(to, "%s{\"role\":\"%s\",\"content\":[", i ? "," : "", role);
        for (j = 0; j < blocks; j++) {
            const char *comma = j ? "," : "", *mark = normal_below(6) ? "" : ",\"cache_control\":{\"type\":\"ephemeral\"}";
            size_t id = normal_below(4), what = normal_below(9);
            if (role[0] == 's') what = 0;
            if (what < 2) to += sprintf(to, "%s{\"type\":\"text\",\"text\":\"%s\"%s}", comma, normal_below(3) ? "words " : "", mark);
            else if (what < 5 && role[0] == 'a') to += sprintf(to, "%s{\"type\":\"tool_use\",\"id\":\"%s%d\",\"name\":\"f g\",\"input\":%s%s}", comma, id ? "c." : "", (int)id, normal_below(4) ? "{}" : "[1]", mark);
            else if (what < 6 && role[0] == 'a') to += sprintf(to, "%s{\"type\":\"thinking\",\"thinking\":\"h\",\"signature\":\"%s\"%s}", comma, normal_below(2) ? "s" : "", mark);
            else if (what < 8) to += sprintf(to, "%s{\"type\":\"tool_result\",\"tool_use_id\":\"%s%d\",\"content\":[{\"type\":\"text\",\"text\":\"r\"}%s]%s}", comma, id ? "c." : "", (int)id,
                                             normal_below(2) ? "" : ",{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":\"u\"}}", mark);
            else to += sprintf(to, "%s{\"type\":\"hologram\",\"x\":1%s}", comma, mark);
        }
        to += sprintf(to, "]}");
    }
    sprintf(to, "]");
}

/* The rules that hold for every output. */
static void normal_check_rules(const normal_target *t, const llmprov_request *r) {
    size_t i, j, k;
    for (i = 0; i < r->message_count; i++) {
        const llmprov_message *m = &r->messages[i];
        size_t uses = 0, results = 0;
        CHECK(m->block_count > 0);
        if (i && (t->rules & LLMPROV_RULE_MERGE) && m->role != LLMPROV_ROLE_SYSTEM) CHECK(m->role != r->messages[i - 1].role);
        for (j = 0; j < m->block_count; j++) {
            const llmprov_block *b = &m->blocks[j];
            if (b->type == LLMPROV_BLOCK_TEXT) CHECK(b->text && llmprov__text_len(b->text, b->text_len));
            if (b->type == LLMPROV_BLOCK_TOOL_USE) {
                CHECK(m->role == LLMPROV_ROLE_ASSISTANT && b->id && *b->id && strlen(b->id) <= t->id_max && b->json[0] == '{');
                CHECK(i + 1 < r->message_count && r->messages[i + 1].role == LLMPROV_ROLE_USER && r->messages[i + 1].block_count > uses);
                if (i + 1 < r->message_count && r->messages[i + 1].block_count > uses)
                    CHECK(r->messages[i + 1].blocks[uses].type == LLMPROV_BLOCK_TOOL_RESULT && !strcmp(r->messages[i + 1].blocks[uses].id, b->id));
                uses++;
                for (k = 0; k < i; k++) {
                    const llmprov_block *other = NULL;
                    while ((other = llmprov_block_next(&r->messages[k], LLMPROV_BLOCK_TOOL_USE, other)) != NULL) CHECK(strcmp(other->id, b->id));
                }
            }
            if (b->type == LLMPROV_BLOCK_TOOL_RESULT) {
                CHECK(m->role == LLMPROV_ROLE_USER && results == j);      /* first in their message */
                results++;
            }
        }
        if (results) {
            size_t calls = 0;
            const llmprov_block *use = NULL;
            while (i && (use = llmprov_block_next(&r->messages[i - 1], LLMPROV_BLOCK_TOOL_USE, use)) != NULL) calls++;
            CHECK_INT(results, calls);
        }
    }
}

/* Legal afterwards, the same every time, and a second run changes nothing. */
TEST_NO_OOM(normal_random_conversations) {
    static char json[8000];
    long rounds = getenv("TEST_LONG") ? 100000 : 3000, refused = 0;
    while (rounds-- && !test_now.failures) {
        const normal_target *t = rounds & 1 ? &normal_messages : &normal_chat;
        normal_result r, again, twice;
        llmprov_history h, h2, h3;
        normal_random(json);
        normal_history(&r, t, json, &h);
        normal_history(&again, t, json, &h2);
        CHECK(r.ok == again.ok);
        if (r.ok) {
            normal_check_rules(t, r.n.req);
            CHECK_STR(again.out.ptr, r.out.ptr);
            CHECK_STR(again.fields, r.fields);
            normal_history(&twice, t, r.out.ptr, &h3);
            if (CHECK(twice.ok)) {
                CHECK_STR(twice.out.ptr, r.out.ptr);
                CHECK_STR(twice.fields, "");
            }
            normal_free(&twice);
            llmprov_history_free(&h3);
        } else refused++;
        if (test_now.failures) printf("    %s\n    %s\n", json, r.out.ptr ? r.out.ptr : "");
        normal_free(&r);
        normal_free(&again);
        llmprov_history_free(&h);
        llmprov_history_free(&h2);
    }
    CHECK(refused < 1000 || getenv("TEST_LONG"));
}

// -- long conversations --------------------------------------------------------------------

enum { NORMAL_ONE_ROLE, NORMAL_ONE_ID, NORMAL_ONE_TURN, NORMAL_PLAIN, NORMAL_SHAPES };

/* A history of n steps of some shape, as JSON. */
static char *normal_long(int shape, int n) {
    char *json = (char *)malloc((size_t)n * 250 + 500), *to = json;
    int i;
    if (!json) exit(3);
    to += sprintf(to, "[");
    if (shape == NORMAL_ONE_TURN) {
        to += sprintf(to, "{\"role\":\"assistant\",\"content\":[");
        for (i = 0; i < n; i++) to += sprintf(to, "%s{\"type\":\"tool_use\",\"id\":\"c%d\",\"name\":\"f\",\"input\":{}}", i ? "," : "", i);
        to += sprintf(to, "]},{\"role\":\"user\",\"content\":[");
        for (i = 0; i < n; i++) to += sprintf(to, "%s{\"type\":\"tool_result\",\"tool_use_id\":\"c%d\",\"content\":\"r\"}", i ? "," : "", n - 1 - i);
        to += sprintf(to, "]}");
    }
    for (i = 0; i < n && shape != NORMAL_ONE_TURN; i++) {
        to += sprintf(to, "%s", i ? "," : "");
        if (shape == NORMAL_ONE_ID) to += sprintf(to, NORMAL_ASSISTANT(NORMAL_USE("c0")) "," NORMAL_USER(NORMAL_RESULT("c0", "r")));
        else to += sprintf(to, "{\"role\":\"%s\",\"content\":\"x\"}", shape == NORMAL_PLAIN && i % 2 ? "assistant" : "user");
    }
    sprintf(to, "]");
    return json;
}

/* The bytes that it takes to make a conversation legal. */
static size_t normal_costs(const normal_target *t, int shape, int n) {
    char *json = normal_long(shape, n);
    llmprov_request req = { 0 };
    llmprov_history h = { .alloc = test_alloc() };
    normal_result r;
    size_t before;
    CHECK_INT(llmprov_history_load(&h, json, strlen(json), NULL), LLMPROV_OK);
    req.history = &h;
    before = test_memory.peak = test_memory.bytes;
    normal_request(&r, t, &req);
    before = test_memory.peak - before;
    CHECK(r.ok);
    normal_free(&r);
    llmprov_history_free(&h);
    free(json);
    return before;
}

TEST_NO_OOM(normal_merging_takes_memory_for_its_blocks_once) {
    int shape;
    for (shape = 0; shape < NORMAL_SHAPES; shape++) {
        size_t few = normal_costs(&normal_messages, shape, 100), many = normal_costs(&normal_messages, shape, 800);
        if (!CHECK(many < few * 16)) printf("    shape %d: %lu and %lu bytes\n", shape, (unsigned long)few, (unsigned long)many);
    }
}

/* The normaliser for itself gives what a call would write: a legal history, the same each time, legal once more unchanged. */
TEST(normal_as_a_function) {
    llmprov_alloc alloc = test_alloc();
    llmprov_history h = engine_history(Q("[{'role':'user','content':[{'type':'text','text':''},{'type':'text','text':'Hi'}]},{'role':'assistant','content':[{'type':'tool_use','id':'a b','name':'f','input':{}}]},"
        "{'role':'system','content':'Mind.'},{'role':'user','content':'and?'}]"));
    llmprov_request req = { .model = "claude-sonnet-4", .history = &h };
    llmprov_asked a, b;
    memset(&a, 0, sizeof a);
    memset(&b, 0, sizeof b);
    NEED_OR(h.message_count, done);
    OK_OR(llmprov_normalise(NULL, "anthropic", &req, &alloc, &a), done);
    CHECK_INT(a.request.message_count, 3);
    CHECK_INT(a.warning_count, 3);
    if (a.warning_count == 3) CHECK_STR(a.warnings[0].field, "messages[0].content[0]");
    CHECK(!a.request.history && !a.request.prompt);
    CHECK_INT(a.request.messages[2].blocks[0].type, LLMPROV_BLOCK_TOOL_RESULT);
    CHECK_STR(a.request.messages[1].blocks[0].id, a.request.messages[2].blocks[0].id);
    OK_OR(llmprov_normalise(NULL, "anthropic", &a.request, &alloc, &b), done);
    CHECK_INT(b.warning_count, 0);
    CHECK_INT(b.request.message_count, 3);
done:
    llmprov_asked_free(&b);
    llmprov_asked_free(&a);
    llmprov_history_free(&h);
}

TEST(normal_as_a_function_says_what_is_wrong) {
    static const struct { const char *provider, *prompt; llmprov_status code; const char *says; } cases[] = {
        { "nobody", "x", LLMPROV_ERR_NO_PROVIDER, "nobody" }, { NULL, "x", LLMPROV_ERR_NO_PROVIDER, "none" }, { "custom", NULL, LLMPROV_ERR_ARGUMENT, "messages" },
        { "custom", "\xff", LLMPROV_ERR_ARGUMENT, "messages[0]" },
    };
    llmprov_alloc alloc = test_alloc();
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        llmprov_request req = { .prompt = cases[i].prompt };
        llmprov_asked a;
        llmprov_status status = llmprov_normalise(NULL, cases[i].provider, &req, &alloc, &a);
        if (status != LLMPROV_ERR_NO_MEMORY) {
            CHECK_INT(status, cases[i].code);
            CHECK(strstr(a.error.message, cases[i].says));
        }
        llmprov_asked_free(&a);
    }
}
// -- bodies are UTF-8 ----------------------------------------------------------------------

/* A request with something in every field that a text can stand in. */
typedef struct normal_full {
    llmprov_request req;
    llmprov_tool tool;
    llmprov_block text, image, document, linked, use, thinking, raw, server, served, result, inside[6], system;
    llmprov_block said[6], answered[8];
    llmprov_message messages[3];
    const char *stops[1];
} normal_full;

static void normal_fill(normal_full *f) {
    static const llmprov_block inside[6] = {
        { .text = "t" }, { .type = LLMPROV_BLOCK_TOOL_USE, .id = "i", .name = "f", .json = "{}" },
        { .type = LLMPROV_BLOCK_TOOL_RESULT, .id = "i", .json = "[]" }, { .type = LLMPROV_BLOCK_RAW, .kind = "new", .json = "{\"type\":\"new\"}" },
        { .type = LLMPROV_BLOCK_SERVER_USE, .id = "i", .name = "f", .kind = "server_tool_use", .json = "{}" },
        { .type = LLMPROV_BLOCK_IMAGE, .url = "https://a.example/b.png" },
    };
    llmprov_block text = { .text = "words" }, image = { .type = LLMPROV_BLOCK_IMAGE, .mime = "image/png", .base64 = "AAAA" };
    llmprov_block document = { .type = LLMPROV_BLOCK_DOCUMENT, .name = "title", .mime = "text/plain", .text = "page" };
    llmprov_block linked = { .type = LLMPROV_BLOCK_IMAGE, .url = "https://a.example/b.png" };
    llmprov_block use = { .type = LLMPROV_BLOCK_TOOL_USE, .id = "c", .name = "f", .json = "{}" };
    llmprov_block thinking = { .type = LLMPROV_BLOCK_THINKING, .text = "hm", .signature = "s" };
    llmprov_block raw = { .type = LLMPROV_BLOCK_RAW, .kind = "new", .json = "{\"type\":\"new\"}" };
    llmprov_block server = { .type = LLMPROV_BLOCK_SERVER_USE, .id = "s", .name = "web_search", .kind = "server_tool_use", .json = "{}" };
    llmprov_block served = { .type = LLMPROV_BLOCK_SERVER_RESULT, .id = "s", .kind = "web_search_tool_result", .json = "[]" };
    llmprov_block result = { .type = LLMPROV_BLOCK_TOOL_RESULT, .id = "c", .content = f->inside, .content_count = 6 };
    memset(f, 0, sizeof *f);
    f->text = text, f->image = image, f->document = document, f->linked = linked, f->use = use, f->thinking = thinking;
    f->raw = raw, f->server = server, f->served = served, f->result = result, f->system = text;
    memcpy(f->inside, inside, sizeof inside);
    f->tool.name = "f", f->tool.description = "d", f->tool.schema = "{}", f->tool.extra = "{\"x\":1}";
    f->stops[0] = "END";
    f->req.model = "claude-opus-4-5", f->req.prompt = "p", f->req.system = "s", f->req.system_blocks = &f->system, f->req.system_count = 1;
    f->req.tools = &f->tool, f->req.tool_count = 1, f->req.tool_choice = LLMPROV_TOOL_NAMED, f->req.tool_name = "f";
    f->req.stop = f->stops, f->req.stop_count = 1, f->req.schema = "{\"type\":\"object\"}", f->req.schema_name = "n";
    f->req.user_id = "u", f->req.service_tier = "auto", f->req.extra = "{\"y\":1}", f->req.kept = "{\"z\":1}", f->req.origin = "anthropic-messages";
    f->req.messages = f->messages, f->req.message_count = 3;
}

/* The blocks go into their messages once they are as the test wants them. */
static const llmprov_request *normal_filled(normal_full *f) {
    f->said[0] = f->text, f->said[1] = f->image, f->said[2] = f->document, f->said[3] = f->linked, f->said[4] = f->raw;
    f->answered[0] = f->thinking, f->answered[1] = f->server, f->answered[2] = f->served, f->answered[3] = f->use;
    f->messages[0].blocks = f->said, f->messages[0].block_count = 5;
    f->messages[1].role = LLMPROV_ROLE_ASSISTANT, f->messages[1].blocks = f->answered, f->messages[1].block_count = 4;
    f->messages[2].blocks = &f->result, f->messages[2].block_count = 1;
    return &f->req;
}

/* Bytes that are no UTF-8 are refused with the name of their field and the place in it, short or long; they never reach
   a body, and are never replaced in silence. */
TEST_NO_OOM(normal_refuses_what_is_no_utf8_wherever_it_stands) {
#define NORMAL_AT(member, json, says) { offsetof(normal_full, member), json, says }
    static const struct { size_t field; bool json; const char *says; } fields[] = {
        NORMAL_AT(req.model, 0, "model: invalid UTF-8"), NORMAL_AT(req.prompt, 0, "messages[3].content[0].text: invalid UTF-8"), NORMAL_AT(req.system, 0, "system: invalid UTF-8"),
        NORMAL_AT(req.tool_name, 0, "tool_name: invalid UTF-8"), NORMAL_AT(stops[0], 0, "stop[0]: invalid UTF-8"), NORMAL_AT(req.schema, 1, "schema: invalid UTF-8"),
        NORMAL_AT(req.schema_name, 0, "schema_name: invalid UTF-8"), NORMAL_AT(req.user_id, 0, "user_id: invalid UTF-8"), NORMAL_AT(req.service_tier, 0, "service_tier: invalid UTF-8"),
        NORMAL_AT(req.extra, 1, "extra: invalid UTF-8"), NORMAL_AT(req.kept, 1, "kept: invalid UTF-8"), NORMAL_AT(tool.name, 0, "tools[0]"), NORMAL_AT(tool.description, 0, "tools[0]"),
        NORMAL_AT(tool.schema, 1, "tools[0].schema"), NORMAL_AT(tool.extra, 1, "tools[0]"), NORMAL_AT(tool.type, 0, "tools[0]"), NORMAL_AT(system.text, 0, "system: invalid UTF-8"),
        NORMAL_AT(system.extra, 1, "system"), NORMAL_AT(text.text, 0, "messages[0].content[0].text"), NORMAL_AT(text.extra, 1, "messages[0].content[0].extra"),
        NORMAL_AT(image.mime, 0, "messages[0].content[1].mime"), NORMAL_AT(image.base64, 0, "base64"), NORMAL_AT(document.name, 0, "messages[0].content[2].name"),
        NORMAL_AT(document.text, 0, "messages[0].content[2].text"), NORMAL_AT(linked.url, 0, "messages[0].content[3].url"), NORMAL_AT(linked.file_id, 0, "messages[0].content[3].file_id"),
        NORMAL_AT(raw.json, 1, "messages[0].content[4].json"), NORMAL_AT(raw.kind, 0, "messages[0].content[4].kind"), NORMAL_AT(use.id, 0, "messages[1].content[3].id"),
        NORMAL_AT(use.name, 0, "messages[1].content[3].name"), NORMAL_AT(use.extra, 1, "messages[1].content[3].extra"), NORMAL_AT(thinking.text, 0, "messages[1].content[0].text"),
        NORMAL_AT(thinking.signature, 0, "messages[1].content[0].signature"), NORMAL_AT(server.json, 1, "messages[1].content[1].json"), NORMAL_AT(server.kind, 0, "messages[1].content[1].kind"),
        NORMAL_AT(served.json, 1, "messages[1].content[2].json"), NORMAL_AT(result.id, 0, "messages[2].content[0].id"), NORMAL_AT(result.extra, 1, "messages[2].content[0].extra"),
        NORMAL_AT(inside[0].text, 0, "messages[2].content[0].content[0].text"), NORMAL_AT(inside[0].extra, 1, "messages[2].content[0].content[0].extra"),
        NORMAL_AT(inside[1].json, 1, "messages[2].content[0].content[1].json"), NORMAL_AT(inside[2].json, 1, "messages[2].content[0].content[2].json"),
        NORMAL_AT(inside[3].json, 1, "messages[2].content[0].content[3].json"), NORMAL_AT(inside[4].json, 1, "messages[2].content[0].content[4].json"),
        NORMAL_AT(inside[5].url, 0, "messages[2].content[0].content[5].url"),
    };
#undef NORMAL_AT
    static const char *const formats[] = { "anthropic-messages", "openai-chat" };
    static char text[400], json[500];
    normal_full f;
    size_t i, length, which;
    for (which = 0; which < 2; which++) {
        engine_sent s;
        normal_fill(&f);
        f.inside[5].type = LLMPROV_BLOCK_TEXT, f.inside[5].text = "t";
        if (which) f.result.content_count = 1;
        s = engine_send(formats[which], normal_filled(&f));
        if (!CHECK(s.body)) printf("    %s\n", s.error.message);      /* it is legal before anything is changed */
        engine_sent_free(&s);
        for (length = 4; length <= 300; length += 296)
            for (i = 0; i < LLMPROV__COUNT(fields); i++) {
                memset(text, 'a', length);
                memcpy(text + length, "\xE2\x82", 3);
                sprintf(json, "{\"k\":\"%s\"}", text);
                normal_fill(&f);
                *(const char **)(void *)((char *)&f + fields[i].field) = fields[i].json ? json : text;
                s = engine_send(formats[which], normal_filled(&f));
                CHECK(!s.text && s.error.code == LLMPROV_ERR_ARGUMENT);
                if (!CHECK(strstr(s.error.message, fields[i].says))) printf("    %s, field %s: %s\n", formats[which], fields[i].says, s.error.message);
                if (strstr(fields[i].says, "invalid")) CHECK(s.error.offset == length + (fields[i].json ? 6 : 0));
                engine_sent_free(&s);
            }
    }
}

/* Arguments that are no UTF-8 are wrapped like all that are no JSON: the body says what they were as well as it can. */
TEST(normal_arguments_that_are_no_utf8_are_wrapped) {
    normal_full f;
    engine_sent s;
    normal_fill(&f);
    f.use.json = "{\"k\":\"a\xFF\"}";
    s = engine_send("anthropic-messages", normal_filled(&f));
    CHECK_BODY(s, "messages[1].content[3].input", "{\"rawInvalidInput\":\"{\\\"k\\\":\\\"a\\ufffd\\\"}\"}");
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "messages[1].content[3].json");
    engine_sent_free(&s);
}

/* What a call holds while it waits, for each message of one text, as chapter 9 of the manual says it. */
TEST_NO_OOM(normal_memory_is_what_the_manual_says) {
    static const char *const formats[] = { "anthropic-messages", "openai-chat" };
    engine_text manual = engine_file("llmprov.h");
    const char *says = manual.ptr ? strstr(manual.ptr, " bytes for each message of its history") : NULL;
    double told = 0, place = 1;
    size_t i, j;
    NEED(says);
    while (says[-1] >= '0' && says[-1] <= '9') told += place * (*--says - '0'), place *= 10;
    for (i = 0; i < 2 && sizeof(void *) == 8; i++) {
        static const size_t counts[] = { 1, 1000, 2000 };
        llmprov_history h = { .alloc = test_alloc() };
        llmprov_request req = { .model = "m", .history = &h, .max_tokens = LLMPROV_INT(9) };
        llmprov_client *c = engine_open(formats[i], NULL);
        for (j = 0; j < LLMPROV__COUNT(counts); j++) {
            size_t before, held;
            llmprov_call *call;
            bool good;
            while (h.message_count < counts[j])
                llmprov_add_text(&h, h.message_count % 2 ? LLMPROV_ROLE_ASSISTANT : LLMPROV_ROLE_USER, "A few words.");
            before = test_memory.peak = test_memory.bytes;
            call = llmprov_call_chat(c, &req);
            CHECK(llmprov_call_want(call) == LLMPROV_WANT_SEND);
            held = test_memory.peak - before;
            good = j ? (double)held / (double)counts[j] < told * 1.2 && (double)held / (double)counts[j] > told * 0.75 : held < 7 * 1024 + told;
            if (!CHECK(good)) printf("    %s, %d messages: %lu bytes\n", formats[i], (int)counts[j], (unsigned long)held);
            llmprov_call_free(call);
        }
        llmprov_close(c);
        llmprov_history_free(&h);
    }
    engine_text_free(&manual);
}

/* Twenty turns with tools, thinking and cache marks that move: each turn's body begins with that of the turn before, less
   its closing brackets and the marks. */
static void normal_turn(llmprov_history *h, int turn) {
    char id[20], json[40], text[60];
    llmprov_block use = { .type = LLMPROV_BLOCK_TOOL_USE, .id = id, .name = "look", .json = json }, thought = { .type = LLMPROV_BLOCK_THINKING, .text = "Hm.", .signature = "c2ln" };
    size_t i, j, first = h->message_count;
    sprintf(id, "call_%d", turn % 7);
    sprintf(json, "{ \"n\": %d.0 }", turn);
    sprintf(text, "Turn %d, and more \"text\".", turn);
    for (i = 0; i < first; i++)
        for (j = 0; j < h->messages[i].block_count; j++) ((llmprov_block *)h->messages[i].blocks)[j].cache = LLMPROV_CACHE_NONE;
    if (first) llmprov_add_text(h, LLMPROV_ROLE_ASSISTANT, "Gladly.");
    llmprov_add_text(h, LLMPROV_ROLE_USER, text);
    llmprov_add_block(h, LLMPROV_ROLE_ASSISTANT, &thought);
    llmprov_add_text(h, LLMPROV_ROLE_ASSISTANT, "I look.");
    llmprov_add_block(h, LLMPROV_ROLE_ASSISTANT, &use);
    if (turn % 3) llmprov_add_tool_result(h, id, "seen", turn % 2);    /* every third call has no result */
    else llmprov_add_text(h, LLMPROV_ROLE_USER, "Never mind.");
    llmprov_add_text(h, LLMPROV_ROLE_ASSISTANT, "I have seen it.");
    llmprov_add_text(h, LLMPROV_ROLE_USER, "Go on.");
    ((llmprov_block *)h->messages[h->message_count - 1 - turn % 3 % 2].blocks)[0].cache = LLMPROV_CACHE_5M;
    ((llmprov_block *)h->messages[first].blocks)[0].cache = LLMPROV_CACHE_5M;
}

/* A body without its marks and without the brackets that close it. */
static char *normal_stem(const char *body, size_t len, size_t *left) {
    static const char *const marks[] = { ",\"cache_control\":{\"type\":\"ephemeral\"}", ",\"prompt_cache_breakpoint\":{\"mode\":\"explicit\",\"ttl\":\"30m\"}",
                                         ",{\"cachePoint\":{\"type\":\"default\"}}" };
    char *to = (char *)malloc(len + 1);
    size_t i = 0, k;
    *left = 0;
    if (!to) exit(3);
    while (i < len) {
        for (k = 0; k < 3 && strncmp(body + i, marks[k], strlen(marks[k])); k++) { }
        if (k < 3) i += strlen(marks[k]);
        else to[(*left)++] = body[i++];
    }
    while (*left && (to[*left - 1] == ']' || to[*left - 1] == '}')) --*left;
    to[*left] = 0;
    return to;
}

TEST_NO_OOM(normal_twenty_turns_grow_at_their_end_only) {
    static const struct { const char *provider, *model; } targets[] = {
        { "anthropic", "claude-sonnet-4-6" }, { "openai", "gpt-5.6" }, { "openrouter", "anthropic/claude-sonnet-4.6" }, { "mistral", "mistral-large-latest" }, { "deepseek", "deepseek-v4" },
        { "groq", "openai/gpt-oss-120b" }, { "custom", "m" }, { "openai-responses", "gpt-5.6" }, { "bedrock", "anthropic.claude-sonnet-4-6" },
        { "cohere", "command-a-03-2025" }, { "ollama-native", "qwen3" },
    };
    llmprov_tool tool = { .name = "look", .schema = "{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"number\"}}}" };
    size_t i;
    for (i = 0; i < sizeof targets / sizeof *targets; i++) {
        llmprov_history h = { .alloc = test_alloc() };
        char *before = NULL;
        size_t before_len = 0, len, at;
        int turn;
        for (turn = 0; turn < 20; turn++) {
            llmprov_request req = { .model = targets[i].model, .system = "Be brief.", .history = &h, .tools = &tool, .tool_count = 1, .max_tokens = LLMPROV_INT(90) };
            engine_sent s, again;
            char *stem;
            normal_turn(&h, turn);
            s = engine_send(targets[i].provider, &req);
            again = engine_send(targets[i].provider, &req);
            if (!CHECK(s.text && again.text && s.len == again.len && !memcmp(s.text, again.text, s.len))) printf("    %s: %s\n", targets[i].provider, s.error.message);
            stem = normal_stem(s.text ? s.text : "", s.text ? s.len : 0, &len);
            for (at = 0; at < len && at < before_len && stem[at] == before[at]; at++) { }
            if (before && !CHECK(at == before_len && len > at)) printf("    %s, turn %d: %.80s\n    %.80s\n", targets[i].provider, turn, before + at, stem + at);
            free(before);
            before = stem;
            before_len = len;
            engine_sent_free(&s);
            engine_sent_free(&again);
        }
        free(before);
        llmprov_history_free(&h);
    }
}

/* Documents whose bytes are text go to anthropic-messages as text, also those of results; others it does not take. */
TEST(normal_documents_of_text_are_text) {
    llmprov_block inner = { .type = LLMPROV_BLOCK_DOCUMENT, .mime = "text/csv", .base64 = "YSxi" };
    llmprov_block user[2] = { { .type = LLMPROV_BLOCK_TEXT, .text = "Hi" }, { .type = LLMPROV_BLOCK_DOCUMENT, .mime = "text/plain", .name = "note", .data = "Gr\xC3\xBC\xC3\x9F", .data_len = 6 } };
    llmprov_block use = { .type = LLMPROV_BLOCK_TOOL_USE, .id = "a", .name = "f", .json = "{}" };
    llmprov_block result = { .type = LLMPROV_BLOCK_TOOL_RESULT, .id = "a", .content = &inner, .content_count = 1 };
    llmprov_message list[3] = { { .role = LLMPROV_ROLE_USER, .blocks = user, .block_count = 2 }, { .role = LLMPROV_ROLE_ASSISTANT, .blocks = &use, .block_count = 1 },
                                { .role = LLMPROV_ROLE_USER, .blocks = &result, .block_count = 1 } };
    llmprov_request req = { .model = "m", .max_tokens = LLMPROV_INT(9), .messages = list, .message_count = 3 };
    engine_sent s = engine_send("anthropic", &req);
    CHECK_BODY(s, "messages[0].content[1].source", "{\"type\":\"text\",\"media_type\":\"text/plain\",\"data\":\"Gr\xC3\xBC\xC3\x9F\"}");
    CHECK_BODY(s, "messages[2].content[0].content[0].source", "{\"type\":\"text\",\"media_type\":\"text/plain\",\"data\":\"a,b\"}");
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "messages[2].content[0].content[0].mime");
    CHECK_INT(s.warning_count, 1);
    engine_sent_free(&s);
    inner.mime = "application/msword";
    s = engine_send("anthropic", &req);
    CHECK(!s.body);
    CHECK_INT(s.error.code, LLMPROV_ERR_UNSUPPORTED);
    if (!test_excused()) CHECK_STR(s.error.param, "messages[2].content[0].content[0].mime");
    engine_sent_free(&s);
    inner.type = LLMPROV_BLOCK_VIDEO;
    inner.mime = "video/mp4";
    s = engine_send("anthropic", &req);
    CHECK(!s.body);
    CHECK_INT(s.error.code, LLMPROV_ERR_UNSUPPORTED);
    engine_sent_free(&s);
}

/* What is said of the system prompt names it, wherever it stands. */
TEST(normal_places_in_the_system_prompt) {
    llmprov_block top[2] = { { .type = LLMPROV_BLOCK_TEXT, .text = "A" }, { .type = LLMPROV_BLOCK_TEXT, .text = "B", .cache = LLMPROV_CACHE_5M } };
    llmprov_block first = { .type = LLMPROV_BLOCK_TEXT, .text = "C", .cache = LLMPROV_CACHE_5M }, user = { .type = LLMPROV_BLOCK_TEXT, .text = "Hi" };
    llmprov_message list[2] = { { .role = LLMPROV_ROLE_SYSTEM, .blocks = &first, .block_count = 1 }, { .role = LLMPROV_ROLE_USER, .blocks = &user, .block_count = 1 } };
    llmprov_request req = { .model = "gemini-2.5-flash", .origin = "openai-chat", .system_blocks = top, .system_count = 2, .messages = list, .message_count = 2 };
    engine_sent s = engine_send("gemini", &req);
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "system[1].cache");
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "messages[0].content[0].cache");
    CHECK_INT(s.warning_count, 2);
    engine_sent_free(&s);
}

/* A message that becomes part of the one before it has no place for its own members. */
TEST(normal_members_of_messages_that_are_merged) {
    static const llmprov_block a[] = { { .type = LLMPROV_BLOCK_TEXT, .text = "a" } }, b[] = { { .type = LLMPROV_BLOCK_TEXT, .text = "b" } };
    static const llmprov_message said[] = {
        { .role = LLMPROV_ROLE_USER, .blocks = a, .block_count = 1 }, { .role = LLMPROV_ROLE_USER, .blocks = b, .block_count = 1, .extra = "{\"z\":1}" },
    };
    llmprov_request req = { .model = "claude-sonnet-4-6", .messages = said, .message_count = 2, .max_tokens = LLMPROV_INT(9) };
    engine_sent s = engine_send("anthropic", &req);
    CHECK_BODY(s, "messages", "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\"}]}]");
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "messages[1]");
    engine_sent_free(&s);
}

// -- what fuzzing found ----------------------------------------------------------------------

/* A history made legal for a provider, saved. */
static void normal_public(const char *provider, const char *json, const char *expected, size_t warnings) {
    llmprov_history h = engine_history(json), out = { .system = NULL };
    llmprov_request req = { .history = &h };
    llmprov_alloc alloc = test_alloc();
    llmprov_asked asked;
    llmprov_text saved = { NULL, 0, { NULL, NULL } };
    memset(&asked, 0, sizeof asked);
    NEED_OR(h.message_count, done);
    OK_OR(llmprov_normalise(NULL, provider, &req, &alloc, &asked), done);
    out.messages = (llmprov_message *)(uintptr_t)asked.request.messages;
    out.message_count = asked.request.message_count;
    out.alloc = alloc;
    if (!llmprov_history_save(&out, &saved)) CHECK_JSON(saved.ptr, saved.len, expected);
    CHECK_INT(asked.warning_count, warnings);
done:
    llmprov_text_free(&saved);
    llmprov_asked_free(&asked);
    llmprov_history_free(&h);
}

/* A picture whose source only another format can read is left out, not sent without one. */
TEST(normal_foreign_source_of_a_picture) {
    normal_public("anthropic", "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"See:\"},"
                  "{\"type\":\"image\",\"source\":{\"type\":\"hologram\",\"data\":\"REFUQQ==\"},\"origin\":\"o\"}]}]}",
                  "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"See:\"}]}]}", 2);
}

/* A call in a user's message is no call: its id may come again. */
TEST(normal_call_of_the_user) {
    normal_public("anthropic", "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"tool_use\",\"id\":\"c\",\"name\":\"f\",\"input\":{\"n\":2}}]},"
                  "{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"c\",\"name\":\"f\",\"input\":{\"n\":2}}]},"
                  "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"c\",\"content\":\"two\"}]}]}",
                  "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"[Tool call f {\\\"n\\\":2}]\"}]},"
                  "{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"c\",\"name\":\"f\",\"input\":{\"n\":2}}]},"
                  "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"c\",\"content\":\"two\"}]}]}", 1);
}

/* An id of nine letters and digits, for who takes no other: the same in the call and in its result. */
TEST(normal_ids_of_nine) {
    static const llmprov_block ask[] = { { .type = LLMPROV_BLOCK_TEXT, .text = "q" } }, use[] = { { .type = LLMPROV_BLOCK_TOOL_USE, .id = "toolu_01ABCDEFGHIJ", .name = "f", .json = "{}" } },
                               result[] = { { .type = LLMPROV_BLOCK_TOOL_RESULT, .id = "toolu_01ABCDEFGHIJ", .text = "R" } };
    static const llmprov_message said[] = {
        { .role = LLMPROV_ROLE_USER, .blocks = ask, .block_count = 1 }, { .role = LLMPROV_ROLE_ASSISTANT, .blocks = use, .block_count = 1 }, { .role = LLMPROV_ROLE_USER, .blocks = result, .block_count = 1 },
    };
    llmprov_request req = { .model = "mistral-large-latest", .messages = said, .message_count = 3 };
    engine_sent s = engine_send("mistral", &req);
    llmprov_str call = llmprov_json_raw(llmprov_json_path(s.body, "messages[1].tool_calls[0].id")), back = llmprov_json_raw(llmprov_json_path(s.body, "messages[2].tool_call_id"));
    if (s.body) CHECK(call.len == 11 && back.len == 11 && !memcmp(call.ptr, back.ptr, 11));
    engine_sent_free(&s);
}

/* A tool that is to be called has a name. */
TEST(normal_refuses_a_choice_that_names_no_tool) {
    static const char *const names[] = { NULL, "" };
    llmprov_tool tool = { .name = "look" };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(names); i++) {
        llmprov_request req = { .model = "m", .prompt = "x", .tools = &tool, .tool_count = 1, .tool_choice = LLMPROV_TOOL_NAMED, .tool_name = names[i] };
        engine_sent s = engine_send("openai-chat", &req);
        if (!test_excused()) CHECK_INT(s.error.code, LLMPROV_ERR_ARGUMENT);
        CHECK_STR(s.error.param, "tool_choice");
        CHECK_ALWAYS(!s.body);
        engine_sent_free(&s);
    }
}
