/* Any to any: one conversation goes from each wire format to each other one and back. What each step loses is written
   in tests/walk/FROM/TO.txt, each loss with its warning; nothing else may differ. After a change, build/walk/ holds what
   was found: what is right there belongs into tests/walk/. */
#include "walk.h"

/* What was found against what is written. */
static void walk_expect(const char *from, const char *to, const engine_text *found) {
    char path[200];
    engine_text written;
    FILE *f;
    sprintf(path, "tests/walk/%.40s/%.40s.txt", from, to);
    written = engine_file(path);
    test_now.checks++;
    if (written.ptr && written.len == found->len && !memcmp(written.ptr, found->ptr, found->len)) {
        engine_text_free(&written);
        return;
    }
    engine_text_free(&written);
    sprintf(path, "build/walk");
    test_mkdir(path);
    sprintf(path, "build/walk/%.40s", from);
    test_mkdir(path);
    sprintf(path, "build/walk/%.40s/%.40s.txt", from, to);
    f = fopen(path, "wb");
    if (f) {
        fwrite(found->ptr, 1, found->len, f);
        fclose(f);
    }
    test_fail(path, 1, "differs from what is written in tests/walk/%s/%s.txt", from, to);
}

/* One step, and what it changed. */
static bool walk_take(const char *from, const walk_format *to, const llmprov_request *req, const walk_lines *start, walk_step *s, engine_text *found) {
    const char *why, *unpaired;
    char unsaid[100] = "";
    walk_lines now;
    if (!walk_to(to, req, s, &why)) return test_fail(__FILE__, __LINE__, "%s to %s: %s", from, to->format, why);
    now = walk_lines_of(&s->asked.request);
    walk_diff(start, &now, &s->sent, found, unsaid);
    unpaired = walk_unpaired(&s->asked.request);
    if (unpaired) test_fail(__FILE__, __LINE__, "%s to %s: %s", from, to->format, unpaired);
    if (*unsaid) test_fail(__FILE__, __LINE__, "%s to %s: %s", from, to->format, unsaid);
    walk_lines_free(&now);
    return true;
}

static void walk_pair(const walk_format *a, const llmprov_request *start, const walk_format *b) {
    walk_lines lines = walk_lines_of(start), there;
    engine_text found = { NULL, 0, 0 };
    walk_step to, back;
    memset(&back, 0, sizeof back);
    engine_adds(&found, "there\n");
    if (walk_take(a->format, b, start, &lines, &to, &found)) {
        there = walk_lines_of(&to.asked.request);
        engine_adds(&found, "back\n");
        walk_take(b->format, a, &to.asked.request, &there, &back, &found);
        walk_lines_free(&there);
    }
    walk_expect(a->format, b->format, &found);
    walk_step_free(&back);
    walk_step_free(&to);
    walk_lines_free(&lines);
    engine_text_free(&found);
}

/* From the history into a format, and from there into each other one. */
static void walk_from(const char *format) {
    llmprov_history h;
    llmprov_request req;
    int i, k;
    if (!walk_begin(&h, &req)) return;
    for (i = 0; i < WALK_FORMATS; i++) {
        walk_lines start = walk_lines_of(&req);
        engine_text found = { NULL, 0, 0 };
        walk_step first;
        memset(&first, 0, sizeof first);
        engine_adds(&found, "there\n");
        if (!strcmp(walk_formats[i].format, format) && walk_take("history", &walk_formats[i], &req, &start, &first, &found)) {
            walk_expect("history", format, &found);
            for (k = 0; k < WALK_FORMATS; k++)
                if (k != i) walk_pair(&walk_formats[i], &first.asked.request, &walk_formats[k]);
        }
        walk_step_free(&first);
        walk_lines_free(&start);
        engine_text_free(&found);
    }
    llmprov_history_free(&h);
}

TEST_NO_OOM(walk_from_anthropic_messages) { walk_from("anthropic-messages"); }
TEST_NO_OOM(walk_from_openai_chat) { walk_from("openai-chat"); }
TEST_NO_OOM(walk_from_openai_responses) { walk_from("openai-responses"); }
TEST_NO_OOM(walk_from_bedrock_converse) { walk_from("bedrock-converse"); }
TEST_NO_OOM(walk_from_gemini_generate) { walk_from("gemini-generate"); }
TEST_NO_OOM(walk_from_cohere_v2) { walk_from("cohere-v2"); }
TEST_NO_OOM(walk_from_ollama_chat) { walk_from("ollama-chat"); }
