/* >>registry: providers, formats and profiles added at run time. */
#include "engine.h"

static llmprov_registry *registry_new(void) {
    llmprov_alloc alloc = test_alloc();
    llmprov_registry *reg = llmprov_registry_new(&alloc);
    CHECK(reg != NULL);
    return reg;
}

static llmprov_provider registry_row(const char *id, const char *aliases) {
    llmprov_provider row = { .format = "openai-chat", .base_url = "https://a.example/v1" };
    row.id = id;
    row.aliases = aliases;
    return row;
}

// -- the built-in rows ---------------------------------------------------------------------

TEST_NO_OOM(registry_null_has_the_built_in_rows) {
    size_t i, count = llmprov_provider_count(NULL);
    CHECK(count >= 10);
    for (i = 0; i < count; i++) {
        const llmprov_provider *row = llmprov_provider_at(NULL, i);
        NEED(row && row->id && row->format);
        CHECK(llmprov_provider_find(NULL, row->id) == row);
    }
    CHECK(!llmprov_provider_at(NULL, count) && !llmprov_provider_at(NULL, (size_t)-1));
    CHECK(!llmprov_provider_find(NULL, "nobody") && !llmprov_provider_find(NULL, "") && !llmprov_provider_find(NULL, NULL));
    CHECK(!llmprov_provider_find(NULL, "OpenAI") && !llmprov_provider_find(NULL, "openai "));
}

/* Every row could be registered: an id and aliases of its own, a format that exists, a sound URL. */
TEST_NO_OOM(registry_built_in_rows_are_sound) {
    const llmprov_provider *row, *other;
    size_t i, j;
    for (i = 0; (row = llmprov_provider_at(NULL, i)) != NULL; i++) {
        llmprov_registry *reg = llmprov_registry_new(NULL);
        const char *p = row->aliases;
        NEED(reg);
        if (!CHECK_INT(llmprov_register(reg, row, LLMPROV_REPLACE), LLMPROV_OK)) printf("    %s: %s\n", row->id, llmprov_registry_error(reg)->message);
        CHECK_INT(llmprov_provider_count(reg), llmprov_provider_count(NULL));
        llmprov_registry_free(reg);
        for (j = 0; (other = llmprov_provider_at(NULL, j)) != NULL; j++) if (i != j) CHECK(!llmprov__registry_named(other, row->id));
        while (p && *p) {
            char name[64];
            size_t len = strcspn(p, " ");
            memcpy(name, p, len);
            name[len] = 0;
            if (!CHECK(llmprov_provider_find(NULL, name) == row)) printf("    %s\n", name);
            p += len + strspn(p + len, " ");
        }
        CHECK(row->auth_optional || row->key_env || row->auth == LLMPROV_AUTH_NONE);
        CHECK(row->base_url || row->base_env);
    }
}

TEST_NO_OOM(registry_finds_by_alias) {
    CHECK_STR(llmprov_provider_find(NULL, "claude")->id, "anthropic");
    CHECK_STR(llmprov_provider_find(NULL, "llama-server")->id, "llama.cpp");
    CHECK(!llmprov_provider_find(NULL, "llama-serve") && !llmprov_provider_find(NULL, "llamacpp llama-server"));
}

TEST_NO_OOM(registry_formats_in_order) {
    size_t i, j;
    for (i = 0; llmprov_format_at(NULL, i); i++)
        for (j = 0; j < i; j++) CHECK(strcmp(llmprov_format_at(NULL, i), llmprov_format_at(NULL, j)));
    CHECK(i >= 2 && !llmprov_format_at(NULL, i + 1) && !llmprov_format_at(NULL, (size_t)-1));
}

// -- registering ---------------------------------------------------------------------------

