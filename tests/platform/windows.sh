#!/bin/sh
# Windows, by cross compilers and Wine: the tests, the command line and its conversations, and the WinHTTP transport
# against a server that does everything wrong, held to what libcurl makes of the same. Run by `make windows` from the
# project's root; needs build/test, build/llmprov, build/mock and build/examples/server. Everything is put into build/,
# Wine's own files into build/wine.
set -u
# Nothing of the caller's: keys, base URLs and proxies are variables.
[ "${1:-}" = clean ] || exec env -i PATH="$PATH" TMPDIR="${TMPDIR:-/tmp}" CC="${CC:-cc}" CI="${CI:-}" SHARED="${SHARED:-../shared}" sh "$0" clean
to=build/windows
export LC_ALL=C.UTF-8 WINEPREFIX="$PWD/build/wine" WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml='
missed=0
skip() {
    echo "skipped: windows: $1"
    [ "$CI" != true ] || missed=1
}
there() { command -v "$1" > /dev/null; }
for tool in x86_64-w64-mingw32-gcc wine; do
    there $tool || { skip "there is no $tool"; exit $missed; }
done

mkdir -p $to
rm -rf ${to:?}/*
slow=60                          # seconds that a program may take to start on a busy machine
program=$to/llmprov
formats=$(build/llmprov formats) || exit 1
. tests/loop_parts.sh
stop_wine() {
    finish
    timeout 20 wineserver -k
}
trap stop_wine EXIT

# What wine runs, as a command.
command_of() {
    printf '#!/bin/sh\nexec wine %s.exe "$@"\n' "$1" > "$1"
    chmod +x "$1"
}

# -- compiled ------------------------------------------------------------------------------

warn='-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror'
mingw="x86_64-w64-mingw32-gcc -std=c99"
printf '#define LLMPROV_IMPLEMENTATION\n#include "../../llmprov.h"\n' > $to/impl.c
expect 'mingw: the implementation' $mingw $warn -O0 -DLLMPROV_WINHTTP -c -o $to/impl.o $to/impl.c
expect 'mingw: the command line' $mingw -Wall -Wextra -Werror -municode -O0 -DLLMPROV_WINHTTP -DLLMPROV_APART -I. -o $to/llmprov.exe tools/llmprov.c $to/impl.o -lwinhttp
expect 'mingw: the transport' $mingw -Wall -Wextra -Werror -O0 -DLLMPROV_WINHTTP -o $to/transport.exe tests/platform/transport.c -lwinhttp
expect 'mingw: the tests' $mingw -Wall -Wextra -Werror -Og -o $to/test.exe tests/test_all.c
for example in hello history provider stream tools; do
    expect "mingw: examples/$example.c" $mingw -Wall -Wextra -Werror -O0 -DLLMPROV_WINHTTP -I. -o $to/$example.exe examples/$example.c -lwinhttp
done
command_of $to/llmprov
if there i686-w64-mingw32-gcc; then
    i686="i686-w64-mingw32-gcc -std=c99"
    expect 'i686: the implementation' $i686 $warn -O0 -DLLMPROV_WINHTTP -c -o $to/impl32.o $to/impl.c
    expect 'i686: the command line' $i686 -Wall -Wextra -Werror -municode -O0 -DLLMPROV_WINHTTP -DLLMPROV_APART -I. -o $to/llmprov32.exe tools/llmprov.c $to/impl32.o -lwinhttp
    expect 'i686: the tests' $i686 -Wall -Wextra -Werror -O0 -o $to/test32.exe tests/test_all.c
else skip 'there is no i686-w64-mingw32-gcc'
fi

# MSVC's ABI: clang with Wine's headers and libraries, whose entry into ucrtbase has other names for _find*.
headers=/usr/include/wine/wine
libraries=/usr/lib/x86_64-linux-gnu/wine/x86_64-windows
link=$(ls /usr/bin/lld-link /usr/bin/lld-link-[0-9]* 2> /dev/null | head -n 1)
msvc=
if there clang && [ -n "$link" ] && [ -f $headers/windows/winhttp.h ] && [ -f $libraries/libwinhttp.a ]; then
    msvc="clang --target=x86_64-pc-windows-msvc -fms-compatibility-version=19.29 -nostdinc -isystem $headers/msvcrt -isystem $headers/windows
        -isystem $(clang -print-resource-dir)/include -D_UCRT -D_findfirst=_findfirst64i32 -D_findnext=_findnext64i32 -std=c99"
    link_msvc() {
        out=$1 entry=$2
        shift 2
        $link /out:$out /subsystem:console /entry:$entry /nodefaultlib "$@" $libraries/libwinecrt0.a $libraries/libucrtbase.a \
            $libraries/libwinhttp.a $libraries/libkernel32.a $libraries/libntdll.a
    }
    narrowing='-Wall -Wextra -Wconversion -Wshorten-64-to-32 -Wsign-compare -Wshadow -Wformat -Werror'
    expect 'MSVC: the implementation' $msvc $narrowing -O0 -DLLMPROV_WINHTTP -c -o $to/impl.obj $to/impl.c
    expect 'MSVC: the command line' $msvc $narrowing -O0 -DLLMPROV_WINHTTP -DLLMPROV_APART -I. -c -o $to/llmprov.obj tools/llmprov.c
    expect 'MSVC: the command line is linked' link_msvc $to/msvc.exe wmainCRTStartup $to/llmprov.obj $to/impl.obj
    expect 'MSVC: the tests' $msvc -O0 -c -o $to/test.obj tests/test_all.c
    expect 'MSVC: the tests are linked' link_msvc $to/test-msvc.exe mainCRTStartup $to/test.obj
    command_of $to/msvc
else skip "there are no clang, lld and Wine's headers"
fi

# -- the tests -----------------------------------------------------------------------------

timeout 60 wine $to/llmprov.exe --version > $to/version 2>&1       # which makes Wine's files, if they are not there
(timeout 600 build/test > $to/test.native 2>&1
timeout 600 wine $to/test.exe 2>&1 | tr -d '\r' > $to/test.wine
[ -z "$msvc" ] || timeout 900 wine $to/test-msvc.exe 2>&1 | tr -d '\r' > $to/test.msvc) &
suites=$!

# -- the command line ----------------------------------------------------------------------

start_mock winhttp
where mock
url=http://127.0.0.1:$port
set_keys
retries winhttp 'anthropic-messages bedrock-converse'
for format in anthropic-messages bedrock-converse; do talk winhttp $format; done
beyond='Größe 日本'
check 'a name beyond ASCII' 0 'seen 1 message' '' chat -p openai --base-url "$url" --save "$dir/$beyond.json" -- "$beyond"
check 'is read again' 0 "seen 3 messages.*$beyond" '' chat -p openai --base-url "$url" --load "$dir/$beyond.json" 'Go on'
expect 'and is there by that name' grep "$beyond" "$dir/$beyond.json"
for format in $formats; do
    body $format/tool/reply.txt > "$dir/reply"
    expect "convert $format: the same bytes as here" sh -c "
        build/llmprov convert --from $format --to anthropic-messages --what reply '$dir/reply' > '$dir/here' &&
        $to/llmprov convert --from $format --to anthropic-messages --what reply < '$dir/reply' > '$dir/there' && cmp '$dir/here' '$dir/there'"
done
if [ -n "$msvc" ]; then
    program=$to/msvc
    for format in $formats; do
        p=$(provider_of $format)
        check "MSVC $p: stream" 0 "^Hello! This is the $format mock.*$beyond" '*' chat -p $p --base-url "$url" "$beyond"
        check "MSVC $p: a tool" 0 '^The tool says: 42$' '^llmprov: tool add {.*} -> 42$' chat -p $p --base-url "$url" --tool-demo 'What is 2 plus 40?'
    done
    check 'MSVC: nobody there' 3 '' '^llmprov: .*12029' chat -p openai --base-url http://127.0.0.1:1 hi
    program=$to/llmprov
fi
wait $waiting
expect 'the demonstration' env LLMPROV=$to/llmprov slow=$slow TMPDIR="$TMPDIR" sh tools/demo.sh

# -- the transport -------------------------------------------------------------------------

# serve NAME ARGUMENTS...: starts the server; sets `ports`
serve() {
    seen=$to/$1.seen
    shift
    : > $seen
    rm -f "$dir/serving"
    mkfifo "$dir/serving"
    python3 tests/platform/server.py "$@" < "$dir/serving" >> $seen 2> $seen.err 3>&- &
    server=$!
    exec 4> "$dir/serving"
    tries=0
    until ports=$(sed -n 's/^ports //p' $seen) && [ -n "$ports" ]; do
        tries=$((tries + 1))
        [ $tries -lt 100 ] || { echo "windows: the server does not start: $(cat $seen.err)" >&2; exit 1; }
        sleep 0.1
    done
}
serve_no_more() {
    exec 4>&-
    wait $server
}

# asked NAME COMMAND...: what the transport made of everything, and what the server saw of it
asked() {
    transport=$1
    shift
    timeout 300 "$@" 2> $to/$transport.err 3>&- 4>&- < /dev/null | tr -d '\r' > $to/$transport.all
    serve_no_more
    # What is cut by a reset is an error to both, which WinHTTP does not tell from one that just ends; and how long a
    # connection or the way to a proxy is kept, over which a request that was dropped is sent again, is each its own affair.
    grep -v -e '^reset: ' -e '^refused by WinHTTP: ' $to/$transport.all > $to/$transport.said
    sed -n "s/ connection [0-9]*//; /^http /!d; /\/refused\//d; /\/drop\//d; p" $seen | sort > $to/$transport.asked
}

