#!/bin/sh
# Tests of build/rooms and build/manual: tests/tools/good.h keeps every rule; broken by one sed command at a time, it
# must be refused with exactly one problem, of that rule and in those words. Run by `make tools-tests`.
set -u
good=tests/tools/good.h
dir=build/tools
cc=${CC:-cc}
count=0 failed=0
mkdir -p $dir/blocks
: > $dir/preamble.h

fail() { echo "FAILED: $*"; failed=$((failed + 1)); }

# judge RULE WORDS: what was printed into $dir/out must be one problem, of that rule, with those words
judge() {
    count=$((count + 1))
    [ "$(grep -c ': rule [0-9]*: ' $dir/out)" = 1 ] || { fail "rule $1, '$2': not exactly one problem:"; cat $dir/out; return; }
    grep -q ": rule $1: .*$2" $dir/out || { fail "rule $1: not in these words: '$2'"; cat $dir/out; }
}

# edit SED: makes $dir/llmprov.h from the good one
edit() {
    sed "$1" $good > $dir/llmprov.h
    if cmp -s $good $dir/llmprov.h; then fail "this changes nothing: $1"; fi
}

# refuse RULE WORDS SED: the source breaks a rule
refuse() {
    edit "$3"
    if build/rooms $dir/llmprov.h > $dir/out 2>&1; then fail "rule $1 accepts: $3"; fi
    judge "$1" "$2"
}

# refuse_object RULE WORDS SED: what it is compiled to does
refuse_object() {
    edit "$3"
    printf '#define LLMPROV_IMPLEMENTATION\n#include "llmprov.h"\n' > $dir/object.c
    $cc -std=c99 -fno-pie -c -o $dir/object.o -I$dir $dir/object.c || fail "not compiled: $3"
    if build/rooms --symbols $dir/object.o $dir/llmprov.h > $dir/out 2>&1; then fail "rule $1 accepts: $3"; fi
    judge "$1" "$2"
}

# refuse_manual WORDS: the code blocks of $dir/llmprov.h or $dir/README.md do not compile
run_manual() {
    build/manual -c "$cc -std=c99 -Wall -Werror -I$dir" -d $dir/blocks -p preamble.h -m Makefile "$1" > $dir/out 2> $dir/err
}
refuse_manual() {
    edit "$2"
    if run_manual $dir/llmprov.h; then fail "rule 10 accepts: $2"; fi
    judge 10 "$1"
}
refuse_readme() {
    cp $good $dir/llmprov.h
    printf '%b' "$2" > $dir/README.md
    if run_manual $dir/README.md; then fail "rule 10 accepts: $2"; fi
    judge 10 "$1"
}

# -- the good one --------------------------------------------------------------------------

build/rooms $good > $dir/out 2>&1 || { fail "the good header is refused"; cat $dir/out; }
cp $good $dir/llmprov.h
run_manual $dir/llmprov.h || { fail "its manual is refused"; cat $dir/out $dir/err; }
printf 'Text\n```c\nint n = llmprov_client(3);\nputs(n ? "a" : "b");\n```\n```sh\nmake -j2 test CC=cc && make check # and make more\n```\n' > $dir/README.md
run_manual $dir/README.md || { fail "a good README.md is refused"; cat $dir/out $dir/err; }

# -- rule 1: the CONTENTS list and the doors -----------------------------------------------

refuse 1 'no manual with a line CONTENTS' 's/^   CONTENTS/   Contents/'
refuse 1 'CONTENTS has >>mem where the door is >>impl' '/^    >>impl /d'
refuse 1 'CONTENTS has >>frame where the door is >>mem' '/^    >>mem/{h;d;};/^    >>frame/G'
refuse 1 'different titles' 's/^    >>mem        allocator/    >>mem        memory/'
refuse 1 'the door >>easy is missing' '/^    >>easy/d'
refuse 1 'CONTENTS has >>more where the door is >>(none)' '/^    >>easy/a\
    >>more       nothing'
refuse 1 'needs a line of //==== above' '/^\/\/ >>client/i\
//'
refuse 1 '>>client has no line of //==== below' '/^\/\/ Calls: providers/,/^$/{/^\/\/==/d;}'

# -- rule 2: read upwards ------------------------------------------------------------------

