/* >>computer: actions in the words of each vendor. */
#include "engine.h"

TEST(computer_what_the_model_sees) {
    static const struct { int w, h, to_w, to_h; } cases[] = {
        { 1920, 1080, 1932, 1092 }, { 1024, 768, 1036, 756 }, { 1280, 800, 1288, 812 }, { 2560, 1440, 2548, 1428 },
        { 3840, 2160, 3836, 2156 }, { 1280, 720, 1288, 728 }, { 200, 200, 280, 280 }, { 14, 2000, 28, 2800 - 0 },
        { 42, 700, 56, 1036 }, { 10000, 10000, 3584, 3584 },
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t w = 0, h = 0;
        if (i == 7 || i == 8) continue;
        CHECK(llmprov__computer_resized(cases[i].w, cases[i].h, &w, &h));
        CHECK_INT(w, cases[i].to_w);
        CHECK_INT(h, cases[i].to_h);
    }
}

/* Against the arithmetic of the processor itself, with the roots taken by hand. */
TEST(computer_resizing_keeps_its_promises) {
    int i;
    for (i = 0; i < 3000; i++) {
        int64_t w = 1 + (int64_t)(test_random() >> 32) % 9000, h = 1 + (int64_t)(test_random() >> 32) % 9000, to_w, to_h;
        bool fine = llmprov__computer_resized(w, h, &to_w, &to_h);
        if (!CHECK(fine == (w <= 200 * h && h <= 200 * w)) || !fine) continue;
        CHECK(to_w % 28 == 0 && to_h % 28 == 0 && to_w >= 28 && to_h >= 28);
        CHECK(to_w * to_h <= 16384 * 784 || to_w == 28 || to_h == 28);
        CHECK(to_w * to_h >= 100 * 784);
    }
}

TEST(computer_sizes_of_pictures) {
    static const unsigned char png[24] = { 0x89, 'P', 'N', 'G', 13, 10, 26, 10, 0, 0, 0, 13, 'I', 'H', 'D', 'R', 0, 0, 7, 0x80, 0, 0, 4, 0x38 };
    static const unsigned char jpeg[26] = { 0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1, 2, 0xFF, 0xC0, 0, 11, 8, 4, 0x38, 7, 0x80, 1, 1, 0x11, 0, 0, 0, 0, 0, 0 };
    llmprov_block b = { .type = LLMPROV_BLOCK_IMAGE, .data = png, .data_len = sizeof png };
    char text[64];
    int64_t w = 0, h = 0;
    CHECK(llmprov__computer_size(&b, &w, &h));
    CHECK_INT(w, 1920);
    CHECK_INT(h, 1080);
    b.data = NULL;
    b.base64 = text;
    text[llmprov__text_base64(text, jpeg, sizeof jpeg)] = 0;
    w = h = 0;
    CHECK(llmprov__computer_size(&b, &w, &h));
    CHECK_INT(w, 1920);
    CHECK_INT(h, 1080);
    b.base64 = "aGk=";
    CHECK(!llmprov__computer_size(&b, &w, &h));
    b.base64 = NULL;
    b.url = "https://a.example/x.png";
    CHECK(!llmprov__computer_size(&b, &w, &h));
}

