#!/bin/sh
# The compile matrix: every option off, C99 to C17, C++, static, two units, other compilers. Run by `make matrix`.
# CC, CXX, CLANG, CC32 are compilers ("" = there is none), CURL the flags for libcurl ("" = not there).
set -u
here=tests/compile
dir=build/matrix
cc=${CC:-cc}
warn="-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror"
c="-std=c99 $warn -Wstrict-prototypes"
. tests/platform/lib.sh

# options NAME COMPILER FLAGS: the same as implement, and each thing that needs what was left out names the option
options() {
    implement "$@"
    label=$1 compiler=$2
    shift 2
    [ ! -f $dir/$label.o ] || try "$label: says what it was left without" sh -c "$compiler $c $linked -o $dir/$label.left $here/left_out.c $dir/$label.o && $dir/$label.left $*"
}

# -- the interface and its users -----------------------------------------------------------

options plain "$cc" -O1
[ -f $dir/plain.o ] || { echo "matrix: the rest is not tried"; exit 1; }
for std in c11 c17; do
    try "interface as $std" $cc -std=$std $warn -Wstrict-prototypes -fsyntax-only $here/use.c
    try "implementation as $std" $cc -std=$std $warn -Wstrict-prototypes -fsyntax-only $here/impl.c
done
implement translators "$cc" -DLLMPROV_EXTEND
rm -f $dir/static
try "static" sh -c "$cc $c -o $dir/static $here/static.c && $dir/static"
try "static exports only main" sh -c "nm -P -g $dir/static > $dir/names && ! grep '^llmprov' $dir/names"
try "two units" sh -c "$cc $c -o $dir/two $here/two_a.c $here/two_b.c && $dir/two"

# -- the options, as the header has them ---------------------------------------------------

all_off=
for option in $(build/rooms --options llmprov.h | grep '^LLMPROV_NO_\|^LLMPROV_SMALL$'); do
    options "$option" "$cc" -D$option
    all_off="$all_off -D$option"
done
[ -n "$all_off" ] || { echo "FAILED  the header has no option LLMPROV_NO_*"; failed=$((failed + 1)); }
options all_off "$cc" $all_off
if [ -n "${CURL:-}" ]; then try "LLMPROV_CURL" $cc $c $CURL -O1 -c -o $dir/curl.o $here/impl.c
else skip "matrix: there is no libcurl"; fi
if build/rooms --options llmprov.h | grep -q '^LLMPROV_WINHTTP$'; then
    if command -v x86_64-w64-mingw32-gcc > /dev/null; then
        try "LLMPROV_WINHTTP" x86_64-w64-mingw32-gcc $c -DLLMPROV_WINHTTP -O1 -c -o $dir/winhttp.o $here/impl.c
    else skip "matrix: there is no x86_64-w64-mingw32-gcc"; fi
    try "LLMPROV_WINHTTP, interface alone on this system" $cc $c -DLLMPROV_WINHTTP -fsyntax-only $here/use.c
    try "LLMPROV_WINHTTP, refused on this system in one sentence" sh -c "
        ! $cc -std=c99 -DLLMPROV_WINHTTP -fsyntax-only $here/impl.c 2> $dir/refused || exit 1
        cat $dir/refused
        test \"\$(grep -c 'error:' $dir/refused)\" = 1 && grep -q 'LLMPROV_WINHTTP is for Windows' $dir/refused"
fi

# -- the rooms outside need nothing that a user has not ------------------------------------

# Without the #endif of what began before the room.
whole_conditions() { awk '/^ *# *if/ { n++ } /^ *# *endif/ { if (!n) next; n-- } { print }'; }

for room in easy curl winhttp; do
    build/rooms --room $room llmprov.h > $dir/room.inc 2> /dev/null || continue
    { printf '#include "../../llmprov.h"\n#include <stdlib.h>\n#include <string.h>\n'
      whole_conditions < $dir/room.inc; } > $dir/room_$room.c
    if [ $room = easy ]; then try "room easy alone" $cc $c -fsyntax-only $dir/room_easy.c
    elif [ $room = winhttp ]; then
        ! command -v x86_64-w64-mingw32-gcc > /dev/null || try "room winhttp alone" x86_64-w64-mingw32-gcc $c -DLLMPROV_WINHTTP -fsyntax-only $dir/room_winhttp.c
    elif [ -n "${CURL:-}" ]; then try "room curl alone" $cc $c $CURL -fsyntax-only $dir/room_curl.c; fi
done

# -- C++ -----------------------------------------------------------------------------------

if command -v "${CXX:-c++}" > /dev/null; then
    for std in c++11 c++17 c++20; do
        try "interface as $std" sh -c "$CXX -std=$std $warn -Wno-missing-field-initializers -o $dir/cxx $here/cxx.cc $dir/plain.o && $dir/cxx"
    done
    sentence=$(sed -n 's/^ *#error "*\(.*C++[^"]*\)"*$/\1/p' llmprov.h)
    for compiler in "$CXX" ${CLANG:+"$CLANG"}; do
        try "$compiler refuses the implementation as C++, in one sentence" sh -c "
            ! $compiler -std=c++11 -fsyntax-only $here/cxx_impl.cc 2> $dir/refused || exit 1
            cat $dir/refused
            test -n '$sentence' && test \"\$(grep -c 'error:' $dir/refused)\" = 1 && grep -qF '$sentence' $dir/refused"
    done
else
    skip "matrix: there is no C++ compiler"
fi

# -- other compilers -----------------------------------------------------------------------

if [ -n "${CLANG:-}" ]; then
    implement clang "$CLANG" -O1 -Wimplicit-fallthrough -Wmissing-prototypes -Wshorten-64-to-32
    try "clang, interface alone" $CLANG $c -Wmissing-prototypes -fsyntax-only $here/two_b.c
else
    skip "matrix: there is no clang"
fi
if [ -n "${CC32:-}" ]; then
    linked=-static
    implement i686 "$CC32" -O1
else
    skip "matrix: there is no i686-linux-gnu-gcc"
fi

echo "matrix: $passed passed, $failed failed"
[ $failed = 0 ]
