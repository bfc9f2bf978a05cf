/* A program that sees the interface only, as C99, C11 and C17, and is linked with each kind of implementation. All its
   memory is one block, so that it also runs without the C library's. */
#include "../../llmprov.h"

#include <stdio.h>
#include <string.h>

static union { double align; char bytes[262144]; } memory;

static int failed;

static void expect(bool good, const char *what) {
    if (good) return;
    printf("use.c: not as expected: %s\n", what);
    failed = 1;
}

static bool on_event(void *user, const llmprov_event *event) {
    (void)user;
    return event->type != LLMPROV_EVENT_ERROR;
}

static void use_history(const llmprov_alloc *alloc) {
    llmprov_history talk = { .system = NULL, .alloc = *alloc }, again = { .alloc = *alloc };
    llmprov_text text = { 0 };
    llmprov_error error;
    llmprov_set_system(&talk, "Be brief.");
    llmprov_add_text(&talk, LLMPROV_ROLE_USER, "Hello");
    llmprov_add_text(&talk, LLMPROV_ROLE_ASSISTANT, "Hello!");
    expect(talk.status == LLMPROV_OK && talk.message_count == 2, "a history of two messages");
    expect(llmprov_history_save(&talk, &text) == LLMPROV_OK, "it can be saved");
    expect(llmprov_history_load(&again, text.ptr, text.len, &error) == LLMPROV_OK, "and loaded");
    expect(again.message_count == 2 && !strcmp(again.messages[1].blocks[0].text, "Hello!"), "and is the same");
    llmprov_text_free(&text);
    llmprov_history_free(&talk);
    llmprov_history_free(&again);
}

static void use_json(const llmprov_alloc *alloc) {
    static const char text[] = "{\"a\":[1,2.5,{\"b\":\"c\"}]}";
    llmprov_json *root = llmprov_json_parse(text, sizeof text - 1, alloc, NULL);
    llmprov_writer w = { .alloc = *alloc };
    expect(!strcmp(llmprov_json_str(llmprov_json_path(root, "a[2].b"), ""), "c"), "a path in JSON");
    expect(llmprov_json_int(llmprov_json_path(root, "a[0]"), 0) == 1, "a number in JSON");
    llmprov_json_free(root);
    llmprov_write_open(&w, NULL, '{');
    llmprov_write_str(&w, "key", "value", 5);
    llmprov_write_close(&w);
    expect(w.status == LLMPROV_OK && !strcmp(w.text, "{\"key\":\"value\"}"), "JSON that is written");
    llmprov_writer_free(&w);
}

/* A provider that there is none of: everything goes through and says so at the end. */
static void use_client(const llmprov_alloc *alloc) {
    llmprov_desc desc = { .provider = "nosuch", .alloc = *alloc };
    llmprov_request req = { .prompt = "Hello", .temperature = LLMPROV_NUM(0), .max_tokens = LLMPROV_INT(10),
                            .on_event = on_event };
    llmprov_response r;
    llmprov_client *ai = llmprov_open(&desc);
    llmprov_call *call = llmprov_call_chat(ai, &req);
    expect(llmprov_call_want(call) == LLMPROV_WANT_NOTHING, "a broken call wants nothing");
    expect(llmprov_call_take(call, &r) == LLMPROV_ERR_NO_PROVIDER, "and says why");
    expect(r.error.message && *r.error.message, "in a sentence");
    llmprov_response_free(&r);
    llmprov_call_free(call);
    expect(llmprov_chat(ai, &req, &r) == LLMPROV_ERR_NO_PROVIDER, "the blocking call does, too");
    llmprov_response_free(&r);
    llmprov_close(ai);
}

int main(void) {
    llmprov_alloc alloc = llmprov_arena(&memory, sizeof memory);
    expect(!strcmp(llmprov_version(), LLMPROV_VERSION), "the version");
    expect(!strcmp(llmprov_status_text(LLMPROV_OK), "ok"), "the text of a status");
    use_history(&alloc);
    use_json(&alloc);
    use_client(&alloc);
    return failed;
}
