/* build/emit SHARED [PART-OF-AN-ID]: everything that llmprov.h says to others, as JSON lines that tests/schemas.sh
   holds against the schemas of the APIs: {"schema":NAME,"id":WHICH,"own":BOOL,"doc":{...}}. A line {"from":[...]}
   before them has what was read: where a document is in the same format ("own"), what stands there may stand in it.

   (a) Each request of the golden cases and of the recorded traffic is read as a server reads it and written for both
   formats. (b) Each reply and stream is written by the faces of both formats, whole and as a stream: a document for a
   whole reply, one for each frame. (c) Schemas are compiled for each target: {"compiled":...}. (d) Each step of the walk
   (walk.h) is a request.

   Lines that are no JSON say what was skipped. Exits with 1 when the framing of a stream is wrong. */
#define main fixtures_main
#include "fixtures.c"
#undef main
#include "walk.h"

static const char *const formats[] = { "anthropic-messages", "openai-chat" };

enum { MESSAGES, CHAT, FORMATS };

// -- lines ---------------------------------------------------------------------------------

static int wrong;

static void complain_about(const char *id, const char *what) {
    printf("wrong: %s: %s\n", id, what);
    wrong++;
}

/* A line is one line: where JSON was taken over it may hold line ends, but never inside a string. */
static void print_line(char *text, size_t len) {
    size_t i;
    for (i = 0; i < len; i++)
        if (text[i] == '\n' || text[i] == '\r') text[i] = ' ';
    fwrite(text, 1, len, stdout);
    putchar('\n');
}

static void line(const char *schema, const char *id, const char *how, int frame, bool own, llmprov_str doc) {
    llmprov_writer w = { .text = NULL };
    char where[400];
    if (frame) sprintf(where, "%.300s %.60s, frame %d", id, how, frame);
    else sprintf(where, "%.300s %.60s", id, how);
    llmprov_write_open(&w, NULL, '{');
    llmprov_write_str(&w, "schema", schema, strlen(schema));
    llmprov_write_str(&w, "id", where, strlen(where));
    llmprov_write_bool(&w, "own", own);
    llmprov_write_raw(&w, "doc", doc.ptr, doc.len);
    llmprov_write_close(&w);
    print_line(w.text, w.len);
    llmprov_writer_free(&w);
}

/* What was read: the items of a list. */
static engine_text sources;

static void add_source(const char *event, const llmprov_json *data) {
    llmprov_str raw = llmprov_json_raw(data);
    (void)event;
    append_item(&sources, raw);
}

static void print_sources(void) {
    engine_text text = { NULL, 0, 0 };
    engine_adds(&text, "{\"from\":[");
    engine_add(&text, sources.ptr ? sources.ptr : "", sources.len);
    engine_adds(&text, "]}");
    print_line(text.ptr, text.len);
    engine_text_free(&text);
    sources.len = 0;
}

/* A reply that was read: one body, or the data of all its frames. */
static void print_reply(const engine_wire *wire) {
    llmprov_json *root = llmprov_json_parse(wire->body, wire->len, NULL, NULL);
    forget();
    if (root) add_source("", root);
    else each_event(wire->body, wire->len, add_source);
    llmprov_json_free(root);
    print_sources();
}

// -- what the faces write --------------------------------------------------------------------

/* One answer in one format. */
typedef struct writing {
    const char *id, *how;
    int format, frames;
    bool own, stream, ended, error;
} writing;

static const char *const reply_schemas[] = { "AnthropicMessagesResponse", "OpenAIChatResponse" };
static const char *const frame_schemas[] = { "AnthropicMessagesStreamEvent", "OpenAIChatChunk" };

/* An error's object: Anthropic's whole body, what OpenAI's holds. */
static void put_error(const writing *w, llmprov_str doc) {
    llmprov_json *root = llmprov_json_parse(doc.ptr, doc.len, NULL, NULL);
    const llmprov_json *error = llmprov_json_get(root, "error");
    if (w->format == MESSAGES) line("AnthropicErrorResponse", w->id, w->how, w->frames, w->own, doc);
    else if (llmprov_json_kind(error) != LLMPROV_JSON_OBJECT || llmprov_json_count(root) != 1)
        complain_about(w->id, "an error is not alone in its object");
    else line("OpenAIErrorObject", w->id, w->how, w->frames, w->own, llmprov_json_raw(error));
    llmprov_json_free(root);
}