TEST(registry_registers_a_copy) {
    llmprov_registry *reg = registry_new();
    char id[] = "mine", aliases[] = "my own", url[] = "https://a.example/v1", key[] = "MY_KEY", path[] = "/x", tokens[] = "tokens", headers[] = "x-a: b";
    llmprov_provider row = registry_row(id, aliases);
    const llmprov_provider *found;
    size_t count = llmprov_provider_count(NULL);
    NEED(reg);
    row.base_url = url;
    row.key_env = key;
    row.headers = headers;
    row.quirks.chat_path = path;
    row.quirks.max_tokens_key = tokens;
    row.quirks.flags = 5;
    row.can = 3;
    OK_OR(llmprov_register(reg, &row, 0), done);
    memset(id, 'X', sizeof id);
    memset(aliases, 'X', sizeof aliases);
    memset(url, 'X', sizeof url);
    memset(key, 'X', sizeof key);
    memset(path, 'X', sizeof path);
    memset(tokens, 'X', sizeof tokens);
    memset(headers, 'X', sizeof headers);
    found = llmprov_provider_find(reg, "own");
    NEED_OR(found, done);
    CHECK(found == llmprov_provider_find(reg, "mine") && found == llmprov_provider_find(reg, "my") && found == llmprov_provider_at(reg, count));
    CHECK_STR(found->id, "mine");
    CHECK_STR(found->base_url, "https://a.example/v1");
    CHECK_STR(found->key_env, "MY_KEY");
    CHECK_STR(found->headers, "x-a: b");
    CHECK_STR(found->quirks.chat_path, "/x");
    CHECK_STR(found->quirks.max_tokens_key, "tokens");
    CHECK_INT(found->quirks.flags, 5);
    CHECK_INT(found->can, 3);
    CHECK_INT(llmprov_provider_count(reg), count + 1);
    CHECK(!llmprov_provider_find(NULL, "mine"));
    CHECK_INT(llmprov_registry_error(reg)->code, LLMPROV_OK);
done:
    llmprov_registry_free(reg);
}

TEST(registry_refuses_names_that_are_taken) {
    static const struct { const char *id, *aliases, *member, *owner; } cases[] = {
        { "openai", NULL, "id", "openai" }, { "claude", NULL, "id", "anthropic" }, { "new", "x claude y", "aliases", "anthropic" }, { "new", "openai", "aliases", "openai" },
        { "mine", NULL, "id", "mine" }, { "my", NULL, "id", "mine" }, { "new", "mine", "aliases", "mine" }, { "new", "z my", "aliases", "mine" },
    };
    llmprov_registry *reg = registry_new();
    llmprov_provider row = registry_row("mine", "my");
    size_t i;
    NEED(reg);
    OK_OR(llmprov_register(reg, &row, 0), done);
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        size_t count = llmprov_provider_count(reg);
        row = registry_row(cases[i].id, cases[i].aliases);
        CHECK_INT(llmprov_register(reg, &row, 0), LLMPROV_ERR_ARGUMENT);
        CHECK_STR(llmprov_registry_error(reg)->param, cases[i].member);
        if (!CHECK(strstr(llmprov_registry_error(reg)->message, cases[i].owner)) && !test_excused()) printf("    %s\n", llmprov_registry_error(reg)->message);
        CHECK_INT(llmprov_provider_count(reg), count);
    }
done:
    llmprov_registry_free(reg);
}

TEST(registry_replaces_when_it_is_told_to) {
    llmprov_registry *reg = registry_new();
    llmprov_provider row = registry_row("openai", "claude");
    size_t count = llmprov_provider_count(NULL);
    NEED(reg);
    OK_OR(llmprov_register(reg, &row, LLMPROV_REPLACE), done);
    CHECK_STR(llmprov_provider_find(reg, "openai")->base_url, "https://a.example/v1");
    CHECK_STR(llmprov_provider_find(reg, "claude")->id, "openai");
    CHECK_INT(llmprov_provider_count(reg), count - 1);        /* both rows that had the names are gone */
    CHECK(!llmprov_provider_find(reg, "anthropic"));
    row.base_url = "https://b.example/v1";
    OK_OR(llmprov_register(reg, &row, LLMPROV_REPLACE), done);
    CHECK_STR(llmprov_provider_find(reg, "openai")->base_url, "https://b.example/v1");
    CHECK_INT(llmprov_provider_count(reg), count - 1);
    CHECK_STR(llmprov_provider_find(NULL, "openai")->base_url, "https://api.openai.com/v1");
done:
    llmprov_registry_free(reg);
}

