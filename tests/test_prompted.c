/* >>prompted: tools that a target is told of in other words. What goes out, what is heard, and how it is cut. */
#include "engine.h"

#define PROMPTED_ADD { .name = "add", .description = "Adds.", .schema = "{ \"type\": \"object\", \"properties\": { \"a\": { \"type\": \"number\" } } }" }

/* A client on a row whose models have no tools. */
static llmprov_client *prompted_open(llmprov_registry **reg, llmprov_tool_form form) {
    llmprov_alloc alloc = test_alloc();
    llmprov_provider row = { .id = "bare", .format = "openai-chat", .base_url = "https://api.test/v1", .auth_optional = true };
    llmprov_desc desc = { .provider = "bare" };
    row.quirks.tools = form;
    *reg = llmprov_registry_new(&alloc);
    if (*reg) llmprov_register(*reg, &row, 0);
    desc.registry = *reg;
    return engine_open("openai-chat", &desc);
}

static engine_sent prompted_send(llmprov_registry **reg, llmprov_tool_form form, const llmprov_request *req) {
    llmprov_alloc alloc = test_alloc();
    llmprov_provider row = { .id = "bare", .format = "openai-chat", .base_url = "https://api.test/v1", .auth_optional = true };
    llmprov_desc desc = { .provider = "bare" };
    row.quirks.tools = form;
    *reg = llmprov_registry_new(&alloc);
    if (*reg) llmprov_register(*reg, &row, 0);
    desc.registry = *reg;
    return engine_send_with("openai-chat", &desc, req, __FILE__, __LINE__);
}

static void prompted_sent_free(engine_sent *s, llmprov_registry *reg) {
    engine_sent_free(s);
    llmprov_registry_free(reg);
}

/* Text of the model as openai-chat: whole, or as a stream of pieces of `piece` bytes. */
static engine_text prompted_wire(const char *text, int stream, size_t piece, const char *word) {
    engine_text t = { NULL, 0, 0 };
    llmprov_writer w;
    size_t at, n, len = strlen(text);
    engine_add(&t, "", 0);
    if (!stream) engine_adds(&t, "{\"id\":\"c1\",\"object\":\"chat.completion\",\"model\":\"m-1\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":");
    for (at = 0; at < len; at += n) {
        n = stream && len - at > piece ? piece : len - at;
        while (at + n < len && ((unsigned char)text[at + n] & 0xC0) == 0x80) n++;
        memset(&w, 0, sizeof w);
        llmprov_write_str(&w, NULL, text + at, n);
        if (stream) engine_adds(&t, "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"model\":\"m-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":");
        engine_add(&t, w.text, w.len);
        if (stream) engine_adds(&t, "},\"finish_reason\":null}]}\n\n");
        llmprov_writer_free(&w);
    }
    engine_adds(&t, stream ? "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"model\":\"m-1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"" : "},\"finish_reason\":\"");
    engine_adds(&t, word);
    engine_adds(&t, stream ? "\"}]}\n\ndata: [DONE]\n\n" : "\"}]}");
    return t;
}

/* What a text was heard as: "text|name json|..." */
static void prompted_show(engine_text *to, const llmprov_message *m) {
    size_t i;
    engine_add(to, "", 0);
    for (i = 0; i < m->block_count; i++) {
        const llmprov_block *b = &m->blocks[i];
        const char *text;
        if (i) engine_adds(to, "|");
        if (b->type == LLMPROV_BLOCK_TOOL_USE) {
            engine_adds(to, b->name);
            engine_adds(to, b->invalid ? "! " : " ");
        }
        text = b->type == LLMPROV_BLOCK_TOOL_USE ? b->json : b->text;
        engine_adds(to, text ? text : "(none)");
    }
}

/* Reads a text with tools on offer, whole and in pieces of several sizes, which must give the same. */
static void prompted_check(llmprov_tool_form form, const llmprov_tool *tools, size_t count, const char *text, const char *word, const char *expected,
                           llmprov_stop stop, size_t warnings, int line) {
    static const size_t pieces[] = { 0, 1, 2, 3, 7, 1000 };
    size_t i;
    for (i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        int stream = i ? ENGINE_STREAM : ENGINE_WHOLE;
        llmprov_request req = { .model = "m", .prompt = "Hi", .tools = tools, .tool_count = count };
        engine_text body = prompted_wire(text, stream, pieces[i], word), got = { NULL, 0, 0 };
        engine_wire w = engine_wire_of(stream, 200, body.ptr, body.len);
        llmprov_registry *reg;
        engine_reply reply = engine_read_wire(prompted_open(&reg, form), &req, stream, &w, __FILE__, line);
        prompted_show(&got, &reply.r.message);
        if (!test_excused()) {
            test_check_text(got.ptr, got.len, expected, strlen(expected), text, __FILE__, line);
            if ((reply.r.error.code || reply.r.stop != stop || reply.r.warning_count != warnings + 1) &&
                test_fail(__FILE__, line, "%s: error %d %s, stop %d, %d warnings", text, (int)reply.r.error.code, reply.r.error.message, (int)reply.r.stop, (int)reply.r.warning_count) == false) { }
        }
        test_now.checks++;
        engine_reply_free(&reply);
        llmprov_registry_free(reg);
        engine_text_free(&got);
        engine_text_free(&body);
        if (test_now.oom) break;
    }
}

TEST(prompted_tools_are_described) {
    llmprov_tool tools[] = { PROMPTED_ADD, { .name = "time" }, { .type = "bash_20250124" }, { .type = "web_search_20250305", .name = "web_search" } };
    llmprov_request req = { .model = "m", .system = "Be brief.", .prompt = "Hi", .tools = tools, .tool_count = 4, .parallel_tools = LLMPROV_NO, .tool_choice = LLMPROV_TOOL_ANY };
    llmprov_registry *reg;
    engine_sent s = prompted_send(&reg, LLMPROV_TOOLS_PROMPTED, &req);
    const char *text = llmprov_json_str(llmprov_json_path(s.body, "messages[0].content[1].text"), "");
    CHECK_BODY(s, "tools", NULL);
    CHECK_BODY(s, "tool_choice", NULL);
    CHECK_BODY(s, "parallel_tool_calls", NULL);
    CHECK_BODY(s, "messages[0].role", "\"system\"");
    CHECK_BODY(s, "messages[0].content[0].text", "\"Be brief.\"");
    CHECK(strstr(text, "\n{\"name\":\"add\",\"description\":\"Adds.\",\"parameters\":{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"number\"}}}}\n"));
    CHECK(strstr(text, "\n{\"name\":\"time\",\"parameters\":{\"type\":\"object\",\"properties\":{}}}\n"));
    CHECK(strstr(text, "{\"name\":\"bash\","));
    CHECK(strstr(text, "you must call a tool"));
    CHECK(strstr(text, "one call at most"));
    CHECK_BODY(s, "messages[1]", Q("{'role':'user','content':'Hi'}"));
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "tools");
    CHECK_WARNED(s, LLMPROV_ERR_UNSUPPORTED, "tools[3]");
    CHECK_INT(s.warning_count, s.body ? 2 : s.warning_count);
    prompted_sent_free(&s, reg);
}

TEST(prompted_choice_of_one_or_none) {
    llmprov_tool tools[] = { PROMPTED_ADD, { .name = "time" } };
    llmprov_request req = { .model = "m", .prompt = "Hi", .tools = tools, .tool_count = 2, .tool_choice = LLMPROV_TOOL_NAMED, .tool_name = "time" };
    llmprov_registry *reg;
    engine_sent s = prompted_send(&reg, LLMPROV_TOOLS_PROMPTED, &req);
    const char *text = llmprov_json_str(llmprov_json_path(s.body, "messages[0].content"), "");
    CHECK(strstr(text, "you must call the tool time."));
    CHECK(!strstr(text, "\"add\""));
    prompted_sent_free(&s, reg);
    req.tool_choice = LLMPROV_TOOL_NONE;
    s = prompted_send(&reg, LLMPROV_TOOLS_PROMPTED, &req);
    CHECK_BODY(s, "messages", Q("[{'role':'user','content':'Hi'}]"));
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "tools");
    prompted_sent_free(&s, reg);
}

TEST(prompted_conversation_is_text) {
    llmprov_history h = engine_history(Q("{'messages':[{'role':'user','content':'2+3?'},"
        "{'role':'assistant','content':[{'type':'text','text':'Let me see.'},{'type':'tool_use','id':'a','name':'add','input':{'a':2}},{'type':'tool_use','id':'b','name':'time','input':{}}]},"
        "{'role':'user','content':[{'type':'tool_result','tool_use_id':'b','content':[{'type':'text','text':'noon'},{'type':'image','source':{'type':'base64','media_type':'image/png','data':'aGk='}}]},"
        "{'type':'tool_result','tool_use_id':'a','content':'none','is_error':true},{'type':'text','text':'And?'}]}]}"));
    llmprov_tool add = PROMPTED_ADD;
    llmprov_request req = { .model = "m", .history = &h, .tools = &add, .tool_count = 1 };
    llmprov_registry *reg;
    engine_sent s = prompted_send(&reg, LLMPROV_TOOLS_PROMPTED, &req);
    CHECK_BODY(s, "messages[2]", Q("{'role':'assistant','content':'Let me see.\\n<tool_call>\\n{\\'name\\': \\'add\\', \\'arguments\\': {\\'a\\':2}}\\n</tool_call>\\n"
        "<tool_call>\\n{\\'name\\': \\'time\\', \\'arguments\\': {}}\\n</tool_call>'}"));
    CHECK_BODY(s, "messages[3]", Q("{'role':'user','content':[{'type':'text','text':'<tool_response name=\\'add\\' error=\\'true\\'>\\nnone\\n</tool_response>'},"
        "{'type':'text','text':'<tool_response name=\\'time\\'>\\nnoon\\n</tool_response>'},{'type':'image_url','image_url':{'url':'data:image/png;base64,aGk='}}]}"));
    CHECK_BODY(s, "messages[4]", Q("{'role':'user','content':'And?'}"));
    CHECK_INT(s.warning_count, s.body ? 1 : s.warning_count);
    prompted_sent_free(&s, reg);
    req.tool_count = 0;                                      /* what was called before is text, too */
    s = prompted_send(&reg, LLMPROV_TOOLS_REFUSED, &req);
    CHECK_BODY(s, "messages[1].tool_calls", NULL);
    CHECK_BODY(s, "messages[3]", Q("{'role':'user','content':'And?'}"));
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "tools");
    prompted_sent_free(&s, reg);
    llmprov_history_free(&h);
}

TEST(prompted_refused_is_an_error) {
    llmprov_tool add = PROMPTED_ADD;
    llmprov_request req = { .model = "m", .prompt = "Hi", .tools = &add, .tool_count = 1 };
    llmprov_registry *reg;
    engine_sent s = prompted_send(&reg, LLMPROV_TOOLS_REFUSED, &req);
    if (!test_excused()) CHECK_INT(s.error.code, LLMPROV_ERR_UNSUPPORTED);
    CHECK(test_excused() || strstr(s.error.message, "request.tools"));
    CHECK(!s.body);
    prompted_sent_free(&s, reg);
}

