#!/bin/sh
# A demonstration over real HTTP, without a key: the mock server plays a provider of each wire format. Run by `make demo`
# from the project's root; needs build/llmprov, build/mock and build/examples/server. Each step is checked; the first that
# fails ends it. LLMPROV is another command line, `slow` how many seconds a step of it may take.
set -u
llmprov=${LLMPROV:-build/llmprov}
gateway=build/examples/server
[ -x $llmprov ] && [ -x build/mock ] && [ -x $gateway ] || { echo "demo: run \`make demo\` from the project's root" >&2; exit 1; }

dir=$(mktemp -d "${TMPDIR:-/tmp}/llmprov-demo.XXXXXX") || exit 1
mock= gateways=
# The mock ends when the pipe to its stdin does, so it ends with this script, however that ends.
finish() {
    exec 3>&-
    [ -z "$mock$gateways" ] || kill $mock $gateways 2> /dev/null
    wait
    rm -rf "$dir"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

fail() {
    echo "demo: $1" >&2
    exit 1
}

unset http_proxy HTTP_PROXY all_proxy ALL_PROXY
. tools/providers.sh
set_keys
limit=
if command -v timeout > /dev/null; then limit="timeout ${slow:-10}"; fi

mkfifo "$dir/hold" || exit 1
echo '{"answers":[{"gap_ms":10}]}' > "$dir/script"
: > "$dir/mock"
build/mock --until-eof --lifetime $((3 * ${slow:-10})) --script "$dir/script" < "$dir/hold" > "$dir/mock" 2> "$dir/mock.err" &
mock=$!
exec 3> "$dir/hold"

# where NAME: sets `url` to the address that a server has printed to $dir/NAME
where() {
    tries=0
    until url=$(sed -n 's/^listening on .*:/http:\/\/127.0.0.1:/p' "$dir/$1") && [ -n "$url" ]; do
        tries=$((tries + 1))
        [ $tries -lt 50 ] || fail "the server does not start: $(cat "$dir/$1" "$dir/$1.err")"
        sleep 0.1 2> /dev/null || sleep 1
    done
}
where mock

# show WORD...: a command as one would type it, without the address that is the same in all
show() {
    printf '$ llmprov'
    skip=
    for word; do
        case $skip$word in
        --base-url) skip=yes ;;
        yes*) skip= ;;
        *' '*) printf ' "%s"' "$word" ;;
        "$dir"/*) printf ' %s' "${word##*/}" ;;
        *) printf ' %s' "$word" ;;
        esac
    done
    echo
}

# step EXPECTED ARGUMENTS...: shows a command, runs it, and looks for what it must have said
step() {
    expected=$1
    shift
    show "$@"
    { $limit $llmprov "$@" 3>&- 2>&1 < /dev/null; echo $? > "$dir/code"; } | tee "$dir/out"
    [ "$(cat "$dir/code")" = 0 ] || fail "that ended with exit code $(cat "$dir/code")"
    grep "$expected" "$dir/out" > /dev/null || fail "that should have said: $expected"
}

title() { printf '\n-- %s\n' "$1"; }

echo "The mock server listens on $url: each command is given --base-url $url, and the keys are all \"demo\"."
echo "Of each wire format: an answer, streamed; then a tool that is called, run and answered."
for format in $($llmprov formats); do
    p=$(provider_of $format) || exit 1
    title "$format"
    step "This is the $format mock. I have seen 1 message" chat -p $p --base-url "$url" 'Good morning.'
    step 'The tool says: 42' chat -p $p --base-url "$url" --tool-demo 'What is 19 plus 23?'
done

title 'a model that says what it does in words of its own: UI-TARS operates a computer by the same tool as the others'
step 'The network settings are open' chat -p uitars --base-url "$url" --computer-demo 'Open the network settings.'

title 'one conversation, begun with one provider and gone on with each of the others'
seen=1 load='' say='My name is Ada.'
for format in $($llmprov formats) anthropic-messages; do
    p=$(provider_of $format) || exit 1
    step "$format mock.*seen $seen message.*My name is Ada" \
        chat -p $p --base-url "$url" $load --save "$dir/talk.json" "$say"
    seen=$((seen + 2)) load="--load $dir/talk.json" say='Go on.'
done

title 'a recorded stream of one format, as a message of another'
sed '1,/^$/d' tests/wire/openai-chat/tool/stream.txt > "$dir/stream.txt"
step '"type":"tool_use"' convert --from openai-chat --to anthropic-messages --gather --what stream "$dir/stream.txt"

# serve PROVIDER: examples/server.c in front of the mock, for clients of either API; sets `url` to its address
behind=$url
serve() {
    : > "$dir/$1"
    $gateway --provider "$1" --base-url "$behind" > "$dir/$1" 2> "$dir/$1.err" 3>&- < /dev/null &
    gateways="$gateways $!"
    where "$1"
}
serve openai
title 'a gateway: a client of the one API, a provider of the other behind it; and the other way round, with a tool'
step 'openai-chat mock.*I have seen 1 message' chat -p anthropic --base-url "$url" 'Good evening.'
serve anthropic
step 'The tool says: 42' chat -p openai --base-url "$url" --tool-demo 'What is 19 plus 23?'

cat <<END

Everything worked. The same with a real key (https needs a build with libcurl, which \`make\` makes when it is there):
  ANTHROPIC_API_KEY=sk-... build/llmprov chat -p anthropic --tool-demo "What is 19 plus 23?"
and with a server on your own machine, llama-server for one:
  build/llmprov chat -p llama.cpp --base-url http://127.0.0.1:8080 "Good morning."
END