TEST(registry_refuses_rows_that_could_not_work) {
    static const struct { llmprov_provider row; const char *member; } cases[] = {
        { { .id = NULL, .format = "openai-chat" }, "id" }, { { .id = "", .format = "openai-chat" }, "id" }, { { .id = "a b", .format = "openai-chat" }, "id" },
        { { .id = "a/b", .format = "openai-chat" }, "id" }, { { .id = "a\n", .format = "openai-chat" }, "id" }, { { .id = "x", .format = NULL }, "format" }, { { .id = "x", .format = "smoke-signals" }, "format" },
        { { .id = "x", .format = "" }, "format" }, { { .id = "x", .format = "openai-chat", .base_url = "a.example" }, "base_url" }, { { .id = "x", .format = "openai-chat", .base_url = "" }, "base_url" },
        { { .id = "x", .format = "openai-chat", .base_url = "https://a.example/#x" }, "base_url" }, { { .id = "x", .format = "openai-chat", .base_url = "https://u@a.example" }, "base_url" },
        { { .id = "x", .format = "openai-chat", .auth = LLMPROV_AUTH_HEADER }, "auth_name" }, { { .id = "x", .format = "openai-chat", .auth = LLMPROV_AUTH_QUERY, .auth_name = "" }, "auth_name" },
        { { .id = "x", .format = "openai-chat", .auth = LLMPROV_AUTH_HEADER, .auth_name = "x y" }, "auth_name" }, { { .id = "x", .format = "openai-chat", .auth = LLMPROV_AUTH_QUERY, .auth_name = "a#b&c" }, "auth_name" },
        { { .id = "x", .format = "openai-chat", .headers = "no colon" }, "headers" }, { { .id = "x", .format = "openai-chat", .headers = "a: b\rc" }, "headers" },
        { { .id = "x", .format = "openai-chat", .quirks = { .chat_path = "chat" } }, "quirks.chat_path" }, { { .id = "x", .format = "openai-chat", .quirks = { .chat_path = "" } }, "quirks.chat_path" },
        { { .id = "x", .format = "openai-chat", .quirks = { .chat_path = "/a b" } }, "quirks.chat_path" }, { { .id = "x", .format = "openai-chat", .quirks = { .chat_path = "/a\r\nX: y" } }, "quirks.chat_path" },
        { { .id = "x", .format = "openai-chat", .quirks = { .chat_path = "/../x" } }, "quirks.chat_path" }, { { .id = "x", .format = "openai-chat", .quirks = { .chat_path = "/x#y" } }, "quirks.chat_path" },
    };
    llmprov_registry *reg = registry_new();
    size_t i, count = llmprov_provider_count(NULL);
    NEED(reg);
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        llmprov_status status = llmprov_register(reg, &cases[i].row, LLMPROV_REPLACE);
        CHECK_INT(status, LLMPROV_ERR_ARGUMENT);
        if (!CHECK(status && !strcmp(llmprov_registry_error(reg)->param, cases[i].member) && strstr(llmprov_registry_error(reg)->message, cases[i].member)) && !test_excused())
            printf("    case %d: %s\n", (int)i, llmprov_registry_error(reg)->message);
        if (!status) llmprov_unregister(reg, "x");
        CHECK_INT(llmprov_provider_count(reg), count);
    }
    llmprov_registry_free(reg);
}

TEST(registry_unregisters_built_in_and_own_rows) {
    llmprov_registry *reg = registry_new();
    llmprov_provider row = registry_row("mine", "my");
    size_t count = llmprov_provider_count(NULL);
    NEED(reg);
    OK_OR(llmprov_register(reg, &row, 0), done);
    CHECK(llmprov_unregister(reg, "mine") && !llmprov_unregister(reg, "mine") && !llmprov_provider_find(reg, "my"));
    if (llmprov_unregister(reg, "groq")) {
        CHECK(!llmprov_unregister(reg, "groq") && !llmprov_provider_find(reg, "groq"));
        CHECK_INT(llmprov_provider_count(reg), count - 1);
        row = registry_row("groq", NULL);
        OK_OR(llmprov_register(reg, &row, 0), done);          /* the name is free now */
        CHECK_STR(llmprov_provider_find(reg, "groq")->base_url, "https://a.example/v1");
    } else CHECK(false);
    CHECK(!llmprov_unregister(reg, "nobody") && !llmprov_unregister(reg, "") && !llmprov_unregister(NULL, "openai"));
    CHECK(llmprov_provider_find(NULL, "groq"));
done:
    llmprov_registry_free(reg);
}

