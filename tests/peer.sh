#!/bin/sh
# A real llama-server with a tiny model whose answer is known: the command line and tests/peer.c speak to it in both
# formats, in clear and over TLS. Run by `make peer` from the project's root; needs build/llmprov, python3, curl, openssl and
# $SHARED/peers (the server's package is unpacked beside the system; nothing is installed).
# Ends with "peer: N passed, N failed", or says why it was skipped, which counts as a failure where CI is "true".
set -u
SHARED=${SHARED:-../shared}
peers=$SHARED/peers
program=$PWD/build/llmprov
answer='Hello from a real server: café 日本 😀 "quoted" \\back\.'
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
export NO_PROXY='*' LC_ALL=C.UTF-8

dir=$(mktemp -d "${TMPDIR:-/tmp}/llmprov-peer.XXXXXX") || exit 1
servers=
finish() {
    [ -z "$servers" ] || kill $servers 2> /dev/null
    wait
    rm -rf "$dir"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

skip() {
    echo "skipped: no peer ($1)"
    [ "${CI:-}" != true ]
    exit
}

[ -f "$peers/get-llama.sh" ] || skip "there is no $peers"
[ "$(uname -m)" = x86_64 ] || skip "the package is unpacked for x86_64 only"
for tool in python3 curl timeout apt-get dpkg; do command -v $tool > /dev/null || skip "there is no $tool"; done
[ -x "$program" ] || skip "there is no build/llmprov"
timeout 120 sh "$peers/get-llama.sh" "$dir" > "$dir/get.log" 2>&1 || skip "the package cannot be had: $(tail -n 1 "$dir/get.log")"
if command -v pkg-config > /dev/null && pkg-config --exists libcurl; then
    with_curl="-DLLMPROV_CURL $(pkg-config --cflags --libs libcurl)"
elif command -v curl-config > /dev/null; then with_curl="-DLLMPROV_CURL $(curl-config --cflags --libs)"
else with_curl=; fi
${CC:-cc} -std=c99 -O1 -Wall -Wextra -o "$dir/peer" tests/peer.c $with_curl || exit 1
for model in script think random; do
    option=--$model
    [ $model != script ] || option=
    python3 "$peers/mkgguf.py" "$dir/$model.gguf" $option > "$dir/model.log" || skip "the model cannot be made"
done

passed=0 failed=0

# -- servers -------------------------------------------------------------------------------

# start MODEL SCHEME OPTIONS...: a server on a port that the kernel chose; $url is where it is
start() {
    model=$1 scheme=$2
    shift 2
    for try in 1 2 3; do            # somebody else may have taken the port in between
        port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
        url=$scheme://127.0.0.1:$port
        sh "$peers/llama.sh" "$dir" llama-server -m "$dir/$model.gguf" --host 127.0.0.1 --port "$port" --offline --no-ui -t 1 -c 2048 -np 2 \
            --alias tiny --api-key right "$@" > "$dir/server-$port.log" 2>&1 &
        server=$!
        i=0
        while [ $i -lt 150 ] && kill -0 $server 2> /dev/null; do
            if curl -skf -m 2 "$url/health" > /dev/null; then
                servers="$servers $server"
                return 0
            fi
            sleep 0.1
            i=$((i + 1))
        done
        kill $server 2> /dev/null
    done
    tail -n 5 "$dir/server-$port.log"
    failed=$((failed + 1))
    return 1
}

# -- checks --------------------------------------------------------------------------------

# check NAME EXIT STDOUT STDERR ARGUMENTS...: STDOUT and STDERR are patterns that must be found there; "" = nothing may be
# there, "*" = anything. The program's stdin is $dir/in.
check() {
    name=$1 exit=$2 out=$3 err=$4
    shift 4
    timeout 30 "$program" "$@" > "$dir/out" 2> "$dir/err" < "$dir/in"
    code=$?
    if [ $code = "$exit" ] && found "$out" "$dir/out" && found "$err" "$dir/err"; then
        passed=$((passed + 1))
        echo "ok      $name"
        return
    fi
    failed=$((failed + 1))
    echo "FAILED  $name: exit $code"
    sed 's/^/        out: /' "$dir/out" | head -n 5
    sed 's/^/        err: /' "$dir/err" | head -n 5
}

found() {
    case $1 in
    '*') ;;
    '') [ ! -s "$2" ] ;;
    *) grep -e "$1" "$2" > /dev/null ;;
    esac
}

