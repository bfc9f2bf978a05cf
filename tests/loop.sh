#!/bin/sh
# The command line against the mock server, over loopback: chats in both formats, every fault, and what works without
# network. Run by `make test` from the project's root; needs build/llmprov and build/mock. Where libcurl is compiled in, the
# tests with a connection run once more over the plain sockets of examples/sockets.h.
set -u
# Nothing of the caller's: keys, base URLs and proxies are variables.
[ "${1:-}" = clean ] || exec env -i PATH="$PATH" TMPDIR="${TMPDIR:-/tmp}" CC="${CC:-cc}" sh "$0" clean
dir=$(mktemp -d "$TMPDIR/llmprov-loop.XXXXXX") || exit 1
mock=
finish() {
    exec 3>&-
    [ -z "$mock" ] || kill "$mock" 2> /dev/null
    wait
    rm -rf "$dir"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

limit=
if command -v timeout > /dev/null; then limit='timeout 10'; fi
formats='anthropic openai'

(TMPDIR=$dir $CC -std=c99 -O0 -I. -o "$dir/plain" tools/llmprov.c > "$dir/plain.err" 2>&1; echo $? > "$dir/plain.code") 3>&- &
building=$!

# -- checking ------------------------------------------------------------------------------

# check NAME EXIT STDOUT STDERR ARGUMENTS...: STDOUT and STDERR are what must be found there; "" = nothing at all may be
# there, "*" = anything. The program's stdin is $dir/in.
check() {
    name=$1 exit=$2 out=$3 err=$4
    shift 4
    at=$dir/$name
    $limit "$program" "$@" > "$at.out" 2> "$at.err" < "$dir/in" 3>&-
    code=$?
    why=
    [ $code = "$exit" ] || why="exit $code instead of $exit"
    found "$out" "$at.out" || why="$why; stdout should have: ${out:-(nothing)}"
    found "$err" "$at.err" || why="$why; stderr should have: ${err:-(nothing)}"
    verdict
}

found() {
    case $1 in
    '*') ;;
    '') [ ! -s "$2" ] ;;
    *) grep -e "$1" "$2" > /dev/null ;;
    esac
}

# Those in the background write their verdicts too; they are counted at the end.
verdict() {
    if [ -z "$why" ]; then
        echo ok >> "$dir/passed"
    else
        { echo "FAILED $name: ${why#; }"; sed 's/^/    out: /' "$at.out" | head -n 5; sed 's/^/    err: /' "$at.err" | head -n 5; } > "$at.failed"
        cat "$at.failed" >&2
        echo no >> "$dir/failed"
    fi
}

# expect NAME COMMAND...: succeeds
expect() {
    name=$1 at=$dir/expect why=
    shift
    "$@" > "$at.out" 2> "$at.err" < /dev/null || why="this failed: $*"
    verdict
}

# -- the mock, and what it is to do by the name of the model -------------------------------

answers=
add() {
    answers="$answers{\"if\":{\"model\":\"$1\"},$2},"
}
late='"case":"rate_limit","headers":{"retry-after":null,"retry-after-ms":null,"x-should-retry":null}'
# once, and then the mock answers: for each transport and format
for transport in curl plain; do
    for format in anthropic-messages openai-chat; do
        of="\"format\":\"$format\""
        add "$transport-seconds" "$of,$late,\"retry_after\":\"0.02\""
        add "$transport-ms" "$of,$late,\"retry_after_ms\":\"20\""
        for form in imf rfc850 asctime; do add "$transport-$form" "$of,$late,\"retry_in\":1,\"retry_form\":\"$form\""; done
        add "$transport-far" "$of,$late,\"retry_after\":\"3600\""
        add "$transport-drop" "$of,\"drop\":true"
        add "$transport-reset" "$of,\"drop\":true,\"reset\":true"
    done
    add "$transport-overloaded" '"case":"overloaded","retry_after_ms":"20"'
done
# always
always='"times":1000000'
add never "$always,$late,\"retry_after_ms\":\"20\",\"should_retry\":\"false\""
add limited "$always,$late,\"retry_after_ms\":\"20\""
add cut "$always,"'"case":"hello","cut":1500'
add cut-early "$always,"'"case":"hello","cut":20,"reset":true'
add stream-error "$always,"'"case":"error_in_stream"'
add garbage "$always,"'"case":"hello","garbage":40'
add one-byte "$always,"'"case":"unicode","one_byte":true'
add crlf "$always,"'"case":"hello","crlf":true'
add no-terminal "$always,"'"case":"hello","no_terminal":true'
add to-close "$always,"'"case":"hello","chunked":false,"keep_alive":false'
add chunked "$always,"'"case":"hello","chunked":true'
printf '{"answers":[%s{}]}\n' "$answers" > "$dir/script"
: > "$dir/in"
mkfifo "$dir/hold" && mkdir "$dir/record" || exit 1
build/mock --until-eof --lifetime 60 --script "$dir/script" --record "$dir/record" --log "$dir/log" < "$dir/hold" > "$dir/port" 2> "$dir/mock.err" &
mock=$!
exec 3> "$dir/hold"

