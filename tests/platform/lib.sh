# What the scripts of this folder and tests/compile/run.sh share. Sourced, with `dir` set to where they put what they make.
shared=${SHARED:-../shared}
export SHARED="$shared"
mkdir -p $dir

# lacks TOOL...: says the first command of them that is not there
lacks() {
    for tool in "$@"; do
        [ "$tool" = - ] || command -v "$tool" > /dev/null || { echo "there is no $tool"; return 0; }
    done
    return 1
}

passed=0 failed=0

# What is missing is skipped here, and missed in CI.
skip() {
    echo "skipped: $1"
    [ "${CI:-}" != true ] || failed=$((failed + 1))
}

# try NAME COMMAND...
try() {
    name=$1
    shift
    if "$@" > $dir/out 2>&1 < /dev/null; then
        passed=$((passed + 1))
        echo "ok      $name"
    else
        failed=$((failed + 1))
        echo "FAILED  $name: $*"
        head -n 30 $dir/out
    fi
}

# implement NAME COMPILER FLAGS: the implementation with those flags and the warnings in $c, linked with tests/compile/$with,
# which uses it and is given what $linked says
implement() {
    label=$1 compiler=$2
    shift 2
    rm -f $dir/$label $dir/$label.o
    try "$label: compiles" $compiler $c "$@" -c -o $dir/$label.o tests/compile/impl.c
    [ -f $dir/$label.o ] || return
    try "$label: runs" sh -c "$compiler $c $linked -o $dir/$label tests/compile/$with $dir/$label.o && $dir/$label"
}
linked= with=use.c

# judge NAME COMMAND...: what the suite says of itself, without what differs by nature: how many tests there were and
# failed, and each one that was skipped
judge() {
    name=$1
    shift
    "$@" > $dir/$name.log 2>&1 < /dev/null
    echo "status $?" > $dir/$name.result
    sed -n 's/^\([0-9]* tests\), .*, \([0-9]* failed\)$/\1, \2/p; s/^skipped: /&/p' $dir/$name.log >> $dir/$name.result
}

# judge_here: the suite of this machine, which the others are held against
judge_here() {
    judge here build/test
    grep -q '^status 0$' $dir/here.result && grep -q '^[1-9][0-9]* tests, 0 failed$' $dir/here.result && return
    echo "FAILED  here itself"
    tail -n 20 $dir/here.log
    return 1
}

# same NAME: whether its suite said what the one of this machine said
same() {
    cmp -s $dir/here.result $dir/$1.result && return
    echo "FAILED  $1: the tests differ from here"
    diff $dir/here.result $dir/$1.result | head -n 20
    tail -n 20 $dir/$1.log
    return 1
}

# counted NAME: the line of its suite
counted() { sed -n '/^[0-9]* tests, /p' $dir/$1.log; }