# run MODE ARGUMENTS...: a part of tests/peer.c, whose last line has its counts
run() {
    mode=$1
    timeout 120 "$dir/peer" "$@" > "$dir/out" 2> "$dir/err" < /dev/null
    code=$?
    sed '$d' "$dir/out"
    cat "$dir/err"
    counts=$(tail -n 1 "$dir/out")
    case $counts in
    [0-9]*' '[0-9]*)
        passed=$((passed + ${counts% *})) failed=$((failed + ${counts#* }))
        ;;
    *)
        failed=$((failed + 1))
        echo "FAILED  peer $mode: exit $code"
        ;;
    esac
}

# -- the command line, in both formats -----------------------------------------------------

command_line() {
    for provider in llama.cpp anthropic; do
        at="-p $provider --base-url $url -m tiny"
        : > "$dir/in"
        check "$provider: streamed" 0 "^$answer\$" '*' chat $at Hi
        check "$provider: whole" 0 "^$answer\$" '*' chat $at --no-stream Hi
        check "$provider: events" 0 '"event":"end","stop":"end_turn".*"output_tokens":1[0-9]' '*' chat $at --json Hi
        check "$provider: a message" 0 '"type":"message","role":"assistant","model":"tiny".*"stop_reason":"end_turn"' '*' chat $at --json --no-stream Hi
        check "$provider: with a system prompt" 0 "^$answer\$" '*' chat $at -s 'Be brief.' Hi
        check "$provider: with tools on offer" 0 "^$answer\$" '*' chat $at --tool-demo 'What is the time?'
        printf 'One.\nTwo.\n/quit\n' > "$dir/in"
        check "$provider: a conversation" 0 "^$answer\$" '*' chat $at --save "$dir/saved"
        : > "$dir/in"
        check "$provider: which goes on" 0 "^$answer\$" '*' chat $at --load "$dir/saved" --save "$dir/saved" Three.
        if [ "$(grep -o '"role":"assistant"' "$dir/saved" | wc -l)" = 3 ]; then passed=$((passed + 1))
        else failed=$((failed + 1)); echo "FAILED  $provider: the saved history"; cat "$dir/saved"; fi
        check "$provider: more than the context holds" 3 '' 'context' chat $at "$(printf '%09000d' 7)"
        check "$provider: a wrong address" 3 '' 'Not Found' chat -p $provider --base-url "$url/nothing" -m tiny Hi
        check "$provider: nobody listens" 3 '' '.' chat -p $provider --base-url http://127.0.0.1:1 -m tiny Hi
        LLAMA_API_KEY=wrong ANTHROPIC_API_KEY=wrong
        check "$provider: a wrong key" 3 '' 'Invalid API Key' chat $at Hi
        LLAMA_API_KEY=right ANTHROPIC_API_KEY=right
    done
}

export LLAMA_API_KEY=right ANTHROPIC_API_KEY=right
if start script http; then
    command_line
    run script "$url" right
fi
if start think http; then run think "$url" right; fi
if start random http; then run garbage "$url" right; fi

# -- TLS -----------------------------------------------------------------------------------

# authority NAME: a certificate authority, and a certificate of it for localhost
authority() {
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$1" -keyout "$dir/$1-ca.key" -out "$dir/$1-ca.pem" &&
    openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout "$dir/$1.key" -out "$dir/$1.csr" &&
    printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\n' > "$dir/$1.ext" &&
    openssl x509 -req -days 2 -in "$dir/$1.csr" -CA "$dir/$1-ca.pem" -CAkey "$dir/$1-ca.key" -CAcreateserial -extfile "$dir/$1.ext" -out "$dir/$1.pem"
}

if [ -z "$with_curl" ] || ! command -v openssl > /dev/null; then
    echo "skipped: TLS (no libcurl or no openssl)"
    [ "${CI:-}" != true ] || failed=$((failed + 1))
elif { authority good && authority other; } > "$dir/openssl.log" 2>&1; then
    if start script https --ssl-key-file "$dir/good.key" --ssl-cert-file "$dir/good.pem"; then
        run tls "$url" right "$dir/good-ca.pem" "$dir/other-ca.pem"
        run tls "https://localhost:$port" right "$dir/good-ca.pem" "$dir/other-ca.pem"
        check "the command line trusts no unknown certificate" 3 '' 'certificate' chat -p llama.cpp --base-url "$url" -m tiny Hi
    fi
else
    failed=$((failed + 1))
    tail -n 3 "$dir/openssl.log"
fi

echo "peer: $passed passed, $failed failed"
[ $failed = 0 ]