/* A profile says it for a model, and a row stands over it; a provider without CAN_TOOLS prompts by itself. */
TEST(prompted_rows_and_profiles) {
    static const struct { llmprov_tool_form row, profile; unsigned can; bool told, refused; } cases[] = {
        { 0, 0, 0, false, false }, { 0, LLMPROV_TOOLS_PROMPTED, 0, true, false }, { 0, LLMPROV_TOOLS_REFUSED, 0, false, true },
        { LLMPROV_TOOLS_NATIVE, LLMPROV_TOOLS_PROMPTED, 0, false, false }, { 0, 0, LLMPROV_CAN_CHAT | LLMPROV_CAN_STREAM, true, false },
        { LLMPROV_TOOLS_NATIVE, 0, LLMPROV_CAN_CHAT, false, false },
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases && !test_excused(); i++) {
        llmprov_alloc alloc = test_alloc();
        llmprov_registry *reg = llmprov_registry_new(&alloc);
        llmprov_provider row = { .id = "bare", .format = "openai-chat", .base_url = "https://api.test/v1", .auth_optional = true, .can = cases[i].can, .quirks = { .tools = cases[i].row } };
        llmprov_profile profile = { .prefix = "odd-", .tools = cases[i].profile };
        llmprov_desc desc = { .provider = "bare", .registry = reg };
        llmprov_tool add = PROMPTED_ADD;
        llmprov_request req = { .model = "odd-1", .prompt = "Hi", .tools = &add, .tool_count = 1 };
        engine_sent s;
        if (reg) llmprov_register(reg, &row, 0);
        if (reg) llmprov_register_profile(reg, &profile, 0);
        s = engine_send_with("openai-chat", &desc, &req, __FILE__, __LINE__);
        if (!test_excused()) {
            CHECK_INT(s.error.code, cases[i].refused ? LLMPROV_ERR_UNSUPPORTED : LLMPROV_OK);
            CHECK(cases[i].refused || !llmprov_json_get(s.body, "tools") == cases[i].told);
            CHECK(cases[i].refused || (engine_warned(s.warnings, s.warning_count, LLMPROV_ERR_ARGUMENT, "tools") != NULL) == cases[i].told);
        }
        prompted_sent_free(&s, reg);
    }
}

#define PROMPTED_HEARD(text, word, expected, stop, warnings) \
    prompted_check(LLMPROV_TOOLS_PROMPTED, &add, 1, (text), (word), (expected), (stop), (warnings), __LINE__)

TEST(prompted_calls_are_heard) {
    llmprov_tool add = PROMPTED_ADD;
    PROMPTED_HEARD("Let me see.\n<tool_call>\n{\"name\": \"add\", \"arguments\": {\"a\": 2}}\n</tool_call>", "stop", "Let me see.|add {\"a\": 2}", LLMPROV_STOP_TOOL_USE, 0);
    PROMPTED_HEARD("<tool_call>{\"name\":\"add\",\"arguments\":{\"a\":\"}</tool_call>\\\"\"}}</tool_call>\n", "stop", "add {\"a\":\"}</tool_call>\\\"\"}", LLMPROV_STOP_TOOL_USE, 0);
    PROMPTED_HEARD("\n\n<tool_call>\n{\"arguments\":{\"a\":1},\"name\":\"add\"}\n</tool_call>\n<tool_call>\n{\"name\":\"\\u0061dd\",\"parameters\":{}}\n</tool_call>\n\nDone.", "stop",
                   "add {\"a\":1}|add {}|Done.", LLMPROV_STOP_TOOL_USE, 0);
    PROMPTED_HEARD("<tool_call>{\"name\":\"add\"}<tool_call>{\"name\":\"add\",\"arguments\":\"{\\\"a\\\":1}\"}", "stop", "add {}|add {\"a\":1}", LLMPROV_STOP_TOOL_USE, 0);
    PROMPTED_HEARD("1 < 2, <b>, <tool_cal, <tool_call> and </tool_call> are text. ", "stop", "1 < 2, <b>, <tool_cal, <tool_call> and </tool_call> are text. ", LLMPROV_STOP_END, 0);
    PROMPTED_HEARD("<tool_call>{\"name\":\"add\",\"arguments\":{\"a\":[1,[{\"b\":2}]]}}</tool_call>", "stop", "add {\"a\":[1,[{\"b\":2}]]}", LLMPROV_STOP_TOOL_USE, 0);
    PROMPTED_HEARD("<tool_call>{\"function\":\"add\",\"more\":1,\"input\":{}}</tool_call>", "stop", "add {}", LLMPROV_STOP_TOOL_USE, 0);
    PROMPTED_HEARD("\x1b[1mA\x01                                                                                                     B", "stop",
                   "\x1b[1mA\x01                                                                                                     B", LLMPROV_STOP_END, 0);
    PROMPTED_HEARD("<tool_call>{\"name\":\"add\"}</tool_call>                                                              \n             ", "stop", "add {}", LLMPROV_STOP_TOOL_USE, 0);
    PROMPTED_HEARD("A<tool_<tool_call>{\"name\":\"add\"}</tool_call>", "stop", "A<tool_|add {}", LLMPROV_STOP_TOOL_USE, 0);
}

/* What cannot be a call is text and named; what was cut is a call that does not parse. */
TEST(prompted_broken_calls) {
    llmprov_tool add = PROMPTED_ADD;
    PROMPTED_HEARD("Hm. <tool_call>{\"a\":1}</tool_call>", "stop", "Hm. <tool_call>{\"a\":1}</tool_call>", LLMPROV_STOP_END, 1);
    PROMPTED_HEARD("<tool_call>{\"name\":\"add\",\"arguments\":{\"a\":", "length", "add! {\"rawInvalidInput\":\"{\\\"a\\\":\"}", LLMPROV_STOP_LENGTH, 1);
    PROMPTED_HEARD("<tool_call>{\"name\":\"add\",\"arguments\":{\"a\":\"say \"hi\"}}</tool_call> Well.", "stop",
                   "add! {\"rawInvalidInput\":\"{\\\"a\\\":\\\"say \\\"hi\\\"}}\"}| Well.", LLMPROV_STOP_TOOL_USE, 1);
    PROMPTED_HEARD("<tool_call>", "length", "<tool_call>", LLMPROV_STOP_LENGTH, 0);
    PROMPTED_HEARD("<tool_call>\n{\"na", "length", "<tool_call>\n{\"na", LLMPROV_STOP_LENGTH, 1);
    PROMPTED_HEARD("<tool_c", "length", "<tool_c", LLMPROV_STOP_LENGTH, 0);
    PROMPTED_HEARD("<tool_call>{\"name\":7}</tool_call>", "stop", "<tool_call>{\"name\":7}</tool_call>", LLMPROV_STOP_END, 1);
    PROMPTED_HEARD("<tool_call>{\"name\":\"\"}</tool_call>", "stop", "<tool_call>{\"name\":\"\"}</tool_call>", LLMPROV_STOP_END, 1);
    PROMPTED_HEARD("<tool_call>{\"name\":7000}</tool_call>", "stop", "<tool_call>{\"name\":7000}</tool_call>", LLMPROV_STOP_END, 1);
    PROMPTED_HEARD("<tool_call>{\"name\":\"ad", "length", "<tool_call>{\"name\":\"ad", LLMPROV_STOP_LENGTH, 1);
    PROMPTED_HEARD("<tool_call>{\"name\":\"add\",\"arguments\":\"", "length", "add! {\"rawInvalidInput\":\"\\\"\"}", LLMPROV_STOP_LENGTH, 1);
    PROMPTED_HEARD("<tool_call>{\"name\":\"add\",\"arguments\":\"{", "length", "add! {\"rawInvalidInput\":\"\\\"{\"}", LLMPROV_STOP_LENGTH, 1);
    PROMPTED_HEARD("<tool_call> </tool_call>", "stop", "<tool_call> </tool_call>", LLMPROV_STOP_END, 0);
}

/* Text is delivered as it comes: no more is held back than might be the beginning of a call. */
TEST(prompted_nothing_is_held_back) {
    static const struct { const char *delta, *told; } steps[] = {
        { "Let me ", "Let me" }, { "see", "Let me see" }, { ": 1 <", "Let me see: 1" }, { " 2.", "Let me see: 1 < 2." }, { " <tool", "Let me see: 1 < 2." }, { "box>", "Let me see: 1 < 2. <toolbox>" },
    };
    llmprov_tool add = PROMPTED_ADD;
    engine_text got = { NULL, 0, 0 };
    llmprov_registry *reg;
    llmprov_client *c = prompted_open(&reg, LLMPROV_TOOLS_PROMPTED);
    llmprov_call *call = llmprov_call_chat(c, &(llmprov_request){ .model = "m", .prompt = "Hi", .tools = &add, .tool_count = 1, .stream = LLMPROV_STREAM_ON });
    llmprov_event e;
    size_t i;
    engine_add(&got, "", 0);
    if (llmprov_call_want(call) == LLMPROV_WANT_SEND) {
        llmprov_call_sent(call);
        llmprov_call_head(call, 200, NULL, 0);
        for (i = 0; i < sizeof steps / sizeof *steps; i++) {
            char frame[300];
            sprintf(frame, "data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"%s\"}}]}\n\n", steps[i].delta);
            llmprov_call_feed(call, frame, strlen(frame));
            while (llmprov_call_next(call, &e))
                if (e.type == LLMPROV_EVENT_TEXT) engine_add(&got, e.text, e.text_len);
            if (!test_excused()) CHECK_STR(got.ptr, steps[i].told);
        }
    }
    llmprov_call_free(call);
    llmprov_close(c);
    llmprov_registry_free(reg);
    engine_text_free(&got);
}

/* A stream that broke off keeps what had come, also what was held back. */
TEST(prompted_a_broken_stream_keeps_its_text) {
    static const char *const texts[] = { "So <tool_call>{\"name\":\"add\",\"arguments\":{\"a\":", "So <tool_" };
    static const char *const kept[] = { "So|add! {\"rawInvalidInput\":\"{\\\"a\\\":\"}", "So <tool_" };
    llmprov_tool add = PROMPTED_ADD;
    size_t i;
    for (i = 0; i < 2 && !test_excused(); i++) {
        llmprov_request req = { .model = "m", .prompt = "Hi", .tools = &add, .tool_count = 1 };
        engine_text body = prompted_wire(texts[i], ENGINE_STREAM, 5, "stop"), got = { NULL, 0, 0 };
        engine_wire w = engine_wire_of(ENGINE_STREAM, 200, body.ptr, (size_t)(strstr(body.ptr, "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"model\":\"m-1\",\"choices\":[{\"index\":0,\"delta\":{},") - body.ptr));
        llmprov_registry *reg;
        engine_reply reply = engine_read_wire(prompted_open(&reg, LLMPROV_TOOLS_PROMPTED), &req, ENGINE_STREAM, &w, __FILE__, __LINE__);
        prompted_show(&got, &reply.r.message);
        if (!test_excused()) CHECK_INT(reply.r.error.code, LLMPROV_ERR_TRUNCATED);
        if (!test_excused()) CHECK_STR(got.ptr, kept[i]);
        engine_reply_free(&reply);
        llmprov_registry_free(reg);
        engine_text_free(&got);
        engine_text_free(&body);
    }
}

// -- UI-TARS -------------------------------------------------------------------------------

#define PROMPTED_SCREEN "{\"display_width_px\":1920,\"display_height_px\":1080}"
#define PROMPTED_ACTS(text, expected, stop, warnings) \
    prompted_check(LLMPROV_TOOLS_UITARS, tools, 2, (text), "stop", (expected), (stop), (warnings), __LINE__)