static bool is_error(llmprov_str doc) {
    llmprov_json *root = llmprov_json_parse(doc.ptr, doc.len, NULL, NULL);
    bool error = llmprov_json_get(root, "error") != NULL;
    llmprov_json_free(root);
    return error;
}

/* A frame of a stream: its name where the format names frames, one line of data, a blank line. */
static void put_frame(writing *w, const char *bytes, size_t len) {
    llmprov_str doc = { bytes, len };
    const char *name = bytes, *eol;
    size_t name_len = 0;
    w->frames++;
    if (w->ended) complain_about(w->id, "a frame behind the end");
    if (len > 7 && !memcmp(bytes, "event: ", 7) && (eol = memchr(bytes, '\n', len)) != NULL) {
        name = bytes + 7;
        name_len = (size_t)(eol - name);
        doc.len -= (size_t)(eol + 1 - doc.ptr);
        doc.ptr = eol + 1;
    }
    if (doc.len < 8 || memcmp(doc.ptr, "data: ", 6) || memcmp(doc.ptr + doc.len - 2, "\n\n", 2) ||
        memchr(doc.ptr, '\n', doc.len - 2)) {
        complain_about(w->id, "a frame is not one line of data");
        return;
    }
    doc.ptr += 6;
    doc.len -= 8;
    if (w->format == CHAT && doc.len == 6 && !memcmp(doc.ptr, "[DONE]", 6)) {
        w->ended = true;
        return;
    }
    if (w->format == MESSAGES) {
        llmprov_json *root = llmprov_json_parse(doc.ptr, doc.len, NULL, NULL);
        llmprov_str type = llmprov_json_text(llmprov_json_get(root, "type"));
        if (!type.ptr || type.len != name_len || memcmp(type.ptr, name, name_len))
            complain_about(w->id, "a frame's name is not its type");
        w->ended = type.ptr && type.len == 12 && !memcmp(type.ptr, "message_stop", 12);
        llmprov_json_free(root);
    } else if (name_len) complain_about(w->id, "a frame of openai-chat has a name");
    w->error = is_error(doc);
    if (w->error) put_error(w, doc);
    else line(frame_schemas[w->format], w->id, w->how, w->frames, w->own, doc);
}

static bool put(void *user, const void *bytes, size_t len) {
    writing *w = (writing *)user;
    llmprov_str doc = { (const char *)bytes, len };
    if (w->stream) put_frame(w, (const char *)bytes, len);
    else if (is_error(doc)) put_error(w, doc);
    else line(reply_schemas[w->format], w->id, w->how, 0, w->own, doc);
    return true;
}

/* What a client of openai-chat may have asked for: its usage in a stream. NULL where that cannot be read. */
static const llmprov_request *asked_for_usage(llmprov_asked *asked) {
    static const char json[] = "{\"model\":\"m\",\"stream\":true,\"stream_options\":{\"include_usage\":true},"
                               "\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}";
    return llmprov_ask(NULL, "openai-chat", json, sizeof json - 1, NULL, asked) ? NULL : &asked->request;
}

typedef struct faces {
    writing writings[FORMATS];
    llmprov_face *open[FORMATS];
    llmprov_asked asked;
    bool told;                   /* the reply began                                                          */
} faces;

static void begin(faces *f, const char *id, const char *from, bool stream, bool usage) {
    static const char *const hows[2][FORMATS] = {
        { "as a reply of anthropic-messages", "as a reply of openai-chat" },
        { "as a stream of anthropic-messages", "as a stream of openai-chat" },
    };
    int i;
    memset(f, 0, sizeof *f);
    for (i = 0; i < FORMATS; i++) {
        llmprov_face_desc d = { .format = formats[i], .from = from, .created = 1796083200, .out = put };
        writing *w = &f->writings[i];
        w->id = id;
        w->how = hows[stream][i];
        w->format = i;
        w->own = !strcmp(from, formats[i]);
        w->stream = stream;
        d.user = w;
        if (i == CHAT && usage) d.request = asked_for_usage(&f->asked);
        f->open[i] = llmprov_face_open(&d);
        if (llmprov_face_failure(f->open[i])->code) {
            skip(llmprov_face_failure(f->open[i])->message, "");
            llmprov_face_free(f->open[i]);
            f->open[i] = NULL;
        }
    }
}

static void end(faces *f) {
    int i;
    for (i = 0; i < FORMATS; i++) {
        const writing *w = &f->writings[i];
        const llmprov_error *failure = llmprov_face_failure(f->open[i]);
        if (f->open[i] && failure->code) complain_about(w->id, failure->message);
        if (f->open[i] && w->frames && !w->ended && !w->error) complain_about(w->id, "a stream has no end");
        llmprov_face_free(f->open[i]);
    }
    llmprov_asked_free(&f->asked);
}

