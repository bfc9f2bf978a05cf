# board.sh: examples/uart.c on the boards of QEMU, for tests/platform/size.sh and tests/platform/bare.sh, which read this
# from the project's root.
here=tests/platform/bare
dir=build/bare
mkdir -p $dir

formats='openai-chat anthropic-messages openai-responses gemini-generate bedrock-converse ollama-chat cohere-v2'
options=$(sed -n 's/^    \(LLMPROV_[A-Z0-9_]*\) .*/\1/p' llmprov.h)
# What a device does not need, beside the other formats: every room that can be left out.
small='-DLLMPROV_SMALL'
for option in SERVER SCHEMA PROMPTED SIGV4 PROVIDERS PROFILES SENTENCES; do
    echo "$options" | grep -qx "LLMPROV_NO_$option" || { echo "board.sh: the manual has no LLMPROV_NO_$option"; exit 1; }
    small="$small -DLLMPROV_NO_$option"
done

# of FORMAT: the flags for that format alone, or for "all"; of all the program speaks openai-chat
of() {
    case $1 in
    all|openai-chat) provider=custom ;;
    openai-responses) provider=custom-responses ;;
    *) provider=custom-${1%%-*} ;;
    esac
    printf '%s -DUART_PROVIDER="%s"' "$small" "$provider"
    [ $1 != all ] || return 0
    for other in $formats; do
        [ $other = $1 ] || printf ' -DLLMPROV_NO_%s' "$(echo $other | tr 'a-z-' 'A-Z_')"
    done
}

# Functions that are called once stay functions: their locals would add up on the stack.
common="-std=c99 -Os -Wall -Wextra -fno-inline-functions-called-once -ffunction-sections -fdata-sections -Wl,--gc-sections -nostartfiles -T $here/board.ld -DUART_BOARD -I."
arm="arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb -Wl,--defsym=FLASH=0,--defsym=FLASH_SIZE=0x400000,--defsym=RAM=0x20000000,--defsym=RAM_SIZE=0x10000"
riscv="riscv64-unknown-elf-gcc -march=rv32imac -mabi=ilp32 -Wl,--defsym=FLASH=0x80000000,--defsym=FLASH_SIZE=0x400000,--defsym=RAM=0x80400000,--defsym=RAM_SIZE=0x10000"

# build NAME COMPILER FLAGS...: $dir/NAME.elf, unless nothing has changed since
build() {
    name=$1
    shift
    for file in llmprov.h examples/uart.c $here/board.c $here/board.ld $here/board.sh; do
        [ $dir/$name.elf -nt $file ] || { nice "$@" $common examples/uart.c $here/board.c -o $dir/$name.new > $dir/$name.log 2>&1 &&
            [ ! -s $dir/$name.log ] && mv $dir/$name.new $dir/$name.elf; return; }
    done
}

# run NAME PORT: on its board, its line led to that port of this machine; what it shows is in $dir/NAME.out
run() {
    case $1 in
    rv32*) qemu='qemu-system-riscv32 -M virt -bios none' ;;
    *) qemu='qemu-system-arm -M mps2-an385' ;;
    esac
    timeout 60 $qemu -display none -monitor none -serial tcp:127.0.0.1:$2 -semihosting-config enable=on,target=native -kernel $dir/$1.elf \
        < /dev/null > $dir/$1.out 2>&1
}

# port FILE: sets `port` to what a server printed there
port() {
    tries=0
    until port=$(sed -n 's/^listening on .*://p' "$1") && [ -n "$port" ]; do
        tries=$((tries + 1))
        [ $tries -lt 50 ] || { echo "the server does not start: $1"; return 1; }
        sleep 0.1 2> /dev/null || sleep 1
    done
}

# The mock ends when the pipe to its stdin does, so it ends with the script, however that ends.
mock_up() {
    rm -f $dir/hold
    mkfifo $dir/hold || return 1
    : > $dir/mock
    build/mock --until-eof --lifetime 300 < $dir/hold > $dir/mock 2> $dir/mock.err &
    exec 3> $dir/hold
    port $dir/mock
}
