#!/bin/sh
# The fuzzers of tests/fuzz/fuzz.c, run from the top of the repository:
#   run.sh seeds          first inputs out of the tests' own files, into build/fuzz/seeds
#   run.sh quick SECONDS  each target so long, from its corpus; fails when one does. Its seed is the sum of llmprov.h, so that
#                         the same tree takes the same way again
#   run.sh long HOURS     all of them together so long; what was learned goes to tests/fuzz/corpus, what it took to LEDGER
#   run.sh report         what LEDGER says of each target
# TARGETS="json schema" names some of the targets; JOBS=1 is how many run at once (as many as there are processors). The corpus of a target (pack.c) has the inputs that reach more than
# the seeds do; both are the beginning of a run. An input that fails is left in build/fuzz/crash/TARGET-...;
# "build/fuzz/TARGET FILE" runs it alone.
set -u
LC_ALL=C
export LC_ALL
here=tests/fuzz
B=build/fuzz
CC=${CC:-cc}
most=4194304                                    # bytes of all corpora
flags='-timeout=20 -rss_limit_mb=2560 -max_len=12000 -print_final_stats=1'
asan=detect_leaks=1:allocator_may_return_null=0:quarantine_size_mb=16

say() { printf '%s\n' "$*"; }

# the first compiler that links a fuzzer
find_clang() {
    for c in "${CLANG:-clang}" clang-19 clang-16 clang-14; do
        printf 'int LLVMFuzzerTestOneInput(void); int LLVMFuzzerTestOneInput(void) { return 0; }' |
            "$c" -fsanitize=fuzzer,address,undefined -x c -o $B/probe - 2> /dev/null && CLANG=$c && return
    done
    say 'skipped: fuzz: there is no clang with libFuzzer'
    [ "${CI:-}" != true ]
    exit
}

build() {
    mkdir -p $B/crash || exit 2
    find_clang
    if [ ! -x $B/fuzz ] || [ -n "$(find llmprov.h tests/engine.h tests/events.h tests/walk.h tests/test.h $here/fuzz.c -newer $B/fuzz)" ]; then
        say "building $B/fuzz"
        $CLANG -std=gnu99 -O1 -gline-tables-only -fno-omit-frame-pointer -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
            -Wall -Wextra -o $B/fuzz.new $here/fuzz.c -lm && mv $B/fuzz.new $B/fuzz || exit 2
    fi
    all=$($B/fuzz --targets)
    targets=${TARGETS:-$all}
    for t in $targets; do ln -sf fuzz $B/$t || exit 2; done
    # the words of the formats are those that the header has
    sed -n 's/"[^"]*"/\n&\n/gp' llmprov.h | sed -n '/^"[A-Za-z_$<][A-Za-z0-9_.$:#<>/-]\{2,30\}"$/p' | sort -u > $B/words
}

seeds() {
    if [ ! -x $B/make-seeds ] || [ -n "$(find llmprov.h tests/*.[ch] tests/wire tests/walk $here/seeds.c $here/pack.c -newer $B/make-seeds)" ]; then
        $CC -std=gnu99 -O0 -w -o $B/make-seeds $here/seeds.c -lm || exit 2
        rm -rf $B/seeds
    fi
    $CC -O1 -o $B/pack $here/pack.c || exit 2
    [ -d $B/seeds ] || $B/make-seeds $B/seeds > /dev/null || exit 2
}

# what a run of a target begins with
begin() {
    mkdir -p $B/seeds/$1 $B/corpus/$1
    [ ! -f $here/corpus/$1 ] || $B/pack -x $here/corpus/$1 $B/corpus/$1 || exit 2
}

# one run: target, seconds, flags. Prints "runs cpu_ms edges features inputs last_new_edge" of it and is false when it failed.
one() {
    (
        ASAN_OPTIONS=$asan nice timeout -k 5 $(($2 + 120)) $B/$1 $flags ${3:-} -max_total_time="$2" -dict=$B/words -artifact_prefix=$B/crash/$1- \
            $B/corpus/$1 $B/seeds/$1 > $B/$1.log 2>&1
        code=$?
        times > $B/$1.times
        exit $code
    )
    code=$?
    cpu=$(awk 'NR == 2 { for (i = 1; i <= 2; i++) { split($i, t, "[ms]"); ms += t[1] * 60000 + t[2] * 1000 } print int(ms) }' $B/$1.times)
    awk -v cpu="${cpu:-0}" '/^#[0-9]+/ && /cov: / {
            n = substr($1, 2) + 0; if (n > runs) runs = n
            for (i = 2; i < NF; i++) { if ($i == "cov:") c = $(i + 1); if ($i == "ft:") ft = $(i + 1); if ($i == "corp:") { split($(i + 1), k, "/"); inputs = k[1] } }
            if ($2 == "INITED") { edges = c; last = 0 }
            if (c > edges) { edges = c; last = n } }
        /^stat::number_of_executed_units:/ { runs = $2 }
        END { print runs + 0, cpu + 0, edges + 0, ft + 0, inputs + 0, last + 0 }' $B/$1.log
    return $code
}