#define PROMPTED_TOOLS { { .type = "computer", .extra = PROMPTED_SCREEN }, { .name = "note", .schema = "{\"type\":\"object\",\"properties\":{\"text\":{\"type\":\"string\"},\"n\":{\"type\":\"integer\"}}}" } }

TEST(prompted_uitars_actions) {
    llmprov_tool tools[] = PROMPTED_TOOLS;
    PROMPTED_ACTS("Thought: Click it.\nAction: click(start_box='(100,200)')", "Click it.|computer {\"action\":\"left_click\",\"coordinate\":[99,198]}", LLMPROV_STOP_TOOL_USE, 0);
    PROMPTED_ACTS("Thought: x\nAction: left_double(start_box='<|box_start|>(0, 0)<|box_end|>')", "x|computer {\"action\":\"double_click\",\"coordinate\":[0,0]}", LLMPROV_STOP_TOOL_USE, 0);
    PROMPTED_ACTS("Thought: x\nAction: right_single(point='<point>10 20</point>')", "x|computer {\"action\":\"right_click\",\"coordinate\":[10,20]}", LLMPROV_STOP_TOOL_USE, 0);
    PROMPTED_ACTS("Thought: x\nAction: drag(start_box='(10,20)', end_box='(1932,1092)')", "x|computer {\"action\":\"left_click_drag\",\"start_coordinate\":[10,20],\"coordinate\":[1920,1080]}", LLMPROV_STOP_TOOL_USE, 0);
    PROMPTED_ACTS("Thought: x\nAction: hotkey(key='ctrl shift pageup')", "x|computer {\"action\":\"key\",\"text\":\"ctrl+shift+Page_Up\"}", LLMPROV_STOP_TOOL_USE, 0);
    PROMPTED_ACTS("Thought: x\nAction: type(content='it\\'s \\\"so\\\"\\n')", "x|computer {\"action\":\"type\",\"text\":\"it's \\\"so\\\"\"}|computer {\"action\":\"key\",\"text\":\"Return\"}", LLMPROV_STOP_TOOL_USE, 0);
    PROMPTED_ACTS("Thought: x\nAction: scroll(start_box='(966,546)', direction='left')",
                  "x|computer {\"action\":\"scroll\",\"coordinate\":[960,540],\"scroll_direction\":\"left\",\"scroll_amount\":5}", LLMPROV_STOP_TOOL_USE, 0);
    PROMPTED_ACTS("Thought: x\nAction: wait()", "x|computer {\"action\":\"wait\",\"duration\":5}", LLMPROV_STOP_TOOL_USE, 0);
    PROMPTED_ACTS("Thought: x\nAction: hover(start_box='(0,0)')\n\npress(key='shift')", "x|computer {\"action\":\"mouse_move\",\"coordinate\":[0,0]}|computer {\"action\":\"hold_key\",\"text\":\"shift\",\"duration\":1}", LLMPROV_STOP_TOOL_USE, 0);
    PROMPTED_ACTS("Thought: x\nAction: long_press(start_box='(0,0)')", "x|computer {\"action\":\"mouse_move\",\"coordinate\":[0,0]}|computer {\"action\":\"left_mouse_down\"}|computer {\"action\":\"wait\",\"duration\":1}|computer {\"action\":\"left_mouse_up\"}", LLMPROV_STOP_TOOL_USE, 0);
    PROMPTED_ACTS("Thought: x\nAction: navigate(content='a.example')\n\nnavigate_back()\n\npress_home()",
                  "x|computer {\"action\":\"key\",\"text\":\"ctrl+l\"}|computer {\"action\":\"type\",\"text\":\"a.example\"}|computer {\"action\":\"key\",\"text\":\"Return\"}|computer {\"action\":\"key\",\"text\":\"alt+Left\"}|computer {\"action\":\"press_home\"}", LLMPROV_STOP_TOOL_USE, 0);
    PROMPTED_ACTS("Thought: x\nAction: note(text='12', n='12')", "x|note {\"text\":\"12\",\"n\":12}", LLMPROV_STOP_TOOL_USE, 0);
}

/* The end of a task is text, and no call. */
TEST(prompted_uitars_ends) {
    llmprov_tool tools[] = PROMPTED_TOOLS;
    PROMPTED_ACTS("Thought: x\nAction: finished(content='All\\nis done.')", "x|All\nis done.", LLMPROV_STOP_END, 0);
    PROMPTED_ACTS("Thought: x\nAction: finished()", "x", LLMPROV_STOP_END, 0);
    PROMPTED_ACTS("Thought: x\nAction: call_user()", "x|call_user()", LLMPROV_STOP_END, 0);
    PROMPTED_ACTS("Thought: I only think.\nThe Answer is 42, Tom.", "I only think.\nThe Answer is 42, Tom.", LLMPROV_STOP_END, 0);
    PROMPTED_ACTS("Hello there.", "Hello there.", LLMPROV_STOP_END, 0);
}

/* Functions of the caller's, whose arguments are texts where no schema says more. */
TEST(prompted_uitars_functions) {
    llmprov_tool tools[] = { { .name = "note", .schema = "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"},\"any\":{},\"abc\":{\"type\":\"integer\"}}}" }, { .name = "bare" } };
    PROMPTED_ACTS("Thought: x\nAction: note(a=1, any=2, abc=3, b=4, ab=5, abd=6)\n\nnote(abc='', a='')", "x|note {\"a\":\"1\",\"any\":\"2\",\"abc\":3,\"b\":\"4\",\"ab\":\"5\",\"abd\":\"6\"}|note {\"abc\":\"\",\"a\":\"\"}", LLMPROV_STOP_TOOL_USE, 0);
    PROMPTED_ACTS("Action: bare(n=5)\n\nbare()", "bare {\"n\":\"5\"}|bare {}", LLMPROV_STOP_TOOL_USE, 0);
    PROMPTED_ACTS("Action: note(abc=[1)", "note {\"abc\":\"[1)\"}", LLMPROV_STOP_TOOL_USE, 0);
    PROMPTED_ACTS("Action: wait()", "computer {\"action\":\"wait\",\"duration\":5}", LLMPROV_STOP_TOOL_USE, 0);           /* no computer was declared */
}

/* What models write that is not quite the grammar. */
TEST(prompted_uitars_is_lenient) {
    llmprov_tool tools[] = PROMPTED_TOOLS;
    PROMPTED_ACTS("click(start_box=\"(0,0)\")", "computer {\"action\":\"left_click\",\"coordinate\":[0,0]}", LLMPROV_STOP_TOOL_USE, 0);
    PROMPTED_ACTS("Thought\xEF\xBC\x9A t\nAction\xEF\xBC\x9A" "click(start_box='')", "t|computer {\"action\":\"left_click\"}", LLMPROV_STOP_TOOL_USE, 0);
    PROMPTED_ACTS("Thought: t Action: click(start_box=[10,10,20,20])", "t|computer {\"action\":\"left_click\",\"coordinate\":[15,15]}", LLMPROV_STOP_TOOL_USE, 0);
    PROMPTED_ACTS("Thought: t\nAction: click(start_box='(100,200)'", "t|computer {\"action\":\"left_click\",\"coordinate\":[99,198]}", LLMPROV_STOP_TOOL_USE, 0);
    PROMPTED_ACTS("Thought: t\nAction: type(content='it's f(a, b)=c')\n", "t|computer {\"action\":\"type\",\"text\":\"it's f(a, b)=c\"}", LLMPROV_STOP_TOOL_USE, 0);
    PROMPTED_ACTS("Thought: t\nAction: type(content='a\nb')", "t|computer {\"action\":\"type\",\"text\":\"a\\nb\"}", LLMPROV_STOP_TOOL_USE, 0);
    PROMPTED_ACTS("Thought: t\nAction:\n```\nwait()\n```", "t|computer {\"action\":\"wait\",\"duration\":5}", LLMPROV_STOP_TOOL_USE, 0);
    PROMPTED_ACTS("Reflection: bad\nAction_Summary: retry\nAction: wait()", "Reflection: bad\nretry|computer {\"action\":\"wait\",\"duration\":5}", LLMPROV_STOP_TOOL_USE, 0);
}

/* What is outside the grammar stays text, and the warning says where. */
TEST(prompted_uitars_outside_the_grammar) {
    llmprov_tool tools[] = PROMPTED_TOOLS;
    PROMPTED_ACTS("Thought: t\nAction: click(start_box='(0,0)') and then wait", "t\nand then wait|computer {\"action\":\"left_click\",\"coordinate\":[0,0]}", LLMPROV_STOP_TOOL_USE, 1);
    PROMPTED_ACTS("Thought: t\nAction: fly(to='moon')", "t\nfly(to='moon')", LLMPROV_STOP_END, 1);
    PROMPTED_ACTS("Thought: t\nAction: click(start_box='over there')", "t\nclick(start_box='over there')", LLMPROV_STOP_END, 1);
    PROMPTED_ACTS("Thought: t\nAction: release(key='shift')\n\nwait()", "t\nrelease(key='shift')|computer {\"action\":\"wait\",\"duration\":5}", LLMPROV_STOP_TOOL_USE, 1);
    PROMPTED_ACTS("Thought: t\nAction: click(start_box='(1,1)')\n\nAction: wait()", "t\nclick(start_box='(1,1)')|computer {\"action\":\"wait\",\"duration\":5}", LLMPROV_STOP_TOOL_USE, 1);
    PROMPTED_ACTS("Thought: t\nAction: type(content='never ends", "t\ntype(content='never ends", LLMPROV_STOP_END, 1);
    PROMPTED_ACTS("Thought: t\nAction: scroll(start_box='(1,1)')", "t\nscroll(start_box='(1,1)')", LLMPROV_STOP_END, 1);
}

/* A beginning that might have become an action or a label is text when it does not. */
TEST(prompted_uitars_beginnings) {
    llmprov_tool tools[] = PROMPTED_TOOLS;
    PROMPTED_ACTS("a_word_that_is_longer_than_any_verb(x)", "a_word_that_is_longer_than_any_verb(x)", LLMPROV_STOP_END, 0);
    PROMPTED_ACTS("(so)", "(so)", LLMPROV_STOP_END, 0);
    PROMPTED_ACTS("fly(x)", "fly(x)", LLMPROV_STOP_END, 0);
    PROMPTED_ACTS(" \n click(start_box='(100,200)')", "computer {\"action\":\"left_click\",\"coordinate\":[99,198]}", LLMPROV_STOP_TOOL_USE, 0);
    PROMPTED_ACTS(" drag(from here, {region}end_box='(1935,1092)')", "drag(from here, {region}end_box='(1935,1092)')", LLMPROV_STOP_END, 1);
    PROMPTED_ACTS(" fly(x)", " fly(x)", LLMPROV_STOP_END, 0);
    PROMPTED_ACTS("So, inAction: wait()", "So, inAction: wait()", LLMPROV_STOP_END, 0);
    PROMPTED_ACTS("Action: fly(x)", "fly(x)", LLMPROV_STOP_END, 1);
    PROMPTED_ACTS("Action: ab", "ab", LLMPROV_STOP_END, 1);
    PROMPTED_ACTS("Action: wait()\n Action\xEF\xBC\x9Apress_home()", "wait()|computer {\"action\":\"press_home\"}", LLMPROV_STOP_TOOL_USE, 1);
    PROMPTED_ACTS("Action: wait()\nActions:\nAction;;; it is", "Actions:\nAction;;; it is|computer {\"action\":\"wait\",\"duration\":5}", LLMPROV_STOP_TOOL_USE, 2);
    PROMPTED_ACTS("Thought: t\nAction:", "t", LLMPROV_STOP_END, 0);
}

