/* What reads bytes that others made, under libFuzzer: one program, and which target it is says the name that it is
   started by (build/fuzz/json, build/fuzz/reply_openai-chat, ...). tests/fuzz/run.sh builds it and runs it.

   An input begins with a few bytes that choose (which allocation fails, which row, how the rest is cut); what the reader
   reads is behind them. Beyond crashes each target asks for what must hold of every input: pieces give what the whole
   gives, what is written is JSON, what was saved is loaded as it was, nothing stays allocated, and a call without
   memory ends in "out of memory" or in the right answer. */
#define LLMPROV_IMPLEMENTATION
#define LLMPROV_EXTEND
#include "../../llmprov.h"
#include "../events.h"
#include "../walk.h"

#include <math.h>

// -- what one run knows --------------------------------------------------------------------

static const struct fuzz_target *fuzz_now;

static const char *fuzz_name(void);

/* A promise that was broken. */
static void fuzz_broken(const char *what, int line) {
    fprintf(stderr, "%s: %s (tests/fuzz/fuzz.c:%d)\n", fuzz_name(), what, line);
    abort();
}
#define MUST(condition, sentence) do { if (!(condition)) fuzz_broken((sentence), __LINE__); } while (0)

/* Two texts that must be the same; both are shown from where they differ. */
static void fuzz_same(const char *a, size_t a_len, const char *b, size_t b_len, const char *what, int line) {
    char x[300], y[300];
    size_t at = 0;
    if (a_len == b_len && (!a_len || !memcmp(a, b, a_len))) return;
    while (at < a_len && at < b_len && a[at] == b[at]) at++;
    test_show(x, sizeof x, a, a_len, at);
    test_show(y, sizeof y, b, b_len, at);
    fprintf(stderr, "at byte %lu of %lu and %lu:\n%s\n%s\n", (unsigned long)at, (unsigned long)a_len, (unsigned long)b_len, x, y);
    fuzz_broken(what, line);
}
#define SAME(a, a_len, b, b_len, sentence) fuzz_same((a), (a_len), (b), (b_len), (sentence), __LINE__)

// -- memory: exact blocks, so that AddressSanitizer sees the first byte past one ---------------

static struct { unsigned long calls, fail_at, refused; size_t live, bytes; } fuzz_memory;

static void *fuzz_realloc(void *user, void *ptr, size_t old_size, size_t new_size) {
    void *to = NULL;
    (void)user;
    if (new_size && ++fuzz_memory.calls == fuzz_memory.fail_at) {
        fuzz_memory.refused++;
        return NULL;
    }
    if (new_size) {
        to = malloc(new_size);
        if (!to) exit(3);
        memset(to, 0xa5, new_size);
        if (ptr) memcpy(to, ptr, old_size < new_size ? old_size : new_size);
        fuzz_memory.live++;
        fuzz_memory.bytes += new_size;
    }
    if (ptr) {
        fuzz_memory.live--;
        fuzz_memory.bytes -= old_size;
        free(ptr);
    }
    return to;
}

static llmprov_alloc fuzz_alloc(void) {
    llmprov_alloc a = { fuzz_realloc, NULL };
    return a;
}

// -- the input -----------------------------------------------------------------------------

typedef struct fuzz_input { const char *p; size_t len; } fuzz_input;

static unsigned fuzz_byte(fuzz_input *in) {
    if (!in->len) return 0;
    in->len--;
    return (unsigned char)*in->p++;
}

/* Which allocation the input wants refused: 0 none, small numbers one by one, larger ones in larger steps. */
static unsigned long fuzz_refusal(fuzz_input *in) {
    unsigned long n = fuzz_byte(in);
    return n < 96 ? n : n + (n - 96) * (n - 96) / 8;
}

/* A text of its own up to the next line end; NULL for an empty one, "" for a lone backslash. Lives until the input is over. */
static char *fuzz_line(fuzz_input *in) {
    static char lines[64][4096];
    static unsigned next;
    char *to = lines[next++ % 64], *from = to;
    while (in->len && *in->p != '\n' && to - from < 4095) {
        if (*in->p) *to++ = *in->p;
        in->p++, in->len--;
    }
    if (in->len && *in->p == '\n') in->p++, in->len--;
    *to = 0;
    if (to - from == 1 && *from == '\\') *from = 0;
    else if (to == from) return NULL;
    return from;
}

/* The same where a line may stand for several: "\n" is a line end, and what is behind any other backslash is itself. */
static char *fuzz_lines(fuzz_input *in) {
    char *text = fuzz_line(in), *to = text, *p = text;
    if (!text || !*text) return text;
    for (; *p; p++)
        if (*p != '\\' || !p[1]) *to++ = *p;
        else *to++ = *++p == 'n' ? '\n' : *p;
    *to = 0;
    return text;
}

/* The rest of the input in a block of exactly its size. */
typedef struct fuzz_text { char *ptr; size_t len; } fuzz_text;

/* Above 200, `grow` repeats the middle half of the bytes until there are some 128 KiB: what is read then must be done in
   the seconds that libFuzzer's -timeout allows. */
static fuzz_text fuzz_rest(const fuzz_input *in, unsigned grow) {
    fuzz_text t = { NULL, in->len };
    size_t from = in->len / 4, n = in->len / 2, times = grow > 200 && n ? ((size_t)1 << 17) / n : 1, i;
    t.len = in->len - n + n * times;
    t.ptr = (char *)malloc(t.len ? t.len : 1);
    if (!t.ptr) exit(3);
    if (!in->len) return t;
    memcpy(t.ptr, in->p, from);
    for (i = 0; i < times; i++) memcpy(t.ptr + from + i * n, in->p + from, n);
    memcpy(t.ptr + from + times * n, in->p + from + n, in->len - from - n);
    return t;
}

// -- what is asked of everything -------------------------------------------------------------

static void fuzz_json(const char *json, size_t len, const char *what, int line) {
    llmprov_error err;
    llmprov_json *v = llmprov_json_parse(json, len, NULL, &err);
    if (!v) {
        char x[300];
        test_show(x, sizeof x, json, len, err.offset);
        fprintf(stderr, "%s: %s at byte %lu\n%s\n", what, err.message, (unsigned long)err.offset, x);
        fuzz_broken("what was handed out as JSON is none", line);
    }
    llmprov_json_free(v);
}
#define IS_JSON(json, len, what) fuzz_json((json), (len), (what), __LINE__)

static void fuzz_utf8(const char *text, size_t len, const char *what) {
    if (text && llmprov__text_valid(text, len) != len) {
        fprintf(stderr, "%s: ", what);
        fuzz_broken("a text that was handed out is not UTF-8", __LINE__);
    }
}

static void fuzz_error(const llmprov_error *e) {
    MUST(e->provider && e->provider_code && e->param && e->request_id && e->message && e->raw, "a text of an error is NULL");
    MUST(!e->code || *e->message, "an error without a message");
    MUST((unsigned)e->code < LLMPROV_STATUS_COUNT, "an error that is none");
    MUST(e->retry_after_ms >= 0, "a wait that is negative");
    fuzz_utf8(e->message, strlen(e->message), "message");
    fuzz_utf8(e->provider_code, strlen(e->provider_code), "provider_code");
    fuzz_utf8(e->param, strlen(e->param), "param");
}

static void fuzz_warnings(const llmprov_warning *w, size_t count) {
    size_t i;
    for (i = 0; i < count; i++) {
        MUST(w[i].field && w[i].text && *w[i].text, "a warning that says nothing");
        MUST(w[i].code == LLMPROV_ERR_UNSUPPORTED || w[i].code == LLMPROV_ERR_ARGUMENT || w[i].code == LLMPROV_ERR_BAD_REPLY,
             "a warning of a code that warnings have not");
        fuzz_utf8(w[i].field, strlen(w[i].field), "a warning's field");
        fuzz_utf8(w[i].text, strlen(w[i].text), "a warning's text");
    }
}

static void fuzz_block(const llmprov_block *b) {
    size_t i;
    llmprov_text saved;
    if (b->json) IS_JSON(b->json, b->json_len, "block.json");
    if (b->extra) IS_JSON(b->extra, b->extra_len, "block.extra");
    fuzz_utf8(b->text, b->text_len, "block.text");
    if (!llmprov_block_save(b, NULL, &saved)) {
        IS_JSON(saved.ptr, saved.len, "llmprov_block_save");
        llmprov_text_free(&saved);
    }
    for (i = 0; i < b->content_count; i++) fuzz_block(&b->content[i]);
}

/* What a reply has, and what is sent: arguments are objects, with or without blanks before them. In a history they stay
   as they were. */
static void fuzz_calls(const llmprov_message *m) {
    size_t i;
    for (i = 0; i < m->block_count; i++) {
        const char *json = m->blocks[i].json;
        if (m->blocks[i].type == LLMPROV_BLOCK_TOOL_USE) MUST(json && json[strspn(json, " \t\r\n")] == '{', "the arguments of a call are no object");
    }
}

static void fuzz_message(const llmprov_message *m) {
    size_t i;
    for (i = 0; i < m->block_count; i++) fuzz_block(&m->blocks[i]);
    if (m->extra) IS_JSON(m->extra, m->extra_len, "message.extra");
}

// -- JSON ----------------------------------------------------------------------------------

