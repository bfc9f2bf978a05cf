/* rooms: holds llmprov.h to the rules of its own architecture. There is no list of exceptions.

       rooms llmprov.h               checks the rules 1-7 and 9; every breach is a line "file:line: rule N: ..."
       rooms --symbols X.o llmprov.h checks rule 8 on what the header was compiled to (with -fno-pie, or the
                                     addresses in constant tables count as data)
       rooms --fix llmprov.h         rewrites the Calls lines of the doors, in place
       rooms --toc llmprov.h         prints the CONTENTS list that fits the doors
       rooms --sizes llmprov.h       prints lines and functions of each room
       rooms --options llmprov.h     prints the options that the preprocessor tests, one a line
       rooms --room NAME llmprov.h   prints the text of one room

   A door is a line of "//====", then "// >>name   title", a few lines of comment, "// Calls: names" and "//====".
   The rules:

     1  the CONTENTS list of the manual and the doors agree, in order
     2  the file is read upwards: no prototype in a room, no use of a function that stands further down, no recursion
     3  what a room defines for itself bears its name: llmprov__room_..., LLMPROV__ROOM_...
     4  a room uses exactly the rooms on its Calls line, beyond the foundation, which is never listed
     5  no translator uses another, and none knows a provider's id
     6  the rooms outside (curl, winhttp, easy) use public names only
     7  one door to each thing of the C library
     8  what is exported starts with llmprov_ and has no __; there is no data that could change
     9  every LLMPROV_* that the preprocessor tests is in the manual's chapter BUILD OPTIONS, and the reverse

   Rule 10, code blocks that compile, is tools/manual.c. Code under __cplusplus is not looked at: no room has any.

   Build: cc -std=c99 -o build/rooms tools/rooms.c */
#define _POSIX_C_SOURCE 200809L
#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { MAX_ROOMS = 128, MAX_CONDITIONS = 64, WIDTH = 80 };

static const char *const foundation[] = { "impl", "mem", "text", "err", "json", "write" };
static const char *const platforms[] = { "curl", "winhttp" };
static const char *const outside[] = { "curl", "winhttp", "easy" };

/* Rule 7. Where a name of the C library may be mentioned: a room, "platform" for those rooms, or nowhere. */
static const struct { const char *names, *where; } doors_to_libc[] = {
    { "malloc calloc realloc free", "mem platform" },
    { "getenv", "client" },
    { "secure_getenv setenv unsetenv putenv strdup strndup aligned_alloc posix_memalign alloca", "" },
    { "strtod strtof strtold strtol strtoul strtoll strtoull strtoimax strtoumax atoi atol atoll atof", "" },
    { "printf fprintf sprintf snprintf vprintf vfprintf vsprintf vsnprintf scanf fscanf sscanf dprintf asprintf", "" },
    { "FILE stdin stdout stderr fopen freopen fdopen fclose fread fwrite fflush fputs puts putchar putc fputc", "" },
    { "fgets gets getchar getc fgetc ungetc fseek ftell rewind perror tmpfile tmpnam getline", "" },
    { "exit _Exit abort quick_exit atexit assert raise signal system longjmp setjmp", "" },
    { "setlocale localeconv strcoll strxfrm strerror strtok rand srand random srandom", "" },
    { "isalpha isdigit isalnum isspace isupper islower isprint ispunct isxdigit iscntrl tolower toupper", "" },
    { "time clock gmtime localtime mktime difftime strftime clock_gettime gettimeofday", "platform" },
    { "sleep usleep nanosleep Sleep", "platform" },
};

/* Headers that nothing here may include: what they offer has no door. */
static const char *const no_headers = " stdio.h assert.h ctype.h locale.h math.h setjmp.h signal.h errno.h wchar.h ";

typedef enum token_kind { NAME, NUMBER, STRING, CHARACTER, MARK } token_kind;

typedef struct token {
    const char *at;
    int len, line;
    token_kind kind;
    int directive;               /* number of the preprocessor line that it stands in, 0 = none              */
    int function;                /* symbol of the function whose body it stands in, or -1                    */
    bool defines;                /* it is the name in its own definition                                     */
    bool unused;                 /* C++, or not a mention of anything                                        */
} token;

typedef enum symbol_kind { FUNCTION, TYPE, TAG, OBJECT, CONSTANT, MACRO } symbol_kind;

static const char *const kind_words[] = { "function", "type", "struct", "object", "enum constant", "macro" };

typedef struct symbol {
    const char *name;
    symbol_kind kind;
    int room, line, token, end_line;
    bool is_static, public_decl; /* public_decl: the interface declares it                                   */
    int next;                    /* in its hash chain                                                        */
} symbol;

typedef struct room {
    char name[64], title[128];
    int line, calls_line, calls_end, close_line;      /* calls_end: the line after the Calls line            */
    bool listed[MAX_ROOMS], used[MAX_ROOMS];
    int used_line[MAX_ROOMS];
    bool has_code;
    int functions, longest;
} room;

typedef struct comment { const char *at; int len, line; } comment;

static const char *path, *text;
static size_t text_len;
static int line_count, problems;
static bool silent;              /* problems are only counted                                                */

static token *tokens;
static int token_count, token_cap;
static symbol *symbols;
static int symbol_count, symbol_cap, buckets[4096];
static comment *comments;        /* those that begin with two slashes in the first column                    */
static int comment_count, comment_cap;
static const char *manual;       /* the comment that has a line CONTENTS                                     */
static size_t manual_len;
static int manual_line;
static room rooms[MAX_ROOMS];
static int room_count;

// -- small things --------------------------------------------------------------------------

static void problem(int line, int rule, const char *format, ...) {
    va_list list;
    problems++;
    if (silent) return;
    printf("%s:%d: rule %d: ", path, line, rule);
    va_start(list, format);
    vprintf(format, list);
    va_end(list);
    putchar('\n');
}

static void die(const char *why, const char *where) {
    fprintf(stderr, "rooms: %s%s\n", why, where);
    exit(2);
}

static void *grow(void *array, int count, int *cap, size_t size) {
    if (count < *cap) return array;
    *cap = *cap ? *cap * 2 : 1024;
    array = realloc(array, (size_t)*cap * size);
    if (!array) die("out of memory", "");
    return array;
}

