// llmprov: the command line of llmprov.h
//
// It chats, shows the HTTP request that a conversation becomes, and turns each wire format into every other. It
// calls public functions alone, so each part also shows how a program may use the header: >>chat the blocking call,
// >>request and >>convert the engine without network.
//
// CONTENTS   >>platform >>output >>options >>events >>tools >>chat >>request >>convert >>lists >>main
//
// Build: cc -std=c99 -I. -o llmprov tools/llmprov.c                              plain sockets: http:// only
//        cc -std=c99 -I. -DLLMPROV_CURL -o llmprov tools/llmprov.c -lcurl        https:// too
//        x86_64-w64-mingw32-gcc -std=c99 -municode -I. -DLLMPROV_WINHTTP -o llmprov.exe tools/llmprov.c -lwinhttp
//        cl /std:c11 /I. /DLLMPROV_WINHTTP tools\llmprov.c winhttp.lib           Windows: https:// too

#define _POSIX_C_SOURCE 200809L
#define _CRT_SECURE_NO_WARNINGS
#ifndef LLMPROV_APART         /* the Makefile compiles the implementation once for all tools */
#define LLMPROV_IMPLEMENTATION
#endif
#include "llmprov.h"
#if !defined(LLMPROV_CURL) && !defined(LLMPROV_WINHTTP)
#include "../examples/sockets.h"
#define PLAIN_SOCKETS
#endif
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DONE, USAGE, BAD_INPUT, FAILED };       /* exit codes */

//==============================================================================
// >>platform   what the C library has not, or not everywhere alike
//
// Everything here is UTF-8 and bytes as they are. Windows has names of files, words
// of the command line and the keyboard in UTF-16, and ends lines of its own.
//==============================================================================

#ifdef _WIN32
#include <fcntl.h>
#include <io.h>
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#include <windows.h>

static volatile LONG interrupted;

/* Called in a thread of its own. */
static BOOL WINAPI on_interrupt(DWORD event) {
    if (event != CTRL_C_EVENT) return FALSE;
    interrupted = 1;
    return TRUE;
}

static void catch_interrupts(void) { SetConsoleCtrlHandler(on_interrupt, TRUE); }
static bool is_terminal(FILE *f) { return _isatty(_fileno(f)) != 0; }
static long read_some(FILE *f, void *to, size_t size) { return _read(_fileno(f), to, (unsigned)size); }

static FILE *open_file(const char *path, const char *mode) {
    wchar_t name[1024], how[8];
    if (!MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, name, 1024) || !MultiByteToWideChar(CP_UTF8, 0, mode, -1, how, 8)) {
        errno = ENOENT;
        return NULL;
    }
    return _wfopen(name, how);
}

/* UTF-8 of a part of a text; NULL without memory. */
static char *narrow(const wchar_t *text, int len) {
    int n = len ? WideCharToMultiByte(CP_UTF8, 0, text, len, NULL, 0, NULL, NULL) : 0;
    char *to = malloc((size_t)n + 1);
    if (!to) return NULL;
    if (n) WideCharToMultiByte(CP_UTF8, 0, text, len, to, n, NULL, NULL);
    to[n] = 0;
    return to;
}

/* A line that is typed, with its end; NULL = no more, or what was typed is interrupted. */
static char *type_line(void) {
    wchar_t text[4096];
    DWORD len = 0;
    if (!ReadConsoleW(GetStdHandle(STD_INPUT_HANDLE), text, 4096, &len, NULL) || !len || text[0] == 26) return NULL;
    return narrow(text, (int)len);
}

static int64_t wall_clock(void *user) {
    FILETIME t;
    (void)user;
    GetSystemTimeAsFileTime(&t);
    return (int64_t)(((uint64_t)t.dwHighDateTime << 32 | t.dwLowDateTime) / 10000u) - INT64_C(11644473600000);
}
#else
#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number) {
    (void)signal_number;
    interrupted = 1;
}

static void catch_interrupts(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_interrupt;
    sigaction(SIGINT, &action, NULL);
}

static bool is_terminal(FILE *f) { return isatty(fileno(f)) != 0; }
static long read_some(FILE *f, void *to, size_t size) { return read(fileno(f), to, size); }
static FILE *open_file(const char *path, const char *mode) { return fopen(path, mode); }