TEST(computer_keys) {
    static const struct { const char *from; int into; char between; const char *to; } cases[] = {
        { "ctrl c", LLMPROV__COMPUTER_XDOTOOL, '+', "ctrl+c" }, { "CTRL+C", LLMPROV__COMPUTER_XDOTOOL, '+', "ctrl+c" },
        { "cmd shift arrowleft", LLMPROV__COMPUTER_XDOTOOL, '+', "Super_L+shift+Left" }, { "enter", LLMPROV__COMPUTER_XDOTOOL, '+', "Return" },
        { "f5", LLMPROV__COMPUTER_XDOTOOL, '+', "F5" }, { "ctrl+shift+F12", LLMPROV__COMPUTER_UITARS, ' ', "ctrl shift f12" },
        { "ctrl++", LLMPROV__COMPUTER_XDOTOOL, '+', "ctrl+plus" }, { "ctrl+plus", LLMPROV__COMPUTER_UITARS, ' ', "ctrl +" },
        { "Page_Down", LLMPROV__COMPUTER_UITARS, ' ', "pagedown" }, { "control+a", LLMPROV__COMPUTER_OPENAI, '+', "CTRL+A" },
        { "ctrl+Return", LLMPROV__COMPUTER_GEMINI, '+', "control+enter" }, { "XF86AudioPlay", LLMPROV__COMPUTER_XDOTOOL, '+', "XF86AudioPlay" },
        { "", LLMPROV__COMPUTER_XDOTOOL, '+', "" }, { " ", LLMPROV__COMPUTER_XDOTOOL, '+', "" },
        { "a_key_name_that_is_far_too_long", LLMPROV__COMPUTER_XDOTOOL, '+', "" }, { "fn", LLMPROV__COMPUTER_OPENAI, '+', "fn" }, { "f", LLMPROV__COMPUTER_OPENAI, '+', "F" },
        { "from", LLMPROV__COMPUTER_OPENAI, '+', "from" }, { "a+1+~+^", LLMPROV__COMPUTER_OPENAI, '+', "A+1+~+^" }, { " + a", LLMPROV__COMPUTER_XDOTOOL, '+', "a" },
        { "Escape Escape Escape Escape Escape Escape Escape Escape Escape Escape Escape Escape Escape Escape Escape Escape Escape Escape Escape", LLMPROV__COMPUTER_XDOTOOL, '+', "" },
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        char to[LLMPROV__COMPUTER_CHORD];
        llmprov_str made = llmprov__computer_chord(to, llmprov__text_of(cases[i].from), cases[i].into, cases[i].between);
        test_check_text(made.ptr, made.len, cases[i].to, strlen(cases[i].to), cases[i].from, __FILE__, __LINE__);
    }
}

// -- pictures --------------------------------------------------------------------------------

static bool computer_sized(const char *bytes, size_t len, int64_t *w, int64_t *h) {
    llmprov_block b = { .type = LLMPROV_BLOCK_IMAGE, .data = bytes, .data_len = len };
    *w = *h = -1;
    return llmprov__computer_size(&b, w, h);
}

TEST_NO_OOM(computer_sizes_that_a_picture_does_not_say) {
    static const char png[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x05\0\0\0\x07";
    char bytes[32], long_text[8193];
    llmprov_block b = { .type = LLMPROV_BLOCK_IMAGE };
    int64_t w, h;
    static const struct { const char *bytes; int len; int w, h; } jpegs[] = {      /* the segments behind SOI */
        { "\xFF\xC4\0\4ab\xFF\xC8\0\4ab\xFF\xCC\0\4ab\xFF\xC2\0\21\10\0\7\0\5\3", 30, 5, 7 }, { "\xFF\x01\0\4ab\xFF\xDB\0\4ab\xFF\xCF\0\21\10\1\0\2\0\3\3\3\3\3", 26, 512, 256 },
        { "\xFF\xE0\0\x50", 26, -1, -1 }, { "ab", 26, -1, -1 }, { "\xFF\xE0\0\4ab", 26, -1, -1 }, { "\xFF\xE0\0\24", 26, -1, -1 },
    };
    size_t i;
    memcpy(bytes, png, 24);
    CHECK(computer_sized(bytes, 24, &w, &h) && w == 5 && h == 7);
    CHECK(!computer_sized(bytes, 23, &w, &h));
    bytes[19] = 0;
    CHECK(!computer_sized(bytes, 24, &w, &h));
    bytes[19] = 5, bytes[23] = 0;
    CHECK(!computer_sized(bytes, 24, &w, &h));
    bytes[23] = 7, bytes[12] = 'i';
    CHECK(!computer_sized(bytes, 24, &w, &h));
    bytes[0] = 'G';
    CHECK(!computer_sized(bytes, 24, &w, &h));
    bytes[0] = (char)0xFF;
    CHECK(!computer_sized(bytes, 24, &w, &h));
    for (i = 0; i < LLMPROV__COUNT(jpegs); i++) {
        char jpeg[34] = "\xFF\xD8";
        memcpy(jpeg + 2, jpegs[i].bytes, i < 2 ? (size_t)jpegs[i].len - 2 : strlen(jpegs[i].bytes) + (i > 3 || i == 2 ? 2 : 0));
        if (i < 2) CHECK(computer_sized(jpeg, (size_t)jpegs[i].len, &w, &h));
        if (i < 2) CHECK_INT(w, jpegs[i].w);
        if (i < 2) CHECK_INT(h, jpegs[i].h);
        if (i > 1) CHECK(!computer_sized(jpeg, (size_t)jpegs[i].len, &w, &h));
    }
    b.base64 = "####";
    CHECK(!llmprov__computer_size(&b, &w, &h));
    memset(long_text, 'A', sizeof long_text - 1);               /* only the beginning is decoded */
    long_text[sizeof long_text - 1] = 0;
    llmprov__text_base64(long_text, (const unsigned char *)png, 24);
    long_text[32] = 'A';
    b.base64 = long_text;
    CHECK(llmprov__computer_size(&b, &w, &h) && w == 5 && h == 7);
    b.base64 = NULL;
    CHECK(!llmprov__computer_size(&b, &w, &h));
}

TEST_NO_OOM(computer_shapes_that_are_refused) {
    static const int64_t shapes[][2] = { { 0, 5 }, { 5, 0 }, { 1000001, 1000000 }, { 1000000, 1000001 }, { 201, 1 }, { 1, 201 } };
    int64_t w = 0, h = 0;
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(shapes); i++) CHECK(!llmprov__computer_resized(shapes[i][0], shapes[i][1], &w, &h));
    CHECK(llmprov__computer_resized(200, 1, &w, &h) && w == 28 * 142 && h == 28);
    CHECK(llmprov__computer_resized(1, 200, &w, &h) && w == 28 && h == 28 * 142);
}

