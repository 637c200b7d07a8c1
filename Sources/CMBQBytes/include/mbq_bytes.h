/* Sums over bytes, and bytes from a compressed stream: what readers of files need and no library gives
 * them on small devices. Any number of threads may call any of it; nothing allocates or keeps state. */
#ifndef MBQ_BYTES_H
#define MBQ_BYTES_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32 (IEEE 802.3, as zlib's), continued from `crc`; start with 0. */
uint32_t mbq_crc32(uint32_t crc, const void *bytes, size_t count);

/* SHA-256 (FIPS 180-4). */
void mbq_sha256(const void *bytes, size_t count, uint8_t digest[32]);

/* Inflates a whole zlib stream that holds exactly `capacity` bytes; 0 if it does not. */
int mbq_inflate(const void *input, size_t count, void *output, size_t capacity);

#endif
