#!/bin/sh
# Static analysis of all of llmprov.h: each tool must have nothing to say. What it is not asked about stands, with the reason,
# in clang-tidy.yaml and cppcheck.txt beside this file. Tools that are missing are said and skipped; with CI=true they
# are a failure.
set -u
LC_ALL=C
export LC_ALL
here=tests/platform
B=build/analysers
CC=${CC:-cc}
bad=0
mkdir -p $B || exit 2
printf '#define LLMPROV_IMPLEMENTATION\n#define LLMPROV_EXTEND\n#include "../../llmprov.h"\n' > $B/unit.c

# the first of some commands that is there
first() { for c; do command -v "$c" > /dev/null 2>&1 && echo "$c" && return; done; return 1; }

missing() {
    echo "skipped: analysers: there is no $1"
    [ "${CI:-}" != true ] || bad=$((bad + 1))
}

# run NAME COMMAND...: what it prints is what it found
run() {
    name=$1 from=$(date +%s)
    shift
    "$@" > $B/$name.log 2>&1
    code=$?
    grep -v '^[0-9]* warnings* \(generated\|treated\)\|^Suppressed\|^Use -header-filter\|^scan-build: ' $B/$name.log > $B/$name.found
    if [ $code = 0 ] && [ ! -s $B/$name.found ]; then echo "$name: nothing, $(($(date +%s) - from)) s"; return; fi
    echo "$name: exit $code"
    head -n 40 $B/$name.found
    bad=$((bad + 1))
}

# Where functions may enter themselves again the graph that gcc 12 builds of this file grows past minutes and gigabytes;
# without that, all its other limits are as they are.
if printf 'int x;\n' | $CC -fanalyzer -x c -c -o $B/probe.o - 2> /dev/null && ! $CC --version | grep -q clang; then
    run fanalyzer $CC -std=c99 -O0 -fanalyzer --param analyzer-max-recursion-depth=0 -c -o $B/unit.o $B/unit.c
else missing 'gcc with -fanalyzer'; fi

if tidy=$(first clang-tidy-19 clang-tidy-16 clang-tidy); then
    run clang-tidy "$tidy" --quiet --config-file=$here/clang-tidy.yaml $B/unit.c -- -std=c99
else missing clang-tidy; fi

# One set of options: the others are compiled by make matrix.
if command -v cppcheck > /dev/null 2>&1; then
    run cppcheck cppcheck --quiet --std=c99 -DLLMPROV_EXTEND --enable=warning,portability,performance --error-exitcode=1 \
        --suppressions-list=$here/cppcheck.txt --template='{file}:{line}: {id}: {message}' $B/unit.c
else missing cppcheck; fi

if scan=$(first scan-build-19 scan-build-16 scan-build) && clang=$(first "clang${scan#scan-build}" clang); then
    run scan-build "$scan" --use-analyzer="$(command -v "$clang")" --status-bugs -o $B/scan -analyzer-config mode=deep -enable-checker security,nullability,optin.portability \
        -disable-checker security.insecureAPI.DeprecatedOrUnsafeBufferHandling "$clang" -std=c99 -c -o $B/unit.o $B/unit.c
else missing scan-build; fi
[ $bad = 0 ]