TEST(prompted_uitars_warning_names_the_place) {
    llmprov_tool tools[] = PROMPTED_TOOLS;
    llmprov_request req = { .model = "uitars-1.5", .prompt = "Hi", .tools = tools, .tool_count = 2 };
    const char *text = "Thought: t\nAction: fly(to='moon')";
    engine_text body = prompted_wire(text, ENGINE_STREAM, 4, "stop");
    engine_wire w = engine_wire_of(ENGINE_STREAM, 200, body.ptr, body.len);
    llmprov_desc desc = { .provider = "uitars" };
    engine_reply reply = engine_read_wire(engine_open("openai-chat", &desc), &req, ENGINE_STREAM, &w, __FILE__, __LINE__);
    const llmprov_warning *said = engine_warned(reply.r.warnings, reply.r.warning_count, LLMPROV_ERR_BAD_REPLY, "content[0]");
    char place[40];
    sprintf(place, "at byte %d of", (int)(strstr(text, "fly") - text));
    CHECK(test_excused() || (said && strstr(said->text, place)));
    engine_reply_free(&reply);
    engine_text_free(&body);
}

/* Tools of several generations, and thousandths in place of points. */
TEST(prompted_uitars_generations) {
    static const struct { const char *type, *text, *expected; llmprov_tool_form form; } cases[] = {
        { "computer_20241022", "Action: click(start_box='(966,546)')", "computer {\"action\":\"mouse_move\",\"coordinate\":[960,540]}|computer {\"action\":\"left_click\"}", LLMPROV_TOOLS_UITARS },
        { "computer_20241022", "Action: scroll(direction='up')\n\nwait()", "computer {\"action\":\"key\",\"text\":\"Page_Up\"}|computer {\"action\":\"screenshot\"}", LLMPROV_TOOLS_UITARS },
        { "computer_20241022", "Action: drag(start_box='(0,0)', end_box='(966,546)')", "computer {\"action\":\"mouse_move\",\"coordinate\":[0,0]}|computer {\"action\":\"left_click_drag\",\"coordinate\":[960,540]}", LLMPROV_TOOLS_UITARS },
        { "computer_20251124", "Action: click(start_box='(966,546)')", "computer {\"action\":\"left_click\",\"coordinate\":[960,540]}", LLMPROV_TOOLS_UITARS },
        { "computer_toolset_20260801", "Action: click(start_box='(966,546)')", "left_click {\"coordinate\":[960,540]}", LLMPROV_TOOLS_UITARS },
        { "computer", "Action: click(start_box='(500,250)')", "computer {\"action\":\"left_click\",\"coordinate\":[960,270]}", LLMPROV_TOOLS_UITARS_1000 },
        { "computer", "Action: drag(start_point='<point>100 200</point>', end_point='<bbox>250 750 250 750</bbox>')",
          "computer {\"action\":\"left_click_drag\",\"start_coordinate\":[192,216],\"coordinate\":[480,810]}", LLMPROV_TOOLS_UITARS_1000 },
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases && !test_excused(); i++) {
        llmprov_tool tool = { .type = cases[i].type, .extra = PROMPTED_SCREEN };
        prompted_check(cases[i].form, &tool, 1, cases[i].text, "stop", cases[i].expected, LLMPROV_STOP_TOOL_USE, 0, __LINE__);
    }
}

#define PROMPTED_SHOT "{'type':'image','source':{'type':'base64','media_type':'image/png','data':'aGk='}}"

TEST(prompted_uitars_conversation) {
    llmprov_history h = engine_history(Q("{'system':'The user is Ada.','messages':[{'role':'user','content':[{'type':'text','text':'Open the settings.'}," PROMPTED_SHOT "]},"
        "{'role':'assistant','content':[{'type':'text','text':'I see the gear.'},{'type':'tool_use','id':'a','name':'computer','input':{'action':'left_click','coordinate':[960,540]}},"
        "{'type':'tool_use','id':'b','name':'computer','input':{'action':'type','text':'it\\u0027s\\n'}},{'type':'tool_use','id':'c','name':'computer','input':{'action':'key','text':'Return'}},"
        "{'type':'tool_use','id':'d','name':'computer','input':{'action':'key','text':'ctrl+Page_Up'}}]},"
        "{'role':'user','content':[{'type':'tool_result','tool_use_id':'a','content':[" PROMPTED_SHOT "]},{'type':'tool_result','tool_use_id':'b','content':'typed'},"
        "{'type':'tool_result','tool_use_id':'c','content':'no','is_error':true},{'type':'tool_result','tool_use_id':'d'}]},"
        "{'role':'assistant','content':[{'type':'text','text':'It is open.'},{'type':'text','text':'Done.'}]},{'role':'user','content':'Thanks.'}]}"));
    llmprov_tool tools[] = PROMPTED_TOOLS;
    llmprov_request req = { .model = "uitars-1.5", .history = &h, .tools = tools, .tool_count = 2, .temperature = LLMPROV_NUM(0) };
    engine_sent s = engine_send_with("openai-chat", &(llmprov_desc){ .provider = "uitars" }, &req, __FILE__, __LINE__);
    const char *task = llmprov_json_str(llmprov_json_path(s.body, "messages[0].content"), "");
    if (s.http) CHECK_STR(s.http->url, "https://api.test/v1/chat/completions");
    CHECK_BODY(s, "model", "\"uitars-1.5\"");
    CHECK_BODY(s, "tools", NULL);
    CHECK_BODY(s, "messages[0].role", "\"user\"");
    CHECK(test_excused() || !strncmp(task, "You are a GUI agent.", 20));
    CHECK(strstr(task, "\nnote(text='xxx', n='xxx')\n"));
    CHECK(strstr(task, "\nThe user is Ada.\n"));
    CHECK(strstr(task, "## User Instruction\nOpen the settings."));
    CHECK_BODY(s, "messages[1]", Q("{'role':'user','content':[{'type':'image_url','image_url':{'url':'data:image/png;base64,aGk='}}]}"));
    CHECK_BODY(s, "messages[2]", "{\"role\":\"assistant\",\"content\":\"Thought: I see the gear.\\nAction: click(start_box='<|box_start|>(966,546)<|box_end|>')\\n\\n"
               "type(content='it\\\\'s\\\\n\\\\n')\\n\\nhotkey(key='ctrl pageup')\"}");
    CHECK_BODY(s, "messages[3].content[0].type", "\"image_url\"");
    CHECK_BODY(s, "messages[4]", Q("{'role':'user','content':[{'type':'text','text':'typed'},{'type':'text','text':'Error: no'}]}"));
    CHECK_BODY(s, "messages[5]", "{\"role\":\"assistant\",\"content\":\"Thought: It is open.\\nAction: finished(content='Done.')\"}");
    CHECK_BODY(s, "messages[6]", Q("{'role':'user','content':'Thanks.'}"));
    CHECK_BODY(s, "messages[7]", NULL);
    CHECK_INT(s.warning_count, s.body ? 1 : s.warning_count);
    engine_sent_free(&s);
    llmprov_history_free(&h);
}

/* Five screenshots are the most; of older ones it is said that they were there. */
TEST(prompted_uitars_five_screenshots) {
    llmprov_history h = { .alloc = test_alloc() };
    llmprov_tool tools[] = PROMPTED_TOOLS;
    llmprov_request req = { .model = "uitars-1.5", .history = &h, .tools = tools, .tool_count = 2 };
    engine_sent s;
    int i, shots = 0;
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "Look.");
    for (i = 0; i < 7 && !test_excused(); i++) {
        llmprov_add_image(&h, "image/png", "hi", 2);
        llmprov_add_text(&h, LLMPROV_ROLE_ASSISTANT, "Yes.");
        llmprov_add_text(&h, LLMPROV_ROLE_USER, "Again.");
    }
    s = engine_send_with("openai-chat", &(llmprov_desc){ .provider = "uitars" }, &req, __FILE__, __LINE__);
    for (i = 0; s.text && i + 9 < (int)s.len; i++) shots += !memcmp(s.text + i, "image_url", 9);
    CHECK_INT(shots, s.text ? 10 : 0);
    CHECK_BODY(s, "messages[1].content", "\"[an older screenshot, which was left out]\"");
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "messages");
    engine_sent_free(&s);
    llmprov_history_free(&h);
}

/* A picture of another size than the display's: what the model sees of it is what its points are in. */
TEST(prompted_uitars_sees_the_picture) {
    static const unsigned char png[24] = { 0x89, 'P', 'N', 'G', 13, 10, 26, 10, 0, 0, 0, 13, 'I', 'H', 'D', 'R', 0, 0, 4, 0, 0, 0, 3, 0 };
    llmprov_tool tools[] = PROMPTED_TOOLS;
    llmprov_history h = { .alloc = test_alloc() };
    llmprov_request req = { .model = "uitars-1.5", .history = &h, .tools = tools, .tool_count = 2 };
    const char *text = "Action: click(start_box='(1036,756)')";
    engine_text body = prompted_wire(text, ENGINE_WHOLE, 0, "stop");
    engine_wire w = engine_wire_of(ENGINE_WHOLE, 200, body.ptr, body.len);
    llmprov_desc desc = { .provider = "uitars" };
    engine_reply reply;
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "Look.");
    llmprov_add_image(&h, "image/png", png, sizeof png);
    reply = engine_read_wire(engine_open("openai-chat", &desc), &req, ENGINE_WHOLE, &w, __FILE__, __LINE__);
    if (!test_excused()) CHECK_STR(engine_call(reply, 0)->json, "{\"action\":\"left_click\",\"coordinate\":[1920,1080]}");
    engine_reply_free(&reply);
    llmprov_history_free(&h);
    engine_text_free(&body);
}

/* Without a display the model's own points come, and that is said. */
TEST(prompted_uitars_without_a_display) {
    llmprov_tool tool = { .type = "computer_20250124", .name = "computer" };
    llmprov_request req = { .model = "uitars-1.5", .prompt = "Hi", .tools = &tool, .tool_count = 1 };
    engine_sent s = engine_send_with("openai-chat", &(llmprov_desc){ .provider = "uitars" }, &req, __FILE__, __LINE__);
    CHECK_INT(s.warning_count, s.body ? 2 : s.warning_count);
    engine_sent_free(&s);
}

/* Where there is nothing to operate, its system prompt is one like any other. */
TEST(prompted_uitars_without_a_tool) {
    llmprov_request req = { .model = "uitars-1.5", .system = "Be brief.", .prompt = "Hi" };
    engine_sent s = engine_send_with("openai-chat", &(llmprov_desc){ .provider = "uitars" }, &req, __FILE__, __LINE__);
    CHECK_BODY(s, "messages[0]", "{\"role\":\"system\",\"content\":\"Be brief.\"}");
    CHECK_INT(s.warning_count, 0);
    engine_sent_free(&s);
}

// -- the computer in a vendor's own words ----------------------------------------------------