refuse 2 'a prototype: llmprov__frame_cut' '/^static int llmprov__frame_shrink/i\
static int llmprov__frame_cut(int n);'
refuse 2 'a prototype: llmprov__frame_cut' '/^#endif .* LLMPROV_INCLUDED/i\
static int llmprov__frame_cut(int n);'
refuse 2 'llmprov__frame_shrink uses llmprov__frame_cut, which stands further down' 's/return n - (int)strlen/return llmprov__frame_cut(n) - (int)strlen/'
refuse 2 'llmprov__mem_take uses llmprov_take, which stands further down' 's/return malloc(size + /return llmprov_take(size + /'
refuse 2 'llmprov__t_two_read is recursive' '/llmprov__t_two_read(int n) {/,/^}/s/return n;/return n ? llmprov__t_two_read(n - 1) : n;/'
refuse 2 'llmprov_client is recursive' 's/^    size_t i;/    size_t i = (size_t)llmprov_client(0);/'
refuse 2 'llmprov__t_two_read is recursive' '/llmprov__t_two_read(int n) {/,/^}/s/return n;/llmprov_reader next = llmprov__t_two_read; return next(n);/'
refuse 2 'this uses llmprov__frame_shrink, which stands further down' '/^#define LLMPROV__FRAME_END/a\
#define LLMPROV__FRAME_LATER llmprov__frame_shrink(1)'
refuse 2 'this uses llmprov__mem_take, which stands further down' '/^static void \*llmprov__mem_take/i\
static void *(*const llmprov__mem_how)(size_t) = llmprov__mem_take;'

# -- rule 3: names -------------------------------------------------------------------------

refuse 3 'the function llmprov__mem_cut does not bear the name of its room >>frame' 's/llmprov__frame_cut/llmprov__mem_cut/'
refuse 3 'the function llmprov__frames_cut does not bear' 's/llmprov__frame_cut/llmprov__frames_cut/'
refuse 3 'the function llmprov__t_one_read is private and not static' 's/^static int llmprov__t_one_read/int llmprov__t_one_read/'
refuse 3 'the function cut in >>frame is neither private' 's/llmprov__frame_cut/cut/'
refuse 3 'the function llmprov_cut in >>frame is neither private' 's/static int llmprov__frame_cut/LLMPROV_API int llmprov_cut/;s/llmprov__frame_cut/llmprov_cut/'
refuse 3 'the function llmprov_take in >>mem is neither private' 's/^LLMPROV_API void \*llmprov_take(size_t size) {/static void *llmprov_take(size_t size) {/'
refuse 3 'the object rows in >>providers is neither private' 's/llmprov__providers_rows/rows/g'
refuse 3 'the type llmprov_cell in >>mem is neither private' 's/^} llmprov__mem_cell/} llmprov_cell/;s/(llmprov__mem_cell/(llmprov_cell/g;s/    llmprov__mem_cell/    llmprov_cell/'
refuse 3 'the struct llmprov__cell does not bear' 's/struct llmprov__mem_cell/struct llmprov__cell/'
refuse 3 'the struct llmprov_other in >>mem is neither private' 's/^struct llmprov_thing { int n; };/struct llmprov_other { int n; };/'
refuse 3 'the enum constant LLMPROV__MORE does not bear' 's/LLMPROV__MEM_MORE/LLMPROV__MORE/'
refuse 3 'the enum constant MORE in >>mem is neither private' 's/LLMPROV__MEM_MORE/MORE/'
refuse 3 'the macro LLMPROV__END does not bear' 's/LLMPROV__FRAME_END/LLMPROV__END/'
refuse 3 'the macro END in >>frame is neither private' 's/LLMPROV__FRAME_END/END/'
refuse 3 'the macro COUNT in >>impl is neither private' 's/LLMPROV__COUNT/COUNT/'

refuse 3 'the function llmprov_more is in the interface and no room defines it' '/^LLMPROV_API int llmprov_easy(int n);/a\
LLMPROV_API int llmprov_more(int n);'

# -- rule 4: the Calls lines ---------------------------------------------------------------

refuse 4 '>>t_one uses >>frame, which its Calls line does not name' 's,^// Calls: frame,// Calls: -,'
refuse 4 '>>easy does not use >>frame, which its Calls line names' 's,^// Calls: client,// Calls: client frame,'
refuse 4 'names >>mem: the foundation is never listed' 's,^// Calls: frame,// Calls: mem frame,'
refuse 4 'the door >>client has no Calls line' '/^\/\/ Calls: providers/d'
refuse 4 '>>client calls nobody' 's,^// Calls: providers,// Calls: providers nobody,'

