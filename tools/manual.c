/* manual: compiles every code block of the header's manual and of README.md (rule 10 of tools/rooms.c).

       manual -c "cc -std=c99 -I." -d build/manual -p tests/compile/preamble.h -m Makefile llmprov.h README.md

       -c  the compiler with its flags; "-fsyntax-only FILE" is added        -x  the same for C++ (```cpp blocks)
       -d  an existing folder for the files that are compiled                -m  where `make X` must be a target
       -p  what blocks without a function of their own may use               -k  a word: blocks with it are skipped

   In a header the manual is the comment with a line CONTENTS. A code block is what stands indented by 8 blanks or more
   after an empty line; it ends before the next line that is indented less. In Markdown it stands between fences, and
   each fence says c, cpp, sh or text. A block that begins with "$ " is for a shell.

   A block with #include, or with a function that begins at its edge, is a file; all others are put into a function.
   Compilers name the line of the manual. Build: cc -std=c99 -o build/manual tools/manual.c */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum language { C, CPP, SHELL, OTHER } language;

typedef struct block {
    language language;
    const char *text;            /* whole lines                                                              */
    size_t len;
    int line, edge;              /* edge: how far its leftmost line is indented                              */
} block;

static const char *path, *compiler, *cxx, *folder, *preamble, *makefile_path, *makefile;
static const char *skip_words[8];
static int skip_count, problems, block_count;

static void die(const char *why, const char *what) {
    fprintf(stderr, "manual: %s%s\n", why, what);
    exit(2);
}

static void problem(int line, const char *what, const char *which, size_t len) {
    printf("%s:%d: rule 10: %s%.*s\n", path, line, what, (int)len, which);
    problems++;
}

static char *read_file(const char *name) {
    FILE *f = fopen(name, "rb");
    char *text = NULL;
    size_t len = 0, cap = 0, got;
    if (!f) die("cannot read ", name);
    do {
        if (len + 65536 > cap) text = realloc(text, cap = cap * 2 + 131072);
        if (!text) die("out of memory", "");
        len += got = fread(text + len, 1, 65535, f);
    } while (got);
    fclose(f);
    text[len] = 0;
    return text;
}

// -- lines ---------------------------------------------------------------------------------

static const char *next_line(const char *p, const char *end) {
    const char *to = memchr(p, '\n', (size_t)(end - p));
    return to ? to + 1 : end;
}

static int indent(const char *p, const char *end) {
    const char *from = p;
    while (p < end && *p == ' ') p++;
    return (int)(p - from);
}

static bool is_blank(const char *p, const char *end) {
    while (p < end && isspace((unsigned char)*p)) p++;
    return p == end;
}

static bool has(const block *b, const char *word) {
    size_t n = strlen(word), i;
    for (i = 0; i + n <= b->len; i++) if (!memcmp(b->text + i, word, n)) return true;
    return false;
}

/* "static int f(int n) {": two words or more, the second before a parenthesis, and an open brace at the end. */
static bool begins_function(const char *p, const char *end) {
    const char *open = memchr(p, '(', (size_t)(end - p)), *q;
    int words = 0;
    while (end > p && isspace((unsigned char)end[-1])) end--;
    if (!open || end[-1] != '{' || !isalpha((unsigned char)*p)) return false;
    for (q = p; q < open; q++) {
        if (!isalnum((unsigned char)*q) && !strchr("_* ", *q)) return false;
        words += isalpha((unsigned char)*q) && (q == p || q[-1] == ' ' || q[-1] == '*');
    }
    return words > 1 && strncmp(p, "else", 4) && strncmp(p, "return", 6);
}

static bool is_file(const block *b) {
    const char *p = b->text, *end = p + b->len, *to;
    if (has(b, "#include")) return true;
    for (; p < end; p = to) {
        to = next_line(p, end);
        if (indent(p, to) == b->edge && begins_function(p + b->edge, to)) return true;
    }
    return false;
}