TEST(registry_unregisters_everything) {
    llmprov_registry *reg = registry_new();
    size_t count = llmprov_provider_count(NULL), i;
    NEED(reg);
    for (i = 0; i < count; i++) CHECK(llmprov_unregister(reg, llmprov_provider_at(reg, 0)->id) || test_excused());
    CHECK_INT(llmprov_provider_count(reg), 0);
    CHECK(!llmprov_provider_at(reg, 0));
    CHECK_ALWAYS(llmprov_provider_count(reg) <= (test_memory.refused ? count : 0));
    llmprov_registry_free(reg);
}

/* What fails for lack of memory leaves the registry as it was. */
TEST(registry_without_memory_stays_as_it_was) {
    llmprov_registry *reg = registry_new();
    size_t built = llmprov_provider_count(NULL), before, i;
    NEED(reg);
    for (i = 0; i < 40; i++) {
        char id[16];
        llmprov_provider row;
        llmprov_status status;
        sprintf(id, "row%d", (int)i);
        row = registry_row(id, NULL);
        before = llmprov_provider_count(reg);
        status = llmprov_register(reg, &row, 0);
        CHECK_ALWAYS(llmprov_provider_count(reg) == before + !status);
        CHECK_ALWAYS(!status || (status == LLMPROV_ERR_NO_MEMORY && llmprov_registry_error(reg)->code == status));
        CHECK_ALWAYS(!i || test_memory.refused || llmprov_provider_find(reg, "row0"));
        CHECK_ALWAYS(status || llmprov_provider_find(reg, id));
    }
    for (i = 0; i < 12; i++) {
        const char *id;
        before = llmprov_provider_count(reg);
        id = llmprov_provider_at(reg, 0)->id;
        if (llmprov_unregister(reg, id)) CHECK_ALWAYS(llmprov_provider_count(reg) == before - 1 && !llmprov_provider_find(reg, id));
        else CHECK_ALWAYS(llmprov_provider_count(reg) == before && test_memory.refused);
    }
    CHECK_INT(llmprov_provider_count(reg), built + 40 - 12);
    llmprov_registry_free(reg);
}

/* One failure does not make the next call fail. */
TEST_NO_OOM(registry_recovers_when_there_is_memory_again) {
    llmprov_registry *reg = registry_new();
    llmprov_provider row = registry_row("mine", NULL);
    size_t i;
    test_memory.limit = 1;
    for (i = 0; i < 20; i++) llmprov_unregister(reg, "openai");
    for (i = 0; i < 200 && llmprov_register(reg, &row, LLMPROV_REPLACE) == LLMPROV_OK; i++) {}
    CHECK_INT(llmprov_register(reg, &row, LLMPROV_REPLACE), LLMPROV_ERR_NO_MEMORY);
    llmprov_unregister(reg, "groq");
    test_memory.limit = 0;
    CHECK_INT(llmprov_register(reg, &row, LLMPROV_REPLACE), LLMPROV_OK);
    CHECK_INT(llmprov_registry_error(reg)->code, LLMPROV_OK);
    CHECK(llmprov_provider_find(reg, "mine") && llmprov_provider_find(reg, "anthropic"));
    llmprov_registry_free(reg);
}

TEST_NO_OOM(registry_functions_take_null) {
    llmprov_provider row = registry_row("mine", NULL);
    llmprov_profile profile = { .prefix = "x" };
    CHECK_INT(llmprov_register(NULL, &row, 0), LLMPROV_ERR_NO_MEMORY);
    CHECK_INT(llmprov_register_profile(NULL, &profile, 0), LLMPROV_ERR_NO_MEMORY);
    CHECK_INT(llmprov_register_translator(NULL, llmprov__translators_list, 0), LLMPROV_ERR_NO_MEMORY);
    CHECK_INT(llmprov_registry_error(NULL)->code, LLMPROV_ERR_NO_MEMORY);
    CHECK(*llmprov_registry_error(NULL)->message);
    CHECK(!llmprov_unregister(NULL, NULL));
    llmprov_client_forget(NULL, NULL);
    llmprov_registry_free(NULL);
}

// -- profiles ------------------------------------------------------------------------------

