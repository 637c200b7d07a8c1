/* See kernels_check.c. */
#include "mbq_kernels.h"
void *memcpy(void *restrict to, const void *restrict from, size_t count);
void *memset(void *to, int byte, size_t count);

enum { CHECK_SUITES = 9 };
typedef struct {
  const char *suite;
  uint32_t cases, digest;
  uint32_t overruns; /* bytes written where nothing may be */
} check_line;

/* Fills `lines` (CHECK_SUITES of them) and returns how many. */
size_t kernels_check(const mbq_kernel_set *set, check_line *lines);