/* An error before the first event is a whole body. */
static bool on_face_event(void *user, const llmprov_event *e) {
    faces *f = (faces *)user;
    int i;
    if (e->type == LLMPROV_EVENT_START) f->told = true;
    for (i = 0; i < FORMATS; i++) {
        if (!f->open[i]) continue;
        if (e->type == LLMPROV_EVENT_ERROR && !f->told) f->writings[i].stream = false;
        llmprov_face_event(f->open[i], e);
    }
    return true;
}

/* A reply, through the engine and out again: its events, and the whole. */
static void convert(const char *format, const char *id, bool stream, const engine_wire *wire, bool usage) {
    llmprov_client *client = engine_open(format, NULL);
    llmprov_request req = { .model = "test-model", .prompt = "Hello" };
    llmprov_response r;
    llmprov_call *call;
    faces f;
    int i;
    print_reply(wire);
    begin(&f, id, format, true, usage);
    req.on_event = on_face_event;
    req.user = &f;
    req.stream = stream ? LLMPROV_STREAM_ON : LLMPROV_STREAM_OFF;
    call = llmprov_call_chat(client, &req);
    llmprov_call_head(call, wire->status, wire->headers, wire->header_count);
    if (llmprov_call_feed(call, wire->body, wire->len)) llmprov_call_eof(call);
    llmprov_call_take(call, &r);
    llmprov_call_free(call);
    end(&f);
    begin(&f, id, format, false, usage);
    for (i = 0; i < FORMATS; i++)
        if (f.open[i]) llmprov_face_reply(f.open[i], &r);
    end(&f);
    llmprov_response_free(&r);
    llmprov_close(client);
}

// -- requests --------------------------------------------------------------------------------

/* Which schema a request of Anthropic's has: its version and betas are headers. */
static void request_schema(char *to, const llmprov_http *http) {
    const char *version = "", *beta = "";
    size_t i;
    for (i = 0; i < http->header_count; i++) {
        if (llmprov__text_same(http->headers[i].name, "anthropic-version", true)) version = http->headers[i].value;
        if (llmprov__text_same(http->headers[i].name, "anthropic-beta", true)) beta = http->headers[i].value;
    }
    sprintf(to, "Anthropic%s%sMessagesRequest", strcmp(version, "2023-06-01") ? "" : "20230601", *beta ? "Beta" : "");
}

static void write_for(int target, const llmprov_request *req, const char *id, bool own) {
    static const char *const providers[] = { "anthropic", "openai" };
    static const char *const hows[] = { "as a request of anthropic-messages", "as a request of openai-chat" };
    static const char *const refusals[] = { "requests: anthropic-messages:", "requests: openai-chat:" };
    char schema[80] = "OpenAIChatRequest";
    llmprov_desc desc = { .provider = providers[target] };
    llmprov_client *client = engine_open(formats[target], &desc);
    llmprov_call *call = llmprov_call_chat(client, req);
    llmprov_str body;
    body.ptr = (const char *)llmprov_call_body_whole(call, &body.len);
    if (!body.ptr) skip(refusals[target], llmprov_call_error(call)->message);
    else {
        if (target == MESSAGES) request_schema(schema, llmprov_call_http(call));
        line(schema, id, hows[target], 0, own, body);
    }
    llmprov_call_free(call);
    llmprov_close(client);
}

static void rewrite(const char *format, const char *id, llmprov_str raw) {
    llmprov_asked asked;
    llmprov_status status = llmprov_ask(NULL, format, raw.ptr, raw.len, NULL, &asked);
    int i;
    if (status) skip("requests:", asked.error.message);
    else {
        if (!asked.request.model) asked.request.model = "test-model";      /* InvokeModel has it in the URL */
        append_item(&sources, raw);
        print_sources();
        for (i = 0; i < FORMATS; i++) write_for(i, &asked.request, id, !strcmp(format, formats[i]));
    }
    llmprov_asked_free(&asked);
}

// -- where they come from --------------------------------------------------------------------

static void on_record(const recording *rec) {
    const llmprov_json *request = llmprov_json_get(rec->json, "request");
    convert(rec->format, rec->id, rec->stream, &rec->wire, records % 2 == 0);
    if (llmprov_json_kind(llmprov_json_get(request, "messages")) == LLMPROV_JSON_ARRAY)
        rewrite(rec->format, rec->id, llmprov_json_raw(request));
    else skip("requests: none was recorded, or one without messages", "");
}

