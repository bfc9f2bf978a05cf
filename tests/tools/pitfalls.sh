#!/bin/sh
# tests/pitfalls.txt says for every known pitfall of translation which tests hold it:
#
#     12  openai_chat_ids_are_shortened normal_ids_are_paired
#     13  -  why none is needed
#
# Every number from 1 to the last one must be there once, and every test must exist. Run by `make pitfalls`.
set -u
list=${1:-tests/pitfalls.txt}
known=${SHARED:-../shared}/pitfalls.md

if [ ! -f "$list" ]; then
    echo "skipped: pitfalls: there is no $list"
    [ "${CI:-}" != true ]
    exit
fi
last=0
if [ -f "$known" ]; then last=$(sed -n 's/^\([0-9][0-9]*\)\. .*/\1/p' "$known" | sort -n | tail -n 1); fi
cat tests/*.c | sed -n 's/^ *TEST\(_NO_OOM\)*(\([A-Za-z0-9_]*\)).*/\2/p' > build/test_names
awk -v list="$list" -v last="$last" '
    function bad(text) { print list ":" FNR ": " text; failed++ }
    NR == FNR { test[$1] = 1; next }
    /^ *(#|$)/ { next }
    $1 !~ /^[0-9]+$/ { bad("a line begins with a number"); next }
    seen[$1]++ { bad("pitfall " $1 " stands here twice") }
    { if ($1 > most) most = $1 + 0; count++ }
    $2 == "-" { if (NF < 3) bad("pitfall " $1 ": no reason given"); without++; next }
    NF < 2 { bad("pitfall " $1 " has no test") }
    { for (i = 2; i <= NF; i++) if (!($i in test)) bad("pitfall " $1 ": there is no test " $i) }
    END {
        if (last > most) most = last + 0
        for (i = 1; i <= most; i++) if (!seen[i]) bad("pitfall " i " is missing")
        if (!count) bad("the list is empty")
        printf "pitfalls: %d, %d of them without a test, %d problems\n", count, without, failed
        exit failed != 0
    }' build/test_names "$list"