# the_same A B: two transports
the_same() {
    expect "$2: ends as $1 does" diff $to/$1.said $to/$2.said
    expect "$2: asks as $1 does" diff $to/$1.asked $to/$2.asked
    expect "$2: a reset" grep -x 'reset: the reply ended before the provider said it was complete, http 200.*' $to/$2.all
    expect "$2: asks a proxy" grep -q '^proxy ' $seen
    expect "$2: nothing goes to another origin" sh -c "! grep -e '^other ' -e stolen $seen"
    expect "$2: a connection is used again" sh -c "[ \$(sed -n 's/.* \/cookie\/.* \(connection [0-9]*\) .*/\1/p' $seen | uniq | wc -l) = 1 ]"
}

curl=$(pkg-config --cflags --libs libcurl 2> /dev/null)
if [ -z "$curl" ] || ! there python3; then skip 'there is no libcurl to compare with, or no python3'
else
    expect 'libcurl: the transport' $CC -std=c99 -O0 -DLLMPROV_CURL -o $to/transport tests/platform/transport.c $curl -pthread
    serve curl
    asked curl $to/transport $ports
    serve winhttp
    asked winhttp wine $to/transport.exe $ports
    the_same curl winhttp
    grep '^refused by WinHTTP: ' $to/winhttp.all > $to/refused
    expect 'what WinHTTP cannot is refused in words' diff $to/refused tests/platform/refused.txt
    if [ -n "$msvc" ]; then
        expect 'MSVC: the transport' $msvc -O0 -w -DLLMPROV_WINHTTP -c -o $to/transport.obj tests/platform/transport.c
        expect 'MSVC: the transport is linked' link_msvc $to/transport-msvc.exe mainCRTStartup $to/transport.obj
        serve msvc
        asked msvc wine $to/transport-msvc.exe $ports
        the_same curl msvc
    fi

    # TLS: a CA of our own, which is nobody's, and then among those that the system trusts.
    if there openssl && there unshare && unshare -m true 2> /dev/null && [ -f /etc/ssl/certs/ca-certificates.crt ]; then
        (cd "$dir" && printf 'subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n' > ext &&
        openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj '/CN=A CA of llmprov' &&
        openssl req -newkey rsa:2048 -nodes -keyout key.pem -out request -subj /CN=localhost &&
        openssl x509 -req -in request -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out cert.pem &&
        cat /etc/ssl/certs/ca-certificates.crt ca.pem > bundle.pem) > $to/openssl 2>&1
        serve untrusted "$dir/cert.pem" "$dir/key.pem"
        at=$dir/untrusted
        check 'a certificate of nobody is refused' 3 '' '^llmprov: TLS failed: .*certificate was not accepted' chat -p openai --base-url https://localhost:${ports%% *}/stream hi
        expect 'and no key was sent' sh -c "! grep '^http POST' $seen"
        serve_no_more
        serve curl-tls "$dir/cert.pem" "$dir/key.pem"
        asked curl-tls $to/transport $ports "$dir/ca.pem"
        serve winhttp-tls "$dir/cert.pem" "$dir/key.pem"
        asked winhttp-tls unshare -m sh -c 'mount --bind "$0" /etc/ssl/certs/ca-certificates.crt && exec wine "$@"' "$dir/bundle.pem" \
            $to/transport.exe $ports tls
        the_same curl-tls winhttp-tls
    else skip 'TLS needs openssl, unshare, its rights, and /etc/ssl/certs/ca-certificates.crt'
    fi
fi

# -- the tests, once they are through -------------------------------------------------------

wait $suites
grep -v '^skipped: ' $to/test.native > $to/test.expected
for suite in wine msvc; do
    [ -f $to/test.$suite ] || continue
    grep '^skipped: ' $to/test.$suite | sed "s/^/windows: $suite: /"
    grep -v '^skipped: ' $to/test.$suite > $to/test.got
    expect "the tests say the same: $suite" diff $to/test.expected $to/test.got
    expect "as many tests as here, and none failed: $suite" grep -x '[1-9][0-9]* tests, [0-9]* checks, [0-9]* allocation-failure runs, 0 failed' $to/test.got
    expect "the same are skipped: $suite" sh -c "[ \"\$(grep -c '^skipped: ' $to/test.$suite)\" = \"\$(grep -c '^skipped: ' $to/test.native)\" ]"
done
echo "windows: $(cat $to/test.got)"
verdicts windows && [ $missed = 0 ]