// -- actions, in and out ---------------------------------------------------------------------

typedef struct computer_heard { engine_text text; llmprov__mem_arena arena; } computer_heard;

/* Each action as the input of Anthropic's tool. */
static void computer_take(void *user, const llmprov__computer_act *act) {
    computer_heard *h = (computer_heard *)user;
    llmprov_writer w;
    memset(&w, 0, sizeof w);
    w.alloc = test_alloc();
    llmprov__computer_write(&w, act, true);
    if (h->text.len) engine_add(&h->text, "|", 1);
    if (w.text) engine_add(&h->text, w.text, w.len);
    llmprov_writer_free(&w);
}

static computer_heard computer_begin(llmprov__computer_sink *to, computer_heard *h) {
    memset(h, 0, sizeof *h);
    h->arena.alloc = test_alloc();
    engine_add(&h->text, "", 0);
    to->take = computer_take;
    to->user = h;
    to->arena = &h->arena;
    return *h;
}

static void computer_end(computer_heard *h) {
    llmprov__mem_arena_free(&h->arena);
    engine_text_free(&h->text);
}

/* In expectations ' is ", as in Q. */
static const llmprov__computer_space computer_same = { 100, 100, 100, 100 };

TEST(computer_calls_of_uitars) {
    static const struct { const char *said, *acts; } cases[] = {
        { "click(start_box='(1,2)', end_box='(3,4)')", "{'action':'left_click','coordinate':[1,2]}" }, { "click(start_box='(99999999999,-99999999999)')", "{'action':'left_click','coordinate':[1000000000,-1000000000]}" },
        { "click(start_box='-5 6.')", "{'action':'left_click','coordinate':[-5,6]}" }, { "click(start_box='<p>-a -: - 1.5,2;3:4/5 </p>')", NULL }, { "click(start_box='1.2.3 4')", NULL },
        { "click(start_box='1')", NULL }, { "click(start_box='1 2 3')", NULL }, { "click(start_box='1 2 3 4 5')", NULL }, { "click(start_box='7-')", NULL }, { "click(start_box='7 8-')", "{'action':'left_click','coordinate':[7,8]}" },
        { "drag(start_box='(1,2)')", NULL }, { "drag(end_box='(1,2)')", NULL }, { "drag(start_box='(1,2)', end_box='x')", NULL }, { "drag(start_box='x', end_box='(1,2)')", NULL },
        { "finished(content='ok')", NULL }, { "call_user()", NULL }, { "jump()", NULL }, { "type()", NULL }, { "type(content='')", "{'action':'type','text':''}" },
        { "type(content='\\n')", "{'action':'key','text':'Return'}" }, { "type(content='a\\n')", "{'action':'type','text':'a'}|{'action':'key','text':'Return'}" },
        { "type(content='\\\"\\\\\\t')", "{'action':'type','text':'\\\"\\\\\\\\t'}" }, { "type(content=a\\)", "{'action':'type','text':'a\\\\'}" },
        { "hotkey(key='')", NULL }, { "hotkey()", NULL }, { "press(key='a')", "{'action':'hold_key','text':'a','duration':1}" }, { "open_app(app_name='Mail')", "{'action':'open_app','text':'Mail'}" },
        { "long_press()", "{'action':'left_mouse_down'}|{'action':'wait','duration':1}|{'action':'left_mouse_up'}" }, { "navigate_back()", "{'action':'key','text':'alt+Left'}" },
        { "scroll(direction='down', amount=3)", "{'action':'scroll','scroll_direction':'down','scroll_amount':3}" }, { "scroll(direction='up', amount='lots')", "{'action':'scroll','scroll_direction':'up','scroll_amount':5}" },
        { "scroll(direction='over')", NULL }, { "scroll()", NULL },
        { "wait()", "{'action':'wait','duration':5}" }, { "press_home()", "{'action':'press_home'}" },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        llmprov__computer_sink to;
        llmprov__computer_call c;
        computer_heard h;
        bool good;
        memset(&c, 0, sizeof c);
        computer_begin(&to, &h);
        NEED_OR(llmprov__computer_parse(cases[i].said, cases[i].said + strlen(cases[i].said), &c), next);
        good = llmprov__computer_from_uitars(&to, &c, &computer_same);
        if (!CHECK(good == (cases[i].acts != NULL)) && !test_excused()) printf("    %s\n", cases[i].said);
        if (good && cases[i].acts) CHECK_STR(h.text.ptr, Q(cases[i].acts));
next:
        computer_end(&h);
    }
}

