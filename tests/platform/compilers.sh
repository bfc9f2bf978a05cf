#!/bin/sh
# Other compilers, versions of C and ways to compile. Run by `make compilers` from the project's root; needs build/rooms and
# build/test. What gcc is asked about each option by itself, and as C99 to C17, is tests/compile/run.sh (`make matrix`).
#
#   sh tests/platform/compilers.sh             both halves at once:
#   sh tests/platform/compilers.sh builds      each compiler and version of C; options off in pairs; flags; a shared library;
#                                              each with a chat in every format (tests/compile/chat.c)
#   sh tests/platform/compilers.sh suites      the whole suite by clang, musl, tcc, with odd flags, and in a locale with a comma
#   sh tests/platform/compilers.sh long        the whole suite with each compiler and each odd flag; the pairs by gcc
#
# SEED=N gives the same pairs again. RUNS says how many failing allocations there are for each test of a suite.
set -u
half=${1:-}
dir=build/compilers/${half:-both}
. tests/platform/lib.sh
warn="-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror"
clangs=
for clang in clang-14 clang-19; do
    if why=$(lacks $clang); then skip "compilers: $why"; else clangs="$clangs $clang"; fi
done
with=chat.c

# -- builds --------------------------------------------------------------------------------

# A number of the sequence that begins with the seed.
seed=${SEED:-$(date +%s)}
number=$((seed % 2147483647 + 1))
draw() {
    number=$(awk -v n=$number 'BEGIN { printf "%d", (n * 48271) % 2147483647 }')
    drawn=$((number / 7 % $1 + 1))
}

# The same flags for the program: it knows what must be missing.
both() {
    label=$1 compiler=$2 others=$linked
    shift 2
    linked="$others $*"
    implement $label $compiler "$@"
    linked=$others
}

versions() {
    for compiler in gcc $clangs; do
        strict='c99 c11 c17'
        [ $compiler != gcc ] || strict=
        for std in $strict c2x gnu99 gnu11 gnu17 gnu2x; do
            try "$compiler -std=$std" sh -c "$compiler -std=$std $warn -fsyntax-only tests/compile/impl.c &&
                $compiler -std=$std $warn -fsyntax-only tests/compile/chat.c"
        done
        c="-std=c99 $warn"
        implement $compiler $compiler
    done
}

# Compilers that know fewer warnings, or whose headers give some.
small_compilers() {
    for compiler in tcc pcc musl-gcc; do
        if why=$(lacks $compiler); then skip "compilers: $why"; continue; fi
        c="-std=c99 -Wall"
        [ $compiler != tcc ] || c="$c -Werror"
        [ $compiler != musl-gcc ] || c="-std=c99 $warn -static"
        implement $compiler $compiler
        both $compiler-all_off $compiler $off
    done
}

# pairs COMPILER: clang is three times as quick as gcc
pairs() {
    by=$1
    echo "SEED=$seed"
    c="-std=c99 $warn"
    set -- $options
    n=0
    while [ $n -lt 20 ]; do
        draw $#
        eval "one=\${$drawn}"
        draw $#
        eval "two=\${$drawn}"
        [ $one != $two ] || continue
        n=$((n + 1))
        both "pair$n" $by -D$one -D$two
        [ $failed = 0 ] || echo "        pair$n: $one $two"
    done
}

# tcc is quick enough for all of them.
each_pair() {
    lacks tcc > /dev/null && return
    bad=
    for one in $options; do
        for two in $options; do
            [ $one \< $two ] || continue
            tcc -std=c99 -D$one -D$two -o $dir/each tests/compile/impl.c tests/compile/chat.c > $dir/out 2>&1 && $dir/each >> $dir/out 2>&1 || bad="$bad $one+$two"
        done
    done
    try "every two options off, by tcc" test -z "$bad"
    [ -z "$bad" ] || echo "       $bad"
}

flags() {
    c="-std=c99 $warn"
    for flag in -fshort-enums -funsigned-char -DNDEBUG "-flto -O1"; do
        both "gcc$(echo "$flag" | tr -d ' =')" gcc $flag
    done
    for compiler in $clangs; do both "$compiler-all_off" $compiler $off; done
}