static char *copy(const char *at, int len) {
    char *to = malloc((size_t)len + 1);
    if (!to) die("out of memory", "");
    memcpy(to, at, (size_t)len);
    to[len] = 0;
    return to;
}

static void read_file(void) {
    FILE *f = fopen(path, "rb");
    char *to = NULL;
    size_t cap = 0, got;
    if (!f) die("cannot read ", path);
    do {
        if (text_len + 65536 > cap) to = realloc(to, cap = cap * 2 + 131072);
        if (!to) die("out of memory", "");
        text_len += got = fread(to + text_len, 1, 65535, f);
    } while (got);
    fclose(f);
    to[text_len] = 0;
    text = to;
}

static bool is_in(const char *name, const char *const *list, size_t count) {
    while (count--) if (!strcmp(name, list[count])) return true;
    return false;
}

/* Whether a word stands in a list of words with blanks between. */
static bool has_word(const char *list, const char *word, size_t len) {
    const char *at = list;
    while ((at = strstr(at, word)) != NULL) {
        if ((at == list || at[-1] == ' ') && (at[len] == ' ' || !at[len])) return true;
        at += len;
    }
    return false;
}

static bool starts(const char *name, const char *with) { return !strncmp(name, with, strlen(with)); }
static bool is_word(int c) { return isalnum(c) || c == '_'; }
static bool token_is(const token *t, const char *s) { return (size_t)t->len == strlen(s) && !memcmp(t->at, s, (size_t)t->len); }

static int room_find(const char *name, size_t len) {
    int i;
    for (i = 0; i < room_count; i++)
        if (strlen(rooms[i].name) == len && !memcmp(rooms[i].name, name, len)) return i;
    return -1;
}

/* -1 = before the first door. */
static int room_at(int line) {
    int i = room_count;
    while (i-- > 0) if (rooms[i].line <= line) return i;
    return -1;
}

static const char *room_name(int i) { return i < 0 ? "" : rooms[i].name; }
static bool is_foundation(int i) { return is_in(room_name(i), foundation, COUNT(foundation)); }
static bool is_platform(int i) { return is_in(room_name(i), platforms, COUNT(platforms)); }
static bool is_outside(int i) { return is_in(room_name(i), outside, COUNT(outside)); }
/* A wire format has a room as a client and one as a server. */
static bool is_translator(int i) { return starts(room_name(i), "t_") || starts(room_name(i), "s_"); }

// -- the text in tokens --------------------------------------------------------------------

static void add_token(const char *at, const char *end, int line, token_kind kind, int directive) {
    token *t;
    tokens = grow(tokens, token_count, &token_cap, sizeof *tokens);
    t = &tokens[token_count++];
    memset(t, 0, sizeof *t);
    t->at = at;
    t->len = (int)(end - at);
    t->line = line;
    t->kind = kind;
    t->directive = directive;
    t->function = -1;
}

static void add_comment(const char *at, const char *end, int line) {
    comments = grow(comments, comment_count, &comment_cap, sizeof *comments);
    comments[comment_count].at = at;
    comments[comment_count].len = (int)(end - at);
    comments[comment_count++].line = line;
}

/* "CONTENTS" alone on a line. */
static const char *find_contents(const char *from, const char *end) {
    const char *p = from;
    while ((p = strstr(p, "CONTENTS")) != NULL && p < end) {
        const char *before = p;
        while (before > from && before[-1] == ' ') before--;
        if (before[-1] == '\n' && (p[8] == '\n' || p[8] == '\r')) return p;
        p++;
    }
    return NULL;
}

static const char *skip_block_comment(const char *p, int *line) {
    const char *begin = p, *end = strstr(p + 2, "*/");
    if (!end) die("a comment has no end in ", path);
    if (!manual && find_contents(begin + 2, end)) {
        manual = begin;
        manual_len = (size_t)(end - begin);
        manual_line = *line;
    }
    for (end += 2; p < end; p++) *line += *p == '\n';
    return end;
}

static const char *skip_quoted(const char *p) {
    char quote = *p++;
    while (*p && *p != quote && *p != '\n') p += *p == '\\' && p[1] ? 2 : 1;
    return *p == quote ? p + 1 : p;
}

/* A preprocessing number: 1e-5, 0x1p+3, 10u. */
static const char *skip_number(const char *p) {
    while (is_word((unsigned char)*p) || *p == '.' || ((*p == '+' || *p == '-') && strchr("eEpP", p[-1]))) p++;
    return p;
}

static void scan(void) {
    const char *p = text, *from;
    int line = 1, directive = 0, directives = 0;
    bool fresh = true;           /* nothing but blanks on this line so far */
    while (*p) {
        from = p;
        if (*p == '\n') {
            line++, p++;
            fresh = true;
            directive = 0;
            continue;
        }
        if (*p == '\\' && (p[1] == '\n' || (p[1] == '\r' && p[2] == '\n'))) {
            p += p[1] == '\n' ? 2 : 3;
            line++;
            continue;
        }
        if (isspace((unsigned char)*p)) {
            p++;
            continue;
        }
        if (*p == '/' && p[1] == '/') {
            while (*p && *p != '\n') p++;
            if (from == text || from[-1] == '\n') add_comment(from, p, line);
            continue;
        }
        if (*p == '/' && p[1] == '*') {
            p = skip_block_comment(p, &line);
            continue;
        }
        if (*p == '#' && fresh) directive = ++directives;
        fresh = false;
        if (*p == '"' || *p == '\'') p = skip_quoted(p);
        else if (isdigit((unsigned char)*p)) p = skip_number(p);
        else if (is_word((unsigned char)*p)) while (is_word((unsigned char)*p)) p++;
        else p += *p == '-' && p[1] == '>' ? 2 : 1;
        add_token(from, p, line, *from == '"' ? STRING : *from == '\'' ? CHARACTER : isdigit((unsigned char)*from) ?
                  NUMBER : is_word((unsigned char)*from) ? NAME : MARK, directive);
    }
    line_count = line;
}

// -- doors ---------------------------------------------------------------------------------

static bool comment_is(int i, int line, const char *start) {
    return i >= 0 && i < comment_count && comments[i].line == line && starts(comments[i].at, start);
}