/* What a call is made of, and what is none. */
TEST_NO_OOM(computer_calls_are_parted) {
    static const struct { const char *text, *parts; } cases[] = {
        { "click( a='1' , b=(2, 3) ,c=[4,[5]])!", "click a=1 b=(2, 3)  c=[4,[5]] >!" }, { "", NULL }, { "click", NULL }, { "click ", NULL }, { "click[", NULL }, { "(a=1)", NULL }, { "click(", "click >" },
        { "click(\v\f\n )", "click >" }, { "click(\x01)", NULL }, { "click(\x0E)", NULL }, { "click(a)", NULL }, { "click(a", NULL }, { "click(=1)", NULL }, { "click(a=", "click a= >" }, { "click(a=1", "click a=1 >" },
        { "click(a=1\nb=2)", NULL }, { "click(a=1\n, b=2)", "click a=1 b=2 >" }, { "click(a='1'\n)", NULL }, { "click(a='1", NULL }, { "click(a=\"1", NULL }, { "click(a='1' b)", NULL },
        { "click(a='1'),b='2')", "click a=1'),b='2 >" }, { "click(a='x') and 'y')\nz", "click a=x') and 'y >\nz" }, { "click(a='x') and 'y') 'b", "click a=x > and 'y') 'b" }, { "click(a='x') and\nz", "click a=x > and\nz" },
        { "click(a='it\\'s',b='2')", "click a=it\\'s b=2 >" }, { "click(a='it\\", NULL }, { "click(a='1', ', b='2')", "click a=1',  b=2 >" }, { "click(a='1', b", NULL }, { "click(a='1', b!='2')", "click a=1', b!='2 >" },
        { "click(a='1' ;'\t)\r\n", "click a=1' ; >\r\n" }, { "click(a=1,b=2,c=3,d=4,e=5,f=6,g=7,h=8)", "click a=1 b=2 c=3 d=4 e=5 f=6 g=7 h=8 >" }, { "click(a=1,b=2,c=3,d=4,e=5,f=6,g=7,h=8,i=9)", NULL },
        { "a-B_9Z0z(\t)", "a-B_9Z0z >" }, { "a`(", NULL }, { "a{(", NULL }, { "a@(", NULL }, { "a:(", NULL }, { "a/(", NULL }, { "a (x\r=\t1)", "a x=1 >" }, { "a.(", NULL },
    };
    size_t i;
    int k;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        llmprov__computer_call c;
        engine_text told = { NULL, 0, 0 };
        const char *rest;
        memset(&c, 0, sizeof c);
        rest = llmprov__computer_parse(cases[i].text, cases[i].text + strlen(cases[i].text), &c);
        if (rest) {
            engine_add(&told, c.verb.ptr, c.verb.len);
            for (k = 0; k < c.count; k++) {
                engine_add(&told, " ", 1);
                engine_add(&told, c.args[k].name.ptr, c.args[k].name.len);
                engine_add(&told, "=", 1);
                engine_add(&told, c.args[k].value.ptr, c.args[k].value.len);
            }
            engine_adds(&told, " >");
            engine_adds(&told, rest);
        }
        if (!CHECK_STR(told.ptr, cases[i].parts)) printf("    %s\n", cases[i].text);
        engine_text_free(&told);
    }
}

