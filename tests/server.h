/* What the tests of the server halves share: a request is read, a refusal is judged, and a reply of one format becomes
   what a client of another one gets. */
#ifndef SERVER_H
#define SERVER_H

#include "engine.h"

static inline llmprov_status server_read(const char *format, const char *json, llmprov_asked *out) {
    llmprov_alloc alloc = test_alloc();
    return llmprov_ask(NULL, format, json, strlen(json), &alloc, out);
}

/* A request with ' for ", the member that is refused (NULL = none is), and the word that the format has for that. */
typedef struct server_case { const char *json, *param, *code; } server_case;

static inline void server_refuses(const char *format, const server_case *cases, size_t count, const char *file, int line) {
    llmprov_asked a;
    size_t i;
    for (i = 0; i < count; i++) {
        llmprov_status status = server_read(format, Q(cases[i].json), &a);
        llmprov_status expected = cases[i].param ? LLMPROV_ERR_ARGUMENT : LLMPROV_OK;
        test_now.checks++;
        if (status == LLMPROV_ERR_NO_MEMORY) test_now.checks--;
        else if (status != expected || strcmp(a.error.param, cases[i].param ? cases[i].param : "") ||
                 strcmp(a.error.provider_code, cases[i].code ? cases[i].code : ""))
            test_fail(file, line, "%s\n    is refused with %d, \"%s\" at \"%s\": %s", cases[i].json, (int)status, a.error.provider_code, a.error.param, a.error.message);
        else if (cases[i].param && (a.error.http_status != 400 || strncmp(a.error.message, cases[i].param, strlen(cases[i].param))))
            test_fail(file, line, "%s\n    has status %d and the message: %s", cases[i].json, a.error.http_status, a.error.message);
        llmprov_asked_free(&a);
    }
}
#define SERVER_REFUSES(format, cases) server_refuses((format), (cases), sizeof(cases) / sizeof *(cases), __FILE__, __LINE__)

/* A request of a format and what comes back when it is sent in that format (out; NULL = the same JSON), and the fields that
   warnings are about, a ; behind each (NULL = none). */
typedef struct server_round { const char *in, *out, *fields; } server_round;

static inline void server_rounds(const char *format, const char *provider, const char *model, const server_round *rows, size_t count, const char *file, int line) {
    llmprov_asked a;
    engine_sent s;
    size_t i, k;
    for (i = 0; i < count; i++) {
        const char *in = Q(rows[i].in), *out = rows[i].out ? Q(rows[i].out) : in;
        engine_text fields = { NULL, 0, 0 };
        engine_add(&fields, "", 0);
        test_now.checks++;
        if (server_read(format, in, &a) == LLMPROV_OK) {
            if (!a.request.model) a.request.model = model;
            s = engine_send_with(provider, NULL, &a.request, file, line);
            for (k = 0; k < s.warning_count; k++) engine_adds(&fields, s.warnings[k].field), engine_adds(&fields, ";");
            if (test_excused()) CHECK_ALWAYS(s.error.code == LLMPROV_OK || s.error.code == LLMPROV_ERR_NO_MEMORY);
            else if (!s.text) test_fail(file, line, "%s\n    cannot be sent: %s", rows[i].in, s.error.message);
            else if (!engine_equal(s.text, s.len, out, strlen(out))) test_fail(file, line, "%s\n    is sent as %s\n    with warnings about %s", rows[i].in, s.text, fields.ptr);
            else if (strcmp(fields.ptr, rows[i].fields ? rows[i].fields : "")) test_fail(file, line, "%s\n    has warnings about %s", rows[i].in, fields.ptr);
            engine_sent_free(&s);
        } else if (a.error.code != LLMPROV_ERR_NO_MEMORY) test_fail(file, line, "%s\n    is refused: %s", rows[i].in, a.error.message);
        llmprov_asked_free(&a);
        engine_text_free(&fields);
    }
}
#define SERVER_ROUNDS(format, provider, model, rows) server_rounds((format), (provider), (model), (rows), sizeof(rows) / sizeof *(rows), __FILE__, __LINE__)

static inline bool server_take(void *user, const void *bytes, size_t len) {
    engine_add((engine_text *)user, (const char *)bytes, len);
    return true;
}

/* A reply of the format `from` as a client of `format` gets it, who asked for `asked` (may be NULL); *fields (may be NULL)
   are what warnings are about. */
static inline engine_text server_answer(const char *format, const char *from, int stream, const char *body, engine_text *fields, int64_t created, const llmprov_request *asked) {
    engine_text out = { NULL, 0, 0 };
    llmprov_face_desc d = { .format = format, .from = from, .request = asked, .created = created, .out = server_take, .user = &out, .alloc = test_alloc() };
    llmprov_face *f = llmprov_face_open(&d);
    llmprov_request req = { .model = "m", .prompt = "Hi", .stream = stream == ENGINE_STREAM ? LLMPROV_STREAM_ON : LLMPROV_STREAM_OFF };
    engine_wire w = engine_wire_of(stream, 200, body, strlen(body));
    llmprov_client *c = engine_open(from, NULL);
    llmprov_call *call = llmprov_call_chat(c, &req);
    const llmprov_warning *list;
    llmprov_response r;
    llmprov_event e;
    size_t count, i;
    engine_add(&out, "", 0);
    if (fields) engine_add(fields, "", 0);
    llmprov_call_head(call, 200, w.headers, w.header_count);
    llmprov_call_feed(call, w.body, w.len);
    llmprov_call_eof(call);
    while (llmprov_call_next(call, &e)) if (stream == ENGINE_STREAM && f) llmprov_face_event(f, &e);
    llmprov_call_take(call, &r);
    if (stream != ENGINE_STREAM && f) llmprov_face_reply(f, &r);
    list = llmprov_face_warnings(f, &count);
    for (i = 0; fields && i < count; i++) engine_adds(fields, list[i].field), engine_adds(fields, ";");
    llmprov_response_free(&r);
    llmprov_call_free(call);
    llmprov_close(c);
    llmprov_face_free(f);
    return out;
}

static inline engine_text server_through(const char *format, const char *from, int stream, const char *body, engine_text *fields, int64_t created) {
    return server_answer(format, from, stream, body, fields, created, NULL);
}

#endif /* SERVER_H */