/* Reads the names on a Calls line and on the lines that continue it; returns the comment after them. */
static int read_calls(room *r, int i) {
    r->calls_line = comments[i].line;
    do {
        const char *p = comments[i].at + (comments[i].line == r->calls_line ? 9 : 2), *end = comments[i].at + comments[i].len;
        while (p < end) {
            const char *from;
            int other;
            while (p < end && isspace((unsigned char)*p)) p++;
            from = p;
            while (p < end && !isspace((unsigned char)*p)) p++;
            if (p == from || (p - from == 1 && *from == '-')) continue;
            other = room_find(from, (size_t)(p - from));
            if (other < 0) problem(comments[i].line, 4, ">>%s calls %.*s, and no room of that name stands above", r->name, (int)(p - from), from);
            else r->listed[other] = true;
        }
        i++;
    } while (comment_is(i, comments[i - 1].line + 1, "//") && !comment_is(i, comments[i].line, "//===="));
    r->calls_end = comments[i - 1].line + 1;
    return i;
}

/* i is the comment "// >>name   title". */
static int read_door(int i) {
    room *r = &rooms[room_count];
    const char *p = comments[i].at + 5, *end = comments[i].at + comments[i].len, *from = p;
    int line = comments[i].line;
    if (!comment_is(i - 1, line - 1, "//====")) problem(line, 1, "a door needs a line of //==== above it");
    if (room_count == MAX_ROOMS) die("too many rooms in ", path);
    while (p < end && is_word((unsigned char)*p)) p++;
    snprintf(r->name, sizeof r->name, "%.*s", (int)(p - from), from);
    while (p < end && *p == ' ') p++;
    while (end > p && isspace((unsigned char)end[-1])) end--;
    snprintf(r->title, sizeof r->title, "%.*s", (int)(end - p), p);
    if (room_find(r->name, strlen(r->name)) >= 0) problem(line, 1, "a second door >>%s", r->name);
    r->line = line;
    for (i++; i < comment_count && comments[i].line == ++line && !comment_is(i, line, "//===="); ) {
        if (comment_is(i, line, "// Calls:")) {
            i = read_calls(r, i);
            line = comments[i - 1].line;
        } else {
            i++;
        }
    }
    if (comment_is(i, line, "//====")) r->close_line = line;
    else problem(r->line, 1, "the door >>%s has no line of //==== below it", r->name);
    room_count++;
    return i;
}

static void find_doors(void) {
    int i = 0;
    while (i < comment_count) i = comment_is(i, comments[i].line, "// >>") ? read_door(i) : i + 1;
    if (!room_count) problem(1, 1, "there is no door");
}

// -- declarations --------------------------------------------------------------------------

static unsigned hash(const char *at, size_t len) {
    unsigned h = 2166136261u;
    while (len--) h = (h ^ (unsigned char)*at++) * 16777619u;
    return h % COUNT(buckets);
}

static symbol *add_symbol(int name, symbol_kind kind, bool is_static) {
    token *t = &tokens[name];
    symbol *s;
    unsigned h = hash(t->at, (size_t)t->len);
    symbols = grow(symbols, symbol_count, &symbol_cap, sizeof *symbols);
    s = &symbols[symbol_count];
    memset(s, 0, sizeof *s);
    s->name = copy(t->at, t->len);
    s->kind = kind;
    s->line = t->line;
    s->room = room_at(t->line);
    s->token = name;
    s->is_static = is_static;
    s->next = buckets[h];
    buckets[h] = ++symbol_count; /* 0 = the end of a chain */
    t->defines = true;
    return s;
}

/* The next symbol of that name after `after` (NULL = the first). */
static symbol *find_symbol(const char *at, int len, const symbol *after) {
    int i = after ? after->next : buckets[hash(at, (size_t)len)];
    for (; i; i = symbols[i - 1].next)
        if (!strncmp(symbols[i - 1].name, at, (size_t)len) && !symbols[i - 1].name[len]) return &symbols[i - 1];
    return NULL;
}

/* The tokens of one declaration at file scope, without preprocessor lines. */
static int *decl;
static int decl_count, decl_cap;

static void decl_add(int i) {
    decl = grow(decl, decl_count, &decl_cap, sizeof *decl);
    decl[decl_count++] = i;
}

static bool decl_is(int i, const char *s) { return i >= 0 && i < decl_count && token_is(&tokens[decl[i]], s); }
static bool decl_name(int i) { return i >= 0 && i < decl_count && tokens[decl[i]].kind == NAME; }

static bool decl_has(const char *s) {
    int i;
    for (i = 0; i < decl_count; i++) if (decl_is(i, s)) return true;
    return false;
}

/* The position after the bracket that closes the one at i. */
static int decl_skip(int i) {
    int depth = 0;
    for (; i < decl_count; i++) {
        depth += decl_is(i, "(") || decl_is(i, "{") || decl_is(i, "[");
        depth -= decl_is(i, ")") || decl_is(i, "}") || decl_is(i, "]");
        if (!depth) return i + 1;
    }
    return i;
}

static void add_constants(int i) {
    int end = decl_skip(i);
    for (i++; i < end - 1; i++) {
        if (!decl_name(i)) continue;
        if (!decl_is(i + 1, "(")) add_symbol(decl[i], CONSTANT, true);        /* otherwise a list macro */
        while (i < end - 1 && !decl_is(i, ",")) i = decl_is(i, "(") ? decl_skip(i) : i + 1;
    }
}

/* struct, union and enum with a body define a tag, and an enum its constants, also inside another. */
static void add_tags(void) {
    int i;
    for (i = 0; i < decl_count; i++) {
        bool is_enum = decl_is(i, "enum"), named = decl_name(i + 1);
        int body = i + (named ? 2 : 1);
        if (!is_enum && !decl_is(i, "struct") && !decl_is(i, "union")) continue;
        if (!decl_is(body, "{") && !(named && room_at(tokens[decl[i]].line) < 0)) continue;
        if (named) add_symbol(decl[i + 1], TAG, true);
        if (is_enum && decl_is(body, "{")) add_constants(body);
    }
}

static const char *const type_words = " void char short int long float double signed unsigned bool _Bool const volatile size_t ";

static bool is_type_word(int i) {
    char word[128];
    snprintf(word, sizeof word, "%.*s", tokens[decl[i]].len, tokens[decl[i]].at);
    return has_word(type_words, word, strlen(word));
}

