/* A header that keeps all ten rules; rules.sh breaks it in one place at a time, and each time it must be refused.

   HOW TO USE IT

   A program is a file of its own:

        #define LLMPROV_IMPLEMENTATION
        #include "llmprov.h"
        #include <stdio.h>

        int main(void) {
            printf("%d\n", llmprov_client(3));
            return 0;
        }

   A function is one, too:

        static int twice(int n) {
            return 2 * llmprov_client(n);
        }

   Anything else stands in a function:

        int n = llmprov_client(4);
        if (n > 4) puts("more");

   A shell is told apart by its sign:

        $ make all

   CONTENTS

    >>impl       includes
    >>mem        allocator
    >>frame      cutting a byte stream
    >>t_one      the first format
    >>t_two      the second format
    >>providers  rows
    >>client     one of them
    >>easy       what a user could have written

   BUILD OPTIONS

    LLMPROV_IMPLEMENTATION   defined in one C file before the include
    LLMPROV_API, LLMPROV_STATIC
                             how public functions are declared
    LLMPROV_NO_STDLIB        no malloc
*/
#ifndef LLMPROV_INCLUDED
#define LLMPROV_INCLUDED

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef LLMPROV_API
#ifdef LLMPROV_STATIC
#define LLMPROV_API static
#else
#define LLMPROV_API extern
#endif
#endif

struct llmprov_thing; typedef struct llmprov_thing llmprov_thing;
typedef int (*llmprov_reader)(int n);

LLMPROV_API void *llmprov_take(size_t size);
LLMPROV_API int llmprov_client(int n);
LLMPROV_API int llmprov_easy(int n);

#ifdef __cplusplus
} /* extern "C" */
inline int llmprov_easy() { return llmprov_easy(0); }
#endif

#endif /* LLMPROV_INCLUDED */

#ifdef LLMPROV_IMPLEMENTATION
#ifndef LLMPROV_IMPLEMENTED
#define LLMPROV_IMPLEMENTED

//==============================================================================
// >>impl       includes
//
// Calls: -
//==============================================================================

#include <string.h>
#ifndef LLMPROV_NO_STDLIB
#include <stdlib.h>
#endif

#define LLMPROV__COUNT(array) (sizeof(array) / sizeof((array)[0]))

//==============================================================================
// >>mem        allocator
//
// Calls: -
//==============================================================================

enum { LLMPROV__MEM_ROOM = 16, LLMPROV__MEM_MORE };

typedef struct llmprov__mem_cell {
    struct llmprov__mem_cell *free;
    size_t time;
} llmprov__mem_cell;

struct llmprov_thing { int n; };

static void *llmprov__mem_take(size_t size) {
#ifdef LLMPROV_NO_STDLIB
    if (size) {
#else
    if (size > LLMPROV__MEM_ROOM) {
#endif
        return NULL;
    }
#ifndef LLMPROV_NO_STDLIB
    return malloc(size + sizeof(llmprov__mem_cell));
#else
    return NULL;
#endif
}

LLMPROV_API void *llmprov_take(size_t size) {
    return llmprov__mem_take(size);
}

//==============================================================================
// >>frame      cutting a byte stream
//
// A "malloc(" in a comment or in a text is none.
// Calls: -
//==============================================================================

#define LLMPROV__FRAME_END '"'

static int llmprov__frame_shrink(int n) {
    const char *text = "malloc( /* \" //";
    return n - (int)strlen(text) - (LLMPROV__FRAME_END == '"');
}

#define LLMPROV__FRAME_CUT(n) \
    llmprov__frame_shrink(n)

static int llmprov__frame_cut(int n) {
    llmprov__mem_cell *cell = (llmprov__mem_cell *)llmprov_take((size_t)n);
    if (cell) cell->free = NULL;
    return LLMPROV__FRAME_CUT(n);
}

//==============================================================================
// >>t_one      the first format
//
// Calls: frame
//==============================================================================

static int llmprov__t_one_read(int n) {
    return llmprov__frame_cut(n) + (int)strlen("acme-chat");
}

//==============================================================================
// >>t_two      the second format
//
// Calls: -
//==============================================================================

static int llmprov__t_two_read(int n) {
    int m = n, system = m;
    if (system) n = system;
    return n;
}

//==============================================================================
// >>providers  rows
//
// Calls: t_one t_two
//==============================================================================

typedef struct llmprov__providers_row { const char *id; int (*read)(int n); } llmprov__providers_row;

static const llmprov__providers_row llmprov__providers_rows[] = {
    { .id = "acme", .read = llmprov__t_one_read },
    { .id = "best", .read = llmprov__t_two_read },
};

//==============================================================================
// >>client     one of them
//
// Calls: providers
//==============================================================================

LLMPROV_API int llmprov_client(int n) {
    size_t i;
    for (i = 0; i < LLMPROV__COUNT(llmprov__providers_rows); i++) n += llmprov__providers_rows[i].read(n);
    return n;
}

//==============================================================================
// >>easy       what a user could have written
//
// Calls: client
//==============================================================================

static int llmprov__easy_once(int n) {
    return llmprov_client(n);
}

LLMPROV_API int llmprov_easy(int n) {
    return llmprov__easy_once(n);
}

#endif
#endif /* LLMPROV_IMPLEMENTATION */