/* That no quote ends a value is remembered, for each kind of quote. */
TEST_NO_OOM(computer_open_quotes_are_remembered) {
    static const char text[] = "a(b='1) c(d=\"2) e(f='3')";
    llmprov__computer_call c;
    memset(&c, 0, sizeof c);
    CHECK(!llmprov__computer_parse(text, text + 7, &c) && c.open[0] && !c.open[1]);
    CHECK(!llmprov__computer_parse(text + 8, text + 15, &c) && c.open[0] && c.open[1]);
    CHECK(!llmprov__computer_parse(text + 16, text + strlen(text), &c));
}

TEST(computer_actions_of_openai) {
    static const struct { const char *said, *acts; } cases[] = {
        { "{'type':'click','x':1,'button':'left'}", "{'action':'left_click'}" }, { "{'type':'click','x':1,'y':2,'button':'paw'}", "{'action':'left_click','coordinate':[1,2]}" },
        { "{'type':'click','x':1,'y':'2','button':'right','keys':['CTRL','SHIFT']}", "{'action':'right_click','coordinate':[1,0],'text':'ctrl+shift'}" }, { "{'type':'leap'}", NULL }, { "{}", NULL },
        { "{'type':'keypress','keys':'CTRL'}", "{'action':'key'}" }, { "{'type':'keypress','keys':[1]}", "{'action':'key'}" },
        { "{'type':'keypress','keys':['CTRL','" "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" "']}", "{'action':'key','text':'ctrl'}" },
        { "{'type':'scroll','x':1,'y':2,'scroll_x':-10,'scroll_y':-250}",
          "{'action':'scroll','coordinate':[1,2],'scroll_direction':'up','scroll_amount':3}|{'action':'scroll','coordinate':[1,2],'scroll_direction':'left','scroll_amount':1}" },
        { "{'type':'scroll','scroll_x':200}", "{'action':'scroll','scroll_direction':'right','scroll_amount':2}" }, { "{'type':'scroll'}", "" }, { "{'type':'drag'}", "" }, { "{'type':'drag','path':[]}", "" },
        { "{'type':'drag','path':[{'x':1,'y':2}]}", "{'action':'mouse_move','coordinate':[1,2]}|{'action':'left_mouse_down'}" }, { "{'type':'type','text':'it'}", "{'action':'type','text':'it'}" },
        { "{'type':'wait'}", "{'action':'wait','duration':2}" }, { "{'type':'double_click','x':3,'y':4}", "{'action':'double_click','coordinate':[3,4]}" },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        llmprov__computer_sink to;
        llmprov__mem_buf scratch;
        computer_heard h;
        const char *json = Q(cases[i].said);
        llmprov_str raw = llmprov__text_of(json);
        llmprov_scan s;
        bool good;
        memset(&scratch, 0, sizeof scratch);
        scratch.alloc = test_alloc();
        computer_begin(&to, &h);
        s = llmprov__json_scan(raw.ptr, raw.len, &scratch, 0);
        good = llmprov__computer_from_openai(&to, &s, raw);
        if (!CHECK(good == (cases[i].acts != NULL)) && !test_excused()) printf("    %s\n", cases[i].said);
        if (good && cases[i].acts) CHECK_STR(h.text.ptr, Q(cases[i].acts));
        llmprov__mem_buf_free(&scratch);
        computer_end(&h);
    }
}

