/* What a processor can do for CRC-32 beside the tables. */
#ifndef MBQ_CRC32_H
#define MBQ_CRC32_H

#include "mbq_kernels.h"

#if defined(__x86_64__)
/* Takes in as many whole blocks of 64 bytes as there are and returns how many bytes that was. The
 * sixteen bytes in `remainder`, started from 0, then leave the state that those would have left,
 * started from `crc`. Needs MBQ_CPU_PCLMUL. */
size_t mbq_crc32_fold(uint32_t crc, const uint8_t *p, size_t count, uint8_t remainder[16]);
#endif

#endif