# Exactly the interface leaves the library, and a program that is linked with it speaks to every format.
shared_library() {
    lib=$dir/libllmprov.so
    try "shared library" gcc -std=c99 $warn -O1 -fPIC -shared -fvisibility=hidden '-DLLMPROV_API=__attribute__((visibility("default")))' -o $lib tests/compile/impl.c
    nm -P -D --defined-only $lib | awk '{ print $1 }' | sort > $dir/exported
    # what an object without any attribute exports is held against the header by `make symbols`
    nm -P -g --defined-only build/symbols.o | awk '{ print $1 }' | sort > $dir/public
    try "shared library: it exports the interface and nothing else" sh -c "test -s $dir/public && diff $dir/public $dir/exported"
    try "shared library: a program chats through it" sh -c "gcc -std=c99 $warn -o $dir/dynamic tests/compile/chat.c -L$dir -lllmprov -Wl,-rpath,$PWD/$dir && $dir/dynamic"
    try "shared library: it is used" sh -c "nm -P -u $dir/dynamic | grep -q '^llmprov_chat '"
}

# -- suites --------------------------------------------------------------------------------

# suite NAME COMMAND...: compiles the tests and holds them against those of this machine
suite() {
    label=$1
    shift
    if ! "$@" -o $dir/$label tests/test_all.c > $dir/$label.log 2>&1; then
        failed=$((failed + 1))
        echo "FAILED  suite $label: does not compile: $*"
        head -n 20 $dir/$label.log
        return
    fi
    suite_runs $label $dir/$label
    rm -f $dir/$label
}

suite_runs() {
    judge "$@"
    if same $1; then
        passed=$((passed + 1))
        echo "ok      suite $1: $(counted $1)"
    else failed=$((failed + 1)); fi
}

# In a locale whose numbers have a comma. Made here: no system need have it.
comma() {
    if why=$(lacks localedef); then skip "compilers: $why"; return; fi
    mkdir -p $dir/locale
    if ! localedef -i de_DE -f UTF-8 $dir/locale/de_DE.UTF-8 > $dir/out 2>&1; then
        skip "compilers: localedef cannot make de_DE: $(tail -n 1 $dir/out)"
        return
    fi
    export LOCPATH="$PWD/$dir/locale" TEST_LOCALE=de_DE.UTF-8
    suite_runs comma build/test
    c="-std=c99 $warn -DCHAT_LOCALE"
    LC_ALL=de_DE.UTF-8 implement chat-comma gcc
    unset LOCPATH TEST_LOCALE
}

few_suites() {
    comma
    lacks tcc > /dev/null || suite tcc tcc -std=c99
    suite gcc-odd gcc -std=c99 -O1 -flto -fshort-enums -funsigned-char -DNDEBUG
    lacks musl-gcc > /dev/null || suite musl musl-gcc -std=c99 -O1 -static
    lacks clang-19 > /dev/null || suite clang-19 clang-19 -std=c99 -O1
}

all_suites() {
    few_suites
    lacks clang-14 > /dev/null || suite clang-14 clang-14 -std=c99 -O1
    for flag in -O2 -O3 -Os -fshort-enums -funsigned-char -DNDEBUG -flto -std=gnu2x; do suite "gcc$flag" gcc -std=c99 $flag; done
    for flag in -O3 -fshort-enums -std=gnu2x; do lacks clang-19 > /dev/null || suite "clang-19$flag" clang-19 -std=c99 $flag; done
}

options=$(build/rooms --options llmprov.h | grep '^LLMPROV_NO_')
[ -n "$options" ] || { echo "FAILED  the header has no option LLMPROV_NO_*"; exit 1; }
off=$(echo "$options" | sed 's/^/-D/')
if why=$(lacks gcc); then skip "compilers: $why"; exit $failed; fi

case $half in
'')
    sh "$0" suites & other=$!
    sh "$0" builds || failed=1
    wait $other || failed=1
    exit $failed ;;
builds) versions; small_compilers; shared_library; flags; pairs ${clangs:-gcc}; each_pair ;;
suites | long)
    [ $half = long ] || export TEST_RUNS="${RUNS:-3}"
    judge_here || exit 1
    if [ $half = long ]; then all_suites; pairs gcc; else few_suites; fi ;;
*) echo "compilers: there is no half $half"; exit 2 ;;
esac
echo "compilers: $half: $passed passed, $failed failed"
[ $failed = 0 ]