// -- what is done with a block -------------------------------------------------------------

/* Whether the makefile has a rule for the target: its name stands before the colon of a line. */
static bool is_target(const char *name, size_t len) {
    const char *p = makefile, *end = makefile + strlen(makefile), *to, *colon;
    for (; p < end; p = to) {
        to = next_line(p, end);
        colon = memchr(p, ':', (size_t)(to - p));
        if (!isalnum((unsigned char)*p) || !colon || colon[1] == '=') continue;
        while (p < colon) {
            const char *from = p;
            while (p < colon && *p != ' ') p++;
            if ((size_t)(p - from) == len && !memcmp(from, name, len)) return true;
            while (p < colon && *p == ' ') p++;
        }
    }
    return false;
}

/* One line for a shell: each word after make that is no option and no setting is a target. */
static void check_shell_line(const char *p, const char *end, int line) {
    bool make = false;
    while (p < end && *p != '#' && *p != '\n') {
        const char *from = p;
        while (p < end && !isspace((unsigned char)*p) && !strchr(";|&()#", *p)) p++;
        if (p == from) {
            make = make && *p == ' ';
            p++;
        } else if (make && *from != '-' && !memchr(from, '=', (size_t)(p - from))) {
            if (!is_target(from, (size_t)(p - from))) problem(line, "no such target: make ", from, (size_t)(p - from));
        } else if (p - from == 4 && !memcmp(from, "make", 4)) {
            make = true;
        }
    }
}

static void check_shell(const block *b) {
    const char *p = b->text, *end = p + b->len, *to;
    int line = b->line;
    for (; p < end; p = to, line++) {
        to = next_line(p, end);
        check_shell_line(p, to, line);
    }
}

static void write_block(const block *b, const char *name) {
    FILE *f = fopen(name, "wb");
    bool file = is_file(b), bare = !has(b, "#include");
    if (!f) die("cannot write ", name);
    if (bare) fprintf(f, "#define LLMPROV_EXTEND\n#define LLMPROV_CURL\n#define LLMPROV_WINHTTP\n#include \"llmprov.h\"\n#include <stdio.h>\n#include <string.h>\n");
    if (!file) fprintf(f, "#include \"%s\"\nvoid manual_block(void);\nvoid manual_block(void) {\n", preamble);
    fprintf(f, "#line %d \"%s\"\n%.*s", b->line, path, (int)b->len, b->text);
    fprintf(f, file ? "\n" : "\n}\n");
    if (fclose(f)) die("cannot write ", name);
}

static void compile(const block *b) {
    char name[512], command[2048];
    const char *with = b->language == CPP ? cxx : compiler;
    if (snprintf(name, sizeof name, "%s/block_%d.%s", folder, block_count, b->language == CPP ? "cc" : "c") >= (int)sizeof name ||
        snprintf(command, sizeof command, "%s -fsyntax-only %s", with, name) >= (int)sizeof command) die("too long: ", folder);
    write_block(b, name);
    fflush(stdout);
    if (system(command)) problem(b->line, "this code block does not compile: it is ", name, strlen(name));
}

static void check_block(const block *b) {
    int i;
    block_count++;
    if (b->language == SHELL) {
        check_shell(b);
        return;
    }
    for (i = 0; i < skip_count; i++) {
        if (!has(b, skip_words[i])) continue;
        printf("skipped: %s:%d: a code block needs %s\n", path, b->line, skip_words[i]);
        return;
    }
    if (b->language == CPP && !cxx) printf("skipped: %s:%d: a code block needs a C++ compiler\n", path, b->line);
    else if (b->language != OTHER) compile(b);
}

// -- where the blocks are ------------------------------------------------------------------

