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
        { "a_key_name_that_is_far_too_long", LLMPROV__COMPUTER_XDOTOOL, '+', "" },
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        char to[LLMPROV__COMPUTER_CHORD];
        llmprov_str made = llmprov__computer_chord(to, llmprov__text_of(cases[i].from), cases[i].into, cases[i].between);
        test_check_text(made.ptr, made.len, cases[i].to, strlen(cases[i].to), cases[i].from, __FILE__, __LINE__);
    }
}