/* What came is sent back by the same provider: the assistant's turn and results for each of its calls. */
static engine_sent prompted_return(const char *provider, const llmprov_request *with, const llmprov_message *turn) {
    llmprov_desc desc = { .provider = provider };
    llmprov_history h = { .alloc = test_alloc() };
    llmprov_request req = *with;
    const llmprov_block *use = NULL;
    llmprov_text saved;
    engine_sent s;
    engine_text kept = { NULL, 0, 0 };                       /* what a program keeps between two turns is JSON */
    llmprov_add_text(&h, LLMPROV_ROLE_USER, "Go.");
    llmprov_add_message(&h, turn);
    while ((use = llmprov_block_next(turn, LLMPROV_BLOCK_TOOL_USE, use)) != NULL) {
        llmprov_block shot = { .type = LLMPROV_BLOCK_IMAGE, .mime = "image/png", .data = "hi", .data_len = 2 };
        llmprov_block result = { .type = LLMPROV_BLOCK_TOOL_RESULT, .id = use->id, .content = &shot, .content_count = 1 };
        llmprov_add_block(&h, LLMPROV_ROLE_USER, &result);
    }
    if (!h.status && !llmprov_history_save(&h, &saved)) {
        engine_add(&kept, saved.ptr, saved.len);
        llmprov_text_free(&saved);
    }
    llmprov_history_free(&h);
    h.alloc = test_alloc();
    if (kept.len) llmprov_history_load(&h, kept.ptr, kept.len, NULL);
    req.prompt = NULL;
    req.history = &h;
    s = engine_send_with(provider, &desc, &req, __FILE__, __LINE__);
    llmprov_history_free(&h);
    engine_text_free(&kept);
    return s;
}

#define PROMPTED_OUTPUT(items) "{'id':'resp_1','object':'response','status':'completed','model':'gpt-5.4','output':[" items "],'usage':{'input_tokens':5,'output_tokens':7}}"

static const llmprov_tool prompted_screen[] = { { .type = "computer", .extra = "{\"display_width_px\":1000,\"display_height_px\":500,\"environment\":\"browser\"}" } };

TEST(prompted_the_tool_in_each_vendors_words) {
    static const struct { const char *provider, *model, *path, *tool; } cases[] = {
        { "anthropic", "claude-sonnet-4-6", "tools[0]", "{'type':'computer_20251124','name':'computer','display_width_px':1000,'display_height_px':500}" },
        { "anthropic", "claude-sonnet-4-5", "tools[0]", "{'type':'computer_20250124','name':'computer','display_width_px':1000,'display_height_px':500}" },
        { "anthropic", "claude-3-5-sonnet-20241022", "tools[0]", "{'type':'computer_20241022','name':'computer','display_width_px':1000,'display_height_px':500}" },
        { "openai-responses", "gpt-5.4", "tools[0]", "{'type':'computer'}" }, { "xai-responses", "grok-4.3", "tools[0].type", "'function'" },
        { "gemini", "gemini-3.5-flash", "tools[0].computerUse", "{'environment':'ENVIRONMENT_BROWSER','excludedPredefinedFunctions':['open_web_browser','search','navigate']}" },
        { "openai", "gpt-5.2", "tools[0].function.name", "'computer'" }, { "ollama-native", "qwen3", "tools[0].function.name", "'computer'" },
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases && !test_excused(); i++) {
        llmprov_desc desc = { .provider = cases[i].provider };
        llmprov_request req = { .model = cases[i].model, .prompt = "Go.", .tools = prompted_screen, .tool_count = 1 };
        engine_sent s = engine_send_with(cases[i].provider, &desc, &req, __FILE__, __LINE__);
        CHECK_BODY(s, cases[i].path, Q(cases[i].tool));
        if (i < 2 && s.http) CHECK_STR(engine_header(&s, "anthropic-beta"), i ? "computer-use-2025-01-24" : "computer-use-2025-11-24");
        engine_sent_free(&s);
    }
}

TEST(prompted_openai_actions) {
    static const struct { const char *actions, *expected; } cases[] = {
        { "{'type':'click','button':'left','x':156,'y':50},{'type':'type','text':'hi'},{'type':'keypress','keys':['CTRL','C']}",
          "computer {\"action\":\"left_click\",\"coordinate\":[156,50]}|computer {\"action\":\"type\",\"text\":\"hi\"}|computer {\"action\":\"key\",\"text\":\"ctrl+c\"}" },
        { "{'type':'click','button':'wheel','x':1,'y':2,'keys':['SHIFT']},{'type':'click','button':'back','x':1,'y':2}",
          "computer {\"action\":\"middle_click\",\"coordinate\":[1,2],\"text\":\"shift\"}|computer {\"action\":\"key\",\"text\":\"alt+Left\"}" },
        { "{'type':'scroll','x':1,'y':2,'scroll_x':-250,'scroll_y':300},{'type':'wait'},{'type':'screenshot'},{'type':'move','x':3,'y':4},{'type':'double_click','x':3,'y':4,'keys':null}",
          "computer {\"action\":\"scroll\",\"coordinate\":[1,2],\"scroll_direction\":\"down\",\"scroll_amount\":3}|computer {\"action\":\"scroll\",\"coordinate\":[1,2],\"scroll_direction\":\"left\",\"scroll_amount\":3}|"
          "computer {\"action\":\"wait\",\"duration\":2}|computer {\"action\":\"screenshot\"}|computer {\"action\":\"mouse_move\",\"coordinate\":[3,4]}|computer {\"action\":\"double_click\",\"coordinate\":[3,4]}" },
        { "{'type':'drag','path':[{'x':1,'y':2},{'x':3,'y':4}]}", "computer {\"action\":\"left_click_drag\",\"start_coordinate\":[1,2],\"coordinate\":[3,4]}" },
        { "{'type':'drag','path':[{'x':1,'y':2},{'x':3,'y':4},{'x':5,'y':6}]}", "computer {\"action\":\"mouse_move\",\"coordinate\":[1,2]}|computer {\"action\":\"left_mouse_down\"}|"
          "computer {\"action\":\"mouse_move\",\"coordinate\":[3,4]}|computer {\"action\":\"mouse_move\",\"coordinate\":[5,6]}|computer {\"action\":\"left_mouse_up\"}" },
    };
    llmprov_request req = { .model = "gpt-5.4", .prompt = "Go.", .tools = prompted_screen, .tool_count = 1 };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases && !test_excused(); i++) {
        char body[2000], item[1500];
        engine_text got = { NULL, 0, 0 };
        engine_wire w;
        engine_reply reply;
        engine_sent back;
        sprintf(item, "{'type':'computer_call','id':'cu_1','call_id':'call_1','status':'completed','actions':[%s],'pending_safety_checks':[{'id':'sc_1','code':'c','message':'m'}]}", cases[i].actions);
        sprintf(body, PROMPTED_OUTPUT("%s"), item);
        strcpy(body, Q(body));
        w = engine_wire_of(ENGINE_WHOLE, 200, body, strlen(body));
        reply = engine_read_wire(engine_open("openai-responses", NULL), &req, ENGINE_WHOLE, &w, __FILE__, __LINE__);
        prompted_show(&got, &reply.r.message);
        if (!test_excused()) CHECK_STR(got.ptr, cases[i].expected);
        if (!test_excused()) CHECK_INT(reply.r.stop, LLMPROV_STOP_TOOL_USE);
        CHECK_INT(reply.r.warning_count, test_excused() ? reply.r.warning_count : 0);
        if (!test_excused()) CHECK_STR(engine_call(reply, 0)->id, "call_1");
        back = prompted_return("openai-responses", &req, &reply.r.message);
        CHECK_BODY(back, "input[1]", Q(item));
        CHECK_BODY(back, "input[2]", Q("{'type':'computer_call_output','call_id':'call_1','output':{'type':'computer_screenshot','image_url':'data:image/png;base64,aGk='}}"));
        CHECK_BODY(back, "input[3]", NULL);
        CHECK_INT(back.warning_count, back.body ? 0 : back.warning_count);
        engine_sent_free(&back);
        engine_reply_free(&reply);
        engine_text_free(&got);
    }
}

/* The history of another provider is said in OpenAI's words, an action a call. */
TEST(prompted_openai_is_told_of_others) {
    llmprov_history h = engine_history(Q("{'messages':[{'role':'user','content':'Go.'},{'role':'assistant','content':["
        "{'type':'tool_use','id':'a','name':'computer','input':{'action':'left_click','coordinate':[3,4],'text':'ctrl'}},{'type':'tool_use','id':'b','name':'computer','input':{'action':'scroll','scroll_direction':'up','scroll_amount':2}},"
        "{'type':'tool_use','id':'c','name':'computer','input':{'action':'left_click_drag','start_coordinate':[1,2],'coordinate':[5,6]}},{'type':'tool_use','id':'d','name':'computer','input':{'action':'key','text':'ctrl+Return'}},"
        "{'type':'tool_use','id':'e','name':'computer','input':{'action':'zoom','region':[1,2,3,4]}}]},"
        "{'role':'user','content':[{'type':'tool_result','tool_use_id':'a','content':[" PROMPTED_SHOT "]},{'type':'tool_result','tool_use_id':'b','content':[" PROMPTED_SHOT "]},{'type':'tool_result','tool_use_id':'c','content':[" PROMPTED_SHOT "]},"
        "{'type':'tool_result','tool_use_id':'d','content':[" PROMPTED_SHOT "]},{'type':'tool_result','tool_use_id':'e','content':[" PROMPTED_SHOT "]}]}]}"));
    llmprov_request req = { .model = "gpt-5.4", .history = &h, .tools = prompted_screen, .tool_count = 1 };
    engine_sent s = engine_send("openai-responses", &req);
    CHECK_BODY(s, "input[1].type", "\"computer_call\"");
    CHECK_BODY(s, "input[1].call_id", "\"a\"");
    CHECK_BODY(s, "input[1].actions", Q("[{'type':'click','button':'left','x':3,'y':4,'keys':['CTRL']}]"));
    CHECK_BODY(s, "input[1].pending_safety_checks", "[]");
    CHECK_BODY(s, "input[2].actions", Q("[{'type':'scroll','x':3,'y':4,'scroll_x':0,'scroll_y':-200}]"));
    CHECK_BODY(s, "input[3].actions", Q("[{'type':'drag','path':[{'x':1,'y':2},{'x':5,'y':6}]}]"));
    CHECK_BODY(s, "input[4].actions", Q("[{'type':'keypress','keys':['CTRL','ENTER']}]"));
    CHECK_BODY(s, "input[5].actions", Q("[{'type':'screenshot'}]"));
    CHECK_BODY(s, "input[6].type", "\"computer_call_output\"");
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "messages[1].content[4]");
    CHECK_INT(s.warning_count, s.body ? 1 : s.warning_count);
    engine_sent_free(&s);
    llmprov_history_free(&h);
}

#define PROMPTED_GEMINI(parts) "{'candidates':[{'content':{'role':'model','parts':[" parts "]},'finishReason':'STOP','index':0}],'usageMetadata':{'promptTokenCount':5,'candidatesTokenCount':7},'modelVersion':'gemini-3.5-flash','responseId':'r1'}"