/* The comment that has "CONTENTS" alone on a line. */
static const char *find_manual(const char *text, const char **end) {
    const char *p = text, *at;
    while ((p = strstr(p, "/*")) != NULL && (*end = strstr(p, "*/")) != NULL) {
        for (at = p; at < *end; at = next_line(at, *end)) {
            const char *to = next_line(at, *end), *word = at + indent(at, to);
            if (to - word > 8 && !memcmp(word, "CONTENTS", 8) && is_blank(word + 8, to)) return p;
        }
        p = *end + 2;
    }
    return NULL;
}

static void read_header(const char *text) {
    const char *end = NULL, *p = find_manual(text, &end), *to, *q;
    bool after_blank = false;
    int line = 1;
    if (!p) {
        problem(1, "the header has no manual with a line CONTENTS", "", 0);
        return;
    }
    for (q = text; q < p; q++) line += *q == '\n';
    for (; p < end; p = to, line++) {
        block b = { C, p, 0, line, 0 };
        to = next_line(p, end);
        b.edge = indent(p, to);
        if (is_blank(p, to)) after_blank = true;
        else if (!after_blank || b.edge < 8) after_blank = false;
        else {
            const char *last = to;
            for (; p < end && (is_blank(p, to) || indent(p, to) >= 8); p = to, to = next_line(p, end), line++) {
                if (is_blank(p, to)) continue;
                if (indent(p, to) < b.edge) b.edge = indent(p, to);
                last = to;
            }
            b.len = (size_t)(last - b.text);
            if (b.text[b.edge] == '$') b.language = SHELL;
            check_block(&b);
            after_blank = false;
            to = p;              /* the line that ended it has been counted already */
            line--;
        }
    }
}

static language read_language(const char *word, size_t len, int line) {
    static const char *const names[] = { "c", "cpp", "sh", "text" };
    int i;
    for (i = 0; i < 4; i++) if (strlen(names[i]) == len && !memcmp(names[i], word, len)) return (language)i;
    problem(line, "a fence says c, cpp, sh or text, and not: ", word, len);
    return OTHER;
}

static void read_markdown(const char *text) {
    const char *p = text, *end = text + strlen(text), *to;
    block b = { OTHER, NULL, 0, 0, 0 };
    int line = 1;
    for (; p < end; p = to, line++) {
        to = next_line(p, end);
        if (strncmp(p, "```", 3)) continue;
        if (b.text) {
            b.len = (size_t)(p - b.text);
            check_block(&b);
            b.text = NULL;
        } else {
            const char *word = p + 3, *stop = word;
            while (stop < to && !isspace((unsigned char)*stop)) stop++;
            b.language = read_language(word, (size_t)(stop - word), line);
            b.text = to;
            b.line = line + 1;
        }
    }
    if (b.text) problem(b.line - 1, "a fence is not closed", "", 0);
}

static void read_one(const char *name) {
    size_t n = strlen(name);
    char *text = read_file(name);
    int before = block_count;
    path = name;
    if (n > 3 && !strcmp(name + n - 3, ".md")) read_markdown(text);
    else read_header(text);
    if (block_count == before && !problems) problem(1, "there is no code block", "", 0);
    printf("manual: %s: %d code blocks\n", name, block_count - before);
    free(text);
}

int main(int argc, char **argv) {
    int i;
    for (i = 1; i + 1 < argc && argv[i][0] == '-'; i += 2) {
        const char *value = argv[i + 1];
        switch (argv[i][1]) {
        case 'c': compiler = value; break;
        case 'x': cxx = value; break;
        case 'd': folder = value; break;
        case 'p': preamble = value; break;
        case 'm': makefile_path = value; break;
        case 'k': if (skip_count < 8) skip_words[skip_count++] = value; break;
        default: die("unknown option ", argv[i]);
        }
    }
    if (!compiler || !folder || !preamble || !makefile_path || i == argc)
        die("usage: manual -c CC -d DIR -p PREAMBLE -m MAKEFILE [-x CXX] [-k WORD] FILE...", "");
    makefile = read_file(makefile_path);
    for (; i < argc; i++) read_one(argv[i]);
    return problems != 0;
}
