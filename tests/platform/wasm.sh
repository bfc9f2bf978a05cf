#!/bin/sh
# The whole suite as WebAssembly: a program of WASI by clang, run by node, with as many tests and the same ones skipped
# as here. And a chat over fetch (examples/fetch.h) by emscripten, in node, against the mock server. Run by `make wasm`
# from the project's root; needs build/test and build/mock.
set -u
dir=build/wasm
. tests/platform/lib.sh
export TEST_RUNS="${RUNS:-3}"
cc=${WASI_CC:-clang}

# What is not there for a program of WASI.
without_wasi() {
    lacks $cc wasm-ld node && return
    printf '#include <stdio.h>\nint main(void) { return puts("") < 0; }\n' > $dir/try.c
    $cc --target=wasm32-wasi -o $dir/try.wasm $dir/try.c 2> $dir/try.log && return 1
    echo "$cc makes no program of WASI: wasi-libc or libclang-rt-dev-wasm32 is missing"
}

suite() {
    # the stack that Linux gives; all memory at once, since node 20 can crash while a program's memory grows; the suite
    # prints a long double
    if ! $cc --target=wasm32-wasi -std=c99 -O1 -Wall -Wextra -Werror -D_WASI_EMULATED_SIGNAL -Wl,-z,stack-size=8388608 -Wl,--initial-memory=1073741824 \
        -o $dir/test.wasm tests/test_all.c -lwasi-emulated-signal -lc-printscan-long-double > $dir/cc.log 2>&1; then
        echo "FAILED  wasi: the tests do not compile"
        head -n 20 $dir/cc.log
        return 1
    fi
    judge_here || return 1
    judge wasi node --no-warnings tests/platform/wasi.mjs $dir/test.wasm
    same wasi || return 1
    echo "ok      wasi: $(counted wasi)"
}

# emscripten NAME FILE
emscripten() {
    emcc -std=gnu99 -I. -O1 -Wall -Wextra -Werror -sASYNCIFY -sALLOW_MEMORY_GROWTH -sEXIT_RUNTIME=1 -sSINGLE_FILE=1 \
        -o $dir/$1.js $2 > $dir/$1.log 2>&1 && return
    echo "FAILED  $1: does not compile"
    head -n 20 $dir/$1.log
    return 1
}

# The mock ends when the pipe to its stdin does, so it ends with this script, however that ends.
fetches() {
    emscripten fetch-test tests/platform/fetch.c && emscripten fetch examples/fetch.c || return 1
    rm -f $dir/hold
    mkfifo $dir/hold || return 1
    build/mock --until-eof --lifetime 300 < $dir/hold > $dir/mock 2>&1 &
    mock=$!
    exec 3> $dir/hold
    tries=0
    until url=$(sed -n 's/^listening on .*:/http:\/\/127.0.0.1:/p' $dir/mock) && [ -n "$url" ]; do
        tries=$((tries + 1))
        [ $tries -lt 50 ] || { echo "FAILED  fetch: the mock does not start"; return 1; }
        sleep 0.1
    done
    # a port that nobody listens on: the kernel gave it, and it was given back
    closed=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
    timeout 120 node $dir/fetch-test.js "$url" "http://127.0.0.1:$closed" > $dir/fetch.log 2>&1 && tail -n 1 $dir/fetch.log | grep -q '^fetch: all as expected$' ||
        { echo "FAILED  fetch"; cat $dir/fetch.log; return 1; }
    echo "ok      fetch: $(grep -c '^ok ' $dir/fetch.log) things as expected"
    timeout 60 node $dir/fetch.js openai "$url" k "Say hello" > $dir/example.log 2>&1 || { echo "FAILED  examples/fetch.c"; cat $dir/example.log; return 1; }
    grep -q '^end: end_turn$' $dir/example.log && grep -q '^whole: Hello! ' $dir/example.log && [ "$(grep -c '^text: ' $dir/example.log)" -gt 5 ] ||
        { echo "FAILED  examples/fetch.c says"; cat $dir/example.log; return 1; }
    timeout 60 node $dir/fetch.js openai "http://127.0.0.1:$closed" k > $dir/example.log 2>&1 && { echo "FAILED  examples/fetch.c succeeds without a server"; return 1; }
    grep -q '^fetch: .*ECONNREFUSED' $dir/example.log || { echo "FAILED  examples/fetch.c without a server says"; cat $dir/example.log; return 1; }
    exec 3>&-
    wait $mock
    echo "ok      examples/fetch.c in node"
}

if why=$(without_wasi); then skip "wasm: $why"
else suite || failed=1; fi
if why=$(lacks emcc node); then skip "wasm: fetch: $why"
else fetches || failed=1; fi
[ $failed = 0 ]