/* The names that a typedef or an object declaration brings: the last name of each declarator at its outermost level,
   or the one in (*name). Initialisers and array sizes are passed over. */
static void add_declarators(symbol_kind kind) {
    int i = 0, name = -1;
    bool is_static = decl_has("static");
    for (; i <= decl_count; i++) {
        bool pointer = decl_is(i, "(") && decl_is(i + 1, "*");
        if (i == decl_count || decl_is(i, ",") || decl_is(i, "=")) {
            if (name >= 0) add_symbol(decl[name], kind, is_static);
            name = -1;
            while (decl_is(i, "=") || (i < decl_count && !decl_is(i, ","))) i = decl_is(i, "{") || decl_is(i, "(") ? decl_skip(i) : i + 1;
        } else if (pointer) {
            int end = decl_skip(i);
            for (i++; i < end && !decl_is(i, ")") && !decl_is(i, "(") && !decl_is(i, "["); i++) if (decl_name(i)) name = i;
            i = decl_skip(end) - 1;
        } else if (decl_is(i, "(") || decl_is(i, "{") || decl_is(i, "[")) {
            i = decl_skip(i) - 1;
        } else if (decl_is(i, "struct") || decl_is(i, "union") || decl_is(i, "enum")) {
            i += decl_name(i + 1);
            name = -1;
        } else if (decl_name(i) && !is_type_word(i)) {
            name = i;
        }
    }
}

/* The name of a prototype, or -1: two words or more, then a name, then parameters, and no = anywhere outside. */
static int prototype_name(void) {
    int i;
    for (i = 0; i < decl_count && !decl_is(i, "="); i++) {
        if (decl_is(i, "__attribute__")) i = decl_skip(i + 1) - 1;
        else if (decl_is(i, "{")) i = decl_skip(i) - 1;
        else if (decl_is(i, "(")) return i >= 2 && decl_name(i - 1) && !is_type_word(i - 1) && !decl_is(i + 1, "*") ? i - 1 : -1;
    }
    return -1;
}

static void end_declaration(void) {
    int name;
    if (!decl_count) return;
    add_tags();
    if (decl_is(0, "typedef")) {
        add_declarators(TYPE);
    } else if ((name = prototype_name()) >= 0) {
        token *t = &tokens[decl[name]];
        if (room_at(t->line) >= 0 || (t->len > 9 && starts(t->at, "llmprov__")))
            problem(t->line, 2, "a prototype: %.*s stands in the wrong room if it needs one", t->len, t->at);
        if (room_at(t->line) < 0) add_symbol(decl[name], FUNCTION, false)->public_decl = true;
        t->defines = true;
    } else {
        add_declarators(OBJECT);
    }
}

/* The name of the function whose body begins here, or -1: the declaration ends in its parameters. */
static int function_name(void) {
    int depth = 0, i = decl_count - 1;
    if (!decl_is(i, ")") || decl_has("=") || decl_is(0, "typedef")) return -1;
    for (; i >= 0; i--) {
        depth += decl_is(i, ")");
        depth -= decl_is(i, "(");
        if (!depth) return decl_name(i - 1) ? i - 1 : -1;
    }
    return -1;
}

// -- one pass over the tokens --------------------------------------------------------------

typedef struct condition { int depth, function, decl_count; bool outer_cxx, cxx, flips; } condition;

typedef struct option { char name[64]; int line; bool tested, documented; } option;

static option options[256];
static int option_count;

static option *option_find(const char *at, int len, int line) {
    int i;
    for (i = 0; i < option_count; i++)
        if ((int)strlen(options[i].name) == len && !memcmp(options[i].name, at, (size_t)len)) return &options[i];
    if (option_count == (int)COUNT(options)) die("too many options in ", path);
    snprintf(options[option_count].name, sizeof options[0].name, "%.*s", len, at);
    options[option_count].line = line;
    return &options[option_count++];
}

/* "#ifndef X" and at once "#define X" without a value: a guard, not an option. */
static bool is_guard(int i, int end) {
    return token_is(&tokens[i + 1], "ifndef") && end + 2 < token_count && token_is(&tokens[end], "#") &&
           token_is(&tokens[end + 1], "define") && tokens[end + 2].len == tokens[i + 2].len &&
           !memcmp(tokens[end + 2].at, tokens[i + 2].at, (size_t)tokens[i + 2].len) &&
           (end + 3 == token_count || tokens[end + 3].directive != tokens[end].directive);
}

static void test_options(int i, int end) {
    int k;
    for (k = i + 2; k < end; k++)
        if (tokens[k].kind == NAME && starts(tokens[k].at, "LLMPROV_") && !starts(tokens[k].at, "LLMPROV__") && !is_guard(i, end))
            option_find(tokens[k].at, tokens[k].len, tokens[k].line)->tested = true;
}

/* #include: only where the compiler and the platforms are met, and only what has a door. */
static void check_include(int i) {
    char name[128];
    const char *at = tokens[i + 1].at + tokens[i + 1].len, *end;
    int r = room_at(tokens[i].line), line = tokens[i].line;
    while (*at == ' ' || *at == '<' || *at == '"') at++;
    for (end = at; *end && !strchr(">\"\n", *end); end++) {}
    snprintf(name, sizeof name, "%.*s", (int)(end - at), at);
    if (r < 0 && !has_word("stdbool.h stddef.h stdint.h", name, strlen(name)))
        problem(line, 7, "the interface includes %s: it may have stdbool.h, stddef.h and stdint.h", name);
    if (r >= 0 && strcmp(rooms[r].name, "impl") && !is_platform(r)) problem(line, 7, "%s is included outside >>impl", name);
    if (r >= 0 && has_word(no_headers, name, strlen(name))) problem(line, 7, "%s is included: nothing of it has a door", name);
    if (r >= 0 && !strcmp(name, "time.h") && !is_platform(r)) problem(line, 7, "time.h is included: there is no clock");
}

static void open_condition(condition *stack, int *count, condition now, int i, int end) {
    bool is_cxx = false, denied = token_is(&tokens[i + 1], "ifndef");
    int k;
    for (k = i + 2; k < end; k++) {
        is_cxx |= token_is(&tokens[k], "__cplusplus");
        denied |= token_is(&tokens[k], "!");
    }
    if (*count == MAX_CONDITIONS) die("too many nested conditions in ", path);
    now.outer_cxx = now.cxx;
    now.flips = is_cxx;
    now.cxx = now.cxx || (is_cxx && !denied);
    stack[(*count)++] = now;
}