TEST_NO_OOM(registry_profile_by_the_longest_prefix) {
    static const struct { const char *model, *prefix; } cases[] = {
        { "claude-opus-4-6", "claude-opus-4-6" }, { "claude-opus-4-6-20260101", "claude-opus-4-6" }, { "claude-opus-4.6", "claude-opus-4-6" }, { "anthropic/claude-opus-4.6", "claude-opus-4-6" },
        { "us.anthropic.claude-opus-4-6-v1:0", "claude-opus-4-6" }, { "claude-99", "claude-" }, { "CLAUDE-OPUS-4-6", "claude-opus-4-6" }, { "gpt-5.2-pro-2026", "gpt-5.2-pro" }, { "gpt-5.2", "gpt-5.2" },
        { "openai/gpt-5", "gpt-5" }, { "some-model", "" }, { "", "" }, { NULL, "" },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        const llmprov_profile *p = llmprov_profile_find(NULL, cases[i].model);
        NEED(p);
        if (!CHECK_STR(p->prefix, cases[i].prefix)) printf("    %s\n", cases[i].model);
    }
}

TEST(registry_profiles_stand_over_the_built_in_ones) {
    llmprov_registry *reg = registry_new();
    char prefix[] = "claude-opus-4-6", efforts[] = "low";
    llmprov_profile profile = { .max_output_tokens = 77 };
    NEED(reg);
    profile.prefix = prefix;
    profile.efforts = efforts;
    OK_OR(llmprov_register_profile(reg, &profile, 0), done);
    memset(prefix, 'X', sizeof prefix);
    memset(efforts, 'X', sizeof efforts);
    CHECK_INT(llmprov_profile_find(reg, "claude-opus-4-6-x")->max_output_tokens, 77);
    CHECK_STR(llmprov_profile_find(reg, "claude-opus-4-6-x")->efforts, "low");
    CHECK(llmprov_profile_find(NULL, "claude-opus-4-6-x")->max_output_tokens != 77);
    profile.prefix = "claude-opus-4-6";
    profile.efforts = NULL;
    CHECK_INT(llmprov_register_profile(reg, &profile, 0), LLMPROV_ERR_ARGUMENT);
    CHECK_STR(llmprov_registry_error(reg)->param, "prefix");
    profile.max_output_tokens = 78;
    OK_OR(llmprov_register_profile(reg, &profile, LLMPROV_REPLACE), done);
    CHECK_INT(llmprov_profile_find(reg, "claude-opus-4-6")->max_output_tokens, 78);
    profile.prefix = "claude-opus-4-6-special";
    profile.max_output_tokens = 79;
    OK_OR(llmprov_register_profile(reg, &profile, 0), done);
    CHECK_INT(llmprov_profile_find(reg, "x/claude-opus-4-6-special-1")->max_output_tokens, 79);
    CHECK_INT(llmprov_profile_find(reg, "claude-opus-4-6-other")->max_output_tokens, 78);
    profile.prefix = NULL;
    CHECK_INT(llmprov_register_profile(reg, &profile, 0), LLMPROV_ERR_ARGUMENT);
    profile.prefix = "";
    profile.max_output_tokens = 80;
    OK_OR(llmprov_register_profile(reg, &profile, 0), done);  /* for every model that nobody knows */
    CHECK_INT(llmprov_profile_find(reg, "whatever")->max_output_tokens, 80);
    CHECK_INT(llmprov_profile_find(reg, "claude-opus-4-6")->max_output_tokens, 78);
done:
    llmprov_registry_free(reg);
}

TEST(registry_profiles_without_memory_stay) {
    llmprov_registry *reg = registry_new();
    char prefix[32];
    llmprov_profile profile = { 0 };
    int i, good = 0;
    NEED(reg);
    for (i = 0; i < 30; i++) {
        sprintf(prefix, "model%d-", i);
        profile.prefix = prefix;
        profile.max_output_tokens = i + 1;
        good += llmprov_register_profile(reg, &profile, 0) == LLMPROV_OK;
    }
    CHECK_INT(good, 30);
    for (i = 0; i < 30; i++) {
        sprintf(prefix, "model%d-x", i);
        good -= llmprov_profile_find(reg, prefix)->max_output_tokens == i + 1;
    }
    CHECK_ALWAYS(good == 0);
    llmprov_registry_free(reg);
}

// -- translators ---------------------------------------------------------------------------

static void registry_write(llmprov_draft *d) {
    llmprov_write_open(d->body, NULL, '{');
    llmprov_write_str(d->body, "say", d->chat->messages[0].blocks[0].text, strlen(d->chat->messages[0].blocks[0].text));
    llmprov_write_close(d->body);
}