static char *next_line(char **at) {
    char *from = *at, *eol = strchr(from, '\n');
    if (!eol) return NULL;
    *eol = 0;
    *at = eol + 1;
    return from;
}

/* A golden reply: a status line, header lines, a blank line, the body. */
static void read_golden(const char *format, const char *name, const char *file, bool stream) {
    char path[300], *at, *text, *value;
    engine_text whole;
    engine_wire w;
    memset(&w, 0, sizeof w);
    sprintf(path, "tests/wire/%.40s/%.100s/%.20s", format, name, file);
    whole = engine_file(path);
    at = whole.ptr;
    if (!at) return;
    if ((text = next_line(&at)) == NULL || sscanf(text, "HTTP/1.1 %d", &w.status) != 1)
        complain_about(path, "there is no status line");
    while ((text = next_line(&at)) != NULL && *text) {
        if ((value = strchr(text, ':')) == NULL || w.header_count == 40) continue;
        *value++ = 0;
        w.headers[w.header_count].name = text;
        w.headers[w.header_count++].value = value + strspn(value, " ");
    }
    w.body = at;
    w.len = whole.len - (size_t)(at - whole.ptr);
    convert(format, path, stream, &w, true);
    engine_text_free(&whole);
    records++;
}

static void read_golden_case(const char *format, const char *name) {
    char path[300];
    engine_text request;
    read_golden(format, name, "reply.txt", false);
    read_golden(format, name, "stream.txt", true);
    sprintf(path, "tests/wire/%.40s/%.100s/request.json", format, name);
    request = engine_file(path);
    if (request.ptr) rewrite(format, path, (llmprov_str){ request.ptr, request.len });
    engine_text_free(&request);
}

/* The templates of the mock's brain are no exchanges. */
static void read_golden_cases(const char *format) {
    static char names[400][100];
    char path[100];
    struct dirent *e;
    int count = 0, i;
    DIR *dir;
    sprintf(path, "tests/wire/%.40s", format);
    dir = opendir(path);
    while (dir && (e = readdir(dir)) != NULL && count < 400)
        if (e->d_name[0] != '.' && strncmp(e->d_name, "brain_", 6) && strlen(e->d_name) < 100)
            strcpy(names[count++], e->d_name);
    if (dir) closedir(dir);
    qsort(names, (size_t)count, sizeof *names, by_name);
    for (i = 0; i < count; i++)
        if (!only || strstr(names[i], only)) read_golden_case(format, names[i]);
}

// -- schemas -------------------------------------------------------------------------------

/* A schema, and values of which some fit it. */
static const struct { const char *schema, *values; } compiled[] = {
    { "{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#/$defs/A\",\"description\":\"Mine.\"},\"l\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/A\"}},"
      "\"n\":{\"allOf\":[{\"$ref\":\"#/$defs/N\"}],\"minimum\":2}},\"required\":[\"a\"],\"$defs\":{\"A\":{\"type\":\"object\",\"properties\":{\"s\":{\"type\":\"string\","
      "\"enum\":[\"x\",\"y\"]}},\"required\":[\"s\"],\"additionalProperties\":false},\"N\":{\"type\":\"integer\",\"maximum\":4}}}",
      "[{\"a\":{\"s\":\"x\"}},{\"a\":{\"s\":\"z\"}},{\"a\":{\"s\":\"x\",\"t\":1}},{},{\"a\":{\"s\":\"y\"},\"l\":[{\"s\":\"x\"},{}]},{\"a\":{\"s\":\"y\"},\"n\":3},{\"a\":{\"s\":\"y\"},\"n\":5},[]]" },
    { "{\"type\":\"object\",\"properties\":{\"u\":{\"anyOf\":[{\"$ref\":\"#/properties/v\"},{\"type\":\"null\"}]},\"v\":{\"type\":[\"string\",\"integer\"],\"title\":\"V\"},"
      "\"w\":{\"$ref\":\"#/properties/v\",\"minLength\":2},\"c\":{\"const\":7}},\"required\":[\"v\"]}",
      "[{\"v\":1},{\"v\":null},{\"u\":null,\"v\":\"a\"},{\"v\":1,\"w\":\"a\"},{\"v\":1,\"w\":\"ab\"},{\"v\":1,\"c\":7},{\"v\":1,\"c\":8},{\"u\":[],\"v\":1}]" },
};