/* A preprocessor line, tokens i to end. Depth and function are put back at #else, so that braces may open in both. */
static void directive(int i, int end, condition *stack, int *count, condition *now) {
    const token *word = &tokens[i + 1];
    bool elif = end - i > 1 && token_is(word, "elif");
    if (end - i < 2) return;
    if (token_is(word, "if") || token_is(word, "ifdef") || token_is(word, "ifndef")) {
        open_condition(stack, count, *now, i, end);
        now->cxx = stack[*count - 1].cxx;
        test_options(i, end);
    } else if ((elif || token_is(word, "else")) && *count) {
        condition *top = &stack[*count - 1];
        now->depth = top->depth;
        now->function = top->function;
        decl_count = top->depth ? decl_count : top->decl_count;
        now->cxx = top->outer_cxx || (top->flips && !top->cxx);
        if (elif) test_options(i, end);
    } else if (token_is(word, "endif") && *count) {
        now->cxx = stack[--*count].outer_cxx;
    } else if (token_is(word, "include") && !now->cxx) {
        check_include(i);
    } else if (token_is(word, "define") && end - i > 2 && !now->cxx) {
        add_symbol(i + 2, MACRO, true);
        for (; i < end; i++) tokens[i].function = now->function;
        return;
    }
    for (; i < end; i++) tokens[i].unused = true;
}

/* A token of the language itself: the declarations at file scope are gathered, functions are entered and left. */
static void code(int i, condition *now) {
    token *t = &tokens[i];
    int name, r = room_at(t->line);
    if (r >= 0) rooms[r].has_code = true;
    if (!now->depth && now->function < 0 && token_is(t, "{") && (name = function_name()) >= 0) {
        symbol *s;
        bool is_static = decl_has("static");
        int at = decl[name];
        if (r >= 0) rooms[r].functions++;
        s = add_symbol(at, FUNCTION, is_static);
        now->function = (int)(s - symbols);
    }
    t->function = now->function;
    now->depth += token_is(t, "{");
    now->depth -= token_is(t, "}");
    if (now->depth < 0) die("a } too many in ", path);
    if (now->function >= 0) {
        symbol *s = &symbols[now->function];
        if (!now->depth && token_is(t, "}")) {
            s->end_line = t->line;
            if (r >= 0 && t->line - s->line + 1 > rooms[r].longest) rooms[r].longest = t->line - s->line + 1;
            now->function = -1;
            now->decl_count = decl_count = 0;
        }
    } else if (!now->depth && token_is(t, ";")) {
        end_declaration();
        decl_count = 0;
    } else {
        decl_add(i);
    }
    now->decl_count = decl_count;
}

static void parse(void) {
    condition stack[MAX_CONDITIONS], now = { 0, -1, 0, false, false, false };
    int count = 0, i = 0, end;
    for (; i < token_count; i = end) {
        end = i + 1;
        if (tokens[i].directive) {
            while (end < token_count && tokens[end].directive == tokens[i].directive) end++;
            directive(i, end, stack, &count, &now);
        } else if (now.cxx) {
            tokens[i].unused = true;
        } else {
            code(i, &now);
        }
    }
    if (now.depth) die("a } too few in ", path);
}

// -- rule 1 --------------------------------------------------------------------------------

/* Walks the lines of the manual. */
static bool manual_next(const char **at, int *len, int *line) {
    const char *end = manual + manual_len, *from = *at ? *at + *len + 1 : manual, *p = from;
    if (!manual || from >= end) return false;
    while (p < end && *p != '\n') p++;
    *line = *at ? *line + 1 : manual_line;
    *at = from;
    *len = (int)(p - from);
    return true;
}

static int indent(const char *at, int len) {
    int n = 0;
    while (n < len && at[n] == ' ') n++;
    return n;
}

/* A line of the list: "    >>name   title". */
static bool contents_line(const char *at, int len, const char **name, int *name_len, const char **title, int *title_len) {
    const char *p = at + indent(at, len), *end = at + len;
    if (p == at || end - p < 3 || p[0] != '>' || p[1] != '>') return false;
    for (*name = p += 2; p < end && is_word((unsigned char)*p); p++) {}
    *name_len = (int)(p - *name);
    while (p < end && *p == ' ') p++;
    while (end > p && isspace((unsigned char)end[-1])) end--;
    *title = p;
    *title_len = (int)(end - p);
    return true;
}

static bool same(const char *s, const char *at, int len) { return (int)strlen(s) == len && !memcmp(s, at, (size_t)len); }

/* Only the first difference is said. */
static void check_contents(void) {
    const char *at = NULL, *name, *title;
    int len = 0, line = 0, count = 0, name_len, title_len;
    if (!manual) {
        problem(1, 1, "the header has no manual with a line CONTENTS");
        return;
    }
    while (manual_next(&at, &len, &line)) {
        const room *r = count < room_count ? &rooms[count] : NULL;
        if (!contents_line(at, len, &name, &name_len, &title, &title_len)) continue;
        if (!r || !same(r->name, name, name_len)) {
            problem(line, 1, "CONTENTS has >>%.*s where the door is >>%s", name_len, name, r ? r->name : "(none)");
            return;
        }
        if (!same(r->title, title, title_len)) {
            problem(line, 1, "CONTENTS and the door >>%s have different titles", r->name);
            return;
        }
        count++;
    }
    if (count < room_count) problem(rooms[count].line, 1, "the door >>%s is missing in CONTENTS", rooms[count].name);
}

// -- rule 3 --------------------------------------------------------------------------------

static void to_upper(char *s) { for (; *s; s++) *s = (char)toupper((unsigned char)*s); }

/* The room whose name a private name bears: the longest that fits; -1 = none. */
static int bears(const char *name, const char *prefix, bool upper) {
    int i, best = -1;
    size_t best_len = 0, n = strlen(prefix);
    if (!starts(name, prefix)) return -1;
    for (i = 0; i < room_count; i++) {
        char word[sizeof rooms[i].name];
        size_t len = strlen(rooms[i].name);
        memcpy(word, rooms[i].name, sizeof word);
        if (upper) to_upper(word);
        if (len < best_len || memcmp(name + n, word, len < strlen(name + n) ? len : strlen(name + n) + 1)) continue;
        if (name[n + len] && name[n + len] != '_') continue;
        best = i;
        best_len = len;
    }
    return best;
}

