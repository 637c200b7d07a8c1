/* CRC-32 with the instructions Arm has for this very polynomial, eight bytes a step. */
#if defined(__aarch64__)
#include "../crc32.h"
#include <arm_acle.h>
#if defined(__linux__)
#include <sys/auxv.h>
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#endif

int mbq_crc32_has_steps(void) {
#if defined(__linux__)
  return (getauxval(AT_HWCAP) & 1ul << 7) != 0;
#elif defined(__APPLE__)
  int value = 0;
  size_t size = sizeof value;
  return sysctlbyname("hw.optional.armv8_crc32", &value, &size, NULL, 0) == 0 && value;
#else
  return 0;
#endif
}

#pragma clang attribute push(__attribute__((target("crc"))), apply_to = function)

size_t mbq_crc32_whole_steps(uint32_t *state, const uint8_t *p, size_t count) {
  const size_t steps = count / 8;
  for (size_t s = 0; s < steps; s++) {
    uint64_t next;
    __builtin_memcpy(&next, p + 8 * s, 8);
    *state = __crc32d(*state, next);
  }
  return steps * 8;
}

#pragma clang attribute pop
#endif
