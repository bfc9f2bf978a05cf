#!/bin/sh
# How much of llmprov.h the tests run, by clang's own counters: `make cover`, from the project's root. Every program that
# runs the header is built with counters and run; the counts are added up. Goals: each line, and 95 of 100 branches, of
# all rooms but the transports of a platform. What no test can reach is listed in tests/cover.list with its reason,
# may be at most 0.5 % of the lines, and is printed. What is missing is in build/cover/missing: lines, then branches.
set -eu
shared=${SHARED:-../shared} dir=build/cover limit='timeout 900'
mkdir -p $dir
rm -f $dir/*.lcov

# cover NAME FILE FLAGS ARGUMENTS: builds tests/FILE as NAME, runs it, and leaves NAME.lcov
cover() {
    name=$1
    shift
    # shellcheck disable=SC2086
    "$CLANG" -std=c99 -O0 -fprofile-instr-generate -fcoverage-mapping -w -I. $2 -o "$dir/$name" "tests/$1"
    shift 2
    LLVM_PROFILE_FILE="$dir/$name.profraw" $limit "$dir/$name" "$@" > "$dir/$name.out" 2>&1 || { tail -n 5 "$dir/$name.out"; exit 1; }
    llvm-profdata-19 merge -o "$dir/$name.profdata" "$dir/$name.profraw"
    llvm-cov-19 export -format=lcov -instr-profile="$dir/$name.profdata" "$dir/$name" "$PWD/llmprov.h" > "$dir/$name.lcov"
    rm -f "$dir/$name.profraw"
}

# With small chunks each thing that an arena holds is an allocation, and the runs without memory come by each of them.
cover test_all test_all.c -DTEST_SANITIZER
cover test_single test_all.c '-DTEST_SANITIZER -DLLMPROV__MEM_CHUNK=16'
if [ -d "$shared/fixtures" ]; then
    cover fixtures fixtures.c '' "$shared"
    cover suites suites.c '' "$shared"
    cover emit emit.c '' "$shared"
else
    echo "skipped: the recorded traffic in $shared"
fi

# A line counts once, whichever program ran it; so does a branch, known by its line and its place there.
awk -v list=tests/cover.list -v missing=$dir/missing '
    FILENAME == list {
        if ($0 !~ /^#/ && split($0, part, " [|] ") == 3) reason[part[1] " | " part[2]] = part[3]
        next
    }
    FILENAME == "llmprov.h" {
        if (match($0, /^(static|LLMPROV_API).*llmprov_[a-z0-9_]+\(/)) {
            function_ = substr($0, 1, index($0, "(") - 1)
            sub(/.*[ *]/, "", function_)
        }
        text[FNR] = $0
        sub(/^ +/, "", text[FNR])
        text[FNR] = function_ " | " text[FNR]
        if ($0 ~ /^\/\/ >>/) { name = substr($2, 3); platform = name == "curl" || name == "winhttp" }
        room[FNR] = name
        outside[FNR] = platform
        next
    }
    FNR == 1 { split("", nth) }
    /^DA:/ { split(substr($0, 4), d, ","); if (!outside[d[1]]) { lines[d[1]]; runs[d[1]] += d[2] } }
    /^BRDA:/ {
        split(substr($0, 6), d, ",")
        if (outside[d[1]]) next
        key = d[1] " " ++nth[d[1]]
        branches[key]
        taken[key] += d[4]
    }
    END {
        for (n in lines) {
            count++
            if (runs[n] > 0) { hit++; continue }
            if (text[n] in reason) { excluded[++exclusions] = n; continue }
            lost[++losses] = n + 0
        }
        for (key in branches) {
            all++
            if (taken[key] > 0) both++
            else { split(key, d, " "); left[d[1]] = left[d[1]] " " d[2]; of[room[d[1]]]++ }
        }
        printf "" > missing
        for (n = 1; n in text; n++) if ((n in lines) && !(runs[n] > 0) && !(text[n] in reason)) printf "%d: %s\n", n, text[n] >> missing
        for (n = 1; n in text; n++) if (n in left) printf "%d branch%s: %s\n", n, left[n], text[n] >> missing
        for (name in of) printf "%s: %d branches\n", name, of[name] >> missing
        for (i = 1; i <= exclusions; i++) printf "excluded: %d: %s (%s)\n", excluded[i], text[excluded[i]], reason[text[excluded[i]]]
        percent = 100 * hit / (count - exclusions)
        printf "cover: lines %d of %d, %.2f %%; %d excluded, %.2f %%\n", hit, count - exclusions, percent, exclusions, 100 * exclusions / count
        printf "cover: branches %d of %d, %.2f %%\n", both, all, 100 * both / all
        if (losses) printf "cover: %d lines are run by no test, see %s\n", losses, missing
        exit !(hit == count - exclusions && both >= 0.95 * all && exclusions <= 0.005 * count)
    }' tests/cover.list llmprov.h $dir/*.lcov