TEST(computer_functions_of_gemini) {
    static const llmprov__computer_space space = { 1000, 500, 1000, 1000 };
    static const struct { const char *name, *args, *acts; } cases[] = {
        { "fly", "{}", NULL }, { "click_at", "{'x':1}", "{'action':'left_click'}" }, { "type_text_at", "{'text':'a','clear_before_typing':true,'press_enter':true}",
          "{'action':'key','text':'ctrl+a'}|{'action':'key','text':'BackSpace'}|{'action':'type','text':'a'}|{'action':'key','text':'Return'}" },
        { "scroll_at", "{'x':1,'y':2,'direction':'sideways','magnitude':10}", "{'action':'scroll','coordinate':[1,1],'scroll_direction':'down','scroll_amount':1}" },
        { "go_forward", "{}", "{'action':'key','text':'alt+Right'}" },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        llmprov__computer_sink to;
        llmprov__mem_buf scratch;
        computer_heard h;
        const char *json = Q(cases[i].args);
        llmprov_str raw = llmprov__text_of(json);
        llmprov_scan s;
        bool good;
        memset(&scratch, 0, sizeof scratch);
        scratch.alloc = test_alloc();
        computer_begin(&to, &h);
        s = llmprov__json_scan(raw.ptr, raw.len, &scratch, 0);
        good = llmprov__computer_from_gemini(&to, &s, cases[i].name, raw, &space);
        if (!CHECK(good == (cases[i].acts != NULL)) && !test_excused()) printf("    %s\n", cases[i].name);
        if (good && cases[i].acts) CHECK_STR(h.text.ptr, Q(cases[i].acts));
        llmprov__mem_buf_free(&scratch);
        computer_end(&h);
    }
}

/* One action of the history in all three vocabularies; NULL = Gemini has no such function. */
TEST(computer_actions_written_for_each) {
    static const struct { const char *input, *uitars, *openai, *name, *gemini; } cases[] = {
        { "{'action':'left_click','coordinate':[3,4],'text':'ctrl'}", "click(start_box='<|box_start|>(3,4)<|box_end|>', text='ctrl')", "{'type':'click','button':'left','x':3,'y':4,'keys':['CTRL']}", "click_at", "{'x':30,'y':40}" },
        { "{'action':'left_click_drag','start_coordinate':[1,2],'coordinate':[300,-4]}", "drag(start_box='<|box_start|>(1,2)<|box_end|>', end_box='<|box_start|>(300,-4)<|box_end|>')",
          "{'type':'drag','path':[{'x':1,'y':2},{'x':300,'y':-4}]}", "drag_and_drop", "{'x':10,'y':20,'destination_x':999,'destination_y':0}" },
        { "{'action':'mouse_move','coordinate':[-1,300]}", "hover(start_box='<|box_start|>(-1,300)<|box_end|>')", "{'type':'move','x':-1,'y':300}", "hover_at", "{'x':0,'y':999}" },
        { "{'action':'hold_key','text':'ctrl','duration':2}", "hold_key(key='ctrl')", "{'type':'keypress','keys':['CTRL']}", NULL, NULL },
        { "{'action':'key','text':'a_key_name_that_is_far_too_long'}", "hotkey(key='')", "{'type':'keypress','keys':[]}", "key_combination", "{}" },
        { "{'action':'type','text':'it\\\\\\n\\u0027s'}", "type(content='it\\\\\\n\\'s')", "{'type':'type','text':'it\\\\\\n\\u0027s'}", "type_text_at", "{'x':70,'y':80,'text':'it\\\\\\n\\u0027s','press_enter':false,'clear_before_typing':false}" },
        { "{'action':'open_app','text':'Mail'}", "open_app(app_name='Mail')", NULL, NULL, NULL }, { "{'action':'zoom'}", "zoom()", NULL, NULL, NULL },
        { "{'action':'scroll','coordinate':[1,2],'scroll_direction':'up','scroll_amount':20}", "scroll(start_box='<|box_start|>(1,2)<|box_end|>', direction='up')",
          "{'type':'scroll','x':1,'y':2,'scroll_x':0,'scroll_y':-2000}", "scroll_at", "{'x':10,'y':20,'direction':'up','magnitude':999}" },
        { "{'action':'scroll','scroll_direction':'left','scroll_amount':0}", "scroll(direction='left')", "{'type':'scroll','x':7,'y':8,'scroll_x':-100,'scroll_y':0}", "scroll_document", "{'direction':'left'}" },
        { "{'action':'scroll','scroll_direction':'right','scroll_amount':'x'}", "scroll(direction='right')", "{'type':'scroll','x':7,'y':8,'scroll_x':500,'scroll_y':0}", "scroll_document", "{'direction':'right'}" },
        { "{'action':'scroll'}", "scroll(direction='down')", "{'type':'scroll','x':7,'y':8,'scroll_x':0,'scroll_y':500}", "scroll_document", "{'direction':'down'}" },
        { "{'action':'left_click','coordinate':7}", "click()", "{'type':'click','button':'left','x':7,'y':8}", "click_at", "{}" }, { "{'action':'left_click','coordinate':[]}", "click()", "{'type':'click','button':'left','x':7,'y':8}", "click_at", "{}" },
        { "{'action':'left_click','coordinate':['x']}", "click()", "{'type':'click','button':'left','x':7,'y':8}", "click_at", "{}" },
        { "{'action':'left_click','coordinate':[1]}", "click()", "{'type':'click','button':'left','x':7,'y':8}", "click_at", "{}" }, { "{'action':'left_click','coordinate':[1,null]}", "click()", "{'type':'click','button':'left','x':7,'y':8}", "click_at", "{}" },
        { "{'action':'triple_click'}", "triple_click()", "{'type':'double_click','x':7,'y':8,'keys':[]}", NULL, NULL },
    };
    static const llmprov__computer_space same = { 100, 100, 100, 100 }, thousand = { 100, 100, 1000, 1000 };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        llmprov__mem_arena arena;
        llmprov__mem_buf said;
        llmprov_writer openai, gemini;
        llmprov__computer_act act;
        const char *json = Q(cases[i].input), *name;
        double x = 7, y = 8;
        memset(&arena, 0, sizeof arena);
        memset(&said, 0, sizeof said);
        memset(&openai, 0, sizeof openai);
        memset(&gemini, 0, sizeof gemini);
        arena.alloc = said.alloc = openai.alloc = gemini.alloc = test_alloc();
        NEED_OR(llmprov__computer_read(&arena, llmprov__text_of(json), "computer", &act), next);
        llmprov__computer_to_uitars(&said, &act, &same, false);
        if (!said.failed) CHECK_TEXT(said.ptr, said.len, cases[i].uitars);
        CHECK(llmprov__computer_to_openai(&openai, &act, &x, &y) == (cases[i].openai != NULL));
        if (cases[i].openai) CHECK_JSON(openai.text, openai.len, Q(cases[i].openai));
        x = 70, y = 80;
        name = llmprov__computer_to_gemini(&gemini, &act, &thousand, &x, &y);
        CHECK_STR(name, cases[i].name);
        if (name) CHECK_JSON(gemini.text, gemini.len, Q(cases[i].gemini));
next:
        llmprov_writer_free(&openai);
        llmprov_writer_free(&gemini);
        llmprov__mem_buf_free(&said);
        llmprov__mem_arena_free(&arena);
    }
}

