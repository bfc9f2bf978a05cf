#!/bin/sh
# The whole suite on other processors: big endian, 32 bits, unsigned char, two-byte alignment. Each target's tests are a
# static program that qemu runs; it must have as many tests as here, skip the same ones, and fail none. What the library
# writes there (tests/emit.c: requests, replies, streams, the walk, compiled schemas) must have the same bytes as here.
# Run by `make foreign` from the project's root; needs build/test and build/emit.
#
#   sh tests/platform/foreign.sh          one failing allocation for each test: emulated code is ten times as slow
#   sh tests/platform/foreign.sh long     as many as here
#   sh tests/platform/foreign.sh s390x    one target, after what is natural here was run
#
# RUNS says how many failing allocations; "skipped:" is a failure with CI=true.
set -u
dir=build/foreign
what=${1:-}
. tests/platform/lib.sh

# NAME COMPILER EMULATOR ("-" = the processor runs it itself) and what it is there for
targets='s390x s390x-linux-gnu-gcc qemu-s390x-static big endian, 64 bits, unsigned char
powerpc powerpc-linux-gnu-gcc qemu-ppc-static big endian, 32 bits, unsigned char
m68k m68k-linux-gnu-gcc qemu-m68k-static big endian, 32 bits, aligned to two bytes
armhf arm-linux-gnueabihf-gcc qemu-arm-static 32 bits, unsigned char
i686 i686-linux-gnu-gcc - 32 bits, doubles aligned to four bytes and x87'

# emitted NAME COMMAND...: the hash of all that is written
emitted() {
    name=$1
    shift
    { "$@" < /dev/null 2>&1; echo "status $?"; } > $dir/$name.out
    cksum < $dir/$name.out > $dir/$name.sum
}

# here: what each target is held against
here() {
    judge_here || exit 1
    emitted here build/emit "$shared"
    tail -n 1 $dir/here.out | grep -q '^status 0$' && return
    echo "FAILED  build/emit here itself"
    grep -v '^{' $dir/here.out | tail -n 20
    exit 1
}

# one NAME COMPILER EMULATOR WHAT
one() {
    target=$1 compiler=$2 emulator=$3 for=$4 from=$(date +%s)
    if why=$(lacks $compiler $emulator); then
        skip "foreign: $target: $why"
        return $failed
    fi
    [ "$emulator" != - ] || emulator=
    # directories of this machine have inodes of 64 bits
    build="$compiler -std=c99 -Og -Wall -Wextra -Werror -static -D_FILE_OFFSET_BITS=64 -I."
    if ! { $build -o $dir/$target-test tests/test_all.c && $build -o $dir/$target-emit tests/emit.c; } > $dir/$target.log 2>&1; then
        echo "FAILED  $target: does not compile"
        head -n 20 $dir/$target.log
        return 1
    fi
    built=$(date +%s)
    judge $target $emulator $dir/$target-test
    emitted $target $emulator $dir/$target-emit "$shared"
    same $target || return 1
    if ! cmp -s $dir/here.sum $dir/$target.sum; then
        echo "FAILED  $target: other bytes are written than here"
        cmp $dir/here.out $dir/$target.out
        return 1
    fi
    printf 'ok      %-8s %s; %s bytes written, the same; compiled in %d s, run in %d s\n' "$target" \
        "$(counted $target) ($for)" "$(wc -c < $dir/$target.out)" \
        $((built - from)) $(($(date +%s) - built))
    rm -f $dir/$target-test $dir/$target-emit $dir/$target.out
}

case $what in
'') export TEST_RUNS="${RUNS:-1}" ;;
long) [ -z "${RUNS:-}" ] || export TEST_RUNS="$RUNS" ;;
*) echo "$targets" | { while read -r name compiler emulator for; do
        [ "$name" = "$what" ] || continue
        one "$name" "$compiler" "$emulator" "$for"
        exit
    done
    echo "foreign: there is no target $what"
    exit 2; }
    exit ;;
esac
here
# as many at once as there are processors, or JOBS
failed=0
echo "$targets" | cut -d' ' -f1 | xargs -n 1 -P "${JOBS:-$(nproc 2> /dev/null || echo 1)}" sh "$0" || failed=1
echo "foreign: $(echo "$targets" | wc -l) targets, $(cat $dir/here.result | grep -c '^skipped') tests skipped everywhere alike$([ $failed = 0 ] || echo '; it FAILED')"
[ $failed = 0 ]