static void fuzz_write_tree(llmprov_writer *w, const llmprov_json *v, bool keyed) {
    const llmprov_json *m = NULL;
    const char *key = keyed ? llmprov_json_key(v) : NULL;
    llmprov_str text = llmprov_json_text(v), raw = llmprov_json_raw(v);
    int64_t i = llmprov_json_int(v, 0);
    double d = llmprov_json_num(v, 0);
    switch (llmprov_json_kind(v)) {
    case LLMPROV_JSON_NULL: llmprov_write_null(w, key); break;
    case LLMPROV_JSON_BOOL: llmprov_write_bool(w, key, llmprov_json_bool(v, false)); break;
    case LLMPROV_JSON_STRING: llmprov_write_str(w, key, text.ptr, text.len); break;
    case LLMPROV_JSON_NUMBER:
        if (llmprov_json_int(v, 1) == i && !(signbit(d) && !i)) llmprov_write_int(w, key, i);
        else if (isfinite(d)) llmprov_write_num(w, key, d);
        else llmprov_write_raw(w, key, raw.ptr, raw.len);
        break;
    case LLMPROV_JSON_ARRAY:
    case LLMPROV_JSON_OBJECT:
        llmprov_write_open(w, key, llmprov_json_kind(v) == LLMPROV_JSON_ARRAY ? '[' : '{');
        while ((m = llmprov_json_next(v, m)) != NULL) fuzz_write_tree(w, m, llmprov_json_kind(v) == LLMPROV_JSON_OBJECT);
        llmprov_write_close(w);
        break;
    default: MUST(false, "a value without a kind");
    }
}

/* Walks a value with the cursor as translators do, each kind by its own function. */
static void fuzz_scan_value(llmprov_scan *s, size_t *values) {
    llmprov_str text;
    llmprov_scan inner;
    double d;
    int64_t i;
    bool b;
    ++*values;
    switch (llmprov_scan_kind(s)) {
    case LLMPROV_JSON_OBJECT:
        while (llmprov_scan_key(s, &text)) fuzz_scan_value(s, values);
        break;
    case LLMPROV_JSON_ARRAY:
        if (*values % 3) while (llmprov_scan_item(s)) fuzz_scan_value(s, values);
        else if (llmprov_scan_raw(s, &text)) {
            inner = llmprov_scan_in(s, text);
            while (llmprov_scan_item(&inner)) fuzz_scan_value(&inner, values);
            MUST(inner.status == LLMPROV_OK || inner.status == LLMPROV_ERR_NO_MEMORY, "a raw value that was checked is none");
        }
        break;
    case LLMPROV_JSON_STRING: llmprov_scan_text(s, &text); break;
    case LLMPROV_JSON_NUMBER: *values % 2 ? llmprov_scan_num(s, &d) : llmprov_scan_int(s, &i); break;
    case LLMPROV_JSON_BOOL: llmprov_scan_bool(s, &b); break;
    default: llmprov_scan_skip(s);
    }
}

static void fuzz_tree(const llmprov_json *v) {
    const llmprov_json *m = NULL;
    llmprov_str raw = llmprov_json_raw(v);
    MUST(raw.len && raw.ptr, "a value without its bytes");
    if (llmprov_json_kind(v) == LLMPROV_JSON_STRING) {
        llmprov_str t = llmprov_json_text(v);
        fuzz_utf8(t.ptr, t.len, "a string");
    }
    while ((m = llmprov_json_next(v, m)) != NULL) fuzz_tree(m);
}

/* The same values in the same order, members of one name too. */
static bool fuzz_twins(const llmprov_json *a, const llmprov_json *b) {
    const llmprov_json *m = NULL, *n = NULL;
    llmprov_json_type kind = llmprov_json_kind(a);
    if (kind != LLMPROV_JSON_ARRAY && kind != LLMPROV_JSON_OBJECT) return engine_same_json(a, b);
    if (kind != llmprov_json_kind(b) || llmprov_json_count(a) != llmprov_json_count(b)) return false;
    while ((m = llmprov_json_next(a, m)) != NULL) {
        n = llmprov_json_next(b, n);
        if (kind == LLMPROV_JSON_OBJECT && strcmp(llmprov_json_key(m), llmprov_json_key(n))) return false;
        if (!fuzz_twins(m, n)) return false;
    }
    return true;
}

static void fuzz_run_json(fuzz_input *in) {
    unsigned long refusal = fuzz_refusal(in);
    fuzz_text t = fuzz_rest(in, fuzz_byte(in));
    llmprov_alloc alloc = fuzz_alloc();
    llmprov_error err, again;
    llmprov_json *v, *w;
    llmprov_writer out, second;
    llmprov__mem_buf scratch;
    llmprov_scan s;
    size_t values = 0;
    v = llmprov_json_parse(t.ptr, t.len, &alloc, &err);
    MUST(v || (err.code && err.message && err.offset <= t.len), "no tree and no error");
    memset(&scratch, 0, sizeof scratch);
    scratch.alloc = alloc;
    s = llmprov__json_scan(t.ptr, t.len, &scratch, 0);
    fuzz_scan_value(&s, &values);
    llmprov__json_done(&s);
    MUST(!s.status == !!v, "the cursor and the tree differ about what is JSON");
    if (!v) MUST(s.status == err.code, "the cursor and the tree refuse with different codes");
    llmprov__mem_buf_free(&scratch);
    if (v) {
        fuzz_tree(v);
        memset(&out, 0, sizeof out);
        memset(&second, 0, sizeof second);
        out.alloc = second.alloc = alloc;
        fuzz_write_tree(&out, v, false);
        MUST(!out.status && out.text, "a tree that cannot be written");
        w = llmprov_json_parse(out.text, out.len, &alloc, &again);
        MUST(w, "what was written is not read");
        MUST(fuzz_twins(v, w), "what was written is read as something else");
        fuzz_write_tree(&second, w, false);
        SAME(out.text, out.len, second.text, second.len, "written again it is other bytes");
        llmprov_writer_free(&out);
        llmprov_writer_free(&second);
        llmprov_json_free(w);
    }
    if (refusal) {
        fuzz_memory.calls = 0, fuzz_memory.fail_at = refusal;
        w = llmprov_json_parse(t.ptr, t.len, &alloc, &again);
        if (fuzz_memory.refused) MUST(w ? v && fuzz_twins(v, w) : again.code == LLMPROV_ERR_NO_MEMORY, "without memory it is another tree, or another error");
        llmprov_json_free(w);
    }
    llmprov_json_free(v);
    free(t.ptr);
}

// -- characters, numbers, base64 -------------------------------------------------------------

/* What a decoder that knows nothing of ours says: the length of the character at p, 0 when there is none. */
static size_t fuzz_utf8_at(const unsigned char *p, size_t len) {
    unsigned long cp;
    size_t n = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ? 3 : p[0] >> 3 == 30 ? 4 : 0, i;
    if (!n || n > len) return 0;
    cp = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));
    for (i = 1; i < n; i++) {
        if (p[i] >> 6 != 2) return 0;
        cp = cp << 6 | (p[i] & 63);
    }
    if ((n == 2 && cp < 0x80) || (n == 3 && cp < 0x800) || (n == 4 && cp < 0x10000) || cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF)) return 0;
    return n;
}

static void fuzz_run_text(fuzz_input *in) {
    unsigned cut = fuzz_byte(in);
    fuzz_text t = fuzz_rest(in, 0);
    llmprov_alloc alloc = fuzz_alloc();
    llmprov__text_sieve sieve;
    llmprov__mem_buf whole, pieces, scratch;
    size_t at, n, valid = 0;
    char *coded = (char *)malloc(t.len * 4 / 3 + 8), *back = (char *)malloc(t.len * 3 + 8);
    if (!coded || !back) exit(3);
    while (valid < t.len && (n = fuzz_utf8_at((const unsigned char *)t.ptr + valid, t.len - valid)) > 0) valid += n;
    MUST(llmprov__text_valid(t.ptr, t.len) == valid, "how many bytes are UTF-8 is counted otherwise");
    memset(&whole, 0, sizeof whole);
    whole.alloc = alloc;
    pieces = scratch = whole;
    memset(&sieve, 0, sizeof sieve);
    llmprov__text_sift_add(&sieve, &whole, t.ptr, t.len, true);
    MUST(!sieve.count, "something is held at the end");
    fuzz_utf8(whole.ptr, whole.len, "a sifted text");
    for (at = 0; at <= t.len; at += n) {
        llmprov_str piece;
        n = cut ? test_cut((int)(cut % 8) + 1, t.len - at) : 1;
        if (at + n > t.len) n = t.len - at;
        piece = llmprov__text_sift(&sieve, &scratch, t.ptr + at, n, at + n == t.len);
        fuzz_utf8(piece.ptr, piece.len, "a sifted piece");
        llmprov__mem_add(&pieces, piece.ptr, piece.len);
        if (at + n == t.len) break;
    }
    SAME(whole.ptr, whole.len, pieces.ptr, pieces.len, "sifted in pieces it is another text");
    at = llmprov__text_unsifted(t.ptr, t.len, whole.len);
    MUST(at <= t.len, "more than there is was sifted");
    llmprov__mem_buf_free(&whole);
    llmprov__mem_buf_free(&pieces);
    llmprov__mem_buf_free(&scratch);
    n = llmprov__text_base64(coded, t.ptr, t.len);
    MUST(n == (t.len + 2) / 3 * 4, "base64 is too long or too short");
    MUST(llmprov__text_unbase64(back, &at, coded, n), "our own base64 is none");
    SAME(back, at, t.ptr, t.len, "base64 there and back is something else");
    if (llmprov__text_unbase64(back, &at, t.ptr, t.len)) {
        MUST(at <= t.len * 3 / 4 + 3, "base64 became longer");
        n = llmprov__text_base64(coded, back, at);
        MUST(n >= at, "base64 became shorter");
    }
    n = llmprov__text_percent(back, t.ptr, t.len);
    for (at = 0; at < n; at++) MUST(back[at] > ' ' && back[at] < 0x7f, "a byte that is not allowed in a URL");
    free(coded);
    free(back);
    free(t.ptr);
}