static const struct { const char *name; llmprov_schema_target target; bool same, inlined; } compilers[] = {
    { "plain", LLMPROV_SCHEMA_PLAIN, true, false }, { "openai", LLMPROV_SCHEMA_OPENAI, false, false },
    { "anthropic", LLMPROV_SCHEMA_ANTHROPIC, false, false }, { "anthropic tool", LLMPROV_SCHEMA_ANTHROPIC_TOOL, false, false },
    { "gemini", LLMPROV_SCHEMA_GEMINI, true, false }, { "answer", LLMPROV_SCHEMA_ANSWER, true, false },
    { "inline", LLMPROV_SCHEMA_INLINE, true, true }, { "inline tool", LLMPROV_SCHEMA_INLINE_TOOL, true, true },
    { "inline strict", LLMPROV_SCHEMA_INLINE_STRICT, false, true }, { "nova", LLMPROV_SCHEMA_NOVA, true, true },
    { "cohere", LLMPROV_SCHEMA_COHERE, false, false },
};

/* {"compiled":SCHEMA,"id":TARGET,"source":SCHEMA,"values":[...],"same":BOOL,"inlined":BOOL} */
static void put_compiled(size_t number, size_t to) {
    llmprov_writer w = { .text = NULL };
    llmprov_schema made;
    char id[80];
    sprintf(id, "schema %d for %.40s", (int)number, compilers[to].name);
    if (llmprov_schema_compile(compiled[number].schema, strlen(compiled[number].schema), compilers[to].target, NULL, &made)) complain_about(id, made.error.message);
    else {
        llmprov_write_open(&w, NULL, '{');
        llmprov_write_str(&w, "id", id, strlen(id));
        llmprov_write_raw(&w, "compiled", made.json, made.json_len);
        llmprov_write_raw(&w, "source", compiled[number].schema, strlen(compiled[number].schema));
        llmprov_write_raw(&w, "values", compiled[number].values, strlen(compiled[number].values));
        llmprov_write_bool(&w, "same", compilers[to].same);
        llmprov_write_bool(&w, "inlined", compilers[to].inlined);
        llmprov_write_close(&w);
        print_line(w.text, w.len);
    }
    llmprov_writer_free(&w);
    llmprov_schema_free(&made);
}

// -- the walk ------------------------------------------------------------------------------

/* A step's body, unless its format has no schema. */
static void put_step(const walk_format *f, const char *from, const char *how, const llmprov_request *req, walk_step *s) {
    char schema[80], id[160];
    const char *why;
    sprintf(id, "the walk from %.40s to %.40s", from, f->format);
    if (!walk_to(f, req, s, &why)) complain_about(id, why);
    else if (f->schema) {
        strcpy(schema, f->schema);
        if (!strcmp(f->format, "anthropic-messages")) request_schema(schema, s->sent.http);
        line(schema, id, how, 0, false, (llmprov_str){ s->sent.text, s->sent.len });
    }
}

static void put_walk(void) {
    llmprov_history h;
    llmprov_request req;
    int i, k;
    if (!walk_begin(&h, &req)) wrong++;
    for (i = 0; i < WALK_FORMATS; i++) {
        walk_step first, to, back;
        put_step(&walk_formats[i], "the history", "there", &req, &first);
        for (k = 0; k < WALK_FORMATS; k++) {
            if (k == i) continue;
            put_step(&walk_formats[k], walk_formats[i].format, "there", &first.asked.request, &to);
            put_step(&walk_formats[i], walk_formats[k].format, "and back", &to.asked.request, &back);
            walk_step_free(&back);
            walk_step_free(&to);
        }
        walk_step_free(&first);
    }
    llmprov_history_free(&h);
}

int main(int argc, char **argv) {
    static char buffer[1 << 16];
    size_t number, to;
    int i;
    if (argc < 2 || strlen(argv[1]) > 900) {
        printf("usage: %s SHARED [PART-OF-AN-ID]\n", argv[0]);
        return 2;
    }
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    only = argc > 2 ? argv[2] : NULL;
    for (number = 0; number < sizeof compiled / sizeof *compiled; number++)
        for (to = 0; to < sizeof compilers / sizeof *compilers; to++) put_compiled(number, to);
    put_walk();
    for (i = 0; i < FORMATS; i++) read_golden_cases(formats[i]);
    on_recording = on_record;
    read_files(argv[1]);
    tell_skips();
    engine_text_free(&sources);
    printf("%d replies and streams were written\n", records);
    return wrong || failures || !records;
}
