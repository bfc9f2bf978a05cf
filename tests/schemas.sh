#!/bin/sh
# What we write, requests and answers, against the JSON Schemas of the APIs in $SHARED/schemas: tests/emit.c writes
# it, tests/schemas.mjs judges it. Run by `make schemas` from the project's root; needs build/emit. Without node, npm
# or $SHARED it says so and skips, which with CI=true is a failure.
set -u
shared=${SHARED:-../shared}
skip() {
    echo "skipped: schemas: $1"
    [ "${CI:-}" != true ]
    exit
}
[ -d "$shared/schemas" ] || skip "there is no $shared/schemas"
why=$(sh tests/clients/install.sh) || skip "$why"
{ build/emit "$shared" || echo "wrong: build/emit failed"; } > build/schemas.jsonl
node tests/schemas.mjs "$shared" build/clients < build/schemas.jsonl || exit 1
! grep '^wrong: ' build/schemas.jsonl