static int64_t wall_clock(void *user) {
    struct timespec t;
    (void)user;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
#endif

//==============================================================================
// >>output     sentences on stderr, whole files
//==============================================================================

static int say(int code, const char *what, const char *more) {
    fflush(stdout);
    fprintf(stderr, "llmprov: %s%s%s\n", what, more ? ": " : "", more ? more : "");
    return code;
}

static void say_warnings(const llmprov_warning *warnings, size_t count) {
    size_t i;
    fflush(stdout);
    for (i = 0; i < count; i++) fprintf(stderr, "llmprov: warning: %s: %s\n", warnings[i].field, warnings[i].text);
}

/* JSON on one line, however it was laid out: raw members stand in it as the provider wrote them. */
static void print_json(FILE *to, const char *json, size_t len) {
    bool inside = false;
    size_t i, from = 0;
    for (i = 0; i < len; i++) {
        if (inside && json[i] == '\\') i++;
        else if (json[i] == '"') inside = !inside;
        else if (!inside && strchr(" \t\r\n", json[i])) {
            fwrite(json + from, 1, i - from, to);
            from = i + 1;
        }
    }
    fwrite(json + from, 1, len - from, to);
    fputc('\n', to);
    fflush(to);
}

/* The same of a text that the library made; frees it. */
static void print_line(FILE *to, llmprov_text *text) {
    print_json(to, text->ptr, text->len);
    llmprov_text_free(text);
}

/* A whole file, or stdin for "-" and NULL, with a NUL behind it. NULL = unreadable, and errno says why. */
static char *read_file(const char *path, size_t *len) {
    FILE *f = path && strcmp(path, "-") ? open_file(path, "rb") : stdin;
    size_t cap = 65536, n;
    char *text = f ? malloc(cap) : NULL, *more;
    *len = 0;
    while (text && (n = fread(text + *len, 1, cap - *len - 1, f)) > 0) {
        *len += n;
        if (cap - *len > 1) continue;
        more = realloc(text, cap *= 2);
        if (!more) free(text);
        text = more;
    }
    if (text && ferror(f)) {
        free(text);
        text = NULL;
    }
    if (text) text[*len] = 0;
    if (f && f != stdin) fclose(f);
    return text;
}

static const char *file_name(const char *path) {
    return path && strcmp(path, "-") ? path : "stdin";
}

static int say_unreadable(const char *path) {
    char text[300];
    snprintf(text, sizeof text, "cannot read %s", file_name(path));
    return say(BAD_INPUT, text, strerror(errno));
}

//==============================================================================
// >>options    one table for all commands
//==============================================================================

typedef struct options {
    const char *provider, *model, *system, *base_url, *image, *save, *load, *from, *to, *what, *status;
    const char *operand;         /* PROMPT or FILE */
    bool tool_demo, computer_demo, no_stream, json, stream, gather, help;
} options;

enum { CHAT = 1, REQUEST = 2, CONVERT = 4, LIST = 8 };

typedef struct option {
    const char *name, *brief;
    unsigned commands;
    bool flag;
    size_t offset;
} option;

static const option option_table[] = {
    { "--provider",  "-p", CHAT | REQUEST | CONVERT,        false, offsetof(options, provider) },
    { "--model",     "-m", CHAT | REQUEST | CONVERT,        false, offsetof(options, model) },
    { "--system",    "-s", CHAT,                            false, offsetof(options, system) },
    { "--base-url",  "",   CHAT | REQUEST,                  false, offsetof(options, base_url) },
    { "--image",     "",   CHAT,                            false, offsetof(options, image) },
    { "--save",      "",   CHAT,                            false, offsetof(options, save) },
    { "--load",      "",   CHAT,                            false, offsetof(options, load) },
    { "--tool-demo", "",   CHAT,                            true,  offsetof(options, tool_demo) },
    { "--computer-demo", "", CHAT,                          true,  offsetof(options, computer_demo) },
    { "--no-stream", "",   CHAT,                            true,  offsetof(options, no_stream) },
    { "--json",      "",   CHAT,                            true,  offsetof(options, json) },
    { "--stream",    "",   REQUEST,                         true,  offsetof(options, stream) },
    { "--from",      "",   CONVERT,                         false, offsetof(options, from) },
    { "--to",        "",   CONVERT,                         false, offsetof(options, to) },
    { "--what",      "",   CONVERT,                         false, offsetof(options, what) },
    { "--status",    "",   CONVERT,                         false, offsetof(options, status) },
    { "--gather",    "",   CONVERT,                         true,  offsetof(options, gather) },
    { "--help",      "-h", CHAT | REQUEST | CONVERT | LIST, true,  offsetof(options, help) },
};

/* The option of a word, which may be "--name=value"; *value is what stands behind the sign. */
static const option *option_find(const char *word, unsigned command, const char **value) {
    size_t i, len = strcspn(word, "=");
    for (i = 0; i < sizeof option_table / sizeof *option_table; i++) {
        const option *o = &option_table[i];
        if (!(o->commands & command)) continue;
        *value = NULL;
        if (!strcmp(word, o->name) || !strcmp(word, o->brief)) return o;
        if (word[len] && strlen(o->name) == len && !strncmp(word, o->name, len)) {
            *value = word + len + 1;
            return o;
        }
    }
    return NULL;
}

static int option_set(options *to, const option *o, const char *value) {
    char *field = (char *)to + o->offset;
    if (o->flag) *(bool *)(void *)field = true;
    else *(const char **)(void *)field = value;
    return DONE;
}

static int options_read(options *to, unsigned command, int count, char **words) {
    bool plain = false;
    int i;
    for (i = 0; i < count; i++) {
        const char *value = NULL;
        const option *o;
        if (!plain && !strcmp(words[i], "--")) {
            plain = true;
        } else if (plain || words[i][0] != '-' || !words[i][1]) {
            if (to->operand || command == LIST) return say(USAGE, "one word too many; a prompt of several words needs quotes", words[i]);
            to->operand = words[i];
        } else if (!(o = option_find(words[i], command, &value))) {
            return say(USAGE, "unknown option", words[i]);
        } else if (o->flag ? value != NULL : !value && ++i == count) {
            return say(USAGE, o->flag ? "this option takes no value" : "this option needs a value", o->name);
        } else {
            option_set(to, o, value ? value : words[i]);
        }
    }
    return DONE;
}

/* -- which provider -- */

/* A variable of the row that is set, or NULL. The list is "NAME NAME=bearer". */
static const char *key_of(const llmprov_provider *row) {
    const char *p = row->key_env;
    while (p && *p) {
        char name[96];
        size_t len = strcspn(p, " ="), rest = strcspn(p, " ");
        const char *value;
        if (len < sizeof name) {
            memcpy(name, p, len);
            name[len] = 0;
            value = getenv(name);
            if (value && *value) return value;
        }
        p += rest;
        while (*p == ' ') p++;
    }
    return NULL;
}

/* Names of a row's key variables, with commas: one word a column. */
static void key_names(const llmprov_provider *row, char *to, size_t size) {
    const char *p = row->key_env;
    size_t n = 0, len;
    while (p && *p) {
        len = strcspn(p, " =");
        if (n + len + 2 > size) break;
        if (n) to[n++] = ',';
        memcpy(to + n, p, len);
        n += len;
        p += strcspn(p, " ");
        while (*p == ' ') p++;
    }
    if (!n) to[n++] = '-';
    to[n] = 0;
}

/* Fills o->provider: from -p, from "provider/model", or the first whose key is set. `word` has room for a name. */
static int choose_provider(options *o, char *word, size_t size) {
    const char *slash = o->model ? strchr(o->model, '/') : NULL;
    size_t i;
    if (o->provider) return llmprov_provider_find(NULL, o->provider) ? DONE : say(USAGE, "unknown provider (`llmprov providers` lists them)", o->provider);
    if (slash && (size_t)(slash - o->model) < size) {
        memcpy(word, o->model, (size_t)(slash - o->model));
        word[slash - o->model] = 0;
        if (llmprov_provider_find(NULL, word)) {
            o->provider = word;
            o->model = slash + 1;
            return DONE;
        }
    }
    for (i = 0; i < llmprov_provider_count(NULL) && !o->provider; i++)
        if (key_of(llmprov_provider_at(NULL, i))) o->provider = llmprov_provider_at(NULL, i)->id;
    return o->provider ? DONE : say(FAILED, "no provider: give -p, or set a key variable such as ANTHROPIC_API_KEY or OPENAI_API_KEY (`llmprov providers` lists them)", NULL);
}

//==============================================================================
// >>events     an event as a line of JSON
//==============================================================================

static const char *event_names[LLMPROV_EVENT_COUNT] = { "start", "block", "text", "thinking", "json", "part", "block_end", "meta", "other",
    "choice_end", "retry", "end", "error" };

static void write_text(llmprov_writer *w, const char *key, const char *text) {
    if (text) llmprov_write_str(w, key, text, strlen(text));
    else llmprov_write_null(w, key);
}

static void write_base64(llmprov_writer *w, const char *key, const unsigned char *p, size_t len) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *text = malloc((len + 2) / 3 * 4 + 1), *to = text;
    size_t i, n;
    for (i = 0; text && i < len; i += 3) {
        unsigned long three = (unsigned long)p[i] << 16;
        n = len - i < 3 ? len - i : 3;
        if (n > 1) three |= (unsigned long)p[i + 1] << 8;
        if (n > 2) three |= p[i + 2];
        *to++ = digits[three >> 18];
        *to++ = digits[three >> 12 & 63];
        *to++ = n > 1 ? digits[three >> 6 & 63] : '=';
        *to++ = n > 2 ? digits[three & 63] : '=';
    }
    llmprov_write_str(w, key, text ? text : "", text ? (size_t)(to - text) : 0);
    free(text);
}