/* A number as JSON writes it, read by us and by the C library. */
static void fuzz_run_number(fuzz_input *in) {
    fuzz_text t = fuzz_rest(in, 0);
    char text[2000], shown[40];
    const char *p = text;
    double ours, theirs;
    int64_t whole;
    size_t n = t.len < sizeof text - 1 ? t.len : sizeof text - 1;
    if (n) memcpy(text, t.ptr, n);
    text[n] = 0;
    free(t.ptr);
    if (*p == '-') p++;
    if (*p == '0') p++;
    else if (*p >= '1' && *p <= '9') p += strspn(p, "0123456789");
    else return;
    if (*p == '.' && p[1] >= '0' && p[1] <= '9') p += 1 + strspn(p + 1, "0123456789");
    if ((*p == 'e' || *p == 'E') && strchr("+-0123456789", p[1]) && p[1]) {
        const char *q = p + 1 + (p[1] == '+' || p[1] == '-');
        if (strspn(q, "0123456789")) p = q + strspn(q, "0123456789");
    }
    text[p - text] = 0;
    n = strlen(text);
    theirs = strtod(text, NULL);
    MUST(llmprov__text_to_double(text, n, &ours) && !memcmp(&ours, &theirs, sizeof ours), "a number is read otherwise than by the C library");
    if (!isfinite(theirs)) return;
    n = llmprov__text_from_double(shown, ours);
    shown[n] = 0;
    MUST(n < 32, "a number is too long");
    theirs = strtod(shown, NULL);
    MUST(theirs >= ours && theirs <= ours, "a number that was written is another");
    if (!strpbrk(text, ".eE") && strlen(text) < 20 && llmprov__text_to_int(text, strlen(text), &whole)) {
        MUST((long long)whole == strtoll(text, NULL, 10), "a whole number is read otherwise than by the C library");
        shown[llmprov__text_from_int(shown, whole)] = 0;
        MUST(!strcmp(shown, *text == '-' && !whole ? "0" : text), "a whole number that was written is another");
    }
}

// -- frames --------------------------------------------------------------------------------

static void fuzz_frame_note(engine_text *to, const llmprov_frame *f) {
    engine_say_int(to, "failed", f->failed);
    engine_add(to, "|", 1);
    engine_add(to, f->event.ptr, f->event.len);
    engine_add(to, "|", 1);
    engine_add(to, f->data.ptr, f->data.len);
    engine_add(to, "|", 1);
    engine_add(to, f->message.ptr, f->message.len);
    engine_add(to, "\n", 1);
}

static engine_text fuzz_frames(llmprov_framing framing, size_t limit, const char *p, size_t len, int way) {
    llmprov_alloc alloc = fuzz_alloc();
    llmprov__frame_cutter f;
    llmprov_frame frame;
    engine_text told = { NULL, 0, 0 };
    size_t at, n, count = 0;
    engine_add(&told, "", 0);
    llmprov__frame_init(&f, &alloc, limit);
    f.framing = framing;
    for (at = 0; at < len && !f.status; at += n) {
        char *copy;
        const char *from;
        n = test_cut(way, len - at);
        from = copy = (char *)malloc(n);
        if (!copy) exit(3);
        memcpy(copy, p + at, n);
        while (llmprov__frame_next(&f, &from, copy + n, &frame)) {
            fuzz_frame_note(&told, &frame);
            MUST(++count <= len, "more frames than bytes");
        }
        memset(copy, 0xd5, n);
        free(copy);
    }
    if (!f.status && llmprov__frame_last(&f, &frame)) fuzz_frame_note(&told, &frame);
    engine_say_int(&told, "status", f.status);
    llmprov__frame_free(&f);
    return told;
}

/* Checksums of AWS's messages as they must be, wherever the lengths that are told fit: so that other bytes can vary. */
static void fuzz_checksums(char *p, size_t len) {
    size_t at = 0;
    while (len - at >= 16) {
        const unsigned char *u = (const unsigned char *)p + at;
        size_t total = (size_t)u[0] << 24 | (size_t)u[1] << 16 | (size_t)u[2] << 8 | u[3];
        uint32_t crc = events_crc(p + at, 8);
        int i;
        if (total < 16 || total > len - at) return;
        for (i = 0; i < 4; i++) p[at + 8 + (size_t)i] = (char)(unsigned char)(crc >> (24 - 8 * i));
        crc = events_crc(p + at, total - 4);
        for (i = 0; i < 4; i++) p[at + total - 4 + (size_t)i] = (char)(unsigned char)(crc >> (24 - 8 * i));
        at += total;
    }
}

/* Frames of which one run may have come to a limit: up to there they are the same. */
static void fuzz_limited(const engine_text *a, const engine_text *b) {
    size_t n = strlen(" status=0"), len;
    char limit[16];
    sprintf(limit, " status=%d", (int)LLMPROV_ERR_LIMIT);
    if (!strstr(a->ptr + (a->len - n), limit) && !strstr(b->ptr + (b->len - n), limit)) SAME(a->ptr, a->len, b->ptr, b->len, "other frames in pieces");
    len = (a->len < b->len ? a->len : b->len) - n;
    SAME(a->ptr, len, b->ptr, len, "other frames in pieces, before a limit");
}

static void fuzz_frame(fuzz_input *in, llmprov_framing framing) {
    unsigned long refusal = fuzz_refusal(in);
    unsigned how = fuzz_byte(in);
    size_t limit = how & 128 ? 1 + (how & 63) : 1 << 20;
    fuzz_text t = fuzz_rest(in, how & 128 ? 0 : how + 128);
    engine_text whole, other;
    int way;
    if (framing == LLMPROV_FRAMING_EVENTSTREAM) fuzz_checksums(t.ptr, t.len);
    whole = fuzz_frames(framing, limit, t.ptr, t.len, 0);
    for (way = t.len > 1 << 16 ? 3 : 1; way < 4; way++) {
        other = fuzz_frames(framing, limit, t.ptr, t.len, way);
        if (how & 128) fuzz_limited(&whole, &other);           /* a line that says nothing counts only where it has to be held */
        else SAME(whole.ptr, whole.len, other.ptr, other.len, "other frames in pieces");
        engine_text_free(&other);
    }
    if (refusal) {
        char last[30];
        fuzz_memory.calls = 0, fuzz_memory.fail_at = refusal;
        other = fuzz_frames(framing, limit, t.ptr, t.len, (int)(how % 4));
        sprintf(last, " status=%d", (int)LLMPROV_ERR_NO_MEMORY);
        if (fuzz_memory.refused && other.len >= strlen(last) && !strcmp(other.ptr + other.len - strlen(last), last)) {
            other.len -= strlen(last);
            MUST(other.len <= whole.len && !memcmp(other.ptr, whole.ptr, other.len), "without memory a frame is wrong");
        } else if (how & 128) fuzz_limited(&whole, &other);
        else SAME(whole.ptr, whole.len, other.ptr, other.len, "without memory there are other frames");
        engine_text_free(&other);
    }
    engine_text_free(&whole);
    free(t.ptr);
}

static void fuzz_run_frame_sse(fuzz_input *in) { fuzz_frame(in, LLMPROV_FRAMING_SSE); }
static void fuzz_run_frame_ndjson(fuzz_input *in) { fuzz_frame(in, LLMPROV_FRAMING_NDJSON); }
static void fuzz_run_frame_items(fuzz_input *in) { fuzz_frame(in, LLMPROV_FRAMING_ITEMS); }
static void fuzz_run_frame_events(fuzz_input *in) { fuzz_frame(in, LLMPROV_FRAMING_EVENTSTREAM); }

// -- clients -------------------------------------------------------------------------------

/* The n-th row that speaks a format. */
static const llmprov_provider *fuzz_row(const char *format, unsigned n) {
    size_t count = llmprov_provider_count(NULL), i, found = 0;
    for (i = 0; i < count; i++) found += !strcmp(llmprov_provider_at(NULL, i)->format, format);
    n = found ? n % (unsigned)found : 0;
    for (i = 0; i < count; i++)
        if (!strcmp(llmprov_provider_at(NULL, i)->format, format) && !n--) return llmprov_provider_at(NULL, i);
    return NULL;
}

static llmprov_client *fuzz_open(const llmprov_provider *row) {
    llmprov_desc d;
    memset(&d, 0, sizeof d);
    d.provider = row->id;
    d.api_key = "test-key";
    d.region = "us-east-1";
    if (!row->base_url) d.base_url = "https://api.test/v1";
    d.max_retries = -1;
    d.alloc = fuzz_alloc();
    return llmprov_open(&d);
}

static const char *fuzz_model(unsigned n) {
    static const char *const models[] = { "test-model", "claude-sonnet-4-6", "gpt-5.6", "gemini-3-pro-preview", "qwen3-vl", "us.anthropic.claude-sonnet-4-6",
        "amazon.nova-pro-v1:0", "command-a-vision-07-2025", "gpt-oss-120b", "gemini-2.5-pro", "ui-tars-1.5-7b", "deepseek-reasoner", "mistral-large-latest", "o3" };
    return models[n % (sizeof models / sizeof *models)];
}

static const llmprov_tool fuzz_screen = { .type = "computer", .extra = "{\"display_width_px\":1280,\"display_height_px\":720}" };