static bool declared_public(const symbol *s) {
    const symbol *other = NULL;
    if (!starts(s->name, "llmprov_") || starts(s->name, "llmprov__")) return false;
    while ((other = find_symbol(s->name, (int)strlen(s->name), other)) != NULL)
        if (other->room < 0 && (other->kind == s->kind || s->kind == OBJECT)) return true;
    return false;
}

/* A switch for a header of the platform: "#define WIN32_LEAN_AND_MEAN", without a value or with a number. */
static bool platform_switch(const symbol *s) {
    int i = s->token + 1, d = tokens[s->token].directive;
    if (!is_platform(s->room) || starts(s->name, "LLMPROV") || starts(s->name, "llmprov")) return false;
    return i >= token_count || tokens[i].directive != d ||
           (tokens[i].kind == NUMBER && (i + 1 >= token_count || tokens[i + 1].directive != d));
}

static void check_name(const symbol *s) {
    bool capital = s->kind == CONSTANT || (s->kind == MACRO && !starts(s->name, "llmprov__"));
    bool linked = s->kind == FUNCTION || s->kind == OBJECT;
    const char *in = rooms[s->room].name;
    if (s->kind == MACRO && ((!strcmp(in, "impl") && starts(s->name, "LLMPROV__")) || platform_switch(s))) return;
    if (starts(s->name, "llmprov__") || starts(s->name, "LLMPROV__")) {
        if (bears(s->name, capital ? "LLMPROV__" : "llmprov__", capital) != s->room)
            problem(s->line, 3, "the %s %s does not bear the name of its room >>%s", kind_words[s->kind], s->name, in);
        else if (linked && !s->is_static)
            problem(s->line, 3, "the %s %s is private and not static", kind_words[s->kind], s->name);
    } else if (capital || (linked && s->is_static) || !declared_public(s)) {
        problem(s->line, 3, "the %s %s in >>%s is neither private nor in the interface", kind_words[s->kind], s->name, in);
    }
}

/* What the interface promises, a room has. */
static void check_defined(const symbol *s) {
    const symbol *other = NULL;
    if (s->kind != FUNCTION || !s->public_decl) return;
    while ((other = find_symbol(s->name, (int)strlen(s->name), other)) != NULL)
        if (other->kind == FUNCTION && other->room >= 0) return;
    problem(s->line, 3, "the function %s is in the interface and no room defines it", s->name);
}

static void check_names(void) {
    int i;
    for (i = 0; i < symbol_count; i++) {
        if (symbols[i].room >= 0) check_name(&symbols[i]);
        else check_defined(&symbols[i]);
    }
}

// -- rules 2, 4, 5, 6: who mentions whom ---------------------------------------------------

/* A mention of a symbol: not as a member, and a tag only after struct, union or enum. */
static bool mentions(int i, const symbol *s) {
    const token *before = i ? &tokens[i - 1] : NULL;
    bool tagged = before && (token_is(before, "struct") || token_is(before, "union") || token_is(before, "enum"));
    if (tokens[i].defines || tokens[i].unused || s->public_decl) return false;
    return tagged == (s->kind == TAG);
}

static bool is_member(int i) { return i && (token_is(&tokens[i - 1], ".") || token_is(&tokens[i - 1], "->")); }

/* Rule 2 is said once for each pair. */
static bool said_before(int from, int to) {
    static struct { int from, to; } *said;
    static int count, cap;
    int i;
    for (i = 0; i < count; i++) if (said[i].from == from && said[i].to == to) return true;
    said = grow(said, count, &cap, sizeof *said);
    said[count].from = from;
    said[count++].to = to;
    return false;
}

static void check_upwards(int i, const symbol *s) {
    int from = tokens[i].function, to = (int)(s - symbols);
    if (s->kind != FUNCTION || s->room < 0) return;
    if (from == to) {
        if (!said_before(from, to)) problem(tokens[i].line, 2, "%s is recursive", s->name);
    } else if (s->token > i && !said_before(from, to)) {
        problem(tokens[i].line, 2, "%s uses %s, which stands further down (line %d)",
                from >= 0 ? symbols[from].name : "this", s->name, s->line);
    }
}

static void check_mention(int i, const symbol *s) {
    int r = room_at(tokens[i].line);
    check_upwards(i, s);
    if (s->room < 0 || s->room == r) return;
    if (s->kind == TAG && declared_public(s)) return;
    if (!rooms[r].used[s->room]) rooms[r].used_line[s->room] = tokens[i].line;
    rooms[r].used[s->room] = true;
}

static void check_private(int i) {
    const token *t = &tokens[i];
    const symbol *s = NULL;
    int r = room_at(t->line);
    if (!is_outside(r) || (!starts(t->at, "llmprov__") && !starts(t->at, "LLMPROV__"))) return;
    while ((s = find_symbol(t->at, t->len, s)) != NULL) if (s->room == r) return;
    problem(t->line, 6, ">>%s uses %.*s, which no user could", rooms[r].name, t->len, t->at);
}

static void find_mentions(void) {
    int i;
    for (i = 0; i < token_count; i++) {
        const symbol *s = NULL;
        if (tokens[i].kind != NAME || tokens[i].unused || is_member(i) || room_at(tokens[i].line) < 0) continue;
        while ((s = find_symbol(tokens[i].at, tokens[i].len, s)) != NULL)
            if (mentions(i, s)) check_mention(i, s);
        check_private(i);
    }
}

/* Whether a room must be on the Calls line of another. */
static bool calls(int from, int to) { return rooms[from].used[to] && !is_foundation(to); }