static void write_block(llmprov_writer *w, const llmprov_block *block) {
    llmprov_text text;
    if (!block || llmprov_block_save(block, NULL, &text)) return;
    llmprov_write_raw(w, "block", text.ptr, text.len);
    llmprov_text_free(&text);
}

static void write_usage(llmprov_writer *w, const llmprov_usage *u) {
    llmprov_write_open(w, "usage", '{');
    llmprov_write_int(w, "input_tokens", u->input_tokens);
    llmprov_write_int(w, "cache_read_tokens", u->cache_read_tokens);
    llmprov_write_int(w, "cache_write_5m_tokens", u->cache_write_5m_tokens);
    llmprov_write_int(w, "cache_write_1h_tokens", u->cache_write_1h_tokens);
    llmprov_write_int(w, "output_tokens", u->output_tokens);
    llmprov_write_int(w, "thinking_tokens", u->thinking_tokens);
    if (u->input_audio_tokens) llmprov_write_int(w, "input_audio_tokens", u->input_audio_tokens);
    if (u->output_audio_tokens) llmprov_write_int(w, "output_audio_tokens", u->output_audio_tokens);
    llmprov_write_close(w);
}

static void write_error(llmprov_writer *w, const llmprov_error *e) {
    llmprov_write_open(w, "error", '{');
    write_text(w, "type", llmprov_error_type(e->code));
    write_text(w, "message", e->message);
    llmprov_write_close(w);
}

static void write_stop(llmprov_writer *w, const llmprov_event *e) {
    write_text(w, "stop", llmprov_stop_text(e->stop));
    write_text(w, "stop_word", e->stop_word);
    write_text(w, "stop_sequence", e->stop_sequence);
}

static void write_event(llmprov_writer *w, const llmprov_event *e) {
    bool in_block = e->type >= LLMPROV_EVENT_BLOCK && e->type <= LLMPROV_EVENT_BLOCK_END;
    llmprov_write_open(w, NULL, '{');
    write_text(w, "event", event_names[e->type]);
    if (e->choice > 0) llmprov_write_int(w, "choice", e->choice);
    if (in_block) llmprov_write_int(w, "index", e->index);
    if (e->type == LLMPROV_EVENT_START) {
        write_text(w, "id", e->id);
        write_text(w, "model", e->model);
    }
    if (e->kind) write_text(w, "kind", e->kind);
    if (e->text) llmprov_write_str(w, "text", e->text, e->text_len);
    if (e->data) write_base64(w, "data", e->data, e->data_len);
    if (in_block) write_block(w, e->block);
    if (e->extra) llmprov_write_raw(w, "extra", e->extra, e->extra_len);
    if (e->type == LLMPROV_EVENT_END || e->type == LLMPROV_EVENT_CHOICE_END) write_stop(w, e);
    if (e->usage) write_usage(w, e->usage);
    if (e->error) write_error(w, e->error);
    llmprov_write_close(w);
}

static bool print_event(void *user, const llmprov_event *e) {
    llmprov_writer w = { 0 };
    (void)user;
    write_event(&w, e);
    if (!w.status && w.text) print_json(stdout, w.text, w.len);
    llmprov_writer_free(&w);
    return true;
}

//==============================================================================
// >>tools      the two of --tool-demo, and the one of --computer-demo
//==============================================================================

static const llmprov_tool tools[] = {
    { .name = "time", .description = "The current time, in UTC.", .schema = "{\"type\":\"object\",\"properties\":{}}" },
    { .name = "add", .description = "Adds two numbers.",
      .schema = "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"number\"},\"b\":{\"type\":\"number\"}},\"required\":[\"a\",\"b\"]}" },
    { .type = "computer", .name = "computer", .extra = "{\"display_width_px\":1280,\"display_height_px\":720}" },
};

enum { COMPUTER = 2 };           /* its place in the list */

static bool run_time(char *to, size_t size) {
    time_t now = time(NULL);
    const struct tm *utc = gmtime(&now);
    return utc && strftime(to, size, "%Y-%m-%dT%H:%M:%SZ", utc) > 0;
}

static bool run_add(const llmprov_json *input, char *to, size_t size) {
    const llmprov_json *a = llmprov_json_get(input, "a"), *b = llmprov_json_get(input, "b");
    llmprov_writer w = { 0 };
    bool ok = llmprov_json_kind(a) == LLMPROV_JSON_NUMBER && llmprov_json_kind(b) == LLMPROV_JSON_NUMBER;
    if (ok) llmprov_write_num(&w, NULL, llmprov_json_num(a, 0) + llmprov_json_num(b, 0));
    snprintf(to, size, "%s", !ok ? "add needs two numbers, a and b" : w.status ? "the sum is not a number" : w.text);
    ok = ok && !w.status;
    llmprov_writer_free(&w);
    return ok;
}