/* What is asked beside the prompt: tools, a schema, a computer. */
static llmprov_request fuzz_ask_for(unsigned what, const char *model) {
    llmprov_request req;
    memset(&req, 0, sizeof req);
    req.model = model;
    req.prompt = "Hello";
    if (what % 4 == 1) req.tools = walk_tools, req.tool_count = sizeof walk_tools / sizeof *walk_tools;
    if (what % 4 == 2) req.tools = &fuzz_screen, req.tool_count = 1;
    if (what % 4 == 3) req.schema = "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}},\"required\":[\"a\"],\"additionalProperties\":false}";
    return req;
}

/* A stream of AWS's messages written down as text, a line a message; what is no message is left out. */
static engine_text fuzz_events(const char *p, size_t len) {
    engine_text to = { NULL, 0, 0 };
    const char *end = p + len;
    engine_add(&to, "", 0);
    while (p < end) {
        const char *eol = (const char *)memchr(p, '\n', (size_t)(end - p)), *line_end = eol ? eol : end;
        char kind[12] = "", type[64] = "";
        size_t k = 0, n = 0;
        engine_text rest = { NULL, 0, 0 };
        for (; p < line_end && *p != ' '; p++) if (k < sizeof kind - 1) kind[k++] = *p;
        if (p < line_end) p++;
        for (; p < line_end && *p != ' '; p++) if (n < sizeof type - 1 && *p) type[n++] = *p;
        if (p < line_end) p++;
        engine_add(&rest, p, (size_t)(line_end - p));
        if (!strcmp(kind, "event")) events_event(&to, type, rest.ptr);
        else if (!strcmp(kind, "exception")) events_exception(&to, type, rest.ptr);
        else if (!strcmp(kind, "error")) events_error(&to, type, rest.ptr);
        else if (!strcmp(kind, "chunk")) events_chunk(&to, type, rest.ptr);
        engine_text_free(&rest);
        p = eol ? eol + 1 : end;
    }
    return to;
}

// -- replies -------------------------------------------------------------------------------

/* A reply that was read, and what it must be whatever came. */
static void fuzz_response(const llmprov_response *r) {
    llmprov_text saved;
    llmprov_history h;
    size_t i;
    fuzz_error(&r->error);
    fuzz_warnings(r->warnings, r->warning_count);
    fuzz_message(&r->message);
    fuzz_calls(&r->message);
    for (i = 1; i < r->choice_count; i++) {
        fuzz_message(&r->choices[i].message);
        fuzz_calls(&r->choices[i].message);
    }
    for (i = 0; i < r->choice_count; i++)
        if (r->choices[i].extra) IS_JSON(r->choices[i].extra, r->choices[i].extra_len, "choice.extra");
    MUST(r->text && strlen(r->text) <= r->text_len, "the text is not terminated");
    fuzz_utf8(r->text, r->text_len, "the text");
    if (r->extra) IS_JSON(r->extra, r->extra_len, "response.extra");
    if (r->usage.raw) IS_JSON(r->usage.raw, strlen(r->usage.raw), "usage.raw");
    MUST(r->usage.input_tokens >= 0 && r->usage.cache_read_tokens >= 0 && r->usage.cache_write_5m_tokens >= 0 && r->usage.cache_write_1h_tokens >= 0 &&
         r->usage.output_tokens >= 0 && r->usage.thinking_tokens >= 0, "a negative number of tokens");
    if (!llmprov_response_save(r, &saved)) {
        IS_JSON(saved.ptr, saved.len, "llmprov_response_save");
        llmprov_text_free(&saved);
    }
    if (r->error.code) {
        MUST(!llmprov_error_save(&r->error, NULL, &saved), "an error that cannot be saved");
        IS_JSON(saved.ptr, saved.len, "llmprov_error_save");
        llmprov_text_free(&saved);
    }
    memset(&h, 0, sizeof h);
    llmprov_add_message(&h, &r->message);
    if (!llmprov_history_save(&h, &saved)) {
        llmprov_history g;
        llmprov_text again;
        memset(&g, 0, sizeof g);
        MUST(!llmprov_history_load(&g, saved.ptr, saved.len, NULL), "a reply that was saved is not loaded");
        MUST(!llmprov_history_save(&g, &again), "a reply that was loaded is not saved");
        if (!engine_equal(saved.ptr, saved.len, again.ptr, again.len))        /* in blocks of kinds that are not known members change places */
            SAME(saved.ptr, saved.len, again.ptr, again.len, "a reply is saved otherwise after it was loaded");
        llmprov_text_free(&again);
        llmprov_text_free(&saved);
        llmprov_history_free(&g);
    }
    llmprov_history_free(&h);
}

static engine_text fuzz_read(llmprov_client *c, const llmprov_request *req, int stream, const engine_wire *w, int way, int mode, llmprov_response *r) {
    engine_trace trace;
    engine_text told;
    memset(&trace, 0, sizeof trace);
    trace.kept_less = req->keep != LLMPROV_KEEP_ALL;
    engine_run(c, req, stream, w, way, mode, &trace, r);
    if (!fuzz_memory.refused) {
        if (trace.wrong) fuzz_broken(trace.wrong, __LINE__);
        MUST(trace.over, "no END and no ERROR");
        MUST(trace.failed == (r->error.code != LLMPROV_OK), "ERROR and the result differ");
    }
    told = engine_told(&trace);
    engine_say_int(&told, "code", r->error.code);
    engine_add(&told, r->text, r->text_len);
    engine_trace_free(&trace);
    return told;
}

static const char *fuzz_type(const llmprov_provider *row) {
    if (!strcmp(row->format, "bedrock-converse") || row->quirks.flags & LLMPROV_QUIRK_AWS_CHUNKS) return "application/vnd.amazon.eventstream";
    return !strcmp(row->format, "ollama-chat") ? "application/x-ndjson" : "text/event-stream";
}

/* The bytes of a reply: for rows of AWS made from lines. */
static engine_text fuzz_body(const llmprov_provider *row, bool stream, const fuzz_text *t) {
    engine_text body = { NULL, 0, 0 };
    if (stream && !strcmp(fuzz_type(row), "application/vnd.amazon.eventstream")) return fuzz_events(t->ptr, t->len);
    engine_add(&body, t->ptr, t->len);
    return body;
}

static void fuzz_reply(fuzz_input *in, const char *format) {
    static const int statuses[] = { 200, 200, 200, 200, 200, 200, 200, 200, 400, 401, 403, 404, 413, 429, 500, 529 };
    unsigned long refusal = fuzz_refusal(in);
    const llmprov_provider *row = fuzz_row(format, fuzz_byte(in));
    unsigned model = fuzz_byte(in), how = fuzz_byte(in), more = fuzz_byte(in);
    int stream = how & 1 ? ENGINE_STREAM : ENGINE_WHOLE, way;
    int status = statuses[how >> 1 & 15];
    llmprov_request req = fuzz_ask_for(model >> 4, fuzz_model(model & 15));
    fuzz_text t = fuzz_rest(in, how & 32 ? 255 : 0);
    engine_text body = fuzz_body(row, stream && status < 300, &t), whole, other;
    engine_wire w = engine_wire_of(stream, status, body.ptr, body.len);
    llmprov_client *c;
    llmprov_response r;
    llmprov_status first;
    bool again = !strcmp(format, "openai-responses");      /* what is said again is not read where it comes in pieces: what is wrong in it is found in the whole, and elsewhere */
    req.keep = more % 8 == 1 ? LLMPROV_KEEP_TOOLS : more % 8 == 2 ? LLMPROV_KEEP_NOTHING : LLMPROV_KEEP_ALL;
    if (stream && status < 300) w.headers[0].value = fuzz_type(row);
    w.lost = (more & 8) != 0;
    c = fuzz_open(row);
    whole = fuzz_read(c, &req, stream, &w, 0, ENGINE_EVENTS, &r);
    first = r.error.code;
    fuzz_response(&r);
    llmprov_response_free(&r);
    for (way = 1; way < 4 && !(how & 32); way++) {
        other = fuzz_read(c, &req, stream, &w, way, way - 1, &r);
        if (!again || (r.error.code != LLMPROV_ERR_BAD_REPLY && first != LLMPROV_ERR_BAD_REPLY))
            SAME(whole.ptr, whole.len, other.ptr, other.len, "other events in pieces");
        engine_text_free(&other);
        llmprov_response_free(&r);
    }
    llmprov_close(c);
    if (refusal) {
        fuzz_memory.calls = 0, fuzz_memory.fail_at = refusal;
        c = fuzz_open(row);
        other = fuzz_read(c, &req, stream, &w, (int)(more >> 4 & 3), (int)(more >> 6) % 3, &r);
        if (fuzz_memory.refused && r.error.code != LLMPROV_ERR_NO_MEMORY && (!first || r.error.code != first))     /* there is no memory for its sentence */
            SAME(whole.ptr, whole.len, other.ptr, other.len, "without memory there are other events");
        engine_text_free(&other);
        llmprov_response_free(&r);
        llmprov_close(c);
    }
    engine_text_free(&whole);
    engine_text_free(&body);
    free(t.ptr);
}

#define FUZZ_FORMATS(X) X(chat, "openai-chat") X(responses, "openai-responses") X(messages, "anthropic-messages") \
    X(bedrock, "bedrock-converse") X(gemini, "gemini-generate") X(cohere, "cohere-v2") X(ollama, "ollama-chat")
static const char *const fuzz_formats[] = {
#define X(name, format) format,
    FUZZ_FORMATS(X)
#undef X
};
enum { FUZZ_FORMAT_COUNT = sizeof fuzz_formats / sizeof *fuzz_formats };
#define X(name, format) static void fuzz_run_reply_##name(fuzz_input *in) { fuzz_reply(in, format); }
FUZZ_FORMATS(X)
#undef X