static void check_calls(void) {
    int i, k;
    for (i = 0; i < room_count; i++) {
        const room *r = &rooms[i];
        if (r->has_code && !r->calls_line) problem(r->line, 4, "the door >>%s has no Calls line", r->name);
        for (k = 0; k < room_count; k++) {
            if (r->calls_line && calls(i, k) && !r->listed[k])
                problem(r->used_line[k], 4, ">>%s uses >>%s, which its Calls line does not name", r->name, rooms[k].name);
            if (r->listed[k] && is_foundation(k))
                problem(r->calls_line, 4, "the Calls line of >>%s names >>%s: the foundation is never listed", r->name, rooms[k].name);
            else if (r->listed[k] && !r->used[k])
                problem(r->calls_line, 4, ">>%s does not use >>%s, which its Calls line names", r->name, rooms[k].name);
            if (i != k && is_translator(i) && is_translator(k) && r->used[k])
                problem(r->used_line[k], 5, "the translator >>%s uses >>%s", r->name, rooms[k].name);
        }
    }
}

// -- rule 5: the ids of providers ----------------------------------------------------------

static bool is_provider_id(int i) {
    return i >= 3 && tokens[i].kind == STRING && token_is(&tokens[i - 1], "=") && token_is(&tokens[i - 2], "id") &&
           token_is(&tokens[i - 3], ".") && !strcmp(room_name(room_at(tokens[i].line)), "providers");
}

static void check_provider_ids(void) {
    int i, k, ids = 0, translators = 0;
    for (i = 0; i < room_count; i++) translators += is_translator(i);
    for (i = 0; i < token_count; i++) {
        if (!is_provider_id(i)) continue;
        ids++;
        for (k = 0; k < token_count; k++)
            if (tokens[k].kind == STRING && tokens[k].len == tokens[i].len && is_translator(room_at(tokens[k].line)) &&
                !memcmp(tokens[k].at, tokens[i].at, (size_t)tokens[i].len))
                problem(tokens[k].line, 5, "the translator >>%s knows the provider %.*s",
                        rooms[room_at(tokens[k].line)].name, tokens[i].len, tokens[i].at);
    }
    i = room_find("providers", 9);
    if (i >= 0 && !ids) problem(rooms[i].line, 5, "no row of the form .id = \"...\" found in >>providers");
    if (i < 0 && translators) problem(1, 5, "there are translators and no room >>providers");
}

// -- rule 7 --------------------------------------------------------------------------------

/* Whether the function has a variable of that name: "bool system", "const char *system", "a, system = 0". */
static bool is_variable(int i) {
    int k, f = tokens[i].function;
    for (k = f < 0 ? i : symbols[f].token; k <= i; k++) {
        const token *t = &tokens[k];
        if (t->len != tokens[i].len || memcmp(t->at, tokens[i].at, (size_t)t->len)) continue;
        if (token_is(t - 1, "*") || (t[-1].kind == NAME && !token_is(t - 1, "return"))) return true;
        if (k + 2 < token_count && token_is(t + 1, "=") && !token_is(t + 2, "=")) return true;
    }
    return false;
}

/* Called or taken as a value; a variable of that name and the declaration of a member are neither. */
static bool is_use(int i) {
    const token *before = &tokens[i - 1];
    if (i + 1 < token_count && token_is(&tokens[i + 1], "(")) return true;
    if (is_variable(i)) return false;
    if (token_is(before, "return")) return true;
    return before->kind == MARK && before->len == 1 && strchr("=(,&?:{;!", *before->at) != NULL;
}

static void check_libc(void) {
    int i;
    size_t k;
    for (i = 1; i < token_count; i++) {
        const token *t = &tokens[i];
        char word[64];
        int r = room_at(t->line);
        if (t->kind != NAME || t->unused || r < 0 || t->len >= (int)sizeof word || is_member(i)) continue;
        memcpy(word, t->at, (size_t)t->len);
        word[t->len] = 0;
        for (k = 0; k < COUNT(doors_to_libc); k++) {
            const char *where = doors_to_libc[k].where;
            if (!has_word(doors_to_libc[k].names, word, (size_t)t->len) || !is_use(i)) continue;
            if (has_word(where, rooms[r].name, strlen(rooms[r].name)) || (has_word(where, "platform", 8) && is_platform(r))) continue;
            problem(t->line, 7, ">>%s uses %s, which %s%.*s%s", rooms[r].name, word, *where ? "only >>" : "nothing",
                    (int)strcspn(where, " "), where, " may");
        }
    }
}

// -- rule 8 --------------------------------------------------------------------------------

static bool bad_import(const char *name) {
    size_t k;
    for (k = 0; k < COUNT(doors_to_libc); k++)
        if (has_word(doors_to_libc[k].names, name, strlen(name)))
            return strcmp(doors_to_libc[k].where, "mem platform") && strcmp(doors_to_libc[k].where, "client");
    return false;
}

static FILE *run(const char *command, const char *object) {
    char line[1024];
    FILE *f;
    if (snprintf(line, sizeof line, "%s '%s'", command, object) >= (int)sizeof line || strchr(object, '\'')) die("odd name: ", object);
    f = popen(line, "r");
    if (!f) die("cannot run ", command);
    return f;
}

static void check_symbols(const char *object) {
    char name[512], type[8], line[1024];
    long code_size = 0, data = -1, bss = -1;
    int defined = 0;
    FILE *f = run("nm -P -g", object);
    while (fgets(line, sizeof line, f)) {
        if (sscanf(line, "%511s %7s", name, type) != 2) continue;
        if (strchr("Uwv", type[0])) {
            if (bad_import(name)) problem(1, 8, "the object imports %s", name);
            continue;
        }
        defined++;
        if (!starts(name, "llmprov_")) problem(1, 8, "%s is exported and does not start with llmprov_", name);
        else if (strstr(name, "__")) problem(1, 8, "%s is exported and private", name);
    }
    if (pclose(f)) die("nm failed on ", object);
    if (!defined) problem(1, 8, "nothing is exported");
    f = run("size", object);
    while (fgets(line, sizeof line, f)) if (sscanf(line, "%ld %ld %ld", &code_size, &data, &bss) == 3) break;
    if (pclose(f) || data < 0) die("size failed on ", object);
    if (data + bss) problem(1, 8, "there is memory that can change: %ld bytes of data, %ld of bss", data, bss);
    printf("symbols: %d exported, %ld bytes of code and constants, %ld of data, %d problems\n", defined, code_size, data + bss, problems);
}

// -- rule 9 --------------------------------------------------------------------------------