static void registry_read(llmprov_turn *t, llmprov_scan *body) {
    llmprov_block b = { 0 };
    llmprov_str text, word = { "end", 3 }, none = { NULL, 0 };
    int block = llmprov_turn_block(t, 0, &b);
    if (llmprov_scan_text(body, &text)) llmprov_turn_text(t, block, text.ptr, text.len);
    llmprov_turn_block_end(t, block);
    llmprov_turn_stop(t, 0, LLMPROV_STOP_END, word, none);
    llmprov_turn_done(t);
}

static void registry_frame(llmprov_turn *t, const llmprov_frame *frame, llmprov_scan *data) {
    (void)frame;
    registry_read(t, data);
}

static void registry_end(llmprov_turn *t) { (void)t; }
static void registry_fault(llmprov_turn *t, llmprov_error *e, llmprov_scan *body) {
    (void)t, (void)body;
    e->code = LLMPROV_ERR_SERVER;
}

static const llmprov_translator registry_parrot = {
    .format = "parrot", .path = "/speak", .version = "v7", .can = LLMPROV_CAN_CHAT | LLMPROV_CAN_STREAM, .id_max = 40, .name_max = 40, .write = registry_write, .read = registry_read,
    .read_frame = registry_frame, .read_end = registry_end, .read_error = registry_fault,
};

/* A wire format of one's own: five functions and two rows. */
TEST(registry_translator_of_ones_own_speaks) {
    llmprov_registry *reg = registry_new();
    llmprov_provider row = { .id = "zoo", .format = "parrot", .base_url = "https://zoo.example", .auth = LLMPROV_AUTH_NONE, .default_model = "polly" };
    llmprov_desc d = { .provider = "zoo", .alloc = test_alloc() };
    llmprov_request req = { .prompt = "hello" };
    llmprov_response r = { 0 };
    llmprov_client *c = NULL;
    llmprov_call *call = NULL;
    const char *body;
    size_t len, formats = 0;
    NEED(reg);
    while (llmprov_format_at(NULL, formats)) formats++;
    CHECK_INT(llmprov_register(reg, &row, 0), LLMPROV_ERR_ARGUMENT);      /* first the format */
    OK_OR(llmprov_register_translator(reg, &registry_parrot, 0), done);
    OK_OR(llmprov_register(reg, &row, 0), done);
    CHECK_STR(llmprov_format_at(reg, formats), "parrot");
    CHECK(!llmprov_format_at(reg, formats + 1));
    d.registry = reg;
    c = llmprov_open(&d);
    call = llmprov_call_chat(c, &req);
    NEED_OR(llmprov_call_http(call), done);
    CHECK_STR(llmprov_call_http(call)->url, "https://zoo.example/speak");
    body = (const char *)llmprov_call_body_whole(call, &len);
    CHECK_STR(body, "{\"say\":\"hello\"}");
    llmprov_call_head(call, 200, NULL, 0);
    llmprov_call_feed(call, "\"hello\\nto you\"", 15);
    llmprov_call_eof(call);
    OK_OR(llmprov_call_take(call, &r), done);
    CHECK_STR(r.text, "hello\nto you");
done:
    llmprov_response_free(&r);
    llmprov_call_free(call);
    llmprov_close(c);
    llmprov_registry_free(reg);
}

TEST(registry_translator_that_lacks_something_is_refused) {
    static const char *const members[] = { "format", "path", "write", "read", "read_frame", "read_end", "read_error", "id_max", "path", "path", "version", "name_max" };
    llmprov_registry *reg = registry_new();
    size_t i;
    NEED(reg);
    for (i = 0; i < LLMPROV__COUNT(members); i++) {
        llmprov_translator t = registry_parrot;
        switch (i) {
            case 0: t.format = NULL; break;
            case 1: t.path = "speak"; break;
            case 2: t.write = NULL; break;
            case 3: t.read = NULL; break;
            case 4: t.read_frame = NULL; break;
            case 5: t.read_end = NULL; break;
            case 6: t.read_error = NULL; break;
            case 7: t.id_max = 9; break;
            case 8: t.path = "/spe\xC3\xA9k"; break;
            case 9: t.path = "/speak\n"; break;
            case 10: t.version = "v\xB9"; break;
            default: t.name_max = 0;
        }
        CHECK_INT(llmprov_register_translator(reg, &t, 0), LLMPROV_ERR_ARGUMENT);
        CHECK_STR(llmprov_registry_error(reg)->param, members[i]);
        CHECK(strstr(llmprov_registry_error(reg)->message, members[i]));
    }
    llmprov_registry_free(reg);
}