// -- a reply that goes on to a client of another format ----------------------------------------

static bool fuzz_out(void *user, const void *bytes, size_t len) {
    engine_add((engine_text *)user, (const char *)bytes, len);
    return true;
}

static bool fuzz_pass(void *user, const llmprov_event *e) {
    llmprov_face *f = (llmprov_face *)user;
    if (e->type != LLMPROV_EVENT_RETRY) llmprov_face_event(f, e);
    return true;
}

/* What a face wrote is read by our own client of that format: whatever it says, it is no broken reply. */
static void fuzz_read_back(const char *format, const llmprov_face *f, int stream, const engine_text *written, bool failed) {
    llmprov_request req = fuzz_ask_for(0, "test-model");
    engine_wire w = engine_wire_from(f, stream, 200, written->ptr ? written->ptr : "", written->len);
    llmprov_client *c = fuzz_open(fuzz_row(format, 0));
    llmprov_response r;
    engine_text told = fuzz_read(c, &req, stream, &w, 0, ENGINE_EVENTS, &r);
    if (!failed && (r.error.code == LLMPROV_ERR_BAD_JSON || r.error.code == LLMPROV_ERR_BAD_REPLY || r.error.code == LLMPROV_ERR_TRUNCATED)) {
        fprintf(stderr, "%s %s: %s\n%.2000s\n", format, stream ? "stream" : "whole", r.error.message, written->ptr);
        fuzz_broken("what was written for a client is a broken reply", __LINE__);
    }
    fuzz_response(&r);
    engine_text_free(&told);
    llmprov_response_free(&r);
    llmprov_close(c);
}

static void fuzz_run_face(fuzz_input *in) {
    unsigned long refusal = fuzz_refusal(in);
    unsigned from = fuzz_byte(in), to = fuzz_byte(in), how = fuzz_byte(in), run;
    const llmprov_provider *row = fuzz_row(fuzz_formats[from % FUZZ_FORMAT_COUNT], from >> 3);
    int stream = how & 1 ? ENGINE_STREAM : ENGINE_WHOLE;
    llmprov_request req = fuzz_ask_for(how >> 1, fuzz_model(how >> 3));
    fuzz_text t = fuzz_rest(in, 0);
    engine_text body = fuzz_body(row, stream, &t);
    engine_wire w = engine_wire_of(stream, 200, body.ptr, body.len);
    llmprov_face_desc d;
    memset(&d, 0, sizeof d);
    d.format = fuzz_formats[to % FUZZ_FORMAT_COUNT];
    d.from = to & 64 ? row->format : NULL;
    d.created = 1700000000;
    d.out = fuzz_out;
    d.alloc = fuzz_alloc();
    if (stream) w.headers[0].value = fuzz_type(row);
    for (run = 0; run < 2 + (refusal != 0); run++) {
        bool streams = run == 0 || (run == 2 && to & 128);
        engine_text written = { NULL, 0, 0 };
        llmprov_client *c;
        llmprov_call *call;
        llmprov_face *f;
        llmprov_response r;
        if (run == 2) fuzz_memory.calls = 0, fuzz_memory.fail_at = refusal;
        d.user = &written;
        c = fuzz_open(row);
        f = llmprov_face_open(&d);
        req.stream = stream ? LLMPROV_STREAM_ON : LLMPROV_STREAM_OFF;
        req.on_event = streams ? fuzz_pass : NULL;
        req.user = f;
        call = llmprov_call_chat(c, &req);
        if (llmprov_call_want(call) == LLMPROV_WANT_SEND) {
            llmprov_call_head(call, 200, w.headers, 1);
            if (!streams) llmprov_call_mute(call);
            llmprov_call_feed(call, w.body, w.len);
            llmprov_call_eof(call);
        }
        llmprov_call_take(call, &r);
        llmprov_call_free(call);
        if (!streams) llmprov_face_reply(f, &r);
        if (run < 2) {
            size_t count;
            const llmprov_warning *warnings = llmprov_face_warnings(f, &count);
            fuzz_warnings(warnings, count);
            fuzz_error(llmprov_face_failure(f));
            MUST(llmprov_face_failure(f)->code == LLMPROV_OK, "an answer could not be written");
            if (!streams) IS_JSON(written.ptr, written.len, "a whole reply");
            if (!streams || !r.error.code) fuzz_read_back(d.format, f, streams, &written, r.error.code != LLMPROV_OK);
        }
        llmprov_response_free(&r);
        llmprov_face_free(f);
        llmprov_close(c);
        engine_text_free(&written);
    }
    engine_text_free(&body);
    free(t.ptr);
}

// -- requests of clients -----------------------------------------------------------------------

/* A request as it goes out: whole and in pieces the same, and JSON. NULL = it was refused. */
static char *fuzz_sent(llmprov_call *call, size_t *len) {
    const llmprov_http *http;
    char *copy, piece[300];
    const void *body = llmprov_call_body_whole(call, len);
    size_t at = 0, n, i;
    if (!body) {
        fuzz_error(llmprov_call_error(call));
        return NULL;
    }
    copy = (char *)malloc(*len + 1);
    if (!copy) exit(3);
    memcpy(copy, body, *len);
    copy[*len] = 0;
    http = llmprov_call_http(call);
    MUST(http && http->body_len == *len, "the body has another length than was told");
    IS_JSON(copy, *len, "a body");
    fuzz_utf8(copy, *len, "a body");
    MUST(llmprov_call_body_rewind(call), "the body cannot be read again");
    while ((n = llmprov_call_body(call, piece, 1 + test_random() % sizeof piece)) > 0) {
        MUST(at + n <= *len && !memcmp(copy + at, piece, n), "the body in pieces is another");
        at += n;
    }
    MUST(at == *len, "the body in pieces is shorter");
    MUST(!strncmp(http->url, "https://", 8) || !strncmp(http->url, "http://", 7), "a URL without a scheme");
    for (i = 0; http->url[i]; i++)
        MUST(http->url[i] > ' ' && http->url[i] < 0x7f && !strchr("\"<>\\^`{|}#", http->url[i]), "a byte that is not allowed in a URL");
    for (i = 0; i < http->header_count; i++) {
        const char *name = http->headers[i].name, *value = http->headers[i].value;
        size_t k;
        MUST(*name && llmprov__http_is_token(name, strlen(name)), "a header's name is none");
        for (k = 0; value[k]; k++) MUST((unsigned char)value[k] >= ' ' || value[k] == '\t', "a control character in a header");
        for (k = 0; k < i; k++) MUST(!llmprov__text_same(http->headers[k].name, name, true), "a header comes twice");
        MUST(!llmprov__text_same(name, "content-length", true) && !llmprov__text_same(name, "host", true), "a header that is the transport's");
    }
    return copy;
}

/* Sends what was asked to some provider. */
static char *fuzz_send_on(const llmprov_provider *row, const llmprov_request *asked, size_t *len) {
    llmprov_client *c = fuzz_open(row);
    llmprov_call *call = llmprov_call_chat(c, asked);
    size_t count;
    char *body = fuzz_sent(call, len);
    const llmprov_warning *w = llmprov_call_warnings(call, &count);
    fuzz_warnings(w, count);
    llmprov_call_free(call);
    llmprov_close(c);
    return body;
}

/* What a client asked, and goes out in its own format again, says the same when it is read again. */
static void fuzz_ask_again(const char *format, const llmprov_provider *row, const char *body, size_t len, const char *model) {
    llmprov_alloc alloc = fuzz_alloc();
    llmprov_asked again;
    size_t second_len;
    char *second;
    if (llmprov_ask(NULL, format, body, len, &alloc, &again)) {
        fprintf(stderr, "%s: %s\n%.2000s\n", format, again.error.message, body);
        fuzz_broken("what was sent is refused when it is read", __LINE__);
    }
    if (!again.request.model) again.request.model = model;
    second = fuzz_send_on(row, &again.request, &second_len);
    if (second) SAME(body, len, second, second_len, "sent on once more it is another body");
    free(second);
    llmprov_asked_free(&again);
}

static void fuzz_asked(fuzz_input *in, const char *format) {
    unsigned long refusal = fuzz_refusal(in);
    unsigned pick = fuzz_byte(in), more = fuzz_byte(in);
    const llmprov_provider *row = pick & 1 ? llmprov_provider_at(NULL, (pick >> 1) % llmprov_provider_count(NULL)) : fuzz_row(format, pick >> 1);
    fuzz_text t = fuzz_rest(in, more);
    llmprov_alloc alloc = fuzz_alloc();
    llmprov_asked asked;
    llmprov_face_desc d;
    llmprov_face *f;
    llmprov_status status, first = llmprov_ask(NULL, format, t.ptr, t.len, &alloc, &asked);
    engine_text written = { NULL, 0, 0 };
    int http_status = 0;
    fuzz_error(&asked.error);
    MUST(first == asked.error.code, "the status is not the error's");
    fuzz_warnings(asked.warnings, asked.warning_count);
    status = llmprov_asked_check(&asked, NULL);
    fuzz_error(&asked.error);
    MUST(!first || status == first, "a failure was forgotten");
    if (status) {
        memset(&d, 0, sizeof d);
        d.format = format;
        d.out = fuzz_out;
        d.user = &written;
        d.alloc = alloc;
        f = llmprov_face_open(&d);
        MUST(!llmprov_face_error(f, &asked.error, &http_status), "a refusal that cannot be written");
        IS_JSON(written.ptr, written.len, "a refusal");
        MUST(http_status >= 400 && http_status < 600, "a refusal with the status of a success");
        llmprov_face_free(f);
        engine_text_free(&written);
    }
    if (!first) {
        size_t len;
        char *body;
        const char *model = more & 1 || !asked.request.model ? fuzz_model(more >> 1) : asked.request.model;
        asked.request.model = model;
        body = fuzz_send_on(row, &asked.request, &len);
        if (body && !strcmp(row->format, format) && more <= 200) fuzz_ask_again(format, row, body, len, model);
        free(body);
    }
    llmprov_asked_free(&asked);
    if (refusal) {
        llmprov_client *c;
        llmprov_call *call;
        size_t len;
        fuzz_memory.calls = 0, fuzz_memory.fail_at = refusal;
        status = llmprov_ask(NULL, format, t.ptr, t.len, &alloc, &asked);
        if (fuzz_memory.refused) MUST(status == first || status == LLMPROV_ERR_NO_MEMORY, "without memory another error");
        asked.request.model = fuzz_model(more >> 1);
        c = fuzz_open(row);
        call = llmprov_call_chat(c, &asked.request);
        llmprov_call_body_whole(call, &len);
        llmprov_call_free(call);
        llmprov_close(c);
        llmprov_asked_free(&asked);
    }
    free(t.ptr);
}

