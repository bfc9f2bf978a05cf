/* The floor of a stream: what it costs to cut it into events and to copy the data of each, understanding nothing. It calls
   nothing of llmprov.h. One line end (LF), lines that cross pieces are gathered. */
#include <stddef.h>
#include <string.h>

typedef struct floor_split {
    char line[4096], data[4096];
    size_t line_len, data_len;
    size_t events, bytes;
} floor_split;

static void floor_line(floor_split *f, const char *p, size_t len) {
    if (len > 6 && !memcmp(p, "data: ", 6) && f->data_len + len - 6 < sizeof f->data) {
        memcpy(f->data + f->data_len, p + 6, len - 6);
        f->data_len += len - 6;
    } else if (!len && f->data_len) {
        f->events++;
        f->bytes += f->data_len;
        f->data_len = 0;
    }
}

static void floor_feed(floor_split *f, const char *p, size_t len) {
    const char *end = p + len, *eol;
    for (; (eol = (const char *)memchr(p, '\n', (size_t)(end - p))) != NULL; p = eol + 1) {
        if (!f->line_len) floor_line(f, p, (size_t)(eol - p));
        else if (f->line_len + (size_t)(eol - p) < sizeof f->line) {
            memcpy(f->line + f->line_len, p, (size_t)(eol - p));
            floor_line(f, f->line, f->line_len + (size_t)(eol - p));
            f->line_len = 0;
        }
    }
    if (f->line_len + (size_t)(end - p) < sizeof f->line) memcpy(f->line + f->line_len, p, (size_t)(end - p));
    f->line_len += (size_t)(end - p);
}