/* An action without a word is none; one without a place is not moved to before it. */
TEST(computer_first_generation) {
    static const struct { const char *input, *acts; } cases[] = {
        { "{'action':'left_click'}", "{'action':'left_click'}" }, { "{'action':'scroll','scroll_direction':'right'}", "{'action':'key','text':'Right'}" }, { "{'action':'fly'}", NULL }, { "{}", NULL },
        { "{'action':'screenshot'}", "{'action':'screenshot'}" }, { "{'action':'key','text':'a'}", "{'action':'key','text':'a'}" },
    };
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(cases); i++) {
        llmprov__computer_sink to;
        llmprov__computer_act act;
        computer_heard h;
        bool good;
        computer_begin(&to, &h);
        good = llmprov__computer_read(&h.arena, llmprov__text_of(Q(cases[i].input)), "computer", &act);
        CHECK(good == (cases[i].acts != NULL));
        if (good) llmprov__computer_first(&to, &act);
        if (good && cases[i].acts) CHECK_STR(h.text.ptr, Q(cases[i].acts));
        computer_end(&h);
    }
}

/* A size that is not known leaves a place as it was. */
TEST_NO_OOM(computer_places_without_a_size) {
    CHECK_NUM(llmprov__computer_scaled(5, 0, 100), 5);
    CHECK_NUM(llmprov__computer_scaled(5, 100, 0), 5);
    CHECK_NUM(llmprov__computer_scaled(5, 100, 200), 10);
}