/* A chapter's heading is a line of the manual in capitals, at most 4 blanks from the edge. */
static bool is_heading(const char *at, int len) {
    int in = indent(at, len), i, letters = 0;
    if (in > 4 || (len - in > 8 && starts(at + in, "LLMPROV_"))) return false;
    for (i = in; i < len; i++) {
        if (islower((unsigned char)at[i])) return false;
        letters += isupper((unsigned char)at[i]) != 0;
    }
    return letters > 2;
}

static bool line_has(const char *at, int len, const char *words) {
    int n = (int)strlen(words), i;
    for (i = 0; i + n <= len; i++) if (!memcmp(at + i, words, (size_t)n)) return true;
    return false;
}

/* The names that a line of the chapter begins with: "LLMPROV_A, LLMPROV_B   what they do". */
static void document_options(const char *at, int len, int line) {
    int i = indent(at, len);
    if (len - i > 8 && starts(at + i, "#define ")) i += 8;
    while (len - i > 8 && starts(at + i, "LLMPROV_")) {
        int from = i;
        option *o;
        while (i < len && is_word((unsigned char)at[i])) i++;
        o = option_find(at + from, i - from, line);
        o->documented = true;
        if (!o->tested) problem(line, 9, "%s is in the manual, and the preprocessor never tests it", o->name);
        while (i < len && (at[i] == ',' || at[i] == ' ')) i++;
    }
}

static void check_options(void) {
    const char *at = NULL;
    int len = 0, line = 0, i;
    bool inside = false, found = false;
    while (manual_next(&at, &len, &line)) {
        if (is_heading(at, len)) found |= inside = line_has(at, len, "BUILD OPTIONS");
        else if (inside) document_options(at, len, line);
    }
    if (manual && !found) problem(manual_line, 9, "the manual has no chapter BUILD OPTIONS");
    for (i = 0; found && i < option_count; i++)
        if (options[i].tested && !options[i].documented)
            problem(options[i].line, 9, "%s is tested and not in the manual's chapter BUILD OPTIONS", options[i].name);
}

// -- what is printed and written -----------------------------------------------------------

static void print_contents(void) {
    int i, width = 0;
    for (i = 0; i < room_count; i++) if ((int)strlen(rooms[i].name) > width) width = (int)strlen(rooms[i].name);
    for (i = 0; i < room_count; i++) printf("    >>%-*s   %s\n", width, rooms[i].name, rooms[i].title);
}

static void print_sizes(void) {
    int i, functions = 0, last = line_count;
    printf("%-22s %6s %10s %8s\n", "room", "lines", "functions", "longest");
    printf("%-22s %6d\n", "(manual, interface)", room_count ? rooms[0].line - 2 : last);
    for (i = 0; i < room_count; i++) {
        int end = i + 1 < room_count ? rooms[i + 1].line - 1 : last;
        printf("%-22s %6d %10d %8d\n", rooms[i].name, end - rooms[i].line + 1, rooms[i].functions, rooms[i].longest);
        functions += rooms[i].functions;
    }
    printf("%-22s %6d %10d          %lu bytes\n", "(all)", last, functions, (unsigned long)text_len);
}

static void print_options(void) {
    int i;
    for (i = 0; i < option_count; i++) if (options[i].tested) puts(options[i].name);
}

static const char *line_start(int line) {
    const char *p = text;
    while (--line > 0 && (p = strchr(p, '\n')) != NULL) p++;
    return p ? p : text + text_len;
}

static void print_room(const char *name) {
    int i = room_find(name, strlen(name));
    const char *from, *end;
    if (i < 0) die("no such room: ", name);
    from = line_start(rooms[i].line - 1);
    end = i + 1 < room_count ? line_start(rooms[i + 1].line - 1) : text + text_len;
    fwrite(from, 1, (size_t)(end - from), stdout);
}

static void write_calls(FILE *f, int i) {
    int k, column = fprintf(f, "// Calls:"), none = column;
    for (k = 0; k < room_count; k++) {
        if (!calls(i, k)) continue;
        if (column + 1 + (int)strlen(rooms[k].name) > WIDTH) {
            fputc('\n', f);
            column = fprintf(f, "//       ");
        }
        column += fprintf(f, " %s", rooms[k].name);
    }
    fputs(column == none ? " -\n" : "\n", f);
}

static void fix_calls(void) {
    FILE *f = fopen(path, "wb");
    int i, line = 1;
    if (!f) die("cannot write ", path);
    for (i = 0; i < room_count; i++) {
        const room *r = &rooms[i];
        int at = r->calls_line ? r->calls_line : r->close_line, go_on = r->calls_line ? r->calls_end : r->close_line;
        if ((!r->has_code && !r->calls_line) || !r->close_line) continue;
        fwrite(line_start(line), 1, (size_t)(line_start(at) - line_start(line)), f);
        write_calls(f, i);
        line = go_on;
    }
    fwrite(line_start(line), 1, (size_t)(text + text_len - line_start(line)), f);
    if (fclose(f)) die("cannot write ", path);
}

static int check(void) {
    int i, functions = 0;
    check_contents();
    check_names();
    check_calls();
    check_provider_ids();
    check_libc();
    check_options();
    for (i = 0; i < room_count; i++) functions += rooms[i].functions;
    printf("rooms: %d rooms, %d functions, %d problems\n", room_count, functions, problems);
    return problems != 0;
}

/* Reads the header; what is wrong with its doors and its order is said on the way. */
static void read_header(void) {
    read_file();
    scan();
    find_doors();
    parse();
    find_mentions();
}

int main(int argc, char **argv) {
    const char *mode = argc > 2 ? argv[1] : "", *value = argc > 3 ? argv[2] : "";
    if (argc < 2 || argc > 4) die("usage: rooms [--fix|--toc|--sizes|--options|--room NAME|--symbols X.o] llmprov.h", "");
    path = argv[argc - 1];
    silent = *mode && strcmp(mode, "--symbols");
    if (!strcmp(mode, "--symbols")) {
        check_symbols(value);
        return problems != 0;
    }
    read_header();
    if (!*mode) return check();
    if (!strcmp(mode, "--fix")) fix_calls();
    else if (!strcmp(mode, "--toc")) print_contents();
    else if (!strcmp(mode, "--sizes")) print_sizes();
    else if (!strcmp(mode, "--options")) print_options();
    else if (!strcmp(mode, "--room")) print_room(value);
    else die("unknown mode ", mode);
    return 0;
}