# -- without network -----------------------------------------------------------------------

program=build/llmprov
check 'no command' 1 '' 'llmprov chat'
check 'help' 0 'llmprov convert' '' --help
check 'version' 0 '^llmprov [0-9.]*$' '' --version
check 'unknown command' 1 '' 'unknown command.*: talk' talk
for command in chat request convert providers formats; do
    check "$command help" 0 "^llmprov $command" '' $command --help
    check "$command unknown option" 1 '' 'unknown option: --loud' $command --loud
done
check 'option without value' 1 '' 'needs a value: --model' chat --model
check 'flag with value' 1 '' 'takes no value: --json' chat --json=yes
check 'two prompts' 1 '' 'one word too many.*: b' chat -p openai a b
check 'unknown provider' 1 '' 'unknown provider.*: nope' chat -p nope hi
check 'no provider' 3 '' 'ANTHROPIC_API_KEY' chat hi
check 'no key' 3 '' 'OPENAI_API_KEY' chat -p openai hi
check 'no file' 2 '' "cannot read $dir/none: " convert --from openai-chat --what reply "$dir/none"
check 'no history' 2 '' "cannot read $dir/none: " chat -p ollama --load "$dir/none" hi
echo '{"messages":[{"role":"user"' > "$dir/broken"
check 'broken history' 2 '' 'byte 2[0-9]' chat -p ollama --load "$dir/broken" hi
check 'image of no kind' 2 '' 'neither PNG' chat -p ollama --image "$dir/broken" hi
check 'formats' 0 '^openai-chat$' '' formats
check 'providers' 0 '^anthropic  *ANTHROPIC_API_KEY,[^ ]*  *not set$' '' providers
check 'providers: local' 0 '^ollama .* no key needed$' '' providers
export GROQ_API_KEY=x
check 'providers: set' 0 '^groq  *GROQ_API_KEY  *set$' '' providers
check 'default provider' 0 '^POST https://api.groq.com/' '*' request tests/wire/anthropic-messages/hello/request.json
unset GROQ_API_KEY

# request
cat > "$dir/in" <<'END'
{"model":"m","max_tokens":9,"system":"Be brief.","messages":[{"role":"user","content":"hi"}]}
END
check 'request to anthropic' 0 '^POST https://api.anthropic.com/v1/messages$' '' request -p anthropic
check 'request: the key is masked' 0 '^x-api-key: \*\*\*\*$' '' request -p anthropic
check 'request: same body' 0 '"model":"m","max_tokens":9,.*"system":"Be brief."' '' request -p anthropic -
check 'request to openai' 0 '^authorization: Bearer \*\*\*\*$' '' request -p openai -m x
check 'request: model' 0 '"model":"x"' '' request -p openai -m x --stream
check 'request: stream' 0 '"stream":true' '' request -m openai/x --stream
check 'request: address' 0 '^POST http://h:1/v1/chat/completions$' '' request -p custom --base-url http://h:1
export OPENAI_API_KEY=sk-secret
check 'request: a key that is set' 0 '^authorization: Bearer \*\*\*\*$' '' request -p openai
expect 'request: no key in it' sh -c "! grep sk-secret '$dir/request: a key that is set.out'"
unset OPENAI_API_KEY
echo '{"model":"m","max_tokens":9,"top_k":3,"messages":[{"role":"user","content":"hi"}]}' > "$dir/in"
check 'request: a warning' 0 '*' '^llmprov: warning: top_k: ' request -p openai
echo '{"model":"m",' > "$dir/in"
check 'request: broken' 2 '' 'stdin: .*byte 1[0-9]' request -p openai
: > "$dir/in"