# -- rule 5: translators -------------------------------------------------------------------

refuse 5 'the translator >>t_two uses >>t_one' '/llmprov__t_two_read(int n) {/,/^}/s/return n;/return llmprov__t_one_read(n);/
/>>t_two  /,/====/s,^// Calls: -,// Calls: t_one,'
refuse 5 'the translator >>t_one knows the provider "acme"' 's/strlen("acme-chat")/strlen("acme")/'
refuse 5 'no row of the form' 's/\.id = //'

# -- rule 6: the rooms outside -------------------------------------------------------------

refuse 6 '>>easy uses llmprov__mem_take, which no user could' '/llmprov__easy_once(int n) {/,/^}/s/llmprov_client(n)/llmprov_client(llmprov__mem_take(1) ? n : 0)/'
refuse 6 '>>easy uses LLMPROV__COUNT, which no user could' '/llmprov__easy_once(int n) {/,/^}/s/llmprov_client(n)/llmprov_client((int)LLMPROV__COUNT("n"))/'

# -- rule 7: the C library -----------------------------------------------------------------

refuse 7 '>>frame uses malloc, which only >>mem may' 's/llmprov_take((size_t)n)/malloc((size_t)n)/'
refuse 7 '>>t_two uses free, which only >>mem may' '/llmprov__t_two_read(int n) {/,/^}/s/return n;/void (*how)(void *) = free; return how ? n : 0;/'
refuse 7 '>>frame uses getenv, which only >>client may' 's/(int)strlen(text)/(int)strlen(getenv(text))/'
refuse 7 '>>client uses strtol, which nothing may' 's/^    size_t i;/    size_t i = (size_t)strtol("1", NULL, 0);/'
refuse 7 '>>client uses snprintf, which nothing may' 's/^    size_t i;/    size_t i = (size_t)snprintf(NULL, 0, "1");/'
refuse 7 '>>client uses time, which only >>platform may' 's/^    size_t i;/    size_t i = (size_t)time(NULL);/'
refuse 7 '>>client uses exit, which nothing may' 's/^    size_t i;/    size_t i; exit(1);/'
refuse 7 '>>easy uses stderr, which nothing may' '/llmprov__easy_once(int n) {/,/^}/s/return llmprov_client/void *f = stderr; return f != NULL \&\& llmprov_client/'
refuse 7 'string.h is included outside >>impl' '/^#define LLMPROV__FRAME_END/i\
#include <string.h>'
refuse 7 'stdio.h is included: nothing of it has a door' 's/^#include <string.h>/#include <stdio.h>/'
refuse 7 'the interface includes stdlib.h' 's/^#include <stddef.h>/#include <stdlib.h>/'

# -- rule 8: what it is compiled to --------------------------------------------------------

refuse_object 8 'helper is exported and does not start with llmprov_' 's/^static int llmprov__frame_cut/int helper(void) { return 1; }\
&/'
refuse_object 8 'llmprov__t_one_read is exported and private' 's/^static int llmprov__t_one_read/int llmprov__t_one_read/'
refuse_object 8 'there is memory that can change: 4 bytes of data, 0 of bss' 's/^static int llmprov__easy_once(int n) {/& static int last = 3; last += n;/'
refuse_object 8 'there is memory that can change: 0 bytes of data' 's/^static int llmprov__easy_once(int n) {/& static int last; last += n;/'
refuse_object 8 'the object imports exit' 's/^static int llmprov__easy_once(int n) {/& if (n > 9) exit(1);/'

# -- rule 9: options -----------------------------------------------------------------------

refuse 9 'LLMPROV_NO_STDLIB is tested and not in the manual' '/^    LLMPROV_NO_STDLIB/d'
refuse 9 'LLMPROV_NO_SPEED is tested and not in the manual' '/^#define LLMPROV__COUNT/i\
#if defined(__SSE2__) \&\& !defined(LLMPROV_NO_SPEED)\
#endif'
refuse 9 'LLMPROV_NO_SPEED is in the manual, and the preprocessor never tests it' 's/^    LLMPROV_API, /&LLMPROV_NO_SPEED, /'
refuse 9 'has no chapter BUILD OPTIONS' 's/^   BUILD OPTIONS/   OPTIONS/'

