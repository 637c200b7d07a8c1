/* A program without an operating system: the loader's 32-bit entry, paging, 64 bits, and the registers of
 * AVX and AVX-512 enabled. Intel SDM volume 3, "Initializing IA-32e mode" and "Enabling the XSAVE feature set";
 * the header is that of Multiboot 0.6.96. */
.section .multiboot, "a"
.align 4
.long 0x1BADB002, 0, -0x1BADB002

.code32
.section .text
.globl _start
_start:
  cli
  mov $stack_top, %esp
  /* One page table of 512 pages of 2 MB: every address is its own. */
  mov $third, %eax
  or $3, %eax
  mov %eax, fourth
  mov $second, %eax
  or $3, %eax
  mov %eax, third
  xor %ecx, %ecx
1:
  mov %ecx, %eax
  shl $21, %eax
  or $0x83, %eax
  mov %eax, second(, %ecx, 8)
  inc %ecx
  cmp $512, %ecx
  jne 1b
  mov $fourth, %eax
  mov %eax, %cr3
  mov %cr4, %eax
  or $0x40620, %eax /* PAE, OSFXSR, OSXMMEXCPT, OSXSAVE */
  mov %eax, %cr4
  mov $0xC0000080, %ecx
  rdmsr
  or $0x100, %eax /* EFER.LME */
  wrmsr
  mov %cr0, %eax
  and $~0xC, %eax /* EM, TS */
  or $0x80000002, %eax /* PG, MP */
  mov %eax, %cr0
  lgdt descriptor
  ljmp $8, $long_mode

.code64
long_mode:
  mov $16, %ax
  mov %ax, %ds
  mov %ax, %es
  mov %ax, %ss
  xor %ecx, %ecx
  xgetbv
  or $0xE7, %eax /* x87, SSE, AVX, and the three parts of AVX-512 */
  xor %edx, %edx
  xsetbv
  mov $stack_top, %rsp
  call run
2:
  hlt
  jmp 2b

.section .data
.align 16
segments:
  .quad 0, 0x00AF9A000000FFFF, 0x00CF92000000FFFF
descriptor:
  .word 23
  .long segments

.section .bss
.align 4096
fourth: .skip 4096
third: .skip 4096
second: .skip 4096
.skip 1 << 20
stack_top:
.section .note.GNU-stack, "", @progbits
