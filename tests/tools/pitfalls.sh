#!/bin/sh
# tests/pitfalls/LIST says for every known pitfall of translation what it concerns and which tests hold it, or what it
# waits for:
#
#     12  openai-chat,engine  pitfall_012_some_test another_test
#     13  gemini-generate     later:gemini-generate
#
# Every number from 1 to the last one must be there once, every test must exist, and nothing may wait that concerns a
# wire format which is there already, the engine or the transport. Run by `make pitfalls`.
set -u
list=${1:-tests/pitfalls/LIST}
header=${2:-llmprov.h}
known=${SHARED:-../shared}/pitfalls.md

if [ ! -f "$list" ]; then
    echo "skipped: pitfalls: there is no $list"
    [ "${CI:-}" != true ]
    exit
fi
last=0
if [ -f "$known" ]; then last=$(sed -n 's/^\([0-9][0-9]*\)\. .*/\1/p' "$known" | sort -n | tail -n 1); fi
mkdir -p build
cat tests/*.c | sed -n 's/^ *TEST\(_NO_OOM\)*(\([A-Za-z0-9_]*\)).*/test \2/p' > build/pitfalls.txt
sed -n 's/^ *{ *\.format = "\([a-z0-9-]*\)", *\.path.*/there \1/p' "$header" >> build/pitfalls.txt
awk -v list="$list" -v last="$last" '
    function bad(text) { print list ":" FNR ": " text; failed++ }
    NR == FNR && $1 == "test" { test[$2] = 1; next }
    NR == FNR { there[$2] = 1; next }
    /^ *(#|$)/ { next }
    $1 !~ /^[0-9]+$/ { bad("a line begins with a number"); next }
    seen[$1 + 0]++ { bad("pitfall " $1 " stands here twice") }
    { if ($1 + 0 > most) most = $1 + 0; count++ }
    NF < 3 { bad("pitfall " $1 " has no test"); next }
    $2 !~ /^[a-z0-9-]+(,[a-z0-9-]+)*$/ { bad("pitfall " $1 ": the second word is a list of what it concerns") }
    $3 ~ /^later:/ {
        later++
        n = split($2, concerns, ",")
        for (i = 1; i <= n; i++)
            if (concerns[i] in there || concerns[i] == "engine" || concerns[i] == "transport")
                bad("pitfall " $1 " waits, but it concerns " concerns[i] ", which is there")
        if (NF > 3 || $3 !~ /^later:[a-z0-9-]+$/) bad("pitfall " $1 ": later:WHAT stands alone")
        next
    }
    { for (i = 3; i <= NF; i++) if (!($i in test)) bad("pitfall " $1 ": there is no test " $i) }
    END {
        if (last + 0 > most) most = last + 0
        for (i = 1; i <= most; i++) if (!seen[i]) bad("pitfall " i " is missing")
        if (!count) bad("the list is empty")
        printf "pitfalls: %d, %d of them wait for what they concern, %d problems\n", count, later, failed
        exit failed != 0
    }' build/pitfalls.txt "$list"
