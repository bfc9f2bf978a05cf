# What tests/loop.sh and tests/platform/windows.sh share: a program is run and what it says is checked, and the mock server
# answers it. Sourced from the project's root; `program` is the command line that is tried, `formats` its wire formats,
# `slow` how many seconds it may take (10).

dir=$(mktemp -d "$TMPDIR/llmprov-loop.XXXXXX") || exit 1
mock= gateways=
finish() {
    exec 3>&-
    [ -z "$mock$gateways" ] || kill $mock $gateways 2> /dev/null
    wait
    rm -rf "$dir"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

limit=
if command -v timeout > /dev/null; then limit="timeout ${slow:-10}"; fi
. tools/providers.sh

# the smallest PNG, as far as its first bytes go
printf '\211PNG\r\n\032\n0000IHDR' > "$dir/dot.png"

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

body() { sed '1,/^$/d' "tests/wire/$1"; }
answers=
add() {
    answers="$answers{\"if\":{\"model\":\"$1\"},$2},"
}

# start_mock TRANSPORT...: for each of these it fails in every way once, and then answers
start_mock() {
    late='"case":"rate_limit","headers":{"retry-after":null,"retry-after-ms":null,"x-should-retry":null}'
    # once: for each transport and format
    for transport; do
        for format in $formats; do
            of="\"format\":\"$format\""
            add "$transport-seconds" "$of,$late,\"retry_after\":\"0.02\""
            add "$transport-ms" "$of,$late,\"retry_after_ms\":\"20\""
            for form in imf rfc850 asctime; do add "$transport-$form" "$of,$late,\"retry_in\":1,\"retry_form\":\"$form\""; done
            add "$transport-far" "$of,$late,\"retry_after\":\"3600\""
            add "$transport-drop" "$of,\"drop\":true"
            add "$transport-reset" "$of,\"drop\":true,\"reset\":true"
            busy=overloaded
            [ -d tests/wire/$format/$busy ] || busy=unavailable
            add "$transport-overloaded" "$of,\"case\":\"$busy\",\"retry_after_ms\":\"20\""
        done
    done
    add proxy-overloaded '"format":"legacyuse","case":"overloaded","retry_after_ms":"20"'
    # always
    always='"times":1000000'
    for format in $formats; do
        most=$(($(body $format/hello/stream.txt | wc -c) * 2 / 3))
        add cut "$always,\"format\":\"$format\",\"case\":\"hello\",\"cut\":$most"
    done
    add never "$always,$late,\"retry_after_ms\":\"20\",\"should_retry\":\"false\""
    add limited "$always,$late,\"retry_after_ms\":\"20\""
    add cut-early "$always,"'"cut":20,"reset":true'
    add stream-error "$always,"'"case":"error_in_stream"'
    add garbage "$always,"'"garbage":40'
    add one-byte "$always,"'"one_byte":true'
    add crlf "$always,"'"crlf":true'
    add no-terminal "$always,"'"no_terminal":true'
    add bad-crc "$always,"'"bad_crc":true'
    add to-close "$always,"'"chunked":false,"keep_alive":false'
    add chunked "$always,"'"chunked":true'
    add late "$always,"'"delay_ms":50,"gap_ms":2'
    printf '{"answers":[%s{}]}\n' "$answers" > "$dir/script"
    : > "$dir/in"
    : > "$dir/mock.port"
    mkfifo "$dir/hold" && mkdir "$dir/record" || exit 1
    build/mock --until-eof --lifetime $((6 * ${slow:-10})) --script "$dir/script" --record "$dir/record" --log "$dir/log" < "$dir/hold" > "$dir/mock.port" 2> "$dir/mock.err" &
    mock=$!
    exec 3> "$dir/hold"
}

# where NAME: sets `port` to the one that a program has printed to $dir/NAME.port
where() {
    tries=0
    until port=$(sed -n 's/^listening on .*://p' "$dir/$1.port") && [ -n "$port" ]; do
        tries=$((tries + 1))
        [ $tries -lt 50 ] || { echo "loop: $1 does not start: $(cat "$dir/$1.err")" >&2; exit 1; }
        sleep 0.1 2> /dev/null || sleep 1
    done
}

# -- what is checked of every transport -----------------------------------------------------

# Those that wait for a retry run beside the others.
waiting=
later() {
    (check "$@") &
    waiting="$waiting $!"
}
retries() {
    for format in $2; do
        p=$(provider_of $format) || exit 1
        c="chat -p $p --base-url $url"
        for how in seconds ms imf rfc850 asctime far drop reset overloaded; do
            later "$1 $p: again after $how" 0 'Hello!' 'trying again' $c -m "$1-$how" hi
        done
        later "$1 $p: cut at once" 3 '*' '^llmprov: ' $c -m cut-early hi
        later "$1 $p: a whole reply cut" 3 '' '^llmprov: ' $c -m cut-early --no-stream hi
        later "$1 $p: always limited" 3 '' '^llmprov: ' $c -m limited hi
    done
    later "$1: nobody there" 3 '' '^llmprov: .*onnect' chat -p openai --base-url http://127.0.0.1:1 hi
}

# talk NAME FORMAT: everything that takes no time
talk() {
    p=$(provider_of $2) || exit 1
    c="chat -p $p --base-url $url"
    check "$1 $p: stream" 0 "^Hello! This is the $2 mock. I have seen 1 message" '' $c 'Good day'
    check "$1 $p: whole" 0 "^Hello! This is the $2 mock. I have seen 1 message" '' $c --no-stream 'Good day'
    check "$1 $p: system" 0 '^Hello!' '' $c --system='Be kind' -- '-p'
    check "$1 $p: events" 0 '^{"event":"end","stop":"end_turn"' '' $c --json 'Good day'
    check "$1 $p: message" 0 '^{"id":.*"role":"assistant".*"stop_reason":"end_turn"' '' $c --json --no-stream 'Good day'
    check "$1 $p: a tool with arguments" 0 '^The tool says: 42$' '^llmprov: tool add {.*} -> 42$' $c --save "$dir/$2.talk" --tool-demo 'What is 2 plus 40?'
    check "$1 $p: a tool without, whole" 0 '^The tool says: 20..-..-..T' '^llmprov: tool time {} -> 20' $c --no-stream --tool-demo 'What time is it?'
    check "$1 $p: an image" 0 'Hello!' '' $c --image "$dir/dot.png" 'What a picture'
    check "$1 $p: save" 0 'seen 1 message' '' $c --save "$dir/talk" 'I am Ada'
    check "$1 $p: load" 0 'seen 3 messages.*I am Ada' '' $c --load "$dir/talk" --save "$dir/talk" 'Go on'
    printf 'one\n\ntwo\n/quit\nthree\n' > "$dir/in"
    check "$1 $p: a conversation" 0 'seen 7 messages.*I am Ada' '' $c --load "$dir/talk" --save "$dir/talk"
    : > "$dir/in"
    expect "$1 $p: its history" grep '"one".*"two".*mock.*seen 7' "$dir/talk"
    check "$1 $p: cut" 3 '^Hello' '^llmprov: ' $c -m cut hi
    check "$1 $p: an error in the stream" 3 '*' '^llmprov: ' $c -m stream-error hi
    check "$1 $p: garbage" 3 'Hello' 'not JSON' $c -m garbage hi
    check "$1 $p: byte by byte" 0 'with "Café, "quoted", back\\slash, 漢字".$' '*' $c -m one-byte 'Café, "quoted", back\slash, 漢字'
    check "$1 $p: CRLF" 0 'began with "hi".$' '*' $c -m crlf hi
    check "$1 $p: no terminal event" 3 'began with "hi".$' 'before the provider said' $c -m no-terminal hi
    check "$1 $p: until the end of the connection" 0 'began with "hi".$' '*' $c -m to-close hi
    check "$1 $p: whole until then" 0 'began with "hi".$' '*' $c -m to-close --no-stream hi
    check "$1 $p: a whole reply in chunks" 0 'began with "hi".$' '*' $c -m chunked --no-stream hi
    check "$1 $p: late" 0 'began with "hi".$' '*' $c -m late hi
    check "$1 $p: x-should-retry: false" 3 '' '^llmprov: ' $c -m never hi
}

# The last line, and the exit code.
verdicts() {
    wait $waiting
    passed=$(grep -c . "$dir/passed") failed=$(cat "$dir/failed" 2> /dev/null | grep -c .)
    echo "$1: $passed passed, $failed failed"
    [ "$failed" = 0 ]
}