# convert
body() { sed '1,/^$/d' "tests/wire/$1"; }
for format in anthropic-messages openai-chat; do
    for case in hello thinking tool unicode rate_limit error_in_stream; do
        for what in reply stream; do
            [ ! -f tests/wire/$format/$case/$what.txt ] || body $format/$case/$what.txt > "$dir/$format.$case.$what"
        done
    done
    of="$dir/convert $format"
    for case in hello thinking unicode tool; do
        for what in reply stream; do
            check "convert $format $case $what" 0 '"type":"message"' '' convert --from $format --to anthropic-messages --gather --what $what "$dir/$format.$case.$what"
        done
        expect "convert $format $case: stream and reply agree" cmp "$of $case reply.out" "$of $case stream.out"
        for to in anthropic-messages openai-chat; do
            check "convert $format $case reply to $to" 0 '^{"id":".*}$' '*' convert --from $format --to $to --what reply "$dir/$format.$case.reply"
            check "convert $format $case stream to $to" 0 '^data: {' '*' convert --from $format --to $to --what stream "$dir/$format.$case.stream"
            cp "$of $case stream to $to.out" "$dir/again"
            check "convert $format $case by $to and back" 0 '"event":"end"' '' convert --from $to --to events --what stream "$dir/again"
        done
    done
    check "convert $format to events" 0 '^{"event":"start","id":"[^"]*","model":"[^"]*"}$' '' convert --from $format --to events --what stream "$dir/$format.hello.stream"
    expect "convert $format: the end" grep '^{"event":"end","stop":"end_turn","stop_word":"[a-z_]*","stop_sequence":null,"usage":{"input_tokens":10,' "$of to events.out"
    expect "convert $format: blocks" grep '^{"event":"block","index":0,"block":{"type":"text","text":""}}$' "$of to events.out"
    check "convert $format: a call" 0 '^{"event":"block_end","index":[0-9]*,"block":{"type":"tool_use","id":.*"input":{.*}' '' convert --from $format --to events --what reply "$dir/$format.tool.reply"
    check "convert $format: an error" 3 '^{"type":"error","error":{"type":"rate_limit_error","message":"..*"}' '' convert --from $format --what error --status 429 "$dir/$format.rate_limit.reply"
    check "convert $format: an error as a reply" 3 '"error":{"type":"rate_limit_error"' 'llmprov: ' convert --from $format --to anthropic-messages --what reply --status 429 "$dir/$format.rate_limit.reply"
    check "convert $format: an error as a message" 3 '"content":\[\]' 'llmprov: ' convert --from $format --to anthropic-messages --gather --what reply --status 429 "$dir/$format.rate_limit.reply"
    check "convert $format: an error in a stream to a stream" 3 '^data: {"type":"error","error":' 'llmprov: ' convert --from $format --to anthropic-messages --what stream "$dir/$format.error_in_stream.stream"
    check "convert $format: an error in a stream" 3 '^{"event":"error","error":{"type":"[a-z_]*","message":"..*"}}$' '^llmprov: ' convert --from $format --to events --what stream "$dir/$format.error_in_stream.stream"
    head -c 1500 "$dir/$format.hello.stream" > "$dir/cut"
    check "convert $format: a cut stream" 3 '"text":"Hello' '^llmprov: .*ended' convert --from $format --gather --what stream "$dir/cut"
    echo '<html>' > "$dir/cut"
    check "convert $format: no reply" 2 '"event":"error"' 'cut: .*not JSON' convert --from $format --to events --what reply "$dir/cut"
done
check 'convert: which format' 1 '' '--from' convert --what reply
check 'convert: which form' 1 '' '--what' convert --from openai-chat
check 'convert: unknown format' 1 '' 'nope' convert --from nope --what reply
check 'convert: by a row' 0 '"type":"message"' '' convert -p deepseek --to anthropic-messages --gather --what reply "$dir/openai-chat.hello.reply"
check 'convert: status' 1 '' '--status' convert --from openai-chat --what error --status 99 "$dir/cut"
check 'convert: to' 1 '' '--to' convert --from openai-chat --what reply --to xml "$dir/cut"

# -- over the loopback ---------------------------------------------------------------------

tries=0
until port=$(sed -n 's/^listening on .*://p' "$dir/port") && [ -n "$port" ]; do
    tries=$((tries + 1))
    [ $tries -lt 50 ] || { echo "loop: the mock server does not start: $(cat "$dir/mock.err")" >&2; exit 1; }
    sleep 0.1 2> /dev/null || sleep 1
done
url=http://127.0.0.1:$port
export ANTHROPIC_API_KEY=demo OPENAI_API_KEY=demo
# the smallest PNG, as far as its first bytes go
printf '\211PNG\r\n\032\n0000IHDR' > "$dir/dot.png"

