/* >>face and >>ask: what every frame of an answer must be, whatever the reply brought. */
#include "engine.h"

static bool frames_put(void *user, const void *bytes, size_t len) {
    engine_add((engine_text *)user, (const char *)bytes, len);
    return true;
}

static llmprov_face *frames_open(engine_text *out) {
    static const char format[] = "anthropic-messages";
    llmprov_face_desc d = { .format = format, .from = format, .out = frames_put, .user = out };
    d.alloc = test_alloc();
    return llmprov_face_open(&d);
}

static bool frames_on_event(void *user, const llmprov_event *e) {
    return llmprov_face_event((llmprov_face *)user, e) == LLMPROV_OK;
}

/* A reply that came in one format, as a stream of its own. */
static engine_text frames_of(const char *body) {
    engine_text out = { NULL, 0, 0 };
    llmprov_face *face = frames_open(&out);
    llmprov_client *client = engine_open("anthropic-messages", NULL);
    llmprov_request req = { .model = "m", .prompt = "Hello", .on_event = frames_on_event };
    engine_wire wire = engine_wire_of(ENGINE_WHOLE, 200, body, strlen(body));
    llmprov_call *call;
    req.user = face;
    req.stream = LLMPROV_STREAM_OFF;
    call = llmprov_call_chat(client, &req);
    engine_add(&out, "", 0);
    llmprov_call_head(call, 200, wire.headers, wire.header_count);
    if (llmprov_call_feed(call, wire.body, wire.len)) llmprov_call_eof(call);
    llmprov_call_free(call);
    llmprov_close(client);
    llmprov_face_free(face);
    return out;
}

/* JSON that was taken over whole brings its line ends, which would cut a frame (anthropic.messages.c48dbfafa9). */
TEST(face_frames_are_one_line_of_data) {
    engine_text out = frames_of("{\"type\":\"message\",\"id\":\"i\",\"model\":\"m\",\"role\":\"assistant\","
                                "\"content\":[{\"type\":\"brand_new\",\n\"x\":\r\n[1,\n2],\"y\":\"a\\nb\"}],"
                                "\"stop_reason\":\"end_turn\",\"container\":{\n\"id\":\"c\"\n},"
                                "\"usage\":{\"input_tokens\":1,\"output_tokens\":2}}");
    const char *at = out.ptr;
    int data = 0;
    while (*at) {
        size_t len = strcspn(at, "\n");
        CHECK(!len || !strncmp(at, "event: ", 7) || !strncmp(at, "data: {", 7));
        CHECK(!memchr(at, '\r', len));
        if (!strncmp(at, "data: ", 6)) {
            llmprov_json *root = llmprov_json_parse(at + 6, len - 6, NULL, NULL);
            CHECK(root);
            llmprov_json_free(root);
            data++;
        }
        at += len + (at[len] == '\n');
    }
    CHECK(data == 5);
    CHECK(strstr(out.ptr, "a\\nb"));
    engine_text_free(&out);
}

/* What comes before START is not yet a stream: an error behind it is a whole body, with a status of its own. */
TEST(face_error_behind_an_early_event_is_whole) {
    engine_text out = { NULL, 0, 0 };
    llmprov_face *face = frames_open(&out);
    llmprov_event ping = { .type = LLMPROV_EVENT_OTHER, .kind = "ping", .extra = "{}", .extra_len = 2 };
    llmprov_error error = { .code = LLMPROV_ERR_OVERLOADED, .message = "too many" };
    int status = 0;
    OK_OR(llmprov_face_event(face, &ping), done);
    OK_OR(llmprov_face_error(face, &error, &status), done);
    CHECK_INT(status, 529);
    CHECK_JSON(out.ptr, out.len, "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
                                 "\"message\":\"too many\"},\"request_id\":null}");
done:
    llmprov_face_free(face);
    engine_text_free(&out);
}