TEST(prompted_gemini_actions) {
    static const struct { const char *name, *args, *expected; } cases[] = {
        { "click_at", "{'x':500,'y':500}", "computer {\"action\":\"left_click\",\"coordinate\":[500,250]}" },
        { "hover_at", "{'x':10,'y':20}", "computer {\"action\":\"mouse_move\",\"coordinate\":[10,10]}" },
        { "type_text_at", "{'x':500,'y':500,'text':'hi'}", "computer {\"action\":\"left_click\",\"coordinate\":[500,250]}|computer {\"action\":\"key\",\"text\":\"ctrl+a\"}|computer {\"action\":\"key\",\"text\":\"BackSpace\"}|"
          "computer {\"action\":\"type\",\"text\":\"hi\"}|computer {\"action\":\"key\",\"text\":\"Return\"}" },
        { "type_text_at", "{'x':500,'y':500,'text':'hi','press_enter':false,'clear_before_typing':false}", "computer {\"action\":\"left_click\",\"coordinate\":[500,250]}|computer {\"action\":\"type\",\"text\":\"hi\"}" },
        { "key_combination", "{'keys':'control+c'}", "computer {\"action\":\"key\",\"text\":\"ctrl+c\"}" },
        { "scroll_document", "{'direction':'down'}", "computer {\"action\":\"scroll\",\"scroll_direction\":\"down\",\"scroll_amount\":8}" },
        { "scroll_at", "{'x':0,'y':999,'direction':'up','magnitude':300}", "computer {\"action\":\"scroll\",\"coordinate\":[0,500],\"scroll_direction\":\"up\",\"scroll_amount\":3}" },
        { "drag_and_drop", "{'x':0,'y':0,'destination_x':100,'destination_y':200}", "computer {\"action\":\"left_click_drag\",\"start_coordinate\":[0,0],\"coordinate\":[100,100]}" },
        { "wait_5_seconds", "{}", "computer {\"action\":\"wait\",\"duration\":5}" }, { "go_back", "{}", "computer {\"action\":\"key\",\"text\":\"alt+Left\"}" },
        { "open_web_browser", "{}", "computer {\"action\":\"screenshot\"}" }, { "search", "{}", "search {}" },
        { "navigate", "{'url':'a.example'}", "computer {\"action\":\"key\",\"text\":\"ctrl+l\"}|computer {\"action\":\"type\",\"text\":\"a.example\"}|computer {\"action\":\"key\",\"text\":\"Return\"}" },
    };
    llmprov_request req = { .model = "gemini-3.5-flash", .prompt = "Go.", .tools = prompted_screen, .tool_count = 1 };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases && !test_excused(); i++) {
        char body[1500], part[800];
        engine_text got = { NULL, 0, 0 };
        engine_wire w;
        engine_reply reply;
        engine_sent back;
        sprintf(part, "{'functionCall':{'id':'f1','name':'%s','args':%s},'thoughtSignature':'c2ln'}", cases[i].name, cases[i].args);
        sprintf(body, PROMPTED_GEMINI("%s"), part);
        strcpy(body, Q(body));
        w = engine_wire_of(ENGINE_WHOLE, 200, body, strlen(body));
        reply = engine_read_wire(engine_open("gemini-generate", NULL), &req, ENGINE_WHOLE, &w, __FILE__, __LINE__);
        prompted_show(&got, &reply.r.message);
        if (!test_excused()) CHECK_STR(got.ptr, cases[i].expected);
        back = prompted_return("gemini", &req, &reply.r.message);
        CHECK_BODY(back, "contents[1].parts", Q((sprintf(body, "[%s]", part), body)));
        CHECK_BODY(back, "contents[2].parts[0].functionResponse.name", Q((sprintf(body, "'%s'", cases[i].name), body)));
        CHECK_BODY(back, "contents[2].parts[0].functionResponse.id", "\"f1\"");
        CHECK_BODY(back, "contents[2].parts[1].functionResponse", NULL);
        engine_sent_free(&back);
        engine_reply_free(&reply);
        engine_text_free(&got);
    }
}

TEST(prompted_gemini_is_told_of_others) {
    llmprov_history h = engine_history(Q("{'messages':[{'role':'user','content':'Go.'},{'role':'assistant','content':["
        "{'type':'tool_use','id':'a','name':'computer','input':{'action':'left_click','coordinate':[500,250]}},{'type':'tool_use','id':'b','name':'computer','input':{'action':'type','text':'hi'}},"
        "{'type':'tool_use','id':'c','name':'computer','input':{'action':'key','text':'ctrl+Return'}},{'type':'tool_use','id':'d','name':'computer','input':{'action':'scroll','scroll_direction':'left','scroll_amount':3}},"
        "{'type':'tool_use','id':'e','name':'computer','input':{'action':'right_click','coordinate':[1,2]}}]},"
        "{'role':'user','content':[{'type':'tool_result','tool_use_id':'a','content':'ok'},{'type':'tool_result','tool_use_id':'b','content':'ok'},{'type':'tool_result','tool_use_id':'c','content':'ok'},"
        "{'type':'tool_result','tool_use_id':'d','content':'ok'},{'type':'tool_result','tool_use_id':'e','content':'ok'}]}]}"));
    llmprov_request req = { .model = "gemini-3.5-flash", .history = &h, .tools = prompted_screen, .tool_count = 1 };
    engine_sent s = engine_send("gemini", &req);
    CHECK_BODY(s, "contents[1].parts[0].functionCall", Q("{'id':'a','name':'click_at','args':{'x':500,'y':500}}"));
    CHECK_BODY(s, "contents[1].parts[1].functionCall", Q("{'id':'b','name':'type_text_at','args':{'x':500,'y':500,'text':'hi','press_enter':false,'clear_before_typing':false}}"));
    CHECK_BODY(s, "contents[1].parts[2].functionCall", Q("{'id':'c','name':'key_combination','args':{'keys':'control+enter'}}"));
    CHECK_BODY(s, "contents[1].parts[3].functionCall", Q("{'id':'d','name':'scroll_document','args':{'direction':'left'}}"));
    CHECK_BODY(s, "contents[1].parts[4].functionCall", Q("{'id':'e','name':'computer','args':{'action':'right_click','coordinate':[1,2]}}"));
    CHECK_BODY(s, "contents[2].parts[0].functionResponse.name", "\"click_at\"");
    CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "messages[1].content[4]");
    engine_sent_free(&s);
    llmprov_history_free(&h);
}

/* A history whose computer calls OpenAI itself made, beside calls of others. */
TEST(prompted_openai_is_told_of_its_own) {
#define PROMPTED_OWN(id, input, extra) "{'type':'tool_use','id':'" id "','name':'computer','input':" input ",'origin':'openai-responses'" extra "}"
#define PROMPTED_DONE(id, content) "{'type':'tool_result','tool_use_id':'" id "','content':" content "}"
    llmprov_history h = engine_history(Q("{'messages':[{'role':'user','content':'Go.'},{'role':'assistant','content':["
        "{'type':'text','text':'Well.'}," PROMPTED_OWN("a", "{'action':'wait'}", ",'item_type':'computer_call','item_batch':true") ","                         /* a part of nothing stands for itself */
        "{'type':'tool_use','id':'n','name':'note','input':{}},"
        PROMPTED_OWN("b", "{'action':'type','text':'x'}", ",'item_type':'computer_call','item_actions':{'actions':[{'type':'type','text':'x'},{'type':'wait'},{'type':'wait'},{'type':'wait'}]}") ","
        PROMPTED_OWN("c", "{'action':'wait'}", ",'item_batch':true") "," PROMPTED_OWN("d", "{'action':'wait'}", ",'item_batch':true") "," PROMPTED_OWN("e", "{'action':'wait'}", ",'item_batch':true") "]},"
        "{'role':'user','content':[" PROMPTED_DONE("a", "[" PROMPTED_SHOT "]") "," PROMPTED_DONE("n", "'noted'") "," PROMPTED_DONE("b", "[{'type':'text','text':'one'}," PROMPTED_SHOT "]") ","
        "{'type':'tool_result','tool_use_id':'c','content':'two','is_error':true}," PROMPTED_DONE("d", "[" PROMPTED_SHOT ",{'type':'text','text':'three'}]") "," PROMPTED_DONE("e", "[]") "]},"
        "{'role':'assistant','content':[" PROMPTED_OWN("f", "{'action':'wait'}", ",'item_type':'computer_call','item_batch':true") ",{'type':'tool_use','id':'g','name':'computer','input':{'action':'wait'},'origin':'gemini-generate','item_batch':true}]},"
        "{'role':'user','content':[" PROMPTED_DONE("f", "[" PROMPTED_SHOT "]") "," PROMPTED_DONE("g", "[" PROMPTED_SHOT "]") "]}]}"));
    llmprov_tool tools[] = { { .name = NULL }, { .name = "note" } };
    llmprov_request req = { .model = "gpt-5.4", .history = &h, .tools = tools, .tool_count = 2 };
    engine_sent s;
    tools[0] = prompted_screen[0];
    s = engine_send("openai-responses", &req);
    CHECK_BODY(s, "input[2].actions", Q("[{'type':'wait'}]"));
    CHECK_BODY(s, "input[3].type", "\"function_call\"");
    CHECK_BODY(s, "input[4].actions", Q("[{'type':'type','text':'x'},{'type':'wait'},{'type':'wait'},{'type':'wait'}]"));
    CHECK_BODY(s, "input[5].type", "\"computer_call_output\"");
    CHECK_BODY(s, "input[5].call_id", "\"a\"");
    CHECK_BODY(s, "input[6].type", "\"function_call_output\"");
    CHECK_BODY(s, "input[7].call_id", "\"b\"");
    CHECK_BODY(s, "input[7].output", Q("{'type':'computer_screenshot','image_url':'data:image/png;base64,aGk='}"));
    CHECK_BODY(s, "input[8].actions", Q("[{'type':'wait'}]"));
    CHECK_BODY(s, "input[9].call_id", "\"g\"");
    CHECK_BODY(s, "input[10].call_id", "\"f\"");
    CHECK_BODY(s, "input[11].call_id", "\"g\"");
    CHECK_BODY(s, "input[12]", NULL);
    engine_sent_free(&s);
    llmprov_history_free(&h);
}

/* Parts of one call answer as one: of pictures the last, of texts all, and one error is an error. */
TEST(prompted_gemini_results_of_one_call) {
    static const char *const tails[] = { PROMPTED_DONE("b", "'two'"), PROMPTED_DONE("b", "[" PROMPTED_SHOT "]"), "{'type':'tool_result','tool_use_id':'b','is_error':true,'content':'bad'}", PROMPTED_DONE("b", "[]") };
    static const char *const outputs[] = { "'one\\ntwo'", "'one'", "'one\\nbad'", "'one'" };
    size_t i;
    for (i = 0; i < 4 && !test_excused(); i++) {
        char text[2000];
        llmprov_history h;
        llmprov_request req = { .model = "gemini-3.5-flash", .tools = prompted_screen, .tool_count = 1 };
        engine_sent s;
        sprintf(text, "{'messages':[{'role':'user','content':'Go.'},{'role':'assistant','content':["
            "{'type':'tool_use','id':'a','name':'computer','input':{'action':'left_click','coordinate':[1,2]},'origin':'gemini-generate','item_actions':{'x':1,'y':2},'item_function':'click_at'},"
            "{'type':'tool_use','id':'b','name':'computer','input':{'action':'wait'},'origin':'gemini-generate','item_batch':true}]},"
            "{'role':'user','content':[" PROMPTED_DONE("a", "[{'type':'text','text':'one'}," PROMPTED_SHOT "]") ",%s]}]}", tails[i]);
        h = engine_history(Q(text));
        req.history = &h;
        s = engine_send("gemini", &req);
        CHECK_BODY(s, "contents[1].parts[0].functionCall", Q("{'id':'a','name':'click_at','args':{'x':1,'y':2}}"));
        CHECK_BODY(s, "contents[1].parts[1]", NULL);
        CHECK_BODY(s, i == 2 ? "contents[2].parts[0].functionResponse.response.error" : "contents[2].parts[0].functionResponse.response.output", Q(outputs[i]));
        CHECK_BODY(s, "contents[2].parts[1].functionResponse", NULL);
        engine_sent_free(&s);
        llmprov_history_free(&h);
    }
}