TEST(registry_translator_of_no_framing) {
    llmprov_registry *reg = registry_new();
    llmprov_translator t = registry_parrot;
    NEED(reg);
    t.framing = (llmprov_framing)(LLMPROV_FRAMING_ITEMS + 1);
    CHECK_INT(llmprov_register_translator(reg, &t, 0), LLMPROV_ERR_UNSUPPORTED);
    CHECK_STR(llmprov_registry_error(reg)->param, "framing");
    llmprov_registry_free(reg);
}

TEST(registry_translator_replaces_when_it_is_told_to) {
    llmprov_registry *reg = registry_new();
    llmprov_translator t = registry_parrot, second = registry_parrot;
    NEED(reg);
    t.format = second.format = "openai-chat";
    second.path = "/second";
    CHECK_INT(llmprov_register_translator(reg, &t, 0), LLMPROV_ERR_ARGUMENT);
    CHECK_STR(llmprov_registry_error(reg)->param, "format");
    OK_OR(llmprov_register_translator(reg, &t, LLMPROV_REPLACE), done);
    CHECK(llmprov__registry_translator(reg, "openai-chat") == &t && llmprov__registry_translator(NULL, "openai-chat") != &t);
    OK_OR(llmprov_register_translator(reg, &second, LLMPROV_REPLACE), done);
    CHECK(llmprov__registry_translator(reg, "openai-chat") == &second);
    CHECK(llmprov_format_at(reg, 0) && llmprov_format_at(reg, 1));
done:
    llmprov_registry_free(reg);
}

// -- names that are nearly right -----------------------------------------------------------

static void registry_near(const char *name, const char *expected, const char *not_expected) {
    llmprov_desc d = { .provider = name, .api_key = "k", .alloc = test_alloc() };
    llmprov_client *c = llmprov_open(&d);
    const llmprov_error *e = llmprov_client_error(c);
    CHECK_INT(e->code, LLMPROV_ERR_NO_PROVIDER);
    if (!CHECK(strstr(e->message, expected) && (!not_expected || !strstr(e->message, not_expected))) && !test_excused()) printf("    %s: %s\n", name, e->message);
    llmprov_close(c);
}

TEST(registry_says_which_names_are_near) {
    registry_near("opnai", "openai", "anthropic");
    registry_near("anthropc", "anthropic", "groq");
    registry_near("antropic-claude", "anthropic", NULL);
    registry_near("ollam", "ollama", "groq");
    registry_near("Groq", "groq", "anthropic");
    registry_near("xyzzy", "anthropic", NULL);                /* nothing is near: all there are */
    registry_near("a_name_that_is_much_longer_than_thirty_one_letters_and_near_to_nothing", "openai", NULL);
}

/* A header of a translator's own that could begin another one. */
static void registry_write_header(llmprov_draft *d) {
    registry_write(d);
    llmprov_draft_header(d, "x-first", d->chat->user_id);
}

TEST(registry_headers_of_a_translator_are_checked) {
    static const char *const values[] = { "a", "a\r\nx-second: b" };
    llmprov_registry *reg = registry_new();
    llmprov_translator parrot = registry_parrot;
    llmprov_provider row = { .id = "zoo", .format = "parrot", .base_url = "https://zoo.example", .auth = LLMPROV_AUTH_NONE, .default_model = "polly" };
    size_t i;
    parrot.write = registry_write_header;
    OK_OR(llmprov_register_translator(reg, &parrot, 0), done);
    OK_OR(llmprov_register(reg, &row, 0), done);
    for (i = 0; i < 2; i++) {
        llmprov_desc d = { .provider = "zoo", .registry = reg };
        llmprov_request req = { .prompt = "hello", .user_id = values[i] };
        engine_sent s = engine_send_with("zoo", &d, &req, __FILE__, __LINE__);
        CHECK_INT(s.error.code, i ? LLMPROV_ERR_ARGUMENT : LLMPROV_OK);
        if (i) CHECK_STR(s.error.param, "x-first");
        else CHECK_STR(engine_header(&s, "x-first"), "a");
        engine_sent_free(&s);
    }
done:
    llmprov_registry_free(reg);
}