# Those that wait for a retry run beside the others.
waiting=
later() {
    (check "$@") &
    waiting="$waiting $!"
}
retries() {
    for p in $formats; do
        c="chat -p $p --base-url $url"
        for how in seconds ms imf rfc850 asctime far drop reset; do
            later "$1 $p: again after $how" 0 'Hello!' 'trying again' $c -m "$1-$how" hi
        done
        later "$1 $p: cut at once" 3 '*' '^llmprov: ' $c -m cut-early hi
        later "$1 $p: a whole reply cut" 3 '' '^llmprov: ' $c -m cut-early --no-stream hi
        later "$1 $p: always limited" 3 '' '^llmprov: .*limit' $c -m limited hi
    done
    later "$1: overloaded" 0 'Hello!' 'trying again' chat -p anthropic --base-url "$url" -m "$1-overloaded" hi
    later "$1: nobody there" 3 '' '^llmprov: .*onnect' chat -p openai --base-url http://127.0.0.1:1 hi
}

# talk NAME PROVIDER: everything that takes no time
talk() {
    c="chat -p $2 --base-url $url"
    check "$1 $2: stream" 0 '^Hello! This is the .* mock. I have seen 1 message' '' $c 'Good day'
    check "$1 $2: whole" 0 '^Hello! This is the .* mock. I have seen 1 message' '' $c --no-stream 'Good day'
    check "$1 $2: system" 0 '^Hello!' '' $c --system='Be kind' -- '-p'
    check "$1 $2: events" 0 '^{"event":"end","stop":"end_turn"' '' $c --json 'Good day'
    check "$1 $2: message" 0 '^{"id":".*"role":"assistant".*"stop_reason":"end_turn"' '' $c --json --no-stream 'Good day'
    check "$1 $2: a tool with arguments" 0 '^The tool says: 42$' '^llmprov: tool add {.*} -> 42$' $c --tool-demo 'What is 2 plus 40?'
    check "$1 $2: a tool without, whole" 0 '^The tool says: 20..-..-..T' '^llmprov: tool time {} -> 20' $c --no-stream --tool-demo 'What time is it?'
    check "$1 $2: an image" 0 'Hello!' '' $c --image "$dir/dot.png" 'What a picture'
    check "$1 $2: save" 0 'seen 1 message' '' $c --save "$dir/talk" 'I am Ada'
    check "$1 $2: load" 0 'seen 3 messages.*I am Ada' '' $c --load "$dir/talk" --save "$dir/talk" 'Go on'
    printf 'one\n\ntwo\n/quit\nthree\n' > "$dir/in"
    check "$1 $2: a conversation" 0 'seen 7 messages.*I am Ada' '' $c --load "$dir/talk" --save "$dir/talk"
    : > "$dir/in"
    expect "$1 $2: its history" grep '"one".*"two".*mock.*seen 7' "$dir/talk"
    check "$1 $2: cut" 3 '^Hello!' '^llmprov: ' $c -m cut hi
    check "$1 $2: an error in the stream" 3 '*' '^llmprov: ' $c -m stream-error hi
    check "$1 $2: garbage" 3 'Hello' 'not JSON' $c -m garbage hi
    check "$1 $2: byte by byte" 0 'Café.*"quoted", back.slash' '*' $c -m one-byte hi
    check "$1 $2: CRLF" 0 'good to hear from you' '*' $c -m crlf hi
    check "$1 $2: no terminal event" 3 'good to hear from you' 'before the provider said' $c -m no-terminal hi
    check "$1 $2: until the end of the connection" 0 'good to hear' '*' $c -m to-close hi
    check "$1 $2: whole until then" 0 'good to hear' '*' $c -m to-close --no-stream hi
    check "$1 $2: a whole reply in chunks" 0 'good to hear' '*' $c -m chunked --no-stream hi
    check "$1 $2: x-should-retry: false" 3 '' '^llmprov: .*imit' $c -m never hi
}

retries curl
for p in $formats; do talk curl $p; done
expect 'the image arrived' sh -c "grep -l iVBORw0KGgo '$dir'/record/* | grep -q ."

wait $building
name='plain sockets compile' at=$dir/plain why=
: > "$at.out"
[ "$(cat "$dir/plain.code")" = 0 ] || why='the compiler failed'
verdict
if [ -z "$why" ]; then
    program=$dir/plain
    retries plain
    for p in $formats; do talk plain $p; done
    check 'plain: https' 3 '' 'TLS needs libcurl' chat -p openai --base-url https://127.0.0.1:1 hi
fi
wait $waiting

passed=$(grep -c . "$dir/passed") failed=$(cat "$dir/failed" 2> /dev/null | grep -c .)
echo "loop: $passed passed, $failed failed"
[ "$failed" = 0 ]