#define X(name, format) static void fuzz_run_ask_##name(fuzz_input *in) { fuzz_asked(in, format); }
FUZZ_FORMATS(X)
#undef X

// -- histories -----------------------------------------------------------------------------

static void fuzz_run_history(fuzz_input *in) {
    unsigned long refusal = fuzz_refusal(in);
    fuzz_text t = fuzz_rest(in, fuzz_byte(in));
    llmprov_history h, g;
    llmprov_text saved, again;
    llmprov_error err;
    llmprov_status status;
    size_t i;
    memset(&h, 0, sizeof h);
    h.alloc = fuzz_alloc();
    g = h;
    status = llmprov_history_load(&h, t.ptr, t.len, &err);
    MUST(status == err.code, "the status is not the error's");
    if (status) {
        MUST(!h.message_count && !h.system_count && err.message && *err.message, "a history that failed is not empty");
        MUST(err.offset <= t.len, "an error behind the end");
    } else {
        for (i = 0; i < h.message_count; i++) fuzz_message(&h.messages[i]);
        for (i = 0; i < h.system_count; i++) fuzz_block(&h.system_blocks[i]);
        MUST(!llmprov_history_save(&h, &saved), "a history that was loaded is not saved");
        IS_JSON(saved.ptr, saved.len, "a history");
        MUST(!llmprov_history_load(&g, saved.ptr, saved.len, NULL), "a history that was saved is not loaded");
        MUST(!llmprov_history_save(&g, &again), "a history that was loaded is not saved");
        SAME(saved.ptr, saved.len, again.ptr, again.len, "a history is saved otherwise after it was loaded");
        llmprov_text_free(&saved);
        llmprov_text_free(&again);
    }
    llmprov_history_free(&g);
    llmprov_history_free(&h);
    if (refusal) {
        llmprov_status second;
        fuzz_memory.calls = 0, fuzz_memory.fail_at = refusal;
        second = llmprov_history_load(&h, t.ptr, t.len, &err);
        if (fuzz_memory.refused) MUST(second == status || second == LLMPROV_ERR_NO_MEMORY, "without memory another error");
        if (!second) {
            llmprov_add_text(&h, LLMPROV_ROLE_USER, "more");
            llmprov_history_cut(&h, 1);
            if (!llmprov_history_save(&h, &saved)) llmprov_text_free(&saved);
        }
        llmprov_history_free(&h);
    }
    free(t.ptr);
}

/* Any history, legal for any target: calls have results, and what is legal stays as it is. */
static void fuzz_run_normal(fuzz_input *in) {
    unsigned long refusal = fuzz_refusal(in);
    const llmprov_provider *row = llmprov_provider_at(NULL, fuzz_byte(in) % llmprov_provider_count(NULL));
    unsigned model = fuzz_byte(in), more = fuzz_byte(in);
    fuzz_text t = fuzz_rest(in, more);
    llmprov_alloc alloc = fuzz_alloc();
    llmprov_history h, g;
    llmprov_asked first, second;
    llmprov_request req = fuzz_ask_for(0, model & 128 ? NULL : fuzz_model(model));
    size_t calls = 0, i, k;
    memset(&h, 0, sizeof h);
    h.alloc = alloc;
    if (!llmprov_history_load(&h, t.ptr, t.len, NULL)) {
        req.history = &h;
        if (more & 1) req.prompt = NULL;
        llmprov_normalise(NULL, row->id, &req, &alloc, &first);
        fuzz_error(&first.error);
        fuzz_warnings(first.warnings, first.warning_count);
        if (!first.error.code) {
            llmprov_text a, b;
            for (i = 0; i < first.request.message_count; i++) fuzz_calls(&first.request.messages[i]);
            for (i = 0; i < first.request.message_count; i++)
                for (k = 0; k < first.request.messages[i].block_count; k++) calls += first.request.messages[i].blocks[k].type == LLMPROV_BLOCK_TOOL_USE;
            if (calls < 60 && walk_unpaired(&first.request) && strncmp(walk_unpaired(&first.request), "a last", 6)) fuzz_broken(walk_unpaired(&first.request), __LINE__);
            llmprov_normalise(NULL, row->id, &first.request, &alloc, &second);
            if (second.error.code) {
                fprintf(stderr, "%s\n", second.error.message);
                fuzz_broken("what was made legal is refused", __LINE__);
            }
            memset(&g, 0, sizeof g);
            g.system_blocks = first.request.system_blocks, g.system_count = first.request.system_count;
            g.messages = (llmprov_message *)(uintptr_t)first.request.messages, g.message_count = first.request.message_count;
            MUST(!llmprov_history_save(&g, &a), "a legal history is not saved");
            g.system_blocks = second.request.system_blocks, g.system_count = second.request.system_count;
            g.messages = (llmprov_message *)(uintptr_t)second.request.messages, g.message_count = second.request.message_count;
            MUST(!llmprov_history_save(&g, &b), "a legal history is not saved");
            SAME(a.ptr, a.len, b.ptr, b.len, "what was made legal is made legal again");
            llmprov_text_free(&a);
            llmprov_text_free(&b);
            llmprov_asked_free(&second);
        }
        llmprov_asked_free(&first);
        if (refusal) {
            fuzz_memory.calls = 0, fuzz_memory.fail_at = refusal;
            llmprov_normalise(NULL, row->id, &req, &alloc, &first);
            llmprov_asked_free(&first);
        }
    }
    llmprov_history_free(&h);
    free(t.ptr);
}

// -- schemas -------------------------------------------------------------------------------

static void fuzz_run_schema(fuzz_input *in) {
    unsigned long refusal = fuzz_refusal(in);
    llmprov_schema_target target = (llmprov_schema_target)(fuzz_byte(in) % (LLMPROV_SCHEMA_COHERE + 1));
    fuzz_text t = fuzz_rest(in, fuzz_byte(in));
    llmprov_alloc alloc = fuzz_alloc();
    llmprov_schema a, b;
    llmprov_status status = llmprov_schema_compile(t.ptr, t.len, target, &alloc, &a);
    fuzz_error(&a.error);
    fuzz_warnings(a.warnings, a.warning_count);
    MUST(status == a.error.code && a.json, "the status is not the error's");
    if (status) MUST(!a.json_len, "a schema beside an error");
    else {
        IS_JSON(a.json, a.json_len, "a schema");
        if (llmprov_schema_compile(a.json, a.json_len, target, &alloc, &b)) {
            fprintf(stderr, "%s\n%.1500s\n", b.error.message, a.json);
            fuzz_broken("a schema that was made fit is refused", __LINE__);
        }
        if (!engine_equal(a.json, a.json_len, b.json, b.json_len))           /* members may change places */
            SAME(a.json, a.json_len, b.json, b.json_len, "a schema that was made fit is made fit again");
        llmprov_schema_free(&b);
    }
    if (refusal) {
        fuzz_memory.calls = 0, fuzz_memory.fail_at = refusal;
        llmprov_schema_compile(t.ptr, t.len, target, &alloc, &b);
        if (fuzz_memory.refused && b.error.code != LLMPROV_ERR_NO_MEMORY) {
            MUST(b.error.code == status, "without memory another error");
            SAME(a.json, a.json_len, b.json, b.json_len, "without memory another schema");
        }
        llmprov_schema_free(&b);
    }
    llmprov_schema_free(&a);
    free(t.ptr);
}

// -- rows, addresses, headers ----------------------------------------------------------------

static int64_t fuzz_clock(void *user) {
    (void)user;
    return 1700000000000;
}