/* Runs one call; what it says, right or wrong, goes to the model. */
static void run_tool(llmprov_history *h, const llmprov_block *use) {
    llmprov_json *input = llmprov_json_parse(use->json, use->json_len, NULL, NULL);
    char said[200];
    bool ok = false;
    if (use->invalid) snprintf(said, sizeof said, "the arguments are not JSON");
    else if (!strcmp(use->name, "time")) ok = run_time(said, sizeof said);
    else if (!strcmp(use->name, "add")) ok = run_add(input, said, sizeof said);
    else if (!strcmp(use->name, "computer")) ok = snprintf(said, sizeof said, "done: this is a demonstration, and there is no screen") > 0;
    else snprintf(said, sizeof said, "there is no such tool");
    fprintf(stderr, "llmprov: tool %s %s -> %s\n", use->name, use->json, said);
    llmprov_add_tool_result(h, use->id, said, !ok);
    llmprov_json_free(input);
}

//==============================================================================
// >>chat       a prompt or a conversation
//==============================================================================

enum { CHAT_TURNS = 16 };

typedef struct chat {
    const options *o;
    llmprov_client *client;
    llmprov_history history;
    char last;                   /* the last byte printed of a reply */
    bool dim;                    /* thinking is shown, and is being shown */
} chat;

static bool is_interrupted(void *user) {
    (void)user;
    return interrupted != 0;
}

/* Thinking goes to stderr, dimmed, and only to a terminal. */
static void show_thinking(chat *c, const char *text, size_t len) {
    if (!is_terminal(stderr)) return;
    if (!c->dim) fputs("\033[2m", stderr);
    c->dim = true;
    fwrite(text, 1, len, stderr);
}

static void end_thinking(chat *c) {
    if (c->dim) fputs("\033[0m\n", stderr);
    c->dim = false;
}

static bool show_event(void *user, const llmprov_event *e) {
    chat *c = (chat *)user;
    if (e->choice) return true;
    if (e->type == LLMPROV_EVENT_THINKING) {
        show_thinking(c, e->text, e->text_len);
    } else if (e->type == LLMPROV_EVENT_RETRY) {
        say(DONE, "trying again", e->error->message);
    } else if (e->type == LLMPROV_EVENT_TEXT && e->text_len) {
        end_thinking(c);
        fwrite(e->text, 1, e->text_len, stdout);
        fflush(stdout);
        c->last = e->text[e->text_len - 1];
    }
    return true;
}

/* What is left to print of a reply when it has ended, well or not. */
static void show_end(chat *c, const llmprov_response *r) {
    llmprov_text text;
    end_thinking(c);
    if (c->o->json && c->o->no_stream) {
        if (!(r->error.code ? llmprov_error_save(&r->error, NULL, &text) : llmprov_response_save(r, &text))) print_line(stdout, &text);
    } else if (c->last && c->last != '\n') {
        putchar('\n');
    }
    c->last = 0;
    say_warnings(r->warnings, r->warning_count);
    if (r->error.code) say(FAILED, r->error.message, NULL);
}

static llmprov_request chat_request(chat *c) {
    llmprov_request r = { 0 };
    r.model = c->o->model;
    r.history = &c->history;
    r.tools = c->o->tool_demo ? tools : tools + COMPUTER;
    r.tool_count = (c->o->tool_demo ? COMPUTER : 0) + (c->o->computer_demo ? 1 : 0);
    r.stream = c->o->no_stream ? LLMPROV_STREAM_OFF : LLMPROV_STREAM_AUTO;
    r.on_event = !c->o->json ? show_event : c->o->no_stream ? NULL : print_event;
    r.user = c;
    return r;
}

/* Answers the reply's tool calls. False = there is nothing to go on with. */
static bool chat_goes_on(chat *c, const llmprov_response *r) {
    const llmprov_block *use = NULL;
    bool any = r->stop == LLMPROV_STOP_PAUSE;
    while ((c->o->tool_demo || c->o->computer_demo) && (use = llmprov_block_next(&r->message, LLMPROV_BLOCK_TOOL_USE, use)) != NULL) {
        run_tool(&c->history, use);
        any = true;
    }
    return any;
}

/* From what the user said to the end of the answer, tool calls included. A turn that fails leaves no trace. */
static bool chat_turn(chat *c, size_t before) {
    llmprov_status failed = LLMPROV_OK;
    bool more = true;
    int i;
    for (i = 0; i < CHAT_TURNS && more; i++) {
        llmprov_request request = chat_request(c);
        llmprov_response r;
        interrupted = 0;
        failed = llmprov_chat(c->client, &request, &r);
        show_end(c, &r);
        if (!failed && r.stop != LLMPROV_STOP_END && r.stop != LLMPROV_STOP_TOOL_USE && r.stop != LLMPROV_STOP_SEQUENCE)
            say(DONE, "the answer is not whole; it stopped because of", *r.stop_word ? r.stop_word : llmprov_stop_text(r.stop));
        if (!failed) llmprov_add_message(&c->history, &r.message);
        more = !failed && chat_goes_on(c, &r);
        llmprov_response_free(&r);
        if (!failed && c->history.status) say(FAILED, llmprov_status_text(failed = c->history.status), NULL);
    }
    if (more) say(FAILED, "stopped: the model called tools 16 times in a row", NULL);
    if (failed) llmprov_history_cut(&c->history, before);
    return !failed && !more;
}

static int chat_save(const chat *c) {
    llmprov_text text;
    FILE *f;
    bool ok;
    if (!c->o->save) return DONE;
    if (llmprov_history_save(&c->history, &text)) return say(FAILED, "out of memory", NULL);
    f = open_file(c->o->save, "wb");
    ok = f && fwrite(text.ptr, 1, text.len, f) == text.len && fputc('\n', f) != EOF;
    if (f && fclose(f)) ok = false;
    llmprov_text_free(&text);
    return ok ? DONE : say(BAD_INPUT, c->o->save, strerror(errno));
}