# Whether a failed run found something, and what. What took too long on a busy machine is tried again, alone.
found() {
    input=$(sed -n 's/.*Test unit written to //p' $B/$1.log)
    case $input in
    *-timeout-*) ASAN_OPTIONS=$asan timeout -k 5 120 $B/$1 -timeout=60 "$input" > $B/$1.again 2>&1 && rm "$input" && return 1 ;;
    esac
    say "$1 failed:"
    grep -a -v '^#[0-9]*	\|^INFO\|^stat::\|^ *$\|NEW_FUNC' $B/$1.log | head -n 25 | cut -c1-400
    [ -z "$input" ] || say "input: $input"
}

# keeps what reaches more than the seeds do
keep() {
    rm -rf $B/merged/$1
    mkdir -p $B/merged $here/corpus
    cp -R $B/seeds/$1 $B/merged/$1 || exit 2
    ASAN_OPTIONS=$asan nice timeout -k 5 900 $B/$1 $flags -merge=1 $B/merged/$1 $B/corpus/$1 > $B/$1.merge.log 2>&1 || { say "$1: cannot merge, see $B/$1.merge.log"; return 1; }
    $B/pack $here/corpus/$1 $B/merged/$1 $B/seeds/$1 $((most / $($B/fuzz --targets | wc -l))) || exit 2
}

size() { cat $here/corpus/* 2>/dev/null | wc -c; }

# The targets one after the other, or some at once: "run.sh WHAT-one SECONDS TARGET" each. False when one failed.
each() {
    say $targets | tr ' ' '\n' | xargs -n 1 -P "${JOBS:-$(nproc 2> /dev/null || echo 1)}" sh "$0" "$1-one" "$2"
}

quick_one() {
    begin $2
    got=$(one $2 "$1" "-seed=$(cksum < llmprov.h | cut -d" " -f1)")
    code=$?
    set -- "$1" $2 $got
    printf '%-16s %10s %8s %8s %9s\n' $2 $3 $(($4 / 1000)) $5 $6
    [ $code = 0 ] || ! found $2
}

long_one() {
    t=$2
    begin $t
    from=$(date +%s)
    runs=0 cpu=0 edges=0 features=0 inputs=0 last=0 crashes=0 stops=0
    while left=$(($1 - $(date +%s) + from)); [ $left -gt 0 ] && [ $stops -lt 20 ]; do
        got=$(one $t $left)
        code=$?
        set -- $1 $got
        [ $7 = 0 ] || last=$((runs + $7))
        runs=$((runs + $2)) cpu=$((cpu + $3)) edges=$4 features=$5 inputs=$6
        [ $code = 0 ] && break
        stops=$((stops + 1))
        ! found $t || crashes=$((crashes + 1))
    done
    keep $t || crashes=$((crashes + 1))
    line="$t $(date -u +%Y-%m-%d) $(git rev-parse --short HEAD 2>/dev/null || say -) $runs $((cpu / 1000)) $edges $features $inputs $last $crashes"
    say "$line" >> $here/LEDGER
    say "$line"
    [ $crashes = 0 ]
}

long() {
    seconds=$(awk -v h="$1" -v n="$(say $targets | wc -w)" 'BEGIN { s = h * 3600 / n; print s < 1 ? 1 : int(s) }')
    [ -f $here/LEDGER ] || say '# target date version runs cpu_s edges features inputs last_new_edge failures: lines that tests/fuzz/run.sh long adds' > $here/LEDGER
    each long "$seconds"
    code=$?
    [ "$(size)" -le $most ] || { say "the corpus has $(size) bytes, more than $most"; code=1; }
    return $code
}

report() {
    [ -f $here/LEDGER ] || { say 'nothing was run yet'; return; }
    awk '!/^#/ {
            if (!($1 in runs)) order[++n] = $1
            if ($9 > 0) quiet[$1] = $4 - $9; else quiet[$1] += $4
            runs[$1] += $4; cpu[$1] += $5; edges[$1] = $6; features[$1] = $7; date[$1] = $2; failures[$1] += $10 }
        END {
            printf "%-16s %12s %8s %7s %9s %21s %9s %s\n", "target", "runs", "cpu_s", "edges", "features", "runs since a new edge", "failures", "last"
            for (i = 1; i <= n; i++) { t = order[i]; all += runs[t]; time += cpu[t]
                printf "%-16s %12d %8d %7d %9d %21d %9d %s\n", t, runs[t], cpu[t], edges[t], features[t], quiet[t], failures[t], date[t] }
            printf "%-16s %12d %8d\n", "all", all, time }' $here/LEDGER
}

case ${1:-} in
seeds) mkdir -p $B && seeds && say "$(find $B/seeds -type f | wc -l) inputs in $B/seeds" ;;
quick) build && seeds && printf '%-16s %10s %8s %8s %9s\n' target runs cpu_s edges features && each quick "${2:-20}" ;;
long) build && seeds && long "${2:-2}" ;;
quick-one) quick_one "$2" "$3" ;;
long-one) long_one "$2" "$3" ;;
report) report ;;
*) say 'usage: run.sh seeds | quick SECONDS | long HOURS | report'; exit 2 ;;
esac