/* Calls without actions, with one in the older form, with one that is not known before others. */
TEST(prompted_openai_odd_calls) {
    static const struct { const char *members, *expected; size_t warnings; } cases[] = {
        { "'action':{'type':'wait'}", "computer {\"action\":\"wait\",\"duration\":2}", 0 }, { "'action':{'type':'fly'}", "computer {\"action\":{\"type\":\"fly\"}}", 1 }, { "'actions':[]", "computer {\"actions\":[]}", 1 },
        { "'actions':[{'type':'fly'},{'type':'wait'}]", "computer {\"actions\":[{\"type\":\"fly\"},{\"type\":\"wait\"}]}", 1 }, { "'status':'completed'", "computer {}", 1 },
    };
    llmprov_request req = { .model = "gpt-5.4", .prompt = "Go.", .tools = prompted_screen, .tool_count = 1 };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases) && !test_excused(); i++) {
        char body[800];
        engine_text got = { NULL, 0, 0 };
        engine_wire w;
        engine_reply reply;
        sprintf(body, PROMPTED_OUTPUT("{'type':'computer_call','id':'cu_1','call_id':'call_1',%s,'pending_safety_checks':[]},{'type':'function_call','id':'fc','call_id':'call_2','name':'note','arguments':'{}'}"), cases[i].members);
        strcpy(body, Q(body));
        w = engine_wire_of(ENGINE_WHOLE, 200, body, strlen(body));
        reply = engine_read_wire(engine_open("openai-responses", NULL), &req, ENGINE_WHOLE, &w, __FILE__, __LINE__);
        prompted_show(&got, &reply.r.message);
        engine_adds(&got, "");
        if (!test_excused()) CHECK(!strncmp(got.ptr, cases[i].expected, strlen(cases[i].expected)) && !strcmp(got.ptr + strlen(cases[i].expected), "|note {}"));
        CHECK_INT(reply.r.warning_count, cases[i].warnings);
        engine_reply_free(&reply);
        engine_text_free(&got);
    }
}

/* Which tools operate a computer, and what is known of its display. */
TEST(prompted_displays) {
    static const struct { llmprov_tool tool; const char *model, *provider, *path, *expected; } cases[] = {
        { { .type = "computers", .name = "c" }, "claude-sonnet-4-6", "anthropic", "tools[0].type", "'computers'" },
        { { .type = "computer", .name = "pc", .extra = "{\"display_width_px\":1000,\"display_height_px\":500}" }, "claude-sonnet-4-6", "anthropic", "tools[0].name", "'pc'" },
        { { .type = "computer", .extra = "{\"display_width_px\":1000,\"display_height_px\":0}" }, "gpt-5.4", "openai-responses", "tools[0].display_height", NULL },
        { { .type = "computer", .extra = "{\"display_width_px\":100001,\"display_height_px\":500}" }, "gpt-5.4", "openai-responses", "tools[0].type", "'computer'" },
        { { .type = "computer", .extra = "{\"display_width\":1000,\"display_height\":500,\"environment\":\"mac\"}" }, "gemini-3.5-flash", "gemini", "tools[0].computerUse.environment", "'ENVIRONMENT_DESKTOP'" },
        { { .type = "computer", .extra = "{\"display_width\":1000,\"display_height\":500}" }, "gemini-3.5-flash", "gemini", "tools[0].computerUse.environment", "'ENVIRONMENT_BROWSER'" },
        { { .type = "computer", .extra = "{\"display_width\":1000,\"display_height\":500,\"environment\":\"moon\"}" }, "gemini-3.5-flash", "gemini", "tools[0].computerUse.environment", "'ENVIRONMENT_BROWSER'" },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases) && !test_excused(); i++) {
        llmprov_request req = { .model = cases[i].model, .prompt = "Go.", .tools = &cases[i].tool, .tool_count = 1 };
        engine_sent s = engine_send(cases[i].provider, &req);
        CHECK_BODY(s, cases[i].path, cases[i].expected ? Q(cases[i].expected) : NULL);
        engine_sent_free(&s);
    }
}

/* In UI-TARS's history: what is typed is submitted by the key that follows, by no other; functions are called with what they were. */
TEST(prompted_uitars_history) {
    static const struct { const char *calls, *said; } cases[] = {
        { "{'type':'tool_use','id':'a','name':'computer','input':{'action':'type','text':'x'}}", "Action: type(content='x')" },
        { "{'type':'tool_use','id':'a','name':'computer','input':{'action':'type','text':'x'}},{'type':'tool_use','id':'b','name':'computer','input':{'action':'key','text':'a'}}", "Action: type(content='x')\\n\\nhotkey(key='a')" },
        { "{'type':'tool_use','id':'a','name':'computer','input':{'action':'type','text':'x'}},{'type':'tool_use','id':'b','name':'computer','input':{'action':'wait'}}", "Action: type(content='x')\\n\\nwait()" },
        { "{'type':'tool_use','id':'a','name':'computer','input':{'action':'type','text':'x'}},{'type':'tool_use','id':'b','name':'note','input':{'text':'t','n':1}}", "Action: type(content='x')\\n\\nnote(text=\\\"t\\\", n='1')" },
        { "{'type':'tool_use','id':'a','name':'computer','input':{'action':'type','text':'x'}},{'type':'text','text':'so'}", "Action: type(content='x')\\nso" },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases) && !test_excused(); i++) {
        char text[1500], said[300];
        llmprov_tool tools[] = PROMPTED_TOOLS;
        llmprov_history h;
        llmprov_request req = { .model = "uitars-1.5", .tools = tools, .tool_count = 2 };
        engine_sent s;
        sprintf(text, "{'messages':[{'role':'user','content':'Go.'},{'role':'assistant','content':[%s]},{'role':'user','content':[{'type':'tool_result','tool_use_id':'a','content':'ok'}%s]}]}", cases[i].calls,
                strstr(cases[i].calls, "'id':'b'") ? ",{'type':'tool_result','tool_use_id':'b','content':'ok'}" : "");
        h = engine_history(Q(text));
        req.history = &h;
        s = engine_send_with("openai-chat", &(llmprov_desc){ .provider = "uitars" }, &req, __FILE__, __LINE__);
        sprintf(said, "\"%s\"", cases[i].said);
        CHECK_BODY(s, "messages[1].content", said);
        engine_sent_free(&s);
        llmprov_history_free(&h);
    }
}

/* Signed thinking stays beside calls that became text; texts of one result are parted. */
TEST(prompted_turns_keep_what_is_no_text) {
    llmprov_alloc alloc = test_alloc();
    llmprov_registry *reg = llmprov_registry_new(&alloc);
    llmprov_provider row = { .id = "bare", .format = "anthropic-messages", .base_url = "https://api.test/v1", .auth_optional = true, .quirks = { .tools = LLMPROV_TOOLS_PROMPTED } };
    llmprov_desc desc = { .provider = "bare", .registry = reg };
    llmprov_history h = engine_history(Q("{'messages':[{'role':'user','content':'Go.'},{'role':'assistant','content':[{'type':'thinking','thinking':'Hm.','signature':'S'},{'type':'tool_use','id':'a','name':'f','input':{}}]},"
        "{'role':'user','content':[{'type':'tool_result','tool_use_id':'a','content':[{'type':'text','text':'1'},{'type':'text','text':'2'}]}]}]}"));
    llmprov_tool tool = { .name = "f", .description = "" };
    llmprov_request req = { .model = "claude-sonnet-4-5", .history = &h, .max_tokens = LLMPROV_INT(9), .tools = &tool, .tool_count = 1 };
    engine_sent s;
    if (reg) llmprov_register(reg, &row, 0);
    s = engine_send_with("anthropic-messages", &desc, &req, __FILE__, __LINE__);
    CHECK_BODY(s, "messages[1].content", Q("[{'type':'thinking','thinking':'Hm.','signature':'S'},{'type':'text','text':'<tool_call>\\n{\\'name\\': \\'f\\', \\'arguments\\': {}}\\n</tool_call>'}]"));
    CHECK_BODY(s, "messages[2].content", Q("'<tool_response name=\\'f\\'>\\n1\\n2\\n</tool_response>'"));
    CHECK(test_excused() || strstr(s.text ? s.text : "", "{\\\"name\\\":\\\"f\\\",\\\"parameters\\\""));
    engine_sent_free(&s);
    llmprov_registry_free(reg);
    llmprov_history_free(&h);
}

/* A reply of each kind, each allocation of which is refused in turn. */
static void prompted_once(llmprov_tool_form form, const char *text, const char *expected) {
    llmprov_tool tools[] = PROMPTED_TOOLS;
    llmprov_request req = { .model = "m", .prompt = "Hi", .tools = tools, .tool_count = 2 };
    engine_text body = prompted_wire(text, ENGINE_STREAM, 1000, "stop"), got = { NULL, 0, 0 };
    engine_wire w = engine_wire_of(ENGINE_STREAM, 200, body.ptr, body.len);
    llmprov_registry *reg;
    engine_reply reply = engine_read_once_wire(prompted_open(&reg, form), &req, ENGINE_STREAM, &w, __FILE__, __LINE__);
    prompted_show(&got, &reply.r.message);
    if (!reply.r.error.code) CHECK_STR(got.ptr, expected);
    engine_reply_free(&reply);
    llmprov_registry_free(reg);
    engine_text_free(&got);
    engine_text_free(&body);
}

TEST(prompted_a_call_without_memory) { prompted_once(LLMPROV_TOOLS_PROMPTED, "A <tool_call>{\"name\":\"note\",\"arguments\":{}}</tool_call> <tool_call>{\"a\":1}", "A|note {}|<tool_call>{\"a\":1}"); }
TEST(prompted_actions_without_memory) { prompted_once(LLMPROV_TOOLS_UITARS, "Thought: A\nAction: note(n=1)\n\nwait()\n\nfly()", "A\nfly()|note {\"n\":1}|computer {\"action\":\"wait\",\"duration\":5}"); }

TEST(prompted_vendors_calls_without_memory) {
    static const char *const formats[] = { "openai-responses", "gemini-generate" }, *const bodies[] = {
        PROMPTED_OUTPUT("{'type':'message','id':'m1','role':'assistant','content':[{'type':'output_text','text':'So.'}]},{'type':'computer_call','id':'cu_1','call_id':'call_1','actions':[{'type':'wait'}]}"),
        PROMPTED_GEMINI("{'text':'So.'},{'functionCall':{'id':'f1','name':'wait_5_seconds','args':{}}}") };
    size_t i;
    for (i = 0; i < 2 && !test_excused(); i++) {
        const char *body = Q(bodies[i]);
        llmprov_request req = { .model = i ? "gemini-3.5-flash" : "gpt-5.4", .prompt = "Go.", .tools = prompted_screen, .tool_count = 1 };
        engine_wire w = engine_wire_of(ENGINE_WHOLE, 200, body, strlen(body));
        engine_reply reply = engine_read_once_wire(engine_open(formats[i], NULL), &req, ENGINE_WHOLE, &w, __FILE__, __LINE__);
        engine_text got = { NULL, 0, 0 };
        prompted_show(&got, &reply.r.message);
        if (!reply.r.error.code) CHECK_STR(got.ptr, i ? "So.|computer {\"action\":\"wait\",\"duration\":5}" : "So.|computer {\"action\":\"wait\",\"duration\":2}");
        engine_reply_free(&reply);
        engine_text_free(&got);
    }
}