static int chat_load(chat *c) {
    llmprov_error err;
    size_t len;
    char *text, where[64];
    int code = DONE;
    if (!c->o->load) return DONE;
    text = read_file(c->o->load, &len);
    if (!text) return say_unreadable(c->o->load);
    if (llmprov_history_load(&c->history, text, len, &err)) {
        snprintf(where, sizeof where, "the history is broken at byte %lu", (unsigned long)err.offset);
        code = say(BAD_INPUT, where, err.message);
    }
    free(text);
    return code;
}

static const char *image_type(const char *p, size_t len) {
    if (len > 8 && !memcmp(p, "\x89PNG\r\n\x1a\n", 8)) return "image/png";
    if (len > 3 && !memcmp(p, "\xff\xd8\xff", 3)) return "image/jpeg";
    if (len > 6 && (!memcmp(p, "GIF87a", 6) || !memcmp(p, "GIF89a", 6))) return "image/gif";
    if (len > 12 && !memcmp(p, "RIFF", 4) && !memcmp(p + 8, "WEBP", 4)) return "image/webp";
    return NULL;
}

static int chat_image(chat *c) {
    const char *type;
    size_t len;
    char *data;
    if (!c->o->image) return DONE;
    data = read_file(c->o->image, &len);
    if (!data) return say_unreadable(c->o->image);
    type = image_type(data, len);
    if (type) llmprov_add_image(&c->history, type, data, len);
    free(data);
    return type ? DONE : say(BAD_INPUT, "neither PNG, JPEG, GIF nor WebP", c->o->image);
}

/* A line of stdin, with its end; NULL = no more. */
static char *get_line(void) {
    size_t cap = 128, len = 0;
    char *line = malloc(cap), *more;
    int c = EOF;
    while (line && c != '\n' && (c = getchar()) != EOF) {
        line[len++] = (char)c;
        if (len < cap) continue;
        more = realloc(line, cap *= 2);
        if (!more) free(line);
        line = more;
    }
    if (line && len) line[len] = 0;
    if (line && len) return line;
    free(line);
    return NULL;
}

/* The same without its end, which is asked for where somebody types. */
static char *read_line(void) {
    char *line;
    size_t n;
    if (is_terminal(stdin)) {
        fputs("> ", stderr);
        fflush(stderr);
    }
#ifdef _WIN32
    line = is_terminal(stdin) ? type_line() : get_line();
#else
    line = get_line();
#endif
    for (n = line ? strlen(line) : 0; n && (line[n - 1] == '\n' || line[n - 1] == '\r'); n--) line[n - 1] = 0;
    return line;
}

static int chat_talk(chat *c) {
    char *line = NULL;
    size_t before = c->history.message_count;
    int code = chat_image(c);
    while (!code && (line = read_line()) != NULL && strcmp(line, "/quit")) {
        if (*line) {
            llmprov_add_text(&c->history, LLMPROV_ROLE_USER, line);
            if (chat_turn(c, before)) code = chat_save(c);
            else if (!is_terminal(stdin)) code = FAILED;
            before = c->history.message_count;
        }
        free(line);
        line = NULL;
    }
    free(line);
    return code;
}

static int chat_once(chat *c) {
    size_t before = c->history.message_count;
    int code = chat_image(c);
    if (code) return code;
    llmprov_add_text(&c->history, LLMPROV_ROLE_USER, c->o->operand);
    return chat_turn(c, before) ? chat_save(c) : FAILED;
}

/* Why the client cannot work, if so; and whether there will be a place for the history before anything is paid for. */
static int chat_check(const chat *c) {
    const llmprov_error *e = llmprov_client_error(c->client);
    FILE *f;
    if (e->code) return say(FAILED, e->message, NULL);
    if (!c->o->save) return DONE;
    f = open_file(c->o->save, "ab");
    if (!f) return say(BAD_INPUT, c->o->save, strerror(errno));
    fclose(f);
    return DONE;
}

static int chat_run(chat *c) {
    int code = chat_check(c);
    if (!code) code = chat_load(c);
    if (code) return code;
    if (c->o->system) llmprov_set_system(&c->history, c->o->system);
    return c->o->operand ? chat_once(c) : chat_talk(c);
}

static int command_chat(options *o) {
    chat c = { 0 };
    char word[64];
    llmprov_desc desc = { 0 };
    int code = choose_provider(o, word, sizeof word);
    if (code) return code;
#ifdef PLAIN_SOCKETS
    static sockets plain;
    desc.transport = sockets_transport(&plain);
#endif
    catch_interrupts();
    desc.provider = o->provider;
    desc.base_url = o->base_url;
    desc.cancelled = is_interrupted;
    desc.unix_ms = wall_clock;
    c.o = o;
    c.client = llmprov_open(&desc);
    code = chat_run(&c);
    llmprov_history_free(&c.history);
    llmprov_close(c.client);
    return code;
}

//==============================================================================
// >>request    what would be sent
//==============================================================================

static bool same_word(const char *a, const char *b) {
    for (; *a && *b; a++, b++)
        if ((*a | 0x20) != (*b | 0x20)) return false;
    return *a == *b;
}

static void print_header(const llmprov_header *h, const llmprov_provider *row) {
    const char *key = key_of(row), *scheme_end = strchr(h->value, ' ');
    if (same_word(h->name, "authorization") && scheme_end) {
        printf("%s: %.*s ****\n", h->name, (int)(scheme_end - h->value), h->value);
    } else if (same_word(h->name, "authorization") || same_word(h->name, "x-api-key") || same_word(h->name, "api-key") || same_word(h->name, "x-amz-security-token") ||
               (row->auth_name && same_word(h->name, row->auth_name)) || (key && strstr(h->value, key))) {
        printf("%s: ****\n", h->name);
    } else {
        printf("%s: %s\n", h->name, h->value);
    }
}

/* A key in the URL stands behind the row's name for it. */
static void print_url(const llmprov_http *http, const llmprov_provider *row) {
    const char *at = http->secret_in_url && row->auth_name ? strstr(http->url, row->auth_name) : NULL;
    const char *value = at ? strchr(at, '=') : NULL;
    if (value) printf("%s %.*s****%s\n", http->method, (int)(value + 1 - http->url), http->url, value + 1 + strcspn(value + 1, "&"));
    else printf("%s %s\n", http->method, http->url);
}

