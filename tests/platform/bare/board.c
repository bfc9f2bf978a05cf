/* board.c: two boards that QEMU has, with what a program needs to run there: the first code after a reset, the serial line,
   an exit. mps2-an385 is a Cortex-M3, "virt" of qemu-system-riscv32 an RV32. For people and for the exit status it uses
   semihosting. The memory of the chat and the stack are painted first, so that what was used can be told at the end:

       block N of SIZE, stack N, static N
*/
#include <stddef.h>
#include <stdint.h>
#include <string.h>

void uart_put(const void *bytes, size_t len);
int uart_get(void);
void uart_show(const char *text, size_t len);
int uart_chat(void *memory, size_t size);

#ifndef BOARD_BLOCK
#define BOARD_BLOCK 24576
#endif
enum { PAINT = 0x5A };

static long long block[BOARD_BLOCK / sizeof(long long)];
extern char flash_end[], data_begin[], data_end[], bss_begin[], bss_end[], stack_top[];
void reset(void);
void fault(void);

#ifdef __arm__

#define LINE(offset) (*(volatile uint32_t *)(0x40004000 + (offset)))

#define NVIC(offset) (*(volatile uint32_t *)(0xE000E000 + (offset)))

/* The processor sleeps until a byte has come: its interrupt wakes it, but is never taken. */
static void line_open(void) {
    __asm__ volatile("cpsid i");
    LINE(16) = 16;                                             /* BAUDDIV */
    LINE(8) = 1 | 2 | 8;                                       /* CTRL: transmit, receive, receive interrupt */
    NVIC(0x100) = 1;                                           /* ISER: the line's is number 0 */
}

void uart_put(const void *bytes, size_t len) {
    const char *p = bytes;
    for (; len--; p++) {
        while (LINE(4) & 1) { }                                /* STATE: the transmit buffer is full */
        LINE(0) = (unsigned char)*p;
    }
}

int uart_get(void) {
    int byte;
    while (!(LINE(4) & 2)) __asm__ volatile("wfi");            /* STATE: the receive buffer is full */
    byte = (int)(LINE(0) & 255);
    LINE(12) = 2;                                              /* INTSTATUS */
    NVIC(0x280) = 1;                                           /* ICPR */
    return byte;
}

static int semihost(int op, const void *arg) {
    register int r0 __asm__("r0") = op;
    register const void *r1 __asm__("r1") = arg;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

__attribute__((section(".vectors"), used)) static void *const vectors[16] = { stack_top, (void *)reset, (void *)fault, (void *)fault,
    (void *)fault, (void *)fault, (void *)fault };

#else

#define LINE(offset) (*(volatile unsigned char *)(0x10000000 + (offset)))

static void line_open(void) { }

void uart_put(const void *bytes, size_t len) {
    const char *p = bytes;
    for (; len--; p++) {
        while (!(LINE(5) & 32)) { }                            /* LSR: the transmit buffer is empty */
        LINE(0) = (unsigned char)*p;
    }
}

int uart_get(void) {
    while (!(LINE(5) & 1)) { }                                 /* LSR: there is a byte */
    return LINE(0);
}

static int semihost(int op, const void *arg) {
    register int a0 __asm__("a0") = op;
    register const void *a1 __asm__("a1") = arg;
    __asm__ volatile(".balign 16\n.option push\n.option norvc\nslli x0, x0, 0x1f\nebreak\nsrai x0, x0, 7\n.option pop"
                     : "+r"(a0) : "r"(a1) : "memory");
    return a0;
}

#endif

static void leave(int status) {
    uint32_t why[2] = { 0x20026, 0 };                          /* ADP_Stopped_ApplicationExit */
    why[1] = (uint32_t)status;
    semihost(0x20, why);                                       /* SYS_EXIT_EXTENDED */
    for (;;) { }
}

void uart_show(const char *text, size_t len) {
    char c[2] = { 0, 0 };
    for (; len; len--) {
        c[0] = *text++;
        semihost(4, c);                                        /* SYS_WRITE0: up to a NUL */
    }
}

static void show(const char *text, size_t n) {
    char digits[20];
    size_t at = sizeof digits;
    uart_show(text, strlen(text));
    do digits[--at] = (char)('0' + n % 10);
    while (n /= 10);
    uart_show(digits + at, sizeof digits - at);
}

void fault(void) {
    uart_show("fault\n", 6);
    leave(3);
}

/* How many bytes of a painted piece were used, counted from its end or from its beginning. */
static size_t used_from_end(const char *from, const char *to) {
    while (from < to && *from == PAINT) from++;
    return (size_t)(to - from);
}

static size_t used_from_begin(const char *from, const char *to) {
    while (from < to && to[-1] == PAINT) to--;
    return (size_t)(to - from);
}

__attribute__((used, noinline)) static void begin(void) {
    char *p, here;
    int status;
    size_t i;
    for (i = 0; i < (size_t)(data_end - data_begin); i++) data_begin[i] = flash_end[i];
    for (p = bss_begin; p < bss_end; p++) *p = 0;
    for (p = bss_end; (uintptr_t)p < (uintptr_t)&here - 64; p++) *(volatile char *)p = PAINT;
    for (i = 0; i < sizeof block; i++) ((volatile char *)block)[i] = PAINT;
    line_open();
    status = uart_chat(block, sizeof block);
    show("block ", used_from_begin((char *)block, (char *)block + sizeof block));
    show(" of ", sizeof block);
    show(", stack ", used_from_end(bss_end, stack_top));
    show(", static ", (size_t)(bss_end - data_begin) - sizeof block);
    uart_show("\n", 1);
    leave(status);
}

__attribute__((section(".text.reset"), naked, used)) void reset(void) {
#ifdef __arm__
    __asm__ volatile("b begin");
#else
    __asm__ volatile(".option push\n.option norelax\nla gp, __global_pointer$\n.option pop\nla sp, stack_top\nla t0, fault\n.option arch, +zicsr\ncsrw mtvec, t0\nj begin");
#endif
}
