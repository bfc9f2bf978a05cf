#!/bin/sh
# What a device needs: examples/uart.c (a chat that streams, with a tool call, over a serial line) compiled for a Cortex-M3
# with each wire format alone and with all of them, without the rooms that can be left out; and what that chat takes of RAM
# with the mock server on the line: the block, its stack, and everything static, measured on the board that QEMU has.
# Run by `make size` from the project's root. Goals are told as such: nothing fails for being larger.
set -u
. tests/platform/bare/board.sh

skip() {
    echo "skipped: size: $1"
    [ "${CI:-}" != true ]
    exit
}

flash_one=20480 flash_all=81920 ram_most=8192
command -v arm-none-eabi-gcc > /dev/null || skip "there is no arm-none-eabi-gcc"
set -- --specs=picolibc.specs
echo 'int main(void) { return 0; }' | arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb "$@" -nostartfiles -x c - -o $dir/probe 2> $dir/probe.log ||
    skip "there is no picolibc for it: $(tail -n 1 $dir/probe.log)"

# verdict N GOAL
verdict() { [ "$1" -le "$2" ] && echo ok || echo over; }

# kib N
kib() { awk "BEGIN { printf \"%.1f KiB\", $1 / 1024 }"; }

ok=1
for format in $formats all; do
    build $format $arm "$@" $(of $format) || { echo "size: $format does not compile:"; head -n 5 $dir/$format.log; ok=0; continue; }
    bytes=$(arm-none-eabi-size $dir/$format.elf | awk 'NR == 2 { print $1 + $2 }')
    [ $format = all ] && goal=$flash_all || goal=$flash_one
    printf 'flash %-20s %10s   goal %8s   %s\n' $format "$(kib $bytes)" "$(kib $goal)" "$(verdict $bytes $goal)"
done
[ $ok = 1 ] || exit 1

if command -v qemu-system-arm > /dev/null; then
    mock_up || exit 1
    for format in $formats; do
        if ! run $format $port; then
            echo "size: the chat in $format failed:"
            tail -n 3 $dir/$format.out
            ok=0
            continue
        fi
        set -- $(sed -n 's/^block \([0-9]*\) of [0-9]*, stack \([0-9]*\), static \([0-9]*\)$/\1 \2 \3/p' $dir/$format.out)
        printf 'RAM   %-20s %10s   goal %8s   %s   (block %d, stack %d, static %d)\n' $format "$(kib $(($1 + $2 + $3)))" "$(kib $ram_most)" \
            "$(verdict $(($1 + $2 + $3)) $ram_most)" $1 $2 $3
    done
    exec 3>&-
else
    echo "skipped: size: there is no qemu-system-arm to measure the RAM"
    [ "${CI:-}" != true ] || ok=0
fi

# rooms FORMAT: its rooms, and what the symbols do not cover
rooms() {
    arm-none-eabi-nm -S -t d $dir/$1.elf | awk -v flash="$(arm-none-eabi-size $dir/$1.elf | awk 'NR == 2 { print $1 + $2 }')" '
        NF == 4 && $3 !~ /[bB]/ {
            n = split($4, part, "_")
            room = $4 ~ /^llmprov__[ts]_/ ? part[3] "_" part[4] : $4 ~ /^llmprov__/ ? part[3] : $4 ~ /^llmprov_/ ? "(public)" : "(program, C library, compiler)"
            size[room] += $2
            all += $2
        }
        END { size["(texts)"] = flash - all; for (room in size) printf "%7d %s\n", size[room], room }' | sort -rn | head -n "$2"
}
for format in openai-chat all; do
    echo "-- $format: bytes by room"
    rooms $format 16 | paste -s -d ';' - | sed 's/;  */; /g'
    echo "-- $format: the largest functions and tables"
    arm-none-eabi-nm -S -t d --size-sort $dir/$format.elf | awk 'NF == 4 && $3 !~ /[bB]/ { printf "%7d %s\n", $2, $4 }' | sort -rn | head -n 10 |
        paste -s -d ';' - | sed 's/;  */; /g'
done
[ $ok = 1 ]