static int print_request(llmprov_call *call, const llmprov_provider *row) {
    const llmprov_http *http = llmprov_call_http(call);
    char piece[16384];
    size_t i, n;
    const llmprov_warning *warnings = llmprov_call_warnings(call, &n);
    say_warnings(warnings, n);
    if (!http) return say(FAILED, llmprov_call_error(call)->message, NULL);
    print_url(http, row);
    for (i = 0; i < http->header_count; i++) print_header(&http->headers[i], row);
    putchar('\n');
    while ((n = llmprov_call_body(call, piece, sizeof piece)) > 0) fwrite(piece, 1, n, stdout);
    if (is_terminal(stdout)) putchar('\n');
    return llmprov_call_error(call)->code ? say(FAILED, llmprov_call_error(call)->message, NULL) : DONE;
}

static int request_show(const options *o, llmprov_request *request) {
    llmprov_desc desc = { 0 };
    llmprov_client *client;
    llmprov_call *call;
    int code;
    desc.provider = o->provider;
    desc.base_url = o->base_url;
    desc.unix_ms = wall_clock;
    client = llmprov_open(&desc);
    if (llmprov_client_error(client)->code == LLMPROV_ERR_NO_KEY) {
        llmprov_close(client);
        desc.api_key = "none";
        client = llmprov_open(&desc);
    }
    if (o->model) request->model = o->model;
    if (o->stream) request->stream = LLMPROV_STREAM_ON;
    call = llmprov_call_chat(client, request);
    code = print_request(call, llmprov_client_provider(client));
    llmprov_call_free(call);
    llmprov_close(client);
    return code;
}

static int command_request(options *o) {
    llmprov_asked asked;
    char word[64], *text;
    size_t len;
    int code = choose_provider(o, word, sizeof word);
    if (code) return code;
    text = read_file(o->operand, &len);
    if (!text) return say_unreadable(o->operand);
    if (llmprov_ask(NULL, "anthropic-messages", text, len, NULL, &asked)) code = say(BAD_INPUT, file_name(o->operand), asked.error.message);
    say_warnings(asked.warnings, asked.warning_count);
    if (!code) code = request_show(o, &asked.request);
    llmprov_asked_free(&asked);
    free(text);
    return code;
}

//==============================================================================
// >>convert    from any format to any other, or to the canonical form
//==============================================================================

typedef enum what_is { WHAT_REQUEST, WHAT_REPLY, WHAT_STREAM, WHAT_ERROR } what_is;

/* What our exit says about a result. */
static int code_of(llmprov_status status) {
    switch (status) {
    case LLMPROV_OK: return DONE;
    case LLMPROV_ERR_ARGUMENT:
    case LLMPROV_ERR_UNSUPPORTED:
    case LLMPROV_ERR_NO_PROVIDER: return USAGE;
    case LLMPROV_ERR_BAD_JSON:
    case LLMPROV_ERR_BAD_REPLY:
    case LLMPROV_ERR_LIMIT:
    case LLMPROV_ERR_NO_MEMORY: return BAD_INPUT;
    default: return FAILED;
    }
}

/* The error line of --what error, and of a failed reply that is printed as one message. */
static void print_error(FILE *to, const llmprov_error *e) {
    llmprov_text text;
    if (!llmprov_error_save(e, NULL, &text)) print_line(to, &text);
}

/* -- requests -- */

static int convert_request(const options *o, llmprov_client *client) {
    llmprov_asked asked;
    llmprov_call *call = NULL;
    size_t len, count;
    char *text = read_file(o->operand, &len);
    const llmprov_warning *warnings;
    const char *body;
    int code = DONE;
    if (!text) return say_unreadable(o->operand);
    if (llmprov_ask(NULL, o->from, text, len, NULL, &asked)) code = say(BAD_INPUT, file_name(o->operand), asked.error.message);
    say_warnings(asked.warnings, asked.warning_count);
    if (o->model) asked.request.model = o->model;
    if (!code) call = llmprov_call_chat(client, &asked.request);
    if (call) {
        warnings = llmprov_call_warnings(call, &count);
        say_warnings(warnings, count);
        body = (const char *)llmprov_call_body_whole(call, &len);
        if (body) print_json(stdout, body, len);
        else code = say(BAD_INPUT, file_name(o->operand), llmprov_call_error(call)->message);
    }
    llmprov_call_free(call);
    llmprov_asked_free(&asked);
    free(text);
    return code;
}

/* -- replies, streams, errors -- */

static bool convert_out(void *user, const void *bytes, size_t len) {
    (void)user;
    fwrite(bytes, 1, len, stdout);
    return fflush(stdout) == 0;
}

static bool convert_event(void *user, const llmprov_event *e) {
    return llmprov_face_event((llmprov_face *)user, e) == LLMPROV_OK;
}

/* A whole answer in the format of --to; the events of a stream have gone out already. */
static void convert_whole(const options *o, what_is what, llmprov_face *face, llmprov_response *r) {
    llmprov_text text;
    if (o->gather && (!face || !strcmp(o->to, "anthropic-messages"))) {
        if (!llmprov_response_save(r, &text)) print_line(stdout, &text);
        return;
    }
    if (what == WHAT_STREAM && !o->gather) return;
    if (o->gather) r->error.code = LLMPROV_OK;
    if (what == WHAT_ERROR) llmprov_face_error(face, &r->error, NULL);
    else llmprov_face_reply(face, r);
    putchar('\n');
}

static int convert_print(const options *o, what_is what, llmprov_face *face, llmprov_response *r) {
    const llmprov_error e = r->error;
    const llmprov_warning *warnings;
    size_t count;
    int code = code_of(e.code);
    if (what == WHAT_ERROR && !e.code) return say(BAD_INPUT, file_name(o->operand), "this is no error");
    if (what == WHAT_ERROR && !face) print_error(stdout, &e);
    else if (face || o->gather) convert_whole(o, what, face, r);
    say_warnings(r->warnings, r->warning_count);
    if (face) {
        warnings = llmprov_face_warnings(face, &count);
        say_warnings(warnings, count);
    }
    return code && what != WHAT_ERROR ? say(code, file_name(o->operand), e.message) : code;
}