/* A result that no call asked for belongs to some tool. */
TEST_NO_OOM(prompted_results_without_a_call) {
    llmprov_block blocks[2] = { { .text = "x" }, { .type = LLMPROV_BLOCK_TOOL_USE, .id = "a", .name = "f" } }, result = { .type = LLMPROV_BLOCK_TOOL_RESULT, .id = "b" };
    llmprov_message turn = { .role = LLMPROV_ROLE_ASSISTANT, .blocks = blocks, .block_count = 2 };
    llmprov__prompted p;
    llmprov__prompted_walk k;
    memset(&p, 0, sizeof p);
    memset(&k, 0, sizeof k);
    p.name = "computer";
    k.p = &p;
    CHECK_STR(llmprov__prompted_asked(&k, &result), "tool");
    CHECK(!llmprov__prompted_is_part(&k, &result));
    k.turn = &turn;
    CHECK_STR(llmprov__prompted_asked(&k, &result), "tool");
    k.next = 0;
    CHECK(!llmprov__prompted_is_part(&k, &result) && !k.led);
    k.next = 0;
    result.id = "a";
    CHECK_STR(llmprov__prompted_asked(&k, &result), "f");
    k.next = 0;
    blocks[1].name = "computer";
    blocks[1].id = "c";
    CHECK(!llmprov__prompted_is_part(&k, &result) && k.led);        /* a call without its result leads those behind it */
}

/* Where tools are refused a text that looks like a call is a text. */
TEST(prompted_refused_hears_nothing) {
    llmprov_history h = engine_history(Q("{'messages':[{'role':'user','content':'Go.'},{'role':'assistant','content':[{'type':'tool_use','id':'a','name':'f','input':{}}]},"
        "{'role':'user','content':[{'type':'tool_result','tool_use_id':'a','content':'1'}]},{'role':'assistant','content':'One.'},{'role':'user','content':'So?'}]}"));
    llmprov_request req = { .model = "m", .history = &h };
    const char *text = "<tool_call>{\"name\":\"f\"}</tool_call>";
    engine_text body = prompted_wire(text, ENGINE_WHOLE, 0, "stop");
    engine_wire w = engine_wire_of(ENGINE_WHOLE, 200, body.ptr, body.len);
    llmprov_registry *reg;
    engine_reply reply = engine_read_once_wire(prompted_open(&reg, LLMPROV_TOOLS_REFUSED), &req, ENGINE_WHOLE, &w, __FILE__, __LINE__);
    if (!reply.r.error.code) CHECK_STR(reply.r.text, text);
    engine_reply_free(&reply);
    llmprov_registry_free(reg);
    llmprov_history_free(&h);
    engine_text_free(&body);
}

/* A shape that the model refuses leaves its own points, and so does half a size. */
TEST(prompted_uitars_odd_displays) {
    static const char *const extras[] = { "{\"display_width_px\":300,\"display_height_px\":1}", "{\"display_width_px\":300}" };
    size_t i;
    for (i = 0; i < 2 && !test_excused(); i++) {
        llmprov_tool tool = { .type = "computer_20250124", .name = "computer", .extra = extras[i] };
        llmprov_request req = { .model = "uitars-1.5", .prompt = "Hi", .tools = &tool, .tool_count = 1 };
        engine_sent s = engine_send_with("openai-chat", &(llmprov_desc){ .provider = "uitars" }, &req, __FILE__, __LINE__);
        CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "tools");
        CHECK_INT(s.warning_count, s.body ? 2 : s.warning_count);
        engine_sent_free(&s);
    }
}

/* What is not known of a call comes as its provider said it, with a warning. */
TEST(prompted_openai_unknown_action) {
    const char *body = Q(PROMPTED_OUTPUT("{'type':'computer_call','id':'cu_1','call_id':'call_1','status':'completed','actions':[{'type':'click','button':'left','x':1,'y':2},{'type':'levitate'}],'pending_safety_checks':[]}"));
    llmprov_request req = { .model = "gpt-5.4", .prompt = "Go.", .tools = prompted_screen, .tool_count = 1 };
    engine_wire w = engine_wire_of(ENGINE_WHOLE, 200, body, strlen(body));
    engine_reply reply = engine_read_wire(engine_open("openai-responses", NULL), &req, ENGINE_WHOLE, &w, __FILE__, __LINE__);
    if (!test_excused()) CHECK_JSON(engine_call(reply, 0)->json, engine_call(reply, 0)->json_len, Q("{'actions':[{'type':'click','button':'left','x':1,'y':2},{'type':'levitate'}]}"));
    CHECK(test_excused() || engine_warned(reply.r.warnings, reply.r.warning_count, LLMPROV_ERR_BAD_REPLY, "content"));
    engine_reply_free(&reply);
}

/* Without the size of a display the tool is its provider's own, and so are its calls. */
TEST(prompted_openai_own_tool_stays) {
    const char *body = Q(PROMPTED_OUTPUT("{'type':'computer_call','id':'cu_1','call_id':'call_1','status':'completed','actions':[{'type':'screenshot'}],'pending_safety_checks':[]}"));
    llmprov_tool tool = { .type = "computer" };
    llmprov_request req = { .model = "gpt-5.4", .prompt = "Go.", .tools = &tool, .tool_count = 1 };
    engine_wire w = engine_wire_of(ENGINE_WHOLE, 200, body, strlen(body));
    engine_reply reply = engine_read_wire(engine_open("openai-responses", NULL), &req, ENGINE_WHOLE, &w, __FILE__, __LINE__);
    if (!test_excused()) CHECK_JSON(engine_call(reply, 0)->json, engine_call(reply, 0)->json_len, Q("{'actions':[{'type':'screenshot'}]}"));
    engine_reply_free(&reply);
}

/* Turns with calls for a target without tools are text, and said to be. */
TEST(pitfall_043_tool_blocks_become_text) {
    llmprov_history h = engine_history(Q("{'messages':[{'role':'user','content':'Go.'},{'role':'assistant','content':[{'type':'tool_use','id':'a','name':'f','input':{}}]},"
        "{'role':'user','content':[{'type':'tool_result','tool_use_id':'a','content':'1'}]}]}"));
    llmprov_request req = { .model = "m", .history = &h };
    llmprov_tool_form form;
    for (form = LLMPROV_TOOLS_PROMPTED; form <= LLMPROV_TOOLS_REFUSED; form = (llmprov_tool_form)(form + 1)) {
        llmprov_registry *reg;
        engine_sent s = prompted_send(&reg, form, &req);
        CHECK_BODY(s, "messages[1]", Q("{'role':'assistant','content':'<tool_call>\\n{\\'name\\': \\'f\\', \\'arguments\\': {}}\\n</tool_call>'}"));
        CHECK_BODY(s, "messages[2]", Q("{'role':'user','content':'<tool_response name=\\'f\\'>\\n1\\n</tool_response>'}"));
        CHECK_WARNED(s, LLMPROV_ERR_ARGUMENT, "tools");
        prompted_sent_free(&s, reg);
    }
    llmprov_history_free(&h);
}

/* A target that cannot stream is asked for the whole reply, and the events are the same. */
TEST(prompted_a_target_that_cannot_stream) {
    llmprov_alloc alloc = test_alloc();
    llmprov_registry *reg = llmprov_registry_new(&alloc);
    llmprov_provider row = { .id = "whole", .format = "openai-chat", .base_url = "https://api.test/v1", .auth_optional = true, .can = LLMPROV_CAN_CHAT };
    llmprov_desc desc = { .provider = "whole", .registry = reg };
    llmprov_request req = { .model = "m", .prompt = "Hi" };
    engine_text body = prompted_wire("Hello.", ENGINE_WHOLE, 0, "stop");
    engine_wire w = engine_wire_of(ENGINE_WHOLE, 200, body.ptr, body.len);
    engine_sent s;
    engine_reply reply;
    if (reg) llmprov_register(reg, &row, 0);
    reply = engine_read_wire(engine_open("openai-chat", &desc), &req, ENGINE_STREAM, &w, __FILE__, __LINE__);
    if (!test_excused()) CHECK_STR(reply.r.text, "Hello.");
    CHECK(test_excused() || engine_warned(reply.r.warnings, reply.r.warning_count, LLMPROV_ERR_ARGUMENT, "stream"));
    CHECK(test_excused() || strstr(reply.told.ptr, "TEXT Hello."));
    engine_reply_free(&reply);
    req.stream = LLMPROV_STREAM_ON;
    s = engine_send_with("openai-chat", &desc, &req, __FILE__, __LINE__);
    CHECK_BODY(s, "stream", NULL);
    engine_sent_free(&s);
    llmprov_registry_free(reg);
    engine_text_free(&body);
}

/* A structured answer that would need a tool of the target's own is refused, not asked for in vain. */
TEST(prompted_structured_answer_by_a_tool) {
    llmprov_alloc alloc = test_alloc();
    llmprov_registry *reg = llmprov_registry_new(&alloc);
    llmprov_provider row = { .id = "bare", .format = "anthropic-messages", .base_url = "https://api.test/v1", .auth_optional = true, .quirks = { .tools = LLMPROV_TOOLS_PROMPTED } };
    llmprov_desc desc = { .provider = "bare", .registry = reg };
    llmprov_request req = { .model = "claude-3-5-haiku", .prompt = "Hi", .max_tokens = LLMPROV_INT(9), .schema = "{\"type\":\"object\"}" };
    engine_sent s;
    if (reg) llmprov_register(reg, &row, 0);
    s = engine_send_with("anthropic-messages", &desc, &req, __FILE__, __LINE__);
    if (!test_excused()) CHECK_INT(s.error.code, LLMPROV_ERR_UNSUPPORTED);
    if (!test_excused()) CHECK_STR(s.error.param, "schema");
    engine_sent_free(&s);
    llmprov_registry_free(reg);
}

/* A complaint that is longer than what memory is at hand. */
TEST(prompted_complaints) {
    llmprov_alloc alloc = test_alloc();
    llmprov_turn *t = llmprov__reply_new(&alloc, 0, 0);
    llmprov_block b = { .type = LLMPROV_BLOCK_TEXT };
    char what[3000];
    int block;
    NEED(t);
    memset(what, 'x', sizeof what);
    what[sizeof what - 1] = 0;
    block = llmprov_turn_block(t, 0, &b);
    if (CHECK(block >= 0)) llmprov__prompted_complain(t, block, 7, what);
    if (!t->error.code && CHECK(t->warnings.count == 1)) CHECK(strstr(t->warnings.items[0].text, "x, at byte 7 of the model's text: it stays text"));
    CHECK_ALWAYS(t->error.code == LLMPROV_OK || t->error.code == LLMPROV_ERR_NO_MEMORY);
    llmprov__reply_free(t);
}
