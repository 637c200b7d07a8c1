/* kernels_main.c for a module: the lines of set `index` as text for the host to print, "" past the last. */
#include "kernels_check.h"

static char text[4096];
static char *at;

static void put(const char *string) {
  while (*string) *at++ = *string++;
}
static void put_number(uint32_t number, uint32_t base, int digits) {
  char reversed[10];
  int count = 0;
  for (; number || count < digits; number /= base) reversed[count++] = "0123456789abcdef"[number % base];
  while (count) *at++ = reversed[--count];
}

const char *kernels_report(uint32_t index) {
  const mbq_kernel_set *const *sets;
  at = text;
  if (index < mbq_kernel_sets(&sets)) {
    check_line lines[CHECK_SUITES];
    kernels_check(sets[index], lines);
    for (size_t i = 0; i < CHECK_SUITES; i++) {
      put(sets[index]->name), put(" "), put(lines[i].suite), put(" "), put_number(lines[i].cases, 10, 1);
      put(" "), put_number(lines[i].digest, 16, 8);
      put(lines[i].overruns ? " wrote past its memory\n" : "\n");
    }
  }
  *at = 0;
  return text;
}