/* The pieces as they come: what can be said is said before the next is read. False = unreadable. */
static bool convert_pieces(const options *o, llmprov_call *call) {
    FILE *from = o->operand && strcmp(o->operand, "-") ? open_file(o->operand, "rb") : stdin;
    char piece[16384];
    long n;
    if (!from) return false;
    while ((n = read_some(from, piece, sizeof piece)) > 0) llmprov_call_feed(call, piece, (size_t)n);
    if (from != stdin) fclose(from);
    return n == 0;
}

/* The engine, fed by hand: a call that is sent nowhere and whose reply is what the file holds. */
static int convert_reply(const options *o, what_is what, llmprov_client *client, llmprov_face *face, int status) {
    llmprov_request request = { 0 };
    llmprov_response response;
    llmprov_call *call;
    bool stream = what == WHAT_STREAM;
    int code = DONE;
    request.model = o->model ? o->model : "model";
    request.prompt = "-";
    request.max_tokens.value = 16;
    request.max_tokens.set = true;
    request.stream = stream ? LLMPROV_STREAM_ON : LLMPROV_STREAM_OFF;
    if (!face && what != WHAT_ERROR && !o->gather) request.on_event = print_event;
    if (face && stream && !o->gather) {
        request.on_event = convert_event;
        request.user = face;
        request.keep = LLMPROV_KEEP_NOTHING;
    }
    call = llmprov_call_chat(client, &request);
    if (!request.on_event) llmprov_call_mute(call);
    llmprov_call_head(call, status, NULL, 0);
    if (!convert_pieces(o, call)) code = say_unreadable(o->operand);
    else llmprov_call_eof(call);
    llmprov_call_take(call, &response);
    if (!code) code = convert_print(o, what, face, &response);
    llmprov_response_free(&response);
    llmprov_call_free(call);
    return code;
}

static int convert_faced(const options *o, what_is what, llmprov_client *client, int status) {
    llmprov_face_desc desc = { 0 };
    llmprov_face *face = NULL;
    int code;
    if (strcmp(o->to, "events")) {
        desc.format = o->to;
        desc.from = llmprov_client_provider(client)->format;
        desc.out = convert_out;
        face = llmprov_face_open(&desc);
        if (llmprov_face_failure(face)->code) code = say(USAGE, llmprov_face_failure(face)->message, NULL);
        else code = convert_reply(o, what, client, face, status);
    } else {
        code = convert_reply(o, what, client, NULL, status);
    }
    llmprov_face_free(face);
    return code;
}

/* The row of --provider, or one made up, speaking `format` where one is given. */
static int convert_open(const options *o, const char *format, llmprov_registry *reg, llmprov_client **client) {
    const llmprov_provider *known = o->provider ? llmprov_provider_find(NULL, o->provider) : NULL;
    llmprov_provider row = { 0 };
    llmprov_desc desc = { 0 };
    if (o->provider && !known) return say(USAGE, "unknown provider (`llmprov providers` lists them)", o->provider);
    if (!known && !format) return say(USAGE, "convert needs --from FORMAT (`llmprov formats` lists them)", NULL);
    if (known) row = *known;
    if (!known) row.id = "convert";
    if (format) row.format = format;
    row.base_url = "http://localhost";
    row.can = 0;
    if (llmprov_register(reg, &row, LLMPROV_REPLACE)) return say(USAGE, llmprov_registry_error(reg)->message, NULL);
    desc.provider = row.id;
    desc.base_url = row.base_url;
    desc.api_key = "none";
    desc.max_retries = -1;
    desc.registry = reg;
    *client = llmprov_open(&desc);
    return llmprov_client_error(*client)->code ? say(USAGE, llmprov_client_error(*client)->message, NULL) : DONE;
}

static bool is_format(const char *word) {
    const char *name;
    size_t i;
    for (i = 0; (name = llmprov_format_at(NULL, i)) != NULL; i++)
        if (!strcmp(name, word)) return true;
    return false;
}

/* A request is written for the format of --to; what a provider sent is read in that of --from. */
static int convert_run(const options *o, what_is what, int status) {
    llmprov_registry *reg = llmprov_registry_new(NULL);
    llmprov_client *client = NULL;
    int code = convert_open(o, what == WHAT_REQUEST ? o->to : o->from, reg, &client);
    if (!code) code = what == WHAT_REQUEST ? convert_request(o, client) : convert_faced(o, what, client, status);
    llmprov_close(client);
    llmprov_registry_free(reg);
    return code;
}

static int command_convert(options *o) {
    static const char *const names[] = { "request", "reply", "stream", "error" };
    size_t i = 0;
    char *end = NULL;
    long status;
    if (!o->what) return say(USAGE, "convert needs --what request, reply, stream or error", NULL);
    while (i < 4 && strcmp(names[i], o->what)) i++;
    if (i == 4) return say(USAGE, "--what is request, reply, stream or error, and not", o->what);
    if (i == WHAT_REQUEST && (!o->from || (!o->to && !o->provider))) return say(USAGE, "a request needs --from FORMAT, and --to FORMAT or a provider", NULL);
    if (!o->to && i != WHAT_REQUEST) o->to = "events";
    if (o->to && !is_format(o->to) && (i == WHAT_REQUEST || strcmp(o->to, "events"))) return say(USAGE, "--to is events or a wire format (`llmprov formats` lists them), and not", o->to);
    status = o->status ? strtol(o->status, &end, 10) : i == WHAT_ERROR ? 400 : 200;
    if ((end && *end) || status < 200 || status > 599) return say(USAGE, "--status is an HTTP status from 200 to 599, and not", o->status);
    return convert_run(o, (what_is)i, (int)status);
}

//==============================================================================
// >>lists      what there is
//==============================================================================

static int command_providers(options *o) {
    size_t i;
    (void)o;
    for (i = 0; i < llmprov_provider_count(NULL); i++) {
        const llmprov_provider *row = llmprov_provider_at(NULL, i);
        char names[200];
        key_names(row, names, sizeof names);
        printf("%-12s %-56s %s\n", row->id, names, key_of(row) ? "set" : row->auth_optional || row->auth == LLMPROV_AUTH_NONE ? "no key needed" : "not set");
    }
    return DONE;
}

static int command_formats(options *o) {
    const char *name;
    size_t i;
    (void)o;
    for (i = 0; (name = llmprov_format_at(NULL, i)) != NULL; i++) puts(name);
    return DONE;
}

//==============================================================================
// >>main
//==============================================================================

