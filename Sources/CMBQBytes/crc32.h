/* CRC-32 by tables, and by what a processor has for it. The state is the complement of the sum. */
#ifndef MBQ_CRC32_H
#define MBQ_CRC32_H

#include "mbq_bytes.h"

/* The state behind `count` bytes from the state before them. */
uint32_t mbq_crc32_by_table(uint32_t state, const uint8_t *p, size_t count);

#if defined(__x86_64__) || defined(__aarch64__)
/* Whether this processor has what the next one needs. */
int mbq_crc32_has_steps(void);

/* Takes in as many whole steps as there are, and returns how many bytes that was. */
size_t mbq_crc32_whole_steps(uint32_t *state, const uint8_t *p, size_t count);
#endif

#endif
