#!/bin/sh
# A demonstration over real HTTP, without a key: the mock server plays Anthropic and OpenAI. Run by `make demo` from the
# project's root; needs build/llmprov and build/mock. Each step is checked; the first that fails ends it.
set -u
llmprov=build/llmprov
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
export ANTHROPIC_API_KEY=demo OPENAI_API_KEY=demo
limit=
if command -v timeout > /dev/null; then limit='timeout 10'; fi

mkfifo "$dir/hold" || exit 1
echo '{"answers":[{"gap_ms":25}]}' > "$dir/script"
build/mock --until-eof --lifetime 30 --script "$dir/script" < "$dir/hold" > "$dir/mock" 2> "$dir/mock.err" &
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

# step TITLE EXPECTED ARGUMENTS...: shows a command, runs it, and looks for what it must have said
step() {
    title=$1 expected=$2
    shift 2
    printf '\n-- %s\n$ llmprov' "$title"
    for word; do
        case $word in
        *' '*) printf ' "%s"' "$word" ;;
        *) printf ' %s' "$word" ;;
        esac
    done
    echo
    { $limit $llmprov "$@" 3>&- 2>&1 < /dev/null; echo $? > "$dir/code"; } | tee "$dir/out"
    [ "$(cat "$dir/code")" = 0 ] || fail "that ended with exit code $(cat "$dir/code")"
    grep "$expected" "$dir/out" > /dev/null || fail "that should have said: $expected"
}

echo "The mock server listens on $url. The keys are ANTHROPIC_API_KEY=demo and OPENAI_API_KEY=demo."
for provider in anthropic openai; do
    step "$provider: an answer, streamed" 'I have seen 1 message' chat -p $provider --base-url "$url" 'Good morning.'
    step "$provider: a tool is called, run and answered" 'The tool says: 42' chat -p $provider --base-url "$url" --tool-demo 'What is 19 plus 23?'
done
step 'a conversation begins with one provider, and is saved' 'anthropic-messages mock' \
    chat -p anthropic --base-url "$url" --save "$dir/talk.json" 'My name is Ada.'
step 'and goes on with the other, which sees all of it' 'openai-chat mock.*seen 3 messages.*My name is Ada' \
    chat -p openai --base-url "$url" --load "$dir/talk.json" --save "$dir/talk.json" 'Go on.'
step 'and back again' 'anthropic-messages mock.*seen 5 messages' \
    chat -p anthropic --base-url "$url" --load "$dir/talk.json" 'And now?'

sed '1,/^$/d' tests/wire/openai-chat/tool/stream.txt > "$dir/stream.txt"
step 'a recorded stream of one format becomes one of the other' '^data: {"type":"message_stop"}' \
    convert --from openai-chat --to anthropic-messages --what stream "$dir/stream.txt"

# serve PROVIDER: examples/server.c in front of the mock, for clients of either API; sets `url` to its address
behind=$url
serve() {
    $gateway --provider "$1" --base-url "$behind" > "$dir/$1" 2> "$dir/$1.err" 3>&- < /dev/null &
    gateways="$gateways $!"
    where "$1"
}
serve openai
step 'a gateway: a client of the one API, a provider of the other behind it' 'openai-chat mock.*I have seen 1 message' \
    chat -p anthropic --base-url "$url" 'Good evening.'
serve anthropic
step 'and the other way round, with a tool' 'The tool says: 42' \
    chat -p openai --base-url "$url" --tool-demo 'What is 19 plus 23?'

cat <<END

Everything worked. The same with a real key (https needs a build with libcurl, which \`make\` makes when it is there):
  ANTHROPIC_API_KEY=sk-... build/llmprov chat -p anthropic --tool-demo "What is 19 plus 23?"
and with a server on your own machine, llama-server for one:
  build/llmprov chat -p llama.cpp --base-url http://127.0.0.1:8080 "Good morning."
END
