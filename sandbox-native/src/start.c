/* Where the kernel begins: the stack holds argc, argv, a null, envp, a null. Aligned as the ABI of each architecture asks. */
#include "sys.h"

int main(int argc, char **argv, char **envp);

__attribute__((used)) static _Noreturn void begin(long *stack) {
  int argc = (int)stack[0];
  char **argv = (char **)(stack + 1);
  leave(main(argc, argv, argv + argc + 1));
}

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n  xor %ebp, %ebp\n  mov %rsp, %rdi\n  and $-16, %rsp\n  call begin\n  hlt\n");
#else
__asm__(".globl _start\n_start:\n  mov x29, #0\n  mov x30, #0\n  mov x0, sp\n  bl begin\n  brk #0\n");
#endif

void leave(int status) {
  for (;;) sys(__NR_exit_group, status);
}

void *memcpy(void *to, const void *from, size_t length) {
  unsigned char *target = to;
  const unsigned char *source = from;
  while (length-- > 0) *target++ = *source++;
  return to;
}

void *memmove(void *to, const void *from, size_t length) {
  unsigned char *target = to;
  const unsigned char *source = from;
  if (target <= source) return memcpy(to, from, length);
  while (length-- > 0) target[length] = source[length];
  return to;
}

void *memset(void *to, int byte, size_t length) {
  unsigned char *target = to;
  while (length-- > 0) *target++ = (unsigned char)byte;
  return to;
}

int memcmp(const void *a, const void *b, size_t length) {
  const unsigned char *left = a, *right = b;
  for (; length-- > 0; left++, right++)
    if (*left != *right) return *left - *right;
  return 0;
}