/* A provider of one's own, and a profile: what is registered can be used or says why not. */
static void fuzz_run_row(fuzz_input *in) {
    unsigned long refusal = fuzz_refusal(in), run;
    unsigned auth = fuzz_byte(in), flags = fuzz_byte(in), model_flags = fuzz_byte(in);
    llmprov_alloc alloc = fuzz_alloc();
    llmprov_provider row;
    llmprov_profile profile;
    const char *name;
    memset(&row, 0, sizeof row);
    memset(&profile, 0, sizeof profile);
    row.id = fuzz_line(in);
    row.format = flags & 128 ? fuzz_line(in) : fuzz_formats[flags % FUZZ_FORMAT_COUNT];
    row.base_url = fuzz_line(in);
    row.key_env = fuzz_line(in);
    row.base_env = fuzz_line(in);
    row.aliases = fuzz_line(in);
    row.default_model = fuzz_line(in);
    row.auth = (llmprov_auth)(auth % (LLMPROV_AUTH_SIGV4 + 1));
    row.auth_optional = (auth & 64) != 0;
    row.auth_name = fuzz_line(in);
    row.headers = fuzz_lines(in);
    row.quirks.chat_path = fuzz_line(in);
    row.quirks.stream_path = fuzz_line(in);
    row.quirks.base_path = fuzz_line(in);
    row.quirks.api_version = fuzz_line(in);
    row.quirks.version_query = fuzz_line(in);
    row.quirks.version_member = fuzz_line(in);
    row.quirks.beta_member = fuzz_line(in);
    row.quirks.needs_header = fuzz_line(in);
    row.quirks.max_tokens_key = fuzz_line(in);
    row.quirks.reasoning_key = fuzz_line(in);
    row.quirks.user_key = fuzz_line(in);
    row.quirks.efforts = fuzz_line(in);
    row.quirks.no_strict = fuzz_line(in);
    row.quirks.flags = 1u << (auth >> 3 & 31);
    row.quirks.tools = (llmprov_tool_form)(flags >> 3 & 7);
    profile.prefix = fuzz_line(in);
    profile.efforts = fuzz_line(in);
    profile.flags = 1u << (model_flags & 31);
    profile.tools = (llmprov_tool_form)(model_flags >> 5);
    name = fuzz_line(in);
    for (run = 0; run < 1 + (refusal != 0); run++) {
        llmprov_registry *reg;
        llmprov_status status;
        if (run) fuzz_memory.calls = 0, fuzz_memory.fail_at = refusal;
        reg = llmprov_registry_new(&alloc);
        status = llmprov_register_profile(reg, &profile, LLMPROV_REPLACE);
        fuzz_error(llmprov_registry_error(reg));
        MUST(llmprov_profile_find(reg, name ? name : "") != NULL, "no profile");
        if (!status && !run) MUST(llmprov_profile_find(reg, profile.prefix) != NULL, "no profile");
        status = llmprov_register(reg, &row, LLMPROV_REPLACE);
        fuzz_error(llmprov_registry_error(reg));
        if (!status) {
            llmprov_desc d;
            llmprov_client *c;
            llmprov_call *call;
            llmprov_request req = fuzz_ask_for(flags >> 6 & 1, name);
            size_t len;
            memset(&d, 0, sizeof d);
            d.provider = row.id;
            d.api_key = "test-key";
            d.registry = reg;
            d.region = "us-east-1";
            d.alloc = alloc;
            req.effort = LLMPROV_EFFORT_HIGH;
            req.user_id = "someone";
            req.max_tokens.value = 100, req.max_tokens.set = true;
            MUST(run || llmprov_provider_find(reg, row.id), "a row that was registered is not found");
            c = llmprov_open(&d);
            call = llmprov_call_chat(c, &req);
            if (!run) free(fuzz_sent(call, &len));
            else llmprov_call_body_whole(call, &len);
            llmprov_call_free(call);
            llmprov_close(c);
        }
        llmprov_unregister(reg, name ? name : "");
        llmprov_registry_free(reg);
    }
}

/* What a program says about where and how: base URLs, versions, regions, headers, keys, names of models. */
static void fuzz_run_url(fuzz_input *in) {
    unsigned long refusal = fuzz_refusal(in), run;
    unsigned pick = fuzz_byte(in), how = fuzz_byte(in);
    llmprov_desc d;
    llmprov_request req = fuzz_ask_for(0, NULL);
    const char *path;
    memset(&d, 0, sizeof d);
    d.provider = llmprov_provider_at(NULL, pick % llmprov_provider_count(NULL))->id;
    if (how & 1) d.provider = fuzz_line(in);
    d.base_url = fuzz_line(in);
    d.api_version = fuzz_line(in);
    d.region = fuzz_line(in);
    d.api_key = fuzz_line(in);
    d.access_key = fuzz_line(in);
    d.secret_key = fuzz_line(in);
    d.session_token = fuzz_line(in);
    d.headers = fuzz_lines(in);
    req.headers = fuzz_lines(in);
    req.model = fuzz_line(in);
    path = fuzz_line(in);
    req.stream = how & 2 ? LLMPROV_STREAM_ON : LLMPROV_STREAM_OFF;
    d.unix_ms = fuzz_clock;
    d.alloc = fuzz_alloc();
    for (run = 0; run < 1 + (refusal != 0); run++) {
        llmprov_client *c;
        llmprov_call *call;
        size_t len;
        if (run) fuzz_memory.calls = 0, fuzz_memory.fail_at = refusal;
        c = llmprov_open(&d);
        if (c) fuzz_error(llmprov_client_error(c));
        call = llmprov_call_chat(c, &req);
        if (!run) free(fuzz_sent(call, &len));
        else llmprov_call_body_whole(call, &len);
        llmprov_call_free(call);
        llmprov_close(c);
    }
    if (path) {
        static const char body[] = "{\"messages\":[],\"contents\":[]}";
        const char *format = llmprov_format_of(NULL, path);
        llmprov_asked asked;
        llmprov_alloc alloc = fuzz_alloc();
        fuzz_memory.fail_at = 0;
        if (!format) format = fuzz_formats[pick % FUZZ_FORMAT_COUNT];
        llmprov_ask(NULL, format, body, sizeof body - 1, &alloc, &asked);
        if (!llmprov_asked_path(&asked, NULL, path) && asked.request.model) fuzz_utf8(asked.request.model, strlen(asked.request.model), "a model's name");
        fuzz_error(&asked.error);
        llmprov_asked_free(&asked);
    }
}

/* Replies that fail, their headers, and what is done about them: "STATUS" on a line, headers on lines, an empty line, the
   body; then the next reply, after a line of "---". */
static void fuzz_run_head(fuzz_input *in) {
    unsigned pick = fuzz_byte(in), how = fuzz_byte(in), attempts = 0;
    uint64_t now = (uint64_t)fuzz_byte(in) << (how & 63);
    llmprov_request req = fuzz_ask_for(0, "test-model");
    llmprov_desc d;
    llmprov_client *c;
    llmprov_call *call;
    llmprov_response r;
    llmprov_event e;
    memset(&d, 0, sizeof d);
    d.provider = fuzz_row(fuzz_formats[pick % FUZZ_FORMAT_COUNT], pick >> 3)->id;
    d.api_key = "test-key";
    d.region = "us-east-1";
    d.base_url = "https://api.test/v1";
    d.unix_ms = how & 128 ? fuzz_clock : NULL;
    d.alloc = fuzz_alloc();
    d.max_retries = 3;
    req.stream = how & 64 ? LLMPROV_STREAM_ON : LLMPROV_STREAM_OFF;
    c = llmprov_open(&d);
    call = llmprov_call_chat(c, &req);
    llmprov_call_tick(call, now);
    while (llmprov_call_want(call) != LLMPROV_WANT_NOTHING) {
        llmprov_header headers[20];
        size_t count = 0;
        char *line = fuzz_line(in), copy[20][300];
        int due;
        if (llmprov_call_want(call) == LLMPROV_WANT_TIME) {
            due = llmprov_call_due_ms(call);
            MUST(due >= 0 && due <= 600000, "a wait that is longer than the call may take");
            now += (uint64_t)due;
            llmprov_call_tick(call, now);
            MUST(llmprov_call_want(call) != LLMPROV_WANT_TIME, "the time has come and nothing happens");
            continue;
        }
        MUST(++attempts <= 4, "more attempts than there may be");
        llmprov_call_sent(call);
        for (;;) {                                           /* heads replace heads: 1xx, redirects */
            int status = line ? atoi(line) : 500;
            while (count < 20 && (line = fuzz_line(in)) != NULL) {
                char *colon = strchr(line, ':');
                if (strlen(line) >= sizeof copy[0]) continue;
                strcpy(copy[count], line);
                headers[count].name = copy[count];
                headers[count].value = colon ? copy[count] + (colon - line) + 1 : "";
                if (colon) copy[count][colon - line] = 0;
                count++;
            }
            llmprov_call_head(call, status, headers, count);
            if (status < 100 || status > 199 || !in->len) break;
            line = fuzz_line(in);
            count = 0;
        }
        while (in->len && (line = fuzz_line(in)) != NULL && strcmp(line, "---"))
            if (!llmprov_call_feed(call, line, strlen(line))) break;
        if (how & 4 && attempts == 1) llmprov_call_fail(call, LLMPROV_ERR_TRANSPORT, "the connection was reset");
        else llmprov_call_eof(call);
        while (llmprov_call_next(call, &e)) if (e.error) fuzz_error(e.error);
    }
    while (llmprov_call_next(call, &e)) if (e.error) fuzz_error(e.error);
    MUST(llmprov_call_due_ms(call) == -1, "a call that is over waits");
    llmprov_call_take(call, &r);
    fuzz_response(&r);
    llmprov_response_free(&r);
    llmprov_call_free(call);
    llmprov_close(c);
}

