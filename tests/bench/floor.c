/* The floor of a stream: what it costs to cut it into events and to copy the data of each, understanding nothing. It calls
   nothing of llmprov.h. One line end (LF), lines that cross pieces are gathered. Where each line is JSON, it is an event. */
#include <stddef.h>
#include <string.h>

typedef struct floor_split {
    char line[4096], data[4096];
    size_t line_len, data_len;
    size_t events, bytes;
    int lines;                   /* each line is an event */
} floor_split;

static void floor_line(floor_split *f, const char *p, size_t len) {
    if (f->lines) {
        if (len < sizeof f->data) memcpy(f->data, p, len);
        f->events++;
        f->bytes += len;
    } else if (len > 6 && !memcmp(p, "data: ", 6) && f->data_len + len - 6 < sizeof f->data) {
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

/* -- the floor of a binary stream: its messages are cut by their lengths, and each one's checksum is made and compared.
   Slice-by-8, with tables of its own. -- */

typedef struct floor_messages {
    unsigned table[8][256];
    unsigned char part[8192];    /* a message that crosses pieces */
    size_t part_len, messages, wrong;
} floor_messages;

static void floor_tables(floor_messages *f) {
    unsigned i, k;
    for (i = 0; i < 256; i++) {
        unsigned c = i;
        for (k = 0; k < 8; k++) c = c & 1 ? c >> 1 ^ 0xEDB88320u : c >> 1;
        f->table[0][i] = c;
    }
    for (i = 0; i < 256; i++)
        for (k = 1; k < 8; k++) f->table[k][i] = f->table[k - 1][i] >> 8 ^ f->table[0][f->table[k - 1][i] & 255];
}

static unsigned floor_crc(const floor_messages *f, const unsigned char *p, size_t len) {
    unsigned crc = ~0u;
    for (; len >= 8; len -= 8, p += 8) {
        unsigned low = crc ^ (p[0] | (unsigned)p[1] << 8 | (unsigned)p[2] << 16 | (unsigned)p[3] << 24);
        crc = f->table[7][low & 255] ^ f->table[6][low >> 8 & 255] ^ f->table[5][low >> 16 & 255] ^ f->table[4][low >> 24] ^
              f->table[3][p[4]] ^ f->table[2][p[5]] ^ f->table[1][p[6]] ^ f->table[0][p[7]];
    }
    while (len--) crc = crc >> 8 ^ f->table[0][(crc ^ *p++) & 255];
    return ~crc;
}

static unsigned floor_number(const unsigned char *p) {
    return (unsigned)p[0] << 24 | (unsigned)p[1] << 16 | (unsigned)p[2] << 8 | p[3];
}

static void floor_message(floor_messages *f, const unsigned char *p, size_t len) {
    f->wrong += floor_crc(f, p, len - 4) != floor_number(p + len - 4);
    f->messages++;
}

static void floor_messages_feed(floor_messages *f, const unsigned char *p, size_t len) {
    while (len) {
        size_t total = f->part_len ? 0 : len >= 4 ? floor_number(p) : len + 1, n;
        if (total && total <= len) {
            floor_message(f, p, total);
            p += total;
            len -= total;
            continue;
        }
        n = f->part_len < 4 ? 4 - f->part_len : floor_number(f->part) - f->part_len;
        if (n > len) n = len;
        memcpy(f->part + f->part_len, p, n);
        f->part_len += n;
        p += n;
        len -= n;
        if (f->part_len < 4 || f->part_len < floor_number(f->part)) continue;
        floor_message(f, f->part, f->part_len);
        f->part_len = 0;
    }
}
