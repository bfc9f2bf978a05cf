/* Many small inputs in one file, so that a corpus is one file of the repository: each is its length on a line, its bytes,
   and a line end; in the order of their names, so that what stays is where it was.

       pack FILE DIR BUT MOST  packs the files of DIR whose names BUT does not have, the shortest first, up to MOST bytes
       pack -x FILE DIR        unpacks; names are hashes of what is in them */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char bytes[1 << 20];

typedef struct input { char name[64]; size_t len; } input;

static int by_name(const void *a, const void *b) { return strcmp(((const input *)a)->name, ((const input *)b)->name); }

static int by_len(const void *a, const void *b) {
    const input *x = (const input *)a, *y = (const input *)b;
    return x->len != y->len ? (x->len > y->len) - (x->len < y->len) : by_name(a, b);
}

static size_t read_file(const char *dir, const char *name) {
    char path[1000];
    size_t n;
    FILE *f;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    f = fopen(path, "rb");
    if (!f) return (size_t)-1;
    n = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    return n;
}

static int unpack(const char *file, const char *dir) {
    FILE *f = fopen(file, "rb"), *out;
    unsigned long n;
    if (!f) return 2;
    while (fscanf(f, "%lu", &n) == 1 && fgetc(f) == '\n' && n <= sizeof bytes && fread(bytes, 1, n, f) == n) {
        char path[1000];
        unsigned long long hash = 14695981039346656037u;
        size_t i;
        for (i = 0; i < n; i++) hash = (hash ^ (unsigned char)bytes[i]) * 1099511628211u;
        snprintf(path, sizeof path, "%s/%016llx", dir, hash);
        out = fopen(path, "wb");
        if (!out || fwrite(bytes, 1, n, out) != n || fclose(out)) return 2;
    }
    n = !feof(f);
    fclose(f);
    return n ? 2 : 0;
}

int main(int argc, char **argv) {
    input *all = NULL;
    size_t count = 0, i, n, most, bytes_in_all = 0;
    struct dirent *e;
    DIR *dir;
    FILE *to;
    if (argc == 4 && !strcmp(argv[1], "-x")) return unpack(argv[2], argv[3]);
    if (argc != 5) return 2;
    most = (size_t)strtoul(argv[4], NULL, 10);
    dir = opendir(argv[2]);
    while (dir && (e = readdir(dir)) != NULL) {
        if (e->d_name[0] == '.' || strlen(e->d_name) >= sizeof all->name || read_file(argv[3], e->d_name) != (size_t)-1) continue;
        all = (input *)realloc(all, (count + 1) * sizeof *all);
        if (!all) return 2;
        strcpy(all[count].name, e->d_name);
        all[count++].len = read_file(argv[2], e->d_name);
    }
    if (!dir || !(to = fopen(argv[1], "wb"))) return 2;
    if (count) qsort(all, count, sizeof *all, by_len);
    for (i = 0; i < count && bytes_in_all + all[i].len + 8 <= most; i++) bytes_in_all += all[i].len + 8;
    count = i;
    if (count) qsort(all, count, sizeof *all, by_name);
    for (i = 0; i < count; i++) {
        n = read_file(argv[2], all[i].name);
        if (n == (size_t)-1 || n == sizeof bytes) return 2;
        fprintf(to, "%lu\n", (unsigned long)n);
        fwrite(bytes, 1, n, to);
        fputc('\n', to);
    }
    return fclose(to) ? 2 : 0;
}