# -- rule 10: code blocks ------------------------------------------------------------------

refuse_manual 'this code block does not compile' 's/if (n > 4) puts/if (n > 4) nosuch/;s/-> n/->n/'
refuse_manual 'this code block does not compile' 's/return 2 \* llmprov_client(n)/return 2 * n->x/'
refuse_manual 'this code block does not compile' 's/printf("%d.n", llmprov_client(3))/printf("%d\\n", nosuch)/'
refuse_manual 'no such target: make nosuch' 's/\$ make all/$ make CC=gcc all nosuch/'
refuse_manual 'no manual with a line CONTENTS' 's/^   CONTENTS/   Contents/'
refuse_readme 'this code block does not compile' 'Text\n```c\nint n = "text"->x;\n```\n'
refuse_readme 'no such target: make nosuch' '```sh\ncd there && make nosuch\n```\n'
refuse_readme 'a fence says c, cpp, sh or text, and not' '```\nint n;\n```\n'
refuse_readme 'a fence is not closed' '```sh\nls\n```\n```c\nint n;\n'
refuse_readme 'there is no code block' 'Text.\n'
grep -q 'README.md:3:' $dir/err && fail 'a stale message'
refuse_readme 'this code block does not compile' 'Text\n```c\nint n = 1;\nn = n->x;\n```\n'
grep -q 'README.md:4:' $dir/err || fail 'the compiler does not name the line of README.md'

# -- --fix ---------------------------------------------------------------------------------

sed 's,^// Calls: .*,// Calls: mem,;/^\/\/ >>easy/,/^$/{/Calls/d;}' $good > $dir/llmprov.h
build/rooms --fix $dir/llmprov.h && cmp -s $good $dir/llmprov.h || fail "--fix does not restore the Calls lines"

# -- the list of pitfalls ------------------------------------------------------------------

# pitfalls WORDS LIST: tests/tools/pitfalls.sh refuses the list in those words
pitfalls() {
    count=$((count + 1))
    printf "$2" > $dir/pitfalls.txt
    if SHARED=$dir sh tests/tools/pitfalls.sh $dir/pitfalls.txt > $dir/out 2>&1; then fail "this list of pitfalls passes: $2"; fi
    grep -qF "$1" $dir/out || { fail "the list of pitfalls is not refused in these words: $1"; cat $dir/out; }
}
printf 'Text\n1. One\n2. Two\n3. Three\n' > $dir/pitfalls.md
test=mem_wipe_leaves_nothing
printf "# list\n1 engine $test\n2 nosuch-format,schema later:nosuch-format\n3 engine,openai-chat $test $test\n" > $dir/pitfalls.txt
SHARED=$dir sh tests/tools/pitfalls.sh $dir/pitfalls.txt > $dir/out 2>&1 || { fail "a good list of pitfalls is refused"; cat $dir/out; }
pitfalls 'pitfall 2 is missing' "1 engine $test\n3 engine $test\n"
pitfalls 'pitfall 3 is missing' "1 engine $test\n2 engine $test\n"
pitfalls 'pitfall 2 stands here twice' "1 engine $test\n2 engine $test\n2 engine $test\n3 engine $test\n"
pitfalls 'there is no test nosuch' "1 engine $test\n2 engine $test nosuch\n3 engine $test\n"
pitfalls 'pitfall 2 has no test' "1 engine $test\n2 engine\n3 engine $test\n"
pitfalls 'the second word is a list of what it concerns' "1 engine $test\n2 $test $test\n3 engine $test\n"
pitfalls 'it concerns openai-chat, which is there' "1 engine $test\n2 schema,openai-chat later:schema\n3 engine $test\n"
pitfalls 'it concerns engine, which is there' "1 engine $test\n2 engine later:engine\n3 engine $test\n"
pitfalls 'later:WHAT stands alone' "1 engine $test\n2 schema later:schema $test\n3 engine $test\n"
pitfalls 'a line begins with a number' "1 engine $test\nx engine $test\n2 engine $test\n3 engine $test\n"
pitfalls 'the list is empty' ""

echo "tools: $count broken things refused, $failed failed"
[ $failed = 0 ]