static const char help[] =
    "llmprov: talks to language models\n"
    "\n"
    "  llmprov chat        a prompt, or a conversation\n"
    "  llmprov request     the HTTP request that an Anthropic-shape body becomes\n"
    "  llmprov convert     from one wire format to another, or to canonical events\n"
    "  llmprov providers   the built-in providers and their key variables\n"
    "  llmprov formats     the wire formats\n"
    "  llmprov --version\n"
    "\n"
    "`llmprov COMMAND --help` tells more.\n"
    "Exit: 0 done, 1 wrong usage, 2 unreadable or broken input, 3 no key, or the provider or the way to it failed.\n";

static const char help_chat[] =
    "llmprov chat [options] [PROMPT]\n"
    "\n"
    "Without PROMPT a conversation: a line a turn; /quit or the end of input ends it.\n"
    "\n"
    "  -p, --provider P   an id or alias (default: the first whose key variable is set)\n"
    "  -m, --model M      the model; \"provider/model\" names both\n"
    "  -s, --system TEXT  the system prompt\n"
    "  --base-url URL     another address of the same API\n"
    "  --image FILE       a PNG, JPEG, GIF or WebP before the first prompt\n"
    "  --tool-demo        offers the tools `time` and `add`, and runs them\n"
    "  --computer-demo    offers a computer, whose actions are printed\n"
    "  --no-stream        waits for the whole reply\n"
    "  --json             prints the events, a line each; with --no-stream the reply as one Anthropic-shape message\n"
    "  --load FILE        begins with this history (Anthropic-shape JSON)\n"
    "  --save FILE        writes the history after each turn\n";

static const char help_request[] =
    "llmprov request [options] [FILE]\n"
    "\n"
    "Reads an Anthropic-shape request body (FILE or stdin) and prints the HTTP request that it becomes for a provider:\n"
    "a line `POST URL`, the headers with secrets masked, an empty line, the body. Nothing is sent; no key is needed.\n"
    "\n"
    "  -p, --provider P   an id or alias (default: the first whose key variable is set)\n"
    "  -m, --model M      in place of the body's; \"provider/model\" names both\n"
    "  --base-url URL     another address of the same API\n"
    "  --stream           asks for a stream, whatever the body says\n";

static const char help_convert[] =
    "llmprov convert --from FORMAT --to FORMAT|events --what request|reply|stream|error [options] [FILE]\n"
    "\n"
    "Turns the bytes of one wire format (FILE or stdin) into those of another: a request's body, a whole reply, a stream\n"
    "(each event goes out before the next is read) or an error. Events, the default of --to, are lines of JSON, the same\n"
    "for a stream and for the whole reply of the same turn but for how text is cut.\n"
    "\n"
    "  --gather           prints a stream or a failed reply as one whole message: Anthropic-shape, or as --to has it\n"
    "  --status N         the reply's HTTP status (default 200; of an error 400)\n"
    "  -m, --model M      the model that was asked, or is to be asked\n"
    "  -p, --provider P   with this provider's departures from the format: of a request the one that it goes to,\n"
    "                     otherwise the one that it came from\n"
    "\n"
    "Exit: 0 done, 1 wrong usage, 2 the bytes are not what the format promises, 3 they are an error or a cut stream.\n";

static const char help_lists[] =
    "llmprov providers    a line each: id, key variables, whether one is set\n"
    "llmprov formats      a line each\n";

typedef struct command {
    const char *name;
    unsigned bit;
    int (*run)(options *o);
    const char *help;
} command;

static const command commands[] = {
    { "chat",      CHAT,    command_chat,      help_chat },
    { "request",   REQUEST, command_request,   help_request },
    { "convert",   CONVERT, command_convert,   help_convert },
    { "providers", LIST,    command_providers, help_lists },
    { "formats",   LIST,    command_formats,   help_lists },
};

static int run_command(const command *c, int count, char **words) {
    options o = { 0 };
    int code = options_read(&o, c->bit, count, words);
    if (code) return code;
    if (o.help) fputs(c->help, stdout);
    return o.help ? DONE : c->run(&o);
}

static int run_words(int count, char **words) {
    const char *word = count > 1 ? words[1] : NULL;
    size_t i;
    if (!word) {
        fputs(help, stderr);
        return USAGE;
    }
    for (i = 0; i < sizeof commands / sizeof *commands; i++)
        if (!strcmp(word, commands[i].name)) return run_command(&commands[i], count - 2, words + 2);
    if (!strcmp(word, "--version")) printf("llmprov %s\n", llmprov_version());
    else if (!strcmp(word, "--help") || !strcmp(word, "-h") || !strcmp(word, "help")) fputs(help, stdout);
    else return say(USAGE, "unknown command (`llmprov --help` lists them)", word);
    return DONE;
}

static int run(int argc, char **argv) {
    int code = run_words(argc, argv);
    if (fflush(stdout) || ferror(stdout)) return say(code ? code : FAILED, "cannot write to stdout", NULL);
    return code;
}

#ifdef _WIN32
int wmain(int argc, wchar_t **argv) {
    char **words = calloc((size_t)argc + 1, sizeof *words);
    UINT page = GetConsoleOutputCP();
    HANDLE screen = GetStdHandle(STD_ERROR_HANDLE);
    DWORD mode = 0;
    int i, code;
    if (!words) return say(FAILED, "out of memory", NULL);
    for (i = 0; i < argc; i++)
        if (!(words[i] = narrow(argv[i], (int)wcslen(argv[i])))) return say(FAILED, "out of memory", NULL);
    _setmode(_fileno(stdin), _O_BINARY);
    _setmode(_fileno(stdout), _O_BINARY);
    _setmode(_fileno(stderr), _O_BINARY);
    if (page) SetConsoleOutputCP(CP_UTF8);
    if (GetConsoleMode(screen, &mode)) SetConsoleMode(screen, mode | 4);      /* ENABLE_VIRTUAL_TERMINAL_PROCESSING, for dimmed words */
    code = run(argc, words);
    if (mode) SetConsoleMode(screen, mode);
    if (page) SetConsoleOutputCP(page);
    for (i = 0; i < argc; i++) free(words[i]);
    free(words);
    return code;
}
#else
int main(int argc, char **argv) { return run(argc, argv); }
#endif
