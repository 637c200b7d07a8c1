/* CRC-32 by tables, and by what a processor has for it. The state is the complement of the sum. */
#ifndef MBQ_CRC32_H
#define MBQ_CRC32_H

#include "mbq_kernels.h"

/* The state behind `count` bytes from the state before them. */
uint32_t mbq_crc32_by_table(uint32_t state, const uint8_t *p, size_t count);

#if defined(__x86_64__) || defined(__aarch64__)
/* Takes in as many whole steps as there are, and returns how many bytes that was. Needs MBQ_CPU_CRC32. */
size_t mbq_crc32_whole_steps(uint32_t *state, const uint8_t *p, size_t count);
#endif

#endif