/* A request of a program, in its own words, to any provider. */
static void fuzz_run_request(fuzz_input *in) {
    unsigned long refusal = fuzz_refusal(in), run;
    const llmprov_provider *row = llmprov_provider_at(NULL, fuzz_byte(in) % llmprov_provider_count(NULL));
    unsigned model = fuzz_byte(in), a = fuzz_byte(in), b = fuzz_byte(in), c = fuzz_byte(in), d = fuzz_byte(in);
    llmprov_request req = fuzz_ask_for(0, fuzz_model(model));
    llmprov_tool tools[2];
    const char *stop[2];
    memset(tools, 0, sizeof tools);
    req.prompt = fuzz_lines(in);
    req.system = fuzz_lines(in);
    tools[0].name = fuzz_line(in);
    tools[0].description = fuzz_line(in);
    tools[0].schema = fuzz_line(in);
    tools[0].extra = fuzz_line(in);
    tools[0].type = a & 1 ? fuzz_line(in) : NULL;
    tools[0].strict = (llmprov_flag)(a >> 1 & 3) % 3;
    tools[0].cache = (llmprov_cache)(a >> 3 & 3) % 3;
    tools[1].name = fuzz_line(in);
    req.tools = tools;
    req.tool_count = tools[0].name || tools[0].type ? 1 + (tools[1].name != NULL) : 0;
    req.tool_choice = (llmprov_tool_choice)(a >> 5 & 3);
    req.parallel_tools = (llmprov_flag)(b & 3) % 3;
    req.tool_name = tools[1].name ? tools[1].name : tools[0].name;
    req.thinking = (llmprov_thinking)(b >> 2 & 7) % 5;
    req.effort = (llmprov_effort)(b >> 5 & 7);
    req.thinking_tokens.set = c & 1, req.thinking_tokens.value = (int64_t)d * d * 16 - 100;
    req.max_tokens.set = c & 2, req.max_tokens.value = (int64_t)d * 1000 - 1;
    req.temperature.set = c & 4, req.temperature.value = d / 100.0;
    req.top_p.set = c & 8, req.top_p.value = d / 200.0;
    req.top_k.set = c & 16, req.top_k.value = d;
    req.presence_penalty.set = c & 32, req.presence_penalty.value = d / 100.0 - 1;
    req.n.set = c & 64, req.n.value = d % 8;
    req.seed.set = c & 128, req.seed.value = (int64_t)d << 50;
    req.cache = (llmprov_cache)(d & 3) % 3;
    req.schema_strict = (llmprov_flag)(d >> 2 & 3) % 3;
    stop[0] = fuzz_lines(in);
    stop[1] = fuzz_line(in);
    req.stop = stop;
    req.stop_count = stop[0] ? 1 + (stop[1] != NULL) : 0;
    req.schema = fuzz_line(in);
    req.schema_name = fuzz_line(in);
    req.user_id = fuzz_line(in);
    req.service_tier = fuzz_line(in);
    req.headers = fuzz_lines(in);
    req.extra = fuzz_line(in);
    for (run = 0; run < 1 + (refusal != 0); run++) {
        llmprov_client *client;
        llmprov_call *call;
        size_t len, count;
        const llmprov_warning *w;
        if (run) fuzz_memory.calls = 0, fuzz_memory.fail_at = refusal;
        client = fuzz_open(row);
        call = llmprov_call_chat(client, &req);
        if (!run) free(fuzz_sent(call, &len));
        else llmprov_call_body_whole(call, &len);
        w = llmprov_call_warnings(call, &count);
        if (!run) fuzz_warnings(w, count);
        llmprov_call_free(call);
        llmprov_close(client);
    }
}

// -- tools that are told in words ----------------------------------------------------------------

/* The text of a model, as chunks of openai-chat that are cut between any two characters. */
static engine_text fuzz_spoken(const char *p, size_t len, int way) {
    engine_text to = { NULL, 0, 0 };
    size_t at, n;
    engine_add(&to, "", 0);
    for (at = 0; at < len; at += n) {
        llmprov_writer w;
        n = test_cut(way, len - at);
        while (n < len - at && (p[at + n] & 0xC0) == 0x80) n++;
        memset(&w, 0, sizeof w);
        llmprov_write_open(&w, NULL, '{');
        llmprov_write_open(&w, "choices", '[');
        llmprov_write_open(&w, NULL, '{');
        llmprov_write_open(&w, "delta", '{');
        llmprov_write_str(&w, "content", p + at, n);
        while (w.depth) llmprov_write_close(&w);
        engine_adds(&to, "data: ");
        engine_add(&to, w.text, w.len);
        engine_adds(&to, "\n\n");
        llmprov_writer_free(&w);
    }
    engine_adds(&to, "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
    return to;
}

static void fuzz_spoken_to(fuzz_input *in, bool uitars) {
    unsigned long refusal = fuzz_refusal(in);
    unsigned how = fuzz_byte(in);
    llmprov_alloc alloc = fuzz_alloc();
    llmprov_tool tools[3];
    llmprov_request req = fuzz_ask_for(0, uitars ? (how & 1 ? "ui-tars-1.5-7b" : "ui-tars-72b") : "test-model");
    llmprov_provider row;
    llmprov_registry *reg = llmprov_registry_new(&alloc);
    fuzz_text t = fuzz_rest(in, how);
    engine_text whole = { NULL, 0, 0 };
    llmprov_desc d;
    size_t valid = llmprov__text_valid(t.ptr, t.len);
    int way;
    memset(&row, 0, sizeof row);
    row.id = "spoken";
    row.format = "openai-chat";
    row.base_url = "https://api.test/v1";
    row.auth = LLMPROV_AUTH_NONE;
    row.can = LLMPROV_CAN_CHAT | LLMPROV_CAN_STREAM | LLMPROV_CAN_IMAGES;
    row.quirks.tools = uitars ? how & 2 ? LLMPROV_TOOLS_UITARS : LLMPROV_TOOLS_UITARS_1000 : LLMPROV_TOOLS_PROMPTED;
    MUST(!llmprov_register(reg, &row, 0), "the row is refused");
    tools[0] = fuzz_screen;
    tools[1] = walk_tools[0];
    tools[2] = walk_tools[2];
    req.tools = uitars ? tools : walk_tools;
    req.tool_count = 3;
    memset(&d, 0, sizeof d);
    d.provider = "spoken";
    d.registry = reg;
    d.max_retries = -1;
    d.alloc = alloc;
    for (way = 0; way < (how > 200 ? 1 : 4) + (refusal != 0); way++) {
        bool last = refusal && way == (how > 200 ? 1 : 4);
        engine_text body = fuzz_spoken(t.ptr, valid, last ? 2 : way), told;
        engine_wire w = engine_wire_of(ENGINE_STREAM, 200, body.ptr, body.len);
        llmprov_client *c;
        llmprov_response r;
        if (last) fuzz_memory.calls = 0, fuzz_memory.fail_at = refusal;
        c = llmprov_open(&d);
        told = fuzz_read(c, &req, ENGINE_STREAM, &w, 0, ENGINE_EVENTS, &r);
        if (!way) {
            fuzz_response(&r);
            whole = told;
            memset(&told, 0, sizeof told);
        } else if (!last || (fuzz_memory.refused && r.error.code != LLMPROV_ERR_NO_MEMORY))
            SAME(whole.ptr, whole.len, told.ptr, told.len, "cut otherwise it says something else");
        engine_text_free(&told);
        engine_text_free(&body);
        llmprov_response_free(&r);
        llmprov_close(c);
    }
    engine_text_free(&whole);
    llmprov_registry_free(reg);
    free(t.ptr);
}

static void fuzz_run_prompted(fuzz_input *in) { fuzz_spoken_to(in, false); }
static void fuzz_run_uitars(fuzz_input *in) { fuzz_spoken_to(in, true); }

// -- the targets ---------------------------------------------------------------------------

static const struct fuzz_target {
    const char *name;
    void (*run)(fuzz_input *in);
} fuzz_targets[] = {
    { "json", fuzz_run_json }, { "text", fuzz_run_text }, { "number", fuzz_run_number },
    { "frame_sse", fuzz_run_frame_sse }, { "frame_ndjson", fuzz_run_frame_ndjson }, { "frame_items", fuzz_run_frame_items }, { "frame_events", fuzz_run_frame_events },
#define X(name, format) { "reply_" #name, fuzz_run_reply_##name },
    FUZZ_FORMATS(X)
#undef X
#define X(name, format) { "ask_" #name, fuzz_run_ask_##name },
    FUZZ_FORMATS(X)
#undef X
    { "face", fuzz_run_face }, { "history", fuzz_run_history }, { "normal", fuzz_run_normal }, { "schema", fuzz_run_schema }, { "row", fuzz_run_row },
    { "url", fuzz_run_url }, { "head", fuzz_run_head }, { "request", fuzz_run_request }, { "prompted", fuzz_run_prompted }, { "uitars", fuzz_run_uitars },
};
enum { FUZZ_TARGETS = sizeof fuzz_targets / sizeof *fuzz_targets };

static const char *fuzz_name(void) { return fuzz_now ? fuzz_now->name : "fuzz"; }

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    const char *name = strrchr((*argv)[0], '/');
    size_t i;
    name = name ? name + 1 : (*argv)[0];
    if (*argc == 2 && !strcmp((*argv)[1], "--targets")) {
        for (i = 0; i < FUZZ_TARGETS; i++) puts(fuzz_targets[i].name);
        exit(0);
    }
    for (i = 0; i < FUZZ_TARGETS; i++)
        if (!strcmp(fuzz_targets[i].name, name)) fuzz_now = &fuzz_targets[i];
    if (!fuzz_now) {
        fprintf(stderr, "%s is no target: --targets says which there are\n", name);
        exit(2);
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_input in;
    in.p = (const char *)data;
    in.len = size;
    memset(&fuzz_memory, 0, sizeof fuzz_memory);
    memset(&test_now, 0, sizeof test_now);
    test_now.random = 88172645463325252u + size * 2654435761u;
    fuzz_now->run(&in);
    MUST(!fuzz_memory.live && !fuzz_memory.bytes, "something was not freed");
    return 0;
}
