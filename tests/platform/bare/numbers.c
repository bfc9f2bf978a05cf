/* numbers.c: what is hard where int has 16 bits and a double 32: numbers, characters beyond 16 bits, flags of more bits, base64
   on its way into a body. For an AVR; ends with "numbers: all right" or what was not, on the first serial port. */
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>
#define LLMPROV_IMPLEMENTATION
#define LLMPROV_STATIC
#define LLMPROV_NO_STDLIB
#include "llmprov.h"

static union { double align; char bytes[3000]; } memory;
static int failed;

static void put(const char *text) {
    for (; *text; text++) {
        while (!(UCSR0A & (1 << UDRE0))) { }
        UDR0 = (unsigned char)*text;
    }
}

static void same(const char *is, const char *should) {
    if (!strcmp(is, should)) return;
    failed = 1;
    put(is);
    put(" should be ");
    put(should);
    put("\n");
}

/* JSON read and written again. */
static void again(const llmprov_alloc *alloc, const char *json, const char *should) {
    llmprov_json *v = llmprov_json_parse(json, strlen(json), alloc, NULL);
    llmprov_writer w = { .alloc = *alloc };
    if (llmprov_json_kind(v) == LLMPROV_JSON_NUMBER) llmprov_write_num(&w, NULL, llmprov_json_num(v, 0));
    else llmprov_write_str(&w, NULL, llmprov_json_text(v).ptr, llmprov_json_text(v).len);
    same(w.status ? llmprov_status_text(w.status) : w.text, should);
    llmprov_writer_free(&w);
    llmprov_json_free(v);
}

int main(void) {
    static const char *const pairs[][2] = {
        { "0.1", "0.1" }, { "-2.5e3", "-2500" }, { "16777216", "16777216" }, { "16777217", "16777216" }, { "16777219", "16777220" },
        { "1e-7", "1.0000000116860974e-7" }, { "3.4028234e38", "3.4028234663852886e+38" }, { "-0.75", "-0.75" }, { "1e-60", "0" },
        { "1e39", "a field is missing, malformed or out of range" }, { "\"\\ud83d\\ude00 \\u65e5\"", "\"\360\237\230\200 \346\227\245\"" },
    };
    llmprov_alloc alloc = llmprov_arena(&memory, sizeof memory);
    llmprov_json *v;
    size_t i;
    UCSR0B = 1 << TXEN0;
    for (i = 0; i < sizeof pairs / sizeof pairs[0]; i++) again(&alloc, pairs[i][0], pairs[i][1]);
    v = llmprov_json_parse("1099511627776", 13, &alloc, NULL);
    if (llmprov_json_int(v, 0) != INT64_C(1099511627776)) same("an integer of 41 bits", "itself");
    llmprov_json_free(v);
    v = llmprov_json_parse("\"\\u0041\"", 8, &alloc, NULL);
    same(llmprov_json_str(v, ""), "A");
    llmprov_json_free(v);
    put(failed ? "numbers: not all right\n" : "numbers: all right\n");
    cli();
    sleep_mode();
    return failed;
}
