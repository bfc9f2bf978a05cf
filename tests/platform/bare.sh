#!/bin/sh
# Bare metal: examples/uart.c as it would run on a device, in one static block, without heap, stdio and clock, on a Cortex-M3
# (picolibc and newlib-nano) and an RV32 under QEMU. On the other side of its serial line are a peer whose bytes are known,
# our mock in every wire format, and a real llama-server. An AVR runs what is hard with small numbers; it and an Xtensa
# compile the header. Run by `make baremetal` from the project's root; needs build/mock. Ends with "baremetal: N passed, N failed".
set -u
SHARED=${SHARED:-../shared}
. tests/platform/bare/board.sh

passed=0 failed=0 servers=
finish() {
    exec 3>&-
    [ -z "$servers" ] || kill $servers 2> /dev/null
    wait
    [ -z "${peer_dir:-}" ] || rm -rf "$peer_dir"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

skip() {
    echo "skipped: baremetal: $1"
    [ "${CI:-}" != true ] || failed=$((failed + 1))
}

# verdict NAME CODE FILE: FILE is shown where it failed
verdict() {
    if [ "$2" = 0 ]; then
        passed=$((passed + 1))
        echo "ok      $1"
    else
        failed=$((failed + 1))
        echo "FAILED  $1"
        [ ! -f "$3" ] || tail -n 8 "$3"
    fi
}

has() { command -v "$1" > /dev/null; }

# no_heap NAME NM: nothing in the program is a part of a heap or of stdio
no_heap() {
    ! $2 $dir/$1.elf | grep -E ' [TtWwDdBb] _*(malloc|free|calloc|realloc|sbrk|_?malloc_r|.*printf|f?puts|fopen|fwrite|strtod|getenv)(_r)?$' > $dir/heap &&
        [ "$($2 $dir/$1.elf | grep -c ' [Tt] uart_chat$')" = 1 ]
    verdict "$1: no heap and no stdio in it" $? $dir/heap
}

# compiles NAME COMPILER FLAGS...
compiles() {
    name=$1
    build "$@"
    verdict "$name: compiles without a warning" $? $dir/$name.log
    [ -x $dir/$name.elf ]
}

# golden NAME: both turns with the peer whose bytes are known, byte for byte, and what was shown
golden() {
    : > $dir/golden.$1
    timeout 60 $dir/peer $here/golden > $dir/golden.$1 2> $dir/golden.err &
    peer=$!
    port $dir/golden.$1 && run $1 $port
    code=$?
    wait $peer && [ $code = 0 ] && sed '$d' $dir/$1.out | cmp - $here/golden/shown >> $dir/golden.err 2>&1
    code=$?
    cat $dir/$1.out >> $dir/golden.err
    verdict "$1: known bytes both ways ($(tail -n 1 $dir/$1.out))" $code $dir/golden.err
}

# chat NAME PORT WHOM EXPECTED: the conversation goes well, and what is shown has a line like that
chat() {
    run $1 $2 && grep -q "$4" $dir/$1.out
    verdict "$1: a chat with $3 ($(tail -n 1 $dir/$1.out))" $? $dir/$1.out
}

for program in peer line; do ${CC:-cc} -std=c99 -Wall -Wextra -o $dir/$program $here/$program.c || exit 1; done

# -- Cortex-M3, picolibc and newlib-nano ---------------------------------------------------

pico='--specs=picolibc.specs' nano='--specs=nano.specs'
specs() { printf '#include <string.h>\n' | $1 $2 -x c -fsyntax-only - 2> /dev/null; }

if has arm-none-eabi-gcc && has qemu-system-arm; then
    if specs arm-none-eabi-gcc $pico; then
        mock_up || exit 1
        for format in $formats; do
            compiles $format $arm $pico $(of $format) || continue
            no_heap $format arm-none-eabi-nm
            chat $format $port 'the mock' '^The tool says: 42$'
        done
        golden openai-chat
    else
        skip "there is no picolibc for arm-none-eabi-gcc"
    fi
    if specs arm-none-eabi-gcc $nano; then
        if compiles nano $arm $nano $(of openai-chat); then
            no_heap nano arm-none-eabi-nm
            golden nano
        fi
    else
        skip "there is no newlib-nano for arm-none-eabi-gcc"
    fi
else
    skip "there is no arm-none-eabi-gcc, or no qemu-system-arm"
fi

# -- RV32 ----------------------------------------------------------------------------------

if has riscv64-unknown-elf-gcc && has qemu-system-riscv32 && specs riscv64-unknown-elf-gcc $pico; then
    if compiles rv32 $riscv $pico $(of openai-chat); then
        no_heap rv32 riscv64-unknown-elf-nm
        golden rv32
    fi
else
    skip "there is no riscv64-unknown-elf-gcc with picolibc, or no qemu-system-riscv32"
fi

# -- a real server -------------------------------------------------------------------------

# llama: sets `port` to that of a llama-server whose model calls the tool; says why not otherwise
llama() {
    peers=$SHARED/peers
    [ -f "$peers/get-llama.sh" ] || { echo "there is no $peers"; return 1; }
    [ "$(uname -m)" = x86_64 ] || { echo "its package is for x86_64 only"; return 1; }
    for tool in python3 curl apt-get dpkg; do has $tool || { echo "there is no $tool"; return 1; }; done
    timeout 120 sh "$peers/get-llama.sh" "$peer_dir" > $dir/get.log 2>&1 || { echo "the package cannot be had: $(tail -n 1 $dir/get.log)"; return 1; }
    python3 "$peers/mkgguf.py" "$peer_dir/tiny.gguf" > $dir/get.log 2>&1 || { echo "the model cannot be made"; return 1; }
}

if [ -x $dir/openai-chat.elf ] && has qemu-system-arm; then
    peer_dir=$(mktemp -d "${TMPDIR:-/tmp}/llmprov-bare.XXXXXX") || exit 1
    if why=$(llama); then
        for try in 1 2 3; do                                   # somebody else may have taken the port in between
            port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
            nice sh "$SHARED/peers/llama.sh" "$peer_dir" llama-server -m "$peer_dir/tiny.gguf" --host 127.0.0.1 --port $port --offline --no-ui \
                -t 1 -c 2048 -np 2 --alias tiny > $dir/llama.log 2>&1 3>&- &
            servers=$!
            tries=0
            until up=$(curl -sf -m 2 "http://127.0.0.1:$port/health") || [ $tries -ge 150 ] || ! kill -0 $servers 2> /dev/null; do
                sleep 0.1
                tries=$((tries + 1))
            done
            [ -z "$up" ] || break
            kill $servers 2> /dev/null
        done
        server=$port
        : > $dir/line.out
        timeout 60 $dir/line $server > $dir/line.out 3>&- &     # it closes each connection behind a stream
        port $dir/line.out && chat openai-chat $port 'a llama-server' '^Hello from a real server: café 日本 😀 "quoted" \\back\.$'
        grep -q '^Hello.*add: -*[0-9]*$' $dir/openai-chat.out
        verdict 'openai-chat: the llama-server called the tool' $? $dir/openai-chat.out
    else
        skip "no peer ($why)"
    fi
fi

# -- smaller and stranger ones -------------------------------------------------------------

printf '#define LLMPROV_IMPLEMENTATION\n#define LLMPROV_NO_STDLIB\n#include "llmprov.h"\n' > $dir/header.c
# header NAME COMPILER FLAGS...: the whole header, every format, without a warning
header() {
    name=$1
    shift
    nice "$@" -std=c99 -Os -Wall -Wextra -I. -c -o $dir/$name.o $dir/header.c > $dir/$name.log 2>&1 && [ ! -s $dir/$name.log ]
    verdict "$name: the whole header compiles without a warning" $? $dir/$name.log
}

if has avr-gcc; then
    header avr avr-gcc -mmcu=atmega2560
    # its compiler warns of what a program of one file does not use, whatever the header says
    avr-gcc -std=c99 -mmcu=atmega2560 -Os -Wall -Wextra -Wno-unused-function -ffunction-sections -fdata-sections -Wl,--gc-sections -I. \
        -o $dir/numbers.elf $here/numbers.c > $dir/numbers.log 2>&1 && [ ! -s $dir/numbers.log ]
    verdict "avr: a program of one file compiles without a warning" $? $dir/numbers.log
    if has simavr; then
        timeout 60 simavr -m atmega2560 -f 16000000 $dir/numbers.elf < /dev/null > $dir/numbers.out 2>&1
        grep -q 'numbers: all right' $dir/numbers.out
        verdict "avr: JSON and its numbers, where int has 16 bits and a double 32" $? $dir/numbers.out
    else
        skip "there is no simavr"
    fi
else
    skip "there is no avr-gcc"
fi
xtensa=/usr/lib/xtensa-lx106-elf/picolibc.specs
if has xtensa-lx106-elf-gcc && [ -f $xtensa ]; then header xtensa xtensa-lx106-elf-gcc --specs=$xtensa
else skip "there is no xtensa-lx106-elf-gcc with picolibc"; fi

echo "baremetal: $passed passed, $failed failed"
[ $failed = 0 ]
